"""What a function's text mentions, alone and through the functions that it names.

The analysis interprets calls on the spot, so what it need not interpret it must recognise cheaply: a function whose
text, followed through the workspace's functions it names, mentions nothing that makes, waits for, guards or reads a
future cannot matter, unless it is handed one.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from tooearly.semantics.names import Function, Module, walk
from tooearly.semantics.rows import builtin_rows

if TYPE_CHECKING:
    from tooearly.flow.machine import Machine

READS = ("result", "exception")
CALLBACKS = frozenset(["callback"])
CONTAINERS = frozenset(["container", "defaultdict", "task_group"])  # the effects of making one
ASKED_FOR = frozenset(["current", "all_tasks"])  # these make none of their own
ADDING = frozenset(["add", "put_under", "setdefault"])  # of methods that put one more in
TAKING = frozenset(["dict_pop", "heap_pop", "islice", "next", "pop", "popleft"])  # the first element, among others
# The effects of calls that make futures; they may have other names in users' rows.
MAKING = frozenset(
    [
        "all_tasks",
        "as_completed",
        "concurrent",
        "concurrent_completed",
        "concurrent_wait",
        "current",
        "ensure",
        "executor",
        "framework_task",
        "future",
        "gather",
        "group_spawn",
        "shield",
        "spawn",
        "task_group",
        "wait",
    ]
)
# Those that wait for, guard, finish or pass on futures.
TOUCHING = MAKING | {
    "block",
    "callback",
    "callback_on",
    "cancel",
    "cancelled",
    "done",
    "finish",
    "later",
    "manager",
    "read",
    "run_until_complete",
    "wait_for",
}
MOST_FUNCTIONS = 60


def nodes_in(function: Function) -> list[ast.AST]:
    """The nodes of a function's text, functions inside it included."""
    found: list[ast.AST] | None = function.cache.get("nodes")
    if found is None:
        found = function.cache["nodes"] = walk(function.node)
    return found


def index_names(function: Function) -> frozenset[str]:
    """The names that a function uses as subscripts, or hands to `pop`."""
    found = function.cache.get("indices")
    if found is None:
        names: set[str] = set()
        for node in nodes_in(function):
            match node:
                case ast.Subscript(slice=ast.Name(id=name)):
                    names.add(name)
                case ast.Call(func=ast.Attribute(attr="pop"), args=[ast.Name(id=name), *_]):
                    names.add(name)
        found = function.cache["indices"] = frozenset(names)
    return found


def asks_for_first(function: Function) -> bool:
    """Whether a text may ask for the first element of a list: by its index, by `pop`, by `next`, by unpacking."""
    found: bool | None = function.cache.get("first")
    if found is None:
        nodes = nodes_in(function)
        types = {part for node in nodes if (kind := _annotation(node)) is not None for part in walk(kind)}
        found = function.cache["first"] = any(_asks_for_first(node) for node in nodes if node not in types)
    return found


def _annotation(node: ast.AST) -> ast.expr | None:
    match node:
        case ast.arg(annotation=kind) | ast.AnnAssign(annotation=kind):
            return kind
        case ast.FunctionDef(returns=kind) | ast.AsyncFunctionDef(returns=kind):
            return kind
    return None


def _asks_for_first(node: ast.AST) -> bool:
    match node:
        case ast.Subscript(slice=ast.Constant(value=value)):
            return value == 0
        case ast.Subscript(slice=ast.Name() | ast.Slice() | ast.UnaryOp()) | ast.Starred(ctx=ast.Store()):
            return True
        case ast.Call(args=[ast.GeneratorExp(), *_]):
            return False  # the first of those that it gives
        case ast.Call(func=ast.Attribute(attr=called) | ast.Name(id=called)):
            return called in builtin_rows().named(TAKING)
        case ast.Assign(targets=[ast.Tuple() | ast.List()], value=value):
            return not isinstance(value, ast.Tuple | ast.List | ast.Await)
    return False


def names_in(function: Function) -> frozenset[str]:
    """Every name in a function's text; attributes as `.name`, and those of `self` as `self.name` too."""
    found = function.cache.get("names")
    if found is None:
        names: set[str] = set()
        for node in nodes_in(function):
            if isinstance(node, ast.Name):
                names.add(node.id)
            elif isinstance(node, ast.Attribute):
                names.add("." + node.attr)
                if isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
                    names.add("self." + node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in READS:
                names.add("." + node.value)
        found = function.cache["names"] = frozenset(names)
    return found


def reads(function: Function) -> bool:
    """Whether the text itself holds something that may be a read of a future."""
    found = function.cache.get("reads")
    if found is None:
        found = function.cache["reads"] = bool(names_in(function) & {".result", ".exception"}) and has_read(
            nodes_in(function)
        )
    return bool(found)


def has_read(nodes: Sequence[ast.AST]) -> bool:
    """A call `x.result()` without arguments (or with a time-out) or of a class, the method passed on, or named."""
    called: set[ast.AST] = set()
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in READS:
            called.add(node.func)
            plain = not node.args and all(k.arg == "timeout" for k in node.keywords)
            if plain or (len(node.args) == 1 and (node.func.attr == "result" or _of_class(node.func.value))):
                return True
    for node in nodes:
        for value in _passed(node):
            if isinstance(value, ast.Attribute) and value.attr in READS and value not in called:
                return True
            if isinstance(value, ast.Constant) and value.value in READS:
                return True
    return False


def _passed(node: ast.AST) -> Sequence[ast.expr]:
    """What a node binds to names or passes as arguments."""
    match node:
        case ast.Assign(value=ast.Tuple(elts=parts)):
            return parts
        case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value) | ast.NamedExpr(value=value):
            return [value]
        case ast.Call(args=args, keywords=keywords):
            return [*args, *(keyword.value for keyword in keywords)]
    return ()


def _of_class(owner: ast.expr) -> bool:
    """Whether what a method is taken from is named like a class: `Future.exception(task)`."""
    name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
    return name[:1].isupper()


def named_by(module: Module, names: frozenset[str]) -> list[Function]:
    """The functions of a module that these names may mean: functions, methods of `self`, methods of a class named."""
    index = module.index
    return [function for name in names if name in index for function in index[name]]


def closure(m: Machine, function: Function) -> frozenset[str]:
    """The names in a function's text and in the texts of the functions that it names, and so on."""
    known = m.closures.get(function)
    if known is None:
        names: set[str] = set()
        seen: set[Function] = set()
        stack = [function]
        while stack and len(seen) < MOST_FUNCTIONS:
            here = stack.pop()
            if here in seen:
                continue
            seen.add(here)
            texts = names_in(here)
            names |= texts
            module = m.modules.get(here.module)
            if module is not None:
                stack += named_by(module, texts)
        known = m.closures[function] = frozenset(names)
        m.reading[function] = any(reads(f) for f in seen)
    return known


def reaches_read(m: Machine, function: Function) -> bool:
    """Whether the function, or one that it names, holds a read."""
    closure(m, function)
    return m.reading[function]


def makes(m: Machine, function: Function) -> bool:
    """Whether calling the function may give or leave behind a new future that somebody reads.

    It returns one (its text makes futures, or returns what such a function gives), or stores one in an attribute that
    a reading function mentions.
    """
    known = m.making.get(function)
    if known is None:
        m.making[function] = False
        known = m.making[function] = _gives(m, function) or leaves(m, function)
    return known


def sets_up(m: Machine, function: Function) -> bool:
    """Whether the function stores a new container in an attribute: others may put futures there."""
    known: bool | None = function.cache.get("sets_up")
    if known is None:
        known = function.cache["sets_up"] = any(
            isinstance(node, ast.Assign | ast.AnnAssign)
            and _is_container(m, node.value)
            and isinstance(node.targets[0] if isinstance(node, ast.Assign) else node.target, ast.Attribute)
            for node in nodes_in(function)
        )
    return known


def _is_container(m: Machine, value: ast.expr | None) -> bool:
    match value:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name in m.rows.named(CONTAINERS)
    return isinstance(value, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp)


def _gives(m: Machine, function: Function) -> bool:
    if isinstance(function.node, ast.Lambda | ast.GeneratorExp):
        return True
    names = {name.rpartition(".")[2] for name in names_in(function)}
    given = [n.value for n in nodes_in(function) if isinstance(n, ast.Return | ast.Yield) and n.value is not None]
    given = [value for value in given if not isinstance(value, ast.Constant)]
    if given and (names & m.rows.named(MAKING) or function.nonlocal_names):
        return True
    module = m.modules.get(function.module)
    if module is None:
        return False
    called = {n for value in given for n in walk(value) if isinstance(n, ast.Call)}
    texts = frozenset(name for call in called for name in _callee_names(call))
    return any(makes(m, other) for other in named_by(module, texts) if other is not function)


def _callee_names(call: ast.Call) -> list[str]:
    match call.func:
        case ast.Name(id=name):
            return [name]
        case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=attr):
            return [f"self.{attr}"]
    return []


def leaves(m: Machine, function: Function) -> bool:
    """Whether running the function may leave a new future in a variable around it or in an attribute that is read."""
    texts = closure(m, function)
    if not {name.rpartition(".")[2] for name in texts} & m.rows.named(MAKING):
        return False
    if function.global_names or function.nonlocal_names:
        return True
    module = m.modules.get(function.module)
    attributes = [name[4:] for name in texts if name.startswith("self.")]
    m.consulted |= {("read", function.module, name): True for name in attributes}
    return module is not None and not fact(module, "read").isdisjoint(attributes)


def fills(function: Function) -> bool:
    """Whether the text puts futures that it makes into a container that others have: `tasks.append(create_task(c))`."""
    found: bool | None = function.cache.get("fills")
    if found is None:
        found = function.cache["fills"] = any(True for _ in filling(function))
    return found


def filling(function: Function) -> Iterator[ast.AST]:
    """The places where it does so."""
    making, adding = builtin_rows().named(MAKING - ASKED_FOR), builtin_rows().named(ADDING)
    nodes = nodes_in(function)
    made = {
        name.id
        for node in nodes
        if isinstance(node, ast.Assign) and _makes_one(node.value, making)
        for name in node.targets
        if isinstance(name, ast.Name)
    }
    own = function.bound - set(function.params) - function.nonlocal_names - function.global_names
    for node in nodes:
        match node:
            case ast.Call(func=ast.Attribute(value=owner, attr=attr), args=[*_, value]) if attr in adding:
                pass
            case ast.Assign(targets=[ast.Subscript(value=owner)], value=value):
                pass
            case _:
                continue
        if isinstance(owner, ast.Name) and owner.id in own:
            continue
        if _makes_one(value, making) or (isinstance(value, ast.Name) and value.id in made):
            yield node


def _makes_one(value: ast.expr, making: frozenset[str]) -> bool:
    match value:
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
            return name in making
    return False


def read_by(function: Function) -> frozenset[str]:
    """The attributes (with their dot) that a function with a read mentions."""
    return frozenset(name for name in names_in(function) if name.startswith(".")) if reads(function) else frozenset()


def registered_by(function: Function) -> frozenset[str]:
    """The names of the functions that a function registers as done callbacks."""
    found: frozenset[str] | None = function.cache.get("registers")
    if found is None:
        calls = [n for n in nodes_in(function) if isinstance(n, ast.Call) and n.args]
        found = function.cache["registers"] = frozenset(
            name
            for call in calls
            if isinstance(call.func, ast.Attribute) and call.func.attr in builtin_rows().named(CALLBACKS)
            for name in _named(call.args[0])
        )
    return found


def failing_by(function: Function) -> frozenset[str]:
    """The methods (with their dot) by which a function's text gives a future an exception."""
    return _failing() & names_in(function)


@lru_cache(maxsize=1)
def _failing() -> frozenset[str]:
    return frozenset("." + row.name.rpartition(".")[2] for row in builtin_rows().values() if row.kind == "failed")


def runs_by_itself(function: Function) -> frozenset[str]:
    """The name of a fixture that is run for all tests."""
    decorators = [d for d in getattr(function.node, "decorator_list", ()) if isinstance(d, ast.Call)]
    always = any(k.arg == "autouse" and _is_true(k.value) for d in decorators for k in d.keywords)
    return frozenset([function.name]) if always else frozenset()


def _is_true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


FACTS: dict[str, Callable[[Function], frozenset[str]]] = {
    "read": read_by,
    "registered": registered_by,
    "failing": failing_by,
    "by themselves": runs_by_itself,
}
"""What is known of a module as a whole: the names that any of its functions gives."""


def fact(module: Module, kind: str) -> frozenset[str]:
    """The names of a kind that the functions of a module give."""
    found = module.facts.get(kind)
    if found is None:
        found = module.facts[kind] = frozenset[str]().union(*map(FACTS[kind], module.functions))
    return found


def registered(m: Machine, module: Module, name: str) -> bool:
    """Whether the module registers functions of that name as done callbacks: what they are handed is done."""
    m.consulted["registered", module.name, name] = True
    return name in fact(module, "registered")


def gives_exceptions(m: Machine) -> bool:
    """Whether any text that is looked at gives futures an exception; without it, plain ones end with a value."""
    seen = [module for module in m.modules.values() if module is not None]
    m.consulted |= {("failing", module.name, name): True for module in seen for name in _failing()}
    return any(fact(module, "failing") for module in seen)


def _named(callback: ast.expr) -> Iterator[str]:
    """The function that a callback names, also as a method or in a `partial`."""
    match callback:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            yield name
        case ast.Call(func=ast.Name(id="partial") | ast.Attribute(attr="partial"), args=[function, *_]):
            yield from _named(function)


def concerned(m: Machine, function: Function) -> bool:
    """Whether the function may make, wait for, guard or read futures by itself."""
    known = m.concerned.get(function)
    if known is None:
        names = {name.rpartition(".")[2] for name in closure(m, function)}
        known = m.concerned[function] = bool(names & m.rows.named(TOUCHING))
    return known
