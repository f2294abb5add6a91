"""From reports to findings: the rules' decisions, severities and messages.

`result-before-done`: reported when the future may be unfinished at the read, unless the code expects the
InvalidStateError. "always" when it is unfinished on every run that comes to the read. A future in an unknown state is
reported on demand (`report-unproven`), as information. `blocking-result`: a concurrent future's `result()` on the
event loop's thread.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from tooearly.config import Settings
from tooearly.flow import witness
from tooearly.flow.machine import Report
from tooearly.flow.objects import Fut
from tooearly.flow.values import Site
from tooearly.model import Cause, Finding, Related, Span
from tooearly.source.tree import Tree

MAIN, BLOCKING = "result-before-done", "blocking-result"
Merged = dict[tuple[Site, str], list[Report]]  # by site and rule
Judged = dict[tuple[Site, str], "Verdict"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided on a read, and where its unit stood then: it holds while the unit has not changed its line."""

    reports: tuple[Report, ...]
    start: int
    line: int
    settings: Settings
    finding: Finding | None


def merge(into: Merged, reports: Iterable[Report]) -> None:
    """Collect what several roots saw at the same read."""
    for report in reports:
        into.setdefault((report.site, report.code), []).append(report)


def joined(reports: Sequence[Report]) -> Report:
    """One report for what several roots saw at the same read."""
    first = reports[0]
    early = [r for r in reports if r.early]
    weighed = early or reports
    return Report(
        first.site,
        first.method,
        first.receiver,
        first.function,
        first.code,
        [fut for r in early for fut in r.early],
        [fut for r in reports for fut in r.ghosts],
        all(r.certain for r in reports),
        any(r.unproven for r in reports),
        any(r.fine for r in reports),
        any(r.handled for r in weighed),
        any(r.unhandled for r in weighed),
    )


def findings(tree: Tree, merged: Merged, settings: Settings, known: Judged) -> list[Finding]:
    """The findings of one document, in the order of the text. `known` keeps verdicts for the next version."""
    out: list[Finding] = []
    places = {place.unit: place for place in tree.places()}
    verdicts: Judged = {}
    for key, reports in merged.items():
        site = key[0]
        place = places.get(site.unit)
        if place is None:
            continue
        verdict = known.get(key)
        if verdict is None or not _holds(verdict, reports, place.line, settings):
            verdict = _decide(tree, site, reports, settings)
        elif verdict.start != place.start and verdict.finding is not None:
            moved = shifted(verdict.finding, place.start - verdict.start)
            verdict = Verdict(verdict.reports, place.start, verdict.line, settings, moved)
        verdicts[key] = verdict
        if verdict.finding is not None:
            out.append(verdict.finding)
    known.clear()
    known.update(verdicts)
    return sorted(out, key=lambda f: f.span)


def _holds(verdict: Verdict, reports: Sequence[Report], line: int, settings: Settings) -> bool:
    same = len(verdict.reports) == len(reports) and all(a is b for a, b in zip(verdict.reports, reports, strict=True))
    return same and verdict.line == line and verdict.settings == settings


def _decide(tree: Tree, site: Site, reports: Sequence[Report], settings: Settings) -> Verdict:
    place = tree.place(site.unit)
    found = None
    if not site.unit.is_repaired(site.unit.span(site.node)):
        found = judge(tree, reports[0] if len(reports) == 1 else joined(reports), settings)
        found = found if found is not None and settings.enabled(found.code) else None
    # A finding with a step in another unit is decided anew each time: the units may move apart.
    inside = found is None or all(place.start <= r.span.start and r.span.end <= place.end for r in found.related)
    return Verdict(tuple(reports) if inside else (), place.start, place.line, settings, found)


def shifted(finding: Finding, by: int) -> Finding:
    """The finding, `by` code points further on."""
    cause = finding.cause
    spans = {
        name: span.shifted(by) for name in ("made", "wait", "handler") if (span := getattr(cause, name)) is not None
    }
    return replace(
        finding,
        span=finding.span.shifted(by),
        receiver=finding.receiver.shifted(by),
        cause=replace(cause, **spans),
        related=tuple(replace(r, span=r.span.shifted(by)) for r in finding.related),
    )


def judge(tree: Tree, report: Report, settings: Settings) -> Finding | None:
    """The finding of one read, or None."""
    if report.code == BLOCKING:
        return blocking(tree, report)
    if not report.early and report.ghosts and not (report.fine or report.unproven):
        report = replace(report, early=report.ghosts)  # nothing comes here but behind a read that raises
    if report.early and not (report.handled and not report.unhandled):
        return early(tree, report)
    if report.unproven and not report.early and settings.report_unproven:
        return unproven(tree, report)
    return None


def early(tree: Tree, report: Report) -> Finding:
    """A read that comes too early on some run, or on every one."""
    certain = report.certain and not report.fine
    place = tree.place(report.site.unit)
    receiver = place.span(report.receiver)
    name = shown(tree.text[receiver.start : receiver.end])
    story = witness.tell(name, report.early, report.method, certain, lambda site: line_of(tree, site))
    related = tuple(Related(text, span) for text, site in story.steps if (span := span_of(tree, site)) is not None)
    fut = max(report.early, key=witness.telling)
    note = fut.note
    cause = Cause(
        fut.kind,
        story.why,
        span_of(tree, fut.made),
        span_of(tree, note.site) if note and story.why not in ("fresh", "unset", "inside-group") else None,
        span_of(tree, note.handler) if note else None,
    )
    return Finding(
        MAIN,
        "error" if certain else "warning",
        "always" if certain else "possible",
        story.message,
        place.span(report.site.node),
        receiver,
        report.method,
        report.function.qualname,
        cause,
        related,
    )


def unproven(tree: Tree, report: Report) -> Finding:
    """A read whose future was made, or may have been waited for, where it cannot be seen."""
    place = tree.place(report.site.unit)
    receiver = place.span(report.receiver)
    name = shown(tree.text[receiver.start : receiver.end])
    message = f"{name} is not proven done: it depends on code that is not visible here"
    return Finding(
        MAIN, "information", "possible", message, place.span(report.site.node), receiver, report.method,
        report.function.qualname, Cause("task", "unknown"),
    )  # fmt: skip


def blocking(tree: Tree, report: Report) -> Finding:
    """A blocking read on the event loop's thread."""
    place = tree.place(report.site.unit)
    receiver = place.span(report.receiver)
    name = shown(tree.text[receiver.start : receiver.end])
    fut = report.early[0]
    threadsafe = fut.note is not None and fut.note.why == "threadsafe"
    read = shown(f"{name.strip('`')}.{report.method}()")
    message = f"{read} blocks the event loop until {name} is done"
    if threadsafe:
        message += "; on the same loop that is a deadlock"
    related = tuple(Related(f"{name} is made here", s) for s in [span_of(tree, fut.made)] if s is not None)
    cause = Cause("concurrent", "threadsafe" if threadsafe else "submit", span_of(tree, fut.made))
    return Finding(
        BLOCKING, "warning", "possible", message, place.span(report.site.node), receiver, report.method,
        report.function.qualname, cause, related,
    )  # fmt: skip


def span_of(tree: Tree, site: Site | None) -> Span | None:
    """Where a site is in the document; None when it stands elsewhere."""
    if site is None or not hasattr(site.node, "lineno"):
        return None
    try:
        return tree.span(site.unit, site.node)
    except KeyError:
        return None


def line_of(tree: Tree, site: Site | None) -> str:
    """The line number of a site, in words."""
    span = span_of(tree, site)
    return str(tree.lines.position(span.start)[0] + 1) if span else "?"


def shown(text: str) -> str:
    """A receiver as it is named in a message."""
    flat = " ".join(text.split())
    return f"`{flat}`" if len(flat) <= 40 else f"`{flat[:37]}...`"


Locate = Callable[[Site], Span | None]
__all__ = ["BLOCKING", "MAIN", "Fut", "ast", "findings", "merge"]
