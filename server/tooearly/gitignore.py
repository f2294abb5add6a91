"""Patterns in the form of .gitignore, for `.gitignore` itself and for the patterns of the configuration.

Each pattern becomes one regular expression over a path that is relative to the folder the pattern stands in, with `/`
between the parts. The rules are those of the page gitignore(5): a pattern with a slash before its end is anchored to
its folder, one without matches a name at any depth; `**` stands for any number of folders; a final slash means folders
only; `!` takes back; the last pattern that matches decides.

A folder that is passed over takes all below it with it; that is the walk's part, or `covers` for a lone path.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line: what it matches, whether it takes back, and whether it speaks of folders only."""

    regex: re.Pattern[str]
    negated: bool
    folder_only: bool


@dataclass(frozen=True, slots=True)
class Patterns:
    """The patterns of one folder in their order."""

    patterns: tuple[Pattern, ...] = ()

    def match(self, path: str, *, folder: bool) -> bool | None:
        """True: pass over, False: taken back by `!`, None: nothing is said of this relative path."""
        for pattern in reversed(self.patterns):
            if (folder or not pattern.folder_only) and pattern.regex.fullmatch(path):
                return not pattern.negated
        return None

    def covers(self, path: str) -> bool:
        """Whether a file at this relative path is passed over, by itself or by one of its folders."""
        parts = path.split("/")
        folders = ("/".join(parts[:end]) for end in range(1, len(parts)))
        return any(self.match(folder, folder=True) for folder in folders) or bool(self.match(path, folder=False))


def parse(lines: Iterable[str]) -> Patterns:
    """Reads pattern lines; one that can match nothing (a broken bracket expression) is left out, as git does."""
    return _parsed(tuple(lines))


@lru_cache(maxsize=256)
def _parsed(lines: tuple[str, ...]) -> Patterns:
    return Patterns(tuple(pattern for line in lines if (pattern := _pattern(line)) is not None))


def _pattern(line: str) -> Pattern | None:
    line = re.sub(r"(?<!\\)[ \t]+$", "", line.rstrip("\r\n"))
    if not line or line.startswith("#"):
        return None
    negated = line.startswith("!")
    line = line[negated:]
    folder_only = line.endswith("/")
    line = line[:-1] if folder_only else line
    anchored = "/" in line
    line = line.removeprefix("/")
    if not line:
        return None
    prefix = "" if anchored else "(?:.*/)?"
    try:
        return Pattern(re.compile(prefix + "".join(_translated(line)), re.DOTALL), negated, folder_only)
    except re.error:
        return None


_PART = re.compile(
    r"""
    (?P<leading> \A\*\*/ )
  | (?P<middle> (?<=/)\*\*/ )
  | (?P<trailing> (?<=/)\*\*\Z )
  | (?P<star> \*+ )
  | (?P<any> \? )
  | (?P<set> \[ [!^]? \]? (?: \\. | \[:[a-z]+:\] | [^\]\\] )* \] )
  | \\(?P<escaped> . )
  | (?P<plain> . )
    """,
    re.VERBOSE | re.DOTALL,
)
_CLASSES = {
    "[:alpha:]": "a-zA-Z",
    "[:digit:]": "0-9",
    "[:alnum:]": "a-zA-Z0-9",
    "[:upper:]": "A-Z",
    "[:lower:]": "a-z",
    "[:space:]": r"\s",
}


def _translated(pattern: str) -> Iterator[str]:
    for match in _PART.finditer(pattern):
        match match.lastgroup:
            case "leading" | "middle":
                yield "(?:.*/)?"
            case "trailing":
                yield ".+"
            case "star":
                yield "[^/]*"
            case "any":
                yield "[^/]"
            case "set":
                yield _set(match["set"])
            case "escaped":
                yield re.escape(match["escaped"])
            case _:
                yield re.escape(match[0])


def _set(text: str) -> str:
    body = text[1:-1]
    negated = body[:1] in {"!", "^"}
    body = body[negated:]
    for name, members in _CLASSES.items():
        body = body.replace(name, members)
    body = re.sub(r"(?<!\\)\[", r"\\[", body)
    if body.startswith("]"):
        body = "\\" + body
    return f"(?!/)[{'^' if negated else ''}{body}]"
