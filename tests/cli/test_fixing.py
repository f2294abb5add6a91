"""`--fix`, `--diff`, `--fix-with`: what is written, and that nothing else of the file changes."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from tests.cli.fake import run
from tooearly import textfile


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_fix_writes_the_preferred_fixes_and_nothing_remains(here: Path) -> None:
    path = here / "a.py"
    path.write_text("x = READ(t); y = READ(u)\nz = MAYBE(v)\n")
    ran = run("a.py", "--fix")
    assert path.read_text() == "x = await t; y = await u\nz = await v\n"
    assert (ran.status, ran.out) == (0, "Fixed 3 findings, none left.\n")


def test_what_cannot_be_fixed_remains_and_is_shown(here: Path) -> None:
    path = here / "a.py"
    path.write_text("READ(t)\nSTUCK(u)\n")
    ran = run("a.py", "--fix")
    assert path.read_text() == "await t\nSTUCK(u)\n"
    assert ran.status == 1
    assert "a.py:2:1" in ran.out
    assert ran.out.endswith("Fixed 1 finding, 1 left.\n")


def test_fix_with_names_the_kind(here: Path) -> None:
    path = here / "a.py"
    path.write_text("READ(t)\n")
    assert run("a.py", "--fix-with", "gather").status == 0
    assert path.read_text() == "await asyncio.gather(t)\n"


def test_unsafe_fixes_only_when_asked_for(here: Path) -> None:
    path = here / "a.py"
    path.write_text("READ(t)\n")
    assert run("a.py", "--fix", "--fix-with", "wait").status == 1
    assert path.read_text() == "READ(t)\n"
    assert run("a.py", "--fix", "--fix-with", "wait", "--unsafe-fixes").status == 0
    assert path.read_text() == "await asyncio.wait([t])\n"


def test_diff_shows_and_does_not_write(here: Path) -> None:
    path = here / "a.py"
    path.write_text("x = 1\nREAD(t)\ny = 2\n")
    ran = run("a.py", "--diff")
    assert path.read_text() == "x = 1\nREAD(t)\ny = 2\n"
    assert ran.status == 1
    assert ran.out.splitlines()[:2] == ["--- a.py", "+++ a.py"]
    assert "-READ(t)\n+await t\n" in ran.out
    assert run("a.py", "--diff", "--exit-zero").status == 0


def test_a_file_with_nothing_to_fix_has_no_diff(here: Path) -> None:
    (here / "a.py").write_text("x = 1\n")
    ran = run("a.py", "--diff")
    assert (ran.status, ran.out) == (0, "")


@pytest.mark.skipif(shutil.which("git") is None, reason="git, which applies the diff, is not installed")
@pytest.mark.parametrize("text", ["READ(t)\r\nx\f = 1\r\nREAD(u)", "a = 1\nREAD(t)\n\n\n", "# ä\u2028\nREAD(t)\n#"])
def test_the_diff_is_one_that_patch_can_apply(here: Path, text: str) -> None:
    path = here / "a.py"
    path.write_bytes(text.encode())
    difference = run("a.py", "--diff").out
    subprocess.run(["git", "apply", "-p0", "-"], input=difference.encode(), cwd=here, check=True)
    patched = path.read_bytes()
    path.write_bytes(text.encode())
    run("a.py", "--fix")
    assert path.read_bytes() == patched != text.encode()


@pytest.mark.parametrize(
    "raw",
    [
        b"x = 1\r\nREAD(t)\r\ny = '\xc3\xa4'\r\n",
        b"\xef\xbb\xbfREAD(t)\n",
        b"# -*- coding: latin-1 -*-\nx = '\xe4'; READ(t)",
        b"READ(t)\rx = 1\r\ny = 2\n",
        b"#!/usr/bin/env python\n# vim: set fileencoding=cp1252 :\nx = '\x80'\nREAD(t)\n\x0c\n",
    ],
)
def test_all_other_bytes_stay(here: Path, raw: bytes) -> None:
    path = here / "a.py"
    path.write_bytes(raw)
    assert run("a.py", "--fix").status == 0
    assert path.read_bytes() == raw.replace(b"READ(t)", b"await t")


def test_mode_and_symbolic_link_stay(here: Path) -> None:
    target = here / "real" / "a.py"
    target.parent.mkdir()
    target.write_text("READ(t)\n")
    target.chmod(0o750)
    link = here / "a.py"
    link.symlink_to(target)
    assert run("a.py", "--fix").status == 0
    assert link.is_symlink()
    assert target.read_text() == "await t\n"
    assert stat.S_IMODE(target.stat().st_mode) == 0o750
    assert [path.name for path in target.parent.iterdir()] == ["a.py"]


def test_a_write_that_fails_leaves_the_file_and_no_rest(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = here / "a.py"
    path.write_text("READ(t)\n")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    ran = run("a.py", "--fix")
    assert ran.err == "warning: a.py: cannot be written: no space left on device\n"
    assert ran.status == 1
    assert path.read_text() == "READ(t)\n"
    assert list(here.iterdir()) == [path]


def test_a_file_that_changed_meanwhile_is_not_overwritten(here: Path) -> None:
    path = here / "a.py"
    path.write_text("old\n")
    old = textfile.read(path)
    path.write_text("newer\n")
    with pytest.raises(textfile.TextFileError, match="changed by another program"):
        textfile.write(path, old, "fixed\n")
    assert path.read_text() == "newer\n"


def test_a_text_that_the_encoding_cannot_hold_is_not_written(here: Path) -> None:
    path = here / "a.py"
    path.write_bytes(b"# coding: ascii\n")
    with pytest.raises(textfile.TextFileError, match="'ä' is not in ascii"):
        textfile.write(path, textfile.read(path), "# coding: ascii\nä")


def test_standard_input_comes_back_fixed(here: Path) -> None:
    ran = run("-", "--fix", stdin=b"READ(t)\nSTUCK(u)\n")
    assert ran.out == "await t\nSTUCK(u)\n"
    assert "<stdin>:2:1" in ran.err
    assert ran.status == 1
