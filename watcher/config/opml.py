"""OPML: lists of feeds from and to other readers, and the edit of config.toml that takes them in."""

from __future__ import annotations

import os
import re
import stat
import tempfile
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from xml.etree import ElementTree as ET

from watcher import config as configs
from watcher import urls
from watcher.config.places import Places
from watcher.config.settings import Config
from watcher.model import WatcherError
from watcher.sources.feed import Feed

LONGEST = 20 * 2**20
"""Bytes of an OPML file: a hundred thousand feeds."""

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold."""


@dataclass(frozen=True, slots=True)
class Outline:
    """An OPML file, flattened: its feeds in order, each address once, and what could not be taken."""

    feeds: tuple[Feed, ...]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Added:
    """What an import did: the feeds written to the config, and those that stood there already."""

    added: tuple[Feed, ...]
    known: tuple[Feed, ...]


def read(path: Path) -> Outline:
    """The feeds of the OPML file at `path`, nested outlines flattened. Raises `WatcherError` where it is none."""
    try:
        if path.stat().st_size > LONGEST:
            message = f"{path} is larger than {LONGEST // 2**20} MB: that is no list of feeds"
            raise WatcherError(message)
        data = path.read_bytes()
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror or error}"
        raise WatcherError(message) from error
    import listparser  # noqa: PLC0415  (30 ms, for this one command)

    # Bytes, never text: listparser opens addresses that it is given as text.
    parsed = listparser.parse(data)
    if not parsed.version and not parsed.feeds:
        message = f"{path} is no OPML: export the feeds of your reader as OPML, a file that begins with <opml"
        raise WatcherError(message)
    return _flatten(parsed.feeds, parsed.lists)


def _flatten(entries: Iterable[Any], lists: Iterable[Any]) -> Outline:
    feeds: dict[str, Feed] = {}
    problems: list[str] = []
    for entry in entries:
        title = " ".join(entry.title.split())
        url = entry.url.strip()
        for scheme in ("feed://", "feed:"):
            if url.lower().startswith(scheme):
                rest = url[len(scheme) :]
                url = rest if rest.lower().startswith(("http://", "https://")) else f"http://{rest}"
        if urls.parts(url) is None or any(character.isspace() for character in url):
            problems.append(f'"{title or url}": {urls.shown(url)} is not an http or https address')
        elif urls.normalise(url) in feeds:
            problems.append(f'"{title or url}": {urls.shown(url)} stands there twice')
        else:
            feeds[urls.normalise(url)] = Feed(url=url, name=title)
    problems += [
        f'"{each.title or each.url}": a list of feeds elsewhere; import that file itself' for each in lists
    ]
    return Outline(tuple(feeds.values()), tuple(problems))


def write(config: Config) -> str:
    """The feeds of `config` as OPML 2.0. Users and passwords in addresses stay out: such files are passed on."""
    root = ET.Element("opml", version="2.0")
    ET.SubElement(ET.SubElement(root, "head"), "title").text = "watcher"
    body = ET.SubElement(root, "body")
    for feed in config.feeds:
        name = _NOT_XML.sub("", feed.name)
        url = _NOT_XML.sub("", _without_user(feed.url))
        ET.SubElement(body, "outline", type="rss", text=name, title=name, xmlUrl=url)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _without_user(url: str) -> str:
    split = urlsplit(url)
    return urlunsplit(split._replace(netloc=split.netloc.rpartition("@")[2]))


# --------------------------------------------------------------------------- into config.toml


def add(path: Path, feeds: Sequence[Feed]) -> Added:
    """Write `feeds` into the config at `path`, below the last feed there; those it has already stay out.

    Every other byte of the file stays as it is, comments and line endings
    too. The file changes at once or not at all. Raises `ConfigError` where the
    config is invalid, `WatcherError` where it cannot be written.
    """
    config = configs.load(path)
    there = {urls.normalise(feed.url) for feed in config.feeds}
    names = {feed.name for feed in config.feeds}
    added: list[Feed] = []
    known: list[Feed] = []
    for feed in feeds:
        identity = urls.normalise(feed.url)
        (known if identity in there else added).append(feed)
        there.add(identity)
    if added:
        text = path.read_bytes().decode("utf-8")
        mark = "\ufeff" if text.startswith("\ufeff") else ""
        before = text.removeprefix(mark)
        tables = [_table(feed, names) for feed in added]
        after = _with_feeds(before, tables)
        _hold(before, after, tables)
        _replace(path, mark + after)
    return Added(tuple(added), tuple(known))


def _table(feed: Feed, names: set[str]) -> dict[str, str]:
    """A `[[feeds]]` table as written; a name that another feed has gets its host behind it."""
    name = feed.name
    split = urls.parts(feed.url)
    if name in names and split is not None and split.hostname:
        name = f"{name} ({split.hostname.removeprefix('www.')})"
    names.add(name)
    return {"name": name, "url": feed.url} if name else {"url": feed.url}


def _with_feeds(text: str, tables: list[dict[str, str]]) -> str:
    """`text` of a config with `tables` behind its last feed, whichever way its feeds are written."""
    import tomlkit  # noqa: PLC0415  (40 ms, for this one command)
    from tomlkit.items import Array  # noqa: PLC0415

    last = Places(text).last_line("feeds")
    if last is None and "feeds" in tomllib.loads(text):
        document = tomlkit.parse(text)
        written = document["feeds"]
        if not isinstance(written, Array):
            message = (
                "the feeds of this config are written in a way that cannot be added to: use [[feeds]] tables"
            )
            raise WatcherError(message)
        for table in tables:
            inline = tomlkit.inline_table()
            inline.update(table)
            written.append(inline)
        return tomlkit.dumps(document)
    block = "\n\n".join("[[feeds]]\n" + tomlkit.dumps(table).strip() for table in tables) + "\n"
    lines = re.split("(?<=\n)", text)
    at = len(lines) if last is None else last
    while at < len(lines) and lines[at].lstrip().startswith("#"):
        at += 1  # a comment right below a feed belongs to it
    head, rest = "".join(lines[:at]), "".join(lines[at:])
    if head and not head.endswith("\n"):
        head += "\n"
    added = ("\n" if head else "") + block
    if text.count("\r\n") * 2 > text.count("\n"):
        added = added.replace("\n", "\r\n")
        head = head if head.endswith("\r\n") else head[:-1] + "\r\n"
    return head + added + rest


def _hold(before: str, after: str, tables: list[dict[str, str]]) -> None:
    """The edit added `tables` and changed nothing else, or it is not made."""
    wanted = tomllib.loads(before)
    wanted["feeds"] = [*wanted.get("feeds", ()), *tables]
    if tomllib.loads(after) != wanted:
        message = "the config could not be edited without changing something else: add the feeds by hand"
        raise WatcherError(message)


def _replace(path: Path, text: str) -> None:
    """`text` in place of the file at `path`, all of it or nothing, with the same mode and owner."""
    path = Path(os.path.realpath(path))  # a link stays one, and what it names changes
    known = path.stat()
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(text)
                file.flush()
                os.fchmod(file.fileno(), stat.S_IMODE(known.st_mode))
                if os.geteuid() == 0:
                    os.fchown(file.fileno(), known.st_uid, known.st_gid)
                os.fsync(file.fileno())
            os.replace(name, path)  # noqa: PTH105
        except BaseException:
            os.unlink(name)  # noqa: PTH108
            raise
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror or error}"
        raise WatcherError(message) from error
