"""What is shown while a function is half typed, on texts alone."""

from __future__ import annotations

import random
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.lsp.fake_server import check
from tooearly.config import Settings
from tooearly.fixes import apply
from tooearly.lsp.hold import Shown, compare, settle
from tooearly.lsp.textdiff import edits_between
from tooearly.model import Span
from tooearly.source.tree import ParseMemory

FUNCTION = """
async def f{0}():
    t{0} = asyncio.create_task(g())
    value = {0}
    return t{0}.result()
"""
TEXT = "import asyncio\n" + "".join(FUNCTION.format(number) for number in range(5))


class Screen:
    """Follows a text through its versions."""

    def __init__(self, text: str) -> None:
        self.memory, self.shown = ParseMemory(), None
        self.turn(text)

    def turn(self, text: str) -> None:
        report = check(text, Settings(), memory=self.memory)
        self.shown: Shown | None = settle(self.shown, report.tree, report.placed)

    def texts(self) -> list[str]:
        assert self.shown is not None
        return [self.shown.text[found.span.start : found.span.end] for found in self.shown.findings]


ALL = [f"t{number}.result()" for number in range(5)]


def test_findings_of_a_broken_function_are_kept_and_moved() -> None:
    screen = Screen(TEXT)
    screen.turn(TEXT.replace("value = 2", "value = foo(1,"))
    assert screen.texts() == ALL
    assert screen.shown is not None
    assert [screen.shown.is_held(found) for found in screen.shown.findings] == [True] * 5
    screen.turn(TEXT)
    assert screen.texts() == ALL
    assert not any(screen.shown.is_held(found) for found in screen.shown.findings)


def test_new_findings_of_a_broken_function_are_held_back() -> None:
    screen = Screen(TEXT)
    screen.turn(TEXT.replace("value = 2", "value = (t2.result()"))
    assert screen.texts() == ALL
    screen.turn(TEXT.replace("value = 2", "value = (t2.result())"))
    assert screen.texts() == [*ALL[:3], *ALL[2:]]


def test_a_finding_whose_own_text_is_edited_goes() -> None:
    screen = Screen(TEXT)
    screen.turn(TEXT.replace("t2.result()", "t2.resu("))
    assert screen.texts() == [*ALL[:2], *ALL[3:]]


def test_an_edited_function_that_parses_is_up_to_date_though_another_is_broken() -> None:
    screen = Screen(TEXT)
    broken = TEXT.replace("value = 1", "value = (")
    screen.turn(broken)
    broken = broken.replace("return t3.result()", "return t3.result(), t3.exception()")
    screen.turn(broken)
    assert screen.texts() == [*ALL[:4], "t3.exception()", ALL[4]]


def test_steps_move_along_with_their_finding() -> None:
    screen = Screen(TEXT)
    screen.turn(TEXT.replace("value = 4", "value = ("))
    screen.turn("# one more line\n" + TEXT.replace("value = 4", "value = ("))
    assert screen.shown is not None
    for found in screen.shown.findings:
        (step,) = found.related
        assert screen.shown.text[step.span.start : step.span.end] == "asyncio.create_task(g())"
        assert found.cause.made == step.span


def test_a_file_that_is_broken_when_it_is_opened_shows_what_can_be_found() -> None:
    assert Screen(TEXT.replace("value = 2", "value = (")).texts() != []


@settings(max_examples=200, deadline=None)
@given(st.text("ab\n", max_size=30), st.text("ab\n", max_size=30))
def test_a_comparison_finds_what_was_not_edited(old: str, new: str) -> None:
    move = compare(old, new)
    assert old[: move.head] == new[: move.head]
    assert old[move.old_tail :] == new[move.new_tail :]
    assert move.head <= move.old_tail
    for start in range(len(old)):
        there = move.span(Span(start, start + 1))
        assert there is None or new[there.start : there.end] == old[start : start + 1]


@settings(max_examples=200, deadline=None)
@given(st.text("ab\r\n", max_size=60), st.text("ab\r\n", max_size=60))
def test_small_edits_give_the_whole_new_text(old: str, new: str) -> None:
    assert apply(old, edits_between(old, new)) == new


def test_edits_of_a_few_lines_stay_a_few_lines() -> None:
    rng = random.Random(1)
    old = "\n".join(f"line {number}" for number in range(400))
    new = re.sub(r"line (\d*[05])\b", lambda found: f"row {found[1]}" + "\n!" * rng.randrange(2), old)
    edits = edits_between(old, new)
    assert apply(old, edits) == new
    assert sum(edit.span.end - edit.span.start for edit in edits) <= 80 * len("line 123")
