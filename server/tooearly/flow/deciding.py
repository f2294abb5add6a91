"""By what a done callback decides whether it sets something: by its own future alone, or by what others have done.

`if task.exception(): failed.set()` is decided by the one task that the callback was called for: when `failed` is set,
that one has ended, and the others may be running. `left -= 1; if not left: over.set()` is decided by all of them. The
tests in the callback's text tell, and in those of the functions that it calls: which names they mention, and what
those were made of. That something is set once only (`if not failed.is_set():`) decides nothing.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator

from tooearly.flow.machine import Machine
from tooearly.flow.mention import SETTING, named_by, nodes_in
from tooearly.flow.values import Bound, Func, Partial, Value
from tooearly.semantics.names import Function, all_args, walk

FIXED = ("import", "class")  # bindings of names that no callback changes
ASKING = frozenset(["done", "event_is_set"])  # the effects of methods
MOST_CALLS = 3  # from a callback on


def by_itself(m: Machine, callback: Value) -> bool:
    """Whether what a callback does depends on nothing that other callbacks change: on its own future alone."""
    match callback:
        case Func(function):
            return _by_parameter(m, function, 0)
        case Bound(Func(function), _):
            return _by_parameter(m, function, 1)
        case Partial(Func(function), args, _):
            return _by_parameter(m, function, len(args))
        case Partial(Bound(Func(function), _), args, _):
            return _by_parameter(m, function, len(args) + 1)
    return False


def _by_parameter(m: Machine, function: Function, position: int | None, depth: int = 0) -> bool:
    """Whether each decision in the text looks at that parameter only, and at what is made of it."""
    node = function.node
    if not isinstance(node, ast.FunctionDef | ast.Lambda) or depth > MOST_CALLS:
        return False
    params = [arg.arg for arg in all_args(node.args)]
    if position is not None and position >= len(params):
        return False
    nodes = nodes_in(function)
    known = _made_of(m, function, nodes, {params[position]} if position is not None else set())
    asked = {name for test in _decisions(m, nodes) for name in _names(test)}
    if not all(name in known or _fixed(m, function, name) for name in asked):
        return False
    calls = [n for n in nodes if isinstance(n, ast.Call)]
    return all(_by_parameter(m, *called, depth + 1) for call in calls for called in _called(m, function, call, known))


def _called(m: Machine, function: Function, call: ast.Call, known: set[str]) -> Iterator[tuple[Function, int | None]]:
    """The functions that a call may mean, each with the place of the parameter that is handed what is known."""
    module = m.module(function.module)
    place = next((n for n, arg in enumerate(call.args) if isinstance(arg, ast.Name) and arg.id in known), None)
    match call.func:
        case ast.Name(id=name):
            found = named_by(module, frozenset([name])) if module is not None else []
            local = [f for f in _around(function) if name in f.bound]
            yield from ((f, place if f.cls is None else None) for f in found)
            if local and not found:
                yield function, len(function.params)  # some function that is not looked for
        case ast.Attribute(attr=name):
            methods = [f for f in module.functions if f.name == name] if module is not None else []
            yield from ((f, place if f.cls is None or place is None else place + 1) for f in methods)


def _around(function: Function) -> Iterator[Function]:
    """The function and those around it."""
    here: Function | None = function
    while here is not None:
        yield here
        here = here.parent


def _decisions(m: Machine, nodes: list[ast.AST]) -> Iterator[ast.AST]:
    """What a text looks at to do one thing or another."""
    asking, setting = m.rows.named(ASKING), m.rows.named(SETTING)
    targets = {ast.unparse(owner) for node in nodes for owner in _receiver(node, setting)}
    for test in (atom for node in nodes for looked_at in _looks(node) for atom in _atoms(looked_at)):
        if not any(ast.unparse(owner) in targets for owner in _receiver(test, asking)):
            yield test


def _looks(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test) | ast.Assert(test=test):
            yield test
        case ast.BoolOp(values=values):
            yield from values[:-1]
        case ast.Match(subject=subject, cases=cases):
            yield subject
            yield from (case.guard for case in cases if case.guard is not None)
        case ast.Try(body=body):
            yield from body
        case ast.For(iter=over) | ast.comprehension(iter=over):
            yield over


def _atoms(test: ast.AST) -> Iterator[ast.AST]:
    """The conditions that a test is put together from."""
    match test:
        case ast.BoolOp(values=values):
            for value in values:
                yield from _atoms(value)
        case ast.UnaryOp(ast.Not(), operand):
            yield from _atoms(operand)
        case _:
            yield test


def _receiver(node: ast.AST, methods: frozenset[str]) -> Iterator[ast.expr]:
    """The object of a call of one of these methods."""
    match node:
        case ast.Call(func=ast.Attribute(value=owner, attr=attr)) if attr in methods:
            yield owner


def _made_of(m: Machine, function: Function, nodes: list[ast.AST], given: set[str]) -> set[str]:
    """What is given, and the variables that are made of it and of nothing else that may change."""
    stored: dict[str, list[ast.expr]] = {}
    times: dict[str, int] = {}
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) | ast.NamedExpr(ast.Name(id=name), value):
                stored.setdefault(name, []).append(value)
            case ast.Name(id=name, ctx=ast.Store()):
                times[name] = times.get(name, 0) + 1
    shared = function.nonlocal_names | function.global_names
    own = {name: made for name, made in stored.items() if len(made) == times[name] and name not in shared}
    known = given - times.keys()
    while True:
        more = {
            name
            for name, made in own.items()
            if all(other in known or _fixed(m, function, other) for value in made for other in _names(value))
        }
        if more <= known:
            return known
        known |= more


def _names(node: ast.AST) -> Iterator[str]:
    for part in walk(node):
        if isinstance(part, ast.Name):
            yield part.id


def _fixed(m: Machine, function: Function, name: str) -> bool:
    """Whether a name means the same all the time: a builtin, a module, a class."""
    if any(name in around.bound for around in _around(function) if around.qualname != "<module>"):
        return False
    module = m.module(function.module)
    bindings = module.bindings.get(name, ()) if module is not None else ()
    return all(bound.kind in FIXED for bound in bindings) if bindings else hasattr(builtins, name)


__all__ = ["by_itself"]
