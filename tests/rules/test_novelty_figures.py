"""Figures in every script, wire tags, and what a revision changed."""

from __future__ import annotations

import pytest

from watcher.alert import Change
from watcher.novelty import changes, figures, fingerprint, strip_wire_tags, title_key


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("70 boats", [70]),
        ("seventy boats", [70]),
        ("Seventy-five boats", [75]),
        ("배 70여 척", [70]),
        ("七十艘船", [70]),
        ("칠십 명", [70]),
        ("일흔 명", [70]),
        ("다섯 명과 스물세 척, 스무 살", [5, 20, 23]),
        ("한 명이 다시 한 번 말한 두세 가지", [1]),
        ("two hundred and five nets", [205]),
        ("a hundred nets", []),
        ("1,750 tonnes", [1750]),
        ("3.5 million crowns", [3.5e6]),
        ("three million crowns", [3e6]),
        ("5.93 mln bags", [5.93e6]),
        ("$2bn", [2e9]),
        ("3만5천 명", [35000]),
        ("1억2000만 원", [1.2e8]),
        ("35,000명", [35000]),
        ("三万五千人", [35000]),
        ("3万人", [30000]),
        ("三名官员", [3]),
        ("두 사람은 만일 이천에 가면", []),
        ("one of them", []),
        ("one million", [1e6]),
        ("in 2013, 2014 and 2015", [2013, 2014, 2015]),
        ("６０명", [60]),
        ("two dozen nets", [24]),
        ("five, six or seven", [5, 6, 7]),
        ("five\ufeff, s\u00adix or ﬁfty boats", [5, 6, 50]),
        ("at 6-3/16 or 6 1/4, half of 6½", [6.1875, 6.25, 6.5]),
        ("2-1/2 million, 3/4 and ⅔", [2.5e6, 0.75, 0.666667]),
        ("11/2, 9/11, 1/2/2026, 1987/88 and 63/16", [1, 2, 9, 11, 16, 63, 88, 1987, 2026]),
        ("v1.2.3", [1, 2, 3]),
        ("the rows 1,...,5 and 6,.,7", [1, 5, 6, 7]),
        ("", []),
    ],
    ids=str,
)
def test_numbers_are_read_in_every_script(text, numbers):
    assert fingerprint(text).numbers.tolist() == sorted(numbers)


@pytest.mark.parametrize(
    ("title", "rest", "tags"),
    [
        ("[속보] 항만 폐쇄", "항만 폐쇄", ("속보",)),
        ("(2보) 항만 폐쇄", "항만 폐쇄", ("2보",)),
        ("항만 폐쇄(종합2보)", "항만 폐쇄", ("종합2보",)),
        ("[속보][단독] 항만 폐쇄", "항만 폐쇄", ("속보", "단독")),
        ("(2nd LD) Port closes", "Port closes", ("2nd LD",)),
        ("Port closes (LEAD)", "Port closes", ("LEAD",)),
        ("UPDATE 2-Port closes", "Port closes", ("UPDATE 2",)),
        ("RPT-UPDATE 1-Port closes", "Port closes", ("RPT", "UPDATE 1")),
        ("BREAKING: Port closes", "Port closes", ("BREAKING",)),
        ("[Exclusive] Port closes", "Port closes", ("Exclusive",)),
        ("【快讯】港口关闭", "港口关闭", ("快讯",)),
        ("快讯：港口关闭", "港口关闭", ("快讯",)),
        ("Lead found in the water", "Lead found in the water", ()),
        ("Flash floods close port", "Flash floods close port", ()),
        ("Live music returns to the port", "Live music returns to the port", ()),
        ("FLASH", "FLASH", ()),
        ("", "", ()),
    ],
)
def test_wire_tags_are_told_from_titles(title, rest, tags):
    assert strip_wire_tags(title) == (rest, tags)


def test_titles_that_differ_in_tags_case_or_dashes_have_one_key():
    keys = {
        title_key(t) for t in ("Port Ellery closes two piers", "UPDATE 1-PORT ELLERY closes two piers (LEAD)")
    }
    assert len(keys) == 1
    (key,) = keys
    assert key is not None
    assert 0 < key < 2**63
    assert title_key("Marrow Bay closes two piers") != key


def test_a_title_under_four_words_has_no_key():
    assert title_key("Port Ellery closes") is None
    assert title_key("") is None


BEFORE = "The harbour lost 70 boats. The mayor resigned on Monday. Divers found cracks in the eastern wall."


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (BEFORE, ()),
        (
            BEFORE.replace("70", "71"),
            (Change("The harbour lost 70 boats.", "The harbour lost 71 boats."),),
        ),
        (BEFORE.replace("70", "seventy"), ()),
        (
            BEFORE.replace("mayor resigned", "mayor has not resigned"),
            (Change("The mayor resigned on Monday.", "The mayor has not resigned on Monday."),),
        ),
        (
            BEFORE.replace("on Monday", "on Tuesday"),
            (Change("The mayor resigned on Monday.", "The mayor resigned on Tuesday."),),
        ),
        (BEFORE.replace("Divers found cracks", "Divers had found some cracks"), ()),
        (
            BEFORE.replace("The mayor resigned on Monday. ", ""),
            (Change("The mayor resigned on Monday.", ""),),
        ),
        (BEFORE + " A crane fell over at noon.", ()),
        (
            "Divers found cracks in the eastern wall. The mayor resigned on Monday. The harbour lost 70 boats.",
            (),
        ),
    ],
    ids=["same", "figure", "figure spelt", "negation", "name", "wording", "removed", "added", "reordered"],
)
def test_a_revision_names_sentences_that_say_something_else(after, expected):
    assert changes(BEFORE, after) == expected


def test_only_sentences_that_were_hit_are_looked_at():
    after = BEFORE.replace("70", "71").replace("on Monday", "on Tuesday")
    at = after.index("mayor")
    assert [change.after for change in changes(BEFORE, after, [(at, at + 5)])] == [
        "The mayor resigned on Tuesday."
    ]
    assert changes(BEFORE, "The harbour lost 70 boats.", [], before_hits=[(0, 5)]) == ()
    removed = changes(
        BEFORE,
        "The harbour lost 70 boats.",
        [],
        before_hits=[(BEFORE.index("mayor"), BEFORE.index("mayor") + 5)],
    )
    assert removed == (Change("The mayor resigned on Monday.", ""),)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "당국은 간부 3명이 중국 선양에서 잠적했다고 밝혔다.",
            "당국은 간부 5명이 중국 선양에서 잠적했다고 밝혔다.",
        ),
        ("당국은 간부가 선양에서 잠적했다고 밝혔다.", "당국은 간부가 선양에서 잠적하지 않았다고 밝혔다."),
        ("당국은 탈북민 두 명을 붙잡았다고 밝혔다.", "당국은 탈북민 다섯 명을 붙잡았다고 밝혔다."),
        ("당국은 간부를 풀어 줬다고 밝혔다.", "당국은 간부를 안 풀어 줬다고 밝혔다."),
        ("숨진 사람은 보위성 간부인 것으로 알려졌다.", "숨진 사람은 보위성 간부가 아닌 것으로 알려졌다."),
        ("김철수 국장이 선양에서 잠적한 것으로 알려졌다.", "박영희 국장이 선양에서 잠적한 것으로 알려졌다."),
        ("有三名官员在沈阳失踪，当局正在调查。", "有五名官员在沈阳失踪，当局正在调查。"),
        ("官员在沈阳被捕，护照被没收。", "官员在沈阳没被捕，护照被没收。"),
        ("官员在沈阳失踪，当局正在调查此事。", "官员没有在沈阳失踪，当局正在调查此事。"),
    ],
    ids=[
        "korean figure",
        "korean negation",
        "native korean figure",
        "korean word of negation",
        "korean noun denied",
        "korean name",
        "chinese figure",
        "short chinese negation",
        "chinese negation",
    ],
)
def test_korean_and_chinese_sentences_change_too(before, after):
    assert changes(before, after) == (Change(before, after),)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "SEOUL, Oct 21 (Wire) - Two officers fled.",
            "BUSAN, South Korea, Oct. 22 (Wire) -- Two officers fled.",
        ),
        ("Two officers fled in May.", "SEOUL (Wire) — Two officers fled in May."),
        ("新华社首尔10月21日电（记者李明）两名官员出逃。", "新华社首尔10月22日电（记者王芳）两名官员出逃。"),
    ],
    ids=["filed again", "dateline put in front", "chinese"],
)
def test_a_dateline_says_nothing(before, after):
    assert changes(before, after) == ()
    assert changes(before, after.replace("Two", "Six").replace("两名", "六名")) != ()


def test_what_only_looks_like_a_dateline_counts():
    assert "name mss" in figures("The MSS - the secret police - fled.")
    assert "number 21" in figures("三人21日电视讲话后出逃。")


def test_figures_name_their_kind():
    assert figures("The board of Port Ellery did not pay $3.5 million.") == {
        "number 3.5e+06",
        "currency $",
        "negation",
        "name port ellery",
    }
