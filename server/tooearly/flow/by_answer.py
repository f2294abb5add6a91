"""What is ordered by an answer of its elements: `sorted(tasks, key=Task.done)`, `max(tasks, key=lambda t: t.done())`.

The elements of which the answer is false come before those of which it is true. So each way to give the answers is a
world, in which the first and the last element are known by the part that they are in.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tooearly.flow import containers, subscripts
from tooearly.flow.draining import walk
from tooearly.flow.machine import Outcome
from tooearly.flow.mention import called
from tooearly.flow.objects import Cont
from tooearly.flow.operators import truths
from tooearly.flow.relevance import target_function
from tooearly.flow.sizes import emptiness
from tooearly.flow.state import World
from tooearly.flow.storing import collect
from tooearly.flow.values import FALSE, NONE, TRUE, Api, Exc, Ref, Value, const

if TYPE_CHECKING:
    from tooearly.flow.calling import Call

ANSWERING = frozenset(["cancelled", "done"])  # effects


@dataclass(frozen=True, slots=True)
class Parted:
    """The elements in two parts, in the world in which they are these: what comes first, and what last."""

    world: World
    first: Ref
    last: Ref


def is_answer(c: Call, key: Value | None) -> bool:
    """Whether a key function asks for such an answer, and for nothing else."""
    if isinstance(key, Api):
        return key.name in c.m.rows and c.m.rows[key.name].call in ANSWERING
    target = target_function(key) if key is not None else None
    node = target.function.node if target is not None else None
    body = node.body if isinstance(node, ast.Lambda) else None
    asked = body.operand if isinstance(body, ast.UnaryOp) and isinstance(body.op, ast.Not) else body
    return called(asked) in c.m.rows.named(ANSWERING)


def in_order(c: Call, given: Value | None) -> list[Outcome] | None:
    """`sorted(x, key)`, `x.sort(key)`: a list of which the first and the last element are known."""
    parts = _parted(c, given)
    if parts is None:
        return None
    out: list[Outcome] = []
    for part in parts:
        if isinstance(part, Outcome):
            out.append(part)
            continue
        for first in _one_of(c, part.world, part.first, part.last):
            if first.exc is not None:
                out.append(Outcome(first.world, containers.new(first.world, c.frame, c.site, Cont("list"), "ordered")))
                continue
            for last in _one_of(c, first.world, part.last, part.first):
                ends = ((const(0), first.value), (const(-1), last.value))
                items = (*_items(last.world, part.first), *_items(last.world, part.last))
                cont = Cont("list", items, False, True, slots=ends)
                out.append(Outcome(last.world, containers.new(last.world, c.frame, c.site, cont, "ordered")))
    return out


def _items(w: World, part: Ref) -> tuple[Value, ...]:
    cont = w.cont(part)
    return cont.items if cont is not None else ()


def extreme(c: Call, given: Value | None) -> list[Outcome] | None:
    """`max(x, key)`, `min(x, key)`: one of the part that comes last, or first, if there is one in it."""
    parts = _parted(c, given)
    if parts is None:
        return None
    last = c.row.kind == "last"
    out: list[Outcome] = []
    for part in parts:
        if isinstance(part, Outcome):
            out.append(part)
        else:
            ends = (part.last, part.first) if last else (part.first, part.last)
            out += _one_of(c, part.world, *ends)
    return out


def _one_of(c: Call, w: World, part: Ref, other: Ref) -> Iterator[Outcome]:
    """An element of the one part, of the other when that is empty; an exception when both are."""
    for some, world in emptiness(w.copy(), part):
        for any_left, held in [(True, world)] if some else emptiness(world, other):
            if not any_left:
                yield Outcome(held, exc=Exc("builtins.ValueError"))
                continue
            for picked, value in subscripts.pick(c.act, held, part if some else other, None, c.site):
                yield Outcome(picked, value)


def _parted(c: Call, given: Value | None) -> list[Parted | Outcome] | None:
    """The elements by the answer that a key function gives; None when it gives no such answer."""
    from tooearly.flow.calling import call

    key, reverse = c.get("key"), c.get("reverse") or FALSE
    if not is_answer(c, key) or reverse not in (TRUE, FALSE) or c.w.cont(given) is None or given is None:
        return None
    kept = {truth: (c.frame, f"$answers {truth}") for truth in (False, True)}
    for truth, name in kept.items():
        c.w.env[name] = containers.new(c.w, c.frame, c.site, Cont("list"), f"answers {truth}")

    def turn(world: World, value: Value) -> list[Outcome]:
        out: list[Outcome] = []
        for answer in call(c.m, c.act, world, key or NONE, [(value, False)], [], c.site):
            for truth, decided in truths(answer.world, answer.value) if answer.exc is None else ():
                collect(decided, decided.env[kept[truth]], value, None)
                out.append(Outcome(decided))
        return out

    found: list[Parted | Outcome] = []
    for outcome in walk(c.m, c.act, c.w, given, c.site, turn):
        parts = [outcome.world.env.pop(name) for name in kept.values()]
        first, last = parts if reverse == FALSE else parts[::-1]
        if outcome.exc is not None or not isinstance(first, Ref) or not isinstance(last, Ref):
            found.append(outcome)
        else:
            found.append(Parted(outcome.world, first, last))
    return found
