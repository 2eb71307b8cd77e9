"""What is to be polled and judged: sources and items, claimed under leases."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from watcher.model import Entry, Scan
from watcher.stores.claims import ItemClaim, SourceClaim, SourceSpec
from watcher.stores.decisions import NextLook
from watcher.stores.sqlite.rows import (
    dumps,
    entry_from_json,
    entry_to_json,
    stamp,
    stamp_or_none,
    when,
    when_or_none,
)

ABSENCE = timedelta(days=7)
"""A feed unread for longer than this is caught up with as a new one is, not alerted item by item."""

UNDATED = 20
"""Of a first poll's undated entries so many, the first, count as young."""


class Queue:
    """Sources and items on one connection. Every writing verb expects a transaction around it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    # ------------------------------------------------------------- config

    def register(
        self, sources: Sequence[SourceSpec], watchlists: Sequence[str], channels: Sequence[str], now: datetime
    ) -> None:
        """Make the store's sources, watchlists and channels those of the config; what left stays with its history."""
        at = stamp(now)
        run = self._connection.execute
        run("update sources set present = 0")
        for spec in sources:
            run(
                "insert into sources (key, kind, name, outlet, grp, due) values (?, ?, ?, ?, ?, ?)"
                " on conflict (key) do update set present = 1, name = excluded.name, outlet = excluded.outlet,"
                " grp = excluded.grp, due = coalesce(sources.due, case when gone then null else excluded.due end)",
                (spec.key, spec.kind, spec.name, spec.group or spec.name, spec.group, at),
            )
        for table, names in (("watchlists", watchlists), ("channels", channels)):
            run(f"update {table} set present = 0")
            for name in names:
                if table == "watchlists":
                    run(
                        "insert into watchlists (name, created) values (?, ?)"
                        " on conflict (name) do update set present = 1",
                        (name, at),
                    )
                else:
                    run(
                        "insert into channels (name) values (?) on conflict (name) do update set present = 1",
                        (name,),
                    )

    def due_now(self, now: datetime) -> None:
        """Make every folder due at once: a run that ends by itself looks at what the user has just put there."""
        self._connection.execute(
            "update sources set due = ?1 where present = 1 and kind = 'folder' and due > ?1", (stamp(now),)
        )

    # ------------------------------------------------------------- poll

    def claim_sources(self, now: datetime, *, limit: int, lease: timedelta) -> tuple[SourceClaim, ...]:
        """Lease up to `limit` sources that are due, the longest due first."""
        rows = self._connection.execute(
            # what is leased is due again when its lease ends, so one column says when anybody may take it
            "update sources set lease_token = lease_token + 1, lease_until = ?1, due = ?1, last_attempt = ?2 where id in"
            " (select id from sources where due <= ?2 and present = 1 and gone = 0 order by due limit ?3)"
            " returning id, lease_token, key, kind, name, cursor, baseline, failures, moved_to, last_success",
            (stamp(now + lease), stamp(now), limit),
        ).fetchall()
        claims = []
        for id_, token, key, kind, name, cursor, baseline, failures, moved_to, last_success in rows:
            absent = last_success is not None and now - when(last_success) > ABSENCE
            claims.append(
                SourceClaim(
                    id=id_,
                    token=token,
                    key=key,
                    kind=kind,
                    name=name,
                    cursor=json.loads(cursor),
                    baseline=kind == "feed" and (bool(baseline) or absent),
                    failures=failures,
                    moved_to=moved_to,
                    last_success=when_or_none(last_success),
                )
            )
        return tuple(claims)

    def keep(
        self, claim: SourceClaim, scan: Scan, *, now: datetime, due: datetime, catch_up: timedelta
    ) -> int | None:
        """Keep a scan under the claim's token: cursor, new and changed entries. None: the lease was lost."""
        newest = max((e.published for e in scan.entries if e.published is not None), default=None)
        row = self._connection.execute(
            "update sources set cursor = ?, due = ?, lease_until = null, last_success = ?, failures = 0,"
            " failing_since = null, error = null, problems = case when ? then problems else ? end,"
            " baseline = 0, moved_to = coalesce(?, moved_to), newest = max(coalesce(newest, ''), ?)"
            " where id = ? and lease_token = ?",
            (
                dumps(scan.cursor),
                stamp(due),
                stamp(now),
                scan.unchanged,
                dumps(list(scan.problems)),
                scan.moved_to,
                stamp(newest) if newest else "",
                claim.id,
                claim.token,
            ),
        )
        if row.rowcount != 1:
            return None
        if scan.unchanged or not scan.entries:
            return 0
        return self._keep_entries(claim, scan.entries, now, catch_up)

    def _keep_entries(
        self, claim: SourceClaim, entries: Sequence[Entry], now: datetime, catch_up: timedelta
    ) -> int:
        run = self._connection.execute
        known = self._known(claim.id, entries)
        at = stamp(now)
        fresh = 0
        undated = 0
        seen: list[int] = []
        for position, entry in enumerate(entries):
            old = known.get(entry.key)
            if old is None and entry.canonical_url is not None:
                old = known.get("\0" + entry.canonical_url)
            if old is not None:
                id_, content_hash = old
                seen.append(id_)
                if content_hash != entry.content_hash and claim.kind == "feed":
                    fresh += self._revise(id_, entry, at)
                continue
            mode = "news"
            if claim.baseline:
                if entry.published is None:
                    undated += 1
                    young = undated <= UNDATED
                else:
                    young = now - entry.published <= catch_up
                mode = "catch-up" if young else "known"
            # oldest first: the first carrier of a text should be the one that is reported
            rank = stamp(entry.published) if entry.published else at
            cursor = run(
                "insert into items (source, key, canonical_url, content_hash, entry, path, state, mode, due, rank,"
                " first_seen, last_seen) values (?, ?, ?, ?, ?, ?, 'pending', ?, ?, ?, ?, ?)"
                " on conflict (source, key) do nothing",
                (
                    claim.id,
                    entry.key,
                    entry.canonical_url,
                    entry.content_hash,
                    entry_to_json(entry),
                    entry.path,
                    mode,
                    at,
                    f"{rank} {len(entries) - position:06d}",
                    at,
                    at,
                ),
            )
            if cursor.rowcount == 1:
                fresh += 1
                known[entry.key] = (int(cursor.lastrowid or 0), entry.content_hash)
        if seen:
            run(
                "update items set last_seen = ? where id in (select value from json_each(?))",
                (at, dumps(seen)),
            )
        return fresh

    def _known(self, source: int, entries: Sequence[Entry]) -> dict[str, tuple[int, str]]:
        """Items of the source by entry key and, behind a NUL, by canonical URL."""
        keys = dumps([e.key for e in entries])
        urls = dumps([e.canonical_url for e in entries if e.canonical_url])
        known: dict[str, tuple[int, str]] = {}
        for url, id_, content_hash in self._connection.execute(
            "select canonical_url, id, content_hash from items where source = ? and canonical_url in"
            " (select value from json_each(?))",
            (source, urls),
        ):
            known["\0" + url] = (id_, content_hash)
        for key, id_, content_hash in self._connection.execute(
            "select key, id, content_hash from items where source = ? and key in"
            " (select value from json_each(?))",
            (source, keys),
        ):
            known[key] = (id_, content_hash)
        return known

    def _revise(self, id_: int, entry: Entry, at: str) -> int:
        """A known item came with other content: its next judgement is due now."""
        self._connection.execute(
            "update items set content_hash = ?, entry = ?, state = 'pending', stage = 'first', due = ?, tries = 0,"
            " judgement = coalesce((select max(judgement) + 1 from articles where item = items.id), 0),"
            " mode = case when article is null then mode else 'news' end, rank = ?, lease_token = lease_token + 1,"
            " lease_until = null, last_seen = ? where id = ?",
            (entry.content_hash, entry_to_json(entry), at, at, at, id_),
        )
        return 1

    def fail(self, claim: SourceClaim, reason: str, *, now: datetime, due: datetime | None) -> bool:
        """Record a failed poll under the claim's token; `due` None stops the source for good."""
        row = self._connection.execute(
            "update sources set due = ?, gone = ?, lease_until = null, failures = failures + 1, error = ?,"
            " failing_since = coalesce(failing_since, ?) where id = ? and lease_token = ?",
            (stamp_or_none(due), due is None, reason, stamp(now), claim.id, claim.token),
        )
        return row.rowcount == 1

    # ------------------------------------------------------------- judge

    def claim_items(self, now: datetime, *, limit: int, lease: timedelta) -> tuple[ItemClaim, ...]:
        """Lease up to `limit` items that are due, oldest publication first within one time."""
        rows = self._connection.execute(
            "update items set lease_token = lease_token + 1, lease_until = ?1, due = ?1 where id in"
            " (select id from items where due <= ?2 order by due, rank limit ?3)"
            " returning id, lease_token, source, entry, judgement, stage, tries, mode, first_seen, article, looks,"
            " rank",
            (stamp(now + lease), stamp(now), limit),
        ).fetchall()
        rows.sort(key=lambda row: row[-1])
        sources = {
            row[0]: row[1:]
            for row in self._connection.execute(
                "select id, key, kind, name, outlet from sources where id in (select value from json_each(?))",
                (dumps(sorted({row[2] for row in rows})),),
            )
        }
        return tuple(self._item_claim(row, sources[row[2]]) for row in rows)

    @staticmethod
    def _item_claim(row: Sequence[Any], source: Sequence[Any]) -> ItemClaim:
        id_, token, source_id, entry_json, judgement, stage, tries, mode, first_seen, article, looks, _ = row
        source_key, kind, name, outlet = source
        entry = entry_from_json(entry_json)
        return ItemClaim(
            id=id_,
            token=token,
            key=f"{source_key}\n{entry.key}",
            source_id=source_id,
            source_key=source_key,
            source_kind=kind,
            source=name,
            outlet=outlet,
            entry=entry,
            judgement=judgement,
            stage=stage,
            tries=tries,
            mode=mode,
            first_seen=when(first_seen),
            previous=article,
            looks=looks,
        )

    def holds(self, claim: ItemClaim) -> bool:
        """Whether the item's lease is still the claim's."""
        row = self._connection.execute(
            "select 1 from items where id = ? and lease_token = ?", (claim.id, claim.token)
        ).fetchone()
        return row is not None

    def finish(
        self, claim: ItemClaim, *, article: str | None, next_look: NextLook | None, reason: str = ""
    ) -> None:
        """Release a judged item; it is due again where `next_look` says so. Its entry's text is let go when done."""
        look = next_look
        spent = look is None and claim.entry.text != ""
        self._connection.execute(
            "update items set state = ?, stage = ?, due = ?, judgement = ?, tries = ?, looks = ?, article ="
            " coalesce(?, article), error = ?, entry = coalesce(?, entry), lease_until = null"
            " where id = ? and lease_token = ?",
            (
                "judged",
                look.stage if look else "first",
                stamp(look.due) if look else None,
                look.judgement if look else claim.judgement,
                look.tries if look else 0,
                look.looks if look else claim.looks,
                article,
                reason or None,
                entry_to_json(replace(claim.entry, text="")) if spent else None,
                claim.id,
                claim.token,
            ),
        )

    def postpone(self, claim: ItemClaim, reason: str, *, due: datetime | None, tries: int) -> bool:
        """Not judged this time: due again, or given up (`due` None); the reason stands with the item's source."""
        row = self._connection.execute(
            "update items set state = ?, due = ?, tries = ?, error = ?, lease_until = null"
            " where id = ? and lease_token = ?",
            ("pending" if due else "failed", stamp_or_none(due), tries, reason, claim.id, claim.token),
        )
        return row.rowcount == 1

    def release_all(self, now: datetime) -> None:
        """Clear every lease and make what it held due."""
        for table in ("sources", "items", "deliveries"):
            self._connection.execute(
                f"update {table} set due = ?, lease_until = null, lease_token = lease_token + 1 where lease_until is not null",
                (stamp(now),),
            )
