"""Fix `guard`: read only if the future is done.

The first form that fits is taken. A statement that gives no name a value goes below `if task.done():`. A read in a
condition is made part of it: `if task.done() and task.result() > 3`. Of the elements of a comprehension those that are
not done are left out. Elsewhere the expression that needs the value becomes `... if task.done() else None`; where no
`None` can stand (`a, b = task.result()`) there is no guard. Each goes on without the value, so none is ever safe.
"""

from __future__ import annotations

import ast

from tooearly.fixes.edit import (
    indent_step,
    indentation,
    line_end,
    line_start,
    newline,
    opens_line,
    receiver_end,
    receiver_text,
    skip,
)
from tooearly.fixes.evaluation import stable
from tooearly.fixes.hoist import inner_bindings
from tooearly.fixes.nothing import ORDERING, whole
from tooearly.fixes.scope import names_in
from tooearly.fixes.site import Comprehension, Site
from tooearly.model import Edit, Fix, Span
from tooearly.semantics.names import walk

_NARROW, _WIDE = 79, 120
_LOOSE = (ast.IfExp, ast.Lambda, ast.NamedExpr)
_POSITIONAL = {"zip", "enumerate", "dict"}


def guard_fix(site: Site) -> Fix | None:
    """Read only if the future is done; None when the receiver cannot be written twice."""
    if not stable(site.receiver) or receiver_end(site) is None:
        return None
    title = f"Read `{site.name}` only if it is done"
    if site.finding.certainty == "always":
        return Fix(title, "guard", "unsafe", disabled=f"`{site.name}` is never done here, so nothing would be read")
    test = f"{receiver_text(site)}.done()"
    if (edits := _below(site, test)) or (edits := _in_condition(site, test)):
        return Fix(title, "guard", "unsafe", edits)
    if (found := _filtered(site)) is not None:
        return Fix(f"Read only those `{site.name}` that are done", "guard", "unsafe", (_filter(site, found, test),))
    index, other = whole(site.path)
    if not other or _names(site) & inner_bindings(site.path[index:]):
        return Fix(title, "guard", "unsafe", disabled="`None` cannot take the place of the result here")
    lines = () if isinstance(site.path[index - 1], ast.BoolOp) else _lines(site, test)
    return Fix(title, "guard", "unsafe", lines or _conditional(site, index, test, other))


def _names(site: Site) -> set[str]:
    assert site.receiver is not None
    return names_in(site.receiver)


def _later(site: Site, start: int) -> bool:
    """Whether what stands there only hands on the code that reads: a test before it would be made too soon."""
    return any(isinstance(node, ast.Lambda | ast.GeneratorExp) for node in site.path[start:])


def _below(site: Site, test: str) -> tuple[Edit, ...]:
    """`if task.done():` around a statement that gives no name a value for those below."""
    statement = site.path[site.statement]
    if _names(site) & inner_bindings(site.path[site.statement :]) or _later(site, site.statement):
        return ()
    match statement:
        case ast.Expr(value=value) if not isinstance(value, ast.Yield | ast.YieldFrom):
            skipped = True
        case ast.Raise() | ast.AugAssign():
            skipped = True
        case ast.Assign(targets=targets, value=value):
            skipped = value is not site.read and _known(targets, value)
        case _:
            skipped = False
    if not skipped or any(isinstance(node, ast.NamedExpr) for node in walk(statement)):
        return ()
    return _indented(site, statement, f"if {test}:")


def _known(targets: list[ast.expr], value: ast.expr) -> bool:
    """Whether all targets have a value before the assignment, as far as it tells: they stand in it on both sides."""
    used = {ast.dump(node) for node in walk(value) if isinstance(node, ast.expr)}
    return all(ast.dump(one).replace("Store()", "Load()") in used for one in targets)


def _indented(site: Site, statement: ast.AST, header: str) -> tuple[Edit, ...]:
    """A header above a statement, which is moved to the right; nothing where other text would move with it."""
    span, text = site.span(statement), site.text
    end = line_end(text, span.end)
    rest = text[span.end : end].strip(" \t\f")
    if not opens_line(text, span.start) or (rest and not rest.startswith("#")):
        return ()
    rows = [at for at in _rows(text, span) if text[at : line_end(text, at)].strip()]
    if rows and (_holds_text(site, statement) or "\\" in text[span.start : span.end]):
        return ()
    step = indent_step(site)
    first = Edit(
        Span(span.start, span.start), header + newline(text, span.start) + indentation(text, span.start) + step
    )
    return (first, *(Edit(Span(at, at), step) for at in rows))


def _rows(text: str, span: Span) -> list[int]:
    """Where the further lines of a range begin."""
    found: list[int] = []
    at = line_end(text, span.start)
    while at < span.end:
        found.append(at + len(newline(text, at)))
        at = line_end(text, found[-1])
    return found


def _holds_text(site: Site, statement: ast.AST) -> bool:
    """Whether a string goes over several lines: what is moved would be another text."""
    strings = (node for node in walk(statement) if isinstance(node, ast.Constant | ast.JoinedStr))
    return any("\n" in site.source(node) or "\r" in site.source(node) for node in strings)


def _in_condition(site: Site, test: str) -> tuple[Edit, ...]:
    """`task.done() and ...` in front of the part of a condition that reads."""
    top = next((at for at in range(len(site.path) - 1, 0, -1) if _is_test(site.path[at - 1], site.path[at])), 0)
    if not top or _later(site, top):
        return ()
    at = top
    while isinstance(site.path[at], ast.BoolOp) and at + 1 < len(site.path):
        at += 1
    operand, parent = site.path[at], site.path[at - 1]
    if isinstance(operand, ast.IfExp | ast.Lambda) or _names(site) & inner_bindings(site.path[at:]):
        return ()
    if not _used_only_if_true(site, site.path[top - 1], operand):
        return ()
    span = site.span(operand)
    enclosed = _enclosed(site.text, span)
    if isinstance(operand, ast.NamedExpr):
        start = site.text.rindex("(", 0, span.start) if enclosed else span.start
        first = Edit(Span(start, start), f"{test} and {'(' * (not enclosed)}")
        return (first,) if enclosed else (first, Edit(Span(span.end, span.end), ")"))
    mixed = isinstance(parent, ast.BoolOp) and isinstance(parent.op, ast.Or) and not enclosed
    first = Edit(Span(span.start, span.start), f"{'(' * mixed}{test} and ")
    return (first, Edit(Span(span.end, span.end), ")")) if mixed else (first,)


def _enclosed(text: str, span: Span) -> bool:
    """Whether a pair of brackets stands directly around a range."""
    after = skip(text, span.end)
    return text[: span.start].rstrip().endswith("(") and text[after : after + 1] == ")"


def _used_only_if_true(site: Site, owner: ast.AST, operand: ast.AST) -> bool:
    """Whether the names that a part of a condition binds are used only where the condition holds."""
    names = {node.target.id for node in walk(operand) if isinstance(node, ast.NamedExpr)}
    if not names:
        return True
    if site.scope is None or not isinstance(owner, ast.If | ast.While | ast.IfExp):
        return False
    body = owner.body if isinstance(owner.body, list) else [owner.body]
    below = {id(node) for root in (owner.test, *body) for node in walk(root)}
    return all(id(node) in below for node in walk(site.scope) if isinstance(node, ast.Name) and node.id in names)


def _is_test(parent: ast.AST, child: ast.AST) -> bool:
    match parent:
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test) | ast.Assert(test=test):
            return test is child
        case ast.match_case(guard=test):
            return test is child
        case ast.comprehension(ifs=tests):
            return child in tests
    return False


def _filtered(site: Site) -> Comprehension | None:
    """The comprehension that may leave out elements: the read takes one of them, and their number does not matter."""
    for index in range(len(site.path) - 2, 0, -1):
        node, inside = site.path[index], site.path[index + 1]
        if isinstance(node, ast.Lambda):
            return None
        if isinstance(node, Comprehension):
            bound = {name for one in node.generators for name in names_in(one.target)}
            if bound & _names(site):
                return None if isinstance(inside, ast.comprehension) or _counted(site, index) else node
    return None


def _counted(site: Site, index: int) -> bool:
    """Whether the place or number of the elements has a meaning to what the comprehension is given to."""
    match site.path[index - 1]:
        case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords):
            needing = name in {*ORDERING, "next"} and len(args) == 1 and all(one.arg != "default" for one in keywords)
            return needing or name in _POSITIONAL
        case ast.Assign(targets=targets):
            return any(isinstance(one, ast.Tuple | ast.List) for one in targets)
        case ast.Subscript() | ast.Starred():
            return True
    return False


def _filter(site: Site, node: Comprehension, test: str) -> Edit:
    """`if task.done()` at the end of a comprehension, joined to a condition that stands there."""
    last = node.generators[-1]
    bracket = site.span(node).end - 1
    end = site.span(last.ifs[-1] if last.ifs else last.iter).end
    at = skip(site.text, end)
    while site.text[at : at + 1] == ")" and at < bracket:
        end = at + 1
        at = skip(site.text, end)
    joined = bool(last.ifs) and not isinstance(last.ifs[-1], (*_LOOSE, ast.BoolOp))
    return Edit(Span(end, end), f" {'and' if joined else 'if'} {test}")


def _conditional(site: Site, index: int, test: str, other: str) -> tuple[Edit, ...]:
    """`... if task.done() else None`, around `site.path[index]`."""
    node = site.path[index]
    assert isinstance(node, ast.expr)
    span, parent = site.span(node), site.path[index - 1]
    before, after = ("(", ")") if isinstance(node, _LOOSE) else ("", "")
    after += f" if {test} else {other}"
    if other != "None" or not _stands_alone(parent, node):
        before, after = "(" + before, after + ")"
    if before:
        return (Edit(Span(span.start, span.start), before), Edit(Span(span.end, span.end), after))
    return (Edit(Span(span.end, span.end), after),)


def _stands_alone(parent: ast.AST, node: ast.expr) -> bool:
    """Whether a conditional expression needs no parentheses in the place of a node."""
    match parent:
        case ast.Assign() | ast.AnnAssign() | ast.Return() | ast.Expr() | ast.keyword() | ast.FormattedValue():
            return True
        case ast.NamedExpr() | ast.List() | ast.Set() | ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
            return True
        case ast.Lambda() | ast.Dict() | ast.DictComp() | ast.Yield():
            return True
        case ast.Call(args=args):
            return node in args
    return False


def _lines(site: Site, test: str) -> tuple[Edit, ...]:
    """For a name or a `return` on a line that would grow too long: `if task.done():` with a line of its own."""
    statement, text = site.path[site.statement], site.text
    if _names(site) & inner_bindings(site.path[site.statement :]) or _later(site, site.statement):
        return ()
    span = site.span(statement)
    longest = max(_NARROW, min(_WIDE, max(map(len, text.splitlines()), default=0)))
    if line_end(text, span.end) - line_start(text, span.start) + len(f" if {test} else None") <= longest:
        return ()
    gap = newline(text, span.start) + indentation(text, span.start)
    moved = _indented(site, statement, f"if {test}:")
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)]) if moved:
            first = moved[0]
            return (Edit(first.span, f"{name} = None{gap}{first.content}"), *moved[1:])
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            return moved
        case ast.Return() if moved:
            return (*moved, Edit(Span(span.end, span.end), f"{gap}return None"))
    return ()
