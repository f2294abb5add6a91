"""Judge the rewritten program: the same schedules, run again.

Each safe fix alone, and all together, must give a program that compiles, does not raise InvalidStateError at the place
of the finding under any schedule, raises no new kind of error, has no finding there any more, and prints the same on
each schedule where the original program met no unfinished future.

What is compared. Every draw of a program is bound to a name, so an added wait changes no other draw; the order of
prints may change when a wait is added, and so the printed lines are compared as a multiset. Errors that are
no sign of a wrong rewriting (the work's own ValueError, time limits, cancellation, the program's asserts) may newly
appear, since the program now gets further than it did. A run that hangs where the original did not is an error of its
own kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from .judge import Mismatch
from .record import watch
from .world import Run, run, run_many

EXPECTED = frozenset({"ValueError", "TimeoutError", "CancelledError", "AssertionError", "InvalidStateError"})
ORDERS = 30  # how many orders of ready callbacks are tried to find a tie


@dataclass
class FixFigures:
    """Counts over all fixes that were tried; `problems` by kind."""

    findings: int = 0
    tried: Counter[str] = field(default_factory=Counter)
    good: Counter[str] = field(default_factory=Counter)
    without: int = 0
    problems: list[Mismatch] = field(default_factory=list)

    def add(self, other: FixFigures) -> None:
        """Take the counts of `other` in."""
        self.findings += other.findings
        self.without += other.without
        self.tried.update(other.tried)
        self.good.update(other.good)
        self.problems += other.problems


def judge_fixes(text: str, schedules: int, program: int = -1) -> FixFigures:
    """Try each safe fix of each finding of `text` alone, then the fix-all."""
    figures = FixFigures()
    findings = [each for each in analysed(text).findings if each.code == "result-before-done"]
    if not findings:
        return figures
    before = list(run_many(watch(text), range(schedules)))
    for finding in findings:
        figures.findings += 1
        line = text.count("\n", 0, finding.span.start) + 1
        safe = [fix for fix in offered(text, finding) if runnable(fix)]
        figures.without += not safe
        for fix in safe:
            figures.tried[fix.kind] += 1
            fixed = applied(text, fix.edits)
            problems = compare(text, before, fixed, region(text, line, fix.edits))
            figures.good[fix.kind] += not problems
            figures.problems += [_problem(kind, program, line, text, f"{fix.title}: {why}") for kind, why in problems]
    _all(figures, text, before, schedules, program)
    return figures


def _all(figures: FixFigures, text: str, before: Sequence[Run], schedules: int, program: int) -> None:
    fixed = fix_all(text)
    if fixed == text:
        return
    figures.tried["fix-all"] += 1
    problems = compare(text, before, fixed, frozenset())
    if fix_all(fixed) != fixed:
        problems.append(("not-idempotent", "a second fix-all changes the program again"))
    figures.good["fix-all"] += not problems
    figures.problems += [_problem(f"all-{kind}", program, 0, text, why) for kind, why in problems]


def fix_all(text: str) -> str:
    """The program after all safe fixes, as the command line and the editor's fix-all make them."""
    from tooearly.config import Settings
    from tooearly.fixes.fix_all import fix_all as every

    def analyse(current: str) -> tuple[Any, Sequence[Any]]:
        report = analysed(current)
        return report.tree, report.findings

    return every(text, analyse, Settings()).text


@lru_cache(maxsize=64)
def analysed(text: str) -> Any:
    """What the analysis says of a text. Kept, because each text is asked for several times, and that costs most."""
    from tooearly.api import check

    return check(text, with_fixes=False, memory=_memory())


@lru_cache(maxsize=1)
def _memory() -> Any:
    """What the analysis remembers from one text to the next: a fixed program differs from the original in one scene."""
    from tooearly.api import Memory

    return Memory()


def offered(text: str, finding: Any) -> Sequence[Any]:
    """All fixes of a finding. (Of these, `api.check` would only disable unsafe ones.)"""
    from tooearly.config import Settings
    from tooearly.fixes import offer

    report = analysed(text)
    return offer(report.tree, finding, report.findings, Settings())


def runnable(fix: Any) -> bool:
    """Whether a fix is safe and changes what the program does."""
    return fix.applicability == "safe" and bool(fix.edits) and not fix.disabled and fix.kind != "suppress"


def applied(text: str, edits: Sequence[Any]) -> str:
    """`text` after `edits`, which do not overlap."""
    for edit in sorted(edits, key=lambda each: (each.span.start, each.span.end), reverse=True):
        text = text[: edit.span.start] + edit.content + text[edit.span.end :]
    return text


def region(text: str, line: int, edits: Sequence[Any]) -> frozenset[int]:
    """The lines of the fixed text that stand where `line` stood."""
    starts = [0]
    for each in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(each))
    start, end = starts[line - 1], starts[line]
    grown = [(edit.span, len(edit.content) - (edit.span.end - edit.span.start)) for edit in edits]
    first = start + sum(growth for span, growth in grown if span.end <= start and span.start < start)
    last = end - 1 + sum(growth for span, growth in grown if span.start < end)
    fixed = applied(text, edits)
    return frozenset(range(fixed.count("\n", 0, first) + 1, fixed.count("\n", 0, last) + 2))


def compare(text: str, before: Sequence[Run], fixed: str, place: frozenset[int]) -> list[tuple[str, str]]:
    """What is wrong with the fixed text: (kind, detail), at most one of each kind.

    `before`: the runs of the original `text`; `place`: lines that must not raise any more, empty for "all lines but
    those that are still reported".
    """
    try:
        watched = watch(fixed)
    except SyntaxError as error:
        return [("syntax", f"{error.msg}, line {error.lineno}")]
    problems: dict[str, str] = {}
    known = {name for run in before for name, _ in run.errors} | EXPECTED
    left, found = reported(fixed), reported(text)
    for old, new in zip(before, run_many(watched, [each.seed for each in before]), strict=True):
        early = new.early & place
        if not place and old.early <= found:  # what the analysis has missed, no fix can mend
            early = new.early - left
        if early and "wait_for" in fixed:  # see `world.modern_wait_for`
            early &= run(watched, new.seed, modern=True).early
        if early:
            problems.setdefault("still-early", f"schedule {new.seed}, line {min(early)} of the fixed program")
        for name, line in new.errors:
            if name == "Stuck":  # on another line, perhaps, where a line was added above it
                if all(other != name for other, _ in old.errors):
                    problems.setdefault("hang", f"schedule {new.seed}")
            elif name not in known and (not place or line in place):
                problems.setdefault("new-error", f"{name} in schedule {new.seed}, line {line} of the fixed program")
        if not _failed(old) and not _failed(new) and not _same(text, old, new):
            problems.setdefault("output", f"schedule {new.seed}: {_difference(old, new)}")
    if left & place:
        problems["not-idempotent"] = f"still reported on line {min(left & place)} of the fixed program"
    return sorted(problems.items())


def _failed(run: Run) -> bool:
    return any(event.kind != "fine" for event in run.events) or any(name == "Stuck" for name, _ in run.errors)


def _same(text: str, old: Run, new: Run) -> bool:
    """Whether both print the same lines, or the schedule has a tie that decides what the original prints.

    A timer that ends at the very instant of the read (the outer cancellation, say) may come before or after what
    follows the read; an added wait takes some turns of the loop and may swap the two.
    """
    printed = Counter(old.printed)
    if printed == Counter(new.printed):
        return True
    original = watch(text)
    return any(Counter(run(original, new.seed, order).printed) != printed for order in range(ORDERS))


def reported(text: str) -> frozenset[int]:
    """The lines with a finding."""
    return frozenset(text.count("\n", 0, finding.span.start) + 1 for finding in analysed(text).findings)


def _difference(old: Run, new: Run) -> str:
    lost, gained = Counter(old.printed) - Counter(new.printed), Counter(new.printed) - Counter(old.printed)
    return f"lost {sorted(lost.elements())[:3]}, gained {sorted(gained.elements())[:3]}"


def _problem(kind: str, program: int, line: int, text: str, why: str) -> Mismatch:
    source = text.splitlines()[line - 1].strip() if line else ""
    return Mismatch(kind, program, line, source, why)
