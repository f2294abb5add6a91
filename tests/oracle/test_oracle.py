"""The oracle over a fixed set of programs, and tests of the oracle itself."""

from __future__ import annotations

import ast
import sys
import textwrap

import pytest

from tests.oracle import floors
from tests.oracle.__main__ import Options, listed, many
from tests.oracle.fixing import FixFigures, applied, region
from tests.oracle.grammar import generate
from tests.oracle.grammar.program import HELPERS, PRELUDE, SUPERVISOR
from tests.oracle.judge import Report, Verdict, everything, judge, nothing
from tests.oracle.record import watch
from tests.oracle.shrink import shrink
from tests.oracle.world import run, run_many, tally

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::RuntimeWarning")


def program(body: str) -> str:
    """A whole program with one scene."""
    scene = "async def scene1():\n" + textwrap.indent(textwrap.dedent(body).strip("\n"), "    ") + "\n"
    return "\n\n".join([PRELUDE, HELPERS["_spawn"], scene, SUPERVISOR.format(scenes="    await supervise(scene1())")])


def kinds(body: str, schedules: int = 60) -> list[dict[str, int]]:
    """What happened at each read, in the order of the text."""
    watched = watch(program(body))
    seen = tally(run_many(watched, range(schedules)))
    return [dict(seen[line].kinds) if line in seen else {} for line in sorted(watched.reads)]


def summed(programs: int, fixes: bool) -> tuple[Verdict, FixFigures]:
    total, fixed = Verdict(), FixFigures()
    for verdict, figures in many(range(programs), Options(floors.SCHEDULES, "tooearly", fixes, frozenset())):
        total.add(verdict)
        fixed.add(figures)
    return total, fixed


def test_analyser_against_cpython() -> None:
    total, _ = summed(floors.PROGRAMS, fixes=False)
    shown = "\n".join(listed(total.mismatches, 20))
    assert total.early > floors.PROGRAMS / 2, "the programs have too few early reads to tell anything"
    assert not [each for each in total.mismatches if each.kind == "crash"], shown
    assert total.recall >= floors.RECALL, shown
    assert total.precision >= floors.PRECISION, shown
    assert total.wrong_always <= floors.WRONG_ALWAYS, shown


def test_fixed_programs() -> None:
    _, fixed = summed(floors.FIXED_PROGRAMS, fixes=True)
    shown = "\n".join(listed(fixed.problems, 20))
    tried = sum(fixed.tried.values())
    assert tried >= floors.FIXED_PROGRAMS, "too few fixes are offered to tell anything"
    assert sum(fixed.good.values()) / tried >= floors.GOOD_FIXES, shown


def test_programs_are_fixed_by_their_number() -> None:
    assert generate(7).text == generate(7).text
    assert generate(7).text != generate(8).text
    for seed in range(40):
        ast.parse(generate(seed).text)


def test_programs_are_worth_judging() -> None:
    """Safe and early reads are mixed, and programs end by asyncio's exceptions, not by mistakes of the generator."""
    errors: set[str] = set()
    total = Verdict()
    for seed in range(40):
        text = generate(seed).text
        total.add(judge(text, nothing, 30, seed))
        errors |= {name for each in run_many(watch(text), range(30)) for name, _ in each.errors}
    assert 0.08 < total.early / total.reads < 0.5
    assert not errors & {"TypeError", "AttributeError", "KeyError", "IndexError", "RuntimeError", "NameError"}


def test_the_groups_that_are_left_out_are_left_out() -> None:
    for seed in range(20):
        groups = generate(seed, frozenset({"helper", "closure", "callback"})).groups
        assert not {"helper", "closure", "callback"} & set(groups)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("t = asyncio.create_task(work(1))\nprint(t.result())", [{"raised"}]),
        ("t = asyncio.create_task(work(1))\nawait t\nprint(t.result())", [{"fine"}]),
        ("t = asyncio.create_task(work(1))\nawait asyncio.sleep(delay(2))\nprint(t.result())", [{"raised", "fine"}]),
        (
            "t = asyncio.create_task(work(1))\nawait asyncio.wait([t], timeout=0.02)\nt.exception()",
            [{"raised", "fine"}],
        ),
        (
            "t = asyncio.create_task(work(1))\ntry:\n    t.result()\nexcept asyncio.InvalidStateError:\n    pass",
            [{"handled"}],
        ),
        (
            "t = asyncio.create_task(work(1))\nwith contextlib.suppress(asyncio.InvalidStateError):\n    t.result()",
            [{"handled"}],
        ),
        (
            "t = asyncio.create_task(work(1))\ntry:\n    t.result()\nexcept Exception:\n    t.result()",
            [{"raised"}, {"echo"}],
        ),
        (
            "t = _spawn(1)\ndef look(): t.result()\ntry: look()\nexcept asyncio.InvalidStateError: pass",
            [{"excused"}],
        ),
        ("f = asyncio.get_running_loop().create_future()\nf.set_result(1)\nf.result()", [{"fine"}]),
        (
            "a, b = _spawn(1), _spawn(2)\ntry: await asyncio.gather(a, b)\nexcept ValueError: print(b.exception())",
            [{"raised", "fine"}],
        ),
        (
            "t = asyncio.create_task(work(1))\ntry:\n    await asyncio.wait([t])\nfinally:\n    t.exception()",
            [{"raised", "fine"}],
        ),
    ],
)
def test_reads_are_recorded(body: str, expected: list[set[str]]) -> None:
    assert [set(each) for each in kinds(body)] == expected


def test_a_schedule_is_repeatable() -> None:
    watched = watch(generate(3).text)
    assert run(watched, 11) == run(watched, 11)
    assert len({run(watched, seed).printed for seed in range(20)}) > 1


def test_a_program_that_never_ends_is_cut_off() -> None:
    for body in ("await asyncio.get_running_loop().create_future()", "while True:\n    await asyncio.sleep(0)"):
        assert "Stuck" in {name for name, _ in run(watch(program(body)), 1).errors}


def test_judge_counts_both_kinds_of_error() -> None:
    text = program(
        "t = asyncio.create_task(work(1))\nu = t\nawait asyncio.sleep(0.02)\nprint(t.result())\nprint(u.result())"
    )
    assert [each.kind for each in judge(text, nothing, 30).mismatches] == ["missed"]
    assert [each.kind for each in judge(text, everything, 30).mismatches] == ["false-alarm"]
    early = min(watch(text).reads)
    verdict = judge(text, lambda _: {early: Report("always", "")}, 30)
    assert [each.kind for each in verdict.mismatches] == ["wrong-always"]
    assert (verdict.recall, verdict.precision) == (1.0, 1.0)


def test_safe_by_the_order_of_the_loop_is_neutral() -> None:
    """A task that ends at once is done after sleep(0): true of the stock loop, and promised by nobody."""
    text = program(
        "async def quick():\n    return 1\nt = asyncio.create_task(quick())\nawait asyncio.sleep(0)\nprint(t.result())"
    )
    verdict = judge(text, everything, 40)
    assert verdict.neutral["order"] == 1
    assert verdict.false == 0


def test_a_crash_of_the_analyser_is_a_mismatch() -> None:
    def broken(_: str) -> dict[int, Report]:
        raise RecursionError("too deep")

    assert "crash" in {each.kind for each in judge(generate(0).text, broken, 5).mismatches}


def test_shrinker_keeps_what_matters() -> None:
    text = program(
        """
        t = asyncio.create_task(work(1))
        u = asyncio.create_task(work(2))
        if flag("a"):
            while flag("b"):
                await u
        else:
            print("no")
        print(t.result())
        """
    )
    small = shrink(text, lambda each: "print(t.result())" in each and "t = asyncio.create_task" in each)
    scene = small.partition("async def scene1")[2].partition("async def ")[0].partition("asyncio.run")[0]
    assert "flag(" not in scene
    assert "u =" not in scene
    assert len(scene.splitlines()) < 8


def test_region_follows_the_read() -> None:
    from tooearly.model import Edit, Span

    text = "a\nb\nread\nc\n"
    at = text.index("read")
    assert region(text, 3, [Edit(Span(at, at), "wait\n")]) == {3, 4}
    assert region(text, 3, [Edit(Span(0, 0), "import\n")]) == {4}
    assert applied(text, [Edit(Span(at, at + 4), "x"), Edit(Span(0, 0), "import\n")]) == "import\na\nb\nx\nc\n"


@pytest.mark.skipif(sys.version_info < (3, 11), reason="asyncio.timeout and TaskGroup came with Python 3.11")
def test_newer_constructs_are_used_where_there_are_any() -> None:
    texts = "".join(generate(seed).text for seed in range(60))
    assert "asyncio.timeout(" in texts
    assert "asyncio.TaskGroup()" in texts
    assert ("async for c" in texts) == (sys.version_info >= (3, 13))


def test_a_read_behind_an_early_one_is_neutral() -> None:
    text = program(
        "t, u = _spawn(1), _spawn(2)\nif flag('c'):\n    await asyncio.wait([t, u])\n"
        "print(t.result())\nprint(u.result())"
    )
    verdict = judge(text, everything, 60)
    assert (verdict.true, verdict.false, verdict.neutral["masked"]) == (1, 0, 1)
