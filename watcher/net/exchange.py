"""One HTTP exchange through libcurl: no redirects, capped while it streams, the address judged before it connects.

`watcher.net` is the door to it; nothing else uses it.
"""

from __future__ import annotations

import re
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pycurl

from watcher import urls
from watcher.model import Permanent, Temporary
from watcher.net import guard

MAX_HEADERS: Final = 64 * 2**10
"""Bytes of all headers of one response."""
MAX_HEADER: Final = 8 * 2**10
"""Bytes of one header kept; longer ones are dropped (an ETag or Location that long serves nobody)."""
ERROR_BODY: Final = 64 * 2**10
"""Bytes kept of the body of a response that is not a success."""
_SUCCESS: Final = range(200, 300)
_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_LISTS: Final = frozenset({"cache-control", "link", "vary"})
"""Headers whose repetitions are joined; of others the first one counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An answer. `headers` by lower-case name; `body` decoded and within the limit."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    """Where the answer came from, redirects followed."""
    permanent_url: str | None = None
    """`url`, if there were redirects and every one was permanent (301, 308)."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for every request of a Net."""

    allow: tuple[guard.Network, ...]
    proxy: str
    agent: str
    authorities: str | None
    closed: threading.Event


@dataclass(slots=True)
class Ask:
    """One request; `ends` on the monotonic clock."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes
    limit: int
    ends: float
    named: str
    """The address as messages give it."""

    @property
    def shown(self) -> str:
        """The address for a message."""
        return urls.shown(self.named)


class Handle:
    """One libcurl handle: options that never change are set once, callbacks write into this object."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._ask: Ask | None = None
        self._opened: list[socket.socket] = []
        self._clear()
        self._curl = curl = pycurl.Curl()
        for option, value in self._options().items():
            curl.setopt(option, value)

    def _options(self) -> dict[int, Any]:
        terms = self._terms
        options: dict[int, Any] = {
            # the bitmask form: bundled builds of pycurl have no PROTOCOLS_STR
            pycurl.PROTOCOLS: pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS,
            pycurl.REDIR_PROTOCOLS: pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS,
            pycurl.FOLLOWLOCATION: 0,
            pycurl.NOSIGNAL: 1,
            pycurl.SSL_VERIFYPEER: 1,
            pycurl.SSL_VERIFYHOST: 2,
            # an empty string takes proxies of the environment away
            pycurl.PROXY: terms.proxy,
            pycurl.NOPROXY: "",
            pycurl.USERAGENT: terms.agent,
            # an empty string asks for what this libcurl decodes, and for nothing else
            pycurl.ACCEPT_ENCODING: "",
            pycurl.HTTP_CONTENT_DECODING: 1,
            pycurl.MAXCONNECTS: 4,
            pycurl.DNS_CACHE_TIMEOUT: 60,
            pycurl.OPENSOCKETFUNCTION: self._open,
            pycurl.WRITEFUNCTION: self._write,
            pycurl.HEADERFUNCTION: self._header,
            pycurl.XFERINFOFUNCTION: self._progress,
            pycurl.NOPROGRESS: 0,
        }
        if terms.authorities:
            options[pycurl.CAINFO] = terms.authorities
        return options

    def close(self) -> None:
        """Close its connections; the handle is of no use afterwards."""
        self._curl.close()

    def _clear(self) -> None:
        self._status = 0
        self._headers: dict[str, str] = {}
        self._header_bytes = 0
        self._chunks: list[bytes] = []
        self._size = 0
        self._refused: str | None = None
        self._stop: str | None = None

    # ------------------------------------------------------------------ callbacks: never raise

    def _open(self, _purpose: int, address: Any) -> Any:
        """Judge the very address libcurl is about to connect to, then open the socket."""
        where = address.addr
        host = where[0] if isinstance(where, tuple) else str(where)
        host = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
        # with a proxy this is the proxy's own address, which a person wrote into the config
        kind = None if self._terms.proxy else guard.refusal(host, self._terms.allow)
        if address.family not in {socket.AF_INET, socket.AF_INET6}:
            kind = "no internet address"
        if kind is not None:
            self._refused = f"{host} ({kind})"
            return pycurl.SOCKET_BAD
        opened = socket.socket(address.family, address.socktype, address.protocol)
        # pycurl works on a duplicate; this one is closed when the exchange is over
        self._opened.append(opened)
        return opened

    def _header(self, line: bytes) -> int | None:
        self._header_bytes += len(line)
        if self._header_bytes > MAX_HEADERS:
            self._stop = "headers"
            return 0
        if line.startswith(b"HTTP/"):
            fields = line.split(None, 2)
            self._status = int(fields[1]) if len(fields) > 1 and fields[1][:3].isdigit() else 0
            self._headers = {}
            return None
        name, colon, value = line.partition(b":")
        if colon and len(line) <= MAX_HEADER:
            key = name.strip().lower().decode("latin-1")
            text = _CONTROL.sub("", value.strip().decode("latin-1"))
            if key not in self._headers:
                self._headers[key] = text
            elif key in _LISTS:
                self._headers[key] = f"{self._headers[key]}, {text}"
        return None

    def _write(self, data: bytes) -> int | None:
        ask = self._ask
        limit = ask.limit if ask is not None else 0
        if self._status not in _SUCCESS:
            limit = min(limit, ERROR_BODY)
        self._size += len(data)
        if self._size > limit:
            self._stop = "body"
            self._chunks.append(data[: max(0, limit - self._size + len(data))])
            return 0
        self._chunks.append(data)
        return None

    def _progress(self, *_: float) -> int:
        return 1 if self._terms.closed.is_set() else 0

    # ------------------------------------------------------------------ the exchange

    def perform(self, ask: Ask) -> Response:
        """Do it. Raises Temporary or Permanent."""
        curl = self._curl
        left = ask.ends - time.monotonic()
        if left <= 0:
            message = f"{ask.shown}: its redirects took longer than the deadline"
            raise Temporary(message)
        self._clear()
        self._ask = ask
        curl.setopt(pycurl.URL, ask.url)
        curl.setopt(pycurl.TIMEOUT_MS, max(1, int(left * 1000)))
        curl.setopt(pycurl.CONNECTTIMEOUT_MS, max(1, int(left * 1000)))
        lines = _lines(ask)
        if lines:
            curl.setopt(pycurl.HTTPHEADER, lines)
        else:
            # pycurl ignores an empty list: the headers of the request before, secrets among them, would go out
            curl.unsetopt(pycurl.HTTPHEADER)
        if ask.method == "POST":
            curl.setopt(pycurl.POST, 1)
            curl.setopt(pycurl.POSTFIELDSIZE_LARGE, len(ask.body))
            curl.setopt(pycurl.COPYPOSTFIELDS, ask.body)
        else:
            curl.setopt(pycurl.HTTPGET, 1)
        try:
            curl.perform()
        except pycurl.error as error:
            self._fail(ask, int(error.args[0]), str(error.args[1]) if len(error.args) > 1 else "", left)
        finally:
            self._ask = None
            for opened in self._opened:
                opened.close()
            self._opened.clear()
        body = b"".join(self._chunks)
        self._chunks = []
        return Response(status=self._status, headers=self._headers, body=body, url=ask.url)

    def _fail(self, ask: Ask, code: int, detail: str, left: float) -> None:
        """Raise what this libcurl error means; returns where the answer is good all the same."""
        shown = ask.shown
        # a host may have other addresses, too: only where none of them could be tried is it the guard's doing
        if (
            self._refused is not None
            and not self._opened
            and code in {pycurl.E_COULDNT_CONNECT, pycurl.E_ABORTED_BY_CALLBACK}
        ):
            message = (
                f"{shown} leads to {self._refused}, which watcher does not connect to; "
                f'if you mean it, write [net] allow = ["{self._refused.split()[0]}"]'
            )
            raise Permanent(message)
        if self._stop == "body":
            if self._status not in _SUCCESS or ask.method == "POST":
                return
            message = f"{shown} is larger than {ask.limit / 2**20:g} MiB"
            raise Permanent(message, status=self._status)
        if self._stop == "headers":
            message = f"{shown} sends more than {MAX_HEADERS // 2**10} KiB of headers"
            raise Temporary(message, status=self._status)
        if code == pycurl.E_ABORTED_BY_CALLBACK:
            message = f"{shown}: given up, watcher is stopping"
            raise Temporary(message)
        if code == pycurl.E_URL_MALFORMAT:
            message = f"{shown} is no address watcher can ask: {detail}"
            raise Permanent(message)
        raise Temporary(f"{shown}: {_reason(code, detail, left)}")


def _reason(code: int, detail: str, seconds: float) -> str:
    """A libcurl error for a person: what, and what to do about it."""
    if code == pycurl.E_COULDNT_RESOLVE_HOST:
        return f"its host is not known ({detail}); is the name right, is the network up?"
    if code == pycurl.E_OPERATION_TIMEDOUT:
        return f"no complete answer within {seconds:.3g} s"
    if code in {pycurl.E_PEER_FAILED_VERIFICATION, pycurl.E_SSL_CACERT_BADFILE}:
        return f"its certificate cannot be trusted ({detail}); check the address, and this machine's clock"
    return detail or f"libcurl error {code}"


def _lines(ask: Ask) -> list[bytes]:
    """The request's header lines. Raises Permanent for one that could carry another header with it."""
    lines = [b"Expect:"] if ask.method == "POST" else []
    for name, value in ask.headers.items():
        if not _TOKEN.fullmatch(name) or _CONTROL.search(value):
            message = f"{ask.shown}: the header {name[:40]!r} holds characters that no header may hold"
            raise Permanent(message)
        # `Name;` is how libcurl is told to send an empty header
        lines.append(f"{name}: {value.strip()}".encode() if value.strip() else f"{name};".encode())
    return lines


def authorities() -> str | None:
    """The machine's own file of certificate authorities; None leaves libcurl its own."""
    known = ssl.get_default_verify_paths()
    places = (
        known.cafile,
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem",
    )
    return next((place for place in places if place and Path(place).is_file()), None)
