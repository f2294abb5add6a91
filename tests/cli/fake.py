"""A stand-in for the analysis: each `READ(name)` in a text is a finding.

It keeps the command line's own tests independent of what the analysis can do. `READ` is certain; `MAYBE` is possible;
the fixes replace the whole read. A line with `BROKEN` is a syntax notice; `CRASH` raises.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tooearly.cli import check as command
from tooearly.cli import options
from tooearly.cli.streams import Streams
from tooearly.config import Settings
from tooearly.fixes.apply import apply
from tooearly.fixes.fix_all import Outcome
from tooearly.model import Cause, Edit, Finding, Fix, Notice, Related, Span
from tooearly.source.tree import Tree, parse
from tooearly.suppress import suppressed

READ = re.compile(r"(READ|MAYBE|STUCK)\((\w*)\)")


@dataclass(frozen=True, slots=True)
class FakeReport:
    findings: tuple[Finding, ...]
    notices: tuple[Notice, ...]
    tree: Tree
    functions: int = 2
    states: Callable[[], tuple[Any, ...]] = tuple


def check(
    text: str,
    settings: Settings = Settings(),  # noqa: B008
    *,
    modules: Callable[[str], str | None] | None = None,
    filename: str = "<stdin>",
    with_fixes: bool = True,
) -> FakeReport:
    if "CRASH" in text:
        raise RuntimeError("a mistake")
    tree = parse(text)
    found = [finding(match) for match in READ.finditer(text) if settings.enabled("result-before-done")]
    kept, _ = suppressed(text).apply(found, tree.lines)
    notices = tuple(Notice("syntax", "what is BROKEN?", Span(*match.span())) for match in re.finditer("BROKEN", text))
    return FakeReport(kept, notices, tree)


def finding(match: re.Match[str]) -> Finding:
    span, name = Span(*match.span()), match[2]
    always = match[1] == "READ"
    fixes = (
        Fix(f"Await `{name}`", "await", "safe", (Edit(span, f"await {name}"),), preferred=True),
        Fix(f"Gather `{name}`", "gather", "safe", (Edit(span, f"await asyncio.gather({name})"),)),
        Fix(f"Wait for `{name}`", "wait", "unsafe", (Edit(span, f"await asyncio.wait([{name}])"),)),
        Fix("Guard", "guard", "safe", disabled="there is no else"),
    )
    return Finding(
        "result-before-done",
        "error" if always else "warning",
        "always" if always else "possible",
        f"`{name}` may still be running: 100% & <sure>",
        span,
        span,
        "result",
        "main",
        Cause("task", "fresh"),
        (Related(f"`{name}` is made here", Span(0, 1)),),
        () if match[1] == "STUCK" else fixes,
    )


def fix_all(
    text: str, analyse: Callable[[str], Any], settings: Settings, *, kind: str = "", unsafe: bool = False
) -> Outcome:
    _, findings = analyse(text)
    chosen = [
        fix
        for one in findings
        for fix in one.fixes
        if fix.edits and (fix.kind == kind or (not kind and fix.preferred)) and (unsafe or fix.applicability == "safe")
    ]
    after = apply(text, [edit for fix in chosen for edit in fix.edits])
    return Outcome(after, tuple(chosen), tuple(analyse(after)[1]))


def prefilter(raw: bytes) -> bool:
    return any(word in raw for word in (b"READ", b"MAYBE", b"STUCK", b"CRASH", b"BROKEN"))


@dataclass(frozen=True, slots=True)
class Ran:
    status: int
    out: str
    err: str


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run(*arguments: str, stdin: bytes = b"", terminal: bool = False) -> Ran:
    """`tooearly check ARGUMENTS` with the stand-in."""
    chosen = options.parse(["check", *map(str, arguments)])
    streams = Streams(io.BytesIO(stdin), Terminal() if terminal else io.StringIO(), io.StringIO())
    fixer = fix_all if chosen.fix or chosen.diff or chosen.fix_with else None
    status = command.check(chosen, streams, command.plan(chosen, check, prefilter, fixer))  # type: ignore[arg-type]
    assert isinstance(streams.out, io.StringIO)
    assert isinstance(streams.err, io.StringIO)
    return Ran(status, streams.out.getvalue(), streams.err.getvalue())
