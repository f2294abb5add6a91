"""The effects of functions and methods on containers, and of plain functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from tooearly.flow import containers
from tooearly.flow.containers import FACTORY, collect, copy, new
from tooearly.flow.machine import Outcome
from tooearly.flow.state import World, without
from tooearly.flow.values import (
    FALSE,
    NONE,
    TRUE,
    Api,
    Bound,
    Const,
    Cont,
    Coro,
    Exc,
    Fut,
    Inst,
    Iterating,
    Length,
    Managing,
    Oid,
    Partial,
    Ref,
    Unknown,
    Value,
    const,
    unique,
)

if TYPE_CHECKING:
    from tooearly.flow.calling import Call

Results = "Iterator[Outcome] | list[Outcome]"


def plain(c: Call) -> list[Outcome]:
    """Nothing happens to futures; the value is of the row's type."""
    out = [Outcome(c.w, Unknown(None, c.row.returns))]
    if c.row.raises and c.act.block is not None and c.act.block.handler >= 0:
        out.append(Outcome(c.w.copy(), exc=Exc("builtins.ValueError")))
    return out


def identity(c: Call) -> list[Outcome]:
    """Gives the receiver."""
    return [Outcome(c.w, c.receiver or Unknown())]


def keep(c: Call) -> list[Outcome]:
    """A decorator that keeps the function (or a call that gives its argument)."""
    return [Outcome(c.w, c.get("func") or Api("tooearly.identity"))]


def keeping(c: Call) -> list[Outcome]:
    """A call that gives a decorator which keeps the function."""
    return [Outcome(c.w, Api("tooearly.identity"))]


def partial(c: Call) -> list[Outcome]:
    """`functools.partial`."""
    named = tuple((n, v) for n, v in c.args.items() if n != "func")
    return [Outcome(c.w, Partial(c.get("func") or Unknown(), tuple(v for v, _ in c.rest), named))]


def superclass(c: Call) -> list[Outcome]:
    """`super()` in a method: the ancestors' side of the first parameter."""
    from tooearly.flow.values import Klass

    function = c.act.function
    first = c.w.env.get((c.act.frame, function.params[0])) if function.params else None
    if function.cls is not None and isinstance(first, Ref) and not c.args:
        return [Outcome(c.w, Managing("super", (Klass(function.cls, ("M", function.module)), first)))]
    return [Outcome(c.w, Unknown())]


def never(c: Call) -> list[Outcome]:
    """`sys.exit()` and its like do not return."""
    return [Outcome(c.w, exc=Exc("builtins.SystemExit"))]


def event(c: Call) -> list[Outcome]:
    """An object that one part of the program signals and another waits for."""
    return [Outcome(c.w, new(c.w, c.frame, c.site, Cont("event")))]


def methodcaller(c: Call) -> list[Outcome]:
    """`operator.methodcaller("result")` calls that method of its argument."""
    name = c.get("name")
    if isinstance(name, Const) and f"Task.{name.value}" in c.m.rows:
        return [Outcome(c.w, Api(f"Task.{name.value}"))]
    return [Outcome(c.w, Unknown())]


def attrgetter(c: Call) -> list[Outcome]:
    """`operator.attrgetter("task")` as a partial `getattr`."""
    name = c.get("name")
    return [Outcome(c.w, Partial(Api("tooearly.attrgetter"), (name,), ()) if name is not None else Unknown())]


def get_attr(c: Call) -> list[Outcome]:
    """`getattr(obj, "name", default)`."""
    from tooearly.flow.attributes import get_attribute

    name, obj = c.get("name"), c.get("obj")
    if isinstance(name, Const) and isinstance(name.value, str) and obj is not None:
        return get_attribute(c.m, c.act, c.w, obj, name.value, c.site.node)
    return [Outcome(c.w, Unknown())]


def set_attr(c: Call) -> list[Outcome]:
    """`setattr(obj, "name", value)`."""
    from tooearly.flow.attributes import set_attribute

    name, obj, value = c.get("name"), c.get("obj"), c.get("value")
    if isinstance(name, Const) and isinstance(name.value, str) and obj is not None and value is not None:
        return set_attribute(c.m, c.act, c.w, obj, name.value, value, c.site.node)
    return [Outcome(c.w, NONE)]


def is_instance(c: Call) -> list[Outcome]:
    """`isinstance(x, T)` where both are known."""
    from tooearly.flow.catching import handler_names

    obj = c.get("obj")
    held = c.w.heap.get(obj.oid) if isinstance(obj, Ref) else None
    names = (
        [n.rpartition(".")[2].rpartition(":")[2] for n in handler_names(c.w, c.get("types"))]
        if c.get("types") is not None
        else ["?"]
    )
    known: set[str] | None = None
    match held:
        case Fut(kind="concurrent"):
            known = {"Future"} if "asyncio" not in str(c.get("types")) else set()
        case Fut(kind=kind):
            known = {"Task", "Future", "Awaitable"} if kind in ("task", "current") else {"Future", "Awaitable"}
        case Cont(kind=kind):
            known = {"done": {"set"}, "pending": {"set"}}.get(kind, {kind}) | {"Iterable", "Collection", "Sequence"}
    if isinstance(obj, Const):
        known = {obj.kind}
    if known is None or "?" in names:
        return [Outcome(c.w, Unknown())]
    return [Outcome(c.w, TRUE if known & set(names) else FALSE)]


def is_future(c: Call) -> list[Outcome]:
    """`asyncio.isfuture(x)`."""
    fut = c.w.fut(c.get("obj"))
    return [Outcome(c.w, TRUE if fut is not None and fut.kind != "concurrent" else Unknown())]


def truth(c: Call) -> list[Outcome]:
    """`bool(x)`."""
    from tooearly.flow.operators import truths

    value = c.get("obj") or FALSE
    if isinstance(value, Unknown):
        return [Outcome(c.w, Unknown())]
    return [Outcome(w, const(t)) for t, w in truths(c.w, value)]


def _assert(c: Call, wanted: bool, results: list[Outcome]) -> list[Outcome]:
    from tooearly.flow.operators import truths

    out: list[Outcome] = []
    for result in results:
        for is_true, world in truths(result.world, result.value):
            out.append(
                Outcome(world, NONE) if is_true == wanted else Outcome(world, exc=Exc("builtins.AssertionError"))
            )
    return out


def assert_true(c: Call) -> list[Outcome]:
    """`self.assertTrue(x)`."""
    return _assert(c, True, [Outcome(c.w, c.get("test") or Unknown())])


def assert_false(c: Call) -> list[Outcome]:
    """`self.assertFalse(x)`."""
    return _assert(c, False, [Outcome(c.w, c.get("test") or Unknown())])


def assert_in(c: Call) -> list[Outcome]:
    """`self.assertIn(x, xs)`."""
    return _assert(
        c, True, containers.membership(c.m, c.act, c.w, c.get("member") or Unknown(), c.get("container") or Unknown())
    )


def assert_not_in(c: Call) -> list[Outcome]:
    """`self.assertNotIn(x, xs)`."""
    return _assert(
        c, False, containers.membership(c.m, c.act, c.w, c.get("member") or Unknown(), c.get("container") or Unknown())
    )


# Containers
def items_of(w: World, value: Value | None) -> tuple[tuple[Value, ...], bool, bool] | None:
    """(items, exact, nonempty) of a container (the keys of a dict) or an unfinished iterator."""
    obj = w.heap.get(value.oid) if isinstance(value, Ref) else None
    match obj:
        case Cont(kind="dict"):
            return obj.keys, obj.exact, obj.nonempty
        case Cont():
            return obj.items, obj.exact, obj.nonempty
        case Iterating(kind=kind) if kind in ("plain", "pending", "unknown"):
            return obj.items, obj.exact, obj.nonempty
    return None


def length(c: Call) -> list[Outcome]:
    """`len(x)`."""
    obj = c.get("obj")
    cont = c.w.cont(obj)
    if cont is None or not isinstance(obj, Ref):
        return [Outcome(c.w, Unknown())]
    return [Outcome(c.w, const(len(cont.items)) if cont.exact else Length(obj.oid))]


def container(c: Call) -> list[Outcome]:
    """`list(x)`, `set(x)`, `dict(x)` and their like."""
    given = c.get("items")
    if given is None:
        named = tuple(c.args.items()) if c.row.kind == "dict" else ()
        keys = tuple(const(n) for n, _ in named)
        return [
            Outcome(
                c.w, new(c.w, c.frame, c.site, Cont(c.row.kind, tuple(v for _, v in named), True, bool(named), keys))
            )
        ]
    if isinstance(given, Coro):
        return drained(c, given)
    cont = c.w.cont(given)
    if c.row.kind == "dict":
        if cont is not None and cont.kind == "dict":
            return [Outcome(c.w, copy(c.w, cont, "dict", c.frame, c.site))]
        return [Outcome(c.w, _dict_of_pairs(c, cont))]
    if cont is not None:
        return [Outcome(c.w, copy(c.w, cont, c.row.kind, c.frame, c.site, ordered=cont.kind != "set"))]
    found = items_of(c.w, given)
    items, exact, nonempty = found or ((Unknown(),), False, False)
    return [Outcome(c.w, new(c.w, c.frame, c.site, Cont(c.row.kind, items, exact, nonempty)))]


def drained(c: Call, generator: Coro) -> list[Outcome]:
    """`list(generator())`: run the generator to its end, bounded."""
    from tooearly.flow.iterate import advance, iterator

    kind = c.row.kind if c.row.kind in ("list", "tuple", "set") else "list"
    coll = new(c.w, c.frame, c.site, Cont(kind))
    out: list[Outcome] = []
    waiting = [(o.world, o.value) for o in iterator(c.m, c.act, c.w, generator, c.site, False)]
    for _ in range(24):
        following: list[tuple[World, Value]] = []
        for world, it in waiting:
            for label, outcome in advance(c.m, c.act, world, it, c.site, False):
                if outcome.exc is not None:
                    out.append(outcome)
                elif label == "exhausted":
                    out.append(Outcome(outcome.world, coll))
                else:
                    collect(outcome.world, coll, outcome.value, None)
                    following.append((outcome.world.settle(), it))
        waiting = list(dict.fromkeys(following))[:12]
        if not waiting:
            return out
    return [*out, *(Outcome(w, coll) for w, _ in waiting)]


def _dict_of_pairs(c: Call, cont: Cont | None) -> Ref:
    keys: list[Value] = []
    values: list[Value] = []
    exact = cont is not None and cont.exact
    for item in cont.items if cont is not None else ():
        pair = c.w.cont(item)
        known = pair is not None and pair.exact and len(pair.items) == 2
        keys.append(pair.items[0] if pair is not None and known else Unknown())
        values.append(pair.items[1] if pair is not None and known else Unknown())
        exact = exact and known and not (pair is not None and pair.many)
    if cont is None:
        keys, values = [Unknown()], [Unknown()]
    return new(c.w, c.frame, c.site, Cont("dict", tuple(values), exact, bool(values) and exact, tuple(keys)))


def defaultdict(c: Call) -> list[Outcome]:
    """`defaultdict(list)`: a missing key makes a new value."""
    factory = c.get("factory") or NONE
    return [Outcome(c.w, new(c.w, c.frame, c.site, Cont("dict", (), True, slots=((FACTORY, factory),))))]


def reordered(c: Call) -> list[Outcome]:
    """`sorted(x)`: the same elements in an order that is not known."""
    found = items_of(c.w, c.get("items"))
    if found is None:
        return [Outcome(c.w, Unknown())]
    items, exact, nonempty = found
    return [
        Outcome(
            c.w,
            new(
                c.w,
                c.frame,
                c.site,
                Cont("list", unique(items), exact and len(items) < 2, nonempty or bool(exact and items)),
            ),
        )
    ]


def reverse(c: Call) -> list[Outcome]:
    """`reversed(x)`."""
    found = items_of(c.w, c.get("items"))
    if found is None:
        return [Outcome(c.w, Unknown())]
    items, exact, nonempty = found
    return [Outcome(c.w, new(c.w, c.frame, c.site, Cont("list", items[::-1], exact, nonempty)))]


def pair(c: Call, parts: tuple[Value, ...], index: object, *, many: bool) -> Ref:
    """A tuple made by `enumerate`, `zip` or `items`; `many` stands for one per member of the groups in it."""
    oid = Oid(c.site, c.frame, ("pair", index))
    c.w.heap[oid] = Cont("tuple", parts, True, True, many=many)
    return Ref(oid)


def _pairs(c: Call, rows: list[tuple[Value, ...]], exact: bool, nonempty: bool) -> list[Outcome]:
    items: list[Value] = []
    for index, parts in enumerate(rows):
        crowd = any(containers.is_group(c.w, p) for p in parts)
        items.append(pair(c, parts, index, many=crowd))
        exact = exact and not crowd
    return [Outcome(c.w, new(c.w, c.frame, c.site, Cont("list", tuple(items), exact, nonempty), "pairs"))]


def enumerated(c: Call) -> list[Outcome]:
    """`enumerate(x)`."""
    found = items_of(c.w, c.get("items"))
    if found is None:
        return [Outcome(c.w, Unknown())]
    items, exact, nonempty = found
    start = c.get("start") or const(0)
    base = start.value if isinstance(start, Const) and isinstance(start.value, int) else None
    counted: list[tuple[Value, ...]] = [
        (const(i + base) if exact and base is not None else Unknown(), item) for i, item in enumerate(items)
    ]
    return _pairs(c, counted, exact, nonempty)


def zipped(c: Call) -> list[Outcome]:
    """`zip(a, b)`: pairs in step when both are exact, else each element with something unknown beside it."""
    given = [items_of(c.w, v) for v, _ in c.rest]
    if all(g is not None and g[1] for g in given):
        return _pairs(c, list(zip(*(g[0] for g in given if g is not None), strict=False)), True, False)
    columns: list[list[Value]] = []
    for found in given:
        items: list[Value] = [i for i in (found[0] if found else ()) if isinstance(i, Ref)]
        columns.append(items or [Unknown()])
    rows: list[tuple[Value, ...]] = [()]
    for column in columns:
        rows = [(*row, value) for row in rows for value in column][:6]
    return _pairs(c, rows, False, all(g is not None and g[2] for g in given))


def chained(c: Call) -> list[Outcome]:
    """`itertools.chain(a, b)`."""
    items: tuple[Value, ...] = ()
    exact = True
    for value, _ in c.rest:
        found = items_of(c.w, value)
        items = (*items, *(found[0] if found else (Unknown(),)))
        exact = exact and found is not None and found[1]
    return [
        Outcome(
            c.w, new(c.w, c.frame, c.site, Cont("list", items if exact else unique(items), exact and len(items) <= 8))
        )
    ]


def flatten(c: Call) -> list[Outcome]:
    """`chain.from_iterable(x)`."""
    found = items_of(c.w, c.get("items"))
    items: tuple[Value, ...] = ()
    exact = found is not None and found[1]
    for value in found[0] if found else (Unknown(),):
        inner = items_of(c.w, value)
        items = (*items, *(inner[0] if inner else (Unknown(),)))
        exact = exact and inner is not None and inner[1] and not containers.is_group(c.w, value)
    return [
        Outcome(
            c.w, new(c.w, c.frame, c.site, Cont("list", items if exact else unique(items), exact and len(items) <= 8))
        )
    ]


def part(c: Call) -> list[Outcome]:
    """`islice(x, n)`: some of the elements."""
    given = c.get("items")
    if c.w.cont(given) is None or not isinstance(given, Ref):
        return [Outcome(c.w, Unknown())]
    return containers.unknown_part(c.act, c.w, given, c.site)


def counting(c: Call) -> list[Outcome]:
    """`range(n)`: known to run at least once when its bounds are constant."""
    values = [c.get(p) for p in ("a", "b", "c") if c.get(p) is not None]
    some = False
    if len(values) == 1 and isinstance(values[0], Length):
        source = c.w.heap.get(values[0].container)
        if isinstance(source, Cont) and source.kind != "dict":
            made = Iterating("indices", source.items, False, source.nonempty, Ref(values[0].container))
            return [Outcome(c.w, c.w.allocate(Oid(c.site, c.frame, "it"), made))]
    given = c.site.node.args if hasattr(c.site.node, "args") else []
    if len(values) == 1 and isinstance(values[0], Const) and given and type(given[0]).__name__ == "Call":
        count = values[0].value if isinstance(values[0].value, int) else 9
        if count <= 8:  # range(len(...)) of a container that is known element by element
            return [Outcome(c.w, new(c.w, c.frame, c.site, Cont("list", tuple(const(i) for i in range(count)))))]
    if values and all(isinstance(v, Const) and v.kind == "int" for v in values):
        numbers = [v.value for v in values if isinstance(v, Const)]
        if len(numbers) < 3 or numbers[2] != 0:
            some = len(range(*numbers)) > 0
            if not some:
                return [Outcome(c.w, new(c.w, c.frame, c.site, Cont("list", (), True)))]
    return [Outcome(c.w, new(c.w, c.frame, c.site, Cont("list", (Unknown(),), False, some)))]


def forever(c: Call) -> list[Outcome]:
    """`itertools.count()`."""
    return [Outcome(c.w, c.w.allocate(Oid(c.site, c.frame, "it"), Iterating("forever", (), False)))]


def make_iterator(c: Call) -> Iterator[Outcome] | list[Outcome]:
    """`iter(x)`."""
    from tooearly.flow.iterate import iterator

    return iterator(c.m, c.act, c.w, c.get("items") or Unknown(), c.site, False)


def take_next(c: Call) -> list[Outcome]:
    """`next(it, default)`."""
    from tooearly.flow.iterate import advance, iterator

    out: list[Outcome] = []
    default = c.get("default")
    given = c.get("iterator") or Unknown()
    for start in iterator(c.m, c.act, c.w, given, c.site, False):
        for label, outcome in advance(c.m, c.act, start.world, start.value, c.site, False):
            if label != "exhausted":
                out.append(outcome)
            elif default is not None:
                out.append(Outcome(outcome.world, default))
            else:
                out.append(Outcome(outcome.world, exc=Exc("builtins.StopIteration")))
    return out


def one_of(c: Call) -> list[Outcome]:
    """`max(x)`, `min(x)`, `random.choice(x)`: one of the elements."""
    given = c.get("items")
    if c.rest:
        return [Outcome(c.w, Unknown())]
    if c.w.cont(given) is None or not isinstance(given, Ref):
        return [Outcome(c.w, Unknown())]
    out = [Outcome(w, v) for w, v in containers.pick(c.act, c.w, given, None, c.site)]
    return out or [Outcome(c.w, exc=Exc("builtins.ValueError"))]


def every(c: Call) -> list[Outcome]:
    """`all(x)` of known truths."""
    found = items_of(c.w, c.get("items"))
    values = found[0] if found else (Unknown(),)
    if any(v == FALSE for v in values):
        return [Outcome(c.w, FALSE)]
    return [Outcome(c.w, TRUE if all(v == TRUE for v in values) else Unknown())]


def some(c: Call) -> list[Outcome]:
    """`any(x)` of known truths."""
    found = items_of(c.w, c.get("items"))
    values = found[0] if found else (Unknown(),)
    if any(v == TRUE for v in values):
        return [Outcome(c.w, TRUE)]
    return [Outcome(c.w, FALSE if all(v == FALSE for v in values) else Unknown())]


# Methods
def add(c: Call) -> list[Outcome]:
    """`append(x)`, `add(x)`."""
    if isinstance(c.receiver, Ref):
        cont = c.w.cont(c.receiver)
        front = c.row.name in ("list.appendleft", "list.insert")
        collect(c.w, c.receiver, c.get("item") or Unknown(), None)
        held = c.w.cont(c.receiver)
        if cont is not None and front and held is not None:
            first = c.row.name == "list.appendleft" or c.get("index") == const(0)
            items = (held.items[-1], *held.items[:-1]) if first else held.items
            c.w.heap[c.receiver.oid] = replace(
                held, items=items, exact=held.exact and (first or len(items) < 2), slots=()
            )
    return [Outcome(c.w, NONE)]


def extend(c: Call) -> list[Outcome]:
    """`extend(xs)`."""
    return _extended(c, [c.get("items")])


def update(c: Call) -> list[Outcome]:
    """`update(*xs)` of a set."""
    return _extended(c, [v for v, _ in c.rest])


def _extended(c: Call, given: list[Value | None]) -> list[Outcome]:
    for value in given:
        found = items_of(c.w, value)
        if isinstance(c.receiver, Ref):
            for item in found[0] if found else (Unknown(),):
                collect(c.w, c.receiver, item, None)
            cont = c.w.cont(c.receiver)
            if cont is not None and not (found and found[1]):
                c.w.heap[c.receiver.oid] = replace(cont, exact=False)
    return [Outcome(c.w, NONE)]


def dict_update(c: Call) -> list[Outcome]:
    """`d.update(other)`."""
    other = c.w.cont(c.get("items"))
    if isinstance(c.receiver, Ref):
        for key, value in zip(other.keys, other.items, strict=False) if other is not None else [(Unknown(), Unknown())]:
            containers.set_item(c.w, c.receiver, key, value)
    return [Outcome(c.w, NONE)]


def pop(c: Call) -> list[Outcome]:
    """`pop()`: the last element of a list, any of a set."""
    cont = c.w.cont(c.receiver)
    if cont is None or not isinstance(c.receiver, Ref):
        return [Outcome(c.w, Unknown())]
    index = c.get("index") or const(-1)
    return _popped(c, c.receiver, cont, index)


def popleft(c: Call) -> list[Outcome]:
    """`popleft()`: the element that `q[0]` was."""
    cont = c.w.cont(c.receiver)
    if cont is None or not isinstance(c.receiver, Ref):
        return [Outcome(c.w, Unknown())]
    return _popped(c, c.receiver, cont, const(0))


def _popped(c: Call, receiver: Ref, cont: Cont, index: Value) -> list[Outcome]:
    if cont.exact and cont.kind in ("list", "tuple") and isinstance(index, Const) and isinstance(index.value, int):
        if not -len(cont.items) <= index.value < len(cont.items):
            return [Outcome(c.w, exc=Exc("builtins.IndexError"))]
        items = list(cont.items)
        value = items.pop(index.value)
        c.w.heap[receiver.oid] = replace(cont, items=tuple(items), nonempty=False, slots=())
        return [Outcome(c.w, value)]
    key = index if cont.kind in ("list", "tuple") else None
    out: list[Outcome] = []
    if not cont.nonempty and not any(isinstance(i, Ref) and not containers.is_group(c.w, i) for i in cont.items):
        out.append(Outcome(c.w.copy(), exc=Exc("builtins.LookupError")))
    for world, value in containers.pick(c.act, c.w, receiver, key, c.site):
        held = world.cont(receiver)
        if held is not None:
            left = without(held, value) if isinstance(value, Ref) else held
            world.heap[receiver.oid] = replace(left, nonempty=False, slots=())
        out.append(Outcome(world, value))
    return out


def dict_pop(c: Call) -> list[Outcome]:
    """`d.pop(key, default)`."""
    if not isinstance(c.receiver, Ref) or c.w.cont(c.receiver) is None:
        return [Outcome(c.w, Unknown())]
    key = c.get("key") or Unknown()
    out = containers.dict_item(c.m, c.act, c.w, c.receiver, key, c.site, c.get("default"))
    for outcome in out:
        held = outcome.world.cont(c.receiver)
        if outcome.exc is None and held is not None and isinstance(outcome.value, Ref) and outcome.value in held.items:
            outcome.world.heap[c.receiver.oid] = replace(without(held, outcome.value), nonempty=False)
    return out


def dict_popitem(c: Call) -> list[Outcome]:
    """`d.popitem()`: some key and its value."""
    out: list[Outcome] = []
    cont = c.w.cont(c.receiver)
    if cont is None or not isinstance(c.receiver, Ref):
        return [Outcome(c.w, Unknown())]
    for world, value in containers.pick(c.act, c.w, c.receiver, None, c.site):
        held = world.cont(c.receiver)
        key: Value = Unknown()
        if held is not None and value in held.items:
            key = held.keys[held.items.index(value)]
            world.heap[c.receiver.oid] = replace(without(held, value), nonempty=False)
        made = world.allocate(Oid(c.site, c.frame, "popped"), Cont("tuple", (key, value)))
        out.append(Outcome(world, made))
    return out or [Outcome(c.w, exc=Exc("builtins.KeyError"))]


def remove(c: Call) -> list[Outcome]:
    """`remove(x)`, `discard(x)`."""
    cont = c.w.cont(c.receiver)
    item = c.get("item")
    if cont is not None and isinstance(c.receiver, Ref) and item is not None:
        if item in cont.items and not isinstance(item, Unknown):
            c.w.heap[c.receiver.oid] = replace(without(cont, item), nonempty=False)
        elif not isinstance(item, Ref):
            c.w.heap[c.receiver.oid] = replace(cont, exact=False, nonempty=False, slots=())
    return [Outcome(c.w, NONE)]


def clear(c: Call) -> list[Outcome]:
    """`clear()`."""
    cont = c.w.cont(c.receiver)
    if cont is not None and isinstance(c.receiver, Ref):
        slots = tuple((k, v) for k, v in cont.slots if k == FACTORY)
        c.w.heap[c.receiver.oid] = Cont(cont.kind, (), True, slots=slots, many=cont.many)
    return [Outcome(c.w, NONE)]


def shuffle(c: Call) -> list[Outcome]:
    """`sort()`, `reverse()`: the order is not known afterwards."""
    cont = c.w.cont(c.receiver)
    if cont is not None and isinstance(c.receiver, Ref):
        c.w.heap[c.receiver.oid] = replace(
            cont,
            exact=cont.exact and len(cont.items) < 2,
            items=unique(cont.items),
            slots=(),
            nonempty=cont.nonempty or bool(cont.exact and cont.items),
        )
    return [Outcome(c.w, NONE)]


def copied(c: Call) -> list[Outcome]:
    """`copy()`."""
    cont = c.w.cont(c.receiver)
    if cont is None:
        return [Outcome(c.w, Unknown())]
    return [Outcome(c.w, copy(c.w, cont, cont.kind, c.frame, c.site))]


def dict_values(c: Call) -> list[Outcome]:
    """`d.values()`."""
    cont = c.w.cont(c.receiver)
    items = (cont.items if cont.exact else unique(cont.items)) if cont else (Unknown(),)
    return [
        Outcome(
            c.w,
            new(
                c.w,
                c.frame,
                c.site,
                Cont("list", items, cont.exact if cont else False, cont.nonempty if cont else False),
            ),
        )
    ]


def dict_keys(c: Call) -> list[Outcome]:
    """`d.keys()`."""
    cont = c.w.cont(c.receiver)
    keys = (cont.keys if cont.exact else unique(cont.keys)) if cont else (Unknown(),)
    return [
        Outcome(
            c.w,
            new(
                c.w,
                c.frame,
                c.site,
                Cont("list", keys, cont.exact if cont else False, cont.nonempty if cont else False),
            ),
        )
    ]


def dict_items(c: Call) -> list[Outcome]:
    """`d.items()`."""
    cont = c.w.cont(c.receiver)
    if cont is None:
        return [Outcome(c.w, Unknown())]
    keys = cont.keys or tuple(Unknown() for _ in cont.items)
    return _pairs(c, list(zip(keys, cont.items, strict=True)), cont.exact, cont.nonempty)


def dict_get(c: Call) -> list[Outcome]:
    """`d.get(key, default)`."""
    if not isinstance(c.receiver, Ref) or c.w.cont(c.receiver) is None:
        return [Outcome(c.w, Unknown())]
    return containers.dict_item(
        c.m, c.act, c.w, c.receiver, c.get("key") or Unknown(), c.site, c.get("default") or NONE
    )


def setdefault(c: Call) -> list[Outcome]:
    """`d.setdefault(key, default)`."""
    if not isinstance(c.receiver, Ref) or c.w.cont(c.receiver) is None:
        return [Outcome(c.w, Unknown())]
    default, key = c.get("default") or NONE, c.get("key") or Unknown()
    missing = c.w.copy()
    containers.set_item(missing, c.receiver, key, default)
    out = containers.dict_item(c.m, c.act, c.w, c.receiver, key, c.site, Managing("missing", ()))
    return [Outcome(missing, default) if o.value == Managing("missing", ()) else o for o in out]


def dict_fromkeys(c: Call) -> list[Outcome]:
    """`dict.fromkeys(xs, value)`."""
    found = items_of(c.w, c.get("keys"))
    keys, exact, nonempty = found or ((Unknown(),), False, False)
    value = c.get("value") or NONE
    return [Outcome(c.w, new(c.w, c.frame, c.site, Cont("dict", tuple(value for _ in keys), exact, nonempty, keys)))]


def set_op(c: Call) -> list[Outcome]:
    """`union`, `intersection`, `difference`."""
    value: Value = c.receiver or Unknown()
    for other, _ in c.rest:
        value = containers.algebra(c.w, c.row.kind, value, other, c.site, c.frame)
    return [Outcome(c.w, value)]


def set_op_update(c: Call) -> list[Outcome]:
    """`difference_update`, `intersection_update`."""
    for other, _ in c.rest:
        if c.w.cont(c.receiver) is not None and c.receiver is not None:
            containers.in_place(c.w, c.row.kind, c.receiver, other, c.site, c.frame)
    return [Outcome(c.w, NONE)]


def subset(c: Call) -> list[Outcome]:
    """`issubset`, `issuperset`."""
    other = c.get("other")
    if c.w.cont(other) is None or c.receiver is None or other is None:
        return [Outcome(c.w, Unknown())]
    return containers.compare_sets(c.w, c.row.kind, c.receiver, other)


def disjoint(c: Call) -> list[Outcome]:
    """`isdisjoint`: when true, what the two share has no members."""
    a, b = c.w.cont(c.receiver), c.w.cont(c.get("other"))
    if a is None or b is None:
        return [Outcome(c.w, Unknown())]
    shared = [i for i in a.items if i in b.items]
    if any(not containers.is_group(c.w, i) for i in shared):
        return [Outcome(c.w, FALSE)]
    apart = c.w.copy()
    for item in shared:
        assert isinstance(item, Ref)
        apart.forget_members(item.oid)
    return [Outcome(apart, TRUE), Outcome(c.w, FALSE)] if shared else [Outcome(c.w, TRUE)]


DATA: dict[str, Callable[[Call], Iterator[Outcome] | list[Outcome]]] = {
    "plain": plain, "identity": identity, "keep": keep, "keeping": keeping, "partial": partial,
    "methodcaller": methodcaller, "attrgetter": attrgetter, "getattr": get_attr, "setattr": set_attr,
    "isinstance": is_instance, "isfuture": is_future, "bool": truth, "assert_true": assert_true,
    "assert_false": assert_false, "assert_in": assert_in, "assert_not_in": assert_not_in,
    "super": superclass, "never": never, "event": event, "length": length, "container": container,
    "defaultdict": defaultdict, "reordered": reordered,
    "reversed": reverse, "enumerate": enumerated, "zip": zipped, "chain": chained, "flatten": flatten, "islice": part,
    "range": counting, "forever": forever, "iter": make_iterator, "next": take_next, "one_of": one_of,
    "all": every, "any": some, "add": add, "extend": extend, "update": update, "dict_update": dict_update,
    "pop": pop, "popleft": popleft, "dict_pop": dict_pop, "dict_popitem": dict_popitem, "remove": remove,
    "clear": clear, "shuffle": shuffle, "copy": copied, "dict_values": dict_values, "dict_keys": dict_keys,
    "dict_items": dict_items, "dict_get": dict_get, "setdefault": setdefault, "dict_fromkeys": dict_fromkeys,
    "set_op": set_op, "set_op_update": set_op_update, "subset": subset, "disjoint": disjoint,
}  # fmt: skip

__all__ = ["DATA", "Bound", "Inst", "items_of"]
