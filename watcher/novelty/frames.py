"""Frames: what stands around every article of a site, told from the articles by which side reads as prose.

Two pages of one site share menus, teasers, a footer. Where two texts share
their beginning and their end, and each has a text of its own in one place
between, these are two articles in one frame, or one article beside which other
teasers or comments stand: in the one case lists and notices are shared, in the
other the article is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from watcher.novelty.chains import LINK_WEIGHT, LINK_WIDE, LINK_WORDS, Chain, sums
from watcher.novelty.fingerprints import K_WIDE, Fingerprint

OWN_WORDS = 40
OWN_SHARE = 1 / 3
"""Two articles in one frame: words that stand in each, in one place, between what the two share; or such a share of
each, if all behind it is shared, as a footer is. Of 401 labelled wire copies none has such a gap or share."""
LISTED = 12
"""Words of lists that are shared before the first article of a page, which stands behind its menus."""
APART = 3
ASIDE = 5
"""Words of lists between the end of an article and the prose of its frame, a box on the author or a standing appeal,
which may then be so many times as long. An article that got another beginning goes on at once."""
TEASED = 1 / 3
"""Share of a text's own words that may be shared within them: a page names the next article in its teasers."""
NOTICE = 50
"""Words of prose in a row that an article has at least."""
BRIEF = 0.3
"""Share of the comments under it that an article has at least."""
LINE, SENTENCE, WIDE_SENTENCE = 80, 60, 16
"""Characters from which a line that ends in a full stop, and any sentence, is prose; with Han, kana or Hangul in it."""
UNBROKEN = 500
"""Characters from which what ends in a full stop is a menu that stands on one line."""
EDGE = 64
"""Tokens from the beginning or the end of a text within which its frame begins or ends."""
ITEM = 40
"""Characters of a list's lines, on average."""
_BEGINNING = Chain(0, 0, 0, 0, 0)
_MOST = 64
"""Chains, the heaviest, among which an order is looked for."""
_SENTENCE = re.compile(r"[^.!?…。！？।؟۔]+([.!?…。！？।؟۔]?)")
_FULL_STOP = re.compile(r"[.!?…。！？।؟۔]['\"”’»」』)\]]*\s*$")
_WRAP = re.compile(r"(?<=[^\n]{50})(?<![.!?…。！？।؟۔])\n(?=(\w))")
"""Where a sentence may go on in the next line."""
_INITIAL = re.compile(r"(?<![\w'’-])[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Frame:
    """That two texts stand in one frame, surely or perhaps."""

    own: tuple[Chain, ...]
    """The shared chains that are passages of the articles themselves."""
    sure: bool


def frame(chains: Sequence[Chain], mine: Fingerprint, theirs: Fingerprint, *, much: bool) -> Frame | None:
    """The frame of two texts, if they stand in one. `much`: half of one text is shared, its frame or its article.

    Perhaps: what is shared may be the article as well, by what these two texts tell.
    """
    if mine.tokens is None or (much and not _have_room(chains, mine, theirs)):
        return None
    ordered, page = _in_order(chains), _Page(mine)
    if not much:
        stands, sure = _is_listed(page, ordered, mine, theirs), True
    else:
        between = _between(chains, ordered, mine, theirs)
        gaps, last = _gaps(ordered, between), ordered[-1]
        sure = not gaps or _are_two(page, gaps, ordered)
        stands = bool(gaps) or _is_footed(last, between, mine, theirs)
        if not stands and _ends_apart(last, mine, theirs) and _is_listed(page, ordered, mine, theirs):
            stands = _are_two(page, [_Gap(last.end, mine.count, len(ordered), len(ordered))], ordered)
        if stands and not sure and None not in (mine.title_key, theirs.title_key):
            # a site gives an article one title, whoever comments on it
            sure = mine.title_key != theirs.title_key and _is_listed(page, ordered, mine, theirs)
    if not stands:
        return None
    return Frame(own=tuple(chain for chain in chains if sure and page.goes_on(chain)), sure=sure)


class _Page:
    """A text as prose and lists; words are weighed as in a chain's weight."""

    def __init__(self, text: Fingerprint) -> None:
        self._text = text

    @cached_property
    def _reads(self) -> NDArray[np.bool_]:
        return _prose(self._text)

    @cached_property
    def _weights(self) -> list[int]:
        return sums(_weights(self._text))

    @cached_property
    def _prose(self) -> list[int]:
        return sums(np.where(self._reads, _weights(self._text), 0))

    @cached_property
    def flat(self) -> bool:
        """Whether it stands on one line, so that its lists do not show."""
        return self._text.tokens is not None and "\n" not in _lines(self._text.tokens.folded.original)

    def prose(self, first: int, until: int) -> int:
        """The prose of these tokens."""
        return self._prose[until] - self._prose[first]

    def lists(self, first: int, until: int) -> int:
        """What of them is no prose."""
        return self._weights[until] - self._weights[first] - self.prose(first, until)

    def opening(self, first: int, until: int) -> int:
        """Where their first prose begins."""
        found = np.flatnonzero(self._reads[first:until])
        return first + int(found[0]) if len(found) else until

    def runs(self, first: int, until: int) -> list[tuple[int, int]]:
        """Their prose, in tokens that follow one another."""
        edges = np.flatnonzero(np.diff(self._reads[first:until], prepend=False, append=False)) + first
        return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))

    def goes_on(self, chain: Chain) -> bool:
        """Whether a chain ends within prose that goes on without it: a passage of an article, no part of a frame."""
        if chain.end >= len(self._reads) or not self._reads[chain.end]:
            return False
        runs = self.runs(chain.start, chain.end)
        return bool(runs) and runs[-1][1] == chain.end and self.prose(*runs[-1]) >= LINK_WEIGHT


@dataclass(frozen=True, slots=True)
class _Gap:
    """What each text has of its own between two chains: tokens of mine, and which of the chains stand around it."""

    first: int
    until: int
    before: int
    """How many chains stand before it …"""
    after: int
    """… and from which on they stand behind it."""


# --------------------------------------------------------------------------- decided


def _have_room(chains: Sequence[Chain], mine: Fingerprint, theirs: Fingerprint) -> bool:
    """Whether each can have a text of its own: most copies have not, which costs less to see than what follows."""
    own = mine.count - _covered((chain.start, chain.end) for chain in chains)
    their_own = theirs.count - _covered((chain.their_start, chain.their_end) for chain in chains)
    share = OWN_SHARE * LINK_WORDS / LINK_WIDE
    return own >= min(OWN_WORDS, share * mine.count) and their_own >= min(OWN_WORDS, share * theirs.count)


def _covered(ranges: Iterable[tuple[int, int]]) -> int:
    """How many tokens these ranges hold, each once."""
    covered = at = 0
    for first, until in sorted(ranges):
        covered += max(0, until - max(first, at))
        at = max(at, until)
    return covered


def _between(
    chains: Sequence[Chain], ordered: list[Chain], mine: Fingerprint, theirs: Fingerprint
) -> list[tuple[int, int]]:
    """What each has of its own before each of the chains in order, as weights."""
    alone = _alone(mine, [(chain.start, chain.end) for chain in chains])
    their_alone = _alone(theirs, [(chain.their_start, chain.their_end) for chain in chains])
    return [
        (
            alone[max(then.start, chain.end)] - alone[chain.end],
            their_alone[max(then.their_start, chain.their_end)] - their_alone[chain.their_end],
        )
        for chain, then in pairwise((_BEGINNING, *ordered))
    ]


def _gaps(ordered: list[Chain], between: list[tuple[int, int]]) -> list[_Gap]:
    """Where each has a text of some length in one place of what they share, teasers of the other within it or not."""
    gaps = []
    for before in range(1, len(ordered)):
        own = their_own = shared = 0
        for after in range(before, len(ordered)):
            ours, yours = between[after]
            own, their_own = own + ours, their_own + yours
            least = min(own, their_own)
            if least >= OWN_WORDS * LINK_WIDE and shared <= TEASED * least:
                gaps.append(_Gap(ordered[before - 1].end, ordered[after].start, before, after))
            if ordered[after].weight >= NOTICE * LINK_WIDE:
                break  # it may be an article
            shared += ordered[after].weight
    return gaps


def _is_footed(last: Chain, between: list[tuple[int, int]], mine: Fingerprint, theirs: Fingerprint) -> bool:
    """Whether all behind the texts of both is shared, and much of each is its own: a brief over a footer."""
    if mine.count - last.end >= K_WIDE or theirs.count - last.their_end >= K_WIDE:
        return False
    size, their_size = int(_weights(mine).sum()), int(_weights(theirs).sum())
    return any(min(ours / size, yours / their_size) >= OWN_SHARE for ours, yours in between)


def _ends_apart(last: Chain, mine: Fingerprint, theirs: Fingerprint) -> bool:
    """Whether each has a text of some length behind all that they share."""
    ours, yours = int(_weights(mine)[last.end :].sum()), int(_weights(theirs)[last.their_end :].sum())
    return min(ours, yours) >= OWN_WORDS * LINK_WIDE


def _are_two(page: _Page, gaps: list[_Gap], ordered: list[Chain]) -> bool:
    """Whether an article stands in a gap; where other teasers or comments do, what is shared reads as the article."""
    return (
        any(_reads_most(page, gap, ordered) for gap in gaps)
        or any(_stands_first(page, gap, ordered) for gap in gaps)
        or _only_notices(page, gaps[0], ordered)
    )


def _reads_most(page: _Page, gap: _Gap, ordered: list[Chain]) -> bool:
    """Whether the longest prose stands in this gap, and no article before it: it may be a long thread of comments."""
    own = page.prose(gap.first, gap.until)
    longest = max(page.prose(chain.start, chain.end) for chain in ordered)
    return longest <= own and not _has_article(page, ordered[: gap.before], own)


def _stands_first(page: _Page, gap: _Gap, ordered: list[Chain]) -> bool:
    """Whether the first article behind the menus stands in this gap, and lists are between it and what is shared."""
    before, after = ordered[: gap.before], ordered[gap.after :]
    runs = page.runs(gap.first, gap.until)
    if not after or max((page.prose(*run) for run in runs), default=0) < NOTICE * LINK_WIDE:
        return False
    own = page.prose(gap.first, gap.until)
    longest = max(after, key=lambda chain: page.prose(chain.start, chain.end))
    if page.prose(longest.start, longest.end) > ASIDE * own or _has_article(page, before, own):
        return False
    if page.flat:
        return True
    menus = sum(page.lists(chain.start, chain.end) for chain in before)
    ends, begins = runs[-1][1], page.opening(longest.start, longest.end)
    return menus >= LISTED * LINK_WIDE and page.lists(ends, begins) >= APART * LINK_WIDE


def _has_article(page: _Page, chains: Sequence[Chain], beside: int) -> bool:
    """Whether these chains hold prose in a row that may be an article, with comments of such a length under it."""
    runs = (run for chain in chains for run in page.runs(chain.start, chain.end))
    return max((page.prose(*run) for run in runs), default=0) >= max(NOTICE * LINK_WIDE, BRIEF * beside)


def _only_notices(page: _Page, gap: _Gap, ordered: list[Chain]) -> bool:
    """Whether nothing that is shared is long enough to be an article: each has a table or a list for one."""
    menus = sum(page.lists(chain.start, chain.end) for chain in ordered[: gap.before])
    if menus < LISTED * LINK_WIDE:
        return False
    return all(
        page.prose(*run) < NOTICE * LINK_WIDE
        for chain in ordered
        for run in page.runs(chain.start, chain.end)
    )


def _is_listed(page: _Page, ordered: list[Chain], mine: Fingerprint, theirs: Fingerprint) -> bool:
    """Whether both begin or both end with one list: the menus of a site, or what stands at the foot of its pages."""
    # a word of its own, a date or a count, may part the menus of a page
    return any(
        (
            max(chain.start, chain.their_start) <= EDGE
            or max(mine.count - chain.end, theirs.count - chain.their_end) <= EDGE
        )
        and _is_list(page, chain, mine)
        for chain in ordered
    )


def _is_list(page: _Page, chain: Chain, mine: Fingerprint) -> bool:
    """Whether a chain has lines of a list; in a text without lines, whether its words are those of a menu."""
    if mine.tokens is None or chain.weight < LISTED * LINK_WIDE:
        return False
    text = _lines(mine.tokens.folded.original)
    start, end = int(mine.tokens.starts[chain.start]), int(mine.tokens.ends[chain.end - 1])
    lines = text.count("\n", start, end) + 1
    if lines > 2 and end - start <= ITEM * lines:
        lists = page.lists(chain.start, chain.end)
        return lists >= max(LISTED * LINK_WIDE, page.prose(chain.start, chain.end))
    return "\n" not in mine.tokens.folded.original and not _is_running(text[start:end])


# --------------------------------------------------------------------------- read


def _in_order(chains: Sequence[Chain]) -> list[Chain]:
    """The heaviest chains that stand in one order in both."""
    kept: list[Chain] = []
    for chain in sorted(chains, key=lambda chain: -chain.weight)[:_MOST]:
        if all(_follows(chain, other) or _follows(other, chain) for other in kept):
            kept.append(chain)
    return sorted(kept, key=lambda chain: chain.start)


def _follows(one: Chain, other: Chain) -> bool:
    return one.start > other.end - K_WIDE and one.their_start > other.their_end - K_WIDE


def _prose(text: Fingerprint) -> NDArray[np.bool_]:
    """For each token whether it stands in prose, not in a menu, a list or a headline."""
    if text.tokens is None:
        return np.zeros(text.count, dtype=np.bool_)
    original = _lines(text.tokens.folded.original)
    reads = np.zeros(len(original) + 1, dtype=np.bool_)
    at = 0
    unwrapped = _WRAP.sub(lambda found: " " if found[1].islower() else "\n", original)
    for line in unwrapped.split("\n"):
        wide = max(line, default="") >= "⺀"
        if (
            WIDE_SENTENCE <= len(line) <= 3 * UNBROKEN
            and (wide or len(line) >= LINE)
            and _FULL_STOP.search(line)
        ):
            reads[at : at + len(line)] = _is_running(line)
        elif len(line) >= (WIDE_SENTENCE if wide else SENTENCE):
            for found in _SENTENCE.finditer(line):
                size = len(found[0]) * (SENTENCE // WIDE_SENTENCE if wide else 1)
                if found[1] and SENTENCE <= size <= UNBROKEN and _is_running(found[0]):
                    reads[at + found.start() : at + found.end()] = True
        at += len(line) + 1
    return reads[text.tokens.starts]


def _lines(text: str) -> str:
    """The text with its bars as line breaks, if it has no other; each character stays in its place."""
    if "\n" in text or UNBROKEN * text.count(" | ") < len(text):
        return text
    return text.replace(" | ", " \n ")


def _is_running(text: str) -> bool:
    """Whether not most words begin with a capital, as those of menus and headlines do."""
    initials = _INITIAL.findall(text)
    return 2 * sum(map(str.isupper, initials)) <= len(initials)


def _alone(text: Fingerprint, covered: list[tuple[int, int]]) -> list[int]:
    """The weights of a text's tokens that are not covered, as sums."""
    weights = _weights(text)
    for first, until in covered:
        weights[first:until] = 0
    return sums(weights)


def _weights(text: Fingerprint) -> NDArray[np.int64]:
    return np.where(text.wide, LINK_WORDS, LINK_WIDE)
