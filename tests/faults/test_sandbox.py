"""A worker that hangs, bursts or dies takes only its own task with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from watcher.model import Permanent, WorkerLost
from watcher.sandbox import Workers

SHORT = timedelta(milliseconds=300)


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    pool = Workers(2)
    yield pool
    pool.close()


def works(workers: Workers) -> bool:
    return workers.run(max, 3, 4) == 4


def test_a_task_gives_its_result_from_another_process(workers: Workers) -> None:
    assert workers.run(os.getpid) != os.getpid()


@pytest.mark.parametrize(
    ("function", "args", "reason"),
    [
        pytest.param(time.sleep, (60,), "out of time", id="it hangs"),
        pytest.param(bytearray, (4 << 30,), "out of memory", id="it wants more memory than it may"),
        pytest.param(signal.raise_signal, (signal.SIGSEGV,), "crashed (SIGSEGV)", id="a parser crashes"),
        pytest.param(signal.raise_signal, (signal.SIGKILL,), "killed from outside", id="the system kills it"),
        pytest.param(os._exit, (3,), "exit status 3", id="it ends itself"),
    ],
)
def test_a_lost_worker_is_named_by_its_cause_and_replaced(
    workers: Workers, function: object, args: tuple[object, ...], reason: str
) -> None:
    before = workers.lost
    with pytest.raises(WorkerLost) as lost:
        workers.run(function, *args, timeout=SHORT)  # type: ignore[arg-type]
    assert reason in lost.value.reason
    assert workers.lost == before + 1
    assert works(workers)


def test_a_worker_that_hangs_without_looking_at_python_is_killed_on_time(workers: Workers) -> None:
    begun = time.monotonic()
    with pytest.raises(WorkerLost, match="out of time"):
        workers.run(pow, 3, 1 << 30, timeout=SHORT)  # one long computation in C
    assert time.monotonic() - begun < 3


def test_failures_of_ours_come_as_they_are_and_others_as_permanent_with_their_traceback(
    workers: Workers,
) -> None:
    from watcher.extract import extract  # noqa: PLC0415

    with pytest.raises(Permanent, match="an image") as refused:
        workers.run(extract, b"\x89PNG\r\n\x1a\n")
    assert refused.value.tries == 1
    with pytest.raises(Permanent, match="ZeroDivisionError") as failed:
        workers.run(divmod, 1, 0)
    assert "Traceback" in str(failed.value.__cause__)
    with pytest.raises(Permanent, match="cannot be sent"):
        workers.run(memoryview, b"a view")
    assert works(workers)


def test_a_dead_idle_worker_costs_no_task(workers: Workers) -> None:
    assert works(workers)
    before = workers.lost
    for pid in workers.pids():
        os.kill(pid, signal.SIGKILL)
    assert works(workers)
    assert workers.lost == before


def test_kills_at_any_moment_lose_only_the_tasks_they_hit() -> None:
    """What broke a pool with one pipe for all: a worker killed in the middle of receiving 5 MB."""
    pool = Workers(2)
    data = bytes(3_000_000)
    stop = threading.Event()

    def kill() -> int:
        kills = 0
        while not stop.wait(0.05):
            for pid in pool.pids()[:1]:
                try:
                    os.kill(pid, signal.SIGKILL)
                    kills += 1
                except ProcessLookupError:
                    continue
        return kills

    def ask(_: int) -> bool:
        try:
            return bool(pool.run(len, data) == len(data))
        except WorkerLost:
            return False

    with ThreadPoolExecutor(5) as threads:
        killer = threads.submit(kill)
        answers = list(threads.map(ask, range(150)))
        stop.set()
        kills = killer.result()
    assert kills > 0
    assert answers.count(False) == pool.lost <= kills
    assert works(pool)
    pool.close()


def test_a_worker_is_replaced_after_its_share_of_tasks() -> None:
    pool = Workers(1, recycle=2)
    pids = [pool.run(os.getpid) for _ in range(5)]
    assert pids[0] == pids[1] != pids[2] == pids[3] != pids[4]
    pool.close()


def test_ctrl_c_and_sigterm_to_the_group_leave_a_task_alone(workers: Workers) -> None:
    with ThreadPoolExecutor(1) as thread:
        answer = thread.submit(workers.run, interrupted)
        assert answer.result(5) == "still here"


def interrupted() -> str:
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.raise_signal(name)
    return "still here"


def test_closing_ends_what_runs_and_refuses_what_comes() -> None:
    pool = Workers(1)
    assert works(pool)
    pid = pool.pids()[0]
    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(pool.run, time.sleep, 60)
        while not running.running():
            pass
        pool.close()
        with pytest.raises(WorkerLost):
            running.result(5)
    with pytest.raises(WorkerLost, match="closed"):
        pool.run(max, 1, 2)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_workers_do_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        "import os, signal\n"
        "from watcher.sandbox import Workers\n"
        "if __name__ == '__main__':\n"
        "    workers = Workers(1)\n"
        "    print(workers.run(os.getpid), flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(root)},
    )
    pid = int(done.stdout)
    deadline = time.monotonic() + 5
    while Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]:
        assert time.monotonic() < deadline, "the worker outlived its parent"
