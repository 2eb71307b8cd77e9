"""How an alert reads: its subject, its plain text, its HTML.

Every form is made from the same `Card`, so that mail, page and terminal say
the same in the same order. Nothing of an article reaches a form but through
`watcher.display`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, tzinfo
from functools import cache
from typing import TYPE_CHECKING, Any

from watcher.alert import Bundle, Change, Content, Notice
from watcher.display import Line, clean, starred, unmarked, wrap
from watcher.message.card import Card, card, closing, count, groups, watchlists
from watcher.message.payload import data, split

if TYPE_CHECKING:
    import jinja2

__all__ = ["data", "headline", "html", "plain", "preview", "split", "subject"]

COLUMNS = 72
_REASONS = {
    "quiet": "quiet hours",
    "digest": "digest",
    "catch-up": "catch-up",
    "roll-up": "more on running stories",
    "brake": "held by the storm brake",
    "follow-up": "follow-ups",
    "group": "more on running stories",
}


# --------------------------------------------------------------------------- subject and preview


def subject(content: Content, *, zone: tzinfo = UTC) -> str:
    """The subject line, cleaned: `[Defections +1] title (source)`, at most some 250 characters."""
    if isinstance(content, Notice):
        return f"[watcher] {clean(content.subject, 200)}"
    if isinstance(content, Bundle):
        return f"{_tag(watchlists(content))} {headline(content, zone)}"
    title = clean(content.article.title, 160) or clean(content.article.summary, 80) or "untitled"
    mark = {"revision": "Revised: ", "removed": "Removed: ", "resurfaced": "Again: "}.get(content.verdict, "")
    changed = _figures_changed(content.changes)
    return f"{_tag(content.watchlists)} {mark}{title}{changed} ({clean(content.article.source, 60)})"


def preview(content: Content, *, zone: tzinfo = UTC) -> str:
    """What a mail program shows beside the subject: the best sentence, not the subject once more."""
    if isinstance(content, Notice):
        return clean(content.text, 140)
    if isinstance(content, Bundle):
        return clean(" · ".join(group.title for group in groups(content, zone=zone)), 140)
    shown = card(content, zone=zone)
    lines = [unmarked(after) or unmarked(before) for before, after in shown.changes]
    lines += [unmarked(sentence) for sentence in shown.sentences]
    return clean(lines[0] if lines else shown.note or shown.when, 140)


def _tag(watchlists: Sequence[str]) -> str:
    first = clean(watchlists[0], 60) if watchlists else "watcher"
    return f"[{first} +{len(watchlists) - 1}]" if len(watchlists) > 1 else f"[{first}]"


def headline(bundle: Bundle, zone: tzinfo) -> str:
    """A bundle in one line: `07:30 digest: 3 stories, 7 alerts`; more on one story goes by the story's title."""
    stories = groups(bundle, zone=zone)
    alerts = len(bundle.alerts)
    part = f" ({bundle.part}/{bundle.parts})" if bundle.parts > 1 else ""
    if bundle.reason in {"group", "roll-up"} and len(stories) == 1:
        return (
            f"{alerts:,} more {'report' if alerts == 1 else 'reports'}: {clean(stories[0].title, 160)}{part}"
        )
    counts = (f"{count(len(stories), 'story')}, " if len(stories) < alerts else "") + count(alerts, "alert")
    time = bundle.opened.astimezone(zone).strftime("%H:%M")
    return f"{time} {_REASONS.get(bundle.reason, clean(bundle.reason, 40))}: {counts}{part}"


# A number with the sign before it and the unit right behind it: $3.5m, 40%, 7명, 三千 is left to the eye.
_FIGURE = re.compile(r"[$€£₩¥]?\d[\d,.]*(?:%|[a-z]{1,2}\b|[가-힣\u4e00-\u9fff])?")


def _figures_changed(changes: Sequence[Change]) -> str:
    """` 3명 → 7명` where the first change that has one changed exactly one figure; else nothing."""
    for change in changes:
        before, after = (
            _FIGURE.findall(clean(change.before, 2_000)),
            _FIGURE.findall(clean(change.after, 2_000)),
        )
        gone = [figure for figure in before if figure not in after]
        come = [figure for figure in after if figure not in before]
        if len(gone) == len(come) == 1 and len(gone[0]) <= 20 and len(come[0]) <= 20:
            return f": {gone[0].rstrip('.,')} → {come[0].rstrip('.,')}"
    return ""


# --------------------------------------------------------------------------- plain text


def plain(content: Content, *, zone: tzinfo = UTC) -> str:
    """`content` as plain text of at most 72 columns a line (East Asian width counted), addresses never broken."""
    if isinstance(content, Notice):
        lines = [
            line
            for part in content.text.splitlines()
            for line in (wrap(clean(part), COLUMNS) if part.strip() else [""])
        ]
        return "\n".join(lines) + "\n"
    if isinstance(content, Bundle):
        return _plain_bundle(content, zone)
    return "\n".join(_plain_card(card(content, zone=zone))) + "\n"


def _plain_card(shown: Card) -> list[str]:
    lines = wrap(f"{shown.label} · {shown.watchlists} · {shown.source}", COLUMNS)
    lines += wrap(shown.when, COLUMNS)
    if shown.note:
        lines += wrap(shown.note, COLUMNS)
    lines += ["", *wrap(starred(shown.heading), COLUMNS)]
    lines += [shown.url] if shown.url else []
    lines += _plain_changes(shown.changes)
    for sentence in shown.sentences:
        lines += ["", *wrap(starred(sentence), COLUMNS, indent="  ", first="> ")]
    lines.append("")
    for label, texts in shown.rows:
        for number, text in enumerate(texts):
            lines += wrap(text, COLUMNS, indent=" " * 12, first=f"{label if not number else '':<12}")
    for number, text in enumerate(filter(None, (shown.because, shown.why))):
        lines += wrap(text, COLUMNS, indent=" " * 12, first=f"{'' if number else 'Why':<12}")
    if shown.mute:
        lines += wrap(shown.mute, COLUMNS, indent=" " * 12, first=f"{'Enough?':<12}")
    return lines


def _plain_changes(changes: Sequence[tuple[Line, Line]]) -> list[str]:
    lines = []
    for before, after in changes:
        lines.append("")
        if before:
            lines += wrap(starred(before), COLUMNS, indent="    ", first="  - ")
        if after:
            lines += wrap(starred(after), COLUMNS, indent="    ", first="  + ")
    return lines


def _plain_bundle(bundle: Bundle, zone: tzinfo) -> str:
    lines = [f"{headline(bundle, zone)} · {clean(', '.join(watchlists(bundle)), 300)}"]
    for number, group in enumerate(groups(bundle, zone=zone), start=1):
        count = f" · {group.count}" if group.count else ""
        lines += ["", *wrap(f"{group.title}{count}", COLUMNS, indent="    ", first=f"{number:>2}  ")]
        for shown in group.cards:
            lines.append("")
            lines += wrap(
                f"{shown.label} · {shown.watchlists} · {shown.source} · {shown.when}", COLUMNS, indent="    "
            )
            if shown.title != group.title:
                lines += wrap(starred(shown.heading), COLUMNS, indent="    ")
            lines += [f"    {shown.url}"] if shown.url else []
            lines += [f"    {line}" for line in _plain_changes(shown.changes) if line]
            for sentence in shown.sentences:
                lines += wrap(starred(sentence), COLUMNS, indent="      ", first="    > ")
            for label, texts in shown.rows:
                if label == "Matched" or (label == "Carried by" and not texts[0].startswith("nobody")):
                    lines += wrap(f"{label} {'; '.join(texts)}", COLUMNS, indent="      ", first="    ")
            lines.append(f"    {shown.why}")
    for line in closing(bundle):
        lines += ["", *wrap(line, COLUMNS)]
    return "\n".join(lines) + "\n"


# --------------------------------------------------------------------------- HTML


@cache
def _templates() -> jinja2.Environment:
    import jinja2  # noqa: PLC0415 - 40 ms that `check` and `match` need not pay

    templates = jinja2.Environment(
        loader=jinja2.PackageLoader("watcher"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    # All at once, and never again: an upgrade under a running daemon must not mix new templates with old code.
    for name in templates.list_templates(filter_func=lambda name: name.endswith(".html.j2")):
        templates.get_template(name)
    return templates


def html(content: Content, *, zone: tzinfo = UTC) -> str:
    """`content` as an HTML page for mail: one column, dark-mode safe, nothing remote, every text escaped."""
    name: str
    fields: dict[str, Any]
    if isinstance(content, Notice):
        paragraphs = [
            [_coded(clean(line)) for line in part.splitlines() if line.strip()]
            for part in re.split(r"\n\s*\n", content.text)
        ]
        local = content.at.astimezone(zone)
        fields = {
            "title": clean(content.subject, 200),
            "when": f"{local:%H:%M %Z} · {local.day} {local:%b %Y}",
            "paragraphs": paragraphs,
        }
        name = "notice"
    elif isinstance(content, Bundle):
        name, fields = "bundle", _bundle_fields(content, zone)
    else:
        name, fields = "alert", {"card": card(content, zone=zone)}
    template = _templates().get_template(f"{name}.html.j2")
    return template.render(subject=subject(content, zone=zone), preview=preview(content, zone=zone), **fields)


def _bundle_fields(bundle: Bundle, zone: tzinfo) -> dict[str, Any]:
    return {
        "line": headline(bundle, zone),
        "watchlists": clean(", ".join(watchlists(bundle)), 300),
        "groups": groups(bundle, zone=zone),
        "closing": [_coded(text) for text in closing(bundle)],
    }


def _coded(text: str) -> list[tuple[str, bool]]:
    """`text` in pieces, each with whether it is a command: what stands between backticks."""
    return [(piece, bool(number % 2)) for number, piece in enumerate(text.split("`")) if piece]
