"""Do elements leave a container while its futures are waited for?

    job.add_done_callback(self.jobs.discard)
    ...
    results = [job.result() for job in self.jobs]

After `await asyncio.wait(self.jobs)` there is nothing left to read, and `await job` in the loop changes what is walked.
So the walk has to go over a copy that is made before the first suspension; `gather(*self.jobs)` makes one.

What takes elements out is known by its name: a method such as `discard` that is handed on, or that is called in another
function than the one that reads, or `del` there. Of a local name only functions inside of that one count.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tooearly.fixes.scope import Function, bound_names, own_nodes
from tooearly.fixes.site import Site
from tooearly.semantics.names import walk
from tooearly.semantics.rows import builtin_rows

_TAKING = frozenset(["clear", "dict_pop", "dict_popitem", "pop", "popleft", "remove"])  # the effects of methods


def emptied(site: Site, base: ast.expr) -> bool:
    """Whether other code takes elements out of a container."""
    name = _last(base)
    if not name or site.scope is None:
        return False
    own = own_nodes(site.scope)
    called = {id(node.func) for node in own if isinstance(node, ast.Call)}
    if any(isinstance(node, ast.Attribute) and id(node) not in called and _takes(node, name) for node in own):
        return True
    mine = {id(node) for node in own}
    return any(_takes(node, name) for node in _elsewhere(site, site.scope, base, name) if id(node) not in mine)


def _elsewhere(site: Site, function: Function, base: ast.expr, name: str) -> Iterator[ast.AST]:
    """The code that may know the container: for a local name what is inside of the function, else the file."""
    if isinstance(base, ast.Name) and name in bound_names(function):
        yield from walk(function)
        return
    for place in site.tree.places():
        if name in place.unit.text:
            for statement in place.unit.body:
                yield from walk(statement)


def _last(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _takes(node: ast.AST, name: str) -> bool:
    match node:
        case ast.Attribute(value=value, attr=attr):
            return attr in builtin_rows().named(_TAKING) and _last(value) == name
        case ast.Delete(targets=targets):
            return any(isinstance(one, ast.Subscript) and _last(one.value) == name for one in targets)
    return False
