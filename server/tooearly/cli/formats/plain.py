"""The formats that people read: `text`, with the source line and the reason, and `concise`, one line a finding.

Source lines are shown as they are, but for tabs, which become four spaces, and control characters, which a terminal
would obey and which become their pictures. Carets count the cells a character takes, so they stand right under wide
characters and combining accents.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from tooearly.cli.formats.outcome import Outcome
from tooearly.cli.results import Placed, Source
from tooearly.model import Fix, Related

TAB = 4
COLORS = {"error": "1;31", "warning": "1;33", "information": "1;36", "path": "1", "frame": "34", "fix": "32"}


def text(outcome: Outcome) -> str:
    """Each finding with its line, its reason and the fixes on offer, then a summary."""
    blocks = ["\n".join(_block(found, outcome.color)) + "\n" for found in outcome.findings]
    return "\n".join([*blocks, summary(outcome) + "\n"])


def concise(outcome: Outcome) -> str:
    """One line a finding, then a summary."""
    lines = [_head(found, outcome.color) for found in outcome.findings]
    return "".join(f"{line}\n" for line in [*lines, summary(outcome)])


def summary(outcome: Outcome) -> str:
    """What was found, in one sentence."""
    count = len(outcome.findings)
    files = len({found.source.path for found in outcome.findings})
    found = f"Found {_number(count, 'finding')} in {_number(files, 'file')}"
    fixable = sum(any(_automatic(fix) for fix in found.finding.fixes) for found in outcome.findings)
    if outcome.fixed:
        return f"Fixed {_number(outcome.fixed, 'finding')}, " + (f"{count} left." if count else "none left.")
    if not count:
        return f"Nothing found in {_number(len(outcome.results), 'file')}."
    return f"{found}; {fixable} can be fixed with --fix." if fixable and not outcome.fixing else f"{found}."


def paint(text: str, color: str, on: bool) -> str:
    """Text in a colour of `COLORS`, or as it is."""
    return f"\x1b[{COLORS[color]}m{text}\x1b[0m" if on else text


def shown(line: str) -> str:
    """A source line as a terminal may show it."""
    return "".join(map(_visible, line))


def _automatic(fix: Fix) -> bool:
    return not fix.disabled and bool(fix.edits) and fix.applicability == "safe" and fix.preferred


def _number(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def _head(found: Placed, color: bool) -> str:
    finding, where = found.finding, found.location
    place = paint(f"{shown(found.source.path)}:{where.row}:{where.column}", "path", color)
    return f"{place}: {paint(finding.severity, finding.severity, color)}[{finding.code}] {shown(finding.message)}"


def _block(found: Placed, color: bool) -> Iterator[str]:
    where = found.location
    width = len(str(where.row))
    margin = " " * width + paint(" |", "frame", color)
    severity = found.finding.severity
    yield _head(found, color)
    yield margin
    line = found.source.line(where.row)
    yield f"{paint(f'{where.row} |', 'frame', color)} {shown(line)}".rstrip()
    end = where.end_column - 1 if where.end_row == where.row else len(line.rstrip())
    start = _cells(line[: where.column - 1])
    carets = "^" * max(_cells(line[: max(end, where.column)]) - start, 1)
    yield f"{margin} {' ' * start}{paint(carets, severity, color)}" + ("..." if where.end_row > where.row else "")
    for related in found.finding.related:
        yield f"{' ' * width} {paint('-', 'frame', color)} {_step(related, found.source)}"
    for fix in found.finding.fixes:
        if not fix.disabled and fix.kind != "suppress":
            yield f"{' ' * width} {paint('=', 'frame', color)} {paint('fix', 'fix', color)}: {_offer(fix)}"


def _step(related: Related, source: Source) -> str:
    where = related.path or f"line {source.location(related.span).row}"
    return f"{shown(where)}: {shown(related.message)}"


def _offer(fix: Fix) -> str:
    notes = [fix.kind]
    if fix.applicability != "safe":
        notes.append(fix.applicability)
    if fix.preferred:
        notes.append("preferred")
    return f"{shown(fix.title)} ({', '.join(notes)})"


def _visible(char: str) -> str:
    code = ord(char)
    if char == "\t":
        return " " * TAB
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if code > 0x7F and unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
        return "\ufffd"
    return char


def _cells(text: str) -> int:
    """How many cells of a terminal the text takes when shown."""
    if text.isascii():
        return len(text) + (TAB - 1) * text.count("\t")
    return sum(map(_width, shown(text)))


def _width(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1
