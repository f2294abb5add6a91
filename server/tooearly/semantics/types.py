"""Annotations and conventions: which names denote futures, loops, groups, executors.

Only as much typing as the analysis needs: the answer is one of the short type names of `api.toml` (`Task`, `Future`,
`Concurrent`, `Loop`, `TaskGroup`, `Runner`, `Executor`, ...), `list:Task` for a container of them, or "".
"""

from __future__ import annotations

import ast

from tooearly.semantics.names import Module

SHORT = {
    "asyncio.Task": "Task",
    "asyncio.tasks.Task": "Task",
    "asyncio.Future": "Future",
    "asyncio.futures.Future": "Future",
    "concurrent.futures.Future": "Concurrent",
    "concurrent.futures._base.Future": "Concurrent",
    "asyncio.AbstractEventLoop": "Loop",
    "asyncio.BaseEventLoop": "Loop",
    "asyncio.SelectorEventLoop": "Loop",
    "asyncio.events.AbstractEventLoop": "Loop",
    "asyncio.TaskGroup": "TaskGroup",
    "asyncio.Event": "Event",
    "asyncio.Condition": "Condition",
    "asyncio.Lock": "Lock",
    "asyncio.Semaphore": "Lock",
    "asyncio.BoundedSemaphore": "Lock",
    "asyncio.Queue": "Queue",
    "asyncio.Runner": "Runner",
    "concurrent.futures.Executor": "Executor",
    "concurrent.futures.ThreadPoolExecutor": "Executor",
    "concurrent.futures.ProcessPoolExecutor": "Executor",
    "homeassistant.core.HomeAssistant": "Hass",
    "homeassistant.config_entries.ConfigEntry": "ConfigEntry",
    "telegram.ext.Application": "TelegramApplication",
    "unittest.TestCase": "TestCase",
    "unittest.IsolatedAsyncioTestCase": "TestCase",
    "unittest.case.TestCase": "TestCase",
}
CONTAINERS = {
    "list": "list",
    "List": "list",
    "Sequence": "list",
    "Iterable": "list",
    "Collection": "list",
    "deque": "list",
    "Deque": "list",
    "set": "set",
    "Set": "set",
    "frozenset": "set",
    "AbstractSet": "set",
    "MutableSet": "set",
    "WeakSet": "set",
    "dict": "dict",
    "Dict": "dict",
    "Mapping": "dict",
    "MutableMapping": "dict",
    "defaultdict": "dict",
    "tuple": "list",
    "Tuple": "list",
}
WRAPPERS = ("Optional", "Final", "ClassVar", "Annotated", "Required", "NotRequired", "ReadOnly")
FUTURES = ("Task", "Future")
# How people call things that they do not annotate.
CONVENTIONS = {
    "loop": "Loop",
    "_loop": "Loop",
    "event_loop": "Loop",
    "_event_loop": "Loop",
    "hass": "Hass",
    "io_loop": "IOLoop",
}


def dotted(module: Module, node: ast.expr) -> str:
    """The canonical dotted name of `a.b.c` through the module's imports, or "" when it is not one."""
    match node:
        case ast.Name(id=name):
            for binding in module.bindings.get(name, ()):
                if binding.kind == "import":
                    return canonical(str(binding.value))
                return ""
            return f"builtins.{name}"
        case ast.Attribute(value=value, attr=attr):
            base = dotted(module, value)
            return canonical(f"{base}.{attr}") if base else ""
    return ""


_INNER = (
    "tasks",
    "futures",
    "events",
    "locks",
    "queues",
    "taskgroups",
    "timeouts",
    "runners",
    "base_events",
    "exceptions",
    "coroutines",
    "threads",
)


def canonical(name: str) -> str:
    """One name for one thing: `asyncio.tasks.wait` is `asyncio.wait`."""
    parts = name.split(".")
    if len(parts) > 2 and parts[0] == "asyncio" and parts[1] in _INNER:
        return ".".join(["asyncio", *parts[2:]])
    if parts[:3] == ["concurrent", "futures", "_base"]:
        return ".".join(["concurrent", "futures", *parts[3:]])
    return name


def annotation_type(module: Module, node: ast.expr | None) -> str:
    """The short type of an annotation; "?" is appended when None is allowed too."""
    match node:
        case None:
            return ""
        case ast.Constant(value=str(text)):
            try:
                return annotation_type(module, ast.parse(text.strip(), mode="eval").body)
            except (SyntaxError, ValueError):
                return ""
        case ast.Constant(value=None):
            return "?"
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _union([annotation_type(module, left), annotation_type(module, right)])
        case ast.Subscript(value=value, slice=inner):
            return _generic(module, value, inner)
        case ast.Name() | ast.Attribute():
            return SHORT.get(dotted(module, node), "")
    return ""


def of_class(module: Module, node: ast.expr | None) -> bool:
    """Whether an annotation is for a variable of the class, which is no field of its instances."""
    target = node.value if isinstance(node, ast.Subscript) else node
    return target is not None and dotted(module, target) == "typing.ClassVar"


def _union(types: list[str]) -> str:
    optional = any(t.endswith("?") for t in types)
    known = [t.rstrip("?") for t in types if t.rstrip("?")]
    return (known[0] if known else "") + ("?" if optional else "")


def _generic(module: Module, value: ast.expr, inner: ast.expr) -> str:
    name = dotted(module, value)
    last = name.rpartition(".")[2]
    args = list(inner.elts) if isinstance(inner, ast.Tuple) else [inner]
    if last == "Union":
        return _union([annotation_type(module, a) for a in args])
    if last in WRAPPERS:
        return annotation_type(module, args[0]) + ("?" if last == "Optional" else "")
    if last in CONTAINERS:
        element = annotation_type(module, args[-1] if CONTAINERS[last] == "dict" else args[0]).rstrip("?")
        return f"{CONTAINERS[last]}:{element}" if element else ""
    return SHORT.get(name, "")
