"""Callbacks that count: `left -= 1`, and what is done `if left == 0` is done by the last of them.

Each done callback has run for a future that is done. Whoever counts them and has come to the end of the count knows of
all of them that they are done; how many there were is not followed, and so nothing is claimed of what such a callback
gets at.
"""

from __future__ import annotations

import ast

from tooearly.flow.facts import registered
from tooearly.flow.machine import Act, Machine, up
from tooearly.flow.mention import nodes_in
from tooearly.flow.relevance import closed_over
from tooearly.flow.state import World
from tooearly.flow.values import Func
from tooearly.semantics.names import Function, walk


def last_if(m: Machine, act: Act, test: ast.AST) -> bool | None:
    """The truth of a test that says that the callback is the last one; None for other tests, and other functions."""
    counters = _counters(act.function)
    named = {n.id for n in walk(test) if isinstance(n, ast.Name)} if counters else set()
    counted = [down for name, down in counters.items() if name in named]
    module = m.modules.get(act.function.module)
    if len(counted) != 1 or module is None or not registered(m, module, act.function.name):
        return None
    down = counted[0]
    match test:
        case ast.Name() if down:
            return False
        case ast.Compare(ops=[ast.Eq()]):
            return True
        case ast.Compare(ops=[ast.NotEq()]):
            return False
        case ast.Compare(left=ast.Name(), ops=[ast.Gt() | ast.GtE()]):
            return not down
        case ast.Compare(left=ast.Name(), ops=[ast.Lt() | ast.LtE()]):
            return down
    return None


def all_counted(act: Act, w: World) -> None:
    """The callback is the last one: nothing is claimed of the futures that its text gets at (in place)."""
    around = up(w, act.frame, 1)
    if around is not None:
        w.escape(w.reachable([Func(act.function, around)], closed_over(w)))


def _counters(function: Function) -> dict[str, bool]:
    """The variables around it that a function counts, and whether it counts down."""
    found: dict[str, bool] | None = function.cache.get("counters")
    if found is None:
        found = function.cache["counters"] = {}
        for node in nodes_in(function) if function.nonlocal_names | function.global_names else ():
            match node:
                case ast.AugAssign(target=ast.Name(id=name), op=ast.Sub() | ast.Add(), value=ast.Constant(value=1)):
                    if name in function.nonlocal_names | function.global_names:
                        found[name] = isinstance(node.op, ast.Sub)
    return found
