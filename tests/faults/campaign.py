"""The kill campaign: the daemon dies by SIGKILL at every point of a run and at random times; then what came is counted.

    python -m tests.faults.campaign                    # 500 points, 500 random times, and the control
    python -m tests.faults.campaign --points 50 --random 50

Each kill has a folder of its own, in which the daemon is killed, started
again, and let finish. The control splits the transaction that decides an
article from the one that owes its alert: the campaign must find losses there.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from tests.conftest import PROJECT
from tests.faults import paper
from tests.faults.receivers import Receivers, receivers
from tests.servers import Reply
from watcher.stores.sqlite import SqliteStore

CONFIG = """\
[watcher]
database = "watcher.db"
timezone = "UTC"
group_wait = "0s"
workers = 1
threads = 4
every = "1s"

[net]
allow = ["127.0.0.0/8"]

[[feeds]]
name = "Paper"
url = "{paper}"

[[feeds]]
name = "Young"
url = "{young}"

[[folders]]
name = "Tips"
path = "{inbox}"
every = "0.1s"

[[watchlists]]
name = "Defections"
any = ["defected"]
all = ["North Korea"]
channels = ["desk", "hook", "box"]
max_per_hour = 1000

[[channels]]
name = "desk"
type = "email"
host = "127.0.0.1"
port = {smtp}
security = "none"
from = "watcher <watcher@example.org>"
to = ["{desk}"]

[[channels]]
name = "hook"
type = "webhook"
url = "{hook}"

[[channels]]
name = "box"
type = "maildir"
path = "box"
"""

NEWS = (1, 2)
SILENT = (3, 8)
PAGE = 4
YOUNG = (5, 6)
FILE = 7
EXPECTED = tuple(sorted(paper.title(n) for n in (*NEWS, PAGE, *YOUNG, FILE)))
"""What every channel must get: news from the feed, a page, a catch-up bundle of two, a file."""
PATIENCE = 3
"""How often time is let pass for what was put off."""
ROUND = 100
"""Kills at random times before the pace is measured again."""
PROGRESS = 50
"""A line of the table after so many runs."""


@dataclass(slots=True)
class Tally:
    """What a set of kills came to."""

    name: str
    runs: int = 0
    kills: int = 0
    expected: int = 0
    lost: int = 0
    twice: int = 0
    repeats: int = 0
    too_many_repeats: int = 0
    corrupt: int = 0
    failed: int = 0
    waited: int = 0
    """Runs in which something was put off (a receiver or worker too slow on a busy machine) and came later."""
    notes: list[str] = field(default_factory=list)
    where: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether nothing was lost, twice, corrupt, left over or repeated more than once a kill and channel."""
        return not (self.lost or self.twice or self.corrupt or self.failed or self.too_many_repeats)

    def line(self) -> str:
        """The table's row."""
        return (
            f"{self.name:<22}{self.runs:>6}{self.kills:>7}{self.expected:>10}{self.lost:>6}{self.twice:>7}"
            f"{self.repeats:>9}{self.too_many_repeats:>10}{self.corrupt:>9}{self.failed:>8}{self.waited:>8}"
        )


HEAD = (
    f"{'':<22}{'runs':>6}{'kills':>7}{'expected':>10}{'lost':>6}{'twice':>7}{'repeats':>9}{'too many':>10}"
    f"{'corrupt':>9}{'failed':>8}{'waited':>8}"
)


def _make_due(database: Path) -> None:
    """Every source is due at once: on an idle machine a run would end before a feed's second has passed."""
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("update sources set due = '2000-01-01T00:00:00.000000+00:00'")


class Campaign:
    """Servers, lanes, and a folder as every run begins: its feed polled once, so that its entries are news."""

    def __init__(self, there: Receivers, folder: Path, lanes: int) -> None:
        self._there = there
        self._folder = folder
        self._lanes = [_lane() for _ in range(lanes)]
        self._free = list(self._lanes)
        self._lock = threading.Lock()
        self._number = 0
        self._pool = ThreadPoolExecutor(lanes)
        inbox = folder / "inbox"
        inbox.mkdir()
        self._serve()
        self._seed = self._desk()
        self._finish(self._seed)
        _make_due(self._seed / "watcher.db")
        for number in (FILE, SILENT[1]):
            (inbox / f"{number}.txt").write_text(paper.file(number, matches=number == FILE), encoding="utf-8")
        self._publish()

    def close(self) -> None:
        """End the lanes."""
        self._pool.shutdown()
        for lane in self._lanes:
            assert lane.stdin is not None
            assert lane.stdout is not None
            lane.stdin.close()
            lane.wait(30)
            lane.stdout.close()

    # ------------------------------------------------------------- what is there to tell

    def _entry(self, number: int, *, matches: bool = True, words: int = 120) -> str:
        published = format_datetime(datetime.now(UTC))
        base = self._there.server.url("/page")
        return paper.entry(number, matches=matches, base=base, published=published, words=words)

    def _serve(self) -> None:
        server = self._there.server
        server.script("/paper", Reply(body=paper.feed(self._entry(0, matches=False))))
        server.script("/young", Reply(status=503))
        said = "".join(f"<p>{part}.</p>" for part in paper.text(PAGE, matches=True).rstrip(".").split(". "))
        page = f"<html><body><article>{said}</article></body></html>"
        server.script(f"/page/{PAGE}", Reply(body=page.encode(), type="text/html"))
        for number in YOUNG:
            server.script(f"/page/{number}", Reply(status=404))

    def _publish(self) -> None:
        entries = [self._entry(0, matches=False), *(self._entry(n) for n in NEWS)]
        entries += [self._entry(SILENT[0], matches=False), self._entry(PAGE, matches=False, words=24)]
        self._there.server.script("/paper", Reply(body=paper.feed(*entries)))
        self._there.server.script("/young", Reply(body=paper.feed(*(self._entry(n) for n in YOUNG))))

    # ------------------------------------------------------------- runs

    def _desk(self) -> Path:
        """A new folder with a config; its database as after the feed's first poll."""
        with self._lock:
            number, self._number = self._number, self._number + 1
        folder = self._folder / f"run-{number}"
        folder.mkdir()
        config = CONFIG.format(
            paper=self._there.server.url("/paper"),
            young=self._there.server.url("/young"),
            inbox=self._folder / "inbox",
            smtp=self._there.smtp,
            desk=f"{folder.name}@example.org",
            hook=self._there.hook(f"/{folder.name}"),
        )
        (folder / "config.toml").write_text(config, encoding="utf-8")
        if number:
            shutil.copy(self._seed / "watcher.db", folder)
        return folder

    def _order(self, folder: Path, **order: Any) -> dict[str, Any]:
        with self._lock:
            lane = self._free.pop()
        try:
            assert lane.stdin is not None
            assert lane.stdout is not None
            lane.stdin.write(json.dumps({"folder": str(folder), **order}) + "\n")
            lane.stdin.flush()
            answer: dict[str, Any] = json.loads(lane.stdout.readline())
            return answer
        finally:
            with self._lock:
                self._free.append(lane)

    def _finish(self, folder: Path, *, split: bool = False) -> dict[str, Any]:
        answer = self._order(folder, split=split)
        if answer["code"] != 0 or answer["hung"]:
            log = (folder / "log").read_text("utf-8", "replace")
            message = f"{folder.name} ended with {answer['code']}{' (hung)' * answer['hung']}: {log[-2000:]}"
            raise RuntimeError(message)
        return answer

    def trace(self, *, split: bool = False) -> tuple[list[str], float]:
        """A run that nobody kills: the points it passed, and its seconds. It must arrive whole, without repeats."""
        folder = self._desk()
        answer = self._finish(folder, split=split)
        whole = Tally("undisturbed")
        self._count(folder, 0, whole)
        if not whole.clean or whole.repeats:
            log = (folder / "log").read_text("utf-8", "replace")
            message = f"a run without kills is not whole: {whole.faults}\n{log[-3000:]}"
            raise RuntimeError(message)
        return json.loads(answer["told"]), answer["seconds"]

    def pace(self) -> float:
        """Seconds of an undisturbed run now, one on every lane at once: what random times are drawn from."""
        answers = list(self._pool.map(lambda _: self._finish(self._desk()), self._lanes))
        return sum(answer["seconds"] for answer in answers) / len(answers)

    def each(self, tally: Tally, kills: Sequence[Sequence[dict[str, Any]]], *, split: bool = False) -> Tally:
        """One folder for each of `kills`: the orders to die in, one start after the other; then it may finish."""
        lock = threading.Lock()

        def one(orders: Sequence[dict[str, Any]]) -> None:
            folder = self._desk()
            died = [self._order(folder, split=split, **order) for order in orders]
            killed = [answer for answer in died if answer["code"] == -9]
            failure = ""
            waited = 0
            try:
                self._finish(folder, split=split)
                while waited < PATIENCE and _let_time_pass(folder / "watcher.db"):
                    waited += 1
                    self._finish(folder, split=split)
            except RuntimeError as error:
                failure = str(error)
            with lock:
                tally.runs += 1
                tally.waited += bool(waited)
                if waited:
                    tally.notes.append((folder / "log").read_text("utf-8", "replace")[-1500:])
                tally.kills += len(killed)
                tally.where.update(
                    a["told"] if "at" in o else "any time"
                    for a, o in zip(died, orders, strict=True)
                    if a["code"] == -9
                )
                if failure:
                    tally.failed += 1
                    tally.faults.append(failure)
                self._count(folder, len(killed), tally)
                if tally.runs % PROGRESS == 0:
                    _say(tally.line())
            if not failure:
                shutil.rmtree(folder)

        list(self._pool.map(one, kills))
        return tally

    def _count(self, folder: Path, kills: int, tally: Tally) -> None:
        """Count what arrived from one folder, and look at its database."""
        box = [path for part in ("new", "cur") for path in (folder / "box" / part).glob("*")]
        titled = [(path.name, _titles(path)) for path in box]
        places = [(one.id, one.titles) for one in self._there.at(f"/{folder.name}")]
        mails = [(one.id, one.titles) for one in self._there.at(f"{folder.name}@example.org")]
        for name, arrived in (("hook", places), ("desk", mails), ("box", titled)):
            once = dict(arrived)
            titles = Counter(title for told in once.values() for title in told)
            lost = [title for title in EXPECTED if not titles[title]]
            twice = [title for title in titles if titles[title] > 1 or title not in EXPECTED]
            repeats = len(arrived) - len(once)
            tally.expected += len(EXPECTED)
            tally.lost += len(lost)
            tally.twice += len(twice)
            tally.repeats += repeats
            tally.too_many_repeats += repeats > kills
            if lost or twice or repeats > kills:
                log = (folder / "log").read_text("utf-8", "replace")[-1500:] if kills else ""
                tally.faults.append(
                    f"{folder.name} {name}: lost {lost}, twice {twice}, {repeats} repeats\n{log}"
                )
        problems = _look(folder / "watcher.db")
        if problems:
            tally.corrupt += 1
            tally.faults.append(f"{folder.name}: {problems}")


def _titles(path: Path) -> tuple[str, ...]:
    words = path.read_text("utf-8", "replace").split()
    return tuple(sorted({title for title in EXPECTED if any(word == title for word in words)}))


def _let_time_pass(database: Path) -> bool:
    """Make due now what was put off to a later try; False where nothing was. Nothing else of the store changes."""
    now = datetime.now(UTC).isoformat(timespec="microseconds")
    store = SqliteStore(database)
    try:
        connection = store._connection
        items = connection.execute(
            "update items set due = ? where state = 'pending' and due is not null", (now,)
        )
        owed = connection.execute(
            "update deliveries set due = ? where state = 'due' and due is not null", (now,)
        )
        connection.execute("update channels set retry = ? where retry is not null", (now,))
        # a feed whose poll failed (its entries are not items yet) is asked again, too
        failed = connection.execute("update sources set due = ? where failures > 0 and not gone", (now,))
        return bool(items.rowcount or owed.rowcount or failed.rowcount)
    finally:
        store.close()


def _look(database: Path) -> list[str]:
    """What is wrong with a database after a run."""
    store = SqliteStore(database)
    try:
        problems = list(store.read.check())
        connection = store._connection
        for what, question in (
            ("items judged twice", "select count(*) - count(distinct item) from articles"),
            ("articles twice", "select count(*) - count(distinct title) from articles"),
            ("left over", "select count(*) from deliveries where state not in ('done', 'bundled')"),
            ("leases left", "select count(*) from items where lease_until is not null"),
            ("items left", "select count(*) from items where state = 'pending'"),
        ):
            count = connection.execute(question).fetchone()[0]
            problems += [f"{count} {what}"] * bool(count)
        return problems
    finally:
        store.close()


def _lane() -> subprocess.Popen[str]:
    path = os.pathsep.join((str(PROJECT), os.environ.get("PYTHONPATH", "")))
    return subprocess.Popen(
        # not with -m: each worker would import the lane again as its main module
        [sys.executable, "-c", "from tests.faults.lane import serve; serve()"],
        cwd=PROJECT,
        env=os.environ | {"PYTHONPATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@contextmanager
def campaign(lanes: int = 2) -> Iterator[Campaign]:
    """A campaign ready to kill."""
    with tempfile.TemporaryDirectory() as folder, receivers() as there:
        made = Campaign(there, Path(folder), lanes)
        try:
            yield made
        finally:
            made.close()


# --------------------------------------------------------------------------- the plans


def spread(total: int, count: int) -> list[int]:
    """`count` numbers from 1 to `total`, evenly; all of them where there are no more."""
    return (
        sorted({1 + n * total // count for n in range(count)}) if count < total else list(range(1, total + 1))
    )


def at_points(points: int, count: int) -> list[list[dict[str, Any]]]:
    """`count` kills: at points from the first to the last, each followed by one at a point of the recovery."""
    # a recovery is shorter than a run: its points lie in the first half, and some are not reached even so
    return [[{"at": n}, {"at": 1 + n * 7 % (points // 2)}] for n in spread(points, (count + 1) // 2)]


def at_times(seconds: float, count: int, seed: int) -> list[list[dict[str, Any]]]:
    """Die at random times, up to three times in a row."""
    dice = random.Random(seed)
    plans: list[list[dict[str, Any]]] = []
    left = count
    while left > 0:
        times = min(left, dice.randint(1, 3))
        left -= times
        plans.append([{"after": dice.uniform(0.01, seconds)} for _ in range(times)])
    return plans


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaign and the control, and print the table; 0 where nothing was lost and the control found losses."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--points", type=int, default=500, help="kills at enumerated points, at least")
    parser.add_argument("--random", type=int, default=500, help="kills at random times, at least")
    parser.add_argument("--control", type=int, default=60, help="kills with the transaction split")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lanes", type=int, default=2)
    options = parser.parse_args(arguments)
    began = time.monotonic()
    with campaign(options.lanes) as made:
        points, seconds = made.trace()
        kinds = Counter(point.partition(",")[0] for point in points)
        _say(f"{len(points)} points in a run of {seconds:.1f} s: {_listed(kinds)}")
        _say(HEAD)
        enumerated = Tally("at each point")
        _until(enumerated, options.points, lambda left: made.each(enumerated, at_points(len(points), left)))
        _say(enumerated.line())
        timed = Tally("at random times")
        turn = iter(range(options.seed, 1000))
        _until(
            timed,
            options.random,
            lambda left: made.each(timed, at_times(made.pace(), min(left, ROUND), next(turn))),
        )
        _say(timed.line())
        control = Tally("control: split")
        split, _ = made.trace(split=True)
        made.each(control, [[{"at": n}] for n in spread(len(split), options.control)], split=True)
        _say(control.line())
    _say(f"killed: {_listed(Counter(where.partition(',')[0] for where in enumerated.where.elements()))}")
    for note in (*enumerated.notes[:3], *timed.notes[:3]):
        _say(f"put off:\n{note}")
    for fault in (*enumerated.faults[:20], *timed.faults[:20]):
        _say(fault)
    fine = enumerated.clean and timed.clean and (control.lost > 0 or not options.control)
    verdict = "nothing lost; the control was found out" if fine else "NOT FINE"
    _say(f"{verdict} ({(time.monotonic() - began) / 60:.1f} min, seed {options.seed})")
    return 0 if fine else 1


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _until(tally: Tally, kills: int, more: Callable[[int], object]) -> None:
    """Go on until there were so many kills: some points are not reached, some times come too late."""
    for _ in range(50):
        if tally.kills < kills:
            more(kills - tally.kills)


def _listed(kinds: Counter[str]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())


if __name__ == "__main__":
    sys.exit(main())
