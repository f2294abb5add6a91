"""Which files are checked; for .gitignore, git itself is the judge."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tooearly import files, gitignore
from tooearly.files import Problem
from tooearly.workspace import Workspace


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def found(*arguments: str) -> list[str]:
    return [path.as_posix() for path in files.find(arguments, Workspace()) if isinstance(path, Path)]


def test_python_files_in_order_without_folders_that_hold_other_peoples_code(here: Path) -> None:
    make(
        here, "b.py", "a.pyw", "c.txt", "d.pyi", "pkg/z.py", "pkg/sub/y.py", ".hidden/x.py", "node_modules/x.py",
        "build/lib/x.py", "dist/x.py", "venv/x.py", "site-packages/x.py", "__pycache__/x.pyc",
    )  # fmt: skip
    assert found() == ["a.pyw", "b.py", "pkg/z.py", "pkg/sub/y.py"]


def test_a_virtual_environment_is_known_by_its_marker(here: Path) -> None:
    make(here, "env312/pyvenv.cfg", "env312/lib/x.py", "a.py")
    assert found() == ["a.py"]


def test_a_package_called_build_is_no_build_folder(here: Path) -> None:
    make(here, "pip/build/__init__.py", "pip/build/x.py", "build/x.py")
    assert found() == ["pip/build/__init__.py", "pip/build/x.py"]


def test_what_is_named_is_checked_wherever_it_is(here: Path) -> None:
    make(here, ".venv/pyvenv.cfg", ".venv/x.py", "script")
    assert found(".venv", "script") == [".venv/x.py", "script"]


def test_excluded_patterns_are_relative_to_the_configuration(here: Path) -> None:
    (here / "tooearly.toml").write_text('extend-exclude = ["gen/*_pb2.py", "/top"]\n')
    make(here, "gen/a_pb2.py", "gen/a.py", "x/gen/b_pb2.py", "top/a.py", "x/top/a.py")
    assert found() == ["gen/a.py", "x/gen/b_pb2.py", "x/top/a.py"]
    os.chdir("x")
    assert found(".", "../gen") == ["gen/b_pb2.py", "top/a.py", "../gen/a.py"]


def test_exclude_takes_the_place_of_the_default(here: Path) -> None:
    (here / "tooearly.toml").write_text('exclude = ["a.py"]\n')
    make(here, "a.py", "build/x.py")
    assert found() == ["build/x.py"]


def test_force_exclude_also_for_files_that_are_named(here: Path) -> None:
    (here / "pyproject.toml").write_text('[tool.tooearly]\nextend-exclude = ["gen"]\n')
    make(here, "gen/a.py", "b.py")
    assert found("gen/a.py", "b.py") == ["gen/a.py", "b.py"]
    (here / "pyproject.toml").write_text('[tool.tooearly]\nextend-exclude = ["gen"]\nforce-exclude = true\n')
    assert found("gen/a.py", "b.py") == ["b.py"]


def test_respect_gitignore_can_be_switched_off(here: Path) -> None:
    make(here, "a.py", "b.py")
    (here / ".gitignore").write_text("a.py\n")
    assert found() == ["b.py"]
    (here / "tooearly.toml").write_text("respect-gitignore = false\n")
    assert found() == ["a.py", "b.py"]


def test_symbolic_links_to_folders_are_not_followed(here: Path) -> None:
    make(here, "a/x.py")
    (here / "a" / "loop").symlink_to(here)
    (here / "y.py").symlink_to(here / "a" / "x.py")
    (here / "gone.py").symlink_to(here / "nowhere.py")
    assert found() == ["y.py", "a/x.py"]


def test_problems_are_said_in_place(here: Path) -> None:
    make(here, "empty/a.txt", "b.py")
    problems = [item for item in files.find(["empty", "b.py", "gone"], Workspace()) if isinstance(item, Problem)]
    assert problems == [
        Problem("empty: no Python files here", fatal=False),
        Problem("gone: there is no such file or folder", fatal=True),
    ]


def git(root: Path, *arguments: str, stdin: str = "") -> str:
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    command = ["git", "-C", str(root), "-c", "core.excludesFile=", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, env=environment, check=False).stdout


needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git, the judge, is not installed")

TREE = [
    f"{folder}{name}.py" for folder in ("", "a/", "a/b/", "b/", "b/a/b/", "x y/") for name in ("a", "b", "ab", "#c")
]
IGNORE_FILES = [
    {".gitignore": "a.py\n/b.py\n"},
    {".gitignore": "a/\n!a/b/\n"},
    {".gitignore": "a/*\n!a/b/\n"},
    {".gitignore": "a/**\n!a/a.py\n"},
    {".gitignore": "**/b/a.py\nx\\ y/\n"},
    {".gitignore": "*.py\n", "b/.gitignore": "!*.py\n"},
    {".gitignore": "\\#c.py\n# a.py\n[ab].py\n"},
    {".gitignore": "[!a].py\nb/a   \n"},
    {".gitignore": "b/**/b/*\n?b.py\n"},
    {"a/.gitignore": "/b.py\nb/\n"},
    {".gitignore": "a*\n!a/\n!*.py\n"},
    {".gitignore": "/*\n!/b\n", "b/.gitignore": "/a\n!/a/b/ab.py\n"},
]


@needs_git
@pytest.mark.parametrize("ignores", IGNORE_FILES, ids=repr)
def test_the_walk_agrees_with_git(here: Path, ignores: dict[str, str]) -> None:
    git(here, "init", "-q")
    make(here, *TREE)
    for name, text in ignores.items():
        (here / name).write_text(text)
    expected = git(here, "ls-files", "-z", "--others", "--exclude-standard", "--", "*.py").split("\0")
    assert sorted(found()) == sorted(filter(None, expected))


@needs_git
def test_gitignore_files_above_count_up_to_the_repository(here: Path) -> None:
    (here / ".gitignore").write_text("a.py\n")
    repository = here / "repo"
    make(repository, "x/a.py", "x/b.py", "x/c.py")
    git(here, "init", "-q", "repo")
    (repository / ".gitignore").write_text("b.py\n")
    (repository / ".git" / "info" / "exclude").write_text("c.py\n")
    assert found("repo/x") == ["repo/x/a.py"]


PIECES = st.sampled_from(
    ["a", "b", "*", "**", "?", "/", "/", "[ab]", "[!a]", "\\a", "!", "ab", "[", " ", "[]a]", "[a-b]"]
)


@given(st.lists(PIECES, min_size=1, max_size=6).map("".join))
def test_no_pattern_is_refused_or_raises(pattern: str) -> None:
    patterns = gitignore.parse([pattern])
    assert patterns.match("a/b", folder=False) in {True, False, None}
    assert isinstance(patterns.covers("a/b/c.py"), bool)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("repository")
    git(root, "init", "-q")
    make(root, "a/b/ab", "b/a/a", "ab/b/a", "aa/bb")
    return root


@needs_git
@given(patterns=st.lists(st.lists(PIECES, min_size=1, max_size=5).map("".join), min_size=1, max_size=4))
def test_random_patterns_agree_with_git(repository: Path, patterns: list[str]) -> None:
    (repository / ".gitignore").write_text("".join(f"{pattern}\n" for pattern in patterns))
    names = ["a/b/ab", "b/a/a", "ab/b/a", "aa/bb"]
    ignored = git(repository, "check-ignore", "--no-index", "-z", "--stdin", stdin="\0".join(names)).split("\0")
    ours = gitignore.parse(patterns)
    assert [name for name in names if ours.covers(name)] == [name for name in names if name in ignored]
