"""What knowing costs: CPU, disk and memory of judging a document against 10,000 to a million stored ones.

    python bench/novelty.py                       # at 10,000 and 100,000 documents
    python bench/novelty.py --documents 1000000   # the figures of docs/novelty.md; 20 minutes, 8 GB of disk

Texts are made up: 500 words of a Zipf vocabulary, two stock phrases of 25 words
in each (so that nearly each has a score of candidates to compare with), one in
twelve an edited copy of an earlier one, 2,500 a day. Most of a large corpus is
laid down by a faster way: seven in eight shapes are derived from a real one,
and the index's parts get the same portions that folding gives them, without a
commit each 50. What is measured goes through the store's own verbs, 50
documents a transaction, synchronous=FULL. The peers get the same texts.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np

from watcher.novelty import Fingerprint, fingerprint
from watcher.pipeline.kinship import verified
from watcher.pipeline.stocking import signed
from watcher.stores import Writer
from watcher.stores.documents import NewDocument
from watcher.stores.sqlite import SqliteStore
from watcher.stores.sqlite.connection import connect
from watcher.stores.sqlite.corpus import BOILERPLATE_CLUSTERS
from watcher.stores.sqlite.index import DOCUMENT, PART, RECENT_DOCUMENTS, Index
from watcher.stores.sqlite.rows import stamp

WORDS = 500
A_DAY = 2_500
START = datetime(2025, 1, 1, tzinfo=UTC)
MEASURED = 2_000
BATCH = 50
PEER_DOCUMENTS = 5_000
DERIVED = 8
"""Shapes laid down for each text that is really written and fingerprinted."""
REAL = 5_000
"""The last texts laid down are all real."""

_LETTERS = "etaoinshrdlucmfwypvbgk"
_words = random.Random(7)
VOCABULARY = np.array(
    ["".join(_words.choices(_LETTERS, k=2 + min(i, 4000) // 700 + i % 4)) for i in range(60_000)],
    dtype=object,
)
_weights = 1 / np.arange(2, len(VOCABULARY) + 2)
CUMULATIVE = np.cumsum(_weights / _weights.sum())


PHRASES = 20_000


def _draw(rng: np.random.Generator, count: int) -> np.ndarray:
    return VOCABULARY[np.minimum(np.searchsorted(CUMULATIVE, rng.random(count)), len(VOCABULARY) - 1)]


def phrase(number: int) -> np.ndarray:
    """Stock phrase `number`, a sentence of 25 words."""
    return _draw(np.random.default_rng(10**9 + number), 25)


def _phrases_of(number: int) -> list[int]:
    """The phrases in a text: the commonest become boilerplate, most are carried by some hundred texts of a million."""
    return [int(PHRASES**share) - 1 for share in np.random.default_rng(number + 10**10).random(2)]


def text_of(number: int) -> str:
    """Text `number` of the made-up corpus, the same each time; one in twelve is a copy with some words changed."""
    of = number
    if number % 12 == 11:
        of = max(0, number - 1 - number * 7919 % 3_000)
    rng = np.random.default_rng(of)
    words = _draw(rng, WORDS)
    for place, number_of in zip((100, 350), _phrases_of(of), strict=True):
        words[place : place + 25] = phrase(number_of)
    if of != number:
        words = words[: 400 + number % 100].copy()
        words[number % 40 :: 40] = "edited"
    return ". ".join(" ".join(words[at : at + 20]) for at in range(0, len(words), 20)) + "."


def made(number: int) -> tuple[str, Fingerprint]:
    """Text `number` and its fingerprint."""
    text = text_of(number)
    return text, fingerprint(text)


def at(number: int) -> datetime:
    """When text `number` is stored."""
    return START + timedelta(days=number / A_DAY)


# --------------------------------------------------------------------------- laying down


Pressed = tuple[bytes, Sequence[int], float]
"""A shape in bytes, its sample, its words."""


def _pressed(base: int) -> list[Pressed]:
    """The shapes of `DERIVED` texts: a real one, and others like it that share its stock phrases and no more."""
    shape = made(base)[1]
    stock = np.concatenate([fingerprint(" ".join(phrase(n))).hashes for n in _phrases_of(base)])
    kept, kept_short = np.isin(shape.sample, stock), np.isin(shape.shingles, stock.astype(np.uint32))
    pressed: list[Pressed] = [(shape.to_bytes(), signed(shape.sample.tolist()), shape.words)]
    rng = np.random.default_rng(base)
    for other in rng.integers(1, 2**63, DERIVED - 1, dtype=np.uint64):
        sample = np.sort(np.where(kept, shape.sample, shape.sample ^ other))
        shingles = np.where(kept_short, shape.shingles, shape.shingles ^ other.astype(np.uint32))
        derived = replace(shape, sample=sample, shingles=shingles)
        pressed.append((derived.to_bytes(), signed(sample.tolist()), shape.words))
    return pressed


def _real(number: int) -> Pressed:
    shape = made(number)[1]
    return shape.to_bytes(), signed(shape.sample.tolist()), shape.words


def lay_down(path: Path, first: int, last: int) -> None:
    """Store the texts `first` to `last` (exclusive) past `keep_text`, portion by portion as folding would."""
    connection = connect(path)
    for pragma in ("synchronous = off", "wal_autocheckpoint = 200000", "cache_size = -400000"):
        connection.execute(f"pragma {pragma}")
    index = Index(connection)
    carried = {
        value: 0 for n in range(PHRASES) for value in signed(fingerprint(" ".join(phrase(n))).sample.tolist())
    }
    boilerplate = {row[0] for row in connection.execute("select hash from boilerplate")}
    # copies in what is measured are of texts up to 3,000 back, so the last are all real
    derived = range(first, last - REAL, DERIVED)
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pressed = itertools.chain(
            itertools.islice(
                itertools.chain.from_iterable(pool.imap(_pressed, derived, chunksize=50)),
                max(0, last - REAL - first),
            ),
            map(_real, range(max(first, last - REAL), last)),
        )
        for start in range(first, last, RECENT_DOCUMENTS):
            end = min(start + RECENT_DOCUMENTS, last)
            connection.execute("begin immediate")
            postings = []
            for number in range(start, end):
                shape, sample, words = next(pressed)
                connection.execute(
                    "insert into documents (id, key, origin, title, source, outlet, stored, words, cluster, shape)"
                    " values (?, ?, 'article', ?, 'Bench', 'Bench', ?, ?, ?, ?)",
                    (number + 1, f"{number}", f"Text {number}", stamp(at(number)), words, number + 1, shape),
                )
                index.add(number + 1, (), at(number))
                for value in carried.keys() & sample:
                    carried[value] += 1
                    if carried[value] > BOILERPLATE_CLUSTERS:
                        boilerplate.add(value)
                sample = list(set(sample) - boilerplate)
                postings.append((np.array(sample) & ~DOCUMENT) | (number + 1))
            table = index.parts()[-1].table
            rows = np.sort(np.concatenate(postings)).tolist()
            connection.executemany(
                f"insert or ignore into {table} (posting) values (?)",  # noqa: S608 - a name of ours
                [(row,) for row in rows],
            )
            connection.executemany(
                "insert or ignore into boilerplate values (?)", [(v,) for v in boilerplate]
            )
            connection.execute("insert or replace into meta values ('fold', ?)", (f"{end}",))
            connection.execute("commit")
            if sys.stderr.isatty():
                print(f"\r{end:,} laid down", end="", file=sys.stderr)
    connection.execute("pragma wal_checkpoint(truncate)")
    connection.close()


# --------------------------------------------------------------------------- measuring


@dataclass(slots=True)
class Cost:
    """Milliseconds of CPU, a value a document."""

    of: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        middle, high = np.percentile(self.of, [50, 99])
        return f"{np.mean(self.of):.2f} (p50 {middle:.2f}, p99 {high:.2f})"

    @property
    def mean(self) -> float:
        """The mean."""
        return float(np.mean(self.of))


def anonymous() -> int:
    """Anonymous memory of this process in bytes."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) * 1024
    return 0


def _keep(documents: Sequence[NewDocument], boilerplate: set[int], now: datetime, w: Writer) -> None:
    for document in documents:
        w.store(document, now)
    w.learn(tuple(boilerplate))


def measure(path: Path, first: int, count: int) -> None:
    """Judge and store `count` texts from `first` on through the store's verbs, and print what each part cost."""
    store = SqliteStore(path)
    costs = {name: Cost() for name in ("fingerprint", "look up", "verify", "store", "all")}
    linked, learned = 0, set[int]()
    for start in range(first, first + count, BATCH):
        texts = [text_of(number) for number in range(start, start + BATCH)]
        waiting: list[NewDocument] = []
        spent = time.process_time()
        for number, text in zip(range(start, start + BATCH), texts, strict=True):
            t0 = time.thread_time()
            shape = fingerprint(text)
            t1 = time.thread_time()
            sample = signed(shape.sample.tolist())
            found = store.read.look_up(sample)
            t2 = time.thread_time()
            kin = verified(shape, found, items=())
            t3 = time.thread_time()
            linked += bool(kin)
            for name, took in (("fingerprint", t1 - t0), ("look up", t2 - t1), ("verify", t3 - t2)):
                costs[name].of.append(took * 1e3)
            waiting.append(
                NewDocument(
                    key=f"{number}",
                    origin="article",
                    title=f"Text {number}",
                    text=text,
                    shape=shape.to_bytes(),
                    sample=sample,
                    words=shape.words,
                    cluster=next((k.cluster for _, k in kin if k.copy), None),
                )
            )
            learned |= found.boilerplate
        before = time.process_time()

        store.write(partial(_keep, waiting, learned, at(start)))
        costs["store"].of.append((time.process_time() - before) / BATCH * 1e3)
        costs["all"].of.append((time.process_time() - spent) / BATCH * 1e3)
    memory = anonymous()
    store.close()
    index, everything, documents, fill = sizes(path)
    print(f"\nat {first + count:,} documents ({linked / count:.0%} of {count:,} linked to an earlier one):")
    for name, cost in costs.items():
        print(f"  {name:12} {cost} ms CPU a document")
    print(f"  index        {index / documents:,.0f} bytes a document ({fill})")
    print(f"  in all       {everything / documents:,.0f} bytes a document (text of {count:,} or more kept)")
    print(f"  anonymous    {memory / 1e6:,.0f} MB in the judging process", flush=True)


def retain(path: Path, documents: int) -> None:
    """Let go of all that stands in the oldest part, and print how long each step held the writer."""
    store = SqliteStore(path)
    parts = Index(connect(path, read_only=True)).parts()
    if len(parts) > 1:
        before = parts[1].opened
        kinds: dict[str, list[float]] = {"documents": [], "part": []}
        spent = time.process_time()
        gone = 0
        while True:
            began = time.perf_counter()
            step = store.write(lambda w: w.prune(text_before=before, before=before))
            if not step:
                break
            kinds["part" if step == 1 else "documents"].append((time.perf_counter() - began) * 1e3)
            gone += step if step > 1 else 0
        spent = time.process_time() - spent
        print(f"\nletting go of the oldest {parts[1].first - parts[0].first:,} of {documents:,} documents:")
        for name, took in kinds.items():
            print(f"  {name:12} {len(took)} steps, {np.median(took):.0f} ms each, at most {max(took):.0f} ms")
        print(f"  all          {spent / gone * 1e3:.2f} ms CPU a document", flush=True)
    store.close()


def sizes(path: Path) -> tuple[int, int, int, str]:
    """Bytes of the index, of the file, documents, and where the index is."""
    connection = connect(path)
    documents = connection.execute("select count(*) from documents").fetchone()[0]
    tables = ["recent", "lasting", *(part.table for part in Index(connection).parts())]
    pages = {
        name: size
        for name, size in connection.execute("select name, sum(pgsize) from dbstat group by name")
        if name in tables
    }
    connection.close()
    where = ", ".join(f"{name} {size / 1e6:.1f} MB" for name, size in pages.items())
    return sum(pages.values()), path.stat().st_size, documents, where


# --------------------------------------------------------------------------- peers


def peers(folder: Path, count: int) -> None:
    """FTS5 as an index, and datasketch's MinHash LSH in memory, over `count` of the same texts."""
    print(f"\npeers, {count:,} documents:")
    try:
        _min_hash(count)
    except ModuleNotFoundError as missing:
        print(f"  {missing.name} is not installed: pip install '.[bench]'")
    with tempfile.TemporaryDirectory(dir=folder) as place:
        _full_text(Path(place) / "fts.db", count)


def _min_hash(count: int) -> None:
    from datasketch import MinHash, MinHashLSH  # noqa: PLC0415 - only where the peers are asked for

    before = anonymous()
    lsh, insert, look = MinHashLSH(threshold=0.5, num_perm=128), Cost(), Cost()
    for number in range(count):
        words = text_of(number).split()
        start = time.thread_time()
        minhash = MinHash(num_perm=128)
        minhash.update_batch([" ".join(words[i : i + 5]).encode() for i in range(len(words) - 4)])
        middle = time.thread_time()
        lsh.query(minhash)
        end = time.thread_time()
        lsh.insert(f"{number}", minhash)
        insert.of.append((time.thread_time() - end + middle - start) * 1e3)
        look.of.append((end - middle) * 1e3)
    print(
        f"  datasketch MinHash LSH, in memory: fingerprint and store {insert.mean:.2f} ms, look up {look} ms,"
        f" {(anonymous() - before) / count:,.0f} bytes a document of anonymous memory"
    )


def _full_text(path: Path, count: int) -> None:
    run = connect(path).execute
    run("create virtual table words using fts5 (sample, content='', detail=none, columnsize=0)")
    insert, look = Cost(), Cost()
    for start in range(0, count, BATCH):
        samples = [
            [f"{value:x}" for value in made(n)[1].sample.tolist()] for n in range(start, start + BATCH)
        ]
        for sample in samples[:5]:
            began = time.thread_time()
            run(
                "select rowid from words where words match ?", (" or ".join(f'"{w}"' for w in sample),)
            ).fetchall()
            look.of.append((time.thread_time() - began) * 1e3)
        began = time.thread_time()
        run("begin immediate")
        for number, sample in enumerate(samples, start + 1):
            run("insert into words (rowid, sample) values (?, ?)", (number, " ".join(sample)))
        run("commit")
        insert.of.append((time.thread_time() - began) / BATCH * 1e3)
    run("pragma wal_checkpoint(truncate)").fetchall()
    print(
        f"  FTS5, contentless, detail=none: store {insert.mean:.2f} ms, look up {look} ms,"
        f" {path.stat().st_size / count:,.0f} bytes a document"
    )


# --------------------------------------------------------------------------- all of it


def main() -> None:
    """What the module says, by the command line's options."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument(
        "--folder", type=Path, help="where the database stands while it is measured (a new folder)"
    )
    parser.add_argument("--step", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        kind, place, first, last = options.step
        if kind == "retain":
            retain(Path(place), int(last))
        else:
            (lay_down if kind == "lay" else measure)(Path(place), int(first), int(last))
        return
    folder = Path(tempfile.mkdtemp(dir=options.folder))
    try:
        path = folder / "watcher.db"
        SqliteStore(path).close()
        print(
            f"news of {WORDS} words, {A_DAY:,} a day; parts of {PART.days} days, {RECENT_DOCUMENTS:,} documents recent"
        )
        stored = 0
        for size in sorted({10_000, 100_000, 1_000_000, options.documents}):
            if size > options.documents:
                break
            # each in a process of its own: what one leaves in memory does not count for the other
            _step("lay", path, stored, size - MEASURED)
            _step("measure", path, size - MEASURED, MEASURED)
            stored = size
        _step("retain", path, 0, stored)
        peers(folder, PEER_DOCUMENTS)
    finally:
        shutil.rmtree(folder)


def _step(*words: object) -> None:
    subprocess.run(  # noqa: S603 - this very file
        [sys.executable, __file__, "--step", *map(str, words)], check=True
    )


if __name__ == "__main__":
    main()
