"""What is told: alerts, bundles of them, notices, and the notes they are made of, as frozen values.

Apart from the other nouns because what matches an article needs none of these,
and their classes take as long to make as those of the whole query language.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from watcher.model import Span, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleNote:
    """The article an alert is about. `summary`: the first 300 characters of its text; `found`: when it was judged."""

    id: str
    title: str
    url: str | None
    source: str
    published: datetime | None
    language: str | None
    summary: str
    found: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HitNote:
    """One hit as shown: the sentence around it and the spans within `snippet` to set in bold."""

    watchlist: str
    term: str
    concept: str | None
    field: str
    snippet: str
    start: int
    end: int
    marks: tuple[Span, ...] = ()
    novel: bool = True
    subject: bool = True
    """False for context (`all`) and for cues."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of the article's text."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """A sentence before and after a revision; an empty `after` says it was removed, an empty `before` added."""

    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAlikeNote:
    """A stored document that shares text with the article. `containment`: the article's share that stands there."""

    url: str | None
    title: str
    source: str
    containment: float
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryNote:
    """The story a report belongs to: counts include this report. `texts`: independent texts (clusters of copies)."""

    id: str
    first_seen: datetime
    articles: int
    outlets: int
    texts: int
    first_source: str = ""
    first_title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What is told about one article: frozen when it is decided, kept as JSON, rendered by `watcher.message.mail`."""

    id: str
    verdict: Verdict
    watchlists: tuple[str, ...]
    article: ArticleNote
    hits: tuple[HitNote, ...]
    novel: tuple[Passage, ...] = ()
    changes: tuple[Change, ...] = ()
    look_alikes: tuple[LookAlikeNote, ...] = ()
    story: StoryNote | None = None
    conditions: tuple[tuple[str, str], ...] = ()
    """Each watchlist with what held, in the user's words."""
    new_words: float = 0
    words: float = 0
    reason: str = ""
    """Why it alerts, in one line."""
    carried_by: tuple[LookAlikeNote, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Alerts that were held until one time, for one recipient. `held`: counts of what was not alerted, by reason."""

    reason: str
    """quiet, digest, catch-up, roll-up, brake, follow-up (the commonest of its members)."""
    alerts: tuple[Alert, ...]
    opened: datetime
    part: int = 1
    parts: int = 1
    held: tuple[tuple[str, int], ...] = ()
    health: str = ""
    """One line: `41 of 44 feeds healthy, 2 failing since …`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """The daemon's own message: a dead channel, a feed that fails, a test."""

    subject: str
    text: str
    at: datetime
    occasion: str = ""
    """What it tells, as a key: each recipient is owed it once. Empty: what a channel gives up is not told elsewhere."""


Content = Alert | Bundle | Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One delivery as a channel gets it. `id` stays the same for every attempt; `sequence` rises per channel."""

    id: str
    channel: str
    recipient: str
    content: Content
    sequence: int
    created: datetime
    """When it was decided; the same for every attempt."""
    thread: str | None = None
    """The delivery id of the first mail of the story to this recipient, when this is a later one."""
    thread_ids: tuple[str, ...] = field(default=())
    """Delivery ids of earlier mails of the story to this recipient, oldest first (for References)."""
