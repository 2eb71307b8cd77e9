"""What systemd is told: ready, reloading, stopping, and that the watchdog may stay calm.

The protocol is one datagram to $NOTIFY_SOCKET (sd_notify(3)); without one, nothing is told.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time

PATIENCE = 1.0
"""Seconds that a manager which reads nothing is waited for: work, and the end of it, must not hang on its ear."""


def tell(message: str) -> bool:
    """Send `message` (lines of NAME=VALUE) to the service manager; False where there is none, or none that reads."""
    path = os.environ.get("NOTIFY_SOCKET")
    if not path:
        return False
    address = "\0" + path[1:] if path.startswith("@") else path
    with (
        contextlib.suppress(OSError),
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as door,
    ):
        door.settimeout(PATIENCE)
        door.connect(address)
        door.sendall(message.encode())
        return True
    return False


def reloading() -> None:
    """Say that the config is being taken anew (sd_notify asks for the time with it)."""
    tell(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")


def watchdog() -> float | None:
    """Seconds between signs of life that systemd expects; None where it expects none of this process."""
    usec, pid = os.environ.get("WATCHDOG_USEC"), os.environ.get("WATCHDOG_PID")
    if not usec or not usec.isdigit() or (pid and pid != str(os.getpid())):
        return None
    return int(usec) / 1e6
