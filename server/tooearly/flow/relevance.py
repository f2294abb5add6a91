"""Which calls matter: those that are handed a future, make one, or may read one. The rest is skimmed."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator

from tooearly.flow.binding import Args, Kwargs
from tooearly.flow.classes import bases
from tooearly.flow.deferred import Deferred
from tooearly.flow.leaving import fills, leaves, makes
from tooearly.flow.machine import Machine, up
from tooearly.flow.mention import MAKING, SETTING, closure, may_suspend, names_in, nodes_in, reaches_read
from tooearly.flow.objects import Cont, Fut, Generating, Inst, Iterating
from tooearly.flow.state import World
from tooearly.flow.values import (
    Api,
    Bound,
    Coro,
    Frame,
    Func,
    Managing,
    Oid,
    Partial,
    Ref,
    Unknown,
    Value,
    is_module,
)
from tooearly.flow.walking import functions, refs
from tooearly.semantics.names import Class, Function


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


SMALL = 12  # names in a function that is interpreted whatever it does


def hands_over(m: Machine, w: World, func: Func, args: Args, kwargs: Kwargs) -> bool:
    """Whether a call gives the function a future or a container; of an instance only the attributes it mentions."""
    stack = [a for a, _ in args] + [a for _, a in kwargs] + list(closed_over(w)(func))
    names, _ = texts_of(m, w, func, stack)
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
                if obj.kind not in ("tuple", "event") and makes_any(m, names):
                    return True  # it may be filled
            if isinstance(obj, Inst) and oid not in seen:
                seen.add(oid)
                stack += [v for name, v in obj.attrs if f".{name}" in names]
                if any(f".{name}" in names and makes(m, method) for name, method in obj.cls.methods.items()):
                    return True
    return False


def texts_of(m: Machine, w: World, func: Func, given: Iterable[Value]) -> tuple[frozenset[str], bool]:
    """The names in the texts that a call with these values leads to, and whether one of them holds a read.

    These are its own, and the methods that they name of the instances that it is given.
    """
    names, reading = closure(m, func.function), reaches_read(m, func.function)
    known: set[Function] = set()
    while True:
        classes = {obj.cls for obj in _instances(w, given, names)}
        methods = {method for cls in classes for method in _methods_named(m, cls, names)} - known
        if not methods:
            return names, reading
        known |= methods
        names = names.union(*(closure(m, method) for method in methods))
        reading = reading or any(reaches_read(m, method) for method in methods)


def _instances(w: World, given: Iterable[Value], names: frozenset[str]) -> Iterator[Inst]:
    """The instances among these values, in containers, and in the attributes of those that are mentioned."""
    stack = [oid for value in given for oid in refs(value)]
    seen: set[Oid] = set()
    while stack:
        oid = stack.pop()
        if oid in seen:
            continue
        seen.add(oid)
        match w.heap.get(oid):
            case Inst(attrs=attrs) as inst:
                yield inst
                stack += [inner for name, value in attrs if f".{name}" in names for inner in refs(value)]
            case Cont(items=items):
                stack += [inner for value in items for inner in refs(value)]


def _methods_named(m: Machine, cls: Class, names: frozenset[str]) -> Iterator[Function]:
    """The methods of a class that these names may mean."""
    for base in bases(m, cls):
        if isinstance(base, Class):
            yield from (method for name, method in base.methods.items() if f".{name}" in names)


def makes_any(m: Machine, names: frozenset[str]) -> bool:
    """Whether a function with these names may make a future."""
    return bool({name.rpartition(".")[2] for name in names} & m.rows.named(MAKING))


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


def never_suspends(body: Coro) -> bool:
    """Whether a coroutine runs to its end in one go, by its text."""
    target = target_function(body)
    return target is not None and not any(map(may_suspend, nodes_in(target.function)))


def whole_body(w: World, body: Coro) -> Coro:
    """The coroutine of a task; when it has begun (`begun`), its arguments by now, then its variables."""
    rest = w.heap.get(body.function.oid) if isinstance(body.function, Ref) else None
    above = w.env.get((rest.frame, "$up")) if isinstance(rest, Generating) else None
    if not isinstance(rest, Generating) or not isinstance(above, Unknown) or not isinstance(above.tag, tuple):
        return body
    args = tuple(w.env.get((rest.frame, name), Unknown()) for name in rest.function.params)
    variables = tuple(value for (owner, _), value in w.env.items() if owner == rest.frame and isinstance(value, Ref))
    return Coro(Func(rest.function, above.tag[1]), (*args, *variables), (), body.site)


def may_read(m: Machine, value: Value) -> bool:
    """Whether a callable (or something it mentions) contains a read, by its text."""
    target = target_function(value)
    if target is None:
        return any(m.rows[name].call == "read" for name in _apis(value) if name in m.rows)
    return reaches_read(m, target.function)


def reads_through(m: Machine, w: World, deferred: Deferred) -> bool:
    """Whether code that runs later is handed, or sees around it, what reads: a decorator's function, a method."""
    target = target_function(deferred.function)
    given = [*given_values(deferred.function), *deferred.args]
    seen = [*given, *closed_over(w)(target)] if target is not None else given
    if any(reaches_read(m, func.function) for value in seen for func in functions(value)):
        return True
    return target is not None and texts_of(m, w, target, seen)[1]


def matters(m: Machine, w: World, deferred: Deferred) -> bool:
    """Whether code that runs later can be of interest: it may read, leave futures behind, or belong to a thread.

    Callbacks are, whatever they do: that one has run says that its future is done.
    """
    target = target_function(deferred.function)
    rebinds = target is not None and bool(target.function.nonlocal_names | target.function.global_names)
    stores = deferred.kind == "task" and target is not None and (leaves(m, target.function) or fills(target.function))
    return (
        deferred.kind in ("callback", "thread")
        or rebinds
        or stores
        or may_read(m, deferred.function)
        or reads_through(m, w, deferred)
    )


def only_sets(m: Machine, deferred: Deferred) -> bool:
    """Whether code that runs later sets a future or an event and does nothing else: a timer that releases a waiter.

    One that also cancels, or leaves a word for the waiter (`late = True`), is not meant: what it does then counts.
    """
    target = target_function(deferred.function)
    if target is None:
        return any(m.rows[name].call in SETTING for name in _apis(deferred.function) if name in m.rows)
    function = target.function
    if function.nonlocal_names or function.global_names or not names_in(function) & _methods(m, SETTING):
        return False
    nodes = nodes_in(function)
    stores = any(isinstance(n, ast.Attribute | ast.Subscript) and isinstance(n.ctx, ast.Store) for n in nodes)
    called = {f".{n.func.attr}" if isinstance(n.func, ast.Attribute) else "" for n in nodes if isinstance(n, ast.Call)}
    return not stores and called <= _methods(m, SETTING | ASKING)


ASKING = frozenset(["done", "cancelled", "sleep"])


def _methods(m: Machine, effects: frozenset[str]) -> frozenset[str]:
    return frozenset(f".{name}" for name in m.rows.named(effects))


PUTTING = frozenset(["put", "put_nowait"])  # effects


def feeds(m: Machine, w: World, deferred: Deferred) -> bool:
    """Whether code that runs later may put a future that it makes into a queue of this world."""
    target = target_function(deferred.function)
    if target is None or not any(
        isinstance(obj, Cont) and obj.kind in ("queue", "unordered") for obj in w.heap.values()
    ):
        return False
    names = closure(m, target.function)
    return makes_any(m, names) and bool({name.rpartition(".")[2] for name in names} & m.rows.named(PUTTING))


def _apis(value: Value) -> Iterator[str]:
    """The names of the APIs that a callable ends in or is handed: `partial(map, Task.result)`."""
    match value:
        case Api(name):
            yield name
        case Bound(function, _):
            yield from _apis(function)
        case Partial(function, args, _):
            yield from _apis(function)
            for arg in args:
                yield from _apis(arg)
