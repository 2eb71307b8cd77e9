"""`watcher run` as a service manager meets it: ready, reloaded, refused a bad config, stopped."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import CONFIG, PROJECT, run_process
from tests.servers import Reply, serve

ARTICLE = "An officer defected from North Korea in early May, three traders at the river said this week."

FEED = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>Wire</title><item><title>Harvest</title>
<link>https://example.org/1</link><description>The harvest is poor.</description></item></channel></rss>"""


class Service:
    """A daemon, and the socket on which it speaks to its manager."""

    def __init__(self, folder: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(folder / "notify"))
        self._socket.settimeout(30)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "watcher", "run"],
            cwd=folder,
            env=os.environ
            | {
                "NOTIFY_SOCKET": str(folder / "notify"),
                "JOURNAL_STREAM": "8:1",
                "PYTHONPATH": os.pathsep.join((str(PROJECT), os.environ.get("PYTHONPATH", ""))),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def hear(self, what: str) -> None:
        """Wait until the manager is told `what`."""
        while what not in self._socket.recv(4096).decode().splitlines():
            pass

    def end(self) -> tuple[str, str]:
        """Send SIGTERM; what stood on stdout and stderr."""
        self.process.send_signal(signal.SIGTERM)
        self.hear("STOPPING=1")
        return self.process.communicate(timeout=20)

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()
        self._socket.close()


@pytest.fixture
def service(desk: Path) -> Iterator[Service]:
    made = Service(desk)
    yield made
    made.close()


def test_a_service_tells_its_manager_and_ends_with_0_on_sigterm(service, desk):
    service.hear("READY=1")
    _, log = service.end()
    assert service.process.returncode == 0
    assert "<6>watching 0 feeds and 1 folder for" in log


def test_sighup_with_a_bad_config_says_so_and_keeps_the_old_one(service, desk):
    service.hear("READY=1")
    (desk / "config.toml").write_text(CONFIG.replace('any = ["@flee"]', 'any = ["@fle"]'), encoding="utf-8")
    service.process.send_signal(signal.SIGHUP)
    service.hear("RELOADING=1")
    service.hear("READY=1")
    (desk / "inbox" / "a.txt").write_text(ARTICLE, encoding="utf-8")
    assert _first_alert(service).startswith("NEW")
    _, log = service.end()
    assert "@flee" in log
    assert all(line.startswith("<3>") for line in log.splitlines() if "config.toml:" in line)


def _first_alert(service: Service) -> str:
    assert service.process.stdout is not None
    return service.process.stdout.readline()


@pytest.fixture
def desk(desk: Path) -> Path:
    """The small desk, its alerts on the terminal."""
    text = CONFIG.replace('channels = ["outbox"]', 'channels = ["terminal"]')
    text += '\n[[channels]]\nname = "terminal"\ntype = "console"\n'
    (desk / "config.toml").write_text(text, encoding="utf-8")
    return desk


def test_a_dead_delivery_goes_out_again_under_its_id(watcher, desk):
    (desk / "config.toml").write_text(CONFIG, encoding="utf-8")
    (desk / "inbox" / "a.txt").write_text(ARTICLE, encoding="utf-8")
    assert run_process("run", "--once", "--until-idle", cwd=desk).returncode == 0
    (first,) = (desk / "outbox" / "new").iterdir()
    with sqlite3.connect(desk / "watcher.db") as database:
        database.execute("update deliveries set state = 'dead', reason = '554 no'")
    first.unlink()
    result = watcher("deliveries", "retry", "--dead")
    assert (result.exit_code, result.stdout) == (0, "1 delivery is due again.\n")
    assert run_process("run", "--once", "--until-idle", cwd=desk).returncode == 0
    (again,) = (desk / "outbox" / "new").iterdir()
    assert first.name.split(".")[1] == again.name.split(".")[1]


def test_check_online_names_each_feed_that_does_not_answer_and_why(watcher, desk):
    with serve() as server:
        server.script("/good", Reply(body=FEED))
        server.script("/gone", Reply(status=404))
        server.script(
            "/page", Reply(body=b"<!doctype html><html><body>Sign in</body></html>", type="text/html")
        )
        text = '[net]\nallow = ["127.0.0.0/8"]\n'
        for name in ("good", "gone", "page"):
            text += f'\n[[feeds]]\nname = "{name}"\nurl = "{server.url("/" + name)}"\n'
        (desk / "config.toml").write_text(CONFIG + text, encoding="utf-8")
        result = watcher("check", "--online")
    lines = {line.split()[2].rstrip(":"): line for line in result.stdout.splitlines() if "  feed  " in line}
    assert result.exit_code == 1
    assert lines["good"].startswith("ok")
    assert "1 entry" in lines["good"]
    assert lines["gone"].startswith("FAIL")
    assert "404" in lines["gone"]
    assert lines["page"].startswith("FAIL")
    assert "page" in lines["page"].partition(":")[2]


def test_why_reads_an_address_that_is_not_stored(watcher, desk):
    page = (
        "<html><head><title>Diplomat gone</title></head><body><nav>Sport</nav><article><h1>Diplomat gone</h1>"
        "<p>A diplomat defected from North Korea in June, two officials said on Monday. The embassy has been shut "
        "since then, and its telephone rings without an answer.</p><p>He had served there for six years. Neighbours "
        "saw two cars leave before dawn.</p></article></body></html>"
    )
    with serve() as server:
        server.script("/article", Reply(body=page.encode(), type="text/html; charset=utf-8"))
        server.script("/missing", Reply(status=404))
        (desk / "config.toml").write_text(CONFIG + '[net]\nallow = ["127.0.0.0/8"]\n', encoding="utf-8")
        result = watcher("why", server.url("/article"), "--json")
        missing = watcher("why", server.url("/missing"))
    shown = json.loads(result.stdout)
    assert (shown["stored"], shown["verdict"], shown["title"]) == (False, "new", "Diplomat gone")
    assert shown["matches"][0]["alerts"] is True
    assert "Sport" not in shown["text"]
    assert missing.exit_code == 1
    assert "404" in missing.stderr
