"""No text makes the analysis raise or run away, and a function that reaches a bound is named in `--statistics`.

The limit of processor time is far above what the inputs take; it only tells an end from none.
"""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from tests.limits import cpu_limit
from tooearly import api
from tooearly.cli import main

SECONDS = 100
HEAD = "import asyncio\n\n\nasync def main(x):\n    t = asyncio.create_task(x)\n"
NEXT = "\n\nasync def other(x):\n    u = asyncio.create_task(x)\n    u.result()\n"
FORTY = [f"t{i} = asyncio.create_task(x)" for i in range(40)]
READS = [f"t{i}.result()" for i in range(40)]


def program(*lines: str) -> str:
    return HEAD + textwrap.indent("\n".join([*lines, "u = asyncio.create_task(x)", "u.result()"]), "    ") + NEXT


def nested(opening: str, depth: int, inner: str) -> str:
    """`opening` inside itself, a number in the place of `#`."""
    return "\n".join([" " * i + opening.replace("#", str(i)) for i in range(depth)] + [" " * depth + inner])


FOLLOWED = {
    "parentheses as deep as the parser takes": program("y = " + "(" * 150 + "t" + ")" * 150),
    "lists in lists": program("y = " + "[" * 90 + "t" + "]" * 90),
    "ifs as deep as the tokenizer takes": HEAD + textwrap.indent(nested("if x.a#:", 90, "t.result()"), "    ") + NEXT,
    "loops in loops": HEAD + textwrap.indent(nested("for a# in x:", 18, "t.result()"), "    ") + NEXT,
    "while in while": HEAD + textwrap.indent(nested("while x.a#:", 50, "t.result()"), "    ") + NEXT,
    "lambdas in lambdas": program("y = " + "lambda: " * 150 + "t.done()"),
    "a condition of many parts": program("if " + " or ".join(f"x.a{i}" for i in range(1500)) + ": return"),
    "a pattern of many parts": program("match x:", f"    case {' | '.join(map(str, range(2000)))}:", "        await t"),
    "a text of many parts": program("y = f'" + "{x}" * 2000 + "'"),
    "many statements on one line": program("; ".join(["x()"] * 1000)),
    "generators in generators": program("y = " + "(" * 50 + "t" + "".join(f" for a{i} in x)" for i in range(50))),
    "aliases in a circle": "import asyncio\na = b\nb = a\na()\n" + program("a.create_task(x).result()"),
    "classes that inherit from each other": "class A(B): pass\nclass B(A): pass\n"
    + program("y = A()", "y.t = t", "y.z()"),
    "a class of 1,000 ancestors": "class C0: pass\n"
    + "".join(f"class C{i + 1}(C{i}): pass\n" for i in range(1000))
    + program("y = C1000()", "y.t = t", "y.z()"),
    "functions that call each other": program("await one(t, 3)")
    + "async def one(t, n):\n    if n: await one(t, n - 1); await two(t, n)\n"
    + "async def two(t, n):\n    await one(t, n); await two(t, n - 1)\n",
    "a set of constants in no order": "import lib\nNAMES = {" + ", ".join(f"lib.K.a{i}" for i in range(20)) + "}\n"
    "TEXTS = [n.value for n in NAMES if n.ready]\nfor text in sorted(TEXTS): print(text)\n" + program("y = TEXTS"),
    "calls that double": program("f0(t)")
    + "".join(f"def f{i}(t):\n    f{i + 1}(t); f{i + 1}(t)\n" for i in range(18))
    + "def f18(t):\n    return t\n",
    "containers that hold themselves": program(
        "y = []", "while x:", "    y = [y, [y]]", "    y.append(y)", "y[0][0]()"
    ),
    "a list that grows in nested loops": program(
        "y = []", "for a in x:", "    for b in a:", "        y.append(asyncio.create_task(b))", "    await y[0]"
    ),
    "a chain of handlers": program(*(f"try: await x({i})\nexcept Exception: pass" for i in range(400))),
    "names that change places": program(
        *FORTY, "while x:", *(f"    t{i}, t{i + 1} = t{i + 1}, t{i}" for i in range(19))
    ),
    "a wait for thirty": program(*FORTY, f"d, p = await asyncio.wait([{', '.join(f't{i}' for i in range(30))}])"),
}
"""Large, and yet judged: the read is found in both functions."""

BOUNDED = {
    "a chain of ifs over forty tasks": program(*FORTY, *(f"if x.a{i}: await t{i % 40}" for i in range(2000)), *READS),
    "a huge match": program(
        "match x:", *(f"    case {{'k': {i}, 'v': [a, *b]}} if a > {i}:\n        await t" for i in range(6000))
    ),
    "a deep comprehension": program("y = " + "[" * 60 + "t" + "".join(f" for a{i} in x]" for i in range(60))),
    "a list of 3,000 tasks": program(f"y = [{'asyncio.create_task(x), ' * 3000}]", "for k in y: k.result()"),
    "a dict of 3,000 tasks": program(
        f"y = {{{', '.join(f'{i}: asyncio.create_task(x)' for i in range(3000))}}}", "for k in y: y[k].result()"
    ),
    "a choice of 10,000": program("y = " + " and ".join(["x"] * 10_000)),
}
"""A bound is reached: this function is judged as far as it was followed, and that is said; the next one is."""

CROWDED = {
    "tasks that are kept in two names, in a loop": program(
        "while x.more:",
        *(f"    if x.a{i}:\n            t{i} = asyncio.create_task(x)\n            y{i} = t{i}" for i in range(16)),
        *(f"    if x.b{i}:\n            await y{i}" for i in range(16)),
    ),
}
"""Too many worlds to follow all of them; and yet the read behind them is found."""

UNPARSED = {
    "5,000 parentheses": program("y = " + "(" * 5000 + "1" + ")" * 5000),
    "300 ifs": HEAD + textwrap.indent(nested("if x.a#:", 300, "t.result()"), "    ") + NEXT,
    "5,000 attributes": program("y = x" + ".a" * 5000),
    "5,000 calls": program("y = x" + "(t)" * 5000),
    "5,000 signs": program("y = " + "-" * 5000 + "1"),
    "a sum of 10,000": program("y = " + "+".join(["1"] * 10_000)),
    "3,000 elifs": program("if x == 0: pass", *(f"elif x == {i}: await t" for i in range(3000))),
}
"""More than CPython's parser takes, or than can be walked: a notice, and the next function is judged all the same."""


def check(text: str) -> api.Report:
    with cpu_limit(SECONDS):
        return api.check(text)


@pytest.mark.parametrize("name", FOLLOWED)
def test_a_large_function_is_judged(name: str) -> None:
    report = check(FOLLOWED[name])
    assert {f.function for f in report.findings} == {"main", "other"}
    assert not [notice for notice in report.notices if not notice.message.endswith("where main calls it")]


@pytest.mark.parametrize("name", BOUNDED)
def test_a_function_that_reaches_a_bound_is_judged_in_part_with_a_notice(name: str) -> None:
    report = check(BOUNDED[name])
    assert "other" in {f.function for f in report.findings}
    assert {f.certainty for f in report.findings if f.function == "main"} <= {"possible"}
    assert [(n.kind, n.message) for n in report.notices] == [("bound", "main is judged only in part: too many steps")]


@pytest.mark.parametrize("name", CROWDED)
def test_a_read_behind_too_many_worlds_is_found(name: str) -> None:
    report = check(CROWDED[name])
    assert {(f.function, f.certainty) for f in report.findings} == {("main", "possible"), ("other", "always")}
    assert [(n.kind, n.message) for n in report.notices] == [("bound", "main is judged only in part: too many steps")]


def test_what_belongs_together_still_does_in_a_function_that_is_followed_in_part() -> None:
    """`t` is awaited where `x.late` is true and read where it is; no world that is followed has forgotten it."""
    guarded = ["late = x.late", "if late: await t"]
    (crowd,) = CROWDED.values()
    text = crowd.replace("    while x.more:", "    " + "\n    ".join(guarded) + "\n    while x.more:")
    text = text.replace("    u = asyncio.create_task(x)\n    u.result()", "    if late: t.result()", 1)
    report = check(text)
    assert [f.function for f in report.findings] == ["other"]
    assert [n.message for n in report.notices] == ["main is judged only in part: too many steps"]


CAMPAIGN = """\
import asyncio


class Unit:
    def __init__(self, name):
        self.name, self.plan, self.path = name, None, None

    async def think(self, seconds):
        await asyncio.sleep(seconds)


class Battle:
    def __init__(self, units):
        self.units = units

    async def turn(self):
        for unit in self.units:
            if unit.plan is None:
                unit.plan = asyncio.create_task(unit.think(0.1))
            if unit.path is None:
                unit.path = asyncio.create_task(unit.think(0.2))
        await asyncio.sleep(0.1)
        for unit in self.units:
            if unit.plan.done():
                print(unit.plan.result())
                unit.plan = None
            if unit.path.done():
                print(unit.path.result())
                unit.path = None

    def duel(self, a, b):
        print(a.plan.result() if a.plan else None)
        print(b.path.result() if b.path else None)


class Campaign:
    def __init__(self):
        self.battle = Battle([Unit("red"), Unit("blue"), Unit("green")])

    async def run(self, rounds):
        for _ in range(rounds):
            await self.battle.turn()

    def end(self):
        self.battle.duel(*self.battle.units[:2])


async def main(rounds):
    campaign = Campaign()
    await campaign.run(rounds)
    campaign.end()


asyncio.run(main(3))
"""


def test_what_comes_behind_a_call_that_is_too_big_is_found() -> None:
    report = check(CAMPAIGN)
    assert {(f.function, f.certainty) for f in report.findings} == {("Battle.duel", "possible")}
    assert [n.message for n in report.notices] == [
        "Battle.turn is judged only in part: too many steps where <module> calls it"
    ]


@pytest.mark.parametrize("name", UNPARSED)
def test_what_is_too_deep_for_the_parser_is_a_notice(name: str) -> None:
    report = check(UNPARSED[name])
    assert "other" in {f.function for f in report.findings}
    assert {n.kind for n in report.notices} <= {"syntax", "bound"}
    if report.notices == ():
        assert {f.function for f in report.findings} == {"main", "other"}


def test_statistics_name_the_function_that_reached_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "large.py").write_text(BOUNDED["a list of 3,000 tasks"], encoding="utf-8")
    assert main(["check", "--statistics", "large.py"]) == 1
    out = capsys.readouterr().out
    assert "large.py:4:1: bound: main is judged only in part: too many steps" in out
    assert "       1 findings" in out
