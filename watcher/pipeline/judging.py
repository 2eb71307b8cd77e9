"""Judging one item: get its text, look up what is known of it, decide, and write all of it in one transaction."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime

from watcher.model import (
    Fields,
)
from watcher.novelty import (
    of_document,
    title_lines,
)
from watcher.pipeline import Parts, StoryBook
from watcher.pipeline.decision import LOOKS_AGAIN, Decision, Draft, Judged, previous
from watcher.pipeline.kinship import verified
from watcher.pipeline.reading import Gone, Postponed, Reading, read
from watcher.pipeline.stocking import signed
from watcher.stores import Reader, Store
from watcher.stores.claims import ItemClaim
from watcher.stores.decisions import NextLook

log = logging.getLogger("watcher")

_computing = threading.Lock()
"""Held while a text is compared: threads that compute at once only take the interpreter from one another, which cost
a tenth of the daemon's CPU."""


def judge_item(
    claim: ItemClaim, parts: Parts, store: Store, stories: StoryBook, now: Callable[[], datetime]
) -> Judged:
    """Judge one claimed item; everything decided stands in the store when this returns."""
    source = parts.sources.get(claim.source_key)
    title = claim.entry.title or claim.entry.path or claim.entry.url or ""
    at = now()
    if source is None:
        store.write(lambda w: w.postpone(claim, "its source left the config", due=None, tries=claim.tries))
        return Judged(title, "its source left the config")
    removed = False
    try:
        reading = read(claim, source, at)
    except Postponed as later:
        reason, due, tries = later.reason, later.due, later.tries
        if claim.stage == "first":
            if claim.source_kind == "folder" and not claim.tries:
                # whoever has just put it there should not have to ask
                log.warning("%s: %s", claim.source, reason)
            store.write(lambda w: w.postpone(claim, reason, due=due, tries=tries))
        else:
            following = _look_again(claim, at) if claim.stage == "again" else _later(claim, due, tries)
            store.write(lambda w: w.finish(claim, article=None, next_look=following, reason=reason))
        return Judged(title, f"not read: {reason}")
    except Gone:
        removed = True
        reading = _as_judged(claim, store.read)
    if claim.previous is not None and not removed and _unchanged(claim, reading, store.read):
        following = _look_again(claim, at) if reading.from_page else None
        store.write(lambda w: w.finish(claim, article=None, next_look=following))
        return Judged(title, "unchanged")
    draft = draft_of(claim, reading, parts, source.watchlists, store.read)
    # the time of the decision is that of its transaction: what reports of one story wait for must not differ
    return store.write(
        lambda w: Decision(claim, reading, draft, parts, stories, now=now(), removed=removed).write(w)
    )


def _later(claim: ItemClaim, due: datetime | None, tries: int) -> NextLook | None:
    if due is None:
        return None
    return NextLook(stage=claim.stage, due=due, judgement=claim.judgement, tries=tries, looks=claim.looks)


def _look_again(claim: ItemClaim, now: datetime) -> NextLook | None:
    if claim.stage != "again" or claim.looks >= len(LOOKS_AGAIN):
        return None
    wait = LOOKS_AGAIN[claim.looks] - LOOKS_AGAIN[claim.looks - 1]
    return NextLook(stage="again", due=now + wait, judgement=claim.judgement, looks=claim.looks + 1)


def _unchanged(claim: ItemClaim, reading: Reading, reader: Reader) -> bool:
    before = previous(claim, reader)
    return before is not None and before == (reading.title, reading.text)


def _as_judged(claim: ItemClaim, reader: Reader) -> Reading:
    before = previous(claim, reader) or (claim.entry.title, "")
    entry = claim.entry
    return Reading(
        title=before[0],
        text=before[1],
        author=entry.author,
        published=entry.published,
        language=entry.language,
    )


def draft_of(claim: ItemClaim, reading: Reading, parts: Parts, only: Sequence[str], reader: Reader) -> Draft:
    """Fingerprint and match a text, and verify its look-alikes on a snapshot. `only`: see `SourcePort.watchlists`."""
    text = reading.text if reading.text.strip() else ""
    fields = Fields(
        title=reading.title,
        body=text,
        source=claim.source,
        author=reading.author or "",
        url=claim.entry.url or "",
        lang=reading.language or "",
    )
    with _computing:
        shape = of_document(text, reading.title)
        sample = signed(shape.sample.tolist())
        matches = tuple(m for m in parts.match(fields) if not only or m.watchlist in only)
        lines = title_lines(text, matches)
    found = reader.look_up(sample)
    with _computing:
        kin = verified(shape, found, items=claim.items)
    return Draft(
        title=reading.title,
        text=text,
        shape=shape,
        sample=sample,
        matches=matches,
        found=found,
        kin=kin,
        lines=lines,
    )
