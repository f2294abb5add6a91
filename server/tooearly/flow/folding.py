"""Fewer worlds when a block holds too many: first those that agree on every future are joined, then any.

What is asked of an element by its key is found again by that key: worlds in which a container remembers other elements
are joined late.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tooearly.flow.joining import FINISHED, either, join_objects, replaced
from tooearly.flow.objects import DONE, PENDING, Cont, Fut, Iterating
from tooearly.flow.state import Key, World
from tooearly.flow.values import NONE, Ref, Unknown, Value, choice, options, unique
from tooearly.flow.walking import children_of, refs


def join_worlds(a: World, b: World) -> World:
    """One world that stands for both."""
    a, b = detached(a, b), detached(b, a)
    env: dict[Key, Value] = {}
    for key in {**a.env, **b.env}:
        x, y = a.env.get(key), b.env.get(key)
        env[key] = either(x, y) if x != y else (x if x is not None else Unknown())
    heap = dict(a.heap)
    for oid, obj in b.heap.items():
        heap[oid] = join_objects(heap[oid], obj) if oid in heap and heap[oid] != obj else obj
    facts = {k: v for k, v in a.facts.items() if b.facts.get(k) == v}
    deferred = unique((*a.deferred, *b.deferred))
    unsure = [o for o, x in heap.items() if isinstance(x, Cont | Iterating) and not x.exact and not x.nonempty]
    joined = World(env, heap, facts, deferred).settle()
    for oid in unsure:  # what is in one of the two containers only does not keep the other from being empty
        held = joined.heap.get(oid)
        if isinstance(held, Cont | Iterating) and held.nonempty:
            joined.heap[oid] = replace(held, nonempty=False)
    return joined


def detached(world: World, other: World) -> World:
    """The world without references to futures that are done here and unfinished there, where the other has none.

    `task` is the first here and the second there, each done in its own world. In a world that stands for both either
    may be running, but `task` is done all the same: what is left of it is some finished task.
    """
    done = {
        Ref(oid)
        for oid, obj in world.heap.items()
        if isinstance(obj, Fut) and obj.mask == DONE and isinstance(o := other.heap.get(oid), Fut) and o.mask & PENDING
    }
    if not done:
        return world
    out = world.copy()
    for key, value in world.env.items():
        lost = {o for o in options(value) if o in done} - set(options(other.env.get(key, NONE)))
        if lost:
            out.env[key] = choice(tuple(FINISHED if o in lost else o for o in options(value)))
    for oid, obj in world.heap.items():
        if isinstance(obj, Cont | Iterating) and (lost := {v for v in children_of(obj) if v in done}):
            theirs = other.heap.get(oid)
            lost -= set(children_of(theirs) if theirs is not None else ())
            out.heap[oid] = replaced(obj, dict.fromkeys(lost, FINISHED)) if lost else obj
    return out


def turns_forgotten(worlds: list[World]) -> list[World]:
    """The worlds with what the turns of short loops have made as groups again, as long as nothing names it."""
    out: dict[World, None] = {}
    for world in worlds:
        turned = [oid for oid, obj in world.heap.items() if oid.origin[2] is not None and not obj.many]
        if turned:
            world = world.copy()
            for oid in turned:
                if oid in world.heap and not any(oid in refs(value) for value in world.env.values()):
                    world.fold(oid)
            world.settle()
        out[world] = None
    return list(out)


def fold_worlds(worlds: list[World], most: int = 6) -> list[World]:
    """Fewer worlds: those that agree on every future, then on the futures that have a name or a key, then any two.

    A name that stands for one object here and for another there must not be folded early: the other object's state
    would be taken for its own.
    """
    out = worlds
    for key in STAGES:
        groups: dict[Any, World] = {}
        for world in out:
            known = key(world)
            groups[known] = join_worlds(groups[known], world) if known in groups else world
        out = list(groups.values())
        if len(out) <= 2 * most:
            return out
    while len(out) > most:
        out = [join_worlds(out[0], out[1]), *out[2:]]
        out.append(out.pop(0))
    return list(dict.fromkeys(out))


STAGES: tuple[Callable[[World], Any], ...] = (
    lambda w: (_masks(w), _named(w), _asked(w), _shape_of_env(w)),
    lambda w: (_named(w), _asked(w), _shape_of_env(w)),
    lambda w: (_named(w), _shape_of_env(w)),
)


def _masks(world: World) -> Any:
    """What is possible of each future."""
    return frozenset(
        (oid.site, oid.frame, oid.tag if isinstance(oid.tag, str) else "", obj.mask)
        for oid, obj in world.heap.items()
        if isinstance(obj, Fut)
    )


def _named(world: World) -> Any:
    """The futures that names stand for, and what is possible of them."""
    return frozenset(
        (key, value.oid, fut.mask)
        for key, value in world.env.items()
        if isinstance(value, Ref) and (fut := world.fut(value)) is not None
    )


def _asked(world: World) -> Any:
    """The elements that containers remember by their keys."""
    return frozenset(
        (oid, key, value) for oid, obj in world.heap.items() if isinstance(obj, Cont) for key, value in obj.slots
    )


def _shape_of_env(world: World) -> Any:
    """What decides where a world goes on: tokens, exceptions, and names that hold nothing."""
    return frozenset((key, value) for key, value in world.env.items() if isinstance(key[1], str) and key[1][0] == "$")
