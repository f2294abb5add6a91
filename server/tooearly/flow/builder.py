"""The state of a graph under construction: blocks, temporaries, scopes, and what an exit has to pass on its way.

An exit (`return`, `break`, `continue`, or an exception) leaves a stack of contexts. `unwind` walks it outwards: a
`with` gets its `Exit` step, a loop is the target, and a `finally` is entered with a token; what remains of the way is
built when that `finally` is finished (`Finally.pending`).
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace
from typing import TypeVar

from tooearly.flow import cfg
from tooearly.flow.cfg import RAISE, RETURN, Block, Graph, Label, Step, Temp
from tooearly.flow.counting import Counters, counters
from tooearly.semantics.names import Class, Function, make_class, make_function
from tooearly.source.tree import Syntax

S = TypeVar("S", bound=Step)


class UnknownSyntax(Exception):
    """A kind of node that this version of tooearly does not know; the argument is its name."""


@dataclass(slots=True)
class Loop:
    """`break` and `continue` go here."""

    on_break: int
    on_continue: int


@dataclass(slots=True)
class With:
    """Leaving this context runs the manager's exit."""

    manager: Temp
    is_async: bool
    outer_handler: int


@dataclass(slots=True)
class Finally:
    """Leaving this context runs the block at `entry`; `pending` are the exits that have to go on after it."""

    token: Temp
    entry: int
    outer_handler: int
    pending: list[Label] = field(default_factory=list)


Context = Loop | With | Finally


class Builder:
    """Collects the blocks of one function. `scopes` are the renamings of the comprehensions and class bodies around."""

    def __init__(self, function: Function, known: dict[ast.AST, Function | Class] | None = None) -> None:
        self.function = function
        self.known = known or {}
        self.fixed: frozenset[str] = frozenset()
        self.unit: Syntax = function.unit
        self.blocks: list[Block] = []
        self.contexts: list[Context] = []
        self.scopes: list[dict[str, str]] = []
        self.class_scopes: list[int] = []
        self.catching: list[Temp] = []
        self.last_turns: dict[str, tuple[Temp, bool]] = {}
        self.captured: set[str] = set()
        self.counted: Counters | None = None
        self.temps = 0
        self.handler = RAISE
        self.current = self.block()

    def counters(self) -> Counters:
        """The counters of the function's loops, with their limits."""
        if self.counted is None:
            self.counted = counters(self.function.node)
        return self.counted

    # Blocks and steps
    def temp(self) -> Temp:
        """A new temporary."""
        self.temps += 1
        return self.temps

    def block(self, *, handler: int | None = None, loop_head: bool = False) -> Block:
        """A new empty block; exceptions in it go to `handler` (default: the current one)."""
        made = Block(
            len(self.blocks), handler=self.handler if handler is None else handler, unit=self.unit, loop_head=loop_head
        )
        self.blocks.append(made)
        return made

    def emit(self, step: S) -> S:
        """Append a step to the current block; the dead code behind a terminator goes to a block nobody enters."""
        if self.current.term is not None:
            self.current = self.block()
        if self.current.handler != self.handler and self.current.steps:
            self.goto(self.block(), step.node)
        self.current.handler = self.handler
        self.current.steps.append(step)
        return step

    def end(self, term: Step, **edges: Block | int) -> None:
        """End the current block (if it is still open) with a terminator and its labelled edges."""
        if self.current.term is not None:
            return
        if self.current.handler != self.handler and self.current.steps:
            follow = self.block()
            self.current.term, self.current.edges = cfg.Jump(term.node), {"next": follow.id}
            self.current = follow
        self.current.handler = self.handler
        self.current.term = term
        for label, target in edges.items():
            self.current.edges[label] = target if isinstance(target, int) else target.id  # type: ignore[index]

    def goto(self, target: Block | int, node: ast.AST) -> None:
        """End the current block by a jump; when `target` is a block, building goes on in it."""
        self.end(cfg.Jump(node), next=target)
        if isinstance(target, Block):
            self.current = target

    def start(self, target: Block) -> None:
        """Go on building in `target`."""
        self.current = target

    # Names
    def resolve(self, name: str) -> tuple[str, int]:
        """(name in its frame, how many function frames outwards; -1 for the module's)."""
        for index in range(len(self.scopes) - 1, -1, -1):
            if name in self.scopes[index]:
                return self.scopes[index][name], 0
        return resolve(self.function, name)

    def visible_renames(self) -> dict[str, str]:
        """What a function defined here sees under another name (class scopes are not visible)."""
        out: dict[str, str] = {}
        for index, scope in enumerate(self.scopes):
            if index not in self.class_scopes:
                out.update(scope)
        return out

    def define(self, node: ast.AST) -> Function:
        """The `Function` of a nested def, lambda or generator expression."""
        found = self.known.get(node)
        if isinstance(found, Function):
            return found
        parent = None if self.function.qualname == "<module>" and not self.scopes else self.function
        return make_function(node, self.unit, self.function.module, parent, None, self.visible_renames())

    def define_class(self, node: ast.ClassDef) -> Class:
        """The `Class` of a class statement met in this function."""
        found = self.known.get(node)
        if isinstance(found, Class):
            return found
        parent = None if self.function.qualname == "<module>" else self.function
        made = make_class(node, self.unit, self.function.module, parent)
        for method in made.methods.values():
            method.renames = self.visible_renames()
        self.function.cache.setdefault("classes", {})[node.name] = made
        return made

    # Exits
    def unwind(self, label: Label, node: ast.AST, contexts: list[Context] | None = None) -> None:
        """Leave by `label` (return, break, continue) from inside `contexts` (default: all current ones)."""
        saved, handler = self.contexts, self.handler
        rest = list(self.contexts if contexts is None else contexts)
        while rest:
            context = rest.pop()
            match context:
                case Loop(on_break, on_continue) if label != "return":
                    self.goto(on_break if label == "break" else on_continue, node)
                    break
                case With(manager, is_async, outer):
                    self.handler = outer
                    self.emit(cfg.Exit(node, manager, is_async, False))
                case Finally(token, entry, _, pending):
                    if label not in pending:
                        pending.append(label)
                    self.emit(cfg.SetToken(node, token, label))
                    self.goto(entry, node)
                    break
        else:
            self.end(cfg.Jump(node), next=RETURN)
        self.contexts, self.handler = saved, handler

    def finish(self) -> Graph:
        """The finished graph: falling off the end returns None; what is tested only once needs not be remembered."""
        if self.current.term is None:
            self.emit(cfg.SetReturn(self.function.node, None))
            self.end(cfg.Jump(self.function.node), next=RETURN)
        seen: dict[str, int] = {}
        for block in self.blocks:
            if block.term is None:
                block.term = cfg.Jump(self.function.node)
                block.edges = {"next": RETURN}
            if isinstance(block.term, cfg.Branch) and block.term.key:
                subject = cfg.subject(block.term.key)
                seen[subject] = seen.get(subject, 0) + 1
        for block in self.blocks:
            if isinstance(block.term, cfg.Branch) and block.term.key and seen[cfg.subject(block.term.key)] < 2:
                block.term = replace(block.term, once=True)
        return Graph(self.blocks, frozenset(self.captured), frozenset(seen))


def resolve(function: Function, name: str) -> tuple[str, int]:
    """Where `name` lives as seen from the body of `function`: its own frame, an enclosing one's, or the module's."""
    depth = 0
    here: Function | None = function
    while here is not None:
        if here.qualname == "<module>" or name in here.global_names:
            return name, -1
        if name in here.bound and name not in here.nonlocal_names:
            return name, depth
        depth += 1
        if name in here.renames:
            return here.renames[name], depth
        here = here.parent or (here.cls.parent if here.cls else None)
    return name, -1
