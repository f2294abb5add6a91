"""Fewer worlds when a block holds too many: first those that agree on every future are joined, then any."""

from __future__ import annotations

from typing import Any

from tooearly.flow.joining import either, join_objects
from tooearly.flow.objects import Fut
from tooearly.flow.state import Key, World
from tooearly.flow.values import Unknown, Value, unique


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
    """Fewer worlds: first those that agree on what is possible of each future, then all."""
    groups: dict[Any, World] = {}
    for world in worlds:
        masks = frozenset(
            (oid.site, oid.frame, oid.tag if isinstance(oid.tag, str) else "", obj.mask)
            for oid, obj in world.heap.items()
            if isinstance(obj, Fut)
        )
        key = (masks, _shape_of_env(world))
        groups[key] = join_worlds(groups[key], world) if key in groups else world
    out = list(groups.values())
    while len(out) > most:
        out = [join_worlds(out[0], out[1]), *out[2:]]
        out.append(out.pop(0))
    return list(dict.fromkeys(out))


def _shape_of_env(world: World) -> Any:
    """What decides where a world goes on: tokens, exceptions, and names that hold nothing."""
    return frozenset((key, value) for key, value in world.env.items() if isinstance(key[1], str) and key[1][0] == "$")
