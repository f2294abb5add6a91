"""Fix `guard`: read only if the future is done.

A statement that only shows or passes on the value goes below `if task.done():`; anywhere else the read becomes
`task.result() if task.done() else None`. Either way the program goes on without the value, so this is never safe.
"""

from __future__ import annotations

import ast

from tooearly.fixes.edit import indent_step, indentation, line_end, newline, opens_line, receiver_end, receiver_text
from tooearly.fixes.evaluation import stable
from tooearly.fixes.hoist import inner_bindings
from tooearly.fixes.scope import names_in
from tooearly.fixes.site import Site
from tooearly.model import Edit, Fix, Span


def guard_fix(site: Site) -> Fix | None:
    """Read only if the future is done; None when the receiver cannot be written twice."""
    if not stable(site.receiver) or receiver_end(site) is None:
        return None
    title = f"Read `{site.name}` only if it is done"
    statement = site.path[site.statement]
    span = site.span(statement)
    test = f"{receiver_text(site)}.done()"
    below = _names_known(site) and not _later(site)
    if below and isinstance(statement, ast.Expr) and _one_plain_line(site, span):
        indent = newline(site.text, span.start) + indentation(site.text, span.start) + indent_step(site)
        return Fix(title, "guard", "unsafe", (Edit(Span(span.start, span.start), f"if {test}:{indent}"),))
    read = site.span(site.read)
    text = site.text[read.start : read.end]
    if _stands_alone(site):
        return Fix(title, "guard", "unsafe", (Edit(Span(read.end, read.end), f" if {test} else None"),))
    return Fix(title, "guard", "unsafe", (Edit(read, f"({text} if {test} else None)"),))


def _names_known(site: Site) -> bool:
    """Whether the receiver means the same before the statement as in it."""
    assert site.receiver is not None
    return not names_in(site.receiver) & inner_bindings(site.path[site.statement :])


def _later(site: Site) -> bool:
    """Whether the statement only hands on the code that reads: a test before it would be made too soon."""
    return any(isinstance(node, ast.Lambda) for node in site.path[site.statement :])


def _one_plain_line(site: Site, span: Span) -> bool:
    """Whether the statement has a line for itself: what else stands on it would go below the `if`, too."""
    end = line_end(site.text, span.start)
    rest = site.text[span.end : end].strip(" \t\f")
    return opens_line(site.text, span.start) and span.end <= end and (not rest or rest.startswith("#"))


def _stands_alone(site: Site) -> bool:
    """Whether a conditional expression needs no parentheses in the place of the read."""
    match site.parent:
        case ast.Assign() | ast.AnnAssign() | ast.Return() | ast.Expr() | ast.keyword():
            return True
        case ast.NamedExpr() | ast.List() | ast.Set():
            return True
        case ast.Call(args=args):
            return site.read in args and len(args) > 0
    return False
