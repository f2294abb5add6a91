"""Watch the reads of a program without changing a character of what the analyser sees.

The syntax tree of the same source is rewritten before it is compiled; lines stay where they are:
`R.result()` becomes `__read__(LINE, R.result)`, a handler that names InvalidStateError first says `__caught__()`,
`suppress(InvalidStateError)` becomes a `suppress` that says so too, and `SEED = 0` takes the schedule's number.

What can happen at a read:
- fine: a value, or the task's own exception;
- raised: InvalidStateError "... is not set", and nobody expected it;
- echo: raised again for a future that has already raised in this run. The analyser names one place per cause, so it
  may be silent here;
- handled: raised, and caught by a handler *in the same function* that names InvalidStateError. The program asks on
  purpose, so the analyser must be silent;
- excused: the same, with the handler in a caller. Either answer will do.
"""

from __future__ import annotations

import ast
import contextlib
import sys
from asyncio import InvalidStateError
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

READS = frozenset({"result", "exception"})


@dataclass
class Event:
    """One evaluation of the read on `line`. `kind` is one of the words above."""

    line: int
    kind: str
    error: BaseException | None = None


@dataclass
class Recorder:
    """Collects the events of one run; after `stop()` nothing more is taken (clean-up of dropped coroutines)."""

    seed: int
    guarded: frozenset[int]
    events: list[Event] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)
    failed: list[object] = field(default_factory=list)
    active: bool = True
    forgiving: bool = False  # an early read gives None instead of raising

    def names(self) -> dict[str, Any]:
        """The global names that the rewritten program uses."""
        return {
            "__seed__": self.seed,
            "__read__": self.read,
            "__caught__": self.caught,
            "__suppress__": self.suppress,
            "print": self.print,
        }

    def read(self, line: int, method: Callable[[], Any]) -> Any:
        """Call `method`, a bound `result` or `exception`, and note how it went."""
        event = Event(line, "fine")
        if self.active:
            self.events.append(event)
        try:
            return method()
        except InvalidStateError as error:
            if "not set" in str(error):
                event.error = error
                owner = getattr(method, "__self__", None)
                event.kind = "echo" if any(owner is each for each in self.failed) else "raised"
                if line not in self.guarded:
                    self.failed.append(owner)
                if self.forgiving and line not in self.guarded:
                    return None
            raise

    def caught(self) -> None:
        """A handler that names InvalidStateError has been entered."""
        self._forgive(sys.exc_info()[1])

    def suppress(self, *kinds: Any) -> contextlib.AbstractContextManager[None]:
        """`contextlib.suppress`, for InvalidStateError among others."""
        recorder = self

        class Noted(contextlib.suppress):
            def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
                hidden = bool(super().__exit__(kind, error, trace))
                if hidden:
                    recorder._forgive(error)
                return hidden

        return Noted(*kinds)

    def print(self, *values: object) -> None:
        """The program's output, line by line."""
        if self.active:
            self.printed.append(" ".join(map(str, values)))

    def _forgive(self, error: BaseException | None) -> None:
        for event in self.events:
            if event.error is error and error is not None:
                event.kind = "handled" if event.line in self.guarded else "excused"


class _Watch(ast.NodeTransformer):
    """The rewriting; `guarded` gets the lines of reads that stand under a handler for InvalidStateError."""

    def __init__(self) -> None:
        self.guarded: set[int] = set()
        self.reads: set[int] = set()
        self._depth = 0

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        match node.func:
            case ast.Attribute(attr=attr) if attr in READS and not node.args and not node.keywords:
                self.reads.add(node.lineno)
                if self._depth:
                    self.guarded.add(node.lineno)
                return _call(node, "__read__", [ast.Constant(node.lineno), node.func])
            case ast.Attribute(attr="suppress") | ast.Name(id="suppress") if any(map(_names_it, node.args)):
                return _call(node, "__suppress__", node.args)
        return node

    def visit_Try(self, node: ast.Try) -> ast.AST:
        asked = any(_names_it(handler.type) for handler in node.handlers)
        self._depth += asked
        node.body = self._all(node.body)
        self._depth -= asked
        for handler in node.handlers:
            handler.body = self._all(handler.body)
            if _names_it(handler.type):
                handler.body.insert(0, ast.copy_location(ast.Expr(_call(handler, "__caught__", [])), handler))
        node.orelse, node.finalbody = self._all(node.orelse), self._all(node.finalbody)
        return node

    def visit_With(self, node: ast.With) -> ast.AST:
        asked = any(
            isinstance(i.context_expr, ast.Call) and any(map(_names_it, i.context_expr.args)) for i in node.items
        )
        node.items = [self.visit(item) for item in node.items]
        self._depth += asked
        node.body = self._all(node.body)
        self._depth -= asked
        return node

    def visit(self, node: ast.AST) -> Any:
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            return super().visit(node)
        outside, self._depth = self._depth, 0  # a handler around a function does not stand around its calls
        self.generic_visit(node)
        self._depth = outside
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        match node.targets:
            case [ast.Name(id="SEED")]:
                node.value = ast.copy_location(ast.Name("__seed__", ast.Load()), node.value)
                return node
        return self.generic_visit(node)

    def _all(self, body: list[ast.stmt]) -> list[ast.stmt]:
        return [self.visit(statement) for statement in body]


def _call(at: Any, name: str, args: list[Any]) -> ast.Call:
    call = ast.Call(ast.Name(name, ast.Load()), args, [])
    return ast.fix_missing_locations(ast.copy_location(call, at))


def _names_it(node: ast.AST | None) -> bool:
    return node is not None and any(
        isinstance(each, (ast.Name, ast.Attribute))
        and (getattr(each, "id", "") or getattr(each, "attr", "")) == "InvalidStateError"
        for each in ast.walk(node)
    )


@dataclass(frozen=True)
class Watched:
    """A program ready to run. `reads`: the lines that hold a read; `guarded`: those that may fail on purpose."""

    text: str
    code: Any
    reads: frozenset[int]
    guarded: frozenset[int]


def watch(text: str) -> Watched:
    """Compile `text` with its reads watched. Raises SyntaxError for a text that is no program."""
    watcher = _Watch()
    tree = ast.fix_missing_locations(watcher.visit(ast.parse(text)))
    return Watched(text, compile(tree, "<program>", "exec"), frozenset(watcher.reads), frozenset(watcher.guarded))
