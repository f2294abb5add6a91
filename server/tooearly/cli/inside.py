"""The commands that print the inside of the analysis: `explain`, `states`, `cfg`, `rows`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from tooearly import textfile
from tooearly.cli.check import fixed_project
from tooearly.cli.options import UsageError
from tooearly.cli.streams import Streams
from tooearly.config import CODES, nearest_code
from tooearly.pages import page
from tooearly.workspace import Workspace


def run(chosen: argparse.Namespace, streams: Streams) -> int:
    """Runs one of these commands; UsageError when its subject does not exist."""
    commands: dict[str, Callable[[argparse.Namespace], str]] = {
        "explain": _explain,
        "states": _states,
        "cfg": _cfg,
        "rows": _rows,
    }
    text = commands[chosen.command](chosen)
    streams.out.write(text if text.endswith("\n") else f"{text}\n")
    return 0


def _explain(chosen: argparse.Namespace) -> str:
    if chosen.subject in CODES:
        return page(chosen.subject)
    file, _, row = chosen.subject.rpartition(":")
    if not file or not row.isdigit():
        raise UsageError(f"there is no rule `{chosen.subject}`{nearest_code(chosen.subject) or '; or name FILE:LINE'}")
    from tooearly import api

    path, text = _text(file)
    rows = text.count("\n") + 1
    if not 1 <= int(row) <= rows:
        raise UsageError(f"{file} has no line {row}, only {rows}")
    workspace = Workspace(fixed_project(chosen.config))
    return api.explain(text, int(row), workspace.settings(path), modules=workspace.modules(path), filename=file)


def _states(chosen: argparse.Namespace) -> str:
    from tooearly import api

    path, text = _text(chosen.file)
    workspace = Workspace(fixed_project(chosen.config))
    return api.states(text, workspace.settings(path), modules=workspace.modules(path), filename=chosen.file)


def _cfg(chosen: argparse.Namespace) -> str:
    from tooearly import api

    file, separator, function = chosen.subject.rpartition("::")
    if not separator or not function:
        raise UsageError(f"name a function as FILE::FUNCTION, not {chosen.subject!r}")
    _, text = _text(file)
    try:
        return api.cfg(text, function, dot=chosen.dot)
    except LookupError as error:
        raise UsageError(f"{file}: {error.args[0] if error.args else function}") from error


def _rows(chosen: argparse.Namespace) -> str:
    from tooearly import api

    return api.rows(Workspace(fixed_project(chosen.config)).project(Path()).settings)


def _text(file: str) -> tuple[Path, str]:
    path = Path(file)
    if not path.exists():
        raise UsageError(f"{file}: there is no such file")
    try:
        return path, textfile.read(path).text
    except textfile.TextFileError as error:
        raise UsageError(f"{file}: {error}") from error
