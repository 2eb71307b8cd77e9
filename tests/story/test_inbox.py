"""Articles put into a folder, in every form and three languages: told in terminal and outbox; copies are not."""

from __future__ import annotations

import email
import email.policy
import io
import json
import mailbox
from collections.abc import Callable
from email.message import EmailMessage
from html import escape
from pathlib import Path
from typing import Any

import docx
import pytest
from click.testing import Result

from tests.conftest import run_process

CONFIG = """\
[watcher]
database = "watcher.db"
timezone = "Asia/Seoul"

[[folders]]
name = "Tips"
path = "inbox"
every = "0.1s"

[concepts]
flee = ["defector*", "defected", "fled", "*탈북*", "叛逃"]
dprk = ["North Korea*", "북한", "朝鲜"]

[[watchlists]]
name = "Defections"
any = ["@flee"]
all = ["@dprk"]
near = 30
channels = ["terminal", "outbox"]

[[channels]]
name = "terminal"
type = "console"

[[channels]]
name = "outbox"
type = "maildir"
path = "outbox"
"""

ARTICLES = {
    "en": (
        "Trade official vanishes from port mission",
        (
            "A trade official at a North Korean mission in a southern port defected with his wife and "
            "daughter last week, "
            "two people who know the family said on Thursday.\n\n"
            "The man, who bought diesel pumps and spare parts for the mission, left by the kitchen door "
            "before breakfast. "
            "His car was found at a ferry pier with the keys in it. The mission asked the harbour police "
            "for help the same "
            "morning and withdrew the request by noon.\n\n"
            "A clerk of the port said that the family boarded no ferry. Neighbours heard the gates being welded on "
            "Saturday, and the flag was taken in for two days."
        ),
    ),
    "ko": (
        "무역대표부 간부 가족과 잠적",
        (
            "북한 무역대표부에서 일하던 간부 한 명이 지난주 가족과 함께 탈북했다고 현지 소식통 두 명이 "
            "목요일 밝혔다.\n\n"
            "이 간부는 디젤 펌프와 부품을 사들이는 일을 맡아 왔으며, 아침 식사 전에 부엌문으로 나갔다. "
            "그의 승용차는 "
            "열쇠가 꽂힌 채 선착장에서 발견됐다. 대표부는 그날 아침 항만 경찰에 도움을 청했다가 정오에 "
            "거둬들였다.\n\n"
            "항구의 한 직원은 가족이 어떤 배에도 오르지 않았다고 말했다. 이웃들은 토요일에 대문을 용접하는 "
            "소리를 들었다."
        ),
    ),
    "zh": (
        "贸易代表处干部携家人出走",
        (
            "据两名知情人士周四透露，朝鲜驻南部港口贸易代表处的一名干部上周带着家人叛逃。\n\n"
            "这名干部负责采购柴油泵和零配件，清晨早饭前从厨房后门离开。他的汽车在渡轮码头被发现，钥匙还插在车上。"
            "代表处当天早上请港口警察协助，中午又撤回了请求。\n\n"
            "港口一名职员说，这家人没有登上任何渡轮。邻居们星期六听到焊接大门的声音，代表处的国旗也收起了两天。"
        ),
    ),
}
EDITS = {
    "before breakfast": "just before breakfast",
    "by noon": "at noon",
    "두 명이 목요일": "2명이 목요일",
    "항만 경찰": "항구 경찰",
    "清晨早饭前": "当天清晨早饭前",
}
HITS = {"en": ("North Korean", "defected"), "ko": ("북한", "탈북했다고"), "zh": ("朝鲜", "叛逃")}


# --------------------------------------------------------------------------- the forms


def _html(title: str, text: str) -> bytes:
    paragraphs = "".join(f"<p>{escape(part)}</p>" for part in text.split("\n\n"))
    return (
        f"<!doctype html><html><head><meta charset=utf-8><title>{title} - Paper</title></head><body>"
        f"<nav><a href=/>Home</a></nav><article><h1>{title}</h1>{paragraphs}</article></body></html>"
    ).encode()


def _txt(title: str, text: str) -> bytes:
    return f"{title}\n\n{text}\n".encode()


def _md(title: str, text: str) -> bytes:
    return f"# {title}\n\n{text}\n".encode()


def _docx(title: str, text: str) -> bytes:
    made = docx.Document()
    made.core_properties.title = title
    made.add_heading(title, 0)
    for part in text.split("\n\n"):
        made.add_paragraph(part)
    held = io.BytesIO()
    made.save(held)
    return held.getvalue()


def _message(title: str, text: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "r@paper.example", "tips@example.org", title
    message["Date"] = "Fri, 20 Nov 2026 08:00:00 +0900"
    message.set_content(text)
    message.add_alternative(_html(title, text).decode(), subtype="html")
    return message


def _eml(title: str, text: str) -> bytes:
    return bytes(_message(title, text))


def _pdf(title: str, text: str) -> bytes:
    """A PDF of one page that names a CJK font which readers have by themselves, each line at its place."""
    wide = max(text) > "\u2e80"
    size = 38 if wide else 80
    lines = [title, ""]
    for part in text.split("\n\n"):
        lines += [*_lines(part, size), ""]
    order, encoding = ("Korea1", "UniKS-UTF16-H") if "북" in text else ("GB1", "UniGB-UTF16-H")
    shown = "".join(f"<{line.encode('utf-16-be').hex()}> Tj T*\n" for line in lines)
    content = f"BT /F 11 Tf 60 780 Td 16 TL\n{shown}ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>",
        f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
        f"<< /Type /Font /Subtype /Type0 /BaseFont /A /Encoding /{encoding} /DescendantFonts [6 0 R] >>",
        (
            "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /A /DW 500 /FontDescriptor 7 0 R"
            f" /CIDSystemInfo << /Registry (Adobe) /Ordering ({order}) /Supplement 1 >> >>"
        ),
        (
            "<< /Type /FontDescriptor /FontName /A /Flags 4 /Ascent 900 /Descent -200 /CapHeight 700 /StemV 80"
            " /ItalicAngle 0 /FontBBox [0 -200 1000 900] >>"
        ),
    ]
    out = b"%PDF-1.4\n"
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    return (
        out
        + (
            f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
            f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF"
        ).encode()
    )


def _lines(text: str, size: int) -> list[str]:
    """Lines cut between words, or, where there are no spaces, anywhere."""
    lines = [""]
    for word in text.split(" ") if " " in text else text:
        gap = " " if " " in text and lines[-1] else ""
        if len(lines[-1]) + len(gap) + len(word) > size:
            lines.append(word)
        else:
            lines[-1] += gap + word
    return lines


FORMS: dict[str, Callable[[str, str], bytes]] = {
    "html": _html,
    "txt": _txt,
    "md": _md,
    "docx": _docx,
    "eml": _eml,
    "pdf": _pdf,
}


# --------------------------------------------------------------------------- the desk


class Inbox:
    """A desk with a folder; what its terminal said and its outbox holds."""

    def __init__(self, folder: Path, command: Callable[..., Result]) -> None:
        self.folder = folder
        self._command = command
        self.path = folder / "inbox"
        self.path.mkdir()
        (folder / "config.toml").write_text(CONFIG, encoding="utf-8")

    def put(self, name: str, content: bytes) -> None:
        (self.path / name).write_bytes(content)

    def run(self) -> str:
        """What the terminal shows of a run."""
        done = run_process("run", "--until-idle", cwd=self.folder)
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout

    def mails(self) -> dict[str, EmailMessage]:
        """The outbox, by subject."""
        read = [
            email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            for path in (self.folder / "outbox" / "new").iterdir()
        ]
        return {str(mail["Subject"]): mail for mail in read if isinstance(mail, EmailMessage)}

    def why(self, target: str) -> dict[str, Any]:
        """`watcher why TARGET --json`."""
        result = self._command("--config", str(self.folder / "config.toml"), "why", target, "--json")
        assert result.exit_code == 0, result.stderr
        return dict(json.loads(result.stdout))


@pytest.fixture
def inbox(tmp_path: Path, watcher: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> Inbox:
    monkeypatch.chdir(tmp_path)
    return Inbox(tmp_path, watcher)


def _edited(text: str) -> str:
    for before, after in EDITS.items():
        text = text.replace(before, after)
    return text


@pytest.mark.parametrize(
    "forms",
    [
        {"en": "html", "ko": "txt", "zh": "md"},
        {"en": "pdf", "ko": "docx", "zh": "eml"},
        {"en": "eml", "ko": "pdf", "zh": "docx"},
    ],
    ids=lambda forms: "-".join(forms.values()),
)
def test_an_article_is_told_once_and_its_edited_copy_is_not(inbox: Inbox, forms: dict[str, str]) -> None:
    for language, (title, text) in ARTICLES.items():
        form = forms[language]
        inbox.put(f"기사 {language}.{form}", FORMS[form](title, text))
    shown = inbox.run()
    mails = inbox.mails()
    assert sorted(mails) == sorted(f"[Defections] {title} (Tips)" for title, _ in ARTICLES.values())
    for language, (title, text) in ARTICLES.items():
        mail = mails[f"[Defections] {title} (Tips)"]
        said = text.split("\n\n")[0]
        plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
        assert plain is not None
        assert html is not None
        for body in (" ".join(shown.split()), " ".join(plain.get_content().split())):
            assert title in body
            for hit in HITS[language]:
                assert f"*{hit}*" in body
            if forms[language] != "pdf":  # where a Korean line ended within a PDF is not known
                assert _letters(said) in _letters(body)
        assert all(f"<b>{hit}</b>" in html.get_content() for hit in HITS[language])
        taken = inbox.why(f"inbox/기사 {language}.{forms[language]}")
        assert f"watcher why {taken['id'][:13]}" in plain.get_content()

    other = "txt" if "txt" not in forms.values() else "html"
    for language, (title, text) in ARTICLES.items():
        inbox.put(f"copy-{language}.{other}", FORMS[other](f"{title} 2", _edited(text)))
    assert inbox.run() == ""
    assert len(inbox.mails()) == len(ARTICLES)
    for language, (title, text) in ARTICLES.items():
        decided = inbox.why(f"inbox/copy-{language}.{other}")
        assert decided["verdict"] == "copy"
        assert [match["alerts"] for match in decided["matches"]] == [False]
        like = decided["look_alikes"][0]
        assert like["title"] == title
        shared = " ".join(decided["text"][start:end] for start, end in like["spans"])
        assert _letters(text.split("\n\n")[2])[:30] in _letters(shared)


def _letters(text: str) -> str:
    return "".join(character for character in text if character.isalnum())


def test_each_message_of_an_mbox_is_an_article_and_later_only_what_was_added(inbox: Inbox) -> None:
    box = mailbox.mbox(inbox.path / "list.mbox")
    box.add(_message(*ARTICLES["en"]))
    box.add(_message("Minutes of the choir", "The choir met on Tuesday. Songs were sung and cake was eaten."))
    box.close()
    inbox.run()
    assert list(inbox.mails()) == [f"[Defections] {ARTICLES['en'][0]} (Tips)"]
    box = mailbox.mbox(inbox.path / "list.mbox")
    box.add(_message(*ARTICLES["ko"]))
    box.close()
    inbox.run()
    assert sorted(inbox.mails()) == [f"[Defections] {ARTICLES[one][0]} (Tips)" for one in ("en", "ko")]
    assert inbox.why("inbox/list.mbox")["title"] == ARTICLES["ko"][0]


def test_a_file_that_was_taken_away_and_put_back_is_not_told_again_and_an_edited_one_for_what_is_new(
    inbox: Inbox,
) -> None:
    title, text = ARTICLES["en"]
    inbox.put("a.txt", _txt(title, text))
    inbox.run()
    (inbox.path / "a.txt").unlink()
    assert inbox.run() == ""
    inbox.put("a.txt", _txt(title, text))
    assert inbox.run() == ""
    more = (
        "On Friday a clerk and a cook of the same North Korean mission fled by the goods lift with two suitcases, "
        "the night porter of the building said, and the lights have been out since. A baker across the street saw "
        "them run to a van that had waited there since midnight with its engine on and its number covered by mud."
    )
    inbox.put("a.txt", _txt(title, f"{text}\n\n{more}"))
    shown = inbox.run()
    assert "a clerk and a cook" in " ".join(shown.split())
    assert len(list((inbox.folder / "outbox" / "new").iterdir())) == 2
    assert inbox.why("inbox/a.txt")["verdict"] == "extended"
