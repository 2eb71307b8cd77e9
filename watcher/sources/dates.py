"""Dates as feeds write them: RFC 822, ISO 8601 and what people type, in English, Korean and Chinese.

Pure. A date without a zone is told from one with a zone, which feedparser
does not do; that is why watcher reads the text itself first.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from time import struct_time

_ISO = re.compile(
    r"(?P<year>\d{4})\s*[-./年년]\s*(?P<month>\d{1,2})\s*[-./月월]\s*(?P<day>\d{1,2})\s*[日일.]?"
    r"(?:[T,\s]*(?P<half>오전|오후|上午|下午|午前|午後)?\s*(?P<hour>\d{1,2})\s*[:시時时]\s*(?P<minute>\d{2})"
    r"(?:\s*[:분分]\s*(?P<second>\d{2})?초?秒?)?(?:[.,]\d+)?)?\s*(?P<tail>.*)$",
    re.IGNORECASE,
)
_COMPACT = re.compile(
    r"(?P<year>(?:19|20)\d\d)(?P<month>\d\d)(?P<day>\d\d)"
    r"(?:T?(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)?)?(?P<half>)\s*(?P<tail>\D.*)?$"
)
_TIME = (
    r"(?:[,T\s]+(?:at\s+)?(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?(?:\.\d+)?(?P<half>))?"
)
_RFC = re.compile(
    r"(?:[A-Za-z]{3,9}\.?,?\s*)?(?P<day>\d{1,2})[\s-]+(?P<name>[A-Za-z]{3,9})\.?,?[\s-]+(?P<year>\d{4}|\d{2})"
    + _TIME
    + r"\s*(?P<tail>.*)$"
)
_NAMED = re.compile(
    r"(?:[A-Za-z]{3,9}\.?,?\s+)??(?P<name>[A-Za-z]{3,9})\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})"
    + _TIME
    + r"\s*(?P<tail>.*)$"
)
_ASCTIME = re.compile(
    r"[A-Za-z]{3}\s+(?P<name>[A-Za-z]{3})\s+(?P<day>\d{1,2})\s+"
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2}):(?P<second>\d{2})(?P<half>)\s+(?P<tail>[A-Z]{3,4}\s+)?(?P<year>\d{4})$"
)
_OFFSET = re.compile(r"(?:(?:GMT|UTC|Z)\s*)?([+-−])(\d{1,2}):?(\d{2})?(?:\s*\(.*\))?$", re.IGNORECASE)
_MONTHS = {
    name: number + 1 for number, name in enumerate(re.findall("...", "janfebmaraprmayjunjulaugsepoctnovdec"))
}
_ZONES = {
    "z": 0, "ut": 0, "utc": 0, "gmt": 0, "wet": 0, "bst": 1, "west": 1, "cet": 1, "met": 1, "cest": 2, "mest": 2,
    "eet": 2, "sast": 2, "eest": 3, "msk": 3, "idt": 3, "ist": 5.5, "ict": 7, "wib": 7, "hkt": 8, "sgt": 8,
    "pht": 8, "awst": 8, "kst": 9, "jst": 9, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13,
    "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7, "akst": -9,
    "akdt": -8, "hst": -10, "ast": -4, "adt": -3, "brt": -3,
}  # fmt: skip
"""Hours from UTC of the names news sites write. RFC 822 fixes the American ones."""

_EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
"""Up to here stands the zero of a clock that was never set, not a date."""


def moment(raw: str, parsed: struct_time | None, zone: tzinfo) -> datetime | None:
    """The time that `raw` names, aware UTC; None if it names none.

    Without a zone in it, `raw` is read in `zone`. `parsed` is feedparser's
    reading (UTC), used for the forms unknown here.
    """
    found = _read(raw.strip()[:80], zone)
    if found is None and parsed is not None:
        try:
            found = datetime(*parsed[:6], tzinfo=UTC)
        except ValueError:
            return None
    if found is None:
        return None
    try:
        found = found.astimezone(UTC)
    except (OverflowError, ValueError):
        return None
    return found if found > _EARLIEST else None


def _read(raw: str, zone: tzinfo) -> datetime | None:
    for form in (_ISO, _RFC, _NAMED, _ASCTIME, _COMPACT):
        match = form.match(raw)
        if match is None:
            continue
        naive, tail = _naive(match.groupdict())
        if naive is None:
            continue
        aware = _zoned(naive, tail, zone)
        if aware is not None:
            return aware
    return None


def _naive(fields: dict[str, str | None]) -> tuple[datetime | None, str]:
    """The date and time of a match without their zone, and what stood behind them."""
    tail = (fields.get("tail") or "").strip()
    name = fields.get("name")
    month = _MONTHS.get(name[:3].lower(), 0) if name else int(fields.get("month") or 0)
    year = int(fields["year"] or 0)
    if len(fields["year"] or "") == 2:
        # RFC 822 wrote years with two digits
        year += 1900 if year >= 70 else 2000
    hour = int(fields.get("hour") or 0)
    half = fields.get("half") or ""
    suffix = re.match(r"(?i)([ap])\.?m\b\.?", tail)
    if suffix is not None:
        tail = tail[suffix.end() :].strip()
        half = suffix.group(1).lower()
    if half:
        afternoon = half in {"오후", "下午", "午後", "p"}
        hour = hour % 12 + (12 if afternoon else 0)
    try:
        return (
            datetime(  # noqa: DTZ001 - the zone comes next
                year, month, int(fields["day"] or 0), hour, int(fields.get("minute") or 0),
                min(int(fields.get("second") or 0), 59),
            ),
            tail,
        )  # fmt: skip
    except ValueError:
        return None, tail


def _zoned(naive: datetime, tail: str, zone: tzinfo) -> datetime | None:
    """`naive` in the zone that `tail` names, in `zone` if it names none; None if `tail` cannot be read."""
    if not tail:
        return naive.replace(tzinfo=zone)
    offset = _OFFSET.match(tail)
    if offset is not None:
        sign, hours, minutes = offset.groups()
        away = timedelta(hours=int(hours), minutes=int(minutes or 0))
        if away >= timedelta(hours=24):
            return None
        return naive.replace(tzinfo=timezone(away if sign == "+" else -away))
    name = re.sub(r"^\((.*)\)$", r"\1", tail).lower().removeprefix("etc/")
    # the feed's own zone knows better which CST or IST is meant
    if (naive.replace(tzinfo=zone).tzname() or "").lower() == name:
        return naive.replace(tzinfo=zone)
    if name in _ZONES:
        return naive.replace(tzinfo=timezone(timedelta(hours=_ZONES[name])))
    return None
