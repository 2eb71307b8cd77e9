"""What will be written of a judgement or of a try at a delivery."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from watcher.alert import Content
from watcher.model import HoldReason, Span, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchRow:
    """A watchlist that holds on an article, whether it alerts, and why or why not."""

    watchlist: str
    alerts: bool
    reason: str
    hits: str
    """JSON list of hits, each with `term`, `concept`, `field`, `start`, `end`, `subject`, `novel`."""
    condition: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleRow:
    """One judgement of an item, as kept."""

    id: str
    item: int
    judgement: int
    document: int
    title: str
    url: str | None
    source_id: int
    source: str
    outlet: str
    author: str | None
    published: datetime | None
    found: datetime
    language: str | None
    words: float
    new_words: float
    verdict: Verdict
    reason: str
    novel: tuple[Span, ...]
    look_alikes: str
    """JSON list: document, id, url, title, source, containment, contained, shared_words, spans."""
    story: str | None
    partial: bool = False
    resurfaced_seed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDelivery:
    """A delivery as decided: due at `due`, or held until then for `hold` (None as `due`: until its bundle opens)."""

    id: str
    channel: str
    recipient: str
    content: Content
    created: datetime
    due: datetime | None
    hold: HoldReason | None = None
    alert: str | None = None
    story: str | None = None
    watchlists: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NextLook:
    """When an item is due again, and for what."""

    stage: Literal["first", "page", "again"]
    due: datetime
    judgement: int
    tries: int = 0
    looks: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What one try at a delivery came to: done, due again at `retry`, or dead; always with the reason."""

    state: Literal["done", "due", "dead"]
    reason: str
    at: datetime
    retry: datetime | None = None
    counts: bool = True
    """False: waited for a broken channel, not an attempt."""
    body: bytes | None = None
