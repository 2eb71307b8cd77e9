"""What cannot be read: recorded against its source with the reason, shown, tried again; everything else goes on."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from tests.conftest import run_process
from tests.servers import Reply
from tests.story.newsroom import SECRET, Newsroom, filler, newsroom, page, rss, story

MINUTES = timedelta(minutes=3)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
BAD, GOOD = "Paper 1", "Paper 2"


def _zip() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("a.txt", "Two soldiers defected from North Korea.")
    return held.getvalue()


def _old(number: int) -> dict[str, str]:
    return {"guid": "0", "title": f"Harbour {number}", "content": filler(number)}


NEWS = {
    "guid": "1",
    "title": "Pilot gone",
    "content": "A pilot defected from North Korea on Sunday. " + filler(9) * 3,
}


class Pair:
    """Two papers: one in trouble, one that goes on."""

    def __init__(self, room: Newsroom, command: Callable[..., Result]) -> None:
        self.room = room
        self._command = command
        room.configure(["/bad", "/good"])
        for number, path in enumerate(("/bad", "/good")):
            room.server.script(path, Reply(body=rss(_old(number))))
        room.run()

    def bad(self, answer: Reply) -> None:
        """The first paper answers with this, the second with news; then the daemon looks."""
        self.room.server.script("/bad", answer)
        self.room.server.script("/good", Reply(body=rss(NEWS, _old(1))))
        self.room.run(later=MINUTES)

    def _watcher(self, *arguments: str) -> str:
        result = self._command("--config", str(self.room.folder / "config.toml"), *arguments)
        assert result.exit_code == 0, result.stderr
        return str(result.stdout)

    def source(self, name: str) -> dict[str, Any]:
        """A source as `watcher sources --json` has it."""
        return next(
            source for source in json.loads(self._watcher("sources", "--json")) if source["name"] == name
        )

    def shown(self, *words: str) -> bool:
        """Whether `watcher sources`, as a person reads it, has all the words."""
        text = self._watcher("sources")
        return all(word in text for word in words)


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Newsroom]:
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    with newsroom(tmp_path) as made:
        yield made


@pytest.fixture
def pair(room: Newsroom, watcher: Callable[..., Result]) -> Pair:
    return Pair(room, watcher)


# --------------------------------------------------------------------------- feeds

FEEDS: dict[str, tuple[Reply, str]] = {
    "a page that says sorry": (
        Reply(body=page("We are sorry", "Something went wrong."), type="text/html"),
        "gave an HTML page ('We are sorry | Paper'), not a feed",
    ),
    "a page that names the feed": (
        Reply(
            body=b"<html><head><link rel=alternate type='application/rss+xml' href=/real.xml></head></html>",
            type="text/html",
        ),
        "/real.xml",
    ),
    "20 MB": (Reply(body=b"<rss>" + b" " * (20 * 2**20), chunk=2**20), "10"),
    "an image": (Reply(body=PNG, type="image/png"), "not a feed"),
    "a ZIP": (Reply(body=_zip(), type="application/zip"), "not a feed"),
    "text": (Reply(body=b"Service temporarily unavailable", type="text/plain"), "not a feed"),
    "JSON of another kind": (Reply(body=b'{"error": "quota"}', type="application/json"), "not a JSON Feed"),
    "half of a JSON Feed": (
        Reply(body=b'{"version": "https://jsonfeed.org/version/1.1", "items": [', type="application/json"),
        "cannot be read",
    ),
    "other XML": (Reply(body=b"<?xml version='1.0'?><sitemapindex/>"), "sitemapindex"),
}


@pytest.mark.parametrize("what", FEEDS)
def test_a_feed_that_is_none_is_recorded_and_tried_again_and_the_others_go_on(pair: Pair, what: str) -> None:
    answer, reason = FEEDS[what]
    pair.bad(answer)
    assert pair.room.titles() == ["Pilot gone"]
    bad, good = pair.source(BAD), pair.source(GOOD)
    assert (bad["state"], bad["failures"], good["state"]) == ("failing", 1, "ok")
    assert reason in bad["error"]
    assert pair.shown(BAD, "failing")
    # it is a feed again: nothing of it was lost
    pair.room.server.script(
        "/bad", Reply(body=rss({"guid": "1", "title": "Official leaves", "content": story()}, _old(0)))
    )
    pair.room.run(later=MINUTES)
    assert pair.source(BAD)["state"] == "ok"
    assert pair.room.titles() == ["Pilot gone", "Official leaves"]


def test_an_empty_feed_answers_and_says_that_it_is_empty(pair: Pair) -> None:
    pair.bad(Reply(body=rss()))
    bad = pair.source(BAD)
    assert (bad["state"], bad["problems"]) == ("ok", ["the feed holds no entries"])
    assert pair.shown("holds no entries")
    assert pair.room.titles() == ["Pilot gone"]


def test_entries_that_cannot_be_read_cost_only_themselves(pair: Pair) -> None:
    guard = {"id": "1", "title": "Guard gone", "content_text": "A guard defected from North Korea."}
    feed = {"version": "https://jsonfeed.org/version/1.1", "items": [7, None, "x", guard]}
    pair.bad(Reply(body=json.dumps(feed).encode(), type="application/feed+json"))
    assert sorted(pair.room.titles()) == ["Guard gone", "Pilot gone"]
    assert pair.source(BAD)["problems"] == ["3 entries of the feed could not be read"]


def test_a_guid_used_again_for_another_article_is_another_article(pair: Pair) -> None:
    one = {"guid": "latest", "title": "Official leaves", "content": story()}
    other = {
        "guid": "latest",
        "title": "Nurse at the ford",
        "content": "A nurse from Hyesan fled North Korea by the lower ford with a kettle and two blankets. "
        + filler(5) * 3,
    }
    pair.bad(Reply(body=rss(one)))
    pair.bad(Reply(body=rss(other)))
    told = [(body["data"]["article"]["title"], body["data"]["verdict"]) for body in pair.room.hooks]
    assert sorted(told) == [("Nurse at the ford", "new"), ("Official leaves", "new"), ("Pilot gone", "new")]


# --------------------------------------------------------------------------- pages


def _link(room: Newsroom, summary: str) -> Reply:
    item = {
        "guid": "1",
        "title": "Official leaves",
        "link": room.server.url("/story"),
        "description": summary,
    }
    return Reply(body=rss(item, _old(0)))


SUMMARY = "A North Korean trade official has defected with his family, an official in Seoul said on Tuesday."


@pytest.mark.parametrize(
    ("body", "kind", "reason"),
    [
        (PNG, "image/png", "image"),
        (PNG, "text/html", "image"),
        (_zip(), "application/zip", "ZIP file"),
        (b"%PDF-1.7 and then nothing of it", "application/pdf", "PDF"),
        (b"", "text/html", "empty"),
        (b"<p>" * 2**21, "text/html", "larger than 5 MiB"),
    ],
)
def test_a_page_that_is_no_article_is_recorded_and_its_summary_is_told(
    pair: Pair, body: bytes, kind: str, reason: str
) -> None:
    pair.room.server.script("/story", Reply(body=body, type=kind))
    pair.bad(_link(pair.room, SUMMARY))
    pair.room.run(later=timedelta(minutes=2))
    pair.room.run(later=timedelta(minutes=6))
    told = {body["data"]["article"]["title"]: body["data"]["verdict"] for body in pair.room.hooks}
    assert told == {"Pilot gone": "new", "Official leaves": "partial"}
    (problem,) = pair.source(BAD)["problems"]
    assert problem.startswith(pair.room.server.url("/story"))
    assert problem.count("/story") == 1
    assert reason.lower() in problem.lower()
    assert pair.source(BAD)["state"] == "ok"
    # the page is tried on, and the fault goes when it can be read
    pair.room.server.script("/story", Reply(body=page("Official leaves", story()), type="text/html"))
    pair.room.run(later=timedelta(minutes=20))
    assert pair.source(BAD)["problems"] == []


def test_a_cookie_wall_is_judged_with_the_summary_and_named_in_the_health_of_its_source(pair: Pair) -> None:
    wall = "We value your privacy. We and our partners store cookies on your device. Accept all to go on reading."
    pair.room.server.script("/story", Reply(body=page("Before you go on", wall), type="text/html"))
    long = (
        SUMMARY
        + " The man had worked at the mission for four years and left before dawn by taxi, two people said."
    )
    pair.bad(_link(pair.room, long))
    alerts = {body["data"]["article"]["title"]: body["data"] for body in pair.room.hooks}
    assert {hit["term"] for hit in alerts["Official leaves"]["hits"]} >= {"defected"}
    (problem,) = pair.source(BAD)["problems"]
    assert "cookie wall" in problem
    assert pair.shown("cookie wall")


# --------------------------------------------------------------------------- folders

DESK = """\
[watcher]
database = "watcher.db"

[[folders]]
name = "Tips"
path = "inbox"
every = "0.1s"

[[watchlists]]
name = "Defections"
any = ["defected"]
all = ["North Korea*"]
channels = ["outbox"]

[[channels]]
name = "outbox"
type = "maildir"
path = "outbox"
"""


def test_files_that_cannot_be_read_are_named_with_the_reason_and_the_others_are_judged(
    tmp_path: Path, watcher: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").write_text(DESK, encoding="utf-8")
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "good.txt").write_text(
        "Pilot gone\n\nA pilot defected from North Korea on Sunday.", encoding="utf-8"
    )
    (inbox / "broken.pdf").write_bytes(b"%PDF-1.7 and then nothing of it")
    (inbox / "broken.docx").write_bytes(b"PK\x03\x04 and then nothing of it")
    (inbox / "picture.html").write_bytes(PNG)
    (inbox / "empty.txt").write_bytes(b"")
    (inbox / "link.txt").symlink_to("/etc/hostname")
    done = run_process("run", "--until-idle", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert len(list((tmp_path / "outbox" / "new").iterdir())) == 1
    (source,) = json.loads(watcher("sources", "--json").stdout)
    problems = "\n".join(source["problems"])
    assert source["state"] == "ok"
    for name in ("broken.pdf", "broken.docx", "picture.html", "empty.txt"):
        assert f"{name}: " in problems
        assert name in done.stderr, "said when it happens"
    assert "good.txt" not in problems
    assert "broken.pdf" in watcher("sources").stdout


# --------------------------------------------------------------------------- the config

MISTAKES = """\
[watcher]
databse = "watcher.db"
every = "15 parsecs"

[[feeds]]
name = "Paper"
url = "ftp://paper.example/feed"

[[watchlists]]
name = "Defections"
any = ["@nobody"]
query = "(fled OR"
channels = ["dsk"]

[[channels]]
name = "desk"
type = "emial"
"""


@pytest.mark.parametrize("command", [("check",), ("run",), ("sources",)])
def test_every_mistake_of_a_config_is_told_with_its_place_and_the_way_out(
    tmp_path: Path, watcher: Callable[..., Result], command: tuple[str, ...]
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(MISTAKES, encoding="utf-8")
    result = watcher("--config", str(path), *command)
    assert result.exit_code == 2
    assert result.stdout == ""
    for place, words in (
        ("2:1", 'did you mean "database"'),
        ("3:9", 'as in "15m"'),
        ("7:7", "not an http or https address"),
        ("11:9", "define it under [concepts]"),
        ("12:10", "not closed"),
        ("13:13", 'did you mean "desk"'),
        ("17:8", 'did you mean "email"'),
    ):
        (line,) = [line for line in result.stderr.splitlines() if line.startswith(f"{path}:{place}: error: ")]
        assert words in line
    assert not (tmp_path / "watcher.db").exists()
