"""Each output format, judged by a reader of that format where there is one."""

from __future__ import annotations

import hashlib
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import jsonschema
import pytest

from tests.cli.fake import Ran, run

TEXT = "import asyncio\nx = 'ä𝕏'; READ(task)\n\tMAYBE(b)\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a b.py").write_text(TEXT, encoding="utf-8")
    return tmp_path


def checked(name: str, *more: str) -> Ran:
    ran = run(".", "--output-format", name, *more)
    assert ran.status == 1
    assert ran.err == ""
    return ran


def part(text: str, record: dict[str, Any]) -> str:
    """The piece of text between a record's two locations."""
    lines = text.split("\n")
    start, end = record["location"], record["end_location"]
    assert start["row"] == end["row"]
    return lines[start["row"] - 1][start["column"] - 1 : end["column"] - 1]


def test_json_has_the_shape_of_the_contract(here: Path) -> None:
    first, second = json.loads(checked("json").out)
    assert list(first) == [
        "code", "severity", "certainty", "message", "filename", "location", "end_location", "url", "related", "fixes",
    ]  # fmt: skip
    assert (first["code"], first["severity"], first["certainty"]) == ("result-before-done", "error", "always")
    assert (second["severity"], second["certainty"]) == ("warning", "possible")
    assert (first["filename"], first["location"]) == ("a b.py", {"row": 2, "column": 11})
    assert part(TEXT, first) == "READ(task)"
    assert part(TEXT, second) == "MAYBE(b)"
    assert first["url"].endswith("/result-before-done")
    [related] = first["related"]
    assert related["message"] == "`task` is made here"
    assert related["location"] == {"row": 1, "column": 1}
    assert [fix["kind"] for fix in first["fixes"]] == ["await", "gather", "wait"]
    fix = first["fixes"][0]
    assert (fix["title"], fix["applicability"], fix["preferred"]) == ("Await `task`", "safe", True)
    [edit] = fix["edits"]
    assert edit["content"] == "await task"
    assert part(TEXT, edit) == "READ(task)"


def test_json_of_nothing_is_an_empty_array(here: Path) -> None:
    (here / "a b.py").write_text("x = 1\n")
    assert json.loads(run(".", "--output-format", "json").out) == []
    assert run(".", "--output-format", "jsonl").out == ""


def test_jsonl_is_the_same_objects_line_by_line(here: Path) -> None:
    lines = checked("jsonl").out.splitlines()
    assert [json.loads(line) for line in lines] == json.loads(checked("json").out)


def test_text_shows_the_line_the_range_the_reason_and_the_fixes(here: Path) -> None:
    out = checked("text").out
    assert out.startswith(
        "a b.py:2:11: error[result-before-done] `task` may still be running: 100% & <sure>\n"
        "  |\n"
        "2 | x = 'ä𝕏'; READ(task)\n"
        "  |           ^^^^^^^^^^\n"
        "  - line 1: `task` is made here\n"
        "  = fix: Await `task` (await, preferred)\n"
        "  = fix: Gather `task` (gather)\n"
        "  = fix: Wait for `task` (wait, unsafe)\n"
    )
    assert "\n3 |     MAYBE(b)\n  |     ^^^^^^^^\n" in out
    assert out.endswith("\nFound 2 findings in 1 file; 2 can be fixed with --fix.\n")


def test_carets_stand_under_wide_and_combining_characters(here: Path) -> None:
    (here / "a b.py").write_text("日本 = 'e\u0301'; READ(t)\n", encoding="utf-8")
    lines = checked("text").out.splitlines()
    assert lines[2] == "1 | 日本 = 'e\u0301'; READ(t)"
    assert lines[3] == "  | " + 12 * " " + "^^^^^^^"


def test_control_characters_never_reach_the_terminal(here: Path) -> None:
    (here / "a b.py").write_bytes(b"x = '\x1b[2J\x07\xe2\x80\xae'; READ(t)\n")
    lines = checked("text").out.splitlines()
    assert lines[2] == "1 | x = '\u241b[2J\u2407\ufffd'; READ(t)"
    assert lines[3].index("^") == lines[2].index("READ")


def test_a_read_over_several_lines_is_marked_to_the_end_of_its_first(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.cli.fake.READ", re.compile(r"(READ)\((\w*)\n\)"))
    (here / "a b.py").write_text("x = (READ(t\n))\n")
    assert "\n1 | x = (READ(t\n  |      ^^^^^^...\n" in checked("text").out


def test_colour_only_on_a_terminal_and_not_with_no_color(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    plain = checked("text").out
    coloured = run(".", terminal=True).out
    assert "\x1b[" not in plain
    assert "\x1b[1;31merror\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain
    monkeypatch.setenv("NO_COLOR", "1")
    assert run(".", terminal=True).out == plain


def test_concise_is_one_line_a_finding(here: Path) -> None:
    assert checked("concise").out.splitlines() == [
        "a b.py:2:11: error[result-before-done] `task` may still be running: 100% & <sure>",
        "a b.py:3:2: warning[result-before-done] `b` may still be running: 100% & <sure>",
        "Found 2 findings in 1 file; 2 can be fixed with --fix.",
    ]


def test_github_commands_are_escaped(here: Path) -> None:
    (here / "a b.py").rename(here / "a,b%.py")
    assert checked("github").out.splitlines() == [
        (
            "::error title=tooearly (result-before-done),file=a%2Cb%25.py,line=2,endLine=2,col=11,endColumn=21::"
            "a,b%25.py:2:11: result-before-done `task` may still be running: 100%25 & <sure>"
        ),
        (
            "::warning title=tooearly (result-before-done),file=a%2Cb%25.py,line=3,endLine=3,col=2,endColumn=10::"
            "a,b%25.py:3:2: result-before-done `b` may still be running: 100%25 & <sure>"
        ),
    ]


def test_gitlab_issues_have_what_gitlab_requires(here: Path) -> None:
    issues = json.loads(checked("gitlab").out)
    for issue in issues:
        assert {"description", "check_name", "fingerprint", "severity", "location"} <= set(issue)
        assert issue["severity"] in {"info", "minor", "major", "critical", "blocker"}
    assert issues[0]["location"]["path"] == "a b.py"
    assert issues[0]["location"]["positions"]["begin"] == {"line": 2, "column": 11}


def test_gitlab_fingerprints_outlive_moved_lines_and_differ(here: Path) -> None:
    (here / "a b.py").write_text("READ(t)\nREAD(t)\nREAD(u)\n")
    before = [issue["fingerprint"] for issue in json.loads(checked("gitlab").out)]
    (here / "a b.py").write_text("import os\n\nREAD(t)\n    READ(t)\nREAD(u)\n")
    after = [issue["fingerprint"] for issue in json.loads(checked("gitlab").out)]
    assert before == after
    assert len(set(before)) == 3
    assert all(len(name) == hashlib.sha256().digest_size * 2 for name in before)


def test_gitlab_paths_are_relative_to_the_folder(here: Path) -> None:
    ran = run(str(here), "--output-format", "gitlab")
    assert json.loads(ran.out)[0]["location"]["path"] == "a b.py"


def test_junit_is_xml_with_a_failure_for_each_finding(here: Path) -> None:
    root = ET.fromstring(checked("junit").out)
    assert root.tag == "testsuites"
    [suite] = root
    assert (suite.get("name"), suite.get("tests"), suite.get("failures")) == ("a b.py", "2", "2")
    failures = suite.findall("testcase/failure")
    assert [failure.get("message") for failure in failures] == [
        "`task` may still be running: 100% & <sure>",
        "`b` may still be running: 100% & <sure>",
    ]
    assert "line 1: `task` is made here" in (failures[0].text or "")


def test_junit_without_findings_has_one_case_that_passed(here: Path) -> None:
    (here / "a b.py").write_text("x = 1\n")
    root = ET.fromstring(run(".", "--output-format", "junit").out)
    assert len(root.findall("testsuite/testcase")) == 1
    assert root.find(".//failure") is None


REGION = {"type": "object", "required": ["startLine", "startColumn", "endLine", "endColumn"]}
PHYSICAL = {
    "type": "object",
    "required": ["artifactLocation", "region"],
    "properties": {"artifactLocation": {"type": "object", "required": ["uri"]}, "region": REGION},
}
SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "properties": {
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "tool": {"required": ["driver"], "properties": {"driver": {"required": ["name", "rules"]}}},
                    "results": {
                        "type": "array",
                        "items": {
                            "required": ["message", "ruleId", "locations"],
                            "properties": {
                                "level": {"enum": ["none", "note", "warning", "error"]},
                                "message": {"required": ["text"]},
                                "locations": {
                                    "items": {
                                        "required": ["physicalLocation"],
                                        "properties": {"physicalLocation": PHYSICAL},
                                    }
                                },
                                "fixes": {"items": {"required": ["artifactChanges"]}},
                            },
                        },
                    },
                },
            },
        },
    },
}


def test_sarif_has_what_the_standard_requires(here: Path) -> None:
    log = json.loads(checked("sarif").out)
    jsonschema.validate(log, SARIF)
    [run_] = log["runs"]
    rules = run_["tool"]["driver"]["rules"]
    for result in run_["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    first = run_["results"][0]
    place = first["locations"][0]["physicalLocation"]
    assert place["region"] == {"startLine": 2, "startColumn": 11, "endLine": 2, "endColumn": 21}
    [change] = first["fixes"][0]["artifactChanges"]
    assert change["replacements"][0]["insertedContent"] == {"text": "await task"}
    assert (first["level"], run_["results"][1]["level"]) == ("error", "warning")


def test_sarif_uris_lead_to_the_file(here: Path) -> None:
    [run_] = json.loads(checked("sarif").out)["runs"]
    artifact = run_["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    base = run_["originalUriBaseIds"][artifact["uriBaseId"]]["uri"]
    assert base.endswith("/")
    assert Path(unquote(urlparse(base + artifact["uri"]).path)) == here / "a b.py"


def test_sarif_reports_files_that_could_not_be_read(here: Path) -> None:
    (here / "bad.py").write_bytes(b"\xff")
    ran = run(".", "--output-format", "sarif")
    [note] = json.loads(ran.out)["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert "bad.py" in note["message"]["text"]
