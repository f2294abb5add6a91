"""Storing in containers: collecting elements, setting and deleting them by subscripts and slices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tooearly.flow import beside
from tooearly.flow.containers import MOST, SETS, STANDING, is_group
from tooearly.flow.ended import set_aside
from tooearly.flow.joining import NAMES, RENEWED, without
from tooearly.flow.machine import Act, Machine, Outcome
from tooearly.flow.objects import Cont, Fut
from tooearly.flow.state import World
from tooearly.flow.subscripts import differ, index_of, pick, same_key
from tooearly.flow.values import TRUE, Const, KeyOf, Ref, Site, SliceOf, Unknown, Value, const, plain_key, unique


def collect(w: World, coll: Value, value: Value, key: Value | None) -> None:
    """Add to a container: an element, or a key with its value."""
    value = plain_key(value)
    cont = w.cont(coll)
    if cont is None or not isinstance(coll, Ref):
        return
    if key is None and isinstance(value, Unknown) and value.tag is not None:
        value = _found_under(w, value)
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
    slots = tuple(slot for slot in cont.slots if slot[0] != const(0)) if cont.kind in SETS else cont.slots
    w.heap[coll.oid] = replace(cont, items=items, nonempty=nonempty, size=None, slots=slots)


def _found_under(w: World, key: Unknown) -> Value:
    """The future that some container has been asked for by a key, which stands for it; or just the key."""
    slots = [v for obj in w.heap.values() if isinstance(obj, Cont) and not obj.many for k, v in obj.slots if k == key]
    found = slots[0] if len(slots) == 1 else None
    held = w.heap.get(found.oid) if isinstance(found, Ref) else None
    return found if found is not None and isinstance(held, Fut) and not held.many else key


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
    kept = tuple(slot for slot in cont.slots if slot[0] in STANDING or _stays(slot[0], index))
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
    out, obj = [], w.inside(obj)
    for world, index, old in _chosen(act, w, obj, key, site):
        cont = world.cont(obj)
        assert cont is not None
        assert isinstance(obj, Ref)
        kept = replace(without(cont, old), size=cont.length)
        slots = (*kept.slots, (index, value)) if isinstance(value, Ref) else kept.slots
        world.heap[obj.oid] = replace(kept, items=unique((*kept.items, value)), nonempty=True, slots=slots)
        out.append(Outcome(world))
    if not out:
        cont = w.cont(obj)
        if cont is not None and cont.kind == "dict":
            value = beside.paired(w, value, [key], chosen=False)
        set_item(w, obj, key, value)
    return out or [Outcome(w)]


def take_away(act: Act, w: World, obj: Value, key: Value, site: Site) -> list[Outcome]:
    """`del obj[key]` as a statement."""
    out, obj = [], w.inside(obj)
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
    slots = tuple((k, v) for k, v in cont.slots if differ(k, key) or k in STANDING)
    if isinstance(key, SliceOf):
        _set_slice(w, obj, cont, key, value)
        return
    if cont.kind != "dict":
        index = index_of(cont, key)
        if index is not None:
            items = list(cont.items)
            items[index] = value
            w.heap[obj.oid] = replace(cont, items=tuple(items), slots=slots)
        else:
            w.heap[obj.oid] = replace(
                cont, items=unique((*cont.items, value)), exact=False, slots=slots, size=cont.length
            )
        return
    _set_key(w, obj, cont, key, value, slots)


def _set_key(w: World, obj: Ref, cont: Cont, key: Value, value: Value, slots: tuple[tuple[Value, Value], ...]) -> None:
    """A value under a key of a dict; `slots` are those that still hold."""
    if isinstance(value, Const):
        value = Unknown()  # which constant it is would only multiply the worlds
    known = isinstance(key, Const) or (isinstance(key, Ref) and not is_group(w, key))
    if known and key in cont.keys:
        items = list(cont.items)
        items[cont.keys.index(key)] = value
        w.heap[obj.oid] = replace(cont, items=tuple(items), slots=slots if cont.exact else _under(slots, key, value))
        return
    pairs = (*zip(cont.keys, cont.items, strict=True), (key, value))
    exact = cont.exact and known and len(pairs) <= MOST and not is_group(w, value)
    if not isinstance(key, Const):  # a program has few constants: those need no crowd
        exact = exact and not _same_origin(cont, value) and not _same_origin(replace(cont, items=cont.keys), key)
    if not exact:
        pairs = unique(pairs)
    if not exact and (isinstance(key, Const) or (isinstance(key, Unknown) and key.tag is not None)):
        slots = _under(slots, key, value)
    if isinstance(key, Unknown) and isinstance(value, Ref):
        slots = unique((*slots, (NAMES, TRUE)))
    keys, items_ = tuple(k for k, _ in pairs), tuple(v for _, v in pairs)
    w.heap[obj.oid] = replace(cont, keys=keys, items=items_, exact=exact, nonempty=True, slots=slots)


def _under(slots: tuple[tuple[Value, Value], ...], key: Value, value: Value) -> tuple[tuple[Value, Value], ...]:
    """What has just been put under a key is what the same key gives, whatever other keys may be equal to it."""
    return (*slots, (key, value)) if isinstance(value, Ref) else slots


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
    slots = unique((*slots, (RENEWED, TRUE)))
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
    elif (place := index_of(cont, key)) is not None:
        kept = list(cont.items)
        del kept[place]
        w.heap[obj.oid] = replace(cont, items=tuple(kept), nonempty=False, slots=slots)
    else:
        w.heap[obj.oid] = replace(cont, exact=False, nonempty=False, slots=slots)
