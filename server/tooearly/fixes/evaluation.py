"""What is evaluated before a read, under which conditions, and what a suspension there would change.

Python evaluates operands from left to right. A value that was read before an `await` in the same expression is stale
afterwards; a wait moved before the statement runs earlier than what stands to the left of the read, and runs even when
a short-circuit would have skipped the read. The functions here say when that matters.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from itertools import pairwise

from tooearly.fixes.scope import COMPREHENSIONS, bound_names, declared_outside, nested_stores
from tooearly.fixes.site import Path, Site
from tooearly.semantics.names import children, walk

_PURE_CALLS = {"isinstance", "issubclass", "len", "hasattr", "callable", "bool", "any", "all"}
_PURE_METHODS = {"done", "cancelled", "get", "startswith", "endswith", "values", "items", "keys"}
_PURE = (
    ast.Name,
    ast.Attribute,
    ast.Constant,
    ast.Compare,
    ast.BoolOp,
    ast.UnaryOp,
    ast.BinOp,
    ast.Subscript,
    ast.Tuple,
    ast.List,
    ast.Set,
    ast.expr_context,
    ast.boolop,
    ast.unaryop,
    ast.operator,
    ast.cmpop,
)


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition under which a read is reached; `holds` says whether it must be true or false."""

    test: ast.expr
    holds: bool


def stable(node: ast.expr | None) -> bool:
    """Whether a receiver can be written twice: a name, and attributes and plain subscripts of one."""
    match node:
        case ast.Name():
            return True
        case ast.Attribute(value=value):
            return stable(value)
        case ast.Subscript(value=value, slice=ast.Constant() | ast.UnaryOp(operand=ast.Constant())):
            return stable(value)
        case ast.Subscript(value=value, slice=index):
            return stable(value) and stable(index)
    return False


def pure(node: ast.AST) -> bool:
    """Whether an expression can be evaluated once more without an effect."""
    match node:
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _PURE_CALLS:
            return all(pure(arg) for arg in args)
        case ast.Call(func=ast.Attribute(value=value, attr=attr), args=args, keywords=[]) if attr in _PURE_METHODS:
            return pure(value) and all(pure(arg) for arg in args)
        case _ if not isinstance(node, _PURE):
            return False
    return all(pure(child) for child in children(node))


def conditions(path: Path) -> list[Condition] | None:
    """The conditions on the way from the first node of `path` (a statement) to the last; None if they cannot be said.

    Comprehensions and deferred code on the way are not looked into: the caller decides about them.
    """
    found: list[Condition] = []
    for parent, child in pairwise(path):
        match parent:
            case ast.BoolOp(op=ast.And(), values=values):
                found += [Condition(value, True) for value in values[: values.index(child)]]  # type: ignore[arg-type]
            case ast.BoolOp(values=values):
                found += [Condition(value, False) for value in values[: values.index(child)]]  # type: ignore[arg-type]
            case ast.IfExp(test=test) if child is not test:
                found.append(Condition(test, child is parent.body))
            case ast.Compare(comparators=[_, *rest]) if child in rest:
                return None
            case ast.Assert(test=test, msg=msg) if child is msg:
                found.append(Condition(test, False))
            case ast.match_case() if child is parent.guard:
                return None
            case ast.Lambda():
                break
            case ast.FunctionDef() | ast.AsyncFunctionDef() if child in parent.body:
                break
            case _ if isinstance(parent, COMPREHENSIONS):
                break
    found = [one for one in found if not _known(one)]
    return found if all(pure(one.test) for one in found) else None


def _known(condition: Condition) -> bool:
    """Whether the condition is a constant that always holds."""
    test = condition.test
    return isinstance(test, ast.Constant) and bool(test.value) is condition.holds


def evaluated_before(site: Site, root: ast.AST) -> list[ast.AST]:
    """The nodes below `root` whose text ends before the read begins: roughly what has run by then."""
    start = site.span(site.read).start
    way = {id(node) for node in site.path}
    return [
        node for node in walk(root) if id(node) not in way and hasattr(node, "lineno") and site.span(node).end <= start
    ]


def side_effect_before(site: Site, root: ast.AST) -> bool:
    """Whether a call or suspension runs before the read in the same statement."""
    return any(isinstance(node, ast.Call | ast.Await | ast.Yield) for node in evaluated_before(site, root))


def raises_sooner(site: Site, root: ast.AST) -> bool:
    """Whether something that can be noticed comes before the read in `root`: if the future has failed, a wait before
    `root` that raises would leave it out."""
    return site.context.deferred or any(_has_effect(node) for node in evaluated_before(site, root))


def _has_effect(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return not _is_read(node) and not pure(node)
    return isinstance(node, ast.Await | ast.Yield | ast.YieldFrom)


def noticed_between(site: Site, node: ast.AST) -> bool:
    """Whether something that can be noticed happens before the last read of a loop or comprehension `node`."""
    index = site.path.index(node)
    match node:
        case ast.For():
            return True
        case ast.GeneratorExp() if not isinstance(site.path[index - 1], ast.Call):
            return True  # it is walked some time later
        case ast.Call():
            inside: list[ast.AST] = []
        case _:
            inside = [one for child in ast.iter_child_nodes(node) for one in ast.walk(child)]
    return any(map(_has_effect, [*inside, *evaluated_before(site, site.path[site.context.anchor])]))


def stale_operand(site: Site) -> bool:
    """Whether an `await` at the read would come between reading a shared value and using or writing it back.

    `self.total += t.result()` reads `self.total`, would suspend, and write over what others have added meanwhile.
    """
    statement = site.path[site.statement]
    if isinstance(statement, ast.AugAssign) and site.path[site.statement + 1] is statement.value:
        return _shared(site, statement.target)
    for parent, child in pairwise(site.path):
        if isinstance(parent, ast.BinOp) and child is parent.right and _reads_shared(site, parent.left):
            return True
    if isinstance(statement, ast.Assign):
        written = {ast.unparse(target) for target in statement.targets if _shared(site, target)}
        before = evaluated_before(site, statement.value)
        return any(isinstance(node, ast.expr) and ast.unparse(node) in written for node in before)
    return False


def _reads_shared(site: Site, node: ast.AST) -> bool:
    """Whether a value is read from a place that other tasks can change; called functions and awaits do not count."""
    if isinstance(node, ast.Call):
        return any(_reads_shared(site, arg) for arg in node.args) if not _is_read(node) else False
    if isinstance(node, ast.Await | ast.Lambda):
        return False
    if isinstance(node, ast.expr) and _shared(site, node):
        return True
    return any(_reads_shared(site, child) for child in children(node))


def _is_read(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Attribute) and node.func.attr in ("result", "exception")


def _shared(site: Site, node: ast.expr) -> bool:
    match node:
        case ast.Attribute() | ast.Subscript():
            return not (isinstance(node, ast.Attribute) and node.attr.isupper())
        case ast.Name(id=name):
            function = site.scope
            if function is None:
                return False
            outside = name in declared_outside(function) or name in nested_stores(function)
            return outside and (name in bound_names(function) | declared_outside(function))
    return False
