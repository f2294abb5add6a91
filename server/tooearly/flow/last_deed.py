"""Tasks whose last deed it is to wake somebody: to set an event or a plain future, to put something into a queue.

`try: return await job(); finally: over.set()`: between the waking and its end such a task is not suspended any more,
so it has ended when whoever waits for the event goes on. That holds as long as loops run a task's step to its end, and
nothing is claimed of it: neither that it is done nor that it may be running. By the text of its function, each
statement there that wakes has to be a last one; and nobody else in sight may have been it who woke.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from tooearly.flow.changes import FUNCTIONS, behind_all_waits, place_of
from tooearly.flow.deferred import Deferred
from tooearly.flow.machine import Machine
from tooearly.flow.mention import nodes_in
from tooearly.flow.objects import PENDING, UNSEEN, Fut, Inst
from tooearly.flow.relevance import closed_over, target_function, whole_body
from tooearly.flow.state import World
from tooearly.flow.telling import given_to, owner_of
from tooearly.flow.values import Coro, Oid, Ref, Value
from tooearly.semantics.names import Function


def woken(m: Machine, w: World, target: Value | None, effects: frozenset[str]) -> bool:
    """One of these was done to an object, or this code would not go on: whether a task may have ended by doing it."""
    for oid in waker(m, w, target, effects):
        fut = w.heap[oid]
        if isinstance(fut, Fut) and fut.mask != PENDING:
            w.heap[oid] = replace(fut, mask=UNSEEN)
            return True
    return False


def waker(m: Machine, w: World, target: Value | None, effects: frozenset[str]) -> list[Oid]:
    """The one task that does this to an object, and ends by it."""
    if not isinstance(target, Ref) or _others(w, target):
        return []
    found: list[Oid] = []
    for oid, fut in w.heap.items():
        deeds = _deeds(m, w, whole_body(w, fut.body), target, effects) if isinstance(fut, Fut) and fut.body else []
        if deeds:
            assert isinstance(fut, Fut)
            if fut.many or not fut.mask & PENDING or not all(deeds):
                return []
            found.append(oid)
    return found if len(found) == 1 else []


def _others(w: World, target: Ref) -> bool:
    """Whether callbacks or timers get at it. Tasks are looked at by their text."""
    values = [v for d in w.deferred if d.kind != "queued" and not _is_task(d) for v in d.values()]
    return bool(values) and target.oid in w.reachable(values, closed_over(w))


def _is_task(deferred: Deferred) -> bool:
    target = target_function(deferred.function)
    return target is not None and target.function.is_async


def _deeds(m: Machine, w: World, body: Coro, target: Ref, effects: frozenset[str]) -> list[bool]:
    """For each statement of a task that does this to the object, whether it is a last one."""
    function = target_function(body)
    places = _places(m, function.function, effects) if function is not None else ()
    if function is None or not places:
        return []
    given = given_to(function, body)
    found = []
    for name, attr, last in places:
        owner = owner_of(w, function, name) if name not in given else None
        value = given.get(name) if owner is None else w.env[owner, name]
        inst = w.heap.get(value.oid) if attr and isinstance(value, Ref) else None
        if target == (inst.get(attr) if isinstance(inst, Inst) else None if attr else value):
            found.append(last)
    return found


def _places(m: Machine, function: Function, effects: frozenset[str]) -> tuple[tuple[str, str, bool], ...]:
    """Where a function's own text calls such a method: on which variable, or attribute of it; is that a last deed."""
    known: dict[frozenset[str], tuple[tuple[str, str, bool], ...]] = function.cache.setdefault("deeds", {})
    if effects not in known:
        methods = m.rows.named(effects)
        nodes = nodes_in(function) if isinstance(function.node, FUNCTIONS) else []
        owners = [
            (node, node.func.value)
            for node in nodes
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in methods
        ]
        known[effects] = tuple(
            (*place, behind_all_waits(node, nodes)) for node, owner in owners for place in place_of(owner)
        )
    return known[effects]
