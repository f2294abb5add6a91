"""The effects of awaiting an API's coroutine: sleep, wait, wait_for, as_completed's items, to_thread.

`wait` names its results: each future it was given goes to the done set or to the pending set, one world per way for
single futures, two groups for a group. Membership, emptiness, exclusion and later waits for the pending ones follow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product

from tooearly.flow import arguments
from tooearly.flow.awaits import await_unknown, await_value, complete, endings
from tooearly.flow.calling import Call, call, give_away
from tooearly.flow.containers import new
from tooearly.flow.effects_events import signal, until
from tooearly.flow.effects_making import as_futures_of
from tooearly.flow.effects_queues import get, join, put
from tooearly.flow.ended import end, finish, has_failed, held_futures, note_all
from tooearly.flow.grouping import ITEM
from tooearly.flow.machine import Outcome
from tooearly.flow.objects import CANCELLED, DONE, GHOST, PENDING, TIMEOUT, Cont, Fut, Note
from tooearly.flow.offloop import run_beside
from tooearly.flow.recognise import recognise
from tooearly.flow.slices import split_group
from tooearly.flow.state import World
from tooearly.flow.suspending import run_through, suspend
from tooearly.flow.values import NONE, Api, Choice, Const, Coro, Exc, Ref, Unknown, Value

SINGLES = 4  # futures that `wait` tells apart
CULPRIT = "$culprit"  # names one that has failed, so that it is told apart from the others


def sleep(c: Call) -> list[Outcome]:
    """`asyncio.sleep`: other code runs; nothing is proved."""
    suspend(c.m, c.act, c.w, "clock", c.site)
    return [Outcome(c.w, c.get("result") or NONE), Outcome(c.w.copy(), exc=Exc(CANCELLED))]


def thread(c: Call) -> list[Outcome]:
    """`asyncio.to_thread`: what the thread is given it may use."""
    run_beside(c)
    give_away(c.w, [v for v, _ in c.rest])
    return await_unknown(c.m, c.act, c.w, c.site)


def timeouts(value: Value | None) -> tuple[bool, bool]:
    """(whether the wait may be without limit, whether it may be limited)."""
    match value:
        case None | Const(kind="NoneType"):
            return True, False
        case Const():
            return False, True
        case Choice(options):
            kinds = [timeouts(o) for o in options]
            return any(k[0] for k in kinds), any(k[1] for k in kinds)
    return True, True


# wait
def wait(c: Call) -> list[Outcome]:
    """`asyncio.wait`."""
    given = c.get("fs")
    if given is not None and c.w.cont(given) is None:
        give_away(c.w, [given])
        return await_unknown(c.m, c.act, c.w, c.site)
    recognise(c.w, given)
    out: list[Outcome] = []
    for world, limit in arguments.limit(c, "timeout"):
        now = replace(c, w=world)
        out += _wait(now, as_futures(now, given), limit)
    return out


def _wait(c: Call, refs: list[Ref], limit: Value | None) -> list[Outcome]:
    why, early = _mode(c)
    unlimited, limited = timeouts(limit)
    cancelled = c.w.copy()
    interrupted = _suspend_holding(c, cancelled, refs)
    note_all(cancelled, interrupted, Note("wait-failed", c.site))
    out = [] if _at_once(c.w, refs, early) else [Outcome(cancelled, exc=Exc(CANCELLED))]
    refs = _suspend_holding(c, c.w, refs)
    run_through(c.w)
    if why == "all" and not limited:
        return [*out, *_waited_for_all(c, refs)]
    note = Note(early or "timeout", c.site)
    worlds = _splits(c, refs, nobody=limited or not unlimited)
    if early == "first-exception" and not limited:
        crowds = [ref for ref in refs if c.w.heap[ref.oid].many]
        worlds = [made for world in worlds for made in _by_culprit(c, world, refs, crowds)]
    late = Note("timeout", c.site)
    for world in worlds:
        nobody = limited and all(mask_of(world, r) == PENDING for r in refs)
        pair = _result(c, world, refs, late if nobody else note, some=not limited)
        if early == "first-exception" and not limited:
            _name_culprit(c, world, pair)
        out.append(Outcome(world, pair))
    return out


def _suspend_holding(c: Call, w: World, refs: list[Ref]) -> list[Ref]:
    """Suspend; the names that these futures have by then: groups may get others when tasks begin."""
    waiting = (c.frame, "$waiting")
    w.env[waiting] = new(w, c.frame, c.site, Cont("list", tuple(refs), False), "waiting")
    suspend(c.m, c.act, w, "other", c.site)
    held = w.cont(w.env.pop(waiting))
    return [item for item in held.items if isinstance(item, Ref)] if held is not None else refs


def _at_once(w: World, refs: list[Ref], early: str) -> bool:
    """Whether what is waited for has happened already, so that nobody can cancel the wait."""
    done = [ref for ref in refs if mask_of(w, ref) == DONE and not w.heap[ref.oid].many]
    return len(done) == len(refs) > 0 or (early == "first-completed" and bool(done))


def as_futures(c: Call, given: Value | None) -> list[Ref]:
    """The futures among the arguments; coroutines in a container are made tasks (old code)."""
    refs = held_futures(c.w, given)
    cont = c.w.cont(given)
    for index, item in enumerate(cont.items if cont is not None else ()):
        if isinstance(item, Coro) and cont is not None:
            refs.append(as_futures_of(c, c.w, item, f"{ITEM}{index}", several=not cont.exact))
    return list(dict.fromkeys(refs))


def _mode(c: Call) -> tuple[str, str]:
    """("all" or "some", the word for the note)."""
    value = c.get("return_when")
    names = {"FIRST_COMPLETED": "first-completed", "FIRST_EXCEPTION": "first-exception"}
    match value:
        case None:
            return "all", ""
        case Api(name) if name.startswith(("asyncio.", "concurrent.futures.")):
            word = names.get(name.rpartition(".")[2], "")
            return ("some" if word else "all"), word
        case Const(value=str(text)):
            return ("some" if text in names else "all"), names.get(text, "")
    return "some", "first-completed"


def _waited_for_all(c: Call, refs: list[Ref]) -> list[Outcome]:
    out = []
    for world in complete(c.m, c.act, c.w, refs, c.site):
        done = new(world, c.frame, c.site, Cont("done", tuple(refs), True, bool(refs)), "done")
        if any(world.heap[r.oid].many for r in refs if r.oid in world.heap):
            world.heap[done.oid] = Cont("done", tuple(r for r in refs if r.oid in world.heap), False)
        pending = new(world, c.frame, c.site, Cont("pending", (), True), "pending")
        out.append(Outcome(world, new(world, c.frame, c.site, Cont("tuple", (done, pending)), "pair")))
    return out


def _splits(c: Call, refs: list[Ref], *, nobody: bool) -> list[World]:
    """One world per way in which the single futures end up done or pending."""
    singles = [r for r in refs if not c.w.heap[r.oid].many]
    groups = len(refs) > len(singles)
    open_ = [r for r in singles if mask_of(c.w, r) != DONE]
    apart, together = open_[:SINGLES], open_[SINGLES:]
    out: list[World] = []
    for ways in product((True, False), repeat=len(apart) + bool(together)):
        ended = [r for r, way in zip(apart, ways, strict=False) if way]
        if together and ways[-1]:
            ended += together
        if not nobody and not ended and not groups and len(open_) == len(singles) and singles:
            continue
        worlds = complete(c.m, c.act, c.w.copy(), ended, c.site) if ended else [c.w.copy()]
        running = [ref for ref in open_ if ref not in ended]
        for world in worlds:
            if ended and any(mask_of(world, ref) == DONE for ref in running):
                continue  # one of those that have ended has waited for it
            for ref in running:
                world.set_mask(ref.oid, PENDING)
            out.append(world)
    return out


def _by_culprit(c: Call, w: World, refs: list[Ref], crowds: list[Ref]) -> list[World]:
    """If somebody was left out, one of those that have ended has failed: a world for each that it may be.

    Of a crowd either all have ended, or one of those that have is the culprit (`_name_culprit`) or was another.
    """
    singles = [ref for ref in refs if ref not in crowds]
    ended = [ref for ref in singles if mask_of(w, ref) == DONE]
    out = []
    if crowds:
        if len(ended) == len(singles):
            everybody = w.copy()
            for ref in crowds:
                finish(everybody, ref)
            out.append(everybody)
        out.append(w)
    elif len(ended) == len(singles):
        return [w]
    if len(ended) > SINGLES:
        return out or [w]
    for culprit in ended:
        fut = w.fut(culprit)
        assert fut is not None
        for exc in endings(c.m, c.act, w, fut):
            if exc is not None and exc.cls != CANCELLED:
                world = w.copy()
                end(world, culprit, exc)
                world.env[c.frame, CULPRIT] = culprit
                out.append(world)
    return out


def _name_culprit(c: Call, w: World, pair: Ref) -> None:
    """Of a crowd that has fallen apart, when nobody else has failed, one of those that have ended has."""
    both = w.cont(pair)
    assert both is not None
    done, pending = both.items
    ended, left = w.cont(done), w.cont(pending)
    if ended is None or left is None or not left.items:
        return
    if any(isinstance(f := w.fut(i), Fut) and has_failed(f) for i in ended.items):
        return
    for item in ended.items:
        if isinstance(item, Ref) and w.heap[item.oid].many:
            culprit = w.element(item, (c.site, "culprit"), c.frame)
            end(w, culprit, Exc(""))
            w.env[c.frame, CULPRIT] = culprit
            return


def mask_of(w: World, ref: Ref) -> int:
    """What is possible of a future that is waited for."""
    fut = w.heap.get(ref.oid)
    return fut.mask if isinstance(fut, Fut) and not fut.mask & GHOST else DONE


def _result(c: Call, w: World, refs: list[Ref], note: Note, *, some: bool) -> Ref:
    """The pair (done, pending) in one world."""
    done: list[Value] = []
    pending: list[Value] = []
    crowds = False
    for ref in refs:
        fut = w.heap.get(ref.oid)
        if not isinstance(fut, Fut):
            continue
        if not fut.many:
            (done if mask_of(w, ref) == DONE else pending).append(ref)
            if fut.mask & PENDING:
                w.set_mask(ref.oid, fut.mask, note)
            continue
        crowds = True
        if fut.mask == DONE:
            done.append(ref)
            continue
        part = split_group(w, ref, "done")
        w.heap[part.oid] = replace(fut, mask=DONE)
        w.heap[ref.oid] = replace(fut, mask=PENDING, note=note)
        done.append(part)
        pending.append(ref)
    ended = new(w, c.frame, c.site, Cont("done", tuple(done), not crowds, bool(refs) and some), "done")
    running = new(w, c.frame, c.site, Cont("pending", tuple(pending), not crowds), "pending")
    return new(w, c.frame, c.site, Cont("tuple", (ended, running)), "pair")


# wait_for
def wait_for(c: Call) -> list[Outcome]:
    """`asyncio.wait_for`: as awaiting, and a timeout cancels what is awaited and waits for it."""
    inner = c.get("fut") or Unknown()
    _, limited = timeouts(c.get("timeout"))
    limit = c.get("timeout")
    at_once = isinstance(limit, Const) and isinstance(limit.value, int | float) and limit.value <= 0
    before = c.w.fut(inner)
    running = before is None or before.mask != DONE
    if limited and not running and not at_once:
        suspend(c.m, c.act, c.w, "other", c.site, surely=False)  # for a turn of the loop, before Python 3.12
    out: list[Outcome] = []
    for outcome in await_value(c.m, c.act, c.w, inner, c.site):
        out.append(outcome)
        if outcome.exc is None or outcome.exc.cls != CANCELLED or not limited or not running:
            continue
        late = outcome.world.copy()
        out.append(Outcome(late, exc=Exc(TIMEOUT)))
        if at_once and isinstance(inner, Ref) and before is not None:
            fut = outcome.world.fut(inner)
            if fut is not None and fut.kind == "task":
                outcome.world.set_mask(inner.oid, 3, Note("other", c.site))
    return out


def one_completed(c: Call) -> list[Outcome]:
    """Awaiting what `as_completed` gives: some future of those not given before is done."""
    ref = c.get("fut")
    fut = c.w.fut(ref)
    if fut is None or not isinstance(ref, Ref):
        return await_unknown(c.m, c.act, c.w, c.site)
    interrupted = c.w.copy()
    suspend(c.m, c.act, interrupted, "other", c.site)
    out = [Outcome(interrupted, exc=Exc(CANCELLED))]
    if c.get("timeout") != NONE:
        out.append(Outcome(interrupted.copy(), exc=Exc(TIMEOUT)))
    for outcome in await_value(c.m, c.act, c.w, ref, c.site):
        if outcome.exc is None or outcome.exc.cls != CANCELLED:
            finish(outcome.world, ref)
            out.append(outcome)
    return out


def next_async(c: Call) -> list[Outcome]:
    """`await anext(iterator)`."""
    from tooearly.flow.iterate import advance

    out = []
    for label, outcome in advance(c.m, c.act, c.w, c.get("iterator") or Unknown(), c.site, True):
        if label == "exhausted":
            outcome = Outcome(outcome.world, exc=Exc("builtins.StopAsyncIteration"))
        out.append(outcome)
    return out


def send_async(c: Call) -> list[Outcome]:
    """`await generator.asend(value)`."""
    from tooearly.flow.draining import sent

    found = sent(c, is_async=True)
    if found is None:
        give_away(c.w, [c.receiver or Unknown(), c.get("value") or Unknown()])
        return await_unknown(c.m, c.act, c.w, c.site)
    return found


def enter_async_context(c: Call) -> list[Outcome]:
    """`await stack.enter_async_context(manager)`."""
    from tooearly.flow import stacks

    return stacks.enter_async_context(c)


def close_stack(c: Call) -> list[Outcome]:
    """`await stack.aclose()`."""
    from tooearly.flow import stacks

    return stacks.close(c)


AWAITING: dict[str, Callable[[Call], list[Outcome]]] = {
    "sleep": sleep,
    "wait": wait,
    "wait_for": wait_for,
    "one_completed": one_completed,
    "thread": thread,
    "signal": signal,
    "until": until,
    "put": put,
    "get": get,
    "join": join,
    "next": next_async,
    "send": send_async,
    "enter_context": enter_async_context,
    "exit_close": close_stack,
    "acquire": lambda c: await_unknown(c.m, c.act, c.w, c.site, surely=False, fails=False),
    "other": lambda c: await_unknown(c.m, c.act, c.w, c.site),
}

__all__ = ["AWAITING", "call"]
