"""A folder is looked at and compared: what is taken, when, and under which key."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from watcher.model import Scan, Temporary
from watcher.sources import folder as module
from watcher.sources.folder import Folder, scan

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
OLD = datetime(2026, 3, 1, 9, tzinfo=UTC)

Look = Callable[[], Scan]


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    path = tmp_path / "inbox"
    path.mkdir()
    return path


@pytest.fixture
def look(inbox: Path) -> Look:
    """Look once more, with the cursor of the look before as the store gives it back."""
    cursor: dict[str, Any] = {}

    def again() -> Scan:
        nonlocal cursor
        found = scan(Folder(path=inbox), cursor, now=NOW)
        cursor = json.loads(json.dumps(found.cursor))
        return found

    return again


def put(path: Path, text: str = "text", at: datetime = OLD) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


def names(found: Scan) -> list[str]:
    return [entry.key.rpartition("#")[0] for entry in found.entries]


def test_a_file_is_taken_once_when_it_held_still_for_two_looks(inbox: Path, look: Look) -> None:
    path = put(inbox / "a.txt")
    first, second, third = look(), look(), look()
    assert (names(first), first.unsettled) == ([], True)
    assert (names(second), second.unsettled) == (["a.txt"], False)
    assert (names(third), third.unchanged) == ([], True)
    entry = second.entries[0]
    assert (entry.path, entry.part, entry.title, entry.published) == (str(path), None, "", OLD)


def test_a_file_that_still_grows_waits(inbox: Path, look: Look) -> None:
    put(inbox / "a.txt", "one")
    look()
    put(inbox / "a.txt", "one two")
    grown = look()
    assert (names(grown), grown.unsettled) == ([], True)
    assert names(look()) == ["a.txt"]


def test_an_edited_file_is_an_entry_anew_and_a_touched_one_is_the_same(inbox: Path, look: Look) -> None:
    put(inbox / "a.txt", "one")
    look()
    first = look().entries[0]
    put(inbox / "a.txt", "one", at=NOW)
    look()
    assert look().entries[0].key == first.key
    put(inbox / "a.txt", "two and more", at=NOW)
    look()
    edited = look().entries[0]
    assert edited.key != first.key
    assert edited.content_hash != first.content_hash


def test_a_removed_file_is_forgotten_and_taken_again_when_it_returns(inbox: Path, look: Look) -> None:
    path = put(inbox / "a.txt")
    look(), look()
    path.unlink()
    assert look().cursor == {"files": {}}
    put(path)
    look()
    assert names(look()) == ["a.txt"]


def test_hidden_unfinished_and_linked_files_are_passed_over_and_subfolders_are_not(
    inbox: Path, look: Look
) -> None:
    for name in (".hidden", "a.txt~", "b.part", "c.TMP", "d.crdownload", ".git/e.txt"):
        put(inbox / name)
    put(inbox.parent / "outside" / "secret.txt")
    (inbox / "link.txt").symlink_to(inbox.parent / "outside" / "secret.txt")
    (inbox / "linked").symlink_to(inbox.parent / "outside")
    os.mkfifo(inbox / "pipe.txt")
    put(inbox / "sub" / "deep" / "f.txt")
    look()
    found = look()
    assert names(found) == ["sub/deep/f.txt"]
    assert found.problems == ()


def test_a_date_in_the_future_is_clamped_to_the_look(inbox: Path, look: Look) -> None:
    put(inbox / "a.txt", at=datetime(2030, 1, 1, tzinfo=UTC))
    look()
    assert look().entries[0].published == NOW


def test_each_message_of_an_mbox_is_an_entry_and_an_appended_one_is_the_only_new_key(
    inbox: Path, look: Look
) -> None:
    first = "From a Mon\nSubject: one\nFrom: a@example.org\n\nFirst.\n\n"
    second = "From b Tue\nSubject: two\nFrom: b@example.org\n\nFrom here on, prose.\n\n"
    put(inbox / "box.mbox", first + second)
    look()
    before = look().entries
    assert [entry.part for entry in before] == [f"0-{len(first)}", f"{len(first)}-{len(first + second)}"]
    put(inbox / "box.mbox", first + second + first.replace("one", "three"), at=NOW)
    look()
    after = look().entries
    assert [entry.key for entry in after[:2]] == [entry.key for entry in before]
    assert len({entry.key for entry in after}) == 3


def test_a_file_that_is_too_large_is_named_at_every_look(inbox: Path, look: Look, monkeypatch) -> None:
    monkeypatch.setattr(module, "LIMIT", 10)
    put(inbox / "big.txt", "x" * 11)
    look()
    for found in (look(), look()):
        assert names(found) == []
        assert "big.txt is too large" in found.problems[0]
        assert not found.unsettled


def test_a_file_that_cannot_be_read_is_named_and_taken_when_it_can(
    inbox: Path, look: Look, monkeypatch
) -> None:
    put(inbox / "a.txt")
    put(inbox / "b.txt")
    really_open = os.open

    def refuse(path: str, flags: int) -> int:
        if path.endswith("a.txt"):
            raise PermissionError(13, "Permission denied")
        return really_open(path, flags)

    look()
    with monkeypatch.context() as patch:
        patch.setattr(module.os, "open", refuse)
        found = look()
    assert names(found) == ["b.txt"]
    assert found.problems == ("cannot read a.txt: Permission denied",)
    assert names(look()) == ["a.txt"]


def test_a_name_that_is_no_text_is_named_and_not_taken(inbox: Path, look: Look) -> None:
    with open(os.fsencode(inbox) + b"/bad\xff.txt", "w") as file:  # noqa: PTH123 - bytes, on purpose
        file.write("text")
    put(inbox / "가나.txt")
    look()
    found = look()
    assert names(found) == ["가나.txt"]
    assert "not UTF-8: rename it" in found.problems[0]
    found.problems[0].encode("utf-8")


def test_a_look_reads_only_so_much_and_the_rest_comes_in_the_next(
    inbox: Path, look: Look, monkeypatch
) -> None:
    monkeypatch.setattr(module, "LOOK", 10)
    for name in "abc":
        put(inbox / f"{name}.txt", "12345")
    look()
    found = look()
    assert (names(found), found.unsettled) == (["a.txt", "b.txt"], True)
    assert names(look()) == ["c.txt"]


def test_an_unchanged_folder_is_not_read_again(inbox: Path, look: Look, monkeypatch) -> None:
    for number in range(50):
        put(inbox / f"{number}.txt")
    look(), look()

    def opened(*_: object) -> int:
        raise AssertionError("a file was read again")

    monkeypatch.setattr(module.os, "open", opened)
    assert look().unchanged


@pytest.mark.parametrize(("name", "reason"), [("nowhere", "there is no folder"), ("file", "is not a folder")])
def test_a_folder_that_is_not_there_is_a_temporary_failure_that_names_it(
    tmp_path: Path, name: str, reason: str
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Temporary, match=reason) as failed:
        scan(Folder(path=tmp_path / name), {}, now=NOW)
    assert name in failed.value.reason
