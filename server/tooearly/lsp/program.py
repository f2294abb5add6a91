"""What is analysed as one text: a document, or the cells of a notebook one after the other.

A `Program` knows which part of its text belongs to which document, so that a range found in the whole can be told to
the client in the right cell. For a plain document there is one part, which begins at 0.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace

from tooearly.lsp.documents import Document
from tooearly.model import Span
from tooearly.source.lines import Encoding


@dataclass(frozen=True, slots=True)
class Part:
    """One document and where its text begins in the program."""

    document: Document
    start: int

    def position(self, offset: int, encoding: Encoding) -> tuple[int, int]:
        """Line and character of an offset into the program, as the client counts them."""
        lines = self.document.lines
        row, column = lines.position(offset - self.start)
        if encoding != "utf-32" and not self.document.text.isascii():
            column = lines.encoded_column(row, column, encoding)
        return row, column

    def range(self, span: Span, encoding: Encoding) -> dict[str, dict[str, int]]:
        """The range of a span of the program in this document, as JSON."""
        (row, column), (last, end) = self.position(span.start, encoding), self.position(span.end, encoding)
        return {"start": {"line": row, "character": column}, "end": {"line": last, "character": end}}


@dataclass(frozen=True, slots=True)
class Program:
    """A text to be analysed. `cells`: where each cell begins, None for a plain document. `uri`: for messages."""

    key: str
    uri: str
    text: str
    parts: tuple[Part, ...]
    cells: tuple[int, ...] | None = None

    @property
    def version(self) -> tuple[int, ...]:
        """Equal for equal versions of all parts."""
        return tuple(part.document.serial for part in self.parts)

    def part_at(self, offset: int) -> Part:
        """The part that holds an offset."""
        if len(self.parts) == 1:
            return self.parts[0]
        index = bisect_right(self.parts, offset, key=lambda part: part.start) - 1
        return self.parts[max(index, 0)]

    def changed(self, text: str) -> Program:
        """The program with another text; its cells begin where the edits between the two have moved them."""
        if not self.cells:
            return replace(self, text=text)
        from tooearly.lsp.textdiff import edits_between  # not before: a start does not wait for difflib

        grown = [
            (edit.span.end, len(edit.content) - (edit.span.end - edit.span.start))
            for edit in edits_between(self.text, text)
        ]
        cells = tuple(cell + sum(more for end, more in grown if end < cell) for cell in self.cells)
        return replace(self, text=text, cells=cells)

    def part_of(self, document: Document) -> Part | None:
        """The part that is this document, None when it is not in the program (a Markdown cell, say)."""
        return next((part for part in self.parts if part.document.key == document.key), None)


def single(document: Document) -> Program:
    """The program that a plain document is."""
    return Program(document.key, document.uri, document.text, (Part(document, 0),))
