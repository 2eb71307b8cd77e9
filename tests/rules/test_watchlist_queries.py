"""Queries by a slow evaluator, written from the grammar alone: the engine holds where it holds, with the same hits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.folding import count_words
from watcher.model import Fields
from watcher.watchlist import Watchlist
from watcher.watchlist.engine import Engine

Hit = tuple[str, int, int, str]
"""Field, start, end, term."""
Tree = tuple[Any, ...]

WORDS = ["ab", "ab", "b", "北", "탈북"]
words = st.sampled_from(WORDS)
term = st.builds(
    lambda word, star: ("term", word + star if word.isascii() else word),
    words,
    st.sampled_from(["", "", "*"]),
)
group = st.one_of(term, term, st.lists(term, min_size=2, max_size=3).map(lambda parts: ("OR", parts)))
near = st.tuples(
    st.lists(group, min_size=3, max_size=3),
    st.lists(st.tuples(st.sampled_from(["NEAR", "ONEAR"]), st.integers(0, 3)), min_size=1, max_size=2),
).map(lambda made: ("NEAR", made[0][: len(made[1]) + 1], made[1]))
part = st.one_of(
    term,
    near,
    st.builds(lambda count, inner: ("ATLEAST", count, inner), st.integers(1, 3), st.one_of(group, near)),
    st.builds(lambda field, inner: ("field", field, inner), st.sampled_from(["title", "body"]), group),
    st.builds(lambda one, other: ("OR", [one, other]), term, near),
)
query = st.one_of(
    part,
    st.builds(lambda one, other: ("AND", [one, other]), part, part),
    st.builds(lambda one, other: ("OR", [one, other]), part, part),
    st.builds(lambda one, other: ("AND", [one, ("NOT", other)]), part, part),
    st.builds(lambda one, two, three: ("AND", [("OR", [one, two]), ("NOT", three)]), part, part, part),
)
plain = ["ab", "b", "abc", "x", "abd", "x, x"]
said = st.one_of(
    st.lists(st.sampled_from(some), max_size=12).map(" ".join)
    for some in (plain, [*plain, "北", "탈북", "北 ", "탈북이"])
)


def written(tree: Tree) -> str:
    """The query of a tree; parentheses around all that is not one term."""
    match tree:
        case ("term", word):
            return str(word)
        case ("OR" | "AND" as operator, parts):
            return f"({f' {operator} '.join(written(each) for each in parts)})"
        case ("NOT", inner):
            return f"NOT {written(inner)}"
        case ("ATLEAST", count, inner):
            return f"ATLEAST/{count} {written(inner)}"
        case ("field", field, inner):
            return f"{field}:{written(inner)}"
        case ("NEAR", parts, joints):
            rest = (
                f" {name}/{gap} {written(each)}" for (name, gap), each in zip(joints, parts[1:], strict=True)
            )
            return f"({written(parts[0])}{''.join(rest)})"
    raise AssertionError(tree)


class Slow:
    """Evaluates a tree on one article: the hits that take part, or None."""

    def __init__(self, **texts: str) -> None:
        self.texts = texts

    def find(self, tree: Tree, fields: tuple[str, ...] = ("title", "body")) -> set[Hit] | None:
        match tree:
            case ("term", word):
                return set(self.term(word, fields)) or None
            case ("OR", parts):
                held = [found for each in parts if (found := self.find(each, fields)) is not None]
                return set().union(*held) if held else None
            case ("AND", parts):
                every = [self.find(each, fields) for each in parts]
                return None if None in every else set().union(*(found or set() for found in every))
            case ("NOT", inner):
                return set() if self.find(inner, fields) is None else None
            case ("field", field, inner):
                return self.find(inner, (field,))
            case ("ATLEAST", count, inner):
                found = self.find(inner, fields)
                counted = self.chains(inner, fields)[0] if inner[0] == "NEAR" and found else found
                return found if counted and self.places(counted) >= count else None
            case ("NEAR", _, _):
                return set().union(*self.chains(tree, fields)) or None
        raise AssertionError(tree)

    def term(self, word: str, fields: tuple[str, ...]) -> Iterator[Hit]:
        stem = word.rstrip("*")
        if stem.isascii():
            pattern = rf"(?<![a-z]){stem}" + ("[a-z]*" if word != stem else "(?:s|es)?(?![a-z])")
        else:
            pattern = stem if stem == "北" else rf"(?<![가-힣]){stem}(?=이?(?![가-힣]))"
        for field in fields:
            for found in re.finditer(pattern, self.texts[field]):
                yield field, *found.span(), word

    def chains(self, tree: Tree, fields: tuple[str, ...]) -> list[set[Hit]]:
        """For each operand of a NEAR its hits that stand in a whole chain."""
        _, parts, joints = tree
        found = [self.find(each, fields) or set() for each in parts]
        chains: list[tuple[Hit, ...]] = [(hit,) for hit in found[0]]
        for (name, gap), others in zip(joints, found[1:], strict=True):
            chains = [
                (*chain, hit)
                for chain in chains
                for hit in others
                if self.near(chain[-1], hit, gap, ordered=name == "ONEAR")
            ]
        return [set(each) for each in zip(*chains, strict=True)] or [set()]

    def near(self, one: Hit, other: Hit, gap: int, *, ordered: bool) -> bool:
        text = self.texts[one[0]]
        if one[0] != other[0]:
            return False
        if one[2] <= other[1]:
            return count_words(text[one[2] : other[1]]) <= gap
        if other[2] <= one[1]:
            return not ordered and count_words(text[other[2] : one[1]]) <= gap
        return not ordered  # they overlap

    @staticmethod
    def places(found: set[Hit]) -> int:
        """Hits of several terms that overlap are at one place."""
        count = 0
        for field in ("title", "body"):
            reach = 0
            for end, start in sorted((hit[2], hit[1]) for hit in found if hit[0] == field):
                if start >= reach:
                    count, reach = count + 1, end
        return count


@settings(max_examples=250, deadline=None)
@given(st.lists(query, min_size=1, max_size=8), said, said)
def test_the_engine_agrees_with_a_slow_evaluator_of_queries(trees: list[Tree], title: str, body: str) -> None:
    rules = [Watchlist(name=str(number), query=written(tree), always=()) for number, tree in enumerate(trees)]
    matches = Engine(rules, {}).match(Fields(title=title, body=body))
    slow = Slow(title=title, body=body)
    expected = {
        str(number): found for number, tree in enumerate(trees) if (found := slow.find(tree)) is not None
    }
    assert {
        match.watchlist: {(hit.field, hit.start, hit.end, hit.term) for hit in match.hits}
        for match in matches
    } == expected
