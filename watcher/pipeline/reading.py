"""An item's text: the feed's own, its page's or its file's, and when to try again for what could not be read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watcher.folding import count_words
from watcher.model import Extracted, Permanent, Temporary
from watcher.novelty import compare, fingerprint
from watcher.pipeline import SourcePort
from watcher.stores.claims import ItemClaim

AUTO_WORDS = 100
"""A feed's own text of so many words is taken as the article (`text = "auto"`)."""

PAGE_TRIES = (timedelta(0), timedelta(minutes=1), timedelta(minutes=5))
"""When a page is tried, counted from the first try, before the summary is judged in its place."""

PAGE_LATER = (
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=6),
    timedelta(hours=12),
)
PAGE_GIVE_UP = timedelta(hours=24)

FILE_TRIES = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=12),
    timedelta(hours=24),
)
"""When a file that could not be read is tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """An item's text as judged. `partial`: only the feed's summary, the page is still wanted."""

    title: str
    text: str
    author: str | None
    published: datetime | None
    language: str | None
    from_page: bool = False
    partial: bool = False
    problem: str = ""
    page_after: timedelta = PAGE_LATER[0]
    """How soon a page that could not be had may be tried again, where `partial`."""


class Postponed(Exception):
    """The text cannot be had now: `due` again, or given up (None). It carries a decision out of the reading."""

    def __init__(self, reason: str, due: datetime | None, tries: int) -> None:
        self.reason = reason
        self.due = due
        self.tries = tries


class Gone(Exception):
    """The page of an alerted article answers 404 or 410."""


def read(claim: ItemClaim, source: SourcePort, now: datetime) -> Reading:
    """The text to judge for an item: the feed's own, the page's, or the file's."""
    entry = claim.entry
    own = Reading(
        title=entry.title,
        text=entry.text,
        author=entry.author,
        published=entry.published,
        language=entry.language,
    )
    if claim.source_kind == "folder":
        return _file(claim, source, own, now)
    if claim.mode == "known" or source.text == "feed" or entry.url is None:
        return own
    if claim.stage == "first" and source.text == "auto" and count_words(entry.text) >= AUTO_WORDS:
        return own
    try:
        page = source.read(claim)
    except (Temporary, Permanent) as failure:
        return _without_page(claim, own, failure, now)
    return _with_page(own, page)


def _file(claim: ItemClaim, source: SourcePort, own: Reading, now: datetime) -> Reading:
    try:
        extracted = source.read(claim)
    except (Temporary, Permanent) as failure:
        waits = FILE_TRIES[claim.tries :]
        due = now + waits[0] if waits else None
        raise Postponed(f"{claim.entry.path}: {failure.reason}", due, claim.tries + 1) from failure
    name = (claim.entry.path or "").rsplit("/", 1)[-1]
    return Reading(
        title=extracted.title or own.title or name,
        text=extracted.text,
        author=extracted.author,
        published=extracted.published or own.published,
        language=extracted.language,
    )


def _without_page(claim: ItemClaim, own: Reading, failure: Temporary | Permanent, now: datetime) -> Reading:
    """The page could not be had: try it again soon; then judge the summary and go on trying for a day."""
    url = claim.entry.url or ""
    reason = failure.reason if failure.reason.startswith(url) else f"{url}: {failure.reason}"
    asked = (failure.retry_after if isinstance(failure, Temporary) else None) or timedelta(0)
    if claim.stage == "again":
        if failure.status in (404, 410):
            raise Gone
        raise Postponed(reason, None, claim.tries)
    if claim.stage == "page":
        wait = max(asked, PAGE_LATER[min(claim.tries, len(PAGE_LATER) - 1)])
        due = now + wait if now + wait - claim.first_seen < PAGE_GIVE_UP else None
        raise Postponed(reason, due, claim.tries + 1)
    tries = claim.tries + 1
    # a server that wants to be left alone for longer must not keep its news from being told
    if isinstance(failure, Temporary) and tries < len(PAGE_TRIES) and asked <= PAGE_TRIES[-1]:
        wait = max(asked, PAGE_TRIES[tries] - PAGE_TRIES[tries - 1])
        raise Postponed(reason, now + wait, tries)
    return replace(own, partial=True, problem=reason, page_after=max(asked, PAGE_LATER[0]))


def _with_page(own: Reading, page: Extracted) -> Reading:
    """The page's text; with the feed's summary before it, where the page lacks it (a cookie wall, a paywall)."""
    text = page.text
    problem = ""
    if count_words(own.text) >= 12:
        missing = compare(fingerprint(own.text), fingerprint(page.text)) is None
        if missing:
            text = f"{own.text}\n\n{page.text}"
        if missing and count_words(page.text) < count_words(own.text):
            problem = "the page is shorter than the feed's summary and lacks it: a cookie wall or paywall?"
    return Reading(
        title=own.title or page.title,
        text=text,
        author=own.author or page.author,
        published=own.published or page.published,
        language=page.language or own.language,
        from_page=True,
        problem=problem,
    )
