"""The nouns of watcher, as frozen values, and the errors the parts raise.

Offsets are code points into the text named beside them, half open. Times are
aware UTC datetimes, durations timedeltas. Word counts may be halves: a Latin
word counts one, a CJK character half (see `watcher.folding.count_words`).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

Span = tuple[int, int]

Verdict = Literal[
    "new", "partial", "copy", "excerpt", "extended", "revision", "removed", "follow-up", "resurfaced"
]
HoldReason = Literal["quiet", "digest", "catch-up", "roll-up", "brake", "follow-up", "group", "muted"]
"""Why a delivery waits. All but `group` and `muted` are the `reason` of a bundle as users see it."""

NAMESPACE = uuid.UUID("5f1f6f4e-6b0a-5d0e-9a57-6e6577736477")


def derive_id(*parts: object) -> str:
    """A stable id (uuid5, 36 characters) of `parts`: the same parts give the same id on any machine."""
    return str(uuid.uuid5(NAMESPACE, "\x1f".join(str(part) for part in parts)))


# --------------------------------------------------------------------------- errors
#
# WatcherError
#   ConfigError          the config cannot be used; carries every problem
#   QueryError           a query cannot be read; carries its place
#   Running              another daemon has this database
#   Unavailable          the store takes nothing just now: a full disk, somebody else's lock
#   Temporary            the far side may do better later
#     WorkerLost         a worker ran out of time or memory, or died
#   Permanent            the far side will not do better without a person


class WatcherError(Exception):
    """Anything watcher reports to a person as one clear message."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a config: where (1-based line and column, 0 if unknown), what, and the way out."""

    line: int
    column: int
    message: str
    warning: bool = False


class ConfigError(WatcherError):
    """The config at `path` cannot be used."""

    def __init__(self, path: Path | str, problems: tuple[Problem, ...]) -> None:
        self.path = path
        self.problems = problems
        places = (f"{path}:{p.line}:{p.column}" if p.line else path for p in problems)
        super().__init__(
            "\n".join(f"{place}: {p.message}" for place, p in zip(places, problems, strict=True))
        )


class QueryError(WatcherError):
    """A query or term cannot be read. `line` and `column` are 1-based within the query text."""

    def __init__(self, message: str, *, text: str = "", line: int = 1, column: int = 1) -> None:
        self.message = message
        self.text = text
        self.line = line
        self.column = column
        super().__init__(message)


class Running(WatcherError):
    """Another watcher daemon holds this database."""


class Unavailable(WatcherError):
    """The store takes nothing just now, and nothing of what was to be written stands: it may be tried again."""


class Temporary(WatcherError):
    """The far side failed in a way that may pass. `retry_after` is what it asked for, if it did."""

    def __init__(
        self, reason: str, *, retry_after: timedelta | None = None, status: int | None = None
    ) -> None:
        self.reason = reason
        self.retry_after = retry_after
        self.status = status
        super().__init__(reason)


class WorkerLost(Temporary):
    """A worker process was killed (time, memory) or died over this input."""


class Permanent(WatcherError):
    """The far side failed in a way that will not pass by itself. `gone`: it asked never to be called again (410).

    `tries`: how many tries in all are worth making (1: none more).
    """

    def __init__(self, reason: str, *, gone: bool = False, status: int | None = None, tries: int = 1) -> None:
        self.reason = reason
        self.gone = gone
        self.status = status
        self.tries = tries
        super().__init__(reason)


# --------------------------------------------------------------------------- what sources give


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a feed or one document of a folder, as a scan found it.

    `url` is absolute. `text` is plain text (HTML already taken off), the
    longest the source gave: full content, or a summary. For a folder `path`
    is the file (`part` the message in an mbox) and `text` is empty: the file
    is read when it is judged. `published` is aware UTC and never in the
    future of the fetch. `content_hash` changes when title or text does.
    """

    key: str
    """Identity within the source: GUID, else canonical URL, else content hash; for a folder path + content hash."""
    title: str = ""
    url: str | None = None
    canonical_url: str | None = None
    """`url` without fragment and tracking parameters, host lower case; None if another entry of the feed shares it."""
    author: str | None = None
    published: datetime | None = None
    text: str = ""
    language: str | None = None
    path: str | None = None
    part: str | None = None
    content_hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What one look at a source gave. Failures are raised as Temporary or Permanent."""

    cursor: dict[str, Any]
    """JSON-able; given back to the next scan (validators, body hash, sizes and times of files)."""
    entries: tuple[Entry, ...] = ()
    unchanged: bool = False
    """A 304, or a body with the known hash: nothing was parsed."""
    moved_to: str | None = None
    """The address after permanent redirects only, when it differs."""
    floor: timedelta | None = None
    """Do not poll again sooner (Cache-Control, ttl, sy:updatePeriod, Retry-After)."""
    problems: tuple[str, ...] = ()
    """What went wrong with parts of it (an unreadable file, entries cut at the cap), each naming the part."""
    missed: bool = False
    """The oldest entry is newer than the newest seen before: entries went by unseen."""
    unsettled: bool = False
    """A folder holds a file seen only once so far: look again soon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    """The text of a page or document. `title`, `author`, `published`, `language` where they could be told."""

    text: str
    title: str = ""
    author: str | None = None
    published: datetime | None = None
    language: str | None = None


# --------------------------------------------------------------------------- what matches


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """An article as watchlists see it."""

    title: str = ""
    body: str = ""
    source: str = ""
    author: str = ""
    url: str = ""
    lang: str = ""


class Hit(NamedTuple):
    """A term found: `text[start:end]` of the field, in the original text. `term` as the user wrote it.

    A named tuple, as `Match` is: an article may have hundreds, and they are made in a third of the time.
    """

    term: str
    field: str
    start: int
    end: int
    concept: str | None = None
    subject: bool = True
    """An `any` term (an `all` term where there is no `any`), a positive term of a query, the left of a NEAR."""


class Match(NamedTuple):
    """A watchlist holds on an article: the hits that take part, in order, and the cues (`always`) in it."""

    watchlist: str
    hits: tuple[Hit, ...]
    cues: tuple[Hit, ...] = ()
    condition: str = ""
    """What holds, in the user's words: `any of @flee near 30 of @dprk`."""
