"""A live blog with thirty revisions an hour makes one message an hour, and loses none of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.servers import Reply
from tests.story.newsroom import SECRET, Newsroom, filler, newsroom, rss

TOWNS = [
    "Hyesan",
    "Musan",
    "Kanggye",
    "Sinuiju",
    "Hoeryong",
    "Chongjin",
    "Hamhung",
    "Wonsan",
    "Sariwon",
    "Kaesong",
    "Nampo",
    "Haeju",
    "Pyongsong",
    "Anju",
    "Kusong",
    "Huichon",
    "Tanchon",
    "Sinpo",
    "Rason",
    "Kimchaek",
]


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Newsroom]:
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    with newsroom(tmp_path) as made:
        made.server.script(
            "/feed", Reply(body=rss({"guid": "0", "title": "Harbour", "description": filler(0)}))
        )
        made.configure(feed='text = "feed"')
        made.run()
        yield made


def _entry(number: int, town: str) -> str:
    return (
        f"Update {number}: a group of {number + 2} people from {town} in North Korea has fled over the river near the "
        f"weir, a witness named {town.lower()}-{number} said by telephone at {number % 12 + 1} in the morning."
    )


def test_a_live_blog_makes_one_message_an_hour_with_every_revision(room: Newsroom) -> None:
    text = "A report from the border, which this paper keeps up through the night. " + filler(40)
    for number, town in enumerate(TOWNS):
        text = f"{text}\n\n{_entry(number, town)}"
        room.server.script(
            "/feed", Reply(body=rss({"guid": "live", "title": "Border, live", "content": text}))
        )
        room.run(later=timedelta(minutes=6))
    # two hours: the report, its first revision, then one mail an hour (a webhook gets a long one in parts)
    assert len(room.mails) == 3
    assert [body["type"] for body in room.hooks[:2]] == ["alert", "alert"]
    assert {body["type"] for body in room.hooks[2:]} == {"bundle"}
    room.run(later=timedelta(hours=1, minutes=5))
    told = "".join(str(body) for body in room.hooks)
    assert [town for town in TOWNS if town not in told] == []
    assert len(room.mails) == 4
