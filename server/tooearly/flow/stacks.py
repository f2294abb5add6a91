"""Exit stacks: what is entered into `contextlib.ExitStack` or its asynchronous sister is left at the end of its block.

A stack is a container of what has to be left, in order: entered managers and calls to be made. Leaving it leaves them
backwards; each may swallow the exception or raise another.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tooearly.flow import manage
from tooearly.flow.awaits import await_value
from tooearly.flow.calling import Call, call
from tooearly.flow.containers import new
from tooearly.flow.machine import Act, Machine, Outcome
from tooearly.flow.objects import DONE, PENDING, Cont, Fut, Generating
from tooearly.flow.storing import collect
from tooearly.flow.values import FALSE, NONE, TRUE, Exc, Frame, Managing, Ref, Site, Unknown, Value

if TYPE_CHECKING:
    from tooearly.flow.state import World

ENTERED = "$entered"  # where a manager's own variable is while it is being entered


def exit_stack(c: Call) -> list[Outcome]:
    """`ExitStack()`, `AsyncExitStack()`."""
    return [Outcome(c.w, new(c.w, c.frame, c.site, Cont("stack")))]


def enter_context(c: Call) -> list[Outcome]:
    """`stack.enter_context(manager)`."""
    return _entered(c, is_async=False)


def enter_async_context(c: Call) -> list[Outcome]:
    """`await stack.enter_async_context(manager)`."""
    return _entered(c, is_async=True)


def _entered(c: Call, *, is_async: bool) -> list[Outcome]:
    manager = c.get("manager") or Unknown()
    out = manage.enter(c.m, c.act, c.w, manager, c.site, is_async, ENTERED)
    for outcome in out:
        own = outcome.world.env.pop((c.frame, ENTERED), manager)
        if outcome.exc is None and c.receiver is not None:
            kept = Managing("entered", (own, TRUE if is_async else FALSE))
            collect(outcome.world, c.receiver, kept, None)
    return out


def exit_call(c: Call) -> list[Outcome]:
    """`stack.callback(f, *args)`, `stack.push_async_callback(f, *args)`."""
    if c.receiver is not None:
        called = (TRUE if c.row.kind == "async" else FALSE, c.get("callback") or Unknown(), *(v for v, _ in c.rest))
        collect(c.w, c.receiver, Managing("call", called), None)
    return [Outcome(c.w, c.get("callback") or NONE)]


def pop_all(c: Call) -> list[Outcome]:
    """`stack.pop_all()`: another stack takes over."""
    cont = c.w.cont(c.receiver)
    if cont is None or not isinstance(c.receiver, Ref):
        return [Outcome(c.w, Unknown())]
    c.w.heap[c.receiver.oid] = Cont("stack")
    return [Outcome(c.w, new(c.w, c.frame, c.site, cont))]


def close(c: Call) -> list[Outcome]:
    """`stack.close()`, `await stack.aclose()`."""
    if not isinstance(c.receiver, Ref) or c.w.cont(c.receiver) is None:
        return [Outcome(c.w)]
    return leave_stack(c.m, c.act, c.w, c.receiver, None, c.site)


def leave_stack(m: Machine, act: Act, w: World, stack: Ref, exc: Exc | None, site: Site) -> list[Outcome]:
    """The end of a stack's block, with the exception that leaves it, if one does."""
    cont = w.cont(stack)
    assert cont is not None
    flying = [Outcome(w, exc=exc)]
    for _ in cont.items:
        flying = [after for before in flying for after in _leave_last(m, act, before, stack, site)]
    return flying


def _leave_last(m: Machine, act: Act, before: Outcome, stack: Ref, site: Site) -> list[Outcome]:
    """Leave what was entered last. The others stay in the stack: nothing else may refer to them."""
    cont = before.world.cont(stack)
    if cont is None or not cont.items:
        return [before]
    item = cont.items[-1]
    before.world.heap[stack.oid] = replace(cont, items=cont.items[:-1], nonempty=False)
    started = _generator(before.world, item)
    out = _leave_one(m, act, before, item, site, cont.exact or started is not None)
    frames = [obj.frame for obj in before.world.heap.values() if isinstance(obj, Generating)]
    if started is not None and (started.many or frames.count(started.frame) > 1):  # one place has started several
        for outcome in out:
            _as_the_last(outcome.world, before.world, started.frame)
    return out


def _generator(w: World, item: Value) -> Generating | None:
    """The generator that was entered; that it is there tells that it was."""
    match item:
        case Managing("entered", (Managing("running", (Ref(oid),)), _)):
            found = w.heap.get(oid)
            return found if isinstance(found, Generating) else None
    return None


def _as_the_last(after: World, before: World, frame: Frame) -> None:
    """What leaving the last of many generators has done to its futures, leaving the others has done to theirs."""
    for made in [oid for oid, obj in before.heap.items() if isinstance(obj, Fut) and oid.frame == frame]:
        last = after.heap.get(made)
        if isinstance(last, Fut) and last.mask == DONE and not last.many:
            for like, obj in after.heap.items():
                if isinstance(obj, Fut) and (like.site, like.frame) == (made.site, made.frame) and obj.mask & PENDING:
                    after.set_mask(like, DONE)


def _leave_one(m: Machine, act: Act, before: Outcome, item: Value, site: Site, sure: bool) -> list[Outcome]:
    out = [] if sure else [Outcome(before.world.copy(), exc=before.exc)]
    match item:
        case Managing("entered", (manager, is_async)):
            if before.exc is not None:
                before.world.env[act.frame, "$exc"] = before.exc
            raising = before.exc is not None
            return [*out, *manage.leave(m, act, before.world, manager, site, is_async == TRUE, raising)]
        case Managing("call", (is_async, function, *args)):
            for made in call(m, act, before.world, function, [(a, False) for a in args], [], site):
                waits = is_async == TRUE and made.exc is None
                ended = await_value(m, act, made.world, made.value, site) if waits else [made]
                out += [Outcome(o.world, exc=o.exc or before.exc) for o in ended]
            return out
    return [before]
