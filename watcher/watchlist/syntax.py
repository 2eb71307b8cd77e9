"""The query language as a tree: what can be written, without what it finds.

The grammar is in docs/watchlists.md. Positions are offsets into the text a
node was read from, so that errors and conditions can quote it.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from watcher.model import QueryError

TEXT_FIELDS: Final = ("title", "body")
METADATA_FIELDS: Final = ("source", "author", "url", "lang")
FIELDS: Final = TEXT_FIELDS + METADATA_FIELDS
NEAR_DEFAULT: Final = 10
"""Words between the two sides of a NEAR that names no number."""


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase with its marks (`=`, `~`, `*`), without quotes."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Regex:
    """A regex, `source` without slashes, as written in `text`."""

    source: str
    any_case: bool
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Concept:
    """`@name`."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class And:
    """Every one of `parts` (NOTs among them, never alone)."""

    parts: tuple[Node, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of `parts`."""

    parts: tuple[Node, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Not:
    """`part` is nowhere."""

    part: Node
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Near:
    """Neighbours: at most `gaps[i]` words between `parts[i]` and `parts[i+1]`, in order where `ordered[i]`."""

    parts: tuple[Node, ...]
    gaps: tuple[int, ...]
    ordered: tuple[bool, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class AtLeast:
    """`part` is found at `count` places or more."""

    count: int
    part: Node
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class InField:
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
    """The error for a terminal: message, the line it is in, and a caret under the place (wide characters counted)."""
    lines = problem.text.split("\n")
    if not problem.text or problem.line > len(lines):
        return problem.message
    line = lines[problem.line - 1].replace("\t", " ")
    indent = sum(_width(character) for character in line[: problem.column - 1])
    place = f"line {problem.line}, column {problem.column}"
    return f"{place}: {problem.message}\n  {line}\n  {' ' * indent}^"


def _width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) == "Cf":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def nearest(name: str, known: Iterable[str]) -> str:
    """`: did you mean "…"?`, or nothing where no known name is near."""
    near = difflib.get_close_matches(name.lower(), list(known), n=1, cutoff=0.6)
    return near[0] if near else ""


# --------------------------------------------------------------------------- words of the language


@dataclass(frozen=True, slots=True)
class Token:
    """One word of the language: `kind` is (, ), AND, OR, NOT, NEAR, ONEAR, ATLEAST, field, term, regex, concept, end."""

    kind: str
    text: str
    start: int
    end: int
    number: int = 0


_OPENING: Final = {'"': '"', "“": "”", "„": "“”", "«": "»", "「": "」", "＂": "＂"}
_OPERATOR: Final = re.compile(r"(AND|OR|NOT|NEAR|ONEAR|ATLEAST)(?:/(\S*))?")
_FIELD: Final = re.compile(r"([A-Za-z_]+):")
_WORD: Final = re.compile(r"[^\s()（）\"“”«»「」＂]+")
_CONCEPT: Final = re.compile(r"@([\w-]*)")
_FOREIGN: Final = {
    "and": "AND", "or": "OR", "not": "NOT", "near": "NEAR", "&": "AND", "&&": "AND", "|": "OR", "||": "OR", "!": "NOT",
}  # fmt: skip


class Lexer:
    """Reads a query into tokens; what cannot be read is noted in `errors` and left out."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.errors: list[QueryError] = []

    def tokens(self) -> list[Token]:
        """All tokens, the last of kind `end`."""
        found: list[Token] = []
        at = 0
        while True:
            while at < len(self.text) and self.text[at].isspace():
                at += 1
            if at >= len(self.text):
                return [*found, Token("end", "", len(self.text), len(self.text))]
            token = self._token(at)
            found.append(token)
            at = token.end

    def _note(self, message: str, at: int) -> None:
        self.errors.append(error(message, self.text, at))

    def _token(self, at: int) -> Token:
        text = self.text
        if text[at] in "()（）":
            return Token("(" if text[at] in "(（" else ")", text[at], at, at + 1)
        if text[at] == "/":
            return self._regex(at)
        concept = _CONCEPT.match(text, at)
        if concept:
            if not concept.group(1):
                self._note("`@` needs the name of a concept after it: @dprk", at)
            return Token("concept", concept.group(1), at, concept.end())
        marked = at
        while marked < len(text) and text[marked] in "=~":
            marked += 1
        if marked < len(text) and text[marked] in _OPENING:
            return self._quoted(at, marked)
        word = _WORD.match(text, at)
        if word is None:
            self._note(f"`{text[at]}` closes no quotation", at)
            return Token("term", "", at, at + 1)
        operator = _OPERATOR.fullmatch(word.group())
        if operator:
            return self._operator(operator.group(1), operator.group(2), at, word.end())
        field = _FIELD.match(text, at)
        if field and field.end() <= word.end():
            return self._field(field, word.group(), at)
        return Token("term", word.group(), at, word.end())

    def _quoted(self, start: int, quote: int) -> Token:
        closing = _OPENING[self.text[quote]]
        ends = [place for mark in closing if (place := self.text.find(mark, quote + 1)) >= 0]
        if not ends:
            self._note(f"this quotation is not closed: write {closing[-1]} at its end", quote)
            return Token("term", "", start, len(self.text))
        end = min(ends)
        inner = self.text[quote + 1 : end]
        marks = self.text[start:quote]
        after = end + 1
        if self.text[after : after + 1] == "*":
            self._note(f'the `*` belongs inside the quotes: "{inner}*"', after)
            after += 1
        if not inner.strip():
            self._note("these quotes hold nothing", quote)
            return Token("term", "", start, after)
        return Token("term", marks + re.sub(r"\s+", " ", inner.strip()), start, after)

    def _regex(self, at: int) -> Token:
        end = at + 1
        while end < len(self.text) and (self.text[end] != "/" or self.text[end - 1] == "\\"):
            end += 1
        if end >= len(self.text):
            self._note("this regex is not closed: write / at its end (and \\/ for a slash within it)", at)
            return Token("regex", "", at, len(self.text))
        flag = int(self.text[end + 1 : end + 2] == "i")
        return Token("regex", self.text[at + 1 : end].replace("\\/", "/"), at, end + 1 + flag, flag)

    def _operator(self, name: str, number: str | None, at: int, end: int) -> Token:
        counted = name in ("NEAR", "ONEAR", "ATLEAST")
        if number is None:
            if name == "ATLEAST":
                self._note("ATLEAST needs a number: ATLEAST/3 defect*", at)
                return Token(name, name, at, end, 1)
            return Token(name, name, at, end, NEAR_DEFAULT)
        if not counted:
            self._note(f"{name} takes no number", at)
        elif not number.isascii() or not number.isdigit() or len(number) > 6 or (name == "ATLEAST" and int(number) < 1):
            self._note(f"{name}/ needs a whole number after it: {name}/{3 if name == 'ATLEAST' else NEAR_DEFAULT}", at)
            return Token(name, name, at, end, 1)
        return Token(name, name, at, end, int(number) if number.isdigit() else 1)

    def _field(self, field: re.Match[str], word: str, at: int) -> Token:
        name = field.group(1)
        if name in FIELDS:
            return Token("field", name, at, field.end())
        near = nearest(name, FIELDS)
        if word[len(name) + 1 :].startswith("//"):
            self._note(f'put quotes around an address: url:"{word}"', at)
            return Token("term", word, at, at + len(word))
        guess = f"did you mean {near}:?" if near else f"fields are {', '.join(FIELDS)}"
        self._note(f"there is no field `{name}:`; {guess} (a colon within a term needs quotes)", at)
        return Token("field", "", at, field.end())


# --------------------------------------------------------------------------- sentences of the language


class Parser:
    """Reads tokens into a tree. Goes on after an error as if the likeliest way out had been written."""

    def __init__(self, text: str) -> None:
        lexer = Lexer(text)
        self.text = text
        self.tokens = lexer.tokens()
        self.errors = lexer.errors
        self.at = 0

    def parse(self) -> Node | None:
        """The whole query, or None; what is wrong stands in `errors`."""
        if self.tokens[0].kind == "end":
            self._note("this query is empty", self.tokens[0])
            return None
        node = self._query()
        while self._peek().kind != "end":
            self._note("this ) closes nothing", self._peek())
            self.at += 1
            if self._peek().kind not in ("end", ")"):
                self._query()
        return node

    def _peek(self) -> Token:
        return self.tokens[self.at]

    def _next(self) -> Token:
        token = self.tokens[self.at]
        if token.kind != "end":
            self.at += 1
        return token

    def _note(self, message: str, token: Token) -> None:
        found = error(message, self.text, token.start)
        if not any((e.line, e.column) == (found.line, found.column) for e in self.errors):
            self.errors.append(found)

    def _query(self) -> Node | None:
        """query := and ("OR" and)*, where AND and OR do not stand at one level."""
        parts: list[Node] = []
        mixed: Token | None = None
        ors = 0
        while True:
            begin = self._peek()
            part, clash = self._and()
            if part is not None:
                if _only_negates(part):
                    self._refuse_negation(begin, ors > 0 or self._peek().kind == "OR")
                parts.append(part)
            if clash is not None and mixed is None:
                mixed = clash if ors else self._peek() if self._peek().kind == "OR" else None
            if self._peek().kind != "OR":
                break
            self._next()
            ors += 1
        if mixed is not None:
            way = "put parentheses around what belongs together, (a AND b) OR c or a AND (b OR c)"
            self._note(f"AND and OR at one level: {way}", mixed)
        if not parts:
            return None
        return parts[0] if len(parts) == 1 else Or(tuple(parts), parts[0].start, parts[-1].end)

    def _refuse_negation(self, token: Token, branch: bool) -> None:
        what = "this branch of an OR only says NOT" if branch else "a query of NOT alone"
        self._note(f"{what}: it would match nearly everything; say what to find, then NOT what: a NOT b", token)

    def _and(self) -> tuple[Node | None, Token | None]:
        """and := ["NOT"] near ("AND" ["NOT"] near | "NOT" near)*; with the first AND or joining NOT in it."""
        parts: list[Node] = []
        joint: Token | None = None
        while True:
            token = self._peek()
            if token.kind == "NOT":
                self._next()
                part = self._near()
                if part is not None:
                    parts.append(Not(part, token.start, part.end))
            else:
                part = self._near()
                if part is not None:
                    parts.append(part)
            following = self._peek()
            if following.kind in ("OR", ")", "end"):
                break
            if following.kind in ("AND", "NOT"):
                joint = joint or following
            if following.kind == "AND":
                self._next()
            elif following.kind != "NOT":
                self._missing_operator()
        if not parts:
            return None, joint
        node = parts[0] if len(parts) == 1 else And(tuple(parts), parts[0].start, parts[-1].end)
        return node, joint

    def _missing_operator(self) -> None:
        before, token = self.tokens[self.at - 1], self._peek()
        for word in (token, before):
            way = _FOREIGN.get(word.text.lower().partition("/")[0]) if word.kind == "term" else None
            if way:
                self._note(f"write `{word.text}` as {way}{word.text[len(way) :]}; in quotes it is a term", word)
                self.at += word is token and self.tokens[self.at + 1].kind in ("term", "(", "concept", "field", "regex")
                return
        if before.kind == "term" and token.kind == "term":
            pair = f"{before.text} {token.text}"
            self._note(f'several words side by side: a phrase needs quotes ("{pair}"), other words AND, OR or NEAR between', token)
        else:
            self._note("AND, OR, NOT or NEAR is missing here", token)

    def _near(self) -> Node | None:
        """near := prim (("NEAR" | "ONEAR") ["/" n] prim)*."""
        first = self._primary()
        parts, gaps, ordered = [first], [], []
        while self._peek().kind in ("NEAR", "ONEAR"):
            token = self._next()
            if self._peek().kind == "NOT":
                self._note("NEAR of a NOT says nothing: find the two near each other, then exclude: (a NEAR b) NOT c", self._next())
            gaps.append(token.number)
            ordered.append(token.kind == "ONEAR")
            parts.append(self._primary())
        if len(parts) == 1:
            return first
        good = [part for part in parts if part is not None]
        for part in good:
            negation = _negation(part)
            if negation is not None:
                self.errors.append(error("NEAR of a group with NOT is refused: exclude outside of it, (a NEAR b) NOT c", self.text, negation.start))
        if len(good) < len(parts):
            return good[0] if good else None
        return Near(tuple(good), tuple(gaps), tuple(ordered), good[0].start, good[-1].end)

    def _primary(self) -> Node | None:
        token = self._peek()
        if token.kind in ("end", ")", "AND", "OR", "NEAR", "ONEAR", "NOT"):
            return self._missing_term(token)
        self._next()
        if token.kind == "(":
            return self._group(token)
        if token.kind == "field":
            part = self._primary()
            return part and (InField(token.text, part, token.start, part.end) if token.text else part)
        if token.kind == "ATLEAST":
            part = self._primary()
            return part and AtLeast(token.number, part, token.start, part.end)
        if token.kind == "concept":
            return Concept(token.text, token.start, token.end) if token.text else None
        if token.kind == "regex":
            written = self.text[token.start : token.end]
            return Regex(token.text, bool(token.number), written, token.start, token.end) if token.text else None
        return Term(token.text, token.start, token.end) if token.text else None

    def _missing_term(self, token: Token) -> None:
        before = self.tokens[self.at - 1] if self.at else None
        if token.kind == "end":
            after = f" after {before.text or 'this'}" if before else ""
            self._note(f"the query ends where a term is expected{after}", before or token)
        elif token.kind == ")" and before and before.kind == "(":
            self._note("these parentheses hold nothing", before)
        elif token.kind == "NOT":
            self._note(f"NOT cannot stand here: {before.text if before else ''} needs a term", token)
            self._next()
            self._primary()
        else:
            what = "this )" if token.kind == ")" else token.kind
            self._note(f"a term is missing before {what}", token)
            if before is not None and before.kind in ("AND", "OR", "NOT", "NEAR", "ONEAR") and token.kind in ("AND", "OR"):
                self._next()
                self._primary() if self._peek().kind not in ("end", ")") else None

    def _group(self, opening: Token) -> Node | None:
        node = self._query()
        if self._peek().kind == ")":
            self._next()
        else:
            self._note("this ( is not closed", opening)
        return None if node is not None and _only_negates(node) else node


def _only_negates(node: Node) -> bool:
    return isinstance(node, Not) or (isinstance(node, And) and all(isinstance(part, Not) for part in node.parts))


def _negation(node: Node) -> Not | None:
    """The first NOT within `node`, if any."""
    match node:
        case Not():
            return node
        case And(parts) | Or(parts) | Near(parts):
            return next((found for part in parts if (found := _negation(part))), None)
        case AtLeast(part=part) | InField(part=part):
            return _negation(part)
    return None


def parse(text: str) -> tuple[Node | None, list[QueryError]]:
    """The tree of a query, and everything wrong with it in the order of the text (the tree is then of no use)."""
    parser = Parser(text)
    node = parser.parse()
    return node, sorted(parser.errors, key=lambda problem: (problem.line, problem.column))


def parse_entry(text: str) -> tuple[Node | None, list[QueryError]]:
    """The tree of one entry of a list: a term or phrase (bare words are one), a regex, `@concept`, `field:` of those."""
    stripped = text.strip()
    start = len(text) - len(text.lstrip())
    field = _FIELD.match(stripped)
    if field and field.group(1) in FIELDS and not stripped[field.end() :].startswith("//"):
        inner, errors = parse_entry(" " * (start + field.end()) + stripped[field.end() :])
        moved = [error(e.message, text, e.column - 1) for e in errors]
        return inner and InField(field.group(1), inner, start, inner.end), moved
    if not stripped:
        return None, [error("this entry is empty", text, 0)]
    if stripped[0] in "@/" or stripped.lstrip("=~")[:1] in _OPENING:
        node, errors = parse(text)
        if node is not None and not errors and not isinstance(node, (Term, Regex, Concept)):
            errors = [error("an entry is one term; what combines terms goes into query = '…'", text, start)]
        return node, errors
    for word in re.finditer(r"\S+", text):
        if _OPERATOR.fullmatch(word.group()) and (word.start() > start or word.group() == "NOT"):
            message = f"`{word.group()}` is a word of the query language: write this as query = '…', or it is small letters in a phrase"
            return None, [error(message, text, word.start())]
    if stripped[0] in "()" or (stripped[-1] in ")" and "(" not in stripped):
        return None, [error("parentheses belong into query = '…'", text, start)]
    return Term(re.sub(r"\s+", " ", stripped), start, start + len(stripped)), []
