# ruff: noqa: INP001 - a script, not a package
"""Generates `watcher/han.py`: the table that folds forms of one Han character together.

Run with the development dependency `opencc-python-reimplemented`:

    python tools/han_variants.py > watcher/han.py

Each traditional, regional or Japanese form is mapped to the simplified form of
its character. A Japanese form that stands for several characters (弁 for 辨,
瓣 and 辯) is left alone.
"""

from __future__ import annotations

import sys
from pathlib import Path

import opencc

DICTIONARIES = Path(opencc.__file__).parent / "dictionary"


def pairs(name: str) -> list[tuple[str, list[str]]]:
    """The lines of one dictionary: a character and the forms it is written in elsewhere."""
    lines = (DICTIONARIES / name).read_text(encoding="utf-8").splitlines()
    found = []
    for line in lines:
        left, _, right = line.partition("\t")
        forms = right.split()
        if len(left) == 1 and forms and all(len(form) == 1 for form in forms):
            found.append((left, forms))
    return found


def table() -> dict[str, str]:
    """Every form that is not already the representative of its character, with the representative."""
    simple = {left: forms[0] for left, forms in pairs("TSCharacters.txt")}

    def settle(character: str) -> str:
        seen = {character}
        while character in simple and simple[character] not in seen:
            character = simple[character]
            seen.add(character)
        return character

    regional: dict[str, set[str]] = {}
    for name in ("JPVariants.txt", "TWVariants.txt", "HKVariants.txt"):
        for standard, forms in pairs(name):
            for form in forms:
                regional.setdefault(form, set()).add(settle(standard))
    for form, targets in regional.items():
        if len(targets) == 1 and settle(form) == form:
            (target,) = targets
            if settle(target) != form:
                simple[form] = target
    return {form: settle(form) for form in simple if settle(form) != form}


def main() -> None:
    """Writes the module to stdout."""
    found = sorted(table().items())
    chunk = 80
    out = [
        '"""Forms of one Han character: `FORMS[i]` folds to `FOLDED[i]`. Made by tools/han_variants.py."""\n'
    ]
    for name, column in (("FORMS", 0), ("FOLDED", 1)):
        text = "".join(pair[column] for pair in found)
        out.append(f"{name} = (")
        out += [f'    "{text[at : at + chunk]}"' for at in range(0, len(text), chunk)]
        out.append(")")
    sys.stdout.write("\n".join(out) + "\n")


if __name__ == "__main__":
    main()
