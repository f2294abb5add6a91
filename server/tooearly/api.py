"""The one door: text in, findings out. Pure: no file is read and nothing is written here.

`check` parses by blocks, resolves names, interprets the functions that hold or lead to a read, judges, suppresses, and
(on request) offers fixes. Hand the same `Memory` in again with the next version of a document: a function whose text,
and whatever its judgement consulted, is unchanged is not interpreted again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

from tooearly import fixes
from tooearly.config import Settings
from tooearly.flow import view
from tooearly.flow.analyse import GivenUp
from tooearly.flow.remember import Load, Remembered
from tooearly.model import FileText, Finding, Fix, Notice, Placed, Span, State
from tooearly.rules import judge
from tooearly.semantics.modules import build_module
from tooearly.semantics.names import Module
from tooearly.semantics.rows import Rows, rows_with
from tooearly.source.tree import ParseMemory, Tree, parse
from tooearly.suppress import suppressed, unused_notice

READ = re.compile(r"\b(?:result|exception)\b")
READ_BYTES = re.compile(rb"\b(?:result|exception)\b")

MOST_VETTED = 40
"""With more findings than this the outcome of a fix is not analysed before it is offered, only when it is made."""
VETTING_STEPS = 60_000
"""Steps that may be spent on the outcomes of a document's fixes: each costs the analysis of the root that it is in."""


class Memory:
    """What is kept of a document from one version to the next. Opaque; one per document."""

    def __init__(self) -> None:
        self.parse = ParseMemory()
        self.module: Module | None = None
        self.analyses = Remembered()
        self.judged = judge.Judged()
        self._rows: tuple[object, Rows] = ((), rows_with(()))

    def rows(self, settings: Settings) -> Rows:
        """The rows in force. Raises RowError."""
        if self._rows[0] != settings.api:
            self._rows = settings.api, rows_with(settings.api)
        return self._rows[1]


@dataclass(frozen=True)
class Report:
    """What `check` has found in one version of a document.

    `placed` are the findings as they are kept from version to version: as long as nothing about one has changed but
    where its unit begins, it is the same object. `large` are the functions that were not followed to their ends;
    `steps` is what the function took that took most.
    """

    placed: tuple[Placed, ...]
    notices: tuple[Notice, ...]
    tree: Tree
    functions: int = 0
    states: Callable[[], tuple[State, ...]] = field(default=lambda: (), compare=False)
    large: tuple[Span, ...] = ()
    steps: int = 0

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """The findings by position in the document."""
        return tuple(one.finding.shifted(one.start) for one in self.placed)


def prefilter(text: str | bytes) -> bool:
    """Whether a file can contain a read at all. Fast, and never wrong in saying no."""
    if isinstance(text, bytes):  # (a text without either word is gone through ten times as fast so)
        return (b"result" in text or b"exception" in text) and bool(READ_BYTES.search(text))
    return ("result" in text or "exception" in text) and bool(READ.search(text))


def check(
    text: str,
    settings: Settings | None = None,
    *,
    memory: Memory | None = None,
    modules: Callable[[str], str | None] | None = None,
    filename: str = "<stdin>",
    with_fixes: bool = True,
    cells: tuple[int, ...] = (),
    stop: Callable[[], None] | None = None,
) -> Report:
    """All findings of one document.

    `modules` gives the text of another module by its dotted name as an import writes it (leading dots: relative to
    this file), or None; a package is asked for as `package.__init__` first. `cells` are the offsets at which the cells
    of a notebook begin: between two cells time passes. `stop` is called now and then, and gives up by raising what is
    no Exception. Never raises for any text (RowError for rows of the user that cannot be used).
    """
    del filename
    settings = settings or Settings()
    memory = memory or Memory()
    look = stop or _go_on
    tree = parse(text, memory.parse, notebook=bool(cells))
    look()
    notices = _syntax_notices(tree)
    if not prefilter(text):
        return Report((), tuple(notices), tree)
    module = memory.module = build_module(tree, before=memory.module)
    module.cells = cells
    look()
    load = _loader(modules)
    eager = "eager_task_factory" in text or "eager_start" in text
    analyses = memory.analyses.update(module, memory.rows(settings), load, eager=eager, stop=stop)
    given_up = [given for analysis in analyses.values() for given in analysis.given_up]
    notices += [_bound_notice(tree, given) for given in given_up]
    look()
    placed = memory.judged.update(tree, analyses, settings)
    suppressions = suppressed(text)
    notices += suppressions.notices
    if suppressions.ignores:
        placed, unused = suppressions.apply(placed, tree.lines)
        notices += map(unused_notice, unused)
    steps = max((analysis.steps for analysis in analyses.values()), default=0)
    large = tuple(_span(tree, given) for given in given_up if not given.caller)
    report = Report(
        placed, tuple(notices), tree, len(analyses), lambda: _states(module, settings, load, eager), large, steps
    )
    if not with_fixes:
        return report

    def again(changed: str) -> tuple[Finding, ...]:
        moved = _moved(cells, text, changed)
        return check(
            changed, settings, memory=memory, modules=modules, with_fixes=False, cells=moved, stop=stop
        ).findings

    return _with_fixes(report, settings, again)


def _go_on() -> None:
    """Nobody wants to stop."""


def _moved(cells: tuple[int, ...], old: str, new: str) -> tuple[int, ...]:
    """Where the cells of a notebook begin after a change: those behind its beginning have moved by what was added."""
    same = next((at for at, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), len(old))
    return tuple(cell if cell <= same else cell + len(new) - len(old) for cell in cells)


def vetted(
    report: Report, finding: Finding, offered: Sequence[Fix], again: Callable[[str], Sequence[Finding]]
) -> tuple[Fix, ...]:
    """The fixes of a finding, those disabled whose outcome (`again`) still has the finding, or a new one.

    In a function that is too large to follow to its ends, nothing can be said of an outcome.
    """
    if any(span.overlaps(finding.span) for span in report.large):
        return fixes.untried(offered)
    return fixes.vetted(report.tree, finding, offered, report.findings, again)


def _with_fixes(report: Report, settings: Settings, again: Callable[[str], tuple[Finding, ...]]) -> Report:
    """The report with fixes."""
    tree, found, left = report.tree, report.findings, VETTING_STEPS
    fixed: list[Placed] = []
    for finding in found:
        offered = fixes.offer(tree, finding, found, settings)
        if len(found) <= MOST_VETTED:
            left -= report.steps * sum(fix.applicability == "unsafe" and not fix.disabled for fix in offered)
            offered = vetted(report, finding, offered, again) if left > 0 else fixes.untried(offered)
        fixed.append(Placed(replace(finding, fixes=offered), 0))
    return replace(report, placed=tuple(fixed))


def _loader(modules: Callable[[str], str | None] | None) -> Load:
    """Other modules of the workspace, parsed when they are first asked for and kept by their text."""
    if modules is None:
        return None
    asked: dict[str, Module | None] = {}

    def load(name: str) -> Module | None:
        if name not in asked:
            package = modules(f"{name}__init__" if name.endswith(".") else f"{name}.__init__")
            text = modules(name) if package is None else package
            path = text.path if isinstance(text, FileText) else None
            asked[name] = None if text is None else _module_of(name, str(text), package is not None, path)
        return asked[name]

    return load


@lru_cache(maxsize=256)
def _module_of(name: str, text: str, is_package: bool, path: str | None) -> Module:
    """The module of a text. A pure function, kept because every file of a package imports the same ones."""
    module = build_module(parse(text), name, is_package=is_package)
    module.path = path
    return module


def _syntax_notices(tree: Tree) -> list[Notice]:
    out = []
    for index in [index for index, block in enumerate(tree.blocks) if block.broken]:
        item = tree.item(index)
        for place in (item.place, *item.members):
            if place.unit.error:
                repaired = place.unit.repaired
                where = repaired[0].shifted(place.start) if repaired else Span(place.start, place.end)
                out.append(Notice("syntax", place.unit.error, where))
    return out


def _bound_notice(tree: Tree, given: GivenUp) -> Notice:
    span = _span(tree, given)
    kind = "internal" if given.why.startswith("internal error") else "bound"
    judged = "judged only in part" if given.partial else "not judged"
    where = f" where {given.caller} calls it" if given.caller else ""
    return Notice(kind, f"{given.function.qualname} is {judged}: {given.why}{where}", Span(span.start, span.start))


def _span(tree: Tree, given: GivenUp) -> Span:
    place = tree.place(given.function.unit)
    node = given.function.node
    return place.span(node) if hasattr(node, "lineno") else Span(place.start, place.start)


# The inside, printed
def _states(module: Module, settings: Settings, load: Load, eager: bool) -> tuple[State, ...]:
    return tuple(view.states(module, rows_with(settings.api), load, eager=eager))


def states(
    text: str,
    settings: Settings | None = None,
    *,
    modules: Callable[[str], str | None] | None = None,
    filename: str = "<stdin>",
) -> str:
    """The source with the state of each task beside each line."""
    report = check(text, settings, modules=modules, filename=filename, with_fixes=False)
    return view.beside(report.tree, report.states(), report.findings)


def cfg(text: str, function: str, *, dot: bool = False) -> str:
    """The graph of a function by its dotted name, as text or for Graphviz. LookupError when there is none."""
    return view.graph(build_module(parse(text)), function, dot=dot)


def explain(
    text: str,
    row: int,
    settings: Settings | None = None,
    *,
    modules: Callable[[str], str | None] | None = None,
    filename: str = "<stdin>",
) -> str:
    """The findings on a line (from 1), each with the steps that lead there and what can be done."""
    report = check(text, settings, modules=modules, filename=filename)
    return view.explained(report.tree, report.findings, report.states(), row)


def rows(settings: Settings | None = None) -> str:
    """The API rows in force and where each comes from."""
    return view.rows(rows_with((settings or Settings()).api))
