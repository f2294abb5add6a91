"""Fix many findings at once.

Method: in each round every finding names the fix it would take (its preferred safe one, or the one of a wished kind);
fixes are taken in the order of the text as long as their edits do not collide with those taken before. Edits that two
fixes have in common (the same import, the same wait, the same read) are made once. Nested and overlapping fixes wait
for the next round, in which the new text is analysed again: what an earlier fix has mended is no longer found. A
round whose outcome does not compile or brings new findings is taken back and its fixes are tried one by one. The
number of rounds is bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tooearly.config import Settings
from tooearly.fixes.apply import apply, disjoint
from tooearly.fixes.offer import offer
from tooearly.fixes.validate import broken
from tooearly.model import Edit, Finding, Fix
from tooearly.source.tree import Tree

ROUNDS = 8
"""How often the text is analysed again; nested reads need one round for each level."""

Analyse = Callable[[str], tuple[Tree, Sequence[Finding]]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The text after all fixes, the fixes that were made, and what is still found."""

    text: str
    fixes: tuple[Fix, ...]
    findings: tuple[Finding, ...]


def fix_all(
    text: str,
    analyse: Analyse,
    settings: Settings,
    *,
    kind: str = "",
    unsafe: bool = False,
    codes: Sequence[str] = (),
) -> Outcome:
    """Apply one fix of each finding until nothing more can be fixed.

    `analyse` gives the tree and the findings of a text. `kind` (`await`, `gather`, `wait`, ...) is taken where it is
    offered, `unsafe` also allows fixes that may change what the program does, `codes` restricts to some rules.
    """
    tree, findings = analyse(text)
    made: list[Fix] = []
    refused: set[tuple[str, str]] = set()
    for _ in range(ROUNDS):
        wanted = [one for one in findings if not codes or one.code in codes]
        chosen = [fix for one in wanted if (fix := choose(offer(tree, one, findings, settings), kind, unsafe))]
        chosen = [fix for fix in chosen if (fix.title, _near(tree.text, fix)) not in refused]
        step = _round(tree, findings, chosen, analyse)
        if step is None:
            break
        taken, failed, tree, findings = step
        refused |= failed
        made += taken
        if not taken and not failed:
            break
    return Outcome(tree.text, tuple(made), tuple(findings))


Step = tuple[list[Fix], set[tuple[str, str]], Tree, Sequence[Finding]]


def _round(tree: Tree, findings: Sequence[Finding], chosen: Sequence[Fix], analyse: Analyse) -> Step | None:
    """One round: the fixes made, those that proved wrong, and what is found afterwards. None: nothing to do."""
    taken, edits = combine(chosen)
    if not taken:
        return None
    if not broken(tree, edits):
        new_tree, new_findings = analyse(apply(tree.text, edits))
        if len(new_findings) < len(findings):
            return taken, set(), new_tree, new_findings
    failed: set[tuple[str, str]] = set()
    for fix in taken:
        if not broken(tree, fix.edits):
            new_tree, new_findings = analyse(apply(tree.text, fix.edits))
            if len(new_findings) < len(findings):
                return [fix], failed, new_tree, new_findings
        failed.add((fix.title, _near(tree.text, fix)))
    return [], failed, tree, findings


def _near(text: str, fix: Fix) -> str:
    """The text around a fix, to know it again after other edits."""
    start = min(edit.span.start for edit in fix.edits)
    return text[max(0, start - 40) : start + 40]


def choose(fixes: Sequence[Fix], kind: str = "", unsafe: bool = False) -> Fix | None:
    """The fix to take without asking: of the wished kind if there is one, else the preferred one."""
    allowed = ("safe", "unsafe") if unsafe else ("safe",)
    able = [fix for fix in fixes if not fix.disabled and fix.applicability in allowed and fix.kind != "suppress"]
    for fix in able:
        if kind and fix.kind == kind:
            return fix
    preferred = next((fix for fix in able if fix.preferred), None)
    return preferred or next(iter(able if unsafe else []), None)


def combine(fixes: Sequence[Fix]) -> tuple[list[Fix], tuple[Edit, ...]]:
    """As many of the fixes as fit together, and their edits; an edit that several ask for is made once."""
    taken: list[Fix] = []
    edits: list[Edit] = []
    for fix in fixes:
        new = [edit for edit in fix.edits if edit not in edits]
        if disjoint([*edits, *new]) and not _shares_line(edits, new):
            taken.append(fix)
            edits += new
    return taken, tuple(sorted(edits))


def _shares_line(edits: Sequence[Edit], new: Sequence[Edit]) -> bool:
    """Whether both replace from the same offset: their order could not be told."""
    return any(one.span == other.span and one.span.start != one.span.end for one in edits for other in new)
