"""The language server: what it is made of, and how it starts and ends.

`Server` holds the parts and nothing else; what it does on each message stands in `sync` (documents, settings),
`diagnostics` (push and pull), `actions`, `reveal` (hover, hints, states) and `sweep` (the whole workspace). The
protocol's handlers run on the event loop, the analysis in one worker thread (`schedule`).

A start: `initialize` is answered before this is loaded (`start`); the engine is imported by the worker meanwhile. The
garbage collector is switched off, because it strikes in the middle of an analysis and then takes longer than the
analysis; the worker collects when it has nothing to do.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer

from tooearly import __version__
from tooearly.lsp import capabilities, transport
from tooearly.lsp.analysis import Analysed, Analyses
from tooearly.lsp.capabilities import Client
from tooearly.lsp.convert import Rendering
from tooearly.lsp.diagnostics import Pulled
from tooearly.lsp.documents import Document, Documents
from tooearly.lsp.engine import Engine, load
from tooearly.lsp.logs import Complaints, attach, to_file
from tooearly.lsp.notebooks import Notebooks
from tooearly.lsp.program import Program, single
from tooearly.lsp.protocol import Protocol
from tooearly.lsp.schedule import PATIENCE_SECONDS, Scheduler
from tooearly.lsp.settings import Configuration
from tooearly.lsp.start import Greeting
from tooearly.lsp.sweep import Sweep
from tooearly.source.lines import LineIndex

log = logging.getLogger(__name__)
SWITCH_SECONDS = 0.0005
"""How long a thread may keep the interpreter: with the default of 5 ms each message waits so long for an analysis."""


class Server(LanguageServer):
    """One server for one client. `load` gives the engine; it is called once, in the worker."""

    protocol: Protocol

    def __init__(self, load: Callable[[], Engine], *, patience: float = PATIENCE_SECONDS) -> None:
        super().__init__("tooearly", __version__, protocol_cls=Protocol)
        self._load, self._patience = load, patience
        self._engine: Engine | None = None
        self.client = Client()
        self.documents = Documents()
        self.notebooks = Notebooks(self.documents)
        self.complain = Complaints(self)
        self.configuration = Configuration(self.complain, self.documents.text_at)
        self.dependents: dict[str, asyncio.TimerHandle] = {}
        self.configured = asyncio.Event()
        self.pulled = Pulled()
        self.sweep = Sweep()
        self.tasks: set[asyncio.Task[Any]] = set()
        self.arrived: Callable[[Analysed], None] = lambda _analysed: None
        self.ready = False
        self.loop: asyncio.AbstractEventLoop
        self.scheduler: Scheduler
        self.analyses: Analyses

    def engine(self) -> Engine:
        """The engine, loaded when first asked for. To be called in the worker only, or once it has been loaded."""
        if self._engine is None:
            self._engine = self._load()
        return self._engine

    def initialize(self, params: dict[str, Any]) -> dict[str, Any]:
        """Take the client's abilities in and say what is offered, both as JSON."""
        from tooearly.lsp import sync

        self.client = capabilities.read(params)
        self.documents.encoding = self.client.encoding
        self.ready = True
        # Not before: two threads that import would share the time until `initialize` is answered.
        self.loop.call_soon(self.scheduler.submit, "engine", lambda _job: self.engine(), self._loaded)
        sync.begin(self, params)
        if isinstance(process := params.get("processId"), int):
            self.spawn(transport.watch_parent(process, self.leave))
        return capabilities.answer(self.client)

    def spawn(self, work: Any) -> asyncio.Task[Any]:
        """Run a coroutine beside the messages; what it raises goes to the log."""
        task: asyncio.Task[Any] = self.loop.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("failed beside the messages: %r", error)

    def program(self, document: Document) -> Program:
        """The program that a document belongs to."""
        notebook = self.notebooks.of_cell(document.uri)
        return single(document) if notebook is None else self.notebooks.program(notebook)

    def rendering(self) -> Rendering:
        """How diagnostics are to be rendered for this client. Called in the worker."""
        url, related = self.engine().url, self.client.related_information
        return Rendering(self.client.encoding, url, self._lines_of, related)

    def _lines_of(self, path: str) -> LineIndex | None:
        """The lines of another file, which a step of a finding is in."""
        text = self.configuration.text(Path(path))
        return None if text is None else LineIndex(text)

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Log what went wrong in a handler; pygls would pop it up, at each keystroke if need be."""
        log.error("%s: %r", getattr(source, "__name__", source), error)

    @property
    def is_traced(self) -> bool:
        """Whether the client wants to hear what is going on."""
        return self.protocol.trace != lsp.TraceValue.Off

    def trace(self, message: str, verbose: str | None = None) -> None:
        """Tell the client what is going on, if it has asked for that by `$/setTrace`."""
        level = self.protocol.trace
        if level != lsp.TraceValue.Off:
            shown = verbose if level == lsp.TraceValue.Verbose else None
            self.log_trace(lsp.LogTraceParams(message, shown))

    def leave(self, code: int) -> None:
        """End the process now."""
        transport.leave(code)

    def _stuck(self, key: Any) -> None:
        uri = key.replace("\n", " ").strip() if isinstance(key, str) else str(key)
        log.error("the analysis of %s did not come back within %d s and was given up", uri, self._patience)
        self.complain("the analysis of a file does not come back; see the log for its name")
        self.analyses.drop_memory(key)

    async def run(self, address: tuple[str, int] | None = None, greeting: Greeting | None = None) -> None:
        """Serve one client on stdio, or on a TCP address, until it leaves; then end the process."""
        self.loop = asyncio.get_running_loop()
        attach(self, self.loop)
        self.scheduler = Scheduler(self.loop, patience=self._patience, stuck=self._stuck, idle=collect)
        self.analyses = Analyses(self.scheduler, self.engine, self.configuration, self.rendering, self._arrived)
        self.scheduler.start()
        if address is None and greeting is not None:
            self.protocol.answered = greeting.answered
            self.protocol.set_writer(greeting.writer)
            if greeting.body is not None:
                self.protocol.receive(greeting.body)
            await transport.serve_stdio(self.protocol.receive, self.protocol.set_writer, greeting.writer)
        elif address is None:
            await transport.serve_stdio(self.protocol.receive, self.protocol.set_writer)
        else:
            await transport.serve_tcp(self.protocol.receive, self.protocol.set_writer, *address)
        self.leave(0 if self.protocol.is_shut_down else 1)

    def _arrived(self, analysed: Analysed) -> None:
        self.arrived(analysed)

    def _loaded(self, outcome: Any) -> None:
        if isinstance(outcome, BaseException):
            log.error("the analysis could not be loaded: %r", outcome)
            self.complain(f"the analysis could not be loaded: {outcome}")
        gc.freeze()


def collect(depth: int) -> None:
    """Collect garbage when the worker has nothing to do: what is new after a moment, all of it after a long while."""
    gc.collect(1 if depth == 0 else 2)


def build(engine: Callable[[], Engine], *, patience: float = PATIENCE_SECONDS) -> Server:
    """A server with all its handlers."""
    from tooearly.lsp import actions, diagnostics, reveal, sweep, sync

    server = Server(engine, patience=patience)
    for module in (sync, diagnostics, actions, reveal, sweep):
        module.register(server)
    return server


def serve(
    engine: Callable[[], Engine],
    address: tuple[str, int] | None = None,
    *,
    patience: float = PATIENCE_SECONDS,
    greeting: Greeting | None = None,
) -> int:
    """Run a server until its client leaves. The process ends then; 2 is returned when it could not listen."""
    warnings.simplefilter("ignore")  # `ast.parse` warns about the user's code
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.disable()
    try:
        asyncio.run(build(engine, patience=patience).run(address, greeting))
    except KeyboardInterrupt:
        transport.leave(130)  # not by a return: the thread that reads stdin holds a lock that Python wants at its end
    except OSError as error:
        where = f"{address[0]}:{address[1]}" if address is not None else "stdio"
        sys.stderr.write(f"tooearly: cannot serve on {where}: {error.strerror or error}\n")
        return 2
    return 0


def main(
    *,
    address: tuple[str, int] | None = None,
    log_file: str | None = None,
    log_level: str = "info",
    greeting: Greeting | None = None,
) -> int:
    """The server of the command line: on stdio, or on a TCP address. OSError when the log cannot be written."""
    to_file(log_file, log_level)
    return serve(load, address, greeting=greeting)
