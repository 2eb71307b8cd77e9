"""The store in one SQLite file, through sqlite-utils: WAL, FULL, one writing thread."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from watcher.model import Running, Unavailable, WatcherError
from watcher.stores import Reader, Writer
from watcher.stores.sqlite.archive import Archive
from watcher.stores.sqlite.bundling import Bundling
from watcher.stores.sqlite.clocks import Clocks
from watcher.stores.sqlite.connection import WriterThread, connect, migrate
from watcher.stores.sqlite.corpus import Corpus
from watcher.stores.sqlite.muting import Muting
from watcher.stores.sqlite.outbox import Outbox
from watcher.stores.sqlite.queue import Queue
from watcher.stores.sqlite.rebuilding import bring_up_to_date
from watcher.stores.sqlite.records import Records
from watcher.stores.sqlite.reports import Reports
from watcher.stores.sqlite.views import Views

T = TypeVar("T")

_PASSING = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_READONLY,
    }
)
"""What the machine or another process may put right. The rest is a fault of ours, or a damaged file."""


class Session(Queue, Corpus, Reports, Outbox, Bundling, Muting, Records, Clocks, Views, Archive):
    """Every verb of the store over one connection; the parts know nothing of each other."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def prune(self, *, text_before: datetime, before: datetime) -> int:
        """As the corpus lets go; then the records that stand for nothing any more."""
        return super().prune(text_before=text_before, before=before) or self.let_go(before)


class SqliteStore:
    """A store in the file `path`, made with its folder where missing.

    Raises `WatcherError` where the file cannot be opened or is not ours.
    """

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            message = f"cannot make the folder of the database {path}: {error}"
            raise WatcherError(message) from error
        self._path = path
        self._lock: int | None = None
        connection = connect(path)
        migrate(connection, path)
        bring_up_to_date(connection)
        self._writer_session = Session(connection)
        self._connection = connection
        self._writer = WriterThread(connection)
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []
        self._guard = threading.Lock()

    def lock(self) -> None:
        """Become the one daemon on this file, until `close`. Raises `Running` where there is one already."""
        path = self._path.with_name(self._path.name + ".lock")
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(handle, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(handle)
            message = (
                f"another watcher (process {holder}) already runs on {self._path}: stop it first, or give this one"
                " another database with --database"
            )
            raise Running(message) from error
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        self._lock = handle

    @property
    def read(self) -> Reader:
        """Reads for the calling thread, over a connection of its own."""
        session: Session | None = getattr(self._local, "session", None)
        if session is None:
            connection = connect(self._path, read_only=True)
            session = Session(connection)
            self._local.session = session
            with self._guard:
                self._readers.append(connection)
        return session

    def write(self, work: Callable[[Writer], T]) -> T:
        """Run `work` in a transaction of the writing thread; its result once it is durable."""
        try:
            return self._writer.run(lambda: work(self._writer_session))
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in _PASSING:
                raise
            message = f"the database {self._path} cannot be used: {error}"
            raise Unavailable(message) from error

    def seal(self) -> None:
        """Commit what is under way and refuse every later write (`WatcherError`); reads go on."""
        self._writer.close()

    def close(self) -> None:
        """Commit what is under way, close every connection and let the lock go."""
        self._writer.close()
        with self._guard:
            for connection in self._readers:
                connection.close()
            self._readers.clear()
        self._connection.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


__all__ = ["Session", "SqliteStore"]
