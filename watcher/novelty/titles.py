"""Titles as wires and sites write them: tags that say which take this is, set apart from what it says."""

from __future__ import annotations

import re
from itertools import zip_longest

from watcher.folding import fold
from watcher.sentences import sentences

MIN_WORDS = 4
"""A title under four words says too little to be known by."""

LONGEST = 300
"""Characters up to which a line, or what a label announces, may be a title."""

SHARED, FEWEST = 0.5, 3
"""Two takes of one report share half of the shorter title, which has three words or more."""

_LATIN = (
    r"breaking(?:\s+news)?|urgent|flash|exclusive|alert|newsalert|news\s+alert|just\s+in|developing|"
    r"lead|ld|(?:\d+(?:st|nd|rd|th)|first|second|third|fourth|fifth)[\s-]?(?:ld|lead)|"
    r"updated?(?:\s?\d+)?|rpt|repeat|recast|refile|corrected|correction|wrap-?up(?:\s?\d+)?|"
    r"roundup|snap(?:\s?analysis)?|factbox|live|watch"
)
_WIDE = (
    r"속보|단독|긴급|종합(?:\s?\d+보)?|\d+보|\d+보\s?종합|상보|수정|정정|업데이트|포토|"
    r"快讯|快訊|突发|突發|独家|獨家|更新|更正|最新|速报|速報|号外|即时|即時|滚动|滾動"
)
_NAME = rf"(?:{_LATIN}|{_WIDE})"
_FRONT = re.compile(
    rf"\s*(?:[\[(【〈<]\s*(?P<in>{_NAME})(?:\s*[,·/]\s*{_NAME})*\s*[\])】〉>]\s*[-:–—]?"
    rf"|(?P<bare>(?:{_LATIN})\s?\d*)\s*(?:[:：!|]|\s[-–—]\s|(?<=\d)\s?[-–—]|(?<=rpt)-|(?<=corrected)-|(?<=refile)-)"
    rf"|(?P<wide>{_WIDE})\s*[:：!|│]"
    rf"|/(?P<slash>{_LATIN})/)\s*",
    re.IGNORECASE,
)
_BACK = re.compile(
    rf"\s*(?:[\[(【〈]\s*(?P<in>{_NAME})\s*[\])】〉]|[-–—]\s*(?P<bare>(?:2nd|3rd|\dth)\s(?:ld|lead)))\s*\Z",
    re.IGNORECASE,
)
_TEASER = re.compile(
    r"(?:(?<!\w)(?:read\s(?:also|more|next)|also\sread|see\salso|related(?:\s(?:articles?|stor(?:y|ies)|news|coverage))?"
    r"|more\son\sthis(?:\sstory)?|recommended|don['’]t\smiss)"
    r"|관련\s?(?:기사|뉴스)|함께\s?(?:읽기|보기|볼\s?만한\s?기사)|(?:相关|相關)(?:阅读|閱讀|新闻|新聞|报道|報道|報導)|延伸(?:阅读|閱讀))"
    r"\s*[:：|>»▶]\s*",
    re.IGNORECASE,
)
"""What sites put before the title of another report within a text. `Denial:` and the like are none: who quotes a title
to deny it has news."""
_YONHAP = re.compile(r"\s*\((?P<in>(?:\d(?:st|nd|rd|th)\s)?ld|lead)\)\s*", re.IGNORECASE)


def strip_wire_tags(title: str) -> tuple[str, tuple[str, ...]]:
    """The title without its wire tags (`[속보]`, `(2nd LD)`, `UPDATE 2-`, `(종합2보)`), and the tags in order.

    A title that is nothing but a tag is given back as it is.
    """
    rest, front = title.strip(), []
    while (match := _FRONT.match(rest)) and match.end() < len(rest):
        front.append(_tag(match))
        rest = rest[match.end() :].lstrip()
    back: list[str] = []
    while (match := _BACK.search(rest)) and match.start() > 0:
        back.insert(0, _tag(match))
        rest = rest[: match.start()].rstrip()
    return rest, tuple(front + back)


def teased(line: str) -> list[tuple[int, int, int]]:
    """What may be titles of other reports within a line: where the label before each begins, its title, its end.

    A title ends with a sentence, at a bar, before the next label or with the line.
    """
    labels = list(_TEASER.finditer(line))
    found = []
    for label, then in zip_longest(labels, labels[1:]):
        begin, until = label.end(), then.start() if then else len(line)
        said = line[begin : min(until, begin + LONGEST)]
        ends = {begin + border for _, border in sentences(said)} | {until}
        if (bar := said.find(" | ")) > 0:
            ends.add(begin + bar)
        found += [(label.start(), begin, end) for end in sorted(ends) if end <= begin + LONGEST]
    return found


def takes(one: str, other: str) -> bool:
    """Whether two titles of one feed are takes of one report: a tag on either, and half of their words shared."""
    (first, tags), (second, more) = strip_wire_tags(one), strip_wire_tags(other)
    if not (tags or more):
        return False
    mine, theirs = _words(first), _words(second)
    fewer = min(len(mine), len(theirs))
    return fewer >= FEWEST and len(mine & theirs) >= SHARED * fewer


def _words(title: str) -> set[str]:
    """The words of a title; of what is written without spaces, each two neighbouring characters."""
    words: set[str] = set()
    for word in re.findall(r"\w+", fold(title).text):
        wide = re.fullmatch(r"[\u2e80-\u9fff\uf900-\ufaff\uac00-\ud7af]{3,}", word) is not None
        words |= {word[at : at + 2] for at in range(len(word) - 1)} if wide else {word}
    return words


def _tag(match: re.Match[str]) -> str:
    return next(value for value in match.groupdict().values() if value).strip()
