"""A claim is a small program that asserts one fact about asyncio, and names the rows of `api.toml` that rest on it.

The programs run on the real loop. Where two things have to happen in an order they are tied by events, not by the
clock; the few waits by the clock are there because a time-out is what is being asked about.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any

MOMENT = 0.002  # seconds: a time-out that is meant to strike
AGES = 5.0  # seconds: one that is not

Program = Callable[[], Coroutine[Any, Any, None]] | Callable[[], None]


@dataclass(frozen=True, slots=True)
class Claim:
    """`program` asserts a fact; a coroutine function is run by `asyncio.run`. `since`..`until`: where it holds."""

    program: Program
    rows: tuple[str, ...]
    since: tuple[int, int] = (3, 10)
    until: tuple[int, int] = (3, 99)
    why: str = ""

    @property
    def name(self) -> str:
        return self.program.__name__

    def check(self) -> None:
        """Run the program; AssertionError when the fact does not hold."""
        if inspect.iscoroutinefunction(self.program):
            asyncio.run(self.program())
        else:
            self.program()


def claim(
    *rows: str, since: tuple[int, int] = (3, 10), until: tuple[int, int] = (3, 99), why: str = ""
) -> Callable[[Program], Claim]:
    """Make a claim of the decorated program; `why` says why it does not hold outside `since`..`until`."""
    return lambda program: Claim(program, rows, since, until, why)


def claims_of(module: object) -> tuple[Claim, ...]:
    """The claims of a module, in the order of its text."""
    return tuple(value for value in vars(module).values() if isinstance(value, Claim))


async def quick(value: int = 1) -> int:
    """Suspends once."""
    await asyncio.sleep(0)
    return value


async def straight(value: int = 1) -> int:
    """Never suspends."""
    return value


async def failing() -> None:
    await asyncio.sleep(0)
    raise ValueError("failed")


async def forever() -> None:
    """Ends only when it is cancelled."""
    await asyncio.Event().wait()


async def slow_to_leave(turns: int = 20) -> None:
    """Takes its time over the cancellation."""
    try:
        await forever()
    finally:
        for _ in range(turns):
            await asyncio.sleep(0)


async def stubborn(release: asyncio.Event) -> None:
    """Ignores every cancellation until it is released."""
    while not release.is_set():
        with contextlib.suppress(asyncio.CancelledError):
            await release.wait()


def spawn(coro: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    return asyncio.create_task(coro)


async def started(*coros: Coroutine[Any, Any, Any]) -> list[asyncio.Task[Any]]:
    """Tasks that have had their first turn."""
    tasks = [spawn(coro) for coro in coros]
    await asyncio.sleep(0)
    return tasks


async def clear_away(tasks: Iterable[asyncio.Future[Any]]) -> None:
    """Cancel what is left and wait for it, so that a program ends without noise."""
    left = list(tasks)
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


async def outcome(awaitable: Any) -> BaseException | None:
    """The exception that awaiting ends with."""
    try:
        await awaitable
    except BaseException as error:
        return error
    return None


async def cancelled_in(coro: Coroutine[Any, Any, Any], times: int = 1) -> BaseException | None:
    """Run `coro` as a task, cancel it while it waits, and give the exception it ended with."""
    (task,) = await started(coro)
    for _ in range(times):
        await asyncio.sleep(0)
        task.cancel()
    await asyncio.wait([task])
    return asyncio.CancelledError() if task.cancelled() else task.exception()


def reads_early(future: asyncio.Future[Any]) -> bool:
    """Whether both reads raise InvalidStateError, as they do for a future that is not done."""
    answers = {is_early(future.result), is_early(future.exception)}
    assert len(answers) == 1, "the two reads do not agree"
    return answers.pop()


def is_early(read: Callable[[], object]) -> bool:
    try:
        read()
    except asyncio.InvalidStateError:
        return True
    except BaseException:  # the future's own exception: it is done
        return False
    return False
