"""What `watcher check` takes: the command as a user waits for it, beside an interpreter that does nothing.

    python bench/check.py [--config config.toml] [--times 15]

Printed for each: median and least CPU seconds and wall seconds of a whole
process. The figure to hold is half a second for the config that ships.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def spent(command: list[str]) -> tuple[float, float]:
    """CPU and wall seconds of one run."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)  # noqa: S603
    took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, took


def main() -> None:
    """Time both, in turn, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", type=Path, default=ROOT / "config.toml")
    parser.add_argument("--times", type=int, default=15)
    options = parser.parse_args()
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "import numpy": [sys.executable, "-c", "import numpy"],
        "watcher check": [
            sys.executable,
            "-m",
            "watcher",
            "--config",
            str(options.config.resolve()),
            "check",
        ],
    }
    runs: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for _ in range(options.times):
        for name, command in commands.items():
            runs[name].append(spent(command))
    print(f"{'':18}{'CPU s':>8}{'least':>8}{'wall s':>8}{'least':>8}")
    for name, times in runs.items():
        cpu, wall = zip(*times, strict=True)
        print(
            f"{name:18}{statistics.median(cpu):8.3f}{min(cpu):8.3f}{statistics.median(wall):8.3f}{min(wall):8.3f}"
        )


if __name__ == "__main__":
    main()
