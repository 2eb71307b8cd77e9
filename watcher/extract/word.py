"""Word documents (.docx): all the words that a reader of the document as it now stands would see."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

from watcher.extract.documents import UNPACKED, clean_line
from watcher.model import Extracted, Permanent

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_GONE = {
    f"{_W}del",  # tracked changes: what was taken out, and where what was moved stood before
    f"{_W}moveFrom",
    f"{_W}pPr",
    f"{_W}rPr",
    f"{_W}rt",  # how a character is pronounced, above it
    # What Word draws for programs that do not know its text boxes: the same words a second time.
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",
}
_SIGNS = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}
_NOTES = {f"{_W}footnoteReference": "footnotes", f"{_W}endnoteReference": "endnotes"}


def word(data: bytes, content_type: str = "") -> Extracted:  # noqa: ARG001 - readers have one signature
    """A Word document: the title of its properties, else its first paragraph if that is a heading.

    Tracked changes are taken as accepted; text boxes follow the paragraph they
    hang on, notes the whole. Comments, and what stands above and below every
    page, are left out. Its dates are left alone: they are the template's as
    often as the document's.
    """
    from docx import Document  # noqa: PLC0415 - workers only

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        items = archive.infolist()
        if any(item.flag_bits & 1 for item in items):
            raise Permanent("it is an encrypted Word document: save it without a password")
        if sum(item.file_size for item in items) > UNPACKED:
            raise Permanent(f"it is a Word document that unpacks to more than {UNPACKED / 1e6:.0f} MB")
    document: Any = Document(io.BytesIO(data))
    about = document.core_properties
    title = clean_line(about.title or "")
    lines: list[str] = []
    notes: list[tuple[str, str]] = []
    for block in _blocks(document.element.body):
        text = _text(block, notes)
        if not lines and text.strip() and _heads(block, document):
            # A headline is the title, and is not said again in the text.
            title = title or clean_line(text)
            if clean_line(text) == title:
                continue
        lines.append(text)
    lines += _noted(document.part, notes)
    return Extracted(
        text="\n".join(lines),
        title=title,
        author=about.author if about.author != "python-docx" else None,
    )


def _blocks(parent: Any) -> Iterator[Any]:
    """The paragraphs and tables below an element, in order, out of whatever they are wrapped in."""
    for child in parent:
        if child.tag in (f"{_W}p", f"{_W}tbl"):
            yield child
        elif child.tag not in _GONE:
            yield from _blocks(child)


def _text(block: Any, notes: list[tuple[str, str]]) -> str:
    """The words of a paragraph with its text boxes, or of a table, a line a row. Notes referred to go to `notes`."""
    if block.tag == f"{_W}tbl":
        rows = (row for row in _within(block, f"{_W}tr"))
        return "\n".join("\t".join(_cell(cell, notes) for cell in _within(row, f"{_W}tc")) for row in rows)
    boxes: list[Any] = []
    line = "".join(_pieces(block, notes, boxes))
    return "\n".join([line, *(_cell(box, notes) for box in boxes)])


def _cell(cell: Any, notes: list[tuple[str, str]]) -> str:
    return "\n".join(_text(block, notes) for block in _blocks(cell)).strip()


def _within(parent: Any, tag: str) -> Iterator[Any]:
    """The rows of a table or the cells of a row, also those inside content controls; not those of a table inside."""
    for child in parent:
        if child.tag == tag:
            yield child
        elif child.tag not in _GONE and child.tag != f"{_W}tbl":
            yield from _within(child, tag)


def _pieces(element: Any, notes: list[tuple[str, str]], boxes: list[Any]) -> Iterator[str]:
    for child in element:
        if child.tag == f"{_W}t":
            yield child.text or ""
        elif child.tag in _SIGNS:
            yield _SIGNS[child.tag]
        elif child.tag in _NOTES:
            notes.append((_NOTES[child.tag], child.get(f"{_W}id", "")))
        elif child.tag == f"{_W}txbxContent":
            boxes.append(child)
        elif child.tag not in _GONE:
            yield from _pieces(child, notes, boxes)


def _heads(block: Any, document: Any) -> bool:
    from docx.text.paragraph import Paragraph  # noqa: PLC0415 - workers only

    if block.tag != f"{_W}p":
        return False
    style = Paragraph(block, document).style
    return style is not None and str(style.name).startswith(("Title", "Heading"))


def _noted(part: Any, notes: list[tuple[str, str]]) -> Iterator[str]:
    """The footnotes and endnotes that the text refers to, in its order."""
    from docx.oxml.parser import parse_xml  # noqa: PLC0415 - workers only

    texts: dict[tuple[str, str], str] = {}
    for related in part.rels.values():
        kind = str(related.reltype).rsplit("/", 1)[-1]
        if kind in _NOTES.values() and not related.is_external:
            for note in parse_xml(related.target_part.blob):
                texts[kind, note.get(f"{_W}id", "")] = _cell(note, [])
    for note in dict.fromkeys(notes):
        if text := texts.get(note, ""):
            yield text
