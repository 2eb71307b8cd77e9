"""What people see: tables and times on a terminal, JSON for programs, messages on stderr."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from rich.console import Console

    from watcher.stores.views import DeliveryView

T = TypeVar("T")

SHOWN = 50
EVERYTHING = 10_000_000

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout instead of a table.")
limit_option = click.option(
    "--limit",
    type=int,
    metavar="N",
    help=f"At most so many, newest first; {SHOWN} in a table, all in JSON if not given.",
)


def limit(given: int | None, *, as_json: bool) -> int:
    """How many rows to show."""
    if given is not None:
        return given
    return EVERYTHING if as_json else SHOWN


def note(message: str) -> None:
    """A message about the work itself: on stderr, so that stdout stays the answer."""
    click.echo(message, err=True)


def line(value: Any) -> str:
    """`value` as one line of JSON, Korean and Chinese readable."""
    return json.dumps(plain(value), ensure_ascii=False, separators=(",", ":"))


def document(value: Any) -> None:
    """Print `value` as one JSON document."""
    click.echo(json.dumps(plain(value), ensure_ascii=False, indent=2))


def plain(value: Any) -> Any:
    """`value` as JSON knows it: times in ISO 8601 UTC, durations in seconds, whole numbers without `.0`."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if hasattr(value, "_asdict"):  # a named tuple, as hits and matches are
        value = value._asdict()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted(plain(item) for item in value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def console(columns: int | None = 100) -> Console:
    """The terminal; where the output goes elsewhere, `columns` wide (None: as wide as its lines) and without colour."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else columns or 10_000
    return Console(width=width, highlight=False, soft_wrap=False, emoji=False, markup=False)


def table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], *, wrap: Sequence[str] = (), empty: str = ""
) -> None:
    """Print a table, a row a line where it goes elsewhere; on a terminal the columns in `wrap` break their lines.

    `empty` is said on stderr where there are no rows.
    """
    from rich import box
    from rich.table import Table

    result = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, show_edge=False)
    for column in columns:
        result.add_column(column, overflow="fold", no_wrap=column not in wrap)
    for row in rows:
        result.add_row(*row)
    if result.row_count:
        console(None).print(result)
    elif empty:
        note(empty)


def when(moment: datetime | None, zone: tzinfo, *, now: datetime | None = None) -> str:
    """A time as one reads it in `zone`: the clock alone today, with the date otherwise, `-` for none."""
    if moment is None:
        return "-"
    local = moment.astimezone(zone)
    today = (now or datetime.now(UTC)).astimezone(zone).date()
    return local.strftime("%H:%M:%S" if local.date() == today else "%Y-%m-%d %H:%M")


def addressee(delivery: DeliveryView) -> str:
    """`channel: recipient`; the channel alone where it has no recipients of its own."""
    if delivery.recipient in {"", delivery.channel}:
        return delivery.channel
    return f"{delivery.channel}: {delivery.recipient}"


def size(count: int) -> str:
    """Bytes as one reads them: `412 kB`, `3.1 GB`."""
    value = float(count)
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if value >= 10 or unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def count(number: int, noun: str, plural: str = "") -> str:
    """`1 feed`, `12 feeds`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


@contextmanager
def progress(what: str, total: float | None = None) -> Iterator[Any]:
    """A progress bar on stderr if that is a terminal: gives `advance(n)`."""
    if not sys.stderr.isatty():
        yield lambda _amount=1: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda amount=1: bar.advance(task, amount)
