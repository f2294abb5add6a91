"""CPython as the judge of the literate cases: run them on several schedules and compare with their marks.

A program chooses its own durations by the environment: FAST=1, SLOW=1 or neither. A marked read must raise
InvalidStateError on at least one schedule (`always`: never do anything else); a read without a mark must never
raise it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.literate import Case, read_rows

SCHEDULES = ("FAST", "SLOW", "")
RAISING = ("error", "information", "handled")
ROUNDS = 3
RECORDER = Path(__file__).with_name("recorder.py")
Outcomes = dict[int, set[str]]


def interpreter(oldest: tuple[int, int]) -> str | None:
    """This interpreter if it is new enough, else the first newer one on the PATH or among pyenv's."""
    if sys.version_info >= oldest:
        return sys.executable
    for minor in range(oldest[1], 16):
        installed = sorted(Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python3"))
        for path in (shutil.which(f"python3.{minor}"), *map(str, installed)):
            if path and subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode == 0:
                return path
    return None


def observe(cases: Iterable[Case]) -> dict[str, tuple[Outcomes, str]]:
    """What each program did over all schedules, by `key(case)`: outcomes by row, and what went wrong.

    Programs for which there is no interpreter are left out. The programs that fixes must give run as well, under
    `key(case, title)`. "Raises on some schedule" is a claim of existence: on a busy machine two timers may change
    places, so programs that have not raised where they should run again, now with few others beside them.
    """
    left, seen = list(cases), dict[str, tuple[Outcomes, str]]()
    for _ in range(ROUNDS):
        run_all(left, seen)
        left = [case for case in left if key(case) in seen and missing(case, seen[key(case)][0])]
    return seen


def run_all(cases: list[Case], seen: dict[str, tuple[Outcomes, str]]) -> None:
    """Run the programs of these cases once on every schedule and add what they did to `seen`."""
    groups: dict[str, dict[str, str]] = defaultdict(dict)
    pythons = {oldest: interpreter(oldest) for oldest in {case.oldest for case in cases}}
    for case in cases:
        if python := pythons[case.oldest]:
            groups[python].update(programs(case))
    jobs = [(python, schedule, group) for python, group in groups.items() for schedule in SCHEDULES]
    with ThreadPoolExecutor(2) as pool:
        for record in pool.map(lambda job: one_schedule(*job), jobs):
            merge(seen, record)


def key(case: Case, title: str = "") -> str:
    return f"{case.name} {title}".strip()


def programs(case: Case) -> dict[str, str]:
    prelude = "\n".join(case.program.split("\n")[: case.prelude]) + "\n" if case.prelude else ""
    fixed = {key(case, fixed.title): prelude + fixed.text for fixed in case.fixed}
    return {key(case): case.program, **fixed}


def one_schedule(python: str, schedule: str, group: dict[str, str]) -> dict[str, dict[str, object]]:
    """Run one group of programs in a process of its own."""
    environment = {name: value for name, value in os.environ.items() if name not in SCHEDULES}
    if schedule:
        environment[schedule] = "1"
    done = subprocess.run(
        [python, str(RECORDER)], input=json.dumps(group), capture_output=True, text=True, env=environment, check=True
    )
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def merge(seen: dict[str, tuple[Outcomes, str]], record: dict[str, dict[str, object]]) -> None:
    for name, entry in record.items():
        outcomes, error = seen.get(name, ({}, ""))
        for row, what in dict(entry["rows"]).items():  # type: ignore[call-overload]
            outcomes.setdefault(int(row), set()).update(what)
        seen[name] = outcomes, error or str(entry["error"])


def disagreements(case: Case, outcomes: Outcomes, error: str) -> list[str]:
    """Where CPython does not do what the marks say; rows count from the first line of the program."""
    raised, returned = outcome_rows(case, outcomes, "raised"), outcome_rows(case, outcomes, "returned")
    first = read_rows(case.program)
    always = {first.get(mark.row, mark.row) for mark in case.marks if mark.certainty == "always"}
    wrong = [f"the program ended with {error}"] if error else []
    wrong += [f"{line(case, row)}: never raises" for row in sorted(missing(case, outcomes))]
    wrong += [f"{line(case, row)}: raises" for row in sorted(raised - case.rows(*RAISING, "order"))]
    wrong += [f"{line(case, row)}: does not always raise" for row in sorted(always & returned)]
    return wrong


def missing(case: Case, outcomes: Outcomes) -> set[int]:
    """The rows that should raise and have not."""
    return case.rows(*RAISING) - outcome_rows(case, outcomes, "raised")


def outcome_rows(case: Case, outcomes: Outcomes, outcome: str) -> set[int]:
    first = read_rows(case.program)
    return {first.get(row, row) for row, what in outcomes.items() if outcome in what}


def line(case: Case, row: int) -> str:
    return f"line {row - case.prelude} `{case.program.splitlines()[row - 1].strip()}`"
