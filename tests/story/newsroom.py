"""A newsroom to walk through: real feeds on loopback, a real mail server, a real webhook receiver, a movable clock."""

from __future__ import annotations

import base64
import email
import email.policy
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from html import escape
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from aiosmtpd.controller import Controller

from tests.servers import Reply, Request, Server, serve
from watcher import config
from watcher.engines.embedded import Counters, Daemon
from watcher.stores import Reader
from watcher.stores.sqlite import SqliteStore

SECRET = "whsec_" + base64.b64encode(b"a secret of the newsroom test").decode()

CONFIG = """\
[watcher]
database = "watcher.db"
timezone = "Asia/Seoul"
every = "1m"
group_wait = "0s"
workers = 1
threads = 8
{settings}

[net]
allow = ["127.0.0.0/8"]

[concepts]
flee = ["defector*", "defected", "fled", "*탈북*"]
dprk = ["North Korea*", "DPRK", "북한*", "=北"]

{sources}

[[watchlists]]
name = "Defections"
any = ["@flee"]
all = ["@dprk"]
channels = ["desk", "hook"]
{watchlist}

{more}

[[channels]]
name = "desk"
type = "email"
host = "127.0.0.1"
port = {smtp}
security = "none"
from = "watcher <watcher@example.org>"
to = ["desk@example.org"]

[[channels]]
name = "hook"
type = "webhook"
url = "{hook}"
secrets = [{{ env = "HOOK_SECRET" }}]
"""


SEOUL = ZoneInfo("Asia/Seoul")
_DUE_AGAIN = timedelta(seconds=75)
"""Longer than the `every` below and a tenth of it, shorter than the two minutes that tests put round a half hour."""


class Clock:
    """The wall clock, moved on by hand."""

    def __init__(self) -> None:
        self.offset = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def move_to(self, hour: int, minute: int, *, weekday: int | None = None) -> datetime:
        """Move on to the next time that clocks in Seoul show this, but so far that every feed is due again.

        Without that distance a test that asks for noon would find no feed due when it is run seconds before noon.
        """
        local = self().astimezone(SEOUL)
        target = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
        while target < local + _DUE_AGAIN or (weekday is not None and target.weekday() != weekday):
            target += timedelta(days=1)
        self.offset += target - local
        return target


@dataclass
class Mailbox:
    """What the mail server took in. Without slots: Python 3.11.2 cannot list the members of a class remade for them."""

    mails: list[EmailMessage] = field(default_factory=list)
    refuse: list[str] = field(default_factory=list)
    """Replies to give instead of taking the next mails."""

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if self.refuse:
            return self.refuse.pop(0)
        parsed = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.mails.append(cast("EmailMessage", parsed))
        return "250 taken"


class Newsroom:
    """One desk: its config, what it serves, what it received."""

    def __init__(self, folder: Path, server: Server, mailbox: Mailbox, smtp: int) -> None:
        self.folder = folder
        self.server = server
        self.mailbox = mailbox
        self.clock = Clock()
        self._smtp = smtp
        self._hook: list[Reply] = []
        server.script("/hook", self._receive)
        self.received: list[Request] = []
        self.configure()

    def _receive(self, request: Request) -> Reply:
        if self._hook:
            return self._hook.pop(0)
        self.received.append(request)
        return Reply(status=200, body=b"ok", type="text/plain")

    def hook_answers(self, *replies: Reply) -> None:
        """What the webhook answers next, before it takes anything."""
        self._hook = list(replies)

    def configure(
        self,
        feeds: Sequence[str] = ("/feed",),
        *,
        settings: str = "",
        watchlist: str = "",
        more: str = "",
        feed: str = "",
    ) -> None:
        """Write the config. `feed` goes into every `[[feeds]]` table."""
        sources = "\n".join(
            f'[[feeds]]\nname = "Paper {n}"\nurl = "{self.server.url(path)}"\n{feed}'
            for n, path in enumerate(feeds, start=1)
        )
        text = CONFIG.format(
            settings=settings,
            sources=sources,
            watchlist=watchlist,
            more=more,
            smtp=self._smtp,
            hook=self.server.url("/hook"),
        )
        (self.folder / "config.toml").write_text(text, encoding="utf-8")

    def run(self, *, later: timedelta | None = None) -> Counters:
        """Let the daemon work until there is nothing left to do now; first move the clock on by `later`."""
        self.clock.offset += later or timedelta(0)
        settings = config.load(self.folder / "config.toml")
        store = SqliteStore(settings.watcher.database)
        return Daemon(store, lambda: settings, now=self.clock).run(until_idle=True)

    @contextmanager
    def store(self) -> Iterator[Reader]:
        """The store, for a look."""
        store = SqliteStore(self.folder / "watcher.db")
        try:
            yield store.read
        finally:
            store.close()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """A query on the database file."""
        connection = sqlite3.connect(self.folder / "watcher.db")
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The database file, to bend what no clock can."""
        connection = sqlite3.connect(self.folder / "watcher.db", isolation_level=None)
        try:
            yield connection
        finally:
            connection.close()

    @property
    def mails(self) -> list[EmailMessage]:
        """The mails that arrived."""
        return self.mailbox.mails

    @property
    def hooks(self) -> list[dict[str, Any]]:
        """The webhook bodies that were taken."""
        return [json.loads(request.body) for request in self.received]

    def titles(self) -> list[str]:
        """The titles of all articles alerted to the webhook, bundles included, in order."""
        found: list[str] = []
        for body in self.hooks:
            alerts = body["data"]["alerts"] if body["type"] == "bundle" else [body["data"]]
            found += [alert["article"]["title"] for alert in alerts if body["type"] != "health"]
        return found


class _PostOffice(Controller):
    """A mail server on whatever port is free."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        super()._trigger_server()


@contextmanager
def newsroom(folder: Path) -> Iterator[Newsroom]:
    """A newsroom in `folder`, its servers on loopback."""
    mailbox = Mailbox()
    smtp = _PostOffice(mailbox, hostname="127.0.0.1", port=0)
    smtp.start()
    try:
        with serve() as server:
            yield Newsroom(folder, server, mailbox, smtp.port)
    finally:
        smtp.stop()


# --------------------------------------------------------------------------- what papers write (all invented)

STORY = (
    "A North Korean trade official {who} has defected with his family, an official in Seoul said on {day}. "
    "The man had worked at the mission for {years} years and was due to return home in spring. "
    "He left the compound before dawn by taxi and did not come back, according to two people who follow the "
    "mission. The family asked for protection at the embassy of a third country that same day and was taken "
    "in. Officials in Seoul declined to say where the family is now, citing its safety. {tail} "
    "Three other members of the staff were called home last week, and the mission has kept its gates shut "
    "since. Neighbours said that lights were on through the night and that a van came twice. The host "
    "government said only that it had taken note of the reports and would act within its laws."
)


def story(
    who: str = "in a southern port city",
    day: str = "Tuesday",
    years: str = "four",
    tail: str = "It is the second such case this year.",
) -> str:
    """An invented report of 120 words that the watchlist holds on."""
    return STORY.format(who=who, day=day, years=years, tail=tail)


_TOPICS = (
    ("harbour", "dredging", "barges", "silt", "pilots"),
    ("orchard", "grafting", "apples", "frost", "pickers"),
    ("library", "shelving", "readers", "catalogue", "porters"),
    ("tramway", "welding", "rails", "sleepers", "drivers"),
    ("theatre", "rehearsal", "curtain", "players", "prompter"),
    ("quarry", "blasting", "granite", "carts", "masons"),
)


def filler(number: int) -> str:
    """An invented local report that no watchlist holds on; each number gives another text."""
    place, work, things, trouble, people = _TOPICS[number % len(_TOPICS)]
    return (
        f"Work number {number} at the {place} went on with {work} on row {number * 7 % 91}. The {people} counted "
        f"{number * 13 % 89} {things} before noon and {number * 5 % 83} after it, "
        f"and wrote off lot {number} for {trouble}. "
        f"A clerk named in register {number * 3 % 97} said the {place} would open gate {number % 12} by Friday."
    )


def rss(*items: dict[str, str], title: str = "Paper") -> bytes:
    """An RSS 2.0 feed; each item's keys are its elements (`content` is content:encoded)."""
    parts = []
    for item in items:
        fields = []
        for name, value in item.items():
            tag = "content:encoded" if name == "content" else name
            fields.append(f"<{tag}>{escape(value)}</{tag}>")
        parts.append(f"<item>{''.join(fields)}</item>")
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
        f"<title>{escape(title)}</title>{''.join(parts)}</channel></rss>"
    ).encode()


def page(title: str, text: str) -> bytes:
    """A page with the article among menus and teasers."""
    paragraphs = "".join(f"<p>{escape(part)}.</p>" for part in text.rstrip(".").split(". "))
    return (
        f"<!doctype html><html lang=en><head><title>{escape(title)} | Paper</title></head><body>"
        "<nav><a href=/a>Home</a> <a href=/b>Sport</a> <a href=/c>Weather</a></nav>"
        f"<main><article><h1>{escape(title)}</h1>{paragraphs}</article></main>"
        "<aside><h2>Most read</h2><a href=/d>Ten walks for a rainy day</a></aside>"
        "<footer>All rights reserved. Contact. Imprint.</footer></body></html>"
    ).encode()


def date(when: datetime) -> str:
    """A time as RSS writes it."""
    return when.strftime("%a, %d %b %Y %H:%M:%S +0000")
