"""What the papers of the kill tests write: invented reports that share no passage, each with a title of one word."""

from __future__ import annotations

import random
from html import escape

_SOUNDS = ("ba", "de", "fi", "go", "hu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "zu")


def title(number: int) -> str:
    """The report's title, found again as one word in a mail or webhook body."""
    return f"Report-{number:04d}"


def text(number: int, *, matches: bool, words: int = 120) -> str:
    """A report; with `matches`, one sentence tells of a defection from North Korea, in words of its own."""
    dice = random.Random(number)
    told = [_word(dice) for _ in range(words)]
    sentences = [" ".join(told[at : at + 12]).capitalize() + "." for at in range(0, words, 12)]
    if matches:
        one, two, three, four = (_word(dice) for _ in range(4))
        sentences.insert(2, f"The {one} {two} defected from North Korea by {three} and {four}.")
    return " ".join(sentences)


def entry(number: int, *, matches: bool, base: str, published: str, words: int = 120) -> str:
    """The report as an entry of a feed, its text in it."""
    said = text(number, matches=matches, words=words)
    return (
        f"<item><title>{title(number)}</title><link>{base}/{number}</link><guid>{number}</guid>"
        f"<pubDate>{published}</pubDate><description>{escape(said)}</description></item>"
    )


def feed(*entries: str) -> bytes:
    """An RSS feed of these entries."""
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Paper</title>'
        f"{''.join(entries)}</channel></rss>"
    ).encode()


def file(number: int, *, matches: bool) -> str:
    """The report as a text file, its title on the first line."""
    return f"{title(number)}\n\n{text(number, matches=matches)}\n"


def _word(dice: random.Random) -> str:
    return "".join(dice.choice(_SOUNDS) for _ in range(dice.randint(2, 4)))
