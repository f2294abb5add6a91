"""Worlds made by hypothesis, and what it means that one world stands for another.

`covers(large, small)`: each run that is as `small` says is as `large` says too. Names are followed from the variables:
a value is covered by itself, by a choice that has one which covers it, or by something unknown; an object by an object
of which as much or more is possible. Objects are compared pair by pair, a pair that is met again is taken for granted
(the greatest relation), so circles are no trouble.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tooearly.flow import joining
from tooearly.flow.objects import DONE, PENDING, UNSEEN, Cont, Fut, Inst, Iterating, Obj
from tooearly.flow.state import World
from tooearly.flow.values import NONE, TRUE, Choice, Const, Oid, Ref, Unknown, Value, const, options

FUTURES = [Oid(1, ()), Oid(2, ()), Oid(1, (), "~")]
LISTS = [Oid(3, ()), Oid(4, ())]
GATHER, INSTANCE, ITERATOR, DICT = Oid(5, ()), Oid(6, ()), Oid(7, ()), Oid(8, ())
NAMES = ["a", "b", "c", "t", "ts"]

atoms = st.sampled_from([NONE, TRUE, const(1), Unknown()])
futures = st.sampled_from([Ref(oid) for oid in FUTURES])
anything = st.one_of(atoms, st.sampled_from([Ref(o) for o in [*FUTURES, *LISTS, GATHER, INSTANCE, ITERATOR, DICT]]))
masks = st.sampled_from([PENDING, DONE, PENDING | DONE, UNSEEN])
elements = st.lists(st.one_of(futures, atoms), max_size=3, unique=True).map(tuple)


@st.composite
def lists(draw: Any) -> Cont:
    return Cont("list", draw(elements), draw(st.booleans()), draw(st.booleans()))


@st.composite
def dicts(draw: Any) -> Cont:
    items = draw(elements)
    keys = tuple(const(f"k{index}") for index in range(len(items)))
    return Cont("dict", items, draw(st.booleans()), draw(st.booleans()), keys)


def instances() -> st.SearchStrategy[Inst]:
    attrs = st.dictionaries(st.sampled_from(["p", "q"]), st.one_of(futures, atoms))
    return st.builds(lambda held, is_open: Inst("C", tuple(sorted(held.items())), is_open), attrs, st.booleans())  # type: ignore[arg-type]


@st.composite
def worlds(draw: Any) -> World:
    heap: dict[Oid, Obj] = {oid: Fut("task", draw(masks), None, open=draw(st.booleans())) for oid in FUTURES}
    heap |= {oid: draw(lists()) for oid in LISTS}
    heap[DICT] = draw(dicts())
    children = tuple(draw(st.lists(futures, max_size=2, unique=True)))
    heap[GATHER] = Fut("gather", draw(masks), None, children=children, keep_going=draw(st.sampled_from([True, False])))
    heap[INSTANCE] = draw(instances())
    heap[ITERATOR] = Iterating("plain", draw(elements), draw(st.booleans()))
    env = {((), name): value for name, value in draw(st.dictionaries(st.sampled_from(NAMES), anything)).items()}
    facts = {
        ((), text): truth for text, truth in draw(st.dictionaries(st.sampled_from(["x", "y"]), st.booleans())).items()
    }
    return World(env, heap, facts).settle()  # type: ignore[arg-type]


# Standing for
def covers(large: World, small: World) -> bool:
    return _Comparison(large, small).worlds()


class _Comparison:
    def __init__(self, large: World, small: World) -> None:
        self.large, self.small = large, small
        self.assumed: set[tuple[Oid, Oid]] = set()

    def worlds(self) -> bool:
        if any(self.small.facts.get(fact) != truth for fact, truth in self.large.facts.items()):
            return False
        if not set(self.small.deferred) <= set(self.large.deferred):
            return False
        return all(
            key in self.large.env and self.value(self.large.env[key], value) for key, value in self.small.env.items()
        )

    def value(self, large: Value | None, small: Value | None) -> bool:
        if large == small and not isinstance(large, Ref | Choice):
            return True
        if isinstance(small, Choice):
            return all(self.value(large, option) for option in small.options)
        if isinstance(large, Choice):
            return any(self.value(option, small) for option in large.options)
        if isinstance(large, Unknown):
            return True
        return isinstance(large, Ref) and isinstance(small, Ref) and self.objects(large.oid, small.oid)

    def objects(self, large: Oid, small: Oid) -> bool:
        if (large.site, large.frame) != (small.site, small.frame) or large not in self.large.heap:
            return False
        if (large, small) in self.assumed:
            return True
        before = set(self.assumed)
        self.assumed.add((large, small))
        if self.contents(self.large.heap[large], self.small.heap[small]):
            return True
        self.assumed = before
        return False

    def contents(self, a: Any, b: Any) -> bool:
        if type(a) is not type(b) or (b.many and not a.many):
            return False
        match a, b:
            case Fut(), Fut():
                return self.futures(a, b)
            case Cont(), Cont():
                known = tuple(slot for slot in a.slots if slot[0] != joining.NAMES)  # how keys are meant is no fact
                return a.kind == b.kind and self.members(a, b) and self.all(known, b.slots)
            case Iterating(), Iterating():
                return a.kind == b.kind and self.members(a, b)
            case Inst(), Inst():
                held, kept = dict(a.attrs), dict(b.attrs)
                if b.open and not (a.open and all(self.value(v, Unknown()) for n, v in held.items() if n not in kept)):
                    return False
                asked = [name for name in kept if name in held or not a.open]
                return all(name in held and self.value(held[name], kept[name]) for name in asked)
        return False

    def futures(self, a: Fut, b: Fut) -> bool:
        if a.kind != b.kind or b.mask & ~a.mask or (b.open and not a.open):
            return False
        if a.keep_going not in (None, b.keep_going) or a.body not in (None, b.body):
            return False
        return a.value is None or (b.value is not None and self.value(a.value, b.value))

    def members(self, a: Any, b: Any) -> bool:
        """Of containers and iterators: how many, in which order, and which."""
        if a.nonempty and not (b.nonempty or (b.exact and b.items)):
            return False
        keyed = isinstance(a, Cont) and a.kind == "dict"
        mine = list(zip(a.keys, a.items, strict=True)) if keyed and a.keys else [(NONE, i) for i in a.items]
        theirs = list(zip(b.keys, b.items, strict=True)) if keyed and b.keys else [(NONE, i) for i in b.items]
        if a.exact:
            return b.exact and len(mine) == len(theirs) and all(map(self.pair, mine, theirs))
        each = [(key, option) for key, value in theirs for option in options(value)]
        return all(any(self.pair(m, t) for m in mine) for t in each)

    def pair(self, a: tuple[Value, Value], b: tuple[Value, Value]) -> bool:
        return self.value(a[0], b[0]) and self.value(a[1], b[1])

    def all(self, a: tuple[tuple[Value, Value], ...], b: tuple[tuple[Value, Value], ...]) -> bool:
        """What is remembered of the one (which element a subscript took) holds of the other."""
        return all(any(self.pair(mine, theirs) for theirs in b) for mine in a)


__all__ = ["Const", "covers", "worlds"]
