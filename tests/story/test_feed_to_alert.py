"""A feed changes, an alert arrives: by mail and by webhook, once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import standardwebhooks

from tests.servers import Reply
from tests.story.newsroom import SECRET, Newsroom, date, filler, newsroom, page, rss, story

MINUTES = timedelta(minutes=3)


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Newsroom]:
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    with newsroom(tmp_path) as made:
        yield made


@pytest.fixture
def settled(room: Newsroom) -> Newsroom:
    """A newsroom whose feed has been read once, so that what comes now is news."""
    room.server.script("/feed", Reply(body=rss({"guid": "0", "title": "Harbour", "description": filler(0)})))
    room.run()
    return room


def _old() -> dict[str, str]:
    return {"guid": "0", "title": "Harbour", "description": filler(0)}


def test_a_report_goes_from_feed_and_page_to_mail_and_signed_webhook(settled: Newsroom) -> None:
    room = settled
    item = {
        "guid": "1",
        "title": "Trade official leaves his post",
        "link": "/story/1",
        "description": "A short note.",
    }
    room.server.script("/feed", Reply(body=rss(item, _old())))
    room.server.script("/story/1", Reply(body=page(item["title"], story()), type="text/html"))
    room.run(later=MINUTES)

    assert [mail["Subject"] for mail in room.mails] == [
        "[Defections] Trade official leaves his post (Paper 1)"
    ]
    (mail,) = room.mails
    plain = mail.get_body(("plain",))
    html = mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert "*defected*" in plain.get_content()
    assert "<b" in html.get_content() or "<strong" in html.get_content()
    assert mail["To"] == "desk@example.org"
    assert mail["Auto-Submitted"] == "auto-generated"

    (request,) = room.received
    body = standardwebhooks.Webhook(SECRET).verify(request.body, dict(request.headers))
    assert body == json.loads(request.body)
    assert body["type"] == "alert"
    assert body["id"] == request.headers["webhook-id"]
    data = body["data"]
    assert data["verdict"] == "new"
    assert data["watchlists"] == ["Defections"]
    assert data["article"]["url"] == room.server.url("/story/1")
    assert data["article"]["source"] == "Paper 1"
    assert {hit["term"] for hit in data["hits"]} >= {"defected"}
    assert data["story"]["articles"] == 1
    # the address as a newsletter or a browser has it names the same article
    with room.store() as reader:
        view = reader.article(room.server.url("/story/1?utm_source=mail#top"))
    assert view is not None
    assert view.row.id == data["article"]["id"]
    # menus and teasers are not part of the article
    assert "Most read" not in data["article"]["summary"]


def test_an_unchanged_feed_is_asked_conditionally_and_not_parsed(room: Newsroom) -> None:
    room.server.script(
        "/feed", Reply(body=rss(_old()), etag='"v1"', modified="Sat, 21 Nov 2026 10:00:00 GMT")
    )
    room.run()
    counters = room.run(later=MINUTES)
    request = room.server.last("/feed")
    assert request.headers["if-none-match"] == '"v1"'
    assert request.headers["if-modified-since"] == "Sat, 21 Nov 2026 10:00:00 GMT"
    assert (counters.polls, counters.unchanged, counters.judged) == (1, 1, 0)


def test_the_same_report_elsewhere_retitled_and_trimmed_is_not_told_again(settled: Newsroom) -> None:
    room = settled
    room.configure(("/feed", "/other"))
    room.server.script("/other", Reply(body=rss(_old() | {"guid": "x"})))
    room.run(later=MINUTES)
    room.server.script(
        "/feed", Reply(body=rss({"guid": "1", "title": "Official leaves", "content": story()}, _old()))
    )
    room.run(later=MINUTES)
    trimmed = " ".join(story().split()[:100])
    room.server.script(
        "/other", Reply(body=rss({"guid": "9", "title": "Envoy gone, say sources", "content": trimmed}))
    )
    room.run(later=MINUTES)
    assert room.titles() == ["Official leaves"]
    with room.store() as reader:
        silent = reader.alerts(held=True)
    assert [(view.title, view.state) for view in silent] == [("Envoy gone, say sources", "silent")]
    assert silent[0].reason.startswith("copy: of “Official leaves” (Paper 1)")


def test_a_quotation_with_a_new_hit_alerts_for_the_new_sentence_only(settled: Newsroom) -> None:
    room = settled
    room.server.script(
        "/feed", Reply(body=rss({"guid": "1", "title": "Official leaves", "content": story()}, _old()))
    )
    room.run(later=MINUTES)
    own = (
        "Our own correspondent writes from the border. Two more people, a nurse and a driver from Hyesan, have fled "
        "across the frozen river from North Korea this week and reached a safe house, a pastor told this paper. "
        "He would not say where the house stands, only that the two had walked for three nights without a fire and "
        "that both had frostbite on their hands. "
    )
    room.server.script(
        "/feed", Reply(body=rss({"guid": "2", "title": "River crossing", "content": own + story()}, _old()))
    )
    room.run(later=MINUTES)
    assert room.titles() == ["Official leaves", "River crossing"]
    data = room.hooks[-1]["data"]
    assert data["verdict"] == "extended"
    assert "".join(part["text"] for part in data["novel"]).count("defected") == 0
    assert any("fled" in part["text"] for part in data["novel"])
    assert data["look_alikes"][0]["title"] == "Official leaves"


def test_first_poll_of_500_old_entries_makes_one_bundle_and_everything_is_known(room: Newsroom) -> None:
    now = datetime.now(UTC)
    items = [
        {
            "guid": f"old{n}",
            "title": f"Report {n}",
            "content": filler(n),
            "pubDate": date(now - timedelta(days=2, hours=n)),
        }
        for n in range(490)
    ]
    items += [
        {
            "guid": f"hit-old{n}",
            "title": f"Long ago {n}",
            "content": story(who=f"in city {n}", tail=filler(900 + n)),
            "pubDate": date(now - timedelta(days=30 + n)),
        }
        for n in range(5)
    ]
    fresh = [
        ("Nurse gone", "A nurse from a hospital in Hamhung fled North Korea over the river. " + filler(601)),
        (
            "Pilot gone",
            "An air force pilot defected from North Korea in a trainer plane on Sunday night. " + filler(602),
        ),
    ]
    items += [
        {
            "guid": f"new{n}",
            "title": title,
            "content": text * 2,
            "pubDate": date(now - timedelta(hours=n + 1)),
        }
        for n, (title, text) in enumerate(fresh)
    ]
    room.server.script("/feed", Reply(body=rss(*items)))
    room.configure(feed='text = "feed"')
    counters = room.run()
    assert counters.judged == len(items)
    assert [body["type"] for body in room.hooks] == ["bundle"]
    assert room.hooks[0]["data"]["reason"] == "catch-up"
    assert sorted(room.titles()) == ["Nurse gone", "Pilot gone"]
    assert len(room.mails) == 1

    # reordered, other GUIDs under the same links, other dates: nothing of it is news
    again = [item | {"guid": item["guid"] + "-b", "pubDate": date(now)} for item in reversed(items)]
    room.server.script("/feed", Reply(body=rss(*again)))
    room.run(later=MINUTES)
    assert len(room.hooks) == 1
    assert len(room.mails) == 1


def test_a_dead_webhook_loses_nothing_and_delays_no_mail(settled: Newsroom) -> None:
    room = settled
    room.hook_answers(Reply(status=503, body=b"down"), Reply(status=500))
    room.server.script(
        "/feed", Reply(body=rss({"guid": "1", "title": "Official leaves", "content": story()}, _old()))
    )
    room.run(later=MINUTES)
    assert len(room.mails) == 1
    assert room.hooks == []
    room.run(later=timedelta(seconds=10))
    room.run(later=timedelta(minutes=10))
    assert room.titles() == ["Official leaves"]
    ids = [request.headers["webhook-id"] for request in room.server.requests if request.path == "/hook"]
    assert len(ids) == 3
    assert len(set(ids)) == 1
    assert len(room.mails) == 1


def test_a_refused_mail_is_tried_again_and_a_forbidden_one_is_dead_with_its_reason(settled: Newsroom) -> None:
    room = settled
    room.mailbox.refuse = ["451 try later"]
    room.server.script(
        "/feed", Reply(body=rss({"guid": "1", "title": "Official leaves", "content": story()}, _old()))
    )
    room.run(later=MINUTES)
    assert room.mails == []
    room.run(later=timedelta(minutes=2))
    assert len(room.mails) == 1
    room.mailbox.refuse = ["550 no such desk"]
    room.server.script(
        "/feed",
        Reply(
            body=rss(
                {
                    "guid": "2",
                    "title": "Pilot gone",
                    "content": "A pilot defected from North Korea. " + filler(7) * 4,
                }
            )
        ),
    )
    room.run(later=MINUTES)
    with room.store() as reader:
        dead = reader.deliveries(state="dead")
    assert [(view.channel, view.subject) for view in dead] == [("desk", "Pilot gone")]
    assert "550" in dead[0].reason


def test_a_page_that_is_down_is_tried_again_then_its_summary_is_told_and_later_its_text_is_not_news(
    settled: Newsroom,
) -> None:
    room = settled
    summary = (
        "A North Korean trade official has defected with his family, an official in Seoul said on Tuesday."
    )
    item = {"guid": "1", "title": "Official leaves", "link": "/story/1", "description": summary}
    room.server.script("/feed", Reply(body=rss(item, _old())))
    room.server.script("/story/1", Reply(status=503))
    room.run(later=MINUTES)
    assert room.hooks == []
    room.run(later=timedelta(minutes=1, seconds=30))
    room.run(later=timedelta(minutes=6))
    assert [body["data"]["verdict"] for body in room.hooks] == ["partial"]
    room.server.script("/story/1", Reply(body=page("Official leaves", story()), type="text/html"))
    room.run(later=timedelta(minutes=20))
    with room.store() as reader:
        view = reader.article(room.server.url("/story/1"))
    assert view is not None
    assert view.row.judgement == 1
    assert "gates shut" in (view.text or "")
    assert len([body for body in room.hooks if body["type"] == "alert"]) == 1


def test_a_revision_is_told_with_before_and_after_when_a_figure_changes(settled: Newsroom) -> None:
    room = settled
    first = (
        "Three workers defected from a North Korean restaurant abroad on Sunday, officials said. "
        + filler(31) * 3
    )
    second = first.replace("Three workers", "Seven workers")
    room.server.script(
        "/feed", Reply(body=rss({"guid": "1", "title": "Workers leave", "content": first}, _old()))
    )
    room.run(later=MINUTES)
    room.server.script(
        "/feed", Reply(body=rss({"guid": "1", "title": "Workers leave", "content": second}, _old()))
    )
    room.run(later=MINUTES)
    assert [body["data"]["verdict"] for body in room.hooks] == ["new", "revision"]
    (change,) = room.hooks[-1]["data"]["changes"]
    assert change["before"].startswith("Three workers")
    assert change["after"].startswith("Seven workers")
    assert room.mails[1]["In-Reply-To"] == room.mails[0]["Message-ID"]
    # a comma moved: silent
    third = second.replace("on Sunday, officials", "on Sunday officials")
    room.server.script(
        "/feed", Reply(body=rss({"guid": "1", "title": "Workers leave", "content": third}, _old()))
    )
    room.run(later=MINUTES)
    assert len(room.hooks) == 2


def test_a_hit_sentence_that_vanishes_is_told_and_any_other_is_not(settled: Newsroom) -> None:
    room = settled
    hit = "Three workers defected from a North Korean restaurant abroad on Sunday, officials said."
    other = "The harbour will be dredged in May, and the pilots will move their boats to the eastern basin until then."

    def publish(text: str) -> None:
        body = rss({"guid": "1", "title": "Workers leave", "content": f"{text} {filler(31) * 2}"}, _old())
        room.server.script("/feed", Reply(body=body))
        room.run(later=MINUTES)

    publish(f"{hit} {other}")
    publish(hit)
    assert [body["data"]["verdict"] for body in room.hooks] == ["new"]
    publish("")
    assert [body["data"]["verdict"] for body in room.hooks] == ["new", "revision"]
    assert room.hooks[-1]["data"]["changes"] == [{"before": hit, "after": ""}]
    assert room.hooks[-1]["data"]["watchlists"] == ["Defections"]
