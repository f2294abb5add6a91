"""Parts of a container: slices, some of its elements, unpacking.

A part of something inexact is a group of its own, split off from the group that it comes from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import inf

from tooearly.flow import beside
from tooearly.flow.classes import parts_of
from tooearly.flow.containers import copy, is_group, new
from tooearly.flow.indices import known_part
from tooearly.flow.joining import swapped
from tooearly.flow.machine import Act, Machine, Outcome
from tooearly.flow.objects import Cont
from tooearly.flow.state import World
from tooearly.flow.storing import collect
from tooearly.flow.subscripts import remember, resolved, within
from tooearly.flow.values import (
    Const,
    Exc,
    Oid,
    Ref,
    Site,
    SliceOf,
    Unknown,
    Value,
    const,
)


def slice_of(m: Machine, act: Act, w: World, obj: Ref, key: SliceOf, site: Site) -> list[Outcome]:
    """`obj[a:b]`: exactly where the elements or few constant indices are known, else an unknown part."""
    cont = w.cont(obj)
    assert cont is not None
    if key.known and cont.length is not None:
        lower, upper, _ = slice(key.lower, key.upper).indices(cont.length)
        if upper <= lower:
            return [Outcome(w, new(w, act.frame, site, Cont(cont.kind, (), True)))]
        key = SliceOf(lower, upper if upper < cont.length else None, True)
    if cont.exact and key.known:
        return [Outcome(w, new(w, act.frame, site, Cont(cont.kind, cont.items[key.lower : key.upper], True)))]
    if (inside := known_part(w, obj, key)) is not None:
        return [Outcome(w, new(w, act.frame, site, Cont(cont.kind, inside, False)))]
    remembered = key.known or key.step > 1 or key.between is not None
    if key.known and not key.lower and key.upper is None:
        return [Outcome(w, copy(w, cont, cont.kind, act.frame, site))]
    for known, part in cont.slots:
        held = w.cont(part)
        if known == key and remembered and held is not None:
            return [Outcome(w, copy(w, held, held.kind, act.frame, site))]
    others = _beside_known(w, cont, key)
    if others is not None:
        return [Outcome(w, new(w, act.frame, site, others))]
    out = unknown_part(act, w, obj, site, key)
    for outcome in out if remembered else ():
        held = outcome.world.cont(obj)
        if held is not None and not held.many:
            outcome.world.heap[obj.oid] = replace(held, slots=(*held.slots, (key, outcome.value)))
    return out


def _beside_known(w: World, cont: Cont, key: SliceOf) -> Cont | None:
    """`tasks[1:]` where `tasks[0]` has been taken before (or `[:-1]` and `[-1]`): all the others, and only these."""
    lower, upper = key.lower or 0, key.upper
    for known, part in cont.slots:
        if isinstance(known, SliceOf) and _opposite(known, key) and (held := w.cont(part)) is not None:
            return Cont(cont.kind, tuple(i for i in cont.items if i not in held.items), False)
    if not key.known or cont.many or cont.kind != "list" or lower < 0 or (upper is not None and (lower or upper >= 0)):
        return None
    gone = range(lower) if upper is None else range(upper, 0)
    taken = dict(cont.slots)
    values = [taken.get(const(index)) for index in gone]
    if not values or any(v is None or is_group(w, v) for v in values):
        return None
    return Cont("list", tuple(i for i in cont.items if i not in values), False)


def _opposite(a: SliceOf, b: SliceOf) -> bool:
    """Whether two slices have no element in common, and one of them has each: `[:n]` and `[n:]`."""
    first, last = (a, b) if _ends(b)[1] is None else (b, a)
    (begin, cut), (again, end) = _ends(first), _ends(last)
    return begin in (None, const(0)) and cut == again not in (None, const(0)) and end is None


def _ends(part: SliceOf) -> tuple[Value | None, Value | None]:
    """The bounds of a slice; a cut at nothing, when they are not known."""
    if part.known:
        return tuple(None if bound is None else const(bound) for bound in (part.lower, part.upper))  # type: ignore[return-value]
    return part.between or (const(0), const(0))


def unknown_part(act: Act, w: World, obj: Ref, site: Site, key: SliceOf | None = None) -> list[Outcome]:
    """Some of the elements: each group falls apart in those that are in and those that are not.

    `key`: those of a slice; the first element is surely in `[:2]`, if it is known which one that is.
    """
    cont = w.cont(obj)
    assert cont is not None
    surely = _placed(cont, key) if key is not None and key.known else {}
    plain = (Unknown(),) if any(isinstance(item, Unknown | Const) for item in cont.items) else ()
    part = new(w, act.frame, site, Cont(cont.kind if cont.kind != "tuple" else "list", plain, False))
    outside, within_it = _told_by_slices(w, cont, key) if key is not None else (set[Value](), set[Value]())
    for item in cont.items:
        if is_group(w, item) and item not in outside:
            assert isinstance(item, Ref)
            collect(w, part, item if item in within_it else split_group(w, item, "part"), None)
    worlds = [w]
    for item in [i for i in cont.items if isinstance(i, Ref) and not is_group(w, i) and i not in outside][:3]:
        if (inside := surely.get(item)) is not None:
            for world in worlds if inside else ():
                collect(world, part, item, None)
            continue
        for world in list(worlds):
            other = world.copy()
            collect(other, part, item, None)
            worlds.append(other)
    for world in worlds:
        held = world.cont(part)
        assert held is not None
        world.heap[part.oid] = replace(held, exact=False)
    return [Outcome(world, part) for world in worlds]


def _told_by_slices(w: World, cont: Cont, key: SliceOf) -> tuple[set[Value], set[Value]]:
    """Which elements are surely not in a slice, and which surely are, by the slices that were taken before."""
    outside, inside, every = set[Value](), set[Value](), set(cont.items)
    before: list[tuple[SliceOf, set[Value]]] = []
    for known, part in cont.slots if _counts(key) else ():
        held = w.cont(part)
        if held is None or not isinstance(known, SliceOf) or not _counts(known):
            continue
        own = set(held.items)
        before.append((known, own))
        if _begin(key) <= _begin(known) and _end(known) <= _end(key):
            inside |= own
        elif _begin(known) >= _end(key) or _begin(key) >= _end(known):
            outside |= own
    reach, members = _row(before, 0)
    if before and key.upper is None and reach >= _begin(key):
        inside |= every - members
    reach, members = _row(before, _begin(key))
    if before and reach >= _end(key):
        outside |= every - members
    return outside, inside


def _row(parts: list[tuple[SliceOf, set[Value]]], start: float) -> tuple[float, set[Value]]:
    """How far slices go without a gap from an index on, and what is in them."""
    reach, members = start, set[Value]()
    for part, own in sorted(parts, key=lambda pair: _begin(pair[0])):
        if _begin(part) <= reach:
            reach, members = max(reach, _end(part)), members | own
    return reach, members


def _counts(part: SliceOf) -> bool:
    """Whether a slice has constant bounds that count from the beginning."""
    return part.known and all(bound is None or bound >= 0 for bound in (part.lower, part.upper))


def _begin(part: SliceOf) -> float:
    return part.lower or 0


def _end(part: SliceOf) -> float:
    return inf if part.upper is None else part.upper


def _placed(cont: Cont, part: SliceOf) -> dict[Value, bool]:
    """The elements of which it is known at which index they are, and whether that is in the slice."""
    known = [(v, k.value) for k, v in cont.slots if isinstance(k, Const) and type(k.value) is int]
    return {v: inside for v, index in known if (inside := within(index, part)) is not None}


def split_group(w: World, group: Ref, tag: str) -> Ref:
    """A second group for some members of `group`; whatever holds the group holds both."""
    part = Oid(group.oid.site, group.oid.frame, ("G", tag, group.oid.tag))
    while part in w.heap:
        part = replace(part, tag=("G", tag, part.tag))
    w.heap[part] = w.heap[group.oid]
    for holder, obj in list(w.heap.items()):
        if isinstance(obj, Cont) and obj.many and obj.exact and obj.kind == "tuple":
            w.heap[holder] = swapped(obj, group, (group, Ref(part)))  # at its place is one of the one or of the other
        elif isinstance(obj, Cont) and group in obj.items:
            keys = (*obj.keys, obj.keys[obj.items.index(group)]) if obj.keys else ()
            w.heap[holder] = replace(obj, items=(*obj.items, Ref(part)), keys=keys, exact=False)
    return Ref(part)


def unpack(
    m: Machine, act: Act, w: World, src: Value, dsts: tuple[int, ...], star: int | None, site: Site
) -> list[Outcome]:
    """`a, *b, c = src`."""
    cont = w.cont(src)
    if cont is None or not isinstance(src, Ref):
        parts = parts_of(m, w, src) or ((Unknown(),) * len(dsts) if star is None else ())
        if parts:
            return _unpack_exact(act, w, parts, dsts, star, site)
        w.env.update({(act.frame, dst): Unknown() for dst in dsts})
        return [Outcome(w)]
    items = cont.keys if cont.kind == "dict" else cont.items
    if cont.exact and cont.kind in ("list", "tuple"):
        worlds = resolved(w, src, range(len(items)))
        return [o for x in worlds for o in _unpack_exact(act, x, x.heap[src.oid].items, dsts, star, site)]  # type: ignore[union-attr]
    if cont.exact and (cont.kind == "dict" or len(items) < 2):
        return _unpack_exact(act, w, items, dsts, star, site)
    out = []
    for world, got in _taken(act, w, src, dsts, star, site):
        rest = world.cont(src)
        assert rest is not None
        others = tuple(i for i in (rest.keys if rest.kind == "dict" else rest.items) if i not in got)
        if star is None and not cont.many:
            for item in others:
                if is_group(world, item):
                    assert isinstance(item, Ref)
                    world.forget_members(item.oid)
        values = list(got)
        if star is not None:
            values.insert(star, new(world, act.frame, site, Cont("list", others, False), "rest"))
        for dst, value in zip(dsts, values, strict=True):
            world.env[act.frame, dst] = value
        out.append(Outcome(world))
    return out or [Outcome(w, exc=Exc("builtins.ValueError"))]


def _taken(
    act: Act, w: World, src: Ref, dsts: tuple[int, ...], star: int | None, site: Site
) -> list[tuple[World, tuple[Value, ...]]]:
    """The worlds in which each target but the starred one has its element."""
    cont = w.cont(src)
    assert cont is not None
    worlds: list[tuple[World, tuple[Value, ...]]] = [(w, ())]
    for at, dst in enumerate(dsts):
        if at == star:
            continue
        index = at if star is None or at < star else at - len(dsts)
        key = const(index if cont.length is None else index % cont.length)
        worlds = [(x, (*got, v)) for before, got in worlds for x, v in _take(act, before, src, key, got, (site, dst))]
        del worlds[12:]
    return worlds


def _take(
    act: Act, w: World, src: Ref, key: Value, got: tuple[Value, ...], place: tuple[Site, int]
) -> Iterator[tuple[World, Value]]:
    cont = w.cont(src)
    assert cont is not None
    ordered = cont.kind in ("list", "tuple")
    if ordered and (known := dict(cont.slots).get(key)) is not None and known not in got:
        yield w, known
        return
    options = [
        i for i in (cont.keys if cont.kind == "dict" else cont.items) if i not in got or isinstance(i, Unknown | Const)
    ]
    for option in options:
        world = w.copy()
        value = option
        if is_group(world, option):
            assert isinstance(option, Ref)
            value = world.element(option, place, act.frame)
        if ordered:
            remember(world, src, key, value)
        yield world, value


def _unpack_exact(
    act: Act, w: World, items: tuple[Value, ...], dsts: tuple[int, ...], star: int | None, site: Site
) -> list[Outcome]:
    items = beside.all_seen(items)
    values = list(items)
    if star is not None and len(items) >= len(dsts) - 1:
        after = len(dsts) - star - 1
        middle = tuple(items[star : len(items) - after])
        values = [
            *items[:star],
            new(w, act.frame, site, Cont("list", middle, True), "rest"),
            *items[len(items) - after :],
        ]
    if len(values) != len(dsts):
        return [Outcome(w, exc=Exc("builtins.ValueError"))]
    for dst, value in zip(dsts, values, strict=True):
        w.env[act.frame, dst] = value
    return [Outcome(w)]
