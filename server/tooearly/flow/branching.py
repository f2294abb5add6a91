"""Which way a condition goes: by the truth of its value, by what was decided before, by what running tasks tell."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from tooearly.flow import latches, operators, special, telling
from tooearly.flow.machine import Act, Machine, Outcome
from tooearly.flow.state import World
from tooearly.flow.values import Choice, Ref, Unknown, Value


def branch(
    m: Machine, act: Act, w: World, node: ast.AST, value: Value, key: str | None, *, remember: bool
) -> Iterator[tuple[str, Outcome]]:
    """Leave by the truth of a value; a condition that was decided before (and has not changed) is not asked again."""
    if isinstance(value, Ref) and special.method(m, w, value, special.TRUTH) is not None:
        for asked in special.truth(m, act, w, value, node):
            ways = operators.truths(asked.world, asked.value) if asked.exc is None else [(True, asked.world)]
            yield from (("true" if truth else "false", replace(asked, world=world)) for truth, world in ways)
        return
    fact = (act.frame, key) if key else None
    known = w.facts.get(fact) if fact else None
    if known is None and w.facts and (excluded(act, w, key) or w.facts.get((("none", value), "$"))):
        known = False
    if m.telling:
        decided = known is not None or len(list(operators.truths(w.copy(), value))) == 1
        changed = telling.heard(act, w, node, decided=decided)
        if changed is not None:
            yield from (("true", Outcome(changed)), ("false", Outcome(changed.copy())))
    last = latches.last_if(m, act, node)
    for truth, world in operators.truths(w, value):
        if known is not None and truth != known:
            continue
        if truth == last:
            latches.all_counted(act, world)
        if fact and remember and isinstance(value, Unknown | Choice):
            world.facts[fact] = truth
        yield ("true" if truth else "false"), Outcome(world)


def excluded(act: Act, w: World, key: str | None) -> bool:
    """What is None is not true, and the other way round."""
    if key is None:
        return False
    plain, is_none, _ = key.partition(" is None")
    return w.facts.get((act.frame, plain if is_none else f"{key} is None"), False)
