"""How a file says `asyncio.wait`, and where an import goes if it cannot say it yet.

The file's own way wins: `import asyncio as aio`, `from asyncio import gather as g`, `from asyncio import *`, imports
inside the functions around the read. A name that a function around the read binds to something else does not serve.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from tooearly.fixes.edit import line_end, newline
from tooearly.fixes.scope import Function, bindings, own_nodes
from tooearly.fixes.site import Site
from tooearly.model import Edit, Span
from tooearly.source.tree import Tree

_HEAD = re.compile(r"\ufeff?(?:#![^\r\n]*(?:\r\n|\r|\n))?(?:[ \t\f]*#[^\r\n]*coding[:=][^\r\n]*(?:\r\n|\r|\n))?")


def asyncio_function(site: Site, name: str) -> tuple[str, tuple[Edit, ...]] | None:
    """How to write the asyncio function `name` at the read, and the edits that import it.

    None when the name `asyncio` means something else there.
    """
    hidden: set[str] = set()
    functions = [node for node in site.path if isinstance(node, Function)]
    for function in reversed(functions):
        if (spelled := _spelled(function_imports(function), name, hidden)) is not None:
            return spelled, ()
        hidden |= {one.name for one in bindings(function)}
    hidden |= _bound_at_top(site.tree)
    if (spelled := _spelled(module_imports(site.tree), name, hidden)) is not None:
        return spelled, ()
    if "asyncio" in hidden:
        return None
    return f"asyncio.{name}", (import_edit(site.tree),)


@lru_cache(maxsize=4)
def _bound_at_top(tree: Tree) -> frozenset[str]:
    """The names that the module's own functions, classes and assignments take, whatever was imported under them."""
    found: set[str] = set()
    for item in tree.items:
        for statement in item.place.unit.body:
            match statement:
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                    found.add(name)
                case ast.Assign(targets=targets):
                    found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return frozenset(found)


def _spelled(imports: Sequence[ast.Import | ast.ImportFrom], name: str, hidden: set[str]) -> str | None:
    """The name by which one of the imports gives the function; a direct one before the module."""
    module = None
    for node in imports:
        for alias in node.names:
            given = alias.asname or alias.name.split(".")[0]
            if isinstance(node, ast.ImportFrom):
                if node.module != "asyncio" or node.level:
                    continue
                if alias.name == name and given not in hidden:
                    return given
                if alias.name == "*" and name not in hidden:
                    return name
            elif (alias.name if alias.asname else given) == "asyncio" and given not in hidden:
                module = given
    return f"{module}.{name}" if module else None


@lru_cache(maxsize=64)
def function_imports(function: ast.AST) -> tuple[ast.Import | ast.ImportFrom, ...]:
    """The imports in a function's own code."""
    return tuple(node for node in own_nodes(function) if isinstance(node, ast.Import | ast.ImportFrom))


def module_imports(tree: Tree) -> list[ast.Import | ast.ImportFrom]:
    """The imports that run when the module is loaded, those below `if` and `try` included."""
    return [node for item in tree.items for statement in item.place.unit.body for node in _imports(statement)]


def _imports(statement: ast.stmt) -> Iterator[ast.Import | ast.ImportFrom]:
    match statement:
        case ast.Import() | ast.ImportFrom():
            yield statement
        case ast.If(test=ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING")):
            for inner in statement.orelse:
                yield from _imports(inner)
        case ast.If() | ast.Try() | ast.With():
            for inner in (*statement.body, *getattr(statement, "orelse", ())):
                yield from _imports(inner)


def import_edit(tree: Tree) -> Edit:
    """Insert `import asyncio`: behind the imports at the top, else behind `__future__` and the docstring."""
    last, kind = None, ""
    for item in tree.items:
        for statement in item.place.unit.body:
            if isinstance(statement, ast.Import | ast.ImportFrom):
                future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
                last, kind = item.place.span(statement).end, "future" if future else "import"
            elif _is_dunder(statement):
                continue
            elif last is None and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                last, kind = item.place.span(statement).end, "docstring"
            else:
                return _import_after(tree.text, last, kind)
    return _import_after(tree.text, last, kind)


def _is_dunder(statement: ast.stmt) -> bool:
    """`__all__ = ...` and the like, which may stand before the imports."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name.startswith("__") and name.endswith("__")
    return False


def _import_after(text: str, last: int | None, kind: str) -> Edit:
    if last is None:
        head = _HEAD.match(text)
        at = head.end() if head else 0
        return Edit(Span(at, at), "import asyncio" + newline(text, at))
    end = line_end(text, last)
    line = newline(text, last)
    gap = "" if kind == "import" else line
    return Edit(Span(end, end), f"{line}{gap}import asyncio")
