"""Making the index anew when a program with other parameters opens the store: what it holds cannot be compared else.

Each document's fingerprint is made again from its text. One without text keeps
the fingerprint it has, which finds copies only as far as the parameters agree.
"""

from __future__ import annotations

import sqlite3
import sys
import time
from collections.abc import Callable

from watcher.novelty import PARAMETERS, fingerprint, title_key
from watcher.stores.sqlite.corpus import sample_of
from watcher.stores.sqlite.index import Index
from watcher.stores.sqlite.rows import when

BATCH = 200
"""Documents a transaction: some 0.3 s."""
SAY_EVERY = 5.0
"""Seconds between two lines on how far it is."""


def bring_up_to_date(connection: sqlite3.Connection, say: Callable[[str], None] | None = None) -> None:
    """Make the index anew if it was made with other parameters than `watcher.novelty.PARAMETERS`.

    Each batch is a transaction that also keeps how far it is: what is
    interrupted goes on at the next opening, and two processes share the work.
    """
    made_with = _meta(connection, "parameters")
    if made_with == PARAMETERS and _meta(connection, "rebuilt") is None:
        return
    if made_with is None:
        # a new store, or one from before parameters were kept: they have not changed since
        with _Transaction(connection):
            _keep(connection, "parameters", PARAMETERS)
        return
    say = say or _stderr
    said = time.monotonic()
    say(f"The index is made anew: it was made with {made_with}, this program has {PARAMETERS}.")
    while True:
        with _Transaction(connection):
            left = _step(connection)
        if left is None:
            break
        if time.monotonic() - said > SAY_EVERY:
            said = time.monotonic()
            say(f"The index is made anew: {left:,} documents left.")
    without = int(_meta(connection, "made_with_others") or 0)
    say(
        "The index is made anew."
        + (
            f" {without:,} documents have no text any more and keep their old fingerprints: copies of them may not be"
            " recognised."
            if without
            else ""
        )
    )


def _step(connection: sqlite3.Connection) -> int | None:
    """Make a batch anew; how many documents are left, None when all are done (maybe by another process)."""
    run = connection.execute
    index = Index(connection)
    if _meta(connection, "parameters") != PARAMETERS:
        index.clear()
        run("delete from titles")
        _keep(connection, "parameters", PARAMETERS)
        _keep(connection, "rebuilt", "0")
        _keep(connection, "made_with_others", "0")
    at = _meta(connection, "rebuilt")
    if at is None:
        return None
    batch = run(
        "select documents.id, title, stored, shape, text from documents left join texts on document = documents.id"
        " where documents.id > ? order by documents.id limit ?",
        (int(at), BATCH),
    ).fetchall()
    if not batch:
        run("delete from meta where name = 'rebuilt'")
        return None
    without = int(_meta(connection, "made_with_others") or 0)
    for id_, title, stored, shape, text in batch:
        if text is None:
            without += 1
            sample = sample_of(shape)
        else:
            made = fingerprint(text if text.strip() else title, title=title)
            run("update documents set shape = ?, words = ? where id = ?", (made.to_bytes(), made.words, id_))
            sample = made.sample.view("int64").tolist()
        key = title_key(title)
        if key is not None:
            run("insert or ignore into titles (key, document) values (?, ?)", (key, id_))
        index.add(id_, sample, when(stored))
    _keep(connection, "rebuilt", str(batch[-1][0]))
    _keep(connection, "made_with_others", str(without))
    return int(run("select count(*) from documents where id > ?", (batch[-1][0],)).fetchone()[0])


class _Transaction:
    """`begin immediate` … `commit`, or `rollback` where the block raises."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("begin immediate")

    def __exit__(self, kind: object, *_: object) -> None:
        if self._connection.in_transaction:
            self._connection.execute("commit" if kind is None else "rollback")


def _meta(connection: sqlite3.Connection, name: str) -> str | None:
    row = connection.execute("select value from meta where name = ?", (name,)).fetchone()
    return None if row is None else str(row[0])


def _keep(connection: sqlite3.Connection, name: str, value: str) -> None:
    connection.execute("insert or replace into meta (name, value) values (?, ?)", (name, value))


def _stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - whoever opened the store waits meanwhile
