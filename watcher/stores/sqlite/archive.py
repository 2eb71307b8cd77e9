"""Stored articles and texts: one, found by whatever names it, and all of them in a row."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from watcher.stores.decisions import ArticleRow, MatchRow
from watcher.stores.sqlite.index import LASTING
from watcher.stores.sqlite.rows import stamp, when, when_or_none
from watcher.stores.sqlite.views import alerts_where, deliveries_where
from watcher.stores.views import (
    AddedText,
    ArticleView,
    StoredText,
    StoryText,
    Take,
)
from watcher.urls import canonical

LATELY = 500
"""Articles of one source that are looked through for an earlier take."""

_ARTICLE = (
    "id, item, judgement, document, title, url, source_id, source, outlet, author, published, found, language, words,"
    " new_words, verdict, reason, novel, look_alikes, story, partial, resurfaced_seed"
)


def _article(row: Sequence[Any]) -> ArticleRow:
    values = dict(zip([name.strip() for name in _ARTICLE.split(",")], row, strict=True))
    values["published"] = when_or_none(values["published"])
    values["found"] = when(values["found"])
    values["novel"] = tuple((a, b) for a, b in json.loads(values["novel"]))
    values["partial"] = bool(values["partial"])
    return ArticleRow(**values)


class Archive:
    """Reads of stored articles, on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def article(self, target: str) -> ArticleView | None:
        """The newest judgement that `target` names: article id (or its start), URL, alert or delivery id, file path.

        A URL in any form that is the same page, as browsers and newsletters give it.
        """
        run = self._connection.execute
        lookups = (
            (f"select {_ARTICLE} from articles where id = ?", (target,)),
            (
                f"select {_ARTICLE} from articles where url = ? order by found desc, judgement desc limit 1",
                (target,),
            ),
            (
                (
                    f"select {_ARTICLE} from articles where item in (select id from items where path = ?)"
                    " order by found desc, judgement desc limit 1"
                ),
                (target,),
            ),
            (
                # by every source, since the index begins with it
                (
                    f"select {_ARTICLE} from articles where item in (select id from items where source in"
                    " (select id from sources) and canonical_url = ?) order by found desc, judgement desc limit 1"
                ),
                (canonical(target),),
            ),
            (
                f"select {_ARTICLE} from articles where id in (select article from alerts where id = ?)",
                (target,),
            ),
            (
                (
                    f"select {_ARTICLE} from articles where id in (select alerts.article from alerts join deliveries on"
                    " deliveries.alert = alerts.id where deliveries.id = ?)"
                ),
                (target,),
            ),
        )
        for sql, arguments in lookups:
            row = run(sql, arguments).fetchone()
            if row is not None:
                return self._article_view(_article(row))
        if 4 <= len(target) <= 36 and all(c in "0123456789abcdef-" for c in target):
            rows = run(
                f"select {_ARTICLE} from articles where id >= ? and id < ? order by id limit 2",
                (target, target + "g"),
            ).fetchall()
            if len(rows) == 1:
                return self._article_view(_article(rows[0]))
        return None

    def _article_view(self, row: ArticleRow) -> ArticleView:
        run = self._connection.execute
        text = run("select text from texts where document = ?", (row.document,)).fetchone()
        matches = tuple(
            MatchRow(watchlist=w, alerts=bool(a), reason=r, condition=c, hits=h)
            for w, a, r, c, h in run(
                "select watchlist, alerts, reason, condition, hits from matches where article = ?", (row.id,)
            )
        )
        alerts = alerts_where(self._connection, " where article = ?", (row.id,), 1)
        alert = alerts[0] if alerts else None
        deliveries = (
            deliveries_where(
                self._connection,
                " where alert = ? or id in (select bundle from deliveries where alert = ?)",
                (alert.id, alert.id),
                100,
            )
            if alert
            else ()
        )
        item = run(
            "select sources.key || char(10) || items.key, items.path from items join sources on sources.id = items.source"
            " where items.id = ?",
            (row.item,),
        ).fetchone()
        return ArticleView(
            row=row,
            text=None if text is None else text[0],
            matches=matches,
            alert=alert.alert if alert else None,
            alert_state=alert.state if alert else None,
            deliveries=deliveries,
            item_key=item[0] if item else "",
            path=item[1] if item else None,
        )

    def lately(self, source: int, since: datetime) -> Sequence[Take]:
        """What a source carried since then, the newest first."""
        rows = self._connection.execute(
            "select id, item, title, story from articles where source_id = ? and found >= ?"
            " order by found desc, judgement desc limit ?",
            (source, stamp(since), LATELY),
        )
        return [Take(*row) for row in rows]

    def articles(self, *, since: datetime | None = None) -> Iterator[StoredText]:
        """Stored articles with their text, oldest first, streamed."""
        for row in self._connection.execute(
            "select articles.id, title, text, url, source, author, language, found, articles.document, story,"
            " novel, (select group_concat(watchlist, char(31)) from matches where article = articles.id and alerts = 1),"
            " (select group_concat(watchlist, char(31)) from matches where article = articles.id)"
            " from articles join texts on texts.document = articles.document where found >= ? order by found",
            (stamp(since) if since else "",),
        ):
            (
                id_,
                title,
                text,
                url,
                source,
                author,
                language,
                found,
                document,
                story,
                novel,
                alerted,
                matched,
            ) = row
            yield StoredText(
                article=id_,
                title=title,
                text=text,
                url=url,
                source=source,
                author=author,
                language=language,
                found=when(found),
                document=document,
                story=story,
                alerted=tuple(alerted.split("\x1f")) if alerted else (),
                novel=tuple((a, b) for a, b in json.loads(novel)),
                matched=tuple(matched.split("\x1f")) if matched else (),
            )

    def added(self, *, since: datetime | None = None) -> Iterator[AddedText]:
        """Seeds and added documents that have their text, in the order they came, streamed."""
        for row in self._connection.execute(
            "select coalesce(article, id), title, text, url, source, language from documents"
            f" join texts on texts.document = documents.id where origin in {LASTING} and stored >= ?"
            " order by documents.id",
            (stamp(since) if since else "",),
        ):
            id_, title, text, url, source, language = row
            yield AddedText(id=str(id_), title=title, text=text, url=url, source=source, language=language)

    def told(self, *, since: datetime, limit: int) -> Iterator[StoryText]:
        """Of the documents stored since then that belong to a story the latest, in the order they came, streamed."""
        for row in self._connection.execute(
            "select id, story, title, text, coalesce(published, stored) from documents"
            " join texts on texts.document = documents.id where id in (select id from documents"
            " where story is not null and stored >= ? order by stored desc, id desc limit ?) order by id",
            (stamp(since), limit),
        ):
            document, story, title, text, at = row
            yield StoryText(document=document, story=story, title=title, text=text, at=when(at))

    def publication_times(self) -> Mapping[int, tuple[datetime, ...]]:
        """For each source the publication times of its latest articles, at most 20."""
        run = self._connection.execute
        return {
            source: tuple(
                when(row[0])
                for row in run(
                    "select published from articles where source_id = ? and published is not null"
                    " order by found desc limit 20",
                    (source,),
                )
            )
            for (source,) in run("select id from sources where present = 1 and kind = 'feed'").fetchall()
        }
