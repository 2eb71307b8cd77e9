"""A decision as it is shown: the article with known passages dimmed, novel ones plain, hits bold, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any

from watcher.alert import StoryNote
from watcher.cli import screen
from watcher.display import clean
from watcher.model import Span
from watcher.stores.views import DeliveryView

if TYPE_CHECKING:
    from rich.text import Text

SHOWN = 20_000
"""Characters of an article that are shown; `--json` has all."""
PASSAGES = 5
"""Shared passages quoted for each look-alike, the longest first."""
SIGNS = {
    "alert": ("alerts", "bold green"),
    "follow-up": ("follow-up", "green"),
    "silent": ("silent", "yellow"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """All that was decided about an article, or would be about one that is not stored.

    `look_alikes` are JSON objects with `id`, `title`, `url`, `source`, `containment`, `contained`,
    `shared_words`, `spans` (offsets into `text`); `matches` with `watchlist`, `alerts`, `outcome`, `reason`,
    `condition` and `hits` (`term`, `concept`, `field`, `start`, `end`, `subject`, `novel`). `framed` are like
    `look_alikes`, and none: documents in the same frame of a site.
    """

    id: str = ""
    stored: bool = True
    title: str
    text: str | None
    url: str | None = None
    source: str = ""
    path: str | None = None
    published: datetime | None = None
    found: datetime | None = None
    language: str | None = None
    verdict: str
    reason: str = ""
    words: float = 0
    novel_words: float = 0
    novel_spans: tuple[Span, ...] = ()
    look_alikes: Sequence[dict[str, Any]] = ()
    framed: Sequence[dict[str, Any]] = ()
    matches: Sequence[dict[str, Any]] = ()
    story: StoryNote | str | None = None
    alert: Any = None
    state: str | None = None
    deliveries: tuple[DeliveryView, ...] = ()


def as_json(decision: Decision) -> dict[str, Any]:
    """The decision as `why --json` prints it."""
    shown: dict[str, Any] = screen.plain(decision)
    text, title = decision.text or "", decision.title
    for match in shown["matches"]:
        for hit in match["hits"]:
            where = title if hit["field"] == "title" else text
            if hit["field"] in {"title", "body"}:
                hit["text"] = where[hit["start"] : hit["end"]]
    return shown


def show(decision: Decision, zone: tzinfo) -> None:
    """Print the decision for a person."""
    from rich.text import Text

    console = screen.console()
    # Without colours what is known stands in ⟦ ⟧, and hits between asterisks.
    marks = not console.is_terminal or console.no_color
    for part in _parts(decision, zone, marks=marks):
        lead = len(str(part)) - len(str(part).lstrip(" "))
        if not lead:
            console.print(part)
            continue
        # what is set in stays so where it wraps
        text = Text(part) if isinstance(part, str) else part
        for line in text[lead:].wrap(console, console.width - lead):
            line.rstrip()
            console.print(Text(" " * lead) + line)


def _parts(decision: Decision, zone: tzinfo, *, marks: bool) -> Iterator[Text | str]:
    from rich.text import Text

    title_hits = [hit for hit in _hits(decision) if hit["field"] == "title"]
    title = _styled(decision.title or "(no title)", (), title_hits, (), marks=marks)
    title.stylize("underline")
    yield title
    facts = [
        clean(decision.source, 60),
        decision.language or "",
        clean(decision.url or decision.path or "", 300),
    ]
    if decision.published:
        facts.append(f"published {screen.when(decision.published, zone)}")
    if decision.found:
        facts.append(f"found {screen.when(decision.found, zone)}")
    yield Text(" · ".join(fact for fact in facts if fact), style="dim")
    yield ""
    yield _verdict(decision)
    yield ""
    if decision.text is None:
        yield Text("The text is past keep_text and gone; its fingerprint is still known.", style="italic")
    else:
        body = [hit for hit in _hits(decision) if hit["field"] == "body"]
        owners = [
            (span, index) for index, other in enumerate(decision.look_alikes, 1) for span in other["spans"]
        ]
        yield _styled(decision.text[:SHOWN], decision.novel_spans, body, owners, marks=marks, known=True)
        if len(decision.text) > SHOWN:
            yield Text(f"… {len(decision.text) - SHOWN:,} characters more; --json has all", style="italic")
    yield ""
    yield from _look_alikes(decision)
    yield from _framed(decision)
    yield from _matches(decision)
    yield from _deliveries(decision, zone)


def _verdict(decision: Decision) -> Text:
    from rich.text import Text

    reason = clean(decision.reason, 300).removeprefix(f"{decision.verdict}: ")
    line = Text.assemble((decision.verdict.upper(), "bold"), f" · {reason}" if reason else "")
    if not decision.stored:
        line.append(" · not stored; this is what would be decided now", style="italic")
    if isinstance(decision.story, StoryNote):
        story = decision.story
        line.append(
            f"\nStory: {screen.count(story.articles, 'report')}, {screen.count(story.outlets, 'outlet')}, "
            f"{screen.count(story.texts, 'independent text')}; first {clean(story.first_source, 60)}"
        )
    return line


def _hits(decision: Decision) -> list[dict[str, Any]]:
    return [hit for match in decision.matches for hit in match["hits"]]


def _styled(
    text: str,
    novel: Sequence[Span],
    hits: Sequence[dict[str, Any]],
    owners: Sequence[tuple[Any, int]],
    *,
    marks: bool,
    known: bool = False,
) -> Text:
    """`text` cut at every border of a passage or hit, each piece in its style, with the owner's number behind.

    Where `known`, what is not novel is known: dimmed on a terminal, in ⟦ ⟧ elsewhere.
    """
    from rich.text import Text

    length = len(text)
    # The white space before a novel passage belongs to it: a bracket closes behind the last known word.
    novel = [(len(text[:start].rstrip()), end) for start, end in novel]
    bold = _joined((hit["start"], hit["end"]) for hit in hits)
    ends: dict[int, set[int]] = {}
    for (_, end), owner in owners:
        ends.setdefault(min(end, length), set()).add(owner)
    borders = sorted({0, length, *(min(at, length) for span in (*novel, *bold) for at in span), *ends})
    result = Text()
    inside = False
    for start, end in zip(borders, borders[1:] or [length], strict=False):
        piece = text[start:end]
        is_known = known and not any(a <= start and end <= b for a, b in novel)
        is_hit = any(a <= start and end <= b for a, b in bold)
        if marks and is_known != inside:
            result.append("⟦" if is_known else "⟧")
            inside = is_known
        shown = "\n".join(_running(line) for line in piece.split("\n"))
        style = "bold" if is_hit else "dim" if is_known else ""
        result.append(f"*{shown}*" if marks and is_hit else shown, style=style)
        for owner in sorted(ends.get(end, ())):
            result.append(f"[{owner}]", style="cyan")
    if inside:
        result.append("⟧")
    return result


def _joined(spans: Iterable[Span]) -> list[Span]:
    """`spans` in order, those that touch or overlap as one."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _running(piece: str) -> str:
    """A piece of running text without what a terminal would obey; the spaces at its ends stay."""
    shown = clean(piece)
    if not shown:
        return " " if piece else ""
    return (" " if piece[0].isspace() else "") + shown + (" " if piece[-1].isspace() else "")


def _look_alikes(decision: Decision) -> Iterator[Text | str]:
    from rich.text import Text

    if not decision.look_alikes:
        return
    yield Text("Known passages, and whose they are", style="bold")
    for index, other in enumerate(decision.look_alikes, 1):
        share = (
            f"{other['containment']:.0%} of this article stands there, {other['contained']:.0%} of that here"
        )
        yield Text.assemble(
            (f"[{index}] ", "cyan"),
            clean(other.get("title") or "(no title)", 200),
            f" ({clean(other.get('source') or 'corpus', 60)}): {share}, {other['shared_words']:g} words shared",
        )
        if other.get("url"):
            yield Text(f"    {clean(other['url'], 300)}", style="dim")
        spans = sorted(other["spans"], key=lambda span: span[0] - span[1])
        for start, end in spans[:PASSAGES]:
            passage = clean((decision.text or "")[start:end])
            if passage:
                yield Text(
                    f"    “{passage if len(passage) < 240 else passage[:160] + ' … ' + passage[-70:]}”",
                    style="dim",
                )
        if len(spans) > PASSAGES:
            yield Text(f"    and {screen.count(len(spans) - PASSAGES, 'passage')} more", style="dim")
    yield ""


def _framed(decision: Decision) -> Iterator[Text | str]:
    """One line on what stands in the same frame of a site; its passages are known, and it is no look-alike."""
    from rich.text import Text

    if not decision.framed:
        return
    most = max(decision.framed, key=lambda other: float(other["shared_words"]))
    name = f"{clean(most.get('title') or '(no title)', 200)} ({clean(most.get('source') or 'corpus', 60)})"
    others = len(decision.framed) - 1
    more = f" and {screen.count(others, 'other page')}" if others else ""
    yield Text(
        f"{most['shared_words']:g} words of the frame of its page are shared with {name}{more}.", style="dim"
    )
    yield ""


def _matches(decision: Decision) -> Iterator[Text | str]:
    from rich.text import Text

    yield Text("Watchlists that hold", style="bold")
    if not decision.matches:
        yield "  none"
    for match in decision.matches:
        sign, style = SIGNS[match["outcome"]]
        yield Text.assemble(
            "  ",
            (sign, style),
            f"  {match['watchlist']}",
            f": {clean(match['reason'], 300)}" if match.get("reason") else "",
        )
        terms: dict[str, list[int]] = {}
        for hit in match["hits"]:
            name = f"@{hit['concept']} {hit['term']}" if hit.get("concept") else hit["term"]
            terms.setdefault(f"{name} in the {hit['field']}" if hit["field"] != "body" else name, []).append(
                hit["start"]
            )
        if match.get("condition"):
            yield Text(f"          what held: {clean(match['condition'], 300)}", style="dim")
        if terms:
            found = ", ".join(f"{name} ×{len(at)}" if len(at) > 1 else name for name, at in terms.items())
            yield Text(f"          found: {clean(found, 400)}", style="dim")
    yield ""


def _deliveries(decision: Decision, zone: tzinfo) -> Iterator[Text | str]:
    from rich.text import Text

    if not decision.deliveries:
        if decision.stored:
            yield Text("No alert went out.", style="bold")
        return
    yield Text("Deliveries", style="bold")
    for delivery in decision.deliveries:
        to = screen.addressee(delivery)
        held = f" ({delivery.hold})" if delivery.hold else ""
        yield f"  {delivery.id[:8]}  {clean(to, 60)}  {delivery.state}{held}  {clean(delivery.reason, 200)}"
        for attempt in delivery.tries:
            yield Text(
                f"            {screen.when(attempt.at, zone)}  {attempt.outcome}  {clean(attempt.detail, 200)}",
                style="dim",
            )
