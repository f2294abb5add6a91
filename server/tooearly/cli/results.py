"""What checking gave, in plain values that can travel between processes, and where things are in the text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tooearly.config import Settings
from tooearly.model import Finding, Notice, Span
from tooearly.source.lines import LineIndex

if TYPE_CHECKING:
    from tooearly.api import Report
    from tooearly.fixes.fix_all import Outcome
    from tooearly.source.tree import Tree


class Check(Protocol):
    """The one door of the analysis, as the command line uses it."""

    def __call__(
        self,
        text: str,
        settings: Settings = ...,
        *,
        modules: Callable[[str], str | None] | None = ...,
        filename: str = ...,
        with_fixes: bool = ...,
    ) -> Report:
        """Checks one text."""


class FixAll(Protocol):
    """Rewriting of a text until no chosen fix is left, as `fixes.fix_all` does it."""

    def __call__(
        self,
        text: str,
        analyse: Callable[[str], tuple[Tree, Sequence[Finding]]],
        settings: Settings,
        *,
        kind: str = ...,
        unsafe: bool = ...,
    ) -> Outcome:
        """Fixes one text."""


@dataclass(frozen=True, slots=True)
class Fixing:
    """Which fixes to take: of one `kind` where it is offered, unsafe ones too; and whether to write the file."""

    fix_all: FixAll
    kind: str = ""
    unsafe: bool = False
    write: bool = True


@dataclass(frozen=True, slots=True)
class Checked:
    """One file after checking. `text` is the text that the positions of `findings` and `notices` refer to.

    `warning` says why the file could not be read or parsed. `fixed` counts the findings that were fixed away, `before`
    is the text before that. `seconds` is the time spent, `functions` how many functions were analysed for themselves.
    """

    path: str
    text: str = ""
    findings: tuple[Finding, ...] = ()
    notices: tuple[Notice, ...] = ()
    warning: str = ""
    fixed: int = 0
    before: str | None = None
    functions: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Location:
    """A range for people: rows and columns from 1, columns in code points, the end not included."""

    row: int
    column: int
    end_row: int
    end_column: int


class Source:
    """A text under a name, asked for places and lines."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self._lines = LineIndex(text)

    def location(self, span: Span) -> Location:
        """Where a range of offsets is."""
        row, column = self._lines.position(span.start)
        end_row, end_column = self._lines.position(span.end)
        return Location(row + 1, column + 1, end_row + 1, end_column + 1)

    def place(self, offset: int) -> str:
        """`path:row:column` of an offset."""
        row, column = self._lines.position(offset)
        return f"{self.path}:{row + 1}:{column + 1}"

    def line(self, row: int) -> str:
        """The text of a row (from 1) without its line end."""
        return self._lines.line(row - 1)


@dataclass(frozen=True, slots=True)
class Placed:
    """A finding with the text it stands in."""

    source: Source
    finding: Finding

    @property
    def location(self) -> Location:
        """Where the read is."""
        return self.source.location(self.finding.span)


def placed(results: Iterable[Checked]) -> list[Placed]:
    """All findings of a run, file by file, from top to bottom."""
    found: list[Placed] = []
    for checked in results:
        if checked.findings:
            source = Source(checked.path, checked.text)
            found += [Placed(source, finding) for finding in sorted(checked.findings, key=_position)]
    return found


def _position(finding: Finding) -> tuple[int, int, str]:
    return finding.span.start, finding.span.end, finding.code
