"""Comments that silence findings.

    value = task.result()  # tooearly: ignore[result-before-done]
    value = task.result()  # tooearly: ignore
    # tooearly: ignore-file[blocking-result]

An `ignore` speaks for the line it stands on; in a statement of several lines it also speaks for the whole statement
when it stands on the statement's first or last line (for a compound statement: of its header). `ignore-file` speaks for
the whole file and may stand anywhere in it. Without brackets all rules are meant.

Comments are found by one pass of a small scanner over the text, not by `tokenize`, because the text may be broken in
any way while a person types. The scanner knows strings, so a `#` inside one is no comment, and brackets, so it knows
where a statement ends; a line that can only begin a new statement ends one whose brackets were never closed.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

from tooearly.config import CODES, nearest_code
from tooearly.model import Finding, Notice, Placed, Span

Found = TypeVar("Found", Finding, Placed)


class Lines(Protocol):
    """What is needed of a line index."""

    def position(self, offset: int) -> tuple[int, int]:
        """The (row, column) of an offset, both from 0."""


@dataclass(frozen=True, slots=True)
class Ignore:
    """One comment: the range of its directive, its row, and the codes it names (None: all)."""

    span: Span
    row: int
    codes: tuple[str, ...] | None
    whole_file: bool

    def names(self, code: str) -> bool:
        """Whether the comment speaks of this rule."""
        return self.codes is None or code in self.codes


@dataclass(frozen=True, slots=True)
class Suppressions:
    """The ignore comments of one text, and `statements`: the (first, last) rows of the statements that hold one."""

    ignores: tuple[Ignore, ...] = ()
    statements: tuple[tuple[int, int], ...] = ()
    notices: tuple[Notice, ...] = ()

    def find(self, code: str, first: int, last: int) -> Ignore | None:
        """The comment that silences a finding of rule `code` on rows `first` to `last` (from 0), if there is one."""
        rows = self._rows(first, last)
        for ignore in self.ignores:
            if ignore.names(code) and (ignore.whole_file or ignore.row in rows):
                return ignore
        return None

    def _rows(self, first: int, last: int) -> set[int]:
        """The rows on which a comment speaks for a range of rows: its own, and its statement's first and last."""
        rows = set(range(first, last + 1))
        for start, end in self.statements:
            if start <= first and last <= end:
                rows |= {start, end}
        return rows

    def apply(self, findings: Iterable[Found], lines: Lines) -> tuple[tuple[Found, ...], tuple[Ignore, ...]]:
        """The findings that are left, and the comments that silenced none."""
        kept: list[Found] = []
        used: set[Ignore] = set()
        for finding in findings:
            span = finding.span
            first, last = lines.position(span.start)[0], lines.position(span.end)[0]
            ignore = self.find(finding.code, first, last)
            if ignore is None:
                kept.append(finding)
            else:
                used.add(ignore)
        return tuple(kept), tuple(ignore for ignore in self.ignores if ignore not in used)


def suppressed(text: str) -> Suppressions:
    """The ignore comments of a text, whatever state it is in."""
    if "tooearly:" not in text:
        return _NONE
    ignores: list[Ignore] = []
    statements: list[tuple[int, int]] = []
    notices: list[Notice] = []
    starts = [0, *(match.end() for match in _NEWLINE.finditer(text))]
    for first, last, comments in _statements(text):
        found = [ignore for start, end in comments for ignore in _directives(text, start, end, starts, notices)]
        ignores += found
        if found and last > first:
            rows = (bisect_right(starts, first) - 1, bisect_right(starts, last) - 1)
            statements.append(rows)
    return Suppressions(tuple(ignores), tuple(statements), tuple(notices))


def unused_notice(ignore: Ignore) -> Notice:
    """What to say of a comment that silenced nothing."""
    rules = "" if ignore.codes is None else f"[{', '.join(ignore.codes)}]"
    word = "ignore-file" if ignore.whole_file else "ignore"
    return Notice("suppression", f"`tooearly: {word}{rules}` silences nothing here", ignore.span)


_NONE = Suppressions()
_NEWLINE = re.compile(r"\r\n|\r|\n")
_DIRECTIVE = re.compile(r"#\s*tooearly:\s*(?P<word>ignore-file|ignore)(?![\w-])(?:\s*\[(?P<codes>[^\]#]*)\]?)?")

_TOKEN = re.compile(
    r"""
    (?P<comment> \#[^\r\n]* )
  | (?P<string> '{3} (?: [^\\']+ | \\.? | '(?!'') )* (?: '{3} | \Z )
              | "{3} (?: [^\\"]+ | \\.? | "(?!"") )* (?: "{3} | \Z )
              | ' (?: [^\\'\r\n] | \\ (?: \r\n | . ) )* '?
              | " (?: [^\\"\r\n] | \\ (?: \r\n | . ) )* "? )
  | (?P<open> [(\[{] )
  | (?P<close> [)\]}] )
  | (?P<join> \\ (?: \r\n | \r | \n ) )
  | (?P<newline> \r\n | \r | \n )
    """,
    re.VERBOSE | re.DOTALL,
)
_OPENS_STATEMENT = re.compile(r"[ \t\f]*(?:(?:async[ \t]+)?def|class|import|return|raise|while|with|try|pass)\b")


def _statements(text: str) -> Iterator[tuple[int, int, list[tuple[int, int]]]]:
    """The logical lines of a text: (offset of the first line, offset within the last, ranges of the comments)."""
    begin, depth, comments = 0, 0, list[tuple[int, int]]()
    for match in _TOKEN.finditer(text):
        match match.lastgroup:
            case "comment":
                comments.append(match.span())
            case "open":
                depth += 1
            case "close":
                depth = max(0, depth - 1)
            case "newline" if depth == 0 or _OPENS_STATEMENT.match(text, match.end()):
                yield begin, match.start(), comments
                begin, depth, comments = match.end(), 0, []
            case _:
                pass
    yield begin, len(text), comments


def _directives(text: str, start: int, end: int, starts: list[int], notices: list[Notice]) -> Iterator[Ignore]:
    """The directives of one comment; a code that no rule has gets a notice and silences nothing."""
    for match in _DIRECTIVE.finditer(text, start, end):
        span = Span(*match.span())
        codes: tuple[str, ...] | None = None
        if match["codes"] is not None:
            named = [code.strip() for code in match["codes"].split(",") if code.strip()]
            notices += [_unknown(code, span) for code in named if code not in CODES]
            codes = tuple(code for code in named if code in CODES)
        yield Ignore(span, bisect_right(starts, match.start()) - 1, codes, match["word"] == "ignore-file")


def _unknown(code: str, span: Span) -> Notice:
    return Notice("suppression", f"`tooearly: ignore` names no rule: `{code}`{nearest_code(code)}", span)
