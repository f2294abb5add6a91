"""What is set, or awaited, before an event or a plain future wherever that is set: by the text alone.

Who waits for `closed` and finds in the text that `greeting` is set in front of each `closed.set_result(...)`, may read
`greeting`. Looked at are the statements in front of the setting one, in its own list and in those around it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tooearly.flow.machine import Act, Machine
from tooearly.flow.mention import waited_for
from tooearly.flow.objects import Cont, Fut, Inst
from tooearly.flow.state import World
from tooearly.flow.values import Ref, Value
from tooearly.flow.walking import refs
from tooearly.semantics.rows import Rows

FINISHING, ASKING = frozenset(["finish"]), frozenset(["done"])  # the effects of methods


def before_a_name(m: Machine, act: Act, w: World, name: str, setting: frozenset[str]) -> list[Ref]:
    """The futures that are done when what a variable of this function holds has been set."""
    common = _common(m.rows, [act.function.node], name, setting)
    return _futures(w, [w.env.get((act.frame, other)) for other in common])


def before_an_attribute(m: Machine, w: World, owner: Value | None, attr: str, setting: frozenset[str]) -> list[Ref]:
    """The futures of an object that are done when the attribute has been set by its methods."""
    inst = w.heap.get(owner.oid) if isinstance(owner, Ref) else None
    if not isinstance(inst, Inst):
        return []
    scopes: list[ast.AST] = [method.node for method in inst.cls.methods.values()]
    common = _common(m.rows, scopes, f"self.{attr}", setting)
    return _futures(w, [inst.get(name[5:]) for name in common if name.startswith("self.")])


def before_future(m: Machine, w: World, ref: Ref) -> list[Ref]:
    """The futures of the same object that are done when this one is, a plain future that its methods set."""
    fut = w.heap.get(ref.oid)
    if not isinstance(fut, Fut) or fut.kind != "future" or fut.many:
        return []
    return [
        other
        for oid, obj in list(w.heap.items())
        if isinstance(obj, Inst) and not obj.many
        for attr, value in obj.attrs
        if value == ref
        for other in before_an_attribute(m, w, Ref(oid), attr, FINISHING)
        if other != ref
    ]


def _futures(w: World, values: list[Value | None]) -> list[Ref]:
    """The futures among these values, and in containers."""
    found = [oid for value in values if value is not None for oid in refs(value)]
    for cont in [held for oid in found if isinstance(held := w.heap.get(oid), Cont)]:
        found += [oid for item in cont.items for oid in refs(item)]
    return [Ref(oid) for oid in dict.fromkeys(found) if isinstance(w.heap.get(oid), Fut)]


def _common(rows: Rows, scopes: list[ast.AST], target: str, setting: frozenset[str]) -> list[str]:
    """The expressions that are set in front of each statement that sets this one."""
    methods = rows.named(setting)
    bodies = [getattr(scope, "body", ()) for scope in scopes]
    found = [
        _done_by(rows, stmts) for body in bodies if isinstance(body, list) for stmts in _in_front(body, target, methods)
    ]
    return sorted(set.intersection(*found)) if found else []


def _in_front(
    stmts: list[ast.stmt], target: str, methods: frozenset[str], before: tuple[ast.stmt, ...] = ()
) -> Iterator[tuple[ast.stmt, ...]]:
    """For each statement that sets the target, what stands in front of it."""
    for at, stmt in enumerate(stmts):
        here = (*before, *stmts[:at])
        if any(attr in methods and text == target for text, attr in _call(stmt)):
            yield here
        for name in ("body", "orelse", "finalbody"):
            yield from _in_front(getattr(stmt, name, []), target, methods, here)
        for handler in getattr(stmt, "handlers", []):
            yield from _in_front(handler.body, target, methods, before)


def _awaited(rows: Rows, value: ast.expr) -> Iterator[ast.expr]:
    """What is done behind `await value`: that itself, or what a call waits for to the end."""
    match value:
        case ast.Call():
            yield from _listed(*waited_for(rows, value))
        case _:
            yield from _listed(value)


def _listed(*values: ast.expr) -> Iterator[ast.expr]:
    """The variables among these expressions, and in what they list."""
    for value in values:
        match value:
            case ast.Name() | ast.Attribute():
                yield value
            case ast.Starred(value=inner):
                yield from _listed(inner)
            case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
                yield from _listed(*parts)


def _call(stmt: ast.stmt) -> Iterator[tuple[str, str]]:
    """The object and the method of a statement that is a call."""
    match stmt:
        case ast.Expr(ast.Call(ast.Attribute(value=value, attr=attr))):
            yield ast.unparse(value), attr


def _done_by(rows: Rows, stmts: tuple[ast.stmt, ...]) -> set[str]:
    """The expressions that these statements set, await (also in `gather` and the like), or set if they are not done."""
    found = set[str]()
    for stmt in stmts:
        found |= {text for text, attr in _call(stmt) if attr in rows.named(FINISHING)}
        match stmt:
            case ast.Expr(ast.Await(value)) | ast.Assign(value=ast.Await(value)):
                found |= {ast.unparse(awaited) for awaited in _awaited(rows, value)}
        match stmt:
            case ast.Assign(targets=targets):
                found -= {ast.unparse(target) for target in targets}
            case ast.If(test=ast.UnaryOp(ast.Not(), ast.Call(ast.Attribute(value=value, attr=attr)))) if (
                attr in rows.named(ASKING)
            ):
                found |= {ast.unparse(value)} & _done_by(rows, tuple(stmt.body))
    return found
