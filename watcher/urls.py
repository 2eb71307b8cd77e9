"""Addresses: what a URL points at, whatever way it was written.

Pure. URLs are untrusted: anything that cannot be read gives None or comes
back as it was, nothing here raises on bad input.
"""

from __future__ import annotations

import re
from base64 import b64encode
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urljoin, urlsplit, urlunsplit

LONGEST = 8_192
"""Characters of a URL; longer ones are no address of an article."""

_TRACKING = re.compile(
    r"(?i)^(utm_\w+|fbclid|gclid|dclid|gbraid|wbraid|msclkid|yclid|twclid|igshid|mc_cid|mc_eid|_hsenc|_hsmi|"
    r"mkt_tok|ncid|cmpid|icid|ito|smid|ocid|spm|at_medium|at_campaign|at_custom\w*|oly_enc_id|oly_anon_id|"
    r"__twitter_impression|ref_src|ref_url)$"
)
"""Parameters that say who sent the reader, never which page: as ClearURLs strips them."""

_PORTS = {"http": 80, "https": 443}
_PATH_SAFE = "!$&'()*+,;=:@/%-._~"
_QUERY_SAFE = _PATH_SAFE + "?"


def parts(url: str) -> SplitResult | None:
    """The parts of an http(s) URL with a host; None for anything else."""
    if len(url) > LONGEST:
        return None
    try:
        split = urlsplit(url.strip())
        host, _ = split.hostname, split.port
    except ValueError:
        return None
    if split.scheme.lower() not in _PORTS or not host:
        return None
    return split


def _host(split: SplitResult) -> str:
    """Host in lower case, as ASCII (IDNA), brackets around IPv6."""
    host = (split.hostname or "").rstrip(".")
    if ":" in host:
        return f"[{host}]"
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return quote(host)
    return host


def _netloc(split: SplitResult) -> str:
    port = split.port
    host = _host(split)
    return host if port is None or port == _PORTS[split.scheme.lower()] else f"{host}:{port}"


def wire(url: str) -> str | None:
    """`url` as it goes over the wire: ASCII, percent-encoded, host as IDNA, no fragment; None if it is no http(s) URL.

    User and password are left out: see `login`.
    """
    split = parts(url)
    if split is None:
        return None
    path = quote(split.path, safe=_PATH_SAFE) or "/"
    return urlunsplit((split.scheme.lower(), _netloc(split), path, quote(split.query, safe=_QUERY_SAFE), ""))


def login(url: str) -> str | None:
    """The Authorization header (Basic) of a user and password in `url`; None if there are none."""
    split = parts(url)
    if split is None or split.username is None:
        return None
    pair = f"{unquote(split.username)}:{unquote(split.password or '')}"
    return f"Basic {b64encode(pair.encode()).decode('ascii')}"


def normalise(url: str) -> str:
    """The identity of a source: its `wire` form. What is no http(s) URL stays as it is."""
    return wire(url) or url.strip()


def canonical(url: str) -> str:
    """The identity of a page: `normalise`d, tracking parameters gone, the rest of the query in its order.

    A fragment stays only where it is the page (`#!`). Scheme counts: http and
    https may be two pages, and a GUID or text tells copies anyway.
    """
    split = parts(url)
    if split is None:
        return url.strip()
    query = split.query
    if query:
        pairs = parse_qsl(query, keep_blank_values=True)
        kept = [(name, value) for name, value in pairs if not _TRACKING.match(name)]
        if len(kept) != len(pairs):
            query = urlencode(kept)
    fragment = split.fragment if split.fragment.startswith("!") else ""
    path = quote(split.path, safe=_PATH_SAFE) or "/"
    return urlunsplit(
        (
            split.scheme.lower(),
            _netloc(split),
            path,
            quote(query, safe=_QUERY_SAFE),
            quote(fragment, safe=_QUERY_SAFE),
        )
    )


def resolve(link: str, *bases: str) -> str | None:
    """`link` made absolute against the first usable one of `bases`; None if it is no http(s) URL then."""
    link = re.sub(r"[\t\r\n]", "", link.strip()).replace(" ", "%20")
    if not link or len(link) > LONGEST:
        return None
    if parts(link) is not None:
        return link
    for base in bases:
        if parts(base) is None:
            continue
        try:
            joined = urljoin(base.strip(), link)
        except ValueError:
            continue
        return joined if parts(joined) is not None else None
    return None


def same_site(one: str, other: str) -> bool:
    """Whether secrets meant for `one` may go to `other`: one origin, or one host gone from http to https."""
    a, b = parts(one), parts(other)
    if a is None or b is None:
        return False
    if (a.scheme.lower(), _netloc(a)) == (b.scheme.lower(), _netloc(b)):
        return True
    upgraded = a.scheme.lower() == "http" and b.scheme.lower() == "https"
    return upgraded and _netloc(a) == _netloc(b)


def shown(url: str) -> str:
    """`url` for a message: without user and password."""
    split = parts(url)
    if split is None or "@" not in split.netloc:
        return url[:300]
    return urlunsplit((split.scheme, _netloc(split), split.path, split.query, ""))[:300]


def place(url: str) -> str:
    """Host and port, as politeness counts them; empty for what is no http(s) URL."""
    split = parts(url)
    return "" if split is None else _netloc(split)
