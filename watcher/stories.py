"""Stories: which reports tell of one event, by the words, names and characters they share within some days.

A report is a vector of folded words, pairs of capitalised words and pairs of
CJK characters, weighted by how few other reports have them (tf-idf, as in
first story detection). It joins the story of a report from LINK on. A story is
for display and threads: it never holds an alert back.
"""

from __future__ import annotations

import math
import re
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from watcher.fingerprints import Tokens, mix, tokenise
from watcher.folding import codes_of, fold

LINK = 0.40
"""Cosine from which two reports tell one story. On the five seeds .40 links the first two only."""
WINDOW = timedelta(hours=72)
"""How long after a report another one may still join its story."""
TABLE = 0.06
"""Share of a report's words that are figures from which it may be filled into a form, as results and fixings are."""
TABLE_FIGURES = 5
"""Figures that it has then, at least: a flash of 30 words has two or three."""
TABLE_AGREE = 0.75
"""Share of the fewer figures up to which two such reports tell two things in one form. Of 50 linked pairs of wire
reports read by hand, the 37 that told two things were such, and none of the 13 that told one."""
LEAD_WORDS = 250
"""Tokens that are looked at: a report tells its story first, a comment thread or a link list comes last."""
CANDIDATES = 40
BACKGROUND = 1000
"""Reports that are taken to have come before: without them, the first few would find every word they share common."""
COMMON = 300
"""Reports that share a term from which the term no longer proposes candidates."""
LATEST = 128
"""Reports kept in a dictionary before they are merged into a column."""
_BUCKETS = 1 << 16
_A, _LETTERS, _ASCII = np.uint32(ord("A")), np.uint32(26), np.uint32(127)
_KEPT = 100_000
"""Words whose keys are remembered: some 10 MB."""
_UNTOLD = 0
"""Stands for a word that tells nothing."""

_STOP = """a about after again all also an and any are as at be because been before being between both but by can could
did do does down during each even few first for from further had has have having he her here him his how i if in into
is it its itself just last like many may me might more most much must my new no nor not now of off on one only or other
our out over own per said same say says she should since so some such than that the their them then there these they
this those three through to told too two under until up upon us very was we were what when where which while who whom
whose why will with within without would year years you your according reported report reports reporter source sources
news agency added monday tuesday wednesday thursday friday saturday sunday january february march april june july
august september october november december"""
OUTLETS = """reuters yonhap ap afp upi kyodo xinhua bloomberg cnn bbc kbs mbc sbs ytn nhk voa rfa nk daily joongang
chosun donga hankyoreh ilbo herald korea times guardian telegraph tass interfax"""
"""Names of outlets, as words: they stand in every report of theirs. `korea` is one of `Korea Herald`."""
_ENDING = re.compile(r"(?:ions?|ings?|ers?|ors?|ed|ies|es|s|e|y)$")


Offsets = NDArray[np.int32]
Hashes = NDArray[np.uint64]
Keys = NDArray[np.uint32]
Counts = NDArray[np.float32]
Owners = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class _Vector:
    """The terms of a report: their keys (32 bits of a hash), sorted, and 1 + log of how often each stands there."""

    keys: Keys
    often: Counts
    figures: frozenset[int]
    """The figures of a report that may be filled into a form; empty for others."""


@dataclass(frozen=True, slots=True)
class _Report:
    document: int | str
    story: str
    at: datetime
    vector: _Vector


class Stories:
    """The reports of the last days, in memory: what they tell, and the story of each. Safe to share among threads.

    A report takes 9 KB at most: terms are kept as numbers, and what holds a
    term as sorted columns that double as they are merged, the latest reports
    in a dictionary. (Dictionaries of words took 28 KB, a gigabyte for three
    days of 300 feeds, and 11 ms to find a story among 4,000 reports of mixed
    sentences; this 2 ms.)
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
        """Reports that hold a term, by its key modulo the length, which stays above the number of all terms."""
        self._terms = 0
        self._last: tuple[tuple[str, str], _Vector] = (("", ""), _vector("", ""))
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._place)

    def add(self, document_id: int | str, story_id: str, title: str, text: str, at: datetime) -> None:
        """Keep a report of `story_id`. The same document again replaces what was kept of it."""
        with self._lock:
            report = _Report(document_id, story_id, at, self._vector_of(title, text))
            self._drop(document_id)
            place = self._place[document_id] = len(self._reports)
            self._reports.append(report)
            self._count(report.vector, 1)
            for key in report.vector.keys.tolist():
                self._latest.setdefault(key, []).append(place)
            if len(self._reports) - self._merged >= LATEST:
                self._merge()

    def find(self, title: str, text: str, at: datetime) -> str | None:
        """The story this report belongs to: of those it links to, the one whose first report is oldest."""
        with self._lock:
            vector = self._vector_of(title, text)
            linked = self._linked(vector, at) if len(vector.keys) and self._place else set()
            if len(linked) < 2:
                return next(iter(linked), None)
            began: dict[str, datetime] = {}
            for report in self._reports:
                if report is not None and report.story in linked:
                    began[report.story] = min(report.at, began.get(report.story, report.at))
        return min(began, key=lambda story: (began[story], story))

    def forget(self, before: datetime) -> None:
        """Drop the reports from before `before`."""
        with self._lock:
            for report in list(self._reports):
                if report is not None and report.at < before:
                    self._drop(report.document)
            if len(self._place) < len(self._reports):
                self._close_ranks()

    def _vector_of(self, title: str, text: str) -> _Vector:
        """The terms of a report; those of the last one asked for are at hand, as it is found and then added."""
        if self._last[0] != (title, text):
            self._last = ((title, text), _vector(title, text))
        return self._last[1]

    # ------------------------------------------------------------- what links

    def _linked(self, mine: _Vector, at: datetime) -> set[str]:
        weights = self._weights(mine.keys)
        gains = mine.often * weights**2
        length = math.sqrt(float((mine.often * gains).sum()))
        others = self._candidates(mine.keys, gains, at)
        if not others or not length:
            return set()
        keys = np.concatenate([other.vector.keys for other in others])
        often = np.concatenate([other.vector.often for other in others])
        begins = np.cumsum([0, *(len(other.vector.keys) for other in others[:-1])])
        lengths = np.sqrt(np.add.reduceat((often * self._weights(keys)) ** 2, begins))
        places = np.minimum(np.searchsorted(mine.keys, keys), len(mine.keys) - 1)
        shared = np.where(mine.keys[places] == keys, gains[places] * often, 0)
        cosines = np.add.reduceat(shared, begins) / np.maximum(length * lengths, 1e-9)
        return {
            other.story
            for other, cosine in zip(others, cosines.tolist(), strict=True)
            if cosine >= LINK and not _forms(mine.figures, other.vector.figures)
        }

    def _weights(self, keys: Keys) -> NDArray[np.float64]:
        """How rare each term is among the reports kept and BACKGROUND others, which do not have it."""
        holders = self._holders[keys & (len(self._holders) - 1)]
        weights: NDArray[np.float64] = np.log((BACKGROUND + len(self._place)) / (1.0 + holders))
        return weights

    def _candidates(self, keys: Keys, gains: NDArray[np.float64], at: datetime) -> list[_Report]:
        """Of the reports within the window, the CANDIDATES that share most of what is rare."""
        rare = self._holders[keys & (len(self._holders) - 1)] <= COMMON
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
        if place is not None and report is not None:
            self._reports[place] = None
            self._count(report.vector, -1)

    def _count(self, vector: _Vector, change: int) -> None:
        self._terms += change * len(vector.keys)
        if self._terms > len(self._holders):
            self._holders = np.zeros(4 * len(self._holders), np.int32)
            for report in self._reports:
                if report is not None:
                    self._holders[report.vector.keys & (len(self._holders) - 1)] += 1
            return
        self._holders[vector.keys & (len(self._holders) - 1)] += change

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


def _forms(mine: frozenset[int], theirs: frozenset[int]) -> bool:
    """Whether these are the figures of two reports that share a form and tell two things."""
    few = min(len(mine), len(theirs))
    return few > 0 and len(mine & theirs) <= TABLE_AGREE * few


def _vector(title: str, text: str) -> _Vector:
    """The terms of a report. The title counts as the text's first sentence."""
    whole = f"{title}\n{text[: LEAD_WORDS * 12]}"
    tokens = tokenise(whole)
    starts, ends = tokens.starts[:LEAD_WORDS], tokens.ends[:LEAD_WORDS]
    wide, hashes = tokens.wide[:LEAD_WORDS], tokens.hashes[:LEAD_WORDS]
    words = _word_keys(whole, starts, ends, hashes)
    told = ~wide & (words != _UNTOLD)
    names = told & _capitals(whole, starts)
    named = np.flatnonzero(names[1:] & names[:-1])
    beside = np.flatnonzero(wide[1:] & wide[:-1] & (starts[1:] == ends[:-1]))
    terms = (
        words[told],
        mix(words[named].astype(np.uint64) << np.uint64(32) | words[named + 1]).astype(np.uint32),
        mix(hashes[beside] ^ mix(hashes[beside + 1])).astype(np.uint32),
    )
    keys, times = np.unique(np.concatenate(terms), return_counts=True)
    return _Vector(keys, (1 + np.log(times)).astype(np.float32), _figures(tokens))


def _figures(tokens: Tokens) -> frozenset[int]:
    digits = tokens.digits[:LEAD_WORDS]
    if np.count_nonzero(digits) < TABLE * tokens.weights[:LEAD_WORDS].sum():
        return frozenset()
    found = frozenset(tokens.hashes[:LEAD_WORDS][digits].tolist())
    return found if len(found) >= TABLE_FIGURES else frozenset()


def _word_keys(whole: str, starts: Offsets, ends: Offsets, hashes: Hashes) -> Keys:
    """For each token the key of its word without ending, _UNTOLD for one that tells nothing."""
    values = hashes.tolist()
    found = list(map(_keys.get, values))
    if None in found:
        for at, value in enumerate(values):
            if found[at] is None:
                found[at] = _learn(value, whole[starts[at] : ends[at]])
    return np.array(found, dtype=np.uint32)


def _learn(value: int, word: str) -> int:
    """The key of a word, remembered by its hash, which is that of its folded form as well."""
    folded = fold(word).text.strip()
    stem = _stem(folded)
    key = crc32(stem.encode("utf-8", "replace")) if len(stem) > 2 and stem not in _IGNORED else _UNTOLD
    if len(_keys) >= _KEPT:
        _keys.clear()
    _keys[value] = key
    return key


def _capitals(whole: str, starts: Offsets) -> NDArray[np.bool_]:
    """Which tokens begin with a capital."""
    first = codes_of(whole)[starts]
    capitals = (first - _A) < _LETTERS  # what is below A wraps around
    for at in np.flatnonzero(first > _ASCII).tolist():
        capitals[at] = chr(first[at]).isupper()
    return capitals


def _stem(word: str) -> str:
    """A word without the endings of English: defected, defectors and defection are one."""
    match = _ENDING.search(word)
    return word[: match.start()] if match and match.start() > 3 else word


_IGNORED = frozenset(_stem(word) for word in f"{_STOP} {OUTLETS}".split())
_keys: dict[int, int] = {}
"""The key of each word heard lately, by the hash of its folded form."""
