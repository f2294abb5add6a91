"""Two objects of one name made one: what is possible of either is possible of the result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from tooearly.flow.objects import (
    CANCELLED,
    DONE,
    ERROR,
    PERHAPS,
    SURELY,
    VALUE,
    Cont,
    Fut,
    Generating,
    Inst,
    Iterating,
    Obj,
)
from tooearly.flow.values import Api, Beside, Choice, Ref, Unknown, Value, choice, unique
from tooearly.flow.walking import children_of
from tooearly.flow.walking import held as refs_in


def is_for(item: Value, held: Value) -> bool:
    """Whether an element of a container is an object, or was found for it."""
    return item == held or (type(item) is Beside and item.about == held)


def without(obj: Cont, gone: Value) -> Cont:
    """The container without an element, and without what was found for it."""
    slots = tuple((k, v) for k, v in obj.slots if v != gone)
    if obj.keys:
        pairs = [(k, v) for k, v in zip(obj.keys, obj.items, strict=True) if not is_for(v, gone) and k != gone]
        return replace(obj, keys=tuple(k for k, _ in pairs), items=tuple(v for _, v in pairs), slots=slots)
    return replace(obj, items=tuple(i for i in obj.items if not is_for(i, gone)), slots=slots)


def lists(obj: Cont | Iterating, held: Ref) -> bool:
    """Whether an object is one of the elements or keys of a container, or one of them was found for it."""
    if held.oid not in refs_in(obj):
        return False
    return any(is_for(item, held) for item in obj.items) or (isinstance(obj, Cont) and held in obj.keys)


def own_part(obj: Cont | Iterating, group: Ref, member: Ref) -> tuple[Value, ...]:
    """What a container that lists a group holds for one member of it."""
    return tuple(instead(item, group, member) for item in obj.items if is_for(item, group))


def instead(item: Value, old: Ref, new: Ref) -> Value:
    """The element with another object in the place of one."""
    if type(item) is Beside and item.about == old:
        return Beside(item.value, new)
    return new if item == old else item


def inexact(obj: Any) -> Any:
    """A container of which the order and the number of elements are not known."""
    if isinstance(obj, Cont) and obj.keys:
        return replace(obj, exact=False)
    return replace(obj, exact=False, items=unique(obj.items))


def swapped(obj: Obj, old: Value, options: tuple[Value, ...]) -> Obj:
    """The object with `old` replaced by one of `options` (taken out of a choice when there are none)."""

    def swap(value: Value) -> Value:
        if value == old:
            return choice(options) if options else value
        if type(value) is Beside and value.about == old:
            return value.value
        if isinstance(value, Choice) and old in value.options:
            return choice((*(o for o in value.options if o != old), *options))
        return value

    match obj:
        case Cont():
            return replace(obj, items=tuple(swap(i) for i in obj.items), keys=tuple(swap(k) for k in obj.keys))
        case Inst():
            return replace(obj, attrs=tuple((n, swap(v)) for n, v in obj.attrs))
    return obj


def replaced(obj: Cont | Iterating, names: Mapping[Value, Value]) -> Cont | Iterating:
    """The container or iterator with some of its elements replaced."""
    items = tuple(names.get(i, i) for i in obj.items)
    if isinstance(obj, Iterating):
        return replace(obj, items=items)
    slots = tuple((k, v) for k, v in obj.slots if k not in names and v not in names)
    return replace(obj, items=items, keys=tuple(names.get(k, k) for k in obj.keys), slots=slots)


def held_members(obj: Obj) -> Iterable[Value]:
    """What an object holds, without the slots of a container."""
    if isinstance(obj, Cont):
        return (*obj.items, *obj.keys)
    return children_of(obj)


MISSING = Api("tooearly.missing")  # in a slot: the key was not there
NAMES = Api("tooearly.names")  # in a slot: the keys of a dict are no objects that are followed
RENEWED = Api("tooearly.renewed")  # in a slot: other values have been put under keys that are known by what was there
FINISHED = Unknown("finished", "Task")  # some future that is done, when it is not known any more which


def opened(obj: Cont) -> Cont:
    """The container after unknown code had it: other elements may have been added, or some taken out."""
    obj = replace(obj, slots=tuple(slot for slot in obj.slots if slot[1] != MISSING))
    if obj.kind == "dict":
        keys = obj.keys or tuple(Unknown() for _ in obj.items)
        pairs = unique((*zip(keys, obj.items, strict=True), (Unknown(), Unknown())))
        return replace(
            obj, keys=tuple(k for k, _ in pairs), items=tuple(v for _, v in pairs), exact=False, nonempty=False
        )
    return replace(obj, items=unique((*obj.items, Unknown())), exact=False, nonempty=False)


# Joining
def either_end(a: str, b: str) -> str:
    """How a future has ended that has ended in one of two ways."""
    if a == b:
        return a
    return ERROR if not {a, b} & {"", VALUE, CANCELLED} else ""


def either_asked(a: Fut, b: Fut) -> str:
    """Whether one of two futures has been cancelled, wherever it is not done; one that has ended by it was, too.

    That it may have been matters where it keeps the task from waiting.
    """
    running = {fut.asked for fut in (a, b) if fut.mask != DONE}
    if running and CANCELLED in (a.end, b.end):
        running.add(SURELY)
    perhaps = PERHAPS if a.waits or b.waits else ""
    return perhaps if len(running) > 1 else "".join(running)


def join_objects(a: Obj, b: Obj) -> Obj:
    """The least object that stands for both."""
    match a, b:
        case Fut(), Fut():
            return replace(
                a,
                mask=a.mask | b.mask,
                many=a.many or b.many,
                open=a.open or b.open,
                end=either_end(a.end, b.end),
                foreign=a.foreign or b.foreign,
                asked=either_asked(a, b),
                children=unique((*a.children, *b.children)),
                keep_going=a.keep_going if a.keep_going == b.keep_going else None,
                body=a.body if a.body == b.body else None,
                note=a.note or b.note,
            )
        case Cont(), Cont():
            return _join_containers(a, b)
        case Inst(), Inst():
            names = unique((*(n for n, _ in a.attrs), *(n for n, _ in b.attrs)))
            attrs = tuple((n, either(_attribute(a, n), _attribute(b, n))) for n in names)
            return replace(a, attrs=attrs, open=a.open or b.open, many=a.many or b.many)
        case Iterating(), Iterating():
            if a.exact and b.exact and a.items == b.items:
                return a
            items = unique((*a.items, *b.items))
            gen = a.generator if a.generator == b.generator else Unknown()
            kind = "plain" if a.kind == "each" else a.kind
            some = _nonempty(a) and _nonempty(b)
            return replace(a, kind=kind, items=items, exact=False, nonempty=some, generator=gen)
        case Generating(), Generating() if a.at != b.at:
            return replace(a, at=-1)
    return a


def either(a: Value | None, b: Value | None) -> Value:
    """One value or the other; something unknown when it is not known of one of them."""
    if a is None or b is None:
        return a or b or Unknown()
    return choice((a, b))


def _attribute(instance: Inst, name: str) -> Value | None:
    """What an attribute holds; one that was not set here may hold anything when the instance was made elsewhere."""
    value = instance.get(name)
    return Unknown() if value is None and instance.open else value


def _nonempty(obj: Cont | Iterating) -> bool:
    return obj.nonempty or (obj.exact and bool(obj.items))


def _join_containers(a: Cont, b: Cont) -> Cont:
    nonempty, many = _nonempty(a) and _nonempty(b), a.many or b.many
    if a.exact and b.exact and len(a.items) == len(b.items) and a.keys == b.keys:
        items = tuple(choice((x, y)) for x, y in zip(a.items, b.items, strict=True))
        slots = tuple(s for s in a.slots if s in b.slots)
        return replace(a, items=items, nonempty=nonempty, many=many, slots=slots)
    if a.kind == "dict":
        akeys = a.keys or tuple(Unknown() for _ in a.items)
        bkeys = b.keys or tuple(Unknown() for _ in b.items)
        pairs = unique((*zip(akeys, a.items, strict=True), *zip(bkeys, b.items, strict=True)))
        keys, items = tuple(k for k, _ in pairs), tuple(v for _, v in pairs)
    else:
        keys, items = (), unique((*a.items, *b.items))
    size = a.length if a.length == b.length else None
    slots = tuple(s for s in a.slots if s in b.slots)
    return replace(a, items=items, keys=keys, exact=False, nonempty=nonempty, many=many, slots=slots, size=size)
