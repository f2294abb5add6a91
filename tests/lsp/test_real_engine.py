"""The whole way with the real analysis: what only it can show through the protocol."""

from __future__ import annotations

import random
import re

from tests.lsp.client import REAL, Client, Document
from tests.lsp.clients import NOTEBOOK, VSCODE
from tests.lsp.session import READ, codes, session
from tests.lsp.test_notebooks import cell, item, opened

URI = "file:///project/a.py"
PUSH = {
    "textDocument": {
        "publishDiagnostics": {"relatedInformation": True},
        "codeAction": VSCODE["textDocument"]["codeAction"],
    }
}


@session(VSCODE, REAL)
async def test_from_an_open_file_to_a_text_without_findings(client: Client) -> None:
    document = client.open(URI, READ)
    (item,) = (await document.pull())["items"]
    assert document.at(item["range"]) == "task.result()"
    assert (item["code"], item["severity"]) == ("result-before-done", 2)
    assert "sleep" in item["message"]
    actions = await document.actions(item["range"], [item])
    kinds = {action["title"]: action for action in actions}
    best = actions[0]
    assert best["isPreferred"] is True
    for title, action in kinds.items():
        if "edit" in action and "done" not in title:
            again = client.open(f"untitled:{len(title)}", document.after(action["edit"]))
            assert (await again.pull())["items"] == [], title
    assert sum("asyncio.gather" in title for title in kinds) == 1
    assert sum("asyncio.wait" in title for title in kinds) == 1
    everything = next(action for action in actions if action["kind"] == "source.fixAll.tooearly")
    resolved = await client.ask("codeAction/resolve", everything)
    assert document.after(resolved["edit"]) == READ.replace("task.result()", "await task")
    for code, expected in (("result-before-done", document.after(resolved["edit"])), ("blocking-result", "")):
        (of_rule,) = await document.actions(item["range"], only=[f"source.fixAll.tooearly.{code}"])
        edit = (await client.ask("codeAction/resolve", of_rule)).get("edit")
        assert (document.after(edit) if edit else "") == expected, code
    explained = await client.ask("workspace/executeCommand", next(a["command"] for a in actions if "command" in a))
    assert "result-before-done" in explained
    hover = {"textDocument": document.identifier, "position": document.find("task.result")["start"]}
    assert "task" in (await client.ask("textDocument/hover", hover))["contents"]["value"]
    assert "task" in await client.ask("tooearly/states", {"textDocument": document.identifier})


@session(NOTEBOOK, REAL)
async def test_a_task_of_an_earlier_cell_may_be_finished_when_a_later_one_runs(client: Client) -> None:
    texts = [
        "import asyncio\nasync def work():\n    return 1",
        "%load_ext autoreload\ntask = asyncio.create_task(work())",
        "task.result()",
        "other = asyncio.create_task(work())\nother.result()",
        "await other",
    ]
    client.tell("notebookDocument/didOpen", opened(*(item(cell(n), text) for n, text in enumerate(texts))))
    cells = [Document(client, cell(n), text, 1, client.encoding) for n, text in enumerate(texts)]
    shown = [codes(await document.diagnostics()) for document in cells]
    assert shown[0] == shown[1] == shown[4] == []
    assert shown[3] == ["result-before-done"]
    best = (await cells[3].actions(cells[3].find("other.result()")))[0]
    assert cells[3].after(best["edit"]) == texts[3].replace("other.result()", "await other")
    assert all(found["severity"] != 1 for found in await cells[2].diagnostics()), "cells take time to be run"


PIECES = [
    "x",
    "(",
    ")",
    ":",
    "\n",
    "\r\n",
    "\r",
    "\x0c",
    "\u2028",
    "😀",
    "é",
    "await task",
    "    ",
    "#",
    '"',
    "task.result()",
    "async ",
]


@session(PUSH, REAL)
async def test_after_any_edits_the_diagnostics_are_those_of_a_fresh_open(client: Client) -> None:
    rng = random.Random(6)
    whole = READ + "\n".join(re.sub(r"\b(main|work)\b", rf"\g<1>{n}", READ.split("\n\n\n", 1)[1]) for n in range(4))
    document = client.open(URI, whole)
    for round_number in range(25):
        for _ in range(rng.randrange(5, 60)):
            start = rng.randrange(len(document.text) + 1)
            end = min(len(document.text), start + rng.choice((0, 0, 0, 1, 3, 20)))
            if "\r\n" in (document.text[start - 1 : start + 1], document.text[end - 1 : end + 1]):
                continue
            document.edit(start, end, "".join(rng.choices(PIECES, k=rng.randrange(3))))
        if rng.random() < 0.5:
            await document.diagnostics()
        end = rng.choice(("\n", "\r\n", "\r"))
        text = whole.replace("\n", end).replace("sleep(0)", f"sleep({round_number})  # \x0c\u2028😀")
        row = rng.randrange(text.count(end))
        document.edit(0, len(document.text), text)
        half = end.join(text.split(end)[:row])
        document.edit(len(half), len(half), f"{end}# {rng.random()}")
        shown = await document.diagnostics()
        fresh = client.open(f"untitled:{round_number}", document.text)
        assert [_bare(one) for one in await fresh.diagnostics()] == [_bare(one) for one in shown]
        assert len(shown) == 5
        fresh.close()


def _bare(diagnostic: dict[str, object]) -> dict[str, object]:
    """A diagnostic without the URIs of its steps."""
    steps = [step["location"]["range"] for step in diagnostic.get("relatedInformation", [])]  # type: ignore[attr-defined]
    return {**diagnostic, "relatedInformation": steps}


@session(VSCODE, REAL)
async def test_while_typing_a_fix_that_must_be_tried_is_tried_when_its_edit_is_asked_for(client: Client) -> None:
    text = READ.replace("return task", "first = task.result()\n    return task")
    document = client.open(URI, text)
    await document.pull()
    more = "".join(
        f"\n\nasync def more_{n}(t: asyncio.Task):\n    await t\n    return t.result()\n" for n in range(200)
    )
    change = document.changed(document.event(len(text), len(text), more))  # which keeps the analysis busy for a while
    read = document.find("task.result()")
    parameters = {"textDocument": document.identifier, "range": read, "context": {"diagnostics": []}}
    actions = await client.ask("textDocument/codeAction", parameters, change)
    assert document.after(actions[0]["edit"]) == text.replace("task.result()", "await task", 1) + more
    later = [action for action in actions if "data" in action and action["kind"] == "quickfix"]
    assert later, [action["title"] for action in actions]
    assert all("edit" not in action and "isPreferred" not in action for action in later)
    for action in later:
        resolved = await client.ask("codeAction/resolve", action)
        assert resolved["title"] == action["title"]
        if "edit" in resolved:
            again = client.open(f"untitled:{len(action['title'])}", document.after(resolved["edit"]))
            left = {item["range"]["start"]["line"] for item in (await again.pull())["items"]}
            assert read["start"]["line"] not in left, action["title"]
    document.edit(0, 0, "# more\n")
    for action in later:
        assert "edit" not in await client.ask("codeAction/resolve", action), "it is of an older version"
