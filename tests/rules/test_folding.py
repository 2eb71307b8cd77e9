"""Folding: one form for all ways of writing, an exact map back, one word count."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from watcher.folding import FOLDING, count_words, fold

AWKWARD = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from(
            " .,'’-‑\n\u200b\u00ad\u0301\u3099\u309a\ufb01…ßİıŉ½ㆍ･ｶﾞ가각ᄀ\u1161\u11a8北國国澤😀\ud800abcABCsDPRK019"
            "靑髙ٱىیةـ\u064b\ufedb"
        ),
    ),
    max_size=40,
)

FOLDS = [
    ("case", "DEFECTOR Straße", "defector strasse"),
    ("diacritics, composed and combining", "Sŏng Se\u0301oul Đặng Łódź", "song seoul dang lodz"),
    ("ligatures and full width", "ﬁnance ＭＳＳ ①", "finance mss 1"),
    ("conjoining jamo", "\u1100\u1175\u11b7", "김"),
    ("half-width kana with its voicing mark", "ｶﾞｽ", "ガス"),
    ("voiced kana, taken apart", "カ\u3099", "ガ"),
    ("zero-width and soft hyphen vanish", "de\u00adfec\u200btor", "defector"),
    ("one boundary", "a\u00a0—  “b”…c", "a b c"),
    ("possessive is set off", "Kim's Kim’s", "kim s kim s"),
    ("possessive before a closing quote", "‘Kim’s’", " kim s "),
    ("elision is set off", "l'ONU d’Iran qu'il", "l onu d iran qu il"),
    ("other apostrophes vanish", "t'aek Xi’an don't O'Brien", "taek xian dont obrien"),
    ("dots of abbreviations vanish", "D.P.R.K. U.S.-led e.g. 3.5", "dprk us led eg 3 5"),
    ("a dot that ends a sentence stays a boundary", "Plan B. A man.", "plan b a man "),
    ("forms of one Han character", "國 経 經 澤 沢", "国 经 经 泽 泽"),
    ("scripts part", "정찰총국(RGB)은 APT37은 北한", "정찰총국 rgb 은 apt37 은 北 한"),
    ("Japanese keeps kanji and kana together", "脱北した", "脱北した"),
    ("the middle dot of Korean headlines", "한ㆍ미", "한 미"),
    ("a lone surrogate is a boundary", "a\ud800b", "a b"),
    ("Arabic vowel signs and the filler", "كُورِيَا بيـون", "كوريا بيون"),
    (
        "Arabic letters written for one another",
        "أحمد ٱحمد مصطفى \u06a9ره الشمالية",
        "احمد احمد مصطفي كره الشماليه",
    ),
    ("forms of print and of names", "靑 髙 姫 曺", "青 高 姬 曹"),
    ("Russian ё", "самолёт", "самолет"),
    ("Arabic digits", "٣٩", "39"),
]


@pytest.mark.parametrize(("name", "text", "folded"), FOLDS, ids=[row[0] for row in FOLDS])
def test_folding(name: str, text: str, folded: str) -> None:
    assert fold(text).text == folded


WORDS = [
    ("Latin words count one", "A defector fled", 3.0),
    ("CJK characters count half", "북한 외교관", 2.5),
    ("Han and kana too", "脱北した", 2.0),
    ("a possessive is no word", "Kim's aide", 2.0),
    ("nor an elided article", "l'ONU", 1.0),
    ("a figure is one word", "1,000 and 3.5", 3.0),
    ("letters beside Hangul count", "APT37은", 1.5),
    ("nothing", " … ", 0.0),
    ("nothing at all", "", 0.0),
]


@pytest.mark.parametrize(("name", "text", "words"), WORDS, ids=[row[0] for row in WORDS])
def test_the_word_count(name: str, text: str, words: float) -> None:
    assert count_words(text) == words


@settings(max_examples=400, deadline=None)
@given(AWKWARD)
@example("ᄀ\u200bᅡ")
@example("D.\u200bP.")
@example("カ\u200b\u3099\u3099")
@example("\u3099x'\u00ads’ z")
def test_folding_twice_changes_nothing(text: str) -> None:
    folded = fold(text).text
    assert fold(folded).text == folded


@settings(max_examples=400, deadline=None)
@given(AWKWARD)
@example("ﬁﬁ")
@example("北한RGB")
@example("㏠")
def test_the_map_never_falls_and_covers_the_text(text: str) -> None:
    folded = fold(text)
    starts, ends = folded.starts.tolist(), folded.ends.tolist()
    assert len(starts) == len(ends) == len(folded.text)
    assert all(0 <= a <= b <= len(text) for a, b in zip(starts, ends, strict=True))
    assert starts == sorted(starts)
    assert ends == sorted(ends)
    if starts:
        assert all(fold(text[: starts[0]]).text == "" for _ in "x")
        covered = {place for a, b in zip(starts, ends, strict=True) for place in range(a, b)}
        assert covered == set(range(starts[0], len(text)))


@settings(max_examples=200, deadline=None)
@given(AWKWARD)
def test_ascii_and_general_folding_agree(text: str) -> None:
    plain = text.encode("ascii", "ignore").decode()
    assert fold(plain + " e").text == fold(plain + " é").text


def test_a_span_takes_combining_marks_and_leaves_what_trails() -> None:
    text = "cafe\u0301\u200b, ﬁsh"
    folded = fold(text)
    at = folded.text.index("cafe")
    assert text[slice(*folded.span(at, at + 4))] == "cafe\u0301"
    at = folded.text.index("fish")
    assert text[slice(*folded.span(at, at + 1))] == "ﬁ"


def test_a_megabyte_of_mixed_text_maps_back_exactly() -> None:
    text = "Kim’s ﬁrst 정찰총국(RGB)은 張成澤 e\u0301 😀. " * 30_000
    folded = fold(text)
    at = folded.text.rindex("rgb")
    assert text[slice(*folded.span(at, at + 3))] == "RGB"


def test_the_version_names_unicode() -> None:
    assert FOLDING.startswith("3/unicode")
