"""What a user watches for: the rule of a watchlist, its language and its engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watcher.watchlist.rule import Watchlist

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from watcher.watchlist.checks import Finding

__all__ = ["Watchlist", "problems", "terms", "warnings"]


def problems(watchlists: Sequence[Watchlist], concepts: Mapping[str, Sequence[str]]) -> list[Finding]:
    """Everything that keeps `watchlists` and `concepts` from being used, each with its place."""
    from watcher.watchlist import checks  # noqa: PLC0415 - the settings import this package; numpy can wait

    return checks.problems(watchlists, concepts)


def warnings(watchlists: Sequence[Watchlist], concepts: Mapping[str, Sequence[str]]) -> list[Finding]:
    """Terms that are known to find something else, each with its place."""
    from watcher.watchlist import checks  # noqa: PLC0415

    return checks.warnings(watchlists, concepts)


def terms(watchlists: Sequence[Watchlist], concepts: Mapping[str, Sequence[str]]) -> list[str]:
    """Everything that can make a hit, once, as hits name it (`defect*`), and the concepts (`@flee`)."""
    from watcher.watchlist import checks  # noqa: PLC0415

    return checks.terms(watchlists, concepts)
