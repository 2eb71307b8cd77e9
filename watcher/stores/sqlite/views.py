"""What people ask the store: sources, alerts, deliveries, channels, and whether all is well."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from watcher.alert import Alert, Content
from watcher.stores.sqlite.rows import content_from_json, dumps, when, when_or_none
from watcher.stores.views import (
    AlertView,
    Attempt,
    ChannelState,
    DeliveryView,
    Due,
    SourceView,
    Usage,
)


def _alert(content: str) -> Alert | None:
    value: Content = content_from_json(content)
    return value if isinstance(value, Alert) else None


def alerts_where(
    connection: sqlite3.Connection, where: str, arguments: tuple[Any, ...], limit: int
) -> list[AlertView]:
    """The alerts that `where` (SQL, with its arguments) names, newest first."""
    views = []
    for row in connection.execute(
        "select id, article, verdict, watchlists, title, url, source, reason, story, created, content, muted,"
        " (select group_concat(state) from deliveries where alert = alerts.id),"
        " (select min(due) from deliveries where alert = alerts.id and state = 'held')"
        f" from alerts{where} order by created desc limit ?",
        (*arguments, limit),
    ).fetchall():
        (
            id_,
            article,
            verdict,
            watchlists,
            title,
            url,
            source,
            reason,
            story,
            created,
            content,
            muted,
            states,
            until,
        ) = row
        found = (states or "").split(",") if states else []
        views.append(
            AlertView(
                id=id_,
                article=article,
                created=when(created),
                state=_alert_state(found),
                verdict=verdict,
                watchlists=tuple(json.loads(watchlists)),
                title=title,
                url=url,
                source=source,
                reason=reason,
                story=story,
                deliveries=len(found),
                until=when_or_none(until),
                alert=_alert(content),
                muted=tuple(json.loads(muted).items()),
            )
        )
    return views


def deliveries_where(
    connection: sqlite3.Connection, where: str, arguments: tuple[Any, ...], limit: int
) -> tuple[DeliveryView, ...]:
    """The deliveries that `where` (SQL, with its arguments) names, each with its tries, newest first."""
    views = []
    for row in connection.execute(
        "select id, kind, channel, recipient, state, hold, created, due, attempts, reason, subject, alert, bundle"
        f" from deliveries{where} order by created desc, sequence desc limit ?",
        (*arguments, limit),
    ).fetchall():
        (
            id_,
            kind,
            channel,
            recipient,
            state,
            hold,
            created,
            due,
            attempts,
            reason,
            subject,
            alert,
            bundle,
        ) = row
        tries = tuple(
            Attempt(at=when(at), outcome=outcome, detail=detail)
            for at, outcome, detail in connection.execute(
                "select at, outcome, detail from attempts where delivery = ? order by at", (id_,)
            )
        )
        views.append(
            DeliveryView(
                id=id_,
                kind=kind,
                channel=channel,
                recipient=recipient,
                state=state,
                hold=hold,
                created=when(created),
                due=when_or_none(due),
                attempts=attempts,
                reason=reason,
                subject=subject,
                alert=alert,
                bundle=bundle,
                tries=tries,
            )
        )
    return tuple(views)


class Views:
    """Reads for people, on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def sources(self) -> tuple[SourceView, ...]:
        """Every source ever configured, in the order they came."""
        counts = {
            row[0]: row[1:]
            for row in self._connection.execute(
                "select source, count(*), sum(state = 'pending') from items group by source"
            )
        }
        errors: dict[int, list[str]] = {}
        for source, text in self._connection.execute(
            "select source, error from items where error is not null order by id desc limit 1000"
        ):
            errors.setdefault(source, []).append(text)
        views = []
        for row in self._connection.execute(
            "select id, key, kind, name, grp, present, gone, last_attempt, last_success, due, failures, failing_since,"
            " error, problems, newest, moved_to from sources order by present desc, id"
        ):
            (
                id_,
                key,
                kind,
                name,
                grp,
                present,
                gone,
                attempt,
                success,
                due,
                failures,
                since,
                error,
                problems,
                newest,
                moved,
            ) = row
            if not present:
                state = "removed"
            elif gone:
                state = "gone"
            elif failures:
                state = "failing"
            else:
                state = "ok" if success else "waiting"
            total, pending = counts.get(id_, (0, 0))
            views.append(
                SourceView(
                    id=id_,
                    key=key,
                    kind=kind,
                    name=name,
                    group=grp,
                    state=state,
                    last_attempt=when_or_none(attempt),
                    last_success=when_or_none(success),
                    next_poll=when_or_none(due) if present and not gone else None,
                    failures=failures,
                    failing_since=when_or_none(since),
                    error=error,
                    problems=(*json.loads(problems), *errors.get(id_, [])[:20]),
                    items=total,
                    pending=pending or 0,
                    newest=when_or_none(newest or None),
                    moved_to=moved,
                )
            )
        return tuple(views)

    def alerts(self, *, held: bool = False, muted: bool = False, limit: int = 1000) -> tuple[AlertView, ...]:
        """Alerts, newest first; with `held`, what waits in bundles and what matched and did not alert.

        `muted`: those that a mute kept from somebody.
        """
        if muted:
            return tuple(
                alerts_where(
                    self._connection,
                    " where muted <> '{}' or id in (select alert from deliveries where state = 'muted')",
                    (),
                    limit,
                )
            )
        views = [] if held else alerts_where(self._connection, "", (), limit)
        if held:
            views = alerts_where(
                self._connection,
                " where id in (select alert from deliveries where state = 'held')",
                (),
                limit,
            )
            for row in self._connection.execute(
                "select matches.article, matches.watchlist, matches.reason, articles.found, verdict, title,"
                " coalesce(url, (select 'file://' || path from items where id = articles.item)), source,"
                " story from matches join articles on articles.id = matches.article where alerts = 0"
                " order by matches.found desc limit ?",
                (limit,),
            ):
                article, watchlist, reason, found, verdict, title, url, source, story = row
                views.append(
                    AlertView(
                        id=article,
                        article=article,
                        created=when(found),
                        state="silent",
                        verdict=verdict,
                        watchlists=(watchlist,),
                        title=title,
                        url=url,
                        source=source,
                        reason=reason,
                        story=story,
                    )
                )
        return tuple(views)

    def deliveries(self, *, state: str | None = None, limit: int = 1000) -> tuple[DeliveryView, ...]:
        """The outbox, newest first."""
        return deliveries_where(
            self._connection, " where state = ?" if state else "", (state,) if state else (), limit
        )

    def channels(self) -> tuple[ChannelState, ...]:
        """Every configured channel's breaker, and how many deliveries wait for it."""
        return tuple(
            ChannelState(
                name=name,
                failures=failures,
                retry=when_or_none(retry),
                disabled=bool(disabled),
                reason=reason,
                since=when_or_none(since),
                probes=probes,
                waiting=waiting,
                template=template,
            )
            for name, failures, probes, retry, disabled, reason, since, template, waiting in self._connection.execute(
                "select name, failures, probes, retry, disabled, reason, since, template, (select count(*) from deliveries where"
                " deliveries.channel = channels.name and state = 'due') from channels where present = 1 order by name"
            )
        )

    def usage(self) -> Usage:
        """What the store holds and how large it is on disk."""
        run = self._connection.execute
        documents, articles, alerts, text_bytes, oldest = run(
            "select (select count(*) from documents), (select count(*) from articles), (select count(*) from alerts),"
            " (select coalesce(sum(length(text)), 0) from texts), (select min(found) from articles)"
        ).fetchone()
        path = Path(run("pragma database_list").fetchone()[2])
        size = sum(
            part.stat().st_size for part in (path, path.with_name(path.name + "-wal")) if part.exists()
        )
        return Usage(
            documents=documents,
            articles=articles,
            alerts=alerts,
            bytes=size,
            text_bytes=text_bytes,
            oldest=when_or_none(oldest),
        )

    def watchlists(self) -> Mapping[str, datetime]:
        """Each watchlist ever configured with the time it first stood in the config."""
        return {
            name: when(created)
            for name, created in self._connection.execute("select name, created from watchlists")
        }

    def next_due(self, now: datetime, *, channels: Sequence[str] = ()) -> Due:
        """The earliest time something of each verb is due; deliveries only of these channels."""
        poll, judge, deliver, bundle, catch_up = self._connection.execute(
            "select (select min(due) from sources where due is not null and present = 1 and gone = 0),"
            " (select min(due) from items where due is not null),"
            " (select min(due) from deliveries where state = 'due' and channel in (select value from json_each(?))),"
            " (select min(due) from deliveries where state = 'held' and due is not null),"
            " (select 1 from deliveries where state = 'held' and due is null limit 1)",
            (dumps(list(channels)),),
        ).fetchone()
        return Due(
            poll=when_or_none(poll),
            judge=when_or_none(judge),
            deliver=when_or_none(deliver),
            bundle=now if catch_up is not None else when_or_none(bundle),
        )

    def check(self) -> tuple[str, ...]:
        """Integrity problems: the file's own, and rows that point nowhere."""
        run = self._connection.execute
        problems = [row[0] for row in run("pragma integrity_check(20)") if row[0] != "ok"]
        for what, sql in (
            (
                "articles without a document",
                # 0: past `keep`
                "select count(*) from articles where document != 0 and document not in (select id from documents)",
            ),
            (
                "alerts without an article",
                "select count(*) from alerts where article not in (select id from articles)",
            ),
            (
                "alerts without a delivery",
                "select count(*) from alerts where id not in (select alert from deliveries where alert is not null)",
            ),
            (
                "bundled deliveries without their bundle",
                "select count(*) from deliveries where state = 'bundled' and bundle not in (select id from deliveries)",
            ),
        ):
            count = run(sql).fetchone()[0]
            if count:
                problems.append(f"{count} {what}")
        return tuple(problems)


def _alert_state(states: Sequence[str]) -> str:
    """One word for an alert's deliveries: the one that matters most to a person."""
    if not states:
        return "none"
    for state in ("dead", "due", "held"):
        if state in states:
            return state
    return "muted" if set(states) == {"muted"} else "sent"
