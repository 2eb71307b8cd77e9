"""How errors read on a terminal: where, what, the line with a caret under the place, and the way out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from watcher.model import ConfigError, Problem, QueryError, WatcherError

USAGE = 2
NOT_FINE = 1


def tell(error: WatcherError) -> int:
    """Tell the error on stderr; the exit status it means."""
    if isinstance(error, ConfigError):
        for problem in sorted(error.problems, key=lambda problem: (problem.line, problem.column)):
            tell_problem(Path(error.path), problem)
        count = len(error.problems)
        if count > 1:
            click.echo(f"{count} problems in {error.path}.", err=True)
        return USAGE
    if isinstance(error, QueryError):
        place = f"line {error.line}, column {error.column}: " if error.text else ""
        click.echo(f"{click.style('error', fg='red', bold=True)}: {place}{error.message}", err=True)
        lines = error.text.splitlines()
        if 0 < error.line <= len(lines):
            click.echo(_excerpt(lines[error.line - 1], error.column), err=True)
        return USAGE
    click.echo(f"{click.style('error', fg='red', bold=True)}: {error}", err=True)
    return NOT_FINE


def unknown(place: str, noun: str, name: str, known: Sequence[str]) -> click.BadParameter:
    """What is wrong with a `name` at `place` that the config does not have, with the one that may be meant."""
    from watcher.watchlist.syntax import nearest

    near = nearest(name, known)
    way = f"did you mean {near}?" if near else f"there are {', '.join(known)}" if known else "there are none"
    return click.BadParameter(f"no {noun} is named {name}: {way}", param_hint=place)


def tell_problem(path: Path, problem: Problem) -> None:
    """One line `file:line:column: message` as editors and grep read it, the source line, and a caret."""
    place = f"{path}:{problem.line}:{problem.column}" if problem.line else str(path)
    kind = (
        click.style("warning", fg="yellow") if problem.warning else click.style("error", fg="red", bold=True)
    )
    click.echo(f"{click.style(place, bold=True)}: {kind}: {problem.message}", err=True)
    if not problem.line:
        return
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # the file has gone since it was read: the place is told, the line cannot be
        return
    if problem.line <= len(lines):
        click.echo(_excerpt(lines[problem.line - 1], problem.column), err=True)


def _excerpt(line: str, column: int) -> str:
    """`line` with a caret under its 1-based `column`; a tab is one space, a wide character two wide."""
    from watcher.display import width

    line = line.replace("\t", " ")
    before = line[: max(column - 1, 0)]
    if len(line) > 160:  # a long line is cut around the place
        start = max(len(before) - 60, 0)
        line, before = line[start : start + 140], before[start:]
    return f"    {line}\n    {' ' * width(before)}{click.style('^', fg='red', bold=True)}"
