"""Fix `suppress`: a comment that silences the finding on its line or in the whole file."""

from __future__ import annotations

import ast
import re

from tooearly.fixes.edit import line_end, line_start, newline
from tooearly.fixes.site import Site
from tooearly.model import Edit, Finding, Fix, Span
from tooearly.source.tree import Tree
from tooearly.suppress import suppressed

_HEAD = re.compile(r"\ufeff?(?:#![^\r\n]*(?:\r\n|\r|\n))?(?:[ \t\f]*#[^\r\n]*coding[:=][^\r\n]*(?:\r\n|\r|\n))?")
_DIRECTIVE = re.compile(r"#\s*tooearly:\s*ignore\s*\[([^\]#\r\n]*)\]")


def suppress_fixes(tree: Tree, finding: Finding, site: Site | None) -> tuple[Fix, ...]:
    """The comments that silence a finding: on its line, where one can stand there, and in the file."""
    here = _on_the_line(tree, finding, site)
    whole = _HEAD.match(tree.text)
    at = whole.end() if whole else 0
    text = f"# tooearly: ignore-file[{finding.code}]{newline(tree.text, at)}"
    file = Fix(f"Ignore `{finding.code}` in this file", "suppress", "display", (Edit(Span(at, at), text),))
    return (here, file) if here else (file,)


def _on_the_line(tree: Tree, finding: Finding, site: Site | None) -> Fix | None:
    """A comment at the end of the finding's line, else of the last line of its statement."""
    title = f"Ignore `{finding.code}` on this line"
    area = _statement(tree, finding, site)
    for end in (finding.span.end, area.end):
        edit = _comment(tree.text, line_end(tree.text, end), finding.code)
        if tree.text[: edit.span.start].endswith("\\"):
            continue  # no comment may stand behind a continuation
        after = tree.text[area.start : edit.span.start] + edit.content + tree.text[edit.span.end : area.end]
        row, last = (_row(tree.text, area.start, offset) for offset in (finding.span.start, finding.span.end))
        if suppressed(after).find(finding.code, row, last):
            return Fix(title, "suppress", "display", (edit,))
    return None


def _row(text: str, start: int, offset: int) -> int:
    return len(re.findall(r"\r\n?|\n", text[start:offset]))


def _statement(tree: Tree, finding: Finding, site: Site | None) -> Span:
    """The lines of the statement that reads; of a compound one, of its header."""
    start, end = finding.span.start, finding.span.end
    if site is not None:
        statement = site.path[site.statement]
        start, end = site.span(statement).start, site.span(statement).end
        body = getattr(statement, "body", None) or getattr(statement, "cases", None)
        if body:
            first = body[0].pattern if isinstance(body[0], ast.match_case) else body[0]
            end = max(finding.span.end, site.span(first).start)
    return Span(line_start(tree.text, start), line_end(tree.text, end))


def _comment(text: str, end: int, code: str) -> Edit:
    """The edit that adds the code to an ignore comment on the line, or adds a comment."""
    start = max(text.rfind("\n", 0, end), text.rfind("\r", 0, end)) + 1
    known = _DIRECTIVE.search(text, start, end)
    if known:
        codes = [one.strip() for one in known[1].split(",") if one.strip()]
        return Edit(Span(*known.span(1)), ", ".join((*codes, code)))
    bare = len(text[start:end].rstrip(" \t"))
    return Edit(Span(start + bare, end), f"  # tooearly: ignore[{code}]")
