"""Diagnostics of the whole workspace, for clients that pull them (`workspace/diagnostic`) and have that switched on.

Each file is a job of the worker that gives way to all others, and begins anew when they are done: typing stays as quick
as it is. Results are kept by the file's time and size, so a second sweep costs a `stat` per file. Open documents are
left to `textDocument/diagnostic`. What a client holds of a file that is gone, or excluded by now, is cleared. Clients
ask again as soon as they are answered; an answer that would tell nothing new is held back until something has changed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator
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
GONE = Diagnostics(b"[]", "gone", 0)
"""The diagnostics of a file that is not looked at any more."""


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
    before = {uris.key(item.uri): (item.uri, item.value) for item in params.previous_result_ids}
    answer = Answer(ls, params.partial_result_token)
    token = params.work_done_token
    while True:
        ls.sweep.changed.clear()
        if ls.configuration.wants_whole_workspace:
            await _sweep(ls, before, answer, token)
            token = None  # which has come to its end
        if answer.is_new or not ls.sweep.asked:
            ls.sweep.asked = True
            return answer.last()
        await ls.sweep.changed.wait()


async def _sweep(ls: Server, before: dict[str, tuple[str, str]], answer: Answer, token: Any) -> None:
    """Look at all files. `before`: the URI and the result that the client holds, by key; kept up to date."""
    paths = await ls.analyses.aside(lambda stop: list(_looked_at(_paths(ls), stop)))
    progress = Progress(ls, token, len(paths))
    seen: set[str] = set()
    try:
        for number, path in enumerate(paths):
            progress.at(number)
            uri = uris.from_path(path)
            seen.add(uris.key(uri))
            if ls.documents.get(uri) is None:
                found = await _found(ls, path, uri)
                if found is not None:
                    answer.tell(before, uri, found)
    finally:
        progress.end()
    for key, (uri, _) in list(before.items()):
        if key not in seen and ls.documents.get(uri) is None:
            answer.tell(before, uri, GONE)


async def _found(ls: Server, path: Path, uri: str) -> Diagnostics | None:
    try:
        found: Diagnostics | None = await ls.analyses.aside(partial(_check, ls, path, uri))
    except Exception as error:
        log.warning("%s could not be analysed: %r", path, error)
        return None
    return found


class Answer:
    """The reports that tell something new: sent in pieces where the client takes these, else all at the end."""

    def __init__(self, ls: Server, token: Any) -> None:
        self._ls, self._token = ls, token
        self._reports: list[bytes] = []
        self._sent = False

    @property
    def is_new(self) -> bool:
        """Whether there has been anything to report."""
        return self._sent or bool(self._reports)

    def tell(self, before: dict[str, tuple[str, str]], uri: str, found: Diagnostics) -> None:
        """Report what was found in a file, unless the client holds the same."""
        known = before.get(uris.key(uri))
        if (known is None and not found.count) or (known is not None and known[1] == found.result_id):
            return
        before[uris.key(uri)] = uri, found.result_id
        self._reports.append(_report(uri, found))
        if len(self._reports) >= PIECE and self._token is not None:
            self._send()

    def _send(self) -> None:
        items = b",".join(self._reports)
        body = b'{"token":%b,"value":{"items":[%b]}}' % (encode(self._token), items)
        self._ls.protocol.notify_rendered(lsp.PROGRESS, body)
        self._reports, self._sent = [], True

    def last(self) -> Rendered:
        """The response. It holds nothing once there have been partial results: so the specification has it."""
        if self._sent and self._reports:
            self._send()
        return Rendered(b'{"items":[' + b",".join(self._reports) + b"]}")


def _paths(ls: Server) -> Iterator[Path]:
    for folder in ls.configuration.folders:
        path = uris.to_path(folder.uri)
        if path is not None and path.is_dir() and ls.configuration.options_for(folder.uri).whole_workspace:
            yield from ls.engine().walk(path)


def _looked_at(paths: Iterable[Path], stop: Callable[[], None]) -> Iterator[Path]:
    for path in paths:
        stop()
        yield path


def _check(ls: Server, path: Path, uri: str, stop: Callable[[], None]) -> Diagnostics | None:
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
    found = _diagnostics(ls, Document(uri, 0, text), stop)
    ls.sweep.known[uris.key(uri)] = Swept(stamp, found.follow(known.diagnostics if known is not None else None))
    return ls.sweep.known[uris.key(uri)].diagnostics


def _diagnostics(ls: Server, document: Document, stop: Callable[[], None]) -> Diagnostics:
    if not ls.engine().may_have_site(document.text):
        return empty()
    program = single(document)
    resolved = ls.configuration.resolve(document.uri)
    if resolved.silent:
        return empty()
    report = ls.analyses.check_once(program, resolved, stop)
    return render(program, report.placed, ls.rendering())


def _report(uri: str, found: Diagnostics) -> bytes:
    return b'{"kind":"full","uri":%b,"version":null,"resultId":%b,"items":%b}' % (
        encode(uri),
        encode(found.result_id),
        found.body,
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
