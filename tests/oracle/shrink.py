"""Make a program that shows a mismatch small: delta debugging over statements.

The program is parsed, and one change at a time is tried, the coarse ones first: drop a run of statements (long ones
first, then single ones), put the body of a compound statement in its place, drop an else, a handler or a finally, then
one element, operand or argument less. The prelude stays as it is, as long as it is used. A change stays when the
program still shows the mismatch. The result is what `ast.unparse` makes of the tree, so the text that is judged is
the text that is written down.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator

Predicate = Callable[[str], bool]
BODIES = ("body", "orelse", "finalbody", "handlers", "cases")
FROZEN = frozenset({"draws", "flag", "count", "delay", "work", "supervise"})
BUDGET = 600  # how many candidates are tried at most


def shrink(text: str, still: Predicate, budget: int = BUDGET) -> str:
    """The smallest text found for which `still` holds. `text` itself must hold, else it is returned unchanged."""
    best = ast.unparse(ast.parse(text)) + "\n"
    if not still(best):
        return text
    tried: set[str] = set()
    names = _bound(ast.parse(text))
    progress = True
    while progress and budget > 0:
        progress = False
        for candidate in candidates(best):
            if candidate in tried or not _closed(candidate, names):
                continue
            tried.add(candidate)
            budget -= 1
            if budget <= 0:
                break
            if still(candidate):
                best, progress = candidate, True
                break
    return best


def _bound(tree: ast.Module) -> set[str]:
    """Names that the module itself binds: imports, functions, classes, assignments."""
    found: set[str] = set()
    for node in tree.body:
        match node:
            case ast.Import(names=imported):
                found |= {name.name for name in imported}
            case ast.Assign(targets=[ast.Name(id=name)]):
                found.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
    return found


def _closed(text: str, names: set[str]) -> bool:
    """Whether each of the module's `names` that the text still uses is still bound."""
    tree = ast.parse(text)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return used & names <= _bound(tree)


def candidates(text: str) -> Iterator[str]:
    """Smaller texts, the coarse changes first."""
    tree = ast.parse(text)
    blocks = list(_blocks(tree))
    size = max((len(getattr(owner, name)) for owner, name in blocks), default=1)
    while size:
        for index, (owner, name) in enumerate(blocks):
            length = len(getattr(owner, name))
            if size <= length:
                for start in range(length - size, -1, -size):
                    yield from _written(tree, index, start, start + size, [])
        size //= 2
    for index, (owner, name) in enumerate(blocks):
        for at, item in enumerate(getattr(owner, name)):
            for inner in _insides(item):
                yield from _written(tree, index, at, at + 1, inner)
    yield from _simpler(tree)


def _blocks(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """The blocks that may change: all but those inside the prelude's own functions."""
    frozen = {id(inner) for node in tree.body if getattr(node, "name", "") in FROZEN for inner in ast.walk(node)}
    for node in ast.walk(tree):
        for name in BODIES:
            if isinstance(getattr(node, name, None), list) and id(node) not in frozen:
                yield node, name


def _insides(item: ast.AST) -> Iterator[list[ast.stmt]]:
    """What may stand in the place of a compound statement."""
    if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return
    for name in ("body", "orelse", "finalbody"):
        if isinstance(item, ast.stmt) and getattr(item, name, None):
            yield copy.deepcopy(getattr(item, name))
    for part in [*getattr(item, "handlers", ()), *getattr(item, "cases", ())]:
        yield copy.deepcopy(part.body)


def _written(tree: ast.Module, index: int, start: int, end: int, new: list[ast.stmt]) -> Iterator[str]:
    """The text with `new` for the items from `start` to `end` of one block; nothing if that is no program."""
    changed = copy.deepcopy(tree)
    owner, name = list(_blocks(changed))[index]
    items = getattr(owner, name)
    items = items[:start] + new + items[end:]
    if not items and name == "body":
        items = [ast.Pass()]
    setattr(owner, name, items)
    yield from _text(changed)


def _simpler(tree: ast.Module) -> Iterator[str]:
    """Single expressions made simpler: one element less, one operand less, an alternative taken."""
    frozen = {id(inner) for node in tree.body if getattr(node, "name", "") in FROZEN for inner in ast.walk(node)}
    for index, node in enumerate(ast.walk(tree)):
        if id(node) in frozen:
            continue
        for change in range(_choices(node)):
            changed = copy.deepcopy(tree)
            if _simplify(_at(changed, index), change):
                yield from _text(changed)


def _at(tree: ast.AST, index: int) -> ast.AST:
    for at, node in enumerate(ast.walk(tree)):
        if at == index:
            return node
    raise IndexError(index)


def _choices(node: ast.AST) -> int:
    match node:
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts) | ast.BoolOp(values=parts) if (
            len(parts) > 1
        ):
            return len(parts)
        case ast.Call(keywords=[_, *_]):
            return len(node.keywords)
        case ast.Call(args=[_, _, *_]):
            return len(node.args)
    return 0


def _simplify(node: ast.AST, at: int) -> bool:
    match node:
        case ast.BoolOp():
            if len(node.values) < 3:
                node.values = [node.values[at], node.values[at]]
                return False
            del node.values[at]
        case ast.List() | ast.Tuple() | ast.Set():
            if isinstance(getattr(node, "ctx", ast.Load()), ast.Store):
                return False
            del node.elts[at]
        case ast.Call(keywords=[_, *_]):
            del node.keywords[at]
        case ast.Call():
            del node.args[at]
    return True


def _text(tree: ast.Module) -> Iterator[str]:
    try:
        text = ast.unparse(ast.fix_missing_locations(tree)) + "\n"
        compile(text, "<candidate>", "exec")
    except (SyntaxError, ValueError, AttributeError, IndexError):
        return
    yield text
