"""config.toml: what is read, what is refused, and where the finger points."""

# ruff: noqa: E501 (tables: one row, one case)

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import pytest

from watcher import config as configs
from watcher.channels.command import Command
from watcher.channels.smtp import Email
from watcher.channels.webhook import Webhook
from watcher.config import NetSettings, Settings, durations, load, locate, revise, warnings
from watcher.config.tables import ALIASES
from watcher.model import ConfigError
from watcher.secret import Secret
from watcher.sources.feed import Feed
from watcher.sources.folder import Folder
from watcher.watchlist import Watchlist

ALIASES_BACK = {name: key for key, name in ALIASES.items()}

WHOLE = """\
[watcher]
database = "data/w.db"
corpus = ["seeds"]
timezone = "Asia/Seoul"
every = "10m"
catch_up = "1d12h"
heartbeat = "https://hc.example.org/ping"

[net]
allow = ["127.0.0.1/32", "10.0.0.0/8"]

[[feeds]]
url = "https://www.example.org/feed?x=1"
strip = [".related"]
headers = { Cookie = { env = "COOKIE" }, Accept-Language = "ko" }
[[feeds]]
name = "Second"
url = "https://example.org/other"
every = "1h"
timezone = "Europe/Berlin"
watchlists = ["A"]

[[folders]]
path = "inbox"

[concepts]
dprk = ["북한", "DPRK"]

[[watchlists]]
name = "A"
any = ["spy"]
all = ["@dprk"]
near = 30
min_new_words = 8
channels = ["desk"]
deliver = "daily 07:30"
quiet = "22:00-07:00"

[[channels]]
name = "desk"
type = "email"
host = "smtp.example.org"
from = "Watcher <watcher@example.org>"
to = ["desk@example.org"]
username = "w"
password = { file = "smtp.password" }
ca_file = "ca.pem"
[[channels]]
name = "hook"
type = "webhook"
url = { env = "HOOK" }
secrets = [{ credential = "hook" }]
[[channels]]
name = "program"
type = "command"
command = ["./tell.sh", "-v"]
timeout = "5s"
"""


@pytest.fixture
def written(tmp_path: Path):
    def write(text: str) -> Path:
        path = tmp_path / "config.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def problems(path: Path) -> list[str]:
    """The problems of the config at `path` as `line:column message`."""
    with pytest.raises(ConfigError) as caught:
        load(path)
    return [f"{each.line}:{each.column} {each.message}" for each in caught.value.problems]


# --------------------------------------------------------------------------- what is read


def test_a_whole_config_is_read(written, tmp_path):
    config = load(written(WHOLE))
    assert config.watcher.database == tmp_path / "data/w.db"
    assert config.watcher.corpus == (tmp_path / "seeds",)
    assert config.watcher.every == timedelta(minutes=10)
    assert config.watcher.catch_up == timedelta(hours=36)
    assert config.zone.key == "Asia/Seoul"
    assert config.net.allow == ("127.0.0.1/32", "10.0.0.0/8")
    first, second = config.feeds
    assert (first.name, first.every, first.strip) == ("example.org", timedelta(minutes=10), (".related",))
    assert first.headers == {"Cookie": Secret(env="COOKIE"), "Accept-Language": "ko"}
    assert (second.name, second.every) == ("Second", timedelta(hours=1))
    assert [config.zone_of(feed).key for feed in config.feeds] == ["Asia/Seoul", "Europe/Berlin"]
    assert [(folder.path, folder.name) for folder in config.folders] == [(tmp_path / "inbox", "inbox")]
    assert config.concepts == {"dprk": ("북한", "DPRK")}
    (watchlist,) = config.watchlists
    assert (watchlist.any, watchlist.near, watchlist.min_new_words) == (("spy",), 30, 8)
    email, hook, program = config.channels
    assert isinstance(email, Email)
    assert email.sender == "Watcher <watcher@example.org>"
    assert email.password == Secret(file=tmp_path / "smtp.password")
    assert email.ca_file == str(tmp_path / "ca.pem")
    assert isinstance(hook, Webhook)
    assert (hook.url, hook.secrets) == (Secret(env="HOOK"), (Secret(credential="hook"),))
    assert isinstance(program, Command)
    assert program.command == (str(tmp_path / "tell.sh"), "-v")


def test_an_empty_config_is_all_defaults(written, tmp_path):
    config = load(written(""))
    assert (config.watcher.every, config.watcher.database) == (timedelta(minutes=15), tmp_path / "watcher.db")


def test_the_database_lies_in_the_state_directory_where_there_is_one(written, tmp_path, monkeypatch):
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/watcher:/var/lib/other")
    assert load(written('[watcher]\ndatabase = "w.db"')).watcher.database == Path("/var/lib/watcher/w.db")
    assert load(written('[watcher]\ndatabase = "/srv/w.db"')).watcher.database == Path("/srv/w.db")
    assert load(written(""), database=tmp_path / "mine.db").watcher.database == tmp_path / "mine.db"


def test_waits_may_be_switched_off(written):
    config = load(written('[watcher]\ngroup_wait = "0s"\ncatch_up = "0h"'))
    assert (config.watcher.group_wait, config.watcher.catch_up) == (timedelta(0), timedelta(0))


def test_feeds_of_one_host_without_names_get_different_ones(written):
    config = load(
        written('[[feeds]]\nurl = "https://www.a.org/x"\n[[feeds]]\nurl = "https://a.org/y/?z=1"\n')
    )
    assert [feed.name for feed in config.feeds] == ["a.org", "a.org/y?z=1"]


def test_windows_line_endings_and_a_byte_order_mark_are_no_mistakes(tmp_path):
    path = tmp_path / "config.toml"
    path.write_bytes(b'\xef\xbb\xbf[watcher]\r\nevery = "5m"\r\nnope = 1\r\n')
    assert problems(path) == ["3:1 " + unknown_key("nope")]


def unknown_key(key: str) -> str:
    listed = "catch_up, corpus, database, every, group_wait, heartbeat, keep, keep_text, threads, timezone, workers"
    return f'unknown key "{key}": known here: {listed}'


# --------------------------------------------------------------------------- where the config is


def test_the_config_is_found_in_its_order(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WATCHER_CONFIG", raising=False)
    monkeypatch.setattr(configs, "SYSTEM_CONFIG", tmp_path / "etc.toml")
    with pytest.raises(ConfigError, match="--config"):
        locate()
    (tmp_path / "etc.toml").touch()
    assert locate() == tmp_path / "etc.toml"
    (tmp_path / "config.toml").touch()
    assert locate() == Path("config.toml")
    monkeypatch.setenv("WATCHER_CONFIG", "/x.toml")
    assert locate() == Path("/x.toml")
    assert locate("/y.toml") == Path("/y.toml")


def test_what_is_no_readable_file_is_told_in_one_line(tmp_path):
    assert problems(tmp_path / "none.toml") == [
        "0:0 no such file: name the config with --config PATH or $WATCHER_CONFIG"
    ]
    assert problems(tmp_path) == [
        f"0:0 this is a folder, not a file: did you mean {tmp_path / 'config.toml'}?"
    ]
    latin = tmp_path / "latin.toml"
    latin.write_bytes("[watcher]\n# München\n# 한".encode() + b"\xfc\n")
    assert problems(latin) == ["3:4 not UTF-8 (byte 0xfc): save the file as UTF-8 in your editor"]


# --------------------------------------------------------------------------- every mistake, with its place

FEED = '[[feeds]]\nurl = "https://a.org/f"\n'
EMAIL = '[[channels]]\nname = "m"\ntype = "email"\nhost = "h"\nfrom = "a@b.org"\n'
RULE = '[[watchlists]]\nname = "A"\nany = ["x"]\n'

MISTAKES = [
    ("an unknown key, near a known one", '[watcher]\ndatabse = "x"', '2:1 unknown key "databse": did you mean "database"?'),
    ("an unknown section", "[feed]", '1:1 unknown section "feed": did you mean "feeds"?'),
    ("the name of a field is not its key", EMAIL + 'to = ["a@b.org"]\nsender = "x"', '7:1 unknown key "sender"'),
    ("one table where several may be", '[feeds]\nurl = "https://a.org"', "1:1 there may be several: write [[feeds]] instead of [feeds]"),
    ("a value where a table is", "watcher = 3", "1:1 watcher is a table: write [watcher] on a line of its own"),
    ("a duration without a unit", "[watcher]\nevery = 15", '2:9 every needs a unit: write every = "15m"'),
    ("a duration in words", '[watcher]\nkeep = "ten days"', '2:8 "ten days" is not a duration'),
    ("a duration of nothing", '[watcher]\nevery = "0s"', '2:9 "0s" is out of range'),
    ("a duration too long for the calendar", '[watcher]\nkeep = "99999999d"', '2:8 "99999999d" is out of range'),
    ("a number in quotes", '[watcher]\nworkers = "2"', '2:11 workers must be a whole number, not "2": write workers = 2'),
    ("a switch as a number", FEED + "enabled = 1", "3:11 enabled must be true or false, not 1"),
    ("true where a number is", "[watcher]\nworkers = true", "2:11 workers must be a whole number, not true"),
    ("no workers", "[watcher]\nworkers = 0", "2:11 workers must be 1 or more"),
    ("text where a list is", '[watcher]\ncorpus = "seeds"', '2:10 corpus must be a list, not "seeds": write corpus = ["seeds"]'),
    ("an entry of a list that is no text", FEED + 'strip = [".a", 7]', "3:16 entry 2 of strip must be text in quotes, not 7"),
    ("a word that is none of the choices", FEED + 'text = "pge"', '3:8 text = "pge" is not known here: did you mean "page"?'),
    ("a choice nothing is near to", FEED + "text = 1", '3:8 text must be one of "auto", "feed", "page", not 1'),
    ("a time zone with a slip", '[watcher]\ntimezone = "Asia/Soul"', '2:12 unknown time zone "Asia/Soul": did you mean "Asia/Seoul"?'),
    ("a time zone from nowhere", '[watcher]\ntimezone = "Moon"', '2:12 unknown time zone "Moon": write a name like "Asia/Seoul"'),
    ("fingerprints kept shorter than text", '[watcher]\nkeep = "10d"', '2:8 keep (fingerprints) is shorter than keep_text (articles): write keep = "90d"'),
    ("an address without a scheme", '[[feeds]]\nurl = "a.org/f"', '2:7 "a.org/f" is not an http or https address: write "https://a.org/f"'),
    ("a file as a feed", '[[feeds]]\nurl = "file:///etc/passwd"', '2:7 "file:///etc/passwd" is not an http or https address'),
    ("a feed without an address", '[[feeds]]\nname = "x"', "1:1 [[feeds]] number 1 has no url: write url = "),
    ("an empty address", '[[feeds]]\nurl = ""', "2:7 url is empty: write url = "),
    ("a feed twice, written otherwise", FEED + '[[feeds]]\nurl = "HTTPS://A.org:443/f#x"', '4:7 the feed "a.org" has this address already'),
    ("a folder twice", '[[folders]]\npath = "in"\n[[folders]]\npath = "./in/"', "4:8 the folder"),
    ("a watchlist that is not there", FEED + 'watchlists = ["B"]\n' + RULE, '3:15 unknown watchlist "B": known here: A'),
    ("a channel with a slip", RULE + 'channels = ["dsk"]\n[[channels]]\nname = "desk"\ntype = "console"', '4:13 unknown channel "dsk": did you mean "desk"?'),
    ("a channel where there is none", RULE + 'channels = ["x"]', '4:13 unknown channel "x": there is none'),
    ("two watchlists of a name", RULE + RULE, '5:8 another of the watchlists is named "A"'),
    ("a watchlist without a name", '[[watchlists]]\nany = ["x"]', "1:1 [[watchlists]] number 1 has no name"),
    ("a channel without a type", '[[channels]]\nname = "x"', '1:1 [[channels]] number 1 has no type: write one of "email"'),
    ("a type with a slip", '[[channels]]\nname = "x"\ntype = "emial"', '3:8 unknown type "emial": did you mean "email"?'),
    ("a mail worded for a chat", EMAIL + 'to = ["a@b.org"]\ntemplate = "slack"', '7:12 "slack" is for webhooks: name a file of yours for mails'),
    ("a template that is none", EMAIL + 'to = ["a@b.org"]\ntemplate = 7', "7:12 template must be a file's path, or the name of a template, in quotes, not 7"),
    ("a service's address in the file", '[[channels]]\nname = "p"\ntype = "apprise"\nurls = ["tgram://key"]', "4:9 a secret never stands in the file"),
    ("mail without a receiver", EMAIL, '1:1 [[channels]] number 1 has no to: write to = ["desk@example.org"]'),
    ("mail to nobody", EMAIL + "to = []", "6:6 to is empty"),
    ("an address that is none", EMAIL + 'to = ["a@b.org", "desk"]', '6:18 "desk" is no mail address'),
    ("two addresses in one", EMAIL + 'to = ["a@b.org, c@d.org"]', '6:7 "a@b.org, c@d.org" is no mail address'),
    ("a header in an address", EMAIL + 'to = ["a@b.org\\nBcc: c@d.org"]', "6:7"),
    ("a secret in the file", EMAIL + 'to = ["a@b.org"]\nusername = "u"\npassword = "hunter2"', "8:12 a secret never stands in the file: write { env = "),
    ("a secret from nowhere", EMAIL + 'to = ["a@b.org"]\nusername = "u"\npassword = { enf = "X" }', '8:14 unknown key "enf": did you mean "env"?'),
    ("a secret from two places", FEED + 'headers = { A = { env = "X", file = "y" } }', "3:17 a secret stands in one place"),
    ("a login without a password", EMAIL + 'to = ["a@b.org"]\nusername = "u"', "7:12 username needs password"),
    ("a port out of range", EMAIL + 'to = ["a@b.org"]\nport = 70000', "7:8 port must lie between 1 and 65535"),
    ("a network with bits of hosts", '[net]\nallow = ["10.0.0.0/8", "10.0.0.1/8"]', '2:24 "10.0.0.1/8" is not a network'),
    ("a proxy that is none", '[net]\nproxy = "localhost"', '2:9 "localhost" is no proxy'),
    ("a delivery time that is none", RULE + 'deliver = "dayly 07:30"', "4:11 'dayly 07:30' is no time of delivery"),
    ("quiet hours that are none", RULE + 'quiet = "22-7"', "4:9 '22-7' is no span of quiet hours"),
    ("a concept that is no list", '[concepts]\ndprk = "DPRK"', '2:8 dprk must be a list, not "DPRK": write dprk = ["DPRK"]'),
    ("a column counts characters, not bytes", '[concepts]\n"북" = ["북한", 3]', "2:14 entry 2 of 북 must be text in quotes, not 3"),
    ("a query that is none", RULE.replace('any = ["x"]', "query = 'x AND (y OR z'"), "3:16 this ( is not closed"),
    ("a query of several lines", RULE.replace('any = ["x"]', 'query = """\nx\n AND (y"""'), "5:6 this ( is not closed"),
    ("a query behind an escape", RULE.replace('any = ["x"]', 'query = "\\"x y\\" AND (z"'), "3:22 this ( is not closed"),
    ("a term that is none", RULE.replace('["x"]', '["x", "y*z"]'), "3:15 `*` may stand only at the beginning or the end"),
    ("a concept that is not there", '[concepts]\ndprk = ["x"]\n' + RULE.replace('["x"]', '["@dprl"]'), "5:9 there is no concept @dprl; did you mean @dprk?"),
    ("concepts in a circle", '[concepts]\na = ["x", "@a"]', "2:12 concepts go in a circle"),
    ("a watchlist that looks for nothing", '[[watchlists]]\nname = "A"', '1:1 "A": this watchlist looks for nothing'),
    ("lists and a query", RULE + "query = 'y'", '1:1 "A": a watchlist has either lists'),
    ("a place inside a dotted key", "watcher.every = 15", "1:17 every needs a unit"),
    ("a place in a table of its own", FEED + "[feeds.headers]\nA = 3", "4:5 A must be text in quotes or a secret"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"), [row[1:] for row in MISTAKES], ids=[row[0] for row in MISTAKES]
)
def test_a_mistake_is_told_with_its_place_and_the_way_out(written, text, expected):
    (found,) = problems(written(text))
    assert found.startswith(expected)


def test_all_mistakes_of_one_query_are_told(written):
    told = problems(written(RULE.replace('any = ["x"]', "query = 'x AND (y z) AND @no NOT titel:x'")))
    assert [each.partition(" ")[0] for each in told] == ["3:19", "3:26", "3:34"]


def test_all_mistakes_are_told_in_one_go_in_the_order_of_the_file(written):
    texts = [
        "a config of many mistakes",
        "[watcher]\nevery = 15\nnope = 1\n" + FEED,
        "x = [1,\n" + RULE,
        'nera = 3\nchannels = ["q"]',
    ]
    found = problems(written("\n".join(["# " + texts[0], *texts[1:]])))
    assert [re.match(r"\d+", each)[0] for each in found] == ["3", "4", "8", "13", "14"]


# --------------------------------------------------------------------------- lines that are no TOML

BROKEN = [
    ("a quote left open", 'a = "x', "1:7 the text is not closed"),
    ("a comma forgotten", '[concepts]\na = ["x" "y"]', "2:10 a comma is missing before this"),
    ("a comma forgotten between lines", '[concepts]\na = ["x",\n "y"\n "z"]', "4:2 a comma is missing before this"),
    ("a list left open", '[concepts]\na = ["x"\n[net]', "2:5 this list is not closed before line 3: write ]"),
    ("a list left open after a comma", '[concepts]\na = ["x",\n\n[net]', "2:5 this list is not closed before line 4: write ]"),
    ("a list left open before a key", '[concepts]\na = ["x",\nb = ["y"]', "2:5 this list is not closed before line 3: write ]"),
    ("a bracket too few", '[[feeds]\nurl = "https://a.org"', "1:1 [[feeds] does not stand here: write [[feeds]]"),
    ("no bracket at the end", "[watcher\n", "1:1 [watcher does not stand here: write [watcher]"),
    ("no equals sign", 'every "15m"', "1:7 this is no setting"),
    ("a colon", 'every : "15m"', "1:7 this is no setting"),
    ("text without quotes", "[watcher]\ntimezone = Asia/Seoul", '2:12 text stands in quotes: write timezone = "Asia/Seoul"'),
    ("a duration without quotes", "[watcher]\nevery = 15m", '2:11 text stands in quotes: write every = "15m"'),
    ("Python's True", FEED + "enabled = True", "3:11 write true instead of True"),
    ("typographic quotes", "[watcher]\nevery = “15m”", "2:9 these are typographic quotes"),
    ("no value", "[watcher]\nevery =", "2:8 there is no value: write every = …"),
    ("a backslash", '[[folders]]\npath = "C:\\docs"', "2:13 a backslash starts an escape here"),
    ("a key given twice", '[watcher]\nevery = "1m"\nevery = "2m"', "3:1 every is given twice here: keep one"),
    ("a table given twice", '[watcher]\nevery = "1m"\n[watcher]\nkeep = "500d"', "3:1 [watcher] stands twice"),
    ("[feeds] twice", '[feeds]\nurl = "https://a.org"\n[feeds]\nurl = "https://b.org"', "3:1 [feeds] does not stand here: write [[feeds]]"),
    ("Korean as a bare key", '[concepts]\n북한 = ["x"]', '2:1 a key of letters other than a to z stands in quotes: write "북한" ='),
    ("a comment of another language", "// note", "1:1 this is no setting"),
    ("two settings on a line", '[watcher]\nevery = "1m" keep = "500d"', "2:14 there is more on this line"),
    ("a text of three quotes left open", '[watcher]\nevery = """1m\n', "2:1 the text that begins here is never closed"),
    ("an inline table over the end", "[watcher]\nevery = { a = 1", "2:"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_a_broken_line_is_told_with_the_way_out(written, text, expected):
    (found,) = problems(written(text))
    assert found.startswith(expected)


def test_broken_lines_hide_neither_one_another_nor_the_mistakes_around_them(written):
    text = """\
[watcher]
every = 15m
timezone = Asia/Seoul
databse = "x"
[[feeds]
name = “x”
url = "https://a.org
[[watchlists]]
name = "a"
any = ["x",
       "y"
       "z"]
nera = 3
channels = ["desk"
[[channels]]
name = desk
type = "console"
"""
    found = problems(written(text))
    assert [each.split(" ")[0] for each in found] == [
        "2:11",
        "3:12",
        "4:1",
        "5:1",
        "6:8",
        "7:21",
        "12:8",
        "13:1",
        "14:12",
        "16:8",
    ]


def test_what_stood_on_a_broken_line_is_not_missed_as_well(written):
    assert (
        len(problems(written('[[channels]]\nname = desk\ntype = "console"\n' + RULE + 'channels = ["desk"]')))
        == 1
    )


def test_a_concept_on_a_broken_line_is_not_missed_as_well(written):
    assert len(problems(written("[concepts]\ndprk = x\n" + RULE.replace('["x"]', '["@dprk"]')))) == 1


def test_a_faulty_list_does_not_leave_a_watchlist_with_nothing_to_look_for(written):
    assert len(problems(written('[concepts]\na = "x"\n[[watchlists]]\nname = "A"\nany = "x"'))) == 2


def test_a_file_of_nothing_but_noise_ends(written):
    assert len(problems(written("x = \n" * 5000))) == 100
    assert len(problems(written("]]][[= \n" * 5000))) == 1


# --------------------------------------------------------------------------- doubts


def doubts(path: Path) -> list[str]:
    found = warnings(load(path))
    assert all(each.warning for each in found)
    return [f"{each.line}:{each.column} {each.message}" for each in found]


SOUND = FEED + RULE + 'channels = ["c"]\n[[channels]]\nname = "c"\ntype = "console"\n'

DOUBTS = [
    ("nothing to read", RULE + 'channels = ["c"]\n[[channels]]\nname = "c"\ntype = "console"', "1:1 nothing to read"),
    ("a watchlist that reports nowhere", FEED + RULE, '3:1 "A" reports nowhere'),
    ("plain http", SOUND.replace("https:", "http:"), "2:7 plain http"),
    ("an impolite interval", SOUND.replace("[[watch", 'every = "10s"\n[[watch'), "3:9 asked more than once a minute"),
    ("a cookie in the file", SOUND.replace("[[watch", 'headers = { Cookie = "a=b" }\n[[watch'), "3:22 a secret in the file"),
    ("a secret that is not there", SOUND.replace("[[watch", 'headers = { X = { env = "WATCHER_NONE" } }\n[[watch'), "3:17 a secret is missing: the environment variable WATCHER_NONE"),
    ("two feeds of a name", 'feeds = [{ url = "https://x.org", name = "N" }, { url = "https://y.org", name = "N" }]\n' + SOUND.removeprefix(FEED), "1:81 another feed is named"),
    ("a corpus that is not there", '[watcher]\ncorpus = ["nowhere"]\n' + SOUND, "2:11 there is no "),
    ("a folder that is not there", SOUND + '[[folders]]\npath = "nowhere"', "11:8 "),
    ("a channel nobody uses", SOUND + '[[channels]]\nname = "d"\ntype = "console"', '11:8 no watchlist reports to "d"'),
    ("a program that is not there", SOUND.replace('type = "console"', 'type = "command"\ncommand = ["./none"]'), "10:12 there is no program"),
    ("a term known for finding something else", SOUND.replace('any = ["x"]', 'any = ["x", "defect*"]'), "5:14 `defect*` finds defective"),
    ("alerts over plain http", SOUND.replace('type = "console"', 'type = "webhook"\nurl = "http://a.org/x"'), "10:7 plain http"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in DOUBTS], ids=[row[0] for row in DOUBTS])
def test_what_is_hardly_meant_is_a_warning(written, text, expected):
    (found,) = doubts(written(text))
    assert found.startswith(expected)


def test_a_sound_config_raises_no_doubt(written):
    assert doubts(written(SOUND)) == []


def test_a_feed_on_loopback_may_be_plain_and_quick(written):
    text = SOUND.replace("https://a.org/f", "http://127.0.0.1:8080/f").replace(
        "[[watch", 'every = "1s"\n[[watch'
    )
    assert doubts(written(text)) == []


# --------------------------------------------------------------------------- reload


def test_a_reload_says_what_it_changes(written):
    old = load(written(WHOLE))
    text = (
        WHOLE.replace('every = "10m"', 'every = "20m"')
        .replace("near = 30", "near = 10")
        .replace('"북한", "DPRK"', '"북한", "朝鲜"')
        .replace("https://example.org/other", "https://example.org/new")
        .replace('name = "hook"', 'name = "hooks"')
        .replace('from = "Watcher', 'from = "Looker')
    )
    assert revise(old, load(written(text))) == (
        "every: 10m → 20m",
        'feed added: "Second"',
        'feed removed: "Second"',
        'feed changed: "example.org" (every)',
        "concept @dprk: + 朝鲜, - DPRK",
        'watchlist changed: "A" (near)',
        'channel added: "hooks"',
        'channel removed: "hook"',
        'channel changed: "desk" (from)',
    )


def test_a_reload_takes_a_template_that_was_edited_or_went_missing(written, tmp_path):
    path = written(EMAIL + 'to = ["a@b.org"]\ntemplate = "mine.j2"\n')
    (tmp_path / "mine.j2").write_text("one")
    first = load(path)
    (tmp_path / "mine.j2").write_text("two")
    second = load(path)
    (tmp_path / "mine.j2").unlink()
    third = load(path)
    assert [each.channels[0].template.text for each in (first, second, third)] == ["one", "two", ""]
    assert revise(first, second) == revise(second, third) == ('channel changed: "m" (template)',)


def test_an_apprise_channel_without_the_library_names_the_extra(written, monkeypatch):
    text = '[[channels]]\nname = "p"\ntype = "apprise"\nurls = [{ env = "URL" }]\n'
    assert load(written(text)).channels[0].urls == (Secret(env="URL"),)
    monkeypatch.setattr("watcher.config.checks.find_spec", lambda _: None)
    assert problems(written(text)) == [
        "3:8 the library apprise is not installed: pip install 'watcher[apprise]'"
    ]


def test_a_reload_of_the_same_says_nothing(written):
    assert revise(load(written(WHOLE)), load(written("# a comment\n" + WHOLE))) == ()


# --------------------------------------------------------------------------- cost


def test_reading_a_sound_config_loads_nothing_that_only_errors_need(written):
    path = written(WHOLE)
    script = (
        "import sys; from pathlib import Path; from watcher.config import load; load(Path(sys.argv[1]));"
        "heavy = {'tree_sitter', 'pydantic', 'tomlkit', 'trafilatura', 'feedparser', 'pycurl', 'listparser'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=True)


# --------------------------------------------------------------------------- the page that lists it all

PAGE = Path(__file__).parents[2] / "docs" / "config.md"
KINDS = {
    "[watcher]": (Settings,),
    "[net]": (NetSettings,),
    "[[feeds]]": (Feed,),
    "[[folders]]": (Folder,),
    "[[watchlists]]": (Watchlist,),
    "[[channels]]": tuple(configs.CHANNELS.values()),
}


@pytest.mark.parametrize("section", KINDS)
def test_the_page_lists_every_key_and_no_other(section):
    part = re.search(
        rf"^## {re.escape(section)}\n(.*?)(?=^## |\Z)",
        PAGE.read_text(encoding="utf-8"),
        re.DOTALL | re.MULTILINE,
    )[1]
    column = 2 if section == "[[channels]]" else 1
    cells = [row.split("|")[column] for row in part.splitlines() if row.startswith("| ")]
    listed = {found[1] for cell in cells if (found := re.match(r" `(\w+)`", cell))}
    known = {ALIASES_BACK.get(each.name, each.name) for kind in KINDS[section] for each in fields(kind)}
    assert listed | ({"name", "type"} if section == "[[channels]]" else set()) == known


def test_the_examples_of_the_page_load(written):
    (example,) = re.findall(
        r"^```toml\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    assert len(load(written(example)).channels) == 5


# --------------------------------------------------------------------------- durations

DURATIONS = [("30s", 30), ("15m", 900), ("24h", 86_400), ("90d", 7_776_000), ("2w", 1_209_600), ("1h30m", 5_400), (" 1 H ", 3_600), ("0.5s", 0.5)]  # fmt: skip


@pytest.mark.parametrize(("text", "seconds"), DURATIONS)
def test_a_duration_is_read_and_written_back(text, seconds):
    duration = durations.parse(text)
    assert duration.total_seconds() == seconds
    assert durations.parse(durations.write(duration)) == duration


@pytest.mark.parametrize("text", ["", "15", "m", "15 minutes", "-5m", "1h-5m", "0s", "1e9d", "١٥m x"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match="duration"):
        durations.parse(text)
