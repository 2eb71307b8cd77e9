"""How well an article is told from its page: found in a dump of all of it, and not taken for the next one in its frame.

    python bench/pages.py --data DIR [--frames 12]

DIR holds `ground-truth.json` ({key: {"articleBody", "url"}}) and `html/KEY.html.gz`, as
https://github.com/scrapinghub/article-extraction-benchmark does. A *dump* is all the visible text of a page: menus,
teasers, comments and all. Each text is judged and stored by `watcher.pipeline.corpus.weigh` and the store itself.

*Contained*: articles, then the dumps of their pages (and the other way round); a pair counts as found when it is
linked with max(containment, contained) ≥ .5. The methods beside ours get the same texts in the same order.
*Framed*: a site is one real page's frame with a different real article in it each time, taken as dumps: what is
linked to another of its articles at all, what as a copy, and how much of an article is not told as new; once more
with each dump on one line, as text taken from a page without regard to its blocks is, and with briefs of 60 words.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import lxml.html
from near_duplicates import METHODS

from watcher.extract import extract
from watcher.model import WatcherError
from watcher.pipeline.corpus import Weighed, weigh
from watcher.pipeline.stocking import document_of
from watcher.stores.sqlite import SqliteStore

Text = tuple[str, str]
"""A name, and the text."""
Pair = frozenset[str]

SIZES = (3, 10, 30, 60, 100)
SMALL = (2, 3, 10)
"""Pages of a site when it is met for the first time."""
BRIEF = 60
"""Words of a brief."""
NOW = datetime(2026, 1, 1, tzinfo=UTC)
_UNSEEN = {"script", "style", "noscript", "template", "head", "svg", "iframe", "select", "textarea"}
_INLINE = {
    "a",
    "abbr",
    "b",
    "em",
    "font",
    "i",
    "mark",
    "q",
    "s",
    "small",
    "span",
    "strong",
    "sup",
    "time",
    "u",
}


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the labelled pages")
    parser.add_argument("--frames", type=int, default=12, help="pages whose frame is made a site of")
    parser.add_argument("--only", default="", help="only methods whose name holds this")
    options = parser.parse_args()
    truth = json.loads((options.data / "ground-truth.json").read_text(encoding="utf-8"))
    pages = {key: gzip.decompress((options.data / "html" / f"{key}.html.gz").read_bytes()) for key in truth}
    articles = {
        key: page["articleBody"] for key, page in truth.items() if page.get("articleBody", "").strip()
    }
    dumps = {key: visible(page) for key, page in pages.items() if key in articles}
    words = [statistics.mean(len(text.split()) for text in texts.values()) for texts in (articles, dumps)]
    print(f"{len(articles)} pages; an article has {words[0]:.0f} words, a dump {words[1]:.0f}\n")
    _contained(articles, dumps, {key: _extracted(pages[key]) for key in articles}, options.only)
    hosts = defaultdict(list)
    for key in articles:
        hosts[urlsplit(truth[key]["url"]).netloc.removeprefix("www.")].append(key)
    _framed(articles, dumps, [keys for keys in hosts.values() if len(keys) > 1], options.frames)


# --------------------------------------------------------------------------- pages


def visible(page: bytes) -> str:
    """All the visible text of a page, a block a line."""
    try:
        text = page.decode()
    except UnicodeDecodeError:
        text = page.decode("latin-1")
    parts: list[str] = []

    def walk(element: lxml.html.HtmlElement) -> None:
        if isinstance(element.tag, str) and element.tag not in _UNSEEN:
            block = element.tag not in _INLINE
            if block:
                parts.append("\n")
            parts.append(element.text or "")
            for child in element:
                walk(child)
            if block:
                parts.append("\n")
        parts.append(element.tail or "")

    walk(lxml.html.document_fromstring(re.sub(r"^\s*<\?xml[^>]*>", "", text)))
    lines = (" ".join(line.split()) for line in "".join(parts).splitlines())
    return "\n".join(line for line in lines if line)


def _extracted(page: bytes) -> str:
    try:
        return extract(page, content_type="text/html", metadata=False).text
    except WatcherError:
        return ""


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around the article of a page."""

    before: str
    after: str

    def around(self, article: str) -> str:
        """The same page with another article in it."""
        return f"{self.before}\n{article}\n{self.after}"

    @property
    def words(self) -> int:
        """Its length."""
        return len(self.before.split()) + len(self.after.split())


def frame_of(dump: str, article: str) -> Frame | None:
    """The frame of a page: its lines that are not its article's. None where the article is not found in it."""

    def shingles(text: str) -> set[tuple[str, ...]]:
        words = _words(text)
        size = min(4, len(words))
        return {tuple(words[at : at + size]) for at in range(len(words) - size + 1)} if words else set()

    known, flat = shingles(article), f" {' '.join(_words(article))} "

    def of_article(line: str) -> bool:
        mine = shingles(line)
        if len(next(iter(mine), ())) < 4:
            return bool(mine) and f" {' '.join(_words(line))} " in flat
        return len(mine & known) >= 0.5 * len(mine)

    lines = dump.splitlines()
    belongs = [of_article(line) for line in lines]
    longest = max((len(line), at) for at, line in enumerate(lines) if belongs[at]) if any(belongs) else None
    if longest is None:
        return None
    rest = [(at, line) for at, line in enumerate(lines) if not belongs[at]]
    return Frame(
        "\n".join(line for at, line in rest if at < longest[1]),
        "\n".join(line for at, line in rest if at > longest[1]),
    )


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


# --------------------------------------------------------------------------- judged and stored


class Corpus:
    """A store of its own that texts are judged against and added to, one after the other."""

    def __init__(self, folder: Path) -> None:
        self._store = SqliteStore(folder / "pages.db")

    def take(self, name: str, text: str) -> Weighed:
        """Judge a text against all before it, then store it, as `corpus judge --add` does."""
        document = document_of(json.dumps({"id": name, "text": text}), "added")

        def judged(w: object) -> Weighed:
            weighed = weigh(document.text or "", "", w)  # type: ignore[arg-type]
            nearest = weighed.nearest
            w.stock(replace(document, cluster=nearest.cluster if nearest else None), NOW)  # type: ignore[attr-defined]
            return weighed

        return self._store.write(judged)

    def close(self) -> None:
        """Let the files go."""
        self._store.close()


def ours(documents: Sequence[Text]) -> set[Pair]:
    """Our own links, with max(containment, contained) ≥ .5."""
    found = set()
    with tempfile.TemporaryDirectory() as folder:
        corpus = Corpus(Path(folder))
        for name, text in documents:
            found |= {
                frozenset((name, document.article or ""))
                for document, kin in corpus.take(name, text).kin
                if kin.copy
            }
        corpus.close()
    return found


# --------------------------------------------------------------------------- contained


def _contained(articles: dict[str, str], dumps: dict[str, str], extracted: dict[str, str], only: str) -> None:
    well = [(f"{key} article", text) for key, text in articles.items()]
    by_us = [(f"{key} article", text) for key, text in extracted.items() if text]
    whole = [(f"{key} dump", text) for key, text in dumps.items()]
    orders = {
        "article, then dump": well + whole,
        "dump, then article": whole + well,
        "extracted, then dump": by_us + whole,
        "dump, then extracted": whole + by_us,
    }
    print(
        f"{'contained':24}{'method':28}{'found':>8}{'wrong':>7}{'precision':>11}{'recall':>8}{'F1':>7}{'s':>7}"
    )
    for order, documents in orders.items():
        named = {name for name, _ in documents}
        wanted = {
            frozenset((f"{key} article", f"{key} dump")) for key in articles if f"{key} article" in named
        }
        for method, find in {**METHODS, "watcher": ours}.items():
            if only not in method:
                continue
            began = time.process_time()
            found = {pair for pair in find(list(documents)) if len({name.split()[1] for name in pair}) == 2}
            spent = time.process_time() - began
            right = len(found & wanted)
            precision, recall = right / (len(found) or 1), right / len(wanted)
            f1 = 2 * precision * recall / ((precision + recall) or 1)
            print(
                f"{order:24}{method:28}{right:4}/{len(wanted):3}{len(found) - right:7}{precision:11.3f}"
                f"{recall:8.3f}{f1:7.3f}{spent:7.1f}",
                flush=True,
            )


# --------------------------------------------------------------------------- framed


def _framed(
    articles: dict[str, str], dumps: dict[str, str], hosts: Iterable[Sequence[str]], count: int
) -> None:
    print(f"\n{'framed':40}{'articles':>9}{'linked':>8}{'as copies':>11}{'not new':>9}")
    sites = [{key: dumps[key] for key in keys} for keys in hosts]
    told = [_site(site, articles) for site in sites]
    print(_row(f"real pages of {len(sites)} hosts", told), flush=True)
    frames = {key: frame for key, dump in dumps.items() if (frame := frame_of(dump, articles[key]))}
    ordered = sorted(frames.values(), key=lambda frame: frame.words)
    ordered = [frame for frame in ordered if frame.words >= 60]
    chosen = [ordered[len(ordered) * at // count] for at in range(count)]
    low, high = chosen[0].words, chosen[-1].words
    print(_row("the same, each on one line", [_site(_flat(site), articles) for site in sites]), flush=True)
    for size in SIZES:
        rows = [_site(pages, articles) for pages in _in_frames(chosen, articles, size)]
        print(_row(f"{count} frames of {low} to {high} words", rows), flush=True)
    briefs = {key: " ".join(text.split()[:BRIEF]) for key, text in articles.items()}
    for size in SMALL:
        rows = [_site(_flat(pages), articles) for pages in _in_frames(chosen, articles, size)]
        print(_row("the same, each on one line", rows), flush=True)
        rows = [_site(pages, briefs) for pages in _in_frames(chosen, briefs, size)]
        print(_row(f"the same, briefs of {BRIEF} words", rows), flush=True)


def _in_frames(frames: Sequence[Frame], articles: dict[str, str], size: int) -> Iterable[dict[str, str]]:
    """For each frame so many pages with an article each."""
    keys = list(articles)
    for number, frame in enumerate(frames):
        chosen = (keys[number * 7 :] + keys)[:size]
        yield {key: frame.around(articles[key]) for key in chosen}


def _flat(pages: dict[str, str]) -> dict[str, str]:
    return {key: " ".join(page.split()) for key, page in pages.items()}


@dataclass(frozen=True, slots=True)
class Told:
    """Of the pages of a site after its first: how many were linked to another one, and as copies, and what was lost."""

    pages: int
    linked: int
    copies: int
    lost: float
    """Share of the words of their articles that was not told as new."""


def _site(pages: dict[str, str], articles: dict[str, str]) -> Told:
    linked = copies = 0
    lost: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        corpus = Corpus(Path(folder))
        for number, (key, page) in enumerate(pages.items()):
            weighed = corpus.take(key, page)
            if number:
                linked += bool(weighed.look_alikes)
                copies += any(kin.copy for _, kin in weighed.kin)
                lost.append(_lost(page, articles[key], weighed))
        corpus.close()
    return Told(len(pages) - 1, linked, copies, statistics.mean(lost))


def _lost(page: str, article: str, weighed: Weighed) -> float:
    """Share of the article's words that stand in no novel sentence of its page."""
    wanted = set(re.findall(r"\w+", article))
    new = {word for start, end in weighed.novelty.sentences for word in re.findall(r"\w+", page[start:end])}
    return len(wanted - new) / (len(wanted) or 1)


def _row(name: str, told: Sequence[Told]) -> str:
    pages = sum(site.pages for site in told)
    linked, copies = sum(site.linked for site in told), sum(site.copies for site in told)
    lost = sum(site.lost * site.pages for site in told) / pages
    return f"{name:40}{pages + len(told):9}{linked / pages:8.3f}{copies / pages:11.3f}{lost:9.3f}"


if __name__ == "__main__":
    main()
