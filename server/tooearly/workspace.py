"""Where settings and modules lie on the disk: the files around a file.

The nearest folder upwards that has a `tooearly.toml`, or a `pyproject.toml` with a `[tool.tooearly]` table, is the root
of a file's project; a pyproject.toml without the table is passed by. Nothing found: the defaults, and as root the
nearest folder under version control, else the file's own. What was found is kept per folder until `forget`.

Modules are looked for where Python would look when the project is run or tested: beside the topmost package that holds
the file, in the project's root and in its `src`. Nothing that is installed is read.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tooearly import gitignore, textfile
from tooearly.config import ConfigError, Settings, parse
from tooearly.model import FileText
from tooearly.semantics.rows import RowError, rows_with

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CONFIG_NAMES = ("tooearly.toml", "pyproject.toml")
LARGEST_MODULE = 2_000_000
"""Imported files with more bytes are not read."""


@dataclass(frozen=True, slots=True)
class Project:
    """A root folder and the settings that hold below it. `source` is the file they come from."""

    root: Path
    settings: Settings = field(default_factory=Settings)
    source: Path | None = None

    def excluded(self, path: Path) -> bool:
        """Whether the configuration passes over this file, by its own name or by a folder below the root."""
        patterns = gitignore.parse((*self.settings.exclude, *self.settings.extend_exclude))
        return patterns.covers(self.relative(path))

    def settings_for(self, path: Path) -> Settings:
        """The settings with the per-file ignores that fit this file."""
        codes = tuple(
            code
            for pattern, ignored in self.settings.per_file_ignores
            if gitignore.parse([pattern]).covers(self.relative(path))
            for code in ignored
        )
        return replace(self.settings, ignore=(*self.settings.ignore, *codes)) if codes else self.settings

    def relative(self, path: Path) -> str:
        """The path from the root with `/` between its parts; only the name for a file elsewhere."""
        try:
            return absolute(path).relative_to(self.root).as_posix()
        except ValueError:
            return path.name


def load(path: Path) -> Settings:
    """The settings of one configuration file; ConfigError, which names the file, when they cannot be used."""
    table = _table(path)
    if table is None:
        raise ConfigError(f"{path}: has no [tool.tooearly] table")
    return _parsed(path, table)


class Workspace:
    """Projects and modules by folder and file, read once. `fixed` (from --config) stands for every project.

    `unsaved` gives the text of a file that is open in an editor, which stands for what is on the disk.
    """

    def __init__(
        self, fixed: Project | None = None, unsaved: Callable[[Path], str | None] = lambda _path: None
    ) -> None:
        self._fixed = fixed
        self._unsaved = unsaved
        self._projects: dict[Path, Project] = {}
        self._texts: dict[Path, str | None] = {}

    def forget(self) -> None:
        """Drops all that was read, after files have changed."""
        self._projects.clear()
        self._texts.clear()

    def project(self, folder: Path) -> Project:
        """The project that a folder belongs to; raises ConfigError."""
        if self._fixed is not None:
            return self._fixed
        folder = absolute(folder)
        known = self._projects.get(folder)
        if known is None:
            known = self._projects[folder] = self._found(folder)
        return known

    def settings(self, path: Path) -> Settings:
        """The settings for one file; raises ConfigError."""
        return self.project(path.parent).settings_for(path)

    def modules(self, path: Path) -> Callable[[str], str | None]:
        """A function from a module's name to its text, as seen from the file `path`; None: there is none here."""
        places = self.places(path)

        def text_of(name: str) -> str | None:
            for place in places(name):
                text = self._text(place)
                if text is not None:
                    found = FileText(text)
                    found.path = str(place)
                    return found
            return None

        return text_of

    def places(self, path: Path) -> Callable[[str], list[Path]]:
        """A function from a module's name to the files that it may be, the first one first, as seen from a file.

        Leading dots are taken from the file's package, as in a relative import.
        """
        package, roots = self._roots(absolute(path))

        def places_of(name: str) -> list[Path]:
            bare = name.lstrip(".")
            dots = len(name) - len(bare)
            parts = bare.split(".") if bare else []
            folders = [package.joinpath(*[".."] * (dots - 1))] if dots else roots
            return [place for folder in folders for place in _candidates(folder, parts)]

        return places_of

    def text(self, path: Path) -> str | None:
        """The text of a module's file; None when it cannot be read."""
        return self._text(path)

    def _found(self, folder: Path) -> Project:
        for name in CONFIG_NAMES:
            source = folder / name
            table = _table(source) if source.is_file() else None
            if table is not None:
                return Project(folder, _parsed(source, table), source)
        above = self.project(folder.parent) if folder.parent != folder else None
        if above is None or (above.source is None and not (above.root / ".git").exists()):
            return Project(folder)
        return above

    def _roots(self, path: Path) -> tuple[Path, list[Path]]:
        """The package folder of a file, and the folders that absolute imports start from."""
        top = path.parent
        while (top / "__init__.py").is_file() and top.parent != top:
            top = top.parent
        roots = [top]
        project = self._project_or_none(path.parent)
        if project is not None and project.source is not None:
            roots += [project.root, project.root / "src"]
        return path.parent, list(dict.fromkeys(roots))

    def _project_or_none(self, folder: Path) -> Project | None:
        try:
            return self.project(folder)
        except ConfigError:
            return None

    def _text(self, path: Path) -> str | None:
        unsaved = self._unsaved(path)
        if unsaved is not None:
            return unsaved
        if path not in self._texts:
            self._texts[path] = _module_text(path)
        return self._texts[path]


def absolute(path: Path) -> Path:
    """The path from the file system's root without `.` and `..`; symbolic links are left alone."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - Path.absolute keeps `..`


def _candidates(folder: Path, parts: list[str]) -> tuple[Path, ...]:
    base = folder.joinpath(*parts)
    package = base / "__init__.py"
    return (package, base.with_name(base.name + ".py")) if parts else (package,)


def _module_text(path: Path) -> str | None:
    try:
        if not path.is_file() or path.stat().st_size > LARGEST_MODULE:
            return None
        return textfile.read(path).text
    except (OSError, ValueError, textfile.TextFileError):
        return None


def _table(path: Path) -> dict[str, Any] | None:
    """The table that speaks of tooearly in a file, None when a pyproject.toml has none."""
    try:
        data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not valid TOML: {error}") from error
    if path.name != "pyproject.toml":
        return data
    tool = data.get("tool")
    table = tool.get("tooearly") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise ConfigError(f"{path}: `tool.tooearly` must be a table")
    return table


def _parsed(path: Path, table: dict[str, Any]) -> Settings:
    try:
        settings = parse(table)
        if settings.api:
            rows_with(settings.api)
        return settings
    except (ConfigError, RowError) as error:
        raise ConfigError(f"{path}: {error}") from error
