"""Hostile titles, names, addresses and texts through the real message builder.

    pytest tests/faults/test_content.py -m slow -n auto      # 100,000 of them; a sample without -m

What must hold of each: no exception, no header that is not ours, the built
mail parses back equal (the builder compares it itself), HTML of an article is
text, nothing but our own styles reaches a terminal, JSON holds to the schema.
"""

from __future__ import annotations

import dataclasses
import email
import email.policy
import html
import json
import random
import re
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from watcher.alert import (
    Alert,
    ArticleNote,
    Bundle,
    Change,
    Content,
    HitNote,
    LookAlikeNote,
    Notice,
    Outgoing,
    StoryNote,
)
from watcher.display import clean
from watcher.message import mail as message
from watcher.message import mime, payload, terminal, wording

NOW = datetime(2026, 11, 21, 5, 22, tzinfo=UTC)
SCHEMA = jsonschema.Draft202012Validator(
    json.loads(files("watcher").joinpath("templates/webhook.schema.json").read_text("utf-8"))
)
STORY = StoryNote(id="s", first_seen=NOW, articles=2, outlets=1, texts=1)
PIECES = (
    "\r",
    "\n",
    "\r\n",
    "\r\n ",
    "\r\n\r\n",
    "\0",
    "\x1b[2J",
    "\x1b]0;x\x07",
    "\x9b",
    "\x7f",
    "\t",
    "\v",
    "\f",
    "\x85",
    "\u2028",
    "\u2029",
    "\u202e",
    "\u2066",
    "\u200b",
    "\u200d",
    "\ufeff",
    "\u00ad",
    "\U000e0041",
    "\ud800",
    "\udfff",
    "\udcff",
    "\ufffe",
    "\uffff",
    "\U0010ffff",
    "=?utf-8?q?=0d=0aBcc:_x@y?=",
    "=?utf-8?B?DQpCY2M6IHg=?=",
    "=?",
    "?=",
    "=?x?q?",
    "=3D",
    "\r\nBcc: thief@example.org",
    "\nSubject: other",
    "\n\n<script>",
    "<script>alert(1)</script>",
    "<img src=x onerror=y>",
    "</p></div></body>",
    "{{ 7*7 }}",
    "{% raw %}",
    "&amp;",
    "&#0;",
    "<!--",
    "]]>",
    '"',
    "'",
    "`",
    "\\",
    "<",
    ">",
    "(",
    ")",
    ",",
    ";",
    ":",
    "@",
    "[",
    "]",
    "javascript:x",
    "data:text/html,x",
    "https://a.example/",
    "http://",
    "//",
    " ",
    "  ",
    "\u3000",
    "\u00a0",
    "탈북",
    "脱北者",
    "亡命",
    "é",
    "e\u0301",
    "ß",
    "👩‍👩‍👧",
    "🇰🇵",
    "a",
    "MSS",
    "0",
    "7명",
    ".",
    "--",
    "--=_",
    "boundary",
    "x" * 90,
    "가" * 50,
    "\u0301" * 40,
    "From ",
    "\nFrom x",
    "\n.\n",
    ".",
    "\u1160",
    "\u034f",
    "\u180e",
    "\u061c",
)


def hostile(dice: random.Random, longest: int = 14) -> str:
    """A text of such pieces; now and then random code points, or 100 kB of it."""
    kind = dice.random()
    if kind < 0.05:
        return ""
    if kind < 0.2:
        return "".join(chr(dice.randrange(0x110000)) for _ in range(dice.randrange(1, 60)))
    text = "".join(dice.choice(PIECES) for _ in range(dice.randrange(1, longest)))
    return (text * (100_000 // len(text) + 1))[:100_000] if kind > 0.998 else text


def content(dice: random.Random) -> Content:
    """An alert with every text hostile; one in ten a bundle or a notice."""
    kind = dice.random()
    if kind < 0.05:
        return Notice(subject=hostile(dice), text=hostile(dice), at=NOW)
    if kind < 0.1:
        alerts = tuple(alert(dice) for _ in range(dice.randrange(1, 4)))
        return Bundle(
            reason="digest", alerts=alerts, opened=NOW, held=((hostile(dice), 3),), health=hostile(dice)
        )
    return alert(dice)


def alert(dice: random.Random) -> Alert:
    """An alert with every text hostile."""
    snippet = hostile(dice)
    marks = tuple((dice.randrange(-2, 40), dice.randrange(-2, 60)) for _ in range(dice.randrange(3)))
    note = LookAlikeNote(
        url=hostile(dice), title=hostile(dice), source=hostile(dice), containment=dice.random()
    )
    watchlists = tuple(hostile(dice) for _ in range(dice.randrange(1, 4)))
    return Alert(
        id=hostile(dice, 4),
        verdict=dice.choice(("new", "revision", "removed", "partial")),  # type: ignore[arg-type]
        watchlists=watchlists,
        article=ArticleNote(
            id=hostile(dice, 4),
            title=hostile(dice),
            url=dice.choice((None, hostile(dice), "https://a.example/" + hostile(dice))),
            source=hostile(dice),
            published=dice.choice((None, NOW)),
            language=dice.choice((None, "ko", hostile(dice, 3))),
            summary=hostile(dice),
            found=NOW,
        ),
        hits=(
            HitNote(
                watchlist=watchlists[0],
                term=hostile(dice),
                concept=dice.choice((None, hostile(dice))),
                field=dice.choice(("title", "body")),
                snippet=snippet,
                start=0,
                end=1,
                marks=marks,
            ),
        ),
        changes=(Change(hostile(dice), hostile(dice)),) if dice.random() < 0.3 else (),
        look_alikes=(note,),
        carried_by=(note,),
        story=dataclasses.replace(STORY, first_source=hostile(dice), first_title=hostile(dice)),
        conditions=((watchlists[0], hostile(dice)),),
        new_words=3,
        words=9,
        reason=hostile(dice),
    )


HEADERS = [
    "From", "To", "Subject", "Date", "Message-ID", "Reply-To", "In-Reply-To", "References", "List-Id", "X-Watchlists",
    "Auto-Submitted", "MIME-Version", "Content-Type",
]  # fmt: skip
TAGS = {
    "a",
    "b",
    "body",
    "br",
    "code",
    "div",
    "h1",
    "h2",
    "h3",
    "head",
    "html",
    "meta",
    "p",
    "span",
    "strong",
    "style",
    "table",
    "td",
    "title",
    "tr",
}
_TAG = re.compile(r"<\s*/?\s*([a-zA-Z!?][^\s>/]*)")
_STYLED = re.compile(
    r"(?:[^\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202f\u2066-\u2069\ud800-\udfff]|\x1b\[[0-9;]*m|\u202f)*"
)


def check(told: Content, number: int) -> None:
    """Hold every form of `told` to what this file promises."""
    each = Outgoing(
        id=f"5f1f6f4e-0000-5000-8000-{number:012d}",
        channel="desk",
        recipient="desk@example.org",
        content=told,
        sequence=number,
        created=NOW,
        thread="5f1f6f4e-0000-5000-8000-00000000000a",
    )
    raw = mime.build(
        each, sender="watcher <watcher@example.org>", to="desk@example.org", reply_to="r@example.org"
    )
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    assert set(parsed.keys()) <= set(HEADERS)
    assert len(parsed.keys()) == len(set(parsed.keys()))
    assert parsed["Subject"] == mime.header_text(message.subject(told))
    assert parsed["To"] == "desk@example.org"
    page = message.html(told)
    assert {tag.lower() for tag in _TAG.findall(page)} - {"!doctype"} <= TAGS
    assert all(
        link.startswith(("http://", "https://"))
        for link in map(html.unescape, re.findall(r'href="([^"]*)"', page, re.IGNORECASE))
    )
    assert _STYLED.fullmatch(terminal.draw(told))
    for line in message.plain(told).split("\n"):
        assert clean(line).replace(" ", "") == line.replace(" ", "")
    body = payload.body(each)
    SCHEMA.validate(json.loads(body))
    assert isinstance(told, Bundle) or len(body) < 20_000
    if number % 8 == 0:
        check_templates(each)
    if isinstance(told, Bundle):
        assert sum(len(part.alerts) for part in message.split(told)) == len(told.alerts)


OWN = wording.Template(
    name="own",
    text="""{% macro say(value) %}{{ value }}{% endmacro %}
{% block subject %}{{ data.article.title if type == "alert" else subject }} {{ subject }}{% endblock %}
{% block plain %}{{ subject }}
{{ text }}{{ say(data) }}{% endblock %}
{% block html %}<p title="{{ subject }}">{{ text }}</p>{{ say(data) }}
{% if type == "alert" %}<a href="{{ data.article.link }}">{{ data.article.url }}</a>{% endif %}{% endblock %}""",
)
SLACK = wording.read("slack", Path())


def check_templates(each: Outgoing) -> None:
    """The same of what a user's template makes of it, and of the Slack body."""
    words = wording.word(OWN, "mail", each, UTC)
    assert set(words) == {"subject", "plain", "html"}
    raw = mime.build(each, sender="watcher <watcher@example.org>", to="desk@example.org", words=words)
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    assert set(parsed.keys()) <= set(HEADERS)
    assert len(parsed.keys()) == len(set(parsed.keys()))
    assert parsed["Subject"] == mime.header_text(words["subject"])
    assert {tag.lower() for tag in _TAG.findall(words["html"])} <= {"p", "a"}
    posted = json.loads(wording.word(SLACK, "json", each, UTC)["body"])
    assert 0 < len(posted["text"]) <= 2_000
    assert all(
        link.startswith(("http://", "https://")) for link in re.findall(r"<([^|<>]*)\|", posted["text"])
    )


def run(seed: int, count: int) -> None:
    dice = random.Random(seed)
    for number in range(count):
        told = content(dice)
        try:
            check(told, number)
        except Exception as error:
            error.add_note(f"seed {seed}, number {number}: {ascii(told)[:4_000]}")
            raise


@pytest.mark.parametrize("seed", range(4))
def test_hostile_content_leaves_no_mark(seed: int) -> None:
    run(seed, 150)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1_000, 1_100))
def test_a_hundred_thousand_hostile_contents_leave_no_mark(seed: int) -> None:
    run(seed, 1_000)
