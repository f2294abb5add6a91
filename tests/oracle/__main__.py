"""The oracle's command line: `python -m tests.oracle --programs 2000 --seed 1`."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
import warnings
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import case
from .fixing import FixFigures, judge_fixes
from .grammar import generate
from .judge import ANALYSERS, PATIENCE, Mismatch, Verdict, judge
from .reduce import early_in, reduced


@dataclass(frozen=True)
class Options:
    """What one worker needs to know."""

    schedules: int
    analyser: str
    fixes: bool
    without: frozenset[str]
    patience: float = PATIENCE
    scenes: int = 3
    reads: bool = True


def one(seed: int, options: Options) -> tuple[Verdict, FixFigures]:
    """Generate, run and judge the program of `seed`."""
    text = generate(seed, options.without, options.scenes).text
    verdict = Verdict(programs=1)
    if options.reads:
        verdict = judge(text, ANALYSERS[options.analyser], options.schedules, seed, options.patience)
    figures = FixFigures()
    if options.fixes:
        try:
            figures = judge_fixes(text, options.schedules, seed)
        except Exception as error:
            figures.problems.append(Mismatch("fix-crash", seed, 0, "", f"{type(error).__name__}: {error}"))
    return verdict, figures


def _one(job: tuple[int, Options]) -> tuple[Verdict, FixFigures]:
    return one(*job)


def many(seeds: range, options: Options, workers: int = 1) -> Iterator[tuple[Verdict, FixFigures]]:
    """Verdicts program by program, in order."""
    _quiet()
    jobs = [(seed, options) for seed in seeds]
    if workers < 2:
        yield from map(_one, jobs)
        return
    with multiprocessing.Pool(workers, initializer=_quiet) as pool:
        yield from pool.imap(_one, jobs, chunksize=8)


def _quiet() -> None:
    """Dropped coroutines of unfinished programs complain when they are collected: not here."""
    warnings.simplefilter("ignore")
    sys.unraisablehook = lambda _: None


def figures(verdict: Verdict, fixed: FixFigures, options: Options, seconds: float) -> str:
    """The result in words."""
    neutral = ", ".join(f"{kind} {count}" for kind, count in sorted(verdict.neutral.items())) or "none"
    lines = [
        f"programs      {verdict.programs} ({options.schedules} schedules each, {seconds:.0f} s)",
        f"reads         {verdict.reads} lines, {verdict.early} of them early ({verdict.always} on every evaluation)",
        f"recall        {verdict.recall:.4f} ({verdict.found} of {verdict.early})",
        f"precision     {verdict.precision:.4f} ({verdict.true} of {verdict.true + verdict.false}; neutral: {neutral})",
        f"given up      {verdict.given_up} programs, at least in part",
        f"wrong always  {verdict.wrong_always}",
        f"always said   {verdict.always_claimed} of the {verdict.always} lines that raise whenever evaluated",
    ]
    if options.fixes:
        kinds = ", ".join(f"{kind} {fixed.good[kind]}/{count}" for kind, count in sorted(fixed.tried.items()))
        lines.append(
            f"fixes         {kinds or 'none'} good; {fixed.without} of {fixed.findings} findings have no safe fix"
        )
    return "\n".join(lines)


def listed(mismatches: list[Mismatch], limit: int) -> Iterator[str]:
    """Mismatches by kind, at most `limit` of each."""
    kinds: dict[str, list[Mismatch]] = defaultdict(list)
    for mismatch in mismatches:
        kinds[mismatch.kind].append(mismatch)
    for kind, members in sorted(kinds.items()):
        yield f"\n{kind}: {len(members)}"
        for each in members[:limit]:
            shown = f" (schedule {each.seed})" if each.seed is not None else ""
            yield f"  program {each.program} line {each.line}: {each.source}{shown}" + (
                f"  | {each.message}" if each.message else ""
            )


def keep(mismatches: list[Mismatch], options: Options, folder: Path, budget: int, limit: int) -> None:
    """Write the programs of the mismatches to `folder`; with a budget, each is reduced first and becomes a case.

    `index.md` has the scenes of all reduced programs, one after the other.
    """
    folder.mkdir(parents=True, exist_ok=True)
    count: dict[str, int] = defaultdict(int)
    with (folder / "index.md").open("w", encoding="utf-8") as index:
        for mismatch in mismatches:
            text = generate(mismatch.program, options.without, options.scenes).text
            (folder / f"program-{mismatch.program}.py").write_text(text, encoding="utf-8")
            count[mismatch.kind] += 1
            if not budget or count[mismatch.kind] > limit or mismatch.kind not in case.PROSE:
                continue
            small = reduced(text, mismatch, ANALYSERS[options.analyser], budget)
            path = case.write(folder, mismatch, small, early_in(small, options.schedules))
            index.write(f"\n{path.name}: {mismatch.source}\n  {mismatch.message}\n\n{case.scenes(small)}\n")
            index.flush()


def main(arguments: list[str] | None = None) -> int:
    """Run the oracle; 1 if there was any mismatch."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.oracle", description="Random asyncio programs judge the analyser."
    )
    parser.add_argument("--programs", type=int, default=200, help="how many programs (default 200)")
    parser.add_argument("--seed", type=int, default=0, help="number of the first program")
    parser.add_argument("--schedules", type=int, default=60, help="schedules for each program (default 60)")
    parser.add_argument("--fixes", action="store_true", help="apply and judge the fixes, too")
    parser.add_argument("--fixes-only", action="store_true", help="judge the fixes, not what is reported")
    parser.add_argument(
        "--without", default="", metavar="GROUP,…", help="leave these productions out: helper, closure, method, …"
    )
    parser.add_argument("--analyser", choices=sorted(ANALYSERS), default="tooearly")
    parser.add_argument("--minutes", type=float, default=0, help="stop after so many minutes (default: never)")
    parser.add_argument("--scenes", type=int, default=3, help="at most so many scenes in a program (default 3)")
    parser.add_argument("--patience", type=float, default=PATIENCE, help="seconds for one analysis (default 20)")
    parser.add_argument("--workers", type=int, choices=(1, 2), default=1)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="write the programs of the mismatches there")
    parser.add_argument(
        "--shrink", type=int, default=0, metavar="BUDGET", help="with --keep: reduce, so many candidates each"
    )
    parser.add_argument("--limit", type=int, default=10, help="mismatches shown and reduced, of each kind")
    parser.add_argument("--show", type=int, metavar="PROGRAM", help="print one program and stop")
    parser.add_argument("-v", "--verbose", action="store_true", help="say how far it is, and each mismatch as it comes")
    given = parser.parse_args(arguments)
    options = Options(
        given.schedules,
        given.analyser,
        given.fixes or given.fixes_only,
        frozenset(filter(None, given.without.split(","))),
        given.patience,
        given.scenes,
        not given.fixes_only,
    )
    if given.show is not None:
        print(generate(given.show, options.without, options.scenes).text, end="")
        return 0
    total, fixed, started = Verdict(), FixFigures(), time.monotonic()
    for verdict, figure in many(range(given.seed, given.seed + given.programs), options, given.workers):
        if given.minutes and time.monotonic() - started > 60 * given.minutes:
            break
        total.add(verdict)
        fixed.add(figure)
        if given.verbose:
            print(
                *listed(verdict.mismatches + figure.problems, given.limit),
                sep="\n",
                end="",
                file=sys.stderr,
                flush=True,
            )
        if given.verbose and total.programs % 100 == 0:
            print(
                f"{total.programs}: recall {total.recall:.4f}, precision {total.precision:.4f}",
                file=sys.stderr,
                flush=True,
            )
    print(figures(total, fixed, options, time.monotonic() - started))
    print(*listed(total.mismatches + fixed.problems, given.limit), sep="\n")
    if given.keep:
        keep(total.mismatches + fixed.problems, options, given.keep, given.shrink, given.limit)
    return 1 if total.mismatches or fixed.problems else 0


if __name__ == "__main__":
    sys.exit(main())
