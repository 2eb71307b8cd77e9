"""What people ask the store: sources, alerts, deliveries, whole articles."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from watcher.alert import Alert, Content
from watcher.stores.decisions import ArticleRow, MatchRow
from watcher.stores.sqlite.index import LASTING
from watcher.stores.sqlite.rows import content_from_json, dumps, stamp, when, when_or_none
from watcher.stores.views import (
    AddedText,
    AlertView,
    ArticleView,
    Attempt,
    ChannelState,
    DeliveryView,
    Due,
    SourceView,
    StoredText,
    StoryText,
    Take,
    Usage,
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


def _alert(content: str) -> Alert | None:
    value: Content = content_from_json(content)
    return value if isinstance(value, Alert) else None


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
                self._alerts_where(
                    " where muted <> '{}' or id in (select alert from deliveries where state = 'muted')",
                    (),
                    limit,
                )
            )
        views = [] if held else self._alerts_where("", (), limit)
        if held:
            views = self._alerts_where(
                " where id in (select alert from deliveries where state = 'held')", (), limit
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

    def _alerts_where(self, where: str, arguments: tuple[Any, ...], limit: int) -> list[AlertView]:
        views = []
        for row in self._connection.execute(
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

    def deliveries(self, *, state: str | None = None, limit: int = 1000) -> tuple[DeliveryView, ...]:
        """The outbox, newest first."""
        return self._deliveries(" where state = ?" if state else "", (state,) if state else (), limit)

    def _deliveries(self, where: str, arguments: tuple[Any, ...], limit: int) -> tuple[DeliveryView, ...]:
        views = []
        for row in self._connection.execute(
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
                for at, outcome, detail in self._connection.execute(
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
        alerts = self._alerts_where(" where article = ?", (row.id,), 1)
        alert = alerts[0] if alerts else None
        deliveries = (
            self._deliveries(
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
