"""Fixes `wait` and `gather`: let the future finish before the statement that reads it; the read stays.

`asyncio.wait([t])` neither raises the exception of `t` nor cancels `t` when the waiting task is cancelled;
`asyncio.gather(t)` does both. For a read of every element of a container one wait for all of them is put before the
comprehension or loop; `asyncio.wait` refuses an empty set, so it gets an `if` unless the container is known to hold
something.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from tooearly.fixes.containers import Container, container, over_a_copy
from tooearly.fixes.edit import names_the_future
from tooearly.fixes.evaluation import raises_sooner
from tooearly.fixes.hoist import Plan, inner_bindings, plan
from tooearly.fixes.names import asyncio_function
from tooearly.fixes.replace_with_await import english
from tooearly.fixes.scope import names_in, own_nodes
from tooearly.fixes.site import Site
from tooearly.model import Applicability, Fix

_NO_NAME = "`asyncio` is the name of something else here"


def wait_fix(site: Site, group: Sequence[Site]) -> Fix:
    """Insert `await asyncio.wait([task])` before the statement; `group` are the reads that one wait can serve."""
    found = container(site)
    if found is not None and (found.node is site.read or _needs_whole(site)):
        return _wait_for_all(site, found)
    title = f"Wait for {listed(group)} with `asyncio.wait` before the line (keeps {_exceptions(group)} inside)"
    return over_a_copy(site, found, _before(group, title, "wait", "[{}]"))


def gather_one(site: Site) -> Fix:
    """Insert `await asyncio.gather(task)` before the statement.

    It keeps the exception inside for `.exception()`, and where something else comes first that must not be left out.
    """
    sooner = site.context.function is not None and raises_sooner(site, site.path[site.context.anchor])
    raises = site.finding.method == "result" and not sooner
    says = "raises its exception" if raises else "keeps its exception inside"
    title = f"Wait for `{site.name}` with `asyncio.gather` before the line ({says})"
    return _before([site], title, "gather", "{}" if raises else "{}, return_exceptions=True")


def listed(group: Sequence[Site]) -> str:
    """The names of several futures as an English list."""
    return english([one.name for one in group])


def _exceptions(group: Sequence[Site]) -> str:
    return "their exceptions" if len(group) > 1 else "its exception"


def _before(group: Sequence[Site], title: str, kind: str, argument: str) -> Fix:
    receivers = [one.receiver for one in group if one.receiver is not None]
    if not all(names_the_future(one) for one in group):
        return Fix(title, kind, "safe", disabled="the future cannot be named here")
    where = plan(group[0], receivers)
    if isinstance(where, str):
        return Fix(title, kind, "safe", disabled=where)
    names = ", ".join(_one_line(group[0], receiver) for receiver in receivers)
    return inserted(where, title, kind, kind, argument.format(names))


def inserted(where: Plan, title: str, kind: str, function: str, argument: str, *tests: str) -> Fix:
    """The fix that inserts `await asyncio.FUNCTION(ARGUMENT)` at a planned place, below an `if` for each test."""
    spelled = asyncio_function(where.site, function)
    if spelled is None:
        return Fix(title, kind, "safe", disabled=_NO_NAME)
    name, imports = spelled
    title = title.replace("before the line", f"before {where.before}")
    edits = (*imports, *where.edits(f"await {name}({argument})", *tests))
    return Fix(title, kind, where.applicability, tuple(sorted(edits)))


def _one_line(site: Site, node: ast.expr) -> str:
    text = site.source(node)
    return ast.unparse(node) if any(char in text for char in "\r\n#") else text


def _needs_whole(site: Site) -> bool:
    """Whether a wait for the one element cannot stand before the read, because the element gets its name later."""
    context = site.context
    if context.function is None or site.receiver is None:
        return False
    return bool(names_in(site.receiver) & inner_bindings(site.path[context.anchor :]))


def whole_plan(site: Site, found: Container) -> Plan | str:
    """Where a wait for all elements can stand: before the loop or the statement with the comprehension."""
    if site.context.function is None:
        return site.context.barrier
    if found.emptied:
        return f"`{found.emptied}` is emptied by other code meanwhile"
    if found.once:
        return f"`{found.once}` would be evaluated twice"
    if isinstance(found.node, ast.For):
        outer = Site(
            site.tree, site.place, (*site.path[: site.path.index(found.node)], found.node, found.iterable), site.finding
        )
    else:
        outer = Site(site.tree, site.place, (*site.path[: site.path.index(found.node) + 1],), site.finding)
    where = plan(outer, [])
    if isinstance(where, str):
        return where
    names = names_in(found.iterable) & inner_bindings(outer.path[outer.context.anchor :])
    if names:
        return f"`{min(names)}` gets its value inside the statement"
    return where


def promise(site: Site, found: Container, where: Plan) -> Applicability:
    """Safe when every element is read in any case, one after the other, and nothing else happens meanwhile."""
    if found.filtered or where.applicability != "safe":
        return "unsafe"
    if isinstance(found.node, ast.For):
        direct = site.path[site.path.index(found.node) + 1] is site.path[site.statement]
        stops = (ast.Await, ast.Yield, ast.Break, ast.Continue, ast.Return, ast.Raise, ast.AsyncFor, ast.AsyncWith)
        return "safe" if direct and not any(isinstance(node, stops) for node in own_nodes(found.node)) else "unsafe"
    return "safe"


def _wait_for_all(site: Site, found: Container) -> Fix:
    elements = _flat(found.elements)
    title = f"Wait for all of `{elements}` with `asyncio.wait` before the line (keeps their exceptions inside)"
    where = whole_plan(site, found)
    if isinstance(where, str):
        return Fix(title, "wait", "safe", disabled=where)
    if found.base and not found.testable:
        return Fix(
            title, "wait", "safe", disabled="`asyncio.wait` refuses an empty set, and there may be nothing to wait for"
        )
    where = replace(where, applicability=promise(site, found, where))
    return inserted(where, title, "wait", "wait", elements, *([_flat(found.base)] if found.base else []))


def wait_before_loop(site: Site) -> Fix | None:
    """For a read in a loop over a container: one wait for all of it before the loop."""
    found = container(site)
    if found is None or not isinstance(found.node, ast.For):
        return None
    fix = _wait_for_all(site, found)
    return Fix(
        fix.title.replace("before the line", "before the loop"),
        fix.kind,
        fix.applicability,
        fix.edits,
        disabled=fix.disabled,
    )


def _flat(text: str) -> str:
    return " ".join(text.split())
