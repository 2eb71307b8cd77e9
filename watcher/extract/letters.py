"""Received mail: a message as a document, and where the messages of an mbox stand."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parseaddr, parsedate_to_datetime
from itertools import pairwise

from watcher.extract.charsets import decode
from watcher.extract.documents import unwrap
from watcher.extract.pages import fragment
from watcher.model import Extracted, Span


def message(data: bytes, content_type: str = "") -> Extracted:  # noqa: ARG001 - readers have one signature
    """A mail: its subject is the title, its sender the author; the plain part is read, else the HTML part.

    Attachments are left out. Of an mbox given whole, the messages follow one another under their subjects.
    """
    first, *others = [_one(data[start:end]) for start, end in messages(data)] or [_one(data)]
    text = "\n\n".join([first.text, *(f"{other.title}\n\n{other.text}" for other in others)])
    return replace(first, text=text)


def _one(data: bytes) -> Extracted:
    if data.startswith(b"From "):
        # An mbox puts ">" before each line of a message that begins with "From ".
        data = re.sub(rb"^>(>*From )", rb"\1", data.partition(b"\n")[2], flags=re.MULTILINE)
    mail = email.message_from_bytes(data, policy=email.policy.default)
    body = mail.get_body(("plain", "html"))
    text = ""
    if body is not None:
        raw = body.get_payload(decode=True)
        text = decode(raw if isinstance(raw, bytes) else b"", str(body.get("content-type", "")))
        text = fragment(text) if body.get_content_subtype() == "html" else unwrap(text)
    name, address = parseaddr(str(mail.get("from", "")))
    return Extracted(
        text=text,
        title=str(mail.get("subject", "")),
        author=name or address or None,
        published=_sent(mail.get("date")),
    )


def _sent(date: object) -> datetime | None:
    try:
        at = parsedate_to_datetime(str(date))
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)


_BORDER = re.compile(rb"(?:\A|\n\r?\n)(?=From [^\n]{1,200}\r?\n[A-Za-z>][A-Za-z0-9-]*:? )")


def is_mbox(data: bytes) -> bool:
    """Whether mail is an mbox: it begins with a "From " line and the head of a message."""
    return _BORDER.match(data) is not None


def messages(data: bytes) -> tuple[Span, ...]:
    """Where the messages of an mbox stand, in bytes. A "From " line counts after a blank line and before a header."""
    starts = [match.end() for match in _BORDER.finditer(data)]
    return tuple(pairwise([*starts, len(data)]))
