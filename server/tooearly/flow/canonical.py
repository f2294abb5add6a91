"""Parts of a world's canonical form: what nobody can ask for any more goes, what says the same is one.

A group stands for any number of futures of which the same is known. So of two groups in the same containers, one with
members that are pending or done takes in one with members that are done: together they are any number of either kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tooearly.flow.joining import either_end
from tooearly.flow.objects import GHOST, Cont, Fut, Obj
from tooearly.flow.values import Choice, Oid, Unknown, Value, unique


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
    either = replace(less, mask=more.mask | less.mask, open=more.open or less.open, end=either_end(more.end, less.end))
    return either == more


def forget_keys(env: Mapping[Any, Value], heap: dict[Oid, Obj]) -> None:
    """Forget what a loop variable stood for when nothing holds that any more: it cannot be asked for again."""
    concerned = [
        oid
        for oid, obj in heap.items()
        if isinstance(obj, Cont) and (any(_is_turn(key) for key, _ in obj.slots) or any(map(_is_turn, obj.keys)))
    ]
    if not concerned:
        return
    kept = {v for value in env.values() for v in (value.options if isinstance(value, Choice) else (value,))}
    for obj in heap.values():
        if isinstance(obj, Cont) and obj.kind == "tuple":
            kept.update(obj.items)
    for oid in concerned:
        cont = heap[oid]
        assert isinstance(cont, Cont)
        if any(_is_turn(key) and key not in kept for key, _ in cont.slots):
            left = tuple(s for s in cont.slots if s[0] in kept or not _is_turn(s[0]))
            cont = heap[oid] = replace(cont, slots=left)
        if not cont.exact and any(_is_turn(key) and key not in kept for key in cont.keys):
            keys = tuple(Unknown() if _is_turn(key) and key not in kept else key for key in cont.keys)
            pairs = unique(tuple(zip(keys, cont.items, strict=True)))
            heap[oid] = replace(cont, keys=tuple(k for k, _ in pairs), items=tuple(v for _, v in pairs))


def _is_turn(key: Value) -> bool:
    """Whether a container's key is what a loop variable stood for."""
    return isinstance(key, Unknown) and isinstance(key.tag, tuple) and key.tag[0] == "turn"
