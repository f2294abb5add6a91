"""Functions that keep what they have returned: `functools.cache`, `lru_cache`.

The same arguments give the same object again. What was kept before is known only where the whole program is followed,
from the module's top level on; a function on its own may be called late, when others have waited for what is kept.
"""

from __future__ import annotations

from collections.abc import Iterator

from tooearly.flow.calling import Call, call, give_away
from tooearly.flow.machine import Outcome
from tooearly.flow.values import Api, Bound, Const, Frame, Func, Klass, Partial, Value


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
    frame: Frame = ("cached", function)
    key = (frame, (tuple(given), tuple(sorted(named.items()))))
    plain = all(isinstance(v, Const | Klass | Api) for v in (*given, *named.values()))
    if plain and key in c.w.env:
        return [Outcome(c.w, c.w.env[key])]
    return _kept(c, function, list(named.items()), key if plain else None)


def _kept(
    c: Call, function: Value, named: list[tuple[str | None, Value]], key: tuple[Frame, object] | None
) -> list[Outcome]:
    """What a first call gives; it is the first one only if the program is followed from its beginning."""
    whole = c.act.frame[:1] == ("M",)
    out = []
    for made in call(c.m, c.act, c.w, function, c.rest, named, c.site):
        if made.exc is None:
            if not whole or key is None:
                give_away(made.world, [made.value])
            if key is not None:
                made.world.env[key] = made.value
        out.append(made)
    return out
