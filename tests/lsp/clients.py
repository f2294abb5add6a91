"""What six editors say about themselves in `initialize`, cut down to what a diagnostics server may look at."""

from __future__ import annotations

from typing import Any

_LITERALS = {"codeActionKind": {"valueSet": ["", "quickfix", "refactor", "source", "source.fixAll"]}}

VSCODE: dict[str, Any] = {
    "general": {"positionEncodings": ["utf-16"], "staleRequestSupport": {"cancel": True, "retryOnContentModified": []}},
    "workspace": {
        "applyEdit": True,
        "workspaceEdit": {"documentChanges": True, "failureHandling": "textOnlyTransactional"},
        "configuration": True,
        "workspaceFolders": True,
        "didChangeConfiguration": {"dynamicRegistration": True},
        "didChangeWatchedFiles": {"dynamicRegistration": True, "relativePatternSupport": True},
        "diagnostics": {"refreshSupport": True},
        "inlayHint": {"refreshSupport": True},
    },
    "textDocument": {
        "publishDiagnostics": {
            "relatedInformation": True,
            "versionSupport": False,
            "codeDescriptionSupport": True,
            "dataSupport": True,
            "tagSupport": {"valueSet": [1, 2]},
        },
        "synchronization": {"dynamicRegistration": True, "willSave": True, "didSave": True},
        "diagnostic": {"dynamicRegistration": True, "relatedDocumentSupport": False},
        "hover": {"dynamicRegistration": True, "contentFormat": ["markdown", "plaintext"]},
        "codeAction": {
            "dynamicRegistration": True,
            "isPreferredSupport": True,
            "disabledSupport": True,
            "dataSupport": True,
            "resolveSupport": {"properties": ["edit", "command"]},
            "codeActionLiteralSupport": _LITERALS,
            "honorsChangeAnnotations": True,
        },
        "inlayHint": {"dynamicRegistration": True, "resolveSupport": {"properties": ["tooltip"]}},
    },
    "window": {"workDoneProgress": True, "showDocument": {"support": True}},
    "notebookDocument": {"synchronization": {"dynamicRegistration": True, "executionSummarySupport": True}},
}

NEOVIM: dict[str, Any] = {
    "general": {"positionEncodings": ["utf-8", "utf-16", "utf-32"]},
    "workspace": {
        "applyEdit": True,
        "configuration": True,
        "workspaceFolders": True,
        "didChangeConfiguration": {"dynamicRegistration": False},
        "didChangeWatchedFiles": {"dynamicRegistration": False, "relativePatternSupport": True},
        "workspaceEdit": {"resourceOperations": ["rename", "create", "delete"]},
        "inlayHint": {"refreshSupport": True},
    },
    "textDocument": {
        "publishDiagnostics": {"relatedInformation": True, "dataSupport": True, "tagSupport": {"valueSet": [1, 2]}},
        "synchronization": {"dynamicRegistration": False, "willSave": True, "didSave": True},
        "diagnostic": {"dynamicRegistration": False},
        "hover": {"dynamicRegistration": True, "contentFormat": ["markdown", "plaintext"]},
        "codeAction": {
            "dynamicRegistration": True,
            "isPreferredSupport": True,
            "dataSupport": True,
            "resolveSupport": {"properties": ["edit", "command"]},
            "codeActionLiteralSupport": _LITERALS,
        },
        "inlayHint": {"dynamicRegistration": True},
    },
    "window": {"workDoneProgress": True, "showDocument": {"support": True}},
}

EGLOT: dict[str, Any] = {
    "workspace": {
        "applyEdit": True,
        "executeCommand": {"dynamicRegistration": False},
        "workspaceEdit": {"documentChanges": True},
        "didChangeWatchedFiles": {"dynamicRegistration": True},
        "configuration": True,
        "workspaceFolders": True,
    },
    "textDocument": {
        "synchronization": {"dynamicRegistration": False, "willSave": True, "didSave": True},
        "hover": {"dynamicRegistration": False, "contentFormat": ["markdown", "plaintext"]},
        "codeAction": {
            "dynamicRegistration": False,
            "codeActionLiteralSupport": _LITERALS,
            "isPreferredSupport": True,
        },
        "publishDiagnostics": {
            "relatedInformation": False,
            "codeDescriptionSupport": False,
            "tagSupport": {"valueSet": [1, 2]},
        },
    },
    "experimental": {},
}

LSP_MODE: dict[str, Any] = {
    "workspace": {
        "workspaceEdit": {"documentChanges": True, "resourceOperations": ["create", "rename", "delete"]},
        "applyEdit": True,
        "executeCommand": {"dynamicRegistration": False},
        "didChangeWatchedFiles": {"dynamicRegistration": True},
        "workspaceFolders": True,
        "configuration": True,
    },
    "textDocument": {
        "synchronization": {"willSave": True, "didSave": True, "willSaveWaitUntil": True},
        "hover": {"contentFormat": ["markdown", "plaintext"]},
        "codeAction": {
            "dynamicRegistration": True,
            "isPreferredSupport": True,
            "codeActionLiteralSupport": _LITERALS,
            "resolveSupport": {"properties": ["edit", "command"]},
            "dataSupport": True,
        },
        "publishDiagnostics": {"relatedInformation": True, "tagSupport": {"valueSet": [1, 2]}, "versionSupport": True},
    },
    "window": {"workDoneProgress": True, "showDocument": {"support": True}},
}

ALE: dict[str, Any] = {
    "workspace": {
        "applyEdit": False,
        "didChangeConfiguration": {"dynamicRegistration": False},
        "workspaceFolders": False,
        "configuration": False,
    },
    "textDocument": {
        "synchronization": {"dynamicRegistration": False, "willSave": False, "didSave": True},
        "hover": {"dynamicRegistration": False, "contentFormat": ["plaintext"]},
        "codeAction": {"dynamicRegistration": False, "codeActionLiteralSupport": _LITERALS},
        "publishDiagnostics": {"relatedInformation": True},
    },
}

NOTEBOOK: dict[str, Any] = {
    "general": {"positionEncodings": ["utf-16"]},
    "workspace": {"workspaceEdit": {"documentChanges": True}, "configuration": True},
    "textDocument": {
        "publishDiagnostics": {"relatedInformation": True, "versionSupport": True},
        "codeAction": {"isPreferredSupport": True, "codeActionLiteralSupport": _LITERALS},
        "hover": {"contentFormat": ["markdown"]},
    },
    "notebookDocument": {"synchronization": {"dynamicRegistration": False}},
}

ALL = {
    "vscode": VSCODE,
    "neovim": NEOVIM,
    "eglot": EGLOT,
    "lsp-mode": LSP_MODE,
    "ale": ALE,
    "notebook": NOTEBOOK,
}
