"""A tree is the same however its text came about, and no text makes the parser raise."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.source.trees import tree_shape
from tooearly.source.tree import ParseMemory, parse

BASE = '''\
"""A module."""
import asyncio

@decorator
async def first(a, b=(1,
        2)):
    """Do
it."""
    t = asyncio.create_task(a())
    if t.done():
        print(f"{t.result()} {b}")
    return t

x = {
"a": 1,
}

class C(Base):
    """A class.

    Of two lines."""
    field: int = 3

    def one(self):
        """One."""
        return self.field.x()

    @property
    def two(self):
        s = """
text
"""
        return s.strip()

    alias = one

    async def three(self): await x

try:
    y = first()
except ValueError:
    pass
else:
    z = """a
b""".join(x)
'''

FRAGMENTS = [
    '"""',
    "'''",
    '"',
    "'",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ":",
    "\\",
    "\\\n",
    "#",
    "@",
    "@x\n",
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    "    ",
    "        ",
    " ",
    "\t",
    "\x0c",
    "\u2028",
    "\x85",
    "\x00",
    "\ud800",
    "\ufeff",
    "💥",
    "é",
    "def f():\n",
    "class D:\n",
    "else:\n",
    "    def g(self):\n",
    "async ",
    "await ",
    "return",
    "if x:",
    "try:\n",
    "finally:\n",
    "x = 1\n",
    "foo",
    "\nfoo\n",
    "\n    foo\n",
    "f'{a}'",
    "f'''{\na}'''",
    "import os\n",
    "pass\n",
    "lambda: (",
    "=",
    ".result()",
    "match x:\n",
    "    case 1:\n        pass\n",
    "print 1",
]

edit = st.tuples(st.integers(0, 2**16), st.integers(0, 12), st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=3)))


def edited(text: str, start: int, length: int, new: str) -> str:
    start %= len(text) + 1
    return text[:start] + new + text[start + length :]


@given(st.lists(edit, min_size=1, max_size=8))
@settings(max_examples=100, deadline=None)
def test_edits_one_after_another_give_the_tree_of_a_fresh_parse(edits: list[tuple[int, int, str]]) -> None:
    text, memory = BASE, ParseMemory()
    parse(text, memory)
    for start, length, new in edits:
        text = edited(text, start, length, new)
        tree = parse(text, memory)
        assert tree_shape(tree) == tree_shape(parse(text))
        assert "".join(item_text(item) for item in tree.items) == text
        assert len({place.unit.syntax for place in tree.places()}) == len(list(tree.places()))


@pytest.mark.parametrize("seed", range(4))
def test_long_series_of_random_edits(seed: int) -> None:
    chooser = random.Random(seed)
    text, memory = BASE, ParseMemory()
    for count in range(80):
        if count % 25 == 24:
            text = BASE if chooser.random() < 0.5 else text + BASE
        text = edited(text, chooser.randrange(2**16), chooser.choice([0, 0, 1, 2, 20]), chooser.choice(FRAGMENTS))
        assert tree_shape(parse(text, memory)) == tree_shape(parse(text)), repr(text)


@given(st.text())
@settings(max_examples=100, deadline=None)
def test_any_text_has_a_tree(text: str) -> None:
    tree = parse(text)
    assert "".join(item_text(item) for item in tree.items) == text


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=30))
@settings(max_examples=100, deadline=None)
def test_any_mixture_of_python_has_a_tree(fragments: list[str]) -> None:
    text = "".join(fragments)
    tree = parse(text)
    for place in tree.places():
        for span in place.unit.repaired:
            assert 0 <= span.start <= span.end <= len(place.unit.text)


def item_text(item: object) -> str:
    """The text of an item, put together from its units."""
    place, members = item  # type: ignore[misc]
    start = place.start
    text = place.unit.text
    for member in members:
        if member.start - start >= len(text):
            text += member.unit.text
        else:
            assert text[member.start - start :].startswith(member.unit.text)
    return text


def test_a_unit_is_the_same_object_while_its_text_is_unchanged() -> None:
    memory = ParseMemory()
    before = {place.unit.text: place.unit for place in parse(BASE, memory).places()}
    after = parse(BASE.replace("self.field.x()", "self.field.y("), memory)
    changed = [place.unit for place in after.places() if before.get(place.unit.text) is not place.unit]
    assert [unit.text.split("(")[0].strip() for unit in changed if unit.text.startswith("\n")] == ["def one"]
    back = parse(BASE, memory)
    assert all(before[place.unit.text] is place.unit for place in back.places())


def test_two_equal_texts_are_two_units() -> None:
    memory = ParseMemory()
    tree = parse("def f():\n    pass\n" * 3, memory)
    assert len({place.unit for place in tree.places()}) == 3
    tree = parse("x = 1\n" + "def f():\n    pass\n" * 4, memory)
    assert len({place.unit for place in tree.places()}) == 5


TYPED = [
    "    x = call(a, [b",
    "# f(\n",
    "    # one '''two",
    '        print(f"{x',
    "s += '#",
    "    '''a\n#b",
    "\\\n # c",
    "pass ",
]


@pytest.mark.parametrize("seed", range(3))
def test_typing_character_by_character_gives_the_tree_of_a_fresh_parse(seed: int) -> None:
    chooser = random.Random(seed)
    memory, copies = ParseMemory(), [BASE, BASE + BASE.replace("first", "second"), BASE * 2]
    text = copies[seed % 3]
    for _ in range(12):
        lines = text.splitlines(keepends=True)
        row = chooser.randrange(len(lines) + 1)
        at = len("".join(lines[:row])) + chooser.choice([0, 0, 1, 4, 9])
        for char in chooser.choice(TYPED):
            text, at = text[:at] + char + text[at:], at + 1
            tree = parse(text, memory)
            assert tree_shape(tree) == tree_shape(parse(text)), repr(text)
            assert len({place.unit.syntax for place in tree.places()}) == len(list(tree.places()))
        if chooser.random() < 0.3:
            text = chooser.choice(copies)


def syntaxes(typed: str, before: str, after: str) -> list[object]:
    """The syntax of a text's last unit after each character that is typed into it."""
    memory, found = ParseMemory(), []
    for length in range(len(typed) + 1):
        tree = parse(before + typed[:length] + after, memory)
        assert tree_shape(tree) == tree_shape(parse(tree.text))
        found.append([*tree.places()][-1].unit.syntax)
    return found


def test_the_syntax_is_the_same_while_a_line_is_half_typed() -> None:
    found = syntaxes("call(a, [b", "def f():\n    x = ", "\n    return g()\n")
    assert len(set(found[5:])) == 1
    assert found[4] is not found[5]
    found = syntaxes("call(a, [b", "class C:\n    def f(self):\n        x = ", "\n        return g()\n")
    assert len(set(found[5:])) == 1


def test_the_syntax_is_the_same_while_a_comment_is_typed() -> None:
    found = syntaxes('# of f(x): ["', 'def f():\n    """one\n    # two"""\n    ', "\n    return f\n")
    assert len(set(found[1:])) == 1
    found = syntaxes("abc", 'def f():\n    """one\n    #', '"""\n    return f\n')
    assert len(set(found)) == len(found)
    found = syntaxes("abc", 'def f():\n    return """\\\n#', '"""\n')
    assert len(set(found)) == len(found)
