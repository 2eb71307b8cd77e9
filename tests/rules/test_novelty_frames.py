"""Frames: what two pages of one site share, told from their articles; and an article known in any frame."""

from __future__ import annotations

from datetime import UTC, datetime
from textwrap import fill

import pytest

from watcher.folding import count_words
from watcher.novelty import Fingerprint, Witness, compare, fingerprint, told_apart
from watcher.novelty.likeness import in_frame
from watcher.pipeline.kinship import verified
from watcher.stores.documents import Document, Found

MENU = """Skip to content
The Lowland Courier
Home
News
Town hall
Harbour
Farming
Letters
Tide tables
Obituaries
Subscribe
Log in
Search the archive
Share on the notice board
Print this page"""
BOX = """Tagged
Courier news desk
More from the Lowland Courier
Newsletter
Every morning at six
Sign up for free
No thanks
Contact the desk
Send us a photograph
About the paper"""
APPEAL = """The Lowland Courier belongs to the four thousand people who read it, and to nobody else beside them. For
ninety years we have sat through the meetings of every council between the dyke and the moor so that you do not have
to, and we have printed what was said there on the next morning, whoever liked it. That work is paid for by those
who take the paper each day and by those who give a little each month so that the school can read it without charge.
If you would like to help us, the form lies at the counter of every branch, and the desk upstairs will answer the
telephone until late in the evening. Whoever sends a cheque gets the calendar with the old photographs of the mill,
and the thanks of eleven reporters, two of whom are still learning how to keep a notebook dry in a rowing boat."""
FOOT = "Imprint\nPrivacy\nTerms of use\nAll rights reserved\nBack to the top"

WEIR = """The weir above the paper mill gave way on Sunday night after nine days of rain, and the lower meadows stood
under water by the time the fire brigade arrived. Two families left their houses through the windows. A miller who
had warned of the rotten beams in spring told the council that nobody had come to look at them. The county engineer
promised a dam of sandbags by Wednesday and asked volunteers to bring shovels. Trains to the coast are replaced by
buses until further notice, and the bakery at the bridge is giving away its bread."""
CHOIR = """For the first time since the war the cathedral choir will travel abroad, its master said at a rehearsal to
which the public had been let in. Forty singers and a portable organ are booked on the evening ferry in August. The
programme is made up of three masses by composers from the valley, one of them found last year in a cupboard of the
vestry. Tickets for the farewell concert went within an hour; a second one is being thought about, if the heating
can be made to work by then."""
BUDGET = """Councillors argued until midnight about a budget that closes the swimming hall for two winters and keeps
the libraries. Those against it counted on a loan from the savings bank, which had let it be known in the morning
that there would be none. The mayor's party lost three votes of its own, and won with the help of the farmers, who
want the road to the sugar works mended in return. A crowd in bathing caps sang outside the town hall."""
LETTERS = """The letter of the week. What the reader at the ford forgets is that the ferry never ran at night, not even
in the years when my grandfather steered it, and that nobody drowned for want of a lamp. I have kept his logbook."""

WEIR, CHOIR, BUDGET, LETTERS = (" ".join(text.split()) for text in (WEIR, CHOIR, BUDGET, LETTERS))


def page(article: str, box: str = BOX, appeal: str = APPEAL) -> str:
    return f"{MENU}\n{article}\n{box}\n{appeal}\n{FOOT}"


def bare(article: str) -> str:
    appeal = APPEAL[: APPEAL.index("If you")]
    return f"The Lowland Courier, each morning but on Sundays\n{article}\n{appeal}\n{BOX}\n{MENU}\n{FOOT}\n{LIST}"


def one_line(article: str) -> str:
    return " ".join(f"{MENU.title()} {article} {BOX.title()}".split())


def teased(article: str, other: str, count: int = 70) -> str:
    return page(article, box=f"Tagged\nFrom the same valley\n{other[:count]} …\n{BOX}")


def with_bars(article: str) -> str:
    return " | ".join(line.strip() for line in page(article).splitlines())


def alike(mine: str, theirs: str, *, titles: tuple[str, str] = ("", "")):
    stored = Fingerprint.from_bytes(fingerprint(theirs, title=titles[1]).to_bytes())
    return compare(fingerprint(mine, title=titles[0]), stored)


def parted(article: str, day: str) -> str:
    """A page whose menus are parted by the day, and whose foot is prose."""
    return f"Skip to what was written\n{day}\n{MENU}\n{article}\n{APPEAL[:240]}"


def on_one_bar(article: str) -> str:
    """A page on one line, with bars between some of its long headlines."""
    heads = "The Mill Reopens After Nine Quiet Years And Nobody Comes"
    foot = " | ".join(f"{heads} To {name} And {name[::-1].title()} On The Dyke" for name in NAMES[:6])
    return f"Home News Letters {article} {foot}"


def table(of: str) -> str:
    return "\n".join(f"{number}\n{of} {name}\n{number * 7 % 90}" for number, name in enumerate(NAMES, 1))


NAMES = "Abel Bram Claes Dirk Egon Frans Gerrit Hans Ivo Joris Klaas Lars Menno Niels Otto Piet Quinten Ruud Sven Thijs".split()  # noqa: E501, SIM905
LIST = "\n".join(f"{name} of ward {number}" for number, name in enumerate(NAMES))
THREAD = "\n".join(
    f"{name}\n{LETTERS.replace('ferry', name).replace('ford', name * 2)}" for name in NAMES[:6]
)


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        (page(WEIR), page(CHOIR)),
        (page(CHOIR), page(BUDGET)),
        (page(table("rower"), BOX, APPEAL[:123]), page(table("team of horses"), BOX, APPEAL[:123])),
        (f"{MENU}\n{WEIR}\n{BUDGET}\n{BOX}\n{FOOT}", f"{MENU}\n{CHOIR}\n{LETTERS}\n{BOX}\n{FOOT}"),
        (bare(f"{WEIR} {CHOIR}"), bare(f"{BUDGET} {LETTERS}")),
        (page(f"{WEIR[:240]} {APPEAL[:68]} {WEIR[240:]}"), page(CHOIR)),
        (f"{MENU}\n{BOX}\n{LIST}\n{WEIR}", f"{MENU}\n{BOX}\n{LIST}\n{CHOIR}"),
        (one_line(f"{WEIR} {BUDGET}"), one_line(f"{CHOIR} {LETTERS}")),
        (teased(WEIR, CHOIR), teased(CHOIR, WEIR)),
        (one_line(f"{WEIR} Share. {APPEAL}"), one_line(f"{CHOIR} Share. {APPEAL}")),
        (with_bars(WEIR), with_bars(CHOIR)),
        (parted(f"{WEIR} {BUDGET}", "Monday, 9 March"), parted(f"{CHOIR} {LETTERS}", "Tuesday, 10 March")),
        (on_one_bar(f"{WEIR} {BUDGET}"), on_one_bar(f"{CHOIR} {LETTERS}")),
    ],
    ids=[
        "an appeal longer than the article",
        "the same, another article",
        "tables for articles",
        "menus alone, less than half of either page",
        "no menus, and an appeal shorter than the article",
        "a phrase of the frame in the article",
        "menus and no footer",
        "menus that stand on one line",
        "each has the other among its teasers",
        "an appeal on the one line of the page",
        "bars for line breaks",
        "menus that a date parts",
        "bars between long headlines on one line",
    ],
)
def test_two_articles_in_one_frame_share_a_frame_alone(mine, theirs):
    for one, other in ((mine, theirs), (theirs, mine)):
        likeness = alike(one, other)
        assert likeness is not None
        assert likeness.framed
        assert max(likeness.containment, likeness.contained, likeness.back) == 0
        assert not any(one[start:end] in WEIR + CHOIR + BUDGET for start, end in likeness.spans)


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        (page(f"{WEIR}\n{THREAD}"), page(f"{WEIR}\n{CHOIR}\n{BUDGET}")),
        (page(f"{fill(WEIR)}\n{THREAD}"), page(f"{fill(WEIR)}\n{CHOIR}\n{BUDGET}")),
        (page(f"{LETTERS}\n{WEIR}\n{BUDGET}\n{LETTERS[::-1]}"), page(f"{CHOIR}\n{WEIR}\n{BUDGET}")),
        (page(f"{LETTERS} {WEIR[:200]}\n{BUDGET}\n{CHOIR}"), page(f"{WEIR}\n{BUDGET}\n{CHOIR}")),
        (page(WEIR.replace("night", "evening").replace("miller", "baker")), page(WEIR)),
        (page(WEIR[:240]), page(WEIR)),
        (f"{MENU}\n{WEIR}\n{BUDGET}\n{CHOIR}", f"{MENU}\n{WEIR}\n{BUDGET}\n{THREAD[:600]}"),
    ],
    ids=[
        "longer comments under it",
        "the same, its lines wrapped",
        "other teasers above it",
        "another beginning",
        "edited",
        "trimmed",
        "another end",
    ],
)
def test_one_article_in_one_frame_is_no_frame_alone(mine, theirs):
    for one, other in ((mine, theirs), (theirs, mine)):
        likeness = alike(one, other)
        assert likeness is not None
        assert not likeness.framed
        assert max(likeness.containment, likeness.contained) >= 0.5


def test_a_passage_that_two_articles_in_one_frame_share_is_all_that_counts():
    quotation = BUDGET[: BUDGET.index(" The mayor")]
    mine = f"{MENU}\n{WEIR}\nThe paper had written: {quotation} That is what it said.\n{CHOIR}\n{BOX}\n{APPEAL}\n{FOOT}"
    likeness = alike(mine, page(f"{BUDGET}\n{LETTERS}\n{LETTERS[::-1]}"))
    assert likeness is not None
    assert not likeness.framed
    words = count_words(quotation)
    assert abs(likeness.containment - words / count_words(mine)) < 0.03
    assert likeness.shared_words == pytest.approx(words, abs=2)
    known = [mine[start:end] for start, end in likeness.spans]
    assert any("swimming hall" in passage for passage in known)
    assert any("Tide tables" in passage for passage in known)


def test_a_passage_links_two_pages_that_share_little_as_it_links_any_texts():
    mine = f"{MENU}\n{WEIR}\n{BUDGET} {CHOIR}"
    likeness = alike(mine, f"{MENU}\n{LETTERS}\n{LETTERS[::-1]}\n{BUDGET} {CHOIR[::-1]}")
    assert likeness is not None
    assert not likeness.framed
    assert likeness.containment == pytest.approx(
        count_words(f"{MENU} {BUDGET}") / count_words(mine), abs=0.05
    )


def test_another_title_tells_two_articles_that_a_frame_with_an_article_in_it_hides():
    mine, theirs = (f"{MENU}\n{own}\n{CHOIR}\n{BUDGET}\n{FOOT}" for own in (WEIR, LETTERS + LETTERS[::-1]))
    assert not alike(mine, theirs).framed
    said = "Weir gives way in the night", "Letters that we got this week"
    assert alike(mine, theirs, titles=said).framed
    assert not alike(mine, theirs, titles=(said[0], said[0])).framed


@pytest.mark.parametrize(
    ("clusters", "framed"),
    [((1, 2), True), ((1, 1), False), ((1, 1, 1), True)],
    ids=["two that are no copies of one another", "two copies", "so many that they were taken for copies"],
)
def test_what_two_texts_share_that_are_no_copies_is_the_frame_of_a_third(clusters, framed):
    """The frame has an article of its own in it, longer than any: a standing story that each page repeats."""
    mine, *others = (
        f"{MENU}\n{own}\n{CHOIR}\n{BUDGET}\n{FOOT}" for own in (WEIR, LETTERS * 2, THREAD, WEIR[::-1])
    )
    found = Found(
        tuple(stored(number, others[number], cluster) for number, cluster in enumerate(clusters)),
        frozenset(),
        newest=2,
    )
    kin = verified(fingerprint(mine), found, items=())
    assert {each.likeness.framed for _, each in kin} == {framed}
    assert {each.copy for _, each in kin} == {not framed}


def test_the_known_article_that_stands_in_a_page_tells_its_frame():
    mine, other = (f"{own}\n{CHOIR}\n{BUDGET}\n{FOOT}" for own in (WEIR, LETTERS * 2))
    assert alike(mine, other).containment > 0.5
    found = Found((stored(1, WEIR, 1), stored(2, other, 2)), frozenset(), newest=2)
    kin = {document.id: each for document, each in verified(fingerprint(mine), found, items=())}
    assert (kin[1].copy, kin[2].linked) == (True, False)


def test_a_known_brief_in_an_edited_article_does_not_hide_the_earlier_version():
    brief = f"{LETTERS} {WEIR[:120]}"
    mine, earlier = f"{brief}\n{CHOIR}\n{BUDGET}\n{APPEAL}", f"{WEIR[130:]}\n{CHOIR}\n{BUDGET}"
    found = Found((stored(1, brief, 1), stored(2, earlier, 2)), frozenset(), newest=2)
    kin = {document.id: each for document, each in verified(fingerprint(mine), found, items=())}
    assert (kin[1].copy, kin[2].copy) == (True, True)


def test_what_stands_beside_a_known_frame_is_all_that_two_pages_of_one_author_share():
    author = "Ode has written on tides for this paper since she left school, keeps bees, and answers letters at the counter."  # noqa: E501
    standing = f"{APPEAL}\n{LETTERS}\n{APPEAL[::-1]}"
    mine, hers, other = (
        page(text, appeal=standing) for text in (f"{WEIR}\n{author}", f"{BUDGET}\n{author}", CHOIR)
    )
    shared = alike(mine, hers), in_frame(alike(mine, other))
    assert shared[0].containment > 0.5
    witnesses = [Witness(number, 600, each) for number, each in enumerate(shared)]
    by_her, framed = told_apart(fingerprint(mine), witnesses)
    assert framed.framed
    assert not by_her.framed
    assert by_her.shared_words >= count_words(author)
    assert max(by_her.containment, by_her.contained) < 0.25


@pytest.mark.parametrize(
    ("beside", "copy"),
    [
        (
            (
                f"Abel, 3 hours ago, 21 answers, 48 agree: {LETTERS}",
                f"Bram, 17 hours ago, 5 answers, 60 agree: {CHOIR[:300]}",
            ),
            True,
        ),
        ((table("rower"), table("rower").replace("\n7", "\n8").replace("1", "4")), False),
    ],
    ids=["comments", "a table"],
)
def test_the_figures_of_comments_are_not_those_of_the_article(beside, copy):
    likeness = alike(*(f"{WEIR}\n{each}\n{BUDGET}" for each in beside))
    assert (likeness is not None) == copy


def test_an_article_stays_a_copy_where_another_page_shares_its_frame_alone():
    mine, copy, other = (
        page(text) for text in (f"{WEIR}\n{THREAD}", f"{WEIR}\n{CHOIR}\n{BUDGET}", CHOIR[::-1])
    )
    found = Found((stored(1, copy, 1), stored(2, other, 2)), frozenset(), newest=2)
    kin = {document.id: each for document, each in verified(fingerprint(mine), found, items=())}
    assert (kin[1].copy, kin[2].linked) == (True, False)


def test_a_text_that_stands_in_two_digests_is_no_frame():
    digests = (f"{CHOIR}\n{WEIR}\n{LETTERS}", f"{BUDGET}\n{WEIR}\n{THREAD}")
    found = Found(tuple(stored(n, text, n) for n, text in enumerate(digests)), frozenset(), newest=2)
    kin = verified(fingerprint(WEIR), found, items=())
    assert [each.copy for _, each in kin] == [True, True]


def stored(number: int, text: str, cluster: int) -> Document:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    return Document(
        id=number,
        article=f"a{number}",
        origin="article",
        title="",
        url=None,
        source="Courier",
        outlet="Courier",
        published=at,
        stored=at,
        words=count_words(text),
        cluster=cluster,
        story=None,
        shape=fingerprint(text).to_bytes(),
    )
