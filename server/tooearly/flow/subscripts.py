"""Subscripts: elements taken, set and deleted, slices, unpacking.

Whatever asks about "an element" of an inexact container splits the world by which element it is, and the container
remembers the answer (`Cont.slots`), so that the next equal subscript takes the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tooearly.flow import shelves
from tooearly.flow.containers import FACTORY, MOST, STANDING, is_group
from tooearly.flow.ended import set_aside
from tooearly.flow.joining import FINISHED, MISSING, NAMES, without
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
    unique,
)


def collect(w: World, coll: Value, value: Value, key: Value | None) -> None:
    """Add to a container: an element, or a key with its value."""
    value = plain_key(value)
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
    w.heap[coll.oid] = replace(cont, items=items, nonempty=nonempty, size=None)


def measured(w: World, coll: Value, source: Value) -> bool:
    """The container has got one element for each of the source's; False when it cannot be so in this world."""
    cont, given = w.cont(coll), w.cont(source)
    length = given.length if given is not None and given.kind != "dict" else None
    if cont is None or length is None or not isinstance(coll, Ref):
        return True
    if cont.exact:
        return len(cont.items) == length
    w.heap[coll.oid] = replace(cont, nonempty=length > 0, size=length)
    return length > 0


def _same_origin(cont: Cont, value: Value) -> bool:
    """Whether the container already holds something made at the same place: it is being filled by a loop."""
    if not isinstance(value, Ref):
        return False
    made = value.oid.origin
    return any(isinstance(i, Ref) and i.oid.origin == made for i in cont.items)


def at_end(w: World, cont: Cont, value: Value | None, index: int) -> tuple[tuple[Value, Value], ...]:
    """What is known by its index after a list has got a new first (0) or last (-1) element.

    The new one is told apart from a crowd that was there before, but not in a loop that fills the list.
    """
    kept = tuple(slot for slot in cont.slots if _stays(slot[0], index))
    if cont.exact or cont.many or not isinstance(value, Ref) or is_group(w, value) or _same_origin(cont, value):
        return kept
    return (*kept, (const(index), value))


def _stays(key: Value, index: int) -> bool:
    """Whether a subscript still means the same when there is a new first (0) or last (-1) element."""
    match key:
        case Const(value=int() as at):
            return (at < 0) == (index == 0)
        case SliceOf(lower, upper, step=1):
            return index < 0 and (lower or 0) >= 0 and upper is not None and upper >= 0
    return index < 0


# Subscripts
def get_item(m: Machine, act: Act, w: World, obj: Value, key: Value, site: Site) -> list[Outcome]:
    """`obj[key]`."""
    cont = w.cont(obj)
    if cont is None or not isinstance(obj, Ref):
        return _custom_item(m, act, w, obj, key, site)
    if isinstance(key, SliceOf):
        from tooearly.flow.slices import slice_of

        return slice_of(m, act, w, obj, key, site)
    if cont.kind == "dict":
        return dict_item(m, act, w, obj, key, site)
    if isinstance(key, KeyOf):
        if key.value in cont.items:
            return [Outcome(w, key.value)]  # the index of that very element
        key = key.value
    if cont.exact and isinstance(key, Const) and isinstance(key.value, int):
        index = _index(cont, key)
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


def _index(cont: Cont, key: Value) -> int | None:
    """A constant index into a container whose elements are known one by one, when there is such an element."""
    if cont.exact and isinstance(key, Const) and isinstance(key.value, int):
        return key.value if -len(cont.items) <= key.value < len(cont.items) else None
    return None


def _custom_item(m: Machine, act: Act, w: World, obj: Value, key: Value, site: Site) -> list[Outcome]:
    from tooearly.flow.attributes import find_method, parts_of
    from tooearly.flow.calling import call

    parts = parts_of(m, w, obj)
    if parts is not None and isinstance(key, Const) and key.value in range(-len(parts), len(parts)):
        return [Outcome(w, parts[key.value])]
    method = find_method(m, w, obj, "__getitem__")
    if method is not None:
        return list(call(m, act, w, method, [(key, False)], [], site))
    out = [Outcome(w, Unknown(None, shelves.element_type(m, act, site)))]
    if isinstance(obj, Unknown) and not shelves.is_there(act, site):
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
        inside = index >= (lower or 0) and (upper is None or index < upper)
        return inside and (index - (lower or 0)) % part.step == 0
    if part.step > 1:
        return None
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
    if key == FINISHED or (isinstance(key, Ref) and key in cont.items and key not in cont.keys):
        return [Outcome(w, key)]  # it stands for its own key
    if cont.exact and key in cont.keys and not (isinstance(key, Unknown) and key.tag is None):
        return [Outcome(w, cont.items[cont.keys.index(key)])]
    missing = _missing(m, act, w.copy(), obj, key, site, default)
    if cont.exact and isinstance(key, Const | Ref) and all(isinstance(k, Const | Ref) for k in cont.keys):
        return missing
    for known, value in cont.slots:
        if known == key:
            return missing if value == MISSING else [Outcome(w, value)]
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
    if cont is not None and (isinstance(key, Const) or (isinstance(key, Unknown) and key.tag is not None)):
        w.heap[obj.oid] = replace(cont, slots=(*(s for s in cont.slots if s[0] != key), (key, MISSING)))
    return [Outcome(w, exc=Exc("builtins.KeyError"))]


def _chosen(act: Act, w: World, obj: Value, key: Value, site: Site) -> Iterator[tuple[World, Value, Value]]:
    """One world for each element of an inexact list that a constant index may mean: (world, index, element)."""
    cont = w.cont(obj)
    if cont is None or cont.exact or cont.many or cont.kind != "list" or not isinstance(obj, Ref):
        return
    if not isinstance(key, Const) or not isinstance(key.value, int):
        return
    index: Value = key if cont.length is None else const(key.value % cont.length)
    for world, value in pick(act, w, obj, index, site):
        if isinstance(value, Ref):
            yield world, index, value


def put_item(m: Machine, act: Act, w: World, obj: Value, key: Value, value: Value, site: Site) -> list[Outcome]:
    """`obj[key] = value` as a statement: of a list whose elements are a crowd it is decided which one goes."""
    from tooearly.flow.attributes import find_method
    from tooearly.flow.calling import call

    method = find_method(m, w, obj, "__setitem__")
    if method is not None:
        given = [(key, False), (value, False)]
        return [Outcome(o.world, exc=o.exc) for o in call(m, act, w, method, given, [], site)]
    out = []
    for world, index, old in _chosen(act, w, obj, key, site):
        cont = world.cont(obj)
        assert cont is not None
        assert isinstance(obj, Ref)
        kept = replace(without(cont, old), size=cont.length)
        slots = (*kept.slots, (index, value)) if isinstance(value, Ref) else kept.slots
        world.heap[obj.oid] = replace(kept, items=unique((*kept.items, value)), nonempty=True, slots=slots)
        out.append(Outcome(world))
    if not out:
        set_item(w, obj, key, value)
    return out or [Outcome(w)]


def take_away(act: Act, w: World, obj: Value, key: Value, site: Site) -> list[Outcome]:
    """`del obj[key]` as a statement."""
    out = []
    for world, _, old in _chosen(act, w, obj, key, site):
        cont = world.cont(obj)
        assert cont is not None
        assert isinstance(obj, Ref)
        world.heap[obj.oid] = replace(without(cont, old), nonempty=False, size=None, slots=())
        out.append(Outcome(world))
    if not out:
        delete_item(w, obj, key)
    return out or [Outcome(w)]


def set_item(w: World, obj: Value, key: Value, value: Value) -> None:
    """`obj[key] = value`; of something that is not followed other code may take it."""
    cont, value = w.cont(obj), plain_key(value)
    if cont is None or not isinstance(obj, Ref):
        set_aside(w, value)
        return
    if _stands_for_place(w, cont, key):
        name = plain_key(key)
        if isinstance(value, Ref) and isinstance(name, Ref):
            _put_under(w, obj, cont, name, value)
            return
        key = Unknown()
    key = same_key(w, cont, plain_key(key))
    slots = tuple((k, v) for k, v in cont.slots if _differ(k, key) or k in STANDING)
    if isinstance(key, SliceOf):
        _set_slice(w, obj, cont, key, value)
        return
    if cont.kind != "dict":
        index = _index(cont, key)
        if index is not None:
            items = list(cont.items)
            items[index] = value
            w.heap[obj.oid] = replace(cont, items=tuple(items), slots=slots)
        else:
            w.heap[obj.oid] = replace(
                cont, items=unique((*cont.items, value)), exact=False, slots=slots, size=cont.length
            )
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
    if not isinstance(key, Const):  # a program has few constants: those need no crowd
        exact = exact and not _same_origin(cont, value) and not _same_origin(replace(cont, items=cont.keys), key)
    if not exact:
        pairs = unique(pairs)
    slots = (
        (*slots, (key, value)) if isinstance(key, Unknown) and key.tag is not None and isinstance(value, Ref) else slots
    )
    if isinstance(key, Unknown) and isinstance(value, Ref):
        slots = unique((*slots, (NAMES, TRUE)))
    keys, items_ = tuple(k for k, _ in pairs), tuple(v for _, v in pairs)
    w.heap[obj.oid] = replace(cont, keys=keys, items=items_, exact=exact, nonempty=True, slots=slots)


def _put_under(w: World, obj: Ref, cont: Cont, name: Ref, value: Ref) -> None:
    """Put a value under the key that an object stands for, which is not kept for that: as long as somebody has the
    key, the value is found by it."""
    for gone in (name, *(v for k, v in cont.slots if k == name)):
        cont = without(cont, gone)
    slots = (*cont.slots, (name, value)) if not is_group(w, value) else cont.slots
    if cont.kind != "dict":
        items = unique((*cont.items, value))
        w.heap[obj.oid] = replace(cont, items=items, exact=False, nonempty=True, slots=slots)
        return
    pairs = unique((*zip(cont.keys, cont.items, strict=True), (Unknown(), value)))
    keys, items = tuple(k for k, _ in pairs), tuple(v for _, v in pairs)
    w.heap[obj.oid] = replace(cont, keys=keys, items=items, exact=False, nonempty=True, slots=slots, size=None)


def _stands_for_place(w: World, cont: Cont, key: Value) -> bool:
    """Whether what is used as an index of a list or a key of a dict stands for one: no key of the dict is an object."""
    if cont.kind == "list":
        return isinstance(key, KeyOf) and key.value in cont.items
    if cont.kind != "dict" or plain_key(key) in cont.keys:
        return False
    if isinstance(key, KeyOf):
        return True
    held = w.heap.get(key.oid) if isinstance(key, Ref) else None
    return isinstance(held, Fut) and not held.many and (NAMES, TRUE) in cont.slots


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
    cont, key = w.cont(obj), plain_key(key)
    if cont is None or not isinstance(obj, Ref):
        return
    under = next((v for k, v in cont.slots if k == key), key)
    if cont.kind == "dict" and isinstance(key, Ref) and under in cont.items and key not in cont.keys:
        w.heap[obj.oid] = replace(without(cont, under), nonempty=False)
        return
    slots = tuple((k, v) for k, v in cont.slots if k in STANDING)
    if isinstance(key, SliceOf) and key.known and not key.lower and key.upper is None:
        w.heap[obj.oid] = replace(cont, items=(), exact=True, nonempty=False, slots=slots)
        return
    if cont.kind == "dict" and key in cont.keys and not isinstance(key, Unknown):
        index = cont.keys.index(key)
        keys, items = cont.keys[:index] + cont.keys[index + 1 :], cont.items[:index] + cont.items[index + 1 :]
        w.heap[obj.oid] = replace(cont, keys=keys, items=items, nonempty=False, slots=slots)
    elif (place := _index(cont, key)) is not None:
        kept = list(cont.items)
        del kept[place]
        w.heap[obj.oid] = replace(cont, items=tuple(kept), nonempty=False, slots=slots)
    else:
        w.heap[obj.oid] = replace(cont, exact=False, nonempty=False, slots=slots)
