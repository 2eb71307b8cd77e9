"""A feed's body in every form it has in the wild, and what becomes of its entries."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher import urls
from watcher.model import Temporary
from watcher.sources.body import parse
from watcher.sources.dates import moment
from watcher.sources.entries import MAX_ENTRIES

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SEOUL = ZoneInfo("Asia/Seoul")
URL = "https://news.example/feeds/main.xml"


def read(body: str | bytes, *, content_type: str = "", url: str = URL, zone=SEOUL, now=NOW):
    return parse(body.encode() if isinstance(body, str) else body, content_type, url, zone, now)


def rss(
    *items: str, channel: str = "<link>https://news.example/</link>", head: str = '<?xml version="1.0"?>'
) -> str:
    listed = "".join(f"<item>{item}</item>" for item in items)
    return (
        f'{head}<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">'
        f"<channel><title>News</title>{channel}{listed}</channel></rss>"
    )


def atom(*entries: str, head: str = "", attributes: str = "") -> str:
    listed = "".join(f"<entry>{entry}</entry>" for entry in entries)
    return f'<feed xmlns="http://www.w3.org/2005/Atom" {attributes}><title>News</title>{head}{listed}</feed>'


def json_feed(*items: object, **more: object) -> str:
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "News", "items": items} | more)


def only(parsed):
    (entry,) = parsed.entries
    return entry


# --------------------------------------------------------------------------- the four forms


def test_rss_2_with_full_content():
    entry = only(
        read(
            rss(
                "<title>Envoy recalled</title><link>https://news.example/1</link><guid>n-1</guid>"
                "<pubDate>Sat, 21 Nov 2026 09:30:00 +0900</pubDate><dc:creator>Kim</dc:creator>"
                "<description>Short.</description>"
                "<content:encoded><![CDATA[<p>The envoy was <b>recalled</b>.</p><p>No reason was given.</p>]]>"
                "</content:encoded>",
                channel="<link>https://news.example/</link><language>en-US</language>",
            )
        )
    )
    assert (entry.key, entry.title, entry.url) == ("n-1", "Envoy recalled", "https://news.example/1")
    assert entry.text == "The envoy was recalled.\n\nNo reason was given."
    assert entry.published == datetime(2026, 11, 21, 0, 30, tzinfo=UTC)
    assert (entry.author, entry.language) == ("Kim", "en")


def test_rss_1_rdf():
    body = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://news.example/rdf">'
        "<title>News</title><link>https://news.example/</link></channel>"
        '<item rdf:about="https://news.example/a"><title>One</title><link>https://news.example/a</link>'
        "<description>Text of one</description><dc:date>2026-11-21T10:00:00+09:00</dc:date></item>"
        '<item rdf:about="https://news.example/b"><title>Two</title><link>https://news.example/b</link></item>'
        "</rdf:RDF>"
    )
    one, two = read(body).entries
    assert (one.key, one.text) == ("https://news.example/a", "Text of one")
    assert one.published == datetime(2026, 11, 21, 1, tzinfo=UTC)
    assert (two.title, two.published) == ("Two", None)


def test_atom_with_xhtml_content():
    entry = only(
        read(
            atom(
                '<title type="html">A &amp;amp; B &lt;b&gt;C&lt;/b&gt;</title><id>tag:news.example,2026:1</id>'
                '<link rel="enclosure" href="https://cdn.example/a.mp3"/><link href="https://news.example/1"/>'
                "<updated>2026-11-20T00:00:00Z</updated><published>2026-11-19T00:00:00Z</published>"
                '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Whole text.</p></div></content>'
                "<author><name>Lee</name></author><summary>S</summary>"
            )
        )
    )
    assert (entry.title, entry.text, entry.author) == ("A & B C", "Whole text.", "Lee")
    assert entry.url == "https://news.example/1"
    assert entry.published == datetime(2026, 11, 19, tzinfo=UTC)


@pytest.mark.parametrize("version", ["https://jsonfeed.org/version/1", "https://jsonfeed.org/version/1.1"])
def test_json_feed(version):
    one, two, three = read(
        json_feed(
            {"id": 7, "url": "/7", "title": "Seven & <b>", "content_html": "<p>Full <i>text</i></p>",
             "summary": "s", "date_published": "2026-11-21T10:00:00+09:00", "author": {"name": "Park"}},
            {"id": "8", "external_url": "https://other.example/x", "content_text": "Plain <text>",
             "date_modified": "2026-11-20T10:00:00Z", "authors": [{"name": "A"}, {"name": "B"}], "language": "ko-KR"},
            {"id": "https://news.example/9", "title": "Nine"},
            version=version, home_page_url="https://news.example/", language="en",
        ),
        content_type="application/feed+json",
    ).entries  # fmt: skip
    assert (one.key, one.url, one.title, one.text) == (
        "7",
        "https://news.example/7",
        "Seven & <b>",
        "Full text",
    )
    assert (one.author, one.language, one.published) == ("Park", "en", datetime(2026, 11, 21, 1, tzinfo=UTC))
    assert (two.url, two.text, two.language) == ("https://other.example/x", "Plain <text>", "ko")
    assert (two.author, two.published) == ("A, B", datetime(2026, 11, 20, 10, tzinfo=UTC))
    assert three.url == "https://news.example/9"


def test_a_byte_order_mark_or_blank_lines_before_a_feed_do_no_harm():
    for head in ("\ufeff", "\n\n  ", "\ufeff\n", "\x00"):
        assert only(read(rss("<title>T</title>", head=head + '<?xml version="1.0"?>'))).title == "T"


def test_control_characters_do_not_break_a_feed():
    assert only(read(rss("<title>A\x0bB\x00C</title>"))).title == "ABC"
    assert only(read(json_feed({"id": "1", "title": "A!B"}).replace("!", "\x0b\x00"))).title == "AB"


def test_half_a_character_in_json_costs_neither_its_entry_nor_the_feed():
    odd = {
        "id": "\ud800",
        "url": "https://news.example/\udfff",
        "title": "A \ud83d B",
        "content_text": "C \ud800",
    }
    one, two = read(json_feed(odd, {"id": "2", "title": "D"})).entries
    assert (one.title, one.text, two.title) == ("A \ufffd B", "C \ufffd", "D")
    for text in (one.key, one.url, one.canonical_url):
        assert (text or "").encode()


@pytest.mark.parametrize(
    "reference", ["&#xD800;", "&#x110000;", "&#0;", "&#27;", "&#xFFFFFFFFFF;", f"&#{'9' * 3_000};", "&#55296"]
)
@pytest.mark.parametrize("rest", ["", "<broken"])
def test_a_reference_to_no_character_costs_no_entry(reference, rest):
    body = rss(f"<title>A{reference} B &#51; &#x1F600;</title>", "<title>C</title>") + rest
    assert [entry.title for entry in read(body).entries] == ["A B 3 😀", "C"]


def test_a_feed_that_is_not_well_formed_still_gives_its_entries():
    body = rss("<title>One & only</title><link>https://news.example/1</link>", "<title>Two</title><br>")[:-20]
    assert [entry.title for entry in read(body).entries] == ["One & only", "Two"]


# --------------------------------------------------------------------------- which entries


@pytest.mark.parametrize(
    ("item", "kept"),
    [
        ("<title>Only a headline</title>", True),
        ("<link>https://news.example/1</link>", True),
        ("<description>Only text</description>", True),
        ("<guid>https://news.example/1</guid>", True),
        ("<guid isPermaLink='false'>x</guid>", False),
        ("<guid>4711</guid>", False),
        ("<guid>/1</guid>", False),
        ("<pubDate>Sat, 21 Nov 2026 09:30:00 +0900</pubDate>", False),
        ("", False),
    ],
)
def test_an_entry_with_link_title_or_text_is_kept(item, kept):
    assert len(read(rss(item)).entries) == kept


def test_a_feed_without_entries_says_so():
    assert read(rss()).problems == ("the feed holds no entries",)


def test_the_newest_two_thousand_entries_are_taken_in_their_order():
    day = datetime(2020, 1, 1, tzinfo=UTC)
    items = [
        f"<guid>{number}</guid><title>T{number}</title><dc:date>{(day + timedelta(hours=number)).isoformat()}</dc:date>"
        for number in range(MAX_ENTRIES + 5)
    ]
    parsed = read(rss(*items))
    assert [entry.key for entry in parsed.entries] == [str(number) for number in range(5, MAX_ENTRIES + 5)]
    assert "2,005 entries" in parsed.problems[0]


def test_odd_items_of_a_json_feed_are_counted_and_the_rest_arrive():
    parsed = read(json_feed(None, 5, {"id": "1", "title": "T"}, {"title": ["no"], "url": {"a": 1}}, [[]]))
    assert only(parsed).title == "T"
    assert parsed.problems == ("3 entries of the feed could not be read",)


# --------------------------------------------------------------------------- identity


def test_the_key_is_the_guid_else_the_page_else_the_content():
    with_guid, with_page, with_text = read(
        rss(
            "<guid>g 1</guid><link>https://news.example/1</link><title>A</title>",
            "<link>HTTPS://News.Example:443/2?utm_source=rss&amp;id=5#top</link><title>B</title>",
            "<title>C</title><description>text</description>",
        )
    ).entries
    assert with_guid.key == "g 1"
    assert with_page.key == with_page.canonical_url == "https://news.example/2?id=5"
    assert with_text.key == with_text.content_hash or len(with_text.key) == 32


def test_a_page_that_two_entries_share_identifies_neither():
    one, two, three = read(
        rss(
            "<link>https://news.example/live</link><title>A</title>",
            "<link>https://news.example/live#2</link><title>B</title>",
            "<link>https://news.example/3</link><title>C</title>",
        )
    ).entries
    assert one.canonical_url is None
    assert two.canonical_url is None
    assert one.url == "https://news.example/live"
    assert one.key != two.key
    assert three.key == "https://news.example/3"


def test_entries_of_one_guid_are_kept_apart_by_what_they_say():
    items = ["<guid>same</guid><title>A</title>", "<guid>same</guid><title>B</title>"]
    first = {entry.title: entry.key for entry in read(rss(*items)).entries}
    assert len(set(first.values())) == 2
    assert all(key.startswith("same ") for key in first.values())
    assert {entry.title: entry.key for entry in read(rss(*reversed(items))).entries} == first


def test_an_entry_listed_twice_is_one():
    item = "<guid>g</guid><link>https://news.example/1</link><title>A</title>"
    entry = only(read(rss(item, item)))
    assert entry.key == "g"
    assert entry.canonical_url == "https://news.example/1"


def test_entries_that_nothing_identifies_keep_their_keys_when_another_comes_first():
    entry = "<title>Notice</title>"
    before = [entry.key for entry in read(rss(entry, entry)).entries]
    after = [entry.key for entry in read(rss(entry, entry, entry)).entries]
    assert len(set(after)) == 3
    assert after[1:] == before


def test_an_overlong_guid_is_hashed():
    assert len(only(read(rss(f"<guid>{'g' * 100_000}</guid><title>A</title>"))).key) == 32


def test_content_hash_follows_title_and_text_and_nothing_else():
    def digest(title="T", text="x y", date="2026-11-20", link="https://a.example/"):
        return only(
            read(
                rss(
                    f"<title>{title}</title><link>{link}</link><description>{text}</description><dc:date>{date}</dc:date>"
                )
            )
        ).content_hash

    assert (
        digest() == digest(date="2026-11-19") == digest(link="https://b.example/") == digest(text="x  \n y")
    )
    assert digest(text="café") == digest(text="cafe\u0301")
    assert len({digest(), digest(title="U"), digest(text="x z"), digest(title="T x", text="y")}) == 4


# --------------------------------------------------------------------------- links


@pytest.mark.parametrize(
    ("link", "channel", "url"),
    [
        ("/1", "<link>https://news.example/</link>", "https://news.example/1"),
        ("1.html", "<link>https://news.example/en/</link>", "https://news.example/en/1.html"),
        ("/1", "", "https://news.example/1"),
        ("1.html", "", "https://news.example/feeds/1.html"),
        ("//other.example/1", "", "https://other.example/1"),
        ("/1", "<link>/en/</link>", "https://news.example/1"),
        ("?id=1", "<link>https://news.example/read</link>", "https://news.example/read?id=1"),
        ("https://news.example/\n  1", "", "https://news.example/%20%201"),
        ("mailto:a@b.example", "", None),
        ("javascript:alert(1)", "", None),
        ("file:///etc/passwd", "", None),
        ("http://[::1", "", None),
        ("https://", "<link>https://news.example/</link>", "https://news.example/"),
    ],
)
def test_links_are_made_absolute_against_the_feeds_link_then_its_address(link, channel, url):
    found = only(read(rss(f"<title>T</title><link>{link}</link>", channel=channel))).url
    assert found == url
    assert found is None or urls.parts(found) is not None


def test_xml_base_comes_first():
    entry = '<title>T</title><id>1</id><link href="one"/>'
    body = atom(
        entry, attributes='xml:base="https://base.example/a/"', head='<link href="https://news.example/"/>'
    )
    assert only(read(body)).url == "https://base.example/a/one"
    nested = atom(f'{entry}<link rel="x" href="y"/>', attributes='xml:base="/b/"')
    assert only(read(nested)).url == "https://news.example/b/one"


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("https://a.example/x?utm_source=rss&utm_medium=feed", "https://a.example/x"),
        ("https://a.example/x?id=1&fbclid=2", "https://a.example/x?id=1"),
        ("https://A.Example:443/x#top", "https://a.example/x"),
        ("https://a.example", "https://a.example/"),
        ("https://한국.example/기사", "https://xn--3e0b707e.example/%EA%B8%B0%EC%82%AC"),
        ("https://a.example/x?b=2&a=1", "https://a.example/x?b=2&a=1"),
        ("https://a.example/#!/story/1", "https://a.example/#!/story/1"),
        ("https://user:pw@a.example/x", "https://a.example/x"),
    ],
)
def test_one_page_has_one_canonical_address(url, same):
    assert urls.canonical(url) == same
    assert urls.canonical(same) == same


@given(st.text(max_size=60), st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_no_address_raises(one, other):
    urls.canonical(one)
    urls.normalise(f"http://{one}")
    urls.wire(f"https://a.example/{one}")
    urls.same_site(f"http://{one}", f"http://{other}")
    urls.shown(f"http://{one}@{other}")
    urls.login(f"http://{one}@{other}")
    found = urls.resolve(one, f"http://a.example/{other}")
    assert found is None or urls.parts(found) is not None


# --------------------------------------------------------------------------- text


@pytest.mark.parametrize(
    ("title", "clean"),
    [
        ("A &amp;amp; B", "A & B"),
        ("A &amp;quot;B&amp;quot;", 'A "B"'),
        ("&lt;b&gt;A&lt;/b&gt; B", "A B"),
        ("&amp;lt;b&amp;gt;A&amp;lt;/b&amp;gt;", "A"),
        ("A &lt; B and C &gt; D", "A < B and C > D"),
        ("  A\n\tB  ", "A B"),
        ("<![CDATA[A & <i>B</i>]]>", "A & B"),
        ("탈북민 &#40;종합&#41;", "탈북민 (종합)"),
        ("x" * 5_000, "x" * 1_000),
    ],
)
def test_titles_are_plain_text_on_one_line(title, clean):
    assert only(read(rss(f"<title>{title}</title>"))).title == clean


def test_a_title_that_atom_declares_as_text_keeps_its_angle_brackets():
    assert only(read(atom("<title>How to use &lt;b&gt;</title><id>1</id>"))).title == "How to use <b>"


@pytest.mark.parametrize(
    ("description", "content", "text"),
    [
        (
            "A short summary.",
            "<p>The whole story, much longer than that.</p>",
            "The whole story, much longer than that.",
        ),
        (
            "A summary that is longer than the teaser.",
            "<p>Teaser</p>",
            "A summary that is longer than the teaser.",
        ),
        ("Summary", "<img src='x'><script>" + "x" * 500 + "</script>", "Summary"),
        ("AT&amp;amp;T rose", "", "AT&T rose"),
        ("", "", ""),
    ],
)
def test_the_longest_text_counts(description, content, text):
    item = f"<title>T</title><description>{description}</description>"
    if content:
        item += f"<content:encoded><![CDATA[{content}]]></content:encoded>"
    assert only(read(rss(item))).text == text


# --------------------------------------------------------------------------- characters

HEADLINE = "탈북민 세 명 입국, 똠방각하 펲시"
"""The last words have syllables that CP949 has and EUC-KR proper has not."""


@pytest.mark.parametrize(
    ("encoding", "declared", "header"),
    [
        ("utf-8", "utf-8", "application/xml; charset=utf-8"),
        ("utf-8", "", ""),
        ("cp949", "euc-kr", ""),
        ("cp949", "EUC-KR", "text/xml; charset=utf-8"),
        ("cp949", "", "text/xml; charset=euc-kr"),
        ("cp949", "ks_c_5601-1987", "text/xml"),
        ("cp949", "utf-8", "text/xml; charset=euc-kr"),
        ("cp949", "utf-8", "text/xml; charset=utf-8"),
        ("cp949", "", ""),
        ("cp949", "euc-kr", "text/xml; charset=iso-8859-1"),
        ("cp949", "", "text/xml; charset=ISO-8859-1"),
        ("utf-8", "euc-kr", "text/xml; charset=euc-kr"),
        ("utf-8", "iso-8859-1", "text/xml; charset=iso-8859-1"),
        ("utf-8", "rot13", "text/xml; charset=unicode_escape"),
        ("cp949", "rot13", "text/xml; charset=unicode_escape"),
        ("cp949", "no-such-charset", "text/xml; charset=cp99999"),
        ("utf-16", "utf-16", ""),
        ("utf-16-le", "utf-16", ""),
        ("utf-8-sig", "euc-kr", ""),
    ],
)
def test_korean_is_read_whatever_was_declared(encoding, declared, header):
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    body = rss(f"<title>{HEADLINE}</title>", channel="<language>ko</language>", head=head)
    assert only(read(body.encode(encoding), content_type=header)).title == HEADLINE


@pytest.mark.parametrize(
    ("text", "encoding", "declared"),
    [
        ("国家安全部逮捕两人", "gb18030", "gb2312"),
        ("朝鮮脫北者抵達", "big5", "big5"),
        ("脱北者が亡命①", "cp932", "shift_jis"),
        ("脱北者が亡命", "iso-2022-jp", "iso-2022-jp"),
        ("“Café” – naïve", "cp1252", "iso-8859-1"),
        ("Побег из страны", "koi8-r", "koi8-r"),
        ("Побег из страны", "cp1251", "windows-1251"),
    ],
)
def test_other_encodings_are_read_as_declared(text, encoding, declared):
    body = rss(f"<title>{text}</title>", head=f'<?xml version="1.0" encoding="{declared}"?>')
    assert only(read(body.encode(encoding))).title == text


def test_a_few_broken_bytes_do_not_turn_the_rest_to_mojibake():
    body = rss(f"<title>{HEADLINE}</title><description>{HEADLINE * 5}</description>").encode()
    assert only(read(body.replace("명".encode(), b"\xeb\xaa", 1))).title.startswith("탈북민 세")


@given(st.binary(max_size=200), st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_a_feed_or_a_reason_why_not(body, content_type):
    with contextlib.suppress(Temporary):
        assert read(body, content_type=content_type).entries is not None


# --------------------------------------------------------------------------- dates


def at(*when: int) -> datetime:
    return datetime(*when, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "utc"),
    [
        # with a zone
        ("Fri, 20 Nov 2026 10:00:00 GMT", at(2026, 11, 20, 10)),
        ("Fri, 20 Nov 2026 10:00:00 +0900", at(2026, 11, 20, 1)),
        ("Fri, 20 Nov 2026 10:00:00 KST", at(2026, 11, 20, 1)),
        ("Fri, 20 Nov 2026 10:00:00 EST", at(2026, 11, 20, 15)),
        ("Fri, 20 Nov 2026 10:00 -05:00", at(2026, 11, 20, 15)),
        ("20 Nov 26 10:00:00 Z", at(2026, 11, 20, 10)),
        ("Friday, 20-Nov-26 10:00:00 UTC", at(2026, 11, 20, 10)),
        ("Fri, 20 Nov 2026 10:00:00 GMT+09:00", at(2026, 11, 20, 1)),
        ("2026-11-20T10:00:00Z", at(2026, 11, 20, 10)),
        ("2026-11-20T10:00:00.123456+09:00", at(2026, 11, 20, 1)),
        ("2026-11-20 10:00:00 +0900", at(2026, 11, 20, 1)),
        ("2026-11-20T10:00+09", at(2026, 11, 20, 1)),
        ("Fri Nov 20 10:00:00 GMT 2026", at(2026, 11, 20, 10)),
        # without one: the feed's (Seoul)
        ("Fri, 20 Nov 2026 10:00:00", at(2026, 11, 20, 1)),
        ("2026-11-20T10:00:00", at(2026, 11, 20, 1)),
        ("2026-11-20 10:00", at(2026, 11, 20, 1)),
        ("2026-11-20", at(2026, 11, 19, 15)),
        ("2026/11/20 10:00:00", at(2026, 11, 20, 1)),
        ("2026.11.20 10:00", at(2026, 11, 20, 1)),
        ("2026. 11. 20. 10:00", at(2026, 11, 20, 1)),
        ("2026년 11월 20일 오후 3시 05분", at(2026, 11, 20, 6, 5)),
        ("2026-11-20 오전 12:30:00", at(2026, 11, 19, 15, 30)),
        ("2026年11月20日 10:00", at(2026, 11, 20, 1)),
        ("20261120100000", at(2026, 11, 20, 1)),
        ("20261120", at(2026, 11, 19, 15)),
        ("November 20, 2026 3:05 PM", at(2026, 11, 20, 6, 5)),
        ("Nov 20, 2026 12:05 am", at(2026, 11, 19, 15, 5)),
        ("Fri Nov 20 10:00:00 2026", at(2026, 11, 20, 1)),
        ("20 November 2026", at(2026, 11, 19, 15)),
        # no date at all
        ("", None),
        ("yesterday", None),
        ("0000-00-00T00:00:00Z", None),
        ("2026-13-45", None),
        ("1970-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("Fri, 20 Nov 2026 99:00:00 GMT", None),
    ],
)
def test_dates_are_read_in_utc(raw, utc):
    assert moment(raw, None, SEOUL) == utc


def test_the_feeds_own_zone_says_which_cst_is_meant():
    assert moment("Fri, 20 Nov 2026 10:00:00 CST", None, ZoneInfo("Asia/Shanghai")) == at(2026, 11, 20, 2)
    assert moment("Fri, 20 Nov 2026 10:00:00 CST", None, SEOUL) == at(2026, 11, 20, 16)


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_no_date_raises(raw):
    found = moment(raw, None, SEOUL)
    assert found is None or found.tzinfo is UTC


def test_an_entry_without_date_has_none():
    assert only(read(rss("<title>T</title>"))).published is None


def test_a_date_in_the_future_becomes_the_fetch_and_tells_nothing_of_the_feeds_age():
    parsed = read(
        rss(
            "<title>A</title><pubDate>Sat, 21 Nov 2099 09:30:00 GMT</pubDate>",
            "<title>B</title><pubDate>Fri, 20 Nov 2026 09:30:00 GMT</pubDate>",
        )
    )
    assert parsed.entries[0].published == NOW
    assert parsed.newest == parsed.oldest == at(2026, 11, 20, 9, 30)


# --------------------------------------------------------------------------- how often to come


@pytest.mark.parametrize(
    ("channel", "pace"),
    [
        ("<ttl>60</ttl>", timedelta(hours=1)),
        ("<sy:updatePeriod>hourly</sy:updatePeriod>", timedelta(hours=1)),
        (
            " <sy:updatePeriod>\n daily </sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>",
            timedelta(hours=6),
        ),
        ("<ttl>5</ttl><sy:updatePeriod>hourly</sy:updatePeriod>", timedelta(hours=1)),
        (
            "<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>",
            timedelta(hours=1),
        ),
        ("<ttl>soon</ttl>", None),
        ("<ttl>-1</ttl>", None),
        ("<ttl>0</ttl>", None),
        ("<ttl>99999999999999999999</ttl>", None),
        ("<sy:updatePeriod>now and then</sy:updatePeriod>", None),
        ("", None),
    ],
)
def test_a_feed_says_how_seldom_it_wants_to_be_asked(channel, pace):
    assert read(rss("<title>T</title>", channel=channel)).pace == pace


# --------------------------------------------------------------------------- what is no feed


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "empty body"),
        (" \n ", "empty body"),
        ("<!DOCTYPE html><title>Bad &amp; gateway</title>", r"HTML page \('Bad & gateway'\), not a feed"),
        ("<!-- x --><!-- y -->\n<HTML><body>Login</body></HTML>", "an HTML page, not a feed"),
        ('<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body/></html>', "an HTML page, not a feed"),
        ('<html><link rel="alternate" type="application/rss+xml" href="/rss?a=1&amp;b=2"></html>',
         r"names this feed: https://news\.example/rss\?a=1&b=2"),
        ('<?xml version="1.0"?><urlset><url/></urlset>', "XML of the kind <urlset>, not a feed"),
        ("Service unavailable", "text, not a feed"),
        ("{", "JSON that cannot be read"),
        ("[1, 2]", "not a JSON Feed"),
        ('{"error": "quota"}', "not a JSON Feed"),
        ('{"version": "https://jsonfeed.org/version/1", "items": 5}', "not a JSON Feed"),
        ("/etc/passwd", "text, not a feed"),
        ("http://127.0.0.1:9/feed", "text, not a feed"),
    ],
)  # fmt: skip
def test_what_is_no_feed_is_named(body, reason):
    with pytest.raises(Temporary, match=reason) as told:
        read(body)
    assert "https://news.example/feeds/main.xml" in str(told.value)


def test_entities_open_no_files_and_do_not_explode():
    doctype = '<!DOCTYPE r [<!ENTITY f SYSTEM "file:///etc/passwd"><!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    entry = only(read(rss("<title>x &f; &i; y</title>", head=doctype + "]>")))
    assert "root:" not in entry.title
    assert len(entry.title) < 100


def test_many_comments_before_a_root_cost_no_time():
    with pytest.raises(Temporary, match="not a feed"):
        read("<!-- -->" * 1_000 + "x")
