"""What the server needs of the analysis, as one value that is handed in.

The server never imports the analysis at its top: the process answers `initialize` first and imports the rest while it
waits. Tests hand in an engine of their own, also a slow or a stuck one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from tooearly.config import Settings
from tooearly.model import Edit, Finding, Fix, Notice, Placed, State
from tooearly.source.tree import Tree


class Report(Protocol):
    """The result of one analysis."""

    @property
    def placed(self) -> tuple[Placed, ...]:
        """What was found, in the order of the text; what has not changed is the same object as in the last version."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The same by positions in the text."""

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What the analysis has to say about the file."""

    @property
    def tree(self) -> Tree:
        """The tree."""

    @property
    def states(self) -> Callable[[], tuple[State, ...]]:
        """The state of each future after each line, computed when asked for."""


@dataclass(frozen=True, slots=True)
class Engine:
    """The analysis and the fixes, as functions. None of them raises for any text.

    `check(text, settings, memory=, modules=, filename=, cells=, stop=)` analyses a text; `stop` is called now and
    then and raises to give up. `memory()` is what it carries from one version of a text to the next. `offer(report,
    finding, settings)` makes the fixes of one finding, `vetted(report, finding, fixes, check)` disables those that
    do not keep their promise, `fix_all(report, settings, check, codes)` the edits that apply all safe ones, or
    those of some rules (`check` analyses a text under the same conditions). `states_text(text, settings, modules=,
    filename=)` renders the source with the state of each task beside each line. `may_have_site(text)` is a quick
    test that a text can have a finding at all. `url(code)` is the page of a rule, `explain(code)` its text.
    `walk(folder)` lists the Python files of a folder as the command line would. `refused` is what `check` raises
    for settings that it cannot use, and for nothing else.
    """

    check: Callable[..., Report]
    memory: Callable[[], Any]
    offer: Callable[[Report, Finding, Settings], Sequence[Fix]]
    vetted: Callable[[Report, Finding, Sequence[Fix], Callable[[str], Sequence[Finding]]], Sequence[Fix]]
    fix_all: Callable[[Report, Settings, Callable[[str], Report], Sequence[str]], Sequence[Edit]]
    states_text: Callable[..., str]
    may_have_site: Callable[[str], bool]
    url: Callable[[str], str]
    explain: Callable[[str], str]
    walk: Callable[[Path], Iterable[Path]]
    refused: type[Exception]


def load() -> Engine:
    """The engine of this package. Takes its time: these are the imports that a start does not wait for."""
    from tooearly import api, files, fixes, pages
    from tooearly.rules.links import url
    from tooearly.semantics.rows import RowError
    from tooearly.workspace import Workspace

    def offer(report: Report, finding: Finding, settings: Settings) -> Sequence[Fix]:
        place = report.tree.place_at(finding.span.start)  # only what stands beside it can be mended with it
        beside = [one for one in report.placed if place is None or place.start <= one.span.start < place.end]
        return fixes.offer(report.tree, finding, [one.finding.shifted(one.start) for one in beside], settings)

    def vetted(
        report: Report, finding: Finding, offered: Sequence[Fix], check: Callable[[str], Sequence[Finding]]
    ) -> Sequence[Fix]:
        assert isinstance(report, api.Report)
        return api.vetted(report, finding, offered, check)

    def fix_all(
        report: Report, settings: Settings, check: Callable[[str], Report], codes: Sequence[str]
    ) -> Sequence[Edit]:
        from tooearly.fixes.fix_all import fix_all as fix
        from tooearly.lsp.textdiff import edits_between

        def analyse(text: str) -> tuple[Tree, Sequence[Finding]]:
            again = report if text is report.tree.text else check(text)
            return again.tree, again.findings

        text = report.tree.text
        return edits_between(text, fix(text, analyse, settings, codes=codes).text)

    return Engine(
        check=partial(api.check, with_fixes=False),
        memory=api.Memory,
        offer=offer,
        vetted=vetted,
        fix_all=fix_all,
        states_text=api.states,
        may_have_site=api.prefilter,
        url=url,
        explain=pages.page,
        walk=lambda folder: files.walk(folder, Workspace()),
        refused=RowError,
    )
