"""The effect of one step on one world.

`run_block` takes a world through the steps of a block and out by its edges. A step may split the world (each branch of
what it tests is a world of its own), change it, or raise: then the world leaves by the exceptional edge as it is at
that moment, with the exception in `$exc`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from itertools import product

from tooearly.flow import (
    begun,
    beside,
    cfg,
    containers,
    draining,
    iterate,
    manage,
    operators,
    slices,
    special,
    storing,
    subscripts,
    telling,
)
from tooearly.flow.attributes import delete_attribute, get_attribute, set_attribute
from tooearly.flow.awaits import await_value
from tooearly.flow.binding import Args, Kwargs
from tooearly.flow.branching import branch
from tooearly.flow.calling import call
from tooearly.flow.catching import exception_of, matches_handler, raised_value
from tooearly.flow.cfg import Step, Temp
from tooearly.flow.draining import must_walk, with_lists
from tooearly.flow.indices import slice_value
from tooearly.flow.machine import Act, Machine, Outcome
from tooearly.flow.names import import_value
from tooearly.flow.objects import Inst
from tooearly.flow.patterns import match_pattern
from tooearly.flow.state import World
from tooearly.flow.values import (
    FALSE,
    NONE,
    TRUE,
    Choice,
    Const,
    Coro,
    Exc,
    Func,
    Klass,
    Ref,
    Site,
    Unknown,
    Value,
    const,
    options,
    text,
)
from tooearly.flow.variables import forget_facts, load, settle_value, store


def run_block(m: Machine, act: Act, node: int, world: World) -> list[tuple[int, World]]:
    """Where a world that enters a block goes, and how it looks there."""
    block = act.graph.blocks[node]
    outer, act.block = act.block, block
    out: list[tuple[int, World]] = []
    worlds = [world.copy()]
    demands, spent = act.graph.demands[node], act.graph.spent[node]
    for place, (step, wanted, done_with) in enumerate(zip(block.steps, demands, spent, strict=False)):
        following: list[World] = []
        for current in decided(act, worlds, wanted):
            m.spend(current)
            if m.beginning is not None and act.frame == m.beginning.frame and isinstance(step, cfg.Await):
                outcomes: Iterable[Outcome] = first_await(m, act, current, step, node * begun.PLACES + place)
            else:
                outcomes = execute(m, act, current, step)
            for outcome in outcomes:
                m.spend(outcome.world, 0)
                if outcome.exc is not None:
                    outcome.world.env[act.frame, "$exc"] = outcome.exc
                    out.append((block.handler, outcome.world))
                elif isinstance(step, cfg.Yield):
                    out.append((-10 - node, outcome.world))
                else:
                    for temp in done_with:
                        outcome.world.env.pop((act.frame, temp), None)
                    following.append(outcome.world)
        worlds = following
        if m.record_states:
            record(m, act, worlds, step, block)
        if len(worlds) > 8:
            worlds = list(dict.fromkeys(w.settle() for w in worlds))
    assert block.term is not None
    for current in decided(act, worlds, demands[-1]):
        m.spend(current)
        for label, outcome in leave(m, act, current, block.term):
            m.spend(outcome.world, 0)
            if outcome.exc is not None:
                outcome.world.env[act.frame, "$exc"] = outcome.exc
                out.append((block.handler, outcome.world))
            else:
                out.append((block.edges[label], outcome.world))  # type: ignore[index]
    act.block = outer
    return [(target, prune(act, target, result).settle()) for target, result in out]


def first_await(m: Machine, act: Act, w: World, step: Step, place: int) -> list[Outcome]:
    """An `await` of a coroutine that is followed to its first suspension."""
    before = w.copy()
    return begun.at_await(m, place, list(execute(m, act, w, step)), before)


def decided(act: Act, worlds: list[World], wanted: tuple[object, ...]) -> Iterator[World]:
    """The worlds, split so that what a step looks into is one thing in each (blocks are entered with unions)."""
    frame = act.frame
    for world in worlds:
        open_names = [name for name in wanted if type(world.env.get((frame, name))) is Choice]
        if not open_names:
            yield world
            continue
        for picked in product(*(options(world.env[frame, name]) for name in open_names)):
            branch_world = world.copy()
            branch_world.env.update({(frame, name): value for name, value in zip(open_names, picked, strict=True)})
            yield branch_world


def record(m: Machine, act: Act, worlds: list[World], step: Step, block: cfg.Block) -> None:
    """For the printers: the state of each named future behind the last step of a line."""
    line = getattr(step.node, "lineno", None)
    place = next(i for i, s in enumerate(block.steps) if s is step)
    behind = block.steps[place + 1] if place + 1 < len(block.steps) else None
    if line is None or (behind is not None and getattr(behind.node, "lineno", line) == line):
        return
    for world in worlds:
        for (owner, name), value in world.env.items():
            fut = world.fut(value)
            if owner == act.frame and isinstance(name, str) and name[0] != "$" and fut is not None:
                key = (act.site(step.node), name.partition("@")[0])
                mask, note = m.states.get(key, (0, None))
                m.states[key] = (mask | fut.mask, fut.note or note)


def prune(act: Act, target: int, world: World) -> World:
    """Drop the variables that are not read any more from `target` on."""
    frame = act.frame
    if target >= 0 and frame == ("M", act.function.module):
        keep = act.graph.live[target]
        dead = [key for key in world.env if key[0] == frame and isinstance(key[1], int) and key[1] not in keep]
    elif target >= 0:
        keep = act.graph.live[target]
        captured = act.graph.captured
        dead = [
            key
            for key in world.env
            if key[0] == frame
            and key[1] not in keep
            and (isinstance(key[1], int) or (key[1][0] != "$" and key[1] not in captured))
        ]
    elif target > -10:
        dead = [key for key in world.env if key[0] == frame and isinstance(key[1], int)]
    else:
        dead = []
    for key in dead:
        del world.env[key]
    return world


def put(m: Machine, act: Act, outcomes: Iterable[Outcome], dst: Temp, node: ast.AST) -> Iterator[Outcome]:
    """Store the values of an operation's outcomes in a temporary."""
    for outcome in outcomes:
        if outcome.exc is not None:
            yield outcome
            continue
        for world, value in settle_value(m, act, outcome.world, outcome.value, node):
            world.env[act.frame, dst] = value
            yield Outcome(world)


def attribute_decided(act: Act, outcomes: list[Outcome], obj: Value, attr: str, node: ast.AST) -> Iterator[Outcome]:
    """Reading an attribute that stands for one of several things decides for one of them, as with names."""
    for outcome in outcomes:
        held = outcome.world.heap.get(obj.oid) if isinstance(obj, Ref) else None
        value = outcome.value
        if (
            isinstance(held, Inst)
            and not held.many
            and isinstance(obj, Ref)
            and containers.is_group(outcome.world, value)
        ):
            yield Outcome(outcome.world, _own_member(act, outcome.world, obj, attr, value, node))
            continue
        if not isinstance(outcome.value, Choice) or not isinstance(held, Inst) or held.many:
            yield outcome
            continue
        known = held.get(attr) == outcome.value
        for option in outcome.value.options:
            world = outcome.world.copy()
            if known and isinstance(obj, Ref):
                world.heap[obj.oid] = held.having(attr, option)
            yield Outcome(world, option)


def _own_member(act: Act, w: World, obj: Ref, attr: str, group: Value, node: ast.AST) -> Value:
    """The one member of a group that an object's attribute holds; from now on it is told apart from the others."""
    assert isinstance(group, Ref)
    member = w.element(group, act.site(node), act.frame)
    held = w.heap.get(obj.oid)
    if isinstance(held, Inst) and held.get(attr) == group:
        w.heap[obj.oid] = held.having(attr, member)
    return member


def execute(m: Machine, act: Act, w: World, step: Step) -> Iterator[Outcome] | list[Outcome]:
    """The outcomes of one step."""
    frame = act.frame

    def get(temp: Temp) -> Value:
        return w.env.get((frame, temp), Unknown())

    match step:
        case cfg.Constant(_, dst, value):
            w.env[frame, dst] = Unknown() if value is ... else const(value)
        case cfg.Load():
            return load(m, act, w, step)
        case cfg.Store(_, name, depth, src):
            store(act, w, name, depth, get(src))
        case cfg.Delete(_, name, depth):
            w.env.pop((frame, name), None)
        case cfg.Copy(_, dst, src):
            value = get(src)
            arm = isinstance(step.node, ast.IfExp) and isinstance(value, Const) and value.kind in ("int", "float")
            w.env[frame, dst] = Unknown() if arm else value  # which number it is matters less than how many worlds
        case cfg.GetAttr(node, dst, obj, attr):
            got = attribute_decided(act, get_attribute(m, act, w, get(obj), attr, node), get(obj), attr, node)
            return put(m, act, got, dst, node)
        case cfg.SetAttr(node, obj, attr, src):
            forget_facts(w, frame, "." + attr)
            return set_attribute(m, act, w, get(obj), attr, get(src), node)
        case cfg.SetClassVar(node, obj, attr, src):
            if isinstance(get(src), Ref):
                return set_attribute(m, act, w, get(obj), attr, get(src), node)
        case cfg.DelAttr(_, obj, attr):
            delete_attribute(w, get(obj), attr)
        case cfg.GetItem(node, dst, obj, key):
            items = subscripts.get_item(m, act, w, get(obj), get(key), act.site(node))
            return put(m, act, telling.found(m, act, items, node), dst, node)
        case cfg.SetItem(_, obj, key, src):
            return storing.put_item(m, act, w, get(obj), get(key), get(src), act.site(step.node))
        case cfg.DelItem(_, obj, key):
            return storing.take_away(act, w, get(obj), get(key), act.site(step.node))
        case cfg.Slice(_, dst, parts):
            w.env[frame, dst] = slice_value([None if p is None else get(p) for p in parts])
        case cfg.Invoke(node, dst, func, args, kwargs):
            given = [(get(t), starred) for t, starred in args]
            named = [(name, get(t)) for name, t in kwargs]
            called = invoke(m, act, w, get(func), given, named, act.site(node))
            return put(m, act, telling.found(m, act, called, node) if telling.takes(node) else called, dst, node)
        case cfg.Await(node, dst, src):
            return put(m, act, await_value(m, act, w, get(src), act.site(node)), dst, node)
        case _:
            return execute_more(m, act, w, step)
    return [Outcome(w)]


def invoke(m: Machine, act: Act, w: World, func: Value, args: Args, kwargs: Kwargs, site: Site) -> Iterable[Outcome]:
    """A call, its starred arguments written out; generators among those are run to their end first."""
    if not any(starred and must_walk(m, w, value) for value, starred in args):
        return call(m, act, w, func, spread(w, args), kwargs, site)

    def go_on(world: World, given: Args) -> Iterable[Outcome]:
        return call(m, act, world, func, spread(world, given), kwargs, site)

    return with_lists(m, act, w, args, site, True, go_on)


def spread(w: World, args: Args) -> Args:
    """The arguments with starred ones written out, as the function gets to see them."""
    return [(beside.seen(value), starred) for value, starred in containers.spread(w, args)]


def execute_more(m: Machine, act: Act, w: World, step: Step) -> Iterator[Outcome] | list[Outcome]:
    """The rarer steps."""
    frame = act.frame

    def get(temp: Temp) -> Value:
        return w.env.get((frame, temp), Unknown())

    match step:
        case cfg.Make(node, dst, kind, items):
            w.env[frame, dst] = containers.make(
                w,
                frame,
                act.site(node),
                kind,
                [(get(k) if k is not None else None, get(v) if not isinstance(v, bool) else v) for k, v in items],
            )
        case cfg.Collect(node, coll, src, key, found_for):
            chosen = isinstance(getattr(node, "elt", None) or getattr(node, "value", None), ast.IfExp)
            about = [get(temp) for temp in (*found_for, key) if temp is not None]
            value = beside.paired(w, get(src), about, chosen=chosen)
            storing.collect(w, get(coll), value, None if key is None else get(key))
        case cfg.Measure(_, coll, src):
            return [Outcome(w)] if storing.measured(w, get(coll), get(src)) else []
        case cfg.Unpack(node, src, dsts, star):
            return unpacked(m, act, w, get(src), dsts, star, act.site(node))
        case cfg.Iter(node, dst, src, is_async):
            return put(m, act, iterate.iterator(m, act, w, get(src), act.site(node), is_async), dst, node)
        case cfg.Unary() | cfg.Binary() | cfg.InPlace() | cfg.Compare():
            return put(m, act, operators.operate(m, act, w, step, get), step.dst, step.node)
        case cfg.Opaque(node, dst, srcs, ends):
            w.env[frame, dst] = text(*ends)
            return special.formatted(m, act, w, node, [get(src) for src in srcs])
        case cfg.Define(_, dst, function, defaults):
            made = Func(function, frame, tuple((n, get(t)) for n, t in defaults))  # type: ignore[arg-type]
            w.env[frame, dst] = (
                Coro(made, (), (), act.site(step.node)) if isinstance(step.node, ast.GeneratorExp) else made
            )
        case cfg.DefineClass(_, dst, cls):
            w.env[frame, dst] = Klass(cls, frame)  # type: ignore[arg-type]
        case cfg.Enter(node, dst, manager, is_async):
            return put(m, act, manage.enter(m, act, w, get(manager), act.site(node), is_async, manager), dst, node)
        case cfg.Exit(node, manager, is_async, is_raising):
            return manage.leave(m, act, w, get(manager), act.site(node), is_async, is_raising)
        case cfg.Import(_, dst, name):
            w.env[frame, dst] = import_value(m, act, name)
        case _:
            return execute_control(m, act, w, step)
    return [Outcome(w)]


def unpacked(
    m: Machine, act: Act, w: World, src: Value, dsts: tuple[int, ...], star: int | None, site: Site
) -> list[Outcome]:
    """`a, *b = src`; a generator is run to its end."""
    if not draining.must_walk(m, w, src):
        return slices.unpack(m, act, w, src, dsts, star, site)
    out: list[Outcome] = []
    for given in draining.drain(m, act, w, src, site):
        out += [given] if given.exc else slices.unpack(m, act, given.world, given.value, dsts, star, site)
    return out


def execute_control(m: Machine, act: Act, w: World, step: Step) -> Iterator[Outcome] | list[Outcome]:
    """Steps about exceptions, exits and generators."""
    frame = act.frame
    match step:
        case cfg.Raise(_, src):
            flying = w.env.pop((frame, "$exc"), None) if src is None else w.env.get((frame, src), Unknown())
            return [Outcome(w, exc=exception_of(w, flying) if isinstance(flying, Ref) else raised_value(m, flying))]
        case cfg.Catch(_, dst):
            w.env[frame, dst] = w.env.pop((frame, "$exc"), Unknown())
        case cfg.SetToken(_, token, label):
            flying = w.env.pop((frame, "$exc"), Exc("")) if label == "exception" else None
            w.env[frame, token] = const(label) if flying is None else flying
        case cfg.SetReturn(_, src):
            w.env[frame, "$ret"] = w.env.get((frame, src), Unknown()) if src is not None else NONE
        case cfg.Yield(_, dst, src):
            w.env[frame, "$yield"] = w.env.get((frame, src), Unknown()) if src is not None else NONE
            w.env[frame, dst] = Unknown()
        case cfg.YieldFrom(node, dst, src):
            value = w.env.get((frame, src), Unknown())
            return put(m, act, await_value(m, act, w, value, act.site(node)), dst, node)
    return [Outcome(w)]


def leave(m: Machine, act: Act, w: World, term: Step) -> Iterator[tuple[str, Outcome]]:
    """The labelled ways out of a block."""
    frame = act.frame
    match term:
        case cfg.Branch(node, test, key, once):
            yield from branch(m, act, w, node, w.env.get((frame, test), Unknown()), key, remember=not once)
        case cfg.Next(node, dst, it, is_async):
            for label, outcome in iterate.advance(
                m, act, w, w.env.get((frame, it), Unknown()), act.site(node), is_async
            ):
                if outcome.exc is not None or label == "exhausted":
                    yield label, outcome
                    continue
                for stored in put(m, act, telling.found(m, act, [outcome], node), dst, node):
                    yield label, stored
        case cfg.MatchExc(_, types, star):
            value = None if types is None else w.env.get((frame, types), Unknown())
            yield from matches_handler(m, act, w, value, star)
        case cfg.MatchPattern():
            yield from match_pattern(m, act, w, term)
        case cfg.Dispatch(_, token):
            value = w.env.get((frame, token), Unknown())
            labels = [str(value.value)] if isinstance(value, Const) else ["exception"]
            if not isinstance(value, Const | Exc):
                labels = list(act.block.edges) if act.block else []
            for label in labels:
                if act.block and label in act.block.edges:
                    yield label, Outcome(w.copy() if len(labels) > 1 else w)
        case _:
            yield "next", Outcome(w)


__all__ = ["FALSE", "TRUE", "run_block"]
