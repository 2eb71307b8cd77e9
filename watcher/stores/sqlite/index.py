"""The index of what is known: postings, each a sampled hash and a document in one integer.

A posting holds the upper 36 bits of a hash above the 28 bits of a document's
id, so that a table of nothing but rowids is the index: 14 bytes a posting
instead of 19, and SQLite compares integers instead of records. Two hashes that
agree in 36 bits only give a candidate too many (one in twenty look-ups against
a million documents), which the comparison drops.

New postings go to `recent`, which stays small enough that a commit writes few
pages, and are folded on from there by ranges of hashes, some thousands at a
time: into the *part* that their document was stored in, a table for each three
months, or into `lasting` if the document is never let go. So letting go of old
documents is a DROP. `docs/novelty.md` has the designs that were measured.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from watcher.stores.sqlite.rows import dumps, stamp, when

DOCUMENT_BITS = 28
DOCUMENT = (1 << DOCUMENT_BITS) - 1
"""The bits of a posting that are the document's id: room for 12,000 articles a day for 60 years."""
_HASH = ~DOCUMENT
"""Those that are of the hash."""

RECENT_DOCUMENTS = 4_000
"""Documents in `recent` from which they are folded on. Fewer: each fold touches every page of a part for few
postings; more: each commit touches more pages of `recent`."""

FOLD_EVERY = 64
"""A fold takes a step each time so many documents were stored, so that it needs no hour of its own …"""
FOLD_POSTINGS = 16_000
"""… over so many postings: some four times what so many documents brought; 20 ms."""

DROP_POSTINGS = 250_000
"""Postings of a part that go in one step: 45 ms of CPU."""

PART = timedelta(days=91)
"""What a part holds. Shorter ones let postings go sooner after `keep`, longer ones are fewer to look into."""

LASTING = "('seed', 'added')"
"""Origins of documents that are never let go."""

_LOWEST = -(1 << 63)
_HIGHEST = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Part:
    """The postings of the documents from id `first` on, which were stored from `opened` on."""

    number: int
    first: int
    opened: datetime

    @property
    def table(self) -> str:
        """The table that holds them."""
        return f"part_{self.number}"


@dataclass(frozen=True, slots=True)
class _Pass:
    """A way through `recent`, from posting `at` on (None: none is under way), for documents up to `through`."""

    at: int | None
    through: int


class Index:
    """The index over one connection. What writes expects a transaction around it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    # ------------------------------------------------------------- in and out

    def add(self, document: int, sample: Iterable[int], now: datetime) -> None:
        """Index a document under the hashes of `sample` (signed 64 bits) that are not known boilerplate."""
        if document > DOCUMENT:
            message = f"document {document}: the index has room for {DOCUMENT} documents"
            raise OverflowError(message)
        self._open_part(document, now)
        # one statement, for each is a turn of the interpreter's lock; sorted, so that the inserts walk the tree once
        self._connection.execute(
            "insert or ignore into recent (posting) select (value & ?2) | ?3 as posting from json_each(?1)"
            " where value not in (select hash from boilerplate) order by posting",
            (dumps(list(sample)), _HASH, document),
        )
        if document % FOLD_EVERY == 0:
            self.fold(FOLD_POSTINGS)

    def remove(self, document: int, sample: Iterable[int]) -> None:
        """Take a document out of `recent` and `lasting`; what a part holds of it goes with the part."""
        run = self._connection.execute
        way = self._pass()
        # what a whole pass went through is out of `recent`; 120 deletes that find nothing would cost the most here
        tables = ["recent"] if way.at is not None or document > way.through else []
        if run("select 1 from lasting limit 1").fetchone():
            tables.append("lasting")
        for table in tables:
            self._connection.executemany(
                f"delete from {table} where posting = ?",
                [(value,) for value in _postings(document, sample)],
            )

    def boilerplate(self, sample: Iterable[int]) -> frozenset[int]:
        """Which of these hashes were learned as boilerplate."""
        return frozenset(
            row[0]
            for row in self._connection.execute(
                "select hash from boilerplate where hash in (select value from json_each(?))",
                (dumps(list(sample)),),
            )
        )

    def carriers(self, sample: Iterable[int], *, after: int = 0) -> dict[int, list[int]]:
        """For each hash the documents newer than id `after` that are indexed under it; hashes of none are left out.

        Documents that were let go may still be among them. Expects to be read in one snapshot.
        """
        hashes = {value & _HASH: value for value in sample}
        tables = ["recent"]
        if after < self._pass().through:
            tables += ["lasting", *(part.table for part in self.parts())]
        each = (
            f"select posting from json_each(?1) join {table} on posting between value and value + {DOCUMENT}"
            for table in tables
        )
        found: dict[int, list[int]] = defaultdict(list)
        # in one row, for each is a turn of the interpreter's lock
        (postings,) = self._connection.execute(
            f"select group_concat(posting) from ({' union all '.join(each)})", (dumps(sorted(hashes)),)
        ).fetchone()
        for posting in map(int, postings.split(",")) if postings else ():
            document = posting & DOCUMENT
            if document > after:
                found[hashes[posting ^ document]].append(document)
        return found

    # ------------------------------------------------------------- folding

    def fold(self, rows: int) -> int:
        """One step of folding, over at most `rows` postings of `recent`; how many it moved, 0 when nothing is left.

        A step is a delete and an insert of the same postings in the caller's
        transaction, so that none is ever lost or held twice; the next one goes
        on where the last that was committed ended.
        """
        run = self._connection.execute
        way = self._pass()
        at = way.at
        if at is None:
            newest = run("select coalesce(max(id), 0) from documents").fetchone()[0]
            if newest - way.through < RECENT_DOCUMENTS:
                return 0
            # what is stored from now on stays, so that it is found in `recent` alone
            way, at = _Pass(_LOWEST, newest), _LOWEST
        moved = 0
        while not moved and at is not None:
            row = run(
                "select posting from recent where posting >= ? order by posting limit 1 offset ?", (at, rows)
            ).fetchone()
            moved = self._move(at, _HIGHEST if row is None else row[0] - 1, way.through)
            at = None if row is None else row[0]
        self._keep_pass(_Pass(at, way.through))
        return moved

    def _move(self, low: int, high: int, through: int) -> int:
        """Move the postings from `low` to `high` of documents up to `through` to where they belong."""
        run = self._connection.execute
        of = f"posting & {DOCUMENT}"
        within = f"posting between ?1 and ?2 and {of} <= ?3"
        bounds = (low, high, through)
        oldest, newest = run(
            f"select min({of}), max({of}) from recent where {within}",
            bounds,
        ).fetchone()
        if oldest is None:
            return 0
        parts = self.parts()
        lasting = (
            f"({of} < {parts[0].first} or {of} in (select id from documents where origin in {LASTING}"
            f" and id between {oldest} and {newest}))"
        )
        run(
            f"insert or ignore into lasting (posting) select posting from recent where {within} and {lasting}"
            " order by posting",
            bounds,
        )
        ends = [part.first - 1 for part in parts[1:]] + [DOCUMENT]
        for part, end in zip(parts, ends, strict=True):
            if part.first <= newest and end >= oldest:
                run(
                    f"insert or ignore into {part.table} (posting) select posting from recent where {within}"
                    f" and {of} between {part.first} and {end} and not {lasting} order by posting",
                    bounds,
                )
        return run(f"delete from recent where {within}", bounds).rowcount

    def _pass(self) -> _Pass:
        row = self._connection.execute("select value from meta where name = 'fold'").fetchone()
        if row is None:
            return _Pass(None, 0)
        through, _, at = str(row[0]).partition(" ")
        return _Pass(int(at) if at else None, int(through))

    def _keep_pass(self, way: _Pass) -> None:
        value = f"{way.through}" if way.at is None else f"{way.through} {way.at}"
        self._connection.execute("insert or replace into meta (name, value) values ('fold', ?)", (value,))

    # ------------------------------------------------------------- parts

    def parts(self) -> list[Part]:
        """The parts, oldest first."""
        rows = self._connection.execute("select number, first, opened from parts order by first")
        return [Part(number, first, when(opened)) for number, first, opened in rows]

    def _open_part(self, document: int, now: datetime) -> None:
        """Open a part with this document, where the newest is full or there is none."""
        run = self._connection.execute
        row = run("select number, opened from parts order by first desc limit 1").fetchone()
        if row is not None and now - when(row[1]) < PART:
            return
        number = 1 if row is None else row[0] + 1
        run("insert into parts (number, first, opened) values (?, ?, ?)", (number, document, stamp(now)))
        run(f"create table if not exists part_{number} (posting integer primary key)")

    def drop(self, part: Part, survivors: Iterable[tuple[int, Sequence[int]]]) -> None:
        """One step of dropping the oldest part. `survivors`, documents of it that stay, with their samples."""
        run = self._connection.execute
        for document, sample in survivors:
            self._connection.executemany(
                "insert or ignore into lasting (posting) values (?)",
                [(value,) for value in _postings(document, sample)],
            )
        row = run(
            f"select posting from {part.table} order by posting limit 1 offset ?", (DROP_POSTINGS,)
        ).fetchone()
        if row is not None:
            # a DROP reads every page of the table: a whole part would hold the writer for a second, or ten from disk
            run(f"delete from {part.table} where posting < ?", (row[0],))
            return
        run(f"drop table {part.table}")
        run("delete from parts where number = ?", (part.number,))

    def clear(self) -> None:
        """Forget every posting and all boilerplate; parts keep their documents."""
        run = self._connection.execute
        for table in ("recent", "lasting", *(part.table for part in self.parts()), "boilerplate"):
            run(f"delete from {table}")
        run("delete from meta where name = 'fold'")


def _postings(document: int, sample: Iterable[int]) -> list[int]:
    return sorted({value & _HASH | document for value in sample})
