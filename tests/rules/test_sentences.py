"""Where sentences end, in English, Korean, Chinese and Japanese."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.sentences import paragraphs, sentences

CASES = [
    ("two sentences", "He fled. She stayed.", ["He fled.", "She stayed."]),
    ("titles", "Mr. Kim met Gen. Ri. They left.", ["Mr. Kim met Gen. Ri.", "They left."]),
    ("abbreviated countries within", "The U.S. Navy left.", ["The U.S. Navy left."]),
    (
        "abbreviated countries at the end",
        "He left the U.S. The navy stayed.",
        ["He left the U.S.", "The navy stayed."],
    ),
    ("initials", "J. R. Smith spoke. He left.", ["J. R. Smith spoke.", "He left."]),
    ("times", "It began at 5 p.m. Tuesday. It ended.", ["It began at 5 p.m. Tuesday.", "It ended."]),
    ("figures", "It grew 3.5 percent. Then it fell.", ["It grew 3.5 percent.", "Then it fell."]),
    (
        "No. as number and as word",
        "Office No. 39 shut. He said no. They went.",
        ["Office No. 39 shut.", "He said no.", "They went."],
    ),
    ("quotation", "“He fled.” She wept.", ["“He fled.”", "She wept."]),
    ("question within", "“Why?” he asked. No answer.", ["“Why?” he asked.", "No answer."]),
    ("exclamation", "Look! There.", ["Look!", "There."]),
    ("Korean", "그가 망명했다. 당국은 침묵했다.", ["그가 망명했다.", "당국은 침묵했다."]),
    ("Korean without spaces", "그가 망명했다.당국은 침묵했다.", ["그가 망명했다.", "당국은 침묵했다."]),
    ("Korean quotation goes on", '그는 "떠난다."라고 말했다. 끝.', ['그는 "떠난다."라고 말했다.', "끝."]),
    ("Korean quotation, spaced", '그는 "떠난다." 라고 말했다. 끝.', ['그는 "떠난다." 라고 말했다.', "끝."]),
    ("Korean after a quotation", '"떠난다." 그는 울었다.', ['"떠난다."', "그는 울었다."]),
    ("Korean figures", "성장률은 3.5%였다. 낮다.", ["성장률은 3.5%였다.", "낮다."]),
    ("Chinese", "他逃走了。外交部否认！真的？", ["他逃走了。", "外交部否认！", "真的？"]),
    ("Chinese quotation", "他说：“走了。”然后离开。", ["他说：“走了。”", "然后离开。"]),
    (
        "Japanese quotation goes on",
        "「亡命した。」と述べた。終わり。",
        ["「亡命した。」と述べた。", "終わり。"],
    ),
    ("lines", "A headline\nThe first line. The second.", ["A headline", "The first line.", "The second."]),
    ("no end mark", "one two", ["one two"]),
    ("nothing", " \n ", []),
]


@pytest.mark.parametrize(("name", "text", "expected"), CASES, ids=[case[0] for case in CASES])
def test_sentences(name: str, text: str, expected: list[str]) -> None:
    assert [text[a:b] for a, b in sentences(text)] == expected


def test_paragraphs_are_lines_that_say_something() -> None:
    text = "one\n\n  two \r\nthree"
    assert [text[a:b] for a, b in paragraphs(text)] == ["one", "two", "three"]


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("aA .!?\n\"'“”。！？」「가다北123U.S")))
def test_sentences_are_sorted_disjoint_trimmed_and_lose_nothing(text: str) -> None:
    spans = sentences(text)
    assert all(a < b for a, b in spans)
    assert all(one[1] <= two[0] for one, two in itertools.pairwise(spans))
    assert "".join("".join(text[a:b].split()) for a, b in spans) == "".join(text.split())
    assert all(text[a:b] == text[a:b].strip() for a, b in spans)


@pytest.mark.parametrize(
    "text",
    ["x " + "." * 200_000 + "y", "x " + ("." + ")" * 20) * 20_000, "He said so. " * 40_000],
    ids=["a run of dots", "dots and brackets", "a book on one line"],
)
def test_a_long_line_takes_time_in_proportion_to_its_length(text: str) -> None:
    begun = time.process_time()
    sentences(text)
    # with the square of the length: minutes
    assert time.process_time() - begun < 5
