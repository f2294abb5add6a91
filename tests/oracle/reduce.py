"""Reduce one mismatch: the predicates for the shrinker, one for each kind, cheap checks first."""

from __future__ import annotations

import ast

from .judge import Analyser, Mismatch, Report, judge, raises_shuffled
from .record import watch
from .shrink import shrink
from .world import run_many, tally

TRIES = 120  # schedules by which a candidate is judged
DOUBTS = 400  # schedules in which a candidate false alarm may not raise


def reduced(text: str, mismatch: Mismatch, analyse: Analyser, budget: int) -> str:
    """A smaller program with a mismatch of the same kind at the same read."""
    wanted = _plain(mismatch.source)

    def still(candidate: str) -> bool:
        if mismatch.kind == "crash":
            return any(each.kind == "crash" for each in judge(candidate, analyse, 0).mismatches)
        reports = analyse(candidate)
        lines = [n for n, line in enumerate(candidate.splitlines(), 1) if _plain(line) == wanted]
        return any(shows(candidate, line, mismatch.kind, reports.get(line)) for line in lines)

    return shrink(text, still, budget)


def shows(text: str, line: int, kind: str, report: Report | None) -> bool:
    """Whether the program has a mismatch of `kind` on `line`, where the analyser says `report`."""
    if (report is None) != (kind == "missed"):
        return False
    if kind == "wrong-always" and report is not None and report.certainty != "always":
        return False
    watched = watch(text)
    if kind in ("missed", "wrong-always"):
        word = "raised" if kind == "missed" else "fine"
        return any(e.line == line and e.kind == word for run in run_many(watched, range(TRIES)) for e in run.events)
    seen = 0
    for run in run_many(watched, range(DOUBTS)):
        here = [event.kind for event in run.events if event.line == line]
        if "raised" in here or "echo" in here:
            return False
        seen += ("handled" in here) if kind.endswith("handled") else bool(here)
    return seen > 0 and not raises_shuffled(watched, line, range(TRIES))


def early_in(text: str, schedules: int) -> set[int]:
    """The early lines of a program."""
    return {line for line, seen in tally(run_many(watch(text), range(schedules))).items() if seen.kinds["raised"]}


def _plain(line: str) -> str:
    """A line as `ast.unparse` would write it, if it is a statement of its own."""
    try:
        return ast.unparse(ast.parse(line.strip()))
    except SyntaxError:
        return line.strip().replace('"', "'")
