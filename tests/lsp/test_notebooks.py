"""Notebooks: cells are one program, each finding and each edit is in its own cell, and magics disturb nothing."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.lsp.client import Client, Document, Json
from tests.lsp.clients import NOTEBOOK, VSCODE
from tests.lsp.session import codes, session
from tooearly.lsp.notebooks import as_python

BOOK = "file:///project/book.ipynb"


def cell(number: int) -> str:
    return f"vscode-notebook-cell:/project/book.ipynb#W{number}%3D"


def item(uri: str, text: str, language: str = "python") -> Json:
    return {"uri": uri, "languageId": language, "version": 1, "text": text}


def opened(*cells: Json) -> Json:
    return {
        "notebookDocument": {
            "uri": BOOK,
            "notebookType": "jupyter-notebook",
            "version": 1,
            "cells": [{"kind": 1 if one["languageId"] == "markdown" else 2, "document": one["uri"]} for one in cells],
        },
        "cellTextDocuments": list(cells),
    }


def changed(version: int, cells: Json) -> Json:
    return {"notebookDocument": {"uri": BOOK, "version": version}, "change": {"cells": cells}}


def typed(document: Document, *events: Json) -> Json:
    parameters = document.changed(*events)["params"]
    return {"textContent": [{"document": parameters["textDocument"], "changes": parameters["contentChanges"]}]}


@session(NOTEBOOK)
async def test_findings_and_edits_are_in_their_own_cells(client: Client) -> None:
    assert client.server["notebookDocumentSync"]["notebookSelector"]
    texts = ["import asyncio\n%load_ext autoreload", "# Title", "task = asyncio.create_task(work())", "task.result()"]
    languages = ["python", "markdown", "python", "python"]
    cells = [item(cell(n), text, language) for n, (text, language) in enumerate(zip(texts, languages, strict=True))]
    client.tell("notebookDocument/didOpen", opened(*cells))
    documents = [Document(client, cell(n), text, 1, client.encoding) for n, text in enumerate(texts)]
    (shown,) = await documents[3].diagnostics()
    assert documents[3].at(shown["range"]) == "task.result()"
    (step,) = shown["relatedInformation"]
    assert step["location"]["uri"] == cell(2)
    assert documents[2].at(step["location"]["range"]) == "asyncio.create_task(work())"
    assert await documents[0].diagnostics() == []
    assert client.published(cell(1)) == []
    best = (await documents[3].actions(documents[3].find("task.result()")))[0]
    assert documents[3].after(best["edit"]) == "await task"
    hover = {"textDocument": documents[2].identifier, "position": {"line": 0, "character": 1}}
    assert "not done yet" in (await client.ask("textDocument/hover", hover))["contents"]["value"]


@session(NOTEBOOK)
async def test_cells_come_go_move_and_change(client: Client) -> None:
    first, second = item(cell(0), "task.result()"), item(cell(1), "x = 1")
    client.tell("notebookDocument/didOpen", opened(first, second))
    one, two = (Document(client, part["uri"], part["text"], 1, client.encoding) for part in (first, second))
    assert codes(await one.diagnostics()) == ["result-before-done"]
    client.tell("notebookDocument/didChange", changed(2, typed(two, two.event(0, 5, "\nother.result()"))))
    (shown,) = await two.diagnostics()
    assert shown["range"]["start"] == {"line": 1, "character": 0}
    third = item(cell(2), "third.result()")
    structure = {
        "array": {"start": 1, "deleteCount": 1, "cells": [{"kind": 2, "document": third["uri"]}]},
        "didOpen": [third],
        "didClose": [{"uri": second["uri"]}],
    }
    client.tell("notebookDocument/didChange", changed(3, {"structure": structure}))
    await client.until(lambda: client.published(cell(1))[-1]["diagnostics"] == [])
    assert codes(await Document(client, cell(2), third["text"], 1, "utf-16").diagnostics()) == ["result-before-done"]
    before = len(client.published(cell(0)))
    moved = {"array": {"start": 0, "deleteCount": 2, "cells": [{"kind": 2, "document": cell(n)} for n in (2, 0)]}}
    client.tell("notebookDocument/didChange", changed(4, {"structure": moved}))
    await client.until(lambda: len(client.published(cell(0))) > before)
    assert codes(client.published(cell(0))[-1]["diagnostics"]) == ["result-before-done"]
    gone = {"notebookDocument": {"uri": BOOK}, "cellTextDocuments": [{"uri": cell(0)}, {"uri": cell(2)}]}
    client.tell("notebookDocument/didClose", gone)
    await client.until(lambda: client.published(cell(2))[-1]["diagnostics"] == [])
    client.tell("notebookDocument/didChange", changed(5, {}))
    assert await one.actions(one.range(0, 3)) == []
    assert any("not open" in line for line in client.log)


@session(VSCODE)
async def test_cells_are_pulled_where_the_client_pulls(client: Client) -> None:
    first, second = item(cell(0), "task = 1"), item(cell(1), "task.result()")
    client.tell("notebookDocument/didOpen", opened(first, second))
    one, two = (Document(client, part["uri"], part["text"], 1, client.encoding) for part in (first, second))
    assert (await one.pull())["items"] == []
    before = await two.pull()
    assert codes(before["items"]) == ["result-before-done"]
    made = "task = asyncio.create_task(work())"
    client.tell("notebookDocument/didChange", changed(2, typed(one, one.event(0, 8, made))))
    await client.until(lambda: _refreshes(client))
    after = await two.pull(before["resultId"])
    assert after["items"][0]["relatedInformation"][0]["location"]["uri"] == cell(0)
    assert client.notifications("textDocument/publishDiagnostics") == []


def _refreshes(client: Client) -> list[Json]:
    return [message for message in client.received if message.get("method") == "workspace/diagnostic/refresh"]


@pytest.mark.parametrize(
    ("source", "python"),
    [
        ("%cd /tmp\nx = 1", "        \nx = 1"),
        ("!ls -l | wc\nx", "           \nx"),
        ("files = !ls\nx", "files = 0  \nx"),
        ("files = %sx ls\r\nx", "files = 0     \r\nx"),
        ("thing?\nx", "      \nx"),
        ("?thing\nx", "      \nx"),
        ("thing.method??\nx", "              \nx"),
        ("if x:\n    !make\ny", "if x:\n    0    \ny"),
        ("%time x = f()\n", "0    ;x = f()\n"),
        ("if x:\n  %timeit -n 10 f()\n", "if x:\n  0            ;f()\n"),
        ("%%time\nx = 1", "      \nx = 1"),
        ("%%bash\nls\necho $x", "      \n  \n       "),
        ("%%html\n<b>", "      \n   "),
        ("x = (a\n     % b)", "x = (a\n     % b)"),
        ("await task", "await task"),
        ("print('what?')", "print('what?')"),
    ],
)
def test_what_is_no_python_is_blanked_in_its_place(source: str, python: str) -> None:
    assert as_python(source) == python
    ast.parse(as_python(source))


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(["%", "%%", "!", "?", "x", "=", " ", "\n", "\r\n", "\r", "time", "é", "\u2028", "😀", "("])
    )
)
def test_positions_stay_whatever_is_blanked(pieces: list[str]) -> None:
    text = "".join(pieces)
    python = as_python(text)
    assert len(python) == len(text)
    assert [char for char in python if char in "\r\n"] == [char for char in text if char in "\r\n"]
