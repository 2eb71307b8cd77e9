"""Templates: what they are given, what becomes of what they say, and what is wrong with them, by line."""

# ruff: noqa: E501 (tables: one row, one case)

from __future__ import annotations

import dataclasses
import json
import random
import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from watcher.alert import Alert, Bundle, Content
from watcher.message import mail as message
from watcher.message import payload, wording
from watcher.message.samples import SAMPLES, outgoing
from watcher.message.wording import Misworded, Template, read, slack, word

SEOUL = ZoneInfo("Asia/Seoul")
FULL = SAMPLES["an alert"]
BARE = SAMPLES["a revision with nothing but its change"]
PAGE = Path(__file__).parents[2] / "docs/config.md"
EXAMPLES = re.findall(r"^```jinja\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
SLACK = read("slack", Path())


def said(text: str, content: Content = FULL, form: wording.Form = "mail") -> dict[str, str]:
    return word(
        Template(name="mine.j2", text=text), form, outgoing(content, "desk", "desk@example.org"), SEOUL
    )


def wrong(text: str, content: Content = FULL, form: wording.Form = "mail") -> str:
    with pytest.raises(Misworded) as raised:
        said(text, content, form)
    return str(raised.value)


def html(text: str, content: Content = FULL) -> str:
    return said("{% block html %}" + text + "{% endblock %}", content)["html"]


# --------------------------------------------------------------------------- what a template is given


@pytest.mark.parametrize("content", SAMPLES.values(), ids=SAMPLES)
def test_a_template_is_given_what_the_webhook_posts(content: Content) -> None:
    each = outgoing(content, "desk", "desk")
    given = wording.fields(each, SEOUL)
    assert given.pop("subject") == message.subject(content, zone=SEOUL)
    assert given.pop("text") == message.plain(content, zone=SEOUL)
    assert without_links(given) == payload.fields(each)


def without_links(value: object) -> object:
    if isinstance(value, list):
        return [without_links(each) for each in value]
    if isinstance(value, dict):
        return {key: without_links(each) for key, each in value.items() if key != "link"}
    return value


def test_what_no_reader_sees_does_not_reach_a_template() -> None:
    assert isinstance(FULL, Alert)
    article = dataclasses.replace(FULL.article, title="a\u202eb\r\nBcc: x\x1b[2J\ud800")
    mail = said(
        "{% block subject %}{{ data.article.title }}{% endblock %}{% block plain %}{{ data.article.title }}{% endblock %}",
        dataclasses.replace(FULL, article=article),
    )
    assert mail == dict.fromkeys(("subject", "plain"), "ab Bcc: x[2J\ufffd")


def test_what_is_missing_shows_as_nothing() -> None:
    assert (
        html("[{{ data.article.published }}|{{ data.article.language }}|{{ data.article.link }}]", BARE)
        == "[||]"
    )
    assert (
        html("{{ data.article.published|local }}{{ data.article.found|local }}", BARE)
        == "02 Mar 2026 14:22 KST"
    )


# --------------------------------------------------------------------------- mails


def test_a_mail_keeps_what_its_template_does_not_word() -> None:
    mail = said(
        '{% set mark = "!" %}{% macro m(x) %}[{{ x }}]{% endmacro %}{% block subject %}{{ m(mark) }}{% endblock %}x'
    )
    assert mail == {"subject": "[!]"}


def test_html_of_a_feed_is_text_in_html_and_stays_as_it_is_in_plain() -> None:
    mail = said(
        "{% block html %}<p>{{ data.article.title }}</p>{% endblock %}"
        "{% block plain %}{{ data.article.title }}{% endblock %}"
    )
    assert "<script>A cook" in mail["plain"]
    assert "<script" not in mail["html"]
    assert "&lt;script&gt;A cook" in mail["html"]


LINKED = {
    "a script": '<a href="{{ data.article.url }}">x</a>',
    "a script, dressed up": '<a HREF=" java&#x73;cript&colon;alert(1)">x</a>',
    "data": "<img src='data:text/html,x'>",
    "a form": '<form action="vbscript:x">',
}


@pytest.mark.parametrize("page", LINKED.values(), ids=LINKED)
def test_a_link_that_is_neither_http_nor_https_is_refused(page: str) -> None:
    assert "neither http nor https" in wrong("{% block html %}" + page + "{% endblock %}", BARE)


def test_links_that_lead_somewhere_are_fine() -> None:
    page = '<a href="{{ data.article.link }}">x</a> <a href="mailto:a@b.example">y</a> <a href="#top">z</a>'
    assert 'href="https://ledger.example/cook?a=1&amp;b=2"' in html(page)
    assert '<a href="">x</a>' in html(page, BARE)


# --------------------------------------------------------------------------- what is wrong, by line

WRONG = {
    "a misspelt field": ("{% block html %}\n\n{{ data.artikel.title }}{% endblock %}", "mine.j2:3: 'dict object' has no"),
    "a misspelt name in a macro": ("{% macro m() %}\n{{ x }}{% endmacro %}\n{% block html %}{{ m() }}{% endblock %}", "mine.j2:2: 'x' is undefined"),
    "syntax": ("{% block html %}\n{% if %}{% endblock %}", "mine.j2:2: Expected an expression"),
    "an unknown filter": ("{% block html %}{{ text|shout }}{% endblock %}", "mine.j2:1: No filter named 'shout'"),
    "text that is called HTML": ("{% block html %}{{ text|safe }}{% endblock %}", "mine.j2:1: No filter named 'safe'"),
    "escaping switched off": ("{% block html %}\n{% autoescape false %}{{ text }}{% endautoescape %}{% endblock %}", "mine.j2:2: autoescape cannot be switched"),
    "no blocks at all": ("<p>{{ text }}</p>", "has none of the blocks subject, plain, html"),
    "nothing": ("{% block plain %}\n \u200b\n{% endblock %}", "its block plain gives nothing"),
    "the way out of the sandbox": ("{% block html %}{{ ''.__class__.__mro__ }}{% endblock %}", "mine.j2:1: access to attribute '__class__'"),
    "what it is given is not changed": ("{% block html %}{{ data.clear() }}{% endblock %}", "mine.j2:1: access to attribute 'clear'"),
    "another file": ("{% block html %}{% include '/etc/passwd' %}{% endblock %}", "mine.j2:1: no loader"),
    "a macro without an end": ("{% macro m() %}\n{{ m() }}{% endmacro %}{% block html %}{{ m() }}{% endblock %}", "mine.j2:2: calls itself"),
    "a range of millions": ("{% block html %}{% for i in range(10**9) %}{% endfor %}{% endblock %}", "mine.j2:1: Range too big"),
    "a million characters": ("{% block html %}\n{% for i in range(99999) %}{{ text }}{% endfor %}{% endblock %}", "mine.j2:2: gives more than 1,000,000"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "reason"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told_with_its_line(text: str, reason: str) -> None:
    assert reason in wrong(text)


NO_JSON = {
    "a text without tojson": '{"text": "{{ data.article.title }}"}',
    "no number": '{"words": NaN}',
    "nothing": "",
    "one comma too many": '{"text": {{ subject|tojson }},}',
    "a thousand brackets": "[" * 100_000,
}


@pytest.mark.parametrize("text", NO_JSON.values(), ids=NO_JSON)
def test_a_body_that_is_no_json_is_refused(text: str) -> None:
    assert "mine.j2: gives" in wrong(text, form="json")


def test_a_file_that_cannot_be_read_is_a_fault_and_no_error(tmp_path: Path) -> None:
    (tmp_path / "latin.j2").write_bytes(b"\xe9")
    for name, reason in (
        ("none.j2", "none.j2: cannot be read: No such file"),
        ("latin.j2", "latin.j2: is not UTF-8"),
    ):
        with pytest.raises(Misworded, match=reason):
            word(read(name, tmp_path), "mail", outgoing(FULL, "desk", "desk"), SEOUL)


@pytest.mark.parametrize("content", SAMPLES.values(), ids=SAMPLES)
def test_the_examples_of_the_page_word_every_sample(content: Content) -> None:
    mail, hook = EXAMPLES
    assert set(said(mail, content)) == {"subject", "html"}
    assert json.loads(said(hook, content, "json")["body"])["title"] == message.subject(content, zone=SEOUL)


# --------------------------------------------------------------------------- Slack


def posted(content: Content) -> dict[str, object]:
    found = json.loads(word(SLACK, "json", outgoing(content, "chat", "chat"), SEOUL)["body"])
    assert isinstance(found, dict)
    return found


def test_slack_gets_links_and_escapes_and_nobody_is_called() -> None:
    assert isinstance(FULL, Alert)
    article = dataclasses.replace(
        FULL.article,
        title="<!channel> @everyone [x](https://evil.example) & <b>",
        url="https://a.example/?a=1&b=2|c",
    )
    text = str(posted(dataclasses.replace(FULL, article=article))["text"])
    assert (
        "<https://a.example/?a=1&amp;b=2%7Cc|&lt;!channel&gt; @\u200beveryone [x]\u200b(https://evil.example) &amp; &lt;b&gt;>"
        in text
    )
    assert text.startswith("[Defections, 보안 &amp; 기관] ")
    assert "\n> 국경 경비대" in text
    assert "report 3 of a story first seen 01 Mar 2026 14:22 KST · also carried by Evening Post" in text
    assert text.count("<") == text.count(">") - 1  # the quote's


def test_slack_shows_a_revision_before_and_after_and_what_is_no_link_as_text() -> None:
    text = str(posted(BARE)["text"])
    assert "revised: untitled (河岸报)\njavascript:alert(1)\n> before: 三人被捕。\n> now: 七人被捕" in text


def test_slack_lists_a_bundle_and_reads_a_notice() -> None:
    bundle = posted(SAMPLES["a bundle"])
    (listed,) = bundle["attachments"]  # type: ignore[misc]
    assert "digest: 2 alerts" in str(bundle["text"])
    assert [line[0] for line in listed["text"].splitlines()] == ["•", "•", "4"]
    assert (
        posted(SAMPLES["a notice"])["text"]
        == '[watcher] Channel desk does not work\nIt failed with "&lt;451&gt;".\n\n기다린다.'
    )


def test_slack_gets_no_more_than_it_and_discord_take_whatever_an_article_says() -> None:
    assert isinstance(FULL, Alert)
    dice = random.Random(7)
    long = tuple("&<>@](|*탈x\u202e\ud800\n\"\\'")
    for _ in range(6):
        text = "".join(dice.choices(long, k=dice.choice((10, 300, 5_000))))
        article = dataclasses.replace(
            FULL.article,
            title=text,
            source=text,
            summary=text,
            url="https://a.example/" + "&" * dice.choice((1, 150, 1_500)),
        )
        hits = tuple(dataclasses.replace(FULL.hits[0], snippet=text[n:]) for n in range(3))
        alert = dataclasses.replace(
            FULL, article=article, hits=hits, watchlists=(text,), carried_by=FULL.carried_by * 9
        )
        assert len(str(posted(alert)["text"])) <= 2_000
        bundle = posted(Bundle(reason="digest", alerts=(alert, FULL) * 30, opened=article.found, health=text))
        (listed,) = bundle["attachments"]  # type: ignore[misc]
        assert len(str(bundle["text"])) <= 2_000
        assert len(listed["text"]) <= 4_000
        assert "more: `watcher alerts` lists them" in listed["text"]


@pytest.mark.parametrize("limit", [1, 5, 6, 7, 100])
def test_no_escape_is_cut_in_two(limit: int) -> None:
    cut = slack("&<>" * 20, limit)
    assert len(cut) <= limit
    assert re.fullmatch(r"(&amp;|&lt;|&gt;)*…?", cut)
