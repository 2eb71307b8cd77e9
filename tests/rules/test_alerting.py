"""What an alert says of its hits: the term as written, its place, the sentence around it; the most telling first."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from watcher.alert import Alert, ArticleNote, LookAlikeNote
from watcher.alerting import HITS, SNIPPET, compose
from watcher.judgement import Case, Kin, judge
from watcher.model import Fields
from watcher.novelty.fingerprints import fingerprint
from watcher.novelty.likeness import compare
from watcher.watchlist import Watchlist
from watcher.watchlist.engine import Engine

CONCEPTS = {"dprk": ["North Korea*", "북한*", "朝鲜"], "flee": ["defect*", "망명*", "叛逃"]}
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def alert(*rules: Watchlist, text: str, title: str = "", known: str = "") -> Alert:
    matches = Engine(rules, CONCEPTS).match(Fields(title=title, body=text))
    likeness = compare(fingerprint(text), fingerprint(known)) if known else None
    kin: tuple[Kin, ...] = ()
    if likeness is not None:
        note = LookAlikeNote(url=None, title="Before", source="Gazette", containment=likeness.containment)
        kin = (
            Kin(
                document=1,
                likeness=likeness,
                known_to=None,
                note=note,
                cluster=1,
                story=None,
                origin="article",
            ),
        )
    judgement = judge(
        Case(title=title, text=text, matches=matches, kin=kin), {rule.name: rule for rule in rules}
    )
    article = ArticleNote(
        id="1", title=title, url=None, source="Gazette", found=NOW, published=None, language=None, summary=""
    )
    return compose(judgement, id_="a", article=article, text=text, kin=kin, changes=(), story=None)


TEXTS = [
    (
        "Rain fell. In the U.S. Mr. Kim said that three defectors came from North Korea. Nobody wept.",
        "In the U.S. Mr. Kim said that three defectors came from North Korea.",
        ["defectors", "North Korea"],
    ),
    (
        "비가 왔다. 2016. 7. 5. 북한 외교관이 망명했다.끝이다.",
        "2016. 7. 5. 북한 외교관이 망명했다.",
        ["망명했다", "북한"],
    ),
    (
        "下雨了。据U.S. News报道，“朝鲜外交官叛逃了。”，然后离开。完了。",
        "据U.S. News报道，“朝鲜外交官叛逃了。”，然后离开。",
        ["叛逃", "朝鲜"],
    ),
]


@pytest.mark.parametrize(("text", "sentence", "hits"), TEXTS, ids=["english", "korean", "chinese"])
def test_a_hit_carries_its_term_its_place_and_its_sentence(text: str, sentence: str, hits: list[str]) -> None:
    told = alert(Watchlist(name="A", any=("@flee",), all=("@dprk",), near=9), text=text)
    assert [text[hit.start : hit.end] for hit in told.hits] == hits
    for hit in told.hits:
        assert (hit.watchlist, hit.field, hit.snippet) == ("A", "body", sentence)
        assert text[hit.start : hit.end] in [hit.snippet[a:b] for a, b in hit.marks]
    subject, context = told.hits
    assert (subject.concept, subject.subject, context.concept, context.subject) == (
        "flee",
        True,
        "dprk",
        False,
    )
    assert subject.term in CONCEPTS["flee"]
    assert context.term in CONCEPTS["dprk"]


def test_each_watchlist_says_which_condition_held() -> None:
    told = alert(
        Watchlist(name="A", any=("@flee",), all=("@dprk",), near=9),
        Watchlist(name="B", query="defector NEAR/5\n (river OR lake)"),
        Watchlist(name="C", any=("volcano",)),
        text="A defector from North Korea crossed the river.",
    )
    assert told.conditions == (("A", "@flee near 9 of @dprk"), ("B", "defector NEAR/5 (river OR lake)"))
    assert [(hit.watchlist, hit.term) for hit in told.hits] == [
        ("A", "defect*"), ("A", "North Korea*"), ("B", "defector"), ("B", "river"),
    ]  # fmt: skip


def test_the_most_telling_hits_come_first_and_others_make_room_for_terms_not_named_yet() -> None:
    known = (
        "A clerk defected from the mill by the river with nine books of accounts and a box of old receipts. "
        * 2
    )
    new = "Another clerk of the same mill was seen at the lake on Sunday, a defector now, said the two guards there."
    told = alert(Watchlist(name="A", any=("defect*", "lake")), text=f"{known}\n{new}", known=known)
    assert [(hit.term, hit.novel) for hit in told.hits[:2]] == [("lake", True), ("defect*", True)]
    assert not any(hit.novel for hit in told.hits[2:])
    many = alert(
        Watchlist(name="A", any=("defected", "lake")), text="He defected. " * 40 + "He left by the lake."
    )
    assert len(many.hits) == HITS
    assert many.hits[-1].term == "lake"


def test_a_sentence_without_an_end_is_cut_around_its_hit() -> None:
    text = "word " * 400 + "defector" + " word" * 400
    (hit,) = alert(Watchlist(name="A", any=("defector",)), text=text).hits
    assert len(hit.snippet) == SNIPPET
    ((a, b),) = hit.marks
    assert hit.snippet[a:b] == "defector"
    assert 100 < a < SNIPPET - 100


def test_a_phrase_over_the_end_of_a_line_is_quoted_whole() -> None:
    text = "The Ministry of State\nSecurity is silent. It rained."
    (hit,) = alert(Watchlist(name="A", any=("Ministry of State Security",)), text=text).hits
    assert text[hit.start : hit.end] == "Ministry of State\nSecurity"
    assert [hit.snippet[a:b] for a, b in hit.marks] == ["Ministry of State\nSecurity"]


def test_a_hit_in_the_title_is_quoted_with_the_title() -> None:
    told = alert(
        Watchlist(name="A", any=("defector",)), title="A defector speaks. At last", text="It rained."
    )
    (hit,) = told.hits
    assert (hit.field, hit.snippet, hit.marks) == ("title", "A defector speaks. At last", ((2, 10),))


def test_what_stands_in_the_same_frame_is_named_neither_as_a_look_alike_nor_as_a_carrier() -> None:
    menus = "\n".join(f"Ward {number}\nLetters from ward {number}" for number in range(1, 5))
    said = "Five defectors from North Korea were seen at the harbour on Monday, a pilot told the paper of the port. "
    other = (
        "The bells of the minster will be hung again in June, and a brewer who wants no plate pays for the third, "
        "which was cast abroad."
    )
    rule = Watchlist(name="A", any=("@flee",), all=("@dprk",))
    for known, named in ((f"{menus}\n{other}", []), (f"{menus}\n{other}\n{said}", ["Before"])):
        told = alert(
            rule,
            text=f"{menus}\n{said}Two of the defectors had a map of North Korea with them that showed no roads.",
            known=known,
        )
        assert [each.title for each in told.look_alikes] == named
        assert told.carried_by == told.look_alikes
