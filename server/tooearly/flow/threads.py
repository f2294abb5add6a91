"""Threads that answer through the loop, and when.

Such a thread (`effects_making.thread`) does no more to a future than ask the loop to finish it. While this code sleeps
that may happen or not: then the future is what any other one is that may finish meanwhile. Whoever waits for anything
else may owe it to the thread, and who has seen the thread's end knows that it has asked: after that nothing is claimed.
Nor is it of a thread that tells by a variable, an attribute, an event or a queue how far it is.
"""

from __future__ import annotations

from dataclasses import replace

from tooearly.flow.calling import Call
from tooearly.flow.deferred import Deferred
from tooearly.flow.machine import Machine, Outcome
from tooearly.flow.mention import closure
from tooearly.flow.objects import Fut
from tooearly.flow.relevance import closed_over, target_function
from tooearly.flow.state import World
from tooearly.flow.telling import tells
from tooearly.flow.values import Unknown

ENDED = "ended thread"
SIGNALLING = frozenset(["event_set", "put", "put_nowait"])  # effects
THREADS = frozenset(["thread", ENDED])  # kinds of deferred code


def go_on(m: Machine, w: World, why: str) -> tuple[Deferred, ...]:
    """The threads that may go on answering behind this suspension; their futures may finish in it."""
    running = [d for d in w.deferred if d.kind == "thread"] if why == "clock" else []
    running = [d for d in running if not tells(d.function) and not _signals(m, d)]
    for oid in w.reachable([d.function for d in running], closed_over(w)) if running else ():
        fut = w.heap[oid]
        if isinstance(fut, Fut) and not fut.open:
            w.heap[oid] = replace(fut, open=True)
    return tuple(running)


def _signals(m: Machine, deferred: Deferred) -> bool:
    target = target_function(deferred.function)
    names = {name.rpartition(".")[2] for name in closure(m, target.function)} if target is not None else set()
    return not names.isdisjoint(m.rows.named(SIGNALLING))


def thread_ended(c: Call) -> list[Outcome]:
    """`thread.join()`, `thread.is_alive()`: some thread may have ended, whichever it is."""
    c.w.deferred = tuple(replace(d, kind=ENDED) if d.kind == "thread" else d for d in c.w.deferred)
    return [Outcome(c.w, Unknown())]
