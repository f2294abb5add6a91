"""Liveness: what a block may still read is never dropped, on graphs drawn by hand and on those of real functions."""

from __future__ import annotations

import ast
import inspect
from asyncio import base_events, locks, queues, runners, staggered, tasks
from dataclasses import fields
from itertools import count
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tooearly.flow import cfg
from tooearly.flow.cfg import RAISE, RETURN, Block, Graph, Step
from tooearly.flow.live import mark_live, reverse_postorder, uses_and_defs
from tooearly.flow.lower_stmt import build
from tooearly.semantics.modules import build_module
from tooearly.source.tree import parse

HERE = ast.Pass()
STEPS = [s for s in vars(cfg).values() if isinstance(s, type) and issubclass(s, Step) and s is not Step]
SHAPES = {
    "Temp": next,
    "Temp | None": next,
    "tuple[Temp, ...]": lambda t: (next(t), next(t)),
    "tuple[Temp | None, Temp | None, Temp | None]": lambda t: (next(t), None, next(t)),
    "tuple[tuple[Temp, bool], ...]": lambda t: ((next(t), True), (next(t), False)),
    "tuple[tuple[str | None, Temp], ...]": lambda t: (("k", next(t)), (None, next(t))),
    "tuple[tuple[str, Temp], ...]": lambda t: (("k", next(t)),),
    "tuple[tuple[ast.expr, Temp], ...]": lambda t: ((ast.Name("k"), next(t)), (ast.Name("m"), next(t))),
    "tuple[tuple[Temp | None, Temp | bool], ...]": lambda t: ((next(t), next(t)), (None, next(t)), (next(t), True)),
}
"""How a field of a step looks, by its annotation, with temporaries from 1000 on."""
OTHER = {"str": "n", "str | None": "n", "int": 0, "int | None": 1, "object": 7, "bool": True, "Label": "next"}
WRITTEN = {"dst", "dsts", "token", "captures"}


def temps_in(value: object) -> set[object]:
    parts = value if isinstance(value, tuple) else (value,)
    return {t for p in parts for t in (temps_in(p) if isinstance(p, tuple) else [p] if type(p) is int else [])}


@pytest.mark.parametrize("kind", STEPS, ids=lambda kind: kind.__name__)
def test_each_temporary_of_a_step_is_read_or_written(kind: type[Step]) -> None:
    temps = count(1000)
    made: dict[str, object] = {"node": HERE}
    for item in fields(kind)[1:]:
        made[item.name] = SHAPES[item.type](temps) if item.type in SHAPES else OTHER.get(str(item.type), HERE)
    uses, defs = uses_and_defs(kind(**made))  # type: ignore[arg-type]
    written = {name for name in made if name in WRITTEN and not (name == "token" and kind is cfg.Dispatch)}
    assert {u for u in uses if isinstance(u, int)} == {
        t for name, value in made.items() if name not in written for t in temps_in(value) if t >= 1000  # type: ignore[operator]
    }  # fmt: skip
    assert {d for d in defs if isinstance(d, int)} == {t for name in written for t in temps_in(made[name])}


def load(name: str) -> Step:
    return cfg.Load(HERE, 1000, name, 0)


def store(name: str) -> Step:
    return cfg.Store(HERE, name, 0, 1000)


def drawn(blocks: list[tuple[str, list[int], int]]) -> Graph:
    """Blocks as (steps, targets, handler): `x` reads x, `=x` writes it, `~x` deletes it."""
    out = []
    for number, (text, targets, handler) in enumerate(blocks):
        steps = [
            store(w[1:]) if w[0] == "=" else cfg.Delete(HERE, w[1:], 0) if w[0] == "~" else load(w)
            for w in text.split()
        ]
        edges = dict(zip(("true", "false", "next"), targets, strict=False))
        out.append(Block(number, steps, cfg.Jump(HERE), edges, handler))  # type: ignore[arg-type]
    return Graph(out, frozenset())


DRAWN: dict[str, tuple[list[tuple[str, list[int], int]], list[str]]] = {
    "read behind a write": ([("=x x", [1], RAISE), ("x", [RETURN], RAISE)], ["", "x"]),
    "a diamond": (
        [("=x =y", [1, 2], RAISE), ("x", [3], RAISE), ("=y", [3], RAISE), ("y", [RETURN], RAISE)],
        ["", "x y", "", "y"],
    ),
    "around a loop": ([("", [1], RAISE), ("x", [2, 3], RAISE), ("=x y", [1], RAISE), ("", [RETURN], RAISE)],
                      ["x y", "x y", "y", ""]),
    "a handler sees the names of any moment": ([("=x", [RETURN], 1), ("x", [RETURN], RAISE)], ["x", "x"]),
    "deleted, then read": ([("~x", [1], RAISE), ("x", [RETURN], RAISE)], ["", "x"]),
    "nothing leads to it": ([("x", [RETURN], RAISE), ("y", [0], RAISE)], ["x", "x y"]),
    "two entries of a loop": (
        [("", [1, 2], RAISE), ("=a b", [2], RAISE), ("a =b", [1, 3], RAISE), ("c", [RETURN], RAISE)],
        ["a b c", "b c", "a c", "c"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DRAWN)
def test_exactly_these_names_are_live(name: str) -> None:
    blocks, expected = DRAWN[name]
    graph = drawn(blocks)
    mark_live(graph)
    assert [" ".join(sorted(n for n in names if isinstance(n, str))) for names in graph.live] == expected


# Against a search from each read backwards, step by step
def by_hand(graph: Graph) -> list[frozenset[object]]:
    """What is live at each block's start: a read that a way without a write leads to, exceptions at any moment."""
    live = searched(graph)
    return [frozenset(n for b, i, n in live if (b, i) == (block.id, 0)) for block in graph.blocks]


def searched(graph: Graph) -> set[tuple[int, int, object]]:
    """What is live at each step: (block, step, name)."""
    live: set[tuple[int, int, object]] = set()
    while True:
        size = len(live)
        for block in graph.blocks:
            steps = [*block.steps, *([block.term] if block.term else [])]
            for place in reversed(range(len(steps))):
                uses, defs = uses_and_defs(steps[place])
                behind = [(block.id, place + 1)] if place + 1 < len(steps) else [(t, 0) for t in block.edges.values()]
                after = {n for b, i, n in live if (b, i) in behind}
                caught = {n for b, i, n in live if (b, i) == (block.handler, 0)}
                live |= {(block.id, place, name) for name in uses | (after - defs) | caught}
        if len(live) == size:
            return live


words = st.lists(st.sampled_from(["x", "y", "=x", "=y", "~x"]), max_size=3).map(" ".join)


@given(st.integers(1, 5).flatmap(
    lambda size: st.lists(
        st.tuples(words, st.lists(st.integers(-2, size - 1), max_size=3), st.integers(-2, size - 1)),
        min_size=size, max_size=size,
    )
))  # fmt: skip
def test_any_graph_has_the_live_names_of_a_search(blocks: list[tuple[str, list[int], int]]) -> None:
    graph = drawn(blocks)
    mark_live(graph)
    assert graph.live == by_hand(graph)


@pytest.mark.parametrize("module", [locks, queues, runners, staggered], ids=lambda m: m.__name__)
def test_real_functions_have_the_live_names_of_a_search(module: ModuleType) -> None:
    functions = build_module(parse(inspect.getsource(module))).functions
    assert functions
    for function in functions:
        graph = build(function)
        mark_live(graph)
        assert graph.live == by_hand(graph), function.qualname


@pytest.mark.parametrize("module", [tasks, base_events], ids=lambda m: m.__name__)
def test_the_order_of_blocks_is_a_reverse_postorder(module: ModuleType) -> None:
    """Each reachable block has a place of its own; only into a loop's head an edge leads backwards."""
    for function in build_module(parse(inspect.getsource(module))).functions:
        graph = build(function)
        order = reverse_postorder(graph)
        reached, stack = set(), [0]
        while stack:
            node = stack.pop()
            if node >= 0 and node not in reached:
                reached.add(node)
                stack += [target for _, target in graph.successors(graph.blocks[node])]
        assert sorted(order[node] for node in reached) == list(range(len(reached)))
        assert all(order[node] == len(graph.blocks) for node in range(len(graph.blocks)) if node not in reached)
        back = {
            target
            for node in reached
            for _, target in graph.successors(graph.blocks[node])
            if target >= 0 and order[target] <= order[node]
        }
        assert all(graph.blocks[target].loop_head for target in back), function.qualname


@pytest.mark.parametrize("module", [locks, queues, staggered], ids=lambda m: m.__name__)
def test_what_is_spent_behind_a_step_is_asked_for_by_no_other(module: ModuleType) -> None:
    spent = 0
    for function in build_module(parse(inspect.getsource(module))).functions:
        graph = build(function)
        mark_live(graph)
        live = searched(graph)
        for block in graph.blocks:
            for place, gone in enumerate(graph.spent[block.id]):
                spent += len(gone)
                last = place + 1 == len(block.steps) and block.term is None
                behind = {(t, 0) for t in block.edges.values()} if last else {(block.id, place + 1)}
                assert not {n for b, i, n in live if (b, i) in {*behind, (block.handler, 0)}} & set(gone)
    assert spent > 50
