"""The `sarif` format: SARIF 2.1.0 (OASIS standard), as GitHub's code scanning and other viewers read it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tooearly import __version__
from tooearly.cli.formats.data import related_source
from tooearly.cli.formats.hosting import fingerprint
from tooearly.cli.formats.outcome import Outcome
from tooearly.cli.results import Placed, Source
from tooearly.config import CODES
from tooearly.model import Fix, Related, Span
from tooearly.rules.links import HOME, url
from tooearly.workspace import absolute

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "SRCROOT"
_LEVELS = {"error": "error", "warning": "warning", "information": "note"}
_NAMES = {"result-before-done": "ResultBeforeDone", "blocking-result": "BlockingResult"}


def sarif(outcome: Outcome) -> str:
    """One log with one run."""
    seen: Counter[str] = Counter()
    run = {
        "tool": {"driver": _driver()},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"uri": absolute(Path()).as_uri().rstrip("/") + "/"}},
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": _notifications(outcome)}],
        "results": [_result(found, seen) for found in outcome.findings],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _driver() -> dict[str, Any]:
    rules = [
        {"id": code, "name": _NAMES[code], "helpUri": url(code), "defaultConfiguration": {"level": "warning"}}
        for code in CODES
    ]
    return {"name": "tooearly", "version": __version__, "informationUri": HOME, "rules": rules}


def _notifications(outcome: Outcome) -> list[dict[str, Any]]:
    return [
        {"level": "warning", "message": {"text": checked.warning}} for checked in outcome.results if checked.warning
    ]


def _result(found: Placed, seen: Counter[str]) -> dict[str, Any]:
    finding, source = found.finding, found.source
    return {
        "ruleId": finding.code,
        "ruleIndex": CODES.index(finding.code),
        "level": _LEVELS[finding.severity],
        "message": {"text": finding.message},
        "locations": [{"physicalLocation": _physical(source, finding.span)}],
        "relatedLocations": [
            _related(number, related, related_source(related, source))
            for number, related in enumerate(finding.related, 1)
        ],
        "partialFingerprints": {"tooearly/v1": fingerprint(found, seen)},
        "properties": {"certainty": finding.certainty},
        "fixes": [_fix(source, fix) for fix in finding.fixes if fix.edits and not fix.disabled],
    }


def _related(number: int, related: Related, source: Source) -> dict[str, Any]:
    return {
        "id": number,
        "message": {"text": related.message},
        "physicalLocation": _physical(source, related.span),
    }


def _fix(source: Source, fix: Fix) -> dict[str, Any]:
    replacements = [
        {"deletedRegion": _region(source, edit.span), "insertedContent": {"text": edit.content}} for edit in fix.edits
    ]
    change = {"artifactLocation": _artifact(source.path), "replacements": replacements}
    return {"description": {"text": fix.title}, "artifactChanges": [change]}


def _physical(source: Source, span: Span) -> dict[str, Any]:
    return {"artifactLocation": _artifact(source.path), "region": _region(source, span)}


def _region(source: Source, span: Span) -> dict[str, int]:
    where = source.location(span)
    return {
        "startLine": where.row,
        "startColumn": where.column,
        "endLine": where.end_row,
        "endColumn": where.end_column,
    }


def _artifact(path: str) -> dict[str, str]:
    """Relative to the folder the command runs in where that can be said, else absolute."""
    whole = absolute(Path(path))
    try:
        inside = whole.relative_to(absolute(Path())).as_posix()
    except ValueError:
        return {"uri": whole.as_uri()}
    return {"uri": quote(inside.encode("utf-8", "surrogateescape")), "uriBaseId": ROOT}
