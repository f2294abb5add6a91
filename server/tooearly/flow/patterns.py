"""`match`: whether a pattern takes its subject, and what its names are then."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tooearly.flow import cfg
from tooearly.flow.ended import set_aside
from tooearly.flow.machine import Act, Machine, Outcome
from tooearly.flow.objects import Fut
from tooearly.flow.state import World
from tooearly.flow.values import Const, Ref, Unknown, Value, const, may_equal


def match_pattern(m: Machine, act: Act, w: World, term: cfg.MatchPattern) -> Iterator[tuple[str, Outcome]]:
    """The ways out of a case: "match" with the captures bound, "next"."""
    subject = w.env.get((act.frame, term.subject), Unknown())
    value = w.env.get((act.frame, term.value), Unknown()) if term.value is not None else None
    captures: dict[str, Value] = {}
    answer = test(w, subject, term.pattern, value, captures)
    if answer is not False:
        taken = w.copy()
        for name, temp in term.captures:
            taken.env[act.frame, temp] = captures.get(name, Unknown())
        if any(name not in captures for name, _ in term.captures):
            set_aside(taken, subject)
        yield "match", Outcome(taken)
    if answer is not True:
        yield "next", Outcome(w)


def test(
    w: World, subject: Value, pattern: ast.pattern, value: Value | None, captures: dict[str, Value]
) -> bool | None:
    """Whether the pattern matches: True, False, or None when it cannot be told."""
    match pattern:
        case ast.MatchAs(pattern=None, name=name):
            if name:
                captures[name] = subject
            return True
        case ast.MatchAs(pattern=inner, name=name) if inner is not None:
            if name:
                captures[name] = subject
            return test(w, subject, inner, None, captures)
        case ast.MatchSingleton(value=constant):
            return _equal(w, subject, const(constant))
        case ast.MatchValue(value=node):
            known = (
                const(node.value)
                if isinstance(node, ast.Constant) and not isinstance(node.value, bytes | complex)
                else value
            )
            return _equal(w, subject, known) if isinstance(known, Const) else None
        case ast.MatchOr(patterns=patterns):
            answers = [test(w, subject, p, None, captures) for p in patterns]
            return True if True in answers else (None if None in answers else False)
        case ast.MatchSequence(patterns=patterns):
            return _sequence(w, subject, patterns, captures)
        case ast.MatchMapping(keys=keys, patterns=patterns, rest=None):
            return _mapping(w, subject, keys, patterns, captures)
    return False if isinstance(subject, Const) and isinstance(pattern, ast.MatchMapping) else None


def _equal(w: World, subject: Value, constant: Const) -> bool | None:
    if isinstance(subject, Const):
        return bool(subject.value == constant.value)
    if isinstance(subject, Ref) and isinstance(w.heap.get(subject.oid), Fut):
        return False
    return None if may_equal(subject, constant) else False


def _sequence(w: World, subject: Value, patterns: list[ast.pattern], captures: dict[str, Value]) -> bool | None:
    cont = w.cont(subject)
    if isinstance(subject, Const):
        return False
    if cont is None or not cont.exact or any(isinstance(p, ast.MatchStar) for p in patterns):
        return None
    if len(cont.items) != len(patterns):
        return False
    answers = [test(w, item, p, None, captures) for item, p in zip(cont.items, patterns, strict=True)]
    return False if False in answers else (None if None in answers else True)


def _mapping(
    w: World, subject: Value, keys: list[ast.expr], patterns: list[ast.pattern], captures: dict[str, Value]
) -> bool | None:
    cont = w.cont(subject)
    if isinstance(subject, Const):
        return False
    if cont is None or cont.kind != "dict" or not cont.exact or not all(isinstance(key, Const) for key in cont.keys):
        return None
    wanted = [const(key.value) if isinstance(key, ast.Constant) else None for key in keys]
    if None in wanted:
        return None
    held = dict(zip(cont.keys, cont.items, strict=True))
    if any(key not in held for key in wanted):
        return False
    answers = [
        test(w, held[key], p, None, captures) for key, p in zip(wanted, patterns, strict=True) if key is not None
    ]
    return False if False in answers else (None if None in answers else True)
