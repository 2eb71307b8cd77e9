"""Witnesses: what several texts tell of what each shares with one, its article or the frame of its site.

Two pages alone may leave it open. A page in which a known article stands whole
has that for its article; and what pages of different articles share is the
frame of all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from watcher.novelty.chains import LINK_WEIGHT, LINK_WIDE, LINK_WORDS, sums
from watcher.novelty.fingerprints import Fingerprint, Tokens
from watcher.novelty.frames import NOTICE, OWN_WORDS
from watcher.novelty.likeness import NUMBERS_WAIVED, Likeness, in_frame

PAGES = 4
"""Texts that share one thing and each have another beside it, from which it is their frame whatever cluster they are
in: one taken wrongly for a copy would make copies of all that follow. Nobody keeps an article under so many threads."""
REST = 0.25
"""Share of the words outside the frame that two copies have in common at least: comments may be thrice the article."""

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Witness:
    """A text that shares some of mine: how, its cluster of copies, and how many words it has."""

    cluster: int
    words: float
    likeness: Likeness


def told_apart(mine: Fingerprint, alike: Sequence[Witness]) -> list[Likeness]:
    """How each is like mine, by what all of them tell: in order, what only shares a frame seen as such."""
    found = [each.likeness for each in alike]
    if mine.tokens is None or len(alike) < 2 or all(each.whole for each in found):
        return found
    shared = [_within(mine.tokens, each) for each in found]
    for at in _around_the_article(mine, alike, shared):
        found[at] = in_frame(found[at])
    asked = [at for at, each in enumerate(found) if each.framed or each.perhaps_framed]
    for at in asked:
        if found[at].perhaps_framed:
            others = (other for other in asked if other != at and not _adds(mine, shared[at], shared[other]))
            if _is_frame(alike[at].cluster, [alike[other].cluster for other in others]):
                found[at] = in_frame(found[at])
    framed = [covered for covered, each in zip(shared, found, strict=True) if each.framed]
    if framed:
        frame = np.logical_or.reduce(framed)
        for at, each in enumerate(found):
            if not (each.framed or each.whole):
                found[at] = _beyond(mine, each, shared[at], frame)
    return found


def _around_the_article(mine: Fingerprint, alike: Sequence[Witness], shared: Sequence[Flags]) -> list[int]:
    """Which texts share nothing of the known articles that stand whole in mine, and are most of what else it has."""
    cores = [
        covered
        for each, covered in zip(alike, shared, strict=True)
        if each.words >= NOTICE and each.likeness.contained >= NUMBERS_WAIVED > each.likeness.containment
    ]
    if not cores:
        return []
    article = np.logical_or.reduce(cores)
    return [
        at
        for at, (each, covered) in enumerate(zip(alike, shared, strict=True))
        if not (each.likeness.framed or each.likeness.whole)
        and each.words * (1 - each.likeness.back) >= OWN_WORDS
        and _weight(mine, article & covered) < LINK_WEIGHT
        and 2 * _weight(mine, article) >= _weight(mine, ~covered)
    ]


def _is_frame(cluster: int, others: Sequence[int]) -> bool:
    """Whether texts of these clusters are too many, or too different, to share an article with one of `cluster`."""
    return 2 + len(others) >= PAGES or any(other != cluster for other in others)


def _beyond(mine: Fingerprint, likeness: Likeness, covered: Flags, frame: Flags) -> Likeness:
    """The same without what is known for a frame: no look-alike if no passage is left, no copy if little is."""
    left = covered & ~frame
    if not _has_passage(mine, left):
        return in_frame(likeness)
    kept = np.count_nonzero(left) / np.count_nonzero(covered)
    share = float(np.count_nonzero(left) / np.count_nonzero(~frame))
    back = float(likeness.back * kept / (1 - likeness.back * (1 - kept)))
    if max(share, back) >= REST:
        return likeness
    return replace(likeness, containment=share, contained=back, back=back, perhaps_framed=False)


def _adds(mine: Fingerprint, one: Flags, other: Flags) -> bool:
    """Whether `one` has a passage, long enough to link two texts, that `other` has not."""
    return _has_passage(mine, one & ~other)


def _has_passage(mine: Fingerprint, tokens: Flags) -> bool:
    if _weight(mine, tokens) < LINK_WEIGHT:
        return False
    weights = sums(np.where(mine.wide, LINK_WORDS, LINK_WIDE))
    edges = np.flatnonzero(np.diff(tokens, prepend=False, append=False)).tolist()
    stretches: Iterable[tuple[int, int]] = zip(edges[::2], edges[1::2], strict=True)
    return any(weights[until] - weights[first] >= LINK_WEIGHT for first, until in stretches)


def _weight(mine: Fingerprint, tokens: Flags) -> int:
    wide = int(np.count_nonzero(tokens & mine.wide))
    return LINK_WIDE * (int(np.count_nonzero(tokens)) - wide) + LINK_WORDS * wide


def _within(tokens: Tokens, likeness: Likeness) -> Flags:
    """Which tokens stand in what is shared."""
    edges = np.array(likeness.spans, dtype=np.int32).reshape(-1, 2)
    begun = np.searchsorted(edges[:, 0], tokens.starts, side="right")
    covered: Flags = begun > np.searchsorted(edges[:, 1], tokens.starts, side="right")
    return covered
