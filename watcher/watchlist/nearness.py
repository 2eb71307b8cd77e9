"""Conditions on distance: NEAR and ONEAR of a query, `near` and `within` of a list."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from watcher.watchlist.article import Article
from watcher.watchlist.conditions import Condition, Found, Pair, all_pairs, as_context

SINGLY: Final = 8
"""So many pairs of hits are sooner measured one by one than by counting all the article's words."""


def pair(one: Condition, other: Condition, gap: float) -> Pair | None:
    """What must stand together for hits to be at most `gap` words apart, if the places of both are known."""
    mine, theirs = one.sites(), other.sites()
    if mine is None or theirs is None:
        return None
    return Pair(mine.patterns, theirs.patterns, gap + mine.longest + theirs.longest)


def surely_apart(article: Article, pairs: tuple[Pair, ...]) -> bool:
    """Whether one of `pairs` cannot stand together, unless that has been looked at for all watchlists at once."""
    if not article.measured:
        for one, other, reach in pairs:
            if article.surely_apart(one, other, reach):
                return True
    return False


@dataclass(slots=True, eq=False)
class Near(Condition):
    """A chain of NEARs: each operand near the next; only hits that stand in a whole chain take part."""

    parts: tuple[Condition, ...]
    gaps: tuple[int, ...]
    ordered: tuple[bool, ...]
    together: tuple[Pair, ...]
    """What must stand together, of each operand and the next."""

    def find(self, article: Article) -> list[Found] | None:
        """The hits in chains; those of the first operand are the subject."""
        if surely_apart(article, self.together):
            return None
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
            if len(rows[at]) > 1:  # a single one is near all that were reached from it
                rows[at] = _reached(article, rows[at], rows[at + 1], gap, "before" if ordered else "")
        return rows[0] + [hit for row in rows[1:] for hit in as_context(row)]

    def inner(self) -> tuple[Condition, ...]:
        """The operands."""
        return self.parts

    def pairs(self) -> list[Pair]:
        """Each operand with the next."""
        return [*self.together, *all_pairs(self.parts)]


def _reached(article: Article, mine: list[Found], theirs: list[Found], gap: float, order: str) -> list[Found]:
    """Those of `mine` with one of `theirs` at most `gap` words away (and, in `order`, `after` or `before` it)."""
    if len(mine) * len(theirs) <= SINGLY:
        kept = []
        for hit in mine:
            for other in theirs:
                if _near(article, hit, other, gap, order):
                    kept.append(hit)
                    break
        return kept
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
    touching = _touching([(count(hit.a), count(hit.b)) for hit in mine], ranges, gap)
    return [hit for hit, touches in zip(mine, touching, strict=True) if touches]


def _near(article: Article, hit: Found, other: Found, gap: float, order: str) -> bool:
    if other.b <= hit.a:
        return order != "before" and article.near(other.b, hit.a, gap)
    if hit.b <= other.a:
        return order != "after" and article.near(hit.b, other.a, gap)
    return not order


def _touching(mine: list[tuple[float, float]], theirs: list[tuple[float, float]], gap: float) -> list[bool]:
    """For each range of `mine`, whether one of `theirs` lies within `gap` of it."""
    theirs = sorted(theirs)
    begins = [begin for begin, _ in theirs]
    reach = list(accumulate((end for _, end in theirs), max))
    return [
        (at := bisect_right(begins, end + gap)) > 0 and reach[at - 1] >= begin - gap for begin, end in mine
    ]


@dataclass(slots=True, eq=False)
class Reach(Condition):
    """A list's `near` or `within`: subject hits that have a hit of every context in reach."""

    subject: Condition
    contexts: tuple[Condition, ...]
    near: int | None
    within: str | None
    together: tuple[Pair, ...]
    """What must stand together, of the subject and each context."""

    def find(self, article: Article) -> list[Found] | None:
        """The subject hits that satisfy it, then the context hits in reach of those."""
        if surely_apart(article, self.together):
            return None
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
        return subjects + [hit for row in found for hit in as_context(self._in_reach(article, row, subjects))]

    def _in_reach(self, article: Article, mine: list[Found], theirs: list[Found]) -> list[Found]:
        """Those of `mine` with one of `theirs` near and, if both are asked, in the same sentence or paragraph."""
        if self.within is None:
            return mine if self.near is None else _reached(article, mine, theirs, self.near, "")
        there: dict[int, list[Found]] = {}
        for hit in theirs:
            there.setdefault(article.unit(hit.a, self.within), []).append(hit)
        with_others = [(hit, there.get(article.unit(hit.a, self.within), [])) for hit in mine]
        if self.near is None:
            return [hit for hit, others in with_others if others]
        return [
            hit for hit, others in with_others if others and _reached(article, [hit], others, self.near, "")
        ]

    def inner(self) -> tuple[Condition, ...]:
        """Subject and contexts."""
        return (self.subject, *self.contexts)

    def pairs(self) -> list[Pair]:
        """The subject with each context."""
        return [*self.together, *all_pairs(self.inner())]


@dataclass(slots=True, eq=False)
class Together(Condition):
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

    def inner(self) -> tuple[Condition, ...]:
        """Its parts."""
        return self.parts
