"""What a class keeps in containers without annotation: `self.jobs = {}`, and then `self.jobs[n] = create_task(...)`.

The class's own text says which kind of container an attribute is, and of which type all is that its methods put in.
Where every such element is a task, the attribute is a container of tasks, as if its annotation had said so; what is in
it when a method begins is then in a state that is not known, and what the method adds is followed. Plain futures are
kept for others to set them: those are not followed here.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from tooearly.flow.mention import called, nodes_in
from tooearly.semantics.names import Class, Function
from tooearly.semantics.types import CONTAINERS

LITERALS = {ast.Dict: "dict", ast.DictComp: "dict", ast.List: "list", ast.ListComp: "list", ast.SetComp: "set"}
PUTS = {"append": 0, "appendleft": 0, "add": 0, "insert": 1, "setdefault": 1}  # methods, and which argument they put in
Made = Callable[[ast.expr], str]


def kept_types(cls: Class, made: Made) -> dict[str, str]:
    """The attributes that are containers of tasks, each with its type (`dict:Task`); `made`: what a call makes."""
    kinds: dict[str, set[str]] = {}
    elements: dict[str, set[str]] = {}
    for method in cls.methods.values():
        for node in nodes_in(method):
            for target, value in _assigned(node):
                match target:
                    case ast.Attribute(value=ast.Name(id="self"), attr=attr):
                        kinds.setdefault(attr, set()).add(_kind(value))
                        elements.setdefault(attr, set()).update(_of_literal(method, value, made))
                    case ast.Subscript(value=ast.Attribute(value=ast.Name(id="self"), attr=attr)):
                        elements.setdefault(attr, set()).add(_type(method, value, made))
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Attribute(value=ast.Name(id="self"), attr=attr), attr=name)):
                    place = PUTS.get(name, len(node.args))
                    if place < len(node.args):
                        elements.setdefault(attr, set()).add(_type(method, node.args[place], made))
    return {
        attr: f"{kind}:{element}"
        for attr, found in kinds.items()
        for kind, element in [("".join(found), "".join(elements.get(attr, ())))]
        if len(found) == 1 and kind and element == "Task"
    }


def _assigned(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    match node:
        case ast.Assign(targets=targets, value=value):
            yield from ((target, value) for target in targets)
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            yield target, value


def _kind(value: ast.expr) -> str:
    """The kind of container that an expression makes, or ""."""
    return LITERALS.get(type(value)) or CONTAINERS.get(called(value), "")


def _of_literal(method: Function, value: ast.expr, made: Made) -> Iterator[str]:
    """The types of the elements that a container has from the beginning."""
    match value:
        case ast.List(elts=elements) | ast.Dict(values=elements):
            yield from (_type(method, element, made) for element in elements)
        case ast.ListComp(elt=element) | ast.SetComp(elt=element) | ast.DictComp(value=element):
            yield _type(method, element, made)
        case ast.Call(args=[_, *_]) if called(value) != "defaultdict":
            yield ""  # made of something else


def _type(method: Function, value: ast.expr, made: Made) -> str:
    """The type of what is put in: what a call makes, also by way of a variable that is set once."""
    if isinstance(value, ast.Name):
        pairs = [pair for node in nodes_in(method) for pair in _assigned(node)]
        bound = [v for target, v in pairs if isinstance(target, ast.Name) and target.id == value.id]
        return made(bound[0]) if len(bound) == 1 else ""
    return made(value)
