"""The daemon in one process: APScheduler rings, threads wait for the network, workers parse, one loop dispatches.

Nothing durable lives here. Due times stand in the store; the loop sleeps
until the earliest of them, claims what is due and hands it to threads.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

from watcher import channels, health
from watcher.alert import Bundle
from watcher.config import Config
from watcher.engines import caretaker, notify
from watcher.engines.flight import Flight
from watcher.engines.parts import assemble, document
from watcher.message import payload
from watcher.message.card import count
from watcher.model import ConfigError, Problem, Unavailable, WatcherError
from watcher.novelty.stories import Stories
from watcher.pipeline import Parts, notices, poll
from watcher.pipeline.decision import Judged
from watcher.pipeline.delivering import deliver, post_notice
from watcher.pipeline.judging import judge_item
from watcher.pipeline.reading import FILE_TRIES
from watcher.pipeline.stocking import stock
from watcher.press import Press
from watcher.sandbox import Workers
from watcher.stores import Store
from watcher.stores.claims import DeliveryClaim, ItemClaim, SourceClaim
from watcher.stores.views import ChannelState, Due

log = logging.getLogger("watcher")

BATCH = 50
"""Rows a claim takes at most: the cost is per claim."""

DELIVERY_BATCH = 20

POLL_LEASE = timedelta(minutes=3)
JUDGE_LEASE = timedelta(minutes=5)
DELIVERY_LEASE = timedelta(minutes=15)
"""Three times what the work may take at most."""

HEARTBEAT = timedelta(seconds=60)
"""The loop wakes at least this often: a wall clock that stepped must not leave it asleep."""

SET_BACK = timedelta(minutes=1)
"""A wall clock that shows so much less than at the turn of the loop before was set back."""

GRACE = 6.0
"""Seconds that what is in flight may take after SIGTERM; the whole farewell must end within 10."""

FAREWELL = 1.5
"""Seconds to give up in for what was not done by then: libcurl asks once a second whether it should."""

STUCK = 300.0
"""Seconds of one piece of work after which the watchdog is no longer fed."""

STORY_WINDOW = timedelta(hours=72)


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Counters:
    """What a run did, for its last line."""

    polls: int = 0
    unchanged: int = 0
    failed: int = 0
    judged: int = 0
    alerts: int = 0
    delivered: int = 0


class Daemon:
    """One watcher over one store.

    `load` reads the config anew; it raises `ConfigError` where the file is
    not valid, which on a reload leaves the old one in force. `now` is the clock.
    """

    def __init__(
        self, store: Store, load: Callable[[], Config], *, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._store = store
        self._load = load
        self._now = now
        self._bell = threading.Event()
        self._stopping = threading.Event()
        self._reload = threading.Event()
        self._lock = threading.Lock()
        self._unsettled: set[str] = set()
        self._looped = time.monotonic()
        self._once_at: datetime | None = None
        self._fast = False
        self._armed: datetime | None = None
        self._hindered = False
        self.counters = Counters()
        self.abandoned = 0
        """After `run`: how much work still hangs in threads that nothing can end but the end of the process."""
        every = notify.watchdog()
        self._pulse = min(HEARTBEAT.total_seconds(), every / 3 if every else HEARTBEAT.total_seconds())
        config = load()
        self._workers = Workers(config.watcher.workers, ahead=True)
        self._press = Press(ahead=True)
        self._assembly = assemble(config, self._workers, self._press)
        self._flight = Flight(config.watcher.threads, ring=self._bell.set, failed=self._failed)
        self._stories = Stories(STORY_WINDOW)
        self._scheduler = BackgroundScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1}
        )

    # ------------------------------------------------------------- life

    def run(self, *, once: bool = False, until_idle: bool = False) -> Counters:
        """Run until stopped; with `once` or `until_idle` until there is nothing left to do for them."""
        self._once_at, self._fast = self._now() if once else None, once or until_idle
        self._store.lock()
        try:
            with self._signals():
                self._start()
                self._loop(until_idle=once or until_idle)
        finally:
            self._stop()
        return self.counters

    def stop(self) -> None:
        """Finish what is in flight and end `run`; may be called from any thread."""
        self._stopping.set()
        self._bell.set()

    def reload(self) -> None:
        """Take the config anew at the next turn of the loop."""
        self._reload.set()
        self._bell.set()

    def _start(self) -> None:
        now = self._now()
        self._store.write(lambda w: w.release_all(now))
        self._bring_forward(now)
        self._register()
        self._stock()
        for article in self._store.read.articles(since=now - STORY_WINDOW):
            if article.story is not None:
                self._stories.add(article.document, article.story, article.title, article.text, article.found)
        self._tell_health()
        self._scheduler.start()
        self._set_bells()
        self._bell.set()
        config = self._assembly.config
        log.info(
            "watching %s and %s for %s; database %s",
            count(len(config.feeds), "feed"),
            count(len(config.folders), "folder"),
            count(len(config.watchlists), "watchlist"),
            config.watcher.database,
        )
        notify.tell(f"READY=1\nSTATUS=watching {len(self._assembly.specs)} sources")

    def _set_bells(self) -> None:
        """Set what rings by itself to ring from now on."""
        set_bell = functools.partial(self._scheduler.add_job, replace_existing=True)
        set_bell(self._beat, IntervalTrigger(seconds=self._pulse), id="beat")
        set_bell(
            self._keep, IntervalTrigger(minutes=5), ["telling of health", self._tell_health], id="health"
        )
        set_bell(self._heartbeat, IntervalTrigger(minutes=5), id="heartbeat", next_run_time=datetime.now(UTC))
        set_bell(self._keep, CronTrigger(hour=3, minute=17), ["upkeep", self._prune], id="upkeep")
        set_bell(self._keep, IntervalTrigger(hours=1), ["upkeep", self._fold], id="fold")

    def _bring_forward(self, now: datetime) -> None:
        ahead = self._store.write(lambda w: w.bring_forward(now))
        if ahead:
            minutes = timedelta(minutes=round(ahead / timedelta(minutes=1)))
            log.warning(
                "the clock was set back by %s: what waits is due as much sooner", health.length(minutes)
            )

    def _stop(self) -> None:
        notify.tell("STOPPING=1")
        self._stopping.set()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        self._flight.halt()
        self._await_idle(GRACE)
        # what is still in flight gives up, and no failed try is written down for it: that it was stopped is
        # nobody's fault. Its lease is cleared at the next start
        self._store.seal()
        self._assembly.net.close()
        self._workers.close()
        self._press.close()
        self._await_idle(FAREWELL)
        self.abandoned = self._flight.end()
        self._store.close()

    def _await_idle(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while self._flight and time.monotonic() < end:
            self._bell.wait(0.05)
            self._bell.clear()

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """SIGTERM and SIGINT stop, SIGHUP reloads; only the main thread may say so."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def stop(number: int, _: FrameType | None) -> None:
            if self._stopping.is_set() and number == signal.SIGINT:
                raise KeyboardInterrupt
            self.stop()

        before = {
            signal.SIGTERM: signal.signal(signal.SIGTERM, stop),
            signal.SIGINT: signal.signal(signal.SIGINT, stop),
            signal.SIGHUP: signal.signal(signal.SIGHUP, lambda *_: self.reload()),
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    # ------------------------------------------------------------- config

    def _register(self) -> None:
        assembly, now = self._assembly, self._now()
        names = tuple(assembly.parts.channels)

        def register(w: Any) -> None:
            w.register(assembly.specs, tuple(assembly.parts.rules), names, now)
            lost = notices.of_removed(w.orphan(names, now), now)
            if lost is not None:
                post_notice(w, lost, f"removed {now.isoformat()}", parts=assembly.parts)
            for name in w.moved(
                {each.name: channels.address(each) for each in assembly.config.channels}, now
            ):
                log.info("%s: it has another address; what waited for it goes there", name)
            if self._fast:
                w.due_now(now)

        self._store.write(register)

    def _stock(self) -> None:
        """Load the config's corpus: what stands in it is known."""
        paths = self._assembly.config.watcher.corpus
        done = stock(paths, self._store, self._read_file, origin="seed", now=self._now())
        for problem in done.problems:
            log.warning("corpus: %s", problem)
        if done.added:
            log.info("corpus: %d documents are known from now on", done.added)

    def _read_file(self, path: Path) -> Any:
        return document(self._workers, str(path))

    def _saved(self) -> Config:
        """The config as it stands in the file, if anything does: an editor leaves it empty for a moment as it saves."""
        config = self._load()
        if not (config.feeds or config.folders or config.watchlists):
            problem = Problem(0, 0, "nothing stands in it: save it, then reload again")
            raise ConfigError(config.path, (problem,))
        return config

    def _take_config(self) -> None:
        """A reload: the new config if it is valid, else the old one and a word why."""
        notify.reloading()
        try:
            config = self._saved()
            assembly = assemble(config, self._workers, self._press)
        except ConfigError as error:
            log.error("the config was not taken, the old one stays in force:\n%s", error)  # noqa: TRY400 - for a person
        except WatcherError as error:
            log.error("the config was not taken, the old one stays in force: %s", error)  # noqa: TRY400 - likewise
        else:
            old, self._assembly = self._assembly, assembly
            self._press.retry()
            # a kept connection would get past a guard that changed
            old.net.reset()
            self._register()
            self._stock()
            log.info(
                "config taken anew: %s, %s",
                count(len(assembly.specs), "source"),
                count(len(config.watchlists), "watchlist"),
            )

    # ------------------------------------------------------------- the loop

    def _loop(self, *, until_idle: bool) -> None:
        now = self._now()
        while not self._stopping.is_set():
            # APScheduler's jobs stand at times of the wall clock: set back, it would let none of them ring for hours
            self._bell.wait(self._pulse)
            self._bell.clear()
            self._looped = time.monotonic()
            before, now = now, self._now()
            try:
                due = self._turn(before, now)
            except Unavailable as trouble:
                if until_idle:
                    raise
                if not self._hindered:
                    log.error("%s; nothing is asked or sent until it can be", trouble)  # noqa: TRY400 - for a person
                self._hindered = True
                continue
            if self._hindered:
                log.info("the database can be used again")
                self._hindered = False
            if until_idle and not self._flight and self._nothing_left():
                return
            self._arm(due, now)

    def _turn(self, before: datetime, now: datetime) -> Due:
        """One turn of the loop, the last one at `before`; when something is due next."""
        if now < before - SET_BACK:
            self._bring_forward(now)
            self._set_bells()
            self._armed = None
            self._beat()
        if self._reload.is_set():
            self._reload.clear()
            try:
                self._take_config()
            except Unavailable:
                self._reload.set()
                raise
            finally:
                notify.tell("READY=1")
        return self._dispatch(now)

    def _dispatch(self, now: datetime) -> Due:
        """Claim what is due and hand it to threads; when something is due next."""
        ready = self._ready_channels(now)
        due = self._store.read.next_due(now, channels=tuple(ready))
        flight = self._flight
        if due.poll is not None and due.poll <= now and flight.has_room("polls"):
            self._polls(now)
        if due.judge is not None and due.judge <= now and flight.has_room("judges"):
            self._judges(now)
        if due.bundle is not None and due.bundle <= now:
            self._open_bundles(now)
        if due.deliver is not None and due.deliver <= now:
            self._deliveries(now, ready)
        return due

    def _polls(self, now: datetime) -> None:
        parts = self._assembly.parts
        claims = self._store.write(lambda w: w.claim_sources(now, limit=BATCH, lease=POLL_LEASE))
        for claim in claims:
            self._flight.begin("polls", self._poll, claim, parts)

    def _poll(self, claim: SourceClaim, parts: Parts) -> None:
        result = poll(claim, parts, self._store, self._now)
        with self._lock:
            self.counters.polls += 1
            self.counters.unchanged += result.unchanged
            self.counters.failed += bool(result.error)
            (self._unsettled.add if result.unsettled else self._unsettled.discard)(claim.key)
        if result.error:
            # said when it begins and each time it is tried again: nobody should have to ask
            log.warning("%s: %s", result.source, result.error)
        elif claim.failures:
            log.info("%s: answers again", result.source)
        if result.fresh:
            self._bell.set()
            log.info("%s: %d new", result.source, result.fresh)

    def _judges(self, now: datetime) -> None:
        parts = self._assembly.parts
        claims = self._store.write(lambda w: w.claim_items(now, limit=BATCH, lease=JUDGE_LEASE))
        for claim in claims:
            self._flight.begin("judges", self._judge, claim, parts)

    def _judged(self, claim: ItemClaim, parts: Parts) -> Judged:
        """Judge an item. An error that nobody foresaw stands with its source, and is tried again like any failure."""
        try:
            return judge_item(claim, parts, self._store, self._stories, self._now)
        except Unavailable:
            # no fault of the item's, so no try of its is spent: it is due again when its lease ends
            raise
        except Exception as fault:
            if self._stopping.is_set():
                raise
            log.exception("judging %s", claim.entry.url or claim.entry.path or claim.entry.title)
            waits = FILE_TRIES[claim.tries :]
            due = self._now() + waits[0] if waits else None
            reason = f"a fault in watcher: {type(fault).__name__}: {fault}"
            self._store.write(lambda w: w.postpone(claim, reason, due=due, tries=claim.tries + 1))
            return Judged(claim.entry.title, reason)

    def _judge(self, claim: ItemClaim, parts: Parts) -> None:
        result = self._judged(claim, parts)
        with self._lock:
            self.counters.judged += 1
            self.counters.alerts += bool(result.alerts)
        if result.alerts:
            self._bell.set()
        log.debug("judged %r: %s", result.title, result.outcome)

    def _deliveries(self, now: datetime, ready: dict[str, int]) -> None:
        parts = self._assembly.parts
        for name, limit in ready.items():
            if name in self._flight.channels:
                continue
            claims = self._store.write(
                lambda w, n=name, k=limit: w.claim_deliveries(
                    now, limit=k, lease=DELIVERY_LEASE, channels=(n,)
                )  # type: ignore[misc]
            )
            if claims:
                self._flight.begin("posts", self._deliver, claims, parts, channel=name)

    def _deliver(self, claims: Sequence[DeliveryClaim], parts: Parts) -> None:
        arrived = deliver(claims, parts, self._store, self._now, stopping=self._stopping.is_set)
        with self._lock:
            self.counters.delivered += arrived

    def _ready_channels(self, now: datetime) -> dict[str, int]:
        """The channels that may send now, each with how many: one as a probe where its breaker is open."""
        states = {state.name: state for state in self._store.read.channels()}
        ready: dict[str, int] = {}
        for name in self._assembly.parts.channels:
            state = states.get(name, ChannelState(name=name))
            if name in self._flight.channels or state.disabled:
                continue
            if state.retry is None:
                ready[name] = DELIVERY_BATCH
            elif state.retry <= now:
                ready[name] = 1
        return ready

    def _open_bundles(self, now: datetime) -> int:
        parts = self._assembly.parts
        line = caretaker.summary(self._store.read, parts, now)

        def split(channel: str, bundle: Bundle) -> Sequence[Bundle]:
            """Programs get a bundle in requests of a bounded size, people in one mail."""
            port = parts.channels.get(channel)
            return (
                payload.split(bundle)
                if port is not None and port.kind in {"webhook", "command"}
                else [bundle]
            )

        opened = self._store.write(lambda w: w.open_bundles(now, split=split, health=line, groups=self._fast))
        if opened:
            self._bell.set()
        return opened

    def _tell_health(self) -> None:
        if caretaker.tell(self._store, self._assembly.parts, self._now()):
            self._bell.set()

    def _heartbeat(self) -> None:
        """Ping the user's dead-man's switch while all goes well; when watcher is stuck or dead, that stays away."""
        address = self._assembly.config.watcher.heartbeat
        if address is not None and self._progress() and not self._hindered:
            caretaker.ping(self._assembly.net, address)

    def _failed(self, what: str, error: BaseException) -> None:
        """A fault of ours, or a database that takes nothing: the work is due again when its lease ends."""
        if not self._stopping.is_set():
            ours = not isinstance(error, Unavailable)
            log.error("%s: %s", what, error, exc_info=error if ours else None)

    def _nothing_left(self) -> bool:
        """Whether a run that ends by itself may end: nothing due now, nothing seen only once."""
        now = self._now()
        due = self._store.read.next_due(now, channels=tuple(self._ready_channels(now)))
        if self._unsettled:
            return False
        # `--once` polls what was due when it began, and nothing that fell due since
        polls_left = due.poll is not None and due.poll <= (self._once_at or now)
        if polls_left or any(at is not None and at <= now for at in (due.judge, due.deliver)):
            return False
        return due.bundle is None or not self._open_bundles(now)

    def _arm(self, due: Due, now: datetime) -> None:
        """Ring when something is due next, if that is not now."""
        # `now` is that of the dispatch: what fell due since then is rung for at once, not slept over
        times = [at for at in (due.poll, due.judge, due.deliver, due.bundle) if at is not None and at > now]
        states = self._store.read.channels()
        times += [s.retry for s in states if s.retry is not None and s.retry > now and s.waiting]
        if times and min(times) != self._armed:
            self._armed = min(times)
            self._scheduler.add_job(self._bell.set, DateTrigger(min(times)), id="due", replace_existing=True)

    # ------------------------------------------------------------- upkeep

    def _beat(self) -> None:
        """A sign of life, and the watchdog's food while polling and delivering make progress."""
        self._bell.set()
        if self._progress():
            notify.tell("WATCHDOG=1")

    def _progress(self) -> bool:
        """Whether the loop turns and no piece of work has been stuck for long."""
        now = time.monotonic()
        return now - self._looped < STUCK and self._flight.longest() < STUCK

    def _keep(self, what: str, work: Callable[[], None]) -> None:
        """A job over the database. While that takes nothing, the job is said to wait for its next time."""
        try:
            work()
        except Unavailable as trouble:
            self._failed(what, trouble)

    def _fold(self) -> None:
        self._stories.forget(self._now() - STORY_WINDOW)
        self._store.write(lambda w: w.fold())

    def _prune(self) -> None:
        settings, now = self._assembly.config.watcher, self._now()
        self._fold()
        while self._store.write(
            lambda w: w.prune(text_before=now - settings.keep_text, before=now - settings.keep)
        ):
            pass
