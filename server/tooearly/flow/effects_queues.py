"""The effects of queues: what one part of the program puts in, another takes out.

A queue is a container whose first element is taken. Only futures, what holds them, and the None that ends many a
protocol are kept in it, each other element is just something. Who comes to an empty queue is suspended until another
task has put something in: the tasks that have not begun yet and whose text puts are followed to where they do.

What has been put in is in the hands of whoever takes it out. Time alone tells nothing of it (`Deferred` "queued"), but
after any other wait it may have been finished, and nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tooearly.flow.awaits import await_unknown, await_value
from tooearly.flow.begun import may_have_waited
from tooearly.flow.calling import Call, call, give_away
from tooearly.flow.containers import is_group, new
from tooearly.flow.deferred import Deferred, defer
from tooearly.flow.ended import finish, setting
from tooearly.flow.joining import without
from tooearly.flow.last_deed import woken
from tooearly.flow.machine import GaveUp, Outcome
from tooearly.flow.mention import called, nodes_in
from tooearly.flow.objects import CANCELLED, DONE, PENDING, Cont, Fut
from tooearly.flow.relevance import closed_over, feeds, never_suspends
from tooearly.flow.state import World
from tooearly.flow.storing import collect
from tooearly.flow.suspending import suspend
from tooearly.flow.values import FALSE, NONE, Api, Bound, Exc, Length, Ref, Unknown, Value
from tooearly.flow.walking import functions

MOST_FED = 3  # different things that may come from others
STEPS = 800  # of following others to where they put something in
PUTTING = frozenset(["put", "put_nowait"])  # the effects of methods
EMPTY = Exc("asyncio.QueueEmpty")


def queue(c: Call) -> list[Outcome]:
    """`asyncio.Queue()`; the other kinds give their elements in an order that is not known."""
    kind = c.row.kind or "queue"
    return [Outcome(c.w, new(c.w, c.frame, c.site, Cont(kind, (), kind == "queue")))]


def put_nowait(c: Call) -> list[Outcome]:
    """`queue.put_nowait(x)`: nobody has taken it out before the next suspension."""
    value = c.get("item") or Unknown()
    _store(c, c.w, value)
    full = [Outcome(c.w.copy(), exc=Exc(""))] if c.act.block is not None and c.act.block.handler >= 0 else []
    return [Outcome(c.w, NONE), *full]


def put(c: Call) -> list[Outcome]:
    """`await queue.put(x)`: when the queue is full it waits before."""
    cancelled = c.w.copy()
    suspend(c.m, c.act, c.w, "other", c.site, surely=False)
    _store(c, c.w, c.get("item") or Unknown())
    return [Outcome(c.w, NONE), Outcome(cancelled, exc=Exc(CANCELLED))]


def _store(c: Call, w: World, value: Value) -> None:
    reached = w.reachable([value], closed_over(w))
    cont = w.cont(c.receiver)
    kept = value if reached or value == NONE else Unknown()
    if cont is not None and isinstance(c.receiver, Ref) and (cont.exact or kept not in cont.items):
        if not isinstance(kept, Ref):
            w.heap[c.receiver.oid] = replace(cont, exact=cont.exact and kept == NONE)
        collect(w, c.receiver, kept, None)
    if reached:
        defer(w, Deferred("queued", value))
    if c.m.feeding is not None and isinstance(c.receiver, Ref) and c.m.feeding[0] == c.receiver.oid:
        c.m.feeding[1].append((w.copy(), kept))


def get_nowait(c: Call) -> list[Outcome]:
    """`queue.get_nowait()`: the first element, or an exception."""
    cont = c.w.cont(c.receiver)
    if cont is None:
        return [Outcome(c.w, Unknown()), Outcome(c.w.copy(), exc=EMPTY)]
    out = [Outcome(world, value) for world, value in _taken(c, c.w.copy())]
    if cont.exact and cont.items:
        return out
    return [*out, *([Outcome(c.w.copy(), Unknown())] if not out else []), Outcome(c.w, exc=EMPTY)]


def get(c: Call) -> list[Outcome]:
    """`await queue.get()`."""
    cont = c.w.cont(c.receiver)
    if cont is None:
        return await_unknown(c.m, c.act, c.w, c.site)
    cancelled = c.w.copy()
    suspend(c.m, c.act, cancelled, "other", c.site)
    out = [Outcome(cancelled, exc=Exc(CANCELLED))]
    if cont.items and (cont.exact or cont.nonempty) and not _shared(c):
        return [Outcome(world, value) for world, value in _taken(c, c.w)]  # it does not suspend
    if cont.items:
        suspend(c.m, c.act, c.w, "other", c.site, surely=False)
        return [*(Outcome(world, value) for world, value in _taken(c, c.w)), *out]
    for fed in _fed(c):
        for world, value in _taken(c, fed):
            suspend(c.m, c.act, world, "other", c.site)
            may_have_waited(c.m, world)
            out.append(Outcome(world, value))
    if len(out) == 1 or setting(c.w, c.receiver):  # type: ignore[arg-type]
        suspend(c.m, c.act, c.w, "other", c.site)
        may_have_waited(c.m, c.w)
        given = list(_put_by_callbacks(c))
        if len(out) == 1 and (not given or _shared(c, callbacks=False)):
            out += [Outcome(world, value) for world, value in _taken(c, c.w)] or [Outcome(c.w, Unknown())]
        out += [Outcome(world, value) for world, value in given]
    for outcome in out[1:]:
        woken(c.m, outcome.world, c.receiver, PUTTING)
    return out


def _put_by_callbacks(c: Call) -> Iterator[tuple[World, Value]]:
    """What done callbacks have put into the empty queue: one of them has run, and its future is done."""
    for deferred in setting(c.w, c.receiver) if isinstance(c.receiver, Ref) else ():
        for future in deferred.args if _puts(c, deferred.function) else ():
            world = c.w.copy()
            held = world.fut(future)
            if not isinstance(future, Ref) or held is None:
                continue
            one = world.element(future, c.site, (*c.frame, "fired")) if held.many else future
            finish(world, one)
            if not held.many:
                world.deferred = tuple(d for d in world.deferred if d != deferred)
            c.m.quiet += 1
            ways = call(c.m, c.act, world, deferred.function, [(one, False)], [], c.site)
            c.m.quiet -= 1
            for way in ways:
                yield from _taken(c, way.world)


def _puts(c: Call, function: Value) -> bool:
    """Whether a callback puts something into a queue, by what it is or by its text."""
    match function:
        case Bound(Api(name), _):
            return name in c.m.rows and c.m.rows[name].call in PUTTING
    methods = c.m.rows.named(PUTTING)
    return any(called(node) in methods for f in functions(function) for node in nodes_in(f.function))


def _shared(c: Call, *, callbacks: bool = True) -> bool:
    """Whether other code that runs meanwhile can get at the queue, and so may have emptied it, or filled it."""
    assert isinstance(c.receiver, Ref)
    kinds = ("queued",) if callbacks else ("queued", "callback", "called")
    others = [value for deferred in c.w.deferred if deferred.kind not in kinds for value in deferred.values()]
    others += [fut.body for fut in c.w.heap.values() if isinstance(fut, Fut) and fut.body and fut.mask & PENDING]
    return c.receiver.oid in c.w.reachable(others, closed_over(c.w))


def _taken(c: Call, w: World) -> Iterator[tuple[World, Value]]:
    """The elements that may come next, each in the world that goes on without it."""
    cont = w.cont(c.receiver)
    if cont is None or not isinstance(c.receiver, Ref) or not cont.items:
        return
    first = cont.items[:1] if cont.exact else tuple(_first(c, w, cont))
    for world, value in _each(c, w, first):
        held = world.cont(c.receiver)
        if held is not None:
            rest = held if isinstance(value, Unknown) else without(held, value)
            rest = replace(rest, items=cont.items[1:]) if cont.exact else rest
            world.heap[c.receiver.oid] = replace(rest, nonempty=False, size=None, slots=())
        if c.row.awaiting:
            _run_through(c, world, value)
        world.deferred = tuple(d for d in world.deferred if (d.kind, d.function) != ("queued", value))
        yield world, value


def _run_through(c: Call, w: World, value: Value) -> None:
    """Tasks that never suspend have come to their end by the time that somebody who waits gets them."""
    for oid in w.reachable([value], closed_over(w)):
        fut = w.heap[oid]
        if isinstance(fut, Fut) and fut.kind == "task" and fut.body is not None and never_suspends(fut.body):
            w.set_mask(oid, DONE)


def _first(c: Call, w: World, cont: Cont) -> Iterator[Value]:
    """The elements and groups that one of may be the first: up to an element, since a group may be empty."""
    for item in cont.items:
        yield item
        if not is_group(w, item) and cont.kind == "queue":
            return


def _each(c: Call, w: World, items: tuple[Value, ...]) -> Iterator[tuple[World, Value]]:
    for item in items:
        world = w.copy()
        yield world, world.element(item, c.site, c.frame) if is_group(w, item) and isinstance(item, Ref) else item


def _fed(c: Call) -> list[World]:
    """The worlds in which a task that has not begun yet has put something into the empty queue."""
    if c.m.feeding is not None or not isinstance(c.receiver, Ref):
        return []
    frames = {frame for frame, _ in c.w.env}
    found: dict[object, World] = {}
    for deferred in c.w.deferred:
        if deferred.kind in ("task", "beside") and c.m.depth <= 2 and feeds(c.m, c.w, deferred):
            for world, value in _followed(c, deferred, c.receiver):
                for key in [key for key in world.env if key[0] not in frames]:
                    del world.env[key]
                held = world.cont(c.receiver)
                if held is not None and len(held.items) == 1:
                    found.setdefault(_told_apart(world, value), world)
    return list(found.values())[:MOST_FED]


def _told_apart(w: World, value: Value) -> object:
    """Things that are put in by one piece of text are alike, except that a future may be done or not."""
    fut = w.fut(value)
    return (value.oid.site, fut.mask if fut is not None else 0) if isinstance(value, Ref) else value


def _followed(c: Call, deferred: Deferred, receiver: Ref) -> list[tuple[World, Value]]:
    """The worlds in which a task has just put something into this queue, with what that is."""
    trial = c.w.copy()
    trial.deferred = tuple(d for d in trial.deferred if d != deferred)
    limit, quiet, depth = c.m.limit, c.m.quiet, c.m.depth
    c.m.limit, c.m.quiet = min(limit, c.m.steps + STEPS), quiet + 1
    c.m.feeding = feeding = (receiver.oid, list[tuple[World, Value]]())
    try:
        for made in call(c.m, c.act, trial, deferred.function, [(a, False) for a in deferred.args], [], c.site):
            await_value(c.m, c.act, made.world, made.value, c.site)
    except GaveUp:
        if c.m.steps > limit:
            raise
    finally:
        c.m.feeding = None
        c.m.limit, c.m.quiet, c.m.depth = limit, quiet, depth
    return feeding[1]


def join(c: Call) -> list[Outcome]:
    """`await queue.join()`: all that was put in has been taken out, and somebody says that he is through with it."""
    out = await_unknown(c.m, c.act, c.w, c.site)
    for outcome in out:
        cont = outcome.world.cont(c.receiver)
        if cont is not None and isinstance(c.receiver, Ref) and outcome.exc is None:
            give_away(outcome.world, list(cont.items))
            outcome.world.heap[c.receiver.oid] = replace(cont, items=(), nonempty=False, size=None, slots=())
    return [o for o in out if o.exc is None or o.exc.cls == CANCELLED]


def is_empty(c: Call) -> list[Outcome]:
    """`queue.empty()`."""
    cont = c.w.cont(c.receiver)
    return [Outcome(c.w, FALSE if cont is not None and cont.exact and cont.items else Unknown())]


def size(c: Call) -> list[Outcome]:
    """`queue.qsize()`."""
    cont = c.w.cont(c.receiver)
    known = cont is not None and isinstance(c.receiver, Ref) and bool(cont.items)
    return [Outcome(c.w, Length(c.receiver.oid) if known and isinstance(c.receiver, Ref) else Unknown())]
