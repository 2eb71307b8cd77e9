"""The language of a text, as an ISO 639-1 code: its script decides where it can."""

from __future__ import annotations

import re
import unicodedata

SAMPLE = 4_000
"""Characters looked at: enough for a sure answer, and a bound on the cost."""

SAMPLE_FOR_WORDS = 1_000
"""Characters that py3langid is given: its cost grows with them (4 ms for 4,000), its answer is sure before."""

LEAST = 60
"""Letters under which Latin text is too short to tell, and the source's own word is taken."""

_SCRIPTS = {
    "HANGUL": "ko",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "THAI": "th",
    "HEBREW": "he",
    "GREEK": "el",
    "ARMENIAN": "hy",
    "GEORGIAN": "ka",
    "KHMER": "km",
    "LAO": "lo",
    "MYANMAR": "my",
    "TAMIL": "ta",
    "TELUGU": "te",
}
"""Scripts that one language writes (nearly) alone."""

ENGLISH = 0.12
"""Share of the words that the commonest English ones must be: on the benchmark's pages it is .13 to .36 in English
reports, in those of other languages (Italian, German, Portuguese, Indonesian) at most .03."""

_LETTER_RUNS = re.compile(r"[^\W\d_]+")


def language(text: str, hint: str | None = None) -> str | None:
    """The language of `text`, or None. `hint` is what the source says ("en-US"); the script outranks it.

    Loads py3langid (numpy, 30 MB) where letters are Latin, Cyrillic or Arabic, so call it in a worker.
    """
    said = _code(hint)
    letters = "".join(_LETTER_RUNS.findall(text[:SAMPLE]))
    counts = _count(letters)
    total = sum(counts.values())
    if total == 0:
        return said
    if (own := _by_script(counts, total)) is not None:
        return own
    if total < LEAST:
        return said or ("en" if letters.isascii() else None)
    if _english(text[:SAMPLE]):
        return "en"
    from py3langid.langid import classify  # type: ignore[import-untyped]  # noqa: PLC0415

    return str(classify(text[:SAMPLE_FOR_WORDS])[0])


# fmt: off
_ENGLISH = frozenset({
    "the", "of", "and", "to", "in", "is", "was", "that", "for", "on", "with", "as", "by", "at", "from", "it", "be",
    "are", "has", "said",
})
# fmt: on


def _english(text: str) -> bool:
    """Whether the commonest words are English ones: answers nine pages of ten without py3langid."""
    words = re.findall(r"[a-z]+", text[:SAMPLE_FOR_WORDS].lower())
    return "the" in words and sum(word in _ENGLISH for word in words) > ENGLISH * len(words)


def _by_script(counts: dict[str, int], total: int) -> str | None:
    # A Korean or Japanese report may be full of Han characters and Latin names; a Chinese one has no kana.
    if counts.get("HANGUL", 0) >= 0.2 * total:
        return "ko"
    kana = counts.get("HIRAGANA", 0) + counts.get("KATAKANA", 0)
    han = counts.get("CJK", 0)
    if kana + han >= 0.3 * total:
        return "ja" if kana >= 0.1 * (kana + han) else "zh"
    script = max(counts, key=counts.__getitem__)
    return _SCRIPTS.get(script)


def _count(letters: str) -> dict[str, int]:
    foreign = [] if letters.isascii() else [char for char in letters if not char.isascii()]
    counts = {"LATIN": len(letters) - len(foreign)}
    for char in foreign:
        script = _script(char)
        counts[script] = counts.get(script, 0) + 1
    return counts


def _script(char: str) -> str:
    if "\uac00" <= char <= "\ud7a3":
        return "HANGUL"
    if "\u4e00" <= char <= "\u9fff":
        return "CJK"
    return unicodedata.name(char, "?").split(" ", 1)[0]


def _code(hint: str | None) -> str | None:
    if not hint:
        return None
    code = re.split(r"[-_,;\s]", hint.strip().lower(), maxsplit=1)[0]
    return code if re.fullmatch(r"[a-z]{2,3}", code) else None
