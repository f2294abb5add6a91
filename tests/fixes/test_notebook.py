"""In a notebook the top level may await, so the fixes are those of a coroutine."""

from __future__ import annotations

import ast

from tooearly import api
from tooearly.fixes import apply
from tooearly.model import Finding, Fix

CELLS = [
    "import asyncio\n\n\nasync def work(n):\n    return n\n",
    "task = asyncio.create_task(work(1))\ntask.result()\n",
    "tasks = [asyncio.create_task(work(n)) for n in range(3)]\nprint([t.result() for t in tasks])\n",
    "other = asyncio.create_task(work(2))\ndef show():\n    return other.result()\nshow()\n",
]
TEXT = "".join(CELLS)
STARTS = tuple(len("".join(CELLS[:number])) for number in range(len(CELLS)))


def found() -> dict[str, Finding]:
    findings = api.check(TEXT, cells=STARTS).findings
    return {TEXT[finding.receiver.start : finding.receiver.end]: finding for finding in findings}


def enabled(finding: Finding) -> dict[str, Fix]:
    return {fix.kind: fix for fix in finding.fixes if not fix.disabled and fix.kind != "suppress"}


def test_a_plain_module_cannot_await() -> None:
    fixes = [fix for finding in api.check(TEXT).findings for fix in finding.fixes if fix.kind == "await"]
    assert fixes
    assert all(fix.disabled for fix in fixes)


def test_a_read_in_a_cell_is_awaited() -> None:
    fix = enabled(found()["task"])["await"]
    assert fix.preferred
    assert apply(TEXT, fix.edits) == TEXT.replace("task.result()", "await task")


def test_all_results_of_a_list_are_gathered() -> None:
    fix = enabled(found()["t"])["gather"]
    assert "print(await asyncio.gather(*tasks))" in apply(TEXT, fix.edits)


def test_a_helper_becomes_async_and_its_cell_awaits_it() -> None:
    fixed = apply(TEXT, enabled(found()["other"])["async"].edits)
    assert "async def show():\n    return await other\nawait show()\n" in fixed


def test_each_edit_is_in_the_cell_of_the_finding_and_mends_it() -> None:
    for finding in found().values():
        start = max(start for start in STARTS if start <= finding.span.start)
        for fix in enabled(finding).values():
            assert all(edit.span.start >= start for edit in fix.edits), fix.title
            fixed = apply(TEXT, fix.edits)
            compile(fixed, "<cells>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            cells = tuple(at if at <= start else at + len(fixed) - len(TEXT) for at in STARTS)
            assert len(api.check(fixed, cells=cells, with_fixes=False).findings) == len(found()) - 1, fix.title
