"""How well reports of one event are found, on labelled text: precision and recall of same-story pairs, and their cost.

    python bench/stories.py [--data DIR]... [--read N]

Labelled reports stand in bench/stories/reports.jsonl, written for this: `{"id", "title", "text", "published", "story",
"topic"}` a line. So do those of plain-reports.jsonl, in which several outlets tell one event as outlets do; they have
no dates, came after the weights and the threshold, and nothing was fitted on them. Labelled pairs stand in
bench/stories/reuters-pairs.tsv, by the ids of reuters-dev.jsonl.gz, which DIR holds (`{"id", "title", "text",
"published"}`); a pair counts for as many as it stands for. Both are split by a hash, of the topic and of the pair: the
weights of watcher/novelty/accord.py were fitted on the first half, "develop"; variants of the method were compared on
both, so "check" is lightly used, not untouched. Labelled pages stand in bench/stories/page-stories.tsv, by the ids of
ground-truth.json of the article-extraction data. What DIR holds besides (`*.jsonl`, `*.jsonl.gz` with "story") is
scored as well. Pages bear no dates and arrive at one moment, in any order; "undated" are the written reports so.

`threads` are pairs that were given one story, reports being judged in order of time; `links` pairs whose own strength
reaches LINK; `R at .95` the recall of links at the best threshold whose precision is .95 or more in that half, 0 if
there is none. The peer is the cosine of plain tf-idf vectors (words, pairs of CJK characters), at .40.

With `--read N`, N of the pairs of one story that are no copies are drawn and printed, for whoever reads them to judge.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import random
import re
import sys
import time
import tracemalloc
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from watcher.novelty import compare, fingerprint
from watcher.novelty.stories import LINK, WINDOW, Stories

COPY = 0.5
"""Containment from which two reports are copies: of these it is no question that they tell one event."""
PEER_LINK = 0.40
PRECISION = 0.95
HELD = 4_000
"""Reports among which cost is measured."""
PAGES = "ground-truth.json"
PAGE_ID = 12
LABELS = Path(__file__).with_name("stories")
HALVES = ("develop", "check")

Report = dict[str, Any]
Pair = tuple[str, str]


class Labelled(NamedTuple):
    """A pair, whether it tells one event, and for how many it stands."""

    pair: Pair
    one: bool
    weight: float


class Told(NamedTuple):
    """What came of a stream of reports: the story of each, and the strength of each link, older report first."""

    stories: dict[str, str]
    strengths: dict[Pair, float]


def main() -> None:
    """Print a row for each method, half and material."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data",
        type=Path,
        action="append",
        default=[],
        help="folder with reuters-dev.jsonl.gz, ground-truth.json or labelled reports",
    )
    parser.add_argument("--read", type=int, default=0, metavar="N", help="print N pairs of one story")
    options = parser.parse_args()
    found = sorted(
        path for folder in options.data for end in ("", ".gz") for path in folder.glob(f"*.jsonl{end}")
    )
    if options.read:
        for path in found:
            _print_pairs(list(_lines(path)), options.read)
        return
    print(f"{'material':22}{'half':9}{'pairs':>7}{'of one':>7}  {'method':9}{'P':>6}{'R':>6}{'R at .95':>10}")
    written = sorted(_lines(LABELS / "reports.jsonl"), key=_at)
    _print_rows("written", written, _label(written))
    undated = [{**report, "published": None} for report in written]
    random.Random(7).shuffle(undated)
    _print_rows("written, undated", undated, _label(undated))
    plain = list(_lines(LABELS / "plain-reports.jsonl"))
    random.Random(7).shuffle(plain)
    for language in ("en", "ko", "zh"):
        told = [report for report in plain if report["language"] == language]
        _print_rows(f"plain, {language}", told, _whole(told))
    for folder in options.data:
        if (folder / PAGES).exists():
            pages = _pages(folder / PAGES)
            _print_rows("pages", pages, _whole(pages))
    for path in found:
        reports = sorted(_lines(path), key=_at)
        ours = path.name == "reuters-dev.jsonl.gz"
        labels = _read_pairs(LABELS / "reuters-pairs.tsv") if ours else _label(reports)
        if any(labels.values()):
            _print_rows(path.name.partition(".")[0], reports, labels)
        if len(reports) > HELD:
            _print_cost(reports)


def _print_rows(material: str, reports: list[Report], labels: dict[str, list[Labelled]]) -> None:
    told = _tell(reports)
    cosines = _cosines(reports, {label.pair for half in labels.values() for label in half})
    for half, labelled in labels.items():
        ones = sum(label.one for label in labelled)
        begin = f"{material:22}{half:9}{len(labelled):7}{ones:7}  "
        threads = {
            label.pair: 1.0
            for label in labelled
            if told.stories[label.pair[0]] == told.stories[label.pair[1]]
        }
        for method, strengths, least in (
            ("threads", threads, 1.0),
            ("links", told.strengths, LINK),
            ("peer", cosines, PEER_LINK),
        ):
            precision, recall = _score(labelled, strengths, least)
            best = f"{_recall_at(labelled, strengths):10.3f}" if method != "threads" else ""
            print(f"{begin}{method:9}{precision:6.3f}{recall:6.3f}{best}")


def _score(labels: list[Labelled], strengths: dict[Pair, float], least: float) -> tuple[float, float]:
    told = [label for label in labels if strengths.get(label.pair, 0) >= least]
    right = sum(label.weight for label in told if label.one)
    return (
        right / (sum(label.weight for label in told) or 1),
        right / (sum(label.weight for label in labels if label.one) or 1),
    )


def _recall_at(labels: list[Labelled], strengths: dict[Pair, float]) -> float:
    """The best recall of a threshold whose precision is PRECISION or more."""
    told = sorted(labels, key=lambda label: -strengths.get(label.pair, 0))
    ones = sum(label.weight for label in labels if label.one) or 1
    best = right = all_told = 0.0
    for label, after in zip(told, [*told[1:], None], strict=True):
        strength = strengths.get(label.pair, 0)
        right, all_told = right + label.weight * label.one, all_told + label.weight
        last = after is None or strengths.get(after.pair, 0) < strength
        if strength > 0 and last and right >= PRECISION * all_told:
            best = right / ones
    return best


# ------------------------------------------------------------------------ labels


def _lines(path: Path) -> Iterable[Report]:
    with (
        gzip.open(path, "rt", encoding="utf-8")
        if path.suffix == ".gz"
        else path.open(encoding="utf-8") as file
    ):
        for line in map(json.loads, file):
            yield {**line, "id": str(line["id"]), "title": line.get("title") or ""}


def _pages(path: Path) -> list[Report]:
    """The labelled pages, in any order. What stands in no story has one of its own."""
    texts = {
        name[:PAGE_ID]: page["articleBody"] for name, page in json.loads(path.read_text("utf-8")).items()
    }
    lines = [line.split("\t") for line in _rows(LABELS / "page-stories.tsv")]
    pages: list[Report] = [
        {
            "id": name,
            "title": "",
            "text": texts[name],
            "story": name if story == "-" else story,
            "topic": PAGES,
        }
        for name, story in lines
    ]
    random.Random(7).shuffle(pages)
    return pages


def _rows(path: Path) -> list[str]:
    """The lines of a table below its comments and its head."""
    return [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")][1:]


def _at(report: Report) -> datetime:
    """When it was published; those without a time are taken as of one moment."""
    at = datetime.fromisoformat(report.get("published") or "2000-01-01T00:00:00+00:00")
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _half(text: str) -> str:
    return HALVES[crc32(text.encode()) % 2]


def _label(reports: list[Report]) -> dict[str, list[Labelled]]:
    """Every pair of the labelled reports of one half, older report first."""
    halves: dict[str, list[Report]] = {half: [] for half in HALVES}
    for report in reports:
        if report.get("story"):
            halves[_half(report.get("topic") or report["story"])].append(report)
    return {half: _pairs(labelled) for half, labelled in halves.items()}


def _whole(reports: list[Report]) -> dict[str, list[Labelled]]:
    """Every pair of the labelled reports, in no halves."""
    return {"all": _pairs(reports)}


def _pairs(reports: list[Report]) -> list[Labelled]:
    return [
        Labelled((one["id"], other["id"]), one["story"] == other["story"], 1)
        for one, other in combinations(reports, 2)
    ]


def _read_pairs(path: Path) -> dict[str, list[Labelled]]:
    labels: dict[str, list[Labelled]] = {half: [] for half in HALVES}
    for line in _rows(path):
        first, second, label, _, population, drawn = line.split("\t")
        labels[_half(f"{first} {second}")].append(
            Labelled((first, second), label == "1", int(population) / int(drawn))
        )
    return labels


# ------------------------------------------------------------------------ methods


def _tell(reports: list[Report]) -> Told:
    book, told = Stories(), Told({}, {})
    for report in reports:
        name, title, text, at = report["id"], report["title"], report["text"], _at(report)
        for other, strength in book.likest(title, text, at).items():
            told.strengths[str(other), name] = strength
        told.stories[name] = book.find(title, text, at) or name
        book.add(name, told.stories[name], title, text, at)
        book.forget(at - WINDOW)
    return told


def _cosines(reports: list[Report], pairs: set[Pair]) -> dict[Pair, float]:
    """Plain tf-idf of the pairs within the window, by how many of all the reports, later ones too, have a word."""
    counts = {report["id"]: _words(f"{report['title']}\n{report['text']}") for report in reports}
    having = Counter(word for words in counts.values() for word in words)
    when = {report["id"]: _at(report) for report in reports}
    vectors = {}
    for name in {name for pair in pairs for name in pair}:
        weights = {
            word: (1 + math.log(often)) * math.log(1 + len(reports) / having[word])
            for word, often in counts[name].items()
        }
        length = math.hypot(*weights.values())
        vectors[name] = {word: weight / length for word, weight in weights.items()}
    return {
        (older, newer): sum(weight * vectors[older].get(word, 0) for word, weight in vectors[newer].items())
        for older, newer in pairs
        if when[newer] - when[older] <= WINDOW
    }


def _words(text: str) -> Counter[str]:
    words = re.findall(r"[^\W\u3040-\u9fff\uac00-\ud7a3]+", text.casefold())
    wide = re.findall(r"[\u3040-\u9fff\uac00-\ud7a3]+", text)
    return Counter([*words, *(run[at : at + 2] for run in wide for at in range(len(run) - 1))])


# ------------------------------------------------------------------------ cost, reading


def _print_cost(reports: list[Report]) -> None:
    """What a report costs among HELD others: time to find and add it, and memory."""
    last = reports[HELD : HELD + 500]
    tracemalloc.start()
    book = Stories(timedelta(days=365))
    for report in reports[:HELD]:
        book.add(report["id"], report["id"], report["title"], report["text"], _at(report))
    memory = tracemalloc.get_traced_memory()[0] / HELD
    tracemalloc.stop()
    began = time.process_time()
    for report in last:
        story = book.find(report["title"], report["text"], _at(report)) or report["id"]
        book.add(report["id"], story, report["title"], report["text"], _at(report))
    spent = (time.process_time() - began) / len(last)
    print(f"among {HELD:,} reports: {spent * 1e3:.2f} ms and {memory / 1e3:.1f} kB a report")


def _print_pairs(reports: list[Report], count: int) -> None:
    reports.sort(key=_at)
    by_name, members = {report["id"]: report for report in reports}, defaultdict(list)
    for name, story in _tell(reports).stories.items():
        members[story].append(by_name[name])
    pairs = [
        (one, other)
        for story in members.values()
        for one, other in combinations(story, 2)
        if _at(other) - _at(one) <= WINDOW
    ]
    print(
        f"{len(pairs)} pairs of one story within {WINDOW}; the largest has {max(map(len, members.values()))}"
    )
    random.Random(7).shuffle(pairs)
    shown = 0
    for one, other in pairs:
        alike = compare(fingerprint(other["text"]), fingerprint(one["text"]))
        if alike is None or max(alike.containment, alike.contained) < COPY:
            shown += 1
            print("".join(f"{_at(each):%m-%d %H:%M} {each['title'][:52]:54}" for each in (one, other)))
        if shown == count:
            return


if __name__ == "__main__":
    main()
