"""A world: one possible state of the program at a point, as far as it is followed.

The lattice is the powerset of worlds, ordered by inclusion: the join of two branches is the union of their worlds, and
each world is precise, so facts stay correlated (`t is None` with the branch that did not make it, a stored `t.done()`
with the task's state, the one of two tasks that `FIRST_COMPLETED` left running). The price is their number; when a
block holds too many, `join_worlds` folds them: values become choices, a future's possibilities are united.

May or must: a future's mask says what is possible. PENDING alone is "unfinished on every run that comes here with this
world", DONE alone is safe, UNSEEN means that code which is not visible may have waited for it.

Invariant of groups: a container that holds a reference to a group holds all its members. `settle` keeps the world in
a canonical form: what nothing refers to is dropped, groups with equal facts and equal containers are one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from tooearly.flow.canonical import Settled, canonical, forget_keys
from tooearly.flow.grouping import HOLDER, name_groups, one_of_many, regroup
from tooearly.flow.joining import inexact, instead, is_for, join_objects, lists, opened, own_part, swapped, without
from tooearly.flow.objects import (
    CONTENTS,
    DONE,
    MAYBE,
    PENDING,
    UNSEEN,
    Cont,
    Fut,
    Generating,
    Inst,
    Iterating,
    Note,
    Obj,
)
from tooearly.flow.values import Choice, Frame, Func, Oid, Ref, Value
from tooearly.flow.walking import children_of, frames, functions, held, refs, renamed, renamed_object

Key = tuple[Frame, Any]  # (frame, name or temporary)
Members = tuple[list[tuple[Key, int]], list[tuple[Oid, int]], list[tuple[tuple[Frame, str], int]]]


class World:
    """Variables, heap, remembered conditions and the callbacks that may run while this code is suspended.

    Mutable while a block is interpreted (`copy` first), then frozen by `settle`, which computes its identity.
    """

    __slots__ = ("_hash", "_members", "_settled", "deferred", "env", "facts", "heap")

    def __init__(
        self,
        env: dict[Key, Value] | None = None,
        heap: dict[Oid, Obj] | None = None,
        facts: dict[tuple[Frame, str], bool] | None = None,
        deferred: tuple[Any, ...] = (),
    ) -> None:
        self.env: dict[Key, Value] = env if env is not None else {}
        self.heap: dict[Oid, Obj] = heap if heap is not None else {}
        self.facts = facts if facts is not None else {}
        self.deferred = deferred
        self._members: Members | None = None
        self._hash = 0
        self._settled: Settled | None = None

    def copy(self) -> World:
        """An independent world with the same contents."""
        other = World(dict(self.env), dict(self.heap), dict(self.facts), self.deferred)
        other._settled = self._settled
        return other

    def members(self) -> Members:
        """Each variable, object and remembered condition with a hash; computed once the world is settled.

        The world's own hash combines them by exclusive or, so that of a world without one member is at hand.
        """
        if self._members is None:
            variables = [(key, hash((key, value))) for key, value in self.env.items()]
            objects = [(oid, hash((oid, hash(obj)))) for oid, obj in self.heap.items()]
            facts = [(key, hash((key, truth))) for key, truth in self.facts.items()]
            whole = hash(frozenset(self.deferred))
            for part in (variables, objects, facts):
                for _, hashed in part:
                    whole ^= hashed
            self._members, self._hash = (variables, objects, facts), whole
        return self._members

    def __hash__(self) -> int:
        self.members()
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return (
            isinstance(other, World)
            and hash(self) == hash(other)
            and self.env == other.env
            and self.heap == other.heap
            and self.facts == other.facts
            and set(self.deferred) == set(other.deferred)
        )

    def __repr__(self) -> str:
        names = ", ".join(f"{name}={value}" for (_, name), value in self.env.items() if isinstance(name, str))
        return f"World({names}; {self.heap})"

    # Objects
    def fut(self, value: Value | None) -> Fut | None:
        """The future a value refers to, if it does."""
        obj = self.heap.get(value.oid) if isinstance(value, Ref) else None
        return obj if isinstance(obj, Fut) else None

    def cont(self, value: Value | None) -> Cont | None:
        """The container a value refers to, if it does."""
        obj = self.heap.get(value.oid) if isinstance(value, Ref) else None
        return obj if isinstance(obj, Cont) else None

    def inside(self, value: Value) -> Value:
        """The container that an instance of a container's subclass is; anything else is itself."""
        obj = self.heap.get(value.oid) if isinstance(value, Ref) else None
        found = obj.get(CONTENTS) if isinstance(obj, Inst) else None
        return value if found is None else found

    def set_mask(self, oid: Oid, mask: int, note: Note | None = None) -> None:
        """What is possible of a future from here on."""
        obj = self.heap[oid]
        assert isinstance(obj, Fut)
        if obj.mask != mask or note is not None:
            asked = obj.asked if mask != DONE else ""
            self.heap[oid] = replace(obj, mask=mask, asked=asked, note=note if note is not None else obj.note)

    def allocate(self, oid: Oid, obj: Obj) -> Ref:
        """A new object; the previous one of the same place becomes `~`, and the one before that joins the group.

        What the turns of a short loop make is each the only one of its turn.
        """
        turns = self.turns(oid.frame)
        if turns:
            oid = Oid(oid.site, oid.frame, (oid.tag, "turn", turns))
        if oid in self.heap:
            aged = Oid(oid.site, oid.frame, (oid.tag, "~") if oid.tag else "~")
            if aged in self.heap:
                self.fold(aged)
            if self._is_named(oid):
                self.rename({oid: aged})
            else:
                self.fold(oid)
        self.heap[oid] = obj
        return Ref(oid)

    def turns(self, frame: Frame) -> tuple[Any, ...]:
        """The turns of the short loops that a call is in: which loop, and how many of its elements are left."""
        return tuple(
            (oid.site, len(obj.items))
            for oid, obj in self.heap.items()
            if type(obj) is Iterating and obj.kind == "turns" and oid.frame == frame[: len(oid.frame)]
        )

    def _is_named(self, oid: Oid) -> bool:
        """Whether a variable, attribute, exact container (not just a crowd) or known place refers to the object."""
        if any(oid in refs(value) for value in self.env.values()):
            return True
        return any(
            not obj.many
            and (
                any(oid in refs(value) for _, value in obj.slots)
                if isinstance(obj, Cont) and not obj.exact
                else not (isinstance(obj, Iterating) and not obj.exact) and oid in held(obj)
            )
            for obj in self.heap.values()
        )

    def fold(self, oid: Oid) -> None:
        """Make an object a member of the group of its like."""
        crowd = Oid(oid.site, oid.frame, ("G", "folding", oid.tag))
        self.rename({oid: crowd})
        if crowd in self.heap:
            self.heap[crowd] = one_of_many(self, crowd)
        for holder, other in list(self.heap.items()):
            if (
                isinstance(other, Cont | Iterating)
                and other.exact
                and any(crowd in refs(i) for i in other.items)
                and (isinstance(other, Iterating) or other.kind != "tuple")
            ):
                self.heap[holder] = inexact(other)
            if isinstance(other, Cont) and any(v == Ref(crowd) for _, v in other.slots):
                now = self.heap[holder]
                assert isinstance(now, Cont)
                self.heap[holder] = replace(now, slots=tuple(s for s in other.slots if s[1] != Ref(crowd)))
        name_groups(self)

    def rename(self, names: dict[Oid, Oid]) -> None:
        """Give objects other names, everywhere."""

        def to(oid: Oid) -> Oid:
            return names.get(oid, oid)

        for key, value in self.env.items():
            if any(oid in names for oid in refs(value)):
                self.env[key] = renamed(value, to)
        heap: dict[Oid, Obj] = {}
        for oid, obj in self.heap.items():
            if any(r in names for r in held(obj)):
                obj = renamed_object(obj, to)
            new = to(oid)
            heap[new] = join_objects(heap[new], obj) if new in heap else obj
        self.heap = heap
        self.deferred = tuple(d.renamed(to) for d in self.deferred)

    def forget_members(self, oid: Oid) -> None:
        """A group turned out to be empty: nothing refers to it any more."""
        gone = Ref(oid)
        for holder, obj in list(self.heap.items()):
            match obj:
                case Cont() if lists(obj, gone) or any(v == gone for _, v in obj.slots):
                    self.heap[holder] = without(obj, gone)
                case Iterating() if lists(obj, gone):
                    self.heap[holder] = replace(obj, items=tuple(i for i in obj.items if not is_for(i, gone)))
                case Cont() | Inst() if any(isinstance(v, Choice) and gone in v.options for v in children_of(obj)):
                    self.heap[holder] = swapped(obj, gone, ())
        group = None if any(oid in refs(v) for v in self.env.values()) else self.heap.pop(oid, None)
        for inner in {r for v in children_of(group) for r in refs(v)} if group is not None else ():
            member = self.heap.get(inner)
            if member is None or not member.many:
                continue
            like = [
                o for other, o in self.heap.items() if o.many and (other.site, other.frame) == (oid.site, oid.frame)
            ]
            if not any(inner in refs(v) for o in like for v in children_of(o)):
                self.forget_members(inner)  # each of its members was held by one of those that are not there

    # Groups
    def element(
        self,
        ref: Ref,
        site: Any,
        frame: Frame,
        owner: Oid | None = None,
        taking: tuple[tuple[Oid, Ref], ...] = (),
        tag: Any = None,
    ) -> Ref:
        """Take one member out of a group: a new object that is in the same containers. The group keeps the rest.

        `owner` is a group whose member is being taken and has this one for its own: the rest of it has others.
        `taking` are the members that are being taken around it: an object and the task that runs its method hold
        each other. `tag` tells which one it is, where that says more than the place that takes it.
        """
        obj = self.heap[ref.oid]
        oid = Oid(ref.oid.site, ref.oid.frame, tag or ("el", site, frame))
        marker = Ref(Oid(ref.oid.site, ref.oid.frame, ("taking", ref.oid.tag)))
        self.heap[marker.oid] = self._alone(ref.oid, obj, site, frame, (*taking, (ref.oid, marker)))
        self._join_holders(ref, marker, owner)
        if oid in self.heap:
            aged = Oid(oid.site, oid.frame, (oid.tag, "~"))
            if self._is_named(oid) and aged not in self.heap:
                self.rename({oid: aged})
            else:
                self.fold(oid)
        self.rename({marker.oid: oid})
        return Ref(oid)

    def _alone(self, group: Oid, obj: Obj, site: Any, frame: Frame, taking: tuple[tuple[Oid, Ref], ...]) -> Obj:
        """One member of a group: a copy whose own members are taken out of their groups too."""
        one = replace(obj, many=False)
        if isinstance(one, Fut) and one.body is not None and HOLDER in one.body.args and len(taking) > 1:
            args = tuple(taking[-2][1] if arg == HOLDER else arg for arg in one.body.args)
            one = replace(one, body=replace(one.body, args=args))
        taken: dict[Oid, Ref] = dict(taking)
        for value in list(children_of(one)):
            for oid in refs(value):
                inner = self.heap.get(oid)
                if oid not in taken and inner is not None and inner.many and isinstance(inner, Fut | Cont | Inst):
                    several = isinstance(one, Cont) and not one.exact and all(v != value for _, v in one.slots)
                    own, place = Ref(oid), site
                    if isinstance(value, Choice):
                        place = (site, len(taken))  # apart from the other options
                    if several:
                        taken[oid] = self._own_part(own, place, frame, group)
                    else:
                        taken[oid] = self.element(own, place, frame, group, taking)
        return renamed_object(one, lambda oid: taken[oid].oid if oid in taken else oid)

    def _own_part(self, group: Ref, site: Any, frame: Frame, owner: Oid) -> Ref:
        """The members that one container of a crowd has for its own; the others of the crowd have the rest."""
        part = Ref(Oid(group.oid.site, group.oid.frame, ("G", "own", site, frame)))
        self.heap[part.oid] = self.heap[group.oid]
        self._join_holders(group, part, owner)
        return part

    def _join_holders(self, group: Ref, member: Ref, owner: Oid | None) -> None:
        for holder, obj in list(self.heap.items()):
            match obj:
                case _ if holder == owner:
                    pass
                case Cont(kind="tuple", exact=True, many=False):
                    pass
                case Cont() if not obj.many and lists(obj, group):
                    if not obj.keys:
                        items = (*obj.items, *own_part(obj, group, member))
                        self.heap[holder] = replace(obj, items=items, exact=False)
                        continue
                    pairs = list(zip(obj.keys, obj.items, strict=True))
                    pairs += [
                        (instead(k, group, member), instead(v, group, member))
                        for k, v in pairs
                        if k == group or is_for(v, group)
                    ]
                    self.heap[holder] = replace(
                        obj, keys=tuple(k for k, _ in pairs), items=tuple(v for _, v in pairs), exact=False
                    )
                case Iterating(exact=False, many=False) if lists(obj, group):
                    self.heap[holder] = replace(obj, items=(*obj.items, *own_part(obj, group, member)))
                case Cont(many=True, exact=False, keys=()) if group in obj.items:
                    self.heap[holder] = replace(obj, items=(*obj.items, member))
                case Cont(many=True) | Inst(many=True) if any(group.oid in refs(v) for v in children_of(obj)):
                    self.heap[holder] = swapped(obj, group, (group, member))

    # Canonical form
    def collect(self, extra: Iterable[Value] = ()) -> None:
        """Drop what nothing refers to: objects, and the frames of calls that no closure has kept."""
        if not self.heap:
            return
        seen: set[Oid] = set()
        stack = [oid for value in self.env.values() for oid in refs(value)]
        stack += [oid for value in extra for oid in refs(value)]
        for deferred in self.deferred:
            stack += [oid for value in deferred.values() for oid in refs(value)]
        heap = self.heap
        while stack:
            oid = stack.pop()
            if oid not in seen:
                seen.add(oid)
                obj = heap.get(oid)
                if obj is not None:
                    stack += held(obj)
        if any(oid not in seen for oid in heap):
            self.heap = {oid: obj for oid, obj in heap.items() if oid in seen}

    def settle(self) -> World:
        """Bring the world to its canonical form (in place) and return it."""
        self._members = None
        if self._settled is None or not canonical(self.env, self.heap, self.deferred, self._settled):
            self._let_go()
            by_keys = forget_keys(self.env, self.heap)
            self.collect()
            regroup(self)
            self._settled = None if by_keys else (dict(self.env), dict(self.heap), self.deferred)
        return self

    def _let_go(self) -> None:
        """A task that is done needs the rest of its coroutine no more, nor the variables of that."""
        rests = {
            oid: obj.body.function.oid
            for oid, obj in self.heap.items()
            if type(obj) is Fut and not obj.mask & PENDING and obj.body and type(obj.body.function) is Ref
        }
        for oid, rest in rests.items():
            self.heap[oid] = replace(self.heap[oid], body=None)  # type: ignore[arg-type]
            if not any(rest in held(obj) for obj in self.heap.values()):
                begun = self.heap.pop(rest, None)
                if isinstance(begun, Generating):
                    self.leave(begun.frame, keep=True)

    def leave(self, frame: Frame, keep: bool) -> None:
        """Forget a call's variables, unless a closure may still see them."""
        if keep and self._closed_over(frame):
            for key in [k for k in self.env if k[0] == frame and (isinstance(k[1], int) or k[1] in ("$ret", "$exc"))]:
                del self.env[key]
            return
        for key in [k for k in self.env if k[0] == frame]:
            del self.env[key]
        for fact in [k for k in self.facts if k[0] == frame]:
            del self.facts[fact]

    def _closed_over(self, frame: Frame) -> bool:
        values = [v for (owner, _), v in self.env.items() if owner != frame]
        values += [v for obj in self.heap.values() for v in children_of(obj)]
        values += [v for d in self.deferred for v in d.values()]
        if any(frame in frames(v) for v in values):
            return True
        if any(isinstance(o, Generating) and o.frame == frame for o in self.heap.values()):
            return True
        return any(frame in frames(v) for v in self.env.values())

    def reachable(self, values: Iterable[Value], visible: Callable[[Func], Iterable[Value]]) -> set[Oid]:
        """Every object that code holding these values can get at; `visible` gives what a function sees around it."""
        seen: set[Oid] = set()
        seen_functions: set[Func] = set()
        stack = list(values)
        while stack:
            value = stack.pop()
            for func in functions(value):
                if func not in seen_functions:
                    seen_functions.add(func)
                    stack += visible(func)
            for oid in refs(value):
                if oid not in seen and oid in self.heap:
                    seen.add(oid)
                    stack += children_of(self.heap[oid])
        return seen

    def escape(self, oids: Iterable[Oid]) -> None:
        """Code that is not visible has got at these objects: it may have waited for the futures, changed the rest."""
        given = set(oids)
        for outer, fut in self.heap.items():
            if isinstance(fut, Fut) and fut.children and any(i in given for c in fut.children for i in refs(c)):
                given.add(outer)  # a gather ends when its children have ended
        for oid in given:
            obj = self.heap.get(oid)
            match obj:
                case Fut(kind="current"):
                    pass
                case Fut(mask=mask) if mask & PENDING:
                    self.heap[oid] = replace(obj, mask=UNSEEN, open=True, foreign=True)
                case Fut(open=False) | Fut(foreign=False):
                    self.heap[oid] = replace(obj, open=True, foreign=True)
                case Cont(many=False) if obj.kind not in ("tuple", "event"):
                    self.heap[oid] = opened(obj)

    def suspend(self, note: Note) -> None:
        """Other code may have run: what was certainly unfinished may have been finished by now."""
        for oid, obj in list(self.heap.items()):
            if isinstance(obj, Fut) and obj.mask == PENDING and obj.open and obj.kind != "current":
                why = (
                    note if obj.note is None or obj.note.why in ("fresh", "clock", "other", "guard-false") else obj.note
                )
                self.heap[oid] = replace(obj, mask=MAYBE, note=why)
