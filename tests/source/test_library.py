"""Parsing by blocks gives every node the kind and the position that a parse of the whole file gives it.

The judge is the parser of the running interpreter, on its own standard library: all files with the environment variable
CI or TOOEARLY_ALL_FILES set, otherwise every fourth, which is said in the output.
"""

from __future__ import annotations

import os
import re
import sys
from collections import Counter

from tests.source.trees import library_files, library_texts, positions, tree_positions
from tooearly.source.tree import parse

ALL = bool(os.environ.get("CI") or os.environ.get("TOOEARLY_ALL_FILES"))
REPLACED = sys.version_info < (3, 12)
"""Whether nodes inside f-strings have better positions than the parser's own."""


FSTRING = re.compile(r"\b(?:f|fr|rf)['\"]", re.IGNORECASE)


def test_blocks_equal_the_whole_file() -> None:
    paths = library_files()
    if not ALL:
        paths = paths[::4]
        print(f"every fourth file of the library: {len(paths)}; all with TOOEARLY_ALL_FILES=1")
    compared = 0
    for path, text in library_texts(paths):
        try:
            expected = positions(text)
        except (SyntaxError, ValueError):
            continue
        tree = parse(text)
        assert [place.unit.error for place in tree.places() if place.unit.error] == [], path
        differing = Counter(expected) - Counter(tree_positions(tree))
        if REPLACED and ('f"' in text or "f'" in text or "F'" in text or 'F"' in text):
            kinds = Counter(kind for kind, *_ in expected)
            assert kinds == Counter(kind for kind, *_ in tree_positions(tree)), path
            differing = Counter({key: n for key, n in differing.items() if not _in_fstring(key, text)})
        assert not differing, (path, differing.most_common(3))
        compared += 1
    assert compared > len(paths) * 0.9


def _in_fstring(node: tuple[str, int, int, int, int], text: str) -> bool:
    lines = text.split("\n")
    return any(FSTRING.search(line) for line in lines[max(node[1] - 40, 0) : node[3]])
