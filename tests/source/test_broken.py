"""What is left of a broken block, and texts that the parser refuses."""

from __future__ import annotations

import ast
import gc
import threading
import warnings

import pytest

from tooearly.source.tree import ParseMemory, Tree, parse

FUNCTION = """\
async def first(task):
    await one(task)
    {line}
        task.inner()
    task.result()


def second(task):
    task.exception()
"""


def calls(tree: Tree) -> dict[str, str]:
    """The text of each call of an attribute outside the rewritten lines, and the function it is in."""
    found = {}
    for place in tree.places():
        for top in place.unit.body:
            for node in ast.walk(top):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    span = place.unit.span(node)
                    if not place.unit.is_repaired(span):
                        found[tree.text[place.start + span.start : place.start + span.end]] = getattr(top, "name", "")
    return found


@pytest.mark.parametrize(
    "line",
    [
        "if task.done(",
        "if x",
        "if x == :",
        "for t in",
        "while not t.",
        "with open('a",
        'with open("""a:',
        "async with a.b( as c:",
        "def inner(a, b",
        "class Inner(",
        "else:",
        "x = [",
        "x = ",
        "try",
        "try:",
        "match x",
        "if x: # (",
        "return (1",
        "lambda",
        "@",
        "@x",
        "f'{",
        "\\",
        "é = 'ü",
        "type X = int; type Y[T",
        "print 'a'",
    ],
)
def test_the_rest_of_the_function_keeps_its_place(line: str) -> None:
    found = calls(parse(FUNCTION.format(line=line)))
    assert found["task.result()"] == "first"
    assert found["task.exception()"] == "second"
    assert found.get("task.inner()", "first") == "first"


@pytest.mark.parametrize("word", ["foo", "foo(", "x = ", "1 +"])
def test_a_word_at_the_margin_does_not_cut_a_function(word: str) -> None:
    text = f"def f(t):\n    a()\n{word}\n    t.result()\n\n\ndef g(t):\n    t.exception()\n"
    tree = parse(text)
    assert calls(tree) == {"t.result()": "f", "t.exception()": "g"}
    assert tree.items[0].place.unit.error is not None
    again = parse(text.replace(word + "\n", ""), ParseMemory())
    assert again.items[0].place.unit.error is None


def test_a_word_at_the_margin_of_a_class_does_not_cut_a_method() -> None:
    text = (
        "class C:\n    def f(self, t):\n        a()\n    foo\n        t.result()\n\n"
        "    def g(self, t):\n        t.x()\n"
    )
    tree = parse(text)
    assert calls(tree) == {"t.result()": "f", "t.x()": "g"}
    assert [len(item.members) for item in tree.items] == [2]


def test_an_open_string_takes_one_function_only() -> None:
    text = (
        'def f(t):\n    t.result()\n    """\n    t.inner()\n\n\n'
        'def g(t):\n    """Doc.\n\n    More."""\n    t.exception()\n'
    )
    assert calls(parse(text))["t.exception()"] == "g"
    assert calls(parse(text))["t.result()"] == "f"


def test_a_broken_method_leaves_the_class_whole() -> None:
    text = (
        "class C:\n    x: int = 1\n\n    def f(self):\n        self.a(\n\n"
        "    def g(self):\n        self.b()\n\n    y = f\n"
    )
    (item,) = parse(text).items
    header = item.place.unit.body[0]
    assert isinstance(header, ast.ClassDef)
    assert item.place.unit.error is None
    assert [type(node).__name__ for node in header.body] == ["AnnAssign", "Assign"]
    assert [member.unit.error is None for member in item.members] == [False, True]


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "(" * 5000,
        "x = " + "-" * 20_000 + "1",
        "x" + ".a" * 20_000,
        "x = " + "1 if a else " * 5000 + "1",
        "".join(" " * depth + "if x:\n" for depth in range(200)),
        "x = " + "9" * 100_000,
        "x = (\n" * 500,
        "\\\n" * 500,
        "def f():\n    a\n" + "foo\n    b\n" * 100,
        "@a\n" * 500,
        '"""' * 501,
        "\x00",
        "\ud800",
        "\ufeff",
        "\ufeff\ufeff",
        "x = '\x00'\n",
    ],
    ids=lambda text: repr(text[:12]),
)
def test_texts_that_the_parser_refuses_do_no_harm(text: str) -> None:
    tree = parse(text + "\n\ndef last(t):\n    t.result()\n")
    assert calls(tree).get("t.result()") == "last"


def test_a_byte_order_mark_moves_nothing() -> None:
    tree = parse("\ufeffé.result()\n")
    assert list(calls(tree)) == ["é.result()"]


def test_warnings_of_the_parser_are_neither_shown_nor_errors() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("error")
        tree = parse("x = '\\d'\ny = 1if x else 2\n")
        assert [place.unit.error for place in tree.places()] == [None, None]
    assert caught == []


def test_the_collector_is_left_as_it_was() -> None:
    assert gc.isenabled()
    threads = [threading.Thread(target=parse, args=("def f(): pass\n" * 200,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    parse("(")
    assert gc.isenabled()
