"""The command `watcher`, also as `python -m watcher`."""

from __future__ import annotations

import io
import sys


def main() -> None:
    """Run the command line; the exit status is that of DESIGN §4.1."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that knows no Korean gets question marks, not a traceback.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    from watcher.cli import watcher  # noqa: PLC0415  the workers import __main__, and need no command line

    watcher(prog_name="watcher")


if __name__ == "__main__":
    main()
