"""Command: the alert as JSON on the standard input of a program, no shell between."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import IO, TYPE_CHECKING, Literal

from watcher.alert import Outgoing
from watcher.display import clean
from watcher.message import payload
from watcher.model import Permanent, Temporary

if TYPE_CHECKING:
    from watcher.message.wording import Words
    from watcher.net import Net

TRIES = 3
"""Tries in all for a program that fails without saying that it may do better later."""
_STDERR_KEPT = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A `[[channels]]` table of `type = "command"`."""

    name: str
    command: tuple[str, ...]
    type: Literal["command"] = "command"
    timeout: timedelta = timedelta(seconds=30)


def recipients(settings: Command) -> tuple[str, ...]:
    """The channel itself."""
    return (settings.name,)


def render(
    settings: Command,  # noqa: ARG001 - one verb for all kinds
    outgoing: Outgoing,
    *,
    zone: tzinfo = UTC,  # noqa: ARG001
    words: Words | None = None,  # noqa: ARG001
) -> bytes:
    """The JSON body that a webhook gets (`watcher.message.payload`) and a newline."""
    return payload.body(outgoing) + b"\n"


def send(
    settings: Command,
    outgoing: Outgoing,  # noqa: ARG001 - one verb for all kinds
    body: bytes,
    *,
    attempt_at: datetime,  # noqa: ARG001
    net: Net | None = None,  # noqa: ARG001
) -> str:
    """Run the program in a process group of its own. Exit 0 is fine, 75 (EX_TEMPFAIL) `Temporary`, others `Permanent`.

    The program gets `timeout`; then its whole group is killed and the try
    counts as `Temporary`. The reason ends with the last line of its stderr;
    no `status` is given, since an exit code is none of HTTP's.
    """
    with (
        tempfile.TemporaryFile() as stdin
    ):  # a file, not a pipe: a program that reads nothing cannot block us
        stdin.write(body)
        stdin.seek(0)
        try:
            process = subprocess.Popen(  # noqa: S603 - the user's own command, as a list
                settings.command,
                stdin=stdin,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise Temporary(f"cannot run {settings.command[0]}: {error}") from error
    said = _Tail(process)
    try:
        status = process.wait(settings.timeout.total_seconds())
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):  # it ended just now
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise Temporary(f"killed after {settings.timeout.total_seconds():g} s{said.last()}") from None
    if status == 0:
        return "exit 0"
    if status == os.EX_TEMPFAIL:
        raise Temporary(f"exit {status}{said.last()}")
    ended = f"exit {status}" if status > 0 else f"killed by {signal.Signals(-status).name}"
    raise Permanent(f"{ended}{said.last()}", tries=TRIES)


def probe(settings: Command, net: Net | None = None) -> str:  # noqa: ARG001
    """Whether the program is there and may be run. Raises `Permanent`."""
    found = shutil.which(settings.command[0])
    if found is None:
        raise Permanent(f"{settings.command[0]} is not a program that can be run from here")
    return found


class _Tail:
    """The end of what a process writes to stderr, read beside it so that it never blocks on a full pipe."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._kept = b""
        self._reader = threading.Thread(target=self._read, args=(process.stderr,), daemon=True)
        self._reader.start()

    def _read(self, stderr: IO[bytes]) -> None:
        with stderr:
            while chunk := os.read(stderr.fileno(), 65_536):
                self._kept = (self._kept + chunk)[-_STDERR_KEPT:]

    def last(self) -> str:
        """`: ` and the last line, or nothing."""
        self._reader.join(0.5)  # a child left behind may hold the pipe open: what is there by now counts
        lines = [line for line in self._kept.decode("utf-8", "replace").splitlines() if line.strip()]
        return f": {clean(lines[-1], 300)}" if lines else ""
