"""The characters of a feed's bytes: what was declared, checked against what is there.

Pure. Declarations are wrong in the wild both ways (a header of the server
against the feed's own line, EUC-KR declared for bytes that only CP949 has),
and feedparser then falls back to Western European, which is mojibake for
Korean and Chinese. Valid UTF-8 beyond ASCII is UTF-8 whatever was declared.
"""

from __future__ import annotations

import codecs
import re

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HEADER = re.compile(r"(?i)charset\s*=\s*[\"']?([\w.:-]{1,40})")
_DECLARED = re.compile(rb"(?i)^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})[\"']")
_LANGUAGE = re.compile(rb"(?i)(?:<(?:dc:)?language>\s*|xml:lang\s*=\s*[\"'])(ko|ja|zh)([-_]\w+)?")

_CHARSET = re.compile(
    r"utf-8|cp\d+|windows-\d+|iso-(8859|2022)-\w+|euc-\w+|koi8-\w+|gb18030|big5\w*|johab|mac\w+|tis\w+"
)
_SUPERSETS = {
    "euc-kr": "cp949", "euc_kr": "cp949", "ks_c_5601-1987": "cp949", "ksc5601": "cp949", "ks_c_5601": "cp949",
    "windows-949": "cp949", "gb2312": "gb18030", "gbk": "gb18030", "gb_2312-80": "gb18030", "x-gbk": "gb18030",
    "shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932", "x-sjis": "cp932", "windows-31j": "cp932",
    "big5": "big5hkscs", "x-x-big5": "big5hkscs", "iso-8859-1": "cp1252", "latin1": "cp1252", "latin-1": "cp1252",
    "us-ascii": "cp1252", "ascii": "cp1252", "iso-8859-9": "cp1254", "tis-620": "cp874", "utf8": "utf-8",
}  # fmt: skip
"""What a declared name means in practice (the Encoding Standard's table, as far as feeds use it)."""
_BY_LANGUAGE = {b"ko": ("cp949",), b"ja": ("cp932", "euc-jp"), b"zh": ("gb18030", "big5hkscs")}

_TOLERATED = 0.01
"""Share of broken characters up to which a text counts as its declared encoding with some damage."""


def text_of(body: bytes, content_type: str = "") -> str:
    """`body` as text. Never raises: what no encoding explains becomes U+FFFD."""
    for bom, name in _BOMS:
        if body.startswith(bom):
            return body.decode(name, "replace")
    wide = _wide(body)
    if wide is not None:
        return body.decode(wide, "replace")
    declared = _declarations(body, content_type)
    if b"\x1b" in body:
        # ISO-2022 is ASCII to the eye and so would pass as UTF-8
        for name in declared:
            if name.startswith("iso-2022"):
                return body.decode(name, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        pass
    language = _LANGUAGE.search(body[:20_000])
    guesses = _BY_LANGUAGE.get(language.group(1).lower(), ()) if language is not None else ()
    for name in (*(name for name in declared if name not in {"utf-8", "cp1252"}), *guesses):
        try:
            return body.decode(name)
        except UnicodeDecodeError:
            continue
    return _damaged(body, ("utf-8", *declared, *guesses))


def _damaged(body: bytes, names: tuple[str, ...]) -> str:
    """The reading with the fewest broken characters; Western European if all of them are poor."""
    readings = [(body.decode(name, "replace"), name) for name in dict.fromkeys(names) if name != "cp1252"]
    best = min((text for text, _ in readings), key=lambda text: text.count("\ufffd") / max(1, len(text)))
    foreign = sum(byte > 127 for byte in body[:200_000])
    if best.count("\ufffd") <= max(1, _TOLERATED * len(best), 0.1 * foreign):
        return best
    return body.decode("cp1252", "replace")


def _wide(body: bytes) -> str | None:
    """UTF-16 and UTF-32 without a byte order mark, told by the zeros around the first `<` or `{`."""
    head = body[:4]
    if head in {b"<\0\0\0", b"{\0\0\0"}:
        return "utf-32-le"
    if head in {b"\0\0\0<", b"\0\0\0{"}:
        return "utf-32-be"
    if head[:2] in {b"<\0", b"{\0"} and head[3:] == b"\0":
        return "utf-16-le"
    if head[:2] in {b"\0<", b"\0{"} and head[2:3] == b"\0":
        return "utf-16-be"
    return None


def _declarations(body: bytes, content_type: str) -> tuple[str, ...]:
    """Declared encodings that Python knows: the feed's own line first, for servers send one header for all files."""
    names = []
    own = _DECLARED.match(body[:500])
    if own is not None:
        names.append(own.group(1).decode("ascii"))
    header = _HEADER.search(content_type[:300])
    if header is not None:
        names.append(header.group(1))
    known = []
    for name in names:
        usual = _SUPERSETS.get(name.lower(), name.lower())
        # an allow-list: rot13, zip, idna and unicode_escape are codecs to Python too
        if _CHARSET.fullmatch(usual) and _known(usual):
            known.append(usual)
    return tuple(dict.fromkeys(known))


def _known(name: str) -> bool:
    try:
        codecs.lookup(name)
    except LookupError:
        return False
    return True
