"""A daemon's life as its manager and its neighbours see it: alone on its store, stopped, reloaded, watched, cut off."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest

from tests.conftest import CONFIG, PROJECT, run_process
from tests.faults import paper
from tests.servers import Reply, Server, serve

ARTICLE = "An officer defected from North Korea in early May, three traders at the river said this week."
GRACE = 10.0

RUN = "from watcher.__main__ import main; main()"
TERMINAL = '\n[[channels]]\nname = "terminal"\ntype = "console"\n'
BASE = CONFIG.replace('channels = ["outbox"]', 'channels = ["terminal"]') + TERMINAL


class Life:
    """A daemon, the socket on which it speaks to its manager, and what it says."""

    def __init__(self, folder: Path, *, watchdog: float | None = None, code: str = RUN) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(folder / "notify"))
        self.said: list[str] = []
        self.log: list[str] = []
        environment = os.environ | {
            "NOTIFY_SOCKET": str(folder / "notify"),
            "PYTHONPATH": os.pathsep.join((str(PROJECT), os.environ.get("PYTHONPATH", ""))),
        }
        if watchdog is not None:
            environment["WATCHDOG_USEC"] = str(int(watchdog * 1e6))
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, "run"],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self._spoke = threading.Condition()
        streams = ((self.process.stdout, self.said), (self.process.stderr, self.log))
        self._readers = [threading.Thread(target=self._read, args=each) for each in streams]
        for reader in self._readers:
            reader.start()

    def _read(self, stream, lines: list[str]) -> None:
        for line in stream:
            with self._spoke:
                lines.append(line)
                self._spoke.notify_all()

    def hear(self, what: str, seconds: float = 30.0) -> bool:
        """Wait until the manager is told `what`; False if there was silence of so many seconds before."""
        self._socket.settimeout(seconds)
        try:
            while what not in self._socket.recv(4096).decode().splitlines():
                pass
        except TimeoutError:
            return False
        return True

    def heard(self) -> set[str]:
        """What the manager was told and has not read yet."""
        told: set[str] = set()
        self._socket.settimeout(0.01)
        while True:
            try:
                told |= set(self._socket.recv(4096).decode().splitlines())
            except TimeoutError:
                return told

    def wait(self, lines: list[str], what: str, seconds: float = 30.0) -> str:
        """The first line with `what` in it, as soon as there is one."""

        def found() -> str | None:
            return next((line for line in lines if what in line), None)

        with self._spoke:
            line = self._spoke.wait_for(found, seconds)
        assert line, f"{what!r} was never said, but: {''.join(lines)}"
        return line

    def stop(self, number: int = signal.SIGTERM) -> float:
        """Signal it to stop; the seconds it took. Its exit status must be 0."""
        began = time.monotonic()
        self.process.send_signal(number)
        assert self.process.wait(60) == 0, "".join(self.log)
        return time.monotonic() - began

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for reader in self._readers:
            reader.join()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        self._socket.close()


@contextmanager
def life(
    folder: Path, config: str = BASE, *, watchdog: float | None = None, code: str = RUN
) -> Iterator[Life]:
    (folder / "inbox").mkdir(exist_ok=True)
    (folder / "config.toml").write_text(config, encoding="utf-8")
    (folder / "notify").unlink(missing_ok=True)
    made = Life(folder, watchdog=watchdog, code=code)
    try:
        assert made.hear("READY=1"), "".join(made.log)
        yield made
    finally:
        made.close()


# --------------------------------------------------------------------------- one on a store


def test_a_second_daemon_is_refused_and_the_first_goes_on(tmp_path):
    with life(tmp_path) as first:
        second = run_process("run", "--until-idle", cwd=tmp_path)
        assert second.returncode != 0
        assert f"another watcher (process {first.process.pid}) already runs on" in second.stderr
        assert "watcher.db" in second.stderr
        assert "stop it first" in second.stderr
        assert "Traceback" not in second.stderr
        (tmp_path / "inbox" / "a.txt").write_text(ARTICLE, encoding="utf-8")
        assert first.wait(first.said, "NEW")
        first.stop()
    assert run_process("run", "--once", cwd=tmp_path).returncode == 0


def test_the_lock_of_a_killed_daemon_is_free(tmp_path):
    with life(tmp_path) as first:
        first.process.kill()
        first.process.wait()
    assert run_process("run", "--once", cwd=tmp_path).returncode == 0


# --------------------------------------------------------------------------- stopped in the middle


SLOW = """\
[net]
allow = ["127.0.0.0/8"]

[[feeds]]
name = "Paper"
url = "{feed}"
every = "1s"
text = "page"
"""


def slow(server: Server, channels: dict[str, str]) -> str:
    """A desk that reads pages and tells these channels, each given by its settings."""
    names = str(list(channels)).replace("'", '"')
    config = CONFIG.replace('channels = ["outbox"]', f"channels = {names}").replace("near = 30", "")
    config += SLOW.format(feed=server.url("/feed"))
    return config + "".join(f'\n[[channels]]\nname = "{name}"\n{text}\n' for name, text in channels.items())


def publish(server: Server, *numbers: int) -> None:
    entries = [
        paper.entry(
            number, matches=number > 0, base=server.url("/page"), published=format_datetime(datetime.now(UTC))
        )
        for number in numbers
    ]
    server.script("/feed", Reply(body=paper.feed(*entries)))


def test_sigterm_while_everything_hangs_ends_in_time_and_leaves_it_due(tmp_path):
    program = "print(1, file=open('called', 'w')); import time; time.sleep(20)"
    with serve() as server, _mute_server() as (port, called):
        publish(server, 0)
        desk = f'type = "email"\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\n'
        desk += 'from = "watcher@example.org"\nto = ["desk@example.org"]'
        hanging = {
            "hook": f'type = "webhook"\nurl = "{server.url("/hook")}"',
            "desk": desk,
            "program": f'type = "command"\ncommand = {[sys.executable, "-c", program]!r}',
        }
        server.script("/hook", Reply(hold=threading.Event()))
        server.script("/page/0", Reply(body=b"<p>Nothing.</p>", type="text/html"))
        server.script("/page/1", Reply(hold=threading.Event()))
        server.script("/page/2", _page(2))
        _poll_first(tmp_path, slow(server, hanging))
        publish(server, 1, 2)
        with life(tmp_path, slow(server, hanging)) as daemon:
            assert server.wait("/page/1", 1)
            assert server.wait("/hook", 1)
            assert called.wait(20)
            _until((tmp_path / "called").exists)
            assert daemon.stop() < GRACE
            assert "STOPPING=1" in daemon.heard()
        assert _states(tmp_path) == {"due": 3}
        server.script("/page/1", _page(1))
        server.script("/hook", Reply(status=200))
        mended = hanging | {
            "desk": 'type = "maildir"\npath = "desk"',
            "program": 'type = "command"\ncommand = ["true"]',
        }
        (tmp_path / "config.toml").write_text(slow(server, mended), encoding="utf-8")
        assert run_process("run", "--until-idle", cwd=tmp_path).returncode == 0
        assert _states(tmp_path) == {"done": 6}


def _page(number: int) -> Reply:
    said = f"<html><body><article><p>{paper.text(number, matches=True)}</p></article></body></html>"
    return Reply(body=said.encode(), type="text/html")


def _poll_first(folder: Path, config: str) -> None:
    """The feed's first poll, after which its entries are news."""
    (folder / "inbox").mkdir()
    (folder / "config.toml").write_text(config, encoding="utf-8")
    first = run_process("run", "--once", cwd=folder)
    assert first.returncode == 0, first.stderr


def _states(folder: Path) -> dict[str, int]:
    with closing(sqlite3.connect(folder / "watcher.db")) as connection:
        return dict(connection.execute("select state, count(*) from deliveries group by state").fetchall())


@contextmanager
def _mute_server() -> Iterator[tuple[int, threading.Event]]:
    """A port that takes connections and never says a word; the event tells that one came."""
    called = threading.Event()
    taken: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            with suppress(OSError):  # closed: the test is over
                while True:
                    taken.append(listener.accept()[0])
                    called.set()

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield listener.getsockname()[1], called
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            for connection in taken:
                connection.close()


def _until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    """Look until it is so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came"
        threading.Event().wait(0.01)


def test_a_manager_that_reads_nothing_keeps_it_from_neither_work_nor_its_end(tmp_path):
    with life(tmp_path) as daemon:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
            other.setblocking(False)
            other.connect(str(tmp_path / "notify"))
            with suppress(BlockingIOError):
                while True:
                    other.send(b"STATUS=full")
        daemon.process.send_signal(signal.SIGHUP)
        assert daemon.wait(daemon.log, "config taken anew")
        assert daemon.stop() < GRACE


# --------------------------------------------------------------------------- reloaded


def test_sighup_takes_a_new_watchlist(tmp_path):
    with life(tmp_path) as daemon:
        more = '\n[[watchlists]]\nname = "Harvest"\nany = ["harvest"]\nchannels = ["terminal"]\n'
        (tmp_path / "config.toml").write_text(BASE + more, encoding="utf-8")
        daemon.process.send_signal(signal.SIGHUP)
        assert daemon.hear("RELOADING=1")
        assert daemon.hear("READY=1")
        (tmp_path / "inbox" / "a.txt").write_text("The harvest failed in two counties.", encoding="utf-8")
        assert daemon.wait(daemon.said, "Harvest")
        daemon.stop()
    assert "config taken anew: 1 source, 2 watchlists" in "".join(daemon.log)


@pytest.mark.parametrize("content", ["", "# saved in a moment\n", None])
def test_sighup_while_the_config_is_empty_or_gone_keeps_the_old_one(tmp_path, content):
    with life(tmp_path) as daemon:
        if content is None:
            (tmp_path / "config.toml").unlink()
        else:
            (tmp_path / "config.toml").write_text(content, encoding="utf-8")
        daemon.process.send_signal(signal.SIGHUP)
        assert daemon.wait(daemon.log, "the old one stays in force")
        (tmp_path / "inbox" / "a.txt").write_text(ARTICLE, encoding="utf-8")
        assert daemon.wait(daemon.said, "NEW")
        daemon.stop()
    assert ":0:0:" not in "".join(daemon.log)


def test_sighup_with_a_mistake_names_the_line_and_the_old_config_goes_on(tmp_path):
    with life(tmp_path) as daemon:
        wrong = BASE.replace("near = 30", "nearr = 30")
        line = wrong[: wrong.index("nearr")].count("\n") + 1
        (tmp_path / "config.toml").write_text(wrong, encoding="utf-8")
        daemon.process.send_signal(signal.SIGHUP)
        assert daemon.wait(daemon.log, f"config.toml:{line}:")
        assert "the old one stays in force" in "".join(daemon.log)
        (tmp_path / "inbox" / "a.txt").write_text(ARTICLE, encoding="utf-8")
        assert daemon.wait(daemon.said, "NEW")
        daemon.stop()


# --------------------------------------------------------------------------- watched


IMPATIENT = "import watcher.engines.embedded as e; e.STUCK = 0.5; " + RUN


def test_the_watchdog_is_fed_while_there_is_progress_and_only_then(tmp_path):
    with life(tmp_path, watchdog=0.6, code=IMPATIENT) as daemon:
        assert daemon.hear("WATCHDOG=1")
        with closing(sqlite3.connect(tmp_path / "watcher.db", isolation_level=None)) as other:
            # no write gets through: the loop cannot claim what is due
            other.execute("begin immediate")
            (tmp_path / "inbox" / "a.txt").write_text(ARTICLE, encoding="utf-8")
            _until(lambda: not daemon.hear("WATCHDOG=1", 1.5))
            other.execute("rollback")
        assert daemon.hear("WATCHDOG=1")
        assert daemon.wait(daemon.said, "NEW")
        daemon.stop()
        assert "STOPPING=1" in daemon.heard()


HASTY = """
import datetime
import watcher.engines.embedded as engine, watcher.stores.sqlite.connection as connection
connection.BUSY = 100
engine.POLL_LEASE = datetime.timedelta(seconds=1)
"""
"""What a poll could not keep is due again soon."""


def test_a_database_that_takes_nothing_for_a_while_ends_no_daemon_and_costs_no_alert(tmp_path):
    with life(tmp_path, watchdog=0.6, code=HASTY + RUN) as daemon:
        with closing(sqlite3.connect(tmp_path / "watcher.db", isolation_level=None)) as other:
            other.execute("begin immediate")
            (tmp_path / "inbox" / "a.txt").write_text(ARTICLE, encoding="utf-8")
            assert daemon.wait(daemon.log, "watcher.db cannot be used: database is locked; nothing is asked")
            more = '\n[[watchlists]]\nname = "Harvest"\nany = ["harvest"]\nchannels = ["terminal"]\n'
            (tmp_path / "config.toml").write_text(BASE + more, encoding="utf-8")
            daemon.process.send_signal(signal.SIGHUP)
            assert daemon.hear("RELOADING=1")
            assert daemon.hear("READY=1")
            other.execute("rollback")
        assert daemon.wait(daemon.log, "the database can be used again")
        assert daemon.wait(daemon.said, "NEW")
        (tmp_path / "inbox" / "b.txt").write_text("The harvest failed in two counties.", encoding="utf-8")
        assert daemon.wait(daemon.said, "Harvest")
        daemon.stop()
    assert "Traceback" not in "".join(daemon.log)


OFTEN = """
from apscheduler.triggers.interval import IntervalTrigger
engine.IntervalTrigger = lambda **every: IntervalTrigger(seconds=0.1)
"""
"""What is done by the hour is done all the time."""


def test_jobs_over_a_database_that_takes_nothing_say_so_in_a_line_each_and_go_on_when_it_does(tmp_path):
    with life(tmp_path, code=HASTY + OFTEN + RUN) as daemon:
        with closing(sqlite3.connect(tmp_path / "watcher.db", isolation_level=None)) as other:
            other.execute("begin immediate")
            assert daemon.wait(daemon.log, "upkeep: the database")
            other.execute("rollback")
        (tmp_path / "inbox" / "a.txt").write_text(ARTICLE, encoding="utf-8")
        assert daemon.wait(daemon.said, "NEW")
        daemon.stop()
    assert "Traceback" not in "".join(daemon.log)


FULL = """
import watcher.stores.sqlite as s
connect = s.connect
def full(path, **how):
    connection = connect(path, **how)
    pages, = connection.execute("pragma page_count").fetchone()
    connection.execute(f"pragma max_page_count = {pages + 4}")
    return connection
s.connect = full
"""
"""The disk is full a few pages on."""


def test_an_article_that_a_full_disk_kept_from_being_judged_has_lost_no_try(tmp_path):
    with life(tmp_path) as daemon:
        daemon.stop()
    with life(tmp_path, code=FULL + RUN) as daemon:
        (tmp_path / "inbox" / "a.txt").write_text(f"{ARTICLE}\n\n{'a ' * 100_000}", encoding="utf-8")
        assert daemon.wait(daemon.log, "watcher.db cannot be used: database or disk is full")
        daemon.stop()
    with life(tmp_path) as daemon:
        assert daemon.wait(daemon.said, "NEW")
        daemon.stop()


CLOCK = """
import datetime, pathlib
import apscheduler.executors.base, apscheduler.schedulers.base, apscheduler.triggers.interval
import watcher.engines.embedded

class Wrong(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.datetime.now(tz) + datetime.timedelta(hours=int(pathlib.Path("ahead").read_text() or 0))

for module in (apscheduler.executors.base, apscheduler.schedulers.base, apscheduler.triggers.interval,
               watcher.engines.embedded):
    module.datetime = Wrong
"""
"""The wall clock as many hours ahead as stands in a file, for the daemon and for what rings its bells."""


def test_a_clock_set_back_by_hours_stops_neither_the_work_nor_the_watchdogs_food(tmp_path):
    (tmp_path / "ahead").write_text("9")
    with life(tmp_path, watchdog=3, code=CLOCK + RUN) as daemon:
        assert daemon.hear("WATCHDOG=1")
        (tmp_path / "ahead").write_text("0")
        assert daemon.wait(daemon.log, "the clock was set back by 9 hours")
        (tmp_path / "inbox" / "a.txt").write_text(ARTICLE, encoding="utf-8")
        assert daemon.wait(daemon.said, "NEW")
        daemon.heard()
        assert daemon.hear("WATCHDOG=1")
        daemon.stop()


def test_a_daemon_that_starts_after_its_clock_was_set_back_polls_at_once(tmp_path):
    (tmp_path / "ahead").write_text("9")
    with life(tmp_path, code=CLOCK + RUN) as daemon:
        (tmp_path / "inbox" / "a.txt").write_text(ARTICLE, encoding="utf-8")
        assert daemon.wait(daemon.said, "NEW")
        daemon.stop()
    with life(tmp_path) as daemon:
        (tmp_path / "inbox" / "b.txt").write_text(ARTICLE.replace("officer", "envoy") * 2, encoding="utf-8")
        assert daemon.wait(daemon.log, "Tips: 1 new")
        daemon.stop()


# --------------------------------------------------------------------------- cut off


def test_without_a_network_it_names_the_feeds_and_serves_the_folder(tmp_path):
    feeds = '\n[net]\nallow = ["127.0.0.0/8"]\n'
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]  # nobody listens there any more when the daemon asks
    for name, url in (("Closed", f"http://127.0.0.1:{port}/feed"), ("Nowhere", "http://feed.invalid/rss")):
        feeds += f'\n[[feeds]]\nname = "{name}"\nurl = "{url}"\n'
    with life(tmp_path, BASE + feeds) as daemon:
        for name in ("Closed", "Nowhere"):
            assert daemon.wait(daemon.log, f"{name}: ")
        (tmp_path / "inbox" / "a.txt").write_text(ARTICLE, encoding="utf-8")
        assert daemon.wait(daemon.said, "NEW")
        daemon.stop()
    sources = run_process("sources", cwd=tmp_path).stdout
    assert "Nowhere" in sources


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_daemon_ends_at_once_with_0(tmp_path, number):
    with life(tmp_path) as daemon:
        assert daemon.stop(number) < 3
