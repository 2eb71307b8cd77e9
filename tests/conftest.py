"""What the tests share: a desk with a config of its own, and the real command line to work at it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

PROJECT = Path(__file__).parents[1]

CONFIG = """\
[watcher]
database = "watcher.db"
timezone = "Asia/Seoul"

[[folders]]
name = "Tips"
path = "inbox"
every = "0.1s"

[concepts]
flee = ["defector*", "defected", "fled", "*탈북*"]
dprk = ["North Korea*", "DPRK", "북한*", "=北"]

[[watchlists]]
name = "Defections"
any = ["@flee"]
all = ["@dprk"]
near = 30
channels = ["outbox"]

[[channels]]
name = "outbox"
type = "maildir"
path = "outbox"
"""


@pytest.fixture(autouse=True)
def _apart_from_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No config, state folder or proxy of whoever runs the tests takes part."""
    for name in ("WATCHER_CONFIG", "STATE_DIRECTORY", "CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a small config and an empty inbox; the working directory of the test."""
    (tmp_path / "config.toml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "inbox").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def watcher() -> Callable[..., Result]:
    """The command line, in this process: `watcher("match", "spy", input="A spy.")`."""
    from watcher.cli import watcher as command  # noqa: PLC0415  where it costs nothing to those who need it not

    runner = CliRunner()

    def run(*arguments: str, input: str | bytes | None = None, color: bool = False) -> Result:  # noqa: A002
        result = runner.invoke(command, arguments, input=input, color=color, prog_name="watcher")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


def run_process(
    *arguments: str, cwd: Path | None = None, timeout: float = 60
) -> subprocess.CompletedProcess[str]:
    """The command line as a process of its own, for what starts workers or handles signals."""
    return subprocess.run(
        [sys.executable, "-m", "watcher", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONPATH": os.pathsep.join((str(PROJECT), os.environ.get("PYTHONPATH", "")))},
        cwd=cwd,
        timeout=timeout,
        check=False,
    )


@pytest.fixture
def process() -> Callable[..., subprocess.CompletedProcess[str]]:
    """`run_process`, for tests that take what they need as fixtures."""
    return run_process
