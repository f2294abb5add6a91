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
from dataclasses import dataclass, field
from typing import Literal, Protocol

from tooearly.model import Span
from tooearly.source.blocks import (
    Cut,
    block_end,
    body_cut,
    closing_cut,
    header_colon,
    is_decorator,
    looks_open,
    misread,
)
from tooearly.source.fstrings import relocate
from tooearly.source.lines import line_ends
from tooearly.source.repair import repair
from tooearly.source.syntax import statements
from tooearly.source.unit import Syntax, Unit, blank

Kind = Literal["block", "header", "method"]


class Spare(Protocol):
    """Units of earlier versions. Each is given once."""

    def take(self, kind: Kind, text: str, source: str, /) -> Unit | None:
        """One with the same kind, text and source."""

    def like(self, kind: Kind, parsed: str, /) -> Syntax | None:
        """The syntax of one of which repair had made the same text."""


_CLASS = re.compile(r"(?:@|class\b)")
_CLASS_LINE = re.compile(r"(?:^|(?<=[\r\n]))class\b")
_BODY = re.compile(r"[ \t]*(?:#[^\r\n]*)?(?=[\r\n])(?:[ \t\f]*(?:#[^\r\n]*)?(?:\r\n?|\n))*([ \t]+)(?=[^\s#])")
_METHOD = re.compile(r"\s*(?:async[ \t]+)?def\b")
_STRAY = re.compile(
    r"\s*(?!\s|(?:def|class|async|if|elif|else|for|while|with|try|except|finally|match|case)\b|@)[^\r\n]*(?:\r\n?|\n)"
    r"(?:[ \t\f]*(?:#[^\r\n]*)?(?:\r\n?|\n))*([ \t]+)(?=[^\s#])"
)
_PREFIX = "class _:"


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """One top-level block: its own unit and, for a class that was split, (unit, offset, line) of each method.

    Compared by identity: the same object in two versions of a text means that nothing in it has changed.
    """

    text: str
    lines: int
    unit: Unit
    members: tuple[tuple[Unit, int, int], ...] = ()
    strays: tuple[Span, ...] = ()
    """Lines at the margin that were left out to make one block of two."""
    settled: bool = True
    """Whether no text behind the block was looked at to decide where it ends."""
    broken: bool = field(init=False)
    """Whether some unit of the block did not parse."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "broken", any(unit.error is not None for _, unit in self.units()))

    def units(self) -> list[tuple[Kind, Unit]]:
        """All units of the block with their kinds."""
        kind: Kind = "header" if self.members else "block"
        return [(kind, self.unit), *(("method", unit) for unit, _, _ in self.members)]

    def syntaxes(self) -> list[Syntax]:
        """Those of all its units."""
        return [self.unit.syntax, *(unit.syntax for unit, _, _ in self.members)]

    def repaired(self, start: int) -> list[Span]:
        """What was rewritten, when the block stands at `start`."""
        members = [span.shifted(start + offset) for unit, offset, _ in self.members for span in unit.repaired]
        return [*(span.shifted(start) for span in self.unit.repaired), *members]

    @property
    def clean(self) -> bool:
        """Whether nothing but the left-out lines keeps the block from being parsed."""
        return not self.broken or sum(len(unit.repaired) for _, unit in self.units()) == len(self.strays)

    @property
    def may_be_open(self) -> bool:
        """Whether the block may end too early, within a string or in brackets."""
        return self.unit.error is not None or bool(self.members and self.members[-1][0].error is not None)

    @property
    def last(self) -> int:
        """The offset from which on to look for what is open at the end: the last method's, if it alone is broken."""
        if not self.members or self.unit.error is not None or is_decorator(self.members[-1][0].source, 0):
            return 0
        return self.members[-1][1]

    @property
    def stray(self) -> bool:
        """Whether this may be the rest of a function, cut off by a half-typed word at the margin."""
        return self.unit.error is not None and stray_line(self.text, 0) is not None


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
    return source[: span.start] + blank(source[span.start : span.end]) + source[span.end :]


def build(text: str, source: str, spare: Spare, strays: tuple[Span, ...] = ()) -> Block:
    """The units of a block. `source` is what is parsed: as long as `text`, with `strays` already blanked."""
    if _CLASS.match(source):
        block = _build_class(text, source, spare, strays)
        # What parses as a whole was cut in a wrong place, inside a string say.
        if block is not None and not (block.broken and _parses(source)):
            return block
    return Block(text, line_ends(text), build_unit("block", text, source, spare, strays))


def build_unit(kind: Kind, text: str, source: str, spare: Spare, strays: tuple[Span, ...] = (), tail: str = "") -> Unit:
    """One unit, parsed or taken from an earlier version. `tail` is the added last statement of a header."""
    known = spare.take(kind, text, source)
    if known is not None:
        return known
    prefix = _PREFIX if kind == "method" else ""
    error = "a line at the wrong indentation" if strays else None
    parsed = prefix + source + tail
    try:
        return Unit(text, _syntax(kind, parsed), source, tuple(sorted(strays)), error)
    except SyntaxError as failure:
        broken = failure.with_traceback(None)  # which holds all that is at hand here
    repaired = repair(
        parsed, broken, bool(prefix), bool(tail), lambda changed: spare.like(kind, changed) or _syntax(kind, changed)
    )
    if repaired.syntax is None:
        return Unit(text, Syntax(()), source, (Span(0, len(text)),), broken.msg, lost=True)
    spans = [Span(max(span.start - len(prefix), 0), span.end - len(prefix)) for span in repaired.spans]
    strays = (*strays, *(Span(span.start, min(span.end, len(text))) for span in spans if span.start <= len(text)))
    return Unit(text, repaired.syntax, source, tuple(sorted(strays)), broken.msg, parsed=repaired.parsed)


def _syntax(kind: Kind, parsed: str) -> Syntax:
    """The syntax of a text. Raises SyntaxError."""
    body = statements(parsed)
    relocate(body, parsed, len(_PREFIX) if kind == "method" else 0)
    return Syntax(_unwrapped(kind, body))


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
    for stray in () if strays else _body_strays(source, cut(source, start), indent, cut):
        source = blanked(source, stray)
        strays = (*strays, stray)
    body = _Body(text, source, cut, spare, strays)
    members, rest = body.pieces(cut(source, start))
    if not members:
        return None
    header = body.header(members, rest, f"\n{indent}pass")
    return Block(text, line_ends(text), header, tuple(members))


def _class_body(source: str) -> tuple[int, str] | None:
    """Where the cuts of a class body begin, and its indentation; None when the body is on the line of the header."""
    line = _CLASS_LINE.search(source)
    colon = header_colon(source, line.start()) if line else -1
    match = _BODY.match(source, colon + 1) if colon >= 0 else None
    return (colon + 1, match[1]) if match else None


def _is_method(source: str, start: int, end: int, cut: Cut) -> bool:
    while is_decorator(source, start):
        start = cut(source, start + 1)
        if start >= end:
            return False
    return _METHOD.match(source, start) is not None


@dataclass(frozen=True, slots=True)
class _Body:
    """The body of a class on its way to units."""

    text: str
    source: str
    cut: Cut
    spare: Spare
    strays: tuple[Span, ...]

    def pieces(self, start: int) -> tuple[list[tuple[Unit, int, int]], list[int]]:
        """The methods as (unit, offset, line), and where the other statements end, from `start` on."""
        members: list[tuple[Unit, int, int]] = []
        rest: list[int] = []
        line = line_ends(self.text[:start])
        while start < len(self.source):
            end = block_end(self.source, start, self.cut)
            if _is_method(self.source, start, end, self.cut):
                unit = self.method(start, end)
                members.append((unit, start, line))
                end = start + len(unit.text)
            else:
                end = self.statement_end(start, end)
                rest.append(end)
            line += line_ends(self.text[start:end])
            start = end
        return members, rest

    def method(self, start: int, end: int) -> Unit:
        """The unit of the method at `start`, which ends at `end` or, if it is open there, where it is closed."""
        suspect = looks_open(self.source[start:end])
        unit = None if suspect else self.unit(start, end)
        if unit is not None and unit.error is None:
            return unit
        closed = closing_cut(self.source, start, end, self.cut)
        if closed is not None and closed > end:
            grown = self.unit(start, closed)
            repaired = [span.shifted(start) for span in grown.repaired]
            if grown.error is None or not misread(self.source, start, end, repaired):
                return grown
        return unit or self.unit(start, end)

    def unit(self, start: int, end: int) -> Unit:
        """The unit of a range that is taken to be one method."""
        inside = tuple(span.shifted(-start) for span in self.strays if start <= span.start and span.end <= end)
        return build_unit("method", self.text[start:end], self.source[start:end], self.spare, inside)

    def statement_end(self, start: int, end: int) -> int:
        """The end of another statement of the class."""
        if looks_open(self.source[start:end]):
            closed = closing_cut(self.source, start, end, self.cut)
            if closed is not None and _parses(_PREFIX + self.source[start:closed]):
                return closed
        return end

    def header(self, members: list[tuple[Unit, int, int]], rest: list[int], tail: str) -> Unit:
        """The unit of all that is not a method, up to the last such statement."""
        end = max([members[0][1], *rest[-1:]])
        parts, done = [], 0
        for unit, start, _ in members:
            if start < end:
                parts += [self.source[done:start], unit.blank]
                done = start + len(unit.text)
        head = "".join([*parts, self.source[done:end]])
        return build_unit("header", self.text[:end], head, self.spare, (), tail)


def _body_strays(source: str, start: int, indent: str, cut: Cut) -> list[Span]:
    """Lines at the indentation of the body that cut off the rest of the method before them."""
    strays: list[Span] = []
    pattern = re.compile(r"(?:\r\n?|\n)" + re.escape(indent) + r"(?=[^\s#)\]}])" + _STRAY.pattern)
    while match := pattern.search(source, start):
        line = stray_line(source, match.start(), indent)
        before = start
        start = match.start()
        if line is None or _parses(_PREFIX + source[start : block_end(source, start, cut)]):
            start += 1
            continue
        while (following := block_end(source, before, cut)) < start:
            before = following
        if _is_method(source, before, start, cut) and closing_cut(source, before, start, cut) == start:
            strays.append(line)
        start += 1
    return strays


def _parses(source: str) -> bool:
    try:
        statements(source)
    except SyntaxError:
        return False
    return True
