"""What `watcher check` asks of the world: feeds, folders and channels now, watchlists over the stored articles."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from watcher.cli import errors, screen
from watcher.cli.backtest import fields, stored_texts
from watcher.config.settings import Config
from watcher.display import clean
from watcher.model import Problem, WatcherError
from watcher.stores.views import AddedText, StoredText
from watcher.watchlist.rule import Watchlist

if TYPE_CHECKING:
    from watcher.net import Net
    from watcher.sandbox import Workers
    from watcher.sources.feed import Feed
    from watcher.sources.folder import Folder
    from watcher.stores import Store

AT_ONCE = 16
"""Feeds and channels asked at the same time."""

TOO_MANY = 0.2
"""Share of all articles from which a term says nothing about any of them."""

NAMED = 12
"""Terms without a hit that are named; a shipped concept has a hundred, most of them waiting for their day."""


@dataclass(frozen=True, slots=True)
class _Probe:
    what: str
    name: str
    ask: Callable[[], str]


def online(config: Config) -> bool:
    """Ask every feed, folder and channel; tell what each says; whether all are fine."""
    from watcher.net import Net
    from watcher.sandbox import Workers

    net = Net(allow=config.net.allow, proxy=config.net.proxy)
    workers = Workers(config.watcher.workers)
    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            probes = list(_probes(config, net, workers))
            outcomes = [(probe, pool.submit(_outcome, probe)) for probe in probes]
            fine = True
            for probe, future in outcomes:
                passed, said = future.result()
                fine &= passed
                sign = click.style("ok  ", fg="green") if passed else click.style("FAIL", fg="red", bold=True)
                click.echo(f"{sign}  {probe.what:<7}  {clean(probe.name, 60)}: {clean(said, 300)}")
            return fine
    finally:
        workers.close()
        net.close()


def _outcome(probe: _Probe) -> tuple[bool, str]:
    try:
        return True, probe.ask()
    except WatcherError as error:
        return False, str(error)


def _probes(config: Config, net: Net, workers: Workers) -> Iterator[_Probe]:
    from watcher import channels

    for feed in config.feeds:
        if feed.enabled:
            yield _Probe("feed", feed.name, partial(_feed, config, feed, net, workers))
    for folder in config.folders:
        if folder.enabled:
            yield _Probe("folder", folder.name, partial(_folder, folder))
    for channel in config.channels:
        yield _Probe("channel", channel.name, partial(channels.module(channel).probe, channel, net))


def templates(config: Config) -> bool:
    """Try every channel's template on the samples; tell each fault at its line; whether there are none."""
    from watcher import channels
    from watcher.engines.parts import bind
    from watcher.message import samples
    from watcher.message.wording import Misworded
    from watcher.net import Net
    from watcher.press import Press

    net, press = Net(), Press()
    ports = bind(config, net, press)
    faults: dict[tuple[str, int, str], str] = {}
    try:
        for settings in config.channels:
            if channels.template(settings) is None:
                continue
            port = ports[settings.name]
            for what, content in samples.SAMPLES.items():
                try:
                    port.render(samples.outgoing(content, settings.name, port.recipients[0]))
                except Misworded as fault:
                    faults.setdefault((fault.template.name, fault.line, fault.why), what)
    finally:
        net.close()
        press.close()
    for (name, line, why), what in faults.items():
        errors.tell_problem(Path(name), Problem(line, 1, f"{why} (for {what})"))
    return not faults


def _feed(config: Config, feed: Feed, net: Net, workers: Workers) -> str:
    from watcher.sources import feed as feeds

    found = feeds.scan(feed, {}, net=net, workers=workers, now=datetime.now(UTC), zone=config.zone_of(feed))
    moved = f"; moved for good to {found.moved_to}: write that in the config" if found.moved_to else ""
    dates = [entry.published for entry in found.entries if entry.published]
    newest = f", newest {screen.when(max(dates), config.zone)}" if dates else ""
    return f"{screen.count(len(found.entries), 'entry', 'entries')}{newest}{moved}"


def _folder(folder: Folder) -> str:
    try:
        with os.scandir(folder.path) as listed:
            count = sum(1 for entry in listed if entry.is_file(follow_symlinks=False))
    except OSError as error:
        message = f"{folder.path}: {error.strerror or error}; make the folder, or correct its path"
        raise WatcherError(message) from error
    return f"{folder.path}, {screen.count(count, 'file')}"


def stored(config: Config, store: Store) -> bool:
    """Try every watchlist on every stored text; tell how many it holds on, and which terms find nothing or too much.

    Stored are the articles, and the documents that were given as known.

    Always fine: what a term ought to find, only its writer knows.
    """
    from watcher.watchlist.checks import as_query, looked_for
    from watcher.watchlist.engine import Engine

    engine = Engine(config.watchlists, config.concepts)
    lists = {each: looked_for(each, config.concepts) for each in config.watchlists}
    every = dict.fromkeys(term for terms in lists.values() for term in terms)
    each_alone = Engine(
        [Watchlist(name=term, query=as_query(term), always=()) for term in every], config.concepts
    )
    texts = documents = 0
    held: Counter[str] = Counter()
    found: Counter[str] = Counter()
    with screen.progress("Reading stored texts") as advance:
        everything: Iterator[StoredText | AddedText] = chain(store.read.articles(), store.read.added())
        for each in everything:
            texts += 1
            documents += isinstance(each, AddedText)
            advance()
            held.update(match.watchlist for match in engine.match(fields(each)))
            found.update(match.watchlist for match in each_alone.match(fields(each)))
    if not texts:
        click.echo("No articles are stored yet: let `watcher run` work for some days, then ask again.")
        return True
    looked_through, kind = stored_texts(texts - documents, documents), "text" if documents else "article"
    for watchlist, terms in lists.items():
        share = held[watchlist.name] / texts
        click.echo(f"{watchlist.name}: holds on {held[watchlist.name]:,} of {looked_through} ({share:.1%})")
        idle = [term for term in terms if not found[term]]
        if idle:
            more = f" and {len(idle) - NAMED:,} more" if len(idle) > NAMED else ""
            _warn(
                watchlist, f"{_terms_are(idle, terms)} in no stored {kind}: {', '.join(idle[:NAMED])}{more}"
            )
        for term in terms:
            if found[term] > TOO_MANY * texts:
                _warn(watchlist, f"{term} is in {found[term] / texts:.0%} of the stored {kind}s")
    return True


def _terms_are(some: Sequence[str], terms: Sequence[str]) -> str:
    return f"{len(some):,} of {screen.count(len(terms), 'term')} {'is' if len(some) == 1 else 'are'}"


def _warn(watchlist: Watchlist, what: str) -> None:
    screen.note(f"{click.style('warning', fg='yellow')}: {watchlist.name}: {what}")
