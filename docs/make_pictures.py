"""Makes docs/alert-mail.png: the HTML of a sample alert as a phone shows it, by light and by dark.

Needs Chromium, CJK fonts and pngquant (Debian: chromium, fonts-noto-cjk, pngquant):

    python docs/make_pictures.py [--all FOLDER]

`--all` writes every sample at phone and desktop width, light and dark, into a folder to look through.
Every article in it is invented.
"""

# ruff: noqa: INP001 - a script, not a package

from __future__ import annotations

import argparse
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from watcher import message
from watcher.model import (
    Alert,
    ArticleNote,
    Bundle,
    Change,
    Content,
    HitNote,
    LookAlikeNote,
    StoryNote,
)

ZONE = ZoneInfo("Asia/Seoul")
CHROMIUM = (
    "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


def at(day: int, hour: int, minute: int) -> datetime:
    """A moment of November 2026, in UTC."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def hits(watchlist: str, start: int, snippet: str, *terms: str) -> list[HitNote]:
    """Hits of `terms` in one sentence, each with its span for bold."""
    return [
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
    ]


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
            id="8f31aa20",
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
            id="s1",
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
            id="51b7e09c",
            title="블라디보스토크 연료 구매책 잠적, 함께 사라진 직원 더 있었다",
            url="https://gangbyeon.example/news/20261121",
            source="강변통신",
            published=at(21, 0, 12),
            language="ko",
            summary="",
            found=at(21, 2, 5),
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
            id="s1",
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
            id="e70d44b1",
            title="两名朝鲜餐馆员工据称离开住处后失去联系",
            url="https://jiangbian.example/a/7781",
            source="江边日报",
            published=at(20, 22, 40),
            language="zh",
            summary="",
            found=at(20, 22, 58),
        ),
        hits=hits("Defections", 12, said, "脱北"),
        conditions=(("Defections", "@flee near 30 of @dprk"),),
        new_words=143,
        words=143,
    )


def digest() -> Bundle:
    """A morning's bundle of two stories."""
    return Bundle(
        reason="digest",
        alerts=(first_report(), revised(), chinese()),
        opened=at(21, 22, 30),
        held=(("copy", 3), ("under min_new_words", 1), ("excluded by none", 1)),
        health="41 of 44 feeds healthy, 2 failing since 19 Nov 08:10 (강변통신, Straits Bulletin)",
    )


SAMPLES: dict[str, Content] = {"alert": first_report(), "revision": revised(), "digest": digest()}


def shoot(page: str, picture: Path, *, width: int, height: int, dark: bool, scale: float = 1) -> None:
    """The page as Chromium shows it in a window of that size (CSS pixels)."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "mail.html"
        source.write_text(page, encoding="utf-8")
        # 0 is dark, 1 is light: blink's PreferredColorScheme
        command = [
            *CHROMIUM,
            f"--user-data-dir={folder}/profile",
            f"--window-size={width},{height}",
            f"--force-device-scale-factor={scale}",
            f"--blink-settings=preferredColorScheme={0 if dark else 1}",
            f"--screenshot={picture}",
            source.as_uri(),
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=60)  # noqa: S603 - fixed arguments


def both(page: str, other: str) -> str:
    """One page that shows two mails side by side, as two phones would."""
    frames = "".join(
        f'<iframe srcdoc="{mail.replace("&", "&amp;").replace(chr(34), "&quot;")}"'
        ' style="border:1px solid #c9d1d9;border-radius:18px;width:380px;height:776px;margin:14px 0 14px 14px">'
        "</iframe>"
        for mail in (page, other)
    )
    return f'<body style="margin:0;background:#eef1f4;white-space:nowrap">{frames}</body>'


def main() -> None:
    """Write the picture of the README, or every view into a folder."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--all", type=Path, metavar="FOLDER")
    folder = arguments.parse_args().all
    if folder is None:
        light = message.html(SAMPLES["alert"], zone=ZONE)
        # The second phone is dark whatever the window is: its media query is made to hold.
        dark = light.replace("(prefers-color-scheme: dark)", "all").replace(
            ":root { color-scheme: light dark; }", ":root { color-scheme: dark; }"
        )
        picture = Path(__file__).with_name("alert-mail.png")
        shoot(both(light, dark), picture, width=802, height=806, dark=False)
        # A palette of 64 colours makes a third of it.
        subprocess.run(["pngquant", "--force", "--ext=.png", "64", picture], check=True)  # noqa: S603, S607
        return
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in SAMPLES.items():
        page = message.html(content, zone=ZONE)
        (folder / f"{name}.txt").write_text(message.plain(content, zone=ZONE), encoding="utf-8")
        for dark in (False, True):
            for device, width in (("phone", 500), ("desktop", 900)):
                shade = "dark" if dark else "light"
                height = 1600 if name == "digest" else 900
                shoot(page, folder / f"{name}-{device}-{shade}.png", width=width, height=height, dark=dark)


if __name__ == "__main__":
    main()
