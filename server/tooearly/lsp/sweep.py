"""Diagnostics of the whole workspace, for clients that pull them (`workspace/diagnostic`) and have that switched on.

Each file is one small job of the worker, which goes before no other: typing stays as quick as it is. Results are kept
by the file's time and size, so a second sweep costs a `stat` per file. Open documents are left to
`textDocument/diagnostic`. Clients ask again as soon as they are answered; an answer that would tell nothing new is
held back until something has changed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp

from tooearly import textfile
from tooearly.lsp import uris
from tooearly.lsp.convert import Diagnostics, empty, render
from tooearly.lsp.documents import Document
from tooearly.lsp.program import single
from tooearly.lsp.protocol import Rendered, encode

if TYPE_CHECKING:
    from tooearly.lsp.server import Server

log = logging.getLogger(__name__)
PIECE = 50
"""Partial results are sent in pieces of so many files."""


@dataclass(frozen=True, slots=True)
class Swept:
    """The result for one file, and what the file looked like."""

    stamp: tuple[int, int]
    diagnostics: Diagnostics


@dataclass(slots=True)
class Sweep:
    """What earlier sweeps have found. `changed` is set by everything that may change a result."""

    known: dict[str, Swept] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    asked: bool = False

    def forget(self) -> None:
        """Settings or files have changed."""
        self.known.clear()
        self.changed.set()


def register(server: Server) -> None:
    """Register the handlers."""
    server.feature(lsp.WORKSPACE_DIAGNOSTIC)(workspace_diagnostics)


async def workspace_diagnostics(ls: Server, params: lsp.WorkspaceDiagnosticParams) -> Rendered:
    """The diagnostics of all files of all folders."""
    await ls.configured.wait()
    before = {uris.key(item.uri): item.value for item in params.previous_result_ids}
    while True:
        ls.sweep.changed.clear()
        pieces = await _sweep(ls, before, params) if ls.configuration.wants_whole_workspace else []
        if pieces or not ls.sweep.asked:
            ls.sweep.asked = True
            return Rendered(b'{"items":[' + b",".join(pieces) + b"]}")
        await ls.sweep.changed.wait()


async def _sweep(ls: Server, before: dict[str, str], params: lsp.WorkspaceDiagnosticParams) -> list[bytes]:
    """The reports that tell something new, less those that were sent as partial results."""
    pieces: list[bytes] = []
    paths = await ls.analyses.work(lambda: list(_paths(ls)), urgent=False)
    progress = Progress(ls, params.work_done_token, len(paths))
    for number, path in enumerate(paths):
        progress.at(number)
        uri = uris.from_path(path)
        key = uris.key(uri)
        if ls.documents.get(uri) is not None:
            continue
        try:
            found = await ls.analyses.work(partial(_check, ls, path, uri), urgent=False)
        except Exception as error:
            log.warning("%s could not be analysed: %r", path, error)
            continue
        if found is not None and _is_new(found, before.get(key)):
            before[key] = found.result_id
            pieces.append(_report(uri, found))
        if len(pieces) >= PIECE and params.partial_result_token is not None:
            _send_partial(ls, params.partial_result_token, pieces)
            pieces = []
    progress.end()
    return pieces


def _paths(ls: Server) -> Iterator[Path]:
    for folder in ls.configuration.folders:
        path = uris.to_path(folder.uri)
        if path is not None and path.is_dir() and ls.configuration.options_for(folder.uri).whole_workspace:
            yield from ls.engine().walk(path)


def _check(ls: Server, path: Path, uri: str) -> Diagnostics | None:
    """The diagnostics of a file on the disk, None when it cannot be read. Runs in the worker."""
    try:
        status = path.stat()
        stamp = (status.st_mtime_ns, status.st_size)
        known = ls.sweep.known.get(uris.key(uri))
        if known is not None and known.stamp == stamp:
            return known.diagnostics
        text = textfile.read(path).text
    except (OSError, textfile.TextFileError) as error:
        log.info("%s was left out: %s", path, error)
        return None
    found = _diagnostics(ls, Document(uri, 0, text))
    ls.sweep.known[uris.key(uri)] = Swept(stamp, found.follow(known.diagnostics if known is not None else None))
    return ls.sweep.known[uris.key(uri)].diagnostics


def _diagnostics(ls: Server, document: Document) -> Diagnostics:
    if not ls.engine().may_have_site(document.text):
        return empty()
    program = single(document)
    resolved = ls.configuration.resolve(document.uri)
    if resolved.silent:
        return empty()
    report = ls.analyses.check_once(program, resolved)
    return render(program, report.placed, ls.rendering())


def _is_new(found: Diagnostics, previous: str | None) -> bool:
    return found.result_id != previous and (found.count > 0 or previous is not None)


def _report(uri: str, found: Diagnostics) -> bytes:
    return b'{"kind":"full","uri":%b,"version":null,"resultId":%b,"items":%b}' % (
        encode(uri),
        encode(found.result_id),
        found.body,
    )


def _send_partial(ls: Server, token: Any, pieces: list[bytes]) -> None:
    ls.protocol.notify_rendered(
        lsp.PROGRESS, b'{"token":%b,"value":{"items":[%b]}}' % (encode(token), b",".join(pieces))
    )


class Progress:
    """Tells the client how far a sweep has come, if it has given a token for that."""

    def __init__(self, ls: Server, token: Any, total: int) -> None:
        self._ls, self._token, self._total = ls, token, total
        self._percent = -1
        self._send(lsp.WorkDoneProgressBegin(title="tooearly: checking the workspace", percentage=0))

    def at(self, number: int) -> None:
        """`number` files are done."""
        percent = 100 * number // max(1, self._total)
        if percent > self._percent:
            self._percent = percent
            self._send(lsp.WorkDoneProgressReport(message=f"{number}/{self._total}", percentage=percent))

    def end(self) -> None:
        """All files are done."""
        self._send(lsp.WorkDoneProgressEnd())

    def _send(self, value: Any) -> None:
        if self._token is not None:
            self._ls.progress(lsp.ProgressParams(self._token, value))
