"""The text of every open document, as the specification wants it.

pygls keeps documents too, but splits lines with `str.splitlines`, which also splits at form feeds, U+2028 and others
that the protocol does not know, and it falls back to the disk for what it does not hold. So this store stands in its
place: lines end at \\n, \\r\\n and \\r only, columns are in the encoding agreed on, positions beyond the end of a line
or of the text are clamped, and a document that is not open is simply not there.

A `Document` is one version of a text, frozen: a change makes a new one. Its line index is built when first needed
and can be handed over by the analysis, which builds the same one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from lsprotocol import types as lsp

from tooearly.lsp import uris
from tooearly.source.lines import Encoding, LineIndex, apply_change

Change = lsp.TextDocumentContentChangeEvent


@dataclass(slots=True)
class _Index:
    """The place where a document keeps its line index once it has one."""

    lines: LineIndex | None = None


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
        if self._index.lines is None:
            self._index.lines = LineIndex(self.text)
        return self._index.lines

    def adopt(self, lines: LineIndex) -> None:
        """Take a line index that someone else has built from the same text."""
        if self._index.lines is None and lines.text is self.text:
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
            document = replace(document, text=self._changed(document, change), _index=_Index())
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

    def _changed(self, document: Document, change: Change) -> str:
        if isinstance(change, lsp.TextDocumentContentChangeWholeDocument):
            return change.text
        start = self.offset(document, change.range.start)
        end = self.offset(document, change.range.end)
        return apply_change(document.text, start, end, change.text)

    def offset(self, document: Document, position: lsp.Position) -> int:
        """The code point offset of a position in the agreed encoding, clamped to its line and to the text."""
        lines = document.lines
        if position.line >= lines.line_count:
            return len(document.text)
        column = lines.decoded_column(position.line, position.character, self.encoding)
        return lines.offset(position.line, column)
