"""Statements to steps and blocks: `build` makes the graph of a function.

Each kind of the grammar has its case, here, in `lower_expr` and in `lower_match`; one that is not known is reported by
`UnknownSyntax`, which a test provokes and the analysis turns into a notice: new syntax is never skipped in silence.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from tooearly.flow import cfg
from tooearly.flow.builder import Builder, Loop, UnknownSyntax
from tooearly.flow.cfg import Graph, Temp
from tooearly.flow.counting import counted, straight, tallied, written_out
from tooearly.flow.lengths import over_list
from tooearly.flow.lower_expr import condition, define, expr, note_captures, raise_named
from tooearly.flow.lower_lazy import stored
from tooearly.flow.lower_loops import comprehension, loops
from tooearly.flow.lower_match import match_statement
from tooearly.semantics.modules import package_of
from tooearly.semantics.names import Class, Function, ScopeNames, import_names, walk
from tooearly.source.tree import Syntax


def build(function: Function, package: str = "") -> Graph:
    """The graph of a def, lambda or generator expression. Raises UnknownSyntax."""
    b = Builder(function)
    match function.node:
        case ast.FunctionDef(body=body) | ast.AsyncFunctionDef(body=body):
            statements(b, body)
        case ast.Lambda(body=value):
            b.emit(cfg.SetReturn(value, expr(b, value)))
            b.end(cfg.Jump(value), next=cfg.RETURN)
        case ast.GeneratorExp() as node:
            generator_body(b, node)
    return b.finish()


def build_module(
    function: Function,
    parts: Sequence[tuple[Syntax, ast.stmt, bool]],
    known: dict[ast.AST, Function | Class],
    fixed: frozenset[str],
) -> Graph:
    """The graph of a module's top level: (unit, statement, whether a notebook's cell begins with it).

    `fixed` names are bound once, by an import or a definition; they need no variable, since they are found as globals.
    """
    b = Builder(function, known)
    b.fixed = fixed
    for unit, node, begins_cell in parts:
        if b.unit is not unit:
            b.unit = unit
            b.goto(b.block(), node)
        if begins_cell:
            pause(b, node)
        statement(b, node)
    return b.finish()


def pause(b: Builder, node: ast.stmt) -> None:
    """Between two cells of a notebook the loop runs for as long as the reader likes."""
    b.emit(cfg.Await(node, b.temp(), opaque(b, node)))


def build_expression(function: Function, value: ast.expr) -> Graph:
    """The graph of a function whose body is `return value` (a module-level initialiser, say)."""
    b = Builder(function)
    b.emit(cfg.SetReturn(value, expr(b, value)))
    b.end(cfg.Jump(value), next=cfg.RETURN)
    return b.finish()


def generator_body(b: Builder, node: ast.GeneratorExp) -> None:
    """`(elt for ...)` as a generator function whose first iterable is its parameter `.0`."""
    first = node.generators[0]
    given = ast.copy_location(ast.Name(".0", ast.Load()), first.iter)
    generators = [ast.comprehension(first.target, given, first.ifs, first.is_async), *node.generators[1:]]

    def body() -> None:
        b.emit(cfg.Yield(node, b.temp(), expr(b, node.elt)))
        b.goto(b.block(), node)

    b.start(loops(b, node, generators, body))


def statements(b: Builder, body: Sequence[ast.stmt]) -> None:
    """Lower statements one after another."""
    for at, node in enumerate(body):
        if isinstance(node, ast.While):
            node = counted(node, body[:at])
        elif isinstance(node, ast.For):
            node = tallied(node, body[:at], b.function.node)
        statement(b, node)


def statement(b: Builder, node: ast.stmt) -> None:
    """Lower one statement."""
    from tooearly.flow.lower_try import protected

    match node:
        case ast.Expr(value=value):
            b.emit(cfg.Drop(node, (expr(b, value),)))
        case ast.Assign() | ast.AugAssign() | ast.AnnAssign() | ast.Delete():
            assignment(b, node)
        case ast.If(test=test, body=body, orelse=orelse):
            yes, no, after = b.block(), b.block(), b.block()
            condition(b, test, yes, no)
            for start, part in ((yes, body), (no, orelse)):
                b.start(start)
                statements(b, part)
                b.end(cfg.Jump(node), next=after)
            b.start(after)
        case ast.While() | ast.For() | ast.AsyncFor():
            loop(b, node)
        case ast.Try() | ast.With() | ast.AsyncWith():
            protected(b, node)
        case ast.Return(value=value):
            b.emit(cfg.SetReturn(node, expr(b, value) if value else None))
            b.unwind("return", node)
        case ast.Break():
            b.unwind("break", node)
        case ast.Continue():
            b.unwind("continue", node)
        case ast.Raise() | ast.Assert():
            raising(b, node)
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.Import() | ast.ImportFrom():
            definition(b, node)
        case ast.Match():
            match_statement(b, node)
        case ast.Pass() | ast.Global() | ast.Nonlocal():
            pass
        case _ if type(node).__name__ == "TryStar":
            protected(b, node)
        case _ if type(node).__name__ == "TypeAlias":
            b.emit(cfg.Store(node, *b.resolve(node.name.id), opaque(b, node)))  # type: ignore[attr-defined]
        case _:
            raise UnknownSyntax(type(node).__name__)


def opaque(b: Builder, node: ast.AST, *srcs: Temp) -> Temp:
    """A value that nobody follows."""
    dst = b.temp()
    b.emit(cfg.Opaque(node, dst, srcs))
    return dst


def assignment(b: Builder, node: ast.stmt) -> None:
    """`=`, `op=`, `: annotation =` and `del`."""
    match node:
        case ast.Assign(targets=targets, value=value):
            spread = any(isinstance(t, ast.Tuple | ast.List) for t in targets)  # asks for all the elements now
            now = comprehension if isinstance(value, ast.GeneratorExp) else expr
            src = now(b, value) if spread else stored(b, value)
            for target in targets:
                assign(b, target, src)
        case ast.AugAssign(target=ast.Subscript(value=obj, slice=key) as target, op=op, value=value):
            owner, index, old, dst = expr(b, obj), expr(b, key), b.temp(), b.temp()
            b.emit(cfg.GetItem(target, old, owner, index))
            b.emit(cfg.InPlace(node, dst, type(op).__name__, old, expr(b, value)))
            b.emit(cfg.SetItem(target, owner, index, dst))
        case ast.AugAssign(target=ast.Attribute(value=obj, attr=attr) as target, op=op, value=value):
            owner, old, dst = expr(b, obj), b.temp(), b.temp()
            b.emit(cfg.GetAttr(target, old, owner, attr))
            b.emit(cfg.InPlace(node, dst, type(op).__name__, old, expr(b, value)))
            b.emit(cfg.SetAttr(target, owner, attr, dst))
        case ast.AugAssign(target=target, op=op, value=value):
            left = expr(b, ast.copy_location(_loading(target), target))
            dst = b.temp()
            b.emit(cfg.InPlace(node, dst, type(op).__name__, left, expr(b, value)))
            assign(b, target, dst)
        case ast.AnnAssign(target=target, value=value) if value is not None:
            assign(b, target, stored(b, value))
        case ast.Delete(targets=targets):
            for target in targets:
                delete(b, target)


def _loading(target: ast.expr) -> ast.expr:
    return ast.Name(target.id, ast.Load()) if isinstance(target, ast.Name) else target


def assign(b: Builder, target: ast.expr, src: Temp) -> None:
    """Bind `target` (a name, attribute, subscript or a pattern of them) to the value in `src`."""
    match target:
        case ast.Name(id=name):
            b.emit(cfg.Store(target, *b.resolve(name), src))
        case ast.Attribute(value=value, attr=attr):
            b.emit(cfg.SetAttr(target, expr(b, value), attr, src))
        case ast.Subscript(value=value, slice=key):
            b.emit(cfg.SetItem(target, expr(b, value), expr(b, key), src))
        case ast.Tuple(elts=elts) | ast.List(elts=elts):
            stars = [i for i, e in enumerate(elts) if isinstance(e, ast.Starred)]
            dsts = tuple(b.temp() for _ in elts)
            b.emit(cfg.Unpack(target, src, dsts, stars[0] if stars else None))
            for element, dst in zip(elts, dsts, strict=True):
                assign(b, element, dst)
        case ast.Starred(value=value):
            assign(b, value, src)
        case _:
            raise UnknownSyntax(type(target).__name__)


def delete(b: Builder, target: ast.expr) -> None:
    """`del` of a name, attribute, item or several."""
    match target:
        case ast.Name(id=name):
            b.emit(cfg.Delete(target, *b.resolve(name)))
        case ast.Attribute(value=value, attr=attr):
            b.emit(cfg.DelAttr(target, expr(b, value), attr))
        case ast.Subscript(value=value, slice=key):
            b.emit(cfg.DelItem(target, expr(b, value), expr(b, key)))
        case ast.Tuple(elts=elts) | ast.List(elts=elts):
            for element in elts:
                delete(b, element)
        case _:
            raise UnknownSyntax(type(target).__name__)


def loop(b: Builder, node: ast.While | ast.For | ast.AsyncFor) -> None:
    """`while`, `for`, `async for`: `else` runs when the loop is exhausted, `break` goes past it."""
    iterator, item, is_async = b.temp(), b.temp(), isinstance(node, ast.AsyncFor)
    if not isinstance(node, ast.While):
        eager = isinstance(node.iter, ast.GeneratorExp) and not is_async
        items = written_out(node.iter) if straight(node.body) else node.iter
        if items is node.iter and not is_async:
            items = over_list(items, node.target, node.body, b.function)
        b.emit(cfg.Iter(node.iter, iterator, comprehension(b, items) if eager else expr(b, items), is_async))
    head, inside, otherwise, after = b.block(loop_head=True), b.block(), b.block(), b.block()
    lasts, turn = last_tests(node), b.temp()
    exhausted = b.block() if lasts else otherwise
    if lasts:
        b.emit(cfg.Constant(node, turn, True))
    outer_turns, b.last_turns = b.last_turns, {**b.last_turns, **{text: (turn, yes) for text, yes in lasts.items()}}
    b.goto(head, node)
    if isinstance(node, ast.While):
        condition(b, node.test, inside, otherwise, loop=True)
        b.start(inside)
    else:
        b.end(cfg.Next(node.iter, item, iterator, is_async), item=inside, exhausted=exhausted)
        b.start(inside)
        if lasts:
            b.emit(cfg.Constant(node, turn, True))
        assign(b, node.target, item)
    b.contexts.append(Loop(after.id, head.id))
    statements(b, node.body)
    b.end(cfg.Jump(node), next=head)
    b.contexts.pop()
    b.last_turns = outer_turns
    if lasts:
        b.start(exhausted)
        b.end(cfg.Branch(node, turn, None), true=otherwise, false=head)
    b.start(otherwise)
    statements(b, node.orelse)
    b.end(cfg.Jump(node), next=after)
    b.start(after)


def last_tests(node: ast.While | ast.For | ast.AsyncFor) -> dict[str, bool]:
    """For a loop over `range(n)`: texts of tests that hold (or do not hold) in its last turn alone.

    `if attempt == n - 1: raise` is how people end a loop of attempts: it is never exhausted then.
    """
    match node:
        case ast.For(target=ast.Name(id=name), iter=ast.Call(func=ast.Name(id="range"), args=[*start, stop])) if (
            len(start) < 2
        ):
            first = start[0] if start else ast.Constant(0)
            if not isinstance(first, ast.Constant) or not isinstance(first.value, int):
                return {}
        case _:
            return {}
    end = ast.unparse(stop)
    last = {f"{end} - 1"}
    if isinstance(stop, ast.Constant) and isinstance(stop.value, int):
        last = {str(stop.value - 1)}
    elif isinstance(stop, ast.BinOp) and isinstance(stop.op, ast.Add) and ast.unparse(stop.right) == "1":
        last.add(ast.unparse(stop.left))
    out: dict[str, bool] = {}
    for value, turn in [*((v, name) for v in last), (end, f"{name} + 1")]:
        out |= {f"{turn} == {value}": True, f"{turn} >= {value}": True, f"{value} == {turn}": True}
        out |= {f"{turn} < {value}": False, f"{turn} != {value}": False}
    tests = {ast.unparse(n) for part in node.body for n in walk(part) if isinstance(n, ast.Compare)}
    return {text: yes for text, yes in out.items() if text in tests}


def raising(b: Builder, node: ast.Raise | ast.Assert) -> None:
    """`raise` and a failing `assert`."""
    if isinstance(node, ast.Assert):
        fine, failed = b.block(), b.block()
        condition(b, node.test, fine, failed)
        b.start(failed)
        if node.msg:
            expr(b, node.msg)
        raise_named(b, node, "AssertionError")
        b.start(fine)
        return
    src = expr(b, node.exc) if node.exc else (b.catching[-1] if b.catching else None)
    if node.cause:
        expr(b, node.cause)
    b.emit(cfg.Raise(node, src))
    b.end(cfg.Jump(node), next=cfg.RAISE)


def definition(b: Builder, node: ast.stmt) -> None:
    """Functions, classes and imports bind a name."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            decorators = [expr(b, d) for d in node.decorator_list]
            dst = b.temp()
            define(b, node, dst)
            decorated(b, node, decorators, dst, name)
        case ast.ClassDef(name=name):
            decorators = [expr(b, d) for d in node.decorator_list]
            for base in [*node.bases, *(k.value for k in node.keywords)]:
                expr(b, base)
            dst = b.temp()
            class_body(b, node, dst)
            decorated(b, node, decorators, dst, name)
        case ast.Import() | ast.ImportFrom():
            package = package_of(b.function.module, False)
            for name, target in import_names(node, package):
                if name != "*":
                    dst = b.temp()
                    b.emit(cfg.Import(node, dst, target))
                    bind(b, node, name, dst)


def decorated(b: Builder, node: ast.stmt, decorators: list[Temp], dst: Temp, name: str) -> None:
    """Apply decorators inside out and bind the name."""
    for decorator in reversed(decorators):
        result = b.temp()
        b.emit(cfg.Invoke(node, result, decorator, ((dst, False),), ()))
        dst = result
    if decorators:
        b.emit(cfg.Store(node, *b.resolve(name), dst))
    else:
        bind(b, node, name, dst)


def bind(b: Builder, node: ast.stmt, name: str, dst: Temp) -> None:
    """A name for what an import or a definition gives."""
    if b.scopes or name not in b.fixed:
        b.emit(cfg.Store(node, *b.resolve(name), dst))


def class_body(b: Builder, node: ast.ClassDef, dst: Temp) -> None:
    """The statements of a class body run in the frame around, under renamed names; methods are known by the class."""
    cls = b.define_class(node)
    note_captures(b, node)
    scope = ScopeNames()
    for stmt in node.body:
        scope.visit(stmt)
    b.scopes.append({name: f"{name}@class{dst}" for name in scope.bound})
    b.class_scopes.append(len(b.scopes) - 1)
    for stmt in node.body:
        if not isinstance(stmt, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            statement(b, stmt)
    values = {name: expr(b, ast.copy_location(ast.Name(name, ast.Load()), stmt)) for name, stmt in _assigned(node)}
    b.class_scopes.pop()
    b.scopes.pop()
    b.emit(cfg.DefineClass(node, dst, cls))
    for name, value in values.items():
        b.emit(cfg.SetClassVar(node, dst, name, value))


def _assigned(node: ast.ClassDef) -> Iterator[tuple[str, ast.stmt]]:
    """The names to which a class body assigns what may be an object."""
    for stmt in node.body:
        match stmt:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ) if not isinstance(value, ast.Constant):
                yield name, stmt
