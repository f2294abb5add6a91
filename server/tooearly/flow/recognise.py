"""What nothing was known of turns out to be a future, because it is waited for as one.

A parameter or an attribute without a type that stands among the futures of a `wait` may be the one that ends it. From
there on it is a future in a state that nobody has seen (or done, if it has been awaited before), wherever its name or
its attribute leads to it; so `stop in done` and `stop.done()` tell something of the others.
"""

from __future__ import annotations

from dataclasses import replace

from tooearly.flow.objects import DONE, UNSEEN, Cont, Fut, Inst
from tooearly.flow.state import World
from tooearly.flow.values import Oid, Ref, Unknown, Value, unique


def recognise(w: World, given: Value | None) -> None:
    """Give each such value in a container its future."""
    cont = w.cont(given)
    if cont is None or cont.many:
        return
    for value in unique(cont.keys if cont.kind == "dict" else cont.items):
        match value:
            case Unknown(tag=("param" | "attr" | "awaited", *_) as tag, type=""):
                mask = DONE if tag[0] == "awaited" else UNSEEN
                made = w.allocate(Oid(tag, ()), Fut("task", mask, None, foreign=True))
                _replace(w, value, made)
                _keep(w, tag, made)


def _replace(w: World, value: Unknown, made: Ref) -> None:
    def new(values: tuple[Value, ...]) -> tuple[Value, ...]:
        return tuple(made if v == value else v for v in values)

    for key, held in list(w.env.items()):
        if held == value:
            w.env[key] = made
    for oid, obj in list(w.heap.items()):
        if isinstance(obj, Cont) and (value in obj.items or value in obj.keys):
            w.heap[oid] = replace(obj, items=new(obj.items), keys=new(obj.keys))


def _keep(w: World, tag: tuple[object, ...], made: Ref) -> None:
    """An attribute that was read from an instance is its attribute from here on."""
    for oid, obj in list(w.heap.items()):
        if tag[0] == "attr" and isinstance(obj, Inst) and not obj.many and oid.site == tag[1]:
            w.heap[oid] = obj.having(str(tag[2]), made)
