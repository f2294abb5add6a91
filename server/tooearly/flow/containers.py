"""Containers: displays, subscripts, membership, size, algebra.

A container is exact (its elements one by one) or a set of elements and groups. Whatever asks about "an element" of an
inexact one splits the world by which element it is; whatever is learnt of size or membership empties groups: after
`if not pending:` the group of the pending ones has no members, and so every container that it was part of is done.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tooearly.flow.joining import opened, without
from tooearly.flow.machine import Act, Machine, Outcome
from tooearly.flow.objects import Cont, Fut, Iterating
from tooearly.flow.state import World
from tooearly.flow.values import (
    FALSE,
    TRUE,
    Const,
    Exc,
    Frame,
    Length,
    Oid,
    Ref,
    Site,
    SliceOf,
    Unknown,
    Value,
    const,
    unique,
)

MOST = 8  # elements that an exact container may have
FACTORY = const("default_factory")


# Making and filling
def spread(w: World, args: list[tuple[Value, bool]]) -> list[tuple[Value, bool]]:
    """Arguments with `*exact` written out; the items of `*inexact` stay marked as "any number of these"."""
    out: list[tuple[Value, bool]] = []
    for value, starred in args:
        cont = w.cont(value) if starred else None
        if cont is not None:
            items = cont.keys if cont.kind == "dict" else cont.items
            out += [(item, not cont.exact) for item in items]
        elif starred and isinstance(value, Ref) and isinstance(w.heap.get(value.oid), Iterating):
            held = w.heap[value.oid]
            assert isinstance(held, Iterating)
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
    obj = w.heap.get(value.oid) if isinstance(value, Ref) else None
    return obj is not None and obj.many


def collect(w: World, coll: Value, value: Value, key: Value | None) -> None:
    """Add to a container: an element, or a key with its value."""
    cont = w.cont(coll)
    if cont is None or not isinstance(coll, Ref):
        return
    if key is not None or cont.kind == "dict":
        set_item(w, coll, Unknown() if key is None else key, value)
        return
    if cont.exact and (
        value in cont.items or len(cont.items) >= MOST or is_group(w, value) or _same_origin(cont, value)
    ):
        if cont.kind == "set" and value in cont.items and not isinstance(value, Unknown):
            return
        cont = replace(cont, exact=False)
    items = (*cont.items, value) if cont.exact else unique((*cont.items, value))
    nonempty = cont.nonempty or not is_group(w, value)
    w.heap[coll.oid] = replace(cont, items=items, nonempty=nonempty)


def _same_origin(cont: Cont, value: Value) -> bool:
    """Whether the container already holds something made at the same place: it is being filled by a loop."""
    if not isinstance(value, Ref):
        return False
    made = (value.oid.site, value.oid.frame)
    return any(isinstance(i, Ref) and (i.oid.site, i.oid.frame) == made for i in cont.items)


def copy(w: World, source: Cont, kind: str, frame: Frame, site: Site, *, ordered: bool = True) -> Ref:
    """A new container with the same elements (the keys, for a dict)."""
    items = source.keys if source.kind == "dict" and kind != "dict" else source.items
    exact = source.exact and (ordered or len(items) < 2)
    if kind == "set":
        items = unique(items)
    keys = source.keys if kind == "dict" else ()
    slots = source.slots if ordered and kind == source.kind else ()
    return new(w, frame, site, Cont(kind, items, exact, source.nonempty, keys, slots))


# Subscripts
def get_item(m: Machine, act: Act, w: World, obj: Value, key: Value, site: Site) -> list[Outcome]:
    """`obj[key]`."""
    cont = w.cont(obj)
    if cont is None or not isinstance(obj, Ref):
        return _custom_item(m, act, w, obj, key, site)
    if isinstance(key, SliceOf):
        return slice_of(m, act, w, obj, key, site)
    if cont.kind == "dict":
        return dict_item(m, act, w, obj, key, site)
    if cont.exact and isinstance(key, Const) and isinstance(key.value, int):
        if -len(cont.items) <= key.value < len(cont.items):
            return [Outcome(w, cont.items[key.value])]
        return [Outcome(w, exc=Exc("builtins.IndexError"))]
    out = [Outcome(world, value) for world, value in pick(act, w, obj, key, site)]
    if not cont.nonempty and not cont.exact:
        out.append(Outcome(w.copy(), exc=Exc("builtins.IndexError")))
    return out or [Outcome(w, exc=Exc("builtins.IndexError"))]


def _custom_item(m: Machine, act: Act, w: World, obj: Value, key: Value, site: Site) -> list[Outcome]:
    from tooearly.flow.attributes import find_method
    from tooearly.flow.calling import call

    method = find_method(m, w, obj, "__getitem__")
    if method is not None:
        return list(call(m, act, w, method, [(key, False)], [], site))
    out = [Outcome(w, Unknown())]
    if isinstance(obj, Unknown):
        out.append(Outcome(w.copy(), exc=Exc("builtins.LookupError")))
    return out


def pick(act: Act, w: World, obj: Ref, key: Value | None, site: Site) -> Iterator[tuple[World, Value]]:
    """One element of an inexact (or unknown-index) container; the same key gives the same element again."""
    cont = w.cont(obj)
    assert cont is not None
    for known, value in cont.slots:
        if known == key:
            yield w, value
            return
    options = _candidates(w, cont, key)
    for option in options:
        world = w.copy()
        value = option
        if is_group(world, option):
            assert isinstance(option, Ref)
            value = world.element(option, site, act.frame)
        _remember(world, obj, key, value)
        yield world, value


def _candidates(w: World, cont: Cont, key: Value | None) -> list[Value]:
    """Which elements a subscript may mean, by the subscripts and slices that were taken before, and by the ends."""
    taken = {value for known, value in cont.slots if _differ(known, key)}
    options = [item for item in cont.items if item not in taken]
    if not isinstance(key, Const) or not isinstance(key.value, int):
        return options
    for known, part in cont.slots:
        held = w.cont(part)
        if isinstance(known, SliceOf) and held is not None:
            inside = _within(key.value, known)
            if inside is not None:
                options = [i for i in options if (i in held.items) == inside]
    if cont.kind == "list" and cont.nonempty and key.value in (0, -1) and options:
        end = options[key.value]
        if isinstance(end, Ref):  # what was made at the same place as the first (or last) element
            options = [
                i for i in options if isinstance(i, Ref) and (i.oid.site, i.oid.frame) == (end.oid.site, end.oid.frame)
            ]
    return options


def _within(index: int, part: SliceOf) -> bool | None:
    """Whether an index lies in a slice of a list whose length is not known."""
    lower, upper = part.lower, part.upper
    if index >= 0 and (lower is None or lower >= 0) and (upper is None or upper >= 0):
        return index >= (lower or 0) and (upper is None or index < upper)
    if index < 0 and (lower is None or lower < 0) and (upper is None or upper < 0):
        return (lower is None or index >= lower) and (upper is None or index < upper)
    return None


def _differ(a: Value, b: Value | None) -> bool:
    """Whether two subscripts are certainly different elements: constants of one sign."""
    if not (isinstance(a, Const) and isinstance(b, Const)) or a == b:
        return False
    if isinstance(a.value, int) and isinstance(b.value, int):
        return (a.value < 0) == (b.value < 0)
    return True


def _remember(w: World, obj: Ref, key: Value | None, value: Value) -> None:
    cont = w.cont(obj)
    if cont is None or cont.many or not isinstance(value, Ref):
        return
    if isinstance(key, Const) or (isinstance(key, Unknown) and key.tag is not None):
        w.heap[obj.oid] = replace(cont, slots=(*cont.slots, (key, value)), nonempty=True)


def dict_item(
    m: Machine, act: Act, w: World, obj: Ref, key: Value, site: Site, default: Value | None = None
) -> list[Outcome]:
    """`d[key]`, or `d.get(key, default)` when a default is given."""
    cont = w.cont(obj)
    assert cont is not None
    if cont.exact and key in cont.keys and not (isinstance(key, Unknown) and key.tag is None):
        return [Outcome(w, cont.items[cont.keys.index(key)])]
    missing = _missing(m, act, w.copy(), obj, key, site, default)
    if cont.exact and isinstance(key, Const | Ref) and all(isinstance(k, Const | Ref) for k in cont.keys):
        return missing
    for known, value in cont.slots:
        if known == key:
            return [Outcome(w, value)]
    out: list[Outcome] = []
    for known, value in zip(cont.keys, cont.items, strict=True):
        if isinstance(key, Const | Ref) and isinstance(known, Const | Ref) and known != key and not is_group(w, known):
            continue
        world = w.copy()
        if is_group(world, value):
            assert isinstance(value, Ref)
            value = world.element(value, site, act.frame)
        _remember(world, obj, key, value)
        out.append(Outcome(world, value))
    return [*out, *missing]


def _missing(m: Machine, act: Act, w: World, obj: Ref, key: Value, site: Site, default: Value | None) -> list[Outcome]:
    from tooearly.flow.calling import call

    cont = w.cont(obj)
    factory = next((v for k, v in cont.slots if k == FACTORY), None) if cont else None
    if factory is not None and default is None:
        out = []
        for made in call(m, act, w, factory, [], [], site):
            if made.exc is None:
                set_item(made.world, obj, key, made.value)
            out.append(made)
        return out
    if default is not None:
        return [Outcome(w, default)]
    return [Outcome(w, exc=Exc("builtins.KeyError"))]


def set_item(w: World, obj: Value, key: Value, value: Value) -> None:
    """`obj[key] = value`; into something unknown it is given away."""
    cont = w.cont(obj)
    if cont is None or not isinstance(obj, Ref):
        return
    slots = tuple((k, v) for k, v in cont.slots if _differ(k, key) or k == FACTORY)
    if isinstance(key, SliceOf):
        _set_slice(w, obj, cont, key, value)
        return
    if cont.kind != "dict":
        if (
            cont.exact
            and isinstance(key, Const)
            and isinstance(key.value, int)
            and -len(cont.items) <= key.value < len(cont.items)
        ):
            items = list(cont.items)
            items[key.value] = value
            w.heap[obj.oid] = replace(cont, items=tuple(items), slots=slots)
        else:
            w.heap[obj.oid] = replace(cont, items=unique((*cont.items, value)), exact=False, slots=slots)
        return
    if isinstance(value, Const):
        value = Unknown()  # which constant it is would only multiply the worlds
    known = isinstance(key, Const) or (isinstance(key, Ref) and not is_group(w, key))
    if known and key in cont.keys:
        items = list(cont.items)
        items[cont.keys.index(key)] = value
        w.heap[obj.oid] = replace(cont, items=tuple(items), slots=slots)
        return
    pairs = (*zip(cont.keys, cont.items, strict=True), (key, value))
    exact = cont.exact and known and len(pairs) <= MOST and not is_group(w, value)
    exact = exact and not _same_origin(cont, value) and not _same_origin(replace(cont, items=cont.keys), key)
    if not exact:
        pairs = unique(pairs)
    slots = (
        (*slots, (key, value)) if isinstance(key, Unknown) and key.tag is not None and isinstance(value, Ref) else slots
    )
    keys, items_ = tuple(k for k, _ in pairs), tuple(v for _, v in pairs)
    w.heap[obj.oid] = replace(cont, keys=keys, items=items_, exact=exact, nonempty=True, slots=slots)


def _set_slice(w: World, obj: Ref, cont: Cont, key: SliceOf, value: Value) -> None:
    """`obj[a:b] = value`: all is replaced by `[:]`, else anything of both may be in it."""
    other = w.cont(value)
    items = other.items if other is not None else (Unknown(),)
    if key.known and not key.lower and key.upper is None:
        w.heap[obj.oid] = replace(cont, items=items, exact=other is not None and other.exact, nonempty=False, slots=())
    else:
        w.heap[obj.oid] = replace(cont, items=unique((*cont.items, *items)), exact=False, nonempty=False, slots=())


def delete_item(w: World, obj: Value, key: Value) -> None:
    """`del obj[key]`."""
    cont = w.cont(obj)
    if cont is None or not isinstance(obj, Ref):
        return
    slots = tuple((k, v) for k, v in cont.slots if k == FACTORY)
    if isinstance(key, SliceOf) and key.known and not key.lower and key.upper is None:
        w.heap[obj.oid] = replace(cont, items=(), exact=True, nonempty=False, slots=slots)
        return
    if cont.kind == "dict" and key in cont.keys and not isinstance(key, Unknown):
        index = cont.keys.index(key)
        keys, items = cont.keys[:index] + cont.keys[index + 1 :], cont.items[:index] + cont.items[index + 1 :]
        w.heap[obj.oid] = replace(cont, keys=keys, items=items, nonempty=False, slots=slots)
    elif (
        cont.exact
        and isinstance(key, Const)
        and isinstance(key.value, int)
        and -len(cont.items) <= key.value < len(cont.items)
    ):
        kept = list(cont.items)
        del kept[key.value]
        w.heap[obj.oid] = replace(cont, items=tuple(kept), nonempty=False, slots=slots)
    else:
        w.heap[obj.oid] = replace(cont, exact=False, nonempty=False, slots=slots)


def slice_of(m: Machine, act: Act, w: World, obj: Ref, key: SliceOf, site: Site) -> list[Outcome]:
    """`obj[a:b]`: exactly where the elements or few constant indices are known, else an unknown part."""
    cont = w.cont(obj)
    assert cont is not None
    if cont.exact and key.known:
        return [Outcome(w, new(w, act.frame, site, Cont(cont.kind, cont.items[key.lower : key.upper], True)))]
    if key.known and not key.lower and key.upper is None:
        return [Outcome(w, copy(w, cont, cont.kind, act.frame, site))]
    for known, part in cont.slots:
        held = w.cont(part)
        if known == key and key.known and held is not None:
            return [Outcome(w, copy(w, held, held.kind, act.frame, site))]
    out = unknown_part(act, w, obj, site)
    for outcome in out if key.known else ():
        held = outcome.world.cont(obj)
        if held is not None and not held.many:
            outcome.world.heap[obj.oid] = replace(held, slots=(*held.slots, (key, outcome.value)))
    return out


def unknown_part(act: Act, w: World, obj: Ref, site: Site) -> list[Outcome]:
    """Some of the elements: each group falls apart in those that are in and those that are not."""
    cont = w.cont(obj)
    assert cont is not None
    part = new(w, act.frame, site, Cont(cont.kind if cont.kind != "tuple" else "list", (), False))
    for item in cont.items:
        if is_group(w, item):
            assert isinstance(item, Ref)
            inside = split_group(w, item, "part")
            collect(w, part, inside, None)
    worlds = [w]
    for item in [i for i in cont.items if isinstance(i, Ref) and not is_group(w, i)][:3]:
        for world in list(worlds):
            other = world.copy()
            collect(other, part, item, None)
            worlds.append(other)
    for world in worlds:
        held = world.cont(part)
        assert held is not None
        world.heap[part.oid] = replace(held, exact=False)
    return [Outcome(world, part) for world in worlds]


def split_group(w: World, group: Ref, tag: str) -> Ref:
    """A second group for some members of `group`; whatever holds the group holds both."""
    part = Oid(group.oid.site, group.oid.frame, ("G", tag, group.oid.tag))
    w.heap[part] = w.heap[group.oid]
    for holder, obj in list(w.heap.items()):
        if isinstance(obj, Cont) and group in obj.items:
            keys = (*obj.keys, obj.keys[obj.items.index(group)]) if obj.keys else ()
            w.heap[holder] = replace(obj, items=(*obj.items, Ref(part)), keys=keys, exact=False)
    return Ref(part)


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
        w.heap[left.oid] = replace(result, kind=cont.kind, slots=cont.slots if name == "Add" else ())
    elif other is None:
        w.heap[left.oid] = replace(cont, exact=False, items=unique((*cont.items, Unknown())))
    return [Outcome(w, left)]


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


# Size and membership
def membership(m: Machine, act: Act, w: World, left: Value, right: Value) -> list[Outcome]:
    """`left in right`."""
    cont = w.cont(right)
    if cont is None:
        return [Outcome(w, Unknown())]
    items = cont.keys if cont.kind == "dict" else cont.items
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
    if cont.exact:
        yield bool(items), w
        return
    solid = any(not isinstance(i, Unknown) and not is_group(w, i) for i in items) and not cont.many
    if items:
        full = w.copy()
        full.heap[ref.oid] = replace(cont, nonempty=True)
        yield True, full
    if not cont.nonempty and not solid:
        yield False, emptied(w, ref)


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
        slots = tuple((k, v) for k, v in left.slots if k == FACTORY)
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
    if cont is not None and cont.exact:
        from tooearly.flow.operators import ORDER

        compare = ORDER.get(name)
        return [Outcome(w, const(bool(compare(len(cont.items), right.value))) if compare else Unknown())]
    empty = {("==", 0): True, ("<", 1): True, ("<=", 0): True, (">", 0): False, (">=", 1): False}.get(
        (name, right.value)
    )
    if empty is None:
        return [Outcome(w, Unknown())]
    return [Outcome(world, const(some != empty)) for some, world in emptiness(w, Ref(left.container))]


def _same_length(w: World, name: str, left: Ref, right: Ref) -> list[Outcome]:
    a, b = w.cont(left), w.cont(right)
    if a is None or b is None or name not in ("==", "<", ">=", ">", "<="):
        return [Outcome(w, Unknown())]
    if a.exact and b.exact:
        from tooearly.flow.operators import ORDER

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


def unpack(
    m: Machine, act: Act, w: World, src: Value, dsts: tuple[int, ...], star: int | None, site: Site
) -> list[Outcome]:
    """`a, *b, c = src`."""
    cont = w.cont(src)
    if cont is None or not isinstance(src, Ref):
        for dst in dsts:
            w.env[act.frame, dst] = Unknown()
        return [Outcome(w)]
    items = cont.keys if cont.kind == "dict" else cont.items
    if cont.exact and (cont.kind in ("list", "tuple", "dict") or len(items) < 2):
        return _unpack_exact(act, w, items, dsts, star, site)
    worlds: list[tuple[World, tuple[Value, ...]]] = [(w, ())]
    for index, dst in enumerate(dsts):
        if index == star:
            continue
        worlds = [(x, (*got, v)) for before, got in worlds for x, v in _take(act, before, src, dst, got, site)][:12]
    out = []
    for world, got in worlds:
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


def _take(act: Act, w: World, src: Ref, dst: int, got: tuple[Value, ...], site: Site) -> Iterator[tuple[World, Value]]:
    cont = w.cont(src)
    assert cont is not None
    options = [
        i for i in (cont.keys if cont.kind == "dict" else cont.items) if i not in got or isinstance(i, Unknown | Const)
    ]
    for option in options:
        world = w.copy()
        value = option
        if is_group(world, option):
            assert isinstance(option, Ref)
            value = world.element(option, (site, dst), act.frame)
        yield world, value


def _unpack_exact(
    act: Act, w: World, items: tuple[Value, ...], dsts: tuple[int, ...], star: int | None, site: Site
) -> list[Outcome]:
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


__all__ = ["FACTORY", "algebra", "emptied", "emptiness", "get_item", "make", "spread", "without"]
