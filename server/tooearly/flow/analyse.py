"""Which functions are interpreted on their own, with what they do not know left open, and what is reported.

Roots are the functions that contain a read, those that mention such a function (they may call it with a future of
theirs), and the module's top level. A root's parameters are unknown: futures only where they are annotated so, in an
unknown state. A read in a helper is therefore judged by the calls that are visible.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from tooearly.flow import live
from tooearly.flow.calling import names_in
from tooearly.flow.lower_stmt import UnknownSyntax, build_module
from tooearly.flow.machine import Act, GaveUp, Machine, Report
from tooearly.flow.names import typed_unknown
from tooearly.flow.state import World
from tooearly.flow.values import Cont, Func, Inst, Klass, Oid, Ref, Site, Unknown, Value, choice, site_of
from tooearly.semantics.names import Class, Function, Module, all_args
from tooearly.semantics.rows import Rows
from tooearly.semantics.types import CONVENTIONS, annotation_type

MARKS = frozenset({".result", ".exception"})


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A function that is not judged, and why."""

    function: Function
    why: str


@dataclass(slots=True)
class Analysis:
    """What one root gave: reports by site, and what it consulted (for the cache)."""

    reports: dict[Site, Report]
    given_up: list[GivenUp]
    consulted: dict[object, object]
    steps: int


def roots(module: Module) -> list[Function]:
    """The functions to interpret on their own, the module body last."""
    texts = {f: names_in(f) for f in module.functions}
    names = _marked_names(module, texts)
    chosen = [f for f in module.functions if texts[f] & MARKS or _mentions(texts[f], names)]
    if _module_concerned(module, names):
        chosen.append(module.body)
    return chosen


def _marked_names(module: Module, texts: dict[Function, set[str]]) -> set[str]:
    """Names (methods with a dot) of functions that hold a read or mention one that does, to the fixpoint."""
    names: set[str] = set()
    changed = True
    waiting = list(module.functions)
    while changed:
        changed = False
        rest = []
        for function in waiting:
            if texts[function] & MARKS or _mentions(texts[function], names):
                names |= {f".{function.name}", function.cls.name} if function.cls else {function.name}
                changed = True
            else:
                rest.append(function)
        waiting = rest
    return names


def _mentions(text: set[str], names: set[str]) -> bool:
    return not names.isdisjoint(text)


def _module_concerned(module: Module, names: set[str]) -> bool:
    """Whether the top level itself reads, or runs something that does."""
    wanted = names | MARKS
    for item in module.tree.items:
        for stmt in item.place.unit.body:
            if isinstance(stmt, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            for node in ast.walk(stmt):
                if isinstance(node, ast.Name) and node.id in wanted and isinstance(node.ctx, ast.Load):
                    return True
                if isinstance(node, ast.Attribute) and "." + node.attr in wanted:
                    return True
    return False


def analyse(
    module: Module, root: Function, rows: Rows, load_module: Callable[[str], Module | None] | None, *, eager: bool
) -> Analysis:
    """Interpret one root. Never raises: what cannot be followed is in `given_up`."""
    machine = Machine(module, rows, load_module, eager=eager)
    try:
        run_root(machine, module, root)
    except GaveUp as bound:
        return Analysis({}, [GivenUp(root, str(bound))], machine.consulted, machine.steps)
    except RecursionError:
        return Analysis({}, [GivenUp(root, "nested too deeply")], machine.consulted, machine.steps)
    except Exception as fault:
        if os.environ.get("TOOEARLY_DEBUG"):
            raise
        return Analysis({}, [GivenUp(root, f"internal error: {fault!r}")], machine.consulted, machine.steps)
    return Analysis(machine.reports, [], machine.consulted, machine.steps)


def run_root(machine: Machine, module: Module, root: Function) -> None:
    """Interpret a root to its exits; an InvalidStateError that leaves it was expected by nobody."""
    world = World()
    act = activation(machine, module, root, world)
    outcomes = machine.finish(act, machine.run(act, [world]))
    for outcome in outcomes:
        if outcome.exc is not None:
            machine.unhandled(outcome.exc)


def activation(machine: Machine, module: Module, root: Function, world: World) -> Act:
    """The activation of a root, its parameters bound to what is known of them."""
    if root is module.body:
        if root.graph is None:
            try:
                graph = build_module(root, list(_top_level(module)), _known(module))
            except UnknownSyntax as problem:
                raise GaveUp(f"unknown syntax: {problem}") from problem
            live.mark_live(graph)
            root.graph = (graph, live.reverse_postorder(graph))
        frame: tuple[object, ...] = ("M", module.name)
    else:
        frame = ()
        bind_unknown(machine, module, root, world, frame)
    graph, order = machine.graph(root)
    world.env[frame, "$up"] = Unknown(("frame", ("M", module.name)))
    return Act(root, frame, graph, None, root.is_async, order)


def _top_level(module: Module) -> Iterator[tuple[object, Iterable[ast.stmt]]]:
    for item in module.tree.items:
        yield item.place.unit, item.place.unit.body


def _known(module: Module) -> dict[ast.AST, Function | Class]:
    known: dict[ast.AST, Function | Class] = {f.node: f for f in module.functions}
    known.update({c.node: c for c in module.classes})
    return known


def bind_unknown(machine: Machine, module: Module, function: Function, world: World, frame: tuple[object, ...]) -> None:
    """Parameters as a caller nobody sees may give them."""
    node = function.node
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return
    first = True
    for arg in all_args(node.args):
        site = site_of(function.unit, arg)
        world.env[frame, arg.arg] = _parameter(machine, module, function, world, arg, site, first=first)
        first = False


def _parameter(
    machine: Machine, module: Module, function: Function, world: World, arg: ast.arg, site: Site, *, first: bool
) -> Value:
    from tooearly.flow.attributes import decorator_names

    if first and function.cls is not None and "builtins.staticmethod" not in (names := decorator_names(machine, function)):
        if "builtins.classmethod" in names:
            return Klass(function.cls, ("M", module.name))
        return world.allocate(Oid(site, ()), Inst(function.cls, open=True))
    node = function.node
    spec = node.args  # type: ignore[attr-defined]
    kind = annotation_type(module, arg.annotation)
    if arg is spec.vararg or arg is spec.kwarg:
        kind = f"{'list' if arg is spec.vararg else 'dict'}:{kind}" if kind.rstrip("?") in ("Task", "Future") else ""
    if not kind.rstrip("?"):
        return Unknown(("param", site), CONVENTIONS.get(arg.arg, "") if arg.annotation is None else "")
    value = typed_unknown(world, kind, Oid(site, ()), ("param", site))
    from tooearly.flow.values import NONE

    return choice((NONE, value)) if kind.endswith("?") and isinstance(value, Ref) else value


__all__ = ["Analysis", "Cont", "Func", "GivenUp", "analyse", "roots"]
