"""One config as the parts the pipeline works with: each source and channel bound to the network and the workers."""

from __future__ import annotations

import contextlib
import functools
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from watcher import channels, timing, urls
from watcher.alert import Outgoing
from watcher.message.wording import Misworded
from watcher.model import Extracted, Permanent, Scan, Temporary, WatcherError, WorkerLost
from watcher.net import Net
from watcher.pipeline import ChannelPort, Parts, SourcePort
from watcher.sources import feed as feeds
from watcher.sources import folder as folders
from watcher.sources.feed import Feed
from watcher.sources.folder import Folder
from watcher.stores.claims import ItemClaim, SourceClaim, SourceSpec
from watcher.watchlist.engine import Engine

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from watcher.channels import Channel
    from watcher.config import Config
    from watcher.press import Press
    from watcher.sandbox import Workers

log = logging.getLogger("watcher")

PAGE_LIMIT = 5 << 20
"""Bytes of a page, decoded."""

PAGE_DEADLINE = timedelta(seconds=20)

FILE_TIMEOUT = timedelta(seconds=60)
"""A document of hundreds of pages takes longer than a web page; it is the user's own."""


@contextlib.contextmanager
def _faults_pass(what: str) -> Iterator[None]:
    """An error that nobody foresaw, ours or a library's, is logged whole and tried again like any failure."""
    try:
        yield
    except WatcherError:
        raise
    except Exception as fault:
        log.exception("%s", what)
        message = f"a fault in watcher: {type(fault).__name__}: {fault}"
        raise Temporary(message) from fault


@dataclass(frozen=True, slots=True)
class FeedSource:
    """A configured feed."""

    settings: Feed
    every: timedelta
    text: str
    watchlists: tuple[str, ...]
    net: Net
    workers: Workers
    zone: ZoneInfo

    @_faults_pass("looking at a source")
    def scan(self, claim: SourceClaim, now: datetime) -> Scan:
        """Ask for the feed."""
        return feeds.scan(
            self.settings, claim.cursor, net=self.net, workers=self.workers, now=now, zone=self.zone
        )

    @_faults_pass("reading an article")
    def read(self, claim: ItemClaim) -> Extracted:
        """Fetch the entry's page and extract its text."""
        url = claim.entry.url or ""
        lacking = claim.entry.published is None or not claim.entry.title
        return page(self.net, self.workers, url, self.settings, metadata=lacking)


def page(
    net: Net, workers: Workers, url: str, settings: Feed | None = None, *, metadata: bool = True
) -> Extracted:
    """The text of a page. Raises Temporary or Permanent, each with the status where there was an answer."""
    from watcher import extract  # noqa: PLC0415 - only its name is needed here; it runs in a worker

    headers = {"Accept": "text/html, application/xhtml+xml, application/pdf;q=0.9, */*;q=0.5"}
    if settings is not None and settings.headers and urls.same_site(settings.url, url):
        headers |= feeds.own_headers(settings)
    response = net.get(url, headers=headers, limit=PAGE_LIMIT, deadline=PAGE_DEADLINE)
    if response.status in (404, 410):
        raise Permanent(f"answered {response.status}", status=response.status)
    if response.status != 200:
        wait = timing.retry_after(response.headers.get("retry-after", ""), datetime.now().astimezone())
        raise Temporary(f"answered {response.status}", status=response.status, retry_after=wait)
    work = functools.partial(
        extract.extract,
        content_type=response.headers.get("content-type", ""),
        url=response.url,
        strip=settings.strip if settings is not None else (),
        metadata=metadata,
    )
    found: Extracted = workers.run(work, response.body)
    return found


@dataclass(frozen=True, slots=True)
class FolderSource:
    """A configured folder."""

    settings: Folder
    every: timedelta
    watchlists: tuple[str, ...]
    workers: Workers
    text: str = "page"

    @_faults_pass("looking at a source")
    def scan(self, claim: SourceClaim, now: datetime) -> Scan:
        """Look at the folder."""
        return folders.scan(self.settings, claim.cursor, now=now)

    @_faults_pass("reading an article")
    def read(self, claim: ItemClaim) -> Extracted:
        """Read the file in a worker."""
        return document(self.workers, claim.entry.path or "", claim.entry.part)


def document(workers: Workers, path: str, part: str | None = None) -> Extracted:
    """The text of a file. Raises Temporary or Permanent."""
    from watcher import extract  # noqa: PLC0415 - as above

    found: Extracted
    try:
        found = workers.run(extract.read, path, part, timeout=FILE_TIMEOUT)
    except WorkerLost:
        if part is None and not path.lower().endswith(".eml"):
            raise
        # What is attached to a mail may take all the time or memory there is; the mail is read without it.
        found = workers.run(
            functools.partial(extract.read, attachments=False), path, part, timeout=FILE_TIMEOUT
        )
    return found


@dataclass(frozen=True, slots=True)
class BoundChannel:
    """A configured channel."""

    settings: Channel
    kind: str
    recipients: tuple[str, ...]
    net: Net
    zone: ZoneInfo
    press: Press

    @_faults_pass("rendering")
    def render(self, outgoing: Outgoing, *, plainly: bool = False) -> bytes:
        """The body; `plainly` without the user's template. Raises `Misworded` where it cannot be used."""
        kind = channels.module(self.settings)
        chosen = channels.template(self.settings)
        if chosen is None or plainly:
            return kind.render(self.settings, outgoing, zone=self.zone)
        template, form = chosen
        try:
            words = self.press.word(template, form, outgoing, self.zone)
            return kind.render(self.settings, outgoing, zone=self.zone, words=words)
        except Misworded:
            raise
        except WatcherError as error:
            raise Misworded(template, 0, str(error)) from error

    @_faults_pass("sending")
    def send(self, outgoing: Outgoing, body: bytes, now: datetime) -> str:
        """Send it."""
        return channels.module(self.settings).send(
            self.settings, outgoing, body, attempt_at=now, net=self.net
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """A config put together: its parts, what the store is told of it, and what must be closed with it."""

    config: Config
    parts: Parts
    specs: tuple[SourceSpec, ...]
    net: Net


def assemble(config: Config, workers: Workers, press: Press) -> Assembly:
    """Put a config together. Raises `WatcherError` (a query, a network) where it cannot be."""
    net = Net(allow=config.net.allow, proxy=config.net.proxy)
    sources: dict[str, SourcePort] = {}
    specs: list[SourceSpec] = []
    for spec, port in _sources(config, net, workers):
        sources[spec.key] = port
        specs.append(spec)
    engine = Engine(config.watchlists, config.concepts)
    parts = Parts(
        sources=sources,
        channels=bind(config, net, press),
        rules={rule.name: rule for rule in config.watchlists},
        match=engine.match,
        zone=config.zone,
        catch_up=config.watcher.catch_up,
        group_wait=config.watcher.group_wait,
    )
    return Assembly(config=config, parts=parts, specs=tuple(specs), net=net)


def _sources(config: Config, net: Net, workers: Workers) -> list[tuple[SourceSpec, SourcePort]]:
    found: list[tuple[SourceSpec, SourcePort]] = []
    for feed in config.feeds:
        if feed.enabled:
            port: Any = FeedSource(
                feed,
                feed.every or config.watcher.every,
                feed.text,
                feed.watchlists,
                net,
                workers,
                config.zone_of(feed),
            )
            key = feeds.normalise(feed.url)
            found.append((SourceSpec(key=key, kind="feed", name=feed.name or key, group=feed.group), port))
    for folder in config.folders:
        if folder.enabled:
            port = FolderSource(folder, folder.every, folder.watchlists, workers)
            key = str(folder.path)
            found.append(
                (SourceSpec(key=key, kind="folder", name=folder.name or key, group=folder.group), port)
            )
    return found


def bind(config: Config, net: Net, press: Press) -> Mapping[str, ChannelPort]:
    """Every channel by its name."""
    return {
        settings.name: BoundChannel(
            settings,
            settings.type,
            channels.module(settings).recipients(settings),
            net,
            config.zone,
            press,
        )
        for settings in config.channels
    }
