"""`watcher deliveries` and `watcher send-test`: the outbox, and what can be done with it."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

import click

from watcher.alert import Notice
from watcher.cli import errors, screen
from watcher.cli.setup import Setup, pass_setup
from watcher.display import clean
from watcher.model import derive_id
from watcher.stores.decisions import NewDelivery
from watcher.stores.views import ChannelState, DeliveryView

if TYPE_CHECKING:
    from watcher.pipeline import Parts
    from watcher.stores import Store, Writer

WAIT = 30.0
"""Seconds to wait for the answer to a test that a running daemon has taken."""


@click.group(invoke_without_command=True)
@click.option(
    "--state",
    type=click.Choice(["due", "held", "bundled", "done", "dead", "muted"]),
    help="Only these: due (will be tried), held (waits for its bundle), bundled (went in one), done, dead (given up),"
    " muted (kept back by a mute).",
)
@screen.limit_option
@screen.json_option
@click.pass_context
def deliveries(ctx: click.Context, *, state: str | None, limit: int | None, as_json: bool) -> None:
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
    listed = setup.store().read.deliveries(state=state, limit=screen.limit(limit, as_json=as_json))
    if as_json:
        screen.document(listed)
        return
    zone, now = setup.config.zone, datetime.now(UTC)
    screen.table(
        ["id", "when", "to", "state", "tries", "subject", "outcome"],
        (
            [
                view.id[:8],
                screen.when(view.created, zone, now=now),
                clean(screen.addressee(view), 50),
                _state(view, setup.config.zone, now),
                str(view.attempts),
                clean(view.subject, 120),
                clean(view.reason, 160),
            ]
            for view in listed
        ),
        wrap=("to", "state", "subject", "outcome"),
        empty="The outbox is empty.",
    )


def _state(view: DeliveryView, zone: tzinfo, now: datetime) -> str:
    hold = f" ({view.hold})" if view.hold else ""
    waits = f", next try {screen.when(view.due, zone, now=now)}" if view.state == "due" and view.due else ""
    until = f" until {screen.when(view.due, zone, now=now)}" if view.state == "held" and view.due else ""
    return f"{view.state}{hold}{waits}{until}"


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
    for given in ids:
        if not re.fullmatch(r"[0-9a-f-]{4,36}", given):
            raise click.BadParameter(f"{given} is no id: `watcher deliveries` lists them", param_hint="ID")
    now = datetime.now(UTC)

    def again(writer: Writer) -> list[int]:
        # A person says that it is mended: an open breaker, or a channel that answered 410, is tried again too.
        for channel in writer.channels():
            if channel.disabled or channel.retry is not None:
                writer.trouble(ChannelState(name=channel.name))
        return (
            [writer.retry([], dead=True, now=now)]
            if dead
            else [writer.retry([one], dead=False, now=now) for one in ids]
        )

    done = setup.store().write(again)
    for given, found in zip(ids, done, strict=False):
        if not found and not dead:
            screen.note(f"{given}: no delivery has this id, or it waits for its bundle")
    click.echo(f"{screen.count(sum(done), 'delivery is', 'deliveries are')} due again.")
    if not all(done):
        raise SystemExit(errors.NOT_FINE)


@click.command(name="send-test")
@click.argument("channel")
@pass_setup
def send_test(setup: Setup, channel: str) -> None:
    """Send a test message through CHANNEL, by the way alerts take: put in the outbox, rendered, sent.

    Makes one try for each recipient and says what the other side answered. Exit status 1 when it was not
    accepted; the message then stays in the outbox and is tried again like any other.

    \b
    Example:
      watcher send-test desk
    """
    from watcher.engines.parts import assemble
    from watcher.press import Press
    from watcher.sandbox import Workers

    known = [each.name for each in setup.config.channels]
    if channel not in known:
        raise errors.unknown("CHANNEL", "channel", channel, known)
    workers, press = Workers(1), Press()
    assembly = assemble(setup.config, workers, press)
    try:
        views = _send_test(assembly.parts, channel, setup.store(create=True))
    finally:
        assembly.net.close()
        workers.close()
        press.close()
    for view in views:
        accepted = view.state == "done"
        outcome = "accepted" if accepted else f"not accepted, {view.state}"
        click.echo(f"{clean(view.recipient or view.channel, 80)}: {outcome}: {clean(view.reason, 300)}")
    if not views or any(view.state != "done" for view in views):
        raise SystemExit(errors.NOT_FINE)


def _send_test(parts: Parts, channel: str, store: Store) -> list[DeliveryView]:
    """Owe a test to each recipient, make one try, and give what came of it."""
    from watcher.pipeline.delivering import deliver

    now = datetime.now(UTC)
    content = Notice(
        subject="Test message",
        text=f"This is a test of the channel {channel}. Alerts that name it go this way.",
        at=now,
    )
    ids = {}
    for recipient in parts.channels[channel].recipients:
        id_ = derive_id("test", channel, recipient, now.isoformat())
        ids[id_] = NewDelivery(
            id=id_, channel=channel, recipient=recipient, content=content, created=now, due=now
        )
    store.write(lambda writer: writer.post(list(ids.values())))
    claims = store.write(
        lambda writer: writer.claim_deliveries(
            datetime.now(UTC), limit=1000, lease=timedelta(minutes=15), channels=(channel,)
        )
    )
    deliver(claims, parts, store, lambda: datetime.now(UTC))
    end = time.monotonic() + WAIT
    while True:
        views = [view for view in store.read.deliveries(limit=1000) if view.id in ids]
        # A daemon beside us may have taken it before we did: then the answer is its to give.
        if all(view.attempts or view.state != "due" for view in views) or time.monotonic() > end:
            return views
        time.sleep(0.1)
