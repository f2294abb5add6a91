"""Reads of every element of a container: which text waits for all of them at once.

`[t.result() for t in ts]` reads all of `ts`; `{k: t.result() for k, t in d.items()}` reads `d.values()`; anything else
is said by the comprehension itself (`[t for i, t in pairs]`). `asyncio.wait` refuses an empty set and iterating a
live dict or set while other tasks run fails when they change it, so both are looked for here.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from itertools import takewhile

from tooearly.fixes.emptied import emptied
from tooearly.fixes.evaluation import conditions, pure, stable
from tooearly.fixes.scope import COMPREHENSIONS, Function, assigned_value, bindings, names_in, nested_names, own_nodes
from tooearly.fixes.site import Comprehension, Site, is_first_iterable, top_level
from tooearly.model import Edit, Fix, Span

_VIEWS = {"values", "items", "keys"}
_KEEPING = {
    "append",
    "extend",
    "add",
    "update",
    "insert",
    "setdefault",
    "get",
    "count",
    "index",
    "copy",
    "sort",
} | _VIEWS
_LISTS = (ast.List, ast.ListComp, ast.Tuple)
_WALKERS = {"enumerate", "zip", "reversed", "sorted", "list", "tuple", "set"}
_KEYED = {"max", "min", "sorted", "map", "filter"}


@dataclass(frozen=True, slots=True)
class Container:
    """All that is read: `elements` is an expression for it, `base` what must not be empty ("" when this is known).

    `node` iterates (comprehension, loop or call), `iterable` is what it iterates over. `filtered`: not all elements
    are read. `live`: others may add or remove elements while this code waits. `testable`: `if base:` tells whether
    there are any elements. `once`: what is evaluated for each element and must not be evaluated once more.
    `emptied`: the container, if other code takes elements out of it.
    """

    node: ast.AST
    iterable: ast.expr
    elements: str
    base: str
    filtered: bool
    live: bool
    testable: bool = True
    once: str = ""
    emptied: str = ""

    @property
    def star(self) -> str:
        """The elements as arguments."""
        if self.elements[:1] in ("(", "[") and isinstance(self.iterable, ast.List | ast.Tuple):
            match ast.parse(self.elements, mode="eval").body:
                case ast.List() | ast.Tuple():
                    return self.elements[1:-1].strip().rstrip(",")
        return f"*{self.elements}"


def container(site: Site) -> Container | None:
    """The container whose elements the read takes one by one; None if it reads a single future."""
    found = _container(site)
    if found is None or site.receiver is None or found.node is site.read:
        return found
    generators = getattr(found.node, "generators", ())[1:]
    walked = [one.iter for one in takewhile(lambda one: one.iter not in site.path, generators)]
    changing = next((one for one in (site.receiver, *walked) if not _repeatable(one)), None)
    return found if changing is None else replace(found, once=site.source(changing))


def _repeatable(node: ast.expr) -> bool:
    """Whether an expression can be evaluated once more without an effect; what only walks others can be."""
    match node:
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in {*_WALKERS, "range"}:
            return all(map(_repeatable, args))
    return pure(node)


def _container(site: Site) -> Container | None:
    receiver = site.receiver
    if receiver is None:
        return None
    match site.read:
        case ast.Call(func=ast.Name(id="map"), args=[first, iterable]) if receiver in (first, iterable):
            return _made(site, site.read, iterable, site.source(iterable), filtered=False)
    names = names_in(receiver)
    for index in range(len(site.path) - 2, -1, -1):
        match site.path[index]:
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp() as node:
                targets = {name for generator in node.generators for name in names_in(generator.target)}
                inner = site.path[index + 2] if index + 2 < len(site.path) else None
                if names & targets and not is_first_iterable(node, site.path[index + 1], inner):
                    return _from_comprehension(site, node)
            case ast.For(target=target) as node if names & names_in(target) and site.path[index + 1] in node.body:
                return _made(site, node, node.iter, _elements(site, target, node.iter, receiver), filtered=False)
            case ast.Lambda(args=args) as node if names & {arg.arg for arg in args.args}:
                return _from_lambda(site, index, node)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return None
    return None


def _from_comprehension(site: Site, node: Comprehension) -> Container | None:
    receiver, first = site.receiver, node.generators[0]
    assert receiver is not None
    if any(generator.is_async for generator in node.generators):
        return None
    in_filter = (
        len(node.generators) == 1 and first in site.path and site.path[site.path.index(first) + 1] in first.ifs[:1]
    )
    filtered = any(generator.ifs for generator in node.generators) and not in_filter
    partly = conditions(site.path[site.path.index(node) + 1 :]) != []
    if len(node.generators) == 1 and not filtered:
        return _made(site, node, first.iter, _elements(site, first.target, first.iter, receiver), filtered=partly)
    if len(node.generators) > 1 and node.generators[1].iter in site.path and not first.ifs:
        return _made(site, node, first.iter, _elements(site, first.target, first.iter, receiver), filtered=partly)
    clauses = _clauses_before(site, node)
    if clauses is None:
        return None
    made = _made(site, node, first.iter, f"[{site.source(receiver)} {clauses}]", filtered=partly)
    return made and replace(made, base=site.source(first.iter), testable=False)


def _clauses_before(site: Site, node: Comprehension) -> str | None:
    """The clauses of a comprehension that have run when the read is made; None if they cannot be run twice."""
    way, text = {id(one) for one in site.path}, site.text
    start = text.rindex("for", 0, site.span(node.generators[0].target).start)
    for number, generator in enumerate(node.generators):
        if number and id(generator.iter) in way:
            return text[start : text.rindex("for", start, site.span(generator.target).start)].strip()
        for test in generator.ifs:
            if id(test) in way:
                return text[start : text.rindex("if", start, site.span(test).start)].strip()
            if not pure(test):
                return None
    return text[start : site.span(node).end - 1].strip()


def _elements(site: Site, target: ast.expr, iterable: ast.expr, receiver: ast.expr) -> str:
    """An expression for all receivers of a loop `for target in iterable`."""
    text = site.source(iterable)
    if isinstance(target, ast.Name) and ast.unparse(receiver) == target.id:
        return text
    match iterable, target:
        case ast.Call(func=ast.Name(id="enumerate"), args=[inner, *_]), ast.Tuple(elts=[_, ast.Name(id=name)]):
            if isinstance(receiver, ast.Name) and receiver.id == name:
                return site.source(inner)
        case ast.Call(func=ast.Attribute(value=value, attr="items"), args=[]), ast.Tuple(elts=[key, ast.Name(id=name)]):
            if isinstance(receiver, ast.Name) and receiver.id == name and not names_in(key) & {name}:
                return f"{site.source(value)}.values()"
    return f"[{site.source(receiver)} for {site.source(target)} in {text}]"


def _from_lambda(site: Site, index: int, node: ast.Lambda) -> Container | None:
    """`max(ts, key=lambda t: t.result())`, `map(lambda t: t.result(), ts)`."""
    call = next((one for one in site.path[index - 1 :: -1] if isinstance(one, ast.Call)), None)
    receiver = site.receiver
    if call is not None and isinstance(call.func, ast.Attribute) and call.func.attr == "sort" and not call.args:
        return _made(site, call, call.func.value, site.source(call.func.value), filtered=False)
    if call is None or not isinstance(call.func, ast.Name) or call.func.id not in _KEYED or receiver is None:
        return None
    if len(node.args.args) != 1 or not isinstance(receiver, ast.Name):
        return None
    if call.args and call.args[0] is node and len(call.args) == 2:
        iterable = call.args[1]
    elif call.args and any(keyword.value is node and keyword.arg == "key" for keyword in call.keywords):
        iterable = call.args[0]
    else:
        return None
    return _made(site, call, iterable, site.source(iterable), filtered=False)


def _made(site: Site, node: ast.AST, iterable: ast.expr, elements: str, *, filtered: bool) -> Container | None:
    base = _base(iterable)
    if base is None or _is_iterator(site, base):
        return None
    return Container(
        node,
        iterable,
        elements,
        "" if _never_empty(site, base) else site.source(base),
        filtered,
        _is_live(site, iterable),
        emptied=site.source(base) if emptied(site, base) else "",
    )


def over_a_copy(site: Site, found: Container | None, fix: Fix) -> Fix:
    """The fix of one element, with the walk sent over a copy where other code empties the container meanwhile."""
    if found is None or not found.emptied or fix.disabled or found.node is site.read:
        return fix
    targets = [found.node, *getattr(found.node, "generators", ())]
    names = {name for one in targets if hasattr(one, "target") for name in names_in(one.target)}
    if not isinstance(site.receiver, ast.Name) or site.receiver.id not in names:
        return replace(fix, disabled=f"`{found.emptied}` is emptied by other code meanwhile")
    match found.iterable:
        case ast.Call(func=ast.Name(id="list" | "tuple" | "sorted" | "set")):
            return fix
    span = site.span(found.iterable)
    edits = (Edit(Span(span.start, span.start), "list("), Edit(Span(span.end, span.end), ")"))
    title = f"{fix.title}, walking over a copy of `{found.emptied}`"
    return replace(fix, title=title, edits=tuple(sorted((*fix.edits, *edits))))


def _base(iterable: ast.expr) -> ast.expr | None:
    """The container itself behind `d.values()`, `enumerate(ts)`, `list(ts)`; None when it cannot be iterated twice."""
    match iterable:
        case ast.Call(func=ast.Attribute(value=value, attr=attr), args=[], keywords=[]) if attr in _VIEWS:
            return _base(value)
        case ast.Call(func=ast.Name(id=name), args=[first, *_]) if name in _WALKERS:
            return _base(first)
        case _ if stable(iterable):
            return iterable
        case ast.List() | ast.Tuple() | ast.Set():
            return iterable if all(stable(item) for item in iterable.elts) else None
    return None


def _value(site: Site, base: ast.expr) -> ast.expr | None:
    """What a container was made as, if it is a local name that is assigned once."""
    for function in _functions(site):
        if isinstance(base, ast.Name) and any(one.name == base.id for one in bindings(function)):
            return assigned_value(function, base.id)
    return None


def _functions(site: Site) -> list[ast.AST]:
    """The functions around the read, from the inside out; of a notebook, the top level too."""
    top = top_level(site.tree)
    return [node for node in (*reversed(site.path), top) if isinstance(node, Function)]


def _is_iterator(site: Site, base: ast.expr) -> bool:
    """Whether the container can be walked only once."""
    match _value(site, base):
        case ast.GeneratorExp():
            return True
        case ast.Call(func=ast.Name(id="map" | "filter" | "zip" | "iter" | "enumerate" | "reversed")):
            return True
    return False


def _never_empty(site: Site, base: ast.expr) -> bool:
    """Whether the container is known to hold something: made with elements, and nothing is taken out by name."""
    match base:
        case ast.List(elts=[_, *_]) | ast.Tuple(elts=[_, *_]) | ast.Set(elts=[_, *_]):
            return True
        case ast.Name(id=name):
            return _filled(site, _value(site, base)) and not _shrinks(site, name)
    return False


def _filled(site: Site, value: ast.expr | None) -> bool:
    match value:
        case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
            return any(not isinstance(item, ast.Starred) for item in items)
        case ast.Dict(keys=keys):
            return any(key is not None for key in keys)
        case ast.ListComp(generators=[one]) | ast.SetComp(generators=[one]) | ast.DictComp(generators=[one]):
            return not one.ifs and _filled(site, one.iter)
        case ast.Call(func=ast.Name(id="range"), args=[ast.Constant(value=int(count))]):
            return count > 0
        case ast.Constant(value=str(text)):
            return bool(text)
    return False


def _shrinks(site: Site, name: str) -> bool:
    """Whether elements may leave a container: any use but reading and adding."""
    function = next(iter(_functions(site)), None)
    if function is None or name in nested_names(function):
        return True
    for node in own_nodes(function):
        match node:
            case ast.Attribute(value=ast.Name(id=base), attr=attr) if base == name and attr not in _KEEPING:
                return True
            case ast.Delete(targets=targets) if any(name in names_in(target) for target in targets):
                return True
    return False


def _is_live(site: Site, iterable: ast.expr) -> bool:
    """Whether other code may change a dict or set while it is walked with suspensions."""
    if isinstance(iterable, ast.Call) and isinstance(iterable.func, ast.Name):
        return iterable.func.id in ("enumerate", "zip", "reversed") and any(
            _is_live(site, arg) for arg in iterable.args
        )
    base = _base(iterable)
    if base is None or isinstance(base, _LISTS):
        return False
    if not isinstance(base, ast.Name):
        return True
    made = _value(site, base)
    if isinstance(made, _LISTS) or (
        isinstance(made, ast.Call) and ast.unparse(made.func) in ("list", "sorted", "tuple")
    ):
        return False
    function = next(iter(_functions(site)), None)
    if function is None or not any(one.name == base.id for one in bindings(function)):
        return True
    return _shrinks(site, base.id)


def is_comprehension(node: ast.AST) -> bool:
    """Whether a container is walked by a comprehension."""
    return isinstance(node, COMPREHENSIONS)
