"""Text operations that fixes share: where a statement begins, how deep it stands, how a line is put before it.

All of it works on the document's text and `ast` positions. The inserted text copies the line end and the indentation
of the line it goes to, so tabs, CRLF and odd widths survive. A statement does not always begin a line: `a; b` lines and
one-line bodies (`if x: a; b`) are split, each part that moves to a line of its own keeping its text.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from tooearly.fixes.scope import Function
from tooearly.fixes.site import Site
from tooearly.fixes.skeleton import start_of
from tooearly.model import Edit, Span

TRIVIA = re.compile(r"(?:[ \t\f\r\n]|\\\r?\n|#[^\r\n]*)*")
_SEPARATOR = re.compile(r"[ \t\f]*;[ \t\f]*(?:\\\r?\n[ \t\f]*)?\Z|(?:[ \t\f]|\\\r?\n)*\Z")
_COMMENT = re.compile(r"#[^\r\n]*")
_READS = ("result", "exception")
_BLOCKS = ("body", "orelse", "finalbody")


def line_start(text: str, offset: int) -> int:
    """The offset of the first character of the line that holds `offset`."""
    return max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1


def line_end(text: str, offset: int) -> int:
    """The offset of the line end behind `offset`, or of the end of the text."""
    found = re.compile(r"[\r\n]|\Z").search(text, offset)
    assert found
    return found.start()


def newline(text: str, offset: int) -> str:
    """The line end in use at `offset`: of its line, else of the line before, else `\\n`."""
    found = re.compile(r"\r\n|\r|\n").match(text, line_end(text, offset))
    if found is None:
        before = line_start(text, offset)
        found = re.compile(r"\r\n|\r|\n").search(text, max(0, before - 2), before)
    return found[0] if found else "\n"


def indentation(text: str, offset: int) -> str:
    """The white space at the start of the line that holds `offset`, behind a form feed or byte order mark."""
    start = line_start(text, offset)
    found = re.compile(r"\ufeff?(?:[ \t]*\f)*([ \t]*)").match(text, start)
    assert found
    return found[1]


def opens_line(text: str, offset: int) -> bool:
    """Whether the logical line begins at `offset`: only white space before it, and no backslash on the line above."""
    start = line_start(text, offset)
    if text[start:offset].strip(" \t\f\ufeff"):
        return False
    return not re.compile(r"\\\r?\n\Z").search(text, max(0, start - 3), start)


def indent_step(site: Site) -> str:
    """One level of indentation as the function around the read uses it."""
    for node in reversed(site.path):
        if isinstance(node, Function | ast.ClassDef):
            inner, outer = site.span(node.body[0]).start, site.span(node).start
            if opens_line(site.text, inner):
                deep, shallow = indentation(site.text, inner), indentation(site.text, outer)
                if deep.startswith(shallow) and deep != shallow:
                    return deep[len(shallow) :]
    return "\t" if "\n\t" in site.text else "    "


def statement_start(site: Site, statement: ast.stmt) -> int:
    """The offset at which a statement begins, its decorators included."""
    return start_of(site.text, site.place, statement)


def insert_before(site: Site, index: int, lines: Sequence[str]) -> tuple[Edit, ...]:
    """Put lines of code before the statement `site.path[index]`, in its block and at its depth.

    The lines are given without the indentation of the block. An `elif` must have been climbed before.
    """
    statement = site.path[index]
    assert isinstance(statement, ast.stmt)
    start = statement_start(site, statement)
    end = newline(site.text, start)
    if opens_line(site.text, start):
        indent = indentation(site.text, start)
        at = line_start(site.text, start)
        at += len(site.text[at:start].rstrip(" \t"))
        return (Edit(Span(at, at), "".join(f"{indent if line else ''}{line}{end}" for line in lines)),)
    block = block_of(site.path[index - 1], statement) if index else list(site.place.unit.body)
    first = statement_start(site, block[0])
    if opens_line(site.text, first):
        indent = indentation(site.text, first)
        opened: tuple[Edit, ...] = ()
    else:
        indent = indentation(site.text, header_offset(site, index)) + indent_step(site)
        opened = (Edit(_gap(site.text, first), end + indent),) if statement is not block[0] else ()
    return (*opened, Edit(_gap(site.text, start), end + indent + "".join(f"{line}{end}{indent}" for line in lines)))


def header_offset(site: Site, index: int) -> int:
    """Where the compound statement or clause begins in whose one-line body `site.path[index]` stands."""
    parent = site.path[index - 1]
    if isinstance(parent, ast.match_case):
        return site.span(parent.pattern).start
    return site.span(parent).start


def block_of(parent: ast.AST, statement: ast.AST) -> list[ast.stmt]:
    """The list of statements that holds `statement`."""
    for name in _BLOCKS:
        block = getattr(parent, name, None)
        if isinstance(block, list) and statement in block:
            return block
    raise ValueError("the statement is not in a block of this node")


def _gap(text: str, start: int) -> Span:
    """The semicolon and white space before a statement that does not open its line."""
    found = _SEPARATOR.search(text, line_start(text, line_start(text, start) - 1) if start else 0, start)
    assert found
    return Span(found.start(), start)


def receiver_end(site: Site) -> int | None:
    """Where the receiver of `receiver.result()` ends, its own parentheses included; None for other forms of a read."""
    read = site.read
    if not isinstance(read, ast.Call) or not isinstance(read.func, ast.Attribute):
        return None
    if site.span(read.func.value) != site.finding.receiver:
        return None
    end = at = site.finding.receiver.end
    while True:
        at = skip(site.text, at)
        if site.text[at : at + 1] != ")":
            return end if site.text[at : at + 1] == "." else None
        end = at = at + 1


def skip(text: str, offset: int) -> int:
    """The offset of the next character that is no white space, comment or continuation."""
    found = TRIVIA.match(text, offset)
    assert found
    return found.end()


def names_the_future(site: Site) -> bool:
    """Whether the receiver is the future itself: in `x.result()`, `Task.result(x)`, and `get()` for a bound method."""
    read = site.read
    if not isinstance(read, ast.Call) or site.receiver is None:
        return False
    if receiver_end(site) is not None or site.span(read) == site.finding.receiver:
        return True
    return read.args[:1] == [site.receiver] and isinstance(read.func, ast.Attribute) and read.func.attr in _READS


def receiver_text(site: Site) -> str:
    """The receiver as an operand of `await`, `[...]` or a call: in parentheses where it needs them."""
    end = receiver_end(site)
    if end is not None:
        return site.text[site.span(site.read).start : end]
    assert site.receiver is not None
    text = site.source(site.receiver)
    return text if is_primary(site.receiver) else f"({text})"


def tail_comments(site: Site) -> list[str]:
    """The comments between the receiver and the end of the read, which a replacement has to keep."""
    end = receiver_end(site)
    return _COMMENT.findall(site.text[end : site.span(site.read).end]) if end is not None else []


def is_primary(node: ast.expr) -> bool:
    """Whether the node's text can stand behind `await` without parentheses."""
    return isinstance(
        node, ast.Name | ast.Attribute | ast.Subscript | ast.Call | ast.Constant | ast.List | ast.Dict | ast.Set
    )


def needs_parentheses(site: Site) -> bool:
    """Whether `await x` in the place of the read must be put in parentheses."""
    parent, read = site.parent, site.read
    match parent:
        case ast.Attribute() | ast.Subscript():
            operand = parent.value is read and site.span(parent).start == site.span(read).start
        case ast.Call():
            operand = parent.func is read and site.span(parent).start == site.span(read).start
        case ast.Await():
            operand = site.span(parent).end == site.span(read).end
        case _:
            operand = False
    return operand


def in_parentheses(site: Site) -> bool:
    """Whether a pair of brackets stands directly around the read."""
    span = site.span(site.read)
    before = site.text[: span.start].rstrip()
    after = skip(site.text, span.end)
    return before.endswith("(") and site.text[after : after + 1] == ")"
