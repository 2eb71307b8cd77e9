"""Stories: which reports tell of one event.

How far two reports do is for `watcher.novelty.accord` to say; what few other stories
have weighs most. A report joins a story if it links to one of its reports and
is not far from the others. A story is for display and threads: it never holds
an alert back.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from watcher.novelty.accord import strengths
from watcher.novelty.terms import Keys, Terms, one_form, terms_of

LINK = 0.7
"""Strength from which two reports tell one story; on the five seeds the first two have .98 and no others over .42.
With .65, .92 of the written pairs in one story are right (develop) instead of .96. Precision and recall on labelled
pairs stand in docs/novelty.md."""
TOGETHER = 0.7 * LINK
"""What the strengths to a story's nearest reports come to on average, if a report joins it, so that one wrong link
drags no chain behind it: with .4 instead, .83 of the written reports in one story are right (check), not .96."""
NEAREST = 5
"""Reports of a story that are asked: a long story's first ones tell little of its latest turn."""
WINDOW = timedelta(hours=72)
"""How long after a report another one may still join its story."""
CANDIDATES = 40
"""Reports that are compared, those that share most of what is rare."""
BACKGROUND = 100
"""Stories that are taken to have come before: without them, the first few would find every word they share common."""
COMMON = 300
"""Stories that share a term from which the term no longer proposes candidates."""
LATEST = 128
"""Reports kept in a dictionary before they are merged into a column."""
_BUCKETS = 1 << 16

Owners = NDArray[np.int32]
Worth = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class _Report:
    document: int | str
    story: str
    at: datetime
    terms: Terms


class Stories:
    """The reports of the last days, in memory: what they tell, and the story of each. Safe to share among threads.

    A report takes 7 KB at most: terms are kept as numbers, and what holds a
    term as sorted columns that double as they are merged, the latest reports
    in a dictionary. (Dictionaries of words took 28 KB, a gigabyte for three
    days of 300 feeds, and 11 ms to find a story among 4,000 reports of mixed
    sentences; this 2 to 3 ms.)
    """

    def __init__(self, window: timedelta = WINDOW) -> None:
        self.window = window
        """How long after a report another one may still join its story."""
        self._reports: list[_Report | None] = []
        """In the order they came; None where one was replaced."""
        self._place: dict[int | str, int] = {}
        """Of a document's report, in `_reports`."""
        self._columns: list[tuple[Keys, Owners]] = []
        """Key and holder, sorted by key, the largest first; together all reports but the latest."""
        self._latest: dict[int, list[int]] = {}
        """Key to holders, for the reports from `_merged` on."""
        self._merged = 0
        self._holders: NDArray[np.int32] = np.zeros(_BUCKETS, np.int32)
        """Stories that hold a term, by its key modulo the length, which stays above the number of all terms."""
        self._counted = 0
        """Terms that are counted there."""
        self._stories: dict[str, dict[int | str, None]] = {}
        """The documents of each story, in the order they came; the first stands for it among the holders."""
        self._last: tuple[tuple[str, str], Terms] = (("", ""), terms_of("", ""))
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._place)

    def add(self, document_id: int | str, story_id: str, title: str, text: str, at: datetime) -> None:
        """Keep a report of `story_id`. The same document again replaces what was kept of it."""
        with self._lock:
            report = _Report(document_id, story_id, at, self._terms_of(title, text))
            self._drop(document_id)
            place = self._place[document_id] = len(self._reports)
            self._reports.append(report)
            members = self._stories.setdefault(story_id, {})
            members[document_id] = None
            if len(members) == 1:
                self._count(report.terms, 1)
            for key in report.terms.keys.tolist():
                self._latest.setdefault(key, []).append(place)
            if len(self._reports) - self._merged >= LATEST:
                self._merge()

    def find(self, title: str, text: str, at: datetime) -> str | None:
        """The story this report belongs to: of those it links to, the one whose first report is oldest."""
        with self._lock:
            strengths: dict[str, list[float]] = {}
            for other, strength in self._likest(title, text, at):
                strengths.setdefault(other.story, []).append(strength)
            told = [story for story, links in strengths.items() if self._tells(story, links, at)]
            return min(told, key=lambda story: (self._began(story), story), default=None)

    def likest(self, title: str, text: str, at: datetime) -> dict[int | str, float]:
        """The reports most like this one, and the strength of each link, 0 to 1."""
        with self._lock:
            return {other.document: strength for other, strength in self._likest(title, text, at)}

    def forget(self, before: datetime) -> None:
        """Drop the reports from before `before`."""
        with self._lock:
            for report in list(self._reports):
                if report is not None and report.at < before:
                    self._drop(report.document)
            if len(self._place) < len(self._reports):
                self._close_ranks()

    def _terms_of(self, title: str, text: str) -> Terms:
        """The terms of a report; those of the last one asked for are at hand, as it is found and then added."""
        if self._last[0] != (title, text):
            self._last = ((title, text), terms_of(title, text))
        return self._last[1]

    # ------------------------------------------------------------- what links

    def _tells(self, story: str, links: list[float], at: datetime) -> bool:
        """Whether a report with these links to reports of a story tells it as well."""
        best = sorted(links, reverse=True)[:NEAREST]
        asked = min(NEAREST, sum(abs(at - report.at) <= self.window for report in self._told(story)))
        return best[0] >= LINK and sum(best) >= TOGETHER * asked

    def _began(self, story: str) -> datetime:
        return min(report.at for report in self._told(story))

    def _told(self, story: str) -> list[_Report]:
        """The reports of a story, in the order they came."""
        reports = [self._reports[self._place[document]] for document in self._stories[story]]
        return [report for report in reports if report is not None]

    def _likest(self, title: str, text: str, at: datetime) -> list[tuple[_Report, float]]:
        mine = self._terms_of(title, text)
        worth = self._worth(mine.keys)
        others = self._candidates(mine.keys, worth, at) if len(mine.keys) and self._place else []
        if not others:
            return []
        terms = [other.terms for other in others]
        days = np.array([abs(at - other.at) / timedelta(days=1) for other in others])
        return [
            (other, 0.0 if strength >= LINK and one_form(mine, other.terms) else strength)
            for other, strength in zip(
                others, strengths(mine, terms, days, self._worth).tolist(), strict=True
            )
        ]

    def _held(self, keys: Keys) -> NDArray[np.int32]:
        """How many stories hold each term."""
        held: NDArray[np.int32] = self._holders[keys & (len(self._holders) - 1)]
        return held

    def _worth(self, keys: Keys) -> Worth:
        """How much each term tells, 0 to 1: the square of how rare it is among the stories kept and BACKGROUND more."""
        stories = BACKGROUND + len(self._stories)
        rarity: Worth = np.log(stories / (1.0 + self._held(keys))) / np.log(stories)
        return np.maximum(rarity, 0.001) ** 2

    def _candidates(self, keys: Keys, gains: Worth, at: datetime) -> list[_Report]:
        """Of the reports within the window, the CANDIDATES that share most of what is rare."""
        rare = self._held(keys) <= COMMON
        keys, gains = keys[rare], gains[rare]
        held = [self._latest.get(key, ()) for key in keys.tolist()]
        owners = [np.array([owner for holders in held for owner in holders], np.int32)]
        worth = [np.repeat(gains, [len(holders) for holders in held])]
        for column, holders in self._columns:
            begins = np.searchsorted(column, keys, "left")
            counts = np.searchsorted(column, keys, "right") - begins
            offsets = np.repeat(begins - np.cumsum(counts) + counts, counts)
            owners.append(holders[offsets + np.arange(len(offsets))])
            worth.append(np.repeat(gains, counts))
        scores = np.bincount(np.concatenate(owners), weights=np.concatenate(worth))
        found = np.flatnonzero(scores)
        best = found[np.argsort(-scores[found], kind="stable")]
        within = (
            report
            for place in best
            if (report := self._reports[place]) is not None and abs(at - report.at) <= self.window
        )
        return list(islice(within, CANDIDATES))

    # ------------------------------------------------------------- keeping

    def _drop(self, document_id: int | str) -> None:
        place = self._place.pop(document_id, None)
        report = self._reports[place] if place is not None else None
        if place is None or report is None:
            return
        self._reports[place] = None
        members = self._stories[report.story]
        first = next(iter(members)) == document_id
        del members[document_id]
        heir = self._reports[self._place[next(iter(members))]] if members else None
        if not members:
            del self._stories[report.story]
        if first:
            self._count(report.terms, -1)
            if heir is not None:
                self._count(heir.terms, 1)

    def _count(self, terms: Terms, change: int) -> None:
        """Count a story's terms among the holders, or no more."""
        for keys in (terms.keys, terms.figures):
            self._counted += change * len(keys)
            self._holders[keys & (len(self._holders) - 1)] += change
        if self._counted > len(self._holders):
            self._holders = np.zeros(4 * len(self._holders), np.int32)
            for members in self._stories.values():
                first = self._reports[self._place[next(iter(members))]]
                if first is not None:
                    for keys in (first.terms.keys, first.terms.figures):
                        self._holders[keys & (len(self._holders) - 1)] += 1

    def _merge(self) -> None:
        """Move the latest reports into the columns; a column joins the next that is not twice as long."""
        lengths = [len(self._latest[key]) for key in self._latest]
        keys = np.repeat(np.fromiter(self._latest, np.uint32, len(self._latest)), lengths)
        owners = np.array([owner for holders in self._latest.values() for owner in holders], np.int32)
        order = np.argsort(keys, kind="stable")
        column = (keys[order], owners[order])
        while self._columns and len(self._columns[-1][0]) < 2 * len(column[0]):
            before = self._columns.pop()
            keys, owners = (np.concatenate(pair) for pair in zip(before, column, strict=True))
            order = np.argsort(keys, kind="stable")
            column = (keys[order], owners[order])
        self._columns.append(column)
        self._latest, self._merged = {}, len(self._reports)

    def _close_ranks(self) -> None:
        """Let go the places of reports that were dropped."""
        self._merge()
        alive = np.array([report is not None for report in self._reports], np.bool_)
        moved = np.cumsum(alive, dtype=np.int32) - 1
        self._columns = [
            (keys[kept], moved[owners[kept]])
            for keys, owners in self._columns
            if (kept := alive[owners]).any()
        ]
        self._reports = [report for report in self._reports if report is not None]
        self._place = {
            report.document: place for place, report in enumerate(self._reports) if report is not None
        }
        self._merged = len(self._reports)
