"""The query language as a tree: what can be written, without what it finds.

The grammar is in docs/watchlists.md. Positions are offsets into the text a
node was read from, so that errors and conditions can quote it. Nodes are named
tuples, made in half the time of a frozen dataclass, and their classes in a
twentieth: ten thousand queries have a hundred thousand.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final, NamedTuple

from watcher.model import QueryError

TEXT_FIELDS: Final = ("title", "body")
METADATA_FIELDS: Final = ("source", "author", "url", "lang")
FIELDS: Final = TEXT_FIELDS + METADATA_FIELDS
NEAR_DEFAULT: Final = 10
"""Words between the two sides of a NEAR that names no number."""
DEEPEST: Final = 50
"""Levels of parentheses, or of concepts in concepts: nobody reads more, and Python's stack has an end."""
MOST_ERRORS: Final = 20
"""Errors of one query that are told: a terminal shows no more, and each quotes its line."""
SHOWN: Final = 76
"""Columns of a line that are shown with an error."""


class Term(NamedTuple):
    """A word or phrase with its marks (`=`, `~`, `*`), without quotes."""

    text: str
    start: int
    end: int


class Regex(NamedTuple):
    """A regex, `source` without slashes, as written in `text`."""

    source: str
    any_case: bool
    text: str
    start: int
    end: int


class Concept(NamedTuple):
    """`@name`."""

    name: str
    start: int
    end: int


class And(NamedTuple):
    """Every one of `parts` (NOTs among them, never alone)."""

    parts: tuple[Node, ...]
    start: int
    end: int


class Or(NamedTuple):
    """At least one of `parts`."""

    parts: tuple[Node, ...]
    start: int
    end: int


class Not(NamedTuple):
    """`part` is nowhere."""

    part: Node
    start: int
    end: int


class Near(NamedTuple):
    """Neighbours: at most `gaps[i]` words between `parts[i]` and `parts[i+1]`, in order where `ordered[i]`."""

    parts: tuple[Node, ...]
    gaps: tuple[int, ...]
    ordered: tuple[bool, ...]
    start: int
    end: int


class AtLeast(NamedTuple):
    """`part` is found at `least` places or more."""

    least: int
    part: Node
    start: int
    end: int


class InField(NamedTuple):
    """`part` within one field."""

    name: str
    part: Node
    start: int
    end: int


Node = Term | Regex | Concept | And | Or | Not | Near | AtLeast | InField


def error(message: str, text: str, at: int) -> QueryError:
    """A `QueryError` at offset `at` of `text`, as line and column (both from 1)."""
    line = text.count("\n", 0, at) + 1
    return QueryError(message, text=text, line=line, column=at - (text.rfind("\n", 0, at) + 1) + 1)


def show(problem: QueryError) -> str:
    """The error for a terminal: message, the line it is in, and a caret under the place (wide characters counted).

    Of a long line, what stands around the place: a terminal would break it, and the caret would be nowhere.
    """
    lines = problem.text.split("\n")
    if not problem.text or problem.line > len(lines):
        return problem.message
    line = lines[problem.line - 1].replace("\t", " ")
    before, after = line[: problem.column - 1], line[problem.column - 1 :]
    if _columns(line) > SHOWN:
        before = _cut(before[::-1], SHOWN // 2)[::-1]
        after = _cut(after, SHOWN - _columns(before))
    place = f"line {problem.line}, column {problem.column}"
    return f"{place}: {problem.message}\n  {before}{after}\n  {' ' * _columns(before)}^"


def _cut(text: str, columns: int) -> str:
    """As much of the beginning of `text` as fits, with an ellipsis where something is left out."""
    if _columns(text) <= columns:
        return text
    kept, width = 0, 1
    while width + _width(text[kept]) <= columns:
        width += _width(text[kept])
        kept += 1
    return text[:kept] + "…"


def _columns(text: str) -> int:
    return sum(_width(character) for character in text)


def _width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) == "Cf":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def nearest(name: str, known: Iterable[str], *, alike: float = 0.6) -> str:
    """The known name that is likest to `name`, in whatever case, or nothing where none is near."""
    names = {each.lower(): each for each in known}
    import difflib  # noqa: PLC0415 - for mistakes only

    near = difflib.get_close_matches(name.lower(), list(names), n=1, cutoff=alike)
    return names[near[0]] if near else ""


_CALLED: Final = {
    "headline": "title", "head": "title", "hed": "title", "subject": "title", "intitle": "title", "text": "body",
    "content": "body", "intext": "body", "site": "source", "outlet": "source", "feed": "source", "by": "author",
    "byline": "author", "link": "url", "inurl": "url", "domain": "url", "language": "lang",
}  # fmt: skip


def nearest_field(name: str) -> str:
    """The field that is meant by `name`, which is none: misspelt, or called so in other programs."""
    return _CALLED.get(name.lower()) or nearest(name, FIELDS)
