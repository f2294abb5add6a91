"""While a line is typed, everything else in the file is still found at its place.

Thirty files of the standard library, chosen by a fixed seed; lines inside functions are typed again character by
character. The figures are printed; the floors are those that diagnostics need not to flicker.
"""

from __future__ import annotations

import random

from tests.source.replay import Figures, replay
from tests.source.trees import library_files, library_texts

FILES = 30
LINES_EACH = 3


def test_sites_keep_their_place_while_typing() -> None:
    chooser = random.Random(20)
    paths = [path for path in library_files() if 4_000 < path.stat().st_size < 60_000 and "test" not in str(path)]
    figures = Figures()
    for path, text in library_texts(chooser.sample(paths, FILES)):
        replay(path.name, text, chooser, LINES_EACH, figures)
    print(figures.line())
    assert figures.states > 500
    assert figures.elsewhere_kept >= 0.999 * figures.elsewhere
    assert figures.here_kept >= 0.95 * figures.here
    assert figures.invented <= 0.001 * figures.elsewhere
