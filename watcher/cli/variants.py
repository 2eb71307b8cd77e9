"""`watcher variants`: how a name is spelled in what is stored, ready to be pasted into a concept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain

import click

from watcher.cli import screen
from watcher.cli.setup import Setup, pass_setup
from watcher.config import durations
from watcher.display import clean
from watcher.stores.views import AddedText, StoredText


@click.command()
@click.argument("term")
@click.option("--since", metavar="TIME", help="Only what was found or added so lately: 12h, 30d, 8w.")
@click.option("--limit", default=20, show_default=True, metavar="N", help="Spellings to list.")
@screen.json_option
@pass_setup
def variants(setup: Setup, term: str, *, since: str | None, limit: int, as_json: bool) -> None:
    """List spellings of TERM in all stored text: other romanisations, hyphens, case, forms of a character.

    With how often each stands in the articles and added documents. Under the table is the line to paste into a
    concept, without the spellings that another one of it finds. Exit status 1 when nothing like it is stored.

    \b
    Examples:
      watcher variants "Jang Song-thaek"
      watcher variants Hyesan --since 90d --json
      watcher variants 장성택
    """
    from watcher.watchlist import variants as spelling

    try:
        start = datetime.now(UTC) - durations.parse(since) if since else None
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--since") from error
    read = setup.store().read
    with screen.progress("Reading stored texts") as advance:

        def texts() -> Iterator[str]:
            stored: Iterator[StoredText | AddedText] = chain(
                read.articles(since=start), read.added(since=start)
            )
            for each in stored:
                advance()
                yield f"{each.title}\n{each.text}"

        found = spelling.variants(term, texts(), limit=limit)
    if as_json:
        screen.document([{"spelling": text, "count": count} for text, count in found])
    else:
        screen.table(
            ["spelling", "found"],
            ([clean(text, 80), f"{count:,}"] for text, count in found),
            empty=f"Nothing like {term!r} stands in the stored texts.",
        )
        if found:
            quoted = ", ".join(f'"{clean(text)}"' for text in spelling.needed([text for text, _ in found]))
            click.echo(f"\nspellings = [{quoted}]")
    if not found:
        raise SystemExit(1)
