"""Reads the table of APIs, `api.toml`, and users' own rows in the same form.

A row is one callable. Its keys:

- `name`: the dotted name, or `Type.method` for a method of a type the analysis knows (Task, Future, Loop, list, ...);
- `params`: the names of the parameters; `"*aws"` takes the rest, names after `"*"` are keywords only;
- `call`: the effect of calling it, `await`: the effect of awaiting what the call returns (then the call itself does
  nothing); the effects are listed in `flow/effects.py`;
- `returns`: the type of the value, when no effect makes it; `raises`: whether it may raise (default: yes);
- `before`: of a class, the methods that a framework runs before each method whose name begins with `entered`, on the
  same instance; of a decorator of the kind "fixture", `entered` is how the names of the functions that get it begin;
- `asks`: the special methods by which it asks each of its arguments for something: the first of them that there is;
- `same`: the row is another name for that one; `fact`: the claim in words, which a test checks against CPython.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from functools import cache
from importlib import resources
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:  # pragma: no cover
    import tomli as tomllib


@dataclass(frozen=True, slots=True)
class Row:
    """One API; see the module's text. `origin` tells where the row comes from."""

    name: str
    params: tuple[str, ...] = ()
    call: str = ""
    awaiting: str = ""
    returns: str = ""
    raises: bool = True
    kind: str = ""
    fact: str = ""
    before: tuple[str, ...] = ()
    entered: str = ""
    asks: tuple[str, ...] = ()
    origin: str = "built in"


class RowError(ValueError):
    """A row that cannot be used; the message names the row and the key."""


class Rows(dict[str, Row]):
    """The rows in force, by name."""

    def __init__(self, rows: Mapping[str, Row]) -> None:
        super().__init__(rows)
        self._named: dict[frozenset[str], frozenset[str]] = {}
        self._keeping: frozenset[str] | None = None

    def named(self, effects: frozenset[str]) -> frozenset[str]:
        """The last parts of the names of rows with one of these effects, on calling or on awaiting. Kept."""
        found = self._named.get(effects)
        if found is None:
            having = (row for row in self.values() if row.call in effects or row.awaiting in effects)
            found = self._named[effects] = frozenset(row.name.rpartition(".")[2] for row in having)
        return found

    @property
    def keeping(self) -> frozenset[str]:
        """The last parts of the names of callables that leave containers that they get as they are. Kept.

        Methods of containers may put what they get into others.
        """
        if self._keeping is None:
            rows = [row for row in self.values() if row.call not in _CHANGING and not row.name.startswith(_CONTAINERS)]
            self._keeping = frozenset(row.name.rpartition(".")[2] for row in rows)
        return self._keeping


_CHANGING = ("heap_pop", "heap_push")
_CONTAINERS = ("dict.", "list.", "set.")
_KEYS = {f.name for f in fields(Row)} - {"origin", "awaiting"} | {"await", "same"}


@cache
def builtin_rows() -> Rows:
    """The rows that come with tooearly, by name."""
    text = resources.files("tooearly.semantics").joinpath("api.toml").read_text("utf-8")
    data = tomllib.loads(text)
    raw: list[dict[str, Any]] = list(data["row"])
    for group in data["group"]:
        shared = {k: v for k, v in group.items() if k != "names"}
        raw += [{"name": name, **shared} for name in group["names"]]
    return Rows(table(raw, "built in"))


def table(raw: Iterable[Mapping[str, Any]], origin: str, known: Rows | None = None) -> dict[str, Row]:
    """Rows by name from their raw form; `same` is looked up among these and `known`. Raises RowError."""
    out: dict[str, Row] = {}
    for entry in raw:
        name = entry.get("name")
        if not isinstance(name, str) or not name:
            raise RowError(f"an API row has no name: {dict(entry)!r}")
        unknown = set(entry) - _KEYS
        if unknown:
            raise RowError(f"{name}: unknown key {min(unknown)!r}; known are {', '.join(sorted(_KEYS))}")
        if "same" in entry:
            base = out.get(entry["same"]) or (known or {}).get(entry["same"])
            if base is None:
                raise RowError(f"{name}: same = {entry['same']!r} is no known row")
            out[name] = replace(base, name=name, origin=origin)
            continue
        _check_effects(name, entry, known)
        values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in entry.items() if k != "await"}
        out[name] = Row(**values, awaiting=entry.get("await", ""), origin=origin)
    return out


def _check_effects(name: str, entry: Mapping[str, Any], known: Rows | None) -> None:
    """Every effect is named by some built-in row; a name that none has is a mistake. Raises RowError."""
    rows = known.values() if known is not None else ()
    for key, effects in (("call", {row.call for row in rows}), ("await", {row.awaiting for row in rows})):
        given = entry.get(key)
        if known is not None and given is not None and given not in effects:
            near = ", ".join(get_close_matches(str(given), effects)) or "those of `tooearly rows`"
            raise RowError(f"{name}: {key} = {given!r} is no known effect; perhaps {near}")


def rows_with(user: Iterable[Mapping[str, Any]]) -> Rows:
    """The built-in rows and the user's own, which win. Raises RowError."""
    extra = list(user)
    known = builtin_rows()
    return Rows({**known, **table(extra, "configuration", known)}) if extra else known
