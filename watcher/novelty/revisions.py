"""Revisions: which sentences of a text say something else than before, in figures, negation or names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from watcher.alert import Change
from watcher.folding import fold
from watcher.model import Span
from watcher.novelty import figures as numbers
from watcher.novelty.fingerprints import tokenise
from watcher.sentences import sentences

ALIKE = 0.5
"""Share of tokens two sentences have in common, in order, from which one is the other's next version."""

_NEGATION = re.compile(
    r"\b(?:no|not|never|none|neither|nor|without|denie[sd]|deny|cannot|can't|won't|\w+n[’']t|unlikely|false|refute[sd]?)\b"
    r"|(?:않|아니|아닌|아닐|아닙|못하|못했|없|거짓|오보|사실무근)|(?<![가-힣])(?:[안못]\s(?=[가-힣])|부인[했하한해할])"
    r"|(?:不|未|否认|否認|并非|並非|无|無)|(?<![沉淹埋吞出])[没沒](?!收)",
    re.IGNORECASE,
)
_CURRENCY = re.compile(
    r"[$€£¥₩]|\b(?:dollars?|won|yuan|euros?|yen|pounds?|rubles?)\b|달러|위안|엔화|美元|元|韩元", re.IGNORECASE
)
_LATIN_NAME = re.compile(r"(?<![.!?:“\"‘]\s)(?<!^)\b[A-Z][\w’'-]+(?:\s+[A-Z][\w’'-]+)*")
_SURNAME = (
    "김이박최정강조윤장임한오서신권황안송전홍문손배백허유남심노하곽성차주우구민진지엄채원천방공"
    "현함변염여추도소석선설마길연위표명기반왕금옥육인맹제모탁국어은편용"
)
_TITLE = (
    "씨|국장|장관|차관|대변인|위원장|부위원장|"
    "총리|대사|대좌|소장|중장|대장|상장|참사|공사|의원|대표|부장|비서|총국장|사령관"
)
_KOREAN_NAME = re.compile(rf"(?<![가-힣])([{_SURNAME}][가-힣]{{1,2}})(?=\s?(?:{_TITLE}))")
_CHINESE_NAME = re.compile(
    r"(?:[王李张張刘劉陈陳杨楊赵趙黄黃周吴吳徐孙孫胡朱高林何郭马馬罗羅金朴崔郑鄭姜尹韩韓太])[一-龥]{1,2}(?=[，,、说說称稱在和与與是的])"
)
_PLACE = r"[A-Z][\w.’'-]*(?:\s[A-Z][\w.’'-]*){0,3}"
_DAY = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?\s\d{1,2}(?:,\s\d{4})?"
_DATELINE = re.compile(
    rf"(?:(?=[^()\n]*\([A-Z][^()\n]{{0,40}}\)\s?[-–—])|(?=[A-Z][A-Z.’'-]+\b))"  # an agency in brackets, or capitals
    rf"{_PLACE}(?:,\s(?!{_DAY}){_PLACE})?(?:,?\s{_DAY})?(?:\s\([^()\n]{{1,40}}\))?\s?[-–—]{{1,2}}\s"
    r"|[（(【\[]?[^。，,\n]{0,16}?(?:\d{1,2}月)?\d{1,2}日(?:综合|綜合|专|專)?[电電讯訊](?![视視话話报報力])(?:[（(][^（）()\n]{1,20}[）)])?[】）)\]]?"
)
"""Where and when a report was filed, as wires put it in front: SEOUL, Oct 21 (Wire) -, 新华社首尔10月21日电."""


def figures(sentence: str) -> frozenset[str]:
    """What a sentence asserts beyond its wording: numbers, currencies, negations and names, each marked by kind.

    Its dateline asserts nothing: a report that is filed again the next day says the same.
    """
    if dateline := _DATELINE.match(sentence):
        sentence = sentence[dateline.end() :]
    told = {f"number {value:g}" for value in _numbers(sentence)}
    told |= {f"currency {match.group().lower()}" for match in _CURRENCY.finditer(sentence)}
    if _NEGATION.search(sentence):
        told.add("negation")
    for pattern in (_LATIN_NAME, _KOREAN_NAME, _CHINESE_NAME):
        told |= {
            f"name {fold(match.group(match.lastindex or 0)).text.strip()}"
            for match in pattern.finditer(sentence)
        }
    return frozenset(told)


def changes(
    before: str,
    after: str,
    hits: Sequence[Span] | None = None,
    *,
    before_hits: Sequence[Span] | None = None,
) -> tuple[Change, ...]:
    """The sentences that say something else, or are gone; see `changed_sentences` for the arguments."""
    return tuple(
        Change(
            before[slice(*was)] if was else "",
            after[slice(*now)] if now else "",
        )
        for was, now in changed_sentences(before, after, hits, before_hits=before_hits)
    )


def changed_sentences(
    before: str,
    after: str,
    hits: Sequence[Span] | None = None,
    *,
    before_hits: Sequence[Span] | None = None,
) -> tuple[tuple[Span | None, Span | None], ...]:
    """Sentences whose figures changed, as (span before, span after), then those removed, as (span before, None).

    `hits`: spans in `after`; only sentences of `after` that one of them touches
    are looked at. `before_hits`: likewise in `before`, for what was removed.
    None looks at all. A sentence that is only new, with no version of it
    before, is no change; one that repeats a sentence still standing but for
    its figures (the next entry of a live blog) is, as (None, span after).
    """
    olds, news = sentences(before), sentences(after)
    old_texts = [fold(before[slice(*span)]).text.strip() for span in olds]
    new_texts = [fold(after[slice(*span)]).text.strip() for span in news]
    standing = set(new_texts)
    gone = [i for i, text in enumerate(old_texts) if text and text not in standing]
    old_standing = set(old_texts)
    came = [i for i, text in enumerate(new_texts) if text and text not in old_standing]
    matched = _versions({i: _words(old_texts[i]) for i in gone}, {i: _words(new_texts[i]) for i in came})
    found: list[tuple[Span | None, Span | None]] = []
    for new, old in sorted(matched.items()):
        told_before, told_after = figures(before[slice(*olds[old])]), figures(after[slice(*news[new])])
        if told_before != told_after and (
            hits is None or _touched(news[new], hits) or _touched(olds[old], before_hits or ())
        ):
            found.append((olds[old], news[new]))
    found.extend(
        (None, news[new])
        for new in came
        if new not in matched
        and (hits is None or _touched(news[new], hits))
        and (model := _like(_words(new_texts[new]), old_texts)) is not None
        and figures(before[slice(*olds[model])]) != figures(after[slice(*news[new])])
    )
    versions = set(matched.values())
    everything = " ".join(new_texts)
    for old in gone:
        vanished = old not in versions and old_texts[old] not in everything
        if vanished and (before_hits is None or _touched(olds[old], before_hits)):
            found.append((olds[old], None))
    return tuple(found)


def _numbers(sentence: str) -> list[float]:
    tokens = tokenise(sentence)
    words = [
        (at, word)
        for at, (start, end) in enumerate(zip(tokens.starts.tolist(), tokens.ends.tolist(), strict=True))
        if (word := sentence[start:end].lower()) in numbers.NUMBER_WORDS
    ]
    values: list[float] = numbers.numbers(sentence, words=words).tolist()
    return values


def _words(folded: str) -> list[str]:
    tokens = tokenise(folded)
    return [folded[a:b] for a, b in zip(tokens.starts.tolist(), tokens.ends.tolist(), strict=True)]


def _versions(olds: dict[int, list[str]], news: dict[int, list[str]]) -> dict[int, int]:
    """For each new sentence the old one it is a version of: best pairs first, each used once."""
    scored = []
    for new, words in news.items():
        matcher = SequenceMatcher[str](None, autojunk=False)
        matcher.set_seq2(words)
        for old, old_words in olds.items():
            matcher.set_seq1(old_words)
            if matcher.real_quick_ratio() >= ALIKE and matcher.quick_ratio() >= ALIKE:
                ratio = matcher.ratio()
                if ratio >= ALIKE:
                    scored.append((-ratio, abs(new - old), new, old))
    matched: dict[int, int] = {}
    used: set[int] = set()
    for _, _, new, old in sorted(scored):
        if new not in matched and old not in used:
            matched[new] = old
            used.add(old)
    return matched


def _like(words: list[str], olds: Sequence[str]) -> int | None:
    """The first old sentence that is alike; None where none is."""
    matcher = SequenceMatcher[str](None, autojunk=False)
    matcher.set_seq2(words)
    for at, old in enumerate(olds):
        matcher.set_seq1(_words(old))
        if (
            matcher.real_quick_ratio() >= ALIKE
            and matcher.quick_ratio() >= ALIKE
            and matcher.ratio() >= ALIKE
        ):
            return at
    return None


def _touched(sentence: Span, spans: Sequence[Span]) -> bool:
    return any(start < sentence[1] and end > sentence[0] for start, end in spans)
