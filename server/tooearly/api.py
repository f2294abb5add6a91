"""The one door: text in, findings out. Pure: no file is read and nothing is written here.

`check` parses by blocks, resolves names, interprets the functions that hold or lead to a read, judges, suppresses, and
(on request) offers fixes. Hand the same `Memory` in again with the next version of a document: a function whose text,
and whatever its judgement consulted, is unchanged is not interpreted again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from tooearly import fixes
from tooearly.config import Settings
from tooearly.flow import view
from tooearly.flow.analyse import Analysis, GivenUp, analyse, roots
from tooearly.model import Finding, Notice, Span, State
from tooearly.rules import judge
from tooearly.semantics.names import Class, Function, Module, build_module
from tooearly.semantics.rows import Rows, rows_with
from tooearly.source.tree import ParseMemory, Tree, parse
from tooearly.suppress import suppressed, unused_notice

READ = re.compile(r"\b(?:result|exception)\b")
READ_BYTES = re.compile(rb"\b(?:result|exception)\b")


class Memory:
    """What is kept of a document from one version to the next. Opaque; one per document."""

    def __init__(self) -> None:
        self.parse = ParseMemory()
        self.names: dict[Any, Any] = {}
        self.analyses: dict[Any, Kept] = {}
        self.judged: judge.Judged = {}


@dataclass(frozen=True)
class Report:
    """What `check` has found in one version of a document."""

    findings: tuple[Finding, ...]
    notices: tuple[Notice, ...]
    tree: Tree
    functions: int = 0
    states: Callable[[], tuple[State, ...]] = field(default=lambda: (), compare=False)


def prefilter(text: str | bytes) -> bool:
    """Whether a file can contain a read at all. Fast, and never wrong in saying no."""
    return bool(READ_BYTES.search(text) if isinstance(text, bytes) else READ.search(text))


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
    this file), or None. `cells` are the offsets at which the cells of a notebook begin: between two cells time passes.
    `stop` is called between functions and may raise to give up. Never raises for any text (RowError for rows of the
    user that cannot be used).
    """
    del filename
    settings = settings or Settings()
    memory = memory or Memory()
    tree = parse(text, memory.parse)
    notices = _syntax_notices(tree)
    if not prefilter(text):
        return Report((), tuple(notices), tree)
    module = build_module(tree, memory=memory.names)
    module.cells = cells
    load = _loader(modules, memory)
    merged: judge.Merged = {}
    chosen = roots(module)
    eager = "eager_task_factory" in text or "eager_start" in text
    kept: dict[Any, Kept] = {}
    for root in chosen:
        if stop is not None:
            memory.analyses |= kept  # what is done already serves the next version too
            stop()
        kept[root] = _analysis(module, root, rows_with(settings.api), load, memory, settings, eager)
        judge.merge(merged, kept[root].analysis.reports.values())
        notices += [_bound_notice(tree, given) for given in kept[root].analysis.given_up]
    memory.analyses = kept
    suppressions = suppressed(text)
    found, unused = suppressions.apply(judge.findings(tree, merged, settings, memory.judged), tree.lines)
    notices += [*suppressions.notices, *map(unused_notice, unused)]
    if with_fixes:
        found = tuple(replace(f, fixes=fixes.offer(tree, f, found, settings)) for f in found)
    return Report(found, tuple(notices), tree, len(chosen), lambda: _states(module, settings, load, eager))


@dataclass(frozen=True, slots=True)
class Kept:
    """The analysis of one root and what it holds for."""

    analysis: Analysis
    settings: Settings
    eager: bool


def _analysis(
    module: Module, root: Function, rows: Rows, load: Load, memory: Memory, settings: Settings, eager: bool
) -> Kept:
    """The analysis of a root, from the memory when nothing that it consulted has changed."""
    known = memory.analyses.get(root)
    kept = known is not None and known.settings == settings and known.eager == eager and root is not module.body
    if kept and known is not None and _still_holds(known.analysis, module, load):
        return known
    return Kept(analyse(module, root, rows, load, eager=eager), settings, eager)


def _still_holds(analysis: Analysis, module: Module, load: Load) -> bool:
    """Whether every name, class and module that was looked up still is what it was."""
    classes: dict[str, Class] | None = None
    for key, value in analysis.consulted.items():
        match key:
            case ("name", str(owner), str(name)):
                there = module if owner == module.name else (load(owner) if load else None)
                if (there.bindings.get(name) if there else None) != value:
                    return False
            case ("class", owner, str(qualname)) if owner == module.name:
                if classes is None:
                    classes = {c.qualname: c for c in module.classes}
                if qualname in classes and classes[qualname] is not value:
                    return False
            case ("module", str(name)):
                if (load(name) if load else None) is not value:
                    return False
    return True


Load = Callable[[str], Module | None] | None


def _loader(modules: Callable[[str], str | None] | None, memory: Memory) -> Load:
    """Other modules of the workspace, parsed when they are first asked for and kept by their text."""
    if modules is None:
        return None
    asked: dict[str, Module | None] = {}

    def load(name: str) -> Module | None:
        if name not in asked:
            text = modules(name)
            asked[name] = None if text is None else _module_of(name, text)
        return asked[name]

    del memory
    return load


@lru_cache(maxsize=256)
def _module_of(name: str, text: str) -> Module:
    """The module of a text. A pure function, kept because every file of a package imports the same ones."""
    return build_module(parse(text), name)


def _syntax_notices(tree: Tree) -> list[Notice]:
    out = []
    for place in tree.places():
        if place.unit.error:
            where = place.unit.repaired[0].shifted(place.start) if place.unit.repaired else Span(place.start, place.end)
            out.append(Notice("syntax", place.unit.error, where))
    return out


def _bound_notice(tree: Tree, given: GivenUp) -> Notice:
    place = tree.place(given.function.unit)
    node = given.function.node
    span = place.span(node) if hasattr(node, "lineno") else Span(place.start, place.start)
    kind = "internal" if given.why.startswith("internal error") else "bound"
    return Notice(kind, f"{given.function.qualname} is not judged: {given.why}", Span(span.start, span.start))


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
