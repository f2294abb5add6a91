"""Summaries that are kept for all who call a function: other roots, and the next version of the text.

A summary is found by interpreting the body in a machine of its own, which begins with nothing: so it is the same
whoever asks first. What it rests on is noted as for an analysis (`remember`), and so is what it cost: whoever uses it
is charged as if he had found it himself, because where the budget ends must not depend on what was known before.

A function that comes to itself again has no summary at that place. If that happens by way of others, what was found
for those holds in this place only, and is not kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tooearly.flow.machine import Act, Machine, Started
from tooearly.flow.values import Const, Coro, Exc, Unknown
from tooearly.semantics.names import Module

if TYPE_CHECKING:
    from tooearly.flow.summaries import Summary

MOST_DEPTH = 6
Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A summary, or that there is none; what that rests on, how bodies of tasks end, and the steps it took."""

    summary: Summary | None
    rests_on: frozenset[object]
    modules: dict[str, Module | None]
    raises: dict[Started, frozenset[Exc]]
    steps: int


def may_share(m: Machine, act: Act, call: Coro) -> bool:
    """Whether what is found for a call holds elsewhere: nothing is given but constants and what nothing is known of."""
    if m.record_states or act.depth > MOST_DEPTH:
        return False
    named = [value for _, value in call.kwargs]
    return all(isinstance(a, Const) or (isinstance(a, Unknown) and not a.type) for a in call.args) and all(
        isinstance(value, Const) or value == Unknown() for value in named
    )


def find(m: Machine, act: Act, key: Key, work: Callable[[Machine, Act], Summary | None]) -> Summary | None:
    """The summary under a key that holds plain values, by `work` when nobody has found it yet."""
    if _comes_again(m, key):
        return None
    place = *key, act.depth
    found = m.shared.get(place)
    if found is None:
        found, holds = _found(m, act, key, work)
        if holds:
            m.shared[place] = found
    m.rests |= found.rests_on
    m.consulted |= {("module", name): module for name, module in found.modules.items()}
    for call, ends in found.raises.items():
        m.raises[call] = m.raises.get(call, frozenset()) | ends
    m.charge(found.steps)
    return found.summary


def _comes_again(m: Machine, key: Key) -> bool:
    """Whether the function is just being looked into; what was found on the way back to it is then not kept."""
    between: list[Machine] = []
    here: Machine | None = m
    while here is not None and here.own != key:
        between.append(here)
        here = here.outer
    if here is None:
        return False
    for machine in between:
        machine.holds = False
    here.holds = here.holds and not between
    return True


def _found(m: Machine, act: Act, key: Key, work: Callable[[Machine, Act], Summary | None]) -> tuple[Found, bool]:
    """A summary, and whether it holds everywhere."""
    module = next(iter(m.modules.values()))
    assert module is not None
    inner = Machine(module, m.rows, m.load_module, eager=m.eager)
    inner.outer, inner.own, inner.shared, inner.stop = m, key, m.shared, m.stop
    inner.quiet = 1
    summary, asked = module.bindings.during(lambda: work(inner, replace(act, frame=(), caller=None)))
    modules = {name[1]: value for name, value in inner.consulted.items() if name[0] == "module"}
    return Found(summary, inner.rests_on(asked), modules, inner.raises, inner.steps), inner.holds
