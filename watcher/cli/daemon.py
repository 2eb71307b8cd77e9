"""`watcher run`: the daemon in the foreground."""

from __future__ import annotations

import logging
import os
import sys

import click

from watcher.cli import screen
from watcher.cli.setup import Setup, pass_setup

log = logging.getLogger("watcher")


@click.command()
@click.option(
    "--once", is_flag=True, help="Poll everything due now (folders twice), judge, deliver, and end."
)
@click.option(
    "--until-idle", is_flag=True, help="Go on until nothing is due now, in flight, or seen only once."
)
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
    from watcher.engines.embedded import Daemon

    _log_to_stderr()
    daemon = Daemon(setup.store(create=True), setup.load)
    done = daemon.run(once=once, until_idle=until_idle)
    if once or until_idle:
        log.info(
            "done: %s (%d unchanged, %d failed), %d judged, %s, %d delivered",
            screen.count(done.polls, "poll"),
            done.unchanged,
            done.failed,
            done.judged,
            screen.count(done.alerts, "alert"),
            done.delivered,
        )
    if daemon.abandoned:
        # the interpreter would wait for its threads; all they hold is closed, and their work is due at the next start
        log.warning("%d that did not end in time: due again at the next start", daemon.abandoned)
        logging.shutdown()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(0)


def _log_to_stderr() -> None:
    """What the daemon says goes to stderr: with the time, or under systemd with the level, as journald reads it."""
    handler = logging.StreamHandler(sys.stderr)
    under_systemd = "JOURNAL_STREAM" in os.environ
    handler.setFormatter(
        _ForJournal() if under_systemd else logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S")
    )
    log.addHandler(handler)
    log.setLevel(logging.INFO)


class _ForJournal(logging.Formatter):
    """Each line with its level in front (sd-daemon(3)); the journal has the time itself."""

    def format(self, record: logging.LogRecord) -> str:
        """The record's lines."""
        level = 3 if record.levelno >= logging.ERROR else 4 if record.levelno >= logging.WARNING else 6
        return "\n".join(f"<{level}>{line}" for line in super().format(record).splitlines())
