"""What a term finds in a text, in every language alike: the table of the design and more."""

from __future__ import annotations

import re
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


def rows() -> list[tuple[str, str, str]]:
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    found = []
    for line in lines:
        if line and not line.startswith("# "):
            term, text, expected = line.split("\t")
            found.append((term, text, expected))
    return found


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
    table = rows()
    cjk = [row for row in table if re.search("[가-힣一-鿿]", row[0]) and not re.search("[ぁ-ヿ]", row[1])]
    assert len(table) >= 190
    assert len(cjk) * 3 >= len(table)
