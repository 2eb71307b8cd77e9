"""What a page or document says, and what is refused, by kind."""

from __future__ import annotations

import email
import email.policy
import io
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from watcher.engines import parts
from watcher.extract import extract, fragment, language, read
from watcher.model import Extracted, Permanent, Temporary, WorkerLost

STORY = [
    "The harbour master of Vik left his post on Monday and boarded a ferry with two of his clerks, the port said.",
    "Nobody in the town had expected it, and the council met at night to name a deputy until the spring.",
    "“We shall look at the books first,” said the mayor, who asked the auditors to come on Wednesday.",
]
TEASER = "Fishermen of the northern coast tell of the winter in which the sea froze over"
COMMENT = "I have known this man for twenty years and I do not believe one word of what is printed here"


def page(*paragraphs: str, head: str = "", around: str = "", lang: str = "en") -> bytes:
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return (
        f"<!doctype html><html lang='{lang}'><head><title>The title | The Paper</title>{head}</head><body>"
        f"<nav><ul><li><a href='/a'>World</a></li><li><a href='/b'>Sport</a></li></ul></nav>"
        f"<article><h1>Harbour master of Vik leaves</h1>{body}</article>{around}<footer>© 2024</footer></body></html>"
    ).encode()


# --------------------------------------------------------------------------- pages


def test_a_page_gives_its_article_with_paragraphs_apart_and_the_headline_as_title() -> None:
    found = extract(page(*STORY))
    assert found.text == "\n\n".join(STORY)
    assert found.title == "Harbour master of Vik leaves"
    assert found.language == "en"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30.11.2026, 12:00 Uhr", datetime(2026, 11, 30, 12, tzinfo=UTC)),
        ("2026-11-30 09:12 KST", datetime(2026, 11, 30, 0, 12, tzinfo=UTC)),
        ("Nov. 30, 2026 9:12 a.m. ET", datetime(2026, 11, 30, 14, 12, tzinfo=UTC)),
        ("Mon, 30 Nov 2026 09:12:00 +0900", datetime(2026, 11, 30, 0, 12, tzinfo=UTC)),
        ("30 novembre 2026", datetime(2026, 11, 30, tzinfo=UTC)),
        ("30 ноября 2026", datetime(2026, 11, 30, tzinfo=UTC)),
        ("2026년 11월 30일 오전 9시 12분", datetime(2026, 11, 30, 9, 12, tzinfo=UTC)),
        ("2026년 11월 30일(월) 오후 12:05", datetime(2026, 11, 30, 12, 5, tzinfo=UTC)),
        ("2026年11月30日下午3点05分", datetime(2026, 11, 30, 15, 5, tzinfo=UTC)),
        ("令和8年11月30日", datetime(2026, 11, 30, tzinfo=UTC)),
        ("03/04/2026", None),  # April or March
        ("November 2026", None),
        ("Saturday", None),
        ("2026년 13월 40일", None),
        ("8年11月30日", None),
        ("99999999999 9999", None),
    ],
)
def test_a_date_is_read_as_people_write_it(text: str, expected: datetime | None) -> None:
    note = f"---\ntitle: The title\ndate: {text}\n---\n\nThe text of it."
    assert extract(note.encode(), name="a.md").published == expected


def test_a_page_without_a_date_for_machines_has_the_korean_one_it_shows() -> None:
    shown = "<p class='article-date'>입력 2026년 11월 30일 오전 9시 12분</p>"
    assert extract(page(*STORY, around=shown)).published == datetime(2026, 11, 30, 9, 12, tzinfo=UTC)
    passing = "<p class='lead'>입력 2026년 11월 30일 오전 9시 12분</p>"
    assert extract(page(*STORY, around=passing)).published is None


def test_comments_and_teasers_are_no_part_of_the_article() -> None:
    around = (
        f"<div class='related'><h3>Read also</h3><ul><li><a href='/1'>{TEASER}</a></li></ul></div>"
        f"<section id='comments'><h3>1 comment</h3><div class='comment'><p>{COMMENT}</p></div></section>"
    )
    text = extract(page(*STORY, around=around)).text
    assert TEASER not in text
    assert COMMENT not in text
    assert STORY[2] in text


def test_what_is_to_be_stripped_is_stripped_before_extraction() -> None:
    marked = page(*STORY, f"</p><p class='promo big'>{TEASER}")
    assert TEASER in extract(marked).text
    assert TEASER not in extract(marked, strip=("div.none", "p.promo")).text


def test_a_flash_of_one_sentence_is_read() -> None:
    html = b"<html><title>Vik</title><body><h1>Ferry stops</h1><p>Three sailors left, police said.</p></body></html>"
    found = extract(html)
    assert (found.title, found.text) == ("Ferry stops", "Three sailors left, police said.")


def test_an_article_of_which_extraction_takes_one_part_is_taken_from_where_the_page_marks_it() -> None:
    said = [f"In part {number}: {STORY[number % 2]}" for number in range(20)]
    lines = [f"<p>{line}</p>" for line in said]
    parts = "".join(
        f"<div class='grid'><div class='body article__body'>{''.join(lines[at : at + 5])}</div>"
        f"<figure><figcaption>Caption {at}</figcaption></figure></div>"
        for at in range(0, 20, 5)
    )
    html = f"<html><body><main><article><div class='chunks'>{parts}</div></article></main></body></html>"
    assert extract(html.encode()).text == "\n\n".join(said)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        pytest.param(
            "<meta property='article:published_time' content='2026-03-02T10:00:00+09:00'>",
            datetime(2026, 3, 2, 1, tzinfo=UTC),
            id="meta, to the second",
        ),
        pytest.param(
            '<script type="application/ld+json">'
            '{"@graph":[{"@type":"NewsArticle","datePublished":"2026-03-02"}]}</script>',
            datetime(2026, 3, 2, tzinfo=UTC),
            id="JSON-LD",
        ),
        pytest.param(
            "<meta name='date' content='yesterday'>", None, id="nonsense, and no year of a copyright line"
        ),
    ],
)
def test_the_date_is_what_the_page_says_for_machines(head: str, expected: datetime | None) -> None:
    assert extract(page(*STORY, head=head)).published == expected


def test_metadata_is_left_alone_where_it_is_not_asked_for() -> None:
    found = extract(page(*STORY, head="<meta name='author' content='Jo Lind'>"), metadata=False)
    assert (found.title, found.author, found.published) == ("", None, None)
    assert extract(page(*STORY, head="<meta name='author' content='Jo Lind'>")).author == "Jo Lind"


@pytest.mark.parametrize("depth", [200, 400, 5000])
def test_a_page_nested_however_deep_is_read(depth: int) -> None:
    html = (
        "<html><body>" + "<div>" * depth + f"<p>{' '.join(STORY)}</p>" + "</div>" * depth + "</body></html>"
    )
    assert STORY[1] in extract(html.encode()).text


# --------------------------------------------------------------------------- characters

KOREAN = "항구의 책임자가 월요일에 자리를 떠났다고 당국이 밝혔다. 시의회는 밤에 모여 대리인을 정했다. " * 4
CHINESE = "港口的负责人星期一离开了他的岗位，市政府说。议会在夜里开会，任命了一个代理人。" * 5
JAPANESE = "港の責任者は月曜日に職を離れたと、当局が明らかにした。議会は夜に集まって、代理を決めた。" * 5
RUSSIAN = "Начальник порта в понедельник оставил свой пост, сообщили власти. Совет собрался ночью. " * 4
FRENCH = "Le maître du port, ébranlé, a quitté son poste, où l'été l'avait créé. Le conseil a délibéré. " * 4


@pytest.mark.parametrize(
    ("text", "charset", "content_type", "meta"),
    [
        pytest.param(KOREAN, "utf-8", "text/html; charset=iso-8859-1", "", id="UTF-8 under a wrong header"),
        pytest.param(KOREAN, "cp949", "text/html; charset=euc-kr", "", id="header"),
        pytest.param(KOREAN, "cp949", "text/html", "<meta charset=ks_c_5601-1987>", id="meta"),
        pytest.param(
            KOREAN,
            "cp949",
            "text/html; charset=utf-8",
            "<meta charset='euc-kr'>",
            id="header wrong, meta right",
        ),
        pytest.param(KOREAN, "cp949", "", "", id="Korean without a label"),
        pytest.param(CHINESE, "gb18030", "", "", id="Chinese without a label"),
        pytest.param(JAPANESE, "cp932", "", "", id="Japanese without a label"),
        pytest.param(RUSSIAN, "cp1251", "", "", id="Russian without a label"),
        pytest.param(RUSSIAN, "cp1251", "text/html; charset=utf-8", "", id="Russian under a wrong label"),
        pytest.param(FRENCH, "cp1252", "", "", id="French without a label"),
        pytest.param(CHINESE, "gbk", "text/html; charset=GB2312", "", id="a label narrower than the text"),
        pytest.param(KOREAN, "utf-16", "", "", id="UTF-16 with its mark"),
        pytest.param(KOREAN, "utf-8-sig", "text/html; charset=rot13", "", id="a codec that is no charset"),
    ],
)
def test_a_page_is_decoded_by_what_it_is(text: str, charset: str, content_type: str, meta: str) -> None:
    html = f"<html><head>{meta}</head><body><article><p>{text}</p></article></body></html>"
    assert text.strip() in extract(html.encode(charset), content_type=content_type).text


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        (KOREAN + "가", "utf-16-le"),
        (KOREAN + "가", "utf-16-be"),
        (KOREAN, "iso2022_kr"),
        (JAPANESE, "iso2022_jp"),
    ],
)
def test_a_text_file_without_a_label_is_decoded_by_its_bytes(text: str, charset: str) -> None:
    assert extract(text.encode(charset), name="a.txt").text == text.strip()


def test_bad_bytes_cost_only_themselves() -> None:
    data = page(KOREAN).replace("월요일".encode(), b"\xff\xfe", 1)
    found = extract(data, content_type="text/html; charset=utf-8")
    assert "자리를 떠났다고" in found.text
    assert found.language == "ko"


def test_control_characters_vanish_and_the_rest_stays_as_written() -> None:
    found = extract("A title\n\nA\x00 li\x08gature ﬁ and e\u0301 stay.\x1b".encode("utf-8"), name="a.txt")
    assert found.text == "A ligature ﬁ and e\u0301 stay."


@pytest.mark.parametrize(
    ("text", "hint", "expected"),
    [
        (KOREAN, "en", "ko"),
        ("北 외교관 2명, 中 선양서 가족과 망명 타진", None, "ko"),
        (CHINESE, "ko", "zh"),
        (JAPANESE, None, "ja"),
        (" ".join(STORY), "ko-KR", "en"),
        (
            "Der Hafenmeister von Vik hat am Montag seinen Posten verlassen, und niemand in der Stadt wusste davon.",
            "en",
            "de",
        ),
        ("Ferry stops", "fr-FR", "fr"),
        ("12345", None, None),
    ],
)
def test_the_script_tells_the_language_then_the_words_then_the_source(
    text: str, hint: str | None, expected: str | None
) -> None:
    assert language(text, hint) == expected


# --------------------------------------------------------------------------- text, Markdown, mail


def test_the_short_first_line_of_a_text_is_its_title() -> None:
    found = extract(f"Harbour master leaves\n\n{STORY[0]}\n\n{STORY[1]}\n".encode(), name="a.txt")
    assert (found.title, found.text) == ("Harbour master leaves", f"{STORY[0]}\n\n{STORY[1]}")


def test_a_sentence_at_the_top_is_no_title() -> None:
    assert extract(f"{STORY[0]}\n\n{STORY[1]}".encode(), name="a.txt").title == ""


def test_lines_of_a_wrapped_paragraph_are_joined_and_list_items_are_not() -> None:
    text = "Title here\n\nThe harbour master left his\npost on Monday.\n\n- one thing\n- another thing\n"
    assert extract(text.encode(), name="a.txt").text == (
        "The harbour master left his post on Monday.\n\n- one thing\n\n- another thing"
    )


def test_a_word_that_a_soft_hyphen_parts_over_two_lines_is_one_word() -> None:
    found = extract(
        "Two de\u00adfec\u00ad\n  tors were seen.\u00ad\nNobody knows more.".encode(), name="note.txt"
    )
    assert found.text == "Two de\u00adfectors were seen.\u00ad\n\nNobody knows more."


def test_wrapped_chinese_is_joined_without_spaces() -> None:
    text = "标题\n\n港口的负责人星期一\n离开了他的岗位。\n\n议会在夜里开会。"
    assert (
        extract(text.encode(), name="a.txt").text == "港口的负责人星期一离开了他的岗位。\n\n议会在夜里开会。"
    )


def test_markdown_gives_its_front_matter_and_loses_its_signs() -> None:
    front = "---\ntitle: 'On ferries'\ndate: 2026-03-02\nauthor: Jo Lind\n---\n"
    text = f"{front}# On ferries\n\nThe **mayor** [said](https://x.example/) so.\n"
    found = extract(text.encode(), name="a.md")
    assert (found.title, found.author, found.published) == (
        "On ferries",
        "Jo Lind",
        datetime(2026, 3, 2, tzinfo=UTC),
    )
    assert found.text == "The mayor said so."


def test_the_first_heading_of_markdown_is_the_title() -> None:
    found = extract(b"Ferries\n=======\n\nThe mayor said so.\n", name="a.md")
    assert (found.title, found.text) == ("Ferries", "The mayor said so.")


MAIL = (
    "From: =?utf-8?b?6rmA7LKg7IiY?= <kim@example.org>\r\nSubject: =?utf-8?b?7ZWt6rWsIOyGjOyLnQ==?=\r\n"
    "Date: Mon, 02 Mar 2026 10:00:00 +0900\r\nMIME-Version: 1.0\r\n"
)


def test_a_mail_gives_subject_sender_date_and_its_plain_part() -> None:
    body = """Content-Type: multipart/mixed; boundary="b"

--b
Content-Type: multipart/alternative; boundary="c"

--c
Content-Type: text/plain; charset=euc-kr
Content-Transfer-Encoding: 8bit

책임자가 떠났다고 당국이 밝혔다.
--c
Content-Type: text/html

<p>no</p>
--c--
--b
Content-Type: application/pdf

%PDF-
--b--
""".encode("cp949")
    found = extract(MAIL.encode() + body, name="x.eml")
    assert (found.title, found.author) == ("항구 소식", "김철수")
    assert found.text == "책임자가 떠났다고 당국이 밝혔다."
    assert found.published == datetime(2026, 3, 2, 1, tzinfo=UTC)


def test_a_mail_of_html_alone_gives_its_text() -> None:
    found = extract(
        MAIL.encode() + b"Content-Type: text/html\r\n\r\n<p>One &amp; two.</p><p>Three.</p>", name="unnamed"
    )
    assert found.text == "One & two.\n\nThree."


# --------------------------------------------------------------------------- PDF and Word


def make_pdf(lines: list[str], title: str = "", *more: list[str]) -> bytes:
    """A PDF in any script, of one page or `more`: a Type0 font with a ToUnicode map."""
    pages = [lines, *more]
    code = {char: number for number, char in enumerate(sorted(set("".join(map("".join, pages)))), 1)}
    pairs = "".join(f"<{number:04X}> <{char.encode('utf-16-be').hex()}>\n" for char, number in code.items())
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def\n"
        "1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
        f"{len(code)} beginbfchar\n{pairs}endbfchar\nendcmap end end"
    )
    shown = (
        "".join(f"<{''.join(f'{code[char]:04X}' for char in line)}> Tj T*\n" for line in page)
        for page in pages
    )
    streams = [cmap, *(f"BT /F1 12 Tf 72 720 Td 14 TL\n{page}ET" for page in shown)]
    unicode_map, content, *contents = (
        f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream" for stream in streams
    )
    others = range(10, 10 + len(contents))
    kids = " ".join(f"{number} 0 R" for number in (3, *(number + len(contents) for number in others)))
    a_page = (
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {} 0 R "
        "/Resources << /Font << /F1 5 0 R >> >> >>"
    )
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        a_page.format(4),
        content,
        (
            "<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H "
            "/DescendantFonts [6 0 R] /ToUnicode 7 0 R >>"
        ),
        (
            "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /X /DW 500 /FontDescriptor 8 0 R "
            "/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>"
        ),
        unicode_map,
        (
            "<< /Type /FontDescriptor /FontName /X /Flags 4 /FontBBox [0 0 500 700] /ItalicAngle 0 "
            "/Ascent 700 /Descent -200 /CapHeight 700 /StemV 80 >>"
        ),
        f"<< /Title <FEFF{title.encode('utf-16-be').hex()}> /CreationDate (D:20260302100000+09'00') >>",
        *contents,
        *(a_page.format(number) for number in others),
    ]
    data, places = "%PDF-1.5\n", []
    for number, text in enumerate(objects, 1):
        places.append(len(data))
        data += f"{number} 0 obj\n{text}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    return (
        f"{data}xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
        f"trailer << /Size {len(objects) + 1} /Root 1 0 R /Info 9 0 R >>\nstartxref\n{len(data)}\n%%EOF\n"
    ).encode("ascii")


def test_a_korean_pdf_gives_its_text_with_lines_joined_its_title_and_its_day() -> None:
    found = extract(make_pdf(["항구의 책임자가 월요일에 자리를", "떠났다고 당국이 밝혔다."], "항구 소식"))
    assert found.text == "항구의 책임자가 월요일에 자리를 떠났다고 당국이 밝혔다."
    assert (found.title, found.language) == ("항구 소식", "ko")
    assert found.published == datetime(2026, 3, 2, 1, tzinfo=UTC)


def test_what_stands_above_and_below_every_page_of_a_pdf_is_no_part_of_its_text() -> None:
    first, *rest = [
        ["The Northern Review", f"Rainfall {7 * page} mm.", STORY[page], f"Page {page + 1} of 3"]
        for page in range(3)
    ]
    found = extract(make_pdf(first, "", *rest))
    said = " ".join(found.text.split())
    assert said == " ".join(f"Rainfall {7 * page} mm. {STORY[page]}" for page in range(3))
    assert found.title == "The Northern Review"


def make_docx(title: str = "") -> bytes:
    from docx import Document  # noqa: PLC0415

    document = Document()
    document.core_properties.title = title
    document.add_heading("항구 소식", 0)
    document.add_paragraph(STORY[0])
    table = document.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "ferries", "12"
    document.add_paragraph(STORY[1])
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def test_a_word_document_gives_its_heading_as_title_and_its_tables_in_place() -> None:
    found = extract(make_docx())
    assert (found.title, found.author) == ("항구 소식", None)
    assert found.text == f"{STORY[0]}\n\nferries\t12\n\n{STORY[1]}"


WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def word_with(*paragraphs: str, notes: str = "") -> bytes:
    """A Word document whose paragraphs hold this markup, with these footnotes."""
    from docx import Document  # noqa: PLC0415
    from docx.opc.packuri import PackURI  # noqa: PLC0415
    from docx.opc.part import Part  # noqa: PLC0415
    from docx.oxml.parser import parse_xml  # noqa: PLC0415

    document = Document()
    for number, markup in enumerate(paragraphs):
        document.element.body.insert(number, parse_xml(markup.replace(">", f" {WORD}>", 1)))
    if notes:
        kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
        blob = f"<w:footnotes {WORD}>{notes}</w:footnotes>".encode()
        part = Part(PackURI("/word/footnotes.xml"), kind, blob, document.part.package)
        document.part.relate_to(
            part, "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
        )
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def run(text: str) -> str:
    return f"<w:r><w:t xml:space='preserve'>{text}</w:t></w:r>"


def test_tracked_changes_of_a_word_document_are_read_as_accepted() -> None:
    changed = (
        f"<w:p>{run('The clerk ')}<w:del w:id='1'><w:r><w:delText>stayed</w:delText></w:r></w:del>"
        f"<w:ins w:id='2'>{run('left')}</w:ins><w:moveFrom w:id='3'>{run(' at dawn')}</w:moveFrom>"
        f"{run(' on Monday.')}</w:p>"
    )
    assert extract(word_with(changed)).text == "The clerk left on Monday."


def test_what_stands_in_content_controls_of_a_word_document_is_read() -> None:
    inside = f"<w:p>{run('By ')}<w:sdt><w:sdtContent>{run('the port.')}</w:sdtContent></w:sdt></w:p>"
    around = f"<w:sdt><w:sdtContent><w:p>{run('A paragraph.')}</w:p></w:sdtContent></w:sdt>"
    assert extract(word_with(inside, around)).text == "By the port.\n\nA paragraph."


def test_a_text_box_of_a_word_document_is_read_once_after_its_paragraph() -> None:
    box = f"<w:txbxContent><w:p>{run('In the box.')}</w:p></w:txbxContent>"
    mc = "http://schemas.openxmlformats.org/markup-compatibility/2006"
    both = (
        f"<m:AlternateContent xmlns:m='{mc}'><m:Choice Requires='w'>{box}</m:Choice>"
        f"<m:Fallback><w:pict>{box}</w:pict></m:Fallback></m:AlternateContent>"
    )
    found = extract(
        word_with(f"<w:p><w:r>{both}</w:r>{run('Beside it.')}</w:p>", f"<w:p>{run('Below.')}</w:p>")
    )
    assert found.text == "Beside it.\n\nIn the box.\n\nBelow."


def test_footnotes_of_a_word_document_follow_its_text() -> None:
    text = f"<w:p>{run('The clerk left')}<w:r><w:footnoteReference w:id='2'/></w:r>{run('.')}</w:p>"
    notes = (
        f"<w:footnote w:id='0'><w:p>{run('never shown')}</w:p></w:footnote>"
        f"<w:footnote w:id='2'><w:p>{run('So the port.')}</w:p></w:footnote>"
    )
    assert extract(word_with(text, notes=notes)).text == "The clerk left.\n\nSo the port."


def test_equal_cells_and_tables_in_cells_of_a_word_document_are_all_read() -> None:
    inner = f"<w:tbl><w:tr><w:tc><w:p>{run('inside')}</w:p></w:tc></w:tr></w:tbl>"
    cells = "".join(f"<w:tc><w:p>{run(text)}</w:p></w:tc>" for text in ("12", "12"))
    table = f"<w:tbl><w:tr>{cells}<w:tc>{inner}<w:p/></w:tc></w:tr></w:tbl>"
    assert extract(word_with(table)).text == "12\t12\tinside"


def mail_with(*attached: tuple[bytes, str, str] | EmailMessage, words: str = "See attached.") -> bytes:
    mail = EmailMessage()
    mail["Subject"], mail["From"] = "Cover note", "desk@example.org"
    mail.set_content(words)
    mail.add_alternative(f"<p>{words}</p>", subtype="html")
    for one in attached:
        if isinstance(one, EmailMessage):
            mail.add_attachment(one)
        else:
            data, kind, name = one
            main, _, sub = kind.partition("/")
            mail.add_attachment(data, maintype=main, subtype=sub, filename=name)
    return mail.as_bytes()


def test_documents_attached_to_a_mail_are_read_after_its_words_whatever_type_they_are_said_to_be() -> None:
    pdf = make_pdf(["The clerks boarded a ferry on Monday."], "Ferry")
    found = extract(
        mail_with(
            (make_docx(), "application/octet-stream", "port.docx"),
            (pdf, "application/pdf", "ferry.pdf"),
            (b"A plain note.", "text/plain", "note.txt"),
        )
    )
    assert found.title == "Cover note"
    word = f"항구 소식\n\n{STORY[0]}\n\nferries\t12\n\n{STORY[1]}"
    ferry = "Ferry\n\nThe clerks boarded a ferry on Monday."
    assert found.text == f"See attached.\n\n{word}\n\n{ferry}\n\nnote.txt\n\nA plain note."


def test_a_forwarded_mail_is_read_with_what_is_attached_to_it() -> None:
    inner = email.message_from_bytes(
        mail_with((b"A plain note.", "text/plain", "note.txt"), words="Look."), policy=email.policy.default
    )
    assert isinstance(inner, EmailMessage)
    found = extract(mail_with(inner, words="FYI"))
    assert found.text == "FYI\n\nCover note\n\nLook.\n\nnote.txt\n\nA plain note."


def test_of_an_attachment_that_cannot_be_read_the_name_is_given_and_of_pictures_and_signatures_nothing() -> (
    None
):
    found = extract(
        mail_with(
            (b"\x89PNG\r\n\x1a\n", "image/png", "logo.png"),
            (b"%PDF-1.5 broken", "application/pdf", "scan.pdf"),
            (b"PK\x03\x04", "application/zip", "all.zip"),
            (b"-----BEGIN", "application/pgp-signature", "signature.asc"),
        )
    )
    assert found.text == "See attached.\n\nscan.pdf\n\nall.zip"


def test_mails_within_mails_without_end_are_read_to_a_bound() -> None:
    mail = EmailMessage()
    mail.set_content("The innermost.")
    for number in range(20):
        outer = EmailMessage()
        outer["Subject"] = f"Forwarded {number}"
        outer.set_content(f"Level {number}.")
        outer.add_attachment(mail)
        mail = outer
    text = extract(mail.as_bytes()).text
    assert "Level 19." in text
    assert "Level 15." in text
    assert "innermost" not in text


def test_a_mail_whose_attachment_takes_the_worker_with_it_is_read_without_it(tmp_path: Path) -> None:
    class Mortal:
        lost = 0

        def run(self, function: Callable[..., Extracted], *args: object, timeout: timedelta) -> Extracted:
            assert timeout
            found = function(*args)
            if "A plain note." in found.text:
                self.lost += 1
                raise WorkerLost("the worker ran out of time (60 s) and was killed")
            return found

    file = tmp_path / "m.eml"
    file.write_bytes(mail_with((b"A plain note.", "text/plain", "note.txt")))
    workers: Any = Mortal()
    assert parts.document(workers, str(file)).text == "See attached.\n\nnote.txt"
    assert workers.lost == 1
    note = tmp_path / "note.txt"
    note.write_bytes(b"A plain note.")
    with pytest.raises(WorkerLost):
        parts.document(workers, str(note))


def test_the_title_of_a_word_documents_properties_comes_first() -> None:
    found = extract(make_docx("Harbour news"))
    assert found.title == "Harbour news"
    assert found.text.startswith("항구 소식\n\n")


# --------------------------------------------------------------------------- refused


def zipped(name: str, content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return file.getvalue()


ENCRYPTION = b"/Root 1 0 R /Encrypt << /Filter /Standard /V 1 /R 2 /O <00> /U <00> /P -4 >> /ID [<00> <00>]"


@pytest.mark.parametrize(
    ("data", "content_type", "reason"),
    [
        pytest.param(b"", "", "empty", id="nothing"),
        pytest.param(b"\xef\xbb\xbf \r\n\t", "", "empty", id="white space"),
        pytest.param(
            b"\x89PNG\r\n\x1a\n" + bytes(50), "text/html", "an image", id="an image served as a page"
        ),
        pytest.param(b"\xff\xd8\xff\xe0" + bytes(50), "", "an image", id="a photograph"),
        pytest.param(zipped("a.txt", b"text"), "", "a ZIP file", id="a ZIP"),
        pytest.param(
            zipped("xl/workbook.xml", b"<a/>") + b"[Content_Types].xml",
            "",
            "a spreadsheet",
            id="a spreadsheet",
        ),
        pytest.param(
            zipped("word/document.xml", b"<a/>"), "", "damaged Word document", id="a broken Word document"
        ),
        pytest.param(bytes(range(256)) * 8, "", "not text", id="binary"),
        pytest.param(b"%PDF-1.4\nnothing", "", "damaged PDF", id="a broken PDF"),
        pytest.param(make_pdf([" "]), "", "OCR", id="a scan"),
        pytest.param(make_pdf(["a"]).replace(b"/Root 1 0 R", ENCRYPTION), "", "encrypted", id="a locked PDF"),
        pytest.param(b'{"a": 1}', "application/json", "JSON", id="JSON"),
        pytest.param(b"<?xml version='1.0'?><rss><channel/></rss>", "text/xml", "XML", id="a feed"),
        pytest.param(
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "", "save it as .docx", id="an old Word document"
        ),
        pytest.param(
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99) + "HwpSummaryInformation".encode("utf-16-le"),
            "",
            "Hangul document",
            id="an old Hangul document",
        ),
        pytest.param(
            b"PK\x03\x04" + bytes(26) + b"mimetypeapplication/hwp+zip",
            "",
            "Hangul document",
            id="a Hangul document",
        ),
        pytest.param(b"%!PS-Adobe-3.0\nshowpage\n", "", "PostScript", id="PostScript"),
        pytest.param(b"<html><body></body></html>", "text/html", "no text", id="an empty page"),
    ],
)
def test_what_is_no_document_is_refused_by_name(data: bytes, content_type: str, reason: str) -> None:
    with pytest.raises(Permanent) as refused:
        extract(data, content_type=content_type)
    assert reason in refused.value.reason


def test_a_word_document_that_unpacks_without_end_is_refused_before_it_is_unpacked() -> None:
    bomb = zipped("word/document.xml", bytes(210 * 1024 * 1024))
    assert len(bomb) < 300_000
    with pytest.raises(Permanent, match="unpacks to more"):
        extract(bomb)


# --------------------------------------------------------------------------- files and fragments


def test_a_message_of_an_mbox_is_read_by_its_place(tmp_path) -> None:
    first, second = (
        b"From a Mon\nSubject: one\nFrom: a@b.example\n\nFirst.\n\n",
        b"From b Tue\nSubject: two\nTo: c\n\n>From here on.\n",
    )
    path = tmp_path / "box.mbox"
    path.write_bytes(first + second)
    found = read(str(path), f"{len(first)}-{len(first + second)}")
    assert (found.title, found.text) == ("two", "From here on.")
    assert read(str(path)).text == "First.\n\ntwo\n\nFrom here on."


def test_a_file_that_is_gone_a_link_and_a_pipe_are_refused(tmp_path) -> None:
    import os  # noqa: PLC0415

    (tmp_path / "link.txt").symlink_to("/etc/hostname")
    os.mkfifo(tmp_path / "pipe.txt")
    with pytest.raises(Permanent, match="no longer there"):
        read(str(tmp_path / "gone.txt"))
    with pytest.raises(Temporary, match="cannot read"):
        read(str(tmp_path / "link.txt"))
    with pytest.raises(Permanent, match="not a regular file"):
        read(str(tmp_path / "pipe.txt"))


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One <b>bold</b> word.</p><p>Two.</p>", "One bold word.\n\nTwo."),
        ("First line<br/>second &amp; last", "First line\n\nsecond & last"),
        ("<ul><li>one</li><li>two</li></ul>after", "one\n\ntwo\n\nafter"),
        ("a<script>bad()</script><style>x{}</style>b<!-- c -->", "ab"),
        ("no markup: 3 < 4 and 5 > 2", "no markup: 3 < 4 and 5 > 2"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a\n\nb"),
        ("AT&amp;T", "AT&T"),
        ("<img src='x' onerror='y'>", ""),
        ("", ""),
        ("<div>" * 3000 + "deep" + "</div>" * 3000, "deep"),
    ],
)
def test_a_fragment_gives_its_words_in_paragraphs(html: str, text: str) -> None:
    assert fragment(html) == text


def test_importing_extract_loads_no_parser() -> None:
    import subprocess  # noqa: PLC0415

    code = (
        "import sys, watcher.extract, watcher.sandbox, watcher.sources.folder\n"
        "heavy = {'trafilatura', 'lxml', 'feedparser', 'docx', 'pdfminer', 'py3langid', 'htmldate', 'cssselect'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
