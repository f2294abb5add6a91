"""Diagnostics: pushed or pulled, of the newest version, cleared at the end; and still while a function is broken."""

from __future__ import annotations

from tests.lsp.client import Client
from tests.lsp.clients import NEOVIM, VSCODE
from tests.lsp.session import READ, codes, session

URI = "file:///project/a.py"
PUSH = {"textDocument": {"publishDiagnostics": {"relatedInformation": True, "versionSupport": True}}}


@session(PUSH)
async def test_what_a_diagnostic_holds(client: Client) -> None:
    document = client.open(URI, READ, version=7)
    (item,) = await document.diagnostics()
    assert client.published(URI)[-1]["version"] == 7
    assert document.at(item["range"]) == "task.result()"
    assert item["source"] == "tooearly"
    assert item["code"] == "result-before-done"
    assert item["codeDescription"]["href"].endswith("/result-before-done")
    assert item["severity"] == 2
    (step,) = item["relatedInformation"]
    assert step["location"]["uri"] == URI
    assert document.at(step["location"]["range"]) == "asyncio.create_task(work())"
    assert "task" in item["message"]
    assert "tags" not in item
    document.replace("task.result()", "always.result()")
    (item,) = await document.diagnostics()
    assert item["severity"] == 1


@session(PUSH)
async def test_a_burst_of_200_edits_ends_with_the_last_version_and_no_older_one_after_it(client: Client) -> None:
    document = client.open(URI, READ)
    messages = []
    for number in range(200):
        end = document.text.index("task.result")
        messages.append(document.changed(document.event(end, end, "x" if number % 2 else "\n    ")))
    client.write(*messages)
    shown = await document.diagnostics()
    await client.ask(
        "textDocument/hover", {"textDocument": document.identifier, "position": {"line": 0, "character": 0}}
    )
    versions = [item["version"] for item in client.published(URI)]
    assert versions == sorted(set(versions))
    assert versions[-1] == 201
    assert len(versions) < 100, "most of a burst is skipped"
    assert document.at(shown[0]["range"]).endswith("task.result()")


@session(PUSH)
async def test_closing_clears_and_opening_again_starts_afresh(client: Client) -> None:
    document = client.open(URI, READ)
    await document.diagnostics()
    document.close()
    await client.until(lambda: client.published(URI)[-1]["diagnostics"] == [])
    again = client.open(URI, READ.replace("task.result()", "await task"), version=50)
    assert await again.diagnostics() == []
    again.set(READ)
    assert codes(await again.diagnostics()) == ["result-before-done"]


@session(PUSH)
async def test_all_spellings_of_a_uri_are_one_document_and_answers_use_the_first(client: Client) -> None:
    document = client.open("file:///c%3A/project/a%20b.py", READ)
    await document.diagnostics()
    first = document.uri
    document.uri = "file:///C:/project/a b.py"
    document.replace("task.result()", "await task")
    document.uri = first
    assert await document.diagnostics() == []
    assert {item["uri"] for item in client.notifications("textDocument/publishDiagnostics")} == {first}


@session(PUSH)
async def test_any_scheme_and_files_outside_all_folders_are_analysed(client: Client) -> None:
    for uri in (
        "untitled:Untitled-1",
        "git:/project/a.py?ref=HEAD",
        "vscode-vfs://github/a/b.py",
        "file:///elsewhere/x.py",
    ):
        assert codes(await client.open(uri, READ).diagnostics()) == ["result-before-done"], uri
    other = client.open("untitled:notes", READ, language="markdown")
    last = client.open("untitled:last", READ)
    await last.diagnostics()
    assert client.published(other.uri) == []


@session(PUSH)
async def test_a_pull_from_a_client_that_never_said_so_is_answered_all_the_same(client: Client) -> None:
    document = client.open(URI, READ)
    assert codes((await document.pull())["items"]) == ["result-before-done"]


@session(VSCODE)
async def test_clients_that_pull_are_not_pushed_to(client: Client) -> None:
    assert client.server["diagnosticProvider"]["workspaceDiagnostics"] is True
    document = client.open(URI, READ)
    first = await document.pull()
    assert (first["kind"], codes(first["items"])) == ("full", ["result-before-done"])
    same = await document.pull(first["resultId"])
    assert same == {"kind": "unchanged", "resultId": first["resultId"]}
    document.edit(len(document.text), len(document.text), "# more\n")
    assert (await document.pull(first["resultId"]))["kind"] == "unchanged", "what is shown has not moved"
    document.edit(0, 0, "\n")
    moved = await document.pull(first["resultId"])
    assert (moved["kind"], moved["items"][0]["range"]["start"]["line"]) == ("full", 11)
    document.close()
    again = client.open(URI, READ)
    assert codes((await again.pull())["items"]) == ["result-before-done"]
    assert client.notifications("textDocument/publishDiagnostics") == []


@session(NEOVIM)
async def test_a_pull_in_the_same_write_as_an_edit_tells_of_that_edit(client: Client) -> None:
    document = client.open(URI, READ)
    await document.pull()
    for number in range(30):
        change = document.changed(document.event(0, 0, "\n"))
        parameters = {"textDocument": document.identifier}
        report = await client.ask("textDocument/diagnostic", parameters, change)
        assert report["items"][0]["range"]["start"]["line"] == 11 + number


BROKEN = """import asyncio


async def first():
    one = asyncio.create_task(first())
    return one.result()


async def second():
    two = asyncio.create_task(first())
    value = 1
    return two.result()


async def third():
    three = asyncio.create_task(first())
    return three.result()
"""


@session(PUSH)
async def test_typing_in_one_function_moves_nothing_in_the_others(client: Client) -> None:
    document = client.open(URI, BROKEN)
    assert len(await document.diagnostics()) == 3
    at = document.text.index("    value = 1")
    document.edit(at, at, "\n")
    for char in "    other = two.result(\n        timeout=[1,\n    )":
        document.edit(at, at, char)
        at += 1
        shown = [document.at(item["range"]) for item in await document.diagnostics()]
        assert [text for text in shown if not text.startswith("two")] == ["one.result()", "three.result()"]
        assert shown.count("two.result()") == 1, "the old one stays, and a new one waits until the function parses"
    document.replace("timeout=[1,\n", "\n")
    shown = [document.at(item["range"]) for item in await document.diagnostics()]
    assert shown.count("two.result()") == 1
    document.replace("two.result(\n        \n    )", "two.result()")
    shown = [document.at(item["range"]) for item in await document.diagnostics()]
    assert shown == ["one.result()", "two.result()", "two.result()", "three.result()"]
