"""Fewer worlds when a block holds too many: first those that agree on every future are joined, then any.

What is asked of an element by its key is found again by that key: worlds in which a container remembers other elements
are joined late.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tooearly.flow.joining import FINISHED, either, join_objects, replaced
from tooearly.flow.objects import DONE, PENDING, Cont, Fut, Iterating, Obj
from tooearly.flow.state import Key, World
from tooearly.flow.values import (
    NONE,
    Beside,
    Const,
    KeyOf,
    Oid,
    Ref,
    Site,
    Unknown,
    Value,
    choice,
    const,
    options,
    unique,
)
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
        if isinstance(obj, Cont | Iterating) and (lost := {v for v in children_of(obj) if _object(v) in done}):
            theirs = other.heap.get(oid)
            lost -= set(children_of(theirs) if theirs is not None else ())
            left = {v: v.value if isinstance(v, Beside) else FINISHED for v in lost}
            out.heap[oid] = replaced(obj, left) if lost else obj
    return out


def _object(value: Value) -> Value:
    return value.about if isinstance(value, Beside) else value


def keys_kept(worlds: list[World]) -> list[World]:
    """The worlds in which keys that were picked out of a container are what is held under them.

    `ready = [name for name, job in jobs.items() if job.done()]` holds constants while each job is known on its own.
    In a world that stands for many it would not be known any more that these are the keys of what is done.
    """
    return [_keys_kept(world) for world in worlds]


def _keys_kept(world: World) -> World:
    out = world
    for oid, cont in world.heap.items():
        held = _held_under(world, cont) if isinstance(cont, Cont) else {}
        picked = [other for other, obj in world.heap.items() if held and _picked(held, oid, other, obj)]
        named = [key for key, value in world.env.items() if key[0] == oid.frame and value in held and cont.keys]  # type: ignore[union-attr]
        if picked or named:
            out = world.copy() if out is world else out
            out.heap.update({other: _by_objects(out.heap[other], held) for other in picked})  # type: ignore[arg-type]
            out.env.update({key: KeyOf(held[world.env[key]]) for key in named})
    return out.settle() if out is not world else world


def _held_under(world: World, cont: Cont) -> dict[Value, Ref]:
    """The futures of a dict or list that is known one by one, each under its constant."""
    if not cont.exact or cont.many or cont.kind not in ("dict", "list"):
        return {}
    keys = cont.keys if cont.kind == "dict" else map(const, range(len(cont.items)))
    pairs = [(k, v) for k, v in zip(keys, cont.items, strict=True) if isinstance(k, Const) and isinstance(v, Ref)]
    return dict(pairs) if all(isinstance(world.heap.get(value.oid), Fut) for _, value in pairs) else {}


def _picked(held: dict[Value, Ref], source: Oid, oid: Oid, obj: Obj) -> bool:
    """Whether an object holds nothing but such keys, and has been made behind the container in the same function.

    Or it is a pair of a key with what is held under it.
    """
    if not isinstance(obj, Cont | Iterating) or obj.many or not obj.items or oid.frame != source.frame:
        return False
    made, before = oid.site, source.site
    if not isinstance(made, Site) or not isinstance(before, Site) or made.line <= before.line:
        return False
    if isinstance(obj, Cont) and obj.kind == "tuple":
        return any(key in obj.items and value in obj.items for key, value in held.items())
    return not (isinstance(obj, Cont) and obj.keys) and all(o in held for i in obj.items for o in options(i))


def _by_objects(obj: Cont | Iterating, held: dict[Value, Ref]) -> Cont | Iterating:
    """The same keys by what is held under them."""
    if isinstance(obj, Cont) and obj.kind == "tuple":
        return replaced(obj, {key: KeyOf(value) for key, value in held.items() if value in obj.items})
    return replaced(obj, {item: choice(tuple(held[o] for o in options(item))) for item in obj.items})


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
            _fold_pairs(world)
            world.settle()
        out[world] = None
    return list(out)


def _fold_pairs(world: World) -> None:
    """Pairs of which one half is some member of a group are a group too: so the other half goes with that member."""
    pairs = {oid: obj for oid, obj in world.heap.items() if isinstance(obj, Cont) and obj.kind == "tuple"}
    loose = {Ref(oid) for oid, pair in pairs.items() if not pair.many and any(_is_some(world, v) for v in pair.items)}
    for oid, obj in list(world.heap.items()):
        if isinstance(obj, Iterating) and obj.exact and not loose.isdisjoint(obj.items):
            world.heap[oid] = replace(obj, kind="plain", exact=False)


def _is_some(world: World, value: Value) -> bool:
    return isinstance(value, Ref) and isinstance(held := world.heap.get(value.oid), Fut) and held.many


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
