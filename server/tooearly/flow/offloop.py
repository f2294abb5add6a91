"""What a thread reads: `to_thread(f, task)`, `run_in_executor`, `Thread(target=f, args=(task,))`.

The loop goes on beside a thread, which knows nothing of it until it waits for something. So its function is interpreted
where it is handed over, for its reads: what is pending there may be so when the thread comes to a read, or done. After
any call that is not followed (it may have waited: for an event, a lock, another thread) nothing is claimed any more.
"""

from __future__ import annotations

from tooearly.flow.calling import Call
from tooearly.flow.deferred import Deferred
from tooearly.flow.objects import MAYBE, PENDING, Fut
from tooearly.flow.relevance import target_function
from tooearly.flow.suspending import run_deferred
from tooearly.flow.values import Api, Coro, Value


def run_beside(c: Call) -> None:
    """Interpret the function among the arguments, with those that follow it."""
    values = [*c.args.values(), *(value for value, _ in c.rest)]
    place = next((i for i, value in enumerate(values) if target_function(value) is not None), None)
    if place is not None and not any(starred for _, starred in c.rest):
        run_function(c, values[place], tuple(values[place + 1 :]))


def run_in_thread(c: Call, body: Coro) -> None:
    """The same for `create_task(to_thread(f, task))`."""
    row = c.m.rows.get(body.function.name) if isinstance(body.function, Api) else None
    if row is not None and row.awaiting == "thread" and body.args:
        run_function(c, body.args[0], body.args[1:])


def run_function(c: Call, function: Value, args: tuple[Value, ...]) -> None:
    """Interpret a function that a thread runs."""
    if c.m.quiet:
        return
    world = c.w.copy()
    for oid, fut in c.w.heap.items():
        if isinstance(fut, Fut) and fut.mask == PENDING and fut.open:
            world.set_mask(oid, MAYBE)
    on_loop, in_thread = c.act.on_loop, c.m.in_thread
    c.act.on_loop, c.m.in_thread = False, True
    run_deferred(c.m, c.act, world, Deferred("thread", function, args))
    c.act.on_loop, c.m.in_thread = on_loop, in_thread
