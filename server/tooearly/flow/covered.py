"""Elements by keys that are not followed: `await gather(*(d[k] for k in ks))`, and then `d[k]` for each `k in ks`.

Of a container and keys of which nothing is known it is not known which elements a loop has waited for. The text tells
that two loops over the same iterable mean the same ones: when the first has waited for each of its elements, and has
been passed on every way to the second, nothing is claimed of the second's.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tooearly.flow.changes import ADDING
from tooearly.flow.machine import Act, Machine
from tooearly.flow.mention import COMPREHENSIONS, called, nodes_in, waited_for
from tooearly.flow.values import Site
from tooearly.semantics.names import Function, walk
from tooearly.semantics.rows import Rows

Place = tuple[tuple[ast.AST, str], ...]  # the compound statements around a node, each with the part that it is in
Asked = tuple[str, str]  # the texts of a container and of the iterable that its keys are from

SAME_ELEMENTS = frozenset(["container", "reordered", "reversed"])  # effects
FORS = (ast.For, ast.AsyncFor)
BRANCHES = (ast.If, ast.While, ast.For, ast.AsyncFor, ast.Match, ast.Try, ast.With, ast.AsyncWith)


@dataclass(frozen=True, slots=True)
class Text:
    """What a function's text says: what its loops ask for by their variables, and where all of that is waited for."""

    asked: dict[ast.AST, Asked]
    waits: list[tuple[Asked, ast.AST]]
    places: dict[ast.AST, Place]
    stores: list[tuple[str, int]]


def is_covered(m: Machine, act: Act, site: Site) -> bool:
    """Whether a subscript by a loop's variable means an element for which another loop has waited."""
    here: Function | None = act.function
    while here is not None:
        text = _text(m.rows, here)
        asked = text.asked.get(site.node)
        if asked is not None:
            return any(asked == waited and _passed(text, node, site.node) for waited, node in text.waits)
        here = here.parent
    return False


def _text(rows: Rows, function: Function) -> Text:
    found: Text | None = function.cache.get("covered")
    if found is None:
        asked: dict[ast.AST, Asked] = {}
        waits: list[tuple[Asked, ast.AST]] = []
        for node in nodes_in(function):
            if isinstance(node, FORS):
                asked.update(_subscripts(rows, node.body, node.target, node.iter))
                waits += [(asked[element], node) for element in _awaited_in(node) if element in asked]
            elif isinstance(node, COMPREHENSIONS) and len(node.generators) == 1:
                asked.update(_subscripts(rows, [node], node.generators[0].target, node.generators[0].iter))
        waits += _awaited_at_once(rows, function, asked) if asked else []
        places = _places(function.node) if waits else {}
        found = function.cache["covered"] = Text(asked, waits, places, _stores(rows, function) if waits else [])
    return found


def _subscripts(
    rows: Rows, body: Iterable[ast.AST], target: ast.expr, over: ast.expr
) -> Iterator[tuple[ast.AST, Asked]]:
    """The subscripts by a loop's variable."""
    if isinstance(over, ast.Call) and called(over) in rows.named(SAME_ELEMENTS) and len(over.args) == 1:
        over = over.args[0]
    variable = target.id if isinstance(target, ast.Name) else None
    for node in (n for part in body for n in walk(part)) if variable else ():
        match node:
            case ast.Subscript(value=value, slice=ast.Name(id=key)) if key == variable:
                yield node, (ast.unparse(value), ast.unparse(over))


def _awaited_in(loop: ast.For | ast.AsyncFor) -> Iterator[ast.AST]:
    """What each turn of a loop awaits, whatever happens: in a `try`, what comes first."""
    if any(isinstance(n, ast.Break | ast.Continue) for stmt in loop.body for n in walk(stmt)):
        return
    plain = [inner for stmt in loop.body for inner in (stmt.body[:1] if isinstance(stmt, ast.Try) else [stmt])]
    for stmt in plain:
        if isinstance(stmt, ast.Expr | ast.Assign):
            yield from (n.value for n in walk(stmt) if isinstance(n, ast.Await))


def _awaited_at_once(rows: Rows, function: Function, asked: dict[ast.AST, Asked]) -> Iterator[tuple[Asked, ast.AST]]:
    """`await gather(*(d[k] for k in ks))`, `await wait([...])`, `[await d[k] for k in ks]`.

    `if needed: await wait(needed)` has waited for all that is needed, whichever way it goes.
    """
    lists = _kept_lists(function)
    guards = {inner: node for node in nodes_in(function) for inner in _only_if_any(node, lists)}
    for node in nodes_in(function):
        match node:
            case ast.Await(value=ast.Call() as call):
                for arg in waited_for(rows, call):
                    part = arg.value if isinstance(arg, ast.Starred) else arg
                    part = lists.get(part.id, part) if isinstance(part, ast.Name) else part
                    yield from ((asked[e], guards.get(node, node)) for e in _elements(part) if e in asked)
            case ast.ListComp(elt=ast.Await(value=element)) if element in asked and not node.generators[0].ifs:
                yield asked[element], node


def _only_if_any(node: ast.AST, lists: dict[str, ast.expr]) -> Iterator[ast.AST]:
    """The waits in the body of a condition that asks a list whether there is anything in it."""
    match node:
        case ast.If(test=ast.Name(id=name) | ast.NamedExpr(target=ast.Name(id=name)), body=body) if name in lists:
            plain = [stmt for stmt in body if isinstance(stmt, ast.Expr | ast.Assign)]
            yield from (n.value for n in plain if isinstance(n.value, ast.Await) and name in _names(n.value))


def _names(node: ast.AST) -> set[str]:
    return {n.id for n in walk(node) if isinstance(n, ast.Name)}


def _kept_lists(function: Function) -> dict[str, ast.expr]:
    """The variables that are set once, and of which no attribute is asked: what they have been set to."""
    nodes = nodes_in(function)
    bound = [n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    owners = {n.value.id for n in nodes if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name)}
    sets = [(t, n.value) for n in nodes if isinstance(n, ast.Assign) for t in n.targets]
    sets += [(n.target, n.value) for n in nodes if isinstance(n, ast.NamedExpr)]
    kept = [(t.id, value) for t, value in sets if isinstance(t, ast.Name) and t.id not in owners]
    return {name: value for name, value in kept if bound.count(name) == 1}


def _elements(node: ast.AST) -> Iterator[ast.AST]:
    """The element of a comprehension that leaves nothing out."""
    if isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp) and not node.generators[0].ifs:
        yield node.elt


def _places(root: ast.AST) -> dict[ast.AST, Place]:
    found: dict[ast.AST, Place] = {}
    stack: list[tuple[ast.AST, Place]] = [(root, ())]
    while stack:
        node, place = stack.pop()
        found[node] = place
        for part, value in ast.iter_fields(node):
            inner = (*place, (node, part)) if isinstance(node, BRANCHES) else place
            stack += [(n, inner) for n in (value if isinstance(value, list) else [value]) if isinstance(n, ast.AST)]
    return found


def _stores(rows: Rows, function: Function) -> list[tuple[str, int]]:
    """What the text binds or puts something into, and in which line."""
    adding, found = rows.named(ADDING), list[tuple[str, int]]()
    for node in nodes_in(function):
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                found.append((name, node.lineno))
            case ast.Subscript(value=owner, ctx=ast.Store()) | ast.Attribute(value=owner, ctx=ast.Store()):
                found.append((ast.unparse(owner), node.lineno))
            case ast.Call(func=ast.Attribute(value=owner, attr=attr)) if attr in adding:
                found.append((ast.unparse(owner), node.lineno))
    return found


def _passed(text: Text, wait: ast.AST, read: ast.AST) -> bool:
    """Whether the wait is passed on every way to the read, and what it has waited for is not replaced in between."""
    before, here = text.places.get(wait, ()), text.places.get(read, ())
    line, last = getattr(wait, "end_lineno", 0), getattr(read, "lineno", 0)
    if line >= last or any(around not in here and not _goes_through(around, here) for around in before):
        return False
    container, iterable = text.asked[read]
    names = _names(ast.parse(container)) | _names(ast.parse(iterable))
    since = getattr(wait, "lineno", 0)
    return not any(since < at <= last and (name in names or name in text.asked[read]) for name, at in text.stores)


def _goes_through(around: tuple[ast.AST, str], here: Place) -> bool:
    """Whether code behind the body of a `try` is only reached when that has been passed."""
    node, part = around
    inside = [other for outer, other in here if outer is node]
    if not isinstance(node, ast.Try) or part != "body":
        return part == "finalbody"
    return inside == ["orelse"] or (not inside and not node.handlers)
