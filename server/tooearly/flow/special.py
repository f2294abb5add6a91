"""Special methods: what operators, conditions, texts and functions call of instances of the workspace.

`print(job)` calls `job.__str__()`, `a < b` calls `a.__lt__(b)`, `if job:` calls `job.__bool__()`. Such a method may
read a result, or ask whether it is there. It is interpreted where it is called, when its text has anything to do with
futures; else the operation gives what it gives of anything that is not followed. Which functions call which methods
of what they are given is told by their rows (`asks`).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator

from tooearly.flow import cfg
from tooearly.flow.attributes import find_method
from tooearly.flow.calling import call
from tooearly.flow.machine import Act, Machine, Outcome
from tooearly.flow.mention import concerned
from tooearly.flow.objects import Cont, Inst
from tooearly.flow.state import World
from tooearly.flow.values import Bound, Const, Func, Ref, Site, Value

TEXT, REPR = ("__str__", "__repr__"), ("__repr__",)
FORMAT = ("__format__", *TEXT)
TRUTH = ("__bool__", "__len__")
UNARY = {"USub": "neg", "UAdd": "pos", "Invert": "invert"}
BINARY = {
    "Add": "add", "Sub": "sub", "Mult": "mul", "MatMult": "matmul", "Div": "truediv", "FloorDiv": "floordiv",
    "Mod": "mod", "Pow": "pow", "LShift": "lshift", "RShift": "rshift", "BitAnd": "and", "BitOr": "or", "BitXor": "xor",
}  # fmt: skip
ORDER = {"==": ("eq", "eq"), "<": ("lt", "gt"), ">": ("gt", "lt"), "<=": ("le", "ge"), ">=": ("ge", "le")}

Operator = cfg.Unary | cfg.Binary | cfg.InPlace | cfg.Compare
Asking = list[tuple[Value, tuple[str, ...]]]
Asked = tuple[Value, tuple[str, ...], tuple[Value, ...]]
"""An object, the methods of which the first that there is is called, and with what."""


def method(m: Machine, w: World, value: Value, names: Iterable[str]) -> Bound | None:
    """The first of these methods that an instance has, when it can matter."""
    if not isinstance(value, Ref) or not isinstance(w.heap.get(value.oid), Inst):
        return None
    for name in names:
        found = find_method(m, w, value, name)
        if isinstance(found, Bound) and isinstance(found.function, Func):
            return found if concerned(m, found.function.function) else None
    return None


# Operators
def operated(
    m: Machine,
    act: Act,
    w: World,
    step: Operator,
    get: Callable[[int], Value],
) -> list[Outcome] | None:
    """The outcomes of an operator that an instance defines; None for all others."""
    for value, names, args in _operands(step, get):
        found = method(m, w, value, names)
        if found is not None:
            return list(call(m, act, w, found, [(arg, False) for arg in args], [], act.site(step.node)))
    return None


def _operands(step: Operator, get: Callable[[int], Value]) -> Iterator[Asked]:
    match step:
        case cfg.Unary(_, _, name, src) if name in UNARY:
            yield get(src), (f"__{UNARY[name]}__",), ()
        case cfg.Compare(_, _, "in", left, right):
            yield get(right), ("__contains__",), (get(left),)
        case cfg.Compare(_, _, name, left, right) if name in ORDER:
            yield get(left), (f"__{ORDER[name][0]}__",), (get(right),)
            yield get(right), (f"__{ORDER[name][1]}__",), (get(left),)
        case cfg.Binary(_, _, name, left, right) | cfg.InPlace(_, _, name, left, right) if name in BINARY:
            own = f"__{BINARY[name]}__"
            yield get(left), (f"__i{BINARY[name]}__", own) if isinstance(step, cfg.InPlace) else (own,), (get(right),)
            yield get(right), (f"__r{BINARY[name]}__",), (get(left),)


def truth(m: Machine, act: Act, w: World, value: Value, node: ast.AST) -> list[Outcome]:
    """What the truth of a value is that of: what its `__bool__` or `__len__` gives; else its own."""
    found = method(m, w, value, TRUTH)
    return [Outcome(w, value)] if found is None else list(call(m, act, w, found, [], [], act.site(node)))


# Texts
def formatted(m: Machine, act: Act, w: World, node: ast.AST, values: list[Value]) -> list[Outcome]:
    """`f"{value}"`: the object gives its text."""
    match node:
        case ast.FormattedValue(conversion=conversion):
            names = REPR if chr(max(conversion, 0)) == "r" else TEXT if conversion > 0 else FORMAT
            return told(m, act, w, values[:1], names, act.site(node))
    return [Outcome(w)]


def percent(m: Machine, act: Act, w: World, left: Value, right: Value, node: ast.AST) -> list[Outcome]:
    """`"%s" % value`."""
    text = left.value if isinstance(left, Const) and isinstance(left.value, str) else None
    if text is None:
        return [Outcome(w)]
    held = w.cont(right)
    values = list(held.items) if held is not None and held.kind == "tuple" else [right]
    return told(m, act, w, values, REPR if "%r" in text and "%s" not in text else TEXT, act.site(node))


def asking(m: Machine, w: World, values: Iterable[Value], names: tuple[str, ...]) -> Asking:
    """The instances that are asked for something, and those in a container that is asked for its text."""
    found: Asking = []
    for value in values:
        inner = w.cont(value)
        if isinstance(inner, Cont) and "__repr__" in names:
            found += [(item, REPR) for item in (*inner.keys, *inner.items) if method(m, w, item, REPR) is not None]
        elif method(m, w, value, names) is not None:
            found.append((value, names))
    return found


def told(m: Machine, act: Act, w: World, values: list[Value], names: tuple[str, ...], site: Site) -> list[Outcome]:
    """These objects are asked one after another; the worlds after that, and the exceptions on the way."""
    asked = asking(m, w, values, names)
    kept = [(act.frame, f"$asked{n}") for n in range(len(asked))]  # they must be named while others are asked
    w.env.update(dict(zip(kept, (value for value, _ in asked), strict=True)))
    worlds, failed = [w], list[Outcome]()
    for key, (_, wanted) in zip(kept, asked, strict=True):
        following: list[World] = []
        for world in worlds:
            found = method(m, world, world.env.pop(key), wanted)
            made = list(call(m, act, world, found, [], [], site)) if found is not None else [Outcome(world)]
            following += [outcome.world for outcome in made if outcome.exc is None]
            failed += [outcome for outcome in made if outcome.exc is not None]
        worlds = following
    for outcome in failed:
        for key in kept:
            outcome.world.env.pop(key, None)
    return [*(Outcome(world) for world in worlds), *failed]


__all__ = ["asking", "formatted", "method", "operated", "percent", "told", "truth"]
