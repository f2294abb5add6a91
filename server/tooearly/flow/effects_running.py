"""The effects of registering callbacks, running a loop, and making context managers."""

from __future__ import annotations

from dataclasses import replace

from tooearly.flow.attributes import find_method
from tooearly.flow.awaits import await_value
from tooearly.flow.calling import Call
from tooearly.flow.deferred import Deferred, defer
from tooearly.flow.effects_making import hand_over
from tooearly.flow.effects_reading import mask_of
from tooearly.flow.machine import Outcome
from tooearly.flow.mention import names_in
from tooearly.flow.objects import CANCELLED, DONE, PENDING, UNSEEN, Fut
from tooearly.flow.relevance import matters, may_read, only_sets, target_function
from tooearly.flow.state import World
from tooearly.flow.suspending import run_deferred, suspend
from tooearly.flow.telling import changed_later, tells
from tooearly.flow.values import NONE, Api, Bound, Coro, Func, Managing, Partial, Ref, Unknown, Value, const
from tooearly.flow.walking import refs


# Callbacks
def callback(c: Call) -> list[Outcome]:
    """`add_done_callback(cb)`: runs with the future when it is done."""
    return _register(c, c.receiver, _function(c))


def callback_on(c: Call) -> list[Outcome]:
    """`add_future(future, cb)` of a framework."""
    return _register(c, c.get("future"), _function(c))


def _function(c: Call) -> Value:
    """What is to be called; of an instance its `__call__`."""
    given = c.get("callback") or Unknown()
    method = find_method(c.m, c.w, given, "__call__")
    return given if method is None else method


def _register(c: Call, fut: Value | None, function: Value) -> list[Outcome]:
    if isinstance(fut, Ref):
        hand_over(c, c.w, function)
        c.m.telling = c.m.telling or tells(function)
        if isinstance(function, Bound) and isinstance(function.function, Api):
            changed_later(c.w, function, ())
        defer(c.w, Deferred("callback", function, (fut,)))
        if not c.act.on_loop or c.w.fut(fut) is None or mask_of(c.w, fut) in (DONE, UNSEEN):
            run_now(c, Deferred("callback", function, (fut,)))
    return [Outcome(c.w, NONE)]


def run_now(c: Call, deferred: Deferred) -> None:
    """A callback whose time is not known: interpret it once with its future done."""
    if not c.m.quiet and may_read(c.m, deferred.function):
        run_deferred(c.m, c.act, c.w, deferred)


def later(c: Call) -> list[Outcome]:
    """`call_soon`, `call_later` and their like: runs at some suspension."""
    function = _function(c)
    for value in (function, *(v for v, _ in c.rest)):
        hand_over(c, c.w, value)
    deferred = Deferred("later", function, tuple(v for v, _ in c.rest))
    changed_later(c.w, function, deferred.args)
    if matters(c.m, c.w, deferred):
        defer(c.w, deferred)
    elif only_sets(c.m, deferred):
        defer(c.w, replace(deferred, kind="setter"))
    return [Outcome(c.w, Unknown())]


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
    """`loop.run_forever()`: everything may have happened. A task that stops the loop itself has come that far."""
    stopping = [oid for oid, obj in c.w.heap.items() if isinstance(obj, Fut) and obj.body and _stops(obj.body)]
    for deferred in c.w.deferred:
        if deferred.kind == "callback" and _stops(deferred.function):
            stopping += [oid for value in deferred.args for oid in refs(value)]
    suspend(c.m, c.act, c.w, "other", c.site)
    c.w.escape(stopping)
    return [Outcome(c.w, NONE)]


def _stops(value: Value) -> bool:
    """Whether a callable's text stops a loop."""
    target = target_function(value)
    return value_is_stop(value) if target is None else ".stop" in names_in(target.function)


def value_is_stop(value: Value) -> bool:
    """Whether a callable is `loop.stop`, perhaps with arguments."""
    match value:
        case Bound(Api("Loop.stop"), _):
            return True
        case Partial(function, _, _):
            return value_is_stop(function)
    return False


# Context managers
def manager(c: Call) -> list[Outcome]:
    """A context manager known by its row."""
    values = tuple(v for v, _ in c.rest) or tuple(c.args[p] for p in c.row.params if p in c.args)
    if c.row.kind == "timeout":
        values = (values[0] if values else Unknown(), Unknown(("timeout", c.site, c.frame), "Timeout"))
        c.w.facts.pop((("timeout", values[1]), "$expired"), None)
    return [Outcome(c.w, Managing(c.row.kind, values))]


def expired(c: Call) -> list[Outcome]:
    """`timeout.expired()`, where its block has been left."""
    known = c.w.facts.get((("timeout", c.receiver), "$expired"))
    return [Outcome(c.w, Unknown() if known is None else const(known))]


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


def closing(c: Call) -> list[Outcome]:
    """`closing(thing)`, `aclosing(thing)`: calls the method of that name at the end of the block."""
    return [Outcome(c.w, Managing("closing", (c.get("thing") or Unknown(), const(c.row.kind))))]


def pass_through_manager(c: Call) -> list[Outcome]:
    """A manager that gives its argument and does nothing to futures."""
    return [Outcome(c.w, Managing("pass", tuple(v for k, v in c.args.items())))]
