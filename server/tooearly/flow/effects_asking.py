"""What methods ask a container about its elements: where one is, how many there are, which are shared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tooearly.flow import beside, containers, sizes
from tooearly.flow.containers import is_group, new
from tooearly.flow.machine import Outcome
from tooearly.flow.objects import Cont
from tooearly.flow.values import FALSE, TRUE, Const, Exc, KeyOf, Length, Ref, Unknown, const

if TYPE_CHECKING:
    from tooearly.flow.calling import Call


def index_of(c: Call) -> list[Outcome]:
    """`xs.index(x)`: the place of a future, or of the first answer that is kept beside one."""
    cont, item = c.w.cont(c.receiver), c.get("item")
    if cont is None or item is None or isinstance(item, Unknown):
        return [Outcome(c.w, Unknown())]
    missing = [Outcome(c.w.copy(), exc=Exc("builtins.ValueError"))]
    if cont.exact and all(isinstance(held, Const | Ref) for held in cont.items):
        return [Outcome(c.w, const(cont.items.index(item)))] if item in cont.items else missing
    if isinstance(item, Ref) and item in cont.items and not is_group(c.w, item):
        return [Outcome(c.w, KeyOf(item))]
    if isinstance(item, Const) and beside.answers(cont.items):
        return [*_first_answer(c, cont, item), *missing]
    return [Outcome(c.w, Unknown()), *missing]


def _first_answer(c: Call, cont: Cont, wanted: Const) -> list[Outcome]:
    out: list[Outcome] = []
    for held in cont.items:
        about = beside.about(held)
        if beside.seen(held) == wanted and isinstance(about, Ref):
            world = c.w.copy()
            one = world.element(about, c.site, c.frame) if is_group(world, about) else about
            out.append(Outcome(world, KeyOf(one)))
    return out


def count_of(c: Call) -> list[Outcome]:
    """`flags.count(True)`: as many as there are futures beside which that answer is kept."""
    cont, item = c.w.cont(c.receiver), c.get("item")
    if cont is None or not isinstance(item, Const):
        return [Outcome(c.w, Unknown())]
    if cont.exact and all(isinstance(held, Const) for held in cont.items):
        return [Outcome(c.w, const(cont.items.count(item)))]
    if not beside.answers(cont.items) or not all(isinstance(beside.about(held), Ref) for held in cont.items):
        return [Outcome(c.w, Unknown())]
    such = tuple(beside.about(held) for held in cont.items if beside.seen(held) == item)
    made = new(c.w, c.frame, c.site, Cont("list", such, False), "counted")
    return [Outcome(c.w, Length(made.oid))]


def subset(c: Call) -> list[Outcome]:
    """`issubset`, `issuperset`."""
    other = c.get("other")
    if c.w.cont(other) is None or c.receiver is None or other is None:
        return [Outcome(c.w, Unknown())]
    return sizes.compare_sets(c.w, c.row.kind, c.receiver, other)


def disjoint(c: Call) -> list[Outcome]:
    """`isdisjoint`: when true, what the two share has no members."""
    a, b = c.w.cont(c.receiver), c.w.cont(c.get("other"))
    if a is None or b is None:
        return [Outcome(c.w, Unknown())]
    shared = [i for i in a.items if i in b.items]
    if any(not containers.is_group(c.w, i) for i in shared):
        return [Outcome(c.w, FALSE)]
    apart = c.w.copy()
    for item in shared:
        assert isinstance(item, Ref)
        apart.forget_members(item.oid)
    return [Outcome(apart, TRUE), Outcome(c.w, FALSE)] if shared else [Outcome(c.w, TRUE)]
