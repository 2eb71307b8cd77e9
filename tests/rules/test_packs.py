"""Packs come back as they were written, or not at all."""

from __future__ import annotations

import gzip
import hashlib
import json
from datetime import UTC, datetime

import pytest

from watcher.novelty import PARAMETERS, Fingerprint, compare, fingerprint, packs
from watcher.novelty.packs import PackError, PackRow

TEXT = (
    "The lighthouse on Gull Rock went dark for the first time in ninety years when a fuse melted during the gale. "
    "Two keepers rowed out at dawn with a spare and found the lamp room full of starlings."
)


def row(number: int) -> PackRow:
    return PackRow(
        id=f"doc {number}",
        title=f"등대 {number}",
        url=f"https://example.org/{number}",
        source="Example",
        published=datetime(2026, 3, 1, 9, number % 60, tzinfo=UTC),
        fingerprint=fingerprint(f"{TEXT} Number {number}.").to_bytes(),
    )


@pytest.fixture
def pack(tmp_path):
    path = tmp_path / "known.fingerprints"
    assert packs.write(path, (row(number) for number in range(5))) == 5
    return path


def test_a_pack_comes_back_as_it_was_written(pack):
    assert list(packs.read(pack)) == [row(number) for number in range(5)]
    assert packs.is_pack(pack)


def test_a_pack_recognises_text_that_is_not_in_it(pack):
    assert TEXT.split()[3] not in gzip.decompress(pack.read_bytes()).decode()
    (first, *_) = packs.read(pack)
    assert compare(fingerprint(TEXT), Fingerprint.from_bytes(first.fingerprint)) is not None


def test_the_same_rows_make_the_same_bytes(pack, tmp_path):
    packs.write(tmp_path / "again", [row(number) for number in range(5)])
    assert (tmp_path / "again").read_bytes() == pack.read_bytes()


def test_an_empty_pack_is_a_pack(tmp_path):
    packs.write(tmp_path / "empty", [])
    assert list(packs.read(tmp_path / "empty")) == []


def test_fields_that_are_not_known_stay_unknown(tmp_path):
    bare = PackRow(id="1", fingerprint=fingerprint("").to_bytes())
    packs.write(tmp_path / "bare", [bare])
    assert list(packs.read(tmp_path / "bare")) == [bare]


def test_a_failed_write_leaves_the_old_pack_and_nothing_else(pack):
    def broken():
        yield row(1)
        raise RuntimeError("the store went away")

    before = pack.read_bytes()
    with pytest.raises(RuntimeError, match="went away"):
        packs.write(pack, broken())
    assert pack.read_bytes() == before
    assert list(pack.parent.iterdir()) == [pack]


def test_every_cut_is_refused_before_the_first_row(pack):
    data = pack.read_bytes()
    for size in range(0, len(data), 7):
        pack.write_bytes(data[:size])
        with pytest.raises(PackError, match=r"known\.fingerprints: "):
            next(packs.read(pack), None)


def test_every_changed_byte_is_refused_or_harmless(pack):
    good, rows = pack.read_bytes(), list(packs.read(pack))
    for at in range(0, len(good), 11):
        pack.write_bytes(good[:at] + bytes([good[at] ^ 0x20]) + good[at + 1 :])
        try:
            read = list(packs.read(pack))
        except PackError:
            continue
        assert read == rows, "only a bit of gzip's own head may change unseen"


def rewritten(pack, change):
    lines = [json.loads(line) for line in gzip.decompress(pack.read_bytes()).splitlines()]
    change(lines)
    *body, end = lines
    data = b"".join(
        json.dumps(line, separators=(",", ":"), ensure_ascii=False).encode() + b"\n" for line in body
    )
    if "sha256" in end:
        end["sha256"] = hashlib.sha256(data).hexdigest()
    pack.write_bytes(gzip.compress(data + json.dumps(end).encode() + b"\n"))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda lines: lines[0].update(version=2), "version 2; this program reads version 1"),
        (lambda lines: lines[0].update(parameters="winnow/1 k=4"), "'winnow/1 k=4', this program's with"),
        (lambda lines: lines[0].update(format="another"), "not a fingerprint pack"),
        (lambda lines: lines[-1].update(rows=4), "checksum"),
        (lambda lines: lines.pop(3), "checksum"),
        (lambda lines: lines.pop(), "damaged|cut short"),
        (lambda lines: lines[2].update(fingerprint="AAAA"), "document 2: .*cut short"),
        (lambda lines: lines[2].update(fingerprint="not base64!"), "document 2"),
        (lambda lines: lines[2].update(id=7), "document 2"),
        (lambda lines: lines[2].update(published="yesterday"), "document 2"),
        (lambda lines: lines[2].pop("id"), "document 2"),
    ],
)
def test_a_foreign_or_broken_pack_is_refused_with_the_reason(pack, change, reason):
    rewritten(pack, change)
    with pytest.raises(PackError, match=reason):
        next(packs.read(pack), None)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        gzip.compress(b"", mtime=0),
        gzip.compress(b'{"id": 1}\n' * 50, mtime=0),
        b"\x1f\x8b\x08",
    ],
)
def test_other_files_are_no_packs(tmp_path, data):
    path = tmp_path / "other"
    path.write_bytes(data)
    assert not packs.is_pack(path)
    with pytest.raises(PackError):
        list(packs.read(path))


def test_a_pack_of_an_older_unicode_is_read_and_of_a_newer_one_refused(pack):
    rows = list(packs.read(pack))
    base = PARAMETERS.rpartition("/unicode")[0]
    rewritten(pack, lambda lines: lines[0].update(parameters=f"{base}/unicode9.0.0"))
    assert list(packs.read(pack)) == rows
    rewritten(pack, lambda lines: lines[0].update(parameters=f"{base}/unicode99.0.0"))
    with pytest.raises(PackError, match=r"unicode99\.0\.0"):
        next(packs.read(pack), None)


def test_something_after_the_end_is_refused(pack):
    pack.write_bytes(pack.read_bytes() + gzip.compress(b"more\n"))
    with pytest.raises(PackError, match="follows its end"):
        next(packs.read(pack), None)


def test_a_pack_names_its_parameters(pack):
    head = json.loads(gzip.decompress(pack.read_bytes()).splitlines()[0])
    assert head == {"format": "watcher fingerprint pack", "version": 1, "parameters": PARAMETERS}
