"""Durations as people write them in the config and on the command line: `"15m"`, `"24h"`, `"1h30m"`."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")
_WHOLE = re.compile(r"(?:\d+(?:\.\d+)?\s*[smhdw]\s*)+")
_LONGEST = 36500 * 86400
"""A hundred years in seconds: longer is a slip of the finger, and near the end of what datetime can add."""


def parse(text: str, *, zero: bool = False) -> timedelta:
    """The duration that `text` states, above zero (`zero`: or zero).

    Raises `ValueError` with the way out, fit to show.
    """
    folded = text.strip().lower()
    if not _WHOLE.fullmatch(folded):
        message = (
            f'"{text}" is not a duration: write a number and s, m, h, d or w, as in "15m", "24h" or "90d"'
        )
        raise ValueError(message)
    seconds = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(folded))
    if not (0 < seconds <= _LONGEST or (zero and seconds == 0)):
        message = f'"{text}" is out of range: durations lie above 0 s and under 100 years'
        raise ValueError(message)
    return timedelta(seconds=seconds)


def write(duration: timedelta) -> str:
    """`duration` as `parse` reads it, in the largest units that divide it: `90m` is `"1h30m"`."""
    rest = duration.total_seconds()
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count:.0f}{unit}")
    if rest or not parts:
        parts.append(f"{rest:g}s")
    return "".join(parts)
