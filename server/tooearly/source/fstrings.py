"""True positions for expressions inside f-strings.

Before Python 3.12 the parser treats an f-string as one token and parses its expressions as texts of their own; the
positions it gives to their nodes are guesses, and wrong in strings of several lines, in implicit concatenations and in
format specifications. The position of the whole string is right, so its source is read again: the pieces of an implicit
concatenation, then the replacement fields of each f-string (by the rules of the language reference, "Formatted string
literals", as CPython 3.11 applies them in `string_parser.c`). Each field's expression is parsed once more, in brackets,
at a known place, and takes the place of the old node. Fields and `FormattedValue` nodes come in the same order, which
is how they are matched. Where they do not match, the nodes get the position of the whole string.

From 3.12 on the parser's own positions are right and nothing is done.
"""

from __future__ import annotations

import ast
import re
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from tooearly.source.blocks import TOKEN, token_end
from tooearly.source.lines import line_starts
from tooearly.source.syntax import statements

_NEEDED = sys.version_info < (3, 12)
_ANY = re.compile(r"\b(?:[fF][rR]?|[rR][fF])['\"]")
_PIECE = re.compile(r"(?P<prefix>[A-Za-z]*)(?P<quote>\"{3}|'{3}|\"|')")
_NAMED = re.compile(r"N\{[^{}]*\}")


@dataclass(frozen=True, slots=True)
class Field:
    """A replacement field: the offsets of its expression and of its braces, and the fields of its format."""

    start: int
    end: int
    opening: int
    closing: int
    nested: tuple[Field, ...]


def relocate(body: list[ast.stmt], source: str, skip: int) -> None:
    """Correct the positions inside the f-strings of a freshly parsed body. `source` is the text that was parsed.

    `skip` is the length of a prefix on the first line that holds no f-string.
    """
    if _NEEDED and _ANY.search(source, skip):
        document = _Source(source)
        rows = [document.position(match.start())[0] for match in _ANY.finditer(source, skip)]
        for statement in body:
            _visit(statement, document, rows)


def _visit(root: ast.AST, source: _Source, rows: list[int] | None = None) -> None:
    """Correct the f-strings below a node; with `rows`, those in nodes that reach over one of these lines."""
    stack = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.JoinedStr):
            _correct(node, source)
            continue
        first, last = getattr(node, "lineno", None), getattr(node, "end_lineno", None)
        if rows is None or first is None or last is None or bisect_left(rows, first) < bisect_right(rows, last):
            _push_children(node, stack)
        elif getattr(node, "decorator_list", None):
            stack.extend(node.decorator_list)  # type: ignore[attr-defined]


def _push_children(node: ast.AST, stack: list[ast.AST]) -> None:
    """What `ast.iter_child_nodes` yields, in half the time."""
    for value in vars(node).values():
        if isinstance(value, list):
            stack.extend([child for child in value if isinstance(child, ast.AST)])
        elif isinstance(value, ast.AST):
            stack.append(value)


class _Source:
    """A text, with offsets for the positions of `ast` and back."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = line_starts(text)

    def offset(self, line: int, column: int) -> int:
        start = self.starts[line - 1]
        head = self.text[start : start + column].encode("utf-8", "surrogatepass")[:column]
        return start + len(head.decode("utf-8", "ignore"))

    def position(self, offset: int) -> tuple[int, int]:
        row = bisect_right(self.starts, offset) - 1
        return row + 1, len(self.text[self.starts[row] : offset].encode("utf-8", "surrogatepass"))


def _correct(node: ast.JoinedStr, source: _Source) -> None:
    start = source.offset(node.lineno, node.col_offset)
    end = source.offset(node.end_lineno or node.lineno, node.end_col_offset or 0)
    try:
        fields = [field for piece in _pieces(source.text, start, end) for field in _fields(source.text, *piece)]
    except (_Unreadable, IndexError):
        fields = []
    _match(node, node, fields, source)


def _match(whole: ast.JoinedStr, node: ast.JoinedStr, fields: list[Field], source: _Source) -> None:
    values = [value for value in node.values if isinstance(value, ast.FormattedValue)]
    if len(values) != len(fields):
        _cover(whole, values)
        return
    for value, field in zip(values, fields, strict=True):
        fresh = value.value if _is_right(value.value, field, source) else _parsed(field, source)
        if type(fresh) is not type(value.value):
            _cover(whole, [value])
            continue
        _place(value, source, field.opening, field.closing)
        if fresh is not value.value:
            value.value = fresh
            _visit(fresh, source)
        if isinstance(value.format_spec, ast.JoinedStr):
            _match(whole, value.format_spec, list(field.nested), source)


def _is_right(node: ast.expr, field: Field, source: _Source) -> bool:
    """Whether a node on one line, without strings, begins and ends where its field does: then all of it is right."""
    text = source.text[field.start : field.end]
    if node.lineno != node.end_lineno or "'" in text or '"' in text or "\n" in text or "\r" in text:
        return False
    start = source.position(field.start + len(text) - len(text.lstrip()))
    end = source.position(field.start + len(text.rstrip()))
    return (node.lineno, node.col_offset) == start and (node.end_lineno, node.end_col_offset) == end


def _parsed(field: Field, source: _Source) -> ast.expr | None:
    """The expression of a field with its true position."""
    text = source.text[field.start : field.end]
    try:
        body = statements(f"({text})")
    except SyntaxError:
        return None
    if len(body) != 1 or not isinstance(body[0], ast.Expr):
        return None
    fresh = body[0].value
    bracketed = fresh.lineno == 1 and fresh.col_offset == 0
    line, column = source.position(field.start)
    for node in ast.walk(fresh):
        if isinstance(node, (ast.expr, ast.arg, ast.keyword)):
            _shift(node, line - 1, column - 1)
    if bracketed:
        # A tuple without brackets of its own.
        lead = len(text) - len(text.lstrip())
        _place(fresh, source, field.start + lead, field.start + len(text.rstrip()))
    return fresh


def _shift(node: ast.expr | ast.arg | ast.keyword, lines: int, columns: int) -> None:
    if node.lineno == 1:
        node.col_offset += columns
    if node.end_lineno == 1 and node.end_col_offset is not None:
        node.end_col_offset += columns
    node.lineno += lines
    if node.end_lineno is not None:
        node.end_lineno += lines


def _place(node: ast.expr, source: _Source, start: int, end: int) -> None:
    node.lineno, node.col_offset = source.position(start)
    node.end_lineno, node.end_col_offset = source.position(end)


def _cover(whole: ast.JoinedStr, values: list[ast.FormattedValue]) -> None:
    """Give the nodes of these fields the position of the whole string."""
    for value in values:
        for node in ast.walk(value):
            if isinstance(node, (ast.expr, ast.arg, ast.keyword)):
                ast.copy_location(node, whole)


class _Unreadable(Exception):
    """The source of an f-string is not what was expected."""


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    """The contents of the f-strings among the strings from `start` to `end`: start, end, whether raw."""
    while start < end:
        match = TOKEN.match(text, start)
        if text[start].isspace() or (match and match.lastgroup in ("comment", "join")):
            start = match.end() if match else start + 1
            continue
        piece = _PIECE.match(text, start)
        token = TOKEN.match(text, piece.start("quote")) if piece else None
        if piece is None or token is None:
            raise _Unreadable
        stop = token_end(text, token)
        prefix = piece["prefix"].lower()
        if stop < 0:
            raise _Unreadable
        if "f" in prefix:
            yield piece.end(), stop - len(piece["quote"]), "r" in prefix
        start = stop


def _fields(text: str, start: int, end: int, raw: bool) -> list[Field]:
    fields, stop = _read_literal(text, start, end, raw, nested=False)
    if stop != end:
        raise _Unreadable
    return fields


def _read_literal(text: str, start: int, end: int, raw: bool, nested: bool) -> tuple[list[Field], int]:
    """The fields of literal text; and its end, which in a nested format is at the closing brace."""
    fields: list[Field] = []
    while start < end:
        char = text[start]
        if char == "\\" and not raw:
            named = _NAMED.match(text, start + 1)
            escaped = 1 if text[start + 1] in "{}" else 2
            start = named.end() if named else start + escaped
        elif char in "{}" and not nested and text[start + 1] == char:
            start += 2
        elif char == "{":
            field = _read_field(text, start, end, raw)
            fields.append(field)
            start = field.closing
        elif char == "}":
            break
        else:
            start += 1
    return fields, start


def _read_field(text: str, opening: int, end: int, raw: bool) -> Field:
    offset = stop = _expression_end(text, opening + 1, end)
    nested: list[Field] = []
    if text[offset] == "=":
        offset += 1
        while text[offset].isspace():
            offset += 1
    if text[offset] == "!":
        offset += 2
    if text[offset] == ":":
        nested, offset = _read_literal(text, offset + 1, end, raw, nested=True)
    if offset >= end or text[offset] != "}":
        raise _Unreadable
    return Field(opening + 1, stop, opening, offset + 1, tuple(nested))


def _expression_end(text: str, offset: int, end: int) -> int:
    """Where the expression that begins at `offset` ends: at `!`, `:`, `=` or `}` outside brackets and strings."""
    depth = 0
    while offset < end:
        char = text[offset]
        if char in "'\"":
            token = TOKEN.match(text, offset)
            offset = token_end(text, token) if token else -1
            if offset < 0:
                break
            continue
        if depth == 0 and char in "!:}=<>":
            if char in "!=<>" and text[offset + 1] == "=":
                offset += 2
                continue
            if char not in "<>":
                return offset
        depth += (char in "([{") - (char in ")]}")
        offset += 1
    raise _Unreadable
