"""A server with the simplest engine that is of use to tests of the protocol.

Every `name.result()` and `name.exception()` is a finding unless the line before it is `await name`. The words SLOW,
STUCK and RAISE in a text make its analysis take its time, never come back, or fail.
"""

from __future__ import annotations

import os
import re
import sys
import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tooearly import files
from tooearly.config import Settings
from tooearly.lsp.engine import Engine
from tooearly.lsp.server import serve
from tooearly.lsp.textdiff import edits_between
from tooearly.model import Cause, Edit, Finding, Fix, Notice, Placed, Related, Span, State
from tooearly.source.tree import ParseMemory, Place, Tree, parse
from tooearly.suppress import suppressed
from tooearly.workspace import Workspace

_READ = re.compile(r"([A-Za-z_]\w*)\.(result|exception)\(\)")
_MADE = re.compile(r"([A-Za-z_]\w*) = ([\w.]*create_task\([^\n]*\))")


@dataclass(frozen=True)
class FakeReport:
    findings: tuple[Finding, ...]
    notices: tuple[Notice, ...]
    tree: Tree
    states: Callable[[], tuple[State, ...]]

    @property
    def placed(self) -> tuple[Placed, ...]:
        return tuple(Placed(finding, 0) for finding in self.findings)


class RefusedError(ValueError):
    pass


def check(
    text: str,
    settings: Settings,
    *,
    memory: ParseMemory | None = None,
    stop: Callable[[], None] | None = None,
    **_rest: Any,
) -> FakeReport:
    if "SLOW" in text:
        time.sleep(0.05)
    while "STUCK" in text:
        time.sleep(0.01)
    if settings.api:
        raise RefusedError(f"row {settings.api[0]['name']}: not known")
    if "RAISE" in text:
        raise RuntimeError("told to fail")
    if stop is not None:
        stop()
    tree = parse(text, memory)
    made = list(_MADE.finditer(text))
    broken = [place for place in tree.places() if place.unit.error is not None]
    found = [one for read in _READ.finditer(text) if (one := _finding(text, broken, made, read)) is not None]
    found = [finding for finding in found if settings.enabled(finding.code)]
    kept, _ = suppressed(text).apply(found, tree.lines)
    return FakeReport(kept, (), tree, lambda: _states(text))


def _finding(
    text: str, broken: Sequence[Place], all_made: Sequence[re.Match[str]], read: re.Match[str]
) -> Finding | None:
    name = read[1]
    row = text.rfind("\n", 0, read.start())
    before = text[text.rfind("\n", 0, max(row, 0)) + 1 : max(row, 0)]
    if re.search(rf"await {name}\b", before) or _is_repaired(broken, Span(*read.span())):
        return None
    low = bisect_right(all_made, read.start(), key=lambda found: found.start())
    made = next((found for found in reversed(all_made[max(0, low - 5) : low]) if found[1] == name), None)
    spans = () if made is None else (Related(f"`{name}` is made here", Span(*made.span(2))),)
    return Finding(
        "result-before-done",
        "error" if name == "always" else "warning",
        "always" if name == "always" else "possible",
        f"`{name}` may still be running here",
        Span(*read.span()),
        Span(*read.span(1)),
        read[2],
        "<module>",
        Cause("task", "clock", made=Span(*made.span(2)) if made else None),
        spans,
    )


def _is_repaired(broken: Sequence[Place], span: Span) -> bool:
    return any(
        place.start <= span.start < place.end and place.unit.is_repaired(span.shifted(-place.start)) for place in broken
    )


def _states(text: str) -> tuple[State, ...]:
    return tuple(State(Span(*made.span(1)), made[1], "pending", "made here") for made in _MADE.finditer(text))


def offer(report: Any, finding: Finding, _settings: Settings) -> Sequence[Fix]:
    text = report.tree.text
    name = text[finding.receiver.start : finding.receiver.end]
    line = text.find("\n", finding.span.end)
    end = line if line >= 0 else len(text)
    comment = Edit(Span(end, end), f"  # tooearly: ignore[{finding.code}]")
    return (
        Fix(f"Await `{name}`", "await", "safe", (Edit(finding.span, f"await {name}"),), preferred=True),
        Fix(f"Ignore `{finding.code}` on this line", "suppress", "display", (comment,)),
        Fix("Gather", "gather", "safe", disabled="there is only one task"),
    )


def fix_all(report: Any, _settings: Settings, _check: Callable[[str], Any], _codes: Sequence[str]) -> Sequence[Edit]:
    text = report.tree.text
    fixed = text
    for finding in reversed(report.findings):
        name = text[finding.receiver.start : finding.receiver.end]
        fixed = fixed[: finding.span.start] + f"await {name}" + fixed[finding.span.end :]
    return edits_between(text, fixed)


def load() -> Engine:
    if "FAKE_ENGINE_FAILS" in os.environ:
        raise ImportError("no engine here")
    return Engine(
        check=check,
        memory=ParseMemory,
        offer=offer,
        vetted=lambda _report, _finding, fixes, _check: fixes,
        fix_all=fix_all,
        states_text=lambda text, *_, **__: f"states of {len(text)}",
        may_have_site=lambda text: ".result()" in text or ".exception()" in text,
        url=lambda code: f"https://example.org/{code}",
        explain=lambda code: f"about {code}",
        walk=lambda folder: files.walk(Path(folder), Workspace()),
        refused=RefusedError,
    )


if __name__ == "__main__":
    patience = float(os.environ.get("FAKE_PATIENCE", "20"))
    address = ("127.0.0.1", 0) if "--tcp" in sys.argv else None
    raise SystemExit(serve(load, address, patience=patience))
