"""From findings to what the protocol says, and back from ranges to offsets.

Diagnostics are rendered to JSON at once, in the worker, because hundreds of them go out after each keystroke: as
attrs classes they take forty times as long to write. Code actions are plain JSON values for the same reason.
"""

from __future__ import annotations

import itertools
import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from tooearly.lsp import uris
from tooearly.lsp.program import Part, Program
from tooearly.model import Edit, Finding, Placed, Related, Severity, Span
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
    """The diagnostics of one document as a JSON array. Equal bodies have equal ids.

    `pieces`: the JSON of each finding by its identity, for the next version. A finding that is the same object there
    is on the same lines and columns (see `api.Report.placed`).
    """

    body: bytes
    result_id: str
    count: int
    pieces: dict[int, tuple[Finding, str]] = field(default_factory=dict, compare=False, repr=False)

    def follow(self, before: Diagnostics | None) -> Diagnostics:
        """Itself, or the one before if nothing has changed."""
        return before if before is not None and before.body == self.body else self


def empty() -> Diagnostics:
    """No diagnostics."""
    return Diagnostics(b"[]", f"t{next(_result_ids)}", 0)


def render(
    program: Program, placed: Sequence[Placed], rendering: Rendering, before: Diagnostics | None = None
) -> Diagnostics:
    """The diagnostics of one document: those findings of a program that are in it. `before`: the last version's."""
    ranges = Ranges(program, rendering.encoding)
    known = before.pieces if before is not None and len(program.parts) == 1 else {}
    marks = [id(one[0]) for one in placed]
    found = list(map(known.get, marks))
    made = [place for place, piece in enumerate(found) if piece is None]
    for place in made:
        finding, start = placed[place]
        found[place] = finding, _diagnostic(ranges, finding, start, rendering)
    pieces = dict(zip(marks, cast("list[tuple[Finding, str]]", found), strict=True))
    texts = [piece[1] for piece in pieces.values()]
    for place in made:
        if placed[place].finding.foreign:  # the other file may change while this one does not
            del pieces[marks[place]]
    body = "[" + ",".join(texts) + "]"
    return Diagnostics(body.encode("ascii"), f"t{next(_result_ids)}", len(texts), pieces)


def _diagnostic(ranges: Ranges, finding: Finding, start: int, how: Rendering) -> str:
    steps = [_related(ranges, step, start, how) for step in finding.related] if how.related else []
    related = f',"relatedInformation":[{",".join(filter(None, steps))}]' if any(steps) else ""
    rest = _rest(finding.code, finding.severity, finding.message, finding.certainty, how.url)
    return f'{{"range":{ranges.render(finding.span, start)}{rest}{related}}}'


@lru_cache(maxsize=4096)
def _rest(code: str, severity: Severity, message: str, certainty: str, url: Callable[[str], str]) -> str:
    return (
        f',"severity":{SEVERITIES[severity]},"code":{_quoted(code)},"codeDescription":{{"href":{_quoted(url(code))}}},'
        f'"source":"{SOURCE}","message":{_quoted(message)},"data":{{"certainty":"{certainty}"}}'
    )


class Ranges:
    """Renders spans of a program as ranges of its documents. Most texts are ASCII and in one part: that is quick."""

    def __init__(self, program: Program, encoding: Encoding) -> None:
        self._program, self._encoding = program, encoding
        first = program.parts[0].document
        plain = len(program.parts) == 1 and first.text.isascii() and "\r" not in first.text
        self._starts = first.lines.starts if plain else []

    def render(self, span: Span, shift: int = 0) -> str:
        """A span, `shift` further on, as JSON."""
        start, end = span.start + shift, span.end + shift
        starts = self._starts
        if starts:
            row = bisect_right(starts, start) - 1
            begin = starts[row]
            if row + 1 < len(starts) and end < starts[row + 1]:
                return _range(row, start - begin, row, end - begin)
        part = self._program.part_at(start)
        return _range(*part.position(start, self._encoding), *part.position(end, self._encoding))

    def uri(self, offset: int) -> str:
        """The URI, as JSON, of the document that a place is in."""
        return _quoted(self._program.part_at(offset).document.uri)


def _range(row: int, column: int, last: int, end: int) -> str:
    return f'{{"start":{{"line":{row},"character":{column}}},"end":{{"line":{last},"character":{end}}}}}'


def _related(ranges: Ranges, step: Related, shift: int, how: Rendering) -> str:
    if step.path is None:
        uri, place = ranges.uri(step.span.start + shift), ranges.render(step.span, shift)
    else:
        lines = how.other(step.path)
        if lines is None:
            return ""
        uri, place = _quoted(_file_uri(step.path)), _foreign_range(lines, step.span, how.encoding)
    return f'{{"location":{{"uri":{uri},"range":{place}}},"message":{_quoted(step.message)}}}'


def _foreign_range(lines: LineIndex, span: Span, encoding: Encoding) -> str:
    (row, column), (last, end) = lines.position(span.start), lines.position(span.end)
    return _range(row, lines.encoded_column(row, column, encoding), last, lines.encoded_column(last, end, encoding))


def _file_uri(path: str) -> str:
    return uris.from_path(Path(path))


@lru_cache(maxsize=4096)
def _quoted(text: str) -> str:
    return json.dumps(text)


def diagnostic(part: Part, finding: Finding, encoding: Encoding) -> dict[str, Any]:
    """A finding as a diagnostic, as code actions name it."""
    return {
        "range": part.range(finding.span, encoding),
        "message": finding.message,
        "severity": SEVERITIES[finding.severity],
        "code": finding.code,
        "source": SOURCE,
    }


def workspace_edit(
    program: Program, edits: Iterable[Edit], encoding: Encoding, *, versioned: bool
) -> dict[str, Any] | None:
    """Edits of a program as edits of its documents; None when one of them crosses from one cell into another."""
    by_part: dict[int, tuple[Part, list[dict[str, Any]]]] = {}
    for edit in sorted(edits, key=lambda edit: edit.span):  # insertions at one place keep their order
        part = program.part_at(edit.span.start)
        if edit.span.end > part.start + len(part.document.text):
            return None
        _, made = by_part.setdefault(part.start, (part, []))
        made.append({"range": part.range(edit.span, encoding), "newText": edit.content})
    if not versioned:
        return {"changes": {part.document.uri: made for part, made in by_part.values()}}
    changes = [
        {"textDocument": {"uri": part.document.uri, "version": part.document.version}, "edits": made}
        for part, made in by_part.values()
    ]
    return {"documentChanges": changes}
