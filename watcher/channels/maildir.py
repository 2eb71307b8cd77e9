"""Maildir: alerts as mails in a folder that any mail program opens."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from watcher.alert import Outgoing
from watcher.model import Permanent, Temporary

if TYPE_CHECKING:
    from watcher.message.wording import Words
    from watcher.net import Net


@dataclass(frozen=True, slots=True, kw_only=True)
class Maildir:
    """A `[[channels]]` table of `type = "maildir"`."""

    name: str
    path: Path
    type: Literal["maildir"] = "maildir"
    sender: str = "watcher <watcher@localhost>"
    """`from` in the file."""


def recipients(settings: Maildir) -> tuple[str, ...]:
    """The channel itself."""
    return (settings.name,)


def render(
    settings: Maildir,
    outgoing: Outgoing,
    *,
    zone: tzinfo = UTC,
    words: Words | None = None,  # noqa: ARG001 - one verb for all kinds
) -> bytes:
    """The mail with the line ends of files (LF), to the sender's own address. Raises `WatcherError`."""
    from watcher.message import mime  # noqa: PLC0415

    _, address = mime.split_address(settings.sender)
    built = mime.build(outgoing, sender=settings.sender, to=address, zone=zone)
    return built.replace(b"\r\n", b"\n")


def send(
    settings: Maildir,
    outgoing: Outgoing,
    body: bytes,
    *,
    attempt_at: datetime,  # noqa: ARG001 - one verb for all kinds
    net: Net | None = None,  # noqa: ARG001
) -> str:
    """Put the mail into `new/`, whole and on disk before it has its name there. Raises `Temporary`.

    The file's name is derived from the delivery, so that a repeat after a
    crash finds the first one, read (`cur/`) or not (`new/`), and adds none.
    """
    name = f"{int(outgoing.created.timestamp())}.{outgoing.id}.watcher"
    try:
        _make(settings.path)
        if _is_there(settings.path, name):
            return f"{name} was there"
        draft = settings.path / "tmp" / name
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(settings.path / "new" / name)
        _sync(settings.path / "new")
    except OSError as error:
        raise Temporary(f"cannot write to {settings.path}: {error.strerror or error}") from error
    return name


def probe(settings: Maildir, net: Net | None = None) -> str:  # noqa: ARG001
    """Whether mails can be put there. Raises `Permanent`."""
    try:
        _make(settings.path)
    except OSError as error:
        raise Permanent(f"cannot make {settings.path}: {error.strerror or error}") from error
    for folder in ("tmp", "new"):
        if not os.access(settings.path / folder, os.W_OK | os.X_OK):
            raise Permanent(f"{settings.path / folder} is not writable")
    return f"writable, {sum(1 for _ in os.scandir(settings.path / 'new'))} unread"


def _make(path: Path) -> None:
    """The three folders of a Maildir, each on disk before a mail is trusted to it."""
    missing = [folder for folder in (path / "tmp", path / "new", path / "cur") if not folder.is_dir()]
    for folder in missing:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if missing:
        _sync(path)
        _sync(path.parent)


def _is_there(path: Path, name: str) -> bool:
    if (path / "new" / name).exists():
        return True
    with os.scandir(path / "cur") as entries:
        return any(entry.name == name or entry.name.startswith(name + ":") for entry in entries)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
