"""Delivering what is owed: render and freeze, send, settle; what a failure means, and who is told of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from watcher import timing
from watcher.alert import Notice, Outgoing
from watcher.message.wording import Misworded
from watcher.model import Permanent, Temporary, WatcherError
from watcher.pipeline import ChannelPort, Parts, notices
from watcher.stores import Store, Writer
from watcher.stores.claims import DeliveryClaim
from watcher.stores.decisions import Settlement
from watcher.stores.views import ChannelState

log = logging.getLogger("watcher")

HTTP_BAD_REQUEST = 400
"""A refusal that names no status (a program's exit) is tried like one."""


def deliver(
    claims: Sequence[DeliveryClaim],
    parts: Parts,
    store: Store,
    now: Callable[[], datetime],
    *,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Send one channel's claimed deliveries in order; how many arrived.

    Bodies are rendered and frozen together first. After a failure the rest of
    the batch is given back: the channel is in trouble, not the delivery.
    """
    if not claims:
        return 0
    channel = parts.channels[claims[0].channel]
    state = next((c for c in store.read.channels() if c.name == claims[0].channel), None)
    state = state or ChannelState(name=claims[0].channel)
    ready = _frozen(claims, state, parts, store, now)
    arrived = 0
    for position, (claim, body) in enumerate(ready):
        if stopping():
            _give_back([c for c, _ in ready[position:]], "stopping", now(), store)
            return arrived
        settlement, after = _try(claim, body, channel, state, now)
        _settle(claim, settlement, state, after, parts=parts, store=store)
        state = after
        if settlement.state == "done":
            arrived += 1
        elif state.disabled or state.retry is not None:
            if rest := [c for c, _ in ready[position + 1 :]]:
                _give_back(rest, state.reason, state.retry or settlement.at, store)
            return arrived
    return arrived


def outgoing(claim: DeliveryClaim) -> Outgoing:
    """A claimed delivery as its channel gets it."""
    return Outgoing(
        id=claim.id,
        channel=claim.channel,
        recipient=claim.recipient,
        content=claim.content,
        sequence=claim.sequence,
        created=claim.created,
        thread=claim.thread_ids[0] if claim.thread_ids else None,
        thread_ids=claim.thread_ids,
    )


def _frozen(
    claims: Sequence[DeliveryClaim],
    state: ChannelState,
    parts: Parts,
    store: Store,
    now: Callable[[], datetime],
) -> list[tuple[DeliveryClaim, bytes]]:
    """The claims with their bodies, each kept before it is first sent; one that cannot be rendered is dead.

    Where the user's template cannot be used, the built-in one is; people are told in the transaction that keeps it.
    """
    fault: Misworded | None = None
    channel = parts.channels[claims[0].channel]
    ready: list[tuple[DeliveryClaim, bytes]] = []
    fresh: list[tuple[DeliveryClaim, bytes]] = []
    for claim in claims:
        body = claim.body
        if body is None:
            try:
                body, misworded = _rendered(channel, outgoing(claim))
                fault = misworded or fault
            except WatcherError as error:
                dead = Settlement(state="dead", reason=f"cannot be rendered: {error}", at=now())
                same = ChannelState(name=claim.channel)
                _settle(claim, dead, same, same, parts=parts, store=store)
                continue
            fresh.append((claim, body))
        ready.append((claim, body))
    if fresh:

        def keep(w: Writer) -> list[bool]:
            if fault is not None or state.template:
                _tell_template(w, state, fault, now(), parts=parts)
            return [w.freeze(claim, body) for claim, body in fresh]

        kept = store.write(keep)
        lost = {claim.id for (claim, _), ok in zip(fresh, kept, strict=True) if not ok}
        ready = [(claim, body) for claim, body in ready if claim.id not in lost]
    return ready


def _rendered(channel: ChannelPort, each: Outgoing) -> tuple[bytes, Misworded | None]:
    """The body, and what was wrong with the user's template where it had to do without."""
    try:
        return channel.render(each), None
    except Misworded as fault:
        return channel.render(each, plainly=True), fault


def _tell_template(
    w: Writer, state: ChannelState, fault: Misworded | None, now: datetime, *, parts: Parts
) -> None:
    """Keep what is wrong with a channel's template, or that nothing is any more; owe one notice of each fault."""
    told = str(fault) if fault is not None else ""
    if told == state.template:
        return
    w.misworded(state.name, told)
    if fault is None:
        return
    log.warning("%s: its template cannot be used, the built-in one is: %s", state.name, told)
    notice = notices.of_template(state.name, told, now)
    if (
        post_notice(w, notice, f"template {state.name} {fault.template.mark}", parts=parts, about=state.name)
        is not None
    ):
        log.error("%s; no other channel is left to tell it", notice.subject)


def _try(
    claim: DeliveryClaim,
    body: bytes,
    channel: ChannelPort,
    state: ChannelState,
    now: Callable[[], datetime],
) -> tuple[Settlement, ChannelState]:
    """One try; what it means for the delivery and for the channel's breaker."""
    try:
        receipt = channel.send(outgoing(claim), body, now())
    except (Temporary, Permanent) as failure:
        at = now()
        after = _after(channel.kind, failure, claim, at)
        if after.disable:
            disabled = replace(
                state, failures=state.failures + 1, disabled=True, reason=failure.reason, since=at
            )
            return Settlement(state="dead", reason=failure.reason, at=at), disabled
        # a 4yz reply to one mail (greylisting) says nothing of the server; a session that fails has no status
        one_mail = channel.kind == "email" and failure.status is not None
        worse = _worse(state, failure, at) if isinstance(failure, Temporary) and not one_mail else state
        if isinstance(failure, Permanent) and one_mail:
            # a server that refuses one mail for good works
            worse = ChannelState(name=state.name)
        if after.after is None:
            return Settlement(state="dead", reason=f"{failure.reason} ({after.reason})", at=at), worse
        return Settlement(state="due", reason=failure.reason, at=at, retry=at + after.after), worse
    return Settlement(state="done", reason=receipt, at=now()), ChannelState(name=state.name)


def _after(kind: str, failure: Temporary | Permanent, claim: DeliveryClaim, at: datetime) -> timing.Retry:
    """What becomes of a delivery after a failed try."""
    attempt = claim.attempts + 1
    if isinstance(failure, Permanent):
        if failure.gone:
            return timing.Retry(after=None, reason=failure.reason, disable=True)
        if attempt >= failure.tries:
            return timing.Retry(after=None, reason=f"given up after try {attempt}")
        return timing.webhook_retry(attempt, status=failure.status or HTTP_BAD_REQUEST, seed=claim.id)
    if kind == "email":
        return timing.smtp_decision(attempt, code=failure.status, age=at - claim.created)
    return timing.webhook_retry(
        attempt, status=failure.status, retry_after=failure.retry_after, seed=claim.id
    )


def _worse(state: ChannelState, failure: Temporary, at: datetime) -> ChannelState:
    """The channel's breaker after a failure of the channel (not of one delivery)."""
    breaker, _ = timing.breaker_step(
        timing.Breaker(
            failures=state.failures, opened=state.since, probe_at=state.retry, probes=state.probes
        ),
        succeeded=False,
        now=at,
        retry_after=failure.retry_after,
    )
    asked = failure.retry_after
    return replace(
        state,
        failures=breaker.failures,
        since=breaker.opened,
        # who asks to be left alone for a while means all that goes there, not the one delivery
        retry=breaker.probe_at or (at + min(asked, timing.LONGEST_WAIT) if asked else None),
        probes=breaker.probes,
        reason=failure.reason,
    )


def _settle(
    claim: DeliveryClaim,
    settlement: Settlement,
    before: ChannelState,
    after: ChannelState,
    *,
    parts: Parts,
    store: Store,
) -> None:
    """Keep what a try came to, the channel's breaker, and what is owed to people about either, together."""

    def all_of_it(w: Writer) -> str | None:
        if not w.settle(claim, settlement):
            # the lease was overtaken: whoever has it now speaks for the channel
            return None
        if before != after:
            w.trouble(after)
        return _tell(w, claim, settlement, before, after, parts=parts)

    untold = store.write(all_of_it)
    if settlement.state == "dead":
        log.warning("%s: delivery %s is dead: %s", claim.channel, claim.id, settlement.reason)
    elif settlement.state == "due":
        # in the time of the log itself
        again = (settlement.retry or settlement.at).astimezone()
        log.warning(
            "%s: %s; tried again at %s", claim.channel, settlement.reason, f"{again:%Y-%m-%d %H:%M:%S}"
        )
    if untold is not None:
        log.error("%s; no other channel is left to tell it", untold)


def _tell(
    w: Writer,
    claim: DeliveryClaim,
    settlement: Settlement,
    before: ChannelState,
    after: ChannelState,
    *,
    parts: Parts,
) -> str | None:
    """Owe a notice of what is news about a channel; the subjects of those that no channel is left to tell."""
    now, name, untold = settlement.at, claim.channel, []
    notice = notices.of_channel(before, after, now)
    occasion = f"channel {name} {now.isoformat()}"
    if notice is None and settlement.state == "dead":
        notice = notices.of_dead(claim, settlement.reason, now)
        # a wave of refusals is one notice an hour
        occasion = f"dead {name} {now:%Y-%m-%d %H}"
    if notice is not None:
        untold.append(post_notice(w, notice, occasion, parts=parts, about=name))
    if settlement.state == "dead" and isinstance(claim.content, Notice) and claim.content.occasion:
        untold.append(_tell_elsewhere(w, claim.content, now, parts=parts, than=name))
    return "; ".join(filter(None, untold)) or None


def _tell_elsewhere(w: Writer, notice: Notice, now: datetime, *, parts: Parts, than: str) -> str | None:
    """Owe a notice that a channel gave up through the next one that has not had it; its subject where none works."""
    kinds = {name: channel.kind for name, channel in parts.channels.items()}
    ways = notices.ways(than, kinds, w.channels())
    for way in ways:
        if w.post(notices.owed(notice, way, parts.channels[way].recipients, now)):
            break
    return None if ways else notice.subject


def post_notice(w: Writer, notice: Notice, occasion: str, *, parts: Parts, about: str = "") -> str | None:
    """Owe `notice` through a channel that works, and not the one it is about where there is another.

    The subject where no channel is left.
    """
    kinds = {name: channel.kind for name, channel in parts.channels.items()}
    states = w.channels()
    # the only channel can say that it works again, and what it refused
    ways = notices.ways(about, kinds, states) or (
        notices.ways("", {about: kinds[about]}, states) if about in kinds else []
    )
    if not ways:
        return notice.subject
    told = replace(notice, occasion=occasion)
    w.post(notices.owed(told, ways[0], parts.channels[ways[0]].recipients, notice.at))
    return None


def _give_back(claims: Sequence[DeliveryClaim], reason: str, due: datetime, store: Store) -> None:
    """Not tried: due again later, no attempt counted."""
    settlements = [
        (claim, Settlement(state="due", reason=reason, at=due, retry=due, counts=False)) for claim in claims
    ]
    store.write(lambda w: [w.settle(claim, settlement) for claim, settlement in settlements])
