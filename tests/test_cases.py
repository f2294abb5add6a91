"""Every literate case twice: the analysis must say what the marks say, and CPython must do what the marks say.

A case with a `Gap:` is one that the analysis must fail: the day it passes, the test fails and asks for the line to go.
"""

from __future__ import annotations

import ast

import pytest

from tests.cpython import Outcomes, disagreements, interpreter, key, observe
from tests.judge import judge
from tests.limits import TooSlow, cpu_limit
from tests.literate import Case, load

CASES = load()
LIMIT_SECONDS = 30.0
"""Of processor time for the analysis of one case, far above what one may take: it only keeps the suite from halting."""
RUN = [case for case in CASES if "run" in case.words]


@pytest.fixture(scope="session")
def observed(request: pytest.FixtureRequest) -> dict[str, tuple[Outcomes, str]]:
    """What the programs of the chosen tests do under CPython: all are run at once, which takes seconds, not minutes."""
    chosen = [
        item.callspec.params["runnable"]
        for item in request.session.items
        if hasattr(item, "callspec") and "runnable" in item.callspec.params
    ]
    return observe(chosen)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_analysis(case: Case, request: pytest.FixtureRequest) -> None:
    try:
        ast.parse(case.program)
    except SyntaxError as error:
        if case.oldest > (3, 10):
            pytest.skip(f"this interpreter cannot parse the program: {error.msg}")
    bless = request.config.getoption("--bless")
    try:
        with cpu_limit(LIMIT_SECONDS):
            wrong = judge(case, bless=bless)
    except TooSlow as error:
        wrong = [str(error)]
    if case.gap and wrong:
        pytest.xfail(case.gap)
    assert not case.gap, f"{case.path.name}:{case.row}: the analysis is right by now; remove `Gap: {case.gap}`"
    assert not wrong, f"{case.path.name}:{case.row}\n" + "\n".join(wrong)


@pytest.mark.parametrize("runnable", RUN, ids=lambda case: case.name)
def test_cpython(runnable: Case, observed: dict[str, tuple[Outcomes, str]]) -> None:
    if key(runnable) not in observed:
        assert interpreter(runnable.oldest) is None
        pytest.skip("no Python {}.{} here".format(*runnable.oldest))
    wrong = disagreements(runnable, *observed[key(runnable)])
    for fixed in runnable.fixed:
        outcomes, error = observed[key(runnable, fixed.title)]
        wrong += [f"after “{fixed.title}”: {error}"] if error else []
        wrong += [
            f"after “{fixed.title}”: line {row - runnable.prelude} raises"
            for row, what in outcomes.items()
            if "raised" in what
        ]
    assert not wrong, f"{runnable.path.name}:{runnable.row}\n" + "\n".join(wrong)
