"""Diagnostics to the client: pushed after each analysis, or pulled by clients that can; never both for one document.

What is pushed carries the version that it holds for. A pull waits for the analysis of the newest version, and is
answered by `unchanged` if the client has that result already. Closing a document clears what was pushed for it. When
settings change, or another cell of a notebook, or a module that is imported, clients that pull are asked to pull again.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from lsprotocol import types as lsp

from tooearly.lsp.analysis import Analysed
from tooearly.lsp.convert import Diagnostics, empty
from tooearly.lsp.documents import Document
from tooearly.lsp.program import Part
from tooearly.lsp.protocol import Rendered, encode

if TYPE_CHECKING:
    from tooearly.lsp.server import Server

log = logging.getLogger(__name__)
NOTHING = Rendered(b'{"kind":"full","items":[]}')


def register(server: Server) -> None:
    """Register the handlers."""
    server.arrived = lambda analysed: arrived(server, analysed)
    server.feature(lsp.TEXT_DOCUMENT_DIAGNOSTIC)(pull)


def arrived(ls: Server, analysed: Analysed) -> None:
    """An analysis of the newest version has come in."""
    program = analysed.program
    if ls.is_traced:
        count = sum(found.count for found in analysed.diagnostics.values())
        ls.trace(f"{program.uri}: {count} findings in {analysed.seconds * 1000:.1f} ms")
    for notice in analysed.report.notices if analysed.report is not None else ():
        if notice.kind == "bound":
            log.info("%s: %s", program.uri, notice.message)
    if not ls.client.pull:
        for part in program.parts:
            publish(ls, part, analysed.diagnostics.get(part.document.key))
    elif ls.pulled.outdated(analysed):
        refresh(ls)


def publish(ls: Server, part: Part, diagnostics: Diagnostics | None) -> None:
    """Push the diagnostics of a document; after a failed analysis there are none."""
    document = part.document
    ls.protocol.notify_rendered(
        lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS,
        b'{"uri":%b,"version":%d,"diagnostics":%b}'
        % (encode(document.uri), document.version, diagnostics.body if diagnostics is not None else b"[]"),
    )


def clear(ls: Server, document: Document) -> None:
    """Take back what was shown for a document that is closed."""
    ls.pulled.forget(document)
    if not ls.client.pull:
        ls.protocol.notify_rendered(
            lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS, b'{"uri":%b,"diagnostics":[]}' % encode(document.uri)
        )


def refresh(ls: Server) -> None:
    """Ask a client that pulls to pull all again."""
    if ls.client.pull and ls.client.refresh_diagnostics:
        ls.protocol.send_request(lsp.WORKSPACE_DIAGNOSTIC_REFRESH)
    if ls.client.refresh_hints:
        ls.protocol.send_request(lsp.WORKSPACE_INLAY_HINT_REFRESH)


async def pull(ls: Server, params: lsp.DocumentDiagnosticParams) -> Rendered:
    """Answer with the diagnostics of the newest version."""
    document = ls.documents.get(params.text_document.uri)
    if document is None:
        log.warning("diagnostics were asked for %s, which is not open", params.text_document.uri)
        return NOTHING
    analysed = await ls.analyses.latest(ls.program(document).key)
    found = analysed.diagnostics.get(document.key) if analysed is not None else None
    found = found or empty()
    ls.pulled.note(document, found)
    result_id = encode(found.result_id)
    if params.previous_result_id == found.result_id:
        return Rendered(b'{"kind":"unchanged","resultId":%b}' % result_id)
    return Rendered(b'{"kind":"full","resultId":%b,"items":%b}' % (result_id, found.body))


class Pulled:
    """What a client that pulls has been given last for each document: for which text, and which result."""

    def __init__(self) -> None:
        self._given: dict[str, tuple[int, str]] = {}

    def note(self, document: Document, diagnostics: Diagnostics) -> None:
        """Remember what was given."""
        self._given[document.key] = (document.serial, diagnostics.result_id)

    def forget(self, document: Document) -> None:
        """The document is closed."""
        self._given.pop(document.key, None)

    def outdated(self, analysed: Analysed) -> bool:
        """Whether the client holds a result, for a text that it will not ask for again, that has become wrong."""
        documents = {part.document.key: part.document for part in analysed.program.parts}
        return any(
            key in self._given
            and self._given[key][0] == documents[key].serial
            and self._given[key][1] != found.result_id
            for key, found in analysed.diagnostics.items()
        )
