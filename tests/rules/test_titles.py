"""Takes of one report, told by their titles."""

from __future__ import annotations

import pytest

from watcher.novelty.titles import takes

ONE = [
    ("[속보] 북한 무역대표부 간부 탈북", "북한 무역대표부 간부 탈북(종합)"),
    ("북한 병사 2명 귀순(1보)", "북한 병사 2명 강원도서 귀순(2보)"),
    ("Trade official defects from mission", "(2nd LD) Trade official defects from mission in port city"),
    ("Trade official defects from mission", "UPDATE 2-Trade official defects from mission, Seoul says"),
    ("快讯：朝鲜贸易代表处干部叛逃", "朝鲜贸易代表处一名干部叛逃（更新）"),
]
OTHERS = [
    ("Trade official defects from mission", "Trade official defects from mission in port city"),
    ("[속보] 북한 병사 2명 귀순", "[속보] 탈북 단체 행사 취소"),
    ("[Breaking] North Korea", "North Korea sells squid to an island state"),
    ("快讯：朝鲜贸易代表处干部叛逃", "快讯：港口渡轮停航"),
    ("", "[속보] "),
]


@pytest.mark.parametrize(("first", "second"), ONE)
def test_a_tag_on_either_and_half_the_words_make_two_takes_of_one_report(first: str, second: str) -> None:
    assert takes(first, second)
    assert takes(second, first)


@pytest.mark.parametrize(("first", "second"), OTHERS)
def test_without_a_tag_or_with_few_words_in_common_they_are_two_reports(first: str, second: str) -> None:
    assert not takes(first, second)
