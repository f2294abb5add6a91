"""pygls' protocol with better manners: what it does for every server, changed where that hurts this one.

- It keeps no documents of its own (see `documents`), so only the life cycle and commands are left to pygls.
- A body is written as it is: diagnostics are rendered once, in the worker (`convert`), and never go through attrs
  classes here. Bodies are not logged.
- An exception in a handler is logged, with the request answered by an error; it never pops up in front of the user.
- A request before `initialize` or after `shutdown` is answered by the error that the specification names.
- A reply to a request whose waiter has been cancelled is dropped (in pygls 2.1 it raises InvalidStateError).
"""

from __future__ import annotations

import contextlib
import inspect
import json
import logging
import traceback
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcInvalidParams
from pygls.protocol import LanguageServerProtocol, lsp_method

from tooearly.lsp import shortcut

if TYPE_CHECKING:
    from tooearly.lsp.server import Server

log = logging.getLogger(__name__)

NOT_INITIALIZED, INVALID_REQUEST, INVALID_PARAMS = -32002, -32600, -32602
_KEPT = (
    "lsp_initialize",
    "lsp_shutdown",
    "lsp_exit",
    "lsp_set_trace",
    "lsp_workspace__execute_command",
    "lsp_work_done_progress_cancel",
)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A piece of JSON that is written as it is, as the result of a request."""

    body: bytes


def encode(value: Any, default: Callable[[Any], Any] | None = None) -> bytes:
    """Compact JSON. ASCII only, so that a lone surrogate in a text cannot break a message."""
    return json.dumps(value, default=default, separators=(",", ":")).encode("ascii")


def _failure(msg_id: Any, code: int, message: str) -> bytes:
    return encode({"jsonrpc": "2.0", "id": msg_id, "error": {"code": code, "message": message}})


class Protocol(LanguageServerProtocol):
    """The message handling of one connection. Everything here runs on the event loop's thread."""

    _server: Server
    _initialized = False
    answered: Any = None
    """The id of a request that has had its answer."""

    @property
    def is_shut_down(self) -> bool:
        """Whether the client has sent `shutdown`."""
        return bool(self._shutdown)

    def _register_builtin_features(self) -> None:
        for name in _KEPT:
            method = getattr(self, name)
            self.fm.add_builtin_feature(method.method_name, method)

    @lsp_method(lsp.INITIALIZE)
    def lsp_initialize(self, params: Any) -> Rendered:  # type: ignore[override]
        """Answer `initialize` with what `Server.initialize` offers to this client; no answer if it has one already."""
        if not isinstance(params, dict):
            raise JsonRpcInvalidParams("the parameters of initialize do not fit the protocol")
        with contextlib.suppress(ValueError):
            self.trace = lsp.TraceValue(params.get("trace") or "off")
        result = self._server.initialize(params)
        self._initialized = True
        return Rendered(encode(result))

    @lsp_method(lsp.EXIT)
    def lsp_exit(self, *_args: Any) -> None:  # type: ignore[override]
        """End the process: with 0 after `shutdown`, else with 1."""
        self._server.leave(0 if self._shutdown else 1)

    @lsp_method(lsp.WORKSPACE_EXECUTE_COMMAND)
    def lsp_workspace__execute_command(self, params: lsp.ExecuteCommandParams) -> Generator[Any, Any, Any]:
        """Run a command. Its arguments are handed on as they are; pygls would convert them by annotation."""
        handler = self.fm.commands.get(params.command)
        if handler is None:
            raise JsonRpcInvalidParams(f"there is no command {params.command!r}")
        return (yield handler, tuple(params.arguments or ()), {})

    def receive(self, body: bytes) -> None:
        """Take one message in. Nothing that it holds makes this raise."""
        try:
            data = json.loads(body)
        except ValueError:
            log.error("a message that is no JSON was passed over: %.100r", body)
            return
        if not isinstance(data, dict) or self._refused(data) or self._handled_at_once(data):
            return
        try:
            message = self.structure_message(data)
        except Exception:
            log.error("a message that does not fit the protocol was passed over: %s", data.get("method"))
            self._send_error(data, INVALID_PARAMS, f"the parameters of {data.get('method')} do not fit the protocol")
            return
        try:
            self.handle_message(message)
        except Exception:
            log.error("failed on %s\n%s", data.get("method"), traceback.format_exc())

    def _handled_at_once(self, data: dict[str, Any]) -> bool:
        """Whether this is a message of typing, which goes the short way."""
        method = data.get("method")
        if method == lsp.CANCEL_REQUEST and (cancelled := shortcut.cancelled(data)) is not None:
            self._handle_cancel_notification(cancelled)
            return True
        params = shortcut.parameters(method, data) if isinstance(method, str) else None
        if not isinstance(method, str) or params is None:
            return False
        if "id" in data:
            self._handle_request(data["id"], method, params)
        else:
            self._handle_notification(method, params)
        return True

    def _handle_notification(self, method_name: str, params: Any) -> None:
        handler = self.fm.features.get(method_name)
        if handler is None or inspect.iscoroutinefunction(handler):
            super()._handle_notification(method_name, params)
            return
        try:  # the way of pygls is to make a future and an identifier, for nobody
            handler(params)
        except Exception as error:
            self._server.report_server_error(error, handler)

    def _refused(self, data: dict[str, Any]) -> bool:
        method = data.get("method")
        if not isinstance(method, str):
            return False
        if self._shutdown and method != lsp.EXIT:
            self._send_error(data, INVALID_REQUEST, "the server is shutting down")
            return True
        if not self._initialized and method not in (lsp.INITIALIZE, lsp.EXIT):
            self._send_error(data, NOT_INITIALIZED, "the server has not been initialized")
            return True
        if self._initialized and method == lsp.INITIALIZE:
            self._send_error(data, INVALID_REQUEST, "the server has been initialized already")
            return True
        return False

    def _send_error(self, data: dict[str, Any], code: int, message: str) -> None:
        if "id" in data and "method" in data:
            self._write(_failure(data["id"], code, message))

    def _handle_response(self, msg_id: Any, result: Any | None = None, error: Any | None = None) -> None:
        future = self._request_futures.get(msg_id)
        if future is not None and future.done():  # its waiter was cancelled meanwhile
            self._request_futures.pop(msg_id)
            return
        super()._handle_response(msg_id, result, error)

    def _handle_cancel_notification(self, msg_id: Any) -> None:
        future = self._request_futures.pop(msg_id, None)
        if future is not None:
            future.cancel()

    def _send_response(self, msg_id: Any, result: Any | None = None, error: Any | None = None) -> None:
        if error is None and self.answered is not None and self.answered == msg_id:
            self.answered = None
            return
        if error is None and isinstance(result, Rendered):
            self._write(b'{"jsonrpc":"2.0","id":%b,"result":%b}' % (encode(msg_id), result.body))
            return
        if error is not None and error.data is None:
            self._write(_failure(msg_id, error.code, error.message))
            return
        super()._send_response(msg_id, result, error)

    def notify_rendered(self, method: str, params: bytes) -> None:
        """Send a notification whose parameters are JSON already."""
        self._write(b'{"jsonrpc":"2.0","method":%b,"params":%b}' % (encode(method), params))

    def _send_data(self, data: Any) -> None:
        try:
            self._write(encode(data, default=self._serialize_message))
        except (TypeError, ValueError):
            log.error("a message could not be written\n%s", traceback.format_exc())

    def _write(self, body: bytes) -> None:
        if self.writer is not None:
            self.writer.write(body)
