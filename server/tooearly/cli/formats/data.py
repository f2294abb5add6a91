"""The formats that programs read: `json`, an array, and `jsonl`, one object a line.

Rows and columns are from 1, columns in code points, the end of a range is not included. Everything is escaped to
ASCII, so that no terminal or pipe can spoil it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tooearly import textfile
from tooearly.cli.formats.outcome import Outcome
from tooearly.cli.results import Location, Placed, Source
from tooearly.model import Fix, Related, Span
from tooearly.rules.links import url


def as_json(outcome: Outcome) -> str:
    """All findings as one array."""
    return json.dumps(records(outcome.findings), indent=2) + "\n"


def as_jsonl(outcome: Outcome) -> str:
    """Each finding as an object on a line of its own."""
    return "".join(json.dumps(record) + "\n" for record in records(outcome.findings))


def records(findings: Iterable[Placed]) -> list[dict[str, Any]]:
    """Plain objects in the shape of the contract."""
    return [_record(found) for found in findings]


def related_source(related: Related, source: Source) -> Source:
    """The text a related place is in; an empty one when it cannot be read any more."""
    if related.path is None:
        return source
    try:
        return Source(related.path, textfile.read(Path(related.path)).text)
    except textfile.TextFileError:
        return Source(related.path, "")


def _record(found: Placed) -> dict[str, Any]:
    finding = found.finding
    return {
        "code": finding.code,
        "severity": finding.severity,
        "certainty": finding.certainty,
        "message": finding.message,
        "filename": found.source.path,
        **_range(found.source, finding.span),
        "url": url(finding.code),
        "related": [_related(related, related_source(related, found.source)) for related in finding.related],
        "fixes": [_fix(found.source, fix) for fix in finding.fixes if not fix.disabled],
    }


def _related(related: Related, source: Source) -> dict[str, Any]:
    return {"message": related.message, "filename": source.path, **_range(source, related.span)}


def _fix(source: Source, fix: Fix) -> dict[str, Any]:
    return {
        "title": fix.title,
        "kind": fix.kind,
        "applicability": fix.applicability,
        "preferred": fix.preferred,
        "edits": [{"content": edit.content, **_range(source, edit.span)} for edit in fix.edits],
    }


def _range(source: Source, span: Span) -> dict[str, Any]:
    where: Location = source.location(span)
    return {
        "location": {"row": where.row, "column": where.column},
        "end_location": {"row": where.end_row, "column": where.end_column},
    }
