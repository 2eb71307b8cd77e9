"""The sentences of the query language: tokens as a tree, and every error with its place and the way out."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from watcher.model import QueryError
from watcher.watchlist.syntax import (
    DEEPEST,
    FIELDS,
    METADATA_FIELDS,
    MOST_ERRORS,
    And,
    AtLeast,
    Concept,
    InField,
    Near,
    Node,
    Not,
    Or,
    Regex,
    Term,
    error,
    nearest,
    nearest_field,
)
from watcher.watchlist.tokens import FIELD, OPENING, OPERATOR, OPERATORS, WIDE, Lexer, Token

_FOREIGN: Final = {
    "and": "AND", "or": "OR", "not": "NOT", "near": "NEAR", "onear": "ONEAR", "atleast": "ATLEAST", "&": "AND",
    "&&": "AND", "|": "OR", "||": "OR", "!": "NOT", "adj": "ONEAR",
}  # fmt: skip
_COUNTED: Final = {"w": "NEAR", "n": "NEAR", "within": "NEAR", "pre": "ONEAR", "p": "ONEAR", "adj": "ONEAR"}
"""Operators of other programs that are words with a number: w/5, pre/5."""
_QUOTED: Final = 12
"""Words of a phrase without quotes that a message repeats."""
_RUN_ON: Final = re.compile(r"(near|onear|atleast|adj)(\d+)")
"""Operators whose number is written on: NEAR5, adj3."""
_BARE: Final = re.compile(r"[=~]*\*?[^\W_A-Z]+(?: [^\W_A-Z]+)*\*?")
"""Words that can be nothing but a term, as most entries are: in them is no mark and no word of the language."""
_OPERATORS: Final = re.compile(rf"(?<!\S){OPERATOR.pattern}(?!\S)")


def _operator_meant(word: str) -> str:
    """How an operator written otherwise (`and`, `&&`, `ＡＮＤ`, `w/5`, `NEAR5`) is written here, or nothing."""
    written = unicodedata.normalize("NFKC", word).lower()
    if run_on := _RUN_ON.fullmatch(written):
        written = "/".join(run_on.groups())
    name, slash, number = written.partition("/")
    way = _FOREIGN.get(name) or (_COUNTED.get(name) if number.isdigit() else None)
    return way + slash + number if way else ""


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
        deep = self._too_deep()
        if deep is not None:
            way = "take some apart, or put a part into a concept"
            self._note(f"more than {DEEPEST} levels, one in another, begin here: {way}", deep)
            return None
        node = self._query()
        while self._peek().kind != "end":
            self._note("this ) closes nothing", self._peek())
            self.at += 1
            if self._peek().kind not in ("end", ")"):
                self._query()
        return node

    def _too_deep(self) -> Token | None:
        """Where the tree would get deeper than it may: at a parenthesis, or at one of what stands before a term."""
        levels, before = [0], 0
        for token in self.tokens:
            if token.kind == "(":
                levels.append(levels[-1] + before + 1)
            elif token.kind == ")" and len(levels) > 1:
                levels.pop()
            before = before + 1 if token.kind == "field" or token.kind in OPERATORS else 0
            if levels[-1] + before > DEEPEST:
                return token
        return None

    def _peek(self) -> Token:
        return self.tokens[self.at]

    def _next(self) -> Token:
        token = self.tokens[self.at]
        if token.kind != "end":
            self.at += 1
        return token

    def _note(self, message: str, token: Token) -> None:
        if len(self.errors) >= MOST_ERRORS:
            return
        found = error(message, self.text, token.start)
        if not any((e.line, e.column) == (found.line, found.column) for e in self.errors):
            self.errors.append(found)

    def _query(self) -> Node | None:
        """Query := and ("OR" and)*, where AND and OR do not stand at one level."""
        parts: list[Node] = []
        mixed: Token | None = None
        ors = 0
        while True:
            begin = self._peek()
            part, clash = self._and()
            if part is not None:
                if _only_negates(part):
                    self._refuse_negation(begin, branch=ors > 0 or self._peek().kind == "OR")
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

    def _refuse_negation(self, token: Token, *, branch: bool) -> None:
        what = "this branch of an OR only says NOT" if branch else "a query of NOT alone"
        self._note(
            f"{what}: it would match nearly everything; say what to find, then NOT what: a NOT b", token
        )

    def _and(self) -> tuple[Node | None, Token | None]:
        """And := ["NOT"] near ("AND" ["NOT"] near | "NOT" near)*; with the first AND or joining NOT in it."""
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
            way = _operator_meant(word.text) if word.kind == "term" else ""
            if way:
                self._note(f"write `{word.text}` as {way}; in quotes it is a term", word)
                self.at += word is token and self.tokens[self.at + 1].kind in (
                    "term",
                    "(",
                    "concept",
                    "field",
                    "regex",
                )
                return
        if not before.text:
            return  # what stands before was not readable, and is told
        if before.kind == "term" and token.kind == "term":
            self._quotes_missing(token)
        else:
            self._note("AND, OR, NOT or NEAR is missing here", token)

    def _quotes_missing(self, token: Token) -> None:
        """Several words side by side, told once for all of them: `Kim Jong Un` is one phrase, not two pairs."""

        def word(at: int) -> bool:
            each = self.tokens[at]
            return each.kind == "term" and bool(each.text) and not _operator_meant(each.text)

        begin = self.at - 1
        if begin and word(begin - 1):
            return
        end = self.at + 1
        while word(end):
            end += 1
        phrase = " ".join(each.text for each in self.tokens[begin : min(end, begin + _QUOTED)])
        phrase += " …" if end > begin + _QUOTED else ""
        message = f'several words side by side: a phrase needs quotes ("{phrase}"), other words AND, OR or NEAR between'
        self._note(message, token)

    def _near(self) -> Node | None:
        """Near := prim (("NEAR" | "ONEAR") ["/" n] prim)*."""
        first = self._primary()
        parts, gaps, ordered = [first], [], []
        while self._peek().kind in ("NEAR", "ONEAR"):
            token = self._next()
            if self._peek().kind == "NOT":
                self._note(
                    "NEAR of a NOT says nothing: find the two near each other, then exclude: (a NEAR b) NOT c",
                    self._next(),
                )
            gaps.append(token.number)
            ordered.append(token.kind == "ONEAR")
            parts.append(self._primary())
        if len(parts) == 1:
            return first
        good = [part for part in parts if part is not None]
        for part in good:
            negation = _within(part, Not)
            if negation is not None:
                way = "exclude outside of it, (a NEAR b) NOT c"
                self.errors.append(
                    error(f"NEAR of a group with NOT is refused: {way}", self.text, negation.start)
                )
            field = _within(part, InField)
            if isinstance(field, InField) and field.name in METADATA_FIELDS:
                way = f"write (a NEAR b) AND {field.name}:…"
                self.errors.append(error(f"nothing stands near {field.name}: {way}", self.text, field.start))
        if len(good) < len(parts):
            return good[0] if good else None
        return Near(tuple(good), tuple(gaps), tuple(ordered), good[0].start, good[-1].end)

    def _primary(self) -> Node | None:
        token = self._peek()
        if token.kind in ("end", ")", "AND", "OR", "NEAR", "ONEAR", "NOT"):
            self._missing_term(token)
            return None
        self._next()
        if token.kind == "(":
            return self._group(token)
        if token.kind == "field":
            part = self._primary()
            inner = _within(part, InField) if part is not None and token.text else None
            if inner is not None:
                message = "a field within a field: each term stands in one of them"
                self.errors.append(error(message, self.text, inner.start))
            return part and (InField(token.text, part, token.start, part.end) if token.text else part)
        if token.kind == "ATLEAST":
            part = self._primary()
            return part and AtLeast(token.number, part, token.start, part.end)
        if token.kind == "concept":
            return Concept(token.text, token.start, token.end) if token.text else None
        if token.kind == "regex":
            written = self.text[token.start : token.end]
            return (
                Regex(token.text, bool(token.number), written, token.start, token.end) if token.text else None
            )
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
            if (
                before is not None
                and before.kind in ("AND", "OR", "NOT", "NEAR", "ONEAR")
                and token.kind in ("AND", "OR")
            ):
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
    return isinstance(node, Not) or (
        isinstance(node, And) and all(isinstance(part, Not) for part in node.parts)
    )


def _within(node: Node, kind: type[Not | InField]) -> Node | None:
    """The first node of `kind` in the tree of `node`, if any."""
    if isinstance(node, kind):
        return node
    match node:
        case And(parts) | Or(parts) | Near(parts):
            return next((found for part in parts if (found := _within(part, kind))), None)
        case AtLeast(part=part) | InField(part=part) | Not(part=part):
            return _within(part, kind)
    return None


def parse(text: str) -> tuple[Node | None, list[QueryError]]:
    """The tree of a query, and everything wrong with it in the order of the text (the tree is then of no use)."""
    parser = Parser(text)
    node = parser.parse()
    return node, sorted(parser.errors, key=lambda problem: (problem.line, problem.column))


def _field_meant(name: re.Match[str], entry: str) -> str:
    """The field that an entry asks for under a name that is none, or nothing: a phrase may hold a colon."""
    if name.group(1) in FIELDS:
        return ""
    if entry[name.end() :][:1].isspace():  # Seoul: a town
        return nearest(name.group(1), FIELDS, alike=0.8)
    return nearest_field(name.group(1))


def parse_entry(text: str) -> tuple[Node | None, list[QueryError]]:
    """The tree of one entry of a list: a term or phrase, a regex, `@concept`, `field:` of those."""
    if _BARE.fullmatch(text):
        return Term(text, 0, len(text)), []
    return _parse_marked(text)


def _parse_marked(text: str) -> tuple[Node | None, list[QueryError]]:
    """The same of an entry that may hold marks and words of the language."""
    written, text = text, text.translate(WIDE)
    stripped = text.strip()
    start = len(text) - len(text.lstrip())
    field = FIELD.match(stripped)
    if field and field.group(1) in FIELDS and not stripped[field.end() :].startswith("//"):
        inner, errors = parse_entry(" " * (start + field.end()) + written.strip()[field.end() :])
        moved = [error(e.message, text, e.column - 1) for e in errors]
        return inner and InField(field.group(1), inner, start, inner.end), moved
    if not stripped:
        return None, [error("this entry is empty", text, 0)]
    meant = _field_meant(field, stripped) if field else ""
    if meant and field:
        message = f"there is no field `{field.group()}`; did you mean {meant}:? (as a phrase: in quotes)"
        return None, [error(message, text, start)]
    if stripped[0] in "@/" or stripped.lstrip("=~")[:1] in OPENING:
        node, errors = parse(written)
        if node is not None and not errors and not isinstance(node, (Term, Regex, Concept)):
            errors = [error("an entry is one term; what combines terms goes into query = '…'", text, start)]
        return node, errors
    for word in _OPERATORS.finditer(text):
        if word.start() > start or word.group() == "NOT":
            way = "write this as query = '…', or it is small letters in a phrase"
            message = f"`{word.group()}` is a word of the query language: {way}"
            return None, [error(message, text, word.start())]
    if "|" in stripped:
        way = "`|` is no OR here: write each word as an entry of its own (or all in quotes, as a phrase)"
        return None, [error(way, text, text.index("|"))]
    if stripped[0] in "()" or (stripped[-1] == ")" and "(" not in stripped):
        return None, [error("parentheses belong into query = '…'", text, start)]
    return Term(" ".join(stripped.split()), start, start + len(stripped)), []
