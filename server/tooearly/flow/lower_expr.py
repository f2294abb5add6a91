"""Expressions to steps. `expr` lowers for the value, `condition` for the branch.

Evaluation order is Python's. Comprehensions become loops, and so do generator expressions that are an argument, which
is consumed at once (`lower_loops`); other generator expressions become functions.
"""

from __future__ import annotations

import ast

from tooearly.flow import cfg
from tooearly.flow.builder import Builder, UnknownSyntax
from tooearly.flow.cfg import Temp
from tooearly.flow.counting import below
from tooearly.flow.lower_lazy import apply_key, delegated, is_delegation, is_key_function, keyed, map_filter
from tooearly.semantics.names import children, walk

TEXTS = ("JoinedStr", "FormattedValue", "TemplateStr", "Interpolation")
NEGATED = {ast.NotEq: "==", ast.IsNot: "is", ast.NotIn: "in"}
COMPARE = {ast.Eq: "==", ast.Is: "is", ast.In: "in", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", **NEGATED}


def expr(b: Builder, node: ast.expr) -> Temp:
    """Emit the steps that compute `node`; the temporary that holds its value."""
    dst = b.temp()
    match node:
        case ast.Constant(value=value):
            b.emit(cfg.Constant(node, dst, value if not isinstance(value, bytes | complex) else ...))
        case ast.Name(id=name):
            if name == "super" and b.function.cls is not None and b.function.params:  # which looks at it without a word
                b.emit(cfg.Load(node, b.temp(), *b.resolve(b.function.params[0])))
            b.emit(cfg.Load(node, dst, *b.resolve(name)))
        case ast.Attribute(value=value, attr=attr):
            b.emit(cfg.GetAttr(node, dst, expr(b, value), attr))
        case ast.Subscript(value=value, slice=key):
            b.emit(cfg.GetItem(node, dst, expr(b, value), expr(b, key)))
        case ast.Slice(lower=lower, upper=upper, step=step):
            parts = tuple(expr(b, part) if part else None for part in (lower, upper, step))
            b.emit(cfg.Slice(node, dst, parts))  # type: ignore[arg-type]
        case ast.Call():
            return call(b, node)
        case ast.Await(value=value):
            b.emit(cfg.Await(node, dst, expr(b, value)))
        case ast.BoolOp() | ast.IfExp() | ast.Compare() | ast.UnaryOp() | ast.NamedExpr() | ast.BinOp():
            return operator(b, node, dst)
        case ast.List(elts=elts) | ast.Tuple(elts=elts) | ast.Set(elts=elts):
            items = tuple(starred(b, item) for item in elts)
            b.emit(cfg.Make(node, dst, type(node).__name__.lower(), items))
        case ast.Dict(keys=keys, values=values):
            pairs = tuple((expr(b, k) if k else None, expr(b, v)) for k, v in zip(keys, values, strict=True))
            b.emit(cfg.Make(node, dst, "dict", pairs))
        case ast.ListComp() | ast.SetComp() | ast.DictComp():
            from tooearly.flow.lower_loops import comprehension

            return comprehension(b, node)
        case ast.Lambda() | ast.GeneratorExp():
            define(b, node, dst)
        case ast.Yield(value=value):
            b.emit(cfg.Yield(node, dst, expr(b, value) if value else None))
            after = b.block()
            b.end(cfg.Jump(node), next=after)
            b.start(after)
        case ast.YieldFrom(value=value):
            if is_delegation(b, value):
                return delegated(b, node, expr(b, value))
            b.emit(cfg.YieldFrom(node, dst, expr(b, value)))
        case ast.Starred(value=value):
            return expr(b, value)
        case _ if type(node).__name__ in TEXTS:
            srcs = tuple(expr(b, child) for child in children(node) if isinstance(child, ast.expr))
            b.emit(cfg.Opaque(node, dst, srcs, _ends(node)))
        case _:
            raise UnknownSyntax(type(node).__name__)
    return dst


def _ends(node: ast.expr) -> tuple[str, str]:
    """How an f-string begins and ends, whatever is put in."""
    match node:
        case ast.JoinedStr(values=[first, *_, last]):
            begin, end = (part.value if isinstance(part, ast.Constant) else "" for part in (first, last))
            return str(begin), str(end)
    return "", ""


def starred(b: Builder, node: ast.expr) -> tuple[Temp, bool]:
    """A display's or call's item: (value, whether it is unpacked)."""
    if not isinstance(node, ast.Starred):
        return expr(b, node), False
    if isinstance(node.value, ast.GeneratorExp):
        from tooearly.flow.lower_loops import comprehension

        return comprehension(b, node.value), True
    return expr(b, node.value), True


def operator(b: Builder, node: ast.expr, dst: Temp) -> Temp:
    """Operators, among them those that branch."""
    match node:
        case ast.BoolOp(op=op, values=values):
            bool_op(b, node, isinstance(op, ast.And), values, dst)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            yes, no, after = b.block(), b.block(), b.block()
            condition(b, test, yes, no)
            for start, value in ((yes, body), (no, orelse)):
                b.start(start)
                b.emit(cfg.Copy(node, dst, expr(b, value)))
                b.end(cfg.Jump(node), next=after)
            b.start(after)
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            compare(b, node, expr(b, left), ops, comparators, dst)
        case ast.UnaryOp(op=op, operand=operand):
            b.emit(cfg.Unary(node, dst, type(op).__name__, expr(b, operand)))
        case ast.BinOp(left=left, op=op, right=right):
            b.emit(cfg.Binary(node, dst, type(op).__name__, expr(b, left), expr(b, right)))
        case ast.NamedExpr(target=target, value=value):
            src = expr(b, value)
            b.emit(cfg.Copy(node, dst, src))
            b.emit(cfg.Store(node, *walrus_target(b, target.id), src))
    return dst


def walrus_target(b: Builder, name: str) -> tuple[str, int]:
    """A walrus binds in the function around the comprehensions."""
    for index in reversed(b.class_scopes):
        if name in b.scopes[index]:
            return b.scopes[index][name], 0
    from tooearly.flow.builder import resolve

    return resolve(b.function, name)


def bool_op(b: Builder, node: ast.expr, is_and: bool, values: list[ast.expr], dst: Temp) -> None:
    """`a and b`: the value is the first falsy one (or the last); each right side runs on one branch only.

    When a right side waits, the truth of the value tells later whether it has.
    """
    after = b.block()
    short = b.block() if any(isinstance(part, ast.Await) for value in values[1:] for part in walk(value)) else after
    for value in values[:-1]:
        b.emit(cfg.Copy(node, dst, expr(b, value)))
        more = b.block()
        on = {"true": more, "false": short} if is_and else {"true": short, "false": more}
        b.end(cfg.Branch(value, dst, condition_key(value)), **on)
        b.start(more)
    b.emit(cfg.Copy(node, dst, expr(b, values[-1])))
    if short is not after:
        b.end(cfg.Jump(node), next=after)
        b.start(short)
        b.emit(cfg.Unary(node, dst, "Falsy" if is_and else "Truthy", dst))
    b.goto(after, node)


def compare(b: Builder, node: ast.expr, left: Temp, ops: list[ast.cmpop], rights: list[ast.expr], dst: Temp) -> None:
    """A comparison chain stops at its first false link."""
    after = b.block() if len(ops) > 1 else None
    for index, (op, right) in enumerate(zip(ops, rights, strict=True)):
        value = expr(b, right)
        raw = b.temp() if type(op) in NEGATED else dst
        b.emit(cfg.Compare(node, raw, COMPARE[type(op)], left, value))
        if raw != dst:
            b.emit(cfg.Unary(node, dst, "Not", raw))
        if after is not None and index < len(ops) - 1:
            more, stop = b.block(), b.block()
            b.end(cfg.Branch(node, dst, None), true=more, false=stop)
            b.start(stop)
            b.emit(cfg.Constant(node, dst, False))
            b.end(cfg.Jump(node), next=after)
            b.start(more)
        left = value
    if after is not None:
        b.goto(after, node)


def condition(b: Builder, test: ast.expr, yes: cfg.Block, no: cfg.Block, *, loop: bool = False) -> None:
    """Branch on `test`. `loop` conditions are not remembered: they are tested again and again."""
    if b.last_turns and (known := b.last_turns.get(ast.unparse(test))):
        yes, no = turn_block(b, test, yes, known[0], known[1]), turn_block(b, test, no, known[0], not known[1])
    if (counter := below(b.counters(), test)) is not None:
        test, wanted = counter
        on = {"true": yes, "false": no} if wanted else {"true": no, "false": yes}
        b.end(cfg.Branch(test, expr(b, test), condition_key(test)), **on)
        return
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            condition(b, operand, no, yes, loop=loop)
        case ast.BoolOp(op=op, values=values):
            for value in values[:-1]:
                more = b.block()
                condition(b, value, *((more, no) if isinstance(op, ast.And) else (yes, more)), loop=loop)
                b.start(more)
            condition(b, values[-1], yes, no, loop=loop)
        case ast.Compare(left=left, ops=ops, comparators=rights) if len(ops) > 1:
            last = expr(b, left)
            for op, right in zip(ops, rights, strict=True):
                dst, other, more = b.temp(), expr(b, right), b.block()
                b.emit(cfg.Compare(test, dst, COMPARE[type(op)], last, other))
                on = {"true": no, "false": more} if type(op) in NEGATED else {"true": more, "false": no}
                b.end(cfg.Branch(test, dst, None), **on)
                b.start(more)
                last = other
            b.end(cfg.Jump(test), next=yes)
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in NEGATED:
            dst = b.temp()
            b.emit(cfg.Compare(test, dst, NEGATED[type(op)], expr(b, left), expr(b, right)))
            positive = ast.Compare(left, [_POSITIVE[type(op)]()], [right])
            b.end(cfg.Branch(test, dst, None if loop else condition_key(positive)), true=no, false=yes)
        case _:
            b.end(cfg.Branch(test, expr(b, test), None if loop else condition_key(test)), true=yes, false=no)


def turn_block(b: Builder, test: ast.expr, target: cfg.Block, turn: Temp, may_be_last: bool) -> cfg.Block:
    """A block on the way to `target` that notes whether this turn of a counted loop may be its last."""
    current, noting = b.current, b.block()
    b.start(noting)
    b.emit(cfg.Constant(test, turn, may_be_last))
    b.end(cfg.Jump(test), next=target)
    b.start(current)
    return noting


_POSITIVE: dict[type[ast.cmpop], type[ast.cmpop]] = {ast.NotEq: ast.Eq, ast.IsNot: ast.Is, ast.NotIn: ast.In}
PURE_CALLS = ("os.getenv", "os.environ.get", "isinstance", "hasattr", "callable", "issubclass", "len", "bool")


def condition_key(test: ast.expr) -> str | None:
    """A text that is equal for equal conditions, or None when evaluating twice may give two answers."""
    for node in walk(test):
        if isinstance(node, ast.Call) and ast.unparse(node.func) not in PURE_CALLS:
            return None
        if isinstance(node, ast.Await | ast.Yield | ast.NamedExpr | ast.Lambda | ast.comprehension):
            return None
    return ast.unparse(test)


def call(b: Builder, node: ast.Call) -> Temp:
    """A call; those that consume a generator expression or apply a function to each element become loops."""
    from tooearly.flow.lower_loops import as_count, comprehension, first_match, quantifier

    dst = b.temp()
    match node:
        case ast.Call(
            func=ast.Name(id="all" | "any" as name), args=[(ast.GeneratorExp() | ast.ListComp()) as arg], keywords=[]
        ):
            return quantifier(b, arg, name == "all")
        case ast.Call(func=ast.Name(id="sum"), args=[(ast.GeneratorExp() | ast.ListComp()) as arg], keywords=[]) if (
            counted := as_count(arg)
        ) is not None:
            return call(
                b,
                ast.copy_location(ast.Call(ast.copy_location(ast.Name("len", ast.Load()), node), [counted], []), node),
            )
        case ast.Call(func=ast.Name(id="next"), args=[ast.GeneratorExp() as arg, *default], keywords=[]):
            return first_match(b, arg, default)
        case ast.Call(
            func=ast.Name(id="map" | "filter" | "filterfalse" as name) | ast.Attribute(attr="filterfalse" as name),
            args=[function, items],
            keywords=[],
        ) if not isinstance(items, ast.Starred):
            return map_filter(b, node, function, items, name)
    in_place = isinstance(node.func, ast.Attribute) and node.func.attr == "sort"
    if isinstance(node.func, ast.Attribute):
        owner, func = expr(b, node.func.value), b.temp()
        b.emit(cfg.GetAttr(node.func, func, owner, node.func.attr))
    else:
        owner, func = 0, expr(b, node.func)
    args = tuple((comprehension(b, a), False) if isinstance(a, ast.GeneratorExp) else starred(b, a) for a in node.args)
    kwargs = tuple((k.arg, expr(b, k.value)) for k in node.keywords)
    for keyword, (_, value) in zip(node.keywords, kwargs, strict=True):
        if keyword.arg == "key" and (args or in_place) and is_key_function(keyword.value):
            elements = owner if in_place else keyed(b, node, args)
            if elements is not None:
                apply_key(b, node, value, elements)
    b.emit(cfg.Invoke(node, dst, func, args, kwargs))
    return dst


def define(b: Builder, node: ast.Lambda | ast.GeneratorExp | ast.FunctionDef | ast.AsyncFunctionDef, dst: Temp) -> None:
    """`dst = ` a function; its defaults are evaluated now, a generator's first iterable too."""
    defaults: list[tuple[str, Temp]] = []
    if isinstance(node, ast.GeneratorExp):
        defaults.append((".0", expr(b, node.generators[0].iter)))
    else:
        named = [*node.args.posonlyargs, *node.args.args]
        for arg, default in zip(named[len(named) - len(node.args.defaults) :], node.args.defaults, strict=True):
            defaults.append((arg.arg, expr(b, default)))
        for arg, kw_default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
            if kw_default is not None:
                defaults.append((arg.arg, expr(b, kw_default)))
    function = b.define(node)
    note_captures(b, node)
    b.emit(cfg.Define(node, dst, function, tuple(defaults)))


def note_captures(b: Builder, node: ast.AST) -> None:
    """Every name mentioned in a nested function may be one of ours that must stay alive for it."""
    for inner in walk(node):
        if isinstance(inner, ast.Name):
            b.captured.add(b.resolve(inner.id)[0])
            b.captured.add(inner.id)


def raise_named(b: Builder, node: ast.AST, name: str) -> None:
    """Raise a builtin exception by name."""
    dst = b.temp()
    b.emit(cfg.Import(node, dst, f"builtins.{name}"))
    b.emit(cfg.Raise(node, dst))
    b.end(cfg.Jump(node), next=cfg.RAISE)
