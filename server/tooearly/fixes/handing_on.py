"""Has a function given something away before a read, so that others could have done something with it?

Only the text is asked, and "yes" is the cautious answer. What is bound to a name is followed to the names that get it
as well, or an element of it; to call its own methods, or to walk it, gives nothing away. A function written inside that
mentions it counts once that function itself is mentioned before the read.
"""

from __future__ import annotations

import ast
from collections.abc import Collection

from tooearly.fixes.scope import Function, names_in
from tooearly.fixes.site import Site
from tooearly.semantics.names import children, walk

Parents = dict[ast.AST, ast.AST]


def handed_on(site: Site, function: Function, names: Collection[str]) -> bool:
    """Whether the function has handed what the names hold to anybody before the read."""
    parents: Parents = {child: node for node in walk(function) for child in children(node)}
    before = [node for node in walk(function) if isinstance(node, ast.Name) and _precedes(site, node)]
    loads = [node for node in before if isinstance(node.ctx, ast.Load)]
    known, waiting = set(names), list(names)
    while waiting:
        name = waiting.pop()
        for node in loads:
            if node.id == name and not _dormant(node, function, loads, parents):
                given = _given(node, parents)
                if given is None:
                    return True
                waiting += given - known
                known |= given
    return False


def _precedes(site: Site, node: ast.AST) -> bool:
    return site.span(node).end <= site.finding.span.start


def _dormant(node: ast.AST, function: Function, loads: Collection[ast.Name], parents: Parents) -> bool:
    """Whether a mention stands in a function written inside, of which nothing has made use before the read."""
    while (node := parents[node]) is not function:
        if isinstance(node, Function):
            inside = {id(one) for one in walk(node)}
            if not any(one.id == node.name and id(one) not in inside for one in loads):
                return True
    return False


def _given(node: ast.expr, parents: Parents) -> set[str] | None:
    """The names that a mention gives the same value, or a part of it; None where somebody else gets it."""
    whole: ast.AST = node
    while isinstance(parents[whole], ast.Attribute | ast.Subscript) and parents[whole].value is whole:  # type: ignore[attr-defined]
        whole = parents[whole]
    match parents[whole]:
        case ast.Call(func=method) if method is whole and whole is not node:
            return set()
        case ast.Assign(value=value, targets=[ast.Name(id=name)]) if value is whole:
            return {name}
        case ast.For(iter=walked, target=target) | ast.comprehension(iter=walked, target=target) if walked is whole:
            return names_in(target)
    return None
