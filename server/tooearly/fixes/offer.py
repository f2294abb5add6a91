"""Which fixes a finding gets, in which order, and which one is preferred.

Each kind answers for itself, with edits or with the reason why there are none. What all refuse is said once, as a
disabled fix. A plain `await` is preferred where it is right; for several different futures in one statement it is the
gather before it, for reads that may not await (`.exception()`, lambdas, class bodies) the wait before the statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from tooearly.config import Settings
from tooearly.fixes.containers import container
from tooearly.fixes.deadlock import under_thread_lock
from tooearly.fixes.gather import gather_fix, row
from tooearly.fixes.guard import guard_fix
from tooearly.fixes.hopeless import ends_cancelled, hopeless
from tooearly.fixes.make_async import make_async
from tooearly.fixes.repair_wait import repairs
from tooearly.fixes.replace_with_await import await_fix
from tooearly.fixes.run_loop import run_fix
from tooearly.fixes.site import Site, locate
from tooearly.fixes.suppress import suppress_fixes
from tooearly.fixes.validate import broken
from tooearly.fixes.wait_before import wait_before_loop, wait_fix
from tooearly.model import Finding, Fix
from tooearly.source.tree import Tree


def offer(tree: Tree, finding: Finding, findings: Sequence[Finding], settings: Settings) -> tuple[Fix, ...]:
    """All fixes of a finding, the preferred one first, the disabled ones behind the others.

    `findings` are all findings of the document: reads in a row are gathered together. No setting matters so far.
    """
    del settings
    site = locate(tree, finding)
    if site is None:
        unparsed = Fix("Rewrite the read", "await", "safe", disabled="the code around it does not parse")
        return (*suppress_fixes(tree, finding, None), unparsed)
    suppress = suppress_fixes(tree, finding, site)
    if reason := hopeless(site):
        return (*suppress, Fix(f"Await `{site.name}`", "await", "safe", disabled=reason))
    group = row(site, findings) if finding.code == "result-before-done" else [site]
    rewrites = _checked(tree, _rewrites(site, group, findings))
    if ends_cancelled(site) or under_thread_lock(site):
        rewrites = [replace(fix, applicability="unsafe") for fix in rewrites]
    enabled = _preferred(site, group, [fix for fix in rewrites if not fix.disabled])
    disabled = [fix for fix in rewrites if fix.disabled]
    return (*enabled, *suppress, *disabled)


def _rewrites(site: Site, group: list[Site], findings: Sequence[Finding]) -> list[Fix]:
    if site.finding.code != "result-before-done" or site.finding.cause.future == "mixed":
        return [await_fix(site)]
    fixes = [await_fix(site, findings), gather_fix(site, group), wait_before_loop(site), wait_fix(site, group)]
    fixes += [run_fix(site), make_async(site), *repairs(site), guard_fix(site)]
    return [fix for fix in fixes if fix]


def _checked(tree: Tree, fixes: Iterable[Fix]) -> list[Fix]:
    """The fixes, those whose outcome would not compile disabled."""
    return [fix if fix.disabled else replace(fix, disabled=broken(tree, fix.edits)) for fix in fixes]


def _preferred(site: Site, group: list[Site], fixes: list[Fix]) -> list[Fix]:
    """The fixes with the best safe one marked and first."""
    order = ["await", "wait", "gather", "run", "async"]
    found = container(site)
    several = found is None and len(group) > 1 and all(one.finding.method == "result" for one in group)
    if several or (found is not None and found.emptied):
        order = ["gather", "await", "wait", "run"]
    elif found is not None and found.live:
        order = ["wait", "gather", "await", "run"]
    ranked = [fix for kind in order for fix in fixes if fix.kind == kind and fix.applicability == "safe"]
    if not ranked:
        return fixes
    best = ranked[0]
    return [replace(best, preferred=True), *(fix for fix in fixes if fix is not best)]
