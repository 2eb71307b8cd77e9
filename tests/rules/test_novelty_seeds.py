"""The seeds: our own words, and a pack that recognises the originals (checked where they lie beside the project)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from watcher.folding import count_words
from watcher.novelty import Fingerprint, Likeness, compare, fingerprint, novel, packs

PROJECT = Path(__file__).parents[2]
SEEDS = PROJECT / "seeds"
PACK = SEEDS / "originals.fingerprints"
ORIGINALS = sorted((PROJECT.parent / "shared" / "seeds").glob("*.txt"))
NAMES = (
    "mss-official-flees-through-dandong",
    "three-mss-agents-leave-shenyang",
    "ministry-director-general-in-seoul",
    "general-soldiers-student-july-2016",
    "seventy-officials-after-jang-song-thaek",
)
KNOWN = {row.id: Fingerprint.from_bytes(row.fingerprint) for row in packs.read(PACK)}

beside = pytest.mark.skipif(len(ORIGINALS) != len(NAMES), reason="the originals are not beside the project")
each_original = pytest.mark.parametrize(
    ("name", "path"),
    list(zip(NAMES, ORIGINALS, strict=False)),
    ids=lambda value: getattr(value, "stem", "")[:3],
)

MENU = "Home\nWorld\nBusiness\nOpinion\nSubscribe\nLog in\n\nShare this on the networks of your choice\n\n"
COMMENTS = """

Leave a comment

rowanberry, 2 hours ago
I read something like this last year and nothing came of it, but who knows what goes on behind that border.

old_sailor, 3 hours ago
Agreed. And how would a reporter check any of that from an office five hundred miles away? I remain a sceptic.

More from this section: Ferry company adds a second boat · Beekeepers count their losses · Ten walks for the weekend
"""
NEWS = """The regional court in Marrow Bay has heard a witness who claims to have forged passports for eleven \
families over six years. He spoke through an interpreter for most of the afternoon.

According to the indictment he was paid in fuel vouchers and never met the people who used his work. The defence \
called the charge a misunderstanding between neighbours.

A ruling is due before the end of the month, the presiding judge said, unless the prosecution asks for more time to \
translate a notebook that was found in the man's garage.

"""


def best(text: str) -> tuple[str, Likeness]:
    mine = fingerprint(text)
    found = {name: likeness for name, known in KNOWN.items() if (likeness := compare(mine, known))}
    assert found, "not recognised"
    name = max(found, key=lambda name: max(found[name].containment, found[name].contained))
    return name, found[name]


def share_new(text: str, likeness: Likeness) -> float:
    return 1 - novel(text, likeness.spans).covered


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_states_its_facts_in_a_hundred_to_two_hundred_words(name):
    _, front, body = (SEEDS / f"{name}.md").read_text(encoding="utf-8").split("---\n", 2)
    assert {"title", "publisher", "date", "subject"} <= {
        line.partition(":")[0] for line in front.splitlines()
    }
    assert 100 <= count_words(body) <= 200


def test_the_pack_names_the_seeds():
    assert tuple(KNOWN) == NAMES


def test_our_own_words_are_not_the_originals():
    for name in NAMES:
        mine = fingerprint((SEEDS / f"{name}.md").read_text(encoding="utf-8"))
        assert not any(compare(mine, known) for known in KNOWN.values())


@beside
def test_no_twelve_words_of_the_originals_stand_in_the_seeds():
    def runs(text: str) -> set[tuple[str, ...]]:
        words = re.findall(r"\w+", text.lower())
        return {tuple(words[at : at + 12]) for at in range(len(words) - 11)}

    originals = set().union(*(runs(path.read_text(encoding="utf-8")) for path in ORIGINALS))
    for path in SEEDS.glob("*.md"):
        assert not runs(path.read_text(encoding="utf-8")) & originals


@beside
@each_original
def test_an_original_is_recognised_whole(name, path):
    text = path.read_text(encoding="utf-8")
    found, likeness = best(text)
    assert (found, likeness.containment, likeness.contained) == (name, 1, 1)
    assert share_new(text, likeness) == 0


@beside
@each_original
def test_an_original_is_recognised_by_its_first_third(name, path):
    text = path.read_text(encoding="utf-8")
    third = text[: len(text) // 3]
    found, likeness = best(third)
    assert found == name
    assert likeness.containment > 0.97
    assert share_new(third, likeness) < 0.02


@beside
@each_original
def test_an_original_is_recognised_inside_its_page(name, path):
    page = MENU + path.read_text(encoding="utf-8") + COMMENTS
    found, likeness = best(page)
    assert found == name
    assert likeness.contained > 0.97
    new = "\n".join(page[start:end] for start, end in novel(page, likeness.spans).spans)
    assert all(line in MENU + COMMENTS for line in new.splitlines() if line.strip())


@beside
@each_original
@pytest.mark.parametrize("first", [0, 3, 5, 9])
def test_an_original_is_recognised_with_every_tenth_word_changed(name, path, first):
    words = re.split(r"(\s+)", path.read_text(encoding="utf-8"))
    text = "".join(
        "altered" if at % 20 == 2 * first and word else word for at, word in enumerate(words)
    )  # every other piece is white space
    found, likeness = best(text)
    assert found == name
    assert max(likeness.containment, likeness.contained) >= 0.5
    assert share_new(text, likeness) < 0.05


@beside
@each_original
def test_new_paragraphs_in_front_of_an_original_are_all_that_is_new(name, path):
    text = NEWS + path.read_text(encoding="utf-8")
    found, likeness = best(text)
    assert found == name
    assert [text[start:end] for start, end in novel(text, likeness.spans).spans] == [NEWS.strip()]


@beside
def test_the_originals_are_not_taken_for_one_another():
    for name, path in zip(NAMES, ORIGINALS, strict=True):
        mine = fingerprint(path.read_text(encoding="utf-8"))
        linked = [other for other, known in KNOWN.items() if compare(mine, known)]
        assert linked == [name]
