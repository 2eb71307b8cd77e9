"""Received mail: a message as a document, and where the messages of an mbox stand."""

from __future__ import annotations

import email
import email.policy
import re
from datetime import UTC
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

from watcher.charsets import decode
from watcher.documents import unwrap
from watcher.model import Extracted, Permanent, Span
from watcher.pages import fragment


def message(data: bytes, content_type: str = "") -> Extracted:  # noqa: ARG001 - readers have one signature
    """A mail: its subject is the title, its sender the author; the plain part is read, else the HTML part."""
    if data.startswith(b"From "):
        data = data.partition(b"\n")[2]
    mail = email.message_from_bytes(data, policy=email.policy.default)
    if not isinstance(mail, EmailMessage):
        raise Permanent("it is not a mail message")
    body = mail.get_body(("plain", "html"))
    text = ""
    if body is not None:
        raw = body.get_payload(decode=True)
        text = decode(raw if isinstance(raw, bytes) else b"", str(body.get("content-type", "")))
        text = fragment(text) if body.get_content_subtype() == "html" else unwrap(text)
    published = None
    try:
        published = parsedate_to_datetime(str(mail.get("date", "")))
        published = (published if published.tzinfo else published.replace(tzinfo=UTC)).astimezone(UTC)
    except ValueError:
        published = None
    return Extracted(
        text=text,
        title=str(mail.get("subject", "")),
        author=str(mail.get("from", "")) or None,
        published=published,
    )


_BORDER = re.compile(rb"(?:\A|\n\r?\n)(?=From [^\n]{1,200}\r?\n[A-Za-z>][A-Za-z0-9-]*:? )")


def is_mbox(data: bytes) -> bool:
    """Whether mail is an mbox: it begins with a "From " line and the head of a message."""
    return _BORDER.match(data) is not None


def messages(data: bytes) -> tuple[Span, ...]:
    """Where the messages of an mbox stand, in bytes. A "From " line counts after a blank line and before a header."""
    starts = [match.end() for match in _BORDER.finditer(data)]
    return tuple(zip(starts, [*starts[1:], len(data)], strict=True))
