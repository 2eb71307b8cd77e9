"""The words of the query language: a text as tokens, with what cannot be read noted."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from watcher.model import QueryError
from watcher.watchlist.syntax import FIELDS, MOST_ERRORS, NEAR_DEFAULT, error, nearest_field


class Token(NamedTuple):
    """A word of the language. `kind`: (, ), AND, OR, NOT, NEAR, ONEAR, ATLEAST, field, term, regex, concept, end."""

    kind: str
    text: str
    start: int
    end: int
    number: int = 0


WIDE: Final = str.maketrans("＊＝～＠：／", "*=~@:/")
"""Marks of the language in full width, as Chinese and Korean keyboards write them: one for one, so that places stay."""
OPENING: Final = {'"': '"', "“": "”", "„": "“”", "«": "»", "「": "」", "＂": "＂"}
OPERATORS: Final = ("AND", "OR", "NOT", "NEAR", "ONEAR", "ATLEAST")
OPERATOR: Final = re.compile(rf"({'|'.join(OPERATORS)})(?:/(\S*))?")
FIELD: Final = re.compile(r"([A-Za-z_]+):")
_WORD: Final = re.compile(r"[^\s()（）\"“”«»「」＂]+")
_DISTANCE: Final = re.compile(r"~(\d+)")
_GAP: Final = re.compile(r"/\s*(\d+)(?=\s)")
_COUNTED: Final = re.compile(r"\b(NEAR|ONEAR|ATLEAST)\s+$")


class Lexer:
    """Reads a query into tokens; what cannot be read is noted in `errors` and left out."""

    def __init__(self, text: str) -> None:
        self.written = text
        self.text = text.translate(WIDE)
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
        if len(self.errors) < MOST_ERRORS:
            self.errors.append(error(message, self.written, at))

    def _token(self, at: int) -> Token:
        text = self.text
        if text[at] in "()（）":
            return Token("(" if text[at] in "(（" else ")", text[at], at, at + 1)
        if text[at] == "/":
            return self._regex(at)
        if text[at] == "@":
            return self._concept(at)
        marked = at
        while marked < len(text) and text[marked] in "=~":
            marked += 1
        if marked < len(text) and text[marked] in OPENING:
            return self._quoted(at, marked)
        word = _WORD.match(text, at)
        if word is None:
            self._note(f"`{text[at]}` closes no quotation", at)
            return Token("term", "", at, at + 1)
        operator = OPERATOR.fullmatch(word.group())
        if operator:
            return self._operator(operator.group(1), operator.group(2), at, word.end())
        field = FIELD.match(text, at) if ":" in word.group() else None
        if field and field.end() <= word.end():
            return self._field(field, word.group(), at)
        return self._term(word.group(), at)

    def _concept(self, at: int) -> Token:
        end = at + 1
        while end < len(self.text) and (self.text[end].isalnum() or self.text[end] in "_-"):
            end += 1
        name = self.text[at + 1 : end]
        if not name:
            self._note("`@` needs the name of a concept after it: @dprk", at)
        elif self.text[end : end + 1] == "*":
            self._note(f"a concept takes no `*`: write @{name}, and * in its entries", end)
            end += 1
        return Token("concept", name, at, end)

    def _term(self, word: str, at: int) -> Token:
        if "|" in word.strip("|"):
            either = " OR ".join(part for part in word.split("|") if part)
            self._note(f"`|` is no OR here: write ({either}), or quotes around a phrase", at)
        return Token("term", word, at, at + len(word))

    def _quoted(self, start: int, quote: int) -> Token:
        closing = OPENING[self.text[quote]]
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
        distance = _DISTANCE.match(self.text, after)
        if distance:
            way = f" NEAR/{distance.group(1)} ".join(inner.split()[:2])
            self._note(f"`{distance.group()}` means nothing here: write {way}", after)
            after = distance.end()
        if not inner.strip():
            self._note("these quotes hold nothing", quote)
            return Token("term", "", start, after)
        return Token("term", marks + re.sub(r"\s+", " ", inner.strip()), start, after)

    def _regex(self, at: int) -> Token:
        gap = _GAP.match(self.text, at)
        operator = _COUNTED.search(self.text[max(0, at - 20) : at])
        if gap and operator:
            self._note(f"write {operator.group(1)}/{gap.group(1)} without a space", at)
            return Token("term", "", at, gap.end())
        end = at + 1
        while end < len(self.text) and (self.text[end] != "/" or self.text[end - 1] == "\\"):
            end += 1
        if end >= len(self.text):
            self._note("this regex is not closed: write / at its end (and \\/ for a slash within it)", at)
            return Token("regex", "", at, len(self.text))
        flag = int(self.text[end + 1 : end + 2] == "i")
        if end == at + 1:
            self._note("this regex is empty: write what to look for between the slashes", at)
        return Token("regex", self.written[at + 1 : end].replace("\\/", "/"), at, end + 1 + flag, flag)

    def _operator(self, name: str, number: str | None, at: int, end: int) -> Token:
        counted = name in ("NEAR", "ONEAR", "ATLEAST")
        if number is None:
            if name == "ATLEAST":
                self._note("ATLEAST needs a number: ATLEAST/3 defect*", at)
                return Token(name, name, at, end, 1)
            return Token(name, name, at, end, NEAR_DEFAULT)
        if not counted:
            self._note(f"{name} takes no number", at)
        elif (
            not number.isascii()
            or not number.isdigit()
            or len(number) > 6
            or (name == "ATLEAST" and int(number) < 1)
        ):
            example = f"{name}/{3 if name == 'ATLEAST' else NEAR_DEFAULT}"
            least = " from 1 on," if name == "ATLEAST" else ""
            self._note(f"{name}/ needs a whole number{least} of up to six digits after it: {example}", at)
            return Token(name, name, at, end, 1)
        return Token(name, name, at, end, int(number) if number.isdigit() else 1)

    def _field(self, field: re.Match[str], word: str, at: int) -> Token:
        name = field.group(1)
        if name in FIELDS:
            return Token("field", name, at, field.end())
        near = nearest_field(name)
        if word[len(name) + 1 :].startswith("//"):
            self._note(f'put quotes around an address: url:"{word}"', at)
            return Token("term", word, at, at + len(word))
        guess = f"did you mean {near}:?" if near else f"fields are {', '.join(FIELDS)}"
        self._note(f"there is no field `{name}:`; {guess} (a colon within a term needs quotes)", at)
        return Token("field", "", at, field.end())
