"""RSS and Atom, read by feedparser from memory only.

feedparser opens paths and addresses that stand in its input, so it is given
bytes. Relative links are resolved here: its own way costs three times as much.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, tzinfo
from time import struct_time
from typing import Any

from watcher import urls
from watcher.sources.dates import moment
from watcher.sources.entries import Draft, Found, Setting, draft, headline, language_of, plain

_PERIODS = {"hourly": 1, "daily": 24, "weekly": 24 * 7, "monthly": 24 * 30, "yearly": 24 * 365}
"""Hours of `sy:updatePeriod` (https://web.resource.org/rss/1.0/modules/syndication/)."""
_DIGITS = 6
"""Of a ttl or frequency; longer numbers are none."""
_REFERENCE = re.compile(r"&#(?:[xX]([0-9A-Fa-f]{1,4000})|([0-9]{1,4000}));?")
_WHITE, _PRINTING, _SURROGATES = {0x9, 0xA, 0xD}, 0x20, (0xD800, 0xDFFF)
"""The characters of XML 1.0 (https://www.w3.org/TR/xml/#charsets)."""
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]{0,300}\?>")


def read(text: str, url: str, zone: tzinfo, now: datetime) -> Found | None:
    """The entries of an RSS or Atom document that came from `url`; None if it is neither."""
    import feedparser  # type: ignore[import-untyped]  # noqa: PLC0415 - 0.1 s and 10 MB, in workers only

    text = _REFERENCE.sub(_character, _DECLARATION.sub("", text, count=1).lstrip())
    body = text.encode("utf-8", "replace")
    parsed = feedparser.parse(
        io.BytesIO(b'<?xml version="1.0" encoding="utf-8"?>\n' + body),
        response_headers={"content-type": "application/xml; charset=utf-8"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    if not parsed.version and not parsed.entries:
        return None
    feed = parsed.feed
    base = urls.resolve(plain(feed.get("link")), url) or url
    setting = Setting(bases=(base, url), zone=zone, now=now, language=language_of(feed.get("language")))
    literal = str(parsed.version).startswith("atom")
    drafts, broken = [], 0
    for item in parsed.entries:
        try:
            made = _entry(item, setting, literal=literal)
        except (ValueError, TypeError, AttributeError, KeyError):
            # feedparser gives lists and None where texts belong, if the feed is odd enough
            broken += 1
            continue
        if made is not None:
            drafts.append(made)
    return Found(drafts=drafts, pace=_pace(feed), broken=broken)


def _character(reference: re.Match[str]) -> str:
    """A numeric character reference; nothing for one that names no character, over which feedparser raises."""
    hexadecimal, decimal = reference.groups()
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    possible = code in _WHITE or (code >= _PRINTING and not _SURROGATES[0] <= code <= _SURROGATES[1])
    return reference.group() if possible and code <= sys.maxunicode else ""


def _entry(item: Mapping[str, Any], setting: Setting, *, literal: bool) -> Draft | None:
    title = item.get("title_detail") or {}
    return draft(
        setting,
        guid=plain(item.get("id")),
        title=headline(plain(item.get("title")), literal=literal and title.get("type") == "text/plain"),
        url=_link(item, setting.bases),
        author=plain(item.get("author")),
        dates=_dates(item, setting.zone),
        texts=_texts(item, literal=literal),
        language=next(_languages(item), None),
    )


def _dates(item: Mapping[str, Any], zone: tzinfo) -> Iterator[datetime | None]:
    for name in ("published", "created", "updated"):
        # `in` first: feedparser answers for `updated` with `published` and warns
        if name in item:
            read_so = item.get(f"{name}_parsed")
            yield moment(plain(item.get(name)), read_so if isinstance(read_so, struct_time) else None, zone)


def _link(item: Mapping[str, Any], bases: tuple[str, ...]) -> str | None:
    """The entry's page: its link, else another link to a page, else a GUID that is an address."""
    guid, link = plain(item.get("id")), plain(item.get("link"))
    # feedparser takes every RSS guid for a link, a bare number too
    candidates = [] if item.get("guidislink") and link == guid else [link]
    for rel in ("alternate", "related", "via"):
        candidates += [plain(link.get("href")) for link in item.get("links", ()) if link.get("rel") == rel]
    for candidate in candidates:
        found = urls.resolve(candidate, *bases) if candidate else None
        if found is not None:
            return found
    return urls.resolve(guid)


def _texts(item: Mapping[str, Any], *, literal: bool) -> Iterator[tuple[str, bool]]:
    """The texts of an entry, each with whether it is plain. Outside Atom every text may be HTML."""
    for detail in (*(item.get("content") or ()), item.get("summary_detail") or {}):
        yield plain(detail.get("value")), literal and detail.get("type") == "text/plain"


def _languages(item: Mapping[str, Any]) -> Iterator[str]:
    for detail in item.get("content") or ():
        found = language_of(detail.get("language"))
        if found is not None:
            yield found


def _pace(feed: Mapping[str, Any]) -> timedelta | None:
    """The longest of the feed's own statements of how often to come: `ttl` in minutes, `sy:updatePeriod`."""
    paces = []
    minutes = _number(feed.get("ttl"))
    if minutes:
        paces.append(timedelta(minutes=minutes))
    hours = _PERIODS.get(plain(feed.get("sy_updateperiod")).lower())
    if hours is not None:
        paces.append(timedelta(hours=hours) / (_number(feed.get("sy_updatefrequency")) or 1))
    return max(paces, default=None)


def _number(value: object) -> int:
    text = plain(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else 0
