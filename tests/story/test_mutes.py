"""What a person does not want to hear of for a while is judged, stored and readable, and not told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result

from tests.servers import Reply
from tests.story.newsroom import SECRET, Newsroom, newsroom, rss, story
from tests.story.test_grouping import MINUTES, OLD, bundles, case, padding, plain, publish, report

Run = Callable[..., Result]


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Newsroom]:
    """A newsroom whose feed has been read once; the command line works at its desk."""
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    monkeypatch.chdir(tmp_path)
    with newsroom(tmp_path) as made:
        made.server.script("/feed", Reply(body=rss(OLD)))
        made.run()
        made.configure(feed='text = "feed"')
        yield made


def muted_alerts(watcher: Run) -> list[tuple[str, str]]:
    listed = json.loads(watcher("alerts", "--muted", "--json").stdout)
    return [(alert["title"], alert["state"]) for alert in listed]


def test_a_muted_story_is_judged_and_stored_and_not_told_until_it_is_taken_back(
    room: Newsroom, watcher: Run
) -> None:
    publish(room, report(0))
    room.run(later=MINUTES)
    (first,) = json.loads(watcher("alerts", "--json").stdout)
    done = watcher("mute", first["article"][:8], "--for", "7d", "--reason", "heard enough")
    assert done.exit_code == 0
    assert done.stdout.startswith("Mute 1: story “Envoy gone, part 0”, for all watchlists, until ")
    publish(room, report(1), case(1), report(0))
    room.run(later=MINUTES)
    assert room.titles() == ["Envoy gone, part 0", case(1)["title"]]
    assert len(room.mails) == 2
    assert muted_alerts(watcher) == [("Envoy gone, part 1", "muted")]
    assert "mute 1: story Envoy gone, part 0 (heard enough)" in watcher("alerts", "--muted").stdout
    with room.store() as reader:
        assert {view.state for view in reader.deliveries() if view.subject == "Envoy gone, part 1"} == {
            "muted"
        }
        assert reader.check() == ()

    assert watcher("unmute", "1").exit_code == 0
    assert watcher("unmute", "1").exit_code == 1
    assert watcher("mutes", "--json").stdout.strip() == "[]"
    publish(room, report(2), report(1), report(0))
    room.run(later=MINUTES)
    assert room.titles()[-1] == "Envoy gone, part 2"


def test_a_mute_ends_by_itself(room: Newsroom, watcher: Run) -> None:
    watcher("mute", "Paper 1", "--for", "1h", "--reason", "a test page")
    publish(room, case(0))
    room.run(later=MINUTES)
    assert room.hooks == []
    publish(room, case(1), case(0))
    room.run(later=timedelta(hours=1))
    assert room.titles() == [case(1)["title"]]


def test_what_a_muted_source_brought_first_is_news_from_another(room: Newsroom, watcher: Run) -> None:
    room.configure(("/feed", "/other"), feed='text = "feed"')
    room.server.script("/other", Reply(body=rss(OLD | {"guid": "x"})))
    room.run(later=MINUTES)
    assert watcher("mute", "paper 1", "--reason", "copies others").exit_code == 0
    publish(room, case(0))
    room.run(later=MINUTES)
    assert room.mails == []
    publish(room, case(0), path="/other")
    room.run(later=MINUTES)
    assert room.titles() == [case(0)["title"]]
    assert room.hooks[0]["data"]["article"]["source"] == "Paper 2"


def test_a_muted_term_alone_is_silent_and_beside_another_is_not(room: Newsroom, watcher: Run) -> None:
    assert watcher("mute", "FLED", "--reason", "tank shells").exit_code == 0
    alone = {
        "guid": "a",
        "title": "By night",
        "content": f"Two fled North Korea by night in May. {padding(90)}",
    }
    both = {
        "guid": "b",
        "title": "By day",
        "content": f"Two fled North Korea by day, a defector said. {padding(91)}",
    }
    publish(room, both, alone)
    room.run(later=MINUTES)
    assert room.titles() == ["By day"]
    assert muted_alerts(watcher) == [("By night", "muted")]


def test_a_muted_concept_silences_all_its_terms(room: Newsroom, watcher: Run) -> None:
    assert watcher("mute", "@flee", "--watchlist", "Defections", "--reason", "holidays").exit_code == 0
    publish(room, case(0), case(1))
    room.run(later=MINUTES)
    assert room.hooks == []
    assert len(muted_alerts(watcher)) == 2


def test_a_mute_for_one_watchlist_leaves_the_others_told(room: Newsroom, watcher: Run) -> None:
    room.configure(
        feed='text = "feed"', more='[[watchlists]]\nname = "Nurses"\nany = ["nurse"]\nchannels = ["desk"]\n'
    )
    watcher("mute", "Paper 1", "--watchlist", "Defections", "--reason", "only nurses")
    publish(room, case(0))
    room.run(later=MINUTES)
    (mail,) = room.mails
    assert mail["Subject"].startswith("[Nurses] ")
    assert "Defections" not in plain(mail)
    assert room.hooks == []
    (alert,) = json.loads(watcher("alerts", "--muted", "--json").stdout)
    assert alert["state"] == "sent"
    assert [name for name, _ in alert["muted"]] == ["Defections"]


def test_a_mute_set_while_a_bundle_waits_takes_its_alerts_out_of_it(room: Newsroom, watcher: Run) -> None:
    room.configure(feed='text = "feed"', watchlist='deliver = "daily 07:30"')
    room.clock.move_to(12, 0)
    publish(room, report(0), case(1))
    room.run()
    (envoy,) = (a for a in json.loads(watcher("alerts", "--json").stdout) if a["title"].startswith("Envoy"))
    watcher("mute", envoy["article"], "--reason", "the verdict is out")
    room.clock.move_to(7, 31)
    room.run()
    assert room.titles() == [case(1)["title"]]
    assert len(room.mails) == 1
    assert "Envoy" not in plain(room.mails[0])
    assert "1 muted" in plain(room.mails[0])
    assert muted_alerts(watcher) == [("Envoy gone, part 0", "muted")]


def test_a_bundle_of_muted_alerts_alone_does_not_open(room: Newsroom, watcher: Run) -> None:
    room.configure(feed='text = "feed"', watchlist='deliver = "daily 07:30"')
    room.clock.move_to(12, 0)
    publish(room, case(1))
    room.run()
    watcher("mute", "Paper 1", "--reason", "quiet, please")
    room.clock.move_to(7, 31)
    room.run()
    assert room.mails == []
    assert bundles(room) == []


def test_a_muted_report_does_not_count_towards_the_roll_up_of_its_story(room: Newsroom, watcher: Run) -> None:
    watcher("mute", "Paper 1", "--reason", "for now")
    room.clock.move_to(13, 5)
    for number in range(4):
        publish(room, *(report(n) for n in range(number, -1, -1)))
        room.run(later=MINUTES)
    watcher("unmute", "1")
    publish(room, report(4))
    room.run(later=MINUTES)
    assert room.titles() == ["Envoy gone, part 4"]


def test_a_muted_delivery_can_be_sent_after_all(room: Newsroom, watcher: Run) -> None:
    watcher("mute", "Paper 1", "--reason", "for now")
    publish(room, {"guid": "1", "title": "Envoy gone", "content": story()})
    room.run(later=MINUTES)
    for view in json.loads(watcher("deliveries", "--state", "muted", "--json").stdout):
        assert watcher("deliveries", "retry", view["id"][:8]).exit_code == 0
    room.run()
    assert room.titles() == ["Envoy gone"]
    assert len(room.mails) == 1


def test_mutes_are_listed_with_what_until_when_and_why(room: Newsroom, watcher: Run) -> None:
    watcher("mute", "fled", "--for", "2w", "--watchlist", "Defections", "--reason", "shells, not people")
    watcher("mute", "Paper 1", "--reason", "copies others")
    shown = watcher("mutes").stdout
    assert "term fled" in shown
    assert "shells, not people" in shown
    assert "source Paper 1" in shown
    listed = json.loads(watcher("mutes", "--json").stdout)
    assert [(each["kind"], each["target"], each["watchlist"]) for each in listed] == [
        ("term", "fled", "Defections"),
        ("source", "Paper 1", None),
    ]
    watcher("unmute", "2")
    assert watcher("mutes", "--all").stdout.count("(ended)") == 1
    assert len(json.loads(watcher("mutes", "--json").stdout)) == 1
    assert len(json.loads(watcher("mutes", "--all", "--json").stdout)) == 2


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (("Papr 1", "--reason", "x"), 1, "is Paper 1 meant?"),
        (("nothing of this name", "--reason", "x"), 1, "is no story, source or term here"),
        (("fled", "--reason", "x", "--for", "soon"), 2, '"soon" is not a duration'),
        (("fled", "--reason", "x", "--watchlist", "Elections"), 2, "no watchlist is named Elections"),
        (("fled",), 2, "--reason"),
        (("fled", "--reason", " "), 2, "say why"),
    ],
)
def test_a_mute_that_means_nothing_says_what_it_could_mean(
    room: Newsroom, watcher: Run, arguments: tuple[str, ...], status: int, says: str
) -> None:
    done = watcher("mute", *arguments)
    assert done.exit_code == status
    assert says in done.stderr
    assert watcher("mutes", "--json").stdout.strip() == "[]"


def test_a_name_that_means_two_things_asks_which(room: Newsroom, watcher: Run) -> None:
    text = (room.folder / "config.toml").read_text(encoding="utf-8")
    (room.folder / "config.toml").write_text(
        text.replace('name = "Paper 1"', 'name = "Fled"'), encoding="utf-8"
    )
    room.run(later=MINUTES)
    done = watcher("mute", "fled", "--reason", "x")
    assert done.exit_code != 0
    assert "--as source or --as term" in done.stderr
    assert watcher("mute", "fled", "--as", "term", "--reason", "x").exit_code == 0
