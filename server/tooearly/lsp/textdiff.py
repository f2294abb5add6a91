"""The edits that make one text from another, as small as lines and then characters allow.

For changes that come as a whole new text (fixing everything takes several rounds): replacing all of it would lose the
editor's cursor, folds and marks.
"""

from __future__ import annotations

from difflib import SequenceMatcher
from itertools import pairwise

from tooearly.lsp.hold import compare
from tooearly.model import Edit, Span
from tooearly.source.lines import LineIndex, common_head, common_tail


def edits_between(old: str, new: str) -> tuple[Edit, ...]:
    """Edits of `old` that give `new`, in order, not overlapping."""
    if old == new:
        return ()
    move = compare(old, new)
    lines, fresh = LineIndex(old), LineIndex(new)
    first = min(lines.row(move.head), fresh.row(move.head))
    last, fresh_last = lines.row(move.old_tail) + 1, fresh.row(move.new_tail) + 1
    before, after = _rows(lines, first, last), _rows(fresh, first, fresh_last)
    at = lines.starts[first]
    offsets = [at]
    for line in before:
        offsets.append(offsets[-1] + len(line))
    edits = []
    for kind, low, high, new_low, new_high in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind != "equal":
            edits.append(_trimmed(old, offsets[low], offsets[high], "".join(after[new_low:new_high])))
    return tuple(edits)


def _rows(lines: LineIndex, first: int, last: int) -> list[str]:
    starts = [*lines.starts[first:last], lines.starts[last] if last < lines.line_count else len(lines.text)]
    return [lines.text[start:end] for start, end in pairwise(starts)]


def _trimmed(old: str, start: int, end: int, content: str) -> Edit:
    """An edit without what it would replace by itself."""
    gone = old[start:end]
    head = common_head(gone, content)
    tail = common_tail(gone, content, min(len(gone), len(content)) - head)
    return Edit(Span(start + head, end - tail), content[head : len(content) - tail])
