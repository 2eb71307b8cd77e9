"""`watcher opml`: feeds from and to other readers."""

from __future__ import annotations

from pathlib import Path

import click

from watcher.cli import screen
from watcher.cli.setup import Setup, pass_setup


@click.group(name="opml")
def opml() -> None:
    """Take feeds from an OPML file, as other feed readers write them, or write yours as one.

    \b
    Examples:
      watcher opml import subscriptions.opml
      watcher opml export > feeds.opml
    """
