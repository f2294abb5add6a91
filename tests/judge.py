"""Compare what the analysis says about a literate case with the marks of the case."""

from __future__ import annotations

from collections import defaultdict

from tests.literate import Case, Fixed, Mark, read_rows, unmarked
from tooearly import api
from tooearly.config import Settings, parse
from tooearly.fixes import apply
from tooearly.model import Finding


def judge(case: Case, *, bless: bool = False) -> list[str]:
    """All disagreements, in words; with `bless` the blocks after a fix are rewritten instead of compared."""
    report = api.check(case.program, settings(case), with_fixes=bool(case.fixed))
    wrong = findings(case, report.findings)
    if any(mark.kind == "state" for mark in case.marks):
        wrong += states(case, report)
    for fixed in case.fixed:
        wrong += after(case, fixed, report.findings, bless)
    return wrong


def settings(case: Case) -> Settings:
    return parse(case.settings)


def findings(case: Case, found: tuple[Finding, ...]) -> list[str]:
    """Match findings and marks row by row, one to one."""
    first = read_rows(case.program)
    left: dict[int, list[Finding]] = defaultdict(list)
    for finding in found:
        row = case.program.count("\n", 0, finding.span.start) + 1
        left[first.get(row, row)].append(finding)
    wrong = []
    for mark in case.marks:
        row = first.get(mark.row, mark.row)
        if mark.kind in ("error", "information"):
            wrong += match(case, mark, left[row])
        elif mark.kind == "order":
            left[row].clear()
    for row, rest in sorted(left.items()):
        wrong += [f"{line(case, row)}: reported ({finding.certainty}): {finding.message}" for finding in rest]
    return wrong


def match(case: Case, mark: Mark, found: list[Finding]) -> list[str]:
    """Take the finding that the mark asks for out of `found`."""
    for finding in found:
        if finding.code == mark.code and (finding.severity == "information") == (mark.kind == "information"):
            found.remove(finding)
            where = line(case, mark.row)
            wrong = [f"{where}: {finding.certainty}, not {mark.certainty}"] if differs(finding, mark) else []
            return wrong + ([f"{where}: says {finding.message!r}"] if mark.words not in finding.message else [])
    return [f"{line(case, mark.row)}: not reported"]


def differs(finding: Finding, mark: Mark) -> bool:
    return bool(mark.certainty) and finding.certainty != mark.certainty


def states(case: Case, report: api.Report) -> list[str]:
    """Compare `# state:` marks with the states of the report."""
    said: dict[tuple[int, str], str] = {}
    for state in report.states():
        said[case.program.count("\n", 0, state.span.start) + 1, state.name] = state.state
    wrong = []
    for mark in case.marks:
        for pair in mark.words.split() if mark.kind == "state" else ():
            name, _, state = pair.partition("=")
            if (now := said.get((mark.row, name))) != state:
                wrong.append(f"{line(case, mark.row)}: {name} is {now}, not {state}")
    return wrong


def after(case: Case, fixed: Fixed, found: tuple[Finding, ...], bless: bool) -> list[str]:
    """Apply the fix of this title to the first finding that has it."""
    fixes = [fix for finding in found for fix in finding.fixes if fix.title == fixed.title and not fix.disabled]
    if not fixes:
        return [f"no fix “{fixed.title}”; there are {sorted({fix.title for one in found for fix in one.fixes})}"]
    text = apply(case.program, fixes[0].edits)
    text = "".join(text.splitlines(keepends=True)[case.prelude :])
    if text == unmarked(fixed.text):
        return []
    if not bless:
        return [f"after “{fixed.title}”:\n{text}"]
    lines = case.path.read_text(encoding="utf-8").splitlines(keepends=True)
    lines[fixed.first - 1 : fixed.last] = text.splitlines(keepends=True)
    case.path.write_text("".join(lines), encoding="utf-8")
    return [f"rewritten: the block after “{fixed.title}”; run again"]


def line(case: Case, row: int) -> str:
    return f"line {row - case.prelude} `{case.program.splitlines()[row - 1].strip()}`"
