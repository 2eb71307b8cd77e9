"""What is new, and to whom: every rule of what arrives and what comes of it, walked through the whole daemon."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import timedelta
from html import escape
from pathlib import Path
from typing import Any

import pytest

from tests.servers import Reply
from tests.story.newsroom import SECRET, Newsroom, date, filler, newsroom, page, rss, story

MINUTES = timedelta(minutes=3)
Item = dict[str, str]
OLD: Item = {"guid": "0", "title": "Harbour", "description": filler(0)}


class Desk:
    """A newsroom whose feeds have been read once, so that what they carry from now on is news."""

    def __init__(self, room: Newsroom, papers: int, **settings: str) -> None:
        self.room = room
        self._feeds = [f"/feed/{n}" for n in range(1, papers + 1)]
        self._items: dict[str, list[Item]] = {}
        self.configure(**settings)
        for number, feed in enumerate(self._feeds):
            self._items[feed] = [OLD | {"title": f"Harbour {number}", "description": filler(number)}]
            self._serve(feed)
        room.run()

    def configure(self, **settings: str) -> None:
        self.room.configure(self._feeds, **settings)

    def _serve(self, feed: str) -> None:
        self.room.server.script(feed, Reply(body=rss(*self._items[feed])))

    def print(self, title: str, text: str = "", *, paper: int = 1, **more: str) -> None:
        """One paper's feed carries another entry, with `text` in full; then the daemon looks."""
        feed = self._feeds[paper - 1]
        item = {"guid": str(len(self._items[feed])), "title": title}
        if text:
            item["content"] = text
        self._items[feed].insert(0, item | more)
        self._serve(feed)
        self.room.run(later=MINUTES)

    def change(self, *, paper: int = 1, **fields: str) -> None:
        """The paper's latest entry says something else; then the daemon looks."""
        feed = self._feeds[paper - 1]
        self._items[feed][0] |= fields
        self._serve(feed)
        self.room.run(later=MINUTES)

    def alerts(self) -> list[dict[str, Any]]:
        """What single alerts were sent, in order."""
        return [body["data"] for body in self.room.hooks if body["type"] == "alert"]

    def told(self) -> list[tuple[str, str]]:
        """Title and verdict of each."""
        return [(alert["article"]["title"], alert["verdict"]) for alert in self.alerts()]

    def held(self) -> dict[str, tuple[str, str]]:
        """What matched and was held back, by title: verdict and reason."""
        with self.room.store() as reader:
            return {view.title: (view.verdict, view.reason) for view in reader.alerts(held=True)}


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Newsroom]:
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    with newsroom(tmp_path) as made:
        yield made


MORE_WATCHLISTS = """
[[watchlists]]
name = "Missions"
any = ["mission"]
channels = ["hook"]
"""


# --------------------------------------------------------------------------- first sightings


def test_a_new_report_and_a_headline_only_flash_alert(room: Newsroom) -> None:
    desk = Desk(room, 1)
    desk.print("Trade official leaves his post", story())
    desk.print("Two soldiers defected from North Korea, says Seoul")
    assert desk.told() == [
        ("Trade official leaves his post", "new"),
        ("Two soldiers defected from North Korea, says Seoul", "new"),
    ]
    flash = desk.alerts()[1]
    assert {hit["field"] for hit in flash["hits"]} == {"title"}


def test_a_flash_that_ten_papers_carry_is_told_once(room: Newsroom) -> None:
    desk = Desk(room, 3)
    desk.print("Two soldiers defected from North Korea, says Seoul")
    desk.print("[Breaking] Two soldiers defected from North Korea, says Seoul", paper=2)
    desk.print("Two soldiers defected from North Korea, says Seoul", paper=3)
    assert len(desk.told()) == 1


def test_a_templated_report_with_other_figures_is_another_report(room: Newsroom) -> None:
    template = (
        "Border count for week {week}. The monitors counted {all} people who defected from North Korea over the "
        "river, {men} men and {women} women. Of these {old} were over 60 and {young} under 18. The patrols turned "
        "back {back} more, and {boats} boats were taken. At the northern ford {north} crossed, at the southern "
        "ford {south}. The next count is published on the second Monday of the month by the office of the monitors."
    )
    first = template.format(
        week=31, all=42, men=17, women=25, old=3, young=8, back=61, boats=4, north=29, south=13
    )
    other = template.format(
        week=35, all=57, men=36, women=21, old=9, young=14, back=77, boats=11, north=18, south=39
    )
    desk = Desk(room, 2)
    desk.print("Border count, week 31", first)
    desk.print("Border count, week 35", other)
    desk.print("Week 35: the count", other, paper=2)
    assert desk.told() == [("Border count, week 31", "new"), ("Border count, week 35", "new")]
    assert desk.held()["Week 35: the count"][0] == "copy"


# --------------------------------------------------------------------------- copies


def _every_tenth_word_changed(text: str) -> str:
    words = text.split()
    return " ".join("someone" if n % 10 == 5 and word.isalpha() else word for n, word in enumerate(words))


def test_the_same_copy_retitled_trimmed_or_with_every_tenth_word_changed_is_silent(room: Newsroom) -> None:
    full = story() + " " + filler(71) + " " + filler(72)
    desk = Desk(room, 4)
    desk.print("Trade official leaves his post", full)
    desk.print("North Korean envoy has fled: sources", full, paper=2)
    desk.print("Official gone", " ".join(full.split()[:90]), paper=3)
    desk.print("A desk falls empty", _every_tenth_word_changed(full), paper=4)
    assert desk.told() == [("Trade official leaves his post", "new")]
    held = desk.held()
    assert {title: verdict for title, (verdict, _) in held.items()} == {
        "North Korean envoy has fled: sources": "copy",
        "Official gone": "excerpt",
        "A desk falls empty": "copy",
    }
    assert all("Trade official leaves his post" in reason for _, reason in held.values())


def test_who_else_carried_a_report_is_told_with_the_next_one_that_says_more(room: Newsroom) -> None:
    desk = Desk(room, 3)
    desk.print("Trade official leaves his post", story())
    desk.print("Official gone", story(), paper=2)
    more = (
        " On Friday a second attache fled the mission, a North Korean clerk told this paper, and nobody has seen him "
        "since then. He had been a teacher of geography before he went abroad and was known there for his stamps."
    )
    desk.print("Second man gone", story() + more, paper=3)
    assert desk.told() == [("Trade official leaves his post", "new"), ("Second man gone", "extended")]
    alert = desk.alerts()[1]
    assert {other["source"] for other in alert["look_alikes"]} == {"Paper 1", "Paper 2"}
    assert alert["story"]["articles"] == 3
    assert alert["story"]["outlets"] == 3
    assert [part["text"][:9] for part in alert["novel"]] == ["On Friday", "He had be"]


def test_a_comment_thread_and_a_teaser_list_are_no_part_of_the_report(room: Newsroom) -> None:
    comments = "".join(
        f"<li class=comment><p>He should have fled North Korea years ago, says reader {n}.</p></li>"
        for n in range(6)
    )
    body = page("Dredging goes on", filler(12) + " " + filler(13) + " " + filler(14)).decode()
    body = body.replace(
        "</main>",
        f"</main><section id=comments class=comments><h2>Comments</h2><ol>{comments}</ol></section>",
    )
    body = body.replace(
        "</aside>", "<ul><li><a href=/x>Pilot defected from North Korea in a trainer</a></li></ul></aside>"
    )
    room.server.script("/story/1", Reply(body=body.encode(), type="text/html"))
    desk = Desk(room, 1)
    desk.print("Dredging goes on", link=room.server.url("/story/1"))
    with room.store() as reader:
        view = reader.article(room.server.url("/story/1"))
    assert view is not None
    assert "dredging" in (view.text or "")
    assert "fled" not in (view.text or "")
    assert "trainer" not in (view.text or "")
    assert desk.told() == []
    assert desk.held() == {}


def test_a_teaser_that_extraction_left_in_is_known_where_its_report_was_told(room: Newsroom) -> None:
    told, passed_over = (
        "Five sailors defected from North Korea by night",
        "Football: two fled North Korea by train",
    )
    desk = Desk(room, 2, watchlist='none = ["football"]')
    desk.print(told, filler(60))
    desk.print(passed_over, filler(61))
    desk.print("Dredging goes on", f"{filler(62)}\n\n- {told}\n\n{filler(63)}", paper=2)
    assert [title for title, _ in desk.told()] == [told]
    (reason,) = (reason for title, (_, reason) in desk.held().items() if title == "Dredging goes on")
    assert "titles of known reports" in reason
    # one whose report this watchlist passed over it has not heard of, and words around a title are more than it
    desk.print("Grafting goes on", f"{filler(64)}\n\n- {passed_over}\n\n{filler(65)}", paper=2)
    desk.print(
        "Shelving goes on", f"{filler(66)}\n\n{told}, and two more at noon in a boat\n\n{filler(67)}", paper=2
    )
    assert [title for title, _ in desk.told()] == [told, "Grafting goes on", "Shelving goes on"]


@pytest.mark.parametrize(
    "line",
    [
        "Read also: {}",
        "The county mends its dykes until May. READ MORE: {}",
        "The county mends its dykes until May. See also: {}. The ferry is late.",
        "Related stories | {} | The ferry is late by an hour",
        "관련기사: {}",
        "Read also: The ferry is late by an hour Read also: {}",
    ],
)
def test_a_title_behind_read_also_is_known_within_a_line_of_other_text(room: Newsroom, line: str) -> None:
    told = "Five sailors defected from North Korea by night"
    desk = Desk(room, 2)
    desk.print(told, filler(60))
    desk.print("Dredging goes on", f"{filler(62)}\n\n{line.format(told)}\n\n{filler(63)}", paper=2)
    assert [title for title, _ in desk.told()] == [told]
    # another title is news, and so are one that is denied and what a sentence adds to it
    others = (
        line.format("Five sailors and a cook defected from North Korea by boat"),
        f"Rumour in the port: {told}",
        f"Read also: {told}, and two more at noon in a boat",
    )
    for number, other in enumerate(others):
        title = f"Grafting goes on {number}"
        desk.print(title, f"{filler(70 + 2 * number)}\n\n{other}\n\n{filler(71 + 2 * number)}", paper=2)
        assert desk.told()[-1][0] == title


# --------------------------------------------------------------------------- quotations, denials


QUOTED = story().split(". ")[0] + "."


def test_a_blog_that_quotes_a_known_report_without_a_hit_of_its_own_is_held_for_the_next_bundle(
    room: Newsroom,
) -> None:
    desk = Desk(room, 2)
    room.clock.move_to(12, 0)
    desk.print("Trade official leaves his post", story())
    own = (
        "This blog has written about the port for nine years and keeps a list of every ship that called there. "
        "The pier was rebuilt in spring with stone from a quarry inland, and the harbour master retired. "
        "What follows was in the paper. "
    )
    desk.print("Notes on a port", own + story(), paper=2)
    assert desk.told() == [("Trade official leaves his post", "new")]
    verdict, reason = desk.held()["Notes on a port"]
    assert verdict == "follow-up"
    assert "no new hit" in reason
    # its bundle comes at half past seven in the morning, in the desk's time zone
    assert [body for body in room.hooks if body["type"] == "bundle"] == []
    room.clock.move_to(7, 28)
    room.run()
    assert [body for body in room.hooks if body["type"] == "bundle"] == []
    room.run(later=timedelta(minutes=4))
    (bundle,) = [body for body in room.hooks if body["type"] == "bundle"]
    assert bundle["data"]["reason"] == "follow-up"
    assert [alert["article"]["title"] for alert in bundle["data"]["alerts"]] == ["Notes on a port"]


def test_a_few_new_words_without_a_hit_are_not_even_a_follow_up(room: Newsroom) -> None:
    desk = Desk(room, 2)
    desk.print("Trade official leaves his post", story())
    desk.print("From the paper", "We read this over breakfast with some surprise. " + story(), paper=2)
    assert desk.told() == [("Trade official leaves his post", "new")]
    assert desk.held()["From the paper"][0] in {"copy", "extended"}


def test_a_blog_that_quotes_a_known_report_and_adds_its_own_hit_alerts_for_its_own_sentence(
    room: Newsroom,
) -> None:
    desk = Desk(room, 2)
    desk.print("Trade official leaves his post", story())
    own = (
        "A pastor at the river told me on the telephone that two nurses from Hyesan fled North Korea by the lower "
        "ford on Saturday with nothing but a kettle and a photograph of their mother. The paper had this: "
    )
    desk.print("Nurses at the ford", own + QUOTED, paper=2)
    assert [title for title, _ in desk.told()] == ["Trade official leaves his post", "Nurses at the ford"]
    alert = desk.alerts()[1]
    assert [part["text"].startswith("A pastor") for part in alert["novel"]] == [True]
    assert [other["title"] for other in alert["look_alikes"]] == ["Trade official leaves his post"]


@pytest.mark.parametrize(
    "denial",
    [
        "The foreign ministry denied the report on Friday and called it a fairy tale. This is what had been written: ",
        "Correction: an earlier version of what follows was wrong about nearly all of it, and the editors regret it. ",
    ],
)
def test_a_denial_that_quotes_the_original_alerts_by_its_cue(room: Newsroom, denial: str) -> None:
    desk = Desk(room, 2)
    desk.print("Trade official leaves his post", story())
    desk.print("About our report", denial + story(), paper=2)
    assert [title for title, _ in desk.told()] == ["Trade official leaves his post", "About our report"]
    with room.store() as reader:
        (last, _) = reader.alerts()
    assert last.reason.startswith("cue: “")


def test_a_korean_denial_that_quotes_the_original_alerts_by_its_cue(room: Newsroom) -> None:
    report = (
        "북한 무역대표부의 한 간부가 지난주 가족과 함께 탈북했다고 현지 소식통이 전했다. 이 간부는 새벽에 택시를 타고 "
        "대표부를 떠났으며 돌아오지 않았다. 소식통은 대표부의 대문이 이틀째 잠겨 있다고 말했다."
    )
    desk = Desk(room, 2)
    desk.print("무역대표부 간부 잠적", report)
    desk.print("사실무근", "외교부 당국자는 금요일 이 보도가 사실이 아니라고 밝혔다. " + report, paper=2)
    assert [title for title, _ in desk.told()] == ["무역대표부 간부 잠적", "사실무근"]


# --------------------------------------------------------------------------- summary, then text


def test_a_full_text_alerts_only_the_watchlists_that_its_summary_had_not(room: Newsroom) -> None:
    summary = (
        "A North Korean trade official has defected with his family, an official in Seoul said on Tuesday."
    )
    room.server.script("/story/1", Reply(status=503))
    desk = Desk(room, 1, more=MORE_WATCHLISTS)
    desk.print("Official leaves", link=room.server.url("/story/1"), description=summary)
    room.run(later=timedelta(minutes=2))
    room.run(later=timedelta(minutes=6))
    assert [(a["verdict"], a["watchlists"]) for a in desk.alerts()] == [("partial", ["Defections"])]
    room.server.script("/story/1", Reply(body=page("Official leaves", story()), type="text/html"))
    room.run(later=timedelta(minutes=20))
    # the hook hears of it at once for Missions; for Defections it is a follow-up, so the desk has no second mail yet
    assert len(desk.alerts()) == 2
    assert "Missions" in desk.alerts()[1]["watchlists"]
    mails = [str(mail["Subject"]) for mail in room.mails]
    assert mails == ["[Defections] Official leaves (Paper 1)"]


def test_a_page_is_tried_three_times_in_five_minutes_before_its_summary_is_told(room: Newsroom) -> None:
    room.server.script("/story/1", Reply(status=503))
    desk = Desk(room, 1)
    desk.print("Official leaves", link=room.server.url("/story/1"), description=QUOTED)
    counts = [room.server.count("/story/1")]
    for seconds in (50, 20, 200, 50):
        room.run(later=timedelta(seconds=seconds))
        counts.append(room.server.count("/story/1"))
        assert bool(desk.told()) == (len(counts) == 5)
    assert counts == [1, 1, 2, 2, 3]


def test_a_page_that_asks_for_a_long_wait_is_left_alone_and_its_summary_told_at_once(room: Newsroom) -> None:
    room.server.script("/story/1", Reply(status=429, headers={"Retry-After": "3600"}))
    desk = Desk(room, 1)
    desk.print("Official leaves", link=room.server.url("/story/1"), description=QUOTED)
    assert desk.told() == [("Official leaves", "partial")]
    room.run(later=timedelta(minutes=55))
    assert room.server.count("/story/1") == 1
    room.run(later=timedelta(minutes=6))
    assert room.server.count("/story/1") == 2


def test_a_full_text_alerts_where_the_summary_had_no_hit(room: Newsroom) -> None:
    room.server.script("/story/1", Reply(status=503))
    desk = Desk(room, 1)
    desk.print(
        "A desk falls empty",
        link=room.server.url("/story/1"),
        description="There was some movement at a mission in a southern port last week, and neighbours wondered why.",
    )
    room.run(later=timedelta(minutes=2))
    room.run(later=timedelta(minutes=6))
    assert desk.told() == []
    room.server.script("/story/1", Reply(body=page("A desk falls empty", story()), type="text/html"))
    room.run(later=timedelta(minutes=20))
    assert [title for title, _ in desk.told()] == ["A desk falls empty"]


# --------------------------------------------------------------------------- wire tags, revisions, removals


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (
            "Trade official leaves North Korean mission",
            "UPDATE 2-Trade official leaves North Korean mission abroad",
        ),
        ("[속보] 북한 무역대표부 간부 가족과 탈북", "북한 무역대표부 간부 가족과 탈북(2보)"),
    ],
)
def test_a_flash_and_its_update_in_one_feed_are_one_thread(room: Newsroom, first: str, second: str) -> None:
    told = "A North Korean trade official defected with his family on Monday, an official in Seoul said. "
    text = told + filler(41) + " " + filler(42)
    desk = Desk(room, 1)
    desk.print(first, text)
    desk.print(second, text.replace("on Monday", "with 3 others on Monday"))
    assert [verdict for _, verdict in desk.told()] == ["new", "revision"]
    assert room.mails[1]["In-Reply-To"] == room.mails[0]["Message-ID"]


def test_a_headline_only_flash_and_its_full_report_share_a_thread(room: Newsroom) -> None:
    desk = Desk(room, 1)
    desk.print("[Breaking] Two soldiers defected from North Korea, Seoul says")
    desk.print("Two soldiers defected from North Korea on foot, Seoul says (2nd LD)", story())
    assert len(desk.told()) == 2
    assert room.mails[1]["In-Reply-To"] == room.mails[0]["Message-ID"]


def test_another_flash_with_other_words_is_another_report(room: Newsroom) -> None:
    desk = Desk(room, 1)
    desk.print(
        "[속보] 북한 병사 2명 군사분계선 넘어 탈북", "북한 병사 2명이 오늘 새벽 군사분계선을 넘어 탈북했다."
    )
    desk.print(
        "[속보] 탈북 단체, 북한 인권 행사 취소", "북한 인권 행사를 준비하던 탈북 단체가 이를 취소했다."
    )
    assert [verdict for _, verdict in desk.told()] == ["new", "new"]


def test_an_update_that_changes_nothing_that_counts_is_silent(room: Newsroom) -> None:
    desk = Desk(room, 1)
    desk.print("Trade official leaves North Korean mission", story())
    desk.print(
        "UPDATE 1-Trade official leaves North Korean mission",
        story(tail="It is the second such case this year, they say."),
    )
    assert [verdict for _, verdict in desk.told()] == ["new"]


def test_a_sentence_that_is_taken_out_is_told_as_removed_from_the_text(room: Newsroom) -> None:
    extra = " The attache of the air force defected from North Korea the same week, the official said."
    desk = Desk(room, 1)
    desk.print("Trade official leaves his post", story() + extra)
    desk.change(content=story())
    assert [verdict for _, verdict in desk.told()] == ["new", "revision"]
    (change,) = desk.alerts()[1]["changes"]
    assert change["before"].startswith("The attache")
    assert change["after"] == ""


def test_a_text_that_is_taken_out_whole_is_a_revision_though_nothing_of_it_is_left(room: Newsroom) -> None:
    desk = Desk(room, 1)
    desk.print("Trade official leaves his post", story())
    desk.change(content="This report was taken back at the wish of the paper.")
    assert [verdict for _, verdict in desk.told()] == ["new", "revision"]
    assert [change["after"] for change in desk.alerts()[1]["changes"]] == [""]


def test_a_live_report_is_told_at_its_first_revision_and_then_once_an_hour(room: Newsroom) -> None:
    def live(count: int) -> str:
        return (
            f"{count} workers defected from a North Korean kitchen abroad, officials said. " + filler(31) * 3
        )

    desk = Desk(room, 1)
    desk.print("Workers leave", live(3))
    for count in (5, 8, 9):
        desk.change(content=live(count))
    assert [verdict for _, verdict in desk.told()] == ["new", "revision"]
    room.run(later=timedelta(hours=1))
    bundles = [body["data"] for body in room.hooks if body["type"] == "bundle"]
    later = desk.alerts()[2:] + [alert for bundle in bundles for alert in bundle["alerts"]]
    said = [(change["before"][:1], change["after"][:1]) for alert in later for change in alert["changes"]]
    assert said[-1][1] == "9"
    assert len(room.mails) == 3


def test_a_revision_waits_for_no_follow_up_and_a_first_report_for_no_revision(room: Newsroom) -> None:
    desk = Desk(room, 1, more=MORE_WATCHLISTS.replace('"mission"', '"cook"'))
    room.clock.move_to(12, 0)
    desk.print("Envoy leaves", story())
    desk.change(content=story() + " " + filler(51) + " " + filler(52))
    assert len(room.mails) == 1  # what came with the fillers is held for the morning
    desk.change(content=story(day="Monday"))
    assert len(room.mails) == 2
    desk.change(content=story(day="Friday") + " The cook of the house, who kept its keys, has gone too.")
    # its second revision waits for an hour, but the other watchlist had not heard of the item at all
    assert len(room.mails) == 2
    assert ["Missions" in alert["watchlists"] for alert in desk.alerts()] == [False, False, True]


def test_another_guid_under_a_known_link_is_a_revision_if_it_says_something_else(room: Newsroom) -> None:
    desk = Desk(room, 1)
    text = "3 workers defected from a North Korean kitchen abroad, officials said. " + filler(31) * 3
    room.server.script("/story", Reply(status=500))
    desk.print("Workers leave", text, link=room.server.url("/story"))
    desk.change(guid="other-1")
    assert [verdict for _, verdict in desk.told()] == ["new"]
    desk.change(guid="other-2", content=text.replace("3 workers", "7 workers"))
    assert [verdict for _, verdict in desk.told()] == ["new", "revision"]
    assert desk.alerts()[0]["article"]["url"] == desk.alerts()[1]["article"]["url"]


def _alerted_page(room: Newsroom) -> Desk:
    room.server.script(
        "/story/1", Reply(body=page("Trade official leaves his post", story()), type="text/html")
    )
    desk = Desk(room, 1)
    desk.print("Trade official leaves his post", link=room.server.url("/story/1"))
    assert desk.told() == [("Trade official leaves his post", "new")]
    return desk


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_is_gone_an_hour_after_its_alert_is_told_as_removed(room: Newsroom, status: int) -> None:
    desk = _alerted_page(room)
    room.server.script("/story/1", Reply(status=status))
    room.run(later=timedelta(minutes=50))
    assert len(desk.told()) == 1
    room.run(later=timedelta(minutes=15))
    assert desk.told()[1:] == [("Trade official leaves his post", "removed")]
    assert room.mails[1]["In-Reply-To"] == room.mails[0]["Message-ID"]
    # and not once more, hours later
    room.run(later=timedelta(hours=6))
    room.run(later=timedelta(hours=24))
    assert len(desk.told()) == 2


def test_a_page_that_is_down_when_looked_at_again_is_looked_at_once_more_later(room: Newsroom) -> None:
    desk = _alerted_page(room)
    room.server.script("/story/1", Reply(status=503))
    room.run(later=timedelta(minutes=65))
    assert len(desk.told()) == 1
    room.server.script("/story/1", Reply(status=404))
    room.run(later=timedelta(hours=6))
    assert desk.told()[1:] == [("Trade official leaves his post", "removed")]


def test_a_page_edited_in_place_is_told_with_before_and_after(room: Newsroom) -> None:
    desk = _alerted_page(room)
    edited = story().replace(
        "official {who}".format(who="in a southern port city"), "official in a northern port city"
    )
    edited = edited.replace("has defected with his family", "has defected with 2 of his sons")
    room.server.script(
        "/story/1", Reply(body=page("Trade official leaves his post", edited), type="text/html")
    )
    room.run(later=timedelta(minutes=65))
    assert [verdict for _, verdict in desk.told()] == ["new", "revision"]
    (change,) = desk.alerts()[1]["changes"]
    assert "with his family" in change["before"]
    assert "2 of his sons" in change["after"]
    # an hour, six, twenty-four: three looks in all, after which the page is left alone
    for hours in (6, 24, 48):
        room.run(later=timedelta(hours=hours))
    assert room.server.count("/story/1") == 4
    assert len(desk.told()) == 2


# --------------------------------------------------------------------------- seeds


def test_a_seed_that_comes_up_again_is_silent_until_three_outlets_carry_it_and_then_told_once(
    room: Newsroom,
) -> None:
    (room.folder / "seeds").mkdir()
    (room.folder / "seeds" / "old.txt").write_text("An old report\n\n" + story(), encoding="utf-8")
    desk = Desk(room, 4, settings='corpus = ["seeds"]')
    desk.print("Official leaves", story(), paper=1)
    desk.print("Official gone", story(), paper=2)
    assert desk.told() == []
    assert {verdict for verdict, _ in desk.held().values()} == {"resurfaced"}
    desk.print("Envoy away", story(), paper=3)
    assert desk.told() == [("Envoy away", "resurfaced")]
    desk.print("Where is he", story(), paper=4)
    assert len(desk.told()) == 1


def test_a_seed_at_three_outlets_over_more_than_two_days_is_not_told(room: Newsroom) -> None:
    (room.folder / "seeds").mkdir()
    (room.folder / "seeds" / "old.txt").write_text("An old report\n\n" + story(), encoding="utf-8")
    desk = Desk(room, 3, settings='corpus = ["seeds"]')
    desk.print("Official leaves", story(), paper=1)
    desk.print("Official gone", story(), paper=2)
    room.run(later=timedelta(hours=49))
    desk.print("Envoy away", story(), paper=3)
    assert desk.told() == []


# --------------------------------------------------------------------------- what stands under every article


BIOGRAPHY = (
    "The writer has covered those who defected from North Korea for this paper since the spring flood, and before that "
    "the fisheries of the eastern coast and the county courts. She may be reached at the counter of the market hall on "
    "weekday mornings. Letters to the editor should bear a full name and an address in the county, and may be "
    "shortened before they are printed on the last page."
)


def unlike(number: int, words: int = 100) -> str:
    """A text that has nothing in common with that of another number."""
    draw = random.Random(number)
    drawn = ["".join(draw.choices("bdfgklmnprstvaeiou", k=draw.randint(3, 8))) for _ in range(words)]
    return ". ".join(" ".join(drawn[at : at + 10]).capitalize() for at in range(0, words, 10)) + "."


def test_two_articles_with_one_biography_under_them_are_no_copies_and_both_are_told(room: Newsroom) -> None:
    desk = Desk(room, 1)
    own = "A colonel who fled North Korea sells noodles now, said the ministry. " + unlike(1, 40)
    desk.print("Trade official leaves his post", f"{story()}\n\n{BIOGRAPHY}")
    desk.print("Noodles from the colonel", f"{own}\n\n{BIOGRAPHY}")
    assert desk.told() == [("Trade official leaves his post", "new"), ("Noodles from the colonel", "new")]
    one, other = (alert["story"] for alert in desk.alerts())
    assert one["id"] != other["id"]
    assert " ".join(span["text"] for span in desk.alerts()[1]["novel"]) == own
    # the biography itself was told once
    desk.print("Herring", f"{unlike(2, 60)}\n\n{BIOGRAPHY}")
    assert len(desk.told()) == 2
    assert desk.held()["Herring"][0] == "follow-up"


def test_what_stands_under_more_than_fifty_articles_links_none_of_them_and_is_known(room: Newsroom) -> None:
    desk = Desk(room, 1)
    columns = [
        {
            "guid": f"column {number}",
            "title": f"Column {number}",
            "link": room.server.url(f"/column/{number}"),
            "content": f"{unlike(number)}\n\n{BIOGRAPHY}",
        }
        for number in range(53)
    ]
    room.server.script("/feed/1", Reply(body=rss(*columns[:52])))
    room.run(later=MINUTES)
    room.server.script("/feed/1", Reply(body=rss(*columns)))
    room.run(later=MINUTES)
    assert [verdict for _, verdict in desk.told()] == ["new"]
    with room.store() as reader:
        views = [reader.article(column["link"]) for column in columns]
    linked = [json.loads(view.row.look_alikes) for view in views if view is not None]
    assert len(linked) == 53
    assert sum(map(bool, linked)) >= 50
    last = views[-1]
    assert last is not None
    assert (last.row.verdict, linked[-1]) == ("new", [])
    assert "".join((last.text or "")[start:end] for start, end in last.row.novel) == unlike(52)


# --------------------------------------------------------------------------- known to whom


def test_what_a_watchlist_passed_over_is_not_known_to_it(room: Newsroom) -> None:
    desk = Desk(room, 3, watchlist='none = ["football"]', more=MORE_WATCHLISTS)
    desk.print("After the football: a desk falls empty", story())
    assert [alert["watchlists"] for alert in desk.alerts()] == [["Missions"]]
    desk.print("Official gone", story(), paper=2)
    # the list that passed it over because of its title hears of it now, the other does not hear of it twice
    assert [alert["watchlists"] for alert in desk.alerts()] == [["Missions"], ["Defections"]]
    assert [verdict for _, verdict in desk.told()] == ["new", "new"]
    desk.print("Envoy away", story(), paper=3)
    assert len(desk.alerts()) == 2


def test_an_article_stored_before_a_watchlist_existed_is_known_to_it(room: Newsroom) -> None:
    desk = Desk(room, 2)
    desk.print("Trade official leaves his post", story())
    desk.configure(more=MORE_WATCHLISTS)
    desk.print("Official gone", story(), paper=2)
    assert [alert["watchlists"] for alert in desk.alerts()] == [["Defections"]]
    desk.print(
        "Lights out",
        "The mission of a far country has sold its piano, its flags and its two cars. " + filler(51),
    )
    assert desk.alerts()[1]["watchlists"] == ["Missions"]


def test_what_stood_in_a_feed_when_it_was_first_read_is_known_to_everybody(room: Newsroom) -> None:
    old = {
        "guid": "9",
        "title": "Months ago",
        "content": story(),
        "pubDate": "Sat, 01 Aug 2026 10:00:00 +0000",
    }
    room.server.script("/archive", Reply(body=rss(old)))
    desk = Desk(room, 1)
    room.configure(["/feed/1", "/archive"])
    room.run(later=MINUTES)
    desk.print("Trade official leaves his post", story())
    assert desk.told() == []
    assert desk.held()["Trade official leaves his post"][0] == "copy"


def test_markup_of_a_feed_takes_no_part(room: Newsroom) -> None:
    desk = Desk(room, 2)
    desk.print("Trade official leaves his post", story())
    marked = "".join(f"<p class=x>{escape(part)}.</p>\n" for part in story().rstrip(".").split(". "))
    desk.print("Official gone", f"<div>{marked}<img src=/a.png alt='fled'></div>", paper=2)
    assert len(desk.told()) == 1


# --------------------------------------------------------------------------- after a long absence


def test_after_a_week_away_a_feed_is_caught_up_with_in_one_bundle(room: Newsroom) -> None:
    desk = Desk(room, 1)
    room.clock.offset += timedelta(days=8)
    now = room.clock()
    items = [
        OLD,
        {
            "guid": "a",
            "title": "Official leaves",
            "content": story(),
            "pubDate": date(now - timedelta(days=6)),
        },
        {
            "guid": "b",
            "title": "Nurse gone",
            "content": "A nurse from Hamhung fled North Korea over the river. " + filler(61) * 2,
            "pubDate": date(now - timedelta(hours=3)),
        },
        {
            "guid": "c",
            "title": "Pilot gone",
            "content": "A pilot defected from North Korea in a trainer plane. " + filler(62) * 2,
            "pubDate": date(now - timedelta(hours=2)),
        },
    ]
    room.server.script("/feed/1", Reply(body=rss(*items)))
    room.run()
    (bundle,) = room.hooks
    assert (bundle["type"], bundle["data"]["reason"]) == ("bundle", "catch-up")
    assert sorted(room.titles()) == ["Nurse gone", "Pilot gone"]
    # what was too old to tell is known from now on
    desk.print("Envoy away", story())
    assert desk.told() == []


# --------------------------------------------------------------------------- the settings of a feed


def test_a_feed_that_only_some_watchlists_look_at(room: Newsroom) -> None:
    desk = Desk(room, 1, more=MORE_WATCHLISTS, feed='watchlists = ["Missions"]')
    desk.print("Trade official leaves his post", story())
    assert [alert["watchlists"] for alert in desk.alerts()] == [["Missions"]]


def test_a_feed_whose_pages_are_wanted_though_it_has_texts_and_what_is_stripped_from_them(
    room: Newsroom,
) -> None:
    body = page("Dredging goes on", filler(12) + " " + filler(13)).replace(
        b"</article>",
        b"<div class='promo'><p>Read also how a whole family fled North Korea in a bathtub.</p></div></article>",
    )
    room.server.script("/story/1", Reply(body=body, type="text/html"))
    desk = Desk(room, 1, feed='text = "page"\nstrip = [".promo"]')
    desk.print(
        "Dredging goes on", filler(12) + " fled North Korea " + filler(13), link=room.server.url("/story/1")
    )
    assert room.server.count("/story/1") == 1
    assert desk.told() == []


def test_secrets_in_headers_go_to_the_feed_and_its_pages_and_nowhere_else(
    room: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAPER_COOKIE", "session=1234")
    room.server.script("/story/1", Reply(body=page("Official leaves", story()), type="text/html"))
    desk = Desk(room, 1, feed='headers = { Cookie = { env = "PAPER_COOKIE" } }')
    desk.print("Official leaves", link=room.server.url("/story/1"))
    assert room.server.last("/feed/1").headers["cookie"] == "session=1234"
    assert room.server.last("/story/1").headers["cookie"] == "session=1234"
    assert "cookie" not in room.server.last("/hook").headers
    assert "1234" not in str(room.rows("select * from sources")) + str(room.rows("select entry from items"))


def test_two_feeds_of_one_group_are_one_outlet(room: Newsroom) -> None:
    (room.folder / "seeds").mkdir()
    (room.folder / "seeds" / "old.txt").write_text("An old report\n\n" + story(), encoding="utf-8")
    desk = Desk(room, 3, settings='corpus = ["seeds"]', feed='group = "The Papers"')
    for paper in (1, 2, 3):
        desk.print(f"Official leaves, take {paper}", story(), paper=paper)
    assert desk.told() == []


@pytest.mark.parametrize("charset", ["euc-kr", "utf-8", "utf-16"])
@pytest.mark.parametrize("said", ["header", "meta", "nowhere"])
def test_a_korean_page_is_read_whatever_its_charset_and_wherever_that_is_said(
    room: Newsroom, charset: str, said: str
) -> None:
    text = (
        "북한 무역대표부의 한 간부가 지난주 가족과 함께 탈북했다고 현지 소식통이 전했다. 이 간부는 새벽에 택시를 타고 "
        "대표부를 떠났으며 돌아오지 않았다. 소식통은 대표부의 대문이 이틀째 잠겨 있다고 말했다."
    )
    meta = f"<meta charset={charset}>" if said == "meta" else ""
    head = f"<head>{meta}<title>간부 잠적</title></head>"
    body = f"<html lang=ko>{head}<body><article><p>{text}</p></article></body></html>"
    kind = f"text/html; charset={charset}" if said == "header" else "text/html"
    room.server.script("/story", Reply(body=body.encode(charset), type=kind))
    desk = Desk(room, 1)
    desk.print("간부 잠적", link=room.server.url("/story"))
    assert [alert["article"]["title"] for alert in desk.alerts()] == ["간부 잠적"]
