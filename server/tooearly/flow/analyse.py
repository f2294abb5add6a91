"""Which functions are interpreted on their own, with what they do not know left open, and what is reported.

Roots are the functions that contain a read, those that mention such a function (they may call it with a future of
theirs), and the module's top level. A root's parameters are unknown: futures only where they are annotated so, in an
unknown state. A read in a helper is therefore judged by the calls that are visible.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tooearly.flow import live
from tooearly.flow.builder import UnknownSyntax
from tooearly.flow.lower_stmt import build_module
from tooearly.flow.machine import Act, GaveUp, Machine, Report
from tooearly.flow.mention import READS, named_by, names_in, reads, registered
from tooearly.flow.names import typed_unknown
from tooearly.flow.objects import DONE, Cont, Inst
from tooearly.flow.state import World
from tooearly.flow.values import NONE, Func, Klass, Oid, Ref, Site, Unknown, Value, choice, site_of
from tooearly.semantics.names import Class, Function, Module, all_args
from tooearly.semantics.rows import Rows
from tooearly.semantics.types import CONVENTIONS, annotation_type
from tooearly.source.tree import Unit


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A function that is not judged, and why."""

    function: Function
    why: str


@dataclass(slots=True)
class Analysis:
    """What one root gave: reports by site, and what it consulted (for the cache)."""

    reports: dict[tuple[Site, str], Report]
    given_up: list[GivenUp]
    consulted: dict[object, object]
    steps: int


def roots(module: Module) -> list[Function]:
    """The functions to interpret on their own, the module body last."""
    marked = {f for f in module.functions if reads(f)}
    index = _callers(module)
    stack = list(marked)
    while stack:
        for caller in index.get(stack.pop(), ()):
            if caller not in marked:
                marked.add(caller)
                stack.append(caller)
    chosen = [f for f in module.functions if f in marked]
    if _module_concerned(module, marked):
        chosen.append(module.body)
    return chosen


def _callers(module: Module) -> dict[Function, list[Function]]:
    """For each function those whose text names it."""
    out: dict[Function, list[Function]] = {}
    for function in module.functions:
        for named in named_by(module, names_in(function)):
            if named is not function:
                out.setdefault(named, []).append(function)
    return out


def _module_concerned(module: Module, marked: set[Function]) -> bool:
    """Whether the top level itself reads, or runs something that does."""
    names = {n for f in marked for n in ([f.cls.name] if f.cls else [f.name])}
    for item in module.tree.items:
        unit = item.place.unit
        for stmt in unit.body:
            if not isinstance(stmt, ast.FunctionDef | ast.AsyncFunctionDef):
                mentioned, own = _top_names(stmt)
                if own or mentioned & names:
                    return True
    return False


def _top_names(stmt: ast.stmt) -> tuple[set[str], bool]:
    """The names that a top-level statement mentions outside of functions, and whether it reads there."""
    names: set[str] = set()
    stack: list[ast.AST] = [stmt]
    own = False
    while stack:
        node = stack.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.Attribute):
            own = own or node.attr in READS
        stack += ast.iter_child_nodes(node)
    return names, own


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


def _top_level(module: Module) -> Iterator[tuple[Unit, ast.stmt, bool]]:
    """The module's statements, each with its unit and whether it is the first of a notebook's cell."""
    boundaries = sorted(module.cells)
    cell = 0
    for item in module.tree.items:
        for node in item.place.unit.body:
            before = cell
            start = item.place.span(node).start if boundaries else 0
            while cell < len(boundaries) and boundaries[cell] <= start:
                cell += 1
            yield item.place.unit, node, cell > before > 0


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

    if (
        first
        and function.cls is not None
        and "builtins.staticmethod" not in (names := decorator_names(machine, function))
    ):
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
    if isinstance(value, Ref) and world.fut(value) is not None and function.name in registered(module):
        world.set_mask(value.oid, DONE)
    return choice((NONE, value)) if kind.endswith("?") and isinstance(value, Ref) else value


__all__ = ["Analysis", "Cont", "Func", "GivenUp", "analyse", "roots"]
