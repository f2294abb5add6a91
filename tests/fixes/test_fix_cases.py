"""The literate cases: each fix gives the text that is written down, and CPython runs it."""

from __future__ import annotations

import ast
import json
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from tests.cpython import interpreter
from tests.fixes.cases import Case, load, rewrite
from tests.fixes.forced import analyse
from tooearly import api
from tooearly.config import Settings
from tooearly.fixes import apply, offer
from tooearly.model import Fix

CASES = load()
RUNNER = Path(__file__).with_name("runner.py")


def fixes_of(case: Case) -> list[Fix]:
    """All fixes of all findings, in the order of the text; `engine` cases need the cause that the analysis finds."""
    if "engine" in case.words:
        return [fix for finding in api.check(case.program).findings for fix in finding.fixes]
    tree, findings = analyse(case.program)
    return [fix for finding in findings for fix in offer(tree, finding, findings, Settings())]


def parsed(case: Case) -> None:
    try:
        ast.parse(case.program)
    except SyntaxError as error:
        if case.oldest <= (3, 10):
            raise
        pytest.skip(f"this interpreter cannot parse the program: {error.msg}")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_texts(case: Case, request: pytest.FixtureRequest) -> None:
    parsed(case)
    offered = fixes_of(case)
    wrong = [problem for kind, reason in case.refused if (problem := _not_refused(offered, kind, reason))]
    if case.preferred and case.preferred not in (given := [fix.title for fix in offered if fix.preferred]):
        wrong.append(f"preferred are {given}, not “{case.preferred}”")
    for after in case.after:
        fix = next((one for one in offered if one.title == after.title and not one.disabled), None)
        if fix is None:
            wrong.append(
                f"no fix “{after.title}”; there are {sorted({one.title for one in offered if not one.disabled})}"
            )
            continue
        text = apply(case.program, fix.edits).removeprefix(case.prelude)
        ast.parse(text)
        if text != after.text and request.config.getoption("--bless"):
            rewrite(case, after, text)
        if text != after.text:
            wrong.append(f"after “{after.title}”:\n{text}")
    assert not wrong, f"{case.path.name}:{case.row}\n" + "\n".join(wrong)


def _not_refused(offered: list[Fix], kind: str, reason: str) -> str:
    reasons = [fix.disabled for fix in offered if fix.kind == kind]
    if kind == "fix":
        enabled = [fix.title for fix in offered if not fix.disabled and fix.kind != "suppress"]
        return f"fixes are offered: {enabled}" if enabled else _lacks([fix.disabled for fix in offered], reason)
    return f"`{kind}` is not offered in any form" if not reasons else _lacks(reasons, reason)


def _lacks(reasons: list[str], reason: str) -> str:
    return "" if any(reason in one for one in reasons) else f"no reason “{reason}” but {reasons}"


@pytest.fixture(scope="session")
def outcomes(request: pytest.FixtureRequest) -> dict[str, dict[str, str]]:
    """What the programs of the chosen tests do, each before and after its fixes."""
    chosen = [
        item.callspec.params["fixcase"]
        for item in request.session.items
        if hasattr(item, "callspec") and "fixcase" in item.callspec.params
    ]
    groups: dict[str, dict[str, str]] = defaultdict(dict)
    for case in chosen:
        if python := interpreter(case.oldest):
            groups[python][case.name] = case.program
            groups[python] |= {f"{case.name} “{after.title}”": case.prelude + after.text for after in case.after}
    seen: dict[str, dict[str, str]] = {}
    for python, group in groups.items():
        done = subprocess.run(
            [python, str(RUNNER)], input=json.dumps(group), capture_output=True, text=True, check=True
        )
        seen |= json.loads(done.stdout)
    return seen


@pytest.mark.parametrize("fixcase", [case for case in CASES if "run" in case.words], ids=lambda case: case.name)
def test_runs(fixcase: Case, outcomes: dict[str, dict[str, str]]) -> None:
    if fixcase.name not in outcomes:
        pytest.skip("no Python {}.{} here".format(*fixcase.oldest))
    wrong = []
    if "quiet" not in fixcase.words and "InvalidStateError" not in outcomes[fixcase.name]["error"]:
        wrong.append(f"before: ends with {outcomes[fixcase.name]}")
    for after in fixcase.after:
        outcome = outcomes[f"{fixcase.name} “{after.title}”"]
        if outcome["error"]:
            wrong.append(f"after “{after.title}”: {outcome['error']}")
        elif after.prints is not None and outcome["printed"].split("\n") != after.prints.split(" / "):
            wrong.append(f"after “{after.title}”: prints {outcome['printed']!r}, not {after.prints!r}")
    assert not wrong, f"{fixcase.path.name}:{fixcase.row}\n" + "\n".join(wrong)
