"""The effects of the methods of lists, dicts, sets and deques."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tooearly.flow import beside, containers, storing, subscripts
from tooearly.flow.by_answer import in_order
from tooearly.flow.containers import STANDING, copy, new
from tooearly.flow.effects_data import items_of, keys_of, names_object
from tooearly.flow.effects_pairs import list_of_pairs
from tooearly.flow.joining import without
from tooearly.flow.machine import Outcome
from tooearly.flow.mention import loop_variables
from tooearly.flow.objects import PENDING, UNSEEN, Cont, Fut
from tooearly.flow.state import World
from tooearly.flow.storing import collect
from tooearly.flow.values import NONE, Const, Exc, KeyOf, Managing, Oid, Ref, Unknown, Value, const, unique
from tooearly.flow.walking import refs

if TYPE_CHECKING:
    from tooearly.flow.calling import Call


def add(c: Call) -> list[Outcome]:
    """`append(x)`, `add(x)`."""
    if isinstance(c.receiver, Ref):
        cont = c.w.cont(c.receiver)
        item = _as_kept(c, cont, c.get("item") or Unknown())
        collect(c.w, c.receiver, item, None)
        held = c.w.cont(c.receiver)
        if cont is not None and held is not None and cont.kind == "list":
            first = c.row.kind == "front" or c.get("index") == const(0)
            items = (held.items[-1], *held.items[:-1]) if first else held.items
            ends = not c.row.kind or first
            slots = storing.at_end(c.w, cont, item, 0 if first else -1) if ends else ()
            exact = held.exact and (ends or len(items) < 2)
            c.w.heap[c.receiver.oid] = replace(held, items=items, exact=exact, slots=slots)
    return [Outcome(c.w, NONE)]


def _as_kept(c: Call, cont: Cont | None, item: Value) -> Value:
    """What a list gets in a loop: an answer is kept beside what the loop stands at."""
    if cont is None or cont.kind != "list" or not isinstance(item, Const):
        return item
    names = loop_variables(c.act.function).get(c.site.node, ())
    return beside.paired(c.w, item, [c.w.env.get((c.frame, name), Unknown()) for name in names], chosen=False)


def heap_push(c: Call) -> list[Outcome]:
    """`heappush(heap, x)`: one element more, in no order that is known."""
    c.receiver = c.get("heap")
    return shuffle(c) if add(c) else []


def heap_pop(c: Call) -> list[Outcome]:
    """`heappop(heap)`: the least of the elements, whichever that is."""
    cont = c.w.cont(given := c.get("heap"))
    if cont is None or not isinstance(given, Ref):
        return [Outcome(c.w, Unknown())]
    return _popped(c, given, cont, Unknown())


def extend(c: Call) -> list[Outcome]:
    """`extend(xs)`."""
    return _extended(c, [c.get("items")])


def update(c: Call) -> list[Outcome]:
    """`update(*xs)` of a set."""
    return _extended(c, [v for v, _ in c.rest])


def _extended(c: Call, given: list[Value | None]) -> list[Outcome]:
    for value in given:
        found = items_of(c.w, value)
        if isinstance(c.receiver, Ref):
            for item in found[0] if found else (Unknown(),):
                collect(c.w, c.receiver, item, None)
            cont = c.w.cont(c.receiver)
            if cont is not None and not (found and found[1]):
                c.w.heap[c.receiver.oid] = replace(cont, exact=False, size=None)
    return [Outcome(c.w, NONE)]


def filled(c: Call) -> list[Outcome]:
    """`super().__init__(x)` of a container's subclass."""
    cont = c.w.cont(c.receiver)
    if cont is not None and cont.kind == "dict":
        return dict_update(c)
    return _extended(c, [given]) if (given := c.get("items")) is not None else [Outcome(c.w, NONE)]


def put_under(c: Call) -> list[Outcome]:
    """`dict.__setitem__(d, key, value)`, as an own `__setitem__` calls it."""
    storing.set_item(c.w, c.receiver or Unknown(), c.get("key") or Unknown(), c.get("value") or Unknown())
    return [Outcome(c.w, NONE)]


def take_from(c: Call) -> list[Outcome]:
    """`dict.__getitem__(d, key)`."""
    return subscripts.get_item(c.m, c.act, c.w, c.receiver or Unknown(), c.get("key") or Unknown(), c.site)


def dict_update(c: Call) -> list[Outcome]:
    """`d.update(other, key=value)`."""
    before = c.w.cont(c.receiver)
    if before is None or not isinstance(c.receiver, Ref):
        return [Outcome(c.w, NONE)]
    if (given := c.get("items")) is not None:
        other = c.w.cont(given)
        if other is not None and other.kind != "dict":
            from tooearly.flow.effects_data import dict_of_pairs

            other = c.w.cont(dict_of_pairs(c, other))
        pairs = zip(other.keys, other.items, strict=False) if other is not None else [(Unknown(), Unknown())]
        for key, value in pairs:
            storing.set_item(c.w, c.receiver, key, value)
        cont = c.w.cont(c.receiver)
        if cont is not None and other is not None and not other.exact:
            c.w.heap[c.receiver.oid] = replace(cont, exact=False, nonempty=before.nonempty or other.nonempty)
    for name, value in c.args.items():
        if name != "items":
            storing.set_item(c.w, c.receiver, const(name), value)
    return [Outcome(c.w, NONE)]


def pop(c: Call) -> list[Outcome]:
    """`pop()`: the last element of a list, any of a set."""
    cont = c.w.cont(c.receiver)
    if cont is None or not isinstance(c.receiver, Ref):
        return [Outcome(c.w, Unknown())]
    index = c.get("index") or const(-1)
    return _popped(c, c.receiver, cont, index)


def popleft(c: Call) -> list[Outcome]:
    """`popleft()`: the element that `q[0]` was."""
    cont = c.w.cont(c.receiver)
    if cont is None or not isinstance(c.receiver, Ref):
        return [Outcome(c.w, Unknown())]
    return _popped(c, c.receiver, cont, const(0))


def _popped(c: Call, receiver: Ref, cont: Cont, index: Value) -> list[Outcome]:
    if cont.exact and cont.kind in ("list", "tuple") and isinstance(index, Const) and isinstance(index.value, int):
        if not -len(cont.items) <= index.value < len(cont.items):
            return [Outcome(c.w, exc=Exc("builtins.IndexError"))]
        items = list(cont.items)
        value = items.pop(index.value)
        c.w.heap[receiver.oid] = replace(cont, items=tuple(items), nonempty=False, slots=())
        return [Outcome(c.w, value)]
    key = index if cont.kind in ("list", "tuple") else None
    out: list[Outcome] = []
    if not cont.nonempty and not any(isinstance(i, Ref) and not containers.is_group(c.w, i) for i in cont.items):
        out.append(Outcome(c.w.copy(), exc=Exc("builtins.LookupError")))
    for world, value in subscripts.pick(c.act, c.w, receiver, key, c.site):
        held = world.cont(receiver)
        if held is not None:
            left = without(held, value) if isinstance(value, Ref) else held
            world.heap[receiver.oid] = replace(left, nonempty=False, slots=())
            if isinstance(value, Unknown):
                _leave_open(world, held)
        out.append(Outcome(world, value))
    return out


def _leave_open(w: World, cont: Cont) -> None:
    """Something was taken out that other code may have put there, or may not: then it was one of these futures.

    Whoever takes a plain future out of a line of them does so to set it.
    """
    for oid in [oid for value in cont.items for oid in refs(value)]:
        fut = w.heap.get(oid)
        if isinstance(fut, Fut) and fut.kind == "future" and fut.mask & PENDING:
            w.heap[oid] = replace(fut, mask=UNSEEN)


def dict_pop(c: Call) -> list[Outcome]:
    """`d.pop(key, default)`."""
    if not isinstance(c.receiver, Ref) or c.w.cont(c.receiver) is None:
        return [Outcome(c.w, Unknown())]
    key = c.get("key") or Unknown()
    out = subscripts.dict_item(c.m, c.act, c.w, c.receiver, key, c.site, c.get("default"))
    for outcome in out:
        held = outcome.world.cont(c.receiver)
        if outcome.exc is None and held is not None and isinstance(outcome.value, Ref) and outcome.value in held.items:
            outcome.world.heap[c.receiver.oid] = replace(without(held, outcome.value), nonempty=False)
    return out


def dict_popitem(c: Call) -> list[Outcome]:
    """`d.popitem()`: some key and its value."""
    out: list[Outcome] = []
    cont = c.w.cont(c.receiver)
    if cont is None or not isinstance(c.receiver, Ref):
        return [Outcome(c.w, Unknown())]
    for world, value in subscripts.pick(c.act, c.w, c.receiver, None, c.site):
        held = world.cont(c.receiver)
        key: Value = Unknown()
        if held is not None and value in held.items:
            key = held.keys[held.items.index(value)]
            world.heap[c.receiver.oid] = replace(without(held, value), nonempty=False)
        made = world.allocate(Oid(c.site, c.frame, "popped"), Cont("tuple", (key, value)))
        out.append(Outcome(world, made))
    return out or [Outcome(c.w, exc=Exc("builtins.KeyError"))]


def remove(c: Call) -> list[Outcome]:
    """`remove(x)`, `discard(x)`."""
    cont = c.w.cont(c.receiver)
    item = c.get("item")
    if cont is not None and isinstance(c.receiver, Ref) and item is not None:
        if item in cont.items and not isinstance(item, Unknown):
            c.w.heap[c.receiver.oid] = replace(without(cont, item), nonempty=False)
        elif not isinstance(item, Ref):
            c.w.heap[c.receiver.oid] = replace(cont, exact=False, nonempty=False, slots=())
    return [Outcome(c.w, NONE)]


def clear(c: Call) -> list[Outcome]:
    """`clear()`."""
    cont = c.w.cont(c.receiver)
    if cont is not None and isinstance(c.receiver, Ref):
        slots = tuple((k, v) for k, v in cont.slots if k in STANDING)
        c.w.heap[c.receiver.oid] = Cont(cont.kind, (), True, slots=slots, many=cont.many)
    return [Outcome(c.w, NONE)]


def shuffle(c: Call) -> list[Outcome]:
    """`sort()`, `reverse()`, `random.shuffle(x)`: the order is not known afterwards."""
    given = c.get("items") or c.receiver  # `Random().shuffle(x)` has both
    cont = c.w.cont(given)
    if isinstance(given, Ref) and (ordered := in_order(c, given)) is not None:
        return [_replaced(outcome, given) for outcome in ordered]
    if cont is not None and isinstance(given, Ref):
        backwards = c.row.kind == "reverse" and cont.exact
        c.w.heap[given.oid] = replace(cont, items=cont.items[::-1], slots=()) if backwards else beside.mixed_up(cont)
        if not backwards:
            beside.out_of_step(c.w, given, cont.items)
    return [Outcome(c.w, NONE)]


def _replaced(outcome: Outcome, given: Ref) -> Outcome:
    """A list has the order now that another one has."""
    made = outcome.world.cont(outcome.value)
    if made is not None:
        outcome.world.heap[given.oid] = made
    return replace(outcome, value=NONE)


def copied(c: Call) -> list[Outcome]:
    """`copy()`."""
    cont = c.w.cont(c.receiver)
    if cont is None:
        return [Outcome(c.w, Unknown())]
    return [Outcome(c.w, copy(c.w, cont, cont.kind, c.frame, c.site))]


def dict_values(c: Call) -> list[Outcome]:
    """`d.values()`."""
    cont = c.w.cont(c.receiver)
    return _listed(c, cont, cont.items if cont else ())


def dict_keys(c: Call) -> list[Outcome]:
    """`d.keys()`."""
    cont = c.w.cont(c.receiver)
    return _listed(c, cont, keys_of(c.w, cont) if cont else ())


def _listed(c: Call, cont: Cont | None, parts: tuple[Value, ...]) -> list[Outcome]:
    """A list of the keys or values of a dict, of which each stands once when they are not known one by one."""
    made = Cont("list", (Unknown(),), False)
    if cont is not None:
        made = Cont("list", parts if cont.exact else unique(parts), cont.exact, cont.nonempty)
    return [Outcome(c.w, new(c.w, c.frame, c.site, made))]


def dict_items(c: Call) -> list[Outcome]:
    """`d.items()`."""
    cont = c.w.cont(c.receiver)
    if cont is None:
        return [Outcome(c.w, Unknown())]
    keys = cont.keys or tuple(Unknown() for _ in cont.items)
    pairs: list[tuple[Value, ...]] = []
    for key, value in zip(keys, cont.items, strict=True):
        about = beside.about(value)
        named = isinstance(about, Ref) and names_object(c.w, key, about)
        pairs.append((KeyOf(about) if named and isinstance(about, Ref) else key, beside.seen(value)))
    return list_of_pairs(c, pairs if cont.exact else list(dict.fromkeys(pairs)), cont.exact, cont.nonempty)


def dict_get(c: Call) -> list[Outcome]:
    """`d.get(key, default)`."""
    if not isinstance(c.receiver, Ref) or c.w.cont(c.receiver) is None:
        return [Outcome(c.w, Unknown())]
    return subscripts.dict_item(
        c.m, c.act, c.w, c.receiver, c.get("key") or Unknown(), c.site, c.get("default") or NONE
    )


def setdefault(c: Call) -> list[Outcome]:
    """`d.setdefault(key, default)`."""
    if not isinstance(c.receiver, Ref) or c.w.cont(c.receiver) is None:
        return [Outcome(c.w, Unknown())]
    default, key = c.get("default") or NONE, c.get("key") or Unknown()
    missing = c.w.copy()
    storing.set_item(missing, c.receiver, key, default)
    out = subscripts.dict_item(c.m, c.act, c.w, c.receiver, key, c.site, Managing("missing", ()))
    return [Outcome(missing, default) if o.value == Managing("missing", ()) else o for o in out]


def dict_fromkeys(c: Call) -> list[Outcome]:
    """`dict.fromkeys(xs, value)`."""
    found = items_of(c.w, c.get("keys"))
    keys, exact, nonempty = found or ((Unknown(),), False, False)
    value = c.get("value") or NONE
    return [Outcome(c.w, new(c.w, c.frame, c.site, Cont("dict", tuple(value for _ in keys), exact, nonempty, keys)))]


def set_op(c: Call) -> list[Outcome]:
    """`union`, `intersection`, `difference`."""
    value: Value = c.receiver or Unknown()
    for other, _ in c.rest:
        value = containers.algebra(c.w, c.row.kind, value, other, c.site, c.frame)
    return [Outcome(c.w, value)]


def set_op_update(c: Call) -> list[Outcome]:
    """`difference_update`, `intersection_update`."""
    for other, _ in c.rest:
        if c.w.cont(c.receiver) is not None and c.receiver is not None:
            containers.in_place(c.w, c.row.kind, c.receiver, other, c.site, c.frame)
    return [Outcome(c.w, NONE)]
