"""What comes in: documents, notebooks, settings, folders, watched files. Each ends in new analyses where needed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp

from tooearly.lsp import settings as editor
from tooearly.lsp import uris
from tooearly.lsp.diagnostics import clear, refresh
from tooearly.lsp.documents import Document
from tooearly.workspace import CONFIG_NAMES

if TYPE_CHECKING:
    from tooearly.lsp.server import Server

log = logging.getLogger(__name__)
PYTHON_SUFFIXES = (".py", ".pyi", ".pyw")
IMPORTERS_SECONDS = 0.3
"""How long a document has to rest before those that import it are analysed anew: typing in it comes first."""
CONFIGURATION_SECONDS = 1.0
"""How long the first analysis waits for the editor's settings; after that it goes on with what is known."""


def begin(ls: Server, params: dict[str, Any]) -> None:
    """Take the folders and options of `initialize` in."""
    folders = [folder["uri"] for folder in params.get("workspaceFolders") or ()]
    if not folders and params.get("rootUri"):
        folders = [params["rootUri"]]
    ls.configuration.change_folders(folders)
    ls.configuration.change_options(editor.read(params.get("initializationOptions")))
    if not ls.client.configuration:
        ls.configured.set()


def register(server: Server) -> None:
    """Register the handlers."""
    for method, handler in (
        (lsp.INITIALIZED, initialized),
        (lsp.SHUTDOWN, shutdown),
        (lsp.TEXT_DOCUMENT_DID_OPEN, did_open),
        (lsp.TEXT_DOCUMENT_DID_CHANGE, did_change),
        (lsp.TEXT_DOCUMENT_DID_SAVE, did_save),
        (lsp.TEXT_DOCUMENT_DID_CLOSE, did_close),
        (lsp.NOTEBOOK_DOCUMENT_DID_OPEN, notebook_did_open),
        (lsp.NOTEBOOK_DOCUMENT_DID_CHANGE, notebook_did_change),
        (lsp.NOTEBOOK_DOCUMENT_DID_SAVE, notebook_did_save),
        (lsp.NOTEBOOK_DOCUMENT_DID_CLOSE, notebook_did_close),
        (lsp.WORKSPACE_DID_CHANGE_CONFIGURATION, did_change_configuration),
        (lsp.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS, did_change_folders),
        (lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES, did_change_watched_files),
    ):
        server.feature(method)(handler)


def is_python(document: Document) -> bool:
    """Whether a document is Python source: its language says so, or its name where the language is unknown."""
    if document.language in ("python", "python3"):
        return True
    return document.language in ("", "plaintext") and document.uri.endswith(PYTHON_SUFFIXES)


async def initialized(ls: Server, _params: lsp.InitializedParams) -> None:
    """Ask for the settings and for news of files."""
    registrations: list[lsp.Registration] = []
    if ls.client.register_configuration:
        options: Any = lsp.DidChangeConfigurationRegistrationOptions(section=editor.SECTION)
        registrations.append(
            lsp.Registration("tooearly-configuration", lsp.WORKSPACE_DID_CHANGE_CONFIGURATION, options)
        )
    if ls.client.register_watchers:
        patterns = [f"**/{name}" for name in (*CONFIG_NAMES, ".gitignore", "*.py")]
        options = lsp.DidChangeWatchedFilesRegistrationOptions([lsp.FileSystemWatcher(name) for name in patterns])
        registrations.append(lsp.Registration("tooearly-files", lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES, options))
    if ls.client.configuration:
        ls.spawn(fetch_configuration(ls))
        ls.loop.call_later(CONFIGURATION_SECONDS, _go_on, ls)
    if registrations:
        ls.spawn(_register(ls, registrations))
    log.info("tooearly %s, columns in %s, client: %s", ls.version, ls.client.encoding, ls.client.name or "unnamed")


def shutdown(ls: Server, _params: None) -> None:
    """Stop the analysis; nobody waits for one that runs."""
    ls.scheduler.stop()


async def _register(ls: Server, registrations: list[lsp.Registration]) -> None:
    try:
        await asyncio.shield(ls.client_register_capability_async(lsp.RegistrationParams(registrations)))
    except Exception as error:
        log.warning("the client refused to register %s: %s", [item.method for item in registrations], error)


def _go_on(ls: Server) -> None:
    if not ls.configured.is_set():
        log.warning("the client has not answered workspace/configuration; going on without")
        _configured(ls)


def _configured(ls: Server) -> None:
    ls.configured.set()
    analyse_all(ls)


async def fetch_configuration(ls: Server) -> None:
    """Ask the client for its settings, for all and for each folder, and analyse anew if they are different."""
    folders = [folder.uri for folder in ls.configuration.folders]
    items = [lsp.ConfigurationItem(section=editor.SECTION)]
    items += [lsp.ConfigurationItem(scope_uri=uri, section=editor.SECTION) for uri in folders]
    first = not ls.configured.is_set()
    changed = False
    try:
        answer = await asyncio.shield(ls.workspace_configuration_async(lsp.ConfigurationParams(items)))
        tables = [*(answer or ()), *[None] * len(items)]
        everywhere = editor.read(tables[0], ls.configuration.options)
        per_folder = {uri: editor.read(table, everywhere) for uri, table in zip(folders, tables[1:], strict=False)}
        changed = ls.configuration.change_options(everywhere, per_folder)
    except Exception as error:
        log.warning("the client did not give its settings: %s", error)
    if first:
        _configured(ls)
    elif changed:
        settings_changed(ls)


def settings_changed(ls: Server) -> None:
    """Analyse all open documents anew, and let clients that pull ask again."""
    ls.configuration.forget_files()
    ls.sweep.forget()
    analyse_all(ls)
    refresh(ls)


def analyse_all(ls: Server, but: str = "") -> None:
    """Analyse all open programs anew, except the one with the key `but`."""
    done = {but}
    for document in ls.documents:
        program = ls.program(document) if is_python(document) else None
        if program is not None and program.key not in done:
            done.add(program.key)
            ls.analyses.request(program)


def analyse(ls: Server, document: Document | None) -> None:
    """Analyse the program that a document belongs to."""
    if document is None or not is_python(document):
        return
    program = ls.program(document)
    if ls.configured.is_set():
        ls.analyses.request(program)
    else:
        ls.analyses.expect(program)
    importers_later(ls, document.key)


def importers_later(ls: Server, key: str) -> None:
    """Analyse the open programs that import a document anew, once it has been left alone for a moment."""
    timer = ls.dependents.pop(key, None)
    if timer is not None:
        timer.cancel()
    ls.dependents[key] = ls.loop.call_later(IMPORTERS_SECONDS, _importers, ls, key)


def _importers(ls: Server, key: str) -> None:
    ls.dependents.pop(key, None)
    for program in ls.analyses.importing(key):
        ls.analyses.request(program)


def did_open(ls: Server, params: lsp.DidOpenTextDocumentParams) -> None:
    """A document is open from now on."""
    item = params.text_document
    analyse(ls, ls.documents.open(item.uri, item.version, item.text, item.language_id))


def did_change(ls: Server, params: lsp.DidChangeTextDocumentParams) -> None:
    """A document has changed."""
    identifier = params.text_document
    document = ls.documents.change(identifier.uri, identifier.version, params.content_changes)
    if document is None:
        log.warning("a change of %s, which is not open, was passed over", identifier.uri)
    analyse(ls, document)


def did_save(ls: Server, params: lsp.DidSaveTextDocumentParams) -> None:
    """A file was written: others may import it, and it may be a configuration."""
    document = ls.documents.get(params.text_document.uri)
    if document is not None and not ls.client.register_watchers:
        files_changed(ls, [document.uri])


def did_close(ls: Server, params: lsp.DidCloseTextDocumentParams) -> None:
    """A document is closed: its diagnostics go."""
    document = ls.documents.close(params.text_document.uri)
    if document is None:
        log.warning("%s was closed, but is not open", params.text_document.uri)
        return
    ls.analyses.forget(document.key)
    clear(ls, document)
    importers_later(ls, document.key)  # what counts for them now is the file on the disk
    ls.sweep.changed.set()  # which is one of the workspace's files again


def notebook_did_open(ls: Server, params: lsp.DidOpenNotebookDocumentParams) -> None:
    """A notebook is open from now on."""
    ls.analyses.request(ls.notebooks.program(ls.notebooks.open(params)))


def notebook_did_change(ls: Server, params: lsp.DidChangeNotebookDocumentParams) -> None:
    """A notebook or one of its cells has changed."""
    changed = ls.notebooks.change(params)
    if changed is None:
        log.warning("a change of %s, which is not open, was passed over", params.notebook_document.uri)
        return
    notebook, closed = changed
    for document in closed:
        clear(ls, document)
    ls.analyses.request(ls.notebooks.program(notebook))


def notebook_did_save(_ls: Server, _params: lsp.DidSaveNotebookDocumentParams) -> None:
    """Nothing depends on what a notebook is on the disk."""


def notebook_did_close(ls: Server, params: lsp.DidCloseNotebookDocumentParams) -> None:
    """A notebook is closed with all its cells."""
    ls.analyses.forget(ls.notebooks.key(params.notebook_document.uri))
    for document in ls.notebooks.close(params):
        clear(ls, document)


async def did_change_configuration(ls: Server, params: lsp.DidChangeConfigurationParams) -> None:
    """The editor's settings have changed: they are in the message, or are to be asked for."""
    if ls.client.configuration:
        await fetch_configuration(ls)
    elif editor.table_in(params.settings) and ls.configuration.change_options(
        editor.read(params.settings, ls.configuration.options)
    ):
        settings_changed(ls)


async def did_change_folders(ls: Server, params: lsp.DidChangeWorkspaceFoldersParams) -> None:
    """Workspace folders came or went."""
    event = params.event
    ls.configuration.change_folders([item.uri for item in event.added], [item.uri for item in event.removed])
    if ls.client.configuration:
        await fetch_configuration(ls)
    settings_changed(ls)


def did_change_watched_files(ls: Server, params: lsp.DidChangeWatchedFilesParams) -> None:
    """Files have changed on the disk."""
    files_changed(ls, [change.uri for change in params.changes])


def files_changed(ls: Server, changed: Iterable[str]) -> None:
    """Read again what depends on files: settings, and modules that open documents import."""
    changed = list(changed)
    names = {uri.rsplit("/", 1)[-1] for uri in changed}
    ls.configuration.forget_files()
    ls.sweep.forget()
    only = uris.key(changed[0]) if len(changed) == 1 else ""
    analyse_all(ls, but=only)
    if names & {*CONFIG_NAMES, ".gitignore"}:
        refresh(ls)
