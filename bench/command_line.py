"""How long the command line takes to start, and to check the standard library, beside ruff and a bare parse.

Each start is measured several times and the best is shown: all else is the machine. The tree is the standard library of
the running Python without its tests, the same for all three.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import sysconfig
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

LIBRARY = Path(sysconfig.get_paths()["stdlib"])
EXCLUDED = ("site-packages", "test", "tests", "idlelib", "lib2to3")
STARTS = 5


def main() -> None:
    tool = [sys.executable, "-m", "tooearly"]
    ruff = [sys.executable, "-m", "ruff"]
    small = Path(__file__).resolve().parent.parent / "examples" / "too_early.py"
    row("python -c pass", best([sys.executable, "-c", "pass"]))
    row("tooearly --version", best([*tool, "--version"]))
    row("tooearly check, one small file", best([*tool, "check", str(small)]))
    row("ruff check, the same file", best([*ruff, "check", "--isolated", "--no-cache", str(small)]))
    files = [path for path in LIBRARY.rglob("*.py") if not set(path.relative_to(LIBRARY).parts) & set(EXCLUDED)]
    print(f"{len(files)} files, {sum(path.stat().st_size for path in files) / 1e6:.1f} MB")
    names = [str(path) for path in files]
    row("  ast.parse of each, one process", parse_time(files))
    row("  tooearly check, one process", best([*tool, "check", "--jobs", "1", *names], 1))
    row("  tooearly check", best([*tool, "check", *names], 1))
    row("  ruff check, all cores", best([*ruff, "check", "--isolated", "--no-cache", "--select", "F", *names], 1))


def row(name: str, seconds: float) -> None:
    print(f"{name:40} {seconds * 1000:9.0f} ms")


def best(command: Sequence[str], times: int = STARTS) -> float:
    """The shortest of several runs, by the clock on the wall."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        taken.append(time.perf_counter() - begun)
    return min(taken)


def parse_time(files: Sequence[Path]) -> float:
    texts = [path.read_bytes() for path in files]
    begun = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for text in texts:
            try:
                ast.parse(text)
            except SyntaxError:
                continue
    return time.perf_counter() - begun
