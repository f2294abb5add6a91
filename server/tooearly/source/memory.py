"""What one version of a document hands on to the next: its blocks, and units that may come back."""

from __future__ import annotations

from tooearly.source.build import Block, Kind
from tooearly.source.unit import Item, Unit

_MOST_SPARE = 256


class ParseMemory:
    """The blocks of the last version of one document, and some units of versions before it.

    Hand it in again for the next version of the same document, and for no other: each unit has one place.
    """

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.items: tuple[Item, ...] = ()
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
