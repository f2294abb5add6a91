"""Rewriting a text until no chosen fix is left: what `--fix` and `--diff` do.

A round takes one fix for each finding, leaves out those that meet an edit already taken, applies the rest and checks
the result. A round counts only if it leaves fewer findings and no new syntax error; if all fixes together do not, they
are tried one at a time. So a rewrite never goes on from a text that is worse than the one before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tooearly.model import Edit, Finding, Fix

if TYPE_CHECKING:
    from tooearly.api import Report

ROUNDS = 50
NOT_REWRITES = ("ignore", "ignore-file", "suppress", "explain")
"""Kinds that silence or show a finding; taken only when the user names them."""


@dataclass(frozen=True, slots=True)
class Fixing:
    """Which fixes to take: of one `kind` (None: the preferred), unsafe ones too, and whether to write the file."""

    kind: str | None = None
    unsafe: bool = False
    write: bool = True


@dataclass(frozen=True, slots=True)
class Fixed:
    """A text after fixing, and what checking it gives."""

    text: str
    report: Report


def fix_text(text: str, report: Report, check: Callable[[str], Report], fixing: Fixing) -> Fixed:
    """Applies fixes until none is left that helps; `report` is what checking `text` gives."""
    now = Fixed(text, report)
    for _ in range(ROUNDS):
        fixes = [fix for finding in now.report.findings if (fix := choose(finding, fixing)) is not None]
        better = next(_better(now, fixes, check), None)
        if better is None:
            break
        now = better
    return now


def choose(finding: Finding, fixing: Fixing) -> Fix | None:
    """The fix to take for one finding: the preferred one first, then safe before unsafe, then in the order offered."""
    fixes = [fix for fix in finding.fixes if _wanted(fix, fixing)]
    return min(fixes, key=lambda fix: (not fix.preferred, fix.applicability != "safe"), default=None)


def _wanted(fix: Fix, fixing: Fixing) -> bool:
    if fix.disabled or not fix.edits:
        return False
    if fix.applicability != "safe" and not (fixing.unsafe and fix.applicability == "unsafe"):
        return False
    return fix.kind == fixing.kind if fixing.kind else fix.kind not in NOT_REWRITES


def _better(now: Fixed, fixes: Sequence[Fix], check: Callable[[str], Report]) -> Iterator[Fixed]:
    """Texts that are better than `now`: with all fixes together, else with each alone."""
    together = _apart(fixes)
    attempts = [together, *([fix] for fix in fixes)] if len(together) > 1 else [[fix] for fix in fixes]
    for attempt in attempts:
        text = apply(now.text, sorted({edit for fix in attempt for edit in fix.edits}))
        report = check(text)
        if len(report.findings) < len(now.report.findings) and _errors(report) <= _errors(now.report):
            yield Fixed(text, report)


def _apart(fixes: Sequence[Fix]) -> list[Fix]:
    """As many fixes, from the top, as have no edits that meet."""
    taken: list[Edit] = []
    kept: list[Fix] = []
    for fix in fixes:
        if not any(edit.span.touches(other.span) for edit in fix.edits for other in taken):
            taken += fix.edits
            kept.append(fix)
    return kept


def _errors(report: Report) -> int:
    return sum(notice.kind == "syntax" for notice in report.notices)


def apply(text: str, edits: Sequence[Edit]) -> str:
    """The text with edits applied that are in order and do not overlap."""
    parts: list[str] = []
    end = 0
    for edit in edits:
        parts += (text[end : edit.span.start], edit.content)
        end = edit.span.end
    return "".join(parts) + text[end:]
