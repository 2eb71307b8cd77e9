"""The daemon's own messages: what is wrong with sources, told once to everybody who gets alerts."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo

from watcher import health
from watcher.alert import Notice
from watcher.health import SourceHealth
from watcher.model import Permanent, Temporary
from watcher.net import Net
from watcher.pipeline import MISSED, Parts, notices
from watcher.stores import Reader, Store

log = logging.getLogger("watcher")

PING_DEADLINE = timedelta(seconds=10)


def sources(reader: Reader) -> list[SourceHealth]:
    """How each configured source does, as the rules of `watcher.health` want it."""
    gaps = reader.publication_times()
    return [
        SourceHealth(
            name=view.name,
            kind="feed" if view.kind == "feed" else "folder",
            failures=view.failures,
            failing_since=view.failing_since,
            last_success=view.last_success,
            error=view.error or "",
            gone=view.state == "gone",
            newest=view.newest,
            usual_gap=health.usual_gap(gaps.get(view.id, ())),
            missed=MISSED in view.problems,
            problems=view.problems,
        )
        for view in reader.sources()
        if view.state != "removed"
    ]


def summary(reader: Reader, parts: Parts, now: datetime) -> str:
    """One line on the feeds, as bundles end."""
    return health.summary(now, sources(reader), zone=parts.zone)


def tell(store: Store, parts: Parts, now: datetime) -> int:
    """Owe a notice for each trouble that is news; how many troubles those are.

    A notice's id is that of its trouble, so one that was owed before is not owed again.
    """
    news = [finding for finding in health.judge(now, sources(store.read)) if finding.news]
    if news:
        told = [_notice(finding, parts.zone, now) for finding in news]
        owing = [
            delivery
            for notice in told
            for name in _readers(parts)
            for delivery in notices.owed(notice, name, parts.channels[name].recipients, now)
        ]
        store.write(lambda w: w.post(owing))
    return len(news)


def ping(net: Net, address: str) -> None:
    """Ask the user's dead-man's switch; that it cannot be reached is said, and is no trouble of watcher's."""
    try:
        answer = net.get(address, limit=65_536, deadline=PING_DEADLINE)
    except (Temporary, Permanent) as failure:
        log.warning("heartbeat: %s", failure.reason)
        return
    if answer.status >= 400:
        log.warning("heartbeat: it answered %d", answer.status)


def _notice(finding: health.Finding, zone: tzinfo, now: datetime) -> Notice:
    since = f"\n\nSince {finding.since.astimezone(zone):%Y-%m-%d %H:%M %Z}." if finding.since else ""
    text = (
        f"{finding.message}{since}\n\n`watcher sources` shows every source. Nothing else is held up by this."
    )
    return Notice(subject=finding.message[:200], text=text, at=now, occasion=finding.key)


def _readers(parts: Parts) -> Sequence[str]:
    """The channels that alerts go through."""
    named = {name for rule in parts.rules.values() for name in rule.channels}
    return [name for name in parts.channels if name in named]
