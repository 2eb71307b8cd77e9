"""A loopback web server that plays a script: the other side of a poll, a page fetch or a webhook.

    with serve() as server:
        server.script("/feed", Reply(body=RSS, etag='"1"'))
        net.get(server.url("/feed"), …)
        assert server.count("/feed") == 1

Replies of a path are given in turn, the last one for ever. A reply with an
`etag` or `modified` answers 304 to a request that carries it. The server
listens on 127.x addresses only, never holds a connection for longer than
`LONGEST`, and ends with its `with` block, slow replies included.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LONGEST = 20.0
"""Seconds a connection may live."""
BIGGEST = 4 * 2**20
"""Bytes of a request body that are read."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the server was asked. Header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    host: str
    """The local address the request came in on: 127.0.0.1, 127.0.0.2, …"""
    port: int
    """The client's: requests on one connection share it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the server answers.

    `pause`: seconds before each chunk of `chunk` bytes (a slow body). `hold`:
    nothing is answered before this event is set (or the server ends).
    `raw`: these bytes instead of any HTTP of ours; the connection then ends.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    type: str = "application/xml"
    etag: str | None = None
    modified: str | None = None
    pause: float = 0.0
    chunk: int = 1
    hold: threading.Event | None = None
    raw: bytes | None = None


Script = Reply | Callable[[Request], Reply]


class Server:
    """The running server; thread-safe. `requests` in order of arrival."""

    def __init__(self, hosts: Sequence[str]) -> None:
        self.hosts = tuple(hosts)
        self.requests: list[Request] = []
        self.most_at_once = 0
        """The most requests that were in work at one time."""
        self._at_once = 0
        self._scripts: defaultdict[str, list[Script]] = defaultdict(list)
        self._taken: Counter[str] = Counter()
        self._changed = threading.Condition()
        self._ending = threading.Event()
        self._servers = self._listen()
        self.port: int = self._servers[0].server_address[1]

    def _listen(self) -> list[ThreadingHTTPServer]:
        """One socket an address, all on the port that the first one got."""
        for _ in range(20):
            servers: list[ThreadingHTTPServer] = []
            try:
                for host in self.hosts:
                    port = servers[0].server_address[1] if servers else 0
                    servers.append(_Listener((host, port), self))
            except OSError:
                for server in servers:
                    server.server_close()
                continue
            return servers
        message = f"no port is free on all of {', '.join(self.hosts)}"
        raise OSError(message)

    def url(self, path: str, host: str | None = None) -> str:
        """The address of `path`, on the first host or the one named."""
        return f"http://{host or self.hosts[0]}:{self.port}{path}"

    def script(self, path: str, *replies: Script) -> None:
        """From now on `path` is answered by `replies` in turn, then by the last of them."""
        with self._changed:
            self._scripts[path] = list(replies)
            self._taken[path] = 0

    def count(self, path: str | None = None) -> int:
        """How many requests came, for `path` or in all."""
        with self._changed:
            return sum(path is None or request.path == path for request in self.requests)

    def last(self, path: str) -> Request:
        """The latest request for `path`."""
        with self._changed:
            return next(request for request in reversed(self.requests) if request.path == path)

    def wait(self, path: str, count: int = 1, seconds: float = 10.0) -> bool:
        """Wait until `path` was asked `count` times; False if it was not within `seconds`."""

        def enough() -> bool:
            return sum(request.path == path for request in self.requests) >= count

        with self._changed:
            return self._changed.wait_for(enough, seconds)

    def answer(self, request: Request) -> Reply:
        """Record `request` and give the reply whose turn it is; 404 where nothing is scripted."""
        with self._changed:
            self.requests.append(request)
            replies = self._scripts.get(request.path)
            script: Script = Reply(status=404, body=b"nothing here", type="text/plain")
            if replies:
                script = replies[min(self._taken[request.path], len(replies) - 1)]
                self._taken[request.path] += 1
            self._changed.notify_all()
        reply = script if isinstance(script, Reply) else script(request)
        known = request.headers.get("if-none-match") == reply.etag if reply.etag else False
        if not known and reply.modified and "if-none-match" not in request.headers:
            known = request.headers.get("if-modified-since") == reply.modified
        if known:
            return Reply(status=304, etag=reply.etag, modified=reply.modified, headers=reply.headers)
        return reply

    @contextmanager
    def working(self) -> Iterator[None]:
        with self._changed:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            yield
        finally:
            with self._changed:
                self._at_once -= 1

    def pause(self, seconds: float) -> bool:
        """Wait; False as soon as the server ends."""
        return not self._ending.wait(seconds)

    def held(self, event: threading.Event) -> None:
        """Wait for `event`, for the end of the server, or `LONGEST` seconds."""
        for _ in range(int(LONGEST / 0.02)):
            if event.wait(0.02) or self._ending.is_set():
                return

    def start(self) -> None:
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._ending.set()
        for server in self._servers:
            server.shutdown()
            server.server_close()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], script: Server) -> None:
        self.script = script
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is part of many tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = LONGEST
    server: _Listener

    def _answer(self) -> None:
        length = min(int(self.headers.get("content-length") or 0), BIGGEST)
        body = self.rfile.read(length) if length else b""
        request = Request(
            method=self.command,
            path=self.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
            host=self.connection.getsockname()[0],
            port=self.client_address[1],
        )
        script = self.server.script
        with script.working():
            self._give(script, script.answer(request))

    def _give(self, script: Server, reply: Reply) -> None:
        if reply.hold is not None:
            script.held(reply.hold)
        if reply.raw is not None:
            self.wfile.write(reply.raw)
            self.close_connection = True
            return
        self.send_response(reply.status)
        bodiless = reply.status in {204, 304} or self.command == "HEAD"
        headers = {"Content-Type": reply.type, **({"ETag": reply.etag} if reply.etag else {})}
        if reply.modified:
            headers["Last-Modified"] = reply.modified
        headers.update(reply.headers)
        if not bodiless and "Content-Length" not in headers:
            headers["Content-Length"] = str(len(reply.body))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if bodiless:
            return
        if not reply.pause:
            self.wfile.write(reply.body)
            return
        for start in range(0, len(reply.body), reply.chunk):
            if not script.pause(reply.pause):
                break
            self.wfile.write(reply.body[start : start + reply.chunk])
            self.wfile.flush()

    do_GET = do_POST = do_HEAD = _answer  # noqa: N815  # http.server finds methods by these names

    def log_message(self, *_: Any) -> None:
        """Quiet: tests read `requests`."""


@contextmanager
def serve(*hosts: str) -> Iterator[Server]:
    """A running server on `hosts` (127.0.0.1 if none is named), all on one port."""
    server = Server(hosts or ("127.0.0.1",))
    server.start()
    try:
        yield server
    finally:
        server.close()
