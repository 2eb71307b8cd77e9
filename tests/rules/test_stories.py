"""Which reports tell of one event, in three scripts, within a window."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from watcher.novelty.stories import LINK, Stories

MORNING = datetime(2026, 3, 2, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
ORIGINALS = sorted((Path(__file__).parents[3] / "shared" / "seeds").glob("*.txt"))

PIERS = (
    "Port Ellery closes two piers",
    (
        "The harbour board of Port Ellery closed two of its four piers on Monday after navy divers found cracks in the "
        "concrete footing. Mayor Ines Corvane asked the capital for a bridge loan. Fishing crews land at Marrow Bay."
    ),
)
PIERS_AGAIN = (
    "Cracked footing shuts piers at Ellery",
    (
        "Cracks in the footing have shut two piers at Port Ellery, and crews must unload at Marrow Bay. Divers of "
        "the navy made the find. A loan from the capital is what mayor Ines Corvane hopes for, the harbour board said."
    ),
)
BEES = (
    "Fewer hives in the upper valley",
    (
        "Beekeepers in the upper valley counted fewer hives than ever. A mite that came with queens has spread, "
        "and plum growers fear for the harvest. The county will hand out frames treated with oregano oil."
    ),
)
KOREAN = (
    "엘러리항 부두 두 곳 폐쇄",
    "엘러리 항만공사는 해군 잠수부들이 교각 콘크리트 균열을 발견하자 부두 두 곳을 폐쇄했다.",
)
KOREAN_AGAIN = (
    "콘크리트 균열에 엘러리항 부두 닫혀",
    "엘러리 항만공사가 부두 두 곳의 문을 닫았다. 교각 콘크리트 균열을 해군 잠수부들이 찾아냈다.",
)
CHINESE = (
    "埃勒里港关闭两座码头",
    "埃勒里港务局在海军潜水员发现混凝土裂缝之后关闭了两座码头，渔船改到马罗湾卸货。",
)
CHINESE_AGAIN = (
    "混凝土現裂縫 埃勒里港兩座碼頭關閉",
    "海軍潛水員發現混凝土裂縫，埃勒里港務局關閉了兩座碼頭，漁船到馬羅灣卸貨。",
)


@pytest.fixture
def stories():
    book = Stories()
    book.add(1, "bees", *BEES, MORNING)
    book.add(2, "piers", *PIERS, MORNING)
    book.add(3, "부두", *KOREAN, MORNING)
    book.add(4, "码头", *CHINESE, MORNING)
    return book


@pytest.mark.parametrize(
    ("report", "story"),
    [(PIERS_AGAIN, "piers"), (KOREAN_AGAIN, "부두"), (CHINESE_AGAIN, "码头"), (BEES, "bees")],
    ids=["english", "korean", "chinese in traditional characters", "the same report"],
)
def test_a_report_joins_its_story(stories, report, story):
    assert stories.find(*report, MORNING + HOUR) == story


@pytest.mark.parametrize(
    "report",
    [
        ("", ""),
        (
            "Ferry adds a second boat",
            "The ferry company added a second boat for the summer, its owner said on Monday.",
        ),
        ("토요 시장 꿀값 두 배", "토요 시장에서 꿀값이 두 배로 뛰었다고 상인들이 전했다."),
        ("Reuters", "Reuters, Yonhap and the Daily NK reported it on Monday, according to a source."),
    ],
    ids=["nothing", "another event", "another event in Korean", "only outlets and stock words"],
)
def test_a_report_of_something_else_joins_none(stories, report):
    assert stories.find(*report, MORNING) is None


def test_a_report_after_the_window_joins_none(stories):
    assert stories.find(*PIERS, MORNING + 72 * HOUR) == "piers"
    assert stories.find(*PIERS, MORNING + 73 * HOUR) is None
    assert Stories(timedelta(days=7)).find(*PIERS, MORNING) is None


def test_a_story_lives_on_with_each_report(stories):
    stories.add(9, "piers", *PIERS_AGAIN, MORNING + 70 * HOUR)
    assert stories.find(*PIERS_AGAIN, MORNING + 140 * HOUR) == "piers"


def test_what_is_retold_days_later_takes_more_to_join(stories):
    assert stories.find(*KOREAN_AGAIN, MORNING + 24 * HOUR) == "부두"
    assert stories.find(*KOREAN_AGAIN, MORNING + 72 * HOUR) is None


def test_names_alone_tell_no_event(stories):
    title, text = "Ines Corvane paints", "Watercolours by Ines Corvane of Port Ellery hang at Marrow Bay."
    assert stories.find(title, text, MORNING + HOUR) is None


def test_one_link_is_not_enough_to_join_a_story_of_other_reports(stories):
    for number, words in enumerate(("bell tower", "choir", "tram depot"), 20):
        text = f"The {words} of Hollin Vale was sold on Tuesday to a collector from Brackwater who pays in silver."
        stories.add(number, "piers", f"Hollin Vale sells its {words}", text, MORNING + HOUR)
    assert max(stories.likest(*PIERS_AGAIN, MORNING + HOUR).values()) > LINK
    assert stories.find(*PIERS_AGAIN, MORNING + HOUR) is None


def test_a_story_of_many_reports_makes_its_names_no_commoner(stories):
    strength = stories.likest(*PIERS_AGAIN, MORNING)[2]
    for number in range(30, 60):
        stories.add(number, "piers", *PIERS, MORNING)
    assert stories.likest(*PIERS_AGAIN, MORNING)[2] == pytest.approx(strength)
    for number in range(60, 90):
        stories.add(number, f"of {number}", *PIERS, MORNING)
    assert stories.likest(*PIERS_AGAIN, MORNING)[2] < strength - 0.01


def test_a_story_whose_first_report_is_forgotten_still_counts():
    book = Stories()
    for number in range(50):
        book.add(f"{number} first", str(number), *PIERS, MORNING)
        book.add(f"{number} next", str(number), *PIERS, MORNING + 2 * HOUR)
    before = book.likest(*PIERS_AGAIN, MORNING + 2 * HOUR)
    book.forget(MORNING + HOUR)
    after = book.likest(*PIERS_AGAIN, MORNING + 2 * HOUR)
    assert after["0 next"] == pytest.approx(before["0 next"])


def test_a_report_that_links_two_stories_joins_the_older(stories):
    stories.add(0, "later", *PIERS, MORNING + HOUR)
    assert stories.find(*PIERS_AGAIN, MORNING + 2 * HOUR) == "piers"


def test_what_is_forgotten_links_nothing(stories):
    stories.add(5, "late", *BEES, MORNING + 2 * HOUR)
    stories.forget(MORNING + HOUR)
    assert len(stories) == 1
    assert stories.find(*PIERS_AGAIN, MORNING) is None
    assert stories.find(*BEES, MORNING) == "late"


def test_a_document_stands_once(stories):
    stories.add(2, "bees", *BEES, MORNING)
    assert len(stories) == 4
    assert stories.find(*PIERS_AGAIN, MORNING) is None


@pytest.mark.skipif(len(ORIGINALS) != 5, reason="the seeds' originals are not beside the project")
def test_of_the_seeds_only_the_first_two_are_one_story():
    book, found = Stories(), []
    for number, path in enumerate(ORIGINALS):
        text = path.read_text(encoding="utf-8")
        story = book.find("", text, MORNING) or str(number)
        book.add(number, story, "", text, MORNING)
        found.append(story)
    assert found == ["0", "0", "2", "3", "4"]


FORM = (
    "Border count of the monitors",
    (
        "Monitors at the fords counted {0} crossings on {1} nights, {2} by boat. Of those who crossed {3} were over 60 "
        "and {4} under 18; patrols turned back {5}. Northern ford {6}, southern ford {7}."
    ),
)


@pytest.mark.parametrize(
    ("figures", "story"),
    [
        ((42, 17, 25, 3, 8, 61, 29, 13), "count"),
        ((42, 17, 25, 3, 8, 61, 29, 14), "count"),
        ((57, 36, 21, 9, 14, 77, 18, 39), None),
    ],
    ids=["the same figures elsewhere", "one corrected", "another day's"],
)
def test_a_form_filled_with_other_figures_tells_another_story(stories, figures, story):
    title, text = FORM
    stories.add(5, "count", title, text.format(42, 17, 25, 3, 8, 61, 29, 13), MORNING)
    assert stories.find(title, text.format(*figures), MORNING + HOUR) == story


NOTICE = (
    "Reservoir office gives {0} measures",
    (
        "The reservoir office let {1} measures of water into the lower canals, its clerk said. This brings the day's "
        "total to {2} measures and compares with the {3} that the millers of the lower canals had asked for. Weeds at "
        "the sluices drained some, rain upstream added some, and the remainder stays behind the dam overnight."
    ),
)


@pytest.mark.parametrize(
    ("figures", "story"),
    [((40, 40, 129, 310), "water"), ((17, 17, 586, 750), None)],
    ids=["the day's", "the next day's"],
)
def test_a_notice_of_another_day_tells_another_story(stories, figures, story):
    title, text = NOTICE
    stories.add(5, "water", title.format(40), text.format(40, 40, 129, 310), MORNING)
    assert stories.find(title.format(*figures), text.format(*figures), MORNING + HOUR) == story


def test_a_flash_with_other_figures_is_of_its_story(stories):
    stories.add(5, "quake", "Quake hits Marrow Bay", "A quake of 6.8 hit Marrow Bay, 12 are dead.", MORNING)
    assert (
        stories.find("Quake at Marrow Bay", "Quake of 6.9 at Marrow Bay: 40 dead.", MORNING + HOUR) == "quake"
    )
