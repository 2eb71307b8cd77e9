"""Other spellings of a name, found near-identically in stored text: romanisations, hyphens, case."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Final

from watcher.folding import Folded, fold

ALIKE: Final = 0.8
"""How alike (difflib's ratio over letters) a spelling has to be; Jang Song-thaek and Chang Sung-taek are .81."""
_KEPT: Final = re.compile(r"[^ ]+")


def variants(term: str, texts: Iterable[str], *, limit: int = 20) -> list[tuple[str, int]]:
    """Spellings of `term` as they stand in `texts`, with how often, the commonest first; at most `limit`.

    The spellings are the original text (with its case and hyphens), one for each way of writing; the term itself
    is among them where it occurs. A spelling has as many words as the term, or one more or less.
    """
    wanted = fold(term).text.split()
    if not wanted:
        return []
    joined = "".join(wanted)
    found: Counter[str] = Counter()
    verdicts: dict[str, bool] = {}
    for text in texts:
        folded = fold(text)
        words = [word.span() for word in _KEPT.finditer(folded.text)]
        for size in range(max(1, len(wanted) - 1), len(wanted) + 2):
            for at in range(len(words) - size + 1):
                a, b = words[at][0], words[at + size - 1][1]
                if abs((b - a - size + 1) - len(joined)) <= 3 and _alike(folded.text[a:b], wanted, verdicts):
                    found[_written(folded, a, b)] += 1
    return found.most_common(limit)


def _alike(text: str, wanted: list[str], verdicts: dict[str, bool]) -> bool:
    known = verdicts.get(text)
    if known is None:
        known = _judge(text.split(), wanted)
        verdicts[text] = known
    return known


def _judge(words: list[str], wanted: list[str]) -> bool:
    """Whether words are alike as a whole and, where there are as many, one by one (Jong-un is not Jong-nam)."""
    one, other = "".join(words), "".join(wanted)
    if words[-1] == "s" != wanted[-1]:  # a possessive
        return False
    if one == other:
        return True
    if len(other) < 5 or SequenceMatcher(None, one, other, autojunk=False).ratio() < ALIKE:
        return False
    if len(words) > len(wanted) and (_judge(words[:-1], wanted) or _judge(words[1:], wanted)):
        return False  # the spelling with a neighbour
    if len(words) != len(wanted):
        return SequenceMatcher(None, one, other, autojunk=False).ratio() >= (1 + ALIKE) / 2
    return all(
        SequenceMatcher(None, mine, theirs, autojunk=False).ratio() >= 0.6
        for mine, theirs in zip(words, wanted, strict=True)
    )


def _written(folded: Folded, a: int, b: int) -> str:
    start, end = folded.span(a, b)
    return " ".join(folded.original[start:end].split())
