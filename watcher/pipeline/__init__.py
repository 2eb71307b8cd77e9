"""The story: poll a source, judge an item (`judging`), deliver what is owed (`delivering`).

Each verb can be repeated without harm: claim (the engine does), work outside any
transaction, one transaction that keeps the result only while the lease is
still ours. Nothing is announced that was not first written down.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from watcher import timing
from watcher.alert import Outgoing
from watcher.model import Extracted, Fields, Match, Permanent, Scan, Temporary
from watcher.stores import Store
from watcher.stores.claims import ItemClaim, SourceClaim
from watcher.watchlist.rule import Watchlist

MISSED = "entries went by unseen: more came than the feed shows at once; it is polled twice as often until they do not"
"""What stands with a source whose last look found that its oldest entry is newer than the newest seen before."""

SECOND_LOOK = timedelta(seconds=2)
"""A folder that holds a file seen only once is looked at again this soon: it must have held still in between."""


class SourcePort(Protocol):
    """What the pipeline needs of one configured source."""

    @property
    def every(self) -> timedelta:
        """How often it is polled."""
        ...

    @property
    def text(self) -> str:
        """Where an article's text comes from: auto, feed or page."""
        ...

    @property
    def watchlists(self) -> tuple[str, ...]:
        """The only watchlists that look at it; all where empty."""
        ...

    def scan(self, claim: SourceClaim, now: datetime) -> Scan:
        """One look at the source. Raises Temporary or Permanent."""
        ...

    def read(self, claim: ItemClaim) -> Extracted:
        """The text of an item's page or file. Raises Temporary or Permanent."""
        ...


class ChannelPort(Protocol):
    """What the pipeline needs of one configured channel."""

    @property
    def kind(self) -> str:
        """email, webhook, maildir, console, command or apprise."""
        ...

    @property
    def recipients(self) -> tuple[str, ...]:
        """Who gets a delivery each."""
        ...

    def render(self, outgoing: Outgoing, *, plainly: bool = False) -> bytes:
        """The body, frozen when first rendered; `plainly` without the user's template.

        Raises `Misworded` where the template cannot be used.
        """
        ...

    def send(self, outgoing: Outgoing, body: bytes, now: datetime) -> str:
        """Send; a short receipt. Raises Temporary or Permanent."""
        ...


class StoryBook(Protocol):
    """What the pipeline needs of `watcher.novelty.stories`."""

    def add(self, document_id: int, story_id: str, title: str, text: str, at: datetime) -> None:
        """Take a report into a story."""
        ...

    def find(self, title: str, text: str, at: datetime) -> str | None:
        """The story a report belongs to; None for a new one."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything of one config that the verbs work with; a reload makes a new one."""

    sources: Mapping[str, SourcePort]
    """By source key."""
    channels: Mapping[str, ChannelPort]
    rules: Mapping[str, Watchlist]
    match: Callable[[Fields], Sequence[Match]]
    zone: ZoneInfo
    catch_up: timedelta
    group_wait: timedelta


@dataclass(frozen=True, slots=True)
class Polled:
    """What a poll came to, for the log and the counters."""

    source: str
    fresh: int = 0
    unchanged: bool = False
    unsettled: bool = False
    error: str = ""


def poll(claim: SourceClaim, parts: Parts, store: Store, now: Callable[[], datetime]) -> Polled:
    """Scan one source and keep what is new in it, or record why that failed and when it is tried again."""
    source = parts.sources.get(claim.key)
    if source is None:
        # removed by a reload between claim and poll: `register` has taken it off the list
        return Polled(claim.name)
    at = now()
    every = source.every
    try:
        scan = source.scan(claim, at)
    except (Permanent, Temporary) as failure:
        gone = isinstance(failure, Permanent) and failure.gone
        floor = failure.retry_after if isinstance(failure, Temporary) else None
        failures = claim.failures + 1
        due = timing.next_poll(every=every, now=at, failures=failures, floor=floor, seed=claim.key)
        reason = failure.reason
        store.write(lambda w: w.fail(claim, reason, now=at, due=None if gone else due))
        return Polled(claim.name, error=reason)
    due = timing.next_poll(every=every, now=at, floor=scan.floor, seed=claim.key, missed=scan.missed)
    if scan.missed:
        scan = replace(scan, problems=(*scan.problems, MISSED))
    if scan.unsettled:
        due = min(due, at + SECOND_LOOK)
    fresh = store.write(lambda w: w.keep(claim, scan, now=at, due=due, catch_up=parts.catch_up))
    return Polled(claim.name, fresh=fresh or 0, unchanged=scan.unchanged, unsettled=scan.unsettled)
