"""Fix `run`: in code outside of the loop, let the loop run until the future is done.

Code that calls `loop.run_until_complete(...)` itself does not run in that loop. `loop.run_until_complete(task)` then
waits for the task and is its result; where the exception is read, it stays inside by way of `asyncio.wait`. The loop is
the one that the same function, or the module's top level, runs; where it has been closed there is nothing to run.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from tooearly.fixes.containers import container
from tooearly.fixes.edit import insert_before, receiver_text
from tooearly.fixes.evaluation import conditions, stable
from tooearly.fixes.hoist import inner_bindings
from tooearly.fixes.names import asyncio_function
from tooearly.fixes.replace_with_await import is_debug_field, is_plain_read
from tooearly.fixes.scope import own_nodes
from tooearly.fixes.site import Site, is_first_iterable
from tooearly.model import Edit, Fix
from tooearly.semantics.names import walk
from tooearly.source.tree import Place

_RUN = "run_until_complete"


@dataclass(frozen=True, slots=True)
class Use:
    """A method called on a loop, and where the call ends."""

    end: int
    loop: str
    method: str


def run_fix(site: Site) -> Fix | None:
    """Run the loop until the future is done; None where no loop is run by the code around the read."""
    uses = sorted(_uses(site), key=lambda use: use.end) if site.context.function is None else []
    before = [use for use in uses if use.end <= site.finding.span.start]
    loop = next((use.loop for use in reversed(before) if use.method == _RUN), "")
    if not loop or site.receiver is None:
        return None
    title = f"Run `{loop}` until `{site.name}` is done"
    if any(use.method == "close" and use.loop == loop for use in before):
        return Fix(title, "run", "safe", disabled=f"`{loop}` is closed")
    if site.finding.method == "exception":
        return _run_before(site, title, loop)
    if not is_plain_read(site) or is_debug_field(site):
        return Fix(title, "run", "safe", disabled="the read has a form that cannot be replaced")
    return Fix(title, "run", "safe", (Edit(site.span(site.read), f"{loop}.{_RUN}({receiver_text(site)})"),))


def _run_before(site: Site, title: str, loop: str) -> Fix:
    """A line that runs the loop, before the statement: the read stays, for it does not raise."""
    index, spelled = site.statement, asyncio_function(site, "wait")
    way, receiver = site.path[index:], site.receiver
    if not stable(receiver) or container(site) is not None or conditions(way) != [] or _is_repeated(site):
        return Fix(title, "run", "safe", disabled="the read is made on a condition, or more than once")
    assert receiver is not None
    if spelled is None or {node.id for node in walk(receiver) if isinstance(node, ast.Name)} & inner_bindings(way):
        return Fix(title, "run", "safe", disabled="the future cannot be named before the line")
    line = f"{loop}.{_RUN}({spelled[0]}([{site.source(receiver)}]))"
    return Fix(title, "run", "safe", tuple(sorted((*spelled[1], *insert_before(site, index, [line])))))


def _is_repeated(site: Site) -> bool:
    """Whether the statement is a loop whose condition is evaluated again, or an `elif`."""
    statement = site.path[site.statement]
    return isinstance(statement, ast.While) or site.text.startswith("elif", site.span(statement).start)


def _uses(site: Site) -> Iterator[Use]:
    """What is done with loops in the code that the read is part of, not in functions inside it."""
    for place, nodes in _scope(site):
        for node in nodes:
            match node:
                case ast.Call(func=ast.Attribute(value=value, attr="run_until_complete" | "close" as method)):
                    if stable(value) or _is_current(value):
                        end, span = place.span(node).end, place.span(value)
                        yield Use(end, site.text[span.start : span.end], method)


def _is_current(node: ast.expr) -> bool:
    """`asyncio.get_event_loop()`, which outside of the loop gives the same one each time."""
    match node:
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name), args=[], keywords=[]):
            return name == "get_event_loop"
    return False


def _scope(site: Site) -> Iterator[tuple[Place, tuple[ast.AST, ...]]]:
    """The nodes of the function, or of the module's top level, that runs the read; none if something delays it."""
    inner: ast.AST | None = None
    for child, parent in pairwise(reversed(site.path)):
        match parent:
            case ast.FunctionDef() if child in parent.body:
                yield site.place, own_nodes(parent)
                return
            case ast.AsyncFunctionDef() | ast.ClassDef() if child in parent.body:
                return
            case ast.Lambda() if child is parent.body:
                return
            case ast.GeneratorExp() if not is_first_iterable(parent, child, inner or child):
                return
        inner = child
    if site.place in [item.place for item in site.tree.items]:
        for item in site.tree.items:
            statements = item.place.unit.body
            yield item.place, tuple(node for one in statements for node in _runs_now(one))


def _runs_now(statement: ast.stmt) -> tuple[ast.AST, ...]:
    return () if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) else own_nodes(statement)
