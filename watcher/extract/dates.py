"""Dates as people write them: `2026년 11월 30일 오전 9시 12분`, `令和8年11月30日`, `Nov. 30, 2026 9:12 a.m. ET`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

LONGEST = 60
"""Characters of a text that is a date; whatever is longer says more than when."""

_EASTERN = re.compile(
    r"(?P<era>令和|平成)?\s*(?P<year>\d{1,4}|元)\s*[年년]\s*(?P<month>\d{1,2})\s*[月월]\s*(?P<day>\d{1,2})\s*[日일]"
    r"(?:\s*[（(]?[월화수목금토일月火水木金土日](?:요일|曜日)?[)）]?|\s*(?:星期|周|週)[一二三四五六日天])?"
    r"(?:\s*(?P<half>오전|오후|上午|下午|午前|午後|凌晨|晚上))?"
    r"(?:\s*(?P<hour>\d{1,2})\s*(?::|[시点點时時])\s*(?:(?P<minute>\d{1,2})\s*분?)?)?"
)
_ERAS = {"令和": 2018, "平成": 1988}
_AFTERNOON = ("오후", "下午", "午後", "晚上")
_EITHER_WAY = re.compile(r"(?:0?[1-9]|1[0-2])[/.](?:0?[1-9]|1[0-2])[/.]\d{4}\b")
"""The day and the month could be either."""

_LANGUAGES = ["en", "de", "fr", "es", "it", "pt", "nl", "ru", "ko"]


def moment(text: str) -> datetime | None:
    """An ISO 8601 date or time as aware UTC (without a zone, it is taken for UTC), or None."""
    try:
        return _utc(datetime.fromisoformat(text.strip()))
    except (ValueError, OverflowError):
        return None


def written(text: str) -> datetime | None:
    """A date or time as ISO 8601 or as people write it, as aware UTC, or None if it is not wholly told.

    Without a zone it is taken for UTC.
    """
    text = text.strip()
    if len(text) > LONGEST or not re.search(r"\d", text):
        return None
    return moment(text) or eastern(text) or _western(text)


def eastern(text: str) -> datetime | None:
    """The first Korean, Chinese or Japanese date in `text`, with its time if it follows, as aware UTC, or None."""
    found = _EASTERN.search(text)
    if found is None:
        return None
    year = 1 if found["year"] == "元" else int(found["year"])
    hour = int(found["hour"] or 0)
    if found["half"]:
        hour = hour % 12 + (12 if found["half"] in _AFTERNOON else 0)
    try:
        day = datetime(
            year + _ERAS.get(found["era"] or "", 0), int(found["month"]), int(found["day"]), tzinfo=UTC
        )
    except ValueError:
        return None
    at = day + timedelta(hours=hour, minutes=int(found["minute"] or 0))
    return at if at.year >= 1900 and hour < 24 else None


def _western(text: str) -> datetime | None:
    from dateparser import parse  # type: ignore[import-untyped] # noqa: PLC0415 - workers only

    if _EITHER_WAY.match(text):
        return None
    try:
        found = parse(
            text,
            languages=_LANGUAGES,
            settings={"STRICT_PARSING": True, "PARSERS": ["absolute-time"], "TIMEZONE": "UTC"},
        )
        return _utc(found) if isinstance(found, datetime) else None
    except (ValueError, OverflowError):
        return None


def _utc(at: datetime) -> datetime:
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
