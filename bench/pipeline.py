"""Articles per second from a folder of pages to stored decisions, beside a bare loop of feedparser and trafilatura.

    python bench/pipeline.py --data DIR [--repeat 5] [--workers 2]

DIR holds `html/*.html.gz` (or `*.html`). Each page is written `--repeat` times, so that later rounds meet known text,
as a daemon does. Printed: throughput of both by the clock, and by CPU (what as many cores as there are workers would
give if nothing else ran on them: the figure to go by on a shared machine); the CPU that is not extraction (the main
process's, its start taken off), as a share of what the bare loop takes and of the whole; and the peak memory of the
main process and of a worker, all of it and what is anonymous (a mapped database counts in the first,
and the system can take that back). psutil is needed (the `bench` extra).
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

FIRST = "<html><body><article>" + "<p>Die Brücke bleibt auch im Winter für alle gesperrt.</p>" * 20


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of the daemon cost."""

    wall: float
    main_cpu: float
    worker_cpu: float
    main_peak: int
    main_own: int
    """Anonymous memory of the main process at its peak, bytes."""
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


def bare(bodies: list[bytes]) -> tuple[float, float]:
    """Seconds of the plain loop, by the clock and of CPU: feedparser on a feed of the pages, trafilatura on each."""
    items = "".join(
        f"<item><guid>{n}</guid><title>Page {n}</title><link>http://example.org/{escape(str(n))}</link></item>"
        for n in range(len(bodies))
    )
    feed = f'<?xml version="1.0"?><rss version="2.0"><channel><title>Pages</title>{items}</channel></rss>'
    import feedparser  # noqa: PLC0415 - what is measured
    import trafilatura  # noqa: PLC0415

    trafilatura.extract(bodies[0])
    start, worked = time.perf_counter(), time.process_time()
    entries = feedparser.parse(io.BytesIO(feed.encode())).entries
    for _, body in zip(entries, bodies, strict=True):
        trafilatura.extract(body)
    return time.perf_counter() - start, time.process_time() - worked


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
    own = 0
    while process.poll() is None:
        for each in [process, *_children(process)]:
            try:
                times = each.cpu_times()
                cpu[each.pid] = times.user + times.system
                peak[each.pid] = max(peak.get(each.pid, 0), each.memory_info().rss)
                if each.pid == process.pid:
                    own = max(own, _anonymous(each.pid))
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
        main_own=own,
        worker_peak=max(peak.values(), default=0),
        last=said[-1] if said else "",
        judging=_judging(folder / "watcher.db"),
    )


def _judging(database: Path) -> float:
    connection = sqlite3.connect(database)
    # but for the one page of the first run
    first, last = connection.execute(
        "select min(found), max(found) from articles where id != (select id from articles"
        " order by found limit 1)"
    ).fetchone()
    connection.close()
    return (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds() if first else 0.0


def _anonymous(pid: int) -> int:
    """Bytes of memory of a process that no file stands behind; 0 where the system does not say (not Linux)."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith("Anonymous:"))


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
        # a page of its own that is not English, so that the start of a worker and its language model count as start
        (folder / "pages" / "first.html").write_text(FIRST)
        idle = daemon(folder)
        for number, body in enumerate(bodies):
            (folder / "pages" / f"{number:06}.html").write_bytes(body)
        busy = daemon(folder)
    loop, loop_cpu = bare(bodies)
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
    by_cpu = options.workers * loop_cpu / (own + extraction)
    print(
        f"CPU an article: workers {extraction / count * 1e3:.1f} ms, main process {own / count * 1e3:.1f} ms, "
        f"bare loop {loop_cpu / count * 1e3:.1f} ms; ratio by CPU on {options.workers} cores {by_cpu:.2f}"
    )
    print(
        f"not extraction: {own / loop_cpu:.1%} of the bare loop, {own / (own + extraction):.1%} of watcher's own CPU"
    )
    print(
        f"peak memory: main process {busy.main_peak / 2**20:.0f} MB ({busy.main_own / 2**20:.0f} MB anonymous), "
        f"a worker {busy.worker_peak / 2**20:.0f} MB"
    )


if __name__ == "__main__":
    main()
