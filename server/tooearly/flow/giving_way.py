"""Tasks that cannot resist a cancellation: asked to stop, they have ended when the clock lets their canceller go on.

`cancel()` throws CancelledError into a task where it waits. A task that waits only for the clock, an event or a queue,
and does not wait again on the way out, ends in the same turn of the loop; whoever sleeps after the `cancel()` goes on
later. One that waits for other tasks, in a `with`, in a handler or a `finally`, may take longer, and one that swallows
the exception may go on. One that raises CancelledError by itself ends a gather while the others run on.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace

from tooearly.flow.catching import NO, YES, takes
from tooearly.flow.classes import class_named
from tooearly.flow.ended import finish
from tooearly.flow.facts import others_cancel
from tooearly.flow.machine import Machine
from tooearly.flow.mention import called, may_suspend, named_by, nodes_in
from tooearly.flow.objects import CANCELLED, PENDING, PERHAPS, SURELY, Fut, Generating
from tooearly.flow.relevance import target_function
from tooearly.flow.state import World
from tooearly.flow.values import Api, Coro, Exc, Oid, Ref
from tooearly.flow.walking import refs
from tooearly.semantics.names import Class, Function, Module, walk

PLAIN_WAITS = frozenset(["get", "put", "signal", "sleep"])  # effects of waiting for what is no task
WAITING = frozenset(["wait"])  # effects of the same name as one of them that wait for the futures that they are given
LEAVING = ast.Return | ast.Break | ast.Continue
DEPTH = 4  # coroutines that wait for each other


def give_way(m: Machine, w: World) -> None:
    """The clock was waited for: tasks that were asked to stop before, and cannot resist, are done."""
    for oid, fut in list(w.heap.items()):
        if isinstance(fut, Fut) and fut.mask & PENDING and was_asked(fut) and _gives_way(m, w, fut):
            finish(w, Ref(oid))


def all_give_way(m: Machine, w: World, function: Function, futures: list[Fut]) -> bool:
    """Whether all of these have ended when the function that waits for them, cancelled with them, goes on.

    A gather that is cancelled has cancelled those that run; it ends a turn of the loop after the first of them. Where
    others cancel, it may be that one alone that was cancelled, and ended the gather, while the others run on.
    """
    running = [fut for fut in futures if fut.mask & PENDING]
    if any(may_be_stopped(fut) or fut.foreign for fut in running) or not all(_gives_way(m, w, fut) for fut in running):
        return False
    return not others_cancel(m, function)


def was_asked(fut: Fut) -> bool:
    """Whether a task has been cancelled, wherever it is not done."""
    return fut.kind == "task" and fut.asked == SURELY


def may_be_stopped(fut: Fut) -> bool:
    """Whether a task may have been cancelled, or may be by what runs beside it."""
    return fut.kind == "task" and bool(fut.asked)


def leave_to_others(w: World, oid: Oid) -> None:
    """Others may cancel this, if it is a task. It matters where that keeps it from waiting for futures."""
    fut = w.heap.get(oid)
    if isinstance(fut, Fut) and fut.waits and fut.mask & PENDING and not fut.asked:
        w.heap[oid] = replace(fut, asked=PERHAPS)


def _gives_way(m: Machine, w: World, fut: Fut) -> bool:
    if fut.body is None or fut.kind != "task":
        return False
    match fut.body.function:
        case Api(name):
            return name in m.rows and m.rows[name].awaiting in PLAIN_WAITS
        case Ref(oid):
            begun = w.heap.get(oid)
            return isinstance(begun, Generating) and _plain(m, begun.function)
    target = target_function(fut.body)
    return target is not None and _plain(m, target.function)


def _plain(m: Machine, function: Function, depth: int = 0) -> bool:
    """Whether a coroutine function, by its text, ends as soon as it is cancelled."""
    module = m.modules.get(function.module)
    if module is None or not isinstance(function.node, ast.AsyncFunctionDef) or depth >= DEPTH:
        return False
    nodes = nodes_in(function)
    return (
        not any(may_suspend(n) and not isinstance(n, ast.Await) for n in nodes)
        and not any(isinstance(n, ast.Await | LEAVING) for block in _last_words(nodes) for n in walk(block))
        and not any(isinstance(n, ast.Raise) and _cancels_itself(m, module, n) for n in nodes)
        and not any(isinstance(n, ast.Await) for block in _guarded(m, module, nodes) for n in walk(block))
        and all(
            _waits_plainly(m, module, n.value, lambda f: f is function or _plain(m, f, depth + 1))
            for n in nodes
            if isinstance(n, ast.Await)
        )
    )


def waits_for_futures(m: Machine, body: Coro) -> bool:
    """Whether a coroutine, by its text, may wait for more than the clock, events and queues."""
    target = target_function(body)
    return any(True for _ in refs(body)) if target is None else _may_wait(m, target.function)


def _may_wait(m: Machine, function: Function, depth: int = 0) -> bool:
    known = m.waiting.get(function)
    if known is None:
        module = m.modules.get(function.module)
        ways = [n for n in nodes_in(function) if may_suspend(n)]
        known = m.waiting[function] = (module is None or depth >= DEPTH) or any(
            not isinstance(n, ast.Await)
            or (called(n.value) in m.rows.named(WAITING) and isinstance(n.value, ast.Call) and bool(n.value.args))
            or not _waits_plainly(m, module, n.value, lambda f: f is function or not _may_wait(m, f, depth + 1))
            for n in ways
        )
    return known


def _last_words(nodes: list[ast.AST]) -> Iterator[ast.AST]:
    """What runs while the exception passes, and may leave it behind: `finally: continue`."""
    for node in nodes:
        if isinstance(node, ast.Try):
            yield from node.finalbody


def _guarded(m: Machine, module: Module, nodes: list[ast.AST]) -> Iterator[ast.AST]:
    """What may swallow the exception, or waits when it has taken it."""
    for node in nodes:
        match node:
            case ast.Try(handlers=handlers) if any(_may_take(m, module, h) for h in handlers):
                yield node
            case ast.With():
                yield node
            case _ if type(node).__name__ == "TryStar":
                yield node


def _may_take(m: Machine, module: Module, handler: ast.ExceptHandler) -> bool:
    """Whether a cancellation may end in this handler."""
    named = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(takes(m, Exc(CANCELLED), _exception(m, module, kind)) != NO for kind in named)


def _cancels_itself(m: Machine, module: Module, node: ast.Raise) -> bool:
    raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    return raised is not None and takes(m, Exc(CANCELLED), _exception(m, module, raised)) == YES


def _exception(m: Machine, module: Module, kind: ast.expr | None) -> str:
    """The name of an exception's class; all that there are for what names none."""
    cls = class_named(m, module, None, kind) if kind is not None else ""
    return f"{cls.module}:{cls.qualname}" if isinstance(cls, Class) else cls or "builtins.BaseException"


def _waits_plainly(m: Machine, module: Module, value: ast.expr, is_plain: Callable[[Function], bool]) -> bool:
    """Whether this waits for the clock, an event or a queue; where functions have that name, whether they do."""
    name = called(value)
    inner = named_by(module, frozenset([name, f"self.{name}"])) if name else []
    if not inner:
        return name in m.rows.named(PLAIN_WAITS)
    return all(is_plain(f) for f in inner)
