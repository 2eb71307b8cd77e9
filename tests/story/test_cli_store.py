"""The commands over a store that a real run has filled."""

from __future__ import annotations

import json
import shutil
import sqlite3
from datetime import UTC
from pathlib import Path

import pytest

from tests.conftest import CONFIG, run_process
from watcher.cli.decision import Decision, _parts

ARTICLE = """\
Officer of the guards is gone

An officer of the palace guards defected from North Korea in early May, three traders at the river said this week.
He left with two brothers and a cousin, walked for nine nights, and was last seen near the market of a border town.

The traders said that his unit had searched farms along the bank for a week. A reward of two tons of rice was
offered to whoever brings news of the family. None of them wanted to be named.
"""

COPY = ARTICLE.replace("three traders", "3 traders").replace(
    "Officer of the guards is gone", "A guard is missing"
)

ADDED = """
On Friday a second family fled North Korea by the same ford, and the patrols there were doubled again. A curfew was
read out in four villages, and the schools stayed shut until Monday. Nobody would say what became of the ferryman.
"""

OTHER = """\
Harvest below last year's

The harvest of maize in the two northern provinces is a tenth below that of last year, farmers said on Tuesday. Rain
came late, and the pumps of the lower fields stood still for want of diesel.
"""


def run(folder: Path) -> None:
    done = run_process("run", "--once", "--until-idle", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture(scope="module")
def filled(tmp_path_factory) -> Path:
    """A desk whose daemon has seen an article, then its copy and others."""
    folder = tmp_path_factory.mktemp("filled")
    (folder / "config.toml").write_text(CONFIG, encoding="utf-8")
    inbox = folder / "inbox"
    inbox.mkdir()
    (inbox / "guards.txt").write_text(ARTICLE, encoding="utf-8")
    run(folder)
    (inbox / "missing.txt").write_text(COPY, encoding="utf-8")
    (inbox / "harvest.txt").write_text(OTHER, encoding="utf-8")
    (inbox / "broken.pdf").write_bytes(b"%PDF-1.7 and then nothing of it")
    run(folder)
    return folder


@pytest.fixture
def desk(filled, monkeypatch) -> Path:
    """The filled desk, to be read only."""
    monkeypatch.chdir(filled)
    return filled


@pytest.fixture
def own(filled, tmp_path, monkeypatch) -> Path:
    """A copy of it that a test may change."""
    copy = tmp_path / "own"
    shutil.copytree(filled, copy)
    monkeypatch.chdir(copy)
    return copy


def said(result):
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_the_alert_went_out_once_and_the_copy_is_held_with_its_reason(watcher, desk):
    (alert,) = said(watcher("alerts", "--json"))
    assert (alert["title"], alert["watchlists"]) == ("Officer of the guards is gone", ["Defections"])
    (held,) = said(watcher("alerts", "--held", "--json"))
    assert held["title"] == "A guard is missing"
    assert "copy" in held["reason"]
    assert len(list((desk / "outbox" / "new").iterdir())) == 1


def test_sources_show_what_could_not_be_read(watcher, desk):
    (source,) = said(watcher("sources", "--json"))
    assert source["state"] == "ok"
    assert any("broken.pdf" in problem for problem in source["problems"])
    assert source["items"] == 4
    shown = watcher("sources")
    assert "Tips" in shown.stdout
    assert "broken.pdf" in shown.stdout
    assert "3 articles" in shown.stdout


def test_deliveries_name_channel_state_and_answer(watcher, desk):
    (delivery,) = said(watcher("deliveries", "--json"))
    assert (delivery["channel"], delivery["state"], delivery["kind"]) == ("outbox", "done", "alert")
    assert said(watcher("deliveries", "--state", "dead", "--json")) == []
    assert "Officer of the guards" in watcher("deliveries").stdout


def test_why_by_file_and_by_id_shows_the_decision_as_it_was(watcher, desk):
    shown = said(watcher("why", "inbox/missing.txt", "--json"))
    assert shown["stored"] is True
    assert shown["verdict"] == "copy"
    assert shown["look_alikes"][0]["title"] == "Officer of the guards is gone"
    assert shown["look_alikes"][0]["containment"] > 0.8
    (match,) = shown["matches"]
    assert (match["watchlist"], match["alerts"], match["outcome"]) == ("Defections", False, "silent")
    assert {"defected", "North Korea"} <= {hit["text"] for hit in match["hits"]}
    assert said(watcher("why", shown["id"][:8], "--json"))["id"] == shown["id"]


def test_why_takes_a_file_as_the_alert_names_it(watcher, desk):
    (alert,) = said(watcher("alerts", "--json"))
    assert alert["url"] == f"file://{desk / 'inbox' / 'guards.txt'}"
    assert said(watcher("why", alert["url"], "--json"))["id"] == alert["article"]


def test_hits_that_overlap_are_marked_as_one():
    hits = [
        {"field": "title", "start": 0, "end": 2},
        {"field": "title", "start": 0, "end": 5},
        {"field": "title", "start": 6, "end": 8},
    ]
    decided = Decision(title="북한 간부 탈북 소식", text="", verdict="new", matches=[{"hits": hits}])
    title = next(iter(_parts(decided, UTC, marks=True)))
    assert str(title) == "*북한 간부* *탈북* 소식"


def test_why_names_deliveries_with_their_attempts(watcher, desk):
    shown = said(watcher("why", "inbox/guards.txt", "--json"))
    assert shown["novel_spans"]
    (delivery,) = shown["deliveries"]
    assert delivery["state"] == "done"
    assert len(delivery["tries"]) == 1
    assert shown["alert"]["article"]["title"] == "Officer of the guards is gone"


def test_why_on_a_file_that_is_not_stored_judges_it_and_stores_nothing(watcher, desk, tmp_path):
    (tmp_path / "later.txt").write_text(ARTICLE + ADDED, encoding="utf-8")
    before = watcher("corpus", "export", "-").stdout
    shown = said(watcher("why", str(tmp_path / "later.txt"), "--json"))
    assert shown["stored"] is False
    assert shown["verdict"] == "extended"
    assert [shown["text"][start:end] for start, end in shown["novel_spans"]] == [" ".join(ADDED.split())]
    assert [(match["watchlist"], match["alerts"]) for match in shown["matches"]] == [("Defections", True)]
    assert watcher("corpus", "export", "-").stdout == before


def test_why_reads_well_without_colours(watcher, desk, tmp_path):
    (tmp_path / "later.txt").write_text(ARTICLE + ADDED, encoding="utf-8")
    shown = watcher("why", str(tmp_path / "later.txt")).stdout
    assert "⟦An officer of the palace guards *defected* from *North Korea*" in " ".join(shown.split())
    assert "a second family *fled* *North Korea*" in " ".join(shown.split())
    assert "[1] Officer of the guards is gone" in shown
    assert "alerts  Defections" in shown
    quoted = shown[shown.index("    “") :].split("\n[2]")[0].splitlines()
    assert len(quoted) > 1
    assert all(line.startswith("    ") for line in quoted)


def test_why_on_a_terminal_dims_what_is_known_and_sets_hits_bold(watcher, desk, tmp_path, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    (tmp_path / "later.txt").write_text(ARTICLE + ADDED, encoding="utf-8")
    shown = watcher("why", str(tmp_path / "later.txt"), color=True).stdout
    assert "\x1b[2mAn officer of the palace guards \x1b[0m\x1b[1mdefected\x1b[0m\x1b[2m from \x1b[0m" in shown
    assert "On Friday a second family \x1b[1mfled\x1b[0m \x1b[1mNorth Korea\x1b[0m by the same ford" in shown
    assert "⟦" not in shown


def test_why_on_nothing_says_so(watcher, desk):
    result = watcher("why", "deadbeef")
    assert result.exit_code == 1
    assert "deadbeef" in result.stderr


def test_backtest_tells_gained_and_lost(watcher, desk):
    answer = said(watcher("backtest", "--json"))
    (tally,) = answer["watchlists"]
    assert (answer["articles"], tally["alerts"], tally["gained"], tally["lost"]) == (3, 1, [], [])
    answer = said(watcher("backtest", "Defections", "--query", "harvest", "--json"))
    (tally,) = answer["watchlists"]
    assert [each["title"] for each in tally["gained"]] == ["Harvest below last year's"]
    assert [each["title"] for each in tally["lost"]] == ["Officer of the guards is gone"]
    assert tally["terms"] == {"harvest": 1}
    assert "lost" in watcher("backtest", "--query", "harvest").stdout
    unknown = watcher("backtest", "Defectoins")
    assert unknown.exit_code == 2
    assert "no watchlist is named Defectoins: did you mean Defections?" in unknown.stderr
    assert watcher("backtest", "--since", "a while").exit_code == 2


def test_check_stored_counts_and_warns_of_idle_and_of_common_terms(watcher, desk):
    result = watcher("check", "--stored")
    assert result.exit_code == 0
    assert "Defections: holds on 2 of 3 stored articles" in result.stdout
    (idle,) = [line for line in result.stderr.splitlines() if "in no stored article" in line]
    assert idle.startswith("warning: Defections: 6 of 8 terms are in no stored article: ")
    assert "DPRK" in idle
    assert "North Korea* is in 67% of the stored articles" in result.stderr


def test_added_documents_are_looked_through_as_well_and_are_neither_gained_nor_lost(watcher, own):
    lines = [{"id": "n1", "title": "A family", "text": ADDED}, {"id": "n2", "text": "Snow fell on the DPRK."}]
    (own / "notes.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    assert watcher("corpus", "add", "notes.jsonl").exit_code == 0

    answer = said(watcher("backtest", "--json"))
    (tally,) = answer["watchlists"]
    assert (answer["articles"], answer["documents"]) == (3, 2)
    assert (tally["matches"], tally["alerts"], tally["gained"], tally["lost"]) == (2, 1, [], [])
    assert [each["id"] for each in tally["documents"]] == ["n1"]
    shown = watcher("backtest").stdout
    assert "3 stored articles and 2 added documents of 1 day" in shown
    assert "Defections: holds on 1 added document as well" in shown

    checked = watcher("check", "--stored")
    assert "Defections: holds on 3 of 3 stored articles and 2 added documents (60.0%)" in checked.stdout
    (idle,) = [line for line in checked.stderr.splitlines() if "in no stored text" in line]
    assert "DPRK" not in idle


def test_check_database_says_whether_it_is_whole(watcher, desk):
    result = watcher("check", "--database")
    assert result.exit_code == 0
    assert "whole" in result.stdout


def test_a_damaged_database_is_told_in_a_line(watcher, own):
    data = bytearray((own / "watcher.db").read_bytes())
    data[4096 * 4 :] = b"\x99" * (len(data) - 4096 * 4)
    (own / "watcher.db").write_bytes(data)
    result = watcher("check", "--database")
    assert result.exit_code == 1
    assert "database" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_place_that_cannot_be_written_is_told_in_a_line(watcher, desk):
    result = watcher("corpus", "export", "nowhere/texts.jsonl")
    assert result.exit_code == 1
    assert "nowhere" in result.stderr
    assert "No such file" in result.stderr


def test_check_online_asks_folders_and_channels(watcher, desk):
    result = watcher("check", "--online")
    assert result.exit_code == 0
    assert "ok    folder" in result.stdout
    assert "ok    channel" in result.stdout


def test_send_test_goes_the_real_way(watcher, own):
    before = len(list((own / "outbox" / "new").iterdir()))
    result = watcher("send-test", "outbox")
    assert result.exit_code == 0
    assert "accepted" in result.stdout
    assert len(list((own / "outbox" / "new").iterdir())) == before + 1
    assert watcher("send-test", "nobody").exit_code == 2


def test_retry_without_dead_deliveries_says_so(watcher, desk):
    assert watcher("deliveries", "retry", "--dead").exit_code == 1
    assert watcher("deliveries", "retry").exit_code == 2
    assert watcher("deliveries", "retry", "x'; drop").exit_code == 2


def test_the_corpus_goes_out_and_comes_in_elsewhere_as_known(watcher, desk, tmp_path):
    assert watcher("corpus", "export", str(tmp_path / "texts.jsonl")).exit_code == 0
    assert watcher("corpus", "export", "--fingerprints", str(tmp_path / "known.fingerprints")).exit_code == 0
    texts = [json.loads(line) for line in (tmp_path / "texts.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(texts) == 3
    for given in ("texts.jsonl", "known.fingerprints"):
        database = ["--database", str(tmp_path / f"{given}.db")]
        added = said(watcher(*database, "corpus", "add", str(tmp_path / given), "--json"))
        assert (added["added"], added["known"]) == (3, 0)
        assert said(watcher(*database, "corpus", "add", str(tmp_path / given), "--json"))["known"] == 3
        shown = said(watcher(*database, "why", "inbox/missing.txt", "--json"))
        assert (shown["stored"], shown["verdict"], shown["matches"][0]["alerts"]) == (False, "copy", False)


def test_a_second_daemon_is_refused(watcher, desk):
    from watcher.stores.sqlite import SqliteStore  # noqa: PLC0415

    first = SqliteStore(desk / "watcher.db")
    first.lock()
    try:
        result = watcher("run", "--once")
        assert result.exit_code == 1
        assert "already runs" in result.stderr
    finally:
        first.close()


def test_titles_from_strangers_cannot_move_the_cursor(watcher, own):
    with sqlite3.connect(own / "watcher.db") as database:
        database.execute(
            "update articles set title = 'A\x1b[2Jguard\u202eis missing' where title like 'A guard%'"
        )
    shown = watcher("alerts", "--held").stdout
    assert "\x1b" not in shown
    assert "\u202e" not in shown
