"""The interpreter's frame: activations, the budget, reports, and running a graph to its exits.

A call to a function whose text is known is interpreted where it happens, with the caller's world: that is the summary,
computed on demand for the arguments at hand. Depth, recursion and the number of steps are bounded; what reaches a bound
is treated as a call to unknown code, or, when the budget of the whole root is spent, given up with a note (`GaveUp`).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from tooearly.flow import live, solve
from tooearly.flow.builder import UnknownSyntax
from tooearly.flow.cfg import RAISE, RETURN, Block, Graph
from tooearly.flow.folding import fold_worlds, keys_kept, turns_forgotten
from tooearly.flow.lower_stmt import build
from tooearly.flow.objects import Fut, Note
from tooearly.flow.reports import Report
from tooearly.flow.sampling import Rounds
from tooearly.flow.state import World
from tooearly.flow.values import NONE, Exc, Frame, Func, Oid, Site, Unknown, Value, options, site_of
from tooearly.flow.walking import frames
from tooearly.flow.worldset import Worlds
from tooearly.semantics.names import Class, Function, Module
from tooearly.semantics.rows import Rows

if TYPE_CHECKING:
    from tooearly.flow.begun import Beginning
    from tooearly.flow.sharing import Found, Key
    from tooearly.flow.summaries import Summary

Started = tuple[Function, tuple[Value, ...], tuple[tuple[str, Value], ...]]  # a function and its constant arguments

MAIN = "result-before-done"
MAX_DEPTH = 12  # nested calls
MAX_SAME = 4  # activations of one function at a time
STEPS_PER_ROOT, SAMPLING_STEPS = 8_000, 40_000
SPENT_BETWEEN_LOOKS = 16
WORLDS_PER_BLOCK, MOST = 160, 6  # from how many on they are folded, and to how many
FEW = 8  # from how many on worlds of a block are joined that differ in data only
JOIN = 2  # what it costs, in steps, to join two worlds
WORLDS_IN_CALL = 100  # the same for a block of a function that is called: its budget is smaller
LARGE = 50  # objects in a world: each as many again count as a step more


def crowds(world: World) -> int:
    """What it costs, in steps, to bring a world with groups to its canonical form."""
    groups = sum(obj.many for obj in world.heap.values())
    return groups * len(world.heap) // LARGE


class GaveUp(Exception):
    """The budget of a root is spent; the argument says which bound. `exits`: what had come to its end by then."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.exits: dict[int, list[World]] = {}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One way an operation may end: with a value, or with an exception."""

    world: World
    value: Value = NONE
    exc: Exc | None = None


@dataclass(slots=True)
class Act:
    """An activation: a function being interpreted in a frame. `on_loop`: it runs on the event loop's thread."""

    function: Function
    frame: Frame
    graph: Graph
    caller: Act | None
    on_loop: bool
    order: list[int]
    block: Block | None = None
    depth: int = 0

    def site(self, node: ast.AST) -> Site:
        """The site of a node of the block being interpreted."""
        assert self.block is not None
        return site_of(self.block.unit, node)

    def count(self, function: Function) -> int:
        """How many activations of `function` are on the stack."""
        here: Act | None = self
        total = 0
        while here is not None:
            total += here.function is function
            here = here.caller
        return total


class Machine:
    """One analysis: the modules it may look into, and what it has found so far."""

    def __init__(
        self,
        module: Module,
        rows: Rows,
        load_module: Callable[[str], Module | None] | None = None,
        *,
        eager: bool = False,
        stop: Callable[[], None] | None = None,
        sampling: int = 0,
    ) -> None:
        """`sampling`: how many worlds of a block are let through first, where not all are followed; else 0."""
        self.rows = rows
        self.sampling = sampling
        self.modules: dict[str, Module | None] = {module.name: module}
        self.load_module = load_module
        self.reports: dict[tuple[Site, str], Report] = {}
        self.states: dict[tuple[Site, str], tuple[int, Note | None]] = {}
        self.record_states = False
        self.namespaces: Class | None = None  # the class of objects that are nothing but attributes
        self.quiet = 0
        self.in_thread = False  # the loop goes on beside what is interpreted
        self.telling = False  # some task changes something that others see
        self.brief = False
        self.beginning: Beginning | None = None
        self.feeding: tuple[Oid, list[tuple[World, Value]]] | None = None  # a queue, and what others have put into it
        self.steps = 0
        self.eager = eager
        self.consulted: dict[Any, Any] = {}
        self.deferred_seen: set[Any] = set()
        self.visited: set[Function] = set()
        self.judged: set[Function] = set()  # those of them whose reads were looked at, to their ends
        self.summaries: dict[Any, Summary | None] = {}
        self.closures: dict[Function, frozenset[str]] = {}
        self.reading: dict[Function, bool] = {}
        self.concerned: dict[Function, bool] = {}
        self.waiting: dict[Function, bool] = {}
        self.making: dict[Function, bool] = {}
        self.raises: dict[Started, frozenset[Exc]] = {}
        self.stop = stop
        self.spent = 0
        self.body_runs = 0
        self.limit = self.whole = STEPS_PER_ROOT
        self.thinned = False  # worlds were left out
        self.too_big: dict[Function, int] = {}
        self.deferred_runs: dict[Any, int] = {}
        self.depth = 0
        self.shared: dict[Key, Found] = {}
        self.rests: set[object] = set()
        self.root: Act | None = None
        self.cut = False
        self.folded = False
        self.outer: Machine | None = None
        self.own: Key | None = None
        self.holds = True

    def again(self, module: Module, few: int, steps: int) -> Machine:
        """The same once more, by a sample of the worlds: `few` of a block, in so many steps. It shares nothing."""
        other = Machine(module, self.rows, self.load_module, eager=self.eager, stop=self.stop, sampling=few)
        other.limit = other.whole = steps
        other.record_states, other.shared = self.record_states, dict(self.shared)
        other.consulted, other.visited, other.closures = self.consulted, self.visited, self.closures
        other.rests, other.reading = self.rests, self.reading
        return other

    def rests_on(self, asked: Iterable[str]) -> frozenset[object]:
        """What has been found depends on, as keys of `remember.changes`; `asked`: the names that were looked up."""
        keys: set[object] = {key for key in self.consulted if key[0] != "module"}
        keys |= {("name", name) for name in asked}
        keys |= self.visited
        keys |= self.rests
        keys |= self.closures.keys()
        return frozenset(keys.union(*self.closures.values()))

    # Looking things up
    def module(self, name: str) -> Module | None:
        """The module of that name, loaded on demand; None when it cannot be seen."""
        if name not in self.modules:
            self.modules[name] = self.load_module(name) if self.load_module else None
            self.consulted["module", name] = self.modules[name]
        return self.modules[name]

    def graph(self, function: Function) -> tuple[Graph, list[int]]:
        """The graph of a function and its block order, kept with the function."""
        found = function.graph
        if found is None:
            try:
                graph = build(function)
            except UnknownSyntax as problem:
                raise GaveUp(f"unknown syntax: {problem}") from problem
            except RecursionError:
                raise GaveUp("nested too deeply") from None
            live.mark_live(graph)
            found = function.graph = (graph, live.reverse_postorder(graph))
        return found  # type: ignore[no-any-return]

    @property
    def partial(self) -> bool:
        """Whether some worlds may not have been followed to their ends: nothing is known then of all worlds."""
        return self.cut or self.sampling > 0

    @property
    def program(self) -> bool:
        """Whether what is interpreted is the top level of a module."""
        return self.root is not None and self.root.function.qualname == "<module>"

    # Running
    def run(self, act: Act, worlds: Iterable[World], start: int = 0) -> dict[int, list[World]]:
        """Interpret from a block on; the worlds at each exit (negative numbers)."""
        from tooearly.flow.steps import run_block

        self.visited.add(act.function)
        if not (self.quiet or self.brief):
            self.judged.add(act.function)

        def transfer(node: int, world: World) -> list[tuple[int, World]]:
            return run_block(self, act, node, world)

        def lost() -> None:
            self.folded = True
            self.charge(JOIN)

        def widen(found: list[World]) -> list[World]:
            for world in found:
                self.spend(world, crowds(world))
            self.folded = True
            fewer = turns_forgotten(keys_kept(found))
            return fewer if len(fewer) < 2 * MOST else fold_worlds(fewer, MOST)

        outer, act.block = act.block, act.graph.blocks[start]
        solution: solve.Solution[World] = solve.Solution()
        whole = act is self.root or (self.program and act.depth == 1)
        agenda = Rounds(act.order.__getitem__, self.sampling, whole=whole) if self.sampling else None
        try:
            solve.solve(
                start,
                [w.copy().settle() for w in worlds],
                transfer,
                widen,
                order=act.order.__getitem__,
                exits=lambda node: node < 0,
                limit=self.most(act),
                rounds=SAMPLING_STEPS,
                collect=partial(Worlds, few=None if self.sampling else min(FEW, self.most(act) // 2), lost=lost),
                agenda=agenda,
                solution=solution,
            )
        except GaveUp as bound:
            if act is not self.root or self.steps <= self.limit:
                bound.exits = {node: solution.at(node) for node in solution.facts if node < 0}
                if whole and self.sampling:  # a program: what leaves its main function is expected by nobody
                    for outcome in self.finish(act, {RAISE: bound.exits.get(RAISE, [])}):
                        self.unhandled(outcome.exc or Exc(""))
                raise
            self.break_off()
        self.thinned = self.thinned or (agenda is not None and agenda.left_out)
        act.block = outer
        if not solution.complete:
            raise GaveUp("too many rounds")
        return {node: solution.at(node) for node in solution.facts if node < 0}

    def break_off(self) -> None:
        """The budget is spent somewhere within the root: what has come to its exits by now is all there will be."""
        self.cut, self.quiet, self.depth, self.beginning = True, 0, 0, None
        self.brief = self.in_thread = False

    def most(self, act: Act) -> int:
        """The number of worlds from which on those of a block are folded."""
        if self.sampling:
            return self.limit
        depth = act.depth - 1 if self.program else act.depth  # what a program runs counts as a root
        return WORLDS_IN_CALL >> min(max(depth - 2, 0), 2) if depth > 0 else WORLDS_PER_BLOCK

    def spend(self, world: World, steps: int = 1) -> None:
        """Count a step, and more in a world of many objects or groups, where each costs more; raises GaveUp."""
        self.charge(steps + len(world.heap) // LARGE + crowds(world))
        self.spent += 1
        if self.stop is not None and self.spent % SPENT_BETWEEN_LOOKS == 0:
            self.stop()

    def charge(self, steps: int) -> None:
        """Count steps that were taken elsewhere; raises GaveUp at the bound."""
        self.steps += steps
        if self.steps > self.limit:
            raise GaveUp("too many steps")

    def enter(self, world: World, caller: Act | None, function: Func, frame: Frame, *, on_loop: bool) -> Act:
        """A new activation of `function`; its closure's frame is remembered for its free names."""
        graph, order = self.graph(function.function)
        world.env[frame, "$up"] = Unknown(("frame", function.frame))
        depth = caller.depth + 1 if caller else 0
        return Act(function.function, frame, graph, caller, on_loop, order, None, depth)

    def finish(self, act: Act, exits: dict[int, list[World]]) -> list[Outcome]:
        """The outcomes of a finished activation; its variables are dropped."""
        out: list[Outcome] = []
        keep = bool(act.graph.captured)
        for world in exits.get(RETURN, ()):
            for value in options(world.env.get((act.frame, "$ret"), NONE)):
                done = world.copy()
                done.leave(act.frame, keep or act.frame in set(frames(value)))
                out.append(Outcome(done, value))
        for world in exits.get(RAISE, ()):
            for exc in options(world.env.get((act.frame, "$exc"), Exc(""))):
                done = world.copy()
                done.leave(act.frame, keep)
                out.append(Outcome(done, exc=exc if isinstance(exc, Exc) else Exc("")))
        return out

    # Reporting
    def read(self, act: Act, site: Site, receiver: ast.AST, method: str, fut: Fut, code: str = MAIN) -> None:
        """A read was interpreted: remember what was known of the future."""
        if self.quiet:
            return
        report = self.reports.get((site, code))
        if report is None:
            report = self.reports[site, code] = Report(site, method, receiver, act.function, code)
        report.add(fut, clear=not self.folded)

    def unhandled(self, exc: Exc) -> None:
        """An InvalidStateError of a read has met a handler that does not name it, or nobody."""
        if exc.site is not None and not self.quiet and (exc.site, MAIN) in self.reports:
            self.reports[exc.site, MAIN].unhandled = True

    def handled(self, exc: Exc) -> None:
        """An InvalidStateError of a read has met a handler that expects it."""
        if exc.site is not None and not self.quiet and (exc.site, MAIN) in self.reports:
            self.reports[exc.site, MAIN].handled = True


def up(world: World, frame: Frame, depth: int) -> Frame | None:
    """The frame `depth` function scopes out."""
    here: Frame | None = frame
    for _ in range(depth):
        link = world.env.get((here, "$up")) if here is not None else None
        here = link.tag[1] if isinstance(link, Unknown) and isinstance(link.tag, tuple) else None
    return here
