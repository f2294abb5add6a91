"""Fix many findings at once.

Method: in each round every finding names the fix it would take (its preferred safe one, or the one of a wished kind);
fixes are taken in the order of the text as long as their edits do not collide with those taken before. Edits that two
fixes have in common (the same import, the same wait, the same read) are made once. Nested and overlapping fixes wait
for the next round, in which the new text is analysed again: what an earlier fix has mended is no longer found. For the
same reason only the first of several reads of one future in a function is fixed in a round. A round whose outcome does
not compile, leaves a finding that it should mend or brings a new one is taken back; its fixes are tried one by one, and
those that pass are made together. The number of rounds is bounded.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tooearly.config import Settings
from tooearly.fixes.apply import apply, disjoint
from tooearly.fixes.offer import offer
from tooearly.fixes.site import Comprehension, locate
from tooearly.fixes.validate import broken, failed
from tooearly.model import Edit, Finding, Fix
from tooearly.source.tree import Tree

FRUGAL = 4
"""So many rounds fix one read of each future at a time, so that no second wait is made where the first will do."""

ROUNDS = 8
"""How often the text is analysed again; nested reads need one round for each level."""

Analyse = Callable[[str], tuple[Tree, Sequence[Finding]]]
Chosen = Sequence[tuple[Finding, Fix]]
Step = tuple[list[Fix], set[tuple[str, str]], Tree, Sequence[Finding]]


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
    for number in range(ROUNDS):
        wanted = [one for one in findings if not codes or one.code in codes]
        offers = [(one, offer(tree, one, findings, settings)) for one in wanted]
        chosen = _chosen(offers, kind, unsafe)
        chosen = [(one, fix) for one, fix in chosen if (fix.title, _near(tree.text, fix)) not in refused]
        chosen = _firsts(tree, chosen) if number < FRUGAL else chosen
        step = _round(tree, findings, chosen, analyse)
        if step is None:
            break
        taken, failed, tree, findings = step
        refused |= failed
        made += taken
        if not taken and not failed:
            break
    return Outcome(tree.text, tuple(made), tuple(findings))


def _chosen(offers: Sequence[tuple[Finding, Sequence[Fix]]], kind: str, unsafe: bool) -> list[tuple[Finding, Fix]]:
    """The fix that each finding takes: one that the fixes before it have made already, else the one to be taken."""
    chosen: list[tuple[Finding, Fix]] = []
    made: set[Edit] = set()
    for one, fixes in offers:
        done = [fix for fix in fixes if fix.applicability == "safe" and fix.edits and made.issuperset(fix.edits)]
        if fix := next(iter(done), None) or choose(fixes, kind, unsafe):
            chosen.append((one, fix))
            made.update(fix.edits)
    return chosen


def _firsts(tree: Tree, chosen: Chosen) -> list[tuple[Finding, Fix]]:
    """Of several reads of one future in a function the first, and those that the same edits mend."""
    firsts: dict[tuple[str, str], tuple[Edit, ...]] = {}
    kept: list[tuple[Finding, Fix]] = []
    for one, fix in sorted(chosen, key=lambda pair: (_evaluated(tree, pair[0]), pair[0].span)):
        about = one.function, tree.text[one.receiver.start : one.receiver.end]
        if set(fix.edits) <= set(firsts.setdefault(about, fix.edits)):
            kept.append((one, fix))
    return kept


def _evaluated(tree: Tree, finding: Finding) -> int:
    """Where in the text a read is evaluated: the element of a comprehension behind what it is chosen by."""
    site = locate(tree, finding)
    if site is not None:
        for node, child in pairwise(site.path):
            if isinstance(node, Comprehension) and not isinstance(child, ast.comprehension):
                return site.span(node).end
    return finding.span.start


def _round(tree: Tree, findings: Sequence[Finding], chosen: Chosen, analyse: Analyse) -> Step | None:
    """One round: the fixes made, those that proved wrong, and what is found afterwards. None: nothing to do."""
    taken = combine(chosen)
    if not taken:
        return None
    if (outcome := _made(tree, findings, taken, analyse)) is not None:
        return [fix for _, fix in taken], set(), *outcome
    alone = [(one, _made(tree, findings, [one], analyse)) for one in taken]
    good = [one for one, outcome in alone if outcome is not None]
    refused = {(fix.title, _near(tree.text, fix)) for (_, fix), outcome in alone if outcome is None}
    if len(good) > 1 and (outcome := _made(tree, findings, good, analyse)) is not None:
        return [fix for _, fix in good], refused, *outcome
    for (_, fix), outcome in alone:
        if outcome is not None:
            return [fix], refused, *outcome
    return [], refused, tree, findings


def _made(
    tree: Tree, findings: Sequence[Finding], chosen: Chosen, analyse: Analyse
) -> tuple[Tree, Sequence[Finding]] | None:
    """The tree and the findings after the fixes, None if they do not keep their promise together."""
    edits = edits_of(fix for _, fix in chosen)
    if broken(tree, edits):
        return None
    new_tree, new_findings = analyse(apply(tree.text, edits))
    safe = all(fix.applicability == "safe" for _, fix in chosen)
    if failed([one for one, _ in chosen], edits, findings, new_findings, new=not safe):
        return None
    return new_tree, new_findings


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


def combine(chosen: Chosen) -> Chosen:
    """As many of the fixes as fit together."""
    taken: list[tuple[Finding, Fix]] = []
    edits: list[Edit] = []
    for finding, fix in chosen:
        new = [edit for edit in fix.edits if edit not in edits]
        if disjoint([*edits, *new]) and not _shares_line(edits, new):
            taken.append((finding, fix))
            edits += new
    return taken


def edits_of(fixes: Iterable[Fix]) -> tuple[Edit, ...]:
    """The edits of several fixes; one that several ask for is made once."""
    return tuple(sorted({edit for fix in fixes for edit in fix.edits}))


def _shares_line(edits: Sequence[Edit], new: Sequence[Edit]) -> bool:
    """Whether both replace from the same offset: their order could not be told."""
    return any(one.span == other.span and one.span.start != one.span.end for one in edits for other in new)
