"""Functions that keep what they have returned: `functools.cache`, `lru_cache`.

The same arguments give the same object again. What was kept before is known only where the whole program is followed,
from the module's top level on; a function on its own may be called late, when others have waited for what is kept.
"""

from __future__ import annotations

from collections.abc import Iterator

from tooearly.flow.calling import Call, call, give_away
from tooearly.flow.machine import Outcome
from tooearly.flow.objects import Inst
from tooearly.flow.values import Api, Bound, Const, Frame, Func, Klass, Partial, Ref, Value

PLAIN = (Const, Klass, Api)  # arguments by which calls are told apart


def caching(c: Call) -> list[Outcome]:
    """`@cache`, `@lru_cache`, or `@lru_cache(maxsize=...)`, which gives a decorator."""
    function = c.get("func")
    if isinstance(function, Func | Bound | Partial):
        return [Outcome(c.w, Partial(Api("tooearly.cached"), (function,), ()))]
    return [Outcome(c.w, Api(c.row.name))]


def cached(c: Call) -> Iterator[Outcome] | list[Outcome]:
    """A call of such a function."""
    function, given = c.args["func"], [v for v, _ in c.rest]
    named = {name: value for name, value in c.args.items() if name != "func"}
    if any(starred for _, starred in c.rest):
        return call(c.m, c.act, c.w, function, c.rest, list(named.items()), c.site)
    rest = [*given[1:], *named.values()]
    held = c.w.heap.get(given[0].oid) if given and isinstance(given[0], Ref) else None
    if isinstance(held, Inst) and not held.many and all(isinstance(v, PLAIN) for v in rest):
        return _kept_in(c, function, given[0], held, f"$kept {function} {given[1:]} {sorted(named.items())}")
    frame: Frame = ("cached", function)
    key = (frame, (tuple(given), tuple(sorted(named.items()))))
    plain = all(isinstance(v, PLAIN) for v in (*given, *named.values()))
    if plain and key in c.w.env:
        return [Outcome(c.w, c.w.env[key])]
    return _kept(c, function, list(named.items()), key if plain else None)


def _kept_in(c: Call, function: Value, owner: Value, held: Inst, name: str) -> list[Outcome]:
    """The call of a method with such arguments: what it gives is kept with its instance."""
    known = held.get(name)
    if known is not None:
        return [Outcome(c.w, known)]
    whole = _whole(c) or not held.open
    out = []
    named = [(n, v) for n, v in c.args.items() if n != "func"]
    for made in call(c.m, c.act, c.w, function, c.rest, list(named), c.site):
        inst = made.world.heap.get(owner.oid) if isinstance(owner, Ref) else None
        if made.exc is None and not whole:
            give_away(made.world, [made.value])
        if made.exc is None and isinstance(inst, Inst) and isinstance(owner, Ref):
            made.world.heap[owner.oid] = inst.having(name, made.value)
        out.append(made)
    return out


def _whole(c: Call) -> bool:
    """Whether the program is followed from its beginning."""
    return c.act.frame[:1] == ("M",)


def _kept(
    c: Call, function: Value, named: list[tuple[str | None, Value]], key: tuple[Frame, object] | None
) -> list[Outcome]:
    """What a first call gives; it is the first one only if the program is followed from its beginning."""
    whole = _whole(c)
    out = []
    for made in call(c.m, c.act, c.w, function, c.rest, named, c.site):
        if made.exc is None:
            if not whole or key is None:
                give_away(made.world, [made.value])
            if key is not None:
                made.world.env[key] = made.value
        out.append(made)
    return out
