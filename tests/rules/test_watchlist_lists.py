"""Lists: any, all, none, near, within, cues, and which hits are the subject."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

from watcher.model import Fields, QueryError
from watcher.watchlist import Watchlist, grammar, syntax
from watcher.watchlist.checks import as_query, looked_for
from watcher.watchlist.engine import Engine, condition_text, matcher

CONCEPTS = {"dprk": ["North Korea*", "DPRK", "북한*", "=北"], "all": ["@dprk", "Seoul"]}


def run(
    title: str = "", body: str = "", *, source: str = "", lang: str = "", **rule: Any
) -> dict[str, bool] | None:
    """Each term that was hit, with whether it is subject; None where the watchlist does not hold."""
    engine = Engine([Watchlist(name="x", **rule)], CONCEPTS)
    found = engine.match(Fields(title=title, body=body, source=source, lang=lang))
    return {hit.term: hit.subject for hit in found[0].hits} if found else None


CASES: list[tuple[str, dict[str, Any], dict[str, str], dict[str, bool] | None]] = [
    ("any alone", {"any": ("fled", "left")}, {"body": "he fled"}, {"fled": True}),
    (
        "all is context",
        {"any": ("fled",), "all": ("@dprk",)},
        {"body": "fled North Korea"},
        {"fled": True, "North Korea*": False},
    ),
    (
        "all may stand anywhere",
        {"any": ("fled",), "all": ("Seoul",)},
        {"title": "Seoul", "body": "he fled"},
        {"Seoul": False, "fled": True},
    ),
    ("every one of all", {"any": ("fled",), "all": ("Seoul", "Busan")}, {"body": "fled Seoul"}, None),
    (
        "all is the subject where there is no any",
        {"all": ("fled", "Seoul")},
        {"body": "fled Seoul"},
        {"fled": True, "Seoul": True},
    ),
    (
        "none looks at the title",
        {"any": ("fled",), "none": ("football",)},
        {"title": "Football", "body": "fled"},
        None,
    ),
    (
        "none does not look at the text",
        {"any": ("fled",), "none": ("football",)},
        {"body": "fled football"},
        {"fled": True},
    ),
    (
        "unless told to",
        {"any": ("fled",), "none": ("football",), "none_in": "text"},
        {"body": "fled football"},
        None,
    ),
    (
        "near and within hold for one and the same hit",
        {"any": ("fled",), "all": ("Seoul",), "near": 2, "within": "sentence"},
        {"body": "From Seoul, where he was born, he fled. Seoul is silent."},
        None,
    ),
    (
        "near",
        {"any": ("fled",), "all": ("Seoul",), "near": 2},
        {"body": "fled far from Seoul"},
        {"fled": True, "Seoul": False},
    ),
    ("not near", {"any": ("fled",), "all": ("Seoul",), "near": 1}, {"body": "fled far from Seoul"}, None),
    (
        "near in either order",
        {"any": ("fled",), "all": ("Seoul",), "near": 2},
        {"body": "Seoul he fled"},
        {"Seoul": False, "fled": True},
    ),
    (
        "never near across title and body",
        {"any": ("fled",), "all": ("Seoul",), "near": 9},
        {"title": "Seoul", "body": "fled"},
        None,
    ),
    (
        "near every one",
        {"any": ("fled",), "all": ("Seoul", "Busan"), "near": 1},
        {"body": "Seoul fled x y Busan"},
        None,
    ),
    (
        "near without any",
        {"all": ("fled", "Seoul"), "near": 1},
        {"body": "fled Seoul"},
        {"fled": True, "Seoul": True},
    ),
    (
        "within a sentence",
        {"any": ("fled",), "all": ("Seoul",), "within": "sentence"},
        {"body": "He fled. Seoul slept."},
        None,
    ),
    (
        "within one sentence",
        {"any": ("fled",), "all": ("Seoul",), "within": "sentence"},
        {"body": "A. He fled Seoul."},
        {"fled": True, "Seoul": False},
    ),
    (
        "within a Korean sentence",
        {"any": ("망명*",), "all": ("북한*",), "within": "sentence"},
        {"body": "북한은 침묵했다. 그는 망명했다."},
        None,
    ),
    (
        "within a paragraph",
        {"any": ("fled",), "all": ("Seoul",), "within": "paragraph"},
        {"body": "He fled. Seoul slept."},
        {"fled": True, "Seoul": False},
    ),
    (
        "another paragraph",
        {"any": ("fled",), "all": ("Seoul",), "within": "paragraph"},
        {"body": "He fled.\nSeoul slept."},
        None,
    ),
    ("fields in lists", {"any": ("title:fled",)}, {"body": "fled"}, None),
    (
        "metadata is never subject",
        {"any": ("fled",), "all": ("source:Yonhap",)},
        {"body": "fled", "source": "Yonhap News"},
        {"fled": True, "Yonhap": False},
    ),
    (
        "metadata among all filters, also where near is asked for",
        {"any": ("fled",), "all": ("Seoul", "source:Yonhap"), "near": 1},
        {"body": "fled Seoul", "source": "Yonhap News"},
        {"fled": True, "Seoul": False, "Yonhap": False},
    ),
    (
        "and what it does not let through",
        {"any": ("fled",), "all": ("Seoul", "source:Yonhap"), "near": 1},
        {"body": "fled Seoul Yonhap", "source": "Other"},
        None,
    ),
    ("text does not look at metadata", {"any": ("Yonhap", "source:x")}, {"source": "Yonhap"}, None),
    (
        "metadata has no case rule",
        {"any": ("fled",), "all": ("lang:KO",)},
        {"body": "fled", "lang": "ko-KR"},
        {"fled": True, "KO": False},
    ),
    (
        "positive terms of a query",
        {"query": "fled AND Seoul NOT Busan"},
        {"body": "fled Seoul"},
        {"fled": True, "Seoul": True},
    ),
    (
        "of a NEAR the left operand",
        {"query": "fled NEAR Seoul"},
        {"body": "fled Seoul"},
        {"fled": True, "Seoul": False},
    ),
    (
        "of a chain the first",
        {"query": "fled NEAR Seoul NEAR Busan"},
        {"body": "fled Seoul Busan"},
        {"fled": True, "Seoul": False, "Busan": False},
    ),
    (
        "a term on both sides is subject",
        {"query": "(fled NEAR Seoul) OR Seoul"},
        {"body": "fled Seoul"},
        {"fled": True, "Seoul": True},
    ),
    ("nested concepts", {"query": "fled NEAR @all"}, {"body": "fled 北"}, {"fled": True, "=北": False}),
    (
        "an acronym in a shouted headline needs the body",
        {"any": ("MSS",)},
        {"title": "MSS AGENT FLEES", "body": "nothing"},
        None,
    ),
    ("and has it", {"any": ("MSS",)}, {"title": "MSS AGENT FLEES", "body": "An MSS agent"}, {"MSS": True}),
    (
        "a Korean headline does not shout",
        {"any": ("RGB",)},
        {"title": "정찰총국 RGB 개편", "body": "x"},
        {"RGB": True},
    ),
    (
        "a phrase is not found across title and body",
        {"any": ("North Korea",)},
        {"title": "North", "body": "Korea"},
        None,
    ),
]


@pytest.mark.parametrize(("name", "rule", "article", "expected"), CASES, ids=[case[0] for case in CASES])
def test_lists_and_subjects(
    name: str, rule: dict[str, Any], article: dict[str, str], expected: dict[str, bool] | None
) -> None:
    assert run(**article, **rule) == expected


def test_only_hits_in_reach_take_part() -> None:
    body = "He fled Seoul." + " word" * 40 + " She fled too. Seoul" + " word" * 40 + " Seoul"
    engine = Engine([Watchlist(name="x", any=("fled",), all=("Seoul",), near=0)], {})
    (match,) = engine.match(Fields(body=body))
    assert [(hit.term, hit.start) for hit in match.hits] == [("fled", 3), ("Seoul", 8)]


def test_cues_come_with_a_match_and_never_make_one() -> None:
    engine = Engine([Watchlist(name="x", any=("defection",))], {})
    (match,) = engine.match(
        Fields(title="Ministry denies defection", body="당국은 사실무근이라고 했다. 外交部否认。")
    )
    assert [cue.term for cue in match.cues] == ["deny", "사실 무근", "否认"]
    assert engine.match(Fields(body="denied")) == []


def test_a_concept_of_that_name_replaces_the_built_in_cues() -> None:
    engine = Engine([Watchlist(name="x", any=("defection",))], {"reversal": ["nonsense"]})
    (match,) = engine.match(Fields(body="He denied the defection: nonsense."))
    assert [cue.term for cue in match.cues] == ["nonsense"]


def test_hits_name_the_concept_as_the_watchlist_names_it() -> None:
    engine = Engine([Watchlist(name="x", any=("@all",))], CONCEPTS)
    (match,) = engine.match(Fields(body="North Korean"))
    assert [(hit.term, hit.concept) for hit in match.hits] == [("North Korea*", "all")]


def test_matches_come_in_the_order_of_the_config() -> None:
    rules = [Watchlist(name=name, any=(term,)) for name, term in (("b", "two"), ("a", "one"), ("c", "three"))]
    assert [m.watchlist for m in Engine(rules, {}).match(Fields(body="one two"))] == ["b", "a"]


CONDITIONS: list[tuple[dict[str, Any], str]] = [
    ({"any": ("@flee",), "all": ("@dprk",), "near": 30}, "@flee near 30 of @dprk"),
    ({"any": ("fled", "@flee"), "all": ("@dprk",), "near": 30}, "any of fled, @flee near 30 of @dprk"),
    ({"any": ("fled",), "all": ("a", "b")}, "fled with a and b"),
    ({"any": ("fled",), "all": ("a",), "within": "sentence"}, "fled with a in one sentence"),
    ({"all": ("a", "b"), "near": 3}, "all of a, b within 3 words"),
    ({"any": ("fled",), "none": ("x",)}, "fled, none of x in the title"),
    ({"query": "fled\n  NEAR/3 @dprk"}, "fled NEAR/3 @dprk"),
]


@pytest.mark.parametrize(("rule", "expected"), CONDITIONS)
def test_a_condition_is_said_in_the_users_words(rule: dict[str, Any], expected: str) -> None:
    assert condition_text(Watchlist(name="x", **rule)) == expected


LOOKED_FOR: list[tuple[dict[str, Any], list[str]]] = [
    ({"any": ("fled", "@all"), "all": ("=북", "lang:ko"), "none": ("football",)},
     ["fled", "North Korea*", "DPRK", "북한*", "=北", "Seoul", "=북"]),
    ({"query": "(fled NEAR/3 title:/se.ul/i) OR ATLEAST/2 @all NOT football AND source:x"},
     ["fled", "/se.ul/i", "North Korea*", "DPRK", "북한*", "=北", "Seoul"]),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "expected"), LOOKED_FOR)
def test_what_a_watchlist_looks_for_is_every_positive_term_of_text_once(
    rule: dict[str, Any], expected: list[str]
) -> None:
    assert looked_for(Watchlist(name="x", **rule), CONCEPTS) == expected


@pytest.mark.parametrize(
    "term",
    [
        "fled",
        "=fled",
        "North Korea*",
        "search AND rescue",
        "/f.ed/i",
        '5" gun',
        "*탈북*",
        "~MSS",
        "site:x",
        "-",
    ],
)
def test_a_term_on_its_own_is_a_query(term: str) -> None:
    found, _ = grammar.parse(as_query(term))
    assert isinstance(found, syntax.Term | syntax.Regex)
    assert found.text == term


def test_a_bad_watchlist_is_refused_when_the_engine_is_built() -> None:
    with pytest.raises(QueryError, match="no concept @dprx; did you mean @dprk"):
        Engine([Watchlist(name="x", any=("@dprx",))], CONCEPTS)


def test_the_matcher_of_one_query_gives_both_sides_of_a_near() -> None:
    match = matcher('defect* NEAR/5 "North Korea*"').match(Fields(body="a North Korean defector"))
    assert match is not None
    assert [hit.term for hit in match.hits] == ["North Korea*", "defect*"]


def test_the_matcher_names_every_error_of_a_query() -> None:
    with pytest.raises(QueryError) as caught:
        matcher('x AND (y z) AND /[/ AND @dprx AND "q', CONCEPTS)
    for column in (10, 17, 25, 35):
        assert f"line 1, column {column}" in str(caught.value)


@pytest.mark.parametrize("query", ["", "  ", "//", "@", "title:", "()"])
def test_a_query_that_asks_nothing_is_an_error(query: str) -> None:
    with pytest.raises(QueryError):
        matcher(query)


def test_a_near_of_words_that_stand_everywhere_takes_no_room_by_the_square_of_the_text() -> None:
    text = "He fled North Korea then. " * 4000
    tracemalloc.start()
    found = matcher('fled NEAR/3 "North Korea"').match(Fields(body=text))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found is not None
    assert len(found.hits) == 8000
    assert peak < 100e6  # 900 MB where each place was measured for each place
