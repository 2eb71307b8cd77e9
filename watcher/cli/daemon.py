"""`watcher run`: the daemon in the foreground."""

from __future__ import annotations

import click

from watcher.cli.setup import Setup, pass_setup


@click.command()
@click.option("--once", is_flag=True, help="Poll everything due now (folders twice), judge, deliver, and end.")
@click.option("--until-idle", is_flag=True, help="Go on until nothing is due now, in flight, or seen only once.")
@pass_setup
def run(setup: Setup, *, once: bool, until_idle: bool) -> None:
    """Watch: poll feeds and folders, judge what comes, send what is new. In the foreground; Ctrl-C ends it.

    Ctrl-C or SIGTERM finishes what is in flight (at most 10 s) and leaves the rest due; SIGHUP takes the config
    anew, and where that has a mistake, says so and goes on with the old one. One daemon runs on a database.

    --once and --until-idle end by themselves: for cron, for scripts, for a first look. They open what waits for
    `group_wait` and finished catch-up bundles; they wait for no later try, no quiet hours, no digest. The exit
    status is 0 whatever feeds answer; `watcher sources` tells that.

    \b
    Examples:
      watcher run
      watcher run --once --until-idle
      watcher --config desk.toml --database /tmp/try.db run --once
    """
