"""The one call into CPython's parser: quiet, without the garbage collector, and failing in one way only.

Warnings: the parser warns about such things as invalid escapes through the `warnings` module, and with `-W error`
these become syntax errors. Turning warnings off around a call is not safe with several threads, so one narrow filter
is put in front: it ignores warnings about the file name `<tooearly>`, which only this module uses. It is looked for
before each parse, because test runners put back older lists of filters.

Garbage collection: building a tree makes tens of thousands of objects that are all still alive, so each collection
it sets off is wasted work. `parsing()` switches the collector off for the length of one parse.
"""

from __future__ import annotations

import ast
import gc
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_FILE = "<tooearly>"
_PATTERN = re.escape(_FILE)
_FILTER = ("ignore", None, Warning, re.compile(_PATTERN), 0)


@contextmanager
def parsing() -> Iterator[None]:
    """Within this block the parser is quiet and the garbage collector rests (unless it was off before)."""
    if not warnings.filters or warnings.filters[0] != _FILTER:
        warnings.filterwarnings("ignore", module=_PATTERN)
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def statements(source: str) -> list[ast.stmt]:
    """The statements of a module. Raises SyntaxError, and nothing else, when there is no tree for the text."""
    try:
        module = compile(source, _FILE, "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
    except SyntaxError:
        raise
    except (ValueError, OverflowError) as error:
        raise SyntaxError(str(error)) from None
    except (RecursionError, MemoryError):
        raise SyntaxError("too deeply nested for the parser") from None
    assert isinstance(module, ast.Module)
    return module.body


_SURROGATE = re.compile("[\ud800-\udfff]")


def parsable(text: str) -> str:
    """The text with what the parser refuses even in comments replaced, character by character.

    A null or a lone surrogate becomes a character that is an error in code but not in a string or a comment. A byte
    order mark at the start becomes a form feed, which leaves the indentation at 0.
    """
    if text.startswith("\ufeff"):
        text = "\x0c" + text[1:]
    if "\x00" in text:
        text = text.replace("\x00", "\x01")
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            text = _SURROGATE.sub("\ufffd", text)
    return text
