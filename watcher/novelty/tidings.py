"""Tidings: whether another report of a running story says a figure or a name that none before it said.

A roll-up holds reports of a story that is being told; this is what it does not hold.
"""

from __future__ import annotations

from collections.abc import Iterable

from watcher.folding import fold
from watcher.novelty.revisions import figures


def anew(sentences: Iterable[str], told: Iterable[str]) -> bool:
    """Whether `sentences` say a number or a name that stands in none of the texts `told`."""
    said = {each for sentence in sentences for each in figures(sentence)}
    numbers = {each for each in said if each.startswith("number ")}
    names = {word for each in said if each.startswith("name ") for word in each.removeprefix("name ").split()}
    for text in told:
        if not numbers and not names:
            return False
        if numbers:
            numbers -= figures(text)
        if names:
            folded = fold(text).text
            words = set(folded.split())
            # a Korean name stands with its particles, a Chinese one among its neighbours
            names = {name for name in names if name not in words and (name.isascii() or name not in folded)}
    return bool(numbers or names)
