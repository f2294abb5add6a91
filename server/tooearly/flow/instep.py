"""Iterators that are walked in step: `zip` and `enumerate` of something that is not there yet.

What is given turn by turn (the futures of `as_completed`, a generator) must be walked turn by turn, or what its turns
prove would be lost. Each turn takes one from each; the first that is exhausted ends it, and the others stay where they
are, as with the real `zip`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tooearly.flow.containers import new
from tooearly.flow.draining import is_generator
from tooearly.flow.machine import Act, Machine, Outcome
from tooearly.flow.objects import Cont, Iterating
from tooearly.flow.state import Key, World
from tooearly.flow.values import Oid, Ref, Site, Value

if TYPE_CHECKING:
    from tooearly.flow.calling import Call

KNOWN_AT_ONCE = ("plain", "each", "pending", "unknown")
SOURCES = 3  # that are walked in step


def comes_by_turns(w: World, value: Value | None) -> bool:
    """Whether what an iterable gives is not there before it is asked."""
    if value is None:
        return False
    obj = w.heap.get(value.oid) if isinstance(value, Ref) else None
    return is_generator(w, value) or (isinstance(obj, Iterating) and obj.kind not in KNOWN_AT_ONCE)


def in_step(c: Call, sources: list[Value]) -> list[Outcome]:
    """An iterator over tuples with one element of each source."""
    from tooearly.flow.iterate import iterator

    worlds: list[tuple[World, tuple[Value, ...]]] = [(c.w, ())]
    failed: list[Outcome] = []
    for source in sources:
        following: list[tuple[World, tuple[Value, ...]]] = []
        for world, before in worlds:
            for made in iterator(c.m, c.act, world, source, c.site, False):
                if made.exc is None:
                    following.append((made.world, (*before, made.value)))
                else:
                    failed.append(made)
        worlds = following
    site = Oid(c.site, c.frame, "in step")
    return [*failed, *(Outcome(w, w.allocate(site, Iterating("in step", walked, True))) for w, walked in worlds)]


def advance_all(m: Machine, act: Act, w: World, walked: tuple[Value, ...], site: Site) -> Iterator[tuple[str, Outcome]]:
    """The next turn: one of each, in their order; what has been taken is named while the others are asked."""
    above = sum(frame == act.frame and str(name).startswith("$taken") for frame, name in w.env)  # it is walked in step
    taken = tuple((act.frame, f"$taken{above + i}") for i in range(len(walked)))
    return _take(m, act, w, walked, taken, site, 0)


def _take(
    m: Machine, act: Act, w: World, walked: tuple[Value, ...], taken: tuple[Key, ...], site: Site, index: int
) -> Iterator[tuple[str, Outcome]]:
    from tooearly.flow.iterate import advance

    if index == len(walked):
        row = tuple(w.env.pop(name) for name in taken)
        yield "item", Outcome(w, new(w, act.frame, site, Cont("tuple", row, True, True), "row"))
        return
    for label, outcome in advance(m, act, w, walked[index], site, False):
        if outcome.exc is None and label != "exhausted":
            outcome.world.env[taken[index]] = outcome.value
            yield from _take(m, act, outcome.world, walked, taken, site, index + 1)
            continue
        for name in taken[:index]:
            outcome.world.env.pop(name, None)
        yield label, outcome
