"""Literate before/after cases of the fixes, and the examples of a rule's page.

A case is a `## ` heading (in a rule's page: any heading) with prose, a ```python block that reads too early, and for
each fix that is looked at

    After “TITLE”, which prints `OUTPUT`:      (or without the part on printing)

and the whole program after the fix in a ```python block. `No KIND: REASON` says that a kind is offered disabled, with
this reason; `Preferred: “TITLE”` which fix is marked. A program marked `run` is executed with its outcomes: before the
fix it must raise InvalidStateError (not with `quiet`), after it must not, and must print what is said. A program that
defines `main` and does not run it is run by `asyncio.run(main())`. Other words: `py311`, `py312`, `py313`, and `tabs`
(the case is also tried with tabs, CRLF, no final newline).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.literate import pieces

FOLDER = Path(__file__).parent / "cases"
AFTER = re.compile(r"After “(.+?)”(?:, which prints `(.*)`)?:$")
REFUSED = re.compile(r"No `?(\w+)`?: (.+)$")
PREFERRED = re.compile(r"Preferred: “(.+)”")


@dataclass(frozen=True, slots=True)
class After:
    """The program after one fix, and what it prints (None: not said)."""

    title: str
    text: str
    prints: str | None


@dataclass(slots=True)
class Case:
    """One program and what the fixes make of it."""

    path: Path
    heading: str
    row: int
    words: frozenset[str] = frozenset()
    prelude: str = ""
    text: str = ""
    after: list[After] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    preferred: str = ""

    @property
    def name(self) -> str:
        return f"{self.path.stem}: {self.heading}"

    @property
    def program(self) -> str:
        return self.prelude + self.text

    @property
    def oldest(self) -> tuple[int, int]:
        return max(((3, int(word[3:])) for word in self.words if re.fullmatch(r"py3\d+", word)), default=(3, 10))


def load(folder: Path = FOLDER) -> list[Case]:
    """All cases below a folder."""
    return [case for path in sorted(folder.glob("*.md")) for case in read(path)]


def read(path: Path) -> Iterator[Case]:
    """The cases of one file; ValueError where it breaks the format."""
    prelude, case, pending = "", Case(path, "", 0), ("", None)
    for kind, words, text, at in pieces(path.read_text(encoding="utf-8")):
        match kind, words.split():
            case "heading", _:
                yield from [case] if case.text else []
                case = Case(path, words, at)
            case "text", _:
                pending = _remark(case, text.strip()) or pending
            case "code", ["python", "prelude"]:
                prelude = text + "\n\n"
            case "code", ["python"] if pending[0]:
                case.after.append(After(pending[0], text, pending[1]))
                pending = ("", None)
            case "code", ["python", *rest] if case.text:
                raise ValueError(f"{path}:{at}: a second program under one heading")
            case "code", ["python", *rest]:
                case.words, case.text = frozenset(rest), text
                case.prelude = "" if "alone" in rest else prelude
    yield from [case] if case.text else []


def _remark(case: Case, line: str) -> tuple[str, str | None] | None:
    """Note what a line of prose says about the fixes; the title and output if a program is to follow."""
    if found := AFTER.match(line):
        return found[1], found[2]
    if found := REFUSED.match(line):
        case.refused.append((found[1], found[2]))
    elif found := PREFERRED.match(line):
        case.preferred = found[1]
    return None


def rewrite(case: Case, after: After, text: str) -> None:
    """Put the text that a fix gives into its block of the file. The rows may have moved since the file was read."""
    lines = case.path.read_text(encoding="utf-8").splitlines(keepends=True)
    at = lines.index(f"## {case.heading}\n")
    at = next(row for row in range(at, len(lines)) if lines[row].startswith(f"After “{after.title}”"))
    first = next(row for row in range(at, len(lines)) if lines[row].startswith("```python")) + 1
    last = next(row for row in range(first, len(lines)) if lines[row].startswith("```"))
    lines[first:last] = text.splitlines(keepends=True)
    case.path.write_text("".join(lines), encoding="utf-8")
