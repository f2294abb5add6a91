"""`match` statements: one test block per case, captures assigned before the guard."""

from __future__ import annotations

import ast

from tooearly.flow import cfg
from tooearly.flow.builder import Builder, UnknownSyntax
from tooearly.flow.lower_expr import condition, expr
from tooearly.semantics.names import walk

KNOWN = (
    ast.MatchValue,
    ast.MatchSingleton,
    ast.MatchSequence,
    ast.MatchMapping,
    ast.MatchClass,
    ast.MatchStar,
    ast.MatchAs,
    ast.MatchOr,
)


def match_statement(b: Builder, node: ast.Match) -> None:
    """Cases are tried in order; a guard that fails goes on to the next one."""
    from tooearly.flow.lower_stmt import statements

    subject, after = expr(b, node.subject), b.block()
    for case in node.cases:
        matched, following = b.block(), b.block()
        captures = tuple((name, b.temp()) for name in capture_names(case.pattern))
        values = tuple((named, expr(b, named)) for named in names_of(case.pattern))
        b.end(cfg.MatchPattern(case.pattern, subject, case.pattern, values, captures), match=matched, next=following)
        b.start(matched)
        for name, temp in captures:
            b.emit(cfg.Store(case.pattern, *b.resolve(name), temp))
        if case.guard:
            passed = b.block()
            condition(b, case.guard, passed, following)
            b.start(passed)
        statements(b, case.body)
        b.end(cfg.Jump(node), next=after)
        b.start(following)
    b.end(cfg.Jump(node), next=after)
    b.start(after)


def capture_names(pattern: ast.pattern) -> list[str]:
    """The names a pattern binds, in the order of the text."""
    names = []
    for node in walk(pattern):
        if isinstance(node, ast.pattern) and not isinstance(node, KNOWN):
            raise UnknownSyntax(type(node).__name__)
        name = getattr(node, "rest" if isinstance(node, ast.MatchMapping) else "name", None)
        if isinstance(node, ast.MatchAs | ast.MatchStar | ast.MatchMapping) and name:
            names.append(name)
    return names


def names_of(pattern: ast.pattern) -> list[ast.expr]:
    """The values and classes that a pattern names."""
    nodes = walk(pattern)
    values = [n.value for n in nodes if isinstance(n, ast.MatchValue) and not isinstance(n.value, ast.Constant)]
    return [*values, *(n.cls for n in nodes if isinstance(n, ast.MatchClass))]
