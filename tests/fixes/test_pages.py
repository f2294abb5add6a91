"""The pages of the rules: what their examples say is found, is fixed as they say, and runs."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.fixes.cases import AFTER
from tests.fixes.test_fix_cases import RUNNER
from tests.judge import findings as disagreements
from tests.literate import Case, pieces, program
from tooearly import api
from tooearly.config import CODES
from tooearly.fixes import apply

PAGES = Path(api.__file__).parent / "rules"


@dataclass(slots=True)
class Example:
    """A program of a page and the programs that its fixes give: (title, text, what it prints)."""

    case: Case
    after: list[tuple[str, str, str | None]] = field(default_factory=list)


def examples(path: Path) -> Iterator[Example]:
    """The examples of a page, in order."""
    example, pending = None, ("", None)
    for kind, words, text, row in pieces(path.read_text(encoding="utf-8")):
        if kind == "text" and (found := AFTER.match(text.strip())):
            pending = (found[1], found[2])
        elif kind == "code" and words.split()[:1] == ["python"]:
            if pending[0] and example:
                example.after.append((pending[0], text, pending[1]))
                pending = ("", None)
                continue
            if example:
                yield example
            case = Case(path, f"line {row}", row, frozenset(words.split()[1:]), "", 0, ())
            example = Example(program(case, "", text))
    if example:
        yield example


EXAMPLES = [example for path in sorted(PAGES.glob("*.md")) for example in examples(path)]


def test_every_rule_has_a_page() -> None:
    assert {path.stem for path in PAGES.glob("*.md")} == set(CODES)
    for path in PAGES.glob("*.md"):
        assert path.read_text(encoding="utf-8").startswith(f"# {path.stem}\n\n")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one.case.name)
def test_analysis(example: Example) -> None:
    report = api.check(example.case.program)
    wrong = disagreements(example.case, report.findings)
    fixes = [fix for finding in report.findings for fix in finding.fixes if not fix.disabled]
    for title, text, _ in example.after:
        fix = next((one for one in fixes if one.title == title), None)
        if fix is None:
            wrong.append(f"no fix “{title}”; there are {[one.title for one in fixes]}")
        elif (now := apply(example.case.program, fix.edits)) != text:
            wrong.append(f"after “{title}”:\n{now}")
        ast.parse(text)
    assert not wrong, f"{example.case.path.name}:{example.case.row}\n" + "\n".join(wrong)


@pytest.fixture(scope="session")
def outcomes() -> dict[str, dict[str, str]]:
    """How every example that is to run ends, before and after its fixes."""
    run = [example for example in EXAMPLES if "run" in example.case.words]
    programs = {example.case.name: example.case.program for example in run}
    programs |= {
        f"{one.case.name} {title}": text for one in run for title, text, prints in one.after if prints is not None
    }
    done = subprocess.run(
        [sys.executable, str(RUNNER)], input=json.dumps(programs), capture_output=True, text=True, check=True
    )
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("shown", [one for one in EXAMPLES if "run" in one.case.words], ids=lambda one: one.case.name)
def test_runs(shown: Example, outcomes: dict[str, dict[str, str]]) -> None:
    error = outcomes[shown.case.name]["error"]
    if shown.case.rows("error"):
        assert "InvalidStateError" in error
    else:
        assert not error
    for title, _, prints in shown.after:
        if prints is not None:
            outcome = outcomes[f"{shown.case.name} {title}"]
            assert not outcome["error"]
            assert outcome["printed"].split("\n") == prints.split(" / ")
