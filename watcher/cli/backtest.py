"""`watcher backtest`: what today's watchlists would have told, beside what was told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from watcher.cli import errors, screen
from watcher.cli.setup import Setup, pass_setup
from watcher.config import durations
from watcher.display import clean
from watcher.model import Fields, Hit, Match, Span
from watcher.stores.views import AddedText, StoredText
from watcher.watchlist.rule import Watchlist

LISTED = 20
"""Gained and lost articles shown for a watchlist; `--json` has all."""


@dataclass(slots=True)
class Tally:
    """What became of one watchlist over the stored articles."""

    watchlist: str
    matches: int = 0
    kept: int = 0
    gained: list[StoredText] = field(default_factory=list)
    lost: list[StoredText] = field(default_factory=list)
    terms: Counter[str] = field(default_factory=Counter)
    documents: list[AddedText] = field(default_factory=list)
    """Those of the added documents that it holds on: never judged, so neither gained nor lost."""

    @property
    def alerts(self) -> int:
        """Alerts there would have been."""
        return self.kept + len(self.gained)


@click.command()
@click.argument("watchlist", required=False)
@click.option("--query", metavar="Q", help="Try this query in the watchlist's place (or on its own).")
@click.option("--since", default="30d", show_default=True, metavar="TIME", help="How far back: 12h, 30d, 8w.")
@screen.json_option
@pass_setup
def backtest(setup: Setup, watchlist: str | None, *, query: str | None, since: str, as_json: bool) -> None:
    """Run the watchlists as they now stand in the file over the stored articles. Nothing is sent.

    Compares with what was alerted at the time: gained (would alert now, did not then), lost (alerted then, would
    not now), the hits of each term, alerts a day. What was new in each article is taken as it was judged then.
    Documents that were added as known (the config's corpus, `corpus add`) are counted apart: they alert nobody.

    \b
    Examples:
      watcher backtest
      watcher backtest Defections --since 90d
      watcher backtest Defections --query '@flee NEAR/15 @dprk'
      watcher backtest --json | jq '.watchlists[] | {watchlist, alerts_per_day}'
    """
    from watcher.watchlist.engine import Engine

    rules = _rules(setup.config.watchlists, watchlist, query)
    engine = Engine(rules, setup.config.concepts)
    start = datetime.now(UTC) - _ago(since)
    store = setup.store()
    tallies = {rule.name: Tally(rule.name) for rule in rules}
    articles = documents = 0
    oldest: datetime | None = None
    with screen.progress("Reading stored texts") as advance:
        for article in store.read.articles(since=start):
            oldest = oldest or article.found
            articles += 1
            advance()
            _count(article, engine.match(fields(article)), tallies)
        for document in store.read.added(since=start):
            documents += 1
            advance()
            for match in engine.match(fields(document)):
                tallies[match.watchlist].documents.append(document)
    span = datetime.now(UTC) - max(start, oldest or start)
    days = max(span / timedelta(days=1), 1.0)
    if as_json:
        screen.document(_as_json(tallies.values(), articles, documents, start, days))
    else:
        _show(list(tallies.values()), articles, documents, days, setup)


def fields(stored: StoredText | AddedText) -> Fields:
    """A stored article or added document as watchlists see it."""
    return Fields(
        title=stored.title,
        body=stored.text,
        source=stored.source,
        author=stored.author or "" if isinstance(stored, StoredText) else "",
        url=stored.url or "",
        lang=stored.language or "",
    )


def stored_texts(articles: int, documents: int) -> str:
    """How much was looked through: `1,204 stored articles and 56 added documents`."""
    counted = [(articles, "stored article")] * (articles > 0 or not documents)
    counted += [(documents, "added document")] * (documents > 0)
    return " and ".join(screen.count(number, what) for number, what in counted)


def _ago(text: str) -> timedelta:
    try:
        return durations.parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--since") from error


def _rules(known: Sequence[Watchlist], name: str | None, query: str | None) -> list[Watchlist]:
    """The watchlists to run: all, the named one, or `query` in its place."""
    chosen = [rule for rule in known if name is None or rule.name == name]
    if name is not None and not chosen and query is None:
        raise errors.unknown("WATCHLIST", "watchlist", name, [rule.name for rule in known])
    if query is None:
        return chosen
    if name is not None and chosen:
        lists = {"any": (), "all": (), "none": (), "near": None, "within": None}
        return [replace(chosen[0], query=query, **lists)]  # type: ignore[arg-type]  # keys of the dataclass
    return [Watchlist(name=name or "(query)", query=query)]


def _count(article: StoredText, matches: Sequence[Match], tallies: dict[str, Tally]) -> None:
    held = {match.watchlist: match for match in matches}
    for name, tally in tallies.items():
        match = held.get(name)
        if match is None:
            if name in article.alerted:
                tally.lost.append(article)
            continue
        tally.matches += 1
        tally.terms.update({hit.term for hit in match.hits})
        if name in article.alerted:
            tally.kept += 1
        elif name not in article.matched and any(_is_news(hit, article) for hit in match.hits):
            tally.gained.append(article)


def _is_news(hit: Hit, article: StoredText) -> bool:
    """Whether a subject hit stands in what was new then; a title is new where anything of the text was."""
    if not hit.subject:
        return False
    if hit.field == "title":
        return bool(article.novel) or not article.text
    return hit.field == "body" and any(_overlap((hit.start, hit.end), span) for span in article.novel)


def _overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _as_json(tallies: Any, articles: int, documents: int, start: datetime, days: float) -> dict[str, Any]:
    def listed(found: Sequence[StoredText]) -> list[dict[str, Any]]:
        return [
            {
                "id": each.article,
                "title": each.title,
                "url": each.url,
                "source": each.source,
                "found": each.found,
            }
            for each in found
        ]

    return {
        "since": start,
        "articles": articles,
        "documents": documents,
        "watchlists": [
            {
                "watchlist": tally.watchlist,
                "matches": tally.matches,
                "alerts": tally.alerts,
                "alerts_per_day": round(tally.alerts / days, 2),
                "alerted": tally.kept + len(tally.lost),
                "gained": listed(tally.gained),
                "lost": listed(tally.lost),
                "terms": dict(tally.terms.most_common()),
                "documents": [
                    {"id": each.id, "title": each.title, "url": each.url, "source": each.source}
                    for each in tally.documents
                ],
            }
            for tally in tallies
        ],
    }


def _show(tallies: Sequence[Tally], articles: int, documents: int, days: float, setup: Setup) -> None:
    click.echo(f"{stored_texts(articles, documents)} of {screen.count(round(days), 'day')}")
    screen.table(
        ["watchlist", "matches", "alerts now", "alerts then", "gained", "lost", "a day now"],
        (
            [
                clean(tally.watchlist, 40),
                f"{tally.matches:,}",
                f"{tally.alerts:,}",
                f"{tally.kept + len(tally.lost):,}",
                f"+{len(tally.gained)}" if tally.gained else "-",
                f"-{len(tally.lost)}" if tally.lost else "-",
                f"{tally.alerts / days:.1f}",
            ]
            for tally in tallies
        ),
    )
    for tally in tallies:
        for line in _lines(tally, setup):
            click.echo(line)


def _lines(tally: Tally, setup: Setup) -> Iterator[str]:
    if tally.terms:
        terms = ", ".join(f"{clean(term, 40)} {number:,}" for term, number in tally.terms.most_common(LISTED))
        yield f"\n{tally.watchlist}: articles with each term: {terms}"
    if tally.documents:
        yield f"\n{tally.watchlist}: holds on {screen.count(len(tally.documents), 'added document')} as well"
    for what, found in (("gained", tally.gained), ("lost", tally.lost)):
        for article in found[:LISTED]:
            day = screen.when(article.found, setup.config.zone)
            yield f"  {what}  {article.article[:8]}  {day}  {clean(article.title, 100)} ({clean(article.source, 40)})"
        if len(found) > LISTED:
            yield f"  {what}  and {len(found) - LISTED:,} more (--json lists all)"
