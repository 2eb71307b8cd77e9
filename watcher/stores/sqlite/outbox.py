"""What is owed: articles with their matches, alerts, deliveries, bundles and the channels' breakers."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from watcher.model import Alert, Bundle, Content, Notice, StoryNote, derive_id
from watcher.stores import (
    ArticleRow,
    ChannelState,
    DeliveryClaim,
    MatchRow,
    NewDelivery,
    Settlement,
)
from watcher.stores.sqlite.rows import (
    content_from_json,
    content_to_json,
    dumps,
    stamp,
    stamp_or_none,
    when,
    when_or_none,
)

Split = Callable[[str, Bundle], Sequence[Bundle]]

CATCH_UP_LIMIT = timedelta(minutes=30)
"""A catch-up bundle opens after this at the latest, whatever is still to be judged."""


def _subject(content: Content) -> str:
    match content:
        case Alert():
            return content.article.title or content.article.summary[:80]
        case Bundle():
            return f"{len(content.alerts)} alerts ({content.reason})"
        case Notice():
            return content.subject


def _kind(content: Content) -> str:
    match content:
        case Alert():
            return "alert"
        case Bundle():
            return "bundle"
        case Notice():
            return "notice"


class Outbox:
    """Alerts and deliveries on one connection. Every writing verb expects a transaction around it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    # ------------------------------------------------------------- decided

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
    ) -> None:
        """Keep an alert with everything that is owed for it, and note what its watchlists have now reported."""
        row = self._connection.execute(
            "select item, document from articles where id = ?", (article,)
        ).fetchone()
        item, document = row
        self._connection.execute(
            "insert into alerts (id, article, item, verdict, watchlists, title, url, source, reason, story, created,"
            " content) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
            ),
        )
        self._connection.executemany(
            "insert into alert_watchlists (watchlist, created, alert) values (?, ?, ?)",
            [(name, stamp(now), alert.id) for name in alert.watchlists],
        )
        self._connection.executemany(
            "insert or ignore into reports (document, watchlist) values (?, ?)",
            [(document, name) for name in alert.watchlists],
        )
        self.post(deliveries)

    def post(self, deliveries: Sequence[NewDelivery]) -> None:
        """Owe deliveries. One whose id is owed already is not owed twice."""
        for delivery in deliveries:
            held = delivery.hold is not None
            cursor = self._connection.execute(
                "insert into deliveries (id, kind, alert, channel, recipient, state, hold, content, watchlists, subject,"
                " story, created, due) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (id) do nothing",
                (
                    delivery.id,
                    _kind(delivery.content),
                    delivery.alert,
                    delivery.channel,
                    delivery.recipient,
                    "held" if held else "due",
                    delivery.hold,
                    content_to_json(delivery.content),
                    dumps(delivery.watchlists),
                    _subject(delivery.content),
                    delivery.story,
                    stamp(delivery.created),
                    stamp_or_none(delivery.due),
                ),
            )
            if cursor.rowcount == 1 and not held:
                self._number(delivery.id, delivery.channel)

    def _number(self, delivery: str, channel: str) -> None:
        """Give a delivery its channel's next sequence number."""
        row = self._connection.execute(
            "insert into channels (name, sequence) values (?, 1) on conflict (name) do update set sequence ="
            " sequence + 1 returning sequence",
            (channel,),
        ).fetchone()
        self._connection.execute("update deliveries set sequence = ? where id = ?", (row[0], delivery))

    def sent_since(self, watchlist: str, since: datetime) -> int:
        """How many alerts of a watchlist were decided since then."""
        row = self._connection.execute(
            "select count(*) from alert_watchlists where watchlist = ? and created >= ?",
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

    def story_alerts(self, story: str, since: datetime) -> tuple[int, datetime | None]:
        """How many alerts a story raised since then, and when the first of them was decided."""
        row = self._connection.execute(
            "select count(*), min(created) from alerts where story = ? and created >= ?",
            (story, stamp(since)),
        ).fetchone()
        return int(row[0]), when_or_none(row[1])

    def resurfacings(self, seed: int, since: datetime) -> tuple[frozenset[str], bool]:
        """The outlets that carried a seed since then, and whether an alert was raised for it since then."""
        rows = self._connection.execute(
            "select articles.outlet, alerts.id from articles left join alerts on alerts.article = articles.id and"
            " alerts.verdict = 'resurfaced' where resurfaced_seed = ? and found >= ?",
            (seed, stamp(since)),
        ).fetchall()
        return frozenset(row[0] for row in rows), any(row[1] is not None for row in rows)

    def revised(self, item: int, since: datetime) -> datetime | None:
        """When the item last alerted as a revision or removal, since then."""
        row = self._connection.execute(
            "select max(created) from alerts where item = ? and verdict in ('revision', 'removed') and created >= ?",
            (item, stamp(since)),
        ).fetchone()
        return when_or_none(row[0])

    # ------------------------------------------------------------- delivered

    def claim_deliveries(
        self, now: datetime, *, limit: int, lease: timedelta, channels: Sequence[str]
    ) -> tuple[DeliveryClaim, ...]:
        """Lease up to `limit` deliveries of these channels that are due, in order of sequence."""
        rows = self._connection.execute(
            "update deliveries set lease_token = lease_token + 1, lease_until = ?1, due = ?1 where id in"
            " (select id from deliveries where state = 'due' and due <= ?2"
            "  and channel in (select value from json_each(?3)) order by due, sequence limit ?4)"
            " returning id, lease_token, channel, recipient, content, body, sequence, attempts, created, story",
            (stamp(now + lease), stamp(now), dumps(list(channels)), limit),
        ).fetchall()
        rows.sort(key=lambda row: row[6])
        return tuple(
            DeliveryClaim(
                id=id_,
                token=token,
                channel=channel,
                recipient=recipient,
                content=content_from_json(content),
                body=body,
                sequence=sequence,
                attempts=attempts,
                created=when(created),
                thread_ids=self._thread(story, channel, recipient, created, id_),
            )
            for id_, token, channel, recipient, content, body, sequence, attempts, created, story in rows
        )

    def _thread(
        self, story: str | None, channel: str, recipient: str, created: str, id_: str
    ) -> tuple[str, ...]:
        if story is None:
            return ()
        rows = self._connection.execute(
            "select id from deliveries where story = ? and channel = ? and recipient = ? and kind = 'alert' and"
            " state in ('due', 'done') and created <= ? and id <> ? order by created, sequence limit 20",
            (story, channel, recipient, created, id_),
        ).fetchall()
        return tuple(row[0] for row in rows)

    def freeze(self, claim: DeliveryClaim, body: bytes) -> bool:
        """Keep the body as first rendered, before it is first sent."""
        row = self._connection.execute(
            "update deliveries set body = ? where id = ? and lease_token = ?", (body, claim.id, claim.token)
        )
        return row.rowcount == 1

    def settle(self, claim: DeliveryClaim, settlement: Settlement) -> bool:
        """Record what one try came to under the claim's token."""
        s = settlement
        row = self._connection.execute(
            "update deliveries set state = ?, due = ?, reason = ?, attempts = attempts + ?, lease_until = null,"
            " body = case when ? = 'done' then null else coalesce(?, body) end, done = ?"
            " where id = ? and lease_token = ?",
            (
                s.state,
                stamp_or_none(s.retry) if s.state == "due" else None,
                s.reason,
                1 if s.counts else 0,
                s.state,
                s.body,
                None if s.state == "due" else stamp(s.at),
                claim.id,
                claim.token,
            ),
        )
        if row.rowcount != 1:
            return False
        if s.counts:
            self._connection.execute(
                "insert into attempts (delivery, at, outcome, detail) values (?, ?, ?, ?)",
                (
                    claim.id,
                    stamp(s.at),
                    "done" if s.state == "done" else ("retry" if s.state == "due" else "dead"),
                    s.reason,
                ),
            )
        return True

    def trouble(self, channel: ChannelState) -> None:
        """Keep a channel's breaker."""
        self._connection.execute(
            "update channels set failures = ?, probes = ?, retry = ?, disabled = ?, reason = ?, since = ? where name = ?",
            (
                channel.failures,
                channel.probes,
                stamp_or_none(channel.retry),
                channel.disabled,
                channel.reason,
                stamp_or_none(channel.since),
                channel.name,
            ),
        )

    def open_bundles(self, now: datetime, *, split: Split, health: str, groups: bool = False) -> int:
        """Open every bundle that is due: members, content and id are fixed here, in this transaction."""
        self._open_catch_up(now)
        if groups:
            self._connection.execute(
                "update deliveries set due = ? where state = 'held' and hold = 'group'", (stamp(now),)
            )
        due = self._connection.execute(
            "select channel, recipient, id, hold, content, watchlists, story, alert from deliveries where state = 'held'"
            " and due <= ? order by channel, recipient, created, id",
            (stamp(now),),
        ).fetchall()
        opened = 0
        for (channel, recipient), rows in groupby(due, key=lambda row: (row[0], row[1])):
            opened += self._open(channel, recipient, list(rows), now=now, split=split, health=health)
        return opened

    def _open_catch_up(self, now: datetime) -> None:
        """Catch-up deliveries are due once no catch-up item is left to judge."""
        row = self._connection.execute(
            "select min(created) from deliveries where state = 'held' and due is null"
        ).fetchone()
        if row[0] is None:
            return
        left = self._connection.execute(
            "select 1 from items where mode = 'catch-up' and state = 'pending' and due is not null limit 1"
        ).fetchone()
        if left is None or now - when(row[0]) > CATCH_UP_LIMIT:
            self._connection.execute(
                "update deliveries set due = ? where state = 'held' and due is null", (stamp(now),)
            )

    def _open(
        self,
        channel: str,
        recipient: str,
        rows: list[tuple[str, ...]],
        *,
        now: datetime,
        split: Split,
        health: str,
    ) -> int:
        run = self._connection.execute
        reasons = Counter(row[3] for row in rows)
        if len(rows) == 1 and rows[0][3] == "group":
            run(
                "update deliveries set state = 'due', due = ?, hold = null where id = ?",
                (stamp(now), rows[0][2]),
            )
            self._number(rows[0][2], channel)
            return 1
        alerts: list[Alert] = []
        members: dict[str, str] = {}
        for row in rows:
            content = content_from_json(row[4])
            if isinstance(content, Alert):
                alerts.append(content)
                members[content.id] = row[2]
        reason = reasons.most_common(1)[0][0]
        whole = Bundle(
            reason="roll-up" if reason == "group" else reason,
            alerts=tuple(alerts),
            opened=now,
            held=self._held_counts(now),
            health=health,
        )
        parts = split(channel, whole)
        for bundle in parts:
            self._owe_bundle(channel, recipient, bundle, [members[alert.id] for alert in bundle.alerts], now)
        return len(parts)

    def _owe_bundle(
        self, channel: str, recipient: str, bundle: Bundle, ids: list[str], now: datetime
    ) -> None:
        """One request or mail of a bundle; its id is that of its members."""
        run = self._connection.execute
        id_ = derive_id("bundle", channel, recipient, *sorted(ids))
        names = list(dict.fromkeys(name for alert in bundle.alerts for name in alert.watchlists))
        run(
            "insert into deliveries (id, kind, channel, recipient, state, hold, content, watchlists, subject, created,"
            " due) values (?, 'bundle', ?, ?, 'due', ?, ?, ?, ?, ?, ?) on conflict (id) do nothing",
            (
                id_,
                channel,
                recipient,
                bundle.reason,
                content_to_json(bundle),
                dumps(names),
                _subject(bundle),
                stamp(now),
                stamp(now),
            ),
        )
        self._number(id_, channel)
        run(
            "update deliveries set state = 'bundled', bundle = ? where id in (select value from json_each(?))",
            (id_, dumps(ids)),
        )

    def _held_counts(self, now: datetime) -> tuple[tuple[str, int], ...]:
        """What matched in the last day and did not alert, by kind of reason."""
        rows = self._connection.execute(
            "select case when instr(reason, ':') then substr(reason, 1, instr(reason, ':') - 1) else reason end as kind,"
            " count(*) from matches where alerts = 0 and found >= ? group by kind order by 2 desc limit 5",
            (stamp(now - timedelta(days=1)),),
        ).fetchall()
        return tuple((row[0], row[1]) for row in rows)

    def retry(self, ids: Sequence[str], *, dead: bool, now: datetime) -> int:
        """Make deliveries due now under their old id: the named ones, or every dead one."""
        at = stamp(now)
        if dead:
            cursor = self._connection.execute(
                "update deliveries set state = 'due', due = ?, attempts = 0, lease_token = lease_token + 1,"
                " lease_until = null where state = 'dead'",
                (at,),
            )
            return cursor.rowcount
        count = 0
        for id_ in ids:
            cursor = self._connection.execute(
                "update deliveries set state = 'due', due = ?, attempts = 0, lease_token = lease_token + 1,"
                " lease_until = null where id in (select id from deliveries where (id = ? or id like ? || '%')"
                " and state in ('dead', 'due', 'done') limit 1)",
                (at, id_, id_),
            )
            count += cursor.rowcount
        return count

    def orphan(self, channels: Sequence[str], now: datetime) -> int:
        """Deliveries to a channel no longer in the config are dead with that reason; they revive with its name."""
        run = self._connection.execute
        names = dumps(list(channels))
        run(
            "update deliveries set state = 'due', due = ? where state = 'dead' and reason like 'channel removed%'"
            " and channel in (select value from json_each(?))",
            (stamp(now), names),
        )
        cursor = run(
            "update deliveries set state = 'dead', due = null, reason = 'channel removed from the config: add a channel of"
            " this name to send it' where state = 'due' and channel not in (select value from json_each(?))",
            (names,),
        )
        return cursor.rowcount
