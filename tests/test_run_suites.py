"""The runner of all suites reads figures from what the suites print."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PATH = Path(__file__).parent.parent / "scripts" / "run_suites.py"
spec = importlib.util.spec_from_file_location("run_suites", PATH)
assert spec is not None
assert spec.loader is not None
run_suites = importlib.util.module_from_spec(spec)
sys.modules["run_suites"] = run_suites
spec.loader.exec_module(run_suites)

NODE = """\
ℹ tests 7
ℹ suites 0
ℹ pass 4
ℹ fail 1
ℹ cancelled 0
ℹ skipped 2
ℹ todo 0
"""


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("....\n145 passed in 6.75s\n", (145, 0, 0)),
        ("658 failed, 606 passed, 3 skipped, 2 xfailed in 23.18s\n", (608, 658, 3)),
        ("1 passed, 1 error in 0.10s\n== 2 passed, 5 deselected in 61.20s (0:01:01) ==\n", (3, 1, 0)),
        ("\x1b[32m\x1b[1m3 passed\x1b[0m in 0.1s\n", (3, 0, 0)),
        (NODE, (4, 1, 2)),
        (NODE.replace("ℹ", "#") + NODE, (8, 2, 4)),
        ("Success: no issues found in 9 source files\n", (0, 0, 0)),
    ],
)
def test_figures_are_read(text: str, figures: tuple[int, int, int]) -> None:
    count = run_suites.counted(text)
    assert (count.passed, count.failed, count.skipped) == figures


def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recipe: str, **options: bool) -> tuple[tuple[int, ...], str]:
    monkeypatch.setattr(run_suites, "ROOT", tmp_path)
    monkeypatch.setattr(run_suites, "LOGS", tmp_path)
    (tmp_path / "Makefile").write_text(f"one:\n\t@{recipe}\n")
    count, note, _ = run_suites.run(run_suites.Suite("one", **options))
    return (count.passed, count.failed, count.skipped), note


def test_a_suite_without_figures_counts_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert suite(tmp_path, monkeypatch, "echo fine")[0] == (1, 0, 0)
    assert suite(tmp_path, monkeypatch, "false")[0] == (0, 1, 0)
    assert suite(tmp_path, monkeypatch, "echo 3 passed in 1.0s; false")[0] == (3, 1, 0)


def test_in_ci_nothing_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "")
    skipping = "echo 1 passed, 1 skipped in 1.0s"
    assert suite(tmp_path, monkeypatch, skipping, complete=True)[0] == (1, 0, 1)
    assert run_suites.run(run_suites.Suite("one", ("no-such-program",)))[1] == ", not run: no-such-program missing"
    monkeypatch.setenv("CI", "true")
    assert suite(tmp_path, monkeypatch, skipping, complete=True)[0] == (1, 1, 0)
    assert suite(tmp_path, monkeypatch, skipping)[0] == (1, 0, 1)
    assert run_suites.run(run_suites.Suite("one", ("no-such-program",)))[0].failed == 1


def test_an_error_of_the_runner_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(_suite: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(run_suites, "run", fails)
    assert run_suites.main(["test-lsp"]) == 1
    assert capsys.readouterr().out.endswith("0 passed, 1 failed, 0 skipped\n")
    assert run_suites.main(["no-such-suite"]) == 1


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_each_test_file_is_in_exactly_one_suite() -> None:
    """As `make -n` prints the commands of the suites, aggregates aside."""
    root = PATH.parent.parent
    taken: list[Path] = []
    for suite in run_suites.SUITES:
        command = ["make", "--no-print-directory", "-n", suite.target]
        printed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
        for line in printed.replace("\\\n", " ").splitlines():
            _, pytest_there, arguments = line.partition("-m pytest ")
            if pytest_there:
                words = arguments.split()
                apart = [root / word.partition("=")[2] for word in words if word.startswith("--ignore=")]
                for chosen in (root / word for word in words if not word.startswith("-")):
                    files = chosen.rglob("test_*.py") if chosen.is_dir() else [chosen]
                    taken += [file for file in files if not any(file.is_relative_to(gone) for gone in apart)]
    assert sorted(taken) == sorted((root / "tests").rglob("test_*.py"))
