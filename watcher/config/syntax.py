"""What is wrong with a text that is no TOML: every mistake with its place, and the rest of the file still read.

tomllib stops at the first mistake, and tree-sitter makes one error of several
broken lines in a row. So each mistake is taken from tomllib, the statement it
stands in is mended or blanked, and the text is read again.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import Any

MOST = 100
"""Mistakes told of one file: reading again costs as much as reading."""

_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_HEADER = re.compile(r"\s*\[{1,2}\s*([\w.\"'-]+)\s*\]{0,2}\s*(#.*)?$")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_CURLY = re.compile("[“”„«»‘’]")
_BARE = re.compile(r"[^\s\"'\[\]{},;]*[^\W\d][^\s\"'\[\]{},;]*")
_VALUE = re.compile(r"=\s*([^#\n]*?)\s*(?:#.*)?$")


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake at a 1-based line and column."""

    line: int
    column: int
    message: str


@dataclass(frozen=True, slots=True)
class Mended:
    """What could be read in spite of the mistakes; `lost`: the keys and table names that could not.

    `text` is what was read at last, line for line the original.
    """

    raw: dict[str, Any]
    text: str
    mistakes: tuple[Mistake, ...]
    lost: frozenset[str]


def mend(text: str, arrays: frozenset[str]) -> Mended:
    """`text` with its mistakes. `arrays`: top-level names that are written `[[name]]`."""
    # tomllib names no place at the end of a text; a last empty line has one.
    mender = _Mender([*text.replace("\r\n", "\n").split("\n"), ""], arrays)
    while len(mender.mistakes) < MOST:
        mended = "\n".join(mender.lines)
        try:
            return Mended(tomllib.loads(mended), mended, tuple(mender.mistakes), frozenset(mender.lost))
        except tomllib.TOMLDecodeError as error:
            mender.mend(str(error))
    return Mended({}, "", tuple(mender.mistakes), frozenset(mender.lost))


class _Mender:
    """The lines as they are by now, and what was found on the way. Line numbers are 1-based."""

    def __init__(self, lines: list[str], arrays: frozenset[str]) -> None:
        self.lines = lines
        self.arrays = arrays
        self.mistakes: list[Mistake] = []
        self.lost: set[str] = set()

    def mend(self, message: str) -> None:
        """Note what `message` of tomllib is about, and get the lines past it."""
        place = _AT.search(message)
        told = message[: place.start()] if place else message
        if place is None or place[1] is None:
            self._at_the_end(told)
            return
        line, column = int(place[1]), int(place[2])
        here = self.lines[line - 1]
        first = _indent(here) + 1
        header = _HEADER.match(here)
        open_before = told.startswith(("Unclosed", "Invalid value")) and line > 1 and _starts(here)
        if open_before and (column == first or header):
            self._unclosed_before(line, *(("inline table", "}") if "table" in told else ("list", "]")))
        elif header and not told.startswith("Unclosed"):
            self._header(line, header, told)
        else:
            # tomllib has read past what it cannot take twice.
            self._note(line, first if told.startswith("Cannot") else column, _way_out(here, column, told))
            self._blank(self._start(line), self._end(line))

    def _note(self, line: int, column: int, message: str) -> None:
        self.mistakes.append(Mistake(line, column, message))

    def _at_the_end(self, told: str) -> None:
        """Something was open until the end: the last triple quote, or what the last statement began."""
        last = len(self.lines)
        opened = [number for number, line in enumerate(self.lines, 1) if '"""' in line or "'''" in line]
        if told.startswith("Unterminated") and opened:
            self._note(
                opened[-1],
                1,
                "the text that begins here is never closed: write the three quotes where it ends",
            )
            self._blank(opened[-1], last)
        else:
            while last > 1 and not self.lines[last - 1].strip():
                last -= 1
            start = self._start(last)
            self._note(start, _value_column(self.lines[start - 1]), _way_out(self.lines[start - 1], 0, told))
            self._blank(start, len(self.lines))

    def _unclosed_before(self, line: int, what: str, end: str) -> None:
        """The statement before `line` goes on into it."""
        start = self._start(line - 1)
        column = _value_column(self.lines[start - 1])
        self._note(start, column, f"this {what} is not closed before line {line}: write {end} where it ends")
        self._blank(start, line - 1)

    def _header(self, line: int, header: re.Match[str], told: str) -> None:
        """A header that is not closed, or stands twice: read on as it was meant."""
        name = header[1]
        column = _indent(self.lines[line - 1]) + 1
        meant = f"[[{name}]]" if name in self.arrays else f"[{name}]"
        written = _bare(self.lines[line - 1])
        if written != meant:
            again = name in self.arrays and written == f"[{name}]"
            self.lines[:] = [meant if again and _bare(each) == written else each for each in self.lines]
            self.lines[line - 1] = meant
            self._note(line, column, f"{written} does not stand here: write {meant}")
            return
        first = next(number for number, other in enumerate(self.lines, 1) if _bare(other) == meant)
        if first < line:
            told = f"{meant} stands twice: put these settings under the first, on line {first}"
        self._note(line, column, told)
        self.lost.add(name)
        following = (
            number for number in range(line + 1, len(self.lines) + 1) if _HEADER.match(self.lines[number - 1])
        )
        self._blank(line, next(following, len(self.lines) + 1) - 1)

    def _start(self, line: int) -> int:
        """The line on which the statement at `line` starts."""
        return next((number for number in range(line, 0, -1) if _starts(self.lines[number - 1])), line)

    def _end(self, line: int) -> int:
        """The last line of the statement at `line`."""
        for number in range(line + 1, len(self.lines) + 1):
            following = self.lines[number - 1].strip()
            if not following or following.startswith("#") or _starts(following):
                return number - 1
        return len(self.lines)

    def _blank(self, start: int, end: int) -> None:
        """Empty the lines from `start` to `end`, and note the keys that go with them."""
        for number in range(start, end + 1):
            key = _KEY.match(self.lines[number - 1])
            if key:
                self.lost.add(key[1])
            self.lines[number - 1] = ""


def _way_out(here: str, column: int, told: str) -> str:
    """What to write instead of line `here`, where that can be told; else what tomllib `told`."""
    found = _KEY.match(here)
    key = found[1] if found else ""
    value = _VALUE.search(here)
    given = value[1] if key and value else ""
    if told == "Invalid value" or (told.startswith(("Unclosed array", "Expected newline")) and key):
        better = _way_out_of_value(key, given, told, at_start=here.find(given, len(key)) == column - 1)
        if better:
            return better
    for start, message in _WAYS_OUT:
        if told.startswith(start):
            return message.format(key=key)
    if told.startswith("Invalid statement") and key:
        return f'a key of letters other than a to z stands in quotes: write "{key}" = …'
    return _NO_SETTING if told.startswith(("Invalid statement", "Expected '='")) else told


def _way_out_of_value(key: str, given: str, told: str, *, at_start: bool) -> str:
    if _CURLY.search(given):
        return 'these are typographic quotes: write straight ones, "…"'
    if told.startswith("Unclosed"):
        return ""
    if not given:
        return f"there is no value: write {key} = … or take the line out"
    if given.lower() in _SWITCHES:
        return f"write {_SWITCHES[given.lower()]} instead of {given}"
    if _BARE.fullmatch(given) or (told == "Invalid value" and at_start):
        return f'text stands in quotes: write {key} = "{given}"'
    return ""


_SWITCHES = {"true": "true", "yes": "true", "on": "true", "false": "false", "no": "false", "off": "false"}
_NO_SETTING = "this is no setting: write key = value, [table], or # before a comment"
_WAYS_OUT = (
    ("Cannot overwrite", "{key} is given twice here: keep one"),
    ("Illegal character '\\n'", "the text is not closed: write the same quote at its end"),
    ("Unterminated", "the text is not closed: write the same quote at its end"),
    (
        "Unclosed array",
        "a comma is missing before this, or the list is not closed: write , between entries and ] at the end",
    ),
    ("Unclosed inline table", "this inline table is not closed: write }} at its end, on the same line"),
    (
        "Invalid initial character",
        "a key or value is missing here (an inline table takes no comma after its last entry)",
    ),
    (
        "Unescaped",
        "a backslash starts an escape here: write \\\\ for one, or use '…' quotes, which take it as it is",
    ),
    (
        "Expected newline",
        "there is more on this line than one setting: put the rest on a line of its own, or after a #",
    ),
)
"""How a message of tomllib starts, and what to say instead."""


def _starts(line: str) -> bool:
    """Whether `line` looks like the start of a statement."""
    return bool(_HEADER.match(line) or _KEY.match(line))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _bare(line: str) -> str:
    return line.split("#", maxsplit=1)[0].strip()


def _value_column(line: str) -> int:
    """Where the value of the setting on `line` begins, 1-based."""
    at = line.find("=") + 1
    return at + _indent(line[at:]) + 1
