"""Mutes on one connection: set, listed, taken back."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from watcher.mutes import Mute
from watcher.stores.sqlite.rows import stamp, stamp_or_none, when, when_or_none


class Muting:
    """The mutes. Every writing verb expects a transaction around it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def mutes(self, now: datetime | None = None) -> tuple[Mute, ...]:
        """The mutes in force at `now`, oldest first; without `now` all there ever were."""
        return tuple(
            Mute(
                id=id_,
                kind=kind,
                target=target,
                label=label,
                watchlist=watchlist,
                reason=reason,
                created=when(created),
                until=when_or_none(until),
            )
            for id_, kind, target, label, watchlist, reason, created, until in self._connection.execute(
                "select id, kind, target, label, watchlist, reason, created, until from mutes"
                " where ?1 is null or until is null or until > ?1 order by id",
                (stamp_or_none(now),),
            )
        )

    def mute(self, mute: Mute) -> int:
        """Keep a mute; its number."""
        cursor = self._connection.execute(
            "insert into mutes (kind, target, label, watchlist, reason, created, until) values (?, ?, ?, ?, ?, ?, ?)",
            (
                mute.kind,
                mute.target,
                mute.label,
                mute.watchlist,
                mute.reason,
                stamp(mute.created),
                stamp_or_none(mute.until),
            ),
        )
        return int(cursor.lastrowid or 0)

    def unmute(self, mute: int, now: datetime) -> bool:
        """End a mute now; False where none of that number is in force."""
        cursor = self._connection.execute(
            "update mutes set until = ?1 where id = ?2 and (until is null or until > ?1)", (stamp(now), mute)
        )
        return cursor.rowcount == 1
