"""Put a wait before the statement that reads.

A wait that is moved out of an expression must still do what the expression would have done. So a plan is refused when
the receiver gets its value inside the statement or would be evaluated twice, and when the statement is the condition
of a loop, which is evaluated again. A read that is reached only under a condition (`x and t.exception()`) is waited
for under the same condition when that can be said twice without effect; otherwise, and when something that runs before
the read could change the receiver, the plan is marked unsafe.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from tooearly.fixes.edit import indent_step, insert_before, line_start, statement_start
from tooearly.fixes.evaluation import Condition, conditions, pure, side_effect_before, stable
from tooearly.fixes.scope import COMPREHENSIONS, Binding, bindings, bound_names, is_local, names_in, own_nodes
from tooearly.fixes.site import Path, Site, path_to
from tooearly.model import Applicability, Edit
from tooearly.semantics.names import walk


@dataclass(frozen=True, slots=True)
class Plan:
    """A place for a wait: before `path[index]`, under `conditions` (source text), with a promise.

    `before` says in a title what it stands before.
    """

    site: Site
    index: int
    conditions: tuple[str, ...]
    applicability: Applicability
    before: str = "the line"

    def edits(self, line: str, *conditions: str) -> tuple[Edit, ...]:
        """The edits that insert `line`, below an `if` when there are conditions."""
        tests = (*self.conditions, *conditions)
        if not tests:
            return insert_before(self.site, self.index, [line, *self._gap()])
        test = tests[0] if len(tests) == 1 else " and ".join(_operand(one) for one in tests)
        return insert_before(self.site, self.index, [f"if {test}:", indent_step(self.site) + line, *self._gap()])

    def _gap(self) -> list[str]:
        """A blank line, if one stood before the definition that the wait goes before."""
        statement, text = self.site.path[self.index], self.site.text
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return []
        start = line_start(text, statement_start(self.site, statement))
        return [""] if text[line_start(text, start - 1) : start].strip() == "" and start else []


def plan(site: Site, receivers: Sequence[ast.expr]) -> Plan | str:
    """Where a wait for the receivers can stand before the read, or the reason why it cannot."""
    context = site.context
    if context.function is None:
        return context.barrier
    index = context.anchor
    for receiver in receivers:
        if not stable(receiver):
            return f"`{site.source(receiver)}` would be evaluated twice"
        if names := sorted(names_in(receiver) & inner_bindings(site.path[index:])):
            return f"`{names[0]}` gets its value inside the statement"
    if reason := _refused(site.path[index:]):
        return reason
    if (call := _only_call(site)) is not None and isinstance(where := plan(call, receivers), Plan):
        return replace(where, before=f"`{call.source(call.read)}` on line {call.row(call.span(call.read).start)}")
    return _planned(site, receivers, index)


def _only_call(site: Site) -> Site | None:
    """The place that calls the function which reads, if it is a plain one beside it and has no other use."""
    function, nested = site.context.function, site.path[site.context.anchor]
    if function not in site.path or not isinstance(nested, ast.FunctionDef) or nested.decorator_list:
        return None
    if site.path[site.context.anchor + 1] not in nested.body:
        return None
    uses = [node for node in walk(function) if isinstance(node, ast.Name) and node.id == nested.name]
    calls = [node for node in own_nodes(function) if isinstance(node, ast.Call) and node.func in uses]
    if len(uses) != 1 or len(calls) != 1 or sum(one.name == nested.name for one in bindings(function)) != 1:
        return None
    path = path_to(site.place, site.span(calls[0]))
    call = Site(site.tree, site.place, path, site.finding)
    return call if path and call.context.function is function and not call.context.deferred else None


def _planned(site: Site, receivers: Sequence[ast.expr], index: int) -> Plan:
    way = site.path[index:]
    known = None if isinstance(way[0], ast.ClassDef) and len(_statements(way)) > 2 else conditions(way)
    safe = known is not None
    required = list(known or ())
    while site.text.startswith("elif", site.span(site.path[index]).start) and isinstance(site.path[index - 1], ast.If):
        index -= 1
        test = site.path[index].test  # type: ignore[attr-defined]
        earlier = conditions((*site.path[index : index + 1], test))
        pure_test = earlier is not None and pure(test)
        safe = safe and pure_test
        required = [Condition(test, False), *required] if pure_test else required
    if not safe:
        required = []
    trusted = all(_settled(site, receiver, index) for receiver in receivers)
    texts = tuple(_condition_text(site, one) for one in required)
    return Plan(site, index, texts, "safe" if safe and trusted else "unsafe")


def _statements(way: Path) -> list[ast.AST]:
    return [node for node in way if isinstance(node, ast.stmt)]


def _refused(way: Path) -> str:
    """Why no wait can replace one at the read, empty if one can."""
    match way[0]:
        case ast.While(test=test) if way[1] is test:
            return "the condition of a loop is evaluated again, without the wait"
        case ast.Try() | ast.Match() if isinstance(way[1], ast.ExceptHandler):
            return "the read stands in the header of an `except` clause"
    return ""


def _settled(site: Site, receiver: ast.expr, index: int) -> bool:
    """Whether nothing between the wait and the read can give the receiver another value."""
    function = site.context.function
    assert function is not None
    local = isinstance(receiver, ast.Name) and is_local(function, receiver.id)
    if not site.context.deferred:
        return local or not side_effect_before(site, site.path[index])
    ways = [one for name in names_in(receiver) for one in bindings(function) if one.name == name]
    return local and len(ways) == 1 and _before(ways[0], site.path[index])


def _before(binding: Binding, node: ast.AST) -> bool:
    return (binding.line, binding.column) < (node.lineno, node.col_offset)  # type: ignore[attr-defined]


def inner_bindings(way: Path) -> set[str]:
    """The names that get a value between the beginning of `way[0]` and the read at its end."""
    found: set[str] = set()
    for parent, child in pairwise(way):
        match parent:
            case ast.Lambda() if child is parent.body:
                found |= {arg.arg for arg in walk(parent.args) if isinstance(arg, ast.arg)}
            case ast.FunctionDef() | ast.ClassDef() if child in parent.body:
                found |= bound_names(parent)
            case ast.With() | ast.AsyncWith():
                found |= {name for item in parent.items if item.optional_vars for name in names_in(item.optional_vars)}
            case ast.match_case():
                found |= {name for one in bindings(parent) for name in (one.name,)}
            case _ if isinstance(parent, COMPREHENSIONS):
                found |= {name for generator in parent.generators for name in names_in(generator.target)}
    header = way[0] if not isinstance(way[0], ast.If | ast.While | ast.For | ast.AsyncFor) else way[1]
    for node in walk(header):
        if isinstance(node, ast.NamedExpr) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
    return found


_OPPOSITE: dict[type[ast.cmpop], str] = {
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.Is: "is not",
    ast.IsNot: "is",
    ast.In: "not in",
    ast.NotIn: "in",
}


def _condition_text(site: Site, condition: Condition) -> str:
    """The condition as it is to be written before the statement, turned round where it must not hold."""
    match condition.test, condition.holds:
        case ast.UnaryOp(op=ast.Not(), operand=operand), False:
            return _one_line(site, operand)
        case ast.Compare(left=left, ops=[op], comparators=[right]), False if type(op) in _OPPOSITE:
            return f"{_one_line(site, left)} {_OPPOSITE[type(op)]} {_one_line(site, right)}"
        case test, holds:
            plain = isinstance(test, ast.Name | ast.Attribute | ast.Call | ast.Subscript | ast.Constant)
            text = _one_line(site, test)
            return text if holds else f"not {text}" if plain else f"not ({text})"


def _one_line(site: Site, node: ast.expr) -> str:
    text = site.source(node)
    return ast.unparse(node) if any(char in text for char in "\r\n#") else text


def _operand(test: str) -> str:
    """A condition as an operand of `and`."""
    tree = ast.parse(test, mode="eval").body
    loose = isinstance(tree, ast.IfExp | ast.Lambda | ast.NamedExpr) or (
        isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.Or)
    )
    return f"({test})" if loose else test
