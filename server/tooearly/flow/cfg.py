"""The control-flow graph as data: steps, blocks, edges.

A function's syntax is lowered to *steps* on numbered temporaries (`%3 = call %1(%2)`), collected in *blocks*: straight
runs with one entry, one terminator and one place where an exception raised by any of the steps goes. Expressions that
branch (`and`, `or`, `x if c else y`, comparison chains, comprehensions) become blocks and edges like statements do, so
that the analysis sees one kind of branching only.

Edges carry a label (`Edge`), and effects sit on edges: the interpreter of the steps decides which labels a world leaves
by, and with which state. A `finally` body exists once: every kind of exit stores a token that says where to go on
(`SetToken`) and the body ends with `Dispatch` on it.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any, Literal

Temp = int
Label = Literal[
    "next", "true", "false", "item", "exhausted", "exception", "match", "return", "break", "continue", "yield"
]
RETURN, RAISE = -1, -2  # the two exits of every graph


@dataclass(frozen=True, slots=True)
class Step:
    """One operation; `node` is the syntax it stands for (positions are relative to the function's unit)."""

    node: ast.AST = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Constant(Step):
    dst: Temp
    value: object


@dataclass(frozen=True, slots=True)
class Load(Step):
    """`dst = name`; `depth` counts function scopes outwards, -1 is the module's."""

    dst: Temp
    name: str
    depth: int


@dataclass(frozen=True, slots=True)
class Store(Step):
    name: str
    depth: int
    src: Temp


@dataclass(frozen=True, slots=True)
class Delete(Step):
    name: str
    depth: int


@dataclass(frozen=True, slots=True)
class GetAttr(Step):
    dst: Temp
    obj: Temp
    attr: str


@dataclass(frozen=True, slots=True)
class SetAttr(Step):
    obj: Temp
    attr: str
    src: Temp


@dataclass(frozen=True, slots=True)
class SetClassVar(Step):
    """What a class body assigns to a name, where it is an object."""

    obj: Temp
    attr: str
    src: Temp


@dataclass(frozen=True, slots=True)
class DelAttr(Step):
    obj: Temp
    attr: str


@dataclass(frozen=True, slots=True)
class GetItem(Step):
    dst: Temp
    obj: Temp
    key: Temp


@dataclass(frozen=True, slots=True)
class SetItem(Step):
    obj: Temp
    key: Temp
    src: Temp


@dataclass(frozen=True, slots=True)
class DelItem(Step):
    obj: Temp
    key: Temp


@dataclass(frozen=True, slots=True)
class Slice(Step):
    """`dst = lower:upper:step` (absent parts are None)."""

    dst: Temp
    parts: tuple[Temp | None, Temp | None, Temp | None]


@dataclass(frozen=True, slots=True)
class Invoke(Step):
    """`dst = func(*args, **kwargs)`; an argument is (temp, starred), a keyword (name or None for `**`, temp)."""

    dst: Temp
    func: Temp
    args: tuple[tuple[Temp, bool], ...]
    kwargs: tuple[tuple[str | None, Temp], ...]


@dataclass(frozen=True, slots=True)
class Await(Step):
    dst: Temp
    src: Temp


@dataclass(frozen=True, slots=True)
class Make(Step):
    """A display: list, tuple, set (items are (temp, starred)) or dict (items are (key or None for `**`, value))."""

    dst: Temp
    kind: str
    items: tuple[tuple[Temp | None, Temp | bool], ...]


@dataclass(frozen=True, slots=True)
class Collect(Step):
    """Add to the container that a comprehension builds; `key` for dict comprehensions.

    `found_for` is what the loop stands at when the value may say something of that.
    """

    coll: Temp
    value: Temp
    key: Temp | None
    found_for: tuple[Temp, ...] = ()


@dataclass(frozen=True, slots=True)
class Measure(Step):
    """A comprehension without filters is finished: `coll` has as many elements as `src`."""

    coll: Temp
    src: Temp


@dataclass(frozen=True, slots=True)
class Unpack(Step):
    """`dsts = src`, with at most one starred target at index `star`."""

    src: Temp
    dsts: tuple[Temp, ...]
    star: int | None


@dataclass(frozen=True, slots=True)
class Iter(Step):
    dst: Temp
    src: Temp
    is_async: bool


@dataclass(frozen=True, slots=True)
class Unary(Step):
    dst: Temp
    op: str
    src: Temp


@dataclass(frozen=True, slots=True)
class Binary(Step):
    dst: Temp
    op: str
    left: Temp
    right: Temp


@dataclass(frozen=True, slots=True)
class InPlace(Step):
    """`dst = left op= right`: extends a list in place, else like `Binary`."""

    dst: Temp
    op: str
    left: Temp
    right: Temp


@dataclass(frozen=True, slots=True)
class Compare(Step):
    dst: Temp
    op: str
    left: Temp
    right: Temp


@dataclass(frozen=True, slots=True)
class Opaque(Step):
    """A value nobody follows made of `srcs`; of an f-string it may be known how it begins and ends."""

    dst: Temp
    srcs: tuple[Temp, ...]
    ends: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Define(Step):
    """`dst = ` a function (lambda, def, generator expression) with its evaluated defaults."""

    dst: Temp
    function: object
    defaults: tuple[tuple[str, Temp], ...]


@dataclass(frozen=True, slots=True)
class DefineClass(Step):
    dst: Temp
    cls: object


@dataclass(frozen=True, slots=True)
class Enter(Step):
    dst: Temp
    manager: Temp
    is_async: bool


@dataclass(frozen=True, slots=True)
class Exit(Step):
    """Leave a `with` block; `raising` when an exception is on its way (it may be swallowed)."""

    manager: Temp
    is_async: bool
    raising: bool


@dataclass(frozen=True, slots=True)
class Raise(Step):
    """`raise src` (None: raise again what is being handled)."""

    src: Temp | None


@dataclass(frozen=True, slots=True)
class Catch(Step):
    """The exception in flight is now being handled; its value goes to `dst`."""

    dst: Temp


@dataclass(frozen=True, slots=True)
class EndCatch(Step):
    """The handler is left: nothing is being handled any more."""


@dataclass(frozen=True, slots=True)
class SetToken(Step):
    """Remember how a `finally` was entered; label `exception` keeps the exception itself."""

    token: Temp
    label: Label


@dataclass(frozen=True, slots=True)
class SetReturn(Step):
    src: Temp | None


@dataclass(frozen=True, slots=True)
class Yield(Step):
    dst: Temp
    src: Temp | None


@dataclass(frozen=True, slots=True)
class YieldFrom(Step):
    dst: Temp
    src: Temp


@dataclass(frozen=True, slots=True)
class Copy(Step):
    """`dst = src`; how the arms of a conditional expression meet."""

    dst: Temp
    src: Temp


@dataclass(frozen=True, slots=True)
class Drop(Step):
    """The temporaries are not needed any more."""

    temps: tuple[Temp, ...]


@dataclass(frozen=True, slots=True)
class Import(Step):
    """`dst = ` the module or attribute with this absolute or relative dotted name."""

    dst: Temp
    name: str


# Terminators: how a block ends. They are steps too, with labelled edges.
@dataclass(frozen=True, slots=True)
class Jump(Step):
    pass


@dataclass(frozen=True, slots=True)
class Branch(Step):
    """Leave by `true` or `false`; with `key` the outcome is remembered for the next test of the same condition.

    `once`: there is no other test of it, but it may be known all the same (see `arguments`).
    """

    test: Temp
    key: str | None
    once: bool = False


@dataclass(frozen=True, slots=True)
class Next(Step):
    """Leave by `item` with the iterator's next element in `dst`, or by `exhausted`."""

    dst: Temp
    iterator: Temp
    is_async: bool


@dataclass(frozen=True, slots=True)
class MatchExc(Step):
    """Leave by `match` when the exception in flight is one of `types`, else by `next`."""

    types: Temp | None
    star: bool


@dataclass(frozen=True, slots=True)
class MatchPattern(Step):
    """Leave by `match` (captures bound to temps in order) or by `next`. `values`: what the pattern names."""

    subject: Temp
    pattern: ast.pattern
    values: tuple[tuple[ast.expr, Temp], ...]
    captures: tuple[tuple[str, Temp], ...]


@dataclass(frozen=True, slots=True)
class Dispatch(Step):
    """Leave a `finally` by the label that was stored in the token."""

    token: Temp


@dataclass(slots=True)
class Block:
    """Steps, how they end (`term`), where each label leads, and where an exception leads."""

    id: int
    steps: list[Step] = field(default_factory=list)
    term: Step | None = None
    edges: dict[Label, int] = field(default_factory=dict)
    handler: int = RAISE
    unit: Any = None
    loop_head: bool = False


def subject(key: str) -> str:
    """What a condition is about: that it is None and that it is true go together."""
    return key.removesuffix(" is None")


@dataclass(slots=True)
class Graph:
    """Blocks by number; 0 is the entry, `RETURN` and `RAISE` are the exits.

    `conditions` are the subjects of its branches.
    By block: the names live at its start, what each step (the last is the block's end) looks into, and what is not
    needed any more behind it (see `live`).
    """

    blocks: list[Block]
    captured: frozenset[str]
    conditions: frozenset[str] = frozenset()
    live: list[frozenset[object]] = field(default_factory=list)
    demands: list[list[tuple[object, ...]]] = field(default_factory=list)
    spent: list[list[tuple[int, ...]]] = field(default_factory=list)

    def successors(self, block: Block) -> list[tuple[str, int]]:
        """The labelled edges of a block, the exceptional one last."""
        return [*block.edges.items(), ("exception", block.handler)]
