"""`match`: whether a pattern takes its subject, and what its names are then."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tooearly.flow import beside, cfg
from tooearly.flow.classes import bases, belongs, field_names
from tooearly.flow.ended import set_aside
from tooearly.flow.machine import Act, Machine, Outcome
from tooearly.flow.objects import Fut, Inst
from tooearly.flow.state import World
from tooearly.flow.values import FALSE, TRUE, Const, Klass, Ref, Unknown, Value, const, may_equal
from tooearly.semantics.names import Class


def match_pattern(m: Machine, act: Act, w: World, term: cfg.MatchPattern) -> Iterator[tuple[str, Outcome]]:
    """The ways out of a case: "match" with the captures bound, "next"."""
    subject = w.env.get((act.frame, term.subject), Unknown())
    known = {node: w.env.get((act.frame, temp), Unknown()) for node, temp in term.values}
    captures: dict[str, Value] = {}
    answer = Matching(m, w, known, captures).match(subject, term.pattern)
    if answer is not False:
        taken = w.copy()
        for name, temp in term.captures:
            taken.env[act.frame, temp] = captures.get(name, Unknown())
        if any(name not in captures for name, _ in term.captures):
            set_aside(taken, subject)
        yield "match", Outcome(taken)
    if answer is not True:
        yield "next", Outcome(w)


@dataclass(frozen=True, slots=True)
class Matching:
    """A pattern against its subject. `known`: the values and classes that the pattern names; `captures` is filled."""

    m: Machine
    w: World
    known: Mapping[ast.expr, Value]
    captures: dict[str, Value]

    def match(self, subject: Value, pattern: ast.pattern) -> bool | None:
        """Whether the pattern matches: True, False, or None when it cannot be told."""
        match pattern:
            case ast.MatchAs(pattern=inner, name=name):
                if name:
                    self.captures[name] = subject
                return True if inner is None else self.match(subject, inner)
            case ast.MatchSingleton(value=constant):
                return self._equal(subject, const(constant))
            case ast.MatchValue(value=ast.Constant(value=bytes() | complex())):
                return None
            case ast.MatchValue(value=ast.Constant(value=constant)):
                return self._equal(subject, const(constant))
            case ast.MatchValue(value=node):
                known = self.known.get(node)
                return self._equal(subject, known) if isinstance(known, Const) else None
            case ast.MatchOr(patterns=patterns):
                answers = [self.match(subject, p) for p in patterns]
                return True if True in answers else (None if None in answers else False)
            case ast.MatchSequence(patterns=patterns):
                return self._sequence(subject, patterns)
            case ast.MatchMapping(keys=keys, patterns=patterns, rest=None):
                return self._mapping(subject, keys, patterns)
            case ast.MatchClass():
                return self._instance(subject, pattern)
        return False if isinstance(subject, Const) and isinstance(pattern, ast.MatchMapping) else None

    def _all(self, pairs: Iterable[tuple[Value, ast.pattern]]) -> bool | None:
        answers = [self.match(value, pattern) for value, pattern in pairs]
        return False if False in answers else (None if None in answers else True)

    def _equal(self, subject: Value, constant: Const) -> bool | None:
        if isinstance(subject, Const):
            return bool(subject.value == constant.value)
        if isinstance(subject, Ref) and isinstance(self.w.heap.get(subject.oid), Fut):
            return False
        return None if may_equal(subject, constant) else False

    def _sequence(self, subject: Value, patterns: list[ast.pattern]) -> bool | None:
        cont = self.w.cont(subject)
        if isinstance(subject, Const):
            return False
        if cont is None or not cont.exact or any(isinstance(p, ast.MatchStar) for p in patterns):
            return None
        items = beside.all_seen(cont.items)
        return self._all(zip(items, patterns, strict=True)) if len(items) == len(patterns) else False

    def _mapping(self, subject: Value, keys: list[ast.expr], patterns: list[ast.pattern]) -> bool | None:
        cont = self.w.cont(subject)
        if isinstance(subject, Const):
            return False
        if cont is None or cont.kind != "dict" or not cont.exact or not all(isinstance(k, Const) for k in cont.keys):
            return None
        wanted = [const(key.value) if isinstance(key, ast.Constant) else None for key in keys]
        if None in wanted:
            return None
        held = dict(zip(cont.keys, beside.all_seen(cont.items), strict=True))
        if any(key not in held for key in wanted):
            return False
        return self._all((held[key], p) for key, p in zip(wanted, patterns, strict=True) if key is not None)

    def _instance(self, subject: Value, pattern: ast.MatchClass) -> bool | None:
        """`case Job(task=task)`: the class of an instance, and its attributes."""
        held = self.w.heap.get(subject.oid) if isinstance(subject, Ref) else None
        cls = self.known.get(pattern.cls)
        if not isinstance(held, Inst) or held.many or not isinstance(cls, Klass):
            return None
        names = [*positions(self.m, cls.cls)[: len(pattern.patterns)], *pattern.kwd_attrs]
        patterns = [*pattern.patterns, *pattern.kwd_patterns]
        own = belongs(self.m, held, [cls])
        if own == FALSE or len(names) < len(patterns):
            return False if own == FALSE else None
        parts = self._all((held.get(n) or Unknown(), p) for n, p in zip(names, patterns, strict=True))
        return parts if own == TRUE or parts is False else None


def positions(m: Machine, cls: Class) -> list[str]:
    """The attributes that a class pattern takes by position."""
    for base in bases(m, cls):
        match base.attrs.get("__match_args__") if isinstance(base, Class) else None:
            case (ast.Tuple(elts=parts), _):
                return [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    return field_names(m, cls)
