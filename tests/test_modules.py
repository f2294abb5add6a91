"""Imported modules of the workspace: what a helper in another file makes, returns or waits for.

`MODULES` is a small package as `check` asks for it. In `MAIN` each line with `# error` must be reported, no other.
"""

from __future__ import annotations

import textwrap

import pytest

from tooearly import api

MODULES = {
    "pkg.__init__": "from .tasks import spawn, settle as settle_all\nfrom .sub import *\n",
    "pkg.tasks": """
        import asyncio

        def spawn(coro):
            return asyncio.get_running_loop().create_task(coro)

        async def settle(tasks):
            await asyncio.wait(list(tasks))

        async def first(tasks):
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return done

        def is_ready(task):
            return task.done()

        class Group:
            def __init__(self):
                self.tasks = []

            def add(self, coro):
                task = asyncio.create_task(coro)
                self.tasks.append(task)
                return task

            async def join(self):
                await asyncio.gather(*self.tasks, return_exceptions=True)

            async def nap(self):
                await asyncio.sleep(1)
        """,
    "pkg.sub.__init__": """
        import asyncio
        from ..tasks import spawn
        from .deep import begin

        async def pause(task):
            await asyncio.sleep(0)

        class Client:
            async def open(self):
                self.job = spawn(asyncio.sleep(1))

            async def wait(self):
                await self.job
        """,
    "pkg.sub.deep": """
        from ..tasks import spawn as launch

        def begin(coro):
            return launch(coro)
        """,
    "sibling": "from pkg.tasks import spawn\n",
}
for dots, name in ((".", "pkg.tasks"), (".", "pkg.__init__")):
    MODULES[dots + name.partition(".")[2]] = MODULES[name]

CASES = {
    "a helper makes the task": "x = spawn(work())\nx.result()  # error",
    "a helper under another name waits": "x = spawn(work())\nawait settle_all([x])\nx.result()",
    "a helper that a star brings does not wait": "x = spawn(work())\nawait pause(x)\nx.result()  # error",
    "the first of several": "xs = [spawn(work()), spawn(work())]\n(await first(xs)).pop().result()\n"
    "xs[0].result()  # error",
    "a question in another file": "x = pkg.spawn(work())\nawait asyncio.sleep(0)\nif t.is_ready(x):\n    x.result()\n"
    "else:\n    x.result()  # error",
    "a class that waits for all": "g = Group()\nx = g.add(work())\nawait g.join()\nx.result()",
    "a class that does not": "g = Group()\nx = g.add(work())\nawait g.nap()\nx.result()  # error",
    "a helper that is not found": "x = spawn(work())\nawait helper(x)\nx.result()",
    "an attribute that another file sets": "c = Client()\nawait c.open()\nc.job.result()  # error",
    "an attribute that another file waits for": "c = Client()\nawait c.open()\nawait c.wait()\nc.job.result()",
    "relative imports two packages deep": "x = begin(work())\nx.result()  # error",
    "a base class that another module passes on": "class Own(pkg.Client):\n    pass\nc = Own()\nawait c.open()\n"
    "c.job.result()  # error",
    "a module that only imports the name": "x = sibling.spawn(work())\nx.result()  # error",
}
HEAD = """
import asyncio, pkg, sibling
import pkg.tasks as t
from pkg import spawn, settle_all, pause, Client
from pkg.sub import begin
from pkg.tasks import Group, first
from nowhere import helper

async def work():
    await asyncio.sleep(1)

async def main():
"""


def modules(name: str) -> str | None:
    text = MODULES.get(name)
    return None if text is None else textwrap.dedent(text)


@pytest.mark.parametrize("name", CASES)
def test_what_another_file_does_is_known(name: str) -> None:
    program = HEAD + textwrap.indent(CASES[name], "    ") + "\n"
    found = [program.count("\n", 0, finding.span.start) for finding in api.check(program, modules=modules).findings]
    assert found == [row for row, line in enumerate(program.split("\n")) if line.endswith("# error")]


def test_a_package_that_imports_itself_relatively() -> None:
    program = "import asyncio\nfrom . import spawn\n\nasync def main():\n    spawn(asyncio.sleep(1)).result()\n"
    (finding,) = api.check(program, modules=modules).findings
    assert "in another file" in finding.message
