"""Would a task, waited for at a read, wait in turn for what only comes after it? Would others be kept from going on?

    go = asyncio.Event()
    task = asyncio.create_task(listen(go))
    print(task.result())        # to await here is to wait for ever
    go.set()

Asked of a task that is made in the function from a coroutine function of the same file. What that one waits for first
of all (`await go.wait()`, `await queue.get()`, `async with lock`, `await future`) is looked up in the function that
reads, by the name that both share or by the argument of the call. No fix can wait if the function holds that lock at
the read, or has made the thing itself, has used it for nothing else so far, and goes on to use it further down.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import pairwise

from tooearly.fixes.scope import Function, assigned_value, bound_names, own_nodes
from tooearly.fixes.site import Site
from tooearly.semantics.names import walk
from tooearly.semantics.rows import builtin_rows

_UNSET = frozenset(["barrier", "event", "future", "queue"])
"""The effects of what makes a thing that one waits for until somebody else does something with it."""

_LOCK = re.compile(r"(?:^|[_.\s])(?:[rR]?lock|mutex)\b|Lock\b")

_FREE = frozenset(["lock"])
"""The effect of what makes a thing that one waits for only while others have it; made with a number, several may."""


def waits_for_later(site: Site) -> str:
    """Why waiting for the task would never end, empty if nothing is known against it."""
    function, receiver = site.scope, site.receiver
    if not isinstance(function, ast.AsyncFunctionDef) or not isinstance(receiver, ast.Name):
        return ""
    call = _coroutine(assigned_value(function, receiver.id))
    body = _function(site, call)
    if call is None or body is None:
        return ""
    for thing in _shared(function, call, body):
        if _held(site, function, thing):
            return f"`{receiver.id}` waits for `{thing}`, which is held here"
        if _comes_later(site, function, (call, body), thing):
            return f"`{receiver.id}` waits for `{thing}`, which only the code below makes use of"
    return ""


def under_thread_lock(site: Site) -> bool:
    """Whether the read stands inside of a plain `with` over a lock. Who wants it while this one waits stops the loop.

    A lock is known by its name, or by that of what has made it.
    """
    blocks = [one for one, child in pairwise(site.path) if isinstance(one, ast.With) and child in one.body]
    return any(_is_lock(site, item.context_expr) for block in blocks for item in block.items)


def _is_lock(site: Site, node: ast.expr) -> bool:
    made = assigned_value(site.scope, node.id) if isinstance(node, ast.Name) and site.scope is not None else None
    text = ast.unparse(node) if made is None else f"{ast.unparse(node)} {ast.unparse(made)}"
    return _LOCK.search(text) is not None


def _coroutine(value: ast.expr | None) -> ast.Call | None:
    """The call of the coroutine function that a task is made from."""
    match value:
        case ast.Call(args=[ast.Call(func=ast.Name()) as call, *_]):
            return call
    return None


def _function(site: Site, call: ast.Call | None) -> ast.AsyncFunctionDef | None:
    """The coroutine function of that name around the read or at the top of the file."""
    if call is None:
        return None
    wanted = call.func.id  # type: ignore[attr-defined]
    near = [node for scope in reversed(site.path) if isinstance(scope, Function) for node in own_nodes(scope)]
    top = [node for item in site.tree.items for node in item.place.unit.body]
    found = [node for node in (*near, *top) if isinstance(node, ast.AsyncFunctionDef) and node.name == wanted]
    return found[0] if len(found) == 1 else None


def _shared(function: Function, call: ast.Call, body: ast.AsyncFunctionDef) -> Iterator[str]:
    """The names of the reading function for what the coroutine function waits for, whatever else it does before."""
    names = [arg.arg for arg in (*body.args.posonlyargs, *body.args.args)]
    given = dict(zip(names, call.args, strict=False)) | {one.arg: one.value for one in call.keywords if one.arg}
    for name in _awaited(body):
        if name in names or name in {arg.arg for arg in body.args.kwonlyargs}:
            match given.get(name):
                case ast.Name(id=outer) if outer in bound_names(function):
                    yield outer
        elif name not in bound_names(body) and name in bound_names(function) and body in own_nodes(function):
            yield name


def _awaited(body: ast.AsyncFunctionDef) -> Iterator[str]:
    """The names of what the statements of a function's own block wait for in any case, before they return."""
    for statement in body.body:
        match statement:
            case ast.AsyncWith(items=[ast.withitem(context_expr=ast.Name(id=name))]):
                yield name
            case ast.Expr(value=ast.Await(value=value)) | ast.Assign(value=ast.Await(value=value)):
                yield from _base(value)
            case ast.Return(value=ast.Await(value=value)):
                yield from _base(value)
            case ast.Expr() | ast.Assign() | ast.AnnAssign():
                continue
        if not isinstance(statement, ast.Expr | ast.Assign | ast.AnnAssign):
            return


def _base(value: ast.expr) -> Iterator[str]:
    match value:
        case ast.Name(id=name) | ast.Call(func=ast.Attribute(value=ast.Name(id=name))):
            yield name


def _made_by(function: Function, thing: str) -> tuple[str, bool]:
    """The name of what has made the thing in the function, and whether it was given something."""
    match assigned_value(function, thing):
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=args, keywords=keywords):
            return name, bool(args or keywords)
    return "", False


def _held(site: Site, function: Function, thing: str) -> bool:
    """Whether the read stands inside of `async with` over a lock of which there is one."""
    made, several = _made_by(function, thing)
    items = [item.context_expr for node in site.path if isinstance(node, ast.AsyncWith) for item in node.items]
    return (
        made in builtin_rows().named(_FREE)
        and not several
        and any(isinstance(one, ast.Name) and one.id == thing for one in items)
    )


def _comes_later(site: Site, function: Function, own: tuple[ast.AST, ...], thing: str) -> bool:
    """Whether only the lines below the read do something with the thing; the nodes of `own` do not count."""
    read = site.finding.span
    mentions = [node for node in walk(function) if isinstance(node, ast.Name) and node.id == thing]
    inside = {id(node) for one in own for node in walk(one)}
    loads = [node for node in mentions if isinstance(node.ctx, ast.Load) and id(node) not in inside]
    below = [node for node in loads if site.span(node).start >= read.end]
    made, _ = _made_by(function, thing)
    return made in builtin_rows().named(_UNSET) and bool(below) and len(below) == len(loads)
