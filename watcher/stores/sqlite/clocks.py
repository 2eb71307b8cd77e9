"""The wall clock set back: what a clock that ran ahead put off is brought forward."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from watcher.stores.sqlite.rows import stamp, when

SLACK = timedelta(minutes=1)
"""Clocks are put right by seconds all the time, which delays nothing worth a word."""

_TIMES_OF_DAY = "state = 'held' and hold in ('quiet', 'digest', 'follow-up')"
_WAITS = (
    ("sources", "due", "present = 1"),
    ("items", "due", "due is not null"),
    ("deliveries", "due", f"not ({_TIMES_OF_DAY})"),
    ("channels", "retry", "retry is not null"),
    *((table, "lease_until", "lease_until is not null") for table in ("sources", "items", "deliveries")),
)
"""Table, column and rows of what waits: to be due, and for leases to end."""


class Clocks:
    """Due times on one connection. Every writing verb expects a transaction around it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def bring_forward(self, now: datetime) -> timedelta:
        """Where a source was looked at later than `now`, make what waits due as much sooner; how far the clock was off.

        A machine that starts with its clock hours ahead, until the network puts it right, would otherwise ask nobody
        and send nothing for as long. What waits for a time of day goes on waiting for it, whole days sooner. What
        happened keeps its date: a clock that starts behind looks the same, and must not cost the record its times.
        """
        run = self._connection.execute
        (latest,) = run("select max(last_attempt) from sources where present = 1").fetchone()
        ahead = when(latest) - now if latest is not None else timedelta(0)
        if ahead <= SLACK:
            return timedelta(0)
        self._connection.create_function("sooner", 2, lambda at, days: _sooner(at, ahead, whole_days=days))
        for table, column, rows in _WAITS:
            run(
                f"update {table} set {column} = sooner({column}, 0) where {column} > ? and {rows}",
                (stamp(now),),
            )
        run(f"update deliveries set due = sooner(due, 1) where due > ? and {_TIMES_OF_DAY}", (stamp(now),))
        for column in ("last_attempt", "last_success", "failing_since"):
            run(f"update sources set {column} = ?1 where {column} > ?1", (stamp(now),))
        return ahead


def _sooner(at: str, ahead: timedelta, *, whole_days: int) -> str:
    return stamp(when(at) - (timedelta(days=ahead.days) if whole_days else ahead))
