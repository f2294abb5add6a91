"""`while i < len(xs): ...; i += 1` from `i = 0` on is a loop over `range(len(xs))`: that one is followed to its end.

It is so when the loop changes neither the counter (but by its last statement) nor the list, and no `continue` goes past
that statement. The counter is still counted up, so that behind the loop it is no index of an element that was visited.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence


def counted(loop: ast.While, before: Sequence[ast.stmt]) -> ast.While | ast.For:
    """The `for` loop that a `while` loop is, or the loop itself."""
    match loop:
        case ast.While(
            test=ast.Compare(
                left=ast.Name(id=name),
                ops=[ast.Lt()],
                comparators=[ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=items)], keywords=[]) as length],
            ),
            body=[*body, last],
        ) if _counts_up(last, name) and _from_zero(before, name) and not any(_disturbs(s, name, items) for s in body):
            steps = ast.Call(ast.Name("range", ast.Load()), [length], [])
            made = ast.For(ast.Name(name, ast.Store()), steps, loop.body, loop.orelse)
            for new in (made, made.target, steps, steps.func):
                ast.copy_location(new, loop.test if new is not made else loop)
            return made
    return loop


def _counts_up(stmt: ast.stmt, name: str) -> bool:
    return ast.unparse(stmt) in (f"{name} += 1", f"{name} = {name} + 1")


def _from_zero(before: Sequence[ast.stmt], name: str) -> bool:
    """Whether the counter's last change before the loop sets it to 0."""
    for stmt in reversed(before):
        if any(isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store) for n in ast.walk(stmt)):
            return ast.unparse(stmt) in (f"{name} = 0", f"{name}: int = 0")
    return False


def _disturbs(stmt: ast.stmt, name: str, items: str) -> bool:
    """Whether a statement of the loop changes the counter, does more with the list than look, or goes on early."""
    looks = {id(n.value) for n in ast.walk(stmt) if isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Load)}
    for node in ast.walk(stmt):
        if isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load):
            return True
        if isinstance(node, ast.Name) and node.id == items and id(node) not in looks:
            return True
        if isinstance(node, ast.Continue | ast.Nonlocal | ast.Global):
            return True
    return False
