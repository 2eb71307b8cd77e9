"""What is new in a text: given what of it is known, its novel sentences, and the word for the whole.

The way there: `fingerprint` a text, look up its sample, `compare` it with what
was found, gather the spans of the look-alikes, and ask `novel`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from watcher.folding import fold
from watcher.model import Match, Span
from watcher.novelty.fingerprints import PARAMETERS, Fingerprint, fingerprint, of_document, title_key
from watcher.novelty.likeness import Likeness, boilerplate_spans, compare, shared_passages
from watcher.novelty.revisions import changes, figures
from watcher.novelty.titles import LONGEST, strip_wire_tags, teased
from watcher.novelty.witnesses import Witness, told_apart
from watcher.sentences import paragraphs, sentences

__all__ = [
    "PARAMETERS",
    "Fingerprint",
    "Likeness",
    "Novelty",
    "Witness",
    "boilerplate_spans",
    "changes",
    "compare",
    "figures",
    "fingerprint",
    "novel",
    "of_document",
    "shared_passages",
    "strip_wire_tags",
    "title_key",
    "title_lines",
    "told_apart",
    "verdict",
]

NOVEL_SHARE = 0.5
"""Share of a sentence's words that must be new for the sentence to be."""
QUOTED_WORDS = 10.0
"""Words from which a known passage inside a novel sentence is a quotation, and not reported as new."""
COVERED = 0.8
"""Share of known words, or of the look-alike's words, from which a text is a copy, an excerpt, an extended one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Novelty:
    """What of a text is new. Words as `count_words` counts them."""

    sentences: tuple[Span, ...]
    """The novel sentences, whole: sorted, disjoint."""
    spans: tuple[Span, ...]
    """What to report as new: neighbouring novel sentences in one, without the passages they quote."""
    new_words: float
    """The words of the novel sentences."""
    words: float

    @property
    def covered(self) -> float:
        """The share of the text that is not in novel sentences; 1 for a text without words."""
        return 1 - self.new_words / self.words if self.words else 1.0


def novel(text: str, known: Iterable[Span], *, mine: Fingerprint | None = None) -> Novelty:
    """What is new in `text` when the spans `known` (any order, overlapping or not) are known.

    `mine`, the fingerprint of the same text, saves folding it again.
    """
    folded = fold(text) if mine is None or mine.tokens is None else mine.tokens.folded
    spans = _merged(known)
    starts, counts = folded.starts, folded.counts
    weights = np.diff(counts)
    if spans:
        lefts, rights = np.array(spans).T
        nearest = np.searchsorted(lefts, starts, side="right") - 1
        weights[(nearest < 0) | (starts >= rights[nearest])] = 0
    else:
        weights[:] = 0
    if spans and weights.sum() == counts[-1]:  # all of it: what comes again unchanged needs no sentences
        return Novelty(sentences=(), spans=(), new_words=0.0, words=float(counts[-1]))
    known_counts = np.concatenate(([0], np.cumsum(weights)))

    def words(totals: NDArray[np.floating[Any]], of: list[Span]) -> list[float]:
        edges = np.searchsorted(starts, np.array(of, dtype=np.int64).reshape(-1, 2))
        sizes: list[float] = (totals[edges[:, 1]] - totals[edges[:, 0]]).tolist()
        return sizes

    found, new_words = [], 0.0
    borders = sentences(text)
    for sentence, size, old in zip(
        borders, words(counts, borders), words(known_counts, borders), strict=True
    ):
        if size and size - old >= NOVEL_SHARE * size:
            found.append(sentence)
            new_words += size
    quoted = [span for span, size in zip(spans, words(counts, spans), strict=True) if size >= QUOTED_WORDS]
    parts = list(_without(found, quoted))
    pieces = [piece for piece, size in zip(parts, words(counts, parts), strict=True) if size]
    return Novelty(
        sentences=tuple(found),
        spans=tuple(_together(text, pieces)),
        new_words=new_words,
        words=float(counts[-1]),
    )


def verdict(novelty: Novelty, best: Likeness | None) -> Literal["new", "copy", "excerpt", "extended"]:
    """The word for a text, from how much of it is known and how much of its best look-alike stands in it."""
    if best is None or best.framed:
        return "new"
    covered, back = novelty.covered >= COVERED, best.back >= COVERED
    if covered:
        return "copy" if back else "excerpt"
    return "extended" if back else "new"


def title_lines(text: str, matches: Iterable[Match]) -> tuple[tuple[Span, int], ...]:
    """What may be titles of other reports, each with its `title_key`; only those hit.

    A whole line, as in a list of teasers, or what stands behind `Read also:` and the like, with that label.
    """
    hits = (hit for match in matches for hit in (*match.hits, *match.cues))
    starts = sorted({hit.start for hit in hits if hit.field == "body"})
    if not starts:
        return ()
    lines = []
    for start, end in paragraphs(text):
        at = bisect_left(starts, start)
        if at == len(starts) or starts[at] >= end:
            continue
        line = text[start:end]
        for first, begin, until in ((0, 0, len(line)), *teased(line)):
            hit = bisect_left(starts, start + begin)
            if until - begin > LONGEST or hit == len(starts) or starts[hit] >= start + until:
                continue
            if (key := title_key(line[begin:until])) is not None:
                lines.append(((start + first, start + until), key))
    return tuple(lines)


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if end <= start:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _without(spans: list[Span], holes: list[Span]) -> Iterable[Span]:
    """The parts of `spans` outside `holes`; both sorted and disjoint."""
    for start, end in spans:
        at = start
        for left, right in holes:
            if right <= at or left >= end:
                continue
            if left > at:
                yield at, left
            at = max(at, right)
        if at < end:
            yield at, end


def _together(text: str, pieces: list[Span]) -> list[Span]:
    """Pieces trimmed of white space, and those that only white space parts made one."""
    joined: list[Span] = []
    for left, right in pieces:
        piece = text[left:right]
        start = left + len(piece) - len(piece.lstrip())
        end = left + len(piece.rstrip())
        if joined and not text[joined[-1][1] : start].strip():
            joined[-1] = (joined[-1][0], end)
        elif start < end:
            joined.append((start, end))
    return joined
