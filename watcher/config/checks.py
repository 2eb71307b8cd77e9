"""What must hold between the tables of a config, and what works but is hardly meant."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from watcher import bundles, urls
from watcher.channels.apprise import ABSENT, Apprise
from watcher.channels.command import Command
from watcher.channels.smtp import Email
from watcher.channels.webhook import Webhook
from watcher.config import durations
from watcher.config.places import KeyPath
from watcher.config.settings import Config
from watcher.config.tables import Fault, Reading, unknown
from watcher.model import WatcherError
from watcher.secret import Secret
from watcher.sources import Source
from watcher.watchlist import problems, warnings

if TYPE_CHECKING:
    from watcher.watchlist.checks import Finding

_PROXIES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")
_POLITE = timedelta(minutes=1)
"""Asking a public feed more often than this gets one blocked."""
_SECRETIVE = ("authorization", "cookie", "x-api-key", "proxy-authorization")
"""Headers whose value is a secret."""


def check(config: Config, reading: Reading) -> None:
    """Note in `reading` every error that no table shows by itself."""
    _check_settings(config, reading)
    _check_sources(config, reading)
    _check_watchlists(config, reading)
    _check_channels(config, reading)
    _check_terms(config, reading)


def _check_settings(config: Config, reading: Reading) -> None:
    settings = config.watcher
    _check_zone(settings.timezone, ("watcher", "timezone"), reading)
    for key, least in (("workers", 1), ("threads", 1)):
        if getattr(settings, key) < least:
            reading.wrong(("watcher", key), f"{key} must be {least} or more")
    if settings.keep < settings.keep_text:
        kept = durations.write(settings.keep_text)
        message = f'keep (fingerprints) is shorter than keep_text (articles): write keep = "{kept}" or longer'
        reading.wrong(("watcher", "keep"), message)
    if settings.heartbeat is not None:
        _check_url(settings.heartbeat, ("watcher", "heartbeat"), reading)
    for index, network in enumerate(config.net.allow):
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            message = f'"{network}" is not a network: {error}; write for instance "127.0.0.1/32"'
            reading.wrong(("net", "allow", index), message)
    if config.net.proxy is not None and urlsplit(config.net.proxy).scheme not in _PROXIES:
        message = f'"{config.net.proxy}" is no proxy: write for instance "http://127.0.0.1:3128"'
        reading.wrong(("net", "proxy"), message)


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
        for key, parse in (("deliver", bundles.parse_schedule), ("quiet", bundles.parse_quiet)):
            try:
                parse(getattr(watchlist, key))
            except WatcherError as error:
                reading.wrong((*path, key), str(error))


def _check_channels(config: Config, reading: Reading) -> None:
    _check_unique([each.name for each in config.channels], "channels", reading)
    for index, channel in enumerate(config.channels):
        path: KeyPath = ("channels", index)
        if isinstance(channel, Webhook) and isinstance(channel.url, str) and channel.url:
            _check_url(channel.url, (*path, "url"), reading)
        if isinstance(channel, Email):
            _check_email(channel, path, reading)
        if isinstance(channel, Apprise) and find_spec("apprise") is None:
            reading.wrong((*path, "type"), ABSENT)


def _check_email(channel: Email, path: KeyPath, reading: Reading) -> None:
    if channel.template is not None and channel.template.shipped:
        reading.wrong(
            (*path, "template"), f'"{channel.template.name}" is for webhooks: name a file of yours for mails'
        )
    if not 0 <= channel.port <= 65_535:
        reading.wrong((*path, "port"), "port must lie between 1 and 65535")
    if channel.username is not None and channel.password is None and not reading.faulty((*path, "password")):
        reading.wrong((*path, "username"), 'username needs password = { env = "SMTP_PASSWORD" } beside it')
    if channel.password is not None and channel.username is None and not reading.faulty((*path, "username")):
        reading.wrong((*path, "password"), 'password needs username = "…" beside it')
    addresses: list[tuple[KeyPath, str | None]] = [
        ((*path, "from"), channel.sender),
        ((*path, "reply_to"), channel.reply_to),
        *(((*path, "to", index), address) for index, address in enumerate(channel.to)),
    ]
    for place, address in addresses:
        if address and not _is_address(address):
            message = f'"{address}" is no mail address: write "name@example.org" or "Name <name@example.org>"'
            reading.wrong(place, message)


def _is_address(text: str) -> bool:
    from email.utils import parseaddr  # noqa: PLC0415  (15 ms, where there is mail)

    local, at, domain = parseaddr(text)[1].rpartition("@")
    single = text.isprintable() and ("," not in text or text.strip().startswith('"'))
    return bool(local and at and domain) and single and " " not in local + domain


def _check_terms(config: Config, reading: Reading) -> None:
    """Queries, terms and concepts, each at its place within the text; no word on what could not be read at all."""
    found = [_fault(finding, config) for finding in problems(config.watchlists, config.concepts)]
    # asked before the first is added: a query may have several
    reading.faults += [fault for fault in found if not reading.faulty(fault.path)]


def _fault(finding: Finding, config: Config, *, warning: bool = False) -> Fault:
    """`finding` of the language at its place in the file."""
    absent = re.search(r"no concept @([\w-]+)", finding.message)
    lacks = absent[1] if absent else ""
    if finding.kind == "concept":
        path: KeyPath = ("concepts", finding.name)
    else:
        names = [each.name for each in config.watchlists]
        path = ("watchlists", names.index(finding.name))
        if not finding.key:
            message = f'"{finding.name}": {finding.message}'
            return Fault(path, message, "key", warning=warning, lacks="any all none query")
        path = (*path, finding.key)
    if finding.index is not None:
        path = (*path, finding.index)
    inner = (finding.line, finding.column) if finding.text else None
    return Fault(path, finding.message, inner=inner, warning=warning, lacks=lacks)


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


# --------------------------------------------------------------------------- what works but is hardly meant


def doubts(config: Config) -> Iterator[Fault]:
    """What is valid and yet will disappoint. Looks at the disk and the environment, not at the network."""
    yield from _settings_doubts(config)
    yield from _source_doubts(config)
    yield from _watchlist_doubts(config)
    yield from _channel_doubts(config)
    for finding in warnings(config.watchlists, config.concepts):
        yield _fault(finding, config, warning=True)
    for path, secret in _secrets(config):
        try:
            secret.reveal()
        except WatcherError as error:
            yield _doubt(path, f"a secret is missing: {error}")


def _doubt(path: KeyPath, message: str, *, key: bool = False) -> Fault:
    return Fault(path, message, "key" if key else "value", warning=True)


def _settings_doubts(config: Config) -> Iterator[Fault]:
    for index, path in enumerate(config.watcher.corpus):
        if not path.exists():
            message = f"there is no {path}: its texts are not known, and copies of them are news"
            yield _doubt(("watcher", "corpus", index), message)
    sources: list[Source] = [*config.feeds, *config.folders]
    if not any(source.enabled for source in sources):
        yield _doubt((), "nothing to read: write a [[feeds]] with a url, or a [[folders]] with a path")
    if not config.watchlists:
        yield _doubt((), 'nothing to look for: write a [[watchlists]] with a name, any = ["…"] and channels')


def _source_doubts(config: Config) -> Iterator[Fault]:
    names: dict[str, KeyPath] = {}
    for index, feed in enumerate(config.feeds):
        path: KeyPath = ("feeds", index)
        split = urls.parts(feed.url)
        local = _is_local(split.hostname or "") if split else False
        if split and split.scheme.lower() == "http" and not local:
            yield _doubt((*path, "url"), "plain http can be read and changed on the way: try https://")
        if feed.every is not None and feed.every < _POLITE and not local:
            yield _doubt(
                (*path, "every"), 'asked more than once a minute, a feed may block you: write "5m" or more'
            )
        for name, value in feed.headers.items():
            if isinstance(value, str) and name.lower() in _SECRETIVE:
                yield _doubt(
                    (*path, "headers", name), f'a secret in the file: write {name} = {{ env = "NAME" }}'
                )
        if names.setdefault(feed.name, path) != path:
            yield _doubt(
                (*path, "name"), f'another feed is named "{feed.name}": lists will not tell them apart'
            )
    for index, folder in enumerate(config.folders):
        if folder.enabled and not folder.path.is_dir():
            problem = "is not a folder" if folder.path.exists() else "does not exist yet"
            yield _doubt(("folders", index, "path"), f"{folder.path} {problem}: mkdir -p {folder.path}")


def _watchlist_doubts(config: Config) -> Iterator[Fault]:
    listed = ", ".join(f'"{each.name}"' for each in config.channels[:3])
    way = f"write channels = [{listed}]" if listed else 'write a [[channels]] and name it in channels = ["…"]'
    for index, watchlist in enumerate(config.watchlists):
        if not watchlist.channels:
            yield _doubt(("watchlists", index), f'"{watchlist.name}" reports nowhere: {way}', key=True)


def _channel_doubts(config: Config) -> Iterator[Fault]:
    used = {name for watchlist in config.watchlists for name in watchlist.channels}
    for index, channel in enumerate(config.channels):
        path: KeyPath = ("channels", index)
        if config.watchlists and channel.name not in used:
            message = f'no watchlist reports to "{channel.name}": write its name into the channels of one'
            yield _doubt((*path, "name"), message)
        if isinstance(channel, Command) and which(channel.command[0]) is None:
            yield _doubt((*path, "command", 0), f"there is no program {channel.command[0]} that may be run")
        if isinstance(channel, Email):
            if channel.security == "none" and channel.username is not None and not _is_local(channel.host):
                yield _doubt(
                    (*path, "security"), 'the password goes over the network unencrypted: write "starttls"'
                )
            if channel.ca_file is not None and not Path(channel.ca_file).is_file():
                yield _doubt(
                    (*path, "ca_file"), f"there is no file {channel.ca_file}: no certificate will be trusted"
                )
        if (
            isinstance(channel, Webhook)
            and isinstance(channel.url, str)
            and channel.url.lower().startswith("http:")
        ):
            split = urls.parts(channel.url)
            if split and not _is_local(split.hostname or ""):
                yield _doubt((*path, "url"), "plain http: alerts can be read on the way; write https://")


def _secrets(config: Config) -> Iterator[tuple[KeyPath, Secret]]:
    """Every secret of what is switched on, with its place."""
    for index, feed in enumerate(config.feeds):
        if feed.enabled:
            yield from _secrets_in(feed, ("feeds", index))
    for index, channel in enumerate(config.channels):
        yield from _secrets_in(channel, ("channels", index))


def _secrets_in(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, Secret]]:
    if isinstance(value, Secret):
        yield path, value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _secrets_in(each, (*path, key))
    elif isinstance(value, tuple):
        for index, each in enumerate(value):
            yield from _secrets_in(each, (*path, index))
    elif is_dataclass(value):
        for each in fields(value):
            yield from _secrets_in(getattr(value, each.name), (*path, each.name))


def _is_local(host: str) -> bool:
    """Whether `host` is this machine or on its network, as far as the name tells."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return (
            host == "localhost"
            or host.endswith((".localhost", ".local", ".lan", ".internal"))
            or "." not in host
        )
    return not address.is_global
