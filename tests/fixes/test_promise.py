"""A fix whose outcome still has the finding, or a new one, is not offered: the reason is."""

from __future__ import annotations

import pytest

from tooearly import api
from tooearly.config import Settings
from tooearly.fixes import apply, untried, vetted
from tooearly.fixes.fix_all import fix_all
from tooearly.model import Edit, Finding, Fix, Span
from tooearly.source.tree import parse

GUARD_HIDES_A_PROOF = """\
import asyncio

async def main():
    task = asyncio.create_task(asyncio.sleep(1))
    await asyncio.sleep(0)
    print(task.result())
    print(task.exception())
"""

NO_WAIT = """\
import asyncio

async def main(works):
    tasks = [asyncio.create_task(work) for work in works]
    await asyncio.wait(tasks, timeout=1)
    return [task.result() for task in tasks]
"""


def fixes_of(text: str) -> tuple[tuple[Finding, ...], list[Fix]]:
    findings = api.check(text).findings
    return findings, [fix for finding in findings for fix in finding.fixes]


def test_a_guard_that_only_moves_the_finding_is_refused() -> None:
    _, fixes = fixes_of(GUARD_HIDES_A_PROOF)
    assert [fix.disabled for fix in fixes if fix.kind == "guard"] == ["another read would then be too early"]


def test_a_change_that_is_not_enough_is_refused() -> None:
    findings, _ = fixes_of(NO_WAIT)
    tree = parse(NO_WAIT)

    def check(text: str) -> tuple[Finding, ...]:
        return api.check(text, with_fixes=False).findings

    at = NO_WAIT.index("timeout=1")
    longer = Fix("Wait longer", "repair", "unsafe", (Edit(Span(at, at + 9), "timeout=60"),), preferred=True)
    longest = Fix("Wait for all", "repair", "unsafe", (Edit(Span(at - 2, at + 9), ""),))
    kept, refused = vetted(tree, findings[0], [longer, longest], findings, check)
    assert kept == longest
    assert (refused.title, refused.disabled) == (longer.title, "the read would still be too early")
    assert not refused.preferred


def test_what_cannot_be_tried_is_not_offered_unless_it_is_safe() -> None:
    """In a function that is too large to follow to its ends."""
    unsafe = Fix("Read only if done", "guard", "unsafe", (Edit(Span(0, 0), ""),), preferred=True)
    safe = Fix("Await", "await", "safe", (Edit(Span(0, 0), ""),))
    first, second = untried([unsafe, safe])
    assert first == safe
    assert (second.title, bool(second.disabled), second.preferred) == (unsafe.title, True, False)


@pytest.mark.parametrize("text", [GUARD_HIDES_A_PROOF, NO_WAIT])
def test_what_is_offered_mends_the_finding_and_brings_none(text: str) -> None:
    findings, fixes = fixes_of(text)
    offered = [fix for fix in fixes if fix.edits and not fix.disabled]
    assert {"await", "wait"} & {fix.kind for fix in offered}
    for fix in offered:
        assert len(api.check(apply(text, fix.edits), with_fixes=False).findings) == len(findings) - 1, fix.title


def test_what_was_told_to_stop_is_not_awaited_without_asking() -> None:
    """The program would end with CancelledError then, where nobody expects that."""
    text = """\
import asyncio

async def main():
    task = asyncio.create_task(asyncio.sleep(1))
    task.cancel()
    TRY
        print(task.result())
"""
    for around, promise in (
        ("if True:", {"unsafe"}),
        ("with contextlib.suppress(ValueError):", {"unsafe"}),
        ("with contextlib.suppress(asyncio.CancelledError):", {"safe"}),
    ):
        _, fixes = fixes_of("import contextlib\n" + text.replace("TRY", around))
        kinds = {fix.kind: fix.applicability for fix in fixes if fix.edits}
        assert {kinds[kind] for kind in ("await", "gather", "wait")} == promise, around


def test_no_suspension_under_a_lock_of_threads_without_asking() -> None:
    """Whoever wants the lock then stops the loop, and with it the task that is waited for."""
    text = """\
import asyncio, contextlib, threading

async def main(gate):
    own = threading.RLock()
    task = asyncio.create_task(asyncio.sleep(1))
    with AROUND:
        print(task.result())
"""
    for around, promise in (
        ("turn_lock", "unsafe"),
        ("gate._lock", "unsafe"),
        ("own", "unsafe"),
        ("gate.clock", "safe"),
        ("contextlib.suppress(ValueError)", "safe"),
    ):
        kinds = {fix.kind: fix.applicability for fix in fixes_of(text.replace("AROUND", around))[1] if fix.edits}
        assert {kinds[kind] for kind in ("await", "gather", "wait")} == {promise}, around


def test_refused_fixes_stand_behind_the_others() -> None:
    for finding in fixes_of(GUARD_HIDES_A_PROOF)[0]:
        refused = [bool(fix.disabled) for fix in finding.fixes]
        assert refused == sorted(refused)


def fixed(text: str) -> str:
    def analyse(current: str) -> tuple[object, object]:
        report = api.check(current, with_fixes=False)
        return report.tree, report.findings

    return fix_all(text, analyse, Settings()).text  # type: ignore[arg-type]


def test_fixing_all_goes_on_to_reads_that_are_only_reached_then() -> None:
    text = """\
import asyncio

async def main():
    async with asyncio.TaskGroup() as group:
        one = group.create_task(asyncio.sleep(1, 1))
        other = group.create_task(asyncio.sleep(1, 2))
        print(one.result() + other.result())
"""
    assert "print(await one + await other)" in fixed(text)


def test_fixing_all_takes_a_wait_that_is_made_already() -> None:
    text = """\
import asyncio

async def main():
    tasks = [asyncio.create_task(asyncio.sleep(1, n)) for n in range(3)]
    print(sum(t.result() for t in tasks), {t.result() for t in tasks})
"""
    assert fixed(text) == text.replace("    print", "    await asyncio.wait(tasks)\n    print")


def test_fixing_all_leaves_out_the_one_that_breaks_its_promise() -> None:
    """A wished guard that moves the finding is not made; a plain await is, in another round or none."""

    def analyse(text: str) -> tuple[object, object]:
        report = api.check(text, with_fixes=False)
        return report.tree, report.findings

    outcome = fix_all(GUARD_HIDES_A_PROOF, analyse, Settings(), kind="guard", unsafe=True)  # type: ignore[arg-type]
    assert outcome.text == GUARD_HIDES_A_PROOF
    assert fix_all(GUARD_HIDES_A_PROOF, analyse, Settings()).findings == ()  # type: ignore[arg-type]
