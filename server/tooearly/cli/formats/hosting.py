"""The formats of the places that run checks: `github`, `gitlab` and `junit`.

- github: workflow commands (docs.github.com, "Workflow commands for GitHub Actions"), one a finding, shown at the line
  in a pull request.
- gitlab: a Code Quality report (docs.gitlab.com, "Code Quality report format"), an array of issues; the fingerprint
  stays the same when lines move, because it is made of the file, the rule and the text of the line.
- junit: the XML that most build servers read; one test case a file or finding.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from tooearly.cli.formats.outcome import Outcome
from tooearly.cli.results import Placed
from tooearly.rules.links import url

_GITHUB_LEVELS = {"error": "error", "warning": "warning", "information": "notice"}
_GITLAB_LEVELS = {"error": "major", "warning": "minor", "information": "info"}


def github(outcome: Outcome) -> str:
    """One workflow command a finding."""
    return "".join(_command(found) + "\n" for found in outcome.findings)


def gitlab(outcome: Outcome) -> str:
    """The findings as one array of Code Quality issues."""
    seen: Counter[str] = Counter()
    return json.dumps([_issue(found, seen) for found in outcome.findings], indent=2) + "\n"


def junit(outcome: Outcome) -> str:
    """One test suite a file: a failure for each finding, or one case that passed."""
    lines = ['<?xml version="1.0" encoding="utf-8"?>']
    total = f'tests="{max(len(outcome.findings), 1)}" failures="{len(outcome.findings)}" errors="0"'
    lines.append(f'<testsuites name="tooearly" {total}>')
    by_path: dict[str, list[Placed]] = {}
    for found in outcome.findings:
        by_path.setdefault(found.source.path, []).append(found)
    for path, group in by_path.items():
        count = len(group)
        lines.append(
            f'  <testsuite name={_attribute(path)} package="tooearly" tests="{count}" failures="{count}" errors="0">'
        )
        lines += [line for found in group for line in _case(found)]
        lines.append("  </testsuite>")
    if not by_path:
        lines.append('  <testsuite name="tooearly" package="tooearly" tests="1" failures="0" errors="0">')
        lines.append('    <testcase name="nothing found" classname="tooearly"/>')
        lines.append("  </testsuite>")
    lines.append("</testsuites>")
    return "\n".join(lines) + "\n"


def relative(path: str) -> str:
    """The path from the folder the command runs in, with `/`, as hosting services want it; elsewhere as it is."""
    try:
        return Path(os.path.relpath(path)).as_posix() if Path(path).is_absolute() else Path(path).as_posix()
    except ValueError:
        return Path(path).as_posix()


def fingerprint(found: Placed, seen: Counter[str]) -> str:
    """A name for a finding that outlives moved lines; `seen` tells equal lines in one file apart."""
    line = found.source.line(found.location.row).strip()
    text = "\0".join((relative(found.source.path), found.finding.code, found.finding.function, line))
    seen[text] += 1
    return hashlib.sha256(f"{text}\0{seen[text]}".encode("utf-8", "surrogatepass")).hexdigest()


def _command(found: Placed) -> str:
    where, finding = found.location, found.finding
    values = {
        "title": f"tooearly ({finding.code})",
        "file": relative(found.source.path),
        "line": where.row,
        "endLine": where.end_row,
    }
    if where.end_row == where.row:
        values |= {"col": where.column, "endColumn": where.end_column}
    properties = ",".join(f"{name}={_property(str(value))}" for name, value in values.items())
    return f"::{_GITHUB_LEVELS[finding.severity]} {properties}::{_data(_place_and_message(found))}"


def _place_and_message(found: Placed) -> str:
    where = found.location
    return f"{relative(found.source.path)}:{where.row}:{where.column}: {found.finding.code} {found.finding.message}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _issue(found: Placed, seen: Counter[str]) -> dict[str, Any]:
    where, finding = found.location, found.finding
    return {
        "type": "issue",
        "check_name": finding.code,
        "description": finding.message,
        "content": {"body": f"See {url(finding.code)}"},
        "categories": ["Bug Risk"],
        "severity": _GITLAB_LEVELS[finding.severity],
        "fingerprint": fingerprint(found, seen),
        "location": {
            "path": relative(found.source.path),
            "positions": {
                "begin": {"line": where.row, "column": where.column},
                "end": {"line": where.end_row, "column": where.end_column},
            },
        },
    }


def _case(found: Placed) -> list[str]:
    where, finding = found.location, found.finding
    name = _attribute(f"{finding.code}:{where.row}:{where.column}")
    module = _attribute(Path(found.source.path).with_suffix("").as_posix().replace("/", "."))
    place = f'file={_attribute(found.source.path)} line="{where.row}"'
    body = "\n".join([finding.message, *_steps(found), url(finding.code)])
    kind = f"type={_attribute(finding.severity)} message={_attribute(finding.message)}"
    return [
        f"    <testcase name={name} classname={module} {place}>",
        f"      <failure {kind}>{escape(_printable(body))}</failure>",
        "    </testcase>",
    ]


def _steps(found: Placed) -> list[str]:
    return [
        f"line {found.source.location(related.span).row}: {related.message}"
        for related in found.finding.related
        if related.path is None
    ]


def _attribute(text: str) -> str:
    return quoteattr(_printable(text))


def _printable(text: str) -> str:
    """The text without the characters that XML 1.0 cannot hold."""
    return re.sub("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text)
