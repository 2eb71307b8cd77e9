"""The examples of docs/watchlists.md do what the page says."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from watcher.model import Fields
from watcher.watchlist import Watchlist, problems, syntax
from watcher.watchlist.engine import matcher

PAGE = (Path(__file__).parents[2] / "docs" / "watchlists.md").read_text(encoding="utf-8")


def rows() -> list[tuple[str, str, bool]]:
    """Each query of a table with each text it finds and each it does not."""
    found = []
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) == 3 and cells[0].startswith("`"):
            query = cells[0].strip("`")
            found += [(query, text, True) for text in cells[1].split("; ")]
            found += [(query, text, False) for text in cells[2].split("; ")]
    return found


@pytest.mark.parametrize(("query", "text", "expected"), rows())
def test_an_example_of_the_page(query: str, text: str, expected: bool) -> None:
    assert (matcher(query).match(Fields(body=text)) is not None) == expected


def test_the_page_has_examples_in_three_languages() -> None:
    queries = " ".join(query for query, _, _ in rows())
    assert len(rows()) > 60
    assert re.search("[가-힣]", queries)
    assert re.search("[一-鿿]", queries)


def concepts() -> dict[str, tuple[str, ...]]:
    """Those the page defines."""
    blocks = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    found = tomllib.loads("\n".join(block for block in blocks if "[concepts]" in block))
    return {name: tuple(entries) for name, entries in found["concepts"].items()}


def test_the_queries_to_start_from_can_be_read() -> None:
    (block,) = re.findall(r"```query\n(.*?)```", PAGE, re.DOTALL)
    queries = block.strip().splitlines()
    assert len(queries) > 5
    rules = [Watchlist(name=query, query=query) for query in queries]
    assert problems(rules, concepts()) == []


def test_every_operator_and_field_has_an_example() -> None:
    text = " ".join(query for query, _, _ in rows()) + "".join(
        re.findall(r"```query\n(.*?)```", PAGE, re.DOTALL)
    )
    for word in ("AND", "OR", "NOT", "NEAR/", "ONEAR/", "ATLEAST/", "@", "=", "~", "*", "/i", '*"'):
        assert word in text, word
    assert all(f"{field}:" in PAGE for field in syntax.FIELDS)


def test_the_tables_of_the_page_are_valid() -> None:
    blocks = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    data = tomllib.loads("\n".join(blocks))
    rules = [
        Watchlist(**{key: tuple(value) if isinstance(value, list) else value for key, value in table.items()})
        for table in data["watchlists"]
    ]
    assert problems(rules, concepts()) == []
