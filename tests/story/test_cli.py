"""The command line itself: help, exit status, and how mistakes are told."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from watcher.cli import COMMANDS
from watcher.cli import watcher as root
from watcher.cli.errors import _excerpt


def test_help_names_every_command(watcher):
    result = watcher("--help")
    assert result.exit_code == 0
    for name in COMMANDS:
        assert f"  {name} " in result.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(watcher, name):
    result = watcher(name, "--help")
    assert result.exit_code == 0
    assert f"watcher {name}" in result.stdout.partition("Options:")[0].partition("\n")[2]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_says_what_it_does(name):
    def visit(command: click.Command) -> None:
        assert command.help
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, (command.name, parameter.name)
        if isinstance(command, click.Group):
            for child in command.commands.values():
                visit(child)

    visit(root.get_command(click.Context(root), name))


def test_help_is_quick_because_heavy_modules_stay_out():
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, watcher.cli; print(*sys.modules)"],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    heavy = {
        "numpy",
        "trafilatura",
        "rich",
        "sqlite3",
        "pydantic",
        "pycurl",
        "jinja2",
        "apscheduler",
        "feedparser",
    }
    assert not heavy & set(loaded)


def test_wrong_usage_is_2(watcher):
    assert watcher("frobnicate").exit_code == 2
    assert watcher("check", "--frobnicate").exit_code == 2


def test_without_a_config_the_way_out_is_told(watcher, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = watcher("sources")
    assert result.exit_code == 2
    assert "--config" in result.stderr
    assert "Traceback" not in result.stderr


def test_before_the_first_run_the_store_is_missing_and_that_is_said(watcher, desk):
    result = watcher("alerts")
    assert result.exit_code == 1
    assert "watcher run" in result.stderr
    assert not (desk / "watcher.db").exists()


def test_every_mistake_in_a_config_is_told_with_its_place_and_a_caret(watcher, desk):
    config = desk / "config.toml"
    config.write_text(
        '[watcher]\ntimezone = "Asia/Soul"\nevry = "15m"\n\n[[feeds]]\nurl = "ftp://example.org/feed"\n',
        encoding="utf-8",
    )
    result = watcher("check")
    assert result.exit_code == 2
    lines = result.stderr.splitlines()
    assert any(line.startswith(f"{config}:2:12: error: ") and "Asia/Seoul" in line for line in lines)
    assert any(line.startswith(f"{config}:3:1: error: ") and "every" in line for line in lines)
    assert any(line.startswith(f"{config}:6:7: error: ") for line in lines)
    place = next(index for index, line in enumerate(lines) if line.startswith(f"{config}:2:12"))
    assert lines[place + 1] == '    timezone = "Asia/Soul"'
    assert lines[place + 2] == "    " + " " * 11 + "^"
    assert lines[-1].startswith("3 problems in ")


def test_a_good_config_is_0_and_says_what_it_holds(watcher, desk):
    result = watcher("check")
    assert result.exit_code == 0
    assert "1 folder, 1 watchlist, 1 channel" in result.stdout


def test_the_caret_stands_under_its_place_behind_wide_characters():
    line, caret = click.unstyle(_excerpt("북한 AND 탈북", 8)).splitlines()
    assert line == "    북한 AND 탈북"
    assert caret.index("^") == 4 + 4 + 5  # two Hangul syllables are four columns


def test_the_caret_stays_in_sight_on_a_long_line():
    line, caret = click.unstyle(_excerpt("x" * 300 + "!" + "y" * 300, 301)).splitlines()
    assert line[caret.index("^")] == "!"
