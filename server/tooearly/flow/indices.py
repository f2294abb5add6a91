"""Indices that are not constants: `tasks[i + 1]`, `tasks[start:stop]`, `tasks[: i + 1]`.

A loop variable, or a variable that serves as a subscript, has a tag as long as it is not set again. What is computed of
such tags and constants has a tag made of them, so that equal expressions are one key, under which a container remembers
the element or the slice (`Cont.slots`). When the variable gets a new value, what stands on the old one is forgotten.

In a loop that counts the elements as it goes, the iterator knows which are still to come. So `tasks[:i]` are the
elements that have had their turn.
"""

from __future__ import annotations

from dataclasses import replace

from tooearly.flow.objects import Cont, Iterating
from tooearly.flow.state import World
from tooearly.flow.values import Const, KeyOf, NextTo, Ref, SliceOf, Unknown, Value, atoms, computed, const

BY_INDEX = ("indices", "stretches")  # kinds of iterators


def forget_index(w: World, variable: Value) -> None:
    """A variable has a new value: subscripts by its old one mean something else, and whoever has that too."""
    for oid, obj in list(w.heap.items()):
        if isinstance(obj, Cont) and (variable in obj.keys or any(variable in atoms(key) for key, _ in obj.slots)):
            keys = tuple(Unknown() if key == variable else key for key in obj.keys)
            slots = tuple(s for s in obj.slots if variable not in atoms(s[0]))
            w.heap[oid] = replace(obj, keys=keys, slots=slots)
    for name in [name for name, value in w.env.items() if variable in atoms(value)]:
        w.env[name] = Unknown()


def slice_value(parts: list[Value | None]) -> SliceOf:
    """A slice whose bounds are constant or known by their tags, as far as they are."""
    lower, upper, step = (p.value if isinstance(p, Const) and p.kind == "int" else None for p in parts)
    constant = all(p is None or (isinstance(p, Const) and p.kind in ("int", "NoneType")) for p in parts)
    stride = step if constant and isinstance(step, int) and step > 0 else 1
    ends = parts[:2]
    if constant or parts[2] is not None or not all(p is None or _is_known(p) for p in ends):
        return SliceOf(lower, upper, constant and step in (None, 1), stride)
    return SliceOf(None, None, False, between=(None if ends[0] == const(0) else ends[0], ends[1]))


def _is_known(bound: Value) -> bool:
    return isinstance(bound, KeyOf | NextTo | Const) or bool(atoms(bound))


def known_part(w: World, obj: Ref, key: SliceOf) -> tuple[Value, ...] | None:
    """The elements of a slice that ends where a loop over the list stands; None for others."""
    cont = w.cont(obj)
    if cont is None or key.between is None:
        return None
    lower, upper = key.between
    first = cont.items if lower is None else _from(w, obj, lower)
    last = () if upper is None else _from(w, obj, upper)
    return None if first is None or last is None else tuple(item for item in first if item not in last)


def _from(w: World, obj: Ref, bound: Value) -> tuple[Value, ...] | None:
    """The elements from an index on, when a loop stands there."""
    match bound:
        case KeyOf(value=current) | NextTo(value=current):
            left = _left_of_pairs(w, current)
            return left if left is None or isinstance(bound, NextTo) else (*left, current)
    cont = w.cont(obj)
    ways = [it for it in w.heap.values() if isinstance(it, Iterating) and it.kind in BY_INDEX and it.generator == obj]
    if cont is None or len(ways) != 1:
        return None
    for key, taken in cont.slots:
        stretch = w.cont(taken)
        if isinstance(key, SliceOf) and key.between is not None and stretch is not None:
            (begin, end), here = key.between, stretch.items
        else:
            begin, end, here = key, computed("Add", key, const(1)), (taken,)
        if bound in (begin, end):
            return ways[0].items if bound == end else (*ways[0].items, *here)
    return None


def _left_of_pairs(w: World, here: Value) -> tuple[Value, ...] | None:
    """What a loop over `enumerate(xs)` has still to give, when there is one such loop and it stands at `here`."""
    loops = [it.items for it in w.heap.values() if isinstance(it, Iterating)]
    found = [left for items in loops if (left := tuple(held for p in items if (held := _counted(w, p)) is not None))]
    return found[0] if len(found) == 1 and here not in found[0] else None


def _counted(w: World, pair: Value) -> Value | None:
    """The element in a pair of an index and an element."""
    cont = w.cont(pair)
    return cont.items[0].value if cont is not None and cont.items and isinstance(cont.items[0], KeyOf) else None
