"""Module-level names as values, found on demand: definitions, imports, and simple initialisers.

A function that is analysed on its own does not know when it runs, so a module variable counts as known only if it is
bound once, and to something that does not change: a function, a class, an import, a number or text, an event loop, an
executor, an instance whose attributes are open. A future found there is in an unknown state.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from tooearly.flow import live
from tooearly.flow.classes import class_tuple
from tooearly.flow.lower_stmt import build_expression
from tooearly.flow.machine import Act, Machine, up
from tooearly.flow.objects import UNSEEN, Cont, Fut, Generating, Inst, Iterating
from tooearly.flow.state import World
from tooearly.flow.values import (
    NONE,
    Api,
    Frame,
    Func,
    Klass,
    Managing,
    Oid,
    Partial,
    Ref,
    Unknown,
    Value,
    choice,
    site_of,
)
from tooearly.flow.walking import refs
from tooearly.semantics.modules import package_of
from tooearly.semantics.names import Binding, Class, Function, Module
from tooearly.semantics.types import CONVENTIONS, annotation_type, canonical

FUTURE_TYPES = {"Task": "task", "Future": "future", "Concurrent": "concurrent"}


def typed_unknown(w: World, kind: str, oid: Oid, tag: object = None) -> Value:
    """Something of a declared type that was made elsewhere: a future in an unknown state, a container of such."""
    base = kind.rstrip("?")
    if base in FUTURE_TYPES:
        w.heap[oid] = Fut(FUTURE_TYPES[base], UNSEEN, None)
        return Ref(oid)
    container, _, element = base.partition(":")
    if element in FUTURE_TYPES:
        member = Oid(oid.site, oid.frame, ("of", oid.tag))
        w.heap[member] = Fut(FUTURE_TYPES[element], UNSEEN, None, many=True)
        keys = (Unknown(),) if container == "dict" else ()
        w.heap[oid] = Cont(container, (Ref(member),), False, keys=keys)
        return Ref(oid)
    return Unknown(tag, base)


def global_value(m: Machine, act: Act, w: World, name: str, module_name: str | None = None) -> Value:
    """The value of a name of the module that `act` belongs to (or of the named one)."""
    key = module_name or act.function.module
    module = m.module(key)
    bindings = module.bindings.get(name) if module else None
    if module is None:
        return Unknown(("global", key, name), CONVENTIONS.get(name, ""))
    if not bindings:
        return _from_stars(m, act, w, module, name)
    kinds = {b.kind for b in bindings}
    if kinds == {"import", "assign"} and all(b.kind == "import" or _is_none(b.value) for b in bindings):
        imported = next(b for b in bindings if b.kind == "import")  # try: import it; except ImportError: it = None
        return choice((_bound(m, act, w, module, name, imported), NONE))
    if len(bindings) == 2 and kinds in ({"import", "class"}, {"import", "def"}):
        imported, own = sorted(bindings, key=lambda b: b.kind != "import")  # try: import it; except ImportError: a stub
        found = _bound(m, act, w, module, name, imported)
        return found if _is_known(m, found) else choice((found, _bound(m, act, w, module, name, own)))
    if len(bindings) > 1 and kinds != {"import"} and not (kinds == {"def"} or kinds == {"class"}):
        return Unknown(("global", key, name), _declared(module, bindings) or CONVENTIONS.get(name, ""))
    return _bound(m, act, w, module, name, bindings[-1] if kinds != {"import"} else bindings[0])


def _is_none(node: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_known(m: Machine, value: Value) -> bool:
    """Whether anything is known of what was imported."""
    if not isinstance(value, Api):
        return not isinstance(value, Unknown)
    return value.name in m.rows or any(name.startswith(f"{value.name}.") for name in m.rows)


def _declared(module: Module, bindings: tuple[Binding, ...]) -> str:
    for binding in bindings:
        kind = annotation_type(module, binding.annotation)
        if kind:
            return kind.rstrip("?") if kind.rstrip("?") not in FUTURE_TYPES else ""
    return ""


def _from_stars(m: Machine, act: Act, w: World, module: Module, name: str) -> Value:
    for star in module.stars:
        full = canonical(f"{star}.{name}")
        if full in m.rows:
            return Api(full)
        other = m.module(star)
        if other is not None and name in other.bindings:
            return global_value(m, act, w, name, star)
    return (
        Api(f"builtins.{name}")
        if f"builtins.{name}" in m.rows or hasattr(__builtins_module__, name)
        else Unknown(("global", name), CONVENTIONS.get(name, ""))
    )


import builtins as __builtins_module__  # noqa: E402


def _bound(m: Machine, act: Act, w: World, module: Module, name: str, binding: Binding) -> Value:
    match binding.kind:
        case "import":
            return import_value(m, act, str(binding.value))
        case "def" if isinstance(binding.value, Function):
            return decorated(m, act, w, Func(binding.value, ("M", module.name)), binding.value)
        case "class" if isinstance(binding.value, Class):
            return Klass(binding.value, ("M", module.name))
        case "assign" if binding.value is not None:
            return initial(m, act, w, module, name, binding)
    return Unknown(("global", module.name, name), _declared(module, (binding,)) or CONVENTIONS.get(name, ""))


def import_value(m: Machine, act: Act, name: str) -> Value:
    """A module or something of one: looked up in the workspace when it can be seen, else known by its name."""
    name = canonical(name)
    if name in m.rows or name.startswith("asyncio.") or name == "asyncio":
        return Api(name)
    owner, last = package_of(name, False), name.rpartition(".")[2]
    module = m.module(owner) if owner else None
    if module is not None and (last in module.bindings or module.stars) and m.depth < 6:
        m.depth += 1
        value = global_value(m, act, World(), last, owner)
        m.depth -= 1
        if isinstance(value, Func | Klass) or (isinstance(value, Api) and value != Api(f"builtins.{last}")):
            return value
    return Api(name)


def initial(m: Machine, act: Act, w: World, module: Module, name: str, binding: Binding) -> Value:
    """The value of a module variable that is bound once, at the top level."""
    frame: Frame = ("M", module.name)
    fallback = Unknown(("global", module.name, name), _declared(module, (binding,)) or CONVENTIONS.get(name, ""))
    if isinstance(binding.value, ast.Constant):
        from tooearly.flow.values import const

        given = binding.value.value
        return fallback if isinstance(given, bool | bytes | complex) or given is ... or given is None else const(given)
    if (classes := class_tuple(m, w, binding.value, binding.unit, module.name)) is not None:
        return classes
    if not isinstance(binding.value, ast.Call | ast.Name | ast.Attribute | ast.Lambda) or act.depth > 8:
        return fallback
    value = _evaluated(m, act, w, module, name, binding)
    match value:
        case Ref(oid):
            obj = w.heap.get(oid)
            if isinstance(obj, Inst):
                w.heap[oid] = replace(obj, open=True)
            elif isinstance(obj, Fut):
                w.heap[oid] = replace(obj, mask=UNSEEN, body=None)
            elif isinstance(obj, Cont | Iterating | Generating) or obj is None:
                return Unknown(fallback.tag, fallback.type)
            w.env[frame, name] = value
            return value
        case Func() | Klass() | Api():
            return value
        case Managing("namedtuple", _) | Partial() if not refs(value):
            w.env[frame, name] = value
            return value
        case Unknown(tag=("sentinel", _)):
            return value
        case Unknown(type=kind) if kind:
            return Unknown(fallback.tag, kind)
    return fallback


def _evaluated(m: Machine, act: Act, w: World, module: Module, name: str, binding: Binding) -> Value:
    """Interpret an initialiser in the module's frame, without reporting."""
    frame: Frame = ("M", module.name)
    holder = Function(f"<{name}>", "<module>", binding.value, binding.unit, module.name)
    graph = build_expression(holder, binding.value)
    live.mark_live(graph)
    inner = Act(holder, (*frame, "init", name), graph, act, False, live.reverse_postorder(graph), None, act.depth + 1)
    if act.count(holder) or any(k[0] == inner.frame for k in w.env):
        return Unknown()
    m.quiet += 1
    outcomes = m.finish(inner, m.run(inner, [w]))
    m.quiet -= 1
    fine = [o for o in outcomes if o.exc is None]
    if len(fine) != 1:
        return Unknown()
    w.env, w.heap = fine[0].world.env, fine[0].world.heap
    return fine[0].value


def decorated(m: Machine, act: Act, w: World, value: Value, function: Function) -> Value:
    """A function as its decorators leave it. Decorators that are not visible give something unknown."""
    node = function.node
    decorators = list(getattr(node, "decorator_list", ()))
    if not decorators or act.depth > 8:
        return value
    from tooearly.flow.calling import call
    from tooearly.semantics.types import dotted

    module = m.module(function.module)
    for decorator in reversed(decorators):
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = dotted(module, target) if module else ""
        row = m.rows.get(name)
        if row is not None and row.call in ("keep", "keeping"):
            continue
        binding = Binding("assign", function.unit, decorator)
        applied = _evaluated(m, act, w, module, f"@{function.name}", binding) if module else Unknown()
        if isinstance(applied, Unknown) or (isinstance(applied, Api) and applied.name not in m.rows):
            return Unknown()
        m.quiet += 1
        outcomes = [
            o
            for o in call(m, act, w.copy(), applied, [(value, False)], [], site_of(function.unit, decorator))
            if o.exc is None
        ]
        m.quiet -= 1
        if len(outcomes) != 1:
            return Unknown()
        w.env, w.heap = outcomes[0].world.env, outcomes[0].world.heap
        value = outcomes[0].value
    return value


__all__ = ["global_value", "import_value", "typed_unknown", "up"]
