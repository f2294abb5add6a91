"""What a function's text mentions, alone and through the functions that it names.

The analysis interprets calls on the spot, so what it need not interpret it must recognise cheaply: a function whose
text, followed through the workspace's functions it names, mentions nothing that makes, waits for, guards or reads a
future cannot matter, unless it is handed one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from tooearly.semantics.names import Class, Function, Module, walk
from tooearly.semantics.rows import Rows, builtin_rows

if TYPE_CHECKING:
    from tooearly.flow.machine import Machine

READS = ("result", "exception")
# The effects of what waits for all that it is given, for all if it is asked for nothing else, for its first argument.
FOR_ALL, FOR_SOME, FOR_ONE = frozenset(["gather"]), frozenset(["wait"]), frozenset(["wait_for"])
ANSWERS = (ast.Call, ast.IfExp, ast.BoolOp, ast.Compare, ast.UnaryOp)  # expressions that may say something of an object
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)
CONTAINERS = frozenset(["container", "defaultdict", "task_group"])  # the effects of making one
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
SETTING = frozenset(["event_set", "finish"])  # those that set an event, or a plain future
MOST_FUNCTIONS = 60


def nodes_in(function: Function) -> list[ast.AST]:
    """The nodes of a function's text, functions inside it included."""
    found: list[ast.AST] | None = function.cache.get("nodes")
    if found is None:
        found = function.cache["nodes"] = walk(function.node)
    return found


def may_suspend(node: ast.AST) -> bool:
    """Whether a coroutine may be suspended at a node itself; what is inside of it has nodes of its own."""
    if isinstance(node, COMPREHENSIONS):
        return any(loop.is_async for loop in node.generators)
    return isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith | ast.Yield | ast.YieldFrom)


def called(node: ast.AST | None) -> str:
    """The last name of what a call calls; nothing for what is no call."""
    match node:
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
            return name
    return ""


def index_names(function: Function) -> frozenset[str]:
    """The names that a function uses as subscripts, or hands to `pop`."""
    found = function.cache.get("indices")
    if found is None:
        names: set[str] = set()
        for node in nodes_in(function):
            match node:
                case ast.Subscript(slice=key):
                    names.update(part.id for part in _computed(key) if isinstance(part, ast.Name))
                case ast.Call(func=ast.Attribute(attr="pop"), args=[ast.Name(id=name), *_]):
                    names.add(name)
        found = function.cache["indices"] = frozenset(names)
    return found


def index_parts(function: Function) -> frozenset[ast.AST]:
    """The computations in a function's subscripts, and those that set a variable that serves as a subscript."""
    found: frozenset[ast.AST] | None = function.cache.get("index parts")
    if found is None:
        names, parts = index_names(function), set(subscript_parts(function))
        for node in nodes_in(function):
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in names:
                    parts.update(_computed(value))
        found = function.cache["index parts"] = frozenset(parts)
    return found


def subscript_parts(function: Function) -> frozenset[ast.AST]:
    """The computations in a function's subscripts."""
    found: frozenset[ast.AST] | None = function.cache.get("subscript parts")
    if found is None:
        keys = (node.slice for node in nodes_in(function) if isinstance(node, ast.Subscript))
        found = function.cache["subscript parts"] = frozenset(part for key in keys for part in _computed(key))
    return found


def _computed(key: ast.AST | None) -> Iterator[ast.AST]:
    """A subscript, and what it is computed of."""
    if key is not None:
        yield key
    match key:
        case ast.Slice(lower=lower, upper=upper, step=step):
            parts = [lower, upper, step]
        case ast.BinOp(left=left, right=right):
            parts = [left, right]
        case ast.UnaryOp(operand=operand):
            parts = [operand]
        case ast.Call(args=[*parts], keywords=[]):
            pass
        case _:
            parts = []
    for part in parts:
        yield from _computed(part)


def waited_for(rows: Rows, call: ast.Call) -> list[ast.expr]:
    """The arguments of an awaited call for which it has waited to the end when it returns."""
    name = called(call)
    if name in rows.named(FOR_ALL) or (name in rows.named(FOR_SOME) and not call.keywords):
        return call.args
    return call.args[:1] if name in rows.named(FOR_ONE) else []


def loop_variables(function: Function) -> dict[ast.AST, tuple[str, ...]]:
    """The variables of the innermost `for` around each call of which an argument may be an answer about them."""
    found: dict[ast.AST, tuple[str, ...]] | None = function.cache.get("loops")
    if found is None:
        found = {}
        for loop in nodes_in(function):
            if isinstance(loop, ast.For | ast.AsyncFor):
                names = tuple(n.id for n in walk(loop.target) if isinstance(n, ast.Name))
                calls = (n for stmt in loop.body for n in walk(stmt) if isinstance(n, ast.Call))
                found.update({call: names for call in calls if any(isinstance(a, ANSWERS) for a in call.args)})
        function.cache["loops"] = found
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
    return [function for name in {*names, *_inherited(module, names)} if name in index for function in index[name]]


def _inherited(module: Module, names: Iterable[str]) -> set[str]:
    """The classes of a module from which those with these names are derived."""
    found: set[str] = set()
    stack = [name for name in names if name in module.bindings]
    while stack:
        classes = (bound.value for bound in module.bindings.get(stack.pop(), ()) if bound.kind == "class")
        new = {name for cls in classes if isinstance(cls, Class) for name in base_names(cls)} - found
        found |= new
        stack += new
    return found


def base_names(cls: Class) -> tuple[str, ...]:
    """The names of a class's bases, as far as they are plain names."""
    return tuple(base.id for base in cls.node.bases if isinstance(base, ast.Name))


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


def concerned(m: Machine, function: Function) -> bool:
    """Whether the function may make, wait for, guard or read futures by itself."""
    known = m.concerned.get(function)
    if known is None:
        names = {name.rpartition(".")[2] for name in closure(m, function)}
        known = m.concerned[function] = bool(names & m.rows.named(TOUCHING))
    return known
