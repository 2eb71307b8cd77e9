"""What is held and what goes at once: waits, roll-ups, the brake, digests, quiet hours, follow-ups, one mail each."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from tests.servers import Reply
from tests.story.newsroom import SECRET, Newsroom, filler, newsroom, rss, story
from watcher import config
from watcher.engines.embedded import Daemon
from watcher.message import payload
from watcher.model import derive_id
from watcher.stores.sqlite import SqliteStore

MINUTES = timedelta(minutes=3)
OLD = {"guid": "0", "title": "Harbour", "description": filler(0)}


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Newsroom]:
    """A newsroom whose feed has been read once, so that what comes now is news."""
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    with newsroom(tmp_path) as made:
        made.server.script("/feed", Reply(body=rss(OLD)))
        made.run()
        yield made


# --------------------------------------------------------------------------- what the papers bring

_CASES = (
    "Nurse {n} of the Hamhung children's ward has defected from North Korea with a suitcase of ampoules.",
    "Glider pilot Ok fled the DPRK on a moonless night and landed in a beetroot field, log {n} records.",
    "A noodle cook from Wonsan is one of {n} defectors whom a whaling ship took in; North Korea wants her back.",
    "North Korean soprano Yun defected between two acts of an opera in Lisbon, row {n} of the stalls noticed.",
    "Bookkeeper Han fled with ledger {n} of a Pyongyang bank; the DPRK embassy offers money for every page.",
    "Coal miners at shaft {n} say that their foreman, born in North Korea's north, fled by an air duct.",
    "The diver who defected under an ice sheet from North Korea breathed for {n} minutes through a reed.",
    "Judge Pak defected, and verdict {n} against a North Korean smuggler was found in his overcoat.",
    "Tailors of the DPRK's parade uniforms miss their cutter, who fled in a costume with {n} brass buttons.",
    "Bakery inspector Ro fled in van {n}; North Korea closed every oven of the town for a week.",
)


def padding(number: int) -> str:
    """Sixty words that no other number has."""
    draw = random.Random(number)
    words = [
        "".join(draw.choice("bdfgklmnprstvz") + draw.choice("aeiou") for _ in range(3)) for _ in range(60)
    ]
    return " ".join(f"{' '.join(words[start : start + 12]).capitalize()}." for start in range(0, 60, 12))


def case(number: int) -> dict[str, str]:
    """A report of a case of its own: no two of them are of one story."""
    text = f"{_CASES[number % 10].format(n=number * 37)} {padding(number)}"
    return {"guid": f"case{number}", "title": f"File {number}: {' '.join(text.split()[:3])}", "content": text}


# from the fourth on they say no figure and no name that is new: such a report would not wait
_SIGHTINGS = (
    "A second driver, hired in Dandong for the night, told police that he saw the family when they fled on foot.",
    "The envoy's cousin, a dentist, says that she fled North Korea herself in a fishing boat six winters ago.",
    "Harbour cameras filmed a grey truck; its owner admits he had carried three who fled from a logging camp.",
    "At the border post a sergeant was arrested because soldiers under him had fled with their rifles.",
    "A choir that toured the region last month lost its pianist, who fled by the kitchen door of the hotel.",
    "Shipping clerks recall a container with holes drilled in it, in which miners had fled southward.",
)


def report(number: int) -> dict[str, str]:
    """One more report of the same story, with a sentence of its own that is a hit."""
    return {
        "guid": f"report{number}",
        "title": f"Envoy gone, part {number}",
        "content": f"{_SIGHTINGS[number]} {story()}",
    }


def publish(room: Newsroom, *items: dict[str, str], path: str = "/feed") -> None:
    room.server.script(path, Reply(body=rss(*items, OLD)))


def subjects(room: Newsroom) -> list[str]:
    return [str(mail["Subject"]) for mail in room.mails]


def plain(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def bundles(room: Newsroom) -> list[dict[str, Any]]:
    return [body for body in room.hooks if body["type"] == "bundle"]


@contextmanager
def watching(room: Newsroom) -> Iterator[Daemon]:
    """The daemon as it runs for good, in a thread of its own, every source due now."""
    settings = config.load(room.folder / "config.toml")
    store = SqliteStore(settings.watcher.database)
    now = room.clock()
    store.write(lambda w: w.release_all(now))
    with room.writing() as connection:
        connection.execute("update sources set due = '2000-01-01T00:00:00.000000+00:00'")
    daemon = Daemon(store, lambda: settings, now=room.clock)
    thread = threading.Thread(target=daemon.run)
    thread.start()
    try:
        yield daemon
    finally:
        daemon.stop()
        thread.join(20)


def until(holds: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for the daemon to get somewhere; how long is no part of the claim."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.02)


# --------------------------------------------------------------------------- group_wait


def test_a_story_s_first_report_goes_at_once_and_those_that_follow_within_group_wait_share_the_next_mail(
    room: Newsroom,
) -> None:
    room.configure(feed='text = "feed"')
    text = (room.folder / "config.toml").read_text(encoding="utf-8")
    (room.folder / "config.toml").write_text(
        text.replace('group_wait = "0s"', 'group_wait = "4s"'), encoding="utf-8"
    )
    publish(room, report(0), report(1), report(2))
    with watching(room):
        until(lambda: len(room.titles()) == 3 and len(room.mails) == len(room.hooks))
    first, second = room.mails
    assert "Envoy gone, part" in first["Subject"]
    assert "2 more reports" in second["Subject"]
    assert second["In-Reply-To"] == first["Message-ID"]
    alone, together = room.hooks
    assert alone["type"] == "alert"
    assert len(together["data"]["alerts"]) == 2
    waited = datetime.fromisoformat(together["timestamp"]) - datetime.fromisoformat(alone["timestamp"])
    assert timedelta(seconds=3) <= waited <= timedelta(seconds=15)


def test_a_lone_second_report_within_group_wait_comes_as_itself(room: Newsroom) -> None:
    room.configure(feed='text = "feed"')
    text = (room.folder / "config.toml").read_text(encoding="utf-8")
    (room.folder / "config.toml").write_text(
        text.replace('group_wait = "0s"', 'group_wait = "1m"'), encoding="utf-8"
    )
    publish(room, report(0), report(1))
    room.run(later=MINUTES)
    assert [body["type"] for body in room.hooks] == ["alert", "alert"]
    assert len(room.mails) == 2
    assert room.mails[1]["In-Reply-To"] == room.mails[0]["Message-ID"]


# --------------------------------------------------------------------------- roll-up


def test_from_the_fourth_report_of_a_story_on_the_rest_come_hourly_in_its_thread(room: Newsroom) -> None:
    room.configure(feed='text = "feed"')
    room.clock.move_to(13, 5)
    for number in range(6):
        publish(room, *(report(n) for n in range(number, -1, -1)))
        room.run(later=MINUTES)
    assert len(room.mails) == 3
    room.run(later=timedelta(minutes=20))
    assert len(room.mails) == 3
    room.run(later=timedelta(minutes=30))
    assert len(room.mails) == 4
    last = room.mails[-1]
    assert "3 more reports" in last["Subject"]
    assert last["In-Reply-To"] == room.mails[0]["Message-ID"]
    (bundle,) = bundles(room)
    assert bundle["data"]["reason"] == "roll-up"
    assert sorted(room.titles()) == sorted(f"Envoy gone, part {n}" for n in range(6))
    # another story is not held by this one's reports
    publish(room, case(1))
    room.run(later=MINUTES)
    assert len(room.mails) == 5


@pytest.mark.parametrize(
    "said",
    [
        "Police at the port now speak of 23 people who fled by the same road.",
        "The driver who fled with them was named by police as Ro Kwang-su, once a boxer.",
        "The envoy fled by the kitchen door, and the ministry denied that he had ever served there.",
    ],
    ids=["figure", "name", "cue"],
)
def test_a_new_figure_name_or_cue_is_told_at_once_however_many_reports_the_story_has_had(
    room: Newsroom, said: str
) -> None:
    room.configure(feed='text = "feed"')
    room.clock.move_to(13, 5)
    for number in range(4):
        publish(room, *(report(n) for n in range(number, -1, -1)))
        room.run(later=MINUTES)
    assert len(room.mails) == 3
    publish(room, {"guid": "new", "title": "What is new", "content": f"{said} {story()}"})
    room.run(later=MINUTES)
    assert len(room.mails) == 4
    assert "What is new" in room.mails[-1]["Subject"]


def test_a_cue_is_told_at_once_however_many_reports_the_story_has_had(room: Newsroom) -> None:
    room.configure(feed='text = "feed"')
    room.clock.move_to(13, 5)
    for number in range(4):
        publish(room, *(report(n) for n in range(number, -1, -1)))
        room.run(later=MINUTES)
    assert len(room.mails) == 3
    denial = (
        "The ministry denied on Friday that anybody had left, and called every such account a fabrication."
    )
    publish(room, {"guid": "denial", "title": "Ministry speaks", "content": f"{denial} {story()}"})
    room.run(later=MINUTES)
    assert len(room.mails) == 4
    assert "Ministry speaks" in room.mails[-1]["Subject"]


def test_a_watchlist_s_first_report_of_a_story_goes_at_once_whatever_others_were_told_of_it(
    room: Newsroom,
) -> None:
    room.configure(
        feed='text = "feed"', more='[[watchlists]]\nname = "Choirs"\nany = ["choir"]\nchannels = ["desk"]\n'
    )
    room.clock.move_to(13, 5)
    for number in range(5):
        publish(room, *(report(n) for n in range(number, -1, -1)))
        room.run(later=MINUTES)
    # part 4, the choir's, is the fifth of the story for Defections and the first for Choirs
    assert [subject for subject in subjects(room) if "part 4" in subject] != []


# --------------------------------------------------------------------------- the storm brake


def test_a_storm_is_braked_into_one_bundle_and_none_is_lost(room: Newsroom) -> None:
    room.configure(feed='text = "feed"', watchlist="max_per_hour = 3")
    publish(room, *(case(n) for n in range(8)))
    room.run(later=MINUTES)
    assert [body["type"] for body in room.hooks] == ["alert"] * 3
    publish(room, *(case(n) for n in range(8, 10)))
    room.run(later=timedelta(minutes=20))
    assert len(room.hooks) == 3
    room.run(later=timedelta(minutes=45))
    assert {body["data"]["reason"] for body in bundles(room)} == {"brake"}
    assert sorted(room.titles()) == sorted(case(n)["title"] for n in range(10))
    assert len(room.mails) == 4
    assert "7 alerts" in room.mails[-1]["Subject"]
    assert "brake" in room.mails[-1]["Subject"]


def test_a_bundle_of_old_entries_does_not_start_the_brake(room: Newsroom) -> None:
    room.configure(("/feed", "/other"), feed='text = "feed"', watchlist="max_per_hour = 3")
    publish(room, *(case(n) for n in range(5)), path="/other")
    room.run(later=MINUTES)
    assert [body["data"]["reason"] for body in bundles(room)] == ["catch-up"]
    publish(room, case(6))
    room.run(later=MINUTES)
    assert [body["type"] for body in room.hooks] == ["bundle", "alert"]


# --------------------------------------------------------------------------- schedules and quiet hours


@pytest.mark.parametrize(
    ("deliver", "found", "before", "due"),
    [
        ("every 30m", (10, 10), (10, 29), (10, 31)),
        ("daily 07:30", (16, 0), (7, 29), (7, 31)),
    ],
)
def test_a_digest_goes_at_its_time_and_not_before(
    room: Newsroom, deliver: str, found: tuple[int, int], before: tuple[int, int], due: tuple[int, int]
) -> None:
    room.configure(feed='text = "feed"', watchlist=f'deliver = "{deliver}"')
    room.clock.move_to(*found)
    publish(room, case(1), case(2))
    room.run()
    room.clock.move_to(*before)
    room.run()
    assert room.mails == []
    room.clock.move_to(*due)
    room.run()
    (mail,) = room.mails
    assert "digest: " in mail["Subject"]
    assert "2 alerts" in mail["Subject"]
    assert sorted(room.titles()) == sorted([case(1)["title"], case(2)["title"]])
    room.run(later=timedelta(days=1))
    assert len(room.mails) == 1


def test_a_weekly_digest_waits_for_its_weekday(room: Newsroom) -> None:
    room.configure(feed='text = "feed"', watchlist='deliver = "weekly mon 07:30"')
    room.clock.move_to(9, 0)
    room.run()  # so that Thursday is less than the week away that makes a feed a new one
    room.clock.move_to(9, 0, weekday=3)
    publish(room, case(1))
    room.run()
    for weekday in (4, 5, 6):
        room.clock.move_to(9, 0, weekday=weekday)
        room.run()
    room.clock.move_to(7, 29, weekday=0)
    room.run()
    assert room.mails == []
    room.clock.move_to(7, 31, weekday=0)
    room.run()
    assert len(room.mails) == 1


def test_quiet_hours_hold_delivery_not_judging_and_open_with_one_bundle(room: Newsroom) -> None:
    room.configure(feed='text = "feed"', watchlist='quiet = "22:00-07:00"')
    room.clock.move_to(22, 30)
    publish(room, case(1))
    room.run()
    room.clock.move_to(2, 0)
    publish(room, case(2), case(1))
    room.run()
    room.clock.move_to(6, 59)
    room.run()
    assert room.mails == []
    with room.store() as reader:
        assert [(view.title, view.state) for view in reader.alerts()] == [
            (case(2)["title"], "held"),
            (case(1)["title"], "held"),
        ]
    room.clock.move_to(7, 1)
    room.run()
    (mail,) = room.mails
    assert "quiet hours: " in mail["Subject"]
    assert "2 alerts" in mail["Subject"]
    (bundle,) = bundles(room)
    assert bundle["data"]["reason"] == "quiet"
    with room.store() as reader:
        members = [view.id for view in reader.deliveries(state="bundled") if view.channel == "hook"]
    assert bundle["id"] == derive_id("bundle", "hook", "hook", *sorted(members))
    publish(room, case(3))
    room.run(later=MINUTES)
    assert room.hooks[-1]["type"] == "alert"


def test_a_revision_that_waits_its_hour_into_the_quiet_hours_waits_for_the_morning(room: Newsroom) -> None:
    room.configure(feed='text = "feed"', watchlist='quiet = "22:00-07:00"')
    for minute, count in ((10, "Three"), (30, "Seven"), (40, "Nine")):
        room.clock.move_to(21, minute + 1)
        text = f"{count} workers defected from a North Korean restaurant on Sunday, officials said. {padding(99)}"
        publish(room, {"guid": "1", "title": "Workers leave", "content": text})
        room.run()
    assert len(room.mails) == 2
    room.clock.move_to(23, 0)
    room.run()
    assert len(room.mails) == 2
    room.clock.move_to(7, 1)
    room.run()
    assert len(room.mails) == 3
    assert "quiet hours" in room.mails[-1]["Subject"]


def test_quiet_hours_outrank_a_schedule(room: Newsroom) -> None:
    room.configure(feed='text = "feed"', watchlist='deliver = "every 1h"\nquiet = "22:00-07:00"')
    room.clock.move_to(22, 30)
    publish(room, case(1))
    room.run()
    room.clock.move_to(23, 5)
    room.run()
    assert room.mails == []
    room.clock.move_to(7, 1)
    room.run()
    assert len(room.mails) == 1


# --------------------------------------------------------------------------- follow-ups


def _follow_up(number: int = 0) -> dict[str, str]:
    """The story once more, with much that is new and nothing that hits."""
    extra = " ".join(filler(70 + number + part) for part in range(2))
    return {
        "guid": f"more{number}",
        "title": f"Mission keeps silent {number}",
        "content": f"{story()} {extra}",
    }


def test_a_follow_up_waits_for_half_past_seven_and_joins_its_story_s_thread(room: Newsroom) -> None:
    room.configure(feed='text = "feed"')
    room.clock.move_to(12, 0)
    publish(room, report(0))
    room.run()
    assert len(room.mails) == 1
    publish(room, _follow_up(), report(0))
    room.run(later=MINUTES)
    room.clock.move_to(7, 29)
    room.run()
    assert len(room.mails) == 1
    room.clock.move_to(7, 31)
    room.run()
    assert len(room.mails) == 2
    assert room.mails[1]["In-Reply-To"] == room.mails[0]["Message-ID"]
    (bundle,) = bundles(room)
    assert bundle["data"]["reason"] == "follow-up"
    assert [alert["verdict"] for alert in bundle["data"]["alerts"]] == ["follow-up"]


def test_a_follow_up_goes_with_the_next_bundle_of_its_watchlist(room: Newsroom) -> None:
    room.configure(feed='text = "feed"')
    room.clock.move_to(13, 5)
    for number in range(4):
        publish(room, *(report(n) for n in range(number, -1, -1)))
        room.run(later=MINUTES)
    publish(room, _follow_up(), report(3))
    room.run(later=MINUTES)
    assert len(room.mails) == 3
    room.clock.move_to(14, 1)
    room.run()
    (bundle,) = bundles(room)
    assert [alert["article"]["title"] for alert in bundle["data"]["alerts"]] == [
        "Envoy gone, part 3",
        "Mission keeps silent 0",
    ]
    assert bundle["data"]["alerts"][1]["verdict"] == "follow-up"


# --------------------------------------------------------------------------- one mail to a recipient


def test_an_article_that_meets_three_watchlists_makes_one_mail_at_the_earliest_of_their_times(
    room: Newsroom,
) -> None:
    more = (
        '[[watchlists]]\nname = "Nurses"\nany = ["nurse"]\nchannels = ["desk"]\ndeliver = "daily 07:30"\n\n'
        '[[watchlists]]\nname = "Hamhung"\nany = ["Hamhung"]\nchannels = ["desk"]\ndeliver = "every 30m"\n'
    )
    room.configure(feed='text = "feed"', more=more)
    publish(room, case(0))
    room.run(later=MINUTES)
    (mail,) = room.mails
    assert mail["Subject"].startswith("[Defections +2] ")
    assert "Nurses" in plain(mail)
    assert "Hamhung" in plain(mail)
    # the webhook is Defections' alone
    (body,) = room.hooks
    assert body["data"]["watchlists"] == ["Defections"]
    room.run(later=timedelta(days=1))
    assert len(room.mails) == 1


def test_where_all_three_wait_the_one_mail_goes_with_the_first_bundle(room: Newsroom) -> None:
    more = (
        '[[watchlists]]\nname = "Nurses"\nany = ["nurse"]\nchannels = ["desk"]\ndeliver = "daily 07:30"\n\n'
        '[[watchlists]]\nname = "Hamhung"\nany = ["Hamhung"]\nchannels = ["desk"]\ndeliver = "every 30m"\n'
    )
    room.configure(feed='text = "feed"', watchlist='deliver = "weekly mon 07:30"', more=more)
    room.clock.move_to(12, 5)
    publish(room, case(0))
    room.run()
    assert room.mails == []
    room.clock.move_to(12, 31)
    room.run()
    (mail,) = room.mails
    assert all(name in plain(mail) for name in ("Defections", "Nurses", "Hamhung"))
    room.clock.move_to(8, 0)
    room.run()
    assert len(room.mails) == 1


# --------------------------------------------------------------------------- what a bundle says, and that it stands


def test_a_bundle_says_what_was_held_back_and_ends_with_the_health_of_the_feeds(room: Newsroom) -> None:
    room.configure(("/feed", "/other", "/down"), feed='text = "feed"', watchlist='deliver = "daily 07:30"')
    room.server.script("/other", Reply(body=rss(OLD | {"guid": "x"})))
    room.server.script("/down", Reply(status=503))
    room.clock.move_to(12, 0)
    room.run()
    publish(room, case(1), case(2))
    room.run(later=MINUTES)
    publish(room, case(1) | {"title": "The same elsewhere"}, path="/other")
    room.run(later=MINUTES)
    room.clock.move_to(7, 31)
    room.run()
    (mail,) = (mail for mail in room.mails if "digest" in mail["Subject"])
    lines = [line for line in plain(mail).splitlines() if line.strip()]
    assert any(line.startswith("Held back: 1 (1 copy)") for line in lines), lines[-4:]
    assert "2 of 3 feeds healthy" in lines[-1]
    assert "1 failing since" in lines[-1]


def test_a_bundle_that_was_opened_and_not_sent_goes_out_whole_under_its_id_after_a_crash(
    room: Newsroom,
) -> None:
    room.configure(feed='text = "feed"', watchlist='deliver = "daily 07:30"')
    room.clock.move_to(12, 0)
    publish(room, case(1), case(2), case(3))
    room.run()
    room.clock.move_to(7, 31)
    store = SqliteStore(room.folder / "watcher.db")
    now = room.clock()
    store.write(
        lambda w: w.open_bundles(now, split=lambda _, bundle: payload.split(bundle), health="all well")
    )
    opened = {view.id for view in store.read.deliveries(state="due")}
    store.write(
        lambda w: w.claim_deliveries(now, limit=10, lease=timedelta(hours=1), channels=("desk", "hook"))
    )
    store.close()  # and here it dies, the deliveries under its leases
    assert room.mails == []
    room.run()
    assert {body["id"] for body in bundles(room)} <= opened
    assert sorted(room.titles()) == sorted(case(n)["title"] for n in (1, 2, 3))
    assert len(room.mails) == 1
    room.run(later=timedelta(minutes=10))
    assert len(room.mails) == 1


def test_a_bundle_keeps_its_id_over_failed_tries(room: Newsroom) -> None:
    room.configure(feed='text = "feed"', watchlist='deliver = "daily 07:30"')
    room.clock.move_to(12, 0)
    publish(room, case(1), case(2))
    room.run()
    room.hook_answers(Reply(status=503))
    room.clock.move_to(7, 31)
    room.run()
    assert bundles(room) == []
    publish(room, case(3))
    room.run(later=timedelta(seconds=30))
    assert len(bundles(room)) == 1
    tried = [request for request in room.server.requests if request.path == "/hook"]
    assert len({request.headers["webhook-id"] for request in tried}) == 1
    assert len({request.body for request in tried}) == 1


def test_a_long_bundle_is_several_requests_to_a_webhook_and_one_mail(room: Newsroom) -> None:
    room.configure(feed='text = "feed"', watchlist='deliver = "daily 07:30"')
    room.clock.move_to(12, 0)
    publish(room, *(case(n) for n in range(30)))
    room.run()
    room.clock.move_to(7, 31)
    room.run()
    requests = bundles(room)
    assert len(requests) > 1
    assert all(len(request.body) < 20_000 for request in room.received)
    assert len({body["id"] for body in requests}) == len(requests)
    assert [(body["data"]["part"], body["data"]["parts"]) for body in requests] == [
        (n, len(requests)) for n in range(1, len(requests) + 1)
    ]
    assert sorted(room.titles()) == sorted(case(n)["title"] for n in range(30))
    (mail,) = room.mails
    assert all(case(n)["title"] in " ".join(plain(mail).replace("*", "").split()) for n in range(30))


def test_mails_of_bundles_carry_the_time_they_were_opened(room: Newsroom) -> None:
    room.configure(feed='text = "feed"', watchlist='deliver = "daily 07:30"')
    room.clock.move_to(12, 0)
    publish(room, case(1))
    room.run()
    room.clock.move_to(7, 31)
    room.run()
    sent = parsedate_to_datetime(str(room.mails[0]["Date"]))
    assert abs(sent - room.clock()) < timedelta(minutes=1)
