"""What is owed to whom: deliveries, their tries, and the channels' breakers."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from watcher.alert import Alert, Bundle, Content, Notice
from watcher.stores.claims import DeliveryClaim
from watcher.stores.decisions import NewDelivery, Settlement
from watcher.stores.sqlite.rows import (
    content_from_json,
    content_to_json,
    dumps,
    stamp,
    stamp_or_none,
    when,
)
from watcher.stores.views import ChannelState

REMOVED = "channel removed from the config: add a channel of this name to send it"


def subject(content: Content) -> str:
    """What `watcher deliveries` calls it."""
    match content:
        case Alert():
            return content.article.title or content.article.summary[:80]
        case Bundle():
            number = len(content.alerts)
            return f"{number} {'alert' if number == 1 else 'alerts'} ({content.reason})"
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


def number(connection: sqlite3.Connection, delivery: str, channel: str) -> None:
    """Give a delivery that is now owed its channel's next sequence number; dead where the channel left the config."""
    sequence, present = connection.execute(
        "insert into channels (name, sequence) values (?, 1) on conflict (name) do update set sequence = sequence + 1"
        " returning sequence, present",
        (channel,),
    ).fetchone()
    connection.execute("update deliveries set sequence = ? where id = ?", (sequence, delivery))
    if not present:
        connection.execute(
            "update deliveries set state = 'dead', due = null, reason = ? where id = ?", (REMOVED, delivery)
        )


def owe(connection: sqlite3.Connection, deliveries: Sequence[NewDelivery]) -> int:
    """Owe deliveries; how many are new. One whose id is owed already is not owed twice."""
    new = 0
    for delivery in deliveries:
        state = "muted" if delivery.hold == "muted" else "held" if delivery.hold is not None else "due"
        cursor = connection.execute(
            "insert into deliveries (id, kind, alert, channel, recipient, state, hold, content, watchlists, subject,"
            " story, created, due) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (id) do nothing",
            (
                delivery.id,
                _kind(delivery.content),
                delivery.alert,
                delivery.channel,
                delivery.recipient,
                state,
                delivery.hold,
                content_to_json(delivery.content),
                dumps(delivery.watchlists),
                subject(delivery.content),
                delivery.story,
                stamp(delivery.created),
                None if state == "muted" else stamp_or_none(delivery.due),
            ),
        )
        new += cursor.rowcount
        if cursor.rowcount == 1 and state == "due":
            number(connection, delivery.id, delivery.channel)
    return new


class Outbox:
    """The deliveries on one connection. Every writing verb expects a transaction around it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def post(self, deliveries: Sequence[NewDelivery]) -> int:
        """Owe deliveries; how many are new. One whose id is owed already is not owed twice."""
        return owe(self._connection, deliveries)

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
                thread_ids=self._thread(story, channel, recipient, sequence),
            )
            for id_, token, channel, recipient, content, body, sequence, attempts, created, story in rows
        )

    def _thread(self, story: str | None, channel: str, recipient: str, sequence: int) -> tuple[str, ...]:
        """What this recipient was owed of the story before, oldest first.

        By sequence, not by time: two reports that are judged together are decided one after the other.
        """
        if story is None:
            return ()
        rows = self._connection.execute(
            "select id from deliveries where story = ? and channel = ? and recipient = ? and kind <> 'notice' and"
            " state in ('due', 'done') and sequence < ? order by sequence limit 20",
            (story, channel, recipient, sequence),
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

    def misworded(self, channel: str, fault: str) -> None:
        """Keep what is wrong with a channel's template."""
        self._connection.execute("update channels set template = ? where name = ?", (fault, channel))

    def retry(self, ids: Sequence[str], *, dead: bool, now: datetime) -> int:
        """Make deliveries due now under their old id: the named ones, or every dead one.

        A muted one is sent where it is named. Those of a channel that left the config stay dead.
        """
        run = self._connection.execute
        if dead:
            wanted = run("select id, channel, state from deliveries where state = 'dead'").fetchall()
        else:
            wanted = []
            for id_ in ids:
                wanted += run(
                    "select id, channel, state from deliveries where (id = ? or id like ? || '%') and state in"
                    " ('dead', 'due', 'done', 'muted') limit 1",
                    (id_, id_),
                )
        present = {row[0] for row in run("select name from channels where present = 1")}
        count = 0
        for id_, channel, state in wanted:
            if channel not in present:
                continue
            run(
                "update deliveries set state = 'due', hold = null, due = ?, attempts = 0, lease_token = lease_token + 1,"
                " lease_until = null where id = ?",
                (stamp(now), id_),
            )
            if state == "muted":
                number(self._connection, id_, channel)
            count += 1
        return count

    def moved(self, addresses: Mapping[str, str], now: datetime) -> tuple[str, ...]:
        """Give channels in trouble whose address is another than it was a new start, with what waits; their names.

        `addresses`: for each channel a mark of where it delivers, empty where that is not known. What died with the
        old address goes to the new one.
        """
        run = self._connection.execute
        moved = []
        for name, address in addresses.items():
            row = run(
                "select address, disabled or failures, reason from channels where name = ?", (name,)
            ).fetchone()
            if row is None or address in {"", row[0]}:
                continue
            run("update channels set address = ? where name = ?", (address, name))
            if not row[0] or not row[1]:
                continue
            self.trouble(ChannelState(name=name))
            run(
                "update deliveries set state = 'due', due = ? where channel = ? and (state = 'due' and lease_until is null"
                " or state = 'dead' and reason = ?)",
                (stamp(now), name, row[2]),
            )
            moved.append(name)
        return tuple(moved)

    def orphan(self, channels: Sequence[str], now: datetime) -> int:
        """Deliveries to a channel no longer in the config are dead with that reason; they revive with its name."""
        run = self._connection.execute
        names = dumps(list(channels))
        run(
            "update deliveries set state = 'due', due = ?, reason = '' where state = 'dead' and reason = ?"
            " and channel in (select value from json_each(?))",
            (stamp(now), REMOVED, names),
        )
        cursor = run(
            "update deliveries set state = 'dead', due = null, reason = ?, lease_until = null"
            " where state = 'due' and channel not in (select value from json_each(?))",
            (REMOVED, names),
        )
        return cursor.rowcount
