"""A folder of documents: text, Markdown, HTML, PDF, Word, mail. Polled and compared: works on any file system."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from watcher.extract import letters
from watcher.model import Entry, Scan, Temporary

LIMIT = 50 * 1024 * 1024
"""Bytes of a file that is taken; the same bound as `watcher.extract.LIMIT`."""

LOOK = 2 * 1024 * 1024 * 1024
"""Bytes read in one look, so that a look at a full disk ends within its lease; the rest comes in the next."""

DEEPEST = 32
"""Folders within folders that are followed."""

_PARTIAL = (".part", ".partial", ".tmp", ".crdownload", ".download", ".swp", "~")
_MBOX = (".mbox", ".mbx")


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A `[[folders]]` table."""

    path: Path
    name: str = ""
    group: str = ""
    every: timedelta = timedelta(seconds=5)
    enabled: bool = True
    watchlists: tuple[str, ...] = ()
    """Only these watchlists look at this source; all where empty."""


def scan(folder: Folder, cursor: dict[str, Any], *, now: datetime) -> Scan:
    """One look at the folder: the documents whose size and time held still since the look before.

    An entry's key is its path in the folder and the hash of what it says, so
    an edited file is an entry anew; `path` is absolute, `part` the bytes
    "start-end" of a message in an mbox. Regular files only; no links, hidden
    or unfinished files. What cannot be read, or is over 50 MB, stands in
    `problems` at each look until it can. The cursor is `{"files": {path:
    "size.time"}}`, with a "?" behind what was seen once. Raises `Temporary`
    where the folder itself cannot be read.
    """
    before: dict[str, str] = cursor.get("files", {})
    look = _Look(folder.path, before, now)
    look.walk()
    files = look.files
    if files == before:
        return Scan(cursor=cursor, unchanged=True, problems=tuple(look.problems), unsettled=look.unsettled)
    return Scan(
        cursor={"files": files},
        entries=tuple(look.entries),
        problems=tuple(look.problems),
        unsettled=look.unsettled,
    )


class _Look:
    """One look while it goes on."""

    def __init__(self, root: Path, before: dict[str, str], now: datetime) -> None:
        self.files: dict[str, str] = {}
        self.entries: list[Entry] = []
        self.problems: list[str] = []
        self.unsettled = False
        self._root = os.path.abspath(root)  # noqa: PTH100 - entries carry it as text
        self._before = before
        self._now = now
        self._left = LOOK

    def walk(self) -> None:
        moved: list[tuple[str, str, int]] = []
        try:
            self._list(self._root, 0, moved)
        except FileNotFoundError as error:
            raise Temporary(f"there is no folder {self._root}") from error
        except NotADirectoryError as error:
            raise Temporary(f"{self._root} is not a folder") from error
        except OSError as error:
            raise Temporary(f"cannot look into {self._root}: {error.strerror}") from error
        for name, mark, size in sorted(moved):
            self._consider(name, mark, size)

    def _list(self, folder: str, depth: int, moved: list[tuple[str, str, int]]) -> None:
        """Keep the files below that are as they were; put the others into `moved` with name, mark and size."""
        with os.scandir(folder) as listing:
            items = list(listing)
        for item in items:
            if item.name.startswith(".") or item.name.lower().endswith(_PARTIAL):
                continue
            try:
                if item.is_file(follow_symlinks=False):
                    status = item.stat(follow_symlinks=False)
                    name = item.path[len(self._root) + 1 :]
                    mark = f"{status.st_size:x}.{status.st_mtime_ns:x}"
                    if self._before.get(name) == mark:
                        self.files[name] = mark
                    else:
                        moved.append((name, mark, status.st_size))
                elif item.is_dir(follow_symlinks=False):
                    if depth < DEEPEST:
                        self._list(item.path, depth + 1, moved)
                    else:
                        self.problems.append(f"{self._shown(item.path)} lies too deep: not looked into")
            except FileNotFoundError:
                continue  # removed while we looked
            except OSError as error:
                self.problems.append(f"cannot read {self._shown(item.path)}: {error.strerror}")

    def _consider(self, name: str, mark: str, size: int) -> None:
        if not _storable(name):
            self.problems.append(f"the file name {self._shown(name)} is not UTF-8: rename it")
        elif self._before.get(name) != mark + "?":
            self._wait(name, mark)
        elif size > LIMIT:
            self.files[name] = mark + "?"
            self.problems.append(
                f"{name} is too large: {size / 1e6:.0f} MB (the limit is {LIMIT / 1e6:.0f} MB)"
            )
        elif size > self._left:
            self._wait(name, mark)
        else:
            self._take(name, mark)

    def _wait(self, name: str, mark: str) -> None:
        self.files[name] = mark + "?"
        self.unsettled = True

    def _take(self, name: str, mark: str) -> None:
        path = f"{self._root}/{name}"
        try:
            data = self._read(path, mark)
        except OSError as error:
            # Not `unsettled`: it is tried at every look anyway, but nobody waits for it.
            self.files[name] = mark + "?"
            self.problems.append(f"cannot read {name}: {error.strerror or error}")
            return
        if data is None:
            self._wait(name, mark)
            return
        self._left -= len(data)
        self.files[name] = mark
        published = min(datetime.fromtimestamp(int(mark.partition(".")[2], 16) / 1e9, UTC), self._now)
        parts = letters.messages(data) if _is_mbox(name, data) else ()
        hashes: dict[str, str | None] = {}
        for start, end in parts:
            hashes.setdefault(_hash(data[start:end]), f"{start}-{end}")
        for digest, part in (hashes or {_hash(data): None}).items():
            self.entries.append(
                Entry(key=f"{name}#{digest}", path=path, part=part, published=published, content_hash=digest)
            )

    def _read(self, path: str, mark: str) -> bytes | None:
        """The file's bytes; None if it changed since it was looked at."""
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            before = os.fstat(descriptor)
            if not stat.S_ISREG(before.st_mode):
                return None
            data = file.read(min(before.st_size, LIMIT) + 1)  # the whole limit would be set aside for each
            after = os.fstat(descriptor)
        same = f"{after.st_size:x}.{after.st_mtime_ns:x}" == mark and len(data) == after.st_size
        return data if same else None

    def _shown(self, path: str) -> str:
        return path.removeprefix(self._root + "/").encode("utf-8", "backslashreplace").decode("utf-8")


def _is_mbox(name: str, data: bytes) -> bool:
    return data.startswith(b"From ") and (name.lower().endswith(_MBOX) or letters.is_mbox(data))


def _hash(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _storable(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
