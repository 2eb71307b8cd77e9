"""config.toml as one frozen `Config`: read, checked whole, and compared on reload.

Every problem is found in one go, each with its place in the file and the way
out. Nothing here touches the network or the store.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from watcher import urls
from watcher.channels import Channel
from watcher.channels.apprise import Apprise
from watcher.channels.command import Command
from watcher.channels.console import Console
from watcher.channels.maildir import Maildir
from watcher.channels.smtp import Email
from watcher.channels.webhook import Webhook
from watcher.config import durations
from watcher.config.checks import check, doubts
from watcher.config.places import Places
from watcher.config.settings import Config, NetSettings, Settings
from watcher.config.syntax import Mended, mend
from watcher.config.tables import ALIASES, FAULTY, Fault, Reading, unknown
from watcher.model import ConfigError, Problem
from watcher.sources.feed import Feed
from watcher.sources.folder import Folder
from watcher.watchlist.rule import Watchlist

__all__ = ["Config", "NetSettings", "Settings", "load", "locate", "revise", "warnings"]

T = TypeVar("T")

CHANNELS: dict[str, type[Channel]] = {
    "email": Email,
    "webhook": Webhook,
    "maildir": Maildir,
    "console": Console,
    "command": Command,
    "apprise": Apprise,
}
"""The kinds of channel by their `type`."""

ARRAYS = frozenset({"feeds", "folders", "watchlists", "channels"})
SECTIONS = ARRAYS | {"watcher", "net", "concepts"}

SYSTEM_CONFIG = Path("/etc/watcher/config.toml")


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
    faults = [fault for fault in reading.faults if mended.lost.isdisjoint(fault.lacks.split())]
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


def warnings(config: Config) -> tuple[Problem, ...]:
    """What in `config` is valid and hardly meant, each at its place. Looks at the disk and the environment."""
    return _in_order(_placed(config.text, doubts(config)))


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
    check(config, reading)
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
        concepts[name] = () if read is FAULTY else read
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
            yield _from_here(reading.table(CHANNELS[given], table, path), reading.folder)
            continue
        # Keeps the places of the others right; the load fails anyway.
        yield Console(name=str(table.get("name", "")))


def _from_here(channel: Channel, folder: Path) -> Channel:
    """`channel` with the paths it holds as text taken from the config's folder; a bare program is found on PATH."""
    if isinstance(channel, Email) and channel.ca_file:
        return replace(channel, ca_file=str(folder / Path(channel.ca_file).expanduser()))
    if isinstance(channel, Command) and channel.command and "/" in channel.command[0]:
        program = folder / Path(channel.command[0]).expanduser()
        return replace(channel, command=(str(program), *channel.command[1:]))
    return channel


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


# --------------------------------------------------------------------------- what a reload changed

_AT_START = ("database", "workers", "threads")
"""Settings that a running daemon does not take up."""


def revise(old: Config, new: Config) -> tuple[str, ...]:
    """What a reload from `old` to `new` changes, a line each, as a person would say it; empty where nothing does."""
    return (
        *_changed_settings(old, new),
        *_changed("feed", _by(old.feeds, _feed_key), _by(new.feeds, _feed_key)),
        *_changed("folder", _by(old.folders, _folder_key), _by(new.folders, _folder_key)),
        *_changed_concepts(old.concepts, new.concepts),
        *_changed("watchlist", _by(old.watchlists, _name), _by(new.watchlists, _name)),
        *_changed("channel", _by(old.channels, _name), _by(new.channels, _name)),
    )


def _name(value: Any) -> str:
    return str(value.name)


def _feed_key(feed: Feed) -> str:
    return urls.normalise(feed.url)


def _folder_key(folder: Folder) -> str:
    return os.path.normpath(folder.path)


def _by(values: Iterable[T], key: Callable[[T], str]) -> dict[str, T]:
    return {key(value): value for value in values}


def _changed_settings(old: Config, new: Config) -> Iterator[str]:
    for before, after in ((old.watcher, new.watcher), (old.net, new.net)):
        for key in _differing(before, after):
            later = " (taken up at the next start)" if key in _AT_START else ""
            yield f"{key}: {_said(getattr(before, key))} → {_said(getattr(after, key))}{later}"


def _changed(what: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    for key, value in new.items():
        if key not in old:
            yield f'{what} added: "{value.name}"'
    for key, value in old.items():
        if key not in new:
            yield f'{what} removed: "{value.name}"'
    for key, before in old.items():
        if key in new and new[key] != before:
            yield f'{what} changed: "{new[key].name}" ({", ".join(_differing(before, new[key]))})'


def _changed_concepts(old: dict[str, tuple[str, ...]], new: dict[str, tuple[str, ...]]) -> Iterator[str]:
    for name in [*new, *(name for name in old if name not in new)]:
        added = [term for term in new.get(name, ()) if term not in old.get(name, ())]
        removed = [term for term in old.get(name, ()) if term not in new.get(name, ())]
        if added or removed:
            terms = [f"+ {term}" for term in added] + [f"- {term}" for term in removed]
            yield f"concept @{name}: {', '.join(terms[:10])}" + (", …" if len(terms) > 10 else "")


def _differing(old: Any, new: Any) -> list[str]:
    """The keys, as the file spells them, in which two values of a kind differ; of two kinds, `type`."""
    if type(old) is not type(new):
        return ["type"]
    spelled = {name: key for key, name in ALIASES.items()}
    names = [each.name for each in fields(old) if getattr(old, each.name) != getattr(new, each.name)]
    return [spelled.get(name, name) for name in names]


def _said(value: object) -> str:
    if isinstance(value, timedelta):
        return durations.write(value)
    if isinstance(value, tuple):
        return "[" + ", ".join(map(str, value)) + "]"
    return "nothing" if value is None else str(value)
