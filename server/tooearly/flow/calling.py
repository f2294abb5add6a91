"""Calls: to functions and classes of the workspace (interpreted on the spot), to APIs (rows), to unknown code.

Unknown code gets at whatever it is handed: afterwards those futures may have been waited for, so nothing is claimed of
them (`World.escape`). It may also raise any ordinary exception.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tooearly.flow.attributes import bases, decorator_names, find_method, find_method_of, get_attribute
from tooearly.flow.containers import new, spread
from tooearly.flow.machine import MAX_DEPTH, MAX_SAME, Act, Deferred, GaveUp, Machine, Outcome, up
from tooearly.flow.mention import MAKERS, closure, makes, names_in, reaches_read
from tooearly.flow.objects import UNSEEN, Cont, Fut, Generating, Inst, Iterating
from tooearly.flow.state import World
from tooearly.flow.values import (
    Api,
    Bound,
    Choice,
    Const,
    Coro,
    Exc,
    Frame,
    Func,
    Klass,
    Managing,
    Oid,
    Partial,
    Ref,
    Site,
    Unknown,
    Value,
    const,
    is_module,
)
from tooearly.flow.walking import refs
from tooearly.semantics.names import Class, make_function
from tooearly.semantics.rows import Row

Args = list[tuple[Value, bool]]
Kwargs = list[tuple[str | None, Value]]


@dataclass(slots=True)
class Call:
    """A call to an API: its row, the receiver of a method, and the arguments by parameter name."""

    m: Machine
    act: Act
    w: World
    row: Row
    receiver: Value | None
    args: dict[str, Value]
    rest: list[tuple[Value, bool]]
    site: Site

    def get(self, name: str) -> Value | None:
        """The argument for a parameter, None when it is not given."""
        return self.args.get(name)

    @property
    def frame(self) -> Frame:
        """The frame of the caller."""
        return self.act.frame


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


def call(
    m: Machine, act: Act, w: World, func: Value, args: Args, kwargs: Kwargs, site: Site
) -> Iterator[Outcome] | list[Outcome]:
    """The outcomes of `func(*args, **kwargs)`."""
    if any(name is None for name, _ in kwargs):
        kwargs = written_out(w, kwargs)
    match func:
        case Func():
            return call_function(m, act, w, func, args, kwargs, site)
        case Bound(Func() as inner, receiver):
            return call_function(m, act, w, inner, [(receiver, False), *args], kwargs, site)
        case Bound(Api(name), receiver):
            return call_api(m, act, w, name, receiver, args, kwargs, site)
        case Bound(inner, receiver):
            return call(m, act, w, inner, [(receiver, False), *args], kwargs, site)
        case Api(name):
            return call_api(m, act, w, name, None, args, kwargs, site)
        case Klass(cls):
            return instantiate(m, act, w, func, cls, args, kwargs, site)
        case Partial(inner, first, named):
            return call(m, act, w, inner, [*((a, False) for a in first), *args], [*named, *kwargs], site)
        case Managing("factory", (inner,)):
            made = call_function(m, act, w, inner, args, kwargs, site) if isinstance(inner, Func) else [Outcome(w)]
            return [Outcome(o.world, Managing("generator", (o.value,)), o.exc) for o in made]
        case Choice(options):
            return [o for option in options for o in call(m, act, w.copy(), option, args, kwargs, site)]
        case Ref():
            method = find_method(m, w, func, "__call__")
            if method is not None:
                return call(m, act, w, method, args, kwargs, site)
    return unknown_call(m, act, w, func, args, kwargs, site)


def unknown_call(m: Machine, act: Act, w: World, func: Value, args: Args, kwargs: Kwargs, site: Site) -> list[Outcome]:
    """A call to code that cannot be seen."""
    given = [func, *(a for a, _ in args), *(a for _, a in kwargs)]
    raised = w.copy() if act.block is not None and (act.block.handler >= 0 or act.caller is not None) else None
    give_away(w, given)
    out = [Outcome(w, Unknown())]
    if raised is not None:
        give_away(raised, given)
        out.append(Outcome(raised, exc=Exc("")))
    return out


def give_away(w: World, values: list[Value]) -> None:
    """Unknown code has got at these values and all they lead to."""
    if any(isinstance(v, Ref | Func | Bound | Partial | Coro | Managing | Choice) for v in values):
        w.escape(w.reachable(values, closed_over(w)))


def closed_over(w: World) -> Callable[[Func], list[Value]]:
    """What a function can see of the frames around it: the variables that its text mentions."""

    def visible(func: Func) -> list[Value]:
        names = names_in(func.function)
        out: list[Value] = []
        frame: Frame | None = func.frame
        renames = func.function.renames
        while frame is not None and not is_module(frame):
            out += [
                v
                for (owner, name), v in w.env.items()
                if owner == frame
                and (
                    name in names
                    or (isinstance(name, str) and name.partition("@")[0] in names and name in renames.values())
                )
            ]
            frame = up(w, frame, 1)
        return out

    return visible


# Functions of the workspace
def call_function(m: Machine, act: Act, w: World, func: Func, args: Args, kwargs: Kwargs, site: Site) -> list[Outcome]:
    """A call to a function whose text is known: a coroutine or generator object, or its body interpreted now."""
    function = func.function
    if function.is_async or function.is_generator:
        values = tuple(a for a, starred in args if not starred)
        if any(starred for _, starred in args):
            values = (*values, *(a for a, starred in args if starred))
        return [Outcome(w, Coro(func, values, tuple((n or "**", v) for n, v in kwargs), site))]
    return invoke(m, act, w, func, args, kwargs, site, on_loop=act.on_loop)


def invoke(
    m: Machine, act: Act, w: World, func: Func, args: Args, kwargs: Kwargs, site: Site, *, on_loop: bool
) -> list[Outcome]:
    """Interpret a function's body with these arguments."""
    function = func.function
    if act.depth >= MAX_DEPTH or act.count(function) >= MAX_SAME:
        m.suspend(act, w, "other", site)
        return unknown_call(m, act, w, func, args, kwargs, site)
    if len(names_in(function)) > SMALL and not makes(m, function) and not hands_over(m, w, func, args, kwargs):
        return skimmed(m, act, w, func, site)
    frame: Frame = (*act.frame, (function.name, site.line, site.column))
    if function in m.too_big:
        return _not_followed(m, act, w, func, args, kwargs, site)
    before = w.copy()
    bind(m, act, w, func, frame, args, kwargs, site)
    inner = m.enter(w, act, func, frame, on_loop=on_loop)
    limit, quiet, depth, block, looping = m.limit, m.quiet, m.depth, act.block, act.on_loop
    m.limit = min(limit, m.steps + max(STEPS_PER_CALL >> act.depth, 200))
    try:
        return m.finish(inner, m.run(inner, [w]))
    except GaveUp:
        m.too_big.add(function)
        if m.steps > limit:
            raise
        m.quiet, m.depth, act.block, act.on_loop = quiet, depth, block, looping
        return _not_followed(m, act, before, func, args, kwargs, site)
    finally:
        m.limit = limit


STEPS_PER_CALL = 3_000  # of a call from a root; halved with each level


def _not_followed(m: Machine, act: Act, w: World, func: Func, args: Args, kwargs: Kwargs, site: Site) -> list[Outcome]:
    """A call to a function that is too big to follow: like one to unknown code."""
    if func.function.is_async:
        m.suspend(act, w, "other", site)
    return unknown_call(m, act, w, func, args, kwargs, site)


SMALL = 12  # names in a function that is interpreted whatever it does


def hands_over(m: Machine, w: World, func: Func, args: Args, kwargs: Kwargs) -> bool:
    """Whether a call gives the function a future or a container; of an instance only the attributes it mentions."""
    names = closure(m, func.function)
    stack = [a for a, _ in args] + [a for _, a in kwargs] + list(closed_over(w)(func))
    stack += [v for (owner, name), v in w.env.items() if is_module(owner) and isinstance(v, Ref) and name in names]
    seen: set[Oid] = set()
    while stack:
        value = stack.pop()
        if isinstance(value, Func | Bound | Partial | Coro | Managing):
            return True
        for oid in refs(value):
            obj = w.heap.get(oid)
            if isinstance(obj, Fut | Iterating | Generating):
                return True
            if isinstance(obj, Cont) and oid not in seen:
                seen.add(oid)
                stack += [*obj.items, *obj.keys]
                if obj.kind not in ("tuple", "event") and makes_any(names):
                    return True  # it may be filled
            if isinstance(obj, Inst) and oid not in seen:
                seen.add(oid)
                stack += [v for name, v in obj.attrs if f".{name}" in names]
    return False


def makes_any(names: frozenset[str]) -> bool:
    """Whether a function with these names may make a future."""
    return bool({name.rpartition(".")[2] for name in names} & MAKERS)


def holds_futures(m: Machine, w: World, deferred: Deferred) -> bool:
    """Whether code that runs later sees a future of ours beside the one that it is called back for."""
    target = target_function(deferred.function)
    if target is None:
        return True
    given = list(given_values(deferred.function))
    if deferred.kind != "callback":
        given += deferred.args
    return hands_over(m, w, target, [(v, False) for v in given], [])


def given_values(value: Value) -> Iterator[Value]:
    """What a bound method, partial or coroutine brings along."""
    match value:
        case Bound(function, receiver):
            yield receiver
            yield from given_values(function)
        case Partial(function, args, kwargs) | Coro(function, args, kwargs):
            yield from args
            yield from (v for _, v in kwargs)
            yield from given_values(function)


def skimmed(m: Machine, act: Act, w: World, func: Func, site: Site) -> list[Outcome]:
    """A call to a function that cannot matter: it may suspend, raise, and return something."""
    if func.function.is_async:
        m.suspend(act, w, "other", site)
        return [
            Outcome(w, Unknown()),
            Outcome(w.copy(), exc=Exc("")),
            Outcome(w.copy(), exc=Exc("asyncio.CancelledError")),
        ]
    return [Outcome(w, Unknown()), Outcome(w.copy(), exc=Exc(""))]


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
    return out


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
            return list(call_api(m, act, w, f"asyncio.{short}", None, args, kwargs, site))
        if short == "TaskGroup":
            return list(call_api(m, act, w, "asyncio.TaskGroup", None, args, kwargs, site))
        if isinstance(base, str) and (base.startswith("builtins.") and _is_exception(base[9:])):
            return [Outcome(w, Unknown(None, f"exc:{cls.module}:{cls.qualname}"))]
    unseen = any(
        isinstance(b, str) and b not in ("builtins.object", "abc.ABC", "typing.Generic", "typing.Protocol")
        for b in ancestors
    )
    ref = w.allocate(
        Oid(site, act.frame, "new"), Inst(cls, open=unseen, frame=klass.frame if not is_module(klass.frame) else ())
    )
    init = find_method_of(m, cls, "__init__")
    if init is None:
        return dataclass_init(m, act, w, ref, cls, args, kwargs, site)
    out = []
    for made in invoke(m, act, w, Func(init, klass.frame), [(ref, False), *args], kwargs, site, on_loop=act.on_loop):
        out.append(Outcome(made.world, ref, made.exc))
    return out


def _is_exception(name: str) -> bool:
    cls = getattr(builtins, name, None)
    return isinstance(cls, type) and issubclass(cls, BaseException)


def dataclass_init(
    m: Machine, act: Act, w: World, ref: Ref, cls: Class, args: Args, kwargs: Kwargs, site: Site
) -> list[Outcome]:
    """The `__init__` of a dataclass or named tuple: fields in the order of the class body."""
    fields = [
        name
        for base in reversed([b for b in bases(m, cls) if isinstance(b, Class)])
        for name, (_, a) in base.attrs.items()
        if a is not None
    ]
    plain = [v for v, starred in args if not starred]
    attrs = dict(zip(fields, plain, strict=False))
    attrs.update({n: v for n, v in kwargs if n})
    inst = w.heap[ref.oid]
    assert isinstance(inst, Inst)
    for base in (b for b in bases(m, cls) if isinstance(b, Class)):
        for name, (value, annotation) in base.attrs.items():
            if annotation is not None and name not in attrs and value is not None:
                attrs[name] = _field_default(m, act, w, base, value, site)
    w.heap[ref.oid] = Inst(
        cls, tuple(sorted(attrs.items(), key=lambda pair: pair[0])), inst.open or not fields, frame=inst.frame
    )
    post = find_method_of(m, cls, "__post_init__")
    if post is not None:
        done = invoke(m, act, w, Func(post, ("M", post.module)), [(ref, False)], [], site, on_loop=act.on_loop)
        return [Outcome(o.world, ref, o.exc) for o in done]
    return [Outcome(w, ref)]


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
            if keyword.arg == "default_factory" and isinstance(keyword.value, ast.Lambda):
                factory = make_function(keyword.value, cls.unit, cls.module, None)
                made = invoke(m, act, w, Func(factory, ("M", cls.module)), [], [], site, on_loop=act.on_loop)
                if len(made) == 1 and made[0].exc is None:
                    w.env, w.heap = made[0].world.env, made[0].world.heap
                    return made[0].value
            if keyword.arg == "default" and isinstance(keyword.value, ast.Constant) and keyword.value.value is None:
                return const(None)
    return Unknown()


# APIs
def call_api(
    m: Machine, act: Act, w: World, name: str, receiver: Value | None, args: Args, kwargs: Kwargs, site: Site
) -> Iterator[Outcome] | list[Outcome]:
    """A call to something known by its name: the effect of its row, or unknown code."""
    from tooearly.flow.effects import EFFECTS

    row = m.rows.get(name)
    if row is None:
        if name.startswith("builtins.") and _is_exception(name[9:]):
            return [Outcome(w, Unknown(None, f"exc:{name}"))]
        if name.startswith("Iterator."):
            return [Outcome(w, Unknown())]
        everything = args if receiver is None else [(receiver, False), *args]
        return unknown_call(m, act, w, Api(name), everything, kwargs, site)
    if (
        receiver is None
        and "." in name
        and name.split(".", maxsplit=1)[0] in ("Task", "Concurrent", "list", "set", "dict")
        and args
    ):
        receiver, args = args[0][0], args[1:]  # an unbound method: asyncio.Task.result(task)
        if not isinstance(receiver, Ref):
            return [Outcome(w, Unknown())]
    if row.awaiting and not row.call:
        packed = tuple((n or "**", v) for n, v in kwargs)
        values = spread(w, args)
        crowd = tuple(v for v, starred in values if starred)
        plain = tuple(v for v, starred in values if not starred)
        return [
            Outcome(
                w, Coro(Api(name) if receiver is None else Bound(Api(name), receiver), (*plain, *crowd), packed, site)
            )
        ]
    made = Call(m, act, w, row, receiver, *arguments(row, args, kwargs), site)
    effect = EFFECTS.get(row.call or "plain")
    if effect is None:
        return unknown_call(m, act, w, Api(name), args, kwargs, site)
    return effect(made)


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


# What a callable leads to
def target_function(value: Value) -> Func | None:
    """The function of the workspace that a callable or coroutine ends in."""
    match value:
        case Func():
            return value
        case Bound(function, _) | Partial(function, _, _) | Coro(function, _, _, _):
            return target_function(function)
        case Managing("factory", (function,)):
            return target_function(function)
    return None


def may_read(m: Machine, value: Value) -> bool:
    """Whether a callable (or something it mentions) contains a read, by its text."""
    target = target_function(value)
    if target is None:
        return isinstance(value, Bound | Partial) and "Task.result" in repr(value)
    return reaches_read(m, target.function)


__all__ = ["UNSEEN", "Const", "Fut", "Generating", "call", "decorator_names", "get_attribute", "may_read"]
