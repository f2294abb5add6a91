"""Claims about what has ended when a wait is left: by its normal end, by an exception, by cancellation."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from tests.semantics.claims import (
    AGES,
    MOMENT,
    cancelled_in,
    claim,
    clear_away,
    failing,
    forever,
    outcome,
    quick,
    reads_early,
    slow_to_leave,
    spawn,
    started,
    stubborn,
)


# ---------------------------------------------------------------- await
@claim("asyncio.create_task")
async def await_ends_the_task() -> None:
    for coro in (quick(), failing()):
        task = spawn(coro)
        await outcome(task)
        assert task.done()
        assert not reads_early(task)


@claim()
async def await_left_by_cancellation_has_ended_the_task() -> None:
    (task,) = await started(slow_to_leave())
    assert isinstance(await cancelled_in(wait_plainly(task)), asyncio.CancelledError)
    assert task.done()


async def wait_plainly(task: asyncio.Future[Any]) -> None:
    try:
        await task
    finally:
        assert task.done()


@claim()
def await_on_a_foreign_loop_leaves_the_future_pending() -> None:
    foreign = asyncio.new_event_loop()
    future = foreign.create_future()

    async def attempt() -> None:
        assert "attached to a different loop" in str(await outcome(future))

    asyncio.run(attempt())
    assert not future.done()
    foreign.close()


@claim("Task.__await__", "Task.__iter__")
async def closing_a_waiting_coroutine_leaves_the_task_pending() -> None:
    (task,) = await started(forever())
    iterator = task.__await__()
    next(iterator)
    iterator.close()
    assert not task.done()
    assert hasattr(task, "__iter__")
    task._asyncio_future_blocking = False
    await clear_away([task])


@claim("Coroutine.__await__", "Task.__await__")
async def awaiting_through_the_iterator_is_awaiting() -> None:
    class Through:
        def __init__(self, inner: Any) -> None:
            self.inner = inner

        def __await__(self) -> Any:
            return self.inner.__await__()

    task = spawn(quick())
    assert await Through(task) == 1
    assert task.done()
    other = spawn(quick())
    await Through(wait_plainly(other))
    assert other.done()


# ---------------------------------------------------------------- gather
@claim("asyncio.gather")
async def gather_left_normally_has_ended_all() -> None:
    tasks = [spawn(quick(n)) for n in range(3)]
    assert await asyncio.gather(*tasks) == [0, 1, 2]
    assert all(task.done() for task in tasks)


@claim("asyncio.gather")
async def gather_left_by_a_failure_leaves_siblings_pending() -> None:
    bad, sibling = spawn(failing()), spawn(forever())
    assert isinstance(await outcome(asyncio.gather(bad, sibling)), ValueError)
    assert bad.done()
    assert reads_early(sibling)
    await clear_away([sibling])


@claim("asyncio.gather")
async def gather_is_left_when_a_child_is_cancelled_from_elsewhere() -> None:
    child, sibling = await started(forever(), forever())
    asyncio.get_running_loop().call_soon(child.cancel)
    assert isinstance(await outcome(asyncio.gather(child, sibling)), asyncio.CancelledError)
    assert child.done()
    assert not sibling.done()
    await clear_away([sibling])


@claim("asyncio.gather")
async def gather_left_by_cancellation_leaves_slow_ones_pending() -> None:
    fast, slow = await started(forever(), slow_to_leave())

    async def waits() -> None:
        try:
            await asyncio.gather(fast, slow)
        finally:
            assert fast.done()
            assert not slow.done()

    assert isinstance(await cancelled_in(waits()), asyncio.CancelledError)
    await clear_away([slow])


@claim("asyncio.gather")
async def gather_with_return_exceptions_has_ended_all() -> None:
    tasks = [spawn(failing()), spawn(quick())]
    assert isinstance((await asyncio.gather(*tasks, return_exceptions=True))[0], ValueError)
    assert all(task.done() for task in tasks)


@claim("asyncio.gather")
async def gather_with_return_exceptions_cancelled_has_ended_all() -> None:
    tasks = await started(forever(), slow_to_leave())

    async def waits() -> None:
        try:
            await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            assert all(task.done() for task in tasks)

    assert isinstance(await cancelled_in(waits()), asyncio.CancelledError)


@claim("asyncio.gather")
async def gather_not_awaited_proves_nothing() -> None:
    task = spawn(quick())
    whole = asyncio.gather(task)
    assert reads_early(whole)
    assert reads_early(task)
    assert whole.cancel()
    assert not whole.done()
    assert asyncio.gather().done()
    await outcome(whole)
    assert whole.done()


# ---------------------------------------------------------------- wait
@claim("asyncio.wait")
async def wait_has_ended_all_and_raises_nothing() -> None:
    tasks = [spawn(quick()), spawn(failing())]
    done, pending = await asyncio.wait(tasks, timeout=None)
    assert done == set(tasks)
    assert not pending
    assert isinstance(tasks[1].exception(), ValueError)


@claim("asyncio.wait")
async def wait_left_by_cancellation_leaves_all_running() -> None:
    tasks = await started(forever(), forever())
    assert isinstance(await cancelled_in(asyncio.wait(tasks)), asyncio.CancelledError)
    assert not any(map(was_asked_to_end, tasks))
    await clear_away(tasks)


def was_asked_to_end(task: asyncio.Task[Any]) -> bool:
    """`cancelling()` is new in 3.11; before it there is only the end itself to ask for."""
    return task.done() or bool(hasattr(task, "cancelling") and task.cancelling())


@claim("asyncio.wait")
async def wait_with_a_timeout_parts_done_from_pending() -> None:
    over, running = spawn(quick()), spawn(forever())
    done, pending = await asyncio.wait([over, running], timeout=MOMENT)
    assert (done, pending) == ({over}, {running})
    assert reads_early(running)
    await clear_away([running])


@claim("asyncio.wait")
async def wait_with_timeout_zero_waits_for_nothing() -> None:
    task = spawn(slow_to_leave())
    done, pending = await asyncio.wait([task], timeout=0)
    assert (done, pending) == (set(), {task})
    await clear_away([task])


@claim("asyncio.wait")
async def first_completed_gives_at_least_one() -> None:
    over, running = spawn(quick()), spawn(forever())
    done, pending = await asyncio.wait([over, running], return_when=asyncio.FIRST_COMPLETED)
    assert (done, pending) == ({over}, {running})
    (single,) = (await asyncio.wait([spawn(failing())], return_when="FIRST_COMPLETED"))[0]
    assert isinstance(single.exception(), ValueError)
    await clear_away([running])


@claim("asyncio.wait")
async def pending_members_may_end_after_a_further_await() -> None:
    first, second = spawn(quick()), spawn(asyncio.sleep(MOMENT))
    _, pending = await asyncio.wait([first, second], return_when=asyncio.FIRST_COMPLETED)
    assert pending == {second}
    await second
    assert second in pending
    assert second.done()


@claim("asyncio.wait")
async def first_exception_ends_at_a_failure_but_not_at_a_cancellation() -> None:
    bad, running = spawn(failing()), spawn(forever())
    done, _ = await asyncio.wait([bad, running], return_when=asyncio.FIRST_EXCEPTION)
    assert done == {bad}
    cancelled, steady = await started(forever(), asyncio.sleep(MOMENT))
    cancelled.cancel()
    done, _ = await asyncio.wait([cancelled, steady], return_when=asyncio.FIRST_EXCEPTION)
    assert done == {cancelled, steady}
    await clear_away([running])


# ---------------------------------------------------------------- wait_for
@claim("asyncio.wait_for")
async def wait_for_has_ended_the_task_whatever_happened() -> None:
    for coro, kind in ((quick(), type(None)), (failing(), ValueError)):
        task = spawn(coro)
        assert isinstance(await outcome(asyncio.wait_for(task, AGES)), kind)
        assert task.done()
    (slow,) = await started(slow_to_leave())
    assert isinstance(await outcome(asyncio.wait_for(slow, MOMENT)), asyncio.TimeoutError)
    assert slow.done()


@claim("asyncio.wait_for")
async def wait_for_without_a_limit_is_an_await() -> None:
    task = spawn(quick())
    await asyncio.wait_for(task, None)
    assert task.done()


@claim("asyncio.wait_for")
async def wait_for_left_by_cancellation_has_ended_the_task() -> None:
    (task,) = await started(slow_to_leave())

    async def waits() -> None:
        try:
            await asyncio.wait_for(task, AGES)
        finally:
            assert task.done()

    assert isinstance(await cancelled_in(waits()), asyncio.CancelledError)


@claim("asyncio.wait_for", until=(3, 11), why="wait_for was rewritten in 3.12: a second cancellation is passed on too")
async def wait_for_cancelled_twice_leaves_the_task_pending() -> None:
    release = asyncio.Event()
    (task,) = await started(stubborn(release))
    await cancelled_in(asyncio.wait_for(task, AGES), times=3)
    assert not task.done()
    release.set()
    await task


@claim("asyncio.wait_for")
async def wait_for_with_no_time_ends_the_task() -> None:
    (task,) = await started(slow_to_leave())
    assert isinstance(await outcome(asyncio.wait_for(task, 0)), asyncio.TimeoutError)
    assert task.done()


@claim("asyncio.wait_for", until=(3, 11), why="wait_for was rewritten in 3.12: the cancellation is passed on once more")
async def wait_for_with_no_time_cancelled_leaves_the_task_pending() -> None:
    release = asyncio.Event()
    (task,) = await started(stubborn(release))
    assert isinstance(await cancelled_in(asyncio.wait_for(task, 0)), asyncio.CancelledError)
    assert not task.done()
    release.set()
    await task


@claim("asyncio.wait_for", "asyncio.shield")
async def wait_for_a_shield_that_timed_out_leaves_the_task_pending() -> None:
    task = spawn(forever())
    assert isinstance(await outcome(asyncio.wait_for(asyncio.shield(task), MOMENT)), asyncio.TimeoutError)
    assert reads_early(task)
    assert isinstance(await cancelled_in(asyncio.wait_for(asyncio.shield(task), AGES)), asyncio.CancelledError)
    assert not task.done()
    await clear_away([task])


@claim("asyncio.wait_for", "asyncio.gather")
async def wait_for_a_gather_that_timed_out_leaves_slow_ones_pending() -> None:
    fast, slow = await started(forever(), slow_to_leave(1000))
    assert isinstance(await outcome(asyncio.wait_for(asyncio.gather(fast, slow), MOMENT)), asyncio.TimeoutError)
    assert fast.done()
    assert not slow.done()
    await clear_away([slow])


# ---------------------------------------------------------------- shield
@claim("asyncio.shield")
async def shield_left_by_the_end_of_the_task() -> None:
    for coro, kind in ((quick(), type(None)), (failing(), ValueError)):
        task = spawn(coro)
        assert isinstance(await outcome(asyncio.shield(task)), kind)
        assert task.done()


@claim("asyncio.shield")
async def shield_left_by_cancellation_does_not_tell_whose_it_was() -> None:
    (task,) = await started(forever())
    assert isinstance(await cancelled_in(asyncio.wait([task])), asyncio.CancelledError)
    outer = asyncio.shield(task)
    assert outer.cancel()
    assert outer.done()
    assert not task.done()
    asyncio.get_running_loop().call_soon(task.cancel)
    assert isinstance(await outcome(asyncio.shield(task)), asyncio.CancelledError)
    assert task.done()


# ---------------------------------------------------------------- as_completed
@claim("asyncio.as_completed", "asyncio.as_completed.next")
async def as_completed_exhausted_has_ended_all() -> None:
    tasks = [spawn(quick()), spawn(failing())]
    for earliest in asyncio.as_completed(tasks):
        await outcome(earliest)
    assert all(task.done() for task in tasks)


@claim("asyncio.as_completed", "asyncio.as_completed.next")
async def as_completed_left_early_leaves_others_pending() -> None:
    over, running = spawn(quick()), spawn(forever())
    for earliest in asyncio.as_completed([over, running]):
        await earliest
        break
    assert over.done()
    assert not running.done()
    errors = [await outcome(one) for one in asyncio.as_completed([over, running], timeout=MOMENT)]
    assert isinstance(errors[-1], asyncio.TimeoutError)
    assert not running.done()
    await clear_away([running])


@claim("asyncio.as_completed")
async def as_completed_left_by_cancellation_leaves_all_running() -> None:
    tasks = await started(forever(), forever())

    async def waits() -> None:
        for earliest in asyncio.as_completed(tasks):
            await earliest

    assert isinstance(await cancelled_in(waits()), asyncio.CancelledError)
    assert not any(task.done() for task in tasks)
    await clear_away(tasks)


@claim("asyncio.as_completed", since=(3, 13), why="as_completed is an asynchronous iterator since 3.13")
async def as_completed_iterated_asynchronously_gives_the_originals() -> None:
    tasks = [spawn(quick()), spawn(failing())]
    async for task in asyncio.as_completed(tasks):
        assert task in tasks
        assert task.done()
    assert tasks[0].done()
    assert isinstance(tasks[1].exception(), ValueError)


@claim("asyncio.as_completed", since=(3, 13), why="as_completed is an asynchronous iterator since 3.13")
async def as_completed_iterated_asynchronously_and_timed_out() -> None:
    over, running = spawn(quick()), spawn(forever())

    async def waits() -> None:
        async for task in asyncio.as_completed([over, running], timeout=MOMENT):
            assert task is over

    assert isinstance(await outcome(waits()), asyncio.TimeoutError)
    assert not running.done()
    await clear_away([running])


# ---------------------------------------------------------------- locks and events
@claim("Lock.acquire", "Condition.acquire")
async def a_lock_lets_in_but_for_a_cancellation() -> None:
    for lock in (asyncio.Lock(), asyncio.Semaphore(1), asyncio.BoundedSemaphore(1), asyncio.Condition()):
        assert await lock.acquire()
        (waiter,) = await started(lock.acquire())
        await asyncio.wait([waiter], timeout=MOMENT)
        assert not waiter.done()
        waiter.cancel()
        await asyncio.wait([waiter])
        assert waiter.cancelled()
        (next_one,) = await started(lock.acquire())
        lock.release()
        assert await next_one


@claim("Event.is_set")
async def an_event_that_is_not_set_has_let_nobody_through() -> None:
    event = asyncio.Event()
    waiter, other = await started(event.wait(), forever())
    await asyncio.wait([waiter, other], timeout=MOMENT)
    assert not event.is_set()
    assert not waiter.done()
    event.set()
    await asyncio.wait([waiter, other], return_when=asyncio.FIRST_COMPLETED)
    assert waiter.done()
    assert event.is_set()
    await clear_away([other])


@claim("Event.set")
async def an_event_is_set_until_it_is_cleared() -> None:
    event = asyncio.Event()
    event.set()
    await asyncio.sleep(MOMENT)
    assert event.is_set()
    event.clear()
    assert not event.is_set()


@claim("Condition.wait_for")
async def the_predicate_of_a_condition_holds_when_its_wait_is_over() -> None:
    condition, turns = asyncio.Condition(), 0

    async def bell() -> None:
        nonlocal turns
        while True:
            async with condition:
                turns += 1
                condition.notify_all()
            await asyncio.sleep(0)

    ringing = asyncio.create_task(bell())
    async with condition:
        await condition.wait_for(lambda: turns % 7 == 3)
        assert turns % 7 == 3
    await clear_away([ringing])


@claim("Queue.put_nowait")
async def what_is_put_into_a_queue_is_taken_out_when_its_maker_is_suspended() -> None:
    queue: asyncio.Queue[asyncio.Future[int]] = asyncio.Queue()

    async def serve() -> None:
        (await queue.get()).set_result(1)

    server = asyncio.create_task(serve())
    await asyncio.sleep(0)
    reply = asyncio.get_running_loop().create_future()
    queue.put_nowait(reply)
    assert not reply.done()
    await server
    assert reply.done()


@claim("asyncio.Queue", "Queue.put", "Queue.get", "Queue.get_nowait", "Queue.empty", "Queue.qsize")
async def a_queue_gives_futures_as_they_are_first_come_first() -> None:
    queue: asyncio.Queue[asyncio.Future[int]] = asyncio.Queue(2)
    first, second, third = (asyncio.get_running_loop().create_future() for _ in range(3))
    await queue.put(first)
    await queue.put(second)
    assert queue.qsize() == 2
    waiting = asyncio.create_task(queue.put(third))
    await asyncio.sleep(0)
    assert not waiting.done(), "there is no room"
    assert await queue.get() is first
    assert queue.get_nowait() is second
    await waiting
    assert await queue.get() is third
    assert not first.done()
    assert queue.empty()


@claim("asyncio.PriorityQueue", "asyncio.LifoQueue")
async def other_queues_have_an_order_of_their_own() -> None:
    for queue in (asyncio.LifoQueue[int](), asyncio.PriorityQueue[int]()):
        queue.put_nowait(2)
        queue.put_nowait(1)
        assert await queue.get() == 1


@claim("Queue.join", "Queue.task_done")
async def a_queue_is_through_when_somebody_says_so() -> None:
    queue: asyncio.Queue[asyncio.Future[int]] = asyncio.Queue()
    future = asyncio.get_running_loop().create_future()
    queue.put_nowait(future)
    joining = asyncio.create_task(queue.join())
    await asyncio.sleep(0)
    assert not joining.done()
    assert await queue.get() is future
    queue.task_done()
    await joining
    assert not future.done()


# ---------------------------------------------------------------- limits
@claim("Timeout.expired", since=(3, 11), why="asyncio.timeout is new in 3.11")
async def a_limit_has_expired_when_it_has_ended_its_block_and_not_before() -> None:
    assert isinstance(await outcome(_expired_within(MOMENT, struck=True)), TimeoutError)
    assert isinstance(await outcome(_expired_within(60, struck=False)), TimeoutError)


async def _expired_within(limit: float, *, struck: bool) -> None:
    manager = asyncio.timeout(limit)
    assert not manager.expired()
    try:
        async with manager:
            if not struck:
                raise TimeoutError
            await forever()
    finally:
        assert manager.expired() == struck


# ---------------------------------------------------------------- exit stacks
@claim("contextlib.ExitStack", "ExitStack.enter_context", "ExitStack.callback")
def an_exit_stack_leaves_backwards_and_what_it_holds_may_swallow() -> None:
    order: list[str] = []
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.suppress(ValueError))
        assert stack.callback(order.append, "first in") == order.append
        stack.callback(order.append, "last in")
        raise ValueError
    assert order == ["last in", "first in"]


@claim("ExitStack.pop_all", "ExitStack.close")
def a_popped_stack_takes_over() -> None:
    order: list[str] = []
    with contextlib.ExitStack() as stack:
        stack.callback(order.append, "called")
        other = stack.pop_all()
    assert order == []
    other.close()
    assert order == ["called"]


@claim(
    "contextlib.AsyncExitStack", "ExitStack.enter_async_context", "ExitStack.push_async_callback", "ExitStack.aclose"
)
async def an_asynchronous_stack_awaits_what_it_leaves() -> None:
    (task,) = await started(quick())
    stack = contextlib.AsyncExitStack()

    async def wait_for_it() -> None:
        await task

    stack.push_async_callback(wait_for_it)
    assert reads_early(task)
    await stack.aclose()
    assert task.done()
    async with contextlib.AsyncExitStack() as another:
        inner = await another.enter_async_context(contextlib.AsyncExitStack())
        assert isinstance(inner, contextlib.AsyncExitStack)
