"""What a report says anew of a running story: figures and names, in three languages."""

from __future__ import annotations

import pytest

from watcher.novelty.tidings import anew

TOLD = (
    "Three miners fled from Hyesan, Kim Chol-su of the mission said. The guards counted seventy steps.",
    "혜산에서 광부 3명이 탈북했다고 김철수 대사가 말했다. 王毅说，三人已经离开。",
)


@pytest.mark.parametrize(
    ("said", "new"),
    [
        ("In the end it was three who fled, said Kim.", False),
        ("In the end it was four who fled.", True),
        ("They fled in 70 steps.", False),
        ("They fled from Hyesan at night.", False),
        ("They fled past Musan at night.", True),
        ("They fled at night.", False),
        ("결국 3명이 탈북했다.", False),
        ("결국 5명이 탈북했다.", True),
        ("김철수 대사는 떠났다.", False),
        ("박영호 대사는 떠났다.", True),
    ],
)
def test_a_figure_or_a_name_that_nobody_said_is_new(said: str, new: bool) -> None:
    assert anew([said], TOLD) is new


def test_in_a_story_of_which_nothing_was_told_every_figure_is_new() -> None:
    assert anew(["Two fled."], [])
    assert not anew(["They fled."], [])
    assert not anew([], TOLD)
