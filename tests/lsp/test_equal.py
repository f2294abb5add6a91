"""After any edits a document shows what a fresh open of the same text shows: findings, their JSON, and their fixes.

The edits are those of people and of worse: characters that look like line ends and are none, mixed line ends, whole
functions cut and typed again, steps taken back. Set EDITS for more of them.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from lsprotocol import types as lsp

from tests.lsp.session import READ
from tooearly.config import Settings
from tooearly.lsp.convert import Diagnostics, Rendering, render
from tooearly.lsp.documents import Documents
from tooearly.lsp.engine import Report, load
from tooearly.lsp.program import single
from tooearly.model import Finding, Fix
from tooearly.source.lines import Encoding, LineIndex

EDITS = int(os.environ.get("EDITS", "30"))
URI, SETTINGS, ENGINE = "file:///project/a.py", Settings(), load()
ENCODINGS: tuple[Encoding, ...] = ("utf-8", "utf-16", "utf-32")
PROGRAM = (
    READ
    + '''

class Worker:
    """One \x0c two."""

    async def run(self):
        self.job = asyncio.create_task(work())
        return self.job.result(), "é😀"

    def later(self):
        return self.job.result()


async def several(limit):
    jobs = [asyncio.create_task(work()) for _ in range(limit)]
    done, rest = await asyncio.wait(jobs, timeout=1)
    return [job.result() for job in done], [job.result() for job in rest]


async def all_of_it():
    worker = Worker()
    await worker.run()
    return worker.later(), await several(3)


async def blocks(loop):
    return asyncio.run_coroutine_threadsafe(work(), loop).result()
'''
)
BLOCKING = """import asyncio


async def work(): return 1


async def main(loop):
    future = asyncio.run_coroutine_threadsafe(work(), loop)
    return future.result()
"""
PIECES = ["x", "(", '"', "'''", ":", "\n", "    ", "#", "await ", "self.", "\r", "\r\n", "\x0c", "\u2028", "\x85", "😀"]
BLOCK = re.compile(r"(?m)^ *(?:async def|def|class) .*?(?=^ *(?:async def|def|class) |\Z)", re.DOTALL)


def edits(chooser: random.Random, text: str) -> Iterator[tuple[int, int, str]]:
    """The changes of one edit, each for the text that the one before it leaves."""
    blocks = list(BLOCK.finditer(text))
    kind = chooser.random()
    if kind < 0.25 and blocks:
        start, end = chooser.choice(blocks).span()
        yield start, end, ""
        for place in range(start, end, 15):
            yield place, place, text[place : min(place + 15, end)]
    elif kind < 0.35 and blocks:
        start, end = chooser.choice(blocks).span()
        yield start, start, text[start:end]
    elif kind < 0.45:
        yield 0, len(text), PROGRAM.replace("\n", chooser.choice(["\n", "\r\n", "\r"]))
    else:
        start = chooser.randrange(len(text) + 1)
        yield start, min(len(text), start + chooser.choice((0, 0, 0, 1, 6))), chooser.choice([*PIECES, ""])


def position(text: str, offset: int, encoding: Encoding) -> lsp.Position:
    row, column = (lines := LineIndex(text)).position(offset)
    return lsp.Position(row, lines.encoded_column(row, column, encoding))


def fixes(report: Report, finding: Finding, memory: Any) -> Sequence[Fix]:
    def check(text: str) -> Sequence[Finding]:
        return ENGINE.check(text, SETTINGS, memory=memory).findings

    return ENGINE.vetted(report, finding, ENGINE.offer(report, finding, SETTINGS), check)


@pytest.mark.parametrize("seed", range(2))
def test_what_is_shown_after_any_edits_is_what_a_fresh_open_shows(seed: int) -> None:
    chooser, memory = random.Random(seed), ENGINE.memory()
    encoding = ENCODINGS[seed % 3]
    how = Rendering(encoding, lambda code: code)
    documents, shown = Documents(encoding), Diagnostics(b"[]", "none", 0)
    document, compared = documents.open(URI, 0, PROGRAM), 0
    for number in range(EDITS):
        for start, end, new in edits(chooser, document.text):
            text = document.text
            if "\r\n" in (text[start - 1 : start + 1], text[end - 1 : end + 1]):
                continue  # no position lies between the two
            place = lsp.Range(position(text, start, encoding), position(text, end, encoding))
            change = lsp.TextDocumentContentChangePartial(place, new)
            document = documents.change(URI, number, [change]) or document
            assert document.text == text[:start] + new + text[end:]
            if chooser.random() < 0.3:
                ENGINE.check(document.text, SETTINGS, memory=memory)
        report = ENGINE.check(document.text, SETTINGS, memory=memory)
        fresh = ENGINE.check(document.text, SETTINGS, memory=ENGINE.memory())
        document.adopt(report.tree.lines)
        shown = render(single(document), report.placed, how, shown)
        anew = Documents(encoding).open(URI, 0, document.text)
        assert (report.findings, report.notices) == (fresh.findings, fresh.notices), repr(document.text)
        assert shown.body == render(single(anew), fresh.placed, how).body, repr(document.text)
        if number % 10 == 0 and fresh.findings:
            finding = chooser.choice(fresh.findings)
            assert fixes(report, finding, memory) == fixes(fresh, finding, ENGINE.memory()), repr(document.text)
        compared += len(fresh.findings)
    assert compared > EDITS


def test_a_finding_whose_message_names_no_line_moves_with_its_lines() -> None:
    how, memory, shown = Rendering("utf-16", lambda code: code), ENGINE.memory(), None
    for text in (BLOCKING, "x = 1\n" + BLOCKING, "\n\n\n" + BLOCKING, BLOCKING, "# one\n# two\n" + BLOCKING):
        document = Documents().open(URI, 0, text)
        report = ENGINE.check(text, SETTINGS, memory=memory)
        shown = render(single(document), report.placed, how, shown)
        assert shown.count == 1
        fresh = ENGINE.check(text, SETTINGS, memory=ENGINE.memory())
        assert shown.body == render(single(document), fresh.placed, how).body, text
