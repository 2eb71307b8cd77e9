"""What a watchlist asks of an article, as a tree that finds the hits that make it hold.

`find` gives the hits that take part, or None where the condition does not
hold. A condition may be shared by many watchlists; what it found is
remembered in the article.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import numpy as np

from watcher.model import Span
from watcher.watchlist.article import Article
from watcher.watchlist.atoms import Atom
from watcher.watchlist.syntax import METADATA_FIELDS

if TYPE_CHECKING:
    import re2


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
        return all_sites(self.parts)


def all_needs(parts: Iterable[Condition]) -> list[Choice]:
    """The needs of parts that must all hold, rarest first."""
    return sorted((need for part in parts for need in part.needs()), key=lambda need: need.cost)


def all_pairs(parts: Iterable[Condition]) -> list[Pair]:
    """The pairs of parts that must all hold."""
    return [pair for part in parts for pair in part.pairs()]


def all_sites(parts: Iterable[Condition]) -> Sites | None:
    """Where hits of any of `parts` come from."""
    patterns: set[int] = set()
    longest = 0.0
    for part in parts:
        sites = part.sites()
        if sites is None:
            return None
        patterns |= sites.patterns
        longest = max(longest, sites.longest)
    return Sites(frozenset(patterns), longest)


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
        return all_needs(self.parts)

    def pairs(self) -> list[Pair]:
        """All that its parts have."""
        return all_pairs(self.parts)

    def sites(self) -> Sites | None:
        """Those of all parts."""
        return all_sites(self.parts)


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
        return None if got is None else as_context(got)

    def needs(self) -> list[Choice]:
        """As its part."""
        return self.part.needs()

    def pairs(self) -> list[Pair]:
        """As its part."""
        return self.part.pairs()

    def sites(self) -> Sites | None:
        """As its part."""
        return self.part.sites()


def as_context(found: list[Found]) -> list[Found]:
    """The same hits, none of them a subject."""
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
