"""What is known of a module as a whole: the names that any of its functions gives, of a few kinds.

Each kind is a function from one function's text to names; the union is kept with the module, and whoever asks for a
name rests on it (`remember`).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from tooearly.flow.changes import LESSENING
from tooearly.flow.mention import called, names_in, nodes_in, reads
from tooearly.semantics.names import Function, Module, walk
from tooearly.semantics.rows import builtin_rows

if TYPE_CHECKING:
    from tooearly.flow.machine import Machine

CALLBACKS, CANCELS = frozenset(["callback"]), frozenset(["cancel"])  # effects


def read_by(function: Function) -> frozenset[str]:
    """The attributes (with their dot) that a function with a read mentions."""
    return frozenset(name for name in names_in(function) if name.startswith(".")) if reads(function) else frozenset()


def registered_by(function: Function) -> frozenset[str]:
    """The names of the functions that a function registers as done callbacks."""
    found: frozenset[str] | None = function.cache.get("registers")
    if found is None:
        calls = [n for n in nodes_in(function) if isinstance(n, ast.Call) and n.args]
        found = function.cache["registers"] = frozenset(
            name
            for call in calls
            if isinstance(call.func, ast.Attribute) and call.func.attr in builtin_rows().named(CALLBACKS)
            for name in _named(call.args[0])
        )
    return found


def failing_by(function: Function) -> frozenset[str]:
    """The methods (with their dot) by which a function's text gives a future an exception."""
    return _failing() & names_in(function)


@lru_cache(maxsize=1)
def _failing() -> frozenset[str]:
    return frozenset("." + row.name.rpartition(".")[2] for row in builtin_rows().values() if row.kind == "failed")


def cancelling_by(function: Function) -> frozenset[str]:
    """The function itself, if its text cancels, or hands that over to others."""
    cancels = any("." + name in names_in(function) for name in builtin_rows().named(CANCELS))
    return frozenset([function.qualname]) if cancels else frozenset()


def hands_over_cancelling(function: Function) -> bool:
    """Whether a text has others cancel: `call_later(1, task.cancel)`, or a function inside that does."""
    nodes = nodes_in(function)
    called = {n.func for n in nodes if isinstance(n, ast.Call)}
    inside = [n for n in nodes if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)]
    within = {n for inner in inside if inner is not function.node for n in walk(inner)}
    names = builtin_rows().named(CANCELS)
    return any(isinstance(n, ast.Attribute) and n.attr in names and (n in within or n not in called) for n in nodes)


def runs_by_itself(function: Function) -> frozenset[str]:
    """The name of a fixture that is run for all tests."""
    decorators = [d for d in getattr(function.node, "decorator_list", ()) if isinstance(d, ast.Call)]
    always = any(k.arg == "autouse" and _is_true(k.value) for d in decorators for k in d.keywords)
    return frozenset([function.name]) if always else frozenset()


def _is_true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def rebound_by(function: Function) -> frozenset[str]:
    """The module's variables that a function sets."""
    found: frozenset[str] | None = function.cache.get("rebinds")
    if found is None:
        nodes = (node for node in nodes_in(function) if isinstance(node, ast.Global))
        found = function.cache["rebinds"] = frozenset(name for node in nodes for name in node.names)
    return found


def lessened_by(function: Function) -> frozenset[str]:
    """The names of containers from which a function may take something: itself, or by handing them on."""
    found: frozenset[str] | None = function.cache.get("lessens")
    if found is None:
        methods, keeping = builtin_rows().named(LESSENING), builtin_rows().keeping
        names: set[str] = set()
        for node in nodes_in(function):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr)) if attr in methods:
                    names.add(name)
                case ast.Subscript(value=ast.Name(id=name), ctx=ast.Del()):
                    names.add(name)
                case ast.Assign(value=ast.Name(id=name)) | ast.Return(value=ast.Name(id=name)):
                    names.add(name)
            if isinstance(node, ast.Call) and called(node) not in keeping:
                given = (*node.args, *(keyword.value for keyword in node.keywords))
                names.update(arg.id for arg in given if isinstance(arg, ast.Name))
        found = function.cache["lessens"] = frozenset(names)
    return found


FACTS: dict[str, Callable[[Function], frozenset[str]]] = {
    "read": read_by,
    "registered": registered_by,
    "failing": failing_by,
    "cancelling": cancelling_by,
    "by themselves": runs_by_itself,
    "rebound": rebound_by,
    "lessened": lessened_by,
}
"""What is known of a module as a whole: the names that any of its functions gives."""


def fact(module: Module, kind: str) -> frozenset[str]:
    """The names of a kind that the functions of a module give."""
    found = module.facts.get(kind)
    if found is None:
        found = module.facts[kind] = frozenset[str]().union(*map(FACTS[kind], module.functions))
    return found


def registered(m: Machine, module: Module, name: str) -> bool:
    """Whether the module registers functions of that name as done callbacks: what they are handed is done."""
    m.consulted["registered", module.name, name] = True
    return name in fact(module, "registered")


def stays(m: Machine, module: Module, name: str) -> bool:
    """Whether a variable of the module keeps the value that the top level has given it, once."""
    m.consulted["rebound", module.name, name] = name not in fact(module, "rebound")
    return name not in fact(module, "rebound") and len(module.bindings.get(name, ())) == 1


def whole(m: Machine, module: Module, name: str) -> bool:
    """Whether no function of the module takes anything out of a container that is the value of this variable."""
    m.consulted["lessened", module.name, name] = name not in fact(module, "lessened")
    return name not in fact(module, "lessened")


def gives_exceptions(m: Machine) -> bool:
    """Whether any text that is looked at gives futures an exception; without it, plain ones end with a value."""
    seen = [module for module in m.modules.values() if module is not None]
    m.consulted |= {("failing", module.name, name): True for module in seen for name in _failing()}
    return any(fact(module, "failing") for module in seen)


def others_cancel(m: Machine, function: Function) -> bool:
    """Whether any text but what the function itself does on its way cancels."""
    module = m.modules.get(function.module)
    if module is None or hands_over_cancelling(function):
        return True
    m.consulted["cancelling", module.name] = True
    return not fact(module, "cancelling") <= {function.qualname}


def _named(callback: ast.expr) -> Iterator[str]:
    """The function that a callback names, also as a method or in a `partial`."""
    match callback:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            yield name
        case ast.Call(func=ast.Name(id="partial") | ast.Attribute(attr="partial"), args=[function, *_]):
            yield from _named(function)
