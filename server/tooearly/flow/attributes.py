"""Attributes: of futures and containers (rows), of instances and classes of the workspace, of modules.

An attribute that an open instance (`self` of a method that is analysed on its own) got elsewhere is unknown; when the
class assigns a future to it somewhere, it is a future in an unknown state, or None when the class also assigns None.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from tooearly.flow.classes import attribute_type, bases, class_tuple, decorator_names, find_method_of, is_property
from tooearly.flow.ended import set_aside
from tooearly.flow.machine import Act, Machine, Outcome
from tooearly.flow.names import FUTURE_TYPES, decorated, global_value, import_value, typed_unknown
from tooearly.flow.objects import Cont, Fut, Inst
from tooearly.flow.state import World
from tooearly.flow.values import (
    FALSY,
    NONE,
    TRUTHY,
    Api,
    Bound,
    Choice,
    Const,
    Coro,
    Exc,
    Frame,
    Func,
    Klass,
    Managing,
    Oid,
    Ref,
    Unknown,
    Value,
    choice,
    const,
    is_module,
    is_text,
)
from tooearly.semantics.names import Class, Function
from tooearly.semantics.types import CONVENTIONS, SHORT, annotation_type, canonical

FAMILY = {
    "list": "list",
    "tuple": "list",
    "set": "set",
    "done": "set",
    "pending": "set",
    "dict": "dict",
    "group": "TaskGroup",
    "event": "Event",
    "stack": "ExitStack",
    "queue": "Queue",
    "unordered": "Queue",
}


def get_attribute(m: Machine, act: Act, w: World, value: Value, name: str, node: ast.AST) -> list[Outcome]:
    """`value.name`."""
    match value:
        case Ref(oid):
            return _of_object(m, act, w, value, w.heap.get(oid), name, node)
        case Api(full):
            return [Outcome(w, _of_module(m, act, w, f"{full}.{name}"))]
        case Klass(cls, frame):
            found = _of_class(m, act, w, cls, name, None)
            local = isinstance(found, Func) and not is_module(frame)
            return [
                Outcome(w, Func(found.function, frame, found.defaults) if local and isinstance(found, Func) else found)
            ]
        case Func():
            return [Outcome(w, w.env.get(_function_attribute(value, name), Unknown()))]
        case Coro():
            return [Outcome(w, Bound(Api(f"Coroutine.{name}"), value))]
        case Managing("super", (Klass(cls), Ref() as receiver)):
            return [Outcome(w, _from_super(m, act, w, cls, name, receiver))]
        case Unknown():
            return [Outcome(w, _of_unknown(m, value, name))]
        case Managing():
            return [Outcome(w, _of_manager(m, value, name))]
        case Const(kind="NoneType"):
            return [Outcome(w, exc=Exc("builtins.AttributeError"))]
        case Const(kind="str") if f"str.{name}" in m.rows:
            return [Outcome(w, Bound(Api(f"str.{name}"), value))]
    return [Outcome(w, Unknown())]


def _given(m: Machine, act: Act, w: World, method: Value, node: ast.AST) -> list[Outcome]:
    """What a property gives."""
    from tooearly.flow.calling import call

    return list(call(m, act, w, method, [], [], act.site(node)))


def _of_unknown(m: Machine, value: Unknown, name: str) -> Value:
    kind = value.type or (
        "Unknown" if value.tag is not None and value not in (FALSY, TRUTHY) and not is_text(value) else ""
    )
    if kind and f"{kind}.{name}" in m.rows:
        return Bound(Api(f"{kind}.{name}"), value)
    return Unknown(None, CONVENTIONS.get(name, ""))


def _of_manager(m: Machine, manager: Managing, name: str) -> Value:
    match manager:
        case Managing("timeout", (_, handle)) if f"Timeout.{name}" in m.rows:
            return Bound(Api(f"Timeout.{name}"), handle)
        case Managing("runner", _) if f"Runner.{name}" in m.rows:
            return Bound(Api(f"Runner.{name}"), manager)
    return Unknown()


def _of_object(m: Machine, act: Act, w: World, ref: Ref, obj: object, name: str, node: ast.AST) -> list[Outcome]:
    match obj:
        case Fut(cls=cls) if cls is not None and (method := find_method_of(m, cls, name)) is not None:
            bound = _bind_method(m, act, w, cls, method, ref)
            return _given(m, act, w, bound, node) if is_property(m, method) else [Outcome(w, bound)]
        case Fut(kind=kind):
            family = "Concurrent" if kind == "concurrent" else "Task"
            return [Outcome(w, Bound(Api(f"{family}.{name}"), ref) if f"{family}.{name}" in m.rows else Unknown())]
        case Cont(kind="tuple", keys=keys) if const(name) in keys:
            return [Outcome(w, obj.items[keys.index(const(name))])]
        case Cont(kind=kind):
            return [Outcome(w, Bound(Api(f"{FAMILY.get(kind, 'list')}.{name}"), ref))]
        case Inst() as inst:
            return _of_instance(m, act, w, ref, inst, name, node)
    return [Outcome(w, Bound(Api(f"Iterator.{name}"), ref))]


def _of_module(m: Machine, act: Act, w: World, full: str) -> Value:
    full = canonical(full)
    owner, _, last = full.rpartition(".")
    if full in m.rows or owner == "asyncio":
        return Api(full)
    method = SHORT.get(owner)
    if method and f"{'Task' if method == 'Future' else method}.{last}" in m.rows:
        return Api(f"{'Task' if method == 'Future' else method}.{last}")
    module = m.module(owner)
    if module is not None and last in module.bindings:
        value = global_value(m, act, w, last, owner)
        return value if isinstance(value, Func | Klass | Api | Unknown) else Unknown()
    return Api(full)


# Classes and instances
def find_method(m: Machine, w: World, value: Value, name: str) -> Value | None:
    """A special method of an instance of the workspace, bound to it."""
    obj = w.heap.get(value.oid) if isinstance(value, Ref) else None
    if not isinstance(obj, Inst):
        return None
    method = find_method_of(m, obj.cls, name)
    return Bound(Func(method, obj.frame or _class_frame(method)), value) if method else None


def _class_frame(function: Function) -> tuple[object, ...]:
    return ("M", function.module)


def _of_class(m: Machine, act: Act, w: World, cls: Class, name: str, receiver: Ref | None) -> Value:
    """`Class.name`, or `instance.name` found on the class (then bound)."""
    method = find_method_of(m, cls, name)
    if method is not None:
        return _bind_method(m, act, w, cls, method, receiver)
    for base in bases(m, cls):
        stored = w.env.get(_class_variable(base, name)) if isinstance(base, Class) else None
        if stored is not None and isinstance(base, Class) and not _is_enum(m, base):
            return stored
        if isinstance(base, Class) and name in base.attrs:
            value, annotation = base.attrs[name]
            if value is not None and annotation is None and _is_enum(m, base):
                return _enum_member(base, name, value)
            module = m.module(base.module)
            if (
                isinstance(value, ast.Constant)
                and isinstance(value.value, int | float | str)
                and not isinstance(value.value, bool)
            ):
                return const(value.value)
            if (classes := class_tuple(m, w, value, base.unit, base.module)) is not None:
                return classes
            kind = annotation_type(module, annotation) if module else ""
            return Unknown(None, kind.rstrip("?") if ":" not in kind and kind.rstrip("?") not in FUTURE_TYPES else "")
        if isinstance(base, Class) and name in base.inner:
            return Klass(base.inner[name], ("M", base.module))
    for base in bases(m, cls):
        short = SHORT.get(base, "") if isinstance(base, str) else ""
        if short and f"{'Task' if short == 'Future' else short}.{name}" in m.rows and receiver is not None:
            return Bound(Api(f"{short}.{name}"), w.inside(receiver))
    return Unknown()


def _class_variable(cls: Class, name: str) -> tuple[tuple[object, ...], str]:
    """Where `Class.name = value` is kept: with the variables of the module."""
    return ("M", cls.module), f"{cls.qualname}.{name}"


def _function_attribute(func: Func, name: str) -> tuple[Frame, str]:
    """Where `function.name = value` is kept: with the variables of the scope that defines it."""
    return func.frame, f"{func.function.qualname}.{name}"


def _is_enum(m: Machine, cls: Class) -> bool:
    """Whether a class's members are constants of its own (those of an IntEnum equal numbers: they are not)."""
    return bool({"enum.Enum", "enum.StrEnum"} & {b for b in bases(m, cls) if isinstance(b, str)}) and not cls.inner


def _enum_member(cls: Class, name: str, value: ast.expr) -> Value:
    """A member; members of one value are one member, the first."""
    same = ast.dump(value)
    alike = [n for n, (v, _) in cls.attrs.items() if v is not None and ast.dump(v) == same]
    first = alike[0] if isinstance(value, ast.Constant) else name
    return Const(f"{cls.module}.{cls.qualname}.{first}", "enum")


def _from_super(m: Machine, act: Act, w: World, cls: Class, name: str, receiver: Ref) -> Value:
    """`super().name`: the method as the ancestors have it."""
    for base in list(bases(m, cls))[1:]:
        if isinstance(base, Class) and name in base.methods:
            m.consulted["method", base.module, base.qualname, name] = base
            return _bind_method(m, act, w, base, base.methods[name], receiver)
        short = SHORT.get(base, "") if isinstance(base, str) else ""
        if short and w.fut(receiver) is not None and f"Task.{name}" in m.rows:
            return Bound(Api(f"Task.{name}"), receiver)
        if short:
            return _of_contents(m, w, receiver, name) or Unknown()
    if (bound := _of_contents(m, w, receiver, name)) is not None:
        return bound
    return Unknown() if not name.startswith("__") else Api("tooearly.nothing")


def _bind_method(m: Machine, act: Act, w: World, cls: Class, method: Function, receiver: Ref | None) -> Value:
    names = decorator_names(m, method)
    held = w.heap.get(receiver.oid) if receiver is not None else None
    value: Value = Func(method, held.frame if isinstance(held, Inst) and held.frame else _class_frame(method))
    if "builtins.staticmethod" in names:
        return value
    if "builtins.classmethod" in names:
        return Bound(value, Klass(cls, _class_frame(method)))
    rest = [n for n in names if n not in ("builtins.property", "functools.cached_property", "abc.abstractmethod")]
    if rest:
        value = decorated(m, act, w, value, method)
    return Bound(value, receiver) if receiver is not None and not isinstance(value, Unknown) else value


def _of_instance(m: Machine, act: Act, w: World, ref: Ref, inst: Inst, name: str, node: ast.AST) -> list[Outcome]:
    value = inst.get(name)
    if value is not None:
        return [Outcome(w, value)]
    method = find_method_of(m, inst.cls, name)
    if method is not None and is_property(m, method):
        getter = Bound(Func(method, inst.frame or _class_frame(method)), ref)
        got = _given(m, act, w, getter, node)
        if any(
            n.rpartition(".")[2] in ("cached_property", "reify", "under_cached_property")
            for n in decorator_names(m, method)
        ):
            got = [Outcome(o.world, _keep_attribute(o.world, ref, name, o.value), o.exc) for o in got]
        return got
    if method is not None:
        return [Outcome(w, _of_class(m, act, w, inst.cls, name, ref))]
    found = _of_class(m, act, w, inst.cls, name, ref)
    if isinstance(found, Unknown) and not found.type and (bound := _of_contents(m, w, ref, name)) is not None:
        return [Outcome(w, bound)]
    if isinstance(found, Unknown) and not found.type:
        if find_method_of(m, inst.cls, "__getattr__") is not None:
            set_aside(w, ref)  # it may give whatever the instance leads to
        return [Outcome(w, _first_touch(m, w, ref, inst, name))]
    return [Outcome(w, found)]


def _of_contents(m: Machine, w: World, ref: Ref, name: str) -> Value | None:
    """The method of the container that an instance is."""
    inner = w.inside(ref)
    cont = w.cont(inner)
    row = f"{FAMILY.get(cont.kind, 'list')}.{name}" if cont is not None else ""
    return Bound(Api(row), inner) if row in m.rows else None


def _keep_attribute(w: World, ref: Ref, name: str, value: Value) -> Value:
    """A cached property is computed once."""
    held = w.heap.get(ref.oid)
    if isinstance(held, Inst):
        w.heap[ref.oid] = held.having(name, value)
    return value


def _first_touch(m: Machine, w: World, ref: Ref, inst: Inst, name: str) -> Value:
    """An attribute that was set where we do not see it; it keeps its identity from now on."""
    kind = attribute_type(m, inst.cls, name)
    base = kind.rstrip("?")
    if not base:
        return Unknown(("attr", ref.oid.site, name), CONVENTIONS.get(name, ""))
    touched = ("attr", ref.oid.site, name)
    value = typed_unknown(w, base, Oid(touched, ref.oid.frame), touched)
    if kind.endswith("?"):
        value = choice((NONE, value))
    if isinstance(value, Ref | Choice):
        held = w.heap[ref.oid]
        assert isinstance(held, Inst)
        w.heap[ref.oid] = held.having(name, value)
    return value


def set_attribute(m: Machine, act: Act, w: World, obj: Value, name: str, value: Value, node: ast.AST) -> list[Outcome]:
    """`obj.name = value`; of something that is not followed other code may take it."""
    from tooearly.flow.calling import call

    held = w.heap.get(obj.oid) if isinstance(obj, Ref) else None
    if isinstance(held, Inst) and isinstance(obj, Ref):
        setter = find_method_of(m, held.cls, f"{name}.setter")
        if setter is not None:
            method = Bound(Func(setter, _class_frame(setter)), obj)
            return [Outcome(o.world, exc=o.exc) for o in call(m, act, w, method, [(value, False)], [], act.site(node))]
        old = held.get(name)
        new = value if not held.many or old is None else choice((old, value))
        w.heap[obj.oid] = held.having(name, new)
    elif isinstance(obj, Klass):
        w.env[_class_variable(obj.cls, name)] = value
    elif isinstance(obj, Func):
        w.env[_function_attribute(obj, name)] = value
    else:
        set_aside(w, value)
    return [Outcome(w)]


def delete_attribute(w: World, obj: Value, name: str) -> None:
    """`del obj.name`."""
    held = w.heap.get(obj.oid) if isinstance(obj, Ref) else None
    if isinstance(held, Inst) and isinstance(obj, Ref):
        w.heap[obj.oid] = replace(held, attrs=tuple((n, v) for n, v in held.attrs if n != name))


__all__ = ["find_method", "get_attribute", "import_value", "set_attribute"]
