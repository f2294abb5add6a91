"""The effects of a future's own methods: reading it, asking it, cancelling and finishing it."""

from __future__ import annotations

import ast
from dataclasses import replace

from tooearly.flow.awaits import body_outcomes, endings, fired_by, found_done, set_by
from tooearly.flow.calling import Call, give_away
from tooearly.flow.ended import end, finish, finish_children, has_failed, held_futures, raised_by
from tooearly.flow.machine import Outcome
from tooearly.flow.objects import CANCELLED, DONE, GHOST, PENDING, SURELY, UNSEEN, VALUE, Fut, Note
from tooearly.flow.state import World
from tooearly.flow.values import FALSE, NONE, TRUE, Api, Choice, Const, Exc, Func, Ref, Unknown, Value
from tooearly.flow.walking import refs

WEAK = ("fresh", "clock", "other")  # notes that say less than an answer of `done()`
INVALID = "asyncio.InvalidStateError"


def mask_of(w: World, value: Value | None) -> int:
    """What is possible of the future that a value refers to."""
    fut = w.fut(value)
    return fut.mask if fut is not None else UNSEEN


def receiver_node(c: Call) -> ast.AST:
    """The expression that is read from."""
    node = c.site.node
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and not (node.args and ast.unparse(node.func.value).rpartition(".")[2] in ("Task", "Future"))
    ):
        return node.func.value
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) > 1:
        return node.args[1]  # map(asyncio.Task.result, tasks)
    if isinstance(node, ast.Call) and node.args:
        return node.args[0] if not isinstance(node.args[0], ast.Starred) else node.args[0].value
    return node


def read(c: Call) -> list[Outcome]:
    """`result()` or `exception()`: raises InvalidStateError when the future is not done."""
    fut = c.w.fut(c.receiver)
    if fut is None or not isinstance(c.receiver, Ref):
        return [Outcome(c.w, Unknown()), Outcome(c.w.copy(), exc=Exc(""))]
    c.m.read(c.act, c.site, receiver_node(c), c.row.kind, fut)
    if fut.mask & GHOST:
        return [Outcome(c.w, Unknown())]
    out: list[Outcome] = []
    if fut.mask & PENDING:
        early = c.w.copy()
        early.set_mask(c.receiver.oid, PENDING)
        out.append(Outcome(early, exc=Exc(INVALID, c.site)))
    if fut.mask == PENDING:
        # It raises. Without a handler go on all the same, to find what else is wrong on this way.
        protected = c.act.block is not None and c.act.block.handler >= 0
        if protected:
            return out
        for world in found_done(c.m, c.act, c.w.copy(), c.receiver, c.site):
            _as_ghosts(c.w, world)
            ghost = world.fut(c.receiver) or fut
            value = VALUE if c.row.kind == "result" and not fut.many else fut.end
            world.heap[c.receiver.oid] = replace(ghost, mask=DONE | GHOST, end=value, asked="")
            out += result_value(replace(c, w=world), ghost)
        return out
    for world in found_done(c.m, c.act, c.w, c.receiver, c.site):
        out += _ended(replace(c, w=world), c.receiver)
    return out


def _as_ghosts(before: World, w: World) -> None:
    """What has ended only behind a read that always raises has not ended on any run."""
    for oid, obj in list(w.heap.items()):
        was = before.heap.get(oid)
        if isinstance(obj, Fut) and isinstance(was, Fut) and was.mask & PENDING and obj.mask == DONE:
            w.heap[oid] = replace(obj, mask=DONE | GHOST)


def _ended(c: Call, ref: Ref) -> list[Outcome]:
    """What a read of a future that is done gives, or raises."""
    fut = c.w.fut(ref)
    assert fut is not None
    out: list[Outcome] = []
    for exc in endings(c.m, c.act, c.w, fut):
        world = c.w.copy()
        raises = exc is not None and (c.row.kind == "result" or exc.cls == CANCELLED)
        if raises:
            end(world, ref, exc)
            out.append(Outcome(world, exc=exc))
    if c.row.kind == "result":
        if fut.end in ("", VALUE):
            end(c.w, ref, None)
            out += result_value(c, fut)
    elif fut.end != CANCELLED:
        out.append(Outcome(c.w, raised_by(fut) if has_failed(fut) else Choice((NONE, Exc("")))))
    return out


def result_value(c: Call, fut: Fut) -> list[Outcome]:
    """What the read gives: futures that the task's coroutine has made and returned are followed."""
    if fut.kind == "gather" and c.row.kind == "result":
        finish_children(c.w, replace(fut, keep_going=True))  # it has not failed, so none of them has
    if c.row.kind == "result" and fut.value is not None:
        return [Outcome(c.w, fut.value)]
    if c.row.kind == "result" and fut.body is not None and isinstance(fut.body.function, Func | Api):
        whole = isinstance(fut.body.function, Api)  # `create_task(asyncio.wait(ts))`: what it waited for has ended
        if whole and not refs(fut.body):
            return [Outcome(c.w, Unknown())]
        trial = c.w.copy()
        found = [o for o in body_outcomes(c.m, c.act, trial, fut, c.site) if o.exc is None]
        if found and (whole or all(any(True for _ in refs(o.value)) for o in found)):
            return found
    return [Outcome(c.w, Unknown())]


def block(c: Call) -> list[Outcome]:
    """`result()` of a concurrent future: blocks the thread until it is done."""
    fut = c.w.fut(c.receiver)
    if fut is not None and isinstance(c.receiver, Ref):
        # Where other ways bring an asyncio future to the same read, this one does not fail.
        c.m.read(c.act, c.site, receiver_node(c), c.row.kind, replace(fut, mask=DONE))
        made = fut.note is not None and fut.note.why in ("threadsafe", "submit")
        if fut.mask & PENDING and not fut.mask & UNSEEN and c.act.on_loop and made and not _at_once(c.get("timeout")):
            c.m.read(c.act, c.site, receiver_node(c), c.row.kind, fut, "blocking-result")
        if fut.body is not None and fut.mask & PENDING and not c.act.on_loop:
            return _run_elsewhere(c, fut, c.receiver)
        finish(c.w, c.receiver)
        if c.m.in_thread:
            c.w.escape(list(c.w.heap))
    return [Outcome(c.w, Unknown()), Outcome(c.w.copy(), exc=Exc(""))]


def block_for_all(c: Call) -> list[Outcome]:
    """`concurrent.futures.wait(fs)`: blocks the thread until all are done; the loop does not turn meanwhile."""
    given = c.get("fs")
    futures = [c.w.fut(ref) for ref in held_futures(c.w, given)]
    known = bool(futures) and all(f is not None and f.kind == "concurrent" and f.body is None for f in futures)
    if known and c.act.on_loop and len(c.args) == 1:
        for ref in held_futures(c.w, given):
            finish(c.w, ref)
    else:
        give_away(c.w, list(c.args.values()))
    return [Outcome(c.w, Unknown()), Outcome(c.w.copy(), exc=Exc(""))]


def _run_elsewhere(c: Call, fut: Fut, ref: Ref) -> list[Outcome]:
    """A coroutine has ended on the loop of another thread; that loop goes on with whatever it has started there."""
    out = []
    for outcome in body_outcomes(c.m, c.act, c.w, fut, c.site):
        finish(outcome.world, ref)
        outcome.world.suspend(Note("other", c.site))
        out.append(outcome if c.row.kind == "result" else Outcome(outcome.world, Unknown()))
    return out


def _at_once(timeout: Value | None) -> bool:
    """Whether a time-out is 0: such a read does not wait."""
    return isinstance(timeout, Const) and timeout.kind in ("int", "float") and timeout.value <= 0


def done(c: Call) -> list[Outcome]:
    """`done()`: splits the world."""
    mask = mask_of(c.w, c.receiver)
    if not isinstance(c.receiver, Ref) or c.w.fut(c.receiver) is None:
        return [Outcome(c.w, Unknown())]
    out: list[Outcome] = []
    if mask & (DONE | UNSEEN):
        for finished in found_done(c.m, c.act, c.w.copy(), c.receiver, c.site):
            gathered = finished.fut(c.receiver)
            if gathered is not None:
                finish_children(finished, gathered)
            plain = gathered is not None and gathered.kind == "future" and not gathered.foreign and mask != DONE
            if plain:
                set_by(c.m, finished, c.receiver)
            ways = fired_by(c.m, c.act, finished, c.receiver, c.site) if plain else [finished]
            out += [Outcome(world, TRUE) for world in ways]
    if mask & (PENDING | UNSEEN):
        fut = c.w.fut(c.receiver)
        decided = fut is not None and (fut.note is None or (mask != PENDING and fut.note.why in WEAK))
        note = Note("guard-false", c.site) if decided else None
        c.w.set_mask(c.receiver.oid, PENDING, note)
        out.append(Outcome(c.w, FALSE))
    return out


def cancelled(c: Call) -> list[Outcome]:
    """`cancelled()`: true only of a future that is done; false proves nothing."""
    mask = mask_of(c.w, c.receiver)
    if not isinstance(c.receiver, Ref) or mask == PENDING:
        return [Outcome(c.w, FALSE if mask == PENDING else Unknown())]
    fut = c.w.fut(c.receiver)
    if fut is not None and fut.end and mask == DONE:
        return [Outcome(c.w, TRUE if fut.end == CANCELLED else FALSE)]
    finished = c.w.copy()
    end(finished, c.receiver, Exc(CANCELLED))
    return [Outcome(finished, TRUE), Outcome(c.w, FALSE)]


def cancel(c: Call) -> list[Outcome]:
    """`cancel()`: a request to a task; a plain future is done at once; False means that it was done."""
    fut = c.w.fut(c.receiver)
    if fut is None or not isinstance(c.receiver, Ref):
        return [Outcome(c.w, Unknown())]
    if fut.kind in ("future", "executor", "shield"):
        before = c.w.copy()
        finish(before, c.receiver)
        finish_children(before, fut)
        was_done = [Outcome(before, FALSE)] if fut.mask & DONE else []
        end(c.w, c.receiver, Exc(CANCELLED))
        return was_done if fut.mask == DONE else [*was_done, Outcome(c.w, Unknown() if fut.mask & UNSEEN else TRUE)]
    if fut.mask == UNSEEN and fut.made is not None:
        return [
            Outcome(c.w, Unknown())
        ]  # whoever had it may have waited for it: to cancel it once more changes nothing
    out: list[Outcome] = []
    if fut.mask & (DONE | UNSEEN):
        finished = c.w.copy()
        finish(finished, c.receiver)
        out.append(Outcome(finished, FALSE))
    if fut.mask & (PENDING | UNSEEN):
        c.w.heap[c.receiver.oid] = replace(fut, mask=PENDING, asked=SURELY, note=Note("cancelled", c.site))
        out.append(Outcome(c.w, TRUE))
    return out


def finish_future(c: Call) -> list[Outcome]:
    """`set_result`, `set_exception`: done at once; on one that is done already they raise."""
    fut = c.w.fut(c.receiver)
    if fut is None or not isinstance(c.receiver, Ref):
        return [Outcome(c.w, Unknown())]
    out: list[Outcome] = []
    if fut.mask & DONE:
        again = c.w.copy()
        finish(again, c.receiver)
        out.append(Outcome(again, exc=Exc(INVALID)))
    if fut.mask != DONE:
        if c.row.kind == "failed":
            end(c.w, c.receiver, Exc(""))
        elif fut.mask == PENDING:
            end(c.w, c.receiver, None)
        finish(c.w, c.receiver)
        out.append(Outcome(c.w, NONE))
    return out
