"""What a page says about itself: its title, its author, when it was published.

Read from what is there for machines (JSON-LD, meta, time elements) before
anything is guessed: trafilatura's own metadata cost 12 ms a page, as much as
half of its extraction, because it looks everywhere for everything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from itertools import islice
from typing import Any

from watcher.extract.dates import eastern, moment, written

LONGEST = 300
"""Characters of a title; of an author a third of them."""

_DATES = (
    "article:published_time",
    "og:article:published_time",
    "datepublished",
    "date.published",
    "pubdate",
    "publishdate",
    "publish-date",
    "parsely-pub-date",
    "sailthru.date",
    "dc.date.issued",
    "dcterms.created",
    "dc.date",
    "date",
)
_DATED = re.compile(r"date|time|publish|posted|byline", re.IGNORECASE)
_AUTHORS = ("author", "article:author", "byl", "dc.creator", "parsely-author", "sailthru.author", "og:author")
_TYPES = re.compile(r"Article|BlogPosting|Report", re.IGNORECASE)
_BY = re.compile(r"^\s*(?:by|von|par|por)\s+|\s*(?:기자|記者|记者)\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Imprint:
    """`published` is aware UTC, at midnight where only the day is known."""

    title: str = ""
    author: str | None = None
    published: datetime | None = None


@dataclass(slots=True)
class _Said:
    """What stands in the page for machines."""

    metas: dict[str, str] = field(default_factory=dict)
    articles: list[dict[str, Any]] = field(default_factory=list)


def imprint(tree: Any, url: str | None) -> Imprint:
    """The imprint of a parsed page (lxml). `url` may tell the day."""
    said = _said(tree)
    return Imprint(
        title=_title(tree, said), author=_author(tree, said), published=_published(tree, said, url)
    )


def _said(tree: Any) -> _Said:
    said = _Said()
    for meta in tree.iter("meta"):
        key = (meta.get("property") or meta.get("name") or meta.get("itemprop") or "").strip().lower()
        content = (meta.get("content") or "").strip()
        if key and content:
            said.metas.setdefault(key, content)
    for script in tree.iter("script"):
        if script.get("type", "").lower() == "application/ld+json" and script.text:
            try:
                said.articles += _articles(json.loads(script.text, strict=False))
            except (ValueError, RecursionError):
                continue  # a page's JSON is often broken; what it says stands elsewhere too
    return said


def _articles(value: Any) -> Iterator[dict[str, Any]]:
    """Everything in JSON-LD that calls itself an article of some kind."""
    if isinstance(value, list):
        for item in value:
            yield from _articles(item)
    elif isinstance(value, dict):
        if _TYPES.search(str(value.get("@type", ""))):
            yield value
        for key in ("@graph", "mainEntity", "mainEntityOfPage"):
            yield from _articles(value.get(key))


# --------------------------------------------------------------------------- title


def _title(tree: Any, said: _Said) -> str:
    site = said.metas.get("og:site_name", "")
    shared = said.metas.get("og:title") or said.metas.get("twitter:title") or ""
    given = shared or _line(tree.find(".//head//title"))
    headings = [text for heading in tree.iter("h1") if 2 < len(text := _line(heading)) <= LONGEST]
    for heading in headings:
        # The heading that the title for machines holds too is the headline, without the site's name.
        if given and _letters(heading) and _letters(heading) in _letters(given):
            return heading
    for article in said.articles:
        if isinstance(headline := article.get("headline"), str) and headline.strip():
            return headline.strip()[:LONGEST]
    if len(headings) == 1 and not shared:
        return headings[0]
    if given:
        return _without_site(given, site)[:LONGEST]
    from trafilatura.metadata import extract_title  # noqa: PLC0415 - workers only

    return extract_title(tree) or ""


def _without_site(title: str, site: str) -> str:
    pieces = re.split(r"\s+[|–—·:-]\s+", title)
    if len(pieces) > 1 and (
        _letters(pieces[-1]) == _letters(site) or (not site and len(pieces[-1]) < len(title) / 3)
    ):
        return title[: title.rindex(pieces[-1])].rstrip(" \t|–—·:-")
    return title


def _line(element: Any) -> str:
    return " ".join(element.text_content().split()) if element is not None else ""


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())


# --------------------------------------------------------------------------- author


def _author(tree: Any, said: _Said) -> str | None:
    for article in said.articles:
        if name := ", ".join(dict.fromkeys(_names(article.get("author")))):
            return name
    for key in _AUTHORS:
        name = said.metas.get(key, "")
        if name and not name.startswith(("http:", "https:", "@")) and len(name) <= LONGEST // 3:
            return name
    found = tree.xpath("(//*[@rel='author' or @itemprop='author' or contains(@class, 'byline')])[1]")
    name = _BY.sub("", _line(found[0])) if found else ""
    return name if 1 < len(name) <= 60 and not name.startswith("http") else None


def _names(author: Any) -> Iterator[str]:
    if isinstance(author, list):
        for one in author:
            yield from _names(one)
    elif isinstance(author, dict):
        yield from _names(author.get("name"))
    elif isinstance(author, str) and author.strip() and not author.startswith("http"):
        yield author.strip()[: LONGEST // 3]


# --------------------------------------------------------------------------- date


def _published(tree: Any, said: _Said, url: str | None) -> datetime | None:
    texts = [str(article.get("datePublished", "")) for article in said.articles]
    texts += [said.metas.get(key, "") for key in _DATES]
    texts += [
        element.get("datetime") or ""
        for element in tree.iterfind(".//time[@datetime]")
        if element.get("itemprop") == "datePublished" or element.get("pubdate") is not None
    ]
    for text in texts:
        if at := written(text):
            return at
    return _guessed(tree, url)


def _guessed(tree: Any, url: str | None) -> datetime | None:
    from htmldate import find_date  # noqa: PLC0415 - workers only

    # Not the extensive search: it takes the year of a copyright line for a date.
    day = moment(find_date(tree, extensive_search=False, original_date=True, url=url) or "")
    return datetime.combine(day.date(), time(), UTC) if day else _shown(tree)


def _shown(tree: Any) -> datetime | None:
    """A Korean, Chinese or Japanese date in an element that is named for one; htmldate knows of none of them."""
    named = (element for element in tree.iterfind(".//*[@class]") if _DATED.search(element.get("class")))
    for element in islice(named, 50):
        line = _line(element)
        if len(line) <= LONGEST // 3 and (at := eastern(line)):
            return at
    return None
