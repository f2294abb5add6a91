"""What a name can hold: abstract values, and the objects they refer to.

A *value* is immutable and has no identity (a constant, a function, a reference). An *object* lives in the heap of a
world under an `Oid` and has identity: futures, containers, instances, iterators. `Oid` names an object by the place
that made it (`site`), the chain of calls that led there (`frame`), and a tag:

- `""` the newest object of that place, `"~"` the one before it, when something still names it;
- `(tag, "turn", turns)` what a short loop made in one of its turns;
- `("el", site)` one element, taken out of a group by a loop or a subscript at `site`;
- `("G", ...)` a *group*: any number of objects (perhaps none) about which the same is known.

A container that refers to a group holds every member of the group. That is what makes "all elements are done" a fact
about one object.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

from tooearly.semantics.names import Class, Function
from tooearly.source.tree import Syntax

Frame = tuple[Any, ...]


def is_module(frame: Frame) -> bool:
    """Whether a frame is that of a module (calls from a module's top level have longer ones)."""
    return len(frame) == 2 and frame[0] == "M"


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """A place in the text: a node of a unit. Equal sites are the same node. (Hashes are kept: they are asked often.)"""

    unit: Syntax = field(repr=False)
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


def site_of(unit: Syntax, node: ast.AST) -> Site:
    """The site of a node that has a position (others stand at the unit's first line)."""
    line = getattr(node, "lineno", 1)
    column = getattr(node, "col_offset", 0)
    return Site(
        unit, line, column, getattr(node, "end_lineno", line) * 10_000 + getattr(node, "end_col_offset", column), node
    )


CALLS_IN_A_NAME = 4  # the innermost calls tell objects of one place apart; more would tell apart what is alike


@dataclass(frozen=True, slots=True, eq=False)
class Oid:
    """The name of an object; see the module's text."""

    site: Any
    frame: Frame
    tag: Any = ""
    hashed: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if len(self.frame) > CALLS_IN_A_NAME:
            object.__setattr__(self, "frame", self.frame[-CALLS_IN_A_NAME:])
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

    @property
    def origin(self) -> tuple[Any, Frame, Any]:
        """The place and the call that made the object, and the turn of a short loop in which they did."""
        tag = self.tag
        while isinstance(tag, tuple) and tag[1:] == ("~",):
            tag = tag[0]
        return self.site, self.frame, tag[2] if isinstance(tag, tuple) and tag[1:2] == ("turn",) else None

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
UNORDERED = const("unordered")  # among the slots of a list: in which order its elements are is not known
RUNNING = const("running")  # among the slots of `all_tasks()`: the task that asks is in it, and has no name
RETIRING = const("retiring")  # among the slots of a container: what is done may have been taken out (`retiring`)


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that is not followed. `tag` tells two unknowns apart; `type` is a dotted name when one is declared."""

    tag: Any = None
    type: str = ""


FALSY, TRUTHY = Unknown(("truth", False)), Unknown(("truth", True))  # its truth is known, and nothing else


@dataclass(frozen=True, slots=True, eq=False)
class Ref:
    """A reference to an object in the heap."""

    oid: Oid

    def __hash__(self) -> int:
        return self.oid.hashed ^ 1

    def __eq__(self, other: object) -> bool:
        return self is other or (type(other) is Ref and self.oid == other.oid)


@dataclass(frozen=True, slots=True)
class KeyOf:
    """The key, not known by itself, under which a dict holds `value`.

    In containers the object itself stands for its key: so `d[name]` is that object again, wherever the name has been.
    """

    value: Ref


@dataclass(frozen=True, slots=True)
class NextTo:
    """The index that follows the one of `value`."""

    value: Ref


@dataclass(frozen=True, slots=True)
class Beside:
    """An element of a container: a value that was found for the object `about`, which another container holds."""

    value: Value
    about: Ref


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


PLAIN = "any"  # of Exc: what a call to unknown code raises that waits for nothing: hardly the TimeoutError of a wait


@dataclass(frozen=True, slots=True)
class Exc:
    """An exception: `cls` is a dotted name, "" for any ordinary exception; `site` is the read that raised it.

    `but`: the handlers that an exception not known by itself has passed: it is none of those.
    """

    cls: str
    site: Site | None = None
    group: bool = False
    but: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Length:
    """`len(container)`."""

    container: Oid


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """One of several values, in any order; whoever looks at it splits the world."""

    options: tuple[Value, ...]

    def __eq__(self, other: object) -> bool:
        return self is other or (type(other) is Choice and frozenset(self.options) == frozenset(other.options))

    def __hash__(self) -> int:
        return hash(frozenset(self.options))


@dataclass(frozen=True, slots=True)
class SliceOf:
    """A slice object with constant bounds (None where absent or unknown).

    `known`: all of it is constant, and it has no step; with a constant `step` it is remembered which elements it has.
    """

    lower: int | None
    upper: int | None
    known: bool
    step: int = 1
    between: tuple[Value | None, Value | None] | None = None  # bounds that are known by their tags only


Value = (
    Const
    | Unknown
    | Ref
    | KeyOf
    | NextTo
    | Beside
    | Func
    | Klass
    | Api
    | Bound
    | Partial
    | Coro
    | Managing
    | Exc
    | Length
    | Choice
    | SliceOf
)


def computed(operator: str, left: Value, right: Value) -> Value:
    """What is computed of subscripts and constants: the same thing each time."""
    if operator == "Add" and isinstance(left, KeyOf) and right == const(1):
        return NextTo(left.value)
    parts = [part for part in (left, right) if atoms(part)]
    plain = all(part in parts or (isinstance(part, Const) and part.kind == "int") for part in (left, right))
    deep = sum(len(atoms(part)) for part in parts) > 2 or any(_depth(part) > 2 for part in parts)
    return Unknown(("of", operator, left, right)) if parts and plain and not deep else Unknown()


def _depth(value: Value) -> int:
    tag = value.tag if isinstance(value, Unknown) else None
    return 1 + max(map(_depth, tag[2:])) if isinstance(tag, tuple) and tag[:1] == ("of",) else 0


def atoms(key: Value | None) -> tuple[Value, ...]:
    """The loop variables, parameters and other subscripts that an index or a slice is made of."""
    match key:
        case Unknown(tag=("turn" | "index" | "param", *_)):
            return (key,)
        case Unknown(tag=("of", _, left, right)):
            return (*atoms(left), *atoms(right))
        case SliceOf(between=(lower, upper)):
            return (*atoms(lower), *atoms(upper))
    return ()


def options(value: Value) -> tuple[Value, ...]:
    """What a value may be, one by one."""
    return value.options if isinstance(value, Choice) else (value,)


def text(begin: str, end: str) -> Unknown:
    """A text of which only the ends are known, if anything is."""
    return Unknown(("text", begin, end)) if begin or end else Unknown()


def is_text(value: Value) -> bool:
    """Whether a value is such a text."""
    return isinstance(value, Unknown) and isinstance(value.tag, tuple) and value.tag[:1] == ("text",)


def may_equal(value: Value, constant: Value) -> bool:
    """Whether such a text may be this constant."""
    if not isinstance(value, Unknown) or not isinstance(constant, Const) or not is_text(value):
        return True
    whole, (_, begin, end) = constant.value, value.tag
    return isinstance(whole, str) and whole[: len(begin)] == begin and whole[len(begin) :].endswith(end)


def plain_key(value: Value) -> Value:
    """What stands for a value in a container: for a key that is not known, what is held under it."""
    return value.value if isinstance(value, KeyOf) else Unknown() if is_text(value) else value


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
    return Choice(kept) if len(kept) <= limit else Unknown()
