"""How an article that alerts is told: the alert, and what is owed for it to whom and when, as one write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from watcher.alert import ArticleNote, Change
from watcher.alerting import Timing, compose, owed
from watcher.bundles import ROLL_UP_FROM
from watcher.judgement import Case, Judgement
from watcher.model import derive_id
from watcher.mutes import muted
from watcher.novelty.tidings import anew
from watcher.pipeline import Parts
from watcher.pipeline.reading import Reading
from watcher.stores import Writer
from watcher.stores.claims import ItemClaim
from watcher.stores.decisions import NewDelivery

REVISIONS_EVERY = timedelta(hours=1)
"""The first revision of an item is told at once, later ones together this often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """The telling of one judgement. `key`: the item's, by which the ids of what is owed are derived."""

    claim: ItemClaim
    reading: Reading
    case: Case
    judgement: Judgement
    parts: Parts
    key: str
    now: datetime

    def write(self, w: Writer, article: str, story: str | None) -> tuple[str, ...]:
        """Keep the alert with every delivery that is owed for it; the watchlists it names."""
        claim, reading, case, judgement, now = self.claim, self.reading, self.case, self.judgement, self.now
        note = w.story(story) if story else None
        alert = compose(
            judgement,
            id_=derive_id("alert", self.key, claim.judgement),
            article=ArticleNote(
                id=article,
                title=case.title,
                url=claim.entry.url or _file_url(claim.entry.path),
                source=claim.source,
                published=reading.published,
                language=reading.language,
                summary=case.text[:300],
                found=now,
            ),
            text=case.text,
            kin=case.kin,
            changes=_told(case, judgement),
            story=note,
        )
        names = [r.match.watchlist for r in judgement.telling]
        silenced = muted(alert, w.mutes(now))
        day = now - timedelta(hours=24)
        reports = {name: w.story_alerts(story, name, day) for name in names} if story else {}
        wait = None
        if case.revision or case.removed:
            wait = w.revisions_wait(claim.earlier or claim.id, now, REVISIONS_EVERY)
        owing = owed(
            alert,
            judgement,
            key=f"{self.key}\n{claim.judgement}",
            rules=self.parts.rules,
            recipients={name: channel.recipients for name, channel in self.parts.channels.items()},
            timing=Timing(
                now=now,
                zone=self.parts.zone,
                group_wait=self.parts.group_wait,
                story_reports=reports,
                sent_last_hour={name: w.sent_since(name, now - timedelta(hours=1)) for name in names},
                braked={name: w.braked(name, now) for name in names},
                catch_up=claim.mode == "catch-up",
                tidings=self._tidings(w, story, reports, day),
                revisions_wait=dict.fromkeys(alerted(w, claim), wait) if wait else {},
            ),
            muted=silenced,
        )
        w.raise_alert(
            alert,
            article=article,
            story=story,
            now=now,
            muted=silenced,
            deliveries=[
                NewDelivery(
                    id=one.id,
                    channel=one.channel,
                    recipient=one.recipient,
                    content=one.alert,
                    created=now,
                    due=None
                    if one.release.reason == "catch-up" and one.release.at <= now
                    else one.release.at,
                    hold=one.release.reason,
                    alert=alert.id,
                    story=story,
                    watchlists=one.watchlists,
                )
                for one in owing
            ],
        )
        return alert.watchlists

    def _tidings(
        self,
        w: Writer,
        story: str | None,
        reports: Mapping[str, tuple[int, datetime | None]],
        since: datetime,
    ) -> frozenset[str]:
        """The watchlists to which a roll-up would hold back a figure or a name that is new in the story."""
        found = set()
        for ruling in self.judgement.telling:
            name = ruling.match.watchlist
            if story is None or ruling.fresh or reports[name][0] < ROLL_UP_FROM - 1:
                continue
            hits = [
                hit
                for hit, new in zip(ruling.match.hits, ruling.novel_hits, strict=True)
                if new and hit.subject and hit.field == "body"
            ]
            said = [
                self.case.text[start:end]
                for start, end in self.judgement.novelty.sentences
                if any(start < hit.end and hit.start < end for hit in hits)
            ]
            if anew(said, w.story_texts(story, name, since)):
                found.add(name)
        return frozenset(found)


def alerted(w: Writer, claim: ItemClaim) -> frozenset[str]:
    """The watchlists that this item, or the one it is the next take of, has alerted."""
    return frozenset().union(*(w.alerted(item) for item in claim.items if item is not None))


def _told(case: Case, judgement: Judgement) -> tuple[Change, ...]:
    """The changes of the watchlists that alert, each once."""
    named = (change for r in judgement.telling for change in case.changes.get(r.match.watchlist, ()))
    return tuple(dict.fromkeys(named))


def _file_url(path: str | None) -> str | None:
    return f"file://{path}" if path else None
