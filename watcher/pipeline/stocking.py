"""Stocking the corpus: documents, JSON lines and fingerprint packs taken in as known, without alerting.

Everything streams: a gigabyte of JSON lines passes in constant memory, however
long its lines are. What is already in the corpus, by its content, is not taken
twice.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Literal

from watcher.display import sound
from watcher.extract import LONGEST
from watcher.model import Extracted, WatcherError, derive_id
from watcher.novelty import Fingerprint, of_document, title_key
from watcher.stores import Store
from watcher.stores.documents import NewDocument

BATCH = 200
"""Documents a transaction …"""
BATCH_BYTES = 2 << 20
"""… or as many as have so many bytes: 200 books would be a gigabyte."""

LONGEST_LINE = 32 << 20
"""Bytes of a line of JSON; the longest text takes 30 MB if all of it is written as \\uXXXX."""

MOST_PROBLEMS = 100
"""Problems that are kept; a file of the wrong kind has one a line."""

DOCUMENTS = frozenset({".txt", ".md", ".html", ".htm", ".xhtml", ".pdf", ".docx", ".eml"})
"""Files of a folder that are taken as documents; others are passed over."""

Read = Callable[[Path], Extracted]


@dataclass(slots=True)
class Stocked:
    """What a run took in: `added` documents, `known` ones that were there already, and what could not be read."""

    added: int = 0
    known: int = 0
    problems: list[str] = field(default_factory=list)
    """The first MOST_PROBLEMS of them."""
    unread: int = 0
    """How many there were in all."""

    def miss(self, problem: str) -> None:
        """Keep what could not be read."""
        self.unread += 1
        if self.unread <= MOST_PROBLEMS:
            self.problems.append(problem)


def stock(
    paths: Sequence[Path],
    store: Store,
    read: Read,
    *,
    origin: Literal["seed", "added"],
    now: datetime,
    advance: Callable[[int], None] = lambda _: None,
) -> Stocked:
    """Take in files, folders, `.jsonl` (also `.jsonl.gz`) and packs. `advance(n)` is called with the bytes that passed.

    `read` reads one document file (in a worker). What cannot be read is in `Stocked.problems`, naming the file and
    line; the rest is taken. A pack that is damaged or foreign raises `WatcherError` before anything of it is taken.
    """
    done = Stocked()
    for batch, passed in _batches(found for path in paths for found in _documents(path, read, origin, done)):
        added = store.write(lambda w, b=batch: sum(w.stock(document, now) for document in b))  # type: ignore[misc]
        done.added += added
        done.known += len(batch) - added
        advance(passed)
    return done


def size(paths: Sequence[Path]) -> int:
    """The bytes that `stock` will go through, for a progress bar; a pack's only about."""
    files = (file for path in paths for file in (_inside(path) if path.is_dir() else (path,)))
    return sum(file.stat().st_size for file in files if file.is_file())


Passed = tuple[NewDocument, int]
"""A document, and the bytes of its file that were read for it."""


def _batches(documents: Iterator[Passed]) -> Iterator[tuple[list[NewDocument], int]]:
    batch: list[NewDocument] = []
    held = passed = 0
    for document, read in documents:
        batch.append(document)
        held += len(document.text or "") + len(document.shape)
        passed += read
        if len(batch) == BATCH or held >= BATCH_BYTES:
            yield batch, passed
            batch, held, passed = [], 0, 0
    if batch:
        yield batch, passed


def numbered(stream: IO[bytes] | gzip.GzipFile) -> Iterator[tuple[int, bytes]]:
    """The lines with their numbers, blank ones left out; of one that is too long, a byte more than may be."""
    number = 0
    while line := stream.readline(LONGEST_LINE + 1):
        number += 1
        rest = line
        while rest and len(line) > LONGEST_LINE and not rest.endswith(b"\n"):
            rest = stream.readline(1 << 20)
        if line.strip():
            yield number, line


def document_of(raw: bytes | str, origin: Literal["seed", "added"]) -> NewDocument:
    """A line of JSON (`text`, and perhaps `id`, `title`, `url`, `published`, `source`, `language`) as a document.

    Raises `WatcherError` where it is no JSON object, has no text or too long a one, or a field of the wrong kind.
    """
    if len(raw) > LONGEST_LINE:
        raise WatcherError(f"too long for a line of JSON (the limit is {LONGEST_LINE >> 20} MB)")
    try:
        line = json.loads(raw)
    except UnicodeDecodeError as error:
        raise WatcherError(
            f"not UTF-8: byte {error.start + 1} is 0x{error.object[error.start]:02x}"
        ) from error
    except (ValueError, RecursionError) as error:
        raise WatcherError(f"not JSON: {error}") from error
    if not isinstance(line, dict):
        raise WatcherError('not a JSON object: write {"id": "…", "text": "…"}')
    text, title = line.get("text"), line.get("title") or ""
    if not isinstance(text, str) or not isinstance(title, str):
        message = 'needs "text" (a string), and "title" is a string where given'
        raise WatcherError(message)
    if len(text) > LONGEST:
        message = (
            f"too long: {len(text) / 1e6:.1f} million characters (the limit is {LONGEST / 1e6:.0f} million)"
        )
        raise WatcherError(message)
    # JSON can carry lone surrogates, UTF-8 cannot; each is replaced by one character, so that offsets stay.
    text, title = sound(text), sound(title)
    shape = of_document(text, title)
    id_ = line.get("id")
    if isinstance(id_, (bool, list, dict)):
        message = '"id" must be a string or a number'
        raise WatcherError(message)
    return _document(
        key=derive_id(
            "document",
            hashlib.sha256(f"{title}\0{text}".encode(errors="surrogatepass")).hexdigest(),
            id_ or "",
        ),
        name=str(id_) if id_ is not None else None,
        origin=origin,
        title=title,
        text=text,
        shape=shape,
        url=_string(line, "url"),
        source=_string(line, "source") or "",
        published=_time(_string(line, "published")),
        language=_string(line, "language"),
    )


def signed(hashes: Sequence[int]) -> tuple[int, ...]:
    """Unsigned 64-bit hashes as the signed integers SQLite holds."""
    return tuple(value - ((value >> 63) << 64) for value in hashes)


def unsigned(hashes: frozenset[int]) -> frozenset[int]:
    """The inverse of `signed`."""
    return frozenset(value % (1 << 64) for value in hashes)


def _document(  # noqa: PLR0913 - a document's own facts
    *,
    key: str,
    name: str | None,
    origin: Literal["seed", "added"],
    title: str,
    text: str | None,
    shape: Fingerprint,
    url: str | None,
    source: str,
    published: datetime | None,
    language: str | None = None,
) -> NewDocument:
    return NewDocument(
        key=key,
        origin=origin,
        title=title,
        text=text,
        shape=shape.to_bytes(),
        sample=signed(shape.sample.tolist()),
        words=shape.words,
        url=url,
        source=source,
        outlet=source,
        published=published,
        language=language,
        article=name,
        title_key=shape.title_key or (title_key(title) if title else None),
    )


def _documents(path: Path, read: Read, origin: Literal["seed", "added"], done: Stocked) -> Iterator[Passed]:
    if path.is_dir():
        for child in _inside(path):
            yield from _documents(child, read, origin, done)
        return
    kind = _kind(path) or "document"
    if not path.is_file():
        done.miss(f"{path}: no such file")
    elif kind == "lines":
        yield from _lines(path, origin, done)
    elif kind == "pack":
        yield from _pack(path, origin)
    else:
        yield from _file(path, read, origin, done)


def _inside(folder: Path) -> Iterator[Path]:
    """The files of a folder that are taken, in order."""
    for child in sorted(folder.rglob("*")):
        if child.is_file() and not child.name.startswith(".") and _kind(child) is not None:
            yield child


def _kind(path: Path) -> Literal["lines", "pack", "document"] | None:
    name = path.name.lower()
    if name.endswith((".jsonl", ".jsonl.gz")):
        return "lines"
    if path.suffix.lower() in (".pack", ".fingerprints"):
        return "pack"
    if path.name.lower() == "readme.md":
        return None
    return "document" if path.suffix.lower() in DOCUMENTS else None


def _lines(path: Path, origin: Literal["seed", "added"], done: Stocked) -> Iterator[Passed]:
    number = passed = 0
    with path.open("rb") as file:
        lines = gzip.GzipFile(fileobj=file) if path.suffix == ".gz" else file
        try:
            for number, raw in numbered(lines):
                try:
                    document = document_of(raw, origin)
                except WatcherError as error:
                    done.miss(f"{path}:{number}: {error}")
                    continue
                at = file.tell()
                yield document, at - passed
                passed = at
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            done.miss(f"{path}: damaged or cut short after line {number}: {error}")


def _pack(path: Path, origin: Literal["seed", "added"]) -> Iterator[Passed]:
    from watcher.novelty import packs  # noqa: PLC0415 - only where there is a pack

    for row in packs.read(path):
        shape = Fingerprint.from_bytes(row.fingerprint)
        document = _document(
            key=derive_id("packed", hashlib.sha256(row.fingerprint).hexdigest()),
            name=row.id,
            origin=origin,
            title=row.title,
            text=None,
            shape=shape,
            url=row.url,
            source=row.source,
            published=row.published,
        )
        yield document, len(row.fingerprint)  # hashes do not compress


def _file(path: Path, read: Read, origin: Literal["seed", "added"], done: Stocked) -> Iterator[Passed]:
    try:
        extracted = read(path)
    except WatcherError as error:
        done.miss(f"{path}: {error}")
        return
    title = extracted.title or path.stem
    document = _document(
        key=derive_id(
            "document",
            hashlib.sha256(f"{title}\0{extracted.text}".encode(errors="surrogatepass")).hexdigest(),
            "",
        ),
        name=path.stem,
        origin=origin,
        title=title,
        text=extracted.text,
        shape=of_document(extracted.text, title),
        url=None,
        source=path.parent.name if origin == "seed" else "",
        published=extracted.published,
        language=extracted.language,
    )
    yield document, path.stat().st_size


def _string(line: dict[str, Any], name: str) -> str | None:
    value = line.get(name)
    if value is not None and not isinstance(value, str):
        message = f'"{name}" must be a string'
        raise WatcherError(message)
    return None if value is None else sound(value)


def _time(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (
        ValueError,
        OverflowError,
    ) as error:  # the first and the last day of the calendar may be none in UTC
        message = f'"published": {text[:60]!r} is no ISO 8601 time, like 2026-11-21T09:00:00+09:00'
        raise WatcherError(message) from error
