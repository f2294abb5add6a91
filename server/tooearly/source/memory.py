"""What one version of a document hands on to the next: its blocks, and units that may come back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from tooearly.source.build import Block, Kind
from tooearly.source.unit import Unit

_MOST_SPARE = 256


Home = tuple[Block, int, int]
"""The block that a unit belongs to, and its offset and line in there."""


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
    homes: dict[Unit, Home] = field(default_factory=dict)

    def followed(self, text: str, head: int, middle: Sequence[Block], tail: int) -> Layout:
        """The layout of the next version: `middle` stands between the first `head` blocks and the last `tail` ones."""
        end = len(self.blocks) - tail
        homes = self.homes.copy()
        for block in self.blocks[head:end]:
            for unit, _, _ in _homes(block):
                homes.pop(unit, None)
        for block in middle:
            homes |= {unit: (block, offset, line) for unit, offset, line in _homes(block)}
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

    Hand it in again for the next version of the same document, and for no other: each unit has one place.
    """

    def __init__(self) -> None:
        self.layout = Layout()
        self._spare: dict[tuple[Kind, str, str], list[Unit]] = {}

    def put(self, *blocks: Block) -> None:
        """Keep the units of blocks that are no longer part of the document."""
        for block in blocks:
            for kind, unit in block.units():
                self._spare.setdefault((kind, unit.text, unit.source), []).append(unit)

    def remove(self, *blocks: Block) -> None:
        """Undo `put`: the blocks are part of the document after all."""
        for block in blocks:
            for kind, unit in block.units():
                units = self._spare.get((kind, unit.text, unit.source), [])
                if unit in units:
                    units.remove(unit)

    def take(self, kind: Kind, text: str, source: str) -> Unit | None:
        """A kept unit with this text, which is then no longer kept."""
        units = self._spare.get((kind, text, source))
        return units.pop(0) if units else None

    def trim(self) -> None:
        """Forget the oldest units beyond a fixed number."""
        while len(self._spare) > _MOST_SPARE:
            del self._spare[next(iter(self._spare))]
