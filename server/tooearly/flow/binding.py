"""Arguments: bound to the parameters of a function of the workspace, or to those of a row."""

from __future__ import annotations

import ast

from tooearly.flow.classes import class_tuple
from tooearly.flow.containers import new
from tooearly.flow.machine import Act, Machine
from tooearly.flow.objects import Cont
from tooearly.flow.state import World
from tooearly.flow.values import (
    Api,
    Const,
    Frame,
    Func,
    Site,
    Unknown,
    Value,
    const,
)
from tooearly.semantics.rows import Row

Args = list[tuple[Value, bool]]
Kwargs = list[tuple[str | None, Value]]


def written_out(w: World, kwargs: Kwargs) -> Kwargs:
    """Keywords with `**exact` written out."""
    out: Kwargs = []
    for name, value in kwargs:
        cont = w.cont(value) if name is None else None
        if (
            cont is not None
            and cont.exact
            and all(isinstance(k, Const) and isinstance(k.value, str) for k in cont.keys)
        ):
            out += [(str(k.value), v) for k, v in zip(cont.keys, cont.items, strict=True) if isinstance(k, Const)]
        else:
            out.append((name, value))
    return out


def bind(m: Machine, act: Act, w: World, func: Func, frame: Frame, args: Args, kwargs: Kwargs, site: Site) -> None:
    """Put arguments into the parameters' variables of a new frame."""
    node = func.function.node
    if isinstance(node, ast.GeneratorExp):
        given = dict(func.defaults).get(".0") or (args[0][0] if args else Unknown())
        w.env[frame, ".0"] = given
        return
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    spec = node.args
    positional = [a.arg for a in (*spec.posonlyargs, *spec.args)]
    named = {n: v for n, v in kwargs if n is not None and n != "**"}
    defaults = dict(func.defaults) or default_values(m, act, w, func)
    plain = [v for v, starred in args if not starred]
    crowd = [v for v, starred in args if starred]
    for name, value in zip(positional, plain, strict=False):
        w.env[frame, name] = value
    for name in positional[len(plain) :]:
        fallback = Unknown() if crowd else defaults.get(name, Unknown())
        w.env[frame, name] = named.pop(name) if name in named else fallback
    for arg in spec.kwonlyargs:
        w.env[frame, arg.arg] = named.pop(arg.arg) if arg.arg in named else defaults.get(arg.arg, Unknown())
    if spec.vararg:
        rest = (*plain[len(positional) :], *crowd)
        w.env[frame, spec.vararg.arg] = new(
            w, frame, site, Cont("tuple", rest, not crowd, bool(plain[len(positional) :])), "args"
        )
    if spec.kwarg:
        pairs = tuple(named.items())
        keys = tuple(const(n) for n, _ in pairs)
        w.env[frame, spec.kwarg.arg] = new(
            w, frame, site, Cont("dict", tuple(v for _, v in pairs), True, keys=keys), "kwargs"
        )


def default_values(m: Machine, act: Act, w: World, func: Func) -> dict[str, Value]:
    """The constant defaults of a module-level function (others are unknown)."""
    node = func.function.node
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    out: dict[str, Value] = {}
    named = [*node.args.posonlyargs, *node.args.args]
    pairs = list(zip(named[len(named) - len(node.args.defaults) :], node.args.defaults, strict=True))
    pairs += [(a, d) for a, d in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True) if d is not None]
    for arg, default in pairs:
        if isinstance(default, ast.Constant) and not isinstance(default.value, bytes | complex):
            out[arg.arg] = const(default.value) if default.value is not ... else Unknown()
        elif isinstance(default, ast.Name | ast.Attribute):
            from tooearly.semantics.types import dotted

            module = m.module(func.function.module)
            name = dotted(module, default) if module else ""
            out[arg.arg] = Api(name) if name else Unknown()
        elif (classes := class_tuple(m, w, default, func.function.unit, func.function.module)) is not None:
            out[arg.arg] = classes
    return out


def arguments(row: Row, args: Args, kwargs: Kwargs) -> tuple[dict[str, Value], list[tuple[Value, bool]]]:
    """Arguments by parameter name; what goes to `*name` comes separately."""
    out: dict[str, Value] = {}
    rest: list[tuple[Value, bool]] = []
    queue = list(args)
    for name in row.params:
        if name == "*":
            break
        if name.startswith("*"):
            rest, queue = queue, []
            break
        if queue:
            value, starred = queue[0]
            if starred:
                rest, queue = queue, []
                break
            queue.pop(0)
            out[name] = value
    rest = rest or queue
    for key, value in kwargs:
        if key is not None and key != "**":
            out[key] = value
        else:
            out.update({name: Unknown() for name in row.params if name in OPTIONS and name not in out})
    return out, rest


OPTIONS = ("timeout", "return_when", "return_exceptions")
