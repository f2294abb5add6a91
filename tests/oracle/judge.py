"""Compare what happened at each read with what the analyser says, and name the difference.

A read line is *early* when some schedule raised InvalidStateError there unasked. The analyser must report every early
line, and no line else; of the lines it calls "always", none may have been evaluated without raising.

Six kinds of lines count on neither side:
- echo: raises only after the same future has already raised in that run (one finding per cause is enough);
- unreached: reported, but no schedule comes there (a read in a dead branch, or behind one that always raises);
- masked: reported, and early only in runs that an earlier early read has ended (seen when such reads give None);
- rare: reported, and so seldom reached (fewer than `ENOUGH` times) that not raising there proves nothing;
- old wait_for: not reported, and raises only with the wait_for of Python 3.11 and older (see `world`);
- order: reported, never raises on the stock loop in forty times the schedules, yet raises when callbacks of one turn
  are run in another order (see `clock`). Safe by luck, so a note there is no false alarm.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from .clock import Stuck
from .record import Watched, watch
from .world import Tally, run, run_many, tally, watchdog

PATIENCE = 20.0  # seconds for the analysis of one program; a program that takes longer is left out, as a mismatch
ENOUGH = 15  # evaluations without InvalidStateError that make a report a false alarm
MORE = 40  # a suspected false alarm gets so many times the schedules
TURNED = 10  # and so many times the schedules with shuffled turns


@dataclass(frozen=True)
class Report:
    """What an analyser says of one read line: "always" or "possible", and why.

    A report on line 0 says that it gave up a part of the program; misses are then explained by its message.
    """

    certainty: str
    message: str


Analyser = Callable[[str], dict[int, Report]]


@dataclass(frozen=True)
class Mismatch:
    """A read line where the analyser and CPython differ. `kind`: missed, false-alarm, false-alarm-handled,
    wrong-always, crash, slow. `seed`: a schedule that shows it, where there is one."""

    kind: str
    program: int
    line: int
    source: str
    message: str = ""
    seed: int | None = None


@dataclass
class Verdict:
    """The counts of one program (or, summed up, of many)."""

    programs: int = 0
    given_up: int = 0
    reads: int = 0
    early: int = 0
    found: int = 0
    true: int = 0
    false: int = 0
    neutral: Counter[str] = field(default_factory=Counter)
    always: int = 0
    always_claimed: int = 0
    wrong_always: int = 0
    mismatches: list[Mismatch] = field(default_factory=list)

    def add(self, other: Verdict) -> None:
        """Take the counts of `other` in."""
        for name in (
            "programs",
            "given_up",
            "reads",
            "early",
            "found",
            "true",
            "false",
            "always",
            "always_claimed",
            "wrong_always",
        ):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.neutral.update(other.neutral)
        self.mismatches += other.mismatches

    @property
    def recall(self) -> float:
        """Early lines that are reported, of all early lines."""
        return self.found / self.early if self.early else 1.0

    @property
    def precision(self) -> float:
        """Reports at early lines, of all reports that count."""
        return self.true / (self.true + self.false) if self.true + self.false else 1.0


def judge(text: str, analyse: Analyser, schedules: int, program: int = -1, patience: float = PATIENCE) -> Verdict:
    """The verdict on one program text under schedules 0 to `schedules` - 1."""
    watched = watch(text)
    seen = tally(run_many(watched, range(schedules)))
    verdict = Verdict(programs=1, reads=len(watched.reads))
    reports: dict[int, Report] = {}
    try:
        with watchdog(patience):
            reports = analyse(text)
    except Stuck:
        verdict.mismatches.append(Mismatch("slow", program, 0, "", f"not analysed in {patience:.0f} s"))
        return verdict
    except Exception as error:
        verdict.mismatches.append(Mismatch("crash", program, 0, "", f"{type(error).__name__}: {error}"))
    gave_up = reports.pop(0, None)
    verdict.given_up = gave_up is not None
    suspects = {line for line in reports if not _raises(seen.get(line, Tally()))}
    answers = suspect(watched, suspects, schedules) if suspects else {}
    missed = {line for line, here in seen.items() if here.kinds["raised"] and line not in reports}
    old = {line for line in missed if "wait_for" in text and not raises_modern(watched, line, range(schedules))}
    verdict.neutral.update(["old wait_for"] * len(old))
    sources = text.splitlines()
    for line in sorted((watched.reads | reports.keys()) - old):
        here, report = seen.get(line, Tally()), reports.get(line)
        _count(verdict, here, report, answers.get(line, ""))
        for kind, shown in _differences(here, report, answers.get(line, "")):
            message = report.message if report else gave_up.message if gave_up else ""
            verdict.mismatches.append(Mismatch(kind, program, line, sources[line - 1].strip(), message, shown))
    return verdict


def _raises(seen: Tally) -> bool:
    return bool(seen.kinds["raised"] or seen.kinds["echo"])


def _count(verdict: Verdict, seen: Tally, report: Report | None, answer: str) -> None:
    early = seen.kinds["raised"] > 0
    each_time = early and not seen.kinds["fine"]
    verdict.early += early
    verdict.always += each_time
    if report is None:
        return
    verdict.found += early
    verdict.always_claimed += each_time and report.certainty == "always"
    verdict.wrong_always += report.certainty == "always" and seen.kinds["fine"] > 0
    if early or answer == "seldom":
        verdict.true += 1
    elif answer.startswith("false-alarm"):
        verdict.false += 1
    else:
        verdict.neutral[answer or "echo"] += 1


def _differences(seen: Tally, report: Report | None, answer: str) -> Iterator[tuple[str, int | None]]:
    """The kinds of mismatch at one line, each with a schedule that shows it."""
    if report is None:
        if seen.kinds["raised"]:
            yield "missed", seen.first["raised"]
        return
    if report.certainty == "always" and seen.kinds["fine"]:
        yield "wrong-always", seen.first["fine"]
    if answer.startswith("false-alarm"):
        yield answer, None


def suspect(watched: Watched, lines: set[int], schedules: int) -> dict[int, str]:
    """Judge reported lines that have not raised yet, with more schedules and then with shuffled turns.

    Returns for each "seldom" (it does raise), "false-alarm", "false-alarm-handled" or one of the neutral kinds.
    """
    seen = {line: Tally() for line in lines}
    for each in run_many(watched, range(MORE * schedules)):
        for event in each.events:
            if event.line in lines:
                seen[event.line].add(event.kind, each.seed)
        if all(map(_raises, seen.values())):
            break
    answers = {line: _answer(here) for line, here in seen.items()}
    left = {line for line, answer in answers.items() if answer == "false-alarm"}
    for each in run_many(watched, range(TURNED * schedules if left else 0), shuffle=True):
        answers.update(dict.fromkeys(each.early & left, "order"))
        left -= each.early
        if not left:
            break
    for seed in range(schedules if left else 0):
        raised = {event.line for event in run(watched, seed, forgiving=True).events if event.kind == "raised"}
        answers.update(dict.fromkeys(raised & left, "masked"))
    return answers


def _answer(seen: Tally) -> str:
    kinds = seen.kinds
    if _raises(seen):
        return "seldom" if kinds["raised"] else "echo"
    if kinds["handled"]:
        return "false-alarm-handled"
    if kinds["excused"]:
        return "excused"
    if not kinds:
        return "unreached"
    return "false-alarm" if seen.evaluated >= ENOUGH else "rare"


def raises_shuffled(watched: Watched, line: int, seeds: Iterable[int]) -> bool:
    """Whether the line raises when the ready callbacks of each turn are shuffled."""
    return any(line in each.early for each in run_many(watched, seeds, shuffle=True))


def raises_modern(watched: Watched, line: int, seeds: Iterable[int]) -> bool:
    """Whether the line raises with the wait_for of Python 3.12, too."""
    return any(line in run(watched, seed, modern=True).early for seed in seeds)


def everything(text: str) -> dict[int, Report]:
    """A stand-in analyser that reports every read, to measure the programs themselves."""
    return {line: Report("possible", "everything") for line in watch(text).reads}


def nothing(_: str) -> dict[int, Report]:
    """A stand-in analyser that is always silent."""
    return {}


def tooearly(text: str) -> dict[int, Report]:
    """The analyser under test: its findings by line."""
    from tooearly.api import check

    reports: dict[int, Report] = {}
    report = check(text, with_fixes=False)
    if bounds := [notice.message for notice in report.notices if notice.kind == "bound"]:
        reports[0] = Report("possible", "given up: " + "; ".join(bounds))
    for finding in report.findings:
        if finding.code == "result-before-done":
            line = text.count("\n", 0, finding.span.start) + 1
            if line not in reports or finding.certainty == "always":
                reports[line] = Report(finding.certainty, finding.message)
    return reports


ANALYSERS: dict[str, Analyser] = {"tooearly": tooearly, "everything": everything, "nothing": nothing}
