"""Run a program under one schedule, or under many, and keep per read line what happened.

A schedule is a number: the program draws its durations, failures, branches and its own outer cancellation from
streams that start at `SEED` (see `grammar.prelude`). Each stream has a name, so adding a wait to a program moves no
other draw, and the fixed program can be compared with the original one schedule by schedule.
"""

from __future__ import annotations

import asyncio
import random
import signal
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from .clock import NumberedGathering, NumberedTask, Stuck, VirtualLoop, runner
from .record import Event, Recorder, Watched

PATIENCE = 5.0  # seconds of processor time after which a run that never gives control back is cut off


@dataclass(frozen=True)
class Run:
    """One run: events at reads, lines printed, and (name, line) of each exception that left a task."""

    seed: int
    events: tuple[Event, ...]
    printed: tuple[str, ...]
    errors: frozenset[tuple[str, int]]

    @property
    def early(self) -> frozenset[int]:
        """The lines that raised InvalidStateError unasked."""
        return frozenset(event.line for event in self.events if event.kind in ("raised", "echo", "excused"))


@dataclass
class Tally:
    """What happened at one read line over all runs; `first` has a schedule that shows each kind."""

    kinds: Counter[str] = field(default_factory=Counter)
    first: dict[str, int] = field(default_factory=dict)

    def add(self, kind: str, seed: int) -> None:
        """Count one evaluation."""
        self.kinds[kind] += 1
        self.first.setdefault(kind, seed)

    @property
    def evaluated(self) -> int:
        """How often the read was evaluated."""
        return sum(self.kinds.values())


Tallies = dict[int, Tally]


def run(program: Watched, seed: int, shuffle: int | None = None, modern: bool = False, forgiving: bool = False) -> Run:
    """One run of the program under schedule `seed`.

    `shuffle`: in another order of ready callbacks; `modern`: with the wait_for of Python 3.12;
    `forgiving`: an early read gives None, and the program goes on. Raises nothing that the program raises.
    """
    recorder = Recorder(seed, program.guarded, forgiving=forgiving)
    loop = VirtualLoop(None if shuffle is None else random.Random(shuffle))
    errors: list[BaseException] = []
    names = {"__name__": "__main__", **recorder.names()}
    with _stage(loop, modern), watchdog():
        try:
            exec(program.code, names)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            errors.append(error)
    recorder.active = False
    errors += loop.errors
    errors += [e for t in loop.tasks if t.done() and not t.cancelled() and (e := t.exception()) is not None]
    events = tuple(Event(event.line, event.kind) for event in recorder.events)
    found = frozenset(each for error in errors for each in _named(error))
    _dispose(loop)
    return Run(seed, events, tuple(recorder.printed), found)


def run_many(program: Watched, seeds: Iterable[int], shuffle: bool = False) -> Iterator[Run]:
    """The runs, one by one."""
    return (run(program, seed, seed if shuffle else None) for seed in seeds)


def tally(runs: Iterable[Run]) -> Tallies:
    """Events by line."""
    tallies: Tallies = {}
    for each in runs:
        for event in each.events:
            tallies.setdefault(event.line, Tally()).add(event.kind, each.seed)
    return tallies


def _named(error: BaseException) -> Iterator[tuple[str, int]]:
    """Names of the exception (of its parts, for a group), with the innermost line of the program it came through."""
    parts = getattr(error, "exceptions", None)
    if parts:
        for part in parts:
            yield from _named(part)
        return
    line, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<program>":
            line = trace.tb_lineno
        trace = trace.tb_next
    yield type(error).__name__, line


def _dispose(loop: VirtualLoop) -> None:
    """Let go of what the run has left: asyncio's own list of tasks would grow, and be walked in each run."""
    for task in loop.tasks:
        task._log_destroy_pending = False  # type: ignore[attr-defined]
        asyncio._unregister_task(task)
    loop.tasks.clear()
    loop._ready.clear()  # type: ignore[attr-defined]
    loop._scheduled.clear()  # type: ignore[attr-defined]
    asyncio.set_event_loop(None)
    loop.close()


async def modern_wait_for(awaitable: Any, timeout: float | None) -> Any:
    """`asyncio.wait_for` as Python 3.12 has it, written for 3.11.

    Up to 3.11, a second cancellation while wait_for waits for its cancelled task to end leaves the task pending; from
    3.12 on, it does not. A read that is early for that reason alone counts on neither side.
    """
    if timeout is not None and timeout <= 0:
        future = asyncio.ensure_future(awaitable)
        if future.done():
            return future.result()
        await asyncio.tasks._cancel_and_wait(future, loop=asyncio.get_running_loop())  # type: ignore[attr-defined]
        try:
            return future.result()
        except asyncio.CancelledError as error:
            raise TimeoutError from error
    async with asyncio.timeout(timeout):  # type: ignore[attr-defined,unused-ignore]
        return await awaitable


@contextmanager
def _stage(loop: VirtualLoop, modern: bool) -> Iterator[None]:
    """Put the loop and its numbered futures where a program finds asyncio's own."""
    wait_for = modern_wait_for if modern and sys.version_info[:2] == (3, 11) else asyncio.wait_for
    with (
        mock.patch.object(asyncio, "run", runner(loop)),
        mock.patch.object(asyncio, "Task", NumberedTask),
        mock.patch.object(asyncio, "wait_for", wait_for),
        mock.patch.object(asyncio.tasks, "_GatheringFuture", NumberedGathering),
    ):
        yield


@contextmanager
def watchdog(seconds: float = PATIENCE) -> Iterator[None]:
    """Raise Stuck in what takes more of the processor; where there are no timer signals, nothing is cut off."""

    def cut(*_: object) -> None:
        raise Stuck

    if not hasattr(signal, "setitimer"):
        yield
        return
    before = signal.signal(signal.SIGPROF, cut)
    signal.setitimer(signal.ITIMER_PROF, seconds, 0.1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
