"""`watcher corpus`: known text in, text judged against it, and out again."""

from __future__ import annotations

import gzip
import os
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TextIO

import click

from watcher.cli import errors, reading, screen
from watcher.cli.setup import Setup, pass_setup
from watcher.model import WatcherError

if TYPE_CHECKING:
    from watcher.novelty.packs import PackRow
    from watcher.pipeline.corpus import Weighed
    from watcher.stores import Reader
    from watcher.stores.documents import Document, NewDocument

BATCH = 50
"""Lines judged in one transaction: some 0.2 s, for which a running daemon's writes wait …"""
BATCH_BYTES = 1 << 20
"""… or as many as have so many bytes."""
STORIES = 20_000
"""Reports from which those too old for another one to join their story are let go, and the most that are read of
earlier runs: 150 MB."""


@click.group()
def corpus() -> None:
    """Put in text that is known, judge text against what is known, or get it out.

    The corpus is all that is stored: the seeds the config names, what you add, and every article.

    \b
    Examples:
      watcher corpus add archive/ old.jsonl known.fingerprints
      watcher corpus judge articles.jsonl > verdicts.jsonl
      watcher corpus export --fingerprints known.fingerprints
    """


@corpus.command()
@click.argument(
    "paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True), metavar="PATH…"
)
@screen.json_option
@pass_setup
def add(setup: Setup, paths: tuple[Path, ...], *, as_json: bool) -> None:
    """Put documents into the corpus as known, without alerting.

    PATH is a file (.txt, .md, .html, .pdf, .docx, .eml), a folder of them, a .jsonl file with one
    {"id", "text", "title"?, "url"?, "published"?, "source"?, "language"?} a line, or a fingerprint pack. What is
    there already is not stored twice. Exit status 1 when something could not be read; the rest is in.
    """
    from watcher.pipeline.stocking import size, stock

    store = setup.store(create=True)
    with reading.desk() as desk, screen.progress("Adding documents", size(paths)) as advance:
        done = stock(paths, store, desk.read, origin="added", now=datetime.now(UTC), advance=advance)
    for problem in done.problems:
        screen.note(problem)
    if done.unread > len(done.problems):
        screen.note(f"… and {done.unread - len(done.problems):,} more that could not be read.")
    if as_json:
        screen.document(done)
    else:
        known = f", {done.known:,} known already" if done.known else ""
        click.echo(f"{screen.count(done.added, 'document')} added{known}.")
    if done.problems:
        raise SystemExit(errors.NOT_FINE)


@corpus.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True))
@click.option(
    "--add",
    "adding",
    is_flag=True,
    help="Put each into the corpus, so that the next ones are judged against it.",
)
@pass_setup
def judge(setup: Setup, file: Path, *, adding: bool) -> None:
    """Judge each line of FILE against the corpus: JSON lines in, JSON lines out, in order. `-` is standard input.

    In: {"id", "text", "title"?, "url"?, "published"?, "source"?, "language"?}. Out: {"id", "verdict", "novel_words",
    "words", "novel_spans", "look_alikes", "story"}; offsets are code points of the given text. A line that cannot
    be read gives {"error"} in its place, and exit status 1 at the end. FILE may be compressed (.jsonl.gz).

    \b
    Examples:
      watcher corpus judge articles.jsonl > verdicts.jsonl
      watcher corpus judge --add articles.jsonl | jq -r 'select(.verdict == "copy") | .id'
    """
    store = setup.store(create=True)
    reading.stock_config(setup.config, store)
    judging = _Judging(adding=adding, lately=store.read)
    bad = 0
    damage: list[str] = []
    with click.open_file(str(file), "rb") as stream, screen.progress("Judging") as advance:
        for batch in _batches(_lines(stream, file, damage)):
            # With --add each batch is one transaction, and each line sees those before it.
            answers = store.write(partial(judging.all, batch)) if adding else judging.all(batch, store.read)
            bad += sum("error" in answer for answer in answers)
            click.echo("\n".join(screen.line(answer) for answer in answers))
            advance(len(batch))
    for what in damage:
        screen.note(what)
    if bad:
        screen.note(f"{screen.count(bad, 'line')} could not be judged.")
    if bad or damage:
        raise SystemExit(errors.NOT_FINE)


class _Judging:
    """Documents judged one after the other, with the stories they belong to: those that others told lately as well."""

    def __init__(self, *, adding: bool, lately: Reader) -> None:
        from watcher.novelty.stories import Stories

        self._stories = Stories()
        since = datetime.now(UTC) - self._stories.window
        for told in lately.told(since=since, limit=STORIES):
            self._stories.add(f"stored {told.document}", told.story, told.title, told.text, told.at)
        self._adding = adding
        self._count = 0

    def all(self, lines: Sequence[tuple[int, bytes]], reader: Any) -> list[dict[str, Any]]:
        """The answer to each numbered line; `reader` is the writer where documents are added."""
        return [self._one(number, line, reader) for number, line in lines]

    def _one(self, number: int, line: bytes, reader: Any) -> dict[str, Any]:
        from watcher.pipeline.corpus import weigh
        from watcher.pipeline.stocking import document_of

        self._count += 1
        try:
            document = document_of(line, "added")
        except WatcherError as error:
            return {"error": f"line {number}: {error}"}
        now = datetime.now(UTC)
        text = document.text or ""
        weighed = weigh(text, document.title, reader)
        story = self._story(document, weighed, now)
        if self._adding:
            nearest = weighed.nearest
            cluster = nearest.cluster if nearest else None
            reader.stock(replace(document, cluster=cluster, story=story), now)
        return _answer(document, weighed, story)

    def _story(self, document: NewDocument, weighed: Weighed, now: datetime) -> str | None:
        """The nearest copy's story, else that of the most similar report so far, else (where added) a new one."""
        at = document.published or now
        text = document.text or ""
        near = next((kin.story for _, kin in weighed.kin if kin.copy and kin.story), None)
        story = near or self._stories.find(document.title, text, at)
        if self._adding:
            story = story or document.article or document.key
            self._stories.add(self._count, story, document.title, text, at)
            if len(self._stories) > STORIES and self._count % 1_000 == 0:
                self._stories.forget(at - self._stories.window)
        return story


def _answer(document: NewDocument, weighed: Weighed, story: str | None) -> dict[str, Any]:
    return {
        "id": document.article,
        "verdict": weighed.verdict,
        "novel_words": weighed.novelty.new_words,
        "words": weighed.novelty.words,
        "novel_spans": weighed.novelty.spans,
        "look_alikes": [
            {
                "id": kin.note.id,
                "containment": round(kin.likeness.containment, 4),
                "contained": round(kin.likeness.contained, 4),
                "shared_words": kin.likeness.shared_words,
                "spans": kin.likeness.spans,
                "title": kin.note.title,
                "source": kin.note.source,
                "url": kin.note.url,
            }
            for kin in weighed.look_alikes
        ],
        "story": story,
    }


def _lines(stream: IO[bytes], file: Path, damage: list[str]) -> Iterator[tuple[int, bytes]]:
    """The numbered lines, of a compressed file those before its first damage, which is put into `damage`."""
    from watcher.pipeline.stocking import numbered

    if file.suffix.lower() != ".gz":
        yield from numbered(stream)
        return
    number = 0
    try:
        for number, raw in numbered(gzip.GzipFile(fileobj=stream)):
            yield number, raw
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        damage.append(f"{file}: damaged or cut short after line {number}: {error}")


def _batches(lines: Iterable[tuple[int, bytes]]) -> Iterator[list[tuple[int, bytes]]]:
    batch: list[tuple[int, bytes]] = []
    for line in lines:
        batch.append(line)
        if len(batch) == BATCH or sum(len(raw) for _, raw in batch) > BATCH_BYTES:
            yield batch
            batch = []
    if batch:
        yield batch


@corpus.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, writable=True, allow_dash=True))
@click.option(
    "--fingerprints",
    is_flag=True,
    help="A pack of fingerprints, without any text: for sharing what is known.",
)
@pass_setup
def export(setup: Setup, file: Path, *, fingerprints: bool) -> None:
    """Write the corpus to FILE: as JSON lines with the texts, or as a fingerprint pack. `-` is standard output.

    Texts past `keep_text` are gone and left out of JSON lines; their fingerprints are in a pack. FILE is
    replaced when all is written, never before.

    \b
    Examples:
      watcher corpus export texts.jsonl
      watcher corpus export --fingerprints known.fingerprints
    """
    count = without = 0
    reader = setup.store().read
    with screen.progress("Writing the corpus", reader.usage().documents) as advance:
        documents = reader.export()
        if fingerprints:
            from watcher.novelty import packs

            if str(file) == "-":
                raise click.UsageError("a pack cannot be written to standard output: name a file")
            count = packs.write(file, (_packed(document, advance) for document, _ in documents))
        else:
            with _replacing(file) as out:
                for document, text in documents:
                    advance(1)
                    if text is None:
                        without += 1
                        continue
                    count += 1
                    out.write(screen.line(_exported(document, text)) + "\n")
    left = f"; {screen.count(without, 'text')} past keep_text left out" if without else ""
    screen.note(f"{screen.count(count, 'document')} written{left}.")


def _exported(document: Document, text: str) -> dict[str, Any]:
    return {
        "id": _name(document),
        "title": document.title,
        "text": text,
        "url": document.url,
        "published": document.published,
        "source": document.source,
    }


def _packed(document: Document, advance: Callable[[int], object]) -> PackRow:
    from watcher.novelty.packs import PackRow

    advance(1)
    return PackRow(
        id=_name(document),
        title=document.title,
        url=document.url,
        source=document.source,
        published=document.published,
        fingerprint=document.shape,
    )


def _name(document: Document) -> str:
    return document.article or str(document.id)


@contextmanager
def _replacing(path: Path) -> Iterator[TextIO]:
    """A text file that takes the place of `path` when all is written; standard output for `-`."""
    if str(path) == "-":
        yield sys.stdout
        return
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with draft.open("w", encoding="utf-8") as out:
            yield out
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
