"""Lists of which the text says how long they are, and loops over as many indices.

`tasks = [start(n) for n in range(N)]` has N elements, and so has a list to which a loop over `range(N)` adds one in
each turn. Then `for i in range(N): await tasks[i]` is a loop over `range(len(tasks))`, which is followed to its end.

The length is a text: it is the same as long as nothing in the function sets the names in it a second time, or changes
the list (or the one that it was made from) otherwise.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Sequence

from tooearly.flow.changes import CHANGING
from tooearly.flow.mention import called, nodes_in
from tooearly.semantics.names import Function, walk
from tooearly.semantics.rows import builtin_rows

LEAVING = (ast.Break, ast.Continue, ast.Yield, ast.YieldFrom)


def over_list(items: ast.expr, target: ast.expr, body: Sequence[ast.AST], function: Function) -> ast.expr:
    """`range(len(tasks))` for a range of as many indices, where the loop's body looks at `tasks` by the index."""
    match items:
        case ast.Call(func=ast.Name(id="range"), args=[*bounds], keywords=[]) if isinstance(target, ast.Name):
            at = min(len(bounds), 2) - 1
            if at < 0 or (at == 1 and ast.unparse(bounds[0]) != "0"):
                return items
            stop, known = bounds[at], _lengths(function)
            named = next((name for name in _indexed(body, target.id) if ast.unparse(stop) in known.get(name, ())), None)
            if named is None:
                return items
            length = ast.Call(ast.Name("len", ast.Load()), [ast.Name(named, ast.Load())], [])
            made = ast.Call(items.func, [*bounds[:at], length, *bounds[at + 1 :]], [])
            for new in (made, length, length.func, *length.args):
                ast.copy_location(new, items if new is made else stop)
            return made
    return items


def _indexed(body: Sequence[ast.AST], index: str) -> Iterator[str]:
    """The names of what is subscripted by a variable, or by a slice that begins with it; what is awaited first."""
    nodes = [node for part in body for node in walk(part)]
    awaited = [node for part in nodes if isinstance(part, ast.Await) for node in walk(part)]
    for node in (*awaited, *nodes):
        match node:
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Name(id=key) | ast.Slice(lower=ast.Name(id=key))):
                if key == index:
                    yield name


def _lengths(function: Function) -> dict[str, tuple[str, str]]:
    """The lists of a function whose length is known as a text: by its source, and as a number if it has one."""
    found: dict[str, tuple[str, str]] | None = function.cache.get("lengths")
    if found is None:
        nodes = nodes_in(function)
        stores = Counter(n.id for n in nodes if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load))
        changed = Counter(_changed(nodes))
        written = {f"len({name})": _length(value) for name, value in _displays(nodes) if stores[name] == 1}
        found = {}
        for name, made_by, appends in _made(nodes):
            text = _length(made_by)
            if text and stores[name] == 1 and changed[name] == appends and not _varies(text, stores, changed):
                found[name] = text, written.get(text, "")
        function.cache["lengths"] = found
    return found


def _varies(length: str, stores: Counter[str], changed: Counter[str]) -> bool:
    names = [n.id for n in walk(ast.parse(length, mode="eval")) if isinstance(n, ast.Name)]
    return any(stores[name] > 1 or changed[name] for name in names)


def _changed(nodes: Sequence[ast.AST]) -> Iterator[str]:
    """The names of containers to which something is added, or from which something is taken, once for each place.

    What is handed to a function that is no API may be changed there, and what has another name by that name.
    """
    changing, keeping = builtin_rows().named(CHANGING), builtin_rows().keeping
    for node in nodes:
        match node:
            case ast.Call(args=args, keywords=keywords) if called(node) not in keeping:
                yield from (n.id for n in (*args, *(k.value for k in keywords)) if isinstance(n, ast.Name))
            case ast.Assign(value=ast.Name(id=name)) | ast.AnnAssign(value=ast.Name(id=name)):
                yield name
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)) if method in changing:
                yield name
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Del()):
                yield name
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Slice(), ctx=ast.Store()):
                yield name
            case ast.AugAssign(target=ast.Name(id=name)):
                yield name


def _made(nodes: Sequence[ast.AST]) -> Iterator[tuple[str, ast.expr, int]]:
    """Lists that get one element for each of something: (name, that, how often the text adds an element)."""
    for node in nodes:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.ListComp() as value)
            ):
                match value:
                    case ast.ListComp(generators=[ast.comprehension(iter=items, ifs=[], is_async=0)]):
                        yield name, items, 0
        for statements in (getattr(node, part, None) for part in ("body", "orelse", "finalbody")):
            if isinstance(statements, list):
                yield from _filled(statements)


def _displays(nodes: Sequence[ast.AST]) -> Iterator[tuple[str, ast.expr]]:
    """The variables that are set to a list or a tuple whose elements are written down."""
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=(ast.List() | ast.Tuple()) as value):
                yield name, value


def _filled(statements: Sequence[ast.stmt]) -> Iterator[tuple[str, ast.expr, int]]:
    """`xs = []` and further down in the same block a loop that adds to it once in each turn."""
    empty, one_more = set[str](), builtin_rows().named(frozenset(["add"]))
    for stmt in statements:
        match stmt:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=ast.List(elts=[]))
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.List(elts=[]))
            ):
                empty.add(name)
            case ast.For(iter=items, body=body) if not any(isinstance(n, LEAVING) for s in body for n in walk(s)):
                for inner in body:
                    match inner:
                        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method))):
                            if name in empty and method in one_more:
                                yield name, items, 1


def _length(items: ast.expr) -> str:
    """How many elements something has, as a text; nothing where it does not say."""
    match items:
        case ast.Call(func=ast.Name(id="range"), args=[stop], keywords=[]):
            return ast.unparse(stop)
        case ast.Call(func=ast.Name(id="range"), args=[ast.Constant(value=0), stop], keywords=[]):
            return ast.unparse(stop)
        case ast.Call(func=ast.Name(id="enumerate"), args=[inner, *_]):
            return _length(inner)
        case ast.Name() | ast.Attribute():
            return f"len({ast.unparse(items)})"
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            return "" if any(isinstance(e, ast.Starred) for e in elements) else str(len(elements))
        case ast.Constant(value=str() as text):
            return str(len(text))
    return ""
