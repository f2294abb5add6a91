"""Reads that no waiting can mend: the reason why no fix is offered; and those that it mends only in part."""

from __future__ import annotations

import ast
from itertools import pairwise

from tooearly.fixes.reached import names_cancellation
from tooearly.fixes.scope import Function, assigned_value, own_nodes
from tooearly.fixes.site import Site
from tooearly.semantics.names import walk

_SETTERS = {"set_result", "set_exception"}
_LOOKS = {"result", "exception", "done", "cancelled"}


def hopeless(site: Site) -> str:
    """Why waiting would hang or make no sense, empty if it may help."""
    cause = site.finding.cause
    if cause.future == "current":
        return "a task cannot wait for itself"
    if cause.why == "pending-set":
        return "the code means to look at what is not finished; to wait for it would defeat that"
    if cause.why in ("unset", "fresh") and cause.future in ("future", "unset") and _set_by_itself(site):
        return f"only the code below could set `{site.name}`, so waiting here would never end"
    return ""


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
    """Whether a future made here is known to nobody but this function, which sets it nowhere before the read."""
    receiver, function = site.receiver, _function(site)
    if function is None or not isinstance(receiver, ast.Name):
        return False
    made = assigned_value(function, receiver.id)
    if not isinstance(made, ast.Call):
        return False
    return _uses_are_own(function, receiver.id) or _set_below(site, function, receiver.id)


def _function(site: Site) -> Function | None:
    return next((node for node in reversed(site.path) if isinstance(node, Function)), None)


def _uses_are_own(function: Function, name: str) -> bool:
    """Whether every use of the name is a read, a guard or a setter called by the function itself."""
    uses = {id(node) for node in walk(function) if isinstance(node, ast.Name) and node.id == name}
    for node in own_nodes(function):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=found), attr=attr) as target) if found == name:
                if attr in _SETTERS | _LOOKS:
                    uses.discard(id(target.value))
            case ast.Name(id=found, ctx=ast.Store()) if found == name:
                uses.discard(id(node))
    return not uses


def _set_below(site: Site, function: Function, name: str) -> bool:
    """Whether the function itself sets the future behind the read."""
    end = site.finding.span.end
    for node in own_nodes(function):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=found), attr=attr)) if (
                found == name and attr in _SETTERS
            ):
                if site.span(node).start >= end:
                    return True
    return False
