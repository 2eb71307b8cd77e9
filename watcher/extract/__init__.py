"""Bytes to text: what a page or document says, without what stands around it.

Everything here is given what strangers wrote and may be slow, so it runs in
a worker (`watcher.sandbox`), and the parsers are imported where they are used:
the main process can import this module without them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from watcher.extract import documents, letters, pages
from watcher.extract.charsets import decode, shifted, wide
from watcher.extract.languages import language as language
from watcher.extract.pages import fragment as fragment
from watcher.extract.word import word
from watcher.model import Extracted, Permanent, WatcherError

LIMIT = 50 * 1024 * 1024
"""Bytes of a document that are read at most; a page is cut off sooner, by the network door."""

LONGEST = 5_000_000
"""Characters of text that are taken: three times War and Peace. What is longer is a dump, not a report."""


def extract(
    data: bytes,
    *,
    content_type: str = "",
    url: str | None = None,
    name: str = "",
    strip: tuple[str, ...] = (),
    metadata: bool = True,
    attachments: bool = True,
) -> Extracted:
    """The text of a document, its paragraphs one blank line apart, with title, author, date and language.

    What it is, is told by its first bytes, then by `name` (of the file) and
    `content_type`. `strip` are CSS selectors of what to take off a page first.
    `metadata` false leaves a page's title, author and date alone (they cost
    1 ms of a page's 12), `attachments` false the documents that came with a
    mail. `published` is aware UTC, and may be in the future. Raises
    `Permanent` that says what it is instead of a document, or why it cannot
    be read.
    """
    if len(data) > LIMIT:
        raise Permanent(f"too large: {len(data) / 1e6:.0f} MB (the limit is {LIMIT / 1e6:.0f} MB)")
    kind = _kind(data, content_type, name)
    if kind == "html":
        found = pages.page(decode(data, content_type), url=url, strip=strip, metadata=metadata)
    elif kind == "mail" and not attachments:
        found = letters.message(data, None)
    else:
        found = _read(kind, data, content_type)
    text = documents.clean(found.text)
    title = documents.clean_line(found.title)
    if len(text) > LONGEST:
        raise Permanent(
            f"too long: {len(text) / 1e6:.1f} million characters (the limit is {LONGEST / 1e6:.0f} million)"
        )
    if not text and not title:
        raise Permanent("there is no text in it")
    return replace(
        found,
        text=text,
        title=title,
        author=documents.clean_line(found.author or "") or None,
        language=language(text or title, found.language),
    )


def read(path: str, part: str | None = None, *, attachments: bool = True) -> Extracted:
    """The document in a file; of an mbox, the message that `part` names. Raises as `extract`, and if it is gone.

    `attachments` false gives but the names of what came with a mail.
    """
    data = documents.load(path, part, limit=LIMIT)
    return extract(data, name="message.eml" if part else path, attachments=attachments)


def _attached(data: bytes, content_type: str, name: str) -> Extracted:
    """A document that came with a mail. Raises `Permanent` for anything else, mails without end among it."""
    kind = _kind(data, content_type, name)
    if kind == "mail":
        raise Permanent("it is a mail within a mail that is not marked as one")
    if kind == "html":
        return pages.page(decode(data, content_type), url=None, strip=(), metadata=False)
    return _read(kind, data, content_type)


def _read(kind: str, data: bytes, content_type: str) -> Extracted:
    try:
        return _READERS[kind](data, content_type)
    except (WatcherError, MemoryError, RecursionError):
        raise
    except Exception as error:  # the parsers raise whatever comes to their minds over a damaged file
        raise Permanent(f"it is a damaged {_NAMES[kind]}: {str(error) or type(error).__name__}") from error


# --------------------------------------------------------------------------- what it is

_NAMES = {
    "text": "text file",
    "markdown": "Markdown file",
    "pdf": "PDF",
    "word": "Word document",
    "mail": "mail message",
}

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"II*\x00", "an image"),
    (b"MM\x00*", "an image"),
    (b"\xd0\xcf\x11\xe0", "an old Word or Office document (save it as .docx)"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "an empty ZIP file"),
    (b"%!PS", "a PostScript file (save it as .pdf)"),
    (b"\x1f\x8b", "a gzip file"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\xfd7zXZ\x00", "an xz file"),
    (b"(\xb5/\xfd", "a zstd file"),
    (b"OggS", "sound or film"),
    (b"\x1aE\xdf\xa3", "film"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3\x00", "a database"),
    (b"{\\rtf", "an RTF document (save it as .docx or .txt)"),
    (b"wOFF", "a font"),
    (b"wOF2", "a font"),
)

_HANGUL = "HwpSummaryInformation".encode("utf-16-le")
"""The stream that Hangul's older documents have among those of an Office document."""

_TAGS = re.compile(
    rb"<(?:!doctype\s+html|html|head|body|title|meta|article|section|div|p|h[1-6]|table|span|br|ul|ol|a\s)[\s>/]?",
    re.IGNORECASE,
)
_PAGE = re.compile(rb"\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_MAIL = re.compile(rb"\A(?:>?From [^\n]*\n)?(?:[A-Za-z][A-Za-z0-9-]*:[^\n]*\n(?:[ \t][^\n]*\n)*){2,}\r?\n?")
_MAIL_HEADS = re.compile(
    rb"^(?:from|to|subject|date|message-id|received|mime-version):", re.IGNORECASE | re.MULTILINE
)


def _kind(data: bytes, content_type: str, name: str) -> str:
    """One of html, text, markdown, mail, pdf, word. Raises `Permanent` that says what it is instead."""
    if not data.strip(b" \t\r\n\x00\xef\xbb\xbf"):
        raise Permanent("it is empty")
    if (kind := _by_magic(data)) is not None:
        return kind
    if _binary(data):
        raise Permanent("it is not text (binary data of no known kind)")
    extension = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    mime = content_type.split(";", 1)[0].strip().lower()
    head = data[:4096].replace(b"\x00", b"")
    if extension in ("eml", "mbox") or mime == "message/rfc822" or _looks_like_mail(head):
        return "mail"
    if extension in ("md", "markdown", "mdown") or mime in ("text/markdown", "text/x-markdown"):
        return "markdown"
    if extension in ("txt", "text") or mime == "text/plain":
        return "html" if _PAGE.match(head) else "text"
    if mime.endswith(("/json", "+json")) or extension == "json":
        raise Permanent("it is JSON, not a page or a document")
    if head.lstrip().startswith(b"<?xml") and b"<html" not in head.lower():
        raise Permanent("it is XML (a feed, perhaps), not a page or a document")
    return "html" if _TAGS.search(data[:65536].replace(b"\x00", b"")) else "text"


def _by_magic(data: bytes) -> str | None:
    """The kind that the first bytes tell: pdf, word, or None where they tell nothing."""
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"%PDF-"):
        return "pdf"
    if data[4:8] == b"ftyp" or data[:4] == b"RIFF":
        raise Permanent("it is an image, sound or film, not text")
    for magic, kind in _MAGIC:
        if data.startswith(magic):
            if kind == "zip":
                return _zipped(data)
            if _HANGUL in data:
                raise Permanent("it is a Hangul document (save it as .docx or .pdf), not text")
            raise Permanent(f"it is {kind}, not text")
    return None


def _looks_like_mail(head: bytes) -> bool:
    if head.startswith(b"From ") and b"\n" in head:
        head = head.split(b"\n", 1)[1]
    match = _MAIL.match(head.replace(b"\r\n", b"\n"))
    return match is not None and len(_MAIL_HEADS.findall(match[0])) >= 2


def _zipped(data: bytes) -> str:
    start = data[:4096]
    if b"word/" in data or b"[Content_Types].xml" in start:
        if b"word/document.xml" in data:
            return "word"
        if b"ppt/" in data or b"xl/" in data:
            raise Permanent("it is a spreadsheet or a slide show, not a text document")
    if b"mimetypeapplication/vnd.oasis" in start:
        raise Permanent("it is an OpenDocument file (save it as .docx)")
    if b"mimetypeapplication/hwp+zip" in start:
        raise Permanent("it is a Hangul document (save it as .docx or .pdf)")
    if b"mimetypeapplication/epub" in start:
        raise Permanent("it is an e-book, not a document")
    raise Permanent("it is a ZIP file, not text")


_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\x0b\x0c\r\x1b")


def _binary(data: bytes) -> bool:
    if data.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")) or wide(data) or shifted(data):
        return False
    sample = data[:8192]
    zeros = sample.count(0)
    if zeros > len(sample) // 3:  # UTF-16 without a mark has half
        return sample[0::2].count(0) > 0 < sample[1::2].count(0)
    return len(sample) - len(sample.translate(None, _CONTROLS)) > len(sample) // 20


_READERS: dict[str, Callable[[bytes, str], Extracted]] = {
    "text": documents.plain,
    "markdown": documents.markdown,
    "pdf": documents.pdf,
    "word": word,
    "mail": lambda data, _content_type: letters.message(data, _attached),
}
