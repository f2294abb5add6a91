"""A unified diff of what fixing changes in a file, in the form that `git apply` and `patch` read."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from tooearly.cli.results import Checked

_COLORS = {"+": "32", "-": "31", "@": "36"}


def diff(checked: Checked, *, color: bool) -> str:
    """The diff of one file, empty when nothing changes."""
    if checked.before is None:
        return ""
    return "".join(_painted(line) if color else line for line in _lines(checked.before, checked.text, checked.path))


def _lines(before: str, after: str, path: str) -> Iterator[str]:
    for line in difflib.unified_diff(_split(before), _split(after), path, path):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _split(text: str) -> list[str]:
    """The lines with their ends; only a line feed ends a line of a diff."""
    parts = text.split("\n")
    return [f"{part}\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _painted(line: str) -> str:
    color = _COLORS.get(line[0])
    return f"\x1b[{color}m{line[:-1]}\x1b[0m\n" if color else line
