"""The syntax tree of a document, in pieces that survive edits elsewhere.

`parse` is the way in, `Tree` the result. How the text is cut is told in `blocks`, how a block becomes units in
`build`, how a new version takes over what the last one knew in `incremental`.
"""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property

from tooearly.model import Span
from tooearly.source.build import Block
from tooearly.source.incremental import ParseMemory, layout_of
from tooearly.source.lines import LineIndex, common_head
from tooearly.source.memory import Layout, unchanged
from tooearly.source.syntax import parsing
from tooearly.source.unit import Item, Place, Syntax, Unit

__all__ = ["Block", "Item", "ParseMemory", "Place", "Syntax", "Tree", "Unit", "parse", "unchanged"]


class Tree:
    """One version of a document: its text, lines and units. Places are made when they are asked for.

    `blocks`: a block that is the same object as in an earlier version has the same units, too. `notebook`: the text is
    that of a notebook's cells, where code outside of functions may await.
    """

    def __init__(self, layout: Layout, notebook: bool = False) -> None:
        self.notebook = notebook
        self.text = layout.text
        self.blocks = layout.blocks
        self._layout = layout

    @cached_property
    def lines(self) -> LineIndex:
        """The line index of the document."""
        return LineIndex(self.text)

    def item(self, index: int) -> Item:
        """A block with the places of its units."""
        block, start, line = self.blocks[index], self._layout.starts[index], self._layout.lines[index]
        members = tuple([Place(unit, start + offset, line + row) for unit, offset, row in block.members])
        return Item(Place(block.unit, start, line), members)

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """All blocks with the places of their units."""
        return tuple([self.item(index) for index in range(len(self.blocks))])

    def places(self) -> Iterator[Place]:
        """All units in the order of the text; a class comes before its methods."""
        for item in self.items:
            yield item.place
            yield from item.members

    @cached_property
    def _begins(self) -> dict[Block, tuple[int, int]]:
        return dict(zip(self.blocks, zip(self._layout.starts, self._layout.lines, strict=True), strict=False))

    def start(self, syntax: Syntax) -> tuple[int, int]:
        """The offset and the line where a unit of this version begins. Raises KeyError for one of another version."""
        block, _, offset, row = self._layout.homes[syntax]
        start, line = self._begins[block]
        return start + offset, line + row

    def place(self, syntax: Syntax) -> Place:
        """Where a unit of this version stands. Raises KeyError for a unit of another version."""
        return Place(self._layout.homes[syntax][1], *self.start(syntax))

    def holds(self, syntax: Syntax) -> bool:
        """Whether a unit is one of this version."""
        return syntax in self._layout.homes

    def find(self, syntax: Syntax) -> Place | None:
        """Where a unit stands, None for a unit of another version or text."""
        return self.place(syntax) if self.holds(syntax) else None

    def rewritten(self, before: Tree) -> dict[Syntax, int]:
        """Units with the same syntax as in an earlier version and another text: where the texts differ first."""
        old = before._layout.homes
        head, tail = unchanged(before.blocks, self.blocks)
        fresh = [unit for block in self.blocks[head : len(self.blocks) - tail] for _, unit in block.units()]
        pairs = [(old[unit.syntax][1], unit) for unit in fresh if unit.syntax in old]
        return {now.syntax: common_head(was.text, now.text) for was, now in pairs if was is not now}

    def place_at(self, offset: int) -> Place | None:
        """The place of the unit that an offset is in; None in an empty document."""
        index = bisect_right(self._layout.starts, offset, 1, max(len(self.blocks), 1)) - 1
        if not self.blocks:
            return None
        item = self.item(index)
        return next((place for place in reversed(item.members) if place.start <= offset), item.place)

    def span(self, syntax: Syntax, node: ast.AST) -> Span:
        """The range of a unit's node in the document. Raises KeyError for a unit of another version."""
        return self.place(syntax).span(node)


def parse(text: str, memory: ParseMemory | None = None, *, notebook: bool = False) -> Tree:
    """The tree of a document. Never raises; `memory` carries units over from the last version and is updated."""
    with parsing():
        return Tree(layout_of(text, memory or ParseMemory()), notebook)
