"""The plain values that travel through tooearly: spans, edits, fixes, findings.

Everything here is frozen and knows nothing of syntax trees, files or protocols. Positions are *code point
offsets* into the text of one document; lines and columns exist only at the two ends (`source` reads them from
`ast`, `cli` and `lsp` write them for people and editors).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

Severity = Literal["error", "warning", "information"]
Certainty = Literal["always", "possible"]
Applicability = Literal["safe", "unsafe", "display"]


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range of code point offsets, `start <= end`."""

    start: int
    end: int

    def __repr__(self) -> str:
        return f"{self.start}..{self.end}"

    def shifted(self, by: int) -> Span:
        """The same range, `by` code points further on."""
        return Span(self.start + by, self.end + by)

    def overlaps(self, other: Span) -> bool:
        """Whether the two ranges have a character in common."""
        return self.start < other.end and other.start < self.end

    def touches(self, other: Span) -> bool:
        """Whether the two ranges overlap or meet (an empty range touches the ranges it stands at)."""
        return self.start <= other.end and other.start <= self.end


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Replace the text of `span` by `content`; an empty span inserts."""

    span: Span
    content: str


@dataclass(frozen=True, slots=True)
class Fix:
    """One way to rewrite the program, or (with `disabled`) the reason why there is none.

    `title` is a verb phrase, `kind` one word a user can name on the command line (`await`, `gather`, `wait`,
    `guard`, ...), `preferred` marks the one to take without asking.
    """

    title: str
    kind: str
    applicability: Applicability
    edits: tuple[Edit, ...] = ()
    preferred: bool = False
    disabled: str = ""


@dataclass(frozen=True, slots=True)
class Related:
    """A step that led to a finding, in the order of the program's run. `path` is None for the same file."""

    message: str
    span: Span
    path: str | None = None


class FileText(str):
    """A text that knows the file it is from."""

    __slots__ = ("path",)
    path: str


@dataclass(frozen=True, slots=True)
class Cause:
    """Why the future may be unfinished, for the fixes: plain facts of the analysis.

    `future`: task, future, gather, shield, executor, wait, current (current_task()), concurrent, mixed (a future of a
    thread on other runs).
    `made`: the expression that made it. `wait`: the expression whose wait was not enough (None: none was made).
    `why`: one of the row names in `flow/witness.py`, e.g. fresh, clock, other, timeout, first-completed,
    first-exception, pending-set, as-completed, gather-failed, cancelled, shield-timeout, guard-false, unset,
    inside-group, unknown.
    `certain`: the future is unfinished on every run that reaches the read.
    """

    future: str
    why: str
    made: Span | None = None
    wait: Span | None = None
    handler: Span | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A read that is too early. `span` is the whole read, `receiver` the expression that is read from.

    `method` is `result` or `exception`. `function` is the dotted name of the function that holds the read, or
    `<module>`. `fixes` is filled by `fixes.attach`, which is the last step and may be left out.
    """

    code: str
    severity: Severity
    certainty: Certainty
    message: str
    span: Span
    receiver: Span
    method: str
    function: str
    cause: Cause
    related: tuple[Related, ...] = ()
    fixes: tuple[Fix, ...] = ()

    def spans(self) -> list[Span | None]:
        """All that it names in its own file."""
        cause, related = self.cause, [step.span for step in self.related if step.path is None]
        return [self.span, self.receiver, cause.made, cause.wait, cause.handler, *related]

    @property
    def foreign(self) -> bool:
        """Whether a step lies in another file."""
        return any(step.path for step in self.related)

    def shifted(self, by: int) -> Finding:
        """The same finding, `by` code points further on; what lies in other files stays."""
        if not by:
            return self
        cause = self.cause
        return replace(
            self,
            span=self.span.shifted(by),
            receiver=self.receiver.shifted(by),
            cause=Cause(  # `replace` takes several times as long
                cause.future,
                cause.why,
                cause.made and cause.made.shifted(by),
                cause.wait and cause.wait.shifted(by),
                cause.handler and cause.handler.shifted(by),
            ),
            related=tuple([r if r.path else Related(r.message, r.span.shifted(by)) for r in self.related]),
        )


class Placed(NamedTuple):
    """A finding whose positions count from `start`: it can be kept while the text before it grows and shrinks."""

    finding: Finding
    start: int

    @property
    def span(self) -> Span:
        """The range of the read in the document."""
        return self.finding.span.shifted(self.start)

    @property
    def code(self) -> str:
        """The rule."""
        return self.finding.code


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the tool has to say about a file that is no finding: it did not parse, a function was given up.

    `kind`: syntax (a statement that does not parse), bound (a function that is too big to follow), internal (a fault
    of tooearly), encoding, suppression (an ignore comment that names no rule).
    """

    kind: str
    message: str
    span: Span


@dataclass(frozen=True, slots=True)
class State:
    """What is known of one future after one line, for `tooearly states` and inlay hints."""

    span: Span
    name: str
    state: Literal["pending", "maybe", "done", "unknown"]
    why: str
