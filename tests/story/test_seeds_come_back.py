"""The seeds that ship, the config that ships and the real daemon: what each original does when it comes up again."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PROJECT, run_process
from tests.rules.test_novelty_seeds import COMMENTS, NAMES, ORIGINALS, PACK
from watcher.stores.sqlite import SqliteStore
from watcher.stores.views import ArticleView

pytestmark = pytest.mark.skipif(
    len(ORIGINALS) != len(NAMES), reason="the originals are not beside the project"
)

FOLDERS = ("Tips", "Blog", "Gazette", "Courier", "Herald")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped config with folders instead of its feeds; the working directory."""
    text = (PROJECT / "config.toml").read_text(encoding="utf-8")
    text = re.sub(r"(?ms)^\[\[(?:feeds|folders)\]\]\n.*?(?=^\[|^#|\Z)", "", text)
    text = text.replace('["seeds"]', json.dumps([str(PACK.parent)]))
    for name in FOLDERS:
        text += f'\n[[folders]]\nname = "{name}"\npath = "{name}"\nevery = "0.1s"\n'
        (tmp_path / name).mkdir()
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(watcher: Callable[..., Any], folder: Path) -> list[dict[str, Any]]:
    """Let the daemon look once; the alerts so far."""
    done = run_process("run", "--once", cwd=folder)
    assert done.returncode == 0, done.stderr
    alerts: list[dict[str, Any]] = json.loads(watcher("alerts", "--json").stdout)
    return alerts


def look_up(path: Path) -> ArticleView:
    store = SqliteStore(path.parents[1] / "watcher.db")
    try:
        view = store.read.article(str(path))
    finally:
        store.close()
    assert view is not None
    return view


def seeds_named(look_alikes: list[dict[str, Any]]) -> set[str]:
    return {like["id"] for like in look_alikes} & set(NAMES)


def variants(text: str) -> Iterator[tuple[str, str]]:
    yield "whole.txt", text
    yield "third.txt", text[: len(text) // 3]
    words = re.split(r"(\s+)", text)  # every other piece is white space
    yield "tenth.txt", "".join("altered" if at % 20 == 6 and word else word for at, word in enumerate(words))
    paragraphs = "".join(f"<p>{escape(part)}</p>" for part in re.split(r"\n\s*\n", text) if part.strip())
    thread = "".join(
        f"<li class=comment><p>{escape(line)}</p></li>" for line in COMMENTS.splitlines() if line
    )
    page = (
        "<!doctype html><html lang=en><head><title>Once more</title></head><body><nav><a href=/>Home</a></nav>"
        f"<main><article><h1>Once more</h1>{paragraphs}</article></main><section id=comments class=comments>"
        f"<h2>Comments</h2><ol>{thread}<li class=comment><p>He should have fled North Korea years ago.</p></li></ol>"
        "</section></body></html>"
    )
    yield "page.html", page


def three_paragraphs(number: int) -> str:
    """News of its own for each original: what two of them shared would be known in the second."""
    draw = random.Random(number)

    def murmur(words: int) -> str:
        drawn = ("".join(draw.choices("bdfgklmnprstvaeiou", k=draw.randint(3, 8))) for _ in range(words))
        return " ".join(drawn).capitalize() + "."

    return "\n\n".join(
        f"{murmur(12)} A cook who defected from North Korea bakes in ward {number}{at}. {murmur(20)}"
        for at in range(3)
    )


def test_an_original_is_silent_whatever_was_done_to_it_until_three_outlets_carry_it_and_news_in_front_of_it_alerts(
    desk: Path, watcher: Callable[..., Any]
) -> None:
    expected = {}
    for number, (name, path) in enumerate(zip(NAMES, ORIGINALS, strict=True)):
        text = path.read_text(encoding="utf-8")
        for kind, made in variants(text):
            expected[f"Tips/{number}-{kind}"] = name
            (desk / f"Tips/{number}-{kind}").write_text(made, encoding="utf-8")
        (desk / f"Blog/{number}.txt").write_text(f"{three_paragraphs(number)}\n\n{text}", encoding="utf-8")
    alerts = run(watcher, desk)
    for path, name in expected.items():
        view = look_up(desk / path)
        assert (view.row.verdict, seeds_named(json.loads(view.row.look_alikes))) == ("resurfaced", {name}), (
            path
        )
        assert view.alert is None, path
    assert {alert["title"] for alert in alerts} == {f"{number}.txt" for number in range(5)}
    for number, name in enumerate(NAMES):
        decision = json.loads(watcher("why", f"Blog/{number}.txt", "--json").stdout)
        assert (decision["verdict"], seeds_named(decision["look_alikes"])) == ("extended", {name})
        own = len(three_paragraphs(number))
        assert [tuple(span) for span in decision["novel_spans"]] == [(0, own)]
        for match in decision["matches"]:
            hits = [hit for hit in match["hits"] if hit["novel"]]
            assert match["alerts"] == bool(hits)
            assert all(hit["end"] <= own for hit in hits)
        assert any(match["watchlist"] == "Defections" and match["alerts"] for match in decision["matches"])

    # alerts for what was put in front did not tell that the text itself goes round
    for name in FOLDERS[2:]:
        for number, path in enumerate(ORIGINALS):
            (desk / f"{name}/{number}.txt").write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    alerts = run(watcher, desk)
    assert Counter(alert["verdict"] for alert in alerts) == {"extended": 5, "resurfaced": 5}
    assert len({alert["title"] for alert in alerts if alert["verdict"] == "resurfaced"}) == 5
