"""Terms that find something other than people mean by them, each met in real news."""

from __future__ import annotations

import re
from typing import Final

from watcher.folding import HAN, HANGUL, LETTER, fold, kind_of
from watcher.watchlist.syntax import FIELDS
from watcher.watchlist.tokens import OPENING

_TIE: Final = "tie it to its subject with near or NEAR/n"
_ANYWHERE: Final[dict[str, str]] = {
    "defect*": "`defect*` finds defective and defects as well: write defector*, defected, defection*",
    "flee*": "`flee*` finds fleet, and fleece: write flee, flees, fled, fleeing",
    "亡命": "亡命 stands in 亡命之徒 (desperado) as well: exclude that, or write 流亡, 脱北",
    "月南": "越南 and 월남 are Vietnam as well: write the whole name or exclude 베트남",
    "脱北*": "脱北 stands in 摆脱北京 (shake off Beijing) as well: write 脱北者, 脱北民",
    "脱北": "脱北 stands in 摆脱北京 (shake off Beijing) as well: write 脱北者, 脱北民",
    "*안전부": "`*안전부` finds 행정안전부 (South Korea's interior ministry) as well: write 국가안전부, 사회안전부",
    "北": "北 stands in 北京 and 东北 as well: write =北 for the lone character of headlines",
}
_LOOSE: Final[dict[str, str]] = {
    "MSS": f"MSS is China's Ministry of State Security too: {_TIE}",
    "NK": f'NK is also in NK cells and "Daily NK": {_TIE}',
    "RGB": f"RGB is a colour model too: {_TIE}",
    "MPS": f"MPS is China's Ministry of Public Security, and members of parliament: {_TIE}",
    "WHO": f"WHO in capitals is the World Health Organization: {_TIE}",
    "월남": f"월남 is Vietnam as well: {_TIE}",
    "중앙당": f"중앙당 is any party's headquarters as well: {_TIE}",
    "Ministry of State Security": f"China has a Ministry of State Security too: {_TIE}",
}

_FOREIGN: Final = re.compile(r"(?<=\w)(?:\?(?=\w)|[?!]$|~\d*$|\^\d+$)")
"""Wildcards and marks of other programs: colou?r, defect!, defector~1, defector^2. As punctuation they are a border."""
_ADDRESS: Final = re.compile(r"[/.=]|\s")
_LISTED: Final = re.compile(r"(?<=[^\W\d])\s*[,;、，；]\s*(?=[^\W\d])")
_SPACED: Final = re.compile(r"(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])")
_FIELD: Final = re.compile(rf"({'|'.join(FIELDS)})=(?=\S)")


def trap(term: str, *, near: bool) -> str:
    """Why `term` is likely to find something else, and what to write; empty if nothing is known against it.

    `near`: it stands where its context has to be near, which settles ambiguous names.
    """
    if term.lstrip("~").startswith("="):
        return ""  # closed on both sides: what stands inside other words is not found
    written = term.lstrip("~")
    known = _foreign(written) or _spaced(written) or _ANYWHERE.get(fold_forms(written))
    if known:
        return known
    if not near and written in _LOOSE:
        return _LOOSE[written]
    return "" if "=" in term else _too_short(term)


def listed(entry: str) -> str:
    """What is wrong with an entry that looks like several, `defector, fled`; nothing where it is quoted."""
    mark = _LISTED.search(entry)
    if mark is None or entry.lstrip(" =~")[:1] in OPENING:
        return ""
    way = "write each as an entry of its own, or put quotes around the phrase"
    return f"`{entry.strip()}` is one phrase, and `{mark.group().strip()}` only a border in it: {way}"


def _foreign(written: str) -> str:
    """What is wrong with a term that is written as in another program."""
    mark = _FOREIGN.search(written)
    if mark and not _ADDRESS.search(written):
        return (
            f"`{mark.group()}` is no wildcard here: the end of a word opens with `*`, its middle in a /regex/"
        )
    field = _FIELD.match(written)
    if field:
        return (
            f"`{field.group()}` looks for the word {field.group(1)}: a field is asked with {field.group(1)}:"
        )
    return ""


def _spaced(written: str) -> str:
    """What is wrong with a phrase of Han words: Chinese and Japanese are written without the space."""
    if not _SPACED.search(written):
        return ""
    joined, apart = _SPACED.sub("", written), " NEAR/3 ".join(_SPACED.split(written))
    return f"`{written}` is found only with the space in it: write {joined}, or as a query {apart}"


def _too_short(term: str) -> str:
    """What is wrong with a term of so few letters that it stands in a great many words."""
    stem = fold(term).text.strip()
    if not stem:
        return ""
    kind = kind_of(stem[0])
    starred = term.endswith("*") or term.startswith("*")
    single = len(stem) == 1
    if starred and ((kind == LETTER and len(stem) < 4 and stem.isascii()) or (kind == HANGUL and single)):
        return f"`{term}` begins or ends a great many words: write more of it, or the words themselves"
    if kind == HAN and single:
        return f"{term} stands inside many words: write ={stem} for the character alone, or a longer term"
    if kind == HANGUL and single:
        return (
            f"{term} with an ending looks like many other words: write a longer word, or ={stem} for it alone"
        )
    return ""


def fold_forms(term: str) -> str:
    """`term` with forms of Han characters folded and its stars kept."""
    left = "*" if term.startswith("*") else ""
    right = "*" if term.endswith("*") and len(term) > 1 else ""
    return left + fold(term).text.strip() + right
