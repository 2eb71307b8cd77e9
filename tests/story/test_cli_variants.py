"""Spellings of a name, found in what is stored."""

from __future__ import annotations

import json
from pathlib import Path

from tests.conftest import CONFIG, run_process

TEXTS = {
    "one.txt": "Purge in the capital\n\nJang Song-thaek was led out of the hall, a man who sat there said. "
    "Nobody spoke for Jang Song-thaek on that day or on the next.",
    "two.txt": "An uncle falls\n\nThe fall of Jang Sung-taek was told in two papers. JANG SONG THAEK stood over both.",
    "three.txt": "Rain in the south\n\nIt rained for three days, and the pumps of the lower fields stood still.",
}


def test_spellings_of_a_name_are_listed_with_how_often_they_stand_in_what_is_stored(desk: Path) -> None:
    (desk / "config.toml").write_text(CONFIG, encoding="utf-8")
    for name, text in TEXTS.items():
        (desk / "inbox" / name).write_text(text, encoding="utf-8")
    assert run_process("run", "--once", "--until-idle", cwd=desk).returncode == 0

    listed = run_process("variants", "Jang Song-thaek", "--json", cwd=desk)
    found = {each["spelling"]: each["count"] for each in json.loads(listed.stdout)}
    assert found == {"Jang Song-thaek": 2, "Jang Sung-taek": 1, "JANG SONG THAEK": 1}

    shown = run_process("variants", "Jang Song-thaek", cwd=desk)
    assert 'spellings = ["Jang Song-thaek"' in shown.stdout

    (desk / "notes.txt").write_text(
        "Chang Song-t'aek fell. Jang Song-thaek had an office there.", encoding="utf-8"
    )
    assert run_process("corpus", "add", "notes.txt", cwd=desk).returncode == 0
    listed = run_process("variants", "Jang Song-thaek", "--json", cwd=desk)
    found = {each["spelling"]: each["count"] for each in json.loads(listed.stdout)}
    assert (found["Jang Song-thaek"], found["Chang Song-t'aek"]) == (3, 1)

    nothing = run_process("variants", "Kim Jong-nam", cwd=desk)
    assert nothing.returncode == 1
    assert "Nothing like" in nothing.stderr
