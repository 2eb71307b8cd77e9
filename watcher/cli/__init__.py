"""The command line: each command asks the config, the store or the engine, and shows the answer.

Exit status: 0 fine, 1 the thing asked about is not fine, 2 wrong usage or invalid config.
"""

from __future__ import annotations

import errno
import importlib
import sys
from pathlib import Path

import click

from watcher import __version__
from watcher.cli import errors
from watcher.cli.setup import Setup
from watcher.model import WatcherError

COMMANDS = {
    "run": ("daemon", "Watch: poll, judge and deliver, in the foreground."),
    "check": ("check", "Say what is wrong with the config, and with what it names."),
    "why": ("why", "Show the whole decision about an article."),
    "match": ("match", "Try a query on files or on standard input."),
    "backtest": ("backtest", "Compare today's watchlists with what was alerted."),
    "variants": ("variants", "List spellings of a name in what is stored."),
    "corpus": ("corpus", "Put known text in, judge text against it, get it out."),
    "sources": ("listings", "List feeds and folders with their health."),
    "alerts": ("listings", "List alerts, or what was held back and why."),
    "mute": ("muting", "Stop telling of a story, a source or a term for a while."),
    "mutes": ("muting", "List what is muted."),
    "unmute": ("muting", "End a mute."),
    "deliveries": ("deliveries", "List the outbox; try dead deliveries again."),
    "send-test": ("deliveries", "Send a test message through a channel."),
    "opml": ("opml", "Take feeds from OPML, or write them as OPML."),
}
"""Each command with the module that holds it and its line in the overview: a module is imported when called."""


class Commands(click.Group):
    """The commands, each imported when it is called, and errors told as people read them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands, in the order a newcomer meets them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"watcher.cli.{COMMANDS[cmd_name][0]}")
        command = getattr(module, cmd_name.replace("-", "_"))
        if not isinstance(command, click.Command):
            raise TypeError(command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The overview, from the table: nothing is imported for it."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; what it raises for people is told on stderr, with the exit status."""
        try:
            return super().invoke(ctx)
        except WatcherError as error:
            ctx.exit(errors.tell(error))
        except OSError as error:
            if error.errno == errno.EPIPE:  # `watcher alerts | head`: click ends quietly
                raise
            place = f"{error.filename}: " if error.filename else ""
            ctx.exit(errors.tell(WatcherError(f"{place}{error.strerror or error}")))
        except Exception as error:
            sqlite3 = sys.modules.get("sqlite3")
            if sqlite3 is None or not isinstance(error, sqlite3.Error):
                raise
            ctx.exit(errors.tell(WatcherError(f"the database cannot be used: {error}")))


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="`watcher COMMAND --help` says more, with examples.",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="PATH",
    help="The config; else $WATCHER_CONFIG, else ./config.toml, else /etc/watcher/config.toml.",
)
@click.option(
    "--database",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="PATH",
    help="The database, instead of the one the config names.",
)
@click.version_option(__version__, prog_name="watcher", message="%(prog)s %(version)s")
@click.pass_context
def watcher(ctx: click.Context, config: Path | None, database: Path | None) -> None:
    """Watches feeds and folders, and tells what is new about your subjects, once.

    Your feeds, subjects ("watchlists") and addresses ("channels") stand in config.toml; its comments teach
    how to write them. Start with `watcher check`, then `watcher run`.
    """
    ctx.obj = Setup(config, database)
    ctx.call_on_close(ctx.obj.close)
