"""Received mail: a message as a document, and where the messages of an mbox stand."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parseaddr, parsedate_to_datetime
from itertools import islice, pairwise
from typing import Any

from watcher.extract.charsets import decode
from watcher.extract.documents import unwrap
from watcher.extract.pages import fragment
from watcher.model import Extracted, Permanent, Span

ATTACHED = 20
"""Documents attached to a mail that are read."""

DEEPEST = 5
"""Mails within mails that are read."""

LONGEST = 4_000_000
"""Characters of a mail with what is attached; of the document that is over, the name alone is given."""

Message = Any
"""A mail or a part of one, of the new kind (`email.policy.default`), whose types are not told apart well."""

Reader = Callable[[bytes, str, str], Extracted]
"""Reads an attached document: its bytes, content type and file name. Raises `Permanent` for what is none."""


def message(data: bytes, read: Reader | None) -> Extracted:
    """A mail: its subject is the title, its sender the author; the plain part is read, else the HTML part.

    Documents attached, and mails forwarded, follow under their name or title:
    a report often comes as an attachment to one line. Of one that cannot be
    read (or where `read` is None) the name is given. Of an mbox given whole, the messages follow one
    another under their subjects.
    """
    spans = messages(data) or ((0, len(data)),)
    first, *others = [_one(_parsed(data[start:end]), read, 0) for start, end in spans]
    text = "\n\n".join([first.text, *(f"{other.title}\n\n{other.text}" for other in others)])
    return replace(first, text=text)


def _parsed(data: bytes) -> Message:
    if data.startswith(b"From "):
        # An mbox puts ">" before each line of a message that begins with "From ".
        data = re.sub(rb"^>(>*From )", rb"\1", data.partition(b"\n")[2], flags=re.MULTILINE)
    return email.message_from_bytes(data, policy=email.policy.default)


def _one(mail: Message, read: Reader | None, depth: int) -> Extracted:
    body = mail.get_body(("plain", "html"))
    text = ""
    if body is not None:
        raw = body.get_payload(decode=True)
        text = decode(raw if isinstance(raw, bytes) else b"", str(body.get("content-type", "")))
        text = fragment(text) if body.get_content_subtype() == "html" else unwrap(text)
    for part in islice(_attachments(mail, body), ATTACHED if depth < DEEPEST else 0):
        more = _attachment(part, read, depth)
        text += "\n\n" + (more if len(text) + len(more) <= LONGEST else part.get_filename() or "")
    name, address = parseaddr(str(mail.get("from", "")))
    return Extracted(
        text=text,
        title=str(mail.get("subject", "")),
        author=name or address or None,
        published=_sent(mail.get("date")),
    )


def _attachments(part: Message, body: Message | None) -> Iterator[Message]:
    """The parts that came as files, and mails forwarded, in order; not the body and its other forms."""
    forwarded = part.get_content_type() == "message/rfc822"
    if part.is_multipart() and not forwarded:
        for child in part.get_payload():
            yield from _attachments(child, body)
    elif part is not body and (
        forwarded or part.get_filename() or part.get_content_disposition() == "attachment"
    ):
        yield part


def _attachment(part: Message, read: Reader | None, depth: int) -> str:
    """What an attachment says, under its name; nothing of images, sound and signatures."""
    name = part.get_filename() or ""
    try:
        if part.get_content_type() == "message/rfc822":
            found = _one(part.get_payload(0), read, depth + 1)
            return f"{found.title}\n\n{found.text}"
        if part.get_content_maintype() in ("image", "audio", "video") or name.lower().endswith(_NO_DOCUMENTS):
            return ""
        if read is None:
            return name
        raw = part.get_payload(decode=True)
        found = read(raw if isinstance(raw, bytes) else b"", str(part.get("content-type", "")), name)
    except (Permanent, RecursionError):
        return name  # the mail's own words are worth more than a complaint about what came with them
    return f"{found.title or name}\n\n{found.text}"


_NO_DOCUMENTS = (".ics", ".vcf", ".p7s", ".p7m", ".asc", ".sig", ".dat", ".css", ".json", ".xml", ".csv")


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
