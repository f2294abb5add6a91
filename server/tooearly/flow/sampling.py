"""Which worlds are followed first, when there are too many to follow them all.

A root that spends its budget is interpreted once more, and this time nothing is folded: each world that is looked at
is one that a run may be in, so that what it shows is possible. Instead some worlds are left out, those of which like
ones have been seen. The worlds of a block are followed in rounds. In each round a block lets a few worlds through, and
some more that show what none has shown there yet: a future in another state, a container of others, a name that
holds something else, a condition decided the other way, each for itself and together with the way that a `finally`
will take. Only when no block has one left, the next round begins, with twice as many. So the first ways to the end
of the function are known early, and the budget goes into variety. Of a function that is called there is one round; if
that left worlds out, all is done once more with more of them (`analyse`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tooearly.flow.objects import Cont, Fut, Iterating, Obj
from tooearly.flow.state import World
from tooearly.flow.values import Const, Exc, Oid, options
from tooearly.flow.walking import held

FEW = 4  # worlds of a block in the first round
MORE = 4  # times as many when all is done once more
NEW = 4  # times as many when each shows something new


class Rounds:
    """The worlds that wait to be followed, the most telling first; an agenda of `solve`."""

    def __init__(self, order: Callable[[int], int], few: int, *, whole: bool) -> None:
        """`few`: worlds of a block in the first round; `whole`: there is another one as long as something is left."""
        self._order = order
        self._few = few
        self._whole = whole
        self._waiting: dict[int, list[tuple[World, frozenset[Any]]]] = {}
        self._seen: dict[int, set[Any]] = {}
        self._followed: dict[int, int] = {}
        self._through: set[int] = set()  # blocks that have let through what they can in this round

    def put(self, node: int, facts: list[World]) -> None:
        """Worlds at a block that are to be followed."""
        self._waiting.setdefault(node, []).extend([(fact, frozenset(shown(fact))) for fact in facts])
        self._through.discard(node)

    def withdraw(self, node: int) -> list[World]:
        """The worlds of a block that have not been followed yet; they are taken out."""
        return [fact for fact, _ in self._waiting.pop(node, [])]

    def take(self) -> tuple[int, World] | None:
        """The next world, None at the end."""
        while self._waiting:
            for node in sorted(self._waiting.keys() - self._through, key=self._order):
                place = self._best(node)
                if place is not None:
                    return node, self._follow(node, place)
                self._through.add(node)
            if not self._whole:
                return None
            self._few *= 2
            self._through.clear()
        return None

    @property
    def left_out(self) -> bool:
        """Whether worlds have not been followed."""
        return bool(self._waiting)

    def _best(self, node: int) -> int | None:
        """The place of the world to follow at a block, None when there is none in this round."""
        followed, seen = self._followed.get(node, 0), self._seen.get(node, set())
        if followed >= NEW * self._few:
            return None
        best, most = -1, -1
        for place, (_, shows) in enumerate(self._waiting[node]):
            if len(shows) >= most and (news := len(shows - seen)) >= most:
                best, most = place, news
        return best if most or followed < self._few else None

    def _follow(self, node: int, place: int) -> World:
        world, shows = self._waiting[node].pop(place)
        if not self._waiting[node]:
            del self._waiting[node]
        self._seen.setdefault(node, set()).update(shows)
        self._followed[node] = self._followed.get(node, 0) + 1
        return world


def shown(world: World) -> Iterator[Any]:
    """What there is to see in a world, each with the way that it takes behind a `finally`."""
    way = frozenset((key, v) for key, v in world.env.items() if isinstance(v, Const | Exc) and not _is_name(key[1]))
    heap = world.heap
    for oid, obj in heap.items():
        if isinstance(obj, Fut):
            yield way, oid.site, oid.frame, obj.many, obj.mask
        elif isinstance(obj, Cont | Iterating):
            yield way, oid.site, oid.frame, frozenset(_state(heap, member) for member in held(obj))
    for key, value in world.env.items():
        if _is_name(key[1]):
            for one in options(value):
                fut = world.fut(one)
                yield way, key, one if fut is None else (fut.made, fut.mask)
    for fact in world.facts.items():
        yield way, fact


def _is_name(name: Any) -> bool:
    return isinstance(name, str) and name[0] != "$"


def _state(heap: dict[Oid, Obj], oid: Oid) -> Any:
    """A member of a container: which one, and what is possible of it."""
    obj = heap.get(oid)
    return (oid.site, "" if obj.many else oid.tag, obj.mask) if isinstance(obj, Fut) else None
