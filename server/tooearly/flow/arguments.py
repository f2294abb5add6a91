"""Arguments that decide what a wait proves, while it is not known what they are.

`gather(*ts, return_exceptions=lenient)` proves one thing or the other. Where the function asks for `lenient` elsewhere,
both are followed, each in a world that remembers the answer, so that `if lenient:` is decided there (`steps.branch`).
"""

from __future__ import annotations

import ast

from tooearly.flow.calling import Call
from tooearly.flow.lower_expr import condition_key
from tooearly.flow.operators import is_none
from tooearly.flow.state import World
from tooearly.flow.values import FALSE, NONE, TRUE, Unknown, Value


def flag(c: Call, name: str) -> list[tuple[World, Value | None]]:
    """The worlds in which an argument is true or false, where it is something unknown that can be asked again."""
    value, node = c.get(name), argument(c, name)
    positive = True
    while isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        node, positive = node.operand, not positive
    if not isinstance(value, Unknown) or not isinstance(node, ast.Name | ast.Attribute):
        return [(c.w, value)]
    key = condition_key(node)
    if key not in c.act.graph.conditions:
        return [(c.w, value)]
    return [(world, TRUE if truth == positive else FALSE) for truth, world in _asked(c, key)]


def limit(c: Call, name: str) -> list[tuple[World, Value | None]]:
    """The worlds in which an argument is None and those in which it is not."""
    value, node = c.get(name), argument(c, name)
    if not isinstance(value, Unknown) or not isinstance(node, ast.Name | ast.Attribute):
        return [(c.w, value)]
    key = condition_key(node)
    if key not in c.act.graph.conditions:
        return [(c.w, value)]
    if value.tag is not None:
        return [(o.world, NONE if o.value == TRUE else FALSE) for o in is_none(c.w, value)]
    asked = _asked(c, f"{key} is None")
    return [(world, NONE if truth else FALSE) for truth, world in asked]


def argument(c: Call, name: str) -> ast.expr | None:
    """The expression that was given for a parameter by its name, when the call is what stands at the site."""
    node = c.site.node.value if isinstance(c.site.node, ast.Await) else c.site.node
    if not isinstance(node, ast.Call):
        return None
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if called != c.row.name.rpartition(".")[2]:
        return None
    return next((k.value for k in node.keywords if k.arg == name), None)


def _asked(c: Call, key: str) -> list[tuple[bool, World]]:
    known = c.w.facts.get((c.frame, key))
    out = []
    for truth, world in ((True, c.w.copy()), (False, c.w)):
        if known is None or known == truth:
            world.facts[c.frame, key] = truth
            out.append((truth, world))
    return out
