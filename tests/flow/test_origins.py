"""Whose callers are interpreted too: only where what is read may be theirs."""

from __future__ import annotations

import textwrap

import pytest

from tooearly.flow.roots import roots
from tooearly.semantics.modules import build_module
from tooearly.source.tree import parse

TEXTS = {
    "a task of its own": (
        """
        async def read():
            t = asyncio.create_task(work())
            return t.result()

        async def caller():
            await read()
        """,
        {"read"},
    ),
    "a parameter": (
        """
        def read(task):
            return task.result()

        async def near(task):
            read(task)

        async def far():
            await near(asyncio.create_task(work()))

        async def farther():
            await far()
        """,
        {"read", "near", "far"},
    ),
    "a number and an object of another module are no futures": (
        """
        from elsewhere import Client

        def read(client: Client, count: int):
            return client.jobs[count].result()

        async def near(client: Client):
            read(client, 1)
        """,
        {"read"},
    ),
    "an attribute that holds a task": (
        """
        class Service:
            def start(self):
                self.job = asyncio.create_task(work())

            def stop(self):
                return self.job.result()

            async def run(self):
                self.start()
                self.stop()
        """,
        {"Service.stop", "Service.run"},
    ),
    "an attribute that holds none": (
        """
        class Service:
            def __init__(self):
                self.reader = asyncio.StreamReader()

            def stop(self):
                return self.reader.exception()

            async def run(self):
                self.stop()
        """,
        {"Service.stop"},
    ),
    "who registers a callback hands over a future that is done": (
        """
        def report(task):
            print(task.result())

        async def near(task):
            task.add_done_callback(report)

        async def far():
            await near(asyncio.create_task(work()))
        """,
        {"report", "near"},
    ),
    "a method of what another function makes": (
        """
        class Race:
            def start(self):
                self.job = asyncio.create_task(work())

            def stop(self):
                return self.job.result()

            def name(self):
                return "race"

        def ready():
            race = Race()
            race.start()
            return race

        async def near():
            ready().stop()

        async def aside():
            ready().name()
        """,
        {"Race.stop", "ready", "near"},
    ),
    "a thread's future: the loop waits if a coroutine is above": (
        """
        def read():
            return pool.submit(work).result()

        def near():
            return read()

        async def far():
            near()
        """,
        {"read", "near", "far"},
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_roots(name: str) -> None:
    text, expected = TEXTS[name]
    module = build_module(parse("import asyncio\n" + textwrap.dedent(text)))
    assert {root.qualname for root in roots(module).all()} == expected
