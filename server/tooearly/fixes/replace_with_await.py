"""Fix `await`: write `await task` in the place of `task.result()`.

The text of the receiver stays as it is, with its own parentheses and comments; `await` binds tighter than every
operator but attribute access, subscript and call, so only an operand of these (or of another `await`) is put in
parentheses. Further reads of the same name in the same statement are rewritten with it: awaiting a finished task is
reading it. Where the suspension would come between reading and writing a shared value, the task is awaited into a
name before the statement.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from tooearly.fixes.containers import Container, container, over_a_copy
from tooearly.fixes.edit import (
    in_parentheses,
    indentation,
    insert_before,
    line_end,
    needs_parentheses,
    newline,
    receiver_end,
    receiver_text,
    skip,
    tail_comments,
)
from tooearly.fixes.evaluation import conditions, pure, stable, stale_operand
from tooearly.fixes.hoist import inner_bindings
from tooearly.fixes.names import asyncio_function
from tooearly.fixes.scope import free_name, names_in
from tooearly.fixes.site import Site, context, path_to
from tooearly.model import Edit, Finding, Fix
from tooearly.semantics.names import children


def await_fix(site: Site, findings: Sequence[Finding] = ()) -> Fix:
    """Replace the read by an `await`; disabled with the reason where that is wrong.

    Of `findings`, all of the document, those of the same statement are mended with it: half a line is no help.
    """
    found = container(site)
    return over_a_copy(site, found, _await_fix(site, found, findings))


def _await_fix(site: Site, found: Container | None, findings: Sequence[Finding]) -> Fix:
    title = f"Await `{site.name}`" if found is None else f"Await each `{site.name}`"
    if found is not None and found.node is site.read:
        title = f"Await each of `{found.elements}`"
    if reason := refusal(site):
        return Fix(title, "await", "safe", disabled=reason)
    if site.finding.code == "blocking-result" or site.finding.cause.future == "mixed":
        return _wrapped(site)
    if stale_operand(site):
        return _into_a_name(site)
    others = _neighbours(site, findings) if found is None else []
    if others:
        title = f"Await {english([one.name for one in sorted((site, *others), key=lambda one: one.finding.span)])}"
    mended = [one for first in (site, *others) for one in (first, *companions(first))]
    return Fix(title, "await", "safe", tuple(sorted({await_edit(one) for one in mended})))


def english(names: Sequence[str]) -> str:
    """Names of code as an English list, each once."""
    quoted = [f"`{name}`" for name in dict.fromkeys(names)]
    return f"{', '.join(quoted[:-1])} and {quoted[-1]}" if len(quoted) > 1 else quoted[0]


def _neighbours(site: Site, findings: Sequence[Finding]) -> list[Site]:
    """The other reads of the statement that are too early and can become an `await` where they stand.

    Of reads within each other only one is rewritten at a time.
    """
    own = {site.span(node) for node in own_expressions(site.path[site.statement]) if isinstance(node, ast.Call)}
    found: list[Site] = []
    for finding in findings:
        apart = not any(finding.span.overlaps(one.finding.span) for one in (site, *found))
        if finding.span in own and apart and finding.code == site.finding.code:
            other = Site(site.tree, site.place, path_to(site.place, finding.span), finding)
            if not refusal(other) and not stale_operand(other) and container(other) is None:
                found.append(other)
    return found


def refusal(site: Site) -> str:
    """Why the read cannot be replaced by an `await`, empty if it can."""
    if site.finding.method != "result":
        return f"`await` would raise the exception of `{site.name}` instead of returning it"
    if site.context.barrier or site.context.function is None:
        return site.context.barrier
    if is_debug_field(site):
        return "the f-string prints the text of the expression"
    if site.receiver is None or not is_plain_read(site):
        return "the read has a form that `await` cannot replace"
    return ""


def is_plain_read(site: Site) -> bool:
    """Whether the read is a call whose outcome is the future's result, and that can be cut out of the text."""
    read = site.read
    if not isinstance(read, ast.Call):
        return False
    if site.finding.code == "blocking-result":
        return receiver_end(site) is not None
    if read.keywords or len(read.args) > 1:
        return False
    if not read.args:
        return receiver_end(site) is not None or (isinstance(read.func, ast.Name) and stable(site.receiver))
    return read.args[0] is site.receiver


def is_debug_field(site: Site) -> bool:
    """Whether the read is inside `f"{...=}"`, whose output shows the text of the expression."""
    field = next((node for node in reversed(site.path) if isinstance(node, ast.FormattedValue)), None)
    if field is None:
        return False
    after = skip(site.text, site.span(field.value).end)
    while site.text[after : after + 1] == ")":
        after = skip(site.text, after + 1)
    return site.text[after : after + 1] == "=" and site.text[after + 1 : after + 2] != "="


def await_edit(site: Site) -> Edit:
    """The edit that puts `await receiver` in the place of the read."""
    span = site.span(site.read)
    content = f"await {receiver_text(site)}"
    comments = tail_comments(site)
    if comments:
        kept = f"{content}  {comments[0]}{_more_comments(site, comments[1:])}"
        gap = newline(site.text, span.end) + indentation(site.text, span.end)
        if not in_parentheses(site):
            return Edit(span, f"({kept}{gap})")
        ends_line = not site.text[span.end : line_end(site.text, span.end)].strip()
        return Edit(span, kept if ends_line else kept + gap)
    return Edit(span, f"({content})" if needs_parentheses(site) else content)


def _more_comments(site: Site, comments: list[str]) -> str:
    end = site.span(site.read).end
    gap = newline(site.text, end) + indentation(site.text, end)
    return "".join(gap + one for one in comments)


def companions(site: Site) -> list[Site]:
    """The other reads of the same receiver in the statement's own expressions that can be awaited as well."""
    receiver, root = site.receiver, site.path[site.statement]
    if receiver is None or not stable(receiver) or receiver_end(site) is None or container(site):
        return []
    if names_in(receiver) & inner_bindings(site.path[site.statement :]):
        return []
    found: list[Site] = []
    for node in own_expressions(root):
        other = same_read(site, node)
        if other is not None and not refusal(other) and not stale_operand(other):
            found.append(other)
    return found


def same_read(site: Site, node: ast.AST) -> Site | None:
    """The site of another read of the same receiver at `node`, None if it is none."""
    match node:
        case ast.Call(func=ast.Attribute(value=value, attr="result"), args=[], keywords=[]) if node is not site.read:
            if ast.dump(value) != ast.dump(site.receiver):  # type: ignore[arg-type]
                return None
            path = path_to(site.place, site.span(node))
            finding = _moved(site, node, value)
            return Site(site.tree, site.place, path, finding) if path and context(path) else None
    return None


def _moved(site: Site, node: ast.Call, value: ast.expr) -> Finding:
    return replace(site.finding, span=site.span(node), receiver=site.span(value), method="result")


def own_expressions(statement: ast.AST) -> list[ast.AST]:
    """The nodes of a statement without those of the statements in it: of a compound statement, its header."""
    found: list[ast.AST] = []
    stack = [statement]
    while stack:
        node = stack.pop()
        found.append(node)
        stack += [child for child in children(node) if not isinstance(child, ast.stmt | ast.ExceptHandler)]
    return found


def _into_a_name(site: Site) -> Fix:
    """Await before the statement, so that nothing is read before the suspension and written after it."""
    title = f"Await `{site.name}` into a name before the line"
    index, function = site.statement, site.context.function
    statement = site.path[index]
    assert function is not None
    simple = isinstance(statement, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Expr | ast.Return)
    whole = isinstance(statement, ast.AugAssign) and statement.value is site.read and pure(statement.target)
    if not simple or conditions(site.path[index:]) != [] or not (whole or stable(site.receiver)):
        return Fix(title, "await", "unsafe", (await_edit(site),))
    if names_in(site.receiver) & inner_bindings(site.path[index:]):  # type: ignore[arg-type]
        return Fix(title, "await", "unsafe", (await_edit(site),))
    name = free_name(function, _result_name(site))
    line = f"{name} = await {receiver_text(site)}"
    edits = (*insert_before(site, index, [line]), Edit(site.span(site.read), name))
    return Fix(title, "await", "safe", tuple(sorted(edits)))


def _result_name(site: Site) -> str:
    return f"{site.receiver.id}_result" if isinstance(site.receiver, ast.Name) else "result"


def _wrapped(site: Site) -> Fix:
    """For a future of a thread: `await asyncio.wrap_future(f)`, with the time limit of the read.

    A future of asyncio is given back by `wrap_future` as it is, so that this suits a name that may hold either.
    """
    title = f"Await `{site.name}` with `asyncio.wrap_future`"
    read = site.read
    wrap, limit = asyncio_function(site, "wrap_future"), asyncio_function(site, "wait_for")
    assert isinstance(read, ast.Call)
    if wrap is None or limit is None:
        return Fix(title, "await", "safe", disabled="`asyncio` is the name of something else here")
    text, imports = f"{wrap[0]}({receiver_text(site)})", wrap[1]
    timeouts = [*read.args, *(keyword.value for keyword in read.keywords)]
    if timeouts and not (isinstance(timeouts[0], ast.Constant) and timeouts[0].value is None):
        text, imports = f"{limit[0]}({text}, {site.source(timeouts[0])})", tuple({*imports, *limit[1]})
    text = f"(await {text})" if needs_parentheses(site) else f"await {text}"
    return Fix(title, "await", "unsafe" if timeouts else "safe", tuple(sorted((*imports, Edit(site.span(read), text)))))
