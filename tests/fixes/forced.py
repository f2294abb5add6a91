"""Findings without an analysis: every read of a text, as if it were too early."""

from __future__ import annotations

import ast

from tooearly.model import Cause, Finding, Span
from tooearly.source.tree import Place, Tree, parse

CAUSE = Cause("task", "fresh")


def forced(tree: Tree, cause: Cause = CAUSE) -> list[Finding]:
    """A finding at every `x.result()` and `x.exception()` of the text that parses, in the order of the text."""
    found = [one for place in tree.places() for one in _of_place(place, cause)]
    return sorted({one.span: one for one in found}.values(), key=lambda one: one.span)


def _of_place(place: Place, cause: Cause) -> list[Finding]:
    found: list[Finding] = []
    for statement in place.unit.body:
        for node in ast.walk(statement):
            receiver, method = read_of(node)
            if receiver is not None and not place.unit.is_repaired(place.unit.span(node)):
                found.append(finding(place.span(node), place.span(receiver), method, cause))
    return found


def read_of(node: ast.AST) -> tuple[ast.expr | None, str]:
    """The receiver and the method of a read, None if the node is none."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Attribute(attr="Task" | "Future"), attr=method), args=[receiver]):
            return (receiver, method) if method in ("result", "exception") else (None, "")
        case ast.Call(func=ast.Attribute(value=receiver, attr="result" | "exception" as method), args=[], keywords=[]):
            return receiver, method
    return None, ""


def finding(span: Span, receiver: Span, method: str = "result", cause: Cause = CAUSE) -> Finding:
    """A finding of the main rule."""
    return Finding("result-before-done", "warning", "possible", "read too early", span, receiver, method, "", cause)


def analyse(text: str) -> tuple[Tree, list[Finding]]:
    """The tree of a text and its findings."""
    tree = parse(text)
    return tree, forced(tree)
