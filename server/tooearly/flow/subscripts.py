"""Subscripts: elements taken, set and deleted, slices, unpacking.

Whatever asks about "an element" of an inexact container splits the world by which element it is, and the container
remembers the answer (`Cont.slots`), so that the next equal subscript takes the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tooearly.flow import beside, shelves, tables
from tooearly.flow.containers import FACTORY, is_group, shuffled
from tooearly.flow.covered import is_covered
from tooearly.flow.joining import FINISHED, MISSING, RENEWED
from tooearly.flow.machine import Act, Machine, Outcome
from tooearly.flow.objects import Cont, Fut
from tooearly.flow.state import World
from tooearly.flow.values import (
    TRUE,
    Choice,
    Const,
    Exc,
    KeyOf,
    Ref,
    Site,
    SliceOf,
    Unknown,
    Value,
    const,
    plain_key,
)


def get_item(m: Machine, act: Act, w: World, obj: Value, key: Value, site: Site) -> list[Outcome]:
    """`obj[key]`."""
    cont = w.cont(obj)
    if cont is None or not isinstance(obj, Ref):
        return _custom_item(m, act, w, obj, key, site)
    if isinstance(key, SliceOf):
        from tooearly.flow.slices import slice_of

        return slice_of(m, act, w, obj, key, site)
    if isinstance(key, Unknown) and is_covered(m, act, site):
        return [Outcome(w, Unknown())]
    if cont.kind == "dict":
        return dict_item(m, act, w, obj, key, site)
    if isinstance(key, KeyOf | Ref) and (meant := _by_object(w, cont, key)):
        return meant
    key = plain_key(key)
    if cont.exact and isinstance(key, Const) and isinstance(key.value, int):
        index = index_of(cont, key)
        if index is not None:
            return [Outcome(world, world.heap[obj.oid].items[index]) for world in resolved(w, obj, [index])]  # type: ignore[union-attr]
        return [Outcome(w, exc=Exc("builtins.IndexError"))]
    length = cont.length
    if length is not None and isinstance(key, Const) and isinstance(key.value, int):
        if not -length <= key.value < length:
            return [Outcome(w, exc=Exc("builtins.IndexError"))]
        key = const(key.value % length)
    out = [Outcome(world, value) for world, value in pick(act, w, obj, key, site)]
    if not cont.nonempty and not cont.exact:
        out.append(Outcome(w.copy(), exc=Exc("builtins.IndexError")))
    return out or [Outcome(w, exc=Exc("builtins.IndexError"))]


def _by_object(w: World, cont: Cont, index: KeyOf | Ref) -> list[Outcome]:
    """What an index stands for that is known by an object: what was found for that, or else the object itself."""
    if kept := beside.stored_for(cont, index):
        return [Outcome(w.copy(), value) for value in kept]
    if isinstance(index, KeyOf):
        return [Outcome(w, index.value)] if index.value in cont.items else []
    own = index in cont.items and isinstance(w.heap.get(index.oid), Fut) and not is_group(w, index)
    return [Outcome(w, index)] if own else []


def resolved(w: World, obj: Ref, places: Sequence[int]) -> Iterator[World]:
    """Looking at elements that stand for one of several objects decides for one of them, as with names."""
    cont = w.cont(obj)
    assert cont is not None
    for place in places:
        held = cont.items[place]
        if isinstance(held, Choice) and not cont.many and any(isinstance(o, Ref) for o in held.options):
            for option in held.options:
                world = w.copy()
                items = list(cont.items)
                items[place] = option
                world.heap[obj.oid] = replace(cont, items=tuple(items))
                yield from resolved(world, obj, places)
            return
    yield w


def index_of(cont: Cont, key: Value) -> int | None:
    """A constant index into a container whose elements are known one by one, when there is such an element."""
    if cont.exact and isinstance(key, Const) and isinstance(key.value, int):
        return key.value if -len(cont.items) <= key.value < len(cont.items) else None
    return None


def _custom_item(m: Machine, act: Act, w: World, obj: Value, key: Value, site: Site) -> list[Outcome]:
    from tooearly.flow.attributes import find_method
    from tooearly.flow.calling import call
    from tooearly.flow.classes import parts_of

    parts = parts_of(m, w, obj)
    if parts is not None and isinstance(key, Const) and key.value in range(-len(parts), len(parts)):
        return [Outcome(w, parts[key.value])]
    method = find_method(m, w, obj, "__getitem__")
    if method is not None:
        return list(call(m, act, w, method, [(key, False)], [], site))
    if (inner := w.inside(obj)) is not obj:
        return get_item(m, act, w, inner, key, site)
    out = [Outcome(w, Unknown(None, shelves.element_type(m, act, site)))]
    if isinstance(obj, Unknown) and not shelves.is_there(act, site) and not tables.has_item(m, obj, key):
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
            value = world.element(option, site, act.frame, tag=_place(obj, key))
        remember(world, obj, key, value)
        if all_found(world, obj):
            yield world, value


def all_found(w: World, obj: Ref) -> bool:
    """When each element of a container has been taken on its own, its groups are empty; False when that cannot be."""
    cont = w.cont(obj)
    assert cont is not None
    singles = [i for i in cont.items if isinstance(i, Ref) and not is_group(w, i)]
    if cont.exact or cont.length != len(singles) or not all(isinstance(i, Ref) for i in cont.items):
        return True
    for item in cont.items:
        if is_group(w, item):
            w.forget_members(item.oid)  # type: ignore[union-attr]
    return not any(isinstance(o, Cont) and o.nonempty and not o.items and not o.many for o in w.heap.values())


def _candidates(w: World, cont: Cont, key: Value | None) -> list[Value]:
    """Which elements a subscript may mean, by the subscripts and slices that were taken before, and by the ends."""
    taken = {value for known, value in cont.slots if differ(known, key)}
    options = [item for item in cont.items if item not in taken]
    if not isinstance(key, Const) or not isinstance(key.value, int):
        return options
    for known, part in cont.slots:
        held = w.cont(part)
        if isinstance(known, SliceOf) and held is not None:
            inside = within(key.value, known)
            if inside is not None:
                options = [i for i in options if (i in held.items) == inside]
    if cont.kind == "list" and cont.nonempty and not shuffled(cont) and key.value in (0, -1) and options:
        nearest = options if key.value == 0 else options[::-1]
        end = next((item for item in nearest if not isinstance(item, Unknown)), None)  # what may be before it is there
        if isinstance(end, Ref):  # what was made at the same place as the first (or last) element
            options = [
                i
                for i in options
                if (isinstance(i, Ref) and (i.oid.site, i.oid.frame) == (end.oid.site, end.oid.frame))
                or (isinstance(i, Unknown) and nearest[0] != end)
            ]
    return options


def within(index: int, part: SliceOf) -> bool | None:
    """Whether an index lies in a slice of a list whose length is not known."""
    lower, upper = part.lower, part.upper
    if part.between is not None:
        return None
    if index >= 0 and (lower is None or lower >= 0) and (upper is None or upper >= 0):
        inside = index >= (lower or 0) and (upper is None or index < upper)
        return inside and (index - (lower or 0)) % part.step == 0
    if part.step > 1:
        return None
    if index < 0 and (lower is None or lower < 0) and (upper is None or upper < 0):
        return (lower is None or index >= lower) and (upper is None or index < upper)
    return None


def differ(a: Value, b: Value | None) -> bool:
    """Whether two subscripts are certainly different elements: constants of one sign."""
    if not (isinstance(a, Const) and isinstance(b, Const)) or a == b:
        return False
    if isinstance(a.value, int) and isinstance(b.value, int):
        return (a.value < 0) == (b.value < 0)
    return True


def _place(obj: Ref, key: Value | None) -> object:
    """What tells an element that a container remembers by its key from others; who asked for it first does not."""
    return ("at", obj.oid.site, obj.oid.frame, key) if isinstance(key, Const) else None


def remember(w: World, obj: Ref, key: Value | None, value: Value) -> None:
    """The element that a subscript has taken, for the next equal one."""
    cont = w.cont(obj)
    if cont is None or cont.many or not isinstance(value, Ref):
        return
    if isinstance(key, Const | Ref) or (isinstance(key, Unknown) and key.tag is not None):
        w.heap[obj.oid] = replace(cont, slots=(*cont.slots, (key, value)), nonempty=True, size=cont.length)


def same_key(w: World, cont: Cont, key: Value) -> Value:
    """The key of a dict that equals `key`: a tuple is known by what is in it, where that is known."""
    parts = _parts(w, key)
    if parts is None:
        return key
    others = [_parts(w, known) for known in cont.keys]
    if parts in others:
        return cont.keys[others.index(parts)]
    vague = any(isinstance(part, Unknown) for other in (parts, *filter(None, others)) for part in other)
    return Unknown() if vague and cont.keys else key


def _parts(w: World, key: Value) -> tuple[Value, ...] | None:
    cont = w.cont(key)
    return cont.items if cont is not None and cont.kind == "tuple" and cont.exact and not cont.many else None


def dict_item(
    m: Machine, act: Act, w: World, obj: Ref, key: Value, site: Site, default: Value | None = None
) -> list[Outcome]:
    """`d[key]`, or `d.get(key, default)` when a default is given."""
    cont = w.cont(obj)
    assert cont is not None
    key = same_key(w, cont, plain_key(key))
    if isinstance(key, Ref) and (kept := beside.stored_for(cont, key)):
        return [Outcome(w.copy(), value) for value in kept]
    if key == FINISHED or (isinstance(key, Ref) and key in cont.items and key not in cont.keys):
        return [Outcome(w, key)]  # it stands for its own key
    if isinstance(key, Ref) and key in cont.keys and not is_group(w, key) and not cont.many:
        held = [value for known, value in zip(cont.keys, cont.items, strict=True) if known == key]
        if not any(is_group(w, value) for value in held):
            return [Outcome(w.copy(), value) for value in held]
    if cont.exact and key in cont.keys and not (isinstance(key, Unknown) and key.tag is None):
        return [Outcome(w, cont.items[cont.keys.index(key)])]
    missing = _missing(m, act, w.copy(), obj, key, site, default)
    if cont.exact and isinstance(key, Const | Ref) and all(isinstance(k, Const | Ref) for k in cont.keys):
        return missing
    for known, value in cont.slots:
        if known == key:
            return missing if value == MISSING else [Outcome(w, value)]
    _lose_sight(w, cont, key)
    out: list[Outcome] = []
    for known, value in zip(cont.keys, cont.items, strict=True):
        if isinstance(key, Const | Ref) and isinstance(known, Const | Ref) and known != key and not is_group(w, known):
            continue
        world = w.copy()
        if is_group(world, value):
            assert isinstance(value, Ref)
            value = world.element(value, site, act.frame, tag=_place(obj, key))
        remember(world, obj, key, value)
        out.append(Outcome(world, value))
    return [*out, *missing]


def _lose_sight(w: World, cont: Cont, name: Value) -> None:
    """A key is known by a future that was replaced under it: which of the new ones is there is not known any more.

    So whoever asks for it, and waits for that, may have waited for any of them.
    """
    if (RENEWED, TRUE) in cont.slots and w.fut(name) is not None:
        w.escape(value.oid for value in cont.items if isinstance(value, Ref))


def _missing(m: Machine, act: Act, w: World, obj: Ref, key: Value, site: Site, default: Value | None) -> list[Outcome]:
    from tooearly.flow.calling import call
    from tooearly.flow.storing import set_item

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
    if cont is not None and (isinstance(key, Const) or (isinstance(key, Unknown) and key.tag is not None)):
        w.heap[obj.oid] = replace(cont, slots=(*(s for s in cont.slots if s[0] != key), (key, MISSING)))
    return [Outcome(w, exc=Exc("builtins.KeyError"))]
