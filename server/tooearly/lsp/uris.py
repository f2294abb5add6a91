"""URIs of documents: one key for every way of writing the same one, and the way to a path and back.

Clients do not agree how to write a URI: `file:///c%3A/x.py`, `file:///C:/x.py` and `file:///c:/x.py` are one file.
A key is only for looking things up; a client is always answered with the URI that it sent. The parts are cut
before they are decoded, so that an encoded `#` in a file name is not taken for the start of a fragment.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

_DRIVE = re.compile(r"^/?([A-Za-z]):(?=/|$)")


@lru_cache(maxsize=4096)
def key(uri: str) -> str:
    """The same string for every spelling of one URI (percent-encoding, case of scheme, host and drive letter)."""
    return "\n".join(_parts(uri))


def _parts(uri: str) -> tuple[str, str, str, str, str]:
    """Scheme, host, path, query and fragment, decoded."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return "", "", uri, "", ""
    path = unquote(parts.path)
    if parts.scheme == "file":
        path = _DRIVE.sub(lambda found: f"/{found[1].lower()}:", path)
    host = "" if parts.netloc.lower() == "localhost" else parts.netloc.lower()
    return parts.scheme, host, path, unquote(parts.query), unquote(parts.fragment)


def to_path(uri: str) -> Path | None:
    """The path of a `file:` URI; None for every other scheme (untitled, git, notebook cells, ...)."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    path = unquote(parts.path)
    if parts.scheme != "file" or "\0" in path:
        return None
    if os.name == "nt":
        path = _DRIVE.sub(lambda found: f"{found[1].lower()}:", path)
        if parts.netloc and parts.netloc.lower() != "localhost":
            path = f"//{parts.netloc}{path}"
    return Path(path)


def from_path(path: Path) -> str:
    """The `file:` URI of a path, made absolute."""
    text = path.absolute().as_posix()
    return "file://" + quote(text if text.startswith("/") else "/" + text, safe="/:~@!$&'()*+,;=")


@lru_cache(maxsize=4096)
def key_of_path(path: Path) -> str:
    """The key of a file's URI."""
    return key(from_path(path))


def is_under(uri: str, folder: str) -> bool:
    """Whether a document lies in a folder (both URIs), however they are spelled."""
    inner, outer = _parts(uri), _parts(folder)
    root = outer[2].rstrip("/")
    return inner[:2] == outer[:2] and (inner[2] == root or inner[2].startswith(root + "/"))
