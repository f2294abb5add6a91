"""From the text of one block to its units.

A function or any other statement is one unit. A class is cut again at the indentation of its body: each method is a
unit of its own, so that a keystroke parses one method only. A method's text begins at the line end *before* its first
line. So it can be parsed with `class _:` in front, on the line that is otherwise empty: columns and line numbers are
those of the method's own text, and need no correction afterwards.

What is left of the class is the header unit: from `class` to the first method or, where other statements follow later,
to the last of these, the methods in between replaced by spaces. A `pass` is added for the parser and taken away after.

A piece that ends within a string or in brackets grows over the following ones. If it still does not parse, repair
rewrites lines of this piece alone.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from tooearly.model import Span
from tooearly.source.blocks import Cut, block_end, body_cut, closing_cut, header_colon, looks_open
from tooearly.source.fstrings import relocate
from tooearly.source.lines import line_ends
from tooearly.source.repair import repair
from tooearly.source.syntax import statements
from tooearly.source.unit import Unit

Kind = Literal["block", "header", "method"]
Spare = Callable[[Kind, str, str], Unit | None]
"""Gives a unit of an earlier version with the same kind, text and source, at most once."""

_CLASS = re.compile(r"(?:@|class\b)")
_CLASS_LINE = re.compile(r"(?:^|(?<=[\r\n]))class\b")
_BODY = re.compile(r"[ \t]*(?:#[^\r\n]*)?(?=[\r\n])(?:[ \t\f]*(?:#[^\r\n]*)?(?:\r\n?|\n))*([ \t]+)(?=[^\s#])")
_METHOD = re.compile(r"\s*(?:async[ \t]+)?def\b")
_DECORATOR = re.compile(r"\s*@")
_STRAY = re.compile(
    r"\s*(?!(?:def|class|async|if|elif|else|for|while|with|try|except|finally|match|case)\b|@)[^\r\n]*(?:\r\n?|\n)"
    r"(?:[ \t\f]*(?:#[^\r\n]*)?(?:\r\n?|\n))*([ \t]+)(?=[^\s#])"
)
_PREFIX = "class _:"


@dataclass(frozen=True, slots=True)
class Block:
    """One top-level block: its own unit and, for a class that was split, (unit, offset, line) of each method."""

    text: str
    lines: int
    unit: Unit
    members: tuple[tuple[Unit, int, int], ...] = ()
    strays: tuple[Span, ...] = ()
    """Lines at the margin that were left out to make one block of two."""
    settled: bool = True
    """Whether no text behind the block was looked at to decide where it ends."""

    def units(self) -> list[tuple[Kind, Unit]]:
        """All units of the block with their kinds."""
        kind: Kind = "header" if self.members else "block"
        return [(kind, self.unit), *(("method", unit) for unit, _, _ in self.members)]

    @property
    def broken(self) -> bool:
        """Whether some unit of the block did not parse."""
        return any(unit.error is not None for _, unit in self.units())

    @property
    def clean(self) -> bool:
        """Whether nothing but the left-out lines keeps the block from being parsed."""
        return not self.broken or sum(len(unit.repaired) for _, unit in self.units()) == len(self.strays)

    @property
    def may_be_open(self) -> bool:
        """Whether the block may end too early, within a string or in brackets."""
        return self.unit.error is not None or bool(self.members and self.members[-1][0].error is not None)

    @property
    def stray(self) -> bool:
        """Whether this may be the rest of a function, cut off by a half-typed word at the margin."""
        return self.unit.error is not None and stray_line(self.text, 0) is not None


class Piece(NamedTuple):
    """A range of a class body."""

    start: int
    end: int
    method: bool


def stray_line(text: str, start: int, indent: str = "") -> Span | None:
    """The range of the line at `start`, if it heads no block and the next line of code is indented deeper."""
    match = _STRAY.match(text, start)
    if match is None or len(match[1]) <= len(indent):
        return None
    begin = start + len(match[0]) - len(match[0].lstrip())
    ends = [end for end in (text.find("\n", begin), text.find("\r", begin)) if end >= 0]
    return Span(begin, min(ends))


def blanked(source: str, span: Span) -> str:
    """The source with a range replaced by spaces; line ends stay."""
    return source[: span.start] + re.sub(r"[^\r\n]", " ", source[span.start : span.end]) + source[span.end :]


def build(text: str, source: str, spare: Spare, strays: tuple[Span, ...] = ()) -> Block:
    """The units of a block. `source` is what is parsed: as long as `text`, with `strays` already blanked."""
    if _CLASS.match(source):
        block = _build_class(text, source, spare, strays)
        if block is not None:
            return block
    return Block(text, line_ends(text), build_unit("block", text, source, spare, strays))


def build_unit(kind: Kind, text: str, source: str, spare: Spare, strays: tuple[Span, ...] = (), tail: str = "") -> Unit:
    """One unit, parsed or taken from an earlier version. `tail` is the added last statement of a header."""
    known = spare(kind, text, source)
    if known is not None:
        return known
    prefix = _PREFIX if kind == "method" else ""
    error = "a line at the wrong indentation" if strays else None
    parsed = prefix + source + tail
    try:
        body = statements(parsed)
    except SyntaxError as failure:
        repaired = repair(parsed, failure, bool(prefix), bool(tail))
        error, body, parsed = failure.msg, repaired.body, repaired.parsed
        spans = [Span(max(span.start - len(prefix), 0), span.end - len(prefix)) for span in repaired.spans]
        strays = (*strays, *(Span(span.start, min(span.end, len(text))) for span in spans if span.start <= len(text)))
        if repaired.lost:
            return Unit(text, (), source, (Span(0, len(text)),), error, lost=True)
    relocate(body, parsed, len(prefix))
    return Unit(text, _unwrapped(kind, body), source, tuple(sorted(strays)), error)


def _unwrapped(kind: Kind, body: list[ast.stmt]) -> tuple[ast.stmt, ...]:
    last = body[-1] if body else None
    if kind == "method" and isinstance(body[0], ast.ClassDef):
        return (*body[0].body, *body[1:])
    if kind == "header" and isinstance(last, ast.ClassDef):
        last.body.pop()
        if last.body:
            last.end_lineno, last.end_col_offset = last.body[-1].end_lineno, last.body[-1].end_col_offset
    return tuple(body)


def _build_class(text: str, source: str, spare: Spare, strays: tuple[Span, ...]) -> Block | None:
    """The block of a class, or None when it has no methods, or is written in a way that is not worth splitting."""
    found = _class_body(source)
    if found is None:
        return None
    start, indent = found
    cut = body_cut(indent)
    pieces = _pieces(source, start, cut)
    if not any(piece.method for piece in pieces):
        return None
    again = () if strays else _body_strays(source, pieces, indent, cut)
    for stray in again:
        source = blanked(source, stray)
    if again:
        strays, pieces = again, _pieces(source, start, cut)
    members = _members(text, source, pieces, cut, spare, strays)
    header = _header(text, source, pieces, members, f"\n{indent}pass", spare)
    return Block(text, line_ends(text), header, tuple(members))


def _class_body(source: str) -> tuple[int, str] | None:
    """Where the cuts of a class body begin, and its indentation; None when the body is on the line of the header."""
    line = _CLASS_LINE.search(source)
    colon = header_colon(source, line.start()) if line else -1
    match = _BODY.match(source, colon + 1) if colon >= 0 else None
    return (colon + 1, match[1]) if match else None


def _pieces(source: str, start: int, cut: Cut) -> list[Piece]:
    pieces = []
    start = cut(source, start)
    while start < len(source):
        end = block_end(source, start, cut)
        if looks_open(source[start:end]):
            end = closing_cut(source, start, end, cut) or end
        pieces.append(Piece(start, end, _is_method(source, start, end, cut)))
        start = end
    return pieces


def _is_method(source: str, start: int, end: int, cut: Cut) -> bool:
    while _DECORATOR.match(source, start):
        start = cut(source, start + 1)
        if start >= end:
            return False
    return _METHOD.match(source, start) is not None


def _members(
    text: str, source: str, pieces: list[Piece], cut: Cut, spare: Spare, strays: tuple[Span, ...]
) -> list[tuple[Unit, int, int]]:
    members = []
    line = line_ends(text[: pieces[0].start])
    done = 0
    for piece in pieces:
        if piece.method and piece.start >= done:
            inside = tuple(s.shifted(-piece.start) for s in strays if piece.start <= s.start and s.end <= piece.end)
            unit = build_unit("method", text[piece.start : piece.end], source[piece.start : piece.end], spare, inside)
            unit = _grown_member(text, source, piece, cut, spare, unit)
            done = piece.start + len(unit.text)
            members.append((unit, piece.start, line))
        line += line_ends(text[piece.start : piece.end])
    return members


def _grown_member(text: str, source: str, piece: Piece, cut: Cut, spare: Spare, unit: Unit) -> Unit:
    if unit.error is None:
        return unit
    end = closing_cut(source, piece.start, piece.end, cut)
    if end is None or end == piece.end:
        return unit
    grown = build_unit("method", text[piece.start : end], source[piece.start : end], spare)
    return grown if grown.error is None else unit


def _header(
    text: str, source: str, pieces: list[Piece], members: list[tuple[Unit, int, int]], tail: str, spare: Spare
) -> Unit:
    """The unit of what is not a method. `members` may reach over pieces that were no statements after all."""
    first = members[0][1]
    end, done = first, 0
    reached = {start: start + len(unit.text) for unit, start, _ in members}
    for piece in pieces:
        done = max(done, reached.get(piece.start, 0))
        if piece.start >= done:
            end = max(end, piece.end)
    head = source[:end]
    for start, stop in reached.items():
        if stop <= end:
            head = blanked(head, Span(start, stop))
    return build_unit("header", text[:end], head, spare, (), tail)


def _body_strays(source: str, pieces: list[Piece], indent: str, cut: Cut) -> tuple[Span, ...]:
    """Lines at the indentation of the body that cut off the rest of the method before them."""
    strays = []
    for before, piece in zip(pieces, pieces[1:], strict=False):
        line = None if piece.method or not before.method else stray_line(source, piece.start, indent)
        if line is None or _parses(_PREFIX + source[piece.start : piece.end]):
            continue
        if closing_cut(source, before.start, before.end, cut) == before.end:
            strays.append(line)
    return tuple(strays)


def _parses(source: str) -> bool:
    try:
        statements(source)
    except SyntaxError:
        return False
    return True
