"""Objects of the heap: futures, containers, instances, iterators and generators.

They are immutable too: a world replaces an object by another under the same `Oid`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Any

from tooearly.flow.values import Coro, Frame, Oid, Site, Value
from tooearly.semantics.names import Class, Function

# What is known of a future: a set of possibilities, as bits.
PENDING, DONE, UNSEEN = 1, 2, 4
# After a read that raises on every run the analysis goes on where the program does not: done, but only as a ghost.
GHOST = 8
MAYBE = PENDING | DONE
VALUE, ERROR, CANCELLED = "value", "error", "asyncio.CancelledError"  # how a future has ended
TIMEOUT = "builtins.TimeoutError"
PERHAPS, SURELY = "perhaps", "surely"  # whether a future has been cancelled, wherever it is not done


CALLED_BACK = "called-back"  # the note of a callback's own future: done, unless the function is called directly


# Objects
@dataclass(frozen=True, slots=True)
class Note:
    """The wait that was not enough: a word of the table in `witness`, where it stands, and the handler that went on."""

    why: str
    site: Site | None
    handler: Site | None = None


@dataclass(frozen=True, slots=True)
class Fut:
    """A future, or a group of them. `open`: something else than this code may finish it at any suspension.

    `end`: how it has ended, where that is known: VALUE, ERROR (any exception of its own) or the exception's class.
    `foreign`: code that is not visible has got at it. `cls`: its class, when that is one of the workspace. `asked`: it
    has been cancelled, and not been seen to end (SURELY; PERHAPS on some ways, or by code that runs beside this).
    `waits`: its coroutine may wait for other futures, which a cancellation keeps it from.
    """

    kind: str
    mask: int
    made: Site | None
    many: bool = False
    open: bool = True
    children: tuple[Value, ...] = ()
    keep_going: bool | None = None
    body: Coro | None = None
    value: Value | None = None
    end: str = ""
    foreign: bool = False
    cls: Class | None = None
    asked: str = ""
    waits: bool = False
    note: Note | None = field(default=None, compare=False)
    held_refs: tuple[Oid, ...] | None = field(default=None, init=False, repr=False, compare=False)
    hashed: int = field(default=0, init=False, repr=False, compare=False)

    def __hash__(self) -> int:
        if not self.hashed:
            made = hash(
                (
                    self.kind,
                    self.mask,
                    self.made,
                    self.many,
                    self.open,
                    self.children,
                    self.keep_going,
                    self.body,
                    self.value,
                    self.end,
                    self.cls,
                    self.asked,
                    self.waits,
                )
            )
            object.__setattr__(self, "hashed", made or 1)
        return self.hashed


@dataclass(frozen=True, slots=True, eq=False)
class Cont:
    """A container. `exact`: `items` are its elements one by one and in order; else a set of elements and groups.

    `size` is the number of elements of an inexact one, while `nonempty`, where it is known.
    `keys` go with the items of a dict. `slots` remembers which element a subscript took, so that the next equal
    subscript takes the same.
    """

    kind: str
    items: tuple[Value, ...] = ()
    exact: bool = True
    nonempty: bool = False
    keys: tuple[Value, ...] = ()
    slots: tuple[tuple[Value, Value], ...] = ()
    many: bool = False
    size: int | None = None
    held_refs: tuple[Oid, ...] | None = field(default=None, init=False, repr=False, compare=False)
    hashed: int = field(default=0, init=False, repr=False, compare=False)

    @property
    def length(self) -> int | None:
        """The number of elements, where it is known."""
        if self.exact:
            return len(self.items)
        return self.size if self.nonempty and not self.many else None

    def _identity(self) -> Any:
        held = (
            (self.items, self.keys)
            if self.exact
            else frozenset(zip(self.keys, self.items, strict=True) if self.keys else self.items)
        )
        return self.kind, self.exact, self.nonempty, self.many, self.length, held, frozenset(self.slots)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Cont) and hash(self) == hash(other) and self._identity() == other._identity()

    def __hash__(self) -> int:
        if not self.hashed:
            object.__setattr__(self, "hashed", hash(self._identity()) or 1)
        return self.hashed


CONTENTS = "$contents"  # the attribute of an instance of a container's subclass: the container that it is


@dataclass(frozen=True, slots=True)
class Inst:
    """An instance of a class of the workspace; `open`: made elsewhere, so unset attributes may exist."""

    cls: Class
    attrs: tuple[tuple[str, Value], ...] = ()
    open: bool = False
    many: bool = False
    frame: Frame = ()
    held_refs: tuple[Oid, ...] | None = field(default=None, init=False, repr=False, compare=False)
    hashed: int = field(default=0, init=False, repr=False, compare=False)

    def __hash__(self) -> int:
        if not self.hashed:
            object.__setattr__(self, "hashed", hash((self.cls, self.attrs, self.open, self.many, self.frame)) or 1)
        return self.hashed

    def get(self, name: str) -> Value | None:
        """The attribute's value, when it is known."""
        for key, value in self.attrs:
            if key == name:
                return value
        return None

    def having(self, name: str, value: Value) -> Inst:
        """The instance with an attribute set."""
        attrs = [*((n, v) for n, v in self.attrs if n != name), (name, value)]
        return replace(self, attrs=tuple(sorted(attrs, key=itemgetter(0))))


@dataclass(frozen=True, slots=True, eq=False)
class Iterating:
    """An iterator: what it has still to give. `kind`: plain, as_completed, forever, generator, in step (of others),
    stretches (of `step` elements).

    `turns`: it walks through few known elements, and what its loop makes is told apart turn by turn. `each`: through
    each of some constants, in an order that is not known.
    """

    kind: str
    items: tuple[Value, ...] = ()
    exact: bool = True
    nonempty: bool = False
    generator: Value | None = None
    many: bool = False
    step: Value | None = None
    held_refs: tuple[Oid, ...] | None = field(default=None, init=False, repr=False, compare=False)
    hashed: int = field(default=0, init=False, repr=False, compare=False)

    def _identity(self) -> Any:
        items = self.items if self.exact else frozenset(self.items)
        return self.kind, self.exact, self.nonempty, self.generator, self.step, items

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Iterating) and hash(self) == hash(other) and self._identity() == other._identity()

    def __hash__(self) -> int:
        if not self.hashed:
            object.__setattr__(self, "hashed", hash(self._identity()) or 1)
        return self.hashed


@dataclass(frozen=True, slots=True)
class Generating:
    """A started generator: its function, frame, and the block to go on at (-1: finished)."""

    function: Function
    frame: Frame
    at: int
    many: bool = False
    held_refs: tuple[Oid, ...] | None = field(default=None, init=False, repr=False, compare=False)


Obj = Fut | Cont | Inst | Iterating | Generating
