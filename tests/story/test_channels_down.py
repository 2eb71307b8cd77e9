"""Receivers that fail, hang, refuse or are gone: nothing is lost, nobody else waits, and somebody is told."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from click.testing import Result

from tests.servers import Reply, Request
from tests.story.newsroom import SECRET, Newsroom, newsroom, rss
from tests.story.test_grouping import MINUTES, OLD, case, plain, publish, until, watching
from watcher.stores.sqlite import SqliteStore
from watcher.stores.views import ChannelState

DOWN = Reply(status=503, body=b"down")
SECONDS = timedelta(seconds=30)


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Newsroom]:
    """A newsroom whose feed has been read once, so that what comes now is news."""
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    with newsroom(tmp_path) as made:
        made.server.script("/feed", Reply(body=rss(OLD)))
        made.run()
        made.configure(feed='text = "feed"')
        yield made


def notices(room: Newsroom) -> list[EmailMessage]:
    return [mail for mail in room.mails if str(mail["Subject"]).startswith("[watcher]")]


def told(room: Newsroom) -> list[str]:
    return [str(mail["Subject"]).removeprefix("[watcher] ") for mail in notices(room)]


def tries(room: Newsroom) -> list[Request]:
    return [request for request in room.server.requests if request.path == "/hook"]


def break_hook(room: Newsroom) -> None:
    """Five failures in a row."""
    room.hook_answers(*[DOWN] * 100)
    publish(room, *(case(n) for n in range(5)))
    room.run(later=MINUTES)
    assert len(tries(room)) == 5


# --------------------------------------------------------------------------- the breaker


def test_five_failures_in_a_row_stop_a_channel_and_another_one_tells_it_once(room: Newsroom) -> None:
    break_hook(room)
    room.run(later=timedelta(seconds=1))
    assert told(room) == ["Channel hook does not work"]
    text = " ".join(plain(notices(room)[0]).split())
    assert "Channel hook failed 5 times in a row: 503: down" in text
    assert "watcher deliveries --state due" in text
    # its alerts went by mail all the while
    assert len(room.mails) == 6


def test_a_broken_channel_is_probed_once_a_step_and_waiting_costs_no_attempts(room: Newsroom) -> None:
    break_hook(room)
    publish(room, *(case(n) for n in range(8)))
    room.run(later=SECONDS)
    assert len(tries(room)) == 5
    room.run(later=SECONDS + SECONDS)
    assert len(tries(room)) == 6
    room.run(later=timedelta(minutes=1))
    assert len(tries(room)) == 6
    room.run(later=timedelta(minutes=5))
    assert len(tries(room)) == 7
    room.run(later=timedelta(minutes=16))
    assert len(tries(room)) == 8
    with room.store() as reader:
        waiting = [view for view in reader.deliveries(state="due") if view.channel == "hook"]
    assert len(waiting) == 8
    assert sum(view.attempts for view in waiting) == 8
    assert told(room) == ["Channel hook does not work"]


def test_a_probe_that_arrives_lets_everything_go_and_is_told(room: Newsroom) -> None:
    break_hook(room)
    room.hook_answers()
    room.run(later=timedelta(minutes=10))
    assert sorted(room.titles()) == sorted(case(n)["title"] for n in range(5))
    assert told(room) == ["Channel hook does not work", "Channel hook works again"]
    ids = {request.headers["webhook-id"] for request in tries(room)}
    assert len(ids) == 5


def test_one_recipient_refused_costs_the_other_nothing(room: Newsroom) -> None:
    path = room.folder / "config.toml"
    path.write_text(path.read_text("utf-8").replace('["desk@', '["gone@example.org", "desk@'), "utf-8")
    room.mailbox.refuse = ["550 5.1.1 no such user"]
    publish(room, case(1))
    room.run(later=MINUTES)
    (mail,) = room.mails
    with room.store() as reader:
        by_state = {each.state: each.recipient for each in reader.deliveries() if each.channel == "desk"}
    assert set(by_state.values()) == {"gone@example.org", "desk@example.org"}
    assert by_state["done"] == mail["To"]
    assert [body["data"]["subject"] for body in room.hooks if body["type"] == "health"] == [
        "A delivery to desk was given up"
    ]


def test_a_failure_between_successes_opens_nothing(room: Newsroom) -> None:
    for number in range(6):
        room.hook_answers(DOWN)
        publish(room, *(case(n) for n in range(number, -1, -1)))
        room.run(later=MINUTES)
        room.run(later=SECONDS)
    assert len(room.hooks) == 6
    assert told(room) == []


def test_a_server_that_puts_off_mail_after_mail_is_in_no_trouble_and_gets_each_again(room: Newsroom) -> None:
    room.mailbox.refuse = ["451 greylisted, come again"] * 6
    publish(room, *(case(n) for n in range(6)))
    room.run(later=MINUTES)
    with room.store() as reader:
        assert [state.failures for state in reader.channels()] == [0, 0]
    room.run(later=timedelta(seconds=90))
    assert len(room.mails) == 6
    assert told(room) == []


def test_notices_ignore_quiet_hours(room: Newsroom) -> None:
    room.configure(
        feed='text = "feed"',
        watchlist='quiet = "22:00-07:00"',
        more='[[watchlists]]\nname = "All night"\nany = ["@flee"]\nchannels = ["hook"]\n',
    )
    room.clock.move_to(23, 0)
    break_hook(room)
    assert told(room) == ["Channel hook does not work"]
    assert len(room.mails) == 1


def test_where_no_other_channel_is_left_the_log_and_sources_and_check_say_it(
    room: Newsroom, caplog: pytest.LogCaptureFixture, watcher: Callable[..., Result]
) -> None:
    text = (room.folder / "config.toml").read_text(encoding="utf-8")
    only_hook = text.replace('channels = ["desk", "hook"]', 'channels = ["hook"]')
    start, end = (
        only_hook.index('[[channels]]\nname = "desk"'),
        only_hook.index('[[channels]]\nname = "hook"'),
    )
    (room.folder / "config.toml").write_text(only_hook[:start] + only_hook[end:], encoding="utf-8")
    with caplog.at_level(logging.ERROR, logger="watcher"):
        break_hook(room)
    assert "Channel hook does not work; no other channel is left to tell it" in caplog.text
    with room.store() as reader:
        (state,) = reader.channels()
    assert state.failures == 5
    shown = watcher("--config", str(room.folder / "config.toml"), "sources").stdout
    assert "channel hook: failing (5 times in a row): 503: down" in shown
    checked = watcher("--config", str(room.folder / "config.toml"), "check", "--database")
    assert checked.exit_code == 1
    assert "channel hook does not work: 503: down; 5 deliveries wait for it" in checked.stderr
    # the config itself is fine; also beside a database that an older version left
    with room.writing() as connection:
        connection.execute("alter table channels drop column template")
    checked = watcher("--config", str(room.folder / "config.toml"), "check")
    assert checked.exit_code == 0
    assert "channel hook does not work: 503: down; 5 deliveries wait for it" in checked.stderr


# --------------------------------------------------------------------------- gone, dead, removed


def test_a_410_switches_a_channel_off_and_another_one_tells_it(room: Newsroom) -> None:
    room.hook_answers(Reply(status=410))
    publish(room, case(0), case(1), case(2))
    room.run(later=MINUTES)
    room.run(later=timedelta(hours=2))
    assert len(tries(room)) == 1
    assert told(room) == ["Channel hook is switched off"]
    with room.store() as reader:
        states = sorted(view.state for view in reader.deliveries() if view.channel == "hook")
    assert states == ["dead", "due", "due"]
    # a person mends it and says so
    store = SqliteStore(room.folder / "watcher.db")
    now = room.clock()
    store.write(lambda w: (w.trouble(ChannelState(name="hook")), w.retry([], dead=True, now=now)))
    store.close()
    room.run()
    assert sorted(room.titles()) == sorted(case(n)["title"] for n in range(3))


def test_a_channel_that_was_switched_off_starts_anew_at_another_address_with_all_that_waits(
    room: Newsroom,
) -> None:
    room.hook_answers(Reply(status=410))
    publish(room, case(0), case(1))
    room.run(later=MINUTES)
    room.run(later=MINUTES)
    assert len(tries(room)) == 1
    config = room.folder / "config.toml"
    config.write_text(config.read_text(encoding="utf-8").replace("/hook", "/new-hook"), encoding="utf-8")
    room.server.script("/new-hook", Reply(status=200))
    room.run()
    taken = [request for request in room.server.requests if request.path == "/new-hook"]
    with room.store() as reader:
        ids = {view.id for view in reader.deliveries(state="done") if view.channel == "hook"}
    assert {request.headers["webhook-id"] for request in taken} == ids
    assert len(ids) == 2


def test_a_notice_that_is_given_up_is_told_through_the_next_channel(room: Newsroom) -> None:
    room.configure(feed='text = "feed"', more='[[channels]]\nname = "box"\ntype = "maildir"\npath = "box"\n')
    config = room.folder / "config.toml"
    told_by_hook = config.read_text(encoding="utf-8").replace('["desk", "hook"]', '["hook"]')
    config.write_text(told_by_hook, encoding="utf-8")
    room.mailbox.refuse = ["550 no such desk"] * 2
    break_hook(room)
    room.run(later=timedelta(seconds=1))
    assert room.mails == []
    (mail,) = (room.folder / "box" / "new").iterdir()
    assert b"Subject: [watcher] Channel hook does not work" in mail.read_bytes()


def test_a_dead_letter_is_told_with_its_reason_through_another_channel(room: Newsroom) -> None:
    room.mailbox.refuse = ["550 no such desk"]
    publish(room, case(0))
    room.run(later=MINUTES)
    assert room.mails == []
    health = [body for body in room.hooks if body["type"] == "health"]
    assert [body["data"]["subject"] for body in health] == ["A delivery to desk was given up"]
    text = health[0]["data"]["text"]
    assert case(0)["title"] in text
    assert "550 no such desk" in text
    assert "watcher deliveries retry" in text


def test_a_wave_of_dead_letters_is_one_notice_an_hour(room: Newsroom) -> None:
    room.hook_answers(*[Reply(status=404)] * 100)
    publish(room, *(case(n) for n in range(4)))
    room.clock.move_to(13, 5)
    room.run()
    for _ in range(4):
        room.run(later=timedelta(minutes=10))
    with room.store() as reader:
        assert len(reader.deliveries(state="dead")) == 4
    assert told(room) == ["A delivery to hook was given up"]


def test_what_a_removed_channel_is_owed_is_dead_with_that_reason_told_and_revives_with_its_name(
    room: Newsroom,
) -> None:
    room.hook_answers(*[DOWN] * 100)
    publish(room, case(0))
    room.run(later=MINUTES)
    config = room.folder / "config.toml"
    whole = config.read_text(encoding="utf-8")
    without = whole.replace('channels = ["desk", "hook"]', 'channels = ["desk"]')
    config.write_text(without[: without.index('[[channels]]\nname = "hook"')], encoding="utf-8")
    room.run(later=timedelta(seconds=1))
    with room.store() as reader:
        (dead,) = reader.deliveries(state="dead")
    assert dead.channel == "hook"
    assert "removed from the config" in dead.reason
    assert told(room) == ["A channel with mail to send left the config"]
    config.write_text(whole, encoding="utf-8")
    room.hook_answers()
    room.run(later=MINUTES)
    assert room.titles() == [case(0)["title"]]
    assert tries(room)[0].headers["webhook-id"] == tries(room)[-1].headers["webhook-id"]


def test_a_bundle_held_for_a_channel_that_was_removed_is_dead_when_it_opens_and_revives_whole(
    room: Newsroom,
) -> None:
    room.configure(feed='text = "feed"', watchlist='deliver = "daily 07:30"')
    room.clock.move_to(12, 0)
    publish(room, case(0), case(1))
    room.run()
    config = room.folder / "config.toml"
    whole = config.read_text(encoding="utf-8")
    without = whole.replace('channels = ["desk", "hook"]', 'channels = ["desk"]')
    config.write_text(without[: without.index('[[channels]]\nname = "hook"')], encoding="utf-8")
    room.clock.move_to(7, 31)
    room.run()
    with room.store() as reader:
        assert [(view.kind, view.channel) for view in reader.deliveries(state="dead")] == [("bundle", "hook")]
    config.write_text(whole, encoding="utf-8")
    room.run(later=MINUTES)
    assert sorted(room.titles()) == sorted([case(0)["title"], case(1)["title"]])


# --------------------------------------------------------------------------- slow and busy ones


def test_a_webhook_that_hangs_delays_no_mail(room: Newsroom) -> None:
    free = threading.Event()
    room.hook_answers(*[Reply(status=200, hold=free, type="text/plain")] * 3)
    publish(room, case(0), case(1), case(2))
    with watching(room) as daemon:
        until(lambda: len(room.mails) == 3, 10)
        assert not free.is_set()
        assert room.hooks == []
        # and what comes while it hangs goes out as well
        publish(room, *(case(n) for n in range(5)))
        with room.writing() as connection:
            connection.execute("update sources set due = '2000-01-01T00:00:00.000000+00:00'")
        daemon.reload()
        until(lambda: len(room.mails) == 5, 10)
        assert room.hooks == []
        free.set()


def test_retry_after_is_honoured_for_all_that_goes_there(room: Newsroom) -> None:
    room.hook_answers(Reply(status=429, headers={"Retry-After": "120"}))
    publish(room, case(0), case(1), case(2))
    room.run(later=MINUTES)
    assert len(tries(room)) == 1
    room.run(later=timedelta(seconds=100))
    assert len(tries(room)) == 1
    room.run(later=timedelta(seconds=25))
    room.run(later=timedelta(seconds=30))
    assert sorted(room.titles()) == sorted(case(n)["title"] for n in range(3))
    assert told(room) == []


def test_a_first_report_is_with_its_receivers_within_a_second_of_its_decision(room: Newsroom) -> None:
    waited = []
    for number in range(3):
        publish(room, *(case(n) for n in range(number, -1, -1)))
        with room.writing() as connection:
            connection.execute("update sources set due = '2000-01-01T00:00:00.000000+00:00'")
        with watching(room):
            until(lambda n=number: len(room.mails) == len(room.hooks) == n + 1)  # type: ignore[misc]
        ((seconds,),) = room.rows(
            "select max((julianday(done) - julianday(created)) * 86400) from deliveries where created ="
            " (select max(created) from deliveries)"
        )
        waited.append(seconds)
    # the best of three: the machine may be busy, watcher may not be slow
    assert min(waited) < 1
