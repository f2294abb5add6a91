"""Calls: to functions and classes of the workspace (interpreted on the spot), to APIs (rows), to unknown code.

Unknown code gets at whatever it is handed: afterwards those futures may have been waited for, so nothing is claimed of
them (`World.escape`). It may also raise any ordinary exception.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from tooearly.flow.attributes import find_method
from tooearly.flow.binding import Args, Kwargs, arguments, bind, written_out
from tooearly.flow.containers import spread
from tooearly.flow.ended import unsee
from tooearly.flow.leaving import makes, sets_up
from tooearly.flow.machine import MAX_DEPTH, MAX_SAME, Act, GaveUp, Machine, Outcome
from tooearly.flow.mention import names_in
from tooearly.flow.objects import CANCELLED
from tooearly.flow.relevance import SMALL, closed_over, hands_over
from tooearly.flow.state import World
from tooearly.flow.suspending import suspend
from tooearly.flow.values import (
    PLAIN,
    Api,
    Bound,
    Choice,
    Coro,
    Exc,
    Frame,
    Func,
    Klass,
    Managing,
    Partial,
    Ref,
    Site,
    Unknown,
    Value,
)
from tooearly.semantics.rows import Row


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
            from tooearly.flow.instances import instantiate

            return instantiate(m, act, w, func, cls, args, kwargs, site)
        case Partial(inner, first, named):
            return call(m, act, w, inner, [*((a, False) for a in first), *args], [*named, *kwargs], site)
        case Managing("factory", (inner,)):
            made = call_function(m, act, w, inner, args, kwargs, site) if isinstance(inner, Func) else [Outcome(w)]
            return [Outcome(o.world, Managing("generator", (o.value,)), o.exc) for o in made]
        case Managing("namedtuple", names):
            from tooearly.flow.instances import named_tuple

            return named_tuple(act, w, names, args, kwargs, site)
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
    if m.in_thread or (not act.on_loop and any(isinstance(v, Unknown) and v.type == "Loop" for v in given[1:])):
        w.escape(list(w.heap))  # it may run the loop, or wait for what that does
    out = [Outcome(w, Unknown())]
    if raised is not None:
        give_away(raised, given)
        out.append(Outcome(raised, exc=Exc(PLAIN)))
    return out


def give_away(w: World, values: list[Value]) -> None:
    """Unknown code has got at these values and all they lead to."""
    if any(isinstance(v, Ref | Func | Bound | Partial | Coro | Managing | Choice) for v in values):
        w.escape(w.reachable(values, closed_over(w)))


# Functions of the workspace
def call_function(m: Machine, act: Act, w: World, func: Func, args: Args, kwargs: Kwargs, site: Site) -> list[Outcome]:
    """A call to a function whose text is known: a coroutine or generator object, or its body interpreted now."""
    function = func.function
    if function.is_async or function.is_generator:
        values = tuple(a for a, starred in args if not starred)
        if any(starred for _, starred in args):
            values = (*values, *(a for a, starred in args if starred))
        return [Outcome(w, Coro(func, values, tuple((n or "**", v) for n, v in kwargs), site))]
    from tooearly.flow.summaries import called

    found = called(m, act, w, func, args, kwargs, site)
    return found if found is not None else invoke(m, act, w, func, args, kwargs, site, on_loop=act.on_loop)


def invoke(
    m: Machine,
    act: Act,
    w: World,
    func: Func,
    args: Args,
    kwargs: Kwargs,
    site: Site,
    *,
    on_loop: bool,
    skim: bool = True,
) -> list[Outcome]:
    """Interpret a function's body with these arguments; with `skim` only if it can matter."""
    function = func.function
    if act.depth >= MAX_DEPTH or act.count(function) >= MAX_SAME:
        suspend(m, act, w, "other", site)
        return unknown_call(m, act, w, func, args, kwargs, site)
    if skim and not _matters(m, act, w, func, args, kwargs, site):
        return skimmed(m, act, w, func, site)
    frame: Frame = (*act.frame, (function.name, site.hashed))
    budget = max(STEPS_PER_CALL >> act.depth, FEWEST)
    if m.too_big.get(function, 0) >= budget:
        return _not_followed(m, act, w, func, args, kwargs, site)
    before = w.copy()
    bind(m, act, w, func, frame, args, kwargs, site)
    inner = m.enter(w, act, func, frame, on_loop=on_loop)
    limit, quiet, depth, block, looping = m.limit, m.quiet, m.depth, act.block, act.on_loop
    if m.sampling:
        budget = max(m.whole >> (act.depth + SHARE if act.depth or not m.program else 0), FEWEST)
    m.limit = min(limit, m.steps + budget)
    try:
        return m.finish(inner, m.run(inner, [w]))
    except GaveUp as bound:
        if m.steps > limit:
            raise  # the bound that was reached is one around the call
        m.quiet, m.depth, act.block, act.on_loop = quiet, depth, block, looping
        if m.sampling and any(bound.exits.values()):
            return m.finish(inner, bound.exits)
        m.too_big[function] = budget
        return _not_followed(m, act, before, func, args, kwargs, site)
    finally:
        m.limit = limit


SHARE = 4  # of a sample's steps a call from its root may take one in 2**SHARE
STEPS_PER_CALL, FEWEST = 3_000, 400  # of a call from a root; halved with each level, but at least so many


def _not_followed(m: Machine, act: Act, w: World, func: Func, args: Args, kwargs: Kwargs, site: Site) -> list[Outcome]:
    """A call to a function that is too big to follow: like one to unknown code."""
    if func.function.is_async:
        suspend(m, act, w, "other", site)
    return unknown_call(m, act, w, func, args, kwargs, site)


def _matters(m: Machine, act: Act, w: World, func: Func, args: Args, kwargs: Kwargs, site: Site) -> bool:
    """Whether a call needs to be followed; if it does not, what its text changes is not known any more."""
    from tooearly.flow.telling import overlooked

    function = func.function
    if len(names_in(function)) <= SMALL or makes(m, function) or sets_up(function):
        return True
    if hands_over(m, w, func, args, kwargs):
        return True
    given = tuple(value for value, starred in args if not starred)
    return overlooked(act, w, Coro(func, given, tuple((n or "**", v) for n, v in kwargs), site))


def skimmed(m: Machine, act: Act, w: World, func: Func, site: Site) -> list[Outcome]:
    """A call to a function that cannot matter: it may suspend, raise, and return something."""
    if func.function.is_async:
        unsee(w, called=True)
        suspend(m, act, w, "other", site)
        return [
            Outcome(w, Unknown()),
            Outcome(w.copy(), exc=Exc("")),
            Outcome(w.copy(), exc=Exc(CANCELLED)),
        ]
    return [Outcome(w, Unknown()), Outcome(w.copy(), exc=Exc(""))]


def is_exception(name: str) -> bool:
    """Whether a builtin of this name is a class of exceptions."""
    cls = getattr(builtins, name, None)
    return isinstance(cls, type) and issubclass(cls, BaseException)


# APIs
def call_api(
    m: Machine, act: Act, w: World, name: str, receiver: Value | None, args: Args, kwargs: Kwargs, site: Site
) -> Iterator[Outcome] | list[Outcome]:
    """A call to something known by its name: the effect of its row, or unknown code."""
    row = m.rows.get(name)
    if row is None:
        if name.startswith("builtins.") and is_exception(name[9:]):
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
    if row.asks:
        from tooearly.flow.special import told

        asked = told(m, act, w, [value for value, _ in args], row.asks, site)
        fine = [_effect(m, act, a.world, row, receiver, args, kwargs, site) for a in asked if a.exc is None]
        return [*chain.from_iterable(fine), *(a for a in asked if a.exc is not None)]
    return _effect(m, act, w, row, receiver, args, kwargs, site)


def _effect(
    m: Machine, act: Act, w: World, row: Row, receiver: Value | None, args: Args, kwargs: Kwargs, site: Site
) -> Iterator[Outcome] | list[Outcome]:
    """The effect that a row names, on calling what it stands for or, later, on awaiting that."""
    from tooearly.flow.draining import CONSUMING, must_walk, with_lists
    from tooearly.flow.effects import EFFECTS

    args = [(v, s) if row.call in CONSUMING and must_walk(m, w, v) else (w.inside(v), s) for v, s in args]
    if row.awaiting and not row.call:
        packed = tuple((n or "**", v) for n, v in kwargs)
        values = spread(w, args)
        crowd = tuple(v for v, starred in values if starred)
        plain = tuple(v for v, starred in values if not starred)
        function = Api(row.name) if receiver is None else Bound(Api(row.name), receiver)
        return [Outcome(w, Coro(function, (*plain, *crowd), packed, site))]
    effect = EFFECTS.get(row.call or "plain")
    if effect is None:
        return unknown_call(m, act, w, Api(row.name), args, kwargs, site)
    if row.call in CONSUMING and any(must_walk(m, w, v) for v, _ in args):

        def go_on(world: World, given: Args) -> Iterator[Outcome] | list[Outcome]:
            return effect(Call(m, act, world, row, receiver, *arguments(row, given, kwargs), site))

        return with_lists(m, act, w, args, site, False, go_on)
    return effect(Call(m, act, w, row, receiver, *arguments(row, args, kwargs), site))
