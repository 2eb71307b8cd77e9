"""The entries of a feed's body: RSS, Atom and JSON Feed become `Entry` values.

`parse` runs in a worker process, because 0.2 MB of hostile attributes keep
feedparser busy for 15 s. It imports what it needs when it runs, so that the
main process never loads a parser.
"""

from __future__ import annotations

import hashlib
import html
import io
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from time import struct_time
from typing import Any

from watcher import urls
from watcher.model import Entry, Temporary
from watcher.sources.charset import text_of
from watcher.sources.dates import moment

MAX_ENTRIES = 2_000
MAX_TITLE = 1_000
"""Characters of a title; a longer one is a text in the wrong place."""
MAX_KEY = 500
"""Characters of a GUID kept as it is; a longer one is hashed."""

_PERIODS = {"hourly": 1, "daily": 24, "weekly": 24 * 7, "monthly": 24 * 30, "yearly": 24 * 365}
"""Hours of `sy:updatePeriod` (https://web.resource.org/rss/1.0/modules/syndication/)."""
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]{0,300}\?>")
_INLINE = re.compile(
    r"(?i)</?(?:b|i|em|strong|span|a|br|sup|sub|font|u|p|img|small|mark|wbr|div|q|s|h\d)\b[^<>]{0,2000}>"
)
_LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:[-_]\w+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What stands in a body. `oldest` and `newest` are of the entries with a date that was not in the future."""

    entries: tuple[Entry, ...]
    floor: timedelta | None = None
    """What the feed says of its own pace (`ttl`, `sy:updatePeriod`)."""
    oldest: datetime | None = None
    newest: datetime | None = None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Raw:
    """An entry before it is set against its neighbours."""

    guid: str
    entry: Entry
    clamped: bool
    digest: str
    """Over address, title and text: what tells two entries of one GUID apart."""


def parse(body: bytes, content_type: str, url: str, zone: tzinfo, now: datetime) -> Parsed:
    """The entries of `body`, fetched from `url` at `now`; dates without a zone are read in `zone`.

    Raises Temporary where the body is no feed, saying what it is instead:
    tomorrow it may be one again.
    """
    text = _CONTROL.sub("", text_of(body, content_type)).lstrip()
    if not text:
        raise Temporary(f"{urls.shown(url)} gave an empty body, no feed")
    found = _json(text, url, zone, now) if text.startswith(("{", "[")) else _xml(text, url, zone, now)
    raws, floor, problems = found
    entries = _distinct(raws)
    if len(entries) > MAX_ENTRIES:
        problems += (f"the feed holds {len(entries):,} entries; the newest {MAX_ENTRIES:,} were taken",)
        entries = _newest(entries)
    if not entries:
        problems += ("the feed holds no entries",)
    dates = [raw.entry.published for raw in entries if raw.entry.published is not None and not raw.clamped]
    return Parsed(
        entries=_identified(entries),
        floor=floor,
        oldest=min(dates, default=None),
        newest=max(dates, default=None),
        problems=problems,
    )


_Found = tuple[list[_Raw], timedelta | None, tuple[str, ...]]


# --------------------------------------------------------------------------- RSS and Atom


def _xml(text: str, url: str, zone: tzinfo, now: datetime) -> _Found:
    import feedparser  # type: ignore[import-untyped]  # noqa: PLC0415 - 0.1 s and 10 MB, in workers only

    text = _DECLARATION.sub("", text, count=1).lstrip()
    # BytesIO only: a string that looks like a path or an address would be opened
    data = io.BytesIO(b'<?xml version="1.0" encoding="utf-8"?>\n' + text.encode("utf-8", "replace"))
    parsed = feedparser.parse(
        data,
        response_headers={"content-type": "application/xml; charset=utf-8"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    if not parsed.version and (not parsed.entries or _is_html(text)):
        raise Temporary(_instead(text, url))
    feed = parsed.feed
    base = urls.resolve(_string(feed.get("link")), url) or url
    language = _language(feed.get("language"))
    literal = str(parsed.version).startswith("atom")
    raws, broken = [], 0
    for item in parsed.entries:
        try:
            raw = _entry(item, (base, url), zone, now, language, literal=literal)
        except (ValueError, TypeError, AttributeError, KeyError):
            broken += 1
            continue
        if raw is not None:
            raws.append(raw)
    problems = (f"{broken} entries could not be read",) if broken else ()
    return raws, _pace(feed), problems


def _entry(
    item: Mapping[str, Any],
    bases: tuple[str, str],
    zone: tzinfo,
    now: datetime,
    language: str | None,
    *,
    literal: bool,
) -> _Raw | None:
    detail = item.get("title_detail") or {}
    title = _title(_string(item.get("title")), literal=literal and detail.get("type") == "text/plain")
    published, clamped = _published(item, zone, now)
    return _raw(
        guid=_string(item.get("id")),
        title=title,
        url=_link(item, bases),
        author=_string(item.get("author"))[:300] or None,
        published=published,
        clamped=clamped,
        text=_longest(_texts(item, literal=literal)),
        language=_content_language(item) or language,
    )


def _published(item: Mapping[str, Any], zone: tzinfo, now: datetime) -> tuple[datetime | None, bool]:
    """When the entry appeared, and whether that was in the future and is `now` instead."""
    for name in ("published", "created", "updated"):
        # `in` first: feedparser answers for `updated` with `published` and warns
        if name not in item:
            continue
        read = item.get(f"{name}_parsed")
        found = moment(_string(item.get(name)), read if isinstance(read, struct_time) else None, zone)
        if found is not None:
            return _clamped(found, now)
    return None, False


def _clamped(found: datetime, now: datetime) -> tuple[datetime, bool]:
    return (now.astimezone(UTC), True) if found > now else (found, False)


def _link(item: Mapping[str, Any], bases: tuple[str, str]) -> str | None:
    """The entry's page: its link, else another link to a page, else a GUID that is an address."""
    candidates = [_string(item.get("link"))]
    for rel in ("alternate", "related", "via"):
        candidates += [_string(link.get("href")) for link in item.get("links", ()) if link.get("rel") == rel]
    for candidate in candidates:
        found = urls.resolve(candidate, *bases) if candidate else None
        if found is not None:
            return found
    return urls.resolve(_string(item.get("id")))


def _texts(item: Mapping[str, Any], *, literal: bool) -> list[tuple[str, bool]]:
    """The texts of an entry, each with whether it is plain."""
    details = [*(item.get("content") or ()), item.get("summary_detail") or {}]
    return [
        (_string(detail.get("value")), literal and detail.get("type") == "text/plain") for detail in details
    ]


def _content_language(item: Mapping[str, Any]) -> str | None:
    for detail in item.get("content") or ():
        found = _language(detail.get("language"))
        if found is not None:
            return found
    return None


def _pace(feed: Mapping[str, Any]) -> timedelta | None:
    """The longest of the feed's own statements of how often to come."""
    paces = []
    ttl = _string(feed.get("ttl"))
    if ttl.isdigit() and len(ttl) < 7:
        paces.append(timedelta(minutes=int(ttl)))
    hours = _PERIODS.get(_string(feed.get("sy_updateperiod")).lower())
    if hours is not None:
        frequency = _string(feed.get("sy_updatefrequency"))
        times = int(frequency) if frequency.isdigit() and len(frequency) < 7 and int(frequency) else 1
        paces.append(timedelta(hours=hours) / times)
    return max(paces, default=None)


def _is_html(text: str) -> bool:
    return (
        re.match(r"(?i)(?:\s|<!--.*?-->)*(?:<!doctype\s+html|<html)\b", text[:5_000], re.DOTALL) is not None
    )


def _instead(text: str, url: str) -> str:
    """What a body is that is no feed, and what to do about it."""
    shown = urls.shown(url)
    if not _is_html(text):
        root = re.search(r"<([A-Za-z][\w:.-]{0,40})", text[:5_000])
        what = f"XML of the kind <{root.group(1)}>" if root is not None else "text"
        return f"{shown} gave {what}, not a feed"
    title = re.search(r"(?is)<title[^>]{0,200}>(.{0,200}?)</title", text[:50_000])
    named = (
        f" ({_title(title.group(1), literal=False)!r})"
        if title is not None and title.group(1).strip()
        else ""
    )
    for link in re.findall(r"(?i)<link\b[^>]{0,1000}>", text[:200_000]):
        if re.search(r"(?i)application/(?:rss\+xml|atom\+xml|feed\+json)", link):
            href = re.search(r"(?i)href\s*=\s*[\"']?([^\"'>\s]+)", link)
            feed = urls.resolve(html.unescape(href.group(1)), url) if href is not None else None
            if feed is not None and feed != url:
                return f"{shown} gave an HTML page{named}, not a feed; the page names this feed: {feed}"
    return f"{shown} gave an HTML page{named}, not a feed"


# --------------------------------------------------------------------------- JSON Feed


def _json(text: str, url: str, zone: tzinfo, now: datetime) -> _Found:
    """A JSON Feed, version 1.0 or 1.1 (https://www.jsonfeed.org/version/1.1/)."""
    try:
        feed = json.loads(text)
    except ValueError as error:
        raise Temporary(f"{urls.shown(url)} gave JSON that cannot be read ({error}), not a feed") from error
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list) or not str(feed.get("version", "")).startswith("https://jsonfeed.org/"):
        raise Temporary(
            f"{urls.shown(url)} gave JSON, but not a JSON Feed (no jsonfeed.org version, or no items)"
        )
    base = urls.resolve(_string(feed.get("home_page_url")), url) or url
    language = _language(feed.get("language"))
    raws, broken = [], 0
    for item in items:
        if not isinstance(item, dict):
            broken += 1
            continue
        raw = _json_entry(item, (base, url), zone, now, language)
        if raw is not None:
            raws.append(raw)
    problems = (f"{broken} entries could not be read",) if broken else ()
    return raws, None, problems


def _json_entry(
    item: dict[str, Any], bases: tuple[str, str], zone: tzinfo, now: datetime, language: str | None
) -> _Raw | None:
    published, clamped = None, False
    for name in ("date_published", "date_modified"):
        found = moment(_string(item.get(name)), None, zone)
        if found is not None:
            published, clamped = _clamped(found, now)
            break
    links = (_string(item.get(name)) for name in ("url", "external_url", "id"))
    resolved = (urls.resolve(link, *bases) for link in links if link)
    # an `id` is an address only when it is a whole one
    url = (
        next((link for link in resolved if link), None)
        if item.get("url") or item.get("external_url")
        else None
    )
    return _raw(
        guid=_string(item.get("id")),
        title=_title(_string(item.get("title")), literal=True),
        url=url or urls.resolve(_string(item.get("id"))),
        author=_json_author(item),
        published=published,
        clamped=clamped,
        text=_longest(
            [
                (_string(item.get("content_html")), False),
                (_string(item.get("content_text")), True),
                (_string(item.get("summary")), True),
            ]
        ),
        language=_language(item.get("language")) or language,
    )


def _json_author(item: dict[str, Any]) -> str | None:
    authors = item.get("authors")
    people = authors if isinstance(authors, list) else [item.get("author")]
    names = [_string(person.get("name")) for person in people if isinstance(person, dict)]
    return ", ".join(name for name in names if name)[:300] or None


# --------------------------------------------------------------------------- one entry


def _raw(
    *,
    guid: str,
    title: str,
    url: str | None,
    author: str | None,
    published: datetime | None,
    clamped: bool,
    text: str,
    language: str | None,
) -> _Raw | None:
    """The entry; None if there is nothing in it: no link, no title, no text."""
    if not (title or url or text):
        return None
    canonical = urls.canonical(url) if url else None
    content = _digest(title, text)
    entry = Entry(
        key="",
        title=title,
        url=url,
        canonical_url=canonical,
        author=author,
        published=published,
        text=text,
        language=language,
        content_hash=content,
    )
    if len(guid) > MAX_KEY:
        guid = _digest(guid)
    return _Raw(guid=guid, entry=entry, clamped=clamped, digest=_digest(canonical or "", title, text))


def _digest(*texts: str) -> str:
    """128 bits over `texts`; composition and white space make no difference."""
    plain = "\x1f".join(" ".join(unicodedata.normalize("NFC", text).split()) for text in texts)
    return hashlib.blake2b(plain.encode("utf-8", "replace"), digest_size=16).hexdigest()


def _string(value: object) -> str:
    """`value` as text without white space around it; JSON Feeds in the wild have numbers for ids."""
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _title(raw: str, *, literal: bool) -> str:
    """A title as plain text on one line. Only where it is `literal` may a tag be meant as such."""
    text = raw
    if not literal:
        text = _INLINE.sub("", text)
        if "&" in text:
            # escaped twice, as many feeds are
            text = _INLINE.sub("", html.unescape(text))
    if "&" in text:
        text = html.unescape(text)
    return " ".join(_CONTROL.sub("", text).split())[:MAX_TITLE]


def _longest(texts: Iterable[tuple[str, bool]]) -> str:
    """The longest of some texts as plain text. Taking HTML off is what costs, so the longest source goes first."""
    from watcher.extract import fragment  # noqa: PLC0415 - lxml, in workers only

    best = ""
    for text, plain in sorted(texts, key=lambda pair: len(pair[0]), reverse=True):
        if len(text) <= len(best):
            break
        found = _CONTROL.sub("", text).strip() if plain else fragment(text).strip()
        if len(found) > len(best):
            best = found
    return best


def _language(value: object) -> str | None:
    """The primary subtag (`ko` of `ko-KR`); None for what is no language tag."""
    match = _LANGUAGE.fullmatch(_string(value))
    return match.group(1).lower() if match is not None else None


# --------------------------------------------------------------------------- entries among each other


def _distinct(raws: list[_Raw]) -> list[_Raw]:
    """Each entry once: feeds do list one twice."""
    return list({(raw.guid, raw.digest): raw for raw in reversed(raws)}.values())[::-1]


def _newest(raws: list[_Raw]) -> list[_Raw]:
    """The newest entries in the order of the feed; undated ones count as older, the feed's order decides."""
    order = sorted(range(len(raws)), key=lambda i: (_age(raws[i]), i))[:MAX_ENTRIES]
    return [raws[i] for i in sorted(order)]


def _age(raw: _Raw) -> float:
    return -raw.entry.published.timestamp() if raw.entry.published is not None else 0.0


def _identified(raws: list[_Raw]) -> tuple[Entry, ...]:
    """The entries with their keys. A URL that several share, or a GUID, identifies none of them."""
    guids = Counter(raw.guid for raw in raws if raw.guid)
    pages = Counter(raw.entry.canonical_url for raw in raws if raw.entry.canonical_url)
    entries = []
    for raw in raws:
        page = raw.entry.canonical_url
        canonical = page if page is not None and pages[page] == 1 else None
        if raw.guid:
            key = raw.guid if guids[raw.guid] == 1 else f"{raw.guid} {raw.digest}"
        else:
            key = canonical or raw.digest
        entries.append(replace(raw.entry, key=key, canonical_url=canonical))
    return tuple(entries)
