"""What a store gives to be worked on: sources to poll, items to judge, deliveries to send, each under a lease."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from watcher.alert import Content
from watcher.model import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSpec:
    """A source as the config names it. `key` is its identity (normalised URL or path), the name a label."""

    key: str
    kind: Literal["feed", "folder"]
    name: str
    group: str = ""
    host: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceClaim:
    """A source to poll now."""

    id: int
    token: int
    key: str
    kind: Literal["feed", "folder"]
    name: str
    cursor: dict[str, Any]
    baseline: bool
    """No poll has succeeded yet, or none for 7 days: what it gives is known, not news, but for `catch_up`."""
    failures: int
    moved_to: str | None
    last_success: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemClaim:
    """An item to judge now. `judgement` counts from 0; each later text of the item is one more."""

    id: int
    token: int
    key: str
    """Source key and entry key: what ids are derived from."""
    source_id: int
    source_key: str
    source_kind: Literal["feed", "folder"]
    source: str
    outlet: str
    entry: Entry
    judgement: int
    stage: Literal["first", "page", "again"]
    """first: nothing judged yet or a revision came; page: the summary was judged, the page is still wanted;
    again: the page of an alerted article is looked at once more."""
    tries: int
    mode: Literal["news", "catch-up", "known"]
    first_seen: datetime
    previous: str | None = None
    """The article id of this item's last judgement."""
    looks: int = 0
    earlier: int | None = None
    """The item that this one is the next take of: a wire's update of its flash. `previous` is then an article of it."""

    @property
    def items(self) -> frozenset[int | None]:
        """The items whose earlier texts are this one's own."""
        return frozenset({self.id, self.earlier or self.id})


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryClaim:
    """A delivery to send now. `body` is what an earlier try rendered, sent again unchanged."""

    id: str
    token: int
    channel: str
    recipient: str
    content: Content
    body: bytes | None
    sequence: int
    attempts: int
    created: datetime
    thread_ids: tuple[str, ...] = ()
