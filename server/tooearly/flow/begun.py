"""Tasks that have begun: what a task does before it suspends for the first time has happened when its maker goes on.

Whoever makes a task and then is suspended goes on only after the task has run to its own first suspension. So what it
has stored by then (`self.child = create_task(...)`, say) is there. The worlds in which the task's coroutine comes to
an `await` that suspends are kept from before that `await`, its variables in a frame of their own; when the task is
waited for later, it goes on from there. Only coroutines that leave futures behind are worth it, and only those with
one way to one such `await` are followed (that they may end before is left aside: then there is nothing to see); all
others begin when somebody waits for them (`awaits.body_outcomes`).
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace

from tooearly.flow.binding import bind
from tooearly.flow.cfg import RETURN, Block, Graph
from tooearly.flow.changes import LOOPS
from tooearly.flow.deferred import Deferred
from tooearly.flow.ended import finish
from tooearly.flow.joining import opened
from tooearly.flow.leaving import filling, fills, leaves
from tooearly.flow.machine import Act, GaveUp, Machine, Outcome
from tooearly.flow.mention import called, may_suspend, nodes_in
from tooearly.flow.objects import PENDING, Cont, Fut, Generating, Note
from tooearly.flow.relevance import closed_over
from tooearly.flow.state import World
from tooearly.flow.values import Bound, Coro, Exc, Frame, Func, Oid, Ref, Site, Unknown, Value
from tooearly.semantics.names import Function, walk

STEPS = 600  # of one beginning, or of going on
CLOCK, SETTING = frozenset(["sleep"]), frozenset(["event_set", "finish", "put", "put_nowait"])  # effects
PLACES = 10_000  # a place in a graph as one number: block and step


@dataclass(slots=True)
class Beginning:
    """A coroutine that is followed to its first suspension: the worlds before each `await` that suspends, and where."""

    frame: Frame
    waiting: list[tuple[World, int]] = field(default_factory=list)
    suspended: bool = False


def begin(m: Machine, act: Act, w: World, deferred: Deferred, site: Site) -> bool:
    """Follow a task to its first suspension, in this world (in place). False when that is not known."""
    found = _task_of(w, deferred)
    if m.eager or m.beginning is not None or found is None:
        return False
    ref, func, body = found
    frame: Frame = (*ref.oid.frame, ("task", body.site.hashed))
    function = func.function
    if not function.is_async or function.is_generator or _in_use(w, frame):
        return False
    if not (leaves(m, function) or fills(function)):
        return False
    trial = w.copy()
    bind(m, act, trial, func, frame, [(a, False) for a in body.args], list(body.kwargs), site)
    inner = m.enter(trial, act, func, frame, on_loop=True)
    trial.env[frame, "$task"] = ref
    reached = _first_step(m, inner, trial)
    if reached is None:
        return False
    world, place = reached
    task = world.env.pop((frame, "$task"), ref)
    if place >= 0 and fills(function):
        _leave_open(w, world, function, inner.graph, place)
    _go_on_later(world, task, function_frame=(func, frame), place=place, site=site)
    w.env, w.heap, w.facts, w.deferred = world.env, world.heap, world.facts, world.deferred
    w.suspend(Note("other", site))
    return True


def _task_of(w: World, deferred: Deferred) -> tuple[Ref, Func, Coro] | None:
    """The one task that will run this code, its function and its coroutine."""
    found: list[tuple[Ref, Func, Coro]] = []
    for oid, obj in w.heap.items():
        if isinstance(obj, Fut) and obj.kind == "task" and obj.mask & PENDING and obj.body is not None:
            body = obj.body
            if (body.function, body.args) == (deferred.function, deferred.args) and not body.kwargs:
                if obj.many:
                    return None
                match body.function:
                    case Func() as func:
                        found.append((Ref(oid), func, body))
                    case Bound(Func() as func, receiver):
                        found.append((Ref(oid), func, replace(body, args=(receiver, *body.args))))
    return found[0] if len(found) == 1 else None


def _leave_open(before: World, w: World, function: Function, graph: Graph, place: int) -> None:
    """What a task has begun to fill may get more, where it comes to such a step again."""
    node, index = divmod(place, PLACES)
    places = set(filling(function))
    rest = graph.blocks[node].steps[index:]
    ahead = [*rest, *(step for other in _behind_block(graph, node) if other >= 0 for step in graph.blocks[other].steps)]
    if any(step.node in places for step in ahead):
        for oid, cont in list(w.heap.items()):
            if isinstance(cont, Cont) and not cont.many and oid in before.heap and before.heap[oid] != cont:
                w.heap[oid] = opened(cont)


def may_have_waited(m: Machine, w: World) -> None:
    """Who goes on after waiting for something may owe it to a task that has begun, and that to what it waited for."""
    for oid, begun in list(w.heap.items()):
        if isinstance(begun, Generating) and oid.tag == "begun" and _waits(m, begun.function):
            made = [o for o, obj in w.heap.items() if isinstance(obj, Fut) and begun.frame[-1] in o.frame]
            w.escape([o for o in made if w.heap[o].mask & PENDING])  # type: ignore[union-attr]


def _waits(m: Machine, function: Function) -> bool:
    """Whether a coroutine may wait for anything but the clock before it sets something, if it sets anything."""
    found: bool | None = function.cache.get("waits")
    if found is None:
        clock, setting = m.rows.named(CLOCK), m.rows.named(SETTING)
        nodes = nodes_in(function)
        sleeping = {node for node in nodes if isinstance(node, ast.Await) and called(node.value) in clock}
        waits = [node for node in nodes if may_suspend(node) and node not in sleeping]
        telling = [node for node in nodes if called(node) in setting]
        loops = [set(walk(node)) for node in nodes if isinstance(node, LOOPS)]
        pairs = [(wait, other) for wait in waits for other in telling]
        found = any(_behind(other, wait) or any({wait, other} <= loop for loop in loops) for wait, other in pairs)
        found = function.cache["waits"] = found or bool(waits and not telling)
    return found


def _behind(node: ast.AST, other: ast.AST) -> bool:
    return (node.lineno, node.col_offset) > (other.lineno, other.col_offset)  # type: ignore[attr-defined]


def _in_use(w: World, frame: Frame) -> bool:
    return any(owner == frame for owner, _ in w.env)


def _first_step(m: Machine, inner: Act, trial: World) -> tuple[World, int] | None:
    """The world in which the coroutine suspends, and where (-1: it has ended); None when there is no single one."""
    m.beginning = beginning = Beginning(inner.frame)
    try:
        ended = _within(m, inner, trial)
    finally:
        m.beginning = None
    ways = beginning.waiting or [(o.world, -1) for o in ended or ()]
    return ways[0] if ended is not None and len(ways) == 1 and not beginning.suspended else None


def _within(m: Machine, inner: Act, world: World, start: int = 0) -> list[Outcome] | None:
    """The outcomes of an activation whose reads are judged elsewhere; None when it takes too many steps."""
    limit, quiet, depth = m.limit, m.quiet, m.depth
    m.limit, m.quiet = min(m.limit, m.steps + STEPS), m.quiet + 1
    try:
        return m.finish(inner, m.run(inner, [world], start))
    except GaveUp:
        if m.steps > limit:
            raise
        return None
    finally:
        m.limit, m.quiet, m.depth = limit, quiet, depth


def _go_on_later(w: World, task: Value, function_frame: tuple[Func, Frame], place: int, site: Site) -> None:
    """The task goes on from that place when it is waited for; it is done when it has ended already."""
    fut = w.fut(task)
    if fut is None or not isinstance(task, Ref):
        return
    if place < 0:
        finish(w, task)
        return
    func, frame = function_frame
    rest = Ref(Oid(site, frame, "begun"))
    w.heap[rest.oid] = Generating(func.function, frame, place)
    w.heap[task.oid] = replace(fut, body=Coro(rest, (), (), site))


def at_await(m: Machine, place: int, outcomes: list[Outcome], before: World) -> list[Outcome]:
    """The outcomes of an `await` of the coroutine that is beginning: none when it has suspended."""
    assert m.beginning is not None
    if not m.beginning.suspended:
        return outcomes
    m.beginning.suspended = False
    m.beginning.waiting.append((before, place))
    return []


def go_on(m: Machine, act: Act, w: World, begun: Generating) -> list[Outcome]:
    """Run a coroutine that has begun to its end."""
    node, index = divmod(begun.at, PLACES)
    graph, order = m.graph(begun.function)
    whole = graph.blocks[node]
    rest = Block(len(graph.blocks), whole.steps[index:], whole.term, whole.edges, whole.handler, whole.unit)
    demands = [*graph.demands, graph.demands[node][index:]]
    spent = [*graph.spent, graph.spent[node][index:]]
    more = replace(graph, blocks=[*graph.blocks, rest], live=[*graph.live, frozenset()], demands=demands, spent=spent)
    inner = Act(begun.function, begun.frame, more, act, True, [*order, order[node]], None, act.depth + 1)
    lost = w.copy()
    outcomes = _within(m, inner, w, rest.id)
    if outcomes is None:
        outcomes = [Outcome(lost.copy(), exc=Exc(""))]
    elif any(o.exc is None for o in outcomes) or not _may_return(more, rest.id):
        return outcomes
    lost.escape(lost.reachable([v for (owner, _), v in lost.env.items() if owner == begun.frame], closed_over(lost)))
    lost.leave(begun.frame, False)  # how it returns could not be followed
    return [*outcomes, Outcome(lost, Unknown())]


def _may_return(graph: Graph, start: int) -> bool:
    """Whether a way leads from a block to a return, by the graph alone."""
    return RETURN in _behind_block(graph, start)


def _behind_block(graph: Graph, start: int) -> set[int]:
    """The blocks and exits that a way leads to from a block."""
    seen, stack = set[int](), [start]
    while stack:
        block = graph.blocks[stack.pop()]
        targets = {*block.edges.values(), block.handler} - seen
        seen |= targets
        stack += [target for target in targets if target >= 0]
    return {node for node in seen if node >= 0 or node == RETURN}


__all__ = ["PLACES", "Beginning", "at_await", "begin", "go_on", "may_have_waited"]
