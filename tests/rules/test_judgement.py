"""Novelty and logic together: the watchlist holds on the whole article, and something new has to carry its subject."""

from __future__ import annotations

from typing import Any

import pytest

from watcher.alert import Change, LookAlikeNote
from watcher.judgement import Case, Judgement, Kin, judge
from watcher.model import Fields
from watcher.novelty.fingerprints import fingerprint
from watcher.novelty.likeness import compare
from watcher.watchlist import Watchlist
from watcher.watchlist.engine import Engine

CONCEPTS = {"dprk": ["North Korea*", "북한*", "朝鲜"], "flee": ["defect*", "망명*", "叛逃"]}
LIST = {"any": ("@flee",), "all": ("@dprk",)}
CLOSE = {**LIST, "near": 20}
QUERY = {"query": "@flee NEAR/20 @dprk"}

KNOWN = (
    "A diplomat defected from North Korea in the spring, three people at the embassy said on Monday evening. "
    "He had kept the accounts of a trading house for nine years and owned a flat near the river. "
    "His wife and a daughter of eleven left with him through the garden of the school."
)
RAIN = (
    "The river stood a metre above the mark of last year, the water board said, and two lower streets were closed. "
    "Bakers opened late because the flour had to come by boat from the mill on the other bank of it."
)
BELLS = (
    "The bells of the minster will be hung again in June, the cathedral works said after the founder had passed them. "
    "Nine parishes had collected for two of them, and the third was paid for by a brewer who wants no plate."
)
HERE = (
    "Yesterday another clerk of the same house defected with two books of accounts and a box of receipts, "
    "the police said."
)
THERE = (
    "Trade with North Korea fell by a third in the last quarter of the year, the customs office said on Tuesday "
    "morning."
)
MENU = (
    "Home\nNorth Korea\nDefectors\nMarkets\nWeather\nThe river at the mill\nTown hall\nLost and found\nLetters\n"
    "Subscribe\nLog in\nShare\nPrint\nContact"
)
SHORT = "A clerk defected from North Korea on Sunday."
BEFORE_SUBJECT = f"{RAIN} The clerk too defected and nobody has heard of him again since Saturday.\n{KNOWN}"
"""A new defection in front of an old North Korea."""
BEFORE_CONTEXT = (
    f"{RAIN} This is of no concern outside of North Korea, and nobody in town asks about it.\n{KNOWN}"
)
"""A new North Korea in front of an old defection."""

KOREAN = (
    "북한 외교관 한 명이 지난봄 망명했다고 대사관 관계자 세 사람이 월요일 저녁에 밝혔다. "
    "그는 무역회사의 장부를 아홉 해 동안 맡았고 강가에 집을 가지고 있었다. 열한 살 딸과 아내도 함께 떠났다고 한다."
)
KOREAN_TRADE = "북한의 무역은 지난 분기에 삼분의 일이 줄었다고 세관이 화요일 아침에 발표했다고 한다."
KOREAN_CLERK = "같은 회사의 직원 한 명도 장부 두 권과 영수증 한 상자를 가지고 어제 망명했다고 한다."
CHINESE = (
    "一名朝鲜外交官今年春天叛逃，使馆的三名人士星期一晚上说。他九年来一直负责一家贸易公司的账目，在河边有一套房子。"
    "他的妻子和十一岁的女儿也跟他一起从学校的花园离开了。"
)


def decide(
    rule: dict[str, Any],
    text: str,
    *,
    title: str = "",
    known: str = "",
    known_to: frozenset[str] | None = None,
    source: str = "",
    origin: str = "article",
    **case: Any,
) -> Judgement:
    """The judgement on an article when `known` is what was reported before."""
    watchlist = Watchlist(name="x", **rule)
    engine = Engine([watchlist], CONCEPTS)
    likeness = compare(fingerprint(text), fingerprint(known)) if known else None
    kin: tuple[Kin, ...] = ()
    if likeness is not None:
        note = LookAlikeNote(url=None, title="Before", source="Gazette", containment=likeness.containment)
        kin = (
            Kin(
                document=1,
                likeness=likeness,
                known_to=known_to,
                note=note,
                cluster=1,
                story=None,
                origin=origin,
            ),
        )
    matches = engine.match(Fields(title=title, body=text, source=source))
    return judge(Case(title=title, text=text, matches=matches, kin=kin, **case), {"x": watchlist})


def told(judgement: Judgement) -> tuple[str, str] | None:
    """The outcome and the first word of its reason; None where the watchlist does not hold."""
    if not judgement.rulings:
        return None
    (ruling,) = judgement.rulings
    return ruling.outcome, ruling.reason.partition(":")[0]


ALERT, CUE = ("alert", "new"), ("alert", "cue")
OLD, LITTLE = ("silent", "copy"), ("silent", "too little new")
MORE = ("follow-up", "follow-up")
CASES: list[tuple[str, dict[str, Any], dict[str, Any], tuple[str, str] | None]] = [
    # the query holds on the whole article, or there is nothing to decide
    ("a first report", CLOSE, {"text": KNOWN}, ALERT),
    ("a first report, in Korean", CLOSE, {"text": KOREAN}, ALERT),
    ("a first report, in Chinese", CLOSE, {"text": CHINESE}, ALERT),
    ("a report without the context", CLOSE, {"text": HERE}, None),
    ("a copy", CLOSE, {"text": KNOWN, "known": KNOWN}, OLD),
    ("a copy, in Korean", CLOSE, {"text": KOREAN, "known": KOREAN}, OLD),
    ("a copy, in Chinese", CLOSE, {"text": CHINESE, "known": CHINESE}, OLD),
    (
        "what stands in a title is excluded",
        {**LIST, "none": ("football",)},
        {"title": "Football", "text": KNOWN},
        None,
    ),
    # a subject hit must touch a novel sentence; context may be old
    ("a new subject beside an old context", LIST, {"text": f"{KNOWN} {HERE}", "known": KNOWN}, ALERT),
    ("a new context beside an old subject", LIST, {"text": f"{KNOWN} {THERE}", "known": KNOWN}, OLD),
    (
        "a new context beside an old subject, far",
        LIST,
        {"text": f"{KNOWN} {RAIN} {THERE}", "known": KNOWN},
        MORE,
    ),
    (
        "a new subject near an old context",
        CLOSE,
        {"text": f"{HERE} {KNOWN}".replace("police said.", "police said,"), "known": KNOWN},
        ALERT,
    ),
    (
        "a new subject, the context near it old",
        CLOSE,
        {
            "text": BEFORE_SUBJECT,
            "known": KNOWN,
        },
        ALERT,
    ),
    (
        "a new context near an old subject",
        CLOSE,
        {
            "text": BEFORE_CONTEXT,
            "known": KNOWN,
        },
        MORE,
    ),
    # of a NEAR, its left operand
    (
        "of a NEAR a new left side beside an old right side",
        QUERY,
        {
            "text": BEFORE_SUBJECT,
            "known": KNOWN,
        },
        ALERT,
    ),
    (
        "of a NEAR a new right side beside an old left side",
        QUERY,
        {
            "text": BEFORE_CONTEXT,
            "known": KNOWN,
        },
        MORE,
    ),
    (
        "of a NEAR written the other way round",
        {"query": "@dprk NEAR/20 @flee"},
        {
            "text": BEFORE_CONTEXT,
            "known": KNOWN,
        },
        ALERT,
    ),
    (
        "a new North Korea beside an old defection",
        QUERY,
        {"text": f"{KNOWN} {THERE} {RAIN}", "known": KNOWN},
        MORE,
    ),
    (
        "a new North Korea beside an old defection, in Korean",
        QUERY,
        {
            "text": f"{KOREAN}\n{KOREAN_TRADE}",
            "known": KOREAN,
        },
        OLD,
    ),
    (
        "a new North Korea beside an old defection, in Chinese",
        QUERY,
        {
            "text": f"{CHINESE}\n朝鲜的贸易额上个季度减少了三分之一，海关星期二上午公布了这个数字，没有说明原因。",
            "known": CHINESE,
        },
        OLD,
    ),
    (
        "a new defection beside an old North Korea, in Korean",
        LIST,
        {
            "text": f"{KOREAN}\n{KOREAN_CLERK}",
            "known": KOREAN,
        },
        ALERT,
    ),
    (
        "any positive term of an AND",
        {"query": "@flee AND @dprk"},
        {"text": f"{KNOWN} {THERE}", "known": KNOWN},
        ALERT,
    ),
    (
        "any of all, where there is no any",
        {"all": ("@flee", "@dprk")},
        {"text": f"{KNOWN} {THERE}", "known": KNOWN},
        ALERT,
    ),
    (
        "metadata is no subject",
        {"query": "source:Gazette AND @flee"},
        {"text": f"{KNOWN} {RAIN}", "known": KNOWN, "source": "Gazette"},
        MORE,
    ),
    # what is known is known to somebody
    (
        "text that only another watchlist reported",
        CLOSE,
        {"text": KNOWN, "known": KNOWN, "known_to": frozenset({"y"})},
        ALERT,
    ),
    (
        "text that this watchlist reported",
        CLOSE,
        {"text": KNOWN, "known": KNOWN, "known_to": frozenset({"x"})},
        OLD,
    ),
    (
        "eight words that only another watchlist reported",
        CLOSE,
        {"text": SHORT, "known": SHORT, "known_to": frozenset({"y"})},
        ALERT,
    ),
    # titles
    (
        "a copy under a new title with the hit",
        LIST,
        {"title": "North Korea: a diplomat defects", "text": KNOWN, "known": KNOWN},
        OLD,
    ),
    ("a headline alone", LIST, {"title": "Diplomat defects from North Korea", "text": ""}, ALERT),
    (
        "a headline alone that is known",
        LIST,
        {"title": "Diplomat defects from North Korea", "text": "", "title_known_to": None},
        ("silent", "title only"),
    ),
    (
        "a new title with the hit over new words without",
        {"any": ("title:@flee",)},
        {"title": "A diplomat defects", "text": f"{RAIN} {KNOWN}", "known": KNOWN},
        ALERT,
    ),
    (
        "a new title with the hit over too few new words",
        {"any": ("title:@flee",)},
        {"title": "A diplomat defects", "text": f"{KNOWN} It rained for most of the night.", "known": KNOWN},
        OLD,
    ),
    (
        "a known title with the hit over new words without",
        {"any": ("title:@flee",)},
        {"title": "A diplomat defects", "text": f"{RAIN} {KNOWN}", "known": KNOWN, "title_known_to": None},
        MORE,
    ),
    (
        "a headline told again, with itself for a text",
        {"any": ("title:@flee",), "min_new_words": 0},
        {"title": SHORT, "text": SHORT, "known": SHORT},
        OLD,
    ),
    # cues
    (
        "a denial around known text",
        CLOSE,
        {"text": f"The ministry denied all of it.\n{KNOWN}", "known": KNOWN},
        CUE,
    ),
    ("a denial, in Korean", CLOSE, {"text": f"당국은 사실무근이라고 했다.\n{KOREAN}", "known": KOREAN}, CUE),
    ("a denial, in Chinese", CLOSE, {"text": f"外交部否认了这一报道。\n{CHINESE}", "known": CHINESE}, CUE),
    (
        "a denial nobody asked for",
        {**CLOSE, "always": ()},
        {"text": f"The ministry denied all of it.\n{KNOWN}", "known": KNOWN},
        OLD,
    ),
    (
        "a cue of one's own",
        {**CLOSE, "always": ("sources differ",)},
        {"text": f"Sources differ on it.\n{KNOWN}", "known": KNOWN},
        CUE,
    ),
    (
        "a denial that is known itself",
        CLOSE,
        {
            "text": f"{KNOWN} The ministry denied all of it.",
            "known": f"{KNOWN} The ministry denied all of it.",
        },
        OLD,
    ),
    ("a denial of something else", CLOSE, {"text": "The ministry denied all of it."}, None),
    # min_new_words, only beside a look-alike
    ("eight words, never seen", CLOSE, {"text": SHORT}, ALERT),
    (
        "eight new words beside a look-alike",
        CLOSE,
        {"text": f"{KNOWN} {SHORT}", "known": KNOWN},
        LITTLE,
    ),
    (
        "eight new words are enough where fewer are asked for",
        {**CLOSE, "min_new_words": 5},
        {"text": f"{KNOWN} {SHORT}", "known": KNOWN},
        ALERT,
    ),
    (
        "a cue needs no number of words",
        CLOSE,
        {"text": f"Denied: a clerk defected from North Korea.\n{KNOWN}", "known": KNOWN},
        CUE,
    ),
    # follow-ups
    ("much that is new, without a new hit", CLOSE, {"text": f"{KNOWN} {RAIN}", "known": KNOWN}, MORE),
    (
        "little that is new, without a new hit",
        CLOSE,
        {"text": f"{KNOWN} It rained for most of the night.", "known": KNOWN},
        OLD,
    ),
    (
        "much that is new, and hits in the frame of its page alone",
        LIST,
        {"text": f"{MENU}\n{RAIN}\n{BELLS}", "known": f"{MENU}\n{KNOWN}"},
        MORE,
    ),
    # what is no first report
    ("what stood in a feed from before", CLOSE, {"text": KNOWN, "baseline": True}, ("silent", "first poll")),
    (
        "the page of a report is gone",
        CLOSE,
        {"text": KNOWN, "known": KNOWN, "removed": True},
        ("alert", "removed"),
    ),
    (
        "the full text of what was told as partial",
        LIST,
        {"text": f"{KNOWN} {HERE}", "known": KNOWN, "already": frozenset({"x"})},
        OLD,
    ),
    (
        "the full text of what was told as partial, with a cue and new hits",
        LIST,
        {"text": f"The ministry denied it.\n{KNOWN}\n{HERE}", "known": KNOWN, "already": frozenset({"x"})},
        MORE,
    ),
    (
        "the full text of what was told as partial, with a cue alone",
        LIST,
        {"text": f"The ministry denied it.\n{KNOWN}", "known": KNOWN, "already": frozenset({"x"})},
        OLD,
    ),
    (
        "a figure changed in a sentence that was hit, however short",
        CLOSE,
        {"text": KNOWN, "known": KNOWN, "revision": True, "changes": {"x": (Change("nine", "ten"),)}},
        ("alert", "revised"),
    ),
]


@pytest.mark.parametrize(("name", "rule", "article", "expected"), CASES, ids=[case[0] for case in CASES])
def test_what_is_told(
    name: str, rule: dict[str, Any], article: dict[str, Any], expected: tuple[str, str] | None
) -> None:
    assert told(decide(rule, **article)) == expected


def test_what_stands_in_the_same_frame_is_known_text_and_no_look_alike() -> None:
    for text in (f"{MENU}\n{RAIN}\n{BELLS}", f"{MENU}\n{RAIN}\n{HERE} It was in North Korea."):
        judgement = decide(LIST, text, known=f"{MENU}\n{KNOWN}")
        assert judgement.best is None
        assert judgement.novelty.spans == ((len(MENU) + 1, len(text)),)
        assert "nearest" not in judgement.reason
    assert judgement.verdict == "new"
    assert told(judgement) == ALERT
    assert judgement.rulings[0].reason == "new: no known text in it but the frame of its page"


def test_a_seed_in_the_same_frame_has_not_come_back() -> None:
    menus = "\n".join(f"{place} {day}" for place in RAIN.split()[:20] for day in MENU.split()[:14])
    text, known = f"{menus}\n{RAIN}\n{BELLS}\n{MENU}", f"{menus}\n{KNOWN} {THERE}\n{MENU}"
    for other, seed in ((known, None), (text, 1)):
        judgement = decide({"any": ("North Korea",)}, text, known=other, origin="seed")
        assert judgement.novelty.covered > 0.8
        assert judgement.seed == seed
