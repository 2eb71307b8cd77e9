"""`watcher check`: what is wrong with the config, and with the feeds, texts and database it names."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from watcher.cli import errors, screen
from watcher.cli.setup import Setup, pass_setup
from watcher.display import clean

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.option(
    "--online", is_flag=True, help="Ask every feed, look into every folder, log in to every channel."
)
@click.option("--stored", is_flag=True, help="Try every watchlist on all stored text.")
@click.option("--database", is_flag=True, help="Check that the database is whole and what is in it goes out.")
@pass_setup
def check(setup: Setup, *, online: bool, stored: bool, database: bool) -> None:
    """Say what is wrong with the config: every mistake with file, line and column, and what to write instead.

    Warnings (a term that finds more than was meant) do not fail it. Exit status 2 for mistakes in the config,
    1 when what an option asks about or a channel's template is not fine, else 0. Channels that the daemon cannot
    deliver through are named in any case.

    \b
    Examples:
      watcher check                    before a restart, or after each edit
      watcher check --online           does every feed answer, does every login work?
      watcher check --stored           terms that find nothing, or half of everything
      watcher --config new.toml check  a config not in use yet
    """
    config = setup.config
    from watcher import config as configs

    warnings = configs.warnings(config)
    for problem in warnings:
        errors.tell_problem(config.path, problem)
    fine = True
    if any(getattr(channel, "template", None) for channel in config.channels):
        from watcher.cli import probes

        fine &= probes.templates(config)
    if online or stored:
        from watcher.cli import probes

        fine &= not online or probes.online(config)
        fine &= not stored or probes.stored(config, setup.store())
    if config.watcher.database.exists():
        delivering = _tell_channels(config.watcher.database)
        # a config may be right while a receiver is down, and may be what mends it
        fine &= delivering or not (online or database)
    if database:
        problems = setup.store().read.check()
        for message in problems:
            screen.note(f"{config.watcher.database}: {message}")
        if not problems:
            click.echo(f"{config.watcher.database}: whole")
        fine &= not problems
    parts = [
        screen.count(sum(feed.enabled for feed in config.feeds), "feed"),
        screen.count(sum(folder.enabled for folder in config.folders), "folder"),
        screen.count(len(config.watchlists), "watchlist"),
        screen.count(len(config.channels), "channel"),
    ]
    told = f", {screen.count(len(warnings), 'warning')}" if warnings else ""
    click.echo(f"{config.path}: {', '.join(parts)}{told}")
    if not fine:
        sys.exit(errors.NOT_FINE)


def _tell_channels(database: Path) -> bool:
    """Say which channels the daemon cannot deliver through; whether there are none."""
    from watcher.cli import glance

    found = glance.troubled(database)
    for channel in found:
        if channel.template:
            screen.note(f"channel {channel.name}: its template is not used: {clean(channel.template, 300)}")
    troubled = [each for each in found if each.disabled or each.since is not None]
    for channel in troubled:
        state = "is switched off, its receiver said it is gone" if channel.disabled else "does not work"
        waiting = screen.count(channel.waiting, "delivery waits", "deliveries wait")
        screen.note(f"channel {channel.name} {state}: {clean(channel.reason, 200)}; {waiting} for it")
    return not troubled
