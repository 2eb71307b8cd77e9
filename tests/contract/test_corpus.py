"""What a store promises of what it knows: found again, kept as long as it must be, let go in small steps."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result

from watcher.model import Entry, Scan
from watcher.novelty import PARAMETERS, fingerprint
from watcher.pipeline.corpus import weigh
from watcher.pipeline.stocking import signed
from watcher.stores import Writer
from watcher.stores.claims import SourceSpec
from watcher.stores.documents import NewDocument, Origin
from watcher.stores.sqlite import SqliteStore, index, rebuilding
from watcher.stores.sqlite.connection import connect

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
KEEP_TEXT = 90 * DAY
KEEP = 400 * DAY


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "watcher.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(path)
    yield store
    store.close()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Folds, parts and steps so small that a few documents go through all of them."""
    monkeypatch.setattr(index, "RECENT_DOCUMENTS", 10)
    monkeypatch.setattr(index, "FOLD_EVERY", 1_000_000)
    monkeypatch.setattr(index, "DROP_POSTINGS", 300)
    monkeypatch.setattr("watcher.stores.sqlite.corpus.FOLD_STEP", 100)
    monkeypatch.setattr("watcher.stores.sqlite.corpus.STEP", 7)


def text_of(number: int, words: int = 60) -> str:
    rng = random.Random(number)
    return " ".join("".join(rng.choices("abcdefghijklmnop", k=6)) for _ in range(words)) + "."


def document(
    number: int, *, origin: Origin = "article", item: int | None = None, text: str | None = None
) -> NewDocument:
    text = text_of(number) if text is None else text
    title = f"Report number {number} about some four things"
    shape = fingerprint(text, title=title)
    return NewDocument(
        key=f"key {number}",
        origin=origin,
        title=title,
        text=text,
        shape=shape.to_bytes(),
        sample=signed(shape.sample.tolist()),
        words=shape.words,
        item=item,
        title_key=shape.title_key,
    )


def keep(store: SqliteStore, numbers: range, at: datetime, origin: Origin = "article") -> None:
    store.write(lambda w: [w.store(document(n, origin=origin), at) for n in numbers])


def found(store: SqliteStore, number: int) -> list[str]:
    """The titles that a look-up of text `number` gives."""
    sample = signed(fingerprint(text_of(number)).sample.tolist())
    return [each.title for each in store.read.look_up(sample).documents]


def known(store: SqliteStore, numbers: range) -> set[int]:
    return {n for n in numbers if f"Report number {n} about some four things" in found(store, n)}


def postings(path: Path) -> dict[str, int]:
    connection = connect(path, read_only=True)
    tables = [
        name
        for (name,) in connection.execute(
            "select name from sqlite_master where type = 'table' and (name in ('recent', 'lasting')"
            " or name like 'part#_%' escape '#')"
        )
    ]
    counts = {name: connection.execute(f"select count(*) from {name}").fetchone()[0] for name in tables}
    connection.close()
    return counts


def fold_all(store: SqliteStore) -> int:
    steps = 0
    while store.write(lambda w: w.fold()):
        steps += 1
    return steps


def prune_all(store: SqliteStore, now: datetime) -> int:
    steps = 0
    while store.write(lambda w: w.prune(text_before=now - KEEP_TEXT, before=now - KEEP)):
        steps += 1
    return steps


# --------------------------------------------------------------------------- folding


def test_a_document_is_found_before_while_and_after_it_is_folded(
    store: SqliteStore, path: Path, small: None
) -> None:
    keep(store, range(20), NOW)
    total = sum(postings(path).values())
    steps = 0
    while store.write(lambda w: w.fold()):
        steps += 1
        assert known(store, range(20)) == set(range(20))
        assert sum(postings(path).values()) == total
    assert steps > 5
    assert postings(path) == {"recent": 0, "lasting": 0, "part_1": total}


def test_a_step_of_folding_that_is_rolled_back_is_done_again(
    store: SqliteStore, path: Path, small: None
) -> None:
    keep(store, range(20), NOW)
    total = sum(postings(path).values())
    store.write(lambda w: w.fold())
    halfway = postings(path)

    def stumble(w: Writer) -> None:
        w.fold()
        raise RuntimeError("in between")

    with pytest.raises(RuntimeError, match="in between"):
        store.write(stumble)
    assert postings(path) == halfway
    fold_all(store)
    assert postings(path) == {"recent": 0, "lasting": 0, "part_1": total}


def test_a_kill_while_folding_loses_no_posting_and_holds_none_twice(
    store: SqliteStore, path: Path, small: None
) -> None:
    keep(store, range(20), NOW)
    total = sum(postings(path).values())
    program = f"""
        import os, signal
        from pathlib import Path
        from watcher.stores.sqlite import SqliteStore, index
        index.RECENT_DOCUMENTS = 10
        store = SqliteStore(Path({str(path)!r}))
        store.write(lambda w: w._index.fold(200))
        def die(w):
            w._index.fold(200)
            os.kill(os.getpid(), signal.SIGKILL)
        store.write(die)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": "."},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    assert 0 < postings(path)["part_1"] < total == sum(postings(path).values())
    assert known(store, range(20)) == set(range(20))
    fold_all(store)
    assert postings(path) == {"recent": 0, "lasting": 0, "part_1": total}


def test_what_is_stored_while_a_fold_is_under_way_is_found_in_recent_alone(
    store: SqliteStore, path: Path, small: None
) -> None:
    keep(store, range(20), NOW)
    store.write(lambda w: w.fold())
    newest = store.read.look_up([1]).newest
    keep(store, range(20, 25), NOW)
    fold_all(store)
    sample = signed(fingerprint(text_of(22)).sample.tolist())
    assert [d.id for d in store.read.look_up(sample, after=newest).documents] == [newest + 3]
    assert postings(path)["recent"] == sum(len(document(n).sample) for n in range(20, 25))


def test_folding_needs_nobody_to_ask_for_it(
    store: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "RECENT_DOCUMENTS", 10)
    monkeypatch.setattr(index, "FOLD_EVERY", 4)
    keep(store, range(60), NOW)
    assert postings(path)["part_1"] > 0
    assert known(store, range(60)) == set(range(60))


# --------------------------------------------------------------------------- retention


def test_a_text_past_keep_text_goes_and_its_shape_still_recognises_a_copy(
    store: SqliteStore, small: None
) -> None:
    keep(store, range(10), NOW)
    keep(store, range(10, 12), NOW, origin="seed")
    keep(store, range(20, 22), NOW + 60 * DAY)
    prune_all(store, NOW + KEEP_TEXT + DAY)
    texts = {d.title.split()[2]: text for d, text in store.read.export()}
    assert {int(n) for n, text in texts.items() if text is not None} == {10, 11, 20, 21}
    weighed = weigh(text_of(3), "Another title for it", store.read)
    assert weighed.verdict == "copy"
    assert weighed.novelty.new_words == 0


def test_what_is_older_than_keep_is_let_go_in_small_steps_and_its_part_is_dropped(
    store: SqliteStore, path: Path, small: None
) -> None:
    keep(store, range(30), NOW)
    keep(store, range(30, 60), NOW + 100 * DAY)
    fold_all(store)
    assert postings(path).keys() == {"recent", "lasting", "part_1", "part_2"}
    steps = prune_all(store, NOW + KEEP + DAY)
    assert steps > 30 / 7
    assert known(store, range(60)) == set(range(30, 60))
    assert postings(path).keys() == {"recent", "lasting", "part_1", "part_2"}, "its part is not over yet"
    prune_all(store, NOW + 100 * DAY + KEEP)
    assert postings(path).keys() == {"recent", "lasting", "part_2"}
    assert known(store, range(60)) == set(range(30, 60))
    assert store.read.check() == ()


def test_seeds_and_added_documents_stay_whatever_their_age(
    store: SqliteStore, path: Path, small: None
) -> None:
    keep(store, range(5), NOW, origin="seed")
    keep(store, range(5, 25), NOW)
    keep(store, range(25, 30), NOW + DAY, origin="added")
    keep(store, range(30, 50), NOW + 100 * DAY)
    fold_all(store)
    keep(store, range(50, 70), NOW + 800 * DAY)
    prune_all(store, NOW + 1000 * DAY)
    assert known(store, range(70)) == {*range(5), *range(25, 30), *range(50, 70)}
    assert "part_1" not in postings(path)


def test_an_item_still_in_its_feed_stays_known_until_it_leaves_it(
    store: SqliteStore, path: Path, small: None
) -> None:
    entries = tuple(Entry(key=f"e{n}", title=f"Entry {n}", content_hash=str(n)) for n in range(20))
    store.write(lambda w: w.register([SourceSpec(key="f", kind="feed", name="F")], (), (), NOW))
    poll(store, NOW, Scan(cursor={}, entries=entries))
    items = {claim.entry.key: claim.id for claim in store.write(lambda w: claim_items(w, NOW))}
    store.write(lambda w: [w.store(document(n, item=items[f"e{n}"]), NOW) for n in range(20)])
    keep(store, range(20, 40), NOW + 100 * DAY)
    fold_all(store)

    late = NOW + 600 * DAY
    poll(store, late, Scan(cursor={}, entries=entries[:3]))
    poll(store, late + timedelta(hours=1), Scan(cursor={}, unchanged=True))
    keep(store, range(40, 60), late)
    prune_all(store, late + DAY)
    assert known(store, range(60)) == {0, 1, 2, *range(40, 60)}
    assert "part_1" not in postings(path)

    poll(store, late + 2 * DAY, Scan(cursor={}, entries=entries[2:3]))
    prune_all(store, late + 3 * DAY)
    assert known(store, range(60)) == {2, *range(40, 60)}
    assert postings(path)["lasting"] == len(document(2).sample)


def test_documents_let_go_do_not_crowd_out_those_that_stay(
    store: SqliteStore, path: Path, small: None
) -> None:
    same = text_of(1)
    store.write(lambda w: [w.store(document(n, text=same), NOW) for n in range(30)])
    store.write(lambda w: w.store(document(30, text=same), NOW + 10 * DAY))
    fold_all(store)
    prune_all(store, NOW + KEEP + DAY)
    assert found(store, 1) == ["Report number 30 about some four things"]


def poll(store: SqliteStore, now: datetime, scan: Scan) -> None:
    def work(w: Writer) -> None:
        w.due_now(now)
        (claim,) = w.claim_sources(now, limit=1, lease=DAY)
        assert w.keep(claim, scan, now=now, due=now, catch_up=KEEP) is not None

    store.write(work)


def claim_items(w: Writer, now: datetime):
    return w.claim_items(now, limit=100, lease=DAY)


# --------------------------------------------------------------------------- boilerplate


def test_boilerplate_is_learned_and_takes_no_room_from_then_on(store: SqliteStore, path: Path) -> None:
    footer = text_of(999, 30)

    def take(number: int) -> frozenset[int]:
        each = document(number, text=f"{text_of(number, 120)} {footer}")
        common = store.read.look_up(each.sample, limit=1).boilerplate

        def work(w: Writer) -> None:
            w.learn(tuple(common))
            w.store(each, NOW)

        store.write(work)
        return common

    for number in range(52):
        take(number)
    learned = take(52)
    assert learned
    before = sum(postings(path).values())
    assert take(53) == learned
    each = document(53, text=f"{text_of(53, 120)} {footer}")
    assert sum(postings(path).values()) - before == len(set(each.sample) - learned)


def test_a_story_that_many_outlets_run_is_no_boilerplate(store: SqliteStore) -> None:
    def work(w: Writer) -> None:
        first = w.store(document(0, text=text_of(7)), NOW)
        for number in range(1, 70):
            copy = document(number, text=text_of(7))
            w.store(
                NewDocument(**{f: getattr(copy, f) for f in copy.__slots__ if f != "cluster"}, cluster=first),
                NOW,
            )

    store.write(work)
    result = store.read.look_up(document(0, text=text_of(7)).sample)
    assert result.boilerplate == frozenset()
    assert len(result.documents) == 20


# --------------------------------------------------------------------------- other parameters


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(rebuilding, "_stderr", lines.append)
    monkeypatch.setattr(rebuilding, "BATCH", 4)
    return lines


def age(path: Path, *, without_text: Callable[[int], bool] = lambda _: False) -> None:
    """Make the store at `path` look as one of a program with other parameters: other hashes, other title keys."""
    connection = connect(path)
    connection.execute("update meta set value = 'winnow/0' where name = 'parameters'")
    for table in ("recent", "lasting"):
        connection.execute(f"delete from {table}")
    connection.execute("insert into recent (posting) values (268435457)")
    connection.execute("update titles set key = key + 1")
    for (id_,) in connection.execute("select id from documents").fetchall():
        if without_text(id_):
            connection.execute("delete from texts where document = ?", (id_,))
        else:
            connection.execute("update documents set shape = x'00' where id = ?", (id_,))
    connection.close()


def test_a_store_of_other_parameters_is_made_anew_from_its_texts(path: Path, said: list[str]) -> None:
    store = SqliteStore(path)
    keep(store, range(10), NOW)
    store.close()
    assert said == []
    age(path, without_text=lambda id_: id_ in (3, 4))
    store = SqliteStore(path)
    assert known(store, range(10)) == set(range(10))
    assert (
        len(store.read.titled(fingerprint("", title="Report number 5 about some four things").title_key or 0))
        == 1
    )
    assert "winnow/0" in said[0]
    assert PARAMETERS in said[0]
    assert "2 documents have no text" in said[-1]
    store.close()
    said.clear()
    SqliteStore(path).close()
    assert said == []


def test_making_anew_that_is_broken_off_goes_on_where_it_was(
    path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SqliteStore(path)
    keep(store, range(10), NOW)
    store.close()
    age(path)
    calls = 0
    real = rebuilding.fingerprint

    def counting(text: str, *, title: str = ""):
        nonlocal calls
        calls += 1
        if calls == 7:
            raise KeyboardInterrupt
        return real(text, title=title)

    monkeypatch.setattr(rebuilding, "fingerprint", counting)
    with pytest.raises(KeyboardInterrupt):
        SqliteStore(path)
    store = SqliteStore(path)
    assert known(store, range(10)) == set(range(10))
    assert calls == 7 + 6, "the batch that was committed is not made again"
    store.close()


# --------------------------------------------------------------------------- an older store


def test_the_index_of_an_older_store_is_taken_over(path: Path) -> None:
    store = SqliteStore(path)
    keep(store, range(5), NOW)
    store.close()
    connection = connect(path)
    columns = "(hash integer not null, document integer not null, primary key (hash, document)) without rowid"
    connection.execute(f"create table main {columns}")
    for number in range(5):
        for value in document(number).sample:
            connection.execute("insert into main values (?, ?)", (value, number + 1))
    for statement in (
        "drop table recent",
        f"create table recent {columns}",
        "drop table lasting",
        "drop table parts",
        "drop table part_1",
        "drop index documents_passing",
        "drop index documents_lasting",
        "drop index titles_document",
        "drop index items_listed",
        "create index documents_stored on documents (stored)",
        "delete from _sqlite_migrations where name in ('m003_index', 'm004_listed')",
    ):
        connection.execute(statement)
    connection.close()
    store = SqliteStore(path)
    assert known(store, range(5)) == set(range(5))
    store.close()


# --------------------------------------------------------------------------- past keep_text


def test_why_says_that_a_text_is_past_keep_text(
    desk: Path, process: Callable[..., subprocess.CompletedProcess[str]], watcher: Callable[..., Result]
) -> None:
    (desk / "inbox" / "guards.txt").write_text(f"A guard defected from North Korea. {text_of(1)}", "utf-8")
    assert process("run", "--until-idle", cwd=desk).returncode == 0
    assert "past keep_text" not in watcher("why", "inbox/guards.txt").stdout
    store = SqliteStore(desk / "watcher.db")
    prune_all(store, datetime.now(UTC) + KEEP_TEXT + DAY)
    store.close()
    assert "The text is past keep_text" in watcher("why", "inbox/guards.txt").stdout
    store = SqliteStore(desk / "watcher.db")
    prune_all(store, datetime.now(UTC) + KEEP + DAY)
    assert store.read.check() == ()
    store.close()
    shown = watcher("why", "inbox/guards.txt")
    assert shown.exit_code == 0
    assert "Defections" in shown.stdout
