"""The effects of asking asyncio for tasks: the running one, and all that are not done.

`all_tasks()` is a set of those tasks that this code has made and that are unfinished at that moment, and of others. A
task that may be either is in it or done: one world for each way, so that membership answers as `done()` would.
"""

from __future__ import annotations

from dataclasses import replace

from tooearly.flow.calling import Call
from tooearly.flow.ended import finish
from tooearly.flow.machine import Outcome
from tooearly.flow.objects import DONE, PENDING, UNSEEN, Cont, Fut, Note
from tooearly.flow.slices import split_group
from tooearly.flow.state import World
from tooearly.flow.values import RUNNING, TRUE, Oid, Ref, Unknown, Value

APART = 3  # tasks that may be done or not and that are told apart


def current(c: Call) -> list[Outcome]:
    """`current_task()`."""
    fut = Fut("current", PENDING, c.site, note=Note("fresh", c.site))
    return [Outcome(c.w, c.w.allocate(Oid(c.site, c.frame), fut))]


def all_tasks(c: Call) -> list[Outcome]:
    """`all_tasks()`."""
    worlds, told_apart = _by_state(c.w)
    out = []
    for world in worlds:
        members: list[Value] = [] if told_apart else [Unknown()]
        for oid, fut in _tasks(world):
            ref = Ref(oid)
            if fut.mask == PENDING or fut.kind == "current":
                members.append(ref)
            elif fut.many and fut.mask & PENDING:
                ended = split_group(world, ref, "ended")
                world.heap[ended.oid] = replace(fut, mask=DONE)
                world.set_mask(oid, PENDING)
                members.append(ref)
            elif fut.mask & UNSEEN:
                members.append(Unknown())
        others = Oid(c.site, c.frame, "each")
        world.heap[others] = Fut("task", PENDING, c.site, many=True, note=Note("fresh", c.site))
        named = any(fut.kind == "current" for _, fut in _tasks(world))
        slots = ((RUNNING, TRUE),) if c.act.on_loop and not named else ()
        cont = Cont("set", (Ref(others), *dict.fromkeys(members)), False, slots=slots)
        out.append(Outcome(world, world.allocate(Oid(c.site, c.frame, "all"), cont)))
    return out


def _tasks(w: World) -> list[tuple[Oid, Fut]]:
    found = [(oid, obj) for oid, obj in w.heap.items() if isinstance(obj, Fut)]
    return [(oid, fut) for oid, fut in found if fut.kind == "task" or (fut.kind == "current" and not fut.many)]


def _by_state(w: World) -> tuple[list[World], bool]:
    """One world for each way in which the single tasks are done or not, unless there are too many."""
    unsure = [oid for oid, fut in _tasks(w) if fut.mask == PENDING | DONE and not fut.many]
    if len(unsure) > APART:
        return [w], False
    worlds = [w]
    for oid in unsure:
        ended = [world.copy() for world in worlds]
        for world in worlds:
            world.set_mask(oid, PENDING)
        for world in ended:
            finish(world, Ref(oid))
        worlds += ended
    return worlds, True
