"""From reports to findings: the rules' decisions, severities and messages.

`result-before-done`: reported when the future may be unfinished at the read, unless the code expects the
InvalidStateError. "always" when it is unfinished on every run that comes to the read. A future in an unknown state is
reported on demand (`report-unproven`), as information. `blocking-result`: a concurrent future's `result()` on the
event loop's thread.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable

from tooearly.config import Settings
from tooearly.flow import witness
from tooearly.flow.machine import Report
from tooearly.flow.values import Fut, Site
from tooearly.model import Cause, Finding, Related, Span
from tooearly.source.tree import Tree

MAIN, BLOCKING = "result-before-done", "blocking-result"
Merged = dict[Site, Report]


def merge(into: Merged, reports: Iterable[Report]) -> None:
    """Join what several roots saw at the same read."""
    for report in reports:
        known = into.get(report.site)
        if known is None:
            into[report.site] = Report(
                report.site, report.method, report.receiver, report.function, report.code, list(report.early),
                report.certain, report.unproven, report.fine, report.handled, report.unhandled,
            )  # fmt: skip
            continue
        if report.early and not known.early:
            known.handled, known.unhandled = report.handled, report.unhandled
        elif report.early:
            known.handled, known.unhandled = known.handled or report.handled, known.unhandled or report.unhandled
        known.early += report.early
        known.certain = known.certain and report.certain
        known.unproven = known.unproven or report.unproven
        known.fine = known.fine or report.fine


def findings(tree: Tree, merged: Merged, settings: Settings) -> list[Finding]:
    """The findings of one document, in the order of the text."""
    out = []
    units = {place.unit for place in tree.places()}
    for report in merged.values():
        if report.site.unit in units and not report.site.unit.is_repaired(report.site.unit.span(report.site.node)):
            found = judge(tree, report, settings)
            if found is not None and settings.enabled(found.code):
                out.append(found)
    return sorted(out, key=lambda f: f.span)


def judge(tree: Tree, report: Report, settings: Settings) -> Finding | None:
    """The finding of one read, or None."""
    if report.code == BLOCKING:
        return blocking(tree, report)
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
    fut = max(report.early, key=witness._telling)
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
    message = f"{name}.{report.method}() blocks the event loop until {name} is done"
    if threadsafe:
        message += "; on the same loop that is a deadlock"
    related = tuple(Related(f"{name} is made here", s) for s in [span_of(tree, fut.made)] if s is not None)
    return Finding(
        BLOCKING, "warning", "possible", message, place.span(report.site.node), receiver, report.method,
        report.function.qualname, Cause("concurrent", "threadsafe" if threadsafe else "submit", span_of(tree, fut.made)), related,
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
