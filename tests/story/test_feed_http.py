"""A feed on loopback, polled through the real network door and a real worker process."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from zoneinfo import ZoneInfo

import pytest

from tests.servers import Reply, serve
from watcher.model import Permanent, Temporary, WorkerLost
from watcher.net import Net
from watcher.sandbox import Workers
from watcher.secret import Secret
from watcher.sources.feed import LIMIT, Feed, scan

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SEOUL = ZoneInfo("Asia/Seoul")


@pytest.fixture
def server():
    with serve("127.0.0.1", "127.0.0.2") as running:
        yield running


@pytest.fixture(scope="module")
def workers():
    running = Workers(1)
    yield running
    running.close()


@pytest.fixture
def net():
    opened = Net(allow=["127.0.0.0/8"])
    yield opened
    opened.close()


@pytest.fixture
def poll(server, net, workers):
    """Poll `/feed`, or what is named, as the daemon does: cursors go through JSON."""

    def once(cursor=None, *, path="/feed", now=NOW, **settings):
        feed = Feed(url=server.url(path), **settings)
        found = scan(feed, cursor or {}, net=net, workers=workers, now=now, zone=SEOUL)
        assert json.loads(json.dumps(found.cursor)) == found.cursor
        return found

    return once


def item(number, *, hours_ago=1.0, more=""):
    date = format_datetime(NOW - timedelta(hours=hours_ago))
    return (
        f"<item><guid>n-{number}</guid><title>Report {number}</title><link>/reports/{number}</link>"
        f"<pubDate>{date}</pubDate>{more}</item>"
    )


def rss(*items, channel=""):
    return (
        '<rss version="2.0" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"><channel><title>News</title>'
        f"<link>https://news.example/</link>{channel}{''.join(items)}</channel></rss>"
    ).encode()


# --------------------------------------------------------------------------- unchanged


def test_the_second_poll_is_conditional_and_a_304_parses_nothing(server, poll):
    server.script("/feed", Reply(body=rss(item(1)), etag='W/"a1"', modified="Fri, 20 Nov 2026 10:00:00 GMT"))
    first = poll()
    assert [entry.url for entry in first.entries] == ["https://news.example/reports/1"]
    second = poll(first.cursor)
    asked = server.last("/feed").headers
    assert asked["if-none-match"] == 'W/"a1"'
    assert asked["if-modified-since"] == "Fri, 20 Nov 2026 10:00:00 GMT"
    assert second.unchanged
    assert second.entries == ()
    assert second.cursor == first.cursor


def test_the_first_poll_is_not_conditional(server, poll):
    server.script("/feed", Reply(body=rss(item(1)), etag='"1"'))
    poll()
    assert not {"if-none-match", "if-modified-since"} & set(server.last("/feed").headers)


def test_an_unchanged_body_is_not_parsed_again_but_its_new_validators_are_kept(server, poll):
    server.script("/feed", Reply(body=rss(item(1)), etag='"1"'), Reply(body=rss(item(1)), etag='"2"'))
    second = poll(poll().cursor)
    assert second.unchanged
    assert second.entries == ()
    assert second.cursor["etag"] == '"2"'


def test_a_changed_body_under_the_same_etag_is_parsed(server, poll):
    def stubborn(body):
        return lambda _request: Reply(body=body, headers={"ETag": '"same"'})

    server.script("/feed", stubborn(rss(item(1))), stubborn(rss(item(2), item(1))))
    second = poll(poll().cursor)
    assert not second.unchanged
    assert [entry.key for entry in second.entries] == ["n-2", "n-1"]


def test_validators_that_a_later_answer_lacks_are_forgotten(server, poll):
    server.script("/feed", Reply(body=rss(item(1)), etag='"1"'), Reply(body=rss(item(2))))
    third = poll(poll(poll().cursor).cursor)
    assert "if-none-match" not in server.last("/feed").headers
    assert third.unchanged


def test_a_304_may_leave_the_validators_out(server, poll):
    server.script("/feed", Reply(body=rss(item(1)), etag='"1"'), Reply(status=304))
    assert poll(poll().cursor).cursor["etag"] == '"1"'


def test_a_304_to_the_first_request_is_a_failure(server, poll):
    server.script("/feed", Reply(status=304))
    with pytest.raises(Temporary, match="304"):
        poll()


def test_a_304_of_another_address_is_not_believed(server, poll):
    server.script(
        "/feed", Reply(status=302, headers={"Location": "/a"}), Reply(status=302, headers={"Location": "/b"})
    )
    server.script("/a", Reply(body=rss(item(1)), etag='"1"'))
    server.script("/b", Reply(body=rss(item(2)), etag='"1"'))
    assert [entry.key for entry in poll(poll().cursor).entries] == ["n-2"]


def test_a_hostile_etag_does_not_come_back_as_a_header_of_its_own(server, poll):
    server.script("/feed", Reply(raw=b'HTTP/1.1 200 OK\r\nETag: "a\x0bEvil: 1"\r\nContent-Length: 0\r\n\r\n'))
    with pytest.raises(Temporary, match="empty"):
        poll()
    server.script("/feed", Reply(body=rss(item(1)), headers={"ETag": "x" * 5_000}))
    assert "etag" not in poll().cursor


def test_gzipped_feeds_are_read(server, poll):
    server.script("/feed", Reply(body=gzip.compress(rss(item(1))), headers={"Content-Encoding": "gzip"}))
    assert len(poll().entries) == 1


# --------------------------------------------------------------------------- statuses

TOMORROW = format_datetime((NOW + timedelta(hours=30)).astimezone(UTC), usegmt=True)
IN_AN_HOUR = format_datetime(NOW + timedelta(hours=1), usegmt=True)


@pytest.mark.parametrize(
    ("status", "header", "wait"),
    [
        (400, None, None),
        (401, None, None),
        (403, None, None),
        (404, None, None),
        (404, "120", timedelta(seconds=120)),
        (429, "120", timedelta(seconds=120)),
        (429, IN_AN_HOUR, timedelta(hours=1)),
        (429, TOMORROW, timedelta(hours=24)),
        (429, "999999999", timedelta(hours=24)),
        (429, None, None),
        (429, "soon", None),
        (500, None, None),
        (502, None, None),
        (503, "60", timedelta(seconds=60)),
        (503, IN_AN_HOUR, timedelta(hours=1)),
        (204, None, None),
        (206, None, None),
        (302, None, None),
    ],
)
def test_a_status_is_a_failure_that_may_pass(server, poll, status, header, wait):
    server.script(
        "/feed", Reply(status=status, body=b"no", headers={"Retry-After": header} if header else {})
    )
    with pytest.raises(Temporary) as failed:
        poll()
    assert failed.value.status == status
    assert failed.value.retry_after == wait
    assert server.url("/feed") in str(failed.value)
    assert str(status) in str(failed.value)


def test_410_says_never_again(server, poll):
    server.script("/feed", Reply(status=410))
    with pytest.raises(Permanent, match="gone for good") as failed:
        poll()
    assert failed.value.gone


def test_a_body_over_the_cap_is_refused(server, poll):
    bomb = gzip.compress(b" " * (LIMIT + 1))
    server.script("/feed", Reply(body=bomb, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(Permanent, match="larger than 10 MiB"):
        poll()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty body"),
        (b"\n \n", "empty body"),
        (b"<!doctype html><title>Down for repair</title>", "HTML page .*Down for repair.*not a feed"),
        (b'{"error": 1}', "not a JSON Feed"),
        (b'{"version":"https://jsonfeed.org/version/1","items":' + b"[" * 100_000, "nested too deep"),
    ],
)
def test_a_page_in_place_of_the_feed_is_named_and_nothing_of_it_is_kept(server, poll, body, reason):
    server.script(
        "/feed", Reply(body=rss(item(1)), etag='"1"'), Reply(body=body, etag='"2"'), Reply(body=rss(item(2)))
    )
    first = poll()
    with pytest.raises(Temporary, match=reason):
        poll(first.cursor)
    assert [entry.key for entry in poll(first.cursor).entries] == ["n-2"]


def test_a_feed_that_keeps_the_parser_busy_is_given_up_with_its_reason(server, net):
    server.script("/feed", Reply(body=b'<rss version="2.0"><channel><item>' + b"<a>" * 600_000))
    slow = Workers(1, timeout=timedelta(seconds=0.5))
    try:
        with pytest.raises(WorkerLost, match=r"could not be parsed: .*out of time"):
            scan(Feed(url=server.url("/feed")), {}, net=net, workers=slow, now=NOW, zone=SEOUL)
        server.script("/feed", Reply(body=rss(item(1))))
        slow._timeout = timedelta(seconds=10)
        assert scan(Feed(url=server.url("/feed")), {}, net=net, workers=slow, now=NOW, zone=SEOUL).entries
    finally:
        slow.close()


def test_an_address_the_guard_refuses_is_permanent(server, workers):
    with pytest.raises(Permanent, match="does not connect"):
        scan(Feed(url=server.url("/feed")), {}, net=Net(), workers=workers, now=NOW, zone=SEOUL)


# --------------------------------------------------------------------------- moved


@pytest.mark.parametrize("status", [301, 308])
def test_a_permanent_redirect_is_remembered_and_the_old_address_left_alone(server, poll, status):
    server.script("/feed", Reply(status=status, headers={"Location": "/new"}))
    server.script("/new", Reply(body=rss(item(1)), etag='"1"'))
    first = poll()
    assert first.moved_to == server.url("/new")
    second = poll(first.cursor)
    assert second.unchanged
    assert second.moved_to == server.url("/new")
    assert (server.count("/feed"), server.count("/new")) == (1, 2)


@pytest.mark.parametrize("status", [302, 303, 307])
def test_a_passing_redirect_is_not_remembered(server, poll, status):
    server.script("/feed", Reply(status=status, headers={"Location": "/new"}))
    server.script("/new", Reply(body=rss(item(1)), etag='"1"'))
    first = poll()
    assert first.moved_to is None
    assert poll(first.cursor).unchanged
    assert server.count("/feed") == 2
    assert server.last("/new").headers["if-none-match"] == '"1"'


def test_a_move_that_leads_to_no_feed_is_not_remembered(server, poll):
    server.script("/feed", Reply(status=301, headers={"Location": "/login"}), Reply(body=rss(item(1))))
    server.script("/login", Reply(body=b"<html>Log in to this network</html>"))
    with pytest.raises(Temporary, match="HTML page"):
        poll()
    assert poll().moved_to is None


def test_a_new_address_that_fails_sends_watcher_back_to_the_old_one(server, poll):
    server.script("/feed", Reply(status=301, headers={"Location": "/new"}), Reply(body=rss(item(2), item(1))))
    server.script("/new", Reply(body=rss(item(1)), etag='"1"'), Reply(status=404))
    back = poll(poll().cursor)
    assert [entry.key for entry in back.entries] == ["n-2", "n-1"]
    assert back.moved_to is None
    assert "moved_to" not in back.cursor
    assert "if-none-match" not in server.last("/feed").headers


def test_a_new_address_that_is_busy_is_left_in_peace(server, poll):
    server.script("/feed", Reply(status=301, headers={"Location": "/new"}))
    server.script("/new", Reply(body=rss(item(1))), Reply(status=429, headers={"Retry-After": "60"}))
    cursor = poll().cursor
    with pytest.raises(Temporary) as failed:
        poll(cursor)
    assert failed.value.retry_after == timedelta(seconds=60)
    assert server.count("/feed") == 1


def test_headers_of_the_config_go_to_their_site_only(server, poll, monkeypatch):
    monkeypatch.setenv("NK_COOKIE", "member=1")
    server.script("/feed", Reply(status=301, headers={"Location": server.url("/new", "127.0.0.2")}))
    server.script("/new", Reply(body=rss(item(1))))
    headers = {"Cookie": Secret(env="NK_COOKIE"), "X-Reader": "desk"}
    first = poll(headers=headers)
    poll(first.cursor, headers=headers)
    assert server.last("/feed").headers["cookie"] == "member=1"
    assert server.last("/feed").headers["x-reader"] == "desk"
    assert server.count("/new") == 2
    assert not any(
        {"cookie", "x-reader"} & set(asked.headers) for asked in server.requests if asked.path == "/new"
    )


def test_a_header_of_the_config_takes_the_place_of_watchers_own(server, poll):
    server.script("/feed", Reply(body=rss(item(1))))
    poll(headers={"accept": "text/xml", "user-agent": "desk"})
    assert server.last("/feed").headers["accept"] == "text/xml"
    assert server.last("/feed").headers["user-agent"] == "desk"


def test_a_secret_that_is_missing_is_named(poll):
    with pytest.raises(Permanent, match="NO_SUCH_VARIABLE"):
        poll(headers={"Cookie": Secret(env="NO_SUCH_VARIABLE")})


# --------------------------------------------------------------------------- how soon again


@pytest.mark.parametrize(
    ("headers", "channel", "floor"),
    [
        ({"Cache-Control": "public, max-age=1800"}, "", timedelta(minutes=30)),
        ({"Cache-Control": "max-age=600, no-cache"}, "", None),
        ({"Cache-Control": "s-maxage=600"}, "", None),
        ({"Cache-Control": "max-age=0"}, "", None),
        ({"Cache-Control": "max-age=31536000"}, "", timedelta(hours=24)),
        ({"Cache-Control": "max-age=99999999999999999"}, "", timedelta(hours=24)),
        ({}, "<ttl>45</ttl>", timedelta(minutes=45)),
        ({}, "<ttl>99999</ttl>", timedelta(hours=24)),
        ({}, "<sy:updatePeriod>hourly</sy:updatePeriod>", timedelta(hours=1)),
        ({"Cache-Control": "max-age=600"}, "<ttl>45</ttl>", timedelta(minutes=45)),
        ({"Cache-Control": "max-age=7200"}, "<ttl>45</ttl>", timedelta(hours=2)),
        ({}, "", None),
    ],
)
def test_what_the_server_and_the_feed_ask_for_is_a_floor(server, poll, headers, channel, floor):
    server.script("/feed", Reply(body=rss(item(1), channel=channel), headers=headers, etag='"1"'))
    first = poll()
    assert first.floor == floor
    assert poll(first.cursor).floor == floor


# --------------------------------------------------------------------------- what went by unseen


def test_entries_that_went_by_unseen_are_noticed(server, poll):
    server.script(
        "/feed",
        Reply(body=rss(item(2, hours_ago=5), item(1, hours_ago=6))),
        Reply(body=rss(item(3, hours_ago=4), item(2, hours_ago=5))),
        Reply(body=rss(item(9, hours_ago=1), item(8, hours_ago=2))),
    )
    first = poll()
    second = poll(first.cursor)
    third = poll(second.cursor)
    assert [scanned.missed for scanned in (first, second, third)] == [False, False, True]


def test_a_feed_that_dates_its_entries_anew_each_time_missed_nothing(server, poll):
    server.script(
        "/feed",
        Reply(body=rss(item(2, hours_ago=5), item(1, hours_ago=5))),
        Reply(body=rss(item(3, hours_ago=1), item(2, hours_ago=1))),
    )
    assert not poll(poll().cursor).missed


def test_a_date_in_the_future_hides_no_gap(server, poll):
    server.script(
        "/feed",
        Reply(body=rss(item(0, hours_ago=-500), item(1, hours_ago=6))),
        Reply(body=rss(item(9, hours_ago=1), item(8, hours_ago=2))),
    )
    first = poll()
    assert max(entry.published for entry in first.entries) == NOW
    assert poll(first.cursor).missed


# --------------------------------------------------------------------------- zones


def test_dates_without_a_zone_take_the_feeds_zone_else_the_desks(server, poll):
    server.script(
        "/feed", Reply(body=rss("<item><title>T</title><pubDate>2026-11-20 10:00</pubDate></item>"))
    )
    assert poll().entries[0].published == datetime(2026, 11, 20, 1, tzinfo=UTC)
    assert poll(timezone="America/New_York").entries[0].published == datetime(2026, 11, 20, 15, tzinfo=UTC)


def test_a_feed_in_euc_kr_arrives_in_korean(server, poll):
    body = '<?xml version="1.0" encoding="euc-kr"?>' + rss("<item><title>탈북민 입국</title></item>").decode()
    server.script("/feed", Reply(body=body.encode("euc-kr"), type="text/xml"))
    assert poll().entries[0].title == "탈북민 입국"
