"""Articles per second from a folder of pages to stored decisions, beside a bare loop of feedparser and trafilatura.

    python bench/pipeline.py --data DIR [--repeat 5] [--workers 2]

DIR holds `html/*.html.gz` (or `*.html`). Each page is written `--repeat` times, so that later rounds meet known text,
as a daemon does. Printed: throughput of both, the share of CPU that is not extraction (the main process's, its start
taken off), and the peak memory of the main process and of a worker. psutil is needed (the `bench` extra).
"""

from __future__ import annotations

import argparse
import gzip
import io
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from xml.sax.saxutils import escape

import psutil

CONFIG = """\
[watcher]
database = "watcher.db"
workers = {workers}
threads = {threads}

[[folders]]
name = "Pages"
path = "pages"

[concepts]
state = ["government", "minister*", "police", "court*"]

[[watchlists]]
name = "One"
any = ["@state"]
all = ["arrest*"]
near = 30
channels = ["out"]
max_per_hour = 100000

[[watchlists]]
name = "Two"
query = '(company OR market*) NEAR/20 (bank OR "central bank")'
channels = ["out"]
max_per_hour = 100000

[[watchlists]]
name = "Three"
any = ["research*", "study"]
all = ["health"]
channels = ["out"]
max_per_hour = 100000

[[channels]]
name = "out"
type = "maildir"
path = "out"
"""


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of the daemon cost."""

    wall: float
    main_cpu: float
    worker_cpu: float
    main_peak: int
    worker_peak: int
    last: str
    judging: float
    """Seconds from the first stored decision to the last."""


def pages(data: Path) -> list[bytes]:
    """The pages, decompressed."""
    folder = data / "html" if (data / "html").is_dir() else data
    found = sorted(folder.glob("*.html*"))
    if not found:
        raise SystemExit(f"no *.html or *.html.gz below {data}")
    return [gzip.decompress(p.read_bytes()) if p.suffix == ".gz" else p.read_bytes() for p in found]


def bare(bodies: list[bytes]) -> float:
    """CPU-bound seconds of the plain loop: feedparser on a feed of the pages, trafilatura on each."""
    items = "".join(
        f"<item><guid>{n}</guid><title>Page {n}</title><link>http://example.org/{escape(str(n))}</link></item>"
        for n in range(len(bodies))
    )
    feed = f'<?xml version="1.0"?><rss version="2.0"><channel><title>Pages</title>{items}</channel></rss>'
    import feedparser  # noqa: PLC0415 - what is measured
    import trafilatura  # noqa: PLC0415

    trafilatura.extract(bodies[0])
    start = time.perf_counter()
    entries = feedparser.parse(io.BytesIO(feed.encode())).entries
    for _, body in zip(entries, bodies, strict=True):
        trafilatura.extract(body)
    return time.perf_counter() - start


def daemon(folder: Path) -> Run:
    """Run the daemon in `folder` until it is idle, watching its processes."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    start = time.perf_counter()
    process = psutil.Popen(
        [sys.executable, "-m", "watcher", "run", "--until-idle"],
        cwd=folder,
        env=environment,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    cpu: dict[int, float] = {}
    peak: dict[int, int] = {}
    while process.poll() is None:
        for each in [process, *_children(process)]:
            try:
                times = each.cpu_times()
                cpu[each.pid] = times.user + times.system
                peak[each.pid] = max(peak.get(each.pid, 0), each.memory_info().rss)
            except (psutil.NoSuchProcess, psutil.ZombieProcess):
                continue
        time.sleep(0.05)
    wall = time.perf_counter() - start
    said = process.stderr.read().strip().splitlines() if process.stderr else []
    return Run(
        wall=wall,
        main_cpu=cpu.pop(process.pid, 0.0),
        worker_cpu=sum(cpu.values()),
        main_peak=peak.pop(process.pid, 0),
        worker_peak=max(peak.values(), default=0),
        last=said[-1] if said else "",
        judging=_judging(folder / "watcher.db"),
    )


def _judging(database: Path) -> float:
    connection = sqlite3.connect(database)
    first, last = connection.execute("select min(found), max(found) from articles").fetchone()
    connection.close()
    return (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds() if first else 0.0


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="a folder with html/*.html.gz")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=32)
    options = parser.parse_args()
    bodies = pages(options.data) * options.repeat
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "pages").mkdir()
        config = CONFIG.format(workers=options.workers, threads=options.threads)
        (folder / "config.toml").write_text(config)
        idle = daemon(folder)
        for number, body in enumerate(bodies):
            (folder / "pages" / f"{number:06}.html").write_bytes(body)
        busy = daemon(folder)
    loop = bare(bodies)
    count = len(bodies)
    rate, floor = count / busy.judging, count / loop
    own = busy.main_cpu - idle.main_cpu
    extraction = busy.worker_cpu - idle.worker_cpu
    print(f"{count} articles ({options.repeat} rounds), {options.workers} workers: {busy.last}")
    print(f"bare feedparser + trafilatura, one core  {floor:8.1f} articles/s")
    print(f"watcher, folder to stored decision       {rate:8.1f} articles/s   ratio {rate / floor:.2f}")
    print(
        f"  wall time in all {busy.wall:.1f} s: start {idle.wall:.1f} s, two looks 2 s, judging {busy.judging:.1f} s"
    )
    print(
        f"CPU an article: workers {extraction / count * 1e3:.1f} ms, main process {own / count * 1e3:.1f} ms; "
        f"not extraction: {own / (own + extraction):.1%}"
    )
    print(
        f"peak memory: main process {busy.main_peak / 2**20:.0f} MB, a worker {busy.worker_peak / 2**20:.0f} MB"
    )


if __name__ == "__main__":
    main()
