"""Console: alerts on the terminal the daemon runs in."""

from __future__ import annotations

import re
import shutil
import sys
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Literal, TextIO

from watcher.alert import Outgoing
from watcher.model import Temporary

if TYPE_CHECKING:
    from watcher.message.wording import Words
    from watcher.net import Net

_COLUMNS = 96
"""Widest line: beyond this the eye loses the next one."""
_HIT = re.compile("\x1b\\[1;33m([^\x1b]*)\x1b\\[0m")
_STYLES = re.compile("\x1b\\[[0-9;]*m")
_turn = threading.Lock()
"""Deliveries come from several threads; one alert is written at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """A `[[channels]]` table of `type = "console"`."""

    name: str
    type: Literal["console"] = "console"


def recipients(settings: Console) -> tuple[str, ...]:
    """The channel itself."""
    return (settings.name,)


def render(
    settings: Console,  # noqa: ARG001 - one verb for all kinds
    outgoing: Outgoing,
    *,
    zone: tzinfo = UTC,
    words: Words | None = None,  # noqa: ARG001
) -> bytes:
    """The alert as UTF-8 with ANSI styles, as wide as the terminal (at most 96 columns; 88 where there is none)."""
    from watcher.message import terminal  # noqa: PLC0415 - rich takes 50 ms to import

    columns = min(_COLUMNS, max(40, shutil.get_terminal_size((88, 24)).columns))
    return terminal.draw(outgoing.content, zone=zone, columns=columns).encode()


def send(
    settings: Console,  # noqa: ARG001 - one verb for all kinds
    outgoing: Outgoing,  # noqa: ARG001
    body: bytes,
    *,
    attempt_at: datetime,  # noqa: ARG001
    net: Net | None = None,  # noqa: ARG001
    stream: TextIO | None = None,
) -> str:
    """Write to `stream` (standard output). Raises `Temporary`.

    Where that is no terminal (a file, the journal) there are no styles, and hits stand between asterisks.
    """
    stream = sys.stdout if stream is None else stream
    text = body.decode("utf-8")
    try:
        if not stream.isatty():
            text = _STYLES.sub("", _HIT.sub(r"*\1*", text))
        encoding = stream.encoding or "utf-8"
        with _turn:
            stream.write(text.encode(encoding, "replace").decode(encoding))
            stream.flush()
    except (OSError, ValueError) as error:  # a closed pipe, a closed file
        raise Temporary(f"cannot write to the terminal: {error}") from error
    return "written"


def probe(settings: Console, net: Net | None = None) -> str:  # noqa: ARG001
    """What standard output is."""
    return "a terminal" if sys.stdout.isatty() else "standard output, not a terminal"
