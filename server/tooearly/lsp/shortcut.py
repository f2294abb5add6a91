"""The messages of typing, and the first one, turned to lsprotocol's types by hand.

The general converter looks each class up and tries each member of a union; for what comes with each keystroke and each
move of the cursor that takes longer than the answer. A message that has not exactly the expected shape goes the general
way, which also knows how to complain.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lsprotocol import types as lsp


def parameters(method: str, data: dict[str, Any]) -> Any:
    """The parameters of a message of typing; None for every other message, and where the shape is not as expected."""
    read = _READERS.get(method)
    if read is None:
        return None
    try:
        return read(data["params"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def cancelled(data: dict[str, Any]) -> int | str | None:
    """The request that is cancelled; None where the shape is not as expected."""
    params = data.get("params")
    found = params.get("id") if isinstance(params, dict) else None
    return found if isinstance(found, int | str) else None


def _initialize(params: dict[str, Any]) -> dict[str, Any]:
    """As it is: `capabilities` reads what it needs."""
    if not isinstance(params["capabilities"], dict):
        raise TypeError("capabilities were expected")
    return params


def _did_change(params: dict[str, Any]) -> lsp.DidChangeTextDocumentParams:
    document = params["textDocument"]
    identifier = lsp.VersionedTextDocumentIdentifier(uri=_text(document["uri"]), version=document["version"])
    return lsp.DidChangeTextDocumentParams(identifier, [_change(change) for change in params["contentChanges"]])


def _change(change: dict[str, Any]) -> lsp.TextDocumentContentChangeEvent:
    if "range" in change:
        return lsp.TextDocumentContentChangePartial(_range(change["range"]), _text(change["text"]))
    return lsp.TextDocumentContentChangeWholeDocument(_text(change["text"]))


def _diagnostic(params: dict[str, Any]) -> lsp.DocumentDiagnosticParams:
    document = lsp.TextDocumentIdentifier(_text(params["textDocument"]["uri"]))
    return lsp.DocumentDiagnosticParams(document, previous_result_id=params.get("previousResultId"))


def _code_action(params: dict[str, Any]) -> lsp.CodeActionParams:
    """The diagnostics that the client sends along are left out: the range decides."""
    document = lsp.TextDocumentIdentifier(_text(params["textDocument"]["uri"]))
    only = params["context"].get("only")
    return lsp.CodeActionParams(document, _range(params["range"]), lsp.CodeActionContext([], only=only))


def _range(given: dict[str, Any]) -> lsp.Range:
    start, end = given["start"], given["end"]
    return lsp.Range(
        lsp.Position(start["line"], start["character"]),
        lsp.Position(end["line"], end["character"]),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("text was expected")
    return value


_READERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    lsp.INITIALIZE: _initialize,
    lsp.TEXT_DOCUMENT_DID_CHANGE: _did_change,
    lsp.TEXT_DOCUMENT_DIAGNOSTIC: _diagnostic,
    lsp.TEXT_DOCUMENT_CODE_ACTION: _code_action,
}
