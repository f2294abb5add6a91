"""From one version of a document to the next.

What a block is depends on its own text and, while it is broken, on the text behind it; never on the text before it,
except that a half-typed word at the margin may belong to the block above. So a tree is the same however the text came
about, and it can be made from the last one: blocks at the front and at the back that read the same are taken over, and
only the text between is cut and parsed. A keystroke costs a comparison of strings, an addition for each later block,
and the parse of one function or method.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import replace

from tooearly.source.blocks import Cut, block_end, closing_cut, is_cut, is_decorator, looks_open, margin_cut, misread
from tooearly.source.build import Block, blanked, build, stray_line
from tooearly.source.lines import common_head, common_tail
from tooearly.source.memory import Layout, ParseMemory
from tooearly.source.syntax import parsable

__all__ = ["ParseMemory", "layout_of"]

_MOST_OPEN = 100
_MOST_STRAYS = 10


def layout_of(text: str, memory: ParseMemory) -> Layout:
    """The blocks of a text and where they stand. Updates the memory."""
    version = _Version(text, memory)
    version.take_head()
    tail = version.build_middle(*version.find_tail())
    memory.layout = memory.layout.followed(text, version.kept, version.blocks[version.kept :], tail)
    memory.trim()
    return memory.layout


class _Version:
    """The blocks of a text, while they are found from front to back.

    `offset` is where the next block begins, `kept` how many blocks at the front are those of the last version.
    """

    def __init__(self, text: str, memory: ParseMemory) -> None:
        self.text = text
        self.source = parsable(text)
        self.memory = memory
        self.before = memory.layout
        self.cut: Cut = margin_cut(self.source)
        self.blocks: list[Block] = []
        self.offset = 0
        self.kept = 0
        self.open_blocks = 0

    def take_head(self) -> None:
        """Take over the blocks at the front that read the same and do not depend on what follows."""
        old = self.before
        count = bisect_right(old.starts, common_head(old.text, self.text)) - 1
        count = next((index for index in range(count) if not old.blocks[index].settled), count)
        while count and not is_cut(self.source, old.starts[count]):
            count -= 1
        self.blocks = list(old.blocks[:count])
        self.offset, self.kept = old.starts[count], count

    def find_tail(self) -> tuple[int, int]:
        """The first old block from which on all read the same as now: its index, and its offset in this text."""
        old = self.before
        by = len(self.text) - len(old.text)
        same = common_tail(old.text, self.text, min(len(self.text), len(old.text)) - self.offset)
        index = bisect_left(old.starts, len(old.text) - same)
        self.memory.put(*old.blocks[self.kept : index])
        return index, old.starts[index] + by

    def build_middle(self, tail: int, offset: int) -> int:
        """Build blocks until one ends where the tail begins, which may shrink on the way. How long the tail is."""
        old = self.before.blocks
        while self.offset != offset or not self._joins(tail, offset):
            if offset <= self.offset:
                self.memory.put(old[tail])
                offset += len(old[tail].text)
                tail += 1
            else:
                self.add()
        return len(old) - tail

    def _joins(self, tail: int, offset: int) -> bool:
        """Whether the old blocks from `tail` on can follow here."""
        old = self.before.blocks
        return tail == len(old) or (not old[tail].stray and is_cut(self.source, offset))

    def add(self) -> None:
        """Build the block at the current position."""
        block = self.next_block()
        if block.stray and self.blocks:
            block = self.joined(self.blocks[-1], block) or block
        self.blocks.append(block)
        self.offset += len(block.text)

    def next_block(self) -> Block:
        """The block at the current position: up to the next cut or, if it is open there, to where it is closed."""
        start = self.offset
        end = block_end(self.source, start, self.cut)
        block = None if looks_open(self.source[start:end]) else self.build(start, end)
        if block is not None and not block.may_be_open:
            return block
        closed = self.closing(start + (block.last if block else 0), end)
        if closed is not None and closed > end:
            if block is not None:
                self.memory.put(block)
            grown = self.grown(start, end, closed)
            if grown is not None:
                return grown
            block = None
        settled = closed == end and not is_decorator(self.source, start)
        return replace(block or self.build(start, end), settled=settled)

    def closing(self, start: int, end: int) -> int | None:
        """`closing_cut`, but not for ever: a text of open brackets alone would be read to its end from each line."""
        if self.open_blocks > _MOST_OPEN:
            return None
        closed = closing_cut(self.source, start, end, self.cut)
        self.open_blocks += closed is None
        return closed

    def build(self, start: int, end: int) -> Block:
        """The block of a range of the text."""
        return build(self.text[start:end], self.source[start:end], self.memory)

    def grown(self, start: int, end: int, closed: int) -> Block | None:
        """The block up to where it is closed, which is behind `end`, if that is plausible."""
        block = self.build(start, closed)
        if not block.broken or not misread(self.source, start, end, block.repaired(start)):
            return block
        self.memory.put(block)
        return None

    def joined(self, before: Block, block: Block) -> Block | None:
        """Two blocks as one, without the line at the margin that separates them; None if that does not parse."""
        line = stray_line(block.text, 0)
        if line is None or not before.clean or len(before.strays) >= _MOST_STRAYS:
            return None
        start, end = self.offset - len(before.text), self.offset + len(block.text)
        strays = (*before.strays, line.shifted(len(before.text)))
        source = self.source[start:end]
        for stray in strays:
            source = blanked(source, stray)
        self.memory.put(before, block)
        merged = build(self.text[start:end], source, self.memory, strays)
        merged = replace(merged, strays=strays, settled=before.settled and block.settled)
        if not merged.clean:
            self.memory.put(merged)
            self.memory.remove(before, block)
            return None
        self.blocks.pop()
        self.kept = min(self.kept, len(self.blocks))
        self.offset = start
        return merged
