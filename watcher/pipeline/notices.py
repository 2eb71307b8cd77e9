"""What the daemon says of a channel in trouble, to whom, and through which other channel.

Decisions only: `watcher.pipeline.delivering` posts what comes of them in the very
transaction that records the trouble, so that nothing is told twice or lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from watcher import health
from watcher.alert import Notice
from watcher.display import clean
from watcher.message import mail as message
from watcher.model import derive_id
from watcher.stores.claims import DeliveryClaim
from watcher.stores.decisions import NewDelivery
from watcher.stores.views import ChannelState

_BEST_FIRST = ("email", "apprise", "webhook", "maildir", "command", "console")
"""Which kind of channel a person is most likely to look at."""


def of_channel(before: ChannelState, after: ChannelState, now: datetime) -> Notice | None:
    """What is news when a channel's breaker went from `before` to `after`: it broke, was switched off, works again."""
    name = clean(after.name, 60)
    if after.disabled and not before.disabled:
        text = (
            f"{_finding(after, now)}\n\nWhat is owed to it waits in the outbox. Give the channel another address in the"
            " config: what waits goes there. If the address is right after all, `watcher deliveries retry --dead` asks"
            " it again."
        )
        return Notice(subject=f"Channel {name} is switched off", text=text, at=now)
    if after.since is not None and before.since is None:
        text = (
            f"{_finding(after, now)}\n\nNothing is lost: what is owed to it waits in the outbox, and one delivery at a"
            " time is tried, ever more slowly. Another notice says when it works again."
            "\n\n`watcher deliveries --state due` lists what waits, `watcher send-test` tries the channel."
        )
        return Notice(subject=f"Channel {name} does not work", text=text, at=now)
    if before.since is not None and after.since is None:
        text = (
            f"Channel {name} works again; it failed with: {clean(before.reason, 300)}\n\n"
            "What waited for it goes out now."
        )
        return Notice(subject=f"Channel {name} works again", text=text, at=now)
    return None


def _finding(state: ChannelState, now: datetime) -> str:
    """The trouble in the words in which `watcher.health` tells it everywhere."""
    told = health.ChannelHealth(
        name=clean(state.name, 60),
        failures=state.failures,
        failing_since=state.since,
        error=clean(state.reason, 300),
        disabled=state.disabled,
    )
    (finding,) = health.judge(now, (), (told,))
    return finding.message[:1].upper() + finding.message[1:]


def of_dead(claim: DeliveryClaim, reason: str, now: datetime) -> Notice | None:
    """That a delivery was given up, and why; None for a notice, which is told through another channel instead."""
    if isinstance(claim.content, Notice):
        return None
    to = f"{claim.channel} ({claim.recipient})" if claim.recipient != claim.channel else claim.channel
    text = (
        f"Given up: {message.subject(claim.content)}\nTo: {clean(to, 200)}\nBecause: {clean(reason, 300)}\n\n"
        f"`watcher deliveries retry {claim.id[:8]}` sends it again under the id it had; `watcher deliveries --state"
        " dead` lists all that was given up. More of the same channel within the hour is not told one by one."
    )
    return Notice(subject=f"A delivery to {clean(claim.channel, 60)} was given up", text=text, at=now)


def of_template(channel: str, fault: str, now: datetime) -> Notice:
    """That a channel's template could not be used, and that the built-in one was."""
    text = (
        f"The template of channel {clean(channel, 60)} cannot be used:\n\n{clean(fault, 500)}\n\n"
        "Alerts go out all the same, as they look without a template. `watcher check` tries it on samples; mend it,"
        " then let the daemon take its config anew (SIGHUP). The same fault is not told again."
    )
    return Notice(subject=f"The template of channel {clean(channel, 60)} cannot be used", text=text, at=now)


def of_removed(count: int, now: datetime) -> Notice | None:
    """That deliveries lost their channel with an edit of the config; None where none did."""
    if not count:
        return None
    text = (
        f"{'One delivery is' if count == 1 else f'{count:,} deliveries are'} owed to a channel that is no longer in the"
        " config, and will not be sent. A channel of the same name revives them.\n\n`watcher deliveries --state dead`"
        " lists them."
    )
    return Notice(subject="A channel with mail to send left the config", text=text, at=now)


def ways(troubled: str, kinds: Mapping[str, str], states: Sequence[ChannelState]) -> list[str]:
    """The channels that can tell of another's trouble: those that work, the likeliest to be read first.

    `kinds`: the kind of each configured channel, in the order of the config.
    """
    failed = {state.name for state in states if state.failures}
    out = {state.name for state in states if state.disabled or state.since is not None} | {troubled}

    def rank(name: str) -> tuple[bool, int]:
        kind = kinds[name]
        return name in failed, _BEST_FIRST.index(kind) if kind in _BEST_FIRST else len(_BEST_FIRST)

    return sorted((name for name in kinds if name not in out), key=rank)


def owed(notice: Notice, channel: str, recipients: Sequence[str], now: datetime) -> list[NewDelivery]:
    """The notice to each recipient of `channel`, due now: neither quiet hours nor schedules hold it.

    One of the same occasion is owed once.
    """
    return [
        NewDelivery(
            id=derive_id("notice", notice.occasion, channel, recipient),
            channel=channel,
            recipient=recipient,
            content=notice,
            created=now,
            due=now,
        )
        for recipient in recipients
    ]
