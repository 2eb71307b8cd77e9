"""`watcher opml`: feeds from and to other readers."""

from __future__ import annotations

import click


@click.group(name="opml")
def opml() -> None:
    """Take feeds from an OPML file, as other feed readers write them, or write yours as one.

    \b
    Examples:
      watcher opml import subscriptions.opml
      watcher opml export > feeds.opml
    """
