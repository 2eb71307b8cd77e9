"""How much editing of a text still lets its source be found: recall and wrong links, by language and kind of edit.

    python bench/edits.py [--documents 300] [--each 100]

A corpus of made-up articles (bench/newsroom.py; 60 to 600 words) is indexed by
their samples; edited ones are looked up (the best 20 by shared samples, rare ones weighing more) and compared.
*linked*: the source is among the look-alikes. *copy*: with either containment
≥ .5, asked of what is still the same article. *wrong*: links to other documents, a query.
"""

from __future__ import annotations

import argparse
import math
import random
import re
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from newsroom import LANGUAGES, TRADITIONAL, Language

from watcher.novelty import Fingerprint, compare, fingerprint

CANDIDATES = 20
Edit = Callable[["Case"], str]


@dataclass
class Case:
    """One article to edit."""

    text: str
    language: Language
    draw: random.Random

    def other(self, words: float) -> str:
        """Text that stands nowhere in the corpus."""
        return self.language.article(self.draw, words)

    @property
    def words(self) -> float:
        """Its length."""
        return self.language.length(self.text)


@dataclass
class Index:
    """Samples to documents, in memory."""

    kept: list[Fingerprint] = field(default_factory=list)
    postings: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))

    def add(self, text: str) -> int:
        """Take a document in; its number."""
        mine = fingerprint(text)
        for value in mine.sample.tolist():
            self.postings[value].append(len(self.kept))
        self.kept.append(Fingerprint.from_bytes(mine.to_bytes()))
        return len(self.kept) - 1

    def look_alikes(self, text: str) -> dict[int, float]:
        """Linked documents, with the larger containment."""
        mine = fingerprint(text)
        overlap: dict[int, float] = defaultdict(float)
        for value in mine.sample.tolist():
            holders = self.postings.get(value, ())
            for n in holders:
                overlap[n] += 1 / (1 + math.log2(len(holders)))
        best = sorted(overlap, key=overlap.__getitem__, reverse=True)[:CANDIDATES]
        found = {n: compare(mine, self.kept[n]) for n in best}
        return {n: max(like.containment, like.contained) for n, like in found.items() if like}


# --------------------------------------------------------------------------- edits


def substitute(share: float) -> Edit:
    """Exchange this share of the words (characters, in Chinese) for others of the language."""

    def edit(case: Case) -> str:
        units = _units(case)
        pool = [
            unit
            for unit in _units(Case(case.other(200), case.language, case.draw))
            if unit.strip() and not unit.isdecimal()
        ]
        places = [at for at, unit in enumerate(units) if unit.strip()]
        for at in case.draw.sample(places, round(share * len(places))):
            units[at] = case.draw.choice(pool)
        return case.language.space.join(units) if case.language.space else "".join(units)

    return edit


def _units(case: Case) -> list[str]:
    return case.text.replace("\n\n", " \n\n ").split(" ") if case.language.space else list(case.text)


def scan(case: Case) -> str:
    """Each character read wrongly with .05 / 5 (a word in twenty), as bad OCR does."""
    alphabet = [c for c in dict.fromkeys(case.text) if c.isalpha()]
    share = 0.05 if case.language.name != "english" else 0.01
    return "".join(
        case.draw.choice(alphabet) if character.isalpha() and case.draw.random() < share else character
        for character in case.text
    )


def keep_fifth(case: Case) -> str:
    """The first 20 %."""
    return case.text[: len(case.text) // 5]


def append(case: Case) -> str:
    """Three times as much other text behind it."""
    return f"{case.text}\n\n{case.other(3 * case.words)}"


def quote(words: int, characters: int) -> Edit:
    """A passage of it inside another article."""

    def edit(case: Case) -> str:
        flat = case.text.replace("\n\n", case.language.space)
        if case.language.name == "english":
            units, size = flat.split(" "), words
        else:
            units, size = re.findall(r"\d+|\D", flat), characters
        at = case.draw.randrange(max(1, len(units) - size * 7 // 5))  # spaces do not count in Korean
        taken: list[str] = []
        length = 0
        for unit in units[at:]:
            if length >= size:
                break
            taken.append(unit)
            length += 1 if case.language.name == "english" else unit > "\u2e80" and unit.isalnum()
        passage = ("" if case.language.name != "english" else " ").join(taken)
        before, after = case.other(120), case.other(120)
        return f"{before}\n\n“{passage}”\n\n{after}"

    return edit


def shuffle(case: Case) -> str:
    """Paragraphs in another order."""
    paragraphs = case.text.split("\n\n")
    case.draw.shuffle(paragraphs)
    return "\n\n".join(paragraphs)


def close_up(case: Case) -> str:
    """A third of the spaces taken out."""
    return "".join(c for c in case.text if c != " " or case.draw.random() > 1 / 3)


def traditional(case: Case) -> str:
    """In traditional characters."""
    return case.text.translate(TRADITIONAL)


KINDS: dict[str, tuple[Edit, bool, str]] = {
    # name: edit, whether it is still a copy, the one language it is for
    "unchanged": (lambda case: case.text, True, ""),
    "substitute 10 %": (substitute(0.10), True, ""),
    "substitute 30 %": (substitute(0.30), True, ""),
    "OCR noise": (scan, True, ""),
    "keep the first 20 %": (keep_fifth, True, ""),
    "append 3 x other text": (append, True, ""),
    "quote 20 words / 35 chars": (quote(20, 35), False, ""),
    "quote 30 words / 50 chars": (quote(30, 50), False, ""),
    "quote 50 words / 90 chars": (quote(50, 90), False, ""),
    "shuffle paragraphs": (shuffle, True, ""),
    "a third of spaces out": (close_up, True, "korean"),
    "simplified to traditional": (traditional, True, "chinese"),
}
LENGTHS = (60, 100, 200, 600)


def main() -> None:
    """Print a table for each language."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--documents", type=int, default=300, help="articles in the corpus, for each language"
    )
    parser.add_argument("--each", type=int, default=100, help="articles edited, for each kind and length")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    for language in LANGUAGES:
        draw = random.Random(f"{arguments.seed} {language.name}")
        index, texts = Index(), []
        for number in range(arguments.documents):
            texts.append(language.article(draw, LENGTHS[number % len(LENGTHS)]))
            index.add(texts[-1])
        print(f"\n{language.name}: {len(texts)} articles of {', '.join(map(str, LENGTHS))} words")
        head = "".join(f"{f'linked at {length}':>14}" for length in LENGTHS)
        print(f"{'edit':27}{head}{'copy ≥100':>11}{'wrong':>8}{'µs':>7}")
        for name, (_, _, only) in KINDS.items():
            if only in ("", language.name):
                print(_row(name, index, texts, language, arguments), flush=True)
        print(_flashes(language, draw))


def _row(name: str, index: Index, texts: list[str], language: Language, arguments: argparse.Namespace) -> str:
    edit, is_copy, _ = KINDS[name]
    draw = random.Random(f"{arguments.seed} {name}")
    cells, copies, wrong, queries, spent = [], [], 0, 0, 0.0
    for place, length in enumerate(LENGTHS):
        numbers = [n for n in range(len(texts)) if n % len(LENGTHS) == place]
        linked = 0
        for _ in range(arguments.each):
            number = draw.choice(numbers)
            edited = edit(Case(texts[number], language, draw))
            began = time.process_time()
            found = index.look_alikes(edited)
            spent += time.process_time() - began
            linked += number in found
            wrong += len(found.keys() - {number})
            queries += 1
            if length >= 100:
                copies.append(found.get(number, 0) >= 0.5)
        cells.append(f"{linked / arguments.each:14.3f}")
    copy = f"{sum(copies) / len(copies):11.3f}" if is_copy else f"{'':11}"
    return f"{name:27}{''.join(cells)}{copy}{wrong / queries:8.4f}{spent / queries * 1e6:7.0f}"


def _flashes(language: Language, draw: random.Random) -> str:
    """Ten outlets carry each of 100 flashes of some 15 words, in their own typography, among the others' flashes."""
    index, owners, linked, asked, wrong = Index(), [], 0, 0, 0
    for number in range(100):
        flash = language.sentence(draw).rstrip(".。")
        flash = " ".join(flash.split()[:15]) if language.name == "english" else flash[:32]
        for outlet in range(10):
            text = (
                flash,
                f"{flash}.",
                flash.upper(),
                f"“{flash}”",
                f" {flash}\n",
                flash.replace(" ", "\u00a0"),
            )[outlet % 6]
            found = index.look_alikes(text)
            if outlet:
                asked += 1
                linked += any(owners[n] == number for n in found)
            wrong += sum(owners[n] != number for n in found)
            index.add(text)
            owners.append(number)
    return f"{'ten outlets, one flash':27}{linked / asked:14.3f}{'':53}{wrong / len(owners):8.4f}"


if __name__ == "__main__":
    main()
