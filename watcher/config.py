"""config.toml as one frozen `Config`: read, checked whole, and compared on reload.

Every problem is found in one go, each with its place in the file and the way
out. Nothing here touches the network or the store.
"""

from __future__ import annotations

import ipaddress
import os
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from watcher import urls
from watcher.channels import Channel
from watcher.channels.command import Command
from watcher.channels.console import Console
from watcher.channels.maildir import Maildir
from watcher.channels.smtp import Email
from watcher.channels.webhook import Webhook
from watcher.model import ConfigError, Problem
from watcher.places import KeyPath, Places
from watcher.sources.feed import Feed
from watcher.sources.folder import Folder
from watcher.syntax import Mended, mend
from watcher.tables import FAULTY, Fault, Reading, unknown
from watcher.watchlist.rule import Watchlist

T = TypeVar("T")

CHANNELS: dict[str, type[Channel]] = {
    "email": Email,
    "webhook": Webhook,
    "maildir": Maildir,
    "console": Console,
    "command": Command,
}
"""The kinds of channel by their `type`."""

ARRAYS = frozenset({"feeds", "folders", "watchlists", "channels"})
SECTIONS = ARRAYS | {"watcher", "net", "concepts"}

SYSTEM_CONFIG = Path("/etc/watcher/config.toml")


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


def locate(argument: Path | str | None = None) -> Path:
    """The config to use: `argument`, else $WATCHER_CONFIG, else ./config.toml, else /etc/watcher/config.toml.

    Raises `ConfigError` where none of the last two exists and none was named.
    """
    named = argument or os.environ.get("WATCHER_CONFIG")
    if named:
        return Path(named)
    here = Path("config.toml")
    for path in (here, SYSTEM_CONFIG):
        if path.exists():
            return path
    message = f"no config: neither ./config.toml nor {SYSTEM_CONFIG}; name one with --config PATH or $WATCHER_CONFIG"
    raise ConfigError(here, (Problem(0, 0, message),))


def load(path: Path, *, database: Path | None = None) -> Config:
    """The config at `path`; `database` stands above what the file says.

    Raises `ConfigError` with every problem.
    """
    path = Path(os.path.abspath(path))  # noqa: PTH100  (resolve() would follow a link out of the config's folder)
    text = _text(path)
    mended = _parse(text)
    reading = Reading(path.parent)
    config = _read(mended.raw, reading, path, text)
    faults = [fault for fault in reading.faults if fault.lacks not in mended.lost]
    if mended.mistakes or faults:
        mistakes = (Problem(each.line, each.column, each.message) for each in mended.mistakes)
        raise ConfigError(path, _in_order((*mistakes, *_placed(mended.text, faults))))
    if database is not None:
        settings = replace(config.watcher, database=Path(os.path.abspath(database)))  # noqa: PTH100
        config = replace(config, watcher=settings)
    return config


def _parse(text: str) -> Mended:
    try:
        return Mended(tomllib.loads(text), text, (), frozenset())
    except tomllib.TOMLDecodeError:
        return mend(text, ARRAYS)


def _text(path: Path) -> str:
    def cannot(message: str, line: int = 0, column: int = 0) -> ConfigError:
        return ConfigError(path, (Problem(line, column, message),))

    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise cannot("no such file: name the config with --config PATH or $WATCHER_CONFIG") from None
    except IsADirectoryError:
        raise cannot(f"this is a folder, not a file: did you mean {path / 'config.toml'}?") from None
    except OSError as error:
        raise cannot(f"cannot be read: {error.strerror or error}") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = len(data[: error.start].rpartition(b"\n")[2].decode(errors="replace")) + 1
        message = f"not UTF-8 (byte 0x{data[error.start]:02x}): save the file as UTF-8 in your editor"
        raise cannot(message, line, column) from None


# --------------------------------------------------------------------------- from tables to a Config


def _read(raw: dict[str, Any], reading: Reading, path: Path, text: str) -> Config:
    for key in raw:
        if key not in SECTIONS:
            reading.wrong((key,), unknown("section", key, SECTIONS), at="key")
    settings = _single(Settings, raw, "watcher", reading)
    tables = {key: reading.tables(raw, key) for key in ARRAYS}
    feeds = _read_all(Feed, "feeds", tables, reading)
    folders = _read_all(Folder, "folders", tables, reading)
    config = Config(
        path=path,
        watcher=_with_database(settings, path),
        feeds=tuple(_named(feeds, settings.every)),
        folders=tuple(replace(each, name=each.name or each.path.name) for each in folders),
        concepts=_concepts(raw, reading),
        watchlists=tuple(_read_all(Watchlist, "watchlists", tables, reading)),
        channels=tuple(_channels(tables["channels"], reading)),
        net=_single(NetSettings, raw, "net", reading),
        text=text,
    )
    _check_settings(config, reading)
    _check_sources(config, reading)
    _check_watchlists(config, reading)
    _check_channels(config, reading)
    return config


def _read_all(kind: type[T], key: str, tables: dict[str, list[dict[str, Any]]], reading: Reading) -> list[T]:
    return [reading.table(kind, table, (key, index)) for index, table in enumerate(tables[key])]


def _single(kind: type[Any], raw: dict[str, Any], key: str, reading: Reading) -> Any:
    value = raw.get(key, {})
    if not isinstance(value, dict):
        reading.wrong((key,), f"{key} is a table: write [{key}] on a line of its own", at="key")
        value = {}
    return reading.table(kind, value, (key,))


def _with_database(settings: Settings, path: Path) -> Settings:
    """Under systemd the state directory is where a service may write; elsewhere, beside the config."""
    folder = Path(os.environ.get("STATE_DIRECTORY", "").split(":")[0] or path.parent)
    database = settings.database
    if database.is_relative_to(path.parent):
        database = database.relative_to(path.parent)
    return replace(settings, database=folder / database)


def _named(feeds: Iterable[Feed], every: timedelta) -> Iterator[Feed]:
    """Each feed with an interval and a name; the host is the name of one that has none."""
    taken: set[str] = {feed.name for feed in feeds}
    for feed in feeds:
        name = feed.name
        if not name:
            split = urls.parts(feed.url)
            host = (split.hostname or feed.url) if split else feed.url
            name = host.removeprefix("www.")
            if name in taken and split:
                name += split.path.rstrip("/") + ("?" + split.query if split.query else "")
            taken.add(name)
        yield replace(feed, name=name, every=feed.every or every)


def _concepts(raw: dict[str, Any], reading: Reading) -> dict[str, tuple[str, ...]]:
    table = raw.get("concepts", {})
    if not isinstance(table, dict):
        reading.wrong(("concepts",), "concepts is a table: write [concepts] on a line of its own", at="key")
        return {}
    concepts = {}
    for name, terms in table.items():
        read = reading.value(terms, tuple[str, ...], ("concepts", name))
        if read is not FAULTY:
            concepts[name] = read
    return concepts


def _channels(tables: list[dict[str, Any]], reading: Reading) -> Iterator[Channel]:
    for index, table in enumerate(tables):
        path = ("channels", index)
        listed = ", ".join(f'"{each}"' for each in CHANNELS)
        given = table.get("type")
        if given is None:
            reading.wrong(
                path, f"[[channels]] number {index + 1} has no type: write one of {listed}", at="key"
            )
        elif not isinstance(given, str):
            reading.wrong((*path, "type"), f"type must be one of {listed}")
        elif given not in CHANNELS:
            reading.wrong((*path, "type"), unknown("type", given, CHANNELS))
        else:
            yield reading.table(CHANNELS[given], table, path)
            continue
        # Keeps the places of the others right; the load fails anyway.
        yield Console(name=str(table.get("name", "")))


# --------------------------------------------------------------------------- what must hold between them


def _check_settings(config: Config, reading: Reading) -> None:
    settings = config.watcher
    _check_zone(settings.timezone, ("watcher", "timezone"), reading)
    for key, least in (("workers", 1), ("threads", 1)):
        if getattr(settings, key) < least:
            reading.wrong(("watcher", key), f"{key} must be {least} or more")
    if settings.keep < settings.keep_text:
        message = "keep (fingerprints) is shorter than keep_text (articles): fingerprints outlive the text"
        reading.wrong(("watcher", "keep"), message)
    if settings.heartbeat is not None:
        _check_url(settings.heartbeat, ("watcher", "heartbeat"), reading)
    for index, network in enumerate(config.net.allow):
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            message = f'"{network}" is not a network: {error}; write for instance "127.0.0.1/32"'
            reading.wrong(("net", "allow", index), message)


def _check_sources(config: Config, reading: Reading) -> None:
    watchlists = [each.name for each in config.watchlists]
    addresses: dict[str, int] = {}
    for index, feed in enumerate(config.feeds):
        path: KeyPath = ("feeds", index)
        if feed.url and _check_url(feed.url, (*path, "url"), reading):
            first = addresses.setdefault(urls.normalise(feed.url), index)
            if first != index:
                other = config.feeds[first].name
                reading.wrong(
                    (*path, "url"), f'the feed "{other}" has this address already: take one of the two out'
                )
        if feed.timezone:
            _check_zone(feed.timezone, (*path, "timezone"), reading)
        _check_names(feed.watchlists, watchlists, "watchlist", (*path, "watchlists"), reading)
    places: dict[Path, int] = {}
    for index, folder in enumerate(config.folders):
        path = ("folders", index)
        if places.setdefault(Path(os.path.normpath(folder.path)), index) != index:
            reading.wrong(
                (*path, "path"), f"the folder {folder.path} is listed twice: take one of the two out"
            )
        _check_names(folder.watchlists, watchlists, "watchlist", (*path, "watchlists"), reading)


def _check_watchlists(config: Config, reading: Reading) -> None:
    channels = [each.name for each in config.channels]
    _check_unique([each.name for each in config.watchlists], "watchlists", reading)
    for index, watchlist in enumerate(config.watchlists):
        path: KeyPath = ("watchlists", index)
        _check_names(watchlist.channels, channels, "channel", (*path, "channels"), reading)
        if watchlist.min_new_words < 0:
            reading.wrong((*path, "min_new_words"), "min_new_words must be 0 or more")
        if watchlist.max_per_hour < 1:
            reading.wrong((*path, "max_per_hour"), "max_per_hour must be 1 or more")


def _check_channels(config: Config, reading: Reading) -> None:
    _check_unique([each.name for each in config.channels], "channels", reading)
    for index, channel in enumerate(config.channels):
        path: KeyPath = ("channels", index)
        if isinstance(channel, Webhook) and isinstance(channel.url, str) and channel.url:
            _check_url(channel.url, (*path, "url"), reading)
        if isinstance(channel, Email):
            if not 0 <= channel.port <= 65535:
                reading.wrong((*path, "port"), "port must lie between 1 and 65535")
            if (channel.username is None) != (channel.password is None):
                has, lacks = (
                    ("username", "password") if channel.username is not None else ("password", "username")
                )
                reading.wrong((*path, has), f"{has} needs {lacks} beside it: a login takes both")


def _check_unique(names: Sequence[str], key: str, reading: Reading) -> None:
    seen: dict[str, int] = {}
    for index, name in enumerate(names):
        if name and seen.setdefault(name, index) != index:
            reading.wrong(
                (key, index, "name"), f'another of the {key} is named "{name}": give this one another name'
            )


def _check_names(
    given: Sequence[str], known: Sequence[str], what: str, path: KeyPath, reading: Reading
) -> None:
    for index, name in enumerate(given):
        if name not in known:
            reading.wrong((*path, index), unknown(what, name, known), lacks="name")


def _check_zone(name: str, path: KeyPath, reading: Reading) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        from zoneinfo import available_timezones  # noqa: PLC0415  (reads a folder tree; only for the suggestion)

        message = unknown("time zone", name, available_timezones()).partition(": known here")[0]
        way = "" if "did you mean" in message else ': write a name like "Asia/Seoul" or "UTC"'
        reading.wrong(path, message + way)


def _check_url(url: str, path: KeyPath, reading: Reading) -> bool:
    if urls.parts(url) is not None and not any(character.isspace() for character in url):
        return True
    near = f"https://{url}"
    way = f': write "{near}"' if "//" not in url and "." in url and urls.parts(near) else ""
    reading.wrong(path, f'"{url}" is not an http or https address{way}')
    return False


# --------------------------------------------------------------------------- problems and their places


def _placed(text: str, faults: Iterable[Fault]) -> Iterator[Problem]:
    places: Places | None = None
    for fault in faults:
        places = places or Places(text)
        if fault.inner is not None:
            line, column = places.inside(fault.path, *fault.inner)
        else:
            line, column = places.key(fault.path) if fault.at == "key" else places.value(fault.path)
        yield Problem(line, column, fault.message, fault.warning)


def _in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(set(problems), key=lambda each: (each.line, each.column, each.message)))
