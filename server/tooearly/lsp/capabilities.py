"""What the client can do, read once, and what this server offers to such a client.

pygls derives the server's capabilities from the registered features and ignores the client's: it would advertise
pull diagnostics to clients that only know push. So they are written out here, as JSON:
they are sent before lsprotocol is loaded (`start`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from tooearly import __version__
from tooearly.source.lines import Encoding

ENCODINGS = ("utf-8", "utf-16", "utf-32")
FIX_ALL = "source.fixAll.tooearly"
EXPLAIN_COMMAND = "tooearly.server.explain"
APPLY_COMMAND = "tooearly.server.apply"
COMMANDS = (EXPLAIN_COMMAND, APPLY_COMMAND)


@dataclass(frozen=True, slots=True)
class Client:
    """The client's abilities that make a difference here. The defaults are those of a client that says nothing."""

    name: str = ""
    encoding: Encoding = "utf-16"
    pull: bool = False
    refresh_diagnostics: bool = False
    refresh_hints: bool = False
    related_information: bool = False
    document_changes: bool = False
    action_literals: bool = False
    disabled_actions: bool = False
    preferred_actions: bool = False
    resolve_edit: bool = False
    action_data: bool = False
    markdown: bool = False
    inlay_hints: bool = False
    configuration: bool = False
    register_configuration: bool = False
    register_watchers: bool = False
    progress: bool = False
    show_document: bool = False
    notebooks: bool = False


def _has(root: Any, path: str) -> Any:
    """The value at a dotted path, None where a part is missing."""
    for name in path.split("."):
        root = root.get(name) if isinstance(root, dict) else None
    return root


def choose_encoding(offered: Any) -> Encoding:
    """The client's first choice among those that exist; utf-16 when it offers none, as the specification says."""
    for encoding in offered or ():
        if encoding in ENCODINGS:
            return cast(Encoding, encoding)
    return "utf-16"


def read(params: dict[str, Any]) -> Client:
    """The client's abilities from the parameters of `initialize`."""
    root = params["capabilities"]
    action = "textDocument.codeAction."
    resolvable = _has(root, action + "resolveSupport.properties") or ()
    formats = _has(root, "textDocument.hover.contentFormat")
    return Client(
        name=_has(params, "clientInfo.name") or "",
        encoding=choose_encoding(_has(root, "general.positionEncodings")),
        pull=_has(root, "textDocument.diagnostic") is not None,
        refresh_diagnostics=bool(_has(root, "workspace.diagnostics.refreshSupport")),
        refresh_hints=bool(_has(root, "workspace.inlayHint.refreshSupport")),
        related_information=bool(_has(root, "textDocument.publishDiagnostics.relatedInformation")),
        document_changes=bool(_has(root, "workspace.workspaceEdit.documentChanges")),
        action_literals=_has(root, action + "codeActionLiteralSupport") is not None,
        disabled_actions=bool(_has(root, action + "disabledSupport")),
        preferred_actions=bool(_has(root, action + "isPreferredSupport")),
        resolve_edit="edit" in resolvable and bool(_has(root, action + "dataSupport")),
        action_data=bool(_has(root, action + "dataSupport")),
        markdown=bool(formats) and formats[0] == "markdown",
        inlay_hints=_has(root, "textDocument.inlayHint") is not None,
        configuration=bool(_has(root, "workspace.configuration")),
        register_configuration=bool(_has(root, "workspace.didChangeConfiguration.dynamicRegistration")),
        register_watchers=bool(_has(root, "workspace.didChangeWatchedFiles.dynamicRegistration")),
        progress=bool(_has(root, "window.workDoneProgress")),
        show_document=bool(_has(root, "window.showDocument.support")),
        notebooks=_has(root, "notebookDocument") is not None,
    )


def answer(client: Client) -> dict[str, Any]:
    """The answer to `initialize`: the server's capabilities for this client."""
    offered: dict[str, Any] = {
        "positionEncoding": client.encoding,
        "textDocumentSync": {"openClose": True, "change": 2, "save": {"includeText": False}},
        "hoverProvider": True,
        "codeActionProvider": {"codeActionKinds": ["quickfix", FIX_ALL]},
        "executeCommandProvider": {"commands": list(COMMANDS)},
        "workspace": {"workspaceFolders": {"supported": True, "changeNotifications": True}},
    }
    if client.resolve_edit:
        offered["codeActionProvider"]["resolveProvider"] = True
    if client.notebooks:
        cells = [{"cells": [{"language": "python"}]}]
        offered["notebookDocumentSync"] = {"notebookSelector": cells, "save": False}
    if client.inlay_hints:
        offered["inlayHintProvider"] = {"resolveProvider": False}
    if client.pull:
        pulls = {"identifier": "tooearly", "interFileDependencies": False, "workspaceDiagnostics": True}
        offered["diagnosticProvider"] = pulls
    return {"capabilities": offered, "serverInfo": {"name": "tooearly", "version": __version__}}
