"""What calling a function may leave behind: futures that it makes, containers that it sets up, or fills."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tooearly.flow.facts import fact
from tooearly.flow.mention import CONTAINERS, MAKING, called, closure, named_by, names_in, nodes_in
from tooearly.semantics.names import Function, walk
from tooearly.semantics.rows import builtin_rows

if TYPE_CHECKING:
    from tooearly.flow.machine import Machine

ASKED_FOR = frozenset(["current", "all_tasks"])  # these make none of their own
ADDING = frozenset(["add", "put_under", "setdefault"])  # the effects of methods that put one more in
DISPLAYS = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)


def makes(m: Machine, function: Function) -> bool:
    """Whether calling the function may give or leave behind a new future that somebody reads.

    It returns one (its text makes futures, or returns what such a function gives), or stores one in an attribute that
    a reading function mentions.
    """
    known = m.making.get(function)
    if known is None:
        m.making[function] = False
        known = m.making[function] = _gives(m, function) or leaves(m, function)
    return known


def sets_up(function: Function) -> bool:
    """Whether the function stores a new container in an attribute: others may put futures there."""
    known: bool | None = function.cache.get("sets_up")
    if known is None:
        known = function.cache["sets_up"] = any(_stores_container(node) for node in nodes_in(function))
    return known


def _stores_container(node: ast.AST) -> bool:
    match node:
        case ast.Assign(targets=targets, value=value):
            pass
        case ast.AnnAssign(target=target, value=value):
            targets = [target]
        case _:
            return False
    made = isinstance(value, DISPLAYS) or called(value) in builtin_rows().named(CONTAINERS)
    return made and any(isinstance(target, ast.Attribute) for target in targets)


def _gives(m: Machine, function: Function) -> bool:
    if isinstance(function.node, ast.Lambda | ast.GeneratorExp):
        return True
    names = {name.rpartition(".")[2] for name in names_in(function)}
    given = [n.value for n in nodes_in(function) if isinstance(n, ast.Return | ast.Yield) and n.value is not None]
    given = [value for value in given if not isinstance(value, ast.Constant)]
    if given and (names & m.rows.named(MAKING) or function.nonlocal_names):
        return True
    module = m.modules.get(function.module)
    if module is None:
        return False
    calls = {n for value in given for n in walk(value) if isinstance(n, ast.Call)}
    texts = frozenset(name for call in calls for name in _callee_names(call))
    return any(makes(m, other) for other in named_by(module, texts) if other is not function)


def _callee_names(call: ast.Call) -> list[str]:
    match call.func:
        case ast.Name(id=name):
            return [name]
        case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=attr):
            return [f"self.{attr}"]
    return []


def leaves(m: Machine, function: Function) -> bool:
    """Whether running the function may leave a new future in a variable around it or in an attribute that is read."""
    texts = closure(m, function)
    if not {name.rpartition(".")[2] for name in texts} & m.rows.named(MAKING):
        return False
    if function.global_names or function.nonlocal_names:
        return True
    module = m.modules.get(function.module)
    attributes = [name[4:] for name in texts if name.startswith("self.")]
    m.consulted |= {("read", function.module, name): True for name in attributes}
    return module is not None and not fact(module, "read").isdisjoint(attributes)


def fills(function: Function) -> bool:
    """Whether the text puts futures that it makes into a container that others have: `tasks.append(create_task(c))`."""
    found: bool | None = function.cache.get("fills")
    if found is None:
        found = function.cache["fills"] = any(True for _ in filling(function))
    return found


def filling(function: Function) -> Iterator[ast.AST]:
    """The places where it does so."""
    making, adding = builtin_rows().named(MAKING - ASKED_FOR), builtin_rows().named(ADDING)
    nodes = nodes_in(function)
    made = {
        name.id
        for node in nodes
        if isinstance(node, ast.Assign) and called(node.value) in making
        for name in node.targets
        if isinstance(name, ast.Name)
    }
    own = function.bound - set(function.params) - function.nonlocal_names - function.global_names
    for node in nodes:
        match node:
            case ast.Call(func=ast.Attribute(value=owner, attr=attr), args=[*_, value]) if attr in adding:
                owners = [owner]
            case ast.Assign(targets=targets, value=value):
                owners = [target.value for target in targets if isinstance(target, ast.Subscript)]
            case _:
                continue
        if all(isinstance(owner, ast.Name) and owner.id in own for owner in owners):
            continue
        if called(value) in making or (isinstance(value, ast.Name) and value.id in made):
            yield node
