"""What a test framework has done when it enters a test: set-up methods have run, fixtures are at hand.

A test method is not called by anybody in sight, but its class is known to be one of a framework: rows name the methods
that run before each test on the same instance (`before`), and how the names of tests begin (`entered`). So what these
methods leave in attributes is there when the test begins, and the loop has turned since where one of them is a
coroutine. A test's parameter that bears the name of a fixture of the same file holds what that gives, or yields; those
with `autouse` are run for all tests. Helper methods, clean-up, and fixtures that several tests share are left alone:
what has happened in between cannot be seen.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tooearly.flow.attributes import find_method
from tooearly.flow.awaits import await_value
from tooearly.flow.calling import call, call_function
from tooearly.flow.classes import bases, decorator_names
from tooearly.flow.facts import fact
from tooearly.flow.folding import fold_worlds
from tooearly.flow.leaving import leaves
from tooearly.flow.machine import MOST, Act, GaveUp, Machine, Outcome
from tooearly.flow.manage import enter
from tooearly.flow.state import World
from tooearly.flow.suspending import suspend
from tooearly.flow.values import Coro, Frame, Func, Managing, Ref, Site, Unknown, Value, site_of
from tooearly.semantics.names import Binding, Function, Module
from tooearly.semantics.rows import Row

STEPS = 1_500  # of all that runs before a test
NO_BASE = "builtins.object"


def prepared(m: Machine, module: Module, act: Act, world: World) -> list[World]:
    """The worlds in which a root begins: that of nobody's call, or those that its framework has prepared."""
    limit, depth = m.limit, m.depth
    m.limit, m.quiet = min(m.limit, m.steps + STEPS), m.quiet + 1
    act.block = act.graph.blocks[0]
    site = site_of(act.function.unit, act.function.node)
    try:
        ready = _with_fixtures(m, module, act, _set_up(m, act, world.copy(), site), site)
    except GaveUp:
        return [world]
    finally:
        m.limit, m.quiet, m.depth = limit, m.quiet - 1, depth
        act.block = None
    found = list(dict.fromkeys(w.settle() for w in ready))
    return fold_worlds(found, MOST) if len(found) > MOST else found or [world]


def _enters(row: Row, function: Function) -> bool:
    return bool(row.entered) and function.name.startswith(row.entered)


# Set-up methods
def _set_up(m: Machine, act: Act, world: World, site: Site) -> list[World]:
    """The worlds after the methods that run before this one."""
    function = act.function
    row = _class_row(m, function)
    me = world.env.get((act.frame, function.params[0])) if row is not None and function.params else None
    if row is None or not isinstance(me, Ref):
        return [world]
    worlds = [world]
    for name in row.before:
        worlds = [after for w in worlds for after in _ran(m, act, w, find_method(m, w, me, name), site)]
    return worlds


def _class_row(m: Machine, function: Function) -> Row | None:
    """The row of the framework that enters a method."""
    if function.cls is None:
        return None
    known = [m.rows[base] for base in bases(m, function.cls) if isinstance(base, str) and base in m.rows]
    known += [m.rows[NO_BASE]] if NO_BASE in m.rows else []
    row = next((row for row in known if row.before), None)
    return row if row is not None and _enters(row, function) else None


def _ran(m: Machine, act: Act, w: World, method: Value | None, site: Site) -> list[World]:
    """The worlds after a set-up method, if it has anything to do with futures; it has not failed."""
    target = _function_of(method)
    if method is None or target is None or not leaves(m, target):
        return [w]
    return [o.world for o in _awaited(m, act, list(call(m, act, w, method, [], [], site)), site)]


def _function_of(value: Value | None) -> Function | None:
    inner = getattr(value, "function", None)
    return inner.function if isinstance(inner, Func) else None


def _awaited(m: Machine, act: Act, made: list[Outcome], site: Site) -> list[Outcome]:
    """What the framework gets: a coroutine is run to its end, and then the loop turns."""
    out: list[Outcome] = []
    for outcome in made:
        if outcome.exc is None and isinstance(outcome.value, Coro):
            for done in await_value(m, act, outcome.world, outcome.value, site):
                if done.exc is None:
                    suspend(m, act, done.world, "other", site)
                    out.append(done)
        elif outcome.exc is None:
            out.append(outcome)
    return out


# Fixtures
def _with_fixtures(m: Machine, module: Module, act: Act, worlds: list[World], site: Site) -> list[World]:
    """The worlds in which the parameters that name fixtures hold what those give."""
    for name in (*_by_themselves(m, module, act.function), *act.function.params):
        fixture = _fixture(m, module, act.function, name)
        bound = name in act.function.params
        if fixture is None or not _enters(fixture[1], act.function):
            continue
        if bound or leaves(m, fixture[0]):
            given = [o for w in worlds for o in _given(m, module, act, w, fixture[0], site, ())]
            worlds = [_bound(o.world, (act.frame, name), o.value) if bound else o.world for o in given]
    return worlds


def _by_themselves(m: Machine, module: Module, test: Function) -> list[str]:
    """The fixtures, of the file and of the class, that are run whether a test names them or not."""
    m.consulted["by themselves", module.name] = True
    names = fact(module, "by themselves")
    own = test.cls.methods if test.cls is not None else {}
    found = [name for name in module.bindings if name in names]
    return [*found, *(name for name in own if name in names)]


def _bound(w: World, key: tuple[Frame, object], value: Value) -> World:
    w.env[key] = value
    return w


def _fixture(m: Machine, module: Module, asking: Function, name: str) -> tuple[Function, Row] | None:
    """The fixture of that name: of the class, or of the file."""
    own = asking.cls.methods.get(name) if asking.cls is not None else None
    bindings: tuple[Binding, ...] = () if own is not None else module.bindings.get(name, ())
    found = own or (bindings[-1].value if len(bindings) == 1 and bindings[0].kind == "def" else None)
    if not isinstance(found, Function) or found is asking or not hasattr(found.node, "decorator_list"):
        return None
    rows = [m.rows[known] for known in decorator_names(m, found) if known in m.rows]
    row = next((row for row in rows if row.kind == "fixture"), None)
    return (found, row) if row is not None and not _shared(found) else None


def _shared(fixture: Function) -> bool:
    """Whether a fixture may live longer than one test."""
    decorators = [d for d in getattr(fixture.node, "decorator_list", ()) if isinstance(d, ast.Call)]
    scopes = [k.value for d in decorators for k in d.keywords if k.arg == "scope"]
    return any(not (isinstance(s, ast.Constant) and s.value == "function") for s in scopes)


def _given(
    m: Machine, module: Module, act: Act, w: World, fixture: Function, site: Site, around: tuple[str, ...]
) -> Iterator[Outcome]:
    """What a fixture gives, once for each test; `around` are those that ask for it."""
    kept: tuple[Frame, object] = (act.frame, f"$fixture {fixture.name}")
    if kept in w.env:
        yield Outcome(w, w.env[kept])
        return
    for world, args in _arguments(m, module, act, w, fixture, site, (*around, fixture.name)):
        func = Func(fixture, ("M", fixture.module))
        started = call_function(m, act, world, func, [(a, False) for a in args], [], site)
        for outcome in _yielded(m, act, started, fixture, site):
            outcome.world.env[kept] = outcome.value
            yield outcome


def _yielded(m: Machine, act: Act, started: list[Outcome], fixture: Function, site: Site) -> list[Outcome]:
    if not fixture.is_generator:
        return _awaited(m, act, started, site)
    out: list[Outcome] = []
    for made in started:
        manager = Managing("generator", (made.value,))
        out += enter(m, act, made.world, manager, site, fixture.is_async, f"$fixture of {fixture.name}")
    fine = [outcome for outcome in out if outcome.exc is None]
    for outcome in fine if fixture.is_async else ():
        suspend(m, act, outcome.world, "other", site)
    return fine


def _arguments(
    m: Machine, module: Module, act: Act, w: World, fixture: Function, site: Site, around: tuple[str, ...]
) -> list[tuple[World, tuple[Value, ...]]]:
    """The worlds in which the fixtures that a fixture asks for are at hand, and what they give to it."""
    ways: list[tuple[World, tuple[Value, ...]]] = [(w, ())]
    for name in fixture.params:
        inner = _fixture(m, module, fixture, name)
        following: list[tuple[World, tuple[Value, ...]]] = []
        for world, args in ways:
            if inner is None or name in around:
                own = world.env.get((act.frame, name)) if name == "self" else None
                following.append((world, (*args, own or Unknown(("fixture", name)))))
            else:
                found = _given(m, module, act, world, inner[0], site, around)
                following += [(o.world, (*args, o.value)) for o in found]
        ways = following
    return ways


__all__ = ["prepared"]
