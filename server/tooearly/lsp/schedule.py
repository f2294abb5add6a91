"""Runs analyses one at a time in a worker thread; only the newest job of a key counts.

There is no debounce. A job starts as soon as the worker is free, and everything that is asked for meanwhile under the
same key waits as *one* job, the newest: so a single keystroke is answered at once, and a burst costs as many analyses
as fit into it, the last of them on the last text. A job that has been overtaken is told so (`Job.overtaken`; work that
looks at it now and then can give up by raising `Overtaken`), and its result is dropped. A job that `yields`, which
nobody is waiting for, gives way to any other: at its next look it gives up, and it is run again from its beginning when
nothing else is to be done.

The event loop never waits for the worker: results come back by `call_soon_threadsafe`. A job that gives no sign of
life (`Job.beat`) for `patience` seconds is given up together with its thread, and a new thread goes on with the rest.
Threads are daemons and nobody joins them.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 20.0
MAX_STUCK = 3
IDLE_SECONDS = (0.5, 20.0)
"""After how long without work `idle` is called, with 0 and then with 1."""


class Overtaken(BaseException):
    """Raised by work that has noticed that a newer job replaces it. No Exception, so that nothing else takes it."""


class Yielded(BaseException):
    """Raised by work that gives way, and is to be run again later."""


@dataclass(slots=True, eq=False)
class Job:
    """One piece of work. `done` gets its result, or the exception it raised, on the event loop's thread."""

    key: Hashable
    work: Callable[[Job], Any]
    done: Callable[[Any], None]
    yields: bool = False
    started: float = 0.0
    interrupted: bool = False
    _stale: threading.Event = field(default_factory=threading.Event)

    @property
    def overtaken(self) -> bool:
        """Whether a newer job has taken this one's place."""
        return self._stale.is_set()

    def beat(self) -> None:
        """A sign of life: a job that gives one now and then is not stuck, however long it takes."""
        self.started = time.monotonic()

    def check(self) -> None:
        """A sign of life, and give up when the job has been overtaken, or has to give way. Raises what says so."""
        self.beat()
        if self._stale.is_set():
            raise Overtaken
        if self.interrupted:
            raise Yielded

    def overtake(self) -> None:
        """Make the job's result unwanted."""
        self._stale.set()


class Scheduler:
    """The worker and its queue. All methods are called on the event loop's thread."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        patience: float = PATIENCE_SECONDS,
        stuck: Callable[[Hashable], None] = lambda _key: None,
        idle: Callable[[int], None] = lambda _depth: None,
    ) -> None:
        self._loop, self._patience, self._stuck, self._idle = loop, patience, stuck, idle
        self._ready = threading.Condition()
        self._queue: OrderedDict[Hashable, Job] = OrderedDict()
        self._running: Job | None = None
        self._generation = 0
        self._patrolled = False

    def start(self) -> None:
        """Start the worker thread."""
        name = f"analysis-{self._generation}"
        threading.Thread(target=self._work, args=(self._generation,), name=name, daemon=True).start()

    def submit(
        self,
        key: Hashable,
        work: Callable[[Job], Any],
        done: Callable[[Any], None],
        *,
        urgent: bool = False,
        yields: bool = False,
    ) -> None:
        """Run `work` soon, in the place of an older job with the same key. Urgent work goes before the rest."""
        job = Job(key, work, done, yields)
        with self._ready:
            self._overtake(key)
            if self._running is not None and self._running.yields and not yields:
                self._running.interrupted = True
            self._queue[key] = job
            if urgent:
                self._queue.move_to_end(key, last=False)
            self._ready.notify()
        if not self._patrolled:
            self._patrolled = True
            self._loop.call_later(self._patience, self._patrol)

    def cancel(self, key: Hashable) -> None:
        """Forget the job with that key, whether it waits or runs."""
        with self._ready:
            self._overtake(key)
            self._queue.pop(key, None)

    def hurry(self, key: Hashable) -> None:
        """Let a waiting job go first: somebody has asked for its result."""
        with self._ready:
            if key in self._queue:
                self._queue.move_to_end(key, last=False)

    async def run(self, work: Callable[[Job], Any], *, urgent: bool = True, yields: bool = False) -> Any:
        """Run a piece of work soon, and wait for its result here. Raises what the work raised."""
        key = object()
        future: asyncio.Future[Any] = self._loop.create_future()

        def done(outcome: Any) -> None:
            if future.done():
                return
            if isinstance(outcome, BaseException):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)

        self.submit(key, work, done, urgent=urgent, yields=yields)
        try:
            return await future
        except asyncio.CancelledError:
            self.cancel(key)
            raise

    def stop(self) -> None:
        """Take no more work; a running job is told, and not waited for."""
        with self._ready:
            self._generation += 1
            self._queue.clear()
            if self._running is not None:
                self._running.overtake()
            self._ready.notify_all()

    def _overtake(self, key: Hashable) -> None:
        for job in (self._queue.get(key), self._running):
            if job is not None and job.key == key:
                job.overtake()

    def _patrol(self) -> None:
        """Look after the running job; again later, as long as there is one or one waits."""
        with self._ready:
            job, waits = self._running, bool(self._queue)
        if job is not None and time.monotonic() - job.started >= self._patience:
            self._give_up(job)
        self._patrolled = job is not None or waits
        if self._patrolled:
            self._loop.call_later(self._patience, self._patrol)

    def _give_up(self, job: Job) -> None:
        """Replace the thread of a job that is still running, so that other documents do not suffer."""
        with self._ready:
            if self._running is not job:
                return
            self._running = None
            job.overtake()
            self._generation += 1
        self._stuck(job.key)
        if self._generation <= MAX_STUCK:
            self.start()
        else:
            log.error("analysis was stuck %d times; no more analysis until the server is started again", MAX_STUCK + 1)

    def _work(self, generation: int) -> None:
        while (job := self._next(generation)) is not None:
            outcome: Any = None
            gave_way = False
            try:
                outcome = job.work(job)
            except Overtaken:
                job.overtake()
            except Yielded:
                gave_way = True
            except BaseException as error:  # a job's failure is its caller's business
                outcome = error
            with self._ready:
                if generation != self._generation:
                    return
                self._running = None
                if gave_way and not job.overtaken:
                    job.interrupted = False
                    self._queue[job.key] = job
            if not gave_way and not job.overtaken:
                self._deliver(job, outcome)

    def _next(self, generation: int) -> Job | None:
        depth = 0
        with self._ready:
            while generation == self._generation:
                if self._queue:
                    key = next((key for key, job in self._queue.items() if not job.yields), next(iter(self._queue)))
                    job = self._queue.pop(key)
                    job.started = time.monotonic()
                    self._running = job
                    return job
                limit = IDLE_SECONDS[depth] if depth < len(IDLE_SECONDS) else None
                if not self._ready.wait(limit) and limit is not None:
                    self._rest(depth)
                    depth += 1
        return None

    def _rest(self, depth: int) -> None:
        self._ready.release()
        try:
            self._idle(depth)
        finally:
            self._ready.acquire()

    def _deliver(self, job: Job, outcome: Any) -> None:
        def deliver() -> None:
            if not job.overtaken:
                job.done(outcome)

        with contextlib.suppress(RuntimeError):  # the loop is closed: the process is on its way out
            self._loop.call_soon_threadsafe(deliver)
