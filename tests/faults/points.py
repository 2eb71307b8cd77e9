"""The points of a run at which a daemon may die: installed in a child, they count and, at the chosen one, kill it.

A point lies before and after each write, sync, truncation and deletion that
SQLite makes (a VFS around its own), each fsync, rename and unlink of Python's,
each line sent to and read from a mail server, and each piece that libcurl
sends or receives. Nothing of this is known to the product.
"""

from __future__ import annotations

import _sqlite3
import ctypes
import os
import signal
import smtplib
import socket
import sqlite3
import threading
from collections.abc import Callable
from typing import Any

import pycurl

from watcher.net import exchange
from watcher.stores import sqlite as stores

_CURL = {1: "receive header", 2: "send header", 3: "receive body", 4: "send body"}
"""libcurl's debug callback, by its kinds of information (`curl_infotype`)."""


class Points:
    """Counts the points passed; dies by SIGKILL at number `at` (from 1), its name written to `report` first."""

    def __init__(self, report: int, at: int | None = None, name: str | None = None) -> None:
        self.passed: list[str] = []
        self._report = report
        self._at = at
        self._name = name
        self._lock = threading.Lock()

    def hit(self, name: str) -> None:
        """One point is passed. With a `name` chosen, only those of that name count."""
        with self._lock:
            if self._name is None or name == self._name:
                self.passed.append(name)
                if len(self.passed) == self._at:
                    os.write(self._report, name.encode())
                    os.kill(os.getpid(), signal.SIGKILL)

    def around(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function`, with a point before and one after it."""

        def wrapped(*args: Any, **kwargs: Any) -> Any:
            self.hit(f"{name}, before")
            result = function(*args, **kwargs)
            self.hit(f"{name}, after")
            return result

        return wrapped

    def install(self) -> None:
        """Put the points into this process; it must have opened no database yet."""
        for name in ("fsync", "rename", "replace", "unlink", "remove"):
            setattr(os, name, self.around(name, getattr(os, name)))
        socket.create_connection = self.around("connect", socket.create_connection)
        smtplib.SMTP.send = self.around("send mail", smtplib.SMTP.send)  # type: ignore[method-assign]
        smtplib.SMTP.getreply = self.around("receive mail", smtplib.SMTP.getreply)  # type: ignore[method-assign]
        exchange.Handle.perform = self.around("request", exchange.Handle.perform)  # type: ignore[method-assign]
        pycurl.Curl = self._curl(pycurl.Curl)  # type: ignore[misc]
        _Vfs(self).install()

    def _curl(self, make: Callable[[], Any]) -> Callable[[], Any]:
        def made() -> Any:
            curl = make()
            curl.setopt(pycurl.VERBOSE, 1)
            curl.setopt(
                pycurl.DEBUGFUNCTION, lambda kind, _: self.hit(_CURL[kind]) if kind in _CURL else None
            )
            return curl

        return made


def split_transaction(points: Points) -> None:
    """The control's fault: the article and its item are committed first, the alert and what is owed after them."""
    whole = stores.SqliteStore.write

    def write(self: stores.SqliteStore, work: Callable[[Any], Any]) -> Any:
        later: list[Callable[[Any], Any]] = []

        class Split:
            def __init__(self, writer: Any) -> None:
                self._writer = writer

            def __getattr__(self, name: str) -> Any:
                return getattr(self._writer, name)

            def raise_alert(self, *args: Any, **kwargs: Any) -> None:
                later.append(lambda w: w.raise_alert(*args, **kwargs))

        result = whole(self, lambda w: work(Split(w)))
        for one in later:
            points.hit("split")
            whole(self, one)
        return result

    stores.SqliteStore.write = write  # type: ignore[method-assign, assignment]


# --------------------------------------------------------------------------- SQLite's files

_P = ctypes.c_void_p
_INT = ctypes.c_int
_WRITE = ctypes.CFUNCTYPE(_INT, _P, _P, _INT, ctypes.c_int64)
_TRUNCATE = ctypes.CFUNCTYPE(_INT, _P, ctypes.c_int64)
_SYNC = ctypes.CFUNCTYPE(_INT, _P, _INT)
_OPEN = ctypes.CFUNCTYPE(_INT, _P, _P, _P, _INT, _P)
_DELETE = ctypes.CFUNCTYPE(_INT, _P, ctypes.c_char_p, _INT)


class _VfsTable(ctypes.Structure):
    """`sqlite3_vfs` (sqlite3.h)."""

    _fields_ = (
        ("version", _INT), ("file_size", _INT), ("longest_path", _INT), ("next", _P), ("name", ctypes.c_char_p),
        ("data", _P), ("open", _P), ("delete", _P), ("rest", _P * 13),
    )  # fmt: skip


class _FileTable(ctypes.Structure):
    """`sqlite3_io_methods` (sqlite3.h)."""

    _fields_ = (
        ("version", _INT), ("close", _P), ("read", _P), ("write", _P), ("truncate", _P), ("sync", _P),
        ("rest", _P * 13),
    )  # fmt: skip


class _Vfs:
    """SQLite's own VFS under another name, with points in it. What C keeps must live as long as the process."""

    def __init__(self, points: Points) -> None:
        self._points = points
        self._kept: list[Any] = []
        self._tables: dict[int, _FileTable] = {}
        # the library that Python's own module uses: its symbols, or those it is linked to
        self._library = ctypes.CDLL(getattr(_sqlite3, "__file__", None))

    def install(self) -> None:
        find = self._library.sqlite3_vfs_find
        find.restype = ctypes.POINTER(_VfsTable)
        own = find(None).contents
        table = _VfsTable()
        ctypes.memmove(ctypes.byref(table), ctypes.byref(own), ctypes.sizeof(table))
        table.name, table.next = b"points", None
        table.open = self._keep(_OPEN, self._opener(_OPEN(own.open)))
        table.delete = self._keep(_DELETE, self._points.around("unlink file", _DELETE(own.delete)))
        self._kept.append(table)
        register = self._library.sqlite3_vfs_register
        if register(ctypes.byref(table), 1) != sqlite3.SQLITE_OK:
            message = "SQLite did not take the VFS"
            raise RuntimeError(message)
        _forever.append(self)

    def _keep(self, kind: Any, function: Callable[..., int]) -> int:
        made = kind(function)
        self._kept.append(made)
        return int(ctypes.cast(made, _P).value or 0)

    def _opener(self, own: Callable[..., int]) -> Callable[..., int]:
        def opened(vfs: int, name: int, file: int, flags: int, out: int) -> int:
            result = own(vfs, name, file, flags, out)
            methods = _P.from_address(file)
            if methods.value:
                methods.value = ctypes.addressof(self._table(methods.value))
            return result

        return opened

    def _table(self, address: int) -> _FileTable:
        """The methods at `address`, with points; made once for each kind of file."""
        table = self._tables.get(address)
        if table is None:
            table = _FileTable()
            ctypes.memmove(ctypes.byref(table), address, ctypes.sizeof(table))
            around = self._points.around
            table.write = self._keep(_WRITE, around("write", _WRITE(table.write)))
            table.truncate = self._keep(_TRUNCATE, around("truncate", _TRUNCATE(table.truncate)))
            table.sync = self._keep(_SYNC, around("sync", _SYNC(table.sync)))
            self._tables[address] = table
        return table


_forever: list[_Vfs] = []
