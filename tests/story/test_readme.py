"""What README.md says is true: its config examples load, its commands run, its alert is the one that is sent."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import tomlkit

from tests.conftest import PROJECT
from watcher import config

README = (PROJECT / "README.md").read_text(encoding="utf-8")
BLOCKS = [
    (match[1], match[2]) for match in re.finditer(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
]


def blocks(language: str) -> list[str]:
    return [text for kind, text in BLOCKS if kind == language]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's config, seeds and folders in a place of their own, without feeds: no test leaves the machine."""
    folder = tmp_path_factory.mktemp("clone")
    document = tomlkit.parse((PROJECT / "config.toml").read_text(encoding="utf-8"))
    document.pop("feeds", None)
    (folder / "config.toml").write_text(tomlkit.dumps(document), encoding="utf-8")
    for name in ("seeds",):
        if (PROJECT / name).exists():
            shutil.copytree(PROJECT / name, folder / name)
    (folder / "inbox").mkdir()
    return folder


def shell(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run `script` as README's reader would, `watcher` being this project's."""
    programs = folder.parent / "bin"
    programs.mkdir(exist_ok=True)
    command = programs / "watcher"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m watcher "$@"\n')
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    python_path = os.pathsep.join((str(PROJECT), os.environ.get("PYTHONPATH", "")))
    environment = os.environ | {"PATH": path, "PYTHONPATH": python_path, "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        ["sh", "-eu", "-c", script],
        cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_config_examples_load(tmp_path):
    shipped = tomlkit.parse((PROJECT / "config.toml").read_text(encoding="utf-8"))
    concepts = tomlkit.dumps({"concepts": shipped["concepts"]})
    for number, example in enumerate(blocks("toml")):
        text = example
        if "[concepts]" not in text:
            text += "\n" + concepts
        parsed = tomlkit.parse(text)
        named = {name for watchlist in parsed.get("watchlists", []) for name in watchlist.get("channels", [])}
        for name in named - {channel["name"] for channel in parsed.get("channels", [])}:
            text += f'\n[[channels]]\nname = "{name}"\ntype = "console"\n'
        if "[[watchlists]]" in text and "channels" not in example:
            text += '\n[[channels]]\nname = "terminal"\ntype = "console"\n'
        path = tmp_path / f"{number}.toml"
        path.write_text(text, encoding="utf-8")
        config.load(path)


def test_commands_run_and_the_alert_is_the_one_shown(clone):
    said = ""
    for script in blocks("sh"):
        if "inbox/copy.txt" in script:
            wait_for_the_folder_to_be_due(clone)
        done = shell(script, clone)
        assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        said += done.stdout
    (shown,) = blocks("text")
    assert masked(shown) in masked(said)
    assert "COPY · " in said
    assert said.count("NEW · Defections") == 1
    assert len(list((clone / "outbox" / "new").iterdir())) == 1


def masked(text: str) -> str:
    """`text` without what is another each time: times, dates, ids, where the folder stands, the width of lines."""
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "ID", text)
    text = re.sub(r"(mute|why) [0-9a-f]{8}(-[0-9a-f]{4})?\b", r"\1 ID", text)
    text = re.sub(r"published .*, found .*", "WHEN", text)  # says more when midnight lies between the two
    text = re.sub(r"\d\d:\d\d", "HH:MM", text)
    text = re.sub(r"file://\S*/inbox/", "file://…/inbox/", text)
    return " ".join(text.split())


def wait_for_the_folder_to_be_due(clone: Path) -> None:
    """`run --once` asks what is due: a folder is five seconds after its last look."""
    with sqlite3.connect(clone / "watcher.db") as database:
        database.execute("update sources set due = '2000-01-01T00:00:00.000000+00:00'")


def test_make_knows_the_targets():
    for target in set(re.findall(r"\bmake (run|test|help|lint)\b", README)):
        subprocess.run(["make", "-n", target], cwd=PROJECT, check=True, capture_output=True)


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (PROJECT / target).exists(), target
