"""An alert as JSON: the body that webhooks and programs get, cut to a size that receivers take.

The shape is a contract: `templates/webhook.schema.json` states it, a test holds it.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from watcher.alert import Alert, Bundle, Content, LookAlikeNote, Notice, Outgoing
from watcher.display import sound

LIMIT = 20_000
"""Bytes a body stays under: Standard Webhooks advises receivers to expect no more than 20 kB."""
ENVELOPE = 1_500
"""Bytes kept free for what stands around an alert's data: type, times, ids, a bundle's own fields."""
HELD_REASONS_SHOWN = 6

# Longest strings, in characters; an article may carry a title of any size.
_TITLE, _SOURCE, _LANGUAGE, _URL = 1_000, 200, 35, 2_000
_SUMMARY, _TERM, _SNIPPET, _PASSAGE, _CHANGE, _CHAT = 300, 200, 1_000, 4_000, 2_000, 2_000
# What gives way first when an alert is too long: what a receiver can fetch again by `watcher why` before the hits.
_LISTS = ("novel", "look_alikes", "carried_by", "changes", "hits", "conditions", "watchlists")


def stamp(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC with a Z, to the second."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def data(content: Content) -> dict[str, Any]:
    """The `data` of a body: an alert's fields, a bundle's alerts (each with its `id`), or a notice."""
    if isinstance(content, Alert):
        return _alert(content)
    if isinstance(content, Bundle):
        return {
            "reason": "roll-up" if content.reason == "group" else content.reason,
            "alerts": [{"id": _cut(alert.id, _TERM), **_alert(alert)} for alert in content.alerts],
            "part": content.part,
            "parts": content.parts,
            "held": [
                {"reason": _cut(reason, _TERM), "count": count}
                for reason, count in content.held[:HELD_REASONS_SHOWN]
            ],
            "health": _cut(content.health, _TERM),
        }
    return {
        "subject": _cut(content.subject, _TITLE),
        "text": _cut(content.text, _PASSAGE),
        "at": stamp(content.at),
    }


def body(outgoing: Outgoing) -> bytes:
    """The whole body as UTF-8 (`fields`)."""
    return _encode(fields(outgoing))


def body_with_text(outgoing: Outgoing, text: str) -> bytes:
    """The body and, at its end, `text` (at most 2,000 characters): what chat services show of JSON they do not know."""
    return _encode({**fields(outgoing), "text": _cut(text, _CHAT)})


def fields(outgoing: Outgoing) -> dict[str, Any]:
    """The whole body: `{"type","timestamp","id","sequence","data"}`, the same for every attempt."""
    kinds = {Alert: "alert", Bundle: "bundle", Notice: "health"}
    return {
        "type": kinds[type(outgoing.content)],
        "timestamp": stamp(outgoing.created),
        "id": outgoing.id,
        "sequence": outgoing.sequence,
        "data": data(outgoing.content),
    }


def split(bundle: Bundle) -> list[Bundle]:
    """`bundle` as parts that each stay under `LIMIT` as JSON. No alert is left out, none cut for another's sake."""
    groups: list[list[Alert]] = [[]]
    room = LIMIT - ENVELOPE
    for alert in bundle.alerts:
        size = len(_encode({"id": _cut(alert.id, _TERM), **_alert(alert)})) + 1
        if groups[-1] and size > room:
            groups.append([])
            room = LIMIT - ENVELOPE
        groups[-1].append(alert)
        room -= size
    return [
        dataclasses.replace(bundle, alerts=tuple(alerts), part=number, parts=len(groups))
        for number, alerts in enumerate(groups, start=1)
    ]


# --------------------------------------------------------------------------- one alert


def _encode(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _cut(text: str, limit: int) -> str:
    text = sound(text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _alert(alert: Alert) -> dict[str, Any]:
    """An alert's fields; where lists or texts had to give way, `truncated` names each with how much is left out."""
    article = alert.article
    fields: dict[str, Any] = {
        "verdict": alert.verdict,
        "watchlists": [_cut(name, _TERM) for name in alert.watchlists],
        "article": {
            "id": _cut(article.id, _TERM),
            "title": _cut(article.title, _TITLE),
            "url": _address(article.url),
            "source": _cut(article.source, _SOURCE),
            "published": stamp(article.published),
            "found": stamp(article.found),
            "language": None if article.language is None else _cut(article.language, _LANGUAGE),
            "summary": _cut(article.summary, _SUMMARY),
        },
        "hits": list(_hits(alert)),
        "novel": [_passage(passage.start, passage.end, passage.text) for passage in alert.novel],
        "changes": [
            {"before": _cut(c.before, _CHANGE), "after": _cut(c.after, _CHANGE)} for c in alert.changes
        ],
        "look_alikes": [_look_alike(note) for note in alert.look_alikes],
        "carried_by": [_look_alike(note) for note in alert.carried_by],
        "story": None,
        "conditions": [
            {"watchlist": _cut(w, _TERM), "condition": _cut(c, _SNIPPET)} for w, c in alert.conditions
        ],
        "new_words": alert.new_words,
        "words": alert.words,
        "reason": _cut(alert.reason, _SNIPPET),
    }
    if alert.story is not None:
        story = alert.story
        fields["story"] = {
            "id": _cut(story.id, _TERM),
            "first_seen": stamp(story.first_seen),
            "articles": story.articles,
            "outlets": story.outlets,
            "texts": story.texts,
        }
    left_out = _shortened(alert)
    _shrink(fields, left_out)
    if left_out:
        fields["truncated"] = left_out
    return fields


def _hits(alert: Alert) -> Iterator[dict[str, Any]]:
    for hit in alert.hits:
        yield {
            "watchlist": _cut(hit.watchlist, _TERM),
            "term": _cut(hit.term, _TERM),
            "concept": None if hit.concept is None else _cut(hit.concept, _TERM),
            "field": _cut(hit.field, _TERM),
            "snippet": _cut(hit.snippet, _SNIPPET),
            "start": hit.start,
            "end": hit.end,
            "novel": hit.novel,
        }


def _passage(start: int, end: int, text: str) -> dict[str, Any]:
    """A passage that quotes exactly: where its text is cut, its end moves with it."""
    kept = sound(text[:_PASSAGE])
    return {"start": start, "end": end if len(kept) == len(text) else start + len(kept), "text": kept}


def _look_alike(note: LookAlikeNote) -> dict[str, Any]:
    return {
        "url": _address(note.url),
        "title": _cut(note.title, _TERM),
        "source": _cut(note.source, _SOURCE),
        "containment": round(note.containment, 3),
    }


def _address(url: str | None) -> str | None:
    """An address is whole or absent: half of one leads somewhere else."""
    return sound(url) if url is not None and len(url) <= _URL else None


def _shortened(alert: Alert) -> dict[str, int]:
    """Texts that were too long, with the characters left out."""
    article = alert.article
    cuts = {
        "article.title": len(article.title) - _TITLE,
        "article.url": len(article.url or "") - _URL,
        "article.source": len(article.source) - _SOURCE,
        "hits.snippet": max((len(hit.snippet) for hit in alert.hits), default=0) - _SNIPPET,
        "novel.text": max((len(passage.text) for passage in alert.novel), default=0) - _PASSAGE,
        "changes.text": max((len(c.before + c.after) for c in alert.changes), default=0) - _CHANGE,
    }
    return {name: over for name, over in cuts.items() if over > 0}


def _shrink(fields: dict[str, Any], left_out: dict[str, int]) -> None:
    """Drop from the ends of the longest lists until the alert fits, counting what was dropped by list."""
    room = LIMIT - ENVELOPE
    while len(_encode({**fields, "truncated": left_out})) > room:
        sizes = {
            name: len(_encode(fields[name]))
            for name in _LISTS
            if len(fields[name]) > (name in {"hits", "watchlists"})
        }
        if not sizes:
            return
        longest = max(sizes, key=sizes.__getitem__)
        keep = (
            len(fields[longest]) * 3 // 4
            if longest not in {"hits", "watchlists"}
            else max(1, len(fields[longest]) * 3 // 4)
        )
        left_out[longest] = left_out.get(longest, 0) + len(fields[longest]) - keep
        fields[longest] = fields[longest][:keep]
