"""The syntax tree of a document, in pieces that survive edits elsewhere.

`parse` is the way in, `Tree` the result. How the text is cut is told in `blocks`, how a block becomes units in
`build`, how a new version takes over what the last one knew in `incremental`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property

from tooearly.model import Span
from tooearly.source.incremental import ParseMemory, items_of
from tooearly.source.lines import LineIndex
from tooearly.source.syntax import parsing
from tooearly.source.unit import Item, Place, Unit

__all__ = ["Item", "ParseMemory", "Place", "Tree", "Unit", "parse"]


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
        """The range of a node of `unit` in the document. Raises KeyError for a unit of another version."""
        return unit.span(node).shifted(self._places[unit].start)


def parse(text: str, memory: ParseMemory | None = None) -> Tree:
    """The tree of a document. Never raises; `memory` carries units over from the last version and is updated."""
    with parsing():
        return Tree(text, items_of(text, memory or ParseMemory()))
