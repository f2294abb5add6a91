"""The effects of functions on plain values: attributes, types, truth, and the assertions of test cases."""

from __future__ import annotations

import ast
from operator import itemgetter
from typing import TYPE_CHECKING

from tooearly.flow import sizes
from tooearly.flow.classes import bases, belongs
from tooearly.flow.ended import set_aside
from tooearly.flow.machine import Outcome
from tooearly.flow.objects import Cont, Fut, Inst
from tooearly.flow.values import (
    FALSE,
    NONE,
    TRUE,
    Api,
    Const,
    Exc,
    Klass,
    Managing,
    Oid,
    Partial,
    Ref,
    Unknown,
    Value,
    const,
)
from tooearly.semantics.names import Class

if TYPE_CHECKING:
    from tooearly.flow.calling import Call


def plain(c: Call) -> list[Outcome]:
    """Nothing happens to futures; the value is of the row's type."""
    out = [Outcome(c.w, Unknown(None, c.row.returns))]
    if c.row.raises and c.act.block is not None and c.act.block.handler >= 0:
        out.append(Outcome(c.w.copy(), exc=Exc("builtins.ValueError")))
    return out


def mixed(c: Call) -> list[Outcome]:
    """What it gives may be, or hold, any of what it is given: `reduce(f, tasks)`."""
    for value in (*c.args.values(), *(v for v, _ in c.rest)):
        set_aside(c.w, value)
    return plain(c)


def duplicate(c: Call) -> list[Outcome]:
    """`copy.copy(x)`: another container with the same elements, another instance with the same attributes."""
    given = c.get("obj")
    obj = c.w.heap.get(given.oid) if isinstance(given, Ref) else None
    if isinstance(obj, Cont | Inst) and not obj.many:
        return [Outcome(c.w, c.w.allocate(Oid(c.site, c.frame, "copy"), obj))]
    return mixed(c)


def replaced(c: Call) -> list[Outcome]:
    """`dataclasses.replace(x, a=1)`: another instance with the same attributes but for these."""
    given = c.get("obj")
    obj = c.w.heap.get(given.oid) if isinstance(given, Ref) else None
    if not isinstance(obj, Inst) or obj.many:
        return mixed(c)
    for name, value in c.args.items():
        obj = obj.having(name, value) if name != "obj" else obj
    return [Outcome(c.w, c.w.allocate(Oid(c.site, c.frame, "copy"), obj))]


def namespace(c: Call) -> list[Outcome]:
    """`types.SimpleNamespace(a=1)`: an instance with these attributes."""
    if c.m.namespaces is None:
        node = ast.ClassDef("SimpleNamespace", [], [], [], [])
        c.m.namespaces = Class(node.name, node.name, node, c.act.function.unit, c.act.function.module, None)
    made = Inst(c.m.namespaces, tuple(sorted(c.args.items(), key=itemgetter(0))), open=bool(c.rest))
    return [Outcome(c.w, c.w.allocate(Oid(c.site, c.frame, "namespace"), made))]


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
    """`super()` in a method: the ancestors' side of the first parameter; or of what it is given."""
    from tooearly.flow.calling import give_away

    function = c.act.function
    cls, first = c.get("cls"), c.get("obj")
    if cls is None and function.cls is not None and function.params:
        cls, first = Klass(function.cls, ("M", function.module)), c.w.env.get((c.act.frame, function.params[0]))
    if isinstance(cls, Klass) and isinstance(first, Ref):
        return [Outcome(c.w, Managing("super", (cls, first)))]
    give_away(c.w, [first or Unknown()])
    return [Outcome(c.w, Unknown())]


def never(c: Call) -> list[Outcome]:
    """`sys.exit()` and its like do not return."""
    return [Outcome(c.w, exc=Exc("builtins.SystemExit"))]


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


def named_tuple(c: Call) -> list[Outcome]:
    """`collections.namedtuple("Job", "name task")`: a callable that makes tuples."""
    given = c.get("fields")
    cont = c.w.cont(given)
    names: list[Value] = []
    if isinstance(given, Const) and isinstance(given.value, str):
        names = [const(name) for name in given.value.replace(",", " ").split()]
    elif cont is not None and cont.exact:
        names = [pair.items[0] if (pair := c.w.cont(i)) is not None and pair.items else i for i in cont.items]
    known = bool(names) and all(isinstance(n, Const) for n in names)
    return [Outcome(c.w, Managing("namedtuple", tuple(names)) if known else Unknown())]


def get_attr(c: Call) -> list[Outcome]:
    """`getattr(obj, "name", default)`."""
    from tooearly.flow.attributes import get_attribute

    name, obj = c.get("name"), c.get("obj")
    if isinstance(name, Const) and isinstance(name.value, str) and obj is not None:
        return get_attribute(c.m, c.act, c.w, obj, name.value, c.site.node)
    set_aside(c.w, obj or Unknown())
    return [Outcome(c.w, Unknown())]


def set_attr(c: Call) -> list[Outcome]:
    """`setattr(obj, "name", value)`."""
    from tooearly.flow.attributes import set_attribute

    name, obj, value = c.get("name"), c.get("obj"), c.get("value")
    if isinstance(name, Const) and isinstance(name.value, str) and obj is not None and value is not None:
        return set_attribute(c.m, c.act, c.w, obj, name.value, value, c.site.node)
    set_aside(c.w, value or Unknown())
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
    if isinstance(held, Inst):
        return [Outcome(c.w, _instance_of(c, held, c.get("types")))]
    match held:
        case Fut(kind="concurrent"):
            known = {"Future"} if "asyncio" not in str(c.get("types")) else set()
        case Fut(kind=kind, cls=cls):
            known = {"Task", "Future", "Awaitable"} if kind in ("task", "current") else {"Future", "Awaitable"}
            known |= {base.name for base in bases(c.m, cls) if isinstance(base, Class)} if cls is not None else set()
        case Cont(kind=kind):
            known = {"done": {"set"}, "pending": {"set"}}.get(kind, {kind}) | {"Iterable", "Collection", "Sequence"}
    if isinstance(obj, Const):
        known = {obj.kind}
    if known is None or "?" in names:
        return [Outcome(c.w, Unknown())]
    return [Outcome(c.w, TRUE if known & set(names) else FALSE)]


def _instance_of(c: Call, held: Inst, types: Value | None) -> Value:
    """Whether an instance of the workspace is one of these classes, by its bases as far as they are visible."""
    cont = c.w.cont(types)
    asked = cont.items if cont is not None and cont.exact else (types,)
    return belongs(c.m, held, (value for value in asked if value is not None))


def is_future(c: Call) -> list[Outcome]:
    """`asyncio.isfuture(x)`."""
    fut = c.w.fut(c.get("obj"))
    return [Outcome(c.w, TRUE if fut is not None and fut.kind != "concurrent" else Unknown())]


def sentinel(c: Call) -> list[Outcome]:
    """`object()`: nothing else is it, whatever it stands for."""
    return [Outcome(c.w, Unknown(("sentinel", c.site)))]


def truth(c: Call) -> list[Outcome]:
    """`bool(x)`."""
    from tooearly.flow import special
    from tooearly.flow.operators import truths

    value = c.get("obj") or FALSE
    if isinstance(value, Unknown):
        return [Outcome(c.w, Unknown())]
    out: list[Outcome] = []
    for asked in special.truth(c.m, c.act, c.w, value, c.site.node):
        if asked.exc is not None or isinstance(asked.value, Unknown):
            out.append(asked)
        else:
            out += [Outcome(w, const(t)) for t, w in truths(asked.world, asked.value)]
    return out


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
        c, True, sizes.membership(c.m, c.act, c.w, c.get("member") or Unknown(), c.get("container") or Unknown())
    )


def assert_not_in(c: Call) -> list[Outcome]:
    """`self.assertNotIn(x, xs)`."""
    return _assert(
        c, False, sizes.membership(c.m, c.act, c.w, c.get("member") or Unknown(), c.get("container") or Unknown())
    )
