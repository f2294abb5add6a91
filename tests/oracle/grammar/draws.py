"""What productions share: the source of chance, names in scope, the choice among rules.

`Gen` belongs to one program. `Scope` is what the next statement can count on: every name in it is bound on all paths,
so that a program ends by what asyncio does, seldom by a NameError. Productions return lines of text without the
indentation of the block that they stand in.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

T = TypeVar("T")
Lines = list[str]
SHORT = ("0.01", "0.02", "0.05")  # waits that strike: well below the longest draw of the prelude's `delay`


@dataclass(frozen=True)
class Pair:
    """The two sets that `asyncio.wait` returned, the names of what was waited for, and how."""

    done: str
    pending: str
    members: tuple[str, ...]
    bag: str
    first: bool = False


@dataclass
class Scope:
    """Names bound on every path to the next statement.

    `tasks`: names of single futures, oldest first. `bags`: containers, each with expressions for single members.
    `futures`: names of plain futures that this code may set. `sync`: no await here; `loop`: break and continue mean
    something; `inner`: this is a nested function, where an assignment would make a name a local one; `focus`: what the
    last wait was about, which the next read is likely to be about, too.
    """

    tasks: list[str] = field(default_factory=list)
    bags: dict[str, tuple[str, ...]] = field(default_factory=dict)
    lists: list[str] = field(default_factory=list)
    dicts: list[str] = field(default_factory=list)
    futures: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)
    focus: list[str] = field(default_factory=list)
    depth: int = 0
    sync: bool = False
    inner: bool = False
    loop: bool = False

    def child(self, **changes: object) -> Scope:
        """A block one level further in: what it binds is not seen outside."""
        copied: dict[str, object] = {
            name: type(value)(value)
            for name in ("tasks", "bags", "lists", "dicts", "futures", "flags", "pairs", "focus")
            for value in (getattr(self, name),)
        }
        return replace(self, **{**copied, "depth": self.depth + 1, **changes})  # type: ignore[arg-type]

    def add(self, *names: str) -> None:
        """Single futures have been bound to `names` just now."""
        for name in names:
            if name in self.tasks:
                self.tasks.remove(name)
            self.tasks.append(name)


Production = Callable[["Gen", Scope], Lines]


def always(_: Scope) -> bool:
    """The condition of a rule that always makes sense."""
    return True


@dataclass(frozen=True)
class Rule:
    """One alternative: how often it is taken, the name that switches it off, what it writes, when it may be taken."""

    weight: float
    group: str
    make: Production
    when: Callable[[Scope], bool] = always


class Gen:
    """The chance and the counters of one program. `used` counts the groups taken."""

    def __init__(self, seed: int, rules: Mapping[str, Sequence[Rule]], without: frozenset[str] = frozenset()) -> None:
        self.random = random.Random(seed)
        self.rules = rules
        self.without = without
        self.used: Counter[str] = Counter()
        self._names: Counter[str] = Counter()

    def fresh(self, stem: str) -> str:
        """A name that the program does not have yet."""
        self._names[stem] += 1
        return f"{stem}{self._names[stem]}"

    def number(self) -> int:
        """A number that names one task's stream of chance."""
        return self.numbers(1)

    def numbers(self, count: int) -> int:
        """The first of `count` such numbers in a row."""
        self._names["work"] += count
        return self._names["work"] - count + 1

    def pick(self, items: Sequence[T]) -> T:
        """One of `items`."""
        return self.random.choice(items)

    def chance(self, odds: float) -> bool:
        """True in `odds` of all cases."""
        return self.random.random() < odds

    def weighted(self, items: Sequence[tuple[float, T]]) -> T:
        """One of the weighted `items`."""
        return self.random.choices([item for _, item in items], [weight for weight, _ in items])[0]

    def flag(self) -> str:
        """A condition that is drawn when it is evaluated."""
        return f'flag("{self.fresh("if")}")'

    def some(self, items: Sequence[str], least: int, most: int) -> list[str]:
        """Between `least` and `most` different items, in random order."""
        most = min(most, len(items))
        return self.random.sample(list(items), self.random.randint(min(least, most), most))

    def take(self, table: str, scope: Scope) -> Lines:
        """The lines of one rule of `table` that makes sense in `scope`."""
        fit = [(r.weight, r) for r in self.rules[table] if r.group not in self.without and r.when(scope)]
        rule = self.weighted(fit)
        self.used[rule.group] += 1
        return rule.make(self, scope)

    def block(self, scope: Scope, least: int = 1, most: int = 3) -> Lines:
        """A few statements."""
        lines: Lines = []
        for _ in range(self.random.randint(least, most)):
            lines += self.take("statement", scope)
        return lines

    def nested(self, scope: Scope, most: int = 2, **changes: object) -> Lines:
        """A block of its own scope, indented."""
        return indent(self.block(scope.child(**changes), 1, most))


def indent(lines: Lines) -> Lines:
    """The lines one level further in."""
    return [f"    {line}" for line in lines]


def recent(gen: Gen, scope: Scope) -> str:
    """The name of a future, newer ones more often."""
    names = scope.tasks
    return gen.weighted([(index + 1.0, name) for index, name in enumerate(names)])


def receiver(gen: Gen, scope: Scope) -> str:
    """An expression for a single future: a name, or a member of a container."""
    if scope.focus and gen.chance(0.5):
        return gen.pick(scope.focus)
    members = [member for expressions in scope.bags.values() for member in expressions]
    if members and (not scope.tasks or gen.chance(0.25)):
        return gen.pick(members)
    return recent(gen, scope)


def has_task(scope: Scope) -> bool:
    """There is a future."""
    return bool(scope.tasks) or any(scope.bags.values())


def has_name(scope: Scope) -> bool:
    """There is a future with a name of its own."""
    return bool(scope.tasks)


def rebinds(scope: Scope) -> bool:
    """There is a plain name that may get another future here."""
    return not scope.inner and any("." not in name for name in scope.tasks)


def has_two(scope: Scope) -> bool:
    """There are two futures with names."""
    return len(scope.tasks) > 1


def has_bag(scope: Scope) -> bool:
    """There is a container of futures."""
    return bool(scope.bags)


def has_pair(scope: Scope) -> bool:
    """`done, pending` of a wait are in scope."""
    return bool(scope.pairs)


def waits(scope: Scope) -> bool:
    """Here one may await, and there is something to await."""
    return not scope.sync and has_task(scope)


def roomy(scope: Scope) -> bool:
    """A further level of nesting is not too much."""
    return scope.depth < 2
