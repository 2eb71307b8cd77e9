"""A glance at the channels in trouble, straight from the file: loading the store takes a fifth of what `check` may."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import NamedTuple

from watcher.model import WatcherError


class Trouble(NamedTuple):
    """A channel that is broken (`since` stands), switched off, or whose template is not used."""

    name: str
    disabled: bool
    since: str | None
    reason: str
    waiting: int
    template: str


def troubled(path: Path) -> list[Trouble]:
    """The configured channels in trouble, of an existing database. Raises `WatcherError` where it cannot be read."""
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=1)) as connection:
            connection.execute("pragma query_only = on")
            # before an upgrade's first run the file is as the last version left it
            columns = {row[1] for row in connection.execute("pragma table_info(channels)")}
            template = "template" if "template" in columns else "''"
            rows = connection.execute(
                f"select name, disabled, since, reason, (select count(*) from deliveries where channel = name and"  # noqa: S608
                f" state = 'due'), {template} from channels where present = 1 order by name"
            )
            found = [Trouble(*row) for row in rows]
    except sqlite3.Error as error:
        message = f"cannot read the database {path}: {error}"
        raise WatcherError(message) from error
    return [each for each in found if each.disabled or each.since or each.template]
