"""What may stand before an Arabic noun within its word: and, so, in, like, to, and the article."""

from __future__ import annotations

from typing import Final

_JOINED: Final = ("و", "ف", "ب", "ك", "ل", "ال", "لل", "وب", "ول", "وال", "وبال", "ولل", "فال", "بال", "كال")
_ARTICLE: Final = "ال"
SHORTEST: Final = 3
"""Letters a word must have: ولد (child) is not و and لد, nor بلد (country)."""


def proclitics(literal: str) -> list[tuple[str, int]]:
    """The ways `literal`, folded, is written with what is joined to it, each with where the literal begins.

    Empty for what is not Arabic, and for short words. After ل the article loses its alef (ل + الاستخبارات =
    للاستخبارات), and the whole of it is taken for the word.
    """
    word = literal.partition(" ")[0]
    if not "ء" <= literal[0] <= "ي" or len(word) < SHORTEST:
        return []
    if not word.startswith(_ARTICLE) or len(word) < SHORTEST + len(_ARTICLE):
        return [(before + literal, len(before)) for before in _JOINED]
    found = [(before + literal, len(before)) for before in _JOINED if not before.endswith("ل")]
    to = "لل" + literal.removeprefix(_ARTICLE)
    return [*found, (to, 0), ("و" + to, 1)]
