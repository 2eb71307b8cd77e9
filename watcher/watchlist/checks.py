"""What is wrong with the watchlists and concepts of a config, and what is likely to go wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from watcher.model import QueryError
from watcher.watchlist import grammar, syntax
from watcher.watchlist.compile import Compiler, shape_problem
from watcher.watchlist.rule import Watchlist
from watcher.watchlist.traps import listed, trap

_NAME = re.compile(r"[\w-]+")
_LISTS = ("any", "all", "none", "always")


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem or warning, and where: in watchlist or concept `name`, its `key`, the entry `index` of that list.

    `key` is empty for a watchlist as a whole, `index` None for a query. `line` and `column` (from 1) are within
    the entry's or query's `text`.
    """

    kind: Literal["watchlist", "concept"]
    name: str
    key: str
    index: int | None
    message: str
    text: str = ""
    line: int = 1
    column: int = 1

    def show(self) -> str:
        """The message with the text and a caret under the place."""
        if not self.text:
            return self.message
        return syntax.show(QueryError(self.message, text=self.text, line=self.line, column=self.column))


def problems(watchlists: Sequence[Watchlist], concepts: Mapping[str, Sequence[str]]) -> list[Finding]:
    """Everything that keeps `watchlists` and `concepts` from being used."""
    found: list[Finding] = []
    compiler = Compiler(concepts)
    for name, entries in concepts.items():
        if not _NAME.fullmatch(name):
            message = f"no term can name the concept {name!r}: write letters, digits, - and _ alone"
            found.append(Finding("concept", name, name, None, message))
        if not entries:
            found.append(
                Finding(
                    "concept", name, name, None, f"the concept @{name} holds no terms: add one or remove it"
                )
            )
        for index, entry in enumerate(entries):
            found += _entry_problems(compiler, Finding("concept", name, name, index, "", entry))
    for rule in watchlists:
        shape = shape_problem(rule)
        if shape:
            found.append(Finding("watchlist", rule.name, "", None, shape))
        for place in _entries(rule):
            found += _entry_problems(compiler, place)
        if rule.query:
            place = Finding("watchlist", rule.name, "query", None, "", rule.query)
            found += [_at(place, each) for each in _query_errors(compiler, rule.query)]
    return list(dict.fromkeys(found))


def query_errors(query: str, concepts: Mapping[str, Sequence[str]]) -> list[QueryError]:
    """Everything wrong with a query, in the order of its text."""
    return _query_errors(Compiler(concepts), query)


def _query_errors(compiler: Compiler, query: str) -> list[QueryError]:
    node, errors = grammar.parse(query)
    found = [*errors, *(_build_errors(compiler, node, query) if node is not None else ())]
    return sorted(found, key=lambda each: (each.line, each.column))


def warnings(watchlists: Sequence[Watchlist], concepts: Mapping[str, Sequence[str]]) -> list[Finding]:
    """Terms that are known to find something else, in what can be read of `watchlists` and `concepts`."""
    found: list[Finding] = []
    tied = _tied_concepts(watchlists)
    for name, entries in concepts.items():
        for index, entry in enumerate(entries):
            found += _traps(
                Finding("concept", name, name, index, "", entry), grammar.parse_entry, tied=name in tied
            )
    for rule in watchlists:
        near = rule.near is not None or rule.within is not None
        for place in _entries(rule):
            if place.key in ("any", "all"):
                found += _traps(place, grammar.parse_entry, tied=near)
        if rule.query:
            found += _traps(
                Finding("watchlist", rule.name, "query", None, "", rule.query), grammar.parse, tied=False
            )
    return list(dict.fromkeys(found))


def terms(watchlists: Sequence[Watchlist], concepts: Mapping[str, Sequence[str]]) -> list[str]:
    """Everything that can make a hit, once, as hits name it (`defect*`), and the concepts (`@flee`)."""
    entries = [(entry, grammar.parse_entry) for rule in watchlists for entry in (*rule.any, *rule.all)]
    entries += [(entry, grammar.parse_entry) for listed in concepts.values() for entry in listed]
    entries += [(rule.query, grammar.parse) for rule in watchlists if rule.query]
    found = [f"@{name}" for name in concepts]
    for text, parse in entries:
        node, _ = parse(text)
        leaves = _leaves(node) if node is not None else ()
        found += [leaf.text for leaf in leaves if isinstance(leaf, syntax.Term | syntax.Regex)]
    return list(dict.fromkeys(found))


def looked_for(rule: Watchlist, concepts: Mapping[str, Sequence[str]]) -> list[str]:
    """The terms that can make a hit of `rule` in title or body, once, as hits name them; concepts by their entries."""
    nodes = [grammar.parse_entry(entry)[0] for entry in (*rule.any, *rule.all)]
    nodes += [grammar.parse(rule.query)[0]] if rule.query else []
    found: dict[str, None] = {}
    opened: set[str] = set()
    while nodes:
        node = nodes.pop(0)
        inner: list[syntax.Node | None] = []
        match node:
            case syntax.And(parts) | syntax.Or(parts) | syntax.Near(parts):
                inner = list(parts)
            case syntax.AtLeast(part=part):
                inner = [part]
            case syntax.InField(name, part) if name in syntax.TEXT_FIELDS:
                inner = [part]
            case syntax.Concept(name) if name not in opened:
                opened.add(name)
                inner = [grammar.parse_entry(entry)[0] for entry in concepts.get(name, ())]
            case syntax.Term(text) | syntax.Regex(text=text):
                found[text] = None
        nodes = inner + nodes
    return list(found)


def as_query(term: str) -> str:
    """A query for one term as hits name it: `~search AND rescue` is a phrase, and needs its quotes."""
    if term.startswith("/"):
        return term
    words = term.lstrip("=~")
    left, right = "「」" if '"' in words else '""'
    return f"{term[: len(term) - len(words)]}{left}{words}{right}"


def _entries(rule: Watchlist) -> Iterator[Finding]:
    for key in _LISTS:
        for index, entry in enumerate(getattr(rule, key)):
            yield Finding("watchlist", rule.name, key, index, "", entry)


def _at(place: Finding, problem: QueryError) -> Finding:
    return Finding(
        place.kind,
        place.name,
        place.key,
        place.index,
        problem.message,
        place.text,
        problem.line,
        problem.column,
    )


def _entry_problems(compiler: Compiler, place: Finding) -> list[Finding]:
    node, errors = grammar.parse_entry(place.text)
    if errors or node is None:
        return [_at(place, each) for each in errors]
    opened = [place.name] if place.kind == "concept" else []
    return [_at(place, each) for each in _build_errors(compiler, node, place.text, opened)]


def _build_errors(
    compiler: Compiler, node: syntax.Node, text: str, opened: Sequence[str] = ()
) -> list[QueryError]:
    """Each leaf of the tree on its own, so that one bad term hides no other."""
    found: list[QueryError] = []
    for leaf in _leaves(node):
        if len(found) == syntax.MOST_ERRORS:
            break
        try:
            compiler.check(leaf, text, opened)
        except QueryError as problem:
            found.append(problem)
    return found


def _leaves(node: syntax.Node) -> Iterator[syntax.Node]:
    match node:
        case syntax.And(parts) | syntax.Or(parts) | syntax.Near(parts):
            for part in parts:
                yield from _leaves(part)
        case syntax.Not(part) | syntax.AtLeast(part=part) | syntax.InField(part=part):
            yield from _leaves(part)
        case _:
            yield node


def _tied_concepts(watchlists: Sequence[Watchlist]) -> set[str]:
    """Concepts that are only used where something else has to stand near."""
    tied: set[str] = set()
    loose: set[str] = set()
    for rule in watchlists:
        near = rule.near is not None or rule.within is not None
        for place in _entries(rule):
            node, _ = grammar.parse_entry(place.text)
            if node is not None and place.key in ("any", "all"):
                _sort_concepts(node, near=near, tied=tied, loose=loose)
        node = grammar.parse(rule.query)[0] if rule.query else None
        if node is not None:
            _sort_concepts(node, near=False, tied=tied, loose=loose)
    return tied - loose


def _sort_concepts(node: syntax.Node, *, near: bool, tied: set[str], loose: set[str]) -> None:
    for leaf, inside in _with_near(node, near=near):
        if isinstance(leaf, syntax.Concept):
            (tied if inside else loose).add(leaf.name)


def _with_near(node: syntax.Node, *, near: bool) -> Iterator[tuple[syntax.Node, bool]]:
    """The positive leaves of a tree, each with whether it stands in a NEAR."""
    match node:
        case syntax.And(parts) | syntax.Or(parts):
            for part in parts:
                yield from _with_near(part, near=near)
        case syntax.Near(parts):
            for part in parts:
                yield from _with_near(part, near=True)
        case syntax.AtLeast(part=part) | syntax.InField(part=part):
            yield from _with_near(part, near=near)
        case syntax.Not():
            return
        case _:
            yield node, near


def _traps(
    place: Finding, read: Callable[[str], tuple[syntax.Node | None, list[QueryError]]], *, tied: bool
) -> list[Finding]:
    node, errors = read(place.text)
    if node is None or errors:
        return []
    found = []
    for leaf, near in _with_near(node, near=tied):
        if not isinstance(leaf, syntax.Term):
            continue
        message = (place.index is not None and listed(place.text)) or trap(leaf.text, near=near)
        if message:
            found.append(_at(place, syntax.error(message, place.text, leaf.start)))
    return found
