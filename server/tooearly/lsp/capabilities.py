"""What the client can do, read once, and what this server offers to such a client.

pygls derives the server's capabilities from the registered features and ignores the client's: it would advertise
pull diagnostics to clients that only know push. So they are written out here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from lsprotocol import types as lsp

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
    """The value at a dotted path of attributes, None where a part is missing."""
    for name in path.split("."):
        if root is None:
            return None
        root = getattr(root, name, None)
    return root


def choose_encoding(offered: Any) -> Encoding:
    """The client's first choice among those that exist; utf-16 when it offers none, as the specification says."""
    for encoding in offered or ():
        value = getattr(encoding, "value", encoding)
        if value in ENCODINGS:
            return cast(Encoding, value)
    return "utf-16"


def read(params: lsp.InitializeParams) -> Client:
    """The client's abilities from its `initialize` request."""
    root = params.capabilities
    action = "text_document.code_action."
    resolvable = _has(root, action + "resolve_support.properties") or ()
    formats = _has(root, "text_document.hover.content_format")
    return Client(
        name=_has(params, "client_info.name") or "",
        encoding=choose_encoding(_has(root, "general.position_encodings")),
        pull=_has(root, "text_document.diagnostic") is not None,
        refresh_diagnostics=bool(_has(root, "workspace.diagnostics.refresh_support")),
        refresh_hints=bool(_has(root, "workspace.inlay_hint.refresh_support")),
        related_information=bool(_has(root, "text_document.publish_diagnostics.related_information")),
        document_changes=bool(_has(root, "workspace.workspace_edit.document_changes")),
        action_literals=_has(root, action + "code_action_literal_support") is not None,
        disabled_actions=bool(_has(root, action + "disabled_support")),
        preferred_actions=bool(_has(root, action + "is_preferred_support")),
        resolve_edit="edit" in resolvable and bool(_has(root, action + "data_support")),
        action_data=bool(_has(root, action + "data_support")),
        markdown=bool(formats) and _value(formats[0]) == "markdown",
        inlay_hints=_has(root, "text_document.inlay_hint") is not None,
        configuration=bool(_has(root, "workspace.configuration")),
        register_configuration=bool(_has(root, "workspace.did_change_configuration.dynamic_registration")),
        register_watchers=bool(_has(root, "workspace.did_change_watched_files.dynamic_registration")),
        progress=bool(_has(root, "window.work_done_progress")),
        show_document=bool(_has(root, "window.show_document.support")),
        notebooks=_has(root, "notebook_document") is not None,
    )


def _value(kind: Any) -> Any:
    return getattr(kind, "value", kind)


def offer(client: Client) -> lsp.ServerCapabilities:
    """The server's capabilities for this client."""
    return lsp.ServerCapabilities(
        position_encoding=client.encoding,
        text_document_sync=lsp.TextDocumentSyncOptions(
            open_close=True, change=lsp.TextDocumentSyncKind.Incremental, save=lsp.SaveOptions(include_text=False)
        ),
        notebook_document_sync=_notebooks() if client.notebooks else None,
        hover_provider=True,
        code_action_provider=lsp.CodeActionOptions(
            code_action_kinds=[lsp.CodeActionKind.QuickFix, FIX_ALL],
            resolve_provider=client.resolve_edit or None,
        ),
        inlay_hint_provider=lsp.InlayHintOptions(resolve_provider=False) if client.inlay_hints else None,
        execute_command_provider=lsp.ExecuteCommandOptions(commands=list(COMMANDS)),
        diagnostic_provider=lsp.DiagnosticOptions(
            inter_file_dependencies=False, workspace_diagnostics=True, identifier="tooearly"
        )
        if client.pull
        else None,
        workspace=lsp.WorkspaceOptions(
            workspace_folders=lsp.WorkspaceFoldersServerCapabilities(supported=True, change_notifications=True)
        ),
    )


def _notebooks() -> lsp.NotebookDocumentSyncOptions:
    python = lsp.NotebookCellLanguage(language="python")
    any_notebook = lsp.NotebookDocumentFilterWithCells(cells=[python])
    return lsp.NotebookDocumentSyncOptions(notebook_selector=[any_notebook], save=False)
