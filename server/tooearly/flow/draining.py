"""Generators that are run to their end by whoever is handed them: `list(g)`, `sum(g)`, `f(*g)`.

Until then a generator is a coroutine object that nobody has started (`Coro`), so what it reads is judged at the
moment when it is asked, not where it was written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from tooearly.flow.binding import Args
from tooearly.flow.containers import new
from tooearly.flow.iterate import advance, iterator, send
from tooearly.flow.machine import Act, Machine, Outcome
from tooearly.flow.objects import Cont, Iterating
from tooearly.flow.special import method
from tooearly.flow.state import World
from tooearly.flow.storing import collect
from tooearly.flow.values import NONE, Coro, Exc, Func, Ref, Site, Unknown, Value

if TYPE_CHECKING:
    from tooearly.flow.calling import Call

TURNS = 24
ORDERING = ("__lt__", "__gt__")
WAYS = 12
# Effects of functions that go through what they are given at once (`zip`, `map` and their like do not).
CONSUMING = frozenset(
    ["walk", "mixed", "container", "reordered", "one_of", "all", "any", "extend", "update", "dict_update", "set_op"]
)


def is_generator(w: World, value: Value, *, is_async: bool = False) -> bool:
    """Whether a value is a generator, begun or not; of those that have begun the asynchronous ones are, too."""
    if isinstance(value, Coro) and isinstance(value.function, Func):
        return value.function.function.is_generator and value.function.function.is_async == is_async
    obj = w.heap.get(value.oid) if isinstance(value, Ref) else None
    return isinstance(obj, Iterating) and obj.kind == "generator"


def must_walk(m: Machine, w: World, value: Value) -> bool:
    """Whether to go through a value is to run code: of a generator, of an instance that can be walked."""
    return is_generator(w, value) or method(m, w, value, ("__iter__",)) is not None


def sent(c: Call, *, is_async: bool) -> list[Outcome] | None:
    """What a generator gives that is sent a value; None when it is none that is followed."""
    out: list[Outcome] = []
    over = Exc("builtins.StopAsyncIteration" if is_async else "builtins.StopIteration")
    if not is_generator(c.w, c.receiver or NONE, is_async=is_async):
        return None
    for started in iterator(c.m, c.act, c.w, c.receiver or NONE, c.site, is_async):
        for label, outcome in send(c.m, c.act, started.world, started.value, c.get("value") or Unknown()):
            out.append(Outcome(outcome.world, exc=over) if label == "exhausted" else outcome)
    return out


def drain(m: Machine, act: Act, w: World, generator: Value, site: Site, kind: str = "list") -> list[Outcome]:
    """Run a generator until a turn brings nothing new; the value is a container of what it gave."""
    filling = (act.frame, "$filling")  # it must be named while it runs
    w.env[filling] = new(w, act.frame, site, Cont(kind), "drained")

    def turn(world: World, value: Value) -> list[Outcome]:
        collect(world, world.env[filling], value, None)
        return [Outcome(world)]

    ended = walk(m, act, w, generator, site, turn)
    return [replace(outcome, value=outcome.world.env.pop(filling)) for outcome in ended]


def fold(c: Call) -> list[Outcome]:
    """`reduce(f, items, start)`: `f` is called with what it has given before, and each element."""
    from tooearly.flow.calling import call

    function, start, kept = c.get("function") or Unknown(), c.get("initial"), (c.frame, "$folded")
    if start is not None:
        c.w.env[kept] = start

    def turn(world: World, value: Value) -> list[Outcome]:
        if kept not in world.env:
            world.env[kept] = value
            return [Outcome(world)]
        args: Args = [(world.env[kept], False), (value, False)]
        made = list(call(c.m, c.act, world, function, args, [], c.site))
        for outcome in made:
            outcome.world.env[kept] = outcome.value
        return made

    ended = walk(c.m, c.act, c.w, c.get("items") or Unknown(), c.site, turn)
    return [replace(outcome, value=outcome.world.env.pop(kept, Unknown())) for outcome in ended]


def keyed(c: Call) -> list[Outcome]:
    """`nsmallest(n, items, key)`: calls `key` on each element; gives some of them."""
    from tooearly.flow.calling import call
    from tooearly.flow.effects_data import reordered

    key = c.get("key")

    def turn(world: World, value: Value) -> list[Outcome]:
        return list(call(c.m, c.act, world, key or NONE, [(value, False)], [], c.site))

    if key is None or key == NONE:
        return reordered(c)
    ended = walk(c.m, c.act, c.w, c.get("items") or Unknown(), c.site, turn)
    return [
        given
        for outcome in ended
        for given in (reordered(replace(c, w=outcome.world)) if outcome.exc is None else [outcome])
    ]


def compared(c: Call) -> list[Outcome]:
    """`sorted(items)`, `max(items)`: instances that define an order are compared, each with another one.

    The value is what was given, under the name that it has by then.
    """
    from tooearly.flow.calling import call

    given, kept, whole = c.get("items") or Unknown(), (c.frame, "$compared"), (c.frame, "$whole")
    cont = c.w.cont(given)
    ordered = cont is not None and any(method(c.m, c.w, item, ORDERING) is not None for item in cont.items)
    if not ordered or c.get("key") is not None:
        return [Outcome(c.w, given)]

    def turn(world: World, value: Value) -> list[Outcome]:
        found = method(c.m, world, value, ORDERING)
        args: Args = [(world.env[kept], False)] if kept in world.env else []
        world.env[kept] = value
        return list(call(c.m, c.act, world, found, args, [], c.site)) if args and found else [Outcome(world)]

    c.w.env[whole] = given
    ended = walk(c.m, c.act, c.w, given, c.site, turn)
    for outcome in ended:
        outcome.world.env.pop(kept, None)
    return [replace(outcome, value=outcome.world.env.pop(whole, given)) for outcome in ended]


def walk(
    m: Machine, act: Act, w: World, source: Value, site: Site, turn: Callable[[World, Value], list[Outcome]]
) -> list[Outcome]:
    """What is so when an iterable has been walked to its end; `turn` is what is done with each element."""
    walking = (act.frame, "$walking")
    waiting: list[World] = []
    for started in iterator(m, act, w, source, site, False):
        started.world.env[walking] = started.value
        waiting.append(started.world)
    out: list[Outcome] = []
    seen: set[World] = set()
    for _ in range(TURNS):
        following: list[World] = []
        for world in waiting:
            for label, given in advance(m, act, world, world.env[walking], site, False):
                goes_on = given.exc is None and label != "exhausted"
                for outcome in turn(given.world, given.value) if goes_on else [given]:
                    if goes_on and outcome.exc is None:
                        following.append(outcome.world.settle())
                        continue
                    del outcome.world.env[walking]
                    out.append(outcome)
        fresh = [x for x in dict.fromkeys(following) if x not in seen][:WAYS]
        seen.update(fresh)
        waiting = [x.copy() for x in fresh]
    return out


def with_lists(
    m: Machine,
    act: Act,
    w: World,
    args: Args,
    site: Site,
    wanted: bool,
    then: Callable[[World, Args], Iterable[Outcome]],
) -> list[Outcome]:
    """Drain the generators among the (un)starred arguments one after another, and go on with lists in their place."""
    index = next((i for i, (v, starred) in enumerate(args) if starred == wanted and must_walk(m, w, v)), None)
    if index is None:
        return list(then(w, args))
    out: list[Outcome] = []
    held = (act.frame, f"$drained{index}")
    for drained in drain(m, act, w, args[index][0], site):
        if drained.exc is not None:
            out.append(drained)
            continue
        drained.world.env[held] = drained.value
        given = [*args[:index], (drained.value, args[index][1]), *args[index + 1 :]]
        for outcome in with_lists(m, act, drained.world, given, site, wanted, then):
            outcome.world.env.pop(held, None)
            out.append(outcome)
    return out
