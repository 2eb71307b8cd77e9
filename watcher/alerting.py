"""From a judgement to what is told: the alert's content, and who is owed it when."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from watcher.alert import Alert, ArticleNote, Change, HitNote, Passage, StoryNote
from watcher.bundles import Release, earliest, parse_quiet, release
from watcher.judgement import Judgement, Kin, Ruling
from watcher.model import Hit, Span, derive_id
from watcher.mutes import only
from watcher.sentences import sentences
from watcher.watchlist.rule import Watchlist

HITS = 12
"""Hits an alert carries to a watchlist, the most telling first."""

SNIPPET = 420
"""Characters of a sentence shown around a hit."""

PASSAGES = 12
"""Novel sentences an alert quotes."""


def compose(
    judgement: Judgement,
    *,
    id_: str,
    article: ArticleNote,
    text: str,
    kin: Sequence[Kin],
    changes: Sequence[Change],
    story: StoryNote | None,
) -> Alert:
    """The alert of a judgement, for all its telling rulings together."""
    rulings = judgement.telling
    borders = sentences(text)
    novel = [Passage(start, end, text[start:end]) for start, end in judgement.novelty.sentences[:PASSAGES]]
    carriers = [k.note for k in kin if k.copy and not k.same_item]
    return Alert(
        id=id_,
        verdict=judgement.verdict,
        watchlists=tuple(r.match.watchlist for r in rulings),
        article=article,
        hits=tuple(note for r in rulings for note in _notes(r, article.title, text, borders)),
        novel=tuple(novel),
        changes=tuple(changes),
        look_alikes=tuple(k.note for k in kin if k.linked),
        story=story,
        conditions=tuple((r.match.watchlist, r.match.condition) for r in rulings),
        new_words=judgement.novelty.new_words,
        words=judgement.novelty.words,
        reason=next((r.reason for r in rulings if r.outcome == "alert"), rulings[0].reason),
        carried_by=tuple(carriers),
    )


def _notes(ruling: Ruling, title: str, text: str, borders: Sequence[Span]) -> list[HitNote]:
    """The hits of one ruling with their sentences: novel subjects first, each sentence's hits marked together."""
    hits = [*zip(ruling.match.hits, ruling.novel_hits, strict=True)]
    cues = [(cue._replace(subject=False), True) for cue in ruling.match.cues] if ruling.fresh else []
    ranked = sorted(
        [*hits, *cues],
        key=lambda pair: (not pair[1], not pair[0].subject, pair[0].field != "body", pair[0].start),
    )
    shown = _telling([(hit, new) for hit, new in ranked if hit.field in ("title", "body")])
    all_hits = [hit for hit, _ in hits] + [cue for cue, _ in cues]
    notes = _Notes(ruling.match.watchlist, title, text, borders, all_hits)
    return [notes.of(hit, novel=new) for hit, new in shown]


def _telling(ranked: Sequence[tuple[Hit, bool]]) -> list[tuple[Hit, bool]]:
    """The first `HITS`, of which the last make room for terms that would not be named at all."""
    first = list(ranked[:HITS])
    named = {hit.term for hit, _ in first}
    others = list({hit.term: (hit, new) for hit, new in reversed(ranked) if hit.term not in named}.values())
    others = others[::-1][: HITS // 2]
    return [*first[: HITS - len(others)], *others]


@dataclass(frozen=True, slots=True)
class _Notes:
    """Makes the notes of one watchlist's hits."""

    watchlist: str
    title: str
    text: str
    borders: Sequence[Span]
    hits: Sequence[Hit]

    def of(self, hit: Hit, *, novel: bool) -> HitNote:
        """A hit in its sentence (the title is one), with every hit of that sentence marked."""
        if hit.field == "title":
            field, (start, end) = self.title, (0, len(self.title))
        else:
            field, (start, end) = self.text, _around(hit, self.text, self.borders)
        marks = sorted(
            {
                (max(h.start, start) - start, min(h.end, end) - start)
                for h in self.hits
                if h.field == hit.field and h.start < end and start < h.end
            }
        )
        return HitNote(
            watchlist=self.watchlist,
            term=hit.term,
            concept=hit.concept,
            field=hit.field,
            snippet=field[start:end],
            start=hit.start,
            end=hit.end,
            marks=_disjoint(marks),
            novel=novel,
            subject=hit.subject,
        )


def _around(hit: Hit, text: str, borders: Sequence[Span]) -> Span:
    """The sentence a hit stands in, cut to `SNIPPET` characters around it."""
    at = bisect_right(borders, (hit.start, len(text))) - 1
    start, end = borders[at] if at >= 0 else (hit.start, hit.end)
    start, end = min(start, hit.start), max(end, hit.end)
    if end - start > SNIPPET:
        start = max(start, hit.start - SNIPPET // 2)
        end = min(end, max(hit.end, start + SNIPPET))
    return start, end


def _disjoint(marks: Sequence[Span]) -> tuple[Span, ...]:
    joined: list[Span] = []
    for start, end in marks:
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """What the time of a delivery rests on, beside the watchlist itself."""

    now: datetime
    zone: ZoneInfo
    group_wait: timedelta
    story_reports: Mapping[str, tuple[int, datetime | None]]
    """For each watchlist its alerts of the story in the last 24 h, without this one, and when the first of them was."""
    sent_last_hour: Mapping[str, int]
    """Alerts of each watchlist in the last hour."""
    braked: Mapping[str, datetime | None]
    """Until when the storm brake already holds each watchlist."""
    catch_up: bool
    tidings: Collection[str] = ()
    """The watchlists to which it says a figure or a name that no report of the story said."""
    revisions_wait: Mapping[str, datetime] = field(default_factory=dict)
    """Until when revisions of this item wait, where one was told lately: for each watchlist that was told of the item.

    To one that was not, a revision is the first report, which never waits for another.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """One delivery: its id, to whom, what and when."""

    id: str
    channel: str
    recipient: str
    alert: Alert
    release: Release
    watchlists: tuple[str, ...]


def owed(
    alert: Alert,
    judgement: Judgement,
    *,
    key: str,
    rules: Mapping[str, Watchlist],
    recipients: Mapping[str, Sequence[str]],
    timing: Timing,
    muted: Collection[str] = (),
) -> tuple[Owed, ...]:
    """One delivery for each channel and recipient, naming the watchlists that go there, at the earliest of their times.

    `key` names item and judgement; `recipients` gives each channel's. Where all of a recipient's watchlists are
    `muted`, what would have gone is kept so, and not sent.
    """
    releases = {r.match.watchlist: _release(r, rules[r.match.watchlist], timing) for r in judgement.telling}
    addressed: dict[tuple[str, str], list[str]] = {}
    for name in releases:
        for channel in rules[name].channels:
            for recipient in recipients.get(channel, ()):
                addressed.setdefault((channel, recipient), []).append(name)
    owing = []
    for (channel, recipient), named in addressed.items():
        told = [name for name in named if name not in muted]
        names = told or named
        owing.append(
            Owed(
                id=derive_id(key, channel, recipient),
                channel=channel,
                recipient=recipient,
                alert=only(alert, names) or alert,
                release=earliest([releases[name] for name in told]) if told else Release(timing.now, "muted"),
                watchlists=tuple(names),
            )
        )
    return tuple(owing)


def _release(ruling: Ruling, rule: Watchlist, timing: Timing) -> Release:
    reports, first = timing.story_reports.get(rule.name, (0, None))
    usual = release(
        now=timing.now,
        deliver=rule.deliver,
        quiet=rule.quiet,
        zone=timing.zone,
        max_per_hour=rule.max_per_hour,
        sent_last_hour=timing.sent_last_hour.get(rule.name, 0),
        brake_until=timing.braked.get(rule.name),
        story_reports_24h=reports,
        story_first_at=first,
        group_wait=timing.group_wait,
        fresh=ruling.fresh or rule.name in timing.tidings,
        catch_up=timing.catch_up,
        follow_up=ruling.outcome == "follow-up",
    )
    wait = timing.revisions_wait.get(rule.name)
    if wait is None or wait <= usual.at or usual.reason not in (None, "group", "roll-up"):
        return usual
    # a live blog: the first revision at once, then one message an hour with all that came; what waits for a
    # digest, the brake or the morning comes together anyway
    hours = parse_quiet(rule.quiet)
    morning = hours.until(wait, timing.zone) if hours is not None else None
    return Release(at=morning, reason="quiet") if morning is not None else Release(at=wait, reason="roll-up")
