"""The command `watcher`, also as `python -m watcher`."""

from __future__ import annotations


def main() -> None:
    """Run the command line; the exit status is that of DESIGN §4.1."""
    from watcher.cli import watcher  # noqa: PLC0415  the workers import __main__, and need no command line

    watcher(prog_name="watcher")


if __name__ == "__main__":
    main()
