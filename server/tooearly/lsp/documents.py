"""The text of every open document, as the specification wants it.

pygls keeps documents too, but splits lines with `str.splitlines`, which also splits at form feeds, U+2028 and others
that the protocol does not know, and it falls back to the disk for what it does not hold. So this store stands in its
place: lines end at \\n, \\r\\n and \\r only, columns are in the encoding agreed on, positions beyond the end of a line
or of the text are clamped, and a document that is not open is simply not there.

A `Document` is one version of a text, frozen: a change makes a new one. Its line index is built when first needed
and can be handed over by the analysis, which builds the same one.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from lsprotocol import types as lsp

from tooearly.lsp import uris
from tooearly.source.lines import Encoding, LineIndex, apply_change

Change = lsp.TextDocumentContentChangeEvent


@dataclass(slots=True)
class _Index:
    """The place where a document keeps its line index once it has one; until then, what it can be made from."""

    lines: LineIndex | None = None
    before: Edited | None = None


@dataclass(frozen=True, slots=True)
class Edited:
    """The line index of the version before, and the one change since: `start..end` was replaced by `new`."""

    lines: LineIndex
    start: int
    end: int
    new: str

    def index(self, text: str) -> LineIndex:
        """The line index of `text`, the version after. Counting all lines anew would cost ten times as much."""
        index = LineIndex(text)
        old = self.lines.starts
        if "\r" not in self.lines.text and "\r" not in self.new:
            first, last = bisect_right(old, self.start), bisect_right(old, self.end)
            made = [self.start + found.end() for found in re.finditer("\n", self.new)]
            by = self.start + len(self.new) - self.end
            rest = [start + by for start in old[last:]] if by else old[last:]
            vars(index)["starts"] = [*old[:first], *made, *rest]  # where its cached property looks first
        return index


@dataclass(frozen=True, slots=True)
class Document:
    """One version of one open document. `uri` is spelled as the client spelled it when it opened it."""

    uri: str
    version: int
    text: str
    language: str = "python"
    serial: int = 0
    _index: _Index = field(default_factory=_Index, compare=False, repr=False)

    @property
    def key(self) -> str:
        """What the document is looked up by."""
        return uris.key(self.uri)

    @property
    def lines(self) -> LineIndex:
        """The line index of this version."""
        index = self._index
        if index.lines is None:
            before = index.before
            index.lines = before.index(self.text) if before is not None else LineIndex(self.text)
            index.before = None
        return index.lines

    def adopt(self, lines: LineIndex) -> None:
        """Take a line index that someone else has made of the same text, unless one is made faster here."""
        if self._index.lines is None and self._index.before is None and lines.text is self.text:
            self._index.lines = lines


@dataclass(slots=True)
class Documents:
    """The open documents. `encoding` is the one agreed on in `initialize`."""

    encoding: Encoding = "utf-16"
    _open: dict[str, Document] = field(default_factory=dict)
    _serial: int = 0

    def get(self, uri: str) -> Document | None:
        """The current version, or None when it is not open. Never reads the disk."""
        return self._open.get(uris.key(uri))

    def text_at(self, path: Path) -> str | None:
        """The text of a file that is open. Also called in the worker."""
        document = self._open.get(uris.key_of_path(path))
        return document.text if document is not None else None

    def __iter__(self) -> Iterator[Document]:
        return iter(list(self._open.values()))

    def open(self, uri: str, version: int, text: str, language: str = "python") -> Document:
        """Take a document in; one that is open already is replaced (some clients open twice)."""
        return self._put(Document(uri, version, text, language))

    def change(self, uri: str, version: int, changes: Iterable[Change]) -> Document | None:
        """Apply changes one after the other, each to the text the one before it left; None when it is not open."""
        document = self.get(uri)
        if document is None:
            return None
        for change in changes:
            document = self._changed(document, change)
        return self._put(replace(document, version=version))

    def close(self, uri: str) -> Document | None:
        """Let a document go; its last version, or None when it was not open."""
        return self._open.pop(uris.key(uri), None)

    def _put(self, document: Document) -> Document:
        # The serial number tells two texts apart whose version is the same: closed and opened again, say.
        self._serial += 1
        document = replace(document, serial=self._serial)
        self._open[document.key] = document
        return document

    def _changed(self, document: Document, change: Change) -> Document:
        if isinstance(change, lsp.TextDocumentContentChangeWholeDocument):
            return replace(document, text=change.text, _index=_Index())
        start = self.offset(document, change.range.start)
        end = self.offset(document, change.range.end)
        if start > end:  # a client's mistake: taken as it was meant
            start, end = end, start
        text = apply_change(document.text, start, end, change.text)
        index = _Index(before=Edited(document.lines, start, end, change.text))
        return Document(document.uri, document.version, text, document.language, document.serial, index)

    def offset(self, document: Document, position: lsp.Position) -> int:
        """The code point offset of a position in the agreed encoding, clamped to its line and to the text."""
        lines = document.lines
        if position.line >= lines.line_count:
            return len(document.text)
        column = lines.decoded_column(position.line, position.character, self.encoding)
        return lines.offset(position.line, column)
