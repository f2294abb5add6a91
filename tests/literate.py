"""Literate cases: Markdown files whose programs carry their expected findings as comments.

A file holds one case per `## ` heading. A case has prose, one ```python block (the program) and marks at the ends
of its lines:

    # error: [result-before-done]                     a finding (error or warning) starts in the read on this line
    # error: always [result-before-done] "running"    ... of this certainty, with these words in its message
    # information: [result-before-done]               the same for severity "information"
    # handled                                         the read raises InvalidStateError and the program means it
    # order                                           safe only by the stock loop's order: either answer will do
    # state: task=done other=maybe                    what `Report.states()` says after this line

Marks can follow one another; two `# error` marks on a line ask for two findings. No mark: nothing may be reported.
The marks are taken out of the program before it is analysed.

Words after ```python: `run` (the program is executed, see `recorder.py`), `py311`, `py312`, `py313` (the oldest
interpreter that knows what it uses), `alone` (the prelude of the file is left out). A line `Gap: REASON` before the
program says that the analysis does not give these marks yet; CPython must. A ```python prelude block before
the first heading is put in front of every program of the file. A ```toml block before the program holds settings.
A ```python block after a paragraph `After “TITLE”:` is the whole program (without prelude) after the fix of that title.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDER = Path(__file__).parent / "cases"
READS = ("result", "exception")
MARK = re.compile(r"\s*#\s*(error:|information:|handled\b|order\b|state:)\s*([^#\n]*)")
MARKS = re.compile(r"(\s*#\s*(?:error:|information:|handled\b|order\b|state:)[^#\n]*)+$", re.MULTILINE)
EXPECTED = re.compile(r'(?:(always|possible)\s+)?\[([\w-]+)\](?:\s+"(.*)")?\s*$')
AFTER = re.compile(r"After “(.+)”:$")


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark: `row` counts from 1 in the whole program; `words` are the message part or the states."""

    row: int
    kind: str
    certainty: str = ""
    code: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Fixed:
    """The program (without prelude) that the fix `title` must give; `first`..`last` are its rows in the file."""

    title: str
    text: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Case:
    """One heading of a file. `program` is prelude and block without marks, `prelude` the number of its first rows.

    `gap` is why the analysis does not give the marks yet; empty for a case that it must pass.
    """

    path: Path
    heading: str
    row: int
    words: frozenset[str]
    program: str
    prelude: int
    marks: tuple[Mark, ...]
    settings: dict[str, object] = field(default_factory=dict)
    gap: str = ""
    fixed: tuple[Fixed, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.path.stem}: {self.heading}"

    @property
    def oldest(self) -> tuple[int, int]:
        """The oldest interpreter that can run the program."""
        return max(((3, int(word[3:])) for word in self.words if re.fullmatch(r"py3\d+", word)), default=(3, 10))

    def rows(self, *kinds: str) -> set[int]:
        """Where marks of these kinds stand, each as the first row of its read."""
        first = read_rows(self.program)
        return {first.get(mark.row, mark.row) for mark in self.marks if mark.kind in kinds}


def load(folder: Path = FOLDER) -> list[Case]:
    """All cases below `folder`, in order of file and heading; ValueError for a file that breaks the format."""
    return [case for path in sorted(folder.rglob("*.md")) for case in read(path)]


def read(path: Path) -> Iterator[Case]:
    """The cases of one file."""
    prelude, heading, row, pending, gap = "", "", 0, "", ""
    settings: dict[str, object] = {}
    made: list[Case] = []
    seen: set[str] = set()
    for kind, words, text, at in pieces(path.read_text(encoding="utf-8")):
        match kind, words.split():
            case "heading", _:
                yield from made
                if words in seen:
                    raise ValueError(f"{path}:{at}: a second case named {words!r}")
                seen.add(words)
                heading, row, settings, made, pending = words, at, {}, [], ""
                gap = ""
            case "text", _ if text.startswith("Gap:"):
                if not heading or made or not (gap := text.removeprefix("Gap:").strip()):
                    raise ValueError(f"{path}:{at}: `Gap: REASON` stands before the program of a case")
            case "text", _:
                pending = found[1] if (found := AFTER.match(text.strip())) else pending
            case "code", ["toml"]:
                settings = tomllib.loads(text)
            case "code", ["python", "prelude"]:
                prelude = text + "\n\n"
            case "code", ["python"] if pending and made:
                made = [replace(made[0], fixed=(*made[0].fixed, Fixed(pending, text, at + 1, at + text.count("\n"))))]
                pending = ""
            case "code", ["python", *rest] if heading and not made:
                before = "" if "alone" in rest else prelude
                made = [program(Case(path, heading, row, frozenset(rest), "", 0, (), settings, gap), before, text)]
            case _:
                raise ValueError(f"{path}:{at}: a block that has no place here")
    yield from made


def pieces(text: str) -> Iterator[tuple[str, str, str, int]]:
    """`(kind, words, text, row)` for headings, lines of text and fenced blocks; the row of a block is its fence."""
    fence, words, block = 0, "", ""
    for row, line in enumerate(text.splitlines(keepends=True), 1):
        if fence and line.rstrip() == "```":
            yield "code", words, block, fence
            fence = 0
        elif fence:
            block += line
        elif line.startswith("```"):
            fence, words, block = row, line[3:].strip(), ""
        elif line.startswith("## "):
            yield "heading", line[3:].strip(), "", row
        elif line.strip() and not line.startswith("# "):
            yield "text", "", line, row
    if fence:
        raise ValueError(f"a block opened on line {fence} is never closed")


def program(case: Case, prelude: str, block: str) -> Case:
    """The case with its program and marks."""
    marks = tuple(mark for at, line in enumerate((prelude + block).split("\n"), 1) for mark in marks_of(at, line))
    return replace(case, program=unmarked(prelude + block), prelude=prelude.count("\n"), marks=marks)


def marks_of(row: int, line: str) -> Iterator[Mark]:
    """The marks at the end of one line."""
    tail = MARKS.search(line)
    for found in MARK.finditer(tail[0]) if tail else ():
        kind, words = found[1].rstrip(":"), found[2].strip()
        if kind not in ("error", "information"):
            yield Mark(row, kind, words=words)
        elif (expected := EXPECTED.match(words)) is None:
            raise ValueError(f"not a mark: {line.strip()}")
        else:
            yield Mark(row, kind, expected[1] or "", expected[2], expected[3] or "")


def unmarked(text: str) -> str:
    """The text without its marks; rows stay."""
    return MARKS.sub("", text)


def read_rows(text: str) -> dict[int, int]:
    """For each row of a call of `result` or `exception` that runs over several rows, its first row.

    A finding, a mark and a traceback may name different rows of one call; this makes them comparable.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return {}
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and is_read(node.func)]
    rows: dict[int, int] = {}
    for call in sorted(calls, key=lambda node: (node.end_lineno or node.lineno) - node.lineno):
        for row in range(call.lineno, (call.end_lineno or call.lineno) + 1):
            rows.setdefault(row, call.lineno)
    return rows


def is_read(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in READS
