"""Write a mismatch down as a literate case, with the marks that the truth asks for."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from .judge import Mismatch
from .record import watch
from .shrink import FROZEN
from .world import run

MARK = "# error: [result-before-done]"
PROSE = {
    "missed": "The read is too early in some runs, and was not reported.",
    "false-alarm": "No run reads too early here.",
    "false-alarm-handled": "The read expects InvalidStateError, so nothing is to be said.",
    "wrong-always": "Some runs read in time: the finding must not say that every run fails.",
    "crash": "The analysis raised an exception here.",
}


def marked(text: str, early: set[int], seed: int | None) -> str:
    """`text` with a mark at the end of each early line, started at the schedule that shows it."""
    lines = text.splitlines()
    lines = [f"{line}  {MARK}" if number in early else line for number, line in enumerate(lines, 1)]
    whole = "\n".join(lines) + "\n"
    return whole if seed is None else re.sub(r"^SEED = \d+$", f"SEED = {seed}", whole, flags=re.MULTILINE)


def scenes(text: str) -> str:
    """The functions of a program that are not the same in every program, indented."""
    lines = text.splitlines()
    tree = [node for node in ast.parse(text).body if getattr(node, "name", "main") not in {*FROZEN, "main"}]
    return "\n".join(f"    {line}" for node in tree for line in lines[node.lineno - 1 : node.end_lineno])


def runs(text: str, early: set[int], seed: int | None) -> bool:
    """Whether one schedule shows all there is to show, so that the case can be run as it stands."""
    seen = run(watch(text), seed or 0)
    return {event.line for event in seen.events if event.kind == "raised"} == early


def write(folder: Path, mismatch: Mismatch, text: str, early: set[int]) -> Path:
    """Write the case into `folder`; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{mismatch.kind}-{mismatch.program}-{mismatch.line}.md"
    said = f"\n\nThe analyser said: {mismatch.message}" if mismatch.message else ""
    title = f"## {mismatch.kind} in program {mismatch.program}, line {mismatch.line}"
    word = " run" if runs(text, early, mismatch.seed) else ""
    program = marked(text, early, mismatch.seed)
    path.write_text(
        f"# Found by the oracle\n\n{title}\n\n{PROSE.get(mismatch.kind, '')}{said}\n\n```python{word}\n{program}```\n",
        encoding="utf-8",
    )
    return path
