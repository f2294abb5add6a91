"""Which functions are interpreted on their own: those with a read, those that lead to one, the module's top level.

Roots are the functions that contain a read, those that mention such a function (when they may hand it a future, see
`origins`), and the module's top level. From one version of a text to the next the choice is the same, as long as the
functions that changed still read, define and name what they did before: then it is only translated.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from tooearly.flow.mention import READS, base_names, named_by, names_in, reads
from tooearly.flow.origins import (
    OWN,
    assigned_futures,
    declared_futures,
    decorators,
    future_attributes,
    gives_back,
    handed,
    may_block,
    returned,
)
from tooearly.semantics.modules import Part, keys
from tooearly.semantics.names import Function, Module, children
from tooearly.source.tree import unchanged

Role = tuple[object, ...]
"""What makes a function lead to a read or not, and its callers."""


@dataclass(frozen=True, slots=True)
class Roots:
    """The choice for one version. `leading`: the functions among the roots; `top`: whether the top level is one.

    `futures`: the attributes that may hold futures. `named`: the functions that functions of the module name. `roles`:
    those of the functions that came with this version.
    """

    module: Module
    leading: frozenset[Function]
    top: bool
    futures: frozenset[str]
    named: frozenset[Function]
    roles: dict[Function, Role] = field(default_factory=dict)

    def all(self) -> list[Function]:
        """The roots in the order of the text, the module body last."""
        chosen = [function for function in self.module.functions if function in self.leading]
        return [*chosen, self.module.body] if self.top else chosen


def roots(module: Module, before: Roots | None = None) -> Roots:
    """The functions to interpret on their own."""
    if before is not None and before.module.index is module.index:
        return replace(before, module=module)
    if before is not None:
        old, new = changed_parts(before.module, module)
        gone = [function for part in old for function in part.functions]
        come = [function for part in new for function in part.functions]
        was = [before.roles.get(f) or _role(before.module, f, before.futures) for f in gone], _tops(module, old)
        roles = {f: _role(module, f, before.futures) for f in come}
        given = [gives_back(f) for f in gone if f in before.named]
        if was == ([*roles.values()], _tops(module, new)):
            same = dict(zip(gone, come, strict=True))
            if given == [gives_back(same[f]) for f in gone if f in before.named]:
                leading, named = _translated(before.leading, same), _translated(before.named, same)
                return Roots(module, leading, before.top, before.futures, named, roles)
    futures = future_attributes(module)
    calls = {function: named_by(module, names_in(function)) for function in module.functions}
    leading = _leading(module, futures, calls)
    return Roots(module, leading, _top_leads(module, leading), futures, frozenset(chain.from_iterable(calls.values())))


def _translated(functions: frozenset[Function], same: Mapping[Function, Function]) -> frozenset[Function]:
    return functions - same.keys() | {same[function] for function in functions & same.keys()}


def changed_parts(before: Module, module: Module) -> tuple[Sequence[Part], Sequence[Part]]:
    """The parts of the module before that are gone, and those that have come."""
    head, tail = unchanged(before.parts, module.parts)
    return before.parts[head : len(before.parts) - tail], module.parts[head : len(module.parts) - tail]


def _role(module: Module, function: Function, futures: frozenset[str]) -> Role:
    """What makes a function lead to a read or not, and its callers: names, reads, what it hands over."""
    names = names_in(function)
    named = names & module.index.keys(), {n for n in names if f"self{n}" in module.index}
    gives = returned(function) if function.cls else frozenset[str]()  # only of methods it counts: `future_attributes`
    given = handed(module, function, futures), assigned_futures(function), gives, may_block(function)
    return keys(function), function.is_async, reads(function), named, given


def _tops(module: Module, parts: Iterable[Part]) -> list[object]:
    """What the statements outside of functions mention, read, bind, declare and derive from, by block."""
    return [
        (
            top_names(part)[0] & module.index.keys(),
            top_names(part)[1],
            [(name, bound.kind, bound.kind == "import" and bound.value) for name, bound in part.bindings],
            [(declared_futures(cls), base_names(cls)) for cls in part.classes],
        )
        for part in parts
    ]


def _leading(
    module: Module, futures: frozenset[str], calls: Mapping[Function, Iterable[Function]]
) -> frozenset[Function]:
    """The functions that read, and those that lead to them. `calls`: the functions that each one names."""
    callers: dict[Function, list[Function]] = {}
    for function, named in calls.items():
        for callee in {*named, *_of_given(module, function, named)}:
            if callee is not function:
                callers.setdefault(callee, []).append(function)
    marked = {function for function in module.functions if reads(function)}
    blocking = {function for function in marked if may_block(function)}
    stack = [function for function in marked if function in blocking or OWN in handed(module, function, futures)]
    followed = set(stack)
    while stack:
        callee = stack.pop()
        for caller in callers.get(callee, ()):
            marked.add(caller)
            if callee in blocking and not caller.is_async:
                blocking.add(caller)
            gives = handed(module, caller, futures) & {callee.name, callee.cls.name if callee.cls else ""}
            if caller not in followed and (caller in blocking or gives or callee.name in decorators(caller)):
                followed.add(caller)
                stack.append(caller)
    return frozenset(marked)


def leads(module: Module | None, function: Function) -> bool:
    """Whether a function is a root for what its text shows: it reads, or names a function that does."""
    return module is not None and any(map(reads, [function, *named_by(module, names_in(function))]))


def entry_points(module: Module) -> frozenset[Function]:
    """The functions without parameters that only the top level names: a program runs them from there and nowhere else.

    What the top level has set up is known there, which is not so of a function on its own.
    """
    tops = set[str]().union(*(top_names(part)[0] for part in module.parts))
    found = [f for f in module.functions if f.name in tops and not (f.params or f.cls or f.parent)]
    return frozenset(
        function
        for function in found
        if not getattr(function.node, "decorator_list", None)
        and not any(function.name in names_in(other) for other in module.functions if other is not function)
    )


def _of_given(module: Module, function: Function, named: Iterable[Function], levels: int = 2) -> Iterator[Function]:
    """The methods that a function calls on what others give it: those return objects of a class that they name."""
    texts = names_in(function)
    for factory in named if levels else ():
        if (factory.name in texts or f".{factory.name}" in texts or levels < 2) and gives_back(factory):
            inner = named_by(module, names_in(factory))
            yield from (m for m in inner if m.cls is not None and f".{m.name}" in texts)
            yield from _of_given(module, function, [f for f in inner if f is not factory and not f.cls], levels - 1)


def _top_leads(module: Module, leading: frozenset[Function]) -> bool:
    """Whether the top level itself reads, or runs something that does; a whole program may do so by any way."""
    wanted = {function.cls.name if function.cls else function.name for function in leading}
    if leading:
        wanted |= {function.name for function in module.functions if function.is_async and not function.cls}
    return any(own or names & wanted for part in module.parts for names, own in [top_names(part)])


def top_names(part: Part) -> tuple[set[str], bool]:
    """The names that the top-level statements of a block mention outside of functions, and whether they read there."""
    if part.top is None:
        body = part.block.unit.body
        found = [_mentioned(stmt) for stmt in body if not isinstance(stmt, ast.FunctionDef | ast.AsyncFunctionDef)]
        part.top = set[str]().union(*(names for names, _ in found)), any(own for _, own in found)
    return part.top


def _mentioned(stmt: ast.stmt) -> tuple[set[str], bool]:
    names: set[str] = set()
    stack: list[ast.AST] = [stmt]
    own = False
    while stack:
        node = stack.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.Attribute):
            own = own or node.attr in READS
        stack += children(node)
    return names, own
