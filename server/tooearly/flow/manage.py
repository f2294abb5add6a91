"""`with` and `async with`: what entering gives, and what leaving does to futures and exceptions.

Managers known by a row (`Managing`), task groups, classes of the workspace (their methods are interpreted), generators
under `@contextmanager` (run to their `yield`, and on from it). A manager that is not known is assumed not to swallow.
"""

from __future__ import annotations

from tooearly.flow.attributes import find_method
from tooearly.flow.awaits import await_unknown, await_value, complete
from tooearly.flow.calling import call
from tooearly.flow.catching import NO, YES, handler_names, judged, note_taken, passing
from tooearly.flow.ended import has_failed, held_futures, note_all
from tooearly.flow.gathering import failures
from tooearly.flow.giving_way import leave_to_others
from tooearly.flow.iterate import resume, start_generator
from tooearly.flow.machine import Act, Machine, Outcome
from tooearly.flow.mention import names_in
from tooearly.flow.objects import CANCELLED, DONE, TIMEOUT, Cont, Fut, Iterating, Note
from tooearly.flow.state import World
from tooearly.flow.suspending import suspend
from tooearly.flow.values import FALSE, NONE, TRUE, Const, Coro, Exc, Managing, Ref, Site, Unknown, Value

LOCKS = ("Condition", "Lock")  # types of which only a cancellation keeps one out


def enter(m: Machine, act: Act, w: World, manager: Value, site: Site, is_async: bool, temp: int | str) -> list[Outcome]:
    """The value of `as`."""
    match manager:
        case Managing("generator", (Coro() as coro,)):
            return _enter_generator(m, act, w, coro, site, temp)
        case Managing("runner", _):
            return [Outcome(w, Unknown(None, "Runner"))]
        case Managing("timeout", (_, handle)):
            return [Outcome(w, handle)]
        case Managing("pass" | "closing", values):
            return [Outcome(w, values[0] if values else NONE)]
        case Managing():
            return [Outcome(w, Unknown())]
        case Ref() if isinstance(w.heap.get(manager.oid), Cont):
            return [Outcome(w, manager)]
    method = find_method(m, w, manager, "__aenter__" if is_async else "__enter__")
    if method is not None:
        out: list[Outcome] = []
        for made in call(m, act, w, method, [], [], site):
            out += await_value(m, act, made.world, made.value, site) if is_async and made.exc is None else [made]
        return out
    known = (isinstance(manager, Unknown) and manager.type) or w.inside(manager) is not manager
    value: Value = manager if known else Unknown()
    if m.in_thread:
        w.escape(list(w.heap))  # a lock, perhaps
    if not is_async:
        return [Outcome(w, value), *([Outcome(w.copy(), exc=Exc(""))] if isinstance(manager, Unknown) else [])]
    fails = not (isinstance(manager, Unknown) and manager.type in LOCKS)
    return [Outcome(o.world, value, o.exc) for o in await_unknown(m, act, w, site, surely=False, fails=fails)]


def _enter_generator(m: Machine, act: Act, w: World, coro: Coro, site: Site, temp: int | str) -> list[Outcome]:
    """Run the generator to its `yield`; it is kept in the manager's own variable until the block is left."""
    out: list[Outcome] = []
    for started in start_generator(m, act, w, coro, site):
        it = started.value
        obj = started.world.heap.get(it.oid) if isinstance(it, Ref) else None
        if not isinstance(obj, Iterating) or not isinstance(obj.generator, Ref):
            out.append(Outcome(started.world, Unknown()))
            continue
        for kind, outcome in resume(m, act, started.world, obj.generator, None):
            outcome.world.env[act.frame, temp] = Managing("running", (obj.generator,))
            if kind == "yield" or outcome.exc is not None:
                out.append(outcome)
    return out


def leave(m: Machine, act: Act, w: World, manager: Value, site: Site, is_async: bool, raising: bool) -> list[Outcome]:
    """The end of the block; with `raising` an exception is in `$exc`, and an outcome without one swallows it."""
    flying = w.env.pop((act.frame, "$exc"), None) if raising else None
    exc = flying if isinstance(flying, Exc) else (Exc("") if raising else None)
    method = find_method(m, w, manager, "__aexit__" if is_async else "__exit__")
    if method is not None:
        return _leave_instance(m, act, w, method, exc, site, is_async)
    if isinstance(manager, Managing):
        return _leave_managing(m, act, w, manager, exc, site)
    manager = w.inside(manager)
    if isinstance(manager, Ref) and (held := w.cont(manager)) is not None:
        from tooearly.flow.stacks import leave_stack

        return (leave_stack if held.kind == "stack" else leave_group)(m, act, w, manager, exc, site)
    if isinstance(manager, Unknown) and manager.type == "Executor":
        end_submitted(w)
    if not is_async:
        return [Outcome(w, exc=exc)]
    suspend(m, act, w, "other", site, surely=False)
    return [Outcome(w, exc=exc), Outcome(w.copy(), exc=Exc(CANCELLED))]


def _leave_managing(m: Machine, act: Act, w: World, manager: Managing, exc: Exc | None, site: Site) -> list[Outcome]:
    """The end of the block of a manager that a row describes."""
    match manager:
        case Managing("timeout", delay):
            return _leave_timeout(act, w, delay, exc, site)
        case Managing("suppress", types):
            return _leave_suppress(m, w, types, exc)
        case Managing("raises", types):
            return _leave_suppress(m, w, types, exc) if exc else [Outcome(w, exc=Exc("builtins.AssertionError"))]
        case Managing("runner", _):
            from tooearly.flow.effects_running import end_leftovers

            end_leftovers(w)
        case Managing("running", (Ref() as generator,)):
            return _leave_generator(m, act, w, generator, exc)
        case Managing("closing", (thing, Const(value=str(name)))):
            return _close(m, act, w, thing, name, exc, site)
    return [Outcome(w, exc=exc)]


def end_submitted(w: World) -> None:
    """The end of an executor's block waits for what was submitted to it."""
    for oid, obj in list(w.heap.items()):
        if isinstance(obj, Fut) and obj.kind == "concurrent" and obj.note is not None and obj.note.why == "submit":
            w.set_mask(oid, DONE)


def _leave_timeout(act: Act, w: World, delay: tuple[Value, ...], exc: Exc | None, site: Site) -> list[Outcome]:
    """`asyncio.timeout`: the cancellation that it caused becomes TimeoutError, and it has expired."""
    handle = ("timeout", delay[-1]), "$expired"
    asked = ".expired" in names_in(act.function)
    w.facts.update({handle: False} if asked else {})
    out = [Outcome(w, exc=exc)]
    limited = delay[0] != NONE or ".reschedule" in names_in(act.function)
    if exc is not None and exc.cls == CANCELLED and limited:
        late = w.copy()
        late.facts.update({handle: True} if asked else {})
        running = [
            Ref(oid)
            for oid, obj in late.heap.items()
            if isinstance(obj, Fut)
            and obj.mask & 1
            and (obj.note is None or obj.note.why in ("fresh", "clock", "other"))
        ]
        note_all(late, running, Note("timeout-block", site))
        out.append(Outcome(late, exc=Exc(TIMEOUT)))
    return out


def _leave_suppress(m: Machine, w: World, types: tuple[Value, ...], exc: Exc | None) -> list[Outcome]:
    """`contextlib.suppress`, `pytest.raises`."""
    if exc is None:
        return [Outcome(w)]
    names = [name for value in types for name in handler_names(w, value)]
    answer = judged(m, exc, names)
    out: list[Outcome] = []
    if answer != NO:
        note_taken(m, exc, names)
        out.append(Outcome(w.copy()))
    if answer != YES:
        out.append(Outcome(w, exc=passing(exc, names)))
    return out


def _leave_generator(m: Machine, act: Act, w: World, generator: Ref, exc: Exc | None) -> list[Outcome]:
    """Go on from the `yield`; the exception is raised there, and is swallowed when the generator ends normally."""
    out: list[Outcome] = []
    for kind, outcome in resume(m, act, w, generator, exc):
        if kind == "yield":
            out.append(Outcome(outcome.world, exc=Exc("builtins.RuntimeError")))
        else:
            out.append(Outcome(outcome.world, exc=outcome.exc))
    return out


def _close(m: Machine, act: Act, w: World, thing: Value, name: str, exc: Exc | None, site: Site) -> list[Outcome]:
    """The end of `closing` and `aclosing`, which swallow nothing."""
    method = find_method(m, w, thing, name)
    if method is None:
        return [Outcome(w, exc=exc)]
    out: list[Outcome] = []
    for made in call(m, act, w, method, [], [], site):
        out += await_value(m, act, made.world, made.value, site) if name == "aclose" and made.exc is None else [made]
    return [Outcome(done.world, exc=done.exc or exc) for done in out]


def _leave_instance(
    m: Machine, act: Act, w: World, method: Value, exc: Exc | None, site: Site, is_async: bool
) -> list[Outcome]:
    """`__exit__` of a class of the workspace; a true result swallows the exception."""
    from tooearly.flow.operators import truths

    arg: Value = NONE if exc is None else Unknown(("exc", exc.cls))
    given = [(arg if exc is None else exc, False), (arg if exc is None else exc, False), (arg, False)]
    out: list[Outcome] = []
    for made in call(m, act, w, method, given, [], site):
        for done in await_value(m, act, made.world, made.value, site) if is_async and made.exc is None else [made]:
            if done.exc is not None or exc is None:
                out.append(Outcome(done.world, exc=done.exc))
                continue
            value = done.value if done.value in (TRUE, FALSE, NONE) or not isinstance(done.value, Unknown) else FALSE
            out += [Outcome(world, exc=None if swallow else exc) for swallow, world in truths(done.world, value)]
    return out


def leave_group(m: Machine, act: Act, w: World, manager: Ref, exc: Exc | None, site: Site) -> list[Outcome]:
    """A task group waits for all its tasks, however it is left; a failed one makes it raise a group.

    It also cancels the code in the block: what leaves as a cancellation may come out as that group. And the other
    tasks, so they may not have done what they were made for.
    """
    group = w.cont(manager)
    assert group is not None
    tasks = [i for i in group.items if isinstance(i, Ref) and isinstance(w.heap.get(i.oid), Fut)]
    if any(w.heap[t.oid].mask & 1 for t in tasks):  # type: ignore[union-attr]
        suspend(m, act, w, "other", site)
    failed = (exc is None or exc.cls == CANCELLED) and any(
        failures(m, act, w.copy(), f, site) for t in tasks if isinstance(f := w.heap[t.oid], Fut)
    )
    out: list[Outcome] = []
    leaving = exc if exc is None or exc.cls == CANCELLED else Exc("builtins.ExceptionGroup", exc.site, group=True)
    for world in _group_over(m, act, w.copy(), manager, site, stopped=exc is not None):
        if exc is not None or not any(has_failed(fut) for fut in _members(world, manager)):
            out.append(Outcome(world, exc=leaving))
    for world in _group_over(m, act, w.copy(), manager, site, stopped=True) if failed else []:
        out.append(Outcome(world, exc=Exc("builtins.ExceptionGroup", group=True)))
    for task in tasks:
        if task.oid in w.heap:
            w.set_mask(task.oid, DONE)
    if exc is None and tasks:
        out.append(Outcome(w, exc=Exc(CANCELLED)))
    return out


def _members(w: World, manager: Ref) -> list[Fut]:
    """The futures of a task group."""
    group = w.cont(manager)
    return [fut for item in (group.items if group is not None else ()) if (fut := w.fut(item)) is not None]


def _group_over(m: Machine, act: Act, w: World, manager: Ref, site: Site, *, stopped: bool) -> list[World]:
    """All tasks of a group have ended, also those that its tasks have added; it has `stopped` those that ran."""
    tasks = held_futures(w, manager)
    for task in tasks if stopped else []:
        leave_to_others(w, task.oid)
    worlds = complete(m, act, w, tasks, site)
    for world in worlds:
        for late in held_futures(world, manager):
            world.set_mask(late.oid, DONE)
    return worlds
