"""The effects of events: objects that one part of the program sets and another waits for.

When `event.wait()` has returned, alone or as a task, the event was set, so `is_set()` is true until somebody clears it.
Hence of two tasks of which one is done it is the other, while `is_set()` is false. That another task may clear the
event in between is left aside: programs that race work against an event do not do that. An object that nobody declares
is taken for an event as far as its `wait` and `is_set` belong together.

An event that was waited for is marked: a visible one by `nonempty` of its object, another one by a fact.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from tooearly.flow import earlier
from tooearly.flow.awaits import await_unknown, may, may_not
from tooearly.flow.calling import Call, call, give_away
from tooearly.flow.containers import new
from tooearly.flow.deferred import Deferred
from tooearly.flow.ended import finish, fired, setting
from tooearly.flow.last_deed import waker, woken
from tooearly.flow.machine import Outcome
from tooearly.flow.mention import nodes_in
from tooearly.flow.objects import CANCELLED, DONE, PENDING, Cont, Fut
from tooearly.flow.operators import truths
from tooearly.flow.state import World
from tooearly.flow.values import FALSE, NONE, TRUE, Api, Bound, Coro, Exc, Oid, Ref, Unknown, Value
from tooearly.flow.walking import functions
from tooearly.semantics.names import walk

SETTING = frozenset(["event_set"])  # the effects of methods
WAITING = "signal"  # the effect of waiting for an event


def event(c: Call) -> list[Outcome]:
    """An object that one part of the program signals and another waits for."""
    return [Outcome(c.w, new(c.w, c.frame, c.site, Cont("event")))]


def signal(c: Call) -> list[Outcome]:
    """Awaiting `event.wait()`: whoever sets the event may be a future's done callback."""
    was_set = marked(c.w, c.receiver)
    out = await_unknown(c.m, c.act, c.w, c.site)
    for outcome in out if not was_set else ():
        if outcome.exc is None:
            woken(c.m, outcome.world, c.receiver, SETTING)
    if isinstance(c.receiver, Ref) and not was_set:
        decides = partial(_may_not_set, c)
        over = [
            replace(o, world=x) for o in out if o.exc is None for x in fired(c.m, o.world, c.receiver, c.site, decides)
        ]
        out = [*over, *(o for o in out if o.exc is not None and o.exc.cls == CANCELLED)]
    first = set_before(c)
    for outcome in out:
        if outcome.exc is None or outcome.exc.cls != CANCELLED:
            mark(outcome.world, c.receiver, True)
            for ref in first if outcome.exc is None else ():
                finish(outcome.world, ref)
    return out


def until(c: Call) -> list[Outcome]:
    """Awaiting `condition.wait_for(predicate)`: the predicate has just been asked, and was true."""
    out = []
    for outcome in await_unknown(c.m, c.act, c.w, c.site):
        predicate = c.get("predicate")
        if outcome.exc is not None or predicate is None:
            out += [outcome] if outcome.exc is None or outcome.exc.cls == CANCELLED else []
            continue
        held: list[Outcome] = []
        for asked in call(c.m, c.act, outcome.world.copy(), predicate, [], [], c.site):
            ways = [(True, asked.world)] if asked.exc is not None else list(truths(asked.world, asked.value))
            held += [replace(asked, world=world) for truth, world in ways if truth]
        out += held or [outcome]  # others have changed what it asks for
    return out


def _may_not_set(c: Call, deferred: Deferred) -> bool:
    """Whether a callback that gets at the event may leave it as it is."""
    trial = c.w.copy()
    mark(trial, c.receiver, False)
    return may_not(c.m, c.act, trial, deferred, c.site, lambda world: marked(world, c.receiver))


def set_before(c: Call) -> list[Ref]:
    """The futures that are set, or awaited, before the event wherever it is set: by the text around."""
    own = c.row.name.rpartition(".")[2]
    wait = next((n for n in walk(c.site.node) if isinstance(n, ast.Attribute) and n.attr == own), None)
    match wait.value if wait is not None else None:
        case ast.Name(id=event):
            return earlier.before_a_name(c.m, c.act, c.w, event, SETTING)
        case ast.Attribute(value=ast.Name(id=owner), attr=attr):
            return earlier.before_an_attribute(c.m, c.w, c.w.env.get((c.act.frame, owner)), attr, SETTING)
    return []


def unknown_wait(c: Call) -> list[Outcome]:
    """`x.wait()` of something that is not followed: it may be an event's."""
    given = [*c.args.values(), *(v for v, _ in c.rest)]
    give_away(c.w, given)
    if c.m.in_thread:
        c.w.escape(list(c.w.heap))
    coro = Coro(Bound(Api("Unknown.wait"), c.receiver or Unknown()), (), (), c.site)
    return [Outcome(c.w, Unknown() if given else coro), Outcome(c.w.copy(), exc=Exc(""))]


def is_set(c: Call) -> list[Outcome]:
    """`event.is_set()`: where done callbacks set it, it is because one of them has run; or a task as its last deed."""
    if marked(c.w, c.receiver) or _was_waited_for(c):
        return [Outcome(c.w, TRUE)]
    callbacks = setting(c.w, c.receiver) if isinstance(c.receiver, Ref) else []
    callbacks = [deferred for deferred in callbacks if _may_set(c, deferred)]
    if not callbacks:
        return _by_last_deed(c) or [Outcome(c.w, Unknown())]
    out = [Outcome(c.w, FALSE)]
    if any(_may_have_run(c.w, deferred) for deferred in callbacks):
        for world in fired(c.m, c.w.copy(), c.receiver, c.site, partial(_may_not_set, c)):  # type: ignore[arg-type]
            mark(world, c.receiver, True)
            out.append(Outcome(world, TRUE))
    return out


def _by_last_deed(c: Call) -> list[Outcome]:
    """The answers where it is one task that sets the event, as its last deed."""
    if not waker(c.m, c.w, c.receiver, SETTING):
        return []
    over = c.w.copy()
    return [Outcome(c.w, FALSE), *([Outcome(over, TRUE)] if woken(c.m, over, c.receiver, SETTING) else [])]


def _was_waited_for(c: Call) -> bool:
    """Whether a task that waits for the event is done, however that has become known."""
    return any(fut.mask == DONE and fut.end != CANCELLED for _, fut in _waiters(c))


def _waiters(c: Call) -> Iterator[tuple[Oid, Fut]]:
    """The tasks that wait for the event."""
    for oid, fut in c.w.heap.items():
        if isinstance(fut, Fut) and fut.body is not None:
            match fut.body.function:
                case Bound(Api(name), receiver) if receiver == c.receiver:
                    row = c.m.rows.get(name)
                    if row is not None and row.awaiting == WAITING:
                        yield oid, fut


def _may_set(c: Call, deferred: Deferred) -> bool:
    """Whether a callback that gets at the event sets it: by its text, as a countdown does not when it is run once."""
    own, methods = _last_name(c.site.node), c.m.rows.named(SETTING)
    nodes = [n for f in functions(deferred.function) for n in nodes_in(f.function)]
    if any(isinstance(n, ast.Attribute) and n.attr in methods and _last_name(n) == own for n in nodes):
        return True
    return may(c.m, c.act, c.w.copy(), deferred, c.site, lambda world: marked(world, c.receiver))


def _last_name(node: ast.AST) -> str:
    """The name by which the object of a method goes, or of a call of one: that of a variable or an attribute."""
    match node:
        case ast.Call(func=function):
            return _last_name(function)
        case ast.Attribute(value=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name
    return ""


def _may_have_run(w: World, deferred: Deferred) -> bool:
    """Whether the future that a callback waits for may be done by now."""
    return all(fut.mask != PENDING for value in deferred.args if (fut := w.fut(value)) is not None)


def set_event(c: Call) -> list[Outcome]:
    """`event.set()`."""
    mark(c.w, c.receiver, True)
    return [Outcome(c.w, NONE)]


def clear(c: Call) -> list[Outcome]:
    """`event.clear()`: of tasks that have waited for it nothing follows any more."""
    mark(c.w, c.receiver, False)
    for oid, fut in list(_waiters(c)):
        c.w.heap[oid] = replace(fut, body=None) if not fut.mask & PENDING else fut
    return [Outcome(c.w, NONE)]


def mark(w: World, receiver: Value | None, was_set: bool) -> None:
    """Remember that the event was set (or cleared)."""
    held = w.cont(receiver)
    if held is not None and isinstance(receiver, Ref):
        w.heap[receiver.oid] = replace(held, nonempty=was_set)
    elif isinstance(receiver, Unknown) and was_set:
        w.facts[("event", receiver), "$set"] = True
    else:
        w.facts.pop((("event", receiver), "$set"), None)


def marked(w: World, receiver: Value | None) -> bool:
    """Whether the event has been waited for since it was last cleared."""
    held = w.cont(receiver)
    return held.nonempty if held is not None else (("event", receiver), "$set") in w.facts
