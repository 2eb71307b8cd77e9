"""Matching measured: distinct articles streamed against 100 to 100,000 queries, beside other ways to do it.

    python bench/matching.py [--queries 100 1000 10000 100000] [--articles 300] [--rivals] [--data FILE.jsonl.gz]

Prints the median µs of an article for folding, scanning and evaluating (which
verifies), then the whole, the time to build, and the memory it took. `--rivals`
adds pyahocorasick, an `re` alternation, SQLite FTS5 and Tantivy asked query by
query, each on the plain words of the same queries.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import resource
import sqlite3
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from watcher.model import Fields
from watcher.watchlist import Watchlist
from watcher.watchlist.article import Article
from watcher.watchlist.engine import Engine

SIZE = 5_000
"""Characters of an article."""
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
    """Articles and queries out of one Zipf-distributed vocabulary."""

    def __init__(self, seed: int = 7) -> None:
        self.chance = random.Random(seed)
        self.words = vocabulary(self.chance)
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


def real(path: Path) -> list[Fields]:
    """Articles of a JSONL file (gzip or not) with `text` and perhaps `title`."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [Fields(title=row.get("title") or "", body=row["text"]) for row in rows if "text" in row]


def spent(act: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    begun = time.process_time()
    act()
    return time.process_time() - begun


def measure(engine: Engine, articles: Sequence[Fields]) -> dict[str, float]:
    """Median µs of each part, over distinct articles."""
    folds, scans, evaluations, totals, matches = [], [], [], [], 0
    for fields in articles:  # CPU time of this thread: other work on the machine does not count
        begun = time.thread_time()
        article = Article(fields, metadata=engine.metadata)
        folded = time.thread_time()
        chosen = engine.select(article)
        scanned = time.thread_time()
        found = engine.evaluate(article, chosen)
        done = time.thread_time()
        matches += len(found)
        folds.append(folded - begun)
        scans.append(scanned - folded)
        evaluations.append(done - scanned)
        totals.append(done - begun)
    middle = {
        name: statistics.median(times) * 1e6
        for name, times in (("fold", folds), ("scan", scans), ("evaluate", evaluations), ("whole", totals))
    }
    return middle | {"mean": statistics.fmean(totals) * 1e6, "matches": matches / len(articles)}


def words_of(rules: Sequence[Watchlist]) -> list[str]:
    """The plain words and phrases of all queries, for those who know nothing else."""
    found: dict[str, None] = {}
    for rule in rules:
        for text in (*rule.any, *rule.all, *rule.none, *re.findall(r'"[^"]+"|[a-z]{2,}', rule.query)):
            word = text.strip('"*')
            if word != "title":
                found[word] = None
    return list(found)


def rivals(rules: Sequence[Watchlist], articles: Sequence[Fields]) -> None:
    """Others on the same words; each prints the median µs of an article."""
    words = words_of(rules)
    few = articles[:20]
    print(f"  rivals on {len(words):,} literals:")

    def report(name: str, act: Callable[[str], object], sample: Sequence[Fields] = few) -> None:
        times = [spent(partial(act, fields.body.lower())) for fields in sample]
        print(f"    {name:<28}{statistics.median(times) * 1e6:>12,.0f} µs")

    try:
        import ahocorasick  # noqa: PLC0415 - a rival only

        automaton = ahocorasick.Automaton()
        for word in words:
            automaton.add_word(word, word)
        automaton.make_automaton()
        report("pyahocorasick", lambda text: list(automaton.iter(text)), articles[:100])
    except ImportError:
        print("    pyahocorasick is not installed")
    if len(words) <= 5_000:
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
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queries", type=int, nargs="+", default=[100, 1_000, 10_000, 100_000])
    parser.add_argument("--articles", type=int, default=300)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--rivals", action="store_true")
    options = parser.parse_args()
    world = World()
    articles = (
        real(options.data)[: options.articles]
        if options.data
        else [world.article() for _ in range(options.articles)]
    )
    for count in options.queries:
        rules = [world.query(number) for number in range(count)]
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        begun = time.process_time()
        engine = Engine(rules, {})
        build = time.process_time() - begun
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        measure(engine, articles[:20])
        figures = measure(engine, articles)
        print(
            f"{count:>8,} queries: fold {figures['fold']:.0f}, scan {figures['scan']:.0f}, "
            f"evaluate {figures['evaluate']:.0f}, whole {figures['whole']:.0f} µs (mean {figures['mean']:.0f}); "
            f"{figures['matches']:.1f} matches an article; built in {build:.2f} s, {grown:.0f} MB more"
        )
        if options.rivals:
            rivals(rules, articles)


if __name__ == "__main__":
    main()
