"""`with`, `try` and `finally` to blocks: which handler an exception meets, and what runs on the way out."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from tooearly.flow import cfg
from tooearly.flow.builder import Builder, Finally, With
from tooearly.flow.cfg import Block, Label
from tooearly.flow.lower_expr import expr
from tooearly.flow.lower_stmt import assign, statements


def protected(b: Builder, node: ast.stmt) -> None:
    """`try` and `with`."""
    match node:
        case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body):
            with_items(b, node, items, body)
        case ast.Try() if node.finalbody:
            try_finally(b, node)
        case _ if getattr(node, "finalbody", None):
            try_finally(b, node)  # type: ignore[arg-type]
        case _:
            try_except(b, node)  # type: ignore[arg-type]


def with_items(b: Builder, node: ast.stmt, items: Sequence[ast.withitem], body: Sequence[ast.stmt]) -> None:
    """`with a as x, b as y:` is `with a as x: with b as y:`."""
    if not items:
        statements(b, body)
        return
    item, is_async = items[0], isinstance(node, ast.AsyncWith)
    manager, entered = expr(b, item.context_expr), b.temp()
    b.emit(cfg.Enter(item.context_expr, entered, manager, is_async))
    outer = b.handler
    failed, after = b.block(), b.block()
    b.handler = failed.id
    b.contexts.append(With(manager, is_async, outer))
    if item.optional_vars:
        assign(b, item.optional_vars, entered)
    with_items(b, node, items[1:], body)
    b.contexts.pop()
    b.handler = outer
    if b.current.term is None:
        b.emit(cfg.Exit(item.context_expr, manager, is_async, False))
    b.end(cfg.Jump(node), next=after)
    b.start(failed)
    b.emit(cfg.Exit(item.context_expr, manager, is_async, True))
    b.end(cfg.Jump(node), next=after)
    b.start(after)


def try_finally(b: Builder, node: ast.Try) -> None:
    """The body of a `finally` exists once; every kind of exit enters it with a token and goes on from its end."""
    outer, token = b.handler, b.temp()
    entry, failed, after = b.block(), b.block(), b.block()
    context = Finally(token, entry.id, outer)
    b.handler = failed.id
    b.contexts.append(context)
    if getattr(node, "handlers", None):
        try_except(b, node)
    else:
        statements(b, [*node.body, *node.orelse])
    b.contexts.pop()
    b.handler = outer
    if b.current.term is None:
        b.emit(cfg.SetToken(node, token, "next"))
        b.end(cfg.Jump(node), next=entry)
    b.start(failed)
    b.emit(cfg.SetToken(node, token, "exception"))
    b.end(cfg.Jump(node), next=entry)
    b.start(entry)
    statements(b, node.finalbody)
    finish_finally(b, node, context, after)


def finish_finally(b: Builder, node: ast.AST, context: Finally, after: Block) -> None:
    """Where the end of a `finally` body goes on, by the token."""
    exits: dict[Label, Block] = {"next": after, "exception": b.block()}
    for label in context.pending:
        exits[label] = b.block()
    b.end(cfg.Dispatch(node, context.token), **exits)
    b.start(exits["exception"])
    b.emit(cfg.Raise(node, context.token))
    b.end(cfg.Jump(node), next=cfg.RAISE)
    for label in context.pending:
        b.start(exits[label])
        b.unwind(label, node)
    b.start(after)


def try_except(b: Builder, node: ast.Try) -> None:
    """Handlers are tried in order; what none of them takes goes on outwards. `else` is not protected."""
    outer, star = b.handler, type(node).__name__ == "TryStar"
    dispatch, after = b.block(), b.block()
    b.handler = dispatch.id
    statements(b, node.body)
    b.handler = outer
    if b.current.term is None:
        b.goto(b.block(), node)
    statements(b, node.orelse)
    b.end(cfg.Jump(node), next=after)
    b.start(dispatch)
    for handler in node.handlers:
        types = expr(b, handler.type) if handler.type else None
        body, following = b.block(), b.block()
        b.end(cfg.MatchExc(handler, types, star), match=body, next=following)
        b.start(body)
        handler_body(b, handler)
        b.end(cfg.Jump(handler), next=after)
        b.start(following)
    b.emit(cfg.Raise(node, None))
    b.end(cfg.Jump(node), next=cfg.RAISE)
    b.start(after)


def handler_body(b: Builder, handler: ast.ExceptHandler) -> None:
    """`except ... as name:`; the name is deleted at the end, as Python does."""
    caught = b.temp()
    b.emit(cfg.Catch(handler, caught))
    b.catching.append(caught)
    if handler.name:
        b.emit(cfg.Store(handler, *b.resolve(handler.name), caught))
    statements(b, handler.body)
    b.catching.pop()
    if b.current.term is None:
        b.emit(cfg.EndCatch(handler))
