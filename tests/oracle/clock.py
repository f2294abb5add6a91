"""An event loop whose clock is virtual: sleeping costs nothing, everything else is CPython's own asyncio.

`asyncio.BaseEventLoop` asks a selector to wait for files until the next timer is due. `VirtualLoop` is its own
selector: it has no files, and waits by moving its clock to that timer. Tasks, futures, gather, wait and the order of
callbacks are untouched, so what a program does here is what it does in real time when the machine is infinitely fast.

`shuffle` makes a second kind of loop: callbacks that are ready in the same turn run in a random order. A read that
fails only there is safe by the order of the stock loop alone (a task that ends in the turn in which its waiter wakes,
two timers at one instant, `sleep(0)`); no documentation promises that order, so the oracle takes neither side.

A program ends after `TURNS` turns of the loop, or when nothing is left that could wake it: `Stuck` leaves the loop,
never through the program's own handlers.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable, Coroutine
from typing import Any

TURNS = 3000


class _Numbered:
    """A hash that counts from 1 in each run: a set of futures is iterated alike in every run of a schedule."""

    _number = 0

    def __hash__(self) -> int:
        self._number = self._number or next(self.get_loop().numbers)  # type: ignore[attr-defined]
        return self._number


class NumberedTask(_Numbered, asyncio.Task[Any]):
    """A task with a repeatable hash; nothing else is different."""


class NumberedFuture(_Numbered, asyncio.Future[Any]):
    """A future with a repeatable hash."""


class NumberedGathering(_Numbered, asyncio.tasks._GatheringFuture):  # type: ignore[misc,name-defined]
    """What gather returns, with a repeatable hash."""


class Stuck(BaseException):
    """The program waits for something that never happens, or has run for too long."""


class VirtualLoop(asyncio.BaseEventLoop):
    """One run's event loop. `errors` has the names of the exceptions that reached the loop itself."""

    def __init__(self, shuffle: random.Random | None = None) -> None:
        super().__init__()
        self._selector = self
        self._now = 0.0
        self._turns = 0
        self._shuffle = shuffle
        self.tasks: list[asyncio.Task[Any]] = []
        self.errors: list[BaseException] = []
        self.set_exception_handler(lambda _, context: self._note(context.get("exception")))
        self.set_task_factory(self._task)
        self.numbers = itertools.count(1)

    def time(self) -> float:
        return self._now

    def call_at(self, when: float, *args: Any, **options: Any) -> asyncio.TimerHandle:  # type: ignore[override]
        """A timer; on a shuffling loop, timers of one instant fall in a random order."""
        if self._shuffle is not None:
            when += self._shuffle.uniform(0, 1e-5)
        return super().call_at(when, *args, **options)

    def create_future(self) -> asyncio.Future[Any]:
        """A future of this loop."""
        return NumberedFuture(loop=self)

    def select(self, timeout: float | None) -> list[Any]:
        """Wait as a selector would: move the clock by `timeout` seconds; no file is ever ready."""
        self._turns += 1
        if timeout is None or self._turns > TURNS:
            raise Stuck
        self._now += timeout
        if self._shuffle is not None:
            self._shuffle.shuffle(self._ready)  # type: ignore[attr-defined]
        return []

    def _process_events(self, event_list: list[Any]) -> None:
        """There are no file events."""

    def _write_to_self(self) -> None:
        """Nothing sleeps for real, so nothing has to be woken."""

    def _task(self, loop: Any, coro: Any, **options: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = NumberedTask(coro, loop=loop, **options)
        self.tasks.append(task)
        return task

    def _note(self, error: object) -> None:
        if isinstance(error, BaseException):
            self.errors.append(error)


def runner(loop: VirtualLoop) -> Callable[..., Any]:
    """What stands in for `asyncio.run` while a program runs: the same steps, on `loop`."""

    def run(main: Coroutine[Any, Any, Any], **_: object) -> Any:
        asyncio.set_event_loop(loop)
        try:
            return loop.run_until_complete(main)
        finally:
            leftover = asyncio.all_tasks(loop)
            for task in leftover:
                task.cancel()
            if leftover:
                loop.run_until_complete(asyncio.gather(*leftover, return_exceptions=True))

    return run
