"""What people and commands are shown of a store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from watcher.alert import Alert
from watcher.model import Span
from watcher.stores.decisions import ArticleRow, MatchRow


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    """A source's health. `state`: ok, waiting (never polled), failing, gone (410), removed (not in the config)."""

    id: int
    key: str
    kind: str
    name: str
    group: str
    state: str
    last_attempt: datetime | None
    last_success: datetime | None
    next_poll: datetime | None
    failures: int
    failing_since: datetime | None
    error: str | None
    problems: tuple[str, ...]
    items: int
    pending: int
    newest: datetime | None
    moved_to: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertView:
    """An alert, or (held) a match that did not alert, and why. `state`: sent, due, held, dead, silent, muted."""

    id: str
    article: str
    created: datetime
    state: str
    verdict: str
    watchlists: tuple[str, ...]
    title: str
    url: str | None
    source: str
    reason: str
    story: str | None
    deliveries: int = 0
    until: datetime | None = None
    alert: Alert | None = None
    muted: tuple[tuple[str, str], ...] = ()
    """Watchlists that are not told, each with the mute that says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try at a delivery."""

    at: datetime
    outcome: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryView:
    """A delivery. `state`: due, held, bundled, done, dead, muted."""

    id: str
    kind: str
    channel: str
    recipient: str
    state: str
    hold: str | None
    created: datetime
    due: datetime | None
    attempts: int
    reason: str
    subject: str
    alert: str | None
    bundle: str | None
    tries: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleView:
    """A stored article with everything decided about it. `text` is None once past `keep_text`."""

    row: ArticleRow
    text: str | None
    matches: tuple[MatchRow, ...]
    alert: Alert | None
    alert_state: str | None
    deliveries: tuple[DeliveryView, ...]
    item_key: str
    path: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredText:
    """A stored article as `backtest` and `check --stored` run over it."""

    article: str
    title: str
    text: str
    url: str | None
    source: str
    author: str | None
    language: str | None
    found: datetime
    alerted: tuple[str, ...]
    """The watchlists it alerted."""
    document: int
    story: str | None
    novel: tuple[Span, ...]
    matched: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedText:
    """A document that was given as known (the config's `corpus`, `corpus add`), with its text. None was ever judged."""

    id: str
    title: str
    text: str
    url: str | None
    source: str
    language: str | None


@dataclass(frozen=True, slots=True)
class StoryText:
    """A document that belongs to a story, an article or one that was added, with its text."""

    document: int
    story: str
    title: str
    text: str
    at: datetime
    """When it was published, else when it was stored."""


@dataclass(frozen=True, slots=True)
class Take:
    """An article as far as its next take is told by it."""

    article: str
    item: int
    title: str
    story: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelState:
    """A channel's breaker: `failures` in a row; open until `retry` where open; disabled for good with `reason`."""

    name: str
    failures: int = 0
    retry: datetime | None = None
    disabled: bool = False
    reason: str = ""
    since: datetime | None = None
    probes: int = 0
    waiting: int = 0
    template: str = ""
    """What is wrong with its template; empty where nothing is, or there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What the store holds."""

    documents: int
    articles: int
    alerts: int
    bytes: int
    text_bytes: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class Due:
    """The earliest time something of each verb is due; None: nothing is."""

    poll: datetime | None = None
    judge: datetime | None = None
    deliver: datetime | None = None
    bundle: datetime | None = None
