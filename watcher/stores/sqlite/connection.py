"""The database file: how it is opened, and the one thread that writes to it."""

from __future__ import annotations

import contextlib
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from sqlite_utils import Database

from watcher.model import WatcherError
from watcher.stores.sqlite.schema import migrations

T = TypeVar("T")
_Job = tuple[Callable[[], Any], Future[Any]]

GROUP_SIZE = 50
GROUP_TIME = 0.05
"""Up to 50 pieces of work or 50 ms share a transaction: a commit costs an fsync, whoever shares it."""

BUSY = 30_000
"""Milliseconds to wait for another process's write (a command beside the daemon)."""


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """Open `path` with the settings everything here relies on: WAL, FULL, explicit transactions.

    Raises `WatcherError` where the file is no database of ours or cannot be opened.
    """
    try:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY / 1000)
        connection.execute(f"pragma busy_timeout = {BUSY}")
        if not read_only:
            connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = full")
        connection.execute("pragma foreign_keys = off")
        connection.execute("pragma mmap_size = 2147418112")
        # each thread has a reader of its own, and the map serves them all
        connection.execute(f"pragma cache_size = {-2048 if read_only else -16384}")
        connection.execute("pragma temp_store = memory")
        if read_only:
            connection.execute("pragma query_only = on")
    except sqlite3.Error as error:
        message = f"cannot open the database {path}: {error}"
        raise WatcherError(message) from error
    return connection


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the tables up to date, inside one `BEGIN IMMEDIATE` so that two processes cannot both do it."""
    try:
        connection.execute("begin immediate")
        try:
            migrations.apply(Database(connection))
        except BaseException:
            if connection.in_transaction:
                connection.execute("rollback")
            raise
        connection.execute("commit")
    except sqlite3.Error as error:
        message = f"cannot prepare the database {path}: {error}"
        raise WatcherError(message) from error


class WriterThread:
    """The one thread that writes: pieces of work queue up and are committed in groups.

    Each piece runs in a savepoint of its own, so one that raises leaves
    nothing and disturbs no other; results are given out after the commit.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._ended = False
        self._closed = threading.Event()
        self._door = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def run(self, work: Callable[[], T]) -> T:
        """Run `work` inside a transaction; returns its result once it is durable, or raises what it raised."""
        if threading.current_thread() is self._thread:
            message = "a write must not wait for another write"
            raise RuntimeError(message)
        future: Future[T] = Future()
        with self._door:
            if self._closed.is_set():
                message = "the store is closed"
                raise WatcherError(message)
            self._queue.put((work, future))
        return future.result()

    def close(self) -> None:
        """Commit what is queued and stop."""
        with self._door:
            if not self._closed.is_set():
                self._closed.set()
                self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while not self._ended:
            job = self._queue.get()
            if job is None:
                return
            self._group(job)

    def _group(self, job: _Job) -> None:
        """Run one group, from its first job on, in one transaction."""
        members: list[Future[Any]] = []
        done: list[tuple[Future[Any], Any]] = []
        try:
            self._connection.execute("begin immediate")
            self._work_off(job, members, done)
            self._connection.execute("commit")
        except Exception as error:  # noqa: BLE001 - nothing of this group stands: everybody is told
            with contextlib.suppress(sqlite3.Error):
                if self._connection.in_transaction:
                    self._connection.execute("rollback")
            for future in members or [job[1]]:
                if not future.done():
                    future.set_exception(error)
            return
        for future, result in done:
            future.set_result(result)

    def _work_off(self, job: _Job, members: list[Future[Any]], done: list[tuple[Future[Any], Any]]) -> None:
        """Run jobs until the group is full, its time is up, or nobody waits."""
        end = time.monotonic() + GROUP_TIME
        current: _Job | None = job
        while current is not None:
            work, future = current
            members.append(future)
            try:
                done.append((future, self._one(work)))
            except Exception as error:
                if not self._connection.in_transaction:
                    raise
                future.set_exception(error)
            if len(members) >= GROUP_SIZE or time.monotonic() > end:
                return
            current = self._next()

    def _next(self) -> _Job | None:
        """The next job that waits, if one does."""
        try:
            job = self._queue.get_nowait()
        except queue.Empty:
            return None
        self._ended = job is None
        return job

    def _one(self, work: Callable[[], T]) -> T:
        self._connection.execute("savepoint work")
        try:
            result = work()
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("rollback to work")
                self._connection.execute("release work")
            raise
        self._connection.execute("release work")
        return result
