"""Loops that count.

A loop over a `range` of few literal numbers is one over these numbers, written out (`written_out`).

`while i < len(xs): ...; i += 1` from `i = 0` on is a loop over `range(len(xs))`: that one is followed to its end. With
another step it is one over `range(0, len(xs), step)`.

It is so when the loop changes neither the counter (but by its last statement) nor the list, and no `continue` goes past
that statement. The counter is still counted up, so that behind the loop it is no index of an element that was visited.

`n = 0` and a loop that does nothing but count the elements of which something is true is `n = sum(1 for ... if ...)`.

A counter that only starts at a number and goes up by one never passes the limit of its loop: behind `while n < 3` the
conditions `n == 3`, `n >= 3` and `not n < 3` are one condition, and so have one answer (`below`).
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from tooearly.semantics.names import all_args, children, walk

REACHED = (ast.GtE, ast.Eq)
NOT_REACHED = (ast.Lt, ast.NotEq)
FEW = 3  # turns of a loop whose objects are told apart, turn by turn


def written_out(items: ast.expr) -> ast.expr:
    """A tuple of the numbers for a `range` of few literal ones, else the expression itself."""
    match items:
        case ast.Call(func=ast.Name(id="range"), args=[*bounds], keywords=[]) if all(
            isinstance(b, ast.Constant) and type(b.value) is int for b in bounds
        ):
            values = [b.value for b in bounds if isinstance(b, ast.Constant) and isinstance(b.value, int)]
            if len(values) in (1, 2) and 1 <= len(turns := range(*values)) <= FEW:
                made = ast.Tuple([ast.Constant(turn) for turn in turns], ast.Load())
                for node in (made, *made.elts):
                    ast.copy_location(node, items)
                return made
    return items


def straight(body: Sequence[ast.stmt]) -> bool:
    """Whether a loop's body makes something and knows one way only: each of its few turns may be followed by itself."""
    plain = all(isinstance(s, ast.Expr | ast.Assign | ast.AnnAssign | ast.AugAssign) for s in body)
    return plain and any(isinstance(n, ast.Call) for s in body for n in ast.walk(s))


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
        ) if (
            (by := _added(last, name))
            and _from_zero(before, name)
            and not any(_disturbs(s, name, items) or _sets(s, by) for s in body)
        ):
            stepping: list[ast.expr] = [length] if ast.unparse(by) == "1" else [ast.Constant(0), length, by]
            steps = ast.Call(ast.Name("range", ast.Load()), stepping, [])
            made = ast.For(ast.Name(name, ast.Store()), steps, loop.body, loop.orelse)
            for new in (made, made.target, steps, steps.func, stepping[0]):
                ast.copy_location(new, loop.test if new is not made else loop)
            return made
    return loop


def tallied(loop: ast.For, before: Sequence[ast.stmt], scope: ast.AST) -> ast.For | ast.Assign:
    """`n = sum(1 for x in xs if ...)` for a loop that only counts, from zero on; or the loop itself.

    It is one where nobody asks for the last element when it is over, and the condition does no more than look.
    """
    match loop:
        case ast.For(
            target=ast.Name() as target,
            iter=items,
            body=[
                ast.If(
                    test=test,
                    body=[(ast.AugAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)])) as step],
                    orelse=[],
                )
            ],
            orelse=[],
        ) if (
            name != target.id
            and _counts_up(step, name)
            and _from_zero(before, name)
            and not any(isinstance(n, ast.NamedExpr | ast.Await | ast.Yield) or _names(n, name) for n in walk(test))
            and not _asked_elsewhere(scope, target.id)
        ):
            one = ast.GeneratorExp(ast.Constant(1), [ast.comprehension(target, items, [test], 0)])
            call = ast.Call(ast.Name("sum", ast.Load()), [one], [])
            made = ast.Assign([ast.Name(name, ast.Store())], call)
            for new in (one, one.elt, call, call.func, made, *made.targets):
                ast.copy_location(new, test)
            return made
    return loop


def _names(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _asked_elsewhere(scope: ast.AST, name: str) -> bool:
    """Whether a variable is read outside of the loops, comprehensions and lambdas that set it themselves."""
    stack = [scope]
    while stack:
        match node := stack.pop():
            case ast.For(target=target) | ast.AsyncFor(target=target) if any(_names(n, name) for n in walk(target)):
                stack += [node.iter, *node.orelse]
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                own = any(_names(n, name) for g in node.generators for n in walk(g.target))
                stack += [g.iter for g in node.generators] if own else children(node)
            case ast.Lambda(args=args) if any(arg.arg == name for arg in all_args(args)):
                stack += [default for default in (*args.defaults, *args.kw_defaults) if default is not None]
            case ast.Name(id=text, ctx=ast.Load()) if text == name:
                return True
            case _:
                stack += children(node)
    return False


def _counts_up(stmt: ast.stmt, name: str) -> bool:
    return ast.unparse(stmt) in (f"{name} += 1", f"{name} = {name} + 1")


def _added(stmt: ast.stmt, name: str) -> ast.expr | None:
    """What a statement adds to the counter, if it does no more: a number or a variable."""
    match stmt:
        case ast.AugAssign(target=ast.Name(id=counter), op=ast.Add(), value=(ast.Constant() | ast.Name()) as by):
            again = counter
        case ast.Assign(
            targets=[ast.Name(id=counter)],
            value=ast.BinOp(ast.Name(id=again), ast.Add(), (ast.Constant() | ast.Name()) as by),
        ):
            pass
        case _:
            return None
    return by if counter == again == name and ast.unparse(by) not in ("0", name) else None


def _from_zero(before: Sequence[ast.stmt], name: str) -> bool:
    """Whether the counter's last change before the loop sets it to 0."""
    for stmt in reversed(before):
        if any(isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store) for n in walk(stmt)):
            return ast.unparse(stmt) in (f"{name} = 0", f"{name}: int = 0")
    return False


def _disturbs(stmt: ast.stmt, name: str, items: str) -> bool:
    """Whether a statement of the loop changes the counter, does more with the list than look, or goes on early."""
    looks = {id(n.value) for n in walk(stmt) if isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Load)}
    for node in walk(stmt):
        if isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load):
            return True
        if isinstance(node, ast.Name) and node.id == items and id(node) not in looks:
            return True
        if isinstance(node, ast.Continue | ast.Nonlocal | ast.Global):
            return True
    return False


def _sets(stmt: ast.stmt, variable: ast.expr) -> bool:
    """Whether a statement may set a variable anew."""
    names = [n for n in walk(stmt) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)]
    return any(isinstance(variable, ast.Name) and n.id == variable.id for n in names)


Counters = frozenset[tuple[str, str]]


def counters(scope: ast.AST) -> Counters:
    """The (counter, limit) of each loop `while counter < limit` (perhaps with other conditions) of a function.

    The counter is set to numbers and counted up by one in that loop, and nothing else changes it or the limit.
    """
    nodes = walk(scope)
    found: list[tuple[str, str, ast.While]] = []
    for loop in nodes:
        for part in _conjuncts(loop.test) if isinstance(loop, ast.While) else ():
            match part:
                case ast.Compare(
                    left=ast.Name(id=name), ops=[ast.Lt()], comparators=[ast.Constant() | ast.Name() as end]
                ):
                    found.append((name, ast.unparse(end), loop))  # type: ignore[arg-type]
    loops = [name for name, _, _ in found]
    return frozenset((n, end) for n, end, loop in found if loops.count(n) == 1 and _only_counts(nodes, n, end, loop))


def _only_counts(nodes: list[ast.AST], name: str, limit: str, loop: ast.While) -> bool:
    counted = {id(n.target) for n in walk(loop) if isinstance(n, ast.AugAssign) and _counts_up(n, name)}
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=target) as start], value=ast.Constant(value=int())) if target == name:
                counted.add(id(start))
    stores = [n for n in nodes if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)]
    return all(n.id != limit and (n.id != name or id(n) in counted) for n in stores)


def _conjuncts(test: ast.expr) -> list[ast.expr]:
    return test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) else [test]


def below(known: Counters, test: ast.expr) -> tuple[ast.expr, bool] | None:
    """A condition on a counter and its limit as (`counter < limit`, whether that must be true); None for any other."""
    match test:
        case ast.Compare(left=ast.Name(id=name) as left, ops=[op], comparators=[ast.Constant() | ast.Name() as limit]):
            if isinstance(op, REACHED + NOT_REACHED) and (name, ast.unparse(limit)) in known:
                return ast.copy_location(ast.Compare(left, [ast.Lt()], [limit]), test), isinstance(op, NOT_REACHED)
    return None
