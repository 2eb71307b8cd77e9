"""When a delivery may go: now, or held until a time at which everything held for it opens as one bundle.

Quiet hours, digests, catch-up, follow-ups, roll-up and the storm brake are
one mechanism; `release` decides for one watchlist, `earliest` for a recipient.
Times of day are those of the user's clock, across daylight-saving switches:
a time that the clock skips means the moment of the jump, a time that comes
twice its first coming.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from watcher.model import HoldReason, WatcherError

ROLL_UP_FROM = 4
"""The report of a story within 24 h from which on the rest come hourly."""
BRAKE = timedelta(hours=1)
"""How long the storm brake holds once `max_per_hour` is reached."""
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Release:
    """When a delivery may go, and why not sooner; None: nothing holds it."""

    at: datetime
    reason: HoldReason | None


@dataclass(frozen=True, slots=True)
class Schedule:
    """`every` counts from local midnight; else daily at `at`, or on one `weekday` (Monday is 0)."""

    kind: Literal["every", "daily", "weekly"]
    every: timedelta = timedelta(0)
    at: time = time(0)
    weekday: int = 0

    def next(self, now: datetime, zone: ZoneInfo) -> datetime:
        """The first time after `now`, in UTC."""
        today = now.astimezone(zone).date()
        if self.kind == "every":
            midnight = moment(today, time(0), zone)
            tomorrow = moment(today + timedelta(days=1), time(0), zone)
            return min(midnight + ((now - midnight) // self.every + 1) * self.every, tomorrow)
        for ahead in range(9):
            day = today + timedelta(days=ahead)
            if self.kind == "weekly" and day.weekday() != self.weekday:
                continue
            at = moment(day, self.at, zone)
            if at > now:
                return at
        message = f"no {self.kind} time found after {now}"  # a zone would have to skip a week
        raise AssertionError(message)


_FOLLOW_UPS = Schedule("daily", at=time(7, 30))
"""When follow-ups go that no other bundle takes along."""
_ROLL_UPS = Schedule("every", every=timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours of the local day in which nothing is delivered; `end` may be on the next day."""

    start: time
    end: time

    def until(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        """When the quiet hours that `now` falls in end, in UTC; None outside them."""
        today = now.astimezone(zone).date()
        for day in (today - timedelta(days=1), today):
            last = day if self.start < self.end else day + timedelta(days=1)
            end = moment(last, self.end, zone)
            if moment(day, self.start, zone) <= now < end:
                return end
        return None


def release(  # noqa: PLR0913 - the facts of one case, each named where it is called
    *,
    now: datetime,
    deliver: str,
    quiet: str,
    zone: ZoneInfo,
    max_per_hour: int,
    sent_last_hour: int,
    brake_until: datetime | None,
    story_reports_24h: int,
    story_first_at: datetime | None,
    group_wait: timedelta,
    fresh: bool,
    catch_up: bool,
    follow_up: bool,
) -> Release:
    """When an alert of one watchlist may go.

    `sent_last_hour`, `story_reports_24h` and `story_first_at` count what went
    before this alert; `fresh`: a figure, a name or a cue in it is new.
    """
    schedule, hours = parse_schedule(deliver), parse_quiet(quiet)
    brake = _brake(now, max_per_hour, sent_last_hour, brake_until)
    # a first report of later than now was decided by a clock that has been set back since
    grouped = min(story_first_at, now) + group_wait if story_first_at is not None else now
    if catch_up:
        held = Release(now, "catch-up")
    elif follow_up:
        night = hours.until(now, zone) if hours else None
        due = schedule.next(now, zone) if schedule else brake or night
        held = Release(due or _FOLLOW_UPS.next(now, zone), "follow-up")
    elif schedule is not None:
        held = Release(schedule.next(now, zone), "digest")
    elif brake is not None:
        held = Release(brake, "brake")
    elif grouped > now:
        held = Release(grouped, "group")
    elif story_reports_24h >= ROLL_UP_FROM - 1 and not fresh:
        held = Release(_ROLL_UPS.next(now, zone), "roll-up")
    else:
        held = Release(now, None)
    end = hours.until(held.at, zone) if hours else None
    if end is None:
        return held
    # Old text and asides keep their own label: the reader must see that they are not the night's news.
    return Release(end, held.reason if held.reason in {"catch-up", "follow-up"} else "quiet")


def _brake(
    now: datetime, max_per_hour: int, sent_last_hour: int, brake_until: datetime | None
) -> datetime | None:
    if brake_until is not None and brake_until > now:
        return brake_until
    return now + BRAKE if sent_last_hour >= max_per_hour else None


def earliest(releases: Iterable[Release]) -> Release:
    """The one time for a recipient whose article met several watchlists: the earliest, unheld before held."""
    return min(releases, key=lambda each: (each.at, each.reason is not None))


# --------------------------------------------------------------------------- what the config says


@lru_cache(maxsize=256)
def parse_schedule(deliver: str) -> Schedule | None:
    """`deliver` as a schedule, None for "now". Raises `WatcherError` with the way out."""
    text = deliver.strip().lower()
    if text == "now":
        return None
    if found := re.fullmatch(r"every\s+(\d{1,4})\s*(m|min|h)", text):
        every = timedelta(minutes=int(found[1]) * (60 if found[2] == "h" else 1))
        if timedelta(minutes=1) <= every <= timedelta(hours=24):
            return Schedule("every", every=every)
    elif (found := re.fullmatch(r"daily\s+(\d{1,2}:\d{2})", text)) and (at := _time(found[1])):
        return Schedule("daily", at=at)
    elif found := re.fullmatch(r"weekly\s+([a-z]{3,9})\s+(\d{1,2}:\d{2})", text):
        at = _time(found[2])
        if at is not None and found[1][:3] in _DAYS:
            return Schedule("weekly", at=at, weekday=_DAYS.index(found[1][:3]))
    ways = '"now", "every 30m" (1m to 24h), "daily 07:30" or "weekly mon 07:30"'
    message = f"{deliver!r} is no time of delivery: write {ways}"
    raise WatcherError(message)


@lru_cache(maxsize=256)
def parse_quiet(quiet: str) -> Quiet | None:
    """`quiet` as hours, None where empty. Raises `WatcherError` with the way out."""
    if not quiet.strip():
        return None
    found = re.fullmatch(r"(\d{1,2}:\d{2})\s*[-–]\s*(\d{1,2}:\d{2})", quiet.strip())
    start, end = (_time(found[1]), _time(found[2])) if found else (None, None)
    if start is None or end is None or start == end:
        message = f'{quiet!r} is no span of quiet hours: write "22:00-07:00"'
        raise WatcherError(message)
    return Quiet(start, end)


def _time(text: str) -> time | None:
    hour, minute = (int(part) for part in text.split(":"))
    return time(hour, minute) if hour < 24 and minute < 60 else None


def moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which the local clock first shows `at` on `day` or, skipping it, jumps past it."""
    first = datetime.combine(day, at, zone).astimezone(UTC)
    second = datetime.combine(day, at.replace(fold=1), zone).astimezone(UTC)
    if first <= second:
        return first
    # Skipped: the earlier reading lies before the jump, the later one after it. Halve down to the jump.
    before, after = second, first
    offset = after.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after
