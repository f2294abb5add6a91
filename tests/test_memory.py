"""The findings of a text are the same, however the text came about: what is remembered never shows.

Programs in which much depends on much (helpers, methods, classes, module variables, callbacks, imports, the top level)
are edited at random, and each version is checked twice: after the one before it, and from nothing. Set EDITS for more.
"""

from __future__ import annotations

import gc
import os
import random

import pytest

from tooearly.api import Memory, Report, check
from tooearly.config import Settings

EDITS = int(os.environ.get("EDITS", "30"))
HELPER = """
import asyncio
async def ping(x):
    await asyncio.sleep(1)
def look(t):
    return t.result()
"""
PROGRAM = '''\
import asyncio
from asyncio import create_task as spawn, Task
from helper import ping, look
import functools

LIMIT = 3
task_of_all = None


async def work(x):
    await asyncio.sleep(x)
    return x


async def quick():
    return 1


def read(t):
    return t.result()


async def finish(t):
    await t


def traced(function):
    @functools.wraps(function)
    def wrapper(*args):
        return function(*args)
    return wrapper


@traced
def start(x):
    return asyncio.create_task(work(x))


async def first():
    t = asyncio.create_task(work(1))
    await finish(t)
    print(read(t))
    u = spawn(quick())
    try:
        await asyncio.wait_for(u, 1)
    except TimeoutError:
        pass
    return u.result()


async def second(job: Task):
    t = start(2)
    look(t)
    s = asyncio.create_task(ping(LIMIT))
    s.add_done_callback(done)
    return job.result(), await t, s.result()


def done(future: asyncio.Future):
    print(future.result())


class Base:
    limit: int = 3

    def __init__(self):
        self.job = asyncio.create_task(work(1))
        self.extra: Task | None = None

    async def ready(self):
        await self.job

    def value(self):
        return self.job.result()


class Child(Base):
    """One.

    Two.\x0c
    """

    async def run(self):
        await self.ready()
        self.extra = spawn(work(2))
        return self.value(), self.extra.result()

    def __bool__(self):
        return True

    @property
    def other(self):
        return self.extra.result()

    async def close(self):
        if self.extra is not None:
            await self.extra
        return self.other


async def third():
    c = Child()
    await c.run()
    print(c.value())
    global task_of_all
    task_of_all = asyncio.create_task(work("é\u2028💥"))
    done_, rest = await asyncio.wait([task_of_all, start(1)], timeout=1)
    return [t.result() for t in done_], [t.result() for t in rest], task_of_all.result()


async def main():
    await first()
    await third()
    t = asyncio.create_task(second(start(1)))
    t.result()


if __name__ == "__main__":
    asyncio.run(main())
'''
LINES = [
    "    await t\n",
    "    t.result()\n",
    "    t = start(1)\n",
    "async def finish(t):\n    pass\n\n\n",
    "def start(x):\n    return 1\n\n\n",
    "LIMIT = 4\n",
    "from other import *\n",
    "class Task: pass\n",
    "def create_task(x): return x\n",
    "spawn = asyncio.ensure_future\n",
    "    async def ready(self): pass\n",
    "    def value(self): return 1\n",
    "    t.add_done_callback(read)\n",
    "        self.job = None\n",
    "        self.extra = asyncio.create_task(work(1))\n",
    "asyncio.run(first())\n",
    "# tooearly: ignore\n",
    "\n",
    "\x0c\n",
    "'''\n",
]
PIECES = [
    "x",
    "(",
    ")",
    "await ",
    ".result()",
    "#",
    ":",
    " ",
    "\n",
    "\r\n",
    "\r",
    "\x0c",
    "\u2028",
    "😀",
    '"',
    "self.",
    "async ",
]


def edited(text: str, chooser: random.Random) -> str:
    """The text after one random edit: a piece, a line, a line less, a line twice, a name for another."""
    at = chooser.randrange(len(text) + 1)
    line = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at) + 1 or len(text)
    match chooser.randrange(6):
        case 0:
            return text[:at] + chooser.choice(PIECES) + text[at:]
        case 1:
            return text[:line] + chooser.choice(LINES) + text[line:]
        case 2:
            return text[:line] + text[end:]
        case 3:
            other = chooser.randrange(len(text) + 1)
            return text[: text.rfind("\n", 0, other) + 1] + text[line:end] + text[text.rfind("\n", 0, other) + 1 :]
        case 4:
            names = ["work", "quick", "ping", "start", "read", "look", "t", "self.job", "self.extra", "Base", "Child"]
            old, new = chooser.choice(names), chooser.choice(names)
            found = text.find(old, at)
            return text if found < 0 else text[:found] + new + text[found + len(old) :]
        case _:
            return text[:at] + text[min(len(text), at + chooser.randrange(4)) :]


def seen(report: Report) -> object:
    """All that a report says."""
    return report.findings, sorted((n.kind, n.message, n.span) for n in report.notices)


@pytest.mark.parametrize("seed", range(2))
def test_what_is_remembered_never_shows(seed: int) -> None:
    chooser = random.Random(seed)
    memory, text, good, helper = Memory(), PROGRAM, PROGRAM, HELPER
    for number in range(EDITS):
        if number % 12 == 11:
            text = chooser.choice([PROGRAM, good])
        elif chooser.random() < 0.1:
            helper = edited(helper, chooser) if chooser.random() < 0.7 else HELPER
        else:
            text = edited(text, chooser)
        texts = {"helper": helper}
        settings = Settings(report_unproven=chooser.random() < 0.1)
        after = check(text, settings, memory=memory, modules=texts.get, with_fixes=False)
        fresh = check(text, settings, modules=texts.get, with_fixes=False)
        assert seen(after) == seen(fresh), f"{text!r} with {helper!r}"
        if not fresh.notices:
            good = text


def test_a_method_belongs_to_the_class_that_it_stands_in() -> None:
    body = "self.job = asyncio.create_task(quick())\n        return self.job.result()"
    run = f"\n    async def run(self):\n        {body}\n"
    start = "import asyncio\n\n\nasync def quick(): pass\n\n\n"
    memory = Memory()
    check(f"{start}class First:\n{run}\n\nclass Second:\n{run}\n\nx = 1\n", memory=memory, with_fixes=False)
    after = check(f"{start}class Second:\n{run}\n\nx = 2\n", memory=memory, with_fixes=False)
    assert [finding.function for finding in after.findings] == ["Second.run"]


def test_lines_that_messages_name_move_with_the_text() -> None:
    memory, chooser = Memory(), random.Random(3)
    lines = PROGRAM.split("\n")
    for _ in range(12):
        lines.insert(
            chooser.choice([row for row, line in enumerate(lines) if line[:1] not in (" ", ")", "")]), "# more"
        )
        text = "\n".join(lines)
        after = check(text, memory=memory, with_fixes=False)
        assert seen(after) == seen(check(text, with_fixes=False))
    assert any("line" in finding.message for finding in after.findings)


RING = """\
import asyncio


async def one(n):
    if n:
        return await other(n)
    await asyncio.sleep(1)


async def other(n):
    await one(False)
    return 1


async def first():
    t = asyncio.create_task(one(True))
    await {0}(True)
    return t.result()


async def second():
    t = asyncio.create_task(other(True))
    await {1}(True)
    return t.result()
"""


def test_coroutines_in_a_ring_are_the_same_whoever_comes_first() -> None:
    memory, chooser = Memory(), random.Random(4)
    for _ in range(20):
        text = RING.format(*chooser.choices(["one", "other", "asyncio.sleep", "first"], k=2))
        if chooser.random() < 0.3:
            text = text.replace("sleep(1)", "sleep(0)").replace(
                "return 1", chooser.choice(["return 2", "await one(True)"])
            )
        after = check(text, memory=memory, with_fixes=False)
        assert seen(after) == seen(check(text, with_fixes=False)), text


def cells(text: str, chooser: random.Random) -> tuple[int, ...]:
    """Where the cells of a notebook may begin."""
    lines = [at + 1 for at, char in enumerate(text) if char == "\n" and text[at + 1 : at + 2] not in ("", " ", "\n")]
    return (0, *sorted(chooser.sample(lines, min(len(lines), chooser.randrange(6)))))


def test_what_is_remembered_of_a_notebook_never_shows() -> None:
    chooser = random.Random(3)
    memory, text = Memory(), PROGRAM.replace("    asyncio.run(main())", "    await main()\nt = start(1)\nt.result()")
    original, begins = text, cells(text, chooser)
    for number in range(EDITS // 2):
        before = text
        text = original if number % 12 == 11 else edited(text, chooser)
        if chooser.random() < 0.3:
            begins = cells(text, chooser)
        elif len(text) != len(before):
            begins = tuple(at for at in begins if at == 0 or text[at - 1 : at] == "\n")
        after = check(text, memory=memory, cells=begins, modules={"helper": HELPER}.get, with_fixes=False)
        fresh = check(text, cells=begins, modules={"helper": HELPER}.get, with_fixes=False)
        assert seen(after) == seen(fresh), f"{text!r} with {begins}"


def test_cells_that_are_divided_anew_are_judged_anew() -> None:
    memory = Memory()
    text = (
        "import asyncio\nasync def work():\n    await asyncio.sleep(0)\nt = asyncio.create_task(work())\nt.result()\n"
    )
    one, two = (0,), (0, text.index("t.result"))
    for begins, certainty in [(one, "always"), (two, "possible"), (one, "always")]:
        (found,) = check(text, memory=memory, cells=begins, with_fixes=False).findings
        assert found.certainty == certainty


def test_a_keystroke_leaves_nothing_to_the_garbage_collector() -> None:
    memory, at = Memory(), PROGRAM.index("    t = asyncio.create_task(second")
    check(PROGRAM, memory=memory, with_fixes=False)
    gc.collect()
    gc.disable()
    try:
        for length in range(1, 40):
            typed = "    x = spawn(work(1))\n    # not yet: (\n    x.re"[:length]
            check(PROGRAM[:at] + typed + PROGRAM[at:], memory=memory, with_fixes=False)
        assert gc.collect() < 1000  # it was ten thousand when a SyntaxError was kept with its traceback
    finally:
        gc.enable()
