"""The rule of watcher: an article alerts a watchlist when it holds and a novel sentence carries a subject hit.

Everything that is read to decide comes in as one `Case`, what was decided
goes out as one `Judgement`, each ruling with its reason. DESIGN §1 is the
source of the rules and of the constants.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from watcher.alert import Change, LookAlikeNote
from watcher.folding import count_words
from watcher.model import Hit, Match, Span, Verdict
from watcher.novelty import Fingerprint, Likeness, Novelty, novel, verdict
from watcher.watchlist.rule import Watchlist

FOLLOW_UP_WORDS = 25
"""New words that make an article without a new hit worth a follow-up."""

RESURFACED_OUTLETS = 3
"""Outlets that must carry a known text within 48 h before its return is told."""

Outcome = Literal["alert", "follow-up", "silent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kin:
    """A document whose text stands in this one. `known_to`: the watchlists it is known to, None for all of them."""

    document: int
    likeness: Likeness
    known_to: frozenset[str] | None
    note: LookAlikeNote
    cluster: int
    story: str | None
    origin: str
    same_item: bool = False

    def known(self, watchlist: str) -> bool:
        """Whether its text is known to the watchlist."""
        return self.known_to is None or watchlist in self.known_to

    @property
    def copy(self) -> bool:
        """Whether the two are copies of one another, not documents that share a passage."""
        return max(self.likeness.containment, self.likeness.contained) >= 0.5

    @property
    def linked(self) -> bool:
        """Whether it is a look-alike. Of one in the same frame of a site only the passages count, as known text."""
        return not self.likeness.framed


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """All that a judgement rests on.

    `title_known_to`: the watchlists that know an article of this very title
    (None: all). `boilerplate`: spans known to everybody. `titles`: lines of the text, or what its `Read also:` names,
    that are titles of stored articles, each with the watchlists that know one
    of them. `changes`: for each watchlist what a revision changed in the
    sentences it hit. `already`: the watchlists this item alerted before, where
    this judgement completes a partial one.
    `resurfaced`: the outlets that carried the seed lately, with this one.
    """

    title: str
    text: str
    matches: Sequence[Match]
    shape: Fingerprint | None = None
    """The text's own, which saves folding it again."""
    kin: Sequence[Kin] = ()
    boilerplate: tuple[Span, ...] = ()
    titles: Sequence[tuple[Span, frozenset[str] | None]] = ()
    title_known_to: frozenset[str] | None = frozenset()
    partial: bool = False
    revision: bool = False
    removed: bool = False
    changes: Mapping[str, tuple[Change, ...]] = field(default_factory=dict)
    already: frozenset[str] = frozenset()
    baseline: bool = False
    resurfaced: frozenset[str] = frozenset()
    resurfaced_told: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What one watchlist makes of the article. `fresh`: a cue or changed figures, which a roll-up does not hold."""

    match: Match
    outcome: Outcome
    reason: str
    novel_hits: tuple[bool, ...]
    """For each hit of the match, whether it stands in novel text."""
    new_words: float
    fresh: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The whole decision. `novelty` is what is new to all the watchlists that alert (to everybody, where none does)."""

    verdict: Verdict
    novelty: Novelty
    rulings: tuple[Ruling, ...]
    reason: str
    best: Kin | None
    seed: int | None = None
    """The seed document that resurfaced in this article."""

    @property
    def telling(self) -> tuple[Ruling, ...]:
        """The rulings that are told to somebody, now or later."""
        return tuple(r for r in self.rulings if r.outcome != "silent")


def judge(case: Case, rules: Mapping[str, Watchlist]) -> Judgement:
    """Decide a case. `rules` holds every watchlist that may match."""
    novelties = _Novelties(case)
    overall = novelties.of()
    best = next((kin for kin in case.kin if kin.linked), None)
    seed = _seed(case, overall)
    rulings = tuple(_rule(case, match, rules[match.watchlist], novelties) for match in case.matches)
    # one that alerts for what it adds is not the return of a known text, which is still to be told then
    again = seed is not None and all(r.outcome != "alert" for r in rulings)
    if seed is not None and any(r.outcome == "silent" for r in rulings):
        told = _resurface(case, rulings)
        again = again or any(
            now.outcome == "alert" != then.outcome for now, then in zip(told, rulings, strict=True)
        )
        rulings = told
    alerting = [r.match.watchlist for r in rulings if r.outcome == "alert"]
    known = best
    if alerting:
        overall = novelties.of(*alerting)
        known = next((k for k in case.kin if k.linked and all(k.known(name) for name in alerting)), None)
    label = _label(case, overall, known, rulings, again=again)
    return Judgement(
        verdict=label,
        novelty=overall,
        rulings=rulings,
        reason=_summary(case, label, overall, best),
        best=best,
        seed=seed,
    )


class _Novelties:
    """What of the text is novel, computed once for each set of what counts as known."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._made: dict[tuple[frozenset[int], frozenset[Span]], Novelty] = {}

    def of(self, *watchlists: str) -> Novelty:
        """The novelty against what is known to all of these; without any, against all that is stored."""
        case = self._case
        kin = [k for k in case.kin if all(k.known(name) for name in watchlists)]
        titles = frozenset(
            line for line, known_to in case.titles if known_to is None or known_to.issuperset(watchlists)
        )
        key = frozenset(k.document for k in kin), titles
        if key not in self._made:
            spans = [span for k in kin for span in k.likeness.spans]
            self._made[key] = novel(case.text, [*spans, *titles, *case.boilerplate], mine=case.shape)
        return self._made[key]


def _rule(case: Case, match: Match, rule: Watchlist, novelties: _Novelties) -> Ruling:
    name = match.watchlist
    known = [kin for kin in case.kin if kin.known(name)]
    relatives = [kin for kin in known if kin.linked]
    novelty = novelties.of(name)
    body_novel = _novel_flags(match.hits, novelty)
    title_novel = _title_is_novel(case, name, novelty, rule, related=bool(relatives))
    flags = tuple(
        body if hit.field == "body" else title_novel for hit, body in zip(match.hits, body_novel, strict=True)
    )
    carried = any(
        flag and hit.subject and hit.field in ("title", "body")
        for hit, flag in zip(match.hits, flags, strict=True)
    )
    cue = next((c for c, new in zip(match.cues, _novel_flags(match.cues, novelty), strict=True) if new), None)

    def ruling(outcome: Outcome, reason: str, *, fresh: bool = False) -> Ruling:
        return Ruling(
            match=match,
            outcome=outcome,
            reason=reason,
            novel_hits=flags,
            new_words=novelty.new_words,
            fresh=fresh,
        )

    if case.baseline:
        return ruling("silent", "first poll: known from before, not news")
    if case.removed:
        return ruling("alert", "removed: the page of an alerted article is gone", fresh=True)
    if case.revision and (changed := case.changes.get(name)):
        gone = sum(not change.after for change in changed)
        said = f"{len(changed) - gone} changed" if gone < len(changed) else ""
        said += f"{', ' if said and gone else ''}{gone} gone" if gone else ""
        return ruling("alert", f"revised: {said} of the sentences that were hit", fresh=True)
    if name in case.already:
        # the full text of what this watchlist was told as partial: its hits and cues are no news, its length may be
        carried, cue = False, None
    enough = novelty.new_words >= rule.min_new_words
    if carried and (enough or not relatives):
        return ruling("alert", _why_new(case, relatives, novelty), fresh=cue is not None)
    if cue is not None:
        text = (case.title if cue.field == "title" else case.text)[cue.start : cue.end]
        return ruling("alert", f"cue: “{text}” in a new sentence", fresh=True)
    if novelty.new_words >= FOLLOW_UP_WORDS and known:
        return ruling("follow-up", f"follow-up: {novelty.new_words:g} new words, no new hit")
    if carried:
        return ruling(
            "silent",
            f"too little new: {novelty.new_words:g} new words, {rule.min_new_words:g} asked for (min_new_words)",
        )
    return ruling("silent", _why_silent(known, in_text=any(hit.field == "body" for hit in match.hits)))


def _novel_flags(hits: Sequence[Hit], novelty: Novelty) -> tuple[bool, ...]:
    """For each hit in the body, whether it overlaps a novel sentence."""
    sentences = novelty.sentences
    return tuple(
        hit.field == "body" and any(start < hit.end and hit.start < end for start, end in sentences)
        for hit in hits
    )


def _title_is_novel(case: Case, name: str, novelty: Novelty, rule: Watchlist, *, related: bool) -> bool:
    """A title counts where it is new itself and the body brings enough new words, or there is no body."""
    if case.title_known_to is None or name in case.title_known_to:
        return False
    if not case.text.strip() or case.text.strip() == case.title.strip():
        return not related
    return not related or novelty.new_words >= rule.min_new_words


def _seed(case: Case, overall: Novelty) -> int | None:
    """The seed whose text makes up this article, if one does."""
    if overall.covered < 0.8:
        return None
    return next(
        (k.document for k in case.kin if k.origin == "seed" and k.linked and k.likeness.shared_words >= 20),
        None,
    )


def _resurface(case: Case, rulings: tuple[Ruling, ...]) -> tuple[Ruling, ...]:
    told = case.resurfaced_told or len(case.resurfaced) < RESURFACED_OUTLETS
    outlets = ", ".join(sorted(case.resurfaced))
    return tuple(
        r
        if r.outcome != "silent"
        else Ruling(
            match=r.match,
            outcome="silent" if told else "alert",
            reason=f"resurfaced: a text known from the seed corpus, carried by {outlets}",
            novel_hits=r.novel_hits,
            new_words=r.new_words,
        )
        for r in rulings
    )


def _label(
    case: Case, novelty: Novelty, best: Kin | None, rulings: Sequence[Ruling], *, again: bool
) -> Verdict:
    if case.removed:
        return "removed"
    if case.revision and (case.changes or any(kin.same_item for kin in case.kin)):
        return "revision"
    if again:
        return "resurfaced"
    outcomes = {r.outcome for r in rulings}
    if "follow-up" in outcomes and "alert" not in outcomes:
        return "follow-up"
    label = verdict(novelty, best.likeness if best else None)
    if case.partial and label == "new":
        return "partial"
    # by their shares of words some alerts are copies; to whoever is told of a new sentence they are not
    return "extended" if "alert" in outcomes and label in ("copy", "excerpt") else label


def _source(kin: Kin) -> str:
    title, source = kin.note.title, kin.note.source
    if title:
        return f"“{title}” ({source})" if source else f"“{title}”"
    return source or "a known text"


def _why_new(case: Case, relatives: Sequence[Kin], novelty: Novelty) -> str:
    if not relatives and case.partial:
        return "partial: only the feed's summary could be read so far"
    if not relatives:
        return "new: no known text in it" + (" but the frame of its page" if case.kin else "")
    return f"new: {novelty.new_words:g} of {novelty.words:g} words are new beside {_source(relatives[0])}"


def _why_silent(known: Sequence[Kin], *, in_text: bool) -> str:
    if not known and in_text:
        return "known text: the hits stand in titles of known reports, or in what stands on many pages"
    if not known:
        return "title only: its title is known and its text has no hit"
    kin = known[0]
    if kin.copy:
        return f"copy: of {_source(kin)}"
    if not kin.linked:
        return f"known text: the hits stand in the frame of the page, which {_source(kin)} has as well"
    return f"known text: the hits stand in what {_source(kin)} said"


def _summary(case: Case, label: Verdict, novelty: Novelty, best: Kin | None) -> str:
    """One line on the article as a whole."""
    words = f"{novelty.new_words:g} of {novelty.words:g} words new"
    if best is None:
        return words if novelty.words else f"{count_words(case.title):g} words, a headline only"
    share = f"{best.likeness.containment:.0%} of this text stands there"
    return f"{label}: {words}; nearest {_source(best)}, {share}"
