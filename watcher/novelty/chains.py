"""Chains: the passages two texts share, found on their shingles in order.

Where a shingle of one stands in the other, both go on together for a run; runs
with a word or two exchanged between them are one chain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from watcher.novelty.fingerprints import K_WIDE, K_WORDS, Fingerprint

LINK_WORDS = 20
LINK_WIDE = 35
"""Words, or wide characters, of one shared chain that make two texts look-alikes: stock phrases are shorter."""
LINK_WEIGHT = LINK_WORDS * LINK_WIDE
GAP = 3
"""Tokens that may differ inside a chain, if none holds a digit; one more than a shingle has where as many stand in
for as many: two exchanged tokens hide what stands between them."""
_LOW = (1 << 14) - 1
_REPEATS = 8
"""Places in the other text that are tried for a shingle that repeats there."""

Run = tuple[int, int, int]
"""First and last shingle of mine, and the place of the first in theirs."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Shared runs of tokens, joined: `[start, end)` of mine, and of theirs."""

    start: int
    end: int
    their_start: int
    their_end: int
    weight: int
    """LINK_WEIGHT or more links: a word weighs LINK_WIDE, a wide character LINK_WORDS, a gap nothing."""


def pairs_of(
    mine: NDArray[np.uint32], theirs: NDArray[np.uint32], kept: NDArray[np.bool_] | None
) -> tuple[NDArray[np.intp], NDArray[np.intp]] | None:
    """The places where a shingle of mine stands in theirs, in diagonals: index in mine, index in theirs."""
    # most shingles stand in one of the two alone: a table of bits tells, and leaves little to sort and search
    low = theirs & _LOW
    at = _bits_of(low)[mine & _LOW]
    if kept is not None:
        at &= kept
    at = at.nonzero()[0]
    wanted = mine[at]
    order = _bits_of(wanted & _LOW)[low].nonzero()[0]
    if not len(order):
        return None
    order = order[np.argsort(theirs[order], kind="stable")]
    ordered = theirs[order]
    left = np.searchsorted(ordered, wanted)
    found = ordered[np.minimum(left, len(ordered) - 1)] == wanted
    at, left = at[found], left[found]
    if not len(at):
        return None
    times = np.searchsorted(ordered, mine[at], side="right") - left
    if int(times.max()) == 1:
        return at, order[left]
    times = np.minimum(times, _REPEATS)
    nth = np.arange(int(times.sum())) - np.repeat(np.cumsum(times) - times, times)
    ours = np.repeat(at, times)
    yours = order[np.repeat(left, times) + nth]
    by_diagonal = np.lexsort((ours, yours - ours))
    return ours[by_diagonal], yours[by_diagonal]


def _bits_of(values: NDArray[np.unsignedinteger[Any] | np.signedinteger[Any]]) -> NDArray[np.bool_]:
    bits = np.zeros(_LOW + 1, dtype=np.bool_)
    bits[values] = True
    return bits


def runs_of(ours: NDArray[np.intp], yours: NDArray[np.intp], *, size: int) -> list[Run]:
    """The shared runs of shingles, in the order of mine; the longest where they compete."""
    breaks = np.flatnonzero((np.diff(ours) != 1) | (np.diff(yours) != 1))
    firsts = np.concatenate(([0], breaks + 1))
    lasts = np.concatenate((breaks, [len(ours) - 1]))
    starts, ends = ours[firsts], ours[lasts]
    runs = list(zip(starts.tolist(), ends.tolist(), yours[firsts].tolist(), strict=True))
    if len(runs) > 1 and np.any(starts[1:] <= ends[:-1]):
        runs = _settled(runs, size)
    return runs


def _settled(runs: list[Run], size: int) -> list[Run]:
    """Of runs that lie over one another in mine, the longest; sorted by where they begin."""
    taken = bytearray(size)
    chosen = []
    for run in sorted(runs, key=lambda run: run[0] - run[1]):
        first, last, _ = run
        if taken.find(0, first, last + 1) >= 0:
            taken[first : last + 1] = b"\x01" * (last + 1 - first)
            chosen.append(run)
    chosen.sort()
    return chosen


def chains_of(runs: list[Run], mine: Fingerprint, theirs: Fingerprint) -> list[Chain]:
    """The runs as chains: joined across small gaps without digits."""
    lengths, weights = _lengths_and_weights(mine)
    digits = sums(mine.digits) if mine.digits.any() else None
    their_digits = sums(theirs.digits) if theirs.digits.any() else None
    chains: list[Chain] = []
    start = end = their_start = their_end = -1
    weight = 0
    for first, last, place in runs:
        until = last + lengths[last]
        ours, yours = first - end, place - their_end
        gap = lengths[first] + 1 if ours == yours else GAP
        joins = end >= 0 and ours <= gap and -K_WIDE < yours <= gap
        if joins and ours > 0 and digits is not None:
            joins = digits[first] == digits[end]
        if joins and yours > 0 and their_digits is not None:
            joins = their_digits[place] == their_digits[their_end]
        if not joins:
            if end >= 0:
                chains.append(Chain(start, end, their_start, their_end, weight))
            start, their_start, weight, end = first, place, 0, first
        weight += weights[until] - weights[max(first, end)]
        end = max(end, until)
        their_end = place + until - first
    chains.append(Chain(start, end, their_start, their_end, weight))
    return chains


def _lengths_and_weights(text: Fingerprint) -> tuple[Sequence[int], Sequence[int]]:
    """The tokens of each shingle, and what the tokens before each one weigh."""
    if text.wide.any():
        return text.lengths.tolist(), sums(np.where(text.wide, LINK_WORDS, LINK_WIDE))
    return [K_WORDS] * len(text.shingles), range(0, LINK_WIDE * (text.count + 1), LINK_WIDE)


def sums(values: NDArray[np.int64] | NDArray[np.bool_]) -> list[int]:
    """`sums[i]`: the sum of the values before `i`."""
    totals = np.zeros(len(values) + 1, dtype=np.int64)
    np.cumsum(values, out=totals[1:])
    listed: list[int] = totals.tolist()
    return listed
