"""Apply edits to a text, and the fixes of many findings at once."""

from __future__ import annotations

from collections.abc import Iterable

from tooearly.model import Edit


def apply(text: str, edits: Iterable[Edit]) -> str:
    """The text after all edits. Insertions at one offset keep their order; overlapping edits raise ValueError."""
    parts: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda one: one.span):
        if edit.span.start < at or edit.span.end > len(text):
            raise ValueError(f"the edit {edit.span} overlaps another one or ends outside the text")
        parts += (text[at : edit.span.start], edit.content)
        at = edit.span.end
    return "".join((*parts, text[at:]))


def disjoint(edits: Iterable[Edit]) -> bool:
    """Whether no two edits overlap. Insertions at one offset do not."""
    at = 0
    for edit in sorted(edits, key=lambda one: one.span):
        if edit.span.start < at:
            return False
        at = edit.span.end
    return True
