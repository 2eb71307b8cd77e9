"""What a user watches for: the rule of a watchlist, its language and its engine."""

from watcher.watchlist.rule import Watchlist

__all__ = ["Watchlist"]
