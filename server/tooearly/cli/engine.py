"""Checking and fixing one file, and many files in several processes.

A file goes through a filter on its bytes first: without a name that could read a result there is nothing to analyse,
and only its syntax is looked at, so that a broken file is never passed over in silence. Symbol tables are the cheapest
way to CPython's own verdict: they need no tree of Python objects.
"""

from __future__ import annotations

import os
import signal
import symtable
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tooearly import textfile
from tooearly.cli.results import Check, Checked, Fixing, Source
from tooearly.config import Settings
from tooearly.textfile import SourceFile, TextFileError
from tooearly.workspace import Project, Workspace

if TYPE_CHECKING:
    from tooearly.api import Report
    from tooearly.model import Finding
    from tooearly.source.tree import Tree

FILES_FOR_PROCESSES = 64
"""Below this number of files a second process costs more than it brings."""
CHUNKS_PER_PROCESS = 6


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do with every file; plain values and named functions, so that another process can have it.

    `fixed` is the project of `--config`. `select` (None: as configured) and `ignore` come from the command line.
    """

    check: Check
    prefilter: Callable[[bytes], bool]
    fixing: Fixing | None = None
    fixed: Project | None = None
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()

    def settings(self, path: Path, workspace: Workspace) -> Settings:
        """The settings for one file; raises ConfigError."""
        settings = workspace.settings(path)
        select = settings.select if self.select is None else self.select
        return replace(settings, select=select, ignore=(*settings.ignore, *self.ignore))


def check_all(paths: Sequence[Path], plan: Plan, jobs: int = 0) -> list[Checked]:
    """Checks files, in as many processes as `jobs` says (0: as many as pay), and gives the results in order."""
    jobs = jobs or (os.cpu_count() or 1 if len(paths) >= FILES_FOR_PROCESSES else 1)
    if jobs == 1 or len(paths) < 2:
        return _check_some(plan, paths)
    count = min(jobs * CHUNKS_PER_PROCESS, len(paths))
    done = _in_processes(partial(_check_some, plan), [paths[first::count] for first in range(count)], jobs)
    return [done[index % count][index // count] for index in range(len(paths))]


def _in_processes(
    work: Callable[[Sequence[Path]], list[Checked]], chunks: Sequence[Sequence[Path]], jobs: int
) -> list[list[Checked]]:
    """`work` for each chunk, in order. When this process is interrupted, the others are ended."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(jobs, initializer=_leave_interrupts_to_parent) as pool:
        try:
            return list(pool.map(work, chunks))
        except BaseException:
            for child in multiprocessing.active_children():
                child.terminate()
            raise  # leaving the block waits for the pool's own thread, which would otherwise be heard at the exit


def _leave_interrupts_to_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _check_some(plan: Plan, paths: Sequence[Path]) -> list[Checked]:
    workspace = Workspace(plan.fixed)
    return [check_path(path, plan, workspace) for path in paths]


def check_path(path: Path, plan: Plan, workspace: Workspace) -> Checked:
    """Checks one file, and with a fixing that writes, rewrites it. Raises ConfigError only."""
    begun = time.perf_counter()
    settings = plan.settings(path, workspace)
    name = str(path)
    modules = workspace.modules(path)
    try:
        source = textfile.read(path)
    except TextFileError as error:
        return Checked(name, warning=f"{name}: {error}")
    checked = check_text(name, source, plan, settings, modules)
    if checked.before is not None and plan.fixing and plan.fixing.write:
        try:
            textfile.write(path, source, checked.text)
        except TextFileError as error:
            unfixed = check_text(name, source, replace(plan, fixing=None), settings, modules)
            checked = replace(unfixed, warning=f"{name}: {error}")
    return replace(checked, seconds=time.perf_counter() - begun)


def check_text(
    name: str, source: SourceFile, plan: Plan, settings: Settings, modules: Callable[[str], str | None]
) -> Checked:
    """Checks the text of one file, and fixes it if the plan says so. Writes nothing and does not raise."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if not plan.prefilter(source.raw):
            return Checked(name, warning=_syntax_warning(name, source.text))
        check = partial(plan.check, settings=settings, modules=modules, filename=name)
        try:
            if plan.fixing is None:
                return _result(name, source.text, check(source.text))
            return _fixed(name, source.text, check, plan.fixing, settings)
        except Exception as error:
            if os.environ.get("TOOEARLY_DEBUG"):
                raise
            return Checked(name, warning=f"{name}: internal error, please report it: {type(error).__name__}: {error}")


def _fixed(name: str, text: str, check: Callable[..., Report], fixing: Fixing, settings: Settings) -> Checked:
    """What remains after fixing."""
    before: list[int] = []

    def analyse(text: str) -> tuple[Tree, Sequence[Finding]]:
        report = check(text, with_fixes=False)
        before.append(len(report.findings))
        return report.tree, report.findings

    outcome = fixing.fix_all(text, analyse, settings, kind=fixing.kind, unsafe=fixing.unsafe)
    result = _result(name, outcome.text, check(outcome.text))
    if outcome.text == text:
        return result
    return replace(result, before=text, fixed=before[0] - len(result.findings))


def _result(name: str, text: str, report: Report) -> Checked:
    broken = next((notice for notice in report.notices if notice.kind == "syntax"), None)
    where = "" if broken is None else Source(name, text).place(broken.span.start)
    fault = next((notice for notice in report.notices if notice.kind == "internal"), None)
    warning = "" if broken is None else f"{where}: cannot be parsed: {broken.message}"
    if fault is not None:
        warning = f"{Source(name, text).place(fault.span.start)}: {fault.message}; please report it"
    return Checked(
        name,
        text,
        report.findings,
        report.notices,
        warning=warning,
        functions=report.functions,
    )


def _syntax_warning(name: str, text: str) -> str:
    """The warning about a text that does not parse, empty when it does."""
    try:
        symtable.symtable(text, name, "exec")
    except SyntaxError as error:
        return f"{name}:{error.lineno or 1}:{error.offset or 1}: cannot be parsed: {error.msg}"
    except ValueError as error:
        return f"{name}: cannot be parsed: {error}"
    except (RecursionError, MemoryError):
        return f"{name}: cannot be parsed: nested too deeply"
    return ""
