"""Fix `repair`: mend the wait that was not enough.

Which repair fits follows from the cause of the finding: a time limit is dropped, `FIRST_COMPLETED` becomes a wait for
all, `gather` is told to return exceptions, a loop over all tasks becomes one over the finished ones, `cancel()` is
followed by a wait, a read inside a task group moves behind it. All of them change what the program does when the wait
falls short, so they are offered to be chosen and never made without asking.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace

from tooearly.fixes.containers import container
from tooearly.fixes.edit import block_of, indent_step, indentation, line_end, line_start, newline, opens_line
from tooearly.fixes.evaluation import stable
from tooearly.fixes.names import asyncio_function
from tooearly.fixes.reached import after_failure, cut_off
from tooearly.fixes.scope import COMPREHENSIONS, assigned_value, free_name, names_in
from tooearly.fixes.site import Path, Site, path_to
from tooearly.model import Edit, Fix, Span
from tooearly.semantics.names import walk


@dataclass(frozen=True, slots=True)
class Wait:
    """The call that did not wait long enough, and the way to it."""

    call: ast.Call
    path: Path
    row: int


def repairs(site: Site) -> list[Fix]:
    """The repairs that fit the cause of the finding."""
    cause = site.finding.cause
    if cause.why == "inside-group":
        return _some(_behind_the_group(site))
    if cause.why == "gather-failed":
        return _some(_returning_exceptions(site))
    wait = _wait(site)
    if wait is None:
        return []
    match cause.why:
        case "timeout":
            return _some(_without(site, wait, "timeout", "Drop the timeout of"), _over_done(site, wait))
        case "first-completed" | "first-exception":
            return _some(_without(site, wait, "return_when", "Wait for all tasks in"), _over_done(site, wait))
        case "cancelled":
            return _some(_wait_after(site, wait))
    return []


def _some(*fixes: Fix | None) -> list[Fix]:
    return [fix for fix in fixes if fix is not None]


def _wait(site: Site) -> Wait | None:
    """The call at the cause's wait, if it is in the same unit."""
    path = _way(site)
    if not path or not isinstance(path[-1], ast.Call):
        return None
    return Wait(path[-1], path, site.row(site.span(path[-1]).start))


def _way(site: Site) -> Path:
    """The way to what is waited for at the cause's wait; empty if that is in another unit."""
    span = site.finding.cause.wait
    if span is None or not (site.place.start <= span.start and span.end <= site.place.end):
        return ()
    path = path_to(site.place, span)
    return (*path, path[-1].value) if path and isinstance(path[-1], ast.Await) else path


def _without(site: Site, wait: Wait, keyword: str, verb: str) -> Fix | None:
    """Take a keyword argument out of the wait; of a wait that may fall short in two ways, both."""
    given = [one for one in wait.call.keywords if one.arg in ("timeout", "return_when") and not _is_harmless(one)]
    if keyword not in [one.arg for one in given]:
        return None
    edits: list[Edit] = []
    for one in given:
        span = site.span(one)
        ends = [end for other in (*wait.call.args, *wait.call.keywords) if (end := site.span(other).end) < span.start]
        if not ends or "#" in site.text[max(ends) : span.end]:
            return None
        edits.append(Edit(Span(max(ends), span.end), ""))
    both = "Wait for all tasks, without a time limit, in"
    title = f"{both if len(given) > 1 else verb} `{ast.unparse(wait.call.func)}` on line {wait.row}"
    reason = "the read is made only when something is left unfinished" if cut_off(site, wait.path) else ""
    return Fix(title, "repair", "unsafe", tuple(sorted(edits)), disabled=reason)


def _is_harmless(keyword: ast.keyword) -> bool:
    """Whether an argument says what holds without it."""
    match keyword.value:
        case ast.Constant(value=None) | ast.Attribute(attr="ALL_COMPLETED") | ast.Name(id="ALL_COMPLETED"):
            return True
    return False


def _returning_exceptions(site: Site) -> Fix | None:
    """`gather(..., return_exceptions=True)`, which waits for all whatever happens."""
    path = _way(site)
    call = _gather(site, path[-1]) if path else None
    if call is None or not call.args or any(one.arg in ("return_exceptions", None) for one in call.keywords):
        return None
    last = max(site.span(one).end for one in (*call.args, *call.keywords))
    row = site.row(site.span(call).start)
    title = f"Let `{ast.unparse(call.func)}` on line {row} return exceptions, so that it waits for all"
    reason = (
        "the read is made only after a failure, which would then not be raised" if after_failure(site, path) else ""
    )
    return Fix(title, "repair", "unsafe", (Edit(Span(last, last), ", return_exceptions=True"),), disabled=reason)


def _gather(site: Site, waited: ast.AST) -> ast.Call | None:
    """The one call of `gather` that is waited for: there itself, inside of it, or where its name was given."""
    spelled = asyncio_function(site, "gather")
    function = site.scope
    found = [node for node in walk(waited) if isinstance(node, ast.Call) and _called(node, spelled)]
    if not found and function is not None:
        values = [assigned_value(function, name) for name in names_in(waited)]
        found = [value for value in values if isinstance(value, ast.Call) and _called(value, spelled)]
    return found[0] if len(found) == 1 or (found and found[0] is waited) else None


def _called(call: ast.Call, spelled: tuple[str, tuple[Edit, ...]] | None) -> bool:
    names = {"gather", spelled[0].rpartition(".")[2]} if spelled is not None else {"gather"}
    return ast.unparse(call.func).rpartition(".")[2] in names


def _over_done(site: Site, wait: Wait) -> Fix | None:
    """Walk over the set of finished tasks instead of over all that were waited for."""
    found = container(site)
    if found is None or not wait.call.args or ast.dump(wait.call.args[0]) != ast.dump(found.iterable):
        return None
    if not isinstance(found.node, (ast.For, *COMPREHENSIONS)):
        return None
    name, edits = _done_name(site, wait)
    if not name:
        return None
    title = f"Read only the finished ones, in the set `{name}`"
    return Fix(title, "repair", "unsafe", tuple(sorted((*edits, Edit(site.span(found.iterable), name)))))


def _done_name(site: Site, wait: Wait) -> tuple[str, tuple[Edit, ...]]:
    """The name of the done set, and the edit that gives it one."""
    function = site.context.function or site.scope
    if function is None or function not in wait.path or not isinstance(wait.path[-2], ast.Await):
        return "", ()
    match wait.path[-3]:
        case ast.Assign(targets=[ast.Tuple(elts=[ast.Name(id=name), _])]) if name != "_":
            return name, ()
        case ast.Assign(targets=[ast.Tuple(elts=[ast.Name(id="_") as target, _])]):
            name = free_name(function, "done")
            return name, (Edit(site.span(target), name),)
        case ast.Assign(targets=[ast.Name(id="_") as target]):
            name = free_name(function, "done")
            return name, (Edit(site.span(target), f"{name}, _"),)
        case ast.Expr() as statement:
            name, start = free_name(function, "done"), site.span(statement).start
            return name, (Edit(Span(start, start), f"{name}, _ = "),)
    return "", ()


def _wait_after(site: Site, wait: Wait) -> Fix | None:
    """`await asyncio.wait([task])` behind `task.cancel()`; for all, behind a loop that cancels one after the other."""
    statement = next(node for node in reversed(wait.path) if isinstance(node, ast.stmt))
    if not isinstance(wait.call.func, ast.Attribute) or not stable(wait.call.func.value):
        return None
    receiver = wait.call.func.value
    said, argument, test = f"`{site.source(receiver)}`", f"[{site.source(receiver)}]", ""
    cancelled = replace(site.finding, span=site.span(wait.call), receiver=site.span(receiver))
    found = container(Site(site.tree, site.place, (*wait.path[:-1], wait.call), cancelled))
    if found is not None and isinstance(found.node, ast.For):
        said = f"all of `{found.elements}`"
        if not _cancels_all(found.node, statement, receiver):
            title = f"Wait for {said} to end"
            return Fix(title, "repair", "unsafe", disabled="not all of them are cancelled there")
        statement, argument, test = found.node, found.elements, found.base
    title = f"Wait for {said} to end after `cancel()` on line {wait.row}"
    return _line_behind(site, statement, title, argument, test)


def _cancels_all(loop: ast.For, statement: ast.stmt, receiver: ast.expr) -> bool:
    """Whether a loop does nothing but cancel each task, or each that is not done."""
    match loop.body:
        case [one] if one is statement:
            return not loop.orelse
        case [ast.If(test=ast.UnaryOp(op=ast.Not(), operand=ast.Call(func=ast.Attribute(value=asked, attr="done"))))]:
            return not loop.orelse and ast.dump(asked) == ast.dump(receiver)
    return False


def _line_behind(site: Site, statement: ast.stmt, title: str, argument: str, test: str) -> Fix | None:
    """The fix that waits on a line of its own behind a statement, below an `if` when there is a test."""
    span, spelled = site.span(statement), asyncio_function(site, "wait")
    if spelled is None or site.context.barrier or statement in site.path:
        return None
    if not isinstance(statement, ast.Expr | ast.For) or not opens_line(site.text, span.start):
        return None
    end = line_end(site.text, span.end)
    rest = site.text[span.end : end].strip()
    if rest and not rest.startswith("#"):
        return None
    gap = newline(site.text, span.end) + indentation(site.text, span.start)
    line = f"{gap}if {test}:{gap}{indent_step(site)}" if test else gap
    line += f"await {spelled[0]}({argument})"
    return Fix(title, "repair", "unsafe", tuple(sorted((*spelled[1], Edit(Span(end, end), line)))))


def _behind_the_group(site: Site) -> Fix | None:
    """Move the statement, and those behind it, out of the `async with` block that makes the tasks."""
    index = next((i for i in range(len(site.path) - 1, -1, -1) if _is_group(site.path[i])), None)
    if index is None or index + 1 >= len(site.path):
        return None
    group, statement = site.path[index], site.path[index + 1]
    assert isinstance(group, ast.AsyncWith)
    if statement not in group.body or statement is group.body[0]:
        return None
    block = block_of(group, statement)
    moved = block[block.index(statement) :]
    opened = {name for item in group.items if item.optional_vars for name in names_in(item.optional_vars)}
    if any(opened & names_in(one) for one in moved):
        return None
    edits = _dedented(site, moved, site.span(group).start)
    title = "Move the read behind the `async with` block"
    return Fix(title, "repair", "unsafe", edits) if edits else None


def _is_group(node: ast.AST) -> bool:
    if not isinstance(node, ast.AsyncWith):
        return False
    return any("TaskGroup" in ast.unparse(item.context_expr) for item in node.items)


def _dedented(site: Site, statements: list[ast.stmt], outer: int) -> tuple[Edit, ...]:
    """The edits that give statements the indentation of `outer`; none when a string or comment stands in the way."""
    start, end = site.span(statements[0]).start, site.span(statements[-1]).end
    deep, shallow = indentation(site.text, start), indentation(site.text, outer)
    if not opens_line(site.text, start) or not opens_line(site.text, outer) or not deep.startswith(shallow):
        return ()
    for node in (one for statement in statements for one in walk(statement)):
        if isinstance(node, ast.Constant | ast.JoinedStr) and "\n" in site.source(node):
            return ()
    edits: list[Edit] = []
    at = _with_comments(site.text, line_start(site.text, start), deep)
    while at < end:
        if site.text.startswith(deep, at):
            edits.append(Edit(Span(at, at + len(deep)), shallow))
        stop = line_end(site.text, at)
        at = stop + len(newline(site.text, at)) if stop < len(site.text) else end
    return tuple(edits)


def _with_comments(text: str, start: int, indent: str) -> int:
    """The beginning of the comment lines of that indentation directly above a line, else of the line itself."""
    while start:
        above = line_start(text, start - 1)
        if not text.startswith(f"{indent}#", above):
            break
        start = above
    return start
