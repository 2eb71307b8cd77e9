"""How well reports of one event are found, on labelled text: precision and recall of same-story pairs.

    python bench/stories.py --data DIR

DIR holds `*.jsonl` or `*.jsonl.gz`: `{"id", "text", "story", "title"?, "published"?}` a line, `story` being the
label (null: a story of its own). Reports are judged in order of time; two are paired when they were given one story.
With `--read N`, N of the pairs that are no copies are drawn and printed, to be judged by whoever reads them.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from watcher.novelty import compare, fingerprint
from watcher.stories import LINK, Stories

COPY = 0.5
"""Containment from which two reports are copies: of these it is no question that they tell one event."""


def main() -> None:
    """Print a row for each file of DIR."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with labelled reports")
    parser.add_argument("--window", type=int, default=72, help="hours (default 72)")
    parser.add_argument("--read", type=int, default=0, metavar="N", help="print N linked pairs")
    arguments = parser.parse_args()
    print(f"cosine {LINK}, window {arguments.window} h")
    print(f"{'file':34}{'reports':>9}{'pairs':>8}{'precision':>11}{'recall':>8}{'F1':>7}{'µs a report':>13}")
    for path in sorted([*arguments.data.glob("*.jsonl"), *arguments.data.glob("*.jsonl.gz")]):
        reports = list(_lines(path))
        if arguments.read:
            _print_pairs(reports, timedelta(hours=arguments.window), arguments.read)
            continue
        if not any(report.get("story") for report in reports):
            print(f"{path.name:34}{len(reports):9}  no labels")
            continue
        began = time.process_time()
        found = _told(reports, timedelta(hours=arguments.window))
        spent = (time.process_time() - began) / len(reports) * 1e6
        told, labelled = (
            _pairs(found),
            _pairs({line["id"]: line["story"] for line in reports if line.get("story")}),
        )
        right = len(told & labelled)
        precision, recall = right / (len(told) or 1), right / (len(labelled) or 1)
        f1 = 2 * precision * recall / ((precision + recall) or 1)
        print(
            f"{path.name:34}{len(reports):9}{len(labelled):8}{precision:11.3f}{recall:8.3f}{f1:7.3f}{spent:13.0f}"
        )


def _lines(path: Path) -> Iterable[dict[str, Any]]:
    with (
        gzip.open(path, "rt", encoding="utf-8")
        if path.suffix == ".gz"
        else path.open(encoding="utf-8") as file
    ):
        yield from map(json.loads, file)


def _at(report: dict[str, Any]) -> datetime:
    """When it was published; those without a time are taken as of one moment."""
    at = datetime.fromisoformat(report.get("published") or "2000-01-01T00:00:00+00:00")
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _told(reports: list[dict[str, Any]], window: timedelta) -> dict[str, str]:
    book, found = Stories(window), {}
    for report in sorted(reports, key=_at):
        name, title, text, at = str(report["id"]), report.get("title") or "", report["text"], _at(report)
        found[name] = book.find(title, text, at) or name
        book.add(name, found[name], title, text, at)
        book.forget(at - window)
    return found


def _pairs(stories: dict[str, str]) -> set[frozenset[str]]:
    members: dict[str, list[str]] = defaultdict(list)
    for report, story in stories.items():
        members[story].append(str(report))
    return {frozenset(pair) for reports in members.values() for pair in combinations(reports, 2)}


def _print_pairs(reports: list[dict[str, Any]], window: timedelta, count: int) -> None:
    by_name = {str(report["id"]): report for report in reports}
    pairs = [
        (one, other)
        for pair in _pairs(_told(reports, window))
        for one, other in [sorted((by_name[name] for name in pair), key=_at)]
        if _at(other) - _at(one) <= window
    ]
    print(f"{len(pairs)} pairs of one story within {window}")
    pairs.sort(key=lambda pair: (pair[0]["id"], pair[1]["id"]))
    random.Random(7).shuffle(pairs)
    shown = 0
    for one, other in pairs:
        alike = compare(fingerprint(other["text"]), fingerprint(one["text"]))
        if alike is None or max(alike.containment, alike.contained) < COPY:
            shown += 1
            print(
                "".join(f"{_at(each):%m-%d %H:%M} {each.get('title', '')[:52]:54}" for each in (one, other))
            )
        if shown == count:
            return


if __name__ == "__main__":
    main()
