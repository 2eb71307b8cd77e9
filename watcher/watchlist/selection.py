"""Which watchlists are worth evaluating, from the patterns that were seen: a few array look-ups for all of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from watcher.watchlist.conditions import Choice, Pair
from watcher.watchlist.words import Begins, Numbers

CHECKED: Final = 4
"""Needs of one watchlist that are looked at: its rarest selects it, the others only confirm."""
MARKS: Final = 4
"""Patterns of one need that are marked one by one: a word and another, with their plurals."""
_FOUR: Final = np.uint32
"""As wide as so many marks."""
PAIRS: Final = 2
"""Pairs of one watchlist that are measured."""
FEW: Final = 24
"""So many watchlists with pairs are sooner evaluated one by one than measured together; so many patterns of a concept
are sooner noted for each watchlist than looked at whoever asks."""
MANY: Final = 256
"""Of so many chosen watchlists those chosen twice are dropped first: each would be measured at each of its places."""
_GROUP: Final = 1 << 33
"""More than the half words of any article (`Article.halves`), so that groups do not mix in one sorted array."""
_FARTHEST: Final = 1 << 28


class Rows:
    """Lists of numbers in one array: row `i` is `values[slice(*spans[i])]`."""

    def __init__(self, rows: Sequence[int], values: Sequence[int], count: int) -> None:
        """`values[i]` belongs to row `rows[i]`, of `count` rows."""
        keys = np.array(rows, dtype=np.intp)
        lengths = np.bincount(keys, minlength=count)
        ends = lengths.cumsum()
        self.spans: Begins = np.stack((ends - lengths, ends), axis=1)
        self.values: Numbers = np.array(values, dtype=np.intp)[np.argsort(keys, kind="stable")]

    def places(self, numbers: Numbers) -> tuple[Begins, Begins]:
        """Where in `values` the rows of `numbers` stand, one after the other; and how long each is."""
        begins, ends = self.spans.take(numbers, axis=0).T
        lengths = ends - begins
        return _ranges(ends, lengths), lengths

    def gather(self, numbers: Numbers) -> tuple[Numbers, Begins]:
        """The rows of `numbers`, one after the other; and how long each is."""
        places, lengths = self.places(numbers)
        return self.values[places], lengths


_COUNTED: Final = np.arange(1 << 14)


def _ranges(ends: Begins, lengths: Begins) -> Begins:
    """The `lengths` numbers before each of `ends`, one range after the other."""
    numbers: Begins = (ends - lengths.cumsum()).repeat(lengths)
    numbers += _COUNTED[: len(numbers)] if len(numbers) <= len(_COUNTED) else np.arange(len(numbers))
    return numbers


def at(pattern: int, patterns: int) -> int:
    """The row of a pattern; one wanted in the title (~pattern) has its row behind those of all `patterns`."""
    return pattern if pattern >= 0 else patterns + ~pattern


class Groups:
    """Sets of patterns, numbered from 1, and which of them each pattern is in."""

    def __init__(self) -> None:
        self._numbers: dict[frozenset[int], int] = {}

    def number(self, patterns: Iterable[int]) -> int:
        """The number of a set."""
        return self._numbers.setdefault(frozenset(patterns), len(self._numbers) + 1)

    def __len__(self) -> int:
        return len(self._numbers) + 1

    def members(self, patterns: int) -> tuple[list[int], list[int]]:
        """Patterns (as rows, see `at`) and groups they are in, side by side."""
        members = [(pattern, group) for some, group in self._numbers.items() for pattern in some]
        return [at(pattern, patterns) for pattern, _ in members], [group for _, group in members]


class Selection:
    """What each watchlist needs, as sets of patterns of which one must be seen.

    Each of the rarest set selects the watchlist; for another set there are MARKS
    marks of which one must be there: those of its patterns if they are so few,
    else that of the set.
    """

    def __init__(self, needs: Sequence[Sequence[Choice]], patterns: int) -> None:
        groups = Groups()
        selecting: list[int] = []
        selected: list[int] = []
        """Pattern and watchlist, side by side: the pattern is of the rarest need of the watchlist."""
        others: dict[int, list[list[int]]] = {}
        """The marks by watchlist and need: rows of patterns, or (~) the number of a set."""
        unselected: list[int] = []
        for number, choices in enumerate(needs):
            if not choices:
                unselected.append(number)
                continue
            selecting += [at(pattern, patterns) for pattern in choices[0].patterns]
            selected += [number] * len(choices[0].patterns)
            if len(choices) > 1:
                others[number] = [
                    [at(pattern, patterns) for pattern in each]
                    if len(each) <= MARKS
                    else [~groups.number(each)]
                    for each, _ in choices[1:CHECKED]
                ]
        self._patterns = patterns
        self._titled = any(pattern < 0 for some in needs for each in some for pattern in each.patterns)
        self._rows = Rows(selecting, selected, 2 * patterns)
        """For each pattern the watchlists it selects."""
        rows, members = groups.members(patterns)
        self._groups = Rows(rows, members, 2 * patterns)
        single = sorted({mark for marks in others.values() for some in marks for mark in some if mark >= 0})
        self._marks = np.zeros(2 * patterns, dtype=np.int32)
        """For each pattern its mark, 0 if it has none; those of the sets are the first, from 1 on."""
        self._marks[single] = np.arange(len(groups), len(groups) + len(single))
        self._size = len(groups) + len(single)
        marked = np.full((CHECKED - 1, len(needs), MARKS), -1, dtype=np.int32)  # what is always there
        for number, each in others.items():
            for row, some in enumerate(each):
                marks = [self._marks[mark] if mark >= 0 else ~mark for mark in some]
                marked[row, number] = marks + marks[:1] * (MARKS - len(marks))
        self._others = [marks.take(self._rows.values, axis=0) for marks in marked if (marks >= 0).any()]
        """Beside the watchlists of `_rows`: the marks of which one must be there, for one more need after another."""
        self._unselected = np.array(unselected, dtype=np.intp)

    def chosen(self, seen: Numbers, titled: Numbers) -> Numbers:
        """The watchlists all of whose needs are among the patterns `seen`, some in the title (`titled`); some twice."""
        if not len(seen):
            return self._unselected
        if len(titled) and self._titled:
            seen = np.concatenate((seen, titled + self._patterns))
        places, _ = self._rows.places(seen)
        if len(places) and self._others:
            present = np.zeros(self._size + 1, dtype=bool)
            present[self._marks.take(seen)] = True
            if len(self._groups.values):
                present[self._groups.gather(seen)[0]] = True
            present[-1] = True
            for marks in self._others:
                there = present.take(marks.take(places, axis=0)).view(_FOUR)  # as one number
                places = places[there.ravel() != 0]
        numbers = self._rows.values[places]
        if len(numbers) > MANY:
            numbers = np.array(sorted(set(numbers.tolist())), dtype=np.intp)
        return np.concatenate((numbers, self._unselected)) if len(self._unselected) else numbers


class Wanted:
    """Which patterns each watchlist asks for: of what an article says, only that of the chosen is looked at."""

    def __init__(self, wanted: Iterable[Iterable[Collection[int]]], patterns: int) -> None:
        """`wanted`: for each watchlist the patterns of its terms and of its concepts."""
        rows: list[int] = []
        values: list[int] = []
        many: dict[int, Collection[int]] = {}
        count = 0
        for count, each in enumerate(wanted, 1):
            for some in each:
                if len(some) > FEW:
                    many[id(some)] = some
                else:
                    rows += [count - 1] * len(some)
                    values += some
        self._rows = Rows(rows, values, count)
        self._always = np.zeros(patterns, dtype=bool)
        """The patterns of concepts, which watchlists share."""
        for some in many.values():
            self._always[list(some)] = True

    def among(self, chosen: Numbers, seen: Numbers, begins: Begins) -> tuple[Numbers, Begins]:
        """Of the patterns `seen` those of the watchlists `chosen`, and where they begin."""
        wanted = self._always.copy()
        wanted[self._rows.gather(chosen)[0]] = True
        some = wanted[seen].nonzero()[0]
        return seen[some], begins[some]


class Neighbours:
    """Sets of patterns of which one must be near one of another: distances of all watchlists measured at once."""

    def __init__(self, pairs: Sequence[Sequence[Pair]], patterns: int) -> None:
        groups = Groups()
        self._pairs = np.zeros((len(pairs), PAIRS, 3), dtype=np.int32)
        """For each watchlist its pairs: two sets (0: nothing to measure), and the half words that may be between."""
        for number, some in enumerate(pairs):
            for row, (one, other, reach) in enumerate(some[:PAIRS]):
                numbers = groups.number(one), groups.number(other)
                self._pairs[number, row] = (*numbers, min(int(2 * reach) + 3, _FARTHEST))
        rows, members = groups.members(patterns)
        self._members = Rows(members, rows, len(groups))
        """For each set its patterns."""

    def kept(
        self, chosen: Numbers, seen: Numbers, begins: Begins, distances: Callable[[], NDArray[np.int64]]
    ) -> Numbers:
        """Those of `chosen` whose pairs stand within reach, or that have none; all if they are few.

        `distances`: half words before each place of the haystack.
        """
        if len(chosen) <= FEW or not len(self._members.values):
            return chosen
        pairs = self._pairs.take(chosen, axis=0).reshape(-1, 3)
        measured = pairs[:, 0].nonzero()[0]
        if len(measured) <= FEW:
            return chosen
        one, other, reach = pairs.take(measured, axis=0).T
        known = seen * _GROUP + distances().take(begins)
        known.sort()
        near = _near(known, *self._members.gather(np.concatenate((one, other))), reach)
        kept = np.ones(len(chosen), dtype=bool)
        kept[measured[~near] // PAIRS] = False
        return chosen[kept]


def _near(
    known: NDArray[np.int64], patterns: Numbers, lengths: Begins, reach: NDArray[np.int32]
) -> NDArray[np.bool_]:
    """For each of some pairs of sets whether a place of the one is within `reach` of one of the other.

    `known`: all places by pattern, in order. `patterns`: those of the one set of each pair, then those of each
    other; `lengths`: how many these are.
    """
    bases = patterns * _GROUP
    first = known.searchsorted(bases)
    last = known.searchsorted(bases + _GROUP)
    times = last - first
    sets = np.arange(len(lengths)).repeat(lengths)
    shifts = sets * _GROUP - bases
    places = known[_ranges(last, times)] + shifts.repeat(times)
    places.sort()
    border = int(places.searchsorted(len(reach) * _GROUP))
    mine, theirs = places[:border], places[border:]
    near = np.zeros(len(reach), dtype=bool)
    if border and len(theirs):
        owners = sets.repeat(times)[:border]
        reaches = reach.take(owners).astype(np.int64)
        lowest = mine + (len(reach) * _GROUP - reaches)
        nearest = theirs.take(theirs.searchsorted(lowest), mode="clip")
        near[owners[(nearest >= lowest) & (nearest <= lowest + 2 * reaches)]] = True
    return near
