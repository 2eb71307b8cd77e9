"""Text as it may be shown: cleaned of what no reader sees, measured in columns, wrapped.

Article text comes from strangers. Before it reaches a header, a terminal or a
page it passes `clean`, which leaves nothing that moves a cursor, turns a line
round or hides: control and format characters (bidi, zero-width, tags), lone
surrogates, line and paragraph separators.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache

from watcher.model import Span

Run = tuple[str, bool]
"""A piece of a line and whether it is a hit, shown in bold."""
Line = tuple[Run, ...]

_KEPT_SPACES = "\t\n\v\f\r\x85\u2028\u2029"


@cache
def _invisible() -> re.Pattern[str]:
    """Control and format characters (Cc, Cf) but for the spaces among them, and the noncharacters.

    Only the planes that hold such characters are looked through: 10 ms, once, instead of 100.
    """
    ranges: list[str] = []
    start = previous = -2
    for code in (*range(0x20000), *range(0xE0000, 0xE1000)):
        char = chr(code)
        if unicodedata.category(char) not in {"Cc", "Cf"} or char in _KEPT_SPACES:
            continue
        if code != previous + 1:
            if start >= 0:
                ranges.append(f"{re.escape(chr(start))}-{re.escape(chr(previous))}")
            start = code
        previous = code
    ranges.append(f"{re.escape(chr(start))}-{re.escape(chr(previous))}")
    return re.compile(f"[{''.join(ranges)}\ufffe\uffff]")


_SPACES = re.compile(r"[\s\u2028\u2029]+")
_SURROGATES = re.compile("[\ud800-\udfff]")


def sound(text: str) -> str:
    """`text` with each lone surrogate replaced by U+FFFD, so that it can be encoded; offsets stay."""
    return _SURROGATES.sub("\ufffd", text)


def _scrub(text: str) -> str:
    return _SPACES.sub(" ", _invisible().sub("", sound(text)))


def clean(text: str, limit: int = 0) -> str:
    """`text` on one line without what cannot be seen; at most `limit` characters (0: any), cut with an ellipsis."""
    if limit and len(text) > limit * 20:
        text = text[: limit * 20]
    cleaned = _scrub(text).strip()
    if limit and len(cleaned) > limit:
        cleaned = cleaned[: limit - 1].rstrip() + "…"
    return cleaned


def tidy(text: str) -> str:
    """`text` of any number of lines without what cannot be seen; lines end with LF, whatever ended them."""
    return "\n".join(_invisible().sub("", line) for line in sound(text).splitlines())


def link(url: str | None) -> str:
    """`url` if a mail may link it (http or https, no white space, at most 2,000 characters), else the empty string."""
    if not url or len(url) > 2_000 or _scrub(url) != url or any(c in url for c in " <>\"'`\\"):
        return ""
    return url if re.match(r"https?://[^/?#\s]", url, re.IGNORECASE) else ""


def runs(text: str, marks: Iterable[Span], limit: int = 400) -> Line:
    """`text` cleaned and cut into plain and bold runs; a text over `limit` is cut to a window around the marks."""
    merged: list[list[int]] = []
    for start, end in sorted((max(0, a), min(len(text), b)) for a, b in marks):
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    low, high = _window(len(text), merged, limit)
    pieces: list[Run] = [("… ", False)] if low else []
    at = low
    for start, end in merged:
        if end <= low or start >= high:
            continue
        pieces += [(text[at : max(start, low)], False), (text[max(start, low) : min(end, high)], True)]
        at = min(end, high)
    pieces.append((text[at:high], False))
    if high < len(text):
        pieces.append((" …", False))
    return _joined(pieces)


def _window(size: int, marks: Sequence[Sequence[int]], limit: int) -> Span:
    if size <= limit:
        return 0, size
    first = marks[0][0] if marks else 0
    low = max(0, min(first - limit // 3, size - limit))
    return low, low + limit


def _joined(pieces: Iterable[Run]) -> Line:
    """The pieces cleaned, without doubled spaces at their seams and without white space at both ends."""
    line: list[Run] = []
    for raw, bold in pieces:
        piece = _scrub(raw)
        if not line or line[-1][0].endswith(" "):
            piece = piece.lstrip()
        if not piece:
            continue
        if line and line[-1][1] == bold:
            line[-1] = (line[-1][0] + piece, bold)
        else:
            line.append((piece, bold))
    while line and not line[-1][0].rstrip():
        line.pop()
    if line:
        line[-1] = (line[-1][0].rstrip(), line[-1][1])
    return tuple(line)


def starred(line: Line) -> str:
    """A line as plain text, hits between asterisks: `A senior *MSS* official`."""
    return "".join(f"*{text}*" if bold else text for text, bold in line)


def unmarked(line: Line) -> str:
    """A line as plain text."""
    return "".join(text for text, _ in line)


# --------------------------------------------------------------------------- columns


def _is_wide(char: str) -> bool:
    return unicodedata.east_asian_width(char) in "WF"


def width(text: str) -> int:
    """Columns that `text` takes in a terminal: two for a wide East Asian character, none for a combining one."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if _is_wide(c) else 1 for c in text)


# No line begins with these or ends with those: the least of the East Asian line-breaking rules (kinsoku).
_NOT_FIRST = "、。，．,.!?！？:：;；)]}）］｝〉》」』】〕〗’”…·・%％*"
_NOT_LAST = "([{（［｛〈《「『【〔〖‘“"
# Han and kana may part anywhere; Korean parts at its spaces.
_BREAKABLE = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


def _atoms(text: str) -> list[str]:
    """What may not be parted: words with the space after them, single Han and kana characters."""
    atoms: list[str] = []
    for word in re.findall(r"\S+\s*|\s+", text):
        current = ""
        for char in word:
            may_part = (
                current
                and (_BREAKABLE.match(char) or _BREAKABLE.match(current[-1]))
                and char not in _NOT_FIRST
                and not char.isspace()
                and current[-1] not in _NOT_LAST
            )
            if may_part:
                atoms.append(current)
                current = ""
            current += char
        atoms.append(current)
    return atoms


def _is_place(atom: str) -> bool:
    return "://" in atom or atom.startswith("/")


def wrap(text: str, columns: int = 72, indent: str = "", first: str | None = None) -> list[str]:
    """`text` as lines of at most `columns`, `indent` before each (`first` before the first).

    An address or a path wider than a line keeps its own line whole, so that it can be clicked or copied; any other
    word is broken.
    """
    lines: list[str] = []
    lead = indent if first is None else first
    current, used = "", width(lead)
    room = columns - width(indent)
    atoms = (
        part
        for atom in _atoms(text)
        for part in ((atom,) if _is_place(atom) or width(atom.rstrip()) <= room else atom)
    )
    for atom in atoms:
        if current and used + width(atom.rstrip()) > columns:
            lines.append((lead + current).rstrip())
            lead, current, used = indent, "", width(indent)
        current += atom
        used += width(atom)
    lines.append((lead + current).rstrip())
    return lines
