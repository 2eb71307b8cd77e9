"""An alert as it stands in a terminal: the same card as the mail, with styles instead of markup."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from datetime import UTC, tzinfo

from rich.console import Console
from rich.text import Text

from watcher.alert import Alert, Bundle, Content, Notice
from watcher.display import Line, clean, wrap
from watcher.message.card import Card, card, closing, groups
from watcher.message.mail import subject

_HIT = "bold yellow"
_FAINT = "dim"
_LABEL = {"revision": "bold magenta", "removed": "bold magenta", "new": "bold green", "partial": "bold green"}
_INDENT = "    "


def draw(content: Content, *, zone: tzinfo = UTC, columns: int = 88) -> str:
    """`content` with ANSI styles, at most `columns` wide (East Asian width counted), an empty line after it.

    Only watcher's own styles are in it: an article's text has no control character left.
    """
    if isinstance(content, Alert):
        lines = _alert(card(content, zone=zone), columns)
    elif isinstance(content, Bundle):
        lines = _bundle(content, zone, columns)
    else:
        lines = _notice(content, columns)
    out = io.StringIO()
    console = Console(
        file=out,
        force_terminal=True,
        color_system="standard",
        width=10_000,
        highlight=False,
        markup=False,
        emoji=False,
    )
    for line in lines:
        console.print(line, soft_wrap=True)
    return out.getvalue() + "\n"


def _alert(shown: Card, columns: int) -> list[Text]:
    lines = [_kicker(shown)]
    lines += _line(shown.heading, columns, _INDENT, "", plain="bold")
    if shown.url:
        lines.append(Text(_INDENT + shown.url, style="blue"))
    lines += _paragraph(shown.when + (f" · {shown.note}" if shown.note else ""), columns, style=_FAINT)
    lines += _said(shown, columns)
    why = ("Why", tuple(filter(None, (shown.because, shown.why))))
    enough = ("Enough?", (shown.mute,) if shown.mute else ())
    for label, texts in (*shown.rows, why, enough):
        for number, text in enumerate(texts):
            first = f"{_INDENT}{label if number == 0 else '':<11}"
            for row, line in enumerate(wrap(text, columns, indent=" " * len(first), first=first)):
                styled = Text(line)
                if row == 0 and number == 0:
                    styled.stylize(_FAINT, 0, len(first))
                lines.append(styled)
    return lines


def _bundle(bundle: Bundle, zone: tzinfo, columns: int) -> list[Text]:
    lines = [Text(subject(bundle, zone=zone), style="bold cyan")]
    for number, group in enumerate(groups(bundle, zone=zone), start=1):
        lines += [Text(), *_paragraph(group.title, columns, style="bold", first=f"{number:>2}. ")]
        if group.count:
            lines.append(Text(_INDENT + group.count, style=_FAINT))
        for shown in group.cards:
            lines.append(Text(_INDENT) + _kicker(shown))
            if shown.title != group.title:
                lines += _line(shown.heading, columns, _INDENT, "")
            if shown.url:
                lines.append(Text(_INDENT + shown.url, style="blue"))
            lines += _said(shown, columns)
            lines.append(Text(f"{_INDENT}{shown.why}", style=_FAINT))
    return lines + [
        line for text in closing(bundle) for line in _paragraph(text, columns, style=_FAINT, first="")
    ]


def _notice(notice: Notice, columns: int) -> list[Text]:
    lines = [Text(f"watcher: {clean(notice.subject, 200)}", style="bold red")]
    for part in notice.text.splitlines():
        if part.strip():
            lines += _paragraph(clean(part), columns)
    return lines


def _kicker(shown: Card) -> Text:
    style = _LABEL.get(shown.verdict, "bold cyan")
    return Text.assemble((shown.label, style), " · ", (shown.watchlists, "bold"), " · ", shown.source)


def _paragraph(text: str, columns: int, *, style: str = "", first: str | None = None) -> list[Text]:
    return [Text(line, style=style) for line in wrap(text, columns, indent=_INDENT, first=first)]


def _said(shown: Card, columns: int) -> Iterator[Text]:
    for before, after in shown.changes:
        yield from _line(before, columns, "  - ", "red")
        yield from _line(after, columns, "  + ", "green")
    for sentence in shown.sentences:
        yield from _line(sentence, columns, "  ▸ ", "cyan")


def _line(line: Line, columns: int, first: str, style: str, plain: str = "") -> Iterator[Text]:
    """A sentence wrapped first and styled after, so that a hit broken across lines stays bold on both."""
    chars = [(char, bold) for text, bold in line for char in text]
    at = 0
    text = "".join(char for char, _ in chars)
    for row, wrapped in enumerate(wrap(text, columns, indent=_INDENT, first=first) if chars else ()):
        lead = _INDENT if row else first
        styled = Text(lead, style="" if row else style)
        size = len(wrapped) - len(lead)
        for bold, group in itertools.groupby(chars[at : at + size], key=lambda each: each[1]):
            styled.append("".join(char for char, _ in group), style=_HIT if bold else plain)
        yield styled
        at += size
        while at < len(chars) and chars[at][0] == " ":  # the line end took the place of the spaces
            at += 1
