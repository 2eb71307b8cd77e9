"""One judgement inside its writing transaction: what came since the snapshot, the ruling, and all that is written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watcher.alert import Change
from watcher.folding import count_words
from watcher.judgement import Case, Judgement, Kin, Ruling, judge
from watcher.model import Hit, Match, Span, derive_id
from watcher.novelty import (
    Fingerprint,
    boilerplate_spans,
    changes,
)
from watcher.novelty.titles import takes
from watcher.pipeline import Parts, StoryBook
from watcher.pipeline.kinship import (
    look_alikes_json,
    rank,
    title_known_to,
    titles_known_to,
    verified,
    with_knowers,
)
from watcher.pipeline.reading import Reading
from watcher.pipeline.stocking import unsigned
from watcher.pipeline.telling import Telling, alerted
from watcher.stores import Reader, Writer
from watcher.stores.claims import ItemClaim
from watcher.stores.decisions import ArticleRow, MatchRow, NextLook
from watcher.stores.documents import Document, Found, NewDocument
from watcher.stores.views import Take

LOOKS_AGAIN = (timedelta(hours=1), timedelta(hours=6), timedelta(hours=24))
"""When the page of an alerted article is looked at again, after its alert."""

REUSED = 0.2
"""Containment under which a known GUID with other content is another item (DESIGN §2)."""

RESURFACE_WINDOW = timedelta(hours=48)

TAKES = timedelta(hours=12)
"""For so long after a flash its updates are revisions of it (DESIGN §1)."""

SHORT = 20
"""Words under which a text may be rewritten whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What can be said of an article before its transaction: its fingerprint, matches, and look-alikes so far."""

    title: str
    text: str
    shape: Fingerprint
    sample: tuple[int, ...]
    matches: tuple[Match, ...]
    found: Found
    kin: tuple[tuple[Document, Kin], ...]
    lines: tuple[tuple[Span, int], ...] = ()
    """See `title_lines`."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a judgement came to, for the log and the counters."""

    title: str
    outcome: str
    article: str | None = None
    alerts: tuple[str, ...] = ()


def previous(claim: ItemClaim, reader: Reader) -> tuple[str, str] | None:
    """Title and text of the item's last judgement, where still kept."""
    view = reader.article(claim.previous) if claim.previous is not None else None
    return (view.row.title, view.text) if view is not None and view.text is not None else None


class Decision:
    """One judgement inside its writing transaction."""

    def __init__(
        self,
        claim: ItemClaim,
        reading: Reading,
        draft: Draft,
        parts: Parts,
        stories: StoryBook,
        *,
        now: datetime,
        removed: bool,
    ) -> None:
        self._claim = claim
        self._reading = reading
        self._draft = draft
        self._parts = parts
        self._stories = stories
        self._now = now
        self._removed = removed
        self._key = claim.key
        self._revision = claim.stage in ("first", "again") and claim.previous is not None
        self._told_as: str | None = None
        """The story of the report this is the next take of."""

    def write(self, w: Writer) -> Judged:
        """Re-check what came since the snapshot, decide, and write everything."""
        draft = self._draft
        if not w.holds(self._claim):
            return Judged(draft.title, "somebody else has it")
        take = self._take(w)
        if take is not None:
            self._claim = replace(self._claim, previous=take.article, earlier=take.item)
            self._revision, self._told_as = True, take.story
        claim = self._claim
        newer = w.look_up(draft.sample, after=draft.found.newest)
        kept = draft.kin if take is None else verified(draft.shape, draft.found, items=claim.items)
        pairs = [*kept, *verified(draft.shape, newer, items=claim.items)]
        pairs.sort(key=lambda pair: rank(pair[1]))
        kin = with_knowers(w, pairs, self._parts.rules)
        boilerplate = draft.found.boilerplate | newer.boilerplate
        before = previous(claim, w) if self._revision else None
        if self._revision and not self._removed and self._is_reused(kin, before):
            self._revision, before = False, None
            self._key = f"{claim.key}\n{claim.entry.content_hash}"
        case = self._case(w, kin, boilerplate, before)
        judgement = judge(case, self._parts.rules)
        w.learn(tuple(boilerplate))
        return self._keep(w, case, judgement, kin)

    def _take(self, w: Writer) -> Take | None:
        """The latest report of this feed that this one is the next take of: of a wire's flash, its update."""
        claim, draft = self._claim, self._draft
        if (
            claim.previous is not None
            or claim.source_kind != "feed"
            or claim.mode != "news"
            or not draft.matches
        ):
            return None
        lately = w.lately(claim.source_id, self._now - TAKES)
        return next((t for t in lately if t.item != claim.id and takes(t.title, draft.title)), None)

    def _is_reused(self, kin: Sequence[Kin], before: tuple[str, str] | None) -> bool:
        own = [k.likeness for k in kin if k.same_item]
        if not own:
            # a flash has little text that its update could share
            flash = self._claim.earlier is not None and before is not None and count_words(before[1]) < SHORT
            return self._draft.shape.words >= SHORT and not flash
        return max(max(likeness.containment, likeness.contained) for likeness in own) < REUSED

    def _case(
        self, w: Writer, kin: Sequence[Kin], boilerplate: frozenset[int], before: tuple[str, str] | None
    ) -> Case:
        claim, draft = self._claim, self._draft
        key = draft.shape.title_key
        titled = () if key is None else w.titled(key)
        knowers = title_known_to(
            w, [d for d in titled if d.item != claim.id or claim.previous is None], self._parts.rules
        )
        matches = draft.matches
        changed: dict[str, tuple[Change, ...]] = {}
        if before is not None and not self._removed:
            matches, changed = self._changes(w, before[1])
        seed = next((k.document for k in kin if k.origin == "seed" and k.linked), None)
        outlets, told = (
            w.resurfacings(seed, self._now - RESURFACE_WINDOW) if seed is not None else (frozenset(), False)
        )
        already = alerted(w, claim) if claim.stage == "page" or self._removed else frozenset()
        if self._removed:
            matches = tuple(m for m in matches if m.watchlist in already)
        return Case(
            title=draft.title,
            text=draft.text,
            matches=matches,
            shape=draft.shape if draft.text else None,
            kin=kin,
            boilerplate=boilerplate_spans(draft.shape, unsigned(boilerplate)),
            titles=titles_known_to(w, draft.lines, self._parts.rules, items=claim.items),
            title_known_to=knowers,
            partial=self._reading.partial,
            revision=self._revision,
            removed=self._removed,
            changes=changed,
            already=already if claim.stage == "page" else frozenset(),
            baseline=claim.mode == "known",
            resurfaced=outlets | {claim.outlet},
            resurfaced_told=told,
        )

    def _changes(self, w: Writer, before: str) -> tuple[tuple[Match, ...], dict[str, tuple[Change, ...]]]:
        """For each watchlist what changed in the sentences it hits or hit; and one that holds no longer for that."""
        view = w.article(self._claim.previous) if self._claim.previous is not None else None
        then = {m.watchlist: m for m in view.matches} if view is not None else {}
        now = {m.watchlist: m for m in self._draft.matches}
        told = alerted(w, self._claim)
        found: dict[str, tuple[Change, ...]] = {}
        for name in (name for name in self._parts.rules if name in then or name in now):
            hit = _spans(now[name].hits) if name in now else []
            was_hit = _stored_spans(then[name].hits) if name in then else []
            changed = changes(before, self._draft.text, hit, before_hits=was_hit)
            if changed:
                found[name] = changed
        lapsed = tuple(
            Match(watchlist=name, hits=(), condition=then[name].condition)
            for name in found
            if name not in now and name in told
        )
        return (*self._draft.matches, *lapsed), found

    def _keep(self, w: Writer, case: Case, judgement: Judgement, kin: Sequence[Kin]) -> Judged:
        claim, draft, reading, now = self._claim, self._draft, self._reading, self._now
        article = derive_id("article", self._key, claim.judgement)
        story = self._story(article, kin)
        copy = next((k for k in kin if k.copy), None)
        document = w.store(
            NewDocument(
                key=article,
                origin="article" if claim.mode == "news" else "baseline",
                title=draft.title,
                text=draft.text,
                shape=draft.shape.to_bytes(),
                sample=draft.sample,
                words=draft.shape.words,
                url=claim.entry.url,
                source=claim.source,
                outlet=claim.outlet,
                published=reading.published,
                language=reading.language,
                article=article,
                item=claim.id,
                cluster=copy.cluster if copy else None,
                story=story,
                title_key=draft.shape.title_key,
            ),
            now,
        )
        w.file(
            self._row(article, document, judgement, kin, story), [_match_row(r) for r in judgement.rulings]
        )
        alerts: tuple[str, ...] = ()
        if judgement.telling:
            telling = Telling(
                claim=claim,
                reading=reading,
                case=case,
                judgement=judgement,
                parts=self._parts,
                key=self._key,
                now=now,
            )
            alerts = telling.write(w, article, story)
        if story is not None:
            self._stories.add(document, story, draft.title, draft.text, now)
        w.finish(
            claim,
            article=article,
            next_look=self._next_look(alerted=bool(alerts)),
            reason=reading.problem,
        )
        return Judged(draft.title, judgement.reason, article, alerts)

    def _row(
        self, article: str, document: int, judgement: Judgement, kin: Sequence[Kin], story: str | None
    ) -> ArticleRow:
        claim, reading = self._claim, self._reading
        return ArticleRow(
            id=article,
            item=claim.id,
            judgement=claim.judgement,
            document=document,
            title=self._draft.title,
            url=claim.entry.url,
            source_id=claim.source_id,
            source=claim.source,
            outlet=claim.outlet,
            author=reading.author,
            published=reading.published,
            found=self._now,
            language=reading.language,
            words=judgement.novelty.words,
            new_words=judgement.novelty.new_words,
            verdict=judgement.verdict,
            reason=judgement.reason,
            novel=judgement.novelty.spans,
            look_alikes=look_alikes_json(kin),
            story=story,
            partial=reading.partial,
            resurfaced_seed=judgement.seed,
        )

    def _story(self, article: str, kin: Sequence[Kin]) -> str | None:
        """The story of the nearest copy, else of the most similar report lately, else a new one."""
        if self._claim.mode == "known":
            return None
        own = next((k.story for k in kin if k.same_item and k.story), None) or self._told_as
        near = own or next((k.story for k in kin if k.copy and k.story), None)
        return near or self._stories.find(self._draft.title, self._draft.text, self._now) or article

    def _next_look(self, *, alerted: bool) -> NextLook | None:
        claim, now = self._claim, self._now
        following = claim.judgement + 1
        if self._reading.partial and claim.mode != "known":
            return NextLook(stage="page", due=now + self._reading.page_after, judgement=following, tries=0)
        if self._removed:
            return None
        if self._reading.from_page and (
            alerted or (claim.stage == "again" and claim.looks < len(LOOKS_AGAIN))
        ):
            looks = claim.looks if claim.stage == "again" else 0
            wait = LOOKS_AGAIN[looks] - (LOOKS_AGAIN[looks - 1] if looks else timedelta(0))
            return NextLook(stage="again", due=now + wait, judgement=following, looks=looks + 1)
        return None


def _spans(hits: Sequence[Hit]) -> list[Span]:
    return sorted({(h.start, h.end) for h in hits if h.field == "body" and h.subject})


def _stored_spans(hits: str) -> list[Span]:
    """The same of hits as `hits_json` keeps them."""
    return sorted({(h["start"], h["end"]) for h in json.loads(hits) if h["field"] == "body" and h["subject"]})


def _match_row(ruling: Ruling) -> MatchRow:
    return MatchRow(
        watchlist=ruling.match.watchlist,
        alerts=ruling.outcome != "silent",
        reason=ruling.reason,
        hits=hits_json(ruling.match, ruling.novel_hits),
        condition=ruling.match.condition,
    )


def hits_json(match: Match, novel: Sequence[bool]) -> str:
    """The hits of a match as the store keeps them."""
    return json.dumps(
        [
            {
                "term": h.term,
                "concept": h.concept,
                "field": h.field,
                "start": h.start,
                "end": h.end,
                "subject": h.subject,
                "novel": new,
            }
            for h, new in zip(match.hits, novel, strict=True)
        ],
        ensure_ascii=False,
    )
