"""JSON Feed, versions 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1/)."""

from __future__ import annotations

import json
from datetime import datetime, tzinfo
from typing import Any

from watcher import urls
from watcher.sources.entries import Draft, Found, Setting, dated, draft, headline, language_of, plain


def read(text: str, url: str, zone: tzinfo, now: datetime) -> Found | None:
    """The entries of a JSON Feed that came from `url`; None if it is none. Raises ValueError for broken JSON."""
    feed = json.loads(text)
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list) or "jsonfeed.org/version/" not in plain(feed.get("version")):
        return None
    base = urls.resolve(plain(feed.get("home_page_url")), url) or url
    setting = Setting(bases=(base, url), zone=zone, now=now, language=language_of(feed.get("language")))
    drafts, broken = [], 0
    for item in items:
        try:
            made = _entry(item, setting) if isinstance(item, dict) else None
        except ValueError:  # one odd entry must not cost its feed
            made = None
            broken += 1
        broken += not isinstance(item, dict)
        if made is not None:
            drafts.append(made)
    return Found(drafts=drafts, broken=broken)


def _entry(item: dict[str, Any], setting: Setting) -> Draft | None:
    return draft(
        setting,
        guid=plain(item.get("id")),
        title=headline(plain(item.get("title")), literal=True),
        url=_link(item, setting.bases),
        author=", ".join(_authors(item)),
        dates=(dated(item.get(name), setting) for name in ("date_published", "date_modified")),
        texts=(
            (plain(item.get("content_html")), False),
            (plain(item.get("content_text")), True),
            (plain(item.get("summary")), True),
        ),
        language=language_of(item.get("language")),
    )


def _link(item: dict[str, Any], bases: tuple[str, ...]) -> str | None:
    """The entry's page; `external_url` where it has none of its own; an `id` only if it is a whole address."""
    for name in ("url", "external_url"):
        found = urls.resolve(plain(item.get(name)), *bases)
        if found is not None:
            return found
    return urls.resolve(plain(item.get("id")))


def _authors(item: dict[str, Any]) -> list[str]:
    """1.1 has `authors`, 1.0 had one `author`."""
    authors = item.get("authors")
    people = authors if isinstance(authors, list) else [item.get("author")]
    names = [plain(person.get("name")) for person in people if isinstance(person, dict)]
    return [name for name in names if name]
