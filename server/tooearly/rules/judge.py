"""From reports to findings: the rules' decisions, severities and messages.

`result-before-done`: reported when the future may be unfinished at the read, unless the code expects the
InvalidStateError. "always" when it is unfinished on every run that comes to the read. A future in an unknown state is
reported on demand (`report-unproven`), as information. `blocking-result`: a concurrent future's `result()` on the
event loop's thread.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from operator import itemgetter

from tooearly.config import Settings
from tooearly.flow import witness
from tooearly.flow.analyse import Analysis
from tooearly.flow.objects import Fut
from tooearly.flow.reports import Report
from tooearly.flow.values import Site
from tooearly.model import Cause, Finding, Placed, Related, Span
from tooearly.semantics.names import Function, Module
from tooearly.source.tree import Place, Syntax, Tree

MAIN, BLOCKING = "result-before-done", "blocking-result"
Key = tuple[Site, str]  # a read and a rule
_MARK = "\0"
_PLACE = itemgetter(0, 1)


@dataclass(frozen=True, slots=True)
class Wording:
    """A message in which lines are named: its text around them, and the sites that they are of."""

    texts: tuple[str, ...]
    sites: tuple[Site, ...]

    def message(self, tree: Tree) -> str:
        """The message with the lines of this version."""
        if not self.sites:
            return self.texts[0]
        lines = [*map(line_of, repeat(tree), self.sites), ""]
        return "".join(chain.from_iterable(zip(self.texts, lines, strict=True)))


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """What was decided on a read: where the units stood that it speaks of, and the finding.

    The finding's positions count from the first place, that of the read's own unit. It holds as long as no unit has
    moved away from the others; if they have changed their lines together, its message is `wording` with the new ones.
    """

    places: tuple[Place, ...]
    finding: Finding | None
    wording: Wording | None = None

    def touches(self, site: Site, changed: Mapping[Syntax, int]) -> bool:
        """Whether it depends on more of a unit's text than what is before the offset of a change."""
        if len(self.places) > 1 or self.finding is None:
            return any(place.unit.syntax in changed for place in self.places)
        offset = changed.get(site.unit)
        return offset is not None and any(span is not None and span.end >= offset for span in self.finding.spans())

    def follow(self, tree: Tree) -> Verdict | None:
        """The verdict in this version, if the reports are still the same; None if it has to be decided anew."""
        places = tuple([tree.place(place.unit.syntax) for place in self.places])
        if (
            len({(new.start - old.start, new.line - old.line) for new, old in zip(places, self.places, strict=True)})
            > 1
        ):
            return None
        if self.finding is None or self.wording is None or places[0].line == self.places[0].line:
            return self
        return Verdict(places, worded(self.finding, self.wording.message(tree)), self.wording)


class Judged:
    """The verdicts on one document, kept from one version to the next."""

    def __init__(self) -> None:
        self._settings: Settings | None = None
        self._tree: Tree | None = None
        self._forget()

    def _forget(self) -> None:
        self._analyses: Mapping[Function, Analysis] = {}
        self._reports: dict[Key, dict[Analysis, Report]] = {}
        self._verdicts: dict[Key, Verdict] = {}

    def update(self, tree: Tree, analyses: Mapping[Function, Analysis], settings: Settings) -> tuple[Placed, ...]:
        """The findings of this version, in the order of the text."""
        if settings != self._settings:
            self._forget()
            self._settings = settings
        touched = self._touched(analyses) | self._rewritten(tree)
        self._analyses, self._tree = analyses, tree
        for key in touched:
            self._verdicts.pop(key, None)
            if self._reports[key] and tree.find(key[0].unit) is not None:
                self._verdicts[key] = self._decide(tree, key, settings)
        placed: list[tuple[int, int, Placed]] = []
        for key, verdict in self._verdicts.items():
            if verdict.finding is not None:
                before = verdict.places[0]
                start, line = tree.start(before.unit.syntax)
                if line != before.line or len(verdict.places) > 1:
                    verdict = verdict.follow(tree) or self._decide(tree, key, settings)
                    self._verdicts[key] = verdict
                if (finding := verdict.finding) is not None:
                    span = finding.span
                    placed.append((start + span.start, span.end - span.start, Placed(finding, start)))
        placed.sort(key=_PLACE)
        return tuple([one[2] for one in placed])

    def _touched(self, analyses: Mapping[Function, Analysis]) -> set[Key]:
        """The reads on which there is another report now, or one less."""
        touched: set[Key] = set()
        for root, analysis in self._analyses.items():
            if analyses.get(root) is not analysis:
                touched |= analysis.reports.keys()
                for key in analysis.reports:
                    del self._reports[key][analysis]
        for root, analysis in analyses.items():
            if self._analyses.get(root) is not analysis:
                touched |= analysis.reports.keys()
                for key, report in analysis.reports.items():
                    self._reports.setdefault(key, {})[analysis] = report
        return touched

    def _rewritten(self, tree: Tree) -> set[Key]:
        """The reads whose verdict names a place at or behind which a text has changed while its syntax has not."""
        changed = tree.rewritten(self._tree) if self._tree is not None else {}
        if not changed:
            return set()
        near = [(k, v) for k, v in self._verdicts.items() if k[0].unit in changed or len(v.places) > 1]
        return {key for key, verdict in near if verdict.touches(key[0], changed)}

    def _decide(self, tree: Tree, key: Key, settings: Settings) -> Verdict:
        seen = self._reports[key]
        if len(seen) > 1:  # in the order of the roots, however they came about
            seen = {analysis: seen[analysis] for analysis in self._analyses.values() if analysis in seen}
        others = {module for analysis in seen for module in analysis.modules.values() if module is not None}
        return decide(tree, key[0], list(seen.values()), settings, others)


def decide(
    tree: Tree, site: Site, reports: Sequence[Report], settings: Settings, others: Collection[Module] = ()
) -> Verdict:
    """The verdict on a read, on what the roots saw there; `others` are the modules that they looked into."""
    place = tree.place(site.unit)
    found, wording = None, None
    program = [report for report in reports if report.program]
    if program and not any(report.early for report in program):
        reports = program  # what is set up before shows that it is never too early
    if not place.unit.is_repaired(place.unit.span(site.node)):
        found, wording = judge(tree, reports[0] if len(reports) == 1 else joined(reports), settings, others)
        found = found if found is not None and settings.enabled(found.code) else None
    units = {
        site.unit,
        *(other.unit for report in reports for fut in report.early for other in _sites(fut)),
    }
    elsewhere = [there for unit in units - {site.unit} if (there := tree.find(unit)) is not None]
    return Verdict((place, *elsewhere), found and found.shifted(-place.start), wording)


def _sites(fut: Fut) -> list[Site]:
    """The places that a future's story may name."""
    named = (fut.made, fut.note.site, fut.note.handler) if fut.note is not None else (fut.made,)
    return [site for site in named if site is not None]


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
        all(r.certain for r in reports),
        any(r.unproven for r in reports),
        any(r.fine for r in reports),
        any(r.handled for r in weighed),
        any(r.unhandled for r in weighed),
        any(r.threaded for r in reports),
    )


def judge(
    tree: Tree, report: Report, settings: Settings, others: Collection[Module] = ()
) -> tuple[Finding | None, Wording | None]:
    """The finding of one read, or None, and how its message names lines."""
    if report.code == BLOCKING:
        finding = blocking(tree, report)
        return finding, Wording((finding.message,), ())
    if report.early and not (report.handled and not report.unhandled):
        return early(tree, report, others)
    if report.unproven and not report.early and settings.report_unproven:
        finding = unproven(tree, report)
        return finding, Wording((finding.message,), ())
    return None, None


def early(tree: Tree, report: Report, others: Collection[Module] = ()) -> tuple[Finding, Wording | None]:
    """A read that comes too early on some run, or on every one."""
    certain = report.certain and not report.fine
    place = tree.place(report.site.unit)
    receiver = place.span(report.receiver)
    name = shown(tree.text[receiver.start : receiver.end])
    sites: list[Site] = []

    def marked(site: Site | None) -> str:
        """A mark in the place of the site's line."""
        if site is None or not line_of(tree, site):
            return ""
        sites.append(site)
        return f"{_MARK}{len(sites) - 1}{_MARK}"

    story = witness.tell(name, report.early, report.method, certain, marked)
    texts = story.message.split(_MARK)
    wording = Wording(tuple(texts[::2]), tuple([sites[int(number)] for number in texts[1::2]]))
    steps = [step_at(tree, others, text, site) for text, site in story.steps]
    related = tuple(step for step in steps if step is not None)
    fut = max(report.early, key=witness.telling)
    note = fut.note
    cause = Cause(
        "mixed" if report.threaded else fut.kind,
        story.why,
        span_of(tree, fut.made),
        span_of(tree, note.site) if note and story.why not in ("fresh", "unset", "inside-group") else None,
        span_of(tree, note.handler) if note else None,
    )
    finding = Finding(
        MAIN,
        "error" if certain else "warning",
        "always" if certain else "possible",
        wording.message(tree),
        place.span(report.site.node),
        receiver,
        report.method,
        report.function.qualname,
        cause,
        related,
    )
    return finding, wording


def worded(finding: Finding, message: str) -> Finding:
    """A finding that has moved to other lines, with the message for these: another object, even if that is the same.

    (`replace` takes several times as long.)
    """
    return Finding(
        finding.code, finding.severity, finding.certainty, message, finding.span, finding.receiver, finding.method,
        finding.function, finding.cause, finding.related, finding.fixes,
    )  # fmt: skip


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


def step_at(tree: Tree, others: Collection[Module], text: str, site: Site) -> Related | None:
    """A step of the story where it is: in the document, or in the file of another module."""
    span = span_of(tree, site)
    if span is not None:
        return Related(text, span)
    for module in others:
        span = span_of(module.tree, site) if module.path is not None else None
        if span is not None:
            return Related(text, span, module.path)
    return None


def line_of(tree: Tree, site: Site | None) -> str:
    """The line number of a site, in words; empty when it stands in another file."""
    line = getattr(site.node, "lineno", None) if site is not None else None
    if site is None or line is None or not tree.holds(site.unit):
        return ""
    return str(tree.start(site.unit)[1] + line)


def shown(text: str) -> str:
    """A receiver as it is named in a message."""
    flat = " ".join(text.replace(_MARK, " ").split())
    return f"`{flat}`" if len(flat) <= 40 else f"`{flat[:37]}...`"


Locate = Callable[[Site], Span | None]
__all__ = ["BLOCKING", "MAIN", "Judged"]
