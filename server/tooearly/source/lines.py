"""Where the lines of a text begin, and columns in the units that editors count.

A line ends at `\\n`, `\\r\\n` or `\\r`, and nowhere else: this is what the language server protocol says and what
CPython's tokenizer does. `str.splitlines` also breaks at form feeds, U+0085, U+2028 and others, so it is used only
after a search has shown that the text holds none of them. Finding the line starts is one pass of C code
(split, lengths, running sum); everything else is a bisection in that list.

All offsets and columns are code points, counted from 0, unless a name says otherwise.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property
from itertools import accumulate
from typing import Literal

from tooearly.model import Span

Encoding = Literal["utf-8", "utf-16", "utf-32"]

_LINE_END = re.compile(r"\r\n?|\n")
_FOREIGN_ENDS = ("\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029")


def line_starts(text: str) -> list[int]:
    """The offset of the first character of each line; a final line end is followed by one more, empty line."""
    if "\r" not in text:
        starts = list(accumulate(map(len, text.split("\n")), _after_newline, initial=0))
        starts.pop()
        return starts
    if any(end in text for end in _FOREIGN_ENDS):
        return [0, *(match.end() for match in _LINE_END.finditer(text))]
    lines = text.splitlines(keepends=True)
    starts = list(accumulate(map(len, lines), initial=0))
    if not text.endswith(("\n", "\r")):
        starts.pop()
    return starts


def _after_newline(start: int, length: int) -> int:
    return start + length + 1


def line_ends(text: str) -> int:
    """How many line ends the text holds."""
    ends = text.count("\n")
    if "\r" in text:
        ends += text.count("\r") - text.count("\r\n")
    return ends


class LineIndex:
    """Offsets and (row, column) pairs of one text. Built on first use, never changed."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def starts(self) -> list[int]:
        """The offset of each line's first character."""
        return line_starts(self.text)

    @property
    def line_count(self) -> int:
        """The number of lines, at least 1; the empty line after a final line end counts."""
        return len(self.starts)

    def row(self, offset: int) -> int:
        """The row that holds `offset`, which is clamped into the text."""
        return max(bisect_right(self.starts, offset) - 1, 0)

    def position(self, offset: int) -> tuple[int, int]:
        """The (row, column) of an offset. Outside the text or inside a line end, the nearest position before it."""
        offset = min(max(offset, 0), len(self.text))
        row = bisect_right(self.starts, offset) - 1
        return row, min(offset, self._content_end(row)) - self.starts[row]

    def offset(self, row: int, column: int) -> int:
        """The offset of a position; a row or column beyond the end is clamped to the end of the text or line."""
        if row < 0:
            return 0
        if row >= len(self.starts):
            return len(self.text)
        return min(self.starts[row] + max(column, 0), self._content_end(row))

    def line_span(self, row: int) -> Span:
        """The range of a line's content, without its line end. Rows are clamped."""
        row = min(max(row, 0), len(self.starts) - 1)
        return Span(self.starts[row], self._content_end(row))

    def line(self, row: int) -> str:
        """The content of a line, without its line end."""
        span = self.line_span(row)
        return self.text[span.start : span.end]

    def encoded_column(self, row: int, column: int, encoding: Encoding) -> int:
        """The column in code units of `encoding`; clamped to the line."""
        start, end = self.line_span(row).start, self.line_span(row).end
        column = min(max(column, 0), end - start)
        if encoding == "utf-32":
            return column
        return _units(self.text[start : start + column], encoding)

    def decoded_column(self, row: int, units: int, encoding: Encoding) -> int:
        """The code point column of a column in code units; clamped, and inside a character rounded down."""
        line = self.line(row)
        units = max(units, 0)
        if encoding == "utf-32" or line.isascii():
            return min(units, len(line))
        if encoding == "utf-8":
            head = line.encode("utf-8", "surrogatepass")[:units]
            return len(head) - sum(byte & 0xC0 == 0x80 for byte in head) - _cut_utf8(head)
        for column, char in enumerate(line):
            units -= 2 if char > "\uffff" else 1
            if units < 0:
                return column
        return len(line)

    def _content_end(self, row: int) -> int:
        if row + 1 == len(self.starts):
            return len(self.text)
        end = self.starts[row + 1] - 1
        if self.text[end] == "\n" and end > self.starts[row] and self.text[end - 1] == "\r":
            end -= 1
        return end


def _units(text: str, encoding: Encoding) -> int:
    if text.isascii():
        return len(text)
    if encoding == "utf-8":
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text) + sum(char > "\uffff" for char in text)


def _cut_utf8(head: bytes) -> int:
    """1 when the bytes end inside a character, else 0."""
    for back, byte in enumerate(reversed(head), 1):
        if byte & 0xC0 != 0x80:
            need = 1 if byte < 0x80 else 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return int(need > back)
    return 0


def apply_change(text: str, start: int, end: int, new: str) -> str:
    """The text with `start..end` replaced by `new`; the range is clamped into the text, and sorted."""
    start, end = sorted((min(max(start, 0), len(text)), min(max(end, 0), len(text))))
    return text[:start] + new + text[end:]


def common_head(old: str, new: str) -> int:
    """How long the common start of two texts is: by halving, as comparing slices is one call into C."""
    low, high = 0, min(len(old), len(new))
    while low < high:
        middle = (low + high + 1) // 2
        if old[low:middle] == new[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def common_tail(old: str, new: str, limit: int) -> int:
    """How long the common end of two texts is, at most `limit`."""
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        if old[len(old) - middle : len(old) - low] == new[len(new) - middle : len(new) - low]:
            low = middle
        else:
            high = middle - 1
    return low
