"""What is left of a unit when only the edited statements are kept: enough to tell whether an edit compiles.

Compiling a long function takes many times as long as making the edit. Statements do not depend on each other's syntax,
so every run of statements that no edit touches is replaced by `pass`, at each level on the way down to the edited ones.
Headers on the way stay: whether `await`, `return` or `break` may stand there depends on them.
"""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from tooearly.model import Edit, Span
from tooearly.source.tree import Place, Tree

_BLOCKS = ("body", "orelse", "finalbody")


def skeleton(tree: Tree, place: Place, edits: Sequence[Edit]) -> list[Edit]:
    """The edits that replace what `edits`, all of them within the unit, do not touch."""
    return list(_hollowed(tree, place, place.unit.body, [edit.span for edit in edits]))


def _hollowed(tree: Tree, place: Place, block: Sequence[ast.stmt], spans: Sequence[Span]) -> Iterator[Edit]:
    """The replacements in a block of statements."""
    first = 0
    for low, high in sorted(_touched(tree, place, block, span) for span in spans):
        if first < low:
            yield _replaced(tree, place, block[first:low])
        for statement in block[max(first, low) : high]:
            yield from _below(tree, place, statement, spans)
        first = max(first, high)
    if first < len(block):
        yield _replaced(tree, place, block[first:])


def _touched(tree: Tree, place: Place, block: Sequence[ast.stmt], span: Span) -> tuple[int, int]:
    """The statements of a block that a range touches, as the first and the one behind the last."""
    low = bisect_left(block, span.start, key=lambda one: place.span(one).end)
    return low, max(low, bisect_right(block, span.end, key=lambda one: start_of(tree.text, place, one)))


def _below(tree: Tree, place: Place, statement: ast.AST, spans: Sequence[Span]) -> Iterator[Edit]:
    """The replacements in the blocks of an edited compound statement."""
    for name in _BLOCKS:
        block = getattr(statement, name, None)
        if not isinstance(block, list) or not block:
            continue
        if name == "orelse" and isinstance(block[0], ast.If) and _is_elif(tree, place, block[0]):
            yield from _below(tree, place, block[0], spans)
        else:
            yield from _hollowed(tree, place, block, spans)
    for clause in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        yield from _hollowed(tree, place, clause.body, spans)


def _is_elif(tree: Tree, place: Place, statement: ast.If) -> bool:
    return tree.text.startswith("elif", place.span(statement).start)


def _replaced(tree: Tree, place: Place, run: Sequence[ast.stmt]) -> Edit:
    return Edit(Span(start_of(tree.text, place, run[0]), place.span(run[-1]).end), "pass")


def start_of(text: str, place: Place, statement: ast.stmt) -> int:
    """The offset at which a statement begins, its decorators included."""
    decorators = getattr(statement, "decorator_list", None)
    start = place.span(statement).start
    return min(start, text.rindex("@", 0, place.span(decorators[0]).start + 1)) if decorators else start
