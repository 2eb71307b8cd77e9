"""Look-alikes: whether two texts share text, how much, and where, verified on their shingles in order.

Copies in news are contained rather than similar: an article inside its page, a
quotation inside a comment. So both containments count, and so does one long
shared passage; templates that share their words but not their figures do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from watcher.model import Span
from watcher.novelty.chains import LINK_WEIGHT, LINK_WIDE, Chain, Run, chains_of, pairs_of, runs_of
from watcher.novelty.figures import agreement
from watcher.novelty.fingerprints import Fingerprint, distinct, fingerprint
from watcher.novelty.frames import frame

LINK_CONTAINMENT = 0.5
"""Either containment that makes two texts look-alikes (labelled wire copies with edits begin at .50-.55)."""
SHORT_CONTAINMENT = 0.8
SHORT_WORDS = 12
"""Words that must be shared where neither containment reaches SHORT_CONTAINMENT: half a flash is one stock phrase."""
NUMBERS_AGREE = 0.75
"""Shared numbers / the smaller text's numbers, up to which near-equal texts are two reports of one template.

Three of four is not enough: a daily report of four figures with one changed is the next day's. On labelled
wire copies, .75 itself counted as agreeing gave precision .957 at recall .988, not counted .975 at .990; with fractions
read as one figure, .993 at .990."""
NUMBERS_WAIVED = 0.97
"""Containment from which the numbers are not asked."""
REWRITTEN = 0.85
"""Share of a text within chains from which it is a copy with words changed throughout, its figures agreeing:
every tenth of 100 words changed leaves .48 of the shingles. On labelled wire copies this linked nothing wrong."""
REWRITTEN_WIDE = 0.65
"""The same for text in Han or Hangul: every tenth character changed leaves .43 of the shingles, and chains over .79
of the text."""
EDITED_GAPS = 4
EDITED_FIGURES = 5
"""Gaps from which two texts were edited rather than filled in, if at most one gap in so many is between figures.

Of 77 labelled templates none is; of the 4 copies with other figures, the one that was rewritten is."""
PASSAGE = 0.85
"""Share of what is shared that one chain holds when a passage was taken over: then the figures around it, in a
longer text, are another matter's. A template is shared in pieces, or by texts of one size."""
BESIDE = 20
FIGURES = 0.1
"""Tokens that each text has of its own between two passages where its figures are another matter's too, as those of
comments are, unless so many of the tokens are figures: a table is what a template is filled with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """How a text (mine) is like another (theirs)."""

    containment: float
    """Share of my shingles that stand in theirs; for a text rewritten throughout (REWRITTEN), of my words."""
    contained: float
    """Share of their shingles that stand in mine, likewise."""
    shared_words: float
    """Words of mine within shared chains, as `count_words` counts them."""
    back: float
    """Share of their tokens that stand within shared chains."""
    spans: tuple[Span, ...]
    """The chains as offsets into my original text, sorted and disjoint; empty if mine was read from bytes."""
    framed: bool = False
    """What they share is what stands around the articles of one site; the containments do not count it."""
    perhaps_framed: bool = False
    """The same, perhaps: others that share it can tell."""

    @property
    def whole(self) -> bool:
        """Whether nearly all of one text stands in the other: that is no frame."""
        return max(self.containment, self.contained) >= NUMBERS_WAIVED


def compare(
    mine: Fingerprint,
    theirs: Fingerprint,
    *,
    same_item: bool = False,
    boilerplate: AbstractSet[int] = frozenset(),
) -> Likeness | None:
    """How `mine` is like `theirs`, or None if they are not linked.

    Linked: a chain of LINK_WORDS, or either containment of LINK_CONTAINMENT with
    agreeing numbers (or one passage, PASSAGE); what stands around two articles of
    one site is no containment, however much it is. `same_item`: both are texts of one item, whose figures may
    change. `boilerplate`: sample hashes that link nothing.
    """
    if mine.key and mine.key == theirs.key:
        return _equal(mine, theirs)
    kept = _without_boilerplate(mine, boilerplate)
    m, t = mine.shingles, theirs.shingles
    if kept is None and len(m) and np.array_equal(m, t):  # what comes again unchanged, a tenth of the cost
        return _equal(mine, theirs)
    if kept is not None:
        t = t[~np.isin(t, m[~kept])]
        m = m[kept]
    if not len(m) or not len(t):
        return None
    pairs = pairs_of(mine.shingles, theirs.shingles, kept)
    if pairs is None:
        return None
    return _linked(mine, theirs, pairs, _containments(m, t), same_item=same_item)


def _linked(
    mine: Fingerprint,
    theirs: Fingerprint,
    pairs: tuple[NDArray[np.intp], NDArray[np.intp]],
    containments: tuple[float, float],
    *,
    same_item: bool,
) -> Likeness | None:
    strong = max(containments)
    agree = same_item or strong >= NUMBERS_WAIVED or agreement(mine.numbers, theirs.numbers) > NUMBERS_AGREE
    runs = runs_of(*pairs, size=len(mine.shingles))
    chains = chains_of(runs, mine, theirs)
    longest, total = max(chain.weight for chain in chains), sum(chain.weight for chain in chains)
    agree = agree or _edited(runs, mine, theirs)
    if longest < LINK_WEIGHT and strong < LINK_CONTAINMENT:
        return None
    likeness = _likeness(mine, theirs, chains, *containments)
    if strong < LINK_CONTAINMENT and agree:
        likeness = _rewritten(likeness, mine, chains)
    copied = max(likeness.containment, likeness.contained) >= LINK_CONTAINMENT
    if not same_item and strong < NUMBERS_WAIVED and copied == (strong >= LINK_CONTAINMENT):
        around = frame(chains, mine, theirs, much=copied)
        if around is not None and around.sure and (copied or not around.own):
            return _framed(likeness, mine, theirs, around.own) if longest >= LINK_WEIGHT else None
        likeness = replace(likeness, perhaps_framed=around is not None and not around.sure)
    if strong < LINK_CONTAINMENT:
        return likeness
    short = strong < SHORT_CONTAINMENT and total < SHORT_WORDS * LINK_WIDE
    passage = min(containments) < LINK_CONTAINMENT and longest >= max(PASSAGE * total, LINK_WEIGHT)
    return None if short or not (agree or passage or _beside(chains, mine, theirs)) else likeness


def in_frame(likeness: Likeness) -> Likeness:
    """The same, of two texts that are found to share their frame alone."""
    return replace(likeness, containment=0.0, contained=0.0, back=0.0, framed=True, perhaps_framed=False)


def boilerplate_spans(mine: Fingerprint, hashes: AbstractSet[int]) -> tuple[Span, ...]:
    """The passages of `mine` that are boilerplate, as offsets into its text; `hashes` are of samples."""
    kept = _without_boilerplate(mine, hashes)
    if kept is None:
        return ()
    covered = np.zeros(mine.count, dtype=np.bool_)
    for first, last in _stretches(np.flatnonzero(~kept)):
        covered[first : last + int(mine.lengths[last])] = True
    return _as_spans(mine, [(a, b + 1) for a, b in _stretches(np.flatnonzero(covered))])


def shared_passages(mine: str, theirs: str) -> tuple[tuple[Span, Span], ...]:
    """The passages two texts share, as offsets into each, in the order of mine."""
    a, b = fingerprint(mine), fingerprint(theirs)
    if a.key and a.key == b.key:
        return ((_span(a, 0, a.count), _span(b, 0, b.count)),)
    pairs = pairs_of(a.shingles, b.shingles, None) if len(a.shingles) and len(b.shingles) else None
    if pairs is None:
        return ()
    chains = chains_of(runs_of(*pairs, size=len(a.shingles)), a, b)
    return tuple(
        (_span(a, chain.start, chain.end), _span(b, chain.their_start, chain.their_end)) for chain in chains
    )


# --------------------------------------------------------------------------- steps


def _equal(mine: Fingerprint, theirs: Fingerprint) -> Likeness:
    spans = () if mine.tokens is None else (_span(mine, 0, mine.count),)
    return Likeness(
        containment=1.0,
        contained=1.0,
        shared_words=_words(mine, np.ones(mine.count, dtype=np.bool_), spans),
        back=1.0 if theirs.count else 0.0,
        spans=spans,
    )


def _without_boilerplate(mine: Fingerprint, hashes: AbstractSet[int]) -> NDArray[np.bool_] | None:
    """Which shingles of mine are not boilerplate; None if all are not.

    Only sampled shingles can be known as boilerplate. What stands between two
    that follow one another in the sample is boilerplate as well.
    """
    if not hashes or mine.hashes is None:
        return None
    known = np.fromiter(hashes, dtype=np.uint64, count=len(hashes))
    sampled = np.flatnonzero(np.isin(mine.hashes, mine.sample))
    flagged = np.isin(mine.hashes[sampled], known)
    if not flagged.any():
        return None
    kept = np.ones(len(mine.hashes), dtype=np.bool_)
    for first, last in _stretches(np.flatnonzero(flagged)):
        kept[sampled[first] : sampled[last] + 1] = False
    return kept


def _stretches(indices: NDArray[np.intp]) -> list[tuple[int, int]]:
    """First and last of each stretch of consecutive numbers."""
    if not len(indices):
        return []
    breaks = np.flatnonzero(np.diff(indices) != 1)
    firsts = indices[np.concatenate(([0], breaks + 1))]
    lasts = indices[np.concatenate((breaks, [len(indices) - 1]))]
    return list(zip(firsts.tolist(), lasts.tolist(), strict=True))


def _containments(mine: NDArray[np.uint32], theirs: NDArray[np.uint32]) -> tuple[float, float]:
    """The share of each one's distinct shingles that stand in the other."""
    ours, yours = distinct(mine), distinct(theirs)
    both = np.concatenate((ours, yours))
    both.sort()
    shared = int(np.count_nonzero(both[1:] == both[:-1]))
    return shared / max(len(ours), 1), shared / max(len(yours), 1)


def _edited(runs: list[Run], mine: Fingerprint, theirs: Fingerprint) -> bool:
    """Whether words were changed all over, figures only by the way: a template changes its figures first."""
    gaps = len(runs) - 1
    if gaps < EDITED_GAPS:
        return False
    lengths = mine.lengths
    figures = 0
    for (first, last, place), (then, _, there) in pairwise(runs):
        size = last + int(lengths[last]) - first
        ours, yours = slice(first + size, then), slice(place + size, there)
        figures += bool(mine.digits[ours].any() and theirs.digits[yours].any())
    return figures * EDITED_FIGURES <= gaps


def _beside(chains: Sequence[Chain], mine: Fingerprint, theirs: Fingerprint) -> bool:
    """Whether what is shared stands in several passages, and figures on both sides only in long texts between them."""
    passages = [chain for chain in chains if chain.weight >= LINK_WEIGHT]
    if len(passages) < 2 or sum(c.weight for c in passages) < PASSAGE * sum(c.weight for c in chains):
        return False
    for one, then in pairwise(passages):
        ours, yours = mine.digits[one.end : then.start], theirs.digits[one.their_end : then.their_start]
        short = min(len(ours), len(yours)) < BESIDE
        if ours.any() and yours.any() and (short or max(ours.mean(), yours.mean()) > FIGURES):
            return False
    return True


def _likeness(
    mine: Fingerprint, theirs: Fingerprint, chains: Sequence[Chain], containment: float, contained: float
) -> Likeness:
    covered = np.zeros(mine.count, dtype=np.bool_)
    back = np.zeros(theirs.count, dtype=np.bool_)
    for chain in chains:
        covered[chain.start : chain.end] = True
        back[chain.their_start : chain.their_end] = True
    spans = _as_spans(mine, [(first, last + 1) for first, last in _stretches(np.flatnonzero(covered))])
    return Likeness(
        containment=containment,
        contained=contained,
        shared_words=_words(mine, covered, spans),
        back=float(np.count_nonzero(back)) / len(back),
        spans=spans,
    )


def _framed(shared: Likeness, mine: Fingerprint, theirs: Fingerprint, own: Sequence[Chain]) -> Likeness:
    """How two articles in one frame are alike: by the passages of their own, though all that is shared is known."""
    if max((chain.weight for chain in own), default=0) < LINK_WEIGHT:
        return in_frame(shared)
    likeness = _likeness(mine, theirs, own, 0.0, 0.0)
    share = min(sum(chain.end - chain.start for chain in own) / mine.count, 1.0)
    return replace(likeness, containment=share, contained=likeness.back, spans=shared.spans)


def _words(mine: Fingerprint, covered: NDArray[np.bool_], spans: tuple[Span, ...]) -> float:
    """The words of the covered tokens, by the one word count where there is a text."""
    if mine.tokens is None:
        return float(np.where(mine.wide[covered], 0.5, 1.0).sum())
    folded = mine.tokens.folded
    ends = np.searchsorted(folded.starts, np.array(spans, dtype=np.int32).reshape(-1, 2))
    return float((folded.counts[ends[:, 1]] - folded.counts[ends[:, 0]]).sum())


def _rewritten(likeness: Likeness, mine: Fingerprint, chains: list[Chain]) -> Likeness:
    """The same, by what chains cover instead of by whole shingles, where that is nearly all of one text."""
    covered = min(sum(chain.end - chain.start for chain in chains) / mine.count, 1.0)
    enough = REWRITTEN_WIDE if 2 * np.count_nonzero(mine.wide) > mine.count else REWRITTEN
    if max(covered, likeness.back) < enough:
        return likeness
    return replace(
        likeness,
        containment=covered if covered >= enough else likeness.containment,
        contained=likeness.back if likeness.back >= enough else likeness.contained,
    )


def _as_spans(mine: Fingerprint, ranges: list[tuple[int, int]]) -> tuple[Span, ...]:
    if mine.tokens is None:
        return ()
    return tuple(_span(mine, first, until) for first, until in ranges)


def _span(mine: Fingerprint, first: int, until: int) -> Span:
    """Tokens `[first, until)` as offsets into the original text."""
    if mine.tokens is None or first >= until:
        return 0, 0
    return int(mine.tokens.starts[first]), int(mine.tokens.ends[until - 1])
