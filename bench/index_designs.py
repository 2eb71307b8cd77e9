"""Layouts of an index of sampled hashes in SQLite, side by side: what `watcher/stores/sqlite/index.py` was chosen by.

    python bench/index_designs.py --documents 250000

Random hashes, 60 a document, the worst there is for a B-tree. What is laid
down is not measured; then documents come 50 a transaction, synchronous=FULL,
as long as it takes for at least one fold, and samples are looked up between.
"""

# ruff: noqa: D102, S608 - what the methods do stands at `Design`; the names in the SQL are ours

from __future__ import annotations

import argparse
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from watcher.stores.sqlite.connection import connect
from watcher.stores.sqlite.index import DOCUMENT

BATCH = 50
PORTION = 4_000
"""Documents laid down at a time."""


class Design(ABC):
    """An index over a file of its own: postings in, documents out."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.connection = connect(path)
        self.run = self.connection.execute
        self.make()

    @abstractmethod
    def make(self) -> None:
        """Make the tables."""

    @abstractmethod
    def fill(self, samples: Callable[[int, int], np.ndarray], count: int) -> None:
        """Lay down `count` documents."""

    def insert(self, first: int, samples: Sequence[np.ndarray]) -> None:
        """Index documents from `first` on in one transaction."""
        self.run("begin immediate")
        self.put(first, samples)
        self.run("commit")

    @abstractmethod
    def put(self, first: int, samples: Sequence[np.ndarray]) -> None:
        """Index documents."""

    @abstractmethod
    def look_up(self, sample: np.ndarray) -> list[tuple[int, ...]]:
        """The postings of a sample."""

    def size(self) -> int:
        """Bytes on disk."""
        self.run("pragma wal_checkpoint(truncate)").fetchall()
        return self.path.stat().st_size


def _json(values: np.ndarray) -> str:
    return "[" + ",".join(map(str, values.tolist())) + "]"


class Records(Design):
    """One B-tree of records (hash, document)."""

    def make(self) -> None:
        self.run(
            "create table main (hash integer, document integer, primary key (hash, document)) without rowid"
        )

    def fill(self, samples: Callable[[int, int], np.ndarray], count: int) -> None:
        for start in range(0, count, PORTION):
            batch = samples(start, min(PORTION, count - start))
            ids = np.repeat(np.arange(start + 1, start + 1 + len(batch)), batch.shape[1])
            flat = batch.ravel()
            order = np.argsort(flat, kind="stable")
            self.run("begin immediate")
            self.many("main", zip(flat[order].tolist(), ids[order].tolist(), strict=True))
            self.run("commit")

    def many(self, table: str, rows: Iterable[tuple[int, int]]) -> None:
        """Insert rows."""
        self.connection.executemany(f"insert or ignore into {table} values (?, ?)", rows)

    def put(self, first: int, samples: Sequence[np.ndarray]) -> None:
        for number, sample in enumerate(samples, first):
            self.many("main", ((value, number) for value in np.sort(sample.view(np.int64)).tolist()))

    def look_up(self, sample: np.ndarray) -> list[tuple[int, ...]]:
        wanted = _json(np.sort(sample.view(np.int64)))
        return self.run(
            "select hash, document from json_each(?) join main on hash = value", (wanted,)
        ).fetchall()


class Integers(Design):
    """`recent`, and parts of so many documents, of one integer a posting; without `recent` where `parts` is one."""

    def __init__(self, path: Path, parts: int, count: int, recent: int) -> None:
        self.parts, self.recent, self.each = parts, recent, -(-count // parts)
        super().__init__(path)

    def make(self) -> None:
        for table in ("recent", *(f"part_{i}" for i in range(self.parts))):
            self.run(f"create table {table} (posting integer primary key)")

    def fill(self, samples: Callable[[int, int], np.ndarray], count: int) -> None:
        for start in range(0, count, PORTION):
            batch = samples(start, min(PORTION, count - start))
            ids = np.arange(start + 1, start + 1 + len(batch))[:, None]
            rows = np.sort(((batch & ~np.int64(DOCUMENT)) | ids).ravel()).tolist()
            self.run("begin immediate")
            self.many(f"part_{start // self.each}", rows)
            self.run("commit")

    def many(self, table: str, rows: list[int]) -> None:
        """Insert postings."""
        self.connection.executemany(f"insert or ignore into {table} values (?)", [(row,) for row in rows])

    def put(self, first: int, samples: Sequence[np.ndarray]) -> None:
        for number, sample in enumerate(samples, first):
            rows = np.sort((sample.view(np.int64) & ~np.int64(DOCUMENT)) | number).tolist()
            self.many("recent" if self.recent else f"part_{self.parts - 1}", rows)
        if self.recent and first // self.recent != (first + len(samples)) // self.recent:
            self.run(f"insert into part_{self.parts - 1} select posting from recent order by posting")
            self.run("delete from recent")

    def look_up(self, sample: np.ndarray) -> list[tuple[int, ...]]:
        wanted = _json(np.sort(sample.view(np.int64) & ~np.int64(DOCUMENT)))
        tables = (("recent",) if self.recent else ()) + tuple(f"part_{i}" for i in range(self.parts))
        return self.run(
            " union all ".join(
                f"select posting from json_each(?1) join {t} on posting between value and value + {DOCUMENT}"
                for t in tables
            ),
            (wanted,),
        ).fetchall()


class FullText(Design):
    """FTS5, contentless, without positions: hashes as words."""

    def make(self) -> None:
        self.run("create virtual table words using fts5 (sample, content='', detail=none, columnsize=0)")

    def fill(self, samples: Callable[[int, int], np.ndarray], count: int) -> None:
        for start in range(0, count, PORTION):
            batch = samples(start, min(PORTION, count - start))
            self.insert(start + 1, list(batch.view(np.uint64)))

    def put(self, first: int, samples: Sequence[np.ndarray]) -> None:
        for number, sample in enumerate(samples, first):
            self.run(
                "insert into words (rowid, sample) values (?, ?)",
                (number, " ".join(map(_word, sample.tolist()))),
            )

    def look_up(self, sample: np.ndarray) -> list[tuple[int, ...]]:
        wanted = " or ".join(f'"{_word(value)}"' for value in sample.tolist())
        return self.run("select rowid from words where words match ?", (wanted,)).fetchall()


def _word(value: int) -> str:
    return f"{value:x}"


def designs(folder: Path, count: int) -> None:
    """Measure each layout with `count` documents of 60 postings laid down."""

    def samples(start: int, size: int) -> np.ndarray:
        return np.random.default_rng(start).integers(-(2**63), 2**63 - 1, (size, 60), dtype=np.int64)

    made_of: dict[str, Callable[[Path], Design]] = {
        "records, one tree": Records,
        "integers, one tree": lambda p: Integers(p, 1, count + 10**9, 0),
        "integers, recent 1,000 + one tree": lambda p: Integers(p, 1, count, 1_000),
        "integers, recent 4,000 + one tree": lambda p: Integers(p, 1, count, 4_000),
        "integers, recent 20,000 + one tree": lambda p: Integers(p, 1, count, 20_000),
        "integers, recent 4,000 + 5 parts": lambda p: Integers(p, 5, count, 4_000),
        "integers, recent 4,000 + 14 parts": lambda p: Integers(p, 14, count, 4_000),
        "FTS5": FullText,
    }
    print(f"{count:,} documents of 60 postings; CPU ms a document; {BATCH} a transaction, synchronous=FULL")
    for name, make in made_of.items():
        path = folder / "design.db"
        for each in folder.glob("design.db*"):
            each.unlink()
        design = make(path)
        design.run("pragma synchronous = off")
        design.fill(samples, count)
        design.run("pragma synchronous = full")
        size = design.size()
        insert, look = list[float](), list[float]()
        tail = 20_000 if "20,000" in name else 4_000
        for start in range(count, count + tail, BATCH):
            batch = list(samples(start, BATCH).view(np.uint64))
            began = time.process_time()
            design.insert(start + 1, batch)
            insert.append((time.process_time() - began) / BATCH * 1e3)
            if start % 250 == 0:
                for sample in samples(start + 10**7, 5).view(np.uint64):
                    began = time.process_time()
                    design.look_up(sample)
                    look.append((time.process_time() - began) * 1e3)
        found = f"look up {np.mean(look):.2f} (p99 {np.percentile(look, 99):.2f})"
        print(f"  {name:36} insert {np.mean(insert):.2f}  {found}  {size / count:,.0f} bytes", flush=True)


def main() -> None:
    """What the module says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help="where the files stand while they are measured")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        designs(Path(folder), options.documents)


if __name__ == "__main__":
    main()
