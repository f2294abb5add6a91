"""Classes of the workspace: their ancestors, methods, decorators, and the types of their instances' attributes."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from tooearly.flow.kept import kept_types
from tooearly.flow.machine import Machine
from tooearly.flow.mention import nodes_in
from tooearly.flow.objects import Cont, Inst
from tooearly.flow.state import World
from tooearly.flow.values import FALSE, TRUE, Api, Const, Klass, Oid, Ref, Unknown, Value, site_of
from tooearly.semantics.modules import package_of
from tooearly.semantics.names import Class, Function, Module
from tooearly.semantics.types import CONVENTIONS, annotation_type, canonical, dotted, of_class
from tooearly.source.tree import Syntax


def bases(m: Machine, cls: Class) -> Iterator[Class | str]:
    """The class's ancestors, nearest first: classes of the workspace, or dotted names of others."""
    yield from _bases(m, cls, set())


def _bases(m: Machine, cls: Class, seen: set[Class]) -> Iterator[Class | str]:
    if cls in seen or len(seen) > 20:
        return
    seen.add(cls)
    m.consulted["class", cls.module, cls.qualname] = cls
    yield cls
    module = m.module(cls.module)
    for node in cls.node.bases:
        target = node.value if isinstance(node, ast.Subscript) else node
        found = class_named(m, module, cls, target)
        if isinstance(found, Class):
            yield from _bases(m, found, seen)
        elif found:
            yield found


def class_named(m: Machine, module: Module | None, cls: Class | None, node: ast.expr) -> Class | str:
    """The class that an expression names: of the workspace, or a dotted name ("" when it cannot be told)."""
    if module is None:
        return ""
    if isinstance(node, ast.Name):
        beside = _beside(cls, node.id) if cls is not None else None
        if beside is not None:
            return beside
        bindings = module.bindings.get(node.id, ())
        if bindings and bindings[-1].kind == "class" and isinstance(bindings[-1].value, Class):
            return bindings[-1].value
    name = dotted(module, node)
    found = None if name in m.rows or name.startswith("builtins.") else _class_at(m, name)
    return found or name or "?"


def class_tuple(m: Machine, w: World, node: ast.AST | None, unit: Syntax, module: str) -> Ref | None:
    """`(TimeoutError, asyncio.InvalidStateError)`, wherever it is kept under a name: nothing changes what it holds."""
    within = m.module(module) if isinstance(node, ast.Tuple | ast.BinOp) else None
    classes = _classes_in(m, within, node) if within is not None and node is not None else None
    if not classes or node is None:
        return None
    ref = Ref(Oid(site_of(unit, node), ("M", module), "classes"))
    w.heap[ref.oid] = Cont("tuple", tuple(classes), True, True)
    return ref


def _classes_in(m: Machine, module: Module, node: ast.AST, steps: int = 6) -> list[Value] | None:
    """The classes that an expression puts together in a tuple; None when it may do something else."""
    parts: list[ast.expr] = []
    match node:
        case ast.Tuple(elts=elements):
            found: list[Value] = []
            for element in elements:
                inner = _classes_in(m, module, element.value, steps - 1) if isinstance(element, ast.Starred) else None
                one = _class_value(m, module, element)
                if inner is None and one is None:
                    return None
                found += inner or [one]  # type: ignore[list-item]
            return found
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            parts = [left, right]
        case ast.Name(name) if steps and len(bound := module.bindings.get(name, ())) == 1 and bound[0].kind == "assign":
            parts = [bound[0].value] if bound[0].value is not None else []
    lists = [_classes_in(m, module, part, steps - 1) for part in parts]
    return [cls for one in lists for cls in one or ()] if lists and None not in lists else None


def _class_value(m: Machine, module: Module, node: ast.expr) -> Value | None:
    """The class that an element of a tuple names."""
    if not isinstance(node, ast.Name | ast.Attribute):
        return None
    cls = class_named(m, module, None, node)
    if isinstance(cls, Class):
        return Klass(cls, ("M", cls.module))
    return Api(canonical(cls)) if cls not in ("", "?") else None


def _beside(cls: Class, name: str) -> Class | None:
    """The class of that name in the functions around a class, once their graphs have been made."""
    around = cls.parent
    while around is not None and name not in around.bound:
        around = around.parent
    found: Class | None = around.cache.get("classes", {}).get(name) if around is not None else None
    return found


def class_in(module: Module, qualname: str) -> Class | None:
    """A class that a function defines, once the function's graph has been made."""
    outer, _, name = qualname.rpartition(".")
    made = (f.cache.get("classes", {}).get(name) for f in module.functions if f.qualname == outer)
    return next((cls for cls in made if cls is not None), None)


def _class_at(m: Machine, name: str, steps: int = 4) -> Class | None:
    """The class of a dotted name, through the imports of the modules on the way."""
    owner, last = package_of(name, False), name.rpartition(".")[2]
    module = m.module(owner) if owner and steps else None
    if module is None:
        return None
    bindings = module.bindings.get(last, ())
    if bindings:
        value = bindings[-1].value
        known = value if isinstance(value, Class) else None
        return _class_at(m, str(value), steps - 1) if bindings[-1].kind == "import" else known
    return next((c for star in module.stars if (c := _class_at(m, f"{star}.{last}", steps - 1)) is not None), None)


def parts_of(m: Machine, w: World, value: Value) -> tuple[Value, ...] | None:
    """The fields of an instance of a named tuple's class, in order; None for anything else."""
    obj = w.heap.get(value.oid) if isinstance(value, Ref) else None
    if not isinstance(obj, Inst) or obj.many or "typing.NamedTuple" not in bases(m, obj.cls):
        return None
    return tuple(obj.get(name) or Unknown() for name in field_names(m, obj.cls))


def known_bases(m: Machine, cls: Class) -> bool:
    """Whether every ancestor is visible (or object, ABC and the like), so that a missing attribute is missing."""
    harmless = {"builtins.object", "abc.ABC", "typing.Generic", "typing.Protocol", "typing.NamedTuple", "enum.Enum"}
    return all(isinstance(b, Class) or b in harmless for b in bases(m, cls))


def field_names(m: Machine, cls: Class) -> list[str]:
    """The fields of a dataclass or named tuple, in the order of the class bodies."""
    classes = [base for base in bases(m, cls) if isinstance(base, Class)]
    return list(dict.fromkeys(name for base in reversed(classes) for name in _own_fields(m, base)))


def _own_fields(m: Machine, cls: Class) -> Iterator[str]:
    module = m.module(cls.module)
    for name, (_, annotation) in cls.attrs.items():
        if annotation is not None and (module is None or not of_class(module, annotation)):
            yield name


def belongs(m: Machine, held: Inst, asked: Iterable[Value]) -> Const | Unknown:
    """Whether an instance of the workspace is one of these classes, by its bases as far as they are visible."""
    asked, ancestors = list(asked), set(bases(m, held.cls))
    if any(isinstance(t, Klass) and t.cls in ancestors for t in asked):
        return TRUE
    open_ended = held.open or not known_bases(m, held.cls)  # `self` may be of a class that is derived from its own
    return Unknown() if open_ended or not all(isinstance(t, Klass) for t in asked) else FALSE


def find_method_of(m: Machine, cls: Class, name: str) -> Function | None:
    """A method by name, in the class or a visible ancestor."""
    for base in bases(m, cls):
        if isinstance(base, Class):
            m.consulted["method", base.module, base.qualname, name] = base
            if name in base.methods:
                return base.methods[name]
    return None


def decorator_names(m: Machine, function: Function) -> list[str]:
    """The dotted names of a function's decorators."""
    module = m.module(function.module)
    out = []
    for decorator in getattr(function.node, "decorator_list", ()):
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        out.append((dotted(module, target) if module else "") or "?")
    return out


def is_property(m: Machine, function: Function) -> bool:
    """Whether reading the method as an attribute calls it."""
    names = decorator_names(m, function)
    return any(n.rpartition(".")[2] in ("property", "cached_property", "reify", "under_cached_property") for n in names)


def attribute_type(m: Machine, cls: Class, name: str) -> str:
    """The type of an instance attribute, from annotations and from what methods assign to it, inherited ones first."""
    for base in bases(m, cls):
        if isinstance(base, Class) and base is not cls:
            inherited = _own_type(m, base, name)
            if inherited:
                return inherited
    return _own_type(m, cls, name)


def _own_type(m: Machine, cls: Class, name: str) -> str:
    module = m.module(cls.module)
    cache = cls.cache.get("types")
    if cache is None or cache[0] is not module:
        types, asked = module.bindings.during(lambda: _attribute_types(m, cls)) if module else ({}, set())
        cache = cls.cache["types"] = (module, types, asked)
    elif module is not None:
        module.bindings.note(cache[2])
    m.consulted["types", cls.module, cls.qualname] = cls
    return str(cache[1].get(name, ""))


def _attribute_types(m: Machine, cls: Class) -> dict[str, str]:
    module = m.module(cls.module)
    out: dict[str, str] = {}
    if module is None:
        return out
    for name, (_, annotation) in cls.attrs.items():
        out[name] = annotation_type(module, annotation)
    for method in cls.methods.values():
        for node in nodes_in(method):
            match node:
                case ast.AnnAssign(target=ast.Attribute(value=ast.Name(id="self"), attr=attr), annotation=annotation):
                    out[attr] = annotation_type(module, annotation) or out.get(attr, "")
                case ast.Assign(targets=targets, value=value):
                    for target in targets:
                        if (
                            isinstance(target, ast.Attribute)
                            and isinstance(target.value, ast.Name)
                            and target.value.id == "self"
                        ):
                            out[target.attr] = _merge(out.get(target.attr, ""), _made_type(m, module, value))
    kept = kept_types(cls, lambda value: _made_type(m, module, value).rstrip("?"))
    return out | {name: kind for name, kind in kept.items() if not out.get(name)}


def _merge(old: str, new: str) -> str:
    optional = "?" if old.endswith("?") or new.endswith("?") else ""
    return (old.rstrip("?") or new.rstrip("?")) + optional


def _made_type(m: Machine, module: Module, value: ast.expr) -> str:
    """The type that an assigned expression makes, from the rows."""
    if isinstance(value, ast.Constant) and value.value is None:
        return "?"
    if not isinstance(value, ast.Call):
        return ""
    name = dotted(module, value.func)
    if not name and isinstance(value.func, ast.Attribute):
        owner = value.func.value
        last = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
        kind = CONVENTIONS.get(last, "")
        if isinstance(owner, ast.Call):
            made = m.rows.get(dotted(module, owner.func))
            kind = made.returns if made else ""
        name = f"{kind}.{value.func.attr}" if kind else ""
    row = m.rows.get(name)
    if row is None:
        return ""
    made_by = {
        "spawn": "Task",
        "ensure": "Task",
        "future": "Future",
        "gather": "Future",
        "executor": "Future",
        "concurrent": "Concurrent",
        "framework_task": "Task",
        "group_spawn": "Task",
        "task_group": "TaskGroup",
        "event": "Event",
    }
    return row.returns or made_by.get(row.call, "")
