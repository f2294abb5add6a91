"""Interprets one function on its own, with what it does not know left open, and collects what is reported.

A root's parameters are unknown: futures only where they are annotated so, in an unknown state. A read in a helper is
therefore judged by the calls that are visible. Which functions are roots is told in `roots`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from tooearly.flow import live, nested
from tooearly.flow.builder import UnknownSyntax
from tooearly.flow.facts import registered
from tooearly.flow.lower_stmt import build_module
from tooearly.flow.machine import SAMPLING_STEPS, Act, GaveUp, Machine
from tooearly.flow.names import typed_unknown
from tooearly.flow.objects import CALLED_BACK, DONE, Cont, Inst, Note
from tooearly.flow.prepared import prepared
from tooearly.flow.reports import Report
from tooearly.flow.roots import entry_points, leads
from tooearly.flow.sampling import FEW, MORE
from tooearly.flow.sharing import Found, Key
from tooearly.flow.state import World
from tooearly.flow.suspending import suspend
from tooearly.flow.values import NONE, Func, Klass, Oid, Ref, Site, Unknown, Value, choice, site_of
from tooearly.semantics.names import Class, Function, Module, all_args
from tooearly.semantics.rows import Rows
from tooearly.semantics.types import CONVENTIONS, annotation_type
from tooearly.source.tree import Syntax


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A function that is not judged, and why. `partial`: it is, as far as it was followed.

    `caller`: only where this function calls it, it was not followed.
    """

    function: Function
    why: str
    partial: bool = False
    caller: str = ""


@dataclass(slots=True, eq=False)
class Analysis:
    """What one root gave: reports by site, and what that rests on: other modules, and what of its own (`remember`)."""

    reports: dict[tuple[Site, str], Report]
    given_up: list[GivenUp]
    modules: dict[str, Module | None]
    rests_on: frozenset[object]
    steps: int


def analyse(
    module: Module,
    root: Function,
    rows: Rows,
    load_module: Callable[[str], Module | None] | None,
    *,
    eager: bool,
    stop: Callable[[], None] | None = None,
    shared: dict[Key, Found] | None = None,
) -> Analysis:
    """Interpret one root. Never raises: what cannot be followed is in `given_up`.

    `shared`: the summaries that other roots, or earlier versions, have found; new ones are put in. `stop` is called
    now and then, and may end the analysis by raising something that is no `Exception`.
    """
    asked: set[str] = set()
    module.bindings.asked = asked
    try:
        parts = list(interpreted(module, root, rows, load_module, eager=eager, stop=stop, shared=shared))
    finally:
        module.bindings.asked = None
    machines = [machine for machine, _ in parts]
    judged = [machine for machine, gone in parts if gone is None or machine.partial]
    entries = entry_points(module) if root is module.body else frozenset[Function]()
    reports: dict[tuple[Site, str], Report] = {}
    for key, report in (told for machine in judged for told in _told(machine, entries)):
        if key not in reports or (report.early and not reports[key].early):
            reports[key] = report
    others = {k[1]: v for machine in machines for k, v in machine.consulted.items() if k[0] == "module"}
    rest = frozenset[object]().union(*(machine.rests_on(asked) for machine in machines))
    given_up = [gone for _, gone in parts if gone]
    given_up += [
        GivenUp(function, "too many steps", partial=True, caller=root.qualname)
        for machine in machines
        for function in machine.too_big
        if function.module == module.name
    ]
    return Analysis(reports, list(dict.fromkeys(given_up)), others, rest, sum(m.steps for m in machines))


def interpreted(
    module: Module,
    root: Function,
    rows: Rows,
    load_module: Callable[[str], Module | None] | None,
    *,
    eager: bool,
    stop: Callable[[], None] | None = None,
    record_states: bool = False,
    shared: dict[Key, Found] | None = None,
) -> Iterator[tuple[Machine, GivenUp | None]]:
    """What interpreting a root gave, and each function inside it that nobody in sight calls."""
    judged: set[Function] = set()
    stack = [root]
    while stack:
        function = stack.pop()
        if function is root or (function not in judged and nested.alone(function)):
            machine = Machine(module, rows, load_module, eager=eager, stop=stop)
            machine.record_states = record_states
            machine.shared = shared if shared is not None else machine.shared
            gone = _interpret(machine, module, function)
            yield machine, gone
            judged |= machine.judged
            few, left = FEW, SAMPLING_STEPS if machine.cut or _not_judged_alone(machine) else 0
            while left > 0:
                sample = machine.again(module, few=few, steps=left)
                yield sample, _interpret(sample, module, function) or gone
                judged |= sample.judged
                few, left = few * MORE, left - sample.steps if sample.thinned and not sample.cut else 0
        stack += nested.defined(function)


def _not_judged_alone(machine: Machine) -> bool:
    """Whether a function was too big to follow that is no root, or knows more where it is called."""
    return not all(
        machine.program and not (function.params or function.cls or function.parent) and leads(module, function)
        for function in machine.too_big
        for module in [machine.modules.get(function.module)]
    )


def _told(machine: Machine, entries: frozenset[Function] = frozenset()) -> Iterator[tuple[tuple[Site, str], Report]]:
    """The reports that count; those on the functions that only a program's top level runs stand for all."""
    for key, report in machine.reports.items():
        counts = report.in_part() if machine.partial else replace(report, program=report.function in entries)
        if counts is not None:
            yield key, counts


def _interpret(machine: Machine, module: Module, root: Function) -> GivenUp | None:
    """Interpret a function with no caller in sight; why it was given up, if it was."""
    try:
        run_root(machine, module, root)
        if machine.cut:
            return GivenUp(root, "too many steps", partial=True)
    except GaveUp as bound:
        return GivenUp(root, str(bound))
    except RecursionError:
        return GivenUp(root, "nested too deeply")
    except Exception as fault:
        return GivenUp(root, f"internal error: {fault!r}")
    return None


def run_root(machine: Machine, module: Module, root: Function) -> None:
    """Interpret a root to its exits; an InvalidStateError that leaves it was expected by nobody."""
    world = World()
    act = activation(machine, module, root, world)
    machine.root = act
    outcomes = machine.finish(act, machine.run(act, prepared(machine, module, act, world)))
    act.block = act.graph.blocks[0]  # what begins after the end belongs to the whole function
    try:
        for outcome in outcomes:
            if outcome.exc is not None:
                machine.unhandled(outcome.exc)
            if outcome.world.deferred and not machine.cut and root is not module.body:
                # tasks that were started last begin now
                suspend(machine, act, outcome.world, "begun", site_of(root.unit, root.node))
    except GaveUp:
        machine.break_off()


def activation(machine: Machine, module: Module, root: Function, world: World) -> Act:
    """The activation of a root, its parameters bound to what is known of them."""
    if root is module.body:
        if root.graph is None:
            try:
                graph = build_module(root, list(_top_level(module)), _known(module), _fixed(module))
            except UnknownSyntax as problem:
                raise GaveUp(f"unknown syntax: {problem}") from problem
            live.mark_live(graph)
            root.graph = (graph, live.reverse_postorder(graph))
        frame: tuple[object, ...] = ("M", module.name)
    else:
        frame = ()
        bind_unknown(machine, module, root, world, frame)
    graph, order = machine.graph(root)
    world.env[frame, "$up"] = Unknown(("frame", nested.around(machine, module, root, world, bind_unknown)))
    return Act(root, frame, graph, None, root.is_async, order)


def cell_starts(module: Module) -> tuple[bool, ...]:
    """Of each top-level statement of a notebook whether a cell begins with it; nothing for a plain text."""
    return tuple([begins for _, _, begins in _top_level(module)]) if module.cells else ()


def _top_level(module: Module) -> Iterator[tuple[Syntax, ast.stmt, bool]]:
    """The module's statements, each with its unit and whether it is the first of a notebook's cell."""
    boundaries = sorted(module.cells)
    cell = 0
    for item in module.tree.items:
        for node in item.place.unit.body:
            before = cell
            start = item.place.span(node).start if boundaries else 0
            while cell < len(boundaries) and boundaries[cell] <= start:
                cell += 1
            yield item.place.unit.syntax, node, cell > before > 0


def _known(module: Module) -> dict[ast.AST, Function | Class]:
    known: dict[ast.AST, Function | Class] = {f.node: f for f in module.functions}
    known.update({c.node: c for c in module.classes})
    return known


def _fixed(module: Module) -> frozenset[str]:
    """The names that are bound once in the module, by an import or a definition."""
    names = {name for part in module.parts for name, bound in part.bindings if bound.kind in ("import", "def", "class")}
    return frozenset(name for name in names if len(module.bindings.get(name) or ()) == 1)


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
    from tooearly.flow.classes import decorator_names

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
    if isinstance(value, Ref) and world.fut(value) is not None and registered(machine, module, function.name):
        world.set_mask(value.oid, DONE, Note(CALLED_BACK, None))
    return choice((NONE, value)) if kind.endswith("?") and isinstance(value, Ref) else value


__all__ = ["Analysis", "Cont", "Func", "GivenUp", "analyse"]
