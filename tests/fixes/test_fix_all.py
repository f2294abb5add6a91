"""Many findings at once: what is left is fixed, runs, and stays as it is when fixed again."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from functools import cache

import pytest

from tests.fixes.cases import Case, load
from tests.fixes.test_fix_cases import RUNNER
from tooearly import api
from tooearly.config import Settings
from tooearly.fixes import Outcome, fix_all
from tooearly.model import Finding
from tooearly.source.tree import Tree

CASES = [case for case in load() if "run" in case.words and sys.version_info >= case.oldest]


def analyse(text: str) -> tuple[Tree, Sequence[Finding]]:
    report = api.check(text, with_fixes=False)
    return report.tree, report.findings


@cache
def fixed(text: str, kind: str = "", unsafe: bool = False) -> Outcome:
    return fix_all(text, analyse, Settings(), kind=kind, unsafe=unsafe)


def dedent(text: str) -> str:
    return textwrap.dedent(text).lstrip("\n")


@pytest.fixture(scope="session")
def outcomes() -> dict[str, dict[str, str]]:
    """How the programs of all cases end after fixing them, by kind and name."""
    programs = {f"{kind} {case.name}": fixed(case.program, kind).text for kind in KINDS for case in CASES}
    done = subprocess.run(
        [sys.executable, str(RUNNER)], input=json.dumps(programs), capture_output=True, text=True, check=True
    )
    return dict(json.loads(done.stdout))


KINDS = ("", "gather", "wait")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("kind", KINDS)
def test_fixed_programs_run(case: Case, kind: str, outcomes: dict[str, dict[str, str]]) -> None:
    outcome = fixed(case.program, kind)
    if not analyse(case.program)[1]:
        pytest.skip("the analysis is silent about this program")
    if outcome.findings:
        assert outcome.text != case.program or not outcome.fixes
        return
    assert "InvalidStateError" not in outcomes[f"{kind} {case.name}"]["error"], outcome.text


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_idempotent(case: Case) -> None:
    once = fixed(case.program)
    again = fix_all(once.text, analyse, Settings())
    assert again.text == once.text
    assert not again.fixes


def test_nested_reads() -> None:
    text = dedent("""
        import asyncio

        async def give():
            return asyncio.create_task(asyncio.sleep(0.01, 3))

        async def main():
            task = asyncio.create_task(give())
            print(task.result().result())
        """)
    assert fixed(text).text == text.replace("task.result().result()", "await (await task)")


def test_several_reads_of_one_task_on_a_line() -> None:
    text = dedent("""
        import asyncio

        async def main():
            task = asyncio.create_task(asyncio.sleep(0.01, 3))
            print(task.result(), task.result() ** 2, f"{task.result()}")
            print(task.result())
        """)
    outcome = fixed(text)
    assert 'print(await task, await task ** 2, f"{await task}")\n' in outcome.text
    assert not outcome.findings


def test_two_groups_of_tasks() -> None:
    text = dedent("""
        import asyncio

        async def main():
            a = asyncio.create_task(asyncio.sleep(0.01, 1))
            b = asyncio.create_task(asyncio.sleep(0.01, 2))
            print(a.result() + b.result())
            c = asyncio.create_task(asyncio.sleep(0.01, 3))
            d = asyncio.create_task(asyncio.sleep(0.01, 4))
            x = c.result()
            y = d.result()
            print(x, y)
        """)
    assert fixed(text).text == text.replace(
        "    print(a.result()", "    await asyncio.gather(a, b)\n    print(a.result()"
    ).replace("x = c.result()\n    y = d.result()", "x, y = await asyncio.gather(c, d)")


def test_one_import_for_two_waits() -> None:
    text = dedent("""
        from asyncio import create_task, sleep

        async def one():
            a = create_task(sleep(0.01))
            print(a.exception())

        async def two():
            b = create_task(sleep(0.01))
            print(b.exception())
        """)
    after = fixed(text).text
    assert after.count("import asyncio") == 1
    assert after.count("await asyncio.wait([") == 2


def test_wished_kind_and_codes() -> None:
    text = dedent("""
        import asyncio

        async def main():
            task = asyncio.create_task(asyncio.sleep(0.01, 1))
            print(task.result())
        """)
    assert "await asyncio.gather(task)\n" in fixed(text, "gather").text
    assert "await asyncio.wait([task])\n" in fixed(text, "wait").text
    assert "print(await task)" in fixed(text, "await").text
    assert fix_all(text, analyse, Settings(), codes=["blocking-result"]).text == text


def test_unsafe_only_when_asked() -> None:
    text = dedent("""
        import asyncio

        async def main():
            task = asyncio.create_task(asyncio.sleep(0.01, 1))
            await asyncio.sleep(0.01)
            while task.exception():
                pass
        """)
    assert fixed(text).text == text
    assert "while task.done() and task.exception():" in fixed(text, unsafe=True).text


def test_line_ends_and_marks_survive() -> None:
    text = "\ufeffimport asyncio\r\n\r\nasync def main():\r\n\ttask = asyncio.create_task(asyncio.sleep(0))\r\n"
    text += "\tif task: print(task.exception())\r\n\treturn 'é🐍', task.result()"
    after = fixed(text).text
    assert after == text.replace("if task: print(", "if task:\r\n\t\tawait asyncio.wait([task])\r\n\t\tprint(").replace(
        "task.result()", "await task"
    ) or after.count("\n") == after.count("\r\n")
    assert after.startswith("\ufeff")
    assert not after.endswith("\n")
    assert "\t\tawait asyncio.wait([task])\r\n\t\tprint(task.exception())\r\n" in after


def test_one_wait_serves_all_reads_of_a_task() -> None:
    text = dedent("""
        import asyncio

        async def main():
            task = asyncio.create_task(asyncio.sleep(0.01, 3))
            if task.exception() is not None:
                print("failed:", task.exception())
            else:
                print(task.result())
        """)
    assert fixed(text).text == text.replace("    if", "    await asyncio.wait([task])\n    if")
    assert fixed(fixed(text).text).fixes == ()


def test_what_is_evaluated_first_is_mended_first() -> None:
    """The filter of a comprehension comes before its element, though it stands behind it."""
    text = dedent("""
        import asyncio

        async def main():
            tasks = [asyncio.create_task(asyncio.sleep(0.01, n)) for n in range(3)]
            return [t.result() for t in tasks if not t.exception()]
        """)
    outcome = fixed(text)
    assert outcome.text == text.replace("    return", "    await asyncio.wait(tasks)\n    return")
    assert len(outcome.fixes) == 1
