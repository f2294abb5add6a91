"""The analyses of a document from one version to the next: those that rest on nothing that has changed still hold.

An analysis rests on the functions that it went through, on the names that it looked up, on the methods and classes it
found, and on the texts that it searched for names (`mention`). `changes` says what of this is different between two
versions of a module, in the same keys; an analysis whose keys are all unchanged is kept. One of the top level holds as
long as the statements outside of functions are the same, and the signatures of the functions.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import replace

from tooearly.flow.analyse import Analysis, analyse, cell_starts
from tooearly.flow.facts import FACTS, fact
from tooearly.flow.mention import READS, nodes_in
from tooearly.flow.roots import Roots, changed_parts, entry_points, roots, top_names
from tooearly.flow.sharing import Found, Key
from tooearly.semantics.modules import Part, keys
from tooearly.semantics.names import Class, Function, Module, walk
from tooearly.semantics.rows import Rows

MOST_SHARED = 500
Load = Callable[[str], Module | None] | None


class Remembered:
    """The analyses of the last version of one document."""

    def __init__(self) -> None:
        self.roots: Roots | None = None
        self.module: Module | None = None
        self._kept: dict[Function, Analysis] = {}
        self._shared: dict[Key, Found] = {}
        self._conditions: object = None
        self._starts: tuple[bool, ...] = ()
        self._entries: frozenset[str] = frozenset()

    def update(
        self, module: Module, rows: Rows, load: Load, *, eager: bool, stop: Callable[[], None] | None
    ) -> dict[Function, Analysis]:
        """The analyses of all roots of this version. `stop` may raise: what is done is kept."""
        conditions, starts = (rows, eager, module.stars), cell_starts(module)
        if self.module is None or self._conditions != conditions:
            self._kept, self._shared, self.roots = {}, {}, None
        else:
            self._keep(self.module, module, load)
        if starts != self._starts and module.body in self._kept:  # the same statements in other cells of a notebook
            module.body = replace(module.body, graph=None, cache={})
        self._starts = starts
        entries = frozenset(function.name for function in entry_points(module))
        if entries != self._entries:
            self._kept.pop(module.body, None)
        self._entries = entries
        self.roots = roots(module, self.roots)
        self.module, self._conditions = module, conditions
        wanted = self.roots.all()
        self._kept = self._kept.copy()  # the one before has been handed out
        for root in wanted:
            if root not in self._kept:
                if stop is not None:
                    stop()
                self._kept[root] = self._analyse(module, root, rows, load, eager=eager, stop=stop)
        self._kept = {root: self._kept[root] for root in wanted}
        return self._kept

    def _keep(self, before: Module, module: Module, load: Load) -> None:
        """Forget the analyses that rest on something that has changed."""
        old, new = changed_parts(before, module)
        same = before.index is module.index
        changed = set[object]() if same else changes(before, module, old, new)
        stale = {name for name, other in self._modules().items() if (load(name) if load else None) is not other}

        def holds(found: Analysis | Found) -> bool:
            return found.rests_on.isdisjoint(changed) and not (stale and stale & found.modules.keys())

        if changed or stale:
            self._kept = {root: analysis for root, analysis in self._kept.items() if holds(analysis)}
            self._shared = {key: found for key, found in self._shared.items() if holds(found)}
        if len(self._shared) > MOST_SHARED:
            self._shared = {}
        if not same and before.body in self._kept and outline(old) == outline(new):
            module.body = before.body

    def _modules(self) -> dict[str, Module | None]:
        found: Iterable[Analysis | Found] = (*self._kept.values(), *self._shared.values())
        return {name: module for one in found if one.modules for name, module in one.modules.items()}

    def _analyse(
        self, module: Module, root: Function, rows: Rows, load: Load, *, eager: bool, stop: Callable[[], None] | None
    ) -> Analysis:
        analysis = analyse(module, root, rows, load, eager=eager, stop=stop, shared=self._shared)
        if root is module.body:
            mentioned = set[str]().union(*(top_names(part)[0] for part in module.parts))
            analysis.rests_on |= mentioned
        else:
            analysis.rests_on |= {root}
        return analysis


def changes(before: Module, module: Module, old: Iterable[Part], new: Iterable[Part]) -> set[object]:
    """What is different in `module`, whose parts `new` stand in the place of `old`, as keys of `Analysis.rests_on`."""
    gone = {function for part in old for function in part.functions}
    come = {function for part in new for function in part.functions}
    changed: set[object] = {*(gone - come)}
    changed |= {key for function in gone ^ come for key in keys(function)}
    names = {name for part in (*old, *new) for name, _ in part.bindings + part.late}
    was, now = before.bindings, module.bindings
    changed |= {("name", name) for name in names if was.get(name) != now.get(name)}
    changed |= set(_class_changes(module.name, old, new))
    for kind, known in before.facts.items():
        if _union(kind, gone) == _union(kind, come):
            module.facts[kind] = known
        else:
            changed |= {(kind, module.name), *((kind, module.name, name) for name in known ^ fact(module, kind))}
    return changed


def _union(kind: str, functions: Iterable[Function]) -> frozenset[str]:
    return frozenset[str]().union(*map(FACTS[kind], functions))


def _class_changes(module: str, old: Iterable[Part], new: Iterable[Part]) -> Iterable[object]:
    was = {cls.qualname: cls for part in old for cls in _with_inner(part.classes)}
    now = {cls.qualname: cls for part in new for cls in _with_inner(part.classes)}
    for name in {*was, *now}:
        one, other = was.get(name), now.get(name)
        if one is None or other is None or one.node is not other.node or one.methods.keys() != other.methods.keys():
            yield "class", module, name
        methods, others = one.methods if one else {}, other.methods if other else {}
        different = [m for m in {*methods, *others} if methods.get(m) is not others.get(m)]
        for method in different:
            yield "method", module, name, method
        if _assigned(methods.get(m) for m in different) != _assigned(others.get(m) for m in different):
            yield "types", module, name


def _with_inner(classes: Iterable[Class]) -> Iterable[Class]:
    for cls in classes:
        yield cls
        yield from _with_inner(cls.inner.values())


def _assigned(methods: Iterable[Function | None]) -> list[str]:
    """The assignments of some methods to attributes, as text: the types of attributes are told by these."""
    return [
        ast.dump(node)
        for method in methods
        if method is not None
        for node in nodes_in(method)
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and any(isinstance(target, ast.Attribute) for target in getattr(node, "targets", None) or [node.target])  # type: ignore[union-attr]
    ]


def outline(parts: Iterable[Part]) -> list[object]:
    """What the top level runs in some blocks: their statements, but of functions only the signature."""
    out: list[object] = []
    for part in parts:
        functions = {function.node: function for function in part.functions}
        for stmt in part.block.unit.body:
            if isinstance(stmt, ast.FunctionDef | ast.AsyncFunctionDef) and stmt in functions:
                out.append((functions[stmt].is_async, functions[stmt].is_generator, *_signature(stmt)))
            else:
                out.append(stmt)
    return out


def _signature(stmt: ast.FunctionDef | ast.AsyncFunctionDef) -> list[object]:
    """The name, and what is evaluated where the function is defined: as text, but for a read, which has a place."""
    evaluated: list[ast.AST] = [*stmt.decorator_list, stmt.args]
    reading = any(isinstance(n, ast.Attribute) and n.attr in READS for node in evaluated for n in walk(node))
    return [stmt.name, *(evaluated if reading else map(ast.dump, evaluated))]
