"""The worlds of a block, as few as say the same: two that differ in one thing only are one world.

A world is a conjunction: this name holds that *and* this future is pending. The union of two conjunctions that differ
in a single member is again one: `x = 1` or `x = 2` with all else equal is `x = 1 or 2`, a future that is pending here
and done there may be either. Nothing is lost (that is the difference to `folding`), and whoever looks at the member
splits the world again. So a branch that decides nothing costs nothing behind its end.

To find the partner, each world is listed under the hash of all its members but one, for each member that can be
united. A world's hash is the exclusive or of its members' hashes, so leaving one out is one operation.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import replace
from itertools import islice

from tooearly.flow.folding import join_worlds
from tooearly.flow.joining import either_asked, either_end, join_objects
from tooearly.flow.likeness import ends_forgotten, keys_to_futures, likeness
from tooearly.flow.objects import DONE, GHOST, PENDING, Cont, Fut, Inst, Iterating, Obj
from tooearly.flow.state import Key, World
from tooearly.flow.subsumed import Loose, loose_groups, wider
from tooearly.flow.values import Choice, Const, Frame, Oid, Unknown, Value, choice
from tooearly.flow.walking import held

# a variable, an object, a remembered condition, a group; None: no member
Member = Key | Oid | tuple[str, Frame, str] | Loose | None

MANY = 4  # times as many worlds as make a crowd: now it is no matter either how futures have ended


class Worlds:
    """The worlds at a block; `add` keeps them few."""

    __slots__ = ("_alike", "_few", "_listed", "_lost", "_partners", "_worlds")

    def __init__(
        self, worlds: Iterable[World] = (), few: int | None = None, lost: Callable[[], None] | None = None
    ) -> None:
        """`few`: beyond that many, worlds that differ only in data are one, and each time `lost` is called."""
        self._worlds: dict[World, None] = {}
        self._few = few
        self._lost = lost
        self._alike: dict[Hashable, World] = {}
        self._partners: dict[int, tuple[World, Member]] = {}
        self._listed = 0
        for world in worlds:
            self.add(world)

    def __len__(self) -> int:
        return len(self._worlds)

    def __iter__(self) -> Iterator[World]:
        return iter(self._worlds)

    def __contains__(self, world: object) -> bool:
        return world in self._worlds

    def add(self, world: World) -> World | None:
        """Take a world in: what has to be followed because of it (itself, or a union); None when nothing is new."""
        if self._crowded(MANY):
            world = ends_forgotten(world)
        while world not in self._worlds:
            found = self._partner(world) or self._like(world)
            if found is None:
                self._worlds[world] = None
                return world
            partner, union = found
            if union == partner:
                return None
            del self._worlds[partner]
            self._listed -= 1
            world = union
        return None

    def _partner(self, world: World) -> tuple[World, World] | None:
        """A world here that differs from `world` in one member, and their union."""
        for known in islice(self._worlds, self._listed, None):  # many blocks never see a second world
            self._partners.update((rest, (known, member)) for member, rest in rests(known))
        self._listed = len(self._worlds)
        for member, rest in rests(world):
            found = self._partners.get(rest)
            if found is not None and found[0] in self._worlds:
                union = united(world, found[0], member, found[1])
                if union is not None:
                    return found[0], union
        return None

    def _crowded(self, times: int) -> bool:
        return self._few is not None and len(self._worlds) >= times * self._few

    def _like(self, world: World) -> tuple[World, World] | None:
        """In a crowd, a world here that differs from `world` in data only, and one that stands for both."""
        if not self._crowded(1):
            return None
        like = likeness(world, ends=not self._crowded(MANY))
        known = self._alike.get(like)
        if known is None or known not in self._worlds:
            self._alike[like] = world
            return None
        union = self._alike[like] = join_worlds(known, world)
        if self._lost is not None:
            self._lost()
        return known, union


def rests(world: World) -> Iterator[tuple[Member, int]]:
    """The members in which a world may be united with another, each with the hash of all other members.

    The names of groups contain their state, so they are none of them; nor is the link to the frame around a call.
    """
    whole = hash(world)
    variables, objects, facts = world.members()
    yield None, whole
    for key, hashed in variables:
        if key[1] != "$up":
            yield key, whole ^ hashed
    keys = keys_to_futures(world.heap)
    for oid, hashed in objects:
        obj = world.heap[oid]
        data = isinstance(obj, Cont | Iterating) and not held(obj) and keys.isdisjoint(obj.items)
        if not obj.many and (isinstance(obj, Fut | Inst) or data):
            yield oid, whole ^ hashed
    for (frame, text), hashed in facts:
        yield ("fact", frame, text), whole ^ hashed
    yield from loose_groups(world)


def united(a: World, b: World, mine: Member, theirs: Member) -> World | None:
    """The union of worlds that differ at most in the given members, when it is exact."""
    match mine, theirs:
        case (("fact", frame, text), (None | ("fact", _, _))) | (None, ("fact", frame, text)):
            return _without_fact(a, b, (frame, text)) if theirs in (None, mine) or mine is None else None
        case (None | Loose() as group, None | Loose() as other) if group or other:
            return wider(a, b, group, other)
    if mine != theirs or mine is None or isinstance(mine, Loose):
        return None
    union = a.copy()
    if isinstance(mine, Oid):
        x, y = a.heap[mine], b.heap[mine]
        obj = _either_object(x, y)
        if obj is None or a.env != b.env or a.facts != b.facts or not _agree(a.heap, b.heap, mine):
            return None
        union.heap[mine] = obj
    else:
        assert isinstance(mine, tuple)
        assert len(mine) == 2
        value = _either_value(a.env[mine], b.env[mine])
        if value is None or a.heap != b.heap or a.facts != b.facts or not _agree(a.env, b.env, mine):
            return None
        union.env[mine] = value
    return union if set(a.deferred) == set(b.deferred) else None


def _without_fact(a: World, b: World, fact: tuple[Frame, str]) -> World | None:
    union = a.copy()
    union.facts.pop(fact, None)
    others = {key: truth for key, truth in b.facts.items() if key != fact}
    same = union.facts == others and a.env == b.env and a.heap == b.heap and set(a.deferred) == set(b.deferred)
    return union if same else None


def _agree(x: dict, y: dict, but: object) -> bool:  # type: ignore[type-arg]
    return len(x) == len(y) and all(key == but or (key in y and y[key] == value) for key, value in x.items())


def _either_object(x: Obj, y: Obj) -> Obj | None:
    """One object or the other as one, None where something would be lost."""
    match x, y:
        case Fut(), Fut() if not (x.mask | y.mask) & GHOST and _same_future(x, y):
            note = (x if x.mask & PENDING else y).note
            end = either_end(x.end, y.end)
            asked = either_asked(x, y)
            return replace(x, mask=x.mask | y.mask, open=x.open or y.open, end=end, asked=asked, note=note)
        case Inst(), Inst() if x.cls is y.cls:
            return _either_instance(x, y)
        case Cont(kind=kind) | Iterating(kind=kind), Cont() | Iterating() if y.kind == kind and not held(x) + held(y):
            return join_objects(x, y)  # there is no future in it: how many elements it has says nothing else
    return None


def _same_future(x: Fut, y: Fut) -> bool:
    """Whether two futures differ in what is possible of them, and in nothing else."""
    pending = DONE not in (x.mask, y.mask)
    return (x.asked == y.asked or not pending) and replace(x, mask=y.mask, open=y.open, end=y.end, asked=y.asked) == y


def _either_instance(x: Inst, y: Inst) -> Inst | None:
    mine, theirs = dict(x.attrs), dict(y.attrs)
    differ = [name for name in {**mine, **theirs} if mine.get(name) != theirs.get(name)]
    if len(differ) != 1 or replace(x, attrs=y.attrs) != y:
        return None
    (name,) = differ
    if name in mine and name in theirs:
        value = _either_value(mine[name], theirs[name])
        return None if value is None else replace(x, attrs=tuple((n, value if n == name else v) for n, v in x.attrs))
    less, more = (x, mine[name]) if name not in theirs else (y, theirs[name])
    shorter = replace(less, attrs=tuple(a for a in less.attrs if a[0] != name))
    return shorter if x.open and more == Unknown() else None  # an attribute of which nothing is known


def _either_value(x: Value, y: Value) -> Value | None:
    """One value or the other as one, None where something would be lost."""
    match x, y:
        case Unknown(_, mine), Unknown(_, theirs) if mine == theirs:
            return Unknown(None, mine)
    union = choice((x, y))
    if isinstance(union, Unknown) and _follows(x, y):
        return None
    return union


def _follows(*values: Value) -> bool:
    """Whether one of the values leads to something that is followed."""
    return any(
        not isinstance(option, Const | Unknown)
        for value in values
        for option in (value.options if isinstance(value, Choice) else (value,))
    )
