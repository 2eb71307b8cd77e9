"""Records that are let go with what they were about: articles that alerted nobody, items their feed no longer lists."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from watcher.stores.sqlite.rows import dumps, stamp

STEP = 1_000
"""Rows that one step lets go."""


class Records:
    """The records of past judgements on one connection. Every verb expects a transaction around it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def let_go(self, before: datetime) -> int:
        """One step of letting go of records from before then; how many rows, 0 when nothing is left.

        Only what stands for nothing any more: an article whose text is no longer
        known and that alerted nobody, then an item without any article that its
        feed does not list, then a story without any report.
        """
        at = stamp(before)
        return self._articles(at) or self._items(at) or self._stories(at)

    def _articles(self, before: str) -> int:
        old = self._ids(
            "select id from articles where found < ? and document = 0"
            " and not exists (select 1 from alerts where alerts.article = articles.id) limit ?",
            before,
        )
        for table, column in (("matches", "article"), ("articles", "id")):
            self._delete(table, column, old)
        return len(old)

    def _items(self, before: str) -> int:
        # source by source, so that the index on (source, last_seen) finds what left its feed without reading the rest
        old = self._ids(
            "select items.id from sources cross join items on items.source = sources.id and items.last_seen < min(?,"
            " (select max(listed.last_seen) from items as listed where listed.source = sources.id))"
            " where items.due is null and not exists (select 1 from articles where articles.item = items.id)"
            " and not exists (select 1 from alerts where alerts.item = items.id) limit ?",
            before,
        )
        self._delete("items", "id", old)
        return len(old)

    def _stories(self, before: str) -> int:
        old = self._ids(
            "select id from stories where first_seen < ?"
            " and not exists (select 1 from articles where articles.story = stories.id)"
            " and not exists (select 1 from documents where documents.story = stories.id)"
            " and not exists (select 1 from alerts where alerts.story = stories.id) limit ?",
            before,
        )
        self._delete("stories", "id", old)
        return len(old)

    def _ids(self, query: str, before: str) -> list[object]:
        return [row[0] for row in self._connection.execute(query, (before, STEP))]

    def _delete(self, table: str, column: str, ids: list[object]) -> None:
        if ids:
            self._connection.execute(
                f"delete from {table} where {column} in (select value from json_each(?))", (dumps(ids),)
            )
