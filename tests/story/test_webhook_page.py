"""The receiver of README.md works as it stands: it verifies, drops repeats and prints what is new."""

from __future__ import annotations

import base64
import os
import re
import select
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from watcher.alert import Alert, ArticleNote, Outgoing
from watcher.channels import webhook
from watcher.model import Permanent
from watcher.net import Net
from watcher.secret import Secret

PAGE = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
SECRET = "whsec_" + base64.b64encode(b"of the page's own receiver").decode()
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)


def block(language: str) -> str:
    match = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert match is not None
    return match[1]


@contextmanager
def receiver(folder: Path) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "receiver.py").write_text(block("python"), encoding="utf-8")
    environment = os.environ | {"PORT": str(port), "WEBHOOK_SECRET": SECRET, "SEEN": str(folder / "seen.db")}
    process = subprocess.Popen(
        [sys.executable, "receiver.py"], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert process.poll() is None
        yield port, process
    finally:
        process.kill()
        process.wait()


def outgoing(title: str, id_: str) -> Outgoing:
    note = ArticleNote(
        id="a",
        title=title,
        url="https://paper.example/a",
        source="Paper",
        published=NOW,
        language="en",
        summary="",
        found=NOW,
    )
    alert = Alert(id="x", verdict="new", watchlists=("Defections",), article=note, hits=())
    return Outgoing(id=id_, channel="hook", recipient="hook", content=alert, sequence=1, created=NOW)


def test_the_receiver_of_the_page_prints_each_alert_once_and_refuses_what_is_not_signed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEBHOOK_SECRET", SECRET)
    net = Net(allow=["127.0.0.1/32"])
    with receiver(tmp_path) as (port, process):
        settings = webhook.Webhook(
            name="hook", url=f"http://127.0.0.1:{port}/", secrets=(Secret(env="WEBHOOK_SECRET"),)
        )
        for title, id_ in (("First", "1"), ("First", "1"), ("Second", "2")):
            message = outgoing(title, id_)
            body = webhook.render(settings, message)
            assert webhook.send(settings, message, body, attempt_at=datetime.now(UTC), net=net) == "204"
        message = outgoing("Forged", "3")
        unsigned = webhook.Webhook(name="hook", url=settings.url)
        body = webhook.render(unsigned, message)
        with pytest.raises(Permanent, match="401"):
            webhook.send(unsigned, message, body, attempt_at=datetime.now(UTC), net=net)
        stale = datetime.now(UTC) - timedelta(hours=1)
        with pytest.raises(Permanent, match="401"):
            webhook.send(settings, message, webhook.render(settings, message), attempt_at=stale, net=net)
        assert process.stdout is not None
        lines = [process.stdout.readline().strip() for _ in range(2)]
        assert select.select([process.stdout], [], [], 0)[0] == []
    net.close()
    assert lines == ["First https://paper.example/a", "Second https://paper.example/a"]


@pytest.mark.skipif(not (shutil.which("openssl") and shutil.which("curl")), reason="needs openssl and curl")
def test_the_request_made_by_hand_is_signed_as_the_receiver_wants_it(tmp_path: Path) -> None:
    with receiver(tmp_path) as (port, _):
        script = block("bash").replace("8080", str(port))
        for secret, status in ((SECRET, "204"), ("whsec_b3RoZXI=", "401")):
            said = subprocess.run(
                ["sh", "-c", script],
                env=os.environ | {"WEBHOOK_SECRET": secret, "no_proxy": "*"},
                capture_output=True,
                text=True,
                check=True,
            )
            assert said.stdout.split()[1] == status
