"""The solver: reachable facts over a graph. It knows no tasks and no Python.

A *fact* is any hashable value; `transfer` maps (node, fact) to the (target, fact) pairs that leave the node. Each node
collects the set of facts that reach it, so the analysis is a powerset one: effects are those of single facts, and a
join is a union. How a set is kept is the caller's choice (`Facts`): one may unite facts where nothing is lost.

Termination needs a bound on the facts of a node: above `limit` facts, `widen` folds the set (the solver asks it to
make fewer) and the new facts replace the old ones. `widen` must be increasing: what is folded must stand for everything
it was made of, and repeated widening must reach an end. A node that has been widened is widened earlier the next time:
a loop that needs it again and again comes to its end sooner. When more than `rounds` pairs have been transferred the
search ends; the result says so (`complete`), because a fact that is missing would look like safety.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

F = TypeVar("F", bound=Hashable)
Transfer = Callable[[int, F], Iterable[tuple[int, F]]]
Widen = Callable[[list[F]], list[F]]


class Agenda(Protocol[F]):
    """The facts that are to be followed, and which of them is next."""

    def put(self, node: int, facts: list[F], /) -> None: ...
    def withdraw(self, node: int, /) -> list[F]: ...
    def take(self) -> tuple[int, F] | None: ...


class Facts(Protocol[F]):
    """The facts of a node. `add` gives the fact to follow, perhaps one that stands for others too, or None."""

    def add(self, fact: F, /) -> F | None: ...
    def __contains__(self, fact: object, /) -> bool: ...
    def __iter__(self) -> Iterator[F]: ...
    def __len__(self) -> int: ...


class Plain(Generic[F]):
    """Facts as a set, in the order in which they came."""

    __slots__ = ("_facts",)

    def __init__(self, facts: Iterable[F] = ()) -> None:
        self._facts = dict.fromkeys(facts)

    def add(self, fact: F) -> F | None:
        """The fact, when it is new."""
        if fact in self._facts:
            return None
        self._facts[fact] = None
        return fact

    def __contains__(self, fact: object) -> bool:
        return fact in self._facts

    def __iter__(self) -> Iterator[F]:
        return iter(self._facts)

    def __len__(self) -> int:
        return len(self._facts)


class Forward(Generic[F]):
    """Nodes in the order of the graph, so that all that comes to a node is united before it is left."""

    def __init__(self, order: Callable[[int], int]) -> None:
        self._waiting: dict[int, list[F]] = {}
        self._order = order

    def put(self, node: int, facts: list[F]) -> None:
        """Facts of a node that are to be followed."""
        self._waiting.setdefault(node, []).extend(facts)

    def withdraw(self, node: int) -> list[F]:
        """The facts of a node that have not been followed yet; they are taken out."""
        return self._waiting.pop(node, [])

    def take(self) -> tuple[int, F] | None:
        """The next one, None at the end."""
        if not self._waiting:
            return None
        node = min(self._waiting, key=self._order)
        fact = self._waiting[node].pop()
        if not self._waiting[node]:
            del self._waiting[node]
        return node, fact


@dataclass(slots=True)
class Solution(Generic[F]):
    """The facts at each node, and whether the search came to its end within the bounds."""

    facts: dict[int, Facts[F]] = field(default_factory=dict)
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
    collect: Callable[[Iterable[F]], Facts[F]] = Plain,
    agenda: Agenda[F] | None = None,
    solution: Solution[F] | None = None,
) -> Solution[F]:
    """All facts that reach each node from `entry` at `start`.

    `order` gives a node's place in reverse postorder (smaller first: fewer visits). `exits` tells the nodes that are
    not transferred. `limit` is the number of facts a node may hold before it is widened, `rounds` the number of
    (node, fact) pairs that may be transferred. `collect` makes the set of facts of a node.
    """
    solution = solution if solution is not None else Solution()
    waiting = agenda if agenda is not None else Forward[F](order)
    limits: dict[int, int] = {}

    def reach(node: int, fact: F) -> None:
        known = solution.facts.get(node)
        if known is None:
            known = solution.facts[node] = collect(())
        new = known.add(fact)
        if new is None:
            return
        fresh = [new]
        most = limits.get(node, limit)
        if len(known) > most:
            limits[node] = max(most // 2, limit // 4)
            solution.facts[node], fresh = _widened(known, new, waiting.withdraw(node), widen, collect)
        if fresh and not exits(node):
            waiting.put(node, fresh)

    for fact in entry:
        reach(start, fact)
    while (found := waiting.take()) is not None:
        node, fact = found
        if fact not in solution.facts[node]:
            continue  # widened away, or united with another, meanwhile
        rounds -= 1
        if rounds < 0:
            solution.complete = False
            return solution
        for target, out in transfer(node, fact):
            reach(target, out)
    return solution


def _widened(
    known: Facts[F], new: F, waiting: list[F], widen: Widen[F], collect: Callable[[Iterable[F]], Facts[F]]
) -> tuple[Facts[F], list[F]]:
    """Fewer facts, and those of them that have not been followed yet."""
    folded = collect(widen(list(known)))
    open_facts = {new, *waiting}
    return folded, [fact for fact in folded if fact not in known or fact in open_facts]
