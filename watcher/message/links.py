"""The links of a page that a user's template made, and the first of them that a mail must not have."""

from __future__ import annotations

import html.parser
import re

_LINKING = frozenset(
    {"href", "src", "srcset", "action", "formaction", "background", "poster", "data", "xlink:href"}
)
_FINE = frozenset({"http", "https", "mailto", "tel", "cid"})


def forbidden(page: str) -> str:
    """The first address that `page` links and that is neither http(s), mail, phone nor of the mail itself; or empty."""
    links = _Links()
    links.feed(page)
    links.close()
    return links.wrong


class _Links(html.parser.HTMLParser):
    wrong = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - its signature
        for name, value in attrs:
            address = re.sub(r"[\s\x00-\x20]", "", value or "")
            scheme = re.match(r"([a-z][a-z0-9+.-]*):", address, re.IGNORECASE)
            if name in _LINKING and scheme and scheme[1].lower() not in _FINE:
                self.wrong = self.wrong or address
