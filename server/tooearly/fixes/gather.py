"""Fix `gather`: one wait for several futures.

Three forms, the first that fits: a comprehension that reads every element of a container is replaced by
`await asyncio.gather(*tasks)`; several futures that are read in one statement, or in a row of statements, are gathered
before the first; a single future is gathered before its statement. The order of the arguments is the order of the
reads, so that of several finished and failed tasks the same one is raised as before.

Where something that can be noticed happens between the gather and a read (an earlier turn of a loop, a call to the
left), the gather keeps the exceptions inside, so that they are still raised by the reads.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from tooearly.fixes.containers import Container, container
from tooearly.fixes.edit import block_of, names_the_future, needs_parentheses
from tooearly.fixes.evaluation import conditions, noticed_between, raises_sooner, stable
from tooearly.fixes.hoist import plan
from tooearly.fixes.names import asyncio_function
from tooearly.fixes.scope import bindings, names_in
from tooearly.fixes.site import Site, path_to
from tooearly.fixes.wait_before import gather_one, inserted, listed, promise, whole_plan
from tooearly.model import Edit, Finding, Fix

_KEPT = ", return_exceptions=True"
_WHOLE = (ast.ListComp, ast.SetComp, ast.GeneratorExp)


def gather_fix(site: Site, group: list[Site]) -> Fix:
    """The gather that suits the read best; disabled with the reason if there is none. `group`: see `row`."""
    found = container(site)
    if found is not None:
        return _all_of(site, found)
    several = len(group) > 1 and all(one.finding.method == "result" for one in group)
    return _many(group) if several else gather_one(site)


def row(site: Site, findings: Sequence[Finding]) -> list[Site]:
    """The reads of different futures that one wait can serve: those of the statement and of plain ones next to it.

    They are in the order of the text, without conditions, and of receivers that can be named before the first.
    """
    if not _can_join(site):
        return [site]
    index = site.context.anchor
    block = block_of(site.path[index - 1], site.path[index]) if index else list(site.place.unit.body)
    mine = next(number for number, statement in enumerate(block) if statement is site.path[index])
    near = _neighbours(site, block, mine, findings)
    members = [one for number in sorted(near) for one in near[number]]
    first, last = min(near), max(near)
    bound = {one.name for statement in block[first:last] for one in bindings(statement)}
    group: dict[str, Site] = {}
    for one in members:
        if one.receiver is not None and not (first < last and names_in(one.receiver) & bound):
            group.setdefault(ast.dump(one.receiver), one)
    return list(group.values()) if site.receiver and ast.dump(site.receiver) in group else [site]


def _neighbours(site: Site, block: list[ast.stmt], mine: int, findings: Sequence[Finding]) -> dict[int, list[Site]]:
    """The reads that can be joined, by the number of their statement, of the row around statement `mine`."""
    near = {mine: _reads_in(site, block[mine], findings) or [site]}
    for step in (-1, 1):
        number = mine + step
        while 0 <= number < len(block) and _plain(block[number]) and _plain(block[mine]):
            if not (reads := _reads_in(site, block[number], findings)):
                break
            near[number] = reads
            number += step
    return near


def _reads_in(site: Site, statement: ast.stmt, findings: Sequence[Finding]) -> list[Site]:
    """The findings in a statement's own code that a common wait could serve."""
    span = site.span(statement)
    found: list[Site] = []
    for finding in findings:
        if span.start <= finding.span.start and finding.span.end <= span.end and finding.code == site.finding.code:
            path = path_to(site.place, finding.span)
            other = Site(site.tree, site.place, path, finding)
            if len(path) > 1 and _can_join(other) and other.path[other.context.anchor] is statement:
                found.append(other)
    return sorted(found, key=lambda one: one.finding.span)


def _can_join(site: Site) -> bool:
    context, receiver = site.context, site.receiver
    if context.function is None or context.deferred or context.barrier:
        return False
    if receiver is None or not stable(receiver) or not names_the_future(site) or container(site) is not None:
        return False
    return conditions(site.path[context.anchor :]) == [] and not isinstance(plan(site, [receiver]), str)


def _plain(statement: ast.stmt) -> bool:
    """Whether a statement only gives results to names: nothing that one could see happens in it."""
    match statement:
        case ast.Assign(targets=[ast.Name()], value=ast.Call(func=ast.Attribute(attr="result"), args=[])):
            return True
    return False


def _many(group: list[Site]) -> Fix:
    keeps = any(raises_sooner(one, one.path[one.context.anchor]) for one in group)
    title = f"Gather {listed(group)} before the line" + (" (keeps their exceptions inside)" if keeps else "")
    receivers = [one.receiver for one in group if one.receiver is not None]
    where = plan(group[0], receivers)
    if isinstance(where, str):
        return Fix(title, "gather", "safe", disabled=where)
    arguments = ", ".join(group[0].source(receiver) for receiver in receivers)
    targets, spelled = _unpacked(group), asyncio_function(group[0], "gather")
    if keeps or not targets or spelled is None:
        return inserted(where, title, "gather", "gather", arguments + (_KEPT if keeps else ""))
    title = f"Gather {listed(group)} and unpack their results"
    text = f"{', '.join(targets)} = await {spelled[0]}({arguments})"
    return Fix(title, "gather", where.applicability, _joined(group, text, spelled[1]))


def _unpacked(group: list[Site]) -> list[str]:
    """The targets of `a = t.result()` lines, if the group is made of such lines and nothing else, else nothing."""
    targets: list[str] = []
    end = None
    for one in group:
        span = one.span(one.path[one.statement])
        if end is not None and one.text[end : span.start].strip(" \t\r\n;"):
            return []
        end = span.end
        match one.path[one.statement]:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if value is one.read:
                targets.append(name)
    return targets if len(targets) == len(group) and len(set(targets)) == len(targets) else []


def _joined(group: list[Site], text: str, imports: tuple[Edit, ...]) -> tuple[Edit, ...]:
    """Replace the first statement by `text` and take the others out."""
    edits = [*imports]
    for number, one in enumerate(group):
        statement = one.path[one.statement]
        span = one.span(statement)
        if number == 0:
            edits.append(Edit(span, text))
            end = span.end
        else:
            edits.append(Edit(type(span)(end, span.end), ""))
            end = span.end
    return tuple(sorted(edits))


def _all_of(site: Site, found: Container) -> Fix:
    """`await asyncio.gather(*tasks)` in the place of the comprehension, or before the loop."""
    replaced = _replaced(site, found)
    if replaced is not None:
        return replaced
    where = whole_plan(site, found)
    title = f"Gather `{' '.join(found.star.split())}` before the line"
    if isinstance(where, str):
        return Fix(title, "gather", "safe", disabled=where)
    keeps = site.finding.method != "result" or noticed_between(site, found.node)
    if isinstance(found.node, ast.For):
        title = title.replace("before the line", "before the loop")
    where = replace(where, applicability=promise(site, found, where))
    title += " (keeps their exceptions inside)" if keeps else ""
    return inserted(where, title, "gather", "gather", " ".join(found.star.split()) + (_KEPT if keeps else ""))


def _replaced(site: Site, found: Container) -> Fix | None:
    """The fix that replaces the whole comprehension, if it does nothing but read."""
    node = found.node
    if found.filtered or site.finding.method != "result":
        return None
    if node is not site.read and not (isinstance(node, _WHOLE) and node.elt is site.read):
        return None
    whole = Site(site.tree, site.place, site.path[: site.path.index(node) + 1], site.finding)
    spelled = asyncio_function(site, "gather")
    if spelled is None or whole.context.barrier or whole.context.function is None:
        return None
    text = f"await {spelled[0]}({' '.join(found.star.split())})"
    if isinstance(node, ast.SetComp):
        text = f"set({text})"
    elif needs_parentheses(whole):
        text = f"({text})"
    span = site.span(node)
    if isinstance(node, ast.GeneratorExp | ast.Call):
        if not _is_consumed(whole):
            return None
        brackets = isinstance(node, ast.GeneratorExp) and isinstance(whole.parent, ast.Call)
        if brackets and site.span(whole.parent).end == span.end:
            text = f"({text})"
    what = "`map`" if isinstance(node, ast.Call) else "the comprehension"
    title = f"Replace {what} by `await {spelled[0]}({' '.join(found.star.split())})`"
    return Fix(title, "gather", "safe", tuple(sorted((*spelled[1], Edit(span, text)))))


def _is_consumed(whole: Site) -> bool:
    """Whether a generator is walked at once by a call such as `sum(...)`, by a `*` or by unpacking: a list will do."""
    match whole.parent:
        case ast.Call(
            func=ast.Name(id="sum" | "list" | "tuple" | "set" | "max" | "min" | "sorted" | "frozenset"), args=args
        ):
            return args[0] is whole.read
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str()), attr="join")):
            return True
        case ast.Assign(targets=[ast.Tuple() | ast.List()]) | ast.Starred():
            return True
    return False
