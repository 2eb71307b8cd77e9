"""Bytes to characters: what a page or file of unknown honesty is written in.

The label a server or page gives is often wrong, and bytes that are valid
UTF-8 and more than ASCII are UTF-8 whatever the label says. Bad bytes become
U+FFFD; nothing here raises on them.
"""

from __future__ import annotations

import codecs
import re

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_WIDER = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "latin-1": "cp1252",
    "iso8859-9": "cp1254",
    "euc_kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "iso8859-8": "cp1255",
    "tis-620": "cp874",
}
"""What a label means in practice (WHATWG Encoding, https://encoding.spec.whatwg.org/#names-and-labels)."""

_ALIASES = {
    "ks_c_5601-1987": "cp949",
    "ks_c_5601-1989": "cp949",
    "ksc5601": "cp949",
    "ksc_5601": "cp949",
    "windows-949": "cp949",
    "x-windows-949": "cp949",
    "korean": "cp949",
    "x-sjis": "cp932",
    "x-euc-jp": "euc_jp",
    "x-gbk": "gb18030",
    "chinese": "gb18030",
    "x-x-big5": "big5hkscs",
    "unicode": "utf-16-le",
    "utf8mb4": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    "x-user-defined": "cp1252",
}

_FAMILIES = (
    *(
        "ascii",
        "big5",
        "cp",
        "euc",
        "gb",
        "hz",
        "iso",
        "johab",
        "koi8",
        "kz1048",
        "latin",
        "mac",
        "ptcp154",
        "shift",
    ),
    *("tis", "utf-8"),
)

_META = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE)
_XML = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{2,40})["']""", re.IGNORECASE)
_HEADER = re.compile(r"""charset\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE)

_LEGACY = {
    "cp949": "이다는의에을가고하한지로기사인리도자어서대시부일은그정해를수나아보제전있했",
    "gb18030": "的一是了在人有不这中大国为上个我以要他时来们到说和地出会年对发生",
    "big5hkscs": "的一是了在人有不這中大國為上個我以要他時來們到說和地出會年對發生",
    "cp932": "のにはをたがでてとしれさいるあらりくまもなかうこっ、。",
    "euc_jp": "のにはをたがでてとしれさいるあらりくまもなかうこっ、。",
}
"""Double-byte charsets to try where there is no label, with the commonest characters of their languages."""

_CYRILLIC = re.compile("[а-яА-ЯёЁ]*(?:[оеаинтсрвл][а-яА-ЯёЁ]){2}[а-яА-ЯёЁ]*")
"""Words of windows-1251. Its bytes are accented letters elsewhere, of which no more than two stand side by side."""


def decode(data: bytes, content_type: str = "") -> str:
    """`data` as text: by its byte order mark, as UTF-8 where it is that, by its label, by its letters.

    `content_type` is the Content-Type header, of which only the charset is read.
    """
    for mark, charset in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(charset, "replace")
    labels = [label for label in (_named(content_type), _named_within(data)) if label is not None]
    if (width := wide(data)) is not None:
        return data.decode(width, "replace")
    # ISO-2022 and HZ are ASCII bytes that mean something else, so they are valid UTF-8 by accident.
    escaped = next((label for label in labels if label in ("iso2022_jp", "iso2022_kr", "hz")), shifted(data))
    if escaped is not None:
        return data.decode(escaped, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    for label in labels:
        text = data.decode(label, "replace")
        if _plausible(text):
            return text
    return data.decode(_guess(data), "replace")


def _named(content_type: str) -> str | None:
    match = _HEADER.search(content_type)
    return _codec(match[1]) if match else None


def _named_within(data: bytes) -> str | None:
    head = data[:4096]
    match = _XML.search(head) or _META.search(head)
    return _codec(match[1].decode("ascii", "replace")) if match else None


def _codec(label: str) -> str | None:
    label = label.strip().lower()
    try:
        name = codecs.lookup(_ALIASES.get(label, label)).name
    except (LookupError, ValueError):
        return None
    if name.startswith(("utf-16", "utf-32")):
        return None  # the label itself was read as ASCII, so it cannot be true
    # Python knows codecs that are not charsets (rot13, idna, undefined), and some raise whatever one asks of them.
    if not name.startswith(_FAMILIES):
        return None
    return _WIDER.get(name, name)


def wide(data: bytes) -> str | None:
    """UTF-16 without a byte order mark, or None: the blanks between words, and ASCII, have NUL mostly on one side."""
    head = data[:256]
    even, odd = head[0::2].count(0), head[1::2].count(0)
    # Not on one side only: the low byte of U+AC00 (ga), a common syllable, is NUL too.
    if not max(even, odd) > len(head) // 25 or min(even, odd) * 4 > max(even, odd):
        return None
    charset = "utf-16-le" if odd > even else "utf-16-be"
    text = head[: len(head) // 2 * 2].decode(charset, "ignore")
    return (
        charset if sum(char.isprintable() or char.isspace() for char in text) > 0.9 * len(head) / 2 else None
    )


def shifted(data: bytes) -> str | None:
    """ISO-2022 by the escape with which it begins to mean something else, where no byte has its eighth bit, or None."""
    found = _ESCAPE.search(data)
    return (_ESCAPES[found[0]] if data.isascii() else None) if found else None


_ESCAPES = {b"\x1b$)C": "iso2022_kr", b"\x1b$@": "iso2022_jp", b"\x1b$B": "iso2022_jp"}
_ESCAPE = re.compile(b"|".join(map(re.escape, _ESCAPES)))


def _plausible(text: str) -> bool:
    """Few of the letters that are not ASCII are missing: a label is believed in spite of some bad bytes."""
    bad = text.count("\ufffd")
    return bad == 0 or bad * 20 < sum(not char.isascii() for char in text)


def _guess(data: bytes) -> str:
    """The charset in which the bytes make most sense as text of its own language."""
    sample = data[:65536]
    if not any(byte > 0x7F for byte in sample):
        return "utf-8"
    if _plausible(sample.decode("utf-8", "replace")):
        return "utf-8"
    best, best_score = "cp1252", 0.1  # running text in its own charset stands at .3 and more
    for charset, common in _LEGACY.items():
        letters = [char for char in sample.decode(charset, "replace") if not char.isascii()]
        score = sum((char in common) - 2 * (char == "\ufffd") for char in letters) / max(1, len(letters))
        if score > best_score:
            best, best_score = charset, score
    cyrillic = sample.decode("cp1251", "replace")
    if sum(map(len, _CYRILLIC.findall(cyrillic))) * 3 > sum(not char.isascii() for char in cyrillic):
        return "cp1251"
    return best
