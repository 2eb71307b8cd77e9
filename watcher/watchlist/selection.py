"""Which watchlists are worth evaluating, from the patterns that were seen: a few array look-ups for all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from watcher.watchlist.conditions import Choice, Pair
from watcher.watchlist.words import Begins, Numbers

CHECKED: Final = 4
"""Needs of one watchlist that are looked at: its rarest selects it, the others only confirm."""
PAIRS: Final = 2
"""Pairs of one watchlist that are measured."""
FEW: Final = 24
"""So many watchlists with pairs are sooner evaluated one by one than measured together."""
_GROUP: Final = 1 << 33
"""Twice as far as any two places are apart (`Article.distances`), so that groups do not mix in one sorted array."""
_FARTHEST: Final = 1 << 28


class Rows:
    """Lists of numbers in one array: row `i` is `values[begins[i]:begins[i + 1]]`."""

    def __init__(self, rows: Sequence[int], values: Sequence[int], count: int) -> None:
        """`values[i]` belongs to row `rows[i]`, of `count` rows."""
        keys = np.array(rows, dtype=np.int32)
        self.lengths = np.bincount(keys, minlength=count).astype(np.int32)
        self.begins: Numbers = np.cumsum(self.lengths, dtype=np.int32) - self.lengths
        self.values: Numbers = np.array(values, dtype=np.int32)[np.argsort(keys, kind="stable")]

    def gather(self, numbers: Numbers | Begins) -> tuple[Numbers, Numbers]:
        """The rows of `numbers`, one after the other; and how long each is."""
        lengths = self.lengths[numbers]
        return self.values[_ranges(self.begins[numbers], lengths)], lengths


def _ranges(begins: NDArray[Any], lengths: NDArray[Any]) -> Begins:
    """The numbers from each of `begins` on, `lengths` of them, one range after the other."""
    shifts = np.repeat(begins - (np.cumsum(lengths) - lengths), lengths)
    numbers: Begins = np.arange(len(shifts)) + shifts
    return numbers


def at(pattern: int, patterns: int) -> int:
    """The row of a pattern; one wanted in the title (~pattern) has its row behind those of all `patterns`."""
    return pattern if pattern >= 0 else patterns + ~pattern


class Groups:
    """Sets of patterns, numbered from 1, and which of them each pattern is in."""

    def __init__(self) -> None:
        self._numbers: dict[frozenset[int], int] = {}

    def number(self, patterns: frozenset[int]) -> int:
        """The number of a set."""
        return self._numbers.setdefault(patterns, len(self._numbers) + 1)

    def __len__(self) -> int:
        return len(self._numbers) + 1

    def members(self, patterns: int) -> tuple[list[int], list[int]]:
        """Patterns (as rows, see `at`) and groups they are in, side by side."""
        members = [(pattern, group) for some, group in self._numbers.items() for pattern in some]
        return [at(pattern, patterns) for pattern, _ in members], [group for _, group in members]


class Selection:
    """What each watchlist needs, as groups of patterns of which one must be seen."""

    def __init__(self, needs: Sequence[Sequence[Choice]], patterns: int) -> None:
        groups = Groups()
        selecting: list[int] = []
        selected: list[int] = []
        """Pattern and watchlist, side by side: the pattern is of the rarest need of the watchlist."""
        others = np.zeros((CHECKED - 1, len(needs)), dtype=np.int32)  # 0: the group that is always seen
        unselected: list[int] = []
        for number, choices in enumerate(needs):
            if not choices:
                unselected.append(number)
                continue
            selecting += [at(pattern, patterns) for pattern in choices[0].patterns]
            selected += [number] * len(choices[0].patterns)
            for row, choice in enumerate(choices[1:CHECKED]):
                others[row, number] = groups.number(choice.patterns)
        self._patterns = patterns
        self._others = others[others.any(axis=1)]
        self._size = len(groups)
        rows, members = groups.members(patterns)
        self._rows = Rows(rows + selecting, members + [~number for number in selected], 2 * patterns)
        """For each pattern the groups it is in, and (~number) the watchlists it selects."""
        self._unselected = np.array(unselected, dtype=np.int32)

    def chosen(self, seen: Numbers, titled: Numbers) -> Numbers:
        """The watchlists all of whose needs are among the patterns `seen`, some in the title (`titled`); some twice."""
        if not len(seen):
            return self._unselected
        if len(titled):
            seen = np.concatenate((seen, titled + np.int32(self._patterns)))
        found, _ = self._rows.gather(seen)
        selected = found < 0
        numbers = ~found[selected]
        if len(numbers) and len(self._others):
            present = np.zeros(self._size, dtype=bool)
            present[found[~selected]] = True
            present[0] = True
            for column in self._others:
                numbers = numbers[present[column[numbers]]]
        return np.concatenate((numbers, self._unselected)) if len(self._unselected) else numbers


class Neighbours:
    """Groups of patterns of which one must be near one of another: distances of all watchlists measured at once."""

    def __init__(self, pairs: Sequence[Sequence[Pair]], patterns: int) -> None:
        groups = Groups()
        self._one = np.zeros((PAIRS, len(pairs)), dtype=np.int32)  # 0: nothing to measure
        self._other = np.zeros((PAIRS, len(pairs)), dtype=np.int32)
        self._reach = np.zeros((PAIRS, len(pairs)), dtype=np.int64)
        for number, some in enumerate(pairs):
            for at, pair in enumerate(some[:PAIRS]):
                self._one[at, number] = groups.number(pair.one)
                self._other[at, number] = groups.number(pair.other)
                self._reach[at, number] = min(int(2 * pair.reach) + 1, _FARTHEST)
        self._size = len(groups)
        self._groups = Rows(*groups.members(patterns), 2 * patterns)

    def kept(
        self, chosen: Numbers, seen: Numbers, begins: Begins, distances: Callable[[Begins], NDArray[np.int64]]
    ) -> Numbers:
        """Those of `chosen` whose pairs stand within reach, or that have none; all if they are few."""
        if self._size == 1 or len(chosen) <= FEW:
            return chosen
        paired = self._one[0, chosen].nonzero()[0]
        if len(paired) <= FEW:
            return chosen
        groups, lengths = self._groups.gather(seen)
        keys = groups * np.int64(_GROUP) + np.repeat(distances(begins), lengths)
        keys.sort()
        kept = np.ones(len(chosen), dtype=bool)
        for one, other, reach in zip(self._one, self._other, self._reach, strict=True):
            paired = (kept & (one[chosen] > 0)).nonzero()[0]
            if len(paired):
                numbers = chosen[paired]
                kept[paired] = _near(keys, one[numbers], other[numbers], reach[numbers])
        return chosen[kept]


def _near(
    keys: NDArray[np.int64], one: Numbers, other: Numbers, reach: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """For each pair of groups whether a place of `one` is within `reach` of one of `other`."""
    bases = one * np.int64(_GROUP)
    first = keys.searchsorted(bases)
    lengths = keys.searchsorted(bases + _GROUP) - first
    owners = np.repeat(np.arange(len(one)), lengths)
    places = keys[_ranges(first, lengths)] + ((other - one) * np.int64(_GROUP))[owners]
    reaches = reach[owners]
    nearest = keys.searchsorted(places - reaches)
    found = keys.take(nearest, mode="clip")
    near = (found >= places - reaches) & (found <= places + reaches)
    return np.bincount(owners, weights=near, minlength=len(one)) > 0
