"""Killed ten times in a run of 300 articles, the daemon still tells of each that it should, once."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

from tests.conftest import PROJECT, run_process
from tests.faults import paper
from tests.faults.receivers import Receivers, receivers
from tests.servers import Reply

ARTICLES = 300
IN_FEED = 150
EVERY_THIRD = 3

CONFIG = """\
[watcher]
database = "watcher.db"
timezone = "UTC"
group_wait = "0s"
workers = 1
threads = 4

[net]
allow = ["127.0.0.0/8"]

[[feeds]]
name = "Paper"
url = "{feed}"
every = "1s"
text = "feed"

[[folders]]
name = "Tips"
path = "inbox"
every = "0.2s"

[[watchlists]]
name = "Defections"
any = ["defected"]
all = ["North Korea"]
channels = ["desk", "hook"]
max_per_hour = 1000

[[channels]]
name = "desk"
type = "email"
host = "127.0.0.1"
port = {smtp}
security = "none"
from = "watcher <watcher@example.org>"
to = ["desk@example.org"]

[[channels]]
name = "hook"
type = "webhook"
url = "{hook}"
"""

KILLS = (
    ("articles", 10), ("articles", 20), ("articles", 30), ("hook", 4), ("desk", 7),
    ("hook", 10), ("desk", 12), ("hook", 15), ("desk", 10), ("hook", 12),
)  # fmt: skip
"""Kill when so many more articles are judged, requests or mails taken than when this daemon started."""


class Desk:
    """A folder with a config and a database, and the two receivers."""

    def __init__(self, folder: Path, there: Receivers) -> None:
        self.folder = folder
        self.there = there
        hook = there.hook("/hook")
        config = CONFIG.format(feed=there.server.url("/feed"), smtp=there.smtp, hook=hook)
        (folder / "config.toml").write_text(config, encoding="utf-8")
        (folder / "inbox").mkdir()

    def count(self, what: str) -> int:
        if what == "articles":
            return int(self.rows("select count(*) from articles")[0][0])
        return len(self.there.at("/hook" if what == "hook" else "desk@example.org"))

    def rows(self, sql: str) -> list[tuple]:
        with closing(sqlite3.connect(self.folder / "watcher.db")) as connection:
            return connection.execute(sql).fetchall()

    def publish(self) -> None:
        """300 articles, half in the feed, half in the folder; every third is one to tell of."""
        entries = []
        for number in range(1, ARTICLES + 1):
            matches = number % EVERY_THIRD == 0
            if number <= IN_FEED:
                entries.append(_entry(self.there, number, matches=matches))
            else:
                (self.folder / "inbox" / f"{number}.txt").write_text(
                    paper.file(number, matches=matches), encoding="utf-8"
                )
        self.there.server.script("/feed", Reply(body=paper.feed(*entries)))

    @contextmanager
    def daemon(self) -> Iterator[subprocess.Popen[bytes]]:
        """The daemon as a process; killed at the end of the block."""
        path = os.pathsep.join((str(PROJECT), os.environ.get("PYTHONPATH", "")))
        process = subprocess.Popen(
            [sys.executable, "-m", "watcher", "run"],
            cwd=self.folder,
            env=os.environ | {"PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait(10)


def _entry(there: Receivers, number: int, *, matches: bool) -> str:
    published = format_datetime(datetime.now(UTC))
    return paper.entry(number, matches=matches, base=there.server.url("/page"), published=published)


def _more(desk: Desk, what: str, more: int) -> Callable[[], bool]:
    aim = desk.count(what) + more
    return lambda: desk.count(what) >= aim


def test_ten_kills_in_a_run_of_300_articles_lose_nothing_and_repeat_no_id(tmp_path):
    with receivers() as there:
        desk = Desk(tmp_path, there)
        there.server.script("/feed", Reply(body=paper.feed(_entry(there, 0, matches=False))))
        assert run_process("run", "--until-idle", cwd=tmp_path).returncode == 0  # the feed's first poll
        desk.publish()
        for what, more in KILLS:
            reached = _more(desk, what, more)
            with desk.daemon() as process:
                assert there.wait(reached), f"{more} more {what} never came"
                assert process.poll() is None
        owed = desk.rows("select count(*) from deliveries where state = 'due'")[0][0]
        assert owed > 0, "the kills came when all was done"
        done = run_process("run", "--until-idle", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        _all_arrived_once(desk, kills=len(KILLS))
        _store_is_whole(desk)


def _all_arrived_once(desk: Desk, *, kills: int) -> None:
    expected = sorted(paper.title(number) for number in range(EVERY_THIRD, ARTICLES + 1, EVERY_THIRD))
    for place in ("/hook", "desk@example.org"):
        arrived = desk.there.at(place)
        once = {one.id: one.titles for one in arrived}
        assert sorted(title for titles in once.values() for title in titles) == expected
        assert len(arrived) - len(once) <= kills


def _store_is_whole(desk: Desk) -> None:
    check = run_process("check", "--database", cwd=desk.folder)
    assert check.returncode == 0, check.stdout + check.stderr
    assert "watcher.db: whole" in check.stdout
    assert desk.rows("select count(*), count(distinct item), count(distinct title) from articles") == [
        (ARTICLES + 1, ARTICLES + 1, ARTICLES + 1)
    ]
    assert desk.rows("select count(*) from deliveries where state <> 'done'") == [(0,)]
    assert desk.rows("select count(*) from items where lease_until is not null") == [(0,)]
