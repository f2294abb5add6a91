"""From findings to what the protocol says, and back from ranges to offsets.

Diagnostics are rendered to JSON at once, in the worker, because hundreds of them go out after each keystroke: as
attrs classes they take forty times as long to write. All else is small and made of lsprotocol's classes.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lsprotocol import types as lsp

from tooearly.lsp.program import Part, Program
from tooearly.model import Edit, Finding, Related, Severity, Span
from tooearly.source.lines import Encoding, LineIndex

SOURCE = "tooearly"
SEVERITIES: dict[Severity, int] = {"error": 1, "warning": 2, "information": 3}
_result_ids = itertools.count(1)

OtherFile = Callable[[str], LineIndex | None]
"""From the path of another file to its lines, None when it cannot be read."""


@dataclass(frozen=True, slots=True)
class Rendering:
    """What rendering needs to know: the encoding of columns, rule pages, other files, whether steps are shown."""

    encoding: Encoding
    url: Callable[[str], str]
    other: OtherFile = lambda _path: None
    related: bool = True


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """The diagnostics of one document as a JSON array. Equal bodies have equal ids."""

    body: bytes
    result_id: str
    count: int

    def follow(self, before: Diagnostics | None) -> Diagnostics:
        """Itself, or the one before if nothing has changed."""
        return before if before is not None and before.body == self.body else self


def empty() -> Diagnostics:
    """No diagnostics."""
    return Diagnostics(b"[]", f"t{next(_result_ids)}", 0)


def render(program: Program, part: Part, findings: Iterable[Finding], rendering: Rendering) -> Diagnostics:
    """The diagnostics of one part of a program; findings of other parts are passed over."""
    pieces = [_diagnostic(program, part, finding, rendering) for finding in findings]
    body = "[" + ",".join(pieces) + "]"
    return Diagnostics(body.encode("ascii"), f"t{next(_result_ids)}", len(pieces))


def _diagnostic(program: Program, part: Part, finding: Finding, how: Rendering) -> str:
    steps = [_related(program, step, how) for step in finding.related] if how.related else []
    related = f',"relatedInformation":[{",".join(step for step in steps if step)}]' if any(steps) else ""
    return (
        f'{{"range":{_range(part, finding.span, how.encoding)},"severity":{SEVERITIES[finding.severity]},'
        f'"code":{_quoted(finding.code)},"codeDescription":{{"href":{_quoted(how.url(finding.code))}}},'
        f'"source":"{SOURCE}","message":{_quoted(finding.message)}{related},'
        f'"data":{{"certainty":"{finding.certainty}"}}}}'
    )


def _range(part: Part, span: Span, encoding: Encoding) -> str:
    row, column = part.position(span.start, encoding)
    last, end = part.position(span.end, encoding)
    return f'{{"start":{{"line":{row},"character":{column}}},"end":{{"line":{last},"character":{end}}}}}'


def _related(program: Program, step: Related, how: Rendering) -> str:
    if step.path is None:
        part = program.part_at(step.span.start)
        uri, place = part.document.uri, _range(part, step.span, how.encoding)
    else:
        lines = how.other(step.path)
        if lines is None:
            return ""
        uri, place = _file_uri(step.path), _foreign_range(lines, step.span, how.encoding)
    return f'{{"location":{{"uri":{_quoted(uri)},"range":{place}}},"message":{_quoted(step.message)}}}'


def _foreign_range(lines: LineIndex, span: Span, encoding: Encoding) -> str:
    ends = []
    for offset in (span.start, span.end):
        row, column = lines.position(offset)
        ends.append(f'{{"line":{row},"character":{lines.encoded_column(row, column, encoding)}}}')
    return f'{{"start":{ends[0]},"end":{ends[1]}}}'


def _file_uri(path: str) -> str:
    from pathlib import Path

    from tooearly.lsp import uris

    return uris.from_path(Path(path))


@lru_cache(maxsize=4096)
def _quoted(text: str) -> str:
    return json.dumps(text)


def diagnostic(part: Part, finding: Finding, encoding: Encoding) -> lsp.Diagnostic:
    """A finding as a diagnostic, as code actions name it."""
    return lsp.Diagnostic(
        range=part.range(finding.span, encoding),
        message=finding.message,
        severity=lsp.DiagnosticSeverity(SEVERITIES[finding.severity]),
        code=finding.code,
        source=SOURCE,
    )


def workspace_edit(
    program: Program, edits: Iterable[Edit], encoding: Encoding, *, versioned: bool
) -> lsp.WorkspaceEdit | None:
    """Edits of a program as edits of its documents; None when one of them crosses from one cell into another."""
    by_part: dict[int, tuple[Part, list[lsp.TextEdit]]] = {}
    for edit in sorted(edits, key=lambda edit: edit.span):  # insertions at one place keep their order
        part = program.part_at(edit.span.start)
        if edit.span.end > part.start + len(part.document.text):
            return None
        _, made = by_part.setdefault(part.start, (part, []))
        made.append(lsp.TextEdit(range=part.range(edit.span, encoding), new_text=edit.content))
    if not versioned:
        return lsp.WorkspaceEdit(changes={part.document.uri: made for part, made in by_part.values()})
    changes: list[Any] = [
        lsp.TextDocumentEdit(
            lsp.OptionalVersionedTextDocumentIdentifier(uri=part.document.uri, version=part.document.version), made
        )
        for part, made in by_part.values()
    ]
    return lsp.WorkspaceEdit(document_changes=changes)
