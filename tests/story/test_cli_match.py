"""`watcher match`: a query tried on text and files."""

from __future__ import annotations

import json

import pytest


def test_text_from_stdin_is_taken_unchanged_and_hits_quote_it(watcher):
    text = "  Two officers\nof the MSS defected.\n"
    result = watcher("match", "defected NEAR/5 MSS", "--json", input=text)
    assert result.exit_code == 0
    answer = json.loads(result.stdout)
    assert answer["matched"] is True
    assert [(hit["term"], hit["field"], hit["text"]) for hit in answer["hits"]] == [
        ("MSS", "body", "MSS"),
        ("defected", "body", "defected"),
    ]
    for hit in answer["hits"]:
        assert text[hit["start"] : hit["end"]] == hit["text"]


def test_unmatched_is_exit_1_with_no_hits(watcher):
    result = watcher("match", "spy", "--json", input="Spyware was found.")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {"matched": False, "hits": []}


def test_the_title_option_is_the_title_of_stdin(watcher):
    result = watcher(
        "match", "title:defector", "--title", "A defector speaks", "--json", input="Nothing here."
    )
    assert result.exit_code == 0
    assert json.loads(result.stdout)["hits"][0]["field"] == "title"


def test_korean_and_chinese_offsets_are_code_points(watcher):
    result = watcher("match", "*탈북* OR 张成泽", "--json", input="기획탈북 사건. 張成澤被處決。")
    assert [hit["text"] for hit in json.loads(result.stdout)["hits"]] == ["기획탈북", "張成澤"]


def test_a_broken_query_is_exit_2_with_a_caret_under_the_place(watcher):
    result = watcher("match", "(spy OR agent", input="")
    assert result.exit_code == 2
    assert "(spy OR agent" in result.stderr
    assert "^" in result.stderr.splitlines()[-1]


def test_an_unknown_concept_is_exit_2_also_without_a_config(watcher, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = watcher("match", "@nobody", input="text")
    assert result.exit_code == 2
    assert "nobody" in result.stderr


def test_works_without_a_config_and_knows_the_built_in_concept(watcher, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert watcher("match", "@reversal", input="The ministry denied the report.").exit_code == 0


def test_concepts_come_from_the_config(watcher, desk):
    assert watcher("match", "@flee NEAR/10 @dprk", input="He fled North Korea.").exit_code == 0


def test_files_are_read_as_the_daemon_reads_them_a_line_each(watcher, desk):
    (desk / "a.html").write_text(
        "<html><head><title>Officer gone</title></head><body><article><p>An officer of the guards defected in "
        "May and has not been seen since, three people said.</p></article></body></html>",
        encoding="utf-8",
    )
    (desk / "b.txt").write_text("Rain is expected.", encoding="utf-8")
    result = watcher("match", "defected", "a.html", "b.txt", "--json")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert [(line["file"], line["matched"]) for line in lines] == [("a.html", True), ("b.txt", False)]


def test_a_file_that_cannot_be_read_does_not_stop_the_others(watcher, desk):
    (desk / "good.txt").write_text("A spy was caught.", encoding="utf-8")
    result = watcher("match", "spy", "missing.txt", "good.txt", "--json")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 1
    assert [line["matched"] for line in lines] == [False, True]
    assert "no such file" in lines[0]["error"]
    assert "missing.txt: no such file" in result.stderr


@pytest.mark.parametrize(
    ("text", "shown"),
    [("The spy left. Rain fell.", "The spy left."), ("첫째. 간첩이 잡혔다. 끝.", "간첩이 잡혔다.")],
)
def test_people_see_the_sentences_that_were_hit(watcher, text, shown):
    result = watcher("match", "spy OR 간첩", input=text)
    assert "matched" in result.stdout
    assert shown in result.stdout
    assert "Rain" not in result.stdout
