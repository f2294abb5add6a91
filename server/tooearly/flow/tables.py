"""Tables that a module writes down: `PORTS = {"http": 80, "https": 443}`, and what is surely in them.

A function that is interpreted on its own sees the module's variables from outside: others may have put more into such a
table. But what its text lists is there, as long as no function of the module takes anything out of it or hands it on.
"""

from __future__ import annotations

import ast

from tooearly.flow.facts import stays, whole
from tooearly.flow.machine import Machine
from tooearly.flow.values import Const, Unknown, Value, const

Display = ast.Dict | ast.List | ast.Tuple | ast.Set


def listed(m: Machine, table: Value, key: Value) -> Value | None:
    """The value under a constant key of a module's table; None when the table does not surely have one."""
    display = _display(m, table)
    if display is None or not isinstance(key, Const):
        return None
    if isinstance(display, ast.Dict):
        found = [v for k, v in zip(display.keys, display.values, strict=True) if _is(k, key)]
        return _value(found[-1]) if found and None not in display.keys else None
    starred = any(isinstance(element, ast.Starred) for element in display.elts)
    if isinstance(display, ast.List | ast.Tuple) and isinstance(key.value, int) and not starred:
        elements: list[ast.expr] = [*display.elts]
        return _value(elements[key.value]) if 0 <= key.value < len(elements) else None
    return None


def holds(m: Machine, table: Value, element: Value) -> bool:
    """Whether a module's table surely has a constant among its keys, or elements."""
    display = _display(m, table)
    if display is None or not isinstance(element, Const):
        return False
    return any(_is(e, element) for e in (display.keys if isinstance(display, ast.Dict) else display.elts))


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


def _value(node: ast.expr) -> Value:
    """What is known of an entry: a text or a number."""
    plain = isinstance(node, ast.Constant) and isinstance(node.value, str | int | float)
    return const(node.value) if plain and isinstance(node, ast.Constant) else Unknown()
