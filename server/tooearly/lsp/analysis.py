"""The newest analysis of each open program, and who waits for it.

`request` puts a program's newest version into the scheduler; the job reads the settings, analyses, settles what to
show (`hold`) and renders it, all in the worker. What comes back is taken only if it is still of the newest version.
Requests wait with `latest`, and get the result of the newest version, never of an older one.
"""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tooearly.config import Settings
from tooearly.lsp import uris
from tooearly.lsp.convert import Diagnostics, Rendering, render
from tooearly.lsp.engine import Engine, Report
from tooearly.lsp.hold import Shown, settle
from tooearly.lsp.program import Program
from tooearly.lsp.schedule import Job, Scheduler
from tooearly.lsp.settings import Configuration, Resolved
from tooearly.lsp.vetting import Vetting
from tooearly.model import Edit, Finding, Fix, Placed, Span

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Analysed:
    """The analysis of one version of a program. `report` is None where nothing had to be analysed.

    `asked`: the modules that were looked for; `imports`: the keys of the documents that these may be.
    """

    program: Program
    resolved: Resolved
    report: Report | None = None
    shown: Shown | None = None
    diagnostics: dict[str, Diagnostics] = field(default_factory=dict)
    seconds: float = 0.0
    failure: str = ""
    asked: frozenset[str] = frozenset()
    imports: frozenset[str] = frozenset()
    offered: dict[Finding, Sequence[Fix]] = field(default_factory=dict, compare=False)

    def touching(self, span: Span) -> list[Finding]:
        """The findings that a range touches."""
        placed = self.shown.placed if self.shown is not None else ()
        return [one.finding.shifted(one.start) for one in placed if one.span.touches(span)]

    def known_fixes(self, finding: Finding) -> Sequence[Fix] | None:
        """The fixes of a finding, if they have been asked for."""
        return self.offered.get(finding)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is shown."""
        return self.shown.findings if self.shown is not None else ()


@dataclass(slots=True)
class _Entry:
    """One open program: its newest version, the newest result, what the next analysis builds on, and who waits."""

    program: Program
    result: Analysed | None = None
    memory: Any = None
    waiting: list[asyncio.Future[None]] = field(default_factory=list)


class Analyses:
    """All open programs. Everything but the jobs runs on the event loop's thread."""

    def __init__(
        self,
        scheduler: Scheduler,
        engine: Callable[[], Engine],
        configuration: Configuration,
        rendering: Callable[[], Rendering],
        arrived: Callable[[Analysed], None],
    ) -> None:
        self._scheduler, self._engine, self._configuration = scheduler, engine, configuration
        self._rendering, self._arrived = rendering, arrived
        self._entries: dict[str, _Entry] = {}
        self._vetting = Vetting(scheduler, self.fixes)

    def expect(self, program: Program) -> None:
        """Take a program in whose analysis is requested later; who asks for its result waits."""
        self._entries.setdefault(program.key, _Entry(program)).program = program

    def request(self, program: Program) -> None:
        """Analyse the newest version of a program."""
        self.expect(program)
        self._vetting.end(program.key)
        entry = self._entries[program.key]
        entry.memory = entry.memory if entry.memory is not None else _Memory()
        memory = entry.memory

        def done(outcome: Any) -> None:
            self._take(program, outcome)

        self._scheduler.submit(program.key, lambda job: self._analyse(job, program, entry.result, memory), done)

    def forget(self, key: str) -> None:
        """Let a program go; those who wait for it get nothing."""
        self._scheduler.cancel(key)
        self._vetting.end(key)
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._wake(entry)

    def drop_memory(self, key: Any) -> None:
        """Start a program from nothing next time: an analysis that did not come back still holds its memory."""
        entry = self._entries.get(key)
        if entry is not None:
            entry.memory = None
            entry.result = Analysed(entry.program, Resolved(Settings(), silent=True), failure="stuck")
            self._wake(entry)

    def importing(self, key: str) -> list[Program]:
        """The open programs that import a document, which may be open itself or not."""
        entries = self._entries.values()
        return [entry.program for entry in entries if entry.result is not None and key in entry.result.imports]

    def known(self, key: str) -> Analysed | None:
        """The newest result there is, which may be of an older version."""
        entry = self._entries.get(key)
        return entry.result if entry is not None else None

    async def latest(self, key: str) -> Analysed | None:
        """The result of the newest version, once it is there. None when the program is not open (any more)."""
        while (entry := self._entries.get(key)) is not None:
            if entry.result is not None and entry.result.program is entry.program:
                return entry.result
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            entry.waiting.append(waiter)
            self._scheduler.hurry(key)
            await waiter
        return None

    async def work(self, function: Callable[[], Any], *, urgent: bool = True) -> Any:
        """Run something in the worker, where the analysis runs: before what waits there, or after it."""
        return await self._scheduler.run(lambda _job: function(), urgent=urgent)

    async def aside(self, function: Callable[[Callable[[], None]], Any]) -> Any:
        """Run something in the worker that gives way to all else. It is handed what it has to call now and then."""
        return await self._scheduler.run(lambda job: function(job.check), urgent=False, yields=True)

    def full(self, analysed: Analysed) -> Report:
        """The report, made now if the quick test said that nothing can be found. To be called in the worker."""
        return analysed.report or self.check_once(analysed.program, analysed.resolved)

    def check_once(self, program: Program, resolved: Resolved, stop: Callable[[], None] | None = None) -> Report:
        """A report that nothing is kept of. To be called in the worker."""
        return self._check(program, resolved, self._engine().memory(), stop)

    def fixes(self, analysed: Analysed, finding: Finding, stop: Callable[[], None] | None = None) -> Sequence[Fix]:
        """The fixes of a finding, those disabled that do not keep their promise. To be called in the worker."""
        report, program, resolved = analysed.report, analysed.program, analysed.resolved
        assert report is not None
        if finding not in analysed.offered:
            entry, engine = self._entries.get(program.key), self._engine()
            memory = entry.memory.get(engine) if entry is not None and entry.memory is not None else engine.memory()

            def check(text: str) -> Sequence[Finding]:
                return self._check(program.changed(text), resolved, memory, stop).findings

            offered = engine.offer(report, finding, resolved.settings)
            if analysed.shown is None or not analysed.shown.is_held(finding):
                offered = engine.vetted(report, finding, offered, check)
            analysed.offered[finding] = offered
        return analysed.offered[finding]

    def untried(self, analysed: Analysed, finding: Finding) -> Sequence[Fix]:
        """The fixes of a finding, whether they keep their promise or not. To be called in the worker."""
        assert analysed.report is not None
        return self._engine().offer(analysed.report, finding, analysed.resolved.settings)

    def is_behind(self, key: str) -> bool:
        """Whether a program has been edited since its newest result."""
        entry = self._entries.get(key)
        return entry is not None and entry.result is not None and entry.result.program is not entry.program

    def states_text(self, analysed: Analysed) -> str:
        """The source with the state of each task beside each line. To be called in the worker."""
        program, resolved = analysed.program, analysed.resolved
        return self._engine().states_text(
            program.text, resolved.settings, modules=resolved.modules, filename=_filename(program)
        )

    def edits_of_all(self, analysed: Analysed, codes: Sequence[str] = ()) -> Sequence[Edit]:
        """The edits that apply all safe fixes, or those of some rules. To be called in the worker."""
        program, resolved = analysed.program, analysed.resolved

        def check(text: str) -> Report:
            return self.check_once(program.changed(text), resolved)

        if analysed.report is None:
            return ()
        return self._engine().fix_all(analysed.report, resolved.settings, check, codes)

    def _take(self, program: Program, outcome: Any) -> None:
        entry = self._entries.get(program.key)
        if entry is None or entry.program is not program:
            return
        if isinstance(outcome, BaseException):
            log.error("the analysis of %s failed: %s", program.uri, _trace(outcome))
            outcome = Analysed(program, Resolved(Settings(), silent=True), failure=repr(outcome))
        for part in program.parts if outcome.report is not None and len(program.parts) == 1 else ():
            part.document.adopt(outcome.report.tree.lines)
        before = entry.result.program.text if entry.result is not None else ""
        entry.result = outcome
        self._wake(entry)
        self._arrived(outcome)
        if outcome.shown is not None and outcome.shown.placed:
            self._vetting.begin(program.key, outcome, before)

    def _wake(self, entry: _Entry) -> None:
        waiting, entry.waiting = entry.waiting, []
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)

    def _analyse(self, job: Job, program: Program, before: Analysed | None, memory: _Memory) -> Analysed:
        begun = time.perf_counter()
        resolved = self._configuration.resolve(program.uri)
        analysed = Analysed(program, resolved)
        if not resolved.silent and self._engine().may_have_site(program.text):
            # What the memory does not hold yet is only kept by an analysis that comes to its end, so the first one
            # does, even if it has been overtaken: else who types steadily would never see a result.
            is_warm = before is not None and before.report is not None and before.resolved.settings == resolved.settings
            stop = job.check if is_warm else job.beat
            report, asked = self._asked(program, resolved, memory.get(self._engine()), stop)
            if len(program.parts) == 1:
                program.parts[0].document.adopt(report.tree.lines)
            shown = settle(before.shown if before is not None else None, report.tree, report.placed)
            imports = _imports(resolved, asked, before)
            analysed = replace(analysed, report=report, shown=shown, asked=asked, imports=imports)
        job.check()
        rendered = self._render(analysed, before)
        return replace(analysed, diagnostics=rendered, seconds=time.perf_counter() - begun)

    def _asked(
        self, program: Program, resolved: Resolved, memory: Any, stop: Callable[[], None] | None
    ) -> tuple[Report, frozenset[str]]:
        """A report, and the names of the modules that were asked for."""
        names: set[str] = set()
        modules = resolved.modules

        def noted(name: str) -> str | None:
            names.add(name)
            return modules(name) if modules is not None else None

        return self._check(program, replace(resolved, modules=noted), memory, stop), frozenset(names)

    def _check(self, program: Program, resolved: Resolved, memory: Any, stop: Callable[[], None] | None) -> Report:
        def check(settings: Settings) -> Report:
            return self._engine().check(
                program.text,
                settings,
                memory=memory,
                modules=resolved.modules,
                filename=_filename(program),
                cells=program.cells or (),
                stop=stop,
            )

        try:
            return check(resolved.settings)
        except self._engine().refused as error:  # rows of the user that cannot be used
            self._configuration.complain(str(error))
            return check(replace(resolved.settings, api=()))

    def _render(self, analysed: Analysed, before: Analysed | None) -> dict[str, Diagnostics]:
        program, how = analysed.program, self._rendering()
        rendered: dict[str, Diagnostics] = {}
        placed = analysed.shown.placed if analysed.shown is not None else ()
        for part in program.parts:
            here: Sequence[Placed] = placed
            if len(program.parts) > 1:
                here = [one for one in placed if program.part_at(one.span.start) is part]
            old = before.diagnostics.get(part.document.key) if before is not None else None
            rendered[part.document.key] = render(program, here, how, old).follow(old)
        return rendered


def _imports(resolved: Resolved, asked: frozenset[str], before: Analysed | None) -> frozenset[str]:
    if before is not None and before.asked == asked and before.resolved is resolved:
        return before.imports
    return frozenset(uris.key_of_path(place) for name in asked for place in resolved.places(name))


class _Memory:
    """The engine's memory of one program, made when the engine is there."""

    def __init__(self) -> None:
        self._memory: Any = None

    def get(self, engine: Engine) -> Any:
        if self._memory is None:
            self._memory = engine.memory()
        return self._memory


def _filename(program: Program) -> str:
    path = uris.to_path(program.uri)
    return program.uri if path is None else str(path)


def _trace(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)).strip()
