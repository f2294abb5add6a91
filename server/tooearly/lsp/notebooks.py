"""Notebooks: their cells in order, and the one program that they make.

The Python cells are joined in the order of the notebook, each ended by a line end. What is not Python is replaced by
as many characters that mean nothing, so all positions stay: line magics (`%cd x`), shell lines (`!ls`), help
(`thing?`), and whole cells under a magic for another language (`%%bash`). What follows `%time` or stands under
`%%time` is Python and stays, as does a cell that is Python as it stands. An assignment from a magic or a shell line
(`files = !ls`) keeps its name.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

from lsprotocol import types as lsp

from tooearly.lsp import uris
from tooearly.lsp.documents import Document, Documents
from tooearly.lsp.program import Part, Program

PYTHON_CELL_MAGICS = frozenset({"capture", "prun", "python", "python3", "pypy", "time", "timeit"})
"""Cell magics whose body is Python that runs in the notebook."""

_CELL_MAGIC = re.compile(r"\s*%%(\w+)[^\r\n]*")
_WRAPPER = re.compile(r"^([ \t]*)(%(?:timeit|time|prun)(?:[ \t]+-\w+(?:[ \t]+\d+)?)*)[ \t]", re.MULTILINE)
_LINE = re.compile(r"^([ \t]*)([%!][^\r\n]*|\?+[\w.*]+[ \t]*|[\w.*]+\?{1,2}[ \t]*)(?=\r|\n|\Z)", re.MULTILINE)
_ASSIGNED = re.compile(r"^([ \t]*[\w., \t\[\]]+=[ \t]*)([%!][^\r\n]*)", re.MULTILINE)
_CONTENT = re.compile(r"[^\r\n]")


@lru_cache(maxsize=512)
def as_python(text: str) -> str:
    """A cell's text with all that is no Python blanked; the same length, with the same line ends."""
    magic = _CELL_MAGIC.match(text)
    if magic is not None:
        if magic[1] not in PYTHON_CELL_MAGICS:
            return _blank(text)
        text = _blank(magic[0]) + text[magic.end() :]
    if not any(mark in text for mark in "%!?") or _parses(text):  # a `%` may begin a line of an expression
        return text
    text = _WRAPPER.sub(lambda found: found[1] + "0".ljust(len(found[2])) + ";", text)
    text = _ASSIGNED.sub(lambda found: found[1] + "0".ljust(len(found[2])), text)
    return _LINE.sub(lambda found: found[1] + _filler(found[1], found[2]), text)


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _filler(indent: str, line: str) -> str:
    """A statement in the place of an indented line, which may be all that its block has."""
    return ("0" if indent else " ").ljust(len(line))


def _blank(text: str) -> str:
    return _CONTENT.sub(" ", text)


@dataclass(frozen=True, slots=True)
class Notebook:
    """An open notebook: the URIs of its code cells, in order."""

    uri: str
    version: int
    cells: tuple[str, ...]


@dataclass(slots=True)
class Notebooks:
    """The open notebooks. The texts of their cells are documents like any other."""

    documents: Documents
    _open: dict[str, Notebook] = field(default_factory=dict)
    _of_cell: dict[str, str] = field(default_factory=dict)

    @staticmethod
    def key(uri: str) -> str:
        """The key of a notebook's program."""
        return "notebook\n" + uris.key(uri)

    def of_cell(self, uri: str) -> Notebook | None:
        """The notebook that a cell belongs to."""
        return self._open.get(self._of_cell.get(uris.key(uri), ""))

    def __iter__(self) -> Iterator[Notebook]:
        return iter(list(self._open.values()))

    def open(self, params: lsp.DidOpenNotebookDocumentParams) -> Notebook:
        """Take a notebook and the texts of its cells in."""
        for item in params.cell_text_documents:
            self.documents.open(item.uri, item.version, item.text, item.language_id)
        document = params.notebook_document
        return self._put(Notebook(document.uri, document.version, _code_cells(document.cells)))

    def change(self, params: lsp.DidChangeNotebookDocumentParams) -> tuple[Notebook, tuple[Document, ...]] | None:
        """Apply a change; the new notebook and the cells that were closed by it. None when it is not open."""
        notebook = self._open.get(uris.key(params.notebook_document.uri))
        if notebook is None:
            return None
        closed: list[Document] = []
        changes = params.change.cells
        if changes is not None:
            if changes.structure is not None:
                notebook = self._restructured(notebook, changes.structure, closed)
            for content in changes.text_content or ():
                self.documents.change(content.document.uri, content.document.version, content.changes)
        notebook = replace(notebook, version=params.notebook_document.version)
        return self._put(notebook), tuple(closed)

    def _restructured(
        self, notebook: Notebook, change: lsp.NotebookDocumentCellChangeStructure, closed: list[Document]
    ) -> Notebook:
        for item in change.did_open or ():
            self.documents.open(item.uri, item.version, item.text, item.language_id)
        for gone in change.did_close or ():
            self._of_cell.pop(uris.key(gone.uri), None)
            document = self.documents.close(gone.uri)
            closed += [document] if document is not None else []
        cells = list(notebook.cells)
        array = change.array
        cells[array.start : array.start + array.delete_count] = _code_cells(array.cells or ())
        return replace(notebook, cells=tuple(cells))

    def close(self, params: lsp.DidCloseNotebookDocumentParams) -> tuple[Document, ...]:
        """Let a notebook and its cells go; the cells that were open."""
        notebook = self._open.pop(uris.key(params.notebook_document.uri), None)
        gone = list(notebook.cells) if notebook is not None else []
        gone += [cell.uri for cell in params.cell_text_documents]
        closed = [self.documents.close(uri) for uri in dict.fromkeys(gone)]
        for uri in gone:
            self._of_cell.pop(uris.key(uri), None)
        return tuple(document for document in closed if document is not None)

    def program(self, notebook: Notebook) -> Program:
        """The program that the Python cells of a notebook make."""
        parts: list[Part] = []
        pieces: list[str] = []
        start = 0
        for uri in notebook.cells:
            document = self.documents.get(uri)
            if document is None or document.language != "python":
                continue
            parts.append(Part(document, start))
            pieces.append(as_python(document.text) + "\n")
            start += len(document.text) + 1
        return Program(
            self.key(notebook.uri), notebook.uri, "".join(pieces), tuple(parts), tuple(part.start for part in parts)
        )

    def _put(self, notebook: Notebook) -> Notebook:
        key = uris.key(notebook.uri)
        self._open[key] = notebook
        for uri in notebook.cells:
            self._of_cell[uris.key(uri)] = key
        return notebook


def _code_cells(cells: Iterable[lsp.NotebookCell]) -> tuple[str, ...]:
    # Every kind is kept, because later changes count by position; the language decides what is analysed.
    return tuple(cell.document for cell in cells)
