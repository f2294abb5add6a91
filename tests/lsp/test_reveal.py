"""Hover, inlay hints and the listing of task states."""

from __future__ import annotations

from tests.lsp.client import Client, Document
from tests.lsp.clients import ALE, VSCODE
from tests.lsp.session import READ, session
from tooearly.lsp.reveal import name_at

URI = "file:///project/a.py"


async def hover(document: Document, needle: str, nth: int = 0) -> dict[str, object] | None:
    place = document.find(needle, nth)
    result = await document.client.ask(
        "textDocument/hover", {"textDocument": document.identifier, "position": place["start"]}
    )
    return None if result is None else {**result["contents"], "at": document.at(result["range"])}


@session(VSCODE)
async def test_hover_tells_the_state_of_a_task_and_the_steps_of_a_finding(client: Client) -> None:
    document = client.open(URI, "# é😀\n" + READ)
    made = await hover(document, "task = ")
    assert made == {"kind": "markdown", "value": "`task`: not done yet — made here", "at": "task"}
    read = await hover(document, "task.result")
    assert read is not None
    assert "`task` may still be running here" in str(read["value"])
    assert "line 10: `task` is made here" in str(read["value"])
    method = await hover(document, "result()")
    assert method is not None
    assert method["at"] == "task.result()"
    assert await hover(document, "sleep") is None
    assert await hover(document, "import") is None


@session(ALE)
async def test_hover_is_plain_text_where_markdown_is_not_known(client: Client) -> None:
    document = client.open(URI, READ)
    assert await hover(document, "task = ") == {
        "kind": "plaintext",
        "value": "task: not done yet — made here",
        "at": "task",
    }


@session(VSCODE)
async def test_hover_in_a_file_without_any_read_still_knows_its_tasks(client: Client) -> None:
    document = client.open(URI, READ.replace("task.result()", "1"))
    made = await hover(document, "task = ")
    assert made is not None


def test_the_name_under_the_cursor_goes_up_to_the_part_that_it_is_in() -> None:
    text = "self._task.done()"
    assert [name_at(text, offset) and name_at(text, offset)[0] for offset in (0, 4, 5, 12)] == [  # type: ignore[index]
        "self",
        "self",
        "self._task",
        "self._task.done",
    ]
    assert name_at("a + b", 2) is None
    assert name_at("été.x", 1) is not None


@session(VSCODE)
async def test_inlay_hints_are_off_until_they_are_asked_for(client: Client) -> None:
    document = client.open(URI, READ)
    everywhere = {"textDocument": document.identifier, "range": document.range(0, len(document.text))}
    assert await client.ask("textDocument/inlayHint", everywhere) == []
    client.settings = lambda _scope, _section: {"inlayHints": True}
    client.tell("workspace/didChangeConfiguration", {"settings": None})
    await client.until(lambda: [m for m in client.received if m.get("method") == "workspace/inlayHint/refresh"])
    (hint,) = await client.ask("textDocument/inlayHint", everywhere)
    assert hint["position"] == document.find("asyncio.create_task(work())")["end"]
    assert hint["label"] == "task: not done yet"
    elsewhere = {"textDocument": document.identifier, "range": document.range(0, 5)}
    assert await client.ask("textDocument/inlayHint", elsewhere) == []


@session()
async def test_the_listing_of_states(client: Client) -> None:
    document = client.open(URI, READ)
    assert await client.ask("tooearly/states", {"textDocument": document.identifier}) == f"states of {len(READ)}"
    assert await client.ask("tooearly/states", {"textDocument": {"uri": "file:///other.py"}}) is None
    assert await client.ask("tooearly/states", {}) is None
