"""Runs all suites of tests in two lanes and ends with one line of figures.

A suite is a Make target. Each lane takes the next suite as soon as it is free, the longest first, so two are at work at
any time. What a suite prints goes to a file and is shown when it ends, whole if it failed. A suite that cannot run on
this machine is named and left out; with CI=true that is a failure, and so is a skipped test in an editor.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import BinaryIO

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / ".cache" / "test-logs"
LANES = 2
LIMIT = 25 * 60
"""Seconds after which a suite is given up."""


@dataclass(frozen=True, slots=True)
class Suite:
    """A Make target, the programs it needs, and whether every one of its tests must run in CI."""

    target: str
    needs: tuple[str, ...] = ()
    complete: bool = False


@dataclass(slots=True)
class Count:
    """Tests by outcome."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def add(self, other: Count) -> None:
        """Adds the figures of another count."""
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


@dataclass(slots=True)
class Tally:
    """What all lanes have brought so far."""

    total: Count = field(default_factory=Count)
    lines: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


SUITES = (
    Suite("test-vscode", ("node", "npm"), complete=True),
    Suite("test-lsp"),
    Suite("test-oracle"),
    Suite("test-cases"),
    Suite("test-rest"),
    Suite("test-editors", complete=True),
    Suite("test-fixes"),
    Suite("lint-client", ("node", "npm")),
    Suite("lint-python"),
)


def main(wanted: list[str]) -> int:
    """Runs the suites that are named, or all; 0 when everything passed."""
    suites = [suite for suite in SUITES if not wanted or suite.target in wanted]
    begun = time.monotonic()
    queue: SimpleQueue[Suite] = SimpleQueue()
    for suite in suites:
        queue.put(suite)
    tally = Tally()
    prepare_node(suites)
    lanes = [threading.Thread(target=work, args=(queue, tally)) for _ in range(LANES)]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join()
    print(f"\nall suites, {time.monotonic() - begun:.0f} s:")
    print("\n".join(f"  {line}" for line in sorted(tally.lines)))
    print(tally.total, flush=True)
    return 0 if tally.total.passed and not tally.total.failed else 1


def prepare_node(suites: list[Suite]) -> None:
    """Installs the npm packages once, before two suites could do so at the same time."""
    if any("npm" in suite.needs for suite in suites) and shutil.which("npm"):
        subprocess.run(["make", "--no-print-directory", "node"], cwd=ROOT, check=False)


def work(queue: SimpleQueue[Suite], tally: Tally) -> None:
    """One lane: suites until there are none left."""
    while True:
        try:
            suite = queue.get_nowait()
        except Empty:
            return
        begun = time.monotonic()
        try:
            count, note, shown = run(suite)
        except Exception as error:
            count, note, shown = Count(failed=1), f", could not be run: {error}", ""
        with tally.lock:
            tally.total.add(count)
            tally.lines.append(f"{suite.target}: {count}{note} ({time.monotonic() - begun:.0f} s)")
            print(f"\n== {suite.target}: {count}{note}", flush=True)
            print(shown, flush=True)


def run(suite: Suite) -> tuple[Count, str, str]:
    """Runs one suite: its figures, a note, and what to show of its output."""
    missing = [program for program in suite.needs if shutil.which(program) is None]
    if missing:
        note = f", not run: {' and '.join(missing)} missing"
        return (Count(failed=1) if in_ci() else Count(skipped=1)), note, ""
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{suite.target}.log"
    with log.open("wb") as out:
        status = call(["make", "--no-print-directory", suite.target], out)
    text = log.read_text(encoding="utf-8", errors="replace")
    count = counted(text)
    if status != 0 and count.failed == 0:
        count.failed = 1
    if not count.passed and not count.failed:
        count.passed = 1
    if in_ci() and suite.complete and count.skipped:
        return Count(count.passed, count.failed + count.skipped), ", skipped tests count as failed in CI", text
    return count, "", text if count.failed or count.skipped else tail(text)


def call(command: list[str], out: BinaryIO) -> int:
    """The exit status of a command; one that takes too long is ended with all it started."""
    process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        return process.wait(LIMIT)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        return 124


def counted(text: str) -> Count:
    """The figures in the last lines of pytest and of Node's test runner; a suite may hold several of each."""
    count = Count()
    for line in re.findall(r"^=*\s*((?:\d+ \w+(?:, )?)+) in [\d.]+s", plain(text), re.MULTILINE):
        figures = {name: int(number) for number, name in re.findall(r"(\d+) (\w+)", line)}
        count.add(
            Count(
                passed=figures.get("passed", 0) + figures.get("xfailed", 0),
                failed=sum(figures.get(name, 0) for name in ("failed", "error", "errors", "xpassed")),
                skipped=figures.get("skipped", 0),
            )
        )
    node = Counter[str]()
    for name, number in re.findall(r"^\S+ (pass|fail|cancelled|skipped|todo) (\d+)$", plain(text), re.MULTILINE):
        node[name] += int(number)
    count.add(Count(node["pass"], node["fail"] + node["cancelled"], node["skipped"] + node["todo"]))
    return count


def plain(text: str) -> str:
    """The text without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def tail(text: str) -> str:
    """The last lines of a suite that passed."""
    return "\n".join(text.splitlines()[-3:])


def in_ci() -> bool:
    """Whether nothing may be left out."""
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
