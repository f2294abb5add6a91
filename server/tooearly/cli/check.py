"""`tooearly check`: find the files, check them, print what was found."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from tooearly import files, textfile
from tooearly.cli import formats, statistics
from tooearly.cli.diff import diff
from tooearly.cli.engine import Plan, check_all, check_text
from tooearly.cli.formats.outcome import Outcome, outcome
from tooearly.cli.options import UsageError
from tooearly.cli.results import Check, Checked, FixAll, Fixing
from tooearly.cli.streams import Streams
from tooearly.config import rule_codes
from tooearly.workspace import Project, Workspace, absolute, load

CLEAN, FOUND, FAILED = 0, 1, 2
FOR_PEOPLE = ("text", "concise")


def run(chosen: argparse.Namespace, streams: Streams) -> int:
    """Runs the command with the real analysis."""
    from tooearly import api

    fix_all: FixAll | None = None
    if chosen.fix or chosen.diff or chosen.fix_with:
        from tooearly.fixes.fix_all import fix_all
    return check(chosen, streams, plan(chosen, api.check, api.prefilter, fix_all))


def plan(chosen: argparse.Namespace, check: Check, prefilter: Callable[[bytes], bool], fix_all: FixAll | None) -> Plan:
    """What the options ask to do with each file, fixing with `fix_all` if it is given; raises ConfigError."""
    return Plan(
        check,
        prefilter,
        None if fix_all is None else Fixing(fix_all, chosen.fix_with or "", chosen.unsafe_fixes, write=not chosen.diff),
        fixed=fixed_project(chosen.config),
        select=None if chosen.select is None else _codes("--select", chosen.select),
        ignore=_codes("--ignore", chosen.ignore or []),
    )


def fixed_project(config: str | None) -> Project | None:
    """The project that `--config` names."""
    if config is None:
        return None
    path = Path(config)
    return Project(absolute(path).parent, load(path), path)


def check(chosen: argparse.Namespace, streams: Streams, plan: Plan) -> int:
    """Checks what the options name, prints it, and gives the exit status."""
    begun = time.perf_counter()
    if files.STDIN in chosen.paths:
        if len(chosen.paths) > 1:
            raise UsageError("`-` cannot be checked together with other paths")
        failed, results = False, [_standard_input(chosen, streams, plan)]
    else:
        failed, results = _named_files(chosen, streams, plan)
    for checked in results:
        if checked.warning:
            streams.warn(f"warning: {checked.warning}")
    done = outcome(results, fixing=plan.fixing is not None, color=streams.color)
    _print(chosen, streams, done, plan)
    if chosen.statistics:
        stream = streams.out if chosen.output_format in FOR_PEOPLE and not chosen.diff else streams.err
        stream.write(statistics.table(results, time.perf_counter() - begun))
    return FAILED if failed else _status(chosen, done)


def _named_files(chosen: argparse.Namespace, streams: Streams, plan: Plan) -> tuple[bool, list[Checked]]:
    """Whether an argument could not be checked, and the results for all others."""
    failed = False
    paths: list[Path] = []
    for found in files.find(chosen.paths, Workspace(plan.fixed)):
        if isinstance(found, Path):
            paths.append(found)
        else:
            streams.warn(f"{'tooearly' if found.fatal else 'warning'}: {found.message}")
            failed |= found.fatal
    return failed, check_all(paths, plan, chosen.jobs)


def _standard_input(chosen: argparse.Namespace, streams: Streams, plan: Plan) -> Checked:
    name = chosen.stdin_filename or "<stdin>"
    path = Path(chosen.stdin_filename or "stdin.py")
    workspace = Workspace(plan.fixed)
    settings = plan.settings(path, workspace)
    try:
        source = textfile.decode(streams.source.read())
    except textfile.TextFileError as error:
        return Checked(name, warning=f"{name}: {error}")
    if settings.force_exclude and workspace.project(path.parent).excluded(path):
        return Checked(name, source.text)
    return check_text(name, source, plan, settings, workspace.modules(path))


def _print(chosen: argparse.Namespace, streams: Streams, done: Outcome, plan: Plan) -> None:
    stream = streams.out
    if plan.fixing is not None and not plan.fixing.write:
        stream.write("".join(diff(checked, color=done.color) for checked in done.results))
        return
    if plan.fixing is not None and files.STDIN in chosen.paths:
        stream.write("".join(checked.text for checked in done.results))
        stream = streams.err
    stream.write(formats.named(chosen.output_format)(done))


def _status(chosen: argparse.Namespace, done: Outcome) -> int:
    remaining = bool(done.findings) or (chosen.diff and done.fixed > 0)
    return FOUND if remaining and not chosen.exit_zero else CLEAN


def _codes(option: str, values: list[str]) -> tuple[str, ...]:
    return rule_codes(option, [code.strip() for value in values for code in value.split(",") if code.strip()])
