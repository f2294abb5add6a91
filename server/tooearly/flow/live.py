"""Liveness: which variables and temporaries can still be read at the start of a block.

A backward may-analysis over the graph: a block is looked at again when what follows it has changed. Worlds that differ
only in dead variables are equal once those are dropped, which is what keeps the number of worlds small. Names that a
nested function mentions are always live: it may run later.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from functools import lru_cache
from typing import Any

from tooearly.flow import cfg
from tooearly.flow.cfg import Block, Graph, Step

_SKIP = {
    "node",
    "depth",
    "attr",
    "op",
    "is_async",
    "raising",
    "label",
    "star",
    "kind",
    "key_text",
    "once",
    "function",
    "cls",
    "pattern",
}


def uses_and_defs(step: Step) -> tuple[set[object], set[object]]:
    """The temporaries and own-frame names that a step reads and writes."""
    match step:
        case cfg.Load(_, dst, name, depth):
            return ({name} if depth == 0 else set()), {dst}
        case cfg.Store(_, name, depth, src):
            return {src}, ({name} if depth == 0 else set())
        case cfg.Constant(_, dst) | cfg.Import(_, dst):
            return set(), {dst}
        case cfg.Unpack(_, src, dsts):
            return {src}, set(dsts)
        case cfg.MatchPattern(_, subject, _, values, captures):
            return {subject, *(temp for _, temp in values)}, {temp for _, temp in captures}
        case cfg.Branch(_, test):
            return {test}, set()
        case cfg.Next(_, dst, iterator, _):
            return {iterator}, {dst}
        case cfg.SetToken(_, token, _):
            return set(), {token}
        case cfg.Delete(_, name, depth):
            return set(), ({name} if depth == 0 else set())
    uses: set[object] = set()
    kind: Any = type(step)
    for name in _temporaries(kind):
        _collect(getattr(step, name), uses)
    return uses, {step.dst} if hasattr(step, "dst") else set()


@lru_cache(maxsize=256)
def _temporaries(kind: Any) -> tuple[str, ...]:
    """The fields of a kind of steps that hold temporaries which it reads."""
    return tuple([item.name for item in fields(kind) if item.name not in _SKIP and item.name != "dst"])


def demanded(step: Step, uses: Iterable[object]) -> tuple[object, ...]:
    """The temporaries (and the exception in flight) that a step looks into; others of `uses` it only passes on."""
    match step:
        case cfg.Copy() | cfg.Store() | cfg.Catch() | cfg.SetToken() | cfg.SetReturn():
            return ()
        case cfg.Raise(_, None) | cfg.MatchExc() | cfg.Exit():
            return (*_temps(uses), "$exc")
    return _temps(uses)


def _temps(uses: Iterable[object]) -> tuple[object, ...]:
    return tuple([name for name in uses if isinstance(name, int)])


def _collect(value: object, out: set[object]) -> None:
    if isinstance(value, tuple):
        for part in value:
            _collect(part, out)
    elif isinstance(value, int) and not isinstance(value, bool):
        out.add(value)


def mark_live(graph: Graph) -> None:
    """Fill `graph.live` with the names and temporaries live at the start of each block, `graph.demands` and `spent`."""
    count = len(graph.blocks)
    use: list[set[object]] = []
    define: list[set[object]] = []
    graph.demands = []
    for block in graph.blocks:
        used: set[object] = set()
        defined: set[object] = set()
        demands: list[tuple[object, ...]] = []
        for step in [*block.steps, *([block.term] if block.term else [])]:
            uses, defs = uses_and_defs(step)
            demands.append(demanded(step, uses))
            used |= uses - defined
            defined |= defs
        graph.demands.append(demands)
        use.append(used)
        define.append(defined)
    before: list[list[int]] = [[] for _ in range(count)]
    for block in graph.blocks:
        for target in {*block.edges.values(), block.handler}:
            if target >= 0:
                before[target].append(block.id)
    live: list[set[object]] = [set(u) for u in use]
    place = reverse_postorder(graph)
    waiting = sorted(range(count), key=place.__getitem__)  # taken from its end: what follows comes first
    queued = set(waiting)
    while waiting:
        index = waiting.pop()
        queued.discard(index)
        block = graph.blocks[index]
        out: set[object] = set()
        for target in block.edges.values():
            if target >= 0:
                out |= live[target]
        new = use[index] | (out - define[index])
        if block.handler >= 0:
            new |= live[block.handler]
        if new != live[index]:
            live[index] = new
            more = [b for b in before[index] if b not in queued]
            queued.update(more)
            waiting += more
    graph.live = [frozenset(names) for names in live]
    graph.spent = [_spent(block, graph.live) for block in graph.blocks]


def _spent(block: Block, live: Sequence[frozenset[object]]) -> list[tuple[int, ...]]:
    """The temporaries that nothing asks for any more behind each step of a block.

    What they hold would be kept apart and copied while the rest of the block, and all that it calls, is interpreted.
    """
    wanted = {name for target in (*block.edges.values(), block.handler) if target >= 0 for name in live[target]}
    if block.term is not None:
        wanted |= uses_and_defs(block.term)[0]
    spent: list[tuple[int, ...]] = []
    for step in reversed(block.steps):
        uses, defs = uses_and_defs(step)
        spent.append(tuple([name for name in uses | defs if isinstance(name, int) and name not in wanted]))
        wanted = (wanted - defs) | uses
    return spent[::-1]


def reverse_postorder(graph: Graph) -> list[int]:
    """For each block its place in reverse postorder from the entry."""
    place = [len(graph.blocks)] * len(graph.blocks)
    seen: set[int] = set()
    order: list[int] = []
    stack: list[tuple[int, bool]] = [(0, False)]
    while stack:
        node, finished = stack.pop()
        if finished:
            order.append(node)
            continue
        if node < 0 or node in seen:
            continue
        seen.add(node)
        stack.append((node, True))
        block = graph.blocks[node]
        stack += [(target, False) for target in [*block.edges.values(), block.handler]]
    for index, node in enumerate(reversed(order)):
        place[node] = index
    return place
