"""A desk's own template for its mails: good, then broken, then mended; no report is lost, late or told twice."""

# ruff: noqa: E501 (a template on one line)

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from click.testing import Result

from tests.servers import Reply
from tests.story.newsroom import SECRET, Newsroom, newsroom, rss
from tests.story.test_grouping import MINUTES, OLD, case, plain, publish

GOOD = "{% block subject %}Ours: {{ subject }}{% endblock %}\n{% block html %}<h1>{{ data.article.title }}</h1>{% endblock %}"
BROKEN = "{% block subject %}\n{{ data.artikel.title }}{% endblock %}"
TO = 'to = ["desk@example.org"]'


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Newsroom]:
    """A newsroom whose feed has been read once, and whose mails have a template."""
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    with newsroom(tmp_path) as made:
        made.server.script("/feed", Reply(body=rss(OLD)))
        made.run()
        made.configure(feed='text = "feed"')
        worded(made)
        yield made


def worded(room: Newsroom, *, hook: bool = False) -> None:
    """Name the templates in the config: the mails', or the webhook's."""
    config = room.folder / "config.toml"
    place, key = (
        ("secrets = [", 'template = "mine.j2"\nsecrets = [') if hook else (TO, f'{TO}\ntemplate = "mine.j2"')
    )
    config.write_text(config.read_text("utf-8").replace(place, key), "utf-8")


def write(room: Newsroom, text: str) -> None:
    (room.folder / "mine.j2").write_text(text, "utf-8")


def html(mail: EmailMessage) -> str:
    body = mail.get_body(("html",))
    assert body is not None
    return str(body.get_content())


def health(room: Newsroom) -> list[str]:
    return [body["data"]["subject"] for body in room.hooks if body["type"] == "health"]


def test_a_template_that_breaks_costs_no_report_and_is_told_once_and_shown_until_mended(
    room: Newsroom, watcher: Callable[..., Result], caplog: pytest.LogCaptureFixture
) -> None:
    write(room, GOOD)
    publish(room, case(0))
    room.run(later=MINUTES)
    (first,) = room.mails
    assert str(first["Subject"]).startswith("Ours: [Defections] ")
    assert html(first).startswith("<h1>")
    assert "Matched" in plain(first)

    write(room, BROKEN)
    publish(room, case(0), case(1), case(2))
    with caplog.at_level(logging.WARNING):
        room.run(later=MINUTES)
    publish(room, case(0), case(1), case(2), case(3))
    room.run(later=MINUTES)
    assert len(room.mails) == 4
    assert all(str(mail["Subject"]).startswith("[Defections] ") for mail in room.mails[1:])
    assert health(room) == ["The template of channel desk cannot be used"]
    (notice,) = [body["data"]["text"] for body in room.hooks if body["type"] == "health"]
    assert f"{room.folder}/mine.j2:2: 'dict object' has no attribute 'artikel'" in notice
    assert "its template cannot be used, the built-in one is" in caplog.text
    config = ("--config", str(room.folder / "config.toml"))
    shown = watcher(*config, "sources").stdout
    assert "channel desk: its template is not used: " in shown
    assert "mine.j2:2: 'dict object' has no attribute 'artikel'" in shown
    assert "channel desk: its template is not used: " in watcher(*config, "check", "--database").stderr

    write(room, GOOD)
    publish(room, *(case(n) for n in range(5)))
    room.run(later=MINUTES)
    assert str(room.mails[-1]["Subject"]).startswith("Ours: ")
    assert "template" not in watcher(*config, "sources").stdout


def test_a_retry_sends_the_words_of_the_first_try_whatever_the_template_has_become(room: Newsroom) -> None:
    write(room, GOOD)
    publish(room, case(0))
    room.mailbox.refuse = ["451 later"]
    room.run(later=MINUTES)
    assert room.mails == []
    write(room, BROKEN)
    room.run(later=MINUTES * 10)
    (mail,) = room.mails
    assert str(mail["Subject"]).startswith("Ours: ")
    assert health(room) == []


def test_a_webhook_s_broken_template_leaves_its_own_body_with_the_text_of_it(room: Newsroom) -> None:
    write(room, '{"said": {{ subject }}}')
    room.configure(feed='text = "feed"')
    worded(room, hook=True)
    publish(room, case(0))
    room.run(later=MINUTES)
    (body,) = room.hooks
    assert body["type"] == "alert"
    assert body["data"]["article"]["title"] in body["text"]
    (mail,) = [mail for mail in room.mails if str(mail["Subject"]).startswith("[watcher]")]
    assert "mine.j2: gives no JSON" in " ".join(plain(mail).split())


def test_the_only_channel_tells_of_its_own_template(tmp_path: Path, watcher: Callable[..., Result]) -> None:
    (tmp_path / "config.toml").write_text(
        f'[[folders]]\npath = "{tmp_path}/in"\n[[watchlists]]\nname = "A"\nany = ["spy"]\nchannels = ["p"]\n'
        f'[[channels]]\nname = "p"\ntype = "webhook"\nurl = "http://127.0.0.1:9/"\ntemplate = "none.json.j2"\n',
        "utf-8",
    )
    watcher("--config", str(tmp_path / "config.toml"), "send-test", "p")
    listed = json.loads(watcher("--config", str(tmp_path / "config.toml"), "deliveries", "--json").stdout)
    assert sorted(each["subject"] for each in listed) == [
        "Test message",
        "The template of channel p cannot be used",
    ]


CHECKED = {
    "good": ("{% block html %}<p>{{ text }}</p>{% endblock %}", 0, ""),
    "a field that bundles have not": (
        "{% block html %}\n<h1>{{ data.article.title }}</h1>{% endblock %}",
        1,
        "mine.j2:2:1: error: 'dict object' has no attribute 'article' (for a bundle)",
    ),
    "a notice forgotten": (
        '{% block plain %}{% if type != "health" %}{{ text }}{% endif %}{% endblock %}',
        1,
        "mine.j2: error: its block plain gives nothing (for a notice)",
    ),
    "a link that a feed wrote": (
        '{% block html %}{% for a in [data] if type == "alert" %}<a href="{{ a.article.url }}">x</a>{% else %}x{% endfor %}{% endblock %}',
        1,
        "links 'javascript:alert(1)', which is neither http nor https: write `link` instead of `url` (for a revision",
    ),
}


@pytest.mark.parametrize(("text", "status", "said"), CHECKED.values(), ids=CHECKED)
def test_check_tries_a_template_on_samples_and_names_the_line(
    tmp_path: Path, watcher: Callable[..., Result], *, text: str, status: int, said: str
) -> None:
    (tmp_path / "mine.j2").write_text(text, "utf-8")
    (tmp_path / "in").mkdir()
    (tmp_path / "config.toml").write_text(
        f'[[folders]]\npath = "in"\n[[watchlists]]\nname = "A"\nany = ["spy"]\nchannels = ["desk", "chat"]\n'
        f'[[channels]]\nname = "desk"\ntype = "email"\nhost = "127.0.0.1"\nfrom = "w@example.org"\n{TO}\n'
        'template = "mine.j2"\n[[channels]]\nname = "chat"\ntype = "webhook"\nurl = "https://a.example/"\n'
        'template = "slack"\n',
        "utf-8",
    )
    result = watcher("--config", str(tmp_path / "config.toml"), "check")
    assert result.exit_code == status
    assert said in result.stderr
    assert ("error" in result.stderr) == bool(said)
