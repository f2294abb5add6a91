"""The effects of what makes iterators and asks them for more: `iter`, `next`, `send`, `count`, `cycle`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tooearly.flow.attributes import find_method
from tooearly.flow.binding import Args
from tooearly.flow.calling import unknown_call
from tooearly.flow.containers import SETS
from tooearly.flow.machine import Outcome
from tooearly.flow.objects import Iterating
from tooearly.flow.values import Api, Exc, Oid, Ref, Unknown

if TYPE_CHECKING:
    from tooearly.flow.calling import Call


def forever(c: Call) -> list[Outcome]:
    """`itertools.count()`."""
    return [Outcome(c.w, c.w.allocate(Oid(c.site, c.frame, "it"), Iterating("forever", (), False)))]


def cycle(c: Call) -> list[Outcome]:
    """`itertools.cycle(x)`: nobody goes round and round in something empty."""
    given = c.get("items")
    cont = c.w.cont(given)
    made = Iterating("forever", generator=given if cont is not None and cont.items else None, exact=False)
    if cont is not None and cont.exact:
        made = Iterating("forever" if cont.items else "plain", cont.items)
    return [Outcome(c.w, c.w.allocate(Oid(c.site, c.frame, "it"), made))]


def make_iterator(c: Call) -> list[Outcome]:
    """`iter(x)`; that of a set knows its set, since the first of its elements stays the first."""
    from tooearly.flow.iterate import iterator

    given = c.get("items") or Unknown()
    cont = c.w.cont(given)
    out = iterator(c.m, c.act, c.w, given, c.site, False)
    for outcome in out if cont is not None and cont.kind in SETS and not cont.many else ():
        made = outcome.world.heap.get(outcome.value.oid) if isinstance(outcome.value, Ref) else None
        if isinstance(made, Iterating) and isinstance(outcome.value, Ref):
            outcome.world.heap[outcome.value.oid] = replace(made, generator=given)
    return out


def take_next(c: Call) -> list[Outcome]:
    """`next(it, default)`."""
    from tooearly.flow.iterate import advance, iterator

    out: list[Outcome] = []
    default = c.get("default")
    given = c.get("iterator") or Unknown()
    own = find_method(c.m, c.w, given, "__next__") is not None
    for start in [Outcome(c.w, given)] if own else iterator(c.m, c.act, c.w, given, c.site, False):
        for label, outcome in advance(c.m, c.act, start.world, start.value, c.site, False):
            if label != "exhausted":
                out.append(outcome)
            elif default is not None:
                out.append(Outcome(outcome.world, default))
            else:
                out.append(Outcome(outcome.world, exc=Exc("builtins.StopIteration")))
    return out


def send(c: Call) -> list[Outcome]:
    """`generator.send(value)`."""
    from tooearly.flow.draining import sent

    found = sent(c, is_async=False)
    if found is not None:
        return found
    given: Args = [(c.receiver or Unknown(), False), (c.get("value") or Unknown(), False)]
    return unknown_call(c.m, c.act, c.w, Api(c.row.name), given, [], c.site)
