"""A feed: RSS, Atom or JSON Feed over HTTP, asked politely."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from watcher import timing, urls
from watcher.model import Permanent, Scan, Temporary, WatcherError, WorkerLost
from watcher.secret import Secret
from watcher.sources.body import Parsed, parse
from watcher.urls import canonical, normalise

if TYPE_CHECKING:
    from watcher.net import Net, Response
    from watcher.sandbox import Workers

__all__ = ["DEADLINE", "LIMIT", "Feed", "canonical", "normalise", "parse", "scan"]

LIMIT = 10 * 2**20
"""Bytes of a feed's decoded body."""
DEADLINE = timedelta(seconds=30)
"""For one poll, redirects and body included."""
LONGEST_FLOOR = timedelta(hours=24)
"""However rarely a feed wants to be asked, it is asked once a day."""

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/rdf+xml, application/feed+json, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.5"
)
NOT_MODIFIED, GONE, TOO_MANY, OVERLOADED = 304, 410, 429, 503
_OF_ADDRESS = frozenset({"moved_to", "answered", "etag", "modified"})
"""What a cursor knows of the address that answered, rather than of the feed."""
_VALIDATOR = 1_000
"""Characters of an ETag or Last-Modified worth keeping."""
_SAMPLE = 16
"""Keys remembered of a body, the smallest by hash: enough to tell whether two bodies overlap at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A `[[feeds]]` table."""

    url: str
    name: str = ""
    group: str = ""
    every: timedelta | None = None
    text: Literal["auto", "feed", "page"] = "auto"
    strip: tuple[str, ...] = ()
    headers: dict[str, str | Secret] = field(default_factory=dict)
    timezone: str = ""
    enabled: bool = True
    watchlists: tuple[str, ...] = ()
    """Only these watchlists look at this source; all where empty."""


def scan(
    feed: Feed, cursor: dict[str, Any], *, net: Net, workers: Workers, now: datetime, zone: tzinfo
) -> Scan:
    """Ask for the feed if it changed since `cursor`, and read it in a worker.

    `zone` reads dates without one, where the feed names no `timezone`. Raises
    Temporary (network, status, not a feed, too slow to parse; with what
    Retry-After asked for) and Permanent (410: `gone`; an address the guard
    refuses; a body over 10 MiB). `cursor` is then still the one to come back with.
    """
    response, following = _ask(feed, cursor, net, now)
    moved = following.get("moved_to")
    digest = hashlib.sha256(response.body).hexdigest()
    # the hash, not the ETag, says whether a body is known: some servers change one without the other
    if response.status == NOT_MODIFIED or digest == cursor.get("hash"):
        return Scan(cursor=following, unchanged=True, moved_to=moved, floor=_floor(response, cursor))
    parsed = _parse(feed, response, workers, now, zone)
    sample = _sample(parsed)
    following |= {
        "hash": digest,
        "pace": parsed.pace.total_seconds() if parsed.pace is not None else None,
        "newest": _latest(cursor.get("newest"), parsed.newest),
        "sample": sample[:_SAMPLE],
    }
    return Scan(
        cursor=following,
        entries=parsed.entries,
        moved_to=moved,
        floor=_floor(response, following),
        problems=parsed.problems,
        missed=_missed(cursor, parsed, sample),
    )


# --------------------------------------------------------------------------- asking


def _ask(feed: Feed, cursor: dict[str, Any], net: Net, now: datetime) -> tuple[Response, dict[str, Any]]:
    """The answer (200 or 304) and the cursor with its validators.

    A feed that moved is asked there; if that fails, where it was configured.
    """
    moved = cursor.get("moved_to")
    if not isinstance(moved, str):
        return _get(feed, feed.url, cursor, net, now)
    try:
        return _get(feed, moved, cursor, net, now)
    except (Temporary, Permanent) as failure:
        if failure.status in {TOO_MANY, OVERLOADED}:
            raise
        without = {name: value for name, value in cursor.items() if name not in _OF_ADDRESS}
        try:
            return _get(feed, feed.url, without, net, now)
        except (Temporary, Permanent):
            raise failure from None


def _get(
    feed: Feed, url: str, cursor: dict[str, Any], net: Net, now: datetime
) -> tuple[Response, dict[str, Any]]:
    headers = own_headers(feed) if urls.same_site(feed.url, url) else {}
    if not any(name.lower() == "accept" for name in headers):
        headers["Accept"] = ACCEPT
    validators = {
        header: cursor[name]
        for name, header in (("etag", "If-None-Match"), ("modified", "If-Modified-Since"))
        if isinstance(cursor.get(name), str)
    }
    response = net.get(url, headers=headers | validators, limit=LIMIT, deadline=DEADLINE)
    if response.status == NOT_MODIFIED and response.url != cursor.get("answered"):
        # the validators are those of another address: a redirect leads elsewhere now
        response = net.get(url, headers=headers, limit=LIMIT, deadline=DEADLINE)
    _judge(response, now, known=response.url == cursor.get("answered"))
    following = _seen(cursor, response)
    moved = _moved(feed, response)
    if moved is not None:
        following["moved_to"] = moved
    return response, following


def own_headers(feed: Feed) -> dict[str, str]:
    """The headers the config sets, secrets revealed."""
    try:
        return {
            name: value.reveal() if isinstance(value, Secret) else value
            for name, value in feed.headers.items()
        }
    except WatcherError as error:
        raise Permanent(f"{urls.shown(feed.url)}: headers: {error}") from error


_MEANINGS = {
    400: "it does not understand the request",
    401: 'it wants a login; give one with headers = { Authorization = { env = "NAME" } }',
    403: "it refuses to be read by programs",
    404: "nothing is there; check the address in a browser",
    406: "it has no feed in a form watcher reads",
    429: "it is asked too often",
    451: "withheld for legal reasons",
    503: "it is overloaded or under repair",
}


def _judge(response: Response, now: datetime, *, known: bool) -> None:
    """Raise what the status means unless it is an answer to go on with."""
    status, shown = response.status, urls.shown(response.url)
    if status in {200, 203} or (status == NOT_MODIFIED and known):
        return
    if status == GONE:
        raise Permanent(
            f"{shown} answered 410: the feed is gone for good; remove it from the config",
            gone=True,
            status=status,
        )
    wait = timing.retry_after(response.headers.get("retry-after", ""), now)
    meaning = _MEANINGS.get(status, "")
    if status == NOT_MODIFIED:
        meaning = "not modified, though nothing of it is known yet"
    reason = f"{shown} answered {status}" + (f": {meaning}" if meaning else "")
    raise Temporary(reason, retry_after=wait, status=status)


# --------------------------------------------------------------------------- reading


def _parse(feed: Feed, response: Response, workers: Workers, now: datetime, zone: tzinfo) -> Parsed:
    shown = urls.shown(response.url)
    if not response.body.strip():
        raise Temporary(f"{shown} gave an empty body, no feed", status=response.status)
    here = ZoneInfo(feed.timezone) if feed.timezone else zone
    content_type = response.headers.get("content-type", "")
    try:
        parsed: Parsed = workers.run(
            parse, response.body, content_type, response.url, here, now.astimezone(UTC)
        )
    except WorkerLost as error:
        raise WorkerLost(f"{shown} could not be parsed: {error.reason}") from error
    except Permanent as error:
        # what cannot be read today may be another body tomorrow
        raise Temporary(f"{shown} could not be parsed: {error.reason}", status=response.status) from error
    return parsed


def _moved(feed: Feed, response: Response) -> str | None:
    """The new address after permanent redirects. One that gives up encryption is not remembered."""
    target = response.permanent_url
    if target is None or normalise(target) == normalise(feed.url):
        return None
    if feed.url.lower().startswith("https:") and not target.lower().startswith("https:"):
        return None
    return target


def _seen(cursor: dict[str, Any], response: Response) -> dict[str, Any]:
    """`cursor` with this answer's validators. A 304 may leave out what it does not change; a 200 states them all."""
    following = {**cursor, "answered": response.url}
    for name, header in (("etag", "etag"), ("modified", "last-modified")):
        value = response.headers.get(header, "")
        if value and len(value) <= _VALIDATOR:
            following[name] = value
        elif response.status != NOT_MODIFIED:
            following.pop(name, None)
    return following


# --------------------------------------------------------------------------- how soon again


def _max_age(response: Response) -> timedelta | None:
    control = response.headers.get("cache-control", "").lower()
    if re.search(r"\bno-(?:cache|store)\b", control):
        return None
    found = re.search(r"(?:^|[,\s])max-age\s*=\s*\"?(\d{1,9})", control)
    return timedelta(seconds=int(found.group(1))) if found is not None else None


def _floor(response: Response, cursor: dict[str, Any]) -> timedelta | None:
    """The longest of what the server's cache rule and the feed itself ask for, at most a day."""
    pace = cursor.get("pace")
    asked = [
        timedelta(seconds=pace) if isinstance(pace, int | float) else None,
        _max_age(response),
    ]
    wishes = [wish for wish in asked if wish]
    return min(max(wishes), LONGEST_FLOOR) if wishes else None


# --------------------------------------------------------------------------- what went by unseen


def _sample(parsed: Parsed) -> list[int]:
    """A hash of 32 bits for each key, in rising order."""
    return sorted(
        int.from_bytes(hashlib.blake2b(entry.key.encode("utf-8", "replace"), digest_size=4).digest())
        for entry in parsed.entries
    )


def _missed(cursor: dict[str, Any], parsed: Parsed, sample: list[int]) -> bool:
    """Whether entries went by unseen: all are newer than the newest seen before, and none was there then.

    The second half is for feeds that write a new date on every entry each time.
    """
    newest = _stamp(cursor.get("newest"))
    if newest is None or parsed.oldest is None or parsed.oldest <= newest:
        return False
    return not set(cursor.get("sample") or ()) & set(sample)


def _latest(before: object, newest: datetime | None) -> str | None:
    known = [stamp for stamp in (_stamp(before), newest) if stamp is not None]
    return max(known).isoformat() if known else None


def _stamp(value: object) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else None
