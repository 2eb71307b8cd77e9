"""Spellings of a name found in stored text."""

from __future__ import annotations

from watcher.watchlist.variants import variants

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


def test_nothing_to_look_for() -> None:
    assert variants("…", TEXTS) == []
