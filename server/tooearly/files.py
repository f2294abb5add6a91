"""Which files are meant: the walk through folders.

A file that is named is checked, whatever its name (unless `force-exclude` is set). In a folder, Python files are taken
in the order of their names, without hidden folders, virtual environments (known by their `pyvenv.cfg`), what the
configuration excludes and what .gitignore files ignore. A folder that holds an `__init__.py` is a package, so the
default patterns, which name folders such as `build`, do not pass over it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tooearly import gitignore
from tooearly.config import DEFAULT_EXCLUDE
from tooearly.gitignore import Patterns
from tooearly.workspace import Project, Workspace, absolute

SUFFIXES = (".py", ".pyw")
STDIN = "-"


@dataclass(frozen=True, slots=True)
class Problem:
    """An argument that cannot be checked. `fatal`: what was asked could not be done."""

    message: str
    fatal: bool


@dataclass(frozen=True, slots=True)
class _Layer:
    """The patterns of one .gitignore and the folder it stands in."""

    folder: Path
    patterns: Patterns


def find(arguments: Sequence[str], workspace: Workspace) -> Iterator[Path | Problem]:
    """The files to check, each once, in order; a Problem for each argument that gives none. Raises ConfigError."""
    seen: set[Path] = set()
    for argument in arguments or ["."]:
        path = Path(argument)
        found: Iterator[Path] | list[Path]
        if path.is_dir():
            found = walk(path, workspace)
        elif path.exists():
            found = [] if _forced_out(path, workspace) else [path]
        else:
            yield Problem(f"{argument}: there is no such file or folder", fatal=True)
            continue
        empty = True
        for file in found:
            empty = False
            if absolute(file) not in seen:
                seen.add(absolute(file))
                yield file
        if empty and path.is_dir():
            yield Problem(f"{argument}: no Python files here", fatal=False)


def walk(folder: Path, workspace: Workspace) -> Iterator[Path]:
    """The Python files of a folder that are not passed over. Raises ConfigError."""
    return _walk(folder, workspace, _layers_above(absolute(folder)))


def _forced_out(path: Path, workspace: Workspace) -> bool:
    project = workspace.project(path.parent)
    return project.settings.force_exclude and project.excluded(path)


def _walk(folder: Path, workspace: Workspace, layers: tuple[_Layer, ...]) -> Iterator[Path]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    project = workspace.project(folder)
    if any(entry.name == ".gitignore" for entry in entries):
        layers = (*layers, _layer(folder))
    folders = []
    for entry in entries:
        path = folder / entry.name
        is_folder = _is_folder(entry)
        if not (is_folder or entry.name.endswith(SUFFIXES)) or _passed_over(path, is_folder, project, layers):
            continue
        if is_folder:
            folders.append(path)
        elif _is_file(entry):
            yield path
    for path in folders:
        yield from _walk(path, workspace, layers)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False


def _passed_over(path: Path, is_folder: bool, project: Project, layers: tuple[_Layer, ...]) -> bool:
    if is_folder and (path.name.startswith(".") or (path / "pyvenv.cfg").exists()):
        return True
    if project.settings.respect_gitignore and _ignored(path, is_folder, layers):
        return True
    return _excluded(path, is_folder, project)


def _excluded(path: Path, is_folder: bool, project: Project) -> bool:
    relative = project.relative(path)
    settings = project.settings
    if _match(settings.extend_exclude, relative, is_folder):
        return True
    if not _match(settings.exclude, relative, is_folder):
        return False
    return settings.exclude != DEFAULT_EXCLUDE or not (path / "__init__.py").exists()


def _match(patterns: tuple[str, ...], relative: str, is_folder: bool) -> bool:
    return bool(gitignore.parse(patterns).match(relative, folder=is_folder))


def _ignored(path: Path, is_folder: bool, layers: tuple[_Layer, ...]) -> bool:
    """What the deepest .gitignore says that says anything."""
    whole = absolute(path)
    for layer in reversed(layers):
        verdict = layer.patterns.match(whole.relative_to(layer.folder).as_posix(), folder=is_folder)
        if verdict is not None:
            return verdict
    return False


def _layers_above(folder: Path) -> tuple[_Layer, ...]:
    """The .gitignore files of the folders above, up to the root of the repository; none outside of one."""
    if (folder / ".git").exists():
        return (_exclude_file(folder),)
    layers: list[_Layer] = []
    for parent in folder.parents:
        layers.insert(0, _layer(parent))
        if (parent / ".git").exists():
            return (_exclude_file(parent), *layers)
    return ()


def _exclude_file(root: Path) -> _Layer:
    return _Layer(root, _read(root / ".git" / "info" / "exclude"))


def _layer(folder: Path) -> _Layer:
    return _Layer(absolute(folder), _read(folder / ".gitignore"))


def _read(path: Path) -> Patterns:
    try:
        return gitignore.parse(path.read_text(encoding="utf-8", errors="replace").splitlines())
    except OSError:
        return Patterns()
