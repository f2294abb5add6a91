"""The effects of functions that make, walk through or ask about containers.

What is exact stays exact as long as it can: `zip` of two exact lists pairs them in step, `enumerate` counts. A
function of something inexact gives an inexact container of the same elements and groups, so that what is learnt of
them later holds there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from tooearly.flow import beside, containers, instep, slices, subscripts
from tooearly.flow.attributes import find_method
from tooearly.flow.calling import give_away
from tooearly.flow.containers import FACTORY, copy, new
from tooearly.flow.indices import slice_value
from tooearly.flow.machine import Outcome
from tooearly.flow.mention import subscript_parts
from tooearly.flow.objects import Cont, Fut, Inst, Iterating
from tooearly.flow.state import World
from tooearly.flow.stretches import by_stretches, next_of, through
from tooearly.flow.values import (
    FALSE,
    NONE,
    TRUE,
    Const,
    Exc,
    Length,
    Oid,
    Ref,
    Unknown,
    Value,
    atoms,
    const,
    unique,
)

if TYPE_CHECKING:
    from tooearly.flow.calling import Call


def items_of(w: World, value: Value | None) -> tuple[tuple[Value, ...], bool, bool] | None:
    """(items, exact, nonempty) of a container (the keys of a dict) or an unfinished iterator."""
    obj = w.heap.get(value.oid) if isinstance(value, Ref) else None
    match obj:
        case Cont(kind="dict"):
            return keys_of(w, obj), obj.exact, obj.nonempty
        case Cont():
            return obj.items, obj.exact, obj.nonempty
        case Iterating(kind=kind) if kind in ("plain", "each", "turns", "pending", "unknown"):
            return obj.items, obj.exact, obj.nonempty
    return None


def keys_of(w: World, cont: Cont) -> tuple[Value, ...]:
    """The keys of a dict; what it holds stands for keys that are not known."""
    held = [beside.about(item) for item in cont.items]
    return tuple(v if names_object(w, k, v) else k for k, v in zip(cont.keys, held, strict=True))


def names_object(w: World, key: Value, value: Value) -> bool:
    """Whether a key of a dict is known only by what is held under it."""
    held = w.heap.get(value.oid) if isinstance(value, Ref) else None
    return isinstance(key, Unknown) and not key.type and isinstance(held, Fut | Cont | Inst)


def length(c: Call) -> Iterator[Outcome] | list[Outcome]:
    """`len(x)`; of an object of the workspace what its `__len__` gives."""
    obj = c.get("obj")
    own = find_method(c.m, c.w, obj, "__len__") if obj is not None else None
    if own is not None:
        from tooearly.flow.calling import call

        return call(c.m, c.act, c.w, own, [], [], c.site)
    cont = c.w.cont(obj)
    if cont is None or not isinstance(obj, Ref):
        return [Outcome(c.w, Unknown())]
    known = cont.exact and not _is_part(c.w, cont)
    return [Outcome(c.w, const(len(cont.items)) if known else Length(obj.oid))]


def _is_part(w: World, part: Cont) -> bool:
    """Whether futures are in a container of which less is known: how many they are may tell that they are all of it."""
    futures = {item for item in part.items if w.fut(item) is not None}
    return bool(futures) and any(
        isinstance(obj, Cont) and not obj.exact and not futures.isdisjoint(obj.items) for obj in w.heap.values()
    )


def container(c: Call) -> list[Outcome]:
    """`list(x)`, `set(x)`, `dict(x)` and their like."""
    given = c.get("items")
    if given is None:
        named = tuple(c.args.items()) if c.row.kind == "dict" else ()
        keys = tuple(const(n) for n, _ in named)
        return [
            Outcome(
                c.w, new(c.w, c.frame, c.site, Cont(c.row.kind, tuple(v for _, v in named), True, bool(named), keys))
            )
        ]
    cont = c.w.cont(given)
    if c.row.kind == "dict":
        if cont is not None and cont.kind == "dict":
            return [Outcome(c.w, copy(c.w, cont, "dict", c.frame, c.site))]
        return [Outcome(c.w, dict_of_pairs(c, cont))]
    if cont is not None:
        if cont.kind == "dict" and not cont.exact:
            cont = replace(cont, keys=keys_of(c.w, cont))
        return [Outcome(c.w, copy(c.w, cont, c.row.kind, c.frame, c.site, ordered=cont.kind != "set"))]
    found = items_of(c.w, given)
    if found is None and instep.comes_by_turns(c.w, given):
        give_away(c.w, [given])
    items, exact, nonempty = found or ((Unknown(),), False, False)
    return [Outcome(c.w, new(c.w, c.frame, c.site, Cont(c.row.kind, items, exact, nonempty)))]


def dict_of_pairs(c: Call, cont: Cont | None) -> Ref:
    """A dict of a list of pairs."""
    keys: list[Value] = []
    values: list[Value] = []
    exact = cont is not None and cont.exact
    for item in cont.items if cont is not None else ():
        pair = c.w.cont(item)
        known = pair is not None and pair.exact and len(pair.items) == 2
        key, value = pair.items if pair is not None and known else (Unknown(), Unknown())
        keys.append(key)
        values.append(beside.paired(c.w, value, [key], chosen=False))
        exact = exact and known and not (pair is not None and pair.many)
    if cont is None:
        keys, values = [Unknown()], [Unknown()]
    return new(c.w, c.frame, c.site, Cont("dict", tuple(values), exact, bool(values) and exact, tuple(keys)))


def defaultdict(c: Call) -> list[Outcome]:
    """`defaultdict(list)`: a missing key makes a new value."""
    factory = c.get("factory") or NONE
    return [Outcome(c.w, new(c.w, c.frame, c.site, Cont("dict", (), True, slots=((FACTORY, factory),))))]


def reordered(c: Call) -> list[Outcome]:
    """`sorted(x)`: the same elements in an order that is not known, unless they are constants."""
    from tooearly.flow.by_answer import in_order
    from tooearly.flow.draining import compared

    out: list[Outcome] = []
    if (ordered := in_order(c, c.get("items"))) is not None:
        return ordered
    for given in compared(c):
        found = items_of(given.world, given.value)
        if given.exc is None and found is not None:
            out.append(Outcome(given.world, new(given.world, c.frame, c.site, _in_order(c, *found))))
        else:
            out.append(Outcome(given.world, Unknown(), given.exc))
    return out


def _in_order(c: Call, items: tuple[Value, ...], exact: bool, nonempty: bool) -> Cont:
    values = [item.value for item in items if isinstance(item, Const)]
    if exact and len(values) == len(items) and len({type(value) for value in values}) == 1 and len(c.args) == 1:
        with suppress(TypeError):
            return Cont("list", tuple(const(value) for value in sorted(values)), True, True)
    return beside.mixed_up(Cont("list", items, exact, nonempty))


def reverse(c: Call) -> list[Outcome]:
    """`reversed(x)`."""
    found = items_of(c.w, c.get("items"))
    if found is None:
        return [Outcome(c.w, Unknown())]
    items, exact, nonempty = found
    return [Outcome(c.w, new(c.w, c.frame, c.site, Cont("list", items[::-1], exact, nonempty)))]


def chained(c: Call) -> list[Outcome]:
    """`itertools.chain(a, b)`."""
    items: tuple[Value, ...] = ()
    exact = True
    for value, _ in c.rest:
        found = items_of(c.w, value)
        items = (*items, *(found[0] if found else (Unknown(),)))
        exact = exact and found is not None and found[1]
    return [_one_list(c, items, exact=exact)]


def flatten(c: Call) -> list[Outcome]:
    """`chain.from_iterable(x)`."""
    found = items_of(c.w, c.get("items"))
    items: tuple[Value, ...] = ()
    exact = found is not None and found[1]
    for value in found[0] if found else (Unknown(),):
        inner = items_of(c.w, value)
        items = (*items, *(inner[0] if inner else (Unknown(),)))
        exact = exact and inner is not None and inner[1] and not containers.is_group(c.w, value)
    return [_one_list(c, items, exact=exact)]


def _one_list(c: Call, items: tuple[Value, ...], *, exact: bool) -> Outcome:
    """A new list of these elements; `exact`: there are no others, and this is their order."""
    short = exact and len(items) <= containers.MOST
    return Outcome(c.w, new(c.w, c.frame, c.site, Cont("list", items if short else unique(items), short)))


def part(c: Call) -> list[Outcome]:
    """`islice(x, n)`: some of the elements."""
    given, start, stop = c.get("items"), c.get("start"), c.get("stop")
    if stop is None and (taken := next_of(c.act, c.w, given, start, c.site)) is not None:
        return taken
    cont = c.w.cont(given)
    if cont is None or not isinstance(given, Ref):
        return [Outcome(c.w, Unknown())]
    key = slice_value([None, start, None] if stop is None else [start, stop, c.get("step")])
    if cont.kind in ("list", "tuple"):
        return slices.slice_of(c.m, c.act, c.w, given, key, c.site)
    return slices.unknown_part(c.act, c.w, given, c.site)


def batched(c: Call) -> list[Outcome]:
    """`itertools.batched(x, n)`."""
    made = through(c.w, c.get("items"), "batches", c.get("n"))
    return [Outcome(c.w, Unknown() if made is None else c.w.allocate(Oid(c.site, c.frame, "it"), made))]


def counting(c: Call) -> list[Outcome]:
    """`range(n)`: known to run at least once when its bounds are constant."""
    values = [c.get(p) for p in ("a", "b", "c") if c.get(p) is not None]
    some = False
    if (made := by_stretches(c.act, c.w, [c.get(p) for p in ("a", "b", "c")], c.site)) is not None:
        return [Outcome(c.w, c.w.allocate(Oid(c.site, c.frame, "it"), made))]
    if len(values) == 1 and isinstance(values[0], Length):
        source = c.w.heap.get(values[0].container)
        if isinstance(source, Cont) and source.kind != "dict":
            made = Iterating("indices", source.items, False, source.nonempty, Ref(values[0].container))
            return [Outcome(c.w, c.w.allocate(Oid(c.site, c.frame, "it"), made))]
    given = c.site.node.args if hasattr(c.site.node, "args") else []
    if len(values) == 1 and isinstance(values[0], Const) and given and type(given[0]).__name__ == "Call":
        count = values[0].value if isinstance(values[0].value, int) else 9
        if count <= 8:  # range(len(...)) of a container that is known element by element
            return [Outcome(c.w, new(c.w, c.frame, c.site, Cont("list", tuple(const(i) for i in range(count)))))]
    if values and all(isinstance(v, Const) and v.kind == "int" for v in values):
        numbers = [v.value for v in values if isinstance(v, Const)]
        if len(numbers) < 3 or numbers[2] != 0:
            some = len(range(*numbers)) > 0
            if not some:
                return [Outcome(c.w, new(c.w, c.frame, c.site, Cont("list", (), True)))]
    size = len(range(*numbers)) if some else None
    return [Outcome(c.w, new(c.w, c.frame, c.site, Cont("list", (Unknown(),), False, some, size=size)))]


def one_of(c: Call) -> list[Outcome]:
    """`max(x)`, `min(x)`, `random.choice(x)`: one of the elements."""
    from tooearly.flow.by_answer import extreme
    from tooearly.flow.draining import compared

    given = c.get("items")
    if c.rest and not any(starred for _, starred in c.rest):
        values = unique((given, *(v for v, _ in c.rest)))
        if c.site.node in subscript_parts(c.act.function) and any(atoms(value) for value in values):
            values = tuple(v for v in values if not isinstance(v, Length))  # no slice goes past the end anyway
        return [Outcome(c.w.copy(), value) for value in values]
    if c.w.cont(given) is None or not isinstance(given, Ref):
        return [Outcome(c.w, Unknown())]
    out: list[Outcome] = []
    if (found := extreme(c, given)) is not None:
        return found
    for outcome in compared(c):
        if outcome.exc is not None or not isinstance(outcome.value, Ref):
            out.append(outcome)
        else:
            out += [Outcome(w, v) for w, v in subscripts.pick(c.act, outcome.world, outcome.value, None, c.site)]
    return out or [Outcome(c.w, exc=Exc("builtins.ValueError"))]


def every(c: Call) -> list[Outcome]:
    """`all(x)` of known truths."""
    return _quantified(c, FALSE, TRUE)


def some(c: Call) -> list[Outcome]:
    """`any(x)` of known truths."""
    return _quantified(c, TRUE, FALSE)


def _quantified(c: Call, decisive: Const, other: Const) -> list[Outcome]:
    """The answer is `decisive` when one of the elements is, and the `other` truth when none can be."""
    found = items_of(c.w, c.get("items"))
    items = found[0] if found else (Unknown(),)
    if all(beside.seen(item) in (decisive, other) for item in items):
        ways = beside.holding(c.w, items, (decisive,))
        return [Outcome(w, decisive if held else other) for held, w in ways]
    return [Outcome(c.w, decisive if decisive in items else Unknown())]
