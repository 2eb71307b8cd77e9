"""All watchlists over one article at once: one scan for every literal, then only what a literal called for."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from watcher.model import Fields, Hit, Match, QueryError
from watcher.watchlist import syntax
from watcher.watchlist.article import Article
from watcher.watchlist.compile import Compiler
from watcher.watchlist.conditions import Condition, Found, Some
from watcher.watchlist.rule import Watchlist
from watcher.watchlist.selection import Neighbours, Selection, Wanted
from watcher.watchlist.words import Begins, Lexicon, Numbers

FEW = 20_000
"""So many texts that begin with a word are sooner scanned for than looked up: 5,000 in 44 µs of 5 kB instead of 94,
37,000 in 109 instead of 114."""
MANY: Final = 1_000
"""Watchlists of an engine that is kept from the collector: of 10,000 it takes .15 s to go through."""
_TEXT_FIELDS: Final = len(syntax.TEXT_FIELDS)
"""These are the first of the fields."""
_new = tuple.__new__


class _Entry(NamedTuple):
    """A watchlist made ready."""

    name: str
    condition: Condition
    cues: Condition | None
    text: str


class _Scan:
    """Literals that are scanned for, all of ASCII or none: an ASCII article holds none of the others."""

    def __init__(self, literals: Mapping[str, int]) -> None:
        self._ascii = all(map(str.isascii, literals))
        self._numbers = np.fromiter(literals.values(), dtype=np.intp, count=len(literals))
        self._automaton = (
            AhoCorasick(
                list(literals),
                matchkind=MatchKind.Standard,
                store_patterns=False,
                implementation=Implementation.ContiguousNFA,  # of all the fastest among cold articles
            )
            if literals
            else None
        )

    def find(self, haystack: str) -> tuple[Numbers, Begins] | None:
        """The numbers of the literals in `haystack`, and where each begins."""
        if self._automaton is None or (not self._ascii and haystack.isascii()):
            return None
        found = self._automaton.find_matches_as_indexes(haystack, overlapping=True)
        if not found:
            return None
        indexes, starts, _ = zip(*found, strict=True)
        return self._numbers[np.array(indexes)], np.array(starts)


@contextlib.contextmanager
def _uncollected(*, many: bool) -> Iterator[None]:
    """Without the collector, which would go through all that is being built again and again and find nothing.

    Nor does it go through `many` watchlists afterwards: an engine has no circles, and goes when nothing holds it.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
        if many:
            gc.freeze()
    finally:
        gc.enable()


class Engine:
    """Matches articles against `watchlists`. Immutable and safe to use from many threads.

    Raises `QueryError` for the first query, term or concept that cannot be read (`watcher.watchlist.problems`
    lists them all).
    """

    def __init__(self, watchlists: Sequence[Watchlist], concepts: Mapping[str, Sequence[str]]) -> None:
        with _uncollected(many=len(watchlists) >= MANY):
            self._build(watchlists, concepts)

    def _build(self, watchlists: Sequence[Watchlist], concepts: Mapping[str, Sequence[str]]) -> None:
        compiler = Compiler(concepts)
        self._entries: list[_Entry] = []
        for rule in watchlists:
            condition = compiler.watchlist(rule)
            cues = Some(tuple(compiler.entry(entry) for entry in rule.always)) if rule.always else None
            self._entries.append(_Entry(rule.name, condition, cues, condition_text(rule)))
        self.metadata = compiler.metadata
        """Whether a term asks for source, author, url or lang."""
        patterns = len(compiler.scanned) + len(compiler.begun)
        self._selection = Selection([entry.condition.needs() for entry in self._entries], patterns)
        self._wanted = Wanted(
            (
                [some for each in (entry.condition, entry.cues) if each is not None for some in each.asked()]
                for entry in self._entries
            ),
            patterns,
        )
        self._neighbours = Neighbours([entry.condition.pairs() for entry in self._entries], patterns)
        scanned, begun = compiler.scanned, compiler.begun
        if len(begun) <= FEW:
            scanned, begun = scanned | {f" {text}": number for text, number in begun.items()}, {}
        self._lexicon = Lexicon(begun)
        self._scans = [
            _Scan({text: number for text, number in scanned.items() if text.isascii() is plain})
            for plain in (True, False)
        ]

    def __len__(self) -> int:
        return len(self._entries)

    def match(self, fields: Fields) -> list[Match]:
        """One match for each watchlist that holds, in the order of the config."""
        article = Article(fields, metadata=self.metadata)
        return self.evaluate(article, self.select(article))

    def evaluate(self, article: Article, chosen: Numbers) -> list[Match]:
        """The matches among the `chosen` watchlists of a scanned article."""
        found: list[Match] = []
        if not len(chosen):
            return found
        article.ask(*self._wanted.among(chosen, *article.places))
        for number in chosen.tolist():
            entry = self._entries[number]
            hits = entry.condition.find(article)
            if hits is not None:
                cues = entry.cues.find(article) if entry.cues is not None else None
                told = _hits(article, cues) if cues else ()
                found.append(_new(Match, (entry.name, _hits(article, hits), told, entry.text)))
        return found

    def select(self, article: Article) -> Numbers:
        """Scans the article; the watchlists that may hold, in order."""
        numbers, begins = self._lexicon.find(article.letters)
        for scan in self._scans:
            found = scan.find(article.haystack)
            if found is not None:
                numbers = np.concatenate((numbers, found[0]))
                begins = np.concatenate((begins, found[1]))
        article.places = (numbers, begins)
        titled = numbers[begins < article.body_begin]
        chosen = self._selection.chosen(numbers, titled)
        kept = self._neighbours.kept(chosen, numbers, begins, lambda: article.halves)
        article.measured = kept is not chosen
        return np.array(sorted(set(kept.tolist())), dtype=np.intp)


class Matcher:
    """One query on its own."""

    def __init__(self, query: str, concepts: Mapping[str, Sequence[str]]) -> None:
        self._engine = Engine([Watchlist(name=query, query=query, always=())], concepts)

    def match(self, fields: Fields) -> Match | None:
        """The match, its hits the positive terms that take part, or None."""
        found = self._engine.match(fields)
        return found[0] if found else None


def matcher(query: str, concepts: Mapping[str, Sequence[str]] | None = None) -> Matcher:
    """A matcher for one query. Raises `QueryError` whose message names every problem, with carets when several."""
    from watcher.watchlist.checks import query_errors  # noqa: PLC0415 - for a query of somebody at a terminal

    errors = query_errors(query, concepts or {})
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise QueryError(
            "\n".join(syntax.show(each) for each in errors), line=errors[0].line, column=errors[0].column
        )
    return Matcher(query, concepts or {})


def _hits(article: Article, found: Iterable[Found]) -> tuple[Hit, ...]:
    """Hits in the order of the text, each once; subject if it is so in any part of the condition."""
    seen: dict[tuple[int, int, int, str], Hit] = {}
    for a, b, leaf, subject, exact in found:
        part = article.part(a)
        start, end = part.folded.span(a - part.begin, b - part.begin) if exact is None else exact
        subject = subject and part.number < _TEXT_FIELDS  # noqa: PLW2901
        key = (part.number, start, end, leaf.term)
        known = seen.get(key)
        if known is None or (subject and not known.subject):
            seen[key] = _new(Hit, (leaf.term, part.name, start, end, leaf.concept, subject))
    return tuple(seen.values()) if len(seen) < 2 else tuple([seen[key] for key in sorted(seen)])


def condition_text(rule: Watchlist) -> str:
    """What a watchlist asks, in the user's words: `any of fled, @flee near 30 of @dprk`."""
    if rule.query:
        return " ".join(rule.query.split())
    contexts = " and ".join(rule.all)
    if not rule.any:
        text = f"all of {', '.join(rule.all)}" if len(rule.all) > 1 else rule.all[0]
        text += f" within {rule.near} words" if rule.near is not None else ""
    else:
        text = f"any of {', '.join(rule.any)}" if len(rule.any) > 1 else rule.any[0]
        if contexts:
            text += f" near {rule.near} of {contexts}" if rule.near is not None else f" with {contexts}"
    if rule.within is not None:
        text += f" in one {rule.within}"
    if rule.none:
        text += f", none of {', '.join(rule.none)}" + (" in the title" if rule.none_in == "title" else "")
    return text
