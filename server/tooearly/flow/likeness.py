"""What a world says of futures, without the data beside them.

Where many worlds meet that are alike in this, most of their number comes from data: which of four strings a list
holds, how often a counter was raised, whether a finished task had failed. Two worlds of one *likeness* know the same
futures, of each the same possibilities, by the same names, in the same containers and by the same code that is to run.
They are joined once a block is crowded (`worldset`). What is lost is how such data belonged together; a flag that says
something of a future is not among it, because the future's state differs where the flag does, nor is a constant under
which a dict holds a future.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace

from tooearly.flow.objects import Cont, Fut, Generating, Inst, Iterating, Obj
from tooearly.flow.state import World
from tooearly.flow.values import Const, Exc, Oid, Value
from tooearly.flow.walking import held, refs


def likeness(world: World, *, ends: bool) -> Hashable:
    """What `world` says of futures; equal for worlds that differ in data only. `ends`: and how they have ended."""
    telling = _telling(world.heap)
    names = [(key, said) for key, value in world.env.items() if (said := _said(key[1], value, telling)) is not None]
    objects = [(oid, _shown(world.heap[oid], telling, ends=ends)) for oid in telling.objects]
    return frozenset(names), frozenset(objects), frozenset(world.deferred)


def ends_forgotten(world: World) -> World:
    """The world without knowing how the members of groups have ended, which splits groups that are alike."""
    ended = [oid for oid, obj in world.heap.items() if isinstance(obj, Fut) and obj.many and obj.end]
    if not ended:
        return world
    out = world.copy()
    for oid in ended:
        obj = out.heap[oid]
        assert isinstance(obj, Fut)
        out.heap[oid] = replace(obj, end="")
    return out.settle()


def keys_to_futures(heap: Mapping[Oid, Obj]) -> frozenset[Value]:
    """The constants under which dicts hold something that is followed: which of them are in a list is no mere data."""
    dicts = [obj for obj in heap.values() if isinstance(obj, Cont) and obj.keys and held(obj)]
    return frozenset(key for obj in dicts for key in obj.keys if isinstance(key, Const))


@dataclass(frozen=True, slots=True)
class _Telling:
    """Futures, what leads to one, what decides where the program goes on; and the constants that are futures' keys."""

    objects: frozenset[Oid]
    keys: frozenset[Value]

    def names(self, value: Value) -> bool:
        return value in self.keys or not self.objects.isdisjoint(refs(value))


def _telling(heap: Mapping[Oid, Obj]) -> _Telling:
    found = {oid for oid, obj in heap.items() if isinstance(obj, Fut | Iterating | Generating)}
    grown = True
    while grown:
        more = {oid for oid, obj in heap.items() if oid not in found and not found.isdisjoint(held(obj))}
        grown = bool(more)
        found |= more
    keys = keys_to_futures(heap)
    if keys:
        found |= {oid for oid, obj in heap.items() if isinstance(obj, Cont) and not keys.isdisjoint(obj.items)}
    return _Telling(frozenset(found), keys)


def _said(name: object, value: Value, telling: _Telling) -> Hashable:
    """What a variable says: the telling objects it refers to; all of it where it steers the program."""
    if (isinstance(name, str) and name[0] == "$") or isinstance(value, Exc):
        return value
    return _led(value, telling)


def _led(value: Value, telling: _Telling) -> Hashable:
    return value if telling.names(value) else None


def _shown(obj: Obj, telling: _Telling, *, ends: bool) -> Hashable:
    """What a telling object shows."""
    match obj:
        case Fut():
            end = obj.end if ends else ""
            return (obj.mask, obj.many, obj.open, obj.children, obj.keep_going, obj.body, obj.value, end, obj.asked)
        case Cont():
            items = tuple(_led(item, telling) for item in obj.items)
            pairs = tuple(zip(obj.keys, items, strict=True)) if obj.keys else items
            inside = pairs if obj.exact else frozenset(pairs)
            return (obj.kind, obj.exact, obj.nonempty, obj.many, obj.length, inside, frozenset(obj.slots))
        case Inst():
            return tuple((name, led) for name, value in obj.attrs if (led := _led(value, telling)) is not None)
    return obj
