"""What an article says at the beginnings of its words: all known words, phrases and beginnings looked up at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from watcher.folding import codes_of

_BASE: Final = 0x9E3779B97F4A7C15
_INVERSE: Final = pow(_BASE, -1, 1 << 64)
_TAG: Final = np.uint64(0xD6E8FEB86659FD93)
_STEP: Final = 1 << 14
_SPACE: Final = ord(" ")
_PAST: Final = np.uint64(0xFFFFFFFFFFFFFFFF)

INTO: Final = 3
"""Letters of a phrase's second word that are looked up where that word is left open: `north korea*`."""
LONGEST: Final = 12
"""Letters that are looked up of a word left open: `korea*`."""
_ONE, _TWO, _START = 0, 1, 1 + INTO
"""Where what is looked up ends: with the word, with the next, `n` letters into the next (_TWO + n), and after `n`
letters from the beginning (_START + n)."""
_TIERS: Final = (1, 2, 3, 5)
"""Letters by which beginnings are put aside: those of 4 by their first 3, those of 9 by their first 5."""
_WORD, _FIRST, _OTHER = np.uint8(1), np.uint8(2), np.uint8(4)
"""Letters by which words that begin like no known one are put aside."""

Numbers = NDArray[np.intp]
"""As wide as indexes are: narrower ones are made so each time they are used."""
Stored = NDArray[np.int32]
"""What indexes are kept in; `take` by them, which is faster than brackets."""
Begins = NDArray[np.intp]
_Hashes = NDArray[np.uint64]


class Letters:
    """A text of words, each with one space on either side, as an array of its letters."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.plain: Final = text.isascii()

    @cached_property
    def codes(self) -> NDArray[np.integer[Any]]:
        """The code points; not to be written to."""
        return np.frombuffer(self.text.encode("ascii"), dtype=np.uint8) if self.plain else codes_of(self.text)

    @cached_property
    def spaces(self) -> Begins:
        """Where the spaces are."""
        spaces: Begins = (self.codes == _SPACE).nonzero()[0]
        return spaces


class _Tiers:
    """Beginnings of words, put aside by the first letters of a word, of which it has as many as the tier says."""

    def __init__(
        self, keys: Sequence[tuple[str, int]], hashed: Callable[[Sequence[tuple[str, int]]], _Hashes]
    ) -> None:
        """`keys`: beginnings and where they end."""
        tiers = []
        for letters, longer in zip(_TIERS, (*_TIERS[1:], LONGEST + 1), strict=True):
            some = [(part[:letters], end) for part, end in keys if letters <= end - _START < longer]
            if some:
                tiers.append((letters, max(10, (len(some) * 8).bit_length()), some))
        self._letters = np.array([letters for letters, _, _ in tiers], dtype=np.intp)[:, None]
        self._shifts = np.array([64 - bits for _, bits, _ in tiers], dtype=np.uint64)[:, None]
        self._offsets = np.cumsum([0, *(1 << bits for _, bits, _ in tiers)])[:, None]
        self._ends: Begins = np.array(sorted({end for _, end in keys}), dtype=np.intp)
        self._bits = np.left_shift(1, np.arange(len(self._ends))).astype(np.uint16)[:, None]
        self._table = np.zeros(int(self._offsets[-1, 0]), dtype=np.uint16)
        """By tier and the highest bits of the hash of those letters: which of `_ends` beginnings have with them."""
        for (_, bits, some), offset in zip(tiers, self._offsets[:, 0].tolist(), strict=False):
            for bit, end in zip(self._bits[:, 0], self._ends.tolist(), strict=True):
                heads = [(part, _ONE) for part in {part for part, each in some if each == end}]
                self._table[offset + (hashed(heads) >> np.uint64(64 - bits)).astype(np.intp)] |= bit
        self._offsets = self._offsets[:-1]

    def begun(
        self, sums: _Hashes, before: _Hashes, turned: _Hashes, begins: Begins
    ) -> tuple[Begins, Begins, Begins]:
        """The words that may begin so, once for each length, and where that part ends: as `Lexicon._phrased`."""
        if not len(self._letters):
            return begins[:0], begins[:0], begins[:0]
        heads = sums.take(begins + self._letters, mode="clip")
        heads -= before
        heads *= turned
        heads >>= self._shifts
        places = heads.view(np.int64)
        places += self._offsets
        lengths = np.bitwise_or.reduce(self._table.take(places), axis=0)
        some = (lengths != 0).nonzero()[0]
        which = (lengths[some] & self._bits != 0).ravel().nonzero()[0]
        rows = which // max(len(some), 1)
        some, ends = some[which - rows * len(some)], self._ends[rows]
        return some, ends, begins[some] + (ends - _START)


class Lexicon:
    """Texts that begin with a word, and their numbers, found in 5 kB in 0.1 ms if they are 5,000, in 0.4 if 190,000.

    What is looked up of a text is a part that ends where it can be known to end
    in an article before anything is compared: a whole word, two words, some
    letters. It is known by its 64-bit hash; that two parts of a config and an
    article share one has a chance of 1e-10. Where the text goes on, the rest is
    compared.
    """

    def __init__(self, texts: Mapping[str, int]) -> None:
        """`texts`: each without the space before it, with its number; a closed one ends with a space."""
        self._up = _powers(_BASE, _STEP)
        self._down = _powers(_INVERSE, _STEP, first=_BASE)
        keys: dict[tuple[str, int], int] = {}
        parts: dict[tuple[str, int], list[tuple[str, int]]] = {}
        for text, number in texts.items():
            key = _looked_up(text)
            if len(key[0]) == len(text) - text.endswith(" "):
                keys[key] = number
            else:
                parts.setdefault(key, []).append((text, number))
        self._longer: list[list[tuple[str, int]]] = []
        """Where only a part is looked up, whose number is then below 0: the whole texts."""
        for key, longer in parts.items():
            if key in keys:
                longer.append((key[0], keys[key]))
            keys[key] = ~len(self._longer)
            self._longer.append(longer)
        hashes = self._hashes_of(list(keys))
        order = np.argsort(hashes)
        self._known = np.append(hashes[order], _PAST)
        self._numbers: Numbers = np.fromiter(keys.values(), dtype=np.intp, count=len(keys))[order]
        bits = min(max(10, (len(keys) * 4).bit_length()), 19)
        self._buckets: Stored = np.searchsorted(
            self._known[:-1], np.arange(1 << bits, dtype=np.uint64) << np.uint64(64 - bits)
        ).astype(np.int32)
        """Where in `_known` the hashes with these highest bits begin."""
        self._bucket = np.uint64(64 - bits)
        bits = max(10, (len(keys) * 4).bit_length())
        self._shift = np.uint64(64 - bits)
        ends = np.fromiter((end for _, end in keys), dtype=np.intp, count=len(keys))
        self._marks = np.zeros(1 << bits, dtype=np.uint8)
        """What the highest bits of a hash may be: a word (_WORD), the first of a phrase (_FIRST), anything else."""
        firsts = self._hashes_of(
            [
                (first, _ONE)
                for first in {part.partition(" ")[0] for part, end in keys if _ONE < end <= _START}
            ]
        )
        for mark, some in (
            (_WORD, hashes[ends == _ONE]),
            (_FIRST, firsts),
            (_OTHER, hashes[ends != _ONE]),
        ):
            self._marks[some >> self._shift] |= mark
        self._phrases: Begins = np.array(
            sorted({end for _, end in keys if _ONE < end <= _START}), dtype=np.intp
        )
        self._into: Begins = (self._phrases - _TWO)[:, None]
        self._pairs = _TWO in self._phrases
        self._tiers = _Tiers([key for key in keys if key[1] > _START], self._hashes_of)
        self._tags: _Hashes = np.arange(_START + LONGEST + 1, dtype=np.uint64) * _TAG

    def find(self, letters: Letters) -> tuple[Numbers, Begins]:
        """The numbers of the known texts in `letters`, and the places of the space before each."""
        if not len(self._numbers):
            return self._numbers, np.zeros(0, dtype=np.intp)
        codes, spaces = letters.codes, letters.spaces
        up, down = self._reach(len(codes))
        sums = np.cumsum(codes * up[: len(codes)], dtype=np.uint64)
        begins = spaces[:-1]
        before, turned = sums[begins], down[begins]
        words = (sums[spaces[1:] - 1] - before) * turned
        marks = self._marks[(words >> self._shift).view(np.int64)]
        known = (marks & _WORD != 0).nonzero()[0]
        parts = self._phrased(marks, spaces), self._tiers.begun(sums, before, turned, begins)
        some, ends, lasts = (np.concatenate(column) for column in zip(*parts, strict=True))
        np.minimum(lasts, len(codes) - 1, out=lasts)
        hashes = (sums[lasts] - before[some]) * turned[some] + self._tags[ends]
        likely = (self._marks[(hashes >> self._shift).view(np.int64)] & _OTHER != 0).nonzero()[0]
        return self._compared(
            letters.text,
            np.concatenate((words[known], hashes[likely])),
            begins[np.concatenate((known, some[likely]))],
        )

    def _phrased(self, marks: NDArray[np.uint8], spaces: Begins) -> tuple[Begins, Begins, Begins]:
        """The words that are the first of a phrase, where parts of phrases end, and the last letter of each part."""
        firsts = (marks & _FIRST != 0).nonzero()[0]
        lasts = spaces[firsts + 1] + self._into
        if self._pairs:
            lasts[0] = spaces.take(firsts + 2, mode="clip") - 1
        rows = len(self._phrases)
        repeated = np.concatenate([firsts] * rows) if rows else firsts[:0]
        return repeated, self._phrases.repeat(len(firsts)), lasts.ravel()

    def _compared(self, haystack: str, hashes: _Hashes, where: Begins) -> tuple[Numbers, Begins]:
        """The numbers of those of `hashes` that are known, with their places."""
        places = self._buckets[(hashes >> self._bucket).view(np.int64)]
        there = self._known.take(places)
        later = (there < hashes).nonzero()[0]
        while len(later):  # another of the same bucket stands before it
            places[later] += 1
            there[later] = self._known.take(places[later])
            later = later[there[later] < hashes[later]]
        same = (there == hashes).nonzero()[0]
        numbers = self._numbers.take(places[same])
        begins = where[same]
        parts = (numbers < 0).nonzero()[0] if self._longer else ()
        if not len(parts):
            return numbers, begins
        found = [
            (number, begin)
            for part, begin in zip(numbers[parts].tolist(), begins[parts].tolist(), strict=True)
            for text, number in self._longer[~part]
            if haystack.startswith(text, begin + 1)
        ]
        whole = numbers >= 0
        more = np.array(found, dtype=np.intp).reshape(-1, 2)
        return (
            np.concatenate((numbers[whole], more[:, 0])),
            np.concatenate((begins[whole], more[:, 1])),
        )

    def _hashes_of(self, keys: Sequence[tuple[str, int]]) -> _Hashes:
        """The hash of each part as `find` computes it."""
        if not keys:
            return np.zeros(0, dtype=np.uint64)
        codes = Letters(" " + " ".join([part for part, _ in keys])).codes
        spaces = np.cumsum([0, *(len(part) + 1 for part, _ in keys)])
        begins, lasts = spaces[:-1], spaces[1:] - 1
        up, down = self._reach(len(codes))
        sums = np.cumsum(codes * up[: len(codes)], dtype=np.uint64)
        ends = np.array([end for _, end in keys], dtype=np.uint64)
        hashes: _Hashes = (sums[lasts] - sums[begins]) * down[begins] + ends * _TAG
        return hashes

    def _reach(self, length: int) -> tuple[_Hashes, _Hashes]:
        """Powers for a text of `length`; those kept reach for most articles."""
        if length <= len(self._up):
            return self._up, self._down
        return _powers(_BASE, length), _powers(_INVERSE, length, first=_BASE)


def _looked_up(text: str) -> tuple[str, int]:
    """The part of `text` that is looked up, and where it ends."""
    first = text.find(" ")
    if first < 0:
        return text[:LONGEST], _START + min(len(text), LONGEST)
    second = text.find(" ", first + 1)
    if second >= 0:
        return text[:second], _TWO
    into = min(len(text) - first - 1, INTO)
    return (text[: first + 1 + into], _TWO + into) if into else (text[:first], _ONE)


def _powers(base: int, count: int, first: int = 1) -> _Hashes:
    powers = np.full(count, base, dtype=np.uint64)
    powers[0] = first
    return np.cumprod(powers)
