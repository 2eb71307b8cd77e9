"""What is under way: work handed to threads, how much of each kind there is, and since when."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

Kind = Literal["polls", "judges", "posts"]

POSTS = 64
"""Channels that can be sending at once."""


class Flight:
    """Threads that poll and judge, `threads` of them, and others that send: a feed that hangs holds up no alert.

    After each piece of work `ring` is called where it may let something go on, and before it `failed` with the
    name of the channel (else the kind) and what the work raised. Thread-safe.
    """

    def __init__(
        self, threads: int, *, ring: Callable[[], None], failed: Callable[[str, BaseException], None]
    ) -> None:
        self.channels: set[str] = set()
        """The channels that something is being sent to."""
        self._count = {"polls": 0, "judges": 0}
        self._since: dict[int, float] = {}
        self._lock = threading.Lock()
        self._few = max(2, threads) // 2
        self._ring = ring
        self._failed = failed
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="work")
        self._posts = ThreadPoolExecutor(POSTS, thread_name_prefix="post")

    def has_room(self, kind: Literal["polls", "judges"]) -> bool:
        """Whether so little of a kind is under way that more may be claimed."""
        return self._count[kind] <= self._few

    def begin(self, kind: Kind, work: Callable[..., None], *args: Any, channel: str = "") -> None:
        """Have a thread do `work(*args)`; posts name their `channel`."""
        with self._lock:
            if kind == "posts":
                self.channels.add(channel)
            else:
                self._count[kind] += 1
        threads = self._posts if kind == "posts" else self._threads
        future = threads.submit(self._timed, work, *args)
        future.add_done_callback(lambda done: self._landed(kind, channel, done))

    def __len__(self) -> int:
        """How many pieces of work are under way."""
        with self._lock:
            return sum(self._count.values()) + len(self.channels)

    def longest(self) -> float:
        """Seconds that the oldest piece of work has taken so far; 0 where there is none."""
        now = time.monotonic()
        return now - min(self._since.copy().values(), default=now)

    def halt(self) -> None:
        """Begin no poll and no judgement any more; what no thread has begun stays due."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def end(self) -> int:
        """End the threads; how many pieces of work hang in them.

        A mail server or a program that hangs cannot be told to stop: nobody waits for it.
        """
        hanging = len(self)
        for threads in (self._threads, self._posts):
            threads.shutdown(wait=not hanging, cancel_futures=True)
        return hanging

    def _timed(self, work: Callable[..., None], *args: Any) -> None:
        me = threading.get_ident()
        self._since[me] = time.monotonic()
        try:
            work(*args)
        finally:
            self._since.pop(me, None)

    def _landed(self, kind: Kind, channel: str, future: Future[None]) -> None:
        with self._lock:
            if kind == "posts":
                self.channels.discard(channel)
            else:
                self._count[kind] -= 1
        error = None if future.cancelled() else future.exception()
        if error is not None:
            self._failed(channel or kind, error)
        # Ring where it may let something go on, not for each of a thousand: a turn of the loop costs more than a 304.
        if kind == "posts" or self.has_room(kind):
            self._ring()
