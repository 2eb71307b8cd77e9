"""Accord: how far two reports tell one event, by six things that can be read off the two.

What the heads say that the other report says as well, what the whole texts
share, the figures they share, the dates on which they cannot both be, the days
their heads name, and the time between them, each weighed and added up as odds.
A logistic regression gave about these weights, on the half "develop" of the
labelled pairs of bench/stories; that of the days was chosen with all of them in
view. What each is worth, by its docstring, was measured on all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from watcher.novelty.terms import Flags, Keys, Terms

BASE = -3.7
"""What is added for any pair: nearly all tell two events."""
HEAD = 7.0
"""Weight of the heads' share. The regression gave 4 for all material and 10 for the wire alone, and 7 serves both: in
labelled wire pairs of "check" the average precision is .67, without the heads .46; in whole pages .84 against .75."""
WHOLE = 1.7
"""Weight of what the whole texts share, in logarithms: without it .74 in pages, .60 in the wire."""
FIGURES = 5.0
"""Weight of the figures' share, 0 to 1: without it the written reports of "develop" found at a precision of .90 fall
from .20 to .15; in pages alone it does not help."""
DATES = -0.9
"""For months, weekdays and years each of which both name some and none alike: without it .20 falls to .16. That both
name one date says little: reports of a day mostly do."""
LEAD_DAY = -2.5
"""For days of a month that both heads name, none alike: two launches from one place, two decisions of one bank. Of the
written pairs with a strength of .2 or more, .33 of those that tell two events have such days and .03 of those that tell
one. Without it .93 (check) and, undated, .90 (develop) of the written pairs in one story are right, not .96."""
DAY = -0.6
"""For each day between the two: without it .20 falls to .15, and in the wire .77 to .74."""
NAME = 2.0
"""What a name weighs in a head, a word weighing 1; at 1, .26 of the labelled wire pairs are found instead of .35; at 3
more are, but .79 of the undated written ones in one story are right instead of .85 (both of "develop")."""
WORDS = 0.05
"""Share of the heads' other words that must stand in the other report as well, else the heads count for nothing: one
company's two announcements share its name only. Without it .81 of the labelled wire pairs in one thread are right, not
.83."""
SOME = 0.04
"""Added to what two texts share, a term nobody else has being 1, so that nothing has a logarithm."""
FEW = 0.25
"""Added to all their figures tell, so that a single one in each is not everything."""

Numbers = NDArray[np.float64]


def strengths(
    mine: Terms, others: Sequence[Terms], days: Numbers, worth: Callable[[Keys], Numbers]
) -> Numbers:
    """The strength of the link to each other report, 0 to 1.

    `days` lie between the two; `worth` says how much a term tells, 0 to 1.
    """
    told = _Shared(mine.keys, [other.keys for other in others], worth)
    names = np.concatenate([other.names for other in others]) | (told.shared & mine.names[told.places])
    score = (
        BASE
        + HEAD * _heads(mine, np.concatenate([other.head for other in others]), names, told)
        + WHOLE
        * (np.log(SOME + told.summed(told.theirs, told.shared)) - 0.5 * np.log(np.maximum(told.size, 1.0)))
        + FIGURES * _figures(mine, others, worth)
        + DATES * np.array([_apart(mine.dates, other.dates) for other in others])
        + LEAD_DAY
        * np.array([bool(mine.days and other.days and not mine.days & other.days) for other in others])
        + DAY * days
    )
    made: Numbers = 1.0 / (1.0 + np.exp(-score))
    return made


class _Shared:
    """The keys of several reports in a row, and which of them one report has as well."""

    def __init__(self, mine: Keys, others: Sequence[Keys], worth: Callable[[Keys], Numbers]) -> None:
        self.count = len(others)
        self.owners = np.repeat(np.arange(self.count), [len(other) for other in others])
        keys = np.concatenate(others)
        self.places = np.minimum(np.searchsorted(mine, keys), max(len(mine) - 1, 0))
        self.shared: Flags = np.isin(keys, mine) if not len(mine) else mine[self.places] == keys
        self.ours, self.theirs = worth(mine), worth(keys)

    def summed(self, values: Numbers, which: Flags | None = None) -> Numbers:
        """The sum for each of the reports."""
        kept = values if which is None else values * which
        return np.bincount(self.owners, weights=kept, minlength=self.count).astype(np.float64, copy=False)

    @property
    def size(self) -> Numbers:
        """The geometric mean of what this report and each other one tell in all."""
        size: Numbers = np.sqrt(self.ours.sum() * self.summed(self.theirs))
        return size


def _heads(mine: Terms, head: Flags, names: Flags, told: _Shared) -> Numbers:
    """How much of each head stands in the other report, the geometric mean of the two shares; 0 for names alone."""
    theirs = told.theirs * head
    there = told.summed(theirs * ~names, told.shared), told.summed(theirs * names, told.shared)
    whole_there = told.summed(theirs * ~names), told.summed(theirs * names)
    ours = told.ours * mine.head
    said = ours[told.places] * told.shared
    here = told.summed(said * ~names), told.summed(said * names)
    # what either report has as a name is one in both
    turned = told.summed(said, names & ~mine.names[told.places])
    whole_here = (ours * ~mine.names).sum() - turned, (ours * mine.names).sum() + turned

    def share(part: tuple[Numbers, Numbers], whole: tuple[Numbers, Numbers]) -> Numbers:
        shared: Numbers = (part[0] + NAME * part[1]) / np.maximum(whole[0] + NAME * whole[1], 1e-9)
        return shared

    words = here[0] / np.maximum(whole_here[0], 1e-9) + there[0] / np.maximum(whole_there[0], 1e-9)
    heads = np.sqrt(share(here, whole_here) * share(there, whole_there))
    return np.where(words >= 2 * WORDS, heads, 0.0)


def _figures(mine: Terms, others: Sequence[Terms], worth: Callable[[Keys], Numbers]) -> Numbers:
    told = _Shared(mine.figures, [other.figures for other in others], worth)
    agreed: Numbers = told.summed(told.theirs, told.shared) / (FEW + told.size)
    return agreed


def _apart(mine: tuple[int, ...], theirs: tuple[int, ...]) -> int:
    """Of months, weekdays and years, how many both name without one in common."""
    return sum(bool(one and other and not one & other) for one, other in zip(mine, theirs, strict=True))
