"""Fixes in code that nobody wrote for them: the standard library, its method calls taken as reads that are too early.

Every function is made async and every call of a method without arguments becomes `result()` or `exception()`. The
programs make no sense, but they hold whatever can stand around a read. Each fix that is offered must compile, keep all
comments, and leave the text outside of its edits alone; nothing may raise.
"""

from __future__ import annotations

import ast
import io
import random
import re
import sysconfig
import tokenize
import warnings
from collections import Counter
from pathlib import Path

import pytest

from tests.fixes.forced import forced
from tooearly.config import Settings
from tooearly.fixes import apply, offer
from tooearly.source.tree import parse

LIBRARY = Path(sysconfig.get_path("stdlib"))
MODULES = (
    "asyncio/locks.py",
    "asyncio/streams.py",
    "asyncio/taskgroups.py",
    "concurrent/futures/_base.py",
    "gzip.py",
    "logging/handlers.py",
    "multiprocessing/synchronize.py",
    "sched.py",
    "selectors.py",
    "shelve.py",
    "socketserver.py",
    "tempfile.py",
    "types.py",
    "wsgiref/handlers.py",
)
READS = 5


def sprinkled(text: str, choice: random.Random) -> str:
    """The text with async functions only, and reads in place of all method calls without arguments."""
    text = re.sub(r"^([ \t]*)def ", r"\1async def ", text, flags=re.MULTILINE)
    lines = [line.encode() for line in io.StringIO(text, newline="").readlines()]
    spots = [
        (node.func.end_lineno or 1, node.func.end_col_offset or 0, node.func.attr.encode())
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.args and not node.keywords
    ]
    for row, column, name in sorted(spots, reverse=True):
        line = lines[row - 1]
        if line[column - len(name) : column] == name:
            method = choice.choice([b"result", b"result", b"exception"])
            lines[row - 1] = line[: column - len(name)] + method + line[column:]
    return b"".join(lines).decode()


def comments(text: str) -> Counter[str]:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return Counter(token.string for token in tokens if token.type == tokenize.COMMENT)


def compiles(text: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(text, "<test>", "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            return False
    return True


@pytest.mark.parametrize("module", MODULES)
def test_every_offered_fix(module: str) -> None:
    path = LIBRARY / module
    if not path.exists():
        pytest.skip(f"this Python has no {module}")
    choice = random.Random(module)
    text = sprinkled(path.read_text(encoding="utf-8"), choice)
    if not compiles(text):
        pytest.skip("with async functions it does not compile")
    tree = parse(text)
    reads = forced(tree)
    assert reads
    said = comments(text)
    for read in choice.sample(reads, min(READS, len(reads))):
        for fix in offer(tree, read, reads, Settings()):
            if fix.disabled:
                assert "compile" not in fix.disabled, (fix.title, text[read.span.start - 80 : read.span.end + 80])
                continue
            after = apply(text, fix.edits)
            assert compiles(after), (fix.title, text[read.span.start - 80 : read.span.end + 80])
            assert fix.kind == "suppress" or comments(after) == said, fix.title
            assert untouched(text, after, fix.edits[0].span.start, fix.edits[-1].span.end), fix.title


def untouched(before: str, after: str, start: int, end: int) -> bool:
    """Whether the text before the first and behind the last edit is the same."""
    return after.startswith(before[:start]) and after.endswith(before[end:])
