"""`tooearly check`: exit statuses, what goes where, and bad input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.fake import run
from tooearly.config import ConfigError


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_nothing_found_is_status_0(here: Path) -> None:
    write(here / "a.py", "x = 1\n")
    ran = run(".")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == "\nNothing found in 1 file.\n"[1:]


def test_a_finding_is_status_1_unless_asked_otherwise(here: Path) -> None:
    write(here / "a.py", "READ(t)\n")
    assert run(".").status == 1
    ran = run(".", "--exit-zero")
    assert ran.status == 0
    assert "`t` may still be running" in ran.out


def test_this_folder_is_the_default(here: Path) -> None:
    write(here / "p" / "a.py", "READ(t)\n")
    assert run("--output-format", "concise").out.startswith("p/a.py:1:1: error[result-before-done] `t` may")


def test_a_missing_path_is_status_2_and_the_others_are_checked(here: Path) -> None:
    write(here / "a.py", "READ(t)\n")
    ran = run("nowhere.py", "a.py", "--exit-zero")
    assert ran.status == 2
    assert ran.err == "tooearly: nowhere.py: there is no such file or folder\n"
    assert "a.py:1:1" in ran.out


def test_a_folder_without_python_files_is_said_and_status_0(here: Path) -> None:
    write(here / "docs" / "a.txt", "READ(t)")
    ran = run("docs")
    assert ran.status == 0
    assert ran.err == "warning: docs: no Python files here\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"x = '\xff'\nREAD(t)\n", "cannot be decoded: byte 0xff on line 1 is not utf-8"),
        (b"x = 1\ny = '\xff'\n", "cannot be decoded: byte 0xff on line 2 is not utf-8"),
        (b"# coding: klingon\nREAD(t)\n", "cannot be decoded: unknown encoding"),
        (b"def f(:\n", "bad.py:1:7: cannot be parsed: "),
        (b"x = 1\0\n", "cannot be parsed: "),
        (b"x = 1\nBROKEN\n", "bad.py:2:1: cannot be parsed: what is BROKEN?"),
        (b"CRASH\n", "internal error, please report it: RuntimeError: a mistake"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_warning_and_the_rest_goes_on(here: Path, content: bytes, said: str) -> None:
    write(here / "bad.py", content)
    write(here / "good.py", "READ(t)\n")
    ran = run(".", "--output-format", "concise")
    assert ran.status == 1
    assert ran.err.startswith("warning: bad.py")
    assert said in ran.err
    assert ran.err.count("\n") == 1
    assert "good.py:1:1" in ran.out


def test_a_broken_file_is_no_failure(here: Path) -> None:
    write(here / "bad.py", "def f(:\n")
    assert run(".").status == 0


def test_deep_nesting_is_a_warning(here: Path) -> None:
    write(here / "deep.py", "(" * 500 + ")" * 500)
    ran = run(".")
    assert ran.status == 0
    assert ran.err.startswith("warning: deep.py")


def test_a_file_is_checked_once_however_often_it_is_named(here: Path) -> None:
    write(here / "a.py", "READ(t)\n")
    assert len(json.loads(run("a.py", "./a.py", ".", str(here / "a.py"), "--output-format", "json").out)) == 1


def test_an_invalid_configuration_is_raised_for_status_2(here: Path) -> None:
    write(here / "pyproject.toml", "[tool.tooearly]\nselct = []\n")
    write(here / "a.py", "READ(t)\n")
    with pytest.raises(ConfigError, match=r"pyproject.toml: unknown setting `selct`; did you mean `select`\?"):
        run(".")


def test_rules_can_be_chosen(here: Path) -> None:
    write(here / "a.py", "READ(t)\n")
    assert run(".", "--ignore", "result-before-done").status == 0
    assert run(".", "--select", "blocking-result").status == 0
    assert run(".", "--select", "blocking-result,result-before-done").status == 1
    assert run(".", "--select", "all").status == 1
    with pytest.raises(ConfigError, match=r"`--select`: there is no rule `result-befor`; did you mean"):
        run(".", "--select", "result-befor")


def test_the_command_line_goes_over_the_configuration(here: Path) -> None:
    write(here / "tooearly.toml", 'select = ["blocking-result"]\n')
    write(here / "a.py", "READ(t)\n")
    assert run(".").status == 0
    assert run(".", "--select", "result-before-done").status == 1


def test_per_file_ignores(here: Path) -> None:
    table = '[tool.tooearly.per-file-ignores]\n"tests/*" = ["result-before-done"]\n'
    write(here / "pyproject.toml", table)
    write(here / "tests" / "deep" / "a.py", "READ(t)\n")
    assert run(".").status == 0
    write(here / "src" / "a.py", "READ(t)\n")
    assert run(".").status == 1


def test_config_option_names_the_file(here: Path) -> None:
    write(here / "pyproject.toml", "[tool.tooearly]\nnonsense = 1\n")
    other = write(here / "other" / "strict.toml", 'ignore = ["result-before-done"]\n')
    write(here / "a.py", "READ(t)\n")
    assert run(".", "--config", str(other)).status == 0


def test_standard_input(here: Path) -> None:
    ran = run("-", "--output-format", "json", stdin=b"\xef\xbb\xbfx = '\xc3\xa4'; READ(t)\r\n")
    [record] = json.loads(ran.out)
    assert (ran.status, record["filename"]) == (1, "<stdin>")
    assert record["location"] == {"row": 1, "column": 10}


def test_standard_input_under_a_name_takes_that_files_settings(here: Path) -> None:
    write(here / "pkg" / "tooearly.toml", 'ignore = ["result-before-done"]\n')
    assert run("-", "--stdin-filename", "pkg/a.py", stdin=b"READ(t)\n").status == 0
    ran = run("-", "--stdin-filename", "a.py", "--output-format", "concise", stdin=b"READ(t)\n")
    assert ran.out.startswith("a.py:1:1")


def test_statistics_count_files_functions_findings_and_time(here: Path) -> None:
    write(here / "a.py", "def f():\n    def g(): READ(t)\n    MAYBE(u)\n")
    write(here / "b.py", "x = 1\n")
    out = run(".", "--statistics").out
    assert "2 files, 1 of them with a possible read" in out
    assert "2 functions analysed" in out
    assert "2 findings, 1 of them certain" in out
    assert "2 result-before-done" in out


def test_statistics_do_not_spoil_output_for_programs(here: Path) -> None:
    write(here / "a.py", "READ(t)\n")
    ran = run(".", "--statistics", "--output-format", "json")
    assert len(json.loads(ran.out)) == 1
    assert "1 findings" in ran.err


def test_several_processes_give_the_same_in_the_same_order(here: Path) -> None:
    for number in range(40):
        write(here / f"m{number:02}.py", "READ(t)\n" * (number % 3) + "x = 1\n")
    alone = run(".", "--output-format", "json", "--jobs", "1")
    together = run(".", "--output-format", "json", "--jobs", "2")
    assert alone == together
    assert len(json.loads(alone.out)) == 39
