"""From what the user wrote to conditions: queries, lists and concepts, with shared atoms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from watcher.folding import LETTER, kind_of
from watcher.model import QueryError
from watcher.watchlist import conditions, grammar, nearness, syntax
from watcher.watchlist.atoms import Atom, atom
from watcher.watchlist.conditions import Choice, Condition
from watcher.watchlist.reversal import REVERSAL
from watcher.watchlist.rule import Watchlist
from watcher.watchlist.tokens import WIDE

if TYPE_CHECKING:
    import re2

_OFTEN: Final = """
    the of and to in a is that for on was with as by at from it be are an or has have had his her its
    their said says new year years day week month people government state official officials country
    world president minister party north south korea korean china chinese japan russia us un who were
    will would not but they this which been after one two first last over against about more also
    than when city police court news report reported million two other 他 的 在 是 有 中国 北 이 그
    수 등 것 한국 북한
"""
COMMON: Final = frozenset(_OFTEN.split())
"""Words that stand in many articles: a query is better selected by another of its words."""

TITLE: Final = 0.03
"""How much rarer a word is in a title than in an article."""


def believed_cost(text: str) -> float:
    """About how often a literal stands in an article, from its letters alone: short and common ones more often."""
    cost = 1.0
    for word in text.split():
        if word in COMMON:
            cost *= 2.0
        elif len(word) < 2:
            cost *= 0.9
        else:
            cost *= (0.4 if kind_of(word[0]) > LETTER else 0.8) ** (len(word) - 1)
    return cost


class Compiler:
    """Makes conditions and collects the literal patterns they share. One for each engine."""

    def __init__(self, concepts: Mapping[str, Sequence[str]]) -> None:
        self.concepts = dict(concepts)
        self.concepts.setdefault("reversal", REVERSAL)
        self.scanned: dict[str, int] = {}
        """Each literal to scan for, with its number."""
        self.begun: dict[str, int] = {}
        """Each that follows a space, without it, with its number (of the same count): these are looked up."""
        self.metadata = False
        """Whether a term asks for source, author, url or lang."""
        self._literals: dict[str, tuple[int, Atom, tuple[int, ...], Choice]] = {}
        self._terms: dict[tuple[int, str | None, str | None], conditions.Literal] = {}
        self._concepts: dict[tuple[str, str | None, str], Condition] = {}
        self._lengths: dict[tuple[int, ...] | None, tuple[int, ...] | None] = {}
        """One tuple for all terms of the same lengths."""
        self._open: list[str] = []

    # ------------------------------------------------------------- terms

    def _literal(self, term: str) -> tuple[int, Atom, tuple[int, ...], Choice]:
        known = self._literals.get(term)
        if known is None:
            made = atom(term)
            numbers = []
            cost = 0.0
            for pattern in made.patterns:
                text = pattern.text
                some, text = (self.begun, text[1:]) if pattern.lead else (self.scanned, text)
                numbers.append(some.setdefault(text, len(self.scanned) + len(self.begun)))
                cost += believed_cost(text)
            patterns = tuple(numbers)
            need = Choice(
                patterns if len(set(numbers)) == len(patterns) else tuple(dict.fromkeys(patterns)), cost
            )
            known = (len(self._literals), made, patterns, need)
            self._literals[term] = known
        return known

    def build(
        self, node: syntax.Node, text: str, *, field: str | None = None, concept: str | None = None
    ) -> Condition:
        """The condition of a tree read from `text`. Raises `QueryError` at the place in `text`."""
        match node:
            case syntax.Term():
                return self._term(node, text, field, concept)
            case syntax.Regex():
                return conditions.Pattern(node.text, concept, _regex(node, text), field)
            case syntax.Concept():
                return self._concept(node, text, field, concept)
            case syntax.InField():
                return self._in_field(node, text, concept)
            case syntax.Not():
                return conditions.Without(self.build(node.part, text, field=field, concept=concept))
            case syntax.AtLeast():
                return conditions.AtLeast(
                    node.least, self.build(node.part, text, field=field, concept=concept)
                )
        parts = tuple(self.build(part, text, field=field, concept=concept) for part in node.parts)
        if isinstance(node, syntax.Near):
            chain = zip(parts, parts[1:], node.gaps, strict=False)
            pairs = (nearness.pair(one, other, gap) for one, other, gap in chain)
            return nearness.Near(parts, node.gaps, node.ordered, tuple(each for each in pairs if each))
        return every(parts) if isinstance(node, syntax.And) else conditions.Some(parts)

    def _term(self, node: syntax.Term, text: str, field: str | None, concept: str | None) -> Condition:
        try:
            number, made, patterns, need = self._literal(node.text)
        except QueryError as problem:
            at = max(text.find(node.text, node.start), node.start) + problem.column - 1
            raise syntax.error(problem.message, text, at) from problem
        key = (number, field, concept)
        if key not in self._terms:
            if field == "title":
                need = Choice(tuple([~pattern for pattern in need.patterns]), need.cost * TITLE)
            lengths = made.lengths
            lengths = self._lengths.setdefault(lengths, lengths)
            self._terms[key] = conditions.Literal(
                *(node.text, concept, patterns, lengths, field, number, made, need, made.longest)
            )
        return self._terms[key]

    def _in_field(self, node: syntax.InField, text: str, concept: str | None) -> Condition:
        part = self.build(node.part, text, field=node.name, concept=concept)
        if node.name not in syntax.METADATA_FIELDS:
            return part
        self.metadata = True
        return conditions.Beside(part)

    def check(self, leaf: syntax.Node, text: str, opened: Sequence[str] = ()) -> None:
        """Raises `QueryError` for a leaf that cannot be built, but not for what is wrong inside another concept."""
        if isinstance(leaf, syntax.Concept):
            self._known(leaf, text)
            self._refuse_circle(leaf, text, opened)
        else:
            self.build(leaf, text)

    # ------------------------------------------------------------- concepts

    def _known(self, node: syntax.Concept, text: str) -> None:
        if node.name not in self.concepts:
            near = syntax.nearest(node.name, self.concepts)
            way = f"did you mean @{near}?" if near else "define it under [concepts]"
            raise syntax.error(f"there is no concept @{node.name}; {way}", text, node.start)

    def _refuse_circle(self, node: syntax.Concept, text: str, opened: Sequence[str]) -> None:
        """Follows the concepts that `node` names, each once; those already `opened` must not come again."""
        if node.name in opened:
            raise _circle([*opened[opened.index(node.name) :], node.name], text, node)
        paths = [[*opened, node.name]] if opened else []
        seen = {node.name, *opened}
        while paths:
            path = paths.pop(0)
            _refuse_depth(path, text, node)
            for entry in self.concepts.get(path[-1], ()):
                inner, _ = grammar.parse_entry(entry)
                inner = inner.part if isinstance(inner, syntax.InField) else inner
                if not isinstance(inner, syntax.Concept):
                    continue
                if inner.name == opened[0]:
                    raise _circle([*path, inner.name], text, node)
                if inner.name not in seen:
                    seen.add(inner.name)
                    paths.append([*path, inner.name])

    def _concept(self, node: syntax.Concept, text: str, field: str | None, outer: str | None) -> Condition:
        name = node.name
        self._known(node, text)
        if name in self._open:
            raise _circle([*self._open[self._open.index(name) :], name], text, node)
        _refuse_depth([*self._open, name], text, node)
        if not self.concepts[name]:
            raise syntax.error(f"the concept @{name} holds no terms", text, node.start)
        shown = outer or name
        key = (name, field, shown)
        if key not in self._concepts:
            self._open.append(name)
            try:
                parts = tuple(self.entry(entry, field=field, concept=shown) for entry in self.concepts[name])
            finally:
                self._open.pop()
            self._concepts[key] = conditions.Entries.of(parts)
        return self._concepts[key]

    def entry(self, text: str, *, field: str | None = None, concept: str | None = None) -> Condition:
        """The condition of one entry of a list or concept. Raises `QueryError`."""
        node, errors = grammar.parse_entry(text)
        if errors or node is None:
            raise errors[0]
        return self.build(node, text, field=field, concept=concept)

    def query(self, text: str) -> Condition:
        """The condition of a query. Raises the first `QueryError`."""
        node, errors = grammar.parse(text)
        if errors or node is None:
            raise errors[0]
        return self.build(node, text)

    # ------------------------------------------------------------- watchlists

    def watchlist(self, rule: Watchlist) -> Condition:
        """The condition of a watchlist. Raises `QueryError` for what no single entry is to blame for, too."""
        problem = shape_problem(rule)
        if problem:
            raise QueryError(problem)
        if rule.query:
            return self.query(rule.query)
        subject = conditions.Some(tuple(self.entry(entry) for entry in rule.any)) if rule.any else None
        filters = [self.entry(entry) for entry in rule.all if of_metadata(entry)]
        contexts = tuple(self.entry(entry) for entry in rule.all if not of_metadata(entry))
        excluded = tuple(self._excluded(entry, rule) for entry in rule.none)
        if rule.near is not None or rule.within is not None:
            reach = self._reach(rule, subject, contexts)
            return every((reach, *filters, *excluded))
        if subject is not None:
            return every((subject, *(conditions.Beside(each) for each in contexts), *filters, *excluded))
        return every((*contexts, *filters, *excluded))

    def _reach(
        self, rule: Watchlist, subject: Condition | None, contexts: tuple[Condition, ...]
    ) -> Condition:
        def made(subject: Condition, contexts: tuple[Condition, ...]) -> nearness.Reach:
            near = rule.near
            pairs = [nearness.pair(subject, each, near) for each in contexts if near is not None]
            return nearness.Reach(subject, contexts, near, rule.within, tuple(each for each in pairs if each))

        if subject is not None:
            return made(subject, contexts)
        return nearness.Together(
            tuple(made(each, contexts[:at] + contexts[at + 1 :]) for at, each in enumerate(contexts))
        )

    def _excluded(self, entry: str, rule: Watchlist) -> Condition:
        return conditions.Without(self.entry(entry, field="title" if rule.none_in == "title" else None))


def _circle(names: list[str], text: str, node: syntax.Concept) -> QueryError:
    circle = " → ".join(f"@{each}" for each in names)
    return syntax.error(f"concepts go in a circle: {circle}; take one of them out", text, node.start)


def _refuse_depth(path: list[str], text: str, node: syntax.Concept) -> None:
    """Refuses concepts in concepts deeper than the stack bears; `path` leads from the first to the last."""
    if len(path) > syntax.DEEPEST:
        way = f"name its terms in @{path[0]} itself"
        message = f"@{path[-1]} is named through {syntax.DEEPEST} other concepts: {way}"
        raise syntax.error(message, text, node.start)


def of_metadata(entry: str) -> bool:
    """Whether an entry asks for source, author, url or lang: it filters, and stands near nothing."""
    if ":" not in entry.translate(WIDE):
        return False
    node, _ = grammar.parse_entry(entry)
    return isinstance(node, syntax.InField) and node.name in syntax.METADATA_FIELDS


def every(parts: tuple[Condition, ...]) -> Condition:
    """AND of `parts`, the one most likely to fail asked first and negations last."""
    if len(parts) == 1:
        return parts[0]

    def cost(part: Condition) -> float:
        if isinstance(part, conditions.Without):
            return 2e9
        needs = part.needs()
        return needs[0].cost if needs else 1e9

    return conditions.Every(tuple(sorted(parts, key=cost)))


def shape_problem(rule: Watchlist) -> str:
    """What is wrong with a watchlist as a whole, or nothing."""
    lists = bool(rule.any or rule.all or rule.none)
    if rule.query and lists:
        return "a watchlist has either lists (any, all, none) or a query: take one of them out"
    if rule.query and (rule.near is not None or rule.within is not None):
        return "near and within belong to lists: in a query write NEAR/n between terms"
    if rule.query:
        return ""
    if not rule.any and not rule.all:
        missing = (
            "`none` alone would match nearly everything" if rule.none else "this watchlist looks for nothing"
        )
        return f"{missing}: add any = [\"…\"], or query = '…'"
    if rule.near is not None or rule.within is not None:
        key = "near" if rule.near is not None else "within"
        if rule.near is not None and rule.near < 0:
            return "near is a number of words, 0 or more"
        contexts = [entry for entry in rule.all if not of_metadata(entry)]
        if not contexts or (not rule.any and len(contexts) < 2):
            way = f'add the context, all = ["…"], or leave {key} out'
            return f"{key} says how close subject and context must stand: {way}"
    return ""


def _regex(node: syntax.Regex, text: str) -> re2._Regexp:
    import re2  # noqa: PLC0415 - few watchlists have a regex

    options = re2.Options()
    options.case_sensitive = not node.any_case
    options.log_errors = False
    options.max_mem = 16 << 20
    try:
        regex = re2.compile(node.source, options)
    except re2.error as problem:
        detail = problem.args[0].decode() if isinstance(problem.args[0], bytes) else str(problem)
        message = f"this regex cannot be read: {detail} (RE2 has no look-around and no back-references)"
        raise syntax.error(message, text, node.start) from problem
    if regex.search("") is not None:
        raise syntax.error(
            "this regex matches nothing at all, and so everywhere: use + instead of *", text, node.start
        )
    return regex
