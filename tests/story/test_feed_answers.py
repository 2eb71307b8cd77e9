"""What a feed answers, and what comes of it: the next poll, the state that `sources` shows, the alerts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from pathlib import Path
from typing import Any

import pytest

from tests.servers import Reply, Request
from tests.story.newsroom import SECRET, Newsroom, filler, newsroom, page, rss, story

EVERY = timedelta(minutes=10)
LATER = timedelta(minutes=12)
SLACK = timedelta(seconds=20)
"""What the steps of a test may take on a busy machine."""
OLD = {"guid": "0", "title": "Harbour", "description": filler(0)}
BASE = rss(OLD)
NEWS = rss({"guid": "1", "title": "Trade official leaves his post", "content": story()}, OLD)


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Newsroom]:
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    with newsroom(tmp_path) as made:
        made.configure(feed=f'every = "{EVERY // timedelta(minutes=1)}m"')
        yield made


Look = Callable[..., dict[str, Any]]


@pytest.fixture
def source(room: Newsroom, watcher: Callable[..., Any]) -> Look:
    """The one source as `watcher sources --json` shows it."""

    def look() -> dict[str, Any]:
        result = watcher("--config", str(room.folder / "config.toml"), "sources", "--json")
        assert result.exit_code == 0, result.stderr
        (only,) = json.loads(result.stdout)
        return dict(only)

    return look


def wait(source: dict[str, Any]) -> timedelta:
    """From the last try to the next poll."""
    return datetime.fromisoformat(source["next_poll"]) - datetime.fromisoformat(source["last_attempt"])


def about(found: timedelta, due: timedelta) -> bool:
    """Whether a wait is `due`, with the jitter of ±10 %."""
    return due * 0.9 - SLACK <= found <= due * 1.1 + SLACK


# --------------------------------------------------------------------------- the four forms


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry, as a feed of any form may have it; what is empty is left out."""

    title: str
    link: str = ""
    note: str = ""
    body: str = ""
    guid: str = ""
    date: datetime | None = None


def rss2(entry: Entry) -> bytes:
    parts = [f"<title>{entry.title}</title>"]
    parts += [f"<link>{entry.link}</link>"] if entry.link else []
    parts += [f"<guid isPermaLink='false'>{entry.guid}</guid>"] if entry.guid else []
    parts += [f"<pubDate>{format_datetime(entry.date)}</pubDate>"] if entry.date else []
    parts += [f"<description>{escape(entry.note)}</description>"] if entry.note else []
    parts += [f"<content:encoded><![CDATA[<p>{entry.body}</p>]]></content:encoded>"] if entry.body else []
    return (
        '<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
        f"<title>Paper</title><item>{''.join(parts)}</item></channel></rss>"
    ).encode()


def rdf(entry: Entry) -> bytes:
    parts = [f"<title>{entry.title}</title>"]
    parts += [f"<link>{entry.link}</link>"] if entry.link else []
    parts += [f"<dc:date>{entry.date.isoformat()}</dc:date>"] if entry.date else []
    parts += [f"<description>{escape(entry.note)}</description>"] if entry.note else []
    parts += [f"<content:encoded><![CDATA[<p>{entry.body}</p>]]></content:encoded>"] if entry.body else []
    about = f" rdf:about='{entry.guid}'" if entry.guid else ""
    return (
        '<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
        ' xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:content="http://purl.org/rss/1.0/modules/content/">'
        f"<channel rdf:about='/'><title>Paper</title></channel><item{about}>{''.join(parts)}</item></rdf:RDF>"
    ).encode()


def atom(entry: Entry) -> bytes:
    parts = [f"<title>{entry.title}</title>"]
    parts += [f"<link href='{entry.link}'/>"] if entry.link else []
    parts += [f"<id>tag:paper.example,2026:{entry.guid}</id>"] if entry.guid else []
    parts += [f"<updated>{entry.date.isoformat()}</updated>"] if entry.date else []
    parts += [f"<summary>{escape(entry.note)}</summary>"] if entry.note else []
    parts += [f"<content type='html'>{escape(f'<p>{entry.body}</p>')}</content>"] if entry.body else []
    return (
        '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Paper</title>'
        f"<entry>{''.join(parts)}</entry></feed>"
    ).encode()


def json_feed(entry: Entry) -> bytes:
    item = {
        "title": entry.title,
        "url": entry.link,
        "summary": entry.note,
        "content_html": f"<p>{entry.body}</p>" if entry.body else "",
        "id": entry.guid,
        "date_published": entry.date.isoformat() if entry.date else "",
    }
    item = {name: value for name, value in item.items() if value}
    return json.dumps(
        {"version": "https://jsonfeed.org/version/1.1", "title": "Paper", "items": [item]}
    ).encode()


@pytest.mark.parametrize("form", [rss2, rdf, atom, json_feed])
@pytest.mark.parametrize("kind", ["full content", "summary only", "no guid", "no date", "neither"])
def test_every_form_of_feed_and_entry_leads_to_one_alert_with_an_absolute_link(
    room: Newsroom, source: Look, form: Callable[[Entry], bytes], kind: str
) -> None:
    empty = b'{"version": "https://jsonfeed.org/version/1.1", "items": []}' if form is json_feed else rss()
    room.server.script("/feeds/main", Reply(body=empty))
    room.configure(["/feeds/main"])
    room.run()
    room.server.script("/story/1.html", Reply(body=page("Trade official leaves", story()), type="text/html"))
    entry = Entry(
        title="Trade official leaves",
        link="../story/1.html",
        note="A short note.",
        body=story() if kind == "full content" else "",
        guid="" if kind in {"no guid", "neither"} else "a-1",
        date=None if kind in {"no date", "neither"} else datetime.now(UTC),
    )
    served = form(entry)
    room.server.script("/feeds/main", Reply(body=served))
    room.run(later=LATER)
    (alert,) = room.hooks
    article = alert["data"]["article"]
    assert (article["title"], article["url"]) == ("Trade official leaves", room.server.url("/story/1.html"))
    assert {hit["term"] for hit in alert["data"]["hits"]} >= {"defected"}
    published = datetime.fromisoformat(article["published"]) if article["published"] else None
    if entry.date:
        assert published is not None
        assert published <= room.clock()
    # the page is asked for only where the feed has not the text; the same body again is nothing new
    assert room.server.count("/story/1.html") == (0 if entry.body else 1)
    room.server.script("/feeds/main", Reply(body=served + b"\n"))
    room.run(later=LATER)
    assert len(room.hooks) == 1
    assert source()["items"] == 1


def test_an_entry_without_a_title_has_that_of_its_page(room: Newsroom) -> None:
    room.server.script("/feed", Reply(body=rss()))
    room.run()
    room.server.script("/story/1.html", Reply(body=page("Trade official leaves", story()), type="text/html"))
    untitled = Entry(title="", link="/story/1.html", note="A short note.", guid="a-1", date=datetime.now(UTC))
    room.server.script("/feed", Reply(body=rss2(untitled)))
    room.run(later=LATER)
    (alert,) = room.hooks
    assert alert["data"]["article"]["title"] == "Trade official leaves"


# --------------------------------------------------------------------------- answers that are fine


def test_a_304_is_fine_and_nothing_is_parsed(room: Newsroom, source: Look) -> None:
    room.server.script("/feed", Reply(body=BASE, etag='"1"'))
    room.run()
    first = source()
    counters = room.run(later=LATER)
    assert room.server.last("/feed").headers["if-none-match"] == '"1"'
    assert (counters.polls, counters.unchanged, counters.judged) == (1, 1, 0)
    second = source()
    assert (second["state"], second["failures"], second["items"]) == ("ok", 0, 1)
    assert second["last_success"] > first["last_success"]
    assert about(wait(second), EVERY)


def test_a_changed_body_under_the_same_etag_is_read(room: Newsroom, source: Look) -> None:
    def careless(body: bytes) -> Reply:
        # a server that states a validator and never answers 304
        return Reply(body=body, headers={"ETag": '"always"'})

    room.server.script("/feed", careless(BASE))
    room.run()
    room.server.script("/feed", careless(NEWS))
    room.run(later=LATER)
    assert room.server.last("/feed").headers["if-none-match"] == '"always"'
    assert room.titles() == ["Trade official leaves his post"]
    assert source()["state"] == "ok"


def test_an_unchanged_body_is_not_parsed_though_the_server_says_200(room: Newsroom, source: Look) -> None:
    room.server.script("/feed", Reply(body=BASE))
    room.run()
    counters = room.run(later=LATER)
    assert (counters.polls, counters.unchanged, counters.judged) == (1, 1, 0)
    assert source()["state"] == "ok"


@pytest.mark.parametrize("status", [301, 308])
def test_a_permanent_redirect_is_remembered_and_shown(room: Newsroom, source: Look, status: int) -> None:
    room.server.script("/feed", Reply(status=status, headers={"Location": "/new/feed"}))
    room.server.script("/new/feed", Reply(body=BASE))
    room.run()
    assert source()["moved_to"] == room.server.url("/new/feed")
    room.server.script("/new/feed", Reply(body=NEWS))
    room.run(later=LATER)
    assert room.server.count("/feed") == 1
    assert room.titles() == ["Trade official leaves his post"]
    assert source()["state"] == "ok"


@pytest.mark.parametrize("status", [302, 303, 307])
def test_a_passing_redirect_is_followed_and_not_remembered(room: Newsroom, source: Look, status: int) -> None:
    room.server.script("/feed", Reply(status=status, headers={"Location": "/elsewhere"}))
    room.server.script("/elsewhere", Reply(body=BASE))
    room.run()
    room.run(later=LATER)
    assert room.server.count("/feed") == 2
    assert source()["moved_to"] is None


def test_a_feed_is_not_asked_sooner_than_its_cache_rule_or_ttl_allows(room: Newsroom, source: Look) -> None:
    room.server.script("/feed", Reply(body=BASE, headers={"Cache-Control": "max-age=3600"}))
    room.run()
    assert timedelta(hours=1) <= wait(source()) <= timedelta(hours=1.1)
    slow = BASE.replace(b"<title>Paper</title>", b"<title>Paper</title><ttl>180</ttl>")
    room.server.script("/feed", Reply(body=slow))
    room.run(later=timedelta(hours=1.2))
    assert timedelta(hours=3) <= wait(source()) <= timedelta(hours=3.3)


# --------------------------------------------------------------------------- answers that are not


def _date_in(room: Newsroom, ahead: timedelta) -> Callable[[Request], Reply]:
    """503 with a Retry-After that names the time."""
    return lambda _: Reply(
        status=503, headers={"Retry-After": format_datetime(room.clock() + ahead, usegmt=True)}
    )


def _status(status: int, after: str = "") -> Callable[[Newsroom], Reply]:
    return lambda _: Reply(status=status, headers={"Retry-After": after} if after else {})


TROUBLE: dict[str, tuple[Callable[[Newsroom], Any], timedelta, str]] = {
    "404": (_status(404), EVERY, "404"),
    "403": (_status(403), EVERY, "403"),
    "500": (_status(500), EVERY, "500"),
    "503": (_status(503), EVERY, "503"),
    "429, in seconds": (_status(429, "7200"), timedelta(hours=2), "429"),
    "429, sooner than is due": (_status(429, "5"), EVERY, "429"),
    "503, at a date": (lambda room: _date_in(room, timedelta(hours=3)), timedelta(hours=3), "503"),
    "503, in a year": (_status(503, "31536000"), timedelta(hours=24), "503"),
    "503, nonsense": (_status(503, "soon"), EVERY, "503"),
    "an HTML page": (lambda _: Reply(body=page("Sign in", filler(3)), type="text/html"), EVERY, "HTML page"),
    "nothing": (lambda _: Reply(body=b""), EVERY, "empty"),
    "half an answer": (
        lambda _: Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n<rss"),
        EVERY,
        "/feed",
    ),
}


@pytest.mark.parametrize("trouble", TROUBLE)
def test_trouble_is_shown_tried_again_when_due_and_costs_no_news(
    room: Newsroom, source: Look, trouble: str
) -> None:
    answer, due, reason = TROUBLE[trouble]
    room.server.script("/feed", Reply(body=BASE))
    room.run()
    room.server.script("/feed", answer(room))
    room.run(later=LATER)
    shown = source()
    assert (shown["state"], shown["failures"]) == ("failing", 1)
    assert reason in shown["error"]
    assert about(wait(shown), due)
    # not asked before its time, asked after it, and what it missed meanwhile is told
    asked = room.server.count("/feed")
    room.run(later=due * 0.8)
    assert room.server.count("/feed") == asked
    room.server.script("/feed", Reply(body=NEWS))
    room.run(later=due * 0.35)
    shown = source()
    assert (shown["state"], shown["failures"], shown["error"]) == ("ok", 0, None)
    assert room.titles() == ["Trade official leaves his post"]


def test_a_410_stops_the_feed_and_says_so(room: Newsroom, source: Look) -> None:
    room.server.script("/feed", Reply(body=BASE), Reply(status=410))
    room.run()
    room.run(later=LATER)
    shown = source()
    assert (shown["state"], shown["next_poll"]) == ("gone", None)
    assert "410" in shown["error"]
    room.run(later=timedelta(days=2))
    assert room.server.count("/feed") == 2


def test_a_feed_that_goes_on_failing_is_asked_ever_more_slowly_but_four_times_a_day(
    room: Newsroom, source: Look
) -> None:
    room.server.script("/feed", Reply(body=BASE), Reply(status=500))
    room.run()
    waits = []
    later = LATER
    for _ in range(8):
        room.run(later=later)
        waits.append(wait(source()))
        later = waits[-1] + SLACK
    assert all(about(one, EVERY * 2**n) for n, one in enumerate(waits[:5]))
    assert all(one <= timedelta(hours=6.6) for one in waits)
    assert source()["failures"] == 8
