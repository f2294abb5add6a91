"""A future has ended: what this changes in a world, and what it tells of the futures behind it."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace

from tooearly.flow.deferred import Deferred
from tooearly.flow.grouping import HOLDER
from tooearly.flow.machine import Machine, Outcome
from tooearly.flow.mention import nodes_in
from tooearly.flow.objects import CANCELLED, DONE, ERROR, PENDING, UNSEEN, VALUE, Fut, Inst, Note
from tooearly.flow.relevance import closed_over, only_sets
from tooearly.flow.state import World
from tooearly.flow.values import PLAIN, Exc, Ref, Site, Value
from tooearly.flow.walking import functions, held, refs


def finish(w: World, ref: Ref) -> None:
    """The future is done from here on."""
    if isinstance(w.heap.get(ref.oid), Fut):
        w.set_mask(ref.oid, DONE)


def end(w: World, ref: Ref, exc: Exc | None) -> None:
    """The future has ended by this exception, or with a value."""
    finish(w, ref)
    obj = w.heap.get(ref.oid)
    if isinstance(obj, Fut) and not obj.many:
        how = VALUE if exc is None else ERROR if exc.group or exc.cls in ("", PLAIN) else exc.cls
        w.heap[ref.oid] = replace(obj, end=how)


def has_failed(fut: Fut) -> bool:
    """Whether a future, when it is done, has certainly ended by an exception of its own."""
    return fut.end not in ("", VALUE, CANCELLED)


def raised_by(fut: Fut) -> Exc:
    """The exception by which it has ended."""
    return Exc("" if fut.end == ERROR else fut.end)


def keep_value(outcome: Outcome, ref: Ref) -> None:
    """What a task has returned is its result from now on, as far as objects are concerned."""
    fut = outcome.world.fut(ref)
    if outcome.exc is None and fut is not None and any(True for _ in refs(outcome.value)):
        outcome.world.heap[ref.oid] = replace(fut, value=outcome.value)


def fire(m: Machine, w: World, ref: Ref) -> None:
    """`ref` has been set or signalled: a done callback that holds it has run, so the callback's future is done."""
    for deferred in setting(w, ref):
        for value in deferred.args:
            if isinstance(value, Ref) and value != ref and (fut := w.fut(value)) is not None and fut.mask != DONE:
                finish(w, value)
                if not fut.many:
                    fire(m, w, value)
        _forget_if_over(m, w, deferred)


def _forget_if_over(m: Machine, w: World, deferred: Deferred) -> None:
    """A callback of futures that are done has run, and runs never again; one that has only set something is over."""
    futures = [w.fut(value) for value in deferred.args]
    if all(fut is not None and fut.mask == DONE and not fut.many for fut in futures) and only_sets(m, deferred):
        w.deferred = tuple(other for other in w.deferred if other != deferred)


def fired(m: Machine, w: World, ref: Ref, site: Site, decides: Callable[[Deferred], bool]) -> list[World]:
    """The same where it is known that one such callback has run, but not which: one world for each.

    A callback that may or may not set `ref` (`decides`: a countdown, say) is taken to be the last of them.
    Where a timer sets it too, it may have been that.
    """
    callbacks = setting(w, ref)
    timed = [w.copy()] if callbacks and any(_timed(w, d, ref) for d in w.deferred) else []
    futures = [v for d in callbacks for v in d.args if isinstance(v, Ref) and v != ref and w.fut(v) is not None]
    crowd = any(w.heap[v.oid].many for v in futures)
    if (len(futures) < 2 and not crowd) or any(decides(d) for d in callbacks):
        fire(m, w, ref)
        return [w, *timed]
    out = timed
    for value in futures:
        world = w.copy()
        finish(world, world.element(value, site, ("fired",)) if world.heap[value.oid].many else value)
        for deferred in callbacks:
            if value in deferred.args:
                _forget_if_over(m, world, deferred)
        out.append(world)
    return out


def setting(w: World, ref: Ref) -> list[Deferred]:
    """The done callbacks that may have set this, by what they hold. Nobody sets a task: that ends by itself."""
    fut = w.fut(ref)
    if fut is not None and fut.kind != "future":
        return []
    return [d for d in w.deferred if d.kind in ("callback", "called") and _reaches(w, d.function, ref)]


def _reaches(w: World, value: Value, ref: Ref) -> bool:
    return ref.oid in w.reachable([value], closed_over(w))


def _timed(w: World, deferred: Deferred, ref: Ref) -> bool:
    return deferred.kind == "setter" and any(_reaches(w, value, ref) for value in deferred.values())


def chooses(deferred: Deferred) -> bool:
    """Whether a callback does one thing or another."""
    nodes = [n for f in functions(deferred.function) for n in nodes_in(f.function)]
    return any(isinstance(n, ast.If | ast.While | ast.IfExp | ast.BoolOp | ast.Try | ast.Match) for n in nodes)


def finish_children(w: World, fut: Fut) -> None:
    """What is known of the futures inside one that is done: a shielded or wrapped one, those of a tolerant gather."""
    if fut.kind == "shield" and fut.end == CANCELLED:
        return
    if fut.kind in ("shield", "executor") or (fut.kind == "gather" and fut.keep_going):
        for child in fut.children:
            inner = w.fut(child)
            if isinstance(child, Ref) and inner is not None:
                finish(w, child)
                finish_children(w, inner)


def finish_around(w: World, ref: Ref) -> None:
    """A future has ended, and its callbacks have run: so have the shields and gathers that waited for it, by these."""
    for oid, outer in list(w.heap.items()):
        if isinstance(outer, Fut) and outer.mask & PENDING and not outer.many and ref in outer.children:
            behind = [w.fut(child) for child in outer.children]
            over = outer.kind == "shield" or all(f is not None and f.mask == DONE for f in behind)
            if over and outer.kind in ("shield", "gather"):
                finish(w, Ref(oid))


def set_aside(w: World, value: Value) -> None:
    """The value is where this code cannot follow it: from there a future may be set, or waited for (`unsee`)."""
    for oid in w.reachable([value], closed_over(w)):
        fut = w.heap[oid]
        if isinstance(fut, Fut) and fut.mask & PENDING and fut.kind != "current":
            w.heap[oid] = replace(fut, open=True, foreign=True)


def unsee(w: World, *, called: bool) -> None:
    """Something that is not followed has been waited for: it may have been, or have waited for, what was set aside.

    A plain future is set aside for who answers (`replies[n] = future`); that what is `called` next waits for it is
    not to be expected.
    """
    for oid, fut in list(w.heap.items()):
        if isinstance(fut, Fut) and fut.foreign and fut.mask & PENDING and not (called and fut.kind == "future"):
            w.escape([oid])


def note_all(w: World, children: list[Ref], note: Note) -> None:
    """Remember which wait was not enough for these futures."""
    for child in children:
        fut = w.heap.get(child.oid)
        if isinstance(fut, Fut) and fut.mask & PENDING:
            w.heap[child.oid] = replace(fut, note=note)


def held_futures(w: World, value: Value | None) -> list[Ref]:
    """The futures in a container (the keys, for a dict), elements and groups."""
    cont = w.cont(value)
    if cont is None:
        return []
    items = cont.keys if cont.kind == "dict" else cont.items
    return [i for i in items if isinstance(i, Ref) and isinstance(w.heap.get(i.oid), Fut)]


def settle_crowd(w: World, fut: Fut) -> None:
    """Many coroutines have ended: the futures that were handed to them may have been set."""
    assert fut.body is not None
    holders: list[Value] = []
    if HOLDER in fut.body.args:
        tasks = {oid for oid, obj in w.heap.items() if obj == fut}
        holders = [Ref(oid) for oid, obj in w.heap.items() if isinstance(obj, Inst) and not tasks.isdisjoint(held(obj))]
    for oid in w.reachable([fut.body, *holders], closed_over(w)):
        obj = w.heap.get(oid)
        if isinstance(obj, Fut) and obj.kind == "future" and obj.mask & PENDING:
            w.heap[oid] = replace(obj, mask=UNSEEN)
