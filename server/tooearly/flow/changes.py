"""What a function's own text changes that others may see: containers, attributes, variables around it.

By the text alone, and so the same for each call: which places a function stores into, whether it may have waited for
something before it does, and whether it is suspended again afterwards.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tooearly.flow.mention import COMPREHENSIONS, may_suspend, nodes_in
from tooearly.semantics.names import Function
from tooearly.semantics.rows import builtin_rows

# The effects of methods that take an element of a container and give it, that make it less, and more.
TAKING = frozenset(["dict_pop", "dict_popitem", "pop", "popleft"])
LESSENING = TAKING | {"clear", "remove"}
ADDING = frozenset(["add", "dict_update", "extend", "put_under", "setdefault", "update"])
CHANGING = LESSENING | ADDING
FUNCTIONS = (ast.AsyncFunctionDef, ast.FunctionDef, ast.Lambda)
LOOPS = (ast.For, ast.AsyncFor, ast.While)


@dataclass(frozen=True, slots=True)
class Change:
    """A function stores into a variable's container (`attr` is empty), or into an attribute.

    `late`: it may have waited for something before; `last`: it ends without being suspended any more. `lessens`: it
    only takes something out.
    """

    name: str
    attr: str
    late: bool
    last: bool
    lessens: bool = False


def changes_of(function: Function) -> tuple[Change, ...]:
    """What a function's own text stores into."""
    found: tuple[Change, ...] | None = function.cache.get("changes")
    if found is None:
        nodes = nodes_in(function) if isinstance(function.node, FUNCTIONS) else []
        waits = [node for node in nodes if may_suspend(node)]
        turning = _turning(nodes)
        rebound = function.nonlocal_names | function.global_names
        function.cache["changes"] = ()  # of methods that call each other
        own = [
            (node, Change(*place, late=False, last=True, lessens=_lessens(node)))
            for node in nodes
            for place in _places(node, rebound)
        ]
        found = function.cache["changes"] = tuple(
            replace(
                change,
                late=change.late
                or any(_inside(node, x) for x in turning)
                or any(_before(x, node) or _inside(x, node) for x in waits),
                last=change.last and behind_all_waits(node, nodes),
            )
            for node, change in [*own, *_by_methods(function, nodes)]
        )
    return found


def _turning(nodes: list[ast.AST]) -> list[ast.AST]:
    """The loops, and comprehensions, that wait in each turn."""
    waits = [node for node in nodes if may_suspend(node)]
    loops = [n for n in nodes if isinstance(n, LOOPS + COMPREHENSIONS)]
    return [loop for loop in loops if may_suspend(loop) or any(_inside(x, loop) for x in waits)]


def behind_all_waits(node: ast.AST, nodes: list[ast.AST]) -> bool:
    """Whether a function of these nodes, once it has come to this one, is not suspended any more."""
    if any(_inside(node, loop) for loop in _turning(nodes)):
        return False
    return not any(_before(node, wait) for wait in nodes if may_suspend(wait))


def _by_methods(function: Function, nodes: Sequence[ast.AST]) -> Iterator[tuple[ast.AST, Change]]:
    """What the methods change that a method calls on its own object."""
    for node in nodes if function.cls is not None and function.params else ():
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr)) if name == function.params[0]:
                method = function.cls.methods.get(attr) if function.cls is not None else None
                if method is not None and method is not function and method.params:
                    own = [change for change in changes_of(method) if change.name == method.params[0]]
                    yield from ((node, replace(change, name=name)) for change in own)


def _places(node: ast.AST, rebound: frozenset[str]) -> Iterator[tuple[str, str]]:
    """What a piece of text stores into: (name, attribute or nothing)."""
    match node:
        case ast.Call(func=ast.Attribute(value=owner, attr=attr)) if attr in builtin_rows().named(CHANGING):
            yield from place_of(owner)
        case ast.Subscript(value=owner, ctx=ast.Store() | ast.Del()):
            yield from place_of(owner)
        case ast.Attribute(ctx=ast.Store()):
            yield from place_of(node)
        case ast.Name(id=name, ctx=ast.Store()) if name in rebound:
            yield name, ""


def _lessens(node: ast.AST) -> bool:
    """Whether what changes a container only takes something out."""
    match node:
        case ast.Call(func=ast.Attribute(attr=attr)):
            return attr in builtin_rows().named(LESSENING)
    return isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Del)


def place_of(owner: ast.expr) -> Iterator[tuple[str, str]]:
    """What an expression names: (name, attribute or nothing); of others nothing is said."""
    match owner:
        case ast.Name(id=name):
            yield name, ""
        case ast.Attribute(value=ast.Name(id=name), attr=attr):
            yield name, attr


def _before(node: ast.AST, other: ast.AST) -> bool:
    return (node.end_lineno, node.end_col_offset) <= _start(other)  # type: ignore[attr-defined]


def _inside(node: ast.AST, outer: ast.AST) -> bool:
    return _start(outer) < _start(node) < (outer.end_lineno, outer.end_col_offset)  # type: ignore[attr-defined]


def _start(node: ast.AST) -> tuple[int, int]:
    return node.lineno, node.col_offset  # type: ignore[attr-defined]
