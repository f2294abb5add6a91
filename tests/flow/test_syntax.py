"""Every kind of node that this Python has is lowered, down to the names in it; an unknown kind is said, not skipped.

The samples are bodies of an async function. What is read and bound in them must be read and bound by steps that can be
reached. Names in capitals stand where nothing is followed: in annotations, as the values of
type aliases. Kinds that only a later Python has are asked of that Python.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tooearly import api
from tooearly.flow import cfg
from tooearly.flow.builder import UnknownSyntax
from tooearly.flow.lower_stmt import build
from tooearly.semantics.modules import build_module
from tooearly.semantics.names import Class, Function
from tooearly.source.tree import parse

SAMPLES = {
    # Statements
    "FunctionDef": "@a\ndef f(x, y=b, /, *p, z=c, **q) -> T:\n    return x(y, z, p, q)\nf(d)",
    "AsyncFunctionDef": "@a\nasync def f(x=b):\n    await x",
    "ClassDef": "@a\nclass C(b, metaclass=c):\n    x = d\n    y = x\n    def m(self):\n        return self.x",
    "Return": "return a",
    "Delete": "x = a; y = b\ndel x, (y, a.b, c[d])",
    "Assign": "x = y = a\na.b = c\na[b] = c\n[x, *y], z = d",
    "AugAssign": "x = a\nx += b\na.b -= c\na[b] @= c",
    "AnnAssign": "x: T = a\ny: T",
    "For": "for x, y in a:\n    b\n    if c: break\n    if d: continue\nelse:\n    e",
    "AsyncFor": "async for x in a:\n    b\nelse:\n    c",
    "While": "while a:\n    b\nelse:\n    c",
    "If": "if a:\n    b\nelif c:\n    d\nelse:\n    e",
    "With": "with a as x, b:\n    c",
    "AsyncWith": "async with a as (x, y), b as z.y:\n    c",
    "Match": "match a:\n    case 1 if b:\n        c\n    case _:\n        d",
    "Raise": "if a:\n    raise b from c\nraise",
    "Try": "try:\n    a\nexcept b as x:\n    c\nexcept d:\n    e\nelse:\n    f\nfinally:\n    g",
    "TryStar": "try:\n    a\nexcept* b as x:\n    c\nelse:\n    d\nfinally:\n    e",
    "Assert": "assert a, b",
    "Import": "import os.path, json as x\nx, os",
    "ImportFrom": "from json import loads, dumps as y\nloads, y",
    "Global": "global x\nx = a",
    "Nonlocal": "x = a\ndef f():\n    nonlocal x\n    x = b\nf",
    "Expr": "a",
    "Pass": "pass",
    "Break": "while a:\n    break\nb",
    "Continue": "while a:\n    if b: continue\n    c",
    "TypeAlias": "type X = T\nX",
    # Expressions
    "BoolOp": "a and b or c",
    "NamedExpr": "(x := a)",
    "BinOp": "a + b",
    "UnaryOp": "-a",
    "Lambda": "lambda x=a, *y, z=b: x + z(c)",
    "IfExp": "a if b else c",
    "Dict": "{a: b, **c}",
    "Set": "{a, *b}",
    "ListComp": "[x + a for x in b if c for y in x if d]",
    "SetComp": "{x async for x in a}",
    "DictComp": "{x: y for x, y in a}",
    "GeneratorExp": "(x(y) for x in a if b for y in c)",
    "Await": "await a",
    "Yield": "x = yield a\nyield",
    "YieldFrom": "def f():\n    yield from a",
    "Compare": "a < b < c",
    "Call": "a(b, *c, x=d, **e)",
    "FormattedValue": "f'{a!r:>{b}}'",
    "JoinedStr": "f'{a}{f\"{b}\"}'",
    "Interpolation": "t'{a!r:>{b}}'",
    "TemplateStr": "t'{a}{b}'",
    "Constant": "None, True, 1, 1.5, 2j, 'x', b'x', ...",
    "Attribute": "a.b",
    "Subscript": "a[b]",
    "Starred": "[*a]",
    "Name": "a",
    "List": "[a, b]",
    "Tuple": "a, b",
    "Slice": "a[b:c:d]",
    # Patterns
    "MatchValue": "match a:\n    case b.c:\n        d",
    "MatchSingleton": "match a:\n    case None:\n        b",
    "MatchSequence": "match a:\n    case [x, (y, z)]:\n        x, y, z",
    "MatchMapping": "match a:\n    case {'k': x, **y}:\n        x, y",
    "MatchClass": "match a:\n    case c(x, k=y):\n        x, y",
    "MatchStar": "match a:\n    case [x, *y]:\n        x, y",
    "MatchAs": "match a:\n    case [_, 1 as x] as y:\n        x, y",
    "MatchOr": "match a:\n    case [x] | (1 as x):\n        x",
    # Operators and the rest
    **{f"{kind}": f"a {sign} b" for kind, sign in {
        "And": "and", "Or": "or", "Add": "+", "Sub": "-", "Mult": "*", "MatMult": "@", "Div": "/", "Mod": "%",
        "Pow": "**", "LShift": "<<", "RShift": ">>", "BitOr": "|", "BitXor": "^", "BitAnd": "&", "FloorDiv": "//",
        "Eq": "==", "NotEq": "!=", "Lt": "<", "LtE": "<=", "Gt": ">", "GtE": ">=", "Is": "is", "IsNot": "is not",
        "In": "in", "NotIn": "not in"}.items()},
    **{f"{kind}": f"{sign} a" for kind, sign in {"Invert": "~", "Not": "not", "UAdd": "+", "USub": "-"}.items()},
    "ExceptHandler": "try:\n    a\nexcept (b, c):\n    d\nexcept:\n    e",
    "TypeVar": "def f[T: T](x: T): return x\nf",
    "ParamSpec": "def f[**P](x): return x\nf",
    "TypeVarTuple": "class C[*P]: pass\nC",
}  # fmt: skip
BASES = (
    "stmt", "expr", "pattern", "excepthandler", "boolop", "operator", "unaryop", "cmpop", "type_param",
)  # fmt: skip


def kinds() -> Iterator[str]:
    """The kinds of nodes of the running Python (its deprecated names for them are subclasses of those)."""
    for base in BASES:
        for kind in getattr(ast, base).__subclasses__() if hasattr(ast, base) else ():
            if kind.__module__ in ("ast", "_ast"):
                yield kind.__name__


PRESENT = sorted(set(kinds()))


def test_each_kind_of_this_python_has_a_sample() -> None:
    assert set(PRESENT) <= set(SAMPLES), "a new kind of node: lower it, and give it a sample here"
    assert len(PRESENT) > 80


def function_of(body: str) -> Function:
    module = build_module(parse("async def main():\n" + textwrap.indent(body, "    ")))
    assert not any(place.unit.error for place in module.tree.places()), body
    return next(f for f in module.functions if f.qualname == "main")


def steps(function: Function) -> Iterator[cfg.Step]:
    """The steps that can be reached, those of the functions that are defined there too."""
    graph = build(function)
    seen, stack = set[int](), [0]
    while stack:
        number = stack.pop()
        if number in seen or number < 0:
            continue
        seen.add(number)
        block = graph.blocks[number]
        stack += [target for _, target in graph.successors(block)]
        for step in [*block.steps, *([block.term] if block.term else [])]:
            yield step
            inner = getattr(step, "function", getattr(step, "cls", None))
            for one in inner.methods.values() if isinstance(inner, Class) else [inner] if inner is not None else ():
                yield from steps(one)


@pytest.mark.parametrize("kind", PRESENT)
def test_each_name_in_a_sample_is_lowered(kind: str) -> None:
    function = function_of(SAMPLES[kind])
    nodes = [n for n in ast.walk(function.node) if n is not function.node]
    assert kind in {type(n).__name__ for n in nodes}, "the sample does not show what it is for"
    found = list(steps(function))
    names = [n for n in nodes if isinstance(n, ast.Name) and not n.id.isupper()]
    for step_kind, context in ((cfg.Load, ast.Load), (cfg.Store, ast.Store), (cfg.Delete, ast.Del)):
        there = {step.name.partition("@")[0] for step in found if isinstance(step, step_kind)}  # type: ignore[attr-defined]
        wanted = {n.id for n in names if isinstance(n.ctx, context)} - {"y" if kind == "AnnAssign" else ""}
        assert wanted <= there, step_kind.__name__


class Probe:
    """Stands for any value: can be called, entered, subscripted, added, unpacked."""

    def __getattr__(self, name: str) -> Probe:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def keys(self) -> tuple[str, ...]:
        return ()

    def accept(self, *_: object, **__: object) -> Probe:
        return self

    def __iter__(self) -> Iterator[Probe]:
        return iter((self, self))

    def __delattr__(self, name: str) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None

    def __hash__(self) -> int:
        return 1

    __call__ = __getitem__ = __setitem__ = __delitem__ = __enter__ = __add__ = __iadd__ = __matmul__ = __lt__ = accept


class Asked(dict[str, object]):
    """Local names that note the order in which CPython asks for them."""

    def __init__(self) -> None:
        self.order: list[str] = []

    def __missing__(self, name: str) -> object:
        self.order.append(name)
        return Probe()


@pytest.mark.parametrize(
    "text",
    [
        "a[b] = c",
        "a[b] += c",
        "a.x += b",
        "a.x, b[c] = d",
        "x = {a: b, c: d}",
        "x = {**a, b: c}",
        "x = [a, *b, c]",
        "a(b, *c, x=d)",
        "a.m(b)[c] = d",
        "x = y[a] = b",
        "a + b @ c",
        "a < b < c",
        "a if b else c",
        "a and b or c",
        "a[b:c:d]",
        "@a\ndef f(x=b, *, z=c): pass",
        "@a\n@b\nclass C(c, x=d): pass",
        "with a as b.x, c:\n    d",
        "for x[a] in b: c",
        "del a[b], c.x",
        "f'{a}{b:{c}}'",
        "assert a, b",
        "raise a from b",
    ],
)
def test_names_are_read_in_the_order_of_cpython(text: str) -> None:
    asked = Asked()
    with suppress(TypeError):  # what is raised must be an exception
        exec(compile(text, "<sample>", "exec"), {"y": Probe()}, asked)
    order = [step.name for step in steps(function_of(text)) if isinstance(step, cfg.Load)]
    ran = [name for name in dict.fromkeys(asked.order) if name in "abcd"]
    assert [name for name in dict.fromkeys(order) if name in ran] == ran


# What nobody knows yet
class Unless(ast.stmt):
    """A statement of some later Python."""

    _fields = ("test", "body")


class Maybe(ast.expr):
    """An expression of some later Python."""

    _fields = ("value",)


class MatchNear(ast.pattern):
    """A pattern of some later Python."""

    _fields = ("pattern",)


TEXT = """\
import asyncio

async def other():
    t = asyncio.create_task(asyncio.sleep(1))
    t.result()

async def strange():
    t = asyncio.create_task(asyncio.sleep(1))
    {}
    t.result()
"""
UNKNOWN = {
    "a statement": ("if t: pass", "Unless"),
    "an expression": ("x = (t)", "Maybe"),
    "a target": ("x.y = t", "Maybe"),
    "one to delete": ("del t.x", "Maybe"),
    "an operand": ("x = t + [1, t]", "Maybe"),
    "a condition": ("while not t: pass", "Maybe"),
    "a pattern": ("match t:\n        case [1]: pass", "MatchNear"),
    "in a nested function": ("def inner(): return t\n    inner()", "Maybe"),
}


class Replace(ast.NodeTransformer):
    """Puts the made-up kind in the place of the last node of its base."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def visit_If(self, node: ast.If) -> ast.AST:
        return ast.copy_location(Unless(node.test, node.body), node) if self.kind == "Unless" else node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.copy_location(Maybe(node), node) if self.kind == "Maybe" and node.id == "t" else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        there = self.kind == "Maybe" and not isinstance(node.ctx, ast.Load)
        return ast.copy_location(Maybe(node), node) if there else node

    def visit_MatchValue(self, node: ast.MatchValue) -> ast.AST:
        return ast.copy_location(MatchNear(node), node) if self.kind == "MatchNear" else node


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unknown_kind_gives_its_function_up_with_a_notice(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    line, kind = UNKNOWN[name]
    tree = parse(TEXT.format(line))
    strange = tree.items[-1].place.unit.body[0]
    assert isinstance(strange, ast.AsyncFunctionDef)
    strange.body[1] = Replace(kind).visit(strange.body[1])
    monkeypatch.setattr(api, "parse", lambda text, memory, **_: tree)
    report = api.check(TEXT.format(line))
    assert [f.function for f in report.findings] == ["other"]
    assert [(n.kind, n.message) for n in report.notices] == [
        ("bound", f"strange is not judged: unknown syntax: {kind}")
    ]


def test_an_unknown_kind_at_the_top_level_is_a_notice_too(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "import asyncio\nwith x:\n    if t: pass\n    asyncio.current_task().result()\n"
    assert len(api.check(text).findings) == 1
    tree = parse(text)
    Replace("Unless").visit(tree.items[-1].place.unit.body[0])
    monkeypatch.setattr(api, "parse", lambda text, memory, **_: tree)
    assert [n.message for n in api.check(text).notices] == ["<module> is not judged: unknown syntax: Unless"]


def test_the_builder_names_what_it_does_not_know() -> None:
    function = function_of("if a: pass")
    function.node = Replace("Unless").visit(function.node)
    with pytest.raises(UnknownSyntax, match="Unless"):
        build(function)
