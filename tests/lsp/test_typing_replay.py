"""Typing in real files: what is shown of other functions stays where it is, and nothing flickers.

Thirty files of the standard library, each with reads sprinkled over some of its functions; in each a line of such a
function is typed again, character by character.
"""

from __future__ import annotations

import random
import sysconfig
from pathlib import Path

import pytest

from tests.lsp.replay import Figures, replay, sprinkle

LIBRARY = Path(sysconfig.get_paths()["stdlib"])
FILES = (
    *(
        "_aix_support",
        "_weakrefset",
        "asynchat",
        "base64",
        "bz2",
        "chunk",
        "codeop",
        "contextlib",
        "copyreg",
        "filecmp",
    ),
    *("genericpath", "imp", "lzma", "nturl2path", "numbers", "pkgutil", "sched", "shelve", "stringprep", "types"),
    *("asyncio/locks", "asyncio/mixins", "asyncio/queues", "asyncio/timeouts", "importlib/abc", "importlib/util"),
    *("logging/config", "multiprocessing/queues", "multiprocessing/synchronize", "unittest/suite", "xml/sax/saxutils"),
    *("concurrent/futures/thread", "email/charset", "email/encoders", "xml/dom/minicompat", "asyncio/transports"),
)
WANTED = 30
"""As many of these as this Python has and in which a line can be typed again."""


@pytest.mark.timeout(1200)
def test_thirty_real_files(capsys: pytest.CaptureFixture[str]) -> None:
    figures = Figures()
    done = 0
    for path in (LIBRARY / f"{name}.py" for name in FILES):
        chooser = random.Random(path.stem)
        if done < WANTED and path.exists():
            text = sprinkle(path.read_text(encoding="utf-8"), chooser)
            done += replay(path.stem, text, chooser, 1, figures)
    with capsys.disabled():
        print(f"\ntyping in {done} files: {figures.line()}")
    assert done >= 25, "this Python has too few of the files"
    assert figures.broken >= 5 * done, "too few states were broken"
    assert figures.elsewhere_kept >= 0.995 * figures.elsewhere, figures.lost[:20]
    assert figures.here_kept >= 0.95 * figures.here, figures.lost[:20]
    assert figures.spurious == [], figures.spurious[:20]
