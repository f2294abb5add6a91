"""Which definition does a name mean? Functions, classes and imports of one module, found without running anything.

A `Module` holds a table from each top-level name to its bindings; `modules` makes it. A `Function` or
`Class` belongs to the unit of text it stands in and is kept with it, so that an edit elsewhere leaves the same objects
(and what is cached on them) alive. Imports are turned to dotted names (`aio.create_task` after `import asyncio as aio`
is `asyncio.create_task`); what a name means at run time is decided later, in `flow`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tooearly.source.tree import Syntax, Tree

T = TypeVar("T")
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.GeneratorExp
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


@dataclass(eq=False, slots=True)
class Function:
    """A function, lambda, generator expression, class body or module body: anything with a graph of its own."""

    name: str
    qualname: str
    node: ast.AST
    unit: Syntax
    module: str
    parent: Function | None = None
    cls: Class | None = None
    renames: dict[str, str] = field(default_factory=dict)
    is_async: bool = False
    is_generator: bool = False
    params: tuple[str, ...] = ()
    bound: frozenset[str] = frozenset()
    global_names: frozenset[str] = frozenset()
    nonlocal_names: frozenset[str] = frozenset()
    graph: Any = None
    cache: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<{self.qualname}>"


@dataclass(eq=False, slots=True)
class Class:
    """A class with its methods and its other class-level bindings (name -> expression or None)."""

    name: str
    qualname: str
    node: ast.ClassDef
    unit: Syntax
    module: str
    parent: Function | None
    methods: dict[str, Function] = field(default_factory=dict)
    attrs: dict[str, tuple[ast.expr | None, ast.expr | None]] = field(default_factory=dict)
    inner: dict[str, Class] = field(default_factory=dict)
    cache: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<class {self.qualname}>"


@dataclass(frozen=True, slots=True)
class Binding:
    """One way a module-level name comes to its value. `kind`: import, def, class, assign, other."""

    kind: str
    unit: Syntax
    value: Any = None
    annotation: ast.expr | None = None


class Names(dict[str, tuple[Binding, ...]]):
    """A module's top-level names. While `asked` is a set, it collects the names that are looked up.

    What was looked up is what an analysis depends on; this way no look-up can be forgotten.
    """

    asked: set[str] | None = None

    def note(self, names: Iterable[str]) -> None:
        """These were looked up earlier, by somebody who kept what he found."""
        if self.asked is not None:
            self.asked |= set(names)

    def during(self, work: Callable[[], T]) -> tuple[T, set[str]]:
        """What some work gives, and the names that it looks up."""
        outer, self.asked = self.asked, set()
        try:
            return work(), self.asked
        finally:
            found, self.asked = self.asked, outer
            self.note(found)

    def get(self, name: str, default: Any = None) -> Any:
        """The bindings of a name."""
        if self.asked is not None:
            self.asked.add(name)
        return super().get(name, default)

    def __contains__(self, name: object) -> bool:
        if self.asked is not None:
            self.asked.add(str(name))
        return super().__contains__(name)

    def __getitem__(self, name: str) -> tuple[Binding, ...]:
        if self.asked is not None:
            self.asked.add(name)
        return super().__getitem__(name)


@dataclass(eq=False, slots=True)
class Module:
    """The names of one text, made by `modules`. `functions` holds the functions and methods, but not nested ones.

    `index`: the functions that a name in a text may mean: functions and `self.method` by name, all methods by the
    name of their class. `parts`: what each block of the text adds.
    """

    name: str
    tree: Tree
    package: str
    bindings: Names
    functions: tuple[Function, ...]
    classes: tuple[Class, ...]
    stars: tuple[str, ...]
    body: Function
    index: dict[str, tuple[Function, ...]]
    parts: tuple[Any, ...] = ()
    cells: tuple[int, ...] = ()
    facts: dict[str, frozenset[str]] = field(default_factory=dict)
    path: str | None = None


def make_function(
    node: ast.AST,
    unit: Syntax,
    module: str,
    parent: Function | None,
    cls: Class | None = None,
    renames: dict[str, str] | None = None,
) -> Function:
    """The `Function` of a def, lambda or generator expression, with its names sorted into scopes."""
    name = getattr(node, "name", None) or ("<lambda>" if isinstance(node, ast.Lambda) else "<genexpr>")
    outer = cls.qualname + "." if cls else (parent.qualname + "." if parent and parent.qualname != "<module>" else "")
    function = Function(name, outer + name, node, unit, module, parent, cls, renames or {})
    body: list[ast.AST]
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            function.is_async = isinstance(node, ast.AsyncFunctionDef)
            function.params = tuple(a.arg for a in all_args(node.args))
            body = list(node.body)
        case ast.Lambda():
            function.params = tuple(a.arg for a in all_args(node.args))
            body = [node.body]
        case _:
            body = [node]
            function.is_generator = True
            function.params = (".0",)
            function.is_async = _is_async_genexp(node)
    scope = ScopeNames()
    for item in body if not isinstance(node, ast.GeneratorExp) else []:
        scope.visit(item)
    function.is_generator = function.is_generator or scope.yields
    function.global_names = frozenset(scope.globals)
    function.nonlocal_names = frozenset(scope.nonlocals)
    function.bound = frozenset(scope.bound | set(function.params))
    return function


def walk(node: ast.AST) -> list[ast.AST]:
    """A node and all below it, level by level: as `ast.walk`, but without operators and contexts, and faster."""
    found = [node]
    for one in found:
        for name in one._fields:  # `children`, written out
            value = getattr(one, name, None)
            if type(value) is list:
                found += [part for part in value if isinstance(part, ast.AST)]
            elif isinstance(value, ast.AST) and value._fields:
                found.append(value)
    return found


def children(node: ast.AST) -> list[ast.AST]:
    """The nodes directly below a node, without operators and contexts, which hold nothing."""
    found: list[ast.AST] = []
    for name in node._fields:
        value = getattr(node, name, None)
        if type(value) is list:
            found += [part for part in value if isinstance(part, ast.AST)]
        elif isinstance(value, ast.AST) and value._fields:
            found.append(value)
    return found


def _is_async_genexp(node: ast.AST) -> bool:
    return isinstance(node, ast.GeneratorExp) and (
        any(g.is_async for g in node.generators) or any(isinstance(n, ast.Await) for n in walk(node.elt))
    )


def all_args(args: ast.arguments) -> Iterator[ast.arg]:
    """Every parameter in the order of the signature."""
    yield from args.posonlyargs
    yield from args.args
    if args.vararg:
        yield args.vararg
    yield from args.kwonlyargs
    if args.kwarg:
        yield args.kwarg


def make_class(
    node: ast.ClassDef, unit: Syntax, module: str, parent: Function | None, qualname: str | None = None
) -> Class:
    """The `Class` of a class statement; functions nested in ifs at class level count as methods."""
    outer = parent.qualname + "." if parent and parent.qualname != "<module>" else ""
    cls = Class(node.name, qualname or outer + node.name, node, unit, module, parent)
    for stmt in statements_in(node.body):
        match stmt:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                add_method(cls, stmt, make_function(stmt, unit, module, parent, cls))
            case ast.ClassDef():
                cls.inner[stmt.name] = make_class(stmt, unit, module, parent, f"{cls.qualname}.{stmt.name}")
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=value):
                cls.attrs[name] = (value, annotation)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                cls.attrs[name] = (value, None)
    return cls


def methods_in(cls: Class) -> Iterator[Function]:
    """The methods of a class and of the classes in it."""
    yield from cls.methods.values()
    for inner in cls.inner.values():
        yield from methods_in(inner)


def add_method(cls: Class, node: ast.FunctionDef | ast.AsyncFunctionDef, function: Function) -> None:
    """A property's setter must not hide its getter: those go under a name of their own."""
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Attribute) and decorator.attr in ("setter", "deleter"):
            cls.methods[f"{node.name}.{decorator.attr}"] = function
            return
    cls.methods[node.name] = function


def statements_in(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a body and of the compound statements in it, but not of nested scopes."""
    for stmt in body:
        yield stmt
        if isinstance(stmt, SCOPES):
            continue
        for name in ("body", "orelse", "finalbody"):
            yield from statements_in(getattr(stmt, name, ()) or ())
        for handler in getattr(stmt, "handlers", ()):
            yield from statements_in(handler.body)
        for case in getattr(stmt, "cases", ()):
            yield from statements_in(case.body)


def import_names(node: ast.Import | ast.ImportFrom, package: str) -> Iterator[tuple[str, str]]:
    """(name bound, dotted name it stands for); `import a.b` binds `a`. Relative imports are resolved in `package`."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield (alias.asname, alias.name) if alias.asname else (alias.name.partition(".")[0],) * 2
        return
    base = relative(package, node.level, node.module or "") if node.level else node.module or ""
    for alias in node.names:
        if alias.name == "*":
            yield "*", base
            return
        yield alias.asname or alias.name, base + alias.name if base.endswith(".") else f"{base}.{alias.name}"


def relative(package: str, level: int, name: str) -> str:
    """The dotted name of a relative import seen from `package`; dots remain where the package's name is not known."""
    dots = len(package) - len(package.lstrip("."))
    parts = [p for p in package.lstrip(".").split(".") if p]
    up = level - 1 if (parts or dots) else level
    kept = parts[: max(0, len(parts) - up)]
    dots += max(0, up - len(parts))
    prefix = "." * dots + ".".join(kept)
    return prefix + name if not name or not prefix or prefix.endswith(".") else f"{prefix}.{name}"


class ScopeNames(ast.NodeVisitor):
    """Collects the names that a function body binds, declares global or nonlocal, and whether it yields."""

    def __init__(self) -> None:
        self.bound: set[str] = set()
        self.globals: set[str] = set()
        self.nonlocals: set[str] = set()
        self.yields = False
        self._in_comprehension = 0

    def generic_visit(self, node: ast.AST) -> None:
        for child in children(node):
            self.visit(child)

    def visit_shallow(self, node: ast.AST) -> None:
        """Like visit, but without the statements inside a compound statement."""
        for name, value in ast.iter_fields(node):
            if name in ("body", "orelse", "finalbody", "handlers", "cases"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    self.visit(child)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        self.bound.add(node.name)
        for expr in [*node.decorator_list, *(getattr(node, "bases", ()))]:
            self.visit(expr)
        if not isinstance(node, ast.ClassDef):
            for default in [*node.args.defaults, *node.args.kw_defaults]:
                if default is not None:
                    self.visit(default)

    visit_AsyncFunctionDef = visit_FunctionDef
    visit_ClassDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        for default in [*node.args.defaults, *node.args.kw_defaults]:
            if default is not None:
                self.visit(default)

    def visit_comprehension_scope(self, node: ast.AST) -> None:
        self._in_comprehension += 1
        self.generic_visit(node)
        self._in_comprehension -= 1

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_comprehension_scope

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.bound.add(node.target.id)
        self.visit(node.value)

    def visit_Name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Load) and not self._in_comprehension:
            self.bound.add(node.id)

    def visit_Global(self, node: ast.Global) -> None:
        self.globals.update(node.names)
        self.bound.update(node.names)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        self.nonlocals.update(node.names)

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        self.bound.update(name for name, _ in import_names(node, "") if name != "*")

    visit_ImportFrom = visit_Import

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self.bound.add(node.name)
        self.generic_visit(node)

    def visit_MatchAs(self, node: ast.MatchAs | ast.MatchStar) -> None:
        if node.name:
            self.bound.add(node.name)
        self.generic_visit(node)

    visit_MatchStar = visit_MatchAs

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        if node.rest:
            self.bound.add(node.rest)
        self.generic_visit(node)

    def visit_Yield(self, node: ast.Yield) -> None:
        self.yields = True
        self.generic_visit(node)

    def visit_YieldFrom(self, node: ast.YieldFrom) -> None:
        self.yields = True
        self.generic_visit(node)
