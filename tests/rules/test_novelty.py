"""What is new in a text: laws for any text, and a table of what arrives."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.folding import count_words
from watcher.novelty import (
    Fingerprint,
    boilerplate_spans,
    compare,
    fingerprint,
    novel,
    shared_passages,
    verdict,
)

ENGLISH = """The harbour authority of Port Ellery closed two of its four piers on Monday after divers found \
cracks in the concrete. Engineers lowered sensors along the eastern wall and measured a shift of 14 centimetres \
since the spring survey. Fishing crews were told to land their catch at Marrow Bay, an hour by road to the south.

"We saw gravel where the footing should be," said the chief diver, who has worked the harbour for 22 years. The \
mayor promised a bridge loan of 3.5 million crowns and asked the capital for help. A ferry company cancelled its \
night sailings until further notice; its rival added a second boat.

Repairs could take until March, the authority said, because the special cement has to be shipped from abroad. \
Insurance covers storms but not decay, a clerk at the town hall pointed out, and nobody has yet said who will pay."""

KOREAN = """엘러리 항만공사는 잠수부들이 콘크리트에서 균열을 발견하자 월요일 부두 네 곳 가운데 두 곳을 폐쇄했다. \
기술자들은 동쪽 벽을 따라 감지기를 내려 봄 조사 이후 14센티미터가 밀려난 것을 확인했다. 어선들은 남쪽으로 한 시간 \
떨어진 마로만에 어획물을 내리라는 통보를 받았다.

시장은 350만 크라운의 긴급 대출을 약속하고 중앙정부에 도움을 요청했다. 여객선 회사는 추후 공지가 있을 때까지 야간 \
운항을 취소했고 경쟁 회사는 배 한 척을 더 투입했다. 특수 시멘트를 해외에서 들여와야 하기 때문에 보수 공사는 내년 \
봄까지 이어질 수 있다고 공사는 설명했다."""

CHINESE = """埃勒里港务局在潜水员发现混凝土裂缝之后，于周一关闭了四座码头中的两座。工程师沿着东侧墙体放下传感器，\
测得自春季勘察以来移动了十四厘米。渔船接到通知，改到南边一小时车程的马罗湾卸货。

市长承诺提供三百五十万克朗的过渡贷款，并请求首都给予帮助。一家渡轮公司取消了夜间航班，它的竞争对手则增加了一艘船。\
港务局表示，由于特种水泥必须从国外运来，修复工作可能要持续到明年三月。保险只赔偿风暴，不赔偿老化，市政厅的一名职员指出，\
至今没有人说明由谁来付钱。"""

OTHER = """Beekeepers in the upper valley counted fewer hives this autumn than in any year on record. A mite that \
arrived with imported queens spread along the river, and the wet summer did the rest. The county will hand out \
frames treated with oregano oil, although a trial at the agricultural school left researchers unconvinced. Honey \
prices at the Saturday market have doubled. Orchard owners worry more about spring: without pollinators the plum \
crop, worth some 900,000 crowns, could fail altogether."""

TEXTS = pytest.mark.parametrize("text", [ENGLISH, KOREAN, CHINESE], ids=["english", "korean", "chinese"])
WORDS = st.sampled_from(
    [
        *(
            "harbour",
            "부두",
            "码头",
            "closed",
            "70",
            "seventy",
            "3.5",
            "북한",
            "은",
            "的",
            "don't",
            "l'ONU",
            "만",
            "½",
        ),
        *("D.P.R.K.", "\u200bzero", "e\u0301tude", "ﬁnance", "𝔘", "—", "“quoted”"),
    ]
)
ANY_TEXT = st.one_of(st.text(max_size=120), st.lists(WORDS, max_size=60).map(" ".join))


def judged(text: str, *stored: str):
    mine = fingerprint(text)
    found = [compare(mine, Fingerprint.from_bytes(fingerprint(other).to_bytes())) for other in stored]
    linked = [likeness for likeness in found if likeness]
    novelty = novel(text, [span for likeness in linked for span in likeness.spans], mine=mine)
    best = max(linked, key=lambda likeness: likeness.back, default=None)
    return linked, novelty, verdict(novelty, best)


def changed(text: str, every: int, *, first: int = 0) -> str:
    words = text.split(" ")
    return " ".join("swapped" if at % every == first else word for at, word in enumerate(words))


def assert_sorted_disjoint_within(text: str, spans) -> None:
    at = 0
    for start, end in spans:
        assert at <= start < end <= len(text)
        assert text[start:end].strip() == text[start:end]
        at = end


# --------------------------------------------------------------------------- laws


@settings(max_examples=150, deadline=None)
@given(ANY_TEXT)
def test_a_repeated_text_has_no_novel_span(text):
    mine = fingerprint(text)
    likeness = compare(mine, fingerprint(text))
    assert (likeness is None) == (mine.count == 0)
    assert novel(text, likeness.spans if likeness else ()).spans == ()


@settings(max_examples=150, deadline=None)
@given(ANY_TEXT, ANY_TEXT)
def test_spans_are_sorted_disjoint_and_within_the_text(text, other):
    joined = f"{ENGLISH}\n\n{text}\n\n{other}"
    linked, novelty, _ = judged(joined, ENGLISH, f"{other} {OTHER}")
    for spans in (*(likeness.spans for likeness in linked), novelty.sentences):
        at = 0
        for start, end in spans:
            assert at <= start < end <= len(joined)
            at = end
    assert_sorted_disjoint_within(joined, novelty.spans)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 10**6), min_size=12, max_size=60), st.sampled_from([ENGLISH, KOREAN, CHINESE]))
def test_an_appended_paragraph_is_novel(numbers, text):
    paragraph = " ".join(f"w{number:x}q" for number in numbers) + "."
    both = f"{text}\n\n{paragraph}"
    _, novelty, label = judged(both, text)
    assert [both[start:end] for start, end in novelty.spans] == [paragraph]
    assert novelty.new_words == len(numbers)
    assert label in {"copy", "extended"}


@settings(max_examples=100, deadline=None)
@given(ANY_TEXT, ANY_TEXT)
def test_a_fingerprint_survives_its_bytes(text, title):
    mine = fingerprint(text, title=title)
    back = Fingerprint.from_bytes(mine.to_bytes())
    assert np.array_equal(mine.sample, back.sample)
    assert np.array_equal(mine.numbers, back.numbers)
    assert (mine.count, mine.key, mine.title_key) == (back.count, back.key, back.title_key)
    assert np.array_equal(mine.lengths, back.lengths)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_other_bytes_are_no_fingerprint(data):
    with pytest.raises(ValueError, match="fingerprint"):
        Fingerprint.from_bytes(b"\xff" + data)


def test_a_fingerprint_cut_short_is_refused():
    data = fingerprint(ENGLISH).to_bytes()
    for size in range(len(data)):
        with pytest.raises(ValueError, match="fingerprint"):
            Fingerprint.from_bytes(data[:size])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**9))
def test_a_shared_run_of_twenty_words_is_sampled_on_both_sides(seed):
    draw = random.Random(seed)
    run = [f"r{draw.random():.6f}".replace(".", "x") for _ in range(20)]

    def around(size: int) -> str:
        words = [f"o{draw.random():.6f}".replace(".", "x") for _ in range(size)]
        at = draw.randrange(size)
        return " ".join(words[:at] + run + words[at:])

    short, long = fingerprint(around(150)), fingerprint(around(900))
    assert len(np.intersect1d(short.sample, long.sample)) > 0


# --------------------------------------------------------------------------- what arrives


@TEXTS
def test_the_same_text_is_a_copy(text):
    (likeness,), novelty, label = judged(text, text)
    assert (likeness.containment, likeness.contained, likeness.back) == (1, 1, 1)
    assert (label, novelty.new_words) == ("copy", 0)


@TEXTS
def test_a_first_third_is_an_excerpt_and_the_whole_extends_it(text):
    third = text[: len(text) // 3]
    (likeness,), _, label = judged(third, text)
    assert label == "excerpt"
    assert likeness.containment > 0.95
    assert likeness.contained == pytest.approx(1 / 3, abs=0.1)
    _, novelty, label = judged(text, third)
    assert label == "extended"
    assert novelty.new_words > novelty.words / 2


@pytest.mark.parametrize("first", range(10))
def test_every_tenth_word_changed_is_still_a_copy(first):
    (likeness,), _, label = judged(changed(ENGLISH, 10, first=first), ENGLISH)
    assert max(likeness.containment, likeness.contained) >= 0.5
    assert label == "copy"


@TEXTS
def test_a_quotation_inside_another_article_is_known_and_the_rest_is_not(text):
    words = text.split() if text is ENGLISH else list(text.replace("\n\n", ""))
    quotation = (" " if text is ENGLISH else "").join(words[20 : 20 + (24 if text is ENGLISH else 60)])
    article = f"{OTHER}\n\n{quotation}\n\n{OTHER[::-1]}"
    (likeness,), novelty, label = judged(article, text)
    assert label == "new"
    quoted = "".join(article[start:end] for start, end in likeness.spans)
    assert quoted == quotation.strip('”“"。.,，')
    assert all(article[start:end] not in quoted for start, end in novelty.spans)


@pytest.mark.parametrize(
    "text", ["It cost 3.5 crowns, l'ONU said, not 1,000.", f"{ENGLISH} It rose by 3.5 to 1,000."]
)
def test_shared_words_are_counted_as_all_words_are(text):
    (likeness,), novelty, _ = judged(text, text)
    assert likeness.shared_words == novelty.words == count_words(text)


def test_korean_spacing_does_not_hide_a_copy():
    (likeness,), _, label = judged(
        KOREAN.replace("은 ", "은").replace("를 ", "를").replace("에 ", "에"), KOREAN
    )
    assert (likeness.containment, label) == (1, "copy")


def test_other_texts_are_not_linked():
    linked, novelty, label = judged(OTHER, ENGLISH, KOREAN, CHINESE)
    assert (linked, label) == ([], "new")
    assert novelty.new_words == novelty.words


def test_a_stock_phrase_links_nothing():
    linked, *_ = judged(
        f"{OTHER} Repairs could take until March, the authority said, a spokesman added.", ENGLISH
    )
    assert linked == []


@pytest.mark.parametrize(
    ("flash", "again", "links"),
    [
        (
            "Port Ellery closes two piers after cracks are found",
            "Port Ellery closes two piers after cracks are found.",
            True,
        ),
        ("[URGENT] Port Ellery shuts", "[Urgent] PORT ELLERY SHUTS", True),
        ("엘러리항 부두 두 곳 폐쇄", "엘러리항 부두 두곳 폐쇄", True),
        ("Port Ellery shuts", "Marrow Bay shuts", False),
        ("엘러리항 폐쇄", "마로항 폐쇄", False),
    ],
)
def test_copies_of_a_flash_are_one(flash, again, links):
    assert bool(judged(flash, again)[0]) is links
    assert bool(len(np.intersect1d(fingerprint(flash).sample, fingerprint(again).sample))) >= links


REPORT = (
    "Rain gauges of the upper valley at 07:00: Marrow Bay {} mm, Port Ellery {} mm, Stony Ford {} mm. "
    "River level at the old bridge {} cm, outflow of the reservoir {} cubic metres a second. "
    "The water board expects no change before the next reading in the evening."
)


def test_a_template_with_other_figures_is_another_report():
    today, tomorrow = REPORT.format(12, 31, 8, 214, 77), REPORT.format(3, 4, 19, 188, 52)
    assert judged(tomorrow, today)[0] == []
    assert judged(today, today)[2] == "copy"


def test_the_same_item_with_other_figures_is_its_revision():
    today, corrected = REPORT.format(12, 31, 8, 214, 77), REPORT.format(3, 4, 19, 188, 52)
    assert compare(fingerprint(corrected), fingerprint(today), same_item=True) is not None


def test_a_changed_figure_inside_a_passage_is_not_covered():
    before = (
        f"{ENGLISH} Altogether some 4,100 people in the outer villages depend on the boats that land there."
    )
    after = before.replace("4,100", "7,900")
    (likeness,), *_ = judged(after, before)
    at = after.index("7,900")
    assert not any(start <= at < end for start, end in likeness.spans)


def test_boilerplate_links_nothing_and_counts_as_known():
    footer = (
        "Sign up for the harbour letter and get the tide tables, the weather at sea and a recipe every Friday "
        "morning in your mailbox, free of charge and without any advertising. You can leave the list at any time."
    )
    one, other = f"{ENGLISH}\n\n{footer}", f"{OTHER}\n\n{footer}"
    assert judged(other, one)[0]
    mine = fingerprint(other)
    hashes = set(fingerprint(footer).sample.tolist()) & set(mine.sample.tolist())
    assert compare(mine, fingerprint(one), boilerplate=hashes) is None
    (start, end), *rest = boilerplate_spans(mine, hashes)
    assert rest == []
    assert other[start:end] in footer
    assert end - start > 0.9 * len(footer)


MENU = """Home News Sport Weather Tide tables The harbour letter Subscribe Log in Contact
Port closed until Tuesday. Ten walks along the coast. A cook remembers. Concert in the old customs house sold out
Listen to the evening programme again. Advertise with us. Letters to the editor of this paper"""
FOOTER = """Read more about this. Beekeepers count their losses; the mill will grind again; what the new bus line costs
Our paper is owned by its readers, who elect the board each spring and pay for the work of nine reporters in three
towns. Whoever wants to join them finds the form at the counter in the market hall and at every branch of the library
You may leave a comment below if you are a member. Imprint. Privacy. All rights reserved by the readers' cooperative"""


@pytest.mark.parametrize(
    ("article", "before"),
    [(OTHER, ENGLISH), (KOREAN, CHINESE), (CHINESE, ENGLISH), (OTHER, KOREAN)],
    ids=["english", "korean after chinese", "chinese after english", "english after korean"],
)
def test_two_articles_in_one_frame_are_no_copies_and_each_is_new(article, before):
    page, earlier = (f"{MENU}\n{text}\n{FOOTER}\n{FOOTER[::-1]}\n{MENU[::-1]}" for text in (article, before))
    (likeness,), novelty, label = judged(page, earlier)
    assert (likeness.framed, label) == (True, "new")
    assert max(likeness.containment, likeness.contained) < 0.5
    assert "".join(page[start:end] for start, end in novelty.spans).split() == article.split()
    assert judged(page, article)[0][0].contained > 0.95


def test_a_brief_over_a_standing_footer_is_no_copy_of_the_next():
    briefs = [f"{text[: text.index('.', 160) + 1]}\n\n{FOOTER[86:420]}" for text in (ENGLISH, OTHER)]
    (likeness,), novelty, label = judged(briefs[1], briefs[0])
    assert (likeness.framed, label) == (True, "new")
    assert "".join(briefs[1][start:end] for start, end in novelty.spans) in OTHER


def test_one_article_in_the_frames_of_two_sites_is_a_copy():
    theirs = f"{OTHER.replace('county', 'shire')}\n{ENGLISH}\n{FOOTER}"
    ours = f"{MENU}\n{MENU[::-1]}\n{ENGLISH}\n{KOREAN[:150]}"
    (likeness,), *_ = judged(ours, theirs)
    assert not likeness.framed


def test_one_article_in_one_frame_with_other_comments_under_it_is_a_copy():
    threads = (" ".join(f"{word} {n} reader {n} agrees" for n in range(30)) for word in ("heron", "otter"))
    ours, theirs = (f"{MENU}\n{ENGLISH}\n{thread}\n{FOOTER}" for thread in threads)
    (likeness,), *_ = judged(ours, theirs)
    assert (likeness.framed, likeness.containment > 0.5) == (False, True)


def test_an_item_whose_middle_was_rewritten_is_still_that_item():
    before, after = (f"{MENU}\n{text}\n{FOOTER}" for text in (ENGLISH, OTHER))
    likeness = compare(fingerprint(after), fingerprint(before), same_item=True)
    assert likeness is not None
    assert not likeness.framed
    assert likeness.containment > 0.5


def test_shared_passages_quote_both_texts():
    article = f"A reader writes. {ENGLISH[200:420]} What a story."
    for (start, end), (left, right) in shared_passages(article, ENGLISH):
        assert article[start:end] == ENGLISH[left:right]
    assert shared_passages(OTHER, ENGLISH) == ()


def test_an_article_in_its_page_dump_is_contained():
    page = (
        "Home News Sport Login Subscribe\n" * 6 + ENGLISH + "\nRead also: Ten walks along the coast\n" + OTHER
    )
    (likeness,), novelty, _ = judged(page, ENGLISH)
    assert likeness.contained > 0.98
    assert all(page[start:end] not in ENGLISH for start, end in novelty.spans)
