"""Feeds from and to other readers."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from watcher.config import load, opml
from watcher.model import ConfigError, WatcherError
from watcher.sources.feed import Feed

LIST = """<?xml version="1.0" encoding="UTF-8"?>
<opml version="2.0"><head><title>mine</title></head><body>
<outline text="Korea">
  <outline text="One &quot;1&quot; 하나" type="rss" xmlUrl="https://one.example.org/f?a=1&amp;b=2"/>
  <outline text="deeper"><outline title="Two" xmlUrl=" feed://two.example.org/rss "/></outline>
</outline>
<outline text="Three" xmlUrl="three.example.org/rss"/>
<outline text="One again" xmlUrl="https://ONE.example.org:443/f?a=1&amp;b=2#top"/>
<outline text="elsewhere" type="include" url="https://lists.example.org/all.opml"/>
</body></opml>
"""

CONFIG = """\
# my config
[watcher]
every = "5m"        # often

[[feeds]]
name = "Two"
url = "https://known.example.org/feed"
# headers = { Cookie = { env = "X" } }

# ---- folders ----
[[folders]]
path = "inbox"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


def test_nested_outlines_become_one_list_and_bad_entries_are_told(tmp_path):
    path = tmp_path / "feeds.opml"
    path.write_text(LIST, encoding="utf-8")
    outline = opml.read(path)
    assert [(feed.name, feed.url) for feed in outline.feeds] == [
        ('One "1" 하나', "https://one.example.org/f?a=1&b=2"),
        ("Two", "http://two.example.org/rss"),
    ]
    assert outline.problems == (
        '"Three": three.example.org/rss is not an http or https address',
        '"One again": https://ONE.example.org:443/f?a=1&b=2#top stands there twice',
        '"elsewhere": a list of feeds elsewhere; import that file itself',
    )


@pytest.mark.parametrize("content", ["", "https://a.example.org/feeds.opml", "<html>no</html>", "\x00\x01"])
def test_what_is_no_opml_is_refused(tmp_path, content):
    path = tmp_path / "feeds.opml"
    path.write_text(content)
    with pytest.raises(WatcherError, match="is no OPML"):
        opml.read(path)


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(WatcherError, match="cannot be read: No such file"):
        opml.read(tmp_path / "none.opml")


def test_entities_are_not_expanded(tmp_path):
    path = tmp_path / "feeds.opml"
    secret = tmp_path / "secret"
    secret.write_text("hidden")
    path.write_text(
        f'<!DOCTYPE o [<!ENTITY a SYSTEM "file://{secret}">]><opml version="2.0"><body>'
        '<outline text="x" xmlUrl="https://a.example.org/f">&a;</outline></body></opml>'
    )
    assert "hidden" not in repr(opml.read(path))


def test_feeds_stand_below_the_last_one_and_every_other_byte_stays(config):
    added = opml.add(
        config,
        [Feed(url="https://a.example.org/f", name='A "1" \\ 하나'), Feed(url="https://b.example.org/f")],
    )
    assert len(added.added) == 2
    new = '\n[[feeds]]\nname = "A \\"1\\" \\\\ 하나"\nurl = "https://a.example.org/f"\n\n[[feeds]]\nurl = "https://b.example.org/f"\n'
    assert config.read_text(encoding="utf-8") == CONFIG.replace(
        '{ env = "X" } }\n', '{ env = "X" } }\n' + new
    )
    assert [feed.name for feed in load(config).feeds] == ["Two", 'A "1" \\ 하나', "b.example.org"]


def test_feeds_that_are_there_already_are_left_out(config):
    feeds = [
        Feed(url="https://KNOWN.example.org/feed#x"),
        Feed(url="https://a.example.org/f"),
        Feed(url="https://a.example.org/f"),
    ]
    added = opml.add(config, feeds)
    assert [feed.url for feed in added.added] == ["https://a.example.org/f"]
    assert len(added.known) == 2
    before = config.read_bytes()
    assert opml.add(config, feeds).added == ()
    assert config.read_bytes() == before


def test_a_name_that_is_taken_gets_its_host_behind_it(config):
    opml.add(config, [Feed(url="https://www.a.example.org/f", name="Two")])
    assert load(config).feeds[-1].name == "Two (a.example.org)"


SHAPES = {
    "an empty file": "",
    "no feeds": '[watcher]\nevery = "5m"',
    "a list on one line": 'feeds = [{ url = "https://known.example.org/feed" }] # mine\n[watcher]\nevery = "5m"\n',
    "headers in a table of their own": CONFIG.replace(
        "# headers = { Cookie = { env", '[feeds.headers]\nX = "1"\n# { {  env'
    ),
    "feeds at the end, no newline": '[[feeds]]\nurl = "https://known.example.org/feed"',
    "feeds in two places": CONFIG
    + '\n[[feeds]]\nurl = "https://other.example.org/f" # the last\n[concepts]\n',
    "windows line endings": CONFIG.replace("\n", "\r\n"),
    "a byte order mark": "\ufeff" + CONFIG,
}


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES)
def test_any_shape_of_config_takes_a_feed_and_keeps_its_comments(config, text):
    config.write_bytes(text.encode())
    before = [feed.url for feed in load(config).feeds]
    opml.add(config, [Feed(url="https://new.example.org/f", name="New")])
    assert [feed.url for feed in load(config).feeds] == [*before, "https://new.example.org/f"]
    after = config.read_bytes().decode()
    assert [line for line in text.splitlines() if "#" in line and "feeds = [" not in line] == [
        line for line in after.splitlines() if "#" in line and "feeds = [" not in line
    ]
    assert ("# mine" in text) == ("# mine" in after)
    if "\r\n" in text:
        assert after.count("\r\n") == after.count("\n")


def test_mode_and_link_of_the_file_stay_and_nothing_lies_around(config, tmp_path):
    config.chmod(0o640)
    link = tmp_path / "link.toml"
    link.symlink_to(config)
    opml.add(link, [Feed(url="https://a.example.org/f")])
    assert link.is_symlink()
    assert stat.S_IMODE(config.stat().st_mode) == 0o640
    assert len(load(config).feeds) == 2
    assert sorted(each.name for each in tmp_path.iterdir()) == ["config.toml", "link.toml"]


def test_an_invalid_config_is_not_touched(config):
    config.write_text("[watcher]\nnope = 1\n")
    with pytest.raises(ConfigError):
        opml.add(config, [Feed(url="https://a.example.org/f")])
    assert config.read_text() == "[watcher]\nnope = 1\n"


def test_what_is_written_is_read_back_without_passwords(config, tmp_path):
    opml.add(
        config,
        [
            Feed(url="https://user:pass@a.example.org/f?x=1&y=2", name='<A> & "B"'),
            Feed(url="https://b.example.org/"),
        ],
    )
    path = tmp_path / "out.opml"
    path.write_text(opml.write(load(config)), encoding="utf-8")
    assert [(feed.name, feed.url) for feed in opml.read(path).feeds] == [
        ("Two", "https://known.example.org/feed"),
        ('<A> & "B"', "https://a.example.org/f?x=1&y=2"),
        ("b.example.org", "https://b.example.org/"),
    ]


def test_a_name_that_xml_cannot_hold_is_written_without_the_rest(config, tmp_path):
    opml.add(config, [Feed(url="https://a.example.org/f", name="A\x07\x00B")])
    path = tmp_path / "out.opml"
    path.write_text(opml.write(load(config)), encoding="utf-8")
    assert [feed.name for feed in opml.read(path).feeds] == ["Two", "AB"]
