"""A suspension: other code runs, which may finish futures, and has reads of its own."""

from __future__ import annotations

import ast
from dataclasses import replace

from tooearly.flow.deferred import Deferred
from tooearly.flow.machine import Act, Machine
from tooearly.flow.mention import closure
from tooearly.flow.objects import DONE, PENDING, Fut, Note
from tooearly.flow.state import World
from tooearly.flow.values import Site, Unknown, is_module
from tooearly.flow.walking import refs

MOST_RUNS = 24  # times a callback is interpreted for one root


def run_through(w: World) -> None:
    """Tasks that are never suspended have ended when code goes on that surely was suspended since they were made.

    So have gathers, and shields, of futures that were done by then.
    """
    from tooearly.flow.relevance import never_suspends

    for oid, fut in list(w.heap.items()):
        if not isinstance(fut, Fut) or not fut.mask & PENDING:
            continue
        inner = [w.fut(child) for child in fut.children]
        over = bool(inner) and all(child is not None and child.mask == DONE and not child.many for child in inner)
        gathered = fut.kind in ("gather", "shield") and over
        if gathered or (fut.kind == "task" and fut.body is not None and never_suspends(fut.body)):
            w.set_mask(oid, DONE)


def suspend(m: Machine, act: Act, world: World, why: str, site: Site, *, surely: bool = True) -> None:
    """Other code runs now: unfinished futures may finish, registered code is interpreted for its reads.

    A free lock suspends nobody (not `surely`): tasks that start beside this one may do so later as well.
    """
    _give_turn(m, act, world, why, site, surely=surely)
    if why == "clock" and m.beginning is None:
        run_through(world)


def _give_turn(m: Machine, act: Act, world: World, why: str, site: Site, *, surely: bool) -> None:
    from tooearly.flow.begun import begin
    from tooearly.flow.giving_way import give_way
    from tooearly.flow.retiring import retire
    from tooearly.flow.telling import tell
    from tooearly.flow.threads import THREADS, go_on

    if m.beginning is not None:
        m.beginning.suspended = m.beginning.suspended or surely
        return
    tell(m, act, world)
    called = tuple(d for d in world.deferred if surely and _due(world, d))
    _queued_open(world)
    answering = go_on(m, world, why)
    world.suspend(Note(why, site))
    if why == "clock":
        give_way(m, world)
    if m.brief:
        world.escape(list(world.heap))  # what runs beside it may have gone on
        return
    if not world.deferred:
        return
    waiting = world.deferred
    retire(m, world, waiting)
    over = {"task", *THREADS} | ({"beside"} if surely else set()) | ({"queued"} if why != "clock" else set())
    left = [d for d in waiting if d.kind not in over or d in answering]
    world.deferred = tuple(replace(d, kind="called") if d in called else d for d in left)
    if not m.quiet and m.depth <= 2:
        seen = world.copy()
        for deferred in waiting:
            if deferred.kind != "queued" and deferred not in answering:
                _disturb(seen, deferred)
        _run_all(m, act, seen, waiting)
    for deferred in waiting:
        if deferred in answering:
            continue
        if not (surely and deferred.kind == "task" and begin(m, act, world, deferred, site)):
            _disturb(world, deferred)


def _run_all(m: Machine, act: Act, world: World, waiting: tuple[Deferred, ...]) -> None:
    """Interpret what runs now for its reads."""
    from tooearly.flow.relevance import feeds
    from tooearly.flow.threads import THREADS

    own = [d for d in waiting if d.kind == "task" and (_reaches(m, d) or feeds(m, world, d))]
    tasks = tuple(replace(d, kind="beside") for d in own)
    for deferred in waiting:
        if deferred.kind not in ("called", "queued", "setter", *THREADS):
            alone = m.depth or not tasks or deferred.kind != "task"
            run_deferred(m, act, world, deferred, () if alone else _beside(world, deferred, tasks))


def _disturb(world: World, deferred: Deferred) -> None:
    """Variables that the other code rebinds are not known any more; a thread may do anything."""
    from tooearly.flow.relevance import closed_over, target_function
    from tooearly.flow.threads import THREADS

    if deferred.kind in THREADS or (deferred.kind == "queued" and deferred not in world.deferred):
        world.escape(world.reachable([deferred.function], closed_over(world)))
    target = target_function(deferred.function)
    if target is None or deferred.kind != "task":
        return
    for name in target.function.nonlocal_names | target.function.global_names:
        for key in [k for k in world.env if k[1] == name and (k[0] == target.frame or is_module(k[0]))]:
            world.env[key] = Unknown(("disturbed", name))


def run_deferred(m: Machine, act: Act, world: World, deferred: Deferred, others: tuple[Deferred, ...] = ()) -> None:
    """Interpret code that runs while this code is suspended, for its reads; `others` start while it is suspended.

    Of a task that starts beside another one only the way to its first suspension is followed: after that the
    other may have gone on too.
    """
    from tooearly.flow.awaits import await_value
    from tooearly.flow.calling import call
    from tooearly.flow.relevance import holds_futures, may_read, reads_through

    if not (may_read(m, deferred.function) or reads_through(m, world, deferred)) or not (
        others or holds_futures(m, world, deferred)
    ):
        return
    other = world.copy()
    # It keeps what it holds.
    other.deferred = (*(d for d in other.deferred if d != deferred), *others, deferred)
    for value in deferred.args if deferred.kind == "callback" else ():
        for oid in refs(value):
            if isinstance(other.heap.get(oid), Fut):
                other.set_mask(oid, 2)
    other.settle()
    *rest_now, deferred = other.deferred  # groups may have got other names
    key = (deferred, other)
    runs = m.deferred_runs.get(deferred.function, 0)
    if key in m.deferred_seen or runs >= MOST_RUNS:
        return
    m.deferred_runs[deferred.function] = runs + 1
    m.deferred_seen.add(key)
    m.depth += 1
    brief, m.brief = m.brief, m.brief or deferred.kind == "beside"
    site = act.site(act.block.term.node if act.block and act.block.term else ast.Pass())
    begun = other.copy()
    begun.deferred = tuple(rest_now)
    for made in call(m, act, begun, deferred.function, [(a, False) for a in deferred.args], [], site):
        if made.exc is None and deferred.kind in ("task", "beside"):
            for ended in await_value(m, act, made.world, made.value, site):
                if m.partial and ended.exc is not None:
                    m.unhandled(ended.exc)
        elif made.exc is not None and made.exc.site is not None:
            m.unhandled(made.exc)
    m.depth, m.brief = m.depth - 1, brief


def _queued_open(world: World) -> None:
    """Whoever takes a future out of a queue may finish it while this code is suspended."""
    for deferred in world.deferred:
        if deferred.kind == "queued":
            for oid in world.reachable([deferred.function], lambda _: ()):
                obj = world.heap[oid]
                if isinstance(obj, Fut) and not obj.open:
                    world.heap[oid] = replace(obj, open=True)


def _due(world: World, deferred: Deferred) -> bool:
    """Whether a callback's future is done, so that it runs at the next suspension, and then never again."""
    futures = [world.heap.get(oid) for value in deferred.args for oid in refs(value)]
    return deferred.kind == "callback" and all(isinstance(f, Fut) and f.mask == DONE and not f.many for f in futures)


def _reaches(m: Machine, deferred: Deferred) -> bool:
    """Whether a task shares an object with others, makes futures and reads."""
    from tooearly.flow.relevance import makes_any, may_read, target_function

    target = target_function(deferred.function)
    shares = any(refs(value) for value in deferred.values())
    return target is not None and shares and makes_any(m, closure(m, target.function)) and may_read(m, target)


def _beside(world: World, deferred: Deferred, tasks: tuple[Deferred, ...]) -> tuple[Deferred, ...]:
    """The tasks that may start while this one is suspended: the others, and itself when there are many of it."""
    twin = replace(deferred, kind="beside")
    many = tasks.count(twin) > 1 or any(
        isinstance(obj, Fut) and obj.many and obj.body is not None and obj.body.function == deferred.function
        for obj in world.heap.values()
    )
    return tuple(dict.fromkeys(t for t in tasks if t != twin or many))
