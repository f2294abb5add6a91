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
FILES = """
_aix_support _weakrefset asynchat base64 bz2 contextlib filecmp fractions genericpath hmac imp lzma pkgutil sched shelve
stringprep types asyncio/locks asyncio/queues asyncio/streams asyncio/timeouts importlib/abc importlib/util json/decoder
multiprocessing/queues multiprocessing/synchronize unittest/suite xml/sax/saxutils
""".split()


def test_thirty_real_files(capsys: pytest.CaptureFixture[str]) -> None:
    figures = Figures()
    present = [name for name in FILES if (LIBRARY / f"{name}.py").exists()]
    for name in present:
        chooser = random.Random(name)
        text = (LIBRARY / f"{name}.py").read_text(encoding="utf-8")
        replay(name, sprinkle(text, chooser), chooser, 2, figures)
    with capsys.disabled():
        print(f"\ntyping in {len(present)} files: {figures.line()}")
    assert len(present) >= 25, "too few of the files are part of this Python"
    assert figures.broken >= 10 * len(present), "too few states were broken"
    assert figures.elsewhere_kept >= 0.995 * figures.elsewhere, figures.lost[:20]
    assert figures.here_kept >= 0.95 * figures.here, figures.lost[:20]
    assert figures.spurious == [], figures.spurious[:20]
