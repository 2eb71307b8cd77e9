"""One form for all the ways to write the same text, with an exact map back, and the one word count.

Folded text consists of word characters and single spaces (the one boundary).
NFKC, case, diacritics, conjoining jamo, forms of a Han character are folded;
zero-width characters vanish; `'s` and elisions (`l'ONU`) are set off, other
apostrophes vanish, and so do the dots of `D.P.R.K.`. Where letters that
separate words (Latin and its like, with digits), Hangul, and Han or kana meet,
a boundary of no width is put in.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from watcher import han
from watcher.model import Span

FOLDING: Final = f"3/unicode{unicodedata.unidata_version}"
"""Names the folding and the Unicode tables it was made with; stored text folded otherwise must be folded again."""

BOUNDARY, LETTER, HAN, HIRAGANA, KATAKANA, HANGUL = range(6)
"""The kinds of a folded character, as in `Folded.kinds`; LETTER is every script that separates its words."""

_SCRIPTS: Final = np.array([0, 1, 2, 2, 2, 3], dtype=np.uint8)
"""For each kind, what it stands with unseparated: Japanese words mix Han and kana."""
_CODES: Final = 0x110000
_SPACE, _DOT, _QUOTE, _ELLIPSIS = 32, 46, 39, 0x2026
_INNER_DOT: Final = re.compile(r"\.(?=[^ .])")
_INNER_QUOTE: Final = re.compile(r"'(?!s[ .'])(?=.)", re.DOTALL)
"""A mark with a letter after it, perhaps; not that of a plain possessive, the commonest by far."""
APOSTROPHES: Final = "'’‘‛ʼʻʾʿ′`´＇ʹ"
_CLIPPED: Final = "l d j m n s c qu jusqu lorsqu puisqu quoiqu quelqu presqu dell all nell sull dall un quest"
_SHORT: Final = 200
"""Characters of a title or a term, of which many are letters of one script and single spaces alone."""
_ONE_SCRIPT: Final = re.compile("[\uac00-\ud7a3 ]+|[\u4e00-\u9fff ]+")
_ELIDED: Final = frozenset(_CLIPPED.split())
"""Words that lose their last vowel before another word (French, Italian). Not `t`: `t'aek` is one Korean syllable."""
_VOWELS: Final = frozenset("aeiouyh")
_STRIPPED_MARKS: Final = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff"
    "\ufe00-\ufe0f\ufe20-\ufe2f\U000e0100-\U000e01ef]"
)
_VOICING: Final = "\u3099\u309a"
_LETTERS: Final = {
    "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th",
    "ё": "е", "ـ": "", "ٱ": "ا", "ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه", "ہ": "ه", "ە": "ه", "ㆍ": " ",
    "ﾟ": "\u309a", "ﾞ": "\u3099",
}  # fmt: skip
"""Letters that Unicode does not take apart; the Arabic filler stroke, and letters that writers of Arabic, Persian and
Urdu put for one another (final ى and ي, ة and ه, as search engines fold them); the middle dot of Korean headlines."""
_HAN_FORMS: Final = str.maketrans(han.FORMS, han.FOLDED)
_COMPOSABLE: Final = re.compile(
    "[\uac00-\ud7a3]?[\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb]+|.[\u3099\u309a]+", re.DOTALL
)
_KIND_RANGES: Final = (
    (0x3005, 0x3007, HAN), (0x3400, 0x4DBF, HAN), (0x4E00, 0x9FFF, HAN), (0xF900, 0xFAFF, HAN),
    (0x20000, 0x3FFFF, HAN), (0x3041, 0x309F, HIRAGANA), (0x30A0, 0x30FF, KATAKANA), (0x31F0, 0x31FF, KATAKANA),
    (0x3105, 0x312F, HIRAGANA), (0x1100, 0x11FF, HANGUL), (0xA960, 0xA97F, HANGUL), (0xAC00, 0xD7FF, HANGUL),
)  # fmt: skip


JOINTS: Final = ".," + APOSTROPHES
"""Marks that may join two words to one that is counted: `MSS's`, `l'ONU`, `3.5`."""
_GLUE: Final = np.zeros(_CODES, dtype=bool)
_GLUE[[ord(mark) for mark in JOINTS]] = True
_MARKED: Final = bytes(_DOT if _GLUE[code] else max(code, _SPACE) for code in range(256))
"""Makes a joint of ASCII a dot, and what stands for a space one."""


def _kind_table() -> NDArray[np.uint8]:
    table = np.full(_CODES, LETTER, dtype=np.uint8)
    table[[_SPACE, _DOT, _QUOTE]] = BOUNDARY
    for first, last, kind in _KIND_RANGES:
        table[first : last + 1] = kind
    return table


KINDS: Final = _kind_table()
"""The kind of every code point of folded text."""
_KIND: Final = KINDS.data
"""The same, of which one is read in a third of the time."""

# What a code point folds to. _STATE: 0 not looked up yet, 1 one character (in _MAP), 2 none, 3 several (in _SEVERAL).
# Filled on first sight: a full table would take seconds to make, and a text uses a few hundred code points of it.
_STATE: Final = np.zeros(_CODES, dtype=np.uint8)
_MAP: Final = np.zeros(_CODES, dtype=np.uint32)
_SEVERAL: Final[dict[int, str]] = {}


def _folded_character(character: str) -> str:
    """What one character of a text becomes before its neighbours are looked at; `.` and `'` stay for later."""
    if character in APOSTROPHES:
        return "'"
    known = _LETTERS.get(character)
    if known is not None:
        return known
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", character).casefold())
    out = []
    for part in text:
        if part in APOSTROPHES:
            out.append("'")
        elif part in "." + _VOICING:
            out.append(part)
        elif _STRIPPED_MARKS.match(part):
            continue
        else:
            out.append(_folded_part(part))
    folded = re.sub(" +", " ", "".join(out))
    return folded if folded == character else "".join(_folded_character(part) for part in folded)


def _folded_part(part: str) -> str:
    category = unicodedata.category(part)
    if category == "Cf":
        return ""
    if category[0] in "ZPSC":
        return " "
    if category == "Nd":
        return str(unicodedata.digit(part))
    return _LETTERS.get(part) or part.translate(_HAN_FORMS)


def _learn(codes: NDArray[np.uint32]) -> None:
    """Fills the tables for code points not seen before."""
    for code in set(codes.tolist()):  # `np.unique` would import numpy.ma, 8 ms
        folded = _folded_character(chr(code))
        if len(folded) == 1:
            _MAP[code] = ord(folded)
        elif folded:
            _SEVERAL[code] = folded
        _STATE[code] = {0: 2, 1: 1}.get(len(folded), 3)


def _fill(first: int, last: int) -> None:
    """Code points that fold to themselves, without looking at each."""
    _MAP[first : last + 1] = np.arange(first, last + 1, dtype=np.uint32)
    _STATE[first : last + 1] = 1


for _first, _last in (
    (0xAC00, 0xD7A3),
    (0x4E00, 0x9FFF),
    (0x3041, 0x3096),
    (0x30A1, 0x30FA),
    (0x30FC, 0x30FE),
):
    _fill(_first, _last)
_MAP[list(_HAN_FORMS)] = list(_HAN_FORMS.values())
_STATE[list(_HAN_FORMS)] = 1

_PLAIN: Final = [
    chr(code).lower() if chr(code).isalnum() or chr(code) in ".'" else " " for code in range(128)
]
_PLAIN[ord("`")] = "'"
_ASCII: Final = "".join(_PLAIN).encode("ascii") + b" " * 128
_UNMARKED: Final = bytes.maketrans(b".'", b"  ")


class Folded:
    """A folded text and where each of its characters came from.

    `text` is the folded text. `starts[i]` and `ends[i]` (int32) are the code
    point offsets in `original` of what became `text[i]`; they never fall, and
    the ranges cover the original except for what vanished at its beginning. A
    boundary put in between scripts has no width.
    """

    __slots__ = ("__dict__", "_changed", "original", "text")

    def __init__(
        self,
        original: str,
        text: str,
        changed: tuple[NDArray[np.int32], NDArray[np.int32]] | NDArray[np.bool_] | None,
    ) -> None:
        self.original = original
        self.text = text
        self._changed = changed
        """Starts and ends; or which characters of the original stayed; or None where all did."""

    @cached_property
    def starts(self) -> NDArray[np.int32]:
        """Where each folded character begins in the original."""
        if self._changed is None:
            return np.arange(len(self.text), dtype=np.int32)
        if isinstance(self._changed, tuple):
            return self._changed[0]
        return self._changed.nonzero()[0].astype(np.int32)

    @cached_property
    def ends(self) -> NDArray[np.int32]:
        """Where each folded character ends in the original, with the combining marks that followed it."""
        if self._changed is None:
            return np.arange(1, len(self.text) + 1, dtype=np.int32)
        if isinstance(self._changed, tuple):
            return self._changed[1]
        return _ends(self.starts, len(self.original))

    def span(self, a: int, b: int) -> Span:
        """The original offsets of `text[a:b]`, without zero-width characters or quotes that trail it; a < b."""
        if self._changed is None:
            return a, b
        start = self.starts.item(a)
        if isinstance(self._changed, tuple):
            end = self.ends.item(b - 1)
        else:
            end = self.starts.item(b) if b < len(self.text) else len(self.original)
        while not self.original[end - 1].isalnum() and end > start + 1 and _trails(self.original[end - 1]):
            end -= 1
        return start, end

    @cached_property
    def kinds(self) -> NDArray[np.uint8]:
        """The kind of each folded character (BOUNDARY, LETTER, HAN, …)."""
        if self.text.isascii():
            words: NDArray[np.uint8] = np.frombuffer(self.text.encode("ascii"), dtype=np.uint8) != _SPACE
            return words.view(np.uint8)
        kinds: NDArray[np.uint8] = KINDS[codes_of(self.text)]
        return kinds

    @cached_property
    def halves(self) -> NDArray[np.int32]:
        """`halves[i]` half words begin before `text[i]`; one longer than the text, so that a difference counts a range.

        A Latin word is two, a CJK character one.
        """
        kinds = self.kinds
        letters = kinds == LETTER
        letters[1:] &= kinds[:-1] != LETTER
        weights = letters.view(np.uint8) << 1
        if not self.text.isascii():
            weights += kinds > LETTER
        weights[self.joined] = 0
        halves = np.zeros(len(kinds) + 1, dtype=np.int32)
        weights.cumsum(dtype=np.int32, out=halves[1:])
        return halves

    @cached_property
    def counts(self) -> NDArray[np.float32]:
        """`halves` as words."""
        return self.halves * np.float32(0.5)

    @cached_property
    def _joints(self) -> NDArray[np.bool_]:
        """At which characters of the original a mark stands that may join two words to one."""
        if self.original.isascii():
            marks = np.frombuffer(self.original.encode("ascii").translate(_MARKED), dtype=np.uint8)
            joints: NDArray[np.bool_] = (marks[:-1] == _DOT) & (marks[1:] != _SPACE)
        else:
            codes = codes_of(self.original)
            joints = _GLUE[codes[:-1]] & (codes[1:] > _SPACE)
        return joints

    @property
    def joints(self) -> int:
        """How many words may be `joined`, at most; told sooner."""
        return int(np.count_nonzero(self._joints))

    @cached_property
    def joined(self) -> NDArray[np.intp]:
        """Where words begin that continue the one before: `MSS's`, `l'ONU`, `3.5`, `1,000`. They are not counted."""
        text, original = self.text, self.original
        places: NDArray[np.intp] = self._joints.nonzero()[0]
        first = places + 1 if self._changed is None else self.starts.searchsorted(places + 1)
        found = []
        for at, place in zip(first.tolist(), places.tolist(), strict=True):
            if not 2 <= at < len(text) or text[at - 1] != " " or not self._stands(at, place):
                continue
            if original[place] in ".,":
                if text[at].isdigit() and text[at - 2].isdigit():
                    found.append(at)
            elif text[at].isalpha() and text[at - 2].isalnum():
                found.append(at)
        return np.array(found, dtype=np.intp)

    def _stands(self, at: int, place: int) -> bool:
        """Whether the boundary before `text[at]` is the mark at `place` alone."""
        if self._changed is None:
            return True
        if self.starts.item(at - 1) != place or self.starts.item(at) != place + 1:
            return False
        return not isinstance(self._changed, tuple) or self.ends.item(at - 1) == place + 1

    @property
    def words(self) -> float:
        """The words of the whole text: a Latin word 1, a CJK character .5."""
        return self.halves.item(-1) / 2


def kind_of(character: str) -> int:
    """The kind of one folded character."""
    return _KIND[ord(character)]


def _trails(character: str) -> bool:
    return not character.isalnum() and (character in APOSTROPHES or unicodedata.category(character) == "Cf")


def codes_of(text: str) -> NDArray[np.uint32]:
    """The code points of `text`; not to be written to."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def fold(text: str) -> Folded:
    """`text` folded, with its map. Any str is accepted, lone surrogates too; about 20 µs for 5 kB of English."""
    plain = text.isascii()
    if len(text) < _SHORT and "  " not in text:
        if plain and text.replace(" ", "").isalnum():
            return Folded(text, text.lower(), None)
        if not plain and _ONE_SCRIPT.fullmatch(text):
            return Folded(text, text.translate(_HAN_FORMS), None)
    data = text.encode("ascii") if plain else _as_ascii(text)
    if data is not None:
        return _fold_ascii(text, data.translate(_ASCII))
    codes, starts = _mapped(codes_of(text))
    vanished = _vanishing(codes.tobytes().decode("utf-32-le"))
    codes[(codes == _DOT) | (codes == _QUOTE)] = _SPACE
    blank = codes == _SPACE
    if vanished:
        kept = np.ones(len(codes), dtype=bool)
        kept[vanished] = False
        blank, codes, starts = blank[kept], codes[kept], starts[kept]
    doubled = (blank[1:] & blank[:-1]).nonzero()[0]
    if len(doubled):
        single = np.ones(len(codes), dtype=bool)
        single[doubled + 1] = False
        codes, starts = codes[single], starts[single]
    return _between_scripts(text, codes.astype(np.uint32, copy=False), starts)


def _as_ascii(text: str) -> bytes | None:
    """`text` with curly quotes, dashes, é and the like as the one ASCII character each folds to; None if one does not.

    That leaves English as newspapers set it to the fast way, at a third of the price.
    """
    codes = codes_of(text)
    places = (codes > 127).nonzero()[0]
    if len(places) * 8 > len(codes):
        return None
    others = codes[places]
    state = _STATE[others]
    if not state.all():
        _learn(others[state == 0])
        state = _STATE[others]
    folded = _MAP[others]
    ellipses = others == _ELLIPSIS  # three dots of one place are one boundary, as a space is
    folded[ellipses] = _SPACE
    if not ((state == 1) & (folded < 128) | ellipses).all():
        return None
    plain = codes.astype(np.uint8)
    plain[places] = folded
    return plain.tobytes()


def _fold_ascii(text: str, data: bytes) -> Folded:
    """`text`, of which `data` is the folded form character by character, with its boundaries made single."""
    codes = np.frombuffer(data.translate(_UNMARKED), dtype=np.uint8)
    blank = codes == _SPACE
    doubled = (blank[1:] & blank[:-1]).nonzero()[0]
    vanished = _vanishing(data.decode("ascii"))  # between letters: none of them is beside a boundary
    if not len(doubled) and not vanished and text.isascii():
        return Folded(text, codes.tobytes().decode("ascii"), None)
    kept = np.ones(len(codes), dtype=bool)
    kept[doubled + 1] = False
    kept[vanished] = False
    return Folded(text, codes[kept].tobytes().decode("ascii"), kept)


def _mapped(codes: NDArray[np.uint32]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Each code point folded by itself, then jamo and voicing marks composed; with the offset of each."""
    state = _STATE[codes]
    if not state.all():
        _learn(codes[state == 0])
        state = _STATE[codes]
    mapped = _MAP[codes]
    starts = np.arange(len(codes))
    if (state == 3).any():
        mapped, starts, state = _expanded(codes, mapped, state)
    if (state == 2).any():
        kept = state != 2
        mapped, starts = mapped[kept], starts[kept]
    if (
        (mapped - 0x1100 < 0x100)
        | (mapped - 0x3099 < 2)
        | (mapped - 0xA960 < 0x20)
        | (mapped - 0xD7B0 < 0x50)
    ).any():
        mapped, starts = _composed(mapped, starts)
    return mapped, starts


def _expanded(
    codes: NDArray[np.uint32], mapped: NDArray[np.uint32], state: NDArray[np.uint8]
) -> tuple[NDArray[np.uint32], NDArray[np.int64], NDArray[np.uint8]]:
    """Ligatures and the like written out, each part standing where the whole did."""
    places = np.flatnonzero(state == 3)
    texts = [_SEVERAL[code] for code in codes[places].tolist()]
    times = np.ones(len(codes), dtype=np.int64)
    times[places] = [len(text) for text in texts]
    out = np.repeat(mapped, times)
    filled = np.repeat(state == 3, times)
    out[filled] = codes_of("".join(texts))
    new_state = np.repeat(state, times)
    return out, np.repeat(np.arange(len(codes)), times), new_state


def _composed(
    mapped: NDArray[np.uint32], starts: NDArray[np.int64]
) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Conjoining jamo made syllables and voiced kana one character; a voicing mark with nothing to voice vanishes."""
    text = mapped.tobytes().decode("utf-32-le")
    out: list[str] = []
    places: list[NDArray[np.int64]] = []
    done = 0
    for found in _COMPOSABLE.finditer(text):
        a, b = found.span()
        out.append(text[done:a])
        places.append(starts[done:a])
        done = b
        for part, at in _compose(found.group()):
            out.append(part)
            places.append(starts[a + at : a + at + 1])
    out.append(text[done:].lstrip(_VOICING) if not out else text[done:])
    places.append(starts[len(text) - len(out[-1]) :])
    return codes_of("".join(out)).copy(), np.concatenate(places)


def _compose(run: str) -> list[tuple[str, int]]:
    """The characters of `run` composed where Unicode composes them, each with its place in the run."""
    found: list[tuple[str, int]] = []
    for at, character in enumerate(run):
        joined = unicodedata.normalize("NFC", found[-1][0] + character) if found else character
        if found and len(joined) == 1:
            found[-1] = (joined, found[-1][1])
        elif character not in _VOICING:
            found.append((character, at))
    return found


def _vanishing(text: str) -> list[int]:
    """The places of dots within abbreviations and apostrophes within words; all others are boundaries."""
    found = []
    for mark in _INNER_DOT.finditer(text, 1):
        at = mark.start()
        if (
            _lettered(text[at - 1])
            and _lettered(text[at + 1])
            and (at < 2 or not _worded(text[at - 2]))
            and (at + 2 >= len(text) or not _worded(text[at + 2]))
        ):
            found.append(at)
    for mark in _INNER_QUOTE.finditer(text, 1):
        at = mark.start()
        if _lettered(text[at - 1]) and _lettered(text[at + 1]) and not _sets_off(text, at):
            found.append(at)
    return found


def _worded(character: str) -> bool:
    """A letter or digit of a script that separates its words."""
    return character.isalnum() and (character < "\u1100" or kind_of(character) == LETTER)


def _lettered(character: str) -> bool:
    """A letter of a script that separates its words."""
    return character.isalpha() and (character < "\u1100" or kind_of(character) == LETTER)


def _sets_off(text: str, at: int) -> bool:
    """Whether the apostrophe at `at`, between two letters, ends one word and begins the next: `'s`, `l'ONU`."""
    after = text[at + 1]
    if after == "s":
        return at + 2 >= len(text) or not _worded(text[at + 2])
    return after in _VOWELS and re.split("[ .']", text[max(0, at - 8) : at])[-1] in _ELIDED


def _ends(starts: NDArray[np.int32], length: int) -> NDArray[np.int32]:
    """Each character ends where the next begins, so that marks stay with their letter."""
    ends = np.empty(len(starts), dtype=np.int32)
    if len(starts):
        ends[:-1] = starts[1:]
        ends[-1] = length
        for at in np.flatnonzero(starts[1:] == starts[:-1])[
            ::-1
        ].tolist():  # parts of one ligature end together
            ends[at] = ends[at + 1]
    return ends


def _between_scripts(text: str, codes: NDArray[np.uint32], starts: NDArray[np.int64]) -> Folded:
    """The last step: a boundary of no width where LETTER, Hangul, and Han or kana meet."""
    first = starts.astype(np.int32)
    ends = _ends(first, len(text))
    kinds = KINDS[codes]
    scripts = _SCRIPTS[kinds]
    meets = np.flatnonzero((scripts[1:] != scripts[:-1]) & (scripts[1:] * scripts[:-1] > 0)) + 1
    if len(meets):
        codes = np.insert(codes, meets, _SPACE)
        # where the next begins; inside one character that folds to both scripts (㏠ is 1日), where that ends
        ends = np.insert(ends, meets, ends[meets - 1])
        first = np.insert(first, meets, first[meets])
    return Folded(text, codes.astype("<u4").tobytes().decode("utf-32-le"), (first, ends))


def count_words(text: str) -> float:
    """The words of `text`, the one count used everywhere: a Latin word 1, a Han, kana or Hangul character .5."""
    return fold(text).words if text else 0.0
