"""What must hold with every one of six editors, with what it says about itself."""

from __future__ import annotations

import asyncio

import pytest

from tests.lsp import clients
from tests.lsp.client import Client, Json
from tests.lsp.session import READ, codes

URI = "file:///project/ä/😀 a.py"
TEXT = "# 😀\n" + READ.replace("    return task", '    return "é😀", task')


@pytest.mark.parametrize("name", clients.ALL)
def test_an_hour_in_the_life_of(name: str) -> None:
    asyncio.run(hour(name))


async def hour(name: str) -> None:
    capabilities = clients.ALL[name]
    client = Client(capabilities)
    try:
        await client.start()
        await check_handshake(client, capabilities)
        await check_typing(client, capabilities, full=name == "ale")
        assert client.notifications("window/showMessage") == []
        assert await client.stop() == 0
        assert client.errors == ""
    finally:
        await client.kill()


async def check_handshake(client: Client, capabilities: Json) -> None:
    text_document = capabilities["textDocument"]
    offered = capabilities.get("general", {}).get("positionEncodings", ["utf-16"])
    assert client.encoding == offered[0], "the client's first choice"
    assert ("diagnosticProvider" in client.server) == ("diagnostic" in text_document)
    assert ("notebookDocumentSync" in client.server) == ("notebookDocument" in capabilities)
    assert ("inlayHintProvider" in client.server) == ("inlayHint" in text_document)
    resolves = "resolveSupport" in text_document["codeAction"]
    assert client.server["codeActionProvider"].get("resolveProvider", False) == resolves


async def check_typing(client: Client, capabilities: Json, *, full: bool) -> None:
    """Open, type, ask for the light bulb at the cursor, apply, save, close."""
    pulls = "diagnostic" in capabilities["textDocument"]
    document = client.open(URI, TEXT)

    async def shown() -> list[Json]:
        return (await document.pull())["items"] if pulls else await document.diagnostics()

    (item,) = await shown()
    assert document.at(item["range"]) == "task.result()"
    at = document.text.index("task.result()")
    if full:
        document.set(TEXT.replace("sleep(0)", "sleep(1)"))
    else:
        for char in "ab😀":
            document.edit(at - 4, at - 4, char)
    (item,) = await shown()
    assert document.at(item["range"]) == "task.result()"
    cursor = {"start": item["range"]["start"], "end": item["range"]["start"]}
    best = (await document.actions(cursor, [item]))[0]
    assert best["title"].startswith("Await")
    assert ("documentChanges" in best["edit"]) == bool(
        capabilities["workspace"].get("workspaceEdit", {}).get("documentChanges")
    )
    document.set(document.after(best["edit"]))
    assert await shown() == []
    client.tell("textDocument/didSave", {"textDocument": document.identifier})
    document.set(TEXT)
    assert codes(await shown()) == ["result-before-done"]
    document.close()
    if pulls:
        assert client.notifications("textDocument/publishDiagnostics") == []
    else:
        await client.until(lambda: client.published(URI)[-1]["diagnostics"] == [])
