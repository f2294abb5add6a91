"""What a name can hold: abstract values, and the objects they refer to.

A *value* is immutable and has no identity (a constant, a function, a reference). An *object* lives in the heap of a
world under an `Oid` and has identity: futures, containers, instances, iterators. `Oid` names an object by the place
that made it (`site`), the chain of calls that led there (`frame`), and a tag:

- `""` the newest object of that place, `"~"` the one before it, when something still names it;
- `("el", site)` one element, taken out of a group by a loop or a subscript at `site`;
- `("G", ...)` a *group*: any number of objects (perhaps none) about which the same is known.

A container that refers to a group holds every member of the group. That is what makes "all elements are done" a fact
about one object.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from tooearly.semantics.names import Class, Function
from tooearly.source.tree import Unit

# What is known of a future: a set of possibilities, as bits.
PENDING, DONE, UNSEEN = 1, 2, 4
# After a read that raises on every run the analysis goes on where the program does not: done, but only as a ghost.
GHOST = 8
MAYBE = PENDING | DONE

Frame = tuple[Any, ...]


def is_module(frame: Frame) -> bool:
    """Whether a frame is that of a module (calls from a module's top level have longer ones)."""
    return len(frame) == 2 and frame[0] == "M"


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """A place in the text: a node of a unit. Equal sites are the same node. (Hashes are kept: they are asked often.)"""

    unit: Unit = field(repr=False)
    line: int
    column: int
    end: int
    node: ast.AST = field(repr=False, default_factory=ast.Pass)
    hashed: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "hashed", hash((self.unit, self.line, self.column, self.end)))

    def __hash__(self) -> int:
        return self.hashed

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Site) and (self.line, self.column, self.end, self.unit) == (
            other.line,
            other.column,
            other.end,
            other.unit,
        )


def site_of(unit: Unit, node: ast.AST) -> Site:
    """The site of a node that has a position (others stand at the unit's first line)."""
    line = getattr(node, "lineno", 1)
    column = getattr(node, "col_offset", 0)
    return Site(
        unit, line, column, getattr(node, "end_lineno", line) * 10_000 + getattr(node, "end_col_offset", column), node
    )


@dataclass(frozen=True, slots=True, eq=False)
class Oid:
    """The name of an object; see the module's text."""

    site: Any
    frame: Frame
    tag: Any = ""
    hashed: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "hashed", hash((self.site, self.frame, self.tag)))

    def __hash__(self) -> int:
        return self.hashed

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return (
            isinstance(other, Oid)
            and self.hashed == other.hashed
            and self.tag == other.tag
            and self.site == other.site
            and self.frame == other.frame
        )

    def __repr__(self) -> str:
        line = getattr(self.site, "line", self.site)
        return f"#{line}{self.tag or ''}{self.frame or ''}"


# Values
@dataclass(frozen=True, slots=True)
class Const:
    """A literal. `kind` keeps True and 1 apart."""

    value: Any
    kind: str


def const(value: Any) -> Const:
    """The value of a Python constant."""
    return Const(value, type(value).__name__)


NONE, TRUE, FALSE = const(None), const(True), const(False)


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that is not followed. `tag` tells two unknowns apart; `type` is a dotted name when one is declared."""

    tag: Any = None
    type: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Ref:
    """A reference to an object in the heap."""

    oid: Oid

    def __hash__(self) -> int:
        return self.oid.hashed ^ 1

    def __eq__(self, other: object) -> bool:
        return self is other or (type(other) is Ref and self.oid == other.oid)


@dataclass(frozen=True, slots=True)
class Func:
    """A function of the workspace, closed over `frame`, with its default values."""

    function: Function
    frame: Frame
    defaults: tuple[tuple[str, Value], ...] = ()


@dataclass(frozen=True, slots=True)
class Klass:
    """A class of the workspace, defined in `frame`."""

    cls: Class
    frame: Frame


@dataclass(frozen=True, slots=True)
class Api:
    """Anything known by a dotted name only: a module, or a function or class of one."""

    name: str


@dataclass(frozen=True, slots=True)
class Bound:
    """A method: `function` is a `Func` or an `Api` row of the receiver's type."""

    function: Value
    receiver: Value


@dataclass(frozen=True, slots=True)
class Partial:
    """`functools.partial(function, *args, **kwargs)`."""

    function: Value
    args: tuple[Value, ...]
    kwargs: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True)
class Coro:
    """A coroutine that nobody has started: the call is made when it is awaited (or becomes a task)."""

    function: Value
    args: tuple[Value, ...]
    kwargs: tuple[tuple[str, Value], ...]
    site: Site


@dataclass(frozen=True, slots=True)
class Managing:
    """A context manager known by its row: `kind` is timeout, suppress, raises, runner or plain."""

    kind: str
    args: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Exc:
    """An exception: `cls` is a dotted name, "" for any ordinary exception; `site` is the read that raised it."""

    cls: str
    site: Site | None = None
    group: bool = False


@dataclass(frozen=True, slots=True)
class Length:
    """`len(container)`."""

    container: Oid


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several values; whoever looks at it splits the world."""

    options: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class SliceOf:
    """A slice object with constant bounds (None where absent or unknown)."""

    lower: int | None
    upper: int | None
    known: bool


Value = Const | Unknown | Ref | Func | Klass | Api | Bound | Partial | Coro | Managing | Exc | Length | Choice | SliceOf


# Objects
@dataclass(frozen=True, slots=True)
class Note:
    """The wait that was not enough: a word of the table in `witness`, where it stands, and the handler that went on."""

    why: str
    site: Site | None
    handler: Site | None = None


@dataclass(frozen=True, slots=True)
class Fut:
    """A future, or a group of them. `open`: something else than this code may finish it at any suspension."""

    kind: str
    mask: int
    made: Site | None
    many: bool = False
    open: bool = True
    children: tuple[Value, ...] = ()
    keep_going: bool | None = None
    body: Coro | None = None
    value: Value | None = None
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
                )
            )
            object.__setattr__(self, "hashed", made or 1)
        return self.hashed


@dataclass(frozen=True, slots=True, eq=False)
class Cont:
    """A container. `exact`: `items` are its elements one by one and in order; else a set of elements and groups.

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
    held_refs: tuple[Oid, ...] | None = field(default=None, init=False, repr=False, compare=False)
    hashed: int = field(default=0, init=False, repr=False, compare=False)

    def _identity(self) -> Any:
        held = (
            (self.items, self.keys)
            if self.exact
            else frozenset(zip(self.keys, self.items, strict=True) if self.keys else self.items)
        )
        return self.kind, self.exact, self.nonempty, self.many, held, frozenset(self.slots)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Cont) and hash(self) == hash(other) and self._identity() == other._identity()

    def __hash__(self) -> int:
        if not self.hashed:
            object.__setattr__(self, "hashed", hash(self._identity()) or 1)
        return self.hashed


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


@dataclass(frozen=True, slots=True, eq=False)
class Iterating:
    """An iterator: what it has still to give. `kind`: plain, as_completed, forever, generator."""

    kind: str
    items: tuple[Value, ...] = ()
    exact: bool = True
    nonempty: bool = False
    generator: Value | None = None
    many: bool = False
    held_refs: tuple[Oid, ...] | None = field(default=None, init=False, repr=False, compare=False)
    hashed: int = field(default=0, init=False, repr=False, compare=False)

    def _identity(self) -> Any:
        return self.kind, self.exact, self.nonempty, self.generator, self.items if self.exact else frozenset(self.items)

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


def held(obj: Obj) -> tuple[Oid, ...]:
    """The objects that an object refers to, each time it does; computed once."""
    known = obj.held_refs
    if known is None:
        known = tuple(oid for value in children_of(obj) for oid in refs(value))
        object.__setattr__(obj, "held_refs", known)
    return known


def children_of(obj: Obj) -> Iterator[Value]:
    """The values an object holds."""
    match obj:
        case Fut(children=children, body=body):
            yield from children
            if body is not None:
                yield body
            if obj.value is not None:
                yield obj.value
        case Cont(items=items, keys=keys, slots=slots):
            yield from items
            yield from keys
            for key, value in slots:
                yield key
                yield value
        case Inst(attrs=attrs):
            for _, value in attrs:
                yield value
        case Iterating(items=items, generator=generator):
            yield from items
            if generator is not None:
                yield generator


def refs(value: Value) -> tuple[Oid, ...]:
    """The objects a value refers to, directly or through what it is made of."""
    kind = type(value)
    if kind is Ref:
        return (value.oid,)  # type: ignore[union-attr]
    if kind in ATOMS:
        return ()
    match value:
        case Length(oid):
            return (oid,)
        case Func(defaults=defaults):
            return tuple(oid for _, default in defaults for oid in refs(default)) if defaults else ()
        case Bound(function, receiver):
            return refs(function) + refs(receiver)
        case Partial(function, args, kwargs) | Coro(function, args, kwargs):
            named = tuple(oid for _, arg in kwargs for oid in refs(arg)) if kwargs else ()
            return refs(function) + tuple(oid for arg in args for oid in refs(arg)) + named
        case Managing(args=args) | Choice(options=args):
            return tuple(oid for arg in args for oid in refs(arg))
    return ()


ATOMS = frozenset({Const, Unknown, Api, Klass, Exc, SliceOf})


def frames(value: Value) -> Iterator[Frame]:
    """The frames a value is closed over."""
    match value:
        case Func(frame=frame, defaults=defaults):
            yield frame
            for _, default in defaults:
                yield from frames(default)
        case Klass(frame=frame):
            yield frame
        case Bound(function, receiver):
            yield from frames(function)
            yield from frames(receiver)
        case Partial(function, args, kwargs) | Coro(function, args, kwargs):
            yield from frames(function)
            for arg in args:
                yield from frames(arg)
            for _, arg in kwargs:
                yield from frames(arg)
        case Managing(args=args) | Choice(options=args):
            for arg in args:
                yield from frames(arg)


def functions(value: Value) -> Iterator[Func]:
    """The functions of the workspace in a value."""
    match value:
        case Func():
            yield value
        case Bound(function, receiver):
            yield from functions(function)
            yield from functions(receiver)
        case Partial(function, args, kwargs) | Coro(function, args, kwargs):
            yield from functions(function)
            for arg in args:
                yield from functions(arg)
            for _, arg in kwargs:
                yield from functions(arg)
        case Managing(args=args) | Choice(options=args):
            for arg in args:
                yield from functions(arg)


Mapping = Callable[[Oid], Oid]


def renamed(value: Value, to: Mapping) -> Value:
    """The value with every reference renamed."""
    match value:
        case Ref(oid):
            return Ref(to(oid))
        case Length(oid):
            return Length(to(oid))
        case Func(function, frame, defaults) if defaults:
            return Func(function, frame, tuple((n, renamed(v, to)) for n, v in defaults))
        case Bound(function, receiver):
            return Bound(renamed(function, to), renamed(receiver, to))
        case Partial(function, args, kwargs):
            return Partial(renamed(function, to), _all(args, to), tuple((n, renamed(v, to)) for n, v in kwargs))
        case Coro(function, args, kwargs, site):
            return Coro(renamed(function, to), _all(args, to), tuple((n, renamed(v, to)) for n, v in kwargs), site)
        case Managing(kind, args):
            return Managing(kind, _all(args, to))
        case Choice(options):
            return choice(_all(options, to))
    return value


def _all(values: tuple[Value, ...], to: Mapping) -> tuple[Value, ...]:
    return tuple(renamed(v, to) for v in values)


def renamed_object(obj: Obj, to: Mapping) -> Obj:
    """The object with every reference in it renamed; items that become equal are one (unless the order is known)."""
    match obj:
        case Fut(children=children, body=body, value=value) if children or body or value:
            new = renamed(body, to) if body else None
            given = renamed(value, to) if value is not None else None
            return replace(obj, children=_all(children, to), body=new if isinstance(new, Coro) else None, value=given)
        case Cont():
            return _renamed_container(obj, to)
        case Inst(attrs=attrs):
            return replace(obj, attrs=tuple((n, renamed(v, to)) for n, v in attrs))
        case Iterating(items=items, generator=generator):
            new_items = _all(items, to)
            gen = renamed(generator, to) if generator is not None else None
            return replace(obj, items=new_items if obj.exact else unique(new_items), generator=gen)
    return obj


def _renamed_container(obj: Cont, to: Mapping) -> Cont:
    items, keys = _all(obj.items, to), _all(obj.keys, to)
    slots = tuple((renamed(k, to), renamed(v, to)) for k, v in obj.slots)
    if obj.exact:
        return replace(obj, items=items, keys=keys, slots=slots)
    if keys:
        pairs = unique(tuple(zip(keys, items, strict=True)))
        return replace(obj, keys=tuple(k for k, _ in pairs), items=tuple(v for _, v in pairs), slots=slots)
    return replace(obj, items=unique(items), slots=slots)


def unique(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """The values without repetition, first come first."""
    return tuple(dict.fromkeys(values))


def choice(options: tuple[Value, ...], limit: int = 6) -> Value:
    """One of the options; nothing that can be followed when there are too many."""
    flat: list[Value] = []
    for option in options:
        flat += option.options if isinstance(option, Choice) else [option]
    kept = unique(tuple(flat))
    if len(kept) == 1:
        return kept[0]  # type: ignore[no-any-return]
    return Choice(tuple(sorted(kept, key=repr))) if len(kept) <= limit else Unknown()
