"""Put a program together: its source of chance, the helpers it uses, the scenes, and who runs them.

A program has one to three scenes, coroutines that know nothing of each other. Each is run to its end whatever happens
in it, so that an early failure hides little of the rest.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from .blocks import RULES
from .draws import Gen, Lines, Scope, indent

PRELUDE = """\
import asyncio
import collections
import contextlib
import random

SEED = 0
STREAMS = {}


def draws(name):
    if name not in STREAMS:
        STREAMS[name] = random.Random(f"{SEED} {name}")
    return STREAMS[name]


def flag(name, odds=0.5):
    return draws(name).random() < odds


def count(name):
    return draws(name).randrange(3)


def delay(name):
    return draws(name).choice((0.01, 0.02, 0.02, 0.05, 0.4))


async def work(name):
    try:
        await asyncio.sleep(delay(name))
    except asyncio.CancelledError:
        await asyncio.sleep(delay(name))
        raise
    if flag(name, 0.2):
        raise ValueError(name)
    return name
"""

HELPERS = {
    "_after": """\
async def _after(task, name):
    await asyncio.wait([task])
    return await work(name)
""",
    "_spawn": """\
def _spawn(name):
    return asyncio.create_task(work(name))
""",
    "_spawned": """\
async def _spawned(name):
    task = asyncio.create_task(work(name))
    await asyncio.sleep(delay("spawned"))
    return task
""",
    "_finished": """\
async def _finished(name):
    task = asyncio.create_task(work(name))
    await asyncio.wait([task])
    return task
""",
    "_finish": """\
async def _finish(task):
    await asyncio.wait([task])
""",
    "_finish_all": """\
async def _finish_all(tasks):
    for task in tasks:
        await asyncio.wait([task])
""",
    "_linger": """\
async def _linger(task):
    await asyncio.wait([task], timeout=0.02)
""",
    "_settle": """\
def _settle(future):
    if not future.done():
        future.set_result("settled")
""",
    "_show": """\
def _show(task):
    print(task.result())
""",
    "_show_if_done": """\
def _show_if_done(task):
    if task.done():
        print(task.result())
""",
    "_await_and_show": """\
async def _await_and_show(task):
    await asyncio.wait([task])
    print(task.result())
""",
    "_Box": """\
class _Box:
    def __init__(self):
        self.task = None
""",
    "_Worker": """\
class _Worker:
    def _start(self, name):
        self._task = asyncio.create_task(work(name))

    async def _wait(self):
        await asyncio.wait([self._task])

    def _read(self):
        print(self._task.result())

    def _peek(self):
        if self._task.done():
            print(self._task.result())
""",
    "ticks": """\
async def ticks(name):
    for number in range(count(name)):
        await asyncio.sleep(delay(name))
        yield number
""",
}

SUPERVISOR = """\
async def supervise(scene):
    task = asyncio.ensure_future(scene)
    while flag("give up", 0.25):
        await asyncio.sleep(delay("give up"))
        task.cancel()
    await asyncio.wait([task])


async def main():
{scenes}


asyncio.run(main())
"""


@dataclass(frozen=True)
class Program:
    """A generated program. `groups` counts the productions it is made of."""

    seed: int
    text: str
    groups: Counter[str]


def generate(seed: int, without: frozenset[str] = frozenset(), most: int = 3) -> Program:
    """The program of `seed`: the same text on every machine for the same grammar and interpreter version.

    `without` names groups of productions to leave out, e.g. `helper`, `closure`, `method`; `most` bounds the scenes.
    """
    gen = Gen(seed, RULES, without)
    scenes = [scene(gen) for _ in range(gen.weighted([(1, 1), (2, 2), (2, 3)]))]
    return Program(seed, assemble(scenes[:most]), gen.used)


def scene(gen: Gen) -> Lines:
    """The lines of one coroutine: a few futures, a few statements, and always a read."""
    scope = Scope()
    body = gen.take("make", scope) + (gen.take("make", scope) if gen.chance(0.6) else [])
    body += gen.block(scope, 1, 3)
    if scope.tasks or scope.bags:
        body += gen.take("read", scope)
    return body


def assemble(scenes: list[Lines]) -> str:
    """A whole program around the bodies of the scenes."""
    named = {f"scene{number}": body for number, body in enumerate(scenes, 1)}
    parts = ["\n".join([f"async def {name}():", *indent(body)]) + "\n" for name, body in named.items()]
    used = [text for name, text in HELPERS.items() if re.search(rf"\b{name}\b", "".join(parts))]
    calls = "\n".join(f"    await supervise({name}())" for name in named)
    return "\n\n".join([PRELUDE, *used, *parts, SUPERVISOR.format(scenes=calls)])
