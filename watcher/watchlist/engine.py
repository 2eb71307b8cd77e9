"""All watchlists over one article at once: one scan for every literal, then only what a literal called for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from ahocorasick_rs import AhoCorasick, MatchKind

from watcher.model import Fields, Hit, Match, QueryError
from watcher.watchlist import grammar, syntax
from watcher.watchlist.article import Article
from watcher.watchlist.compile import Compiler
from watcher.watchlist.conditions import Condition, Found, Some
from watcher.watchlist.rule import Watchlist
from watcher.watchlist.selection import Selection
from watcher.watchlist.words import Lexicon

_FIELD_ORDER = {name: at for at, name in enumerate(syntax.FIELDS)}


@dataclass(frozen=True, slots=True)
class _Entry:
    """A watchlist made ready."""

    name: str
    condition: Condition
    cues: Condition | None
    text: str


class Engine:
    """Matches articles against `watchlists`. Immutable and safe to use from many threads.

    Raises `QueryError` for the first query, term or concept that cannot be read (`watcher.watchlist.problems`
    lists them all).
    """

    def __init__(self, watchlists: Sequence[Watchlist], concepts: Mapping[str, Sequence[str]]) -> None:
        compiler = Compiler(concepts)
        self._entries: list[_Entry] = []
        for rule in watchlists:
            condition = compiler.watchlist(rule)
            cues = Some(tuple(compiler.entry(entry) for entry in rule.always)) if rule.always else None
            self._entries.append(_Entry(rule.name, condition, cues, condition_text(rule)))
        self.metadata = compiler.metadata
        """Whether a term asks for source, author, url or lang."""
        self._selection = Selection(
            [e.condition.needs() for e in self._entries], len(compiler.scanned) + len(compiler.words)
        )
        self._lexicon = Lexicon(compiler.words)
        self._numbers = np.fromiter(compiler.scanned.values(), dtype=np.int32, count=len(compiler.scanned))
        self._automaton = (
            AhoCorasick(list(compiler.scanned), matchkind=MatchKind.Standard, store_patterns=False)
            if compiler.scanned
            else None
        )

    def __len__(self) -> int:
        return len(self._entries)

    def match(self, fields: Fields) -> list[Match]:
        """One match for each watchlist that holds, in the order of the config."""
        article = Article(fields, metadata=self.metadata)
        return self.evaluate(article, self.select(article))

    def evaluate(self, article: Article, chosen: Iterable[int]) -> list[Match]:
        """The matches among the `chosen` watchlists of a scanned article."""
        found = []
        for number in chosen:
            entry = self._entries[number]
            hits = entry.condition.find(article)
            if hits is not None:
                cues = entry.cues.find(article) if entry.cues is not None else None
                found.append(
                    Match(
                        watchlist=entry.name,
                        hits=_hits(article, hits),
                        cues=_hits(article, cues or ()),
                        condition=entry.text,
                    )
                )
        return found

    def select(self, article: Article) -> list[int]:
        """Scans the article; the watchlists that may hold, in order."""
        numbers, begins = self._lexicon.find(article.haystack)
        if self._automaton is not None:
            scanned = self._automaton.find_matches_as_indexes(article.haystack, overlapping=True)
            if scanned:
                indexes, starts, _ = zip(*scanned, strict=True)
                numbers = np.concatenate((numbers, self._numbers[np.array(indexes)]))
                begins = np.concatenate((begins, np.array(starts)))
        article.places = (numbers, begins)
        return self._selection.chosen(numbers)


class Matcher:
    """One query on its own."""

    def __init__(self, query: str, concepts: Mapping[str, Sequence[str]]) -> None:
        self._engine = Engine([Watchlist(name=query, query=query, always=())], concepts)

    def match(self, fields: Fields) -> Match | None:
        """The match, its hits the positive terms that take part, or None."""
        found = self._engine.match(fields)
        return found[0] if found else None


def matcher(query: str, concepts: Mapping[str, Sequence[str]] | None = None) -> Matcher:
    """A matcher for one query. Raises `QueryError` whose message names every problem, with carets when several."""
    _, errors = grammar.parse(query)
    if len(errors) > 1:
        raise QueryError(
            "\n".join(syntax.show(each) for each in errors), line=errors[0].line, column=errors[0].column
        )
    return Matcher(query, concepts or {})


def _hits(article: Article, found: Iterable[Found]) -> tuple[Hit, ...]:
    """Hits in the order of the text, each once; subject if it is so in any part of the condition."""
    seen: dict[tuple[int, int, int, str], Hit] = {}
    for item in found:
        if item.exact is None:
            field, (start, end) = article.locate(item.a, item.b)
        else:
            field, (start, end) = article.part(item.a).name, item.exact
        subject = item.subject and field in syntax.TEXT_FIELDS
        key = (_FIELD_ORDER[field], start, end, item.leaf.term)
        known = seen.get(key)
        if known is None or (subject and not known.subject):
            leaf = item.leaf
            seen[key] = Hit(
                term=leaf.term, field=field, start=start, end=end, concept=leaf.concept, subject=subject
            )
    return tuple(seen[key] for key in sorted(seen))


def condition_text(rule: Watchlist) -> str:
    """What a watchlist asks, in the user's words: `any of fled, @flee near 30 of @dprk`."""
    if rule.query:
        return " ".join(rule.query.split())
    contexts = " and ".join(rule.all)
    if not rule.any:
        text = f"all of {', '.join(rule.all)}" if len(rule.all) > 1 else rule.all[0]
        text += f" within {rule.near} words" if rule.near is not None else ""
    else:
        text = f"any of {', '.join(rule.any)}" if len(rule.any) > 1 else rule.any[0]
        if contexts:
            text += f" near {rule.near} of {contexts}" if rule.near is not None else f" with {contexts}"
    if rule.within is not None:
        text += f" in one {rule.within}"
    if rule.none:
        text += f", none of {', '.join(rule.none)}" + (" in the title" if rule.none_in == "title" else "")
    return text
