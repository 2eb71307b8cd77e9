"""What makes two reports accord: their heads, their texts, figures, dates and the time between them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from watcher.novelty.accord import strengths
from watcher.novelty.terms import terms_of

BRIDGE = (
    "Bridge over the Tarn closed",
    (
        "The bridge over the Tarn at Ostwick was closed after a barge struck a pillar. Engineers of the county looked "
        "for cracks until dark. Ferries carry workers across, and the mill at Hollin waits for coal."
    ),
)
AGAIN = (
    "Barge hits pillar at Ostwick",
    (
        "A barge struck a pillar of the bridge at Ostwick, and the county closed it. Its engineers look for cracks. "
        "Coal for the mill at Hollin waits, as do workers for the ferries."
    ),
)
OTHER = (
    "Fewer hives in the upper valley",
    "Beekeepers counted fewer hives than ever. A mite has spread, and plum growers fear for the harvest.",
)


def odds(one: tuple[str, str], other: tuple[str, str], days: float = 0) -> float:
    """The odds, as a logarithm, that two reports tell one event where every term is as rare as any."""
    mine, others = terms_of(*one), [terms_of(*OTHER), terms_of(*other)]
    apart, link = strengths(mine, others, np.array([0, days]), lambda keys: np.ones(len(keys))).tolist()
    assert apart < 0.1
    return math.log(link / (1 - link))


def with_more(report: tuple[str, str], more: str) -> tuple[str, str]:
    return report[0], f"{report[1]} {more}"


def test_two_tellings_of_one_event_accord_and_two_events_do_not():
    assert odds(BRIDGE, AGAIN) > 1
    assert odds(BRIDGE, AGAIN) == pytest.approx(odds(AGAIN, BRIDGE))


@pytest.mark.parametrize(
    ("mine", "same", "another"),
    [
        ("It was hit on March 3.", "Traffic stopped on March 3.", "Traffic stopped on May 3."),
        ("It was hit on Sept. 3.", "Traffic stopped in September.", "Traffic stopped in October."),
        ("It was hit on Sept . 3 .", "Traffic stopped in September.", "Traffic stopped in October."),
        ("It was hit on Friday.", "Traffic stopped on Friday.", "Traffic stopped on Tuesday."),
        ("It was built in 1911.", "It stood since 1911.", "It stood since 1974."),
        ("7월 3일에 일어났다.", "사고는 7월이다.", "사고는 8월이다."),
        ("금요일에 일어났다.", "사고는 금요일이다.", "사고는 화요일이다."),
        ("事故发生在星期五。", "是周五的事。", "是周二的事。"),
    ],
    ids=[
        "months",
        "a month cut short",
        "a month cut short, its full stop set apart",
        "weekdays",
        "years",
        "months in Korean",
        "weekdays in Korean",
        "weekdays in Chinese",
    ],
)
def test_reports_that_name_other_dates_accord_less(mine, same, another):
    one = with_more(BRIDGE, mine)
    assert odds(one, with_more(AGAIN, same)) > odds(one, with_more(AGAIN, another)) + 0.5


@pytest.mark.parametrize(
    ("mine", "same", "another"),
    [
        ("OSTWICK, March 3 -", "It was on 3rd of March.", "OSTWICK, March 21 -"),
        ("OSTWICK, Sept. 3 -", "OSTWICK, 3 Sep -", "OSTWICK, 21 Sept -"),
        ("3일 오후,", "3일이다.", "21일 오전,"),
        ("本月3日，", "3日晚，", "21日晚，"),
    ],
    ids=["English", "a month cut short", "Korean", "Chinese"],
)
def test_heads_that_name_other_days_of_a_month_accord_less(mine, same, another):
    one = BRIDGE[0], f"{mine} {BRIDGE[1]}"
    like, unlike = (odds(one, (AGAIN[0], f"{day} {AGAIN[1]}")) for day in (same, another))
    assert like > unlike + 1.5


@pytest.mark.parametrize(
    "lead",
    [
        "21일째 닫혔다.",
        "21일 만에 열렸다.",
        "21日内",
        "At 21:30 in March,",
        "For 21 decent workers,",
        "In May 2021,",
        "After 1.21 May",
    ],
)
def test_what_is_no_day_of_a_month_keeps_no_reports_apart(lead):
    assert terms_of("", f"March 3: {BRIDGE[1]}").days == 1 << 3
    assert terms_of("", f"{lead} {BRIDGE[1]}").days == 0


def test_a_day_named_below_the_head_keeps_no_reports_apart():
    assert terms_of(*with_more(BRIDGE, f"{OTHER[1]} It may be open on March 21.")).days == 0


def test_a_date_that_only_one_names_does_not_keep_reports_apart():
    dates = terms_of(*with_more(BRIDGE, "It may be open in March, on a Sunday, in 1974.")).dates
    assert dates == (1 << 2, 1 << 6, 1 << 74)
    assert terms_of(*with_more(BRIDGE, "It may march on.")).dates == (0, 0, 0)
    late = odds(BRIDGE, with_more(AGAIN, "It may be open in March."))
    assert late == pytest.approx(odds(BRIDGE, with_more(AGAIN, "It may be open in summer.")), abs=0.2)


def test_reports_that_share_figures_accord_more():
    one = with_more(BRIDGE, "The barge held 48 tons and 17 men.")
    same = odds(one, with_more(AGAIN, "On it were 17 men and 48 tons."))
    assert same > odds(one, with_more(AGAIN, "On it were 36 men and 95 tons.")) + 0.5


def test_reports_that_lie_days_apart_accord_less():
    assert odds(BRIDGE, AGAIN) > odds(BRIDGE, AGAIN, days=1) > odds(BRIDGE, AGAIN, days=3)


def test_whole_texts_accord_where_heads_say_little_of_one_another():
    quiet = "Shops on the quay opened late and the market square was quiet all morning. " * 3
    angle = "A day without the bridge", quiet
    bare = odds(BRIDGE, angle)
    assert odds(BRIDGE, with_more(angle, AGAIN[1])) > bare + 0.5


def test_names_alone_are_no_head():
    named = "Ostwick and Hollin", "Painters from Ostwick, Hollin and the Tarn show watercolours."
    told = "Ostwick and Hollin", "Painters from Ostwick, Hollin and the Tarn show the bridge."
    assert odds(BRIDGE, told) > odds(BRIDGE, named) + 0.5


def test_a_name_in_a_head_says_more_than_a_word():
    painted = (
        "Market day",
        "Painters met at Ostwick by the Tarn, and on the way to Hollin a bridge was painted.",
    )
    lower = [tuple(part.lower() for part in report) for report in (BRIDGE, painted)]
    assert odds(BRIDGE, painted) > odds(*lower) + 0.2


def test_a_report_without_words_accords_with_nothing():
    assert odds(BRIDGE, ("", "")) < -1
