"""Other spellings of a name, found near-identically in stored text: romanisations, hyphens, case, forms of a character.

Words of letters are alike when most of their letters are, or when they sound
alike by the romanisations of Korean. Korean is compared without what inflects
it, and with either spelling of a first sound (리설주, 이설주). Han and kana stand
without spaces: there the forms of a character are looked for, and from four
characters on one other character is let pass.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Final

from watcher.folding import HANGUL, LETTER, Folded, fold, kind_of
from watcher.model import Fields, Span
from watcher.watchlist.engine import matcher
from watcher.watchlist.josa import is_tail

ALIKE: Final = 0.8
"""How alike (difflib's ratio over letters) a spelling has to be."""
LONG: Final = 5
"""Letters from which a spelling may differ in some: shorter names are too easily another one."""
LONG_HAN: Final = 4
_KEPT: Final = re.compile(r"[^ ]+")
_SOUNDS: Final = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        ("tch|ch", "j"), ("(?<=a)r(?=k)", ""), ("([bdgkpst])h", r"\1"), ("[ckq]", "g"), ("t", "d"), ("p", "b"),
        ("r", "l"), ("ee|y", "i"), ("w(?=[aeiou])", ""), ("oe", "oi"), ("ae|ai|ei", "e"), ("eo|eu|oo|ou|u|w", "o"),
        (r"(.)\1+", r"\1"),
    )
)  # fmt: skip
"""From McCune-Reischauer, the Revised Romanisation and what people write, to one spelling: chang, jang; sŏng, seong."""
_INITIALS: Final = 588
"""Hangul syllables that share their first consonant, in the order of Unicode."""
_SHIFTING: Final = (2, 5, 11)
"""ㄴ, ㄹ and none: at the beginning of a word the North writes ㄹ or ㄴ where the South writes ㄴ or nothing."""


def variants(term: str, texts: Iterable[str], *, limit: int = 20) -> list[tuple[str, int]]:
    """Spellings of `term` as they stand in `texts`, with how often, the commonest first; at most `limit`.

    The spellings are the original text (with its case and hyphens), one for each way of writing; the term itself
    is among them where it occurs. A spelling has as many words as the term, or one more or less.
    """
    wanted = fold(term).text.split()
    if not wanted:
        return []
    kinds = {kind_of(character) for word in wanted for character in word}
    look = _in_words
    if HANGUL in kinds:
        look = _in_korean
    elif LETTER not in kinds:
        look = _in_han
    found: Counter[str] = Counter()
    verdicts: dict[str, bool] = {}
    for text in texts:
        folded = fold(text)
        found.update(_written(folded, a, b) for a, b in look(folded.text, wanted, verdicts))
    return found.most_common(limit)


def needed(spellings: Sequence[str]) -> list[str]:
    """Those of `spellings` that a concept needs: what one of them finds as a term is not written again."""
    ranked = sorted(spellings, key=lambda each: (each.isupper(), "-" not in each, -each.count(" ")))
    kept: list[str] = []
    for each in ranked:
        if not any(_finds(term, each) for term in kept):
            kept.append(each)
    return [each for each in spellings if each in kept]


def _finds(term: str, text: str) -> bool:
    match = matcher('"' + term.replace('"', " ") + '"').match(Fields(body=text))
    return match is not None and any((hit.start, hit.end) == (0, len(text)) for hit in match.hits)


# --------------------------------------------------------------------------- letters


def _in_words(text: str, wanted: list[str], verdicts: dict[str, bool]) -> Iterator[Span]:
    joined, initial = "".join(wanted), sound(wanted[0])[:1]
    words = [word.span() for word in _KEPT.finditer(text)]
    for at, (a, end) in enumerate(words):
        if sound(text[a:end])[:1] != initial:
            continue
        for size in range(max(1, len(wanted) - 1), len(wanted) + 2):
            if at + size > len(words):
                break
            b = words[at + size - 1][1]
            if abs((b - a - size + 1) - len(joined)) <= 3 and _alike(text[a:b], wanted, verdicts):
                yield a, b


def _alike(text: str, wanted: list[str], verdicts: dict[str, bool]) -> bool:
    known = verdicts.get(text)
    if known is None:
        known = _judge(text.split(), wanted)
        verdicts[text] = known
    return known


def _judge(words: list[str], wanted: list[str]) -> bool:
    """Whether words are alike as a whole and, where there are as many, one by one (Jong-un is not Jong-nam)."""
    one, other = "".join(words), "".join(wanted)
    if words[-1] == "s" != wanted[-1]:  # a possessive
        return False
    if one == other:
        return True
    if len(other) < LONG:
        return False
    like = SequenceMatcher(None, one, other, autojunk=False)
    same = sound(one) == sound(other)
    if not same and (like.quick_ratio() < ALIKE or like.ratio() < ALIKE):
        return False
    if len(words) > len(wanted) and (_judge(words[:-1], wanted) or _judge(words[1:], wanted)):
        return False  # the spelling with a neighbour
    if len(words) != len(wanted):
        return same or like.ratio() >= (1 + ALIKE) / 2
    return all(
        sound(mine) == sound(theirs) or SequenceMatcher(None, mine, theirs, autojunk=False).ratio() >= 0.6
        for mine, theirs in zip(words, wanted, strict=True)
    )


@lru_cache(maxsize=65536)
def sound(word: str) -> str:
    """A folded word as it sounds, whichever way of writing Korean with Latin letters was used."""
    for pattern, written in _SOUNDS:
        word = pattern.sub(written, word)
    return word


# --------------------------------------------------------------------------- Korean


def _in_korean(text: str, wanted: list[str], verdicts: dict[str, bool]) -> Iterator[Span]:
    joined = "".join(wanted)
    initial = _first_sound(joined)[0]
    spread = (0, 1, -1) if len(joined) >= LONG else (0,)
    words = [word.span() for word in _KEPT.finditer(text)]
    for at, (a, _) in enumerate(words):
        if _first_sound(text[a])[0] != initial:
            continue
        before = ""
        for begin, end in words[at : at + len(wanted) + 2]:
            word = text[begin:end]
            cut = next((n for n in spread if _ends(before, word, len(joined) + n, joined, verdicts)), None)
            if cut is not None:
                yield a, begin + len(joined) + cut - len(before)
                break
            before += word
            if len(before) > len(joined):
                break


def _ends(before: str, word: str, length: int, joined: str, verdicts: dict[str, bool]) -> bool:
    """Whether the name ends `length` syllables after the beginning of `before`, within `word`."""
    inside = length - len(before)
    if not 0 < inside <= len(word) or not (inside == len(word) or is_tail(word[inside:])):
        return False
    name = before + word[:inside]
    known = verdicts.get(name)
    if known is None:
        known = _first_sound(name) == _first_sound(joined)
        if not known and len(joined) >= LONG:
            known = SequenceMatcher(None, name, joined, autojunk=False).ratio() >= ALIKE
        verdicts[name] = known
    return known


def _first_sound(name: str) -> str:
    """`name` with the first consonant that the South leaves out left out: 리설주 and 이설주, 로동당 and 노동당."""
    if not "가" <= name[0] <= "힣":
        return name
    initial, rest = divmod(ord(name[0]) - ord("가"), _INITIALS)
    return chr(ord("가") + _SHIFTING[-1] * _INITIALS + rest) + name[1:] if initial in _SHIFTING else name


# --------------------------------------------------------------------------- Han and kana


def _in_han(text: str, wanted: list[str], verdicts: dict[str, bool]) -> Iterator[Span]:  # noqa: ARG001 - one signature
    name = " ".join(wanted)
    middle = len(name) // 2
    halves = ((name[:middle], 0), (name[middle:], middle)) if len(name) >= LONG_HAN else ((name, 0),)
    starts = {found.start() - at for half, at in halves for found in re.finditer(re.escape(half), text)}
    for start in sorted(starts):
        here = text[max(start, 0) : start + len(name)]
        if len(here) == len(name) and (" " in here) == (" " in name):
            other = sum(mine != theirs for mine, theirs in zip(here, name, strict=True))
            if other <= (len(name) >= LONG_HAN):
                yield start, start + len(name)


def _written(folded: Folded, a: int, b: int) -> str:
    start, end = folded.span(a, b)
    return " ".join(folded.original[start:end].split())
