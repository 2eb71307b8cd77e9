"""A lane of the kill campaign: a process with watcher loaded that forks a daemon for each order and sees how it ends.

Orders and answers are JSON lines on stdin and stdout. Forking saves the
second that a start costs; what runs in the child is the daemon from its
`main` on. The workers come from one fork server for all daemons of a lane.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import multiprocessing
import os
import select
import signal
import smtplib  # noqa: F401 - loaded once for all children, as are the next
import sys
import time
import traceback
from datetime import UTC, datetime
from multiprocessing import forkserver
from typing import Any

import standardwebhooks  # noqa: F401

from tests.conftest import PROJECT
from tests.faults.points import Points, split_transaction
from watcher import config, sandbox
from watcher.__main__ import main
from watcher.alert import Notice, Outgoing
from watcher.cli import daemon  # noqa: F401
from watcher.engines import embedded  # noqa: F401
from watcher.message import mail as message  # noqa: F401
from watcher.message import mime
from watcher.model import Fields
from watcher.watchlist.engine import Engine

LONGEST = 60.0
"""Seconds after which a daemon counts as hanging."""


_server = forkserver._forkserver


def serve() -> None:
    """Take orders until stdin ends."""
    _server.set_forkserver_preload(list(sandbox.PRELOAD))
    _warm()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_run(json.loads(line))) + "\n")
        sys.stdout.flush()


def _warm() -> None:
    """Load and build here what every daemon would load and build for itself: half of a short run's work."""
    for name in ("jinja2", "numpy.ma", "pydantic.dataclasses", "encodings.idna", "watcher.extract"):
        importlib.import_module(name)
    shipped = config.load(PROJECT / "config.toml")
    article = Fields(title="A title", body="A text of a defection.", lang="en")
    Engine(shipped.watchlists, shipped.concepts).match(article)
    now = datetime.now(UTC)
    content = Notice(subject="Warm", text="A notice.", at=now)
    notice = Outgoing(
        id="warm", channel="desk", recipient="desk@example.org", content=content, sequence=1, created=now
    )
    mime.build(notice, sender="watcher@example.org", to="desk@example.org", zone=UTC)


def _run(order: dict[str, Any]) -> dict[str, Any]:
    """One daemon in `folder`: killed `at` a point (of a `name`), `after` seconds, or not at all."""
    _have_fork_server()
    reading, writing = os.pipe()
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _become_daemon(order, writing)
    os.close(writing)
    told = b""
    hung = False
    end = began + (order.get("after") or LONGEST)
    while True:
        ready, _, _ = select.select([reading], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            hung = not order.get("after")
            os.kill(child, signal.SIGKILL)
            break
        piece = os.read(reading, 1 << 16)
        if not piece:
            break
        told += piece
    _, status = os.waitpid(child, 0)
    os.close(reading)
    code = os.waitstatus_to_exitcode(status)
    return {
        "code": code,
        "told": told.decode(),
        "hung": hung,
        "seconds": time.monotonic() - began,
    }


def _have_fork_server() -> None:
    """See that the fork server works: a daemon killed while it asked for a worker can take it along."""
    probe = multiprocessing.get_context("forkserver").Process(target=int)
    try:
        probe.start()
        probe.join()
    except (OSError, EOFError):
        with contextlib.suppress(ChildProcessError):  # reaped already
            os.waitpid(_server._forkserver_pid or -1, 0)
        _server._forkserver_address = None
        _server._forkserver_pid = None
        _server._forkserver_alive_fd = None
        _server.ensure_running()


def _become_daemon(order: dict[str, Any], report: int) -> None:
    """Never returns. A run that ends by itself reports the points it passed."""
    code = 70
    try:
        os.chdir(order["folder"])
        log = os.open("log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for target, source in ((0, nothing), (1, log), (2, log)):
            os.dup2(source, target)
        sys.stdin = sys.stdout = sys.stderr = io.TextIOWrapper(io.FileIO(2, "w"), write_through=True)
        # it is the lane's child, and looked after there
        _server.ensure_running = lambda: None  # type: ignore[method-assign]
        # a callback of SQLite's waits for the interpreter's lock: not for long
        sys.setswitchinterval(0.0005)
        points = Points(report, order.get("at"), order.get("name"))
        points.install()
        if order.get("split"):
            split_transaction(points)
        sys.argv = ["watcher", "run", "--until-idle"]
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
        with contextlib.suppress(BrokenPipeError):
            os.write(report, json.dumps(points.passed).encode())
    except BaseException:  # noqa: BLE001 - said in the log; the child must never run on as a second lane
        traceback.print_exc()
    finally:
        os._exit(code)
