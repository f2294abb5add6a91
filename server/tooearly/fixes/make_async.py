"""Fix `async`: make a synchronous function async, await the read in it, and await its calls in the file.

Method: starting with the function that reads, every mention of a function that turns async must be a plain call at a
place that may await; a call in another synchronous function makes that one async too. One mention that is something
else (a callback, a call at module level or in a lambda, a decorator, a method called on an unknown object) ends the
attempt, because the caller would be left with a coroutine that nobody awaits.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from tooearly.fixes.deadlock import under_thread_lock
from tooearly.fixes.edit import needs_parentheses
from tooearly.fixes.replace_with_await import await_edit, english, refusal
from tooearly.fixes.scope import Function, bound_names, names_in, own_nodes
from tooearly.fixes.site import Path, Site, context, path_to, top_level
from tooearly.model import Cause, Edit, Finding, Fix, Span
from tooearly.semantics.names import walk
from tooearly.source.tree import Place, Tree

_MOST = 8
_PLAIN_DECORATORS = {"staticmethod", "classmethod"}


@dataclass(frozen=True, slots=True)
class Target:
    """A function that is to become async. `owner`: the function or class whose body holds it."""

    place: Place
    node: ast.FunctionDef
    owner: ast.AST | None


@dataclass(slots=True)
class Conversion:
    """What has been decided so far: the functions, the calls to be awaited, the reason to stop."""

    targets: list[Target] = field(default_factory=list)
    calls: list[Site] = field(default_factory=list)
    reason: str = ""


def make_async(site: Site) -> Fix | None:
    """Make the read's function async together with its callers; None when the read is not in a sync function."""
    target = _target(site.tree, site.place, site.path)
    if target is None or site.finding.method != "result":
        return None
    title = f"Make `{target.node.name}` async"
    inside = context(site.path, [target.node], top_level(site.tree))
    if inside.barrier or inside.function is not target.node:
        return None
    conversion = _convert(site.tree, target)
    if conversion.reason:
        return Fix(title, "async", "safe", disabled=conversion.reason)
    edits = [_awaited(site, conversion)]
    if edits == [None]:
        return None
    for one in conversion.targets:
        start = one.place.span(one.node).start
        edits.append(Edit(Span(start, start), "async "))
    for call in conversion.calls:
        edits += _await_call(call)
    names = [one.node.name for one in conversion.targets]
    title = f"Make {english(names)} async and await {_count(len(names), len(conversion.calls))}"
    safe = conversion.calls and all(_private(site.tree, one) for one in conversion.targets)
    safe = safe and not any(under_thread_lock(call) for call in conversion.calls)
    return Fix(title, "async", "safe" if safe else "unsafe", tuple(sorted(edit for edit in edits if edit)))


def _awaited(site: Site, conversion: Conversion) -> Edit | None:
    inner = Site(site.tree, site.place, site.path, site.finding, [one.node for one in conversion.targets])
    return None if refusal(inner) else await_edit(inner)


def _count(functions: int, calls: int) -> str:
    whose = "its" if functions == 1 else "their"
    return {0: "the read (nothing in this file calls it)", 1: f"{whose} call"}.get(calls, f"{whose} {calls} calls")


def _convert(tree: Tree, first: Target) -> Conversion:
    """Follow the calls until every function on the way is async or one cannot be."""
    conversion = Conversion()
    waiting = [first]
    while waiting and not conversion.reason:
        target = waiting.pop()
        conversion.targets.append(target)
        conversion.reason = _refused(target) or _overridden(tree, target)
        if len(conversion.targets) > _MOST:
            conversion.reason = "too many functions would have to become async"
        for call in _calls(tree, target, conversion):
            owner = _target(tree, call.place, call.path)
            known = [one.node for one in (*conversion.targets, *waiting)]
            if owner is not None and owner.node not in known:
                waiting.append(owner)
                known.append(owner.node)
            where = context(call.path, known, top_level(tree))
            if where.barrier or where.function is None:
                row = call.row(call.span(call.read).start)
                conversion.reason = f"`{target.node.name}` is called on line {row}, where nothing can await"
            conversion.calls.append(call)
    return conversion


def _refused(target: Target) -> str:
    """Why a function cannot become async, empty if it can."""
    node = target.node
    decorators = {ast.unparse(one) for one in node.decorator_list}
    if decorators - _PLAIN_DECORATORS:
        return f"`{node.name}` is decorated"
    if node.name.startswith("__") or node.name.startswith("test"):
        return f"`{node.name}` is called by name from elsewhere"
    if any(isinstance(one, ast.Yield | ast.YieldFrom) for one in own_nodes(node)):
        return f"`{node.name}` is a generator"
    return ""


def _overridden(tree: Tree, target: Target) -> str:
    """Why a call on `self` may mean a method of another class of the file, empty if it means the target."""
    owner, name = target.owner, target.node.name
    if not isinstance(owner, ast.ClassDef):
        return ""
    nodes = [(place, node) for place in tree.places() for one in place.unit.body for node in walk(one)]
    classes = [node for _, node in nodes if isinstance(node, ast.ClassDef)]
    derived = any(owner.name in names_in(base) for one in classes for base in one.bases)
    for place, node in nodes:
        if isinstance(node, Function) and node.name == name and node is not target.node:
            holder = next((one for one in classes if node in one.body), None) or _class_of(tree, place)
            if holder is not None and holder is not owner and (derived or holder.bases):
                return f"`{holder.name}` has a `{name}` of its own"
    return ""


def _target(tree: Tree, place: Place, path: Path) -> Target | None:
    """The sync function in whose own code the last node of the path stands; None for other code."""
    for index in range(len(path) - 2, -1, -1):
        parent, child = path[index], path[index + 1]
        body = getattr(parent, "body", ())
        if (
            isinstance(parent, ast.Lambda | ast.AsyncFunctionDef | ast.ClassDef)
            and isinstance(body, list)
            and child in body
        ):
            return None
        if isinstance(parent, ast.FunctionDef) and child in parent.body:
            owner = next((node for node in reversed(path[:index]) if isinstance(node, _OWNERS)), None)
            return Target(place, parent, owner or _class_of(tree, place))
    return None


_OWNERS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _class_of(tree: Tree, place: Place) -> ast.ClassDef | None:
    """The class of a method that is a unit of its own."""
    for item in tree.items:
        if any(member.unit is place.unit for member in item.members):
            return next((node for node in item.place.unit.body if isinstance(node, ast.ClassDef)), None)
    return None


def _calls(tree: Tree, target: Target, conversion: Conversion) -> Iterator[Site]:
    """The calls of a function in the file. Another kind of mention puts the reason into `conversion`."""
    name = target.node.name
    for place in tree.places():
        if name not in place.unit.text:
            continue
        for node in (one for statement in place.unit.body for one in walk(statement)):
            if not _mentions(node, target):
                continue
            path = path_to(place, place.span(node)) if isinstance(node, ast.expr) else ()
            if isinstance(node, ast.Name) and _hidden(path, target):
                continue
            call = _call_of(tree, place, path, target)
            if isinstance(call, Site):
                yield call
            else:
                conversion.reason = conversion.reason or call


def _mentions(node: ast.AST, target: Target) -> bool:
    """Whether a node may mean the function: its name, for a method an attribute of that name, or `__all__`."""
    name = target.node.name
    match node:
        case ast.Name(id=found) | ast.alias(name=found):
            return found == name and not isinstance(target.owner, ast.ClassDef)
        case ast.Attribute(attr=found):
            return found == name and isinstance(target.owner, ast.ClassDef)
        case ast.Assign(targets=[ast.Name(id="__all__")], value=ast.List(elts=items) | ast.Tuple(elts=items)):
            return any(isinstance(item, ast.Constant) and item.value == name for item in items)
    return False


def _call_of(tree: Tree, place: Place, path: Path, target: Target) -> Site | str:
    """The call that a mention at the end of the path is part of, or why there is none."""
    if not path:
        return f"`{target.node.name}` is exported or imported"
    node, row = path[-1], tree.lines.position(place.span(path[-1]).start)[0] + 1
    said = f"`{target.node.name}` is used on line {row} in another way than by a call"
    if len(path) < 2 or not isinstance(path[-2], ast.Call) or path[-2].func is not node:
        return said
    if isinstance(node, ast.Attribute) and not _on_self(tree, place, path, node, target):
        return f"`{target.node.name}` is called on line {row} on an object that is not known"
    if len(path) > 2 and isinstance(path[-3], ast.Await):
        return said
    span = place.span(path[-2])
    finding = Finding("result-before-done", "warning", "possible", "", span, span, "result", "", Cause("task", ""))
    return Site(tree, place, path[:-1], finding)


def _on_self(tree: Tree, place: Place, path: Path, node: ast.Attribute, target: Target) -> bool:
    """Whether a method is called on `self` or `cls` in the class that defines it."""
    inside = target.owner in path or _class_of(tree, place) is target.owner
    return inside and isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")


def _hidden(path: Path, target: Target) -> bool:
    """Whether the name means something else there: a function around it binds it, or the function is not in sight."""
    functions = [one for one in path if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
    if isinstance(target.owner, ast.FunctionDef | ast.AsyncFunctionDef):
        if target.owner not in functions:
            return True
        functions = functions[functions.index(target.owner) + 1 :]
    return any(target.node.name in bound_names(one) for one in functions)


def _await_call(call: Site) -> list[Edit]:
    span = call.span(call.read)
    if needs_parentheses(call):
        return [Edit(Span(span.start, span.start), "(await "), Edit(Span(span.end, span.end), ")")]
    return [Edit(Span(span.start, span.start), "await ")]


def _private(tree: Tree, target: Target) -> bool:
    """Whether nobody outside of the file is likely to call the function: it is local, private, or in a script."""
    if isinstance(target.owner, ast.ClassDef):
        return target.node.name.startswith("_") and not target.owner.bases
    local = target.owner is not None or target.node.name.startswith("_")
    return local or any(_is_script(statement) for item in tree.items for statement in item.place.unit.body)


def _is_script(statement: ast.stmt) -> bool:
    match statement:
        case ast.If(test=ast.Compare(left=ast.Name(id="__name__"))):
            return True
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="run" | "run_until_complete"))):
            return True
    return False
