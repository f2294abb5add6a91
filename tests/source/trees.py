"""Shared by the tests of `source`: the standard library's files, and trees put together again."""

from __future__ import annotations

import ast
import sysconfig
import tokenize
from collections.abc import Iterator
from pathlib import Path

from tooearly.source.tree import Tree
from tooearly.source.unit import Unit

LIBRARY = Path(sysconfig.get_paths()["stdlib"])


def library_files() -> list[Path]:
    """All Python files of the running interpreter's library, without what was installed into it."""
    return sorted(path for path in LIBRARY.rglob("*.py") if "site-packages" not in path.parts)


def library_texts(paths: list[Path]) -> Iterator[tuple[Path, str]]:
    """The files' texts, without those that are not text in their own encoding (test data)."""
    for path in paths:
        try:
            with tokenize.open(path) as file:
                yield path, file.read()
        except (SyntaxError, UnicodeDecodeError):
            continue


def positions(text: str) -> list[tuple[str, int, int, int, int]]:
    """The whole-file parse: each node's kind and position, in the order of `ast.walk` over the statements."""
    return _positions(ast.parse(text).body, 0)


def tree_positions(tree: Tree) -> list[tuple[str, int, int, int, int]]:
    """The same from the units of a tree. Methods are put back among the statements of their class."""
    found = []
    for item in tree.items:
        found += _positions(
            [node for node in item.place.unit.body if not _is_split(item.members, node)], item.place.line
        )
        if item.members:
            header = item.place.unit.body[-1]
            assert isinstance(header, ast.ClassDef)
            last = max(
                (body[-1].end_lineno + place.line, body[-1].end_col_offset)
                for place, body in [(item.place, header.body), *((p, list(p.unit.body)) for p in item.members)]
                if body
            )
            found.append(("ClassDef", header.lineno + item.place.line, header.col_offset, *last))
            found += _positions(list(ast.iter_child_nodes(header)), item.place.line)
            for place in item.members:
                found += _positions(list(place.unit.body), place.line)
    return found


def _is_split(members: tuple[object, ...], node: ast.stmt) -> bool:
    return bool(members) and isinstance(node, ast.ClassDef)


def _positions(body: list[ast.AST] | list[ast.stmt], line: int) -> list[tuple[str, int, int, int, int]]:
    return [
        (type(node).__name__, node.lineno + line, node.col_offset, node.end_lineno + line, node.end_col_offset)
        for statement in body
        for node in ast.walk(statement)
        if hasattr(node, "lineno")
    ]


def shape(unit: Unit) -> tuple[object, ...]:
    """A unit as plain values, for comparing trees that were made in different ways."""
    dumps = tuple(ast.dump(node, include_attributes=True) for node in unit.body)
    return unit.text, dumps, unit.repaired, unit.error, unit.lost


def tree_shape(tree: Tree) -> list[tuple[object, ...]]:
    return [(place.start, place.line, *shape(place.unit)) for place in tree.places()]
