"""What polling costs: thousands of feeds that answer 304 on loopback, through the whole daemon and through a peer.

    python bench/poll.py [--feeds 10000] [--peer-feeds N] [--hosts 200]

Four rows over the same feeds, the same server (a process of its own) and the
same run: bare libcurl as watcher uses it, the feed source on threads, the
whole daemon (claim, request, decision, commit), and lemon24/reader, which is
what most Python programs of this kind would use (`pip install reader`; the
row is left out where it is missing). CPU is that of the measured process,
children included; memory is what its pages hold (RSS, and the anonymous part).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any, cast

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

ETAG = '"bench-1"'
THREADS = 32
ENTRIES = 10


# --------------------------------------------------------------------------- the far side


class Answers(asyncio.Protocol):
    """HTTP/1.1 in a few lines: 304 to a request with the ETag, else a small feed."""

    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A connection."""
        self.transport = cast("asyncio.Transport", transport)
        self.held = b""

    def data_received(self, data: bytes) -> None:
        """Answer each whole request."""
        self.held += data
        while b"\r\n\r\n" in self.held:
            request, self.held = self.held.split(b"\r\n\r\n", 1)
            if b"if-none-match: " + ETAG.encode() in request.lower():
                self.transport.write(b"HTTP/1.1 304 Not Modified\r\nETag: " + ETAG.encode() + b"\r\n\r\n")
                continue
            path = request.split(b" ", 2)[1].decode()
            body = feed_body(path)
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nETag: {ETAG}\r\n"
            head += f"Content-Length: {len(body)}\r\n\r\n"
            self.transport.write(head.encode() + body)


def feed_body(path: str) -> bytes:
    """A feed of ten entries."""
    items = "".join(
        f"<item><guid>{path}-{n}</guid><title>Report {n} of {path}</title><link>https://news.example{path}/{n}</link>"
        f"<pubDate>Fri, 20 Nov 2026 {n:02}:00:00 GMT</pubDate><description>Nothing of note.</description></item>"
        for n in range(ENTRIES)
    )
    channel = f"<title>Feed {path}</title><link>https://news.example/</link>{items}"
    return f'<rss version="2.0"><channel>{channel}</channel></rss>'.encode()


def hosts(count: int) -> list[str]:
    """Loopback addresses, each a host of its own to whoever counts requests by host."""
    return [f"127.1.{n // 250}.{n % 250 + 1}" for n in range(count)]


async def serve(count: int, port: int) -> None:
    """Listen on every host."""
    loop = asyncio.get_running_loop()
    for host in hosts(count):
        await loop.create_server(Answers, host, port, backlog=256)
    print("ready", flush=True)
    await asyncio.Event().wait()


def addresses(count: int, number_of_hosts: int, port: int) -> list[str]:
    """The feeds, spread over the hosts."""
    places = hosts(number_of_hosts)
    return [f"http://{places[n % len(places)]}:{port}/feed/{n}" for n in range(count)]


# --------------------------------------------------------------------------- measuring


def cpu() -> float:
    """CPU seconds of this process and its children."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def memory() -> dict[str, float]:
    """MB that this process holds now, and its anonymous part; the most it ever held."""
    fields = dict(
        line.split(":", 1)
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        if ":" in line
    )
    return {
        name: int(fields[key].split()[0]) / 1000
        for name, key in (("rss", "VmRSS"), ("anonymous", "RssAnon"), ("peak", "VmHWM"))
    }


def measured(work: Any, polls: int) -> dict[str, float]:
    """Run `work`; figures a poll."""
    before, began = cpu(), time.perf_counter()
    done = work()
    took, used = time.perf_counter() - began, cpu() - before
    return {"polls": done, "cpu_us": used / polls * 1e6, "seconds": took, **memory()}


# --------------------------------------------------------------------------- the rows


def row_libcurl(feeds: list[str]) -> dict[str, float]:
    """`Net.get` on threads, nothing else."""
    from watcher.net import Net  # noqa: PLC0415 - each row runs in a process of its own

    net = Net(allow=["127.0.0.0/8"])
    deadline = timedelta(seconds=30)

    def get(url: str) -> int:
        return net.get(url, headers={"If-None-Match": ETAG}, limit=10**6, deadline=deadline).status == 304

    with ThreadPoolExecutor(THREADS) as pool:
        return measured(lambda: sum(pool.map(get, feeds)), len(feeds))


def row_source(feeds: list[str]) -> dict[str, float]:
    """`feed.scan` on threads, without a store."""
    from watcher.net import Net  # noqa: PLC0415
    from watcher.sandbox import Workers  # noqa: PLC0415
    from watcher.sources.feed import Feed, scan  # noqa: PLC0415

    net, workers, now = Net(allow=["127.0.0.0/8"]), Workers(1), datetime.now(UTC)

    def poll(url: str) -> bool:
        return scan(Feed(url=url), cursor(url), net=net, workers=workers, now=now, zone=UTC).unchanged

    with ThreadPoolExecutor(THREADS) as pool:
        return measured(lambda: sum(pool.map(poll, feeds)), len(feeds))


def cursor(url: str) -> dict[str, Any]:
    """What a first poll leaves behind."""
    return {
        "etag": ETAG,
        "answered": url,
        "hash": "0" * 64,
        "pace": None,
        "newest": None,
        "sample": list(range(16)),
    }


def row_daemon(feeds: list[str]) -> dict[str, float]:
    """Everything: the daemon's own loop over a store that knows every feed."""
    from watcher.config import load  # noqa: PLC0415
    from watcher.engines.embedded import Daemon  # noqa: PLC0415
    from watcher.model import Scan  # noqa: PLC0415
    from watcher.stores.claims import SourceSpec  # noqa: PLC0415
    from watcher.stores.sqlite import SqliteStore  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"
        path.write_text(
            '[watcher]\ndatabase = "watcher.db"\n\n[net]\nallow = ["127.0.0.0/8"]\n\n'
            '[[watchlists]]\nname = "w"\nany = ["envoy"]\nchannels = ["box"]\n\n'
            '[[channels]]\nname = "box"\ntype = "maildir"\npath = "box"\n\n'
            + "".join(f'[[feeds]]\nname = "feed {n}"\nurl = "{url}"\n\n' for n, url in enumerate(feeds)),
            encoding="utf-8",
        )
        config = load(path)
        store = SqliteStore(config.watcher.database)
        now = datetime.now(UTC)
        specs = tuple(
            SourceSpec(key=url, kind="feed", name=f"feed {n}", group="") for n, url in enumerate(feeds)
        )
        store.write(lambda w: w.register(specs, ("w",), ("box",), now))
        while claims := store.write(lambda w: w.claim_sources(now, limit=500, lease=timedelta(hours=1))):
            store.write(
                lambda w, batch=claims: [
                    w.keep(
                        c,
                        Scan(cursor=cursor(c.key)),
                        now=now,
                        due=now + timedelta(milliseconds=1),  # by the time the daemon starts
                        catch_up=timedelta(0),
                    )
                    for c in batch
                ]
            )
        daemon = Daemon(store, lambda: config)
        return measured(lambda: daemon.run(once=True).unchanged, len(feeds))


def row_reader(feeds: list[str]) -> dict[str, float] | None:
    """lemon24/reader with as many threads; its first update, which fetches everything, is not measured."""
    try:
        from reader import make_reader  # noqa: PLC0415
    except ImportError:
        return None
    with tempfile.TemporaryDirectory() as folder:
        reader = make_reader(f"{folder}/reader.sqlite")
        for url in feeds:
            reader.add_feed(url)
        list(reader.update_feeds_iter(workers=THREADS, scheduled=False))
        # not modified is `None`, an update or an error is not
        return measured(
            lambda: sum(r.value is None for r in reader.update_feeds_iter(workers=THREADS, scheduled=False)),
            len(feeds),
        )


ROWS = {"libcurl": row_libcurl, "source": row_source, "daemon": row_daemon, "reader": row_reader}
TITLES = {
    "libcurl": "libcurl as watcher uses it",
    "source": "the feed source, no store",
    "daemon": "the whole daemon",
    "reader": "lemon24/reader",
}


# --------------------------------------------------------------------------- the run


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> int:
    """Start the server, run each row in a process of its own, print the table."""
    parser = argparse.ArgumentParser(description="The cost of a poll that finds nothing new.")
    parser.add_argument("--feeds", type=int, default=10_000)
    parser.add_argument(
        "--peer-feeds", type=int, help="feeds for the peer, if fewer (its first update is slow)"
    )
    parser.add_argument("--hosts", type=int, default=200)
    parser.add_argument("--port", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--row", choices=[*ROWS, "server"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.row == "server":
        asyncio.run(serve(options.hosts, options.port))
        return 0
    if options.row:
        print(json.dumps(ROWS[options.row](addresses(options.feeds, options.hosts, options.port))))
        return 0

    port = free_port()
    common = ["--hosts", str(options.hosts), "--port", str(port)]
    server = subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, __file__, "--row", "server", *common], stdout=subprocess.PIPE, text=True
    )
    try:
        if cast("IO[str]", server.stdout).readline().strip() != "ready":
            print("the server did not start", file=sys.stderr)
            return 1
        print(f"{options.feeds:,} feeds on {options.hosts} hosts, {os.cpu_count()} cores")
        print(f"{'':28}{'304s':>8}{'CPU µs/poll':>13}{'polls/s':>9}{'RSS MB':>8}{'anon MB':>9}{'peak MB':>9}")
        for row, title in TITLES.items():
            count = (
                min(options.feeds, options.peer_feeds or options.feeds) if row == "reader" else options.feeds
            )
            run = subprocess.run(  # noqa: S603 - ourselves
                [sys.executable, __file__, "--row", row, "--feeds", str(count), *common],
                stdout=subprocess.PIPE, text=True, check=True,
            )  # fmt: skip
            found = json.loads(run.stdout.splitlines()[-1])
            if found is None:
                print(f"{title:28}{'not installed':>8}")
                continue
            print(
                f"{title:28}{found['polls']:>8,}{found['cpu_us']:>13,.0f}{count / found['seconds']:>9,.0f}"
                f"{found['rss']:>8.0f}{found['anonymous']:>9.0f}{found['peak']:>9.0f}"
            )
    finally:
        server.terminate()
        server.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
