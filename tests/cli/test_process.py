"""The command as a process: what a shell sees."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def tooearly(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tooearly", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=60, check=False)


def test_the_version() -> None:
    from tooearly import __version__

    ran = tooearly("--version")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, f"tooearly {__version__}\n", "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["chek"], "invalid choice: 'chek'"),
        (["check", "--fx"], "unrecognized arguments: --fx"),
        (["check", "--stat"], "unrecognized arguments: --stat"),
        (["check", "--output-format", "xml"], "invalid choice: 'xml'"),
        (["check", "--fix-with", "hope"], "invalid choice: 'hope'"),
        (["check", "--jobs", "0"], "'0' is no number of processes"),
        (["check", "--config", "gone.toml"], "gone.toml: cannot be read: no such file or directory"),
        (["check", "--select", "E501"], "`--select`: there is no rule `E501`"),
        (["check", "-", "a.py"], "`-` cannot be checked together with other paths"),
        (["check", "gone.py"], "gone.py: there is no such file or folder"),
        (["explain", "result-befor-done"], "there is no rule `result-befor-done`; did you mean `result-before-done`?"),
        (["explain", "gone.py:3"], "gone.py: there is no such file"),
        (["explain", "README.md:99999"], "README.md has no line 99999"),
        (["states", "gone.py"], "gone.py: there is no such file"),
        (["cfg", "README.md"], "name a function as FILE::FUNCTION"),
        (["server", "--tcp", "nonsense"], "--tcp wants HOST:PORT, not 'nonsense'"),
        (["server", "--tcp", "h:1", "--stdio"], "--stdio and --tcp cannot be had together"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_status_2(arguments: list[str], said: str) -> None:
    ran = tooearly(*arguments)
    assert ran.returncode == 2
    assert ran.stdout in {"", "Nothing found in 0 files.\n"}
    assert said in ran.stderr
    assert ran.stderr.count("\n") == 1
    assert ran.stderr.startswith("tooearly: ")


def test_help_names_every_command_and_the_statuses() -> None:
    text = tooearly("--help").stdout
    for word in ("check", "server", "explain", "states", "cfg", "rows", "exit status"):
        assert word in text
    assert "--unsafe-fixes" in tooearly("check", "--help").stdout


def test_an_invalid_configuration_is_status_2(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.tooearly]\nselect = ["nonsense"]\n')
    (tmp_path / "a.py").touch()
    ran = tooearly("check", cwd=tmp_path)
    assert ran.returncode == 2
    assert ran.stderr.endswith(
        "pyproject.toml: `select`: there is no rule `nonsense` (rules: result-before-done, blocking-result)\n"
    )


def test_the_command_line_loads_no_protocol_library(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import asyncio\n\nx = asyncio.Future().result()\n")
    program = (
        "import sys, tooearly.cli\n"
        f"tooearly.cli.main(['check', {str(tmp_path)!r}])\n"
        "wrong = {'pygls', 'lsprotocol', 'attrs', 'cattrs', 'asyncio'} & set(sys.modules)\n"
        "assert not wrong, wrong\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["explain", "x"]])
def test_small_commands_load_no_analysis(arguments: list[str]) -> None:
    program = (
        "import sys, tooearly.cli\n"
        f"try: tooearly.cli.main({arguments!r})\n"
        "except SystemExit: pass\n"
        "wrong = {name for name in sys.modules if name.startswith(('tooearly.api', 'tooearly.flow', 'tooearly.lsp'))}\n"
        "assert not wrong, wrong\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


@pytest.mark.skipif(os.name == "nt", reason="there are no named pipes on Windows")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_ends_without_a_word(tmp_path: Path, jobs: str) -> None:
    """A file that is a named pipe tells when it is being read, and keeps the reader waiting."""
    pipes = [tmp_path / f"{number}.py" for number in range(int(jobs))]
    for pipe in pipes:
        os.mkfifo(pipe)
    # Tests that run in the background ignore the signal, and so would what they start.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "tooearly", "check", "--jobs", jobs, *map(str, pipes)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    finally:
        signal.signal(signal.SIGINT, before)
    writers = [pipe.open("wb") for pipe in pipes]
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    for writer in writers:
        writer.close()
    assert (process.returncode, out, err) == (130, b"", b"")


@pytest.mark.skipif(os.name == "nt", reason="there is no /bin/sh on Windows")
def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path) -> None:
    program = (
        "import sys, tooearly.cli.entry as m\n"
        "def many(chosen, streams):\n"
        "    for _ in range(100000): streams.out.write('x' * 100 + '\\n')\n"
        "    return 0\n"
        "m._run = many\n"
        "sys.exit(m.main(['rows']))\n"
    )
    (tmp_path / "p.py").write_text(program)
    command = f"{sys.executable} {tmp_path / 'p.py'} | head -1"
    ran = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False)
    assert ran.stdout == "x" * 100 + "\n"
    assert ran.stderr == ""


def test_output_that_the_terminal_cannot_show_is_escaped(tmp_path: Path) -> None:
    (tmp_path / "ä.py").write_bytes(b"\xff")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    ran = subprocess.run(
        [sys.executable, "-m", "tooearly", "check", "."],
        capture_output=True, text=True, cwd=tmp_path, env=environment, check=False,
    )  # fmt: skip
    assert ran.returncode == 0
    assert ran.stderr.startswith("warning: \\xe4.py: cannot be decoded")


def test_standard_output_holds_the_results_alone(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("def f(:\n")
    ran = tooearly("check", "--output-format", "json", ".", "gone", cwd=tmp_path)
    assert json.loads(ran.stdout) == []
    assert len(ran.stderr.splitlines()) == 2
