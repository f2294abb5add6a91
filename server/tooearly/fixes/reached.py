"""Is a read still reached once the wait before it waits for everything?

Code often asks what a wait has left over: `if pending:`, `if task not in done:`, `for task in pending:`. When the wait
is mended nothing is left over, and what stands there would never run again: to mend the wait is to delete the read.

How: the way to the read is gone through below what it has in common with the way to the wait; each condition on it is
asked whether it holds only while something is unfinished. The sets are known by the names that the wait's own
assignment gives them.
"""

from __future__ import annotations

import ast
from itertools import pairwise

from tooearly.fixes.scope import COMPREHENSIONS
from tooearly.fixes.site import Path, Site


def cut_off(site: Site, wait: Path) -> bool:
    """Whether a read stands where one gets only while the wait at the end of a path has left something unfinished."""
    return any(
        _only_unfinished(site, wait, parent, child) for parent, child in pairwise(site.path) if parent not in wait
    )


def _only_unfinished(site: Site, wait: Path, parent: ast.AST, child: ast.AST) -> bool:
    match parent:
        case ast.If(test=test, body=body) | ast.While(test=test, body=body):
            return _left(site, wait, test, child in body) if child is not test else False
        case ast.IfExp(test=test, body=body):
            return _left(site, wait, test, child is body) if child is not test else False
        case ast.BoolOp(op=op, values=values):
            earlier = values[: next(at for at, value in enumerate(values) if value is child)]
            return any(_left(site, wait, one, isinstance(op, ast.And)) for one in earlier)
        case ast.For(iter=walked) if child is not walked:
            return _is_set(wait, walked, 1)
        case _ if isinstance(parent, COMPREHENSIONS) and not isinstance(child, ast.comprehension):
            tests = [test for one in parent.generators for test in one.ifs]
            walked_over = any(_is_set(wait, one.iter, 1) for one in parent.generators)
            return walked_over or any(_left(site, wait, test, True) for test in tests)
    return False


def _left(site: Site, wait: Path, test: ast.expr, holds: bool) -> bool:
    """Whether a test that comes out as `holds` says that something is unfinished."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _left(site, wait, operand, not holds)
        case ast.BoolOp(op=op, values=values):
            judged = [_left(site, wait, one, holds) for one in values]
            return any(judged) if isinstance(op, ast.And) is holds else all(judged)
        case ast.Compare(ops=[ast.In() | ast.NotIn() as op], comparators=[container]):
            inside = isinstance(op, ast.In) is holds
            return _is_set(wait, container, 1 if inside else 0)
        case ast.Call(func=ast.Attribute(value=asked, attr="done"), args=[]):
            return not holds and site.receiver is not None and ast.dump(asked) == ast.dump(site.receiver)
        case ast.Call(func=ast.Name(id="len"), args=[container]):
            return _left(site, wait, container, holds)
    return _is_set(wait, test, 1 if holds else 0)


def _is_set(wait: Path, node: ast.expr, index: int) -> bool:
    """Whether a name holds the finished (0) or the unfinished (1) ones of the wait."""
    match next((one for one in reversed(wait) if isinstance(one, ast.stmt)), None), node:
        case ast.Assign(targets=[ast.Tuple(elts=[_, _] as names)]), ast.Name(id=wanted):
            name = names[index]
            return isinstance(name, ast.Name) and name.id == wanted
    return False


def after_failure(site: Site, wait: Path) -> bool:
    """Whether a read stands in a handler of the `try` around a wait, where one gets only by its exception.

    A handler that also takes a cancellation does not count: that the waiting task is cancelled still gets there.
    """
    for parent, child in pairwise(site.path):
        if isinstance(child, ast.ExceptHandler) and any(one in wait for one in getattr(parent, "body", ())):
            return child.type is not None and not names_cancellation(child.type)
    return False


def names_cancellation(node: ast.AST) -> bool:
    """Whether an expression names an exception class that takes cancellations."""
    names = (getattr(one, "attr", None) or getattr(one, "id", None) for one in ast.walk(node))
    return not {"CancelledError", "BaseException"}.isdisjoint(names)
