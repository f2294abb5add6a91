"""Does a fix keep its promise? Edits in range and disjoint, a result that compiles, the finding gone, none new.

The first two are cheap and asked of every fix before it is offered; only the units that an edit touches are compiled.
The rest needs the analysis, which is handed in as `check`: fixes know nothing of it.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from tooearly.fixes.apply import apply, disjoint
from tooearly.fixes.site import place_at
from tooearly.fixes.skeleton import skeleton
from tooearly.model import Edit, Finding, Fix, Span
from tooearly.source.tree import Item, Place, Tree

_INDENTED = re.compile(r"(?:[ \t\f]*(?:#[^\r\n]*)?(?:\r\n|\r|\n))*[ \t]+[^\s#]")
Check = Callable[[str], Sequence[Finding]]


def broken(tree: Tree, edits: Sequence[Edit]) -> str:
    """Why the edits cannot be applied to the document, empty if they can and the result compiles."""
    if not edits:
        return "it changes nothing"
    if any(not 0 <= edit.span.start <= edit.span.end <= len(tree.text) for edit in edits):
        return "an edit is outside of the text"
    if not disjoint(edits):
        return "two edits overlap"
    if _compiles_alone(tree, edits):
        return ""
    for piece, inside in by_piece(tree, edits).items():
        text = tree.text[piece.start : piece.end]
        if compiles(
            apply(text, [Edit(edit.span.shifted(-piece.start), edit.content) for edit in inside]), tree.notebook
        ):
            continue
        if compiles(text, tree.notebook) or not compiles(apply(tree.text, edits), tree.notebook):
            return "the result does not compile"
    return ""


def _compiles_alone(tree: Tree, edits: Sequence[Edit]) -> bool:
    """Whether the edited statements compile without the others. "No" says nothing: not every edit stands alone."""
    inside: dict[Place, list[Edit]] = {}
    for edit in edits:
        place = place_at(tree, edit.span)
        if place is None or place.unit.error:
            return False
        inside.setdefault(place, []).append(edit)
    return all(
        compiles(_cut(tree.text, place, [*own, *skeleton(tree, place, own)]), tree.notebook)
        for place, own in inside.items()
    )


def _cut(text: str, place: Place, edits: Sequence[Edit]) -> str:
    """The text of a unit after edits."""
    return apply(place.unit.source, [Edit(edit.span.shifted(-place.start), edit.content) for edit in edits])


def by_piece(tree: Tree, edits: Sequence[Edit]) -> dict[Span, list[Edit]]:
    """The edits by the piece of the document that has to compile with them: a top-level block, or a method of a class.

    The whole document is one piece when an edit falls into no block.
    """
    found: list[Span] = []
    for edit in edits:
        piece = _piece(tree, edit.span)
        if piece is None:
            return {Span(0, len(tree.text)): list(edits)}
        found.append(piece)
    merged: list[Span] = []
    for piece in sorted(found):
        if merged and piece.start < merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, piece.end))
        else:
            merged.append(piece)
    return {piece: [edit for edit, own in zip(edits, found, strict=True) if _inside(own, piece)] for piece in merged}


def _piece(tree: Tree, span: Span) -> Span | None:
    """The method, else the top-level block, that a range falls into; at a border the two together."""
    near = [item for item in tree.items if item.place.start <= span.end and span.start <= _end(item)]
    members = [Span(place.start, place.end) for item in near for place in item.members]
    for pieces in (members, [Span(item.place.start, _end(item)) for item in near]):
        holders = [piece for piece in pieces if piece.start <= span.start and span.end <= piece.end]
        if holders:
            return Span(min(holders).start, max(piece.end for piece in holders))
    return None


def _end(item: Item) -> int:
    return max(place.end for place in (item.place, *item.members[-1:]))


def _inside(inner: Span, outer: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def compiles(text: str, notebook: bool = False) -> bool:
    """Whether a piece of a program compiles; methods of a class may stand without their class."""
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if notebook else 0
    text = text.removeprefix("\ufeff")
    if _INDENTED.match(text):
        text = "class _:\n" + text
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(text, "<fix>", "exec", flags, dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


def vetted(
    tree: Tree, finding: Finding, fixes: Sequence[Fix], findings: Sequence[Finding], check: Check
) -> tuple[Fix, ...]:
    """The fixes of a finding, those that do not keep their promise disabled and put behind the others.

    Only what is not safe is looked at: a guard, for one, takes away the read that proved to the next one that the
    future is done. Safe fixes wait for the future on every path; that they keep their promise is shown by tests.
    """
    judged = [_vetted(tree, finding, fix, findings, check) for fix in fixes]
    return tuple(sorted(judged, key=lambda fix: bool(fix.disabled)))


def untried(fixes: Sequence[Fix]) -> tuple[Fix, ...]:
    """The fixes of a finding where no outcome can be looked at: what is not safe is disabled, and behind the others."""
    why = "the program is too large to see what this would do"
    judged = [
        replace(f, disabled=why, preferred=False) if f.applicability == "unsafe" and not f.disabled else f
        for f in fixes
    ]
    return tuple(sorted(judged, key=lambda fix: bool(fix.disabled)))


def _vetted(tree: Tree, finding: Finding, fix: Fix, findings: Sequence[Finding], check: Check) -> Fix:
    if fix.disabled or fix.applicability != "unsafe":
        return fix
    return replace(fix, disabled=unkept(tree, [(finding, fix)], findings, check), preferred=False)


def unkept(tree: Tree, made: Sequence[tuple[Finding, Fix]], findings: Sequence[Finding], check: Check) -> str:
    """Why fixes that are made together do not keep their promise, empty if they do.

    `findings` are all of the document, `check` finds those of another text.
    """
    edits = tuple(sorted({edit for _, fix in made for edit in fix.edits}))
    return broken(tree, edits) or failed([one for one, _ in made], edits, findings, check(apply(tree.text, edits)))


def failed(
    mended: Sequence[Finding],
    edits: Sequence[Edit],
    before: Sequence[Finding],
    after: Sequence[Finding],
    *,
    new: bool = True,
) -> str:
    """Whether edits that should have mended some findings leave one of them, or bring a new one; in words.

    `new`: look for new ones. Code behind a read that always raised is only reached, and judged, once that is mended.
    """
    gone = {(one.code, moved_span(one.span, edits)) for one in mended}
    known = {(one.code, moved_span(one.span, edits)) for one in before} - gone
    for one in after:
        if (one.code, one.span) in known:  # may stand within a mended one, or around it
            continue
        if any(one.code == code and _same(one.span, span) for code, span in gone):
            return "the read would still be too early"
        if new and not any(one.code == code and _same(one.span, span) for code, span in known):
            return "another read would then be too early"
    return ""


def _same(one: Span, other: Span) -> bool:
    """Whether two reads are the same one; a rewritten read may have shrunk or grown."""
    return one.overlaps(other)


def moved_span(span: Span, edits: Iterable[Edit]) -> Span:
    """Where a range stands after edits; text inserted at its start is not part of it, replaced text is."""
    start, end = span.start, span.end
    for edit in edits:
        grown = len(edit.content) - (edit.span.end - edit.span.start)
        if edit.span.end <= span.start and edit.span != span:
            start, end = start + grown, end + grown
        elif edit.span.start < span.end:
            end += grown
    return Span(start, max(start, end))
