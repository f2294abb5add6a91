"""Size and membership: `x in c`, `len(c) == n`, emptiness, comparisons of sets, and what each proves.

Whatever is learnt empties groups: after `if not pending:` the group of the pending ones has no members, and so every
container that it was part of is done.
"""

from __future__ import annotations

import operator as op
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from tooearly.flow import beside, tables
from tooearly.flow.containers import STANDING, is_group, new
from tooearly.flow.machine import Act, Machine, Outcome
from tooearly.flow.objects import DONE, Cont, Fut
from tooearly.flow.state import World
from tooearly.flow.values import (
    FALSE,
    RETIRING,
    RUNNING,
    TRUE,
    Const,
    Length,
    Oid,
    Ref,
    Site,
    Unknown,
    Value,
    const,
    is_text,
    may_equal,
    plain_key,
)

ORDER: dict[str, Callable[[Any, Any], Any]] = {"==": op.eq, "<": op.lt, "<=": op.le, ">": op.gt, ">=": op.ge}
WHOLE = {"==": TRUE, ">=": TRUE, "<": FALSE}  # what a comparison of a part with the size of the whole says if it is all


# Size and membership
def membership(m: Machine, act: Act, w: World, left: Value, right: Value) -> list[Outcome]:
    """`left in right`."""
    right = w.inside(right)
    cont, given, left = w.cont(right), left, plain_key(left)
    if isinstance(left, Const) and isinstance(right, Const) and left.kind == right.kind == "str":
        return [Outcome(w, const(left.value in right.value))]
    if cont is None:
        return [Outcome(w, TRUE if tables.holds(m, right, left) else Unknown())]
    items = cont.keys if cont.kind == "dict" else cont.items
    if isinstance(left, Const) and beside.answers(items):
        return [Outcome(x, const(found)) for found, x in beside.holding(w, items, {left})]
    if cont.exact and is_text(given) and not any(may_equal(given, item) for item in items):
        return [Outcome(w, FALSE)]
    if left in items and not isinstance(left, Unknown):
        return [Outcome(w, TRUE)]
    open_ended = any(isinstance(i, Unknown) for i in items) or cont.many
    if isinstance(left, Ref) and isinstance(w.heap.get(left.oid), Fut):
        if not open_ended:
            return [Outcome(w, FALSE)]
        inside = w.copy()
        if items and all(_is_done(inside, i) or isinstance(i, Unknown) for i in items):
            inside.set_mask(left.oid, 2)
        return [Outcome(inside, TRUE), Outcome(w, FALSE)]
    if isinstance(left, Const) and cont.exact and all(isinstance(i, Const) for i in items):
        return [Outcome(w, FALSE)]
    return [Outcome(w, Unknown())]


def _is_done(w: World, value: Value) -> bool:
    fut = w.fut(value)
    return fut is not None and not fut.mask & 1


def emptiness(w: World, ref: Ref) -> Iterator[tuple[bool, World]]:
    """Whether the container has elements: (True, world in which it has), (False, world in which it is empty)."""
    cont = w.cont(ref)
    if cont is None:
        yield True, w.copy()
        yield False, w
        return
    items = cont.keys if cont.kind == "dict" else cont.items
    if items and (RETIRING, TRUE) in cont.slots:
        yield False, retired(w.copy(), ref)
    if cont.exact:
        yield bool(items), w
        return
    followed = not cont.many and any(not isinstance(i, Unknown) and not is_group(w, i) for i in items)
    solid = followed or (RUNNING, TRUE) in cont.slots
    if items:
        full = w.copy()
        full.heap[ref.oid] = replace(cont, nonempty=True, size=cont.length)
        yield True, full
    if not cont.nonempty and not solid:
        yield False, emptied(w, ref)


def retired(w: World, ref: Ref) -> World:
    """The world in which all that a container has held is done, and has been taken out (in place)."""
    cont = w.cont(ref)
    assert cont is not None
    for item in (*cont.items, *cont.keys):
        if isinstance(item, Ref) and w.fut(item) is not None:
            w.set_mask(item.oid, DONE)
    slots = tuple((k, v) for k, v in cont.slots if k in STANDING)
    w.heap[ref.oid] = replace(cont, items=(), keys=(), exact=True, nonempty=False, slots=slots)
    return w


def emptied(w: World, ref: Ref) -> World:
    """The world in which the container is empty: its groups have no members (in place)."""
    cont = w.cont(ref)
    assert cont is not None
    for item in (*cont.items, *cont.keys):
        if is_group(w, item):
            assert isinstance(item, Ref)
            w.forget_members(item.oid)
    left = w.cont(ref)
    if left is not None:
        slots = tuple((k, v) for k, v in left.slots if k in STANDING)
        w.heap[ref.oid] = replace(left, items=(), keys=(), exact=True, nonempty=False, slots=slots)
    return w


def compare_lengths(w: World, name: str, left: Value, right: Value) -> list[Outcome]:
    """`len(a) == 0`, `len(done) == len(tasks)` and the like."""
    if isinstance(left, Const) and isinstance(right, Length):
        flipped = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(name, name)
        return compare_lengths(w, flipped, right, left)
    if isinstance(left, Length) and isinstance(right, Length):
        return _same_length(w, name, Ref(left.container), Ref(right.container))
    if not isinstance(left, Length) or not isinstance(right, Const) or not isinstance(right.value, int):
        return [Outcome(w, Unknown())]
    cont = w.cont(Ref(left.container))
    compare = ORDER.get(name)
    if compare is None or cont is None:
        return [Outcome(w, Unknown())]
    if cont.length is not None:
        return [Outcome(w, const(compare(cont.length, right.value)))]
    out: list[Outcome] = []
    for more, world in _sizes(w, Ref(left.container)):
        least = len(_singles(w, Ref(left.container))) + ((RUNNING, TRUE) in cont.slots)
        near = (n for n in (least + 1, right.value - 1, right.value, right.value + 1) if n > least)
        answers = {compare(n, right.value) for n in (near if more else (least,))}
        if len(answers) > 1 and name in WHOLE and (all_of_it := _whole(world, left.container, right.value)):
            out.append(Outcome(all_of_it, WHOLE[name]))
            answers = {WHOLE[name] == FALSE}
        out.append(Outcome(world, const(answers.pop()) if len(answers) == 1 else Unknown()))
    return out


def _whole(w: World, small: Oid, count: int) -> World | None:
    """The world in which a part of a container of so many elements is all of it, when there is such a container."""
    part = w.cont(Ref(small))
    for oid, obj in w.heap.items():
        if oid == small or part is None or not isinstance(obj, Cont) or obj.many or obj.length != count:
            continue
        if not obj.exact and obj.kind != "dict" and set(part.items) <= set(obj.items):
            return without_difference(w.copy(), Ref(oid), Ref(small))
    return None


def _singles(w: World, ref: Ref) -> list[Value]:
    """The elements of a container that are followed one by one."""
    cont = w.cont(ref)
    assert cont is not None
    items = cont.keys if cont.kind == "dict" and not any(isinstance(i, Ref) for i in cont.items) else cont.items
    return [i for i in items if isinstance(i, Ref) and not is_group(w, i)] if not cont.many else []


def _sizes(w: World, ref: Ref) -> Iterator[tuple[bool, World]]:
    """(False, the world in which it has only the elements that are followed one by one), (True, ... has more)."""
    cont = w.cont(ref)
    assert cont is not None
    if not _singles(w, ref) and (RUNNING, TRUE) not in cont.slots:
        yield from emptiness(w, ref)
        return
    yield True, w.copy()
    if any(not isinstance(i, Ref) for i in cont.items):
        return
    for item in cont.items:
        if isinstance(item, Ref) and is_group(w, item):
            w.forget_members(item.oid)
    yield False, w


def _same_length(w: World, name: str, left: Ref, right: Ref) -> list[Outcome]:
    a, b = w.cont(left), w.cont(right)
    if a is None or b is None or name not in ("==", "<", ">=", ">", "<="):
        return [Outcome(w, Unknown())]
    if a.exact and b.exact:
        return [Outcome(w, const(bool(ORDER[name](len(a.items), len(b.items)))))]
    small, large, swapped = (left, right, False) if set(a.items) <= set(b.items) else (right, left, True)
    if not set(w.heap[small.oid].items) <= set(w.heap[large.oid].items):  # type: ignore[union-attr]
        return [Outcome(w, Unknown())]
    equal_is = {"==": True, "<": False, ">=": True} if not swapped else {"==": True, ">": False, "<=": True}
    if name not in equal_is:
        return [Outcome(w, Unknown())]
    out = [Outcome(w.copy(), const(not equal_is[name]))]
    same = without_difference(w, large, small)
    if same is not None:
        out.append(Outcome(same, const(equal_is[name])))
    return out


def sum_of(act: Act, w: World, left: Length | Const, right: Length | Const, site: Site) -> Value | None:
    """`len(a) + len(b)`: as many as are in both together, when nothing is in both."""
    if const(0) in (left, right):
        return left if right == const(0) else right
    if isinstance(left, Const) or isinstance(right, Const):
        return None
    a, b = w.cont(Ref(left.container)), w.cont(Ref(right.container))
    if a is None or b is None or not set(a.items).isdisjoint(b.items) or "dict" in (a.kind, b.kind):
        return None
    exact, nonempty = a.exact and b.exact, a.nonempty or b.nonempty
    return Length(new(w, act.frame, site, Cont("list", (*a.items, *b.items), exact, nonempty), "sum").oid)


def without_difference(w: World, large: Ref, small: Ref) -> World | None:
    """The world in which `large` has no element that is not in `small` (in place); None when that cannot be."""
    a, b = w.cont(large), w.cont(small)
    assert a is not None
    assert b is not None
    rest = [i for i in a.items if i not in b.items]
    if any(isinstance(i, Ref) and not is_group(w, i) for i in rest):
        return None
    for item in rest:
        if isinstance(item, Ref):
            w.forget_members(item.oid)
    return w


def compare_sets(w: World, name: str, left: Value, right: Value) -> list[Outcome]:
    """`a <= b`, `a == b` of sets: when true, what is in the one but not in the other has no members."""
    a, b = w.cont(left), w.cont(right)
    assert a is not None
    assert b is not None
    assert isinstance(left, Ref)
    assert isinstance(right, Ref)
    if any(isinstance(i, Unknown | Const) for i in (*a.items, *b.items)) or name in ("<", ">"):
        return [Outcome(w, Unknown())]
    true: World | None = w.copy()
    if name in ("<=", "==") and true is not None:
        true = without_difference(true, left, right)
    if name in (">=", "==") and true is not None:
        true = without_difference(true, right, left)
    out = [Outcome(true, TRUE)] if true is not None else []
    if not (a.exact and b.exact and set(a.items) == set(b.items)):
        out.append(Outcome(w, FALSE))
    return out
