"""The effects of calls that make futures: tasks, gathers, shields, jobs of executors, task groups."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from tooearly.flow import arguments
from tooearly.flow.calling import Call, give_away
from tooearly.flow.containers import is_group
from tooearly.flow.deferred import Deferred, begin_later
from tooearly.flow.effects_reading import mask_of
from tooearly.flow.facts import cancelling_by
from tooearly.flow.giving_way import leave_to_others, waits_for_futures
from tooearly.flow.machine import Machine, Outcome
from tooearly.flow.mention import index_names
from tooearly.flow.objects import DONE, MAYBE, PENDING, UNSEEN, Cont, Fut, Note
from tooearly.flow.offloop import run_beside, run_function, run_in_thread
from tooearly.flow.relevance import closed_over, feeds, matters, never_suspends, only_sets, target_function
from tooearly.flow.state import Key, World
from tooearly.flow.telling import tells
from tooearly.flow.values import FALSE, NONE, TRUE, Api, Bound, Coro, Func, KeyOf, Oid, Partial, Ref, Unknown, Value
from tooearly.flow.walking import functions

FACTORY: Key = (("loop",), "$factory")  # the running loop's task factory, as a variable


def make(
    c: Call, w: World, kind: str, *, mask: int = PENDING, body: Coro | None = None, tag: str = "", open_: bool = True
) -> Ref:
    """A new future made by this call."""
    waits = kind == "task" and body is not None and waits_for_futures(c.m, body)
    fut = Fut(kind, mask, c.site, open=open_, body=body, waits=waits, note=Note("fresh", c.site))
    return w.allocate(Oid(c.site, c.frame, tag), fut)


def as_future(c: Call, w: World, value: Value, tag: str = "") -> Ref:
    """What `ensure_future` gives: a future as it is, a task for a coroutine."""
    if isinstance(value, Ref) and isinstance(w.heap.get(value.oid), Fut):
        return value
    body = without_keys(value) if isinstance(value, Coro) else None
    mask = eager_mask(c, body) if c.m.eager else PENDING
    ref = make(c, w, "task", mask=mask, body=body, tag=tag)
    if body is not None:
        run_in_thread(c, body)
        hand_over(c, w, body)
        c.m.telling = c.m.telling or tells(body)
        started = Deferred("task", body.function, body.args)
        if body.kwargs:
            started = Deferred("task", Partial(body.function, body.args, body.kwargs))
        if matters(c.m, w, started) or feeds(c.m, w, started):
            begin_later(w, started)
        elif only_sets(c.m, started):
            begin_later(w, replace(started, kind="setter"))
    elif not isinstance(value, Unknown):
        give_away(w, [value])
    return ref


def as_futures_of(c: Call, w: World, value: Value, tag: str = "", *, several: bool) -> Ref:
    """The same of what a container holds: with others of their kind (`several`), coroutines that hold a group each
    hold one of its members, and so are a group of tasks."""
    ref = as_future(c, w, value, tag)
    fut = w.fut(ref)
    if several and fut is not None and isinstance(value, Coro) and any(is_group(w, arg) for arg in value.args):
        w.heap[ref.oid] = replace(fut, many=True)
    return ref


def without_keys(body: Coro) -> Coro:
    """The coroutine without the keys that its function never asks a container for: they only tell tasks apart."""
    target = target_function(body)
    if not any(isinstance(arg, KeyOf) for arg in body.args) or (target is not None and index_names(target.function)):
        return body
    return replace(body, args=tuple(Unknown() if isinstance(arg, KeyOf) else arg for arg in body.args))


def hand_over(c: Call, w: World, value: Value) -> None:
    """Code that will run elsewhere holds these objects: the plain futures among them may be set at any suspension.

    The tasks among them may be cancelled, where it cancels at all.
    """
    held = w.reachable([value], closed_over(w))
    stopping = _cancels(c.m, value)
    for oid in held:
        obj = w.heap.get(oid)
        if isinstance(obj, Fut) and not obj.open:
            obj = w.heap[oid] = replace(obj, open=True)
        if stopping:
            leave_to_others(w, oid)
    if not isinstance(value, Coro) or isinstance(value.function, Func):
        return
    known = value.function.function if isinstance(value.function, Bound) else value.function
    if not isinstance(known, Api) or known.name not in c.m.rows:
        w.escape(held)


def _cancels(m: Machine, value: Value) -> bool:
    """Whether code that will run elsewhere cancels, by its text."""
    match value:
        case Bound(Api(name)):
            return name in m.rows and m.rows[name].call == "cancel"
        case _:
            return any(cancelling_by(func.function) for func in functions(value))


def eager_mask(c: Call, body: Coro | None) -> int:
    """With an eager task factory a coroutine that does not suspend is done at once."""
    return DONE if body is not None and never_suspends(body) else MAYBE


def task_factory(c: Call) -> list[Outcome]:
    """`loop.set_task_factory(factory)`: one of the workspace is called for each task from here on."""
    factory = c.get("factory")
    c.w.env.pop(FACTORY, None)
    if factory is not None and target_function(factory) is not None:
        c.w.env[FACTORY] = factory
    return [Outcome(c.w, NONE)]


def spawn(c: Call) -> Iterator[Outcome] | list[Outcome]:
    """`create_task(coro)` and its like; a `direct` one knows no factory."""
    value = c.get("coro") or Unknown()
    factory = c.w.env.get(FACTORY) if c.row.kind != "direct" else None
    if factory is not None and isinstance(value, Coro):
        from tooearly.flow.calling import call

        return call(c.m, c.act, c.w, factory, [(Unknown(None, "Loop"), False), (value, False)], [], c.site)
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
    return [Outcome(c.w, make(c, c.w, "task", mask=MAYBE if called and c.row.kind == "new" else UNSEEN))]


def group_spawn(c: Call) -> list[Outcome]:
    """`tg.create_task(coro)`."""
    ref = as_future(c, c.w, c.get("coro") or Unknown())
    group = c.w.cont(c.receiver)
    if isinstance(c.receiver, Ref) and group is not None:
        from tooearly.flow.storing import collect

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
    run_beside(c)
    give_away(c.w, [v for k, v in c.args.items() if k not in ("executor", "future")] + [v for v, _ in c.rest])
    made = make(c, c.w, "executor")
    outer = c.w.fut(made)
    if outer is not None and c.w.fut(inner) is not None and inner is not None:
        c.w.heap[made.oid] = replace(outer, children=(inner,))  # done only if that is
    return [Outcome(c.w, made)]


def concurrent(c: Call) -> list[Outcome]:
    """A `concurrent.futures.Future`: its `result()` blocks and never raises InvalidStateError."""
    values = [*c.args.values(), *(v for v, _ in c.rest)]
    for value in values:
        if isinstance(value, Coro):
            hand_over(c, c.w, value)
    run_beside(c)
    give_away(c.w, [v for v in values if not isinstance(v, Coro)])
    body = next((v for v in values if isinstance(v, Coro)), None)
    fut = Fut("concurrent", PENDING, c.site, children=(), body=body, note=Note(c.row.kind, c.site))
    return [Outcome(c.w, c.w.allocate(Oid(c.site, c.frame), fut))]


def thread(c: Call) -> list[Outcome]:
    """`threading.Thread(target=f, args=...)`: from its start on it may do what `f` does.

    A thread that only asks the loop to finish a future (`call_soon_threadsafe`) has not finished it before the loop
    turns again; so the future is unfinished until the next suspension (`threads` says what is known then).
    """
    cont = c.w.cont(c.get("args"))
    known = c.get("args") is None or (cont is not None and cont.exact)
    target = Partial(c.get("target") or c.get("function") or Unknown(), cont.items if cont is not None else (), ())
    if known:
        run_function(c, target.function, target.args)
    futures = [oid for oid in c.w.reachable([target], closed_over(c.w)) if isinstance(c.w.heap[oid], Fut)]
    if not known or c.get("kwargs") is not None or not futures or not _leaves_pending(c, target, futures):
        give_away(c.w, [*c.args.values(), *(v for v, _ in c.rest)])
        return [Outcome(c.w, Unknown(None, "Thread"))]
    c.w.escape(c.w.reachable([target], closed_over(c.w)) - set(futures))
    c.w.deferred = (*c.w.deferred, Deferred("thread", target))
    return [Outcome(c.w, Unknown(None, "Thread"))]


def _leaves_pending(c: Call, target: Partial, futures: list[Oid]) -> bool:
    """Whether all these futures are unfinished, and still are when the function has been called on this thread."""
    from tooearly.flow.calling import call

    worlds = [c.w]
    looping, c.act.on_loop = c.act.on_loop, False
    c.m.quiet += 1
    worlds += [o.world for o in call(c.m, c.act, c.w.copy(), target, [], [], c.site)]
    c.m.quiet -= 1
    c.act.on_loop = looping
    return all(isinstance(f := w.heap.get(oid), Fut) and f.mask == PENDING for w in worlds for oid in futures)


def shield(c: Call) -> list[Outcome]:
    """`shield(x)`: an outer future around the inner one; around one that is done it is that one."""
    inner = as_future(c, c.w, c.get("aw") or Unknown(), "inner")
    mask, out = mask_of(c.w, inner), list[Outcome]()
    if isinstance(inner, Ref) and mask not in (PENDING, DONE) and c.w.fut(inner) is not None:
        done = c.w.copy()
        done.set_mask(inner.oid, DONE if mask == MAYBE else mask)
        out.append(Outcome(done, inner))
    fut = Fut("shield", PENDING if mask != DONE else DONE, c.site, children=(inner,), note=Note("fresh", c.site))
    out.append(Outcome(c.w, c.w.allocate(Oid(c.site, c.frame, "outer"), fut)))
    return out


def gather(c: Call) -> list[Outcome]:
    """`gather(*aws)`: a future of its own; coroutines among the arguments become tasks."""
    children: list[Value] = []
    given = [*((v, False) for k, v in c.args.items() if k not in ("return_exceptions", "loop")), *c.rest]
    for index, (value, starred) in enumerate(given):
        if isinstance(value, Unknown):
            continue
        if isinstance(value, Ref) and not isinstance(c.w.heap.get(value.oid), Fut):
            give_away(c.w, [value])
        else:
            children.append(as_futures_of(c, c.w, value, f"arg{index}", several=starred))
    return [_gathering(c, world, children, flag, not given) for world, flag in arguments.flag(c, "return_exceptions")]


def _gathering(c: Call, w: World, children: list[Value], flag: Value | None, empty: bool) -> Outcome:
    keep_going = False if flag is None else True if flag == TRUE else False if flag == FALSE else None
    # Of futures that are all done a gather is done at once since Python 3.12, and before that a turn of the loop later.
    lists = [cont for child in children if (cont := w.cont(child)) is not None]
    held = [*children, *(item for cont in lists for item in cont.items)]
    running = not held or any(mask_of(w, item) == PENDING for item in held)
    fut = Fut(
        "gather",
        DONE if empty else PENDING if running else MAYBE,
        c.site,
        children=tuple(dict.fromkeys(children)),
        keep_going=keep_going,
        note=Note("fresh", c.site),
    )
    return Outcome(w, w.allocate(Oid(c.site, c.frame, "all"), fut))


def as_completed(c: Call) -> list[Outcome]:
    """`as_completed(fs)`: an iterator that gives each future once, in the order in which they end."""
    from tooearly.flow.ended import note_all
    from tooearly.flow.objects import Iterating
    from tooearly.flow.waits import as_futures, timeouts

    given = c.get("fs")
    if c.w.cont(given) is None:
        give_away(c.w, [given] if given is not None else [])
        return [Outcome(c.w, c.w.allocate(Oid(c.site, c.frame, "it"), Iterating("unknown", (Unknown(),), False)))]
    found = as_futures(c, given)
    cont = c.w.cont(given)
    kind = "timed" if timeouts(c.get("timeout"))[1] else "as_completed"
    note_all(c.w, found, Note("as-completed", c.site))
    items: tuple[Value, ...] = tuple(found)
    if cont is not None and any(isinstance(i, Unknown) for i in cont.items):
        items = (*items, Unknown())
    made = Iterating(kind, items, False, cont.nonempty if cont else False)
    return [Outcome(c.w, c.w.allocate(Oid(c.site, c.frame, "it"), made))]


def task_group(c: Call) -> list[Outcome]:
    """`TaskGroup()`."""
    return [Outcome(c.w, c.w.allocate(Oid(c.site, c.frame), Cont("group", (), True)))]
