"""The worker: only the newest job of a key counts, and nothing that hangs holds anything up."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tooearly.lsp.schedule import Job, Overtaken, Scheduler


def run(test: Callable[[Scheduler], Awaitable[None]], **options: Any) -> None:
    async def play() -> None:
        scheduler = Scheduler(asyncio.get_running_loop(), **options)
        scheduler.start()
        try:
            await asyncio.wait_for(test(scheduler), 30)
        finally:
            scheduler.stop()

    asyncio.run(play())


async def occupied(scheduler: Scheduler) -> threading.Event:
    """The worker is at a job that ends when the event is set; what is submitted from here on waits."""
    started, gate = threading.Event(), threading.Event()
    scheduler.submit("gate", lambda _job: (started.set(), gate.wait()), lambda _outcome: None)
    await asyncio.to_thread(started.wait)
    return gate


def test_a_burst_ends_with_its_last_job_and_skips_most_of_the_others() -> None:
    async def test(scheduler: Scheduler) -> None:
        gate, ran, came = threading.Event(), [], []
        last = asyncio.Event()
        scheduler.submit("other", lambda _job: gate.wait(), lambda _outcome: None)

        def take(outcome: int) -> None:
            came.append(outcome)
            if outcome == 199:
                last.set()

        def work(number: int) -> Callable[[Job], int]:
            def job(_job: Job) -> int:
                ran.append(number)
                return number

            return job

        for number in range(200):
            scheduler.submit("text", work(number), take)
        gate.set()
        await last.wait()
        assert (ran, came) == ([199], [199])

    run(test)


def test_the_result_of_an_overtaken_job_is_dropped_and_the_job_can_notice() -> None:
    async def test(scheduler: Scheduler) -> None:
        started, noticed, came = threading.Event(), threading.Event(), []

        def slow(job: Job) -> str:
            started.set()
            while True:
                try:
                    job.check()
                except Overtaken:
                    noticed.set()
                    raise

        scheduler.submit("text", slow, came.append)
        await asyncio.to_thread(started.wait)
        done = asyncio.Event()
        scheduler.submit("text", lambda _job: "new", lambda outcome: (came.append(outcome), done.set()))
        await done.wait()
        assert noticed.is_set()
        assert came == ["new"]

    run(test)


def test_a_job_that_finishes_though_overtaken_is_dropped() -> None:
    async def test(scheduler: Scheduler) -> None:
        started, gate, came = threading.Event(), threading.Event(), []

        def deaf(_job: Job) -> str:
            started.set()
            gate.wait()
            return "old"

        scheduler.submit("text", deaf, came.append)
        await asyncio.to_thread(started.wait)
        done = asyncio.Event()
        scheduler.submit("text", lambda _job: "new", lambda outcome: (came.append(outcome), done.set()))
        gate.set()
        await done.wait()
        assert came == ["new"]

    run(test)


def test_exceptions_are_outcomes() -> None:
    async def test(scheduler: Scheduler) -> None:
        def fail(_job: Job) -> None:
            raise ValueError("no")

        with pytest.raises(ValueError, match="no"):
            await scheduler.run(fail)
        assert await scheduler.run(lambda _job: 7) == 7

    run(test)


def test_urgent_and_hurried_jobs_go_first() -> None:
    async def test(scheduler: Scheduler) -> None:
        gate, ran = await occupied(scheduler), []
        for key in ("a", "b", "c"):
            scheduler.submit(key, lambda job: ran.append(job.key), lambda _outcome: None)
        scheduler.hurry("c")
        urgent = asyncio.create_task(scheduler.run(lambda _job: ran.append("urgent")))
        await asyncio.sleep(0)
        gate.set()
        await urgent
        await scheduler.run(lambda _job: None, urgent=False)
        assert ran == ["urgent", "c", "a", "b"]

    run(test)


def test_a_job_that_yields_gives_way_and_is_run_again() -> None:
    async def test(scheduler: Scheduler) -> None:
        started, ran = threading.Event(), []

        def long(job: Job) -> str:
            ran.append("long")
            started.set()
            while len(ran) < 2:
                job.check()
            return "done"

        aside = asyncio.create_task(scheduler.run(long, urgent=False, yields=True))
        await asyncio.to_thread(started.wait)
        other = asyncio.create_task(scheduler.run(long, urgent=False, yields=True))  # gives way to nobody of its kind
        await asyncio.sleep(0.01)
        assert ran == ["long"]
        assert await scheduler.run(lambda _job: ran.append("short"), urgent=False) is None
        assert ran[:2] == ["long", "short"]
        assert (await aside, await other) == ("done", "done")
        assert ran == ["long", "short", "long", "long"]

    run(test)


def test_a_job_that_has_given_way_can_be_cancelled() -> None:
    async def test(scheduler: Scheduler) -> None:
        started, ran = threading.Event(), []

        def endless(job: Job) -> None:
            ran.append("endless")
            started.set()
            while True:
                job.check()

        aside = asyncio.create_task(scheduler.run(endless, yields=True))
        await asyncio.to_thread(started.wait)
        aside.cancel()
        await asyncio.gather(aside, return_exceptions=True)
        await scheduler.run(lambda _job: None)
        assert ran == ["endless"]

    run(test)


def test_a_stuck_job_is_given_up_with_its_thread() -> None:
    stuck: list[Any] = []

    async def test(scheduler: Scheduler) -> None:
        started, gate = threading.Event(), threading.Event()
        scheduler.submit("bad", lambda _job: (started.set(), gate.wait()), lambda _outcome: None)
        await asyncio.to_thread(started.wait)
        assert await scheduler.run(lambda _job: "good") == "good"
        assert stuck == ["bad"]
        gate.set()

    run(test, patience=0.05, stuck=stuck.append)


def test_cancelling_who_waits_cancels_the_job() -> None:
    async def test(scheduler: Scheduler) -> None:
        gate, ran = await occupied(scheduler), []
        task = asyncio.create_task(scheduler.run(lambda _job: ran.append("cancelled")))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        gate.set()
        await scheduler.run(lambda _job: None, urgent=False)
        assert ran == []

    run(test)


def test_idle_work_is_done_once_when_there_is_nothing_else() -> None:
    rested = threading.Event()

    async def test(scheduler: Scheduler) -> None:
        await scheduler.run(lambda _job: None)
        assert await asyncio.to_thread(rested.wait, 30)
        assert await scheduler.run(lambda _job: 1) == 1

    run(test, idle=lambda _depth: rested.set())
