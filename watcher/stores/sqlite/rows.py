"""How values stand in rows: times as sortable text, structures as JSON."""

from __future__ import annotations

import functools
import json
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter

from watcher.alert import Content
from watcher.model import Entry


def stamp(when: datetime) -> str:
    """`when` (aware) as ISO 8601 text in UTC with microseconds, which sorts as time does."""
    if when.tzinfo is not UTC:
        when = when.astimezone(UTC)
    return when.isoformat(timespec="microseconds")


def stamp_or_none(when: datetime | None) -> str | None:
    """As `stamp`, None for None."""
    return None if when is None else stamp(when)


def when(text: str) -> datetime:
    """The time a `stamp` stands for."""
    return datetime.fromisoformat(text)


def when_or_none(text: str | None) -> datetime | None:
    """As `when`, None for None."""
    return None if text is None else datetime.fromisoformat(text)


def dumps(value: Any) -> str:
    """Compact JSON, non-ASCII kept."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@functools.cache
def _entry() -> TypeAdapter[Entry]:
    return TypeAdapter(Entry)


@functools.cache
def _content() -> TypeAdapter[Content]:
    return TypeAdapter(Content)


def entry_to_json(entry: Entry) -> str:
    """An entry as kept with its item."""
    return _entry().dump_json(entry, exclude_defaults=True).decode()


def entry_from_json(text: str) -> Entry:
    """The entry of an item row."""
    return _entry().validate_json(text)


def content_to_json(content: Content) -> str:
    """An alert, bundle or notice as frozen in its delivery."""
    return _content().dump_json(content).decode()


def content_from_json(text: str) -> Content:
    """The content of a delivery row."""
    return _content().validate_json(text)
