"""What must not be there: imports against the order, protocol knowledge, IO, oversized files, this machine's paths."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "server" / "tooearly"
SOURCES = sorted(PACKAGE.rglob("*.py"))

DOOR = PACKAGE / "cli" / "serve.py"
"""Where the command line starts the language server."""

LAYERS = {
    "model": 0,
    "source": 1,
    "config": 2,
    "suppress": 3,
    "semantics": 4,
    "flow": 5,
    "fixes": 6,
    "rules": 7,
    "api": 8,
    "gitignore": 8,
    "textfile": 8,
    "pages": 8,
    "workspace": 9,
    "files": 10,
    "lsp": 11,
    "cli": 11,
    "__main__": 12,
}
"""A module imports from modules of a smaller number, and from its own folder. `tooearly` itself is only a version."""

LARGEST_FILE = 500
LARGEST_FUNCTION = 60
SHORT_FUNCTION = 50
IO_MODULES = {
    "os", "pathlib", "shutil", "subprocess", "socket", "tempfile", "threading", "multiprocessing", "concurrent",
    "importlib", "glob", "urllib", "signal",
}  # fmt: skip
IO_ALLOWED = {"semantics": {"importlib"}}
"""The rows of the API table are package data, which importlib.resources reads."""


def name_of(path: Path) -> str:
    """The layer that a file belongs to."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """The modules that a file imports, wherever it does, with the line; the parts after `tooearly.` too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            assert node.module is not None
            if node.module == "tooearly":
                yield from ((f"tooearly.{alias.name}", node.lineno) for alias in node.names)
            else:
                yield node.module, node.lineno


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """The functions of a file by name, with their lengths in lines."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node.end_lineno - node.lineno + 1


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_one_way(path: Path) -> None:
    own = name_of(path)
    if own == "__init__":
        return
    assert own in LAYERS, f"{own} has no place in the order"
    for module, line in imports(path):
        if module.startswith("tooearly.") and module != "tooearly.__version__":
            other = module.split(".")[1]
            assert other == own or LAYERS[other] < LAYERS[own] or path == DOOR, f"{path}:{line}: {own} imports {other}"


def test_lsp_and_cli_know_nothing_of_each_other() -> None:
    for path in SOURCES:
        for module, line in imports(path):
            if name_of(path) == "lsp":
                assert not module.startswith("tooearly.cli"), f"{path}:{line}"
            if name_of(path) == "cli" and module.startswith("tooearly.lsp"):
                assert path == DOOR, f"{path}:{line}"


def test_only_lsp_knows_the_protocol() -> None:
    for path in SOURCES:
        if name_of(path) != "lsp":
            used = {module.split(".")[0] for module, _ in imports(path)}
            assert not used & {"pygls", "lsprotocol", "attrs", "cattrs"}, path


def test_nothing_below_api_does_io() -> None:
    for path in SOURCES:
        layer = name_of(path)
        if LAYERS.get(layer, 99) <= LAYERS["api"] and layer not in {"textfile", "pages"}:
            used = {module.split(".")[0] for module, _ in imports(path)} & IO_MODULES
            assert not used - IO_ALLOWED.get(layer, set()), f"{path}: {used}"
            calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
            names = {function.id for function in calls if isinstance(function, ast.Name)}
            assert not names & {"open", "print", "input", "exec", "eval", "__import__"}, path


def test_the_solver_knows_no_tasks_and_no_python() -> None:
    solver = PACKAGE / "flow" / "solve.py"
    assert solver.exists()
    for module, line in imports(solver):
        assert not module.startswith("tooearly.semantics"), line
        assert module != "ast", line


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_open_with_a_docstring_and_stay_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LARGEST_FILE
    assert ast.get_docstring(ast.parse(text)) or not text.strip(), "no docstring"


def test_functions_stay_small() -> None:
    sizes = {name: size for path in SOURCES for name, size in functions(path)}
    assert [f"{name} has {size} lines" for name, size in sizes.items() if size > LARGEST_FUNCTION] == []
    assert sum(size < SHORT_FUNCTION for size in sizes.values()) >= 0.9 * len(sizes)


def test_no_file_names_a_place_of_one_machine() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    names = listed.stdout.decode().split("\0") if listed.returncode == 0 else []
    paths = [ROOT / name for name in names if name] or SOURCES
    place = re.compile(r"(?<![\w./:-])/(?:work|root|home/\w+|Users/\w+)/\w")
    made_up = re.compile(r"/(?:home|Users)/ada\b")  # the user of the examples
    for path in paths:
        if path.is_file() and path.suffix not in {".png", ".lock"} and path != Path(__file__):
            found = place.search(made_up.sub("", path.read_text(encoding="utf-8", errors="replace")))
            assert found is None, f"{path.relative_to(ROOT)}: {found[0] if found else ''}"


def test_the_wheel_holds_the_package_data(tmp_path: Path) -> None:
    """Built from the sources as they are; the rows and the rules' pages must be inside."""
    built = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(ROOT)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    [wheel] = tmp_path.glob("tooearly-*.whl")
    import zipfile

    inside = set(zipfile.ZipFile(wheel).namelist())
    data = {path for path in PACKAGE.rglob("*") if path.suffix in {".toml", ".md", ".typed"}}
    assert {f"tooearly/{path.relative_to(PACKAGE).as_posix()}" for path in data} <= inside
    assert not any(name.startswith(("tests", "client")) for name in inside)


def test_every_rule_has_its_page() -> None:
    from tooearly.config import CODES
    from tooearly.pages import page

    for code in CODES:
        assert code in page(code)
