"""The entries of a feed's body, made of whatever form it has: clean text, times in UTC, and a key that holds.

Everything here runs in a worker process; lxml is imported where it is used.
"""

from __future__ import annotations

import hashlib
import html
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo

from watcher import urls
from watcher.display import sound
from watcher.model import Entry
from watcher.sources.dates import moment

MAX_ENTRIES = 2_000
MAX_TITLE = 1_000
"""Characters of a title; a longer one is a text in the wrong place."""
MAX_AUTHOR = 300
MAX_KEY = 500
"""Characters of a GUID kept as it is; a longer one is hashed."""

CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_INLINE = re.compile(
    r"(?i)</?(?:b|i|em|strong|span|a|br|sup|sub|font|u|p|img|small|mark|wbr|div|q|s|h\d)\b[^<>]{0,2000}>"
)
_LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:[-_]\w+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What holds for every entry of a body. `bases`: what relative links are resolved against, in order."""

    bases: tuple[str, ...]
    zone: tzinfo
    """For dates without a zone."""
    now: datetime
    """The fetch; no entry is newer."""
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An entry before it is set against its neighbours: its key is still empty."""

    guid: str
    entry: Entry
    clamped: bool
    """It was dated in the future."""
    digest: str
    """Over address, title and text: what tells two entries of one GUID apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a reader of one form found in a body. `pace`: how seldom the feed wants to be asked."""

    drafts: list[Draft]
    pace: timedelta | None = None
    broken: int = 0
    """Entries that could not be read."""


def draft(
    setting: Setting,
    *,
    guid: str,
    title: str,
    url: str | None,
    author: str,
    dates: Iterable[datetime | None],
    texts: Iterable[tuple[str, bool]],
    language: str | None,
) -> Draft | None:
    """An entry of its cleaned parts; None if there is nothing in it: no link, no title, no text.

    The first of `dates` that is one counts. `texts` are (text, whether it is
    plain rather than HTML); the longest counts.
    """
    text = longest(texts)
    if not (title or url or text):
        return None
    dated = next((date for date in dates if date is not None), None)
    clamped = dated is not None and dated > setting.now
    canonical = urls.canonical(url) if url else None
    entry = Entry(
        key="",
        title=title,
        url=url,
        canonical_url=canonical,
        author=author[:MAX_AUTHOR] or None,
        published=setting.now.astimezone(UTC) if clamped else dated,
        text=text,
        language=language or setting.language,
        content_hash=_digest(title, text),
    )
    if len(guid) > MAX_KEY:
        guid = _digest(guid)
    return Draft(guid=guid, entry=entry, clamped=clamped, digest=_digest(canonical or "", title, text))


def _digest(*texts: str) -> str:
    """128 bits over `texts`; composition and white space make no difference."""
    folded = "\x1f".join(" ".join(unicodedata.normalize("NFC", text).split()) for text in texts)
    return hashlib.blake2b(folded.encode("utf-8", "replace"), digest_size=16).hexdigest()


# --------------------------------------------------------------------------- parts of an entry


def plain(value: object) -> str:
    """`value` as text without white space around it; feeds in the wild have numbers for ids.

    JSON can carry lone surrogates, which neither an address nor the store can: one of them would cost the whole feed.
    """
    if isinstance(value, str):
        return sound(value.strip())
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def headline(raw: str, *, literal: bool) -> str:
    """A title as plain text on one line. Only where it is `literal` may a tag be meant as such."""
    text = raw if literal else _INLINE.sub("", raw)
    if "&" in text:
        # escaped twice, as many feeds are
        text = html.unescape(text)
        text = text if literal else _INLINE.sub("", text)
    return " ".join(CONTROL.sub("", text).split())[:MAX_TITLE]


def longest(texts: Iterable[tuple[str, bool]]) -> str:
    """The longest of `texts` as plain text. Taking HTML off is what costs, so the longest source goes first."""
    from watcher.extract import fragment  # noqa: PLC0415 - lxml, in workers only

    best = ""
    for text, is_plain in sorted(texts, key=lambda pair: len(pair[0]), reverse=True):
        if len(text) <= len(best):
            break
        found = CONTROL.sub("", text).strip() if is_plain else fragment(text).strip()
        if len(found) > len(best):
            best = found
    return best


def language_of(value: object) -> str | None:
    """The primary subtag (`ko` of `ko-KR`); None for what is no language tag."""
    match = _LANGUAGE.fullmatch(plain(value))
    return match.group(1).lower() if match is not None else None


def dated(value: object, setting: Setting) -> datetime | None:
    """A date as a feed wrote it."""
    return moment(plain(value), None, setting.zone)


# --------------------------------------------------------------------------- entries among each other


def distinct(drafts: list[Draft]) -> list[Draft]:
    """Each entry once: feeds do list one twice. Entries that nothing identifies all stay."""
    kept: dict[tuple[str, ...], Draft] = {}
    for number, each in enumerate(drafts):
        named = each.guid or each.entry.canonical_url
        kept.setdefault((each.guid, each.digest) if named else (str(number),), each)
    return list(kept.values())


def newest(drafts: list[Draft]) -> list[Draft]:
    """The newest entries in the order of the feed; undated ones count as oldest."""

    def age(number: int) -> tuple[float, int]:
        published = drafts[number].entry.published
        return (-published.timestamp() if published is not None else 0.0, number)

    return [drafts[number] for number in sorted(sorted(range(len(drafts)), key=age)[:MAX_ENTRIES])]


def identified(drafts: list[Draft]) -> tuple[Entry, ...]:
    """The entries with their keys, all different. A URL or GUID that several share identifies none of them."""
    guids = Counter(each.guid for each in drafts if each.guid)
    pages = Counter(each.entry.canonical_url for each in drafts if each.entry.canonical_url)
    taken: Counter[str] = Counter()
    entries: list[Entry] = []
    # from the end, where the oldest stands in most feeds: a new entry must not change the key of an old one
    for each in reversed(drafts):
        page = each.entry.canonical_url
        canonical = page if page is not None and pages[page] == 1 else None
        if each.guid:
            key = each.guid if guids[each.guid] == 1 else f"{each.guid} {each.digest}"
        else:
            key = canonical or each.digest
        taken[key] += 1
        if taken[key] > 1:
            key = f"{key} {taken[key]}"
        entries.append(replace(each.entry, key=key, canonical_url=canonical))
    return tuple(reversed(entries))
