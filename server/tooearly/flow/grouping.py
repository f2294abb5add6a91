"""Groups of a world: what joins one, and the name that each has by what is known of it.

Groups with the same facts in the same containers have the same name, and so are one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tooearly.flow.canonical import absorb, holders_of, loosen_keys
from tooearly.flow.joining import held_members
from tooearly.flow.objects import Cont, Fut, Inst, Iterating, Obj
from tooearly.flow.values import Const, Func, Oid, Ref, Unknown, Value
from tooearly.flow.walking import children_of, held, refs

if TYPE_CHECKING:
    from tooearly.flow.state import World

ITEM = "item"  # how the tag of a task begins that was made of one of the coroutines that a call was given
HOLDER = Unknown("holder")  # in the coroutine of a group's tasks: the object of which each is an attribute


def regroup(w: World) -> None:
    """Put what only a crowd still refers to into its group, and give every group its name."""
    if any(o.many or (isinstance(o, Cont | Iterating) and not o.exact) for o in w.heap.values()):
        _enlist(w)
        name_groups(w)
        loosen_keys(w.heap)


def name_groups(w: World) -> None:
    """Give every group the name of what is known of it."""
    many = [oid for oid, obj in w.heap.items() if obj.many]
    if not many:
        return
    holders = holders_of(w.heap, many)
    filled = {_as_filled(w, oid, holders[oid]) for oid in many if not getattr(w.heap[oid], "exact", True)} - {None}
    names: dict[Oid, Oid] = {}
    alike: dict[Any, list[Oid]] = {}
    for oid in many:
        obj = w.heap[oid]
        if isinstance(obj, Fut):
            facts: Any = (obj.mask, obj.kind, obj.end, obj.asked)
        else:
            facts = "filled" if _as_filled(w, oid, holders[oid]) in filled else _shape(w, obj)
        within = frozenset(holders[oid])
        names[oid] = Oid(oid.site, oid.frame, ("G", facts, within))
        if isinstance(obj, Fut) and all(holder[2] != "many" for holder in within):
            alike.setdefault((oid.site, oid.frame, within), []).append(oid)
    for oids in alike.values():
        if len(oids) > 1:
            absorb(w.heap, oids, _referred(w), names)
    names = {oid: new for oid, new in names.items() if new != oid}
    if names:
        w.rename(names)


FILLED = ("deque", "list", "set")  # kinds of containers


def _as_filled(w: World, oid: Oid, holders: set[Any]) -> Any:
    """What lists have in common that were made and filled at the same place, and are held by the same.

    If the number of elements of one is not known, they are all alike: each is filled as the others are.
    """
    obj = w.heap[oid]
    filled = isinstance(obj, Cont) and obj.kind in FILLED
    return (oid.site, oid.frame, obj.kind, frozenset(holders)) if filled else None  # type: ignore[union-attr]


def _referred(w: World) -> set[Oid]:
    """What variables and code that runs later refer to."""
    found = {oid for value in w.env.values() for oid in refs(value)}
    return found | {oid for deferred in w.deferred for value in deferred.values() for oid in refs(value)}


def _enlist(w: World) -> None:
    """Single objects that nothing names any more, only inexact containers and groups hold, join the crowd."""
    while True:
        named, crowd = _named(w), set[Oid]()
        for obj in w.heap.values():
            if obj.many or (isinstance(obj, Cont | Iterating) and not obj.exact):
                crowd.update(oid for value in held_members(obj) for oid in refs(value))
        joining = [oid for oid in crowd - named if _may_join(w, oid, named)]
        if not joining:
            return
        for oid in joining:
            _note_presence(w, oid)
            w.heap[oid] = one_of_many(w, oid)


def one_of_many(w: World, oid: Oid) -> Obj:
    """The object as a member of a group. A task that runs a method of the object that holds it belongs to that.

    Its own reference to the holder is left out, and so are the constants that each was given, or they would tell two
    groups apart that are alike.
    """
    obj = replace(w.heap[oid], many=True)
    if not isinstance(obj, Fut) or obj.body is None:
        return obj
    data = isinstance(obj.body.function, Func)
    args = tuple(
        HOLDER if _holds(w, arg, oid) else Unknown() if data and isinstance(arg, Const) else arg
        for arg in obj.body.args
    )
    return replace(obj, body=replace(obj.body, args=args)) if args != obj.body.args else obj


def _holds(w: World, value: Value, oid: Oid) -> bool:
    inst = w.heap.get(value.oid) if isinstance(value, Ref) else None
    return isinstance(inst, Inst) and oid in held(inst)


def _named(w: World) -> set[Oid]:
    """The objects that variables and callbacks lead to without passing through a crowd."""
    stack = [oid for value in w.env.values() for oid in refs(value)]
    for deferred in w.deferred:
        stack += [oid for value in deferred.values() for oid in refs(value)]
    for obj in w.heap.values():
        if isinstance(obj, Cont) and obj.slots and not obj.many:
            stack += [oid for pair in obj.slots for value in pair for oid in refs(value)]
    named: set[Oid] = set()
    while stack:
        oid = stack.pop()
        if oid in named:
            continue
        named.add(oid)
        single = w.heap.get(oid)
        if single is None or single.many or (isinstance(single, Cont | Iterating) and not single.exact):
            continue
        stack += held(single)
    return named


def _may_join(w: World, oid: Oid, named: set[Oid]) -> bool:
    """Whether an object can be one of many; a tuple with something that is followed on its own cannot, nor can one of
    a few coroutines of which each waits for another such future."""
    obj = w.heap.get(oid)
    if obj is None or obj.many or not isinstance(obj, Fut | Cont | Inst):
        return False
    if isinstance(obj, Fut) and isinstance(oid.tag, str) and oid.tag.startswith(ITEM):
        return not (obj.body is not None and any(o in named and isinstance(w.heap.get(o), Fut) for o in held(obj)))
    pair = isinstance(obj, Cont) and obj.exact and obj.kind == "tuple"
    return not (pair and any(o in named and isinstance(w.heap.get(o), Fut | Inst | Cont) for o in held(obj)))


def _note_presence(w: World, oid: Oid) -> None:
    """Containers of a single object are not empty, also when it is only a member of a group."""
    ref = Ref(oid)
    for holder, obj in list(w.heap.items()):
        if isinstance(obj, Cont | Iterating) and not obj.exact and not obj.nonempty and ref in obj.items:
            w.heap[holder] = replace(obj, nonempty=True)


def _shape(w: World, obj: Obj) -> Any:
    """What is known of the futures in a group of containers or instances."""
    out = []
    for value in children_of(obj):
        for oid in refs(value):
            inner = w.heap.get(oid)
            known = (inner.mask, inner.many) if isinstance(inner, Fut) else type(inner).__name__
            out.append((oid.site, known))
    return frozenset(out)
