"""Reads that no waiting can mend: the reason why no fix is offered; and those that it mends only in part."""

from __future__ import annotations

import ast
from itertools import pairwise

from tooearly.fixes.containers import container
from tooearly.fixes.deadlock import waits_for_later
from tooearly.fixes.handing_on import handed_on
from tooearly.fixes.reached import names_cancellation
from tooearly.fixes.scope import Function, assigned_value, bound_names, names_in, own_nodes
from tooearly.fixes.site import Site
from tooearly.semantics.names import walk
from tooearly.semantics.rows import builtin_rows

_SETTING = frozenset(["finish"])  # the effect of what sets a future


def hopeless(site: Site) -> str:
    """Why waiting would hang or make no sense, empty if it may help."""
    cause = site.finding.cause
    if cause.future == "current":
        return "a task cannot wait for itself"
    if cause.why == "pending-set":
        return "the code means to look at what is not finished; to wait for it would defeat that"
    if cause.why in ("unset", "fresh") and cause.future == "future" and _set_by_itself(site):
        return f"only the code below could set `{site.name}`, so waiting here would never end"
    return waits_for_later(site) if cause.future == "task" else ""


def ends_cancelled(site: Site) -> bool:
    """Whether the future has been told to stop, so that the read, once it may be made, raises CancelledError.

    Nothing is surprising about that where the code around the read expects it.
    """
    if site.finding.cause.why != "cancelled":
        return False
    return not any(_expects_cancellation(parent, child) for parent, child in pairwise(site.path))


def _expects_cancellation(parent: ast.AST, child: ast.AST) -> bool:
    match parent:
        case ast.Try(body=body, handlers=handlers) if child in body:
            return any(handler.type is None or names_cancellation(handler.type) for handler in handlers)
        case ast.With(items=items) | ast.AsyncWith(items=items) if child in parent.body:
            return any(names_cancellation(item.context_expr) for item in items)
    return False


def _set_by_itself(site: Site) -> bool:
    """Whether nobody but this function could set the future, which does so nowhere before the read."""
    receiver, function = site.receiver, _function(site)
    if function is None or receiver is None:
        return False
    if site.finding.cause.why == "unset":  # nobody has it yet who could set it, as far as can be seen
        return _is_own(site, function, receiver) or _set_below(site, function, receiver)
    made = isinstance(receiver, ast.Name) and isinstance(assigned_value(function, receiver.id), ast.Call)
    return made and _set_below(site, function, receiver)


def _is_own(site: Site, function: Function, receiver: ast.expr) -> bool:
    """Whether only this function has what it reads from. What it was given others have, too."""
    given = {arg.arg for arg in walk(function.args) if isinstance(arg, ast.arg)}
    found, names = container(site), names_in(receiver)
    if found is not None:
        names = (names | names_in(found.iterable)) - _targets(found.node)
    return names <= bound_names(function) - given and not handed_on(site, function, names)


def _targets(node: ast.AST) -> set[str]:
    walked = [node] if isinstance(node, ast.For) else getattr(node, "generators", ())
    return {name for one in walked for name in names_in(one.target)}


def _function(site: Site) -> Function | None:
    return next((node for node in reversed(site.path) if isinstance(node, Function)), None)


def _set_below(site: Site, function: Function, receiver: ast.expr) -> bool:
    """Whether the function itself sets the future behind the read."""
    end, wanted = site.finding.span.end, ast.dump(receiver)
    for node in own_nodes(function):
        match node:
            case ast.Call(func=ast.Attribute(value=found, attr=attr)) if (
                attr in builtin_rows().named(_SETTING) and ast.dump(found) == wanted
            ):
                if site.span(node).start >= end:
                    return True
    return False
