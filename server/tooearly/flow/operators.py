"""Operators and truth: what a test tells about a container, a length, a constant."""

from __future__ import annotations

import operator as op
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from tooearly.flow import cfg, containers, sizes, special
from tooearly.flow.machine import Act, Machine, Outcome
from tooearly.flow.mention import index_parts, subscript_parts
from tooearly.flow.objects import Cont, Fut, Inst
from tooearly.flow.state import World
from tooearly.flow.values import (
    FALSE,
    FALSY,
    NONE,
    TRUE,
    TRUTHY,
    Api,
    Bound,
    Choice,
    Const,
    Coro,
    Exc,
    Func,
    Klass,
    Length,
    Managing,
    Partial,
    Ref,
    Unknown,
    Value,
    atoms,
    computed,
    const,
    is_text,
    may_equal,
)

NUMBERS: dict[str, Callable[[Any, Any], Any]] = {
    "Add": op.add,
    "Sub": op.sub,
    "Mult": op.mul,
    "FloorDiv": op.floordiv,
    "Mod": op.mod,
}


def operate(
    m: Machine,
    act: Act,
    w: World,
    step: cfg.Unary | cfg.Binary | cfg.InPlace | cfg.Compare,
    get: Callable[[int], Value],
) -> list[Outcome]:
    """The outcomes of a unary, binary, in-place or comparing operator."""
    known = special.operated(m, act, w, step, get)
    if known is not None:
        return known
    match step:
        case cfg.Unary(node, _, "Not", src):
            asked = special.truth(m, act, w, get(src), node)
            return [o for a in asked for o in ([a] if a.exc is not None else unary(a.world, "Not", a.value))]
        case cfg.Unary(node, _, "USub", src) if node in index_parts(act.function) and atoms(get(src)):
            return [Outcome(w, computed("USub", get(src), const(0)))]
        case cfg.Unary(_, _, name, src):
            return unary(w, name, get(src))
        case cfg.Binary(node, _, "Mod", left, right) if isinstance(get(left), Const):
            asked = special.percent(m, act, w, get(left), get(right), node)
            given = get(left), get(right)
            return [o for a in asked for o in ([a] if a.exc is not None else binary(act, a.world, "Mod", *given, node))]
        case cfg.Compare(_, _, name, left, right):
            return compare(m, act, w, name, get(left), get(right))
        case cfg.InPlace(node, _, name, left, right) if w.cont(get(left)) is not None:
            return containers.in_place(w, name, get(left), get(right), act.site(node), act.frame)
        case cfg.Binary(node, _, name, left, right) | cfg.InPlace(node, _, name, left, right):
            return binary(act, w, name, get(left), get(right), node)


def unary(w: World, name: str, value: Value) -> list[Outcome]:
    """`not x` splits the world by the truth of x; other operators give constants or nothing known.

    Of what is not followed the way that it was taken tells its truth: Falsy, Truthy.
    """
    if name in ("Falsy", "Truthy"):
        plain = isinstance(value, Unknown) and value.tag is None and not value.type
        return [Outcome(w, (FALSY if name == "Falsy" else TRUTHY) if plain else value)]
    if name == "Not":
        if isinstance(value, Unknown):
            return [Outcome(w, Unknown())]
        return [Outcome(world, FALSE if truth else TRUE) for truth, world in truths(w, value)]
    if name == "USub" and isinstance(value, Const) and value.kind in ("int", "float"):
        return [Outcome(w, const(-value.value))]
    return [Outcome(w, Unknown())]


def binary(act: Act, w: World, name: str, left: Value, right: Value, node: Any) -> list[Outcome]:
    """Algebra on containers; numbers are not followed (a counter would never come to an end); division may raise."""
    if w.cont(left) is not None or w.cont(right) is not None:
        return [Outcome(w, containers.algebra(w, name, left, right, act.site(node), act.frame))]
    if name == "Add" and isinstance(left, Length | Const) and isinstance(right, Length | Const):
        total = sizes.sum_of(act, w, left, right, act.site(node))
        if total is not None:
            return [Outcome(w, total)]
    if (number := _number(name, left, right)) is not None and node in subscript_parts(act.function):
        return [Outcome(w, number)]
    out = [Outcome(w, computed(name, left, right) if node in index_parts(act.function) else Unknown())]
    if name in ("Div", "FloorDiv", "Mod") and not (isinstance(right, Const) and right.value not in (0, 0.0)):
        if isinstance(right, Const) and right.kind in ("int", "float"):
            return [Outcome(w, exc=Exc("builtins.ZeroDivisionError"))]
        out.append(Outcome(w.copy(), exc=Exc("builtins.ZeroDivisionError")))
    return out


def _number(name: str, left: Value, right: Value) -> Const | None:
    """The constant that two others make."""
    if not (isinstance(left, Const) and isinstance(right, Const) and left.kind == right.kind == "int"):
        return None
    compute = NUMBERS.get(name)
    if compute is not None and (right.value or name in ("Add", "Sub", "Mult")):
        return const(compute(left.value, right.value))
    return None


def compare(m: Machine, act: Act, w: World, name: str, left: Value, right: Value) -> list[Outcome]:
    """A comparison that can be decided is decided; membership and lengths split the world."""
    if name == "in":
        return sizes.membership(m, act, w, left, right)
    if isinstance(left, Length) or isinstance(right, Length):
        return sizes.compare_lengths(w, name, left, right)
    if name in ("<=", ">=", "<", ">", "==") and w.cont(left) is not None and w.cont(right) is not None:
        return sizes.compare_sets(w, name, left, right)
    if left in (FALSY, TRUTHY):
        return [Outcome(w, FALSE if left == TRUTHY and name == "is" and right == NONE else Unknown())]
    if name in ("is", "==") and not (may_equal(left, right) and may_equal(right, left)):
        return [Outcome(w, FALSE)]
    if name == "is" and right == NONE and isinstance(left, Unknown) and left.tag is not None and not is_sentinel(left):
        return is_none(w, left)
    decided = decide(name, left, right, w)
    return [Outcome(w, Unknown() if decided is None else const(decided))]


def is_none(w: World, value: Unknown) -> list[Outcome]:
    """Something that is not followed is None or not, and stays what it is."""
    fact = (("none", value), "$")
    if fact in w.facts:
        return [Outcome(w, const(w.facts[fact]))]
    if any(truth and w.env.get(name) == value for name, truth in w.facts.items()):
        return [Outcome(w, FALSE)]  # a name that holds it has been tested: it is true
    out = []
    for answer, world in ((True, w.copy()), (False, w)):
        world.facts[fact] = answer
        out.append(Outcome(world, const(answer)))
    return out


def is_sentinel(value: Value) -> bool:
    """Whether a value is an object that stands for itself alone: `UNSET = object()`."""
    return isinstance(value, Unknown) and isinstance(value.tag, tuple) and value.tag[:1] == ("sentinel",)


def decide(name: str, left: Value, right: Value, w: World) -> bool | None:
    """The outcome of `is`, `==` or an order, when it is known."""
    if isinstance(left, Const) and isinstance(right, Const):
        if name == "is":
            return left == right
        try:
            return bool(sizes.ORDER[name](left.value, right.value))
        except (TypeError, KeyError):
            return None
    if name == "is" and is_sentinel(left) and (left == right or right == NONE):
        return left == right
    if name in ("is", "=="):
        if isinstance(left, Ref) and isinstance(right, Ref):
            return left.oid == right.oid if isinstance(w.heap.get(left.oid), Fut | Inst) else None
        solid = (Ref, Func, Klass, Bound, Coro, Managing, Partial, Exc)
        for a, b in ((left, right), (right, left)):
            if isinstance(a, solid) and isinstance(b, Const) and (name == "is" or b == NONE):
                return False
            if isinstance(a, Api) and b == NONE:
                return False
        if isinstance(left, Api) and isinstance(right, Api) and left == right:
            return True
    return None


def truths(w: World, value: Value) -> Iterator[tuple[bool, World]]:
    """The truth of a value, with the world in which it is so; refines what is known of containers."""
    match value:
        case Const(value=constant):
            yield bool(constant), w
        case Unknown(tag=("truth", known)):
            yield known, w
        case Unknown() if is_text(value):
            yield True, w
        case Length(oid):
            yield from sizes.emptiness(w, Ref(oid))
        case Ref() if (cont := w.cont(value)) is not None and cont.kind not in ("event", "group", "queue", "unordered"):
            yield from sizes.emptiness(w, value)
        case Ref() if isinstance(inst := w.heap.get(value.oid), Inst):
            own = {"__bool__", "__len__"} & inst.cls.methods.keys()
            if not own and (inner := w.inside(value)) is not value:
                yield from truths(w, inner)
                return
            plain = "__bool__" not in inst.cls.methods and "__len__" not in inst.cls.methods and not inst.open
            yield True, w
            if not plain:
                yield False, w.copy()
        case Ref() | Func() | Klass() | Bound() | Coro() | Managing() | Partial() | Exc():
            yield True, w
        case Choice(options):
            for option in options:
                yield from truths(w.copy(), option)
        case _:
            yield True, w.copy()
            yield False, w


def is_pending(obj: object) -> bool:
    """Whether an object is a future that may be unfinished."""
    return isinstance(obj, Fut) and bool(obj.mask & 1)


__all__ = ["Cont", "operate", "replace", "truths"]
