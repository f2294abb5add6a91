"""Where the receivers of a function's reads may come from: does it matter who calls the function?

A function with a read is interpreted on its own. Interpreting its callers too tells more only when what is read may be
theirs: a parameter, a variable of a scope around it, an attribute that holds futures. This is a backward slice over
the text, without regard to order: from the receivers through the assignments of the function to names that it does
not assign itself. A future that is made on the spot ends the slice. So one `gather(...).exception()` in a class of a
hundred methods costs one function, not forty.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator

from tooearly.flow.facts import CALLBACKS
from tooearly.flow.mention import CONTAINERS, READS, has_read, names_in, nodes_in, reads
from tooearly.semantics.names import Class, Function, Module, all_args, children, walk
from tooearly.semantics.rows import builtin_rows

# The effects of calls that give a new future, whatever they are given (`ensure` and `shield` may give back what they
# got). The rows that come with tooearly say which names those are: a row of a user may have any, and is followed.
FRESH = frozenset(["spawn", "framework_task", "group_spawn", "future", "gather", "executor"])
CONCURRENT = frozenset(["concurrent"])
WAITS = frozenset(["wait", "as_completed", "get"])
QUEUES = frozenset(["queue"])
HOLDING = FRESH | QUEUES
SCALARS = frozenset(
    ["str", "int", "float", "bool", "bytes", "Path", "Callable", "Logger", "Event", "AbstractEventLoop"]
)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


OWN = ""
"""In `handed`: the function's own reads."""


def handed(module: Module, function: Function, futures: frozenset[str]) -> frozenset[str]:
    """The names of the functions to which `function` hands something that its callers may have given it.

    `OWN` among them: what it reads itself may be theirs. `futures`: see `future_attributes`. Kept with the function, as
    long as what was looked up for it is the same.
    """
    known = frozenset(name.rpartition(".")[2] for name in names_in(function) & module.index.keys())
    kept: tuple[object, dict[str, object], frozenset[str]] | None = function.cache.get("handed")
    if kept is not None:  # of another version of the module, or for other futures
        conditions, looked_up, found = kept
        if conditions == (known, futures) and all(module.bindings.get(n) == bound for n, bound in looked_up.items()):
            return found
    found, asked = module.bindings.during(lambda: _handed(module, function, futures, known))
    function.cache["handed"] = ((known, futures), {name: module.bindings.get(name) for name in asked}, found)
    return found


def _handed(module: Module, function: Function, futures: frozenset[str], known: frozenset[str]) -> frozenset[str]:
    if function.is_generator:
        return known | {OWN}  # it is interpreted by whoever walks it
    found: set[str] = set()
    if (
        gives_closure(function)
        or of_container(function)
        or _reaches_outside(module, function, _receivers(function), futures)
    ):
        found.add(OWN)
    for call in _calls(function) if known else ():
        parts = _parts(call)
        names = {_name(part) for part in parts} & known
        if not names - found or _does(_name(call.func), CALLBACKS):  # which hands over a future that is done
            continue
        if _reaches_outside(module, function, [part for part in parts if _name(part) not in known], futures):
            found |= names
    return frozenset(found)


def of_container(function: Function) -> bool:
    """Whether it is a method of a class that derives from a container: what others put in is its own."""
    bases = function.cls.node.bases if function.cls is not None else []
    return any(_does(name, CONTAINERS) for base in bases for name in _named(base))


def gives_closure(function: Function) -> bool:
    """Whether a read stands in an inner function that is returned, as in a decorator: its callers run it."""
    found = function.cache.get("gives closure")
    if found is None:
        inner = [n for n in nodes_in(function) if isinstance(n, FUNCTIONS) and n is not function.node]
        names = {getattr(node, "name", "") for node in inner if reads(function)}
        given = [n.value for n in nodes_in(function) if isinstance(n, ast.Return) and n.value is not None]
        parts = [part for value in given for part in walk(value) if isinstance(part, ast.Name | ast.Lambda)]
        leads = any(isinstance(part, ast.Lambda) or part.id in names for part in parts)
        found = function.cache["gives closure"] = bool(names) and leads and any(has_read(walk(node)) for node in inner)
    return bool(found)


def decorators(function: Function) -> set[str]:
    """The names of what decorates a function."""
    nodes = getattr(function.node, "decorator_list", ())
    return {_name(node.func if isinstance(node, ast.Call) else node) for node in nodes}


def _does(name: str, effects: frozenset[str]) -> bool:
    """Whether APIs of that name have one of these effects."""
    return name in builtin_rows().named(effects)


def may_block(function: Function) -> bool:
    """Whether a function that is no coroutine may wait for a thread: who calls it decides whether the loop waits."""
    return not function.is_async and any(_does(name.rpartition(".")[2], CONCURRENT) for name in names_in(function))


def _calls(function: Function) -> list[ast.Call]:
    found = function.cache.get("calls")
    if found is None:
        found = function.cache["calls"] = [node for node in nodes_in(function) if isinstance(node, ast.Call)]
    return found


def _receivers(function: Function) -> list[ast.expr]:
    """What is read; for a method that is passed on, what stands beside it."""
    found = function.cache.get("receivers")
    if found is None:
        found = function.cache["receivers"] = []
        for call in _calls(function):
            if isinstance(call.func, ast.Attribute) and call.func.attr in READS:
                found.append(call.func.value)
            given = [*call.args, *(keyword.value for keyword in call.keywords)]
            if any(isinstance(arg, ast.Attribute) and arg.attr in READS for arg in given):
                found += given + ([call.func.value] if isinstance(call.func, ast.Attribute) else [])
        for node in nodes_in(function):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Attribute) and node.value.attr in READS:
                found.append(node.value.value)
    return found


def _parts(call: ast.Call) -> list[ast.expr]:
    return [call.func, *call.args, *(k.value for k in call.keywords)]


def _name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _reaches_outside(module: Module, function: Function, seeds: Iterable[ast.expr], futures: frozenset[str]) -> bool:
    origins, inner = _origins(function)
    given = _given(module, function)
    seen: set[str] = set()
    stack = [name for seed in seeds for name in sources(seed)]
    while stack:
        name = stack.pop()
        if name in seen:
            continue
        seen.add(name)
        if name[0] == ".":
            if name[1:] in futures:
                return True
            continue
        if name in given or name in function.global_names or name in function.nonlocal_names:
            return True
        if name not in origins and name not in inner and name not in function.params and _from_around(module, name):
            return True
        stack += [source for origin in origins.get(name, ()) for source in sources(origin)]
        for nested in inner.get(name, ()):
            stack += [source for given_to in _given_to(function, nested) for source in sources(given_to)]
    return False


def _given(module: Module, function: Function) -> set[str]:
    """The parameters that a caller may put a future into."""
    spec = function.node.args  # type: ignore[attr-defined]
    others = {arg.arg for arg in all_args(spec) if arg.annotation is not None and _is_plain(module, arg.annotation)}
    return set(function.params) - {"self", "cls"} - others


def _scalars(function: Function) -> set[str]:
    """The parameters that are numbers, texts and the like, by the function's text alone."""
    if not isinstance(function.node, FUNCTIONS):
        return set()
    return {a.arg for a in all_args(function.node.args) if a.annotation is not None and _name(a.annotation) in SCALARS}


def _is_plain(module: Module, annotation: ast.expr) -> bool:
    """Whether an annotation names a number, a text or the like, or a class of another module: nothing followed."""
    match annotation:
        case ast.Constant(value=None):
            return True
        case ast.Constant(value=str(name)) if name.isidentifier():
            return _is_plain(module, ast.Name(name))
        case ast.BinOp(left=left, right=right):
            return _is_plain(module, left) and _is_plain(module, right)
        case ast.Subscript(value=value, slice=inside) if _name(value) == "Optional":
            return _is_plain(module, inside)
        case ast.Name(id=name) if name in SCALARS or name.endswith("Logger"):
            return True
        case ast.Attribute(attr=name) if name in SCALARS or name.endswith("Logger"):
            return True
        case ast.Name(id=name):
            bound = module.bindings.get(name, ())
            return bool(bound) and all(b.kind == "import" and not _may_be_future(str(b.value)) for b in bound)
    return False


def _may_be_future(imported: str) -> bool:
    return any(part in imported for part in ("asyncio", "typing", "collections", "concurrent", "Task", "Future"))


def _from_around(module: Module, name: str) -> bool:
    """Whether a name that the function does not assign may be a variable (and no function, class or module)."""
    if name in ("self", "cls") or hasattr(builtins, name):
        return False
    bindings = module.bindings.get(name)
    return bindings is None or any(b.kind not in ("def", "class", "import") for b in bindings)


def _given_to(function: Function, nested: ast.AST) -> Iterator[ast.expr]:
    """What may become a parameter of a function inside: arguments of its calls, what stands beside it in a call."""
    name = getattr(nested, "name", "")
    for call in _calls(function):
        parts = _parts(call)
        if any(part is nested or (name and _name(part) == name) for part in parts):
            yield from (part for part in parts if part is not nested and _name(part) != name)


def _origins(function: Function) -> tuple[dict[str, list[ast.expr]], dict[str, list[ast.AST]]]:
    """The expressions that each name of the function is bound to, and the inner functions whose parameter it is."""
    found = function.cache.get("origins")
    if found is None:
        origins: dict[str, list[ast.expr]] = {}
        inner: dict[str, list[ast.AST]] = {}
        for node in nodes_in(function):
            for target, value in _bindings(node):
                for name in walk(target):
                    if isinstance(name, ast.Name):
                        origins.setdefault(name.id, []).append(value)
            if isinstance(node, FUNCTIONS) and node is not function.node:
                for arg in all_args(node.args):
                    inner.setdefault(arg.arg, []).append(node)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node is not function.node:
                origins.setdefault(node.name, [])
        found = function.cache["origins"] = (origins, inner)
    return found


def _bindings(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """The targets of a node with what is bound to each."""
    match node:
        case ast.Assign(targets=targets, value=value):
            yield from ((target, value) for target in targets)
        case ast.AnnAssign() | ast.AugAssign() | ast.NamedExpr() if node.value is not None:
            yield node.target, node.value
        case ast.For() | ast.AsyncFor() | ast.comprehension():
            yield node.target, node.iter
        case ast.withitem(context_expr=value, optional_vars=ast.expr() as target):
            yield target, value
        case ast.Call(func=ast.Attribute(value=target), args=args):  # `ts.append(t)`
            yield from ((target, value) for value in args)
        case ast.Match(subject=subject, cases=cases):
            yield from ((ast.Name(name), subject) for case in cases for name in _captures(case.pattern))
        case ast.ExceptHandler(name=str(name)):
            yield ast.Name(name), ast.Constant(None)


def _captures(pattern: ast.pattern) -> Iterator[str]:
    for part in walk(pattern):
        name = getattr(part, "name", None) or getattr(part, "rest", None)
        if isinstance(name, str):
            yield name


def sources(node: ast.AST) -> Iterator[str]:
    """The names that the value of an expression may come from; attributes with a dot before them."""
    match node:
        case ast.Name(id=name):
            yield name
        case ast.Attribute(value=value, attr=attr):
            yield f".{attr}"
            yield from sources(value)
        case ast.Await(value=ast.Call(func=func)) if not _does(_name(func), WAITS):
            return  # what a coroutine returns is no future that somebody else has
        case ast.Call(func=func) if _does(_name(func), FRESH):
            return
        case ast.Constant() | ast.Lambda() | ast.JoinedStr() | ast.Compare():
            return
        case _:
            for child in children(node):
                yield from sources(child)


# Attributes
def future_attributes(module: Module) -> frozenset[str]:
    """The attributes that may hold futures, by what the module assigns to them, and the methods that give those."""
    found: set[str] = set()
    for function in module.functions:
        found |= assigned_futures(function)
    found.update(name for cls in module.classes for name in declared_futures(cls))
    for _ in range(2):  # a method that calls a method that gives one
        held = {f".{name}" for name in found}
        found |= {function.name for function in module.functions if function.cls and returned(function) & held}
    return frozenset(found)


def declared_futures(cls: Class) -> list[str]:
    """The attributes that may hold futures by what the class itself says."""
    return [name for name, (value, kind) in cls.attrs.items() if _may_hold(value, kind)]


def returned(method: Function) -> frozenset[str]:
    """The attributes that a method mentions, when it returns something."""
    found = method.cache.get("returns")
    if found is None:
        names = names_in(method) if gives_back(method) else frozenset[str]()
        found = method.cache["returns"] = frozenset(name for name in names if name[0] == ".")
    return found


def gives_back(function: Function) -> bool:
    """Whether a function returns (or yields) something."""
    found = function.cache.get("gives back")
    if found is None:
        given = [n.value for n in nodes_in(function) if isinstance(n, ast.Return | ast.Yield)]
        found = function.cache["gives back"] = any(value is not None for value in given)
    return bool(found)


def assigned_futures(function: Function) -> frozenset[str]:
    """The attributes that a function sets to what may be, or hold, a future."""
    found = function.cache.get("assigned futures")
    if found is None:
        names: set[str] = set()
        plain = _scalars(function)
        for node in nodes_in(function):
            match node:
                case ast.Assign(value=ast.Name(id=name)) if name in plain:
                    continue
                case ast.Assign(targets=targets, value=value) if _may_hold(value, None):
                    names.update(part.attr for t in targets for part in walk(t) if isinstance(part, ast.Attribute))
                case ast.AnnAssign(target=ast.Attribute(attr=attr), value=value, annotation=kind):
                    names.update([attr] if _may_hold(value, kind) else [])
        found = function.cache["assigned futures"] = frozenset(names)
    return found


def _named(annotation: ast.expr) -> Iterator[str]:
    """The last parts of the names in an annotation."""
    for node in ast.walk(annotation):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                yield name
            case ast.Constant(value=str(text)):
                yield text.partition("[")[0].rpartition(".")[2]


def _may_hold(value: ast.expr | None, kind: ast.expr | None) -> bool:
    """Whether an attribute with this annotation, set to this value, may hold a future."""
    if kind is not None:
        text = ast.unparse(kind)
        return "Task" in text or "Future" in text or "Any" in text or any(_does(n, QUEUES) for n in _named(kind))
    match value:
        case None | ast.Constant() | ast.JoinedStr() | ast.Compare():
            return False
        case ast.BinOp(left=left, right=right):
            return _may_hold(left, None) and _may_hold(right, None)
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name[:1].isupper():
            return _does(name, HOLDING)  # an instance of some class
        case ast.Call(func=ast.Name(id="len" | "max" | "min" | "int" | "str" | "float" | "bool" | "bytes")):
            return False
    return True
