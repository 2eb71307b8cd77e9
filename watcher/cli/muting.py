"""`watcher mute`, `mutes` and `unmute`: what is not to be told for a while."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

import click

from watcher.cli import errors, screen
from watcher.cli.setup import Setup, pass_setup
from watcher.config import durations
from watcher.display import clean
from watcher.model import WatcherError
from watcher.mutes import Kind, Mute

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

    from watcher.config.settings import Config
    from watcher.stores import Reader

Target = tuple[Kind, str, str]
"""Kind, target as stored, and what to call it."""


@click.command()
@click.argument("target", metavar="STORY|SOURCE|TERM")
@click.option(
    "--for", "span", metavar="7d", help="How long (30m, 12h, 7d, 2w); until it is taken back if not given."
)
@click.option("--watchlist", metavar="W", help="Only for this watchlist; for all if not given.")
@click.option("--reason", required=True, help="Why: it stands with all that the mute holds back.")
@click.option(
    "--as",
    "kind",
    type=click.Choice(["story", "source", "term"]),
    help="What the name means, where it could mean two things.",
)
@pass_setup
def mute(
    setup: Setup,
    *,
    target: str,
    span: str | None,
    watchlist: str | None,
    reason: str,
    kind: Literal["story", "source", "term"] | None,
) -> None:
    """Stop telling of a story, a source or a term; it is judged and stored all the same.

    A story is named by the id of any of its articles (mails end with it) or by an article's URL; a source by its
    name; a term as a watchlist writes it, a concept as `@name`. A muted term alone makes no alert; together with
    another term that is not muted it does. A running daemon knows at once.

    \b
    Examples:
      watcher mute 5f1f6f4e --for 7d --reason "the verdict is out"
      watcher mute "Daily Digest" --watchlist Defections --reason "repeats others"
      watcher mute "defect*" --for 2w --reason "shells, not people"
    What is held back: watcher alerts --muted. To end one: watcher unmute ID
    """
    now = datetime.now(UTC)
    try:
        until = now + durations.parse(span) if span is not None else None
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--for") from error
    names = [rule.name for rule in setup.config.watchlists]
    if watchlist is not None and watchlist not in names:
        raise errors.unknown("--watchlist", "watchlist", watchlist, names)
    if not reason.strip():
        raise click.BadParameter("say why in a few words", param_hint="--reason")
    store = setup.store()
    found, name, label = _resolve(target, kind, setup.config, store.read)
    made = Mute(
        kind=found,
        target=name,
        label=label,
        watchlist=watchlist,
        reason=reason.strip(),
        created=now,
        until=until,
    )
    number = store.write(lambda writer: writer.mute(made))
    end = (
        f"until {screen.when(until, setup.config.zone, now=now)}"
        if until
        else f"until `watcher unmute {number}`"
    )
    click.echo(f"Mute {number}: {_what(made)}, for {watchlist or 'all watchlists'}, {end}.")


@click.command()
@click.option("--all", "ended", is_flag=True, help="Also those that have ended.")
@screen.json_option
@pass_setup
def mutes(setup: Setup, *, ended: bool, as_json: bool) -> None:
    """List the mutes in force: what is not told, to whom, until when and why.

    \b
    Examples:
      watcher mutes
      watcher mutes --all --json
    """
    now = datetime.now(UTC)
    listed = setup.store().read.mutes(None if ended else now)
    if as_json:
        screen.document(listed)
        return
    zone = setup.config.zone
    screen.table(
        ["id", "what", "watchlist", "until", "since", "reason"],
        (
            [
                str(each.id),
                _what(each),
                clean(each.watchlist or "all", 60),
                _until(each, zone, now),
                screen.when(each.created, zone, now=now),
                clean(each.reason, 160),
            ]
            for each in listed
        ),
        wrap=("what", "reason"),
        empty="Nothing is muted.",
    )


@click.command()
@click.argument("ids", nargs=-1, required=True, type=int, metavar="ID…")
@pass_setup
def unmute(setup: Setup, *, ids: tuple[int, ...]) -> None:
    """End mutes: from now on is told again. What they held back stays in `watcher alerts --muted`.

    `watcher deliveries --state muted` names each, and `watcher deliveries retry ID` sends it after all. Exit status
    1 when there was nothing to end.

    \b
    Example:
      watcher unmute 3
    """
    now = datetime.now(UTC)
    done = setup.store().write(lambda writer: [writer.unmute(one, now) for one in ids])
    for given, ended in zip(ids, done, strict=True):
        if ended:
            click.echo(f"Mute {given} has ended.")
        else:
            screen.note(f"{given}: no mute in force has this id; `watcher mutes` lists them")
    if not all(done):
        raise SystemExit(errors.NOT_FINE)


def _what(mute: Mute) -> str:
    name = clean(mute.label or mute.target, 100)
    return f"story “{name}”" if mute.kind == "story" else f"{mute.kind} {name}"


def _until(mute: Mute, zone: tzinfo, now: datetime) -> str:
    if mute.until is None:
        return "taken back"
    return screen.when(mute.until, zone, now=now) + ("" if mute.holds(now) else " (ended)")


# --------------------------------------------------------------------------- what a name means


def _resolve(name: str, kind: str | None, config: Config, reader: Reader) -> Target:
    """What `name` names. Raises `WatcherError` where that is nothing, or more than one thing."""
    from watcher.watchlist import terms
    from watcher.watchlist.syntax import nearest

    name = name.strip()
    found = [each for each in _meanings(name, config, reader) if kind in (None, each[0])]
    if len(found) > 1:
        kinds = " and ".join(f"a {each[0]}" for each in found)
        raise WatcherError(f"{name} is {kinds}: say which, with --as {found[0][0]} or --as {found[1][0]}")
    if found:
        return found[0]
    known = [source.name for source in reader.sources()] + terms(config.watchlists, config.concepts)
    near = nearest(name, known)
    hint = f" (is {near} meant?)" if near else ""
    raise WatcherError(
        f"{name} is no {kind or 'story, source or term'} here{hint}: stories go by the id of an article"
        " (`watcher alerts`), sources by their name (`watcher sources`), terms as a watchlist writes them"
    )


def _meanings(name: str, config: Config, reader: Reader) -> Iterator[Target]:
    from watcher.watchlist import terms

    for source in reader.sources():
        if source.name.casefold() == name.casefold():
            yield "source", source.name, source.name
            break
    known = terms(config.watchlists, config.concepts)
    term = next((each for each in known if each.casefold() == name.casefold()), None)
    if term is not None:
        yield "term", term, term
    view = reader.article(name)
    if view is not None and view.row.story is not None:
        story = reader.story(view.row.story)
        yield "story", view.row.story, story.first_title if story is not None else view.row.title
