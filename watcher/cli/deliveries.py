"""`watcher deliveries` and `watcher send-test`: the outbox, and what can be done with it."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from watcher.cli import errors, screen
from watcher.cli.setup import Setup, pass_setup
from watcher.display import clean
from watcher.model import WatcherError


@click.group(invoke_without_command=True)
@click.option(
    "--state",
    type=click.Choice(["due", "held", "bundled", "done", "dead"]),
    help="Only these: due (will be tried), held (waits for its bundle), bundled (went in one), done, dead (given up).",
)
@click.option("--limit", default=50, show_default=True, metavar="N", help="At most so many, newest first.")
@screen.json_option
@click.pass_context
def deliveries(ctx: click.Context, *, state: str | None, limit: int, as_json: bool) -> None:
    """List the outbox: every message owed or sent, one for each channel and recipient.

    \b
    Examples:
      watcher deliveries --state dead
      watcher deliveries --json | jq -r '.[] | select(.state == "due") | .reason'
      watcher deliveries retry 5f1f6f4e
      watcher deliveries retry --dead
    """
    if ctx.invoked_subcommand is not None:
        return
    setup = ctx.ensure_object(Setup)
    listed = setup.store().read.deliveries(state=state, limit=limit)
    if as_json:
        screen.document(listed)
        return
    zone, now = setup.config.zone, datetime.now(UTC)
    screen.table(
        ["id", "when", "to", "state", "next try", "tries", "subject", "outcome"],
        (
            [
                view.id[:8],
                screen.when(view.created, zone, now=now),
                clean(f"{view.channel}: {view.recipient}" if view.recipient else view.channel, 50),
                f"{view.state} ({view.hold})" if view.hold else view.state,
                screen.when(view.due, zone, now=now) if view.state in {"due", "held"} else "-",
                str(view.attempts),
                clean(view.subject, 120),
                clean(view.reason, 160),
            ]
            for view in listed
        ),
        wrap="subject",
        empty="The outbox is empty.",
    )


@deliveries.command()
@click.argument("ids", nargs=-1, metavar="ID…")
@click.option("--dead", is_flag=True, help="Every delivery that was given up.")
@pass_setup
def retry(setup: Setup, ids: tuple[str, ...], *, dead: bool) -> None:
    """Make deliveries due again, under the id they had: a receiver that deduplicates sees one.

    ID is what `watcher deliveries` shows; its first characters do. The running daemon sends them; without one,
    the next `watcher run` does. Exit status 1 when there was nothing to try again.
    """
    if not ids and not dead:
        raise click.UsageError("name deliveries by ID, or say --dead for all that were given up")
    store = setup.store()
    known = store.read.deliveries(limit=1_000_000)
    wanted = [_one(given, [view.id for view in known]) for given in ids]
    done = store.write(lambda writer: writer.retry(wanted, dead=dead, now=datetime.now(UTC)))
    screen.note(f"{screen.count(done, 'delivery is', 'deliveries are')} due again.")
    if not done:
        raise SystemExit(errors.NOT_FINE)


def _one(given: str, ids: list[str]) -> str:
    found = [each for each in ids if each.startswith(given)]
    if len(found) == 1:
        return found[0]
    what = "is not the id of a delivery" if not found else f"begins {len(found)} ids: give more of it"
    raise WatcherError(f"{given} {what}; `watcher deliveries` lists them")


@click.command()
@click.argument("channel")
@pass_setup
def send_test(setup: Setup, channel: str) -> None:
    """Send a test message through CHANNEL, by the way alerts take: rendered, put in the outbox, sent.

    Waits for one try and says what the other side answered. Exit status 1 when it was not accepted.

    \b
    Example:
      watcher send-test desk
    """
    raise NotImplementedError
