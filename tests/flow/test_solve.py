"""The solver on graphs drawn by hand, and against the plainest search there is.

A fact is a string of letters in order, "what has happened". An edge is drawn as (target, effect): `+x` adds a letter,
`-x` takes it away, `?x` and `!x` let only those pass that have it or have it not. Negative nodes are exits, as in the
graphs of functions: -1 returns, -2 raises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tooearly.flow.solve import Solution, solve

Drawing = dict[int, list[tuple[int, str]]]


def through(fact: str, effect: str) -> str | None:
    """The fact behind an edge, None when it does not pass."""
    for kind, letter in zip(effect[::2], effect[1::2], strict=True):
        if kind in "?!" and (letter in fact) is not (kind == "?"):
            return None
        if kind == "+":
            fact = "".join(sorted({*fact, letter}))
        elif kind == "-":
            fact = fact.replace(letter, "")
    return fact


def ways(drawing: Drawing) -> Callable[[int, str], list[tuple[int, str]]]:
    def transfer(node: int, fact: str) -> list[tuple[int, str]]:
        behind = [(target, through(fact, effect)) for target, effect in drawing[node]]
        return [(target, new) for target, new in behind if new is not None]

    return transfer


def kept(facts: list[str]) -> list[str]:
    return facts


def run(drawing: Drawing, entry: Iterable[str] = ("",), order: Callable[[int], int] = int) -> Solution[str]:
    return solve(0, entry, ways(drawing), kept, order=order, exits=lambda node: node < 0)


def reached(solution: Solution[str]) -> dict[int, str]:
    """The facts of each node, sorted and in one string; "." is the empty fact."""
    return {node: " ".join(sorted(fact or "." for fact in facts)) for node, facts in sorted(solution.facts.items())}


DRAWN: dict[str, tuple[Drawing, dict[int, str]]] = {
    "a straight line": (
        {0: [(1, "+a")], 1: [(2, "+b")], 2: [(-1, "-a")]},
        {0: ".", 1: "a", 2: "ab", -1: "b"},
    ),
    "a diamond keeps its branches apart": (
        {0: [(1, "+a"), (2, "+b")], 1: [(3, "+c")], 2: [(3, "")], 3: [(-1, "")]},
        {0: ".", 1: "a", 2: "b", 3: "ac b", -1: "ac b"},
    ),
    "the same condition tested twice": (
        {0: [(1, "+a"), (1, "")], 1: [(2, "?a+b"), (3, "!a")], 2: [(3, "")], 3: [(4, "?b"), (-1, "!b")], 4: [(-2, "")]},
        {0: ".", 1: ". a", 2: "ab", 3: ". ab", 4: "ab", -1: ".", -2: "ab"},
    ),
    "a loop": (
        {0: [(1, "")], 1: [(2, ""), (-1, "")], 2: [(1, "+a")]},
        {0: ".", 1: ". a", 2: ". a", -1: ". a"},
    ),
    "a loop that is left only when something has happened": (
        {0: [(1, "")], 1: [(2, "!a"), (-1, "?a")], 2: [(1, "+a"), (1, "")]},
        {0: ".", 1: ". a", 2: ".", -1: "a"},
    ),
    "a loop that undoes what it did": (
        {0: [(1, "")], 1: [(1, "!a+a"), (1, "?a-a"), (-1, "?a")]},
        {0: ".", 1: ". a", -1: "a"},
    ),
    "a nested loop: the inner one begins afresh": (
        {0: [(1, "")], 1: [(2, "-b"), (-1, "")], 2: [(3, ""), (4, "")], 3: [(2, "+b")], 4: [(1, "+a")]},
        {0: ".", 1: ". a ab", 2: ". a ab b", 3: ". a ab b", 4: ". a ab b", -1: ". a ab"},
    ),
    "a loop without an end": (
        {0: [(1, "")], 1: [(1, "+a")], 2: [(-1, "")]},
        {0: ".", 1: ". a"},
    ),
    "a block that nothing leads to": (
        {0: [(2, "")], 1: [(2, "+a")], 2: [(-1, "")]},
        {0: ".", 2: ".", -1: "."},
    ),
    "a block that no fact reaches": (
        {0: [(1, "?a"), (2, "!a")], 1: [(2, "+b")], 2: [(-1, "")]},
        {0: ".", 2: ".", -1: "."},
    ),
    "two entries of one loop (irreducible)": (
        {0: [(1, "+a"), (2, "+b")], 1: [(2, "+c"), (-1, "")], 2: [(1, "+d")]},
        {0: ".", 1: "a acd bcd bd", 2: "ac acd b bcd", -1: "a acd bcd bd"},
    ),
    "an exception keeps what happened before it": (
        {0: [(1, "+a"), (-2, "")], 1: [(2, "+b"), (3, "")], 2: [(-1, ""), (3, "")],
         3: [(4, "?b"), (-2, "!b")], 4: [(-1, "+h")]},
        {0: ".", 1: "a", 2: "ab", 3: "a ab", 4: "ab", -1: "ab abh", -2: ". a"},
    ),
    "a way out by both exits at once": (
        {0: [(-1, "+a"), (-2, "+b"), (-1, "+c")]},
        {0: ".", -1: "a c", -2: "b"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize("order", [int, lambda node: -node], ids=["forwards", "backwards"])
def test_exactly_these_facts_are_reached(name: str, order: Callable[[int], int]) -> None:
    drawing, expected = DRAWN[name]
    solution = run(drawing, order=order)
    assert solution.complete
    assert reached(solution) == dict(sorted(expected.items()))


def test_each_entry_is_followed() -> None:
    solution = run({0: [(1, "?a"), (-2, "!a")], 1: [(-1, "+c")]}, ["", "a", "ab"])
    assert reached(solution) == {-2: ".", -1: "abc ac", 0: ". a ab", 1: "a ab"}
    assert run({0: [(-1, "")]}, []).facts == {}


def test_a_function_whose_entry_is_an_exit() -> None:
    assert solve(-1, ["a"], ways({}), kept, order=int, exits=lambda node: node < 0).at(-1) == ["a"]


class Latest:
    """An agenda of one's own: what came last is followed first, and not more than `most` facts in all."""

    def __init__(self, most: int) -> None:
        self.waiting: list[tuple[int, str]] = []
        self.most = most

    def put(self, node: int, facts: list[str]) -> None:
        self.waiting += [(node, fact) for fact in facts]

    def withdraw(self, node: int) -> list[str]:
        gone = [fact for place, fact in self.waiting if place == node]
        self.waiting = [pair for pair in self.waiting if pair[0] != node]
        return gone

    def take(self) -> tuple[int, str] | None:
        self.most -= 1
        return self.waiting.pop() if self.waiting and self.most >= 0 else None


@pytest.mark.parametrize("name", DRAWN)
def test_an_agenda_decides_what_is_followed_first_and_when_it_is_enough(name: str) -> None:
    drawing, expected = DRAWN[name]

    def through_agenda(most: int) -> Solution[str]:
        agenda = Latest(most)
        return solve(0, [""], ways(drawing), kept, order=int, exits=lambda node: node < 0, agenda=agenda)

    assert reached(through_agenda(1000)) == dict(sorted(expected.items()))
    for node, facts in through_agenda(2).facts.items():
        assert {fact or "." for fact in facts} <= set(expected[node].split())


# Bounds
def counting(node: int, fact: int) -> list[tuple[int, int]]:
    """A loop with a new fact in every turn; 1000 stands for all numbers."""
    return [(0, min(fact + 1, 1000)), (-1, fact)]


def top(facts: list[int]) -> list[int]:
    return [1000]


def test_a_search_without_end_is_marked_incomplete() -> None:
    widen: list[list[int]] = []
    solution = solve(
        0, [0], counting, lambda facts: widen.append(facts) or facts, order=int, exits=lambda n: n < 0, limit=10**6,
        rounds=50,
    )  # fmt: skip
    assert not solution.complete
    assert widen == []
    assert solution.at(0) == list(range(51))


def test_a_fold_that_keeps_everything_is_stopped_too() -> None:
    solution = solve(
        0, [0], lambda _, n: [(0, n + 1)], lambda f: f, order=int, exits=lambda n: n < 0, limit=4, rounds=90
    )
    assert not solution.complete


def test_folding_brings_the_search_to_its_end() -> None:
    solution = solve(0, [0], counting, top, order=int, exits=lambda n: n < 0, limit=8)
    assert solution.complete
    assert solution.at(0) == [1000]
    assert solution.at(-1) == [1000]


def test_exits_are_folded_too_and_only_past_the_limit() -> None:
    def wide(node: int, fact: int) -> list[tuple[int, int]]:
        return [(-1, n) for n in range(9)] + [(-2, n) for n in range(8)]

    solution = solve(0, [0], wide, top, order=int, exits=lambda n: n < 0, limit=8)
    assert solution.complete
    assert solution.at(-1) == [1000]
    assert solution.at(-2) == list(range(8))


def test_what_is_folded_away_is_not_followed_and_what_stays_not_twice() -> None:
    """At the third fact of node 1 the odd ones become -1: the two that wait there are replaced, 2 was done before."""
    seen: list[tuple[int, int]] = []

    def transfer(node: int, fact: int) -> list[tuple[int, int]]:
        seen.append((node, fact))
        return [(1, 2), (2, 0)] if node == 0 else [(1, 3), (1, 5)] if node == 2 else [(-1, fact)]

    def fold(facts: list[int]) -> list[int]:
        return list(dict.fromkeys(-1 if fact % 2 else fact for fact in facts))

    solution = solve(0, [0], transfer, fold, order=int, exits=lambda n: n < 0, limit=2)
    assert seen == [(0, 0), (1, 2), (2, 0), (1, -1)]
    assert (solution.at(1), solution.at(-1)) == ([2, -1], [2, -1])


# Against a search without order, worklist and bounds
effects = st.lists(st.tuples(st.sampled_from("+-?!"), st.sampled_from("abc")).map("".join), max_size=2).map("".join)
drawings = st.integers(1, 6).flatmap(
    lambda count: st.fixed_dictionaries(
        {node: st.lists(st.tuples(st.integers(-2, count - 1), effects), max_size=3) for node in range(count)}
    )
)


def by_hand(drawing: Drawing, entry: Iterable[str]) -> dict[int, set[str]]:
    """All (node, fact) pairs, by adding what one edge leads to until nothing is new."""
    found = {(0, fact) for fact in entry}
    while True:
        more = {pair for node, fact in found if node >= 0 for pair in ways(drawing)(node, fact)}
        if more <= found:
            break
        found |= more
    return {node: {fact for other, fact in found if other == node} for node, _ in found}


@given(drawings, st.sets(st.sampled_from(["", "a", "b", "abc"])), st.randoms(use_true_random=False))
def test_every_order_reaches_what_a_plain_search_reaches(drawing: Drawing, entry: set[str], random: object) -> None:
    places = list(drawing)
    random.shuffle(places)  # type: ignore[attr-defined]
    solution = run(drawing, sorted(entry), lambda node: places[node])
    assert {node: set(facts) for node, facts in solution.facts.items()} == by_hand(drawing, entry)


@given(drawings, st.integers(1, 4), st.integers(1, 3))
def test_with_folding_every_fact_is_covered(drawing: Drawing, limit: int, most: int) -> None:
    """A folded fact is a set of facts, and stands for each of them."""

    def transfer(node: int, fact: frozenset[str]) -> list[tuple[int, frozenset[str]]]:
        out = [(target, {through(one, effect) for one in fact} - {None}) for target, effect in drawing[node]]
        return [(target, frozenset(passed)) for target, passed in out if passed]  # type: ignore[arg-type]

    def fold(facts: list[frozenset[str]]) -> list[frozenset[str]]:
        return [*facts[: most - 1], frozenset().union(*facts[most - 1 :])]

    solution = solve(
        0, [frozenset({""}), frozenset({"b"})], transfer, fold, order=int, exits=lambda n: n < 0, limit=max(limit, most)
    )
    assert solution.complete
    folded = {node: frozenset().union(*facts) for node, facts in solution.facts.items()}
    assert folded == by_hand(drawing, ["", "b"])
