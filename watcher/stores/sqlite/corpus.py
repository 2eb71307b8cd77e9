"""What is known: documents, their texts and titles, which watchlist reported what, and how long it is kept."""

from __future__ import annotations

import math
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice

from watcher.novelty.fingerprints import Fingerprint
from watcher.stores.documents import Document, Found, NewDocument
from watcher.stores.sqlite.index import Index
from watcher.stores.sqlite.rows import dumps, stamp, stamp_or_none, when, when_or_none

PASSING = "('article', 'baseline')"
"""Origins of documents that are let go after `keep`; the others stay."""

BOILERPLATE_CLUSTERS = 50
"""A hash carried by more clusters of copies than this is boilerplate (DESIGN §5)."""

STEP = 1_000
"""Documents, or texts, that one step of `prune` lets go: some 0.1 s of the writer's time."""

FOLD_STEP = 64_000
"""Postings that a fold of the upkeep's passes over: some 0.1 s."""

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
        self._index.add(id_, document.sample, now)
        return id_

    def look_up(self, sample: Sequence[int], *, after: int = 0, limit: int = 20) -> Found:
        """The documents newer than id `after` that share most of `sample`, and which of it is boilerplate."""
        run = self._connection.execute
        # one snapshot for all of it: a fold or a dropped part between two statements would hide documents
        alone = not self._connection.in_transaction
        if alone:
            run("begin")
        try:
            newest = int(run("select coalesce(max(id), 0) from documents").fetchone()[0])
            if not sample or newest <= after:
                return Found((), frozenset(), newest)
            known = self._index.boilerplate(sample)
            carriers = self._index.carriers(set(sample) - known, after=after)
            common = self._boilerplate(carriers)
            shared: dict[int, float] = defaultdict(float)
            for value, documents in carriers.items():
                if value in common:
                    continue
                # a sample that few carry says more: plain counts let stock phrases crowd out the one document quoted
                worth = 1 / (1 + math.log2(len(documents)))
                for document in documents:
                    shared[document] += worth
            # ties go to the oldest document: the first carrier is the one to name
            best = iter(sorted(shared, key=lambda document: (-shared[document], document)))
            found: list[Document] = []
            # postings outlive the documents that were let go
            while len(found) < limit and (more := list(islice(best, limit - len(found)))):
                found += self._documents(more)
            return Found(tuple(found), known | common, newest)
        finally:
            if alone:
                run("commit")

    def learn(self, boilerplate: Sequence[int]) -> None:
        """Remember hashes found to be boilerplate, so that later look-ups pass them over."""
        self._connection.executemany(
            "insert or ignore into boilerplate (hash) values (?)", [(value,) for value in boilerplate]
        )

    def _boilerplate(self, carriers: Mapping[int, Sequence[int]]) -> frozenset[int]:
        """The hashes that more clusters carry than a wire story has."""
        hot = {
            value: documents for value, documents in carriers.items() if len(documents) > BOILERPLATE_CLUSTERS
        }
        if not hot:
            return frozenset()
        # each document is read once: a story run by 500 outlets stands under all of its 60 hashes
        wanted = dumps(list(set().union(*hot.values())))
        clusters: dict[int, int] = dict(
            self._connection.execute(
                "select id, cluster from documents where id in (select value from json_each(?))", (wanted,)
            )
        )
        return frozenset(
            value
            for value, documents in hot.items()
            if len({clusters[id_] for id_ in documents if id_ in clusters}) > BOILERPLATE_CLUSTERS
        )

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

    # ------------------------------------------------------------- upkeep

    @property
    def _index(self) -> Index:
        return Index(self._connection)

    def fold(self) -> int:
        """One step of folding the recent postings on; how many it moved, 0 when there is nothing to fold."""
        return self._index.fold(FOLD_STEP)

    def prune(self, *, text_before: datetime, before: datetime) -> int:
        """Let go, a step at a time, of article texts older than `text_before` and articles older than `before`.

        Items still in their feed keep what makes them known, so that an old
        item is never news again; seeds and added documents stay. How much this
        step let go (texts, documents, parts of the index); 0 when nothing is left.
        """
        return self._prune_texts(text_before) or self._prune_documents(before) or self._prune_parts(before)

    def _prune_texts(self, before: datetime) -> int:
        """Texts go in the order they were stored, from where the last step ended."""
        run = self._connection.execute
        row = run("select value from meta where name = 'texts_pruned'").fetchone()
        since, _, last = ("", "", "0") if row is None else str(row[0]).partition(" ")
        old = run(
            "select id, stored from documents where (stored, id) > (?, ?) and stored < ?"
            f" and origin in {PASSING} order by stored, id limit ?",
            (since, int(last), stamp(before), STEP),
        ).fetchall()
        if not old:
            return 0
        run(
            "delete from texts where document in (select value from json_each(?))",
            (dumps([r[0] for r in old]),),
        )
        at = f"{old[-1][1]} {old[-1][0]}"
        run("insert or replace into meta (name, value) values ('texts_pruned', ?)", (at,))
        return len(old)

    def _prune_documents(self, before: datetime) -> int:
        run = self._connection.execute
        old = run(
            f"select id, shape from documents where stored < ? and origin in {PASSING} and not exists"
            " (select 1 from items where items.id = documents.item and items.last_seen >="
            " (select max(listed.last_seen) from items as listed where listed.source = items.source))"
            " order by stored limit ?",
            (stamp(before), STEP),
        ).fetchall()
        if not old:
            return 0
        for id_, shape in old:
            self._index.remove(id_, sample_of(shape))
        wanted = dumps([row[0] for row in old])
        run("update articles set document = 0 where document in (select value from json_each(?))", (wanted,))
        for table, column in (
            ("texts", "document"),
            ("titles", "document"),
            ("reports", "document"),
            ("documents", "id"),
        ):
            run(f"delete from {table} where {column} in (select value from json_each(?))", (wanted,))
        return len(old)

    def _prune_parts(self, before: datetime) -> int:
        """A step of dropping the oldest part, once all in it is past `before`; what stays is indexed as lasting."""
        parts = self._index.parts()
        if len(parts) < 2 or parts[1].opened > before:
            return 0
        survivors = self._connection.execute(
            f"select id, shape from documents indexed by documents_passing where origin in {PASSING}"
            " and id >= ? and id < ?",
            (parts[0].first, parts[1].first),
        ).fetchall()
        self._index.drop(parts[0], [(id_, sample_of(shape)) for id_, shape in survivors])
        return 1


def sample_of(shape: bytes) -> list[int]:
    """The hashes a stored shape is indexed under, signed as SQLite has them; none for one of another program."""
    try:
        sample = Fingerprint.from_bytes(shape).sample
    except ValueError:
        return []
    signed: list[int] = sample.view("int64").tolist()
    return signed
