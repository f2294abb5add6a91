"""What one version of a document hands on to the next: its blocks, and units that may come back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, compress, count, islice
from operator import is_not
from typing import TypeVar

from tooearly.source.build import Block, Kind
from tooearly.source.comments import is_same_code
from tooearly.source.unit import Syntax, Unit

_MOST_SPARE = 256
_LATELY = 4
K = TypeVar("K")


Home = tuple[Block, Unit, int, int]
"""A unit, the block that it belongs to, and its offset and line in there."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The blocks of one version: the offset at which each starts, and its line. Both lists end with those of the end.

    Lists of numbers, and places made of them when asked for: behind a keystroke all numbers change, and adding to
    thousands of numbers is quick where making thousands of objects is not.
    """

    text: str = ""
    blocks: tuple[Block, ...] = ()
    starts: list[int] = field(default_factory=lambda: [0])
    lines: list[int] = field(default_factory=lambda: [0])
    homes: dict[Syntax, Home] = field(default_factory=dict)

    def followed(self, text: str, head: int, middle: Sequence[Block], tail: int) -> Layout:
        """The layout of the next version: `middle` stands between the first `head` blocks and the last `tail` ones."""
        end = len(self.blocks) - tail
        homes = self.homes.copy()
        for block in self.blocks[head:end]:
            for unit, _, _ in _homes(block):
                homes.pop(unit.syntax, None)
        for block in middle:
            homes |= {unit.syntax: (block, unit, offset, line) for unit, offset, line in _homes(block)}
        starts = [*accumulate((len(block.text) for block in middle), initial=self.starts[head])]
        lines = [*accumulate((block.lines for block in middle), initial=self.lines[head])]
        return Layout(
            text,
            (*self.blocks[:head], *middle, *self.blocks[end:]),
            [*self.starts[:head], *starts, *_moved(self.starts[end:], starts[-1])],
            [*self.lines[:head], *lines, *_moved(self.lines[end:], lines[-1])],
            homes,
        )


def _homes(block: Block) -> tuple[tuple[Unit, int, int], ...]:
    return (block.unit, 0, 0), *block.members


def _moved(numbers: list[int], first: int) -> list[int]:
    """All but the first number, moved as the first one is."""
    by = first - numbers[0]
    return [number + by for number in numbers[1:]] if by else numbers[1:]


class ParseMemory:
    """The blocks of the last version of one document, and some units of versions before it.

    Hand it in again for the next version of the same document, and for no other: each unit has one place. What is in
    the document is not kept here, so no two units of a document have the same syntax.
    """

    def __init__(self) -> None:
        self.layout = Layout()
        self._spare: dict[Syntax, tuple[Kind, Unit]] = {}
        self._by_text: dict[tuple[Kind, str, str], list[Unit]] = {}
        self._by_parsed: dict[tuple[Kind, str], list[Unit]] = {}

    def put(self, *blocks: Block) -> None:
        """Keep the units of blocks that are no longer part of the document."""
        for block in blocks:
            for kind, unit in block.units():
                self._drop(unit.syntax)
                self._spare[unit.syntax] = kind, unit
                self._by_text.setdefault((kind, unit.text, unit.source), []).append(unit)
                if unit.parsed:
                    self._by_parsed.setdefault((kind, unit.parsed), []).append(unit)

    def remove(self, *blocks: Block) -> None:
        """Undo `put`: the blocks are part of the document after all."""
        for block in blocks:
            for syntax in block.syntaxes():
                self._drop(syntax)

    def take(self, kind: Kind, text: str, source: str) -> Unit | None:
        """A kept unit with this text, which is then no longer kept."""
        units = self._by_text.get((kind, text, source))
        return self._drop(units[0].syntax) if units else self._commented(kind, text, source)

    def _commented(self, kind: Kind, text: str, source: str) -> Unit | None:
        """The unit of a text that differs in a comment only from one that has just been put here."""
        for syntax, (other, unit) in islice(reversed(self._spare.items()), _LATELY):
            whole = other == kind and unit.error is None and text == source and unit.text == unit.source
            if whole and is_same_code(unit.source, source, unit.body):
                self._drop(syntax)
                return Unit(text, syntax, source)
        return None

    def like(self, kind: Kind, parsed: str) -> Syntax | None:
        """The syntax of a kept unit that repair had made the same text of; the unit is then no longer kept."""
        units = self._by_parsed.get((kind, parsed))
        if not units:
            return None
        syntax = units[0].syntax
        self._drop(syntax)
        return syntax

    def trim(self) -> None:
        """Forget the oldest units beyond a fixed number."""
        while len(self._spare) > _MOST_SPARE:
            self._drop(next(iter(self._spare)))

    def _drop(self, syntax: Syntax) -> Unit | None:
        kind, unit = self._spare.pop(syntax, (None, None))
        if kind is not None and unit is not None:
            _take_out(self._by_text, (kind, unit.text, unit.source), unit)
            if unit.parsed:
                _take_out(self._by_parsed, (kind, unit.parsed), unit)
        return unit


def _take_out(table: dict[K, list[Unit]], key: K, unit: Unit) -> None:
    units = table[key]
    units.remove(unit)
    if not units:
        del table[key]


def unchanged(old: Sequence[object], new: Sequence[object]) -> tuple[int, int]:
    """How many elements at the front, and then at the back, are the same objects."""
    most = min(len(old), len(new))
    head = next(compress(count(), map(is_not, old, new)), most)
    tail = next(compress(count(), map(is_not, reversed(old), reversed(new))), most)
    return head, min(tail, most - head)
