"""`watcher match`: a query tried on files or on standard input."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import click

from watcher.cli import errors, reading, screen
from watcher.cli.setup import Setup, pass_setup
from watcher.model import ConfigError, Fields, Match, WatcherError

SENTENCES = 8
"""Sentences with hits that are shown of a file."""


@click.command()
@click.argument("query")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--title", default="", metavar="TEXT", help="The title that goes with text from standard input."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line for each file.")
@pass_setup
def match(setup: Setup, query: str, files: tuple[Path, ...], title: str, *, as_json: bool) -> None:
    """Try QUERY on FILES, or on plain text from standard input.

    Shows whether it matches and what it found. Exit status 1 when nothing matched, 2 when the query cannot be
    read. Concepts (@name) come from the config; everything else works without one.

    \b
    Examples:
      watcher match 'defector* NEAR/10 "North Korea*"' inbox/*.html
      echo 'MSS officer defects' | watcher match '@flee AND MSS'
      echo '탈북민이 입국했다' | watcher match '*탈북*' --json
      watcher match 'title:arrest* NOT football' page.html

    \b
    The language in short (docs/watchlists.md has it all):
      word  word*  *word  *word*  "a phrase"  =exact  ~case-free  /regex/  @concept
      AND  OR  NOT  ( )  a NEAR/10 b  a ONEAR/5 b  ATLEAST/3 word  title:word
    """
    from watcher.watchlist.engine import matcher

    engine = matcher(query, concepts=_concepts(setup, query))
    matched = failed = False
    for name, read in _inputs(files, title):
        try:
            fields = read()
        except WatcherError as error:
            failed = True
            _tell_unreadable(name, error, as_json=as_json)
            continue
        found = engine.match(fields)
        matched = matched or found is not None
        if as_json:
            click.echo(screen.line(_as_json(name, fields, found)))
        else:
            _show(name, fields, found)
    if failed or not matched:
        raise SystemExit(errors.NOT_FINE)


def _concepts(setup: Setup, query: str) -> dict[str, tuple[str, ...]]:
    """The config's concepts; none where the query names none, or where there is no config to be found."""
    if not {"@", "＠"} & set(query):
        return {}
    try:
        return setup.config.concepts
    except ConfigError as error:
        if setup.argument is not None or any(problem.line for problem in error.problems):
            raise
        return {}


def _inputs(files: tuple[Path, ...], title: str) -> Iterator[tuple[str, Callable[[], Fields]]]:
    """Each input's name with what reads it; standard input has no name and is taken unchanged."""
    if not files or files == (Path("-"),):
        if sys.stdin.isatty():
            screen.note("Reading text from the terminal; Ctrl-D ends it.")
        yield "", lambda: Fields(title=title, body=sys.stdin.buffer.read().decode("utf-8", "replace"))
        return
    with reading.desk() as desk:
        for path in files:
            yield str(path), partial(_read, desk, path, title)


def _read(desk: reading.Desk, path: Path, title: str) -> Fields:
    document = desk.read(path)
    return Fields(
        title=title or document.title,
        body=document.text,
        author=document.author or "",
        lang=document.language or "",
    )


def _tell_unreadable(name: str, error: WatcherError, *, as_json: bool) -> None:
    if as_json:
        click.echo(screen.line({"file": name, "matched": False, "hits": [], "error": str(error)}))
    screen.note(f"{name}: {error}")


def _as_json(name: str, fields: Fields, found: Match | None) -> dict[str, Any]:
    hits = found.hits if found else ()
    answer: dict[str, Any] = {"file": name} if name else {}
    answer["matched"] = found is not None
    answer["hits"] = [
        {
            "term": hit.term,
            "field": hit.field,
            "start": hit.start,
            "end": hit.end,
            "text": getattr(fields, hit.field)[hit.start : hit.end],
        }
        for hit in hits
    ]
    return answer


def _show(name: str, fields: Fields, found: Match | None) -> None:
    """The verdict, and under it each sentence that was hit, the hits in bold."""
    from rich.text import Text

    from watcher.display import runs
    from watcher.sentences import sentences

    console = screen.console()
    verdict = ("matched", "bold green") if found else ("not matched", "yellow")
    console.print(Text.assemble(f"{name}: " if name else "", verdict))
    if found is None:
        return
    shown = 0
    for field in ("title", "body", "source", "author", "url", "lang"):
        text = getattr(fields, field)
        marks = [(hit.start, hit.end) for hit in found.hits if hit.field == field]
        for start, end in sentences(text) if field == "body" else [(0, len(text))]:
            inside = [(a - start, b - start) for a, b in marks if a < end and start < b]
            if not inside:
                continue
            shown += 1
            if shown > SENTENCES:
                continue
            line = Text(f"  {field:<6} ", style="dim")
            for piece, hit in runs(text[start:end], inside):
                line.append(piece, style="not dim bold yellow" if hit else "not dim")
            console.print(line)
    if shown > SENTENCES:
        console.print(f"  and {screen.count(shown - SENTENCES, 'sentence')} more")
