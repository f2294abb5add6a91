"""Keeps findings still while a function is half typed.

A text that does not parse is repaired, and what is found in a repaired function may be wrong in both directions. So
while any unit of the document is broken,

- in a broken unit the findings that were shown before stay where they were, moved along with the text, and new ones
  are held back until the unit parses; an old one whose own text was edited goes;
- in a unit that was not edited the findings shown before stay as well: what is broken elsewhere may be an import or a
  helper that it depends on;
- a unit that was edited and parses gets its new findings.

What is found in the new text exactly as before is that finding. As soon as everything parses, what was found is what is
shown. Old positions are carried over by comparing the two texts: what they have in common at the start stays, what they
have in common at the end moves by the difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from tooearly.model import Finding, Placed, Related, Span
from tooearly.source.lines import common_head, common_tail
from tooearly.source.tree import Tree


@dataclass(frozen=True)
class Shown:
    """What is shown for a text. `held`: the findings that were carried over from an earlier text."""

    text: str
    placed: tuple[Placed, ...]
    held: frozenset[int] = frozenset()

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """The findings by their positions in the text."""
        return tuple([one.finding.shifted(one.start) for one in self.placed])

    def is_held(self, finding: Finding) -> bool:
        """Whether a finding of `findings` was carried over, and so does not belong to the current tree."""
        return id(finding) in self.held


@dataclass(frozen=True, slots=True)
class Move:
    """From the offsets of one text to those of the next: the same up to `head`, moved from `old_tail` on."""

    head: int
    old_tail: int
    new_tail: int

    def span(self, span: Span) -> Span | None:
        """Where a range has gone, None when it was edited itself."""
        if span.end <= self.head:
            return span
        if span.start >= self.old_tail:
            return span.shifted(self.new_tail - self.old_tail)
        return None

    def is_outside(self, start: int, end: int) -> bool:
        """Whether a range of the new text was not edited."""
        return end <= self.head or start >= self.new_tail

    def finding(self, finding: Finding) -> Finding | None:
        """A finding where it has gone; steps that were edited are left out."""
        span, receiver = self.span(finding.span), self.span(finding.receiver)
        if span is None or receiver is None:
            return None
        cause = finding.cause
        return replace(
            finding,
            span=span,
            receiver=receiver,
            related=tuple(step for old in finding.related if (step := self._related(old)) is not None),
            cause=replace(
                cause,
                made=cause.made and self.span(cause.made),
                wait=cause.wait and self.span(cause.wait),
                handler=cause.handler and self.span(cause.handler),
            ),
        )

    def _related(self, related: Related) -> Related | None:
        if related.path is not None:
            return related
        span = self.span(related.span)
        return None if span is None else replace(related, span=span)


def compare(old: str, new: str) -> Move:
    """The move from one text to the next, with the longest equal head and then the longest equal tail."""
    head = common_head(old, new)
    tail = common_tail(old, new, min(len(old), len(new)) - head)
    return Move(head, len(old) - tail, len(new) - tail)


def settle(before: Shown | None, tree: Tree, placed: Sequence[Placed]) -> Shown:
    """What to show for a new tree and its findings, after what was shown before."""
    if before is None or not any(block.broken for block in tree.blocks):
        return Shown(tree.text, tuple(placed))
    if before.text == tree.text:
        return before
    move = compare(before.text, tree.text)

    def is_kept(span: Span) -> bool:
        place = tree.place_at(span.start)
        return place is None or place.unit.error is not None or move.is_outside(place.start, place.end)

    same = {id(one.finding) for one in before.placed} & {id(one.finding) for one in placed}
    gone = [one.finding.shifted(one.start) for one in before.placed if id(one.finding) not in same]
    old = [moved for finding in gone if (moved := move.finding(finding)) is not None and is_kept(moved.span)]
    new = [one for one in placed if id(one.finding) in same or not is_kept(one.span)]
    shown = sorted([*(Placed(finding, 0) for finding in old), *new], key=_position) if old else new
    return Shown(tree.text, tuple(shown), frozenset(id(finding) for finding in old))


def _position(one: Placed) -> tuple[int, int]:
    span = one.finding.span
    return one.start + span.start, one.start + span.end
