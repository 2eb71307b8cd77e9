"""Documents that are not pages: plain text, Markdown, PDF. Each reader takes bytes and gives `Extracted`."""

from __future__ import annotations

import io
import os
import re
import stat
from collections import Counter
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Any

from watcher.extract.charsets import decode
from watcher.extract.dates import moment, written
from watcher.model import Extracted, Permanent, Temporary

UNPACKED = 200 * 1024 * 1024
"""Bytes a Word document may unpack to; what is over is a zip bomb, or nothing anybody reads."""

HEADLINE = 200
"""Characters a first line may have to be taken for a title."""

# --------------------------------------------------------------------------- text, cleaned

_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff\ud800-\udfff]")
_PARTED = re.compile(r"(?<=\w)\u00ad *\n *(?=\w)")
_BREAKS = re.compile(r"[ \t]*(?:\r\n|[\n\r\x0b\x0c\x85\u2028\u2029])\s*")


def clean(text: str) -> str:
    """`text` without control characters, its lines one blank line apart. Nothing else is changed."""
    return _BREAKS.sub("\n\n", _CONTROLS.sub("", text)).strip()


def clean_line(text: str) -> str:
    """`text` on one line."""
    return re.sub(r"\s+", " ", _CONTROLS.sub("", text)).strip()


def unwrap(text: str) -> str:
    """`text` with the lines of a paragraph joined, where its paragraphs stand a blank line apart.

    A newline is a border of sentences afterwards, so one in the middle of a
    sentence (a wrapped mail, a typed page) has to go. A word that a soft hyphen
    parts over two lines is joined wherever it stands.
    """
    text = _PARTED.sub("", text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(4))
    blocks = re.split(r"\n[ ]*\n+", text)
    lines = [line for line in text.split("\n") if line.strip()]
    if len(blocks) < 2 and not _wrapped(lines):
        return text
    return "\n\n".join(_joined(block) for block in blocks if block.strip())


def _wrapped(lines: list[str]) -> bool:
    """Most lines end near one width and in the middle of a sentence, as an editor or a mail program leaves them."""
    if len(lines) < 3:
        return False
    widest = max(len(line) for line in lines)
    full = sum(len(line) > 0.7 * widest for line in lines)
    ended = sum(line.rstrip().endswith(_ENDS) for line in lines)
    return widest <= 100 and full > 0.6 * len(lines) and ended < 0.5 * len(lines)


_ENDS = (".", "!", "?", "。", "！", "？", ":", "”", '"', "…")
_ITEM = re.compile(r"\s*(?:[-*•·▲△■□◆○▶]|\d{1,3}[.)])\s")
_UNSPACED = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]")
"""Characters of Chinese and Japanese, between which a line break is no space."""


def _joined(block: str) -> str:
    lines = [line.strip() for line in block.strip("\n").split("\n") if line.strip()]
    pieces = [lines[0]]
    widest = max(len(line) for line in lines)
    for before, line in pairwise(lines):
        # A list item, and a line after one that ends short of the width and as a sentence, begin a paragraph.
        if _ITEM.match(line) or (len(before) < 0.6 * widest and before.endswith(_ENDS)):
            pieces.append("\n\n")
        elif not (_UNSPACED.match(before[-1]) and _UNSPACED.match(line)):
            pieces.append(" ")
        pieces.append(line)
    return "".join(pieces)


# --------------------------------------------------------------------------- files


def load(path: str, part: str | None, *, limit: int) -> bytes:
    """The bytes of a regular file, or of the part "start-end" of it. Raises Permanent or Temporary with the reason."""
    try:
        # Not through a link, and not waiting for ever at a pipe that took the file's name.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise Permanent(f"{path} is no longer there") from error
    except OSError as error:
        raise Temporary(f"cannot read {path}: {error.strerror}") from error
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Permanent(f"{path} is not a regular file")
        start, end = 0, status.st_size
        if part is not None:
            first, _, last = part.partition("-")
            start, end = int(first), min(int(last), status.st_size)
        if end - start > limit:
            raise Permanent(f"too large: {(end - start) / 1e6:.0f} MB (the limit is {limit / 1e6:.0f} MB)")
        file.seek(start)
        return file.read(max(0, end - start))


# --------------------------------------------------------------------------- plain text and Markdown


def plain(data: bytes, content_type: str = "") -> Extracted:
    """Plain text. A first line that stands alone, is short and does not end as a sentence is the title."""
    return _titled(decode(data, content_type))


def _titled(text: str) -> Extracted:
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n \t\ufeff")
    first, _, rest = text.partition("\n")
    first = first.strip()
    short = 0 < len(first) <= HEADLINE and not first.endswith((".", "。", "다.", ",", ";", ":"))
    if rest.strip() and short and (rest.startswith("\n") or len(first) * 2 < len(rest.partition("\n")[0])):
        return Extracted(text=unwrap(rest), title=first)
    return Extracted(text=unwrap(text))


_FRONT = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)\r?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_HEADING = re.compile(
    r"^\s{0,3}(?:#{1,6}[ \t]+(.+?)[ \t]*#*|(\S.*)\n\s{0,3}(?:=+|-{2,}))[ \t]*$", re.MULTILINE
)


def markdown(data: bytes, content_type: str = "") -> Extracted:
    """Markdown: title, date, author and language of its front matter, else the first heading as title."""
    text = decode(data, content_type).replace("\r\n", "\n")
    front: dict[str, str] = {}
    if match := _FRONT.match(text):
        text = text[match.end() :]
        for line in match[1].split("\n"):
            key, colon, value = line.partition(":")
            if colon and key == key.lstrip():
                front[key.strip().lower()] = value.strip().strip("'\"")
    title = front.get("title", "")
    heading = _HEADING.search(text)
    if heading and not text[: heading.start()].strip():
        title = title or _unmarked(heading[1] or heading[2])
        if _unmarked(heading[1] or heading[2]).casefold() == title.casefold():
            text = text[heading.end() :]
    found = _titled(text) if not title else Extracted(text=unwrap(text), title=title)
    return Extracted(
        text=_unmarked(found.text),
        title=_unmarked(found.title),
        author=front.get("author") or None,
        published=written(front.get("date", "") or front.get("published", "")),
        language=front.get("lang") or front.get("language"),
    )


def _unmarked(text: str) -> str:
    """Markdown's signs off, its words kept."""
    text = re.sub(r"^\s{0,3}(?:```|~~~).*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"!\[([^\]\n]{0,300})\]\([^)\n]{0,2000}\)", r"\1", text)
    text = re.sub(r"\[([^\]\n]{1,300})\](?:\([^)\n]{0,2000}\)|\[[^\]\n]{0,300}\])", r"\1", text)
    text = re.sub(r"<(https?://[^>\s]{1,2000})>", r"\1", text)
    text = re.sub(r"^\s{0,3}(?:#{1,6}[ \t]+|>[ \t]?)+", "", text, flags=re.MULTILINE)
    text = re.sub(r"^\s{0,3}(?:=+|(?:[-*_][ \t]*){3,})[ \t]*$", "", text, flags=re.MULTILINE)
    return re.sub(r"(\*\*|__|\*|`)(?=\S)([^*`\n]{1,500}?)(?<=\S)\1", r"\2", text)


# --------------------------------------------------------------------------- PDF

_TURN = re.compile(
    r"(?<=[^\s.!?。:…”\"])[ ]*\n\s*?(?:[-–—]?[ ]*\d{1,4}[ ]*[-–—]?[ ]*\n\s*?)?"
    r"\x0c\s*(?=[a-z\uac00-\ud7a3\u3041-\u9fff])"
)
"""A page turned in the middle of a sentence, with the page's number."""
_PAGE_NUMBER = re.compile(r"^[ ]*[-–—]?[ ]*\d{1,4}[ ]*[-–—]?[ ]*$\n?", re.MULTILINE)
_HYPHEN = re.compile(r"(?<=[^\W\d_])-\n(?=[a-z])")
_NO_TITLE = re.compile(
    r"microsoft (?:word|powerpoint)|\(?(?:untitled|anonymous|unspecified)|document\d*\Z"
    r"|.*\.(?:docx?|indd|pdf|hwpx?|qxd)\Z",
    re.IGNORECASE,
)
"""What programs write where nobody gave a title."""
_PDF_DATE = re.compile(rb"D:(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(?:Z|([+-]\d\d)'?(\d\d)?)?")


def pdf(data: bytes, content_type: str = "") -> Extracted:  # noqa: ARG001 - readers have one signature
    """A PDF with a text layer. Scans and protected files are refused."""
    from pdfminer.high_level import extract_text  # noqa: PLC0415 - workers only
    from pdfminer.pdfdocument import PDFDocument, PDFPasswordIncorrect, PDFTextExtractionNotAllowed  # noqa: PLC0415
    from pdfminer.pdfparser import PDFParser  # noqa: PLC0415

    try:
        about: dict[str, Any] = {}
        for entry in PDFDocument(PDFParser(io.BytesIO(data))).info:
            about.update(entry)
        text = extract_text(io.BytesIO(data))
    except PDFPasswordIncorrect as error:
        raise Permanent("it is an encrypted PDF: save it without a password") from error
    except PDFTextExtractionNotAllowed as error:
        raise Permanent("it is a PDF that does not allow its text to be taken") from error
    if not re.search(r"\w", text):
        raise Permanent("it is a PDF without text (a scan, perhaps): run OCR on it first")
    text, head = _unframed(text)
    text = _HYPHEN.sub("", _PAGE_NUMBER.sub("", _TURN.sub(" ", text))).replace("\x0c", "\n\n")
    title = _pdf_string(about.get("Title"))
    named = title and not _NO_TITLE.match(title)
    found = Extracted(text=unwrap(text), title=title) if named else _titled(text)
    return replace(
        found,
        title=found.title or head,  # many a report has its title above every page
        author=_pdf_string(about.get("Author")) or None,
        published=_pdf_date(about.get("CreationDate")),
    )


EDGE = 3
"""Lines at the head and at the foot of a page among which what stands on every page is looked for."""


def _unframed(text: str) -> tuple[str, str]:
    """`text` without what stands at the head or foot of many pages, and the first such line that counts nothing."""
    pages = [page.split("\n") for page in text.split("\x0c")]
    edges: list[list[tuple[int, set[tuple[str, int | None]]]]] = []
    for number, lines in enumerate(pages):
        filled = [place for place, line in enumerate(lines) if line.strip()]
        places = filled[:EDGE] + filled[EDGE:][-EDGE:]
        edges.append([(place, _keys(lines[place], number)) for place in places])
    counted = Counter(key for edge in edges for key in {key for _, keys in edge for key in keys})
    # Left and right pages may say different things, so each stands on half of them.
    running = {key for key, count in counted.items() if count >= max(3, 0.4 * len(pages))}
    head = ""
    for lines, edge in zip(pages, edges, strict=True):
        for place, keys in edge:
            if frame := keys & running:
                head = head or (
                    "" if any(offset is not None for _, offset in frame) else clean_line(lines[place])
                )
                lines[place] = ""
    return "\x0c".join("\n".join(lines) for lines in pages), head


def _keys(line: str, page: int) -> set[tuple[str, int | None]]:
    """What may be the same line on other pages: the line itself, or with a number in it that rises with the pages.

    Any number will not do: a table's first row differs from page to page in nothing else.
    """
    line = " ".join(line.split())
    if len(line) > HEADLINE:
        return set()
    numbers = re.finditer(r"(?<!\d)\d{1,5}(?!\d)", line)
    counting = {(f"{line[: found.start()]}#{line[found.end() :]}", int(found[0]) - page) for found in numbers}
    return {(line, None), *counting}


def _pdf_string(value: object) -> str:
    from pdfminer.utils import decode_text  # noqa: PLC0415 - workers only

    return clean_line(decode_text(value)) if isinstance(value, bytes) else ""


def _pdf_date(value: object) -> datetime | None:
    match = _PDF_DATE.match(value) if isinstance(value, bytes) else None
    if match is None:
        return None
    year, month, day, hour, minute, second, east, more = (
        piece.decode() if piece else "" for piece in match.groups()
    )
    return moment(f"{year}-{month}-{day}T{hour}:{minute}:{second or '00'}{east or '+00'}:{more or '00'}")
