"""Hostile articles and their revisions through the whole judgement: whatever a text holds, it is judged.

    pytest tests/faults/test_hostile_articles.py -m slow -n auto      # 20,000 of them; a sample without -m

An error in any part of a judgement (figures, folding, sentences, look-alikes,
changes) keeps its article from being judged, which is an alert missed. So
nothing may raise, what is reported as new must stand in the text, and what is
told must render.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from watcher.alert import Bundle
from watcher.config import load
from watcher.extract import documents
from watcher.message import mail as message
from watcher.model import Entry, Extracted, Scan
from watcher.novelty.stories import Stories
from watcher.pipeline import Parts
from watcher.pipeline.judging import judge_item
from watcher.stores.claims import ItemClaim, SourceSpec
from watcher.stores.sqlite import SqliteStore
from watcher.watchlist.engine import Engine

CONFIG = """
[watcher]
database = "watcher.db"

[[feeds]]
name = "Paper"
url = "https://paper.example/feed"

[concepts]
dprk = ["North Korea*", "DPRK", "북한*", "=北", "朝鲜"]

[[watchlists]]
name = "Near"
any = ["defect*", "fled", "*탈북*", "망명*", "脱北者", "3억"]
all = ["@dprk"]
near = 30
channels = ["box"]

[[watchlists]]
name = "Query"
query = '(arrest* OR 체포) NEAR/20 @dprk OR ("officer fled" AND MSS)'
channels = ["box"]

[[watchlists]]
name = "Within"
any = ["/[0-9]{3}/", "officer"]
all = ["ministry"]
within = "sentence"
channels = ["box"]

[[channels]]
name = "box"
type = "maildir"
path = "box"
"""
START = datetime(2026, 11, 21, tzinfo=UTC)
WORDS = (
    "the officer fled defected North Korea DPRK MSS ministry arrested not never no denied correction",
    "북한 북한은 탈북자가 망명했다 체포 안 못 않 부인했다 [속보] 1보 종합 여 명 일흔 두 스물한 살",
    "朝鲜 脱北者 張成澤 北 外交官 逃亡 不 没 未 否认 。 ！ ？ 」 「 『 』 ， 、",
    "70 seventy thousand 3.5 1,234 1,...,5 1.2.3 １２ 三万 3억 2천 백 명 십만 ½ ² ① Ⅳ ١٢٣ -5 \u22125",
    "$70m US$1.5bn €3 50% 0.5％ 1e400 10^9 0x10 9,,9 .5 5. 1/2 2026-11-21 11월 21일 2026年",
    "조 억 만 천 亿 万 千 百 十 〇 零 两 廿 卅 貳",
    "one two five nine eleven twenty hundred thousand million billion trillion dozen bn mln k",
    "\u200b \u00ad \u202e \u2066 \ufeff 👨\u200d👩\u200d👧 😀 é e\u0301 ﬁ ß İ ı ǅ \u1100\u1161 ㄱ ㅏ",
    "가\u0301 ｶﾞ か\u3099 \u0640 \u0e33 Jang Song-thaek Sŏng-t'aek D.P.R.K. l'ONU Mr. U.S. No. 5 p.m. J. K.",
    "… ... . ! ? “ ” ‘ ’ \" ' ( ) [ ] « » — – - <b> &amp; &#xD800; {{x}} {% %} ** _x_ \\ /re/",
    "=?utf-8?B?eA==?= http://a.example/x%20y?z=1 a@b.example UPDATE 1- (LEAD)",
)
PIECES = tuple(word for line in WORDS for word in line.split(" "))
BETWEEN = (" ", " ", " ", " ", "", ". ", ".\n", ", ", "\n\n", "”", "。", "\t", "\u2028", "\x85")
PLANES = (
    (0x0, 0x24F),
    (0x300, 0x36F),
    (0x600, 0x6FF),
    (0x1100, 0x11FF),
    (0x2000, 0x206F),
    (0x3000, 0x9FFF),
    (0xAC00, 0xD7FF),
    (0xF900, 0x1FFFF),
)
"""Ranges of code points: Latin, marks, Arabic, jamo, punctuation, kana and Han, Hangul, the rest of the lower ones."""


class Paper:
    """A source whose entries carry their text."""

    every = timedelta(minutes=5)
    text = "feed"
    watchlists = ()

    def scan(self, claim: object, now: datetime) -> Scan:  # noqa: ARG002 - the verb of sources
        """Nothing: what it lists is kept by hand."""
        return Scan(cursor={})

    def read(self, claim: ItemClaim) -> Extracted:
        """The entry's own text."""
        return Extracted(text=claim.entry.text, title=claim.entry.title)


class Box:
    """A channel that is never sent through here."""

    recipients = ("box",)


def text_of(chance: random.Random) -> str:
    """A text of nothing to a few hundred pieces, or one piece very often."""
    if chance.random() < 0.03:
        return chance.choice(PIECES) * chance.randint(1, 3_000)
    found = []
    for _ in range(chance.choice((0, 1, 3, 8, 20, 40, 90, 150, 300))):
        piece = chance.choice(PIECES)
        if chance.random() < 0.05:
            piece = chr(chance.randint(*chance.choice(PLANES))) * chance.randint(1, 4)
        found += [piece, chance.choice(BETWEEN)]
    return "".join(found)


def edited(chance: random.Random, text: str) -> str:
    """The text with something added, put in, taken out or exchanged; or another one."""
    at = chance.randint(0, len(text))
    return chance.choice(
        (
            f"{text} {text_of(chance)}",
            text[:at] + chance.choice(PIECES) + text[at:],
            text[:at] + text[at + chance.randint(0, 40) :],
            text.replace("70", "71").replace("fled", "did not flee").replace("북한", "남한"),
            text_of(chance),
        )
    )


def editions(chance: random.Random, count: int) -> Iterator[Sequence[Entry]]:
    """What a feed lists, look after look: new entries, and older ones with another text under their key."""
    texts: list[str] = []
    for _ in range(count):
        for _ in range(20):
            base = chance.choice(texts) if texts and chance.random() < 0.4 else text_of(chance)
            if texts and chance.random() < 0.3:
                texts[chance.randrange(len(texts))] = edited(chance, base)
            else:
                texts.append(edited(chance, base))
        listed = chance.sample(range(len(texts)), min(25, len(texts)))
        yield [entry_of(chance, number, texts[number]) for number in listed]


def entry_of(chance: random.Random, number: int, text: str) -> Entry:
    """An entry as the sources leave one: cleaned, its title of its own, of its text, or none."""
    title = chance.choice((text_of(chance)[:80], "", " ".join(text.split()[:8])))
    return Entry(
        key=f"guid {number}",
        title=documents.clean_line(title),
        text=documents.clean(text),
        content_hash=f"{len(text)} {text}",
    )


def check_judgements(folder: Path, seed: int, looks: int) -> int:
    """Judge what so many looks list; the number of texts that were judged."""
    chance = random.Random(seed)
    (folder / "config.toml").write_text(CONFIG, encoding="utf-8")
    config = load(folder / "config.toml")
    rules = {rule.name: rule for rule in config.watchlists}
    parts = Parts(
        sources={"paper": Paper()},
        channels={"box": Box()},  # type: ignore[dict-item]
        rules=rules,
        match=Engine(config.watchlists, config.concepts).match,
        zone=config.zone,
        catch_up=timedelta(days=1),
        group_wait=timedelta(seconds=60),
    )
    store, book, judged = SqliteStore(folder / "watcher.db"), Stories(), 0
    spec = SourceSpec(key="paper", kind="feed", name="Paper")
    store.write(lambda w: w.register((spec,), tuple(rules), ("box",), START))
    lease = timedelta(hours=1)
    try:
        for look, entries in enumerate(editions(chance, looks)):
            now = START + timedelta(minutes=look)
            (claim,) = store.write(lambda w, at=now: w.claim_sources(at, limit=1, lease=lease))
            scan = Scan(cursor={}, entries=tuple(entries))
            store.write(lambda w, c=claim, s=scan, at=now: w.keep(c, s, now=at, due=at, catch_up=lease))
            for item in store.write(lambda w, at=now: w.claim_items(at, limit=100, lease=lease)):
                outcome = judge_item(item, parts, store, book, lambda at=now: at)
                judged += 1
                if outcome.article is not None:
                    check_quotes(store, outcome.article, f"seed {seed}, {item.entry.key}, look {look}")
            check_messages(store, now)
        assert store.read.check() == ()
    finally:
        store.close()
    return judged


def check_quotes(store: SqliteStore, article: str, where: str) -> None:
    """What is called new is sorted, disjoint, and stands in the text; so do the hits."""
    view = store.read.article(article)
    assert view is not None, where
    text = view.text or ""
    ends = [0]
    for start, end in view.row.novel:
        assert ends[-1] <= start < end <= len(text), where
        ends.append(end)


def check_messages(store: SqliteStore, now: datetime) -> None:
    """Every delivery renders: its subject, its text and its HTML."""
    due = now + timedelta(days=2)
    store.write(lambda w: w.open_bundles(due, split=whole, health="1 of 1 feeds healthy"))
    for delivery in store.write(
        lambda w: w.claim_deliveries(due, limit=500, lease=timedelta(days=9), channels=("box",))
    ):
        subject = message.subject(delivery.content, zone=UTC)
        assert subject.strip()
        assert "\n" not in subject
        assert message.plain(delivery.content, zone=UTC).strip()
        assert "<html" in message.html(delivery.content, zone=UTC)


def whole(_: str, bundle: Bundle) -> Sequence[Bundle]:
    return [bundle]


def test_an_article_is_judged_whatever_its_text_holds(tmp_path):
    assert check_judgements(tmp_path, 1, 10) > 100


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 18))
def test_twenty_thousand_hostile_articles_are_judged(tmp_path, seed):
    assert check_judgements(tmp_path, seed, 125) > 1_000
