"""Which watchlists are worth evaluating, from the patterns that were seen: a few array look-ups for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from watcher.watchlist.conditions import Choice
from watcher.watchlist.words import Numbers

CHECKED: Final = 4
"""Needs of one watchlist that are looked at: its rarest selects it, the others only confirm."""


class Rows:
    """Lists of numbers in one array: row `i` is `values[begins[i]:begins[i + 1]]`."""

    def __init__(self, rows: Sequence[int], values: Sequence[int], count: int) -> None:
        """`values[i]` belongs to row `rows[i]`, of `count` rows."""
        keys = np.array(rows, dtype=np.int32)
        self.begins = np.zeros(count + 1, dtype=np.int32)
        np.cumsum(np.bincount(keys, minlength=count), out=self.begins[1:])
        self.values: Numbers = np.array(values, dtype=np.int32)[np.argsort(keys, kind="stable")]

    def gather(self, numbers: Numbers) -> Numbers:
        """The rows of `numbers`, one after the other."""
        begins = self.begins[numbers]
        lengths = self.begins[numbers + 1] - begins
        total = int(lengths.sum())
        if not total:
            return self.values[:0]
        shifts = np.repeat(begins - (np.cumsum(lengths) - lengths), lengths)
        gathered: Numbers = self.values[np.arange(total, dtype=np.int32) + shifts]
        return gathered


class Selection:
    """What each watchlist needs, as groups of patterns of which one must be seen."""

    def __init__(self, needs: Sequence[Sequence[Choice]], patterns: int) -> None:
        groups: dict[frozenset[int], int] = {}
        selecting: list[int] = []
        selected: list[int] = []
        """Group and watchlist, side by side: the group is the rarest need of the watchlist."""
        others = np.zeros((CHECKED - 1, len(needs)), dtype=np.int32)
        self._unselected: list[int] = []
        for number, choices in enumerate(needs):
            if not choices:
                self._unselected.append(number)
            for at, choice in enumerate(choices[:CHECKED]):
                group = groups.setdefault(
                    choice.patterns, len(groups) + 1
                )  # 0: the group that is always seen
                if at:
                    others[at - 1, number] = group
                else:
                    selecting.append(group)
                    selected.append(number)
        self._others = others
        self._size = len(groups) + 1
        self._selected = Rows(selecting, selected, self._size)
        members = [(pattern, group) for members, group in groups.items() for pattern in members]
        self._groups = Rows([pattern for pattern, _ in members], [group for _, group in members], patterns)

    def chosen(self, seen: Numbers) -> list[int]:
        """The numbers of the watchlists all of whose needs are among the patterns `seen`, in order."""
        if not len(seen):
            return self._unselected
        groups = self._groups.gather(seen)
        present = np.zeros(self._size, dtype=bool)
        present[groups] = True
        there = present.nonzero()[0].astype(np.int32)
        present[0] = True
        numbers = self._selected.gather(there)
        for column in self._others:
            numbers = numbers[present[column[numbers]]]
        if self._unselected:
            return sorted({*numbers.tolist(), *self._unselected})
        numbers.sort()
        found: list[int] = numbers.tolist()
        return found
