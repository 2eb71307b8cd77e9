"""Figures: the numbers, negations and names of a text, in one form for every script.

70, seventy, 70여 and 七十 are one number; 3만5천, 35,000 and 三万五千 too. What
is read as a number only decides whether two near-equal texts tell the same
figures, so a rare misreading does no harm as long as it is the same each time.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
)
_UNITS = {word: value for value, word in enumerate((_ONES + " seventeen eighteen nineteen").split())}
_TENS = {
    word: 10 * value
    for value, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2
    )
}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_DOZEN = {"dozen": 12}
NUMBER_WORDS = tuple(_UNITS | _TENS | _SCALES | _DOZEN)
"""English words that can be part of a number (`one` only before a scale: it is mostly a pronoun)."""

_SHORT_SCALES = {
    "k": 10**3, "m": 10**6, "mn": 10**6, "mln": 10**6, "bn": 10**9, "bln": 10**9, "tn": 10**12, "trn": 10**12,
}  # fmt: skip
_WIDE_SCALES = {
    "십": 10, "백": 100, "천": 1000, "만": 10**4, "억": 10**8, "조": 10**12,
    "十": 10, "百": 100, "千": 1000, "万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8, "兆": 10**12,
}  # fmt: skip
_WIDE_DIGITS = {
    character: value
    for digits in ("〇一二三四五六七八九", "零壹贰叁肆伍陆柒捌玖", "영일이삼사오육칠팔구")
    for value, character in enumerate(digits)
} | {"两": 2, "兩": 2, "육": 6, "륙": 6}
_NATIVE_TENS = {
    "열": 10, "스물": 20, "스무": 20, "서른": 30, "마흔": 40, "쉰": 50, "예순": 60, "일흔": 70, "여든": 80, "아흔": 90,
}  # fmt: skip
_NATIVE_ONES = {
    "한": 1, "두": 2, "세": 3, "석": 3, "네": 4, "넉": 4, "다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8, "아홉": 9,
}  # fmt: skip

_DIGITS = re.compile(r"\d[\d.,]*")
_ASCII_DIGITS = re.compile(r"[0-9][0-9.,]*")
"""The same for ASCII, where it takes half the time."""
_FRACTION = re.compile(
    r"(?<![\d.,/])(?:(\d{1,3})[- \u00a0]?)??(?:(\d{1,2})[/\u2044](2|3|4|5|6|8|16|32|64)(?![\d/])|([¼-¾⅐-⅞]))"
)
"""6-3/16, 6 1/2, 3/4, 6½: of the kinds that prices and measures come in, so that a date is none."""
_OVER = re.compile(r"/(?<=\d.)\d")
_FRACTION_SIGNS = "\u2044½¼¾⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?\Z")
_SCALE = re.compile(
    r"[  -]?(hundred|thousand|million|billion|trillion|dozen|mln|bln|trn)\b"
    r"|(k|mn?|bn|tn)\b|[  ]?([십백천만억조十百千万萬亿億兆]+)",
    re.IGNORECASE,
)
_HAN_NUMBER = re.compile(r"[〇零一二三四五六七八九两兩十百千万萬亿億]+")
_HAN_COUNTED = frozenset("名人个個次岁歲天年月日家位")
_HANGUL_COUNTED = r"(?=\s?(?:여|명|개|원|달러|년|월|일|차|번|가구|세|살|건|발|톤|시간|위안))"
_HANGUL_NUMBER = re.compile(rf"(?:[일이삼사오육륙칠팔구십백천만억조]{{2,}}|[십백천]){_HANGUL_COUNTED}")
_NATIVE_COUNTED = r"(?=\s?(?:여|명|살|개|번|가구|차례|건|곳|발|척|시간|달|배|마리))"
_NATIVE_NUMBER = re.compile(
    rf"(?:({'|'.join(_NATIVE_TENS)})({'|'.join(_NATIVE_ONES)})?|(?!한\s?번)({'|'.join(_NATIVE_ONES)})){_NATIVE_COUNTED}"
)
"""스물세 명, 다섯 살; 한 번 is mostly `once more` or `for once`."""


_CLIPPED_BY = np.array([1e3, 1e4, 1e6, 1e8, 1e9, 1e12])
_NEARLY = 1e-8 + 1e-9 * _CLIPPED_BY


def numbers(text: str, *, words: Iterable[tuple[int, str]] = (), wide: bool = True) -> NDArray[np.float64]:
    """The numbers of `text`, sorted and unique.

    `words`: the tokens that are one of NUMBER_WORDS, as (index of the token, word), in order.
    `wide`: whether to look for Korean and Chinese numerals too.
    """
    found = _digit_numbers(_FRACTION.sub(_decimal, text) if _has_fractions(text) else text)
    found.extend(_word_numbers(words))
    if wide:
        found.extend(_wide_numbers(text))
    return np.array(sorted(set(found)), dtype=np.float64)


def agreement(mine: NDArray[np.float64], theirs: NDArray[np.float64]) -> float:
    """Shared numbers / the smaller one's numbers; 1 where either has none. Both sorted and unique.

    Two that differ by a scale alone are shared: `3.5 million` whose `million` was changed or cut off.
    """
    few, many = sorted((mine, theirs), key=len)
    if not len(few):
        return 1.0
    shared = np.isin(few, many, assume_unique=True)
    count = int(np.count_nonzero(shared))
    left, right = few[~shared & (few > 0)], many[many > 0]
    if len(left) and len(right):
        ratios = np.divide.outer(left, right)
        ratios = np.maximum(ratios, 1 / ratios)
        by_scale = (np.abs(ratios[..., None] - _CLIPPED_BY) <= _NEARLY).any(axis=2)
        count += int(np.count_nonzero(by_scale.any(axis=1)))
    return count / len(few)


def _digit_numbers(text: str) -> list[float]:
    """Numbers written in digits, with the scale after them (70 million, 5.93 mln, $2bn, 3만5천)."""
    found: list[float] = []
    sum_so_far, open_scale, expected = 0.0, 0, -1
    for match in (_ASCII_DIGITS if text.isascii() else _DIGITS).finditer(text):
        values = _values(match.group())
        at = match.end()
        scale = _SCALE.match(text, at) if match.group()[-1] not in ".," else None
        if scale is None:
            factor = 1
        else:
            at = scale.end()
            factor = _factor(scale)
        values[-1] *= factor
        if open_scale > factor and match.start() in (expected, expected + 1) and len(values) == 1:
            found.pop()
            values[0] += sum_so_far
        found.extend(values)
        is_wide = scale is not None and scale.group(3) is not None
        sum_so_far, open_scale, expected = values[-1], factor if is_wide else 0, at
    return found


def _has_fractions(text: str) -> bool:
    """Whether there may be any, told in a fraction of the time it takes to look for them."""
    if "/" in text and _OVER.search(text):
        return True
    return not text.isascii() and any(sign in text for sign in _FRACTION_SIGNS)


def _decimal(fraction: re.Match[str]) -> str:
    """6-3/16 as 6.1875; what is no proper fraction (11/2) as it stands."""
    whole, numerator, denominator, sign = fraction.groups()
    part = unicodedata.numeric(sign) if sign else int(numerator) / int(denominator)
    if not 0 < part < 1 or (whole and fraction.group()[len(whole)].isdigit()):
        return fraction.group()
    return f"{int(whole or 0) + part:.6g}"


def _values(digits: str) -> list[float]:
    """`1,750` is one number, `1987,1988` two, `3.5.2` the figures of a list."""
    digits = digits.rstrip(".,")
    if not digits:  # `1,...,5`: between the commas of a list stands no figure
        return []
    if "," in digits:
        if _GROUPED.match(digits):
            digits = digits.replace(",", "")
        else:
            return [value for part in digits.split(",") if part for value in _values(part)] or [0.0]
    if digits.count(".") > 1:
        return [float(part) for part in digits.split(".") if part] or [0.0]
    return [float(digits)]


def _factor(scale: re.Match[str]) -> int:
    word, short, wide = scale.groups()
    if wide:
        factor = 1
        for character in wide:
            factor *= _WIDE_SCALES[character]
        return factor
    name = (word or short).lower()
    return (_SCALES | _SHORT_SCALES | _DOZEN)[name]


def _word_numbers(words: Iterable[tuple[int, str]]) -> list[float]:
    """Numbers spelt out in English: seventy-five, two hundred and five, 1 million having been read before."""
    found: list[float] = []
    total, part, last, last_word = 0.0, 0.0, -9, ""

    def close() -> None:
        value = total + part
        if value and not (value == 1 and last_word == "one"):
            found.append(value)

    for index, word in words:
        joined = index == last + 1 or (index == last + 2 and last_word in _SCALES and part + total > 0)
        if joined and word in _UNITS and last_word in (_UNITS.keys() - {"zero"}):
            joined = False  # "five six": two numbers
        if not joined:
            close()
            total = part = 0.0
        if word in _UNITS:
            part += _UNITS[word]
        elif word in _TENS:
            part += _TENS[word]
        elif word == "hundred" or word in _DOZEN:
            part *= (_SCALES | _DOZEN)[word]
        else:
            total, part = total + part * _SCALES[word], 0.0
        last, last_word = index, word
    close()
    return found


def _wide_numbers(text: str) -> list[float]:
    """Numbers in Chinese and Korean numerals, and native Korean ones before a counter.

    What must not stand before a numeral is looked at afterwards: a lookbehind at
    its head makes a pattern ten times slower.
    """
    found = []
    for match in _HAN_NUMBER.finditer(text):
        numeral, before, after = match.group(), *_around(text, match)
        if before.isdecimal():  # 3万: the digits before it have taken it
            continue
        if not _WIDE_SCALES.keys().isdisjoint(numeral) or (len(numeral) == 1 and after in _HAN_COUNTED):
            found.append(_wide_value(numeral))
    hangul, native = (
        [match for match in pattern.finditer(text) if not _hangul_or_digit(_around(text, match)[0])]
        for pattern in (_HANGUL_NUMBER, _NATIVE_NUMBER)
    )
    found.extend(_wide_value(numeral.group()) for numeral in hangul)
    found.extend(
        float(_NATIVE_TENS.get(tens, 0) + _NATIVE_ONES.get(one or alone, 0))
        for tens, one, alone in (numeral.groups() for numeral in native)
    )
    return found


def _around(text: str, match: re.Match[str]) -> tuple[str, str]:
    """The character before a match and the one after it; empty at the ends of the text."""
    return text[max(match.start() - 1, 0) : match.start()], text[match.end() : match.end() + 1]


def _hangul_or_digit(character: str) -> bool:
    return "가" <= character <= "힣" or character.isdecimal()


def _wide_value(numeral: str) -> float:
    total, section, digit = 0, 0, 0
    for character in numeral:
        scale = _WIDE_SCALES.get(character)
        if scale is None:
            digit = digit * 10 + _WIDE_DIGITS[character]
        elif scale < 10**4:
            section += (digit or 1) * scale
            digit = 0
        else:
            total += (section + digit or 1) * scale
            section = digit = 0
    return float(total + section + digit)
