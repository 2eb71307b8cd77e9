"""A whole config as frozen values: what `watcher.config` reads and everything else is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from watcher.channels import Channel
from watcher.sources.feed import Feed
from watcher.sources.folder import Folder
from watcher.watchlist.rule import Watchlist


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The `[watcher]` table. Paths are absolute once loaded."""

    database: Path = Path("watcher.db")
    corpus: tuple[Path, ...] = ()
    """Documents, folders or fingerprint packs whose text is known and never news."""
    timezone: str = "UTC"
    """For schedules, quiet hours, shown times, and feeds whose dates name no zone."""
    every: timedelta = timedelta(minutes=15)
    catch_up: timedelta = timedelta(hours=24)
    keep_text: timedelta = timedelta(days=90)
    keep: timedelta = timedelta(days=400)
    workers: int = 2
    """Processes that parse and extract."""
    threads: int = 32
    """Threads that wait for the network."""
    group_wait: timedelta = timedelta(seconds=60)
    heartbeat: str | None = None
    """An http(s) address that is asked while all goes well: a dead-man's switch of the user's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetSettings:
    """The `[net]` table: private addresses that may be reached, and a proxy if one is meant."""

    allow: tuple[str, ...] = ()
    proxy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A whole config, valid. Feeds have their name and interval filled in; paths are absolute."""

    path: Path
    watcher: Settings = Settings()
    feeds: tuple[Feed, ...] = ()
    folders: tuple[Folder, ...] = ()
    concepts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    watchlists: tuple[Watchlist, ...] = ()
    channels: tuple[Channel, ...] = ()
    net: NetSettings = NetSettings()
    text: str = field(default="", repr=False, compare=False)
    """The file as it was read, so that warnings can name places."""

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of schedules and shown times."""
        return ZoneInfo(self.watcher.timezone)

    def zone_of(self, feed: Feed) -> ZoneInfo:
        """The time zone of dates in `feed` that name none."""
        return ZoneInfo(feed.timezone or self.watcher.timezone)
