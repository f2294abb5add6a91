"""Worlds that say no more than another one: a group is any number of futures, and so perhaps none.

A world in which a list holds some finished tasks and some running ones stands for the one in which all of them have
finished, and, where a member of a group may be in more states, for the one where it may be in fewer. So of two worlds
that differ only in a group that one has and the other has not, or of which one knows more, the larger is enough, and
nothing is lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tooearly.flow.canonical import covers
from tooearly.flow.joining import is_for, without
from tooearly.flow.objects import Cont, Fut, Iterating, Obj
from tooearly.flow.state import World
from tooearly.flow.values import Oid, Ref
from tooearly.flow.walking import held, refs


@dataclass(frozen=True, slots=True)
class Loose:
    """A group of futures that only containers hold, as a member of a world."""

    group: Oid


def loose_groups(world: World) -> Iterator[tuple[Loose, int]]:
    """The groups of futures that only containers hold, each with the hash of the world without it."""
    held_by = {oid: list[Oid]() for oid, obj in world.heap.items() if obj.many and isinstance(obj, Fut)}
    if not held_by:
        return
    named = {oid for value in world.env.values() for oid in refs(value)}
    named |= {oid for deferred in world.deferred for value in deferred.values() for oid in refs(value)}
    for holder, obj in world.heap.items():
        for oid in set(held(obj)):
            if oid in held_by:
                held_by[oid].append(holder)
                if not _holds_loosely(obj, oid):
                    named.add(oid)
    hashes = dict(world.members()[1])
    for group, holders in held_by.items():
        if holders and group not in named:
            rest = hash(world) ^ hashes[group]
            for oid in holders:
                rest ^= hashes[oid] ^ hash((oid, hash(_emptied(world.heap[oid], group))))
            yield Loose(group), rest


def wider(a: World, b: World, mine: Loose | None, theirs: Loose | None) -> World | None:
    """The one of two worlds that stands for both, when they differ in the given groups only."""
    if _without(a, mine) != _without(b, theirs):
        return None
    if mine is None or theirs is None:
        return b if mine is None else a
    one, other = a.heap[mine.group], b.heap[theirs.group]
    if covers(one, other):
        return a
    return b if covers(other, one) else None


def _holds_loosely(obj: Obj, group: Oid) -> bool:
    """Whether a group is one of the elements of a container of which the elements are not known, and nothing else."""
    if not isinstance(obj, Cont | Iterating) or obj.many or obj.exact:
        return False
    ref = Ref(group)
    keys = obj.keys if isinstance(obj, Cont) else ()
    return sum(is_for(item, ref) for item in obj.items) + keys.count(ref) == held(obj).count(group)


def _emptied(obj: Obj, group: Oid) -> Obj:
    ref = Ref(group)
    if isinstance(obj, Cont) and (obj.keys or obj.slots):
        return without(obj, ref)
    assert isinstance(obj, Cont | Iterating)
    return replace(obj, items=tuple([item for item in obj.items if not is_for(item, ref)]))


def _without(world: World, loose: Loose | None) -> World:
    if loose is None:
        return world
    group = loose.group
    heap = {oid: _emptied(obj, group) if group in held(obj) else obj for oid, obj in world.heap.items() if oid != group}
    return World(world.env, heap, world.facts, world.deferred)
