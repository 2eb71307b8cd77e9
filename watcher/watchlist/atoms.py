"""A term as literal patterns over folded text, each with the boundaries it needs."""

from __future__ import annotations

import functools
import itertools
import re
from typing import Final, Literal, NamedTuple

from watcher.folding import HAN, HANGUL, HIRAGANA, KATAKANA, LETTER, fold, kind_of
from watcher.model import QueryError, Span
from watcher.watchlist.proclitics import proclitics

CASED_LETTERS: Final = 6
"""All-capitals words of up to so many letters are case-sensitive (DESIGN §10)."""
INSIDE_COMPOUNDS: Final = 4
"""Korean words of so many syllables are found inside compounds."""

_PLAIN: Final = re.compile(
    r"(=?)(~?)(\*?)(?:([A-Za-z0-9]+(?: [A-Za-z0-9]+)*)|([가-힣]+(?: [가-힣]+)*)|([一-鿿]+))(\*?)"
)
"""Terms of letters alone, of one script: nearly all. They are taken apart in half the time of the others."""
LONGEST: Final = 60
"""Characters that a star takes in on its side: text without any space must not cost the square of its length."""

_WORD: Final = re.compile(r"[^ ]+")
_SPECIAL: Final = re.compile(r"[].+?(){}[|^$/\\]")
"""What a regex reads otherwise, but for `*`."""
_folded = functools.lru_cache(maxsize=64)(fold)
"""A term is folded where it is checked, taken apart and looked through for capitals: once is enough."""

Side = Literal["", "open", "kind", "josa", "closed"]
"""What to check beside a pattern: nothing, `open` (take in the rest of the word), `kind` (no character of the same
script), `josa` (only what inflects a Korean noun), `closed` (no possessive)."""

_DASH: Final = (
    r"[-\u2010-\u2015\u2043\u2212\ufe63\uff0d\u00b7\u2022\u2027\u2219\u22c5\u30a0\u30fb\uff65\u318d]"
)
"""Hyphens, dashes, and the middle dots of Chinese, Korean and Japanese names."""
_JOINT: Final = re.compile(rf"(?<=\w){_DASH}(?=\w)")


class Pattern(NamedTuple):
    """One literal to look for.

    Its hit is `text[lead:len-trail]`; `capitals` are the ranges within that hit
    that must be capitals in the original.
    """

    text: str
    lead: int = 0
    trail: int = 0
    left: Side = ""
    right: Side = ""
    capitals: tuple[Span, ...] = ()

    @property
    def longest(self) -> float:
        """The most words a hit can take up, with what an open end takes in: one word, or LONGEST characters of CJK."""
        words = self.text.count(" ") + 1
        if self.text.isascii():
            return words + 1 if self.left == "open" else words
        return words + 0.5 * len(self.text) + (LONGEST if self.left or self.right else 0)


class Atom(NamedTuple):
    """All the patterns that are one term."""

    patterns: tuple[Pattern, ...]
    cased: bool
    """Whether case tells hits of this term from others."""

    @property
    def longest(self) -> float:
        """The most words a hit can take up."""
        return max([pattern.longest for pattern in self.patterns])

    @property
    def lengths(self) -> tuple[int, ...] | None:
        """Where the hit of each pattern ends, counted from where that begins; None if one needs a check where it is."""
        found = []
        for text, lead, trail, left, right, capitals in self.patterns:
            if left or right or capitals or lead != 1:
                return None
            found.append(len(text) - trail)
        return tuple(found)


class Spelling(NamedTuple):
    """A term as written, taken apart: `=`, `~`, and the stars at its ends."""

    words: str
    exact: bool = False
    any_case: bool = False
    open_left: bool = False
    open_right: bool = False


def spell(term: str) -> Spelling:
    """Takes `term` apart (without quotes). Raises `QueryError` with the way out; its column counts from the term."""
    rest = term.lstrip("=~")
    marks = term[: len(term) - len(rest)]
    words = rest.strip("*").strip()
    spelling = Spelling(words, "=" in marks, "~" in marks, rest.startswith("*"), rest.endswith("*"))
    if words.startswith(("-", "+", "!")) and fold(words[1:2]).text.strip():
        sign, word = words[0], words[1:]
        way = f"write AND between terms, and {word} without +" if sign == "+" else f"write NOT {word}"
        raise QueryError(f"`{sign}` before a word means nothing here: {way}", text=term)
    if marks and words.startswith("@"):
        raise QueryError(
            f"a concept takes no `{marks}`: write {words}, and {marks} in its entries", text=term
        )
    if "*" in words:
        column = term.index("*", term.index(words)) + 1 if words in term else 1
        column = term.index(words) + words.index("*") + 1
        way = "/" + _SPECIAL.sub(r"\\\g<0>", words).replace("*", r"\pL*") + "/i"
        message = (
            f"`*` may stand only at the beginning or the end of a term; for the middle use a regex: {way}"
        )
        raise QueryError(message, text=term, column=column)
    if not _folded(words).text.strip():
        raise QueryError(f"there is nothing to look for in `{term}`: it holds no letter or digit", text=term)
    if spelling.exact and (spelling.open_left or spelling.open_right):
        raise QueryError("`=` closes what `*` opens: write one of them", text=term)
    return spelling


def atom(term: str) -> Atom:
    """The patterns of `term`, a word or phrase with its marks but without quotes. Raises `QueryError`."""
    plain = _PLAIN.fullmatch(term)
    if plain and not (plain[1] and (plain[3] or plain[7])):
        return _plain(plain)
    spelling = spell(term)
    patterns: dict[Pattern, None] = {}
    for written in _writings(spelling.words):
        folded = _folded(written)
        text = folded.text.strip()
        if not text:
            continue
        capitals = () if spelling.any_case else _capitals(written)
        for literal, shifted in _joined(text, capitals):
            for pattern in _bounded(literal, shifted, spelling):
                patterns[pattern] = None
                if not (spelling.exact or spelling.open_left):
                    patterns.update(dict.fromkeys(_joined_on(pattern)))
    return Atom(tuple(patterns), cased=any(pattern.capitals for pattern in patterns))


def _plain(term: re.Match[str]) -> Atom:
    """The same of a term that `_PLAIN` matches."""
    exact, caseless, left, latin, hangul, han, right = term.groups()
    spelling = Spelling(latin or hangul or han, bool(exact), bool(caseless), bool(left), bool(right))
    if hangul:
        patterns = [each for literal, _ in _joined(hangul, ()) for each in _bounded(literal, (), spelling)]
        return Atom(tuple(patterns), cased=False)
    if han:
        return Atom(tuple(_bounded(_folded(han).text, (), spelling)), cased=False)
    words = () if caseless or latin.islower() else _WORD.finditer(latin)
    capitals = tuple(word.span() for word in words if _is_acronym(word[0]))
    return Atom(tuple(_bounded(latin.lower(), capitals, spelling)), cased=bool(capitals))


def _joined_on(pattern: Pattern) -> list[Pattern]:
    """An Arabic word with what is written on to it before it: the article, and, to; the hit is the word alone."""
    literal = pattern.text[pattern.lead :]
    return [
        pattern._replace(text=" " * pattern.lead + text, lead=pattern.lead + at)
        for text, at in proclitics(literal)
    ]


def _writings(words: str) -> list[str]:
    """`words` with each hyphen kept (it folds to a space) and taken out: Song-thaek, Songthaek."""
    joints = [found.span() for found in _JOINT.finditer(words)]
    if not joints:
        return [words]
    choices = (
        itertools.product("-\0", repeat=len(joints))
        if len(joints) <= 3
        else [("-",) * len(joints), ("\0",) * len(joints)]
    )
    found = []
    for choice in choices:
        out, done = [], 0
        for (start, end), sign in zip(joints, choice, strict=True):
            out += [words[done:start], "" if sign == "\0" else "-"]
            done = end
        found.append("".join([*out, words[done:]]))
    return found


def _capitals(written: str) -> tuple[Span, ...]:
    """The ranges in the folded, stripped text of `written` that stand for short all-capitals words."""
    if written == written.lower():
        return ()
    folded = _folded(written)
    offset = len(folded.text) - len(folded.text.lstrip())
    words = [(word.span(), folded.span(*word.span())) for word in _WORD.finditer(folded.text)]
    return tuple(
        (a - offset, b - offset) for (a, b), (start, end) in words if _is_acronym(written[start:end])
    )


def _is_acronym(word: str) -> bool:
    """Whether a word, as written, is one of those whose case counts."""
    letters = [character for character in word if character.isalpha()]
    return 2 <= len(letters) <= CASED_LETTERS and all(character.isupper() for character in letters)


def _joined(text: str, capitals: tuple[Span, ...]) -> list[tuple[str, tuple[Span, ...]]]:
    """`text`, and with spaces between Hangul words left out: 북한 이탈 주민, 북한이탈주민."""
    gaps = [
        at for at, character in enumerate(text)
        if character == " " and kind_of(text[at - 1]) == HANGUL and kind_of(text[at + 1]) == HANGUL
    ]  # fmt: skip
    if not gaps:
        return [(text, capitals)]
    choices = (
        itertools.product((False, True), repeat=len(gaps))
        if len(gaps) <= 3
        else [(False,) * len(gaps), (True,) * len(gaps)]
    )
    found = []
    for choice in choices:
        out_gaps = {at for at, out in zip(gaps, choice, strict=True) if out}
        literal = "".join(character for at, character in enumerate(text) if at not in out_gaps)
        shifted = tuple(
            (a - sum(at < a for at in out_gaps), b - sum(at < b for at in out_gaps)) for a, b in capitals
        )
        found.append((literal, shifted))
    return found


def _bounded(literal: str, capitals: tuple[Span, ...], spelling: Spelling) -> list[Pattern]:
    """`literal` with what has to stand on either side."""
    words = literal.split(" ")
    lead, left = _left(kind_of(literal[0]), len(words[0]), spelling)
    kind = kind_of(literal[-1])
    if spelling.open_right:
        return [Pattern(" " * lead + literal, lead, 0, left, "open", capitals)]
    if kind == LETTER:
        if spelling.exact:
            return [Pattern(" " * lead + literal + " ", lead, 1, left, "closed", capitals)]
        return [Pattern(" " * lead + form + " ", lead, 1, left, "", capitals) for form in plurals(literal)]
    right: Side = ""
    trail = 0
    if kind == HANGUL:
        if spelling.exact:
            trail = 1
        elif len(words[-1]) < INSIDE_COMPOUNDS:
            right = "josa"
    elif spelling.exact or kind == KATAKANA:
        right = "kind"
    return [Pattern(" " * lead + literal + " " * trail, lead, trail, left, right, capitals)]


def _left(kind: int, length: int, spelling: Spelling) -> tuple[int, Side]:
    """How many boundary characters go before the literal, and the check on its left."""
    if spelling.open_left:
        return 0, "open"
    if kind == LETTER or (kind == HANGUL and (spelling.exact or length < INSIDE_COMPOUNDS)):
        return 1, ""
    if kind == KATAKANA or (kind in (HAN, HIRAGANA) and spelling.exact):
        return 0, "kind"
    return 0, ""


def plurals(literal: str) -> list[str]:
    """`literal` and its plurals: funds, crashes, spies, F-16s. A bare number has none: the 1990s are no 1990."""
    last = literal[-1]
    if not last.isascii() or not (last.isalpha() or any(map(str.isalpha, literal))):
        return [literal]
    forms = [literal, literal + "s"]
    if literal.endswith(("s", "x", "z", "ch", "sh", "o")):
        forms.append(literal + "es")
    if last == "y" and len(literal) > 1 and literal[-2].isalpha() and literal[-2] not in "aeiou":
        forms.append(literal[:-1] + "ies")
    return forms
