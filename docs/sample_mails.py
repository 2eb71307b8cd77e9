"""Mails of invented articles, for `make_pictures.py`."""

# ruff: noqa: INP001 - beside a script, not in a package

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from watcher.alert import (
    Alert,
    ArticleNote,
    Bundle,
    Change,
    Content,
    HitNote,
    LookAlikeNote,
    Notice,
    StoryNote,
)
from watcher.pipeline import notices
from watcher.stores.views import ChannelState

ZONE = ZoneInfo("Asia/Seoul")


def at(day: int, hour: int, minute: int) -> datetime:
    """A moment of November 2026, in UTC."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def hits(watchlist: str, start: int, snippet: str, *terms: str) -> tuple[HitNote, ...]:
    """Hits of `terms` in one sentence, each with its span for bold."""
    return tuple(
        HitNote(
            watchlist=watchlist,
            term=term,
            concept=None,
            field="body",
            snippet=snippet,
            start=start + snippet.index(term),
            end=start + snippet.index(term) + len(term),
            marks=((snippet.index(term), snippet.index(term) + len(term)),),
        )
        for term in terms
    )


def first_report() -> Alert:
    """A new report that meets two watchlists, the second of its story."""
    one = (
        "The agent, who bought fuel for the Ministry of State Security, left his flat on 9 November and defected"
        " with two crates of invoices, a port clerk said."
    )
    two = "Men from the Reconnaissance General Bureau asked for him at three hotels two days later."
    return Alert(
        id="3c0f6c8e-2b1d-5f0a-8a77-0d2b8f31aa20",
        verdict="new",
        watchlists=("Defections", "Security services"),
        article=ArticleNote(
            id="8f31aa20-70c5-5d1e",
            title="Fuel buyer for North Korea’s security ministry leaves his post in Vladivostok",
            url="https://northernledger.example/2026/11/fuel-buyer",
            source="Northern Ledger",
            published=at(21, 5, 10),
            language="en",
            summary=one,
            found=at(21, 5, 22),
        ),
        hits=(
            *hits("Defections", 0, one, "defected"),
            *hits("Security services", 0, one, "Ministry of State Security"),
            *hits("Security services", 400, two, "Reconnaissance General Bureau"),
        ),
        look_alikes=(
            LookAlikeNote(
                url="https://harbour.example/41",
                title="Tanker Sonbong 4 waits off Vladivostok without papers",
                source="Harbour Wire",
                containment=0.17,
            ),
        ),
        story=StoryNote(
            id="9d4e1f07-5c3a-5b0e-9f21-6a7c0be44d18",
            first_seen=at(19, 0, 41),
            articles=2,
            outlets=2,
            texts=2,
            first_source="Harbour Wire",
            first_title="Tanker Sonbong 4 waits off Vladivostok without papers",
        ),
        conditions=(
            ("Defections", "@flee near 30 of @dprk"),
            ("Security services", "(@mss or @rgb) near 25 of @dprk"),
        ),
        new_words=382,
        words=460,
    )


def revised() -> Alert:
    """A Korean report whose figure changed and that lost a sentence."""
    return Alert(
        id="c2",
        verdict="revision",
        watchlists=("Defections",),
        article=ArticleNote(
            id="51b7e09c-1f0a-5e83",
            title="블라디보스토크 연료 구매책 잠적, 함께 사라진 직원 더 있었다",
            url="https://gangbyeon.example/news/20261121",
            source="강변통신",
            published=at(21, 0, 12),
            language="ko",
            summary="",
            found=at(21, 6, 5),
        ),
        hits=hits(
            "Defections",
            90,
            "현지 상인은 이들이 탈북을 오래 준비한 것으로 보인다고 말했다.",
            "탈북",
        ),
        changes=(
            Change("함께 사라진 직원은 모두 2명으로 전해졌다.", "함께 사라진 직원은 모두 5명으로 전해졌다."),
            Change("장부의 행방은 알려지지 않았다.", ""),
        ),
        story=StoryNote(
            id="9d4e1f07-5c3a-5b0e-9f21-6a7c0be44d18",
            first_seen=at(19, 0, 41),
            articles=4,
            outlets=3,
            texts=2,
            first_source="Harbour Wire",
            first_title="Tanker Sonbong 4 waits off Vladivostok without papers",
        ),
        carried_by=(
            LookAlikeNote(url=None, title="", source="Straits Bulletin", containment=0.96),
            LookAlikeNote(url=None, title="", source="江边日报", containment=0.9),
        ),
        conditions=(("Defections", "@flee near 30 of @dprk"),),
        new_words=21,
        words=640,
        reason="a figure changed in a sentence with a hit",
    )


def chinese() -> Alert:
    """A Chinese report of another story."""
    said = "两名在餐馆工作的朝鲜女性上周脱北，目前下落不明，当地商人周四说。"
    return Alert(
        id="c3",
        verdict="new",
        watchlists=("Defections",),
        article=ArticleNote(
            id="e70d44b1-92ce-5a47",
            title="两名朝鲜餐馆员工据称离开住处后失去联系",
            url="https://jiangbian.example/a/7781",
            source="江边日报",
            published=at(20, 22, 40),
            language="zh",
            summary="",
            found=at(20, 22, 58),
        ),
        hits=hits("Defections", 12, said, "脱北"),
        story=StoryNote(id="e70d44b1-92ce-5a47", first_seen=at(20, 22, 58), articles=1, outlets=1, texts=1),
        conditions=(("Defections", "@flee near 30 of @dprk"),),
        new_words=143,
        words=143,
    )


def korean() -> Alert:
    """A Korean report that quotes a known one and meets two watchlists."""
    one = "보위부 간부 출신으로 알려진 한 남성이 가족과 함께 탈북해 제3국에 머물고 있다고 복수의 소식통이 20일 전했다."
    two = "소식통은 “북한 당국이 체포조를 보냈다는 말이 돈다”면서도 확인된 것은 아니라고 덧붙였다."
    return Alert(
        id="c4",
        verdict="extended",
        watchlists=("Defections", "Security services"),
        article=ArticleNote(
            id="9b20c7d5-6e1b-5c90",
            title="보위부 간부 가족과 함께 탈북… 北, 체포조 파견설",
            url="https://gangbyeon.example/news/articleView.html?idxno=20261120",
            source="강변통신",
            published=at(20, 23, 2),
            language="ko",
            summary="",
            found=at(20, 23, 9),
        ),
        hits=(
            *hits("Defections", 0, one, "탈북"),
            *hits("Security services", 0, one, "보위부"),
            *hits("Security services", 120, two, "체포조", "북한"),
        ),
        look_alikes=(
            LookAlikeNote(url=None, title="보위부 간부 잠적설", source="江边日报", containment=0.41),
        ),
        story=StoryNote(id="9b20c7d5-6e1b-5c90", first_seen=at(20, 23, 9), articles=1, outlets=1, texts=1),
        conditions=(
            ("Defections", "@flee near 30 of @dprk"),
            ("Security services", "(@mss or @rgb) near 25 of @dprk"),
        ),
        new_words=118,
        words=204,
    )


def digest() -> Bundle:
    """A morning's bundle of three stories."""
    return Bundle(
        reason="digest",
        alerts=(first_report(), revised(), chinese(), korean()),
        opened=at(21, 22, 30),
        held=(("copy", 3), ("known text", 1), ("muted", 1)),
        health="41 of 44 feeds healthy, 2 failing since 19 Nov 08:10 (강변통신, Straits Bulletin)",
    )


def notice() -> Notice:
    """The daemon's own, of a channel that broke."""
    broken = ChannelState(
        name="desk", failures=5, since=at(21, 4, 50), reason="connection to smtp.example.org:587 refused"
    )
    told = notices.of_channel(ChannelState(name="desk"), broken, at(21, 5, 2))
    return told or Notice(subject="", text="", at=at(21, 5, 2))


def extremes() -> Alert:
    """What strangers may write: a title, an address and words that no line holds."""
    said = (
        "국가안전보위부해외반탐국제삼처소속으로알려진블라디보스토크주재무역대표부연료구매담당지도원이탈북했다고전해졌다"
        "https://gangbyeon.example/news/articleViewPrintFriendlyVersionWithoutAdvertisements?idxno="
        + "20261121"
        * 9
    )
    return Alert(
        id="c9",
        verdict="partial",
        watchlists=("Defections", "Security services", "Überwachungsbehördenmitarbeiterverzeichnisse"),
        article=ArticleNote(
            id="a81f77c9-03d8-5f1c",
            title="Fuel buyer, " * 22
            + "and a Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamter",
            url="https://gangbyeon.example/" + "long-winded-path/" * 14 + "?utm=" + "x" * 120,
            source="The Very Long-Named Northern Border and Harbour Ledger of Record, International Edition",
            published=None,
            language="ko",
            summary="",
            found=at(21, 2, 5),
        ),
        hits=hits("Defections", 90, said, "탈북", "국가안전보위부"),
        look_alikes=tuple(
            LookAlikeNote(url=None, title="Tanker " * 12, source=f"Harbour Wire {n}", containment=0.4)
            for n in range(5)
        ),
        conditions=(("Defections", " OR ".join(f"term{n}*" for n in range(40))),),
        new_words=1_240,
        words=3_980,
    )


SAMPLES: dict[str, Content] = {
    "alert": first_report(),
    "korean": korean(),
    "chinese": chinese(),
    "revision": revised(),
    "digest": digest(),
    "notice": notice(),
    "extremes": extremes(),
}
