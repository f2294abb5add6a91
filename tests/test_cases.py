"""Every literate case twice: the analysis must say what the marks say, and CPython must do what the marks say."""

from __future__ import annotations

import ast

import pytest

from tests.cpython import Outcomes, disagreements, interpreter, key, observe
from tests.judge import judge
from tests.literate import Case, load

CASES = load()
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
    wrong = judge(case, bless=request.config.getoption("--bless"))
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
