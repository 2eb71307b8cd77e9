"""What watcher costs when there is nothing to do: CPU and memory of all its processes over some minutes.

    python bench/idle.py [--feeds 100] [--minutes 3] [--workers 2] [--every 1m]

The real daemon watches feeds that answer 304 on loopback (first with ten
entries each, which it reads before anything is measured) and one folder that
stays empty. A feed is asked every minute, fifteen times as often as usual, so
that some minutes show every feed. CPU is a share of one core; memory is what each process holds
(USS: pages nobody else has, which is what ending it would give back). psutil
is needed (the `bench` extra).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, cast

import psutil
from poll import addresses, free_port

CONFIG = """\
[watcher]
database = "watcher.db"
every = "{every}"
workers = {workers}

[net]
allow = ["127.0.0.0/8"]

[[folders]]
name = "Inbox"
path = "inbox"

[[watchlists]]
name = "Harbour"
any = ["envoy", "harbour*"]
channels = ["box"]

[[channels]]
name = "box"
type = "maildir"
path = "box"

"""
SERVER = Path(__file__).with_name("poll.py")
HOSTS = 50
SETTLED = 300
"""Seconds that the first polls may take."""


def settle(daemon: psutil.Popen, log: Path, feeds: int) -> None:
    """Wait until every feed was read and the daemon has used next to nothing for some seconds."""
    deadline = time.monotonic() + SETTLED
    spent = -1.0
    while time.monotonic() < deadline:
        if daemon.poll() is not None:
            raise SystemExit(f"watcher ended: {log.read_text()[-2000:]}")
        before, spent = spent, used(daemon)
        if before >= 0 and spent - before < 0.1:
            return
        time.sleep(5)
    raise SystemExit(f"still at work on {feeds} feeds after {SETTLED} s")


def family(daemon: psutil.Popen) -> list[psutil.Process]:
    """The daemon and its workers."""
    return [psutil.Process(daemon.pid), *daemon.children(recursive=True)]


def used(daemon: psutil.Popen) -> float:
    """CPU seconds of all its processes so far."""
    return sum(sum(process.cpu_times()[:2]) for process in family(daemon))


def main() -> None:
    """Start the feeds and the daemon, wait, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--feeds", type=int, default=100)
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--every", default="1m")
    options = parser.parse_args()
    port = free_port()
    server = subprocess.Popen(  # noqa: S603
        [sys.executable, str(SERVER), "--row", "server", "--hosts", str(HOSTS), "--port", str(port)],
        stdout=subprocess.PIPE,
        text=True,
    )
    cast("IO[str]", server.stdout).readline()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "inbox").mkdir()
        (folder / "config.toml").write_text(
            CONFIG.format(every=options.every, workers=options.workers)
            + "".join(
                f'[[feeds]]\nname = "Feed {number}"\nurl = "{url}"\n\n'
                for number, url in enumerate(addresses(options.feeds, HOSTS, port))
            )
        )
        with (folder / "log").open("w") as log:
            daemon = psutil.Popen(
                [sys.executable, "-m", "watcher", "--config", str(folder / "config.toml"), "run"],
                stdout=log,
                stderr=log,
                cwd=Path(__file__).parents[1],
            )
            try:
                settle(daemon, folder / "log", options.feeds)
                spent, began = used(daemon), time.monotonic()
                time.sleep(options.minutes * 60)
                spent, took = used(daemon) - spent, time.monotonic() - began
                print(
                    f"{options.feeds} feeds every {options.every}, one folder, {took:.0f} s: {spent:.2f} s of CPU"
                )
                print(f"  {spent / took:.2%} of one core")
                for process in family(daemon):
                    held = process.memory_full_info()
                    print(
                        f"  {held.uss / 2**20:6.0f} MB own, {held.rss / 2**20:6.0f} MB RSS  {name(process)}"
                    )
            finally:
                daemon.terminate()
                daemon.wait()
                server.terminate()
                server.wait()


def name(process: psutil.Process) -> str:
    """What a process is for, as its command line tells."""
    line = " ".join(process.cmdline())
    if "forkserver" in line:
        return "server of the workers, or a worker"
    return "resource tracker" if "resource_tracker" in line else "watcher"


if __name__ == "__main__":
    main()
