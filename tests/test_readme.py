"""The README tells the truth: its program, its output, its settings. `pytest --bless` renews the output."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tooearly.config import ConfigError, Settings
from tooearly.workspace import load

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
EXAMPLE = "examples/too_early.py"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def test_the_program_is_the_example() -> None:
    before, after = blocks("python")
    example = (ROOT / EXAMPLE).read_text(encoding="utf-8")
    shown = [line for line in before.splitlines() if line]
    lines = [line for line in example.splitlines() if '"""' not in line]
    start = lines.index(shown[0])
    assert lines[start : start + len(shown)] == shown
    command = [sys.executable, "-m", "tooearly", "check", "--diff", EXAMPLE]
    diff = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    assert f"-{shown[-1]}\n+{after}" in diff


def test_the_output_is_what_the_command_prints(request: pytest.FixtureRequest) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tooearly", "check", EXAMPLE], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (1, "")
    expected = f"$ tooearly check {EXAMPLE}\n{ran.stdout}"
    [shown] = blocks("console")
    if shown != expected and request.config.getoption("--bless"):
        README.write_text(README.read_text(encoding="utf-8").replace(shown, expected), encoding="utf-8")
        return
    assert shown == expected


def test_the_settings_are_understood(tmp_path: Path) -> None:
    [table] = blocks("toml")
    path = tmp_path / "pyproject.toml"
    path.write_text(table, encoding="utf-8")
    settings = load(path)
    assert settings != Settings()
    assert settings.api == ({"name": "mylib.spawn", "same": "asyncio.create_task"},)
    path.write_text(table.replace("same", "seem"), encoding="utf-8")
    with pytest.raises(ConfigError):
        load(path)


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", README.read_text(encoding="utf-8")):
        assert (ROOT / target).exists(), target


def test_the_commands_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^    make (\w+)", README.read_text(encoding="utf-8"), re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
