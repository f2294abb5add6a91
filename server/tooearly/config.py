"""Settings: what may be chosen, and how a table of plain values becomes a checked `Settings`.

The same table comes from three places: `[tool.tooearly]` in pyproject.toml, the whole of a tooearly.toml, and the
editor's settings (as JSON). Keys are written with hyphens as in TOML; underscores and camelCase are understood too,
because editors spell them so. Nothing here reads a file: `workspace` finds them.

A wrong key or value raises `ConfigError`, whose text is one line that names the key and, where there is a near one,
what was probably meant.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

CODES = ("result-before-done", "blocking-result")
"""The codes of all rules, in the order in which they are documented."""

DEFAULT_EXCLUDE = (
    "__pypackages__",
    "_build",
    "buck-out",
    "build",
    "dist",
    "env",
    "node_modules",
    "site-packages",
    "venv",
)
"""Folders that are passed over unless `exclude` says otherwise. Hidden folders and virtual environments always are."""


class ConfigError(ValueError):
    """A setting that cannot be used; the message is one line for people."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a file is to be checked.

    `select` and `ignore` hold rule codes, `exclude` and `extend_exclude` gitignore patterns relative to the folder of
    the configuration, `per_file_ignores` pairs of (pattern, codes). `report_unproven` also reports receivers whose
    state depends on code that cannot be seen. `api` holds the user's own API rows, each a plain dict.
    """

    select: tuple[str, ...] = CODES
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = DEFAULT_EXCLUDE
    extend_exclude: tuple[str, ...] = ()
    force_exclude: bool = False
    respect_gitignore: bool = True
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    report_unproven: bool = False
    api: tuple[dict[str, Any], ...] = ()

    def enabled(self, code: str) -> bool:
        """Whether findings of this rule are wanted."""
        return code in self.select and code not in self.ignore

    def __hash__(self) -> int:
        """By the values that are hashable; rows are told apart by equality alone."""
        return hash((self.select, self.ignore, self.exclude, self.report_unproven, len(self.api)))


def parse(table: Mapping[str, Any], base: Settings | None = None) -> Settings:
    """Settings from a table of plain values, laid over `base` (the defaults when None).

    Raises ConfigError for an unknown key or a value of the wrong form.
    """
    changes: dict[str, Any] = {}
    for key, value in table.items():
        name = _field_name(key)
        read = _READERS.get(name)
        if read is None:
            raise ConfigError(f"unknown setting `{key}`{_nearest(_kebab(name), _KEYS)}")
        changes[name] = read(key, value)
    return replace(base or Settings(), **changes)


def rule_codes(key: str, codes: Iterable[object]) -> tuple[str, ...]:
    """The rule codes that a list names, `all` standing for every rule; ConfigError for one that does not exist."""
    found: list[str] = []
    for code in codes:
        if isinstance(code, str) and code.lower() == "all":
            found += CODES
        elif isinstance(code, str) and code in CODES:
            found.append(code)
        else:
            raise ConfigError(f"`{key}`: there is no rule `{code}`{_nearest(str(code), CODES, show_all=True)}")
    return tuple(dict.fromkeys(found))


def nearest_code(code: str) -> str:
    """A phrase that suggests the rule that was probably meant, empty when none is near."""
    return _nearest(code, CODES)


def _codes(key: str, value: object) -> tuple[str, ...]:
    return rule_codes(key, [value] if isinstance(value, str) else _list(key, value))


def _list(key: str, value: object) -> list[object]:
    if not isinstance(value, (list, tuple)):
        raise ConfigError(f"`{key}` must be a list, not {_kind(value)}")
    return list(value)


def _strings(key: str, value: object) -> tuple[str, ...]:
    items = _list(key, value)
    for item in items:
        if not isinstance(item, str):
            raise ConfigError(f"`{key}` must be a list of strings, but holds {_kind(item)}")
    return tuple(str(item) for item in items)


def _flag(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ConfigError(f"`{key}` must be true or false, not {_kind(value)}")
    return value


def _per_file(key: str, value: object) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not isinstance(value, Mapping):
        raise ConfigError(f"`{key}` must be a table of pattern = [codes], not {_kind(value)}")
    return tuple((str(pattern), _codes(f"{key}.{pattern}", codes)) for pattern, codes in value.items())


def _rows(key: str, value: object) -> tuple[dict[str, Any], ...]:
    """Rows as a list of tables, or as one table whose keys are the names of the rows."""
    if isinstance(value, Mapping):
        for name, row in value.items():
            if not isinstance(row, Mapping):
                raise ConfigError(f"`{key}.{name}` must be a table, not {_kind(row)}")
        return tuple({"name": str(name), **row} for name, row in value.items())
    rows: list[dict[str, Any]] = []
    for row in _list(key, value):
        if not isinstance(row, Mapping):
            raise ConfigError(f"`{key}` must be a list of tables, but holds {_kind(row)}")
        rows.append(dict(row))
    return tuple(rows)


_READERS: dict[str, Callable[[str, object], Any]] = {
    "select": _codes,
    "ignore": _codes,
    "exclude": _strings,
    "extend_exclude": _strings,
    "force_exclude": _flag,
    "respect_gitignore": _flag,
    "per_file_ignores": _per_file,
    "report_unproven": _flag,
    "api": _rows,
}


def _field_name(key: str) -> str:
    """`report-unproven`, `report_unproven` and `reportUnproven` are one setting."""
    return re.sub(r"(?<=[a-z])([A-Z])", r"_\1", key).replace("-", "_").lower()


def _kebab(name: str) -> str:
    return name.replace("_", "-")


_KEYS = tuple(_kebab(field.name) for field in fields(Settings))


def _nearest(word: str, known: tuple[str, ...], *, show_all: bool = False) -> str:
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if near:
        return f"; did you mean `{near[0]}`?"
    return f" (rules: {', '.join(known)})" if show_all else ""


def _kind(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return f'the string "{value}"'
        case int() | float():
            return f"the number {value}"
        case list() | tuple():
            return "a list"
        case Mapping():
            return "a table"
        case None:
            return "nothing"
        case _:
            return f"a {type(value).__name__}"
