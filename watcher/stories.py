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
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from watcher.fingerprints import tokenise

LINK = 0.40
"""Cosine from which two reports tell one story. On the five seeds .40 links the first two only."""
WINDOW = timedelta(hours=72)
"""How long after a report another one may still join its story."""
LEAD_WORDS = 250
"""Tokens that are looked at: a report tells its story first, a comment thread or a link list comes last."""
CANDIDATES = 40
BACKGROUND = 1000
"""Reports that are taken to have come before: without them, the first few would find every word they share common."""
COMMON = 300
"""Reports that share a term from which the term no longer proposes candidates."""

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
_ENDING = re.compile(r"(?:['’]s|ions?|ings?|ers?|ors?|ed|ies|es|s|e|y)$")


@dataclass(frozen=True, slots=True)
class _Report:
    story: str
    at: datetime
    terms: dict[str, float]
    """Term to 1 + log of how often."""


class Stories:
    """The reports of the last days, in memory: what they tell, and the story of each. Safe to share among threads."""

    def __init__(self, window: timedelta = WINDOW) -> None:
        self._window = window
        self._reports: dict[int | str, _Report] = {}
        self._holders: dict[str, set[int | str]] = {}
        self._lengths: dict[int | str, tuple[int, float]] = {}
        """Of a report's vector, with the number of reports it was computed at: weights drift as reports come."""
        self._last: tuple[tuple[str, str], dict[str, float]] = (("", ""), {})
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._reports)

    def add(self, document_id: int | str, story_id: str, title: str, text: str, at: datetime) -> None:
        """Keep a report of `story_id`. The same document again replaces what was kept of it."""
        with self._lock:
            report = _Report(story_id, at, self._terms_of(title, text))
            self._drop(document_id)
            self._reports[document_id] = report
            for term in report.terms:
                self._holders.setdefault(term, set()).add(document_id)

    def find(self, title: str, text: str, at: datetime) -> str | None:
        """The story this report belongs to: of those it links to, the one whose first report is oldest."""
        with self._lock:
            terms = self._terms_of(title, text)
            weighed = {term: often * self._weight(term) ** 2 for term, often in terms.items()}
            mine = math.sqrt(sum(often * weighed[term] for term, often in terms.items()))
            linked = {
                self._reports[other].story
                for other in self._candidates(weighed, at)
                if self._cosine(weighed, mine, other) >= LINK
            }
            if len(linked) < 2:
                return next(iter(linked), None)
            began: dict[str, datetime] = {}
            for report in self._reports.values():
                if report.story in linked:
                    began[report.story] = min(report.at, began.get(report.story, report.at))
        return min(began, key=lambda story: (began[story], story))

    def forget(self, before: datetime) -> None:
        """Drop the reports from before `before`."""
        with self._lock:
            for document_id in [key for key, report in self._reports.items() if report.at < before]:
                self._drop(document_id)

    def _drop(self, document_id: int | str) -> None:
        report = self._reports.pop(document_id, None)
        self._lengths.pop(document_id, None)
        for term in report.terms if report else ():
            holders = self._holders[term]
            holders.discard(document_id)
            if not holders:
                del self._holders[term]

    def _weight(self, term: str) -> float:
        """How rare a term is among the reports kept and BACKGROUND others, which do not have it."""
        return math.log((BACKGROUND + len(self._reports)) / (1 + len(self._holders.get(term, ()))))

    def _terms_of(self, title: str, text: str) -> dict[str, float]:
        """The terms of a report; those of the last one asked for are at hand, as it is found and then added."""
        if self._last[0] != (title, text):
            self._last = ((title, text), _terms(title, text))
        return self._last[1]

    def _candidates(self, weighed: dict[str, float], at: datetime) -> list[int | str]:
        scores: dict[int | str, float] = defaultdict(float)
        for term, gain in weighed.items():
            holders = self._holders.get(term, ())
            if 0 < len(holders) <= COMMON:
                for document_id in holders:
                    scores[document_id] += gain
        best = sorted(scores, key=lambda document_id: (-scores[document_id], str(document_id)))
        within = (other for other in best if abs(at - self._reports[other].at) <= self._window)
        return list(islice(within, CANDIDATES))

    def _cosine(self, weighed: dict[str, float], mine: float, other: int | str) -> float:
        theirs = self._reports[other].terms
        dot = sum(weighed[term] * theirs[term] for term in weighed.keys() & theirs.keys())
        size, length = self._lengths.get(other, (0, 0.0))
        if not 0.9 * len(self._reports) <= size <= 1.1 * len(self._reports):
            length = self._length(theirs)
            self._lengths[other] = (len(self._reports), length)
        return dot / (mine * length) if mine and length else 0.0

    def _length(self, terms: dict[str, float]) -> float:
        return math.sqrt(sum((often * self._weight(term)) ** 2 for term, often in terms.items()))


def _terms(title: str, text: str) -> dict[str, float]:
    """The terms of a report. The title counts as the first sentence of the text."""
    whole = f"{title}\n{text[: LEAD_WORDS * 12]}"
    tokens = tokenise(whole)
    found: Counter[str] = Counter()
    last, last_end, last_wide, last_name = "", -1, False, False
    columns = (tokens.starts, tokens.ends, tokens.wide, tokens.hashes)
    for start, end, wide, value in zip(*(column[:LEAD_WORDS].tolist() for column in columns), strict=True):
        word = whole[start:end]
        name = not wide and word[0].isupper()
        folded = _stem(word.lower()) if word.isascii() else f"{value:x}"  # the hash is of the folded form
        if wide:
            if last_wide and last_end == start:
                found[last + folded] += 1
        elif len(folded) > 2 and folded not in _IGNORED:
            found[folded] += 1
            if name and last_name:
                found[f"{last} {folded}"] += 1
        else:
            name = False
        last, last_end, last_wide, last_name = folded, end, wide, name
    return {term: 1 + math.log(count) for term, count in found.items()}


def _stem(word: str) -> str:
    """A word without the endings of English: defected, defectors and defection are one."""
    match = _ENDING.search(word)
    return word[: match.start()] if match and match.start() > 3 else word


_IGNORED = frozenset(_stem(word) for word in f"{_STOP} {OUTLETS}".split())
