"""What may stand in the place of a value that is not there: `None`, an empty `()`, or nothing at all.

A guard goes on without the value, so somebody else gets `None`. An attribute of it, arithmetic with it, a call of it or
a name unpacked from it would only fail in another way. `absent` says what one position of the syntax can take, `whole`
climbs from the read to the smallest expression around it whose position can: in `x = task.result().size + 1` it is all
that `x` is given, because neither the attribute nor the sum can do with `None`.
"""

from __future__ import annotations

import ast
import builtins
from types import BuiltinFunctionType

from tooearly.fixes.scope import COMPREHENSIONS
from tooearly.fixes.site import Path

_BUILTIN = frozenset(
    name for name, one in vars(builtins).items() if isinstance(one, BuiltinFunctionType | type) and name[0].islower()
)
_TAKES_ANYTHING = {
    *("ascii", "bool", "callable", "format", "getattr", "hash", "id", "isinstance"),
    *("object", "print", "repr", "setattr", "str", "type"),
}
"""The builtin functions to which `None` is a value like any other; the rest raises for it."""

ORDERING = {"max", "min"}
"""The builtin functions that compare the elements they are given, and raise when there are none."""

_SAME = ast.Eq | ast.NotEq | ast.Is | ast.IsNot
_TAKING = (
    *(ast.AnnAssign, ast.Return, ast.Expr, ast.Yield, ast.Lambda, ast.Match, ast.Slice, ast.keyword, ast.arguments),
    *(ast.Tuple, ast.List, ast.Set, ast.Dict, ast.IfExp, ast.If, ast.While, ast.comprehension, ast.match_case),
)


def whole(path: Path) -> tuple[int, str]:
    """The index in the path of the expression that is to be left out, and what stands for it; "" for nothing."""
    for index in range(len(path) - 1, 0, -1):
        node = path[index]
        if not isinstance(node, ast.expr):
            if not isinstance(node, ast.FormattedValue | ast.keyword | ast.Slice):
                break
            continue
        if isinstance(node, ast.FormattedValue | ast.Starred | ast.Slice | ast.Yield | ast.YieldFrom):
            continue
        if (found := absent(path[: index + 1])) and not (found == "None" and _ordered(path[:index])):
            return index, found
        if isinstance(path[index - 1], (ast.NamedExpr, ast.Lambda, *COMPREHENSIONS)):
            break  # a name or a function would be left out, too
    return 0, ""


def _ordered(path: Path) -> bool:
    """Whether a value at the end of the path is compared with others: in the `key` of a sort, or in `max` and `min`."""
    for parent, node in zip(path[-2::-1], path[:0:-1], strict=True):
        match node:
            case ast.Tuple() | ast.List() | ast.IfExp() | ast.BoolOp():
                continue
            case ast.Lambda():
                return isinstance(parent, ast.keyword) and parent.arg == "key"
            case ast.GeneratorExp() | ast.ListComp() | ast.SetComp():
                return isinstance(parent, ast.Call) and isinstance(parent.func, ast.Name) and parent.func.id in ORDERING
        break
    return False


def absent(path: Path) -> str:
    """What can stand where the last node of the path stands, "" if nothing can."""
    parent, child = path[-2], path[-1]
    match parent:
        case ast.Starred() | ast.YieldFrom():
            return "()"
        case ast.For() | ast.comprehension() if child is parent.iter:
            return "()" if not getattr(parent, "is_async", 0) else ""
        case ast.keyword(arg=None):
            return "{}"
        case ast.BoolOp(op=ast.Or(), values=values) if child is not values[-1]:
            return "None"
        case ast.BoolOp() | ast.NamedExpr():
            return "None" if absent(path[:-1]) else ""
        case ast.IfExp(test=test) if child is not test:
            return "None" if absent(path[:-1]) else ""
    return "None" if _takes_none(parent, child) else ""


def _takes_none(parent: ast.AST, child: ast.AST) -> bool:
    """Whether a part of a statement or expression may be `None`."""
    match parent:
        case ast.Assign(targets=targets):
            return not any(isinstance(one, ast.Tuple | ast.List) for one in targets)
        case ast.Call(func=function):
            return child in parent.args and not _refuses(function)
        case ast.Compare():
            return _compared(parent, child)
        case ast.Assert(msg=message):
            return child is message
        case ast.FormattedValue(format_spec=spec):
            return spec is None
        case ast.UnaryOp(op=op):
            return isinstance(op, ast.Not)
    return isinstance(parent, (*_TAKING, *COMPREHENSIONS))


def _refuses(function: ast.expr) -> bool:
    match function:
        case ast.Name(id=name):
            return name in _BUILTIN and name not in _TAKES_ANYTHING
        case ast.Attribute(value=ast.Constant(value=str() | bytes()), attr=method):
            return method != "format"
    return False


def _compared(parent: ast.Compare, child: ast.AST) -> bool:
    """Whether all comparisons that the operand is part of are possible with `None`."""
    operands = [parent.left, *parent.comparators]
    at = next(number for number, one in enumerate(operands) if one is child)
    left = parent.ops[at - 1] if at else ast.Eq()
    right = parent.ops[at] if at < len(parent.ops) else ast.Eq()
    return isinstance(left, _SAME) and isinstance(right, _SAME | ast.In | ast.NotIn)
