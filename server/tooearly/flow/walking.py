"""Walking through values and objects: what they refer to, and copies of them with other names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from tooearly.flow.objects import Cont, Fut, Inst, Iterating, Obj
from tooearly.flow.values import (
    Api,
    Beside,
    Bound,
    Choice,
    Const,
    Coro,
    Exc,
    Frame,
    Func,
    KeyOf,
    Klass,
    Length,
    Managing,
    NextTo,
    Oid,
    Partial,
    Ref,
    SliceOf,
    Unknown,
    Value,
    choice,
    unique,
)


def held(obj: Obj) -> tuple[Oid, ...]:
    """The objects that an object refers to, each time it does; computed once."""
    known = obj.held_refs
    if known is None:
        known = tuple(oid for value in children_of(obj) for oid in refs(value))
        object.__setattr__(obj, "held_refs", known)
    return known


def children_of(obj: Obj) -> Iterator[Value]:
    """The values an object holds."""
    match obj:
        case Fut(children=children, body=body):
            yield from children
            if body is not None:
                yield body
            if obj.value is not None:
                yield obj.value
        case Cont(items=items, keys=keys, slots=slots):
            yield from items
            yield from keys
            for key, value in slots:
                yield key
                yield value
        case Inst(attrs=attrs):
            for _, value in attrs:
                yield value
        case Iterating(items=items, generator=generator):
            yield from items
            if generator is not None:
                yield generator


def refs(value: Value) -> tuple[Oid, ...]:
    """The objects a value refers to, directly or through what it is made of."""
    kind = type(value)
    if kind is Ref:
        return (value.oid,)  # type: ignore[union-attr]
    if kind in ATOMS:
        return ()
    match value:
        case Length(oid):
            return (oid,)
        case KeyOf(held) | NextTo(held) | Beside(about=held):
            return (held.oid,)
        case Func(defaults=defaults):
            return tuple(oid for _, default in defaults for oid in refs(default)) if defaults else ()
        case Bound(function, receiver):
            return refs(function) + refs(receiver)
        case Partial(function, args, kwargs) | Coro(function, args, kwargs):
            named = tuple(oid for _, arg in kwargs for oid in refs(arg)) if kwargs else ()
            return refs(function) + tuple(oid for arg in args for oid in refs(arg)) + named
        case Managing(args=args) | Choice(options=args):
            return tuple(oid for arg in args for oid in refs(arg))
    return ()


ATOMS = frozenset({Const, Unknown, Api, Klass, Exc, SliceOf})


def frames(value: Value) -> Iterator[Frame]:
    """The frames a value is closed over."""
    match value:
        case Func(frame=frame, defaults=defaults):
            yield frame
            for _, default in defaults:
                yield from frames(default)
        case Klass(frame=frame):
            yield frame
        case Bound(function, receiver):
            yield from frames(function)
            yield from frames(receiver)
        case Partial(function, args, kwargs) | Coro(function, args, kwargs):
            yield from frames(function)
            for arg in args:
                yield from frames(arg)
            for _, arg in kwargs:
                yield from frames(arg)
        case Managing(args=args) | Choice(options=args):
            for arg in args:
                yield from frames(arg)


def functions(value: Value) -> Iterator[Func]:
    """The functions of the workspace in a value."""
    match value:
        case Func():
            yield value
        case Bound(function, receiver):
            yield from functions(function)
            yield from functions(receiver)
        case Partial(function, args, kwargs) | Coro(function, args, kwargs):
            yield from functions(function)
            for arg in args:
                yield from functions(arg)
            for _, arg in kwargs:
                yield from functions(arg)
        case Managing(args=args) | Choice(options=args):
            for arg in args:
                yield from functions(arg)


Mapping = Callable[[Oid], Oid]


def renamed(value: Value, to: Mapping) -> Value:
    """The value with every reference renamed."""
    match value:
        case Ref(oid):
            return Ref(to(oid))
        case Length(oid):
            return Length(to(oid))
        case KeyOf(held):
            return KeyOf(Ref(to(held.oid)))
        case NextTo(held):
            return NextTo(Ref(to(held.oid)))
        case Beside(seen, held):
            return Beside(seen, Ref(to(held.oid)))
        case Func(function, frame, defaults) if defaults:
            return Func(function, frame, tuple((n, renamed(v, to)) for n, v in defaults))
        case Bound(function, receiver):
            return Bound(renamed(function, to), renamed(receiver, to))
        case Partial(function, args, kwargs):
            return Partial(renamed(function, to), _all(args, to), tuple((n, renamed(v, to)) for n, v in kwargs))
        case Coro(function, args, kwargs, site):
            return Coro(renamed(function, to), _all(args, to), tuple((n, renamed(v, to)) for n, v in kwargs), site)
        case Managing(kind, args):
            return Managing(kind, _all(args, to))
        case Choice(options):
            return choice(_all(options, to))
    return value


def _all(values: tuple[Value, ...], to: Mapping) -> tuple[Value, ...]:
    return tuple(renamed(v, to) for v in values)


def renamed_object(obj: Obj, to: Mapping) -> Obj:
    """The object with every reference in it renamed; items that become equal are one (unless the order is known)."""
    match obj:
        case Fut(children=children, body=body, value=value) if children or body or value:
            new = renamed(body, to) if body else None
            given = renamed(value, to) if value is not None else None
            return replace(obj, children=_all(children, to), body=new if isinstance(new, Coro) else None, value=given)
        case Cont():
            return _renamed_container(obj, to)
        case Inst(attrs=attrs):
            return replace(obj, attrs=tuple((n, renamed(v, to)) for n, v in attrs))
        case Iterating(items=items, generator=generator):
            new_items = _all(items, to)
            gen = renamed(generator, to) if generator is not None else None
            return replace(obj, items=new_items if obj.exact else unique(new_items), generator=gen)
    return obj


def _renamed_container(obj: Cont, to: Mapping) -> Cont:
    items, keys = _all(obj.items, to), _all(obj.keys, to)
    slots = tuple((renamed(k, to), renamed(v, to)) for k, v in obj.slots)
    if obj.exact:
        return replace(obj, items=items, keys=keys, slots=slots)
    if keys:
        pairs = unique(tuple(zip(keys, items, strict=True)))
        return replace(obj, keys=tuple(k for k, _ in pairs), items=tuple(v for _, v in pairs), slots=slots)
    return replace(obj, items=unique(items), slots=slots)
