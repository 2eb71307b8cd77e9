"""`watcher corpus judge` and `add`: lines in, lines out, against all that is known."""

from __future__ import annotations

import gzip
import json

import pytest

from watcher.pipeline import stocking

FIRST = (
    "An officer of the palace guards crossed the river in early May, three traders said this week. He left with two "
    "brothers and a cousin, walked for nine nights, and was last seen near the market of a border town. A reward of "
    "two tons of rice was offered to whoever brings news of the family."
)
QUOTING = (
    "Prices of maize rose by a tenth in the northern markets, and the ferries stopped for a week. “"
    + FIRST[:95]
    + "”, "
    "wrote a paper. The ministry of fisheries opened a new harbour on the eastern coast, with a crane from abroad and "
    "a hall for the catch of forty boats, which the county had asked for since the flood."
)
APPENDED = (
    FIRST + "\n\nOn Friday the patrols at the ford were doubled, and a curfew was read out in four villages."
)


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """A config with nothing but a database."""
    (tmp_path / "config.toml").write_text('[watcher]\ndatabase = "watcher.db"\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lines(*documents: dict[str, object]) -> str:
    return "".join(json.dumps(document, ensure_ascii=False) + "\n" for document in documents)


def answers(result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_with_add_each_line_is_judged_against_those_before_it(watcher, bare):
    given = lines(
        {"id": "a", "text": FIRST, "title": "A guard is gone"},
        {"id": "b", "text": FIRST.replace("three traders", "3 traders")},
        {"id": "c", "text": APPENDED},
        {"id": "d", "text": "무관한 글이다. 비가 온다. 들판은 젖어 있고 사람들은 집에 있다."},
    )
    result = watcher("corpus", "judge", "--add", "-", input=given)
    assert result.exit_code == 0, result.stderr
    first, copy, extended, other = answers(result)
    assert (first["id"], first["verdict"], first["look_alikes"]) == ("a", "new", [])
    assert (copy["verdict"], copy["novel_spans"], copy["novel_words"]) == ("copy", [], 0)
    (best,) = copy["look_alikes"]
    assert best["id"] == "a"
    assert max(best["containment"], best["contained"]) > 0.8
    assert extended["verdict"] == "extended"
    assert [APPENDED[start:end] for start, end in extended["novel_spans"]] == [APPENDED.split("\n\n")[1]]
    assert {each["id"] for each in extended["look_alikes"]} == {"a", "b"}
    assert (other["verdict"], other["look_alikes"]) == ("new", [])
    assert first["story"] == copy["story"] == extended["story"] != other["story"]


MENU = (
    "Home\nTown hall\nHarbour and ferries\nMarkets\nTide tables of the week\nThe letters page\nSubscribe\nLog in\n"
    "Obituaries\nSearch\nPrint"
)
FOOT = (
    "Imprint\nPrivacy and you\nWork with us\nTerms of use\nContact the desk\nAbout this paper\nBack to the top\n"
    "All rights reserved"
)
FERRIES = (
    QUOTING[QUOTING.index("The ministry") :] + " The rate for berths was left as it had been since the war."
)


def test_two_articles_of_one_site_are_not_linked_by_its_menus_which_are_known(watcher, bare):
    pages = {"one": FIRST, "two": FERRIES, "three": APPENDED}
    given = lines(*({"id": name, "text": f"{MENU}\n{text}\n{FOOT}"} for name, text in pages.items()))
    one, two, three = answers(watcher("corpus", "judge", "--add", "-", input=given))
    assert (one["look_alikes"], two["look_alikes"], two["verdict"]) == ([], [], "new")
    assert [f"{MENU}\n{FERRIES}\n{FOOT}"[start:end] for start, end in two["novel_spans"]] == [FERRIES]
    assert [each["id"] for each in three["look_alikes"]] == ["one"]

    report = f"A crane driver from the capital has come to stay, and a school of pilots with him. {FERRIES}"
    page = f"{MENU}\n{report}\n{FOOT}".replace("\n", "\n\n")
    (bare / "page.txt").write_text(page, encoding="utf-8")
    decision = json.loads(watcher("why", "page.txt", "--json").stdout)
    assert [each["id"] for each in decision["look_alikes"]] == ["two"]
    assert {each["id"] for each in decision["framed"]} == {"one", "three"}
    shown = " ".join(watcher("why", "page.txt").stdout.split())
    assert "words of the frame of its page are shared with (no title) (corpus) and 1 other page." in shown


def test_without_add_nothing_is_stored(watcher, bare):
    given = lines({"id": "a", "text": FIRST}, {"id": "b", "text": FIRST})
    result = watcher("corpus", "judge", "-", input=given)
    assert [answer["verdict"] for answer in answers(result)] == ["new", "new"]
    again = watcher("corpus", "judge", "-", input=given)
    assert [answer["verdict"] for answer in answers(again)] == ["new", "new"]


def test_what_was_added_before_is_known_under_its_id(watcher, bare):
    (bare / "old.jsonl").write_text(
        lines({"id": "old-1", "text": FIRST, "title": "A guard is gone"}), encoding="utf-8"
    )
    assert watcher("corpus", "add", "old.jsonl").exit_code == 0
    (answer,) = answers(watcher("corpus", "judge", "-", input=lines({"id": "x", "text": QUOTING})))
    assert answer["verdict"] == "new"
    assert [each["id"] for each in answer["look_alikes"]] in ([], ["old-1"])
    (answer,) = answers(
        watcher("corpus", "judge", "-", input=lines({"id": "y", "text": FIRST[: len(FIRST) // 2]}))
    )
    assert (answer["verdict"], answer["look_alikes"][0]["id"]) == ("excerpt", "old-1")


@pytest.mark.parametrize(
    "bad",
    [
        b"{not json}\n",
        b"[1]\n",
        b'{"id": "x"}\n',
        b'{"id": "x", "text": 5}\n',
        b"\xff\xfe\n",
        b"[" * 100_000 + b"\n",
    ],
    ids=["not json", "an array", "no text", "text no string", "not UTF-8", "too deep"],
)
def test_a_bad_line_gives_an_error_in_its_place_and_exit_1(watcher, bare, bad):
    given = lines({"id": "a", "text": FIRST}).encode() + bad + lines({"id": "b", "text": QUOTING}).encode()
    result = watcher("corpus", "judge", "-", input=given)
    first, error, last = answers(result)
    assert (first["id"], last["id"]) == ("a", "b")
    assert "line 2" in error["error"]
    assert result.exit_code == 1


def test_a_fault_names_its_line_of_the_file_and_blank_lines_are_no_documents(watcher, bare):
    result = watcher(
        "corpus", "judge", "-", input=b"\n\n{broken}\n\n" + lines({"id": "a", "text": FIRST}).encode()
    )
    error, answer = answers(result)
    assert error["error"].startswith("line 3: ")
    assert answer["id"] == "a"


def test_offsets_are_code_points_whatever_stands_in_the_text(watcher, bare):
    text = "😀 머리말 " + FIRST + " 🎉 뒷말이 여기에 새로 붙었다. 그리고 또 한 문장이 더 있다."
    given = '{"id":"s","text":"lone \\ud800 surrogate"}\n' + lines(
        {"id": "a", "text": FIRST}, {"id": "b", "text": text}
    )
    result = watcher("corpus", "judge", "--add", "-", input=given)
    assert result.exit_code == 0, result.stderr
    answer = answers(result)[2]
    (best,) = answer["look_alikes"]
    shared = " ".join(text[start:end] for start, end in best["spans"])
    assert "officer of the palace guards" in shared
    assert "news of the family" in shared


def test_empty_texts_and_titles_alone_are_no_fault(watcher, bare):
    given = lines(
        {"id": "a", "text": ""},
        {"id": "b", "text": "", "title": "Officer of the guards is gone"},
        {"text": " "},
    )
    result = watcher("corpus", "judge", "--add", "-", input=given)
    assert result.exit_code == 0, result.stderr
    assert [answer["words"] for answer in answers(result)] == [0, 0, 0]


def test_a_headline_alone_that_comes_again_is_a_copy_and_has_no_spans_in_a_text_that_is_empty(watcher, bare):
    flash = "Officer of the palace guards is gone with two brothers"
    given = lines({"id": "a", "text": "", "title": flash}, {"id": "b", "text": " ", "title": flash})
    _, again = answers(watcher("corpus", "judge", "--add", "-", input=given))
    (best,) = again["look_alikes"]
    assert (again["verdict"], best["id"], best["contained"], best["spans"]) == ("copy", "a", 1, [])


def test_a_document_without_a_source_is_named_without_empty_brackets(watcher, bare):
    given = lines({"id": "a", "text": FIRST, "title": "A guard is gone"})
    assert watcher("corpus", "judge", "--add", "-", input=given).exit_code == 0
    (bare / "copy.txt").write_text(FIRST, encoding="utf-8")
    reason = json.loads(watcher("why", "copy.txt", "--json").stdout)["reason"]
    assert "nearest “A guard is gone”, " in reason


def test_a_copy_comes_before_a_round_up_that_has_the_text_as_well(watcher, bare):
    given = lines(
        {"id": "round-up", "text": f"{QUOTING}\n\n{FIRST}\n\n{FERRIES}"},
        {"id": "a", "text": FIRST},
        {"id": "b", "text": FIRST},
    )
    _, once, again = answers(watcher("corpus", "judge", "--add", "-", input=given))
    assert (once["verdict"], [each["id"] for each in once["look_alikes"]]) == ("excerpt", ["round-up"])
    assert (again["verdict"], [each["id"] for each in again["look_alikes"]]) == ("copy", ["a", "round-up"])


@pytest.mark.parametrize(
    "field",
    [
        {"published": "0001-01-01T00:00:00+12:00"},
        {"published": "9999-12-31T23:59:59-12:00"},
        {"id": ["x"]},
        {"id": True},
    ],
    ids=["before the calendar", "after the calendar", "list for an id", "truth for an id"],
)
def test_a_field_that_cannot_be_is_the_fault_of_its_line_alone(watcher, bare, field):
    given = lines({"id": "bad", "text": FIRST} | field, {"id": "b", "text": QUOTING})
    result = watcher("corpus", "judge", "--add", "-", input=given)
    error, answer = answers(result)
    assert error["error"].startswith(f'line 1: "{next(iter(field))}"')
    assert (answer["id"], result.exit_code) == ("b", 1)


def test_add_says_what_could_not_be_read_and_takes_the_rest(watcher, bare):
    (bare / "docs").mkdir()
    (bare / "docs" / "good.txt").write_text("A guard is gone\n\n" + FIRST, encoding="utf-8")
    (bare / "docs" / "bad.pdf").write_bytes(b"%PDF-1.4 nothing")
    result = watcher("corpus", "add", "docs", "--json")
    answer = json.loads(result.stdout)
    assert (result.exit_code, answer["added"]) == (1, 1)
    assert any("bad.pdf" in problem for problem in answer["problems"])


def test_a_foreign_pack_is_refused_and_nothing_of_it_is_loaded(watcher, bare):
    (bare / "x.fingerprints").write_bytes(b"not a pack")
    result = watcher("corpus", "add", "x.fingerprints")
    assert result.exit_code == 1
    assert "x.fingerprints" in result.stderr
    assert "Traceback" not in result.stderr


LINES = [lines({"id": name, "text": text}).encode() for name, text in (("a", FIRST), ("b", QUOTING))]
PACKED = gzip.compress(b"".join(LINES) + lines({"id": "c", "text": "x" * 500}).encode())


@pytest.mark.parametrize(
    ("name", "content", "added", "said"),
    [
        ("x.jsonl", LINES[0] + b'{"id": "c", "text": "cut off\n' + LINES[1], 2, "x.jsonl:2: not JSON"),
        (
            "x.jsonl",
            LINES[0] + b'{"text": "caf\xe9"}\n' + LINES[1],
            2,
            "x.jsonl:2: not UTF-8: byte 14 is 0xe9",
        ),
        ("x.jsonl", LINES[0] + b'{"text": "%s"}\n' % (b"word " * 400) + LINES[1], 2, "x.jsonl:2: too long"),
        ("x.jsonl.gz", PACKED[:-30], 1, "x.jsonl.gz: damaged or cut short after line 1"),
        ("x.jsonl.gz", b"not gzip", 0, "x.jsonl.gz: damaged or cut short after line 0: Not a gzipped file"),
        ("x.jsonl", b"{bad}\n" * 300, 0, "… and 200 more that could not be read."),
    ],
    ids=["cut off", "not UTF-8", "too long", "gzip cut short", "no gzip", "all of it"],
)
def test_add_names_file_and_line_of_what_is_damaged_and_takes_whole_documents_only(
    watcher, bare, monkeypatch, *, name, content, added, said
):
    monkeypatch.setattr(stocking, "LONGEST_LINE", 1000)
    (bare / name).write_bytes(content)
    result = watcher("corpus", "add", name)
    assert (result.exit_code, said in result.stderr) == (1, True), result.stderr
    assert result.stdout.startswith(f"{added} document")
    again = watcher("corpus", "add", name, "--json")
    assert {"added": 0, "known": added}.items() <= json.loads(again.stdout).items()


def test_judge_reads_a_compressed_file_up_to_its_first_damage(watcher, bare):
    given = lines({"id": "a", "text": FIRST}, {"id": "b", "text": APPENDED}).encode()
    (bare / "x.jsonl.gz").write_bytes(gzip.compress(given))
    whole = watcher("corpus", "judge", "x.jsonl.gz")
    assert (whole.exit_code, [answer["id"] for answer in answers(whole)]) == (0, ["a", "b"]), whole.stderr
    (bare / "x.jsonl.gz").write_bytes(gzip.compress(given)[:-4])
    cut = watcher("corpus", "judge", "x.jsonl.gz")
    assert (cut.exit_code, [answer["id"] for answer in answers(cut)]) == (1, ["a", "b"])
    assert "x.jsonl.gz: damaged or cut short after line 2" in cut.stderr


def test_long_documents_are_taken_a_few_at_a_time(monkeypatch):
    monkeypatch.setattr(stocking, "BATCH_BYTES", 1000)
    batches = [len(batch) for batch, _ in stocking._batches((each(number), 10) for number in range(7))]
    assert batches == [2, 2, 2, 1]


def each(number: int):
    return stocking.document_of(lines({"id": str(number), "text": FIRST}), "added")


PIERS = (
    "The harbour board of Port Ellery closed two of its four piers on Monday after navy divers found cracks in the "
    "concrete footing. Mayor Ines Corvane asked the capital for a bridge loan. Fishing crews land at Marrow Bay."
)
PIERS_AGAIN = (
    "Cracks in the footing have shut two piers at Port Ellery, and crews must unload at Marrow Bay. Divers of "
    "the navy made the find. A loan from the capital is what mayor Ines Corvane hopes for, the harbour board said."
)


def test_reports_of_one_event_share_a_story_without_titles_and_dates(watcher, bare):
    given = lines({"id": "p", "text": PIERS}, {"id": "q", "text": QUOTING}, {"id": "r", "text": PIERS_AGAIN})
    told = [answer["story"] for answer in answers(watcher("corpus", "judge", "--add", "-", input=given))]
    assert told == ["p", "q", "p"]


def test_a_report_joins_the_story_of_one_that_an_earlier_run_added(watcher, bare):
    watcher("corpus", "judge", "--add", "-", input=lines({"id": "p", "text": PIERS}))
    given = lines({"id": "r", "text": PIERS_AGAIN}, {"id": "q", "text": QUOTING})
    assert [answer["story"] for answer in answers(watcher("corpus", "judge", "-", input=given))] == [
        "p",
        None,
    ]
    assert [answer["story"] for answer in answers(watcher("corpus", "judge", "--add", "-", input=given))] == [
        "p",
        "q",
    ]


@pytest.mark.parametrize(
    ("published", "story"), [("1997-03-01T20:00:00+09:00", "p"), ("1997-03-02", "p"), ("1997-03-09", "r")]
)
def test_reports_of_long_ago_share_a_story_by_their_dates(watcher, bare, published, story):
    given = lines(
        {"id": "p", "text": PIERS, "published": "1997-03-01T08:00:00Z"},
        {"id": "r", "text": PIERS_AGAIN, "published": published},
    )
    _, told = answers(watcher("corpus", "judge", "--add", "-", input=given))
    assert told["story"] == story
