r"""How well the text of pages is found: F1, precision and recall against a labelled set, beside bare trafilatura.

    python bench/extraction.py --data DIR

DIR holds `ground-truth.json` ({key: {"articleBody", "url"}}) and
`html/KEY.html.gz`, as https://github.com/scrapinghub/article-extraction-benchmark
does. The figures are defined as there: multisets of shingles of 4 words
(`\\w+`), precision and recall of each page, the mean of each over the pages
where it is defined, F1 of the two means; and 95 % of 1,000 bootstrap samples.
Both run over the same bytes in the same run: watcher in its workers, as the
daemon does it, and trafilatura's `extract()` with its defaults in a loop.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from watcher.model import WatcherError, WorkerLost
from watcher.sandbox import Workers

SHINGLE = 4
TARGET = 0.960

Score = tuple[float, float, float]
"""Shares of shingles: right, too many, missing."""


def main() -> int:
    """Print both, and exit with 1 where watcher misses the target or lost a worker."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the labelled pages")
    parser.add_argument("--worst", type=int, default=0, metavar="N", help="also list the N worst pages")
    options = parser.parse_args()
    truth = json.loads((options.data / "ground-truth.json").read_text(encoding="utf-8"))
    pages = {key: gzip.decompress((options.data / "html" / f"{key}.html.gz").read_bytes()) for key in truth}
    wanted = {key: page.get("articleBody", "") for key, page in truth.items()}
    print(f"{len(pages)} pages\n{'':24}    F1   precision  recall   ms a page (CPU)  lost")

    workers = Workers(1)
    ours, lost = _watcher(workers, pages, metadata=True)
    scores = _print("watcher", wanted, ours, lost)
    text_only, lost_too = _watcher(workers, pages, metadata=False)
    _print("watcher, text only", wanted, text_only, lost_too)
    workers.close()
    _print("bare trafilatura", wanted, _bare(pages), 0)

    for key in sorted(scores, key=lambda key: scores[key][0])[: options.worst]:
        right, extra, missing = scores[key]
        print(
            f"  {key[:12]}  right {right:.2f}  extra {extra:.2f}  missing {missing:.2f}  {truth[key].get('url', '')}"
        )
    reached = _figures(scores.values())[0]
    if reached < TARGET or lost or lost_too:
        print(f"below the target (F1 {TARGET}, no worker lost)", file=sys.stderr)
        return 1
    return 0


# --------------------------------------------------------------------------- the two that are measured

Texts = dict[str, tuple[str, float]]
"""For each page its text, and the seconds of CPU it took."""


def _watcher(workers: Workers, pages: dict[str, bytes], *, metadata: bool) -> tuple[Texts, int]:
    workers.run(_measured, b"<html><body><p>Warm up.</p></body></html>", metadata)
    found, lost = {}, 0
    for key, page in pages.items():
        try:
            found[key] = workers.run(_measured, page, metadata)
        except WorkerLost as error:
            lost += 1
            found[key] = ("", 0.0)
            print(f"  {key[:12]}: {error}", file=sys.stderr)
        except WatcherError as error:
            found[key] = ("", 0.0)
            print(f"  {key[:12]}: {error}", file=sys.stderr)
    return found, lost


def _measured(page: bytes, metadata: bool) -> tuple[str, float]:  # noqa: FBT001 - goes through a pipe, by position
    from watcher.extract import extract  # noqa: PLC0415 - in the worker

    begun = time.process_time()
    text = extract(page, content_type="text/html", metadata=metadata).text
    return text, time.process_time() - begun


def _bare(pages: dict[str, bytes]) -> Texts:
    import trafilatura  # noqa: PLC0415 - after the workers were measured

    return {key: _timed(lambda page=page: trafilatura.extract(page) or "") for key, page in pages.items()}  # type: ignore[misc]


def _timed(call: Callable[[], str]) -> tuple[str, float]:
    begun = time.process_time()
    text = call()
    return text, time.process_time() - begun


# --------------------------------------------------------------------------- the figures


def _print(name: str, wanted: dict[str, str], found: Texts, lost: int) -> dict[str, Score]:
    scores = {key: _score(wanted[key], found[key][0]) for key in wanted}
    f1, precision, recall = _figures(scores.values())
    spread = _spread(list(scores.values()))
    milliseconds = 1000 * statistics.mean(seconds for _, seconds in found.values())
    print(f"{name:24} {f1:.4f} ±{spread:.3f} {precision:.4f}  {recall:.4f} {milliseconds:10.1f} {lost:12}")
    return scores


def _score(wanted: str, found: str) -> Score:
    true, said = _shingles(wanted), _shingles(found)
    right, extra, missing = (float(shingles.total()) for shingles in (true & said, said - true, true - said))
    total = right + extra + missing or 1.0
    return right / total, extra / total, missing / total


def _shingles(text: str) -> Counter[tuple[str, ...]]:
    words = re.findall(r"\w+", text)
    return Counter(tuple(words[at : at + SHINGLE]) for at in range(max(1, len(words) - SHINGLE + 1)) if words)


def _figures(scores: Iterable[Score]) -> tuple[float, float, float]:
    """F1, precision and recall."""
    listed = list(scores)
    precision = statistics.mean(
        _share(right, extra, missing) for right, extra, missing in listed if right + extra > 0
    )
    recall = statistics.mean(
        _share(right, missing, extra) for right, extra, missing in listed if right + missing > 0
    )
    return 2 * precision * recall / (precision + recall), precision, recall


def _share(right: float, wrong: float, other: float) -> float:
    if wrong == other == 0:
        return 1.0
    return right / (right + wrong) if right or wrong else 0.0


def _spread(scores: list[Score], samples: int = 1000) -> float:
    """Half the width of the 95 % interval of F1."""
    draw = random.Random(0)
    return 1.96 * statistics.stdev(_figures(draw.choices(scores, k=len(scores)))[0] for _ in range(samples))


if __name__ == "__main__":
    sys.exit(main())
