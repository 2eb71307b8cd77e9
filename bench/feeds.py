"""Real feeds through the feed source: whether every entry arrives, and what it costs.

    python bench/feeds.py --data DIR

DIR holds feed bodies, gzipped (`*.gz`) or plain. Each is served on loopback,
polled twice through the real network door and worker processes, and compared
with what bare feedparser finds in the same bytes. Exit status 1 if anything
raised or was lost.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from watcher import urls
from watcher.model import Entry, WatcherError
from watcher.net import Net
from watcher.sandbox import Workers
from watcher.sources.feed import Feed, scan


class Handler(BaseHTTPRequestHandler):
    """Serves the bodies as they are, with the length of the body as ETag."""

    protocol_version = "HTTP/1.1"
    bodies: dict[str, tuple[bytes, bool]]

    def do_GET(self) -> None:
        """One body, or 304."""
        body, gzipped = self.bodies[self.path]
        etag = f'"{len(body)}"'
        known = self.headers.get("If-None-Match") == etag
        self.send_response(304 if known else 200)
        self.send_header("ETag", etag)
        if gzipped:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", "0" if known else str(len(body)))
        self.end_headers()
        if not known:
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


def expected(body: bytes) -> int:
    """How many entries with a link or text bare feedparser (or the JSON itself) finds."""
    import feedparser  # noqa: PLC0415 - not before the workers' forkserver

    if body.lstrip()[:1] == b"{":
        return len(json.loads(body).get("items", []))
    parsed = feedparser.parse(io.BytesIO(body))
    return sum(bool(e.get("link") or e.get("summary") or e.get("content")) for e in parsed.entries)


def faults(entries: tuple[Entry, ...], now: datetime) -> list[str]:
    """What no entry may be."""
    found = []
    for entry in entries:
        if entry.url is not None and urls.parts(entry.url) is None:
            found.append(f"not absolute: {entry.url!r}")
        if entry.published is not None and (entry.published.tzinfo is not UTC or entry.published > now):
            found.append(f"not a time in UTC up to the fetch: {entry.published}")
    keys = Counter(entry.key for entry in entries)
    return found + [f"key used {count} times: {key}" for key, count in keys.items() if count > 1]


def main() -> int:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    files = [
        path for path in sorted(parser.parse_args().data.iterdir()) if path.suffix in {".gz", ".xml", ".json"}
    ]
    Handler.bodies = {f"/{path.name}": (path.read_bytes(), path.suffix == ".gz") for path in files}
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}"

    net, workers = Net(allow=["127.0.0.1"]), Workers(2)
    figures: Counter[str] = Counter()
    bad: list[str] = []
    began = time.perf_counter()
    for path in files:
        how: dict[str, Any] = {"net": net, "workers": workers, "zone": ZoneInfo("Asia/Seoul")}
        now = datetime.now(UTC)
        feed = Feed(url=f"{address}/{path.name}")
        try:
            first = scan(feed, {}, now=now, **how)
            second = scan(feed, json.loads(json.dumps(first.cursor)), now=now, **how)
        except WatcherError as error:
            bad.append(f"{path.name}: raised {type(error).__name__}: {error}")
            continue
        figures.update(
            entries=len(first.entries),
            undated=sum(entry.published is None for entry in first.entries),
            textless=sum(not entry.text for entry in first.entries),
            linkless=sum(entry.url is None for entry in first.entries),
            problems=len(first.problems),
            unchanged=second.unchanged,
        )
        bad += [f"{path.name}: {fault}" for fault in faults(first.entries, now)]
        body, gzipped = Handler.bodies[f"/{path.name}"]
        wanted = expected(gzip.decompress(body) if gzipped else body)
        figures["expected"] += wanted
        if len(first.entries) < wanted:
            bad.append(f"{path.name}: {len(first.entries)} of {wanted} entries")
    took = time.perf_counter() - began
    workers.close()
    net.close()
    server.shutdown()

    print(f"feeds               {len(files)}")
    print(f"entries             {figures['entries']:,} (feedparser: {figures['expected']:,})")
    print(f"without date        {figures['undated']}")
    print(f"without text        {figures['textless']}")
    print(f"without link        {figures['linkless']}")
    print(f"second poll 304     {figures['unchanged']}")
    print(f"workers lost        {workers.lost}")
    print(f"seconds in all      {took:.1f} (with feedparser's own parse for the comparison)")
    print(f"faults              {len(bad)}")
    for fault in bad:
        print(f"  {fault}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
