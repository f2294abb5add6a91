"""Where the statements of a text begin and end, found without parsing it.

A text is *cut* at each line that begins a statement at the margin (column 0, or the indentation of a class body):
a line there that does not go on with the statement before it (`else`, `elif`, `except`, `finally`, a closing bracket,
a comment). Decorators stay with what they decorate. One regular expression does this, knowing nothing of the lines
before, so it can start anywhere.

A cut can be wrong: the line may lie in a string or in brackets. Then the block before it ends too early.
`closing_cut` finds the true end with a small scanner of strings, comments, brackets and continuation lines.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from tooearly.model import Span

Cut = Callable[[str, int], int]
"""From a text and an offset in it to the offset of the next cut at or behind it, or the length of the text."""

_START = r"(?!(?:else|elif|except|finally)\b)(?=[^\s#)\]}])"
_NEXT = re.compile(r"\n" + _START)
_NEXT_CR = re.compile(r"[\r\n]" + _START)
_MARGIN = re.compile(r"[^\s#)\]}]")
_CONTINUES = re.compile(r"(?:else|elif|except|finally)\b")
_DECORATED = re.compile(r"\s*(?:@|(?:def|class|async)\b)")
_DECORATOR = re.compile(r"\s*@")
_WORDS = (
    r"(?:(?:def|class|import|return|while|try|with|assert|raise|del|global|nonlocal|pass|break|continue)\b"
    r"|async\s+(?:def|with)\b|from\s+[\w.]+\s+import\b)"
)
_STATEMENT_ONLY = re.compile(r"\s*" + _WORDS)
_TOKENS = r"""(?P<comment>\#[^\r\n]*)
    |(?P<triple>\"{3}|'{3})
    |(?P<string>"(?:[^"\\\r\n]|\\(?:\r\n|[\s\S]))*"?|'(?:[^'\\\r\n]|\\(?:\r\n|[\s\S]))*'?)
    |(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<join>\\(?:\r\n?|\n))"""
TOKEN = re.compile(_TOKENS + "|(?P<colon>:)", re.VERBOSE)
_TOKEN_OR_STATEMENT = re.compile(_TOKENS + r"|(?P<statement>[\r\n](?=[ \t]*" + _WORDS + "))", re.VERBOSE)
_INVERTED = re.compile(r"(?!(?:if|in|is|and|or|else|for|not|async)\b)\w")
_FEW_LINES = re.compile(r"(?:[^\r\n]*(?:\r\n?|\n)){4}")
_MOST_CROSSINGS = 1000


def margin_cut(text: str) -> Cut:
    """The cut at column 0, for a text with this kind of line ends."""
    pattern = _NEXT_CR if "\r" in text and text.count("\r") != text.count("\r\n") else _NEXT

    def cut(text: str, offset: int) -> int:
        match = pattern.search(text, offset)
        return match.end() if match else len(text)

    return cut


def body_cut(indent: str) -> Cut:
    """The cut at the line ends before the statements with this indentation."""
    pattern = re.compile(r"(?:\r\n?|\n)" + re.escape(indent) + _START)

    def cut(text: str, offset: int) -> int:
        match = pattern.search(text, offset)
        return match.start() if match else len(text)

    return cut


def is_cut(text: str, offset: int) -> bool:
    """Whether a block at the margin begins at this offset, or the text ends there."""
    if offset == 0 or offset == len(text):
        return True
    if text[offset - 1] not in "\n\r":
        return False
    return _MARGIN.match(text, offset) is not None and not _CONTINUES.match(text, offset)


def is_decorator(text: str, offset: int) -> bool:
    """Whether the line at the offset begins with a decorator."""
    return _DECORATOR.match(text, offset) is not None


def block_end(text: str, start: int, cut: Cut) -> int:
    """The end of the block that begins at `start`, as far as cuts and decorators tell."""
    end = cut(text, start + 1)
    while end < len(text) and _DECORATOR.match(text, start) and _DECORATED.match(text, end):
        start, end = end, cut(text, end + 1)
    return end


def looks_open(block: str) -> bool:
    """Whether a block probably ends within a string: a cheap question, asked of every block."""
    return bool(block.count('"""') & 1 or block.count("'''") & 1)


def closing_cut(text: str, start: int, end: int, cut: Cut) -> int | None:
    """The first cut from `end` on at which no string, bracket or line continuation of the block is open.

    None when there is none, or when it cannot be so: a line in open brackets begins with a word that only begins a
    statement, or a word follows upon three quotes, which then open a later string rather than close this one.
    """
    depth, offset, crossings, ran_on = 0, start, 0, False
    start = _decorated(text, start, end, cut)
    while crossings <= _MOST_CROSSINGS:
        match = _TOKEN_OR_STATEMENT.search(text, offset)
        while match is None or match.start() >= end:
            if depth == 0 and not (_DECORATOR.match(text, start) and _DECORATED.match(text, end)):
                return end
            if end == len(text) or (depth and _STATEMENT_ONLY.match(text, end)):
                return None
            if depth == 0:
                start = end
            ran_on = depth > 0
            end = cut(text, end + 1)
        offset = token_end(text, match)
        if match.lastgroup == "statement" and depth and offset < end:
            # A statement in brackets: they were left open. What lies behind a cut is not in them.
            if ran_on:
                return None
            depth = 0
        depth = max(depth + (match.lastgroup == "open") - (match.lastgroup == "close"), 0)
        if offset > end or (offset == end and match.lastgroup == "join"):
            crossings += 1
            end = cut(text, offset)
            if match.lastgroup == "join" and offset == len(text):
                return None
        if offset < 0 or (match.lastgroup == "triple" and _INVERTED.match(text, offset)):
            return None
    return None


def misread(text: str, start: int, end: int, repaired: list[Span]) -> bool:
    """Whether a block that grew beyond `end`, and is broken, grew for the wrong reason.

    The right reason is a string of several lines with an error somewhere else. The wrong one is a new pair of three
    quotes, which turns strings into code and code into strings: then the first lines behind the string are broken.
    """
    offset = start
    while match := TOKEN.search(text, offset):
        offset = token_end(text, match)
        if offset > end or offset < 0:
            break
    if match is None or match.lastgroup != "triple" or offset < 0:
        return True
    behind = _FEW_LINES.match(text, offset)
    window = Span(text.rfind("\n", 0, match.start()) + 1, behind.end() if behind else len(text))
    return any(span.touches(window) for span in repaired)


def _decorated(text: str, start: int, end: int, cut: Cut) -> int:
    """The start of what the decorators at `start` decorate, as far as it lies before `end`."""
    while _DECORATOR.match(text, start):
        following = cut(text, start + 1)
        if following >= end or not _DECORATED.match(text, following):
            break
        start = following
    return start


def token_end(text: str, match: re.Match[str]) -> int:
    """The end of a token; for three quotes, of the string that they open; -1 when it is not closed."""
    if match.lastgroup != "triple":
        return match.end()
    offset = match.end()
    while True:
        offset = text.find(match[0], offset)
        if offset < 0:
            return -1
        slashes = offset - 1
        while text[slashes] == "\\":
            slashes -= 1
        if (offset - 1 - slashes) % 2 == 0:
            return offset + 3
        offset += 1


def header_colon(text: str, start: int) -> int:
    """The offset of the colon that ends the header of the compound statement at `start`, or -1."""
    depth, offset = 0, start
    while match := TOKEN.search(text, offset):
        if match.lastgroup == "colon" and depth == 0:
            return match.start()
        depth += (match.lastgroup == "open") - (match.lastgroup == "close")
        offset = token_end(text, match)
        if offset < 0:
            break
    return -1
