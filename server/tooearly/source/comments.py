"""Typing in a comment changes no syntax, and costs no parse: how that is told from two texts.

Both texts differ within one line, which begins with a hash sign in both. In the old text that line is not within a
string, as its tree shows; what stands before it is the same, so it is no string in the new one either, and the
tokenizer passes over it both times. (A comment that stands behind code is not looked at: it costs a parse.)
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from tooearly.source.lines import common_head, common_tail, line_ends

_COMMENT = re.compile(r"[ \t]*#[^\r\n]*")


def is_same_code(old: str, new: str, body: Iterable[ast.stmt]) -> bool:
    """Whether the new text has the same tree as the old one, which `body` was made of, at the same positions."""
    head = common_head(old, new)
    start = max(old.rfind("\n", 0, head), old.rfind("\r", 0, head)) + 1
    before, after = _COMMENT.match(old, start), _COMMENT.match(new, start)
    if before is None or after is None or before.end() < head or after.end() < head:
        return False
    rest = common_tail(old, new, min(len(old), len(new)) - start)
    return (
        len(old) - rest <= before.end()
        and len(new) - rest <= after.end()
        and not _is_in_string(body, line_ends(old[:start]) + 1)
    )


def _is_in_string(body: Iterable[ast.AST], line: int) -> bool:
    """Whether a string that began above reaches over a line."""
    stack = [*body]
    while stack:
        node = stack.pop()
        first, last = getattr(node, "lineno", None), getattr(node, "end_lineno", None)
        if first is not None and last is not None and not first <= line <= last:
            stack += getattr(node, "decorator_list", ())
        elif isinstance(node, ast.JoinedStr | ast.Constant):
            return True
        else:
            stack += ast.iter_child_nodes(node)
    return False
