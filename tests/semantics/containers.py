"""Claims about containers and the functions that go through them: which futures come out, and in what order.

Each entry takes three futures and is true when the row's API does what the analysis believes: the very same futures
come out, no other, and none of them is waited for.
"""

from __future__ import annotations

import argparse
import builtins
import collections
import contextlib
import copy
import dataclasses
import functools
import heapq
import itertools
import operator
import random
import sys
import types
import typing
import unittest
import weakref
from asyncio import Future, isfuture
from collections.abc import Callable, Generator
from typing import Any

Holds = Callable[[Any, Any, Any], bool]
CASE = unittest.TestCase()


@dataclasses.dataclass
class Pair:
    """Two things."""

    a: object
    b: object


def after(container: Any, act: Callable[[Any], Any]) -> Any:
    """The container after something has been done to it."""
    act(container)
    return container


def refused(act: Callable[[], object], error: type[Exception] = AssertionError) -> bool:
    """Whether `act` raises."""
    try:
        act()
    except error:
        return True
    return False


def echo() -> Generator[Any, Any, None]:
    """Gives back what it is sent."""
    told = None
    while True:
        told = yield told


class Bag:
    """Something with an attribute."""

    item: Any = None


MAKING: dict[str, Holds] = {
    "builtins.list": lambda a, b, c: list(iter((a, b))) == [a, b] and list() == [],  # noqa: C408
    "builtins.tuple": lambda a, b, c: tuple(iter([a, b])) == (a, b),
    "builtins.set": lambda a, b, c: set([a, b, a]) == {a, b},  # noqa: C405
    "builtins.frozenset": lambda a, b, c: frozenset([a, b]) == {a, b},
    "builtins.dict": lambda a, b, c: dict({1: a}, x=b) == {1: a, "x": b} and dict(zip([1], [a], strict=True)) == {1: a},
    "collections.OrderedDict": lambda a, b, c: list(collections.OrderedDict({1: a, 2: b}).values()) == [a, b],
    "collections.deque": lambda a, b, c: list(collections.deque([a, b, c], maxlen=2)) == [b, c],
    "collections.namedtuple": lambda a, b, c: collections.namedtuple("P", "x y")(a, y=b) == (a, b),
    "typing.NamedTuple": lambda a, b, c: typing.NamedTuple("P", [("x", Any)])(a).x is a,
    "collections.defaultdict": lambda a, b, c: (
        after(collections.defaultdict(list), lambda d: d[1].append(a)) == {1: [a]}
    ),
    "weakref.WeakSet": lambda a, b, c: set(weakref.WeakSet([a, b])) == {a, b},
}

GOING_THROUGH: dict[str, Holds] = {
    "builtins.sorted": lambda a, b, c: sorted([a, b, c], key=[b, c, a].index) == [b, c, a],
    "builtins.reversed": lambda a, b, c: list(reversed([a, b, c])) == [c, b, a],
    "builtins.enumerate": lambda a, b, c: list(enumerate([a, b], 1)) == [(1, a), (2, b)],
    "builtins.zip": lambda a, b, c: list(zip([a, b], "xyz")) == [(a, "x"), (b, "y")],  # noqa: B905
    "itertools.chain": lambda a, b, c: list(itertools.chain([a], [b, c])) == [a, b, c],
    "itertools.chain.from_iterable": lambda a, b, c: list(itertools.chain.from_iterable([[a], [b]])) == [a, b],
    "itertools.islice": lambda a, b, c: list(itertools.islice([a, b, c], 1, 2)) == [b],
    "itertools.batched": lambda a, b, c: (
        sys.version_info < (3, 12) or list(itertools.batched([a, b, c], 2)) == [(a, b), (c,)]
    ),
    "builtins.range": lambda a, b, c: [[a, b, c][n] for n in range(1, 3)] == [b, c] and not list(range(0)),
    "weakref.WeakValueDictionary": lambda a, b, c: list(weakref.WeakValueDictionary({1: a}).items()) == [(1, a)],
    "weakref.WeakKeyDictionary": lambda a, b, c: list(weakref.WeakKeyDictionary({a: 1})) == [a],
    "itertools.cycle": lambda a, b, c: list(itertools.islice(itertools.cycle([a, b]), 3)) == [a, b, a],
    "itertools.count": lambda a, b, c: list(zip(itertools.count(5), [a, b])) == [(5, a), (6, b)],
    "builtins.iter": lambda a, b, c: next(iter([a, b])) is a,
    "builtins.next": lambda a, b, c: next(iter([]), c) is c and refused(lambda: next(iter([])), StopIteration),
    "Iterator.send": lambda a, b, c: [g := echo(), next(g), g.send(a), g.send(b)][2:] == [a, b],
    "Coroutine.send": lambda a, b, c: refused(lambda: echo().send(a), TypeError) and echo().send(None) is None,
    "builtins.max": lambda a, b, c: max([a, b, c], key=[a, c, b].index) is b,
    "builtins.min": lambda a, b, c: min(a, b, key=[b, a].index) is b and min([], default=c) is c,
    "heapq.nsmallest": lambda a, b, c: heapq.nsmallest(2, [a, b, c], key=[b, c, a].index) == [b, c],
    "heapq.nlargest": lambda a, b, c: heapq.nlargest(1, [a, b, c], key=[b, c, a].index) == [a],
    "random.choice": lambda a, b, c: random.choice([a, b]) in {a, b},
    "Random.choice": lambda a, b, c: random.Random(1).choice([a, b]) in {a, b},
    "builtins.all": lambda a, b, c: all(f.done() is False for f in (a, b)) and all([]),
    "builtins.any": lambda a, b, c: not any(f.done() for f in (a, b)) and not any([]),
    "builtins.len": lambda a, b, c: len([a, b]) == 2 and len({a, a}) == 1,
}

LISTS: dict[str, Holds] = {
    "heapq.heappush": lambda a, b, c: sorted(after([(1, a)], lambda x: heapq.heappush(x, (0, b)))) == [(0, b), (1, a)],
    "heapq.heappop": lambda a, b, c: after([(0, a), (1, b)], heapq.heappop) == [(1, b)],
    "list.__init__": lambda a, b, c: after([], lambda x: x.__init__([a, b])) == [a, b],
    "set.__init__": lambda a, b, c: after(set(), lambda x: x.__init__([a, b])) == {a, b},
    "dict.__init__": lambda a, b, c: after({}, lambda x: x.__init__({1: a}, k=b)) == {1: a, "k": b},
    "dict.__setitem__": lambda a, b, c: after({}, lambda x: x.__setitem__(1, a)) == {1: a},
    "dict.__getitem__": lambda a, b, c: {1: a}.__getitem__(1) is a,
    "list.append": lambda a, b, c: after([a], lambda x: x.append(b)) == [a, b],
    "list.appendleft": lambda a, b, c: list(after(collections.deque([a]), lambda x: x.appendleft(b))) == [b, a],
    "list.insert": lambda a, b, c: after([a, b], lambda x: x.insert(0, c)) == [c, a, b],
    "list.extend": lambda a, b, c: after([a], lambda x: x.extend([b, c])) == [a, b, c],
    "list.extendleft": lambda a, b, c: list(after(collections.deque([a]), lambda x: x.extendleft([b, c]))) == [c, b, a],
    "list.pop": lambda a, b, c: [a, b].pop() is b and [a, b].pop(0) is a and refused([].pop, IndexError),
    "list.popleft": lambda a, b, c: collections.deque([a, b]).popleft() is a,
    "list.remove": lambda a, b, c: (
        after([a, b], lambda x: x.remove(a)) == [b] and refused(lambda: [].remove(a), ValueError)
    ),
    "list.clear": lambda a, b, c: after([a, b], lambda x: x.clear()) == [],
    "list.sort": lambda a, b, c: after([a, b], lambda x: x.sort(key=[b, a].index)) == [b, a],
    "list.reverse": lambda a, b, c: after([a, b], lambda x: x.reverse()) == [b, a],
    "list.rotate": lambda a, b, c: list(after(collections.deque([a, b, c]), lambda x: x.rotate(1))) == [c, a, b],
    "dataclasses.replace": lambda a, b, c: dataclasses.replace(Pair(a, b), b=c) == Pair(a, c),
    "copy.copy": lambda a, b, c: after([a], lambda x: copy.copy(x).append(b)) == [a],
    "types.SimpleNamespace": lambda a, b, c: types.SimpleNamespace(first=a, second=b).second is b,
    "argparse.Namespace": lambda a, b, c: argparse.Namespace(first=a).first is a,
    "list.copy": lambda a, b, c: after([a], lambda x: x.copy().append(b)) == [a],
    "list.index": lambda a, b, c: [a, b].index(b) == 1 and refused(lambda: [a].index(b), ValueError),
    "list.count": lambda a, b, c: [a, b, a].count(a) == 2,
}

SETS: dict[str, Holds] = {
    "set.add": lambda a, b, c: after({a}, lambda x: x.add(b)) == {a, b},
    "set.update": lambda a, b, c: after({a}, lambda x: x.update([b], {c})) == {a, b, c},
    "set.pop": lambda a, b, c: {a}.pop() is a and refused(set().pop, KeyError),
    "set.remove": lambda a, b, c: (
        after({a, b}, lambda x: x.remove(a)) == {b} and refused(lambda: {b}.remove(a), KeyError)
    ),
    "set.discard": lambda a, b, c: after({a, b}, lambda x: (x.discard(a), x.discard(c))) == {b},
    "set.clear": lambda a, b, c: after({a}, lambda x: x.clear()) == set(),
    "set.copy": lambda a, b, c: after({a}, lambda x: x.copy().add(b)) == {a},
    "set.intersection": lambda a, b, c: {a, b}.intersection([b, c]) == {b} == {a, b} & {b, c},
    "set.union": lambda a, b, c: {a}.union([b], [c]) == {a, b, c} == {a} | {b} | {c},
    "set.difference": lambda a, b, c: {a, b}.difference([b]) == {a} == {a, b} - {b},
    "set.symmetric_difference": lambda a, b, c: {a, b}.symmetric_difference([b, c]) == {a, c} == {a, b} ^ {b, c},
    "set.difference_update": lambda a, b, c: after({a, b}, lambda x: x.difference_update([b])) == {a},
    "set.intersection_update": lambda a, b, c: after({a, b}, lambda x: x.intersection_update([b])) == {b},
    "set.issubset": lambda a, b, c: {a}.issubset([a, b]) and not {c}.issubset([a]) and {a} <= {a, b},
    "set.issuperset": lambda a, b, c: {a, b}.issuperset([a]) and not {a}.issuperset([b]) and {a, b} >= {a},
    "set.isdisjoint": lambda a, b, c: {a}.isdisjoint([b]) and not {a, b}.isdisjoint([b]),
}

DICTS: dict[str, Holds] = {
    "dict.update": lambda a, b, c: after({1: a}, lambda x: x.update({1: b, 2: c})) == {1: b, 2: c},
    "dict.pop": lambda a, b, c: {1: a}.pop(1) is a and {1: a}.pop(2, b) is b and refused(lambda: {}.pop(1), KeyError),
    "dict.popitem": lambda a, b, c: {1: a, 2: b}.popitem() == (2, b) and refused({}.popitem, KeyError),
    "dict.clear": lambda a, b, c: after({1: a}, lambda x: x.clear()) == {},
    "dict.copy": lambda a, b, c: after({1: a}, lambda x: x.copy().clear()) == {1: a},
    "dict.values": lambda a, b, c: list({1: a, 2: b}.values()) == [a, b],
    "dict.keys": lambda a, b, c: list({a: 1, b: 2}.keys()) == [a, b],
    "dict.items": lambda a, b, c: list({1: a, b: 2}.items()) == [(1, a), (b, 2)],
    "dict.get": lambda a, b, c: {1: a}.get(1) is a and {1: a}.get(2, b) is b and {}.get(1) is None,
    "dict.setdefault": lambda a, b, c: {1: a}.setdefault(1, b) is a and {}.setdefault(1, b) is b,
    "dict.fromkeys": lambda a, b, c: dict.fromkeys([a, b], c) == {a: c, b: c},
    "builtins.dict.fromkeys": lambda a, b, c: list(dict.fromkeys([a, b])) == [a, b],
}

FUNCTIONS: dict[str, Holds] = {
    "functools.partial": lambda a, b, c: functools.partial(max, [a, b], key=[b, a].index)() is a,
    "functools.partialmethod": lambda a, b, c: isinstance(
        functools.partialmethod(Future.done), functools.partialmethod
    ),
    "operator.methodcaller": lambda a, b, c: operator.methodcaller("done")(a) is False,
    "operator.attrgetter": lambda a, b, c: operator.attrgetter("done")(a)() is False,
    "builtins.getattr": lambda a, b, c: getattr(a, "done")() is False and getattr(a, "nothing", b) is b,  # noqa: B009
    "builtins.setattr": lambda a, b, c: after(Bag(), lambda bag: setattr(bag, "item", a)).item is a,
    "builtins.isinstance": lambda a, b, c: isinstance(a, Future) and not isinstance(None, Future),
    "asyncio.isfuture": lambda a, b, c: isfuture(a) and not isfuture(1),
    "builtins.bool": lambda a, b, c: bool(a) is True and bool([]) is False and bool({a}),
    "contextlib.closing": lambda a, b, c: entered(contextlib.closing(Closes(a))).item is a,
    "contextlib.nullcontext": lambda a, b, c: entered(contextlib.nullcontext(a)) is a,
    "contextlib.suppress": lambda a, b, c: not refused(lambda: leave(contextlib.suppress(ValueError)), ValueError),
    "contextlib.contextmanager": lambda a, b, c: entered(contextlib.contextmanager(lambda: iter([a]))()) is a,
    "TestCase.assertRaises": lambda a, b, c: not refused(lambda: leave(CASE.assertRaises(ValueError)), ValueError),  # noqa: PT027
    "TestCase.assertTrue": lambda a, b, c: refused(lambda: CASE.assertTrue(a.done())),  # noqa: PT009
    "unittest.TestCase.assertTrue": lambda a, b, c: refused(lambda: unittest.TestCase.assertTrue(CASE, a.done())),  # noqa: PT009
    "TestCase.assertFalse": lambda a, b, c: refused(lambda: CASE.assertFalse(not a.done())),  # noqa: PT009
    "TestCase.assertIn": lambda a, b, c: refused(lambda: CASE.assertIn(a, {b})),  # noqa: PT009
    "TestCase.assertNotIn": lambda a, b, c: refused(lambda: CASE.assertNotIn(a, {a})),  # noqa: PT009
    "builtins.super": lambda a, b, c: super(Bag, Bag()).__class__ is builtins.super,
}


class Closes:
    """What `closing` closes."""

    def __init__(self, item: Any) -> None:
        self.item = item

    def close(self) -> None:
        pass


def entered(manager: Any) -> Any:
    """What `with manager as value` binds; a manager made of a bare iterator complains at its end."""
    value = manager.__enter__()
    with contextlib.suppress(AttributeError):
        manager.__exit__(None, None, None)
    return value


def leave(manager: Any) -> None:
    """Leave a block by ValueError."""
    with manager:
        raise ValueError


TABLE: dict[str, Holds] = {**MAKING, **GOING_THROUGH, **LISTS, **SETS, **DICTS, **FUNCTIONS}
