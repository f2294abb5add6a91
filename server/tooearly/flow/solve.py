"""The solver: reachable facts over a graph. It knows no tasks and no Python.

A *fact* is any hashable value; `transfer` maps (node, fact) to the (target, fact) pairs that leave the node. Each node
collects the set of facts that reach it, so the analysis is a powerset one: effects are those of single facts, and a
join is a union. Termination needs a bound on the facts of a node: at `limit` facts, `widen` folds the set (the solver
asks it to make fewer) and the new facts replace the old ones. `widen` must be increasing: what is folded must stand
for everything it was made of, and repeated widening must reach an end. A node that is left more than `rounds` times
ends the search; the result says so (`complete`), because a fact that is missing would look like safety.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

F = TypeVar("F", bound=Hashable)
Transfer = Callable[[int, F], Iterable[tuple[int, F]]]
Widen = Callable[[list[F]], list[F]]


@dataclass(slots=True)
class Solution(Generic[F]):
    """The facts at each node, and whether the search came to its end within the bounds."""

    facts: dict[int, dict[F, None]] = field(default_factory=dict)
    complete: bool = True

    def at(self, node: int) -> list[F]:
        """The facts that reach `node`, in the order in which they were found."""
        return list(self.facts.get(node, ()))


def solve(
    start: int,
    entry: Iterable[F],
    transfer: Transfer[F],
    widen: Widen[F],
    *,
    order: Callable[[int], int],
    exits: Callable[[int], bool],
    limit: int = 32,
    rounds: int = 4000,
) -> Solution[F]:
    """All facts that reach each node from `entry` at `start`.

    `order` gives a node's place in reverse postorder (smaller first: fewer visits). `exits` tells the nodes that are
    not transferred. `limit` is the number of facts a node may hold before it is widened, `rounds` the number of
    (node, fact) pairs that may be transferred.
    """
    solution: Solution[F] = Solution()
    waiting: dict[int, list[F]] = {}
    for fact in entry:
        _reach(solution, waiting, start, fact, widen, limit, exits)
    while waiting:
        node = min(waiting, key=order)
        fact = waiting[node].pop()
        if not waiting[node]:
            del waiting[node]
        if fact not in solution.facts[node]:
            continue  # widened away meanwhile
        rounds -= 1
        if rounds < 0:
            solution.complete = False
            return solution
        for target, out in transfer(node, fact):
            _reach(solution, waiting, target, out, widen, limit, exits)
    return solution


def _reach(
    solution: Solution[F],
    waiting: dict[int, list[F]],
    node: int,
    fact: F,
    widen: Widen[F],
    limit: int,
    exits: Callable[[int], bool],
) -> None:
    known = solution.facts.setdefault(node, {})
    if fact in known:
        return
    known[fact] = None
    if exits(node):
        if len(known) > limit:
            solution.facts[node] = dict.fromkeys(widen(list(known)))
        return
    if len(known) <= limit:
        waiting.setdefault(node, []).append(fact)
        return
    folded = dict.fromkeys(widen(list(known)))
    fresh = [new for new in folded if new not in known or new in waiting.get(node, ())]
    if fact in folded and fact not in fresh:
        fresh.append(fact)
    solution.facts[node] = folded
    if fresh:
        waiting[node] = fresh
    else:
        waiting.pop(node, None)
