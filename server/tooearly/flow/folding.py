"""Fewer worlds when a block holds too many: first those that agree on every future are joined, then any."""

from __future__ import annotations

from typing import Any

from tooearly.flow.joining import either, join_objects
from tooearly.flow.objects import Fut
from tooearly.flow.state import Key, World
from tooearly.flow.values import Ref, Unknown, Value, unique


def join_worlds(a: World, b: World) -> World:
    """One world that stands for both."""
    env: dict[Key, Value] = {}
    for key in {**a.env, **b.env}:
        x, y = a.env.get(key), b.env.get(key)
        env[key] = either(x, y) if x != y else (x if x is not None else Unknown())
    heap = dict(a.heap)
    for oid, obj in b.heap.items():
        heap[oid] = join_objects(heap[oid], obj) if oid in heap and heap[oid] != obj else obj
    facts = {k: v for k, v in a.facts.items() if b.facts.get(k) == v}
    deferred = unique((*a.deferred, *b.deferred))
    return World(env, heap, facts, deferred).settle()


def fold_worlds(worlds: list[World], most: int = 6) -> list[World]:
    """Fewer worlds: first those that agree on every future, then on the futures that have a name, then any two.

    A name that stands for one object here and for another there must not be folded early: the other object's state
    would be taken for its own.
    """
    out = worlds
    for key in (lambda w: (_masks(w), _named(w), _shape_of_env(w)), lambda w: (_named(w), _shape_of_env(w))):
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


def _shape_of_env(world: World) -> Any:
    """What decides where a world goes on: tokens, exceptions, and names that hold nothing."""
    return frozenset((key, value) for key, value in world.env.items() if isinstance(key[1], str) and key[1][0] == "$")
