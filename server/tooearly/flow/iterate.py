"""Iteration: what a loop variable is on each turn, and what is known when the loop is exhausted.

An exact container is walked element by element. From a group one element is taken per turn; what the body learns of it
is learnt of all, because turn by turn the visited elements form a group of their own, and at the end the group of the
unvisited ones is empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tooearly.flow import beside, crew
from tooearly.flow.cfg import Block, Yield
from tooearly.flow.containers import SETS, is_group
from tooearly.flow.counting import FEW
from tooearly.flow.indices import forget_index
from tooearly.flow.joining import swapped
from tooearly.flow.machine import Act, Machine, Outcome
from tooearly.flow.mention import asks_for_first
from tooearly.flow.objects import CANCELLED, DONE, PENDING, TIMEOUT, Cont, Fut, Generating, Inst, Iterating, Note
from tooearly.flow.state import World
from tooearly.flow.stretches import next_stretch
from tooearly.flow.subscripts import pick
from tooearly.flow.suspending import suspend
from tooearly.flow.values import (
    NONE,
    Api,
    Const,
    Coro,
    Exc,
    Func,
    KeyOf,
    Oid,
    Ref,
    Site,
    Unknown,
    Value,
    const,
    options,
    unique,
)
from tooearly.flow.walking import children_of

MOST_CONSTANTS = 4  # the loop over more of them is not followed one by one


def iterator(m: Machine, act: Act, w: World, value: Value, site: Site, is_async: bool) -> list[Outcome]:
    """`iter(value)` or `aiter(value)`."""
    from tooearly.flow.attributes import find_method
    from tooearly.flow.calling import call

    obj = w.heap.get(value.oid) if isinstance(value, Ref) else None
    match obj:
        case Iterating():
            return [Outcome(w, value)]
        case Cont(kind="dict", exact=False, many=False) if not any(isinstance(k, Ref) for k in obj.keys):
            made = Iterating("indices", unique(obj.items), False, obj.nonempty, value)
            return [Outcome(w, w.allocate(Oid(site, act.frame, "it"), made))]
        case Cont(kind=kind):
            items = obj.keys if kind == "dict" else obj.items
            exact = obj.exact and kind not in ("set", "done", "pending")
            nonempty = obj.nonempty or bool(obj.exact and items)
            if len(items) > MOST_CONSTANTS and all(_constant(m, item) for item in items):
                items, exact = (Unknown(),), False
            source = value if kind == "list" and not exact and isinstance(value, Ref) else None
            few = exact and 1 < len(items) <= FEW
            each = obj.exact and not exact and all(isinstance(item, Const) for item in items)
            walk = "pending" if kind == "pending" else "turns" if few else "each" if each else "plain"
            made = Iterating(walk, items, exact, nonempty, source)
            return [Outcome(w, w.allocate(Oid(site, act.frame, "it"), made))]
    if isinstance(value, Coro) and isinstance(value.function, Func) and value.function.function.is_generator:
        started = start_generator(m, act, w, value, site)
        for outcome in started:
            now_begun(outcome.world, value, outcome.value)
        return started
    method = find_method(m, w, value, "__aiter__" if is_async else "__iter__")
    if method is not None:
        out: list[Outcome] = []
        for made_ in call(m, act, w, method, [], [], site):
            if made_.exc is not None or made_.value == value:
                out.append(made_)
            else:
                out += iterator(m, act, made_.world, made_.value, site, is_async)
        return out
    if (inner := w.inside(value)) is not value:
        return iterator(m, act, w, inner, site, is_async)
    return [Outcome(w, w.allocate(Oid(site, act.frame, "it"), Iterating("unknown", (Unknown(),), False)))]


def _constant(m: Machine, item: Value) -> bool:
    """Whether an element is a constant, or one of a module that is not seen: which it is matters little."""
    return isinstance(item, Const) or (isinstance(item, Api) and item.name not in m.rows)


def now_begun(w: World, generator: Coro, it: Value) -> None:
    """Whoever holds the generator holds one that has begun."""
    for key, value in w.env.items():
        if value == generator:
            w.env[key] = it
    for oid, obj in w.heap.items():
        if isinstance(obj, Cont | Inst) and generator in children_of(obj):
            w.heap[oid] = swapped(obj, generator, (it,))


def start_generator(m: Machine, act: Act, w: World, value: Coro, site: Site) -> list[Outcome]:
    """A generator object whose body has not begun."""
    from tooearly.flow.binding import bind

    assert isinstance(value.function, Func)
    frame = (*act.frame, ("gen", site.hashed, *w.turns(act.frame)))
    if len(frame) > 8:
        return [Outcome(w, w.allocate(Oid(site, act.frame, "it"), Iterating("unknown", (Unknown(),), False)))]
    bind(m, act, w, value.function, frame, [(a, False) for a in value.args], list(value.kwargs), value.site)
    w.env[frame, "$up"] = Unknown(("frame", value.function.frame))
    body = w.allocate(Oid(site, act.frame, "gen"), Generating(value.function.function, frame, 0))
    made = Iterating("generator", generator=body, exact=False)
    return [Outcome(w, w.allocate(Oid(site, act.frame, "it"), made))]


def advance(m: Machine, act: Act, w: World, it: Value, site: Site, is_async: bool) -> Iterator[tuple[str, Outcome]]:
    """The next turn: ("item", value) or ("exhausted", -), or an exception."""
    obj = w.heap.get(it.oid) if isinstance(it, Ref) else None
    if not isinstance(obj, Iterating) or not isinstance(it, Ref):
        yield from _custom(m, act, w, it, site, is_async)
        return
    if is_async and obj.kind in ("unknown", "as_completed", "timed"):
        suspend(m, act, w, "other", site)
        yield "item", Outcome(w.copy(), exc=Exc(CANCELLED))
        if obj.kind != "as_completed":
            yield "item", Outcome(w.copy(), exc=Exc(TIMEOUT if obj.kind == "timed" else ""))
    if obj.kind == "in step":
        from tooearly.flow.instep import advance_all

        yield from advance_all(m, act, w, obj.items, site)
    elif obj.kind == "generator":
        yield from _resume_for(m, act, w, obj)
    elif obj.kind == "forever":
        yield from _forever(act, w, it, obj, site)
    elif obj.kind in ("stretches", "batches"):
        yield from next_stretch(act, w, it, site)
    elif obj.exact:
        if obj.items:
            w.heap[it.oid] = replace(obj, items=obj.items[1:])
            yield "item", Outcome(w, obj.items[0])
        else:
            w.heap[it.oid] = replace(obj, kind="plain")
            yield "exhausted", Outcome(w)
    else:
        yield from _from_crowd(m, act, w, it, site, is_async)


def _forever(act: Act, w: World, it: Ref, obj: Iterating, site: Site) -> Iterator[tuple[str, Outcome]]:
    """`count()` gives something each turn, `cycle(x)` the elements of x, again and again."""
    if obj.items:
        w.heap[it.oid] = replace(obj, items=(*obj.items[1:], obj.items[0]))
        yield "item", Outcome(w, obj.items[0])
    elif isinstance(obj.generator, Ref) and w.cont(obj.generator) is not None:
        for world, value in pick(act, w, obj.generator, None, site):
            yield "item", Outcome(world, value)
    else:
        yield "item", Outcome(w, Unknown())


def _from_crowd(m: Machine, act: Act, w: World, it: Ref, site: Site, is_async: bool) -> Iterator[tuple[str, Outcome]]:
    obj = w.heap[it.oid]
    assert isinstance(obj, Iterating)
    turn = Unknown(("turn", site))
    for item in _first(w, obj) or obj.items:
        world = w.copy()
        forget_index(world, turn)
        value: Value = item
        if is_group(world, item):
            assert isinstance(item, Ref)
            value = world.element(item, site, act.frame)
        elif isinstance(item, Coro):
            value = crew.one_of(world, item, site, act.frame)
        else:
            value = beside.member(world, item, site, act.frame)
        held = world.heap[it.oid]
        assert isinstance(held, Iterating)
        more = isinstance(value, Unknown) or (isinstance(item, Coro) and not crew.is_one(item, w))
        rest = held.items if more else tuple(i for i in held.items if i != value)
        world.heap[it.oid] = replace(
            held, items=rest, nonempty=False, generator=held.generator if obj.kind == "indices" else None
        )
        if isinstance(value, Unknown | Const) and obj.kind == "indices":
            value = turn
        elif isinstance(value, Unknown):
            value = value if value.type else turn
        elif obj.generator is not None:
            value = _index_of(world, obj, value, turn, act)
        yield "item", Outcome(world, _given(world, obj.kind, value, site, is_async))
    objects = [beside.about(item) for item in obj.items]
    if obj.nonempty or any(isinstance(i, Ref) and not is_group(w, i) for i in objects):
        return
    if (obj.kind == "each" and obj.items) or any(crew.is_one(item, w) for item in obj.items):
        return
    for item in [*objects, *crew.groups_held(w, obj.items)]:
        if is_group(w, item):
            assert isinstance(item, Ref)
            w.forget_members(item.oid)
    yield "exhausted", Outcome(w)


def _first(w: World, it: Iterating) -> tuple[Value, ...]:
    """The first element of a set, when it has been asked for before: as long as nothing is put in, it is the same."""
    cont = w.cont(it.generator)
    if cont is None or cont.kind not in SETS:
        return ()
    return tuple(value for key, value in cont.slots if key == const(0) and value in it.items)


def _index_of(w: World, it: Iterating, value: Value, turn: Value, act: Act) -> Value:
    """The first element of a list is its element 0; a loop over `range(len(xs))` gives the index instead."""
    source = it.generator
    cont = w.cont(source)
    if cont is not None and cont.kind == "dict" and isinstance(held := beside.about(value), Ref):
        return KeyOf(held)
    if cont is None or not isinstance(source, Ref) or cont.many:
        return value if it.kind != "indices" else turn
    if it.kind != "indices" and not asked(act):
        return value
    key = turn if it.kind == "indices" else const(0)
    if all(known != key for known, _ in cont.slots):
        w.heap[source.oid] = replace(cont, slots=(*cont.slots, (key, value)))
    return value if it.kind != "indices" else turn


def asked(act: Act) -> bool:
    """Whether the function, or one that has called it, may ask for a list's first element again."""
    here: Act | None = act
    while here is not None:
        if asks_for_first(here.function):
            return True
        here = here.caller
    return False


def _given(w: World, kind: str, value: Value, site: Site, is_async: bool) -> Value:
    """What the loop variable gets for an element, by the kind of the iterator."""
    fut = w.fut(value)
    if kind in ("as_completed", "timed"):
        if is_async:
            if fut is not None and isinstance(value, Ref):
                w.set_mask(value.oid, DONE)
            return value
        return Coro(Api("asyncio.as_completed.next"), (value, NONE if kind == "as_completed" else Unknown()), (), site)
    if kind == "pending" and fut is not None and fut.mask == PENDING and isinstance(value, Ref):
        w.set_mask(value.oid, PENDING, Note("pending-set", fut.note.site if fut.note else site))
    return value


def _custom(m: Machine, act: Act, w: World, it: Value, site: Site, is_async: bool) -> Iterator[tuple[str, Outcome]]:
    """An iterator of a class of the workspace, or one that is not followed."""
    from tooearly.flow.attributes import find_method
    from tooearly.flow.awaits import await_value
    from tooearly.flow.calling import call

    method = find_method(m, w, it, "__anext__" if is_async else "__next__")
    if method is None:
        if is_async:
            suspend(m, act, w, "other", site)
        yield "item", Outcome(w.copy(), Unknown())
        yield "exhausted", Outcome(w)
        return
    for made in call(m, act, w, method, [], [], site):
        finished = await_value(m, act, made.world, made.value, site) if is_async and made.exc is None else [made]
        for outcome in finished:
            stop = outcome.exc is not None and outcome.exc.cls in (
                "builtins.StopIteration",
                "builtins.StopAsyncIteration",
            )
            yield ("exhausted", Outcome(outcome.world)) if stop else ("item", outcome)


def send(m: Machine, act: Act, w: World, it: Value, sent: Value) -> Iterator[tuple[str, Outcome]]:
    """The next turn of a generator that is sent something."""
    obj = w.heap.get(it.oid) if isinstance(it, Ref) else None
    if isinstance(obj, Iterating) and obj.kind == "generator":
        yield from _resume_for(m, act, w, obj, sent)
    else:
        yield "item", Outcome(w, Unknown())


def _resume_for(m: Machine, act: Act, w: World, obj: Iterating, sent: Value = NONE) -> Iterator[tuple[str, Outcome]]:
    assert isinstance(obj.generator, Ref)
    for kind, outcome in resume(m, act, w, obj.generator, None, sent):
        if outcome.exc is not None:
            yield "item", outcome
        else:
            yield ("item" if kind == "yield" else "exhausted"), outcome


def resume(
    m: Machine, act: Act, w: World, ref: Ref, thrown: Exc | None, sent: Value = NONE
) -> Iterator[tuple[str, Outcome]]:
    """Run a generator on to its next `yield`, its end, or an exception.

    Its `yield` gives what is `sent`; `thrown` is raised there.
    """
    body = w.heap.get(ref.oid)
    if not isinstance(body, Generating) or body.at < 0 or act.count(body.function) >= 3:
        yield "return", Outcome(w, exc=thrown)
        return
    graph, order = m.graph(body.function)
    inner = type(act)(body.function, body.frame, graph, act, act.on_loop, order, None, act.depth + 1)
    start = body.at
    waiting = next((b for b in graph.blocks if b.edges.get("next") == body.at and _yielding(b) is not None), None)
    if waiting is not None and (step := _yielding(waiting)) is not None:
        w.env[body.frame, step.dst] = sent
    if thrown is not None:
        start = waiting.handler if waiting is not None else -2
        w.env[body.frame, "$exc"] = thrown
        if start < 0:
            w.heap[ref.oid] = replace(body, at=-1)
            yield "raise", Outcome(w, exc=thrown)
            return
    exits = m.run(inner, [w], start)
    for node, worlds in exits.items():
        for world in worlds:
            after = world.copy()
            held = after.heap.get(ref.oid, body)
            assert isinstance(held, Generating)
            if node <= -10:
                yielded = after.env.pop((body.frame, "$yield"), Unknown())
                after.heap[ref.oid] = replace(held, at=graph.blocks[-10 - node].edges["next"])
                for value in options(yielded):
                    yield "yield", Outcome(after.copy(), value)
                continue
            after.heap[ref.oid] = replace(held, at=-1)
            exc = after.env.get((body.frame, "$exc"), NONE) if node == -2 else NONE
            after.leave(body.frame, bool(graph.captured))
            for flying in options(exc):
                thrown = flying if isinstance(flying, Exc) else None
                yield ("return" if thrown is None else "raise"), Outcome(after.copy(), exc=thrown)


def _yielding(block: Block) -> Yield | None:
    """The `yield` that a block ends with."""
    last = block.steps[-1] if block.steps else None
    return last if isinstance(last, Yield) else None


__all__ = ["Fut", "advance", "iterator", "resume", "send"]
