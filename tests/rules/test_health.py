"""What is wrong, since when, and whether it is news."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from watcher.health import ChannelHealth, SourceHealth, judge, summary, usual_gap

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def ago(**length: float) -> datetime:
    return NOW - timedelta(**length)


DAILY = timedelta(hours=12)

SOURCES = [
    # what the row says, the source, what is found (None: nothing), is it news
    ("a feed that answers is well", SourceHealth(name="a", last_success=NOW), None, False),
    ("a feed never asked is not ill", SourceHealth(name="a"), None, False),
    (
        "one failure is no news",
        SourceHealth(name="a", failures=1, failing_since=ago(minutes=1), error="503"),
        "failing",
        False,
    ),
    (
        "many failures within six hours are no news",
        SourceHealth(name="a", failures=9, failing_since=ago(hours=5), error="503"),
        "failing",
        False,
    ),
    (
        "three failures over six hours are news",
        SourceHealth(name="a", failures=3, failing_since=ago(hours=6), error="503"),
        "failing",
        True,
    ),
    (
        "one failure before a long sleep is no news",
        SourceHealth(name="a", failures=1, failing_since=ago(days=3), error="DNS"),
        "failing",
        False,
    ),
    ("410 is news at once", SourceHealth(name="a", gone=True, failing_since=NOW), "gone", True),
    (
        "a feed that says nothing over night is well",
        SourceHealth(name="a", newest=ago(hours=23), usual_gap=timedelta(hours=1)),
        None,
        False,
    ),
    (
        "a day beyond its habit is silent",
        SourceHealth(name="a", newest=ago(hours=37), usual_gap=DAILY),
        "silent",
        False,
    ),
    (
        "twice as long is news",
        SourceHealth(name="a", newest=ago(hours=73), usual_gap=DAILY),
        "silent",
        True,
    ),
    (
        "a monthly is not silent after two weeks",
        SourceHealth(name="a", newest=ago(days=14), usual_gap=timedelta(days=30)),
        None,
        False,
    ),
    ("a feed without a habit is not silent", SourceHealth(name="a", newest=ago(days=400)), None, False),
    (
        "a folder is never silent",
        SourceHealth(name="a", kind="folder", newest=ago(days=400), usual_gap=DAILY),
        None,
        False,
    ),
    ("missed entries are told, no news", SourceHealth(name="a", missed=True), "missed", False),
    (
        "a fault in a look that went well is told",
        SourceHealth(name="a", problems=("teasers only", "x")),
        "partial",
        False,
    ),
]


@pytest.mark.parametrize(
    ("source", "what", "news"), [row[1:] for row in SOURCES], ids=[row[0] for row in SOURCES]
)
def test_a_source(source, what, news):
    found = judge(NOW, [source])
    assert [(each.what, each.news) for each in found] == ([] if what is None else [(what, news)])
    assert all(each.message.startswith("a ") for each in found)


CHANNELS = [
    ("a channel that delivers is well", ChannelHealth(name="c"), []),
    (
        "four failures are no news",
        ChannelHealth(name="c", failures=4, failing_since=NOW, error="refused"),
        [("broken", False)],
    ),
    (
        "the fifth opens the breaker and is news",
        ChannelHealth(name="c", failures=5, failing_since=NOW, error="refused"),
        [("broken", True)],
    ),
    (
        "a receiver that is gone is news, whatever failed before",
        ChannelHealth(name="c", failures=9, disabled=True),
        [("disabled", True)],
    ),
    ("dead deliveries are news", ChannelHealth(name="c", dead=2, dead_since=NOW), [("dead", True)]),
]


@pytest.mark.parametrize(
    ("channel", "expected"), [row[1:] for row in CHANNELS], ids=[row[0] for row in CHANNELS]
)
def test_a_channel(channel, expected):
    assert [(each.what, each.news) for each in judge(NOW, [], [channel])] == expected


def failing(name: str, since: datetime) -> SourceHealth:
    return SourceHealth(name=name, failures=4, failing_since=since, error="DNS: no such host")


def test_a_network_that_is_down_is_one_piece_of_news_and_not_one_for_each_feed():
    sources = [failing(f"f{n}", ago(hours=7)) for n in range(30)] + [SourceHealth(name="up")]
    found = judge(NOW, sources)
    assert [each.what for each in found if each.news] == ["offline"]
    assert "30 of 31 feeds" in found[0].message
    assert sum(each.what == "failing" for each in found) == 30


def test_a_network_down_for_ten_minutes_is_no_news():
    assert not any(each.news for each in judge(NOW, [failing(f"f{n}", ago(minutes=10)) for n in range(5)]))


def test_a_feed_that_failed_for_days_does_not_date_the_network():
    sources = [failing("old", ago(days=9)), failing("b", ago(minutes=5)), failing("c", ago(minutes=5))]
    found = judge(NOW, sources)
    assert found[0].what == "offline"
    assert found[0].since == ago(minutes=5)
    assert not found[0].news


def test_two_feeds_of_two_that_fail_are_told_each():
    found = judge(NOW, [failing("a", ago(hours=7)), failing("b", ago(hours=7))])
    assert [(each.what, each.name, each.news) for each in found] == [
        ("failing", "a", True),
        ("failing", "b", True),
    ]


def test_the_key_of_a_trouble_stays_until_it_comes_again():
    first = judge(NOW, [failing("a", ago(hours=7))])[0].key
    later = judge(NOW + timedelta(hours=3), [failing("a", ago(hours=7))])[0].key
    again = judge(NOW + timedelta(days=3), [failing("a", NOW)])[0].key
    assert first == later != again


def test_the_usual_gap_covers_nine_in_ten():
    hourly = [NOW + timedelta(hours=n) for n in range(10)]
    assert usual_gap(hourly) == timedelta(hours=1)
    assert usual_gap([*hourly, NOW + timedelta(days=30)]) == timedelta(hours=1)
    assert usual_gap(list(reversed(hourly))) == timedelta(hours=1)
    assert usual_gap(hourly[:7]) is None


SUMMARIES = [
    ("no feeds", []),
    ("2 of 2 feeds healthy", [SourceHealth(name="a"), SourceHealth(name="b")]),
    (
        "1 of 3 feeds healthy, 2 failing since 19:30",
        [SourceHealth(name="a"), failing("b", ago(hours=1, minutes=30)), failing("c", ago(minutes=3))],
    ),
    ("0 of 1 feeds healthy, 1 failing since Thu 21:00", [failing("b", ago(days=2))]),
    (
        "0 of 1 feeds healthy, 1 gone since 1 Nov 21:00",
        [SourceHealth(name="a", gone=True, failing_since=ago(days=20))],
    ),
    (
        "0 of 2 feeds healthy, 1 silent since Wed 21:00, 1 with gaps",
        [
            SourceHealth(name="a", newest=ago(days=3), usual_gap=DAILY),
            SourceHealth(name="b", missed=True, last_success=NOW),
        ],
    ),
    (
        "1 of 1 feeds healthy, folder Inbox failing",
        [
            SourceHealth(name="a", problems=("teasers only",)),
            SourceHealth(name="Inbox", kind="folder", failures=1, failing_since=NOW, error="no such folder"),
        ],
    ),
]


@pytest.mark.parametrize(("line", "sources"), SUMMARIES, ids=[row[0] for row in SUMMARIES])
def test_the_line_at_the_foot_of_a_bundle(line, sources):
    assert summary(NOW, sources, zone=ZoneInfo("Asia/Seoul")) == line
