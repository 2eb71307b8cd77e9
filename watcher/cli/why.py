"""`watcher why`: the whole decision about an article, stored or not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from watcher.cli import decision, reading, screen
from watcher.cli.decision import Decision
from watcher.cli.setup import Setup, pass_setup
from watcher.model import Extracted, Fields, Span, WatcherError

if TYPE_CHECKING:
    from watcher.config.settings import Config
    from watcher.engines.parts import Assembly
    from watcher.stores import Reader
    from watcher.stores.decisions import MatchRow
    from watcher.stores.views import ArticleView


@click.command()
@click.argument("target")
@screen.json_option
@pass_setup
def why(setup: Setup, target: str, *, as_json: bool) -> None:
    """Show the whole decision about an article: what was new, what matched, what was sent, and why (not).

    TARGET is a URL, an id (its first characters do: alerts and `watcher alerts` show it), or a file. What is
    stored is shown as it was decided; a file or URL that is not is read and judged now, without storing it.
    Known passages are dimmed and numbered after whose they are, new ones plain, hits bold; where there are no
    colours, known passages stand in ⟦ ⟧ and hits between asterisks.

    \b
    Examples:
      watcher why 8f31c2d4
      watcher why inbox/article.html
      watcher why https://example.org/2026/11/article
      watcher why draft.txt --json | jq '.matches[] | {watchlist, alerts, reason}'
    """
    store = setup.store(create=True)
    view = _stored(target, store.read)
    if view is None:
        reading.stock_config(setup.config, store)
    shown = (
        _as_decided(view, store.read)
        if view is not None
        else _as_judged_now(setup.config, target, store.read)
    )
    if as_json:
        screen.document(decision.as_json(shown))
    else:
        decision.show(shown, setup.config.zone)


def _stored(target: str, reader: Reader) -> ArticleView | None:
    """The stored article `target` names; a file by where it stands, whatever way it was written."""
    path = Path(_path(target))
    names = [target, str(path.absolute()), str(path.resolve())] if path.exists() else [target, str(path)]
    for name in dict.fromkeys(names):
        view = reader.article(name)
        if view is not None:
            return view
    return None


def _path(target: str) -> str:
    """`target` as a path; alerts name files as `file://` and the path."""
    return target.removeprefix("file://")


def _as_decided(view: ArticleView, reader: Reader) -> Decision:
    row = view.row
    kin = json.loads(row.look_alikes)
    look_alikes, framed = _told_apart(kin)
    novel = row.novel
    if view.text is not None:
        novel = _novel_to_all(view.text, row.novel, [tuple(span) for each in kin for span in each["spans"]])
    return Decision(
        id=row.id,
        title=row.title,
        text=view.text,
        url=row.url,
        source=row.source,
        path=view.path,
        published=row.published,
        found=row.found,
        language=row.language,
        verdict=row.verdict,
        reason=row.reason,
        words=row.words,
        novel_words=row.new_words,
        novel_spans=novel,
        look_alikes=look_alikes,
        framed=framed,
        matches=[_match(match) for match in view.matches],
        story=reader.story(row.story) if row.story else None,
        alert=view.alert,
        state=view.alert_state,
        deliveries=view.deliveries,
    )


def _told_apart(kin: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The look-alikes, and those that only stand in the same frame of a site."""
    told: tuple[list[dict[str, Any]], list[dict[str, Any]]] = ([], [])
    for each in kin:
        # what an earlier version stored does not say
        told[each.pop("framed", False)].append(each)
    return told


def _match(match: MatchRow) -> dict[str, Any]:
    """A stored match; a follow-up is told, in a bundle, but is no alert."""
    outcome = "silent"
    if match.alerts:
        outcome = "follow-up" if match.reason.startswith("follow-up:") else "alert"
    return {
        "watchlist": match.watchlist,
        "alerts": outcome == "alert",
        "outcome": outcome,
        "reason": match.reason,
        "condition": match.condition,
        "hits": json.loads(match.hits),
    }


def _novel_to_all(text: str, novel_then: tuple[Span, ...], shared: list[Any]) -> tuple[Span, ...]:
    """What is new to the whole corpus: of what was new to the watchlists alerted, what no look-alike has."""
    from watcher.novelty import novel

    known: list[Span] = list(shared)
    at = 0
    for start, end in (*novel_then, (len(text), len(text))):
        known.append((at, start))
        at = end
    return novel(text, known).spans


def _as_judged_now(config: Config, target: str, reader: Reader) -> Decision:
    from watcher.engines.parts import assemble
    from watcher.press import Press

    path = Path(_path(target))
    with reading.desk() as desk:
        assembly = assemble(config, desk.workers, Press())
        try:
            if path.is_file():
                return _judged(assembly, desk.read(path), None, path.name, reader)
            if target.startswith(("http://", "https://")):
                return _judged(assembly, desk.page(target, assembly.net), target, "", reader)
        finally:
            assembly.net.close()
    raise WatcherError(f"nothing stored is named {target}, and it is no file and no http(s) address")


def _judged(assembly: Assembly, document: Extracted, url: str | None, name: str, reader: Reader) -> Decision:
    """What would be decided about a document if it came now, as news."""
    from watcher.judgement import Case, judge
    from watcher.novelty import title_key, title_lines
    from watcher.pipeline.corpus import weigh
    from watcher.pipeline.decision import hits_json
    from watcher.pipeline.kinship import look_alikes_json, title_known_to, titles_known_to, with_knowers

    parts, title = assembly.parts, document.title or name
    fields = Fields(
        title=title,
        body=document.text,
        author=document.author or "",
        url=url or "",
        lang=document.language or "",
    )
    matches = parts.match(fields)
    weighed = weigh(document.text, title, reader)
    kin = with_knowers(reader, weighed.kin, parts.rules)
    key = title_key(title)
    titled = reader.titled(key) if key is not None else ()
    case = Case(
        title=title,
        text=document.text,
        matches=matches,
        kin=kin,
        boilerplate=weighed.boilerplate,
        titles=titles_known_to(reader, title_lines(document.text, matches), parts.rules, items=()),
        title_known_to=title_known_to(reader, titled, parts.rules),
    )
    judgement = judge(case, parts.rules)
    nearest = next((each.story for each in kin if each.copy and each.story), None)
    look_alikes, framed = _told_apart(json.loads(look_alikes_json(kin)))
    return Decision(
        stored=False,
        title=title,
        text=document.text,
        url=url,
        source=name,
        published=document.published,
        language=document.language,
        verdict=weighed.verdict,
        reason=judgement.reason,
        words=weighed.novelty.words,
        novel_words=weighed.novelty.new_words,
        novel_spans=weighed.novelty.spans,
        look_alikes=look_alikes,
        framed=framed,
        matches=[
            {
                "watchlist": ruling.match.watchlist,
                "alerts": ruling.outcome == "alert",
                "outcome": ruling.outcome,
                "reason": ruling.reason,
                "condition": ruling.match.condition,
                "hits": json.loads(hits_json(ruling.match, ruling.novel_hits)),
            }
            for ruling in judgement.rulings
        ],
        story=nearest,
    )
