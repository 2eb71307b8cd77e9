"""Terms: what a report says, as the keys of its words, of pairs of capitalised words and of pairs of CJK characters.

By them `watcher.novelty.stories` compares reports. A word loses the endings of English
and counts once; words that stand in any report, and names of outlets, are
left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from watcher.folding import codes_of, fold
from watcher.novelty.fingerprints import Tokens, mix, tokenise

LEAD_WORDS = 350
"""Tokens that are looked at: a report tells its story first, a comment thread or a link list comes last. With 250,
.57 to .62 of the pairs of labelled pages are found instead of .67 to .71; with 400 no more, and some wrongly."""
HEAD_WORDS = 32
"""Telling words of a head, a CJK character being half of one: a title and a first sentence or two. With 24, .90 of the
written reports in one story are right (check) instead of .96; with 40, .29 of the labelled wire pairs are found instead
of .35."""
TABLE = 0.06
"""Share of a report's words that are figures from which it may be a table in words, as results and fixings are."""
TABLE_FIGURES = 5
"""Figures that it has then, at least: a flash of 30 words has two or three."""
TABLE_AGREE = 0.75
"""Share of the fewer figures up to which two such reports tell two things in one form. Of 50 linked pairs of wire
reports read by hand, the 37 that told two things were such, and none of the 13 that told one."""
FORM = 0.6
"""Share of the shorter report's terms that two fillings of one form share, table or not: a day's notice and the
next day's. Of the 7 such labelled pairs to develop on, the 4 with FORM_AGREE or less tell two things."""
FORM_TERMS = 20
"""Terms that they share at least: two flashes of one quake have fewer."""
FORM_FIGURES = 3
"""Figures that each has."""
FORM_AGREE = 1 / 3
"""Share of the fewer figures up to which they tell two things."""

_MARKS = np.array(
    [ord(mark) for mark in '.!?:\n"\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}«»'],
    np.uint32,
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAYS = {day: at % 7 for at, day in enumerate("월화수목금토일一二三四五六日")} | {"天": 6}
_DATE = re.compile(
    r"\b(?:(?P<month>January|February|March|April|May|June|July|August|September|October|November|December"
    r"|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)(?=\s?\.?\s?\d))"
    r"|(?P<weekday>(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day))\b"
    r"|(?<!\d)(?:(?P<number>1[0-2]|0?[1-9])\s?[월月]|(?P<year>(?:19|20)\d\d)(?!\d))"
    r"|(?P<korean>[월화수목금토일])요일|(?:星期|周|週)(?P<chinese>[一二三四五六日天])"
)
_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?)"
)
_DAY = re.compile(
    r"(?<![\d.,~])(?P<day>3[01]|[12]\d|[1-9])(?!\d|:\d)(?P<told>"
    rf"(?:st|nd|rd|th)?\s(?:of\s)?{_MONTH}(?!\w)|\s?(?:일(?!\s?(?:째|간|만|동안))|日(?![内內间間])))?"
)
"""A day of a month, unless nothing is `told` and no month stands before it; no number of days."""
_LONGEST_MONTH = len("September ")
_MONTH_BEFORE = re.compile(rf"\b{_MONTH}\s$")
_A, _LETTERS, _ASCII = np.uint32(ord("A")), np.uint32(26), np.uint32(127)
_KEPT = 100_000
"""Words whose keys are remembered: some 10 MB."""
_UNTOLD = 0
"""Stands for a word that tells nothing."""

_STOP = """a about after again all also an and any are as at be because been before being between both but by can could
did do does down during each even few first for from further had has have having he her here him his how i if in into
is it its itself just last like many may me might more most much must my new no nor not now of off on one only or other
our out over own per said same say says she should since so some such than that the their them then there these they
this those three through to told too two under until up upon us very was we were what when where which while who whom
whose why will with within without would year years you your according reported report reports reporter source sources
news agency added monday tuesday wednesday thursday friday saturday sunday january february march april june july
august september october november december"""
OUTLETS = """reuters yonhap ap afp upi kyodo xinhua bloomberg cnn bbc kbs mbc sbs ytn nhk voa rfa nk daily joongang
chosun donga hankyoreh ilbo herald korea times guardian telegraph tass interfax"""
"""Names of outlets, as words: they stand in every report of theirs. `korea` is one of `Korea Herald`."""
_ENDING = re.compile(r"(?:ions?|ings?|ers?|ors?|ed|ies|es|s|e|y)$")


Offsets = NDArray[np.int32]
Hashes = NDArray[np.uint64]
Keys = NDArray[np.uint32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """The terms of a report, each once."""

    keys: Keys
    """32 bits of a hash each, sorted."""
    head: Flags
    """Which of them stand in its first words, title and lead."""
    names: Flags
    """Which of them stand in its text with a capital inside a sentence."""
    figures: Keys
    """What holds a digit, sorted."""
    table: bool
    """Whether the report may be a table in words."""
    dates: tuple[int, int, int]
    """The months, the weekdays and the years that it names, a bit each."""
    days: int
    """The days of a month that its first words name, a bit each."""


def terms_of(title: str, text: str) -> Terms:
    """The terms of a report. The title counts as the text's first sentence."""
    whole = f"{title}\n{text[: LEAD_WORDS * 12]}"
    tokens = tokenise(whole)
    starts, ends = tokens.starts[:LEAD_WORDS], tokens.ends[:LEAD_WORDS]
    wide, hashes = tokens.wide[:LEAD_WORDS], tokens.hashes[:LEAD_WORDS]
    words = _word_keys(whole, starts, ends, hashes)
    told = ~wide & (words != _UNTOLD)
    capitals = told & _capitals(whole, starts)
    paired = np.flatnonzero(capitals[1:] & capitals[:-1])
    beside = np.flatnonzero(wide[1:] & wide[:-1] & (starts[1:] == ends[:-1]))
    terms = np.concatenate(
        (
            words[told],
            mix(words[paired].astype(np.uint64) << np.uint64(32) | words[paired + 1]).astype(np.uint32),
            mix(hashes[beside] ^ mix(hashes[beside + 1])).astype(np.uint32),
        )
    )
    inside = capitals & _inside(whole, starts, ends) & (starts > len(title))
    named = np.concatenate((inside[told], inside[paired + 1], np.zeros(len(beside), np.bool_)))
    sums = np.cumsum(told + 0.5 * wide)
    said = sums[np.concatenate((np.flatnonzero(told), paired, beside))]
    head = ends[: np.searchsorted(sums, HEAD_WORDS, "right")]
    keys = np.unique(terms)
    return Terms(
        keys,
        np.isin(keys, terms[said <= HEAD_WORDS]),
        np.isin(keys, terms[named]),
        *_figures(tokens),
        _dates(whole[: int(ends[-1]) if len(ends) else 0]),
        _days(whole[: int(head[-1]) + 1 if len(head) else 0]),
    )


def one_form(mine: Terms, theirs: Terms) -> bool:
    """Whether two reports fill one form with other figures, and so tell two things."""
    few = min(len(mine.figures), len(theirs.figures))
    agree = len(np.intersect1d(mine.figures, theirs.figures, assume_unique=True))
    if mine.table and theirs.table:
        return agree <= TABLE_AGREE * few
    if few < FORM_FIGURES or agree > FORM_AGREE * few:
        return False
    shared = len(np.intersect1d(mine.keys, theirs.keys, assume_unique=True))
    return shared >= max(FORM_TERMS, FORM * min(len(mine.keys), len(theirs.keys)))


def _dates(text: str) -> tuple[int, int, int]:
    """The months, weekdays and years of a text, a bit each."""
    months = weekdays = years = 0
    for match in _DATE.finditer(text):
        kind, said = match.lastgroup, match[0]
        if kind == "year":
            years |= 1 << int(said) - 1900
        elif kind == "month":
            months |= 1 << _MONTHS.index(said[:3])
        elif kind == "weekday":
            weekdays |= 1 << _WEEKDAYS.index(said[:3])
        elif kind == "number":
            months |= 1 << int(match["number"]) - 1
        else:
            weekdays |= 1 << _DAYS[match[kind or 0]]
    return months, weekdays, years


def _days(text: str) -> int:
    """The days of a month that a text names, a bit each."""
    days = 0
    for match in _DAY.finditer(text):
        if match["told"] or _MONTH_BEFORE.search(text[: match.start()][-_LONGEST_MONTH:]):
            days |= 1 << int(match["day"])
    return days


def _figures(tokens: Tokens) -> tuple[Keys, bool]:
    digits = tokens.digits[:LEAD_WORDS]
    figures = np.unique(tokens.hashes[:LEAD_WORDS][digits].astype(np.uint32))
    dense = np.count_nonzero(digits) >= TABLE * tokens.weights[:LEAD_WORDS].sum()
    return figures, bool(dense and len(figures) >= TABLE_FIGURES)


def _word_keys(whole: str, starts: Offsets, ends: Offsets, hashes: Hashes) -> Keys:
    """For each token the key of its word without ending, _UNTOLD for one that tells nothing."""
    values = hashes.tolist()
    found = list(map(_keys.get, values))
    if None in found:
        for at, value in enumerate(values):
            if found[at] is None:
                found[at] = _learn(value, whole[starts[at] : ends[at]])
    return np.array(found, dtype=np.uint32)


def _learn(value: int, word: str) -> int:
    """The key of a word, remembered by its hash, which is that of its folded form as well."""
    folded = fold(word).text.strip()
    stem = _stem(folded)
    key = crc32(stem.encode("utf-8", "replace")) if len(stem) > 2 and stem not in _IGNORED else _UNTOLD
    if len(_keys) >= _KEPT:
        _keys.clear()
    _keys[value] = key
    return key


def _capitals(whole: str, starts: Offsets) -> NDArray[np.bool_]:
    """Which tokens begin with a capital."""
    first = codes_of(whole)[starts]
    capitals = (first - _A) < _LETTERS  # what is below A wraps around
    for at in np.flatnonzero(first > _ASCII).tolist():
        capitals[at] = chr(first[at]).isupper()
    return capitals


def _inside(whole: str, starts: Offsets, ends: Offsets) -> Flags:
    """Which tokens do not begin a sentence, a line or a quotation."""
    marks = np.concatenate(([0], np.cumsum(np.isin(codes_of(whole), _MARKS))))
    inside = np.zeros(len(starts), np.bool_)
    inside[1:] = marks[starts[1:]] == marks[ends[:-1]]
    return inside


def _stem(word: str) -> str:
    """A word without the endings of English: defected, defectors and defection are one."""
    match = _ENDING.search(word)
    return word[: match.start()] if match and match.start() > 3 else word


_IGNORED = frozenset(_stem(word) for word in f"{_STOP} {OUTLETS}".split())
_keys: dict[int, int] = {}
"""The key of each word heard lately, by the hash of its folded form."""
