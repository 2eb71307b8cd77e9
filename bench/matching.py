"""Matching measured: distinct articles streamed against 100 to 100,000 queries, beside other ways to do it.

    python bench/matching.py [--queries 100 1000 10000 100000] [--articles 200] [--rivals] [--data FILE.jsonl.gz]

Prints the median µs of an article for folding, scanning (with the choice of
what to evaluate), verifying boundaries and evaluating (with the making of
hits), then the whole, what is left to evaluate, the time to build, and the
memory an engine takes. Times are CPU times of the thread; all articles go
through PASSES times and for each the least counts, so that what else the
machine does is left out. With `--data` articles are real ones, put together
to 5 kB, and queries are made of their own words by how often these occur.
`--rivals` adds pyahocorasick, an `re` alternation, SQLite FTS5 and Tantivy
asked query by query, each on the plain words of the same queries and without
boundaries, distances, negations or hits, and how many times our time they take.
"""

from __future__ import annotations

import argparse
import gc
import gzip
import json
import os
import random
import re
import sqlite3
import statistics
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from watcher.model import Fields, Span
from watcher.watchlist import Watchlist
from watcher.watchlist.article import Article
from watcher.watchlist.atoms import Atom
from watcher.watchlist.engine import Engine

SIZE = 5_000
"""Characters of an article."""
PASSES = 5
ONSETS = "b c d f g h j k l m n p r s t v w st tr pl gr sh"
SYLLABLES = [onset + vowel for onset in ONSETS.split() for vowel in "aeiou"]


def vocabulary(chance: random.Random, size: int = 60_000) -> list[str]:
    """Made-up words, the commonest first and shortest."""
    words: dict[str, None] = {}
    while len(words) < size:
        length = 1 + len(words) // 400 if len(words) < 1200 else chance.choice((2, 3, 3, 4))
        words["".join(chance.choices(SYLLABLES, k=length)) + chance.choice(("", "n", "s", "r", "t", "d"))] = (
            None
        )
    return list(words)


class World:
    """Articles and queries out of one vocabulary, the commonest words first, Zipf-distributed in made-up articles."""

    def __init__(self, words: list[str] | None = None, seed: int = 7) -> None:
        self.chance = random.Random(seed)
        self.words = words or vocabulary(self.chance)
        self.weights = [1 / (rank + 2.7) for rank in range(len(self.words))]
        total = 0.0
        self.cumulative = [total := total + weight for weight in self.weights]

    def article(self) -> Fields:
        """About SIZE characters of sentences, with a title."""
        text: list[str] = []
        length = 0
        while length < SIZE:
            sentence = self.chance.choices(
                self.words, cum_weights=self.cumulative, k=self.chance.randint(8, 25)
            )
            if self.chance.random() < 0.3:
                sentence[3] = sentence[3].capitalize() + "'s"
            line = " ".join(sentence).capitalize() + self.chance.choice((". ", ". ", ".\n"))
            text.append(line)
            length += len(line)
        title = " ".join(self.chance.choices(self.words, cum_weights=self.cumulative, k=9)).capitalize()
        return Fields(title=title, body="".join(text)[:SIZE], source="Bench Daily", lang="en")

    def term(self) -> str:
        """A word that a desk would watch for: not one of the 300 commonest."""
        return self.words[int(300 * (len(self.words) / 300) ** self.chance.random())]

    def query(self, number: int) -> Watchlist:
        """One of seven shapes."""
        a, b, c, d = (self.term() for _ in range(4))
        name = str(number)
        match number % 7:
            case 0:
                return Watchlist(name=name, any=(a, b), all=(c, d), near=30, always=())
            case 1:
                return Watchlist(name=name, query=f'"{a} {b}"', always=())
            case 2:
                return Watchlist(name=name, query=f"{a} AND {b} NOT {c}", always=())
            case 3:
                return Watchlist(name=name, query=f"({a} OR {b}) NEAR/10 {c}", always=())
            case 4:
                return Watchlist(name=name, query=f"title:{a} AND {b}", always=())
            case 5:
                return Watchlist(name=name, any=(f"{a} {b}", f"{c} {d}*"), none=(d,), always=())
        return Watchlist(name=name, query=f"{a}* AND (={b} OR {c}) AND {d}", always=())


def real(path: Path, count: int) -> tuple[list[Fields], list[str]]:
    """Articles of a JSONL file (gzip or not) with `text` and perhaps `title`, put together to SIZE; and all words."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        rows = [row for line in lines if "text" in (row := json.loads(line))]
    often = Counter(word for row in rows for word in re.findall(r"\b[a-z]{2,}\b", row["text"]))
    articles: list[Fields] = []
    body = ""
    for row in rows:
        body += row["text"] + "\n\n"
        if len(body) >= SIZE and len(articles) < count:
            articles.append(Fields(title=row.get("title") or "", body=body[:SIZE]))
            body = ""
    return articles, [word for word, _ in often.most_common()]


def spent(act: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    begun = time.process_time()
    act()
    return time.process_time() - begun


class Verified(Article):
    """An article that knows how long its hits took to verify."""

    verifying = 0.0

    def spans(self, number: int, atom: Atom, patterns: Sequence[int], field: str | None) -> list[Span]:
        """As it does, with the time noted."""
        begun = time.thread_time()
        try:
            return super().spans(number, atom, patterns, field)
        finally:
            self.verifying += time.thread_time() - begun


def timed(engine: Engine, fields: Fields) -> tuple[float, ...]:
    """Seconds of one article: fold, scan, verify, evaluate, whole; then how many were evaluated and how many held."""
    begun = time.thread_time()
    article = Article(fields, metadata=engine.metadata)
    folded = time.thread_time()
    chosen = engine.select(article)
    scanned = time.thread_time()
    found = engine.evaluate(article, chosen)
    done = time.thread_time()
    again = Verified(fields, metadata=engine.metadata)
    engine.evaluate(again, engine.select(again))
    verify = again.verifying
    return (
        *(folded - begun, scanned - folded, verify, done - scanned - verify, done - begun),
        *(len(chosen), len(found)),
    )


def measure(engine: Engine, articles: Sequence[Fields]) -> list[float]:
    """Median of each of `timed` over distinct articles."""
    best = [timed(engine, fields) for fields in articles]
    for _ in range(PASSES - 1):
        best = [
            tuple(map(min, known, timed(engine, fields)))
            for known, fields in zip(best, articles, strict=True)
        ]
    return [statistics.median(column) for column in zip(*best, strict=True)]


def resident() -> int:
    """Bytes of memory in use by this process."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def words_of(rules: Sequence[Watchlist]) -> list[str]:
    """The plain words and phrases of all queries, for those who know nothing else."""
    found: dict[str, None] = {}
    for rule in rules:
        for text in (*rule.any, *rule.all, *rule.none, *re.findall(r'"[^"]+"|[a-z]{2,}', rule.query)):
            word = text.strip('"*')
            if word != "title":
                found[word] = None
    return list(found)


def rivals(rules: Sequence[Watchlist], articles: Sequence[Fields], ours: float) -> None:
    """Others on the same words; each prints the median µs of an article, and that in times of `ours` (seconds)."""
    words = words_of(rules)
    few = articles[:20]
    print(f"  rivals on {len(words):,} literals:")

    def report(name: str, act: Callable[[str], object], sample: Sequence[Fields] = few) -> None:
        passes = [[spent(partial(act, fields.body.lower())) for fields in sample] for _ in range(PASSES)]
        middle = statistics.median(map(min, zip(*passes, strict=True)))
        print(f"    {name:<28}{middle * 1e6:>12,.0f} µs{middle / ours:>10,.1f} times")

    try:
        import ahocorasick  # noqa: PLC0415 - a rival only

        automaton = ahocorasick.Automaton()
        for word in words:
            automaton.add_word(word, word)
        automaton.make_automaton()
        report("pyahocorasick", lambda text: list(automaton.iter(text)), articles[:100])
    except ImportError:
        print("    pyahocorasick is not installed")
    if len(words) <= 6_000:
        pattern = re.compile(r"\b(?:" + "|".join(map(re.escape, words)) + r")\b")
        report("re alternation", pattern.findall, few[:3])
    table = sqlite3.connect(":memory:")
    table.execute("CREATE VIRTUAL TABLE article USING fts5(body)")
    asked = words[:2_000]

    def full_text(text: str) -> None:
        table.execute("DELETE FROM article")
        table.execute("INSERT INTO article VALUES (?)", (text,))
        for word in asked:
            table.execute("SELECT 1 FROM article WHERE article MATCH ?", (f'"{word}"',)).fetchall()

    report(f"FTS5 ({len(asked):,} asked)", full_text, few[:3])
    try:
        import tantivy  # noqa: PLC0415 - a rival only
    except ImportError:
        print("    tantivy is not installed")
        return
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("body")
    schema = builder.build()

    def searched(text: str) -> None:
        index = tantivy.Index(schema)
        writer = index.writer(15_000_000, 1)
        writer.add_document(tantivy.Document(body=text))
        writer.commit()
        index.reload()
        searcher = index.searcher()
        for word in asked:
            searcher.search(index.parse_query(f'"{word}"', ["body"]), 1)

    report(f"Tantivy ({len(asked):,} asked)", searched, few[:3])


def main() -> None:
    """Runs the comparison and prints it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--queries", type=int, nargs="+", default=[100, 1_000, 10_000, 100_000])
    parser.add_argument("--articles", type=int, default=200)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--rivals", action="store_true")
    options = parser.parse_args()
    if options.data:
        articles, words = real(options.data, options.articles)
        world = World(words)
    else:
        world = World()
        articles = [world.article() for _ in range(options.articles)]
    print(f"{len(articles)} articles; µs each, median")
    print(
        f"{'queries':>8}{'fold':>6}{'scan':>6}{'verify':>8}{'evaluate':>10}{'whole':>7}"
        f"{'evaluated':>11}{'hold':>6}{'build s':>9}{'MB':>6}{'bytes/query':>13}"
    )
    for count in options.queries:
        rules = [world.query(number) for number in range(count)]
        before = resident()
        begun = time.process_time()
        engine = Engine(rules, {})
        build = time.process_time() - begun
        grown = resident() - before
        *seconds, evaluated, held = measure(engine, articles)
        fold, scan, verify, evaluate, whole = (each * 1e6 for each in seconds)
        print(
            f"{count:>8,}{fold:>6.0f}{scan:>6.0f}{verify:>8.0f}{evaluate:>10.0f}{whole:>7.0f}"
            f"{evaluated:>11.0f}{held:>6.0f}{build:>9.2f}{grown / 1e6:>6.0f}{grown / count:>13,.0f}",
            flush=True,
        )
        if options.rivals:
            rivals(rules, articles, seconds[-1])


if __name__ == "__main__":
    main()
