"""Names of one function: which are bound where, which are taken, which may be changed from elsewhere.

Only the function's own code is looked at: nested functions, lambdas and classes have scopes of their own, and
comprehensions bind their targets for themselves. Trees never change, so what is found in a function is kept for the
next fix of the same finding.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from tooearly.semantics.names import children, walk

Function = ast.FunctionDef | ast.AsyncFunctionDef
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_BINDING = (
    ast.Name,
    ast.arg,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Import,
    ast.ImportFrom,
    ast.ExceptHandler,
    ast.MatchAs,
    ast.MatchStar,
    ast.MatchMapping,
)


@dataclass(frozen=True, slots=True)
class Binding:
    """A place that gives a name its value. `node` is the statement or expression that does so."""

    name: str
    node: ast.AST
    line: int
    column: int


@lru_cache(maxsize=64)
def own_nodes(root: ast.AST) -> tuple[ast.AST, ...]:
    """The nodes of a function (or statement) that run in its own scope, in no particular order."""
    found: list[ast.AST] = []
    stack: list[ast.AST] = children(root)
    while stack:
        node = stack.pop()
        found.append(node)
        if not isinstance(node, _SCOPES):
            stack += children(node)
        elif not isinstance(node, ast.Lambda):
            stack += node.decorator_list
    return tuple(found)


@lru_cache(maxsize=64)
def bindings(function: ast.AST) -> tuple[Binding, ...]:
    """All places in a function's own code that bind a name, its parameters included."""
    found: list[Binding] = []
    for node in own_nodes(function):
        if isinstance(node, _BINDING):
            at = (getattr(node, "lineno", 0), getattr(node, "col_offset", 0))
            found += [Binding(name, node, *at) for name in _bound_by(node)]
    targets = {id(target) for target in _comprehension_targets(function)}
    return tuple(one for one in found if id(one.node) not in targets)


def _bound_by(node: ast.AST) -> list[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name):
            return [name]
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return [(alias.asname or alias.name).split(".")[0] for alias in names]
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            return [name]
        case ast.MatchMapping(rest=str(name)):
            return [name]
    return []


def _comprehension_targets(function: ast.AST) -> Iterator[ast.AST]:
    for node in own_nodes(function):
        if isinstance(node, COMPREHENSIONS):
            for generator in node.generators:
                yield from walk(generator.target)


@lru_cache(maxsize=64)
def bound_names(function: ast.AST) -> frozenset[str]:
    """The names that a function binds and does not declare `global` or `nonlocal`."""
    return frozenset(one.name for one in bindings(function)) - declared_outside(function)


@lru_cache(maxsize=64)
def declared_outside(function: ast.AST) -> frozenset[str]:
    """The names that a function declares `global` or `nonlocal`."""
    declarations = (node for node in own_nodes(function) if isinstance(node, ast.Global | ast.Nonlocal))
    return frozenset(name for node in declarations for name in node.names)


def free_name(function: ast.AST, wanted: str) -> str:
    """`wanted`, or a variant of it that nothing in the function uses."""
    taken = all_names(function)
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted}_{number}", number + 1
    return name


@lru_cache(maxsize=16)
def all_names(function: ast.AST) -> frozenset[str]:
    """Every name that a function and what is nested in it mention."""
    found = (getattr(node, "id", None) or getattr(node, "arg", None) for node in walk(function))
    return frozenset(name for name in found if name)


def names_in(node: ast.AST) -> set[str]:
    """The names that a node reads or binds."""
    return {child.id for child in walk(node) if isinstance(child, ast.Name)}


def assigned_value(function: ast.AST, name: str) -> ast.expr | None:
    """The expression a name is assigned, if this happens exactly once in the function."""
    return _assigned(function).get(name)


@lru_cache(maxsize=64)
def _assigned(function: ast.AST) -> dict[str, ast.expr]:
    """The values of the names that are bound once, by an assignment to nothing else."""
    times = Counter(one.name for one in bindings(function))
    found: dict[str, ast.expr] = {}
    for node in own_nodes(function):
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
                | ast.NamedExpr(target=ast.Name(id=name), value=value)
            ) if times[name] == 1:
                found[name] = value
    return found


@lru_cache(maxsize=64)
def nested_names(function: ast.AST) -> frozenset[str]:
    """The names that functions, lambdas and classes inside a function mention: others may change what they hold."""
    found: set[str] = set()
    for node in own_nodes(function):
        if isinstance(node, _SCOPES):
            found |= names_in(node)
    return frozenset(found)


def is_local(function: Function, name: str) -> bool:
    """Whether only the function's own code can bind the name."""
    return name in bound_names(function) and name not in nested_stores(function)


@lru_cache(maxsize=64)
def nested_stores(function: ast.AST) -> frozenset[str]:
    """The names that a nested function declares `nonlocal`, or, of a notebook, `global`."""
    declarations = (node for node in walk(function) if isinstance(node, ast.Nonlocal | ast.Global))
    return frozenset(name for node in declarations for name in node.names)
