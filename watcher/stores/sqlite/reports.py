"""What was reported: articles as they were judged, the alerts they raised, and what the next decision asks of both."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from watcher.alert import Alert, StoryNote
from watcher.stores.decisions import ArticleRow, MatchRow, NewDelivery
from watcher.stores.sqlite.outbox import owe
from watcher.stores.sqlite.rows import content_to_json, dumps, stamp, stamp_or_none, when, when_or_none


class Reports:
    """Judgements and alerts on one connection. Every writing verb expects a transaction around it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def file(self, article: ArticleRow, matches: Sequence[MatchRow]) -> None:
        """Keep one judgement of an item and every watchlist that holds on it."""
        self._connection.execute(
            "insert into articles (id, item, judgement, document, title, url, source_id, source, outlet, author,"
            " published, found, language, words, new_words, verdict, reason, novel, look_alikes, story, partial,"
            " resurfaced_seed) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                article.id,
                article.item,
                article.judgement,
                article.document,
                article.title,
                article.url,
                article.source_id,
                article.source,
                article.outlet,
                article.author,
                stamp_or_none(article.published),
                stamp(article.found),
                article.language,
                article.words,
                article.new_words,
                article.verdict,
                article.reason,
                dumps(article.novel),
                article.look_alikes,
                article.story,
                article.partial,
                article.resurfaced_seed,
            ),
        )
        self._connection.executemany(
            "insert into matches (article, watchlist, alerts, reason, condition, hits, found)"
            " values (?, ?, ?, ?, ?, ?, ?)",
            [
                (article.id, m.watchlist, m.alerts, m.reason, m.condition, m.hits, stamp(article.found))
                for m in matches
            ],
        )
        if article.story is not None:
            self._connection.execute(
                "insert or ignore into stories (id, first_seen, first_source, first_title) values (?, ?, ?, ?)",
                (article.story, stamp(article.found), article.source, article.title),
            )

    def raise_alert(
        self,
        alert: Alert,
        *,
        article: str,
        story: str | None,
        now: datetime,
        deliveries: Sequence[NewDelivery],
        muted: Mapping[str, str],
    ) -> None:
        """Keep an alert with everything that is owed for it, and note what its watchlists have now reported.

        A muted watchlist reported nothing: the same text through a door that is not muted is news to it.
        """
        row = self._connection.execute(
            "select item, document from articles where id = ?", (article,)
        ).fetchone()
        item, document = row
        self._connection.execute(
            "insert into alerts (id, article, item, verdict, watchlists, title, url, source, reason, story, created,"
            " content, muted) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                alert.id,
                article,
                item,
                alert.verdict,
                dumps(alert.watchlists),
                alert.article.title,
                alert.article.url,
                alert.article.source,
                alert.reason,
                story,
                stamp(now),
                content_to_json(alert),
                dumps(dict(muted)),
            ),
        )
        told = [name for name in alert.watchlists if name not in muted]
        self._connection.executemany(
            "insert into alert_watchlists (watchlist, created, alert) values (?, ?, ?)",
            [(name, stamp(now), alert.id) for name in told],
        )
        self._connection.executemany(
            "insert or ignore into reports (document, watchlist) values (?, ?)",
            [(document, name) for name in told],
        )
        owe(self._connection, deliveries)

    def sent_since(self, watchlist: str, since: datetime) -> int:
        """How many alerts of a watchlist since then were to go on their own (not in a bundle, but for the brake's)."""
        row = self._connection.execute(
            "select count(*) from alert_watchlists where watchlist = ? and created >= ? and exists (select 1 from"
            " deliveries where deliveries.alert = alert_watchlists.alert and coalesce(hold, '') not in"
            " ('catch-up', 'digest', 'follow-up', 'roll-up', 'muted'))",
            (watchlist, stamp(since)),
        ).fetchone()
        return int(row[0])

    def braked(self, watchlist: str, now: datetime) -> datetime | None:
        """Until when the storm brake already holds alerts of a watchlist."""
        row = self._connection.execute(
            "select max(due) from deliveries, json_each(deliveries.watchlists) where state = 'held' and hold = 'brake'"
            " and json_each.value = ? and due > ?",
            (watchlist, stamp(now)),
        ).fetchone()
        return when_or_none(row[0])

    def story(self, story: str) -> StoryNote | None:
        """What is known of a story; None where nothing of it is stored yet."""
        row = self._connection.execute(
            "select first_seen, first_source, first_title from stories where id = ?", (story,)
        ).fetchone()
        if row is None:
            return None
        articles, outlets, texts = self._connection.execute(
            "select count(distinct articles.item), count(distinct articles.outlet), count(distinct documents.cluster)"
            " from articles join documents on documents.id = articles.document where articles.story = ?",
            (story,),
        ).fetchone()
        return StoryNote(
            id=story,
            first_seen=when(row[0]),
            articles=articles,
            outlets=outlets,
            texts=texts,
            first_source=row[1],
            first_title=row[2],
        )

    def story_alerts(self, story: str, watchlist: str, since: datetime) -> tuple[int, datetime | None]:
        """How many alerts of a watchlist a story raised since then, and when the first of them was decided."""
        row = self._connection.execute(
            "select count(*), min(alerts.created) from alerts join alert_watchlists on alert = alerts.id and watchlist = ?"
            " where story = ? and alerts.created >= ?",
            (watchlist, story, stamp(since)),
        ).fetchone()
        return int(row[0]), when_or_none(row[1])

    def story_texts(self, story: str, watchlist: str, since: datetime) -> tuple[str, ...]:
        """The texts that a watchlist was alerted of a story since then, newest first, the latest 20."""
        rows = self._connection.execute(
            "select articles.title || char(10) || texts.text from alerts join alert_watchlists on alert = alerts.id and"
            " watchlist = ? join articles on articles.id = alerts.article join texts on texts.document ="
            " articles.document where alerts.story = ? and alerts.created >= ? order by alerts.created desc limit 20",
            (watchlist, story, stamp(since)),
        ).fetchall()
        return tuple(row[0] for row in rows)

    def resurfacings(self, seed: int, since: datetime) -> tuple[frozenset[str], bool]:
        """The outlets that carried a seed since then, and whether an alert was raised for it since then."""
        rows = self._connection.execute(
            "select articles.outlet, alerts.id from articles left join alerts on alerts.article = articles.id and"
            " alerts.verdict = 'resurfaced' where resurfaced_seed = ? and found >= ?",
            (seed, stamp(since)),
        ).fetchall()
        return frozenset(row[0] for row in rows), any(row[1] is not None for row in rows)

    def alerted(self, item: int) -> frozenset[str]:
        """The watchlists that an item has alerted, with any of its texts."""
        rows = self._connection.execute(
            "select distinct value from alerts, json_each(alerts.watchlists) where item = ?", (item,)
        )
        return frozenset(row[0] for row in rows)

    def revisions_wait(self, item: int, now: datetime, every: timedelta) -> datetime | None:
        """Until when revisions of an item wait, where one was told less than `every` ago; None: the next goes at once.

        Those that wait wait together: a live blog makes one message each `every`, not one for each revision. What
        waits for something else, a digest or the morning, is of other watchlists or no alert: nothing waits for it.
        """
        row = self._connection.execute(
            "select max(case when state = 'held' and hold = 'roll-up' then due end),"
            " max(case when hold is null then deliveries.created end) from alerts join deliveries on deliveries.alert = alerts.id"
            " where alerts.item = ? and verdict in ('revision', 'removed') and alerts.created >= ?",
            (item, stamp(now - 2 * every)),
        ).fetchone()
        held, told = when_or_none(row[0]), when_or_none(row[1])
        opened = self._connection.execute(
            "select max(bundles.created) from alerts join deliveries on deliveries.alert = alerts.id join deliveries"
            " as bundles on bundles.id = deliveries.bundle where alerts.item = ? and alerts.verdict in"
            " ('revision', 'removed') and bundles.created >= ?",
            (item, stamp(now - every)),
        ).fetchone()
        last = max(filter(None, (told, when_or_none(opened[0]))), default=None)
        if last is not None and last > now:
            last = now  # by a clock that has been set back since
        if held is not None and held > now:
            return held
        return last + every if last is not None and last + every > now else None
