"""The settings that hold for a document: the configuration file nearest to it, and the editor's settings over it.

Editors send their settings in three ways, all understood: `initializationOptions` (itself the table, or under
`settings`), `workspace/configuration` asked for per folder, and `didChangeConfiguration` with or without a section
`tooearly`. They send *every* setting, also those that the user never touched; a value that is the default says
nothing and does not override a configuration file.

What only an editor can want (inlay hints, diagnostics of the whole workspace, switched off altogether) is kept in
`Options`; what concerns the analysis goes through `config.parse`, as the configuration files do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from tooearly.config import ConfigError, Settings, parse
from tooearly.lsp import uris
from tooearly.workspace import Project, Workspace

SECTION = "tooearly"
_ANALYSIS = frozenset(item.name for item in fields(Settings))
_DEFAULTS = Settings()


@dataclass(frozen=True, slots=True)
class Options:
    """The editor's settings for one folder. `table`: those that concern the analysis, by the names of `Settings`."""

    enable: bool = True
    inlay_hints: bool = False
    whole_workspace: bool = False
    table: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Folder:
    """A workspace folder and what the editor says about it."""

    uri: str
    options: Options | None = None


@dataclass(frozen=True, slots=True)
class Resolved:
    """What holds for one file. `silent`: nothing is to be reported there."""

    settings: Settings
    silent: bool = False
    modules: Callable[[str], str | None] | None = None
    places: Callable[[str], list[Path]] = lambda _name: []


def table_in(value: Any) -> Mapping[str, Any]:
    """The table of settings in what a client sent: itself, or under `settings` or the section's name."""
    for name in ("settings", SECTION):
        if isinstance(value, Mapping) and isinstance(value.get(name), Mapping):
            value = value[name]
    return value if isinstance(value, Mapping) else {}


def read(value: Any, base: Options | None = None) -> Options:
    """The options in what a client sent. Unknown names are another component's business and are passed over."""
    base = base or Options()
    table = {_name(key): item for key, item in table_in(value).items()}
    given = {key: item for key, item in table.items() if key in _ANALYSIS and item is not None}
    kept = {key: item for key, item in given.items() if not _is_default(key, item)}
    laid = {key: item for key, item in base.table if key not in given} | kept
    return Options(
        enable=_flag(table.get("enable"), base.enable),
        inlay_hints=_flag(table.get("inlay_hints"), base.inlay_hints),
        whole_workspace=_whole_workspace(table, base.whole_workspace),
        table=tuple(sorted(laid.items())),
    )


def _name(key: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z])", r"_\1", str(key)).replace("-", "_").lower()


def _is_default(key: str, value: Any) -> bool:
    default = getattr(_DEFAULTS, key)
    return bool(value == default or (isinstance(value, list) and tuple(value) == default) or value in ([], {}))


def _flag(value: Any, default: bool) -> bool:
    if isinstance(value, Mapping):
        value = value.get("enable", value.get("enabled"))
    return value if isinstance(value, bool) else default


def _whole_workspace(table: Mapping[str, Any], default: bool) -> bool:
    mode = table.get("diagnostic_mode")
    if isinstance(mode, str):
        return mode == "workspace"
    return _flag(table.get("workspace_diagnostics"), default)


@dataclass(slots=True)
class Configuration:
    """All settings of a session. `complain` gets one line for each configuration that cannot be used.

    `resolve` reads files and is called in the worker; the rest is called on the event loop's thread. A change
    replaces `_disk` and `_folders` as a whole, so that the worker never sees half of one.
    """

    complain: Callable[[str], None] = lambda _line: None
    unsaved: Callable[[Path], str | None] = lambda _path: None
    options: Options = field(default_factory=Options)
    _folders: tuple[Folder, ...] = ()
    _disk: Workspace = field(init=False)
    _resolved: dict[str, Resolved] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._disk = Workspace(unsaved=self.unsaved)

    @property
    def folders(self) -> tuple[Folder, ...]:
        """The workspace folders."""
        return self._folders

    @property
    def wants_whole_workspace(self) -> bool:
        """Whether the diagnostics of files that are not open are wanted in any folder."""
        return any((folder.options or self.options).whole_workspace for folder in self._folders)

    def change_folders(self, added: Iterable[str], removed: Iterable[str] = ()) -> None:
        """Add and remove workspace folders, given by URI."""
        gone = {uris.key(uri) for uri in removed}
        kept = [folder for folder in self._folders if uris.key(folder.uri) not in gone]
        known = {uris.key(folder.uri) for folder in kept}
        self._folders = (*kept, *(Folder(uri) for uri in added if uris.key(uri) not in known))
        self._resolved = {}

    def change_options(self, everywhere: Options, per_folder: Mapping[str, Options] | None = None) -> bool:
        """Take the editor's settings, for all and by folder URI; whether anything is different now."""
        folders = tuple(replace(folder, options=(per_folder or {}).get(folder.uri)) for folder in self._folders)
        same = self.options == everywhere and folders == self._folders
        self.options, self._folders = everywhere, folders
        self._resolved = {}
        return not same

    def forget_files(self) -> None:
        """Read configuration files and modules again when they are next needed."""
        self._disk = Workspace(unsaved=self.unsaved)
        self._resolved = {}

    def options_for(self, uri: str) -> Options:
        """The editor's settings for a document: those of the innermost folder that holds it, else those for all."""
        holding = [folder for folder in self._folders if folder.options and uris.is_under(uri, folder.uri)]
        innermost = max(holding, key=lambda folder: len(folder.uri), default=None)
        return innermost.options if innermost is not None and innermost.options else self.options

    def resolve(self, uri: str) -> Resolved:
        """What holds for a document. A configuration that cannot be used is complained of and left out."""
        known = self._resolved  # a change puts another one in its place, also while this is worked out
        if uri not in known:
            known[uri] = self._resolve(uri)
        return known[uri]

    def _resolve(self, uri: str) -> Resolved:
        options = self.options_for(uri)
        path = uris.to_path(uri)
        if not options.enable:
            return Resolved(Settings(), silent=True)
        disk, project = self._disk, self._project(path)
        base = project.settings_for(path) if path is not None and project is not None else Settings()
        settings = self._laid_over(base, options)
        if path is None or project is None:
            return Resolved(settings)
        silent = replace(project, settings=settings).excluded(path)
        return Resolved(settings, silent, disk.modules(path), disk.places(path))

    def text(self, path: Path) -> str | None:
        """The text of a module's file, from the editor or from the disk."""
        return self._disk.text(path)

    def project(self, folder: Path, options: Options) -> Project:
        """The project of a workspace folder with the editor's settings over its own."""
        project = self._project(folder / "any.py") or Project(folder)
        return replace(project, settings=self._laid_over(project.settings, options))

    def _project(self, path: Path | None) -> Project | None:
        if path is None:
            return None
        try:
            return self._disk.project(path.parent)
        except ConfigError as error:
            self.complain(str(error))
            return Project(path.parent)

    def _laid_over(self, base: Settings, options: Options) -> Settings:
        try:
            return parse(dict(options.table), base)
        except ConfigError as error:
            self.complain(f"the editor's settings: {error}")
            return base
