"""The server's copy of a text after any sequence of edits, in every encoding of columns, against the client's."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types as lsp

from tests.lsp import client as editor
from tests.lsp.client import Client, Json
from tests.lsp.session import session
from tooearly.lsp import uris
from tooearly.lsp.documents import Documents
from tooearly.source.lines import line_starts

URI = "file:///project/a.py"
PIECES = [
    "",
    "a",
    "b\n",
    "\r",
    "\n",
    "\r\n",
    "\x0c",
    "\u2028",
    "\u2029",
    "\x85",
    "\x1c",
    "\x0b",
    "é",
    "漢",
    "😀",
    "e\u0301",
    "\ud800",
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
ENCODINGS = ("utf-8", "utf-16", "utf-32")


def incremental(event: Json) -> lsp.TextDocumentContentChangePartial:
    start, end = (lsp.Position(**event["range"][name]) for name in ("start", "end"))
    return lsp.TextDocumentContentChangePartial(lsp.Range(start, end), event["text"])


def pair(text: str, encoding: str) -> tuple[Documents, editor.Document]:
    documents = Documents(encoding)  # type: ignore[arg-type]
    documents.open(URI, 1, text)
    return documents, editor.Document(None, URI, text, 1, encoding)  # type: ignore[arg-type]


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.sampled_from(ENCODINGS), st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), TEXTS), max_size=20))
def test_any_edits_leave_both_sides_with_one_text(
    text: str, encoding: str, edits: list[tuple[float, float, str]]
) -> None:
    documents, mine = pair(text, encoding)
    for version, (start, end, new) in enumerate(edits, 2):
        offsets = sorted((inside(mine.text, start), inside(mine.text, end)))
        event = mine.event(offsets[0], offsets[1], new)
        documents.change(URI, version, [incremental(event)])
        document = documents.get(URI)
        assert document is not None
        assert (document.text, document.version) == (mine.text, version)


def inside(text: str, share: float) -> int:
    """An offset that a position can name: not between \\r and \\n."""
    offset = round(share * len(text))
    return offset - 1 if text[max(0, offset - 1) : offset + 1] == "\r\n" else offset


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_thousands_of_edits_in_one_document(encoding: str) -> None:
    rng = random.Random(encoding)
    documents, mine = pair("first\r\nsecond 😀\rthird\u2028\x0c\n", encoding)
    for version in range(2, 1502):
        events = []
        for _ in range(rng.choice((1, 1, 2, 3))):
            start = inside(mine.text, rng.random())
            end = inside(mine.text, min(1.0, (start + rng.choice((0, 0, 1, 4))) / max(1, len(mine.text))))
            new = "".join(rng.choices(PIECES, k=rng.randrange(3)))
            events.append(incremental(mine.event(min(start, end), max(start, end), new)))
            if len(mine.text) > 400:
                events.append(incremental(mine.event(0, inside(mine.text, 0.6), "")))
        documents.change(URI, version, events)
        document = documents.get(URI)
        assert document is not None
        assert document.text == mine.text
        assert document.lines.starts == line_starts(mine.text)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.text("ab\n", max_size=5)), max_size=20))
def test_lines_that_are_carried_over_are_those_of_the_text(edits: list[tuple[float, float, str]]) -> None:
    documents, mine = pair("one\n\ntwo\nthree", "utf-16")
    for version, (start, end, new) in enumerate(edits, 2):
        low, high = sorted((round(start * len(mine.text)), round(end * len(mine.text))))
        document = documents.change(URI, version, [incremental(mine.event(low, high, new))])
        assert document is not None
        assert document.lines.starts == line_starts(mine.text)


def test_positions_beyond_the_end_are_clamped() -> None:
    documents, _ = pair("one\r\ntwo", "utf-16")

    def replace(start: tuple[int, int], end: tuple[int, int], new: str) -> str:
        documents.open(URI, 1, "one\r\ntwo")
        change = lsp.TextDocumentContentChangePartial(lsp.Range(lsp.Position(*start), lsp.Position(*end)), new)
        document = documents.change(URI, 2, [change])
        assert document is not None
        return document.text

    assert replace((0, 99), (0, 99), "!") == "one!\r\ntwo"
    assert replace((1, 99), (1, 99), "!") == "one\r\ntwo!"
    assert replace((9, 0), (9, 0), "!") == "one\r\ntwo!"
    assert replace((0, 0), (9, 9), "all") == "all"
    assert replace((1, 1), (0, 1), "-") == "o-wo", "a reversed range is taken as it was meant"


def test_a_position_inside_a_character_is_before_it() -> None:
    documents, _ = pair("a😀b", "utf-16")
    document = documents.get(URI)
    assert document is not None
    assert [documents.offset(document, lsp.Position(0, column)) for column in range(5)] == [0, 1, 1, 2, 3]


def test_full_and_incremental_changes_in_one_message() -> None:
    documents, mine = pair("old", "utf-16")
    mine.text = "new text"
    whole = lsp.TextDocumentContentChangeWholeDocument("new text")
    document = documents.change(URI, 7, [whole, incremental(mine.event(0, 3, "NEW"))])
    assert document is not None
    assert (document.text, document.version) == ("NEW text", 7)


def test_the_disk_is_never_read() -> None:
    documents = Documents()
    assert documents.get(__file__) is None
    assert documents.get(uris.from_path(Path(__file__))) is None
    assert documents.change(URI, 2, [lsp.TextDocumentContentChangeWholeDocument("x")]) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("file:///c%3A/project/a%20b.py", "file:///C:/project/a b.py"),
        ("file:///C:/project/a.py", "file:///c:/project/a.py"),
        ("file:///project/%C3%A9.py", "file:///project/é.py"),
        ("file://localhost/project/a.py", "file:///project/a.py"),
        ("untitled:Untitled-1", "UNTITLED:Untitled-1"),
        ("vscode-notebook-cell:/a.ipynb#W0sZmlsZQ%3D%3D", "vscode-notebook-cell:/a.ipynb#W0sZmlsZQ=="),
    ],
)
def test_two_spellings_of_a_uri_are_one_document(one: str, other: str) -> None:
    assert uris.key(one) == uris.key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("file:///project/a%23b.py", "file:///project/a#b.py"),
        ("file:///project/a.py", "file:///project/A.py"),
        ("vscode-notebook-cell:/a.ipynb#one", "vscode-notebook-cell:/a.ipynb#two"),
        ("git:/project/a.py?HEAD", "git:/project/a.py?main"),
        ("untitled:/project/a.py", "file:///project/a.py"),
    ],
)
def test_what_is_different_stays_different(one: str, other: str) -> None:
    assert uris.key(one) != uris.key(other)


def test_folders_hold_what_lies_below_them() -> None:
    assert uris.is_under("file:///c%3A/project/a.py", "file:///C:/project")
    assert uris.is_under("file:///project/deep/a.py", "file:///project/")
    assert uris.is_under("file:///a.py", "file:///")
    assert not uris.is_under("file:///projects/a.py", "file:///project")
    assert not uris.is_under("untitled:/project/a.py", "file:///project")


VALID = """import asyncio\x0c


async def work():
    return 1  # é 漢 😀


async def main():
    task = asyncio.create_task(work())
"""


@session({"general": {"positionEncodings": ["utf-16"]}})
async def test_torture_with_all_that_is_no_line_end(client: Client) -> None:
    await torture(client, "\n")


@session({"general": {"positionEncodings": ["utf-8", "utf-16"]}})
async def test_torture_with_crlf(client: Client) -> None:
    await torture(client, "\r\n")


@session({"general": {"positionEncodings": ["utf-32"]}})
async def test_torture_with_cr(client: Client) -> None:
    await torture(client, "\r")


async def torture(client: Client, end: str) -> None:
    """Hundreds of edits inside strings and comments; every line keeps its finding at the place the client counts."""
    rng = random.Random(end)
    rows = [f'    print("s{number}", task.result())  # c{number}' for number in range(40)]
    document = client.open(URI, VALID.replace("\n", end) + end.join(rows) + end)
    for number in range(300):
        events = []
        for _ in range(rng.choice((1, 1, 3))):
            row = rng.randrange(40)
            low = document.text.index(f'"s{row}') + 2 + len(str(row))
            high = document.text.index('"', low)
            start = rng.randint(low, high)
            new = "".join(rng.choices(["a", "é", "漢", "😀", "\u2028", "\x85", "\x0b", "\x0c", "\x1c", "\t"], k=2))
            events.append(document.event(start, min(high, start + rng.randrange(3)), new))
        client.write(document.changed(*events))
        if number % 60 == 0:
            await document.diagnostics()
    shown = await document.diagnostics()
    assert [document.at(item["range"]) for item in shown] == ["task.result()"] * 40
    again = client.open("file:///project/again.py", document.text)
    fresh = await again.diagnostics()
    assert [item["range"] for item in fresh] == [item["range"] for item in shown]
