"""Where things stand in a TOML file: line and column of every key and value, from a real parse of its text.

tomllib gives no places, so tree-sitter does. It is imported only when there
is something to say about a place.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

KeyPath = tuple[str | int, ...]
"""Keys and list indexes from the top: `("feeds", 3, "url")`."""

_SKIPPED = frozenset({"[", "]", "{", "}", ",", "comment"})
_ESCAPE_LENGTH = {"x": 4, "u": 6, "U": 10}


def parse(text: str) -> Tree:
    """The syntax tree of `text`, errors and all."""
    import tree_sitter_toml  # noqa: PLC0415  (20 ms, and only errors need it)
    from tree_sitter import Language, Parser  # noqa: PLC0415

    return Parser(Language(tree_sitter_toml.language())).parse(text.encode())


@dataclass(frozen=True, slots=True)
class _Place:
    key: Node
    value: Node


class Places:
    """The places of all keys and values of one TOML text.

    Lines and columns are 1-based; columns count characters.
    """

    def __init__(self, text: str) -> None:
        self._lines = text.encode().split(b"\n")
        self._places: dict[KeyPath, _Place] = {}
        self._arrays: dict[KeyPath, int] = {}
        self.tree = parse(text)
        for node in self.tree.root_node.children:
            self._take_statement(node)

    def point(self, row: int, column: int) -> tuple[int, int]:
        """Line and column of tree-sitter's 0-based row and byte column."""
        line = self._lines[row] if row < len(self._lines) else b""
        return row + 1, len(line[:column].decode(errors="replace")) + 1

    def value(self, path: KeyPath) -> tuple[int, int]:
        """Where the value at `path` stands; where that is not in the file, the nearest thing around it."""
        return self._find(path, key=False)

    def key(self, path: KeyPath) -> tuple[int, int]:
        """Where the key of `path` stands, for a table its header."""
        return self._find(path, key=True)

    def inside(self, path: KeyPath, line: int, column: int) -> tuple[int, int]:
        """The place in the file of `line` and `column` (1-based) within the string value at `path`."""
        place = self._places.get(path)
        if place is None or place.value.type != "string" or place.value.text is None:
            return self.value(path)
        start = place.value.start_point
        literal = place.value.text.decode()
        offset = _raw_offset(literal, line, column)
        before = literal[:offset]
        row, after = start.row + before.count("\n"), before.rpartition("\n")[2]
        if row == start.row:
            first_line, first_column = self.point(start.row, start.column)
            return first_line, first_column + len(after)
        return row + 1, len(after) + 1

    def last_line(self, name: str) -> int | None:
        """The line on which the last setting of the last `[name]` or `[[name]]` table ends; None without one."""
        last = None
        for node in self.tree.root_node.children:
            header = next((child for child in node.children if child.type.endswith("_key")), None)
            if node.type in ("table", "table_array_element") and header and _key_names(header)[:1] == [name]:
                ends = [child.end_point.row for child in node.children if child.type == "pair"]
                last = max(ends, default=header.end_point.row) + 1
        return last

    def _find(self, path: KeyPath, *, key: bool) -> tuple[int, int]:
        for length in range(len(path), 0, -1):
            place = self._places.get(path[:length])
            if place is not None:
                node = place.key if key or length < len(path) else place.value
                return self.point(*node.start_point)
        return 1, 1

    def _take_statement(self, node: Node) -> None:
        if node.type == "pair":
            self._take_pair(node, ())
        elif node.type in ("table", "table_array_element"):
            header = next((child for child in node.children if child.type.endswith("_key")), None)
            if header is None:
                return
            path = self._header_path(_key_names(header), repeated=node.type == "table_array_element")
            self._places.setdefault(path, _Place(node, node))
            for child in node.children:
                if child.type == "pair":
                    self._take_pair(child, path)

    def _header_path(self, names: list[str], *, repeated: bool) -> KeyPath:
        path: KeyPath = ()
        for number, name in enumerate(names, 1):
            path += (name,)
            if repeated and number == len(names):
                self._arrays[path] = self._arrays.get(path, 0) + 1
            if path in self._arrays:
                path += (self._arrays[path] - 1,)
        return path

    def _take_pair(self, node: Node, path: KeyPath) -> None:
        named = [
            child for child in node.children if child.is_named and child.type not in ("comment", "ERROR")
        ]
        if len(named) < 2:
            return
        key, value = named[0], named[-1]
        for name in _key_names(key):
            path += (name,)
            self._places.setdefault(path, _Place(key, value))
        self._places[path] = _Place(key, value)
        self._take_value(value, path)

    def _take_value(self, node: Node, path: KeyPath) -> None:
        if node.type == "inline_table":
            for child in node.children:
                if child.type == "pair":
                    self._take_pair(child, path)
        elif node.type == "array":
            elements = [
                child for child in node.children if child.type not in _SKIPPED and child.type != "ERROR"
            ]
            for index, child in enumerate(elements):
                self._places[(*path, index)] = _Place(child, child)
                self._take_value(child, (*path, index))


def _key_names(node: Node) -> list[str]:
    if node.type == "dotted_key":
        return [name for child in node.children if child.is_named for name in _key_names(child)]
    text = (node.text or b"").decode()
    if node.type == "quoted_key":
        return list(tomllib.loads(f"{text} = 0"))
    return [text]


def _raw_offset(literal: str, line: int, column: int) -> int:
    """The offset within a TOML string literal of a place within the string that it states."""
    quote = literal[:3] if literal[:3] in ('"""', "'''") else literal[:1]
    at = len(quote)
    if len(quote) > 1:
        at += next((len(end) for end in ("\r\n", "\n") if literal.startswith(end, at)), 0)
    here_line, here_column = 1, 1
    while at < len(literal) and (here_line, here_column) < (line, column):
        if literal[at] == "\\" and quote[0] == '"':
            rest = literal[at + 1 :]
            if rest[:1] in " \t\r\n" and rest.strip(" \t\r\n") != rest:
                at += 1 + len(rest) - len(rest.lstrip(" \t\r\n"))
                continue
            newline = rest[:1] == "n"
            at += _ESCAPE_LENGTH.get(rest[:1], 2)
        else:
            newline = literal[at] == "\n"
            at += 1
        here_line, here_column = (here_line + 1, 1) if newline else (here_line, here_column + 1)
    return at
