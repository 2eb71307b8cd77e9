"""How an alert reads: subjects, plain text, HTML, mail bytes, JSON."""

from __future__ import annotations

import dataclasses
import email
import email.policy
import html.parser
import json
import re
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

import jsonschema
import pytest

from watcher import display
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
    Passage,
    StoryNote,
)
from watcher.message import mail as message
from watcher.message import mime, payload, terminal
from watcher.model import WatcherError

SEOUL = ZoneInfo("Asia/Seoul")
FOUND = datetime(2026, 11, 21, 5, 22, tzinfo=UTC)
SCHEMA = json.loads(files("watcher").joinpath("templates/webhook.schema.json").read_text("utf-8"))
SAID = "A cook who fed the garrison at Sinuiju defected on Tuesday, her sister said."


def article(**changed: object) -> ArticleNote:
    usual: dict[str, object] = {
        "id": "8f31aa20",
        "title": "Garrison cook leaves by the river",
        "url": "https://ledger.example/cook?a=1&b=2",
        "source": "Northern Ledger",
        "published": FOUND - timedelta(minutes=12),
        "language": "en",
        "summary": "A cook has left.",
        "found": FOUND,
    }
    return ArticleNote(**(usual | changed))  # type: ignore[arg-type]


def hit(word: str = "defected", snippet: str = SAID, **changed: object) -> HitNote:
    at = snippet.index(word)
    usual: dict[str, object] = {
        "watchlist": "Defections",
        "term": word,
        "concept": None,
        "field": "body",
        "snippet": snippet,
        "start": 100 + at,
        "end": 100 + at + len(word),
        "marks": ((at, at + len(word)),),
    }
    return HitNote(**(usual | changed))  # type: ignore[arg-type]


def alert(**changed: object) -> Alert:
    usual: dict[str, object] = {
        "id": "a-1",
        "verdict": "new",
        "watchlists": ("Defections", "Border"),
        "article": article(),
        "hits": (hit(),),
        "conditions": (("Defections", "any of @flee near 30 of @dprk"),),
        "new_words": 460.0,
        "words": 460.0,
    }
    return Alert(**(usual | changed))  # type: ignore[arg-type]


def bundle(*alerts: Alert, **changed: object) -> Bundle:
    return Bundle(**({"reason": "digest", "alerts": alerts, "opened": FOUND} | changed))  # type: ignore[arg-type]


def outgoing(content: Content, **changed: object) -> Outgoing:
    usual: dict[str, object] = {
        "id": "5f1f6f4e-0000-5000-8000-000000000001",
        "channel": "desk",
        "recipient": "desk@example.org",
        "content": content,
        "sequence": 7,
        "created": FOUND,
    }
    return Outgoing(**(usual | changed))  # type: ignore[arg-type]


def build(content: Content, **changed: object) -> email.message.EmailMessage:
    built = mime.build(
        outgoing(content, **changed),
        sender="watcher <watcher@example.org>",
        to="desk@example.org",
        zone=SEOUL,
    )
    return email.message_from_bytes(built, policy=email.policy.default)  # type: ignore[return-value]


class Page(html.parser.HTMLParser):
    """Every tag and attribute of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.bold: list[str] = []
        self._in_bold = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        self._in_bold = tag == "b"

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002
        self._in_bold = False

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._in_bold:
            self.bold.append(data)


# --------------------------------------------------------------------------- subject


def told(**changed: object) -> StoryNote:
    return StoryNote(**({"id": "s", "first_seen": FOUND, "articles": 2, "outlets": 1, "texts": 1} | changed))  # type: ignore[arg-type]


SUBJECTS = {
    "watchlist, title and source": (
        alert(watchlists=("Defections",)),
        "[Defections] Garrison cook leaves by the river (Northern Ledger)",
    ),
    "further watchlists are counted": (
        alert(),
        "[Defections +1] Garrison cook leaves by the river (Northern Ledger)",
    ),
    "a revision says so, and which figure": (
        alert(verdict="revision", changes=(Change("Three of 40 left.", "Three of 70 left."),)),
        "[Defections +1] Revised: Garrison cook leaves by the river: 40 → 70 (Northern Ledger)",
    ),
    "a Korean figure with its counter": (
        alert(verdict="revision", changes=(Change("모두 3명이 갔다.", "모두 7명이 갔다."),)),
        "[Defections +1] Revised: Garrison cook leaves by the river: 3명 → 7명 (Northern Ledger)",
    ),
    "several figures changed: none is picked": (
        alert(verdict="revision", changes=(Change("3 of 40", "5 of 70"),)),
        "[Defections +1] Revised: Garrison cook leaves by the river (Northern Ledger)",
    ),
    "no title: the text's beginning": (
        alert(article=article(title=" ")),
        "[Defections +1] A cook has left. (Northern Ledger)",
    ),
    "a digest counts stories and alerts": (
        bundle(*(alert(id=n, story=told()) for n in "ab"), alert(id="c")),
        "[Defections +1] 14:22 digest: 2 stories, 3 alerts",
    ),
    "one story's roll-up goes by its title": (
        bundle(*(alert(id=n, story=told(first_title="Cook gone")) for n in "ab"), reason="roll-up"),
        "[Defections +1] 2 more reports: Cook gone",
    ),
    "a part says which": (
        bundle(alert(), reason="quiet", part=2, parts=3),
        "[Defections +1] 14:22 quiet hours: 1 alert (2/3)",
    ),
    "the daemon's own": (
        Notice(subject="Channel desk is down", text="…", at=FOUND),
        "[watcher] Channel desk is down",
    ),
}


@pytest.mark.parametrize(("content", "expected"), SUBJECTS.values(), ids=SUBJECTS)
def test_the_subject_says_what_it_is(content: Content, expected: str) -> None:
    assert message.subject(content, zone=SEOUL) == expected


# --------------------------------------------------------------------------- plain text and HTML


def test_the_plain_text_stands_in_the_order_of_reading() -> None:
    shown = message.plain(
        alert(
            look_alikes=(LookAlikeNote(url=None, title="Old report", source="Wire", containment=0.2),),
            carried_by=(LookAlikeNote(url=None, title="", source="Bulletin", containment=0.9),),
            new_words=368,
            reason="a cue in a new sentence",
            story=StoryNote(
                id="s",
                first_seen=FOUND - timedelta(days=2),
                articles=3,
                outlets=2,
                texts=2,
                first_title="Old report",
            ),
        ),
        zone=SEOUL,
    )
    expected = [
        "NEW · Defections, Border · Northern Ledger (en)",
        "published 14:10, found 14:22 KST · 21 Nov 2026",
        "https://ledger.example/cook?a=1&b=2",
        "*defected*",
        "Matched     Defections: defected · any of @flee near 30 of @dprk",
        "368 of 460 words; shares text with “Old report” (Wire, 20%)",
        "3 reports, 2 independent texts, 2 outlets",
        "Carried by  Bulletin",
        "Why         a cue in a new sentence",
        "            watcher why 8f31aa20",
    ]
    places = [shown.find(text) for text in expected]
    assert -1 not in places, shown
    assert places == sorted(places)


def test_what_is_new_stands_before_the_known_sentences_it_goes_with() -> None:
    old = hit(snippet="A man defected, it was said.", start=0, end=8, marks=((6, 14),), novel=False)
    new = hit(snippet="The ministry denied that he defected.", start=300, end=308, marks=((28, 36),))
    text = " ".join(message.plain(alert(hits=(old, new))).split())
    assert text.index("The ministry denied") < text.index("A man *defected*")


def test_a_text_that_begins_with_its_title_does_not_say_it_twice() -> None:
    title = hit("cook", f"{article().title}.")
    assert message.plain(alert(hits=(title, hit()))).count(article().title) == 1
    alone = alert(hits=(title,), article=article(summary=f"{article().title} Her sister said so."))
    assert message.plain(alone).count(article().title) == 1
    assert "> Her sister said so." in message.plain(alone)


def test_who_carried_it_is_named_once_however_often() -> None:
    carriers = tuple(
        LookAlikeNote(url=None, title=f"Take {n}", source="Paper A" if n else "Paper B", containment=0.9)
        for n in range(5)
    )
    lines = message.plain(alert(carried_by=carriers)).splitlines()
    assert [line.split("  ")[-1] for line in lines if line.startswith("Carried by")] == ["Paper B, Paper A"]


def test_a_share_that_rounds_to_nothing_is_not_told() -> None:
    quoted = LookAlikeNote(url=None, title="Old report", source="Wire", containment=0)
    shown = message.plain(alert(words=460, new_words=368, look_alikes=(quoted,)))
    assert "shares text with “Old report” (Wire)" in " ".join(shown.split())


def test_three_sentences_at_most_the_new_ones_with_most_hits_in_the_texts_order() -> None:
    said = [f"Sentence {n} tells of a flight and a defection." for n in range(5)]
    hits = [hit("flight", text, start=n * 100) for n, text in enumerate(said)]
    hits += [hit("defection", said[4], start=450), hit("defection", said[1], start=150)]
    hits[1] = dataclasses.replace(hits[1], novel=False)
    hits[6] = dataclasses.replace(hits[6], novel=False)
    shown = message.plain(alert(hits=tuple(hits)))
    assert [n for n in range(5) if f"Sentence {n}" in shown] == [0, 2, 4]
    assert "*flight* and a *defection*" in shown


def test_a_headline_without_hits_in_the_text_shows_its_summary() -> None:
    assert "> A cook has left." in message.plain(
        alert(hits=(hit("cook", "Garrison cook leaves", field="title"),))
    )


def test_hits_in_the_title_are_marked_in_it() -> None:
    flash = alert(hits=(hit("cook", article().title, field="title"),), article=article(summary=""))
    assert "Garrison *cook* leaves by the river\n" in message.plain(flash)
    assert Page(message.html(flash)).bold[0] == "cook"
    assert "\x1b[1;33mcook\x1b[0m" in terminal.draw(flash)


def test_a_revision_shows_before_and_after_with_what_changed_in_bold() -> None:
    changed = alert(
        verdict="revision",
        changes=(Change("모두 3명이 갔다.", "모두 7명이 갔다."), Change("Nothing is known.", "")),
    )
    assert "  - 모두 *3*명이 갔다.\n  + 모두 *7*명이 갔다." in message.plain(changed)
    page = Page(message.html(changed))
    assert page.bold[:2] == ["3", "7"]
    assert "removed Nothing is known." in " ".join(page.text.split())


def test_a_bundle_lists_every_alert_by_story_with_hits_and_copies_and_what_was_held_back() -> None:
    story = StoryNote(id="s", first_seen=FOUND, articles=3, outlets=2, texts=2, first_title="River story")
    one = alert(id="1", story=story, article=article(id="11", title="One"))
    two = alert(id="2", article=article(id="22", title="Two"))
    three = alert(
        id="3",
        story=story,
        article=article(id="33", title="Three"),
        carried_by=(LookAlikeNote(url=None, title="", source="Bulletin", containment=1),),
    )
    mail = bundle(
        one,
        two,
        three,
        held=(("copy", 3), ("muted", 1)),
        health="41 of 44 feeds healthy, 2 failing since 19 Nov",
    )
    for text in (message.plain(mail), Page(message.html(mail).split('class="page"')[1]).text):
        places = [
            text.find(title)
            for title in (
                "River story",
                "One",
                "Three",
                "Two",
                "Held back: 4 (3 copies, 1 muted)",
                "41 of 44",
            )
        ]
        assert -1 not in places, text
        assert places == sorted(places)
        assert text.count("defected") >= 3
        assert "Carried by Bulletin" in text
        assert all(f"watcher why {number}" in text for number in (11, 22, 33))


def test_every_form_names_the_commands_that_tell_why_and_that_end_the_story() -> None:
    long = "5f1f6f4e-0000-5000-8000-000000000001"
    one = alert(article=article(id=long), story=told(id=long))
    why, mute = "watcher why 5f1f6f4e-0000", 'watcher mute 5f1f6f4e-0000 --for 7d --reason "…"'
    for text in (message.plain(one), Page(message.html(one)).text, terminal.draw(one)):
        assert why in text
        assert mute in text
    for text in (
        message.plain(bundle(one)),
        Page(message.html(bundle(one))).text,
        terminal.draw(bundle(one)),
    ):
        assert why in text
        assert "watcher mute ID --for 7d" in " ".join(text.split())


def test_a_story_named_by_its_first_report_shows_and_links_that_title_once() -> None:
    one = alert(id="1", story=told(first_title=article().title))
    two = alert(
        id="2",
        story=told(first_title=article().title),
        article=article(title="Again", url="https://b.example/"),
    )
    page = message.html(bundle(one, two)).split('class="page"')[1]
    assert page.count(article().title) == 1
    assert [value for name, value in Page(page).attributes if name == "href"] == [
        article().url,
        "https://b.example/",
    ]


def test_a_notices_commands_stand_out_and_its_lines_stay_apart() -> None:
    page = message.html(
        Notice(subject="x", text="To: desk\nBecause: 550\n\n`watcher sources` shows it.", at=FOUND)
    )
    assert "<p>To: desk<br>Because: 550</p>" in page
    assert "<p><code>watcher sources</code> shows it.</p>" in page


def test_a_long_address_is_linked_whole_and_shown_with_its_host_and_end() -> None:
    host = "https://" + "sub." * 25 + "example"
    for url in (
        "https://a.example/" + "x" * 300 + "/the-end-of-the-address",
        f"{host}?{'y' * 200}/the-end-of-the-address",
    ):
        page = message.html(alert(article=article(url=url)))
        shown = re.findall(r'<a href="([^"]*)">([^<]*)</a>', page)[-1]
        assert shown[0] == url
        assert shown[1].startswith(url.split("/x")[0].split("?")[0])
        assert "…" in shown[1]
        assert shown[1].endswith("the-end-of-the-address"[-20:])


def test_lines_of_the_plain_text_fit_and_addresses_stay_whole() -> None:
    long = "https://ledger.example/" + "a" * 200
    text = "국경 경비대에서 취사를 맡던 여성이 지난 화요일 강을 건너 탈북했다고 가족이 전했다. " * 4
    shown = message.plain(
        alert(
            article=article(title="边境守备队厨师渡江出走" * 9, url=long),
            hits=(hit("탈북", text), hit("탈북", "국경경비대취사원이탈북했다" * 9 + "y" * 90)),
        )
    )
    lines = shown.splitlines()
    assert long in lines
    assert all(display.width(line) <= 72 for line in lines if line != long)


def test_html_of_an_article_is_shown_as_text() -> None:
    evil = '<script>alert(1)</script><img src=x onerror=y>"&'
    page = Page(
        message.html(
            alert(
                watchlists=(evil,),
                article=article(title=evil, source=evil, language='"><x'),
                hits=(hit("img", evil, term=evil),),
                changes=(Change(evil, "x" + evil),),
                conditions=((evil, evil),),
                look_alikes=(LookAlikeNote(url=None, title=evil, source=evil, containment=1),),
                reason=evil,
            )
        )
    )
    assert {"script", "img", "x"}.isdisjoint(page.tags)
    assert not any(name.startswith("on") for name, _ in page.attributes)
    assert "<script>alert(1)</script>" in page.text


def test_the_page_asks_for_nothing_from_elsewhere() -> None:
    for content in (alert(), bundle(alert()), Notice(subject="x", text="y", at=FOUND)):
        page = message.html(content)
        assert {"img", "link", "script", "iframe", "object"}.isdisjoint(Page(page).tags)
        assert "url(" not in page
        assert "@import" not in page
        assert not any(name in {"src", "background"} for name, _ in Page(page).attributes)


LINKS = {
    "https://ledger.example/a?b=1&c=2": True,
    "http://ledger.example/": True,
    "HTTPS://ledger.example/": True,
    "javascript:alert(1)": False,
    "data:text/html,x": False,
    "file:///etc/passwd": False,
    "ftp://ledger.example/": False,
    "//ledger.example/": False,
    "https:///x": False,
    "https://ledger.example/\u202egpj": False,
    'https://ledger.example/"onclick=x': False,
    "https://ledger.example/" + "a" * 2_000: False,
    "": False,
}


@pytest.mark.parametrize(("url", "linked"), LINKS.items(), ids=[url[:30] or "empty" for url in LINKS])
def test_only_http_links_are_linked_and_others_are_shown(url: str, linked: bool) -> None:
    page = Page(message.html(alert(article=article(url=url))))
    assert [value for name, value in page.attributes if name == "href"] == ([url, url] if linked else [])
    assert display.clean(url)[:1_900] in page.text


def test_the_preview_is_the_best_sentence_not_the_title_again() -> None:
    assert message.preview(alert()) == SAID
    assert SAID in message.html(alert()).split('class="page"')[0]


def test_a_terminal_gets_no_control_character_of_the_article() -> None:
    evil = "\x1b]0;owned\x07\x1b[2J\u202eevil\u200b\x9b31m\r\n"
    drawn = terminal.draw(
        alert(article=article(title=evil, source=evil, url="https://a.example/" + evil), watchlists=(evil,))
    )
    drawn += terminal.draw(bundle(alert(article=article(title=evil))))
    drawn += terminal.draw(Notice(subject=evil, text=evil, at=FOUND))
    styles = drawn.replace("\x1b[", "")
    assert all(char == "\n" or char.isprintable() for char in styles)
    assert re.fullmatch(r"(?:[^\x1b]|\x1b\[[0-9;]*m)*", drawn)
    assert "owned" in drawn


def test_a_hit_that_breaks_over_a_line_stays_bold_on_both() -> None:
    text = "x" * 40 + " State Security Department " + "y" * 20
    drawn = terminal.draw(alert(hits=(hit("State Security Department", text),)), columns=60)
    bold = [part.split("\x1b[0m")[0] for part in drawn.split("\x1b[1;33m")[1:]]
    assert bold == ["State Security", "Department"]


# --------------------------------------------------------------------------- mail

THREAD = ("5f1f6f4e-0000-5000-8000-00000000000a", "5f1f6f4e-0000-5000-8000-00000000000b")


def test_a_mail_is_alternative_plain_first_and_from_no_person() -> None:
    built = build(alert())
    assert built.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in built.iter_parts()] == ["text/plain", "text/html"]
    assert built["Auto-Submitted"] == "auto-generated"
    assert built["Message-ID"] == "<5f1f6f4e-0000-5000-8000-000000000001@example.org>"
    assert built["List-Id"] == "Defections <defections.watcher>"
    assert built["X-Watchlists"] == "Defections, Border"
    assert built["Date"].datetime == FOUND
    assert "In-Reply-To" not in built


def test_later_reports_of_a_story_join_its_thread() -> None:
    built = build(alert(), thread=THREAD[0], thread_ids=THREAD)
    assert built["In-Reply-To"] == f"<{THREAD[0]}@example.org>"
    assert built["References"].split() == [f"<{each}@example.org>" for each in THREAD]


def test_a_mail_is_the_same_bytes_every_time() -> None:
    first, second = (
        mime.build(outgoing(alert()), sender="w@example.org", to="desk@example.org", zone=SEOUL)
        for _ in range(2)
    )
    assert first == second


LONG = {
    "Korean": "국경 경비대에서 취사를 맡던 여성이 강을 건너 가족과 함께 사라졌다고 여러 상인이 전했다 " * 3,
    "Chinese": "边境守备队厨师渡江出走三名商人说她带走了账本" * 6,
    "Japanese": "国境警備隊の料理人が川を渡って姿を消したと商人らが話した" * 4,
    "mixed": "北 정찰총국 RGB 요원, 丹东에서 “잠적” — 3명 → 7명?  " * 4,
    "English": "A cook who fed the garrison has left by the river with her sister and two crates " * 3,
    "one word": "x" * 3_000,
    "emoji": "🛶 river 🛶 " * 20,
    "combining": "e\u0301" * 100,
    "specials": 'a "quoted" \\ back, <angle>; (paren) @at =?utf-8?q?=0d=0aBcc:_x?= [x]: y',
}


@pytest.mark.parametrize("title", LONG.values(), ids=LONG)
def test_long_subjects_survive_in_lines_that_servers_take(title: str) -> None:
    content = alert(
        article=article(title=title, source=title, language=None),
        watchlists=(title,),
        hits=(hit(title[2:5], title),),
    )
    raw = mime.build(outgoing(content), sender=f"{title[:40]} <w@example.org>" if '"' not in title else "w@example.org",
                     to="desk@example.org", zone=SEOUL)  # fmt: skip
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    assert parsed["Subject"] == mime.header_text(message.subject(content))
    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    head = raw.split(b"\r\n\r\n")[0].split(b"\r\n")
    assert [line for line in head if len(line) > 76] == [] or title == LONG["one word"]
    assert b"\n" not in raw.replace(b"\r\n", b"")


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("Security services", "security-services"),
        ("Money & Co.", "money-co"),
        ("!!!", "alerts"),
        ("탈북", "xn--"),
    ],
)
def test_list_ids_are_labels_that_filters_can_hold(name: str, label: str) -> None:
    assert build(alert(watchlists=(name,)))["List-Id"].split("<")[-1].startswith(label)


def test_two_korean_watchlists_have_two_list_ids() -> None:
    assert build(alert(watchlists=("탈북",)))["List-Id"] != build(alert(watchlists=("망명",)))["List-Id"]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "desk",
        "desk@",
        "@example.org",
        "a b@example.org",
        "a@exa mple.org",
        "a@b@c,d",
        "<>",
        "a@" + "ü" * 80,
    ],
)
def test_an_unusable_address_is_refused_with_the_way_out(address: str) -> None:
    with pytest.raises(WatcherError, match="is not an address: write"):
        mime.split_address(address)


def test_addresses_beyond_ascii() -> None:
    assert mime.split_address("편집국 <desk@신문.example>") == (
        "편집국",
        "desk@" + "신문.example".encode("idna").decode(),
    )
    assert mime.split_address("jürgen@example.org") == ("", "jürgen@example.org")


def test_a_built_mail_that_comes_back_different_does_not_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mime, "header_text", lambda text: text + "\r\nBcc: thief@example.org")
    with pytest.raises(mime.Unfaithful):
        mime.build(outgoing(alert()), sender="w@example.org", to="desk@example.org")


# --------------------------------------------------------------------------- JSON


def large(hits: int = 200) -> Alert:
    return alert(
        hits=tuple(hit(snippet="국경에서 defected " * 50, start=n) for n in range(hits)),
        novel=tuple(Passage(n, n + 5_000, "긴" * 5_000) for n in range(0, 50_000, 5_000)),
        look_alikes=tuple(
            LookAlikeNote(url="https://a.example/" + "x" * 900, title="T" * 900, source="S", containment=0.5)
            for _ in range(90)
        ),
        watchlists=tuple(f"Watchlist {n} " + "w" * 300 for n in range(300)),
        article=article(title="긴 제목 " * 9_000, url="https://a.example/" + "x" * 9_000),
        changes=tuple(Change("b" * 5_000, "a" * 5_000) for _ in range(30)),
    )


CONTENTS = {
    "alert": alert(),
    "bare": alert(
        hits=(),
        article=article(url=None, published=None, language=None, title=""),
        conditions=(),
        words=0,
        new_words=0,
    ),
    "revision": alert(verdict="revision", changes=(Change("a", ""),), novel=(Passage(0, 3, "abc"),)),
    "large": large(),
    "bundle": bundle(alert(), large(), held=(("copy", 2),), health="1 of 1 feeds healthy"),
    "group": bundle(alert(), reason="group"),
    "notice": Notice(subject="s", text="t", at=FOUND),
    "lone surrogates": alert(article=article(title="\ud800 title \udfff"), hits=(hit("a", "\udc80 a"),)),
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_every_body_holds_to_the_schema(content: Content) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    body = json.loads(payload.body(outgoing(content)))
    jsonschema.Draft202012Validator(SCHEMA).validate(body)


def test_the_schema_tells_a_wrong_body() -> None:
    body = json.loads(payload.body(outgoing(alert())))
    body["data"]["verdict"] = "newish"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(SCHEMA).validate(body)


def test_a_body_has_the_fields_of_the_contract() -> None:
    body = json.loads(payload.body(outgoing(alert(novel=(Passage(3, 6, "abc"),)))))
    assert [body[key] for key in ("type", "timestamp", "id", "sequence")] == [
        "alert", "2026-11-21T05:22:00Z", "5f1f6f4e-0000-5000-8000-000000000001", 7,
    ]  # fmt: skip
    told = body["data"]
    assert told["article"]["published"] == "2026-11-21T05:10:00Z"
    assert told["novel"] == [{"start": 3, "end": 6, "text": "abc"}]
    assert told["hits"][0] | {"novel": True} == {
        "watchlist": "Defections", "term": "defected", "concept": None, "field": "body", "snippet": SAID,
        "start": 100 + SAID.index("defected"), "end": 108 + SAID.index("defected"), "novel": True,
    }  # fmt: skip
    assert "truncated" not in told


def test_a_large_alert_stays_under_20_kb_and_says_what_was_cut() -> None:
    raw = payload.body(outgoing(large()))
    told = json.loads(raw)["data"]
    assert len(raw) < 20_000
    assert len(raw) > 10_000, "cut more than was needed"
    for name, size in (
        ("hits", 200),
        ("novel", 10),
        ("look_alikes", 90),
        ("watchlists", 300),
        ("changes", 30),
    ):
        assert len(told[name]) + told["truncated"].get(name, 0) == size
    assert told["article"]["url"] is None
    assert told["truncated"]["article.url"] > 0
    assert told["hits"]
    assert all(passage["end"] - passage["start"] == len(passage["text"]) for passage in told["novel"])


def test_a_long_bundle_is_split_and_no_alert_of_it_is_lost() -> None:
    alerts = [alert(id=str(n), hits=(hit(),) * (n % 40)) for n in range(120)] + [
        dataclasses.replace(large(), id="large")
    ]
    parts = message.split(bundle(*alerts))
    assert [each.id for part in parts for each in part.alerts] == [each.id for each in alerts]
    assert [(part.part, part.parts) for part in parts] == [(n, len(parts)) for n in range(1, len(parts) + 1)]
    assert all(len(payload.body(outgoing(part))) < 20_000 for part in parts)
    assert len(parts) < 40
    whole = message.data(bundle(*alerts))["alerts"]
    assert [one for part in parts for one in message.data(part)["alerts"]] == whole


def test_a_short_bundle_stays_one() -> None:
    told = bundle(alert(), alert(id="b"))
    assert message.split(told) == [told]


# --------------------------------------------------------------------------- what may be shown

CLEANED = {
    "line ends become spaces": ("a\r\nb\u2028c\x85d", "a b c d"),
    "NUL, escape and bell vanish": ("a\0b\x1b[31mc\x07", "ab[31mc"),
    "bidi and zero-width vanish": ("a\u202eb\u200bc\ufeffd\u2066e\u00ad", "abcde"),
    "tag characters vanish": ("a\U000e0041b", "ab"),
    "lone surrogates show": ("a\ud800b", "a\ufffdb"),
    "noncharacters vanish": ("a\uffffb", "ab"),
    "spaces of any kind are one": ("a\u3000\u00a0\t b", "a b"),
    "Korean and accents stay": ("탈북 é ß 脱北", "탈북 é ß 脱北"),
}


@pytest.mark.parametrize(("text", "expected"), CLEANED.values(), ids=CLEANED)
def test_what_cannot_be_seen_is_not_shown(text: str, expected: str) -> None:
    assert display.clean(text) == expected


def test_a_long_sentence_is_cut_around_its_hit() -> None:
    text = "x " * 2_000 + "defected" + " y" * 2_000
    line = display.runs(text, [(4_000, 4_008)])
    assert ("defected", True) in line
    assert len(display.unmarked(line)) <= 404
    assert display.unmarked(line).startswith("… ")
    assert display.unmarked(line).endswith(" …")


WRAPPED = {
    "Korean parts at spaces": ("국경 경비대 취사병", 10, ["국경", "경비대", "취사병"]),
    "Han parts anywhere": ("边境守备队厨师", 8, ["边境守备", "队厨师"]),
    "no line begins with a full stop": ("边境守备。队", 8, ["边境守", "备。队"]),
    "an address stays whole, to be clicked": (
        "see https://a.example/long here",
        10,
        ["see", "https://a.example/long", "here"],
    ),
    "a path stays whole, to be copied": (
        "see /etc/watcher/mine.j2: here",
        10,
        ["see", "/etc/watcher/mine.j2:", "here"],
    ),
    "another long word is broken": ("see abcdefghijklm here", 10, ["see abcdef", "ghijklm", "here"]),
}


@pytest.mark.parametrize(("text", "columns", "lines"), WRAPPED.values(), ids=WRAPPED)
def test_lines_break_where_the_script_allows(text: str, columns: int, lines: list[str]) -> None:
    assert display.wrap(text, columns) == lines
