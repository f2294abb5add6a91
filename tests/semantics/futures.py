"""Claims about making futures, asking and ending them, about groups, loops, callbacks and threads."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import functools
import sys
import threading
from typing import Any

from tests.semantics.claims import (
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
    straight,
)

THREAD_FUTURE = ("Concurrent.add_done_callback", "Concurrent.set_exception")
GROUP = "asyncio.TaskGroup and asyncio.timeout are new in 3.11"


# ---------------------------------------------------------------- making
@claim("asyncio.create_task", "asyncio.Task", "Loop.create_task", "asyncio.ensure_future")
async def a_new_task_is_not_done() -> None:
    loop = asyncio.get_running_loop()
    makers = (asyncio.create_task, asyncio.Task, loop.create_task, asyncio.ensure_future)
    tasks = [make(straight()) for make in makers]
    assert all(map(reads_early, tasks))
    await asyncio.wait(tasks)
    assert not any(map(reads_early, tasks))


@claim("asyncio.ensure_future", "tornado.gen.convert_yielded")
async def ensure_future_gives_a_future_back() -> None:
    task = spawn(quick())
    assert asyncio.ensure_future(task) is task
    await task


@claim("functools.cache", "functools.lru_cache")
async def a_function_that_keeps_gives_the_same_future_for_the_same_arguments() -> None:
    loop = asyncio.get_running_loop()
    for keeping in (functools.cache, functools.lru_cache, functools.lru_cache(maxsize=None), functools.lru_cache(2)):
        make = keeping(lambda _: loop.create_future())
        first = make("a")
        assert make("a") is first
        assert make("b") is not first


@claim("asyncio.async")
def async_as_a_function_is_history() -> None:
    assert not hasattr(asyncio, "async")


@claim("asyncio.create_task", since=(3, 12), why="eager tasks are new in 3.12")
async def an_eager_task_that_does_not_suspend_is_done_at_once() -> None:
    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
    assert spawn(straight()).done()
    suspended = spawn(quick())
    assert not suspended.done()
    await suspended


@claim("asyncio.Future", "Loop.create_future", "Task.set_result", "Task.set_exception", "Task.cancel")
async def a_plain_future_is_done_as_soon_as_it_is_set() -> None:
    loop = asyncio.get_running_loop()
    settled = {"result": loop.create_future(), "error": asyncio.Future(), "gone": loop.create_future()}
    assert all(reads_early(future) for future in settled.values())
    settled["result"].set_result(1)
    settled["error"].set_exception(ValueError())
    assert settled["gone"].cancel()
    assert not any(reads_early(future) for future in settled.values())


@claim("Task.set_result", "Task.set_exception")
async def a_task_cannot_be_set_from_outside() -> None:
    task = spawn(quick())
    for ends in (lambda: task.set_result(1), lambda: task.set_exception(ValueError())):
        try:
            ends()
        except RuntimeError:
            continue
        raise AssertionError("a task was set")
    await task


@claim("Loop.run_in_executor", "Hass.async_add_executor_job")
async def a_thread_that_has_finished_has_not_told_the_loop() -> None:
    finished = threading.Event()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        future = asyncio.get_running_loop().run_in_executor(pool, finished.set)
        assert finished.wait(5)
    assert reads_early(future)
    await future
    assert future.done()


@claim("Loop.set_task_factory")
async def tasks_are_made_by_the_factory() -> None:
    made: list[asyncio.Task[Any]] = []

    def factory(loop: asyncio.AbstractEventLoop, coro: Any, **given: Any) -> asyncio.Task[Any]:
        made.append(asyncio.Task(coro, loop=loop, **given))
        return made[-1]

    asyncio.get_running_loop().set_task_factory(factory)
    task = asyncio.create_task(asyncio.sleep(0.001, 5))
    asyncio.get_running_loop().set_task_factory(None)
    assert made == [task]
    assert reads_early(task)
    assert await task == made[0].result() == 5


@claim("threading.Thread", "Thread.join", "Thread.is_alive")
async def a_thread_that_has_ended_has_not_run_what_it_gave_the_loop() -> None:
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    thread = threading.Thread(target=loop.call_soon_threadsafe, args=(future.set_result, 1))
    thread.start()
    thread.join()
    assert not thread.is_alive()
    assert reads_early(future)
    await asyncio.sleep(0.001)
    assert future.result() == 1


@claim("threading.Timer")
async def a_sleep_does_not_wait_for_a_timer_of_a_thread() -> None:
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    timer = threading.Timer(10 * MOMENT, loop.call_soon_threadsafe, [future.set_result, 1])
    timer.start()
    await asyncio.sleep(MOMENT)
    assert reads_early(future)
    assert await future == 1


@claim("asyncio.wrap_future", "Concurrent.set_result", "concurrent.futures.Future")
async def a_wrapped_future_is_done_only_by_the_loop() -> None:
    inner: concurrent.futures.Future[int] = concurrent.futures.Future()
    inner.set_result(3)
    outer = asyncio.wrap_future(inner)
    assert reads_early(outer)
    assert await outer == 3


@claim("asyncio.to_thread")
async def to_thread_is_awaited_to_its_end() -> None:
    task = spawn(quick())
    assert await asyncio.to_thread(task.done) is False
    await task


# ---------------------------------------------------------------- asking
@claim("Task.result", "Task.exception")
async def reading_a_pending_task_raises_with_a_message_of_its_own() -> None:
    task = spawn(quick())
    assert [str(early(read)) for read in (task.result, task.exception)] == [
        "Result is not set.",
        "Exception is not set.",
    ]
    await task
    assert (task.result(), task.exception()) == (1, None)


def early(read: Any) -> asyncio.InvalidStateError | None:
    try:
        read()
    except asyncio.InvalidStateError as error:
        return error
    return None


@claim("Task.result", "Task.exception", "Task.cancelled")
async def reading_a_cancelled_task_raises_the_cancellation() -> None:
    (task,) = await started(forever())
    await clear_away([task])
    assert task.cancelled()
    for read in (task.result, task.exception):
        try:
            read()
        except asyncio.CancelledError:
            continue
        raise AssertionError("no CancelledError")


@claim("Task.set_result")
async def setting_twice_raises_the_same_class_with_other_words() -> None:
    future = asyncio.get_running_loop().create_future()
    future.set_result(1)
    assert "not set" not in str(early(lambda: future.set_result(2)))
    assert isinstance(early(lambda: future.set_result(2)), asyncio.InvalidStateError)


@claim("Concurrent.result")
def the_two_errors_of_that_name_are_different_classes() -> None:
    assert asyncio.InvalidStateError is not concurrent.futures.InvalidStateError
    assert not issubclass(asyncio.InvalidStateError, concurrent.futures.InvalidStateError)
    assert not issubclass(concurrent.futures.InvalidStateError, asyncio.InvalidStateError)


@claim("Task.done", "Task.cancelled", "Task.cancel")
async def what_proves_that_a_task_has_ended() -> None:
    over, gone = await started(quick(), forever())
    assert not any((over.done(), over.cancelled(), gone.cancelled()))
    await asyncio.wait([over])
    await clear_away([gone])
    assert (over.done(), over.cancelled(), over.cancel()) == (True, False, False)
    assert (gone.done(), gone.cancelled(), gone.cancel()) == (True, True, False)


@claim("Task.cancel")
async def a_cancelled_task_is_not_done_yet() -> None:
    (task,) = await started(slow_to_leave(5))
    assert task.cancel() is True
    for _ in range(5):
        assert reads_early(task)
        await asyncio.sleep(0)
    await outcome(task)
    assert task.cancelled()


@claim("Task.cancel", "asyncio.gather", "asyncio.shield")
async def cancelling_a_shield_ends_it_and_cancelling_a_gather_does_not() -> None:
    (task,) = await started(forever())
    shield, whole = asyncio.shield(task), asyncio.gather(task)
    assert shield.cancel()
    assert whole.cancel()
    assert shield.done()
    assert not whole.done()
    await outcome(whole)


@claim("asyncio.sleep")
async def a_sleep_is_no_wait() -> None:
    at_once, once = spawn(straight()), spawn(quick())
    await asyncio.sleep(0)
    assert at_once.done()
    assert reads_early(once)
    running = spawn(forever())
    await asyncio.sleep(MOMENT)
    assert not running.done()
    await clear_away([once, running])


@claim("asyncio.current_task", "asyncio.all_tasks")
async def running_tasks_are_never_done() -> None:
    over, running = await started(straight(), forever())
    await over
    current = asyncio.current_task()
    assert current is not None
    assert reads_early(current)
    assert asyncio.all_tasks() == {current, running}
    await clear_away([running])


@claim("asyncio.Task.current_task", "asyncio.Task.all_tasks")
def the_class_methods_are_history() -> None:
    assert not hasattr(asyncio.Task, "current_task")
    assert not hasattr(asyncio.Task, "all_tasks")


# ---------------------------------------------------------------- groups and time limits
@claim("asyncio.TaskGroup", "TaskGroup.create_task", since=(3, 11), why=GROUP)
async def a_group_has_ended_all_its_tasks() -> None:
    for culprit, kind in ((quick, type(None)), (failing, Exception)):
        tasks: list[asyncio.Task[Any]] = []

        async def body(culprit: Any = culprit, tasks: list[asyncio.Task[Any]] = tasks) -> None:
            async with asyncio.TaskGroup() as group:
                tasks += [group.create_task(slow_to_leave() if culprit is failing else quick())]
                tasks += [group.create_task(culprit())]
                assert all(map(reads_early, tasks))

        assert isinstance(await outcome(body()), kind)
        assert all(task.done() for task in tasks)


@claim("asyncio.TaskGroup", since=(3, 11), why=GROUP)
async def a_group_left_by_its_body_or_by_cancellation_has_ended_all() -> None:
    tasks: list[asyncio.Task[Any]] = []

    async def body(fails: bool) -> None:
        async with asyncio.TaskGroup() as group:
            tasks.append(group.create_task(slow_to_leave()))
            await asyncio.sleep(0)
            if fails:
                raise ValueError

    assert await outcome(body(True)) is not None
    assert isinstance(await cancelled_in(body(False)), asyncio.CancelledError)
    assert all(task.done() for task in tasks)


@claim("asyncio.timeout", "asyncio.timeouts.timeout", "asyncio.timeout_at", since=(3, 11), why=GROUP)
async def a_time_limit_ends_the_await_that_it_strikes() -> None:
    struck, spared, watched = await started(slow_to_leave(), forever(), forever())

    async def limited(*waits: Any) -> None:
        async with asyncio.timeout(MOMENT):
            for wait in waits:
                await wait

    assert isinstance(await outcome(limited(struck)), TimeoutError)
    assert struck.done()
    assert isinstance(await outcome(limited(asyncio.sleep(5), spared)), TimeoutError)
    assert isinstance(await outcome(limited(asyncio.wait([watched]))), TimeoutError)
    assert not spared.done()
    assert not watched.done()
    await clear_away([spared, watched])


@claim("asyncio.timeout_at", since=(3, 11), why=GROUP)
async def a_deadline_is_a_time_limit() -> None:
    (struck,) = await started(forever())

    async def limited() -> None:
        async with asyncio.timeout_at(asyncio.get_running_loop().time() + MOMENT):
            await struck

    assert isinstance(await outcome(limited()), TimeoutError)
    assert struck.done()


# ---------------------------------------------------------------- loops
@claim("Loop.run_until_complete")
def run_until_complete_ends_its_future() -> None:
    loop = asyncio.new_event_loop()
    good, bad = loop.create_task(quick()), loop.create_task(failing())
    assert loop.run_until_complete(good) == 1
    with contextlib.suppress(ValueError):
        loop.run_until_complete(bad)
    assert good.done()
    assert bad.done()
    loop.close()


@claim("Loop.run_until_complete", "Loop.stop")
def a_stopped_loop_leaves_the_future_pending() -> None:
    loop = asyncio.new_event_loop()
    task = loop.create_task(forever())
    loop.call_soon(loop.stop)
    with contextlib.suppress(RuntimeError):
        loop.run_until_complete(task)
    assert reads_early(task)
    loop.run_until_complete(clear_away([task]))
    loop.close()


@claim("Loop.run_forever", "Loop.call_soon", "Loop.stop")
def run_forever_ends_when_it_is_stopped_and_not_when_a_task_ends() -> None:
    loop = asyncio.new_event_loop()
    over, running = loop.create_task(straight()), loop.create_task(forever())
    loop.call_later(MOMENT, loop.stop)
    loop.run_forever()
    assert over.done()
    assert not running.done()
    loop.run_until_complete(clear_away([running]))
    loop.close()


@claim("asyncio.run")
def run_ends_leftover_tasks_but_no_plain_futures() -> None:
    async def leave() -> tuple[asyncio.Task[None], asyncio.Future[None]]:
        return (await started(slow_to_leave()))[0], asyncio.get_running_loop().create_future()

    task, future = asyncio.run(leave())
    assert task.cancelled()
    assert reads_early(future)


@claim("asyncio.Runner", "Runner.run", "Runner.get_loop", since=(3, 11), why="asyncio.Runner is new in 3.11")
def a_runner_ends_leftovers_only_at_its_own_end() -> None:
    left: list[asyncio.Task[Any]] = []

    async def leave() -> None:
        left.append(asyncio.get_running_loop().create_task(forever()))

    with asyncio.Runner() as runner:
        runner.run(leave())
        assert reads_early(left[0])
        future = runner.get_loop().create_future()
    assert left[0].done()
    assert reads_early(future)


# ---------------------------------------------------------------- callbacks
@claim("Task.add_done_callback", "tornado.ioloop.IOLoop.add_future", "IOLoop.add_future")
async def the_parameter_of_a_done_callback_is_done() -> None:
    seen: list[bool] = []
    task, bad, gone = await started(quick(), failing(), forever())
    for one in (task, bad, gone):
        one.add_done_callback(lambda ended: seen.append(ended.done() and not reads_early(ended)))
    gone.cancel()
    await asyncio.wait([task, bad, gone])
    await asyncio.sleep(0)
    assert seen == [True, True, True]


@claim("Loop.call_soon", "Loop.call_later", "Loop.call_at", "Loop.call_soon_threadsafe", "IOLoop.add_callback")
async def a_scheduled_call_runs_later_and_waits_for_nothing() -> None:
    loop, seen = asyncio.get_running_loop(), list[bool]()
    (task,) = await started(forever())

    def look(which: asyncio.Future[Any]) -> None:
        seen.append(which.done())

    for schedule in (loop.call_soon, loop.call_soon_threadsafe):
        schedule(look, task)
    loop.call_later(0, look, task)
    loop.call_at(loop.time(), look, task)
    assert seen == []
    await asyncio.sleep(MOMENT)
    assert seen == [False] * 4
    await clear_away([task])


@claim("Loop.add_signal_handler")
def a_signal_handler_runs_as_a_call_of_the_loop() -> None:
    if sys.platform == "win32":
        return
    import signal

    async def program() -> list[bool]:
        loop, seen, called = asyncio.get_running_loop(), list[bool](), asyncio.Event()
        task = loop.create_task(forever())
        loop.add_signal_handler(signal.SIGUSR1, lambda: (seen.append(task.done()), called.set()))
        signal.raise_signal(signal.SIGUSR1)
        assert seen == []
        await called.wait()
        loop.remove_signal_handler(signal.SIGUSR1)
        return seen

    assert asyncio.run(program()) == [False]


# ---------------------------------------------------------------- threads
@claim("asyncio.run_coroutine_threadsafe", "Executor.submit", "Concurrent.result", "Concurrent.exception")
async def the_future_of_a_thread_waits_instead_of_raising() -> None:
    loop = asyncio.get_running_loop()
    future = asyncio.run_coroutine_threadsafe(quick(), loop)
    assert isinstance(future, concurrent.futures.Future)
    assert isinstance(block(future), concurrent.futures.TimeoutError)
    assert await asyncio.to_thread(future.result) == 1
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        submitted = pool.submit(pow, 2, 3)
        assert submitted.exception() is None
        assert submitted.result() == 8


def block(future: concurrent.futures.Future[Any]) -> BaseException | None:
    """What a read with a short limit on the loop's own thread ends with: the loop cannot make it true meanwhile."""
    try:
        future.result(timeout=MOMENT)
    except BaseException as error:
        return error
    return None


@claim(
    "Concurrent.done",
    "Concurrent.cancelled",
    "Concurrent.add_done_callback",
    "Concurrent.set_exception",
    "Concurrent.cancel",
)
def a_thread_future_is_done_as_soon_as_it_is_set() -> None:
    good, bad, gone = (concurrent.futures.Future[int]() for _ in range(3))
    assert not any(future.done() or future.cancelled() for future in (good, bad, gone))
    seen: list[bool] = []
    good.add_done_callback(lambda ended: seen.append(ended.done()))
    good.set_result(1)
    bad.set_exception(ValueError())
    assert gone.cancel()
    assert seen == [True]
    assert good.done()
    assert isinstance(bad.exception(), ValueError)
    assert gone.cancelled()


@claim("concurrent.futures.wait", "concurrent.futures.as_completed")
def waiting_in_a_thread_ends_the_futures() -> None:
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(pow, 2, n) for n in range(3)]
        assert all(future.done() for future in concurrent.futures.as_completed(futures))
        done, pending = concurrent.futures.wait(futures)
    assert (done, pending) == (set(futures), set())


@claim("Executor.shutdown", "Executor.submit")
def the_end_of_the_pools_block_has_ended_its_futures() -> None:
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        future = pool.submit(threading.Event().wait, MOMENT)
    assert future.done()
