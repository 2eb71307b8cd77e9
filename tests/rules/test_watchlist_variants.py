"""Spellings of a name found in stored text."""

from __future__ import annotations

import pytest

from watcher.watchlist.variants import needed, variants

TEXTS = [
    "Jang Song-thaek spoke. JANG SONG-THAEK fell. Jang Song Thaek's aide left.",
    "Jang Sung-taek was there; Chang Song-t'aek too, and Jang Songthaek. Jang Song-thaek again.",
    "Kim Jong-nam and Kim Jong-un met; nothing else is like it.",
]


def test_other_romanisations_hyphens_and_case_are_found_with_counts() -> None:
    found = dict(variants("Jang Song-thaek", TEXTS))
    assert found == {
        "Jang Song-thaek": 2,
        "JANG SONG-THAEK": 1,
        "Jang Song Thaek": 1,
        "Jang Sung-taek": 1,
        "Chang Song-t'aek": 1,
        "Jang Songthaek": 1,
    }


def test_the_commonest_comes_first_and_the_list_is_cut() -> None:
    assert variants("Jang Song-thaek", TEXTS, limit=1) == [("Jang Song-thaek", 2)]


def test_another_name_is_no_variant() -> None:
    assert [spelling for spelling, _ in variants("Kim Jong-un", TEXTS)] == ["Kim Jong-un"]


def test_korean_spacing() -> None:
    assert dict(variants("국가 보위성", ["국가보위성 국가 보위성"])) == {"국가보위성": 1, "국가 보위성": 1}


FOUND = [
    ("another romanisation", "Chang Sŏng-t'aek", "Jang Seong-taek’s men", ["Jang Seong-taek"]),
    ("Chang Sung-taek for Jang Song-thaek", "Jang Song-thaek", "Chang Sung-taek fell.", ["Chang Sung-taek"]),
    ("a town", "Hyesan", "Hyesan, Hyesan-si, HYESAN", ["Hyesan", "HYESAN"]),
    ("a capital", "Pyongyang", "P'yŏngyang and Pyeongyang", ["P'yŏngyang", "Pyeongyang"]),
    ("two with one surname", "Kim Jong-un", "Kim Jong-eun, Kim Jong-il, Kim Jong-nam", ["Kim Jong-eun"]),
    ("short words only as they stand", "NK", "NK, NKs, Nk", ["NK", "Nk"]),
    ("Korean without its particles", "장성택", "장성택을, 장성택이었다고. 장성택파", ["장성택"]),
    ("Korean, spaced", "장성택", "장 성택의 측근", ["장 성택"]),
    ("Korean, as the North spells it", "이설주", "리설주가, 이설주는", ["리설주", "이설주"]),
    (
        "Korean, a long name less a syllable",
        "국가안전보위부",
        "국가안전보위국이, 국가보위성이",
        ["국가안전보위국"],
    ),
    ("Korean, another name", "장성택", "장성우가, 김성택이", []),
    ("Chinese forms", "张成泽", "張成澤被處決，张成泽的亲信", ["張成澤", "张成泽"]),
    ("Chinese, one character of four", "国家保卫省", "國家保衛部，国家保卫省", ["國家保衛部", "国家保卫省"]),
    ("Chinese, another name", "金正恩", "金正日与金正男", []),
    ("kana", "ミサイル", "ﾐｻｲﾙとミサイル", ["ﾐｻｲﾙ", "ミサイル"]),
]


@pytest.mark.parametrize(("name", "term", "text", "expected"), FOUND, ids=[row[0] for row in FOUND])
def test_spellings_in_a_text(name: str, term: str, text: str, expected: list[str]) -> None:
    assert sorted(spelling for spelling, _ in variants(term, [text])) == sorted(expected)


def test_a_concept_needs_no_spelling_that_another_of_its_terms_finds() -> None:
    assert needed(["JANG SONG-THAEK", "Jang Songthaek", "Jang Song-thaek", "Jang Sung-taek"]) == [
        "Jang Song-thaek",
        "Jang Sung-taek",
    ]
    assert needed(["국가보위성", "국가 보위성", "張成澤", "张成泽"]) == ["국가 보위성", "張成澤"]


def test_nothing_to_look_for() -> None:
    assert variants("…", TEXTS) == []
