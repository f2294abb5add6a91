"""Instances: `C(...)` of a class of the workspace, its `__init__` interpreted, a dataclass's fields set."""

from __future__ import annotations

import ast
from dataclasses import replace
from operator import itemgetter

from tooearly.flow.binding import Args, Kwargs
from tooearly.flow.calling import call_api, invoke, is_exception
from tooearly.flow.classes import bases, field_names, find_method_of
from tooearly.flow.containers import new
from tooearly.flow.machine import Act, Machine, Outcome
from tooearly.flow.mention import CONTAINERS
from tooearly.flow.objects import CONTENTS, Cont, Inst
from tooearly.flow.state import World
from tooearly.flow.values import (
    Func,
    Klass,
    Oid,
    Ref,
    Site,
    Unknown,
    Value,
    const,
    is_module,
)
from tooearly.semantics.names import Class, make_function


def instantiate(
    m: Machine, act: Act, w: World, klass: Klass, cls: Class, args: Args, kwargs: Kwargs, site: Site
) -> list[Outcome]:
    """`Class(...)`: a new instance, its `__init__` interpreted; a future's subclass is a future."""
    from tooearly.semantics.types import SHORT

    ancestors = list(bases(m, cls))
    overridden = any(isinstance(b, Class) and {"result", "exception", "done"} & set(b.methods) for b in ancestors)
    for base in ancestors if not overridden else ():
        short = SHORT.get(base, "") if isinstance(base, str) else ""
        if short in ("Task", "Future") and f"asyncio.{short}" in m.rows:
            return _future(m, act, w, cls, short, args, kwargs, site)
        if isinstance(base, str) and (base.startswith("builtins.") and is_exception(base[9:])):
            return [Outcome(w, Unknown(None, f"exc:{cls.module}:{cls.qualname}"))]
    unseen = any(
        isinstance(b, str) and b not in ("builtins.object", "abc.ABC", "typing.Generic", "typing.Protocol")
        for b in ancestors
    )
    ref = w.allocate(
        Oid(site, act.frame, "new"), Inst(cls, open=unseen, frame=klass.frame if not is_module(klass.frame) else ())
    )
    init = find_method_of(m, cls, "__init__")
    if kind := contained(m, ancestors):
        return _container(m, act, w, ref, kind, Func(init, klass.frame) if init else None, args, kwargs, site)
    if init is None:
        return dataclass_init(m, act, w, ref, cls, args, kwargs, site)
    return _initialised(m, act, w, ref, Func(init, klass.frame), args, kwargs, site)


def _future(
    m: Machine, act: Act, w: World, cls: Class, short: str, args: Args, kwargs: Kwargs, site: Site
) -> list[Outcome]:
    """An instance of a future's subclass: a future that has methods of its own."""
    out = list(call_api(m, act, w, f"asyncio.{short}", None, args, kwargs, site))
    for made in out:
        fut = made.world.fut(made.value)
        if fut is not None and isinstance(made.value, Ref):
            made.world.heap[made.value.oid] = replace(fut, cls=cls)
    return out


def contained(m: Machine, ancestors: list[Class | str]) -> str:
    """The container's class that a class derives from: `class Registry(dict)`."""
    names = [base for base in ancestors if isinstance(base, str)]
    return next((n for n in names if (row := m.rows.get(n)) is not None and row.call in CONTAINERS), "")


def _container(
    m: Machine, act: Act, w: World, ref: Ref, kind: str, init: Func | None, args: Args, kwargs: Kwargs, site: Site
) -> list[Outcome]:
    """An instance that is a container, too; what its own `__init__` is given is not put in."""
    given, named = (args, kwargs) if init is None else ([], [])
    out: list[Outcome] = []
    held = (act.frame, "$made")
    w.env[held] = ref
    for made in call_api(m, act, w, kind, None, given, named, site):
        inst = made.world.heap[ref.oid]
        assert isinstance(inst, Inst)
        made.world.heap[ref.oid] = inst.having(CONTENTS, made.value)
        if init is not None and made.exc is None:
            out += _initialised(m, act, made.world, ref, init, args, kwargs, site)
        else:
            out.append(Outcome(made.world, made.world.env.pop(held, ref), made.exc))
    return out


def _initialised(
    m: Machine, act: Act, w: World, ref: Ref, init: Func, args: Args, kwargs: Kwargs, site: Site
) -> list[Outcome]:
    """The instance after its `__init__`; nobody else may hold it while that runs.

    What it stores matters to the other methods, however little it does with futures itself.
    """
    held = (act.frame, "$made")
    w.env[held] = ref
    made = invoke(m, act, w, init, [(ref, False), *args], kwargs, site, on_loop=act.on_loop, skim=False)
    return [Outcome(o.world, o.world.env.pop(held, ref), o.exc) for o in made]


def named_tuple(act: Act, w: World, names: tuple[Value, ...], args: Args, kwargs: Kwargs, site: Site) -> list[Outcome]:
    """`Job(...)` where `Job = namedtuple(...)`: a tuple whose parts have names."""
    given = dict(zip(names, (v for v, _ in args), strict=False)) | {const(n): v for n, v in kwargs}
    items = tuple(given.get(name, Unknown()) for name in names)
    exact = not any(starred for _, starred in args)
    return [Outcome(w, new(w, act.frame, site, Cont("tuple", items, exact, True, names), "named"))]


def dataclass_init(
    m: Machine, act: Act, w: World, ref: Ref, cls: Class, args: Args, kwargs: Kwargs, site: Site
) -> list[Outcome]:
    """The `__init__` of a dataclass or named tuple: fields in the order of the class body."""
    fields = field_names(m, cls)
    plain = [v for v, starred in args if not starred]
    attrs = dict(zip(fields, plain, strict=False))
    attrs.update({n: v for n, v in kwargs if n})
    inst = w.heap[ref.oid]
    assert isinstance(inst, Inst)

    def filled() -> Inst:
        return Inst(cls, tuple(sorted(attrs.items(), key=itemgetter(0))), inst.open or not fields, frame=inst.frame)

    held = (act.frame, "$made")
    w.env[held], w.heap[ref.oid] = ref, filled()
    for base in (b for b in bases(m, cls) if isinstance(b, Class)):
        for name, (value, annotation) in base.attrs.items():
            if annotation is not None and name not in attrs and value is not None:
                attrs[name] = _field_default(m, act, w, base, value, site)
                w.heap[ref.oid] = filled()  # a factory that runs after this one leaves it alone
    del w.env[held]
    post = find_method_of(m, cls, "__post_init__")
    if post is not None:
        return _initialised(m, act, w, ref, Func(post, ("M", post.module)), [], [], site)
    return [Outcome(w, ref)]


def _as_lambda(factory: ast.expr) -> ast.Lambda:
    """A factory as what calls it: `asyncio.Queue` as `lambda: asyncio.Queue()`."""
    if isinstance(factory, ast.Lambda):
        return factory
    nobody = ast.arguments([], [], None, [], [], None, [])
    made = ast.copy_location(ast.Call(factory, [], []), factory)
    return ast.copy_location(ast.Lambda(nobody, made), factory)


def _field_default(m: Machine, act: Act, w: World, cls: Class, value: ast.expr, site: Site) -> Value:
    if isinstance(value, ast.Constant) and not isinstance(value.value, bytes | complex) and value.value is not ...:
        return const(value.value)
    if isinstance(value, ast.Call):
        for keyword in value.keywords:
            if (
                keyword.arg == "default_factory"
                and isinstance(keyword.value, ast.Name)
                and keyword.value.id in ("list", "set", "dict")
            ):
                return new(
                    w, (*act.frame, "field"), site, Cont(keyword.value.id), ast.unparse(value) + keyword.value.id
                )
            if keyword.arg == "default_factory":
                factory = make_function(_as_lambda(keyword.value), cls.unit, cls.module, None)
                made = invoke(m, act, w, Func(factory, ("M", cls.module)), [], [], site, on_loop=act.on_loop)
                if len(made) == 1 and made[0].exc is None:
                    w.env, w.heap = made[0].world.env, made[0].world.heap
                    return made[0].value
            if keyword.arg == "default" and isinstance(keyword.value, ast.Constant) and keyword.value.value is None:
                return const(None)
    return Unknown()
