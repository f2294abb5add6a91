"""Which of many worlds are followed first: those that show something new, and at every block some in each round."""

from __future__ import annotations

from collections import Counter

from tooearly.flow.objects import DONE, PENDING, Fut
from tooearly.flow.sampling import FEW, NEW, Rounds, shown
from tooearly.flow.state import World
from tooearly.flow.values import Const, Exc, Oid, Ref, Value, const

TASK = Oid("made here", ())


def world(mask: int = PENDING, **variables: Value) -> World:
    """A world in which `t` is a task, beside other variables; those called `_1`, `_2`, ... are temporaries."""
    env = {((), int(name[1:]) if name[0] == "_" else name): value for name, value in variables.items()}
    return World({((), "t"): Ref(TASK), **env}, {TASK: Fut("task", mask, None)}).settle()  # type: ignore[arg-type]


def alike(count: int) -> list[World]:
    """Worlds that differ in temporaries of which nothing can be seen later."""
    return [world(**{f"_{number}": Ref(TASK)}) for number in range(count)]


def taken(rounds: Rounds, most: int = 1000) -> list[tuple[int, World]]:
    out: list[tuple[int, World]] = []
    while len(out) < most and (found := rounds.take()) is not None:
        out.append(found)
    return out


def test_another_state_of_a_future_is_something_new() -> None:
    assert set(shown(world(PENDING))) != set(shown(world(DONE)))
    assert len({frozenset(shown(one)) for one in alike(9)}) == 1


def test_each_is_new_again_on_another_way_behind_a_finally() -> None:
    ways = [world(_7=const("next")), world(_7=const("return")), world(_7=Exc("builtins.ValueError"))]
    seen = [set(shown(one)) for one in ways]
    assert all(not a & b for a in seen for b in seen if a is not b)


def test_what_shows_something_new_comes_first() -> None:
    rounds = Rounds(int, FEW, whole=True)
    crowd = alike(50)
    rounds.put(0, [world(DONE), *crowd])
    assert {w.heap[TASK] for _, w in taken(rounds, 2)} == {Fut("task", PENDING, None), Fut("task", DONE, None)}


def test_a_block_lets_few_through_before_those_behind_it() -> None:
    rounds = Rounds(int, FEW, whole=True)
    rounds.put(0, alike(50))
    rounds.put(1, alike(50))
    first = [node for node, _ in taken(rounds, 2 * FEW)]
    assert Counter(first) == {0: FEW, 1: FEW}
    assert Counter(node for node, _ in taken(rounds)) == {0: 50 - FEW, 1: 50 - FEW}


def test_of_those_that_are_all_new_more_are_let_through() -> None:
    rounds = Rounds(int, FEW, whole=True)
    rounds.put(0, [world(x=Const(number, "int")) for number in range(50)])
    rounds.put(1, alike(1))
    assert [node for node, _ in taken(rounds, NEW * FEW + 1)][-2:] == [0, 1]


def test_one_round_may_be_enough() -> None:
    rounds = Rounds(int, FEW, whole=False)
    rounds.put(0, alike(50))
    assert len(taken(rounds)) == FEW


def test_what_is_withdrawn_is_not_taken() -> None:
    rounds = Rounds(int, FEW, whole=True)
    crowd = alike(3)
    rounds.put(0, crowd)
    assert rounds.withdraw(0) == crowd
    assert rounds.withdraw(1) == []
    assert rounds.take() is None
