"""Mutes: what a person asked not to be told for a while; judged and stored all the same.

A mute names a story, a source or a term, for one watchlist or for all. It is
asked twice: when an alert is decided, and when a bundle that holds it opens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from watcher.alert import Alert

Kind = Literal["story", "source", "term"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute:
    """One mute. `target`: the story's id, the source's name, or the term as the watchlist writes it (or `@concept`).

    `watchlist` None: all of them. `until` None: until it is taken back. `label`: what to call the target for people.
    """

    kind: Kind
    target: str
    reason: str
    created: datetime
    id: int = 0
    watchlist: str | None = None
    until: datetime | None = None
    label: str = ""

    def holds(self, now: datetime) -> bool:
        """Whether it has neither expired nor been taken back."""
        return self.until is None or self.until > now

    def describe(self) -> str:
        """`mute 3: term defector* (too many football reports)`."""
        return f"mute {self.id}: {self.kind} {self.label or self.target} ({self.reason})"


def muting(alert: Alert, watchlist: str, mutes: Sequence[Mute]) -> Mute | None:
    """The mute that keeps `alert` from `watchlist`; None where nothing does.

    A term mutes what alerts by it alone: every subject hit that made the
    alert (every one, where none of them is new) is of muted terms.
    """
    those = [mute for mute in mutes if mute.watchlist in (None, watchlist)]
    for mute in those:
        if mute.kind == "story" and alert.story is not None and alert.story.id == mute.target:
            return mute
        if mute.kind == "source" and alert.article.source.casefold() == mute.target.casefold():
            return mute
    terms = {mute.target.casefold(): mute for mute in those if mute.kind == "term"}
    if not terms:
        return None
    hits = [hit for hit in alert.hits if hit.watchlist == watchlist and hit.subject]
    hits = [hit for hit in hits if hit.novel] or hits
    found = [terms.get(hit.term.casefold()) or terms.get(f"@{hit.concept}".casefold()) for hit in hits]
    return found[0] if found and None not in found else None


def muted(alert: Alert, mutes: Sequence[Mute]) -> dict[str, str]:
    """The watchlists of `alert` that are not told, each with the mute that says so, in a line."""
    found = {name: muting(alert, name, mutes) for name in alert.watchlists}
    return {name: mute.describe() for name, mute in found.items() if mute is not None}


def only(alert: Alert, names: Sequence[str]) -> Alert | None:
    """The alert as it concerns these watchlists; None for none."""
    if not names:
        return None
    if set(names) == set(alert.watchlists):
        return alert
    return replace(
        alert,
        watchlists=tuple(names),
        hits=tuple(hit for hit in alert.hits if hit.watchlist in names),
        conditions=tuple(pair for pair in alert.conditions if pair[0] in names),
    )
