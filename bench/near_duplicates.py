"""How well copies are found on labelled text: each document against those before it, beside other methods.

    python bench/near_duplicates.py --data DIR

DIR, or a folder in it, holds `*.jsonl.gz` (`{"id", "text", …}`, a line a document, in time order)
and, by the same name, `*.pairs.tsv.gz` (`id id copy|ignore`). A pair counts as
found when it is linked with max(containment, contained) ≥ .5; `clusters` does
the same for all pairs within one cluster of links. Nothing is fitted to the
run: every threshold of ours stands in watcher/novelty/likeness.py, those of the others
are the ones their documentation names.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import combinations
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from watcher.folding import fold
from watcher.novelty import Fingerprint, compare, fingerprint

Pair = frozenset[str]
CANDIDATES = 20
PAIRS = ".pairs.tsv.gz"


def main() -> None:
    """Print a table for each data set in DIR."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with the labelled text")
    parser.add_argument("--only", default="", help="only methods whose name holds this")
    arguments = parser.parse_args()
    labels = sorted(arguments.data.rglob(f"*{PAIRS}"))
    if not labels:
        parser.error(
            f"no file in or below {arguments.data} ends in {PAIRS}: give the folder with the labelled text"
        )
    for pairs in labels:
        path = pairs.with_name(pairs.name.replace(PAIRS, ".jsonl.gz"))
        documents = [(line["id"], line["text"]) for line in _lines(path)]
        copies, ignored = _labels(pairs)
        print(
            f"{path.name}: {len(documents)} documents, {len(copies)} copies, {len(ignored)} pairs not counted"
        )
        print(
            f"{'method':28}{'precision':>10}{'recall':>8}{'F1':>7}{'cluster P':>11}{'R':>7}{'F1':>7}{'ARI':>7}{'s':>7}"
        )
        for name, method in METHODS.items():
            if arguments.only in name:
                began = time.process_time()
                try:
                    found = method(documents)
                except ModuleNotFoundError as missing:
                    print(f"{name:28} {missing.name} is not installed: pip install '.[bench]'")
                    continue
                spent = time.process_time() - began
                print(_row(name, found, copies, ignored, spent), flush=True)


def _lines(path: Path) -> Iterable[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def _labels(path: Path) -> tuple[set[Pair], set[Pair]]:
    labelled: dict[str, set[Pair]] = {"copy": set(), "ignore": set()}
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            one, other, label = line.split()
            labelled[label].add(frozenset((one, other)))
    return labelled["copy"], labelled["ignore"]


# --------------------------------------------------------------------------- scores


def _row(name: str, found: set[Pair], copies: set[Pair], ignored: set[Pair], spent: float) -> str:
    clustered = _within_clusters(found)
    precision, recall, f1 = _scores(found, copies, ignored)
    p, r, f = _scores(clustered, copies, ignored)
    return (
        f"{name:28}{precision:10.3f}{recall:8.3f}{f1:7.3f}{p:11.3f}{r:7.3f}{f:7.3f}"
        f"{_ari(clustered, copies, ignored):7.3f}{spent:7.1f}"
    )


def _scores(found: set[Pair], copies: set[Pair], ignored: set[Pair]) -> tuple[float, float, float]:
    right = len(found & copies)
    counted = len(found - (ignored - copies))
    precision = right / counted if counted else 1.0
    recall = right / len(copies)
    return precision, recall, 2 * precision * recall / ((precision + recall) or 1)


def _within_clusters(links: set[Pair]) -> set[Pair]:
    leader: dict[str, str] = {}

    def find(one: str) -> str:
        while leader.setdefault(one, one) != one:
            one = leader[one]
        return one

    for one, other in map(sorted, links):
        leader[find(other)] = find(one)
    clusters: dict[str, list[str]] = defaultdict(list)
    for one in leader:
        clusters[find(one)].append(one)
    return {frozenset(pair) for cluster in clusters.values() for pair in combinations(cluster, 2)}


def _ari(found: set[Pair], copies: set[Pair], ignored: set[Pair]) -> float:
    """Adjusted Rand index of the clusters, ignored pairs aside; over the documents that any pair names."""
    truth, found = _within_clusters(copies) - ignored, found - (ignored - copies)
    named = len({one for pair in truth | found for one in pair})
    total = named * (named - 1) / 2
    expected = len(truth) * len(found) / total
    most = (len(truth) + len(found)) / 2
    return (len(truth & found) - expected) / (most - expected)


# --------------------------------------------------------------------------- methods


def watcher(documents: list[tuple[str, str]]) -> set[Pair]:
    """Winnowed candidates from an index in memory, the best 20 by shared samples, rare ones weighing more, verified."""
    postings: dict[int, list[int]] = defaultdict(list)
    kept: list[Fingerprint] = []
    found: set[Pair] = set()
    for number, (name, text) in enumerate(documents):
        mine = fingerprint(text)
        hashes = mine.sample.tolist()
        overlap: dict[int, float] = defaultdict(float)
        for value in hashes:
            for other in postings.get(value, ()):
                overlap[other] += 1 / (1 + math.log2(len(postings[value])))
        for other in sorted(overlap, key=overlap.__getitem__, reverse=True)[:CANDIDATES]:
            likeness = compare(mine, kept[other])
            if likeness and max(likeness.containment, likeness.contained) >= 0.5:
                found.add(frozenset((name, documents[other][0])))
        for value in hashes:
            postings[value].append(number)
        kept.append(Fingerprint.from_bytes(mine.to_bytes()))
    return found


def exact(documents: list[tuple[str, str]]) -> set[Pair]:
    """The same folded text."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name, text in documents:
        groups[fold(text).text].append(name)
    return {frozenset(pair) for names in groups.values() for pair in combinations(names, 2)}


def simhash(documents: list[tuple[str, str]]) -> set[Pair]:
    """64 bits over shingles of 5 words, 8 bits of distance at most."""
    values = np.empty(len(documents), dtype=np.uint64)
    shifts = np.arange(64, dtype=np.uint64)
    found: set[Pair] = set()
    for number, (name, text) in enumerate(documents):
        mine = fingerprint(text)
        hashes = mine.hashes if mine.hashes is not None and len(mine.hashes) else mine.sample
        votes = ((hashes[:, None] >> shifts) & np.uint64(1)).astype(np.int32).sum(axis=0) * 2 > len(hashes)
        values[number] = (votes.astype(np.uint64) << shifts).sum(dtype=np.uint64)
        near = np.flatnonzero(np.bitwise_count(values[:number] ^ values[number]) <= 8)
        found |= {frozenset((name, documents[int(other)][0])) for other in near}
    return found


def _shingles(text: str) -> list[str]:
    words = fold(text).text.split()
    return [" ".join(words[at : at + 5]) for at in range(max(1, len(words) - 4))]


def datasketch_lsh(documents: list[tuple[str, str]]) -> set[Pair]:
    """MinHash LSH of datasketch, 128 permutations, threshold .5, its candidates taken."""
    from datasketch import MinHash, MinHashLSH  # noqa: PLC0415 - a peer, not needed to measure ourselves

    index = MinHashLSH(threshold=0.5, num_perm=128)
    found: set[Pair] = set()
    for name, text in documents:
        hashed = MinHash(num_perm=128)
        hashed.update_batch([shingle.encode() for shingle in _shingles(text)])
        found |= {frozenset((name, other)) for other in index.query(hashed)}
        index.insert(name, hashed)
    return found


def rensa_lsh(documents: list[tuple[str, str]]) -> set[Pair]:
    """MinHash LSH of rensa, 128 permutations in 32 bands, its candidates taken."""
    from rensa import RMinHash, RMinHashLSH  # noqa: PLC0415 - a peer, not needed to measure ourselves

    index = RMinHashLSH(threshold=0.5, num_perm=128, num_bands=32)
    found: set[Pair] = set()
    for number, (name, text) in enumerate(documents):
        hashed = RMinHash(num_perm=128, seed=42)
        hashed.update(_shingles(text))
        found |= {frozenset((name, documents[other][0])) for other in index.query(hashed)}
        index.insert(number, hashed)
    return found


METHODS: dict[str, Callable[[list[tuple[str, str]]], set[Pair]]] = {
    "exact hash": exact,
    "SimHash 64, 8 bits": simhash,
    "datasketch MinHash LSH .5": datasketch_lsh,
    "rensa MinHash LSH 32 bands": rensa_lsh,
    "watcher": watcher,
}

if __name__ == "__main__":
    main()
