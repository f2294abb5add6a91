"""Where the server's words go: the client's log, its trace, and seldom a message in front of the user.

Log records of `tooearly` and of pygls become `window/logMessage`, from whatever thread. `complain` shows a message to
the user, each text once a session, for what only the user can mend: a configuration that cannot be used, an analysis
that does not come back.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from lsprotocol import types as lsp

if TYPE_CHECKING:
    from tooearly.lsp.server import Server

Post = Callable[[Callable[[], None]], None]


class ClientLog(logging.Handler):
    """Sends log records to the client. Before there is one, and after it has gone, they go nowhere."""

    def __init__(self, server: Server, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._server, self._loop = server, loop

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record: at once on the loop's own thread, so that the order is that of what happened."""
        kind, message = _type(record.levelno), self.format(record)
        if _is_running_here(self._loop):
            self._send(kind, message)
            return
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._send, kind, message)

    def _send(self, kind: lsp.MessageType, message: str) -> None:
        if self._server.ready:
            self._server.window_log_message(lsp.LogMessageParams(kind, message))


def _is_running_here(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False


def _type(level: int) -> lsp.MessageType:
    if level >= logging.ERROR:
        return lsp.MessageType.Error
    if level >= logging.WARNING:
        return lsp.MessageType.Warning
    return lsp.MessageType.Info if level >= logging.INFO else lsp.MessageType.Log


def to_file(path: str | None, level: str) -> None:
    """Write the log to a file as well, if there is a path. Raises OSError if it cannot be opened."""
    logger = logging.getLogger("tooearly")
    logger.setLevel(level.upper())
    if path is not None:
        handler = logging.FileHandler(path, encoding="utf-8")
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        logger.addHandler(handler)


def attach(server: Server, loop: asyncio.AbstractEventLoop) -> None:
    """Send the records of this package and of pygls to the client; pygls only warns, as it logs whole messages."""
    handler = ClientLog(server, loop)
    for name, level in (("tooearly", None), ("pygls", logging.WARNING), ("asyncio", logging.ERROR)):
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.propagate = False
        if level is not None or logger.level == logging.NOTSET:
            logger.setLevel(level or logging.INFO)


class Complaints:
    """Messages in front of the user, each once. May be called from any thread."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._said: set[str] = set()

    def __call__(self, message: str) -> None:
        """Show a message, unless it has been shown."""
        if message in self._said:
            return
        self._said.add(message)
        loop = self._server.loop
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(self._show, message)

    def _show(self, message: str) -> None:
        self._server.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Error, f"tooearly: {message}"))
