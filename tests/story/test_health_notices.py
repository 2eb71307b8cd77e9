"""A feed that dies is noticed: told once to everybody who gets alerts, and shown wherever one looks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.servers import Reply
from tests.story.newsroom import SECRET, Newsroom, filler, newsroom, rss, story


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Newsroom]:
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    with newsroom(tmp_path) as made:
        made.server.script(
            "/feed", Reply(body=rss({"guid": "0", "title": "Harbour", "description": filler(0)}))
        )
        made.run()
        yield made


def test_a_feed_that_fails_for_six_hours_is_told_once_through_every_channel(room: Newsroom) -> None:
    room.server.script("/feed", Reply(status=503))
    for hours in (1, 3, 4, 3):
        room.run(later=timedelta(hours=hours))
    (mail,) = room.mails
    assert mail["Subject"].startswith("[watcher] Paper 1 failed ")
    body = mail.get_body(("plain",))
    assert body is not None
    assert " KST." in body.get_content()
    assert [body["type"] for body in room.hooks] == ["health"]
    room.run(later=timedelta(hours=3))
    assert len(room.mails) == 1
    with room.store() as reader:
        (source,) = reader.sources()
    assert source.state == "failing"
    assert "503" in (source.error or "")


def test_a_feed_that_answers_again_is_healthy_and_what_came_meanwhile_is_told(room: Newsroom) -> None:
    room.server.script("/feed", Reply(status=503))
    room.run(later=timedelta(hours=1))
    item = {"guid": "1", "title": "Official leaves", "content": story()}
    room.server.script("/feed", Reply(body=rss(item)))
    room.run(later=timedelta(hours=1))
    assert room.titles() == ["Official leaves"]
    with room.store() as reader:
        (source,) = reader.sources()
    assert (source.state, source.failures, source.error) == ("ok", 0, None)


def test_the_heartbeat_is_pinged_while_all_goes_well(room: Newsroom) -> None:
    room.server.script("/alive", Reply(body=b"ok", type="text/plain"))
    room.configure(settings=f'heartbeat = "{room.server.url("/alive")}"')
    room.server.script("/feed", Reply(body=rss({"guid": "2", "title": "Quay", "description": filler(3)})))
    room.run(later=timedelta(minutes=3))
    assert room.server.count("/alive") >= 1
