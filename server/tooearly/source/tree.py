"""The syntax tree of a document, in pieces that survive edits elsewhere.

The text is cut at the statements in column 0; each piece is looked up by its text in the memory of the last version,
and parsed when it is not there. A piece that does not parse is repaired on its own.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cached_property

from tooearly.model import Span
from tooearly.source.lines import LineIndex
from tooearly.source.unit import Item, Place, Unit

__all__ = ["Item", "ParseMemory", "Place", "Tree", "Unit", "parse"]

_CUT = re.compile(r"^(?!(?:else|elif|except|finally)\b)[^\s#)\]}]", re.MULTILINE)


class ParseMemory:
    """What the last version of one document was cut into. Hand it in again for the next version."""

    def __init__(self) -> None:
        self.units: dict[str, list[Unit]] = {}


class Tree:
    """One version of a document: its text, lines and units."""

    def __init__(self, text: str, items: tuple[Item, ...]) -> None:
        self.text = text
        self.items = items

    @cached_property
    def lines(self) -> LineIndex:
        """The line index of the document."""
        return LineIndex(self.text)

    def places(self) -> Iterator[Place]:
        """All units in the order of the text; a class comes before its methods."""
        for item in self.items:
            yield item.place
            yield from item.members

    @cached_property
    def _places(self) -> dict[Unit, Place]:
        return {place.unit: place for place in self.places()}

    def place(self, unit: Unit) -> Place:
        """Where a unit of this version stands. Raises KeyError for a unit of another version."""
        return self._places[unit]

    def span(self, unit: Unit, node: ast.AST) -> Span:
        """The range of a node of `unit` in the document."""
        return unit.span(node).shifted(self._places[unit].start)


def parse(text: str, memory: ParseMemory | None = None) -> Tree:
    """The tree of a document. Never raises; `memory` carries units over from the last version and is updated."""
    known = memory.units if memory else {}
    seen: dict[str, list[Unit]] = {}
    items: list[Item] = []
    start = line = 0
    starts = [match.start() for match in _CUT.finditer(text)]
    index = 0
    while start < len(text):
        while index < len(starts) and starts[index] <= start:
            index += 1
        unit, index = _next_unit(text, start, starts, index, known, seen)
        items.append(Item(Place(unit, start, line), ()))
        start += len(unit.text)
        line += unit.lines
    if memory is not None:
        memory.units = seen
    return Tree(text, tuple(items))


def _next_unit(
    text: str, start: int, starts: list[int], index: int, known: dict[str, list[Unit]], seen: dict[str, list[Unit]]
) -> tuple[Unit, int]:
    first = None
    for grown in range(80):
        end = starts[index + grown] if index + grown < len(starts) else len(text)
        piece = text[start:end]
        used = seen.setdefault(piece, [])
        old = known.get(piece, ())
        unit = old[len(used)] if len(used) < len(old) else _unit(piece)
        if unit.error is None or (unit.lost and end == len(text) and first is None):
            used.append(unit)
            return unit, index + grown
        first = first or unit
        if end == len(text):
            break
    assert first is not None
    seen.setdefault(first.text, []).append(first)
    return first, index


def _unit(text: str) -> Unit:
    try:
        return Unit(text, tuple(ast.parse(text).body))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return _without_line(text, error)


def _without_line(text: str, error: Exception) -> Unit:
    message = str(getattr(error, "msg", error))
    row = (getattr(error, "lineno", None) or 1) - 1
    lines = LineIndex(text)
    span = lines.line_span(row)
    source = text[: span.start] + "pass".ljust(span.end - span.start)[: span.end - span.start] + text[span.end :]
    indent = len(lines.line(row)) - len(lines.line(row).lstrip())
    body = lines.line(row)[:indent] + "pass"
    if len(body) <= span.end - span.start:
        source = text[: span.start] + body.ljust(span.end - span.start) + text[span.end :]
    try:
        return Unit(text, tuple(ast.parse(source).body), source, (span,), message)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Unit(text, (), text, (Span(0, len(text)),), message, lost=True)
