"""A watchlist as the config states it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Watchlist:
    """A `[[watchlists]]` table. Either lists (`any`, `all`, `none`) or `query`."""

    name: str
    any: tuple[str, ...] = ()
    all: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    query: str = ""
    near: int | None = None
    within: Literal["sentence", "paragraph"] | None = None
    none_in: Literal["title", "text"] = "title"
    always: tuple[str, ...] = ("@reversal",)
    min_new_words: float = 12
    channels: tuple[str, ...] = ()
    deliver: str = "now"
    quiet: str = ""
    max_per_hour: int = 20
