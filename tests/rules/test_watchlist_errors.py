"""Errors of the language: the place, what is wrong, the way out; several at once; and the traps of `check`."""

from __future__ import annotations

from typing import Any

import pytest

from watcher.model import Fields, QueryError
from watcher.watchlist import Watchlist, problems, syntax, warnings
from watcher.watchlist.engine import matcher

CONCEPTS = {"dprk": ["DPRK"], "flee": ["fled"], "Elites": ["minister"]}

ERRORS: list[tuple[str, list[tuple[int, str]]]] = [
    ("fled arrested", [(6, 'a phrase needs quotes ("fled arrested")')]),
    ("a AND b OR c", [(9, "put parentheses around")]),
    ("a OR b AND c", [(8, "put parentheses around")]),
    ("a OR b NOT c", [(8, "put parentheses around")]),
    ("NOT a", [(1, "a query of NOT alone")]),
    ("NOT a NOT b", [(1, "a query of NOT alone")]),
    ("a OR NOT b", [(6, "this branch of an OR only says NOT")]),
    ("a OR (NOT b)", [(7, "a query of NOT alone")]),
    ("a NEAR NOT b", [(8, "NEAR of a NOT")]),
    ("a NEAR (b NOT c)", [(11, "NEAR of a group with NOT is refused")]),
    ("(a", [(1, "this ( is not closed")]),
    ("a)", [(2, "this ) closes nothing")]),
    ("()", [(1, "these parentheses hold nothing")]),
    ('"abc', [(1, "not closed")]),
    ('""', [(1, "these quotes hold nothing")]),
    ('"a b"*', [(6, 'inside the quotes: "a b*"')]),
    ("/abc", [(1, "this regex is not closed")]),
    ("/a(/", [(1, "this regex cannot be read: missing )")]),
    ("/(?=a)b/", [(1, "RE2 has no look-around")]),
    ("/a*/", [(1, "matches nothing at all")]),
    ("titel:fled", [(1, "did you mean title:?")]),
    ("foo:bar", [(1, "fields are title, body, source, author, url, lang")]),
    ("https://example.org/x", [(1, 'url:"https://example.org/x"')]),
    ("@dprx", [(1, "did you mean @dprk?")]),
    ("@zzz", [(1, "define it under [concepts]")]),
    ("@ AND a", [(1, "`@` needs the name")]),
    ("a AND", [(3, "the query ends where a term is expected after AND")]),
    ("AND a", [(1, "a term is missing before AND")]),
    ("a OR OR b", [(6, "a term is missing before OR")]),
    ("fled and b", [(6, "write `and` as AND")]),
    ("a near/5 b", [(3, "write `near/5` as NEAR/5")]),
    ("a && b", [(3, "write `&&` as AND")]),
    ("de*f", [(3, "only at the beginning or the end")]),
    ("=a*", [(1, "`=` closes what `*` opens")]),
    ("*", [(1, "nothing to look for")]),
    ("a AND %", [(7, "nothing to look for")]),
    ("-foo AND b", [(1, "write NOT foo")]),
    ("ATLEAST x", [(1, "ATLEAST needs a number")]),
    ("ATLEAST/0 x", [(1, "ATLEAST/ needs a whole number from 1 on")]),
    ("a NEAR/x b", [(3, "NEAR/ needs a whole number")]),
    ("NOT NOT a", [(5, "NOT cannot stand here")]),
    ('x AND (y z) AND "q', [(10, "several words"), (17, "not closed")]),
    ("@dprx AND @fle", [(1, "@dprk"), (11, "@flee")]),
    ("북한 AND 탈북 외교관", [(11, "탈북 외교관")]),
    ("a NEAR source:b", [(8, "(a NEAR b) AND source:…")]),
    ("title:(a OR", [(7, "this ( is not closed"), (10, "the query ends")]),
    ("fled AND !football", [(10, "write NOT football")]),
    ("//", [(1, "this regex is empty")]),
    ("fled AND //i", [(10, "this regex is empty")]),
    ("=@dprk", [(1, "write @dprk")]),
    ("a w/5 b", [(3, "write `w/5` as NEAR/5")]),
    ("a PRE/3 b", [(3, "write `PRE/3` as ONEAR/3")]),
    ("a NEAR /5 b", [(8, "write NEAR/5 without a space")]),
    ("ａ ＡＮＤ ｂ", [(3, "write `ＡＮＤ` as AND")]),
    ('"slush fund"~5 AND b', [(13, "write slush NEAR/5 fund")]),
    ("headline:fled", [(1, "did you mean title:?")]),
    ("site:yna", [(1, "did you mean source:?")]),
    ("body:title:fled", [(6, "a field within a field")]),
    ("title:(a OR body:b)", [(13, "a field within a field")]),
    ("@DPRX AND titel:x", [(1, "did you mean @dprk?"), (11, "did you mean title:?")]),
    ("@elite", [(1, "did you mean @Elites?")]),
    ("”a", [(1, "closes no quotation")]),
    ("Kim Jong Un AND a", [(5, '("Kim Jong Un")')]),
    ("a bb and cc dd", [(3, '("a bb")'), (6, "write `and` as AND"), (13, '("cc dd")')]),
    ("a NEAR5 b", [(3, "write `NEAR5` as NEAR/5")]),
    ("a NEAR/1000000 b", [(3, "up to six digits")]),
    ("＠dprx AND titel：x", [(1, "@dprk"), (11, "did you mean title:?")]),
    ("fled|left AND a", [(1, "write (fled OR left)")]),
    ("a NEAR / 5 b", [(8, "write NEAR/5 without a space")]),
    ("@dprk* AND a", [(6, "a concept takes no `*`: write @dprk")]),
    ('"a 3.5 de*f" AND a', [(10, "use a regex: /a 3\\.5 de\\pL*f/i")]),
    ("망명*했다 AND a", [(3, "use a regex: /망명\\pL*했다/i")]),
    (" ".join(["word"] * 99), [(6, "word word …")]),
]


@pytest.mark.parametrize(("query", "expected"), ERRORS, ids=[row[0] for row in ERRORS])
def test_an_error_names_its_place_and_the_way_out(query: str, expected: list[tuple[int, str]]) -> None:
    found = problems([Watchlist(name="x", query=query)], CONCEPTS)
    assert [each.column for each in found] == [column for column, _ in expected]
    for finding, (_, message) in zip(found, expected, strict=True):
        assert message in finding.message


DEEP = [
    "(" * 10_000 + "a" + ")" * 10_000,
    "(" * 51 + "a" + ")" * 51,
    "a AND " + "NOT " * 10_000 + "b",
    "a " + "AND " * 10_000 + "b",
    "a NOT (" * 200 + "b" + ")" * 200,
    "ATLEAST/2 " * 8_000 + "a",
    "title:(" * 40 + "a" + ")" * 40,
]


@pytest.mark.parametrize("query", DEEP, ids=[row[:12] for row in DEEP])
def test_what_stands_too_deep_is_an_error_at_its_place(query: str) -> None:
    (found,) = problems([Watchlist(name="x", query=query)], {})
    assert "more than 50 levels" in found.message
    assert query[found.column - 1 :].startswith(("(", "NOT", "AND", "ATLEAST", "title"))


@pytest.mark.parametrize(
    "query", [")" * 10_000, '"' * 50_000, "a|b " * 9_000, "a AND de*f AND " * 9_000 + "b"]
)
def test_of_thousands_of_errors_the_first_are_told(query: str) -> None:
    found = problems([Watchlist(name="x", query=query)], {})
    assert len(found) == 20
    assert found[0].column == min(each.column for each in found)


def test_levels_that_a_person_writes_are_no_error() -> None:
    query = "(" * 45 + "a" + " AND NOT b)" * 45 + " AND (c OR d) NOT e" * 200
    assert problems([Watchlist(name="x", query=query)], {}) == []


@pytest.mark.parametrize("query", ["a", "(a)", "a OR b OR c", "a NOT b", "NOT b AND a", "((a OR b) NEAR/3 c) AND d",
                                   "title:(a OR b) AND lang:ko", "=北 OR “北韩”", "（a OR b）", "ATLEAST/2 (a OR b)",
                                   "/a\\/b/i", "@dprk NEAR @flee", '="a b"', '~"A B"', "12:30"])  # fmt: skip
def test_what_can_be_written(query: str) -> None:
    assert problems([Watchlist(name="x", query=query)], CONCEPTS) == []


def test_the_second_line_has_its_own_columns() -> None:
    (found,) = problems([Watchlist(name="x", query="fled AND\n  (a b)")], {})
    assert (found.line, found.column) == (2, 6)


def test_the_caret_stands_under_wide_characters() -> None:
    text = '북한 AND "탈북'
    lines = syntax.show(QueryError("open", text=text, column=8)).split("\n")
    assert lines[1] == "  " + text
    assert lines[2] == "  " + " " * 9 + "^"


def test_of_a_long_line_what_stands_around_the_place_is_shown() -> None:
    text = "망명 OR " * 40 + "(a b)" + " OR 망명" * 40
    problem = QueryError("several words", text=text, column=text.index("b)") + 1)
    _, line, caret = syntax.show(problem).split("\n")
    assert line.startswith("  …")
    assert line.endswith("…")
    shown = sum(2 if "가" <= character <= "힣" else 1 for character in line)
    assert shown <= 80
    at = caret.index("^")
    wide = sum("가" <= character <= "힣" for character in line[:at])
    columns = [0]
    for character in line:
        columns.append(columns[-1] + (2 if "가" <= character <= "힣" else 1))
    assert wide
    assert line[columns.index(at)] == "b"


ENTRIES: list[tuple[dict[str, Any], dict[str, list[str]], list[tuple[str, str, str, int | None, str]]]] = [
    ({"any": ("fled", "@dprx")}, {}, [("watchlist", "x", "any", 1, "no concept @dprx")]),
    ({"any": ("fled AND left",)}, {}, [("watchlist", "x", "any", 0, "query = '…'")]),
    ({"any": ("fled|left",)}, {}, [("watchlist", "x", "any", 0, "an entry of its own")]),
    ({"any": ("/fled|left/", '"fled|left"')}, {}, []),
    ({"any": ("(fled",)}, {}, [("watchlist", "x", "any", 0, "parentheses belong into query")]),
    ({"any": ("",)}, {}, [("watchlist", "x", "any", 0, "this entry is empty")]),
    ({"any": ("titel: fled",)}, {}, [("watchlist", "x", "any", 0, "did you mean title:?")]),
    ({"any": ("headline:fled",)}, {}, [("watchlist", "x", "any", 0, "did you mean title:?")]),
    ({"any": ("12:30", "DPRK: a statement", "Seoul: a town", "~titel")}, {}, []),
    ({"any": ("a",), "always": ("@nope",)}, {}, [("watchlist", "x", "always", 0, "no concept @nope")]),
    ({"none": ("a",)}, {}, [("watchlist", "x", "", None, "`none` alone")]),
    ({}, {}, [("watchlist", "x", "", None, "looks for nothing")]),
    ({"any": ("a",), "query": "b"}, {}, [("watchlist", "x", "", None, "either lists")]),
    ({"any": ("a",), "near": 3}, {}, [("watchlist", "x", "", None, "add the context")]),
    ({"query": "b", "near": 3}, {}, [("watchlist", "x", "", None, "NEAR/n")]),
    (
        {"any": ("a",)},
        {"c": ["@d"], "d": ["@c"]},
        [("concept", "c", "c", 0, "@c → @d → @c"), ("concept", "d", "d", 0, "@d → @c → @d")],
    ),
    ({"any": ("a",)}, {"c": ["@c"]}, [("concept", "c", "c", 0, "@c → @c")]),
    ({"any": ("a",)}, {"c": []}, [("concept", "c", "c", None, "holds no terms")]),
    (
        {"any": ("a",)},
        {"north korea": ["ok"]},
        [("concept", "north korea", "north korea", None, "- and _ alone")],
    ),
    ({"any": ("a",)}, {"c": ["ok", "…"]}, [("concept", "c", "c", 1, "nothing to look for")]),
    ({"any": ("@c",)}, {"c": ["ok", "…"]}, [("concept", "c", "c", 1, "nothing to look for")]),
]


@pytest.mark.parametrize(("rule", "concepts", "expected"), ENTRIES)
def test_problems_of_lists_and_concepts_name_their_entry(
    rule: dict[str, Any],
    concepts: dict[str, list[str]],
    expected: list[tuple[str, str, str, int | None, str]],
) -> None:
    found = problems([Watchlist(name="x", **rule)], concepts)
    assert [(f.kind, f.name, f.key, f.index) for f in found] == [row[:4] for row in expected]
    for finding, row in zip(found, expected, strict=True):
        assert row[4] in finding.message


def test_concepts_that_name_each_other_without_end_are_refused() -> None:
    chain = {f"c{at}": [f"@c{at + 1}"] for at in range(300)} | {"c300": ["a"]}
    with pytest.raises(
        QueryError, match="@c50 is named through 50 other concepts: name its terms in @c0 itself"
    ):
        matcher("@c0", chain)
    assert matcher("@c251", chain).match(Fields(body="a"))
    (found, *_) = problems([], chain)
    assert (found.name, found.message) == (
        "c0",
        "@c50 is named through 50 other concepts: name its terms in @c0 itself",
    )


def test_concepts_that_share_others_are_each_followed_once() -> None:
    shared = {f"c{at}": [f"@c{at + 1}", f"title:@c{at + 1}"] for at in range(45)} | {"c45": ["a"]}
    assert problems([Watchlist(name="x", query="@c0")], shared) == []
    shared["c45"] = ["@c44"]
    assert {"c44", "c45"} == {found.name for found in problems([], shared)}


TRAPS = [
    ("defect*", "defective"),
    ("flee*", "fleet"),
    ("亡命", "亡命之徒"),
    ("월남", "Vietnam"),
    ("*안전부", "행정안전부"),
    ("脱北*", "摆脱北京"),
    ("脫北", "摆脱北京"),
    ("北", "=北"),
    ("MSS", "China"),
    ("NK", "NK cells"),
    ("ab*", "a great many words"),
    ("당", "=당"),
    ("colou?r", "no wildcard"),
    ("defect!", "no wildcard"),
    ("lang=ko", "asked with lang:"),
    ("defector, left", "an entry of its own"),
    ("탈북자、망명", "an entry of its own"),
    ("朝鲜 外交官", "朝鲜外交官, or as a query 朝鲜 NEAR/3 外交官"),
]


@pytest.mark.parametrize(("term", "trap"), TRAPS)
def test_known_traps_are_warned_of(term: str, trap: str) -> None:
    (found,) = warnings([Watchlist(name="x", any=("fled", term))], {})
    assert trap in found.message
    assert (found.key, found.index) == ("any", 1)


def test_an_ambiguous_name_near_its_context_is_no_trap() -> None:
    assert warnings([Watchlist(name="x", query="MSS NEAR/9 @dprk")], CONCEPTS) == []
    assert warnings([Watchlist(name="x", any=("fled",), all=("MSS",), near=9)], CONCEPTS) == []
    assert warnings([Watchlist(name="x", query="fled NEAR/9 @mss")], {"mss": ["MSS"]}) == []
    assert warnings([Watchlist(name="x", any=("월남", "중앙당"), all=("@dprk",), near=9)], CONCEPTS) == []
    (found,) = warnings([Watchlist(name="x", query="fled AND @mss")], {"mss": ["MSS"]})
    assert (found.kind, found.name, found.index) == ("concept", "mss", 0)


def test_a_quoted_phrase_may_hold_a_comma() -> None:
    entries = ('"Washington, D.C."', "10,000 won", "한·미")
    assert warnings([Watchlist(name="x", any=entries, query="")], {}) == []
    assert warnings([Watchlist(name="x", query='"Kim, Jong-un"')], {}) == []


def test_what_is_excluded_is_no_trap() -> None:
    assert warnings([Watchlist(name="x", any=("fled",), none=("MSS",))], {}) == []
    assert warnings([Watchlist(name="x", query="fled NOT MSS")], {}) == []
