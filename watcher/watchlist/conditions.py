"""What a watchlist asks of an article, as a tree that finds the hits that make it hold.

`find` gives the hits that take part, or None where the condition does not
hold. A condition may be shared by many watchlists; what it found is
remembered in the article.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, NamedTuple, Protocol

import numpy as np
import re2

from watcher.model import Span
from watcher.watchlist.article import Article
from watcher.watchlist.atoms import Atom
from watcher.watchlist.syntax import METADATA_FIELDS


class Leaf(NamedTuple):
    """Where a hit comes from: the term as the user wrote it, and the concept it was named through."""

    term: str
    concept: str | None


class Found(NamedTuple):
    """A hit, in offsets of the haystack."""

    a: int
    b: int
    leaf: Leaf
    subject: bool = True
    exact: Span | None = None
    """Its span in the original, where a regex found it there."""


_new = tuple.__new__
"""Makes a `Found` in a third of the time that its own constructor takes: an article may have hundreds."""


class Choice(NamedTuple):
    """Patterns or words of which one must be seen for a condition to hold, and about how often one is (per article)."""

    patterns: frozenset[int]
    cost: float


class Pair(NamedTuple):
    """Patterns of which one must be at most `reach` words from one of `other`, for a condition to hold."""

    one: frozenset[int]
    other: frozenset[int]
    reach: float


class Sites(NamedTuple):
    """All patterns that a condition's hits come from, and the most words one hit takes up."""

    patterns: frozenset[int]
    longest: float


class Condition(Protocol):
    """A node of the tree."""

    def find(self, article: Article) -> list[Found] | None:
        """The hits that take part, None where it does not hold."""
        ...

    def needs(self) -> list[Choice]:
        """What must be seen for it to hold, rarest first; empty where it may hold on any article."""
        ...

    def pairs(self) -> list[Pair]:
        """What must stand together for it to hold."""
        ...

    def sites(self) -> Sites | None:
        """Where its hits come from; None where they may be anywhere."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Literal:
    """A term."""

    number: int
    atom: Atom
    patterns: tuple[int, ...]
    leaf: Leaf
    field: str | None
    need: Choice
    longest: float

    def find(self, article: Article) -> list[Found] | None:
        """Its hits in its field; remembered, since watchlists share terms."""
        remembered = article.memo.get(self, self)
        if remembered is not self:
            return remembered  # type: ignore[return-value]
        found: list[Found] | None = None
        if not article.starts.keys().isdisjoint(self.patterns):
            spans = article.spans(self.number, self.atom, self.patterns, self.field)
            if spans:
                leaf = self.leaf
                found = [_new(Found, (a, b, leaf, True, None)) for a, b in spans]
        article.memo[self] = found
        return found

    def needs(self) -> list[Choice]:
        """One of its patterns."""
        return [self.need]

    def pairs(self) -> list[Pair]:
        """It stands alone."""
        return []

    def sites(self) -> Sites | None:
        """Its patterns."""
        return None if self.field in METADATA_FIELDS else Sites(frozenset(self.patterns), self.longest)


MOST: Final = 10_000
"""Hits of one regex that are looked at in one article."""


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """A regex, run over the original text of its fields."""

    regex: re2._Regexp
    leaf: Leaf
    field: str | None

    def find(self, article: Article) -> list[Found] | None:
        """Its hits; each is widened to whole folded characters for distances, and reported as it was found."""
        remembered = article.memo.get(self, self)
        if remembered is not self:
            return remembered  # type: ignore[return-value]
        found: list[Found] = []
        for part in article.parts:
            if part.name != self.field and (self.field is not None or part.name not in ("title", "body")):
                continue
            starts, ends = part.folded.starts, part.folded.ends
            text = part.folded.original.encode("utf-8", "replace").decode("utf-8")
            for match in self.regex.finditer(text):
                start, end = match.span()
                a = int(np.searchsorted(ends, start, side="right"))
                b = max(int(np.searchsorted(starts, end, side="left")), a + 1)
                found.append(Found(part.begin + a, part.begin + b, self.leaf, exact=(start, end)))
                if len(found) >= MOST:
                    break
        article.memo[self] = found or None
        return found or None

    def needs(self) -> list[Choice]:
        """A regex may be found anywhere."""
        return []

    def pairs(self) -> list[Pair]:
        """It stands alone."""
        return []

    def sites(self) -> Sites | None:
        """Anywhere."""
        return None


@dataclass(frozen=True, slots=True, eq=False)
class Some:
    """OR: the hits of all branches that hold."""

    parts: tuple[Condition, ...]

    def find(self, article: Article) -> list[Found] | None:
        """The hits of every branch that holds; remembered, since concepts are shared."""
        remembered = article.memo.get(self, self)
        if remembered is not self:
            return remembered  # type: ignore[return-value]
        held = False
        found: list[Found] = []
        for part in self.parts:
            got = part.find(article)
            if got is not None:
                held = True
                found += got
        result = found if held else None
        article.memo[self] = result
        return result

    def needs(self) -> list[Choice]:
        """What the rarest need of any branch is."""
        needs = [part.needs() for part in self.parts]
        if not all(needs):
            return []
        rarest = [need[0] for need in needs]
        return [
            Choice(frozenset().union(*(c.patterns for c in rarest)), sum(choice.cost for choice in rarest))
        ]

    def pairs(self) -> list[Pair]:
        """None of them must hold."""
        return []

    def sites(self) -> Sites | None:
        """Those of all branches."""
        return _all_sites(self.parts)


def _all_needs(parts: Iterable[Condition]) -> list[Choice]:
    """The needs of parts that must all hold, rarest first."""
    return sorted((need for part in parts for need in part.needs()), key=lambda need: need.cost)


def _all_pairs(parts: Iterable[Condition]) -> list[Pair]:
    return [pair for part in parts for pair in part.pairs()]


def _all_sites(parts: Iterable[Condition]) -> Sites | None:
    patterns: set[int] = set()
    longest = 0.0
    for part in parts:
        sites = part.sites()
        if sites is None:
            return None
        patterns |= sites.patterns
        longest = max(longest, sites.longest)
    return Sites(frozenset(patterns), longest)


def _together(one: Condition, other: Condition, gap: float) -> list[Pair]:
    """That `other` is at most `gap` words from `one`, if the places of both are known."""
    mine, theirs = one.sites(), other.sites()
    if mine is None or theirs is None:
        return []
    return [Pair(mine.patterns, theirs.patterns, gap + mine.longest + theirs.longest)]


@dataclass(frozen=True, slots=True, eq=False)
class Every:
    """AND."""

    parts: tuple[Condition, ...]

    def find(self, article: Article) -> list[Found] | None:
        """The hits of all parts."""
        found: list[Found] = []
        for part in self.parts:
            got = part.find(article)
            if got is None:
                return None
            found += got
        return found

    def needs(self) -> list[Choice]:
        """All that its parts need."""
        return _all_needs(self.parts)

    def pairs(self) -> list[Pair]:
        """All that its parts have."""
        return _all_pairs(self.parts)

    def sites(self) -> Sites | None:
        """Those of all parts."""
        return _all_sites(self.parts)


@dataclass(frozen=True, slots=True, eq=False)
class Without:
    """NOT: holds with no hits."""

    part: Condition

    def find(self, article: Article) -> list[Found] | None:
        """Nothing, or None where what is excluded is there."""
        return [] if self.part.find(article) is None else None

    def needs(self) -> list[Choice]:
        """An absence needs nothing."""
        return []

    def pairs(self) -> list[Pair]:
        """Nothing stands together."""
        return []

    def sites(self) -> Sites | None:
        """It has no hits."""
        return Sites(frozenset(), 0)


@dataclass(frozen=True, slots=True, eq=False)
class Beside:
    """Context: holds as its part does, with hits that are no subject."""

    part: Condition

    def find(self, article: Article) -> list[Found] | None:
        """The part's hits as context."""
        got = self.part.find(article)
        return None if got is None else _context(got)

    def needs(self) -> list[Choice]:
        """As its part."""
        return self.part.needs()

    def pairs(self) -> list[Pair]:
        """As its part."""
        return self.part.pairs()

    def sites(self) -> Sites | None:
        """As its part."""
        return self.part.sites()


def _context(found: list[Found]) -> list[Found]:
    return [hit._replace(subject=False) for hit in found]


@dataclass(frozen=True, slots=True, eq=False)
class AtLeast:
    """ATLEAST/n: hits at `count` places or more."""

    count: int
    part: Condition

    def find(self, article: Article) -> list[Found] | None:
        """The part's hits if they stand at enough places."""
        got = self.part.find(article)
        return None if got is None or _places(got) < self.count else got

    def needs(self) -> list[Choice]:
        """As its part."""
        return self.part.needs()

    def pairs(self) -> list[Pair]:
        """As its part."""
        return self.part.pairs()

    def sites(self) -> Sites | None:
        """As its part."""
        return self.part.sites()


def _places(found: list[Found]) -> int:
    """At how many places hits stand: those of several terms that overlap are at one, and of a NEAR its left side."""
    count = reach = 0
    counted = [hit for hit in found if hit.subject] or found
    for end, start in sorted((hit.b, hit.a) for hit in counted):
        if start >= reach:
            count, reach = count + 1, end
    return count


@dataclass(frozen=True, slots=True, eq=False)
class Near:
    """A chain of NEARs: each operand near the next; only hits that stand in a whole chain take part."""

    parts: tuple[Condition, ...]
    gaps: tuple[int, ...]
    ordered: tuple[bool, ...]

    def find(self, article: Article) -> list[Found] | None:
        """The hits in chains; those of the first operand are the subject."""
        rows: list[list[Found]] = []
        for part in self.parts:
            got = part.find(article)
            if not got:
                return None
            rows.append(got)
        links = list(zip(self.gaps, self.ordered, strict=True))
        for at, (gap, ordered) in enumerate(links):
            rows[at + 1] = _reached(article, rows[at + 1], rows[at], gap, "after" if ordered else "")
            if not rows[at + 1]:
                return None
        for at, (gap, ordered) in reversed(list(enumerate(links))):
            rows[at] = _reached(article, rows[at], rows[at + 1], gap, "before" if ordered else "")
        return rows[0] + [hit for row in rows[1:] for hit in _context(row)]

    def needs(self) -> list[Choice]:
        """All that its operands need."""
        return _all_needs(self.parts)

    def pairs(self) -> list[Pair]:
        """Each operand with the next."""
        neighbours = zip(self.parts, self.parts[1:], self.gaps, strict=False)
        return [pair for one, other, gap in neighbours for pair in _together(one, other, gap)] + _all_pairs(
            self.parts
        )

    def sites(self) -> Sites | None:
        """Those of all operands."""
        return _all_sites(self.parts)


def _reached(article: Article, mine: list[Found], theirs: list[Found], gap: float, order: str) -> list[Found]:
    """Those of `mine` with one of `theirs` at most `gap` words away (and, in `order`, `after` or `before` it)."""
    count = article.count
    if order == "after":
        ends = sorted(hit.b for hit in theirs)
        return [
            hit for hit in mine
            if (at := bisect_right(ends, hit.a)) and count(hit.a) - count(ends[at - 1]) <= gap
        ]  # fmt: skip
    if order == "before":
        begins = sorted(hit.a for hit in theirs)
        return [
            hit for hit in mine
            if (at := bisect_left(begins, hit.b)) < len(begins) and count(begins[at]) - count(hit.b) <= gap
        ]  # fmt: skip
    ranges = [(count(hit.a), count(hit.b)) for hit in theirs]
    kept = _touching([(count(hit.a), count(hit.b)) for hit in mine], ranges, gap)
    return [hit for hit, keep in zip(mine, kept, strict=True) if keep]


def _touching(mine: list[tuple[float, float]], theirs: list[tuple[float, float]], gap: float) -> list[bool]:
    """For each range of `mine`, whether one of `theirs` lies within `gap` of it."""
    theirs = sorted(theirs)
    begins = [begin for begin, _ in theirs]
    reach = list(accumulate((end for _, end in theirs), max))
    return [
        (at := bisect_right(begins, end + gap)) > 0 and reach[at - 1] >= begin - gap for begin, end in mine
    ]


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """A list's `near` or `within`: subject hits that have a hit of every context in reach."""

    subject: Condition
    contexts: tuple[Condition, ...]
    near: int | None
    within: str | None

    def find(self, article: Article) -> list[Found] | None:
        """The subject hits that satisfy it, then the context hits in reach of those."""
        subjects = self.subject.find(article)
        if not subjects:
            return None
        found = []
        for context in self.contexts:
            got = context.find(article)
            if not got:
                return None
            found.append([hit for hit in got if article.part(hit.a).name in ("title", "body")])
        for row in found:
            subjects = self._in_reach(article, subjects, row)
            if not subjects:
                return None
        return subjects + [hit for row in found for hit in _context(self._in_reach(article, row, subjects))]

    def _in_reach(self, article: Article, mine: list[Found], theirs: list[Found]) -> list[Found]:
        if self.near is not None:
            mine = _reached(article, mine, theirs, self.near, "")
        if self.within is not None:
            units = {article.unit(hit.a, self.within) for hit in theirs}
            mine = [hit for hit in mine if article.unit(hit.a, self.within) in units]
        return mine

    def needs(self) -> list[Choice]:
        """All that its parts need."""
        return _all_needs([self.subject, *self.contexts])

    def pairs(self) -> list[Pair]:
        """The subject with each context."""
        found = _all_pairs([self.subject, *self.contexts])
        if self.near is not None:
            for context in self.contexts:
                found += _together(self.subject, context, self.near)
        return found

    def sites(self) -> Sites | None:
        """Those of subject and contexts."""
        return _all_sites([self.subject, *self.contexts])


@dataclass(frozen=True, slots=True, eq=False)
class Together:
    """`near` or `within` in a list of `all` alone: hits of each entry that have all the others in reach."""

    parts: tuple[Reach, ...]

    def find(self, article: Article) -> list[Found] | None:
        """The hits of each entry that satisfy it, all of them subject."""
        found: list[Found] = []
        for part in self.parts:
            got = part.find(article)
            if got is None:
                return None
            found += [hit for hit in got if hit.subject]
        return found

    def needs(self) -> list[Choice]:
        """All that its parts need."""
        return _all_needs(self.parts)

    def pairs(self) -> list[Pair]:
        """All that its parts have."""
        return _all_pairs(self.parts)

    def sites(self) -> Sites | None:
        """Those of all parts."""
        return _all_sites(self.parts)
