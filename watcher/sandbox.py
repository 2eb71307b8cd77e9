"""The killable workers: processes that parse what strangers wrote, so that nothing else has to.

Each worker is a forked process with a pipe of its own, a wall-clock limit for
each task, a memory limit (`RLIMIT_AS`), and an end after `recycle` tasks,
because the parsers' caches grow. A task that is killed, or kills its worker,
loses only itself. The processes are forked from a forkserver that has the
parsers loaded, so the main process never loads them and a restart costs
0.02 s.

Why not a ready-made pool: they share one pipe and its locks between all
workers. A worker killed by the kernel (out of memory) while it holds them
broke pebble 5.2's pool at the second kill under 5 MB inputs, and left tasks
that never ended; besides, its polling threads cost 0.5 % of a core when idle.
A pipe for each worker has neither fault.
"""

from __future__ import annotations

import functools
import pickle
import queue
import select
import signal
import threading
import traceback
import weakref
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from watcher.model import Permanent, WatcherError, WorkerLost

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkServerProcess

TIMEOUT = timedelta(seconds=10)
MEMORY = 1 << 30
"""Bytes of address space; a worker with every parser loaded begins at 190 MB."""
RECYCLE = 1_000
GRACE = 5.0
"""Seconds after which a worker whose parent is gone ends itself in the middle of a task."""

PRELOAD = (
    "watcher.extract",
    "trafilatura",
    "trafilatura.metadata",
    "lxml.html",
    "feedparser",
    "py3langid.langid",
)
"""What the forkserver loads once for all workers. The rest (PDF, Word) is loaded by the worker that needs it."""

AHEAD = ("watcher.extract.warm",)
"""What it loads, too, where many documents are to come."""

_starting = threading.Lock()
"""multiprocessing reaps all its children whenever one starts; two threads at it misread exit codes."""


class RemoteTraceback(Exception):
    """Where in the worker an error arose, as text."""


@dataclass(frozen=True, slots=True)
class _Failure:
    """What a worker answers instead of a result. `error` is only ever one of watcher's own."""

    reason: str
    error: WatcherError | None = None
    trace: str = ""
    lost: bool = False
    """The worker ends itself after this answer."""


class Workers:
    """A fixed number of killable worker processes, started when first needed.

    `timeout` is the wall-clock limit of a task, `memory` a worker's address
    space in bytes, `recycle` the number of tasks after which a worker is
    replaced. `ahead` loads what many documents will want before the first
    (0.6 s). `lost` counts the tasks lost so far. Thread-safe.
    """

    def __init__(
        self,
        count: int = 2,
        *,
        timeout: timedelta = TIMEOUT,
        memory: int = MEMORY,
        recycle: int = RECYCLE,
        ahead: bool = False,
    ) -> None:
        self.count = count
        self.lost = 0
        self._timeout = timeout
        self._memory = memory
        self._recycle = recycle
        self._counting = threading.Lock()
        preload = PRELOAD + AHEAD if ahead else PRELOAD
        self._slots = tuple(_Slot(memory, preload) for _ in range(count))
        # Last in, first out: under light load one warm worker does all the work and the others are never started.
        self._idle: queue.LifoQueue[_Slot] = queue.LifoQueue()
        for slot in self._slots:
            self._idle.put(slot)
        _open.add(self)

    def run(self, function: Callable[..., Any], *args: Any, timeout: timedelta | None = None) -> Any:
        """`function(*args)`, run in a worker; blocks until there is one and it is done.

        `function` is a module-level function; it, its arguments and its
        result go through pickle. Raises `WorkerLost` that says why (time,
        memory, crash); the function's own `WatcherError`s as they are; any
        other error of it as `Permanent`, for the same input will fail again.
        """
        slot = self._idle.get()
        try:
            answer = slot.ask(function, args, timeout or self._timeout)
            if slot.done >= self._recycle:
                slot.stop()
        except (ConnectionResetError, BrokenPipeError) as error:
            with self._counting:
                self.lost += 1
            raise WorkerLost("two workers in a row died before they had read the task") from error
        except WorkerLost:
            with self._counting:
                self.lost += 1
            raise
        finally:
            self._idle.put(slot)
        if isinstance(answer, _Failure):
            raise _error(answer) from RemoteTraceback(answer.trace)
        return answer

    def close(self) -> None:
        """End every worker now; a task in one of them is lost (`WorkerLost`). Later calls of `run` raise it too."""
        for slot in self._slots:
            slot.close()

    def pids(self) -> tuple[int, ...]:
        """Process ids of the workers running now, for measuring."""
        return tuple(worker.process.pid or 0 for slot in self._slots if (worker := slot.worker) is not None)


def _error(failure: _Failure) -> WatcherError:
    return failure.error if failure.error is not None else Permanent(failure.reason)


@dataclass(slots=True)
class _Worker:
    process: ForkServerProcess
    connection: Connection[Any, Any]
    answered: select.poll
    """Watches the connection; the connection's own `poll` makes a selector for each question."""


class _Slot:
    """A place for one worker. Only the thread that holds the slot talks to it; `close` may come from any."""

    def __init__(self, memory: int, preload: tuple[str, ...]) -> None:
        self.worker: _Worker | None = None
        self.done = 0
        self._memory = memory
        self._preload = preload
        self._closed = threading.Event()

    def ask(self, function: Callable[..., Any], args: tuple[Any, ...], timeout: timedelta) -> Any:
        try:
            answer = self._exchange(function, args, timeout)
        except (ConnectionResetError, BrokenPipeError):
            # It died before it had read the task (a socket is reset when its end closes with bytes unread), so the
            # task is not to blame and has not run: once more.
            self.stop()
            answer = self._exchange(function, args, timeout)
        self.done += 1
        if isinstance(answer, _Failure) and answer.lost:
            self.stop()
            raise WorkerLost(answer.reason)
        return answer

    def _exchange(self, function: Callable[..., Any], args: tuple[Any, ...], timeout: timedelta) -> Any:
        """Give the worker the task and wait for its answer. A worker that is not there is started."""
        if self._closed.is_set():
            raise WorkerLost("the workers are closed")
        seconds = timeout.total_seconds()
        if self.worker is None:
            self.worker = _start(self._memory, self._preload)
            self.done = 0
            if self._closed.is_set():  # meanwhile
                self.stop()
                raise WorkerLost("the workers are closed")
        connection = self.worker.connection
        try:
            connection.send((function, args, seconds))
            answered = self.worker.answered.poll(1000 * seconds)
            answer = connection.recv() if answered else None
        except (ConnectionResetError, BrokenPipeError):
            raise
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            raise WorkerLost(_death(self.stop(wait=1.0), seconds)) from error
        if not answered:
            self.stop()
            raise WorkerLost(f"the worker ran out of time ({seconds:g} s) and was killed")
        return answer

    def close(self) -> None:
        """Kill the worker for good. From any thread: the pipe is left to the one that holds the slot."""
        self._closed.set()
        with _starting:
            if (worker := self.worker) is not None:
                worker.process.kill()
                worker.process.join()

    def stop(self, *, wait: float = 0.0) -> int | None:
        """Kill the worker, after up to `wait` seconds for it to end by itself; its exit code if it did."""
        with _starting:
            worker, self.worker = self.worker, None
            if worker is None:
                return None
            if wait:
                worker.process.join(wait)
            code = worker.process.exitcode
            worker.process.kill()
            worker.process.join()
            worker.process.close()
            worker.connection.close()
        return code


def _death(code: int | None, seconds: float) -> str:
    if code is None or code >= 0:
        return f"the worker ended in the middle of its task (exit status {code})"
    if -code == signal.SIGALRM:
        return f"the worker ran out of time ({seconds:g} s) and was killed"
    if -code == signal.SIGKILL:
        return "the worker was killed from outside (the system ran out of memory, most likely)"
    return f"the worker crashed ({signal.Signals(-code).name})"


def _start(memory: int, preload: tuple[str, ...]) -> _Worker:
    import multiprocessing  # noqa: PLC0415 - 30 ms that commands without workers do not pay

    context = multiprocessing.get_context("forkserver")
    _at_exit()
    with _starting:
        context.set_forkserver_preload(list(preload))
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, memory), name="watcher-worker", daemon=True)
        process.start()
    theirs.close()
    answered = select.poll()
    answered.register(ours.fileno(), select.POLLIN)
    return _Worker(process, ours, answered)


_open: weakref.WeakSet[Workers] = weakref.WeakSet()


@functools.cache
def _at_exit() -> None:
    """Have the workers killed when the interpreter ends, once and before multiprocessing waits for them.

    Its own farewell sends SIGTERM, which workers ignore, and would wait for ever.
    """
    import multiprocessing.util as farewell  # noqa: PLC0415 - as above

    farewell.Finalize(None, _close_all, exitpriority=100)


def _close_all() -> None:
    for workers in list(_open):
        workers.close()


# --------------------------------------------------------------------------- in the worker


def _serve(connection: Connection[Any, Any], memory: int) -> None:
    """Answer one task after the other until the parent closes the pipe or dies."""
    import resource  # noqa: PLC0415 - only workers need it

    # Ctrl-C and a service manager's SIGTERM reach the whole group; it is the parent that decides what is finished.
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    while True:
        try:
            function, args, seconds = connection.recv()
        except (EOFError, ConnectionResetError):
            return  # the parent closed the pipe, or was killed in the middle of a task's way through it
        except MemoryError:
            connection.send(_out_of_memory(memory))
            return
        # The parent kills a late worker; this is for a worker whose parent was killed itself.
        signal.setitimer(signal.ITIMER_REAL, seconds + GRACE)
        answer = _answer(function, args, memory)
        del args
        _send(connection, answer)
        signal.setitimer(signal.ITIMER_REAL, 0)
        if isinstance(answer, _Failure) and answer.lost:
            return


def _answer(function: Callable[..., Any], args: tuple[Any, ...], memory: int) -> Any:
    try:
        return function(*args)
    except MemoryError:
        return _out_of_memory(memory)
    except WatcherError as error:
        return _Failure(str(error), error, traceback.format_exc())
    except RecursionError:
        return _Failure("nested too deep to be read", None, traceback.format_exc(limit=-5))
    except Exception as error:  # noqa: BLE001 - whatever a parser raises is told to the parent, with its traceback
        return _Failure(f"could not be read: {type(error).__name__}: {error}", None, traceback.format_exc())


def _out_of_memory(memory: int) -> _Failure:
    return _Failure(f"the worker ran out of memory ({memory >> 20} MiB)", lost=True)


def _send(connection: Connection[Any, Any], answer: Any) -> None:
    try:
        connection.send(answer)
    except (BrokenPipeError, ConnectionResetError):
        return  # the parent was killed: nobody is left to be told, and the next `recv` ends this worker
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        connection.send(_Failure(f"the result cannot be sent: {error}", None, traceback.format_exc()))
