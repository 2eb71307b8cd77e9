"""Bundles on one connection: what was held until now goes as one, and is fixed in the transaction that opens it."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from watcher.alert import Alert, Bundle, Content
from watcher.model import derive_id
from watcher.mutes import Mute, muted, only
from watcher.stores import Split
from watcher.stores.sqlite.muting import Muting
from watcher.stores.sqlite.outbox import number, subject
from watcher.stores.sqlite.rows import content_from_json, content_to_json, dumps, stamp, when

CATCH_UP_LIMIT = timedelta(minutes=30)
"""A catch-up bundle opens after this at the latest, whatever is still to be judged."""

HELD_REASONS = 5
"""Reasons for silence that a bundle counts, the commonest first."""

_MEMBER = "select channel, recipient, id, hold, content, watchlists from deliveries where state = 'held'"


@dataclass(frozen=True, slots=True)
class _Opening:
    """What every bundle of one opening is made with."""

    now: datetime
    split: Split
    health: str
    mutes: Sequence[Mute]


class Bundling:
    """Held deliveries. Every verb expects a transaction around it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def open_bundles(self, now: datetime, *, split: Split, health: str, groups: bool = False) -> int:
        """Open every bundle that is due: members, mutes, content and id are fixed here, in this transaction."""
        run = self._connection.execute
        self._open_catch_up(now)
        if groups:
            run("update deliveries set due = ? where state = 'held' and hold = 'group'", (stamp(now),))
        due = run(
            f"{_MEMBER} and due <= ? order by channel, recipient, created, id", (stamp(now),)
        ).fetchall()
        opening = _Opening(now, split, health, Muting(self._connection).mutes(now))
        return sum(
            self._open(channel, recipient, list(rows), opening)
            for (channel, recipient), rows in groupby(due, key=lambda row: (row[0], row[1]))
        )

    def _open_catch_up(self, now: datetime) -> None:
        """Catch-up deliveries are due once no catch-up item is left to judge."""
        run = self._connection.execute
        row = run("select min(created) from deliveries where state = 'held' and due is null").fetchone()
        if row[0] is None:
            return
        left = run(
            "select 1 from items where mode = 'catch-up' and state = 'pending' and due is not null limit 1"
        ).fetchone()
        if left is None or now - when(row[0]) > CATCH_UP_LIMIT:
            run("update deliveries set due = ? where state = 'held' and due is null", (stamp(now),))

    def _open(self, channel: str, recipient: str, rows: list[tuple[Any, ...]], opening: _Opening) -> int:
        """Open one recipient's bundle; how many deliveries came of it."""
        if any(row[3] not in ("group", "follow-up", "catch-up") for row in rows):
            rows += self._follow_ups(channel, recipient, rows)
        alerts: list[Alert] = []
        members: dict[str, str] = {}
        reasons: Counter[str] = Counter()
        for _, _, id_, hold, content, _ in rows:
            told = self._unmuted(content_from_json(content), opening.mutes)
            if told is None:
                self._connection.execute(
                    "update deliveries set state = 'muted', hold = 'muted', due = null where id = ?", (id_,)
                )
                continue
            alerts.append(told)
            members[told.id] = id_
            reasons[hold] += 1
        if not alerts:
            return 0
        if set(reasons) == {"group"} and len(alerts) == 1:
            self._alone(channel, members[alerts[0].id], alerts[0], opening.now)
            return 1
        reason = reasons.most_common(1)[0][0]
        whole = Bundle(
            reason="roll-up" if reason == "group" else reason,
            alerts=tuple(alerts),
            opened=opening.now,
            held=self._held_counts(alerts, opening.now),
            health=opening.health,
        )
        parts = opening.split(channel, whole)
        for bundle in parts:
            ids = [members[alert.id] for alert in bundle.alerts]
            self._owe_bundle(channel, recipient, bundle, ids, opening.now)
        return len(parts)

    def _unmuted(self, content: Content, mutes: Sequence[Mute]) -> Alert | None:
        """What is still told of a held alert; what is not stands with it, and by which mute. None: nothing is."""
        if not isinstance(content, Alert):
            return None
        silenced = muted(content, mutes)
        if silenced:
            self._connection.execute(
                "update alerts set muted = json_patch(muted, ?) where id = ?", (dumps(silenced), content.id)
            )
        return only(content, [name for name in content.watchlists if name not in silenced])

    def _follow_ups(
        self, channel: str, recipient: str, rows: Sequence[tuple[Any, ...]]
    ) -> list[tuple[Any, ...]]:
        """The follow-ups that wait for this recipient: they go in the next bundle of their watchlist."""
        names = sorted({name for row in rows for name in _names(row)})
        return self._connection.execute(
            f"{_MEMBER} and channel = ? and recipient = ? and hold = 'follow-up' and id not in"
            " (select value from json_each(?)) and exists (select 1 from json_each(watchlists) where value in"
            " (select value from json_each(?))) order by created, id",
            (channel, recipient, dumps([row[2] for row in rows]), dumps(names)),
        ).fetchall()

    def _alone(self, channel: str, id_: str, alert: Alert, now: datetime) -> None:
        """One report that waited for company and got none goes as it is."""
        self._connection.execute(
            "update deliveries set state = 'due', due = ?, hold = null, content = ?, watchlists = ? where id = ?",
            (stamp(now), content_to_json(alert), dumps(alert.watchlists), id_),
        )
        number(self._connection, id_, channel)

    def _owe_bundle(
        self, channel: str, recipient: str, bundle: Bundle, ids: list[str], now: datetime
    ) -> None:
        """One request or mail of a bundle; its id is that of its members, its thread that of its only story."""
        run = self._connection.execute
        id_ = derive_id("bundle", channel, recipient, *sorted(ids))
        names = list(dict.fromkeys(name for alert in bundle.alerts for name in alert.watchlists))
        stories = {alert.story.id if alert.story else None for alert in bundle.alerts}
        run(
            "insert into deliveries (id, kind, channel, recipient, state, hold, content, watchlists, subject, story,"
            " created, due) values (?, 'bundle', ?, ?, 'due', ?, ?, ?, ?, ?, ?, ?) on conflict (id) do nothing",
            (
                id_,
                channel,
                recipient,
                bundle.reason,
                content_to_json(bundle),
                dumps(names),
                subject(bundle),
                stories.pop() if len(stories) == 1 else None,
                stamp(now),
                stamp(now),
            ),
        )
        number(self._connection, id_, channel)
        run(
            "update deliveries set state = 'bundled', bundle = ? where id in (select value from json_each(?))",
            (id_, dumps(ids)),
        )

    def _held_counts(self, alerts: Sequence[Alert], now: datetime) -> tuple[tuple[str, int], ...]:
        """What these alerts' watchlists matched in the last day and did not tell, by kind of reason."""
        run = self._connection.execute
        names = dumps(sorted({name for alert in alerts for name in alert.watchlists}))
        since = stamp(now - timedelta(days=1))
        rows = run(
            "select case when instr(reason, ':') then substr(reason, 1, instr(reason, ':') - 1) else reason end as kind,"
            " count(*) from matches where alerts = 0 and found >= ? and watchlist in (select value from json_each(?))"
            " group by kind order by 2 desc limit ?",
            (since, names, HELD_REASONS),
        ).fetchall()
        silenced = run(
            "select count(distinct alert) from deliveries where state = 'muted' and created >= ? and exists"
            " (select 1 from json_each(watchlists) where value in (select value from json_each(?)))",
            (since, names),
        ).fetchone()[0]
        return (*((kind, count) for kind, count in rows), *([("muted", silenced)] if silenced else []))


def _names(row: Sequence[Any]) -> list[str]:
    names: list[str] = json.loads(row[5])
    return names
