"""Comprehensions, and what is consumed at once: loops in the same frame, and the ways out of them.

The variables are renamed (`t` to `t@3`), so that what is learnt of an element in the loop is known of the container
after it. `all`, `any` and `next` stop early, as loops with a second exit.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from tooearly.flow import cfg
from tooearly.flow.builder import Builder
from tooearly.flow.cfg import Temp
from tooearly.flow.counting import written_out
from tooearly.flow.lengths import over_list
from tooearly.flow.lower_expr import condition, expr, raise_named
from tooearly.flow.mention import ANSWERS
from tooearly.semantics.names import children, walk
from tooearly.semantics.rows import builtin_rows

COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
COUNTED = frozenset(["done", "cancelled"])  # the effects of methods: a sum of what they answer counts

Body = Callable[[], None]


def loops(
    b: Builder, node: ast.AST, generators: list[ast.comprehension], body: Body, source: Temp | None = None
) -> cfg.Block:
    """The loops and filters of a comprehension around `body`. Returns the block that follows when all are exhausted.

    `source` takes the first iterable, when somebody wants it afterwards.
    """
    from tooearly.flow.lower_stmt import assign

    done = b.block()
    back = done
    for index, generator in enumerate(generators):
        is_async = bool(generator.is_async)
        iterator = b.temp()
        looked_at = [n for n in (*children(node), *generator.ifs) if not isinstance(n, ast.comprehension)]
        given = expr(b, over_list(generator.iter, generator.target, looked_at, b.function))
        if source is not None and index == 0:
            b.emit(cfg.Copy(generator.iter, source, given))
        b.emit(cfg.Iter(generator.iter, iterator, given, is_async))
        names = [n.id for n in walk(generator.target) if isinstance(n, ast.Name)]
        if index == 0:
            b.scopes.append({})
        b.scopes[-1].update({name: f"{name}@{iterator}" for name in names})
        head = b.block(loop_head=True)
        b.goto(head, generator.iter)
        item, inside = b.temp(), b.block()
        b.end(cfg.Next(generator.iter, item, iterator, is_async), item=inside, exhausted=back)
        b.start(inside)
        assign(b, generator.target, item)
        for test in generator.ifs:
            passed = b.block()
            condition(b, test, passed, head, loop=True)
            b.start(passed)
        back = head
    body()
    b.end(cfg.Jump(node), next=back)
    b.scopes.pop()
    return done


def comprehension(b: Builder, node: ast.expr) -> Temp:
    """A comprehension (or a generator expression that is consumed at once) as loops that fill a container."""
    assert isinstance(node, COMPREHENSIONS)
    dst = b.temp()
    kind = {ast.SetComp: "set", ast.DictComp: "dict"}.get(type(node), "list")
    b.emit(cfg.Make(node, dst, kind, ()))

    def body() -> None:
        if isinstance(node, ast.DictComp):
            key = expr(b, node.key)
            b.emit(cfg.Collect(node, dst, expr(b, node.value), key, _standing_at(b, node, node.value)))
        else:
            b.emit(cfg.Collect(node, dst, expr(b, node.elt), None, _standing_at(b, node, node.elt)))

    first = node.generators[0]
    generators = [short(g, node) for g in node.generators]
    made = kind == "list" and isinstance(getattr(node, "elt", None), ast.Call)
    if made and len(node.generators) == 1 and not first.ifs:
        source = b.temp()
        b.start(loops(b, node, generators, body, source))
        b.emit(cfg.Measure(node, dst, source))
    else:
        b.start(loops(b, node, generators, body))
    return dst


def _standing_at(
    b: Builder, node: ast.DictComp | ast.ListComp | ast.SetComp | ast.GeneratorExp, element: ast.expr
) -> tuple[Temp, ...]:
    """The variables of the innermost loop, where the element of a list or dict may be an answer about one of them."""
    if not isinstance(element, ANSWERS) or isinstance(node, ast.SetComp):
        return ()
    names = [n for n in walk(node.generators[-1].target) if isinstance(n, ast.Name)]
    return tuple(expr(b, ast.copy_location(ast.Name(n.id, ast.Load()), n)) for n in names)


def short(generator: ast.comprehension, node: ast.expr) -> ast.comprehension:
    """The generator with its few turns written out, where each of them makes an element."""
    elements = [getattr(node, part) for part in ("elt", "key", "value") if hasattr(node, part)]
    if generator.ifs or generator.is_async or not any(isinstance(n, ast.Call) for e in elements for n in ast.walk(e)):
        return generator
    return ast.comprehension(generator.target, written_out(generator.iter), [], 0)


def quantifier(b: Builder, node: ast.GeneratorExp | ast.ListComp, is_all: bool) -> Temp:
    """`all(...)` is left by the first false element, `any(...)` by the first true one."""
    dst, early, after = b.temp(), b.block(), b.block()

    def body() -> None:
        go_on = b.block()
        condition(b, node.elt, *((go_on, early) if is_all else (early, go_on)), loop=True)
        b.start(go_on)

    exhausted = loops(b, node, node.generators, body)
    for start, value in ((exhausted, is_all), (early, not is_all)):
        b.start(start)
        b.emit(cfg.Constant(node, dst, value))
        b.end(cfg.Jump(node), next=after)
    b.start(after)
    return dst


def as_count(node: ast.GeneratorExp | ast.ListComp) -> ast.ListComp | None:
    """`sum(t.done() for t in ts)` counts: the elements that it counts, as a list; None when it adds up numbers."""
    *before, last = node.generators
    names = [n.id for n in walk(last.target) if isinstance(n, ast.Name)]
    tests = list(last.ifs)
    match node.elt:
        case ast.Constant(value=1) if tests:
            pass
        case ast.Call(func=ast.Attribute(attr=asking), args=[]) if asking in builtin_rows().named(COUNTED):
            tests.append(node.elt)
        case ast.UnaryOp(op=ast.Not()) | ast.Compare():
            tests.append(node.elt)
        case _:
            return None
    asked = [n.id for test in tests for n in walk(test) if isinstance(n, ast.Name) and n.id in names]
    if not asked:
        return None
    element = ast.copy_location(ast.Name(asked[0], ast.Load()), node.elt)
    counted = ast.comprehension(last.target, last.iter, tests, last.is_async)
    return ast.copy_location(ast.ListComp(element, [*before, counted]), node)


def first_match(b: Builder, node: ast.GeneratorExp, default: list[ast.expr]) -> Temp:
    """`next(x for ...)`: the first element, else the default or StopIteration."""
    dst, after = b.temp(), b.block()

    def body() -> None:
        b.emit(cfg.Copy(node, dst, expr(b, node.elt)))
        b.end(cfg.Jump(node), next=after)

    b.start(loops(b, node, node.generators, body))
    if default:
        b.emit(cfg.Copy(node, dst, expr(b, default[0])))
        b.end(cfg.Jump(node), next=after)
    else:
        raise_named(b, node, "StopIteration")
    b.start(after)
    return dst
