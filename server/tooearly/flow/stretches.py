"""Loops that go through a list stretch by stretch: `for i in range(0, len(tasks), n): await gather(*tasks[i : i + n])`.

Each turn takes a stretch out of what is left, whether the body asks for it or not, and the list remembers it under the
slice that it is. So what the body learns of `tasks[i : i + n]` is learnt of all, for at the end nothing is left.

`itertools.batched(tasks, n)` gives the stretches themselves, and so does `list(islice(it, n))` of one iterator, time
after time; what that gives last is empty.
"""

from __future__ import annotations

import ast
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


def by_stretches(act: Act, w: World, numbers: list[Value | None], site: Site) -> Iterating | None:
    """The iterator of `range(0, len(xs), n)`, for a list that holds futures; None for any other range."""
    match numbers:
        case [Const(value=0), stop, step] if step is not None:
            source = Ref(stop.container) if isinstance(stop, Length) else _measured(act, w, site)
            cont = w.cont(source)
            if cont is not None and cont.kind == "list" and any(w.fut(item) is not None for item in cont.items):
                return through(w, source, "stretches", step)
    return None


def _measured(act: Act, w: World, site: Site) -> Value | None:
    """The list `xs` of `range(0, len(xs), n)` whose elements are known one by one."""
    match site.node:
        case ast.Call(args=[_, ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=name)]), _]):
            return w.env.get((act.frame, name))
    return None


def through(w: World, source: Value | None, kind: str, step: Value | None) -> Iterating | None:
    """An iterator over the stretches of a list, or over the indices where they begin (`kind`: stretches)."""
    cont = w.cont(source)
    if cont is None or cont.many or cont.kind not in ("list", "tuple"):
        return None
    return Iterating(kind, cont.items, cont.exact, cont.nonempty or bool(cont.exact and cont.items), source, step=step)


def next_stretch(act: Act, w: World, it: Ref, site: Site) -> Iterator[tuple[str, Outcome]]:
    """The next turn of such a loop: ("item", index of the stretch's first element) or ("exhausted", -)."""
    obj, turn = w.heap[it.oid], Unknown(("turn", site))
    assert isinstance(obj, Iterating)
    forget_index(w, turn)
    key = SliceOf(None, None, False, between=(turn, computed("Add", turn, obj.step or Unknown())))
    for world, part in _stretch(act, w.copy(), it, site):
        if obj.kind == "stretches":
            _remember(world, obj.generator, part, key)
        yield "item", Outcome(world, turn if obj.kind == "stretches" else part)
    if _at_end(w, obj):
        yield "exhausted", Outcome(w)


def next_of(act: Act, w: World, it: Value | None, step: Value | None, site: Site) -> list[Outcome] | None:
    """`islice(it, n)` of an iterator over a list; None for anything else."""
    obj = w.heap.get(it.oid) if isinstance(it, Ref) else None
    if not isinstance(obj, Iterating) or not isinstance(it, Ref) or obj.kind != "plain" or obj.many:
        return None
    w.heap[it.oid] = replace(obj, step=step)
    out = [Outcome(world, part) for world, part in _stretch(act, w.copy(), it, site)]
    if _at_end(w, obj):
        out.append(Outcome(w, new(w, act.frame, site, Cont("list", ()), "stretch")))
    return out


def _at_end(w: World, obj: Iterating) -> bool:
    """Whether nothing may be left; then it is so (in place)."""
    if obj.nonempty or not all(isinstance(item, Unknown) or is_group(w, item) for item in obj.items):
        return False
    for item in obj.items:
        if is_group(w, item):
            w.forget_members(item.oid)  # type: ignore[union-attr]
    return True


def _stretch(act: Act, w: World, it: Ref, site: Site) -> Iterator[tuple[World, Ref]]:
    """The ways to take a stretch out of what is left: each with its world."""
    obj = w.heap[it.oid]
    assert isinstance(obj, Iterating)
    if obj.exact:
        count = obj.step.value if isinstance(obj.step, Const) else None
        ends = [count] if isinstance(count, int) and count > 0 else range(1, len(obj.items) + 1)
        for end in ends if obj.items else ():
            world = w.copy()
            world.heap[it.oid] = replace(obj, items=obj.items[end:], nonempty=len(obj.items) > end)
            yield world, new(world, act.frame, site, Cont("list", obj.items[:end]), "stretch")
        return
    for world, part in _some(act, w, it, obj, site):
        held, taken = world.heap[it.oid], world.heap[part.oid]
        assert isinstance(held, Iterating)
        assert isinstance(taken, Cont)
        world.heap[it.oid] = replace(held, nonempty=False)
        world.heap[part.oid] = replace(taken, exact=False, nonempty=True)
        if taken.items:
            yield world, part


def _some(act: Act, w: World, it: Ref, obj: Iterating, site: Site) -> list[tuple[World, Ref]]:
    """A stretch of elements of which the order is not known."""
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
    return [(world, part) for world in worlds]


def _remember(w: World, ref: Value | None, part: Ref, key: SliceOf) -> None:
    """Keep a stretch of a list under its slice."""
    source = w.cont(ref)
    if source is not None and isinstance(ref, Ref):
        w.heap[ref.oid] = replace(source, slots=(*source.slots, (key, part)))
