"""Fingerprint packs: what is known, to share without its text.

A pack is gzip over lines of JSON: a head that names the format, its version
and the parameters of the fingerprints; a line for each document; an end that
gives their number and the SHA-256 of all before it. Reading goes over the file
twice, once to check all of it, so that nothing of a damaged pack is given out.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import hashlib
import json
import os
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from watcher.model import WatcherError
from watcher.novelty.fingerprints import PARAMETERS, Fingerprint

FORMAT = "watcher fingerprint pack"
VERSION = 1
SUFFIX = ".fingerprints"
_LONGEST = 16 << 20
"""Bytes of a line: a text of 2 million words makes 13 MB. A longer line is damage, or a bomb."""
_FIELDS = ("id", "title", "url", "source")


class PackError(WatcherError):
    """A file is not a pack that this program can use; says which file, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackRow:
    """One document of a pack. `fingerprint` as `Fingerprint.to_bytes` gives it; `published` is aware UTC."""

    id: str
    title: str = ""
    url: str | None = None
    source: str = ""
    published: datetime | None = None
    fingerprint: bytes


def is_pack(path: Path) -> bool:
    """Whether the file says at its head that it is a pack, of whatever version. Raises OSError."""
    try:
        with gzip.open(path) as stream:
            return bool(_head(stream))
    except (PackError, EOFError, gzip.BadGzipFile, zlib.error):
        return False


def write(path: Path, rows: Iterable[PackRow]) -> int:
    """Write `rows` to `path`, whole or not at all, and give their number. The same rows make the same bytes."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    count, digest = 0, hashlib.sha256()
    try:
        with draft.open("wb") as file, gzip.GzipFile("", "wb", fileobj=file, mtime=0) as stream:

            def put(value: dict[str, Any]) -> None:
                line = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
                digest.update(line)
                stream.write(line)

            put({"format": FORMAT, "version": VERSION, "parameters": PARAMETERS})
            for count, row in enumerate(rows, start=1):  # noqa: B007 - the number of the last is the count
                put(_line(row))
            put({"rows": count, "sha256": digest.hexdigest()})
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return count


def read(path: Path) -> Iterator[PackRow]:
    """The rows of the pack, in constant memory.

    Raises PackError before the first row if anything in the file is damaged or
    foreign, and OSError if it cannot be opened.
    """
    with path.open("rb") as file:
        for _ in _rows(path, file):
            pass
        file.seek(0)
        yield from _rows(path, file)


def _line(row: PackRow) -> dict[str, Any]:
    line: dict[str, Any] = {name: value for name in _FIELDS if (value := getattr(row, name))}
    if row.published is not None:
        line["published"] = row.published.astimezone(UTC).isoformat()
    line["fingerprint"] = base64.b64encode(row.fingerprint).decode("ascii")
    return line


def _rows(path: Path, file: IO[bytes]) -> Iterator[PackRow]:
    """The rows, each checked; the end of the file is checked after the last one."""
    try:
        with gzip.GzipFile(fileobj=file) as stream:
            yield from _checked(stream)
    except PackError as error:
        raise PackError(f"{path}: {error}") from None
    except gzip.BadGzipFile as error:
        raise PackError(f"{path}: not a fingerprint pack, or damaged ({error})") from error
    except EOFError as error:
        raise PackError(f"{path}: the pack is cut short") from error
    except zlib.error as error:
        raise PackError(f"{path}: the pack is damaged ({error})") from error


def _checked(stream: gzip.GzipFile) -> Iterator[PackRow]:
    first = _head(stream)
    head = _object(first)
    if head.get("version") != VERSION:
        raise PackError(f"a pack of version {head.get('version')!r}; this program reads version {VERSION}")
    if not _comparable(head.get("parameters")):
        raise PackError(
            f"its fingerprints were made with {head.get('parameters')!r}, this program's with {PARAMETERS!r}: "
            "they cannot be compared; ask for a pack made with the same version of watcher"
        )
    digest = hashlib.sha256(first)
    count = 0
    while line := stream.readline(_LONGEST):
        value = _object(line)
        if "sha256" in value:
            if value.get("rows") != count or value["sha256"] != digest.hexdigest():
                raise PackError("the pack is damaged: its checksum does not fit")
            if stream.read(1):
                raise PackError("the pack is damaged: something follows its end")
            return
        digest.update(line)
        count += 1
        yield _row(value, count)
    raise PackError("the pack is cut short: its end is missing")


def _comparable(parameters: object) -> bool:
    """Whether fingerprints made with `parameters` fit this program's: the same, by this Unicode or an older one.

    What a newer Unicode adds, this one cannot fold; what an older one had folds the same for ever
    (https://www.unicode.org/policies/stability_policy.html), so that a pack outlives an upgrade of Python.
    """
    if not isinstance(parameters, str):
        return False
    (theirs, _, their_unicode), (ours, _, our_unicode) = (
        text.rpartition("/unicode") for text in (parameters, PARAMETERS)
    )
    numbers = [re.findall(r"\d+", version) for version in (their_unicode, our_unicode)]
    return theirs == ours and bool(numbers[0]) and list(map(int, numbers[0])) <= list(map(int, numbers[1]))


def _head(stream: gzip.GzipFile) -> bytes:
    line = stream.readline(4096)
    if FORMAT.encode() not in line or _object(line).get("format") != FORMAT:
        raise PackError("not a fingerprint pack")
    return line


def _object(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise PackError("the pack is damaged: a line of it cannot be read") from error
    if not isinstance(value, dict):
        raise PackError("the pack is damaged: a line of it is no object")
    return value


def _row(value: dict[str, Any], number: int) -> PackRow:
    try:
        data = base64.b64decode(value["fingerprint"], validate=True)
        Fingerprint.from_bytes(data)
        published = value.get("published")
        row = PackRow(
            id=value["id"],
            title=value.get("title", ""),
            url=value.get("url"),
            source=value.get("source", ""),
            published=datetime.fromisoformat(published).astimezone(UTC) if published else None,
            fingerprint=data,
        )
        if not all(isinstance(part, str) for part in (row.id, row.title, row.url or "", row.source)):
            raise TypeError("a field is no text")  # noqa: TRY301 - one place for all that is wrong with a row
    except (KeyError, TypeError, ValueError, OverflowError, binascii.Error) as error:
        raise PackError(f"the pack is damaged: document {number}: {error}") from error
    return row
