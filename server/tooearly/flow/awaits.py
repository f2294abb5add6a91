"""`await`: what is known on each of its exits.

Three exits matter: normal, an ordinary exception, and the cancellation of the waiting task. What each proves depends
on what is awaited (shared facts with `api.toml`, each tested against CPython): a task is done on all three; `gather`
proves all on the normal exit, none but the failing one on the exceptional exit; `wait` proves nothing when it is
cancelled; `wait_for` has waited for what it cancelled; a shielded future goes on when its waiter is cancelled.

A task whose coroutine is known is completed by interpreting that coroutine: what it sets, starts or raises is then
known. Its reads are not reported here but where the task first runs (`Machine.suspend`).
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from tooearly.flow.attributes import find_method
from tooearly.flow.begun import go_on, may_have_waited
from tooearly.flow.binding import Args
from tooearly.flow.calling import call, give_away, invoke
from tooearly.flow.containers import is_group
from tooearly.flow.deciding import by_itself
from tooearly.flow.deferred import Deferred
from tooearly.flow.earlier import FINISHING, before_future
from tooearly.flow.ended import (
    chooses,
    end,
    finish,
    finish_around,
    finish_children,
    fire,
    fired,
    keep_value,
    raised_by,
    settle_crowd,
    unsee,
)
from tooearly.flow.facts import gives_exceptions
from tooearly.flow.giving_way import may_be_stopped
from tooearly.flow.last_deed import woken
from tooearly.flow.machine import Act, Machine, Outcome, Started
from tooearly.flow.mention import concerned, names_in, nodes_in
from tooearly.flow.objects import CANCELLED, DONE, MAYBE, PENDING, VALUE, Fut, Generating, Inst
from tooearly.flow.relevance import closed_over, hands_over, target_function
from tooearly.flow.state import World
from tooearly.flow.summaries import apply_summary, summary
from tooearly.flow.suspending import run_through, suspend
from tooearly.flow.values import (
    NONE,
    Api,
    Bound,
    Choice,
    Const,
    Coro,
    Exc,
    Func,
    Oid,
    Partial,
    Ref,
    Site,
    Unknown,
    Value,
    is_module,
)
from tooearly.flow.walking import refs
from tooearly.semantics.names import Function


def await_value(m: Machine, act: Act, w: World, value: Value, site: Site) -> list[Outcome]:
    """The outcomes of `await value` (also of `yield from` and of running something to its end)."""
    match value:
        case Ref(oid) if isinstance(w.heap.get(oid), Fut):
            return await_future(m, act, w, value, site)
        case Coro():
            return await_coroutine(m, act, w, value, site)
        case Choice(options):
            return [o for option in options for o in await_value(m, act, w.copy(), option, site)]
        case Ref(oid) if isinstance(w.heap.get(oid), Inst):
            return await_instance(m, act, w, value, site)
        case Const():
            return [Outcome(w, exc=Exc("builtins.TypeError"))]
    outcomes = await_unknown(m, act, w, site)
    for outcome in outcomes:
        if outcome.exc is None or outcome.exc.cls != CANCELLED:
            _has_been_awaited(outcome.world, value)
    return outcomes


def _has_been_awaited(w: World, value: Value) -> None:
    """A parameter that turns out to be a future later (`recognise`) is one that is done."""
    match value:
        case Unknown(tag=("param", *_) as tag, type=kind):
            awaited = Unknown(("awaited", tag), kind)
            w.env.update({name: awaited for name, held in w.env.items() if held == value})
            if (asked := w.facts.get((("none", value), "$"))) is not None:
                w.facts[("none", awaited), "$"] = asked


def await_unknown(
    m: Machine, act: Act, w: World, site: Site, *, surely: bool = True, fails: bool = True
) -> list[Outcome]:
    """Waiting for something that is not followed: it may fail (locks do not), and it proves nothing."""
    unsee(w, called=isinstance(getattr(site.node, "value", None), ast.Call))
    suspend(m, act, w, "other", site, surely=surely)
    may_have_waited(m, w)
    failed = [Outcome(w.copy(), exc=Exc(""))] if fails else []
    return [Outcome(w, Unknown()), *failed, Outcome(w.copy(), exc=Exc(CANCELLED))]


def await_instance(m: Machine, act: Act, w: World, value: Ref, site: Site) -> list[Outcome]:
    """An object with `__await__`: waits for what that returns or delegates to."""
    method = find_method(m, w, value, "__await__")
    if not isinstance(method, Bound) or not isinstance(method.function, Func):
        give_away(w, [value])
        return await_unknown(m, act, w, site)
    out: list[Outcome] = []
    func = method.function
    for made in invoke(m, act, w, func, [(value, False)], [], site, on_loop=act.on_loop):
        if made.exc is not None or func.function.is_generator:
            out.append(made)
        else:
            out += await_value(m, act, made.world, made.value, site)
    return out


def await_coroutine(m: Machine, act: Act, w: World, coro: Coro, site: Site) -> list[Outcome]:
    """Run a coroutine to its end: a function of the workspace is interpreted, an API has its row's effect."""
    match coro.function:
        case Func() as func if func.function.is_generator and not func.function.is_async:
            return invoke(m, act, w, func, [(a, False) for a in coro.args], list(coro.kwargs), coro.site, on_loop=True)
        case Func() as func:
            known = summary(m, act, w, func, coro)
            if known is not None:
                return apply_summary(m, act, w, known, site)
            return invoke(m, act, w, func, [(a, False) for a in coro.args], list(coro.kwargs), coro.site, on_loop=True)
        case Api(name) | Bound(Api(name), _):
            from tooearly.flow.waits import AWAITING

            row = m.rows.get(name)
            effect = AWAITING.get(row.awaiting) if row else None
            if row is not None and effect is not None:
                from tooearly.flow.binding import arguments
                from tooearly.flow.calling import Call

                receiver = coro.function.receiver if isinstance(coro.function, Bound) else None
                args: Args = [(a, False) for a in coro.args]
                return effect(Call(m, act, w, row, receiver, *arguments(row, args, list(coro.kwargs)), site))
        case Ref(oid) if isinstance(rest := w.heap.get(oid), Generating):
            return go_on(m, act, w, rest)
    give_away(w, [coro])
    return await_unknown(m, act, w, site)


# Futures
def await_future(m: Machine, act: Act, w: World, ref: Ref, site: Site) -> list[Outcome]:
    """`await future`."""
    fut = w.heap[ref.oid]
    assert isinstance(fut, Fut)
    if fut.kind == "concurrent":
        return [Outcome(w, exc=Exc("builtins.TypeError"))]
    if fut.kind in ("gather", "shield"):
        from tooearly.flow.gathering import await_gather, await_shield

        return (await_gather if fut.kind == "gather" else await_shield)(m, act, w, ref, fut, site)
    if fut.mask == DONE:
        return ended(m, act, w, ref, site)
    cancelled = w.copy()
    suspend(m, act, cancelled, "other", site)
    finish(cancelled, ref)
    out = [Outcome(cancelled, exc=Exc(CANCELLED))]
    suspend(m, act, w, "other", site)
    for outcome in body_outcomes(m, act, w, fut, site):
        if fut.mask == PENDING:
            run_through(outcome.world)
        end(outcome.world, ref, outcome.exc)
        finish_children(outcome.world, fut)
        if fut.kind == "future":
            may_have_waited(m, outcome.world)
        set_by(m, outcome.world, ref)
        finish_around(outcome.world, ref)
        keep_value(outcome, ref)
        for called in called_back(m, act, outcome.world, ref, site, failed=outcome.exc is not None):
            out += [replace(outcome, world=world) for world in fired_by(m, act, called, ref, site)]
    return out


def fired_by(m: Machine, act: Act, w: World, ref: Ref, site: Site) -> list[World]:
    """The worlds in which a future that is done has been set by one of the callbacks that get at it, if any do."""
    return fired(m, w, ref, site, partial(_may_not_set, m, act, w, ref, site))


def set_by(m: Machine, w: World, ref: Ref) -> None:
    """What follows from who has set a plain future that is done."""
    fut = w.fut(ref)
    if fut is not None and fut.kind == "future":
        for other in before_future(m, w, ref):
            finish(w, other)
        woken(m, w, ref, FINISHING)


def _may_not_set(m: Machine, act: Act, w: World, ref: Ref, site: Site, deferred: Deferred) -> bool:
    """Whether a callback that gets at a plain future may leave it as it is."""
    trial = w.copy()
    fut = trial.fut(ref)
    if fut is None or fut.kind != "future":
        return chooses(deferred)
    trial.set_mask(ref.oid, PENDING)
    return may_not(m, act, trial, deferred, site, lambda world: (f := world.fut(ref)) is not None and f.mask == DONE)


def may(m: Machine, act: Act, w: World, deferred: Deferred, site: Site, has_happened: Callable[[World], bool]) -> bool:
    """Whether something may have happened when a callback has run whose future is done."""
    return any(_ways(m, act, w, deferred, site, has_happened))


def may_not(
    m: Machine, act: Act, w: World, deferred: Deferred, site: Site, has_happened: Callable[[World], bool]
) -> bool:
    """Whether something may not have happened, for what others did, when a callback has run whose future is done."""
    ways = _ways(m, act, w, deferred, site, has_happened)
    return not (all(ways) and ways) and not by_itself(m, deferred.function)


def _ways(
    m: Machine, act: Act, w: World, deferred: Deferred, site: Site, has_happened: Callable[[World], bool]
) -> list[bool]:
    for value in deferred.args:
        if isinstance(value, Ref):
            finish(w, value)
    m.quiet += 1
    outcomes = call(m, act, w, deferred.function, [(v, False) for v in deferred.args], [], site)
    m.quiet -= 1
    return [has_happened(o.world) for o in outcomes if o.exc is None]


def called_back(m: Machine, act: Act, w: World, ref: Ref, site: Site, *, failed: bool) -> list[World]:
    """The done callbacks of a future have run when its waiter goes on; those that may set other futures matter.

    One that reads the result of a future that has not failed does not raise there.
    """
    mine = [d for d in w.deferred if d.kind == "callback" and d.args == (ref,) and _may_set(w, d.function)]
    w.deferred = tuple(d for d in w.deferred if d not in mine)
    worlds = [w]
    m.quiet += 1
    for deferred in mine:
        ways = [o for x in worlds for o in call(m, act, x, deferred.function, [(ref, False)], [], site)]
        worlds = [o.world for o in ways if failed or o.exc is None] or [o.world for o in ways]
    m.quiet -= 1
    return worlds


def _may_set(w: World, function: Value) -> bool:
    """Whether a callback of the workspace gets at a plain future that is not done."""
    held = w.reachable([function], closed_over(w)) if target_function(function) is not None else set()
    return any(isinstance(f := w.heap[oid], Fut) and f.kind == "future" and f.mask & PENDING for oid in held)


def ended(m: Machine, act: Act, w: World, ref: Ref, site: Site) -> list[Outcome]:
    """Waiting for a future that is done: its value or its exception, at once."""
    fut = w.heap[ref.oid]
    assert isinstance(fut, Fut)
    out: list[Outcome] = []
    for exc in endings(m, act, w, fut):
        world = w.copy()
        end(world, ref, exc)
        out.append(Outcome(world, Unknown(), exc))
    return out


def endings(m: Machine, act: Act, w: World, fut: Fut) -> list[Exc | None]:
    """How a future that is done may have ended: None stands for a value."""
    if fut.end:
        return [None if fut.end == VALUE else raised_by(fut)]
    return [None, *causes(m, act, w, fut), Exc(CANCELLED)]


def causes(m: Machine, act: Act, w: World, fut: Fut) -> list[Exc]:
    """The exceptions of its own that a future may end with, as far as its coroutine's outcomes can be known."""
    coro = fut.body
    if coro is not None and isinstance(coro.function, Func):
        call = by_constants(coro.function.function, coro)
        if call not in m.raises:
            known = summary(m, act, w, coro.function, coro)
            if known is None:
                return [Exc("")]
            note_raises(m, call, [exc for _, exc in known.ends])
        return sorted(m.raises[call], key=repr)
    row = m.rows.get(coro.function.name) if coro is not None and isinstance(coro.function, Api) else None
    if row is not None and not row.raises:
        return []
    return [] if fut.kind == "future" and not fut.foreign and not gives_exceptions(m) else [Exc("")]


def by_constants(function: Function, coro: Coro) -> Started:
    """A coroutine by its function and its constant arguments: by those it may decide how to end."""
    return (
        function,
        tuple(a if isinstance(a, Const) else Unknown() for a in coro.args),
        tuple((name, a if isinstance(a, Const) else Unknown()) for name, a in coro.kwargs),
    )


def note_raises(m: Machine, call: Started, ends: list[Exc | None]) -> None:
    """Remember by which exceptions of its own a coroutine has been seen to end."""
    own = {replace(exc, site=None) for exc in ends if exc is not None and exc.cls != CANCELLED}
    m.raises[call] = m.raises.get(call, frozenset()) | own


def body_outcomes(m: Machine, act: Act, w: World, fut: Fut, site: Site, *, stopped: bool = False) -> list[Outcome]:
    """How a task's coroutine may end, seen from the one who waits for it. Cancellation from outside is not included.

    But it is where the task may have been `stopped`: if it was asked to, or does not end by itself.
    """
    if fut.body is None:
        return [Outcome(w, Unknown()), *(Outcome(w.copy(), exc=exc) for exc in causes(m, act, w, fut))]
    before = set(w.heap)
    func = fut.body.function
    if isinstance(func, Bound) and isinstance(func.function, Func):
        func = func.function
    if isinstance(func, Func):
        if m.body_runs > MOST_BODIES or not changes(m, w, func, fut.body):
            return [Outcome(w, Unknown()), Outcome(w.copy(), exc=Exc(""))]
        m.body_runs += 1
    m.quiet += 1
    outcomes = await_coroutine(m, act, w, fut.body, site)
    m.quiet -= 1
    own = [o for o in outcomes if o.exc is None or o.exc.cls != CANCELLED]
    if stopped and (not own or may_be_stopped(fut)):
        own = outcomes
    for outcome in own:
        for oid, obj in outcome.world.heap.items():
            if isinstance(obj, Fut) and obj.kind == "current" and oid not in w.heap and oid not in before:
                outcome.world.set_mask(oid, DONE)  # the coroutine's own task, and that has ended
                break
    if isinstance(fut.body.function, Func):
        note_raises(m, by_constants(fut.body.function.function, fut.body), [o.exc for o in own])
    return [Outcome(o.world, o.value, None if o.exc is None else replace(o.exc, site=None)) for o in own]


MOST_BODIES = 60  # coroutines of tasks that are interpreted for one root


def changes(m: Machine, w: World, func: Func, coro: Coro) -> bool:
    """Whether running a task's coroutine to its end can tell the waiting code anything.

    It can when the coroutine holds futures or containers, or returns something that it makes; a small one is run for
    the exceptions that it may raise.
    """
    if len(names_in(func.function)) <= SMALL_BODY:
        return True
    if not concerned(m, func.function):
        return False
    return hands_over(m, w, func, [(a, False) for a in coro.args], list(coro.kwargs)) or returns_call(func)


SMALL_BODY = 25


def returns_call(func: Func) -> bool:
    """Whether a function's text returns what a call gives."""
    return any(isinstance(n, ast.Return) and isinstance(n.value, ast.Call | ast.Name) for n in nodes_in(func.function))


def complete(m: Machine, act: Act, w: World, refs: list[Ref], site: Site, *, normally: bool = False) -> list[World]:
    """All these futures have ended (`normally`: none has failed): the worlds after what their coroutines did.

    Groups come first: to interpret a coroutine gives them other names.
    """
    worlds = [w]
    for ref in sorted(refs, key=lambda ref: not is_group(w, ref)):
        following: list[World] = []
        for world in worlds:
            fut = world.heap.get(ref.oid)
            if not isinstance(fut, Fut):
                following.append(world)
                continue
            for over in _completed(m, act, world, ref, fut, site, normally):
                following += _seen(m, act, over, ref, site) if fut.mask & PENDING and not fut.many else [over]
        worlds = list(dict.fromkeys(x.settle() for x in following))[:8] if len(following) > 4 else following
    return worlds


def found_done(m: Machine, act: Act, w: World, ref: Ref, site: Site) -> list[World]:
    """A future that may have been running is seen to be done: so is what its coroutine has waited for."""
    fut = w.fut(ref)
    known = fut is None or not fut.waits or fut.many or not fut.mask & PENDING or fut.body is None
    if fut is not None and fut.body is not None and not known and not m.quiet and m.body_runs < MOST_BODIES // 2:
        held = w.reachable([fut.body], closed_over(w)) - {ref.oid}
        if any(isinstance(f := w.heap[oid], Fut) and f.mask & PENDING for oid in held):
            return complete(m, act, w, [ref], site)
    finish(w, ref)
    return [w]


def _seen(m: Machine, act: Act, w: World, ref: Ref, site: Site) -> list[World]:
    """A future has ended while this code was suspended: what its callbacks have done."""
    finish_around(w, ref)
    return called_back(m, act, w, ref, site, failed=True)


def _completed(m: Machine, act: Act, w: World, ref: Ref, fut: Fut, site: Site, normally: bool) -> list[World]:
    if fut.mask & PENDING and fut.body is not None and not fut.many and _has_effects(w, fut.body):
        out = []
        for outcome in body_outcomes(m, act, w, fut, site, stopped=not normally):
            if not normally or outcome.exc is None:
                end(outcome.world, ref, outcome.exc)
                keep_value(outcome, ref)
                out.append(outcome.world)
        return out
    if fut.many and fut.body is not None:
        for group in _waited_for_by_each(m, act, w, ref, fut.body, site, normally):
            finish(w, group)
        settle_crowd(w, fut)
    if fut.kind == "gather" and not fut.keep_going and not normally and not fut.many and fut.mask & PENDING:
        return _gather_ended(m, act, w, ref, fut, site)
    if normally:
        end(w, ref, None)
    finish(w, ref)
    set_by(m, w, ref)
    finish_children(w, fut if not normally else replace(fut, keep_going=True))
    fire(m, w, ref)
    return [w]


def _waited_for_by_each(m: Machine, act: Act, w: World, ref: Ref, body: Coro, site: Site, normally: bool) -> list[Ref]:
    """The groups of tasks of which each coroutine of a crowd holds one, and ends when that has ended."""
    held = {place: arg for place, arg in enumerate(body.args) if is_group(w, arg) and w.fut(arg) is not None}
    if not any(w.fut(arg).mask & PENDING and w.fut(arg).kind != "future" for arg in held.values()):  # type: ignore[union-attr]
        return []
    trial = w.copy()
    one = trial.fut(trial.element(ref, site, act.frame))
    assert one is not None
    ways = [o.world for o in body_outcomes(m, act, trial, one, site) if not normally or o.exc is None]
    found = []
    for place, group in held.items():
        member = one.body.args[place] if one.body is not None else group
        ended = [(fut := way.fut(member)) is not None and fut.mask == DONE for way in ways]
        if ended and all(ended) and isinstance(group, Ref):
            found.append(group)
    return found


def _gather_ended(m: Machine, act: Act, w: World, ref: Ref, fut: Fut, site: Site) -> list[World]:
    """A gather inside of what was waited for has ended: all its futures have, or one of them has failed."""
    from tooearly.flow.gathering import gather_failures

    children = [c for c in fut.children if isinstance(c, Ref)]
    failed = [o.world for o in gather_failures(m, act, w.copy(), ref, children, site)]
    fine = complete(m, act, w, children, site, normally=True)
    for world in fine:
        end(world, ref, None)
    return [*fine, *failed]


def _has_effects(w: World, coro: Coro) -> bool:
    """Whether a coroutine can change what the waiting code sees: it holds objects or closes over variables."""
    from tooearly.flow.walking import frames

    if any(True for _ in refs(coro)) or isinstance(coro.function, Bound):
        return True
    return any(not is_module(frame) for frame in frames(coro))


__all__ = ["MAYBE", "NONE", "Oid", "Partial", "await_value", "call", "complete"]
