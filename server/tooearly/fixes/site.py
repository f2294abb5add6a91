"""A read found again in the syntax tree, with what every fix asks about its surroundings.

A finding knows only offsets. `locate` walks down from the unit's statements to the expression that has the finding's
range and keeps the way there, outermost first. From that way follow: may an `await` stand at the read, which
statement could a wait be put before, and is the read reached only under a condition.

How: the way is read from the inside out. A lambda, a class body, a `def` or a generator expression on it is a
*barrier*: no `await` may be written at the read itself, but the statement that holds the barrier may still be
preceded by a wait if it stands in the body of an `async def`. Decorators, defaults, base classes and the first
iterable of a comprehension are evaluated outside of what they belong to, so they are no barrier.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from tooearly.fixes.scope import Function, assigned_value, bindings
from tooearly.model import Finding, Span
from tooearly.semantics.names import walk
from tooearly.source.tree import Place, Tree, Unit

Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
Path = tuple[ast.AST, ...]


@dataclass(frozen=True, slots=True)
class Context:
    """Where a read stands.

    `function`: the function whose code could wait (None: there is none). `anchor`: index in the path of the
    statement before which it could. `barrier`: why no `await` may stand at the read itself, empty if one may.
    `deferred`: the read runs later than the anchor (lambda, nested function), perhaps more than once.
    """

    function: Function | None
    anchor: int
    barrier: str = ""
    deferred: bool = False


class Site:
    """A finding in its tree. Never changed after it is made.

    `path` holds the nodes from the outermost statement of the unit down to the read; `made_async` the functions that a
    fix is going to make async.
    """

    def __init__(
        self, tree: Tree, place: Place, path: Path, finding: Finding, made_async: Collection[ast.AST] = ()
    ) -> None:
        self.tree = tree
        self.place = place
        self.path = path
        self.finding = finding
        self.made_async = made_async

    @property
    def read(self) -> ast.expr:
        """The expression that reads too early."""
        node = self.path[-1]
        assert isinstance(node, ast.expr)
        return node

    @property
    def parent(self) -> ast.AST:
        """What the read is an operand of."""
        return self.path[-2]

    @cached_property
    def receiver(self) -> ast.expr | None:
        """The expression that is read from, None when the finding's range is none.

        For `get = task.result` and `get()` it is `task`, if both names are bound only once.
        """
        if self.span(self.read) == self.finding.receiver:
            return self._bound_method()
        for root in (self.read, *self.place.unit.body):
            for node in walk(root):
                if isinstance(node, ast.expr) and self.span(node) == self.finding.receiver:
                    return node
        return None

    def _bound_method(self) -> ast.expr | None:
        match self.read, self.scope:
            case ast.Call(func=ast.Name(id=name), args=[], keywords=[]), ast.AST() as function:
                match assigned_value(function, name):
                    case ast.Attribute(value=ast.Name(id=task) as value, attr="result" | "exception"):
                        once = sum(one.name == task for one in bindings(function)) == 1
                        return value if once else None
        return None

    @cached_property
    def context(self) -> Context:
        """Whether an `await` may stand at the read, and before which statement a wait could."""
        return context(self.path, self.made_async, top_level(self.tree))

    @property
    def anchor(self) -> ast.stmt | None:
        """The statement before which a wait could stand."""
        if self.context.function is None:
            return None
        node = self.path[self.context.anchor]
        assert isinstance(node, ast.stmt)
        return node

    @property
    def statement(self) -> int:
        """The index in the path of the innermost statement that holds the read."""
        return next(i for i in range(len(self.path) - 1, -1, -1) if isinstance(self.path[i], ast.stmt))

    @property
    def text(self) -> str:
        """The whole document."""
        return self.tree.text

    def span(self, node: ast.AST) -> Span:
        """The range of a node of this unit in the document."""
        return self.place.unit.span(node).shifted(self.place.start)

    def source(self, node: ast.AST) -> str:
        """The text of a node, without parentheses around it."""
        span = self.span(node)
        return self.text[span.start : span.end]

    @cached_property
    def name(self) -> str:
        """What is read from, in few words for a title."""
        span = self.finding.receiver
        words = self.text[span.start : span.end]
        if span == self.span(self.read) and self.receiver:
            words = self.source(self.receiver)
        if re.search(r"[\r\n]", words):
            words = ast.unparse(self.receiver) if self.receiver else " ".join(words.split())
        return words if len(words) <= 40 else words[:37] + "..."

    @property
    def scope(self) -> Function | None:
        """The innermost function in whose body the read stands."""
        return enclosing_function(self.path)

    def row(self, offset: int) -> int:
        """The 1-based line of an offset, for titles."""
        return self.tree.lines.position(offset)[0] + 1


def locate(tree: Tree, finding: Finding) -> Site | None:
    """The place of a finding in the tree; None when the code around it does not parse."""
    place = place_at(tree, finding.span)
    if place is None or place.unit.is_repaired(finding.span.shifted(-place.start)):
        return None
    path = path_to(place, finding.span)
    return Site(tree, place, path, finding) if len(path) > 1 else None


def place_at(tree: Tree, span: Span) -> Place | None:
    """The innermost unit that holds a range."""
    index = bisect_right(tree.items, span.start, key=lambda item: item.place.start) - 1
    if index < 0:
        return None
    item = tree.items[index]
    inside = [place for place in (item.place, *item.members) if place.start <= span.start and span.end <= place.end]
    return max(inside, key=lambda place: place.start, default=None)


def path_to(place: Place, span: Span) -> Path:
    """The nodes from a statement of the unit down to the expression of that range; empty if there is none."""
    wanted = span.shifted(-place.start)
    stack: list[Path] = [(statement,) for statement in _near(place.unit, place.unit.body, wanted)]
    while stack:
        path = stack.pop()
        node = path[-1]
        own = place.unit.span(node) if hasattr(node, "lineno") else None
        if own == wanted and isinstance(node, ast.expr) and not isinstance(node, ast.JoinedStr | ast.FormattedValue):
            return path
        if own is not None and not _may_hold(node, own, wanted):
            continue
        stack += [(*path, child) for child in _children(place.unit, node, wanted)]
    return ()


def _children(unit: Unit, node: ast.AST, wanted: Span) -> Iterator[ast.AST]:
    """The children that may hold a range, from the last to the first. A long block is not gone through."""
    for name in reversed(node._fields):
        match getattr(node, name, None):
            case ast.AST() as child:
                yield child
            case [ast.stmt(), *_] as block:
                yield from _near(unit, block, wanted)
            case [*children]:
                yield from (child for child in reversed(children) if isinstance(child, ast.AST))


def _near(unit: Unit, block: Sequence[ast.stmt], wanted: Span) -> Sequence[ast.stmt]:
    """The statement of a block that may hold a range."""
    index = bisect_left(block, wanted.end, key=lambda one: unit.span(one).end)
    return block[index : index + 1]


def _may_hold(node: ast.AST, own: Span, wanted: Span) -> bool:
    """Whether the wanted range may be below the node. A decorated definition begins above its own range."""
    if isinstance(node, Function | ast.ClassDef) and node.decorator_list:
        return wanted.end <= own.end
    return own.start <= wanted.start and wanted.end <= own.end


def context(path: Path, made_async: Collection[ast.AST] = (), top: Function | None = None) -> Context:
    """See `Context`; `path` leads from a statement to an expression. `made_async`: functions to be taken as async.

    `top` stands for the top level where that may await, as in a notebook.
    """
    anchor = next(i for i in range(len(path) - 1, -1, -1) if isinstance(path[i], ast.stmt))
    barrier, deferred, comprehensions = "", False, 0
    for i in range(len(path) - 2, -1, -1):
        parent, child = path[i], path[i + 1]
        inner = path[i + 2] if i + 2 < len(path) else None
        match parent:
            case ast.AsyncFunctionDef() if child in parent.body:
                return Context(parent, anchor, barrier, deferred)
            case ast.FunctionDef() if child in parent.body and parent in made_async:
                return Context(parent, anchor, barrier, deferred)
            case ast.FunctionDef() if child in parent.body:
                barrier = barrier or f"`{parent.name}` is not async"
                anchor, deferred = i, True
            case ast.ClassDef() if child in parent.body:
                barrier = barrier or "a class body cannot await"
                anchor = i
            case ast.Lambda() if child is parent.body:
                barrier, deferred = barrier or "a lambda cannot await", True
            case ast.GeneratorExp() if not is_first_iterable(parent, child, inner):
                barrier, deferred = barrier or "`await` would make the generator asynchronous", True
            case ast.ListComp() | ast.SetComp() | ast.DictComp() if not is_first_iterable(parent, child, inner):
                comprehensions += 1
                if comprehensions > 1:
                    barrier = barrier or "a nested comprehension cannot await before Python 3.11"
            case _ if _is_annotation(parent, child):
                return Context(None, anchor, "an annotation cannot await", deferred)
    if top is not None:
        return Context(top, anchor, barrier, deferred)
    return Context(None, anchor, barrier or "there is no coroutine around it", deferred)


@lru_cache(maxsize=4)
def top_level(tree: Tree) -> Function | None:
    """The code outside of functions as if it were an async function, None where it cannot await."""
    if not tree.notebook:
        return None
    none = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
    body = [statement for item in tree.items for statement in item.place.unit.body]
    return ast.AsyncFunctionDef("<notebook>", none, body, [])


def is_first_iterable(parent: Comprehension, child: ast.AST, inner: ast.AST | None) -> bool:
    """Whether the way leads through the iterable that is evaluated outside of the comprehension."""
    first = parent.generators[0]
    return child is first and inner is first.iter


def _is_annotation(parent: ast.AST, child: ast.AST) -> bool:
    match parent:
        case ast.AnnAssign() | ast.arg():
            return child is parent.annotation
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return child is parent.returns or child in getattr(parent, "type_params", ())
        case ast.ClassDef():
            return bool(getattr(parent, "type_params", ())) and child not in parent.decorator_list
    return type(parent).__name__ == "TypeAlias"  # since Python 3.12


def enclosing_function(path: Path) -> Function | None:
    """The innermost `def` or `async def` whose body holds the last node of the path."""
    for parent, child in zip(path[-2::-1], path[:0:-1], strict=True):
        if isinstance(parent, Function) and child in parent.body:
            return parent
    return None
