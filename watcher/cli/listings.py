"""`watcher sources` and `watcher alerts`: what stands in the store, as a table or as JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from watcher.cli import screen
from watcher.cli.setup import Setup, pass_setup
from watcher.display import clean

if TYPE_CHECKING:
    from watcher.stores.views import AlertView, ChannelState, SourceView, Usage


@click.command()
@screen.json_option
@pass_setup
def sources(setup: Setup, *, as_json: bool) -> None:
    """List feeds and folders with their health: last success, next poll, what went wrong.

    \b
    States:
      ok       asked, and it answered
      waiting  not polled yet
      failing  tried again on schedule, ever more slowly
      gone     the server says it is gone for good (410): take it out of the config
      removed  no longer in the config

    \b
    Examples:
      watcher sources
      watcher sources --json | jq '.[] | select(.state == "failing") | .name'
    """
    store = setup.store()
    listed = store.read.sources()
    if as_json:
        screen.document(listed)
        return
    zone, now = setup.config.zone, datetime.now(UTC)
    screen.table(
        ["source", "state", "last success", "next poll", "items", "what is wrong"],
        (
            [
                clean(source.name, 40),
                source.state,
                screen.when(source.last_success, zone, now=now),
                screen.when(source.next_poll, zone, now=now),
                f"{source.items:,}",
                _trouble(source),
            ]
            for source in listed
        ),
        wrap=("source", "what is wrong"),
        empty="No sources: add a [[feeds]] or [[folders]] table to the config.",
    )
    _show_channels(store.read.channels())
    _show_usage(store.read.usage(), setup.config.watcher.keep_text.days)


def _trouble(source: SourceView) -> str:
    parts = []
    if source.error:
        times = f" ({screen.count(source.failures, 'time')} in a row)" if source.failures > 1 else ""
        parts.append(clean(source.error, 200) + times)
    if source.moved_to:
        parts.append(f"moved for good to {clean(source.moved_to, 200)}: write that in the config")
    parts += [clean(problem, 200) for problem in source.problems]
    return "; ".join(parts)


def _show_channels(channels: tuple[ChannelState, ...]) -> None:
    """Only what is wrong: a channel that works needs no line."""
    for channel in channels:
        if channel.disabled or channel.failures:
            state = (
                "disabled"
                if channel.disabled
                else f"failing ({screen.count(channel.failures, 'time')} in a row)"
            )
            waiting = (
                f"; {screen.count(channel.waiting, 'delivery waits', 'deliveries wait')}"
                if channel.waiting
                else ""
            )
            click.echo(f"channel {channel.name}: {state}: {clean(channel.reason, 200)}{waiting}")
        if channel.template:
            click.echo(f"channel {channel.name}: its template is not used: {clean(channel.template, 300)}")


def _show_usage(usage: Usage, keep_text: int) -> None:
    """What the store takes, and what `keep_text` will make of it at the rate seen so far."""
    held = ", ".join(
        screen.count(number, noun)
        for number, noun in (
            (usage.articles, "article"),
            (usage.documents, "known text"),
            (usage.alerts, "alert"),
        )
    )
    click.echo(
        f"The store holds {held}: {screen.size(usage.bytes)} on disk, {screen.size(usage.text_bytes)} of it text."
    )
    if usage.oldest is None:
        return
    days = (datetime.now(UTC) - usage.oldest).total_seconds() / 86400
    if 1 <= days < keep_text:
        grown = int(usage.bytes + usage.text_bytes / days * (keep_text - days))
        click.echo(
            f"At this rate, {screen.size(grown)} when texts are {keep_text} days old and begin to leave (keep_text)."
        )


@click.command()
@click.option(
    "--held",
    is_flag=True,
    help="What matched but was not sent on its own: copies, bundled, excluded; with the reason.",
)
@click.option("--muted", is_flag=True, help="What a mute holds back.")
@screen.limit_option
@screen.json_option
@pass_setup
def alerts(setup: Setup, *, held: bool, muted: bool, limit: int | None, as_json: bool) -> None:
    """List the alerts, newest first; `--held` lists what matched and was held back, and why.

    \b
    Examples:
      watcher alerts
      watcher alerts --held
      watcher alerts --json | jq -r '.[] | [.created, .title, .url] | @tsv'
    The whole story of one: watcher why ID
    """
    most = screen.limit(limit, as_json=as_json)
    listed = setup.store().read.alerts(held=held, muted=muted, limit=most)
    if as_json:
        screen.document(listed)
        return
    zone, now = setup.config.zone, datetime.now(UTC)
    screen.table(
        ["id", "when", "state", "verdict", "watchlists", "title (source)", "why"],
        (_row(alert, screen.when(alert.created, zone, now=now)) for alert in listed),
        wrap=("watchlists", "title (source)", "why"),
        empty="Nothing was held back." if held or muted else "No alerts yet.",
    )


def _row(alert: AlertView, when: str) -> list[str]:
    return [
        alert.article[:8],
        when,
        alert.state,
        alert.verdict,
        ", ".join(alert.watchlists),
        f"{clean(alert.title, 120)} ({clean(alert.source, 40)})",
        clean("; ".join([*(f"{name}: {why}" for name, why in alert.muted), alert.reason]), 240),
    ]
