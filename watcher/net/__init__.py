"""The only network door: HTTP through libcurl, with a deadline, a cap and a guard on every address.

libcurl because it has what others lack: a total deadline that a dripping
body cannot stretch, a hook on the very address it is about to connect to
(so neither a redirect nor DNS rebinding gets past the guard), and a tenth of
the CPU. Whatever comes back is untrusted: sizes are capped while it streams.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from watcher import __version__, urls
from watcher.model import Permanent, Temporary, WatcherError
from watcher.net import guard
from watcher.net.exchange import ERROR_BODY, Ask, Handle, Response, Terms, authorities

__all__ = ["USER_AGENT", "Net", "Response"]

USER_AGENT: Final = f"watcher/{__version__} (feed watcher; polls with conditional requests)"
MAX_REDIRECTS: Final = 5
PER_HOST: Final = 2
"""Requests to one host at a time; browsers take six, a machine that comes back for ever takes fewer."""

_PERMANENT: Final = frozenset({301, 308})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_SAFE_ELSEWHERE: Final = frozenset(
    {"accept", "accept-language", "user-agent", "if-none-match", "if-modified-since"}
)
"""Request headers that may follow a redirect to another site: all others may be secrets."""


class Net:
    """HTTP requests from any thread. One handle for each request in flight, kept for the next.

    `allow`: CIDRs the guard lets through. `proxy`: proxies of the environment
    are ignored; behind this one the guard sees only the proxy's address, so
    the proxy has to keep requests out of the network it stands in.
    """

    def __init__(
        self,
        *,
        allow: Sequence[str] = (),
        proxy: str | None = None,
        user_agent: str = USER_AGENT,
        ca_file: str | None = None,
    ) -> None:
        try:
            networks = guard.networks(allow)
        except ValueError as error:
            message = f"[net] allow: {error}"
            raise WatcherError(message) from error
        self._closed = threading.Event()
        self._terms = Terms(networks, proxy or "", user_agent, ca_file or authorities(), self._closed)
        self._hosts = _Hosts(PER_HOST)
        self._lock = threading.Lock()
        self._idle: list[Handle] = []
        self._generation = 0

    def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, limit: int, deadline: timedelta
    ) -> Response:
        """GET `url`, following up to five redirects, within `deadline` for all of them.

        `limit` is in bytes of the decoded body. Headers go along a redirect to
        another site only where they cannot be secrets. Raises Temporary
        (network, DNS, TLS, deadline) or Permanent (an address the guard
        refuses, a scheme that is not http(s), a body over `limit`). Any status
        is an answer.
        """
        sent = _with_login(headers or {}, url)
        ends = time.monotonic() + deadline.total_seconds()
        here, permanent = self._wire(url), True
        for hop in range(MAX_REDIRECTS + 1):
            response, waited = self._ask(Ask("GET", here, sent, b"", limit, ends, url))
            ends += waited
            target = response.headers.get("location") if response.status in _REDIRECTS else None
            if target is None:
                moved = here if hop and permanent else None
                return Response(
                    status=response.status,
                    headers=response.headers,
                    body=response.body,
                    url=here,
                    permanent_url=moved,
                )
            permanent = permanent and response.status in _PERMANENT
            there = urls.resolve(target, here)
            if there is None:
                message = f"{urls.shown(here)} redirects to {target[:200]!r}, which is no http(s) address"
                raise Permanent(message, status=response.status)
            there = self._wire(there)
            if not urls.same_site(here, there):
                sent = {name: value for name, value in sent.items() if name.lower() in _SAFE_ELSEWHERE}
            here = there
        message = f"{urls.shown(url)} redirects more than {MAX_REDIRECTS} times; use the address it ends at"
        raise Temporary(message)

    def post(self, url: str, body: bytes, headers: Mapping[str, str], *, deadline: timedelta) -> Response:
        """POST `body`; never follows a redirect, so a 3xx is returned as such. Errors as `get`.

        Messages show only the host: the rest of a webhook's address is a secret.
        """
        ends = time.monotonic() + deadline.total_seconds()
        split = urls.parts(url)
        shown = f"{split.scheme}://{split.hostname}/…" if split is not None else "the webhook's address"
        here = self._wire(url, shown)
        response, _ = self._ask(Ask("POST", here, _with_login(headers, url), body, ERROR_BODY, ends, shown))
        return response

    def reset(self) -> None:
        """Close kept connections: one that stands would get past a guard that changed."""
        with self._lock:
            self._generation += 1
            idle, self._idle = self._idle, []
        for handle in idle:
            handle.close()

    def close(self) -> None:
        """Refuse further requests, end those in flight (they raise Temporary), close connections."""
        self._closed.set()
        self.reset()

    # ------------------------------------------------------------------ one exchange

    def _wire(self, url: str, shown: str | None = None) -> str:
        wire = urls.wire(url)
        if wire is None:
            message = f"{shown or urls.shown(url)!r} is no http:// or https:// address"
            raise Permanent(message)
        return wire

    def _ask(self, ask: Ask) -> tuple[Response, float]:
        """One request without redirects, and the seconds it waited for its host's turn."""
        began = time.monotonic()
        if self._closed.is_set():
            message = f"{ask.shown}: not asked, watcher is stopping"
            raise Temporary(message)
        host = urls.place(ask.url)
        with self._hosts.turn(host, ask.ends - began) as mine:
            if not mine:
                message = f"{ask.shown}: {PER_HOST} other requests to {host} did not end in time"
                raise Temporary(message)
            waited = time.monotonic() - began
            ask.ends += waited
            with self._handle() as handle:
                return handle.perform(ask), waited

    @contextmanager
    def _handle(self) -> Iterator[Handle]:
        with self._lock:
            generation = self._generation
            handle = self._idle.pop() if self._idle else None
        if handle is None:
            handle = Handle(self._terms)
        try:
            yield handle
        finally:
            with self._lock:
                keep = generation == self._generation and not self._closed.is_set()
                if keep:
                    self._idle.append(handle)
            if not keep:
                handle.close()


def _with_login(headers: Mapping[str, str], url: str) -> dict[str, str]:
    """`headers` with the user and password of `url` as one of them, so that they stop at a redirect elsewhere."""
    sent = dict(headers)
    login = urls.login(url)
    if login is not None and not any(name.lower() == "authorization" for name in sent):
        sent["Authorization"] = login
    return sent


class _Hosts:
    """Turns: at most `most` at a time for each host."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken: Counter[str] = Counter()
        self._free = threading.Condition()

    @contextmanager
    def turn(self, host: str, seconds: float) -> Iterator[bool]:
        """Hold a turn at `host`; False if none came free within `seconds`."""
        with self._free:
            mine = self._free.wait_for(lambda: self._taken[host] < self._most, seconds)
            if mine:
                self._taken[host] += 1
        try:
            yield mine
        finally:
            if mine:
                with self._free:
                    self._taken[host] -= 1
                    if not self._taken[host]:
                        del self._taken[host]
                    self._free.notify_all()
