"""What the corpus is made of: stored texts or their fingerprints, and what a look-up gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Origin = Literal["seed", "added", "baseline", "article"]
"""Where a document came from. All but `article` are known to every watchlist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A stored text, or its fingerprint only. `shape` is `Fingerprint.to_bytes()`."""

    id: int
    article: str | None
    origin: Origin
    title: str
    url: str | None
    source: str
    outlet: str
    published: datetime | None
    stored: datetime
    words: float
    cluster: int
    story: str | None
    shape: bytes
    item: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDocument:
    """A document to store. `key` makes storing it twice harmless. `cluster` None: a cluster of its own."""

    key: str
    origin: Origin
    title: str
    text: str | None
    shape: bytes
    sample: Sequence[int]
    """Signed 64-bit hashes to index."""
    words: float
    url: str | None = None
    source: str = ""
    outlet: str = ""
    published: datetime | None = None
    language: str | None = None
    article: str | None = None
    item: int | None = None
    cluster: int | None = None
    story: str | None = None
    title_key: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What a look-up of sample hashes gave: documents by shared hashes (most first), and boilerplate hashes."""

    documents: tuple[Document, ...]
    boilerplate: frozenset[int]
    newest: int
    """The highest document id the look-up could see."""
