"""Loops that go through a list stretch by stretch: `for i in range(0, len(tasks), n): await gather(*tasks[i : i + n])`.

Each turn takes a stretch out of what is left, whether the body asks for it or not, and the list remembers it under the
slice that it is. So what the body learns of `tasks[i : i + n]` is learnt of all, for at the end nothing is left.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tooearly.flow.containers import is_group, new
from tooearly.flow.indices import forget_index
from tooearly.flow.machine import Act, Outcome
from tooearly.flow.objects import Cont, Iterating
from tooearly.flow.slices import split_group
from tooearly.flow.state import World
from tooearly.flow.storing import collect
from tooearly.flow.values import Const, Length, Ref, Site, SliceOf, Unknown, Value, computed

MOST_SINGLES = 3  # elements that are followed one by one, and may be in a stretch or not


def by_stretches(w: World, numbers: list[Value | None]) -> Iterating | None:
    """The iterator of `range(0, len(xs), n)`, for a list that holds futures; None for any other range."""
    match numbers:
        case [Const(value=0), Length(container), step] if step is not None:
            cont = w.cont(Ref(container))
            if cont is not None and cont.kind == "list" and any(w.fut(item) is not None for item in cont.items):
                return Iterating("stretches", cont.items, False, cont.nonempty, Ref(container), step=step)
    return None


def next_stretch(act: Act, w: World, it: Ref, site: Site) -> Iterator[tuple[str, Outcome]]:
    """The next turn of such a loop: ("item", index of the stretch's first element) or ("exhausted", -)."""
    obj, turn = w.heap[it.oid], Unknown(("turn", site))
    assert isinstance(obj, Iterating)
    for world in _stretch(act, w.copy(), it, turn, site):
        yield "item", Outcome(world, turn)
    if not obj.nonempty and all(is_group(w, item) for item in obj.items):
        for item in obj.items:
            w.forget_members(item.oid)  # type: ignore[union-attr]
        yield "exhausted", Outcome(w)


def _stretch(act: Act, w: World, it: Ref, turn: Value, site: Site) -> list[World]:
    """One world for each way to take a stretch out of what is left."""
    obj = w.heap[it.oid]
    assert isinstance(obj, Iterating)
    assert isinstance(obj.generator, Ref)
    forget_index(w, turn)
    part = new(w, act.frame, site, Cont("list", (), False), "stretch")
    for item in obj.items:
        if is_group(w, item):
            collect(w, part, split_group(w, item, "stretch"), None)  # type: ignore[arg-type]
    worlds = [w]
    for item in [i for i in obj.items if not is_group(w, i)][:MOST_SINGLES]:
        for world in list(worlds):
            other = world.copy()
            collect(other, part, item, None)
            held = other.heap[it.oid]
            assert isinstance(held, Iterating)
            other.heap[it.oid] = replace(held, items=tuple(i for i in held.items if i != item))
            worlds.append(other)
    key = SliceOf(None, None, False, between=(turn, computed("Add", turn, obj.step or Unknown())))
    return [world for world in worlds if _remember(world, it, part, key)]


def _remember(w: World, it: Ref, part: Ref, key: SliceOf) -> bool:
    """Keep a stretch under its slice; False for one without elements."""
    held, taken = w.heap[it.oid], w.heap[part.oid]
    assert isinstance(held, Iterating)
    assert isinstance(taken, Cont)
    w.heap[it.oid] = replace(held, nonempty=False)
    w.heap[part.oid] = replace(taken, exact=False, nonempty=True)
    source = w.cont(held.generator)
    if source is not None and isinstance(held.generator, Ref):
        w.heap[held.generator.oid] = replace(source, slots=(*source.slots, (key, part)))
    return bool(taken.items)
