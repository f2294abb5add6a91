"""What the tests in real editors share: the set-up of docs/editors.md, the demo file, running an editor to its end.

Each editor is started with the snippet of docs/editors.md as its configuration file and a script of this folder that
does what a person would: wait for the diagnostic, take the preferred fix, save. The script reports what it saw as JSON;
the test looks at that and at the file on the disk.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
PATIENCE_SECONDS = 120

PROGRAM = """\
import asyncio


async def work():
    await asyncio.sleep(1)
    return 100


async def main():
    task = asyncio.create_task(work())
    await asyncio.sleep(0.5)
    print(f"{task.result()}")


asyncio.run(main())
"""
AWAITED = PROGRAM.replace("{task.result()}", "{await task}")


@dataclass(frozen=True, slots=True)
class Seen:
    """What an editor showed, and what it left on the disk."""

    diagnostics: list[dict[str, Any]]
    text: str


def snippet(heading: str, language: str) -> str:
    """The code block of `docs/editors.md` in the section with this heading."""
    page = (ROOT / "docs" / "editors.md").read_text(encoding="utf-8")
    section = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert section, f"docs/editors.md has no section {heading!r}"
    block = re.search(rf"^```{language}\n(.*?)^```", section[1], re.MULTILINE | re.DOTALL)
    assert block, f"the section {heading!r} of docs/editors.md has no {language} block"
    return block[1]


def set_up(editor: str) -> None:
    """Install an editor, or skip the test and say why it cannot be had; under CI that is a failure."""
    command = ["bash", str(ROOT / "scripts" / "setup-editors.sh"), editor]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["scripts/setup-editors.sh failed"])[-1]
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


def run_editor(command: list[str], folder: Path) -> Seen:
    """Run an editor on `folder/demo.py` until it ends by itself; its process group is ended if it does not."""
    report, log = folder / "report.json", folder / "editor.log"
    environment = os.environ | {
        "PATH": f"{_command_folder(folder)}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
    }
    environment |= {"TOOEARLY_REPORT": str(report), "TERM": "xterm", "XDG_CONFIG_HOME": str(folder / "config")}
    environment |= {"XDG_STATE_HOME": str(folder / "state"), "XDG_CACHE_HOME": str(folder / "cache")}
    with log.open("wb") as output:
        editor = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            status: int | None = editor.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            _end(editor)
    said = log.read_text(encoding="utf-8", errors="replace")[-3000:]
    assert status == 0, f"{command[0]} {'did not end' if status is None else f'ended with status {status}'}:\n{said}"
    assert report.exists(), f"{command[0]} reported nothing:\n{said}"
    diagnostics = json.loads(report.read_text(encoding="utf-8"))
    return Seen(diagnostics, (folder / "demo.py").read_text(encoding="utf-8"))


def workspace(folder: Path) -> Path:
    """A project with the demo file; returns the file."""
    (folder / "pyproject.toml").write_text('[project]\nname = "demo"\nversion = "0"\n', encoding="utf-8")
    demo = folder / "demo.py"
    demo.write_text(PROGRAM, encoding="utf-8")
    return demo


def _command_folder(folder: Path) -> Path:
    """A folder with the command `tooearly` of this checkout, whether it is installed or not."""
    binaries = folder / "bin"
    binaries.mkdir(exist_ok=True)
    command = binaries / "tooearly"
    command.write_text(
        f'#!/bin/sh\nPYTHONPATH="{ROOT / "server"}" exec "{sys.executable}" -m tooearly "$@"\n', encoding="utf-8"
    )
    command.chmod(0o755)
    return binaries


def _end(editor: subprocess.Popen[bytes]) -> None:
    """End the editor and whatever it has started: it is the leader of a process group of its own."""
    try:
        os.killpg(editor.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    editor.wait()
