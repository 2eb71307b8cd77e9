"""A card: what is shown of an alert, in clean text and the reader's time, before any form is given to it.

In this order: what it is in one line, the link, up to three sentences with
the hits in bold, what matched, how much is new and against what, who else
carried it, how to ask why.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from watcher.alert import Alert, Bundle, HitNote, LookAlikeNote, StoryNote
from watcher.display import Line, clean, link, runs
from watcher.model import Verdict

SENTENCES = 3
"""Most sentences shown of one article: enough to judge it, few enough to read in ten seconds."""

ADDRESS = 90
"""Characters of an address that a page shows; the link behind it is whole."""

_LABELS: dict[Verdict, str] = {
    "new": "NEW",
    "partial": "PARTIAL",
    "copy": "COPY",
    "excerpt": "EXCERPT",
    "extended": "EXTENDED",
    "revision": "REVISED",
    "removed": "REMOVED",
    "follow-up": "FOLLOW-UP",
    "resurfaced": "RESURFACED",
}
_NOTES: dict[Verdict, str] = {
    "partial": "only the summary so far; the page could not be read yet",
    "excerpt": "mostly known text, cut from a longer report",
    "extended": "a known report with something added",
    "revision": "the article was changed since it was first seen",
    "removed": "what was reported no longer stands there",
    "follow-up": "more on a story already reported",
    "resurfaced": "old text that is going round again",
}


@dataclass(frozen=True, slots=True)
class Card:
    """One alert, ready to be shown: clean text only, times in the reader's zone."""

    id: str
    verdict: Verdict
    label: str
    note: str
    watchlists: str
    source: str
    when: str
    title: str
    heading: Line
    """The title with its hits."""
    url: str
    """The address as text; `link` is the same where a mail may link it, else empty."""
    link: str
    address: str
    """The address short enough to be looked at: its host whole, its end, an ellipsis between."""
    language: str
    sentences: tuple[Line, ...]
    changes: tuple[tuple[Line, Line], ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    """What matched, how much is new, the story, who else carried it: a label and its lines."""
    because: str
    """Why it alerts, in one line; may be empty."""
    why: str
    """The command that shows the whole decision."""
    mute: str
    """The command that ends reports of this story for a while; empty where it has none."""


@dataclass(frozen=True, slots=True)
class Group:
    """The alerts of a bundle that belong to one story."""

    title: str
    count: str
    cards: tuple[Card, ...]


# --------------------------------------------------------------------------- one alert


def card(alert: Alert, *, zone: tzinfo = UTC) -> Card:
    """Everything about `alert` that is shown, in the reader's time zone."""
    article = alert.article
    source = clean(article.source, 80)
    title = clean(article.title, 400) or clean(article.summary, 100) or "untitled"
    marks = [mark for hit in alert.hits if hit.snippet == article.title for mark in hit.marks]
    language = clean(article.language or "", 12)
    return Card(
        id=clean(article.id, 64),
        verdict=alert.verdict,
        label=_LABELS[alert.verdict],
        note=_NOTES.get(alert.verdict, ""),
        watchlists=clean(", ".join(alert.watchlists), 300),
        source=f"{source} ({language})" if language else source,
        when=_when(article.published, article.found, zone, changed=alert.verdict in {"revision", "removed"}),
        title=title,
        heading=runs(article.title, marks) or ((title, False),),
        url=clean(article.url or "", 2_000),
        link=link(article.url),
        address=_address(clean(article.url or "", 2_000)),
        language=language,
        sentences=_sentences(alert),
        changes=tuple((_changed(c.before, c.after), _changed(c.after, c.before)) for c in alert.changes[:5]),
        rows=_rows(alert, zone),
        because=clean(alert.reason, 200),
        why=f"watcher why {_short(article.id)}",
        mute=_mute(alert),
    )


def _mute(alert: Alert) -> str:
    if alert.story is None:
        return ""
    return f'watcher mute {_short(alert.story.id)} --for 7d --reason "…"'


def _short(id_: str) -> str:
    """As much of an id as commands need: 48 of its bits, so that years of articles do not share them."""
    return clean(id_, 64)[:13]


def _address(url: str) -> str:
    if len(url) <= ADDRESS:
        return url
    host_ends = re.compile(r"[/?#]").search(url, len("https://"))
    head = max(ADDRESS - 24, host_ends.start() if host_ends else len(url))
    return f"{url[:head]}…{url[-20:]}" if head < len(url) - 20 else url


def _when(published: datetime | None, found: datetime, zone: tzinfo, *, changed: bool) -> str:
    """When it came out and when it was seen; one date where both are of one day."""
    verb = "changed" if changed else "found"
    local = found.astimezone(zone)
    day = f"{local.day} {local:%b %Y}"
    if published is None:
        return f"no date of its own, {verb} {local:%H:%M %Z} · {day}"
    out = published.astimezone(zone)
    if out.date() == local.date():
        return f"published {out:%H:%M}, {verb} {local:%H:%M %Z} · {day}"
    return f"published {out.day} {out:%b %Y} {out:%H:%M}, {verb} {day} {local:%H:%M %Z}"


def _sentences(alert: Alert) -> tuple[Line, ...]:
    """The best sentences with their hits, what is new first, else as they stand in the text; without any, the summary.

    Best: novel before known, then with most different terms. The title is
    shown anyway, with its own hits marked.
    """
    told = {change.after for change in alert.changes}
    title = _bare(alert.article.title)
    by_snippet: dict[str, list[HitNote]] = {}
    for hit in alert.hits:
        # a page's text often begins with its title, and that stands above already
        if hit.field == "body" and _bare(hit.snippet) not in {"", title} and hit.snippet not in told:
            by_snippet.setdefault(hit.snippet, []).append(hit)

    def known(item: tuple[str, list[HitNote]]) -> bool:
        return not any(hit.novel for hit in item[1])

    ranked = sorted(
        by_snippet.items(),
        key=lambda item: (
            known(item),
            -len({hit.watchlist for hit in item[1]}),
            -len({hit.term for hit in item[1]}),
            min(hit.start for hit in item[1]),
        ),
    )[:SENTENCES]
    ranked.sort(key=lambda item: (known(item), min(hit.start for hit in item[1])))
    lines = tuple(runs(snippet, [mark for hit in hits for mark in hit.marks]) for snippet, hits in ranked)
    if not lines and not alert.changes:
        lines = (runs(clean(alert.article.summary).removeprefix(clean(alert.article.title)), ()),)
    return tuple(line for line in lines if line)


def _bare(text: str) -> str:
    return clean(text).rstrip(" .。").casefold()


_TOKEN = re.compile(r"\d[\d,.]*|[^\W\d]+|[^\w\s]")


def _changed(text: str, other: str) -> Line:
    """`text` with what `other` does not say in bold: by words, and within CJK by runs between shared figures."""
    text, other = clean(text, 2_000), clean(other, 2_000)
    if not text or not other:
        return runs(text, ())
    mine = list(_TOKEN.finditer(text))
    theirs = [m.group() for m in _TOKEN.finditer(other)]
    matcher = difflib.SequenceMatcher(None, [m.group() for m in mine], theirs, autojunk=False)
    marks = [
        (mine[a].start(), mine[b - 1].end())
        for kind, a, b, _, _ in matcher.get_opcodes()
        if kind != "equal" and b > a
    ]
    return runs(text, marks)


def _rows(alert: Alert, zone: tzinfo) -> tuple[tuple[str, tuple[str, ...]], ...]:
    rows = [("Matched", _matched(alert)), ("New", (_novelty(alert),))]
    if alert.story is not None:
        rows.append(("Story", (_story(alert.story, zone),)))
    carriers = _names(alert.carried_by)
    rows.append(("Carried by", (carriers or "nobody else so far",)))
    return tuple(rows)


def _matched(alert: Alert) -> tuple[str, ...]:
    """For each watchlist the terms that were found, and what held, in the user's words."""
    conditions = dict(alert.conditions)
    lines = []
    for name in alert.watchlists:
        terms = dict.fromkeys(clean(hit.term, 40) for hit in alert.hits if hit.watchlist == name)
        found = ", ".join(list(terms)[:8]) + (" …" if len(terms) > 8 else "")
        condition = clean(conditions.get(name, ""), 160)
        what = f"{found} · {condition}" if condition and found else condition or found
        lines.append(f"{clean(name, 60)}: {what}" if what else clean(name, 60))
    return tuple(lines)


def _novelty(alert: Alert) -> str:
    """How much of it is new, and against what."""
    known = alert.words - alert.new_words
    if not alert.words:
        text = "a headline without a text"
    elif known < 1:
        text = f"all {round(alert.words):,} words"
    else:
        text = f"{round(alert.new_words):,} of {round(alert.words):,} words"
    against = _names(alert.look_alikes, shares=True)
    if against:
        text += f"; shares text with {against}"
    elif alert.words and known < 1:
        text += "; no earlier text shared"
    return text


def _names(notes: Sequence[LookAlikeNote], *, shares: bool = False, most: int = 3) -> str:
    """Who is meant, each once however many of its texts there are."""
    names = list(dict.fromkeys(_name(note, shares=shares) for note in notes))
    if len(names) > most:
        names[most:] = [f"{len(names) - most} more"]
    return ", ".join(names)


def _name(note: LookAlikeNote, *, shares: bool) -> str:
    name = clean(note.source, 60) or clean(note.title, 60) or "an earlier text"
    if not shares:
        return name
    title = clean(note.title, 80)
    # a quotation in a long text may be none of it, rounded
    share = f"{note.containment:.0%}" if note.containment >= 0.005 else ""
    if title and note.source:
        return f"“{title}” ({name}, {share})" if share else f"“{title}” ({name})"
    return f"{name} ({share})" if share else name


def _story(story: StoryNote, zone: tzinfo) -> str:
    if story.articles <= 1:
        return "first report here"
    counts = ((story.articles, "report"), (story.texts, "independent text"), (story.outlets, "outlet"))
    spread = ", ".join(count(number, noun) for number, noun in counts)
    local = story.first_seen.astimezone(zone)
    first = f"first seen {local.day} {local:%b %H:%M}"
    if story.first_title:
        source = clean(story.first_source, 60)
        first += f": “{clean(story.first_title, 100)}”" + (f" ({source})" if source else "")
    return f"{spread}; {first}"


def count(number: int, noun: str) -> str:
    """`1 report`, `2 reports`, `3 stories`."""
    plural = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{number:,} {noun if number == 1 else plural}"


# --------------------------------------------------------------------------- bundles


def _by_story(bundle: Bundle) -> list[list[Alert]]:
    stories: dict[str, list[Alert]] = {}
    for alert in bundle.alerts:
        stories.setdefault(alert.story.id if alert.story else alert.id, []).append(alert)
    return list(stories.values())


def groups(bundle: Bundle, *, zone: tzinfo = UTC) -> tuple[Group, ...]:
    """The bundle's alerts by story, in the order the stories first come up in it."""
    found = []
    for alerts in _by_story(bundle):
        story = alerts[-1].story
        title = (
            clean(story.first_title if story and story.first_title else alerts[0].article.title, 200)
            or "untitled"
        )
        spread = ""
        if story and story.articles > 1:
            spread = f"{count(story.articles, 'report')}, {count(story.texts, 'independent text')}"
        found.append(
            Group(title=title, count=spread, cards=tuple(card(alert, zone=zone) for alert in alerts))
        )
    return tuple(found)


def closing(bundle: Bundle) -> tuple[str, ...]:
    """A bundle's last lines: what was held back and why, how to end a story, and how the feeds are."""
    lines = []
    if bundle.held:
        total = sum(count for _, count in bundle.held)
        named = (
            (n, "copies" if reason == "copy" and n > 1 else clean(reason, 60)) for reason, n in bundle.held
        )
        reasons = ", ".join(f"{n} {reason}" for n, reason in named)
        lines.append(f"Held back: {total:,} ({reasons}); listed by `watcher alerts --held`")
    if any(alert.story is not None for alert in bundle.alerts):
        lines.append('Enough? `watcher mute ID --for 7d --reason "…"` (ID as in `watcher why`)')
    if bundle.health:
        lines.append(clean(bundle.health, 300))
    return tuple(lines)


def watchlists(bundle: Bundle) -> list[str]:
    """The watchlists of the bundle's alerts, each once, in order."""
    return list(dict.fromkeys(name for alert in bundle.alerts for name in alert.watchlists))
