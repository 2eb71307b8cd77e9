"""What a term finds in a text, in every language alike: the table of the design and more."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from watcher.model import Fields
from watcher.watchlist.engine import matcher

TABLE = Path(__file__).with_name("terms.tsv")


def written_out(cell: str) -> str:
    """`\\uXXXX`, `\\UXXXXXXXX`, `\\n` and `\\\\` of a cell as characters."""

    def character(found: re.Match[str]) -> str:
        code = found.group()
        return {"\\n": "\n", "\\\\": "\\"}.get(code) or chr(int("0x" + code[2:], 0))

    return re.sub(r"\\u[0-9a-f]{4}|\\U[0-9a-f]{8}|\\n|\\\\", character, cell)


def lines() -> list[list[str]]:
    """Language, term, text, what is found, of each row."""
    text = TABLE.read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines() if line and not line.startswith("# ")]


def rows() -> list[tuple[str, str, str]]:
    return [(term, text, expected) for _, term, text, expected in lines()]


@pytest.mark.parametrize(("term", "text", "expected"), rows())
def test_a_term_finds_what_the_table_says_and_quotes_it_exactly(term: str, text: str, expected: str) -> None:
    body = written_out(text)
    match = matcher(written_out(term)).match(Fields(body=body))
    found = [body[hit.start : hit.end] for hit in match.hits] if match else []
    assert found == [written_out(each) for each in expected.split("; ") if each]


@pytest.mark.parametrize(("term", "text", "expected"), rows())
def test_it_finds_the_same_amid_other_sentences(term: str, text: str, expected: str) -> None:
    if expected and not expected.isupper():
        query = written_out(term)
        body = f"Elsewhere nothing happened. {written_out(text)}\n\n그 밖에는 조용했다. Nothing else."
        match = matcher(query).match(Fields(body=body))
        assert match is not None
        assert [body[h.start : h.end] for h in match.hits] == [written_out(e) for e in expected.split("; ")]


def test_the_table_is_wide_enough() -> None:
    _, _, beyond = TABLE.read_text(encoding="utf-8").partition("# beyond the design\n")
    counts = Counter(line.split("\t")[0] for line in beyond.splitlines() if not line.startswith("#"))
    total = counts.total()
    others = [counts[language] for language in ("ja", "fr", "de", "ru", "ar")]
    assert total >= 150
    assert (counts["ko"] + counts["zh"]) * 3 >= total
    assert min(counts["ko"], counts["zh"]) * 10 >= total
    assert sum(others) * 10 >= total
    assert min(others) >= 12
