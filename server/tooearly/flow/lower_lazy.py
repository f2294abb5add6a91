"""Loops that expressions hide: `map` and `filter`, functions that are applied as keys, `yield from`."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from contextlib import contextmanager

from tooearly.flow import cfg
from tooearly.flow.builder import Builder
from tooearly.flow.cfg import Block, Temp


def stored(b: Builder, node: ast.expr) -> Temp:
    """A value that is kept: `map(f, xs)` and `filter(f, xs)` call nothing before somebody asks them for an element."""
    from tooearly.flow.lower_expr import define, expr

    match node:
        case ast.Call(func=ast.Name(id="map" | "filter" as name), args=[function, items], keywords=[]) if not (
            isinstance(items, ast.Starred)
        ):
            dst = b.temp()
            define(b, as_generator(node, name, function, items), dst)
            return dst
    return expr(b, node)


def as_generator(node: ast.Call, name: str, function: ast.expr, items: ast.expr) -> ast.GeneratorExp:
    """`map(f, xs)` as `(f(x) for x in xs)`, `filter(f, xs)` as `(x for x in xs if f(x))`."""

    def one() -> ast.Name:
        return ast.copy_location(ast.Name(".x", ast.Load()), items)

    call: ast.expr = ast.copy_location(ast.Call(function, [one()], []), node)
    if name == "filter" and isinstance(function, ast.Constant):
        call = one()  # filter(None, xs)
    target = ast.copy_location(ast.Name(".x", ast.Store()), items)
    loop = ast.comprehension(target, items, [call] if name == "filter" else [], 0)
    return ast.copy_location(ast.GeneratorExp(call if name == "map" else one(), [loop]), node)


def map_filter(b: Builder, node: ast.Call, function: ast.expr, items: ast.expr, name: str) -> Temp:
    """`map(f, xs)`, `filter(f, xs)` and `filterfalse(f, xs)` with one iterable, as loops."""
    from tooearly.flow.lower_expr import expr
    from tooearly.flow.lower_loops import comprehension

    func, dst = expr(b, function), b.temp()
    source = comprehension(b, items) if isinstance(items, ast.GeneratorExp) else expr(b, items)
    b.emit(cfg.Make(node, dst, "list", ()))
    with _each(b, node, source) as (item, head):
        value = item
        if not isinstance(function, ast.Constant):  # filter(None, xs)
            b.emit(cfg.Invoke(node, value := b.temp(), func, ((item, False),), ()))
        if name != "map":
            keep = b.block()
            on = {"true": keep, "false": head} if name == "filter" else {"true": head, "false": keep}
            b.end(cfg.Branch(node, value, None), **on)
            b.start(keep)
        b.emit(cfg.Collect(node, dst, value if name == "map" else item, None, (item,) if name == "map" else ()))
    return dst


@contextmanager
def _each(b: Builder, node: ast.AST, items: Temp) -> Iterator[tuple[Temp, Block]]:
    """The blocks of a loop over what `items` holds: what is built inside is its body. Gives the element, the head."""
    iterator, item = b.temp(), b.temp()
    b.emit(cfg.Iter(node, iterator, items, False))
    head, inside, done = b.block(loop_head=True), b.block(), b.block()
    b.goto(head, node)
    b.end(cfg.Next(node, item, iterator, False), item=inside, exhausted=done)
    b.start(inside)
    yield item, head
    b.end(cfg.Jump(node), next=head)
    b.start(done)


def is_key_function(node: ast.expr) -> bool:
    """Whether a `key=` may read what it is called with."""
    attr = node.attr if isinstance(node, ast.Attribute) else ""
    return isinstance(node, ast.Lambda | ast.Name | ast.Call) or attr in ("result", "exception")


def keyed(b: Builder, node: ast.Call, args: tuple[tuple[Temp, bool], ...]) -> Temp | None:
    """What a key is applied to: the elements of the one argument; of a builtin with several, these."""
    if len(args) == 1:
        return args[0][0]
    if not isinstance(node.func, ast.Name) or not hasattr(builtins, node.func.id):
        return None
    dst = b.temp()
    b.emit(cfg.Make(node, dst, "tuple", args))
    return dst


def apply_key(b: Builder, node: ast.Call, key: Temp, items: Temp) -> None:
    """`max(xs, key=f)` calls `f` on each element, which may read a result."""
    with _each(b, node, items) as (item, _):
        b.emit(cfg.Invoke(node, b.temp(), key, ((item, False),), ()))


def is_delegation(b: Builder, value: ast.expr) -> bool:
    """Whether `yield from value` gives the elements of an iterable one by one.

    In `__await__`, and in a coroutine of the old kind, which a decorator makes, it waits.
    """
    function = b.function.node
    waits = isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "__await__"
    return not waits and b.function.name != "__await__" and not getattr(function, "decorator_list", None)


def delegated(b: Builder, node: ast.YieldFrom, source: Temp) -> Temp:
    """`yield from xs` as `for x in xs: yield x`. Returns what stands for its value."""
    with _each(b, node, source) as (item, _):
        b.emit(cfg.Yield(node, b.temp(), item))
    dst = b.temp()
    b.emit(cfg.Opaque(node, dst, ()))
    return dst
