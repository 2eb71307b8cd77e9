"""An error that nobody foresaw costs time, not an alert: it stands with its source and is tried again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.servers import Reply
from tests.story.newsroom import SECRET, Newsroom, filler, newsroom, rss, story
from watcher.engines import embedded

judge_item = embedded.judge_item


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Newsroom]:
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    with newsroom(tmp_path) as made:
        made.server.script(
            "/feed", Reply(body=rss({"guid": "0", "title": "Harbour", "description": filler(0)}))
        )
        made.run()
        yield made


def test_an_article_that_breaks_the_judging_is_recorded_and_judged_later_and_others_are_not_held_up(
    room: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(claim: Any, *rest: Any) -> Any:
        if claim.entry.title == "Poisoned":
            raise ZeroDivisionError("of the test")
        return judge_item(claim, *rest)

    monkeypatch.setattr(embedded, "judge_item", breaks)
    poisoned = {"guid": "1", "title": "Poisoned", "content": story()}
    pilot = "An air force pilot defected from North Korea in a trainer plane on Sunday night. "
    sound = {"guid": "2", "title": "Pilot gone", "content": pilot + filler(7) * 3}
    room.server.script("/feed", Reply(body=rss(poisoned, sound)))
    room.run(later=timedelta(minutes=3))
    assert room.titles() == ["Pilot gone"]
    with room.store() as reader:
        (source,) = reader.sources()
    assert any("ZeroDivisionError: of the test" in problem for problem in source.problems)

    monkeypatch.setattr(embedded, "judge_item", judge_item)
    room.run(later=timedelta(minutes=2))
    assert room.titles() == ["Pilot gone", "Poisoned"]
    with room.store() as reader:
        (source,) = reader.sources()
    assert source.problems == ()
