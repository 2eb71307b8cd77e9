"""`watcher variants`: how a name is spelled in what is stored, ready to be pasted into a concept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import click

from watcher import durations
from watcher.cli import screen
from watcher.cli.setup import Setup, pass_setup
from watcher.display import clean


@click.command()
@click.argument("term")
@click.option("--since", metavar="TIME", help="Only articles found so lately: 12h, 30d, 8w.")
@click.option("--limit", default=20, show_default=True, metavar="N", help="Spellings to list.")
@screen.json_option
@pass_setup
def variants(setup: Setup, term: str, *, since: str | None, limit: int, as_json: bool) -> None:
    """List spellings of TERM in the stored articles: other romanisations, hyphens, case, forms of a character.

    With how often each stands there. Under the table is the line to paste into a concept, without the spellings
    that another one of it finds. Exit status 1 when nothing like it is stored.

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
    with screen.progress("Reading stored articles") as advance:

        def texts() -> Iterator[str]:
            for article in setup.store().read.articles(since=start):
                advance()
                yield f"{article.title}\n{article.text}"

        found = spelling.variants(term, texts(), limit=limit)
    if as_json:
        screen.document([{"spelling": text, "count": count} for text, count in found])
    else:
        screen.table(
            ["spelling", "found"],
            ([clean(text, 80), f"{count:,}"] for text, count in found),
            empty=f"Nothing like {term!r} stands in the stored articles.",
        )
        if found:
            quoted = ", ".join(f'"{clean(text)}"' for text in spelling.needed([text for text, _ in found]))
            click.echo(f"\nspellings = [{quoted}]")
    if not found:
        raise SystemExit(1)
