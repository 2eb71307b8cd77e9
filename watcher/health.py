"""Health: what is wrong with sources and channels, since when, and whether it is news to a person.

Pure: `now` is an argument, and what was told before is the caller's to
remember by `Finding.key`, which stays the same while the trouble does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Literal

What = Literal["failing", "gone", "silent", "missed", "partial", "offline", "broken", "disabled", "dead"]
"""Sources are failing (errors), gone (410), silent (answer, with nothing new), missed (entries went by unseen) or
partial (answer, with faults); all of them at once, offline. Channels are broken (failures in a row), disabled (410)
or have dead deliveries."""

PATIENCE = timedelta(hours=6)
"""A source fails this long before it is news: most outages of one site pass within it."""
TRIES = 3
"""And this often: a machine that slept for six hours has tried once."""
OFFLINE = timedelta(minutes=15)
"""Where most feeds fail, the fault is here, and is news sooner."""
OFFLINE_FEEDS = 3
"""Of fewer than these, all failing says little about the network."""
QUIETEST = timedelta(hours=24)
"""No feed is silent before this, however often it usually publishes: nights and weekends."""
SILENT_NEWS = timedelta(hours=48)
"""And none is news before this."""
SILENT_GAPS = 3
"""Silent after this many times its usual gap, news after twice as many."""
BREAKER = 5
"""Failures in a row that open a channel's breaker (DESIGN §7)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHealth:
    """How a source has done. `usual_gap`: see `usual_gap`; `problems`: of its last look, which went well."""

    name: str
    kind: Literal["feed", "folder"] = "feed"
    failures: int = 0
    """In a row, up to the last look."""
    failing_since: datetime | None = None
    last_success: datetime | None = None
    error: str = ""
    gone: bool = False
    newest: datetime | None = None
    usual_gap: timedelta | None = None
    missed: bool = False
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelHealth:
    """How a channel has done. `dead`: deliveries given up; `dead_since`: when the first of them was."""

    name: str
    failures: int = 0
    failing_since: datetime | None = None
    error: str = ""
    disabled: bool = False
    dead: int = 0
    dead_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One trouble. `news`: worth a notice, once."""

    kind: Literal["source", "channel"]
    name: str
    what: What
    since: datetime | None
    news: bool
    message: str

    @property
    def key(self) -> str:
        """The same while this trouble lasts; another when it comes again."""
        since = self.since.isoformat() if self.since else ""
        return f"{self.kind} {self.what} {self.name} {since}"


def judge(
    now: datetime, sources: Sequence[SourceHealth], channels: Sequence[ChannelHealth] = ()
) -> tuple[Finding, ...]:
    """All that is wrong: channels first, since nobody hears of the rest through a broken one, then sources."""
    offline = _offline(now, sources)
    found = [finding for channel in channels for finding in _channel(channel)]
    if offline is not None:
        found.append(offline)
    for source in sources:
        found.extend(_source(now, source, alone=offline is None))
    return tuple(found)


def _offline(now: datetime, sources: Iterable[SourceHealth]) -> Finding | None:
    """One finding for most feeds failing together: thirty notices would say the same."""
    feeds = [source for source in sources if source.kind == "feed" and not source.gone]
    failing = [feed for feed in feeds if feed.failures]
    if len(failing) < OFFLINE_FEEDS or len(failing) * 2 <= len(feeds):
        return None
    starts = sorted(feed.failing_since for feed in failing if feed.failing_since is not None)
    # The feed with which more than half were failing: one that had failed for days says nothing.
    since = starts[min(len(feeds) // 2, len(starts) - 1)] if starts else None
    message = (
        f"{len(failing)} of {len(feeds)} feeds cannot be reached: is the network up? ({failing[-1].error})"
    )
    return Finding(
        kind="source",
        name="",
        what="offline",
        since=since,
        news=since is not None and now - since >= OFFLINE,
        message=message,
    )


def _source(now: datetime, source: SourceHealth, *, alone: bool) -> Iterable[Finding]:
    """What is wrong with one source; `alone`: not because most of them are failing."""

    def finding(what: What, since: datetime | None, message: str, *, news: bool = False) -> Finding:
        return Finding(
            kind="source",
            name=source.name,
            what=what,
            since=since,
            news=news,
            message=f"{source.name} {message}",
        )

    if source.gone:
        message = "is gone (410) and is not asked any more: take it out of the config or give its new address"
        yield finding("gone", source.failing_since, message, news=True)
        return
    if source.failures:
        since = source.failing_since
        long = since is not None and now - since >= PATIENCE and source.failures >= TRIES
        times = "once" if source.failures == 1 else f"{source.failures} times"
        yield finding("failing", since, f"failed {times}: {source.error}", news=long and alone)
        return
    if source.newest is not None and source.usual_gap is not None and source.kind == "feed":
        silence = now - source.newest
        if silence > max(QUIETEST, SILENT_GAPS * source.usual_gap):
            news = silence > max(SILENT_NEWS, 2 * SILENT_GAPS * source.usual_gap)
            usual = length(source.usual_gap)
            message = f"answers, and has been silent for {length(silence)} (usually at most {usual})"
            yield finding("silent", source.newest, message, news=news)
    if source.missed:
        yield finding(
            "missed", source.last_success, "had more new entries than it lists: some went by unseen"
        )
    if source.problems:
        more = f" (and {len(source.problems) - 1} more)" if len(source.problems) > 1 else ""
        yield finding("partial", None, f"has a fault: {source.problems[0]}{more}")


def _channel(channel: ChannelHealth) -> Iterable[Finding]:
    def finding(what: What, since: datetime | None, message: str, *, news: bool = True) -> Finding:
        return Finding(
            kind="channel",
            name=channel.name,
            what=what,
            since=since,
            news=news,
            message=f"channel {channel.name} {message}",
        )

    if channel.disabled:
        message = f"is switched off, its receiver said it is gone: {channel.error}"
        yield finding("disabled", channel.failing_since, message)
    elif channel.failures:
        broken = channel.failures >= BREAKER
        times = "once" if channel.failures == 1 else f"{channel.failures} times in a row"
        yield finding("broken", channel.failing_since, f"failed {times}: {channel.error}", news=broken)
    if channel.dead:
        count = "one delivery is" if channel.dead == 1 else f"{channel.dead} deliveries are"
        message = f": {count} given up; see `watcher deliveries`, then `watcher deliveries retry --dead`"
        yield finding("dead", channel.dead_since, message)


def usual_gap(times: Sequence[datetime]) -> timedelta | None:
    """The gap between entries that nine in ten stay under; None from fewer than eight `times`, which say nothing."""
    ordered = sorted(times)
    if len(ordered) < 8:
        return None
    gaps = sorted(later - earlier for earlier, later in pairwise(ordered))
    return gaps[-(-len(gaps) * 9 // 10) - 1]


def summary(now: datetime, sources: Sequence[SourceHealth], *, zone: tzinfo = UTC) -> str:
    """One line for the foot of a bundle: `41 of 44 feeds healthy, 2 failing since 09:12, 1 silent`; times in `zone`."""
    feeds = [source for source in sources if source.kind == "feed"]
    findings = judge(now, sources)
    names = {feed.name for feed in feeds}
    counted: list[str] = []
    ill: set[str] = set()
    for what, label in _SUMMED.items():
        those = [
            each for each in findings if each.what == what and each.kind == "source" and each.name in names
        ]
        if those:
            ill.update(each.name for each in those)
            since = min((each.since for each in those if each.since), default=None)
            when = f" since {_moment(since, now, zone)}" if since is not None and what != "missed" else ""
            counted.append(f"{len(those)} {label}{when}")
    well = sum(feed.name not in ill for feed in feeds)
    head = f"{well} of {len(feeds)} feeds healthy" if feeds else "no feeds"
    folders = {source.name for source in sources if source.kind == "folder"}
    counted += [
        f"folder {each.name} failing" for each in findings if each.name in folders and each.what == "failing"
    ]
    return ", ".join([head, *counted])


def _moment(when: datetime, now: datetime, zone: tzinfo) -> str:
    """`09:12` today, `Thu 09:12` within the week, else `12 Nov 09:12`."""
    local, today = when.astimezone(zone), now.astimezone(zone)
    days = (today.date() - local.date()).days
    if days <= 0:
        return f"{local:%H:%M}"
    if days < 7:
        return f"{_DAYS[local.weekday()]} {local:%H:%M}"
    return f"{local.day} {_MONTHS[local.month - 1]} {local:%H:%M}"


_SUMMED: dict[What, str] = {"failing": "failing", "gone": "gone", "silent": "silent", "missed": "with gaps"}
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def length(duration: timedelta) -> str:
    """`duration` in its largest unit."""
    for unit, size in (
        ("day", timedelta(days=1)),
        ("hour", timedelta(hours=1)),
        ("minute", timedelta(minutes=1)),
    ):
        count = duration // size
        if count:
            return f"{count} {unit}" + ("s" if count > 1 else "")
    return "seconds"
