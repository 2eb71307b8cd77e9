"""Where sentences and paragraphs begin and end, in English, Korean, Chinese and their neighbours."""

from __future__ import annotations

import re
from typing import Final

from watcher.model import Span

_PARAGRAPH: Final = re.compile(r"[^\r\n\u2028\u2029\u0085]+")
_BORDER: Final = re.compile(
    # one set first, which the search goes by; and each run of marks is looked at once, however long it is
    r"""
    [.!?…\u203c-\u2049。！？｡؟۔।]
    (?: (?<![.!?…\u203c-\u2049]{2}) (?<![。！？｡؟۔।])                  # . ! ? before white space,
        [.!?…\u203c-\u2049]*+ [\])}'"’”»›*]*+ (?:\[\d{1,3}\]|[\x20\xa0\u202f]»)?+ (?=\s)  # with closing quotes, note
      | (?<=[。！？｡؟۔।]) [。！？｡.!?]*+ [”’」』）)\]》〉"']*+            # full stops that need no space after them
      | (?<=[\uac00-\ud7a3][.!?]) [.!?]*+ (?=[\uac00-\ud7a3“‘「])     # Korean without the space
    )
    """,
    re.VERBOSE,
)
_BREAK: Final = re.compile(r"[\s(\[\"'“‘«/–—]")
_WIDE: Final = re.compile(r".*[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3](?=[A-Za-z])")
_DATE: Final = re.compile(r"\d{4}\. ?\d{1,2}\. ?\d{1,2}$")
_INITIALS: Final = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]")
_ABBREVIATED: Final = """
    mr mrs ms dr prof rev hon st sr jr gen col lt maj capt cmdr sgt adm brig gov sen rep pres supt mt vs
    etc cf al inc ltd corp co dept est ed eds approx jan feb mar apr jun
    jul aug sep sept oct nov dec mon tue tues wed thu thurs fri u.s u.k u.n d.p.r.k r.o.k p.r.c e.g
    i.e a.m p.m ph.d d.c m mm mme mlle hr fr z z.b d.h u.a bzw usw bspw ca г гг т ул им
"""
_ABBREVIATIONS: Final = frozenset(_ABBREVIATED.split())
_NUMBERED: Final = frozenset(("no", "nos", "nr", "n", "p", "pp", "fig", "vol", "art", "sec", "ch", "стр"))
"""Abbreviations before a number, and words or letters elsewhere: No. 39, p. 5."""
_MONTHS: Final = re.compile(
    r"(?:Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember)\b"
)
_CLOSING: Final = "u.s u.k u.n d.p.r.k r.o.k p.r.c a.m p.m d.c etc inc ltd corp co jr sr al"
_ENDS_TOO: Final = frozenset(_CLOSING.split())
"""Abbreviations that also end sentences: a border only if a capital that begins sentences follows."""
_QUOTED: Final = re.compile(
    r"(?:이?라고|이?라며|이?라는|이?라면서|고|며|는|면서|하고)(?![가-힣]*[.!?])[가-힣]*\s"
)
"""What goes on after a quotation in Korean: "…." 라고 말했다."""
_STARTING: Final = """
    the a an it he she they we i in on at by for but and however this that these those there his her
    its their our after before when while if as no not many some most what who how why according
    officials then yes
"""
_STARTERS: Final = frozenset(_STARTING.split())

AHEAD: Final = 80
"""Characters looked at after a mark. The rest of the paragraph at each of them took minutes for a book on one line."""


def paragraphs(text: str) -> list[Span]:
    """The lines of `text` that are not blank, trimmed of white space, sorted and disjoint."""
    found = (_trimmed(text, *line.span()) for line in _PARAGRAPH.finditer(text))
    return [span for span in found if span[0] < span[1]]


def sentences(text: str) -> list[Span]:
    """The sentences of `text`, trimmed of white space, sorted and disjoint; a line break always ends one."""
    found = []
    for start, end in paragraphs(text):
        begun = start
        for border in _BORDER.finditer(text, start, end):
            if border.end() < end and _ends_sentence(text, border, begun, end):
                found.append(_trimmed(text, begun, border.end()))
                begun = border.end()
        if begun < end:
            found.append(_trimmed(text, begun, end))
    return [span for span in found if span[0] < span[1]]


def _trimmed(text: str, start: int, end: int) -> Span:
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end


def _ends_sentence(text: str, border: re.Match[str], begun: int, end: int) -> bool:
    """Whether this mark ends a sentence: not after `Mr.`, an initial, or before a small letter."""
    mark = border.group()
    if mark[0] in "。！？｡؟۔।":
        # 「…。」と述べた goes on: what follows a closing quotation without a space is the same sentence in Japanese.
        if text[border.end()] in "、，,；;":
            return False
        if mark[0] in "！？" and text[border.end()] == "と":
            return False
        return not (len(mark) > 1 and mark[-1] in "」』" and text[border.end()] in "とはという")
    after = border.end()
    while after < end and text[after].isspace():
        after += 1
    rest = text[after : min(end, after + AHEAD)]
    following = rest.lstrip("\"'“‘«([{*-–— ")[:1]
    if following.islower() or rest[:1] == ".":
        return False
    if mark[-1] in "\"'”’" and _QUOTED.match(text, after):
        return False
    if mark[0] != ".":
        return True
    if mark.startswith("..") and not following.isupper():
        return not following.isalpha() or not following.isascii()
    word = _BREAK.split(text[max(begun, border.start() - 12) : border.start()])[-1]
    if word[-1:].isdigit():
        return not _counts(word, text[begun : border.start()].strip()[-12:], rest)
    return not _abbreviates(_WIDE.sub("", word), rest, following)


def _counts(word: str, before: str, rest: str) -> bool:
    """Whether the dot after the number `word` belongs to it: 2016. 7. 5., the label of a list, a German date."""
    if not word.isdigit():
        return bool(_DATE.fullmatch(word))
    label = before == word and len(word) <= 2
    return label or rest[:1].isdigit() or bool(_DATE.search(before)) or bool(_MONTHS.match(rest))


def _starts(rest: str) -> bool:
    """Whether `rest` begins with a word that begins sentences."""
    first = re.match(r"[\"'“‘«(]*([^\W\d_]+)", rest)
    return first is not None and first.group(1).lower() in _STARTERS


def _abbreviates(word: str, rest: str, following: str) -> bool:
    """Whether the dot after `word` belongs to it."""
    lowered = word.lower()
    if lowered in _ENDS_TOO:
        return not _starts(rest)
    if len(word) == 1 and word.isalpha() and word.isupper():
        return word != "I" and not _starts(rest)
    if lowered in _NUMBERED:
        return following.isdigit()
    if lowered in _ABBREVIATIONS:
        return True
    return "." in word and bool(_INITIALS.fullmatch(word))
