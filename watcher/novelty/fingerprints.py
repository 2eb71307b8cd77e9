"""Fingerprints: what is kept of a text so that its reuse can be recognised without the text.

Tokens are words, and each Han character, kana and Hangul syllable by itself,
so that Korean spacing does not matter. A shingle is 5 tokens in a row, or 8
where one of its first 5 is such a character. The *sample* is what a store
indexes: the smallest hash of every `w` neighbouring shingles (winnowing,
Schleimer et al. 2003), with w = 16 for long texts: a shared run of 20 words or
23 characters is always sampled on both sides. Shorter texts are sampled more
densely (the smallest of 8 is among the smallest of 16, so the sizes of the
windows need not agree), and texts under 20 words add shingles of 3 and one key
for the whole text.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from watcher import folding
from watcher.novelty import figures, titles

Hashes = NDArray[np.uint64]
Short = NDArray[np.uint32]
Offsets = NDArray[np.int32]
Flags = NDArray[np.bool_]
Values = TypeVar("Values", Hashes, Short)

K_WORDS = 5
K_WIDE = 8
WINDOW = 16
DENSE_WINDOW = 8
EVERY_BELOW = 100
"""Words under which every shingle is sampled."""
DENSE_BELOW = 400
"""Words under which the window is 8: at 100 words and 10 % of them changed, a window of 16 shared no
sample in 3 of 100 texts, one of 8 in none."""
SHORT_BELOW = 20
"""Words under which a text also has shingles of 3 (5 of wide characters) and a key of its own."""

PARAMETERS = f"winnow/3 k={K_WORDS},{K_WIDE} w={WINDOW},{DENSE_WINDOW} folding={folding.FOLDING}"
"""Names all that decides a hash: fingerprints of other parameters cannot be compared with these."""

_U64 = np.uint64
_ZERO = ord("0")
_NONE = np.empty(0, dtype=np.intp)
_BASE = 0x9E3779B97F4A7C15
_INVERSE = pow(_BASE, -1, 1 << 64)
_MASK = (1 << 64) - 1
_MIX = (_U64(0xBF58476D1CE4E5B9), _U64(0x94D049BB133111EB))
_PLACES = np.array([(_BASE * (2 * place + 3) ** 3 | 1) & _MASK for place in range(K_WIDE)], dtype=np.uint64)
_LAYOUT = struct.Struct("<BxHIIIIfqQ")
_VERSION = 1


@dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """The tokens of a text: a hash each, offsets into the original text, and what kind they are."""

    folded: folding.Folded
    hashes: Hashes
    starts: Offsets
    ends: Offsets
    wide: Flags
    """Han, kana, Hangul: one character is one token and counts half a word."""
    digits: Flags
    """Holds a digit."""

    def __len__(self) -> int:
        return len(self.hashes)

    @property
    def weights(self) -> NDArray[np.float32]:
        """Words each token counts for: 1, or .5 for a wide character."""
        return np.where(self.wide, np.float32(0.5), np.float32(1.0))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Fingerprint:
    """A text as its shingles in order, its numbers and its title's key.

    One read back from bytes has no `tokens` and `hashes`: it can be compared
    with, indexed and exported, but says nothing about offsets.
    """

    sample: Hashes
    """Sorted, unique: what to index, and what to look up."""
    shingles: Short
    """Low halves of the hashes of all shingles, in the order of the tokens they begin at."""
    triples: Short
    """The same of the shorter shingles of a text under 20 words; empty for others."""
    key: int
    """Hash of the whole text if under 20 words, else 0."""
    numbers: NDArray[np.float64]
    """Sorted, unique figures of the text, in whatever script they stood."""
    words: float
    """A word token 1, a wide character .5: what sampling goes by. (`count_words` takes `3.5` or `l'ONU` as one.)"""
    count: int
    """Tokens."""
    digits: Flags
    """For each token, whether it holds a digit."""
    wide: Flags
    """For each token, whether it is a Han, kana or Hangul character."""
    title_key: int | None = None
    tokens: Tokens | None = field(default=None, repr=False)
    hashes: Hashes | None = field(default=None, repr=False)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens in each shingle."""
        return _lengths(self.wide, K_WORDS, K_WIDE)[: len(self.shingles)]

    def to_bytes(self) -> bytes:
        """The compact form (about 4.7 bytes a word): no text, no offsets."""
        title = 0 if self.title_key is None else self.title_key
        head = _LAYOUT.pack(
            _VERSION,
            len(self.triples),
            len(self.sample),
            len(self.shingles),
            len(self.numbers),
            self.count,
            self.words,
            title,
            self.key,
        )
        return b"".join(
            (
                head,
                self.sample.astype("<u8").tobytes(),
                self.numbers.astype("<f8").tobytes(),
                self.shingles.astype("<u4").tobytes(),
                self.triples.astype("<u4").tobytes(),
                np.packbits(self.digits).tobytes(),
                np.packbits(self.wide).tobytes(),
            )
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Fingerprint:
        """What `to_bytes` gave. Raises ValueError, saying what is wrong, if `data` is not that."""
        if len(data) < _LAYOUT.size:
            raise ValueError(f"a fingerprint of {len(data)} bytes is cut short")
        version, triples, sample, shingles, numbers, count, words, title, key = _LAYOUT.unpack_from(data)
        if version != _VERSION:
            raise ValueError(f"fingerprint version {version}, this program reads {_VERSION}")
        size = _LAYOUT.size + 8 * sample + 8 * numbers + 4 * shingles + 4 * triples + 2 * ((count + 7) // 8)
        if size != len(data):
            raise ValueError(f"a fingerprint of {len(data)} bytes should have {size}")
        at = _LAYOUT.size
        parts: list[NDArray[np.generic]] = []
        for kind, length in (("<u8", sample), ("<f8", numbers), ("<u4", shingles), ("<u4", triples)):
            parts.append(np.frombuffer(data, dtype=kind, count=length, offset=at))
            at += parts[-1].nbytes
        bits = np.frombuffer(data, dtype=np.uint8, offset=at).reshape(2, -1)
        digits, wide = np.unpackbits(bits, axis=1, count=count).astype(np.bool_)
        return cls(
            sample=parts[0].astype(np.uint64, copy=False),
            numbers=parts[1].astype(np.float64, copy=False),
            shingles=parts[2].astype(np.uint32, copy=False),
            triples=parts[3].astype(np.uint32, copy=False),
            key=key,
            words=words,
            count=count,
            digits=digits,
            wide=wide,
            title_key=title or None,
        )


def fingerprint(text: str, *, title: str = "") -> Fingerprint:
    """The fingerprint of `text`; `title` gives only its key."""
    tokens = tokenise(text)
    words = float(tokens.weights.sum())
    hashes = _shingles(tokens, K_WORDS, K_WIDE)
    triples, key = np.empty(0, dtype=np.uint64), 0
    sample = winnow(hashes, _window(words))
    if 0 < words < SHORT_BELOW:
        triples = _shingles(tokens, 3, K_WORDS)
        key = whole(tokens)
        sample = np.concatenate([sample, triples, np.array([key], dtype=np.uint64)])
    return Fingerprint(
        sample=distinct(sample),
        shingles=hashes.astype(np.uint32),
        triples=triples.astype(np.uint32),
        key=key,
        numbers=figures.numbers(text, words=_number_words(tokens), wide=bool(tokens.wide.any())),
        words=words,
        count=len(tokens),
        digits=tokens.digits,
        wide=tokens.wide,
        title_key=title_key(title),
        tokens=tokens,
        hashes=hashes,
    )


def of_document(text: str, title: str) -> Fingerprint:
    """The fingerprint of a document. Without a text it is its title's, which says nothing about offsets."""
    if text.strip():
        return fingerprint(text, title=title)
    return replace(fingerprint(title, title=title), tokens=None, hashes=None)


def distinct(values: Values) -> Values:
    """The values sorted, each once: np.unique at a third of its cost."""
    ordered = np.sort(values)
    kept = np.ones(len(ordered), dtype=np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=kept[1:])
    return ordered[kept]


def _window(words: float) -> int:
    if words < EVERY_BELOW:
        return 1
    return DENSE_WINDOW if words < DENSE_BELOW else WINDOW


def title_key(title: str) -> int | None:
    """A number that is the same for titles that fold alike, wire tags aside; None under four words.

    It fits SQLite's signed 64 bits.
    """
    if not title:
        return None
    tokens = tokenise(titles.strip_wire_tags(title)[0])
    if tokens.weights.sum() < titles.MIN_WORDS:
        return None
    return whole(tokens) >> 1 or 1


# --------------------------------------------------------------------------- tokens


_POWERS_KEPT = 1 << 18
"""Powers that are kept, 4 MB of them; those for a text of 5 million characters would be 134 MB for ever."""
_powers: tuple[Hashes, Hashes] = (np.ones(1, dtype=np.uint64), np.ones(1, dtype=np.uint64))


def _powers_to(length: int) -> tuple[Hashes, Hashes]:
    """Powers of the base and of its inverse, modulo 2^64, at least `length` of each."""
    global _powers  # noqa: PLW0603 - a table that only grows; two threads at worst build it twice
    powers = _powers
    if len(powers[0]) < length:
        size = 1 << max(13, length.bit_length())
        grown = []
        for base in (_BASE, _INVERSE):
            steps = np.full(size, base, dtype=np.uint64)
            steps[0] = 1
            grown.append(np.multiply.accumulate(steps))
        powers = (grown[0], grown[1])
        if size <= _POWERS_KEPT:
            _powers = powers
    return powers


def tokenise(text: str) -> Tokens:
    """The tokens of `text` with offsets into it."""
    folded = folding.fold(text)
    codes: NDArray[np.uint8] | NDArray[np.uint32]
    if folded.text.isascii():
        codes = np.frombuffer(folded.text.encode("ascii"), dtype=np.uint8)
    else:
        codes = folding.codes_of(folded.text)
    size = len(codes)
    kinds = folded.kinds
    # which characters are of words, with one that is not at either end: the borders are where that changes
    word = np.zeros(size + 2, dtype=np.bool_)
    np.equal(kinds, folding.LETTER, out=word[1:-1])
    borders = (word[1:] != word[:-1]).nonzero()[0]
    first, until = borders[::2], borders[1::2]
    broad = (kinds > folding.LETTER).nonzero()[0] if codes.dtype == np.uint32 else _NONE
    if len(broad):
        first = np.concatenate((first, broad))
        order = np.argsort(first, kind="stable")
        first, until = first[order], np.concatenate((until, broad + 1))[order]
    powers, inverses = _powers_to(size + 1)
    sums = np.zeros(size + 1, dtype=np.uint64)
    np.cumsum(np.multiply(codes + _U64(1), powers[:size]), out=sums[1:])
    digits = np.zeros(len(first), dtype=np.bool_)
    figures_at = ((codes - codes.dtype.type(_ZERO)) < 10).nonzero()[0]  # what is below zero wraps around
    if len(figures_at):
        digits[np.searchsorted(first, figures_at, side="right") - 1] = True
    return Tokens(
        hashes=mix((sums[until] - sums[first]) * inverses[first]),
        folded=folded,
        starts=folded.starts[first],
        ends=folded.ends[until - 1],
        wide=kinds[first] > folding.LETTER,
        digits=digits,
    )


def mix(values: Hashes) -> Hashes:
    """Spread every bit of each value over all of it (the finaliser of splitmix64)."""
    values = values ^ (values >> _U64(30))
    values = values * _MIX[0]
    values = values ^ (values >> _U64(27))
    values = values * _MIX[1]
    return values ^ (values >> _U64(31))


def _number_words(tokens: Tokens) -> list[tuple[int, str]]:
    """The tokens that are English number words: index and word, in order.

    By their hashes, which see through what cannot be seen: `five` with a zero-width space behind it is five.
    """
    hashes = tokens.hashes
    # one look at a table of bits for each token, and a proper one for the few that pass
    maybe = _NUMBER_BITS[hashes & _LOW].nonzero()[0]
    values = hashes[maybe].tolist()
    return [
        (at, _NUMBER_WORDS[value])
        for at, value in zip(maybe.tolist(), values, strict=True)
        if value in _NUMBER_WORDS
    ]


# --------------------------------------------------------------------------- shingles


def _shingle(hashes: Hashes, k: int) -> Hashes:
    size = len(hashes) - k + 1
    if size <= 0:
        return np.empty(0, dtype=np.uint64)
    total = hashes[:size] * _PLACES[0]
    for place in range(1, k):
        total += hashes[place : place + size] * _PLACES[place]
    return mix(total + _U64(k))


def _shingles(tokens: Tokens, k: int, k_wide: int) -> Hashes:
    """Hashes of the shingles, by the token they begin at."""
    narrow = _shingle(tokens.hashes, k)
    if not tokens.wide.any():
        return narrow
    broad = _shingle(tokens.hashes, k_wide)
    if tokens.wide.all():
        return broad
    lengths = _lengths(tokens.wide, k, k_wide)
    hashes = narrow.copy()
    use = np.flatnonzero(lengths == k_wide)
    hashes[use] = broad[use]
    for at in np.flatnonzero(
        (lengths > k) & (lengths < k_wide)
    ).tolist():  # the end of the text cuts it short
        hashes[at] = _shingle(tokens.hashes[at:], int(lengths[at]))[0]
    return hashes


def _lengths(wide: Flags, k: int, k_wide: int) -> NDArray[np.int64]:
    """Tokens of the shingle that begins at each token: the longer where one of its first `k` is wide."""
    before = np.zeros(len(wide) + 1, dtype=np.int32)
    np.cumsum(wide, out=before[1:])
    lengths = np.where(before[k:] > before[:-k], k_wide, k)
    return np.minimum(lengths, np.arange(len(wide), len(wide) - len(lengths), -1))


def winnow(hashes: Hashes, window: int) -> Hashes:
    """The smallest hash of each `window` neighbours, repeats and all (`window` a power of two)."""
    if len(hashes) <= window:
        return np.sort(hashes)[:1]
    least, reach = hashes, 1
    while reach < window:
        least = np.minimum(least[:-reach], least[reach:])
        reach *= 2
    return least


def whole(tokens: Tokens) -> int:
    """A hash of all tokens in order."""
    powers, _ = _powers_to(len(tokens) + 1)
    total = (tokens.hashes * powers[: len(tokens)]).sum(dtype=np.uint64)
    return int(mix(np.array([total], dtype=np.uint64) + _U64(len(tokens)))[0])


_LOW = _U64((1 << 14) - 1)
_NUMBER_WORDS = {int(tokenise(word).hashes[0]): word for word in figures.NUMBER_WORDS}
_NUMBER_BITS = np.zeros(1 << 14, dtype=np.bool_)
_NUMBER_BITS[[value & int(_LOW) for value in _NUMBER_WORDS]] = True
