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
    ("initials without a space", "J.K. Rowling wrote. She left.", ["J.K. Rowling wrote.", "She left."]),
    ("a letter that is no initial", "It was plan B. Then he left.", ["It was plan B.", "Then he left."]),
    ("a mountain", "Mt. Paektu is high. He left.", ["Mt. Paektu is high.", "He left."]),
    (
        "abbreviations of books",
        "See p. 5 and Art. 9. He loved art. She too.",
        ["See p. 5 and Art. 9.", "He loved art.", "She too."],
    ),
    ("the capital", "It rained in Washington, D.C. He left.", ["It rained in Washington, D.C.", "He left."]),
    ("dots for a pause", "He waited... then left. He ran...", ["He waited... then left.", "He ran..."]),
    ("dots that end", "He waited... Then he left… Gone.", ["He waited...", "Then he left…", "Gone."]),
    ("spaced dots", "He waited. . . then left. Gone.", ["He waited. . . then left.", "Gone."]),
    ("several marks", "What?! No!!! He left.", ["What?!", "No!!!", "He left."]),
    ("notes", "He left.[1] She stayed.", ["He left.[1]", "She stayed."]),
    ("brackets", "He (the spy) left. (She stayed.) End.", ["He (the spy) left.", "(She stayed.)", "End."]),
    (
        "addresses",
        "See https://a.example.com/b.c?d=1. Or mail a.b@c.kr. Bye.",
        ["See https://a.example.com/b.c?d=1.", "Or mail a.b@c.kr.", "Bye."],
    ),
    ("numbered items", "1. Go there. 2. Come back.\n3. Rest", ["1. Go there.", "2. Come back.", "3. Rest"]),
    ("bullets", "• one. Two\n- three", ["• one.", "Two", "- three"]),
    ("a number at the end", "He is 45. She is 40.", ["He is 45.", "She is 40."]),
    (
        "a dateline",
        "SEOUL, Oct. 12 (AP) — Kim fled. He is safe.",
        ["SEOUL, Oct. 12 (AP) — Kim fled.", "He is safe."],
    ),
    ("no-break and wide spaces", "He left.\u00a0She too.\u3000End.", ["He left.", "She too.", "End."]),
    ("Korean dates", "2016. 7. 5. 그가 왔다. 끝이다.", ["2016. 7. 5. 그가 왔다.", "끝이다."]),
    ("Korean dates, close", "그는 2016.7.5. 망명했다. 끝이다.", ["그는 2016.7.5. 망명했다.", "끝이다."]),
    ("Korean endings", "떠났어요. 그래요?네. 정말!", ["떠났어요.", "그래요?", "네.", "정말!"]),
    ("Korean quotation, bare", "그는 “왜 왔나?” 라고 물었다. 끝.", ["그는 “왜 왔나?” 라고 물었다.", "끝."]),
    ("Korean byline", "(서울=연합뉴스) 김 기자 = 쐈다. 끝.", ["(서울=연합뉴스) 김 기자 = 쐈다.", "끝."]),
    (
        "Korean with an English name",
        "그는 북한의 U.S. Navy 기록을 봤다. 끝.",
        ["그는 북한의 U.S. Navy 기록을 봤다.", "끝."],
    ),
    ("Chinese quotation within", "他说“走了。”，然后离开。完。", ["他说“走了。”，然后离开。", "完。"]),
    (
        "Chinese with an English name",
        "据U.S. News报道。价格为3.5元。",
        ["据U.S. News报道。", "价格为3.5元。"],
    ),
    (
        "Chinese brackets",
        "（他走了。）她来了！！真的？！是。",
        ["（他走了。）", "她来了！！", "真的？！", "是。"],
    ),
    (
        "Japanese question quoted",
        "なぜ？と聞いた。「行く！」と言った。",
        ["なぜ？と聞いた。", "「行く！」と言った。"],
    ),
    (
        "French",
        "MM. Dupont et Dr. Roy sont là. « Il part. » Elle reste.",
        ["MM. Dupont et Dr. Roy sont là.", "« Il part. »", "Elle reste."],
    ),
    (
        "German",
        "Er kam am 3. Oktober, z. B. Kim. Sie ging.",
        ["Er kam am 3. Oktober, z. B. Kim.", "Sie ging."],
    ),
    ("Russian", "А. С. Пушкин жил в г. Москва. Он умер.", ["А. С. Пушкин жил в г. Москва.", "Он умер."]),
    ("Arabic", "هل هرب؟ نعم. بقيت المرأة.", ["هل هرب؟", "نعم.", "بقيت المرأة."]),
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
