"""What is known: documents, their fingerprints' index, titles, and which watchlist reported what.

The index is two B-trees of (hash, document): `recent` takes new documents
cheaply and is folded into `main` by one sorted insert when it has grown
(DESIGN §5 measured this against one tree, which falls off a cliff once it
outgrows the cache, and against FTS5, whose look-ups cost five times more).
"""

from __future__ import annotations

import math
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from watcher.stores import Document, Found, NewDocument
from watcher.stores.sqlite.rows import dumps, stamp, stamp_or_none, when, when_or_none

BOILERPLATE_CLUSTERS = 50
"""A hash carried by more clusters of copies than this is boilerplate (DESIGN §5)."""

RECENT_DOCUMENTS = 20_000
"""Documents in `recent` before they are folded into `main`."""

COLUMNS = (
    "id, article, origin, title, url, source, outlet, published, stored, words, cluster, story, shape, item"
)


def _document(row: Sequence[object]) -> Document:
    (
        id_,
        article,
        origin,
        title,
        url,
        source,
        outlet,
        published,
        stored,
        words,
        cluster,
        story,
        shape,
        item,
    ) = row
    return Document(
        id=id_,  # type: ignore[arg-type]
        article=article,  # type: ignore[arg-type]
        origin=origin,  # type: ignore[arg-type]
        title=title,  # type: ignore[arg-type]
        url=url,  # type: ignore[arg-type]
        source=source,  # type: ignore[arg-type]
        outlet=outlet,  # type: ignore[arg-type]
        published=when_or_none(published),  # type: ignore[arg-type]
        stored=when(stored),  # type: ignore[arg-type]
        words=words,  # type: ignore[arg-type]
        cluster=cluster,  # type: ignore[arg-type]
        story=story,  # type: ignore[arg-type]
        shape=shape,  # type: ignore[arg-type]
        item=item,  # type: ignore[arg-type]
    )


class Corpus:
    """The corpus on one connection. Every writing verb expects a transaction around it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def stock(self, document: NewDocument, now: datetime) -> bool:
        """As `store`; whether the document was new."""
        before = self._connection.execute("select 1 from documents where key = ?", (document.key,)).fetchone()
        self.store(document, now)
        return before is None

    def store(self, document: NewDocument, now: datetime) -> int:
        """Store and index a document; its id. One whose key is known is not stored again."""
        run = self._connection.execute
        row = run("select id from documents where key = ?", (document.key,)).fetchone()
        if row is not None:
            return int(row[0])
        cursor = run(
            "insert into documents (key, article, item, origin, title, url, source, outlet, published, language,"
            " stored, words, cluster, story, shape) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                document.key,
                document.article,
                document.item,
                document.origin,
                document.title,
                document.url,
                document.source,
                document.outlet,
                stamp_or_none(document.published),
                document.language,
                stamp(now),
                document.words,
                document.cluster or 0,
                document.story,
                document.shape,
            ),
        )
        id_ = int(cursor.lastrowid or 0)
        if document.cluster is None:
            run("update documents set cluster = id where id = ?", (id_,))
        if document.text is not None:
            run("insert into texts (document, text) values (?, ?)", (id_, document.text))
        if document.title_key is not None:
            run("insert or ignore into titles (key, document) values (?, ?)", (document.title_key, id_))
        # sorted, so that the inserts walk the tree once
        self._connection.executemany(
            "insert or ignore into recent (hash, document) values (?, ?)",
            [(value, id_) for value in sorted(set(document.sample))],
        )
        return id_

    def look_up(self, sample: Sequence[int], *, after: int = 0, limit: int = 20) -> Found:
        """The documents newer than id `after` that share most of `sample`, and which of it is boilerplate."""
        run = self._connection.execute
        newest = int(run("select coalesce(max(id), 0) from documents").fetchone()[0])
        if not sample or newest <= after:
            return Found((), frozenset(), newest)
        wanted = dumps(sorted(set(sample)))
        boilerplate = {
            row[0]
            for row in run(
                "select hash from boilerplate where hash in (select value from json_each(?))", (wanted,)
            )
        }
        carriers: dict[int, list[int]] = defaultdict(list)
        unknown = dumps(sorted(set(sample) - boilerplate))
        for table in ("recent", "main"):
            for value, document in run(
                f"select hash, document from json_each(?1) join {table} on hash = value where document > ?2",
                (unknown, after),
            ):
                carriers[value].append(document)
        shared: dict[int, float] = defaultdict(float)
        for value, documents in carriers.items():
            if len(documents) > BOILERPLATE_CLUSTERS and self._clusters(documents) > BOILERPLATE_CLUSTERS:
                boilerplate.add(value)
                continue
            # a sample that few carry says more: plain counts let stock phrases crowd out the one document quoted
            worth = 1 / (1 + math.log2(len(documents)))
            for document in documents:
                shared[document] += worth
        # ties go to the oldest document: the first carrier is the one to name
        best = sorted(shared.items(), key=lambda pair: (-pair[1], pair[0]))[:limit]
        return Found(self._documents([id_ for id_, _ in best]), frozenset(boilerplate), newest)

    def learn(self, boilerplate: Sequence[int]) -> None:
        """Remember hashes found to be boilerplate, so that later look-ups pass them over."""
        self._connection.executemany(
            "insert or ignore into boilerplate (hash) values (?)", [(value,) for value in boilerplate]
        )

    def _clusters(self, documents: Sequence[int]) -> int:
        row = self._connection.execute(
            "select count(distinct cluster) from documents where id in (select value from json_each(?))",
            (dumps(documents),),
        ).fetchone()
        return int(row[0])

    def _documents(self, ids: Sequence[int]) -> tuple[Document, ...]:
        found = {
            row[0]: _document(row)
            for row in self._connection.execute(
                f"select {COLUMNS} from documents where id in (select value from json_each(?))", (dumps(ids),)
            )
        }
        return tuple(found[id_] for id_ in ids if id_ in found)

    def document(self, document: int) -> Document | None:
        """One document."""
        return next(iter(self._documents([document])), None)

    def text(self, document: int) -> str | None:
        """A document's text, None where only its fingerprint is kept."""
        row = self._connection.execute("select text from texts where document = ?", (document,)).fetchone()
        return None if row is None else str(row[0])

    def titled(self, title_key: int) -> tuple[Document, ...]:
        """The oldest documents of that title."""
        rows = self._connection.execute(
            "select document from titles where key = ? order by document limit 50", (title_key,)
        ).fetchall()
        return self._documents([row[0] for row in rows])

    def titles_known(self, title_keys: Sequence[int]) -> frozenset[int]:
        """Which of these are titles of stored documents."""
        return frozenset(
            row[0]
            for row in self._connection.execute(
                "select distinct key from titles where key in (select value from json_each(?))",
                (dumps(list(title_keys)),),
            )
        )

    def reported(self, documents: Sequence[int]) -> Mapping[int, frozenset[str]]:
        """For each document the watchlists that reported it."""
        found: dict[int, set[str]] = {id_: set() for id_ in documents}
        for document, watchlist in self._connection.execute(
            "select document, watchlist from reports where document in (select value from json_each(?))",
            (dumps(list(documents)),),
        ):
            found[document].add(watchlist)
        return {id_: frozenset(names) for id_, names in found.items()}

    def export(self) -> Iterator[tuple[Document, str | None]]:
        """Every document, oldest first, with its text where kept; streamed."""
        columns = ", ".join(f"documents.{name.strip()}" for name in COLUMNS.split(","))
        for row in self._connection.execute(
            f"select {columns}, texts.text from documents left join texts on texts.document = documents.id"
            " order by documents.id"
        ):
            yield _document(row[:-1]), row[-1]

    def fold(self) -> int:
        """Fold `recent` into `main` when it has grown; how many documents it held."""
        run = self._connection.execute
        first = run("select min(document), max(document) from recent").fetchone()
        if first[0] is None or first[1] - first[0] < RECENT_DOCUMENTS:
            return 0
        run(
            "insert or ignore into main (hash, document) select hash, document from recent order by hash, document"
        )
        run("delete from recent")
        return int(first[1] - first[0] + 1)

    def prune(self, *, text_before: datetime, before: datetime) -> int:
        """Let go the text of articles older than `text_before` and everything older than `before`.

        Items still in their feed keep their row, so that an old item is never
        news again; seeds and added documents stay. The number of documents let go.
        """
        run = self._connection.execute
        run(
            "delete from texts where document in (select id from documents where stored < ? and origin in"
            " ('article', 'baseline'))",
            (stamp(text_before),),
        )
        old = [
            row[0]
            for row in run(
                "select id from documents where stored < ? and origin in ('article', 'baseline') and (item is null"
                " or item not in (select items.id from items join sources on sources.id = items.source"
                " where items.last_seen >= sources.last_success)) limit 5000",
                (stamp(before),),
            )
        ]
        for id_ in old:
            run("delete from texts where document = ?", (id_,))
            run("delete from titles where document = ?", (id_,))
            run("delete from reports where document = ?", (id_,))
            run("delete from documents where id = ?", (id_,))
        if old:
            wanted = dumps(old)
            for table in ("recent", "main"):
                run(f"delete from {table} where document in (select value from json_each(?))", (wanted,))
        return len(old)
