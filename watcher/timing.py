"""When to try again: next polls, retry schedules, Retry-After and the breaker of a channel.

Pure: `now` is an argument, and jitter comes from a seed, so the same question
has the same answer on any machine.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Literal

LONGEST_WAIT = timedelta(hours=24)
"""However long a server asks us to stay away, it is asked again after a day."""

# --------------------------------------------------------------------------- what a server asks for


def retry_after(value: str, now: datetime) -> timedelta | None:
    """A Retry-After header, in seconds or as an HTTP date, as a wait from `now`, 0 to 24 h; None for neither."""
    text = value.strip()
    if not text or len(text) > 64:
        return None
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text), int(LONGEST_WAIT.total_seconds())))
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if date.tzinfo is None:
        # asctime and `-0000`: HTTP dates are always GMT (RFC 9110, 5.6.7)
        date = date.replace(tzinfo=UTC)
    return min(max(date - now, timedelta(0)), LONGEST_WAIT)


# --------------------------------------------------------------------------- polls

LONGEST_BACKOFF = timedelta(hours=6)
"""A failing feed is asked four times a day at least: an outage that ended must not cost a day of news."""
_MOST_DOUBLINGS = 5
POLL_JITTER = 0.1


def next_poll(
    *,
    every: timedelta,
    now: datetime,
    failures: int = 0,
    floor: timedelta | None = None,
    seed: str = "",
    missed: bool = False,
) -> datetime:
    """When to poll next: `every` ±10 %, doubled with each failure in a row after the first, up to 6 h.

    `floor` (Retry-After, Cache-Control, ttl) is never undercut. `missed`
    halves the interval, for entries went by unseen. `seed`: the source's id.
    """
    interval = every
    if failures > 1:
        backoff = every * 2 ** min(failures - 1, _MOST_DOUBLINGS)
        interval = max(every, min(backoff, LONGEST_BACKOFF))
    elif missed and not failures:
        interval = every / 2
    share = fraction(f"{seed}\x1fpoll\x1f{failures}")
    wait = interval * (1 - POLL_JITTER + 2 * POLL_JITTER * share)
    if floor is not None and wait < floor:
        # later than asked, never sooner, and not all at the same second
        wait = floor * (1 + POLL_JITTER * share / 2)
    return now + wait


def fraction(seed: str) -> float:
    """A number from 0 to 1, evenly spread over seeds, the same for the same seed everywhere."""
    return int.from_bytes(hashlib.blake2b(seed.encode(), digest_size=8).digest()) / 2**64


# --------------------------------------------------------------------------- deliveries


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """What becomes of a delivery after a try. `after`: wait that long; None: no more tries.

    `disable`: the receiver asked never to be called again, so its channel stops.
    """

    after: timedelta | None
    reason: str
    delivered: bool = False
    disable: bool = False

    @property
    def dead(self) -> bool:
        """Whether this delivery ends undelivered."""
        return self.after is None and not self.delivered


WEBHOOK_SCHEDULE = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""Wait before each try (https://www.standardwebhooks.com, the table of the specification)."""
WEBHOOK_JITTER = 0.2
REFUSED_TRIES = 3
"""Tries for an answer that will hardly change by itself (4xx, 3xx): a deployment in progress gives such, too."""
_RETRIED = frozenset({408, 425, 429})


def webhook_retry(
    attempt: int, *, status: int | None, retry_after: timedelta | None = None, seed: str = ""
) -> Retry:
    """What becomes of a webhook after its try number `attempt` (from 1) got `status` (None: no answer at all).

    `seed`: the delivery's id.
    """
    if status is not None and 200 <= status < 300:
        return Retry(after=None, reason=f"answered {status}", delivered=True)
    if status == 410:
        return Retry(after=None, reason="answered 410: it wants no more deliveries", disable=True)
    said = "did not answer" if status is None else f"answered {status}"
    passing = status is None or status in _RETRIED or status >= 500
    tries = len(WEBHOOK_SCHEDULE) if passing else REFUSED_TRIES
    if attempt >= tries:
        return Retry(after=None, reason=f"{said}; given up after {attempt} tries")
    wait = WEBHOOK_SCHEDULE[max(attempt, 1)]
    wait *= 1 - WEBHOOK_JITTER + 2 * WEBHOOK_JITTER * fraction(f"{seed}\x1fwebhook\x1f{attempt}")
    if retry_after is not None:
        wait = max(wait, min(retry_after, LONGEST_WAIT))
    return Retry(after=wait, reason=f"{said}; try {attempt + 1} of {tries} follows")


SMTP_SCHEDULE = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=30))
SMTP_STEADY = timedelta(hours=1)
SMTP_LONGEST = timedelta(days=5)
"""RFC 5321, 4.5.4.1: give up after four to five days."""


def smtp_decision(attempt: int, *, code: int | None, age: timedelta) -> Retry:
    """What becomes of a mail after its try number `attempt` (from 1) got reply `code` (None: no reply at all).

    `age`: since the first try. Replies outside 2yz to 5yz are no SMTP, and treated like no reply.
    """
    kind = code // 100 if code is not None else 0
    if kind == 2:
        return Retry(after=None, reason=f"accepted with {code}", delivered=True)
    if kind == 5:
        return Retry(after=None, reason=f"refused for good with {code}")
    said = "no reply" if code is None else f"replied {code}"
    step = max(attempt, 1) - 1
    wait = SMTP_SCHEDULE[step] if step < len(SMTP_SCHEDULE) else SMTP_STEADY
    if age + wait > SMTP_LONGEST:
        return Retry(after=None, reason=f"{said}; given up after {SMTP_LONGEST.days} days")
    return Retry(after=wait, reason=f"{said}; try {attempt + 1} follows")


def smtp_retry(attempt: int, *, code: int | None, age: timedelta) -> timedelta | None:
    """The wait before the next try of a mail; None when there is none. See `smtp_decision`."""
    return smtp_decision(attempt, code=code, age=age).after


# --------------------------------------------------------------------------- the breaker of a channel

BREAKER_FAILURES = 5
BREAKER_STEPS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(minutes=30),
    timedelta(hours=1),
)
"""Waits between probes; the last one repeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """Whether a channel works. `failures` in a row; once open, one delivery may go as a probe at `probe_at`."""

    failures: int = 0
    opened: datetime | None = None
    probe_at: datetime | None = None
    probes: int = 0

    def allows(self, now: datetime) -> bool:
        """Whether a delivery may be tried now. Those that may not wait, and no attempt of theirs is counted."""
        return self.probe_at is None or now >= self.probe_at


News = Literal["opened", "closed"]


def breaker_step(
    breaker: Breaker, *, succeeded: bool, now: datetime, retry_after: timedelta | None = None
) -> tuple[Breaker, News | None]:
    """The breaker after a try, and whether that is news: `opened` and `closed` are told once each."""
    if succeeded:
        return Breaker(), "closed" if breaker.opened is not None else None
    failures = breaker.failures + 1
    if breaker.opened is None and failures < BREAKER_FAILURES:
        return Breaker(failures=failures), None
    wait = BREAKER_STEPS[min(breaker.probes, len(BREAKER_STEPS) - 1)]
    if retry_after is not None:
        wait = max(wait, min(retry_after, LONGEST_WAIT))
    following = Breaker(
        failures=failures, opened=breaker.opened or now, probe_at=now + wait, probes=breaker.probes + 1
    )
    return following, "opened" if breaker.opened is None else None


def breaker_probing(breaker: Breaker, now: datetime) -> Breaker:
    """The breaker while a probe is under way: no second one starts until it is settled, or a step has passed."""
    if breaker.opened is None:
        return breaker
    wait = BREAKER_STEPS[min(max(breaker.probes - 1, 0), len(BREAKER_STEPS) - 1)]
    return Breaker(
        failures=breaker.failures, opened=breaker.opened, probe_at=now + wait, probes=breaker.probes
    )
