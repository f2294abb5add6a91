"""What a function keeps in a container that is not followed: `if k not in d: d[k] = Random()`, and then `d[k]`.

The function's own text says of which type the elements are, and that one which it has looked for is there.
"""

from __future__ import annotations

import ast

from tooearly.flow.machine import Act, Machine
from tooearly.flow.mention import nodes_in
from tooearly.flow.values import Site
from tooearly.semantics.types import dotted

Stores = dict[str, list[tuple[str, ast.expr]]]  # by the text of the container: the key's text, and what is stored


def element_type(m: Machine, act: Act, site: Site) -> str:
    """The type of an element that a subscript takes, where the function itself stores the elements; else ""."""
    module = m.module(act.function.module)
    if not isinstance(site.node, ast.Subscript) or module is None:
        return ""
    kinds = set()
    for _, value in _stores(act).get(ast.unparse(site.node.value), ()):
        row = m.rows.get(dotted(module, value.func)) if isinstance(value, ast.Call) else None
        kinds.add(row.returns if row is not None else "")
    return kinds.pop() if len(kinds) == 1 else ""


def is_there(act: Act, site: Site) -> bool:
    """Whether the function stores an element under this very key when it does not find one."""
    if not isinstance(site.node, ast.Subscript):
        return False
    container, key = ast.unparse(site.node.value), ast.unparse(site.node.slice)
    return any(known == key for known, _ in _stores(act).get(container, ())) and (key, container) in _looked_for(act)


def _stores(act: Act) -> Stores:
    found: Stores | None = act.function.cache.get("stores")
    if found is None:
        found = act.function.cache["stores"] = {}
        for node in nodes_in(act.function):
            for target in node.targets if isinstance(node, ast.Assign) else ():
                if isinstance(node, ast.Assign) and isinstance(target, ast.Subscript):
                    pair = ast.unparse(target.slice), node.value
                    found.setdefault(ast.unparse(target.value), []).append(pair)
    return found


def _looked_for(act: Act) -> frozenset[tuple[str, str]]:
    """The pairs (key, container) of tests `key not in container`."""
    found: frozenset[tuple[str, str]] | None = act.function.cache.get("looked for")
    if found is None:
        tests = [n for n in nodes_in(act.function) if isinstance(n, ast.Compare) and isinstance(n.ops[0], ast.NotIn)]
        found = frozenset((ast.unparse(test.left), ast.unparse(test.comparators[0])) for test in tests)
        act.function.cache["looked for"] = found
    return found
