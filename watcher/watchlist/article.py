"""One article as the engine reads it: its fields folded into one haystack, and the verified hits of atoms in it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from watcher.folding import (
    APOSTROPHES,
    HAN,
    HANGUL,
    HIRAGANA,
    KINDS,
    Folded,
    codes_of,
    fold,
    kind_of,
)
from watcher.model import Fields, Span
from watcher.watchlist.atoms import LONGEST, Atom, Pattern
from watcher.watchlist.josa import is_tail
from watcher.watchlist.syntax import FIELDS
from watcher.watchlist.words import Begins, Letters, Numbers

SEPARATOR: Final = " \n "
"""Between fields: no folded text and so no pattern holds a line break."""
FAR: Final = 1 << 29
"""Words between one field and the next, so that nothing is near across them."""


SINGLY: Final = 6
"""The boundaries before so many places are sooner counted one by one than all together."""
MANY: Final = 50
"""Pairs of places, and patterns, that are looked through one by one to tell whether they stand apart."""


class Part:
    """One field in the haystack: where it begins and ends there, and its folded text."""

    __slots__ = ("begin", "end", "folded", "name", "number")

    def __init__(self, number: int, name: str, begin: int, folded: Folded) -> None:
        self.number = number
        self.name = name
        self.begin = begin
        self.end = begin + len(folded.text)
        self.folded = folded


class Article:
    """An article under the scan: hits are spans of `haystack`, in one of its `parts`."""

    def __init__(self, fields: Fields, *, metadata: bool) -> None:
        self.fields = fields
        self.parts: list[Part] = []
        pieces = [" "]
        at = 1
        for number, name in enumerate(FIELDS if metadata else FIELDS[:2]):
            folded = fold(getattr(fields, name))
            self.parts.append(Part(number, name, at, folded))
            pieces += [folded.text, SEPARATOR]
            at += len(folded.text) + len(SEPARATOR)
        self.haystack = "".join(pieces)
        self.letters = Letters(self.haystack)
        self.body_begin = self.parts[1].begin - 1
        """Before it a pattern begins in the title."""
        self.text_end = self.parts[1].end + 1
        self.places: tuple[Numbers, Begins] = (np.zeros(0, np.intp), np.zeros(0, np.intp))
        """The patterns and words that were seen, and where each begins, as the engine found them."""
        self.starts: dict[int, list[int]] = {}
        """Where each of those patterns begins that is asked for, in order (`ask`)."""
        self._begins = self.places[1]
        self.measured = False
        """Whether the watchlists to be evaluated were chosen by what stands near, too."""
        self.memo: dict[object, object] = {}
        self._spans: dict[int, list[Span]] = {}
        self._metadata: dict[int, list[Span]] = {}
        self._borders: list[int] | None = None
        self._units: dict[str, list[int]] = {}
        self._shouted: bool | None = None

    # ------------------------------------------------------------- from the haystack back

    def part(self, at: int) -> Part:
        """The field that haystack offset `at` is in."""
        for part in self.parts:
            if at < part.end:
                return part
        return self.parts[-1]

    def ask(self, wanted: Numbers, begins: Begins) -> None:
        """Looks, from now on, at the patterns `wanted`, those that the watchlists to be evaluated ask for."""
        self._begins = begins
        starts: dict[int, list[int]] = {}
        for number, begin in zip(wanted.tolist(), begins.tolist(), strict=True):
            if number in starts:
                starts[number].append(begin)
            else:
                starts[number] = [begin]
        self.starts = starts
        self.__dict__.pop("_ranks", None)

    # ------------------------------------------------------------- verified hits

    def spans(self, number: int, atom: Atom, patterns: Sequence[int], field: str | None) -> list[Span]:
        """The hits of an atom in `field` (None: title and body), in order."""
        found = self._spans.get(number)
        if found is None:
            found = self._verify(atom, patterns)
            self._spans[number] = found
        if field is None:
            return found
        if field in ("title", "body"):
            border = self.parts[1].begin
            return [span for span in found if (span[0] < border) == (field == "title")]
        self._metadata.setdefault(number, self._verify_metadata(atom, patterns))
        part = next(part for part in self.parts if part.name == field)
        return [span for span in self._metadata[number] if part.begin <= span[0] < part.end]

    def _verify(self, atom: Atom, patterns: Sequence[int]) -> list[Span]:
        found: list[Span] = []
        rows = 0
        for number, pattern in zip(patterns, atom.patterns, strict=True):
            starts = self.starts.get(number)
            if starts is None:
                continue
            rows += 1
            if starts[-1] >= self.text_end:
                starts = [start for start in starts if start < self.text_end]
            text, lead, trail, left, right, capitals = pattern
            if not (left or right or capitals):
                a, b = lead, len(text) - trail
                found += [(start + a, start + b) for start in starts]
                continue
            rows += 1  # open ends may take in one another's hits
            for start in starts:
                span = self._bounded(pattern, start)
                if span is not None and (not capitals or self._capital(pattern, start)):
                    found.append(span)
        if found and atom.cased and self.shouted:
            body = self.parts[1].begin
            if not any(a >= body for a, _ in found):
                return []
        return found if rows < 2 else sorted(set(found))

    def _verify_metadata(self, atom: Atom, patterns: Sequence[int]) -> list[Span]:
        return sorted(
            span
            for number, pattern in zip(patterns, atom.patterns, strict=True)
            for start in self.starts.get(number) or ()
            if start >= self.text_end and (span := self._bounded(pattern, start)) is not None
        )

    def _bounded(self, pattern: Pattern, start: int) -> Span | None:
        """The span of the hit whose pattern begins at `start`, or None if what stands beside it forbids it."""
        hay = self.haystack
        a, b = start + pattern.lead, start + len(pattern.text) - pattern.trail
        if pattern.left == "open":
            a = self._run(a, -1)
        elif pattern.left == "kind" and kind_of(hay[a - 1]) == kind_of(hay[a]):
            return None
        right = pattern.right
        if right == "open":
            b = self._run(b - 1, 1) + 1
        elif right == "josa":
            end = self._run(b - 1, 1) + 1
            if end > b and not is_tail(hay[b:end]):
                return None
        elif (right == "kind" and kind_of(hay[b]) == kind_of(hay[b - 1])) or (
            right == "closed" and self._possessive(b)
        ):
            return None
        return a, b

    def _run(self, at: int, step: int) -> int:
        """The last place of the word around `at` in one direction; Han and hiragana have no words to fill."""
        if kind_of(self.haystack[at]) in (HAN, HIRAGANA):
            return at
        if self.letters.plain:
            if step > 0:
                end = self.haystack.find(" ", at, at + LONGEST + 1)
                return at + LONGEST if end < 0 else end - 1
            begin = self.haystack.rfind(" ", max(at - LONGEST, 0), at)
            return max(at - LONGEST, 0) if begin < 0 else begin + 1
        if self._borders is None:
            kinds = KINDS[codes_of(self.haystack)]
            self._borders = (np.flatnonzero(kinds[1:] != kinds[:-1]) + 1).tolist()
        border = bisect_right(self._borders, at)
        if step > 0:
            return min(self._borders[border] - 1, at + LONGEST)
        return max(self._borders[border - 1], at - LONGEST)

    def _possessive(self, b: int) -> bool:
        if self.haystack[b : b + 3] != " s ":
            return False
        part = self.part(b)
        mark = part.folded.original[int(part.folded.starts[b - part.begin])]
        return mark in APOSTROPHES

    def _capital(self, pattern: Pattern, start: int) -> bool:
        """Whether the words of the term that are all capitals are so in the original."""
        a = start + pattern.lead
        part = self.part(a)
        for first, last in pattern.capitals:
            begin, end = part.folded.span(a - part.begin + first, a - part.begin + last)
            if any(letter.islower() for letter in part.folded.original[begin:end]):
                return False
        return True

    @property
    def shouted(self) -> bool:
        """Whether the title is all capitals, so that case says nothing there."""
        if self._shouted is None:
            title = self.fields.title
            kinds = self.parts[0].folded.kinds
            self._shouted = (
                title.isupper()
                and len(title.split()) > 1
                and not bool(((kinds >= HAN) & (kinds <= HANGUL)).any())
            )
        return self._shouted

    # ------------------------------------------------------------- distances

    def count(self, at: int) -> float:
        """How many words begin before haystack offset `at`; from one field to the next there are FAR more."""
        return self.halves.item(at) / 2

    @cached_property
    def halves(self) -> NDArray[np.int64]:
        """Twice the words that begin before each haystack offset."""
        if self.letters.plain:
            weights = np.zeros(len(self.haystack) + 1, dtype=np.int64)
            weights[self.letters.spaces[:-1] + 2] = 2
            weights[self._joined + 1] = 0
            weights[[part.begin - 1 for part in self.parts]] += 2 * FAR
            return weights.cumsum(out=weights)
        halves = np.empty(len(self.haystack) + 1, dtype=np.int64)
        done = 0
        for part in self.parts:
            base = 2 * FAR * part.number
            halves[done : part.begin] = base
            done = part.end + 1
            halves[part.begin : done] = part.folded.halves
            halves[part.begin : done] += base
        halves[done:] = base
        return halves

    @cached_property
    def _joined(self) -> Begins:
        """Where words begin in title and body that are not counted."""
        return np.concatenate([part.folded.joined + part.begin for part in self.parts[:2]])

    @cached_property
    def _joints(self) -> int:
        """How many words of the title or of the body may not be counted, at most."""
        title, body = self.parts[:2]
        return max(title.folded.text.count(" "), body.folded.joints)

    @cached_property
    def _ranks(self) -> dict[int, int]:
        """How many boundaries stand before each place where a wanted pattern begins."""
        begins = self._begins.tolist()
        if len(begins) <= SINGLY:
            return {at: self.haystack.count(" ", 0, at) for at in begins}
        return dict(zip(begins, self.letters.spaces.searchsorted(self._begins).tolist(), strict=True))

    def surely_apart(self, one: Collection[int], other: Collection[int], reach: float) -> bool:
        """Whether each pattern of `one` begins more than `reach` words from each of `other`.

        That is told by the boundaries between them, even if every mark there joined two words, which spares most
        articles an exact count. False where CJK characters, which count by themselves, may stand, and where
        there are many places.
        """
        if not self.letters.plain or len(one) + len(other) > MANY:
            return False
        starts, ranks = self.starts, self._ranks
        mine = [ranks[at] for pattern in one if pattern in starts for at in starts[pattern]]
        theirs = [ranks[at] for pattern in other if pattern in starts for at in starts[pattern]]
        if not mine or not theirs:
            return True
        if len(mine) * len(theirs) > MANY:
            return False
        nearest = min([abs(a - b) for a in mine for b in theirs]) - 1
        return nearest > reach and nearest > reach + self._joints

    def near(self, end: int, begin: int, gap: float) -> bool:
        """Whether at most `gap` words begin from haystack offset `end` on and before `begin`."""
        if self.letters.plain and end <= begin <= self.part(end - 1).end:
            words = self.haystack.count(" ", end - 1, begin - 1)
            if gap < words <= gap + self._joints:
                words -= int(np.diff(self._joined.searchsorted((end, begin)))[0])
            return words <= gap
        return self.count(begin) - self.count(end) <= gap

    def unit(self, at: int, kind: str) -> int:
        """The number of the sentence or paragraph (`kind`) that holds haystack offset `at`."""
        begins = self._units.get(kind)
        if begins is None:
            from watcher.sentences import paragraphs, sentences  # noqa: PLC0415 - for `within` only

            split: Mapping[str, Callable[[str], list[Span]]] = {
                "sentence": sentences,
                "paragraph": paragraphs,
            }
            begins = [0]
            for part in self.parts[:2]:
                spans = split[kind](part.folded.original)
                places = np.searchsorted(part.folded.starts, [start for start, _ in spans])
                begins += [part.begin, *(part.begin + places).tolist()]
            begins.sort()
            self._units[kind] = begins
        return bisect_right(begins, at)
