"""When deliveries may go: schedules, quiet hours, stories, the brake; across both daylight-saving switches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.bundles import Release, earliest, parse_quiet, parse_schedule, release
from watcher.model import WatcherError

SEOUL = ZoneInfo("Asia/Seoul")
NEW_YORK = ZoneInfo("America/New_York")  # 2026: forward 8 March 02:00, back 1 November 02:00
BERLIN = ZoneInfo("Europe/Berlin")  # forward 29 March 02:00, back 25 October 03:00
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")  # half an hour: forward 4 October 02:00, back 5 April 02:00
SANTIAGO = ZoneInfo("America/Santiago")  # forward 6 September at midnight: the day begins at 01:00
ZONES = {"seoul": SEOUL, "new york": NEW_YORK, "lord howe": LORD_HOWE, "santiago": SANTIAGO, "berlin": BERLIN}


def local(text: str, zone: ZoneInfo = SEOUL, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


def decide(now: datetime, zone: ZoneInfo = SEOUL, **facts: object) -> Release:
    usual: dict[str, object] = {
        "deliver": "now",
        "quiet": "",
        "max_per_hour": 20,
        "sent_last_hour": 0,
        "brake_until": None,
        "story_reports_24h": 0,
        "story_first_at": None,
        "group_wait": timedelta(seconds=60),
        "fresh": False,
        "catch_up": False,
        "follow_up": False,
    }
    return release(now=now, zone=zone, **(usual | facts))  # type: ignore[arg-type]


NOON = local("2026-11-21 12:00")

HOLDS = {
    "nothing holds a first report": ({}, "2026-11-21 12:00", None),
    "a digest waits for its time": ({"deliver": "daily 07:30"}, "2026-11-22 07:30", "digest"),
    "a digest later today goes today": ({"deliver": "daily 18:00"}, "2026-11-21 18:00", "digest"),
    "at the digest's own moment the next one takes it": (
        {"deliver": "daily 12:00"},
        "2026-11-22 12:00",
        "digest",
    ),
    "half-hours count from midnight": ({"deliver": "every 30m"}, "2026-11-21 12:30", "digest"),
    "seven hours count from midnight": ({"deliver": "every 7h"}, "2026-11-21 14:00", "digest"),
    "a week's digest": ({"deliver": "weekly mon 07:30"}, "2026-11-23 07:30", "digest"),
    "this weekday, already past, is next week": (
        {"deliver": "weekly sat 07:30"},
        "2026-11-28 07:30",
        "digest",
    ),
    "quiet hours that are over hold nothing": ({"quiet": "22:00-07:00"}, "2026-11-21 12:00", None),
    "quiet hours now hold to their end": ({"quiet": "11:00-13:00"}, "2026-11-21 13:00", "quiet"),
    "quiet begins at its first minute": ({"quiet": "12:00-13:00"}, "2026-11-21 13:00", "quiet"),
    "quiet ends at its last": ({"quiet": "11:00-12:00"}, "2026-11-21 12:00", None),
    "quiet outranks a schedule": (
        {"deliver": "daily 23:00", "quiet": "22:00-07:00"},
        "2026-11-22 07:00",
        "quiet",
    ),
    "the brake holds an hour once the hour is full": ({"sent_last_hour": 20}, "2026-11-21 13:00", "brake"),
    "one under the limit goes": ({"sent_last_hour": 19}, "2026-11-21 12:00", None),
    "a brake that is on keeps its time": (
        {"sent_last_hour": 3, "brake_until": local("2026-11-21 12:20")},
        "2026-11-21 12:20",
        "brake",
    ),
    "a brake that is over holds nothing": (
        {"brake_until": local("2026-11-21 11:59")},
        "2026-11-21 12:00",
        None,
    ),
    "the brake waits for no quiet hours to end early": (
        {"sent_last_hour": 20, "quiet": "12:30-14:00"},
        "2026-11-21 14:00",
        "quiet",
    ),
    "a second report within the wait shares the next mail": (
        {"story_first_at": NOON - timedelta(seconds=20), "story_reports_24h": 1},
        "2026-11-21 12:00:40",
        "group",
    ),
    "so does a fifth, and one with a new figure": (
        {"story_first_at": NOON - timedelta(seconds=20), "story_reports_24h": 4, "fresh": True},
        "2026-11-21 12:00:40",
        "group",
    ),
    "a first report of later than now, by a clock set back since, makes nobody wait longer": (
        {"story_first_at": NOON + timedelta(hours=9), "story_reports_24h": 1},
        "2026-11-21 12:01",
        "group",
    ),
    "after the wait the second and third go at once": (
        {"story_first_at": NOON - timedelta(seconds=60), "story_reports_24h": 2},
        "2026-11-21 12:00",
        None,
    ),
    "from the fourth within a day they come hourly": (
        {"story_first_at": NOON - timedelta(hours=3), "story_reports_24h": 3},
        "2026-11-21 13:00",
        "roll-up",
    ),
    "a new figure, name or cue goes at once all the same": (
        {"story_first_at": NOON - timedelta(hours=3), "story_reports_24h": 9, "fresh": True},
        "2026-11-21 12:00",
        None,
    ),
    "catch-up opens as soon as it is complete": (
        {"catch_up": True, "deliver": "daily 07:30"},
        "2026-11-21 12:00",
        "catch-up",
    ),
    "catch-up sleeps through quiet hours under its own name": (
        {"catch_up": True, "quiet": "11:00-13:00"},
        "2026-11-21 13:00",
        "catch-up",
    ),
    "a follow-up waits for the morning": ({"follow_up": True}, "2026-11-22 07:30", "follow-up"),
    "a follow-up takes the digest that is due": (
        {"follow_up": True, "deliver": "every 30m"},
        "2026-11-21 12:30",
        "follow-up",
    ),
    "a follow-up takes the end of the quiet hours it falls in": (
        {"follow_up": True, "quiet": "11:00-13:00"},
        "2026-11-21 13:00",
        "follow-up",
    ),
    "a follow-up takes the brake's bundle": (
        {"follow_up": True, "brake_until": local("2026-11-21 12:20")},
        "2026-11-21 12:20",
        "follow-up",
    ),
    "a follow-up whose morning is quiet waits on": (
        {"follow_up": True, "quiet": "22:00-09:00"},
        "2026-11-22 09:00",
        "follow-up",
    ),
}


@pytest.mark.parametrize(("facts", "at", "reason"), HOLDS.values(), ids=HOLDS)
def test_one_watchlists_alert_is_held(facts: dict[str, object], at: str, reason: str | None) -> None:
    assert decide(NOON, **facts) == Release(local(at), reason)  # type: ignore[arg-type]


SWITCHES = {
    # forward: 02:00 to 02:59 do not exist on 8 March
    "a skipped digest comes at the jump": (
        "daily 02:30",
        "",
        NEW_YORK,
        "2026-03-08 00:10",
        "2026-03-08T07:00Z",
    ),
    "the day after it comes at its hour": (
        "daily 02:30",
        "",
        NEW_YORK,
        "2026-03-08 03:10",
        "2026-03-09T06:30Z",
    ),
    "a morning digest keeps its hour after the jump": (
        "daily 07:30",
        "",
        NEW_YORK,
        "2026-03-07 12:00",
        "2026-03-08T11:30Z",
    ),
    "quiet hours that end within the jump end at it": (
        "now",
        "22:00-02:30",
        NEW_YORK,
        "2026-03-08 01:30",
        "2026-03-08T07:00Z",
    ),
    "quiet hours across the jump end at their hour": (
        "now",
        "22:00-07:00",
        NEW_YORK,
        "2026-03-08 01:30",
        "2026-03-08T11:00Z",
    ),
    "quiet hours that begin within the jump begin at it": (
        "now",
        "02:30-04:00",
        NEW_YORK,
        "2026-03-08 03:00",
        "2026-03-08T08:00Z",
    ),
    "half-hours go on over the jump": ("every 30m", "", NEW_YORK, "2026-03-08 01:45", "2026-03-08T07:00Z"),
    # back: 01:00 to 01:59 come twice on 1 November
    "a digest that comes twice goes at the first": (
        "daily 01:30",
        "",
        NEW_YORK,
        "2026-11-01 00:10",
        "2026-11-01T05:30Z",
    ),
    "and not at the second": ("daily 01:30", "", NEW_YORK, "2026-11-01 01:40", "2026-11-02T06:30Z"),
    "quiet hours end once": ("now", "22:00-01:30", NEW_YORK, "2026-11-01 00:30", "2026-11-01T05:30Z"),
    "quiet hours across the second hour end at theirs": (
        "now",
        "22:00-07:00",
        NEW_YORK,
        "2026-11-01 00:30",
        "2026-11-01T12:00Z",
    ),
    "Berlin: a skipped digest comes at the jump": (
        "daily 02:30",
        "",
        BERLIN,
        "2026-03-29 00:10",
        "2026-03-29T01:00Z",
    ),
    "Berlin: a digest that comes twice goes at the first": (
        "daily 02:30",
        "",
        BERLIN,
        "2026-10-25 00:10",
        "2026-10-25T00:30Z",
    ),
    "Berlin: the night of the jump is short": (
        "now",
        "22:00-07:00",
        BERLIN,
        "2026-03-28 23:00",
        "2026-03-29T05:00Z",
    ),
    "Berlin: the night of the second hour is long": (
        "now",
        "22:00-07:00",
        BERLIN,
        "2026-10-24 23:00",
        "2026-10-25T06:00Z",
    ),
    "Berlin: a weekly digest keeps its hour over the switch": (
        "weekly mon 07:30",
        "",
        BERLIN,
        "2026-10-24 12:00",
        "2026-10-26T06:30Z",
    ),
    "half an hour's switch forward": ("daily 02:15", "", LORD_HOWE, "2026-10-04 01:00", "2026-10-03T15:30Z"),
    "half an hour's switch back": ("daily 01:45", "", LORD_HOWE, "2026-04-05 01:00", "2026-04-04T14:45Z"),
    "a day without a midnight begins at its first minute": (
        "daily 00:15",
        "",
        SANTIAGO,
        "2026-09-05 12:00",
        "2026-09-06T04:00Z",
    ),
    "hours count from a midnight that was skipped": (
        "every 2h",
        "",
        SANTIAGO,
        "2026-09-06 01:30",
        "2026-09-06T06:00Z",
    ),
    "a weekly digest on the day of the switch": (
        "weekly sun 02:30",
        "",
        NEW_YORK,
        "2026-03-02 12:00",
        "2026-03-08T07:00Z",
    ),
}


@pytest.mark.parametrize(("deliver", "quiet", "zone", "now", "at"), SWITCHES.values(), ids=SWITCHES)
def test_times_of_day_hold_across_daylight_saving(
    deliver: str, quiet: str, zone: ZoneInfo, now: str, at: str
) -> None:
    assert decide(local(now, zone), zone, deliver=deliver, quiet=quiet).at == datetime.fromisoformat(at)


def test_quiet_hours_that_ended_do_not_begin_again_when_the_clock_goes_back() -> None:
    second = local("2026-11-01 01:10", NEW_YORK, fold=1)
    assert decide(second, NEW_YORK, quiet="22:00-01:30") == Release(second, None)


moments = st.integers(0, 2 * 365 * 24 * 3600).map(
    lambda s: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=s)
)


@given(
    now=moments,
    zone=st.sampled_from(list(ZONES.values())),
    deliver=st.sampled_from(["now", "every 1m", "every 45m", "every 24h", "daily 02:30", "weekly sun 01:30"]),
    quiet=st.sampled_from(["", "22:00-07:00", "02:10-02:50", "01:30-01:15", "00:00-23:59"]),
)
@settings(max_examples=150, deadline=None)
def test_a_release_is_never_past_never_in_quiet_hours_and_within_eight_days(
    now: datetime, zone: ZoneInfo, deliver: str, quiet: str
) -> None:
    found = decide(now, zone, deliver=deliver, quiet=quiet)
    hours = parse_quiet(quiet)
    assert now <= found.at <= now + timedelta(days=9)
    assert (found.at == now) == (found.reason is None)
    assert hours is None or hours.until(found.at, zone) is None


@pytest.mark.parametrize("zone", ZONES.values(), ids=ZONES)
@pytest.mark.parametrize("deliver", ["daily 00:30", "daily 01:45", "daily 02:15", "daily 02:30"])
def test_a_daily_digest_goes_once_every_local_day_of_a_year(zone: ZoneInfo, deliver: str) -> None:
    schedule = parse_schedule(deliver)
    assert schedule is not None
    at = local("2026-01-01 12:00", zone)
    days = []
    for _ in range(365):
        at = schedule.next(at, zone)
        days.append(at.astimezone(zone).date())
    assert [(b - a).days for a, b in pairwise(days)] == [1] * 364


def test_a_recipient_gets_the_earliest_of_the_watchlists_times() -> None:
    digest = Release(NOON + timedelta(hours=5), "digest")
    quiet = Release(NOON + timedelta(hours=1), "quiet")
    now = Release(NOON, None)
    assert earliest([digest, quiet]) == quiet
    assert earliest([digest, now, quiet]) == now
    assert earliest([Release(NOON, "catch-up"), now]) == now


@pytest.mark.parametrize(
    "deliver",
    ["", "nou", "every", "every 0m", "every 25h", "every 90s", "daily", "daily 24:00", "daily 7", "weekly 07:30",
     "weekly someday 07:30", "weekly mon 07:61", "07:30"],
)  # fmt: skip
def test_an_unreadable_time_of_delivery_says_what_to_write(deliver: str) -> None:
    with pytest.raises(WatcherError, match=r'write "now", "every 30m".*"daily 07:30" or "weekly mon 07:30"'):
        parse_schedule(deliver)


@pytest.mark.parametrize("quiet", ["22:00", "22-07", "22:00-22:00", "25:00-07:00", "22:00-07:60", "night"])
def test_unreadable_quiet_hours_say_what_to_write(quiet: str) -> None:
    with pytest.raises(WatcherError, match='write "22:00-07:00"'):
        parse_quiet(quiet)


@pytest.mark.parametrize("deliver", ["Every 30M", " daily  7:30 ", "weekly monday 07:30", "every 2h", "NOW"])
def test_times_of_delivery_are_read_leniently(deliver: str) -> None:
    parse_schedule(deliver)
