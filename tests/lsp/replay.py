"""Typing replayed inside real files, and what is shown of the findings in each state.

Reads are sprinkled over the functions of a file, each of a task of its own. Then a line is taken out and typed again,
character by character, and every state goes through the analysis and through what holds findings still, as in the
server. While the file does not parse, the findings of the last state that did are expected at their places, except
in the line that is being typed.
"""

from __future__ import annotations

import ast
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from tooearly import api
from tooearly.lsp.hold import Shown, settle
from tooearly.model import Finding
from tooearly.source.lines import LineIndex

READ = "asyncio.create_task(sprinkled()).result()"
Key = tuple[int, int, str]


@dataclass
class Figures:
    """What was counted over all states of all files."""

    states: int = 0
    broken: int = 0
    elsewhere: int = 0
    elsewhere_kept: int = 0
    here: int = 0
    here_kept: int = 0
    spurious: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def line(self) -> str:
        """The figures on one line."""
        times = sorted(self.seconds)
        return (
            f"{self.broken} broken of {self.states} states; kept in other functions "
            f"{self.elsewhere_kept}/{self.elsewhere}, in the same function {self.here_kept}/{self.here}; "
            f"spurious {len(self.spurious)}; per state mean {1000 * sum(times) / len(times):.1f} ms, "
            f"p95 {1000 * times[int(len(times) * 0.95)]:.1f} ms"
        )


def sprinkle(text: str, chooser: random.Random, functions: int = 5, longest: int = 14) -> str:
    """The text with a read before two statements of some short functions, and asyncio imported."""
    lines = text.split("\n")
    tree = ast.parse(text)
    found = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    short = [node for node in found if (node.end_lineno or 0) - node.lineno <= longest and len(node.body) > 2]
    chosen = chooser.sample(short, min(functions, len(short)))
    rows = {node.lineno - 1 for function in chosen for node in (function.body[1], function.body[-1])}
    for row in sorted(rows, reverse=True):
        indent = lines[row][: len(lines[row]) - len(lines[row].lstrip())]
        lines.insert(row, f"{indent}{READ}")
    last_import = max((node.end_lineno or 0 for node in tree.body if _is_future(node)), default=_docstring_end(tree))
    lines.insert(last_import, "import asyncio")
    return "\n".join(lines)


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _docstring_end(tree: ast.Module) -> int:
    first = tree.body[0] if tree.body else None
    return (first.end_lineno or 0) if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) else 0


def typed_lines(text: str, chooser: random.Random, count: int) -> list[tuple[int, int, int, int]]:
    """Lines to type again: start and end of a line's code, and of the function around it."""
    lines = LineIndex(text)
    found: set[tuple[int, int, int, int]] = set()
    for function in ast.walk(ast.parse(text)):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) or READ not in (
            ast.get_source_segment(text, function) or ""
        ):
            continue
        first, last = lines.line_span(function.lineno - 1), lines.line_span((function.end_lineno or 1) - 1)
        for node in function.body:
            line = lines.line_span(node.lineno - 1)
            code = text[line.start : line.end]
            is_plain = node.lineno == node.end_lineno and READ not in code and code.isascii()
            if is_plain and set("([{'\"") & set(code) and 12 <= len(code.strip()) <= 50:
                found.add((line.end - len(code.lstrip()), line.end, first.start, last.end))
    return chooser.sample(sorted(found), min(count, len(found)))


def states(text: str, start: int, end: int) -> Iterator[tuple[str, int]]:
    """The text while a line is typed again, and where the line ends then."""
    for length in range(end - start + 1):
        yield text[: start + length] + text[end:], start + length


class Screen:
    """What is shown of one file."""

    def __init__(self) -> None:
        self.memory = api.Memory()
        self.shown: Shown | None = None

    def turn(self, text: str) -> tuple[Finding, ...]:
        """The findings shown for the next version."""
        report = api.check(text, memory=self.memory, with_fixes=False)
        self.shown = settle(self.shown, report.tree, report.placed)
        return self.shown.findings


def replay(name: str, text: str, chooser: random.Random, count: int, figures: Figures) -> bool:
    """Type some lines of a file again and count what stays; False if there is no line for it."""
    lines = typed_lines(text, chooser, count)
    screen = Screen()
    screen.turn(text if lines else "")
    for start, end, first, last in lines:
        good: tuple[set[Key], int] | None = None
        for state, cursor in states(text, start, end):
            began = time.perf_counter()
            now = keys(screen.turn(state))
            figures.seconds.append(time.perf_counter() - began)
            figures.states += 1
            if _parses(state):
                good = (now, cursor)
            elif good is not None:
                figures.broken += 1
                function = (first, last + cursor - end)
                _compare(
                    f"{name}: {state[start:cursor]!r}",
                    moved(good, start, cursor),
                    now,
                    (start, cursor),
                    function,
                    figures,
                )
        screen.turn(text)
    return bool(lines)


def keys(findings: tuple[Finding, ...]) -> set[Key]:
    """What tells findings apart."""
    return {(finding.span.start, finding.span.end, finding.code) for finding in findings}


def moved(good: tuple[set[Key], int], start: int, cursor: int) -> set[Key]:
    """The findings of an earlier state where they are now; those in the typed line are left out."""
    known, before = good
    by = cursor - before
    return {(a, b, c) for a, b, c in known if b <= start} | {(a + by, b + by, c) for a, b, c in known if a >= before}


def _compare(
    where: str, expected: set[Key], now: set[Key], line: tuple[int, int], function: tuple[int, int], figures: Figures
) -> None:
    here = {key for key in expected if function[0] <= key[0] < function[1]}
    kept = expected & now
    figures.here += len(here)
    figures.here_kept += len(here & kept)
    figures.elsewhere += len(expected - here)
    figures.elsewhere_kept += len(kept - here)
    figures.lost += [f"{where} at {key[0]}" for key in expected - now]
    figures.spurious += [f"{where} at {key[0]}" for key in now - expected if not line[0] <= key[0] <= line[1]]


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True
