"""The body of a feed: which form it has, what stands in it, and what it is where it is no feed.

`parse` runs in a worker process, because 0.2 MB of hostile attributes keep
feedparser busy for 15 s. Importing this loads no parser.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from watcher import urls
from watcher.extract.charsets import decode
from watcher.model import Entry, Temporary
from watcher.sources import jsonfeed, syndication
from watcher.sources.entries import CONTROL, MAX_ENTRIES, Found, distinct, headline, identified, newest

# possessive and atomic: a thousand comments must not be tried in every grouping
_HTML = re.compile(
    r"(?i)(?:\s++|(?><\?[^>]{0,300}>)|(?><!--.*?-->))*+(?:<!doctype\s+html|<html)\b",
    re.DOTALL,
)
_DECLARED = re.compile(rb"\s*(?:\xef\xbb\xbf)?<\?xml[^>]{0,200}?\bencoding\s*=")
_FEED_TYPE = re.compile(r"(?i)application/(?:rss\+xml|atom\+xml|feed\+json)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What stands in a body. `oldest` and `newest` are of the entries whose date was not in the future."""

    entries: tuple[Entry, ...]
    pace: timedelta | None = None
    """How seldom the feed itself wants to be asked (`ttl`, `sy:updatePeriod`)."""
    oldest: datetime | None = None
    newest: datetime | None = None
    problems: tuple[str, ...] = ()


def parse(body: bytes, content_type: str, url: str, zone: tzinfo, now: datetime) -> Parsed:
    """The entries of `body`, fetched from `url` at `now`; dates without a zone are read in `zone`.

    Raises Temporary where the body is no feed, saying what it is instead:
    tomorrow it may be one again.
    """
    # U+0000 and its like end XML for a strict parser, and mean nothing
    text = CONTROL.sub("", decode(body, _label(body, content_type))).lstrip("\ufeff \t\r\n")
    if not text:
        raise Temporary(f"{urls.shown(url)} gave an empty body, no feed")
    found = _read(text, url, zone, now)
    drafts, problems = distinct(found.drafts), []
    if found.broken:
        problems.append(f"{found.broken} entries of the feed could not be read")
    if len(drafts) > MAX_ENTRIES:
        problems.append(f"the feed holds {len(drafts):,} entries; the newest {MAX_ENTRIES:,} were taken")
        drafts = newest(drafts)
    if not drafts:
        problems.append("the feed holds no entries")
    dates = [each.entry.published for each in drafts if each.entry.published is not None and not each.clamped]
    return Parsed(
        entries=identified(drafts),
        pace=found.pace,
        oldest=min(dates, default=None),
        newest=max(dates, default=None),
        problems=tuple(problems),
    )


def _label(body: bytes, content_type: str) -> str:
    """`content_type` where it says more of the charset than the body itself.

    Servers send one header for all their files, ISO-8859-1 by default; who wrote the feed knew better.
    """
    default = re.search(r"(?i)charset\s*=\s*[\"']?(?:iso-8859-1|us-ascii)\b", content_type) is not None
    return "" if default or _DECLARED.match(body) is not None else content_type


def _read(text: str, url: str, zone: tzinfo, now: datetime) -> Found:
    shown = urls.shown(url)
    if text.startswith(("{", "[")):
        try:
            found = jsonfeed.read(text, url, zone, now)
        except ValueError as error:
            raise Temporary(f"{shown} gave JSON that cannot be read ({error}), not a feed") from error
        if found is None:
            raise Temporary(f"{shown} gave JSON, but not a JSON Feed (no jsonfeed.org version, or no items)")
        return found
    if _HTML.match(text[:10_000]) is not None:
        raise Temporary(_page(text, url))
    found = syndication.read(text, url, zone, now)
    if found is None:
        root = re.search(r"<([A-Za-z][\w:.-]{0,40})", text[:5_000])
        what = f"XML of the kind <{root.group(1)}>" if root is not None else "text"
        raise Temporary(f"{shown} gave {what}, not a feed")
    return found


def _page(text: str, url: str) -> str:
    """What to say of an HTML page: its title, and the feed it names, which is often what was meant."""
    match = re.search(r"(?is)<title[^>]{0,200}>(.{0,200}?)</title", text[:50_000])
    title = headline(match.group(1), literal=False) if match is not None else ""
    message = f"{urls.shown(url)} gave an HTML page{f' ({title!r})' if title else ''}, not a feed"
    for link in re.findall(r"(?i)<link\b[^>]{0,1000}>", text[:200_000]):
        href = re.search(r"(?i)href\s*=\s*[\"']?([^\"'>\s]+)", link)
        if href is None or _FEED_TYPE.search(link) is None:
            continue
        feed = urls.resolve(html.unescape(href.group(1)), url)
        if feed is not None and urls.normalise(feed) != urls.normalise(url):
            return f"{message}; the page names this feed: {feed}"
    return message
