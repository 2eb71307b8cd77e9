"""`watcher opml`: feeds from and to other readers."""

from __future__ import annotations

from pathlib import Path

import click

from watcher.cli import errors, screen
from watcher.cli.setup import Setup, pass_setup
from watcher.display import clean


@click.group(name="opml")
def opml() -> None:
    """Take feeds from an OPML file, as other feed readers write them, or write yours as one.

    \b
    Examples:
      watcher opml import subscriptions.opml
      watcher opml export > feeds.opml
    """


@opml.command(name="import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@pass_setup
def import_(setup: Setup, file: Path) -> None:
    """Add the feeds of FILE to the config, below those it has; its comments and all else stay as they are.

    A feed that stands there already is left alone. Exit status 1 when some could not be taken.
    """
    from watcher.config import opml as outlines

    outline = outlines.read(file)
    done = outlines.add(setup.path, outline.feeds)
    for feed in done.added:
        click.echo(f"added  {clean(feed.name or feed.url, 60)}  {clean(feed.url, 200)}")
    for problem in outline.problems:
        screen.note(f"not taken: {clean(problem, 300)}")
    known = f", {len(done.known):,} stood there already" if done.known else ""
    click.echo(f"{screen.count(len(done.added), 'feed')} added to {setup.path}{known}.")
    if outline.problems:
        raise SystemExit(errors.NOT_FINE)


@opml.command()
@pass_setup
def export(setup: Setup) -> None:
    """Print the feeds of the config as OPML 2.0."""
    from watcher.config import opml as outlines

    click.echo(outlines.write(setup.config), nl=False)
