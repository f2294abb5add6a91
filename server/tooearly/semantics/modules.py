"""From the tree of a text to its `Module`: what each block adds, put together.

Each block of the text gives a `Part`: its functions, classes and bindings. With the last version's module at hand only
the blocks in the middle, between those at the front and at the back that are the same objects as before, are looked
at; the tables are copied, and the names that the middle had or has are put in again. So a keystroke costs the names of
one block and the copying of tables.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from operator import attrgetter
from typing import Any, TypeVar

from tooearly.semantics.names import (
    Binding,
    Class,
    Function,
    Module,
    Names,
    ScopeNames,
    add_method,
    import_names,
    make_class,
    make_function,
    methods_in,
    statements_in,
)
from tooearly.source.tree import Block, Item, Syntax, Tree, parse, unchanged

V = TypeVar("V")
Rows = tuple[tuple[str, V], ...]
"""Names with what they mean, in the order of the text."""


@dataclass(slots=True, eq=False)
class Part:
    """What one block adds to a module. `late`: what its functions bind by `global`. `defined`: functions by unit.

    `top` is filled by `flow.roots`: the names that its statements mention outside of functions, whether they read.
    """

    block: Block
    functions: tuple[Function, ...] = ()
    classes: tuple[Class, ...] = ()
    bindings: Rows[Binding] = ()
    late: Rows[Binding] = ()
    stars: tuple[str, ...] = ()
    index: Rows[Function] = ()
    defined: dict[Syntax, Definitions] = field(default_factory=dict)
    top: tuple[set[str], bool] | None = None


@dataclass(frozen=True, slots=True)
class Definitions:
    """What one unit defines: its functions and classes at every depth, and the top-level ones by node."""

    functions: tuple[Function, ...]
    classes: tuple[Class, ...]
    top: dict[ast.AST, Function | Class]


def package_of(name: str, is_package: bool) -> str:
    """The package that a module's relative imports start from; leading dots stand for that of the file at hand."""
    head, dot, _ = name.rpartition(".")
    return name if is_package else head if head.strip(".") else head + dot


def build_module(
    tree: Tree, name: str = "__main__", *, is_package: bool = False, before: Module | None = None
) -> Module:
    """The names of `tree`. `before` is the module of the last version: what is unchanged stays the same objects."""
    package = package_of(name, is_package)
    known = before.parts if before is not None else ()
    head, tail = unchanged([part.block for part in known], tree.blocks)
    old = known[head : len(known) - tail]
    middle = range(head, len(tree.blocks) - tail)
    new = tuple(_parts(old, [(tree.blocks[index], tree.item(index)) for index in middle], name, package))
    parts = (*known[:head], *new, *known[len(known) - tail :])
    if before is not None and (before.name, before.package) == (name, package) and is_same(old, new):
        return replace(before, tree=tree, parts=parts)
    bindings = Names(before.bindings if before else ())
    _renew(bindings, old, new, parts, lambda part: part.bindings + part.late)
    if any(map(attrgetter("late"), parts)):  # these come behind all others of their name
        bindings |= {name: _behind(name, bindings[name], parts) for part in parts for name, _ in part.late}
    index = dict(before.index) if before else {}
    _renew(index, old, new, parts, lambda part: part.index)
    return Module(
        name,
        tree,
        package,
        bindings,
        _sequence(before.functions if before else (), old, new, parts, attrgetter("functions")),
        _sequence(before.classes if before else (), old, new, parts, attrgetter("classes")),
        tuple(chain.from_iterable(map(attrgetter("stars"), parts))),
        Function("<module>", "<module>", ast.Module([], []), _first_unit(tree), name, is_async=False),
        index,
        parts,
    )


def _sequence(
    before: tuple[V, ...], old: Iterable[Part], new: Iterable[Part], parts: Iterable[Part], of: Any
) -> tuple[V, ...]:
    """What all `parts` hold one after the other, made from the last version's: `old` were replaced by `new` ones."""
    gone, come = [*chain.from_iterable(map(of, old))], [*chain.from_iterable(map(of, new))]
    if gone:
        place = before.index(gone[0])
        return (*before[:place], *come, *before[place + len(gone) :])
    return tuple(chain.from_iterable(map(of, parts))) if come else before


def _renew(
    table: dict[str, tuple[V, ...]], old: Iterable[Part], new: Iterable[Part], parts: Iterable[Part], rows: Any
) -> None:
    """Make the table of all rows of `parts` of the last version's: `old` parts were replaced by `new` ones."""
    gone, come = _grouped(old, rows), _grouped(new, rows)
    elsewhere: set[str] = set()
    for name in {*gone, *come}:
        if len(table.get(name, ())) == len(gone.get(name, ())):
            table.pop(name, None)
            if name in come:
                table[name] = tuple(come[name])
        else:
            elsewhere.add(name)
    if elsewhere:  # the place of the new ones among the others has to be found
        mixed = _grouped(parts, lambda part: [row for row in rows(part) if row[0] in elsewhere])
        for name in elsewhere:
            table.pop(name, None)
            if name in mixed:
                table[name] = tuple(mixed[name])


def _grouped(parts: Iterable[Part], rows: Any) -> dict[str, list[Any]]:
    out: dict[str, list[Any]] = {}
    for part in parts:
        for name, value in rows(part):
            out.setdefault(name, []).append(value)
    return out


def _behind(name: str, bindings: tuple[Binding, ...], parts: Iterable[Part]) -> tuple[Binding, ...]:
    late = [binding for part in parts for other, binding in part.late if other == name]
    return (*(b for b in bindings if not any(b is one for one in late)), *late)


def _first_unit(tree: Tree) -> Syntax:
    if tree.blocks:
        return tree.blocks[0].unit.syntax
    return parse("pass\n").blocks[0].unit.syntax


def is_same(old: Sequence[Part], new: Sequence[Part]) -> bool:
    """Whether the parts that came are of the same syntax as those in whose place they stand."""
    return [part.block.syntaxes() for part in old] == [part.block.syntaxes() for part in new]


def _parts(old: Sequence[Part], blocks: Iterable[tuple[Block, Item]], module: str, package: str) -> Iterator[Part]:
    """The parts of some blocks, which stand where `old` ones stood: those whose syntax is the same are the same."""
    known = {part.block.unit.syntax: part for part in old}
    for block, item in blocks:
        before = known.get(block.unit.syntax)
        if before is not None and before.block.syntaxes() == block.syntaxes():
            yield replace(before, block=block)
        else:
            yield _part(block, item, module, package, before.defined if before is not None else {})


def _part(block: Block, item: Item, module: str, package: str, kept: dict[Syntax, Definitions]) -> Part:
    """What a block adds. `kept`: what the units of a block with this very header defined before."""
    unit = item.place.unit.syntax
    defs = (not item.members and kept.get(unit)) or _definitions(unit, module)
    defined = {unit: defs}
    if item.members and defs.classes:
        inside = [place.unit.syntax for place in item.members]
        members = {syntax: kept.get(syntax) or _member(syntax, defs.classes[0]) for syntax in inside}
        defs = _joined(defs.classes[0], members.values())
        defined |= members
    stars: list[str] = []
    bindings = tuple(row for stmt in unit.body for row in _bind(stmt, unit, package, stars, defs))
    late = tuple(
        (name, Binding("other", function.unit))
        for function in defs.functions
        for name in sorted(function.global_names & function.bound)
    )
    index = tuple((key, function) for function in defs.functions for key in keys(function))
    return Part(block, defs.functions, defs.classes, bindings, late, tuple(stars), index, defined)


def keys(function: Function) -> tuple[str, ...]:
    """The names in a text that may mean this function."""
    if function.cls is None:
        return (function.name,)
    inner = (f".{function.cls.name}",) if function.cls.name != function.cls.qualname else ()
    return (f"self.{function.name}", function.cls.name, *inner)


def _definitions(unit: Syntax, module: str) -> Definitions:
    top: dict[ast.AST, Function | Class] = {}
    functions: list[Function] = []
    classes: list[Class] = []
    for node in statements_in(unit.body):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                top[node] = make_function(node, unit, module, None)
            case ast.ClassDef():
                top[node] = make_class(node, unit, module, None)
    for made in top.values():
        if isinstance(made, Class):
            classes.append(made)
            functions += methods_in(made)
        else:
            functions.append(made)
    return Definitions(tuple(functions), tuple(classes), top)


def _member(unit: Syntax, cls: Class) -> Definitions:
    """What the unit of a method defines in its class."""
    top: dict[ast.AST, Function | Class] = {}
    for node in statements_in(unit.body):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            top[node] = make_function(node, unit, cls.module, None, cls)
        elif isinstance(node, ast.ClassDef):
            top[node] = make_class(node, unit, cls.module, None, f"{cls.qualname}.{node.name}")
    return Definitions((), (), top)


def _joined(cls: Class, members: Iterable[Definitions]) -> Definitions:
    """A class that was cut at its methods: one `Class` object for each combination of units."""
    for member in members:
        for node, made in member.top.items():
            if isinstance(made, Class):
                cls.inner[made.name] = made
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                made.cls = cls
                add_method(cls, node, made)
    return Definitions(tuple(methods_in(cls)), (cls,), {cls.node: cls})


def _bind(
    stmt: ast.stmt, unit: Syntax, package: str, stars: list[str], defs: Definitions
) -> Iterator[tuple[str, Binding]]:
    for node in statements_in([stmt]):
        match node:
            case ast.Import() | ast.ImportFrom():
                for name, target in import_names(node, package):
                    if name == "*":
                        stars.append(target)
                    else:
                        yield name, Binding("import", unit, target)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                kind = "class" if isinstance(node, ast.ClassDef) else "def"
                yield node.name, Binding(kind, unit, defs.top.get(node))
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, Binding("assign", unit, value)
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=value):
                yield name, Binding("assign", unit, value, annotation)
            case _:
                scope = ScopeNames()
                scope.visit_shallow(node)
                for name in sorted(scope.bound):
                    yield name, Binding("other", unit)
