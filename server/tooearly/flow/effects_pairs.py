"""The effects of what pairs elements: `enumerate`, `zip`, the items of a dict.

What is exact is paired in step. Of containers whose order is not known an element is paired with what was found for
it, or with the place that it has, which is known by the element itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tooearly.flow import beside, containers, instep
from tooearly.flow.containers import new
from tooearly.flow.effects_data import items_of
from tooearly.flow.effects_iterators import forever
from tooearly.flow.machine import Outcome
from tooearly.flow.mention import called, index_names
from tooearly.flow.objects import Cont
from tooearly.flow.state import World
from tooearly.flow.values import Beside, Const, KeyOf, Oid, Ref, Unknown, Value, const
from tooearly.flow.walking import held

if TYPE_CHECKING:
    from tooearly.flow.calling import Call


TURNING = frozenset(["reversed", "reordered"])  # the effects of what gives the elements in another order
MOST_ROWS = 6  # of lists in step, each with any element of the one beside any of the other


def pair(c: Call, parts: tuple[Value, ...], index: object, *, many: bool) -> Ref:
    """A tuple made by `enumerate`, `zip` or `items`; `many` stands for one per member of the groups in it."""
    oid = Oid(c.site, c.frame, ("pair", index))
    c.w.heap[oid] = Cont("tuple", parts, True, True, many=many)
    return Ref(oid)


def list_of_pairs(c: Call, rows: list[tuple[Value, ...]], exact: bool, nonempty: bool) -> list[Outcome]:
    """A list of tuples; not exact any more when one of them stands for many, or for none."""
    items: list[Value] = []
    for index, parts in enumerate(rows):
        crowd = any(containers.is_group(c.w, p) for p in parts) or not (exact or any(isinstance(p, Ref) for p in parts))
        items.append(pair(c, parts, index, many=crowd))
        exact = exact and not crowd
    return [Outcome(c.w, new(c.w, c.frame, c.site, Cont("list", tuple(items), exact, nonempty), "pairs"))]


def enumerated(c: Call) -> list[Outcome]:
    """`enumerate(x)`."""
    given = c.get("items")
    if given is not None and instep.comes_by_turns(c.w, given):
        return instep.in_step(c, [forever(c)[0].value, given])
    found = items_of(c.w, given)
    if found is None:
        return [Outcome(c.w, Unknown())]
    items, exact, nonempty = found
    start = c.get("start") or const(0)
    base = start.value if isinstance(start, Const) and isinstance(start.value, int) else None
    if exact and base is not None:
        counted: list[tuple[Value, ...]] = [(const(i + base), item) for i, item in enumerate(beside.all_seen(items))]
    else:
        listed = base == 0 and (cont := c.w.cont(given)) is not None and cont.kind == "list"
        asked = listed and bool(index_names(c.act.function))
        counted = [(_place(item) if asked else Unknown(), beside.seen(item)) for item in items]
    return list_of_pairs(c, counted, exact, nonempty)


def _place(item: Value) -> Value:
    """The index of an element of a list of which the order is not known."""
    held = beside.about(item)
    return KeyOf(held) if isinstance(held, Ref) else Unknown()


def zipped(c: Call) -> list[Outcome]:
    """`zip(a, b)`: pairs in step when it is known how many, else each element with something unknown beside it."""
    sources = [v for v, starred in c.rest if not starred]
    if len(sources) == len(c.rest) <= instep.SOURCES and any(instep.comes_by_turns(c.w, v) for v in sources):
        return instep.in_step(c, sources)
    given = [_one_by_one(c.w, v) for v, _ in c.rest]
    if all(g is not None and g[1] for g in given):
        exact = zip(*(beside.all_seen(g[0]) for g in given if g is not None), strict=False)
        return list_of_pairs(c, list(exact), True, False)
    columns: list[list[Value]] = []
    for found in given:
        items: list[Value] = [i for i in (found[0] if found else ()) if isinstance(i, Ref | Beside)]
        columns.append(items or [Unknown()])
    rows: list[tuple[Value, ...]] = [()]
    for column in columns:
        rows = [(*row, value) for row in rows for value in column][: MOST_ROWS**2]
    turned = any(called(arg) in c.m.rows.named(TURNING) for arg in getattr(c.site.node, "args", ()))
    # What is turned on the spot has an order of its own.
    kept = list(map(beside.all_seen, rows) if turned else beside.in_step(c.w, rows))[:MOST_ROWS]
    return list_of_pairs(c, kept, False, all(g is not None and g[2] for g in given))


def _one_by_one(w: World, value: Value) -> tuple[tuple[Value, ...], bool, bool] | None:
    """`items_of`, and a few characters, or a known number of things that are not followed, one after the other."""
    match value:
        case Const(str() as text) if 0 < len(text) <= containers.MOST:
            return tuple(const(character) for character in text), True, True
    cont = w.cont(value)
    size = None if cont is None or cont.exact or held(cont) or len(cont.items) != 1 else cont.length
    if cont is not None and size is not None and size <= containers.MOST:
        return cont.items * size, True, True
    return items_of(w, value)
