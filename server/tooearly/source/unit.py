"""A piece of source text with its own syntax tree: the thing that is cached while a person types.

Line numbers of a unit's nodes count from 1 at the unit's first line; columns are UTF-8 bytes, as `ast` has them.
`Unit.span` turns both into code point offsets into the unit's text. What is parsed (`source`) may differ from the
text where repair has rewritten it, but has the same number of characters on the same lines.
"""

from __future__ import annotations

import ast
import re
from typing import NamedTuple

from tooearly.model import Span
from tooearly.source.lines import line_ends, line_starts

_INK = re.compile(r"[^\r\n]+")


def blank(source: str) -> str:
    """Spaces in place of a text; the line ends stay."""
    return _INK.sub(_spaces, source)


def _spaces(match: re.Match[str]) -> str:
    return " " * len(match[0])


class Syntax:
    """The statements of a unit. Compared by identity: the same object as long as they and their positions are the same.

    That may be so while the text changes: in a line that is rewritten by repair, say, because it is half typed. So
    whatever is found out about a unit is kept by this.
    """

    __slots__ = ("__weakref__", "body")

    def __init__(self, body: tuple[ast.stmt, ...]) -> None:
        self.body = body


class Unit:
    """A piece of text and its tree. Compared by identity: the same object while its text is unchanged.

    `syntax`: the statements, and what tells them from those of any other unit of the document; `parsed`: the text that
    they were made of; `repaired`: ranges of the text that repair has rewritten, in which nothing may be reported;
    `error`: the message of the syntax error, if there was one; `lost`: repair gave up, the body is empty.
    """

    __slots__ = (
        "__weakref__",
        "_ascii",
        "_blank",
        "_starts",
        "error",
        "lines",
        "lost",
        "parsed",
        "repaired",
        "source",
        "syntax",
        "text",
    )

    def __init__(
        self,
        text: str,
        syntax: Syntax,
        source: str | None = None,
        repaired: tuple[Span, ...] = (),
        error: str | None = None,
        lost: bool = False,
        parsed: str = "",
    ) -> None:
        self.text = text
        self.source = text if source is None else source
        self.syntax = syntax
        self.parsed = parsed
        self.repaired = repaired
        self.error = error
        self.lost = lost
        self.lines = line_ends(text)
        self._ascii = self.source.isascii()
        self._starts: list[int] | None = None
        self._blank: str | None = None

    def __repr__(self) -> str:
        return f"<Unit {self.text[:30]!r}>"

    @property
    def body(self) -> tuple[ast.stmt, ...]:
        """The statements."""
        return self.syntax.body

    @property
    def blank(self) -> str:
        """Spaces in place of the unit."""
        if self._blank is None:
            self._blank = blank(self.source)
        return self._blank

    def offset(self, line: int, column: int) -> int:
        """The code point offset of a position of `ast`: `line` from 1, `column` in UTF-8 bytes. Clamped."""
        starts = self._starts
        if starts is None:
            starts = self._starts = line_starts(self.source)
        if line > len(starts):
            return len(self.source)
        start = starts[line - 1] if line > 0 else starts[0]
        if not self._ascii and column > 0:
            # A byte column never lies beyond this many characters.
            head = self.source[start : start + column].encode("utf-8", "surrogatepass")[:column]
            column = len(head.decode("utf-8", "ignore"))
        end = starts[line] if line < len(starts) else len(self.source)
        return min(start + column, end) if column > 0 else start

    def span(self, node: ast.AST) -> Span:
        """The range of a node that has a position, in code points of the unit's text."""
        line, column = node.lineno, node.col_offset  # type: ignore[attr-defined]
        start = self.offset(line, column)
        last: int | None = getattr(node, "end_lineno", None)
        if last is None:
            return Span(start, start)
        return Span(start, max(start, self.offset(last, node.end_col_offset)))  # type: ignore[attr-defined]

    def is_repaired(self, span: Span) -> bool:
        """Whether a range of the unit touches what repair has rewritten."""
        return self.lost or any(span.touches(other) for other in self.repaired)


class Place(NamedTuple):
    """Where a unit stands in this version: the code point offset of its first character and its 0-based line.

    A named tuple, not a dataclass: thousands are made after each keystroke, and these are made four times as fast.
    """

    unit: Unit
    start: int
    line: int

    @property
    def end(self) -> int:
        """The offset behind the unit's last character."""
        return self.start + len(self.unit.text)

    def span(self, node: ast.AST) -> Span:
        """The range of one of the unit's nodes in the document."""
        return self.unit.span(node).shifted(self.start)


class Item(NamedTuple):
    """One top-level block. `members` are the methods of a class that was split, else empty."""

    place: Place
    members: tuple[Place, ...]
