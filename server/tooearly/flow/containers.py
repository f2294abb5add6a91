"""Containers: how they are made, filled, copied and combined.

A container is exact (its elements one by one) or a set of elements and groups. What a subscript takes out of one is in
`subscripts`, parts of one in `slices`, what its size and its members prove in `sizes`.
"""

from __future__ import annotations

from dataclasses import replace

from tooearly.flow.joining import NAMES, RENEWED, opened
from tooearly.flow.machine import Outcome
from tooearly.flow.objects import Cont, Iterating
from tooearly.flow.state import World
from tooearly.flow.values import (
    TRUE,
    UNORDERED,
    Const,
    Frame,
    Oid,
    Ref,
    Site,
    Unknown,
    Value,
    const,
    unique,
)

MOST = 24  # elements that an exact container may have
FACTORY = const("default_factory")
SETS = ("set", "done", "pending")  # kinds of containers whose elements have no place
STANDING = (FACTORY, NAMES, RENEWED, UNORDERED)  # slots that tell of the container, not of an element


# Making and filling
def spread(w: World, args: list[tuple[Value, bool]]) -> list[tuple[Value, bool]]:
    """Arguments with `*exact` written out; the items of `*inexact` stay marked as "any number of these"."""
    out: list[tuple[Value, bool]] = []
    for given, starred in args:
        value = w.inside(given) if starred else given
        cont = w.cont(value) if starred else None
        if cont is not None:
            items = cont.keys if cont.kind == "dict" else cont.items
            out += [(item, not cont.exact) for item in items]
        elif starred and isinstance(value, Ref) and isinstance(w.heap.get(value.oid), Iterating):
            held = w.heap[value.oid]
            assert isinstance(held, Iterating)
            if held.kind == "in step":
                out.append((Unknown(), True))
                continue
            out += [(item, not held.exact) for item in held.items]
        else:
            out.append((value, starred))
    return out


def new(w: World, frame: Frame, site: Site, cont: Cont, tag: str = "") -> Ref:
    """Allocate a container made at `site`."""
    return w.allocate(Oid(site, frame, tag), cont)


def make(w: World, frame: Frame, site: Site, kind: str, items: list[tuple[Value | None, Value | bool]]) -> Ref:
    """A display. Items are (value, starred); a dict's are (key, value), with None for `**other`."""
    if kind == "dict":
        return _make_dict(w, frame, site, items)
    given = spread(w, [(value, starred is True) for value, starred in items if value is not None])
    exact = len(given) <= MOST and not any(starred or is_group(w, v) for v, starred in given)
    values = tuple(v for v, _ in given)
    if kind == "set" or not exact:
        values = unique(values)
    nonempty = any(not starred and not is_group(w, v) for v, starred in given)
    return new(w, frame, site, Cont(kind, values, exact, nonempty))


def _make_dict(w: World, frame: Frame, site: Site, items: list[tuple[Value | None, Value | bool]]) -> Ref:
    keys: list[Value] = []
    values: list[Value] = []
    exact = len(items) <= MOST
    for key, value in items:
        assert not isinstance(value, bool)
        other = w.cont(value) if key is None else None
        if other is not None:
            keys += other.keys
            values += other.items
            exact = exact and other.exact
        elif key is not None:
            keys.append(key)
            values.append(value)
        else:
            exact = False
    return new(w, frame, site, Cont("dict", tuple(values), exact, bool(values) and exact, tuple(keys)))


def is_group(w: World, value: Value) -> bool:
    """Whether a value stands for any number of objects, perhaps none."""
    obj = w.heap.get(value.oid) if isinstance(value, Ref) else None
    return obj is not None and obj.many


def copy(w: World, source: Cont, kind: str, frame: Frame, site: Site, *, ordered: bool = True) -> Ref:
    """A new container with the same elements (the keys, for a dict)."""
    items = source.keys if source.kind == "dict" and kind != "dict" else source.items
    exact = source.exact and (ordered or len(items) < 2)
    if kind == "set":
        items = unique(items)
    keys = source.keys if kind == "dict" else ()
    slots = source.slots if ordered and kind == source.kind else ()
    if kind == "list" and not exact and (not ordered or shuffled(source)):
        slots = unique((*slots, (UNORDERED, TRUE)))
    size = source.length if kind != "set" else None
    return new(w, frame, site, Cont(kind, items, exact, source.nonempty, keys, slots, size=size))


def shuffled(cont: Cont) -> bool:
    """Whether the order of a list's elements is not known."""
    return (UNORDERED, TRUE) in cont.slots


def in_any_order(cont: Cont) -> Cont:
    """A list of the same elements, of which nobody knows which one is where."""
    exact = cont.exact and len(cont.items) < 2
    slots = () if exact else ((UNORDERED, TRUE),)
    some = cont.nonempty or bool(cont.exact and cont.items)
    return replace(cont, items=unique(cont.items), exact=exact, nonempty=some, slots=slots)


def in_place(w: World, name: str, left: Value, right: Value, site: Site, frame: Frame) -> list[Outcome]:
    """`left += right` and its like change the container itself."""
    cont, other = w.cont(left), w.cont(right)
    assert cont is not None
    assert isinstance(left, Ref)
    if cont.kind == "tuple":
        return [Outcome(w, algebra(w, name, left, right, site, frame))]
    made = algebra(w, name, left, right, site, frame)
    result = w.cont(made)
    if result is not None:
        w.heap[left.oid] = replace(result, kind=cont.kind, slots=_kept(cont, other, name))
    elif other is None:
        w.heap[left.oid] = replace(cont, exact=False, items=unique((*cont.items, Unknown())), size=None)
    return [Outcome(w, left)]


def _kept(cont: Cont, other: Cont | None, name: str) -> tuple[tuple[Value, Value], ...]:
    """What is known by its index after `+=`: what counts from the front, and the last one of the new ones."""
    if name != "Add" or cont.kind != "list":
        return cont.slots if name == "Add" else ()
    kept = tuple(s for s in cont.slots if not (isinstance(s[0], Const) and s[0].kind == "int" and s[0].value < 0))
    last = other.items[-1] if other is not None and other.exact and other.items else None
    return (*kept, (const(-1), last)) if isinstance(last, Ref) and not cont.exact else kept


def algebra(w: World, name: str, left: Value, right: Value, site: Site, frame: Frame) -> Value:
    """`a + b`, `a | b`, `a & b`, `a - b`, `a ^ b`, `a * n` of containers."""
    a, b = w.cont(left), w.cont(right)
    if name == "Mult" and a is not None:
        return new(w, frame, site, replace(a, exact=False, nonempty=False, slots=()))
    if a is None or b is None:
        known = a or b
        if known is None or name == "BitAnd":
            return Unknown()
        if known.kind == "dict":
            return new(w, frame, site, opened(replace(known, slots=())))
        extra = () if name == "Sub" else (Unknown(),)
        return new(w, frame, site, Cont(known.kind, unique((*known.items, *extra)), False))
    if a.kind == "dict" and b.kind == "dict":
        pairs = unique((*zip(a.keys, a.items, strict=True), *zip(b.keys, b.items, strict=True)))
        return new(
            w,
            frame,
            site,
            Cont(
                "dict",
                tuple(v for _, v in pairs),
                a.exact and b.exact,
                a.nonempty or b.nonempty,
                tuple(k for k, _ in pairs),
            ),
        )
    mine, theirs = (c.keys if c.kind == "dict" else c.items for c in (a, b))
    match name:
        case "Add":
            exact = a.exact and b.exact and len(mine) + len(theirs) <= MOST
            items = (*mine, *theirs) if exact else unique((*mine, *theirs))
            return new(w, frame, site, Cont(a.kind, items, exact, a.nonempty or b.nonempty))
        case "BitOr":
            return new(
                w, frame, site, Cont("set", unique((*mine, *theirs)), a.exact and b.exact, a.nonempty or b.nonempty)
            )
        case "BitAnd":
            items = tuple(i for i in mine if i in theirs)
        case "Sub":
            items = tuple(i for i in mine if i not in theirs)
        case _:
            items = tuple(i for i in (*mine, *theirs) if (i in mine) != (i in theirs))
    return new(w, frame, site, Cont("set", items, a.exact and b.exact))
