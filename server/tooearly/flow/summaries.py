"""Summaries: what a function of a module does that neither touches nor returns an object, found once.

Such a function does the same wherever it is called, and in the next version of the text (`sharing`). It is interpreted
in a world of its own, with one unfinished future for a probe: what becomes of that tells whether the function suspends.
The kinds of functions: coroutines that are awaited, and plain functions that do nothing but compute.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from tooearly.flow.binding import Args, Kwargs
from tooearly.flow.calling import invoke
from tooearly.flow.facts import stays
from tooearly.flow.machine import Act, Machine, Outcome
from tooearly.flow.mention import closure, reaches_read
from tooearly.flow.objects import DONE, PENDING, Fut
from tooearly.flow.sharing import find, may_share
from tooearly.flow.state import Key, World
from tooearly.flow.suspending import suspend
from tooearly.flow.values import Const, Coro, Exc, Func, Oid, Ref, Site, Unknown, Value, is_module, options
from tooearly.flow.walking import functions, refs

PROBE = Oid("probe", ("probe",))


@dataclass(frozen=True, slots=True)
class Summary:
    """What a function does: it may suspend, and end in these ways."""

    suspends: bool
    ends: tuple[tuple[Value, Exc | None], ...]


def summary(m: Machine, act: Act, w: World, func: Func, coro: Coro) -> Summary | None:
    """The summary of a module's function for arguments without objects; None when it has none.

    The arguments are those of `coro`, which need not be one: a plain function is called with them.
    """
    if not is_module(func.frame) or refs(coro) or functions_in(coro) or reaches_read(m, func.function):
        return None
    texts = closure(m, func.function)
    if any(is_module(k[0]) and _mentioned(k[1], texts) and not _constant(m, k, v) for k, v in w.env.items()):
        return None
    plain = tuple(Unknown() if isinstance(a, Unknown) and not a.type else a for a in coro.args)
    on_loop = func.function.is_async or act.on_loop
    key = (func, plain, coro.kwargs, on_loop)
    if key not in m.summaries:
        m.summaries[key] = None  # recursion: no summary

        def work(machine: Machine, act: Act) -> Summary | None:
            return _summarise(machine, act, func, plain, coro, on_loop=on_loop)

        m.summaries[key] = find(m, act, key, work) if may_share(m, act, coro) else work(m, act)
    return m.summaries[key]


def _mentioned(name: object, text: Container[str]) -> bool:
    """Whether a text mentions a variable of a module, or of a class or function in it (`Registry.tasks`)."""
    if not isinstance(name, str) or name == "$up":
        return False
    return name in text or ("." in name and "." + name.rpartition(".")[2] in text)


def _constant(m: Machine, key: Key, value: Value) -> bool:
    """Whether a variable of a module is a constant for good, or nothing that is followed."""
    module = m.module(key[0][1])
    plain = all(isinstance(option, Const | Unknown) for option in options(value))
    return plain and module is not None and stays(m, module, key[1])


def called(m: Machine, act: Act, w: World, func: Func, args: Args, kwargs: Kwargs, site: Site) -> list[Outcome] | None:
    """The outcomes of a plain function's call by its summary; None when it has none, or does more than compute."""
    if not is_module(func.frame) or any(starred for _, starred in args) or any(name is None for name, _ in kwargs):
        return None
    given = Coro(func, tuple(a for a, _ in args), tuple((name or "", v) for name, v in kwargs), site)
    known = summary(m, act, w, func, given)
    if known is None or known.suspends:
        return None
    return apply_summary(m, act, w, known, site)


def _summarise(
    m: Machine, act: Act, func: Func, args: tuple[Value, ...], coro: Coro, *, on_loop: bool
) -> Summary | None:
    trial = World()
    trial.heap[PROBE] = Fut("task", PENDING, None)
    trial.env[("probe",), "probe"] = Ref(PROBE)
    m.quiet += 1
    outcomes = invoke(m, act, trial, func, [(a, False) for a in args], list(coro.kwargs), coro.site, on_loop=on_loop)
    m.quiet -= 1
    ends: dict[tuple[Value, Exc | None], None] = {}
    suspends = False
    for outcome in outcomes:
        left = outcome.world
        left.collect([outcome.value])
        if _waited_for(left):
            return None
        if len(left.heap) > 1 or left.deferred or any(is_module(k[0]) and k[1] != "$up" for k in left.env):
            return None
        value = outcome.value
        if refs(value) or functions_in(value):
            return None
        value = _result(value, func)
        suspends = suspends or _was_suspended(left)
        ends[value, outcome.exc] = None
    return Summary(suspends, tuple(ends))


def _result(value: Value, func: Func) -> Value:
    """What the caller needs to know of a result: of a coroutine's only what a test of it tells."""
    if isinstance(value, Unknown):
        return Unknown() if func.function.is_async else Unknown(None, value.type)
    plain = isinstance(value, Const) and value.kind in ("NoneType", "bool")
    return Unknown() if func.function.is_async and not plain else value


def _waited_for(w: World) -> bool:
    """Whether the function has got at a task that nobody gave it: it has asked for all tasks."""
    fut = w.heap.get(PROBE)
    return isinstance(fut, Fut) and fut.mask == DONE


def _was_suspended(w: World) -> bool:
    fut = w.heap.get(PROBE)
    return isinstance(fut, Fut) and fut.mask != PENDING


def apply_summary(m: Machine, act: Act, w: World, known: Summary, site: Site) -> list[Outcome]:
    """The outcomes of a summarised function in this world."""
    if known.suspends:
        suspend(m, act, w, "other", site)
    return [Outcome(w.copy(), value, exc) for value, exc in known.ends]


def functions_in(value: Value) -> list[Func]:
    """The functions of the workspace among what a function was given (its own does not count)."""
    inner = value.args if isinstance(value, Coro) else (value,)
    return [f for v in inner for f in functions(v)]
