"""The effects of calling an API: futures are made, read, guarded, finished; callbacks are registered; loops run.

A row of `api.toml` names its effect; this table (`EFFECTS`) is where the name is looked up. Effects of containers and
of plain functions are in `effects_data`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace

from tooearly.flow.awaits import CANCELLED, await_value, body_outcomes, complete, finish, finish_children
from tooearly.flow.calling import Call, closed_over, give_away, may_read, target_function
from tooearly.flow.effects_table import DATA
from tooearly.flow.machine import Deferred, Outcome
from tooearly.flow.state import World
from tooearly.flow.values import (
    DONE,
    FALSE,
    MAYBE,
    NONE,
    PENDING,
    TRUE,
    UNSEEN,
    Api,
    Bound,
    Choice,
    Cont,
    Coro,
    Exc,
    Func,
    Fut,
    Inst,
    Managing,
    Note,
    Oid,
    Partial,
    Ref,
    Unknown,
    Value,
    refs,
)

INVALID = "asyncio.InvalidStateError"


# Making
def make(
    c: Call, w: World, kind: str, *, mask: int = PENDING, body: Coro | None = None, tag: str = "", open_: bool = True
) -> Ref:
    """A new future made by this call."""
    fut = Fut(kind, mask, c.site, open=open_, body=body, note=Note("fresh", c.site))
    return w.allocate(Oid(c.site, c.frame, tag), fut)


def as_future(c: Call, w: World, value: Value, tag: str = "") -> Ref:
    """What `ensure_future` gives: a future as it is, a task for a coroutine."""
    if isinstance(value, Ref) and isinstance(w.heap.get(value.oid), Fut):
        return value
    body = value if isinstance(value, Coro) else None
    mask = eager_mask(c, body) if c.m.eager else PENDING
    ref = make(c, w, "task", mask=mask, body=body, tag=tag)
    if body is not None:
        hand_over(c, w, body)
        w.deferred = (*w.deferred, Deferred("task", body.function, body.args)) if not body.kwargs else w.deferred
        if body.kwargs:
            w.deferred = (*w.deferred, Deferred("task", Partial(body.function, body.args, body.kwargs)))
    elif not isinstance(value, Unknown):
        give_away(w, [value])
    return ref


def hand_over(c: Call, w: World, value: Value) -> None:
    """Code that will run elsewhere holds these objects: the plain futures among them may be set at any suspension."""
    held = w.reachable([value], closed_over(w))
    for oid in held:
        obj = w.heap.get(oid)
        if isinstance(obj, Fut) and not obj.open:
            w.heap[oid] = replace(obj, open=True)
    if not isinstance(value, Coro) or isinstance(value.function, Func):
        return
    if not isinstance(value.function, Api | Bound) or getattr(value.function, "name", "") not in c.m.rows:
        w.escape(held)


def eager_mask(c: Call, body: Coro | None) -> int:
    """With an eager task factory a coroutine that does not suspend is done at once."""
    target = target_function(body) if body is not None else None
    if target is not None and not any(
        isinstance(n, ast.Await | ast.AsyncFor | ast.AsyncWith) for n in ast.walk(target.function.node)
    ):
        return DONE
    return MAYBE


def spawn(c: Call) -> list[Outcome]:
    """`create_task(coro)` and its like."""
    value = c.get("coro") or Unknown()
    return [Outcome(c.w, as_future(c, c.w, Unknown() if isinstance(value, Ref) else value))]


def ensure(c: Call) -> list[Outcome]:
    """`ensure_future(x)`: x may be a future already when it is no call."""
    value = c.get("coro") or Unknown()
    given = c.site.node.args[0] if isinstance(c.site.node, ast.Call) and c.site.node.args else None
    if isinstance(value, Unknown) and not isinstance(given, ast.Call):
        return [Outcome(c.w, make(c, c.w, "task", mask=UNSEEN))]
    return [Outcome(c.w, as_future(c, c.w, value))]


def framework_task(c: Call) -> list[Outcome]:
    """A framework's own way to make a task: the coroutine is one of the arguments."""
    for value in [*c.args.values(), *(v for v, _ in c.rest)]:
        if isinstance(value, Coro):
            return [Outcome(c.w, as_future(c, c.w, value))]
    called = isinstance(c.site.node, ast.Call) and any(isinstance(a, ast.Call) for a in c.site.node.args)
    return [Outcome(c.w, make(c, c.w, "task", mask=MAYBE if called and "create" in c.row.name else UNSEEN))]


def group_spawn(c: Call) -> list[Outcome]:
    """`tg.create_task(coro)`."""
    ref = as_future(c, c.w, c.get("coro") or Unknown())
    group = c.w.cont(c.receiver)
    if isinstance(c.receiver, Ref) and group is not None:
        from tooearly.flow.containers import collect

        collect(c.w, c.receiver, ref, None)
        fut = c.w.fut(ref)
        if fut is not None:
            c.w.heap[ref.oid] = replace(fut, note=Note("inside-group", c.site))
    else:
        c.w.set_mask(ref.oid, UNSEEN)
    return [Outcome(c.w, ref)]


def future(c: Call) -> list[Outcome]:
    """`loop.create_future()`: done only when someone sets it."""
    fut = Fut("future", PENDING, c.site, open=False, note=Note("unset", c.site))
    return [Outcome(c.w, c.w.allocate(Oid(c.site, c.frame), fut))]


def executor(c: Call) -> list[Outcome]:
    """`run_in_executor`, `wrap_future`: finished by a callback of the loop."""
    inner = c.get("future")
    if c.w.fut(inner) is not None and c.w.fut(inner).kind != "concurrent":  # type: ignore[union-attr]
        return [Outcome(c.w, inner)]  # type: ignore[arg-type]
    give_away(c.w, [v for k, v in c.args.items() if k not in ("executor", "future")] + [v for v, _ in c.rest])
    return [Outcome(c.w, make(c, c.w, "executor"))]


def concurrent(c: Call) -> list[Outcome]:
    """A `concurrent.futures.Future`: its `result()` blocks and never raises InvalidStateError."""
    values = [*c.args.values(), *(v for v, _ in c.rest)]
    for value in values:
        if isinstance(value, Coro):
            hand_over(c, c.w, value)
    give_away(c.w, [v for v in values if not isinstance(v, Coro)])
    fut = Fut("concurrent", PENDING, c.site, children=(), note=Note(c.row.kind, c.site))
    return [Outcome(c.w, c.w.allocate(Oid(c.site, c.frame), fut))]


def current(c: Call) -> list[Outcome]:
    """`current_task()`."""
    return [Outcome(c.w, make(c, c.w, "current"))]


def all_tasks(c: Call) -> list[Outcome]:
    """`all_tasks()`: a set of tasks that are not done."""
    group = Oid(c.site, c.frame, "each")
    c.w.heap[group] = Fut("task", PENDING, c.site, many=True, note=Note("fresh", c.site))
    cont = Cont("set", (Ref(group),), False, nonempty=False)
    known = [
        Ref(oid) for oid, obj in c.w.heap.items() if isinstance(obj, Fut) and obj.kind == "current" and not obj.many
    ]
    cont = replace(cont, items=(*cont.items, *known))
    return [Outcome(c.w, c.w.allocate(Oid(c.site, c.frame, "all"), cont))]


def shield(c: Call) -> list[Outcome]:
    """`shield(x)`: an outer future around the inner one."""
    inner = as_future(c, c.w, c.get("aw") or Unknown(), "inner")
    fut = Fut(
        "shield", PENDING if _mask(c.w, inner) != DONE else DONE, c.site, children=(inner,), note=Note("fresh", c.site)
    )
    return [Outcome(c.w, c.w.allocate(Oid(c.site, c.frame, "outer"), fut))]


def gather(c: Call) -> list[Outcome]:
    """`gather(*aws)`: a future of its own; coroutines among the arguments become tasks."""
    children: list[Value] = []
    unknown = False
    given = [*((v, False) for k, v in c.args.items() if k not in ("return_exceptions", "loop")), *c.rest]
    for index, (value, _) in enumerate(given):
        if isinstance(value, Unknown):
            unknown = True
        elif isinstance(value, Ref) and not isinstance(c.w.heap.get(value.oid), Fut):
            give_away(c.w, [value])
        else:
            children.append(as_future(c, c.w, value, f"arg{index}"))
    flag = c.get("return_exceptions")
    keep_going = False if flag is None else True if flag == TRUE else False if flag == FALSE else None
    mask = DONE if not given else PENDING
    fut = Fut(
        "gather",
        mask,
        c.site,
        children=tuple(dict.fromkeys(children)),
        keep_going=keep_going,
        note=Note("fresh", c.site),
    )
    del unknown
    return [Outcome(c.w, c.w.allocate(Oid(c.site, c.frame, "all"), fut))]


def as_completed(c: Call) -> list[Outcome]:
    """`as_completed(fs)`: an iterator that gives each future once, in the order in which they end."""
    from tooearly.flow.values import Iterating
    from tooearly.flow.waits import as_futures, timeouts

    given = c.get("fs")
    if c.w.cont(given) is None:
        give_away(c.w, [given] if given is not None else [])
        return [Outcome(c.w, c.w.allocate(Oid(c.site, c.frame, "it"), Iterating("unknown", (Unknown(),), False)))]
    found = as_futures(c, given)
    cont = c.w.cont(given)
    kind = "timed" if timeouts(c.get("timeout"))[1] else "as_completed"
    items: tuple[Value, ...] = tuple(found)
    if cont is not None and any(isinstance(i, Unknown) for i in cont.items):
        items = (*items, Unknown())
    made = Iterating(kind, items, False, cont.nonempty if cont else False)
    return [Outcome(c.w, c.w.allocate(Oid(c.site, c.frame, "it"), made))]


def task_group(c: Call) -> list[Outcome]:
    """`TaskGroup()`."""
    return [Outcome(c.w, c.w.allocate(Oid(c.site, c.frame), Cont("group", (), True)))]


# Reading and guarding
def _mask(w: World, value: Value | None) -> int:
    fut = w.fut(value)
    return fut.mask if fut is not None else UNSEEN


def receiver_node(c: Call) -> ast.AST:
    """The expression that is read from."""
    node = c.site.node
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and not (node.args and "Task" in ast.unparse(node.func))
    ):
        return node.func.value
    if isinstance(node, ast.Call) and node.args:
        return node.args[0] if not isinstance(node.args[0], ast.Starred) else node.args[0].value
    return node


def read(c: Call) -> list[Outcome]:
    """`result()` or `exception()`: raises InvalidStateError when the future is not done."""
    fut = c.w.fut(c.receiver)
    if fut is None or not isinstance(c.receiver, Ref):
        return [Outcome(c.w, Unknown()), Outcome(c.w.copy(), exc=Exc(""))]
    c.m.read(c.act, c.site, receiver_node(c), c.row.kind, fut)
    out: list[Outcome] = []
    if fut.mask & PENDING:
        early = c.w.copy()
        early.set_mask(c.receiver.oid, PENDING)
        out.append(Outcome(early, exc=Exc(INVALID, c.site)))
    if fut.mask == PENDING:
        # It raises. Without a handler go on all the same, to find what else is wrong; the task stays unfinished.
        protected = c.act.block is not None and c.act.block.handler >= 0
        return out if protected else [*out, *result_value(c, fut)]
    finish(c.w, c.receiver)
    out.append(Outcome(c.w.copy(), exc=Exc(CANCELLED)))
    if c.row.kind == "result":
        out.append(Outcome(c.w.copy(), exc=Exc("")))
    return [*out, *result_value(c, fut)]


def result_value(c: Call, fut: Fut) -> list[Outcome]:
    """What the read gives: futures that the task's coroutine has made and returned are followed."""
    if fut.kind == "gather" and c.row.kind == "result":
        finish_children(c.w, replace(fut, keep_going=True))  # it has not failed, so none of them has
    if c.row.kind == "result" and fut.value is not None:
        return [Outcome(c.w, fut.value)]
    if c.row.kind == "result" and fut.body is not None and isinstance(fut.body.function, Func):
        trial = c.w.copy()
        found = [o for o in body_outcomes(c.m, c.act, trial, fut, c.site) if o.exc is None]
        if found and all(any(True for _ in refs(o.value)) for o in found):
            return found
    return [Outcome(c.w, Unknown())]


def block(c: Call) -> list[Outcome]:
    """`result()` of a concurrent future: blocks the thread until it is done."""
    fut = c.w.fut(c.receiver)
    if fut is not None and isinstance(c.receiver, Ref):
        if fut.mask == PENDING and c.act.on_loop and fut.note is not None and fut.note.why in ("threadsafe", "submit"):
            c.m.read(c.act, c.site, receiver_node(c), c.row.kind, fut, "blocking-result")
        finish(c.w, c.receiver)
    return [Outcome(c.w, Unknown()), Outcome(c.w.copy(), exc=Exc(""))]


def done(c: Call) -> list[Outcome]:
    """`done()`: splits the world."""
    mask = _mask(c.w, c.receiver)
    if not isinstance(c.receiver, Ref) or c.w.fut(c.receiver) is None:
        return [Outcome(c.w, Unknown())]
    out: list[Outcome] = []
    if mask & (DONE | UNSEEN):
        finished = c.w.copy()
        finish(finished, c.receiver)
        gathered = finished.fut(c.receiver)
        if gathered is not None:
            finish_children(finished, gathered)
        out.append(Outcome(finished, TRUE))
    if mask & (PENDING | UNSEEN):
        fut = c.w.fut(c.receiver)
        note = Note("guard-false", c.site) if fut is not None and fut.note is None else None
        c.w.set_mask(c.receiver.oid, PENDING, note)
        out.append(Outcome(c.w, FALSE))
    return out


def cancelled(c: Call) -> list[Outcome]:
    """`cancelled()`: true only of a future that is done; false proves nothing."""
    mask = _mask(c.w, c.receiver)
    if not isinstance(c.receiver, Ref) or mask == PENDING:
        return [Outcome(c.w, FALSE if mask == PENDING else Unknown())]
    finished = c.w.copy()
    finish(finished, c.receiver)
    return [Outcome(finished, TRUE), Outcome(c.w, FALSE)]


def cancel(c: Call) -> list[Outcome]:
    """`cancel()`: a request to a task; a plain future is done at once; False means that it was done."""
    fut = c.w.fut(c.receiver)
    if fut is None or not isinstance(c.receiver, Ref):
        return [Outcome(c.w, Unknown())]
    if fut.kind in ("future", "executor", "shield"):
        was = fut.mask
        finish(c.w, c.receiver)
        return [Outcome(c.w, TRUE if was == PENDING else FALSE if was == DONE else Unknown())]
    out: list[Outcome] = []
    if fut.mask & (DONE | UNSEEN):
        finished = c.w.copy()
        finish(finished, c.receiver)
        out.append(Outcome(finished, FALSE))
    if fut.mask & (PENDING | UNSEEN):
        c.w.set_mask(c.receiver.oid, PENDING, Note("cancelled", c.site))
        out.append(Outcome(c.w, TRUE))
    return out


def finish_future(c: Call) -> list[Outcome]:
    """`set_result`, `set_exception`: done at once; on one that is done already they raise."""
    fut = c.w.fut(c.receiver)
    if fut is None or not isinstance(c.receiver, Ref):
        return [Outcome(c.w, Unknown())]
    out: list[Outcome] = []
    if fut.mask & DONE:
        again = c.w.copy()
        finish(again, c.receiver)
        out.append(Outcome(again, exc=Exc(INVALID)))
    if fut.mask != DONE:
        finish(c.w, c.receiver)
        out.append(Outcome(c.w, NONE))
    return out


# Callbacks
def callback(c: Call) -> list[Outcome]:
    """`add_done_callback(cb)`: runs with the future when it is done."""
    return _register(c, c.receiver, c.get("callback") or Unknown())


def callback_on(c: Call) -> list[Outcome]:
    """`add_future(future, cb)` of a framework."""
    return _register(c, c.get("future"), c.get("callback") or Unknown())


def _register(c: Call, fut: Value | None, function: Value) -> list[Outcome]:
    if isinstance(fut, Ref):
        hand_over(c, c.w, function)
        c.w.deferred = _with(c.w.deferred, Deferred("callback", function, (fut,)))
        if not c.act.on_loop or c.w.fut(fut) is None or _mask(c.w, fut) in (DONE, UNSEEN):
            run_now(c, Deferred("callback", function, (fut,)))
    return [Outcome(c.w, NONE)]


def run_now(c: Call, deferred: Deferred) -> None:
    """A callback whose time is not known: interpret it once with its future done."""
    if not c.m.quiet and may_read(c.m, deferred.function):
        c.m.run_deferred(c.act, c.w, deferred)


def later(c: Call) -> list[Outcome]:
    """`call_soon`, `call_later` and their like: runs at some suspension."""
    function = c.get("callback") or Unknown()
    for value in (function, *(v for v, _ in c.rest)):
        hand_over(c, c.w, value)
    c.w.deferred = _with(c.w.deferred, Deferred("later", function, tuple(v for v, _ in c.rest)))
    return [Outcome(c.w, Unknown())]


def _with(deferred: tuple[Deferred, ...], new: Deferred) -> tuple[Deferred, ...]:
    return (*deferred, new) if new not in deferred and len(deferred) < 12 else deferred


# Running a loop
def run(c: Call) -> list[Outcome]:
    """`asyncio.run(main())`: leftover tasks are cancelled and waited for; plain futures stay as they are."""
    return run_until_complete(c, key="main", leftovers=True)


def run_until_complete(c: Call, key: str = "", leftovers: bool = False) -> list[Outcome]:
    """`loop.run_until_complete(x)`, `runner.run(x)`."""
    value = c.get(key or "future") or c.get("main") or Unknown()
    was, c.act.on_loop = c.act.on_loop, True
    outcomes = await_value(c.m, c.act, c.w, value, c.site)
    c.act.on_loop = was
    out = []
    for outcome in outcomes:
        world = outcome.world
        if leftovers:
            end_leftovers(world)
        if outcome.exc is not None and outcome.exc.cls == CANCELLED and isinstance(value, Ref | Coro):
            continue
        out.append(Outcome(world, outcome.value, outcome.exc))
    return out


def end_leftovers(w: World) -> None:
    """The loop is being closed: tasks that were left over are done, plain futures are not."""
    for oid, obj in list(w.heap.items()):
        if isinstance(obj, Fut) and ((obj.kind in ("task", "gather") and obj.mask & PENDING) or obj.kind == "current"):
            w.heap[oid] = replace(obj, mask=DONE)
    w.deferred = ()


def run_forever(c: Call) -> list[Outcome]:
    """`loop.run_forever()`: everything may have happened."""
    c.m.suspend(c.act, c.w, "other", c.site)
    return [Outcome(c.w, NONE)]


# Context managers
def manager(c: Call) -> list[Outcome]:
    """A context manager known by its row."""
    values = tuple(v for v, _ in c.rest) or tuple(c.args[p] for p in c.row.params if p in c.args)
    return [Outcome(c.w, Managing(c.row.kind, values))]


def assert_raises(c: Call) -> list[Outcome]:
    """`self.assertRaises(E)` as a manager; with a callable it calls it."""
    values = [v for v, _ in c.rest]
    if len(values) > 1:
        return [Outcome(c.w, NONE)]
    return [Outcome(c.w, Managing("raises", tuple(values)))]


def manager_factory(c: Call) -> list[Outcome]:
    """`@contextmanager`: calling the function gives a manager that runs the generator."""
    function = c.get("func") or Unknown()
    return [Outcome(c.w, Managing("factory", (function,)) if isinstance(function, Func) else Unknown())]


def pass_through_manager(c: Call) -> list[Outcome]:
    """A manager that gives its argument and does nothing to futures."""
    return [Outcome(c.w, Managing("pass", tuple(v for k, v in c.args.items())))]


Effect = Callable[[Call], "Iterator[Outcome] | list[Outcome]"]
EFFECTS: dict[str, Effect] = {
    **DATA,
    "spawn": spawn,
    "ensure": ensure,
    "framework_task": framework_task,
    "group_spawn": group_spawn,
    "future": future,
    "executor": executor,
    "concurrent": concurrent,
    "current": current,
    "all_tasks": all_tasks,
    "shield": shield,
    "gather": gather,
    "as_completed": as_completed,
    "task_group": task_group,
    "read": read,
    "block": block,
    "done": done,
    "cancelled": cancelled,
    "cancel": cancel,
    "finish": finish_future,
    "callback": callback,
    "callback_on": callback_on,
    "later": later,
    "run": run,
    "run_until_complete": run_until_complete,
    "run_forever": run_forever,
    "manager": manager,
    "assert_raises": assert_raises,
    "manager_factory": manager_factory,
    "pass_through_manager": pass_through_manager,
}

__all__ = ["EFFECTS", "Choice", "Inst", "complete"]
