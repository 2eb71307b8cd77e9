"""What a watchlist asks of an article, as a tree that finds the hits that make it hold.

`find` gives the hits that take part, or None where the condition does not
hold. A condition may be shared by many watchlists; what it found is
remembered in the article.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from watcher.model import Span
from watcher.watchlist.article import Article
from watcher.watchlist.atoms import Atom
from watcher.watchlist.syntax import METADATA_FIELDS

if TYPE_CHECKING:
    import re2


class Found(NamedTuple):
    """A hit, in offsets of the haystack."""

    a: int
    b: int
    leaf: Leaf
    """The term it is a hit of."""
    subject: bool = True
    exact: Span | None = None
    """Its span in the original, where a regex found it there."""


_new = tuple.__new__
"""Makes a `Found` in a third of the time that its own constructor takes: an article may have hundreds."""


class Choice(NamedTuple):
    """Patterns or words of which one must be seen for a condition to hold, and about how often one is (per article).

    Each once, in a tuple, as in `Pair` and `Sites`: a set of so few takes four times the memory, and an article waits
    for it.
    """

    patterns: tuple[int, ...]
    cost: float


class Pair(NamedTuple):
    """Patterns of which one must begin at most `reach` words from one of `other`, for a condition to hold."""

    one: tuple[int, ...]
    other: tuple[int, ...]
    reach: float


class Sites(NamedTuple):
    """All patterns that a condition's hits come from, and the most words one hit takes up."""

    patterns: tuple[int, ...]
    longest: float


def _once(some: Iterable[Iterable[int]]) -> tuple[int, ...]:
    """All patterns of `some`, each once."""
    return tuple(dict.fromkeys(chain.from_iterable(some)))


class Condition(ABC):
    """A node of the tree. What is not said otherwise is so of all the conditions it is made of.

    Nothing changes a condition once it is made. Yet its dataclass is not frozen: a frozen one takes four times as
    long to make, and of 10,000 watchlists there are 60,000.
    """

    __slots__ = ()

    @abstractmethod
    def find(self, article: Article) -> list[Found] | None:
        """The hits that take part, None where it does not hold."""

    def inner(self) -> tuple[Condition, ...]:
        """The conditions it is made of."""
        return ()

    def needs(self) -> list[Choice]:
        """What must be seen for it to hold, rarest first; empty where it may hold on any article."""
        return all_needs(self.inner())

    def pairs(self) -> list[Pair]:
        """What must stand together for it to hold."""
        return all_pairs(self.inner())

    def sites(self) -> Sites | None:
        """Where its hits come from; None where they may be anywhere."""
        return all_sites(self.inner())

    def asked(self) -> Iterator[Collection[int]]:
        """All patterns it looks for, excluded ones too, those of each term and each concept together."""
        for part in self.inner():
            yield from part.asked()


@dataclass(slots=True, eq=False)
class Leaf(Condition):
    """A condition with hits of its own."""

    term: str
    """As the user wrote it."""
    concept: str | None
    """Through which it was named."""


@dataclass(slots=True, eq=False)
class Literal(Leaf):
    """A term. What every evaluation looks at comes first: of many thousands, none is in the processor's cache."""

    patterns: tuple[int, ...]
    lengths: tuple[int, ...] | None
    """Where the hits of each pattern end, counted from where they begin, if each of them is a hit (`Atom.lengths`)."""
    field: str | None
    number: int
    atom: Atom
    need: Choice
    longest: float

    def find(self, article: Article) -> list[Found] | None:
        """Its hits in its field; remembered, since watchlists share terms."""
        remembered = article.memo.get(self, self)
        if remembered is not self:
            return remembered  # type: ignore[return-value]
        if self.lengths is None or self.field is not None:
            spans = article.spans(self.number, self.atom, self.patterns, self.field)
            found = [_new(Found, (a, b, self, True, None)) for a, b in spans]
        else:
            found = []
            starts, end, rows = article.starts, article.text_end, 0
            for pattern, length in zip(self.patterns, self.lengths, strict=True):
                if pattern in starts:
                    rows += 1
                    for at in starts[pattern]:
                        if at < end:
                            found.append(_new(Found, (at + 1, at + length, self, True, None)))
            if rows > 1:
                found.sort()
        result = found or None
        article.memo[self] = result
        return result

    def needs(self) -> list[Choice]:
        """One of its patterns."""
        return [self.need]

    def sites(self) -> Sites | None:
        """Its patterns."""
        return None if self.field in METADATA_FIELDS else Sites(self.patterns, self.longest)

    def asked(self) -> Iterator[Collection[int]]:
        """Its patterns."""
        yield self.patterns


MOST: Final = 10_000
"""Hits of one regex that are looked at in one article."""


@dataclass(slots=True, eq=False)
class Pattern(Leaf):
    """A regex, run over the original text of its fields."""

    regex: re2._Regexp
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
                found.append(Found(part.begin + a, part.begin + b, self, exact=(start, end)))
                if len(found) >= MOST:
                    break
        article.memo[self] = found or None
        return found or None

    def sites(self) -> Sites | None:
        """Anywhere."""
        return None


@dataclass(slots=True, eq=False)
class Some(Condition):
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

    def inner(self) -> tuple[Condition, ...]:
        """The branches."""
        return self.parts

    def needs(self) -> list[Choice]:
        """What the rarest need of any branch is."""
        needs = [part.needs() for part in self.parts]
        if not all(needs):
            return []
        rarest = [need[0] for need in needs]
        return [Choice(_once(c.patterns for c in rarest), sum(choice.cost for choice in rarest))]

    def pairs(self) -> list[Pair]:
        """None of them must hold."""
        return []


@dataclass(slots=True, eq=False)
class Entries(Some):
    """The entries of a concept: watchlists share it, so what it asks for is told once."""

    need: list[Choice]
    place: Sites | None
    patterns: tuple[int, ...]

    @classmethod
    def of(cls, parts: tuple[Condition, ...]) -> Entries:
        """The concept with these entries."""
        made = Some(parts)
        return cls(parts, made.needs(), made.sites(), _once(made.asked()))

    def needs(self) -> list[Choice]:
        """What the rarest need of any entry is."""
        return self.need

    def sites(self) -> Sites | None:
        """Those of all entries."""
        return self.place

    def asked(self) -> Iterator[Collection[int]]:
        """All of it together."""
        yield self.patterns


def all_needs(parts: Iterable[Condition]) -> list[Choice]:
    """The needs of parts that must all hold, rarest first."""
    return sorted((need for part in parts for need in part.needs()), key=lambda need: need.cost)


def all_pairs(parts: Iterable[Condition]) -> list[Pair]:
    """The pairs of parts that must all hold."""
    return [pair for part in parts for pair in part.pairs()]


def all_sites(parts: Iterable[Condition]) -> Sites | None:
    """Where hits of any of `parts` come from."""
    found = [part.sites() for part in parts]
    known = [sites for sites in found if sites is not None]
    if len(known) < len(found):
        return None
    if len(known) == 1:
        return known[0]
    return Sites(
        _once(sites.patterns for sites in known),
        max([sites.longest for sites in known], default=0),
    )


@dataclass(slots=True, eq=False)
class Every(Condition):
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

    def inner(self) -> tuple[Condition, ...]:
        """All that must hold."""
        return self.parts


@dataclass(slots=True, eq=False)
class Without(Condition):
    """NOT: holds with no hits."""

    part: Condition

    def find(self, article: Article) -> list[Found] | None:
        """Nothing, or None where what is excluded is there."""
        return [] if self.part.find(article) is None else None

    def inner(self) -> tuple[Condition, ...]:
        """What must not be there."""
        return (self.part,)

    def needs(self) -> list[Choice]:
        """An absence needs nothing."""
        return []

    def pairs(self) -> list[Pair]:
        """Nothing stands together."""
        return []

    def sites(self) -> Sites | None:
        """It has no hits."""
        return Sites((), 0)


@dataclass(slots=True, eq=False)
class Beside(Condition):
    """Context: holds as its part does, with hits that are no subject."""

    part: Condition

    def find(self, article: Article) -> list[Found] | None:
        """The part's hits as context."""
        got = self.part.find(article)
        return None if got is None else as_context(got)

    def inner(self) -> tuple[Condition, ...]:
        """The part."""
        return (self.part,)


def as_context(found: list[Found]) -> list[Found]:
    """The same hits, none of them a subject."""
    return [_new(Found, (a, b, leaf, False, exact)) for a, b, leaf, _, exact in found]


@dataclass(slots=True, eq=False)
class AtLeast(Condition):
    """ATLEAST/n: hits at `count` places or more."""

    count: int
    part: Condition

    def find(self, article: Article) -> list[Found] | None:
        """The part's hits if they stand at enough places."""
        got = self.part.find(article)
        return None if got is None or _places(got) < self.count else got

    def inner(self) -> tuple[Condition, ...]:
        """The part."""
        return (self.part,)


def _places(found: list[Found]) -> int:
    """At how many places hits stand: those of several terms that overlap are at one, and of a NEAR its left side."""
    count = reach = 0
    counted = [hit for hit in found if hit.subject] or found
    for end, start in sorted((hit.b, hit.a) for hit in counted):
        if start >= reach:
            count, reach = count + 1, end
    return count
