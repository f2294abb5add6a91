"""A tree for a block that does not parse: rewrite as few lines as possible, keep every other position.

The message of CPython's SyntaxError (3.10 or later) says where to rewrite:

- "expected an indented block after ... on line N": that header gets a ` pass` behind its colon.
- "expected 'except' or 'finally' block": that `try:` becomes `if _:`.
- "unexpected indent": the line above becomes a header, or goes, when lines before it have the same indentation.
- "unindent does not match", tabs: the lines at this indentation go.
- a decorator without a definition goes.
- anything else, "was never closed" and "unterminated" included: the line goes, with the rest of its brackets.

A line that goes becomes `pass`. If deeper lines follow, it becomes a header of the same kind, with the name of the
function or class, so that these lines stay in their function. An error that comes back to the same line takes the
whole line, then the line above. Lines are never added or removed, so all other nodes keep their positions.

After `_MOST` parses everything from the error on is dropped, down to the indentation of the first line; if that fails
as well, the block is lost.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tooearly.model import Span
from tooearly.source.blocks import TOKEN, header_colon, token_end
from tooearly.source.lines import line_starts
from tooearly.source.unit import Syntax

Parse = Callable[[str], Syntax]
"""Gives the syntax of a text. Raises SyntaxError."""

_MOST = 14
_LINE_END = re.compile(r"\r\n?|\n")
_AFTER_LINE = re.compile(r"expected an indented block after .* on line (\d+)")
_HEADER = re.compile(
    r"(?P<indent>[ \t\f]*)(?P<asynchronous>async\s+)?"
    r"(?P<word>def|class|if|elif|else|for|while|with|try|except|finally|match|case)\b\s*(?P<name>\w*)"
)
_FORMS = {
    "if": "if _:",
    "elif": "elif _:",
    "else": "else:",
    "for": "for _ in _:",
    "while": "while _:",
    "with": "with _:",
    "try": "try:",
    "except": "except _:",
    "finally": "finally:",
    "match": "match _:",
    "case": "case _:",
}


@dataclass(frozen=True, slots=True)
class Repaired:
    """The tree after repair, the text it was made from, and the ranges of the source that were rewritten.

    Without a tree the text is lost.
    """

    syntax: Syntax | None
    parsed: str
    spans: tuple[Span, ...]


@dataclass(slots=True)
class _Patient:
    """The lines of a block under repair. Rows `first` to `last` may be rewritten."""

    lines: list[str]
    first: int
    last: int
    touched: set[int] = field(default_factory=set)
    hits: Counter[int] = field(default_factory=Counter)

    def code(self, row: int) -> str:
        """The line without white space and comment-only content."""
        stripped = self.lines[row].strip()
        return "" if stripped.startswith("#") else stripped

    def indent(self, row: int) -> int:
        return len(self.lines[row]) - len(self.lines[row].lstrip(" \t\f"))

    def above(self, row: int) -> int:
        """The nearest row of code above, or `first - 1`."""
        row -= 1
        while row >= self.first and not self.code(row):
            row -= 1
        return max(row, self.first - 1)

    def below(self, row: int) -> int:
        """The nearest row of code below, or `last + 1`."""
        row += 1
        while row <= self.last and not self.code(row):
            row += 1
        return row

    def write(self, row: int, line: str) -> None:
        if self.first <= row <= self.last:
            self.lines[row] = line
            self.touched.add(row)


def repair(source: str, error: SyntaxError, prefixed: bool, tailed: bool, parse: Parse) -> Repaired:
    """Parse `source` in spite of `error`. The first line (`prefixed`) and the last one (`tailed`) stay as they are."""
    lines = _LINE_END.split(source)
    patient = _Patient(lines, int(prefixed), len(lines) - 1 - int(tailed))
    for _ in range(_MOST):
        _rewrite(patient, error)
        try:
            return _result(source, patient, parse)
        except SyntaxError as failure:
            error = failure.with_traceback(None)
    return _truncated(source, patient, error, parse)


def _result(source: str, patient: _Patient, parse: Parse) -> Repaired:
    """Parse the lines as they are now. Raises SyntaxError."""
    parsed = "\n".join(patient.lines)
    syntax = parse(parsed)
    starts = [*line_starts(source), len(source) + 1]
    spans: list[Span] = []
    for row in sorted(patient.touched):
        end = len(source[: starts[row + 1]].rstrip("\r\n")) if row + 2 < len(starts) else len(source)
        line = source[starts[row] : end]
        spans.append(Span(starts[row] + len(line) - len(line.lstrip()), max(end, starts[row])))
    sound = [span if span.start <= span.end else Span(span.end, span.end) for span in spans]
    return Repaired(syntax, parsed, tuple(sound))


def _truncated(source: str, patient: _Patient, error: SyntaxError, parse: Parse) -> Repaired:
    """Drop the lines from the error on; once more from the first line that was rewritten; else nothing is left."""
    rows = [max((error.lineno or 1) - 1, patient.first), *sorted(patient.touched)[:1], patient.first + 1, patient.first]
    for row in rows:
        for dropped in range(row, patient.last + 1):
            patient.write(dropped, "")
        above = patient.above(row)
        if above >= patient.first and patient.code(above).endswith(":"):
            patient.write(above, patient.lines[above] + " pass")
        try:
            return _result(source, patient, parse)
        except SyntaxError:
            continue
    return Repaired(None, source, (Span(0, len(source)),))


def _rewrite(patient: _Patient, error: SyntaxError) -> None:
    message = error.msg
    row = min(max((error.lineno or 1) - 1, patient.first), patient.last)
    if not patient.code(row):
        row = max(patient.above(row), patient.first)
    patient.hits[row] += 1
    if message.startswith("expected an indented block") and _fill(patient, message, row):
        return
    if message.startswith("expected 'except'") and _untry(patient, row):
        return
    if message.startswith("unexpected indent"):
        _unexpected_indent(patient, row)
    elif message.startswith(("unindent", "inconsistent use of tabs")):
        _drop_run(patient, row)
    elif not _undecorate(patient, row):
        _drop(patient, row)


def _fill(patient: _Patient, message: str, row: int) -> bool:
    """Give a header without a body one."""
    match = _AFTER_LINE.match(message)
    header = int(match[1]) - 1 if match else patient.above(row)
    if not patient.first <= header <= patient.last:
        return False
    text = "\n".join(patient.lines[header:])
    colon = header_colon(text, 0)
    if colon < 0:
        return False
    row = header + text.count("\n", 0, colon)
    line = patient.lines[row]
    column = colon - (text.rfind("\n", 0, colon) + 1)
    patient.lines[row] = line[: column + 1] + " pass"
    return line != patient.lines[row]


def _untry(patient: _Patient, row: int) -> bool:
    """Make the `try` that has no handler a condition."""
    indent = patient.indent(row)
    above = row
    while above >= patient.first:
        if patient.code(above).startswith("try") and (above == row or patient.indent(above) >= indent):
            patient.lines[above] = re.sub(r"\btry\b", "if _", patient.lines[above], count=1)
            return True
        above = patient.above(above)
    return False


def _unexpected_indent(patient: _Patient, row: int) -> None:
    above = patient.above(row)
    if above < patient.first or patient.hits[row] > 2:
        _drop(patient, row)
        return
    before = patient.above(above)
    while before >= patient.first and patient.indent(before) > patient.indent(row):
        before = patient.above(before)
    if before >= patient.first and patient.indent(before) == patient.indent(row) and patient.hits[row] == 1:
        patient.write(above, "")
        return
    patient.write(above, patient.lines[above][: patient.indent(above)] + "if _:")


def _drop_run(patient: _Patient, row: int) -> None:
    """Drop the lines that share an impossible indentation."""
    indent = patient.indent(row)
    while row <= patient.last and (not patient.code(row) or patient.indent(row) == indent):
        patient.write(row, "")
        row += 1


def _undecorate(patient: _Patient, row: int) -> bool:
    """Drop a decorator that decorates nothing."""
    if patient.code(row).startswith(("@", "def", "class", "async")):
        return False
    above = patient.above(row)
    if above < patient.first or not patient.code(above).startswith("@"):
        return False
    while above >= patient.first and patient.code(above).startswith("@"):
        patient.write(above, "")
        above = patient.above(above)
    return True


def _drop(patient: _Patient, row: int) -> None:
    """Rewrite the line of an error; when the error comes back, more of it."""
    hits = patient.hits[row]
    if hits > 3:
        row = max(patient.above(row), patient.first)
    below = patient.below(row)
    end = _extent(patient, row)
    deeper = end == row and below <= patient.last and patient.indent(below) > patient.indent(row)
    replacement = _header(patient.lines[row], hits > 1) if deeper and hits < 3 else None
    for extra in range(row + 1, end + 1):
        patient.write(extra, "")
    if replacement is None:
        replacement = patient.lines[row][: patient.indent(row)] + "pass" if hits == 1 else ""
    patient.write(row, replacement)


def _header(line: str, plain: bool) -> str:
    match = _HEADER.match(line)
    if match is None or plain:
        return line[: len(line) - len(line.lstrip(" \t\f"))] + "if _:"
    start = match["indent"] + (match["asynchronous"] or "")
    if match["word"] == "def":
        return f"{start}def {_name(match['name'])}():"
    if match["word"] == "class":
        return f"{start}class {_name(match['name'])}:"
    return start + _FORMS[match["word"]]


def _name(word: str) -> str:
    return word if word.isidentifier() else "_"


def _extent(patient: _Patient, row: int) -> int:
    """The last row of the brackets that `row` opens, or `row` when they are not closed at a deeper indentation."""
    indent = patient.indent(row)
    depth = 0
    for current in range(row, patient.last + 1):
        line = patient.lines[current]
        if current > row and line.strip() and patient.indent(current) <= indent and line.lstrip()[0] not in ")]}":
            return row
        offset = 0
        while match := TOKEN.search(line, offset):
            depth += (match.lastgroup == "open") - (match.lastgroup == "close")
            offset = token_end(line, match)
            if offset < 0:
                return row
        if depth <= 0:
            return current
    return row
