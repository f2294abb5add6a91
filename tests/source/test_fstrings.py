"""The range of every expression inside an f-string reads as that expression, on every version of Python."""

from __future__ import annotations

import ast

import pytest

from tests.source.trees import library_files, library_texts
from tooearly.source.tree import parse

STRINGS = [
    'f"{a.b}"',
    'f"a {a} {a!r:>{w}} {{x}} {b=} {c = !r:^{d}{e.f}}"',
    '(f"""é {é.b}\n  {q.r()} {\n  z\n }\n""" "lit {no}" f\'{y[1:2]} {z["a"]}\' rf"\\{m}\\d{n}")',
    "f\"{f'{a.b:{c.d}}'}\"",
    'f"{(lambda x: x)(3)} {x!r} {a != b} {a == b:x} {a<=b}"',
    'f"\\N{EN DASH}{a}\\x41{b}"',
    'f"{a, b} {*c, d}"',
    'f"{ {1:2}[1] } {[i for i in y]} {call(x)}"',
    'f"x {x} x+y {x+y} {x}{x}"',
    "f\"{'a' 'b'} {'}'} {':'}\"",
    "f'''{a\n.b}'''",
    'print(f"é{t.result()} 💥 {u.result()}", f"{v}")',
    'log("a %s"\n  f"{x.result()}" # c {no}\n  "b" \\\n  F"{y.result()} {x.result()}")',
    "f'{x:{\"a\"}>{10}} {x:%H:%M} {x!r:}'",
    'f\'{a["b"]:{c["d"]}}\'',
    "rf'\\{a}\\{{b}}'",
]
AROUND = ["{}", "def f():\n    if x:\n        return {}", "class A:\n    é = 1\n    def f(self):\n        a = {}\n"]


def expressions(text: str) -> list[tuple[str, ast.expr]]:
    """Each expression in a replacement field, with the text of its range."""
    found = []
    for place in parse(text).places():
        assert place.unit.error is None, text
        for top in place.unit.body:
            for field in ast.walk(top):
                if isinstance(field, ast.FormattedValue):
                    for node in ast.walk(field.value):
                        if isinstance(node, ast.expr) and not _has_no_text(node):
                            span = place.span(node)
                            found.append((text[span.start : span.end], node))
    return found


def _has_no_text(node: ast.expr) -> bool:
    """Parts of f-strings that are not expressions in the source."""
    is_part = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return is_part or isinstance(node, (ast.FormattedValue, ast.JoinedStr, ast.Slice, ast.Starred))


def dump(node: ast.AST) -> str:
    return ast.dump(node).replace("Store()", "Load()")


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("string", STRINGS)
def test_ranges_read_as_the_expression(string: str, around: str) -> None:
    for source, node in expressions(around.format(string)):
        assert dump(ast.parse(f"({source}\n)", mode="eval").body) == dump(node)


def test_ranges_in_the_standard_library() -> None:
    compared = 0
    for path, text in library_texts(library_files()[::5]):
        if ('f"' not in text and "f'" not in text) or "test" in str(path):
            continue
        for source, node in expressions(text):
            compared += 1
            assert dump(ast.parse(f"({source}\n)", mode="eval").body) == dump(node), (path, source)
    assert compared > 300
