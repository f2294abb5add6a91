"""Parts of a world's canonical form: what nobody can ask for any more goes, what says the same is one.

A group stands for any number of futures of which the same is known. So of two groups in the same containers, one with
members that are pending or done takes in one with members that are done: together they are any number of either kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from typing import Any

from tooearly.flow.joining import NAMES, either_asked, either_end
from tooearly.flow.objects import GHOST, Cont, Fut, Iterating, Obj
from tooearly.flow.values import (
    TRUE,
    Beside,
    Const,
    Oid,
    Ref,
    SliceOf,
    Unknown,
    Value,
    atoms,
    options,
    plain_key,
    unique,
)
from tooearly.flow.walking import held, refs


def holders_of(heap: Mapping[Oid, Obj], many: Sequence[Oid]) -> dict[Oid, set[Any]]:
    """What holds each group: containers by their names, crowds by where they were made and by what holds them.

    And what has been found for its members, where that is kept.
    """
    holders: dict[Oid, set[Any]] = {oid: set() for oid in many}
    for holder, obj in heap.items():
        for oid in held(obj) if not obj.many else ():
            if oid in holders:
                holders[oid].add((holder.site, holder.frame, holder.tag))
        for item in obj.items if isinstance(obj, Cont | Iterating) else ():
            if type(item) is Beside and item.about.oid in holders:
                holders[item.about.oid].add((holder.site, holder.frame, holder.tag, item.value))
    around = {oid: frozenset(found) for oid, found in holders.items()}
    for holder in many:
        for oid in held(heap[holder]):
            if oid in holders:
                holders[oid].add((holder.site, holder.frame, "many", around[holder]))
    return holders


def absorb(heap: Mapping[Oid, Obj], groups: Sequence[Oid], named: set[Oid], names: dict[Oid, Oid]) -> None:
    """Give a group the new name (in `names`) of one of the same containers of which more is possible.

    `named` are objects that something refers to beside those containers.
    """
    widest_first = sorted(groups, key=lambda oid: -heap[oid].mask.bit_count())  # type: ignore[union-attr]
    for less in groups:
        if less in named:
            continue
        for more in widest_first:
            if names[more] != names[less] and covers(heap[more], heap[less]):
                names[less] = names[more]
                break


def covers(more: Obj, less: Obj) -> bool:
    """Whether all that is possible of one future is possible of the other, which is the same but for that."""
    if not isinstance(more, Fut) or not isinstance(less, Fut) or (more.mask ^ less.mask) & GHOST:
        return False
    either = replace(
        less,
        mask=more.mask | less.mask,
        open=more.open or less.open,
        end=either_end(more.end, less.end),
        asked=either_asked(more, less),
    )
    return either == more


Settled = tuple[dict[Any, Value], dict[Oid, Obj], tuple[Any, ...]]  # variables, heap and deferred code, when canonical


def canonical(env: dict[Any, Value], heap: dict[Oid, Obj], deferred: tuple[Any, ...], before: Settled) -> bool:
    """Whether a world is still in canonical form, as its objects and what refers to them are as they were `before`.

    Most blocks only compute: this is far cheaper than to bring the world there again.
    """
    old_env, old_heap, old_deferred = before
    if deferred is not old_deferred or len(heap) != len(old_heap):
        return False
    if any(heap.get(oid) is not obj for oid, obj in old_heap.items()):
        return False
    come = {oid for key, value in env.items() if old_env.get(key) is not value for oid in refs(value)}
    gone = {oid for key, value in old_env.items() if env.get(key) is not value for oid in refs(value)}
    if come == gone:
        return True
    kept = {oid for key, value in env.items() if old_env.get(key) is value for oid in refs(value)}
    return come <= gone | kept and gone <= come | kept


def forget_keys(env: Mapping[Any, Value], heap: dict[Oid, Obj]) -> bool:
    """Forget what a loop variable stood for when nothing holds that any more: it cannot be asked for again.

    Whether there is any container with such keys.
    """
    concerned = [
        oid
        for oid, obj in heap.items()
        if isinstance(obj, Cont) and (any(_passes(key) for key, _ in obj.slots) or any(map(_is_turn, obj.keys)))
    ]
    if not concerned:
        return False
    kept = {plain_key(v) for value in env.values() for v in options(value)}
    kept.update([part for value in list(kept) if type(value) is Unknown for part in atoms(value)])
    for obj in heap.values():
        if isinstance(obj, Cont) and obj.kind == "tuple":
            kept.update(map(plain_key, obj.items))
    for oid in concerned:
        cont = heap[oid]
        assert isinstance(cont, Cont)
        if any(_passed(key, kept) for key, _ in cont.slots):
            left = tuple(s for s in cont.slots if not _passed(s[0], kept))
            cont = heap[oid] = replace(cont, slots=left)
        if not cont.exact and any(_is_turn(key) and key not in kept for key in cont.keys):
            keys = tuple(Unknown() if _is_turn(key) and key not in kept else key for key in cont.keys)
            pairs = unique(tuple(zip(keys, cont.items, strict=True)))
            heap[oid] = replace(cont, keys=tuple(k for k, _ in pairs), items=tuple(v for _, v in pairs))
    return True


def loosen_keys(heap: dict[Oid, Obj]) -> None:
    """Constants under which a dict holds futures of one group say nothing: which of them is under which is not known.

    As keys that are not known they stand for what is held under them, which a loop over the dict does know.
    """
    for oid, cont in heap.items():
        if not isinstance(cont, Cont) or not cont.keys or cont.exact:
            continue
        pairs = [
            (Unknown() if isinstance(k, Const) and _is_crowd(heap, v) else k, v)
            for k, v in zip(cont.keys, cont.items, strict=True)
        ]
        keys, items = tuple(k for k, _ in pairs), tuple(v for _, v in pairs)
        if keys != cont.keys:
            pairs = list(unique(tuple(pairs)))
            keys, items = tuple(k for k, _ in pairs), tuple(v for _, v in pairs)
            heap[oid] = replace(cont, keys=keys, items=items, slots=unique((*cont.slots, (NAMES, TRUE))))


def _is_crowd(heap: Mapping[Oid, Obj], value: Value) -> bool:
    single = heap.get(value.oid) if isinstance(value, Ref) else None
    return isinstance(single, Fut) and single.many


def _passes(key: Value) -> bool:
    """Whether what a container remembers by this key is only asked for by who has the key."""
    return isinstance(key, Ref) or _is_turn(key) or _is_computed(key)


def _is_computed(key: Value) -> bool:
    """Whether a key is made of others."""
    if isinstance(key, SliceOf):
        return key.between is not None
    return isinstance(key, Unknown) and isinstance(key.tag, tuple) and key.tag[0] == "of"


def _passed(key: Value, kept: Set[Value]) -> bool:
    """Whether nobody can ask by this key any more."""
    if _is_computed(key):
        return not all(part in kept for part in atoms(key))
    return key not in kept and _passes(key)


def _is_turn(key: Value) -> bool:
    """Whether a container's key is what a loop variable stood for."""
    return isinstance(key, Unknown) and isinstance(key.tag, tuple) and key.tag[0] == "turn"
