"""Tables that a module writes down: `PORTS = {"http": 80, "https": 443}`, and what is surely in them.

A function that is interpreted on its own sees the module's variables from outside: others may have put more into such a
table, or something else under its keys. But the keys that its text lists are there, as long as no function of the
module takes anything out of it or hands it on.
"""

from __future__ import annotations

import ast

from tooearly.flow.facts import stays, whole
from tooearly.flow.machine import Machine
from tooearly.flow.values import Const, Unknown, Value, const

Display = ast.Dict | ast.List | ast.Tuple | ast.Set


def holds(m: Machine, table: Value, key: Value) -> bool:
    """Whether a module's table surely has a constant among its keys, or elements."""
    display = _display(m, table)
    if display is None or not isinstance(key, Const):
        return False
    return any(_is(e, key) for e in (display.keys if isinstance(display, ast.Dict) else display.elts))


def has_item(m: Machine, table: Value, key: Value) -> bool:
    """Whether a module's table surely has something under a constant key, or index; what that is others may change."""
    display = _display(m, table)
    if isinstance(display, ast.List | ast.Tuple) and isinstance(key, Const) and isinstance(key.value, int):
        starred = any(isinstance(element, ast.Starred) for element in display.elts)
        return not starred and 0 <= key.value < len(display.elts)
    return isinstance(display, ast.Dict) and holds(m, table, key)


def _display(m: Machine, table: Value) -> Display | None:
    match table:
        case Unknown(tag=("global", str(owner), str(name))):
            module = m.module(owner)
            bound = list(module.bindings.get(name, ())) if module is not None else []
            node = bound[0].value if len(bound) == 1 and bound[0].kind == "assign" else None
            if isinstance(node, Display) and module is not None and stays(m, module, name) and whole(m, module, name):
                return node
    return None


def _is(node: ast.expr | None, constant: Const) -> bool:
    return isinstance(node, ast.Constant) and const(node.value) == constant
