"""Code actions: from the range alone, in the form that the client understands, never on a stale version."""

from __future__ import annotations

from tests.lsp.client import Client
from tests.lsp.clients import ALE, EGLOT, LSP_MODE, NEOVIM, VSCODE
from tests.lsp.session import READ, session

URI = "file:///project/a.py"
FIXED = READ.replace("task.result()", "await task")


def titles(actions: list[dict[str, object]]) -> list[object]:
    return [action["title"] for action in actions]


@session(VSCODE)
async def test_what_a_client_that_can_everything_gets(client: Client) -> None:
    document = client.open(URI, READ)
    actions = await document.actions(document.find("task.result()"))
    assert titles(actions) == [
        "Await `task`",
        "Ignore `result-before-done` on this line",
        "Gather",
        "Explain result-before-done",
        "Fix all tooearly findings that have a safe fix",
    ]
    best, ignore, disabled, explain, everything = actions
    assert (best["kind"], best["isPreferred"]) == ("quickfix", True)
    assert document.after(best["edit"]) == FIXED
    assert best["diagnostics"][0]["range"] == document.find("task.result()")
    assert "isPreferred" not in ignore
    assert document.after(ignore["edit"]) == READ.replace(
        "task.result()", "task.result()  # tooearly: ignore[result-before-done]"
    )
    assert disabled["disabled"]["reason"] == "there is only one task"
    assert "edit" not in disabled
    assert explain["command"]["arguments"] == ["result-before-done"]
    assert everything["kind"] == "source.fixAll.tooearly"
    resolved = await client.ask("codeAction/resolve", everything)
    assert document.after(resolved["edit"]) == FIXED


@session(VSCODE)
async def test_the_range_alone_decides(client: Client) -> None:
    document = client.open(URI, READ.replace("task.result()", "task.result() + other.result()"))
    text = document.text
    read = text.index("task.result()")

    async def best(start: int, end: int) -> list[object]:
        found = await document.actions(document.range(start, end), only=["quickfix"])
        return [title for title in titles(found) if str(title).startswith("Await")]

    assert await best(read, read) == ["Await `task`"]
    assert await best(read + 13, read + 13) == ["Await `task`"]
    assert await best(read + 4, read + 4) == ["Await `task`"]
    assert await best(read - 2, read - 2) == []
    assert await best(read + 14, read + 15) == []
    assert await best(0, len(text)) == ["Await `task`", "Await `other`"]
    lying = {"range": document.range(read, read + 1), "message": "m", "code": "x", "source": "someone", "data": 5}
    assert titles(await document.actions(document.range(0, 0), [lying])) == []


@session(VSCODE)
async def test_only_the_kinds_that_are_asked_for(client: Client) -> None:
    document = client.open(URI, READ)
    place = document.find("task.result()")
    kinds = {
        "quickfix": {"quickfix"},
        "source": {"source.fixAll.tooearly"},
        "source.fixAll": {"source.fixAll.tooearly"},
        "source.fixAll.tooearly": {"source.fixAll.tooearly"},
        "source.fixAll.tooearly.result-before-done": {"source.fixAll.tooearly.result-before-done"},
        "source.fixAll.tooearly.no-such-rule": set(),
        "source.fixAll.ruff": set(),
        "source.organizeImports": set(),
        "refactor": set(),
        "": {"quickfix", "source.fixAll.tooearly"},
    }
    for only, expected in kinds.items():
        found = await document.actions(place, only=[only], triggerKind=2)
        assert {action["kind"] for action in found} == expected, only
    (everywhere,) = await document.actions(document.range(0, 0), only=["source.fixAll"])
    assert everywhere["data"]["uri"] == URI


@session(VSCODE)
async def test_an_action_of_a_stale_version_is_made_anew_and_never_edits_wrongly(client: Client) -> None:
    document = client.open(URI, READ)
    everything = (await document.actions(document.range(0, 0), only=["source.fixAll"]))[0]
    document.edit(0, 0, "# one more line\n")
    resolved = await client.ask("codeAction/resolve", everything)
    assert document.after(resolved["edit"]) == "# one more line\n" + FIXED
    document.replace("task.result()", "await task")
    assert "edit" not in await client.ask("codeAction/resolve", everything)
    document.close()
    assert "edit" not in await client.ask("codeAction/resolve", everything)


@session(VSCODE)
async def test_actions_in_the_same_write_as_an_edit_are_for_the_text_after_it(client: Client) -> None:
    document = client.open(URI, READ)
    for _ in range(20):
        change = document.changed(document.event(0, 0, "\n"))
        place = document.find("task.result()")
        parameters = {"textDocument": document.identifier, "range": place, "context": {"diagnostics": []}}
        actions = await client.ask("textDocument/codeAction", parameters, change)
        assert document.after(actions[0]["edit"]).endswith(FIXED)


@session(NEOVIM)
async def test_edits_without_versions_where_they_are_not_declared(client: Client) -> None:
    document = client.open(URI, READ)
    place = document.find("task.result()")
    actions = await document.actions({"start": place["start"], "end": place["start"]})
    assert set(actions[0]["edit"]) == {"changes"}
    assert document.after(actions[0]["edit"]) == FIXED
    assert all("disabled" not in action for action in actions), "it has not said that it knows disabled actions"


@session(ALE)
async def test_the_least_that_a_client_sends_is_enough(client: Client) -> None:
    document = client.open(URI, READ)
    (shown,) = await document.diagnostics()
    sent_back = {name: shown[name] for name in ("range", "code", "message")}
    actions = await document.actions(shown["range"], [sent_back])
    assert document.after(actions[0]["edit"]) == FIXED
    assert "isPreferred" not in actions[0]
    everything = actions[-1]
    assert "data" not in everything
    await client.ask("workspace/executeCommand", everything["command"])
    (request,) = await client.until(lambda: client.notifications("workspace/applyEdit"))
    assert document.after(request["edit"]) == FIXED


@session(LSP_MODE)
async def test_versioned_edits_and_an_empty_range(client: Client) -> None:
    document = client.open(URI, READ, version=40)
    place = document.find("task.result()")
    actions = await document.actions({"start": place["end"], "end": place["end"]})
    assert actions[0]["edit"]["documentChanges"][0]["textDocument"]["version"] == 40


@session(EGLOT)
async def test_fix_all_for_a_client_without_resolve_carries_its_edit_when_asked_for(client: Client) -> None:
    document = client.open(URI, READ)
    (everything,) = await document.actions(document.range(0, 0), only=["source.fixAll"])
    assert document.after(everything["edit"]) == FIXED


@session({"workspace": {"applyEdit": True}})
async def test_clients_without_action_literals_get_commands(client: Client) -> None:
    document = client.open(URI, READ)
    commands = await document.actions(document.find("task.result()"))
    assert all(isinstance(one["command"], str) for one in commands)
    best = commands[0]
    document.edit(0, 0, "\n")
    await client.ask("workspace/executeCommand", {"command": best["command"], "arguments": best["arguments"]})
    assert client.notifications("workspace/applyEdit") == [], "the command is of an older version"
    best = (await document.actions(document.find("task.result()")))[0]
    await client.ask("workspace/executeCommand", {"command": best["command"], "arguments": best["arguments"]})
    (request,) = await client.until(lambda: client.notifications("workspace/applyEdit"))
    assert document.after(request["edit"]) == "\n" + FIXED


@session(VSCODE)
async def test_explain_opens_the_page(client: Client) -> None:
    client.replies["window/showDocument"] = {"success": True}
    text = await client.ask(
        "workspace/executeCommand", {"command": "tooearly.server.explain", "arguments": ["result-before-done"]}
    )
    assert "result-before-done" in text
    (shown,) = await client.until(lambda: client.notifications("window/showDocument"))
    assert shown["uri"].endswith("/result-before-done")
    assert shown["external"] is True


@session(VSCODE)
async def test_a_half_typed_function_is_not_rewritten(client: Client) -> None:
    document = client.open(URI, READ)
    await document.pull()
    document.replace("await asyncio.sleep(0)", "await asyncio.sleep(")
    assert len((await document.pull())["items"]) == 1
    actions = await document.actions(document.find("task.result()"), only=["quickfix"])
    assert [title for title in titles(actions) if "Await" in str(title)] == []
