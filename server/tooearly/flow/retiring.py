"""Containers from which done callbacks take what is done: `task.add_done_callback(running.discard)`.

Nobody in sight empties such a container, and yet it is empty some time. From the first suspension on that such a
callback may have run in, what is held there is held or done. So where it turns out to be empty, all of it is done
(`sizes.emptiness`). Which container is meant is told by the callback itself, or by the name in its text that it calls
a removing method on.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from tooearly.flow.deferred import Deferred
from tooearly.flow.machine import Machine
from tooearly.flow.mention import closure, named_by, nodes_in
from tooearly.flow.objects import Inst
from tooearly.flow.relevance import target_function
from tooearly.flow.state import World
from tooearly.flow.values import RETIRING, TRUE, Api, Bound, Ref, Value
from tooearly.semantics.names import Function

REMOVING = frozenset(["remove", "dict_pop", "pop"])  # the effects of methods


def retire(m: Machine, w: World, deferred: tuple[Deferred, ...]) -> None:
    """Mark the containers that these callbacks may have taken something out of."""
    for one in deferred:
        if one.kind in ("callback", "called"):
            for value in _containers(m, w, one.function):
                cont = w.cont(value)
                if cont is None or not isinstance(value, Ref) or cont.many or (RETIRING, TRUE) in cont.slots:
                    continue
                if any(w.fut(item) is not None for item in (*cont.items, *cont.keys)):
                    w.heap[value.oid] = replace(cont, slots=(*cont.slots, (RETIRING, TRUE)))


def _containers(m: Machine, w: World, function: Value) -> Iterator[Value]:
    match function:
        case Bound(Api(name), Ref() as receiver) if (row := m.rows.get(name)) is not None and row.call in REMOVING:
            yield receiver
    target = target_function(function)
    names = _emptied(m, target.function) if target is not None else frozenset[str]()
    if names:
        yield from (value for (_, name), value in w.env.items() if name in names and isinstance(value, Ref))
        for obj in list(w.heap.values()):
            if isinstance(obj, Inst):
                yield from (value for name, value in obj.attrs if name in names and isinstance(value, Ref))


def _emptied(m: Machine, function: Function) -> frozenset[str]:
    """The same, of the functions that it names too."""
    module = m.modules.get(function.module)
    others = named_by(module, closure(m, function)) if module is not None else []
    return frozenset[str]().union(*(_emptied_by(m, one) for one in {function, *others}))


def _emptied_by(m: Machine, function: Function) -> frozenset[str]:
    """The names, of variables or attributes, of what a function's text takes something out of."""
    found: frozenset[str] | None = function.cache.get("empties")
    if found is None:
        names: set[str] = set()
        for node in nodes_in(function):
            match node:
                case ast.Call(func=ast.Attribute(value=owner, attr=attr)) if attr in m.rows.named(REMOVING):
                    names |= _name(owner)
                case ast.Delete(targets=targets):
                    names |= {n for t in targets if isinstance(t, ast.Subscript) for n in _name(t.value)}
        found = function.cache["empties"] = frozenset(names)
    return found


def _name(node: ast.expr) -> set[str]:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return {name}
    return set()
