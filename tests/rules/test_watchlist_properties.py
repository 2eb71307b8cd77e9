"""Laws of matching: the engine agrees with a slow, obviously right one; hits stay when sentences are added."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from watcher.model import Fields
from watcher.watchlist import Watchlist, selection
from watcher.watchlist.article import Article
from watcher.watchlist.engine import Engine
from watcher.watchlist.words import Letters, Lexicon

WORDS = [
    "fund",
    "funds",
    "spy",
    "spies",
    "defector",
    "defect",
    "MSS",
    "mss",
    "Seoul",
    "state",
    "security",
    "Kim",
    "un",
]
KOREAN = ["북한", "탈북자", "보위부", "외교관", "국가보위성"]
TAILS = ["", "은", "이", "에서", "들에게는", "군", "산", "했다"]
HAN = ["北", "朝鲜", "朝鮮", "北京", "东北", "张成泽", "張成澤"]

latin_term = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from(WORDS).map(lambda word: word + "*"),
    st.sampled_from(WORDS).map(lambda word: "=" + word),
    st.sampled_from(WORDS).map(lambda word: "*" + word),
    st.tuples(st.sampled_from(WORDS), st.sampled_from(WORDS)).map(" ".join),
)
korean_term = st.one_of(st.sampled_from(KOREAN), st.sampled_from(KOREAN).map(lambda word: "=" + word))
han_term = st.one_of(st.sampled_from(HAN), st.just("=北"))
term = st.one_of(latin_term, korean_term, han_term)
piece = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from(WORDS).map(lambda word: word + "'s"),
    st.tuples(st.sampled_from(["", "비", "북한"]), st.sampled_from(KOREAN), st.sampled_from(TAILS)).map(
        "".join
    ),
    st.lists(st.sampled_from([*HAN, "人"]), min_size=1, max_size=3).map("".join),
    st.sampled_from([",", "—", "x"]),
)
text = st.lists(piece, max_size=14).map(" ".join)

LATIN = "[A-Za-z0-9]"
HANGUL = "[가-힣]"
JOSA = "(?:은|이|에서|들에게는|했다)"
FORMS = {"张成泽": "[张張]成[泽澤]", "張成澤": "[张張]成[泽澤]", "朝鲜": "朝[鲜鮮]", "朝鮮": "朝[鲜鮮]"}


def slow_pattern(written: str) -> re.Pattern[str]:
    """A term of this file's alphabet as one regex over unfolded text."""
    exact, left, right = written.startswith("="), written.startswith("*"), written.endswith("*")
    bare = written.strip("=*")
    if re.match(HANGUL, bare):
        before = "" if len(bare) > 3 and not exact else f"(?<!{HANGUL})"
        after = f"(?!{HANGUL})" if exact else "" if len(bare) > 3 else f"{JOSA}?(?!{HANGUL})"
        return re.compile(before + bare + after)
    if not re.match(LATIN, bare):
        return re.compile("(?<![一-鿿])北(?![一-鿿])" if exact else FORMS.get(bare, bare))
    words = bare.split()
    parts = [word if word.isupper() else f"(?i:{word})" for word in words]
    tail = "" if exact or right else _tail(words[-1])
    body = r"(?:[ ,—]+)".join(parts[:-1] + ([parts[-1] + tail] if tail else [parts[-1]]))
    if tail and words[-1].endswith("y"):
        body = body.replace(parts[-1] + tail, f"(?:{parts[-1]}{tail}|(?i:{words[-1][:-1]}ies))")
    before = "" if left else f"(?<!{LATIN})(?<!{LATIN}')"
    after = "" if right else f"(?!{LATIN})" + ("(?!'s)" if exact else "")
    return re.compile(before + body + after)


def _tail(word: str) -> str:
    return "(?i:s|es)?" if word.lower().endswith(("s", "x", "z", "ch", "sh", "o")) else "(?i:s)?"


def holds(written: str, article: str) -> bool:
    return slow_pattern(written).search(article) is not None


terms = st.lists(term, max_size=3).map(tuple)


@settings(max_examples=400, deadline=None)
@given(terms, terms, terms, text, text)
def test_the_engine_agrees_with_a_slow_and_obvious_matcher(
    some: tuple[str, ...], every: tuple[str, ...], no: tuple[str, ...], title: str, body: str
) -> None:
    if not some and not every:
        return
    title = "so it is: " + title
    engine = Engine([Watchlist(name="x", any=some, all=every, none=no, always=())], {})
    expected = (
        (not some or any(holds(each, title) or holds(each, body) for each in some))
        and all(holds(each, title) or holds(each, body) for each in every)
        and not any(holds(each, title) for each in no)
    )
    assert bool(engine.match(Fields(title=title, body=body))) == expected


@settings(max_examples=200, deadline=None)
@given(term, text, st.sampled_from(["", "Nothing else. ", "그 밖에는 조용했다. ", "什么都没有。"]), text)
def test_a_hit_is_a_hit_with_any_sentences_around(written: str, body: str, before: str, after: str) -> None:
    engine = Engine([Watchlist(name="x", any=(written,), always=())], {})
    alone = engine.match(Fields(body=body))
    if alone:
        amid = engine.match(Fields(body=f"{before}\n{body}\n. {after}"))
        assert amid
        shift = len(before) + 1
        found = {(hit.start, hit.end) for hit in amid[0].hits}
        assert {(hit.start + shift, hit.end + shift) for hit in alone[0].hits} <= found


@settings(max_examples=200, deadline=None)
@given(terms, text)
def test_hits_are_in_order_within_the_text_and_not_empty(some: tuple[str, ...], body: str) -> None:
    if some:
        for match in Engine([Watchlist(name="x", any=some, always=())], {}).match(Fields(body=body)):
            spans = [(hit.start, hit.end) for hit in match.hits]
            assert spans == sorted(spans)
            assert all(0 <= a < b <= len(body) and body[a:b] == body[a:b].strip() for a, b in spans)


def test_a_megabyte_costs_no_square_and_its_hits_are_exact() -> None:
    body = "탈북" * 50_000 + " Kim’s ﬁrst defector 張成澤. " + "e\u0301😀 " * 200_000
    engine = Engine(
        [Watchlist(name="x", any=("*탈북*", "탈북", "defector", "张成泽", "first"), always=())], {}
    )
    (match,) = engine.match(Fields(title="A", body=body))
    assert {body[hit.start : hit.end] for hit in match.hits if hit.term not in ("*탈북*", "탈북")} == {
        "defector",
        "張成澤",
        "ﬁrst",
    }


latin_word = st.sampled_from(
    ["fund", "funds", "spy", "MSS", "kim", "un", "defect", "북한", "北", "a", "ab", "abcd"]
)
query_term = st.one_of(
    latin_word,
    latin_word.map(lambda word: word + "*"),
    latin_word.map(lambda word: "*" + word),
    latin_word.map(lambda word: "=" + word),
    st.tuples(latin_word, latin_word, st.sampled_from(["", "*"])).map(
        lambda each: f'"{each[0]} {each[1]}{each[2]}"'
    ),
    st.tuples(latin_word, latin_word, latin_word).map(lambda each: f'"{" ".join(each)}"'),
    st.just("/f[uo]nd/"),
)
field_term = st.tuples(st.sampled_from(["title", "body", "source"]), query_term).map(":".join)
near_term = st.tuples(
    query_term,
    st.sampled_from(["NEAR/0", "NEAR/1", "NEAR/3", "ONEAR/2"]),
    query_term,
    st.sampled_from(["NEAR/2", "ONEAR/0"]),
    query_term,
    st.sampled_from([3, 5]),
).map(lambda each: f"({' '.join(each[: each[-1]])})")
query = st.tuples(
    st.one_of(near_term, query_term, field_term),
    st.sampled_from(["AND", "OR", "AND NOT"]),
    st.one_of(query_term, field_term, near_term, query_term.map(lambda each: f"ATLEAST/2 {each}")),
    st.sampled_from([1, 3, 3]),
).map(lambda each: " ".join(each[: each[-1]]))
said = st.lists(
    st.one_of(latin_word, st.sampled_from(["x", "abc", "3.5", "kim's", "l'un", "비북한은", "北韩"])),
    max_size=25,
).map(" ".join)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(query, min_size=3, max_size=12), said, said, said)
def test_what_is_not_chosen_to_be_evaluated_would_not_have_held(
    monkeypatch: pytest.MonkeyPatch, queries: list[str], title: str, body: str, source: str
) -> None:
    monkeypatch.setattr(selection, "FEW", 0)
    engine = Engine([Watchlist(name=each, query=each, always=()) for each in queries], {})
    article = Article(Fields(title=title, body=body, source=source), metadata=engine.metadata)
    assert engine.evaluate(article, engine.select(article)) == engine.evaluate(
        article, np.arange(len(queries))
    )


some_word = st.text("ab북é", min_size=1, max_size=14)
some_text = st.tuples(
    st.lists(some_word, min_size=1, max_size=4).map(" ".join), st.sampled_from(["", " "])
).map("".join)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(some_text, min_size=1, max_size=20, unique=True),
    st.lists(some_word, max_size=30),
    st.booleans(),
)
def test_the_lexicon_finds_what_stands_after_a_space_and_nothing_else(
    texts: list[str], words: list[str], given_ones: bool
) -> None:
    numbers = {text: number for number, text in enumerate(texts)}
    haystack = " " + " ".join([*words, *(text.strip() for text in texts if given_ones)]) + " \n "
    found = [each.tolist() for each in Lexicon(numbers).find(Letters(haystack))]
    assert sorted(zip(*found, strict=True)) == sorted(
        (number, at)
        for text, number in numbers.items()
        for at, before in enumerate(haystack)
        if before == " " and haystack.startswith(text, at + 1)
    )
